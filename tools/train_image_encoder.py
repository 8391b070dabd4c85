"""Make image_encoder.safetensors: `python -m tools.train_image_encoder` (three minutes on one core).

Trains on colour, texture and shape of both objects of a scene, each from the four cells of the grid around its centre.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from common.data import render, scenes
from common.data.scene_captions import RECIPE
from common.nets.image_encoder import CHANNELS, WEIGHTS, ImageEncoder, convolutions
from tools.training import Plan, Trained, fold_norms, main, minimise

SIZE = 48
PLAN = Plan(images=12_000)
TEST = 1000  # images
KINDS: dict[str, tuple[str, ...]] = {
    "colour": tuple(scenes.COLOURS),
    "texture": scenes.TEXTURES,
    "shape": scenes.SHAPES,
}


def draw(stream: str, count: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Draw images, the places of their two objects in [-1, 1] (x, y), and an index into each of KINDS for each object.

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
    """Train an encoder with linear heads; return it and, for each of KINDS, the accuracy on other images."""
    torch.manual_seed(plan.seed)
    x, places, kinds = draw("encoder", plan.images, plan.seed)
    body = convolutions(norm=True)
    head = nn.Linear(CHANNELS[-1], sum(map(len, KINDS.values())))

    def loss_of(rows: Tensor) -> Tensor:
        scores = _scores(body, head, x[rows], places[rows])
        losses = (F.cross_entropy(s, kinds[rows].flatten(0, 1)[:, k]) for k, s in enumerate(scores))
        return sum(losses, torch.zeros(()))

    minimise(loss_of, [*body.parameters(), *head.parameters()], plan)
    encoder = ImageEncoder(pretrained=False)
    fold_norms(body.eval(), encoder)
    x_test, places_test, kinds_test = draw("encoder test", TEST, plan.seed)
    with torch.no_grad():
        found = [s.argmax(1) for s in _scores(encoder.layers, head, x_test, places_test)]
    right = [(f == kinds_test.flatten(0, 1)[:, k]).double().mean() for k, f in enumerate(found)]
    return encoder, {kind: float(value) for kind, value in zip(KINDS, right, strict=True)}


def run(plan: Plan) -> Trained:
    """Train; return the weights and the accuracies."""
    encoder, accuracy = train(plan)
    return Trained(encoder.layers.state_dict(), {f"accuracy of {kind}": value for kind, value in accuracy.items()})


def _scores(body: nn.Module, head: nn.Module, images: Tensor, places: Tensor) -> tuple[Tensor, ...]:
    """Compute the scores of both objects of each image for each of KINDS: (2 N, number of names)."""
    grid = body(images.float() / 255 - 0.5)  # (N, D, a, a)
    here = F.grid_sample(grid, places[:, None], mode="bilinear", padding_mode="border", align_corners=False)
    scores: Tensor = head(here[:, :, 0].mT.flatten(0, 1))  # (2 N, names of all KINDS)
    return torch.split(scores, [len(names) for names in KINDS.values()], dim=1)


if __name__ == "__main__":
    main("tools.train_image_encoder", __doc__, PLAN, WEIGHTS, run)
