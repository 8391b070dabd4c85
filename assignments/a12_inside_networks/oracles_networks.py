"""What the checks of network_visualization share: small networks, and the same networks as formulas."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

# A model in training mode, in which nothing depends on the mode.
PLAIN = """
from torch import nn

def plain(numbers, classes):
    return nn.Sequential(nn.Flatten(), nn.Linear(numbers, classes)).double()
"""

# Networks with given weights, in the student's process.
NETS = """
import torch
from torch import nn

def ready(model, like, frozen):
    return model.to(like).requires_grad_(not frozen).eval()

def linear(W, b, frozen=True):
    model = nn.Sequential(nn.Flatten(), nn.Linear(W.shape[1], W.shape[0]))
    model[1].load_state_dict({"weight": W, "bias": b})
    return ready(model, W, frozen)

class Net(nn.Module):
    def __init__(self, channels, hidden, out, classes):
        super().__init__()
        block = nn.Sequential(nn.Conv2d(hidden, out, 3, stride=2), nn.BatchNorm2d(out), nn.ReLU(), nn.Dropout(0.5))
        self.features = nn.Sequential(nn.Conv2d(channels, hidden, 3, padding=1), nn.ReLU(), block)
        self.classifier = nn.Linear(out, classes)

    def forward(self, x):
        return self.classifier(self.features(x).mean(dim=(2, 3)))

def net(values, frozen=True):
    hidden, channels = values["features.0.weight"].shape[:2]
    classes, out = values["classifier.weight"].shape
    model = Net(channels, hidden, out, classes)
    model.load_state_dict(values, strict=False)
    return ready(model, values["classifier.weight"], frozen)

def part(model, *names):
    for name in names:
        model = model[name] if isinstance(name, int) else getattr(model, name)
    return model
"""


def linear(student, W: Tensor, b: Tensor, *, frozen: bool = True):
    """Return a handle to a model whose scores are W x + b, for images whose numbers are in one row."""
    return student.define(NETS).linear(W, b, frozen)


@dataclass(frozen=True)
class Net:
    """A network of two convolutions, batch normalisation, dropout, the mean over space and a linear layer."""

    values: dict[str, Tensor]

    @classmethod
    def draw(cls, rng, channels: int, hidden: int, out: int, classes: int, dtype=torch.float64) -> "Net":
        """Draw its weights, and statistics for the normalisation."""

        def normal(*shape: int) -> Tensor:
            return rng.normal(*shape, dtype=dtype)

        return cls({
            "features.0.weight": normal(hidden, channels, 3, 3) / 3,
            "features.0.bias": 0.3 * normal(hidden),
            "features.2.0.weight": normal(out, hidden, 3, 3) / 3,
            "features.2.0.bias": 0.3 * normal(out),
            "features.2.1.weight": 1 + 0.3 * normal(out),
            "features.2.1.bias": 0.5 * normal(out),
            "features.2.1.running_mean": 0.5 * normal(out),
            "features.2.1.running_var": rng.uniform(out, low=0.5, high=2.0, dtype=dtype),
            "classifier.weight": normal(classes, out),
            "classifier.bias": normal(classes),
        })  # fmt: skip

    def held(self, student, *, frozen: bool = True):
        """Return a handle to the network as a module in the student's process."""
        return student.define(NETS).net(self.values, frozen)

    def before(self, x: Tensor) -> Tensor:
        """Compute the output of the first convolution."""
        return F.conv2d(x, self.values["features.0.weight"], self.values["features.0.bias"], padding=1)

    def middle(self, hidden: Tensor) -> Tensor:
        """Compute the input of the second ReLU from the output of the first."""
        v = self.values
        maps = F.conv2d(hidden, v["features.2.0.weight"], v["features.2.0.bias"], stride=2)
        names = ("running_mean", "running_var", "weight", "bias")
        return F.batch_norm(maps, *(v[f"features.2.1.{name}"] for name in names))

    def features(self, x: Tensor) -> Tensor:
        """Compute the maps before the mean."""
        return self.middle(self.before(x).relu()).relu()

    def top(self, maps: Tensor) -> Tensor:
        """Compute the scores from the maps."""
        return maps.mean(dim=(2, 3)) @ self.values["classifier.weight"].T + self.values["classifier.bias"]

    def __call__(self, x: Tensor) -> Tensor:
        return self.top(self.features(x))


def slope(f, x: Tensor) -> Tensor:
    """Return the gradient of a sum of f at x."""
    x = x.detach().clone().requires_grad_()
    with torch.enable_grad():
        return torch.autograd.grad(f(x).sum(), x)[0]


def flat_scores(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    """Compute W x + b for each image."""
    return x.flatten(1) @ W.T + b


def ascent(scores, x: Tensor, target: int, most: int, *, rate: float = 1.0, unit: bool = True) -> tuple[Tensor, int]:
    """Climb a score with steps of length ``rate`` until it is the highest; return the image and the number of steps."""
    for step in range(most):
        if int(scores(x)[0].argmax()) == target:
            return x, step
        g = slope(lambda at: scores(at)[0, target], x)
        x = x + rate * g / (float((g * g).sum()) ** 0.5 if unit else 1.0)
    return x, most
