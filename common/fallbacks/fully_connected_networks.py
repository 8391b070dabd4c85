"""Parts of a03 that later assignments import."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.optim.adam import adam as adam_step
from torch.optim.rmsprop import rmsprop as rmsprop_step
from torch.optim.sgd import sgd as sgd_step

from common.training.losses import softmax_loss, svm_loss
from common.training.solver import Solver

__all__ = [
    "Dropout",
    "Linear",
    "Linear_ReLU",
    "ReLU",
    "Solver",
    "adam",
    "rmsprop",
    "sgd",
    "sgd_momentum",
    "softmax_loss",
    "svm_loss",
]

Config = dict[str, Any]


class Linear:
    """x @ w + b, on flattened images."""

    @staticmethod
    def forward(x: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, Any]:
        """Shapes: x (N, ...), w (D, M), b (M,); out (N, M), cache."""
        return _forward(lambda x, w, b: F.linear(x.reshape(len(x), -1), w.T, b), x, w, b)

    @staticmethod
    def backward(dout: Tensor, cache: Any) -> tuple[Tensor, ...]:
        """Shapes: dout (N, M); out (N, ...), (D, M), (M,), as x, w, b."""
        return _backward(dout, cache)


class ReLU:
    """max(x, 0)."""

    @staticmethod
    def forward(x: Tensor) -> tuple[Tensor, Any]:
        """Shapes: x any; out alike, cache."""
        return _forward(F.relu, x)

    @staticmethod
    def backward(dout: Tensor, cache: Any) -> Tensor:
        """Shapes: dout and out as x."""
        return _backward(dout, cache)[0]


class Linear_ReLU:
    """Linear, then ReLU."""

    @staticmethod
    def forward(x: Tensor, w: Tensor, b: Tensor) -> tuple[Tensor, Any]:
        """Shapes: as Linear."""
        return _forward(lambda x, w, b: F.linear(x.reshape(len(x), -1), w.T, b).relu(), x, w, b)

    @staticmethod
    def backward(dout: Tensor, cache: Any) -> tuple[Tensor, ...]:
        """Shapes: as Linear."""
        return _backward(dout, cache)


class Dropout:
    """Inverted dropout: p is the probability of dropping a value."""

    @staticmethod
    def forward(x: Tensor, dropout_param: Config) -> tuple[Tensor, Any]:
        """Shapes: x any; out alike, cache. dropout_param has p, mode ("train" or "test") and optionally seed."""
        p, training = dropout_param["p"], dropout_param["mode"] == "train"
        seed = dropout_param.get("seed")
        devices = [x.device] if x.is_cuda else []
        with torch.random.fork_rng(devices, enabled=seed is not None):
            if seed is not None:
                torch.manual_seed(seed)
            return _forward(lambda x: F.dropout(x, p, training), x)

    @staticmethod
    def backward(dout: Tensor, cache: Any) -> Tensor:
        """Shapes: dout and out as x."""
        return _backward(dout, cache)[0]


def sgd(w: Tensor, dw: Tensor, config: Config | None = None) -> tuple[Tensor, Config]:
    """Take one step of gradient descent; config has learning_rate."""
    return sgd_momentum(w, dw, {"learning_rate": 1e-2} | (config or {}) | {"momentum": 0.0})


def sgd_momentum(w: Tensor, dw: Tensor, config: Config | None = None) -> tuple[Tensor, Config]:
    """Take one step with momentum; config has learning_rate and momentum."""
    config = _settings(config, {"learning_rate": 1e-2, "momentum": 0.9})
    next_w, momenta = w.detach().clone(), [config.get("momentum buffer")]
    sgd_step(
        [next_w], [dw.detach().clone()], momenta, foreach=False, weight_decay=0.0, momentum=config["momentum"],
        lr=config["learning_rate"], dampening=0.0, nesterov=False, maximize=False,
    )  # fmt: skip
    return next_w, config | ({"momentum buffer": momenta[0]} if config["momentum"] else {})


def rmsprop(w: Tensor, dw: Tensor, config: Config | None = None) -> tuple[Tensor, Config]:
    """Take one step of RMSProp; config has learning_rate, decay_rate and epsilon."""
    config = _settings(config, {"learning_rate": 1e-2, "decay_rate": 0.99, "epsilon": 1e-8, "t": 0})
    next_w, cache = w.detach().clone(), config.get("cache", torch.zeros_like(w)).clone()
    rmsprop_step(
        [next_w], [dw], [cache], [], [], [torch.tensor(float(config["t"]))], foreach=False, lr=config["learning_rate"],
        alpha=config["decay_rate"], eps=config["epsilon"], weight_decay=0.0, momentum=0.0, centered=False,
    )  # fmt: skip
    return next_w, config | {"cache": cache, "t": config["t"] + 1}


def adam(w: Tensor, dw: Tensor, config: Config | None = None) -> tuple[Tensor, Config]:
    """Take one step of Adam; config has learning_rate, beta1, beta2 and epsilon."""
    config = _settings(config, {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "t": 0})
    next_w, m, v = w.detach().clone(), *(config.get(name, torch.zeros_like(w)).clone() for name in "mv")
    adam_step(
        [next_w], [dw], [m], [v], [], [torch.tensor(float(config["t"]))], foreach=False, amsgrad=False, maximize=False,
        beta1=config["beta1"], beta2=config["beta2"], lr=config["learning_rate"], weight_decay=0.0,
        eps=config["epsilon"],
    )  # fmt: skip
    return next_w, config | {"m": m, "v": v, "t": config["t"] + 1}


def _settings(config: Config | None, defaults: Config) -> Config:
    return defaults | (config or {})


def _forward(function: Callable[..., Tensor], *inputs: Tensor) -> tuple[Tensor, Any]:
    with torch.enable_grad():
        leaves = [x.detach().requires_grad_() for x in inputs]
        out = function(*leaves)
    return out.detach(), (out, leaves)


def _backward(dout: Tensor, cache: Any) -> tuple[Tensor, ...]:
    out, leaves = cache
    gradients: tuple[Tensor, ...] = torch.autograd.grad(out, leaves, dout, retain_graph=True)
    return gradients
