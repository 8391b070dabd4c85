"""Public checks of part 1: the recurrent network by hand, against torch's own cell and autograd."""

import torch
from oracles import BY_HAND, HELPERS, sequence, weights
from oracles_loans import LOANS_OF_PIECES, LOANS_OF_SEQUENCE
from torch import Tensor

from autograder import autograd_gradients, expect_close, expect_shape, forbid, task
from autograder.probes.recurrent import rnn_step

WRITTEN = """
def written(f, *arguments):
    '''Raise NotImplementedError if f is not written yet; other errors, from invalid arguments, do not count.'''
    try:
        f(*arguments)
    except NotImplementedError:
        raise
    except Exception:
        pass
"""


def needs(student, name: str, *arguments) -> None:
    """Report a missing backward pass first, also to students whose forward pass is missing too."""
    student.define(WRITTEN).written(getattr(student, name), *arguments)


@task("rnn_step_forward", share=50, any_dtype=True)
def check_step_agrees_with_torch(student, rng):
    """One step agrees with torch's RNN cell."""
    forbid(student, "rnn_step_forward", calls=BY_HAND)
    x, h = rng.normal(3, 4), rng.normal(3, 5)
    wx, wh, b = weights(rng, 4, 5)
    next_h, _ = student.rnn_step_forward(x, h, wx, wh, b)
    inside = x @ wx + h @ wh + b
    expect_close(next_h, rnn_step(x, h, wx, wh, b), name="next_h", mistakes={
        "The bias is missing.": (inside - b).tanh(),
        "tanh is missing.": inside,
        "The previous state is missing.": (x @ wx + b).tanh(),
        "The input is missing.": (h @ wh + b).tanh(),
        "Wh is transposed.": (x @ wx + h @ wh.T + b).tanh(),
        "This is a sigmoid; it should be tanh.": inside.sigmoid(),
        "This is a ReLU; it should be tanh.": inside.relu(),
        "tanh is applied to each product; apply it once, to their sum with b.": (x @ wx).tanh() + (h @ wh).tanh() + b,
        "The previous state is added after tanh; it only enters through Wh.": h + inside.tanh(),
        "This is cut off at -1 and 1; tanh is smooth.": inside.clamp(-1, 1),
    })  # fmt: skip


@task("rnn_step_backward", share="3/6", any_dtype=True)
def check_step_gradients_agree_with_autograd(student, rng):
    """The gradients of one step agree with autograd."""
    forbid(student, "rnn_step_backward", calls=BY_HAND)
    needs(student, "rnn_step_backward", None, None)
    inputs = rng.normal(3, 4), rng.normal(3, 5), *weights(rng, 4, 5)
    d = rng.normal(3, 5)
    _, cache = student.hold(student.rnn_step_forward, *inputs)
    found = student.rnn_step_backward(d, cache)
    right = autograd_gradients(rnn_step, d, *inputs)
    flat = autograd_gradients(lambda x, h, wx, wh, b: x @ wx + h @ wh + b, d, *inputs)
    after = rnn_step(*inputs)

    def times(slope: Tensor) -> tuple[Tensor, ...]:
        return autograd_gradients(lambda x, h, wx, wh, b: x @ wx + h @ wh + b, d * slope, *inputs)

    expect_close(found, right, name="(dx, dprev_h, dWx, dWh, db)", mistakes={
        "The derivative of tanh, 1 - next_h^2, is missing.": flat,
        "The derivative of tanh is 1 - next_h^2; here the square is missing.": lambda: times(1 - after),
        "This is the derivative of a sigmoid; that of tanh is 1 - next_h^2.": lambda: times(after * (1 - after)),
        "The derivative of tanh is missing in dx.": (flat[0], *right[1:]),
        "tanh' is 1 minus the square of the state *after* the step, next_h; here it is that before, prev_h.": (
            lambda: times(1 - inputs[1] ** 2)
        ),
        "dprev_h = da @ Wh.T: Wh must be transposed.": (
            lambda: (right[0], (d * (1 - after**2)) @ inputs[3], *right[2:])
        ),
        "db is the sum over the batch, dim=0.": (*right[:4], d * (1 - after**2)),
        "dWx and dWh are swapped.": (*right[:2], right[3], right[2], right[4]),
        "dWh needs the state before the step, not after it.": (
            *right[:3], after.T @ (d * (1 - after**2)), right[4],
        ),
        "The gradients of the weights are averaged over the batch; they are sums.": (
            *right[:2], *(g / 3 for g in right[2:]),
        ),
    })  # fmt: skip


@task("rnn_forward", share=40, any_dtype=True, loans=LOANS_OF_SEQUENCE)
def check_sequence_agrees_with_torch(student, rng):
    """A whole sequence agrees with torch's cell, taken step by step."""
    forbid(student, "rnn_forward", calls=BY_HAND, apart=["rnn_step_forward"])
    x, h0, (wx, wh, b) = rng.normal(3, 6, 4), rng.normal(3, 5), weights(rng, 4, 5)
    h, _ = student.rnn_forward(x, h0, wx, wh, b)
    right = sequence(x, h0, wx, wh, b)
    expect_close(h, right, name="h", mistakes={
        "These are the states before the steps; return those after.": torch.cat([h0[:, None], right[:, :-1]], 1),
        "Every step begins with h0; it should begin with the state of the previous step.": (
            lambda: torch.stack([rnn_step(x[:, t], h0, wx, wh, b) for t in range(6)], 1)
        ),
        "The sequence begins with zeros; it should begin with h0.": sequence(x, torch.zeros_like(h0), wx, wh, b),
        "The steps are returned in reverse order.": right.flip(1),
        "Only the last state is returned; return all of them.": right[:, -1],
        "The inputs are read from the last to the first.": lambda: sequence(x.flip(1), h0, wx, wh, b),
    })  # fmt: skip


def cosines(out: Tensor) -> Tensor:
    """Return weights for a sum over all outputs, a different one for each."""
    return torch.arange(out.numel(), dtype=out.dtype, device=out.device).reshape(out.shape).cos()


@task("rnn_forward", share=20, any_dtype=True, loans=LOANS_OF_SEQUENCE)
def check_autograd_follows_the_sequence(student, rng):
    """Autograd finds the right gradients through rnn_forward."""
    inputs = rng.normal(2, 5, 3), rng.normal(2, 4), *weights(rng, 3, 4)
    dout = cosines(rng.normal(2, 5, 4))
    helper = student.define(HELPERS)
    expect_shape(student.value(student.hold(student.rnn_forward, *inputs)[0]), (2, 5, 4), name="h")
    found = helper.through(helper.first(student.rnn_forward), dout, *inputs)
    expect_close(found, list(autograd_gradients(sequence, dout, *inputs)), name="gradients of (x, h0, Wx, Wh, b)")


@task("rnn_backward", share="4/7", any_dtype=True, loans=LOANS_OF_SEQUENCE)
def check_sequence_gradients_agree_with_autograd(student, rng):
    """Backpropagation through time agrees with autograd, with a loss at every step."""
    forbid(student, "rnn_backward", calls=BY_HAND, apart=["rnn_step_backward"])
    needs(student, "rnn_backward", None, None)
    inputs = rng.normal(2, 6, 4), rng.normal(2, 5), *weights(rng, 4, 5)
    dh = rng.normal(2, 6, 5)
    _, cache = student.hold(student.rnn_forward, *inputs)
    right = autograd_gradients(sequence, dh, *inputs)
    last = torch.zeros_like(dh)
    last[:, -1] = dh[:, -1]
    found = student.rnn_backward(dh, cache)
    expect_close(found, right, name="(dx, dh0, dWx, dWh, db)", mistakes={
        "Only the loss of the last step counts; add dh[:, t] at every step.": (
            lambda: autograd_gradients(sequence, last, *inputs)
        ),
        "The gradient of the next step is missing; add dprev_h at every step.": (
            lambda: cut(dh, inputs, 1)
        ),
        "The gradients of the weights are averaged over the steps; they are sums.": (
            *right[:2], *(g / 6 for g in right[2:]),
        ),
        "dh0 is dh of the first step; it is what comes out of the first step's gradient.": (
            right[0], dh[:, 0], *right[2:],
        ),
        "The steps of dx are in reverse order.": (right[0].flip(1), *right[1:]),
        "The gradients of the weights are sums over all steps; here only one step counts. Add them up with +.": (
            lambda: first_step_only(dh, inputs, right, found)
        ),
        "The order is dx, dh0, dWx, dWh, db.": (right[4], *right[:4]),
    })  # fmt: skip


def first_step_only(dh: Tensor, inputs: tuple[Tensor, ...], right: tuple[Tensor, ...], found: object) -> object:
    """Compute the gradients if those of the weights are one step's, the first or the last one visited."""
    x, h0, *rest = inputs
    states = torch.cat([h0[:, None], sequence(x, h0, *rest)[:, :-1]], dim=1)
    state, total = torch.zeros_like(h0), []
    for t in reversed(range(dh.shape[1])):
        grads = autograd_gradients(rnn_step, dh[:, t] + state, x[:, t], states[:, t], *rest)
        state = grads[1]
        total.append((*right[:2], *grads[2:]))
    return total[0] if type(found) is tuple and torch.allclose(found[4], total[0][4]) else total[-1]


def cut(dh: Tensor, inputs: tuple[Tensor, ...], steps: int) -> tuple[Tensor, ...]:
    """Compute gradients by autograd, with the state detached after every piece of so many steps."""

    def oracle(x: Tensor, h0: Tensor, wx: Tensor, wh: Tensor, b: Tensor) -> Tensor:
        states, h = [], h0
        for t in range(x.shape[1]):
            h = rnn_step(x[:, t], h.detach() if t and t % steps == 0 else h, wx, wh, b)
            states.append(h)
        return torch.stack(states, dim=1)

    return autograd_gradients(oracle, dh, *inputs)


@task("rnn_truncated_backward", share=60, any_dtype=True, loans=LOANS_OF_PIECES)
def check_truncated_gradients_agree_with_detached_pieces(student, rng):
    """Truncated gradients agree with autograd where the state is detached after every third step of nine."""
    forbid(student, "rnn_truncated_backward", calls=BY_HAND, apart=["rnn_step_backward", "rnn_backward"])
    needs(student, "rnn_truncated_backward", None, None, 3)
    inputs = rng.normal(2, 9, 4), rng.normal(2, 5), *weights(rng, 4, 5)
    dh = rng.normal(2, 9, 5)
    _, cache = student.hold(student.rnn_forward, *inputs)
    right = cut(dh, inputs, 3)
    last = cut(dh[:, 6:], (inputs[0][:, 6:], sequence(*inputs)[:, 5], *inputs[2:]), 3)
    found = student.rnn_truncated_backward(dh, cache, 3)
    expect_close(found, right, name="(dx, dh0, dWx, dWh, db)", mistakes={
        "This is the full gradient: it crosses the borders of the pieces.": (
            lambda: autograd_gradients(sequence, dh, *inputs)
        ),
        "Within a piece, gradients should go from step to step.": lambda: cut(dh, inputs, 1),
        "The pieces are one step too long.": lambda: cut(dh, inputs, 4),
        "dh0 is that of the last piece; it comes from the first.": (right[0], last[1], *right[2:]),
        "The gradients of the weights are those of the last piece; they are sums over all pieces.": (
            *right[:2], *last[2:],
        ),
        "The gradients of the weights are averaged over the pieces; they are sums.": (
            *right[:2], *(g / 3 for g in right[2:]),
        ),
    })  # fmt: skip


@task("clip_gradients", share=50, any_dtype=True)
def check_clipping_agrees_with_torch(student, rng):
    """Clipping all gradients together agrees with torch's clip_grad_norm_."""
    forbid(student, "clip_gradients", calls=["nn.utils.*", "torch.nn.utils.*"])
    shapes = (4, 3), (5,), (2, 1, 3)
    grads = [3 * rng.normal(*shape) for shape in shapes]
    found = student.define(CLIP).clip(student.clip_gradients, grads, 1.5)
    right = clipped(grads, 1.5)

    def scaled(factor: Tensor) -> list[Tensor]:
        return [g * factor for g in grads]

    total, squares = right[0], sum(g.square().sum() for g in grads)
    longest = torch.stack([g.norm() for g in grads]).max()
    lengths, largest = sum(g.norm() for g in grads), torch.stack([g.abs().max() for g in grads]).max()
    expect_close(found, right, rtol=1e-4, name="(length before, gradients after)", mistakes={
        "The gradients did not change: write into parameter.grad, for example with mul_.": (total, grads),
        "The root of the sum of squares is missing.": (squares, scaled(1.5 / squares)),
        "The lengths are added; take the root of the sum of their squares.": (lengths, scaled(1.5 / lengths)),
        "This is the largest number; take the root of the sum of all squares.": (largest, scaled(1.5 / largest)),
        "This is the length of the longest gradient; together they are longer: the root of the sum of all squares.": (
            longest, scaled(1.5 / longest),
        ),
        "Each parameter is clipped by itself; clip all of them by one common length.": (
            lambda: (right[0], [g * (1.5 / g.norm()).clamp(max=1) for g in grads])
        ),
        "Each number is clipped by itself; that changes the direction.": lambda: (
            right[0], [g.clamp(-1.5, 1.5) for g in grads],
        ),
        "The length after clipping is returned; return the length before.": (right[0].clamp(max=1.5), right[1]),
    })  # fmt: skip
    limit = float(total) + 1
    short = student.define(CLIP).clip(student.clip_gradients, grads, limit)
    expect_close(short, (total, grads), rtol=1e-4, name="(length before, gradients after), short gradients", mistakes={
        "They were scaled up to the limit; only longer gradients should change.": lambda: (
            total, scaled(limit / total),
        ),
    })  # fmt: skip


CLIP = """
import torch

def clip(f, grads, limit):
    parameters = [torch.zeros_like(g, requires_grad=True) for g in grads]
    for p, g in zip(parameters, grads):
        p.grad = g.clone()
    return f(parameters, limit), [p.grad for p in parameters if p.grad is not None]
"""


def clipped(grads: list[Tensor], limit: float) -> tuple[Tensor, list[Tensor]]:
    """Clip with torch's clip_grad_norm_."""
    parameters = [torch.zeros_like(g, requires_grad=True) for g in grads]
    for parameter, grad in zip(parameters, grads, strict=True):
        parameter.grad = grad.clone()
    total = torch.nn.utils.clip_grad_norm_(parameters, limit)
    return total, [parameter.grad for parameter in parameters]
