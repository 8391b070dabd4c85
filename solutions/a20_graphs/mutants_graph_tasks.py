"""Wrong answers to graph_tasks.py, each with the check that must notice it."""
# ruff: noqa: E501 - quotes lines of the reference

from autograder.authoring.mutants import first, mutants_of
from autograder.authoring.variants import body

mutant = mutants_of("graph_tasks.py")
GCN, GCN2 = "check_two_convolutions", "check_dropout_acts_on_both_inputs"
LOSS, WEIGHTS = "check_losses_of_labelled_nodes", "check_weights_after_training"
LEAK, CITE = "check_labels_of_others_do_not_matter", "check_classes_of_unlabelled_nodes"
MAP, MAP2 = "check_three_random_layers", "check_embeddings_of_other_depths"
WHOLE, WHOLE2 = "check_logits_of_three_graphs", "check_gradients_of_graph_logits"
BONDS = "check_bonds_of_molecules_are_found"
BCE, BCE2 = "check_loss_of_known_entries", "check_loss_of_large_scores"
PAIRS, PAIRS2 = "check_scores_are_products", "check_scores_of_other_pairs"
FREE, FREE2 = "check_samples_are_not_edges", "check_frequencies_of_other_pairs"
AUC, AUC2 = "check_area_of_a_few_scores", "check_areas_of_other_scores"
SMOOTH, SMOOTH2 = "check_energy_of_two_nodes", "check_energies_of_other_graphs"
PARTS, PARTS2 = "check_batches_have_their_inner_edges", "check_whole_epochs"

HIDDEN = "hidden = F.relu(A_hat @ self.first(self.dropout(X)))"
LOGITS = "return A_hat @ self.second(self.dropout(hidden))"
MASKED = "loss = F.cross_entropy(model(X, A_hat)[mask], y[mask])"
GROUPS = 'groups = [{"params": first, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]'
STEP = "        optimizer.zero_grad()\n        loss.backward()\n        optimizer.step()\n        losses.append(loss.item())\n"
TANH = "H = torch.tanh(A_hat @ H @ W)"
SUMS = "X = F.relu(layer(X.index_add(0, edge_index[1], X[edge_index[0]])))"
MEANS = "return self.last(sums / sizes[:, None])[:, 0]"
KNOWN = "    z, y = z[mask], y[mask]\n"
LOSSES = "losses = z.clamp(min=0) - z * y + torch.log1p(torch.exp(-z.abs()))"
TOTAL = "return losses.sum() / max(len(z), 1)"
DOT = "return (h[pairs[0]] * h[pairs[1]]).sum(dim=1)"
DRAW = "return pairs[torch.randint(len(pairs), (n,), generator=generator, device=generator.device)].T"
TAKEN = "    free[edge_index[0], edge_index[1]] = False\n"
LARGER = "larger = (positive[:, None] > negative[None]).double() + 0.5 * (positive[:, None] == negative[None]).double()"
ROOT = "root = (1 + A.sum(dim=1)) ** 0.5"
ENERGY = "energies.append((A[:, :, None] * (scaled[:, None] - scaled[None]).square()).sum() / 2)"
ORDER = "order = torch.randperm(int(parts.max()) + 1, generator=generator, device=generator.device)"
BATCH = "batches.append((inside.nonzero()[:, 0], number[edge_index[:, both]]))"

# fmt: off
MUTANTS = [
    mutant("GCN: no ReLU between the layers", GCN, HIDDEN, "hidden = A_hat @ self.first(self.dropout(X))"),
    mutant("GCN: the first layer without the graph", GCN, HIDDEN, "hidden = F.relu(self.first(self.dropout(X)))"),
    mutant("GCN: the second layer without the graph", GCN, LOGITS, "return self.second(self.dropout(hidden))"),
    mutant("GCN: probabilities", GCN, LOGITS, LOGITS + ".softmax(dim=1)"),
    mutant("GCN: a ReLU at the end", GCN, LOGITS, "return F.relu(A_hat @ self.second(self.dropout(hidden)))"),
    mutant("GCN: dropout on the first input only", GCN2, LOGITS, "return A_hat @ self.second(hidden)"),
    mutant("GCN: dropout on the second input only", GCN2, HIDDEN, "hidden = F.relu(A_hat @ self.first(X))"),
    mutant("GCN: dropout after the first product", GCN2, HIDDEN, "hidden = F.relu(self.dropout(A_hat @ self.first(X)))"),
    mutant("GCN: dropout after the first smoothing", GCN2, HIDDEN, "hidden = F.relu(self.first(self.dropout(A_hat @ X)))"),
    mutant("GCN: dropout on the logits", GCN2, LOGITS, "return self.dropout(A_hat @ self.second(hidden))"),
    mutant("GCN: dropout in eval mode", GCN2, HIDDEN, "hidden = F.relu(A_hat @ self.first(F.dropout(X, self.dropout.p)))"),
    mutant("GCN: dropout of one half", GCN2, LOGITS, "return A_hat @ self.second(F.dropout(hidden, 0.5, self.training))"),
    mutant("GCN: hidden numbers are detached", GCN2, LOGITS, "return A_hat @ self.second(self.dropout(hidden.detach()))"),
    mutant("training: all nodes", (LEAK, CITE), MASKED, "loss = F.cross_entropy(model(X, A_hat), y.clamp(min=0))", calibrates=True),
    mutant("training: the sum over nodes", LOSS, MASKED, MASKED.replace("y[mask])", "y[mask], reduction='sum')")),
    mutant("training: divided by all nodes", LOSS, MASKED, MASKED + " * mask.double().mean()"),
    mutant("training: the loss after the change", LOSS, STEP, STEP.replace("loss.item()", "F.cross_entropy(model(X, A_hat)[mask], y[mask]).item()")),
    mutant("training: losses as tensors", LEAK, STEP, STEP.replace("loss.item()", "loss.detach()")),
    mutant("training: seeds the global generator", LEAK, "    model.train()\n    for _ in range(steps):", "    torch.manual_seed(0)\n    model.train()\n    for _ in range(steps):"),
    mutant("training: 150 steps at most", LEAK, "    model.train()\n    for _ in range(steps):", "    model.train()\n    for _ in range(min(steps, 150)):"),
    mutant("training: gradients add up", WEIGHTS, STEP, STEP.replace("        optimizer.zero_grad()\n", "")),
    mutant("training: no weight decay", WEIGHTS, GROUPS, 'groups = [{"params": first + others}]'),
    mutant("training: decay of both layers", WEIGHTS, GROUPS, 'groups = [{"params": first + others, "weight_decay": weight_decay}]'),
    mutant("training: decay of the second layer", WEIGHTS, GROUPS, 'groups = [{"params": others, "weight_decay": weight_decay}, {"params": first, "weight_decay": 0.0}]'),
    mutant("training: AdamW", WEIGHTS, "torch.optim.Adam(groups", "torch.optim.AdamW(groups"),
    mutant("training: SGD", WEIGHTS, "torch.optim.Adam(groups", "torch.optim.SGD(groups"),
    mutant("training: the first layer only", WEIGHTS, GROUPS, 'groups = [{"params": first, "weight_decay": weight_decay}]'),
    mutant("training: a new optimizer in each step", WEIGHTS, "    for _ in range(steps):\n        loss =", "    for _ in range(steps):\n        optimizer = torch.optim.Adam(groups, lr=lr)\n        loss ="),
    mutant("training: in eval mode", WEIGHTS, "    model.train()\n", "    model.eval()\n"),
    mutant("training: in the mode in which the model came", LEAK, "    model.train()\n", ""),
    mutant("training: the others are the layer second", LEAK, "others = [p for p in model.parameters() if all(p is not q for q in first)]", "others = list(model.second.parameters())"),
    mutant("training: left in training mode", WEIGHTS, "    model.eval()\n", ""),
    mutant("training: freezes the model at the end", LEAK, "    model.eval()\n", "    model.eval()\n    model.requires_grad_(False)\n"),
    mutant("training: leaves the first layer in training mode", LEAK, "    model.eval()\n", "    model.eval()\n    model.first.train()\n"),
    mutant("training: one step at least", LEAK, "for _ in range(steps):\n        loss", "for _ in range(max(steps, 1)):\n        loss"),
    mutant("training: the learning rate is fixed", WEIGHTS, "(groups, lr=lr)", "(groups, lr=0.01)"),
    mutant("training: ten steps, whatever is asked", CITE, "for _ in range(steps):\n        loss", "for _ in range(min(steps, 10)):\n        loss", calibrates=True),
    mutant("training: the first nodes with the labels of others", (LOSS, CITE), MASKED, "loss = F.cross_entropy(model(X, A_hat)[: int(mask.sum())], y[mask])", calibrates=True),
    mutant("training: learns nothing", (WEIGHTS, CITE), STEP, STEP.replace("optimizer.step()", "pass"), calibrates=True),
    mutant("training: returns tensors with their graphs", LOSS, "losses.append(loss.item())", "losses.append([loss.item()])"),
    mutant("map: no tanh", MAP, TANH, "H = A_hat @ H @ W"),
    mutant("map: ReLU", MAP, TANH, "H = torch.relu(A_hat @ H @ W)"),
    mutant("map: no graph", MAP, TANH, "H = torch.tanh(H @ W)"),
    mutant("map: tanh at the end only", MAP, "    return H\n", "    return torch.tanh(H)\n", also=((TANH, "H = A_hat @ H @ W"),)),
    mutant("map: two layers", MAP, "for W in weights:", "for W in weights[:2]:"),
    mutant("map: tanh before the first layer", MAP2, "    H = X\n", "    H = X if len(weights) != 1 else torch.tanh(X)\n"),
    mutant("map: float32", MAP2, "    return H\n", "    return H.float()\n", habit="dtype"),
    mutant("graphs: the sum", WHOLE, MEANS, "return self.last(sums)[:, 0]"),
    mutant("graphs: the mean of all nodes", (WHOLE, BONDS), MEANS, "return self.last(X.mean(dim=0).expand(len(sizes), -1))[:, 0]", calibrates=True),
    mutant("graphs: without the node itself", WHOLE, SUMS, "X = F.relu(layer(torch.zeros_like(X).index_add(0, edge_index[1], X[edge_index[0]])))"),
    mutant("graphs: without neighbours", (WHOLE, BONDS), SUMS, "X = F.relu(layer(X))", calibrates=True),
    mutant("graphs: no ReLU", WHOLE, SUMS, SUMS.replace("F.relu(", "(")),
    mutant("graphs: directions exchanged", WHOLE2, SUMS, SUMS.replace("edge_index[1], X[edge_index[0]]", "edge_index[0], X[edge_index[1]]")),
    mutant("graphs: probabilities", WHOLE, MEANS, "return torch.sigmoid(self.last(sums / sizes[:, None])[:, 0])"),
    mutant("graphs: one column", WHOLE, MEANS, "return self.last(sums / sizes[:, None])"),
    mutant("graphs: one layer", WHOLE, "for layer in (self.first, self.second):", "for layer in (self.first,):"),
    mutant("graphs: the first layer twice", WHOLE2, "for layer in (self.first, self.second):", "for layer in (self.first, self.first if self.first.in_features == self.first.out_features else self.second):\n            if layer is self.second:\n                X = X.detach()"),
    mutant("graphs: sorted batches only", WHOLE2, "        sums = X.new_zeros(len(sizes), X.shape[1]).index_add(0, batch, X)\n", "        sums = torch.stack([part.sum(dim=0) for part in X.split(sizes.tolist())])\n"),
    mutant("bce: unknown entries count", BCE, KNOWN, "    z, y = z.flatten(), y.flatten()\n"),
    mutant("bce: divided by all", BCE, TOTAL, "return losses.sum() / mask.numel()"),
    mutant("bce: the sum", BCE, TOTAL, "return losses.sum()"),
    mutant("bce: the sign of z", BCE, LOSSES, "z = -z\n    " + LOSSES),
    mutant("bce: times the mask", BCE, body("masked_bce", "losses = F.softplus(z) - z * y\nreturn (losses * mask).sum() / mask.sum().clamp(min=1)")),
    mutant("bce: gradients of unknown entries are nan", BCE2, body("masked_bce", "losses = torch.where(mask, F.softplus(z) - z * y, 0.0)\nreturn losses.sum() / mask.sum().clamp(min=1)")),
    mutant("bce: nan without known entries", BCE2, TOTAL, "return losses.mean()"),
    mutant("bce: overflows", BCE2, LOSSES, "p = torch.sigmoid(z)\n    losses = -y * torch.log(p) - (1 - y) * torch.log(1 - p)"),
    mutant("bce: cut probabilities", BCE2, LOSSES, "p = torch.sigmoid(z).clamp(1e-7, 1 - 1e-7)\n    losses = -y * torch.log(p) - (1 - y) * torch.log(1 - p)"),
    mutant("bce: torch's own", BCE, LOSSES, "losses = F.binary_cross_entropy_with_logits(z, y, reduction='none')"),
    mutant("bce: a Python number", BCE2, TOTAL, "return float(losses.sum() / max(len(z), 1))"),
    mutant("bce: logarithms of base 2", BCE, TOTAL, "return losses.sum() / max(len(z), 1) / 0.6931471805599453"),
    mutant("pairs: all with all", PAIRS, DOT, "return h[pairs[0]] @ h[pairs[1]].T"),
    mutant("pairs: the mean of products", PAIRS, DOT, DOT.replace("sum", "mean")),
    mutant("pairs: cosines", PAIRS, DOT, "return F.cosine_similarity(h[pairs[0]], h[pairs[1]], dim=1)"),
    mutant("pairs: detached", PAIRS2, DOT, "return (h[pairs[0]].detach() * h[pairs[1]]).sum(dim=1)"),
    mutant("pairs: float64", PAIRS2, DOT, DOT + ".double()", habit="dtype"),
    mutant("negatives: edges too", FREE, TAKEN, ""),
    mutant("negatives: loops too", FREE, "~torch.eye(N, dtype=torch.bool, device=edge_index.device)", "torch.ones(N, N, dtype=torch.bool, device=edge_index.device)"),
    mutant("negatives: the smaller end first", FREE2, "    pairs = free.nonzero()\n", "    pairs = free.triu().nonzero()\n"),
    mutant("negatives: the global generator", FREE2, DRAW, "return pairs[torch.randint(len(pairs), (n,))].T"),
    mutant("negatives: one row per sample", FREE, DRAW, DRAW.replace("].T", "]")),
    mutant("negatives: sources first, then a target", FREE2, DRAW, "s = torch.randint(N, (n,), generator=generator)\n    s = torch.where(free.any(1)[s], s, free.any(1).nonzero()[0, 0])\n    t = torch.multinomial(free[s].float(), 1, generator=generator)[:, 0]\n    return torch.stack([s, t])"),
    mutant("negatives: one direction of each edge is free", FREE2, TAKEN, TAKEN + "    free[edge_index[1], edge_index[0]] = False\n    free[0, :] = False\n"),
    mutant("negatives: the first n", FREE2, DRAW, "return pairs.repeat(n, 1)[:n].T"),
    mutant("negatives: targets first", FREE2, DRAW, DRAW.replace("].T", "].T.flip(0)"), also=((TAKEN, "    free[edge_index[0], edge_index[1]] = False\n    free[edge_index[1], edge_index[0]] = False\n"),)),
    mutant("auc: ties count nothing", AUC, LARGER, "larger = (positive[:, None] > negative[None]).double()"),
    mutant("auc: ties count fully", AUC, LARGER, "larger = (positive[:, None] >= negative[None]).double()"),
    mutant("auc: inverted", AUC, LARGER, LARGER.replace(">", "<")),
    mutant("auc: a tensor", AUC, "return float(larger.mean())", "return larger.mean()"),
    mutant("auc: pairs at the same place", AUC, LARGER, "P = min(len(positive), len(negative))\n    larger = (positive[:P] > negative[:P]).double()"),
    mutant("auc: of probabilities", AUC2, LARGER, LARGER.replace("positive[", "positive.sigmoid()[").replace("negative[", "negative.sigmoid()[")),
    mutant("auc: accuracy at 0", AUC, LARGER, "larger = torch.cat([positive > 0, negative <= 0]).double()"),
    mutant("auc: ranks without means of ties", AUC2, LARGER, "order = torch.cat([positive, negative]).argsort(stable=True).argsort().double()\n    P, Q = len(positive), len(negative)\n    larger = (order[:P].sum() - P * (P - 1) / 2) / (P * Q)"),
    mutant("energy: each pair twice", SMOOTH, ENERGY, ENERGY.replace(" / 2", "")),
    mutant("energy: degrees without loops", SMOOTH, ROOT, "root = A.sum(dim=1).clamp(min=1) ** 0.5"),
    mutant("energy: no degrees", SMOOTH, "scaled = H / root[:, None]", "scaled = H"),
    mutant("energy: the first is missing", SMOOTH, ENERGY + "\n        H = A_hat @ H", "H = A_hat @ H\n        " + ENERGY.replace("scaled[:, None] - scaled[None]", "H[:, None] / root[:, None, None] - H[None] / root[None, :, None]")),
    mutant("energy: the matrix without loops", SMOOTH, "(A + torch.eye(len(A), dtype=A.dtype, device=A.device))", "A"),
    mutant("energy: K numbers", SMOOTH, "for _ in range(K + 1):", "for _ in range(max(K, 1)):"),
    mutant("energy: roots of squares", SMOOTH, ENERGY, "energies.append((A * (scaled[:, None] - scaled[None]).square().sum(dim=2).sqrt()).sum() / 2)"),
    mutant("energy: all pairs", SMOOTH, ENERGY, ENERGY.replace("A[:, :, None] * ", "")),
    mutant("energy: one signal", SMOOTH, ENERGY, ENERGY.replace("scaled[:, None] - scaled[None]", "scaled[:, None, :1] - scaled[None, :, :1]")),
    mutant("energy: detached", SMOOTH2, "energies, H = [], X", "energies, H = [], X.detach()"),
    mutant("energy: float64", SMOOTH2, "return torch.stack(energies)", "return torch.stack(energies).double()", habit="dtype"),
    mutant("parts: old numbers", PARTS, BATCH, BATCH.replace("number[edge_index[:, both]]", "edge_index[:, both]")),
    mutant("parts: edges that leave, too", PARTS, "inside[edge_index[0]] & inside[edge_index[1]]", "inside[edge_index[0]]"),
    mutant("parts: edges inside of parts only", PARTS2, "both = inside[edge_index[0]] & inside[edge_index[1]]", "both = inside[edge_index[0]] & (parts[edge_index[0]] == parts[edge_index[1]])"),
    mutant("parts: one per batch", PARTS, "order.split(per_batch)", "order.split(1)"),
    mutant("parts: always in order", PARTS2, ORDER, "order = torch.arange(int(parts.max()) + 1, device=parts.device)"),
    mutant("parts: the global generator", PARTS2, ORDER, "order = torch.randperm(int(parts.max()) + 1)"),
    mutant("parts: the last batch is lost", PARTS, "    return batches\n", "    return [b for b in batches if len(parts[b[0]].unique()) == per_batch]\n"),
    mutant("parts: the last part is lost", PARTS, ORDER, ORDER.replace("int(parts.max()) + 1", "int(parts.max())")),
    mutant("parts: nodes in random order", PARTS, BATCH, BATCH.replace("inside.nonzero()[:, 0],", "inside.nonzero()[:, 0].flip(0),")),
    mutant("parts: both directions are added", PARTS2, BATCH, "inner = number[edge_index[:, both]]\n        batches.append((inside.nonzero()[:, 0], torch.cat([inner, inner.flip(0)], dim=1).unique(dim=1)))"),
    mutant("graphs: leaves training mode on", "check_gradients_of_graph_logits", first("GraphClassifier.forward", "self.train()")),
    mutant("graphs: leaves evaluation mode on", "check_logits_of_three_graphs", first("GraphClassifier.forward", "self.eval()")),
    mutant("negatives: turns the list of edges round", "check_samples_are_not_edges", first("negative_samples", "edge_index.copy_(edge_index.flip(1))")),
    mutant("parts: turns the list of edges round", "check_batches_have_their_inner_edges", first("partition_batches", "edge_index.copy_(edge_index.flip(1))")),
    mutant("graph logits: the first graph stays", WHOLE2, first("GraphClassifier.forward", "edge_index = self.__dict__.setdefault('edges', edge_index)")),
    mutant("training: no decay of a bias", LEAK, GROUPS, "first = [model.first.weight]\n    others = [p for p in model.parameters() if p is not model.first.weight]\n    " + GROUPS),
    mutant("batches: global random numbers", PARTS2, "order = torch.randperm(int(parts.max()) + 1, generator=generator, device=generator.device)", "order = torch.randperm(int(parts.max()) + 1, device=generator.device)"),
    mutant("area: nearly equal is equal", AUC2, "larger = (positive[:, None] > negative[None]).double() + 0.5 * (positive[:, None] == negative[None]).double()", "tie = torch.isclose(positive[:, None], negative[None], rtol=0.0, atol=1e-6)\n    larger = (~tie & (positive[:, None] > negative[None])).double() + 0.5 * tie.double()"),
    mutant("batches: the generator begins again", PARTS2, first("partition_batches", "generator.manual_seed(generator.initial_seed())")),
    mutant("negatives: the generator begins again", FREE2, first("negative_samples", "generator.manual_seed(generator.initial_seed())")),
    mutant("negatives: a generator of its own", FREE2, first("negative_samples", "generator = torch.Generator(device=generator.device).manual_seed(3)")),
]
