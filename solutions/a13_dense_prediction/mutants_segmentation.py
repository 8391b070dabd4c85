"""Wrong answers to segmentation.py, each with the check that must notice it."""
# ruff: noqa: E501 - quotes lines of the reference

from autograder.authoring.mutants import mutants_of
from autograder.authoring.variants import body

mutant = mutants_of("segmentation.py")

LOSS, WEIGHTED = "check_loss_of_labelled_pixels", "check_loss_with_weights"
LOSS2, SLOPES = "check_loss_of_other_maps", "check_loss_has_right_gradients"
DICE, DICE2 = "check_dice_of_three_classes", "check_dice_of_other_maps"
IOU, IOU2 = "check_iou_of_three_classes", "check_iou_of_other_maps"
PAIRS, PAIRS2 = "check_pixels_of_each_pair", "check_counts_of_other_sets"
MEAN, MEAN2 = "check_mean_over_present_classes", "check_mean_of_other_matrices"
ALIKE, ALIKE2 = "check_similarity_of_two_patterns", "check_similarity_of_random_images"
ALIKE3 = "check_similarity_has_right_gradients"
KERNEL, KERNEL2 = "check_kernel_of_four", "check_kernels_of_other_sizes"
START, HEADS = "check_first_weights_interpolate", "check_heads_are_added"
EIGHT, COARSE = "check_scores_of_stride_eight", "check_scores_of_coarse_strides"
JOINED, UNET, FOUND = "check_skips_are_concatenated", "check_unet_with_random_weights", "check_unet_finds_objects"
ADDED, GLASS = "check_skips_are_added", "check_hourglass_with_random_weights"
THINGS, THINGS2 = "check_things_over_stuff", "check_merging_of_random_masks"

NOTHING = "    if not (y != ignore_index).any():\n        return "
COUNTED = "    counted = y != ignore_index\n    labels = y[counted]\n"
TERMS = "losses = -logits.movedim(1, 3)[counted].log_softmax(dim=1).gather(1, labels[:, None])[:, 0]"
PLAIN = "return losses.sum() / max(len(labels), 1)"
SHARES = "return (shares * losses).sum() / (shares.sum() if len(labels) else 1)"
D = "return 1 - ((2 * shared + eps) / (total + eps)).mean()"
J = "return 1 - ((shared + eps) / (total - shared + eps)).mean()"
PAIRED = "    counted = y != ignore_index\n    pairs = y[counted] * C + pred[counted]\n"
BINS = "return pairs.bincount(minlength=C * C).reshape(C, C)"
UNION = "union = conf.sum(dim=0).double() + conf.sum(dim=1).double() - hits"
RATIO = "return float((hits[present] / union[present]).mean()) if present.any() else 0.0"
LINE = "line = line / line.sum()"
SLIDE = "return F.conv2d(x.flatten(0, 1)[:, None], kernel)"
CS = "c1, c2 = (0.01 * L) ** 2, (0.03 * L) ** 2"
ABOVE = "above = (2 * mean_a * mean_b + c1) * (2 * both + c2)"
BELOW = "return (above / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))).mean()"
CENTRE = "centre = f - 1 if k % 2 else f - 0.5"
TENT = "line = 1 - (torch.arange(k) - centre).abs() / f"
EYE = "return torch.eye(C)[:, :, None, None] * torch.outer(line, line)"
COPY = "layer.weight.copy_(bilinear_kernel(num_classes, layer.weight.shape[3]))"
JOIN = "scores = larger(scores)[:, :, : skip.shape[2], : skip.shape[3]] + skip"
END = "return self.last(scores)[:, :, : x.shape[2], : x.shape[3]]"
UP = "            skip, x = skips[level], self.up[level](x)\n"
CAT = "x = self.merge[level](torch.cat([skip, x], dim=1))"
SIDE = "            skip, x = self.side[level](skips[level]), self.up[level](x)\n"
ADD = "x = self.merge[level](x + skip)"
ORDER = "scores.argsort(descending=True, stable=True).tolist()"
VISIBLE = "visible = masks[r] & (ids == 0)"
KEEP = "if area > 0 and area >= min_share * int(masks[r].sum()):"
FREE = "free = (ids == 0) & (sem != 255)"

DOWN = """
skips = []
for block in self.down[:-1]:
    skips.append(block(x))
    x = F.max_pool2d(skips[-1], 2)
x = self.down[-1](x)
for level in reversed(range(len(self.up))):
    skip, x = {skip}, self.up[level](x)
    {pad}
    x = {merge}
return self.last(x)
"""
PAD = "x = F.pad(x, (0, skip.shape[3] - x.shape[3], 0, skip.shape[2] - x.shape[2]))"
SKIP, MERGE = "skips[level]", "self.merge[level](torch.cat([skip, x], dim=1))"


def unet(skip=SKIP, pad=PAD, merge=MERGE, down=("", "")):
    """Return a U-Net's forward with one part changed."""
    return body("UNet.forward", DOWN.format(skip=skip, pad=pad, merge=merge).replace(*down))


def hourglass(skip="self.side[level](skips[level])", pad=PAD, merge="self.merge[level](x + skip)", down=("", "")):
    """Return an hourglass's forward with one part changed."""
    return body("Hourglass.forward", DOWN.format(skip=skip, pad=pad, merge=merge).replace(*down))


POOLED = (
    "skips.append(block(x))\n    x = F.max_pool2d(skips[-1], 2)",
    "x = F.max_pool2d(block(x), 2)\n    skips.append(F.interpolate(x, scale_factor=2))",
)
SKIPPED = (POOLED[0], "skips.append(x)\n    x = F.max_pool2d(block(x), 2)")
MEANS = ("max_pool2d", "avg_pool2d")
TWICE = ("x = self.down[-1](x)\nfor", "x = self.down[-1](x).relu() + 0.1\nfor")

# fmt: off
MUTANTS = [
    mutant("loss: a constant where nothing is labelled", LOSS2, COUNTED, NOTHING + "logits.new_zeros(())\n" + COUNTED),
    mutant("loss: a new leaf where nothing is labelled", LOSS2, COUNTED, NOTHING + "logits.new_zeros((), requires_grad=True)\n" + COUNTED),
    mutant("loss: ignored pixels count in the mean", (LOSS, LOSS2), PLAIN, "return losses.sum() / y.numel()"),
    mutant("loss: the sum", LOSS, PLAIN, "return losses.sum()"),
    mutant("loss: ignored pixels are class 0", LOSS, COUNTED, "    y = torch.where(y == ignore_index, 0, y)\n    counted = torch.ones_like(y, dtype=torch.bool)\n    labels = y[counted]\n"),
    mutant("loss: ignored pixels are the last class", LOSS, COUNTED, "    y = torch.where(y == ignore_index, logits.shape[1] - 1, y)\n    counted = torch.ones_like(y, dtype=torch.bool)\n    labels = y[counted]\n"),
    mutant("loss: always ignores 255", LOSS2, COUNTED, COUNTED.replace("ignore_index", "255")),
    mutant("loss: the mean of the images' means", LOSS, PLAIN, "return torch.stack([pixel_cross_entropy(z[None], t[None], None, ignore_index) for z, t in zip(logits, y)]).mean() if len(logits) > 1 else losses.sum() / max(len(labels), 1)"),
    mutant("loss: nan if nothing is labelled", LOSS2, PLAIN, "return losses.mean()"),
    mutant("loss: nan if nothing is labelled, with weights", LOSS2, SHARES, "return (shares * losses).sum() / shares.sum()"),
    mutant("loss: weights are not used", WEIGHTED, "if weight is None:", "if True:"),
    mutant("loss: divided by the number of pixels", (WEIGHTED, SLOPES), SHARES, "return (shares * losses).mean()"),
    mutant("loss: divided by the sum of all classes' weights", WEIGHTED, SHARES, "return (shares * losses).sum() / weight.sum()"),
    mutant("loss: exp overflows", LOSS2, TERMS, "rows = logits.movedim(1, 3)[counted].exp()\n    losses = -(rows / rows.sum(dim=1, keepdim=True)).log().gather(1, labels[:, None])[:, 0]"),
    mutant("loss: the softmax over the images' pixels", LOSS, TERMS, TERMS.replace("log_softmax(dim=1)", "log_softmax(dim=0)")),
    mutant("loss: no logarithm", LOSS, TERMS, TERMS.replace("log_softmax", "softmax")),
    mutant("loss: by torch", (LOSS, LOSS2), TERMS, "losses = F.cross_entropy(logits.movedim(1, 3)[counted], labels, reduction='none')"),
    mutant("loss: no gradient", SLOPES, TERMS, TERMS.replace("logits.movedim", "logits.detach().movedim")),
    mutant("loss: float64", SLOPES, TERMS, TERMS.replace("logits.", "logits.double()."), habit="dtype"),
    mutant("loss: changes the labels", LOSS2, COUNTED, COUNTED + "    y[y == ignore_index] = 0\n"),
    mutant("loss: reshaped without moving the classes", LOSS, TERMS, TERMS.replace("logits.movedim(1, 3)", "logits.reshape(*y.shape, -1)")),
    mutant("loss: shifted by one for large logits", LOSS2, TERMS, TERMS.replace("logits.movedim(1, 3)", "logits.clamp(-50, 50).movedim(1, 3)")),
    mutant("Dice: the coefficient", DICE, D, D.replace("1 - (", "(")),
    mutant("Dice: the IoU", (DICE, DICE2), D, J),
    mutant("Dice: squared sums", DICE, "    shared, total = (p * t).sum(dim=(0, 2, 3)), (p + t).sum(dim=(0, 2, 3))\n    " + D, "    shared, total = (p * t).sum(dim=(0, 2, 3)), (p * p + t * t).sum(dim=(0, 2, 3))\n    " + D),
    mutant("Dice: eps below only", (DICE, DICE2), D, D.replace("(2 * shared + eps)", "(2 * shared)")),
    mutant("Dice: eps is always 1", (DICE, DICE2), D, D.replace("eps", "1.0")),
    mutant("Dice: all classes as one", DICE, D, "return 1 - (2 * shared.sum() + eps) / (total.sum() + eps)"),
    mutant("Dice: image by image", (DICE, DICE2), body("soft_dice_loss", "shared, total = (p * t).sum(dim=(2, 3)), (p + t).sum(dim=(2, 3))\nreturn 1 - ((2 * shared + eps) / (total + eps)).mean()")),
    mutant("Dice: the intersection once", DICE, D, D.replace("2 * ", "")),
    mutant("Dice: predictions are rounded", (DICE, DICE2), body("soft_dice_loss", "q = (p > 0.5).to(p.dtype) + 0 * p\nreturn 1 - ((2 * (q * t).sum(dim=(0, 2, 3)) + eps) / ((q + t).sum(dim=(0, 2, 3)) + eps)).mean()")),
    mutant("Dice: float64", DICE2, D, D + ".double()", habit="dtype"),
    mutant("Dice: no gradient in the union", DICE2, D, D.replace("total + eps", "total.detach() + eps")),
    mutant("IoU: the coefficient", IOU, J, J.replace("1 - (", "(")),
    mutant("IoU: the shared part counts twice", (IOU, IOU2), J, J.replace("total - shared", "total")),
    mutant("IoU: the Dice loss", (IOU, IOU2), J, D),
    mutant("IoU: minus the logarithm", IOU, J, "return -((shared + eps) / (total - shared + eps)).mean().log()"),
    mutant("IoU: all classes as one", IOU, J, "return 1 - (shared.sum() + eps) / (total.sum() - shared.sum() + eps)"),
    mutant("IoU: eps below only", (IOU, IOU2), J, J.replace("(shared + eps)", "shared")),
    mutant("IoU: image by image", (IOU, IOU2), body("soft_iou_loss", "shared, total = (p * t).sum(dim=(2, 3)), (p + t).sum(dim=(2, 3))\nreturn 1 - ((shared + eps) / (total - shared + eps)).mean()")),
    mutant("IoU: the larger of two numbers as union", IOU2, body("soft_iou_loss", "return 1 - ((torch.minimum(p, t).sum(dim=(0, 2, 3)) + eps) / (torch.maximum(p, t).sum(dim=(0, 2, 3)) + eps)).mean()")),
    mutant("IoU: float64", IOU2, J, J + ".double()", habit="dtype"),
    mutant("IoU: no gradient", IOU2, J, J.replace("(shared + eps)", "(shared.detach() + eps)")),
    mutant("pairs: rows are predictions", PAIRS, PAIRED, PAIRED.replace("y[counted] * C + pred[counted]", "pred[counted] * C + y[counted]")),
    mutant("pairs: ignored pixels are class 0", PAIRS, PAIRED, "    pairs = torch.where(y == ignore_index, 0, y) * C + pred\n    pairs = pairs.flatten()\n"),
    mutant("pairs: shares of rows", PAIRS, BINS, "counts = pairs.bincount(minlength=C * C).reshape(C, C)\n    return counts / counts.sum(dim=1, keepdim=True)"),
    mutant("pairs: too small if the last class is missing", PAIRS2, BINS, "side = int(max(pairs.max() // C, pairs.max() % C)) + 1 if len(pairs) else 1\n    return pairs.bincount(minlength=C * C).reshape(C, C)[:side, :side]"),
    mutant("pairs: always ignores 255", PAIRS2, PAIRED, PAIRED.replace("ignore_index", "255")),
    mutant("pairs: float counts", (PAIRS, PAIRS2), BINS, BINS + ".float()"),
    mutant("pairs: each pair once", PAIRS, BINS, "return (pairs.bincount(minlength=C * C).reshape(C, C) > 0).long()"),
    mutant("pairs: changes the labels", PAIRS2, PAIRED, PAIRED + "    y[y == ignore_index] = 0\n"),
    mutant("mean IoU: absent classes are 0", MEAN, RATIO, "return float((hits / union.clamp(min=1)).mean())"),
    mutant("mean IoU: absent classes are 1", MEAN, RATIO, "return float(torch.where(present, hits / union.clamp(min=1), 1.0).mean())"),
    mutant("mean IoU: nan for absent classes", MEAN, RATIO, "return float((hits / union).mean())"),
    mutant("mean IoU: the diagonal counts twice", MEAN, UNION, UNION.replace(" - hits", "")),
    mutant("mean IoU: recall", MEAN, UNION, "union = conf.sum(dim=1).double()"),
    mutant("mean IoU: precision", MEAN, UNION, "union = conf.sum(dim=0).double()"),
    mutant("mean IoU: accuracy", MEAN, RATIO, "return float(hits.sum() / conf.sum())"),
    mutant("mean IoU: classes that the truth lacks are left out", MEAN2, "present = union > 0", "present = conf.sum(dim=1) > 0"),
    mutant("mean IoU: nan if nothing is counted", MEAN2, RATIO, "return float((hits[present] / union[present]).mean())"),
    mutant("mean IoU: one ratio of all classes", MEAN, RATIO, "return float(hits.sum() / union.sum())"),
    mutant("SSIM: as a loss", (ALIKE, ALIKE2), BELOW, BELOW.replace("return (", "return 1 - (")),
    mutant("SSIM: equal weights", (ALIKE, ALIKE2), LINE, "line = torch.ones_like(line) / window"),
    mutant("SSIM: weights that do not sum to 1", ALIKE, LINE, "line = line"),
    mutant("SSIM: constants are not squares", (ALIKE, ALIKE2), CS, "c1, c2 = 0.01 * L, 0.03 * L"),
    mutant("SSIM: L has no influence", ALIKE2, CS, CS.replace(" * L", "")),
    mutant("SSIM: sigma has no influence", (ALIKE2, ALIKE3), "(2 * sigma**2)", "(2 * 1.5**2)"),
    mutant("SSIM: sigma without the 2", (ALIKE, ALIKE2), "(2 * sigma**2)", "sigma**2"),
    mutant("SSIM: the window has always 11", ALIKE2, "offsets = torch.arange(window, dtype=a.dtype, device=a.device) - window // 2", "offsets = torch.arange(11, dtype=a.dtype, device=a.device) - 5"),
    mutant("SSIM: zeros around the image", (ALIKE, ALIKE2), SLIDE, SLIDE.replace("kernel)", "kernel, padding=window // 2)")),
    mutant("SSIM: the covariance once", (ALIKE, ALIKE2), ABOVE, ABOVE.replace("2 * both", "both")),
    mutant("SSIM: no contrast, only means", (ALIKE, ALIKE2), BELOW, "return ((2 * mean_a * mean_b + c1) / (mean_a**2 + mean_b**2 + c1)).mean()"),
    mutant("SSIM: no means, only contrast", (ALIKE, ALIKE2), BELOW, "return ((2 * both + c2) / (var_a + var_b + c2)).mean()"),
    mutant("SSIM: channels are mixed", ALIKE2, SLIDE, "return F.conv2d(x, kernel.repeat(1, x.shape[1], 1, 1) / x.shape[1])"),
    mutant("SSIM: float64", ALIKE3, BELOW, BELOW + ".double()", habit="dtype"),
    mutant("SSIM: no gradient in the means", ALIKE3, "mean_a, mean_b = mean(a), mean(b)", "mean_a, mean_b = mean(a).detach(), mean(b)"),
    mutant("SSIM: a window on the processor", ALIKE3, "offsets = torch.arange(window, dtype=a.dtype, device=a.device)", "offsets = torch.arange(window, dtype=a.dtype)", habit="device"),
    mutant("panoptic: classes on the processor", THINGS2, "torch.tensor(classes, dtype=torch.int64, device=sem.device)", "torch.tensor(classes, dtype=torch.int64)", habit="device"),
    mutant("kernel: all channels mix", (KERNEL, KERNEL2), EYE, "return torch.ones(C, C)[:, :, None, None] * torch.outer(line, line)"),
    mutant("kernel: centre as for odd sizes", KERNEL, CENTRE, "centre = f - 1"),
    mutant("kernel: centre as for even sizes", KERNEL2, CENTRE, "centre = f - 0.5"),
    mutant("kernel: sums to 1", KERNEL, EYE, EYE.replace("torch.outer(line, line)", "(torch.outer(line, line) / line.sum() ** 2)")),
    mutant("kernel: f is rounded down", KERNEL2, "f = (k + 1) // 2", "f = max(k // 2, 1)"),
    mutant("kernel: sum instead of product", (KERNEL, KERNEL2), EYE, EYE.replace("torch.outer(line, line)", "(line[:, None] + line) / 2")),
    mutant("kernel: always 4", KERNEL2, TENT, TENT.replace("arange(k)", "arange(4)")),
    mutant("kernel: float64", KERNEL2, EYE, EYE + ".double()", habit="dtype"),
    mutant("FCN: the backbone stays in evaluation mode", EIGHT, "                layer.weight.copy_(bilinear_kernel(num_classes, layer.weight.shape[3]))", "                layer.weight.copy_(bilinear_kernel(num_classes, layer.weight.shape[3]))\n        self.backbone.eval()"),
    mutant("FCN: first weights are random", START, COPY, "pass"),
    mutant("FCN: only the last layer interpolates", START, "for layer in (*self.twice, self.last):", "for layer in (self.last,):"),
    mutant("FCN: only the layers in between interpolate", START, "for layer in (*self.twice, self.last):", "for layer in self.twice:"),
    mutant("FCN: kernels sum to 1", START, COPY, "layer.weight.copy_(bilinear_kernel(num_classes, layer.weight.shape[3]) / (layer.stride[0] ** 2))"),
    mutant("FCN: skips have no influence", (HEADS, EIGHT, "check_fcn_finds_objects"), JOIN, "scores = larger(scores)[:, :, : skip.shape[2], : skip.shape[3]] + 0 * skip", calibrates=True),
    mutant("FCN: skips are multiplied", (HEADS, EIGHT), JOIN, JOIN.replace("+ skip", "* skip")),
    mutant("FCN: crops at the left", (HEADS, EIGHT), JOIN, "scores = larger(scores)\n            scores = scores[:, :, scores.shape[2] - skip.shape[2] :, scores.shape[3] - skip.shape[3] :] + skip"),
    mutant("FCN: the result is cropped at the left", (HEADS, EIGHT), END, "scores = self.last(scores)\n        return scores[:, :, scores.shape[2] - x.shape[2] :, scores.shape[3] - x.shape[3] :]"),
    mutant("FCN: stretches instead of cropping", (HEADS, EIGHT), JOIN, "scores = F.interpolate(larger(scores), skip.shape[2:], mode='bilinear') + skip"),
    mutant("FCN: stretches the result", (HEADS, EIGHT, COARSE), END, "return F.interpolate(self.last(scores), x.shape[2:], mode='bilinear')"),
    mutant("FCN: interpolation that never learns", (EIGHT, COARSE), JOIN, "scores = F.interpolate(scores, scale_factor=2, mode='bilinear')[:, :, : skip.shape[2], : skip.shape[3]] + skip"),
    mutant("FCN: maps in the wrong order", EIGHT, "finer[::-1]", "finer"),
    mutant("FCN: a softmax at the end", (HEADS, EIGHT), END, "return self.last(scores).softmax(dim=1)[:, :, : x.shape[2], : x.shape[3]]"),
    mutant("FCN: the coarse map alone", (HEADS, EIGHT), "zip(self.heads[1:], self.twice, finer[::-1], strict=False)", "()", also=((END, "return F.interpolate(scores, scale_factor=32)[:, :, : x.shape[2], : x.shape[3]]"),)),
    mutant("FCN: no gradient to the backbone", (EIGHT, COARSE), "*finer, coarse = self.backbone(x)", "*finer, coarse = (m.detach() for m in self.backbone(x))"),
    mutant("FCN: float64", COARSE, END, END + ".double()", habit="dtype"),
    mutant("U-Net: skips have no influence", (JOINED, UNET, FOUND), unet(skip="0 * skips[level]"), calibrates=True),
    mutant("U-Net: skips after pooling", (JOINED, UNET), unet(down=POOLED, pad="x = F.pad(x, (0, skip.shape[3] - x.shape[3], 0, skip.shape[2] - x.shape[2]))")),
    mutant("U-Net: what comes from below is first", (JOINED, UNET), unet(merge="self.merge[level](torch.cat([x, skip], dim=1))")),
    mutant("U-Net: pads at the left", (JOINED, UNET), unet(pad=PAD.replace("(0, skip.shape[3] - x.shape[3], 0, skip.shape[2] - x.shape[2])", "(skip.shape[3] - x.shape[3], 0, skip.shape[2] - x.shape[2], 0)"))),
    mutant("U-Net: crops the skip", (JOINED, UNET), unet(pad="skip = skip[:, :, : x.shape[2], : x.shape[3]]")),
    mutant("U-Net: pooling rounds up", (JOINED, UNET), unet(pad="x = x[:, :, : skip.shape[2], : skip.shape[3]]", down=("F.max_pool2d(skips[-1], 2)", "F.max_pool2d(skips[-1], 2, ceil_mode=True)"))),
    mutant("U-Net: stretches instead of padding", (JOINED, UNET), unet(pad="x = F.interpolate(x, skip.shape[2:])")),
    mutant("U-Net: pools by the mean", (JOINED, UNET), unet(down=MEANS)),
    mutant("U-Net: no block at the bottom", (JOINED, UNET), unet(down=("x = self.down[-1](x)\n", "x = self.down[-1](x) * 0 + self.down[-1](x).mean()\n"))),
    mutant("U-Net: skips carry no gradient", UNET, unet(skip="skips[level].detach()")),
    mutant("U-Net: skips are what goes into the blocks", (JOINED, UNET), unet(down=SKIPPED)),
    mutant("U-Net: interpolates instead of `up`", UNET, unet(down=("self.up[level](x)", "F.interpolate(self.up[level](x)[:, :, ::2, ::2], scale_factor=2)"))),
    mutant("U-Net: a sigmoid at the end", (JOINED, UNET), unet(down=("return self.last(x)", "return self.last(x).sigmoid()"))),
    mutant("U-Net: the bottom twice", (JOINED, UNET), unet(down=TWICE)),
    mutant("U-Net: only two levels", UNET, unet(down=("x = self.merge[level](torch.cat([skip, x], dim=1))", "x = self.merge[level](torch.cat([skip, x * (level < 1)], dim=1))"))),
    mutant("U-Net: leaves training mode", UNET, unet(down=("skips = []", "self.eval()\nskips = []"))),
    mutant("hourglass: leaves training mode", GLASS, hourglass(down=("skips = []", "self.eval()\nskips = []"))),
    mutant("FCN: leaves evaluation mode", (EIGHT, COARSE), "*finer, coarse = self.backbone(x)", "self.train()\n        *finer, coarse = self.backbone(x)"),
    mutant("FCN: leaves training mode", (EIGHT, COARSE), "*finer, coarse = self.backbone(x)", "self.eval()\n        *finer, coarse = self.backbone(x)"),
    mutant("FCN: kernels do not learn", (EIGHT, COARSE), COPY, COPY + "\n                layer.weight.requires_grad_(False)"),
    mutant("hourglass: skips without their block", (ADDED, GLASS), hourglass(skip="skips[level]")),
    mutant("hourglass: no skips", (ADDED, GLASS), hourglass(merge="self.merge[level](x + 0 * skip)")),
    mutant("hourglass: what is below goes through the side", (ADDED, GLASS), hourglass(skip="skips[level]", merge="self.merge[level](self.side[level](x) + skip)")),
    mutant("hourglass: the block of the way up is left out", (ADDED, GLASS), hourglass(merge="x + skip")),
    mutant("hourglass: added before and after", (ADDED, GLASS), hourglass(merge="self.merge[level](x + skip) + skip")),
    mutant("hourglass: pads at the left", (ADDED, GLASS), hourglass(pad=PAD.replace("(0, skip.shape[3] - x.shape[3], 0, skip.shape[2] - x.shape[2])", "(skip.shape[3] - x.shape[3], 0, skip.shape[2] - x.shape[2], 0)"))),
    mutant("hourglass: skips after pooling", (ADDED, GLASS), hourglass(down=POOLED)),
    mutant("hourglass: pools by the mean", (ADDED, GLASS), hourglass(down=MEANS)),
    mutant("hourglass: skips carry no gradient", GLASS, hourglass(skip="self.side[level](skips[level].detach())")),
    mutant("panoptic: in the order of the list", THINGS, ORDER, "range(len(scores))"),
    mutant("panoptic: the smallest score first", THINGS, ORDER, ORDER.replace("descending=True", "descending=False")),
    mutant("panoptic: masks overlap", THINGS, VISIBLE, "visible = masks[r]"),
    mutant("panoptic: equal scores in any order", THINGS2, ORDER, "(len(scores) - 1 - scores.flip(0).argsort(descending=True, stable=True)).tolist()"),
    mutant("panoptic: hidden things are kept", THINGS2, KEEP, "if area > 0:"),
    mutant("panoptic: exactly the share is dropped", THINGS2, KEEP, KEEP.replace(">= min", "> min")),
    mutant("panoptic: the share of the image", (THINGS, THINGS2), KEEP, KEEP.replace("int(masks[r].sum())", "masks[r].numel()")),
    mutant("panoptic: a single pixel is dropped", THINGS2, KEEP, KEEP.replace("area > 0", "area > 1")),
    mutant("panoptic: half, whatever is asked", THINGS2, KEEP, KEEP.replace("min_share", "0.5")),
    mutant("panoptic: empty things are kept", THINGS2, KEEP, KEEP.replace("area > 0 and ", "")),
    mutant("panoptic: pixels of dropped things are lost", THINGS2, KEEP, "lost = masks[r] & (ids == 0)\n        " + KEEP, also=(("    free = (ids == 0) & (sem != 255)", "    gone = (masks & (ids == 0)).any(dim=0)\n    free = (ids == 0) & (sem != 255) & ~gone"),)),
    mutant("panoptic: dropped things block others", THINGS2, VISIBLE, "visible = masks[r] & (ids == 0) & ~blocked\n        blocked = blocked | masks[r]", also=(("    ids, classes = torch.zeros_like(sem), []\n", "    ids, classes, blocked = torch.zeros_like(sem), [], torch.zeros_like(sem, dtype=torch.bool)\n"),)),
    mutant("panoptic: 255 is a class of stuff", THINGS, FREE, "free = ids == 0"),
    mutant("panoptic: stuff before things", THINGS, "    return ids, torch.tensor(classes, dtype=torch.int64, device=sem.device)", "    n, s = len(classes), len(sem[free].unique())\n    ids, classes = torch.where(ids > 0, (ids - 1 + s) % n + 1, ids), classes[n - s :] + classes[: n - s]\n    return ids, torch.tensor(classes, dtype=torch.int64, device=sem.device)"),
    mutant("panoptic: stuff over things", THINGS, FREE, "free = sem != 255"),
    mutant("panoptic: stuff by falling class", THINGS, "sem[free].unique().tolist()", "sem[free].unique().tolist()[::-1]"),
    mutant("panoptic: classes of stuff that nothing shows", THINGS2, "sem[free].unique().tolist()", "sem[sem != 255].unique().tolist()"),
    mutant("panoptic: one segment per class of things", THINGS, "ids[visible] = len(classes)", "ids[visible] = classes.index(int(labels[r])) + 1"),
    mutant("panoptic: changes sem", THINGS2, "    return ids, torch.tensor", "    sem[sem == 255] = 0\n    return ids, torch.tensor"),
    mutant("panoptic: a list of classes", (THINGS, THINGS2), "torch.tensor(classes, dtype=torch.int64, device=sem.device)", "classes"),
    mutant("panoptic: the numbers begin at 0", THINGS, "    return ids, torch.tensor", "    ids = ids - 1\n    return ids, torch.tensor"),
]
