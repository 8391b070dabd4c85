"""Hidden checks of part 1: other sizes and dtypes, views, unchanged inputs, finite differences."""

from collections.abc import Callable

import torch
from oracles import BY_HAND, HELPERS, sequence, weights
from oracles_loans import LOANS_OF_PIECES, LOANS_OF_SEQUENCE
from torch import Tensor

from autograder import (
    Message,
    autograd_gradients,
    expect,
    expect_close,
    expect_equal,
    expect_gradient,
    expect_unchanged,
    forbid,
    is_sequence,
    task,
)
from autograder.probes.recurrent import rnn_step


def pieces(x: Tensor, h0: Tensor, wx: Tensor, wh: Tensor, b: Tensor, steps: int, first: int = 0) -> Tensor:
    """Run the same network in pieces of so many steps, the first one shorter, with the state detached between them."""
    parts = []
    for part in (*x[:, :first].split(first or 1, dim=1), *x[:, first:].split(steps, dim=1)):
        if not part.shape[1]:
            continue
        parts.append(sequence(part, h0, wx, wh, b))
        h0 = parts[-1][:, -1].detach()
    return torch.cat(parts, dim=1)


@task("rnn_step_forward", share=25)
def check_step_on_other_sizes(student, rng):
    """One step is right for one caption, one input, one state, large numbers, and float32."""
    for num, inputs, state in [(1, 3, 2), (4, 1, 6), (2, 7, 1)]:
        for dtype, scale in ((torch.float64, 1.0), (torch.float32, 1.0), (torch.float64, 300.0)):
            x, h = scale * rng.normal(num, inputs, dtype=dtype), rng.normal(num, state, dtype=dtype)
            wx, wh, b = weights(rng, inputs, state, dtype=dtype)
            next_h, _ = student.rnn_step_forward(x, h, wx, wh, b)
            expect_close(next_h, rnn_step(x, h, wx, wh, b), name="next_h")


@task("rnn_step_forward", share=25, any_dtype=True)
def check_step_leaves_its_inputs_alone(student, rng):
    """One step accepts tensors that are not contiguous, and changes none of its inputs."""
    x, h = rng.normal(4, 3).T, rng.normal(5, 3).T
    wx, wh, b = rng.normal(5, 4).T, rng.normal(5, 5).T, rng.normal(5)
    without_cache = student.define(HELPERS).first(student.rnn_step_forward)  # a cache may hold views of the inputs
    seen = student.inspect(without_cache, x, h, wx, wh, b)
    expect_unchanged(seen, x, h, wx, wh, b)
    expect_close(seen.value, rnn_step(x, h, wx, wh, b), name="next_h")


@task("rnn_step_backward", share="2/6")
def check_step_gradients_on_other_sizes(student, rng):
    """The gradients of one step are right for one caption, other sizes, saturated states, and float32."""
    forbid(student, "rnn_step_backward", calls=BY_HAND)
    for num, inputs, state, dtype in [(1, 3, 2, torch.float64), (4, 1, 6, torch.float32), (5, 7, 1, torch.float64)]:
        x, h = 3 * rng.normal(num, inputs, dtype=dtype), rng.normal(num, state, dtype=dtype)
        values = x, h, *weights(rng, inputs, state, dtype=dtype)
        d = 10 * rng.normal(num, state, dtype=dtype)
        _, cache = student.hold(student.rnn_step_forward, *values)
        atol = 1e-4 if dtype == torch.float32 else None  # 1 - tanh^2 loses digits where tanh is near 1
        expect_close(student.rnn_step_backward(d, cache), autograd_gradients(rnn_step, d, *values), atol=atol)


@task("rnn_step_backward", share="1/6", any_dtype=True)
def check_step_gradients_twice_from_one_cache(student, rng):
    """The gradients can be computed twice from one cache, from views, and without changing dnext_h."""
    values = rng.normal(3, 4), rng.normal(3, 5), *weights(rng, 4, 5)
    d = rng.normal(5, 3).T
    later = rng.normal(3, 4), rng.normal(3, 5), *values[2:]
    caches = [student.hold(student.rnn_step_forward, *step)[1] for step in (values, later)]
    cache, right = caches[0], autograd_gradients(rnn_step, d, *values)
    for _ in range(2):
        expect_close(student.rnn_step_backward(d, cache), right, mistakes={
            "These are the gradients of a later step. Read everything from the cache that backward is given.": (
                lambda: autograd_gradients(rnn_step, d, *later)
            ),
        })  # fmt: skip
    before, after = student.define(BEFORE).both(student.rnn_step_backward, d, cache)
    expect_equal(after, before, name="dnext_h after the call")


BEFORE = """
def both(f, d, *rest):
    before = d.clone()
    f(d, *rest)
    return before, d
"""


@task("rnn_forward", share=20, loans=LOANS_OF_SEQUENCE)
def check_sequences_of_other_lengths(student, rng):
    """Sequences of one step, more steps than captions, one caption, and views are right, in float32 too."""
    for num, steps, inputs, state in [(3, 1, 4, 5), (1, 9, 2, 3), (4, 2, 5, 1)]:
        for dtype in (torch.float64, torch.float32):
            x, h0 = rng.normal(steps, num, inputs, dtype=dtype).transpose(0, 1), rng.normal(num, state, dtype=dtype)
            values = weights(rng, inputs, state, dtype=dtype)
            h, _ = student.rnn_forward(x, h0, *values)
            expect_close(h, sequence(x, h0, *values), name="h")


@task("rnn_forward", share=20, any_dtype=True, loans=LOANS_OF_SEQUENCE)
def check_sequence_leaves_its_inputs_alone(student, rng):
    """Inputs are unchanged, and later inputs do not change earlier states."""
    x, h0, values = rng.normal(2, 6, 3), rng.normal(2, 4), weights(rng, 3, 4)
    seen = student.inspect(student.define(HELPERS).first(student.rnn_forward), x, h0, *values)
    expect_unchanged(seen, x, h0, *values)
    later = torch.cat([x[:, :4], rng.normal(2, 2, 3)], dim=1)
    other, _ = student.rnn_forward(later, h0, *values)
    expect_close(other[:, :4], seen.value[:, :4], name="the first four states, with other inputs later")
    expect_close(other, sequence(later, h0, *values), name="h")


@task("rnn_backward", share="2/7", any_dtype=True, loans=LOANS_OF_SEQUENCE)
def check_sequence_gradients_agree_with_differences(student, rng):
    """Backpropagation through time agrees with finite differences, for any number of captions and steps."""
    forbid(student, "rnn_backward", calls=BY_HAND, apart=["rnn_step_backward"])
    for num, steps, inputs, state in [(3, 4, 2, 5), (1, 7, 3, 2), (5, 1, 2, 3)]:
        values = [rng.normal(num, steps, inputs), rng.normal(num, state), *weights(rng, inputs, state)]
        dh = rng.normal(num, steps, state)
        _, cache = student.hold(student.rnn_forward, *values)
        found = student.rnn_backward(dh, cache)
        five = is_sequence(found) and len(found) == 5
        expect(five, "rnn_backward returns five gradients: dx, dh0, dWx, dWh, db.")
        for place, name in enumerate(("dx", "dh0", "dWx", "dWh", "db")):
            expect_gradient(loss_in(values, place, dh), values[place], found[place], name=name)


def loss_in(values: list[Tensor], place: int, dh: Tensor) -> Callable[[Tensor], Tensor]:
    """Return the loss as a function of one of the inputs."""
    return lambda value: (sequence(*values[:place], value, *values[place + 1 :]) * dh).sum()


@task("rnn_backward", share="1/7", loans=LOANS_OF_SEQUENCE)
def check_sequence_gradients_in_float32(student, rng):
    """Backpropagation through time preserves the dtype, and does not change dh."""
    for dtype, loose in ((torch.float64, {}), (torch.float32, {"rtol": 1e-3, "atol": 1e-4})):
        values = (rng.normal(2, 5, 3, dtype=dtype), rng.normal(2, 4, dtype=dtype), *weights(rng, 3, 4, dtype=dtype))
        dh = rng.normal(5, 2, 4, dtype=dtype).transpose(0, 1)
        backward = student.rnn_backward
        _, cache = student.hold(student.rnn_forward, *values)
        right = autograd_gradients(sequence, dh, *values)
        for _ in range(2):
            expect_close(backward(dh, cache), right, **loose)
        before, after = student.define(BEFORE).both(backward, dh, cache)
        expect_equal(after, before, name="dh after the call")


@task("rnn_truncated_backward", share=20, any_dtype=True, loans=LOANS_OF_PIECES)
def check_truncated_pieces_that_do_not_come_out_even(student, rng):
    """Truncated gradients are right where the last piece is shorter, and for pieces of one step."""
    values, dh = (rng.normal(2, 8, 3), rng.normal(2, 4), *weights(rng, 3, 4)), rng.normal(2, 8, 4)
    _, cache = student.hold(student.rnn_forward, *values)
    for steps in (3, 5, 1):
        right = autograd_gradients(lambda *inputs, steps=steps: pieces(*inputs, steps), dh, *values)
        found = student.rnn_truncated_backward(dh, cache, steps)
        expect_close(found, right, name=Message("gradients, pieces of {steps}", steps=steps), mistakes={
            "The pieces are counted from the end; count them from the first step.": lambda steps=steps: (
                autograd_gradients(lambda *inputs: pieces(*inputs, steps, 8 % steps), dh, *values)
            ),
        })  # fmt: skip


@task("rnn_truncated_backward", share=20, loans=LOANS_OF_PIECES)
def check_truncated_whole_sequence(student, rng):
    """Where a piece is as long as the sequence or longer, truncated gradients are the full ones, in float32 too."""
    for dtype, loose in ((torch.float64, {}), (torch.float32, {"rtol": 1e-3, "atol": 1e-4})):
        values = rng.normal(3, 4, 2, dtype=dtype), rng.normal(3, 5, dtype=dtype), *weights(rng, 2, 5, dtype=dtype)
        dh = rng.normal(3, 4, 5, dtype=dtype)
        backward = student.rnn_truncated_backward
        _, cache = student.hold(student.rnn_forward, *values)
        right = autograd_gradients(sequence, dh, *values)
        for steps in (4, 7):
            expect_close(
                backward(dh, cache, steps), right, name=Message("gradients, pieces of {steps}", steps=steps), **loose
            )
        before, after = student.define(BEFORE).both(backward, dh, cache, 3)
        expect_equal(after, before, name="dh after the call")
