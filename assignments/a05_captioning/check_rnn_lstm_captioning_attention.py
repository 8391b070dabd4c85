"""Public checks of attention and of the captioner, against torch's operators with the same weights, word by word."""

from typing import Any

import torch
import torch.nn.functional as F
from oracles import HELPERS, D, captioner, judge_captions, losses_of
from torch import Tensor

from autograder import expect_close, expect_equal, forbid, task
from autograder.probes.recurrent import READY_MADE, Captioner, attend, attention_lstm, lstm_step

WORDS = ["<NULL>", "<START>", "<END>", "<UNK>", *(f"w{k}" for k in range(9))]


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
    """Where one place of the grid fits the state far better than all others, attention picks that place."""
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


def cell(rng, inputs: int, state: int) -> dict[str, Tensor]:
    """Draw the weights of an attention LSTM."""
    values = {name: rng.normal(size, 4 * state) / size**0.5
              for name, size in {"Wx": inputs, "Wh": state, "Wattn": state}.items()}  # fmt: skip
    return {**values, "b": 0.5 * rng.normal(4 * state)}


@task("AttentionLSTM", points=2)
def check_attention_lstm_step_agrees_with_torch(student, rng):
    """One step agrees with torch's LSTM cell applied to the input and the attention output, concatenated."""
    forbid(student, "AttentionLSTM", calls=READY_MADE, apart=["dot_product_attention", "LSTM"])
    x, h, c, attn, w = rng.normal(3, 4), rng.normal(3, 5), rng.normal(3, 5), rng.normal(3, 5), cell(rng, 4, 5)
    module = student.define(HELPERS).make(student.AttentionLSTM, 4, 5, w)
    right = lstm_step(torch.cat([x, attn], 1), (h, c), torch.cat([w["Wx"], w["Wattn"]]), w["Wh"], w["b"])
    expect_close(module.step_forward(x, h, c, attn), right, name="(next_h, next_c)", mistakes={
        "The attention output is not used.": lambda: lstm_step(x, (h, c), w["Wx"], w["Wh"], w["b"]),
        "The attention output replaces the hidden state; it should be a third product in the sum.": (
            lambda: lstm_step(x, (attn, c), w["Wx"], w["Wattn"], w["b"])
        ),
        "Wh and Wattn are swapped.": (
            lambda: lstm_step(torch.cat([x, attn], 1), (h, c), torch.cat([w["Wx"], w["Wh"]]), w["Wattn"], w["b"])
        ),
    })  # fmt: skip


@task("AttentionLSTM", points=2)
def check_attention_lstm_looks_at_every_step(student, rng):
    """Attention runs before each step with the last state; both states begin as the mean of the grid."""
    x, grid, w = rng.normal(3, 6, 4), 2 * rng.normal(3, 5, 3, 3), cell(rng, 4, 5)
    module = student.define(HELPERS).make(student.AttentionLSTM, 4, 5, w)
    values = w["Wx"], w["Wh"], w["Wattn"], w["b"]
    expect_close(module(x, grid), attention_lstm(x, grid, *values), name="h", mistakes={
        "Attention runs only once; it should run before every step.": lambda: attending_once(x, grid, *values),
    })  # fmt: skip


def attending_once(x: Tensor, grid: Tensor, wx: Tensor, wh: Tensor, wattn: Tensor, b: Tensor) -> Tensor:
    """Run the network with the mistake of attending only once."""
    state, states = (grid.mean(dim=(2, 3)),) * 2, []
    attn = attend(state[0], grid)[0]
    for t in range(x.shape[1]):
        state = lstm_step(torch.cat([x[:, t], attn], 1), state, torch.cat([wx, wattn]), wh, b)
        states.append(state[0])
    return torch.stack(states, dim=1)


def build(student, rng, kind: str, like: Tensor) -> tuple[Any, dict]:
    """Build a captioner of the student's with new weights; return it with these weights and the number of <START>."""
    order = rng.permutation(len(WORDS)).tolist()  # <START> is not always 1
    model, found = captioner(student, rng, kind, like, WORDS, order)
    return model, {"start": order[WORDS.index("<START>")], **found}


def judge_loss(student, rng, kind: str) -> None:
    """Compare the loss on features and captions without padding."""
    forbid(
        student,
        "CaptioningRNN",
        calls=READY_MADE,
        apart=["RNN", "LSTM", "GRU", "AttentionLSTM", "dot_product_attention"],
    )
    features, captions = rng.normal(3, D, 2, 2), rng.integers(0, len(WORDS), 3, 7)
    model, weights = build(student, rng, kind, features)
    losses = losses_of(weights, kind, features, captions)
    expect_close(model(features, captions), losses.sum() / 3, name=f"loss of {kind!r}", mistakes={
        "The network must predict captions[:, 1:] from captions[:, :-1]; here a word predicts itself.": (
            lambda: loss_of_itself(weights, kind, features, captions)
        ),
        "The loss is a mean over words; it is a sum over time and a mean over captions.": losses.mean(),
    })  # fmt: skip


def loss_of_itself(weights: dict, kind: str, features: Tensor, captions: Tensor) -> Tensor:
    """Compute the loss with the mistake that each word predicts itself."""
    oracle, total = Captioner(weights, kind, features), torch.zeros((), dtype=features.dtype, device=features.device)
    for t in range(captions.shape[1] - 1):
        total = total + F.cross_entropy(oracle.next_scores(captions[:, t])[0], captions[:, t], reduction="sum")
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
    """The captions of "rnn" and "lstm" are those of a plain loop over the words, with the same weights."""
    for kind in ("rnn", "lstm"):
        features = 2 * rng.normal(24, D, 2, 2)  # with fewer or fainter images all captions might be equal
        model, weights = build(student, rng, kind, features)
        words, _ = Captioner(weights, kind, features).greedy(weights["start"], 9)
        start = torch.full_like(words[:, :1], weights["start"])
        expect_equal(model.sample(features, max_length=9), words, name=f"captions of {kind!r}", mistakes={
            "The first word is <START>; return the words after it.": torch.cat([start, words[:, :-1]], dim=1),
        })  # fmt: skip


@task("CaptioningRNN.sample", points=2)
def check_samples_of_attention_captioner(student, rng):
    """The captions and attention weights of "attn" are those of a plain loop over the words, with the same weights."""
    features = rng.normal(6, D, 3, 3)
    model, weights = build(student, rng, "attn", features)
    found = model.sample(features, max_length=8)
    judge_captions(found, *Captioner(weights, "attn", features).greedy(weights["start"], 8))
