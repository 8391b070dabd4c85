"""Hidden checks of attention and of the captioner: sizes, gradients, images, padding, the first word."""

from functools import partial
from typing import Any

import torch
from oracles import HELPERS
from oracles_captioner import Caption, D, captioner, losses_of
from oracles_loans import LOANS_OF_ATTENTION_LSTM, LOANS_OF_CAPTIONER
from torch import Tensor

from autograder import (
    Message,
    expect,
    expect_close,
    expect_same_gradients,
    expect_shape,
    expect_state_kept,
    expect_unchanged,
    explain_errors,
    forbid,
    task,
)
from autograder.probes.recurrent import READY_MADE, attend, attention_lstm
from common.nets.image_encoder import ImageEncoder, features


@task("dot_product_attention", share="2/6")
def check_attention_on_other_grids(student, rng):
    """Attention is right for one place, caption or feature, large scores, views and float32; inputs are unchanged."""
    for num, state, side, scale in [(3, 4, 1, 1.0), (1, 3, 6, 1.0), (2, 1, 3, 1.0), (3, 6, 4, 40.0)]:
        for dtype in (torch.float64, torch.float32):
            h = scale * rng.normal(state, num, dtype=dtype).T
            grid = scale * rng.normal(num, side, side, state, dtype=dtype).permute(0, 3, 2, 1)
            seen = student.inspect(student.dot_product_attention, h, grid)
            expect_close(seen.value, attend(h, grid), rtol=1e-4 if dtype == torch.float64 else 2e-3, atol=1e-4)
            expect_unchanged(seen, h, grid)
            expect_close(seen.value[1].sum(dim=(1, 2)), torch.ones(num, dtype=dtype, device=h.device), name="sums")


PRETRAINED = """
import torch

def like_pretrained(model, images, features):
    return torch.allclose(model.image_encoder(images), features, rtol=1e-3, atol=1e-3)
"""


@task("dot_product_attention", share="1/6", any_dtype=True)
def check_attention_gradients(student, rng):
    """Gradients reach the state and every feature through attention, by the weights and by the average."""
    forbid(student, "dot_product_attention", calls=READY_MADE)
    h, grid = rng.normal(3, 5), rng.normal(3, 5, 4, 4)
    look, names = student.dot_product_attention, ("prev_h", "A")
    expect_same_gradients(student, rng, look, attend, h, grid, names=names, mistakes={
        "No gradient goes through the weights.": lambda h, grid: fixed(h, grid, attend(h, grid)[1].detach()),
        "No gradient goes through the features that are compared with the state.": (
            lambda h, grid: fixed(h, grid, attend(h, grid.detach())[1])
        ),
        "No gradient goes through the state that asks.": lambda h, grid: fixed(h, grid, attend(h.detach(), grid)[1]),
    })  # fmt: skip


def fixed(h: Tensor, grid: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Average the grid with these weights."""
    return torch.einsum("nhij,nij->nh", grid, weights), weights + 0 * h.sum()


@task("AttentionLSTM", share=50, loans=LOANS_OF_ATTENTION_LSTM)
def check_attention_lstm_learns(student, rng):
    """States and gradients agree with torch's, for one step, caption or place and float32; inputs are unchanged."""
    forbid(student, "AttentionLSTM", calls=READY_MADE, apart=["dot_product_attention", "LSTM"])
    for num, steps, inputs, state, side in [(3, 1, 4, 5, 2), (1, 7, 2, 3, 4), (4, 3, 1, 6, 1)]:
        for dtype in (torch.float64, torch.float32):
            sizes = {"Wx": inputs, "Wh": state, "Wattn": state}
            w = {name: rng.normal(size, 4 * state, dtype=dtype) / size**0.5 for name, size in sizes.items()}
            w["b"] = rng.normal(4 * state, dtype=dtype)
            x, grid = rng.normal(num, steps, inputs, dtype=dtype), 2 * rng.normal(num, state, side, side, dtype=dtype)
            module = student.define(HELPERS).make(student.AttentionLSTM, inputs, state, w)
            loose = {"rtol": 1e-3, "atol": 1e-3} if dtype == torch.float32 else {}
            expect_close(module(x, grid), attention_lstm(x, grid, *w.values()), name="h", **loose)
            step = x[:, 0], *(rng.normal(num, state, dtype=dtype) for _ in range(3))
            expect_unchanged(student.inspect(module.step_forward, *step), *step)
            if dtype == torch.float64:
                values = tuple(w.values())
                oracle = partial(looking_lstm, values)
                expect_same_gradients(student, rng, module, oracle, x, grid, weights=values, names=("x", "A"))


def looking_lstm(values: tuple[Tensor, ...], x: Tensor, grid: Tensor) -> Tensor:
    """Run torch's LSTM cell with attention."""
    return attention_lstm(x, grid, *values)


CHANNELS = "input_dim says how many channels the features have. It is 7 here: do not write 98 or 512."


def build(
    student, rng, kind: str, like: Tensor, words: int, *, ignored: int | None = None, **options: Any
) -> tuple[Any, dict]:
    """Build a captioner of the student's with new weights and so many words; return it with these weights."""
    names = ["<UNK>", "<END>", *(f"w{k}" for k in range(words - 4)), "<START>", "<NULL>"]
    return captioner(student, rng, kind, like, names, list(range(words)), ignore_index=ignored, **options)


def loss_of(weights: dict, kind: str, seen: Tensor, captions: Tensor, ignored: int = -1) -> Tensor:
    """Compute the captioner's loss by a plain loop over the words."""
    losses = losses_of(weights, kind, seen, captions)
    return losses[captions[:, 1:] != ignored].sum() / len(captions)


OTHER_ENCODER = """
def small(cls):
    # word vectors as long as states, and an encoder whose features have seven channels, which pass it as they are
    names = ["<START>", "<END>", *"abcdefg"]
    model = cls({name: n for n, name in enumerate(names)}, input_dim=7, wordvec_dim=5, hidden_dim=5, cell_type="rnn")
    model.image_encoder.out_channels = 7
    return model

def loss(model, features, captions):
    return model.float()(features, captions)

def tables(model):
    return sum(p.requires_grad and p.numel() == 9 * 5 for p in model.parameters())
"""


@task("CaptioningRNN.forward", share="2/9", loans=LOANS_OF_CAPTIONER)
def check_captioner_sees_images(student, rng):
    """Given images, the captioner uses the frozen encoder; given the encoder's features, the loss is the same."""
    images = rng.uniform(2, 3, 24, 24, dtype=torch.float32)
    seen, captions = features(ImageEncoder().to(images.device), images), rng.integers(0, 8, 2, 5)
    for kind in ("rnn", "lstm", "attn"):
        model, weights = build(student, rng, kind, images, 9, ignored=8)
        right = loss_of(weights, kind, seen, captions)
        loss = model
        expect_close(loss(images, captions), right, rtol=1e-3, name=Message("loss of {kind!r} on images", kind=kind))
        expect_close(loss(seen, captions), right, rtol=1e-3, name=Message("loss of {kind!r} on features", kind=kind))
        expect(weights["trains_encoder"] is False, "The image encoder is trained too; it should stay frozen.")
    other = student.define(OTHER_ENCODER)
    model = other.small(student.CaptioningRNN)
    with explain_errors({"shapes cannot be multiplied|channels": CHANNELS}):
        loss = other.loss(model, rng.normal(2, 7, 3, 3, dtype=torch.float32), rng.integers(0, 9, 2, 5))
    expect_shape(loss, (), name="loss with features of 7 channels")
    expect(
        other.tables(model) >= 2,
        "With wordvec_dim = hidden_dim, word vectors and scores share their weights.",
        hint="The layer from states to scores has weights of its own, whatever the sizes are.",
    )
    model, _ = build(student, rng, "rnn", images, 9, image_encoder_pretrained=False)
    pretrained = student.define(PRETRAINED).like_pretrained(model, images, seen)
    expect(
        pretrained is False,
        "image_encoder_pretrained=False does not reach ImageEncoder: its weights are the trained ones.",
    )


@task("CaptioningRNN.forward", share="1/9", any_dtype=True, loans=LOANS_OF_CAPTIONER)
def check_captioner_ignores_padding(student, rng):
    """With ignore_index, more padding at the end of long captions changes nothing."""
    for kind in ("rnn", "lstm", "attn"):
        seen, captions = rng.normal(3, D, 4, 4), rng.integers(0, 9, 3, 26)
        padded = torch.cat([captions, torch.full_like(captions[:, :3], 9)], dim=1)
        model, weights = build(student, rng, kind, seen, 10, ignored=9)
        right, wrong = (loss_of(weights, kind, seen, tokens) for tokens in (captions, padded))
        for tokens in (captions, padded):
            hints = {"ignore_index is not used: padding counts.": wrong}
            steps, found = tokens.shape[1] - 1, model(seen, tokens)
            expect_close(
                found, right, name=Message("loss of {kind!r}, {steps} steps", kind=kind, steps=steps), mistakes=hints
            )


OF_CAPTIONS = """
def of_captions(model, features):
    # the loss as a function of the captions alone: the features come from a frozen encoder
    call = lambda captions: model(features, captions)
    call.model = model
    return call
"""


@task("CaptioningRNN.forward", share="1/9", any_dtype=True, loans=LOANS_OF_CAPTIONER)
def check_every_layer_of_the_captioner_learns(student, rng):
    """The gradients of the loss agree with autograd; the mode and the inputs do not change."""
    seen, captions = rng.normal(4, D, 3, 3), rng.integers(0, 10, 4, 7)
    for kind in ("rnn", "lstm", "attn"):
        model, weights = build(student, rng, kind, seen, 11, ignored=10)
        expect(bool(weights["output"][1].any()), "The layer from states to scores has no bias; the text asks for one.")
        loss = student.define(OF_CAPTIONS).of_captions(model, seen)
        oracle = partial(loss_on_features, weights, kind, seen)
        expect_same_gradients(
            student, rng, loss, oracle, captions, weights=weights, name=Message("loss of {kind!r}", kind=kind)
        )
        for mode in ("train", "eval"):
            getattr(model, mode)()
            with expect_state_kept(student, captioner=model):
                inspection = student.inspect(model, seen, captions)
            expect_unchanged(inspection, seen, captions)


def loss_on_features(weights: dict, kind: str, seen: Tensor, captions: Tensor) -> Tensor:
    """Compute the captioner's loss as a function of the captions."""
    return loss_of(weights, kind, seen, captions)


@task("CaptioningRNN.sample", share="1/11", loans=LOANS_OF_CAPTIONER)
def check_first_word_and_length(student, rng):
    """Captions have max_length words, 15 by default, for images, for features and for a single image."""
    images = rng.uniform(3, 3, 16, 16)
    known = features(ImageEncoder().to(images), images)
    for kind in ("rnn", "lstm", "attn"):
        seen = 2 * rng.normal(24, D, 2, 2)
        model, weights = build(student, rng, kind, seen, 12)
        start, sample = len(weights["embedding"]) - 2, model.sample
        for length in (1, 21):
            case = Message("{kind!r} with max_length={length}", kind=kind, length=length)
            Caption(weights, kind, seen, start, length).judge(sample(seen, max_length=length), case)
        for given, its_features, case in (
            (seen, seen, Message("{kind!r} without max_length", kind=kind)),
            (images, known, Message("{kind!r} on images", kind=kind)),
            (seen[:1], seen[:1], Message("{kind!r} on the features of one image", kind=kind)),
            (seen[1:2], seen[1:2], Message("{kind!r} on the features of another image", kind=kind)),
        ):
            Caption(weights, kind, its_features, start, 15).judge(sample(given), case)
