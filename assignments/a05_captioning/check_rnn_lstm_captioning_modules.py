"""Public checks of the recurrent networks as modules, against torch's cells with the same weights."""

import torch
from oracles import make, weights
from oracles_loans import LOANS_OF_RNN
from torch import Tensor

from autograder import expect_close, forbid, task
from autograder.probes.recurrent import READY_MADE, gru_step, lstm_step, over_time, rnn_step


@task("RNN", share=50, any_dtype=True, loans=LOANS_OF_RNN, keeps=True)
def check_rnn_module_agrees_with_torch(student, rng):
    """The RNN module agrees with torch's cell, in one step and over a sequence."""
    forbid(student, "RNN", calls=READY_MADE, apart=["rnn_step_forward", "rnn_forward"])
    x, h0, values = rng.normal(3, 6, 4), rng.normal(3, 5), weights(rng, 4, 5)
    module = make(student, "RNN", 4, 5, values)
    without_bias = *values[:2], torch.zeros_like(values[2])
    expect_close(module.step_forward(x[:, 0], h0), rnn_step(x[:, 0], h0, *values), name="next_h", mistakes={
        "The bias is missing.": lambda: rnn_step(x[:, 0], h0, *without_bias),
        "This is the pair of state and cache; the module returns the state.": (
            lambda: (rnn_step(x[:, 0], h0, *values), None)
        ),
    })  # fmt: skip
    right = over_time(lambda now, h: rnn_step(now, h, *values), x, h0)
    expect_close(module(x, h0), right, name="h", mistakes={
        "The bias is missing.": lambda: over_time(lambda now, h: rnn_step(now, h, *without_bias), x, h0),
        "This is the pair of states and cache; the module returns the states.": (right, None),
        "Every step begins with h0; it should begin with the state of the previous step.": (
            lambda: torch.stack([rnn_step(x[:, t], h0, *values) for t in range(6)], dim=1)
        ),
    })  # fmt: skip
    module.eval()
    module(x, h0)


def permuted(values: tuple[Tensor, ...], order: list[int]) -> list[Tensor]:
    """Put the gates of each of the weights in another order."""
    return [torch.cat([value.chunk(len(order), dim=-1)[k] for k in order], dim=-1) for value in values]


@task("LSTM", share=30, any_dtype=True, keeps=True)
def check_lstm_step_agrees_with_torch(student, rng):
    """One step of the LSTM agrees with torch's LSTM cell; gates in the order i, f, o, g."""
    forbid(student, "LSTM", calls=READY_MADE)
    x, h, c, values = rng.normal(3, 4), rng.normal(3, 5), rng.normal(3, 5), weights(rng, 4, 5, gates=4)
    module = make(student, "LSTM", 4, 5, values)
    right = lstm_step(x, (h, c), *values)
    i, f, o, g = (x @ values[0] + h @ values[1] + values[2]).chunk(4, dim=1)
    o = o.sigmoid()

    def by_formula(f: Tensor, i: Tensor, o: Tensor, g: Tensor) -> tuple[Tensor, Tensor]:
        return o * (f * c + i * g).tanh(), f * c + i * g

    expect_close(module.step_forward(x, h, c), right, name="(next_h, next_c)", mistakes={
        "The gates are in torch's order i, f, g, o; here it is i, f, o, g.": (
            lambda: lstm_step(x, (h, c), *permuted(values, [0, 1, 3, 2]))
        ),
        "The gates i and f are swapped.": lambda: lstm_step(x, (h, c), *permuted(values, [1, 0, 2, 3])),
        "The gates are in the order g, i, f, o; here it is i, f, o, g.": (
            lambda: lstm_step(x, (h, c), *permuted(values, [1, 2, 3, 0]))
        ),
        "Numbers of one gate are every fourth of a row; each gate is one quarter of it.": (
            lambda: lstm_step(x, (h, c), *(v.unflatten(-1, (-1, 4)).transpose(-1, -2).flatten(-2) for v in values))
        ),
        "g goes through a sigmoid; it should be tanh.": lambda: by_formula(f.sigmoid(), i.sigmoid(), o, g.sigmoid()),
        "next_h is the output gate times tanh of the *new* cell; here it is that of the old one.": (
            lambda: (o * c.tanh(), right[1])
        ),
        "The input gate is 1 - f; it has numbers of its own.": (
            lambda: by_formula(f.sigmoid(), 1 - f.sigmoid(), o, g.tanh())
        ),
        "The forget gate does not go through a sigmoid.": lambda: by_formula(f, i.sigmoid(), o, g.tanh()),
        "1 is added to the forget gate; the bias alone decides.": (
            lambda: by_formula((f + 1).sigmoid(), i.sigmoid(), o, g.tanh())
        ),
        "The tanh of the cell state is missing: next_h is o * tanh(next_c).": (o * right[1], right[1]),
        "The bias is missing.": lambda: lstm_step(x, (h, c), *values[:2], torch.zeros_like(values[2])),
        "The results are in the wrong order; return next_h, then next_c.": right[::-1],
    })  # fmt: skip


@task("LSTM", share=20, any_dtype=True, keeps=True)
def check_lstm_sequence_agrees_with_torch(student, rng):
    """A whole sequence of the LSTM agrees with torch's cell, from the cell state 0."""
    x, h0, values = rng.normal(3, 6, 4), rng.normal(3, 5), weights(rng, 4, 5, gates=4)
    module = make(student, "LSTM", 4, 5, values)

    def run(start: tuple[Tensor, Tensor]) -> Tensor:
        return over_time(lambda now, state: lstm_step(now, state, *values), x, start)

    def cells() -> Tensor:
        return over_time(lambda now, state: lstm_step(now, state[::-1], *values)[::-1], x, (zero, h0))

    zero = torch.zeros_like(h0)
    expect_close(module(x, h0), run((h0, zero)), name="h", mistakes={
        "These are the cell states; return the hidden states.": cells,
        "The cell state begins with h0; it should begin with zeros.": lambda: run((h0, h0)),
        "The hidden state begins with zeros; it should begin with h0.": lambda: run((zero, zero)),
        "The cell state is zero again at every step; pass it to the next step.": (
            lambda: over_time(lambda now, h: lstm_step(now, (h, zero), *values)[0], x, h0)
        ),
    })  # fmt: skip
    module.eval()
    module(x, h0)


@task("GRU", share="3/6", any_dtype=True, keeps=True)
def check_gru_agrees_with_torch(student, rng):
    """The GRU agrees with torch's GRU cell, in one step and over a sequence."""
    forbid(student, "GRU", calls=READY_MADE)
    x, h0, values = rng.normal(3, 6, 4), rng.normal(3, 5), weights(rng, 4, 5, gates=3)
    module = make(student, "GRU", 4, 5, values)
    now, (wx, wh, b) = x[:, 0], values
    r, z = (now @ wx + h0 @ wh + b).chunk(3, dim=1)[:2]
    r, z, ahead = r.sigmoid(), z.sigmoid(), (now @ wx + b).chunk(3, dim=1)[2]
    bare, past, bias = (part.chunk(3, dim=-1)[2] for part in (now @ wx, h0 @ wh, b))
    n = (ahead + r * past).tanh()
    right = gru_step(now, h0, *values)
    expect_close(module.step_forward(now, h0), right, name="next_h", mistakes={
        "z and 1 - z are swapped: z is the share of the old state.": (1 - z) * h0 + z * n,
        "r multiplies the state; it should multiply the product with Wh.": (
            lambda: z * h0 + (1 - z) * (ahead + (r * h0) @ wh.chunk(3, dim=1)[2]).tanh()
        ),
        "The thirds are in the order z, r, n; here it is r, z, n.": (
            lambda: gru_step(now, h0, *permuted(values, [1, 0, 2]))
        ),
        "The thirds are in the order n, r, z; here it is r, z, n.": (
            lambda: gru_step(now, h0, *permuted(values, [1, 2, 0]))
        ),
        "n goes through a sigmoid; it should be tanh.": lambda: z * h0 + (1 - z) * (ahead + r * past).sigmoid(),
        "The bias is added twice; there is one, outside of r * (...).": (
            lambda: gru_step(now, h0, *values[:2], torch.cat([2 * b[:10], b[10:]]))
        ),
        "The bias is added twice, once of them inside of r * (...); there is one, outside.": (
            lambda: torch.gru_cell(now, h0, wx.T, wh.T, b, b)
        ),
        "The bias is missing.": lambda: gru_step(now, h0, *values[:2], torch.zeros_like(b)),
        "The bias of n is multiplied by r; it should not be.": z * h0 + (1 - z) * (bare + r * (past + bias)).tanh(),
        "The reset gate is missing.": z * h0 + (1 - z) * (ahead + past).tanh(),
    })  # fmt: skip
    sequence = over_time(lambda at, h: gru_step(at, h, *values), x, h0)
    expect_close(module(x, h0), sequence, name="h")
    module.eval()
    module(x, h0)
