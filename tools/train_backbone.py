"""Make backbone.safetensors: `python -m tools.train_backbone` (three minutes on one core).

Learns the class of single objects, drawn as small and as finely textured as they are among others in a scene.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from common.data import render, scenes
from common.nets.backbone import CHANNELS, STRIDES, WEIGHTS, Backbone, write_tensors

RECIPE = scenes.Recipe(radius=(600, 1500), period=(460, 600), jitter=1200)
SIZE = 32


@dataclass(frozen=True)
class Plan:
    """How long to train."""

    seed: int = 0
    images: int = 20_000
    epochs: int = 8
    batch: int = 64
    learning_rate: float = 4e-3


def draw(stream: str, count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Images of one object each, and its class.

    Shapes:
        out  (count, 3, SIZE, SIZE) float32 in [0, 1], (count,) int64
    """
    described = scenes.describe(seed, range(count), stream=stream, recipe=RECIPE)
    labels = torch.from_numpy(np.array([scene.objects[0].label for scene in described], np.int64))
    return torch.from_numpy(render.render(described, SIZE)).float() / 255, labels


def train(plan: Plan) -> tuple[Backbone, float]:
    """A trained backbone and its accuracy, with one linear layer on the mean of its map, on 2,000 other images."""
    torch.manual_seed(plan.seed)
    x, y = draw("backbone", plan.images, plan.seed)
    layers: list[nn.Module] = []
    for i, o, s in zip((3, *CHANNELS), CHANNELS, STRIDES, strict=False):
        layers += [nn.Conv2d(i, o, 3, stride=s, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU()]
    body, head = nn.Sequential(*layers), nn.Linear(CHANNELS[-1], len(scenes.CLASS_NAMES))
    parameters = [*body.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=plan.learning_rate, weight_decay=0.05)
    steps = plan.epochs * (plan.images // plan.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, plan.learning_rate, total_steps=steps)
    for epoch in range(plan.epochs):
        total = 0.0
        for rows in torch.randperm(plan.images).split(plan.batch)[: plan.images // plan.batch]:
            images = x[rows].flip(3) if torch.rand(()) < 0.5 else x[rows]
            loss = F.cross_entropy(head(body(images - 0.5).mean(dim=(2, 3))), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += float(loss.detach())
        print(f"epoch {epoch + 1} of {plan.epochs}: loss {total * plan.epochs / steps:.3f}", flush=True)
    backbone = _folded(body.eval())
    x, y = draw("backbone test", 2000, plan.seed)
    with torch.no_grad():
        accuracy = float((head(backbone(x).mean(dim=(2, 3))).argmax(1) == y).double().mean())
    return backbone, accuracy


def _folded(body: nn.Sequential) -> Backbone:
    """The same function without batch normalisation: its scale and shift go into the convolutions."""
    backbone = Backbone(pretrained=False)
    with torch.no_grad():
        layers: list[Any] = list(body)
        outs: list[Any] = list(backbone.convs)
        for conv, norm, out in zip(layers[0::3], layers[1::3], outs, strict=True):
            scale = norm.weight / (norm.running_var + norm.eps).sqrt()
            out.weight.copy_(conv.weight * scale[:, None, None, None])
            out.bias.copy_(norm.bias - norm.running_mean * scale)
    return backbone


def main() -> None:
    """Train and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=Plan.seed)
    parser.add_argument("--epochs", type=int, default=Plan.epochs)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    torch.set_num_threads(1)  # sums are rounded alike on every machine with the same instructions
    begun = time.perf_counter()
    backbone, accuracy = train(Plan(seed=options.seed, epochs=options.epochs))
    command = f"python -m tools.train_backbone --seed {options.seed} --epochs {options.epochs}"
    metadata = {
        "command": command,
        "seed": str(options.seed),
        "accuracy": f"{accuracy:.4f}",
        "torch": torch.__version__,
    }
    write_tensors(options.out, backbone.state_dict(), metadata)
    print(f"accuracy {accuracy:.4f} on 2,000 other images; {time.perf_counter() - begun:.0f} s; {options.out}")


if __name__ == "__main__":
    main()
