"""Hidden checks of attention and of the captioner: sizes, gradients, images, padding, the first word."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from autograder import expect, expect_close, expect_equal, expect_unchanged, forbid, task
from autograder.probes.recurrent import READY_MADE, Captioner, attend, attention_lstm
from common.nets.image_encoder import ImageEncoder, features

E, H = 6, 5  # word vectors, states
D = 98  # features of common.nets.image_encoder


@task("dot_product_attention", points=2)
def check_attention_on_other_grids(student, rng):
    """Attention is right for one place, one caption, one feature, large scores, views and float32; inputs stay."""
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
from autograder.probes.captioner import weights_or_complaint

def make(cls, inputs, state, values):
    module = cls(inputs, state).to(values["Wx"].device, values["Wx"].dtype)
    with torch.no_grad():
        for name, value in values.items():
            getattr(module, name).copy_(value)
    return module

def through(f, dout, *inputs):
    leaves = [a.clone().requires_grad_() for a in inputs]
    out = f(*leaves)
    out = out[0] if isinstance(out, tuple) else out
    (out * dout).sum().backward()
    return [leaf.grad for leaf in leaves]

def own(module, names):
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
    """Gradients run through attention to the state and to every feature."""
    forbid(student, "dot_product_attention", calls=READY_MADE)
    h, grid, dout = rng.normal(3, 5), rng.normal(3, 5, 4, 4), rng.normal(3, 5)
    leaves = [h.clone().requires_grad_(), grid.clone().requires_grad_()]
    right = torch.autograd.grad(attend(*leaves)[0], leaves, dout)
    found = student.define(GRADIENTS).through(student.dot_product_attention, dout, h, grid)
    expect_close(found, list(right), name="gradients of (prev_h, A)")


@task("AttentionLSTM", points=4)
def check_attention_lstm_learns(student, rng):
    """States and all gradients agree with torch's, for one step, one caption, one place and float32; inputs stay."""
    forbid(student, "AttentionLSTM", calls=READY_MADE)
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
            helper = student.define(GRADIENTS)
            module = helper.make(student.AttentionLSTM, inputs, state, w)
            found = [*helper.through(module, dout, x, grid), *helper.own(module, list(w))]
            loose = {"rtol": 1e-3, "atol": 1e-3} if dtype == torch.float32 else {}
            expect_close(module(x, grid), right.detach(), name="h", **loose)
            expect_close(found, list(wanted), name="gradients of (x, A, Wx, Wh, Wattn, b)", **loose)
            step = x[:, 0], *(rng.normal(num, state, dtype=dtype) for _ in range(3))
            expect_unchanged(student.inspect(module.step_forward, *step), *step)


def build(
    student, rng, kind: str, like: Tensor, words: int, *, ignored: int | None = None, **options: Any
) -> tuple[Any, dict]:
    """A captioner with new weights, and these weights by role."""
    names = ["<UNK>", "<END>", *(f"w{k}" for k in range(words - 4)), "<START>", "<NULL>"]
    model = student.CaptioningRNN(
        {word: k for k, word in enumerate(names)},
        input_dim=D, wordvec_dim=E, hidden_dim=H, cell_type=kind, ignore_index=ignored, **options,
    )  # fmt: skip
    sizes = {"V": words, "D": D, "E": E, "H": H}
    found = student.define(GRADIENTS).weights_or_complaint(model, sizes, rng.int(0, 2**31), like)
    expect(type(found) is dict, f"CaptioningRNN({kind!r}) {found}.")
    return model, found


def loss_of(weights: dict, kind: str, seen: Tensor, captions: Tensor, ignored: int = -1) -> Tensor:
    """A plain loop over the words."""
    oracle, total = Captioner(weights, kind, seen), seen.new_zeros(())
    for t in range(captions.shape[1] - 1):
        losses = F.cross_entropy(oracle.say(captions[:, t])[0], captions[:, t + 1], reduction="none")
        total = total + losses[captions[:, t + 1] != ignored].sum()
    return total / len(captions)


@task("CaptioningRNN.forward", points=2)
def check_captioner_sees_images(student, rng):
    """Given images, the captioner asks the frozen encoder; given its features, the loss is the same."""
    images = rng.uniform(2, 3, 24, 24, dtype=torch.float32)
    seen, captions = features(ImageEncoder().to(images.device), images), rng.integers(0, 9, 2, 5)
    for kind in ("rnn", "lstm", "attn"):
        model, weights = build(student, rng, kind, images, 9)
        right = loss_of(weights, kind, seen, captions)
        expect_close(model(images, captions), right, rtol=1e-3, name=f"loss of {kind!r} on images")
        expect_close(model(seen, captions), right, rtol=1e-3, name=f"loss of {kind!r} on features")
    model, _ = build(student, rng, "rnn", images, 9, image_encoder_pretrained=False)
    pretrained = student.define(GRADIENTS).like_pretrained(model, images, seen)
    expect(pretrained is False, "image_encoder_pretrained=False is not handed to ImageEncoder: it has learned weights.")


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
    """After a backward pass every parameter that trains has a gradient, and inputs are as they were."""
    seen, captions = rng.normal(4, D, 3, 3), rng.integers(0, 11, 4, 7)
    for kind in ("rnn", "lstm", "attn"):
        model, _ = build(student, rng, kind, seen, 11)
        idle = student.define(GRADIENTS).learn(model, seen, captions)
        expect_equal(idle, [], name=f"shapes of parameters of {kind!r} without a gradient")
        expect_unchanged(student.inspect(model, seen, captions), seen, captions)


def judge_sample(found: Any, words: Tensor, looks: Tensor | None, case: str) -> None:
    """Compare captions, and where "attn" looked; looks is None for the others."""
    if looks is None:
        expect_equal(found, words, name=f"captions, {case}")
        return
    pair = type(found) in (tuple, list) and len(found) == 2
    expect(pair, "For 'attn', sample returns two tensors: captions and weights.")
    expect_equal(found[0], words, name=f"captions, {case}")
    expect_close(found[1], looks, name=f"weights, {case}")


@task("CaptioningRNN.sample", points=1)
def check_first_word_and_length(student, rng):
    """Captions have max_length words, 15 by default; images, features and one image alone are described alike."""
    images = rng.uniform(3, 3, 16, 16)
    known = features(ImageEncoder().to(images), images)
    for kind in ("rnn", "lstm", "attn"):
        seen = 2 * rng.normal(24, D, 2, 2)
        model, weights = build(student, rng, kind, seen, 12)
        start = len(weights["embedding"]) - 2
        words, looks = Captioner(weights, kind, seen).speak(start, 21)
        for length, options in ((15, {}), (1, {"max_length": 1}), (21, {"max_length": 21})):
            part = None if looks is None else looks[:, :length]
            case = f"{kind!r} with {options or 'no max_length'}"
            judge_sample(model.sample(seen, **options), words[:, :length], part, case)
        for given, told, what in ((images, known, "images"), (seen[:1], seen[:1], "the features of one image")):
            words, looks = Captioner(weights, kind, told).speak(start, 15)
            judge_sample(model.sample(given), words, looks, f"{kind!r} given {what}")
