"""Hidden checks of practice: borders, other shapes, means over many draws, other networks; inputs stay."""

import math

import torch
import torch.nn.functional as F
from check_practice_models import statistics
from oracles_practice import FUNCTIONS, NAMES, NETWORKS, SIZES, weights_of_tiny

from autograder import (
    Message,
    expect,
    expect_close,
    expect_equal,
    expect_shape,
    expect_state_kept,
    expect_type,
    expect_unchanged,
    task,
)

DEEP = torch.float64


@task("mixup", share=50)
def check_other_mixtures(student, rng):
    """Other shapes, soft targets, all of one; the mixed cross-entropy is the mixture of two; inputs stay."""
    for shape, K, lam in (((4,), 3, 0.25), ((2, 3, 5), 2, 1.0), ((1,), 5, 0.0)):
        x, targets, order = rng.normal(6, *shape), rng.uniform(6, K).softmax(dim=1), rng.permutation(6)
        seen = student.inspect(student.mixup, x, targets, lam, order)
        mixed, soft = seen.value
        expect_close(mixed, x[order] + lam * (x - x[order]), name=Message("the examples, lam {v}", v=lam), mistakes={
            "lam is the share of the example itself, also below one half.": x + lam * (x[order] - x),
        })  # fmt: skip
        expect_close(soft, targets[order] + lam * (targets - targets[order]),
                     name=Message("the targets, lam {v}", v=lam))  # fmt: skip
        expect_unchanged(seen, x, targets, lam, order)


@task("cutout", share=50)
def check_squares_at_borders(student, rng):
    """Squares over every border, larger than the image, of one pixel; the input stays."""
    for (H, W), size, N in (((6, 5), 3, 8), ((4, 7), 6, 8), ((5, 5), 1, 4), ((3, 4), 20, 2), ((8, 8), 5, 9)):
        x = 1 + rng.uniform(N, 2, H, W)
        rows, columns = rng.integers(0, H, N), rng.integers(0, W, N)
        rows[0], columns[0], rows[-1], columns[-1] = 0, 0, H - 1, W - 1
        seen = student.inspect(student.cutout, x, size, rows, columns)
        down = torch.arange(H, device=x.device)[None] - (rows - size // 2)[:, None]
        right = torch.arange(W, device=x.device)[None] - (columns - size // 2)[:, None]
        inside = ((down >= 0) & (down < size))[:, None, :, None] & ((right >= 0) & (right < size))[:, None, None]
        expect_close(seen.value, x.masked_fill(inside, 0.0),
                     name=Message("a square of {n} in {H} x {W}", n=size, H=H, W=W),
                     hint="What is outside of the image is cut off: the square "
                          "neither moves nor wraps around.")  # fmt: skip
        expect_unchanged(seen, x, size, rows, columns)


@task("drop_connect", share=50)
def check_mean_of_dropped_weights(student, rng):
    """The mean over many masks is the result at test time; one mask serves all rows; p of 0 and 1; inputs stay."""
    make = student.define(FUNCTIONS).generator
    x, W, p, draws = rng.normal(2, 5), rng.normal(3, 5), 0.4, 600
    shared, total = make(rng.int(0, 10**6), x), 0
    for _ in range(draws):
        total = total + student.drop_connect(x, W, p, True, shared)
    spread = (p * (1 - p) * x.square() @ W.square().T / draws).sqrt()
    expect(
        (((total / draws - 0.6 * x @ W.T).abs() < 5 * spread).all()),
        "The mean over 600 masks is not x W^T times 1 - p.",
    )
    rows = x[:1].expand(4, 5).contiguous()
    found = student.drop_connect(rows, W, p, True, make(3, x))
    expect_close(found, found[:1].expand(4, 3), name="equal rows of x",
                 hint="One mask for the weights serves all rows.")  # fmt: skip
    seen = student.inspect(student.drop_connect, x, W, 0.0, True, make(1, x))
    expect_close(seen.value, x @ W.T, name="p = 0")
    expect_equal((seen.args[0], seen.args[1]), (x, W), name="x and W after the call")
    seen = student.inspect(student.drop_connect, x, W, 0.6, True, make(1, x))
    expect_equal((seen.args[0], seen.args[1]), (x, W), name="x and W after the call",
                 hint="Multiply W by the mask in a new tensor: W * mask.")  # fmt: skip
    expect_close(student.drop_connect(x, W, 1.0, True, make(1, x)), 0 * x @ W.T, name="p = 1")
    seen = student.inspect(student.drop_connect, x, W, 0.5, False, make(1, x))
    expect_close(seen.value, x @ W.T / 2, name="at test time")
    expect_equal((seen.args[0], seen.args[1]), (x, W), name="x and W after the call")


@task("stochastic_depth", share=50)
def check_mean_of_dropped_branches(student, rng):
    """The share of kept branches is 1 - p, examples differ, other shapes, p of 0 and 1; inputs stay."""
    make = student.define(FUNCTIONS).generator
    for shape, p in (((4000,), 0.2), ((2000, 1, 2, 2), 0.7), ((3000, 3), 0.5)):
        x, branch = rng.normal(*shape), 1 + rng.uniform(*shape)
        seen = student.inspect(student.stochastic_depth, x, branch, p, True, make(rng.int(0, 10**6), x))
        expect_shape(seen.value, shape)
        kept = (seen.value - x).reshape(len(x), -1)[:, 0] > 0.5
        expect_close(seen.value, x + branch * kept.reshape(-1, *[1] * (len(shape) - 1)),
                     name=Message("in training, p = {p}", p=p))  # fmt: skip
        share, spread = float(kept.double().mean()), math.sqrt(p * (1 - p) / len(x))
        expect(
            abs(share - (1 - p)) < 5 * spread,
            Message("With p = {p}, {s} of the branches were kept.", p=p, s=f"{share:.1%}"),
        )
        expect_equal((seen.args[0], seen.args[1]), (x, branch), name="x and branch after the call")
    x, branch = x[:50], branch[:50]
    expect_close(student.stochastic_depth(x, branch, 0.0, True, make(1, x)), x + branch, name="p = 0")
    expect_close(student.stochastic_depth(x, branch, 1.0, True, make(1, x)), x, name="p = 1")
    expect_close(student.stochastic_depth(x, branch, 0.1, False, make(1, x)), x + 0.9 * branch, name="at test time")
    shared = make(9, x)
    first, second = (student.stochastic_depth(x, branch, 0.5, True, shared) for _ in range(2))
    expect_close(student.stochastic_depth(x, branch, 0.5, True, make(9, x)), first, name="the same seed again")
    expect(not bool(second.isclose(first).all()), "A second call with the same generator dropped the same branches.",
           "Draw from the generator as it is.")  # fmt: skip


@task("swa_update", share=50)
def check_other_running_means(student, rng):
    """The first network, many networks, other shapes; both lists stay."""
    for n in (0, 1, 99):
        average, new = ([rng.normal(3), rng.normal(1, 2, 2), rng.normal()] for _ in range(2))
        seen = student.inspect(student.swa_update, average, new, n)
        right = [(n * a + b) / (n + 1) for a, b in zip(average, new, strict=True)]
        expect_close(seen.value, right, name=Message("{n} networks before", n=n))
        expect_unchanged(seen, average, new, n)
        same = student.define(NETWORKS).shares(student.swa_update, average, new, n)
        expect(not same, "The result contains a tensor of the arguments, which changes with the next step.",
               "Return new tensors, also with n = 0.")  # fmt: skip


@task("mc_dropout", share=50)
def check_modes_and_moments(student, rng):
    """Modes come back from each mixture of modes; one prediction has no variance; without dropout all is exact."""
    helper = student.define(NETWORKS)
    x = rng.normal(4, 3)
    model = helper.noisy(x)
    with expect_state_kept(student, model=model):
        student.mc_dropout(model, x, 3)
    for train, inner in ((False, False), (True, False), (False, True)):
        mean, variance, same, running, tracked = helper.dropped(student.mc_dropout, x, 3, 0.3, 5, train, inner)
        expect(
            same is True, "Modes of modules are not what they were.", "A part may be in another mode than the model."
        )
        expect(running == 0.5, "Batch normalisation updated its statistics.")
        expect(tracked is False, "The result is part of a graph: predictions need no gradient.")
        expect_shape(mean, (4, 3))
    mean, variance, *_ = helper.dropped(student.mc_dropout, x[:1], 3, 0.3, 5, True, False)
    expect_equal((tuple(mean.shape), tuple(variance.shape)), ((1, 3), (1, 3)), name="the shapes for one example")
    mean, variance, *_ = helper.dropped(student.mc_dropout, x, 5, 0.0, 5, False, False)
    expect_close(mean, (x - 0.5) / math.sqrt(4 + 1e-5), name="the mean without dropout")
    expect_close(variance, 0 * x, atol=1e-9, name="the variance without dropout")
    _, variance, *_ = helper.dropped(student.mc_dropout, x, 1, 0.5, 5, False, False)
    expect_close(variance, 0 * x, atol=1e-9, name="the variance of one prediction", mistakes={
        "Divide by S, not by S - 1.": torch.full_like(x, math.nan),
    })  # fmt: skip
    total = 0
    for seed in range(40):
        _, variance, *_ = helper.dropped(student.mc_dropout, 1 + 0 * x, 2, 0.5, seed, False, False)
        total += float(variance.mean()) / 40
    expect_close(total, 3 / (4 + 1e-5) / 2, rtol=0.35, name="the mean variance of two predictions")


@task("freeze", share=50)
def check_other_frozen_layers(student, rng):
    """One layer, several, a part of a part, none; other layers keep what they were, and their statistics move."""
    helper = student.define(NETWORKS)
    for names, prefixes, off in (
        (["features.0", "fc"], ("features.0.", "fc."), []),
        (["middle", "features"], ("middle.", "features."), ["fc_old.weight"]),
        ([], (), []),
    ):
        count, grads, modes, moved = helper.frozen(student.freeze, weights_of_tiny(rng), names, rng.normal(5, 4), off)
        right = {name: name not in off and not (prefixes and name.startswith(prefixes)) for name in NAMES}
        expect_equal(grads, right, name=Message("requires_grad, {names}", names=names),
                     hint="A name means the layer itself and its parts; other layers stay as they are.")  # fmt: skip
        expect_equal(count, sum(SIZES[name] for name in NAMES if right[name]),
                     name=Message("the count, {names}", names=names))  # fmt: skip
        for layer, prefix in (("features.1", "features."), ("middle.1", "middle.")):
            free = prefix not in prefixes
            expect(
                modes[layer] is free,
                Message("{layer} is in the wrong mode after freezing {names}.", layer=layer, names=names),
            )
            expect(
                (layer + ".running_mean" in moved) is free, Message("The statistics of {layer} are wrong.", layer=layer)
            )
        expect(modes["fc"] is False, "A layer that was in eval mode is in train mode.")


@task("parameter_groups", share=50)
def check_other_groups(student, rng):
    """Other heads and factors; frozen parameters are in no group; each parameter is in one."""
    helper = student.define(NETWORKS)
    for head, options, off in (
        ("middle", (0.2, 0.5), []),
        ("fc", (1.0,), ["features.0.weight", "fc.bias"]),
        ("features", (0.1, 0.01), ["fc.weight"]),
        ("features.1", (0.3,), []),
    ):
        found = helper.groups(student.parameter_groups, weights_of_tiny(rng), off, rng.normal(1), head, *options)
        mine = sorted(name for name in NAMES if name.startswith(head + ".") and name not in off)
        others = sorted(name for name in NAMES if name not in mine and name not in off)
        rates = (options[0] * (options[1] if len(options) > 1 else 0.1), options[0])
        expect_equal([list(names) for names, _ in found], [others, mine],
                     name=Message("the groups with the head {h}", h=head),
                     hint="First the rest, then the head; parameters that are frozen are in no group.")  # fmt: skip
        expect_close([lr for _, lr in found], list(rates), name=Message("the rates with the head {h}", h=head),
                     hint="The rest learns at factor times head_lr, the head at head_lr.")  # fmt: skip


@task("accumulate", share=50)
def check_gradients_of_other_parts(student, rng):
    """One part, single examples, classes; weights are not moved, and the result is a Python number."""
    helper = student.define(NETWORKS)
    W, b, x, targets = rng.normal(4, 3), rng.normal(4), rng.normal(12, 3), rng.normal(12, 4)
    labels = rng.integers(0, 4, 12)
    for kind, y in (("squares", targets), ("classes", labels)):
        leaves = [W.clone().requires_grad_(), b.clone().requires_grad_()]
        with torch.enable_grad():
            scores = x @ leaves[0].T + leaves[1]
            loss = F.mse_loss(scores, y) if kind == "squares" else F.cross_entropy(scores, y)
            right = torch.autograd.grad(loss, leaves)
        for sizes in ([12], [1] * 12, [7, 1, 4], [2, 10]):
            parts = list(zip(x.split(sizes), y.split(sizes), strict=True))
            value, gW, gb, kept = helper.accumulated(student.accumulate, W, b, parts, kind)
            expect_close(gW, right[0],
                         name=Message("{kind}, parts of {s}: the slopes", kind=kind, s=sizes),
                         hint="All parts count, by their numbers of examples.")  # fmt: skip
            expect_close(gb, right[1],
                         name=Message("{kind}, parts of {s}: of the bias", kind=kind, s=sizes))  # fmt: skip
            expect_type(value, float, name="the loss")
            expect_close(value, float(loss.detach()),
                         name=Message("{kind}, parts of {s}: the loss", kind=kind, s=sizes))  # fmt: skip
            expect_equal(kept, W, name="the weights after the call", hint="No step is made: only gradients change.")
    model, loss = helper.in_parts(x)
    parts = list(zip(x.split([2, 7, 3]), x.split([2, 7, 3]), strict=True))
    with expect_state_kept(student, may_change=("grads", "buffers"), model=model):
        student.accumulate(model, loss, parts)
    expect_equal(list(model.sizes), [2, 7, 3], name="the sizes of what the model was called with",
                 hint="The batch does not fit into memory: call the model once for each part.")  # fmt: skip


@task("update_ratio", share=50)
def check_other_ratios(student, rng):
    """Other lists, no change, small changes; both lists stay."""
    for scale in (1.0, 1e-3, 0.0):
        before = [rng.normal(3, 4), rng.normal(2), rng.normal()]
        after = [b + scale * rng.normal(*b.shape) for b in before]
        seen = student.inspect(student.update_ratio, before, after)
        long = [torch.cat([t.flatten() for t in tensors]) for tensors in (before, after)]
        expect_type(seen.value, float)
        expect_close(seen.value, float((long[1] - long[0]).norm() / long[0].norm()), atol=1e-12,
                     name=Message("a change of {s}", s=scale),
                     hint="The ratio as it is, also a small one.")  # fmt: skip
        expect_unchanged(seen, before, after)


@task("fold_batchnorm", share=50)
def check_other_folded_layers(student, rng):
    """Strides, groups, no bias, linear layers, scales of 0, train mode; neither layer changes."""
    helper = student.define(NETWORKS)
    cases = [
        ("conv", rng.normal(5, 2, 3, 2), None, {"stride": 2}),
        ("conv", rng.normal(4, 1, 3, 3), rng.normal(4), {"groups": 2, "padding": 2}),
        ("linear", rng.normal(6, 3), rng.normal(6), {}), ("linear", rng.normal(2, 5), None, {}),
        ("conv", rng.normal(3, 2, 3, 3), rng.normal(3), {"dilation": 2}),
        ("conv", rng.normal(3, 3, 3, 3), rng.normal(3), {"padding": 1, "padding_mode": "circular"}),
    ]  # fmt: skip
    for kind, W, b, options in cases:
        for training in (False, True):
            eps, gamma, beta, mean, variance = numbers = statistics(rng, len(W), 0.1)
            gamma[0], variance[-1] = 0.0, 0.0
            x = (
                rng.normal(2, W.shape[1] * options.get("groups", 1), 7, 8)
                if kind == "conv"
                else rng.normal(4, W.shape[1])
            )
            if "padding_mode" in options:
                raw = F.conv2d(F.pad(x, (1, 1, 1, 1), mode="circular"), W, b)
            else:
                raw = F.conv2d(x, W, b, **options) if kind == "conv" else F.linear(x, W, b)
            right = F.batch_norm(raw, mean, variance, gamma, beta, False, 0.0, eps)
            out, kept, new = helper.folded(student.fold_batchnorm, kind, W, b, options, numbers, x, training)
            expect_close(out, right,
                         name=Message("{kind} with {o}, bias: {b}", kind=kind, o=options, b=b is not None),
                         hint="Copy all options; scales belong to output channels, and may be 0.")  # fmt: skip
            expect(kept is True, "The layers that were given have changed.")
            expect(new is True, "The result is not a new layer of the same kind.")


@task("bias_variance", share=50)
def check_parts_of_other_errors(student, rng):
    """The parts sum to the measured squared error; one network has no variance; inputs stay."""
    for S, N, noise in ((1, 4, 0.0), (40, 1, 0.5), (7, 30, 2.0)):
        p, truth = rng.normal(S, N), 2 * rng.normal(N)
        seen = student.inspect(student.bias_variance, p, truth, noise)
        bias, variance, total = seen.value
        middle = p.sum(dim=0) / S
        expect_close(bias, (middle - truth).square().sum() / N, name=Message("the squared bias of {S} networks", S=S))
        expect_close(variance, (p.square().mean(dim=0) - middle.square()).mean(), atol=1e-8,
                     name=Message("the variance of {S} networks", S=S))  # fmt: skip
        expect_close(total, (p - truth).square().mean() + noise**2, name="the sum")
        expect_unchanged(seen, p, truth, noise)


FEATURES = """
import torch

def errors(fit, p, seeds, n, d, noise, like):
    out = []
    for seed in seeds:
        generator = torch.Generator().manual_seed(seed)
        draw = lambda *shape: torch.randn(*shape, dtype=torch.float64, generator=generator).to(like.device)
        w, W, x = draw(d) / d ** 0.5, draw(p, d), draw(n, d)
        y = (2 * x @ w).tanh() + noise * draw(n)
        out.append(fit((x @ W.T).relu() / p ** 0.5, y))
    return out
"""


@task("min_norm_fit", share=50, any_dtype=True, seconds=60)
def check_second_descent(student, rng, score):
    """With ten times as many random features as examples, the test error is small again; at the peak it is large."""
    n, d, noise = 60, 10, 0.3
    seeds = [rng.int(0, 2**40) for _ in range(20)]
    like, median = rng.normal(1), {}
    for p in (60, 600):
        fits = student.define(FEATURES).errors(student.min_norm_fit, p, seeds, n, d, noise, like)
        expect(type(fits) is list and len(fits) == len(seeds), "There is not one fit for each seed.")
        found = []
        for seed, fit in zip(seeds, fits, strict=True):
            expect_shape(fit, (p,), name="the weights")
            generator = torch.Generator().manual_seed(seed)
            w = torch.randn(d, dtype=DEEP, generator=generator) / d**0.5
            W = torch.randn(p, d, dtype=DEEP, generator=generator)
            x = torch.from_numpy(rng.numpy.normal(300, d))
            error = ((x @ W.T).relu() / p**0.5 @ fit.to(W) - (2 * x @ w).tanh()).square().mean()
            found.append(float(error))
        median[p] = sorted(found)[len(found) // 2]
    score(median[600], "median test error with 600 features", higher_is_better=False)
    expect(median[60] > 3 * median[600],
           Message("At the peak the error is {a:.2f}, after it {b:.2f}.", a=median[60], b=median[600]),
           "A ridge removes the peak: there must be none.")  # fmt: skip
