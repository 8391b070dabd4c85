"""Trains captioners and shows what they say: a given loop, pictures with captions, maps of attention."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Clip = Callable[[Iterable[Tensor], float], Any]


def fit(
    model: nn.Module,
    images: Tensor,
    captions: Tensor,
    *,
    steps: int,
    batch_size: int = 50,
    learning_rate: float = 5e-3,
    max_norm: float = 5.0,
    clip: Clip = nn.utils.clip_grad_norm_,
) -> list[float]:
    """Train by AdamW on random batches, one of its captions with each image; returns the losses.

    The learning rate rises once and falls to zero. Draws come from torch's global generator.

    Shapes:
        images    (N, ...)   what `model(images, captions)` takes
        captions  (N, R, T)  int64, R captions of each image
        out       list       the loss of each step
    """
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=learning_rate, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, learning_rate, total_steps=steps)
    model.train()
    losses = []
    for _ in range(steps):
        rows = torch.randint(len(images), (batch_size,)).to(images.device)
        which = torch.randint(captions.shape[1], (batch_size,)).to(images.device)
        optimizer.zero_grad()
        loss = model(images[rows], captions[rows, which])
        loss.backward()
        clip(parameters, max_norm)
        optimizer.step()
        schedule.step()
        losses.append(float(loss.detach()))
    model.eval()
    return losses


def pictures(images: Tensor, captions: Sequence[str], *, columns: int = 4, width: int = 26) -> Figure:
    """Images with captions under them, in lines of at most `width` letters.

    Shapes:
        images  (N, 3, H, W)  float in [0, 1]
    """
    if len(images) != len(captions) or not len(images):
        raise ValueError(f"pictures got {len(images)} images and {len(captions)} captions: give one for each.")
    rows = -(-len(images) // columns)
    figure = _figure(2.2 * columns, 2.75 * rows)
    for number, (picture, caption) in enumerate(zip(_pixels(images), captions, strict=True)):
        axes = figure.add_subplot(rows, columns, number + 1)
        axes.imshow(picture, interpolation="nearest")
        axes.set(xticks=[], yticks=[])
        axes.set_xlabel(textwrap.fill(caption, width), fontsize=8)
    return figure


def attention_maps(image: Tensor, words: Sequence[str], weights: Tensor, *, columns: int = 7) -> Figure:
    """One picture for each word: where the captioner looked before it wrote the word; dark is not looked at.

    Shapes:
        image    (3, H, W)  float in [0, 1]
        weights  (T, a, a)  at least as many as words
    """
    picture = _pixels(image[None])[0]
    height, width = image.shape[1:]
    rows = -(-len(words) // columns)
    figure = _figure(1.4 * columns, 1.65 * rows)
    for number, (word, looked) in enumerate(zip(words, weights.detach().cpu().numpy(), strict=False)):
        axes = figure.add_subplot(rows, columns, number + 1)
        axes.imshow(picture, extent=(0, width, height, 0))
        axes.imshow(looked, extent=(0, width, height, 0), cmap="gray", alpha=0.65, interpolation="bilinear")
        axes.set(xticks=[], yticks=[], xlim=(0, width), ylim=(height, 0))
        axes.set_title(word, fontsize=9)
    return figure


def _pixels(images: Tensor) -> Any:
    return images.detach().cpu().float().clamp(0, 1).movedim(1, -1).numpy()


def _figure(width: float, height: float) -> Figure:
    from common.plots.figure import NotebookFigure

    return NotebookFigure(figsize=(width, height), layout="constrained")
