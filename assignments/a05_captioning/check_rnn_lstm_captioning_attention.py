"""Public checks of attention and of the captioner: the same weights in torch's operators, word by word."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder import expect, expect_close, expect_equal, forbid, task
from autograder.probes.recurrent import READY_MADE, Captioner, attend, attention_lstm, lstm_step

V, D, E, H = 13, 98, 6, 5  # words, features (of common.nets.image_encoder), word vectors, states


@task("dot_product_attention", points=2)
def check_attention_agrees_with_torch(student, rng):
    """Attention over a grid agrees with torch's scaled dot product attention; the weights sum to 1."""
    forbid(student, "dot_product_attention", calls=READY_MADE)
    h, grid = rng.normal(3, 5), rng.normal(3, 5, 4, 4)
    scores = torch.einsum("nh,nhij->nij", h, grid)

    def seen(weights: Tensor) -> tuple[Tensor, Tensor]:
        return torch.einsum("nhij,nij->nh", grid, weights), weights

    def over_all(scores: Tensor) -> Tensor:
        return scores.flatten(1).softmax(1).reshape(3, 4, 4)

    expect_close(student.dot_product_attention(h, grid), attend(h, grid), name="(attn, weights)", mistakes={
        "The scores are not divided by sqrt(H).": lambda: seen(over_all(scores)),
        "The scores are divided by H; divide by its root.": lambda: seen(over_all(scores / 5)),
        "The softmax runs over rows only; the weights of the whole grid sum to 1.": (
            lambda: seen((scores / 5**0.5).softmax(2))
        ),
        "The softmax runs over the captions; it should run over the places.": (
            lambda: seen((scores / 5**0.5).softmax(0))
        ),
        "Rows and columns of the weights are swapped.": lambda: (attend(h, grid)[0], attend(h, grid)[1].mT),
    })  # fmt: skip


@task("dot_product_attention", points=1)
def check_attention_finds_what_is_asked_for(student, rng):
    """Where one place of the grid fits the state far better than all others, attention looks there."""
    h, grid = rng.normal(3, 8), 0.1 * rng.normal(3, 8, 5, 5)
    rows, columns = rng.integers(0, 5, 3), rng.integers(0, 5, 3)
    for n in range(3):
        grid[n, :, rows[n], columns[n]] = 20 * h[n] / h[n].norm()
    h = 5 * h / h.norm(dim=1, keepdim=True)
    attn, weights = student.dot_product_attention(h, grid)
    planted = torch.zeros(3, 5, 5, dtype=torch.float64, device=h.device)
    planted[range(3), rows, columns] = 1
    expect_close(weights, planted, atol=1e-3, name="weights")
    expect_close(attn, 4 * h, atol=1e-2, name="attn")


MAKE = """
import torch
from autograder.probes.captioner import weights_or_complaint

def make(cls, inputs, state, values):
    module = cls(inputs, state).to(values["Wx"].device, values["Wx"].dtype)
    with torch.no_grad():
        for name, value in values.items():
            getattr(module, name).copy_(value)
    return module
"""


def cell(rng, inputs: int, state: int) -> dict[str, Tensor]:
    """Weights of an attention LSTM."""
    values = {name: rng.normal(size, 4 * state) / size**0.5
              for name, size in {"Wx": inputs, "Wh": state, "Wattn": state}.items()}  # fmt: skip
    return {**values, "b": 0.5 * rng.normal(4 * state)}


@task("AttentionLSTM", points=2)
def check_attention_lstm_step_agrees_with_torch(student, rng):
    """One step agrees with torch's LSTM cell that reads the input and what was seen side by side."""
    forbid(student, "AttentionLSTM", calls=READY_MADE)
    x, h, c, attn, w = rng.normal(3, 4), rng.normal(3, 5), rng.normal(3, 5), rng.normal(3, 5), cell(rng, 4, 5)
    module = student.define(MAKE).make(student.AttentionLSTM, 4, 5, w)
    right = lstm_step(torch.cat([x, attn], 1), (h, c), torch.cat([w["Wx"], w["Wattn"]]), w["Wh"], w["b"])
    expect_close(module.step_forward(x, h, c, attn), right, name="(next_h, next_c)", mistakes={
        "What was seen is not used.": lambda: lstm_step(x, (h, c), w["Wx"], w["Wh"], w["b"]),
        "What was seen replaces the hidden state; it should be added as a third product.": (
            lambda: lstm_step(x, (attn, c), w["Wx"], w["Wattn"], w["b"])
        ),
        "Wh and Wattn are swapped.": (
            lambda: lstm_step(torch.cat([x, attn], 1), (h, c), torch.cat([w["Wx"], w["Wh"]]), w["Wattn"], w["b"])
        ),
    })  # fmt: skip


@task("AttentionLSTM", points=2)
def check_attention_lstm_looks_at_every_step(student, rng):
    """Over a sequence it looks with the state before each step, and begins with the mean of the grid."""
    x, grid, w = rng.normal(3, 6, 4), 2 * rng.normal(3, 5, 3, 3), cell(rng, 4, 5)
    module = student.define(MAKE).make(student.AttentionLSTM, 4, 5, w)
    values = w["Wx"], w["Wh"], w["Wattn"], w["b"]
    expect_close(module(x, grid), attention_lstm(x, grid, *values), name="h", mistakes={
        "It looks once, at the beginning; it should look before every step.": lambda: looking_once(x, grid, *values),
    })  # fmt: skip


def looking_once(x: Tensor, grid: Tensor, wx: Tensor, wh: Tensor, wattn: Tensor, b: Tensor) -> Tensor:
    """A mistake."""
    state, states = (grid.mean(dim=(2, 3)),) * 2, []
    attn = attend(state[0], grid)[0]
    for t in range(x.shape[1]):
        state = lstm_step(torch.cat([x[:, t], attn], 1), state, torch.cat([wx, wattn]), wh, b)
        states.append(state[0])
    return torch.stack(states, dim=1)


def build(student, rng, kind: str, like: Tensor, *, ignore_index: int | None = None) -> tuple[Any, dict]:
    """A captioner of the student's, with new weights, and these weights by role."""
    words = ["<NULL>", "<START>", "<END>", "<UNK>", *(f"w{k}" for k in range(V - 4))]
    order = rng.permutation(V).tolist()  # <START> is not always 1
    model = student.CaptioningRNN(
        {word: order[k] for k, word in enumerate(words)},
        input_dim=D, wordvec_dim=E, hidden_dim=H, cell_type=kind, ignore_index=ignore_index,
    )  # fmt: skip
    sizes = {"V": V, "D": D, "E": E, "H": H}
    found = student.define(MAKE).weights_or_complaint(model, sizes, rng.int(0, 2**31), like)
    expect(type(found) is dict, f"CaptioningRNN({kind!r}) {found}.")
    return model, {"start": order[1], **found}


def losses_of(weights: dict, kind: str, features: Tensor, captions: Tensor) -> Tensor:
    """The cross-entropy of each word after the first, from the right words before it: (N, T)."""
    oracle, losses = Captioner(weights, kind, features), []
    for t in range(captions.shape[1] - 1):
        losses.append(F.cross_entropy(oracle.say(captions[:, t])[0], captions[:, t + 1], reduction="none"))
    return torch.stack(losses, dim=1)


def judge_loss(student, rng, kind: str) -> None:
    """The loss on features and captions without padding."""
    forbid(student, "CaptioningRNN", calls=READY_MADE)
    features, captions = rng.normal(3, D, 2, 2), rng.integers(0, V, 3, 7)
    model, weights = build(student, rng, kind, features)
    losses = losses_of(weights, kind, features, captions)
    expect_close(model(features, captions), losses.sum() / 3, name=f"loss of {kind!r}", mistakes={
        "The network must predict captions[:, 1:] from captions[:, :-1]; here a word predicts itself.": (
            lambda: itself(weights, kind, features, captions)
        ),
        "The loss is a mean over words; it is a sum over time and a mean over captions.": losses.mean(),
    })  # fmt: skip


def itself(weights: dict, kind: str, features: Tensor, captions: Tensor) -> Tensor:
    """A mistake."""
    oracle, total = Captioner(weights, kind, features), torch.zeros((), dtype=features.dtype, device=features.device)
    for t in range(captions.shape[1] - 1):
        total = total + F.cross_entropy(oracle.say(captions[:, t])[0], captions[:, t], reduction="sum")
    return total / len(captions)


@task("CaptioningRNN.forward", points=3)
def check_loss_of_rnn_and_lstm_captioners(student, rng):
    """The loss of "rnn" and "lstm" is that of a plain loop over the words, with the same weights."""
    judge_loss(student, rng, "rnn")
    judge_loss(student, rng, "lstm")


@task("CaptioningRNN.forward", points=2)
def check_loss_of_attention_captioner(student, rng):
    """The loss of "attn" is that of a plain loop over the words, with the same weights."""
    judge_loss(student, rng, "attn")


@task("CaptioningRNN.sample", points=2)
def check_samples_of_rnn_and_lstm_captioners(student, rng):
    """What "rnn" and "lstm" write is what a plain loop takes, word by word, with the same weights."""
    for kind in ("rnn", "lstm"):
        features = 2 * rng.normal(24, D, 2, 2)  # of fewer or fainter images all may be described alike
        model, weights = build(student, rng, kind, features)
        words, _ = Captioner(weights, kind, features).speak(weights["start"], 9)
        start = torch.full_like(words[:, :1], weights["start"])
        expect_equal(model.sample(features, max_length=9), words, name=f"captions of {kind!r}", mistakes={
            "The first word is <START>; return what comes after it.": torch.cat([start, words[:, :-1]], dim=1),
        })  # fmt: skip


@task("CaptioningRNN.sample", points=2)
def check_samples_of_attention_captioner(student, rng):
    """ "attn" also tells where it looked: weights of every step that sum to 1, those of a plain loop."""
    features = rng.normal(6, D, 3, 3)
    model, weights = build(student, rng, "attn", features)
    found = model.sample(features, max_length=8)
    pair = type(found) in (tuple, list) and len(found) == 2
    expect(pair, "For 'attn', sample returns two tensors: captions and weights.")
    words, looks = Captioner(weights, "attn", features).speak(weights["start"], 8)
    expect_equal(found[0], words, name="captions")
    expect_close(found[1], looks, name="weights")
