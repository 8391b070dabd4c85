"""Make backbone.safetensors: `python -m tools.train_backbone` (three minutes on one core).

Trains on the class of single objects, drawn as small and as finely textured as objects in scenes of several.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from common.data import render, scenes
from common.nets.backbone import CHANNELS, STRIDES, WEIGHTS, Backbone
from tools.training import Plan, Trained, fold_norms, main, minimise

RECIPE = scenes.Recipe(radius=(600, 1500), period=(460, 600), jitter=1200)
SIZE = 32
PLAN = Plan(images=20_000)
TEST = 2000  # images


def draw(stream: str, count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Draw images of one object each, and its class.

    Shapes:
        out  (count, 3, SIZE, SIZE) float32 in [0, 1], (count,) int64
    """
    described = scenes.describe(seed, range(count), stream=stream, recipe=RECIPE)
    labels = torch.from_numpy(np.array([scene.objects[0].label for scene in described], np.int64))
    return torch.from_numpy(render.render(described, SIZE)).float() / 255, labels


def train(plan: Plan) -> tuple[Backbone, float]:
    """Train a backbone with one linear layer on the mean of its map; return it and the accuracy on other images."""
    torch.manual_seed(plan.seed)
    x, y = draw("backbone", plan.images, plan.seed)
    layers: list[nn.Module] = []
    for i, o, s in zip((3, *CHANNELS), CHANNELS, STRIDES, strict=False):
        layers += [nn.Conv2d(i, o, 3, stride=s, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU()]
    body, head = nn.Sequential(*layers), nn.Linear(CHANNELS[-1], len(scenes.CLASS_NAMES))

    def loss_of(rows: Tensor) -> Tensor:
        images = x[rows].flip(3) if torch.rand(()) < 0.5 else x[rows]
        return F.cross_entropy(head(body(images - 0.5).mean(dim=(2, 3))), y[rows])

    minimise(loss_of, [*body.parameters(), *head.parameters()], plan)
    backbone = Backbone(pretrained=False)
    fold_norms(body.eval(), backbone)
    x_test, y_test = draw("backbone test", TEST, plan.seed)
    with torch.no_grad():
        predicted = head(backbone(x_test).mean(dim=(2, 3))).argmax(1)
    return backbone, float((predicted == y_test).double().mean())


def run(plan: Plan) -> Trained:
    """Train; return the weights and the accuracy."""
    backbone, accuracy = train(plan)
    return Trained(backbone.state_dict(), {"accuracy": accuracy})


if __name__ == "__main__":
    main("tools.train_backbone", __doc__, PLAN, WEIGHTS, run)
