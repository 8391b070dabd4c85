"""What the checks of derivatives share: recorded calls, dual numbers, a small network, and chains with a census."""

import torch
from oracles import ENGINE
from torch import Tensor
from torch.nn import functional as F

CALLS = (
    ENGINE
    + """
import gc
import weakref

def named(name):
    return globals()[name]

def made(name, *constants):
    return globals()[name](*constants)

class Counted:
    def __init__(self, f):
        self.f, self.calls = f, 0

    def __call__(self, x):
        self.calls += 1
        return self.f(x)

def counting(f, run, *args):
    counted = Counted(f)
    with torch.no_grad():
        out = run(counted, *args)
    return out, counted.calls

def recorded(numeric_gradient):
    def run(x, *rest):
        points = []

        def f(point):
            points.append(point.clone())
            return point.sin().sum()

        out = numeric_gradient(f, x, *rest)
        return out, points[:1000]

    return run

DUALS = {
    "mul": lambda a, b: a * b, "power": lambda a: a ** 3, "exp": lambda a: a.exp(), "log": lambda a: a.log(),
    "relu": lambda a: a.relu(), "sigmoid": lambda a: a.sigmoid(), "matmul": lambda a, b: a @ b,
    "sum": lambda a: a.sum(), "a.sum(dim=1)": lambda a: a.sum(dim=1), "a.sum(0, True)": lambda a: a.sum(0, True),
    "a ** -2": lambda a: a ** -2, "a / b": lambda a, b: a / b, "maximum": lambda a, b: a.maximum(b),
}

def on_duals(name):
    def wrapper(Dual):
        def run(values, tangents):
            with torch.no_grad():
                out = DUALS[name](*[Dual(value, tangent) for value, tangent in zip(values, tangents)])
                return out.value, out.tangent

        return run

    return wrapper

def with_constants(Dual):
    def run(values, tangents, constants):
        (a,), (da,), (row, matrix) = values, tangents, constants
        dual = Dual(a, da)
        results = [dual * row, row * dual, dual + row, 2 * dual - row, dual @ matrix, matrix @ dual, dual / row]
        return [(out.value, out.tangent) for out in results]

    return run

def loss_of(TwoLayer):
    def run(params, x, y):
        with torch.no_grad():
            net = TwoLayer(params)
            loss = net.loss(x, y)
            names = list(net.params)
            parts = [None] * len(names)
            collect(loss, torch.ones_like(loss.value), [net.params[name] for name in names], parts)
            return loss.value, dict(zip(names, parts))

    return run

def steps_of(TwoLayer):
    def run(params, x, y, learning_rate, steps):
        with torch.no_grad():
            net = TwoLayer(params)
            losses = [net.step(x, y, learning_rate) for _ in range(steps)]
            return losses, {name: param.value for name, param in net.params.items()}

    return run

def chain(checkpoint):
    def run(x, recipe, every):
        calls, alive, peak = [0] * (len(recipe) + 1), weakref.WeakSet(), [0]

        def member(number, f, name):
            def call(each):
                calls[number] += 1
                out = node(f, each, name=name)
                gc.collect()
                alive.add(out.value)
                peak[0] = max(peak[0], len(alive))
                return out

            return call

        fs = [member(number, OPS[op], op) for number, (op, _) in enumerate(recipe)]
        fs.append(member(len(recipe), torch.sum, "sum"))
        gc.freeze()  # what exists now need not be looked at again
        try:
            with torch.no_grad():
                value, grad = checkpoint(fs, x, every)
        finally:
            gc.unfreeze()
        return value, grad, calls, peak[0]

    return run
"""
)


def judge_chain(student, x: Tensor, recipe, every: int):
    """Run checkpoint on a chain and a final sum; return value, gradient, calls of each function, and values alive."""
    value, grad, calls, alive = student.wrap(student.define(CALLS).chain, student.checkpoint)(x, recipe, every)
    return value, grad, calls, alive


def net_params(rng, inputs: int, hidden: int, classes: int, scale: float = 0.7) -> dict[str, Tensor]:
    """Draw the parameters of a network; the biases are not 0."""
    shapes = {"W1": (inputs, hidden), "b1": (hidden,), "W2": (hidden, classes), "b2": (classes,)}
    return {name: scale * rng.normal(*shape) for name, shape in shapes.items()}


def torch_training(params: dict[str, Tensor], x: Tensor, y: Tensor) -> tuple[Tensor, dict[str, Tensor], Tensor]:
    """Compute the network's loss, its gradients and its scores by torch."""
    leaves = {name: value.detach().clone().requires_grad_() for name, value in params.items()}
    scores = F.linear(F.linear(x, leaves["W1"].T, leaves["b1"]).relu(), leaves["W2"].T, leaves["b2"])
    loss = F.cross_entropy(scores, y)
    found = torch.autograd.grad(loss, list(leaves.values()))
    return loss.detach(), dict(zip(leaves, found, strict=True)), scores.detach()


def descend(
    params: dict[str, Tensor], x: Tensor, y: Tensor, rate: float, steps: int, sign: float = -1.0, kept: bool = False
) -> tuple[list[float], dict[str, Tensor]]:
    """Train by torch's gradients; ``sign`` and ``kept`` switch mistakes on."""
    losses, total = [], {name: torch.zeros_like(value) for name, value in params.items()}
    for _ in range(steps):
        loss, grads, _ = torch_training(params, x, y)
        losses.append(float(loss))
        total = {name: grad + (total[name] if kept else 0) for name, grad in grads.items()}
        params = {name: value + sign * rate * total[name] for name, value in params.items()}
    return losses, params
