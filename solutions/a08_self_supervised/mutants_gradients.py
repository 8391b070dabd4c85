"""Wrong answers to a08 that change gradients, seeds or the ends of loops, each with the check that must notice it."""
# ruff: noqa: E501 - quotes lines of the reference

from autograder.authoring.mutants import mutants_of

mutant = mutants_of("simclr.py")

ATTEMPT = "    for _ in range(10):\n        area = height * width * float(torch.empty(()).uniform_(*scale))\n"
ASPECT = "aspect = math.exp(float(torch.empty(()).uniform_(math.log(ratio[0]), math.log(ratio[1]))))\n"
ITEM = "image, target = self.images[index], self.labels[index]"

MUTANTS = [
    mutant("crop: one ratio for all ten draws", "check_boxes_that_never_fit", ATTEMPT + "        " + ASPECT,
           "    " + ASPECT + ATTEMPT),
    mutant("crop: one area for all ten draws", "check_boxes_that_never_fit", ATTEMPT,
           "    area = height * width * float(torch.empty(()).uniform_(*scale))\n    for _ in range(10):\n"),
    mutant("crop: never stops to draw", "check_boxes_that_never_fit", "for _ in range(10):\n        area",
           "for _ in range(2000):\n        area"),
    mutant("crop: a square in the centre if nothing fits", "check_boxes_that_never_fit", "return 0, 0, height, width",
           "side = min(height, width)\n    return (height - side) // 2, (width - side) // 2, side, side"),
    mutant("pairs: an index beyond the end gives the last image", "check_pairs_in_a_loader", ITEM,
           "index = min(index, len(self) - 1)\n        " + ITEM),
    mutant("pairs: an index beyond the end begins again", "check_pairs_in_a_loader", ITEM,
           "index = index % len(self)\n        " + ITEM),
    mutant("sim: the lengths are detached", "check_cosine_of_any_vectors", "(z_i.norm() * z_j.norm())",
           "(z_i.norm() * z_j.norm()).detach()"),
    mutant("naive loss: the other views are detached", "check_naive_loss_at_several_temperatures",
           "(sim(out[i], out[k]) / tau).exp()", "(sim(out[i], out[k].detach()) / tau).exp()"),
    mutant("positive pairs: the left views are detached", "check_positive_pairs_agree_with_a_loop",
           "(F.normalize(out_left, dim=1) *", "(F.normalize(out_left.detach(), dim=1) *"),
    mutant("matrix: one factor is detached", "check_matrix_is_right_and_small", "return rows @ rows.T",
           "return rows @ rows.T.detach()"),
    mutant("loss: -100 on the diagonal", "check_loss_at_low_temperature", "masked_fill_(itself, -math.inf)",
           "masked_fill_(itself, -100.0)"),
    mutant("train: seeds every epoch", "check_epochs_agree_with_torch", "    model.train()\n    total, count",
           "    torch.manual_seed(epoch)\n    model.train()\n    total, count"),
    mutant("linear probe: seeds the global generator", "check_linear_probe_of_six_labels",
           "    optimizer = torch.optim.LBFGS([weight", "    torch.manual_seed(0)\n    optimizer = torch.optim.LBFGS([weight"),
]  # fmt: skip
