# %% [markdown]
# # Gradients
#
# A derivative tells how much a result changes when an input changes a little. Here you use torch's derivatives, and
# then write your own for single numbers.
#
# <!-- parts -->

# %%
from __future__ import annotations

import math
from collections.abc import Callable

import torch

# %% tags=["active-ipynb"]
# from autograder import check

# %% [markdown]
# ## 1 Directional derivatives
#
# The directional derivative of $f$ at $x$ in the direction $v$ is the sum of all partial derivatives, each times its
# part of $v$. It is how fast $f$ changes when $x$ moves with the velocity $v$.


# %% task="directional_derivative"
def directional_derivative(f: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """Return how fast f changes at x in the direction v.

    Shapes:
        f    a function of a tensor like x; its result is a single number
        x    (...)  float
        v    (...)  the shape of x
        out  ()
    """
    ### BEGIN SOLUTION
    point = x.detach().clone().requires_grad_()
    (slope,) = torch.autograd.grad(f(point), point)
    return (slope * v).sum()
    ### END SOLUTION


# %% [markdown]
# ## 2 Backpropagation through numbers
#
# A `Value` is a number that remembers how it was made: from which numbers, and the derivative of the result by each of
# them. `backward` computes the derivative of a result by every number that it was made from, and adds it to `grad`.
#
# A number may be used more than once, as `a` in `a * a + a`. Its derivatives add up.


# %% task="Value.backward"
class Value:
    """A number, the numbers that it was made from, and the derivative by each of them."""

    def __init__(self, data: float, parents: tuple[Value, ...] = (), slopes: tuple[float, ...] = ()) -> None:
        self.data, self.parents, self.slopes = data, parents, slopes
        self.grad = 0.0

    def __add__(self, other: Value) -> Value:
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other: Value) -> Value:
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def tanh(self) -> Value:
        """Return the hyperbolic tangent."""
        t = math.tanh(self.data)
        return Value(t, (self,), (1 - t * t,))

    def backward(self) -> None:
        """Add the derivative of this number by each number that it was made from to that number's grad.

        The derivative by itself is 1. A number's parents come after all numbers that were made from it.
        """
        ### BEGIN SOLUTION
        order: list[Value] = []
        seen: set[int] = set()

        def visit(value: Value) -> None:
            if id(value) not in seen:
                seen.add(id(value))
                for parent in value.parents:
                    visit(parent)
                order.append(value)

        visit(self)
        self.grad += 1.0
        for value in reversed(order):
            for parent, slope in zip(value.parents, value.slopes, strict=True):
                parent.grad += slope * value.grad
        ### END SOLUTION


# %% tags=["active-ipynb"]
# a = Value(0.5)
# (a * a + a).backward()
# a.grad  # 2 * 0.5 + 1
