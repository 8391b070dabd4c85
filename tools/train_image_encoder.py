"""Make image_encoder.safetensors: `python -m tools.train_image_encoder` (three minutes on one core).

Learns colour, texture and shape of both objects of a scene, each from the four cells of the grid around its centre.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from common.data import render, scenes
from common.data.scene_captions import RECIPE
from common.nets.backbone import write_tensors
from common.nets.image_encoder import CHANNELS, WEIGHTS, ImageEncoder, convolutions

SIZE = 48
KINDS: dict[str, tuple[str, ...]] = {
    "colour": tuple(scenes.COLOURS),
    "texture": scenes.TEXTURES,
    "shape": scenes.SHAPES,
}


@dataclass(frozen=True)
class Plan:
    """How long to train."""

    seed: int = 0
    images: int = 12_000
    epochs: int = 8
    batch: int = 64
    learning_rate: float = 4e-3


def draw(stream: str, count: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Images, the places of their two objects in [-1, 1] (x, y), and what those are: numbers in each of KINDS.

    Shapes:
        out  (count, 3, SIZE, SIZE) uint8, (count, 2, 2) float32, (count, 2, 3) int64
    """
    described = scenes.describe(seed, range(count), stream=stream, recipe=RECIPE)
    places = torch.tensor([[(t.x, t.y) for t in scene.objects] for scene in described]).float()
    kinds = [
        [[names.index(getattr(thing, kind)) for kind, names in KINDS.items()] for thing in scene.objects]
        for scene in described
    ]
    return torch.from_numpy(render.render(described, SIZE)), places / (scenes.SIDE // 2) - 1, torch.tensor(kinds)


def train(plan: Plan) -> tuple[ImageEncoder, dict[str, float]]:
    """A trained encoder and, for each of KINDS, its accuracy with linear heads on 1,000 other images."""
    torch.manual_seed(plan.seed)
    x, places, kinds = draw("encoder", plan.images, plan.seed)
    body = convolutions(norm=True)
    head = nn.Linear(CHANNELS[-1], sum(map(len, KINDS.values())))
    parameters = [*body.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=plan.learning_rate, weight_decay=0.05)
    steps = plan.epochs * (plan.images // plan.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, plan.learning_rate, total_steps=steps)
    for epoch in range(plan.epochs):
        total = 0.0
        for rows in torch.randperm(plan.images).split(plan.batch)[: plan.images // plan.batch]:
            scores = _scores(body, head, x[rows], places[rows])
            loss = sum(
                (F.cross_entropy(s, kinds[rows].flatten(0, 1)[:, k]) for k, s in enumerate(scores)), torch.zeros(())
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += float(loss.detach())
        print(f"epoch {epoch + 1} of {plan.epochs}: loss {total * plan.epochs / steps:.3f}", flush=True)
    encoder = _folded(body.eval())
    x, places, kinds = draw("encoder test", 1000, plan.seed)
    with torch.no_grad():
        found = [s.argmax(1) for s in _scores(encoder.layers, head, x, places)]
    right = [(f == kinds.flatten(0, 1)[:, k]).double().mean() for k, f in enumerate(found)]
    return encoder, {kind: float(value) for kind, value in zip(KINDS, right, strict=True)}


def _scores(body: nn.Module, head: nn.Module, images: Tensor, places: Tensor) -> tuple[Tensor, ...]:
    """Scores of both objects of each image for each of KINDS: (2 N, number of names)."""
    grid = body(images.float() / 255 - 0.5)  # (N, D, a, a)
    here = F.grid_sample(grid, places[:, None], mode="bilinear", padding_mode="border", align_corners=False)
    return head(here[:, :, 0].mT.flatten(0, 1)).split([len(names) for names in KINDS.values()], dim=1)


def _folded(body: nn.Sequential) -> ImageEncoder:
    """The same function without batch normalisation: its scale and shift go into the convolutions."""
    encoder = ImageEncoder(pretrained=False)
    layers: list[Any] = list(body)
    outs: list[Any] = list(encoder.layers)
    with torch.no_grad():
        for conv, norm, out in zip(layers[0::3], layers[1::3], outs[0::2], strict=True):
            scale = norm.weight / (norm.running_var + norm.eps).sqrt()
            out.weight.copy_(conv.weight * scale[:, None, None, None])
            out.bias.copy_(norm.bias - norm.running_mean * scale)
    return encoder


def main() -> None:
    """Train and write the weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=Plan.seed)
    parser.add_argument("--epochs", type=int, default=Plan.epochs)
    parser.add_argument("--out", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    torch.set_num_threads(1)  # sums are rounded alike on every machine with the same instructions
    begun = time.perf_counter()
    encoder, accuracy = train(Plan(seed=options.seed, epochs=options.epochs))
    metadata = {
        "command": f"python -m tools.train_image_encoder --seed {options.seed} --epochs {options.epochs}",
        "seed": str(options.seed),
        "torch": torch.__version__,
        **{f"accuracy of {kind}": f"{value:.4f}" for kind, value in accuracy.items()},
    }
    write_tensors(options.out, encoder.layers.state_dict(), metadata)
    print(f"{accuracy} on 1,000 other images; {time.perf_counter() - begun:.0f} s; {options.out}")


if __name__ == "__main__":
    main()
