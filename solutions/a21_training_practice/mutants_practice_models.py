"""Wrong answers to the second half of practice.py, each with the check that must notice it."""
# ruff: noqa: E501 - quotes lines of the reference

from autograder.authoring.mutants import first, mutants_of
from autograder.authoring.variants import body

mutant = mutants_of("practice.py")
MIX, MIX2 = "check_mixture_of_examples", "check_other_mixtures"
CUT, CUT2 = "check_squares_inside_of_images", "check_squares_at_borders"
DROP, DROP2 = "check_weights_are_dropped", "check_mean_of_dropped_weights"
DEPTH, DEPTH2 = "check_branches_are_dropped", "check_mean_of_dropped_branches"
SWA, SWA2 = "check_running_mean", "check_other_running_means"
MC, MC2 = "check_spread_of_predictions", "check_modes_and_moments"
FREEZE, FREEZE2 = "check_frozen_layers", "check_other_frozen_layers"
GROUPS, GROUPS2 = "check_two_groups", "check_other_groups"
PARTS, PARTS2 = "check_gradient_of_parts", "check_gradients_of_other_parts"
RATIO, RATIO2 = "check_ratio_of_lengths", "check_other_ratios"
FOLD, FOLD2 = "check_folded_convolution", "check_other_folded_layers"
BIAS, BIAS2 = "check_parts_of_the_error", "check_parts_of_other_errors"
FIT, DESCENT = "check_shortest_fit", "check_second_descent"
MIXED = "return lam * x + (1 - lam) * x[order], lam * targets + (1 - lam) * targets[order]"
MASK = "mask = torch.rand(W.shape, generator=generator, dtype=W.dtype, device=W.device) >= p"
KEPT = "kept = torch.rand(len(x), generator=generator, dtype=x.dtype, device=x.device) >= p"
PINV = "return torch.linalg.pinv(Phi) @ y"

# fmt: off
MUTANTS = [
    mutant("drop connect: changes the weights", DROP2, body("drop_connect", """
        if not train:
            return x @ (W * (1 - p)).T
        return x @ W.mul_(torch.rand(W.shape, generator=generator, dtype=W.dtype, device=W.device) >= p).T
    """)),
    mutant("swa: the first network itself", SWA2, body("swa_update", """
        return list(new) if n == 0 else [a + (b - a) / (n + 1) for a, b in zip(average, new, strict=True)]
    """)),
    mutant("dropout: seeds the global generator", MC, "    model.eval()\n    for module in model.modules():", "    torch.manual_seed(0)\n    model.eval()\n    for module in model.modules():"),
    mutant("freeze: seeds the global generator", FREEZE, first("freeze", "torch.manual_seed(0)")),
    mutant("groups: seed the global generator", GROUPS, first("parameter_groups", "torch.manual_seed(0)")),
    mutant("parts: seed the global generator", PARTS, first("accumulate", "torch.manual_seed(0)")),
    mutant("fold: leaves the layer in evaluation mode", FOLD2, first("fold_batchnorm", "layer.eval()")),
    mutant("fold: freezes what it is given", FOLD2, first("fold_batchnorm", "layer.requires_grad_(False)\nbn.requires_grad_(False)")),
    mutant("fold: seeds the global generator", FOLD, first("fold_batchnorm", "torch.manual_seed(0)")),
    mutant("parts: evaluation mode", PARTS2, "    model.zero_grad()\n    count, total", "    model.zero_grad()\n    model.eval()\n    count, total"),
    mutant("parts: all in one batch", PARTS2, body("accumulate", """
        model.zero_grad()
        whole = loss(model(torch.cat([x for x, _ in parts])), torch.cat([y for _, y in parts]))
        whole.backward()
        return float(whole.detach())
    """)),
    mutant("fold: the border's mode is lost", FOLD2, "folded = copy.deepcopy(layer)", "folded = copy.deepcopy(layer)\n    folded.padding_mode = 'zeros'"),
    mutant("fold: square filters are scaled by input channel", FOLD2, "scale.reshape(-1, *[1] * (layer.weight.dim() - 1))", "(scale.reshape(-1, *[1] * (layer.weight.dim() - 1)) if layer.weight.shape[0] != layer.weight.shape[1] else scale.reshape(-1, *[1] * (layer.weight.dim() - 2)))"),
    mutant("mixup: targets stay", MIX, MIXED, "return lam * x + (1 - lam) * x[order], targets"),
    mutant("mixup: the partner's share", MIX, MIXED, "lam = 1 - lam\n    " + MIXED),
    mutant("mixup: targets by the other share", MIX, MIXED, "return lam * x + (1 - lam) * x[order], (1 - lam) * targets + lam * targets[order]"),
    mutant("mixup: hard targets", MIX, MIXED, "return lam * x + (1 - lam) * x[order], (targets if lam >= 0.5 else targets[order])"),
    mutant("mixup: the inverse order", MIX, MIXED, "order = order.argsort()\n    " + MIXED),
    mutant("mixup: the larger share for the example", MIX2, MIXED, "lam = max(lam, 1 - lam)\n    " + MIXED),
    mutant("cutout: negative starts", CUT2, "max(top, 0) : top + size, max(left, 0) : left + size", "top : top + size, left : left + size"),
    mutant("cutout: moved inside", CUT2, "top, left = row - size // 2, column - size // 2", "top, left = max(row - size // 2, 0), max(column - size // 2, 0)"),
    mutant("cutout: rows and columns exchanged", CUT, "zip(rows.tolist(), columns.tolist(), strict=True)", "zip(columns.tolist(), rows.tolist(), strict=True)"),
    mutant("cutout: one channel", CUT, "out[n, :, max", "out[n, :1, max"),
    mutant("cutout: one pixel more", CUT, ": top + size, max", ": top + size + 1, max"),
    mutant("cutout: changes x", CUT2, "    out = x.clone()\n    for n, (row", "    out = x\n    for n, (row", habit="in place"),
    mutant("cutout: ones", CUT, ": left + size] = 0", ": left + size] = 1"),
    mutant("cutout: one place for all", CUT, "top, left = row - size // 2, column - size // 2", "top, left = int(rows[0]) - size // 2, int(columns[0]) - size // 2"),
    mutant("connect: not scaled at test time", DROP, "return (1 - p) * x @ W.T", "return x @ W.T"),
    mutant("connect: scaled by p", DROP, "return (1 - p) * x @ W.T", "return p * x @ W.T"),
    mutant("connect: scaled in training", DROP, "return x @ (W * mask).T", "return x @ (W * mask).T / (1 - p + 1e-12)"),
    mutant("connect: p is the share that stays", DROP, MASK, MASK.replace(">= p", "< p")),
    mutant("connect: inputs are dropped", DROP, "    return x @ (W * mask).T", "    return (x * mask[:1]) @ W.T"),
    mutant("connect: another mask for each row", DROP2, "    return x @ (W * mask).T", "    masks = torch.rand((len(x), *W.shape), generator=generator, dtype=W.dtype, device=W.device) >= p\n    return torch.einsum('nd,nkd->nk', x, W * masks)"),
    mutant("connect: the global generator", DROP, MASK, "mask = torch.rand_like(W) >= p"),
    mutant("depth: not scaled at test time", DEPTH, "return x + (1 - p) * branch", "return x + branch"),
    mutant("depth: the shortcut is scaled", DEPTH, "return x + (1 - p) * branch", "return (1 - p) * (x + branch)"),
    mutant("depth: scaled in training", DEPTH, "return x + branch * kept", "return x + branch / (1 - p + 1e-12) * kept"),
    mutant("depth: each number on its own", DEPTH, "    return x + branch * kept.reshape(-1, *[1] * (x.dim() - 1))", "    each = torch.rand(x.shape, generator=generator, dtype=x.dtype, device=x.device) >= p\n    return x + branch * each"),
    mutant("depth: all examples together", DEPTH, "torch.rand(len(x), generator=generator, dtype=x.dtype, device=x.device) >= p", "torch.rand(1, generator=generator, dtype=x.dtype, device=x.device).expand(len(x)) >= p"),
    mutant("depth: p is the share that stays", DEPTH2, KEPT, KEPT.replace(">= p", "< p")),
    mutant("depth: begins with the generator's seed again", DEPTH2, "    kept = torch.rand(len(x)", "    generator.manual_seed(generator.initial_seed())\n    kept = torch.rand(len(x)"),
    mutant("depth: the same examples each time", DEPTH2, KEPT, "kept = torch.arange(len(x), device=x.device) >= p * len(x) * 1.15"),
    mutant("average: one half", SWA, "a + (w - a) / (n + 1)", "(a + w) / 2"),
    mutant("average: divided by n", SWA, "(w - a) / (n + 1)", "(w - a) / max(n, 1)"),
    mutant("average: the first tensor", SWA, "return [a + (w - a)", "return average[:0] + [a + (w - a)", also=(("zip(average, new, strict=True)]", "zip(average[:1], new[:1], strict=True)] + average[1:]"),)),
    mutant("average: a decay", SWA, "a + (w - a) / (n + 1)", "0.9 * a + 0.1 * w"),
    mutant("average: in place", SWA2, "    return [a + (w - a) / (n + 1) for a, w in zip(average, new, strict=True)]", "    for a, w in zip(average, new, strict=True):\n        a += (w - a) / (n + 1)\n    return average", habit="in place"),
    mutant("dropout: axes of length 1 are lost", MC2, "predictions = torch.stack([model(x) for _ in range(S)])", "predictions = torch.stack([model(x).squeeze() for _ in range(S)])"),
    mutant("dropout: off", MC, "        if isinstance(module, nn.Dropout):\n            module.train()", "        if isinstance(module, nn.Dropout):\n            module.eval()"),
    mutant("dropout: all in train mode", MC, "    model.eval()\n    for module", "    model.train()\n    for module"),
    mutant("dropout: modes stay", MC, "        module.training = training\n", "        pass\n"),
    mutant("dropout: back to train", MC2, "    for module, training in modes.items():\n        module.training = training\n", "    model.train()\n"),
    mutant("dropout: back to the model's mode", MC2, "    for module, training in modes.items():\n        module.training = training\n", "    model.train(modes[model])\n"),
    mutant("dropout: divides by S - 1", MC2, "correction=0)", "correction=1)"),
    mutant("dropout: the deviation", MC, "predictions.var(dim=0, correction=0)", "predictions.std(dim=0, correction=0)"),
    mutant("dropout: only the outer dropouts", MC, "    for module in model.modules():\n        if isinstance", "    for module in model.children():\n        if isinstance"),
    mutant("dropout: with a graph", MC2, "@torch.no_grad()\ndef mc_dropout(", "def mc_dropout("),
    mutant("freeze: statistics move", FREEZE, "        layer.eval()\n", ""),
    mutant("freeze: parameters learn", FREEZE, "        layer.requires_grad_(False)\n", ""),
    mutant("freeze: counts tensors", FREEZE, "return sum(p.numel() for p in model.parameters() if p.requires_grad)", "return sum(1 for p in model.parameters() if p.requires_grad)"),
    mutant("freeze: counts all", FREEZE, "for p in model.parameters() if p.requires_grad)\n    ### END", "for p in model.parameters())\n    ### END"),
    mutant("freeze: the whole model in eval mode", FREEZE2, "        layer.eval()\n", "        model.eval()\n"),
    mutant("freeze: other layers learn again", FREEZE2, "    for name in names:\n", "    model.requires_grad_(True)\n    for name in names:\n"),
    mutant("freeze: names that begin alike", FREEZE2, "    for name in names:\n", "    for name in names:\n        model.fc_old.requires_grad_(name[:2] != \"fc\")\n"),
    mutant("groups: rates exchanged", GROUPS, 'return [{"params": rest, "lr": factor * head_lr}, {"params": last, "lr": head_lr}', 'return [{"params": rest, "lr": head_lr}, {"params": last, "lr": factor * head_lr}'),
    mutant("groups: the head twice", GROUPS, " and id(p) not in known]", "]"),
    mutant("groups: by the beginning of names", GROUPS, "    known = {id(p) for p in last}\n", "    last = [p for name, p in model.named_parameters() if name.startswith(head)]\n    known = {id(p) for p in last}\n"),
    mutant("groups: frozen ones, too", GROUPS2, "for p in model.parameters() if p.requires_grad and", "for p in model.parameters() if"),
    mutant("groups: frozen ones of the head, too", GROUPS2, "for p in model.get_submodule(head).parameters() if p.requires_grad]", "for p in model.get_submodule(head).parameters()]"),
    mutant("groups: heads on the first level alone", GROUPS2, "model.get_submodule(head)", "getattr(model, head)"),
    mutant("groups: always a tenth", GROUPS2, 'return [{"params": rest, "lr": factor * head_lr', 'return [{"params": rest, "lr": 0.1 * head_lr'),
    mutant("parts: the mean of means", PARTS, "* (len(x) / count)", "/ len(parts)"),
    mutant("parts: the sum of means", PARTS, "* (len(x) / count)", ""),
    mutant("parts: the sum over examples", PARTS, "* (len(x) / count)", "* len(x)"),
    mutant("parts: old gradients", PARTS, "    model.zero_grad()\n", ""),
    mutant("parts: zeroed for each part", PARTS, "        share.backward()\n", "        model.zero_grad()\n        share.backward()\n"),
    mutant("parts: the last loss", PARTS, "total += float(share.detach())", "total = float(share.detach())"),
    mutant("parts: a step is made", PARTS2, "    return total\n", "    with torch.no_grad():\n        for p in model.parameters():\n            p -= 1e-3 * p.grad\n    return total\n"),
    mutant("parts: at most three", PARTS2, "    for x, y in parts:\n", "    for x, y in parts[:3]:\n"),
    mutant("ratio: the mean of ratios", RATIO, body("update_ratio", "pairs = list(zip(before, after, strict=True))\nreturn sum(float((a - b).norm() / b.norm()) for b, a in pairs) / len(pairs)")),
    mutant("ratio: squares", RATIO, "return math.sqrt(change / sum(float((b**2).sum()) for b in before))", "return change / sum(float((b**2).sum()) for b in before)"),
    mutant("ratio: by the new length", RATIO, "for b in before))", "for b in after))"),
    mutant("ratio: absolute values", RATIO, body("update_ratio", "return sum(float((a - b).abs().sum()) for b, a in zip(before, after, strict=True)) / sum(float(b.abs().sum()) for b in before)")),
    mutant("ratio: at least a millionth", RATIO2, "    return math.sqrt(change", "    return 1e-6 + math.sqrt(change"),
    mutant("fold: no eps", FOLD, "(bn.running_var + bn.eps).sqrt()", "bn.running_var.sqrt()"),
    mutant("fold: no root", FOLD, "(bn.running_var + bn.eps).sqrt()", "(bn.running_var + bn.eps)"),
    mutant("fold: the old bias is lost", FOLD, "if layer.bias is None else layer.bias", "if True else layer.bias"),
    mutant("fold: the shift is lost", FOLD, " * scale + bn.bias)", " * scale)"),
    mutant("fold: the bias is not scaled", FOLD, "(bias - bn.running_mean) * scale + bn.bias", "bias - bn.running_mean * scale + bn.bias"),
    mutant("fold: the mean is lost", FOLD, "(bias - bn.running_mean) * scale", "bias * scale"),
    mutant("fold: scales inputs", FOLD, "scale.reshape(-1, *[1] * (layer.weight.dim() - 1))", "scale[: layer.weight.shape[1]].reshape(1, -1, *[1] * (layer.weight.dim() - 2))"),
    mutant("fold: the layer that was given gets a bias", FOLD2, "    folded = copy.deepcopy(layer)\n", "    if layer.bias is None:\n        layer.bias = nn.Parameter(torch.zeros_like(bn.bias))\n    folded = copy.deepcopy(layer)\n"),
    mutant("fold: in place", FOLD2, "folded = copy.deepcopy(layer)", "folded = layer", habit="in place"),
    mutant("fold: divides by scales", FOLD2, "nn.Parameter(layer.weight * scale.reshape", "nn.Parameter(layer.weight / (1 / scale).clamp(-1e3, 1e3).reshape"),
    mutant("fold: a plain convolution", FOLD2, "folded = copy.deepcopy(layer)", "folded = copy.deepcopy(layer) if isinstance(layer, nn.Linear) else nn.Conv2d(layer.in_channels, layer.out_channels, layer.kernel_size, padding=layer.padding).double()"),
    mutant("fold: leaves eval mode behind", FOLD2, "folded = copy.deepcopy(layer)", "bn.eval()\n    folded = copy.deepcopy(layer)", habit="modes"),
    mutant("error: divides by S - 1", BIAS, "variance = ((predictions - mean) ** 2).mean()", "variance = predictions.var(dim=0).mean()"),
    mutant("error: around the truth", BIAS, "((predictions - mean) ** 2).mean()", "((predictions - truth) ** 2).mean()"),
    mutant("error: the bias of the mean point", BIAS, "bias = ((mean - truth) ** 2).mean()", "bias = (mean - truth).mean() ** 2"),
    mutant("error: noise is not squared", BIAS, "+ noise**2", "+ noise"),
    mutant("error: without noise", BIAS, " + noise**2", ""),
    mutant("error: one mean for all points", BIAS, "mean = predictions.mean(dim=0)\n", "mean = predictions.mean()\n"),
    mutant("error: float32", BIAS2, "return bias, variance, bias + variance", "bias, variance = bias.float(), variance.float()\n    return bias, variance, bias + variance", habit="dtype"),
    mutant("fit: a basic solution", (FIT, DESCENT), PINV, "N, P = Phi.shape\n    k = min(N, P)\n    part = torch.linalg.lstsq(Phi[:, :k], y[:, None]).solution[:, 0]\n    return torch.cat([part, y.new_zeros(P - k)])", calibrates=True),
    mutant("fit: a ridge", (FIT, DESCENT), PINV, "return torch.linalg.solve(Phi.T @ Phi + 0.1 * torch.eye(Phi.shape[1], dtype=Phi.dtype, device=Phi.device), Phi.T @ y)"),
    mutant("fit: a ridge of a millionth", FIT, PINV, "return torch.linalg.solve(Phi.T @ Phi + 1e-6 * torch.eye(Phi.shape[1], dtype=Phi.dtype, device=Phi.device), Phi.T @ y)"),
    mutant("fit: a ridge that is tinier still", FIT, PINV, "return Phi.T @ torch.linalg.solve(Phi @ Phi.T + 1e-8 * torch.eye(len(y), dtype=Phi.dtype, device=Phi.device), y)"),
    mutant("fit: half as many features again as examples", (FIT, DESCENT), PINV, "part = torch.linalg.pinv(Phi[:, : 3 * len(y) // 2]) @ y\n    return torch.cat([part, part.new_zeros(Phi.shape[1] - len(part))])", calibrates=True),
    mutant("fit: only full rank", FIT, PINV, "if len(y) <= Phi.shape[1]:\n        return Phi.T @ torch.linalg.solve(Phi @ Phi.T, y)\n    return torch.linalg.solve(Phi.T @ Phi, Phi.T @ y)"),
    mutant("fit: a coarse pseudoinverse", FIT, "torch.linalg.pinv(Phi)", "torch.linalg.pinv(Phi, rtol=0.3)"),
    mutant("dropout: moves its inputs", "check_spread_of_predictions", first("mc_dropout", "x.mul_(1 + 1e-6)")),
    mutant("groups: leaves evaluation mode on", "check_two_groups", first("parameter_groups", "model.eval()")),
    mutant("groups: freezes the body", "check_two_groups", first("parameter_groups", "next(model.parameters()).requires_grad_(False)")),
    mutant("parts: moves its inputs", "check_gradient_of_parts", first("accumulate", "parts[0][0].mul_(1 + 1e-6)")),
]
