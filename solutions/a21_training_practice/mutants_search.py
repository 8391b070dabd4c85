"""Wrong answers to search.py, each with the check that must notice it."""
# ruff: noqa: E501 - quotes lines of the reference

from autograder.authoring.mutants import first, mutants_of
from autograder.authoring.variants import body

mutant = mutants_of("search.py")
POINTS, POINTS2 = "check_points_of_a_space", "check_distribution_of_points"
HALVING, HALVING2 = "check_halving_of_nine", "check_halving_of_other_numbers"
EVOLVE, CHANCE = "check_parents_of_children", "check_evolution_beats_chance"
CONTROL, CONTROL2 = "check_controller_of_two_edges", "check_expected_step_is_the_gradient"
MIXED, MIXED2 = "check_mixture_of_operations", "check_gradients_of_mixtures"
DARTS, DARTS2 = "check_weights_and_alpha_in_turns", "check_other_turns"
TAU, TAU2 = "check_worked_rankings", "check_rankings_with_ties"
DRAWN = 'low * (high / low) ** u if scale == "log" else low + (high - low) * u'
BEST = "best = sorted(range(len(left)), key=lambda n: -scores[n])[: max(1, len(left) // eta)]"
PARENT = "parent = max((population[n] for n in some), key=lambda member: member[1])[0]"
CHOICE = "choice = (parent[edge] + 1 + draw(ops - 1)) % ops"
TAU_OUT = "return float((up_a * up_b).sum()) / math.sqrt(float((up_a != 0).sum()) * float((up_b != 0).sum()))"

# fmt: off
MUTANTS = [
    mutant("halving: configurations as keys", HALVING2, "scores = [train(config, epochs) for config in left]", "by = {config: train(config, epochs) for config in left}\n        scores = [by[config] for config in left]"),
    mutant("evolution: the S oldest", EVOLVE, "some = torch.randperm(P, generator=generator, device=generator.device)[:S].tolist()", "some = list(range(S))"),
    mutant("controller: the baseline as a tensor", CONTROL2, "return new, 0.95 * baseline + 0.05 * reward", "return new, torch.tensor(0.95 * baseline + 0.05 * reward)"),
    mutant("darts: the weights require a gradient afterwards", DARTS2, "leaf = w.detach().clone().requires_grad_()", "leaf = w.requires_grad_()", also=(("new_w = w - lr_w * g", "new_w = w.detach() - lr_w * g"),)),
    mutant("points: the log range is drawn evenly", POINTS, DRAWN, "low + (high - low) * u"),
    mutant("points: begins with the generator's seed again", POINTS2, "    points = []\n", "    points = []\n    generator.manual_seed(generator.initial_seed())\n"),
    mutant("points: a grid", POINTS, DRAWN, 'low * (high / low) ** (round(4 * u) / 4) if scale == "log" else low + (high - low) * u'),
    mutant("points: the global generator", POINTS, "torch.rand((), generator=generator, dtype", "torch.rand((), dtype"),
    mutant("points: one number for all parameters", POINTS2, "        point = {}\n", "        point = {}\n        u = float(torch.rand((), generator=generator, dtype=torch.float64, device=generator.device))\n", also=(("            u = float(torch.rand((), generator=generator, dtype=torch.float64, device=generator.device))\n            point[name]", "            point[name]"),)),
    mutant("points: tensors", POINTS2, "point[name] = " + DRAWN, "point[name] = torch.tensor(" + DRAWN + ", dtype=torch.float64)"),
    mutant("points: all logarithmic where low is positive", POINTS, 'if scale == "log" else', "if low > 0 else"),
    mutant("points: normal logarithms", POINTS2, "u = float(torch.rand((), generator=generator, dtype=torch.float64, device=generator.device))", "u = float(torch.rand(2, generator=generator, dtype=torch.float64, device=generator.device).mean())"),
    mutant("halving: keeps the worst", HALVING, "key=lambda n: -scores[n]", "key=lambda n: scores[n]"),
    mutant("halving: trains from the start", HALVING, "cost += len(left) * (epochs - done)", "cost += len(left) * epochs"),
    mutant("halving: halves", HALVING, "len(left) // eta)]", "len(left) // 2)]"),
    mutant("halving: epochs stay", HALVING, "done, epochs = epochs, epochs * eta", "done = epochs"),
    mutant("halving: epochs are added", HALVING2, "done, epochs = epochs, epochs * eta", "done, epochs = epochs, epochs + 2"),
    mutant("halving: the last one is trained on", HALVING, "    return left[0], cost\n", "    train(left[0], epochs)\n    return left[0], cost + epochs - done\n"),
    mutant("halving: the best scores of old rounds", HALVING, body("successive_halving", "scores = [train(c, epochs) for c in configs]\nreturn configs[max(range(len(configs)), key=lambda n: scores[n])], len(configs) * epochs")),
    mutant("halving: ties to the later", HALVING2, "key=lambda n: -scores[n]", "key=lambda n: (-scores[n], -n)"),
    mutant("halving: rounds up", HALVING2, "max(1, len(left) // eta)", "-(-len(left) // eta)"),
    mutant("halving: the order of scores stays", HALVING2, "left = [left[n] for n in sorted(best)]", "left = [left[n] for n in best]"),
    mutant("halving: none is left", HALVING2, "max(1, len(left) // eta)", "len(left) // eta or len(left) - 1"),
    mutant("evolution: the worst dies", EVOLVE, "        population = history[-P:]\n", "        population = sorted(history, key=lambda member: member[1])[-P:]\n"),
    mutant("evolution: nobody dies", EVOLVE, "        population = history[-P:]\n", "        population = history\n", also=(("some = torch.randperm(P, generator", "some = torch.randperm(len(population), generator"), ("[:S].tolist()", "[: max(S, len(population) * (S == P))].tolist()"))),
    mutant("evolution: the worst of the sample", EVOLVE, "parent = max((population", "parent = min((population"),
    mutant("evolution: random parents", EVOLVE, PARENT, "parent = population[some[0]][0]"),
    mutant("evolution: random cells", (EVOLVE, CHANCE), "child = (*parent[:edge], choice, *parent[edge + 1 :])", "child = tuple(draw(ops) for _ in range(edges))", calibrates=True),
    mutant("evolution: the parent itself sometimes", EVOLVE, CHOICE, "choice = draw(ops)"),
    mutant("evolution: two changes", EVOLVE, "        history.append((child, evaluate(child)))\n    return", "        child = (*child[:-1], (child[-1] + 1) % ops) if edge == 0 else child\n        history.append((child, evaluate(child)))\n    return"),
    mutant("evolution: the last edge never changes", EVOLVE, "edge = draw(edges)", "edge = draw(max(edges - 1, 1))"),
    mutant("evolution: the next operation", EVOLVE, CHOICE, "choice = (parent[edge] + 1) % ops"),
    mutant("evolution: samples may repeat", EVOLVE, "torch.randperm(P, generator=generator, device=generator.device)[:S].tolist()", "torch.randint(P, (S,), generator=generator, device=generator.device).tolist()"),
    mutant("evolution: one less in each sample", EVOLVE, "[:S].tolist()", "[: max(S - 1, 1)].tolist()"),
    mutant("evolution: equal first cells", EVOLVE, "    for _ in range(P):\n", "    for _ in range(P):\n        generator.manual_seed(3)\n"),
    mutant("evolution: the first cells are missing", EVOLVE, "    return history\n", "    return history[P:]\n"),
    mutant("evolution: the global generator", EVOLVE, "torch.randint(high, (), generator=generator, device=generator.device)", "torch.randint(high, ())"),
    mutant("evolution: knows the score of equal cells", EVOLVE, "        history.append((child, evaluate(child)))\n    return", "        known = dict(history)\n        history.append((child, known[child] if child in known else evaluate(child)))\n    return"),
    mutant("controller: no baseline", CONTROL, "(reward - baseline)", "reward"),
    mutant("controller: the baseline's sign", CONTROL, "(reward - baseline)", "(reward + baseline)"),
    mutant("controller: downhill", CONTROL, "new = logits + lr", "new = logits - lr"),
    mutant("controller: no softmax", CONTROL, "(chosen - logits.softmax(dim=1))", "chosen"),
    mutant("controller: softmax over edges", CONTROL, "logits.softmax(dim=1))", "logits.softmax(dim=0))"),
    mutant("controller: the new baseline", CONTROL, "    new = logits + lr", "    baseline = 0.95 * baseline + 0.05 * reward\n    new = logits + lr", also=(("return new, 0.95 * baseline + 0.05 * reward", "return new, baseline"),)),
    mutant("controller: weights exchanged", CONTROL, "0.95 * baseline + 0.05 * reward", "0.05 * baseline + 0.95 * reward"),
    mutant("controller: the mean over edges", CONTROL, "new = logits + lr * (reward", "new = logits + lr / len(logits) * (reward"),
    mutant("controller: only good rewards", CONTROL2, "(reward - baseline)", "max(reward - baseline, 0.0)"),
    mutant("controller: in place", CONTROL2, "    return new, 0.95", "    logits += new - logits\n    return logits, 0.95", habit="in place"),
    mutant("controller: float32", CONTROL2, "    return new, 0.95", "    return new.float(), 0.95", habit="dtype"),
    mutant("mixture: no softmax", MIXED, "alpha.softmax(dim=0)", "alpha"),
    mutant("mixture: the largest", MIXED, 'return torch.einsum("o,o...->...", alpha.softmax(dim=0), outputs)', "return outputs[alpha.argmax()]"),
    mutant("mixture: the mean", MIXED, "alpha.softmax(dim=0)", "torch.ones_like(alpha) / len(alpha)"),
    mutant("mixture: alpha is detached", MIXED2, "alpha.softmax(dim=0)", "alpha.detach().softmax(dim=0)"),
    mutant("mixture: overflows", MIXED2, "alpha.softmax(dim=0)", "alpha.exp() / alpha.exp().sum()"),
    mutant("darts: alpha on training data", DARTS, "val_loss(new_w, leaf)", "train_loss(new_w, leaf)"),
    mutant("darts: weights on validation data", DARTS, "train_loss(leaf, alpha)", "val_loss(leaf, alpha)"),
    mutant("darts: both at the old place", DARTS, "val_loss(new_w, leaf)", "val_loss(w, leaf)"),
    mutant("darts: one rate", DARTS, "lr_alpha * g", "lr_w * g"),
    mutant("darts: alpha climbs", DARTS, "alpha - lr_alpha", "alpha + lr_alpha"),
    mutant("darts: a graph stays", DARTS, "    return new_w, alpha - lr_alpha * g\n", "    return new_w, leaf - lr_alpha * g\n"),
    mutant("darts: in place", DARTS2, "    new_w = w - lr_w * g\n", "    w -= lr_w * g\n    new_w = w\n", habit="in place"),
    mutant("tau: ties are ignored", TAU, TAU_OUT, "return float((up_a * up_b).sum() / (len(a) * (len(a) - 1) / 2))"),
    mutant("tau: tau-a without tied pairs", TAU2, TAU_OUT, "products = up_a * up_b\n    return float(products.sum() / (products != 0).sum())"),
    mutant("tau: Pearson's", TAU, TAU_OUT, "return float(torch.corrcoef(torch.stack([a.double(), b.double()]))[0, 1])"),
    mutant("tau: the sign", TAU, "return float((up_a * up_b)", "return -float((up_a * up_b)"),
    mutant("tau: a tensor", TAU2, TAU_OUT, TAU_OUT.replace("float(", "(")),
    mutant("tau: half of the ties", TAU2, "float((up_b != 0).sum())", "float((up_a != 0).sum())"),
    mutant("evolution: a generator of its own", EVOLVE, first("regularised_evolution", "generator = torch.Generator(device=generator.device).manual_seed(3)")),
    mutant("evolution: draws from a copy of the generator", EVOLVE, first("regularised_evolution", "generator = generator.clone_state()")),
]
