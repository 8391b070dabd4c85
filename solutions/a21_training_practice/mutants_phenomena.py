"""Wrong answers to phenomena.py, each with the check that must notice it."""
# ruff: noqa: E501 - quotes lines of the reference

from autograder.authoring.mutants import mutants_of

mutant = mutants_of("phenomena.py")
ROUND, ROUND2 = "check_one_round_of_the_lottery", "check_rounds_of_the_lottery"
SOFT, SOFT2 = "check_worked_distillation", "check_gradients_of_distillation"
LAGS, LAGS2 = "check_autocorrelation_of_some_numbers", "check_autocorrelation_at_all_lags"
BASIS, BASIS2 = "check_columns_are_orthonormal", "check_directions_are_equally_likely"
REWIND = "return [p * m for p, m in zip(initial, new, strict=True)], new"

# fmt: off
MUTANTS = [
    mutant("lottery: keeps trained weights", ROUND, REWIND, "return [p * m for p, m in zip(trained, new, strict=True)], new"),
    mutant("lottery: no mask on the weights", ROUND, REWIND, "return [p.clone() for p in initial], new"),
    mutant("lottery: fresh weights", ROUND, REWIND, "return [torch.randn_like(p) * m for p, m in zip(initial, new, strict=True)], new"),
    mutant("lottery: each layer alone", ROUND, "    parts = iter(alive.split([size.numel() for size in sizes]))\n", "    parts = []\n    for size in sizes:\n        there = size.flatten().isfinite()\n        there[size.flatten().argsort(stable=True)[: int(fraction * int(there.sum()))]] = False\n        parts.append(there)\n    parts = iter(parts)\n"),
    mutant("lottery: removes the largest", ROUND, "sizes = [p.abs().masked_fill", "sizes = [(1 / p).abs().masked_fill"),
    mutant("lottery: signed values", ROUND, "p.abs().masked_fill", "p.masked_fill"),
    mutant("lottery: initial values decide", ROUND, "for p, m, c in zip(trained, masks, counted, strict=True) if c]", "for p, m, c in zip(initial, masks, counted, strict=True) if c]"),
    mutant("lottery: biases count", ROUND, "counted = [p.dim() > 1 for p in trained]", "counted = [p.dim() > 0 for p in trained]"),
    mutant("lottery: a fraction of all weights", ROUND2, "count = int(fraction * int(flat.isfinite().sum()))", "count = int(fraction * flat.numel())"),
    mutant("lottery: removed ones come back", ROUND2, "masked_fill(~m, torch.inf)", "masked_fill(~m, 1e3)"),
    mutant("lottery: removed ones are removed again", ROUND2, "masked_fill(~m, torch.inf)", "masked_fill(~m, 0.0)"),
    mutant("lottery: weights of 0 are gone", ROUND2, "    sizes = [p.abs()", "    masks = [m & (p != 0) if c else m for p, m, c in zip(trained, masks, counted, strict=True)]\n    sizes = [p.abs()"),
    mutant("lottery: all but zeros is there", ROUND2, "    sizes = [p.abs()", "    masks = [p != 0 if c else m for p, m, c in zip(trained, masks, counted, strict=True)]\n    sizes = [p.abs()"),
    mutant("lottery: biases get full masks", ROUND2, "else m.clone() for", "else torch.ones_like(m) for"),
    mutant("lottery: matrices only", ROUND2, "p.dim() > 1 for p in trained", "p.dim() == 2 for p in trained"),
    mutant("lottery: rounds up", ROUND2, "int(fraction * int(flat.isfinite().sum()))", "-int(-fraction * int(flat.isfinite().sum()) // 1)"),
    mutant("lottery: changes masks", ROUND2, "    parts = iter(alive", "    masks[0].fill_(False)\n    parts = iter(alive", habit="in place"),
    mutant("distillation: no T squared", SOFT, "a * T**2 * divergence", "a * divergence"),
    mutant("distillation: T once", SOFT, "a * T**2 * divergence", "a * T * divergence"),
    mutant("distillation: the divergence is reversed", SOFT, "(target.exp() * (target - (student / T).log_softmax(dim=1)))", "((student / T).softmax(dim=1) * ((student / T).log_softmax(dim=1) - target))"),
    mutant("distillation: the teacher's entropy is missing", SOFT, "(target.exp() * (target - (student / T)", "(target.exp() * (-(student / T)"),
    mutant("distillation: shares exchanged", SOFT, "return a * T**2 * divergence + (1 - a) * hard", "return (1 - a) * T**2 * divergence + a * hard"),
    mutant("distillation: labels are softened, too", SOFT, "hard = -student.log_softmax", "hard = -(student / T).log_softmax"),
    mutant("distillation: the teacher has no temperature", SOFT, "(teacher.detach() / T)", "teacher.detach()"),
    mutant("distillation: the mean over classes", SOFT, ".sum(dim=1).mean()\n    hard", ".mean()\n    hard"),
    mutant("distillation: the teacher learns", SOFT2, "teacher.detach() / T", "teacher / T"),
    mutant("distillation: the student is detached", SOFT2, "(target - (student / T).log_softmax", "(target - (student.detach() / T).log_softmax"),
    mutant("distillation: logarithms of a softmax", SOFT2, "(student / T).log_softmax(dim=1)", "((student / T).softmax(dim=1) + 1e-12).log()"),
    mutant("distillation: float32", SOFT2, "    return a * T**2", "    divergence, hard = divergence.float(), hard.float()\n    return a * T**2", habit="dtype"),
    mutant("lags: the mean stays", LAGS, "centred = g - g.mean()", "centred = g"),
    mutant("lags: round the end", LAGS, "(centred[: len(g) - k] * centred[k:]).sum()", "(centred * centred.roll(k)).sum()"),
    mutant("lags: means of products", LAGS, "(centred[: len(g) - k] * centred[k:]).sum()", "(centred[: len(g) - k] * centred[k:]).mean() * len(g)"),
    mutant("lags: one too few", LAGS, "range(lags + 1)", "range(max(lags, 1))"),
    mutant("lags: not divided", LAGS, " / centred.square().sum()", ""),
    mutant("lags: absolute values", LAGS, "return torch.stack(products) /", "return torch.stack(products).abs() /"),
    mutant("lags: at most ten", LAGS2, "for k in range(lags + 1)]", "for k in range(min(lags, 10) + 1)]"),
    mutant("lags: empty at 0", LAGS2, "(centred[: len(g) - k] * centred[k:]).sum() for k in range(lags + 1)]", "(centred[:-k] * centred[k:]).sum() if k else centred.new_tensor(0.0) for k in range(lags + 1)]"),
    mutant("lags: float32", LAGS2, "    centred = g - g.mean()", "    g = g.float()\n    centred = g - g.mean()", habit="dtype"),
    mutant("subspace: not orthonormal", BASIS, "return Q * R.diagonal().sign()", "return normal / normal.norm(dim=0)"),
    mutant("subspace: rows", BASIS, "return Q * R.diagonal().sign()", "return Q.T"),
    mutant("subspace: the first axes", BASIS, "return Q * R.diagonal().sign()", "return torch.eye(D, dtype=torch.float64, device=normal.device)[:, :d]"),
    mutant("subspace: the global generator", BASIS, "torch.randn(D, d, generator=generator, dtype", "torch.randn(D, d, dtype"),
    mutant("subspace: axes in a random order", BASIS2, "    Q, R = torch.linalg.qr(normal)\n    return Q * R.diagonal().sign()", "    order = normal[:, 0].argsort()\n    return torch.eye(D, dtype=torch.float64, device=normal.device)[:, order[:d]]"),
    mutant("subspace: uniform numbers", BASIS2, "torch.randn(D, d, generator", "torch.rand(D, d, generator"),
    mutant("subspace: fixed signs", BASIS2, "Q * R.diagonal().sign()", "Q * Q[:1].sign()"),
    mutant("subspace: float32", BASIS2, "return Q * R.diagonal().sign()", "return (Q * R.diagonal().sign()).float()", habit="dtype"),
]
