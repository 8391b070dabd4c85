"""What the checks of a05 share: weights, recurrent networks by torch's cells, and the captioner's words."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder import expect, expect_close, expect_equal
from autograder.probes.aliases import AUTOGRAD
from autograder.probes.recurrent import READY_MADE, Captioner, over_time, rnn_step

BY_HAND = [*READY_MADE, *AUTOGRAD, "common.fallbacks.*"]
D, E, H = 98, 6, 5  # features (of common.nets.image_encoder), word vectors, states

HELPERS = """
import torch
from autograder.probes.captioner import weights_or_complaint

def make(cls, inputs, state, values):
    module = cls(inputs, state).to(values["Wx"].device, values["Wx"].dtype)
    with torch.no_grad():
        for name, value in values.items():
            getattr(module, name).copy_(value)
    return module

def make_embedding(cls, words, size, table):
    module = cls(words, size).to(table.device, table.dtype)
    with torch.no_grad():
        module.W_embed.copy_(table)
    return module

def first(f):
    return lambda *inputs: f(*inputs)[0]

def through(f, dout, *inputs):
    '''The gradients of sum(f(*inputs) * dout).'''
    leaves = [x.clone().requires_grad_() for x in inputs]
    out = f(*leaves)
    out = out[0] if isinstance(out, tuple) else out
    (out * dout).sum().backward()
    return [leaf.grad for leaf in leaves]
"""


def weights(
    rng, inputs: int, state: int, *, gates: int = 1, dtype: torch.dtype = torch.float64
) -> tuple[Tensor, Tensor, Tensor]:
    """Draw Wx, Wh and b of a recurrent network, of a size with which tanh is neither flat nor saturated."""
    wide = gates * state
    values = rng.normal(inputs, wide) / inputs**0.5, rng.normal(state, wide) / state**0.5, 0.5 * rng.normal(wide)
    wx, wh, b = (value.to(dtype) for value in values)
    return wx, wh, b


def make(student, kind: str, inputs: int, state: int, values: tuple[Tensor, ...]) -> Any:
    """Build a recurrent network of the student's with the weights Wx, Wh and b."""
    named = dict(zip(("Wx", "Wh", "b"), values, strict=True))
    return student.define(HELPERS).make(getattr(student, kind), inputs, state, named)


def sequence(x: Tensor, h0: Tensor, wx: Tensor, wh: Tensor, b: Tensor) -> Tensor:
    """Run torch's RNN cell step by step."""
    return over_time(lambda now, state: rnn_step(now, state, wx, wh, b), x, h0)


def captioner(
    student, rng, kind: str, like: Tensor, words: list[str], numbers: list[int],
    *, ignore_index: int | None = None, **options: Any,
) -> tuple[Any, dict]:  # fmt: skip
    """Build a captioner of the student's with new weights, and return it with these weights by their part."""
    model = student.CaptioningRNN(
        dict(zip(words, numbers, strict=True)),
        input_dim=D, wordvec_dim=E, hidden_dim=H, cell_type=kind, ignore_index=ignore_index, **options,
    )  # fmt: skip
    sizes = {"V": len(words), "D": D, "E": E, "H": H}
    found = student.define(HELPERS).weights_or_complaint(model, sizes, rng.int(0, 2**31), like)
    expect(type(found) is dict, f"CaptioningRNN({kind!r}) {found}.")
    return model, found


def losses_of(found: dict, kind: str, features: Tensor, captions: Tensor) -> Tensor:
    """Compute the cross-entropy of each word after the first, given the right words before it: (N, T)."""
    oracle, losses = Captioner(found, kind, features), []
    for t in range(captions.shape[1] - 1):
        losses.append(F.cross_entropy(oracle.next_scores(captions[:, t])[0], captions[:, t + 1], reduction="none"))
    return torch.stack(losses, dim=1)


def judge_captions(found: Any, words: Tensor, looks: Tensor | None, case: str = "") -> None:
    """Compare captions, and for "attn" the attention weights; looks is None for the others."""
    if looks is None:
        expect_equal(found, words, name=f"captions{case}")
        return
    pair = type(found) in (tuple, list) and len(found) == 2
    expect(pair, "For 'attn', sample returns two tensors: captions and weights.")
    expect_equal(found[0], words, name=f"captions{case}")
    expect_close(found[1], looks, name=f"weights{case}")
