"""Hidden checks of a03, layers: views, float32 and single images, unchanged inputs, random masks."""

import torch
from oracles import judge_source, linear
from torch import Tensor

from autograder import (
    Message,
    autograd_gradients,
    expect,
    expect_close,
    expect_equal,
    expect_shape,
    task,
)


def linear_cases(rng):
    """Draw images that are not contiguous, float32, one image, vectors of one number, weights that are views."""
    yield rng.normal(3, 5, 4, 2).permute(3, 2, 0, 1), rng.normal(7, 60).T, rng.normal(7)
    yield (
        rng.normal(6, 9, dtype=torch.float32).T,
        rng.normal(6, 3, dtype=torch.float32),
        rng.normal(3, dtype=torch.float32),
    )
    yield rng.normal(1, 2, 3), rng.normal(6, 5), rng.normal(5)
    yield rng.normal(4, 1), rng.normal(1, 2), rng.normal(4)[::2]


LATER = "Forward was called for another layer since. Read everything from the cache that backward is given."


@task("Linear.forward", share=50)
def check_linear_forward_takes_views(student, rng):
    """The linear layer accepts views, float32 and one image, and leaves its inputs unchanged."""
    judge_source(student, "Linear.forward")
    layer = student.define("def out(layer, x, w, b):\n    return layer.forward(x, w, b)[0]\n")
    for x, w, b in linear_cases(rng):
        seen = student.inspect(layer.out, student.Linear, x, w, b)
        expect_close(seen.value, linear(x, w, b), name="out")
        expect_equal(seen.args[1:], (x, w, b), name="the inputs after the call")


@task("Linear.backward", share="2/7")
def check_linear_backward_takes_views(student, rng):
    """The linear layer's gradients are right for views, float32 and one image, and dout may be a view too."""
    judge_source(student, "Linear.backward")
    for x, w, b in linear_cases(rng):
        dout = rng.normal(len(b), len(x), dtype=x.dtype).T
        _, cache = student.hold(student.Linear.forward, x, w, b)
        student.hold(student.Linear.forward, 2 * x, 3 * w, b)  # another layer, before backward reaches this one
        expect_close(
            student.Linear.backward(dout, cache), autograd_gradients(linear, dout, x, w, b), name="(dx, dw, db)",
            mistakes={LATER: lambda x=x, w=w, b=b, dout=dout: autograd_gradients(linear, dout, 2 * x, 3 * w, b)},
        )  # fmt: skip


@task("Linear.backward", share="1/7", any_dtype=True)
def check_linear_backward_leaves_dout(student, rng):
    """The linear layer's backward leaves dout unchanged and gives the same answer twice."""
    judge_source(student, "Linear.backward")
    x, w, b, dout = rng.normal(5, 2, 3), rng.normal(6, 4), rng.normal(4), rng.normal(5, 4)
    _, cache = student.hold(student.Linear.forward, x, w, b)
    for _ in range(2):
        seen = student.inspect(student.Linear.backward, dout, cache)
        expect_close(seen.value, autograd_gradients(linear, dout, x, w, b), name="(dx, dw, db)")
        expect_equal(seen.args[0], dout, name="dout after the call")


def masks(student, x: Tensor, param: dict, count: int) -> Tensor:
    """Return the factors of x in several calls of forward. (count, *x.shape)"""
    found = []
    for _ in range(count):
        out, _ = student.hold(student.Dropout.forward, x, param)
        out = student.value(out)
        expect_shape(out, tuple(x.shape), name="out")
        expect(
            out.dtype == x.dtype, Message("out has dtype {dtype}; x has {expected}.", dtype=out.dtype, expected=x.dtype)
        )
        found.append(out / x)
    return torch.stack(found)


@task("Dropout.forward", share=20)
def check_dropout_draws_each_value_anew(student, rng):
    """Every value is dropped independently, by new draws in each call; a seed repeats the mask; the mean is kept."""
    judge_source(student, "Dropout.forward")
    x = rng.uniform(50, 40, low=1, high=2, dtype=torch.float32)
    p = 0.4
    drawn = masks(student, x, {"mode": "train", "p": p}, 20)  # 40,000 draws
    expect(
        not torch.equal(drawn[0], drawn[1]),
        "Two calls without a seed dropped the same values.",
        "Without a seed every call draws a new mask: with no generator, or with one that is not seeded.",
    )
    dropped = (drawn == 0).double()
    for axis, what in [
        ((1, 2), Message("calls")),
        ((0, 2), Message("images")),
        ((0, 1), Message("places in an image")),
    ]:
        shares = dropped.mean(dim=axis)
        draws = dropped.numel() / len(shares)
        limit = 7 * (p * (1 - p) / draws) ** 0.5
        worst = float((shares - p).abs().max())
        expect(
            worst < limit,
            Message(
                "In some {what} the share of dropped values differs by {worst:.3f} from p = {p}: too much for chance.",
                what=what,
                worst=worst,
                p=p,
            ),
        )
    expect(
        abs(float(drawn.mean()) - 1) < 0.03,
        Message("The mean of the mask is {drawn:.3f}; it should be 1.", drawn=float(drawn.mean())),
    )
    counts = dropped.sum(dim=2)  # of 40 values of each image; the variance is 40 * p * (1 - p) = 9.6, within 0.5
    expect(
        float(counts.var()) > 5,
        Message(
            "In each image {number:.1f} of 40 values are dropped, nearly always as many.", number=float(counts.mean())
        ),
        hint="Draw each value by itself: torch.rand(x.shape) >= p, not a fixed number of places.",
    )
    totals = dropped.sum(dim=(1, 2))  # of 2,000 values of each call; 20 equal ones are impossible in practice
    expect(
        len(totals.unique()) > 1,
        Message("Each call drops exactly {dropped} of {all} values.", dropped=int(totals[0]), all=x.numel()),
        hint="Draw each value by itself: torch.rand(x.shape) >= p, not a fixed number of places.",
    )
    for seed in (0, 11):
        param = {"mode": "train", "p": p, "seed": seed}
        seeded = masks(student, x, param, 2)
        same = torch.equal(seeded[1], seeded[0])
        expect(
            same,
            Message("Two calls with the seed {seed} dropped different values.", seed=seed),
            "The seed decides the mask, 0 too: draw with it if it `is not None`.",
        )
    other = masks(student, x, {"mode": "train", "p": p, "seed": 12}, 1)
    expect(not torch.equal(other[0], seeded[0]), "Two seeds gave the same mask.")


@task("Dropout.forward", share=20)
def check_dropout_leaves_its_input(student, rng):
    """Dropout leaves x and dropout_param unchanged, for views and for p close to 1, and p = 0 drops nothing at all."""
    judge_source(student, "Dropout.forward")
    layer = student.define("def out(layer, x, param):\n    return layer.forward(x, param)[0]\n")
    for mode, p in [("train", 0.5), ("train", 0.95), ("test", 0.95), ("train", 0.0)]:
        x, param = rng.uniform(40, 3, 50, low=1, high=2).permute(2, 0, 1), {"mode": mode, "p": p}
        seen = student.inspect(layer.out, student.Dropout, x, param)
        expect_equal(seen.args[1:], (x, param), name="x and dropout_param after the call")
        expect_shape(seen.value, (50, 40, 3), name="out")
        ratio = seen.value / x
        if mode == "test" or p == 0:
            expect_close(ratio, torch.ones_like(ratio), name="out / x")
        else:
            scale = ratio[ratio != 0]
            expect_close(scale, torch.full_like(scale, 1 / (1 - p)), name="out / x where it was not dropped")
