"""Wrong answers to a01, each with the check that must notice it."""

from autograder.authoring.mutants import first, mutants_of

CENTRE = "    centre = x_train.mean(dim=0)\n    x_train -= centre\n    x_test -= centre\n"
PAIR = "dists[i, j] = (x_train[i] - x_test[j]).square().sum().sqrt()"
ROW = "dists[i] = (test - image.flatten()).square().sum(dim=1).sqrt()"
VECTORS = "train, test = x_train[:, None].flatten(1), x_test[:, None].flatten(1)  # (Ntr, D), (Nte, D)"
PRODUCT = """\
    squared = torch.addmm(test_squares[None], train, test.T, alpha=-2)  # (Ntr, Nte)
    squared += train_squares[:, None]
"""
FINISH = """\
    if len(rows):
        subtract_first = torch.vmap(lambda i, j: (train[i] - test[j]).square().sum(), chunk_size=1024)
        squared[rows, columns] = subtract_first(rows, columns)
    return squared.clamp_(min=0).sqrt_()
"""
BALLOTS = """\
    ballots = label_index[neighbours]
    votes = ballots.new_zeros(len(labels), dists.shape[1]).scatter_add_(0, ballots, torch.ones_like(ballots))
    return labels[votes.argmax(dim=0)]  # argmax returns the first of several maxima
"""
PREDICT = "dists = compute_distances_no_loops(self.x_train, part)"
FOLDS = "image_folds, label_folds = x_train.tensor_split(num_folds), y_train.tensor_split(num_folds)"
OUTSIDE = """\
        images = torch.cat(image_folds[:fold] + image_folds[fold + 1 :])
        labels = torch.cat(label_folds[:fold] + label_folds[fold + 1 :])
"""
VALIDATE = """\
        dists = compute_distances_no_loops(images, image_folds[fold])
        for k in k_choices:
            correct = int((predict_labels(dists, labels, k) == label_folds[fold]).sum())
            k_to_accuracies[k].append(100.0 * correct / len(label_folds[fold]))
"""
MEANS = "means = {k: sum(accuracies) / len(accuracies) for k, accuracies in k_to_accuracies.items()}"
BEST = "return min(k for k, mean in means.items() if mean == max(means.values()))"


mutant = mutants_of("knn.py")


# fmt: off
TWO_LOOPS = [
    mutant("two loops: returns squared distances", "check_two_loops_agrees_with_the_definition",
           PAIR, PAIR.replace(".sqrt()", "")),
    mutant("two loops: sums absolute differences", "check_two_loops_agrees_with_the_definition",
           PAIR, "dists[i, j] = (x_train[i] - x_test[j]).abs().sum()"),
    mutant("two loops: swaps rows and columns", "check_two_loops_agrees_with_the_definition",
           PAIR, PAIR.replace("[i, j]", "[j, i]")),
    mutant("two loops: written for images of three axes", "check_two_loops_takes_any_rank",
           PAIR, PAIR.replace(".sum()", ".sum(dim=(0, 1, 2))")),
    mutant("two loops: always makes a float64 matrix", "check_two_loops_keeps_the_dtype",
           "dists = x_train.new_zeros(len(x_train), len(x_test))\n    ### BEGIN SOLUTION",
           "dists = torch.zeros(len(x_train), len(x_test), dtype=torch.float64)\n    ### BEGIN SOLUTION"),
    mutant("two loops: a matrix of torch's default dtype", "check_two_loops_keeps_the_dtype",
           "dists = x_train.new_zeros(len(x_train), len(x_test))\n    ### BEGIN SOLUTION",
           "dists = torch.zeros(len(x_train), len(x_test))\n    ### BEGIN SOLUTION", habit="dtype"),
    mutant("two loops: ends one row early", "check_two_loops_agrees_with_the_definition",
           "    for i in range(len(x_train)):\n", "    for i in range(len(x_train) - 1):\n"),
    mutant("two loops: flattens with view, which needs contiguous images", "check_two_loops_takes_views",
           PAIR, PAIR.replace("x_train[i]", "x_train[i].view(-1)").replace("x_test[j]", "x_test[j].view(-1)")),
    mutant("two loops: centres the images in place first", "check_two_loops_takes_single_images",
           "    for i in range(len(x_train)):\n", CENTRE + "    for i in range(len(x_train)):\n"),
]

ONE_LOOP = [
    mutant("one loop: returns squared distances", "check_one_loop_agrees_with_the_definition",
           ROW, ROW.replace(".sqrt()", "")),
    mutant("one loop: a second loop inside the first", "check_one_loop_does_not_visit_every_pair",
           ROW,
           "for j in range(len(test)):\n            dists[i, j] = (test[j] - image.flatten()).square().sum().sqrt()"),
    mutant("one loop: calls the function with two loops", "check_one_loop_does_not_visit_every_pair",
           "    dists = x_train.new_zeros(len(x_train), len(x_test))\n    test =",
           "    return compute_distances_two_loops(x_train, x_test)\n    test ="),
    mutant("one loop: returns the matrix transposed", "check_one_loop_agrees_with_the_definition",
           "    return dists\n    ### END SOLUTION", "    return dists.T\n    ### END SOLUTION"),
    mutant("one loop: written for images of three axes", "check_one_loop_takes_any_rank",
           ROW, "dists[i] = (x_test - image).square().sum(dim=(1, 2, 3)).sqrt()"),
    mutant("one loop: always makes a float64 matrix", "check_one_loop_keeps_the_dtype",
           "    dists = x_train.new_zeros(len(x_train), len(x_test))\n    test =",
           "    dists = torch.zeros(len(x_train), len(x_test), dtype=torch.float64)\n    test ="),
    mutant("one loop: a matrix of torch's default dtype", "check_one_loop_keeps_the_dtype",
           "    dists = x_train.new_zeros(len(x_train), len(x_test))\n    test =",
           "    dists = torch.zeros(len(x_train), len(x_test))\n    test =", habit="dtype"),
    mutant("one loop: flattens with view, which needs contiguous images", "check_one_loop_takes_views",
           "    test = x_test[:, None].flatten(1)  # (Nte, D)", "    test = x_test.view(len(x_test), -1)"),
    mutant("one loop: squeezes the result, so one image loses its axis", "check_one_loop_takes_single_images",
           "    return dists\n    ### END SOLUTION", "    return dists.squeeze()\n    ### END SOLUTION"),
]

NO_LOOPS = [
    mutant("no loops: returns squared distances", "check_no_loops_agrees_with_the_definition",
           "squared.clamp_(min=0).sqrt_()", "squared.clamp_(min=0)"),
    mutant("no loops: forgets the factor 2", "check_no_loops_agrees_with_the_definition",
           "alpha=-2", "alpha=-1"),
    mutant("no loops: adds the product", "check_no_loops_agrees_with_the_definition",
           "alpha=-2", "alpha=2"),
    mutant("no loops: adds the training squares along the wrong axis", "check_no_loops_agrees_with_the_definition",
           "squared += train_squares[:, None]", "squared += train_squares"),
    mutant("no loops: written for images of three axes", "check_no_loops_takes_any_rank",
           VECTORS,
           VECTORS + "\n    n, c, h, w = x_train.shape\n    train = x_train.reshape(n, c * h * w)"),
    mutant("no loops: broadcasts both axes into (Ntr, Nte, D)",
           ("check_no_loops_needs_little_memory", "check_no_loops_fits_in_memory"),
           PRODUCT, "    squared = (train[:, None] - test[None]).square().sum(dim=2)\n"),
    mutant("no loops: hides the loop in a comprehension", "check_no_loops_agrees_with_the_definition",
           PRODUCT, "    squared = torch.stack([(test - row).square().sum(dim=1) for row in train])\n"),
    mutant("no loops: hides the loop in map", "check_no_loops_runs_as_many_operations_on_more_images",
           PRODUCT, "    squared = torch.stack(list(map(lambda row: (test - row).square().sum(dim=1), train)))\n"),
    mutant("no loops: takes the root of negative numbers left by rounding", "check_no_loops_gives_copies_distance_zero",
           FINISH, "    return squared.sqrt()\n"),
    mutant("no loops: clamps after the root, which is too late", "check_no_loops_gives_copies_distance_zero",
           FINISH, "    return squared.sqrt().clamp(min=0)\n"),
    mutant("no loops: adds a constant under the root that is too small for float32",
           "check_no_loops_finds_copies_in_float32",
           FINISH, "    return (squared + 1e-12).sqrt()\n"),
    mutant("no loops: flattens with view, which needs contiguous images", "check_no_loops_takes_views",
           VECTORS, "train, test = x_train.view(len(x_train), -1), x_test.view(len(x_test), -1)"),
    mutant("no loops: always computes in float32", "check_no_loops_keeps_the_dtype",
           VECTORS, VECTORS + "\n    train, test = train.float(), test.float()", habit="dtype"),
    mutant("no loops: always returns float64", "check_no_loops_keeps_the_dtype",
           "return squared.clamp_(min=0).sqrt_()", "return squared.clamp_(min=0).sqrt_().double()", habit="dtype"),
    mutant("no loops: copies are at a small distance that is not 0", "check_no_loops_gives_copies_distance_zero",
           "return squared.clamp_(min=0).sqrt_()", "return squared.clamp_(min=1e-4).sqrt_()"),
    mutant("no loops: the mean of the squares for nearly equal images", "check_no_loops_takes_single_images",
           FINISH, FINISH.replace(".sum()", ".mean()")),
    mutant("no loops: centres the images in place first", "check_no_loops_takes_single_images",
           "    " + VECTORS, CENTRE + "    " + VECTORS),
]

VOTES = [
    mutant("votes: the farthest images vote", "check_predict_labels_copies_the_nearest_label",
           "dim=0, largest=False", "dim=0, largest=True"),
    mutant("votes: returns positions in the training set", "check_predict_labels_copies_the_nearest_label",
           "    return labels[votes", "    return neighbours[0]\n    return labels[votes"),
    mutant("votes: returns int32", "check_predict_labels_gives_whole_numbers",
           "return labels[votes.argmax(dim=0)]", "return labels[votes.argmax(dim=0)].int()", habit="dtype"),
    mutant("votes: returns floats", "check_predict_labels_gives_whole_numbers",
           "return labels[votes.argmax(dim=0)]", "return labels[votes.argmax(dim=0)].float()", habit="dtype"),
    mutant("votes: the nearest image has no vote", "check_predict_labels_counts_votes",
           "dists.topk(k, dim=0, largest=False).indices",
           "dists.topk(min(k + 1, len(dists)), dim=0, largest=False).indices[min(1, len(dists) - 1) :]"),
    mutant("votes: near neighbours count more", "check_predict_labels_counts_votes",
           "torch.ones_like(ballots))",
           "torch.ones_like(ballots)).double()\n"
           "    votes.scatter_add_(0, ballots, 1 / (1e-9 + dists.gather(0, neighbours).double()))"),
    mutant("votes: only the nearest image votes", "check_predict_labels_counts_votes",
           "dists.topk(k,", "dists.topk(1,"),
    mutant("votes: marks the labels that occur instead of counting them", "check_predict_labels_counts_votes",
           ".scatter_add_(", ".scatter_("),
    mutant("votes: ties go to the largest label", "check_predict_labels_breaks_ties",
           "return labels[votes.argmax(dim=0)]", "return labels[len(labels) - 1 - votes.flip(0).argmax(dim=0)]"),
    mutant("votes: ties go to the label of the nearest", "check_predict_labels_breaks_ties",
           BALLOTS, """\
    ballots = y_train[neighbours]
    support = (ballots[:, None] == ballots[None]).sum(dim=0)
    return ballots.gather(0, support.argmax(dim=0, keepdim=True))[0]
"""),
    mutant("votes: there are always ten classes", "check_predict_labels_with_any_labels",
           BALLOTS, """\
    ballots = y_train[neighbours]
    votes = ballots.new_zeros(10, dists.shape[1]).scatter_add_(0, ballots, torch.ones_like(ballots))
    return votes.argmax(dim=0)
"""),
    mutant("votes: the number of the label among those that occur, not the label",
           "check_predict_labels_with_any_labels",
           "return labels[votes.argmax(dim=0)]", "return votes.argmax(dim=0)"),
    mutant("votes: one image too few when all should vote", "check_predict_labels_when_all_vote",
           "dists.topk(k,", "dists.topk(max(1, min(k, len(y_train) - 1)),"),
    mutant("votes: squeezes the result, so one test image gives a number", "check_predict_labels_for_one_image",
           "return labels[votes.argmax(dim=0)]", "return labels[votes.argmax(dim=0)].squeeze()"),
    mutant("votes: overwrites the distances it has used", "check_predict_labels_on_other_sizes",
           "    ballots = label_index[neighbours]\n",
           "    ballots = label_index[neighbours]\n    dists.scatter_(0, neighbours, float('inf'))\n"),
]

CLASSIFIER = [
    mutant("classifier: forgets to pass k on", "check_classifier_predicts_by_vote",
           "predict_labels(dists, self.y_train, k)", "predict_labels(dists, self.y_train)"),
    mutant("classifier: swaps training and test images", "check_classifier_predicts_by_vote",
           PREDICT, "dists = compute_distances_no_loops(part, self.x_train)"),
    mutant("classifier: distances of the first call are used again", "check_classifier_predicts_each_image_by_itself",
           "            " + PREDICT,
           "            self.dists = dists = getattr(self, 'dists', compute_distances_no_loops(self.x_train, part))"),
    mutant("classifier: keeps the distances of the first images of each shape",
           "check_classifier_predicts_each_image_by_itself",
           PREDICT, PREDICT + "\n            dists = self.__dict__.setdefault(str(part.shape), dists)"),
    mutant("classifier: drops the last, incomplete part of the test images", "check_classifier_predicts_by_vote",
           "x_test.split(1024):", "x_test[: len(x_test) // 5 * 5].split(5):"),
    mutant("classifier: another default for k", "check_classifier_on_other_images",
           "def predict(self, x_test: Tensor, k: int = 1)", "def predict(self, x_test: Tensor, k: int = 5)"),
    mutant("classifier: centres the test images by their own mean", "check_classifier_predicts_each_image_by_itself",
           PREDICT,
           "dists = compute_distances_no_loops(self.x_train - self.x_train.mean(dim=0), part - part.mean(dim=0))"),
    mutant("classifier: an image that is predicted does not vote for itself", "check_classifier_on_other_images",
           PREDICT, PREDICT + "\n            dists[dists < 1e-3] = float('inf')"),
    mutant("classifier: a leftover from debugging, only 100 training images vote",
           "check_classifier_scores_on_scenes",
           PREDICT, "dists = compute_distances_no_loops(self.x_train[:100], part)", calibrates=True),
]

CROSS_VALIDATION = [
    mutant("folds: fractions instead of percent", "check_cross_validation_agrees_with_plain_folds",
           "append(100.0 * correct", "append(correct"),
    mutant("folds: the validated images vote too", "check_cross_validation_agrees_with_plain_folds",
           OUTSIDE, "        images, labels = x_train, y_train\n"),
    mutant("folds: one fold votes, the others are validated", "check_cross_validation_agrees_with_plain_folds",
           VALIDATE,
           VALIDATE.replace("(images, image_folds[fold])", "(image_folds[fold], images)")
           .replace("(dists, labels, k) == label_folds[fold]", "(dists, label_folds[fold], k) == labels")
           .replace("len(label_folds[fold])", "len(labels)")),
    mutant("folds: shuffles the images first", "check_cross_validation_agrees_with_plain_folds",
           FOLDS,
           "order = torch.randperm(len(x_train))\n    x_train, y_train = x_train[order], y_train[order]\n    " + FOLDS),
    mutant("folds: the last one first", "check_cross_validation_agrees_with_plain_folds",
           "for fold in range(num_folds):", "for fold in reversed(range(num_folds)):"),
    mutant("folds: the accuracies are sorted", "check_cross_validation_agrees_with_plain_folds",
           "    return k_to_accuracies\n    ### END",
           "    return {k: sorted(v) for k, v in k_to_accuracies.items()}\n    ### END"),
    mutant("folds: k is not handed on", "check_cross_validation_agrees_with_plain_folds",
           "predict_labels(dists, labels, k) ==", "predict_labels(dists, labels) =="),
    mutant("folds: divides by the number of all images", "check_cross_validation_agrees_with_plain_folds",
           "100.0 * correct / len(label_folds[fold])", "100.0 * correct / len(y_train)"),
    mutant("folds: the default choices lack 100", "check_cross_validation_has_default_choices",
           "[1, 3, 5, 8, 10, 12, 15, 20, 50, 100]", "[1, 3, 5, 8, 10, 12, 15, 20, 50]"),
    mutant("folds: always five of them", "check_cross_validation_on_other_sizes",
           "for fold in range(num_folds):", "for fold in range(5):"),
    mutant("folds: reshapes, which needs folds of equal size", "check_cross_validation_when_folds_are_uneven",
           FOLDS,
           "image_folds = x_train.reshape(num_folds, -1, *x_train.shape[1:]).unbind()\n"
           "    label_folds = y_train.reshape(num_folds, -1).unbind()"),
    mutant("folds: of equal size, the images that remain are left out", "check_cross_validation_when_folds_are_uneven",
           FOLDS,
           "size = len(x_train) // num_folds\n"
           "    image_folds, label_folds = x_train.split(size), y_train.split(size)"),
    mutant("folds: sorts the choices of k in place", "check_cross_validation_leaves_its_inputs",
           FOLDS, "k_choices.sort()\n    " + FOLDS),
    mutant("folds: centres the images in place first", "check_cross_validation_leaves_its_inputs",
           FOLDS, "x_train -= x_train.mean(dim=0)\n    " + FOLDS),
]

BEST_K = [
    mutant("best k: by the best single fold", "check_best_k_has_the_highest_mean",
           MEANS, "means = {k: max(accuracies) for k, accuracies in k_to_accuracies.items()}"),
    mutant("best k: by the worst fold", "check_best_k_has_the_highest_mean",
           MEANS, "means = {k: min(accuracies) for k, accuracies in k_to_accuracies.items()}"),
    mutant("best k: by the median", "check_best_k_has_the_highest_mean",
           MEANS, "means = {k: sorted(accuracies)[len(accuracies) // 2] for k, accuracies in k_to_accuracies.items()}"),
    mutant("best k: returns the mean", "check_best_k_has_the_highest_mean",
           BEST, "return max(means.values())"),
    mutant("best k: the largest k on ties", "check_best_k_is_the_smallest_on_ties",
           BEST, BEST.replace("min(k", "max(k")),
    mutant("best k: compares rounded means", "check_best_k_whatever_the_order",
           MEANS, "means = {k: round(sum(v) / len(v), 1) for k, v in k_to_accuracies.items()}"),
    mutant("best k: the smallest k that is almost as good as the best", "check_best_k_whatever_the_order",
           BEST, "return min(k for k, mean in means.items() if mean >= max(means.values()) - 0.5)"),
    mutant("best k: takes the other k out of the dict", "check_best_k_whatever_the_order",
           MEANS, MEANS + "\n    for k in set(means) - {max(means, key=means.get)}:\n        del k_to_accuracies[k]"),
    mutant("best k: the first k in the dict on ties", "check_best_k_whatever_the_order",
           BEST, "return max(means, key=means.get)"),
    mutant("classifier: predict moves its images", "check_classifier_predicts_by_vote",
           first("KnnClassifier.predict", "x_test.mul_(1 + 1e-6)")),
]
# fmt: on

MUTANTS = TWO_LOOPS + ONE_LOOP + NO_LOOPS + VOTES + CLASSIFIER + CROSS_VALIDATION + BEST_K
