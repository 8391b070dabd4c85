"""a13: what the public checks say about natural mistakes."""

from __future__ import annotations

import pytest

from tests.course.test_messages_a01_a05 import Mistake, not_named

pytestmark = pytest.mark.slow

MISTAKES: dict[str, list[Mistake]] = {
    "resampling.py": [
        (
            "upsample_nearest",
            ("x.repeat_interleave(s, dim=2).repeat_interleave(s, dim=3)", "x.repeat(1, 1, s, s)"),
            "repeat each pixel",
        ),
        ("upsample_nearest", (".repeat_interleave(s, dim=3)", ""), "Only the rows"),
        ("upsample_bed_of_nails", ("[:, :, ::s, ::s]", "[:, :, s - 1 :: s, s - 1 :: s]"), "lower right corner"),
        ("upsample_bilinear", ("(i + 0.5) * n / n_out - 0.5", "i * n / n_out"), "half a pixel"),
        ("upsample_bilinear", ("if align_corners", "if not align_corners"), "not the default"),
        ("upsample_bilinear", ("if align_corners", "if False"), "align_corners has no influence"),
        ("upsample_bilinear", ("(n - 1) / max(n_out - 1, 1)", "(n - 1) / n_out"), "u = i (n - 1)/(n' - 1)"),
        ("upsample_bicubic", ("a = -0.75", "a = -0.5"), "a is -3/4"),
        ("upsample_bicubic", ("low = u.floor()", "u = u.clamp(0, n - 1)\n        low = u.floor()"), "u is not clamped"),
        ("max_pool_indices", ("rows * x.shape[3] + columns", "best"), "places in the window"),
        ("max_pool_indices", ("rows * x.shape[3]", "rows * x.shape[2]"), "with the width of x"),
        (
            "max_unpool",
            (".reshape(N, C, *size)", ".reshape(N, C, size[1], size[0]).mT"),
            "i is the quotient by W",
        ),
        ("conv_matrix", ("w[:, :, t]", "w[:, :, k - 1 - t]"), "not flipped"),
        ("conv_matrix", ("+ t - pad", "+ t"), "shifts the columns"),
        ("conv_transpose1d", ("conv_matrix(w,", "conv_matrix(w.flip(2),"), "not flipped"),
        ("dilated_conv2d", ("a * dilation, b * dilation", "a, b"), "The dilation has no influence"),
        ("dilated_conv2d", ("(pad, pad, pad, pad)", "(pad * dilation,) * 4"), "does not multiply it"),
        ("receptive_field", ("dilation * (kernel - 1)", "(kernel - 1)"), "The dilation has no influence"),
        ("receptive_field", ("        distance *= stride\n", ""), "The stride has no influence"),
        ("SpatialPyramidPool", (".amax(dim=(2, 3))", ".mean(dim=(2, 3))"), "not the mean"),
        ("SpatialPyramidPool", ("torch.stack(maxima, dim=2)", "torch.stack(maxima, dim=1)"), "channel 0 come first"),
        (
            "lp_pool",
            ("torch.linalg.vector_norm(windows, p, dim=4)", "windows.pow(p).sum(dim=4).abs()"),
            "root is missing",
        ),
        ("stochastic_pool", ("total.masked_fill(empty, 1)[..., 0]", "1"), "Divide by the sum"),
        ("average_pool_backward", ("k**2", "k"), "k squared"),
    ],
    "segmentation.py": [
        ("pixel_cross_entropy", ("max(len(labels), 1)", "y.numel()"), "not by that of all"),
        ("pixel_cross_entropy", (" / max(len(labels), 1)", ""), "take the mean"),
        ("pixel_cross_entropy", ("if weight is None:", "if True:"), "The weights have no influence"),
        ("pixel_cross_entropy", ("(shares.sum() if len(labels) else 1)", "len(labels)"), "not by their number"),
        ("soft_dice_loss", ("1 - (", "("), "the loss is 1 minus it"),
        ("soft_dice_loss", ("2 * shared", "shared"), "Above is 2 I"),
        ("soft_iou_loss", ("total - shared", "total"), "counts once"),
        ("confusion", ("y[counted] * C + pred[counted]", "pred[counted] * C + y[counted]"), "Rows are true classes"),
        ("miou", (" - hits", ""), "rows + columns - diagonal"),
        ("miou", ("(hits[present] / union[present])", "(hits / union.clamp(min=1))"), "left out, not 0"),
        ("ssim", ("(0.01 * L) ** 2, (0.03 * L) ** 2", "0.01 * L, 0.03 * L"), "C1 and C2 are squares"),
        ("ssim", ("line = line / line.sum()", "line = torch.ones_like(line) / window"), "those of a Gaussian"),
        ("bilinear_kernel", ("torch.eye(C)", "torch.ones(C, C)"), "0 between them"),
        ("bilinear_kernel", ("if k % 2 else f - 0.5", ""), "f - 1/2"),
        ("FCN", (" + skip", ""), "The head of stride 16 is missing"),
        (
            "UNet",
            (
                "skips.append(block(x))\n            x = F.max_pool2d(skips[-1], 2)",
                "x = F.max_pool2d(block(x), 2)\n            skips.append(F.interpolate(x, scale_factor=2))",
            ),
            "before it is pooled",
        ),
        ("UNet", ("torch.cat([skip, x], dim=1)", "torch.cat([x, skip], dim=1)"), "The skip comes first"),
        ("Hourglass", ("self.side[level](skips[level])", "skips[level]"), "before it is added"),
        ("Hourglass", ("self.merge[level](x + skip)", "self.merge[level](x)"), "The skip has no influence"),
        ("merge_panoptic", ("scores.argsort(descending=True, stable=True).tolist()", "range(len(scores))"), "order"),
        ("merge_panoptic", (" & (sem != 255)", ""), "id 0"),
    ],
}


@pytest.mark.parametrize("file", MISTAKES)
def test_the_first_failed_check_names_the_mistake(file: str) -> None:
    assert not_named("a13_dense_prediction", file, MISTAKES[file]) == []
