"""Wrong answers to flows.py, part 1, each with the check that must notice it."""
# ruff: noqa: E501 - quotes lines of the reference

from autograder.authoring.mutants import first, mutants_of
from autograder.authoring.variants import body

mutant = mutants_of("flows.py")
BANANA, ONE = "check_density_of_a_banana", "check_density_integrates_to_one"
PLU, PLUS = "check_linear_layer_has_its_determinant", "check_linear_layers_of_other_sizes"
BENT, BENTS = "check_bent_axes_of_some_points", "check_bent_axes_of_other_points"
COUPLING, MASKS, MOONS = (
    "check_coupling_of_some_points",
    "check_coupling_of_other_masks",
    "check_coupling_layers_learn_two_moons",
)
ORDER, ORDERS = "check_permutation_of_columns", "check_permutations_of_other_sizes"
FIRST, STATE = "check_first_batch_is_normalised", "check_state_of_a_normalised_layer"
ADD = "        total = total + log_det\n"
END = "return total + base(x)"
PRODUCT = "z = (x @ upper.T @ lower.T)[:, self.order]"
LOG_S = "return z, self.s.abs().log().sum().expand(len(x))"
FACTORS = "return torch.tril(self.L, -1) + eye, torch.triu(self.U, 1) + torch.diag(self.s)"
PIECE = "piece = (K * x.detach()).floor().clamp(0, K - 1).long()"
SLOPE = "return z, torch.where(inside, (K * own).log(), 0.0).sum(dim=1)"
COUPLED = "return self.mask * x + (1 - self.mask) * (x * s.exp() + t), ((1 - self.mask) * s).sum(dim=1)"
UNCOUPLED = "return self.mask * z + (1 - self.mask) * (z - t) * (-s).exp()"
ASKED = "raw, t = self.net(self.mask * x).chunk(2, dim=1)"
NORMED = "return (x + self.shift) * self.log_scale.exp(), self.log_scale.sum().expand(len(x))"
SCALE = "self.log_scale.copy_(-x.std(dim=0, correction=0).log())"

# fmt: off
MUTANTS = [
    mutant("flow: no log-determinants", BANANA, END, "return base(x)"),
    mutant("flow: log-determinants subtracted", BANANA, ADD, ADD.replace("+ log_det", "- log_det")),
    mutant("flow: only the last log-determinant", BANANA, ADD, "        total = log_det\n"),
    mutant("flow: summed over the batch", BANANA, END, "return (total + base(x)).sum()"),
    mutant("flow: a mean over the batch", BANANA, END, "return (total + base(x)).mean()"),
    mutant("flow: the base of x itself", BANANA, "    total = torch.zeros_like(x[:, 0])\n    for layer in layers:", "    total, start = torch.zeros_like(x[:, 0]), x\n    for layer in layers:", also=((END, "return total + base(start)"),)),
    mutant("flow: layers backwards", BANANA, "    for layer in layers:\n        x, log_det", "    for layer in reversed(layers):\n        x, log_det"),
    mutant("flow: no base", BANANA, END, "return total"),
    mutant("flow: the batch's log-determinants are added up", BANANA, ADD, ADD.replace("+ log_det", "+ log_det.sum()")),
    mutant("flow: no gradient through the layers", ONE, ADD, ADD.replace("+ log_det", "+ log_det.detach()")),
    mutant("flow: float32", ONE, END, "return (total + base(x)).float()", habit="dtype"),
    mutant("PLU: without absolute values", PLU, LOG_S, LOG_S.replace(".abs()", "")),
    mutant("PLU: one number", PLU, LOG_S, LOG_S.replace(".expand(len(x))", "")),
    mutant("PLU: a product", PLU, LOG_S, LOG_S.replace(".log().sum()", ".prod()")),
    mutant("PLU: minus", PLU, LOG_S, LOG_S.replace("z, self", "z, -self")),
    mutant("PLU: counts every point", PLU, LOG_S, LOG_S.replace(".expand(len(x))", ".expand(len(x)) * len(x)")),
    mutant("PLU: L keeps its diagonal", PLU, FACTORS, FACTORS.replace("torch.tril(self.L, -1)", "torch.tril(self.L)")),
    mutant("PLU: U keeps its diagonal", PLU, FACTORS, FACTORS.replace("torch.triu(self.U, 1)", "torch.triu(self.U)")),
    mutant("PLU: L without ones", PLU, FACTORS, FACTORS.replace(" + eye", " + 0 * eye")),
    mutant("PLU: full matrices", PLU, FACTORS, "return self.L + eye, self.U + torch.diag(self.s)"),
    mutant("PLU: x W", PLU, PRODUCT, "z = x[:, self.order.argsort()] @ lower @ upper"),
    mutant("PLU: U L", PLU, PRODUCT, "z = (x @ lower.T @ upper.T)[:, self.order]"),
    mutant("PLU: a permutation that inverse forgets", PLU, "z[:, self.order.argsort()].T", "z.T"),
    mutant("PLU: the order twice in inverse", PLUS, "z[:, self.order.argsort()].T", "z[:, self.order].T", also=(("torch.randperm(D))\n        self.L", "torch.arange(D).roll(1))\n        self.L"),)),
    mutant("PLU: the permutation is not in the state", PLUS, 'self.register_buffer("order", torch.randperm(D))\n        self.L', "self.order = torch.randperm(D)\n        self.L"),
    mutant("PLU: nothing is permuted", PLUS, "torch.randperm(D))\n        self.L", "torch.arange(D))\n        self.L"),
    mutant("PLU: torch.linalg.inv", PLU, body("LinearPLU.inverse", """
        lower, upper = self.factors()
        return z[:, self.order.argsort()] @ torch.linalg.inv(lower @ upper).T
    """)),
    mutant("PLU: torch.slogdet", PLU, LOG_S, "return z, torch.linalg.slogdet(lower @ upper)[1].expand(len(x))"),
    mutant("PLU: s has no gradient in the log-determinant", PLUS, LOG_S, LOG_S.replace("self.s.abs()", "self.s.detach().abs()")),
    mutant("PLU: s is no parameter", PLUS, "self.s = nn.Parameter(torch.ones(D))", 'self.register_buffer("s", torch.ones(D))'),
    mutant("PLU: s starts at 0", PLUS, "self.s = nn.Parameter(torch.ones(D))", "self.s = nn.Parameter(torch.zeros(D))"),
    mutant("PLU: float32", PLUS, PRODUCT, PRODUCT + ".float()", habit="dtype"),
    mutant("bent: shares that are not normalised", BENT, "phi = torch.softmax(self.logits, dim=1)\n        starts", "phi = self.logits.exp()\n        starts"),
    mutant("bent: K is missing in the slope", BENT, SLOPE, SLOPE.replace("(K * own)", "own")),
    mutant("bent: the slope itself", BENT, SLOPE, SLOPE.replace("(K * own).log()", "K * own")),
    mutant("bent: minus", BENT, SLOPE, SLOPE.replace("z, torch", "z, -torch")),
    mutant("bent: a log-determinant for each coordinate", BENT, SLOPE, SLOPE.replace(".sum(dim=1)", "")),
    mutant("bent: clamped outside", BENT, "(K * x - piece) * own, x)", "(K * x - piece) * own, x.clamp(0, 1))"),
    mutant("bent: the slope outside", BENT, SLOPE, SLOPE.replace("torch.where(inside, (K * own).log(), 0.0)", "(K * own).log()")),
    mutant("bent: pieces without a slope", BENT, "starts[column, piece] + (K * x - piece) * own", "starts[column, piece] + 0 * own"),
    mutant("bent: the end of a piece for its start", BENT, "starts = phi.cumsum(dim=1) - phi", "starts = phi.cumsum(dim=1)"),
    mutant("bent: shares of the first coordinate", BENT, "phi = torch.softmax(self.logits, dim=1)\n        starts", "phi = torch.softmax(self.logits[:1], dim=1).expand(D, -1)\n        starts"),
    mutant("bent: rounds to the nearest piece", BENT, PIECE, PIECE.replace("floor()", "round()")),
    mutant("bent: 1 is outside", BENTS, "inside = (x >= 0) & (x <= 1)", "inside = (x >= 0) & (x < 1)"),
    mutant("bent: 1 has no piece", BENTS, PIECE, "piece = (K * x.detach()).floor().long() % K"),
    mutant("bent: a new layer is not the identity", BENTS, "self.logits = nn.Parameter(torch.zeros(D, K))", "self.logits = nn.Parameter(torch.randn(D, K))"),
    mutant("bent: no gradient in the shares", BENTS, "phi = torch.softmax(self.logits, dim=1)\n        starts", "phi = torch.softmax(self.logits.detach(), dim=1)\n        starts"),
    mutant("bent: inverse of the first piece only", BENT, "piece = (z.detach()[:, :, None] >= ends[None, :, :-1]).sum(dim=2)", "piece = 0 * z.detach().long()"),
    mutant("bent: float32", BENTS, SLOPE, SLOPE.replace("return z,", "return z.float(),"), habit="dtype"),
    mutant("coupling: the network sees everything", COUPLING, ASKED, ASKED.replace("self.mask * x", "x")),
    mutant("coupling: conditions on the half that changes", COUPLING, ASKED, ASKED.replace("self.mask * x", "(1 - self.mask) * x")),
    mutant("coupling: the mask the other way round", COUPLING, 'self.register_buffer("mask", mask)', 'self.register_buffer("mask", 1 - mask)'),
    mutant("coupling: s is not bounded", COUPLING, "return raw.tanh(), t", "return raw, t"),
    mutant("coupling: s and t exchanged", COUPLING, ASKED, ASKED.replace("raw, t", "t, raw")),
    mutant("coupling: no exp", COUPLING, COUPLED, COUPLED.replace("s.exp()", "s")),
    mutant("coupling: minus", (COUPLING, MOONS), COUPLED, COUPLED.replace(", ((1", ", -((1"), calibrates=True),
    mutant("coupling: s of both halves counts", COUPLING, COUPLED, COUPLED.replace("((1 - self.mask) * s)", "s")),
    mutant("coupling: no log-determinant", (COUPLING, MOONS), COUPLED, COUPLED.replace(", ((1", ", 0 * ((1"), calibrates=True),
    mutant("coupling: a mean", COUPLING, COUPLED, COUPLED.replace(".sum(dim=1)", ".mean(dim=1)")),
    mutant("coupling: no shift", (COUPLING, MOONS), COUPLED, COUPLED.replace(" + t)", " + 0 * t)"), calibrates=True),
    mutant("coupling: the scale has no gradient", MASKS, "return raw.tanh(), t", "return raw.tanh().detach(), t"),
    mutant("coupling: inverse scales like forward", COUPLING, UNCOUPLED, UNCOUPLED.replace("(-s)", "s")),
    mutant("coupling: inverse shifts at the end", COUPLING, UNCOUPLED, UNCOUPLED.replace("(z - t) * (-s).exp()", "(z * (-s).exp() - t)")),
    mutant("coupling: inverse forgets half a", COUPLING, UNCOUPLED, UNCOUPLED.replace("self.mask * z + ", "")),
    mutant("coupling: the mask is not a buffer", MASKS, 'self.register_buffer("mask", mask)', "self.mask = mask"),
    mutant("coupling: half of D stays, whatever the mask", MASKS, 'self.register_buffer("mask", mask)', 'self.register_buffer("mask", torch.cat([mask[: len(mask) // 2], mask[len(mask) // 2 :]]) if len(mask) % 2 == 0 else mask.new_ones(len(mask)))'),
    mutant("coupling: float32", MASKS, COUPLED, "return (self.mask * x + (1 - self.mask) * (x * s.exp() + t)).float(), ((1 - self.mask) * s).sum(dim=1)", habit="dtype"),
    mutant("permutation: passes no gradient", ORDERS, "return x[:, self.order], torch.zeros_like(x[:, 0])", "return x.detach()[:, self.order], torch.zeros_like(x[:, 0])"),
    mutant("permutation: forward undoes", ORDER, "return x[:, self.order], torch.zeros_like(x[:, 0])", "return x[:, self.order.argsort()], torch.zeros_like(x[:, 0])"),
    mutant("permutation: inverse does it again", ORDER, "return z[:, self.order.argsort()]\n        ### END SOLUTION\n\n\n# %% task=\"ActNorm\"", "return z[:, self.order]\n        ### END SOLUTION\n\n\n# %% task=\"ActNorm\""),
    mutant("permutation: one number", ORDER, "return x[:, self.order], torch.zeros_like(x[:, 0])", "return x[:, self.order], torch.zeros(())"),
    mutant("permutation: nothing moves", ORDER, "return x[:, self.order], torch.zeros_like(x[:, 0])", "return x, torch.zeros_like(x[:, 0])"),
    mutant("permutation: rows", ORDER, "return x[:, self.order], torch.zeros_like(x[:, 0])", "return x[self.order[: len(x)] % len(x)], torch.zeros_like(x[:, 0])"),
    mutant("permutation: a log-determinant of ones", ORDER, "return x[:, self.order], torch.zeros_like(x[:, 0])", "return x[:, self.order], torch.ones_like(x[:, 0])"),
    mutant("permutation: the order is not a buffer", ORDERS, 'self.register_buffer("order", order)\n        ### END', "self.order = order\n        ### END"),
    mutant("permutation: float32", ORDERS, "return x[:, self.order], torch.zeros_like(x[:, 0])", "return x[:, self.order], torch.zeros(len(x))", habit="dtype"),
    mutant("actnorm: N - 1", FIRST, SCALE, SCALE.replace("correction=0", "correction=1")),
    mutant("actnorm: the variance", FIRST, SCALE, SCALE.replace("x.std", "x.var")),
    mutant("actnorm: no shift", FIRST, "self.shift.copy_(-x.mean(dim=0))", "pass"),
    mutant("actnorm: no scale", FIRST, SCALE, "pass"),
    mutant("actnorm: every batch", FIRST, "if self.training and not self.started:", "if self.training:"),
    mutant("actnorm: never", FIRST, "if self.training and not self.started:", "if False:"),
    mutant("actnorm: minus", FIRST, NORMED, NORMED.replace(", self.log", ", -self.log")),
    mutant("actnorm: times the number of points", FIRST, NORMED, NORMED.replace(".expand(len(x))", ".expand(len(x)) * len(x)")),
    mutant("actnorm: one number", FIRST, NORMED, NORMED.replace(".expand(len(x))", "")),
    mutant("actnorm: in evaluation mode, too", STATE, "if self.training and not self.started:", "if not self.started:"),
    mutant("actnorm: the start is not in the state", STATE, 'self.register_buffer("started", torch.tensor(False))', "self.started = torch.tensor(False)"),
    mutant("actnorm: shift and scale are buffers", STATE, "self.shift, self.log_scale = nn.Parameter(torch.zeros(D)), nn.Parameter(torch.zeros(D))", 'self.register_buffer("shift", torch.zeros(D))\n        self.register_buffer("log_scale", torch.zeros(D))'),
    mutant("actnorm: the shift is a buffer", STATE, "self.shift, self.log_scale = nn.Parameter(torch.zeros(D)), nn.Parameter(torch.zeros(D))", 'self.register_buffer("shift", torch.zeros(D))\n        self.log_scale = nn.Parameter(torch.zeros(D))'),
    mutant("actnorm: the scale is a buffer", STATE, "self.shift, self.log_scale = nn.Parameter(torch.zeros(D)), nn.Parameter(torch.zeros(D))", 'self.shift = nn.Parameter(torch.zeros(D))\n        self.register_buffer("log_scale", torch.zeros(D))'),
    mutant("actnorm: writes into x", STATE, NORMED, NORMED.replace("return (x + self.shift)", "x -= -self.shift.detach()\n        return (x + 0 * self.shift)")),
    mutant("actnorm: float32", STATE, NORMED, NORMED.replace("return (x + self.shift) * self.log_scale.exp(),", "return ((x + self.shift) * self.log_scale.exp()).float(),"), habit="dtype"),
    mutant("PLU: seeds the global generator", PLUS, 'super().__init__()\n        self.register_buffer("order", torch.randperm(D))', 'super().__init__()\n        torch.manual_seed(0)\n        self.register_buffer("order", torch.randperm(D))'),
    mutant("density: needs a second coordinate", "check_density_integrates_to_one", "total = torch.zeros_like(x[:, 0])", "total = torch.zeros_like(x[:, 1])"),
    mutant("density: moves its points", "check_density_of_a_banana", first("flow_log_prob", "x.mul_(1 + 1e-6)")),
    mutant("density: leaves the layers in evaluation mode", "check_density_of_a_banana", first("flow_log_prob", "[layer.eval() for layer in layers]")),
    mutant("PLU: inverse moves its points", "check_linear_layer_has_its_determinant", first("LinearPLU.inverse", "z.mul_(1 + 1e-6)")),
    mutant("PLU: inverse leaves evaluation mode on", "check_linear_layer_has_its_determinant", first("LinearPLU.inverse", "self.eval()")),
    mutant("bent: inverse moves its points", "check_bent_axes_of_some_points", first("PiecewiseLinear.inverse", "z.mul_(1 + 1e-6)")),
    mutant("PLU: a factor that is learned", PLUS, PRODUCT, PRODUCT + " * self.factor", also=(("self.s = nn.Parameter(torch.ones(D))", "self.s = nn.Parameter(torch.ones(D))\n        self.factor = nn.Parameter(torch.ones(1))"),)),
    mutant("PLU: leaves training mode on", PLUS, first("LinearPLU.forward", "self.train()")),
    mutant("bent: leaves training mode on", "check_bent_axes_of_other_points", first("PiecewiseLinear.forward", "self.train()")),
    mutant("coupling: leaves training mode on", "check_coupling_of_other_masks", first("AffineCoupling.forward", "self.train()")),
    mutant("permutation: leaves training mode on", ORDERS, first("Permutation.forward", "self.train()")),
    mutant("bent: leaves evaluation mode on", "check_bent_axes_of_some_points", first("PiecewiseLinear.forward", "self.eval()")),
    mutant("coupling: inverse moves its points", "check_coupling_of_some_points", first("AffineCoupling.inverse", "z.mul_(1 + 1e-6)")),
    mutant("coupling: leaves evaluation mode on", "check_coupling_of_some_points", first("AffineCoupling.forward", "self.eval()")),
    mutant("permutation: inverse moves its points", "check_permutation_of_columns", first("Permutation.inverse", "z.mul_(1 + 1e-6)")),
    mutant("permutation: leaves evaluation mode on", "check_permutation_of_columns", first("Permutation.forward", "self.eval()")),
    mutant("ActNorm: inverse moves its points", "check_first_batch_is_normalised", first("ActNorm.inverse", "z.mul_(1 + 1e-6)")),
    mutant("ActNorm: inverse leaves evaluation mode on", "check_first_batch_is_normalised", first("ActNorm.inverse", "self.eval()")),
]
