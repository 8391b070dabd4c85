"""Right answers to resampling.py in other styles. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("resampling.py")

# fmt: off
VARIANTS = [
    variant("indexing, matrices of weights, loops over windows",
        body("upsample_nearest", """
            rows = torch.arange(s * x.shape[2], device=x.device) // s
            columns = torch.arange(s * x.shape[3], device=x.device) // s
            return x[:, :, rows][:, :, :, columns]
        """),
        body("upsample_bed_of_nails", """
            N, C, H, W = x.shape
            out = torch.zeros(N, C, H, s, W, s, dtype=x.dtype, device=x.device)
            out[:, :, :, 0, :, 0] = x
            return out.reshape(N, C, H * s, W * s)
        """),
        body("upsample_bilinear", """
            def weights(n, m):
                A = torch.zeros(m, n, dtype=x.dtype, device=x.device)
                for i in range(m):
                    if align_corners:
                        u = i * (n - 1) / (m - 1) if m > 1 else 0.0
                    else:
                        u = min(max((i + 0.5) * n / m - 0.5, 0), n - 1)
                    low = min(int(u), n - 1)
                    high = min(low + 1, n - 1)
                    A[i, low] += 1 - (u - low)
                    A[i, high] += u - low
                return A
            return weights(x.shape[2], size[0]) @ x @ weights(x.shape[3], size[1]).T
        """),
        body("upsample_bicubic", """
            a = -3 / 4

            def weight(t):
                t = abs(t)
                if t <= 1:
                    return ((a + 2) * t - (a + 3)) * t * t + 1
                if t < 2:
                    return ((a * t - 5 * a) * t + 8 * a) * t - 4 * a
                return 0.0

            def weights(n, m):
                A = torch.zeros(m, n, dtype=x.dtype, device=x.device)
                for i in range(m):
                    u = (i + 0.5) * n / m - 0.5
                    low = int(u // 1)
                    for j in range(low - 1, low + 3):
                        A[i, min(max(j, 0), n - 1)] += weight(u - j)
                return A
            return torch.einsum("ih,nchw,jw->ncij", weights(x.shape[2], size[0]), x, weights(x.shape[3], size[1]))
        """),
        body("max_pool_indices", """
            N, C, H, W = x.shape
            h, w = H // k, W // k
            y = x.new_zeros(N, C, h, w)
            indices = torch.zeros(N, C, h, w, dtype=torch.long, device=x.device)
            for i in range(h):
                for j in range(w):
                    window = x[:, :, i * k:(i + 1) * k, j * k:(j + 1) * k].reshape(N, C, -1)
                    value, place = window.max(dim=2)
                    y[:, :, i, j] = value
                    indices[:, :, i, j] = (i * k + place // k) * W + j * k + place % k
            return y, indices
        """),
        body("max_unpool", """
            N, C, h, w = y.shape
            out = torch.zeros(N, C, size[0] * size[1], dtype=y.dtype, device=y.device)
            n = torch.arange(N, device=y.device)[:, None, None]
            c = torch.arange(C, device=y.device)[None, :, None]
            out[n, c, indices.reshape(N, C, -1)] = y.reshape(N, C, -1)
            return out.view(N, C, *size)
        """)),
    variant("padded matrices, painting, flat loops",
        body("upsample_nearest", """
            N, C, H, W = x.shape
            return x[:, :, :, None, :, None].repeat(1, 1, 1, s, 1, s).reshape(N, C, H * s, W * s)
        """),
        body("conv_matrix", """
            O, I, k = w.shape
            n_out = (n + 2 * pad - k) // stride + 1
            rows = []
            for o in range(O):
                for j in range(n_out):
                    row = torch.zeros(I, n + 2 * pad, dtype=w.dtype, device=w.device)
                    row[:, j * stride : j * stride + k] = w[o]
                    rows.append(row[:, pad : pad + n].reshape(-1))
            return torch.stack(rows)
        """),
        body("conv_transpose1d", """
            N, O, n_in = x.shape
            I, k = w.shape[1:]
            full = torch.zeros(N, I, (n_in - 1) * stride + k + output_padding, dtype=x.dtype, device=x.device)
            for j in range(n_in):
                full[:, :, j * stride : j * stride + k] += torch.einsum("no,oik->nik", x[:, :, j], w)
            return full[:, :, pad : full.shape[2] - pad]
        """),
        body("dilated_conv2d", """
            N, C, H, W = x.shape
            O, per, kh, kw = w.shape
            xp = torch.zeros(N, C, H + 2 * pad, W + 2 * pad, dtype=x.dtype, device=x.device)
            xp[:, :, pad : pad + H, pad : pad + W] = x
            reach_h, reach_w = dilation * (kh - 1) + 1, dilation * (kw - 1) + 1
            outs = []
            for g in range(groups):
                piece = xp[:, g * per : (g + 1) * per]
                win = piece.unfold(2, reach_h, 1).unfold(3, reach_w, 1)[..., ::dilation, ::dilation]
                filters = w[g * (O // groups) : (g + 1) * (O // groups)]
                outs.append(torch.einsum("nchwij,ocij->nohw", win, filters))
            return torch.cat(outs, dim=1)
        """),
        body("receptive_field", """
            r = 1
            for kernel, stride, dilation in reversed(layers):
                r = (r - 1) * stride + dilation * (kernel - 1) + 1
            return r
        """),
        body("SpatialPyramidPool.forward", """
            import math
            N, C, H, W = x.shape
            out = []
            for l in self.levels:
                grid = torch.zeros(N, C, l, l, dtype=x.dtype, device=x.device)
                for i in range(l):
                    top, bottom = math.floor(i * H / l), math.ceil((i + 1) * H / l)
                    for j in range(l):
                        left, right = math.floor(j * W / l), math.ceil((j + 1) * W / l)
                        grid[:, :, i, j] = x[:, :, top:bottom, left:right].flatten(2).max(dim=2).values
                out.append(grid.view(N, -1))
            return torch.cat(out, 1)
        """),
        body("lp_pool", """
            N, C, H, W = x.shape
            h, w = H // k, W // k
            win = x[:, :, : h * k, : w * k].reshape(N, C, h, k, w, k)
            total = (win.abs() ** p).sum(dim=(3, 5))
            safe = torch.where(total > 0, total, torch.ones_like(total))
            return torch.where(total > 0, safe ** (1 / p), torch.zeros_like(total))
        """),
        body("stochastic_pool", """
            N, C, H, W = x.shape
            h, w = H // k, W // k
            win = x[:, :, : h * k, : w * k].reshape(N, C, h, k, w, k).transpose(3, 4).reshape(N, C, h, w, k * k)
            total = win.sum(-1, keepdim=True)
            safe = torch.where(total > 0, total, torch.ones_like(total))
            p = torch.where(total > 0, win / safe, torch.zeros_like(win))
            if generator is None:
                return (p * win).sum(-1)
            u = torch.rand(total.shape, generator=generator, dtype=x.dtype, device=x.device)
            which = (p.detach().cumsum(-1) <= u).sum(-1, keepdim=True).clamp(max=k * k - 1)
            return win.gather(-1, which).squeeze(-1)
        """),
        body("average_pool_backward", """
            N, C, h, w = dout.shape
            dx = torch.zeros(N, C, *size, dtype=dout.dtype, device=dout.device)
            for i in range(h):
                for j in range(w):
                    dx[:, :, i * k:(i + 1) * k, j * k:(j + 1) * k] = dout[:, :, i:i + 1, j:j + 1] / (k * k)
            return dx
        """)),
    variant("products with ones, autograd, topk, one formula for both modes",
        body("upsample_nearest", """
            return torch.kron(x, torch.ones(s, s, dtype=x.dtype, device=x.device))
        """),
        body("upsample_bed_of_nails", """
            corner = torch.zeros(s, s, dtype=x.dtype, device=x.device)
            corner[0, 0] = 1
            return torch.kron(x.contiguous(), corner)
        """),
        body("upsample_bilinear", """
            H, W = x.shape[-2:]

            def places(n, m):
                grid = torch.arange(m, device=x.device, dtype=torch.float64)
                if align_corners:
                    return grid * ((n - 1) / (m - 1)) if m > 1 else grid * 0
                return ((grid + 0.5) * (n / m) - 0.5).clamp(0, n - 1)

            rows, columns = places(H, size[0]), places(W, size[1])
            top, left = rows.floor().long().clamp(max=H - 1), columns.floor().long().clamp(max=W - 1)
            bottom, right = (top + 1).clamp(max=H - 1), (left + 1).clamp(max=W - 1)
            a = (rows - top).to(x.dtype)[:, None]
            b = (columns - left).to(x.dtype)
            upper = x[:, :, top][..., left] * (1 - b) + x[:, :, top][..., right] * b
            lower = x[:, :, bottom][..., left] * (1 - b) + x[:, :, bottom][..., right] * b
            return upper * (1 - a) + lower * a
        """),
        body("max_pool_indices", """
            N, C, H, W = x.shape
            places = torch.arange(H * W, device=x.device).view(1, 1, H, W).repeat(N, C, 1, 1)

            def windows(t):
                h, w = H // k, W // k
                return t[:, :, : h * k, : w * k].reshape(N, C, h, k, w, k).permute(0, 1, 2, 4, 3, 5).flatten(4)

            values, where = windows(x).max(dim=4, keepdim=True)
            return values[..., 0], windows(places).gather(4, where)[..., 0]
        """),
        body("max_unpool", """
            out = y.new_zeros(y.shape[0] * y.shape[1], size[0] * size[1])
            out = torch.scatter(out, 1, indices.reshape(len(out), -1), y.reshape(len(out), -1))
            return out.reshape(y.shape[0], y.shape[1], size[0], size[1])
        """),
        body("average_pool_backward", """
            N, C, h, w = dout.shape
            with torch.enable_grad():
                x = torch.zeros(N, C, *size, dtype=dout.dtype, device=dout.device, requires_grad=True)
                y = x.unfold(2, k, k).unfold(3, k, k).mean(dim=(4, 5))
                return torch.autograd.grad(y, x, dout)[0]
        """),
        body("lp_pool", """
            windows = x.unfold(2, k, k).unfold(3, k, k)
            return torch.linalg.norm(windows.reshape(*windows.shape[:4], -1), ord=p, dim=-1)
        """),
        body("conv_matrix", """
            O, I, k = w.shape
            places = (n + 2 * pad - k) // stride + 1
            A = torch.zeros(O, places, I, n, dtype=w.dtype, device=w.device)
            for o in range(O):
                for c in range(I):
                    for j in range(places):
                        first = j * stride - pad
                        low, high = max(first, 0), min(first + k, n)
                        if low < high:
                            A[o, j, c, low:high] = w[o, c, low - first : high - first]
            return A.view(O * places, I * n)
        """)),
    variant("gather, one function for windows, options with defaults",
        body("upsample_bed_of_nails", """
            N, C, H, W = x.shape
            rows = F.pad(x.reshape(N, C, H, 1, W, 1), (0, s - 1, 0, 0, 0, s - 1))
            return rows.reshape(N, C, H * s, W * s)
        """),
        body("upsample_bicubic", """
            def resize(t, m, dim, a=-0.75):
                n = t.size(dim)
                out = []
                for i in range(m):
                    u = (i + 0.5) * n / m - 0.5
                    low = math.floor(u)
                    frac = u - low
                    d = [1 + frac, frac, 1 - frac, 2 - frac]
                    w = [a * d[0] ** 3 - 5 * a * d[0] ** 2 + 8 * a * d[0] - 4 * a,
                         (a + 2) * d[1] ** 3 - (a + 3) * d[1] ** 2 + 1,
                         (a + 2) * d[2] ** 3 - (a + 3) * d[2] ** 2 + 1,
                         a * d[3] ** 3 - 5 * a * d[3] ** 2 + 8 * a * d[3] - 4 * a]
                    picked = [t.select(dim, max(0, min(n - 1, low - 1 + j))) for j in range(4)]
                    out.append(sum(wj * pj for wj, pj in zip(w, picked)))
                return torch.stack(out, dim)

            import math
            return resize(resize(x, size[0], 2), size[1], 3)
        """),
        body("stochastic_pool", """
            n, c, H, W = x.shape
            h, w = H // k, W // k
            blocks = x[..., : h * k, : w * k].unflatten(3, (w, k)).unflatten(2, (h, k)).movedim(3, 4).flatten(4)
            mass = blocks.sum(dim=-1)
            if generator is None:
                return torch.where(mass > 0, (blocks ** 2).sum(dim=-1) / mass.clamp(min=1e-30), 0 * mass)
            edges = blocks.detach().cumsum(dim=-1)
            point = torch.rand(mass.shape, generator=generator, device=x.device, dtype=x.dtype) * mass.detach()
            index = torch.searchsorted(edges, point[..., None], right=True).clamp(max=k * k - 1)
            return torch.gather(blocks, -1, index)[..., 0]
        """),
        body("dilated_conv2d", """
            O, per, k, m = w.shape
            x = F.pad(x, [pad] * 4)
            span = ((k - 1) * dilation + 1, (m - 1) * dilation + 1)
            out = []
            for o in range(O):
                g = o * groups // O
                total = 0
                for c in range(per):
                    for a in range(k):
                        for b in range(m):
                            i, j = a * dilation, b * dilation
                            part = x[:, g * per + c, i : x.shape[2] - span[0] + 1 + i, j : x.shape[3] - span[1] + 1 + j]
                            total = total + w[o, c, a, b] * part
                out.append(total)
            return torch.stack(out, dim=1)
        """),
        body("conv_transpose1d", """
            N, O, n_in = x.shape
            k = w.shape[2]
            n = (n_in - 1) * stride - 2 * pad + k + output_padding
            y = torch.zeros(N, w.shape[1], n, dtype=x.dtype, device=x.device)
            for j in range(n_in):
                for t in range(k):
                    m = j * stride + t - pad
                    if 0 <= m < n:
                        y[:, :, m] += x[:, :, j] @ w[:, :, t]
            return y
        """),
        body("receptive_field", """
            total, jump = 1, 1
            for layer in layers:
                k, s, d = layer
                total = total + ((k - 1) * d) * jump
                jump = jump * s
            return int(total)
        """)),
    variant("shapes by view, maxima by sorting",
        body("max_pool_indices", """
            N, C, H, W = x.shape
            h, w = H // k, W // k
            flat = torch.arange(H * W, device=x.device).view(H, W)
            best, where = None, None
            for i in range(k):
                for j in range(k):
                    value = x[:, :, i : h * k : k, j : w * k : k]
                    place = flat[i : h * k : k, j : w * k : k].repeat(N, C, 1, 1)
                    if best is None:
                        best, where = value, place
                    else:
                        larger = value > best
                        best, where = torch.where(larger, value, best), torch.where(larger, place, where)
            return best, where
        """),
        body("max_unpool", """
            out = torch.zeros(*y.shape[:2], size[0], size[1], dtype=y.dtype, device=y.device)
            i, j = indices // size[1], indices % size[1]
            n = torch.arange(y.shape[0], device=y.device).view(-1, 1, 1, 1)
            c = torch.arange(y.shape[1], device=y.device).view(1, -1, 1, 1)
            return torch.index_put(out, (n, c, i, j), y)
        """),
        body("SpatialPyramidPool.forward", """
            H, W = x.size(2), x.size(3)
            vectors = []
            for n in self.levels:
                for_level = x.new_empty(x.size(0), x.size(1), 0)
                for i in range(n):
                    strip = x[:, :, (i * H) // n : ((i + 1) * H + n - 1) // n]
                    for j in range(n):
                        cell = strip[..., (j * W) // n : ((j + 1) * W + n - 1) // n]
                        for_level = torch.cat([for_level, cell.amax((2, 3)).unsqueeze(2)], dim=2)
                vectors.append(for_level.reshape(x.size(0), -1))
            return torch.hstack(vectors)
        """),
        body("average_pool_backward", """
            grad = torch.kron(dout, torch.ones(k, k, dtype=dout.dtype, device=dout.device)) / (k * k)
            out = dout.new_zeros(dout.shape[0], dout.shape[1], size[0], size[1])
            out[:, :, : grad.shape[2], : grad.shape[3]] = grad
            return out
        """)),
    variant("maxima and places in a named tuple",
        ("import torch\nimport", "from collections import namedtuple\n\nimport torch\nimport"),
        ("# %% task=\"max_pool_indices\"\n",
         "Pooled = namedtuple(\"Pooled\", \"y indices\")\n\n\n# %% task=\"max_pool_indices\"\n"),
        ("    return windows.gather(4, best[..., None])[..., 0], rows * x.shape[3] + columns\n",
         "    return Pooled(windows.gather(4, best[..., None])[..., 0], rows * x.shape[3] + columns)\n")),
]
