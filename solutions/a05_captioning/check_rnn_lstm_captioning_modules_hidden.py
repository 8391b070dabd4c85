"""Hidden checks of the recurrent networks as modules: other sizes and dtypes, gradients, closed gates."""

from functools import partial

import torch
from oracles import make, weights
from oracles_loans import LOANS_OF_RNN
from torch import Tensor

from autograder import expect_close, expect_equal, expect_same_gradients, forbid, task
from autograder.probes.recurrent import READY_MADE, gru_step, lstm_step, over_time, rnn_step

GATES = {"RNN": 1, "LSTM": 4, "GRU": 3}
Sizes = tuple[int, int, int, int]


def oracle(name: str, values: tuple[Tensor, ...], x: Tensor, h0: Tensor, *, cut: bool = False) -> Tensor:
    """Run torch's cell over a sequence. ``cut``: no gradient passes through the hidden state between steps."""

    def kept(h: Tensor) -> Tensor:
        return h.detach() if cut else h

    if name == "LSTM":
        start = (h0, torch.zeros_like(h0))
        return over_time(lambda now, state: lstm_step(now, (kept(state[0]), state[1]), *values), x, start)
    step = gru_step if name == "GRU" else rnn_step
    return over_time(lambda now, h: step(now, kept(h), *values), x, h0)


def judge(student, rng, name: str, sizes: list[Sizes]) -> None:
    """Compare states and gradients over sequences of several sizes, in both dtypes."""
    forbid(student, name, calls=READY_MADE)
    for num, steps, inputs, state in sizes:
        for dtype in (torch.float64, torch.float32):
            x, h0 = rng.normal(steps, num, inputs, dtype=dtype).transpose(0, 1), rng.normal(num, state, dtype=dtype)
            values = weights(rng, inputs, state, gates=GATES[name], dtype=dtype)
            module = make(student, name, inputs, state, values)
            loose = {"rtol": 1e-3, "atol": 1e-4} if dtype == torch.float32 else {}
            expect_close(module(x, h0), oracle(name, values, x, h0), name="h", **loose)
            if dtype == torch.float64:
                by_torch = partial(oracle, name, values)
                names = ("x", "h0")
                expect_same_gradients(student, rng, module, by_torch, x, h0, weights=values, names=names, mistakes={
                    "No gradient passes through the hidden state to earlier steps: it is detached on the way.": (
                        partial(oracle, name, values, cut=True)
                    ),
                })  # fmt: skip


@task("RNN", share=50, loans=LOANS_OF_RNN)
def check_rnn_module_learns(student, rng):
    """The RNN's states and all gradients agree with torch's, for one step, one caption and one input."""
    judge(student, rng, "RNN", [(1, 7, 2, 3), (3, 1, 4, 5), (4, 2, 1, 6)])


@task("LSTM", share=20, any_dtype=True)
def check_lstm_step_with_gates_shut(student, rng):
    """An LSTM with gates forced open or shut keeps, forgets and hides its cell; inputs are unchanged."""
    x, h, c = rng.normal(3, 4), rng.normal(3, 5), rng.normal(3, 5)
    wx, wh, _ = weights(rng, 4, 5, gates=4)
    for i, f, o in [(-60, 60, 60), (60, -60, 60), (60, 60, -60), (-60, -60, 60)]:
        b = torch.cat([torch.full((5,), float(gate)) for gate in (i, f, o, 0)]).to(x)
        module = make(student, "LSTM", 4, 5, (wx, wh, b))
        seen = student.inspect(module.step_forward, x, h, c)
        expect_close(seen.value, lstm_step(x, (h, c), wx, wh, b), name="(next_h, next_c)")
        expect_equal(seen.args, (x, h, c), name="the inputs after the call")


@task("LSTM", share=30)
def check_lstm_learns(student, rng):
    """The LSTM's states and all gradients agree with torch's, for one step, one caption and one input."""
    judge(student, rng, "LSTM", [(1, 7, 2, 3), (3, 1, 4, 5), (4, 2, 1, 6)])


@task("GRU", share="2/6")
def check_gru_learns(student, rng):
    """The GRU's states and all gradients agree with torch's, for one step, one caption and one input."""
    judge(student, rng, "GRU", [(1, 7, 2, 3), (3, 1, 4, 5), (4, 2, 1, 6)])


@task("GRU", share="1/6", any_dtype=True)
def check_gru_step_with_gates_shut(student, rng):
    """A GRU with gates forced open or shut keeps its state or takes the proposal; inputs are unchanged."""
    x, h = rng.normal(3, 4), rng.normal(3, 5)
    wx, wh, _ = weights(rng, 4, 5, gates=3)
    for r, z in [(60, 60), (60, -60), (-60, -60)]:
        b = torch.cat([torch.full((5,), float(gate)) for gate in (r, z, 0.3)]).to(x)
        module = make(student, "GRU", 4, 5, (wx, wh, b))
        seen = student.inspect(module.step_forward, x, h)
        expect_close(seen.value, gru_step(x, h, wx, wh, b), name="next_h")
        expect_equal(seen.args, (x, h), name="the inputs after the call")
