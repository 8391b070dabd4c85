"""Public checks of practice: noise, averages, transfer, large batches, folding, generalisation."""

import math

import torch
from oracles_practice import FUNCTIONS, NAMES, NETWORKS, SIZES, weights_of_tiny

from autograder import (
    Message,
    expect,
    expect_close,
    expect_equal,
    expect_shape,
    expect_state_kept,
    expect_unchanged,
    explain_errors,
    is_sequence,
    task,
)


def pair(found, text):
    """Return the two parts of a result."""
    expect(is_sequence(found) and len(found) == 2, text)
    return found


@task("mixup", share=50, any_dtype=True)
def check_mixture_of_examples(student, rng):
    """Examples and targets are mixed by the same share."""
    x, targets = rng.normal(3, 2, 4, dtype=torch.float32), torch.eye(3, device=rng.device)
    order = torch.tensor([2, 0, 1], device=rng.device)
    mixed, soft = pair(student.mixup(x, targets, 0.7, order), "mixup returns examples and targets.")
    right = torch.stack([0.7 * x[n] + 0.3 * x[int(m)] for n, m in enumerate(order)])
    expect_close(mixed, right, name="the examples", mistakes={
        "lam is the share of the example itself.": 0.3 * x + 0.7 * x[order],
        "This is the partner alone.": x[order],
    }, hint="The partner of example n is example order[n].")  # fmt: skip
    expect_close(soft, 0.7 * targets + 0.3 * targets[order], name="the targets", mistakes={
        "The targets must be mixed, too.": targets,
        "The targets are mixed by the same share.": 0.3 * targets + 0.7 * targets[order],
    })  # fmt: skip


@task("cutout", share=50, any_dtype=True)
def check_squares_inside_of_images(student, rng):
    """Odd and even squares inside are covered in all channels, each image at its own place."""
    x = 1 + rng.uniform(2, 3, 8, 9, dtype=torch.float32)
    for size in (3, 4):
        right = x.clone()
        for n, (row, column) in enumerate(((3, 4), (4, 5))):
            for i in range(size):
                for j in range(size):
                    right[n, :, row - size // 2 + i, column - size // 2 + j] = 0
        rows, columns = (torch.tensor(v, device=rng.device) for v in ([3, 4], [4, 5]))
        expect_close(student.cutout(x, size, rows, columns), right, name=Message("a square of {n}", n=size), mistakes={
            "Rows and columns are exchanged.": lambda size=size: swapped(x, size),
            "All channels are covered.": torch.cat([right[:, :1], x[:, 1:]], dim=1),
        },
                     hint="size x size pixels from row - size // 2 and column - size // 2 "
                          "become 0, in each image at its place.")  # fmt: skip


def swapped(x, size):
    """Return images whose squares have rows and columns exchanged."""
    out = x.clone()
    for n, (column, row) in enumerate(((3, 4), (4, 5))):
        out[n, :, row - size // 2 : row - size // 2 + size, column - size // 2 : column - size // 2 + size] = 0
    return out


@task("drop_connect", share=50, any_dtype=True)
def check_weights_are_dropped(student, rng):
    """At test time the weights are scaled; in training some are missing, and the same seed gives the same result."""
    make = student.define(FUNCTIONS).generator
    x, W = rng.normal(3, 4, dtype=torch.float32), rng.normal(2, 4, dtype=torch.float32)
    full = torch.einsum("nd,kd->nk", x, W)
    expect_close(student.drop_connect(x, W, 0.3, False, make(1, x)), 0.7 * full, rtol=1e-3,
                 name="at test time", mistakes={
        "At test time the weights are multiplied by 1 - p.": full,
        "The weights are multiplied by 1 - p, the probability that they stay.": 0.3 * full,
    })  # fmt: skip
    eye = torch.eye(6, device=x.device)
    weights = 1 + rng.uniform(50, 6, dtype=torch.float32)
    kept = student.drop_connect(eye, weights, 0.3, True, make(5, x))
    expect_shape(kept, (6, 50))
    share = float((kept != 0).double().mean())
    expect(0.5 < share < 0.88, Message("With p = 0.3, {share} of the weights are kept.", share=f"{share:.0%}"))
    expect_close(kept, torch.where(kept != 0, weights.T, 0 * weights.T), name="the kept weights", mistakes={
        "In training, kept weights are not scaled.": torch.where(kept != 0, weights.T / 0.7, 0 * weights.T),
    })  # fmt: skip
    counts = (kept != 0).sum(dim=1)
    expect(bool(((counts > 0) & (counts < 50)).all()), "All weights of an input are dropped together.",
           "Draw the mask for each weight: it has the shape of W.")  # fmt: skip
    again = student.drop_connect(eye, weights, 0.3, True, make(5, x))
    expect_close(again, kept, name="a second call with the same seed",
                 hint="The generator that is given draws all random numbers.")  # fmt: skip


@task("stochastic_depth", share=50, any_dtype=True)
def check_branches_are_dropped(student, rng):
    """At test time the branch is scaled; in training each example has it whole or not at all."""
    make = student.define(FUNCTIONS).generator
    x, branch = rng.normal(60, 2, 3, dtype=torch.float32), rng.normal(60, 2, 3, dtype=torch.float32)
    found = student.stochastic_depth(x, branch, 0.25, False, make(1, x))
    expect_close(found, x + 0.75 * branch, name="at test time", mistakes={
        "At test time the branch is multiplied by 1 - p.": x + branch,
        "The branch is multiplied by 1 - p, the probability that it stays.": x + 0.25 * branch,
        "The shortcut is not scaled.": 0.75 * (x + branch),
    })  # fmt: skip
    with explain_errors({"must match the size": "The coins have the shape (N,): kept.reshape(-1, *[1] * (x.dim() - 1)) "
                         "gives them an axis of size 1 for each other axis of the branch."}):  # fmt: skip
        found = student.stochastic_depth(x, branch, 0.25, True, make(7, x))
    expect_shape(found, (60, 2, 3))
    kept = ((found - x).abs() > 1e-3).flatten(1).any(dim=1)
    right = x + branch * kept[:, None, None]
    expect_close(found, right, rtol=1e-3, atol=1e-4, name="in training", mistakes={
        "In training, the branch is not scaled.": x + branch / 0.75 * kept[:, None, None],
    }, hint="One coin for each example keeps or drops its whole branch.")  # fmt: skip
    expect(
        25 < int(kept.sum()) < 59, Message("{n} of 60 examples kept their branch, with p = 0.25.", n=int(kept.sum()))
    )


@task("swa_update", share=50, any_dtype=True)
def check_running_mean(student, rng):
    """After four updates the average is the mean of all."""
    networks = [[rng.normal(2, 3, dtype=torch.float32), rng.normal(4, dtype=torch.float32)] for _ in range(4)]
    average = networks[0]
    for n, new in enumerate(networks[1:], start=1):
        halves = [(a + b) / 2 for a, b in zip(average, new, strict=True)]
        average = student.swa_update(average, new, n)
        right = [torch.stack(tensors).mean(dim=0) for tensors in zip(*networks[: n + 1], strict=True)]
        expect_close(average, right, rtol=1e-3, atol=1e-5, name=Message("the average of {n}", n=n + 1), mistakes={
            "The new network has the weight 1 / (n + 1), not one half.": halves,
            "The sum is divided by n + 1, the number of networks, not by n.":
                [t * (n + 1) / n for t in right],
        }, hint="Each tensor of the average moves to the new one by 1 / (n + 1) of the way.")  # fmt: skip


@task("mc_dropout", share=50, any_dtype=True, keeps=True)
def check_spread_of_predictions(student, rng):
    """The mean is near that of eval mode, the variance near the formula, and modes come back."""
    helper = student.define(NETWORKS)
    x = 1 + rng.uniform(2, 3)
    mean, variance, same, running, _ = helper.dropped(student.mc_dropout, x, 4000, 0.5, rng.int(0, 10**6), True, True)
    expect(same is True, "Modes of modules are not what they were.")
    expect(running == 0.5, "Batch normalisation updated its statistics: it must be in eval mode.")
    scale = 1 / math.sqrt(4 + 1e-5)
    expect_shape(mean, (2, 3), name="the mean")
    expect_close(mean, (x - 0.5) * scale, atol=0.12, rtol=0, name="the mean", mistakes={
        "Dropout was off?": (x - 0.5) * scale + 1,
    })  # fmt: skip
    expect_close(variance, x * x * 3 * scale**2, rtol=0.25, name="the variance", mistakes={
        "Without dropout, all predictions are equal.": 0 * x,
        "This is the deviation, not the variance.": (x * x * 3 * scale**2).sqrt(),
    })  # fmt: skip


@task("freeze", share=50, any_dtype=True)
def check_frozen_layers(student, rng):
    """Frozen parameters require no gradient, and what still learns is counted."""
    helper = student.define(NETWORKS)
    count, grads, modes, moved = helper.frozen(student.freeze, weights_of_tiny(rng), ["features"], rng.normal(5, 4))
    right = {name: not name.startswith("features") for name in NAMES}
    expect_equal(grads, right, name="requires_grad",
                 hint="The parameters of the named layers require no gradient, all others do.")  # fmt: skip
    expect_equal(count, sum(SIZES[name] for name in NAMES if right[name]), name="what still learns", mistakes={
        "Count numbers, not tensors.": 8,
        "Count what still learns, not what is frozen.": 42,
    }, hint="Add the numbers of elements of what still learns.")  # fmt: skip
    expect(modes["features.1"] is False, "The frozen batch normalisation still collects statistics.",
           "Its statistics change in train mode: call eval() on frozen layers.")  # fmt: skip
    expect("features.1.running_mean" not in moved, "The frozen statistics have changed.")


@task("parameter_groups", share=50, any_dtype=True)
def check_two_groups(student, rng):
    """The head has its rate, and everything else a tenth of it."""
    helper = student.define(NETWORKS)
    found = helper.groups(student.parameter_groups, weights_of_tiny(rng), [], rng.normal(1), "fc", 0.5)
    expect(is_sequence(found) and len(found) == 2, "There are not two groups.")
    head = ["fc.bias", "fc.weight"]
    for (names, lr), wanted, title in zip(
        found, ((sorted(set(NAMES) - set(head)), 0.05), (head, 0.5)), (Message("rest"), Message("head")), strict=True
    ):
        expect_equal(names, wanted[0], name=Message("the parameters of the {title}", title=title),
                     hint="A parameter is of the head if its name begins with the head's name and a dot.")  # fmt: skip
        expect_close(lr, wanted[1], name=Message("the rate of the {title}", title=title),
                     hint="The rest learns at factor times head_lr, the head at head_lr.")  # fmt: skip
    model = helper.tiny(weights_of_tiny(rng), rng.normal(1))
    with expect_state_kept(student, model=model):
        student.parameter_groups(model, "fc", 0.5)


@task("accumulate", share=50, any_dtype=True, keeps=True)
def check_gradient_of_parts(student, rng):
    """Parts of unequal size give the gradient of all examples together."""
    helper = student.define(NETWORKS)
    W, b, x, y = rng.normal(2, 3), rng.normal(2), rng.normal(9, 3), rng.normal(9, 2)
    parts = [(x[:5], y[:5]), (x[5:6], y[5:6]), (x[6:], y[6:])]
    value, gW, gb, _ = helper.accumulated(student.accumulate, W, b, parts, "squares")
    apart = [2 * (p @ W.T + b - q) / (2 * len(p)) for p, q in parts]
    slopes = 2 * (x @ W.T + b - y) / 18
    means = sum(r.T @ p for r, (p, _) in zip(apart, parts, strict=True))
    expect_close(gW, slopes.T @ x, name="the gradient of the weights", mistakes={
        "This is the mean of means: parts count by their size.": means / 3,
        "This is the sum of means: parts count by their size.": means,
        "The gradients from before were not forgotten.": slopes.T @ x + 1,
        "The gradients were forgotten between the parts.": apart[2].T @ x[6:] / 3,
        "Divide by the number of all examples.": sum(r.T @ p * len(p) for r, (p, _) in zip(apart, parts, strict=True)),
    })  # fmt: skip
    expect_close(gb, slopes.sum(dim=0), name="the gradient of the bias")
    expect_close(value, float((x @ W.T + b - y).square().mean()), name="the loss", mistakes={
        "This is the mean of means.": sum(float((p @ W.T + b - q).square().mean()) for p, q in parts) / 3,
        "This is the sum of means.": sum(float((p @ W.T + b - q).square().mean()) for p, q in parts),
    }, hint="Add the losses of all parts, each with its share of the examples.")  # fmt: skip


@task("update_ratio", share=50, any_dtype=True)
def check_ratio_of_lengths(student, rng):
    """The ratio is that of one long vector."""
    before = [torch.tensor([3.0, 0.0], device=rng.device), torch.tensor([[4.0]], device=rng.device)]
    after = [torch.tensor([3.0, 0.3], device=rng.device), torch.tensor([[4.4]], device=rng.device)]
    expect_close(student.update_ratio(before, after), 0.1, rtol=1e-4, mistakes={
        "All tensors together are one vector: this is the mean of ratios.": (0.1 + 0.1) / 2 + 1e-9,
        "Take the root.": 0.01,
        "Divide by the length before the step.": 0.5 / math.sqrt(3.0**2 + 0.3**2 + 4.4**2),
        "This is the sum of ratios.": 0.2,
    }, hint="The length of all changes as one vector, divided by that of all weights as one vector.")  # fmt: skip
    found = student.update_ratio([before[0], 0 * before[1] + 12], [before[0], before[1] * 0 + 12.5])
    expect_close(found, 0.5 / math.sqrt(153), rtol=1e-4,
                 name="only one tensor moves",
                 hint="The length of all changes as one vector, divided by that "
                      "of all weights as one vector.")  # fmt: skip


def statistics(rng, C, eps=1e-3):
    """Draw eps, scale, shift, mean and variance of a normalisation."""
    return (eps, rng.normal(C), rng.normal(C), rng.normal(C), rng.uniform(C, low=0.01, high=2.0))


@task("fold_batchnorm", share=50, any_dtype=True)
def check_folded_convolution(student, rng):
    """A convolution with bias and its normalisation become one convolution."""
    helper = student.define(NETWORKS)
    W, b, x = rng.normal(4, 3, 3, 3), rng.normal(4), rng.normal(2, 3, 5, 6)
    eps, gamma, beta, mean, variance = numbers = statistics(rng, 4)
    out, _, _ = helper.folded(student.fold_batchnorm, "conv", W, b, {"padding": 1}, numbers, x)

    def normed(bias, spread, shift=beta):
        y = torch.nn.functional.conv2d(x, W, padding=1) + (bias - mean)[:, None, None]
        return y * (gamma / spread)[:, None, None] + shift[:, None, None]

    expect_close(out, normed(b, (variance + eps).sqrt()), rtol=1e-4, mistakes={
        "Add eps to the variance.": normed(b, variance.sqrt()),
        "The old bias is missing.": normed(0 * b, (variance + eps).sqrt()),
        "Divide by the root of the variance.": normed(b, variance + eps),
        "The shift beta is missing.": normed(b, (variance + eps).sqrt(), 0 * beta),
    },
                 hint="Filters times gamma / root; the bias minus the mean, times the "
                      "same, plus beta: all by output channel.")  # fmt: skip


@task("bias_variance", share=50, any_dtype=True)
def check_parts_of_the_error(student, rng):
    """The three numbers agree with a loop."""
    p, truth, noise = rng.normal(5, 3, dtype=torch.float32), rng.normal(3, dtype=torch.float32), 0.4
    columns = [p[:, n].tolist() for n in range(3)]
    middle = [math.fsum(c) / 5 for c in columns]
    bias = sum((m - t) ** 2 for m, t in zip(middle, truth.tolist(), strict=True)) / 3
    spread = sum(sum((v - m) ** 2 for v in c) / 5 for c, m in zip(columns, middle, strict=True)) / 3
    found = student.bias_variance(p, truth, noise)
    expect(is_sequence(found) and len(found) == 3, "bias_variance returns three numbers.")
    for value, right, title, wrong in (
        (found[0], bias, "the squared bias", {"The bias is squared for each point, before the mean.":
                                              (sum(middle) / 3 - float(truth.mean())) ** 2}),
        (found[1], spread, "the variance", {"Divide by S.": spread * 5 / 4,
                                           "The variance is around the mean prediction.": spread + bias}),
        (found[2], bias + spread + 0.16, "the sum", {"The noise counts by its variance.": bias + spread + 0.4,
                                                     "The noise is missing.": bias + spread}),
    ):  # fmt: skip
        expect_close(value, torch.tensor(right, device=rng.device), rtol=1e-3, atol=1e-5,
                     name=Message(title), mistakes=wrong,
                     hint="For each point by itself: the mean over the networks; "
                          "then the mean over the points.")  # fmt: skip


@task("min_norm_fit", share=50)
def check_shortest_fit(student, rng):
    """Wide, square and tall matrices, also of lower rank: no fit is better, none as good is shorter; inputs stay."""
    Phi, y = rng.normal(4, 9), rng.normal(4)
    right = Phi.T @ torch.linalg.solve(Phi @ Phi.T, y)
    found = student.min_norm_fit(Phi, y)
    expect_shape(found, (9,), hint="The pseudoinverse times y: neither a penalty nor a coarse tolerance.")
    expect_close(found, right, rtol=1e-4, atol=1e-6, name="the weights with 9 features", mistakes={
        "It fits, but is not the shortest: some weights are 0.":
            torch.cat([torch.linalg.solve(Phi[:, :4], y), 0 * y, 0 * y[:1]]),
    }, hint="The pseudoinverse times y: neither a penalty nor a coarse tolerance.")  # fmt: skip
    for N, P, rank in ((5, 12, 5), (6, 6, 6), (10, 4, 4), (6, 9, 3), (9, 5, 2)):
        Phi, y = rng.normal(N, rank) @ rng.normal(rank, P), rng.normal(N)
        seen = student.inspect(student.min_norm_fit, Phi, y)
        name = Message("{N} x {P} of rank {r}", N=N, P=P, r=rank)
        expect_shape(seen.value, (P,), hint="The pseudoinverse times y: neither a penalty nor a coarse tolerance.")
        expect_close(Phi.T @ (Phi @ seen.value - y), 0 * seen.value, atol=1e-5, name=name,
                     hint="The pseudoinverse times y: neither a penalty nor a coarse tolerance.")  # fmt: skip
        null = torch.linalg.svd(Phi).Vh[rank:]
        expect_close(null @ seen.value, 0 * null[:, 0], atol=1e-6,
                     name=Message("{name}: what the data do not see", name=name),
                     hint="The pseudoinverse times y: neither a penalty nor a coarse tolerance.")  # fmt: skip
        expect_unchanged(seen, Phi, y)
    left, right, y = (torch.linalg.qr(rng.normal(n, 3)).Q for n in (5, 8, 5))
    sizes = torch.tensor([3e-3, 2e-3, 1e-3], dtype=y.dtype, device=y.device)
    expect_close(student.min_norm_fit(left * sizes @ right.T, y[:, 0]), right @ (left.T @ y[:, 0] / sizes), rtol=1e-3,
                 name="small features", hint="Even a tiny penalty changes the fit of small features.")  # fmt: skip
