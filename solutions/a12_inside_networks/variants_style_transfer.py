"""Right answers to style_transfer.py in other styles. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("style_transfer.py")

# fmt: off
VARIANTS = [
    variant("in the style of public solutions: views, bmm, loops over range(len(...))",
        body("content_loss", "return content_weight * torch.sum((content_current - content_original) ** 2)"),
        body("gram_matrix", """
            N, C, H, W = features.shape
            f = features.contiguous().view(N, C, H * W)
            gram = torch.bmm(f, f.permute(0, 2, 1))
            if normalize:
                gram = gram / (H * W * C)
            return gram
        """),
        body("style_loss", """
            loss = 0.0
            for i in range(len(style_layers)):
                current = gram_matrix(feats[style_layers[i]].clone())
                loss += style_weights[i] * torch.sum((current - style_targets[i]) ** 2)
            return loss
        """),
        body("tv_loss", """
            N, C, H, W = img.shape
            a = img[:, :, 1:H, :] - img[:, :, 0 : H - 1, :]
            b = img[:, :, :, 1:W] - img[:, :, :, 0 : W - 1]
            return tv_weight * (torch.sum(torch.pow(a, 2)) + torch.sum(torch.pow(b, 2)))
        """),
        body("guided_gram_matrix", """
            N, R, C, H, W = features.shape
            masked = features * masks.unsqueeze(2)
            f = masked.reshape(N * R, C, H * W)
            gram = torch.bmm(f, f.transpose(1, 2)).reshape(N, R, C, C)
            return gram / (H * W * C) if normalize else gram
        """),
        body("guided_style_loss", """
            loss = 0
            for i, layer in enumerate(style_layers):
                g = guided_gram_matrix(feats[layer], content_masks[layer])
                loss = loss + style_weights[i] * ((g - style_targets[i]) ** 2).sum()
            return loss
        """)),
    variant("einsum, mse_loss with sums, diff",
        body("content_loss", "return content_weight * F.mse_loss(content_current, content_original, reduction='sum')"),
        body("gram_matrix", """
            gram = torch.einsum("nahw,nbhw->nab", features, features)
            return gram / features[0].numel() if normalize else gram
        """),
        body("style_loss", """
            parts = [
                weight * F.mse_loss(gram_matrix(feats[layer]), target, reduction="sum")
                for layer, target, weight in zip(style_layers, style_targets, style_weights)
            ]
            return torch.stack(parts).sum()
        """),
        body("tv_loss", "return tv_weight * sum(img.diff(dim=d).pow(2).sum() for d in (2, 3))"),
        body("guided_gram_matrix", """
            gram = torch.einsum("nrahw,nrbhw,nrhw->nrab", features, features, masks * masks)
            return gram / features[0, 0].numel() if normalize else gram
        """),
        body("guided_style_loss", """
            return sum(
                w * F.mse_loss(guided_gram_matrix(feats[n], content_masks[n]), t, reduction="sum")
                for n, t, w in zip(style_layers, style_targets, style_weights)
            )
        """)),
    variant("products with broadcasting, norms",
        body("content_loss", "return content_weight * torch.norm(content_current - content_original) ** 2"
                             " if (content_current != content_original).any() else 0 * content_current.sum()"),
        body("gram_matrix", """
            gram = (features[:, :, None] * features[:, None]).sum(dim=(3, 4))
            if not normalize:
                return gram
            _, C, H, W = features.shape
            return gram.div(C * H * W)
        """),
        body("tv_loss", """
            kernel_right = img.new_tensor([[-1.0, 1.0]]).reshape(1, 1, 1, 2)
            channels = img.transpose(0, 1)
            across = F.conv2d(channels, kernel_right) if img.shape[3] > 1 else img.new_zeros(1)
            down = F.conv2d(channels, kernel_right.mT) if img.shape[2] > 1 else img.new_zeros(1)
            return tv_weight * ((across * across).sum() + (down * down).sum())
        """)),
    variant("weights switched off and on again, global seed, L-BFGS",
        body("perceptual_loss", """
            before = [p.requires_grad for p in phi.parameters()]
            try:
                for p in phi.parameters():
                    p.requires_grad_(False)
                return (phi(a) - phi(b)).pow(2).mean()
            finally:
                for p, flag in zip(phi.parameters(), before):
                    p.requires_grad_(flag)
        """),
        body("texture_synthesis", """
            with torch.no_grad():
                targets = [gram_matrix(f, normalize=False) for f in activations(model, texture, list(layers))]
            torch.manual_seed(seed)
            x = torch.nn.Parameter((0.5 * torch.randn(*texture.shape)).to(texture))
            optimizer = torch.optim.LBFGS([x], max_iter=steps, history_size=20, line_search_fn="strong_wolfe")

            def closure():
                optimizer.zero_grad()
                loss = 0.0
                for f, a in zip(activations(model, x.clamp(-2, 2), list(layers)), targets):
                    loss = loss + ((gram_matrix(f, normalize=False) - a) ** 2).sum() / (a ** 2).sum()
                loss.backward(inputs=[x])
                return loss

            optimizer.step(closure)
            return x.detach().clamp(-2, 2)
        """)),
    variant("a deep copy without gradients, and a numpy generator",
        body("perceptual_loss", """
            import copy

            frozen = copy.deepcopy(phi).requires_grad_(False)
            difference = frozen(a) - frozen(b)
            return (difference * difference).sum() / difference.numel()
        """),
        body("texture_synthesis", """
            import numpy as np

            noise = torch.from_numpy(np.random.default_rng(seed).normal(size=tuple(texture.shape))).float() * 0.3
            x = noise.to(texture.device).requires_grad_(True)
            wanted = [gram_matrix(f).detach() for f in activations(model, texture, list(layers))]
            optimizer = torch.optim.Adam([x], lr=0.08, betas=(0.9, 0.99))
            schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, max(steps, 1), eta_min=0.01)
            for _ in range(steps):
                optimizer.zero_grad()
                loss = 0
                for f, a in zip(activations(model, x, list(layers)), wanted):
                    loss = loss + F.mse_loss(gram_matrix(f), a) / a.pow(2).mean()
                loss.backward()
                optimizer.step()
                schedule.step()
                x.data.clamp_(-2, 2)
            return x.detach()
        """)),
    variant("an image within bounds by tanh, dot products, and both images in one batch",
        body("content_loss", """
            delta = (content_current - content_original).reshape(-1)
            return content_weight * torch.dot(delta, delta)
        """),
        body("gram_matrix", """
            N, C, H, W = features.size()
            rows = features.permute(0, 2, 3, 1).reshape(N, H * W, C)
            scale = 1.0 / (C * H * W) if normalize else 1.0
            return torch.baddbmm(features.new_zeros(N, C, C), rows.transpose(1, 2), rows, alpha=scale)
        """),
        body("style_loss", """
            parts = (
                weight * F.mse_loss(gram_matrix(feats[layer]), target, reduction="sum")
                for layer, target, weight in zip(style_layers, style_targets, style_weights)
            )
            return sum(parts)
        """),
        body("texture_synthesis", """
            wanted = [gram_matrix(f).detach() for f in activations(model, texture, list(layers))]
            torch_noise = torch.Generator(device="cpu")
            torch_noise.manual_seed(seed)
            z = nn.Parameter(0.3 * torch.randn(*texture.shape, generator=torch_noise).to(texture))
            opt = torch.optim.Adam([z], lr=0.05)
            plan = torch.optim.lr_scheduler.CosineAnnealingLR(opt, steps, eta_min=0.003)
            for _ in range(steps):
                x = 2 * torch.tanh(z)
                loss = 0
                for f, g in zip(activations(model, x, list(layers)), wanted):
                    loss = loss + F.mse_loss(gram_matrix(f), g, reduction="sum") / g.norm() ** 2
                opt.zero_grad()
                loss.backward(inputs=[z])
                opt.step()
                plan.step()
            return 2 * torch.tanh(z.data)
        """),
        body("perceptual_loss", """
            flags = [(p, p.requires_grad) for p in phi.parameters()]
            phi.requires_grad_(False)
            try:
                both = phi(torch.cat([a, b]))
            finally:
                for p, flag in flags:
                    p.requires_grad_(flag)
            fa, fb = both.split([len(a), len(b)])
            return F.mse_loss(fa, fb)
        """)),
]
