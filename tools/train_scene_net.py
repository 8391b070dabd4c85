"""Make scene_net.safetensors: `python -m tools.train_scene_net` (six minutes on one core).

Trains on the class of small objects in scenes of 48 x 48 pixels.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from common.data import small_objects
from common.nets.scene_net import CHANNELS, WEIGHTS, SceneNet, convolutions, preprocess
from tools.training import Plan, Trained, fold_norms, main, minimise

PLAN = Plan(images=12_000, epochs=8)
TEST = 2000  # images


def run(plan: Plan) -> Trained:
    """Train; return the weights and the accuracy on other images."""
    torch.manual_seed(plan.seed)
    drawn = small_objects.draw(plan.images, stream="scene net", seed=plan.seed)
    x, y = preprocess(drawn.images), drawn.labels
    body, head = convolutions(norm=True), nn.Linear(CHANNELS[-1], len(small_objects.CLASS_NAMES))

    def loss_of(rows: Tensor) -> Tensor:
        images = x[rows].flip(3) if torch.rand(()) < 0.5 else x[rows]
        return F.cross_entropy(head(body(images).mean(dim=(2, 3))), y[rows])

    minimise(loss_of, [*body.parameters(), *head.parameters()], plan)
    network = SceneNet(pretrained=False)
    fold_norms(body.eval(), network.features)
    network.classifier.load_state_dict(head.state_dict())
    test = small_objects.draw(TEST, stream="scene net test", seed=plan.seed)
    with torch.no_grad():
        predicted = torch.cat([network(part) for part in preprocess(test.images).split(200)]).argmax(dim=1)
    return Trained(network.state_dict(), {"accuracy": float((predicted == test.labels).double().mean())})


if __name__ == "__main__":
    main("tools.train_scene_net", __doc__, PLAN, WEIGHTS, run)
