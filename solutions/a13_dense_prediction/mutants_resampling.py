"""Wrong answers to resampling.py, each with the check that must notice it."""
# ruff: noqa: E501 - quotes lines of the reference

from autograder.authoring.mutants import first, mutants_of
from autograder.authoring.variants import body

mutant = mutants_of("resampling.py")

BLOCKS, BLOCKS2 = "check_blocks_of_copies", "check_blocks_of_other_sizes"
NAILS, NAILS2 = "check_nails_in_upper_left_corners", "check_nails_of_other_sizes"
LINEAR, ALIGNED = "check_linear_between_pixel_centres", "check_linear_with_aligned_corners"
LINEAR2, SLOPES = "check_linear_of_other_sizes", "check_linear_has_right_gradients"
CUBIC, CUBIC2 = "check_cubic_between_pixel_centres", "check_cubic_of_other_sizes"
PLACES, PLACES2 = "check_maxima_and_their_places", "check_places_of_other_maps"
BACK, BACK2 = "check_numbers_return_to_their_places", "check_unpooling_of_other_maps"
MATRIX, MATRIX2 = "check_matrix_times_signal", "check_matrices_of_other_kernels"
PAINT, PAINT2 = "check_transposed_convolution", "check_other_transposed_convolutions"
GAPS, GAPS2 = "check_convolution_with_gaps_and_groups", "check_other_gaps_and_groups"
FIELD, FIELD2 = "check_fields_of_three_layers", "check_fields_agree_with_perturbations"
PYRAMID, PYRAMID2 = "check_pyramid_of_maps", "check_pyramids_of_any_size"
NORM, NORM2 = "check_norms_of_windows", "check_norms_of_other_windows"
DRAW, DRAW2 = "check_draws_and_their_mean", "check_draws_of_other_windows"
SHARES, SHARES2 = "check_gradient_of_means", "check_gradients_of_other_means"

COPIES = "return x.repeat_interleave(s, dim=2).repeat_interleave(s, dim=3)"
CORNERS = "out[:, :, ::s, ::s] = x\n"
ROOM = "out = x.new_zeros(x.shape[0], x.shape[1], s * x.shape[2], s * x.shape[3])"
WHERE = "u = i * (n - 1) / max(n_out - 1, 1) if align_corners else (i + 0.5) * n / n_out - 0.5"
STEPS = "i = torch.arange(n_out, dtype=x.dtype, device=x.device)"
CLAMP = "u = u.clamp(0, n - 1)\n"
MIX = "x = (1 - t) * x.index_select(axis, low) + t * x.index_select(axis, high)"
CENTRE = "u = (torch.arange(n_out, dtype=x.dtype, device=x.device) + 0.5) * n / n_out - 0.5"
FOUR = "for m in (-1, 0, 1, 2):"
PIXELS = "(low.long() + m).clamp(0, n - 1)"
FAR = "far = a * t**3 - 5 * a * t**2 + 8 * a * t - 4 * a"
PAIR = "return windows.gather(4, best[..., None])[..., 0], rows * x.shape[3] + columns"
BEST = "best = windows.argmax(dim=4)"
PUT = "flat.scatter(2, indices.flatten(2), y.flatten(2))"
COLUMN = "m = j * stride + t - pad"
TRANSPOSED = "return (x.flatten(1) @ A).reshape(x.shape[0], w.shape[1], n)"
LENGTH = "n = (x.shape[2] - 1) * stride - 2 * pad + w.shape[2] + output_padding"
TERM = 'out = out + torch.einsum("ngchw,goc->ngohw", part, w[..., a, b])'
OFFSET = "top, left = a * dilation, b * dilation"
GROW = "field += dilation * (kernel - 1) * distance"
WINDOW = "return slice(i * n // level, -(-(i + 1) * n // level))"
MAXIMA = ".amax(dim=(2, 3))"
VECTOR = "return torch.linalg.vector_norm(windows, p, dim=4)"
MEAN = "return windows.square().sum(dim=4) / total.masked_fill(empty, 1)[..., 0]"
CHANCES = "chances = windows.detach().masked_fill(empty, 1).flatten(0, 3)"
DRAWN = "drawn = torch.multinomial(chances, 1, generator=generator).reshape(total.shape)"
SPREAD = "spread = (dout / k**2).repeat_interleave(k, dim=2).repeat_interleave(k, dim=3)"
FILL = "return F.pad(spread, (0, size[1] - spread.shape[3], 0, size[0] - spread.shape[2]))"

# fmt: off
MUTANTS = [
    mutant("nearest: the whole map again and again", BLOCKS, COPIES, "return x.repeat(1, 1, s, s)"),
    mutant("nearest: rows only", BLOCKS, COPIES, "return x.repeat_interleave(s, dim=2)"),
    mutant("nearest: twice, whatever is asked", (BLOCKS, BLOCKS2), COPIES, COPIES.replace("(s,", "(2,")),
    mutant("nearest: by torch", BLOCKS, COPIES, "return F.interpolate(x, scale_factor=s)"),
    mutant("nearest: no gradient", BLOCKS2, COPIES, COPIES.replace("x.rep", "x.detach().rep")),
    mutant("nearest: float64", BLOCKS2, COPIES, COPIES + ".double()", habit="dtype"),
    mutant("nearest: one channel is enough", BLOCKS, COPIES, COPIES.replace("return x", "return x[:, :1]")),
    mutant("nails: in the lower right corners", NAILS, CORNERS, CORNERS.replace("::s", "s - 1 :: s")),
    mutant("nails: in the middle", NAILS, CORNERS, CORNERS.replace("::s", "s // 2 :: s")),
    mutant("nails: copies", NAILS, ROOM, "out = x.repeat_interleave(s, dim=2).repeat_interleave(s, dim=3)"),
    mutant("nails: gaps of two", (NAILS, NAILS2), CORNERS, CORNERS.replace("::s", ": 2 * x.shape[2] : 2", 1).replace("::s", ": 2 * x.shape[3] : 2")),
    mutant("nails: torch's default dtype", NAILS2, ROOM, ROOM.replace("x.new_zeros", "torch.zeros"), habit="dtype"),
    mutant("nails: no gradient", NAILS2, CORNERS, CORNERS.replace("= x", "= x.detach()")),
    mutant("nails: rows in place of columns", (NAILS, NAILS2), ROOM, ROOM.replace("s * x.shape[2], s * x.shape[3]", "s * x.shape[3], s * x.shape[2]"), also=((CORNERS, "out[:, :, ::s, ::s] = x.mT\n"),)),
    mutant("linear: no half pixels", (LINEAR, LINEAR2), WHERE, WHERE.replace("(i + 0.5) * n / n_out - 0.5", "i * n / n_out")),
    mutant("linear: one half pixel only", LINEAR, WHERE, WHERE.replace("n_out - 0.5", "n_out")),
    mutant("linear: the modes are mixed up", (LINEAR, ALIGNED), WHERE, WHERE.replace("if align_corners", "if not align_corners")),
    mutant("linear: aligned corners by n / n'", ALIGNED, WHERE, WHERE.replace("(n - 1) / max(n_out - 1, 1)", "n / n_out")),
    mutant("linear: always aligned", (LINEAR, LINEAR2), WHERE, WHERE.replace("if align_corners", "if True")),
    mutant("linear: never aligned", ALIGNED, WHERE, WHERE.replace("if align_corners", "if False")),
    mutant("linear: one new pixel divides by zero", LINEAR2, WHERE, WHERE.replace("max(n_out - 1, 1)", "torch.tensor(n_out - 1)")),
    mutant("linear: no clamp at the border", LINEAR, CLAMP, "u = u.clamp(max=n - 1)\n", also=(("low = u.floor().long()", "low = u.floor().long().clamp(min=0)"),)),
    mutant("linear: the weights are swapped", (LINEAR, ALIGNED), MIX, "x = t * x.index_select(axis, low) + (1 - t) * x.index_select(axis, high)"),
    mutant("linear: the nearest pixel", LINEAR, MIX, "x = x.index_select(axis, u.round().long())"),
    mutant("linear: columns only", LINEAR, "for axis, n_out in ((2, size[0]), (3, size[1])):\n        n = x.shape[axis]\n        i =", "for axis, n_out in ((3, size[1]),):\n        n = x.shape[axis]\n        i ="),
    mutant("linear: width before height", LINEAR, "for axis, n_out in ((2, size[0]), (3, size[1])):\n        n = x.shape[axis]\n        i =", "for axis, n_out in ((2, size[1]), (3, size[0])):\n        n = x.shape[axis]\n        i ="),
    mutant("linear: a mean where maps shrink", LINEAR2, CLAMP, CLAMP + "        if n_out < n and n % n_out == 0 and not align_corners:\n            x = x.unflatten(axis, (n_out, -1)).mean(axis + 1)\n            continue\n"),
    mutant("linear: by torch", LINEAR, CLAMP, "return F.interpolate(x, size, mode='bilinear', align_corners=align_corners)\n"),
    mutant("linear: no gradient", SLOPES, MIX, MIX.replace("x = (1", "x = x.detach()\n        x = (1")),
    mutant("linear: float64 places", SLOPES, STEPS, STEPS.replace("dtype=x.dtype", "dtype=torch.float64"), habit="dtype"),
    mutant("linear: places on the processor", SLOPES, STEPS, STEPS.replace(", device=x.device", ""), habit="device"),
    mutant("cubic: places on the processor", CUBIC2, CENTRE, CENTRE.replace(", device=x.device", ""), habit="device"),
    mutant("places: numbers of rows on the processor", PLACES2, "rows = k * torch.arange(windows.shape[2], device=x.device)[:, None]", "rows = k * torch.arange(windows.shape[2])[:, None]", habit="device"),
    mutant("nails: on the processor", NAILS2, ROOM, "out = torch.zeros(x.shape[0], x.shape[1], s * x.shape[2], s * x.shape[3], dtype=x.dtype)", habit="device"),
    mutant("cubic: a is -1/2", CUBIC, "a = -0.75", "a = -0.5"),
    mutant("cubic: places are clamped", CUBIC, CENTRE, CENTRE + "\n        u = u.clamp(0, n - 1)"),
    mutant("cubic: no half pixels", CUBIC, CENTRE, "u = torch.arange(n_out, dtype=x.dtype, device=x.device) * n / n_out"),
    mutant("cubic: two pixels", CUBIC, FOUR, "for m in (0, 1):"),
    mutant("cubic: one pixel too far", CUBIC, FOUR, "for m in (-2, -1, 0, 1):"),
    mutant("cubic: zeros beyond the border", CUBIC, "weight = torch.where(t <= 1, near, far)", "weight = torch.where(t <= 1, near, far) * ((low + m >= 0) & (low + m < n))"),
    mutant("cubic: pixels wrap around", (CUBIC, CUBIC2), PIXELS, "(low.long() + m) % n"),
    mutant("cubic: no far weights", CUBIC, FAR, "far = 0 * t"),
    mutant("cubic: the near formula everywhere", CUBIC, "torch.where(t <= 1, near, far)", "near"),
    mutant("cubic: signed distances", CUBIC, "t = (u - low - m).abs()", "t = u - low - m"),
    mutant("cubic: aligned corners", CUBIC, CENTRE, "u = torch.arange(n_out, dtype=x.dtype, device=x.device) * (n - 1) / max(n_out - 1, 1)"),
    mutant("cubic: no overshoot", CUBIC, "        x = out\n    return x", "        x = out.clamp(x.amin(), x.amax())\n    return x"),
    mutant("cubic: by torch", CUBIC, "a = -0.75\n", "return F.interpolate(x, size, mode='bicubic')\n"),
    mutant("cubic: no gradient", CUBIC2, "a = -0.75\n", "a, x = -0.75, x.detach()\n"),
    mutant("cubic: float64", CUBIC2, "        x = out\n    return x", "        x = out\n    return x.double()", habit="dtype"),
    mutant("places: counted over all maps", PLACES, PAIR, "N, C, H, W = x.shape\n    maps = torch.arange(N * C, device=x.device).reshape(N, C, 1, 1) * H * W\n    return windows.gather(4, best[..., None])[..., 0], rows * W + columns + maps"),
    mutant("places: counted over the channels", PLACES, PAIR, "N, C, H, W = x.shape\n    maps = torch.arange(C, device=x.device).reshape(C, 1, 1) * H * W\n    return windows.gather(4, best[..., None])[..., 0], rows * W + columns + maps"),
    mutant("places: in the window", PLACES, PAIR, "return windows.gather(4, best[..., None])[..., 0], best"),
    mutant("places: columns first", PLACES, PAIR, PAIR.replace("rows * x.shape[3] + columns", "columns * x.shape[2] + rows")),
    mutant("places: the height in place of the width", PLACES, PAIR, PAIR.replace("x.shape[3]", "x.shape[2]")),
    mutant("places: the last of equal maxima", PLACES2, BEST, "best = k * k - 1 - windows.flip(4).argmax(dim=4)"),
    mutant("places: the width of what the windows cover", PLACES2, PAIR, PAIR.replace("x.shape[3]", "(x.shape[3] // k * k)")),
    mutant("places: the smallest", PLACES, BEST, "best = windows.argmin(dim=4)"),
    mutant("places: int32", PLACES, PAIR, PAIR.replace("rows * x.shape[3] + columns", "(rows * x.shape[3] + columns).int()")),
    mutant("places: no gradient", PLACES2, PAIR, PAIR.replace("windows.gather", "windows.detach().gather")),
    mutant("places: by torch", PLACES, BEST, "return F.max_pool2d(x, k, return_indices=True)\n    best = windows.argmax(dim=4)"),
    mutant("places: windows of two", PLACES2, "    windows = x.unfold(2, k, k).unfold(3, k, k).flatten(4)  # (N, C, H//k, W//k, k*k)", "    k = 2\n    windows = x.unfold(2, k, k).unfold(3, k, k).flatten(4)"),
    mutant("places: float64 maxima", PLACES2, PAIR, PAIR.replace("[..., 0], rows", "[..., 0].double(), rows"), habit="dtype"),
    mutant("unpool: adds", BACK2, PUT, PUT.replace("scatter(", "scatter_add(")),
    mutant("unpool: a place that occurs twice stays 0", BACK2, PUT, "(flat.scatter(2, indices.flatten(2), y.flatten(2)) * (flat.scatter_add(2, indices.flatten(2), torch.ones_like(y).flatten(2)) == 1))"),
    mutant("unpool: into corners", BACK, body("max_unpool", "out = y.new_zeros(*y.shape[:2], *size)\nk = size[0] // y.shape[2]\nout[:, :, : k * y.shape[2] : k, : k * y.shape[3] : k] = y\nreturn out")),
    mutant("unpool: rows and columns swapped", (BACK, BACK2), PUT + ".reshape(N, C, *size)", PUT + ".reshape(N, C, size[1], size[0]).mT"),
    mutant("unpool: all maps as one", BACK, PUT, "y.new_zeros(N * C * size[0] * size[1]).scatter(0, indices.flatten(), y.flatten())"),
    mutant("unpool: twice the size, whatever is asked", BACK2, "flat = y.new_zeros", "size = (2 * y.shape[2], 2 * y.shape[3])\n    flat = y.new_zeros"),
    mutant("unpool: no gradient", BACK2, PUT, PUT.replace("y.flatten", "y.detach().flatten")),
    mutant("unpool: float64", BACK2, PUT, PUT + ".double()", habit="dtype"),
    mutant("unpool: by torch", BACK, "flat = y.new_zeros", "return F.max_unpool2d(y, indices, 2, output_size=size)\n    flat = y.new_zeros"),
    mutant("matrix: a last step that does not fit counts too little", MATRIX, "n_out = (n + 2 * pad - k) // stride + 1\n    A =", "n_out = (n + 2 * pad - k) // stride + (1 if (n + 2 * pad - k) % stride == 0 else 0)\n    A ="),
    mutant("matrix: flips the kernel", MATRIX, "= w[:, :, t]", "= w[:, :, k - 1 - t]"),
    mutant("matrix: columns are not moved by the padding", MATRIX, COLUMN, "m = j * stride + t"),
    mutant("matrix: padding wraps around", MATRIX, "if 0 <= m < n:", "if m < n:"),
    mutant("matrix: the stride has no influence", MATRIX, COLUMN, "m = j + t - pad"),
    mutant("matrix: its transpose", MATRIX, "A.reshape(O * n_out, I * n)", "A.reshape(O * n_out, I * n).T"),
    mutant("matrix: channels last", MATRIX, "return A.reshape(O * n_out, I * n)", "return A.permute(1, 0, 3, 2).reshape(O * n_out, I * n)"),
    mutant("matrix: float64", MATRIX2, "A = w.new_zeros(O, n_out, I, n)", "A = w.new_zeros(O, n_out, I, n).double()", habit="dtype"),
    mutant("matrix: no gradient", MATRIX2, "= w[:, :, t]", "= w[:, :, t].detach()"),
    mutant("matrix: one channel in", MATRIX, "A[:, j, :, m] = w[:, :, t]", "A[:, j, 0, m] = w[:, 0, t]"),
    mutant("matrix: a padding of at most one", MATRIX2, COLUMN, "m = j * stride + t - min(pad, 1)"),
    mutant("transposed: flips the kernel", PAINT, "A = conv_matrix(w, n, stride, pad)", "A = conv_matrix(w.flip(2), n, stride, pad)"),
    mutant("transposed: does not crop", PAINT, LENGTH, "pad = 0\n    n = (x.shape[2] - 1) * stride + w.shape[2] + output_padding"),
    mutant("transposed: crops the beginning twice", PAINT, TRANSPOSED, "full = (x.flatten(1) @ conv_matrix(w, n + 2 * pad, stride, 0)).reshape(x.shape[0], w.shape[1], n + 2 * pad)\n    return full[..., 2 * pad :]"),
    mutant("transposed: crops the end twice", PAINT, TRANSPOSED, "full = (x.flatten(1) @ conv_matrix(w, n + 2 * pad, stride, 0)).reshape(x.shape[0], w.shape[1], n + 2 * pad)\n    return full[..., :n]"),
    mutant("transposed: output padding at the beginning", PAINT2, LENGTH, "n = (x.shape[2] - 1) * stride - 2 * pad + w.shape[2]", also=((TRANSPOSED, "return F.pad((x.flatten(1) @ A).reshape(x.shape[0], w.shape[1], n), (output_padding, 0))"),)),
    mutant("transposed: output padding is zeros", PAINT2, LENGTH, "n = (x.shape[2] - 1) * stride - 2 * pad + w.shape[2]", also=((TRANSPOSED, "return F.pad((x.flatten(1) @ A).reshape(x.shape[0], w.shape[1], n), (0, output_padding))"),)),
    mutant("transposed: no output padding", PAINT2, LENGTH, LENGTH.replace(" + output_padding", "")),
    mutant("transposed: channels mixed up", PAINT, TRANSPOSED, "return (x.flatten(1) @ A).reshape(x.shape[0], n, w.shape[1]).mT"),
    mutant("transposed: by torch", PAINT, TRANSPOSED, "return F.conv_transpose1d(x, w, stride=stride, padding=pad, output_padding=output_padding)"),
    mutant("transposed: by torch's gradients", PAINT, TRANSPOSED, "from torch.nn.grad import conv1d_input\n    return conv1d_input((x.shape[0], w.shape[1], n), w, x, stride=stride, padding=pad)"),
    mutant("transposed: no gradient", PAINT2, TRANSPOSED, TRANSPOSED.replace("x.flatten(1)", "x.flatten(1).detach()")),
    mutant("transposed: float64", PAINT2, TRANSPOSED, TRANSPOSED + ".double()", habit="dtype"),
    mutant("gaps: dilation has no influence", GAPS, OFFSET, "top, left = a, b"),
    mutant("gaps: padding times dilation", GAPS, "x = F.pad(x, (pad, pad, pad, pad))", "x = F.pad(x, (pad * dilation,) * 4)"),
    mutant("gaps: no padding", GAPS, "x = F.pad(x, (pad, pad, pad, pad))\n    height", "height"),
    mutant("gaps: flips the kernel", GAPS, TERM, TERM.replace("w[..., a, b]", "w.flip(3, 4)[..., a, b]")),
    mutant("gaps: d pixels between the weights", GAPS, OFFSET, "top, left = a * (dilation + 1), b * (dilation + 1)", also=(("height, width = x.shape[2] - dilation * (k - 1), x.shape[3] - dilation * (m - 1)", "height, width = x.shape[2] - (dilation + 1) * (k - 1), x.shape[3] - (dilation + 1) * (m - 1)"),)),
    mutant("gaps: channels of groups alternate", GAPS, "x = x.unflatten(1, (groups, -1))", "x = x.unflatten(1, (-1, groups)).transpose(1, 2)"),
    mutant("gaps: filters of groups alternate", GAPS, "return out.flatten(1, 2)", "return out.transpose(1, 2).flatten(1, 2)"),
    mutant("gaps: groups in reverse", GAPS, "x = x.unflatten(1, (groups, -1))", "x = x.unflatten(1, (groups, -1)).flip(1)"),
    mutant("gaps: square kernels only", GAPS2, "k, m = w.shape[2:]", "k = m = w.shape[2]"),
    mutant("gaps: by torch", GAPS, "k, m = w.shape[2:]", "return F.conv2d(x, w, dilation=dilation, groups=groups, padding=pad)\n    k, m = w.shape[2:]"),
    mutant("gaps: by another of torch's names", GAPS, "k, m = w.shape[2:]", "return torch.convolution(x, w, None, [1, 1], [pad, pad], [dilation, dilation], False, [0, 0], groups)\n    k, m = w.shape[2:]"),
    mutant("gaps: by a layer", GAPS, "k, m = w.shape[2:]", "layer = nn.Conv2d(x.shape[1], w.shape[0], w.shape[2:], padding=pad, dilation=dilation, groups=groups, bias=False)\n    return torch.func.functional_call(layer, {'weight': w}, (x,))\n    k, m = w.shape[2:]"),
    mutant("gaps: no gradient in the weights", GAPS2, TERM, TERM.replace("w[..., a, b]", "w[..., a, b].detach()")),
    mutant("gaps: float64", GAPS2, "return out.flatten(1, 2)", "return out.flatten(1, 2).double()", habit="dtype"),
    mutant("field: no dilation", FIELD, GROW, "field += (kernel - 1) * distance"),
    mutant("field: no stride", FIELD, GROW, "field += dilation * (kernel - 1)"),
    mutant("field: a layer's own stride counts", FIELD, GROW, "distance *= stride\n        " + GROW, also=(("        distance *= stride\n    return field", "    return field"),)),
    mutant("field: kernels without minus one", FIELD, GROW, GROW.replace("(kernel - 1)", "kernel")),
    mutant("field: the stride of a kernel of 1 is left out", FIELD2, "        distance *= stride\n    return field", "        distance *= stride if kernel > 1 else 1\n    return field"),
    mutant("field: strides are added", FIELD2, "        distance *= stride\n    return field", "        distance += stride - 1\n    return field"),
    mutant("field: begins at 0", (FIELD, FIELD2), "field, distance = 1, 1", "field, distance = 0, 1"),
    mutant("field: the dilation multiplies later layers, too", FIELD, "        distance *= stride\n    return field", "        distance *= stride * dilation\n    return field"),
    mutant("pyramid: means", PYRAMID, MAXIMA, ".mean(dim=(2, 3))"),
    mutant("pyramid: channel after channel over all levels", PYRAMID, "parts.append(torch.stack(maxima, dim=2).flatten(1))", "parts.append(torch.stack(maxima, dim=2))", also=(("return torch.cat(parts, dim=1)", "return torch.cat(parts, dim=2).flatten(1)"),)),
    mutant("pyramid: windows before channels", PYRAMID, "torch.stack(maxima, dim=2)", "torch.stack(maxima, dim=1)"),
    mutant("pyramid: columns first", PYRAMID, "window(i, H, level), window(j, W, level)", "window(j, H, level), window(i, W, level)"),
    mutant("pyramid: windows that do not overlap", PYRAMID2, WINDOW, "return slice(i * n // level, max((i + 1) * n // level, i * n // level + 1))"),
    mutant("pyramid: windows of equal size, the rest left out", PYRAMID2, WINDOW, "return slice(i * max(n // level, 1) % n, i * max(n // level, 1) % n + max(n // level, 1))"),
    mutant("pyramid: levels 1, 2, 4, whatever is asked", PYRAMID2, "for level in self.levels:", "for level in (1, 2, 4):"),
    mutant("pyramid: by torch", PYRAMID, "            parts.append(", "            maxima = list(F.adaptive_max_pool2d(x, level).flatten(2).unbind(2))\n            parts.append("),
    mutant("pyramid: no negative numbers", PYRAMID2, MAXIMA, ".amax(dim=(2, 3)).relu()"),
    mutant("pyramid: no gradient", PYRAMID2, "H, W = x.shape[2:]\n        parts", "H, W = x.shape[2:]\n        x = x.detach()\n        parts"),
    mutant("pyramid: float64", PYRAMID2, "return torch.cat(parts, dim=1)", "return torch.cat(parts, dim=1).double()", habit="dtype"),
    mutant("norm: no root", NORM, VECTOR, "return windows.abs().pow(p).sum(dim=4)"),
    mutant("norm: the mean", NORM, VECTOR, "return windows.abs().pow(p).mean(dim=4).pow(1 / p)"),
    mutant("norm: no absolute values", NORM, VECTOR, "return windows.pow(p).sum(dim=4).pow(1 / p)"),
    mutant("norm: always 2", NORM, VECTOR, VECTOR.replace(", p,", ", 2,")),
    mutant("norm: nan in the gradient of zeros", NORM2, VECTOR, "return windows.abs().pow(p).sum(dim=4).pow(1 / p)"),
    mutant("norm: by torch", NORM, VECTOR, "return F.lp_pool2d(x.abs(), p, k)"),
    mutant("norm: windows overlap", NORM, "    windows = x.unfold(2, k, k).unfold(3, k, k).flatten(4)\n    return torch.linalg", "    windows = x.unfold(2, k, 1).unfold(3, k, 1).flatten(4)\n    return torch.linalg"),
    mutant("norm: float64", NORM2, VECTOR, VECTOR + ".double()", habit="dtype"),
    mutant("draw: a softmax", (DRAW, DRAW2), CHANCES, "chances = windows.detach().softmax(dim=4).flatten(0, 3)"),
    mutant("draw: the mean of a softmax", DRAW, MEAN, "return (windows.softmax(dim=4) * windows).sum(dim=4)"),
    mutant("draw: each value equally likely", DRAW, CHANCES, "chances = torch.ones_like(windows).flatten(0, 3)"),
    mutant("draw: the plain mean", DRAW, MEAN, "return windows.mean(dim=4)"),
    mutant("draw: the maximum without a generator", DRAW, MEAN, "return windows.amax(dim=4)"),
    mutant("draw: nan for windows of zeros", DRAW2, MEAN, "return windows.square().sum(dim=4) / total[..., 0]"),
    mutant("draw: one draw for all windows", DRAW, DRAWN, "drawn = torch.multinomial(chances[:1], 1, generator=generator).repeat(len(chances), 1).reshape(total.shape)"),
    mutant("draw: one draw for each image", DRAW2, DRAWN, "drawn = torch.multinomial(chances, 1, generator=generator).reshape(total.shape)[:, :, :, :1].repeat(1, 1, 1, total.shape[3], 1)"),
    mutant("draw: the global generator", DRAW2, DRAWN, DRAWN.replace(", generator=generator", "")),
    mutant("draw: chances by squares", (DRAW, DRAW2), CHANCES, CHANCES.replace("windows.detach()", "windows.detach().square()")),
    mutant("draw: nothing for windows of zeros", DRAW2, CHANCES, "chances = windows.detach().flatten(0, 3)"),
    mutant("draw: always the mean", DRAW, "if generator is None:", "if True:"),
    mutant("draw: values times their chances", DRAW, "return windows.gather(4, drawn)[..., 0]", "return (windows * windows / total.masked_fill(empty, 1)).gather(4, drawn)[..., 0]"),
    mutant("draw: no gradient", DRAW2, MEAN, MEAN.replace("windows.square", "windows.detach().square")),
    mutant("draw: float64", DRAW2, MEAN, "return (windows.square().sum(dim=4) / total.masked_fill(empty, 1)[..., 0]).double()", habit="dtype"),
    mutant("shares: not divided", SHARES, SPREAD, SPREAD.replace("(dout / k**2)", "dout")),
    mutant("shares: divided by k", SHARES, SPREAD, SPREAD.replace("k**2", "k")),
    mutant("shares: the whole map again and again", SHARES, SPREAD, "spread = (dout / k**2).repeat(1, 1, k, k)"),
    mutant("shares: corners only", SHARES, SPREAD, SPREAD + "\n    spread = spread * ((torch.arange(spread.shape[2])[:, None] % k == 0) & (torch.arange(spread.shape[3]) % k == 0)) * k**2"),
    mutant("shares: without the border", SHARES2, FILL, "return spread"),
    mutant("shares: zeros on the left", SHARES2, FILL, "return F.pad(spread, (size[1] - spread.shape[3], 0, size[0] - spread.shape[2], 0))"),
    mutant("shares: the border gets the last share, too", SHARES2, FILL, FILL[:-1] + ", mode='replicate')"),
    mutant("shares: float64", SHARES2, SPREAD, SPREAD + ".double()", habit="dtype"),
    mutant("pyramid: leaves training mode on", "check_pyramids_of_any_size", first("SpatialPyramidPool.forward", "self.train()")),
    mutant("pyramid: leaves evaluation mode on", "check_pyramid_of_maps", first("SpatialPyramidPool.forward", "self.eval()")),
    mutant("draw: the generator begins again", DRAW2, first("stochastic_pool", "if generator is not None:\n    generator.manual_seed(generator.initial_seed())")),
    mutant("draw: a generator of its own", DRAW2, first("stochastic_pool", "if generator is not None:\n    generator = torch.Generator().manual_seed(3)")),
]
