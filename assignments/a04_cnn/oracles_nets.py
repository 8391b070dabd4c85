"""What the checks of networks by hand share: scores by torch's operators, loss and gradients by autograd."""

from collections.abc import Callable, Sequence

import torch
from oracles import READY_MADE
from torch import Tensor
from torch.nn import functional as F

from autograder import Message, expect, expect_close, expect_equal, explain_errors, is_sequence

INITIALIZER_BY_HAND = ["torch.nn.*", "common.fallbacks.*"]
LAYERS_BY_HAND = ["Conv", "MaxPool", "BatchNorm", "SpatialBatchNorm"]  # their own checks judge them by the same rule
NET_BY_HAND = [*READY_MADE, "!torch.nn.init.*"]  # ready-made initialisation costs points in kaiming_initializer only

# What the checks lend to code that uses other tasks: versions that are made of torch's own operators.
NORMS = """
from common.fallbacks.convolutional_networks import BatchNorm, SpatialBatchNorm, kaiming_initializer

LOANS = {"BatchNorm": BatchNorm, "SpatialBatchNorm": SpatialBatchNorm, "kaiming_initializer": kaiming_initializer}
"""


def expect_normal(weight: Tensor, deviation: float, *, name: str) -> None:
    """Fail unless weights are normal: 7 % are beyond 1.8 standard deviations, of uniform numbers none are."""
    share = float((weight.abs() > 1.8 * deviation).double().mean())
    expect(
        share > 0.01,
        Message(
            "{name}: {share:.1%} of the weights are beyond 1.8 standard deviations; of normal numbers 7 % are.",
            name=name,
            share=share,
        ),
        hint="Draw from a normal distribution, not from a uniform one.",
    )


def three_layers(params: dict[str, Tensor], x: Tensor) -> Tensor:
    """Compute the scores of the three-layer network by torch's operators."""
    hidden = F.conv2d(x, params["W1"], params["b1"], padding=(params["W1"].shape[2] - 1) // 2)
    hidden = F.max_pool2d(hidden.relu(), 2).flatten(1)
    hidden = (hidden @ params["W2"] + params["b2"]).relu()
    return hidden @ params["W3"] + params["b3"]


def deep(pools: Sequence[int], *, normal: bool) -> Callable[[dict[str, Tensor], Tensor], Tensor]:
    """Return the scores of the deep network in train mode, by torch's operators, as a function."""

    def net(params: dict[str, Tensor], x: Tensor) -> Tensor:
        last = sum(name.startswith("W") for name in params)
        for i in range(1, last):
            x = F.conv2d(x, params[f"W{i}"], params[f"b{i}"], padding=1)
            if normal:
                x = F.batch_norm(x, None, None, params[f"gamma{i}"], params[f"beta{i}"], training=True)
            x = x.relu()
            if i - 1 in pools:
                x = F.max_pool2d(x, 2)
        return x.flatten(1) @ params[f"W{last}"] + params[f"b{last}"]

    return net


def deep_shapes(dims: Sequence[int], filters: Sequence[int], pools: Sequence[int], classes: int, normal: bool) -> dict:
    """Return the shape of each parameter of the deep network, by its name."""
    shapes, (channels, height, width) = {}, dims
    for i, after in enumerate(filters, start=1):
        shapes |= {f"W{i}": (after, channels, 3, 3), f"b{i}": (after,)}
        shapes |= {f"gamma{i}": (after,), f"beta{i}": (after,)} if normal else {}
        if i - 1 in pools:
            height, width = height // 2, width // 2
        channels = after
    last = len(filters) + 1
    return shapes | {f"W{last}": (channels * height * width, classes), f"b{last}": (classes,)}


def objective(net: Callable, params: dict[str, Tensor], x: Tensor, y: Tensor, reg: float) -> tuple[Tensor, dict]:
    """Compute loss and gradients by autograd; ``net(params, x)`` are the scores."""
    leaves = {name: value.detach().clone().requires_grad_() for name, value in params.items()}
    weights = [value for name, value in leaves.items() if name.startswith("W")]
    loss = F.cross_entropy(net(leaves, x), y) + reg * sum(w.square().sum() for w in weights)
    return loss.detach(), dict(zip(leaves, torch.autograd.grad(loss, list(leaves.values())), strict=True))


ENOUGH, HALF = 45, 25  # of 50 images


def memorised(rng, images: Tensor, labels: Tensor, weight_scale: float, learning_rate: float) -> int:
    """Train a network of ours with four convolutions, by Adam with batches of 10; return how many images it knows.

    To save time, the images are scaled down to 16 x 16, and there is a pooling less, so that the linear layer has as
    many features. Small images are learned more slowly: 36 epochs stand for 30 of large ones. A network that knows half
    of them by epoch 15 counts as one that will know enough: it does so by the last epoch.
    """
    images = F.adaptive_avg_pool2d(images, 16).contiguous(memory_format=torch.channels_last)  # a faster layout
    pools, net, params = range(3), deep(range(3), normal=False), {}
    for name, shape in deep_shapes(tuple(images.shape[1:]), (8, 16, 32, 64), pools, 10, normal=False).items():
        start = weight_scale * rng.normal(*shape) if name.startswith("W") else rng.normal(*shape) * 0
        params[name] = start.to(images.dtype).requires_grad_()
    optimizer = torch.optim.Adam(params.values(), lr=learning_rate, weight_decay=2e-5, fused=True)
    for epoch in range(1, 37):
        right = 0
        for rows in rng.permutation(len(images)).split(10):
            optimizer.zero_grad()
            scores = net(params, images[rows])
            F.cross_entropy(scores, labels[rows]).backward()
            optimizer.step()
            right += int((scores.argmax(dim=1) == labels[rows]).sum())
        if right >= (HALF if epoch <= 15 else ENOUGH):
            return max(right, ENOUGH)
    with torch.no_grad():
        return int((net(params, images).argmax(dim=1) == labels).sum())


def wrong_losses(net: Callable, params: dict[str, Tensor], x: Tensor, y: Tensor, reg: float) -> dict:
    """Return the loss that each mistake gives, by its hint."""
    return {
        "The regularisation has a factor 1/2; it should have none.": lambda: objective(net, params, x, y, reg / 2)[0],
        "The regularisation is missing.": lambda: objective(net, params, x, y, 0.0)[0],
        "The biases were regularised; only weights should be.": (
            lambda: objective(net, params, x, y, reg)[0]
            + reg * sum(v.square().sum() for k, v in params.items() if k[0] == "b" and k[1:].isdigit())
        ),
        "This is the sum over the batch; take the mean.": (
            lambda: len(x) * objective(net, params, x, y, 0.0)[0] + objective(net, params, x, y, reg)[0]
            - objective(net, params, x, y, 0.0)[0]
        ),
    }  # fmt: skip


def expect_names(params: object, names: Sequence[str]) -> None:
    """Fail unless params is a dict of tensors with these names."""
    expect(type(params) is dict, "params should be a dict of tensors.")
    found = sorted(map(str, params))
    shifted = found == sorted(f"{name.rstrip('0123456789')}{int(name.lstrip('Wabegmt')) - 1}" for name in names)
    hint = "The numbers begin at 0; the first layer has W1 and b1." if shifted else ""
    expect(
        found == sorted(names),
        Message("The parameters are {found}; they should be {names}.", found=", ".join(found), names=", ".join(names)),
        hint,
    )


def randomise(rng, model) -> dict[str, Tensor]:
    """Give a model random parameters, larger than at initialisation, and return them."""
    params = {
        name: rng.normal(*value.shape) * (value[0].numel() ** -0.5 if value.ndim > 1 else 0.5)
        for name, value in sorted(model.params.items())
    }
    model.params = params
    return params


def changed(after: object, params: dict[str, Tensor]) -> bool:
    """Return whether a parameter has other values than before; what else may be wrong with them is judged later."""
    found = after if type(after) is dict else {}
    pairs = [(found[name], value) for name, value in params.items() if type(found.get(name)) is Tensor]
    return any(new.shape == old.shape and not bool((new == old).all()) for new, old in pairs)


# Calls a model's loss, if quiet where autograd records nothing.
LOSS = """
import contextlib
import torch

def call(model, quiet, *inputs):
    with torch.no_grad() if quiet else contextlib.nullcontext():
        return model.loss(*inputs)
"""

ONE_FOR_EACH = {
    "must match the size": "Each batch normalisation needs running statistics of its own: one bn_param for each layer."
}


def judge_net(student, rng, model, net, x, y, reg, *, scores=True, quiet=False, names=None):
    """Compare scores, loss and gradients of a student's model with an oracle.

    ``names``: the names that the parameters must have, if the student chooses them.
    ``scores=False``: only loss and gradients, for networks whose scores without labels use running statistics.
    ``quiet``: call the model where autograd records nothing.
    """
    if names is not None:
        expect_names(model.params, names)
    params = randomise(rng, model)
    helper = student.define(LOSS)
    with explain_errors(ONE_FOR_EACH if any(name.startswith("gamma") for name in params) else {}):
        found = helper.call(model, quiet, x)
        if scores:
            expect_close(found, net(params, x), name="scores")
        result = helper.call(model, quiet, x, y)
    expect(is_sequence(result) and len(result) == 2, "loss(X, y) should return (loss, grads).")
    loss, grads = objective(net, params, x, y, reg)
    expect_close(result[0], loss, name="loss", mistakes=wrong_losses(net, params, x, y, reg))
    expect(
        type(result[1]) is dict, Message("The gradients should be a dict, not {kind}.", kind=type(result[1]).__name__)
    )
    expect_equal(sorted(map(str, result[1])), sorted(grads), name="the names of the gradients, sorted")
    unregularised = objective(net, params, x, y, 0.0)[1]
    in_place = "Use 2 * W instead of W *= 2, and no method_() on the parameters."
    expect(not changed(model.params, params), "The call changed the parameters in place.", hint=in_place)
    for name, value in grads.items():
        data = unregularised[name]
        expect_close(result[1][name], value, name=Message("grads[{name!r}]", name=name), mistakes={
            "The regularisation's part, 2 * reg * W, is missing.": data,
            "The gradient of reg * W^2 is 2 * reg * W; the factor 2 is missing.": (data + value) / 2,
            "This is the sum over the batch; take the mean.": len(x) * data + (value - data),
            "The biases are regularised; only weights should be.": data + 2 * reg * params[name],
            "The regularisation's part has the wrong sign.": 2 * data - value,
        })  # fmt: skip
    expect_equal(model.params, params, name="params after the call")
