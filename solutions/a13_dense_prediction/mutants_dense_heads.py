"""Wrong answers to dense_heads.py, each with the check that must notice it."""
# ruff: noqa: E501 - quotes lines of the reference

from autograder.authoring.mutants import mutants_of

mutant = mutants_of("dense_heads.py")
LOSS, LOSS2 = "check_worked_loss_of_depth", "check_loss_of_depth_of_many_images"
MEASURE, MEASURE2 = "check_worked_measures_of_depth", "check_measures_of_many_images"
NORMAL, NORMAL2 = "check_normals_of_planes", "check_normals_of_other_surfaces"
ANGLE, ANGLE2 = "check_angles_of_normals", "check_normals_of_other_lengths"
TWO, TWO2 = "check_sum_of_two_losses", "check_two_losses_learn"
BOX, BOX2 = "check_worked_boxes", "check_boxes_of_other_classes"
HEAD, HEAD2 = "check_head_of_one_cell", "check_head_of_many_cells_learns"
TARGET, TARGET2 = "check_masks_of_bars", "check_masks_of_random_boxes"
OWN, OWN2 = "check_loss_of_own_channel", "check_masks_learn_in_their_channel"
PASTE, PASTE2 = "check_masks_of_known_boxes", "check_masks_in_images_of_other_sizes"
CELL, CELL2 = "check_worked_cells", "check_cells_of_random_joints"
JOINT, JOINT2 = "check_loss_of_equal_cells", "check_joints_learn"
ROI, ROI2 = "check_worked_regions", "check_regions_of_other_sizes"
MOVE, MOVE2 = "check_worked_misalignment", "check_misalignment_of_other_strides"
RUN, RUN2 = "check_running_maxima", "check_running_maxima_of_other_maps"
PAIR, PAIR2 = "check_corners_of_three_boxes", "check_pairs_of_random_corners"

DEPTHS, FOUND = "check_depth_is_learned_without_scale", "check_masks_of_other_objects_are_found"

LOG = "d = (torch.where(mask, pred, one).log() - torch.where(mask, depth, one).log()).flatten(1)"
SCALE = "p = p * (z.median() / p.median())"
PER_PIXEL = "loss = d.square().sum(dim=1) / n - lam * (d.sum(dim=1) / n) ** 2"
CROSS = "n = F.normalize(torch.linalg.cross(along_v, along_u), dim=-1)"
TURN = "return torch.where(faces_away, -n, n).movedim(-1, 1)"
COS = "return 1 - (F.normalize(n, dim=1) * F.normalize(m, dim=1)).sum(dim=1).mean()"
SUM = "return F.cross_entropy(scores, y) + weight * (boxes - gt).square().sum(dim=1).mean()"
PICK = "t = deltas.reshape(len(labels), deltas.shape[1] // 4, 4)[rows, labels]"
CENTRE = "centre = (proposals[:, :2] + proposals[:, 2:]) / 2 + t[:, :2] * size"
HALF = "half = size * t[:, 2:].exp() / 2"
OUT = "return self.out(F.relu(self.up(x)))"
AT = "at = (low[:, None] + (high - low)[:, None] * share - 0.5).clamp(0, count - 1)"
NEAR = "return (1 - (at[..., None] - pixels).abs()).clamp(min=0)"
SAMPLES = "samples = weights(y0, y1, H) @ gt_masks.to(boxes.dtype) @ weights(x0, x1, W).transpose(1, 2)"
CHANNEL = "own = logits[torch.arange(len(labels), device=labels.device), labels]"
BCE = 'return F.binary_cross_entropy_with_logits(own, targets, reduction="sum") / max(targets.numel(), 1)'
LOOK = "at = ((centres - low) / (high - low) * m - 0.5).clamp(0, m - 1)"
MIDDLE = "centres = torch.arange(count, dtype=mask.dtype, device=mask.device) + 0.5"
GOES_ON = "return (1 - (at[:, None] - cells).abs()).clamp(min=0) * inside[:, None]"
BACK = "return weights(y0, y1, H) @ mask @ weights(x0, x1, W).T"
FLOOR = "cell = ((keypoints[..., :2] - low) / size * m).floor()"
NUMBER = "return torch.where(inside, row * m + column, -1)"
MEAN = "return total / (targets >= 0).sum().clamp(min=1)"
FLAT = "flat = logits.flatten(2).flatten(0, 1)  # (R * J, m * m)"
ROWS = "rows = slice(y0 + i * (y1 - y0) // size[0], y0 - (-(i + 1) * (y1 - y0) // size[0]))"
COLUMNS = "columns = slice(x0 + j * (x1 - x0) // size[1], x0 - (-(j + 1) * (x1 - x0) // size[1]))"
TOP = "out[r, :, i, j] = features[:, rows, columns].amax(dim=(1, 2))"
WIDEN = "return torch.cat([cells[:, :2].floor(), cells[:, 2:].ceil()], dim=1) * stride - boxes"
BOTH = "return x.flip(dim).cummax(dim=dim).values.flip(dim)"
FITS = "fits = (label[:, None] == label2) & (x[:, None] < x2) & (y[:, None] < y2) & ((e[:, None] - e2).abs() < 0.5)"

# fmt: off
MUTANTS = [
    mutant("depth: no second term", (LOSS, DEPTHS), PER_PIXEL, "loss = d.square().sum(dim=1) / n", calibrates=True),
    mutant("depth: lambda is not used", LOSS, PER_PIXEL, PER_PIXEL.replace("lam * ", "")),
    mutant("depth: the second term is added", LOSS, PER_PIXEL, PER_PIXEL.replace("- lam", "+ lam")),
    mutant("depth: the mean of squares is subtracted", LOSS, PER_PIXEL, "loss = (1 - lam) * d.square().sum(dim=1) / n"),
    mutant("depth: no logarithm", LOSS, LOG, "d = (torch.where(mask, pred, one) - torch.where(mask, depth, one)).flatten(1)"),
    mutant("depth: one mean for all images", LOSS2, PER_PIXEL, "loss = d.square().sum(dim=1) / n - lam * (d.sum() / n.sum()) ** 2"),
    mutant("depth: divided by all pixels", LOSS2, "n = count.clamp(min=1)", "n = count * 0 + d.shape[1]"),
    mutant("depth: images with a single pixel do not count", LOSS2, "return loss.sum() / (count > 0).sum().clamp(min=1)", "return (loss * (count > 1)).sum() / (count > 1).sum().clamp(min=1)"),
    mutant("depth: images without pixels count", LOSS2, "return loss.sum() / (count > 0).sum().clamp(min=1)", "return loss.mean()"),
    mutant("depth: a prediction of 0 outside of the mask gives nan", LOSS2, LOG, LOG.replace("torch.where(mask, pred, one).log()", "torch.where(mask, pred.log(), 0 * one)")),
    mutant("depth: the mask comes after the logarithm", LOSS2, LOG, "d = ((pred.log() - depth.log()) * mask).flatten(1)"),
    mutant("depth: nan without pixels", LOSS2, "return loss.sum() / (count > 0).sum().clamp(min=1)", "return loss.sum() / (count > 0).sum()"),
    mutant("depth: lambda is 1/2 by default", LOSS, "lam: float = 1.0", "lam: float = 0.5"),
    mutant("depth: float64", LOSS2, "return loss.sum() / (count > 0).sum().clamp(min=1)", "return loss.double().sum() / (count > 0).sum().clamp(min=1)", habit="dtype"),
    mutant("depth: the second term does not learn", LOSS2, PER_PIXEL, PER_PIXEL.replace("(d.sum(dim=1) / n)", "(d.sum(dim=1) / n).detach()")),
    mutant("measures: not scaled", MEASURE, SCALE, "p = p * 1"),
    mutant("measures: scaled by means", MEASURE, SCALE, "p = p * (z.mean() / p.mean())"),
    mutant("measures: no root", MEASURE, "(p - z).square().mean().sqrt()", "(p - z).square().mean()"),
    mutant("measures: divided by the prediction", MEASURE, "((p - z).abs() / z)", "((p - z).abs() / p)"),
    mutant("measures: one side of the ratio", (MEASURE, MEASURE2), "torch.maximum(p / z, z / p)", "p / z"),
    mutant("measures: 1.25 times k", MEASURE2, "1.25**k", "1.25 * k"),
    mutant("measures: the mask is ignored", MEASURE2, "p, z = p[valid], z[valid]", "p, z = p.flatten(), z.flatten()"),
    mutant("measures: one scale for all images", MEASURE2, SCALE, "p = p * (depth[mask].median() / pred[mask].median())"),
    mutant("normals: u and v are exchanged", NORMAL, "torch.stack([u, v, torch.ones_like(u)], dim=-1)", "torch.stack([v, u, torch.ones_like(u)], dim=-1)"),
    mutant("normals: away from the camera", NORMAL, TURN, "return torch.where(faces_away, n, -n).movedim(-1, 1)"),
    mutant("normals: not turned", NORMAL2, TURN, "return n.movedim(-1, 1)"),
    mutant("normals: the length is not 1", NORMAL, CROSS, "n = torch.linalg.cross(along_v, along_u)"),
    mutant("normals: turned by x alone", NORMAL2, "faces_away = (n * P).sum(dim=-1, keepdim=True) > 0", "faces_away = n[..., :1] > 0"),
    mutant("normals: turned by z alone", NORMAL2, "faces_away = (n * P).sum(dim=-1, keepdim=True) > 0", "faces_away = n[..., 2:] > 0"),
    mutant("normals: slopes of the depth without the camera", NORMAL, "along_v, along_u = torch.gradient(P, dim=(1, 2))", "along_v, along_u = torch.gradient(torch.cat([torch.stack([u, v], dim=-1).expand(len(depth), -1, -1, -1), depth[..., None]], dim=-1), dim=(1, 2))"),
    mutant("normals: forward differences", NORMAL2, "along_v, along_u = torch.gradient(P, dim=(1, 2))", "along_v, along_u = P.diff(dim=1, append=2 * P[:, -1:] - P[:, -2:-1]), P.diff(dim=2, append=2 * P[:, :, -1:] - P[:, :, -2:-1])"),
    mutant("normals: zeros at the border", NORMAL, TURN, TURN.replace("return", "n = torch.where(F.pad(torch.ones_like(depth[:, 1:-1, 1:-1]), (1, 1, 1, 1))[..., None] > 0, n, 0.0)\n    return")),
    mutant("normals: detached", NORMAL2, "P = depth[..., None] * rays", "P = depth.detach()[..., None] * rays"),
    mutant("normals: float32", NORMAL2, TURN, TURN + ".float()", habit="dtype"),
    mutant("normal loss: short vectors count less", ANGLE2, COS, "return 1 - F.cosine_similarity(n, m, dim=1, eps=1e-2).mean()"),
    mutant("normal loss: the product of the lengths is at least 1e-8", ANGLE2, COS,
           "return (1 - (n * m).sum(dim=1) / (n.norm(dim=1) * m.norm(dim=1)).clamp(min=1e-8)).mean()"),
    mutant("normal loss: the absolute cosine", ANGLE, COS, COS.replace(".sum(dim=1).mean()", ".sum(dim=1).abs().mean()")),
    mutant("normal loss: lengths count", ANGLE, COS, "return 1 - (n * m).sum(dim=1).mean()"),
    mutant("normal loss: minus the cosine", ANGLE, COS, COS.replace("1 - ", "-")),
    mutant("normal loss: over columns", ANGLE, COS, COS.replace("dim=1", "dim=3")),
    mutant("normal loss: nan for zeros", ANGLE2, COS, "return 1 - ((n / n.norm(dim=1, keepdim=True)) * (m / m.norm(dim=1, keepdim=True))).sum(dim=1).mean()"),
    mutant("normal loss: the target is detached", ANGLE2, COS, COS.replace("F.normalize(m,", "F.normalize(m.detach(),")),
    mutant("normal loss: a large constant in the length", ANGLE2, COS, "return 1 - ((n * m).sum(dim=1) / (n.norm(dim=1) * m.norm(dim=1) + 1e-2)).mean()"),
    mutant("two losses: the mean over coordinates", TWO, SUM, "return F.cross_entropy(scores, y) + weight * F.mse_loss(boxes, gt)"),
    mutant("two losses: no weight", TWO, SUM, SUM.replace("weight * ", "")),
    mutant("two losses: the weight is at the class", TWO, SUM, "return weight * F.cross_entropy(scores, y) + (boxes - gt).square().sum(dim=1).mean()"),
    mutant("two losses: absolute values", TWO, SUM, SUM.replace(".square()", ".abs()")),
    mutant("two losses: the sum over images", TWO, SUM, SUM.replace(".sum(dim=1).mean()", ".sum()")),
    mutant("two losses: large scores are infinite", TWO2, SUM, "return -(scores.exp() / scores.exp().sum(dim=1, keepdim=True))[torch.arange(len(y)), y].log().mean() + weight * (boxes - gt).square().sum(dim=1).mean()"),
    mutant("two losses: boxes do not learn", TWO2, SUM, SUM.replace("(boxes - gt)", "(boxes.detach() - gt)")),
    mutant("two losses: another default weight", TWO2, "weight: float = 1.0", "weight: float = 0.5"),
    mutant("boxes: the first class", (BOX, BOX2), PICK, "t = deltas[:, :4]"),
    mutant("boxes: columns are interleaved", BOX2, PICK, "t = deltas.reshape(len(labels), 4, deltas.shape[1] // 4)[rows, :, labels]"),
    mutant("boxes: cells instead of shares", BOX, CENTRE, CENTRE.replace(" * size", "")),
    mutant("boxes: shares of the new size", BOX, CENTRE, CENTRE.replace(" * size", " * size * t[:, 2:].exp()")),
    mutant("boxes: the corner moves", BOX, CENTRE, "centre = proposals[:, :2] + t[:, :2] * size + size * t[:, 2:].exp() / 2"),
    mutant("boxes: no exponential", BOX, HALF, "half = size * (1 + t[:, 2:]) / 2"),
    mutant("boxes: the class by its logits' order", BOX2, PICK, "t = deltas.reshape(len(labels), deltas.shape[1] // 4, 4)[rows, labels.flip(0)]"),
    mutant("boxes: growth is limited", BOX2, HALF, HALF.replace("t[:, 2:]", "t[:, 2:].clamp(max=4.135)")),
    mutant("boxes: deltas are detached", BOX2, PICK, PICK.replace("deltas.reshape", "deltas.detach().reshape")),
    mutant("head: no ReLU after the transposed convolution", HEAD, OUT, "return self.out(self.up(x))"),
    mutant("head: puts itself into training mode", "check_head_of_many_cells_learns", OUT, "self.train()\n        " + OUT),
    mutant("head: puts itself into evaluation mode", "check_head_of_many_cells_learns", OUT, "self.eval()\n        " + OUT),
    mutant("head: a ReLU at the end", HEAD, OUT, "return F.relu(self.out(F.relu(self.up(x))))"),
    mutant("head: a sigmoid", HEAD, OUT, "return self.out(F.relu(self.up(x))).sigmoid()"),
    mutant("head: no ReLU in between", HEAD, "x = F.relu(conv(x))", "x = conv(x)"),
    mutant("head: three convolutions", HEAD, "for conv in self.convs:", "for conv in self.convs[:3]:"),
    mutant("head: a residual connection", HEAD2, "x = F.relu(conv(x))", "x = F.relu(conv(x)) + (x if 1 < conv.in_channels == conv.out_channels else 0)"),
    mutant("head: the features are detached", HEAD2, "for conv in self.convs:", "x = x.detach()\n        for conv in self.convs:"),
    mutant("head: means over the region", HEAD2, OUT, "x = x.mean(dim=(2, 3), keepdim=True).expand_as(x)\n        " + OUT),
    mutant("targets: the whole mask", TARGET, AT, "at = (share * count - 0.5).clamp(0, count - 1).expand(len(low), -1)"),
    mutant("targets: no half pixel", (TARGET, TARGET2), AT, AT.replace(" - 0.5", "")),
    mutant("targets: transposed", TARGET, "return (samples > 0.5).to(boxes.dtype)", "return (samples > 0.5).to(boxes.dtype).transpose(1, 2)"),
    mutant("targets: the bin's corner", TARGET2, "device=boxes.device) + 0.5) / m", "device=boxes.device)) / m"),
    mutant("targets: not cut at one half", TARGET2, "return (samples > 0.5).to(boxes.dtype)", "return samples"),
    mutant("targets: any touch", TARGET2, "samples > 0.5", "samples > 0"),
    mutant("targets: one half counts", TARGET2, "samples > 0.5", "samples >= 0.5"),
    mutant("targets: the nearest pixel", TARGET2, NEAR, "return ((at[..., None] - pixels).abs() < 0.5).to(boxes.dtype)"),
    mutant("targets: zeros outside of the image", TARGET2, AT, AT.replace(".clamp(0, count - 1)", "")),
    mutant("targets: of booleans only", TARGET2, SAMPLES, SAMPLES.replace("gt_masks.to", "(~~gt_masks & (gt_masks.dtype == torch.bool)).to")),
    mutant("targets: bool", TARGET2, "return (samples > 0.5).to(boxes.dtype)", "return (samples > 0.5).float()", habit="dtype"),
    mutant("mask loss: all channels", OWN, CHANNEL, "own, targets = logits, targets[:, None].expand_as(logits)"),
    mutant("mask loss: a softmax over classes", (OWN, OWN2, FOUND), CHANNEL, "own = logits.log_softmax(dim=1)[torch.arange(len(labels)), labels]", calibrates=True),
    mutant("mask loss: the highest channel", OWN, CHANNEL, "own = logits.amax(dim=1)"),
    mutant("mask loss: the sum", OWN, BCE, BCE.replace(" / max(targets.numel(), 1)", "")),
    mutant("mask loss: the mean over regions only", OWN, BCE, BCE.replace("targets.numel()", "len(targets)")),
    mutant("mask loss: nan without regions", OWN2, BCE, "return F.binary_cross_entropy_with_logits(own, targets)"),
    mutant("mask loss: infinite for large logits", OWN2, BCE, "p = own.sigmoid()\n    return -(targets * p.log() + (1 - targets) * (1 - p).log()).sum() / max(targets.numel(), 1)"),
    mutant("mask loss: targets and classes exchanged", OWN, BCE, BCE.replace("(own, targets,", "(own, 1 - targets,")),
    mutant("mask loss: other channels are pushed down", OWN2, BCE, BCE + " + 1e-9 * logits.square().mean()"),
    mutant("paste: no half pixel", PASTE, LOOK, LOOK.replace(" - 0.5", "")),
    mutant("paste: corners of pixels", (PASTE, PASTE2), MIDDLE, MIDDLE.replace(" + 0.5", "")),
    mutant("paste: transposed", PASTE, BACK, BACK.replace("@ mask @", "@ mask.T @")),
    mutant("paste: not cut off", PASTE, GOES_ON, GOES_ON.replace(" * inside[:, None]", "")),
    mutant("paste: the nearest cell", PASTE, GOES_ON, "return (at.round()[:, None] == cells).to(mask.dtype) * inside[:, None]"),
    mutant("paste: align_corners", PASTE, LOOK, "at = ((centres - 0.5 - low) / (high - low - 1) * (m - 1)).clamp(0, m - 1)"),
    mutant("paste: 0 and 1", PASTE2, BACK, "return (weights(y0, y1, H) @ mask @ weights(x0, x1, W).T > 0.5).to(mask.dtype)"),
    mutant("paste: not limited at the sides", PASTE2, LOOK, LOOK.replace(".clamp(0, m - 1)", "")),
    mutant("paste: detached", PASTE2, BACK, BACK.replace("@ mask @", "@ mask.detach() @")),
    mutant("paste: the right side belongs to the box", PASTE2, "(centres < high)", "(centres <= high)"),
    mutant("paste: the box is rounded", PASTE2, "x0, y0, x1, y1 = box\n", "x0, y0, x1, y1 = box.round()\n"),
    mutant("paste: float32", PASTE2, BACK, BACK.replace("return ", "return (").rstrip() + ").float()", habit="dtype"),
    mutant("cells: row and column are exchanged", CELL, NUMBER, "return torch.where(inside, column * m + row, -1)"),
    mutant("cells: hidden joints count", CELL, " & (keypoints[..., 2] > 0)", ""),
    mutant("cells: rounded towards 0", CELL, FLOOR, FLOOR.replace(".floor()", ".trunc()")),
    mutant("cells: the nearest cell", CELL2, FLOOR, FLOOR.replace(".floor()", ".round()")),
    mutant("cells: limited to the box", CELL2, FLOOR, FLOOR.replace(".floor()", ".floor().clamp(0, m - 1)")),
    mutant("cells: m - 1 steps", CELL2, FLOOR, FLOOR.replace("* m)", "* (m - 1))")),
    mutant("cells: of the image", CELL, FLOOR, "cell = (keypoints[..., :2] / boxes[:, None, 2:] * m).floor()"),
    mutant("cells: float", CELL, NUMBER, NUMBER + ".to(keypoints.dtype)"),
    mutant("joints: the axis of a single one is lost", "check_cells_of_random_joints", "return torch.where(inside, row * m + column, -1)", "return torch.where(inside, row * m + column, -1).squeeze(1)"),
    mutant("joints: hidden ones count in the mean", JOINT, MEAN, "return total / max(targets.numel(), 1)"),
    mutant("joints: the sum", JOINT, MEAN, "return total"),
    mutant("joints: nan without a target", JOINT2, MEAN, "return total / (targets >= 0).sum()"),
    mutant("joints: a sigmoid per cell", JOINT, FLAT + "\n    total = F.cross_entropy(flat, targets.flatten(), ignore_index=-1, reduction=\"sum\")", "flat = logits.flatten(2)\n    hot = torch.zeros_like(flat).scatter(2, targets.clamp(min=0)[..., None], 1.0)\n    each = F.binary_cross_entropy_with_logits(flat, hot, reduction=\"none\").mean(dim=2)\n    total = (each * (targets >= 0)).sum()"),
    mutant("joints: transposed maps", JOINT2, FLAT, "flat = logits.transpose(2, 3).flatten(2).flatten(0, 1)"),
    mutant("joints: hidden ones have cell 0", JOINT2, "ignore_index=-1", "ignore_index=-100", also=(("F.cross_entropy(flat, targets.flatten()", "F.cross_entropy(flat, targets.flatten().clamp(min=0)"),)),
    mutant("joints: a mean per region first", JOINT2, MEAN, "rows = F.cross_entropy(flat, targets.flatten(), ignore_index=-1, reduction=\"none\").reshape(targets.shape)\n    return (rows.sum(dim=1) / (targets >= 0).sum(dim=1).clamp(min=1)).mean() + 0 * total"),
    mutant("RoI pooling: sides are rounded", ROI, "(math.ceil(value), limit)", "(round(value), limit)"),
    mutant("RoI pooling: rounded down on both sides", (ROI, ROI2), "(math.ceil(value), limit)", "(max(math.floor(value), 1), limit)"),
    mutant("RoI pooling: bins do not overlap", ROI, ROWS, "rows = slice(y0 + i * (y1 - y0) // size[0], max(y0 + (i + 1) * (y1 - y0) // size[0], y0 + i * (y1 - y0) // size[0] + 1))", also=((COLUMNS, "columns = slice(x0 + j * (x1 - x0) // size[1], max(x0 + (j + 1) * (x1 - x0) // size[1], x0 + j * (x1 - x0) // size[1] + 1))"),)),
    mutant("RoI pooling: means", ROI, TOP, TOP.replace("amax", "mean")),
    mutant("RoI pooling: x and y are exchanged", (ROI, ROI2), "features[:, rows, columns]", "features[:, columns, rows]"),
    mutant("RoI pooling: boxes begin in the map", ROI2, "(max(math.floor(value), 0) for value in box[:2])", "(math.floor(value) for value in box[:2])"),
    mutant("RoI pooling: height and width are exchanged", ROI, "*size)", "*size[::-1])"),
    mutant("RoI pooling: no negative maxima", ROI2, TOP, TOP + "\n    out = out.clamp(min=0)"),
    mutant("RoI pooling: detached", ROI2, "features[:, rows, columns]", "features.detach()[:, rows, columns]"),
    mutant("RoI pooling: float32", ROI2, "features.new_zeros(len(boxes), len(features), *size)", "torch.zeros(len(boxes), len(features), *size)", habit="dtype"),
    mutant("misalignment: rounded", MOVE, WIDEN, "return cells.round() * stride - boxes"),
    mutant("misalignment: the other sign", MOVE, WIDEN, WIDEN.replace("return ", "return -(") + ")"),
    mutant("misalignment: in cells", MOVE, WIDEN, WIDEN.replace("* stride - boxes", "- cells")),
    mutant("misalignment: towards 0", MOVE2, WIDEN, WIDEN.replace(".floor()", ".trunc()")),
    mutant("misalignment: whole sides move", MOVE2, WIDEN, WIDEN.replace(".ceil()", ".floor() + 1")),
    mutant("misalignment: stride 16", MOVE2, "cells = boxes / stride", "stride = 16\n    cells = boxes / stride"),
    mutant("corners: towards the other side", RUN, 'if side in ("top", "left"):', 'if side in ("bottom", "right"):'),
    mutant("corners: the other axis", RUN, 'dim = 2 if side in ("top", "bottom") else 3', 'dim = 3 if side in ("top", "bottom") else 2'),
    mutant("corners: one maximum per line", RUN, BOTH, "return x.amax(dim=dim, keepdim=True).expand_as(x)"),
    mutant("corners: without a ValueError", RUN, 'raise ValueError(f"unknown side {side!r}")', "return x"),
    mutant("corners: sums", RUN2, "    return x.cummax(dim=dim).values\n", "    return x.cumsum(dim=dim)\n"),
    mutant("corners: never negative", RUN2, BOTH, BOTH.replace("return x.flip", "return x.clamp(min=0).flip")),
    mutant("corners: detached", RUN2, BOTH, BOTH.replace("return x.flip", "return x.detach().flip")),
    mutant("corners: not flipped back", RUN, BOTH, "return x.flip(dim).cummax(dim=dim).values"),
    mutant("pairs: embeddings one half apart", PAIR2, FITS, FITS.replace("< 0.5", "<= 0.5")),
    mutant("pairs: any class", PAIR2, FITS, FITS.replace("(label[:, None] == label2) & ", "")),
    mutant("pairs: embeddings are ignored", (PAIR, PAIR2), FITS, FITS.replace(" & ((e[:, None] - e2).abs() < 0.5)", "")),
    mutant("pairs: the signed difference", PAIR2, FITS, FITS.replace(".abs()", "")),
    mutant("pairs: only to the right", PAIR2, FITS, FITS.replace(" & (y[:, None] < y2)", "")),
    mutant("pairs: boxes without an area", PAIR2, FITS, FITS.replace("(x[:, None] < x2)", "(x[:, None] <= x2)")),
    mutant("pairs: rows first", PAIR, "[x[one], y[one], x2[two], y2[two]]", "[y[one], x[one], y2[two], x2[two]]"),
    mutant("pairs: the product of scores", PAIR, "mean = (score[one] + score2[two]) / 2", "mean = score[one] * score2[two]"),
    mutant("pairs: in the order of corners", PAIR2, "order = mean.argsort(descending=True)", "order = torch.arange(len(mean))"),
    mutant("pairs: ascending", PAIR, "order = mean.argsort(descending=True)", "order = mean.argsort()"),
    mutant("pairs: the k best of each class", PAIR2, "score, index = heat.flatten().topk(k)", "score, index = heat.flatten(1).topk(min(k, H * W))\n        index = (index + H * W * torch.arange(len(heat), device=heat.device)[:, None]).flatten()\n        score = score.flatten()"),
    mutant("pairs: the embedding of the first corner", PAIR2, "corners.append((score, index // (H * W), place // W, place % W, embedding.flatten()[place]))", "corners.append((score, index // (H * W), place // W, place % W, emb_tl.flatten()[place]))"),
    mutant("pairs: rows by the height", PAIR2, "place // W, place % W", "place // H, place % H"),
]
