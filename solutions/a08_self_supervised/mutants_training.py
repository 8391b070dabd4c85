"""Wrong answers to a08, loss, training and probes, each with the check that must notice it."""

from autograder.authoring.mutants import first, mutants_of

mutant = mutants_of("simclr.py")


SIM = "return (z_i @ z_j) / (z_i.norm() * z_j.norm())"
PARTNER = "partner = (i + num_pairs) % (2 * num_pairs)"
OTHERS = "if k != i:"
TERM = "denominator = denominator + (sim(out[i], out[k]) / tau).exp()"
TOTAL = "total = total + denominator.log() - sim(out[i], out[partner]) / tau"
MEAN = "return total / (2 * num_pairs)"
VIEWS = "for i in range(2 * num_pairs):"
ROWS = "rows = F.normalize(out, dim=1)"
PAIRS = "(F.normalize(out_left, dim=1) * F.normalize(out_right, dim=1)).sum(dim=1, keepdim=True)"
PRODUCT = "return rows @ rows.T"
LOGITS = "logits = compute_sim_matrix(torch.cat([out_left, out_right])).div_(tau)"
ITSELF = "itself = torch.eye(len(logits), dtype=torch.bool, device=device)"
SUMS = "logits.masked_fill_(itself, -math.inf).logsumexp(dim=1)"
POSITIVES = "positives = sim_positive_pairs(out_left, out_right)[:, 0] / tau"
LOSS = "return log_sums.mean() - positives.mean()"
COLLAPSE = "return -positives.mean()"

LEFT, RIGHT = "_, out_left = model(x_i.to(device))", "_, out_right = model(x_j.to(device))"
EPOCH_LOSS = "loss = simclr_loss_vectorized(out_left, out_right, temperature, device=device)"
MODE = "    model.train()\n    total, count"
ZERO = "        train_optimizer.zero_grad()\n"
STEP = "        train_optimizer.step()\n"
SUM, COUNT = "total += loss.item() * len(x_i)", "count += len(x_i)"
RETURN = "return total / count"
SCORED = "check_features_learned_without_labels"

COSINES = "similarity = F.normalize(queries, dim=1) @ F.normalize(features, dim=1).T"
NEAREST = "similarity.topk(k, dim=1)"
VOTE = "F.one_hot(votes, int(labels.max()) + 1).sum(dim=1).argmax(dim=1)"
WEIGHT = "weight = rows.new_zeros(rows.shape[1], int(labels.max()) + 1, requires_grad=True)"
MOMENTS = "features.mean(dim=0), features.std(dim=0, unbiased=False) + 1e-6"
STANDARD = "rows, queries = (features - mean) / deviation, (queries - mean) / deviation"
OBJECTIVE = "F.cross_entropy(rows @ weight + bias, labels) + reg * weight.square().sum()"
OPTIMIZER = 'torch.optim.LBFGS([weight, bias], max_iter=200, line_search_fn="strong_wolfe")'
QUARTER = "quarter = images.transpose(2, 3).flip(2)"
TURNS = "torch.cat([images, quarter, images.flip(2, 3), quarter.flip(2, 3)])"
REFUSE = "if images.shape[2] != images.shape[3]:"
NUMBERS = "torch.arange(4, device=images.device).repeat_interleave(len(images))"

# fmt: off
LOSSES = [
    mutant("sim: the dot product", ("check_cosine_of_known_angles", "check_cosine_of_any_vectors"), SIM,
           "return z_i @ z_j"),
    mutant("sim: squares its input in place", "check_cosine_of_known_angles", SIM,
           "n_j = z_j.norm()\n    z_j /= n_j\n    return (z_i @ z_j) / z_i.norm()"),
    mutant("sim: the constant against zero lengths is too large", "check_cosine_of_any_vectors",
           SIM, "return (z_i @ z_j) / (z_i.norm() * z_j.norm() + 1e-3)"),
    mutant("sim: lengths below a hundredth are called a hundredth", "check_cosine_of_any_vectors",
           SIM, "return (z_i @ z_j) / (z_i.norm() * z_j.norm()).clamp(min=1e-2)"),
    mutant("naive: the view itself is in the denominator",
           ("check_naive_loss_of_pairs_far_apart", "check_naive_loss_of_one_pair"), OTHERS, "if True:"),
    mutant("naive: the partner is not in the denominator", "check_naive_loss_of_pairs_far_apart",
           OTHERS, "if k != i and k != partner:"),
    mutant("naive: compares with the other side only", "check_naive_loss_of_pairs_far_apart",
           OTHERS, "if (k < num_pairs) != (i < num_pairs):"),
    mutant("naive: divides by N", ("check_naive_loss_of_pairs_far_apart", "check_naive_loss_at_several_temperatures"),
           MEAN, "return total / num_pairs"),
    mutant("naive: only left views are compared", "check_naive_loss_of_a_star",
           VIEWS + "\n" + " " * 8 + PARTNER, "for i in list(range(num_pairs)) * 2:\n" + " " * 8 + PARTNER),
    mutant("naive: the partner is the neighbour, as if pairs were interleaved", "check_naive_loss_of_pairs_far_apart",
           PARTNER, "partner = i + 1 if i % 2 == 0 else i - 1"),
    mutant("naive: no temperature in the denominator",
           ("check_naive_loss_of_pairs_far_apart", "check_naive_loss_of_a_star", "check_naive_loss_of_one_pair"),
           TERM, TERM.replace(" / tau", "")),
    mutant("naive: multiplies by the temperature", "check_naive_loss_at_several_temperatures",
           TERM, TERM.replace(" / tau", " * tau")),
    mutant("naive: dot products instead of cosines", "check_naive_loss_ignores_lengths",
           TERM, TERM.replace("sim(out[i], out[k])", "(out[i] @ out[k])")),
    mutant("naive: sums in float64", "check_naive_loss_ignores_lengths", MEAN,
           MEAN.replace("total /", "total.double() /")),
    mutant("positive pairs: all pairs", "check_positive_pairs_at_known_angles", PAIRS,
           "F.normalize(out_left, dim=1) @ F.normalize(out_right, dim=1).T"),
    mutant("positive pairs: a vector, not a column",
           ("check_positive_pairs_at_known_angles", "check_positive_pairs_agree_with_a_loop"),
           PAIRS, PAIRS.replace(", keepdim=True", "")),
    mutant("positive pairs: normalises columns", "check_positive_pairs_agree_with_a_loop",
           PAIRS, PAIRS.replace("dim=1)", "dim=0)")),
    mutant("positive pairs: a loop in a comprehension", "check_positive_pairs_at_known_angles",
           PAIRS, "torch.stack([sim(a, b) for a, b in zip(out_left, out_right)])[:, None]"),
    mutant("matrix: dot products", "check_matrix_of_known_angles", ROWS, "rows = out"),
    mutant("matrix: normalises by the length of the whole batch", "check_matrix_of_known_angles",
           ROWS, "rows = out / out.norm()"),
    mutant("matrix: broadcasts all pairs of rows", "check_matrix_is_right_and_small",
           PRODUCT, "return F.cosine_similarity(out[:, None], out[None], dim=2)"),
    mutant("matrix: masks the diagonal", "check_matrix_of_known_angles",
           PRODUCT, "return (rows @ rows.T).fill_diagonal_(0)"),
    mutant("loss: the view itself is in the denominator", ("check_loss_of_pairs_far_apart", "check_loss_of_one_pair"),
           SUMS, "logits.logsumexp(dim=1)"),
    mutant("loss: the diagonal becomes 0, which is e^0 in the sum",
           ("check_loss_of_pairs_far_apart", "check_loss_of_a_star", "check_loss_of_one_pair"),
           SUMS, SUMS.replace("-math.inf", "0.0")),
    mutant("loss: only left views are compared", "check_loss_of_a_star", LOSS,
           LOSS.replace("log_sums", "log_sums[: len(out_left)]")),
    mutant("loss: a sum, not a mean", "check_loss_of_pairs_far_apart", LOSS,
           "return (log_sums.sum() - 2 * positives.sum())"),
    mutant("loss: no temperature for positive pairs", ("check_loss_at_several_temperatures", "check_loss_of_one_pair"),
           POSITIVES, POSITIVES.replace(" / tau", "")),
    mutant("loss: exponentials overflow", "check_loss_at_low_temperature",
           SUMS, "logits.exp().masked_fill(itself, 0.0).sum(dim=1).log()"),
    mutant("loss: loops over the views", "check_loss_takes_no_loop",
           SUMS, "torch.stack([torch.cat([row[:i], row[i + 1 :]]).logsumexp(0) for i, row in enumerate(logits)])"),
    mutant("loss: adds a small number inside the logarithm", "check_loss_of_one_pair",
           LOSS, "return (log_sums.exp() + 1e-2).log().mean() - positives.mean()"),
    mutant("loss: lengths count", "check_loss_ignores_lengths",
           LOGITS, "logits = torch.cat([out_left, out_right])\n    logits = logits @ logits.T / tau"),
    mutant("loss: right views are detached, as in other methods", "check_gradient_of_the_loss",
           LOGITS, "out_right = out_right.detach()\n    " + LOGITS),
    mutant("loss: adds a small number to the probability", "check_loss_at_low_temperature",
           LOSS, "return -((positives.tile(2) - log_sums).exp() + 1e-8).log().mean()"),
    mutant("loss: the mask is made on the CPU", "check_loss_on_the_device_of_the_projections",
           ITSELF, ITSELF.replace(", device=device", "")),
    mutant("loss: without negatives, so everything collapses", "check_loss_of_pairs_far_apart", LOSS, COLLAPSE),
]

EPOCHS = [
    mutant("train: takes the features, not the projections", "check_an_epoch_on_a_toy",
           LEFT, "out_left, _ = model(x_i.to(device))"),
    mutant("train: the left view twice", "check_epochs_agree_with_torch", RIGHT, RIGHT.replace("x_j", "x_i")),
    mutant("train: forgets the temperature", "check_an_epoch_on_a_toy", EPOCH_LOSS,
           EPOCH_LOSS.replace("temperature", "0.5")),
    mutant("train: gradients accumulate", "check_epochs_agree_with_torch", ZERO, ""),
    mutant("train: sets gradients to zero after computing them", ("check_an_epoch_on_a_toy", SCORED),
           ZERO + "        loss.backward()\n", "        loss.backward()\n" + ZERO, calibrates=True),
    mutant("train: never steps", "check_an_epoch_on_a_toy", STEP, ""),
    mutant("train: returns the sum of the losses", "check_an_epoch_on_a_toy", RETURN, "return total"),
    mutant("train: returns the loss of the last batch", "check_epochs_agree_with_torch", RETURN, "return loss.item()"),
    mutant("train: averages over batches, however small", "check_uneven_batches_count_by_their_pairs",
           SUM + "\n        " + COUNT, "total += loss.item()\n        count += 1"),
    mutant("train: weights by the argument batch_size", "check_uneven_batches_count_by_their_pairs",
           SUM + "\n        " + COUNT, "total += loss.item() * batch_size\n        count += batch_size"),
    mutant("train: leaves the model in evaluation mode", "check_epochs_agree_with_torch",
           MODE, MODE.replace("model.train()", "pass")),
    mutant("train: sets evaluation mode at the end", "check_epochs_agree_with_torch",
           RETURN, "model.eval()\n    " + RETURN),
    mutant("train: does not move the batches to the device", "check_epochs_agree_with_torch",
           LEFT + "\n        " + RIGHT, (LEFT + "\n        " + RIGHT).replace(".to(device)", "")),
    mutant("train: returns a tensor with its graph", "check_epochs_agree_with_torch", SUM, SUM.replace(".item()", "")),
    mutant("train: drops a batch that is smaller than the others", "check_uneven_batches_count_by_their_pairs",
           "        " + LEFT, "        if len(x_i) < batch_size:\n            continue\n        " + LEFT),
]

PROBES = [
    mutant("knn: dot products instead of cosines",
           ("check_neighbours_by_direction", "check_neighbours_agree_with_a_plain_loop"),
           COSINES, "similarity = queries @ features.T"),
    mutant("knn: Euclidean distance", "check_neighbours_by_direction", COSINES,
           "similarity = -torch.cdist(queries, features)"),
    mutant("knn: the farthest", "check_neighbours_by_direction", NEAREST, "similarity.topk(k, dim=1, largest=False)"),
    mutant("knn: the nearest alone decides", "check_neighbours_by_direction", VOTE, "votes[:, 0]"),
    mutant("knn: ties go to the largest label",
           ("check_neighbours_by_direction", "check_neighbours_agree_with_a_plain_loop"),
           VOTE, "int(labels.max()) - " + VOTE.replace(".argmax(", ".flip(1).argmax(")),
    mutant("knn: squeezes, so one query loses its axis", "check_neighbours_agree_with_a_plain_loop",
           VOTE, VOTE + ".squeeze()"),
    mutant("knn: ten classes", "check_neighbours_agree_with_a_plain_loop",
           VOTE, VOTE.replace("int(labels.max()) + 1", "10")),
    mutant("knn: as many classes as labels, ignoring gaps", "check_neighbours_agree_with_a_plain_loop",
           VOTE, VOTE.replace("int(labels.max()) + 1", "len(labels.unique())")),
    mutant("knn: the table of votes is made on the CPU", "check_neighbours_on_the_device_of_the_features",
           VOTE, "torch.zeros(len(votes), int(labels.max()) + 1).scatter_add_("
           "1, votes, torch.ones_like(votes, dtype=torch.float32)).argmax(dim=1)"),
    mutant("linear probe: no standardisation", "check_linear_probe_of_clusters", STANDARD, "rows = features"),
    mutant("linear probe: queries by their own statistics", "check_linear_probe_reaches_the_minimum",
           STANDARD, "rows = (features - mean) / deviation\n"
           "    queries = (queries - queries.mean(0)) / queries.std(0)"),
    mutant("linear probe: no penalty", "check_linear_probe_reaches_the_minimum",
           OBJECTIVE, "F.cross_entropy(rows @ weight + bias, labels)"),
    mutant("linear probe: the biases are penalised too", "check_linear_probe_reaches_the_minimum",
           OBJECTIVE, OBJECTIVE + " + reg * bias.square().sum()"),
    mutant("linear probe: half the penalty", "check_linear_probe_reaches_the_minimum",
           OBJECTIVE, OBJECTIVE.replace("reg *", "0.5 * reg *")),
    mutant("linear probe: stops after three steps", "check_linear_probe_reaches_the_minimum",
           OPTIMIZER, OPTIMIZER.replace("200", "3")),
    mutant("linear probe: divides by the variance", "check_linear_probe_of_clusters",
           MOMENTS, "features.mean(dim=0), features.var(dim=0, unbiased=False) + 1e-6"),
    mutant("linear probe: divides a constant feature by 0", "check_linear_probe_of_clusters",
           MOMENTS, MOMENTS.replace(" + 1e-6", "")),
    mutant("linear probe: a smaller number is added to the deviation", "check_linear_probe_of_six_labels",
           MOMENTS, MOMENTS.replace("1e-6", "1e-8")),
    mutant("linear probe: the unbiased deviation", "check_linear_probe_of_six_labels",
           MOMENTS, MOMENTS.replace(", unbiased=False", "")),
    mutant("linear probe: ten classes", "check_linear_probe_reaches_the_minimum",
           WEIGHT, WEIGHT.replace("int(labels.max()) + 1", "10")),
    mutant("linear probe: as many classes as labels, ignoring gaps", "check_linear_probe_reaches_the_minimum",
           WEIGHT, WEIGHT.replace("int(labels.max()) + 1", "len(labels.unique())")),
    mutant("linear probe: the weights are made on the CPU", "check_linear_probe_of_six_labels",
           WEIGHT, WEIGHT.replace("rows.new_zeros(", "torch.zeros(").replace("requires", "dtype=rows.dtype, requires")),
    mutant("rotation: clockwise", ("check_rotations_of_a_small_picture", "check_rotations_agree_with_rot90"),
           QUARTER, "quarter = images.transpose(2, 3).flip(3)"),
    mutant("rotation: mirrors instead of rotating", "check_rotations_of_a_small_picture",
           TURNS, "torch.cat([images, quarter, images.flip(2), quarter.flip(2)])"),
    mutant("rotation: labels image by image", "check_rotations_of_a_small_picture",
           NUMBERS, "torch.arange(4, device=images.device).repeat(len(images))"),
    mutant("rotation: labels on the CPU", "check_rotations_agree_with_rot90",
           NUMBERS, NUMBERS.replace(", device=images.device", "")),
    mutant("rotation: accepts rectangles", "check_rotation_refuses_what_is_not_square", REFUSE, "if False:"),
    mutant("rotation: calls rot90", "check_rotations_agree_with_rot90",
           TURNS, "torch.cat([torch.rot90(images, r, (2, 3)) for r in range(4)])"),
    mutant("train: moves the images of the loader", "check_an_epoch_on_a_toy",
           first("train", "[batch[0].mul_(1 + 1e-9) for batch in data_loader]")),
]

MUTANTS = LOSSES + EPOCHS + PROBES
