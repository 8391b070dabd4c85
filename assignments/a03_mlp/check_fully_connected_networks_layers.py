"""Public checks of a03, layers: linear, ReLU and dropout agree with torch's operators and autograd."""

import torch
from oracles import judge_source, linear
from torch.nn import functional as F

from autograder import (
    Message,
    autograd_gradients,
    expect,
    expect_close,
    expect_equal,
    expect_shape,
    expect_unchanged,
    explain_errors,
    task,
)

ROWS = {
    "view size is not compatible": "`view` needs images that are contiguous in memory; `reshape` copies if it must.",
    "shapes cannot be multiplied": "Make each image one row first: x.reshape(len(x), -1) has the shape (N, D).",
    "must match the size": "b has a number for each column of x @ w, and + b adds it to every row; b[:, None] is a "
    "column.",
}


@task("Linear.forward", share=50, any_dtype=True)
def check_linear_forward_agrees_with_torch(student, rng):
    """The linear layer agrees with torch's on images of several axes."""
    judge_source(student, "Linear.forward")
    x, w, b = (rng.normal(*shape, dtype=torch.float32) for shape in [(4, 2, 3, 5), (30, 7), (7,)])
    expected = linear(x, w, b)
    with explain_errors(ROWS):
        out, _ = student.hold(student.Linear.forward, x, w, b)
    expect_close(student.value(out), expected, name="out", mistakes={
        "The bias is missing.": expected - b,
        "The bias was subtracted.": expected - 2 * b,
        "The bias was added twice.": expected + b,
    })  # fmt: skip


PRODUCTS = {
    "shapes cannot be multiplied": "Shapes leave no choice: dx = dout (N, M) @ w.T (M, D), dw = rows.T (D, N) @ dout.",
    "view size is not compatible": "`view` needs tensors that are contiguous in memory; `reshape` copies if it must.",
}


@task("Linear.backward", share="4/7", any_dtype=True)
def check_linear_backward_agrees_with_autograd(student, rng):
    """dx, dw and db of the linear layer agree with torch's autograd, and dx has the shape of x."""
    judge_source(student, "Linear.backward")
    shapes = [(4, 2, 3, 5), (30, 7), (7,), (4, 7)]
    x, w, b, dout = (rng.normal(*shape, dtype=torch.float32) for shape in shapes)
    expected = autograd_gradients(linear, dout, x, w, b)
    _, cache = student.hold(student.Linear.forward, x, w, b)
    with explain_errors(PRODUCTS):
        grads = student.Linear.backward(dout, cache)
    expect_close(grads, expected, name="(dx, dw, db)", mistakes={
        "dx must have the shape of x, not that of its rows.": (expected[0].flatten(1), *expected[1:]),
        "db was averaged over the images; it is their sum.": (*expected[:2], expected[2] / 4),
        "dw and db were averaged over the images; the loss is already a mean.": (
            expected[0], expected[1] / 4, expected[2] / 4,
        ),
        "dw was averaged over the images; the loss is already a mean.": (expected[0], expected[1] / 4, expected[2]),
        "db must have the shape of b: sum over the images only.": (*expected[:2], expected[2][None]),
        "db is the sum over the images: dout.sum(dim=0).": (*expected[:2], dout),
        "db is the sum over the images, dim=0, not over the outputs.": (*expected[:2], dout.sum(dim=1)),
        "dw is transposed: it has the shape of w.": (expected[0], expected[1].T, expected[2]),
        "The order is wrong: dx, dw, db.": (expected[1], expected[0], expected[2]),
    })  # fmt: skip


@task("ReLU.forward", share=50, any_dtype=True)
def check_relu_forward_agrees_with_torch(student, rng):
    """ReLU agrees with torch's."""
    judge_source(student, "ReLU.forward")
    x = rng.normal(3, 4, 5)
    out, _ = student.hold(student.ReLU.forward, x)
    expect_close(student.value(out), F.relu(x), name="out", mistakes={
        "This is the absolute value; negative values become 0.": x.abs(),
        "Positive values became 0; negative values should.": -F.relu(-x),
        "This is a leaky ReLU; negative values become 0.": F.leaky_relu(x),
        "This is a sigmoid; negative values become 0 and the others stay.": x.sigmoid(),
    })  # fmt: skip


@task("ReLU.backward", share="1/3", any_dtype=True)
def check_relu_backward_agrees_with_autograd(student, rng):
    """The gradient of ReLU agrees with torch's autograd."""
    judge_source(student, "ReLU.backward")
    x, dout = rng.normal(3, 4, 5), rng.normal(3, 4, 5)
    (expected,) = autograd_gradients(F.relu, dout, x)
    _, cache = student.hold(student.ReLU.forward, x)
    expect_close(student.ReLU.backward(dout, cache), expected, name="dx", mistakes={
        "The gradient passes where dout is positive; it should pass where x is.": F.relu(dout),
        "The gradient passes everywhere.": dout,
        "The gradient passes where x is negative; it should pass where x is positive.": dout * (x < 0),
        "This is only the mask; multiply it by dout.": (x > 0).double(),
        "The gradient was multiplied by the output.": dout * F.relu(x),
        "The gradient was multiplied by x.": dout * x,
    })  # fmt: skip


@task("ReLU.backward", share="1/3", any_dtype=True)
def check_relu_backward_at_zero(student, rng):
    """Where x is 0, no gradient passes."""
    judge_source(student, "ReLU.backward")
    x, dout = rng.integers(-1, 2, 6, 7).double(), rng.normal(6, 7)
    _, cache = student.hold(student.ReLU.forward, x)
    expect_close(student.ReLU.backward(dout, cache), autograd_gradients(F.relu, dout, x)[0], name="dx", mistakes={
        "The gradient passes where x is 0; it passes where x is above 0 only: x > 0, not x >= 0.": dout * (x >= 0),
    })  # fmt: skip


@task("ReLU.backward", share="1/3")
def check_relu_backward_leaves_dout(student, rng):
    """ReLU's backward leaves dout unchanged, for any shape, dtype and stride, and for very small x too."""
    judge_source(student, "ReLU.backward")
    for x in (rng.normal(4, 3).T, rng.normal(7, dtype=torch.float32), 1e-9 * rng.normal(2, 3, 2), rng.normal(1, 1)):
        dout = rng.normal(*x.shape[::-1], dtype=x.dtype).permute(*reversed(range(x.ndim)))
        _, cache = student.hold(student.ReLU.forward, x)
        student.hold(student.ReLU.forward, -x)  # another layer, before backward reaches this one
        for _ in range(2):
            seen = student.inspect(student.ReLU.backward, dout, cache)
            expect_close(seen.value, autograd_gradients(F.relu, dout, x)[0], name="dx", mistakes={
                "The gradient passes wherever x is above 0, however small x is there.": torch.zeros_like(dout),
                "Forward was called for another layer since. Read everything from the cache that backward is given.": (
                    dout * (x < 0)
                ),
            })  # fmt: skip
            expect_unchanged(seen, dout)


DROPPED = {  # in the mode where p or the mode says that nothing is
    "test": 'The mode is "train" or "test": in test mode nothing is dropped.',
    "train": "With p = 0 every value stays. torch.rand gives numbers from 0 to 1, torch.randn does not.",
}
DRAW = "torch.rand is uniform on [0, 1): torch.rand(...) >= p holds with probability 1 - p, and those values stay."


@task("Dropout.forward", share=20, any_dtype=True)
def check_dropout_changes_nothing_when_predicting(student, rng):
    """Dropout returns x in test mode, and in training with p = 0."""
    judge_source(student, "Dropout.forward")
    x = rng.normal(6, 7)
    for mode, p in [("test", 0.4), ("test", 0.0), ("train", 0.0)]:
        out, _ = student.hold(student.Dropout.forward, x, {"mode": mode, "p": p})
        expect_close(student.value(out), x, name=Message("out for mode {mode!r}, p = {p}", mode=mode, p=p), mistakes={
            "In test mode nothing is scaled: the values were scaled in training.": x * (1 - p),
            "p = 0 drops nothing: p is the probability to drop, not to keep.": torch.zeros_like(x),
            DROPPED[mode]: lambda out=out, p=p: x / (1 - p) * (student.value(out) != 0),
        })  # fmt: skip


@task("Dropout.forward", share=40, any_dtype=True)
def check_dropout_drops_a_share_p_and_scales_the_rest(student, rng):
    """In training a share p of the values becomes 0, and the others are divided by 1 - p; a seed repeats the mask."""
    judge_source(student, "Dropout.forward")
    x = rng.uniform(300, 200, low=1, high=2)
    for p in (0.25, 0.7):
        out, _ = student.hold(student.Dropout.forward, x, {"mode": "train", "p": p})
        out = student.value(out)
        expect_shape(out, (300, 200), name="out")
        dropped = out == 0
        share = float(dropped.double().mean())
        rows = bool((dropped == dropped[:, :1]).all() or (dropped == dropped[:1]).all())
        expect(not rows, "Whole rows or columns were dropped together.", hint="Draw a number for each value of x.")
        expect(
            abs(share - p) < 0.015,  # 8 standard deviations
            Message("With p = {p}, {share:.3f} of the values became 0.", p=p, share=share),
            hint="p is the probability to drop a value, not to keep it." if abs(share - 1 + p) < 0.015 else DRAW,
        )
        name = Message("the values that were not dropped, p = {p}", p=p)
        expect_close(out[~dropped], x[~dropped] / (1 - p), name=name, mistakes={
            "Divide the other values by 1 - p, so that the expected value stays the same.": x[~dropped],
            "The other values were divided by p; divide by 1 - p.": x[~dropped] / p,
            "The other values were multiplied by 1 - p; divide by it.": x[~dropped] * (1 - p),
        })  # fmt: skip
    outs = [
        student.value(student.hold(student.Dropout.forward, x[:9], {"mode": "train", "p": 0.5, "seed": 7})[0])
        for _ in range(2)
    ]
    expect_equal(outs[1], outs[0], name="the second of two calls with one seed", hint="If seed is not None, it decides "
                 "the mask: torch.rand(x.shape, generator=...) with a torch.Generator that has this seed.")  # fmt: skip


@task("Dropout.backward", share="2/3", any_dtype=True)
def check_dropout_backward_uses_the_mask_of_forward(student, rng):
    """The gradient is scaled as forward scaled the value, and is 0 where forward dropped it."""
    judge_source(student, "Dropout.backward")
    x, dout = rng.uniform(20, 30, low=1, high=2), rng.normal(20, 30)
    out, cache = student.hold(student.Dropout.forward, x, {"mode": "train", "p": 0.35})
    factor = student.value(out) / x  # 0, or 1 / (1 - p)
    expect_close(student.Dropout.backward(dout, cache), dout * factor, name="dx", mistakes={
        "The gradient must be divided by 1 - p where the value was.": dout * (factor != 0),
        "The gradient passed everywhere: it must be 0 where the value was dropped.": dout,
        "The gradient was multiplied by the output, not by the mask.": lambda: dout * factor * x,
        "The gradient was scaled twice.": lambda: dout * factor**2,
    })  # fmt: skip


@task("ReLU.forward", share=50)
def check_relu_forward_leaves_its_input(student, rng):
    """ReLU is right for any shape, dtype, stride and size of values, and leaves x unchanged."""
    judge_source(student, "ReLU.forward")
    layer = student.define("def out(layer, x):\n    return layer.forward(x)[0]\n")
    for x in (rng.normal(4, 3).T, rng.normal(5, dtype=torch.float32), 1e6 * rng.normal(2, 1, 3, 2), rng.normal(1)):
        seen = student.inspect(layer.out, student.ReLU, x)
        expect_close(seen.value, F.relu(x), name="out")
        in_place = "x was changed in place; x.clamp(min=0) makes a new tensor, clamp_ and x[x < 0] = 0 do not."
        expect_equal(seen.args[1], x, name="x after the call", mistakes={in_place: F.relu(x)})


@task("Dropout.backward", share="1/3")
def check_dropout_backward_when_nothing_is_dropped(student, rng):
    """In test mode, and in training with p = 0, the gradient passes unchanged; dout is not changed."""
    judge_source(student, "Dropout.backward")
    for mode, p in [("test", 0.7), ("train", 0.0), ("train", 0.5)]:
        x, dout = rng.uniform(3, 4, 5, low=1, high=2), rng.normal(5, 4, 3).permute(2, 1, 0)
        out, cache = student.hold(student.Dropout.forward, x, {"mode": mode, "p": p})
        factor = student.value(out) / x
        for _ in range(2):
            with explain_errors(
                {"NoneType": "Is the mask None in test mode? Nothing was dropped, so dout passes as it is."}
            ):
                seen = student.inspect(student.Dropout.backward, dout, cache)
            expect_close(seen.value, dout * factor, name=Message("dx for mode {mode!r}, p = {p}", mode=mode, p=p))
            expect_equal(seen.args[0], dout, name="dout after the call")
    param, x, dout = {"mode": "train", "p": 0.4, "seed": 5}, F.relu(rng.normal(9, 8)), rng.normal(9, 8)
    factor, cache = (student.hold(student.Dropout.forward, each, param) for each in (torch.ones_like(x), x))
    factor = student.value(factor[0])  # the seed gives both the same mask
    student.hold(student.Dropout.forward, x, {"mode": "train", "p": 0.4, "seed": 6})
    expect_close(student.Dropout.backward(dout, cache[1]), dout * factor, name="dx where some of x is 0", mistakes={
        "Where x is 0 the output is 0, dropped or not: keep the mask in the cache.": dout * factor * (x != 0),
    })  # fmt: skip
