"""Right answers to a08 in other styles than the reference."""
# fmt: off
# ruff: noqa: E501 - quotes lines of the reference

from autograder.authoring.variants import body, variants_of

one = variants_of("simclr.py")

VARIANTS = [
    one("grey with named channels", body("to_grey", """
        r, g, b = image[0], image[1], image[2]
        grey = 0.299 * r + 0.587 * g + 0.114 * b
        return torch.stack([grey, grey, grey])
    """)),
    one("grey with tensordot, expanded", body("to_grey", """
        weights = torch.tensor([0.299, 0.587, 0.114], dtype=image.dtype, device=image.device)
        return torch.tensordot(weights, image, dims=1).expand(3, -1, -1).clone()
    """)),
    one("colours by one blend function", body("adjust_brightness", """
        return torch.clip(torch.lerp(torch.zeros_like(image), image, float(factor)), 0.0, 1.0)
    """), body("adjust_contrast", """
        mean = to_grey(image)[0].mean()
        return torch.clip(mean + factor * (image - mean), 0.0, 1.0)
    """), body("adjust_saturation", """
        grey = to_grey(image)
        return torch.clamp(grey + factor * (image - grey), min=0.0, max=1.0)
    """)),
    one("hue through masks", body("adjust_hue", """
        r, g, b = image.unbind(0)
        maxc, minc = image.max(dim=0).values, image.min(dim=0).values
        c = maxc - minc
        safe = c.clone()
        safe[c == 0] = 1
        h = torch.zeros_like(c)
        h = torch.where(maxc == b, 4 + (r - g) / safe, h)
        h = torch.where(maxc == g, 2 + (b - r) / safe, h)
        h = torch.where(maxc == r, (g - b) / safe, h)
        h = torch.remainder(h / 6 + shift, 1.0) * 6
        out = []
        for n in (5, 3, 1):
            k = torch.remainder(n + h, 6)
            out.append(maxc - c * torch.clamp(torch.min(k, 4 - k), 0, 1))
        return torch.stack(out)
    """)),
    one("crop as in torchvision", body("sample_crop", """
        area = height * width
        log_ratio = torch.log(torch.tensor(ratio, dtype=torch.float64))
        for _ in range(10):
            target_area = area * torch.empty(1, dtype=torch.float64).uniform_(scale[0], scale[1]).item()
            aspect_ratio = torch.exp(torch.empty(1, dtype=torch.float64).uniform_(float(log_ratio[0]), float(log_ratio[1]))).item()
            w = int(round(math.sqrt(target_area * aspect_ratio)))
            h = int(round(math.sqrt(target_area / aspect_ratio)))
            if 0 < w <= width and 0 < h <= height:
                i = torch.randint(0, height - h + 1, size=(1,)).item()
                j = torch.randint(0, width - w + 1, size=(1,)).item()
                return i, j, h, w
        return 0, 0, height, width
    """)),
    one("crop with torch.rand, as a list", body("sample_crop", """
        tries = 0
        while tries < 10:
            u = torch.rand(4, dtype=torch.float64).tolist()
            a = scale[0] + (scale[1] - scale[0]) * u[0]
            r = ratio[0] * (ratio[1] / ratio[0]) ** u[1]
            h, w = round((a * height * width / r) ** 0.5), round((a * height * width * r) ** 0.5)
            if 1 <= h <= height and 1 <= w <= width:
                return [int(u[2] * (height - h + 1)), int(u[3] * (width - w + 1)), h, w]
            tries += 1
        return [0, 0, height, width]
    """)),
    one("crop cut out with narrow", body("resized_crop", """
        box = image.narrow(1, top, height).narrow(2, left, width).unsqueeze(0)
        return F.interpolate(box, (size, size), mode="bilinear", align_corners=False).squeeze(0)
    """)),
    one("jitter with four draws of torch.rand", body("color_jitter", """
        u = 2 * torch.rand(4) - 1
        image = adjust_brightness(image, 1 + brightness * float(u[0]))
        image = adjust_contrast(image, 1 + contrast * float(u[1]))
        image = adjust_saturation(image, 1 + saturation * float(u[2]))
        return adjust_hue(image, hue * float(u[3]))
    """)),
    one("transform as a class", body("compute_train_transform", """
        torch.manual_seed(seed)

        class Chain:
            def __call__(self, image):
                height, width = image.shape[-2:]
                top, left, h, w = sample_crop(height, width, scale)
                image = resized_crop(image, top, left, h, w, size)
                if torch.rand(1).item() < 0.5:
                    image = torch.flip(image, dims=[2])
                if torch.rand(1).item() < 0.8:
                    image = color_jitter(image)
                if torch.rand(1).item() < 0.2:
                    image = to_grey(image)
                return image

        return Chain()
    """)),
    one("pairs as a list, in the style of torchvision", body("PairDataset.__getitem__", """
        img, target = self.images[index], self.labels[index]
        x_i = x_j = img
        if self.transform is not None:
            x_i = self.transform(img)
            x_j = self.transform(img)
        return [x_i, x_j, target]
    """)),
    one("sim with 1e-8 added", body("sim", """
        return torch.dot(z_i, z_j) / (torch.linalg.norm(z_i) * torch.linalg.norm(z_j) + 1e-8)
    """)),
    one("sim with a clamped product", body("sim", """
        return (z_i * z_j).sum() / (z_i.norm() * z_j.norm()).clamp(min=1e-8)
    """)),
    one("sim by cosine_similarity", body("sim", "return F.cosine_similarity(z_i, z_j, dim=0)")),
    one("loss with loops pair by pair", body("simclr_loss_naive", """
        N = out_left.shape[0]
        out = torch.cat([out_left, out_right], dim=0)
        total_loss = 0
        for k in range(N):
            z_k, z_k_N = out[k], out[k + N]
            left, right = 0, 0
            for i in range(2 * N):
                if i != k:
                    left += torch.exp(sim(z_k, out[i]) / tau)
                if i != k + N:
                    right += torch.exp(sim(z_k_N, out[i]) / tau)
            numerator = torch.exp(sim(z_k, z_k_N) / tau)
            total_loss += -torch.log(numerator / left) - torch.log(numerator / right)
        return total_loss / (2 * N)
    """)),
    one("positive pairs divided by norms", body("sim_positive_pairs", """
        dots = (out_left * out_right).sum(dim=1, keepdim=True)
        return dots / (out_left.norm(dim=1, keepdim=True) * out_right.norm(dim=1, keepdim=True))
    """)),
    one("positive pairs by einsum", body("sim_positive_pairs", """
        left, right = F.normalize(out_left, p=2, dim=-1), F.normalize(out_right, p=2, dim=-1)
        return torch.einsum("nd,nd->n", left, right).unsqueeze(1)
    """)),
    one("matrix divided by an outer product of norms", body("compute_sim_matrix", """
        norms = torch.linalg.vector_norm(out, dim=1, keepdim=True)
        return torch.mm(out, out.t()) / (norms * norms.t())
    """)),
    one("loss as cross-entropy", body("simclr_loss_vectorized", """
        n = out_left.shape[0]
        logits = compute_sim_matrix(torch.cat([out_left, out_right], dim=0)) / tau
        logits = logits - torch.diag(torch.full((2 * n,), float("inf"), dtype=logits.dtype, device=device))
        logits = torch.where(torch.eye(2 * n, dtype=torch.bool, device=device), -torch.inf, logits)
        targets = torch.cat([torch.arange(n, 2 * n, device=device), torch.arange(n, device=device)])
        return F.cross_entropy(logits, targets)
    """)),
    one("loss with the largest value subtracted", body("simclr_loss_vectorized", """
        N = out_left.shape[0]
        logits = compute_sim_matrix(torch.cat([out_left, out_right], dim=0)) / tau
        mask = (torch.ones_like(logits) - torch.eye(2 * N, device=device, dtype=logits.dtype)).bool()
        others = logits.masked_select(mask).view(2 * N, -1)
        top = others.max(dim=1, keepdim=True).values.detach()
        denominator = (others - top).exp().sum(dim=1, keepdim=True).log() + top
        positive = sim_positive_pairs(out_left, out_right) / tau
        return (denominator - torch.cat([positive, positive], dim=0)).mean()
    """)),
    one("epoch with both views in one batch", body("train", """
        model.train()
        total_loss, total_num = 0.0, 0
        for x_i, x_j, _ in data_loader:
            x_i, x_j = x_i.to(device), x_j.to(device)
            _, out = model(torch.cat([x_i, x_j]))
            out_left, out_right = out.chunk(2)
            loss = simclr_loss_vectorized(out_left, out_right, temperature, device)
            train_optimizer.zero_grad(set_to_none=True)
            loss.backward()
            train_optimizer.step()
            total_num += x_i.size(0)
            total_loss += loss.item() * x_i.size(0)
        return total_loss / total_num
    """)),
    one("neighbours voting by bincount", body("knn_probe", """
        a = queries / queries.norm(dim=1, keepdim=True)
        b = features / features.norm(dim=1, keepdim=True)
        nearest = (a @ b.t()).argsort(dim=1, descending=True)[:, :k]
        return torch.stack([torch.bincount(labels[row]).argmax() for row in nearest])
    """)),
    one("linear probe on the labels that occur", body("linear_probe", """
        names, own = labels.unique(return_inverse=True)
        mu, sigma = features.mean(0), features.var(0, unbiased=False).sqrt()
        x, q = (features - mu) / (sigma + 1e-6), (queries - mu) / (sigma + 1e-6)
        layer = nn.Linear(x.shape[1], len(names)).to(x)
        optimizer = torch.optim.LBFGS(layer.parameters(), max_iter=300, line_search_fn="strong_wolfe")

        def closure():
            optimizer.zero_grad()
            loss = F.cross_entropy(layer(x), own) + reg * (layer.weight**2).sum()
            loss.backward()
            return loss

        optimizer.step(closure)
        with torch.no_grad():
            return names[layer(q).argmax(1)]
    """)),
    one("rotations by repeated quarter turns, as a list", body("rotation_task", """
        n, c, h, w = images.shape
        if h != w:
            raise ValueError("images must be square")
        turned = [images]
        for _ in range(3):
            turned.append(torch.flip(turned[-1].permute(0, 1, 3, 2), dims=(2,)))
        labels = torch.cat([torch.full((n,), r, dtype=torch.long, device=images.device) for r in range(4)])
        return [torch.cat(turned, dim=0), labels]
    """)),
]
