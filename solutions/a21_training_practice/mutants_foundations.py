"""Wrong answers to foundations.py, each with the check that must notice it."""
# ruff: noqa: E501 - quotes lines of the reference

from autograder.authoring.mutants import mutants_of
from autograder.authoring.variants import body

mutant = mutants_of("foundations.py")
LINE, LINE2 = "check_line_through_some_points", "check_lines_of_other_points"
PIECES, PIECES2 = "check_numbers_of_pieces", "check_other_numbers_of_pieces"
SIZES, SIZES2 = "check_numbers_of_parameters", "check_other_numbers_of_parameters"
PATTERNS, PATTERNS2 = "check_patterns_of_some_points", "check_other_patterns"
KNOTS, KNOTS2 = "check_network_hits_its_knots", "check_network_between_its_knots"
VALUES, VALUES2 = "check_activations_at_two_places", "check_activations_of_large_numbers"
SLOPES, SLOPES2 = "check_slopes_of_activations", "check_slopes_of_large_numbers"
LARGEST, LARGEST2 = "check_largest_of_some_pieces", "check_largest_of_other_pieces"
NLL, NLL2 = "check_worked_likelihoods", "check_likelihoods_sum_to_one"
ANGLE, ANGLE2 = "check_worked_direction", "check_directions_of_all_kappas"
MIX, MIX2 = "check_mixture_of_two", "check_mixtures_far_away"
ORDER, ORDER2 = "check_worked_order", "check_all_orders_sum_to_one"
MARGIN, MARGIN2 = "check_margins_of_some_scores", "check_other_margins"
PAIRS, PAIRS2 = "check_pairs_at_some_distances", "check_other_pairs"
SMOOTH, SMOOTH2 = "check_worked_smoothing", "check_smoothing_of_other_logits"
FIRST, FIRST2 = "check_first_weights", "check_fifty_layers"
RAW = "-(logits.log_softmax(dim=1) + each).logsumexp(dim=1).mean()"

# fmt: off
MUTANTS = [
    mutant("patterns: numbers as floats", PATTERNS2, body("activation_patterns", """
        on = X @ W.T + b > 0
        codes = (on.float() * 2.0 ** torch.arange(len(b), device=X.device)).sum(dim=1)
        numbers, which = codes.unique(return_inverse=True)
        return torch.stack([on[which == n][0] for n in range(len(numbers))]), which
    """)),
    mutant("maxout: without a gradient", LARGEST2, body("maxout", """
        return x.detach().reshape(len(x), k, -1).amax(dim=1)
    """)),
    mutant("likelihood: cuts the logarithm of the variance", NLL2, body("nll", """
        if kind == "gaussian":
            v = prediction[:, 1].clamp(-5, 5)
            return 0.5 * (math.log(2 * math.pi) + v + (y - prediction[:, 0]) ** 2 * torch.exp(-v)).mean()
        if kind == "laplace":
            return (math.log(2) + prediction[:, 1] + (y - prediction[:, 0]).abs() * torch.exp(-prediction[:, 1])).mean()
        if kind == "bernoulli":
            return (torch.nn.functional.softplus(prediction[:, 0]) - y * prediction[:, 0]).mean()
        if kind == "categorical":
            return -prediction.log_softmax(dim=1).gather(1, y[:, None]).mean()
        if kind == "poisson":
            return (prediction[:, 0].exp() - y * prediction[:, 0] + torch.lgamma(y + 1)).mean()
        raise ValueError(kind)
    """)),
    mutant("orders: large scores overflow", ORDER2, body("nll_plackett_luce", """
        chosen = scores.gather(1, order)
        return (chosen.flip(1).exp().cumsum(dim=1).log().flip(1) - chosen).sum(dim=1).mean()
    """)),
    mutant("regression: the bias is penalised", LINE, body("linear_regression", "A = torch.cat([X, torch.ones_like(X[:, :1])], dim=1)\nw = torch.linalg.solve(A.T @ A + ridge * torch.eye(A.shape[1], dtype=X.dtype, device=X.device), A.T @ y)\nreturn w[:-1], w[-1]")),
    mutant("regression: no bias", LINE, "centred = X - X_mean", "centred = X"),
    mutant("regression: no penalty", LINE, "+ ridge * torch.eye(", "+ 0 * torch.eye("),
    mutant("regression: the penalty times N", LINE, "+ ridge * torch.eye(", "+ ridge * len(X) * torch.eye("),
    mutant("regression: the bias is the mean of y", LINE, "return w, y_mean - X_mean @ w", "return w, y_mean"),
    mutant("regression: a penalty by default", LINE2, "ridge: float = 0.0", "ridge: float = 1.0"),
    mutant("regression: float32", LINE2, "return w, y_mean - X_mean @ w", "return w.float(), (y_mean - X_mean @ w).float()", habit="dtype"),
    mutant("regression: changes X", LINE2, "X_mean, y_mean = X.mean(dim=0), y.mean()\n    centred = X - X_mean", "X_mean, y_mean = X.mean(dim=0), y.mean()\n    X -= X_mean\n    centred = X", habit="in place"),
    mutant("pieces: the sum to D", PIECES, "range(D_in + 1)", "range(D + 1)"),
    mutant("pieces: the sum without the last", PIECES, "range(D_in + 1)", "range(D_in)"),
    mutant("pieces: the sum from 1", PIECES, "range(D_in + 1)", "range(1, D_in + 1)"),
    mutant("pieces: floats", PIECES2, "return sum(math.comb(D, j)", "return sum(1.0 * math.comb(D, j)"),
    mutant("pieces: fewer units than inputs", PIECES2, body("count_regions", "total, term = 0, 1\nfor j in range(D_in + 1):\n    total, term = total + term, term * (D - j) // (j + 1) if D > 3 else term\nreturn total")),
    mutant("parameters: no biases", SIZES, "(a + 1) * b", "a * b"),
    mutant("parameters: K connections between hidden layers", SIZES, "*[D] * K, D_out]", "*[D] * (K + 1), D_out]"),
    mutant("parameters: only for one output", SIZES2, "*[D] * K, D_out]", "*[D] * K, 1]"),
    mutant("parameters: no network without hidden layers", SIZES2, "    sizes = [D_in,", "    if K == 0:\n        return 0\n    sizes = [D_in,"),
    mutant("patterns: not all different ones", PATTERNS, "X @ W.T + b > 0, dim=0", "X @ W.T > 0, dim=0"),
    mutant("patterns: one for each point", PATTERNS, "    return patterns, which\n", "    return patterns[which], torch.arange(len(X), device=X.device)\n"),
    mutant("patterns: a unit at 0 is on", PATTERNS2, "X @ W.T + b > 0", "X @ W.T + b >= 0"),
    mutant("patterns: powers of two", PATTERNS2, body("activation_patterns", "on = X @ W.T + b > 0\npowers = 2 ** torch.arange(len(b), device=X.device)\n_, which = torch.unique((on * powers).sum(dim=1), return_inverse=True)\npatterns = on.new_zeros(int(which.max()) + 1, len(b))\npatterns[which] = on\nreturn patterns, which")),
    mutant("patterns: numbers", PATTERNS, "X @ W.T + b > 0", "(X @ W.T + b > 0).to(X.dtype)"),
    mutant("knots: slopes as weights", KNOTS, "torch.cat([slopes[:1], slopes.diff()])", "slopes"),
    mutant("knots: differences without widths", KNOTS, "y_knots.diff() / x_knots.diff()", "y_knots.diff()"),
    mutant("knots: joints at the right ends", KNOTS, "x_knots[:-1].clone()", "x_knots[1:].clone()"),
    mutant("knots: the bias at x = 0", KNOTS, "y_knots[0].clone()", "y_knots[0] - slopes[0] * x_knots[0]"),
    mutant("knots: at most ten joints", KNOTS2, "return y_knots[0].clone(), changes, x_knots[:-1].clone()", "return y_knots[0].clone(), changes[:10], x_knots[:-1][:10]"),
    mutant("knots: the bias has an axis", KNOTS2, "y_knots[0].clone(), changes", "y_knots[:1].clone(), changes"),
    mutant("activation: SELU without scale on the right", VALUES, "SELU_SCALE * torch.where(x > 0, x, SELU_ALPHA * torch.expm1(low))", "torch.where(x > 0, x, SELU_SCALE * SELU_ALPHA * torch.expm1(low))"),
    mutant("activation: SELU's sides exchanged", VALUES, "SELU_SCALE * torch.where(x > 0, x, SELU_ALPHA", "SELU_SCALE * torch.where(x < 0, x, SELU_ALPHA"),
    mutant("activation: GELU by tanh", VALUES2, "return x * 0.5 * (1 + torch.erf(x / math.sqrt(2)))", "return 0.5 * x * (1 + (math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)).tanh())"),
    mutant("activation: GELU without the root", VALUES, "return x * 0.5 * (1 + torch.erf(x / math.sqrt(2)))", "return x * 0.5 * (1 + torch.erf(x))"),
    mutant("activation: leaky with a hundredth", VALUES, "torch.where(x > 0, x, 0.1 * x)", "torch.where(x > 0, x, 0.01 * x)"),
    mutant("activation: the sigmoid overflows", VALUES2, "return x.sigmoid()\n    if name == \"tanh\"", "return x.exp() / (1 + x.exp())\n    if name == \"tanh\""),
    mutant("activation: ELU overflows by products", VALUES2, "return torch.where(x > 0, x, torch.expm1(low))", "return x * (x > 0) + torch.expm1(x) * (x <= 0)"),
    mutant("activation: torch's own", VALUES2, "return x * x.sigmoid()\n    raise", "return torch.nn.functional.silu(x)\n    raise"),
    mutant("activation: an unknown name is x", VALUES, "        return x * x.sigmoid()\n    raise ValueError(f\"unknown activation {name!r}\")", "        return x * x.sigmoid()\n    return x"),
    mutant("slope: swish's second term is missing", SLOPES, "return s + x * s * (1 - s)", "return s"),
    mutant("slope: the density is missing", SLOPES, "+ x * (-x * x / 2).exp() / math.sqrt(2 * math.pi)", ""),
    mutant("slope: tanh without the square", SLOPES, "1 - x.tanh() ** 2", "1 - x.tanh()"),
    mutant("slope: ELU minus 1", SLOPES, "if name == \"elu\":\n        return torch.where(x > 0, one, left)", "if name == \"elu\":\n        return torch.where(x > 0, one, left - 1)"),
    mutant("slope: ReLU's at 0 is 1", SLOPES2, "torch.where(x > 0, one, 0 * one)", "torch.where(x >= 0, one, 0 * one)"),
    mutant("slope: SELU overflows", SLOPES2, "left = x.clamp(max=0).exp()", "left = x.exp()\n    if name == \"selu\":\n        return SELU_SCALE * ((x > 0) + SELU_ALPHA * left * (x <= 0))"),
    mutant("slope: automatic", SLOPES2, "    s, one = x.sigmoid(), torch.ones_like(x)", "    if name == \"swish\":\n        leaf = x.detach().clone().requires_grad_()\n        return torch.autograd.grad((leaf * leaf.sigmoid()).sum(), leaf)[0]\n    s, one = x.sigmoid(), torch.ones_like(x)"),
    mutant("slope: float32", SLOPES2, "s, one = x.sigmoid(), torch.ones_like(x)", "x = x.float()\n    s, one = x.sigmoid(), torch.ones_like(x)", habit="dtype"),
    mutant("maxout: neighbours", LARGEST, "x.reshape(len(x), k, -1).amax(dim=1)", "x.reshape(len(x), -1, k).amax(dim=2)"),
    mutant("maxout: the mean", LARGEST, "amax(dim=1)", "mean(dim=1)"),
    mutant("maxout: two pieces only", LARGEST2, "return x.reshape(len(x), k, -1).amax(dim=1)", "D = x.shape[1] // k\n    return torch.maximum(x[:, :D], x[:, -D:])"),
    mutant("nll: no constant", NLL, "each = 0.5 * (math.log(2 * math.pi) + log_var", "each = 0.5 * (log_var"),
    mutant("nll: the column is the deviation's logarithm", NLL, "log_var = prediction[:, 1]\n", "log_var = 2 * prediction[:, 1]\n"),
    mutant("nll: only the squared error is halved", NLL, "each = 0.5 * (math.log(2 * math.pi) + log_var + (y - first) ** 2 * (-log_var).exp())", "each = 0.5 * math.log(2 * math.pi) + log_var + 0.5 * (y - first) ** 2 * (-log_var).exp()"),
    mutant("nll: Laplace without log 2", NLL, "math.log(2) + prediction[:, 1] + (y", "prediction[:, 1] + (y"),
    mutant("nll: Poisson without the factorial", NLL, " + torch.lgamma(y + 1)", ""),
    mutant("nll: the factorial of y - 1", NLL, "torch.lgamma(y + 1)", "torch.lgamma(y.clamp(min=1))"),
    mutant("nll: the rate itself", NLL, "first.exp() - y * first +", "first - y * first.log() +"),
    mutant("nll: sums", NLL, "    return each.mean()\n    ### END", "    return each.sum()\n    ### END"),
    mutant("nll: the logit overflows", NLL2, "torch.logaddexp(first, torch.zeros_like(first))", "(1 + first.exp()).log()"),
    mutant("nll: the softmax overflows", NLL2, "prediction.logsumexp(dim=1) - prediction.gather", "prediction.exp().sum(dim=1).log() - prediction.gather"),
    mutant("nll: the variance is detached", NLL2, "(y - first) ** 2 * (-log_var).exp())\n    elif", "(y - first) ** 2 * (-log_var).exp().detach())\n    elif"),
    mutant("nll: clamped logarithms", NLL2, "log_var = prediction[:, 1]\n", "log_var = prediction[:, 1].clamp(min=0)\n"),
    mutant("nll: float32", NLL2, "    first = prediction[:, 0]\n", "    prediction = prediction.float()\n    y = y if kind == \"categorical\" else y.float()\n    first = prediction[:, 0]\n", habit="dtype"),
    mutant("directions: no Bessel function", ANGLE, "math.log(2 * math.pi) + log_i0 -", "math.log(2 * math.pi) -"),
    mutant("directions: the scaled Bessel function", ANGLE, "torch.special.i0e(kappa).log() + kappa", "torch.special.i0e(kappa).log()"),
    mutant("directions: kappa itself", ANGLE, "kappa = prediction[:, 1].exp()", "kappa = prediction[:, 1]"),
    mutant("directions: the Bessel function overflows", ANGLE2, "torch.special.i0e(kappa).log() + kappa", "torch.special.i0(kappa).log()"),
    mutant("directions: the logarithm of kappa is cut", ANGLE2, "kappa = prediction[:, 1].exp()", "kappa = prediction[:, 1].clamp(min=-7).exp()"),
    mutant("directions: a squared difference", ANGLE, "kappa * (y - prediction[:, 0]).cos()", "kappa * (1 - (y - prediction[:, 0]) ** 2 / 2)"),
    mutant("mixture: sums of densities", MIX2, RAW, "-((logits.log_softmax(dim=1) + each).exp().sum(dim=1)).log().mean()"),
    mutant("mixture: equal weights", MIX, "logits.log_softmax(dim=1) + each", "each - math.log(logits.shape[1])"),
    mutant("mixture: logits without softmax", MIX, "logits.log_softmax(dim=1) + each", "logits + each"),
    mutant("mixture: mean of logarithms", MIX, RAW, "-(logits.softmax(dim=1) * each).sum(dim=1).mean()"),
    mutant("mixture: columns of one part together", MIX, "logits, mean, log_var = prediction.chunk(3, dim=1)", "logits, mean, log_var = prediction.reshape(len(prediction), -1, 3).unbind(dim=2)"),
    mutant("mixture: the logarithms of variances are cut", MIX2, "logits, mean, log_var = prediction.chunk(3, dim=1)", "logits, mean, log_var = prediction.chunk(3, dim=1)\n    log_var = log_var.clamp(-6, 6)"),
    mutant("mixture: the best part only", MIX2, ".logsumexp(dim=1).mean()", ".amax(dim=1).mean()"),
    mutant("orders: worst first", ORDER, "sorted_scores = scores.gather(1, order)", "sorted_scores = scores.gather(1, order.flip(1))"),
    mutant("orders: the softmax of all", ORDER, "left = sorted_scores.flip(1).logcumsumexp(dim=1).flip(1)", "left = sorted_scores.logsumexp(dim=1, keepdim=True)"),
    mutant("orders: those that were chosen", ORDER, "left = sorted_scores.flip(1).logcumsumexp(dim=1).flip(1)", "left = sorted_scores.logcumsumexp(dim=1)"),
    mutant("orders: ranks in place of items", ORDER2, "scores.gather(1, order)", "scores.gather(1, order.argsort(dim=1))"),
    mutant("orders: the mean over places", ORDER, "(left - sorted_scores).sum(dim=1).mean()", "(left - sorted_scores).mean()"),
    mutant("margins: no margin", MARGIN, "(1 - y * score).clamp(min=0)", "(-y * score).clamp(min=0)"),
    mutant("margins: the exponential's sign", MARGIN, "(-y * score).exp()", "(y * score).exp()"),
    mutant("margins: squared", MARGIN, "(1 - y * score).clamp(min=0).mean()", "(1 - y * score).clamp(min=0).square().mean()"),
    mutant("margins: softplus", MARGIN2, "(1 - y * score).clamp(min=0).mean()", "torch.nn.functional.softplus(1 - y * score, beta=20).mean()"),
    mutant("pairs: not cut", PAIRS, "(m - d).clamp(min=0) ** 2", "(m - d) ** 2"),
    mutant("pairs: labels exchanged", PAIRS, "y * d**2 + (1 - y) *", "(1 - y) * d**2 + y *"),
    mutant("pairs: no half", PAIRS, "return 0.5 * (y * d**2", "return (y * d**2"),
    mutant("pairs: a margin of 2", PAIRS2, "(m - d).clamp", "(2 - d).clamp"),
    mutant("smoothing: a / (K - 1) for the others", SMOOTH, "return -((1 - a) * right + a * logs.mean(dim=1)).mean()", "return -((1 - a) * right + a * (logs.sum(dim=1) - right) / (logs.shape[1] - 1)).mean()"),
    mutant("smoothing: the sum of the others", SMOOTH, "a * logs.mean(dim=1)", "a * logs.sum(dim=1)"),
    mutant("smoothing: not at all", SMOOTH, "((1 - a) * right + a * logs.mean(dim=1))", "right"),
    mutant("smoothing: three classes", SMOOTH2, "logs.mean(dim=1)", "logs.sum(dim=1) / 3"),
    mutant("smoothing: the softmax's logarithm", SMOOTH2, "logits.log_softmax(dim=1)\n    right", "(logits.softmax(dim=1) + 1e-12).log()\n    right"),
    mutant("weights: variances", FIRST, "return math.sqrt(variance[kind])", "return variance[kind]"),
    mutant("weights: He with outputs", FIRST, '"he": 2 / fan_in', '"he": 2 / fan_out'),
    mutant("weights: Xavier with 1", FIRST, '"xavier": 2 / (fan_in', '"xavier": 1 / (fan_in'),
    mutant("weights: LeCun with outputs", FIRST, '"lecun": 1 / fan_in', '"lecun": 1 / fan_out'),
    mutant("weights: rounded", FIRST2, "return math.sqrt(variance[kind])", "return round(math.sqrt(variance[kind]), 2)"),
]
