"""Wrong answers to flows.py, part 2, each with the check that must notice it."""
# ruff: noqa: E501 - quotes lines of the reference

from autograder.authoring.mutants import first, mutants_of
from autograder.authoring.variants import body

mutant = mutants_of("flows.py")
SMALL, KEEP = "check_masks_of_a_small_network", "check_masks_keep_the_order"
MAF, MAFS = "check_maf_has_a_triangular_jacobian", "check_maf_of_other_sizes"
IAF, IAFS = "check_iaf_samples_in_one_pass", "check_iaf_of_other_sizes"
SCALED, SHAPES = "check_scaled_matrices_are_contractions", "check_scaled_matrices_of_other_shapes"
FIXED, LINEAR = "check_fixed_point_undoes_a_residual_layer", "check_fixed_points_of_other_functions"
SERIES, EXACT = "check_series_of_a_linear_function", "check_estimates_of_log_determinants"
NOISE, IMAGES = "check_noise_fills_the_levels", "check_noise_of_images"
BITS, SLOPE = "check_bits_of_some_images", "check_bits_and_their_gradient"
SQUARES, BACK = "check_squares_become_channels", "check_squeezing_and_back"
HALF, HALVES = "check_half_of_the_channels_leaves", "check_split_of_other_sizes"
MADE = "return (units[:, None] >= inputs).float(), (inputs[:, None] > units).float()"
DIVIDED = "return (x - m) * (-log_sigma).exp(), -log_sigma.sum(dim=1)"
COLUMN = "column = z[:, i] * log_sigma[:, i].exp() + m[:, i]"
FIRST = "hidden = nn.functional.linear(x, self.into * self.first.weight, self.first.bias).relu()"
SECOND = "out = nn.functional.linear(hidden, self.out_of * self.second.weight, self.second.bias)"
MIRROR = "return z, -self.mirror(z)[1]"
CLAMPED = "return W / (sigma / c).clamp(min=1)"
STEP = "x = y - g(x)"
TERM = "total = total + (-1) ** (k + 1) / k * (product * v).sum(dim=1)"
SIGNS = "v = 2.0 * signs.to(x.dtype) - 1"
LEVEL = "return (x + noise) / L"
BIT = "return nll / (D * math.log(2)) + math.log2(L)"
UNSHUFFLE = "return nn.functional.pixel_unshuffle(x, 2)"
SHUFFLE = "return nn.functional.pixel_shuffle(x, 2)"
KEPT = "return kept, standard_normal(others.flatten(1))"

# fmt: off
MUTANTS = [
    mutant("masks: the first is strict", SMALL, MADE, MADE.replace(">= inputs", "> inputs")),
    mutant("masks: the second is not strict", SMALL, MADE, MADE.replace("> units", ">= units")),
    mutant("masks: units have degrees up to D", SMALL, "% max(D - 1, 1)", "% D"),
    mutant("masks: degrees from 0", SMALL, "units = 1 + torch", "units = torch"),
    mutant("masks: transposed", SMALL, MADE, "return (units >= inputs[:, None]).float(), (inputs > units[:, None]).float()"),
    mutant("masks: a loop", SMALL, MADE, "return torch.stack([(u >= inputs).float() for u in units]), (inputs[:, None] > units).float()"),
    mutant("masks: units in blocks", SMALL, "units = 1 + torch.arange(hidden) % max(D - 1, 1)", "units = 1 + torch.arange(hidden) * max(D - 1, 1) // hidden"),
    mutant("masks: D = 1 divides by 0", KEEP, "max(D - 1, 1)", "(D - 1)"),
    mutant("masks: booleans", SMALL, MADE, "return units[:, None] >= inputs, inputs[:, None] > units"),
    mutant("MAF: the first weights have no mask", MAF, FIRST, FIRST.replace("self.into * ", "")),
    mutant("MAF: the second weights have no mask", MAF, SECOND, SECOND.replace("self.out_of * ", "")),
    mutant("MAF: minus", MAF, DIVIDED, DIVIDED.replace(", -log_sigma.sum", ", log_sigma.sum")),
    mutant("MAF: summed over the batch", MAF, DIVIDED, DIVIDED.replace(".sum(dim=1)", ".sum()")),
    mutant("MAF: multiplied by sigma", MAF, DIVIDED, DIVIDED.replace("(-log_sigma).exp()", "log_sigma.exp()")),
    mutant("MAF: sigma is not an exponential", MAF, DIVIDED, DIVIDED.replace("(-log_sigma).exp()", "(1 - log_sigma)")),
    mutant("MAF: inverse in one pass", MAF, "for i in range(z.shape[1]):", "for i in range(1):"),
    mutant("MAF: inverse from the last coordinate", MAF, "for i in range(z.shape[1]):", "for i in reversed(range(z.shape[1])):"),
    mutant("MAF: inverse subtracts m", MAF, COLUMN, COLUMN.replace("+ m", "- m")),
    mutant("MAF: inverse divides", MAF, COLUMN, COLUMN.replace("log_sigma[:, i].exp()", "(-log_sigma[:, i]).exp()")),
    mutant("MAF: inverse looks at z", MAF, "m, log_sigma = self.conditionals(x)\n            column", "m, log_sigma = self.conditionals(z)\n            column"),
    mutant("MAF: forward in D passes", MAF, DIVIDED, "for i in range(x.shape[1]):\n            m, log_sigma = self.conditionals(x)\n        " + DIVIDED),
    mutant("MAF: a single hidden unit's worth of connections", MAF, FIRST, FIRST.replace(".relu()", ".relu() * (torch.arange(len(self.into)) == 0)")),
    mutant("MAF: no gradient in sigma", MAFS, DIVIDED, DIVIDED.replace("-log_sigma.sum(dim=1)", "-log_sigma.detach().sum(dim=1)")),
    mutant("MAF: normalised over the batch", MAFS, DIVIDED, "m = m - x.detach().mean() * 1e-2\n        " + DIVIDED),
    mutant("MAF: inverse without gradients", MAFS, "        x = torch.zeros_like(z)\n        for i", "        z = z.detach()\n        x = torch.zeros_like(z)\n        for i"),
    mutant("MAF: no activation", MAFS, FIRST, FIRST.replace(".relu()", "")),
    mutant("MAF: a tanh in place of the ReLU", MAFS, FIRST, FIRST.replace(".relu()", ".tanh()")),
    mutant("MAF: a leaky ReLU", MAFS, FIRST, FIRST.removesuffix(".relu()").replace("hidden = ", "hidden = nn.functional.leaky_relu(") + ", 0.1)"),
    mutant("MAF: an ELU", MAFS, FIRST, FIRST.removesuffix(".relu()").replace("hidden = ", "hidden = nn.functional.elu(") + ")"),
    mutant("MAF: float32", MAFS, DIVIDED, DIVIDED.replace("return (x - m) * (-log_sigma).exp(),", "return ((x - m) * (-log_sigma).exp()).float(),"), habit="dtype"),
    mutant("IAF: plus", IAF, MIRROR, MIRROR.replace("-self", "self")),
    mutant("IAF: the log-determinant at x", IAF, MIRROR, MIRROR.replace("self.mirror(z)", "self.mirror(x)")),
    mutant("IAF: is MAF", IAF, "z = self.mirror.inverse(x)\n        " + MIRROR, "return self.mirror(x)", also=(("return self.mirror(z)[0]", "return self.mirror.inverse(z)"),)),
    mutant("IAF: inverse goes on", IAF, "return self.mirror(z)[0]", "return self.mirror(self.mirror(z)[0])[0]"),
    mutant("IAF: no gradient", IAFS, "z = self.mirror.inverse(x)\n", "z = self.mirror.inverse(x).detach()\n"),
    mutant("IAF: float32", IAFS, MIRROR, "return z.float(), -self.mirror(z)[1].float()", habit="dtype"),
    mutant("scale: small matrices grow", SCALED, CLAMPED, "return W / (sigma / c)"),
    mutant("scale: nothing is divided", SCALED, CLAMPED, "return 1.0 * W"),
    mutant("scale: divided by sigma", SCALED, CLAMPED, "return W / sigma.clamp(min=1)"),
    mutant("scale: Frobenius' norm", SCALED, CLAMPED, "return W / (W.norm() / c).clamp(min=1)"),
    mutant("scale: sigma squared", SCALED, CLAMPED, "return W / (sigma**2 / c).clamp(min=1)"),
    mutant("scale: multiplied by c", SCALED, CLAMPED, "return W / (sigma * c).clamp(min=1)"),
    mutant("scale: singular values", SCALED, CLAMPED, "return W / (torch.linalg.svdvals(W)[0] / c).clamp(min=1)"),
    mutant("scale: one iteration", (SCALED, SHAPES), "for _ in range(iterations):\n            v", "for _ in range(1):\n            v"),
    mutant("scale: three iterations, whatever is asked", SHAPES, "for _ in range(iterations):\n            v", "for _ in range(3):\n            v"),
    mutant("scale: zeros become nan", SHAPES, "v = nn.functional.normalize(W.T @ u, dim=0)", "v = W.T @ u / (W.T @ u).norm()"),
    mutant("scale: no gradient", SHAPES, CLAMPED, CLAMPED.replace("W /", "W.detach() /")),
    mutant("scale: float32", SHAPES, CLAMPED, "return (W / (sigma / c).clamp(min=1)).float()", habit="dtype"),
    mutant("fixed point: plus", FIXED, STEP, "x = y + g(x)"),
    mutant("fixed point: from 0", FIXED, "    x = y\n    for _ in range(iterations):", "    x = torch.zeros_like(y)\n    for _ in range(iterations):"),
    mutant("fixed point: subtracts from x", FIXED, STEP, "x = x - g(x)"),
    mutant("fixed point: g of y", FIXED, STEP, "x = y - g(y)"),
    mutant("fixed point: one step too many", FIXED, "    for _ in range(iterations):\n        x = y - g(x)", "    for _ in range(iterations + 1):\n        x = y - g(x)"),
    mutant("fixed point: without gradients", LINEAR, "    x = y\n    for _ in range(iterations):", "    y = y.detach()\n    x = y\n    for _ in range(iterations):"),
    mutant("fixed point: at least one step", LINEAR, "    for _ in range(iterations):\n        x = y - g(x)", "    for _ in range(max(iterations, 1)):\n        x = y - g(x)"),
    mutant("fixed point: float32", LINEAR, "    return x\n    ### END SOLUTION\n\n\ndef residual_log_det", "    return x.float()\n    ### END SOLUTION\n\n\ndef residual_log_det", habit="dtype"),
    mutant("series: no alternating signs", SERIES, TERM, TERM.replace("(-1) ** (k + 1) / k", "1 / k")),
    mutant("series: minus first", SERIES, TERM, TERM.replace("(k + 1)", "k")),
    mutant("series: not divided by k", SERIES, TERM, TERM.replace(" / k", "")),
    mutant("series: one term too few", SERIES, "for k in range(1, terms + 1):", "for k in range(1, terms):"),
    mutant("series: one term too many", SERIES, "for k in range(1, terms + 1):", "for k in range(1, terms + 2):"),
    mutant("series: only the first power", SERIES, "(product,) = torch.autograd.grad(y, leaf, product, retain_graph=True)", "(product,) = torch.autograd.grad(y, leaf, v, retain_graph=True)"),
    mutant("series: noise from 0 to 1", SERIES, SIGNS, "v = signs.to(x.dtype)"),
    mutant("series: the exact Jacobian", SERIES, body("residual_log_det", """
        eye = torch.eye(x.shape[1], dtype=x.dtype)
        return torch.stack([
            torch.linalg.slogdet(eye + torch.autograd.functional.jacobian(lambda r: g(r[None])[0], row))[1] for row in x
        ])
    """)),
    mutant("series: normal vectors", EXACT, SIGNS, "v = torch.randn(x.shape, generator=generator, dtype=x.dtype)"),
    mutant("series: one vector for all points", EXACT, "torch.randint(0, 2, x.shape, generator", "torch.randint(0, 2, x[:1].shape, generator", also=((SIGNS, "v = (2.0 * signs.to(x.dtype) - 1).expand(x.shape)"),)),
    mutant("series: the global generator", EXACT, "torch.randint(0, 2, x.shape, generator=generator, device=x.device)", "torch.randint(0, 2, x.shape, device=x.device)"),
    mutant("series: needs gradients to be on", EXACT, "    with torch.enable_grad():\n        leaf", "    if True:\n        leaf"),
    mutant("series: writes into x", EXACT, "leaf = x.detach().requires_grad_()", "leaf = x.mul_(1.001).detach().requires_grad_()"),
    mutant("series: float32", EXACT, TERM, "total = (total + (-1) ** (k + 1) / k * (product * v).sum(dim=1)).float()", habit="dtype"),
    mutant("noise: none", NOISE, LEVEL, "return (x + 0.5 * torch.ones(x.shape)) / L"),
    mutant("noise: around the level", NOISE, LEVEL, "return (x + noise - 0.5) / L"),
    mutant("noise: divided by L - 1", NOISE, LEVEL, "return (x + noise) / (L - 1)"),
    mutant("noise: of one row", NOISE, "noise = torch.rand(x.shape, generator", "noise = torch.rand(x.shape[-1:], generator"),
    mutant("noise: normal", NOISE, "noise = torch.rand(x.shape, ", "noise = torch.randn(x.shape, "),
    mutant("noise: not divided", NOISE, LEVEL, "return x / L + noise"),
    mutant("noise: the global generator", NOISE, "torch.rand(x.shape, generator=generator, ", "torch.rand(x.shape, "),
    mutant("noise: rounded in bytes", IMAGES, LEVEL, "return (x + (2 * noise).to(x.dtype)).float() / L"),
    mutant("noise: float64", IMAGES, LEVEL, "return (x + noise.double()) / L"),
    mutant("bits: without the levels", BITS, BIT, "return nll / (D * math.log(2))"),
    mutant("bits: nats", BITS, BIT, "return nll / D + math.log2(L)"),
    mutant("bits: the natural logarithm of the levels", BITS, BIT, BIT.replace("math.log2(L)", "math.log(L)")),
    mutant("bits: multiplied", BITS, BIT, "return nll / D * math.log(2) + math.log2(L)"),
    mutant("bits: not for each dimension", BITS, BIT, "return nll / math.log(2) + math.log2(L)"),
    mutant("bits: minus the levels", BITS, BIT, BIT.replace("+ math", "- math")),
    mutant("bits: always 256 levels", SLOPE, BIT, BIT.replace("math.log2(L)", "8")),
    mutant("bits: detached", SLOPE, BIT, BIT.replace("nll /", "nll.detach() /")),
    mutant("bits: float32", SLOPE, BIT, "return (nll / (D * math.log(2)) + math.log2(L)).float()", habit="dtype"),
    mutant("squeeze: a reshape", SQUARES, UNSHUFFLE, "N, C, H, W = x.shape\n    return x.reshape(N, 4 * C, H // 2, W // 2)"),
    mutant("squeeze: dx before dy", SQUARES, UNSHUFFLE, "return nn.functional.pixel_unshuffle(x.mT, 2).mT"),
    mutant("squeeze: the offset comes first", SQUARES, UNSHUFFLE, "y = nn.functional.pixel_unshuffle(x, 2)\n    return y.reshape(len(x), -1, 4, *y.shape[2:]).transpose(1, 2).reshape(y.shape)"),
    mutant("squeeze: back is squeezing", SQUARES, "    if inverse:\n        " + SHUFFLE, "    if False:\n        " + SHUFFLE),
    mutant("squeeze: back in another order", (SQUARES, BACK), SHUFFLE, "return nn.functional.pixel_shuffle(x.mT, 2).mT"),
    mutant("squeeze: the largest of the square", SQUARES, UNSHUFFLE, "return nn.functional.max_pool2d(x, 2).repeat(1, 4, 1, 1)"),
    mutant("squeeze: no gradient", BACK, UNSHUFFLE, "return nn.functional.pixel_unshuffle(x.detach(), 2)"),
    mutant("split: keeps the second half", HALF, "kept, others = x.chunk(2, dim=1)", "others, kept = x.chunk(2, dim=1)"),
    mutant("split: scores what is kept", HALF, KEPT, KEPT.replace("others", "kept")),
    mutant("split: a mean", HALF, KEPT, KEPT.replace("standard_normal(others.flatten(1))", "standard_normal(others.flatten(1)) / others[0].numel()")),
    mutant("split: summed over the batch", HALF, KEPT, KEPT + ".sum()"),
    mutant("split: every second channel", HALF, "kept, others = x.chunk(2, dim=1)", "kept, others = x[:, ::2], x[:, 1::2]"),
    mutant("split: minus", HALF, KEPT, KEPT.replace("standard", "-standard")),
    mutant("split: half of the rows", HALF, "kept, others = x.chunk(2, dim=1)", "kept, others = x.chunk(2, dim=2)"),
    mutant("split: no gradient", HALVES, KEPT, KEPT.replace("others.flatten", "others.detach().flatten")),
    mutant("split: float32", HALVES, KEPT, KEPT.replace("others.flatten(1))", "others.flatten(1)).float()"), habit="dtype"),
    mutant("spectral: seeds the global generator", SHAPES, CLAMPED, "torch.manual_seed(0)\n    " + CLAMPED),
    mutant("MAF: leaves evaluation mode on", MAFS, COLUMN, "self.eval()\n            " + COLUMN),
    mutant("MAF: forward leaves evaluation mode on", "check_maf_has_a_triangular_jacobian", first("MaskedAutoregressive.forward", "self.eval()")),
    mutant("IAF: inverse moves its points", "check_iaf_samples_in_one_pass", first("InverseAutoregressive.inverse", "z.mul_(1 + 1e-6)")),
    mutant("IAF: leaves evaluation mode on", "check_iaf_samples_in_one_pass", first("InverseAutoregressive.forward", "self.eval()")),
    mutant("squares: moves its maps", "check_squares_become_channels", first("squeeze2x2", "x.mul_(1 + 1e-6)")),
    mutant("series: the generator begins again", EXACT, first("residual_log_det", "if generator is not None:\n    generator.manual_seed(generator.initial_seed())")),
    mutant("noise: the generator begins again", IMAGES, first("dequantize", "if generator is not None:\n    generator.manual_seed(generator.initial_seed())")),
]
