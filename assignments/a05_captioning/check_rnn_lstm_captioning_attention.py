"""Public checks of attention and of the captioner, against torch's operators with the same weights, word by word."""

from typing import Any

import torch
import torch.nn.functional as F
from oracles import HELPERS
from oracles_captioner import BLIND, Caption, D, captioner, losses_of, without_image
from oracles_loans import LOANS_OF_ATTENTION_LSTM, LOANS_OF_CAPTIONER
from torch import Tensor

from autograder import Message, expect_close, expect_state_kept, forbid, task
from autograder.probes.recurrent import READY_MADE, Captioner, attend, attention_lstm, lstm_step

WORDS = ["<START>", "<END>", "<UNK>", *(f"w{k}" for k in range(9)), "<NULL>"]


@task("dot_product_attention", share="2/6", any_dtype=True)
def check_attention_agrees_with_torch(student, rng):
    """Attention over a grid agrees with torch's scaled dot product attention; the weights sum to 1."""
    forbid(student, "dot_product_attention", calls=READY_MADE)
    h, grid = rng.normal(3, 5), rng.normal(3, 5, 4, 4)
    scores = torch.einsum("nh,nhij->nij", h, grid)

    def seen(weights: Tensor) -> tuple[Tensor, Tensor]:
        return torch.einsum("nhij,nij->nh", grid, weights), weights

    def over_all(scores: Tensor) -> Tensor:
        return scores.flatten(1).softmax(1).reshape(3, 4, 4)

    def mixed() -> tuple[Tensor, Tensor]:
        rows = grid.reshape(3, 16, 5)
        weights = ((rows @ h[:, :, None])[:, :, 0] / 5**0.5).softmax(1)
        return (weights[:, None] @ rows)[:, 0], weights.reshape(3, 4, 4)

    expect_close(student.dot_product_attention(h, grid), attend(h, grid), name="(attn, weights)", mistakes={
        "reshape(N, a * a, H) mixes features of several places: A.flatten(2) has a place in each column, and "
        "transpose(1, 2) makes rows of them.": mixed,
        "The scores are not divided by sqrt(H).": lambda: seen(over_all(scores)),
        "The scores are divided by H; divide by its root.": lambda: seen(over_all(scores / 5)),
        "The scores are divided by the root of another size; H is the length of the state and of each feature.": (
            lambda: seen(over_all(scores / 4**0.5))
        ),
        "The scores are divided by the root of the number of places; divide by the root of H.": (
            lambda: seen(over_all(scores / 16**0.5))
        ),
        "The scores are multiplied by sqrt(H); divide by it.": lambda: seen(over_all(scores * 5**0.5)),
        "This is a sigmoid of each score; the softmax makes the weights sum to 1.": (
            lambda: seen((scores / 5**0.5).sigmoid())
        ),
        "The place that fits least has the largest weight: a sign is wrong.": lambda: seen(over_all(-scores / 5**0.5)),
        "The softmax runs over rows only; the weights of the whole grid sum to 1.": (
            lambda: seen((scores / 5**0.5).softmax(2))
        ),
        "The softmax runs over the captions; it should run over the places.": (
            lambda: seen((scores / 5**0.5).softmax(0))
        ),
        "Rows and columns of the weights are swapped.": lambda: (attend(h, grid)[0], attend(h, grid)[1].mT),
        "The results are in the wrong order; return attn, then weights.": lambda: attend(h, grid)[::-1],
        "The features are averaged without the weights; sum them, each times its weight.": (
            lambda: (grid.mean(dim=(2, 3)), attend(h, grid)[1])
        ),
        "The weights have one axis of places; give them the two axes of the grid.": (
            lambda: (attend(h, grid)[0], attend(h, grid)[1].flatten(1))
        ),
    })  # fmt: skip


@task("dot_product_attention", share="1/6", any_dtype=True)
def check_attention_finds_what_is_asked_for(student, rng):
    """Where one place of the grid fits the state far better than all others, attention picks that place."""
    h, grid = rng.normal(3, 8), 0.1 * rng.normal(3, 8, 4, 4)
    rows, columns = rng.integers(0, 4, 3), rng.integers(0, 4, 3)
    for n in range(3):
        grid[n, :, rows[n], columns[n]] = 20 * h[n] / h[n].norm()
    h = 5 * h / h.norm(dim=1, keepdim=True)
    attn, weights = student.dot_product_attention(h, grid)
    planted = torch.zeros(3, 4, 4, dtype=torch.float64, device=h.device)
    planted[range(3), rows, columns] = 1
    expect_close(weights, planted, atol=1e-3, name="weights")
    expect_close(attn, 4 * h, atol=1e-2, name="attn")


def cell(rng, inputs: int, state: int) -> dict[str, Tensor]:
    """Draw the weights of an attention LSTM."""
    values = {name: rng.normal(size, 4 * state) / size**0.5
              for name, size in {"Wx": inputs, "Wh": state, "Wattn": state}.items()}  # fmt: skip
    return {**values, "b": 0.5 * rng.normal(4 * state)}


@task("AttentionLSTM", share=25, any_dtype=True, loans=LOANS_OF_ATTENTION_LSTM, keeps=True)
def check_attention_lstm_step_agrees_with_torch(student, rng):
    """One step agrees with torch's LSTM cell applied to the input and the attention output, concatenated."""
    forbid(student, "AttentionLSTM", calls=READY_MADE, apart=["dot_product_attention", "LSTM"])
    x, h, c, attn, w = rng.normal(3, 4), rng.normal(3, 5), rng.normal(3, 5), rng.normal(3, 5), cell(rng, 4, 5)
    module = student.define(HELPERS).make(student.AttentionLSTM, 4, 5, w)
    inputs = torch.cat([x, attn], 1), (h, c), torch.cat([w["Wx"], w["Wattn"]]), w["Wh"]
    right = lstm_step(*inputs, w["b"])
    expect_close(module.step_forward(x, h, c, attn), right, name="(next_h, next_c)", mistakes={
        "The attention output is not used.": lambda: lstm_step(x, (h, c), w["Wx"], w["Wh"], w["b"]),
        "The attention output replaces the hidden state; it should be a third product in the sum.": (
            lambda: lstm_step(x, (attn, c), w["Wx"], w["Wattn"], w["b"])
        ),
        "Wh and Wattn are swapped.": (
            lambda: lstm_step(torch.cat([x, attn], 1), (h, c), torch.cat([w["Wx"], w["Wh"]]), w["Wattn"], w["b"])
        ),
        "The attention output is added to the state; it has weights of its own, Wattn.": (
            lambda: lstm_step(x, (h + attn, c), w["Wx"], w["Wh"], w["b"])
        ),
        "The bias is missing.": lambda: lstm_step(*inputs, torch.zeros_like(w["b"])),
        "The gates are in torch's order i, f, g, o; here it is i, f, o, g.": (
            lambda: lstm_step(*inputs[:2], *(permuted(part) for part in (*inputs[2:], w["b"])))
        ),
        "The results are in the wrong order; return next_h, then next_c.": right[::-1],
    })  # fmt: skip


def permuted(weights: Tensor) -> Tensor:
    """Put the gates i, f, o, g in torch's order."""
    i, f, o, g = weights.chunk(4, dim=-1)
    return torch.cat([i, f, g, o], dim=-1)


@task("AttentionLSTM", share=25, any_dtype=True, loans=LOANS_OF_ATTENTION_LSTM, keeps=True)
def check_attention_lstm_looks_at_every_step(student, rng):
    """Attention runs before each step with the last state; both states begin as the mean of the grid."""
    x, grid, w = rng.normal(3, 6, 4), 2 * rng.normal(3, 5, 3, 3), cell(rng, 4, 5)
    module = student.define(HELPERS).make(student.AttentionLSTM, 4, 5, w)
    values = w["Wx"], w["Wh"], w["Wattn"], w["b"]
    mean, biggest, zero = grid.mean(dim=(2, 3)), grid.amax(dim=(2, 3)), torch.zeros_like(grid[:, :, 0, 0])

    def run(h: Tensor, c: Tensor, asks: str = "h") -> Tensor:
        return looking(x, grid, values, (h, c), asks)

    found = module(x, grid)
    expect_close(found, attention_lstm(x, grid, *values), name="h", mistakes={
        "Attention runs only once; it should run before every step.": lambda: run(mean, mean, "start"),
        "Attention asks with the cell state; it should ask with the hidden state.": lambda: run(mean, mean, "c"),
        "Attention runs after each step, so the first step has seen nothing; it should run before.": (
            lambda: run(mean, mean, "late")
        ),
        "The cell state begins with zeros; both states begin as the mean of the grid.": lambda: run(mean, zero),
        "Both states begin with zeros; they begin as the mean of the grid.": lambda: run(zero, zero),
        "The states begin as the largest features; they begin as the mean of the grid.": lambda: run(biggest, biggest),
    })  # fmt: skip
    module.eval()
    module(x, grid)


def looking(x: Tensor, grid: Tensor, values: tuple[Tensor, ...], state: tuple[Tensor, Tensor], asks: str) -> Tensor:
    """Run the network from this state, asking with "h", with "c", with the "start" alone, or one step too "late"."""
    wx, wh, wattn, b = values
    states, seen = [], attend(state[0], grid)[0]
    seen = torch.zeros_like(seen) if asks == "late" else seen
    for t in range(x.shape[1]):
        if asks in ("h", "c"):
            seen = attend(state["hc".index(asks)], grid)[0]
        state = lstm_step(torch.cat([x[:, t], seen], 1), state, torch.cat([wx, wattn]), wh, b)
        states.append(state[0])
        seen = attend(state[0], grid)[0] if asks == "late" else seen
    return torch.stack(states, dim=1)


def build(student, rng, kind: str, like: Tensor) -> tuple[Any, dict]:
    """Build a captioner of the student's with new weights; return it with these weights and the number of <START>."""
    order = [*rng.permutation(len(WORDS) - 1).tolist(), len(WORDS) - 1]  # <START> is not always 1
    model, found = captioner(student, rng, kind, like, WORDS, order, ignore_index=len(WORDS) - 1)
    return model, {"start": order[WORDS.index("<START>")], **found}


def judge_loss(student, rng, kind: str) -> None:
    """Compare the loss on features and captions without padding."""
    forbid(
        student,
        "CaptioningRNN",
        calls=READY_MADE,
        apart=["RNN", "LSTM", "GRU", "AttentionLSTM", "dot_product_attention"],
    )
    features, captions = rng.normal(3, D, 4, 4), rng.integers(0, len(WORDS) - 1, 3, 7)
    model, weights = build(student, rng, kind, features)
    losses = losses_of(weights, kind, features, captions)

    def of(features: Tensor) -> Tensor:
        return losses_of(weights, kind, features, captions).sum() / 3

    first, largest = (part.expand_as(features) for part in (features[:, :, :1, :1], features.amax((2, 3), True)))
    found = model(features, captions)
    expect_close(found, losses.sum() / 3, name=Message("loss of {kind!r}", kind=kind), mistakes={
        "The network must predict captions[:, 1:] from captions[:, :-1]; here a word predicts itself.": (
            lambda: loss_of_itself(weights, kind, features, captions[:, :-1])
        ),
        "The network must predict captions[:, 1:] from captions[:, :-1]; here both are captions[:, 1:].": (
            lambda: loss_of_itself(weights, kind, features, captions[:, 1:])
        ),
        "The loss is a mean over words; it is a sum over time and a mean over captions.": losses.mean(),
        "The loss is a sum over captions; it is a sum over time and a mean over captions.": losses.sum(),
        "The features of one place are used; take the mean over the grid.": lambda: of(first),
        "The largest features are used; take the mean over the grid.": lambda: of(largest),
        "The features are summed over the grid; take their mean.": lambda: of(16 * features),
        "There is a ReLU after the layer that makes h0; there is none in the text.": (
            lambda: loss_with_relu(weights, kind, features, captions)
        ),
        BLIND[0]: lambda: losses_of(without_image(weights), kind, features, captions).sum() / 3,
        BLIND[1]: lambda: of(0 * features),
    })  # fmt: skip
    padded = torch.cat([captions, torch.full_like(captions[:, :2], len(WORDS) - 1)], dim=1)
    found = model(features, padded)
    expect_close(found, losses.sum() / 3, name=Message("loss of {kind!r} with padding", kind=kind), mistakes={
        "Padding counts: hand self.ignore_index on to temporal_softmax_loss.": (
            lambda: losses_of(weights, kind, features, padded).sum() / 3
        ),
    })  # fmt: skip


def loss_with_relu(weights: dict, kind: str, features: Tensor, captions: Tensor) -> Tensor:
    """Compute the loss with the mistake of a ReLU after the projection."""
    matrix, bias = weights["projection"]
    features = features if kind == "attn" else features.mean(dim=(2, 3), keepdim=True)
    states = F.conv2d(features, matrix[:, :, None, None], bias).relu()
    own = {**weights, "projection": (torch.eye(len(matrix)).to(matrix), torch.zeros_like(bias))}
    return losses_of(own, kind, states, captions).sum() / 3


def loss_of_itself(weights: dict, kind: str, features: Tensor, captions: Tensor) -> Tensor:
    """Compute the loss with the mistake that each word predicts itself."""
    oracle, total = Captioner(weights, kind, features), torch.zeros((), dtype=features.dtype, device=features.device)
    for words in captions.T:
        total = total + F.cross_entropy(oracle.next_scores(words)[0], words, reduction="sum")
    return total / len(captions)


@task("CaptioningRNN.forward", share="3/9", any_dtype=True, loans=LOANS_OF_CAPTIONER)
def check_loss_of_rnn_and_lstm_captioners(student, rng):
    """The loss of "rnn" and "lstm" is that of a plain loop over the words, with the same weights."""
    judge_loss(student, rng, "rnn")
    judge_loss(student, rng, "lstm")


@task("CaptioningRNN.forward", share="2/9", any_dtype=True, loans=LOANS_OF_CAPTIONER)
def check_loss_of_attention_captioner(student, rng):
    """The loss of "attn" is that of a plain loop over the words, with the same weights."""
    judge_loss(student, rng, "attn")


def judge_samples(student, rng, kind: str, num: int) -> None:
    """Compare captions of `num` images; with few or faint features all captions might be equal."""
    features = 2 * rng.normal(num, D, 4, 4)
    model, weights = build(student, rng, kind, features)
    found = model.sample(features, max_length=9)
    Caption(weights, kind, features, weights["start"], 9).judge(found, repr(kind))


@task("CaptioningRNN.sample", share="2/11", any_dtype=True, loans=LOANS_OF_CAPTIONER, keeps=True)
def check_samples_of_rnn_and_lstm_captioners(student, rng):
    """The captions of "rnn" and "lstm" are those of a plain loop over the words, with the same weights."""
    judge_samples(student, rng, "rnn", 24)
    judge_samples(student, rng, "lstm", 24)


@task("CaptioningRNN.sample", share="1/11", any_dtype=True, loans=LOANS_OF_CAPTIONER)
def check_samples_of_attention_captioner(student, rng):
    """The captions and attention weights of "attn" are those of a plain loop over the words, with the same weights."""
    judge_samples(student, rng, "attn", 6)


@task("CaptioningRNN.sample", share="1/11", any_dtype=True, loans=LOANS_OF_CAPTIONER)
def check_sampling_leaves_the_model_as_it_was(student, rng):
    """Writing captions changes neither the model's mode nor anything else of it."""
    features = rng.normal(2, D, 4, 4)
    for kind in ("rnn", "lstm", "attn"):
        model, _ = build(student, rng, kind, features)
        for mode in ("train", "eval"):
            getattr(model, mode)()
            with expect_state_kept(student, captioner=model):
                model.sample(features, max_length=3)
