"""Right solutions of dense_heads.py in other styles."""
# ruff: noqa: E501 - quotes lines of the reference

from autograder.authoring.variants import body, variants_of

variant = variants_of("dense_heads.py")

# fmt: off
VARIANTS = [
    variant("grid_sample for masks",
        body("mask_targets", """
            R, H, W = gt_masks.shape
            steps = (torch.arange(m, dtype=boxes.dtype, device=boxes.device) + 0.5) / m
            x = boxes[:, 0:1] + (boxes[:, 2:3] - boxes[:, 0:1]) * steps
            y = boxes[:, 1:2] + (boxes[:, 3:4] - boxes[:, 1:2]) * steps
            gx = (2 * x / W - 1)[:, None, :].expand(R, m, m)
            gy = (2 * y / H - 1)[:, :, None].expand(R, m, m)
            grid = torch.stack([gx, gy], -1)
            if R == 0:
                return boxes.new_zeros(0, m, m)
            out = F.grid_sample(gt_masks[:, None].to(boxes.dtype), grid, mode="bilinear",
                                padding_mode="border", align_corners=False)
            return torch.gt(out[:, 0], 0.5).type(boxes.dtype)
        """),
        body("paste_mask", """
            x0, y0, x1, y1 = box.tolist()
            xs = torch.arange(W, device=mask.device, dtype=mask.dtype) + 0.5
            ys = torch.arange(H, device=mask.device, dtype=mask.dtype) + 0.5
            gx = (xs - x0) / (x1 - x0) * 2 - 1
            gy = (ys - y0) / (y1 - y0) * 2 - 1
            grid = torch.stack(torch.meshgrid(gy, gx, indexing="ij")[::-1], dim=-1)
            out = F.grid_sample(mask[None, None], grid[None], padding_mode="border", align_corners=False)[0, 0]
            inside = ((xs >= x0) & (xs < x1))[None, :] & ((ys >= y0) & (ys < y1))[:, None]
            return out * inside
        """)),
    variant("four neighbours by indices",
        body("mask_targets", """
            R, H, W = gt_masks.shape
            table = gt_masks.to(boxes.dtype)
            share = (torch.arange(m, dtype=boxes.dtype, device=boxes.device) + 0.5) / m
            u = (boxes[:, [0]] + (boxes[:, [2]] - boxes[:, [0]]) * share - 0.5).clamp(0, W - 1)
            v = (boxes[:, [1]] + (boxes[:, [3]] - boxes[:, [1]]) * share - 0.5).clamp(0, H - 1)
            j, i = u.floor().long(), v.floor().long()
            a, b = (v - i)[:, :, None], (u - j)[:, None, :]
            j2, i2 = (j + 1).clamp(max=W - 1), (i + 1).clamp(max=H - 1)
            r = torch.arange(R, device=boxes.device)[:, None, None]
            top = (1 - b) * table[r, i[:, :, None], j[:, None]] + b * table[r, i[:, :, None], j2[:, None]]
            low = (1 - b) * table[r, i2[:, :, None], j[:, None]] + b * table[r, i2[:, :, None], j2[:, None]]
            return torch.where((1 - a) * top + a * low > 0.5, 1, 0).to(boxes.dtype)
        """),
        body("paste_mask", """
            m = mask.shape[0]
            out = mask.new_zeros(H, W)
            x0, y0, x1, y1 = [float(value) for value in box]
            for i in range(H):
                for j in range(W):
                    x, y = j + 0.5, i + 0.5
                    if x < x0 or x >= x1 or y < y0 or y >= y1:
                        continue
                    u = min(max((x - x0) / (x1 - x0) * m - 0.5, 0), m - 1)
                    v = min(max((y - y0) / (y1 - y0) * m - 0.5, 0), m - 1)
                    a, b = int(v), int(u)
                    c, d = min(a + 1, m - 1), min(b + 1, m - 1)
                    s, t = v - a, u - b
                    out[i, j] = ((1 - s) * (1 - t) * mask[a, b] + (1 - s) * t * mask[a, d]
                                 + s * (1 - t) * mask[c, b] + s * t * mask[c, d])
            return out
        """)),
    variant("loops over images",
        body("scale_invariant_log_loss", """
            losses = []
            for p, z, valid in zip(pred, depth, mask):
                if valid.any():
                    d = torch.log(p[valid]) - torch.log(z[valid])
                    losses.append(torch.mean(d ** 2) - lam * torch.mean(d) ** 2)
            if len(losses) == 0:
                return torch.sum(pred) * 0.0
            return torch.stack(losses).mean()
        """),
        body("depth_metrics", """
            total = {"rmse": 0.0, "abs_rel": 0.0, "delta1": 0.0, "delta2": 0.0, "delta3": 0.0}
            N = pred.shape[0]
            for n in range(N):
                p = pred[n][mask[n]]
                z = depth[n][mask[n]]
                p = p * torch.median(z) / torch.median(p)
                r = torch.max(p / z, z / p)
                for k in range(1, 4):
                    total[f"delta{k}"] += (r < 1.25**k).float().mean().item() / N
                total["abs_rel"] += torch.mean(torch.abs(p - z) / z).item() / N
                total["rmse"] += torch.sqrt(F.mse_loss(p, z)).item() / N
            return total
        """),
        body("refine_boxes", """
            out = torch.zeros_like(proposals)
            for r in range(proposals.shape[0]):
                c = int(labels[r])
                t = deltas[r, 4 * c : 4 * c + 4]
                x0, y0, x1, y1 = proposals[r].unbind()
                w, h = x1 - x0, y1 - y0
                x = (x0 + x1) / 2 + t[0] * w
                y = (y0 + y1) / 2 + t[1] * h
                w, h = w * torch.exp(t[2]), h * torch.exp(t[3])
                out[r] = torch.stack((x - w / 2, y - h / 2, x + w / 2, y + h / 2))
            return out
        """),
        body("mask_loss", """
            if logits.shape[0] == 0:
                return logits.sum()
            losses = [F.binary_cross_entropy_with_logits(z[c], t) for z, c, t in zip(logits, labels, targets)]
            return sum(losses) / len(losses)
        """),
        body("heatmap_targets", """
            R, J, _ = keypoints.shape
            out = torch.full((R, J), -1, dtype=torch.long, device=keypoints.device)
            for r in range(R):
                x0, y0, x1, y1 = boxes[r]
                for j in range(J):
                    x, y, seen = keypoints[r, j]
                    if seen and x0 <= x < x1 and y0 <= y < y1:
                        out[r, j] = int((y - y0) / (y1 - y0) * m) * m + int((x - x0) / (x1 - x0) * m)
            return out
        """),
        body("decode_corners", """
            C, H, W = heat_tl.shape
            s1, i1 = torch.topk(heat_tl.reshape(-1), k)
            s2, i2 = torch.topk(heat_br.reshape(-1), k)
            rows = []
            for a, p in zip(s1.tolist(), i1.tolist()):
                for b, q in zip(s2.tolist(), i2.tolist()):
                    c, y0, x0 = p // (H * W), p % (H * W) // W, p % W
                    d, y1, x1 = q // (H * W), q % (H * W) // W, q % W
                    if c == d and x1 > x0 and y1 > y0 and abs(emb_tl[y0, x0] - emb_br[y1, x1]) < 0.5:
                        rows.append(((a + b) / 2, (x0, y0, x1, y1), c))
            rows = sorted(rows, reverse=True)
            boxes = torch.tensor([row[1] for row in rows], dtype=heat_tl.dtype, device=heat_tl.device)
            scores = torch.tensor([row[0] for row in rows], dtype=heat_tl.dtype, device=heat_tl.device)
            labels = torch.tensor([row[2] for row in rows], dtype=torch.long, device=heat_tl.device)
            return boxes.view(-1, 4), scores, labels
        """)),
    variant("sums and counts, with the variance formula",
        body("scale_invariant_log_loss", """
            n = mask.sum((1, 2))
            safe = n.clamp_min(1)
            d = torch.zeros_like(pred).masked_scatter(mask, (pred[mask] / depth[mask]).log())
            square = (d**2).sum((1, 2)) / safe
            mean = d.sum((1, 2)) / safe
            each = (square - lam * mean.square())[n > 0]
            return each.mean() if each.numel() else d.sum()
        """),
        body("normal_loss", """
            return torch.mean(1.0 - F.cosine_similarity(n, m, dim=1))
        """),
        body("single_object_loss", """
            logp = scores - torch.logsumexp(scores, dim=1, keepdim=True)
            nll = -logp.gather(1, y.view(-1, 1)).mean()
            return nll + weight * 4 * torch.nn.functional.mse_loss(boxes, gt)
        """),
        body("keypoint_loss", """
            R, J, m, _ = logits.shape
            valid = targets.reshape(-1) != -1
            if not valid.any():
                return (logits * 0).sum()
            return F.cross_entropy(logits.reshape(R * J, m * m)[valid], targets.reshape(-1)[valid])
        """)),
    variant("normals by slices and a cross product written out",
        body("normals_from_depth", """
            N, H, W = depth.shape
            device, dtype = depth.device, depth.dtype
            u = torch.arange(W, device=device, dtype=dtype)
            v = torch.arange(H, device=device, dtype=dtype)
            ones = torch.ones(H * W, device=device, dtype=dtype)
            pixels = torch.stack([u.repeat(H), v.repeat_interleave(W), ones])
            P = (torch.linalg.solve(K, pixels).reshape(1, 3, H, W)) * depth.unsqueeze(1)
            du = torch.empty_like(P)
            du[..., 1:-1] = (P[..., 2:] - P[..., :-2]) / 2
            du[..., 0] = P[..., 1] - P[..., 0]
            du[..., -1] = P[..., -1] - P[..., -2]
            dv = torch.empty_like(P)
            dv[:, :, 1:-1] = (P[:, :, 2:] - P[:, :, :-2]) / 2
            dv[:, :, 0] = P[:, :, 1] - P[:, :, 0]
            dv[:, :, -1] = P[:, :, -1] - P[:, :, -2]
            n = torch.stack([
                dv[:, 1] * du[:, 2] - dv[:, 2] * du[:, 1],
                dv[:, 2] * du[:, 0] - dv[:, 0] * du[:, 2],
                dv[:, 0] * du[:, 1] - dv[:, 1] * du[:, 0],
            ], dim=1)
            n = n / n.norm(dim=1, keepdim=True)
            return n * -torch.sign((n * P).sum(1, keepdim=True))
        """),
        body("normal_loss", """
            dot = (n * m).sum(1)
            size = n.norm(dim=1).clamp(min=1e-12) * m.norm(dim=1).clamp(min=1e-12)
            return (1 - dot / size).mean()
        """)),
    variant("gather, one-hot classes and forward()",
        body("refine_boxes", """
            R, C = len(labels), deltas.shape[1] // 4
            index = 4 * labels[:, None] + torch.arange(4, device=labels.device)
            dx, dy, dw, dh = deltas.gather(1, index).T
            w = proposals[:, 2] - proposals[:, 0]
            h = proposals[:, 3] - proposals[:, 1]
            cx = proposals[:, 0] + 0.5 * w + dx * w
            cy = proposals[:, 1] + 0.5 * h + dy * h
            w2, h2 = w * dw.exp(), h * dh.exp()
            return torch.stack([cx - 0.5 * w2, cy - 0.5 * h2, cx + 0.5 * w2, cy + 0.5 * h2], dim=-1)
        """),
        body("mask_loss", """
            R, C, m, _ = logits.shape
            index = labels.view(R, 1, 1, 1).expand(R, 1, m, m)
            z = torch.gather(logits, 1, index).squeeze(1)
            loss = F.softplus(z) - targets * z
            return loss.sum() / max(R * m * m, 1)
        """),
        body("MaskHead.forward", """
            h = x
            for layer in self.convs:
                h = torch.relu(layer.forward(h))
            h = F.conv_transpose2d(h, self.up.weight, self.up.bias, stride=self.up.stride).relu()
            return F.conv2d(h, self.out.weight, self.out.bias)
        """),
        body("keypoint_loss", """
            R, J, m, _ = logits.shape
            logp = logits.reshape(R, J, m * m).log_softmax(-1)
            valid = targets >= 0
            picked = logp.gather(2, targets.clamp(min=0).unsqueeze(-1)).squeeze(-1)
            return -(picked * valid).sum() / max(int(valid.sum()), 1)
        """),
        body("misalignment", """
            low = torch.div(boxes[:, :2], stride, rounding_mode="floor") * stride
            high = -torch.div(-boxes[:, 2:], stride, rounding_mode="floor") * stride
            return torch.hstack([low, high]) - boxes
        """)),
    variant("adaptive pooling and loops over cells",
        body("roi_pool", """
            C, H, W = features.shape
            pooled = []
            for x0, y0, x1, y1 in boxes.tolist():
                x0, y0 = max(int(math.floor(x0)), 0), max(int(math.floor(y0)), 0)
                x1, y1 = min(int(math.ceil(x1)), W), min(int(math.ceil(y1)), H)
                pooled.append(F.adaptive_max_pool2d(features[None, :, y0:y1, x0:x1], size)[0])
            if not pooled:
                return features.new_empty((0, C, size[0], size[1]))
            return torch.stack(pooled)
        """),
        body("corner_pool", """
            if side == "top":
                rows = [x[:, :, -1]]
                for i in range(x.shape[2] - 2, -1, -1):
                    rows.insert(0, torch.maximum(rows[0], x[:, :, i]))
                return torch.stack(rows, dim=2)
            if side == "bottom":
                return torch.cummax(x, 2)[0]
            if side == "left":
                return torch.flip(torch.cummax(torch.flip(x, [3]), 3)[0], [3])
            if side == "right":
                out = x.clone()
                columns = [out[..., 0]]
                for j in range(1, x.shape[3]):
                    columns.append(torch.max(columns[-1], out[..., j]))
                return torch.stack(columns, -1)
            raise ValueError("side")
        """),
        body("misalignment", """
            out = torch.empty_like(boxes)
            for r in range(len(boxes)):
                for c in range(4):
                    value = float(boxes[r, c])
                    cell = math.floor(value / stride) if c < 2 else math.ceil(value / stride)
                    out[r, c] = cell * stride - value
            return out
        """),
        body("heatmap_targets", """
            x0, y0, x1, y1 = boxes.unsqueeze(1).unbind(-1)
            x, y, seen = keypoints.unbind(-1)
            col = torch.floor((x - x0) / (x1 - x0) * m)
            row = torch.floor((y - y0) / (y1 - y0) * m)
            good = (x >= x0) & (x < x1) & (y >= y0) & (y < y1) & (seen == 1)
            index = (row * m + col).to(torch.int64)
            index[~good] = -1
            return index
        """)),
    variant("masks over pairs, flat sorting, and extra arguments",
        ('def corner_pool(x: Tensor, side: str) -> Tensor:', 'def corner_pool(x: Tensor, side: str, copy: bool = True) -> Tensor:'),
        ('def mask_loss(logits: Tensor, labels: Tensor, targets: Tensor) -> Tensor:',
         'def mask_loss(logits: Tensor, labels: Tensor, targets: Tensor, eps: float = 0.0) -> Tensor:'),
        body("decode_corners", """
            C, H, W = heat_tl.shape
            s1, i1 = heat_tl.reshape(-1).sort(descending=True)
            s2, i2 = heat_br.reshape(-1).sort(descending=True)
            s1, i1, s2, i2 = s1[:k], i1[:k], s2[:k], i2[:k]
            c1, c2 = torch.div(i1, H * W, rounding_mode="floor"), torch.div(i2, H * W, rounding_mode="floor")
            r1, r2 = i1 % (H * W), i2 % (H * W)
            y1, x1, y2, x2 = r1 // W, r1 % W, r2 // W, r2 % W
            score = (s1.view(-1, 1) + s2.view(1, -1)) / 2
            bad = c1.view(-1, 1) != c2.view(1, -1)
            bad |= (x2.view(1, -1) <= x1.view(-1, 1)) | (y2.view(1, -1) <= y1.view(-1, 1))
            bad |= torch.abs(emb_tl[y1, x1].view(-1, 1) - emb_br[y2, x2].view(1, -1)) >= 0.5
            score = score.masked_fill(bad, -1e9).flatten()
            top, index = score.sort(descending=True)
            index = index[top > -1e8]
            a, b = index // k, index % k
            boxes = torch.stack([x1[a], y1[a], x2[b], y2[b]], dim=-1).to(heat_tl)
            return boxes, score[index], c1[a]
        """),
        body("depth_metrics", """
            out = {}
            P = [p[m] for p, m in zip(pred, mask)]
            Z = [z[m] for z, m in zip(depth, mask)]
            P = [p / p.median() * z.median() for p, z in zip(P, Z)]
            R = [torch.exp((p.log() - z.log()).abs()) for p, z in zip(P, Z)]
            for k in (1, 2, 3):
                out["delta%d" % k] = sum((r < 1.25**k).double().mean() for r in R).item() / len(R)
            out["abs_rel"] = sum((p / z - 1).abs().mean() for p, z in zip(P, Z)).item() / len(R)
            out["rmse"] = sum(((p - z) ** 2).mean() ** 0.5 for p, z in zip(P, Z)).item() / len(R)
            return out
        """)),
    variant("a list for boxes, scores and labels; a stack of the boxes that there are",
        ("    return boxes, mean[order], label[one]\n", "    return [boxes, mean[order], label[one]]\n"),
        body("roi_pool", """
            C, H, W = features.shape
            if len(boxes) == 0:
                return features.new_zeros(0, C, *size)

            def bins(low, high, limit, k):
                low, high = max(math.floor(low), 0), min(math.ceil(high), limit)
                n = high - low
                return [(low + j * n // k, low - (-(j + 1) * n // k)) for j in range(k)]

            parts = []
            for x0, y0, x1, y1 in boxes.tolist():
                rows, columns = bins(y0, y1, H, size[0]), bins(x0, x1, W, size[1])
                values = [features[:, a:b, c:d].amax(dim=(1, 2)) for a, b in rows for c, d in columns]
                parts.append(torch.stack(values, dim=1).unflatten(1, size))
            return torch.stack(parts)
        """)),
]
