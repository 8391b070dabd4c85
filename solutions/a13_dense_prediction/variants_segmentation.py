"""Right answers to segmentation.py in other styles. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("segmentation.py")

# fmt: off
VARIANTS = [
    variant("one-hot masks, loops, other names",
        body("pixel_cross_entropy", """
            N, C = logits.shape[:2]
            mask = y != ignore_index
            safe = torch.where(mask, y, torch.zeros_like(y))
            nll = torch.logsumexp(logits, dim=1) - logits.gather(1, safe.unsqueeze(1)).squeeze(1)
            w = mask.to(logits.dtype)
            if weight is not None:
                w = w * weight[safe]
            total = w.sum()
            return (nll * w).sum() / torch.where(total > 0, total, torch.ones_like(total))
        """),
        body("soft_dice_loss", """
            C = p.shape[1]
            losses = []
            for c in range(C):
                a, b = p[:, c].reshape(-1), t[:, c].reshape(-1)
                losses.append(1 - (2 * torch.dot(a, b) + eps) / (a.sum() + b.sum() + eps))
            return sum(losses) / C
        """),
        body("soft_iou_loss", """
            a, b = p.transpose(0, 1).flatten(1), t.transpose(0, 1).flatten(1)
            I = (a * b).sum(1)
            U = a.sum(1) + b.sum(1) - I
            return torch.mean(1.0 - (I + eps) / (U + eps))
        """),
        body("confusion", """
            out = torch.zeros(C, C, dtype=torch.long, device=y.device)
            keep = (y != ignore_index).flatten()
            t, p = y.flatten()[keep], pred.flatten()[keep]
            out.index_put_((t, p), torch.ones_like(t), accumulate=True)
            return out
        """),
        body("miou", """
            values = []
            for c in range(conf.shape[0]):
                tp = conf[c, c].item()
                union = conf[c].sum().item() + conf[:, c].sum().item() - tp
                if union > 0:
                    values.append(tp / union)
            return sum(values) / len(values) if values else 0.0
        """),
        body("ssim", """
            r = window // 2
            g = torch.tensor([2.718281828459045 ** (-((i - r) ** 2) / (2 * sigma ** 2)) for i in range(window)]).to(a)
            g = g / g.sum()
            C = a.shape[1]
            tall = g.view(1, 1, -1, 1).repeat(C, 1, 1, 1)
            wide = g.view(1, 1, 1, -1).repeat(C, 1, 1, 1)

            def blur(x):
                return F.conv2d(F.conv2d(x, tall, groups=C), wide, groups=C)

            mu1, mu2 = blur(a), blur(b)
            s11 = blur(a ** 2) - mu1 ** 2
            s22 = blur(b ** 2) - mu2 ** 2
            s12 = blur(a * b) - mu1 * mu2
            C1, C2 = (0.01 * L) ** 2, (0.03 * L) ** 2
            luminance = (2 * mu1 * mu2 + C1) / (mu1 ** 2 + mu2 ** 2 + C1)
            contrast = (2 * s12 + C2) / (s11 + s22 + C2)
            return (luminance * contrast).mean()
        """),
        body("bilinear_kernel", """
            factor = (k + 1) // 2
            center = factor - 1 if k % 2 == 1 else factor - 0.5
            w = torch.zeros(C, C, k, k)
            for i in range(k):
                for j in range(k):
                    value = (1 - abs(i - center) / factor) * (1 - abs(j - center) / factor)
                    for c in range(C):
                        w[c, c, i, j] = value
            return w
        """)),
    variant("indices, functional layers, forward() calls",
        body("pixel_cross_entropy", """
            flat = logits.permute(0, 2, 3, 1).reshape(-1, logits.shape[1])
            labels = y.reshape(-1)
            index = torch.nonzero(labels != ignore_index).squeeze(1)
            if index.numel() == 0:
                return logits.sum() * 0
            logp = torch.log_softmax(flat[index], dim=-1)
            picked = logp[torch.arange(len(index), device=y.device), labels[index]]
            if weight is None:
                return -picked.mean()
            w = weight[labels[index]]
            return -(w * picked).sum() / w.sum()
        """),
        body("FCN.__init__", """
            for layer in [*self.twice, self.last]:
                kernel = bilinear_kernel(num_classes, layer.kernel_size[0])
                layer.weight.data = kernel.to(layer.weight)
        """),
        body("FCN.forward", """
            N, _, H, W = x.shape
            third, fourth, fifth = self.backbone.forward(x)
            out = self.heads[0].forward(fifth)
            for level, feature in enumerate([fourth, third][: len(self.twice)]):
                side = self.heads[level + 1](feature)
                out = F.conv_transpose2d(out, self.twice[level].weight, stride=2, padding=1)
                h, w = side.shape[-2:]
                out = out[..., :h, :w].add(side)
            return self.last(out)[..., :H, :W].contiguous()
        """),
        body("UNet.forward", """
            def level(i, x):
                here = self.down[i](x)
                if i == len(self.up):
                    return here
                below = self.up[i](level(i + 1, nn.functional.max_pool2d(here, kernel_size=2, stride=2)))
                dy, dx = here.size(2) - below.size(2), here.size(3) - below.size(3)
                return self.merge[i](torch.cat((here, nn.ZeroPad2d((0, dx, 0, dy))(below)), 1))

            return self.last(level(0, x))
        """),
        body("Hourglass.forward", """
            pool = nn.MaxPool2d(2)
            kept = []
            for i in range(len(self.up)):
                x = self.down[i].forward(x)
                kept.append(self.side[i](x))
                x = pool(x)
            x = self.down[len(self.up)](x)
            for i in range(len(self.up) - 1, -1, -1):
                small = self.up[i](x)
                x = kept[i].clone()
                x[:, :, : small.shape[2], : small.shape[3]] += small
                x = self.merge[i](x)
            return self.last(x)
        """),
        body("merge_panoptic", """
            H, W = sem.shape
            taken = torch.zeros(H, W, dtype=torch.bool, device=sem.device)
            out = torch.zeros(H, W, dtype=torch.long, device=sem.device)
            kinds = []
            order = sorted(range(len(scores)), key=lambda r: float(scores[r]), reverse=True)
            for r in order:
                mask = masks[r]
                new = mask & ~taken
                if new.sum() == 0 or new.sum().item() < min_share * mask.sum().item():
                    continue
                kinds.append(labels[r].item())
                out[new] = len(kinds)
                taken |= new
            rest = ~taken
            for c in sorted(set(sem[rest].tolist()) - {255}):
                kinds.append(c)
                out[rest & (sem == c)] = len(kinds)
            return out, torch.tensor(kinds, device=sem.device).long()
        """)),
    variant("means by mask, kernels by outer products of lists",
        body("soft_dice_loss", """
            I = torch.einsum("nchw,nchw->c", p, t)
            P, T = p.sum((0, 2, 3)), t.sum((0, 2, 3))
            return (1 - (2 * I + eps) / (P + T + eps)).sum() / p.shape[1]
        """),
        body("soft_iou_loss", """
            I = torch.einsum("nchw,nchw->c", p, t)
            U = (p + t - p * t).sum((0, 2, 3))
            return 1 - torch.mean((I + eps) / (U + eps))
        """),
        body("confusion", """
            mask = y != ignore_index
            a = F.one_hot(y[mask], C)
            b = F.one_hot(pred[mask], C)
            return a.T @ b
        """),
        body("miou", """
            tp = torch.diag(conf).to(torch.float64)
            union = conf.sum(0) + conf.sum(1) - torch.diag(conf)
            iou = tp / union
            iou = iou[~iou.isnan()]
            return iou.mean().item() if len(iou) else 0.0
        """),
        body("bilinear_kernel", """
            f = -(-k // 2)
            c = (2 * f - 1) / 2 if k % 2 == 0 else f - 1
            i = torch.arange(k, dtype=torch.float32)
            w = 1 - torch.abs(i - c) / f
            out = torch.zeros((C, C, k, k))
            out[range(C), range(C)] = w.view(-1, 1) @ w.view(1, -1)
            return out
        """),
        body("ssim", """
            half = window // 2
            grid = torch.arange(-half, half + 1, dtype=a.dtype, device=a.device)
            weights = torch.exp(-(grid[:, None] ** 2 + grid ** 2) / (2 * sigma ** 2))
            weights = weights / weights.sum()
            p = a.unfold(2, window, 1).unfold(3, window, 1)
            q = b.unfold(2, window, 1).unfold(3, window, 1)

            def mean(x):
                return (x * weights).sum((-1, -2))

            ma, mb = mean(p), mean(q)
            va = mean((p - ma[..., None, None]) ** 2)
            vb = mean((q - mb[..., None, None]) ** 2)
            cov = mean((p - ma[..., None, None]) * (q - mb[..., None, None]))
            k1, k2 = (0.01 * L) ** 2, (0.03 * L) ** 2
            return (((2 * ma * mb + k1) * (2 * cov + k2)) / ((ma ** 2 + mb ** 2 + k1) * (va + vb + k2))).mean()
        """),
        body("FCN.forward", """
            maps = list(self.backbone(x))
            scores = self.heads[0](maps.pop())
            for n in range(len(self.twice)):
                fine = self.heads[n + 1](maps.pop())
                scores = self.twice[n](scores).narrow(2, 0, fine.size(2)).narrow(3, 0, fine.size(3))
                scores = scores + fine
            scores = self.last(scores)
            return scores[:, :, : x.size(2)][:, :, :, : x.size(3)]
        """)),
    variant("masked numbers, classes in a loop, recursion by slices",
        body("pixel_cross_entropy", """
            mask = y == ignore_index
            logp = logits.log_softmax(1)
            hot = F.one_hot(y.masked_fill(mask, 0), logits.shape[1]).movedim(-1, 1).to(logits.dtype)
            if weight is not None:
                hot = hot * weight[None, :, None, None]
            hot = hot * (~mask)[:, None]
            denominator = hot.sum()
            return -(hot * logp).sum() / (denominator if denominator > 0 else 1.0)
        """),
        body("confusion", """
            y, pred = y.reshape(-1), pred.reshape(-1)
            return torch.stack([
                torch.stack([((y == i) & (pred == j) & (y != ignore_index)).sum() for j in range(C)]) for i in range(C)
            ])
        """),
        body("Hourglass.forward", """
            def go(level, x):
                x = self.down[level](x)
                if level == len(self.up):
                    return x
                up = self.up[level](go(level + 1, F.max_pool2d(x, 2)))
                side = self.side[level](x)
                rows, columns = x.shape[-2] - up.shape[-2], x.shape[-1] - up.shape[-1]
                return self.merge[level](side + F.pad(up, [0, columns, 0, rows]))

            return self.last(go(0, x))
        """),
        body("UNet.forward", """
            features = [self.down[0](x)]
            for block in list(self.down)[1:]:
                features.append(block(F.max_pool2d(features[-1], 2)))
            x = features.pop()
            for up, merge in zip(list(self.up)[::-1], list(self.merge)[::-1]):
                skip = features.pop()
                up_x = up(x)
                padded = torch.zeros(*up_x.shape[:2], *skip.shape[2:], dtype=up_x.dtype, device=up_x.device)
                padded[..., : up_x.shape[2], : up_x.shape[3]] = up_x
                x = merge(torch.concat([skip, padded], 1))
            return self.last(x)
        """),
        body("merge_panoptic", """
            ids = torch.zeros(sem.shape, dtype=torch.int64, device=sem.device)
            classes = []
            _, order = torch.sort(scores, descending=True, stable=True)
            for r in order:
                size = masks[r].sum()
                left = masks[r].clone()
                left[ids > 0] = False
                if left.any() and left.sum() >= min_share * size:
                    classes += [labels[r]]
                    ids = torch.where(left, len(classes), ids)
            stuff = torch.where(ids > 0, 255, sem)
            for c in torch.unique(stuff):
                if c != 255:
                    classes += [c]
                    ids = torch.where(stuff == c, len(classes), ids)
            return ids, torch.stack(classes) if classes else torch.zeros(0, dtype=torch.int64, device=sem.device)
        """),
        body("bilinear_kernel", """
            f = (k + 1) // 2
            grid = torch.arange(k).float()
            center = (k - 1) / 2 if k % 2 == 0 else f - 1
            line = torch.clamp(1 - (grid - center).abs() / f, min=0)
            return torch.diag_embed(torch.ones(C)).view(C, C, 1, 1) * line.view(k, 1) * line.view(1, k)
        """)),
    variant("means of products, networks by lists of layers",
        body("soft_dice_loss", """
            mean = lambda x: x.transpose(0, 1).reshape(x.shape[1], -1).sum(-1)
            return torch.mean(1 - (2 * mean(p * t) + eps) / (mean(p) + mean(t) + eps))
        """),
        body("soft_iou_loss", """
            total = 0
            for c in range(p.size(1)):
                inter = (p[:, c] * t[:, c]).sum()
                total = total + (inter + eps) / (p[:, c].sum() + t[:, c].sum() - inter + eps)
            return 1 - total / p.size(1)
        """),
        body("miou", """
            conf = conf.double()
            tp = conf.diag()
            fp, fn = conf.sum(0) - tp, conf.sum(1) - tp
            seen = tp + fp + fn > 0
            return (tp / (tp + fp + fn))[seen].mean().item() if bool(seen.any()) else 0.0
        """),
        body("FCN.__init__", """
            kernels = {k: bilinear_kernel(num_classes, k) for k in {4, 2 * stride}}
            for layer in self.twice:
                nn.init.zeros_(layer.weight)
                with torch.no_grad():
                    layer.weight.add_(kernels[4])
            self.last.load_state_dict({"weight": kernels[2 * stride]})
        """),
        body("FCN.forward", """
            maps = self.backbone(x)[::-1]
            y = None
            for n, head in enumerate(self.heads):
                z = head(maps[n])
                if y is not None:
                    up = self.twice[n - 1](y)
                    z = z + up[:, :, 0 : z.shape[2], 0 : z.shape[3]]
                y = z
            return self.last(y)[..., : x.shape[-2], : x.shape[-1]]
        """)),
    variant("a named tuple, layers of blocks one by one, weights used by functions",
        ("from itertools import pairwise\n", "from collections import namedtuple\nfrom itertools import pairwise\n"),
        ("    return ids, torch.tensor(", "    return Panoptic(ids, torch.tensor("),
        ("(classes, dtype=torch.int64, device=sem.device)\n", "(classes, dtype=torch.int64, device=sem.device))\n"),
        ("# %% task=\"merge_panoptic\"\n",
         "Panoptic = namedtuple(\"Panoptic\", \"ids classes\")\n\n\n# %% task=\"merge_panoptic\"\n"),
        body("UNet.forward", """
            stack = []
            for block in self.down[:-1]:
                for layer in block:
                    x = layer(x)
                stack.append(x)
                x = F.max_pool2d(x, 2)
            x = self.down[-1](x)
            for i in reversed(range(len(stack))):
                skip = stack[i]
                x = F.conv_transpose2d(x, self.up[i].weight, self.up[i].bias, stride=2)
                x = F.pad(x, [0, skip.size(3) - x.size(3), 0, skip.size(2) - x.size(2)])
                x = self.merge[i](torch.concat([skip, x], 1))
            return torch.einsum("nchw,oc->nohw", x, self.last.weight[:, :, 0, 0]) + self.last.bias[:, None, None]
        """)),
    variant("a list for the pair of ids and classes",
        ("    return ids, torch.tensor(", "    return [ids, torch.tensor("),
        ("(classes, dtype=torch.int64, device=sem.device)\n", "(classes, dtype=torch.int64, device=sem.device)]\n")),
]
