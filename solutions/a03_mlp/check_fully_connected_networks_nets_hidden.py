"""Hidden checks of a03, nets: initial weights, other inputs and depths, and dropout between layers."""

import torch
from oracles import LOANS_OF_LAYERS, MAKE, judge_source, loss_and_gradients, make_deep, random_params
from torch import Tensor

from autograder import (
    Message,
    expect,
    expect_close,
    expect_equal,
    expect_shape,
    explain_errors,
    task,
)


def expect_normal(weights: dict[str, Tensor], scale: float) -> None:
    """Expect mean 0, the right standard deviation, and the tails of a normal distribution."""
    for name, values in weights.items():
        values, count = values.double(), values.numel()
        mean, spread = float(values.mean()), float(values.std())
        expect(
            abs(mean) < 7 * scale / count**0.5,
            Message("{name} has mean {mean:.2g}; it should be 0.", name=name, mean=mean),
        )
        hint = (
            "weight_scale is the standard deviation, not the variance."
            if abs(spread - scale**0.5) < 0.1 * spread
            else ""
        )
        expect(
            abs(spread / scale - 1) < 5 / count**0.5,
            Message(
                "{name} has standard deviation {spread:.4g}; weight_scale is {scale}.",
                name=name,
                spread=spread,
                scale=scale,
            ),
            hint,
        )
        tails = float(((values - mean) / spread).pow(4).mean())
        expect(
            abs(tails - 3) < 35 / count**0.5,
            Message("{name} is not normal: its fourth moment is {tails:.2f}; it should be 3.", name=name, tails=tails),
        )


@task("TwoLayerNet.__init__", share=50)
def check_two_layer_net_starts_normal(student, device):
    """TwoLayerNet's weights are normal with standard deviation weight_scale, and differ from net to net."""
    nets = [
        student.TwoLayerNet(150, 200, 60, weight_scale=0.03, reg=0.0, dtype=torch.float32, device=device)
        for _ in range(2)
    ]
    params = [net.params for net in nets]
    expect_normal({name: params[0][name] for name in ("W1", "W2")}, 0.03)
    expect(not torch.equal(params[0]["W1"], params[1]["W1"]), "Two nets started with the same weights.")


WIDTHS = """
def after(cls, options):
    hidden = [4, 3]
    cls(hidden, input_dim=5, num_classes=2, **options)
    return hidden
"""


@task("FullyConnectedNet.__init__", share=50)
def check_fully_connected_net_starts_normal(student, device):
    """FullyConnectedNet's weights are normal with standard deviation weight_scale in every layer."""
    widths = student.define(WIDTHS).after(student.FullyConnectedNet, {"dtype": torch.float64, "device": device})
    expect_equal(
        widths,
        [4, 3],
        name="hidden_dims after the call",
        hint="Make a list of your own: [input_dim, *hidden_dims, ...].",
    )
    for hidden in ([120], [100, 100, 100]):
        options = {"input_dim": 100, "num_classes": 100, "weight_scale": 0.2, "dtype": torch.float64, "device": device}
        net = student.FullyConnectedNet(hidden, **options, dropout=0.2, seed=3)
        params = net.params
        names = [f"W{layer}" for layer in range(1, len(hidden) + 2)]
        expect(
            type(params) is dict and sorted(params) == sorted(names + [f"b{n[1:]}" for n in names]),
            "params lacks a layer.",
        )
        expect_normal({name: params[name] for name in names}, 0.2)
        if len(hidden) == 3:
            expect(not torch.equal(params["W2"], params["W3"]), "W2 and W3 started with the same weights.")


@task("TwoLayerNet.loss", share="2/6", loans=LOANS_OF_LAYERS)
def check_two_layer_net_on_other_inputs(student, rng, device):
    """TwoLayerNet is right for one image, for views, for scores of thousands and any number of images."""
    judge_source(student, "TwoLayerNet.loss")
    for sizes, count, scale, reg in [((6, 9, 3), 1, 0.5, 0.1), ((12, 2, 5), 8, 0.5, 0.7), ((6, 7, 4), 5, 40.0, 0.0)]:
        params, y = random_params(rng, list(sizes), scale), rng.integers(0, sizes[-1], count)
        X = rng.normal(sizes[0] // 3, 3, count).permute(2, 0, 1)
        options = {"weight_scale": 0.1, "reg": reg, "dtype": torch.float64, "device": device}
        net = student.define(MAKE).make(student.TwoLayerNet, sizes, options, params)
        expect_close(net.loss(X, y), loss_and_gradients(params, X, y, reg), rtol=1e-5)


@task("TwoLayerNet.loss", share="1/6", any_dtype=True, loans=LOANS_OF_LAYERS)
def check_two_layer_net_leaves_its_parameters(student, rng, device):
    """TwoLayerNet's loss changes neither images nor parameters, and gives the same result twice."""
    params, X, y = random_params(rng, [4, 6, 3]), rng.normal(5, 4), rng.integers(0, 3, 5)
    options = {"weight_scale": 0.1, "reg": 0.4, "dtype": torch.float64, "device": device}
    net = student.define(MAKE).make(student.TwoLayerNet, (4, 6, 3), options, params)
    for _ in range(2):
        seen = student.inspect(net.loss, X, y)
        expect_close(seen.value, loss_and_gradients(params, X, y, 0.4))
        expect_equal(seen.args, (X, y), name="images and labels after the call")
        expect_equal(net.params, params, name="params after the call")


@task("FullyConnectedNet.loss", share="1/9", loans=LOANS_OF_LAYERS)
def check_deep_net_on_other_inputs(student, rng, device):
    """Nets of two to seven layers are right for one image, for float32 images in a float64 net, and for views."""
    judge_source(student, "FullyConnectedNet.loss")
    for hidden, count, reg in [([5], 1, 0.2), ([4, 6, 5, 7, 4, 6], 4, 0.05), ([9, 2], 6, 0.0)]:
        params, y = random_params(rng, [6, *hidden, 4]), rng.integers(0, 4, count)
        X = rng.normal(3, 2, count, dtype=torch.float32).permute(2, 0, 1)
        net = make_deep(student, device, hidden, params, reg=reg)
        with explain_errors(
            {"same dtype": "X may have another float dtype than the net: begin with X.to(self.dtype)."}
        ):
            seen = student.inspect(net.loss, X, y)
        expect_close(seen.value, loss_and_gradients(params, X.double(), y, reg))
        expect_equal(seen.args, (X, y), name="images and labels after the call")
        expect_equal(net.params, params, name="params after the call")


NUDGE = """
import torch

def losses(net, loss, name, direction, step, X, y):
    before, found = net.params[name], []
    for sign in (1, -1):
        net.params[name] = before + sign * step * direction
        found.append(float(loss(X, y)[0]))
    net.params[name] = before
    return found
"""


@task("FullyConnectedNet.loss", share="1/9", any_dtype=True, loans=LOANS_OF_LAYERS)
def check_dropout_gradients_follow_the_masks(student, rng, device):
    """With dropout and a seed, the gradients agree with finite differences of the loss under the same masks."""
    judge_source(student, "FullyConnectedNet.loss")
    params, X, y = random_params(rng, [6, 20, 15, 4]), rng.normal(7, 6), rng.integers(0, 4, 7)
    net = make_deep(student, device, [20, 15], params, dropout=0.4, reg=0.1, seed=3)
    nudge = student.define(NUDGE)
    loss, grads = net.loss(X, y)
    plain, _ = loss_and_gradients(params, X, y, 0.1)
    expect(abs(float(loss) - float(plain)) > 1e-3, "With dropout the training loss is the same as without it.")
    expect(type(grads) is dict and sorted(grads) == sorted(params), "grads does not have the keys of params.")
    step = 1e-6
    for name, value in params.items():
        expect_shape(grads[name], tuple(value.shape), name=name)
        direction = rng.normal(*value.shape)
        up, down = nudge.losses(net, net.loss, name, direction, step, X, y)
        slope = (up - down) / (2 * step)
        expect_close(
            float((grads[name] * direction).sum()),
            slope,
            atol=1e-5,
            rtol=1e-4,
            name=Message("the slope along {name}", name=name),
        )
