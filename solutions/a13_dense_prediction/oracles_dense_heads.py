"""What the hidden checks of dense_heads share: each task pixel by pixel, box by box, joint by joint."""

import math

import torch
import torch.nn.functional as F

MEASURES = ("delta1", "delta2", "delta3", "abs_rel", "rmse")


def scale_invariant(pred, depth, mask, lam):
    """Return the loss, image by image, from lists of valid pixels."""
    losses = []
    for p, z, valid in zip(pred, depth, mask, strict=True):
        if bool(valid.any()):
            d = torch.log(p[valid] / z[valid])
            losses.append((d * d).sum() / len(d) - lam * (d.sum() / len(d)) ** 2)
    return sum(losses) / len(losses) if losses else 0 * pred.sum()


def metrics(pred, depth, mask, *, scaled=True, together=False):
    """Return the five measures, pixel by pixel; ``together`` takes the pixels of all images as one."""
    groups = [[(n, i, j) for i, j in mask[n].nonzero().tolist()] for n in range(len(mask))]
    groups = [[place for group in groups for place in group]] if together else groups
    sums = dict.fromkeys(MEASURES, 0.0)
    for group in groups:
        p = [float(pred[place]) for place in group]
        z = [float(depth[place]) for place in group]
        factor = sorted(z)[(len(z) - 1) // 2] / sorted(p)[(len(p) - 1) // 2] if scaled else 1.0
        p = [factor * value for value in p]
        pairs = list(zip(p, z, strict=True))
        for k in (1, 2, 3):
            sums[f"delta{k}"] += sum(max(a / b, b / a) < 1.25**k for a, b in pairs) / len(pairs)
        sums["abs_rel"] += sum(abs(a - b) / b for a, b in pairs) / len(pairs)
        sums["rmse"] += math.sqrt(sum((a - b) ** 2 for a, b in pairs) / len(pairs))
    return {name: total / len(groups) for name, total in sums.items()}


def normals(depth, K, *, swap=False, forward=False, raw=False):
    """Return normals, pixel by pixel, from differences of points; the options are mistakes."""
    N, H, W = depth.shape
    fx, skew, cx, fy, cy = K[0, 0], K[0, 1], K[0, 2], K[1, 1], K[1, 2]
    out = []
    for n in range(N):

        def point(v, u, n=n):
            if raw:
                return torch.stack([0 * fx + u, 0 * fx + v, depth[n, v, u]])
            a, b = (v, u) if swap else (u, v)
            y = (b - cy) / fy
            return depth[n, v, u] * torch.stack([(a - cx - skew * y) / fx, y, torch.ones_like(y)])

        rows = []
        for v in range(H):
            row = []
            for u in range(W):
                up, down, left, right = max(v - 1, 0), min(v + 1, H - 1), max(u - 1, 0), min(u + 1, W - 1)
                if forward:
                    up, left = (v if v < H - 1 else v - 1), (u if u < W - 1 else u - 1)
                along_u, along_v = point(v, right) - point(v, left), point(down, u) - point(up, u)
                a, b = along_v / (down - up), along_u / (right - left)
                normal = torch.stack([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])
                normal = normal / normal.square().sum().sqrt()
                row.append(-normal if bool(normal @ point(v, u) > 0) else normal)
            rows.append(torch.stack(row, dim=1))
        out.append(torch.stack(rows, dim=1))
    return torch.stack(out)


def cosine_loss(n, m):
    """Return the mean of 1 - cos; vectors of length 0 have the cosine 0."""
    length = (n.square().sum(1) * m.square().sum(1)).sqrt()
    return torch.where(length > 0, 1 - (n * m).sum(1) / length.clamp(min=1e-300), torch.ones_like(length)).mean()


def object_loss(scores, boxes, y, gt, weight):
    """Return the two losses, image by image."""
    N, total = len(y), 0.0
    for n in range(N):
        surprise = scores[n].exp().sum().log() - scores[n, y[n]]
        total = total + (surprise + weight * sum((boxes[n, c] - gt[n, c]) ** 2 for c in range(4))) / N
    return total


def refined(proposals, deltas, labels):
    """Return refined boxes, one by one."""
    rows = []
    for (x0, y0, x1, y1), own, c in zip(proposals, deltas, labels.tolist(), strict=True):
        tx, ty, tw, th = own[4 * c : 4 * c + 4]
        w, h = x1 - x0, y1 - y0
        x, y = x0 + w / 2 + tx * w, y0 + h / 2 + ty * h
        w, h = w * torch.exp(tw), h * torch.exp(th)
        rows.append(torch.stack([x - w / 2, y - h / 2, x + w / 2, y + h / 2]))
    return torch.stack(rows) if rows else 0 * proposals


def mask_head(x, p, *, residual=False, mean=False):
    """Return the logits of a mask head with the parameters p, with torch's functions; the options are mistakes."""
    for n in range(4):
        old, x = x, F.conv2d(x, p[f"convs.{n}.weight"], p[f"convs.{n}.bias"], padding=1).clamp(min=0)
        x = x + old if residual and old.shape == x.shape else x
    x = x.mean(dim=(2, 3), keepdim=True).expand_as(x) if mean else x
    R, _, h, w = x.shape
    up = torch.einsum("rchw,cdij->rdhiwj", x, p["up.weight"]).reshape(R, p["up.weight"].shape[1], 2 * h, 2 * w)
    up = (up + p["up.bias"][:, None, None]).clamp(min=0)
    return torch.einsum("rchw,oc->rohw", up, p["out.weight"][:, :, 0, 0]) + p["out.bias"][:, None, None]


def bilinear(table, v, u):
    """Return the value of a table (H, W) at row v and column u, floats that are limited to it."""
    H, W = table.shape
    v, u = min(max(v, 0.0), H - 1.0), min(max(u, 0.0), W - 1.0)
    i, j = min(int(v), max(H - 2, 0)), min(int(u), max(W - 2, 0))
    a, b = v - i, u - j
    i2, j2 = min(i + 1, H - 1), min(j + 1, W - 1)
    top = (1 - b) * table[i, j] + b * table[i, j2]
    return (1 - a) * top + a * ((1 - b) * table[i2, j] + b * table[i2, j2])


def samples_of(box, mask, m, half=0.5, middle=0.5, nearest=False):
    """Return the samples of a true mask at the centres of m x m bins of a box; the options are mistakes. (m, m)"""

    def at(low, high, n):
        place = low + (n + middle) * (high - low) / m - half
        return float(round(place)) if nearest else place

    x0, y0, x1, y1 = box.tolist()
    return torch.stack(
        [torch.stack([bilinear(mask, at(y0, y1, i), at(x0, x1, j)) for j in range(m)]) for i in range(m)]
    )


def own_channel(logits, labels, targets):
    """Return the loss of masks, cell by cell of the true class."""
    total = 0 * logits.sum()
    for r, c in enumerate(labels.tolist()):
        z, t = logits[r, c], targets[r]
        total = total - (t * F.logsigmoid(z) + (1 - t) * F.logsigmoid(-z)).sum()
    return total / targets.numel()


def pasted(mask, box, H, W, half=0.5, cell=0.5, cut=True, nearest=False):
    """Return a mask in an image, pixel by pixel; the options are mistakes."""
    m, (x0, y0, x1, y1) = len(mask), box.tolist()
    rows = []
    for i in range(H):
        row = []
        for j in range(W):
            x, y = j + half, i + half
            v, u = (y - y0) / (y1 - y0) * m - cell, (x - x0) / (x1 - x0) * m - cell
            value = bilinear(mask, round(v) if nearest else v, round(u) if nearest else u)
            row.append(value if (x0 <= x < x1 and y0 <= y < y1) or not cut else 0 * mask[0, 0])
        rows.append(torch.stack(row))
    return torch.stack(rows)


def cells_of(keypoints, boxes, m):
    """Return the cell of each joint, one by one."""
    table = torch.full(keypoints.shape[:2], -1, dtype=torch.int64, device=keypoints.device)
    for r, box in enumerate(boxes.tolist()):
        for j, (x, y, visible) in enumerate(keypoints[r].tolist()):
            if visible and box[0] <= x < box[2] and box[1] <= y < box[3]:
                column = int((x - box[0]) / (box[2] - box[0]) * m)
                table[r, j] = int((y - box[1]) / (box[3] - box[1]) * m) * m + column
    return table


def joints_loss(logits, targets):
    """Return the loss of joints, one by one."""
    losses = []
    for r in range(len(targets)):
        for j in range(targets.shape[1]):
            if targets[r, j] >= 0:
                flat = logits[r, j].reshape(-1)
                losses.append(flat.logsumexp(0) - flat[targets[r, j]])
    return sum(losses) / len(losses) if losses else 0 * logits.sum()


def pooled(features, boxes, size):
    """Return RoI pooling by torch's adaptive pooling of whole cells."""
    H = features.shape[1]
    rows = []
    for x0, y0, x1, y1 in boxes.tolist():
        part = features[:, max(math.floor(y0), 0) : min(math.ceil(y1), H), max(math.floor(x0), 0) : math.ceil(x1)]
        rows.append(F.adaptive_max_pool2d(part, size))
    return torch.stack(rows) if rows else features.new_zeros(0, len(features), *size)


def running(x, side):
    """Return corner pooling by growing slices."""
    H, W = x.shape[2:]
    if side == "top":
        return torch.stack([x[:, :, i:].amax(2) for i in range(H)], dim=2)
    if side == "bottom":
        return torch.stack([x[:, :, : i + 1].amax(2) for i in range(H)], dim=2)
    if side == "left":
        return torch.stack([x[..., j:].amax(3) for j in range(W)], dim=3)
    return torch.stack([x[..., : j + 1].amax(3) for j in range(W)], dim=3)


def paired(heat_tl, heat_br, emb_tl, emb_br, k, *, mistake=""):
    """Return boxes, scores and labels from all pairs of corners, one by one, or those of a mistake."""

    def best(heat):
        places = [(c, i, j) for c in range(heat.shape[0]) for i in range(heat.shape[1]) for j in range(heat.shape[2])]
        values = heat.tolist()
        places = sorted(places, key=lambda place: -values[place[0]][place[1]][place[2]])
        if mistake == "k of each class":
            return [place for c in range(len(heat)) for place in [one for one in places if one[0] == c][:k]]
        return places[:k]

    found, codes_tl, codes_br, second = [], emb_tl.tolist(), emb_br.tolist(), best(heat_br)
    for one in best(heat_tl):
        for two in second:
            apart = codes_tl[one[1]][one[2]] - codes_br[two[1]][two[2]]
            near = (apart if mistake == "sign" else abs(apart)) < 0.5 or mistake == "embeddings"
            same = one[0] == two[0] or mistake == "class"
            below = one[1] < two[1] or mistake == "rows" or (one[1] == two[1] and mistake in ("area", "height"))
            right = one[2] < two[2] or mistake == "columns" or (one[2] == two[2] and mistake in ("area", "width"))
            if same and below and right and near:
                score = (float(heat_tl[one]) + float(heat_br[two])) / 2
                found.append((score, [one[2], one[1], two[2], two[1]], one[0]))
    if mistake != "order":
        found.sort(key=lambda item: -item[0])
    boxes = torch.tensor([box for _, box, _ in found], dtype=heat_tl.dtype).reshape(-1, 4)
    scores = torch.tensor([score for score, _, _ in found], dtype=heat_tl.dtype)
    return boxes, scores, torch.tensor([c for _, _, c in found], dtype=torch.int64)
