"""Hidden checks of attention and of the captioner: sizes, gradients, images, padding, the first word."""

from typing import Any

import torch
from oracles import HELPERS, D, captioner, judge_captions, losses_of
from torch import Tensor

from autograder import expect, expect_close, expect_equal, expect_unchanged, forbid, task
from autograder.probes.recurrent import READY_MADE, Captioner, attend, attention_lstm
from common.nets.image_encoder import ImageEncoder, features


@task("dot_product_attention", points=2)
def check_attention_on_other_grids(student, rng):
    """Attention is right for one place, caption or feature, large scores, views and float32; inputs are unchanged."""
    for num, state, side, scale in [(3, 4, 1, 1.0), (1, 3, 6, 1.0), (2, 1, 3, 1.0), (3, 6, 4, 40.0)]:
        for dtype in (torch.float64, torch.float32):
            h = scale * rng.normal(state, num, dtype=dtype).T
            grid = scale * rng.normal(num, side, side, state, dtype=dtype).permute(0, 3, 1, 2)
            seen = student.inspect(student.dot_product_attention, h, grid)
            expect_close(seen.value, attend(h, grid), rtol=1e-4 if dtype == torch.float64 else 2e-3, atol=1e-4)
            expect_unchanged(seen, h, grid)
            expect_close(seen.value[1].sum(dim=(1, 2)), torch.ones(num, dtype=dtype, device=h.device), name="sums")


GRADIENTS = """
import torch

def of_parameters(module, names):
    return [getattr(module, name).grad for name in names]

def like_pretrained(model, images, features):
    return torch.allclose(model.image_encoder(images), features, rtol=1e-3, atol=1e-3)

def learn(model, images, captions):
    model.train()
    model(images, captions).backward()
    return [list(p.shape) for p in model.parameters() if p.requires_grad and (p.grad is None or not p.grad.any())]
"""


@task("dot_product_attention", points=1)
def check_attention_gradients(student, rng):
    """Gradients reach the state and every feature through attention."""
    forbid(student, "dot_product_attention", calls=READY_MADE)
    h, grid, dout = rng.normal(3, 5), rng.normal(3, 5, 4, 4), rng.normal(3, 5)
    leaves = [h.clone().requires_grad_(), grid.clone().requires_grad_()]
    right = torch.autograd.grad(attend(*leaves)[0], leaves, dout)
    found = student.define(HELPERS).through(student.dot_product_attention, dout, h, grid)
    expect_close(found, list(right), name="gradients of (prev_h, A)")


@task("AttentionLSTM", points=4)
def check_attention_lstm_learns(student, rng):
    """States and gradients agree with torch's, for one step, caption or place and float32; inputs are unchanged."""
    forbid(student, "AttentionLSTM", calls=READY_MADE, apart=["dot_product_attention", "LSTM"])
    for num, steps, inputs, state, side in [(3, 1, 4, 5, 2), (1, 7, 2, 3, 4), (4, 3, 1, 6, 1)]:
        for dtype in (torch.float64, torch.float32):
            sizes = {"Wx": inputs, "Wh": state, "Wattn": state}
            w = {name: rng.normal(size, 4 * state, dtype=dtype) / size**0.5 for name, size in sizes.items()}
            w["b"] = rng.normal(4 * state, dtype=dtype)
            x, dout = rng.normal(num, steps, inputs, dtype=dtype), rng.normal(num, steps, state, dtype=dtype)
            grid = 2 * rng.normal(num, state, side, side, dtype=dtype)
            leaves = [leaf.clone().requires_grad_() for leaf in (x, grid, *w.values())]
            right = attention_lstm(*leaves)
            wanted = torch.autograd.grad(right, leaves, dout)
            helper = student.define(HELPERS)
            module = helper.make(student.AttentionLSTM, inputs, state, w)
            found = helper.through(module, dout, x, grid)
            found = [*found, *student.define(GRADIENTS).of_parameters(module, list(w))]
            loose = {"rtol": 1e-3, "atol": 1e-3} if dtype == torch.float32 else {}
            expect_close(module(x, grid), right.detach(), name="h", **loose)
            expect_close(found, list(wanted), name="gradients of (x, A, Wx, Wh, Wattn, b)", **loose)
            step = x[:, 0], *(rng.normal(num, state, dtype=dtype) for _ in range(3))
            expect_unchanged(student.inspect(module.step_forward, *step), *step)


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


@task("CaptioningRNN.forward", points=2)
def check_captioner_sees_images(student, rng):
    """Given images, the captioner uses the frozen encoder; given the encoder's features, the loss is the same."""
    images = rng.uniform(2, 3, 24, 24, dtype=torch.float32)
    seen, captions = features(ImageEncoder().to(images.device), images), rng.integers(0, 9, 2, 5)
    for kind in ("rnn", "lstm", "attn"):
        model, weights = build(student, rng, kind, images, 9)
        right = loss_of(weights, kind, seen, captions)
        expect_close(model(images, captions), right, rtol=1e-3, name=f"loss of {kind!r} on images")
        expect_close(model(seen, captions), right, rtol=1e-3, name=f"loss of {kind!r} on features")
    model, _ = build(student, rng, "rnn", images, 9, image_encoder_pretrained=False)
    pretrained = student.define(GRADIENTS).like_pretrained(model, images, seen)
    expect(
        pretrained is False,
        "image_encoder_pretrained=False does not reach ImageEncoder: its weights are the trained ones.",
    )


@task("CaptioningRNN.forward", points=1)
def check_captioner_ignores_padding(student, rng):
    """With ignore_index, more padding at the end of long captions changes nothing."""
    for kind in ("rnn", "lstm", "attn"):
        seen, captions = rng.normal(3, D, 2, 2), rng.integers(0, 9, 3, 26)
        padded = torch.cat([captions, torch.full_like(captions[:, :3], 9)], dim=1)
        model, weights = build(student, rng, kind, seen, 10, ignored=9)
        right, wrong = (loss_of(weights, kind, seen, tokens) for tokens in (captions, padded))
        for tokens in (captions, padded):
            hints = {"ignore_index is not used: padding counts.": wrong}
            steps = tokens.shape[1] - 1
            expect_close(model(seen, tokens), right, name=f"loss of {kind!r}, {steps} steps", mistakes=hints)


@task("CaptioningRNN.forward", points=1)
def check_every_layer_of_the_captioner_learns(student, rng):
    """After a backward pass every trainable parameter has a gradient, and inputs are unchanged."""
    seen, captions = rng.normal(4, D, 3, 3), rng.integers(0, 11, 4, 7)
    for kind in ("rnn", "lstm", "attn"):
        model, _ = build(student, rng, kind, seen, 11)
        idle = student.define(GRADIENTS).learn(model, seen, captions)
        expect_equal(idle, [], name=f"shapes of parameters of {kind!r} without a gradient")
        expect_unchanged(student.inspect(model, seen, captions), seen, captions)


@task("CaptioningRNN.sample", points=1)
def check_first_word_and_length(student, rng):
    """Captions have max_length words, 15 by default, for images, for features and for a single image."""
    images = rng.uniform(3, 3, 16, 16)
    known = features(ImageEncoder().to(images), images)
    for kind in ("rnn", "lstm", "attn"):
        seen = 2 * rng.normal(24, D, 2, 2)
        model, weights = build(student, rng, kind, seen, 12)
        start = len(weights["embedding"]) - 2
        words, looks = Captioner(weights, kind, seen).greedy(start, 21)
        for length, options in ((15, {}), (1, {"max_length": 1}), (21, {"max_length": 21})):
            part = None if looks is None else looks[:, :length]
            case = f", {kind!r} with {options or 'no max_length'}"
            judge_captions(model.sample(seen, **options), words[:, :length], part, case)
        for given, its_features, what in ((images, known, "images"), (seen[:1], seen[:1], "the features of one image")):
            words, looks = Captioner(weights, kind, its_features).greedy(start, 15)
            judge_captions(model.sample(given), words, looks, f", {kind!r} given {what}")
