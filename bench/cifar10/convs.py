"""a04: the deep net by hand, and a pre-activation ResNet, on images flipped and shifted at random.

To try it on a small split and with few epochs:

    cd bench && GRADLAB_DATA=DATA python -c "
    from common.data import load; from cifar10 import convs
    print(convs.deep_net(load('cifar10', num_train=2000, num_test=500), 0, epochs=1))"
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from cifar10.entry import Entry, read_solution
from common.data import Split
from common.training.solver import Solver

ASSIGNMENT = "a04_cnn"
HELD_OUT = 2000  # training images for the choice of the best epoch


def standardised(split: Split) -> tuple[Tensor, Tensor]:
    """Standardise each colour with its mean and standard deviation in the training images: (N, 3, 32, 32)."""
    mean = split.x_train.mean(dim=(0, 2, 3), keepdim=True)
    deviation = split.x_train.std(dim=(0, 2, 3), keepdim=True)
    return (split.x_train - mean) / deviation, (split.x_test - mean) / deviation


def shifted(images: Tensor, *, shift: int, flip: Tensor) -> Tensor:
    """Shift each image by up to `shift` random pixels each way, with a mirrored border; flip it where `flip` is True.

    The result has the memory layout of channels-last images. flip: bool (N,).
    """
    count, _, height, width = images.shape
    places = torch.randint(2 * shift + 1, (2, count), device=images.device)
    rows = places[0, :, None] + torch.arange(height, device=images.device)  # (N, H)
    columns = places[1, :, None] + torch.arange(width, device=images.device)  # (N, W)
    columns = torch.where(flip[:, None], columns.flip(1), columns)
    padded = F.pad(images, (shift,) * 4, mode="reflect")
    picked = padded[torch.arange(count, device=images.device)[:, None, None], :, rows[:, :, None], columns[:, None]]
    return picked.movedim(3, 1)  # (N, C, H, W)


def varied(images: Tensor, *, shift: int) -> Tensor:
    """Shift and flip each image at random."""
    return shifted(images, shift=shift, flip=torch.rand(len(images), device=images.device) < 0.5).contiguous()


def share_correct(scores_of: Any, x: Tensor, y: Tensor) -> float:
    """Classify by the sum of the scores of an image and of its mirror image."""
    correct = 0
    with torch.no_grad():
        for images, labels in zip(x.split(500), y.split(500), strict=True):
            scores = scores_of(images) + scores_of(images.flip(3))
            correct += int((scores.argmax(dim=1) == labels).sum())
    return correct / len(x)


def halved(x: Tensor) -> torch.autocast:
    """Use bfloat16 for convolutions and products: twice as fast on most devices, and no scaling of the loss."""
    return torch.autocast(x.device.type, torch.bfloat16)


class Varying:
    """A net whose training batches are shifted and flipped at random, for the Solver."""

    def __init__(self, net: Any) -> None:
        self.net = net

    @property
    def params(self) -> dict[str, Tensor]:
        return self.net.params

    @params.setter
    def params(self, values: dict[str, Tensor]) -> None:
        self.net.params = values

    @property
    def bn_params(self) -> list[Any]:
        return self.net.bn_params

    @bn_params.setter
    def bn_params(self, values: list[Any]) -> None:
        self.net.bn_params = values

    def loss(self, X: Tensor, y: Tensor | None = None) -> Any:
        return self.net.loss(X if y is None else varied(X, shift=2), y)


def deep_net(split: Split, seed: int, *, epochs: int = 10) -> float:
    module = read_solution(ASSIGNMENT, "convolutional_networks")
    x_train, x_test = standardised(split)
    order = torch.randperm(len(x_train), device=x_train.device)
    held_out = min(HELD_OUT, len(x_train) // 10)
    used, held = order[held_out:], order[:held_out]
    data = {
        "X_train": x_train[used],
        "y_train": split.y_train[used],
        "X_val": x_train[held],
        "y_val": split.y_train[held],
    }
    net = module.DeepConvNet(
        num_filters=[32, 64, 128], max_pools=[0, 1, 2], batchnorm=True, weight_scale="kaiming", reg=1e-4,
        device=x_train.device,
    )  # fmt: skip
    solver = Solver(
        Varying(net), data, update_rule=module.adam, optim_config={"learning_rate": 2e-3}, lr_decay=0.75,
        batch_size=100, num_epochs=epochs, num_train_samples=100, verbose=False,
    )  # fmt: skip
    solver.train()
    return share_correct(net.loss, x_test, split.y_test)


def triangle(part: float, *, top: float = 0.25) -> float:
    """Rise from nearly 0 to 1 at `top`, and fall to 0 at 1."""
    return max(min((part + 0.01) / top, (1 - part) / (1 - top), 1.0), 0.0)


def preresnet(split: Split, seed: int, *, epochs: int = 10, batch_size: int = 128) -> float:
    module = read_solution(ASSIGNMENT, "resnet")
    x_train, x_test = standardised(split)
    net = module.ResNet([(32, 32, 2, False), (32, 64, 2, True), (64, 128, 2, True)])
    net.to(x_train.device, memory_format=torch.channels_last)
    steps = epochs * (len(x_train) // batch_size)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: triangle(step / steps))
    for _ in range(epochs):
        net.train()
        order = torch.randperm(len(x_train), device=x_train.device)
        for rows in order[: len(order) // batch_size * batch_size].split(batch_size):
            optimizer.zero_grad()
            with halved(x_train):
                scores = net(varied(x_train[rows], shift=4).contiguous(memory_format=torch.channels_last))
            F.cross_entropy(scores.float(), split.y_train[rows]).backward()
            optimizer.step()
            schedule.step()
    return share_correct(net.eval(), x_test, split.y_test)


ENTRIES = [
    Entry(
        name="deep convolutional net by hand",
        assignment=ASSIGNMENT,
        goal=73.0,
        published="71.9 (median), 75.8 (best), in 60 s of a GPU",
        settings="3x3 convolutions to 32, 64, 128 channels with batch norm, 2x2 pooling after each, FastConv; shifts "
        "by 2, flips; Adam 2e-3, times 0.75 after each epoch, reg 1e-4, batches of 100, 10 epochs",
        train=deep_net,
    ),
    Entry(
        name="PreResNet",
        assignment=ASSIGNMENT,
        goal=82.0,
        published="80.6, 82.0 (best), in 10 epochs",
        settings="three stages of 2 residual blocks, 32, 64, 128 channels; shifts by 4, flips; Nesterov 0.9, a "
        "triangle of the rate up to 0.1, weight decay 5e-4, batches of 128, 10 epochs, bfloat16 in training",
        train=preresnet,
    ),
]
