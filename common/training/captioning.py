"""Train captioners: a given loop."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from tqdm import tqdm

from common.plots.attention import attention_maps
from common.plots.grids import pictures

__all__ = ["attention_maps", "fit", "pictures"]  # hand-ins written before version 0.2 import the figures from here

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
    progress: bool = False,
) -> list[float]:
    """Train with AdamW on random batches, with one random caption of each image; return the losses.

    The learning rate rises once and falls to zero. Batches and captions are drawn from torch's global generator.
    `progress` shows a progress bar.

    Shapes:
        images    (N, ...)   input of `model(images, captions)`
        captions  (N, R, T)  int64, R captions of each image
        out       list       the loss of each step
    """
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=learning_rate, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, learning_rate, total_steps=steps)
    model.train()
    losses = []
    for _ in tqdm(range(steps), unit="step", mininterval=0.5, disable=not progress):
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
