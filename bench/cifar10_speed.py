"""Measure how fast a network reaches 90 % and 94 % on CIFAR-10.

    GRADLAB_DATA=DATA python bench/cifar10_speed.py                              # up to 94 %; CUDA where there is one
    GRADLAB_DATA=DATA python bench/cifar10_speed.py --epochs 1 --train 4000      # a short run, also on a CPU

Prints epochs, images and multiply-accumulates (of one image forward; a training step takes three times as many), and
seconds of training from the first batch on. The time includes testing, but not loading, whitening and a warm-up run on
other weights. The record is 94 % in about 2.6 s on one A100 (Keller Jordan's airbench94, arXiv:2404.00498).

The network is from that paper: a first convolution that whitens 2x2 patches (Page 2018), of which only the bias is
trained, and only at the start; convolutions that begin as the identity; batch normalisation without scale; label
smoothing; images mirrored in every other epoch and shifted. The filters are trained by Muon (Jordan and others 2024,
kellerjordan.github.io/posts/muon), which makes each step orthogonal, and keep their norm; all else is trained by SGD.
The rates are those that the record's author published for Muon (airbench94_muon, 8 epochs in batches of 2,000).
Two differences: bfloat16 instead of float16, so that a CPU can run it, and a random shift for each image of a batch.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from cifar10.convs import halved, shifted, standardised
from cifar10.entry import read_solution
from torch import Tensor, nn
from torch.nn import functional as F

from common.data import load
from common.training.seed import seed_everything

GOALS = (90.0, 94.0)


@dataclass(frozen=True)
class Settings:
    """All settings."""

    widths: tuple[int, int, int] = (64, 256, 256)
    batch_size: int = 2000
    filter_rate: float = 0.24  # of Muon, for the filters of the blocks; all rates fall to 0 along a line
    filter_momentum: float = 0.6
    shift_rate: float = 106.0  # of SGD, for the mean loss of a batch: shifts of batch normalisation and whitening
    head_rate: float = 1340.0  # of SGD, for the last layer
    momentum: float = 0.85
    decay: float = 4e-3  # share that the first step subtracts from a weight that Muon does not train
    smoothing: float = 0.2
    whitening_epochs: int = 3  # in which the bias of the whitening is trained
    shift: int = 2


class Block(nn.Module):
    """conv - pool - BN - GELU - conv - BN - GELU; each convolution is the identity at the start."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList([nn.Conv2d(size, after, 3, padding=1, bias=False) for size in (before, after)])
        self.norms = nn.ModuleList([nn.BatchNorm2d(after, momentum=0.4) for _ in range(2)])
        for conv, norm in zip(self.convs, self.norms, strict=True):
            nn.init.dirac_(conv.weight.data[: conv.in_channels])
            norm.weight.requires_grad_(False)

    def forward(self, x: Tensor) -> Tensor:
        x = F.gelu(self.norms[0](F.max_pool2d(self.convs[0](x), 2)))
        return F.gelu(self.norms[1](self.convs[1](x)))


class Net(nn.Module):
    """Whitening, three blocks, the maximum over all positions, a linear layer."""

    def __init__(self, widths: tuple[int, int, int], num_classes: int) -> None:
        super().__init__()
        self.whiten = nn.Conv2d(3, 24, 2, bias=True)
        self.whiten.weight.requires_grad_(False)
        self.blocks = nn.Sequential(*[Block(b, a) for b, a in zip((24, *widths), widths, strict=False)])
        self.head = nn.Linear(widths[-1], num_classes, bias=False)
        nn.init.normal_(self.head.weight)

    def forward(self, x: Tensor) -> Tensor:
        x = self.blocks(F.gelu(self.whiten(x)))
        return self.head(x.amax(dim=(2, 3))) / self.head.in_features  # small scores at the start

    @torch.no_grad()
    def set_whitening(self, images: Tensor, eps: float = 5e-4) -> None:
        """Set filters along the principal axes of 2x2 patches, scaled to variance one, and their negatives."""
        patches = images.unfold(2, 2, 1).unfold(3, 2, 1).movedim(1, 3).reshape(-1, 12)  # (P, 3*2*2)
        covariance = patches.T @ patches / len(patches)
        variance, axes = torch.linalg.eigh(covariance)
        filters = (axes / (variance + eps).sqrt()).T.reshape(12, 3, 2, 2)
        self.whiten.weight.copy_(torch.cat([filters, -filters]))
        self.whiten.bias.zero_()


class Optimizers:
    """Muon for the filters, and SGD for the head and all shifts; their learning rates fall to 0 along a line."""

    def __init__(self, net: Net, settings: Settings, *, steps: int, whitening_steps: int) -> None:
        self.filters = [conv.weight for conv in net.blocks.modules() if isinstance(conv, nn.Conv2d)]
        self.matrices = [_as_matrix(weight.detach()) for weight in self.filters]
        muon = torch.optim.Muon(
            self.matrices,
            lr=settings.filter_rate,
            momentum=settings.filter_momentum,
            weight_decay=0.0,
            ns_steps=3,
        )
        shifts = [norm.bias for norm in net.modules() if isinstance(norm, nn.BatchNorm2d)]
        groups = [
            {"params": params, "lr": lr, "weight_decay": settings.decay / lr}
            for params, lr in (
                (shifts, settings.shift_rate),
                ([net.head.weight], settings.head_rate),
                ([net.whiten.bias], settings.shift_rate),
            )
        ]
        sgd = torch.optim.SGD(groups, momentum=settings.momentum, nesterov=True)
        self.both = (muon, sgd)

        def line(length: int) -> Callable[[int], float]:
            return lambda step: max(1 - step / length, 0.0)

        self.schedules = (
            torch.optim.lr_scheduler.LambdaLR(muon, line(steps)),
            torch.optim.lr_scheduler.LambdaLR(sgd, [line(steps), line(steps), line(whitening_steps)]),
        )

    @torch.no_grad()
    def step(self) -> None:
        """Scale each layer's filters to a mean norm of 1 and take one step of both."""
        for weight, matrix in zip(self.filters, self.matrices, strict=True):
            matrix.mul_(len(matrix) ** 0.5 / matrix.norm())
            matrix.grad = _as_matrix(weight.grad)
        for optimizer, schedule in zip(self.both, self.schedules, strict=True):
            optimizer.step()
            schedule.step()


def _as_matrix(filters: Tensor) -> Tensor:
    """View the filters of a convolution, channels last, as one row each."""
    return filters.permute(0, 2, 3, 1).flatten(1)


def train(net: Net, data: dict[str, Tensor], *, epochs: int, settings: Settings, report: bool) -> dict[float, int]:
    """Train; return for each goal the number of epochs until the test accuracy reached it."""
    x, y = data["x_train"], data["y_train"]
    per_epoch = max(len(x) // settings.batch_size, 1)
    steps = epochs * per_epoch
    whitening_steps = settings.whitening_epochs * per_epoch
    optimizers = Optimizers(net, settings, steps=steps, whitening_steps=whitening_steps)
    begins_mirrored = torch.rand(len(x), device=x.device) < 0.5
    reached: dict[float, int] = {}
    begun = time.perf_counter()
    for epoch in range(epochs):
        net.train()
        net.whiten.bias.requires_grad_(epoch < settings.whitening_epochs)
        order = torch.randperm(len(x), device=x.device)[: per_epoch * settings.batch_size]
        for rows in order.split(settings.batch_size):
            images = shifted(x[rows], shift=settings.shift, flip=begins_mirrored[rows] ^ bool(epoch % 2))
            net.zero_grad()
            with halved(x):
                scores = net(images)
            F.cross_entropy(scores.float(), y[rows], label_smoothing=settings.smoothing).backward()
            optimizers.step()
        if not report:
            continue
        accuracy = 100 * test(net, data["x_test"], data["y_test"], moved=epoch == epochs - 1)
        reached |= {goal: epoch + 1 for goal in GOALS if accuracy >= goal and goal not in reached}
        print(f"epoch {epoch + 1:3}  {time.perf_counter() - begun:8.2f} s  test {accuracy:.2f} %", flush=True)
    return reached


@torch.no_grad()
def test(net: Net, x: Tensor, y: Tensor, *, moved: bool) -> float:
    """Measure accuracy by the sum of scores of an image and its mirror image; `moved` adds two shifts by a pixel."""
    net.eval()
    correct = torch.zeros((), device=x.device)
    side = x.shape[2]

    def both_ways(images: Tensor) -> Tensor:
        return (net(images) + net(images.flip(3))).float()

    for images, labels in zip(x.split(2000), y.split(2000), strict=True):
        padded = F.pad(images, (1, 1, 1, 1), mode="reflect")
        corners = [padded[:, :, i : i + side, i : i + side] for i in (0, 2)] if moved else []
        with halved(x):
            scores = both_ways(images) + sum(both_ways(part) / 2 for part in corners)
        correct += (scores.argmax(dim=1) == labels).sum()
    return float(correct) / len(x)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=9, help="length of the schedule (default: 9)")
    parser.add_argument("--train", type=int, help="number of training images (default: all)")
    parser.add_argument("--test", type=int, help="number of test images (default: all)")
    parser.add_argument("--widths", type=int, nargs=3, default=Settings.widths, help="channels of the three blocks")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="of torch, on a CPU")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)

    split = load("cifar10", num_train=options.train, num_test=options.test, device=options.device)
    x_train, x_test = standardised(split)
    layout = {"memory_format": torch.channels_last}
    data = {"x_train": x_train.contiguous(**layout), "y_train": split.y_train}
    data |= {"x_test": x_test.contiguous(**layout), "y_test": split.y_test}
    settings = Settings(widths=tuple(options.widths))

    def build() -> Net:
        seed_everything(options.seed)
        net = Net(settings.widths, 10).to(options.device, **layout)
        net.set_whitening(x_train[:5000])
        return net

    if x_train.is_cuda:
        torch.backends.cudnn.benchmark = True
        few = {name: value[: 4 * settings.batch_size] for name, value in data.items()}
        train(build(), few, epochs=2, settings=settings, report=False)
        torch.cuda.synchronize()
    net = build()
    macs = read_solution("a04_cnn", "modern_cnn").count_macs(net, (3, 32, 32))
    device = torch.cuda.get_device_name() if x_train.is_cuda else f"CPU, {torch.get_num_threads()} threads"
    print(
        f"{device}, torch {torch.__version__}, {len(x_train):,} training images, {macs / 1e6:.1f} M MACs each\n"
        f"{settings}"
    )
    reached = train(net, data, epochs=options.epochs, settings=settings, report=True)
    for goal in GOALS:
        if goal in reached:
            work = 3 * macs * len(x_train) * reached[goal]
            print(
                f"{goal:g} %: {reached[goal]} epochs of {options.epochs}, {work:.2e} multiply-accumulates of training"
            )
        else:
            print(f"{goal:g} %: not reached in {options.epochs} epochs")


if __name__ == "__main__":
    main()
