# %% [markdown]
# # Your own automatic differentiation
#
# Every framework for deep learning rests on one idea: write a program that computes a number, and get the derivative
# of that number by every input, at about the cost of the program itself. You build this machine: a graph that
# remembers how each number was made, gates that know their own derivative and nothing else, and one loop that goes
# backwards. Then you add what large models need: derivatives forwards, second derivatives without a matrix of second
# derivatives, and less memory.
#
# <!-- parts -->
#
# Replace each `raise NotImplementedError()` by your code, then run the cell below it: it runs the checks of that one
# task and tells you where the first wrong number is. torch's arithmetic is all you need. Its own gradients
# (`torch.autograd`, `torch.func`) are what you build here, so they are not allowed.

# %%
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

# %% tags=["active-ipynb"]
# import time
#
# import matplotlib.pyplot as plt
#
# from autograder import check, hint
# from common.data import load
# from common.plots import curves, graph, show

# %% [markdown]
# ## 1 A graph that remembers
#
# A program is a **graph**: inputs at one end, the result at the other, an operation at each node. Take
# $f = (x + y)\, z$. The sum $s = x + y$ is made of $x$ and $y$, and $f$ is made of $s$ and $z$. If $f$ is to be
# differentiated, the chain rule asks each node for one thing only, its **local gradient**:
#
# $$ \frac{\partial f}{\partial x} = \frac{\partial f}{\partial s} \cdot \frac{\partial s}{\partial x},
#    \qquad \frac{\partial f}{\partial s} = z, \quad \frac{\partial s}{\partial x} = 1. $$
#
# The first factor comes from above, from whoever used $s$. The second is known to the node. A node that multiplies the
# two and passes the product down needs to know nothing of the rest of the graph.
#
# A `Var` is such a node. `value` is computed at once; `parents` are the Vars that it was computed from; `backward` is
# a function that takes the gradient of the result by this node and returns a tuple, **one gradient for each parent**.
# The class is given. Its operators call the functions that you write below, so that `x * y + z` builds a graph.


# %%
class Var:
    """A tensor that remembers how it was computed.

    Attributes:
        value     Tensor
        parents   tuple of Vars, in the order of the operation's arguments; empty for an input
        backward  None for an input, else a function: the gradient by this node -> a tuple, the gradient by each parent
        grad      None, or the gradient that `backward(root)` has added up here; it has the shape of value
        name      for pictures
    """

    def __init__(
        self,
        value: Tensor | float,
        parents: Sequence[Var] = (),
        backward: Callable[[Tensor], tuple[Tensor, ...]] | None = None,
        name: str = "",
    ) -> None:
        self.value = value if isinstance(value, Tensor) else torch.tensor(value, dtype=torch.float64)
        self.parents, self.backward, self.name = tuple(parents), backward, name
        self.grad: Tensor | None = None

    @property
    def shape(self) -> torch.Size:
        return self.value.shape

    def __repr__(self) -> str:
        return f"Var({self.name or 'input'}, shape {tuple(self.shape)})"

    def __add__(self, other: Any) -> Var:
        return add(self, other)

    def __radd__(self, other: Any) -> Var:
        return add(other, self)

    def __sub__(self, other: Any) -> Var:
        return sub(self, other)

    def __rsub__(self, other: Any) -> Var:
        return sub(other, self)

    def __mul__(self, other: Any) -> Var:
        return mul(self, other)

    def __rmul__(self, other: Any) -> Var:
        return mul(other, self)

    def __truediv__(self, other: Any) -> Var:
        return div(self, other)

    def __rtruediv__(self, other: Any) -> Var:
        return div(other, self)

    def __matmul__(self, other: Any) -> Var:
        return matmul(self, other)

    def __rmatmul__(self, other: Any) -> Var:
        return matmul(other, self)

    def __neg__(self) -> Var:
        return neg(self)

    def __pow__(self, n: float) -> Var:
        return power(self, n)

    def __gt__(self, other: Any) -> Tensor:  # a mask, through which no gradient goes
        return self.value > (other.value if isinstance(other, Var) else other)

    def exp(self) -> Var:
        return exp(self)

    def log(self) -> Var:
        return log(self)

    def sin(self) -> Var:
        return sin(self)

    def cos(self) -> Var:
        return cos(self)

    def relu(self) -> Var:
        return relu(self)

    def sigmoid(self) -> Var:
        return sigmoid(self)

    def maximum(self, other: Any) -> Var:
        return maximum(self, other)

    def sum(self, dim: int | None = None, keepdim: bool = False) -> Var:
        return sum_over(self, dim, keepdim)


def as_vars(*operands: Var | Tensor | float) -> tuple[Var, ...]:
    """Turn tensors and numbers into inputs; numbers get the dtype and device of the first tensor among the operands."""
    tensors = [x.value if isinstance(x, Var) else x for x in operands if isinstance(x, Var | Tensor)]
    like = tensors[0] if tensors else torch.zeros((), dtype=torch.float64)
    made = [x if isinstance(x, Var | Tensor) else torch.tensor(x, dtype=like.dtype).to(like.device) for x in operands]
    return tuple(x if isinstance(x, Var) else Var(x) for x in made)


# %% [markdown]
# Three gates are given, as examples. Look at the third argument of each: it is the local gradient, times the gradient
# that comes from above.


# %%
def neg(a: Var) -> Var:
    """-a."""
    return Var(-a.value, (a,), lambda grad: (-grad,), name="neg")


def sin(a: Var) -> Var:
    """The sine of each element."""
    return Var(a.value.sin(), (a,), lambda grad: (grad * a.value.cos(),), name="sin")


def cos(a: Var) -> Var:
    """The cosine of each element."""
    return Var(a.value.cos(), (a,), lambda grad: (-grad * a.value.sin(),), name="cos")


# %% [markdown]
# ### The order of the nodes
#
# Going backwards, a node may pass its gradient down only when it is complete: after *all* nodes that used it. An order
# in which parents come before their children is called **topological**. Read from its end, it is the order that we
# need. Any graph without cycles has one; often it has many, and any of them will do.
#
# A node may be reached on many paths, but is in the list once. The picture shows two diamonds in a row. Ten of them
# have 31 nodes, and 1,024 paths from the last node to the first one; a hundred have more paths than a program can ever
# walk.
#
#         b           e
#       /   \       /   \
#     a       d   -       g   ...
#       \   /       \   /
#         c           f
#
# And a chain of 3,000 nodes must not be a problem either: a recurrent network has such chains. Python stops a function
# that calls itself more than 1,000 times deep.


# %% task="topological_order" minutes=25 difficulty="medium"
def topological_order(root: Var) -> list[Var]:
    """List all nodes that root was computed from, and root: parents before children, each node once.

    Works for chains of any length.

    Shapes:
        root  Var
        out   list of Vars, which ends with root
    """
    ### BEGIN SOLUTION
    order: list[Var] = []
    seen = {id(root)}
    stack = [(root, iter(root.parents))]
    while stack:
        node, parents = stack[-1]
        for parent in parents:
            if id(parent) not in seen:
                seen.add(id(parent))
                stack.append((parent, iter(parent.parents)))
                break
        else:
            order.append(node)
            stack.pop()
    return order
    ### END SOLUTION


# %% [markdown] hint="topological_order"
# 1. Written with recursion, it is short: to visit a node, visit all its parents, then append the node itself. A set of
#    the nodes that were visited prevents a second visit. Use `id(node)` in the set.
# 2. Replace the recursion by a list that you use as a stack, with pairs `(node, finished)`. Push `(root, False)`. If
#    you pop a node that is not finished, push `(node, True)`, then `(parent, False)` for each parent.
# 3. If you pop a pair that is finished, all that was pushed after it is done, so append its node to the order. Skip a
#    node that is not finished but was visited before.

# %% [markdown]
# ### One loop backwards
#
# Let $\bar v$ stand for $\partial f / \partial v$. Start with $\bar f = 1$ at the root and go through the order from
# its end. Each node hands its gradient to its `backward`, and each parent **adds** what it gets:
#
# $$ \bar v = \sum_{c \,:\, v \in \text{parents}(c)} \bar c \; \frac{\partial c}{\partial v} . $$
#
# Why a sum? If $v$ changes, every node that uses it changes, and the result changes by all of them together. This is
# the chain rule for several variables (Prince, *Understanding Deep Learning*, 2023, section 7.4, calls the whole
# procedure the backpropagation algorithm). A node that replaces instead of adding gets only the last path right.
#
# Two calls of `backward` add their gradients, as in PyTorch: this is how a batch that does not fit into memory is
# split. Here every node keeps its gradient, not only the inputs. Mind what that means in the second call: the loop
# must pass down only what *this* call computes, not what the first one has left in `grad`.


# %% task="backward" minutes=25 difficulty="medium"
def backward(root: Var, grad: Tensor | None = None) -> None:
    """Add the gradient of root by each node that it was computed from to the node's grad, and root's own to its grad.

    Without grad, root must hold a single number, and its gradient is 1. A second call adds the same gradients again.
    Raises ValueError if root holds several numbers and grad is missing.

    Shapes:
        root  Var
        grad  the shape of root.value, the gradient of the final result by root; it is not changed
    """
    ### BEGIN SOLUTION
    if grad is None:
        if root.value.numel() != 1:
            raise ValueError("root holds several numbers: give the gradient by each of them")
        grad = torch.ones_like(root.value)
    order = topological_order(root)
    found = {id(root): grad}
    for node in reversed(order):
        above = found.pop(id(node))
        node.grad = above if node.grad is None else node.grad + above
        if node.backward is not None:
            for parent, part in zip(node.parents, node.backward(above), strict=True):
                found[id(parent)] = found[id(parent)] + part if id(parent) in found else part
    ### END SOLUTION


# %% [markdown] hint="backward"
# 1. Keep the gradients of this call in a dict, by `id(node)`. It starts with root's: `grad`, or
#    `torch.ones_like(root.value)`.
# 2. Go through `reversed(topological_order(root))`. Call `node.backward` with the node's gradient; it returns one
#    gradient for each of `node.parents`. Add it to the parent's entry in the dict, or create the entry.
# 3. Add the entry to `node.grad`, which may still be None. Make new tensors, `a = a + b`: the same tensor may be the
#    gradient of several nodes, and `a += b` would change all of them.

# %% [markdown]
# ### Looking at a graph
#
# To see what a program does, draw its graph. The picture needs a table: a row for each node, with the numbers of the
# rows that it was computed from.


# %% task="graph_table" minutes=10 difficulty="easy"
def graph_table(root: Var) -> list[tuple[str, Tensor, Tensor | None, tuple[int, ...]]]:
    """Describe the graph of root: a row (name, value, grad, parents) for each node, in topological order.

    Shapes:
        root  Var
        out   list of rows; parents are the row numbers of the node's parents, in their order
    """
    ### BEGIN SOLUTION
    order = topological_order(root)
    row = {id(node): number for number, node in enumerate(order)}
    return [(node.name, node.value, node.grad, tuple(row[id(parent)] for parent in node.parents)) for node in order]
    ### END SOLUTION


# %% [markdown] hint="graph_table"
# 1. `topological_order` lists the nodes. Number them: a dict from `id(node)` to its place in the list.
# 2. Each row is `(node.name, node.value, node.grad, ...)`. Its last entry is a tuple with the number of each parent;
#    if a parent occurs twice, as in x * x, so does its number.

# %% tags=["active-ipynb"]
# x = Var(0.5, name="x")
# y = sin(sin(x))
# backward(y)
# graph(graph_table(y))  # the value is above each name, the gradient below it

# %% [markdown]
# ## 2 Gates
#
# ### Broadcasting, backwards
#
# `a + b` also works if `a` is (3, 4) and `b` is (4,): torch uses each element of `b` three times. An element that is
# used three times gets three gradients, and they add up. So the gradient, which comes as (3, 4), must be **summed** to
# the shape of `b`. With broadcasting, every gate of two arguments must do this, so it gets a function of its own:
#
# - broadcasting adds missing axes **in front**: sum over them, they disappear;
# - it stretches axes of length 1: sum over them, they stay, with length 1.


# %% task="unbroadcast" minutes=15 difficulty="medium"
def unbroadcast(grad: Tensor, shape: Sequence[int]) -> Tensor:
    """Sum a gradient over everything that broadcasting has added to or stretched in a tensor of this shape.

    Shapes:
        grad   a shape to which `shape` can be broadcast
        shape  of the operand
        out    shape
    """
    ### BEGIN SOLUTION
    added = grad.ndim - len(shape)
    stretched = [added + axis for axis, size in enumerate(shape) if size == 1 != grad.shape[added + axis]]
    axes = [*range(added), *stretched]
    return grad.sum(dim=axes, keepdim=True).reshape(shape) if axes else grad
    ### END SOLUTION


# %% [markdown] hint="unbroadcast"
# 1. `grad.ndim - len(shape)` axes were added in front. Sum over each of them, for example `grad = grad.sum(dim=0)` as
#    often as there are such axes.
# 2. Now both have the same number of axes. Where `shape` has a 1 and `grad` does not, sum with `keepdim=True`.

# %% [markdown]
# ### Arithmetic
#
# `sub` is given, to show that a gate can be made of others. For the rest, the rule is: compute the value from
# `a.value` and `b.value`, and return a `Var` with the parents and their gradients. With $g$ for the gradient from
# above:
#
# | gate | value | gradients for the parents |
# |---|---|---|
# | add | $a + b$ | $g$ and $g$: it **distributes** |
# | mul | $a\,b$ | $g\,b$ and $g\,a$: it **swaps** |
# | div | $a / b$ | $g / b$ and $-g\,a / b^2$ |
# | power | $a^n$ | $g\, n\, a^{n-1}$; $n$ is a number, not a node |
#
# Start with `a, b = as_vars(a, b)`: then numbers and tensors are Vars, too. And finish with `unbroadcast`.
#
# A node that uses a value later should use *that* value. A gate that changes `a.value` in place would spoil the
# gradient of all who computed with it before.


# %% task="add" minutes=5 difficulty="easy"
def add(a: Var | Tensor | float, b: Var | Tensor | float) -> Var:
    """a + b, with broadcasting.

    Shapes:
        a, b  shapes that broadcast together
        out   the broadcast shape; parents (a, b)
    """
    a, b = as_vars(a, b)
    ### BEGIN SOLUTION
    return Var(
        a.value + b.value,
        (a, b),
        lambda grad: (unbroadcast(grad, a.shape), unbroadcast(grad, b.shape)),
        name="+",
    )
    ### END SOLUTION


# %% [markdown] hint="add"
# 1. The value is `a.value + b.value`, the parents are `(a, b)`.
# 2. The function `backward` gets `grad`, which has the shape of the result, and returns two gradients:
#    `unbroadcast(grad, a.shape)` and the same for b.


# %%
def sub(a: Var | Tensor | float, b: Var | Tensor | float) -> Var:
    """a - b, with broadcasting."""
    a, b = as_vars(a, b)
    return add(a, neg(b))


# %% task="mul" minutes=5 difficulty="easy"
def mul(a: Var | Tensor | float, b: Var | Tensor | float) -> Var:
    """a * b, element by element, with broadcasting.

    Shapes:
        a, b  shapes that broadcast together
        out   the broadcast shape; parents (a, b)
    """
    a, b = as_vars(a, b)
    ### BEGIN SOLUTION
    return Var(
        a.value * b.value,
        (a, b),
        lambda grad: (unbroadcast(grad * b.value, a.shape), unbroadcast(grad * a.value, b.shape)),
        name="*",
    )
    ### END SOLUTION


# %% [markdown] hint="mul"
# 1. As add, but each parent's gradient is `grad` times the value of the *other* parent.
# 2. `grad * b.value` has the broadcast shape; bring it to `a.shape` with `unbroadcast`, after the product.


# %% task="div" minutes=10 difficulty="easy"
def div(a: Var | Tensor | float, b: Var | Tensor | float) -> Var:
    """a / b, element by element, with broadcasting.

    Shapes:
        a, b  shapes that broadcast together
        out   the broadcast shape; parents (a, b)
    """
    a, b = as_vars(a, b)
    ### BEGIN SOLUTION
    return Var(
        a.value / b.value,
        (a, b),
        lambda grad: (
            unbroadcast(grad / b.value, a.shape),
            unbroadcast(-grad * a.value / (b.value * b.value), b.shape),
        ),
        name="/",
    )
    ### END SOLUTION


# %% [markdown] hint="div"
# 1. The derivative of a / b by a is 1 / b, and by b it is -a / b².
# 2. Multiply both by `grad`, then bring them to the shapes of a and b with `unbroadcast`.


# %% task="power" minutes=10 difficulty="medium"
def power(a: Var, n: float) -> Var:
    """a ** n for a number n. The gradient of a ** 0 is 0 everywhere, also where a is 0.

    Shapes:
        a    any shape
        n    int or float
        out  the shape of a; parents (a,)
    """
    ### BEGIN SOLUTION
    slope = torch.zeros_like(a.value) if n == 0 else n * a.value ** (n - 1)
    return Var(a.value**n, (a,), lambda grad: (grad * slope,), name=f"^{n}")
    ### END SOLUTION


# %% [markdown] hint="power"
# 1. The local gradient is `n * a.value ** (n - 1)`.
# 2. For n = 0 this is 0 times 0 ** -1 where a is 0, which is 0 times infinity: `nan`. The right answer is 0, so treat
#    n = 0 on its own.

# %% [markdown]
# **A worked example.** $f = (x + y)\,z$ at $x = -2$, $y = 5$, $z = -4$ gives $f = -12$. Before you run the cell,
# compute the three gradients with pencil and paper, from the right to the left. ($z$ gets 3; the others get $-4$ each.
# The example is that of Stanford's CS231n, lecture 4.)

# %% tags=["active-ipynb"]
# x, y, z = Var(-2.0, name="x"), Var(5.0, name="y"), Var(-4.0, name="z")
# f = (x + y) * z
# backward(f)
# print("f =", f.value.item(), " gradients:", x.grad.item(), y.grad.item(), z.grad.item())
# graph(graph_table(f))

# %% [markdown]
# ### Functions of one number
#
# The same scheme, for functions that work on each element. `relu` passes the gradient where its input is **above** 0,
# and nowhere else. `maximum` **routes** the gradient to the larger of its two inputs. Where they are equal, each gets
# half of it, as in torch: the function has a kink there, and the middle of the two slopes is a fair choice.


# %% task="exp" minutes=5 difficulty="easy"
def exp(a: Var) -> Var:
    """e ** a. Shapes: a any shape, out the shape of a; parents (a,)."""
    ### BEGIN SOLUTION
    value = a.value.exp()
    return Var(value, (a,), lambda grad: (grad * value,), name="exp")
    ### END SOLUTION


# %% [markdown] hint="exp"
# 1. The exponential is its own derivative.
# 2. Compute it once, store it in a variable, and use it for the value and in `backward`.


# %% task="log" minutes=5 difficulty="easy"
def log(a: Var) -> Var:
    """The natural logarithm. Shapes: a any shape, positive; out the shape of a; parents (a,)."""
    ### BEGIN SOLUTION
    return Var(a.value.log(), (a,), lambda grad: (grad / a.value,), name="log")
    ### END SOLUTION


# %% [markdown] hint="log"
# 1. The derivative of log a is 1 / a.
# 2. So the parent gets `grad / a.value`.


# %% task="relu" minutes=5 difficulty="easy"
def relu(a: Var) -> Var:
    """max(a, 0), element by element; where a is 0, no gradient passes.

    Shapes:
        a    any shape
        out  the shape of a; parents (a,)
    """
    ### BEGIN SOLUTION
    return Var(a.value.clamp(min=0), (a,), lambda grad: (grad * (a.value > 0),), name="relu")
    ### END SOLUTION


# %% [markdown] hint="relu"
# 1. The value is `a.value.clamp(min=0)`.
# 2. The local gradient is 1 where `a.value > 0` and 0 elsewhere. A tensor of True and False can be multiplied.


# %% task="maximum" minutes=15 difficulty="medium"
def maximum(a: Var | Tensor | float, b: Var | Tensor | float) -> Var:
    """The larger of a and b, element by element, with broadcasting. Where they are equal, each gets half the gradient.

    Shapes:
        a, b  shapes that broadcast together
        out   the broadcast shape; parents (a, b)
    """
    a, b = as_vars(a, b)
    ### BEGIN SOLUTION
    share = ((a.value > b.value).to(a.value.dtype) + (a.value >= b.value).to(a.value.dtype)) / 2  # 1, 1/2 or 0
    return Var(
        torch.maximum(a.value, b.value),
        (a, b),
        lambda grad: (unbroadcast(grad * share, a.shape), unbroadcast(grad * (1 - share), b.shape)),
        name="max",
    )
    ### END SOLUTION


# %% [markdown] hint="maximum"
# 1. Compute the share of the gradient that goes to a: 1 where a is larger, 0 where b is, 1/2 where they are equal.
#    The share of b is one minus that.
# 2. `torch.where(a.value == b.value, 0.5, (a.value > b.value).to(grad.dtype))` is one way to write it.
# 3. Both shares have the broadcast shape. Multiply by `grad`, then use `unbroadcast`.

# %% [markdown]
# ### A whole formula as one gate
#
# The logistic function $\sigma(x) = 1 / (1 + e^{-x})$ can be made of four gates: negate, exponential, add, divide. Its
# derivative is so simple that it deserves a gate of its own:
#
# $$ \sigma'(x) = \frac{e^{-x}}{(1 + e^{-x})^2} = \sigma(x) \, \big( 1 - \sigma(x) \big) . $$
#
# One node instead of four saves memory and time. It is also safer: $e^{100}$ is infinite in float32, and infinity
# divided by infinity is `nan`. `torch.sigmoid` of a tensor is allowed here: it is the value, not the gradient.


# %% task="sigmoid" minutes=10 difficulty="easy"
def sigmoid(a: Var) -> Var:
    """1 / (1 + exp(-a)) as one node, without overflow for large a of either sign.

    Shapes:
        a    any shape
        out  the shape of a, in [0, 1]; parents (a,)
    """
    ### BEGIN SOLUTION
    value = a.value.sigmoid()
    return Var(value, (a,), lambda grad: (grad * value * (1 - value),), name="sigmoid")
    ### END SOLUTION


# %% [markdown] hint="sigmoid"
# 1. Compute the value with torch, as a tensor, and make one Var whose only parent is a.
# 2. The gradient is `grad * s * (1 - s)`, where s is the value that you have just computed.

# %% [markdown]
# **A neuron.** $\sigma(w_0 x_0 + w_1 x_1 + w_2)$ at $w = (2, -3, -3)$ and $x = (-1, -2)$. The sum is 1, so the value
# is $\sigma(1) = 0.73$ and the local gradient is $0.73 \cdot 0.27 = 0.20$. Then multiply swaps: $w_0$ gets
# $-1 \cdot 0.20$, $x_0$ gets $2 \cdot 0.20$. Compute the other three before you look.

# %% tags=["active-ipynb"]
# w = [Var(number, name=f"w{i}") for i, number in enumerate((2.0, -3.0, -3.0))]
# x = [Var(number, name=f"x{i}") for i, number in enumerate((-1.0, -2.0))]
# neuron = (w[0] * x[0] + w[1] * x[1] + w[2]).sigmoid()
# backward(neuron)
# print("value", round(neuron.value.item(), 2), {v.name: round(v.grad.item(), 2) for v in w + x})
# graph(graph_table(neuron))

# %% [markdown]
# **Sharing.** $f(x) = \exp(u) + \sin(u)$ with $u = e^x + (e^x)^2$ (Prince, 2023, problem 7.10 has a similar one).
# Written as one formula, $e^x$ occurs four times and $u$ twice. The graph computes each once: it has seven nodes. A
# program that writes out the formula of the derivative, rule by rule, grows with the number of *paths*.

# %% tags=["active-ipynb"]
# x = Var(-0.5, name="x")
# e = x.exp()
# u = e + e**2
# f = u.exp() + u.sin()
# backward(f)
# print(len(topological_order(f)), "nodes; the gradient is", round(x.grad.item(), 4))
# graph(graph_table(f))

# %% [markdown] question="autograd-q1"
# **Question 1.** In the three pictures, look at what comes into each gate from the right, and what it gives to the
# left. Describe what `+` does with a gradient, what `*` does, what `max` does, and what happens at a node that is used
# twice. Why can the gradient of a node that feeds two others never be passed down after only one of them has answered?

# %% [markdown] answer="autograd-q1"
# ### BEGIN SOLUTION
# + gives the same gradient to both inputs: it distributes. * gives each input the gradient times the other input: it
# swaps. max gives the gradient to the larger input and nothing to the other: it routes. A node that is used twice, a
# copy, adds the gradients of its uses. The gradient is the sum over all uses; local gradients multiply this sum, so
# what is passed down before the second use has answered lacks its part, and would have to be corrected in all nodes
# below.
# ### END SOLUTION

# %% [markdown]
# ## 3 Matrices without Jacobians
#
# A layer takes 64 images of 4,096 numbers each to 64 times 4,096 numbers. The derivative of all outputs by all
# inputs, the **Jacobian**, has $(64 \cdot 4096)^2 = 2^{36}$ entries: 256 GB in float32. It is almost all zeros, and
# nobody needs it. What the loop needs is the product of the gradient from above with it, and for $C = A B$ that is
# again a product of small matrices:
#
# $$ \bar A = \bar C \, B^\top, \qquad \bar B = A^\top \, \bar C . $$
#
# (Derivation: $C_{ij} = \sum_k A_{ik} B_{kj}$, so $\bar A_{ik} = \sum_j \bar C_{ij} B_{kj}$.) You need not
# memorise it: with $\bar C$ of shape (n, p), there is only one way in which the shapes fit. Leading axes are a batch;
# `unbroadcast` sums where one matrix serves the whole batch.


# %% task="matmul" minutes=15 difficulty="medium"
def matmul(a: Var | Tensor, b: Var | Tensor) -> Var:
    """The matrix product a @ b; axes before the last two are a batch, and broadcast. No Jacobian is formed.

    Shapes:
        a    (..., n, m)
        b    (..., m, p)
        out  (..., n, p); parents (a, b)
    """
    a, b = as_vars(a, b)
    ### BEGIN SOLUTION
    return Var(
        a.value @ b.value,
        (a, b),
        lambda grad: (unbroadcast(grad @ b.value.mT, a.shape), unbroadcast(a.value.mT @ grad, b.shape)),
        name="@",
    )
    ### END SOLUTION


# %% [markdown] hint="matmul"
# 1. `grad` has the shape (..., n, p). For a the result must be (..., n, m): `grad` times b, transposed.
# 2. `.T` reverses *all* axes. For a batch use `.mT` or `.transpose(-1, -2)`, which swap the last two.
# 3. If a is a batch and b one matrix, the gradient of b comes as a batch of matrices. `unbroadcast` sums it.

# %% [markdown]
# ### Sums, and the loss of a classifier
#
# A sum copies its gradient to everything that was summed: the opposite of a copy, whose gradient is a sum.
#
# The loss of a classifier is the mean over images of $-\log p_{i, y_i}$ with
# $p_{ic} = e^{x_{ic}} / \sum_k e^{x_{ik}}$. It could be built from gates, too. As one gate it is stable: subtract the
# largest score of each row first, which changes nothing, and no exponential overflows. Its gradient is the famous
# "probability minus truth" (Bishop, *Pattern Recognition and Machine Learning*, eq. 4.109):
#
# $$ L = \frac{1}{N} \sum_i \Big( \log \sum_c e^{x_{ic}} - x_{i, y_i} \Big), \qquad
#    \frac{\partial L}{\partial x_{ic}} = \frac{1}{N} \big( p_{ic} - [c = y_i] \big) . $$
#
# `sum_over` would be named `sum`, but then Python's own `sum` would be gone in this notebook.


# %% task="sum_over" minutes=10 difficulty="easy"
def sum_over(a: Var, dim: int | None = None, keepdim: bool = False) -> Var:
    """The sum over one axis, or over all of them.

    Shapes:
        a        any shape
        dim      an axis, also counted from the end (-1); None for all
        keepdim  whether the axes that are summed stay, with length 1
        out      as torch's sum; parents (a,)
    """

    ### BEGIN SOLUTION
    def spread(grad: Tensor) -> tuple[Tensor]:
        if dim is not None and not keepdim:
            grad = grad.unsqueeze(dim)
        return (grad.expand(a.shape),)

    return Var(a.value.sum(dim=dim, keepdim=keepdim), (a,), spread, name="sum")
    ### END SOLUTION


# %% [markdown] hint="sum_over"
# 1. The gradient of the result goes to each element that was summed. `grad.expand(a.shape)` repeats it, if it has the
#    right axes.
# 2. If an axis was summed away, put it back first, with length 1: `grad.unsqueeze(dim)`.


# %% task="softmax_cross_entropy" minutes=20 difficulty="medium"
def softmax_cross_entropy(scores: Var, y: Tensor) -> Var:
    """The mean over images of -log(softmax(scores)[y]). Scores of thousands give no infinity and no nan.

    Shapes:
        scores  (N, C)  float
        y       (N,)    int64, the right classes
        out     ()      parents (scores,)
    """
    ### BEGIN SOLUTION
    log_p = scores.value - scores.value.logsumexp(dim=1, keepdim=True)  # (N, C)
    rows = torch.arange(len(y), device=y.device)

    def spread(grad: Tensor) -> tuple[Tensor]:
        slope = log_p.exp()
        slope[rows, y] -= 1
        return (grad * slope / len(y),)

    return Var(-log_p[rows, y].mean(), (scores,), spread, name="loss")
    ### END SOLUTION


# %% [markdown] hint="softmax_cross_entropy"
# 1. `torch.logsumexp(x, dim=1, keepdim=True)` is stable. Subtract it from the scores: these are the logarithms of the
#    probabilities.
# 2. Pick one per row: `log_p[torch.arange(N), y]`. The loss is minus the mean of these.
# 3. Gradient: the probabilities, minus 1 at the right classes, divided by N, times `grad`. The last factor matters if
#    the loss is not the end of the graph.

# %% [markdown]
# ## 4 Trust nothing: numeric gradients
#
# A wrong gradient seldom crashes. The network trains, a little worse. The remedy is a second opinion that uses only
# the function itself, the **central difference**:
#
# $$ \frac{\partial f}{\partial x_i} \approx \frac{f(x + h e_i) - f(x - h e_i)}{2h},
#    \qquad \text{error} \approx \frac{h^2}{6} |f'''| + \frac{\varepsilon |f|}{h} . $$
#
# The first part of the error comes from the formula and shrinks with $h$; the second comes from rounding
# ($\varepsilon$ is the precision of the dtype, $2 \cdot 10^{-16}$ in float64) and grows. The best $h$ is near
# $\varepsilon^{1/3}$, about $10^{-5}$ in float64 and $10^{-2}$ in float32, where only two or three digits are right:
# check gradients in float64. The one-sided difference $(f(x+h) - f(x))/h$ has an error of order $h$ and is never
# worth the call that it saves.


# %% task="numeric_gradient" minutes=20 difficulty="easy"
def numeric_gradient(f: Callable[[Tensor], Any], x: Tensor, h: float | None = None) -> Tensor:
    """The gradient of f at x by central differences. f is called twice for each element of x; x is not changed.

    Shapes:
        f    a function of a tensor like x; its result is a single number, as a 0-d tensor or a float
        x    any shape, float
        h    the step; None means 1e-5 in float64 and 1e-2 in other dtypes
        out  the shape and dtype of x
    """
    ### BEGIN SOLUTION
    if h is None:
        h = 1e-5 if x.dtype == torch.float64 else 1e-2
    out = torch.zeros(x.numel(), dtype=x.dtype, device=x.device)
    for i in range(x.numel()):
        step = torch.zeros_like(out)
        step[i] = h
        step = step.reshape(x.shape)
        out[i] = (f(x + step) - f(x - step)) / (2 * h)
    return out.reshape(x.shape)
    ### END SOLUTION


# %% [markdown] hint="numeric_gradient"
# 1. Loop over the elements of x. For each, make two copies of x: one with h added there, one with h subtracted.
# 2. `x.clone().reshape(-1)` lets you reach each element by one number, whatever the shape; pass `.reshape(x.shape)`
#    to f.
# 3. The difference of the two results is divided by 2 h.

# %% tags=["active-ipynb"]
# def cube(x):
#     return (x**3).exp().sum()
#
#
# point = torch.tensor([0.7], dtype=torch.float64)
# exact = (3 * point**2 * (point**3).exp()).item()
# steps = [10.0**-k for k in range(1, 15)]
# central = [abs(numeric_gradient(cube, point, h).item() - exact) for h in steps]
# one_sided = [abs((cube(point + h) - cube(point)).item() / h - exact) for h in steps]
# plt.figure(figsize=(6, 3.5))
# plt.loglog(steps, central, "o-", label="central")
# plt.loglog(steps, one_sided, "s--", label="one-sided")
# plt.gca().invert_xaxis()
# plt.xlabel("step h")
# plt.ylabel("error of the gradient")
# plt.grid(alpha=0.3)
# plt.legend(loc="upper center")
# show("Error of numeric gradients over the step: central differences are best at 1e-6 here, one-sided ones at 1e-8.")

# %% [markdown]
# Now test your gates against it. A function that is written with operators and methods works on tensors *and* on Vars:

# %% tags=["active-ipynb"]
# def g(x):
#     return ((x * x).sum(dim=0).sigmoid() / (x.exp() + 2) - x.sin().relu()).sum()
#
#
# torch.manual_seed(0)
# start = torch.randn(3, 4, dtype=torch.float64)
# node = Var(start)
# backward(g(node))
# print("largest difference:", (node.grad - numeric_gradient(g, start)).abs().max().item())

# %% [markdown]
# ## 5 Forwards, and second derivatives
#
# ### Dual numbers
#
# The loop of section 1 starts at the result. One can start at the inputs, too. Give each number a companion, its
# **tangent**: how fast it changes if the inputs move in the direction $v$. Clifford (1873) wrote the pair as
# $a + \dot a\,\varepsilon$ with $\varepsilon^2 = 0$. Then the rules of calculus are plain algebra:
#
# $$ (a + \dot a \varepsilon)(b + \dot b \varepsilon) = ab + (\dot a b + a \dot b)\,\varepsilon, \qquad
#    \sin(a + \dot a \varepsilon) = \sin a + \cos a \; \dot a\, \varepsilon . $$
#
# No graph is stored: value and tangent travel together, and what is not needed is freed at once. One run gives
# the product $J v$ of the Jacobian with one direction, that is, one *column* of $J$ if $v$ is a coordinate unit
# vector. A run backwards gives $u^\top J$, for such a $u$ one *row*. With $n$ inputs and $m$ outputs: who wants the
# whole Jacobian needs $n$ runs forwards or $m$ runs backwards. Training has millions of inputs and one output. That is
# why we go backwards.
#
# Write the rules with operators and methods only (`self.value.exp()`, not `torch.exp(self.value)`). Then a Dual's
# value may be a tensor or a Var. You will need this soon.


# %% task="Dual" minutes=30 difficulty="medium"
class Dual:
    """value + tangent * epsilon: a tensor (or Var) and how fast it changes. Both have the same shape."""

    def __init__(self, value: Any, tangent: Any) -> None:
        self.value, self.tangent = value, tangent

    @staticmethod
    def of(x: Any) -> Dual:
        """Return x as a Dual; a tensor, a Var or a number does not change, so its tangent is 0."""
        if isinstance(x, Dual):
            return x
        return Dual(x, x * 0 if isinstance(x, Var | Tensor) else 0.0)

    def __neg__(self) -> Dual:
        return Dual(-self.value, -self.tangent)

    def __add__(self, other: Any) -> Dual:
        other = Dual.of(other)
        return Dual(self.value + other.value, self.tangent + other.tangent)

    def __sub__(self, other: Any) -> Dual:
        return self + -Dual.of(other)

    def __rsub__(self, other: Any) -> Dual:
        return Dual.of(other) + -self

    def __mul__(self, other: Any) -> Dual:
        """self * other, element by element; other is a Dual, a Var, a tensor or a number."""
        other = Dual.of(other)
        ### BEGIN SOLUTION
        return Dual(self.value * other.value, self.tangent * other.value + self.value * other.tangent)
        ### END SOLUTION

    __radd__, __rmul__ = __add__, __mul__

    def __truediv__(self, other: Any) -> Dual:
        return self * Dual.of(other) ** -1

    def __rtruediv__(self, other: Any) -> Dual:
        return Dual.of(other) / self

    def __pow__(self, n: float) -> Dual:
        """self ** n for a number n."""
        if n == 0:
            return Dual(self.value**0, self.tangent * 0)
        ### BEGIN SOLUTION
        return Dual(self.value**n, n * self.value ** (n - 1) * self.tangent)
        ### END SOLUTION

    def __matmul__(self, other: Any) -> Dual:
        """The matrix product self @ other; other is a Dual, a Var or a tensor."""
        other = Dual.of(other)
        ### BEGIN SOLUTION
        return Dual(self.value @ other.value, self.tangent @ other.value + self.value @ other.tangent)
        ### END SOLUTION

    def __rmatmul__(self, other: Any) -> Dual:
        return Dual.of(other) @ self

    def exp(self) -> Dual:
        ### BEGIN SOLUTION
        value = self.value.exp()
        return Dual(value, value * self.tangent)
        ### END SOLUTION

    def log(self) -> Dual:
        ### BEGIN SOLUTION
        return Dual(self.value.log(), self.tangent / self.value)
        ### END SOLUTION

    def sin(self) -> Dual:
        return Dual(self.value.sin(), self.value.cos() * self.tangent)

    def relu(self) -> Dual:
        """max(self, 0); where the value is 0, so is the tangent."""
        ### BEGIN SOLUTION
        return Dual(self.value.relu(), self.tangent * (self.value > 0))
        ### END SOLUTION

    def sigmoid(self) -> Dual:
        ### BEGIN SOLUTION
        value = self.value.sigmoid()
        return Dual(value, value * (1 - value) * self.tangent)
        ### END SOLUTION

    def maximum(self, other: Any) -> Dual:
        return other + (self - other).relu()

    def sum(self, dim: int | None = None, keepdim: bool = False) -> Dual:
        """The sum over an axis, or over all; arguments as those of torch's sum."""
        ### BEGIN SOLUTION
        return Dual(self.value.sum(dim, keepdim), self.tangent.sum(dim, keepdim))
        ### END SOLUTION


# %% [markdown] hint="Dual"
# 1. Each method returns `Dual(value, tangent)`. The tangent is the local gradient times `self.tangent`: the same local
#    gradients as in your gates.
# 2. The product rule has two terms. A matrix product has them, too, in the same order of factors:
#    $\dot A B + A \dot B$.
# 3. A sum is linear: sum the value, and sum the tangent in the same way. For relu, multiply the tangent by
#    `(self.value > 0)`.


# %% task="jvp" minutes=10 difficulty="easy"
def jvp(f: Callable[[Any], Any], x: Tensor, v: Tensor) -> Tensor:
    """The Jacobian of f at x times v, by one run of f with dual numbers. If f does not use x, it is 0.

    Shapes:
        f    a function of a tensor like x, written with operators and methods; it returns a Dual if it gets one
        x    any shape, float
        v    the shape of x
        out  the shape of f(x)
    """
    ### BEGIN SOLUTION
    return Dual.of(f(Dual(x, v))).tangent
    ### END SOLUTION


# %% [markdown] hint="jvp"
# 1. Call f once, with a Dual whose value is x and whose tangent is v. The tangent of the result is the answer.
# 2. If f does not use its argument, it returns a plain tensor. `Dual.of` gives it a tangent of zeros.

# %% [markdown]
# Both directions must agree: $u^\top (J v) = (J^\top u)^\top v$. Below, a function from $n$ numbers to 10, and the
# time to get its whole Jacobian, forwards with $n$ runs and backwards with 10. Where do the lines cross?

# %% tags=["active-ipynb"]
# def reverse_row(f, x, u):
#     node = Var(x)
#     backward(f(node), u)
#     return node.grad
#
#
# sizes, forwards, backwards = [1, 2, 5, 10, 20, 50, 100], [], []
# for n in sizes:
#     weights = torch.randn(10, n, dtype=torch.float64) / n
#     x = torch.randn(n, 1, dtype=torch.float64)
#
#     def f(x, weights=weights):
#         return (weights @ x).sin().exp()
#
#     for run, directions, times in ((jvp, torch.eye(n), forwards), (reverse_row, torch.eye(10), backwards)):
#         trials = []
#         for _ in range(7):  # the fastest of seven: other programs may disturb some
#             started = time.perf_counter()
#             rows = [run(f, x, direction[:, None].double()) for direction in directions]
#             trials.append(time.perf_counter() - started)
#         times.append(1000 * min(trials))
# plt.figure(figsize=(6, 3.5))
# plt.loglog(sizes, forwards, "o-", label="forwards: one run for each input")
# plt.loglog(sizes, backwards, "s--", label="backwards: one run for each of 10 outputs")
# plt.xlabel("number of inputs")
# plt.ylabel("milliseconds for the Jacobian")
# plt.grid(alpha=0.3)
# plt.legend()
# show("Time for a Jacobian with ten rows: forwards it grows with the number of inputs, backwards it stays constant.")

# %% [markdown] question="autograd-q2"
# **Question 2.** For each task say whether you would go forwards or backwards, how many runs you need, and what must
# be stored: (a) the gradient of a loss by a million weights; (b) how 1,000 outputs of a simulation change with its 3
# parameters; (c) the product of the Jacobian with one vector, for a network with a million inputs and a million
# outputs; (d) the Jacobian of a function from 50 numbers to 50 numbers.

# %% [markdown] answer="autograd-q2"
# ### BEGIN SOLUTION
# (a) Backwards, one run; all values that local gradients need are stored. (b) Forwards, three runs; nothing but the
# current values is stored. (c) Forwards, one run, if J v is meant; (backwards, one run, for u^T J). (d) 50 runs either
# way; forwards stores less and is simpler.
# ### END SOLUTION

# %% [markdown]
# ### Second derivatives
#
# The matrix of second derivatives of a loss, the **Hessian** $H$, says how the gradient changes. With a million
# weights it has $10^{12}$ entries. But its product with a vector is again a derivative in one direction, that of the
# gradient (Pearlmutter, *Fast exact multiplication by the Hessian*, 1994):
#
# $$ H v = \frac{d}{d\varepsilon} \nabla f(x + \varepsilon v) \Big|_{\varepsilon = 0}
#        = \nabla_x \big\langle \nabla f(x), v \big\rangle . $$
#
# Look at the right side. $\langle \nabla f, v \rangle$ is a number: the tangent of $f$ in the direction $v$. Dual
# numbers compute it. If their values are *Vars*, this computation is a graph, and one loop backwards through that
# graph gives its gradient. So: forwards, then backwards through it. It costs about four runs of $f$, and no matrix.


# %% task="hvp" minutes=25 difficulty="hard"
def hvp(f: Callable[[Any], Any], x: Tensor, v: Tensor) -> Tensor:
    """The Hessian of f at x times v, exactly, with one call of f and without the Hessian. 0 where f is linear.

    Shapes:
        f    a function of a tensor like x, written with operators and methods, to a single number
        x    any shape, float
        v    the shape of x
        out  the shape of x
    """
    ### BEGIN SOLUTION
    point = Var(x)
    slope = Dual.of(f(Dual(point, Var(v)))).tangent  # <gradient of f, v>, as a Var
    backward(slope)
    return torch.zeros_like(x) if point.grad is None else point.grad
    ### END SOLUTION


# %% [markdown] hint="hvp"
# 1. Make `point = Var(x)` and call f with `Dual(point, Var(v))`. The tangent of the result is a Var: its value is the
#    slope of f in the direction v.
# 2. Call `backward` on this tangent. Then `point.grad` is the gradient of the slope: the answer.
# 3. If f is linear, its slope does not depend on the point, and `point.grad` is still None. Return zeros.

# %% tags=["active-ipynb"]
# def bowl(x):  # x^T A x has the Hessian A + A^T
#     return (x * (matrix @ x)).sum()
#
#
# matrix = torch.tensor([[2.0, 1.0], [0.0, 3.0]], dtype=torch.float64)
# x, v = torch.tensor([[1.0], [2.0]]).double(), torch.tensor([[1.0], [-1.0]]).double()
# print(hvp(bowl, x, v).flatten().tolist(), "should be", ((matrix + matrix.T) @ v).flatten().tolist())

# %% [markdown]
# ## 6 Use it
#
# ### A network
#
# Everything is there: two matrix products, a ReLU, a loss. The class keeps its parameters as Vars. `step` computes the
# loss, goes backwards, and moves each parameter against its gradient. The parameters stay from step to step, so their
# gradients of the *last* step are still there: start each step without them.


# %% task="TwoLayer.loss TwoLayer.step" minutes=25 difficulty="medium"
class TwoLayer:
    """relu(x W1 + b1) W2 + b2, trained by gradient descent with the engine of this notebook."""

    def __init__(self, params: dict[str, Tensor]) -> None:
        """Shapes: params W1 (D, H), b1 (H,), W2 (H, C), b2 (C,)."""
        self.params = {name: Var(value, name=name) for name, value in params.items()}

    def loss(self, x: Tensor, y: Tensor) -> Var:
        """The mean softmax cross-entropy of the scores, as the root of a graph of your gates.

        Shapes:
            x    (N, D)
            y    (N,)    int64
            out  ()
        """
        ### BEGIN SOLUTION
        p = self.params
        hidden = relu(add(matmul(x, p["W1"]), p["b1"]))
        return softmax_cross_entropy(add(matmul(hidden, p["W2"]), p["b2"]), y)
        ### END SOLUTION

    def step(self, x: Tensor, y: Tensor, learning_rate: float) -> float:
        """Move each parameter once against its gradient, and return the loss before the step, as a number or a tensor.

        The tensors that were given to __init__ are not changed. Shapes: x (N, D), y (N,), out ().
        """
        ### BEGIN SOLUTION
        for p in self.params.values():
            p.grad = None
        loss = self.loss(x, y)
        backward(loss)
        for p in self.params.values():
            p.value = p.value - learning_rate * p.grad
        return loss.value.item()
        ### END SOLUTION


# %% [markdown] hint="TwoLayer.loss"
# 1. `x @ W1 + b1`, `relu`, `@ W2 + b2`, `softmax_cross_entropy`: with Vars, operators build the graph.
# 2. The parameters are in `self.params`, by name. Use these Vars themselves: gradients arrive in them.

# %% [markdown] hint="TwoLayer.step"
# 1. Set `grad` of every parameter to None, compute `self.loss(x, y)`, and call `backward` on it.
# 2. Then each parameter gets a new value: `learning_rate * p.grad` less than it was. With `-=` the tensor that the
#    caller gave to `__init__` would change.

# %% tags=["active-ipynb"]
# glyphs = load("glyphs", num_train=300, num_test=200)
# small = [torch.nn.functional.avg_pool2d(part, 2).flatten(1).double() for part in (glyphs.x_train, glyphs.x_test)]
# torch.manual_seed(0)
# params = {
#     "W1": 0.1 * torch.randn(small[0].shape[1], 40), "b1": torch.zeros(40), "W2": 0.1 * torch.randn(40, 10),
#     "b2": torch.zeros(10),
# }
# net = TwoLayer({name: value.double() for name, value in params.items()})
# losses = [net.step(small[0], glyphs.y_train, 0.5) for _ in range(200)]
#
#
# def accuracy(x, y):
#     p = {name: node.value for name, node in net.params.items()}
#     scores = (x @ p["W1"] + p["b1"]).relu() @ p["W2"] + p["b2"]
#     return (scores.argmax(dim=1) == y).double().mean().item()
#
#
# print(f"accuracy: training {accuracy(small[0], glyphs.y_train):.2f}, test {accuracy(small[1], glyphs.y_test):.2f}")
# curves({"training loss": losses}, ylabel="loss")

# %% [markdown]
# ### Less memory: checkpoints
#
# Going backwards through a chain $f_L \circ \dots \circ f_1$ needs all values $x_0, x_1, \dots, x_L$, because local
# gradients are taken there. For long chains memory ends before time does. **Checkpointing** (Chen et al., *Training
# deep nets with sublinear memory cost*, 2016) keeps only each $k$-th value on the way forwards:
#
#     x0 . . . x4 . . . x8 . . . x12       kept: x0, x4, x8
#                       [9 10 11 12]       backwards: compute this block again, go back through it, forget it
#              [5 6 7 8]                   then this one
#     [1 2 3 4]                            then this one
#
# At any time, $L/k$ checkpoints and the $k$ values of one block are alive. The sum is smallest for $k = \sqrt L$:
# $2\sqrt L$ values instead of $L$. The price is one more run forwards: each $f_i$ is called twice. (If only $x_0$ is
# kept and each value is computed again from there, memory is constant and the number of calls grows as $L^2$. Layers
# that can be inverted need no checkpoints: their input is computed from their output.)


# %% task="checkpoint" minutes=35 difficulty="hard"
def checkpoint(fs: Sequence[Callable[[Var], Var]], x: Tensor, every: int) -> tuple[Tensor, Tensor]:
    """The value of the chain fs[-1](... fs[1](fs[0](x))), a single number, and its gradient by x, in little memory.

    At most about len(fs) / every + every values of the chain are alive at any time, and each function is called at most
    twice.

    Shapes:
        fs     list of functions from a Var to a Var, at least one
        x      any shape, float
        every  int, at least 1: how many functions a block has; the last block may have fewer
        out    (), a tensor or a number, and the shape of x
    """
    ### BEGIN SOLUTION
    starts = range(0, len(fs), every)
    kept = []
    value = x
    for start in starts:
        kept.append(value)
        for f in fs[start : start + every]:
            value = f(Var(value)).value  # the graph of f is freed at once
    grad = torch.ones_like(value)
    for start in reversed(starts):
        inside = node = Var(kept.pop())
        for f in fs[start : start + every]:
            node = f(node)
        backward(node, grad)
        grad = torch.zeros_like(inside.value) if inside.grad is None else inside.grad
    return value, grad
    ### END SOLUTION


# %% [markdown] hint="checkpoint"
# 1. Forwards: call each function with a *new* Var of the last value and keep only the `.value` of its result. Then no
#    graph is stored. Put the value before functions 0, k, 2k, ... into a list.
# 2. Backwards, from the last block to the first: make a Var of its stored value, call the functions of this block one
#    after the other without taking them apart, and call `backward(result, grad)`. Now the Var's `grad` is the gradient
#    for the block before.
# 3. Take each stored value off the list when you use it, `kept.pop()`, and do not keep the Vars of a block longer than
#    the block.

# %% tags=["active-ipynb"]
# import weakref
#
#
# def layer(node):
#     out = (node * 1.01).sin()
#     alive.add(out.value)
#     peak[0] = max(peak[0], len(alive))
#     return out
#
#
# length, peaks, seconds = 144, [], []
# choices = [1, 2, 4, 8, 12, 18, 36, 72, 144]
# for every in choices:
#     alive, peak = weakref.WeakSet(), [0]
#     trials = []
#     for _ in range(5):
#         started = time.perf_counter()
#         checkpoint([layer] * length + [lambda node: node.sum()], torch.ones(10_000, dtype=torch.float64), every)
#         trials.append(1000 * (time.perf_counter() - started))
#     seconds.append(min(trials))
#     peaks.append(peak[0])
# figure, panels = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
# panels[0].semilogx(choices, peaks, "o-", label="measured")
# panels[0].semilogx(choices, [length / k + k for k in choices], "--", label="L/k + k")
# panels[0].set(xlabel="k: functions in a block", ylabel="values of the chain alive")
# panels[0].legend()
# panels[1].plot(peaks, seconds, "o")
# panels[1].set(xlabel="values of the chain alive", ylabel="milliseconds", ylim=(0, None))
# for panel in panels:
#     panel.grid(alpha=0.3)
# show("Left: values alive over the size of a block, smallest near 12, the root of 144. Right: the time.")

# %% [markdown] question="autograd-q3"
# **Question 3.** A network has 100 layers, each of whose values takes 50 MB. How much memory do the values need
# without checkpoints, with the best $k$, and with $k = 100$? Where in the network would you *not* want checkpoints at
# equal distances, and why? (Think of layers of different sizes, and of layers of different cost.)

# %% [markdown] answer="autograd-q3"
# ### BEGIN SOLUTION
# 5 GB without; about 1 GB with k = 10 (10 checkpoints and 10 values of a block); with k = 100 the one block has all
# 100 values again, 5 GB. Store where values are small, such as after pooling, and do not recompute what is dear:
# cheap layers with large values (activations, normalisation) are the best to recompute.
# ### END SOLUTION

# %% [markdown]
# ## 7 The same in PyTorch
#
# PyTorch is this notebook in C++. Its tensors are your Vars, `grad_fn` is your `backward`, and gates of your own are
# classes with `forward` and `backward`. Networks are modules, parameters are found by name, and an optimiser does the
# step. Each pair below says the same thing twice.

# %% tags=["active-ipynb"]
# class Sigmoid(torch.autograd.Function):  # a gate of one's own
#     @staticmethod
#     def forward(ctx, x):
#         value = 1 / (1 + (-x).exp())
#         ctx.save_for_backward(value)
#         return value
#
#     @staticmethod
#     def backward(ctx, grad):
#         (value,) = ctx.saved_tensors
#         return grad * value * (1 - value)
#
#
# x = torch.tensor([1.0], requires_grad=True)
# Sigmoid.apply(x).backward()
# print("own gate:", x.grad.item(), " graph:", (x * 2).sin().grad_fn)
#
# model = torch.nn.Sequential(torch.nn.Linear(196, 40), torch.nn.ReLU(), torch.nn.Linear(40, 10))
# optimiser = torch.optim.SGD(model.parameters(), lr=0.5)
# batches = torch.utils.data.DataLoader(list(zip(small[0].float(), glyphs.y_train)), batch_size=100, shuffle=True)
# for epoch in range(5):
#     for images, labels in batches:
#         optimiser.zero_grad()  # as in TwoLayer.step
#         loss = torch.nn.functional.cross_entropy(model(images), labels)
#         loss.backward()
#         optimiser.step()
#     print("epoch", epoch, "loss", round(loss.item(), 2))

# %% [markdown]
# **Dynamic or traced.** Your graph is built again by each run, so Python's `if` and `for` may decide what it contains.
# A *traced* graph is recorded once and then run without Python, which is faster and can be shipped. But the `if` is
# gone: the trace contains the branch of the example, forever.

# %% tags=["active-ipynb"]
# def double_or_negate(x):
#     if x.sum() > 0:
#         return 2 * x
#     return -x
#
#
# import warnings
#
# with warnings.catch_warnings():
#     warnings.simplefilter("ignore")  # torch warns of exactly this
#     traced = torch.jit.trace(double_or_negate, torch.ones(2))
# print("dynamic:", double_or_negate(-torch.ones(2)).tolist(), " traced:", traced(-torch.ones(2)).tolist())

# %% [markdown] question="autograd-q4"
# **Question 4.** Why is the traced function wrong here, and how could you have known without running it? Name one
# program from this notebook that a trace records correctly, and one kind of network that needs a dynamic graph.

# %% [markdown] answer="autograd-q4"
# ### BEGIN SOLUTION
# The trace recorded the operations for ones, whose sum is positive, so it always doubles; any branch on the values of
# a tensor is lost, and torch warns of it. TwoLayer.loss has no branch and is traced correctly. Networks whose steps
# depend on the data, such as a tree-shaped or variable-length recurrent network, need a dynamic graph.
# ### END SOLUTION

# %% [markdown]
# ## What to take home
#
# A gradient costs about as much as the function, whatever the number of inputs: each node multiplies what comes from
# above by what it knows, and sums over its uses. Backwards for many inputs, forwards for few; both together for second
# derivatives; and memory can be traded for time. Whenever a framework surprises you, ask what its graph is.
#
# **Where to look next.** Baydin et al., *Automatic differentiation in machine learning: a survey* (2018); Griewank and
# Walther, *Evaluating Derivatives* (2008), who prove the "cheap gradient" bound. The next assignment, `a01_knn`, needs
# no gradients at all; from `a02_linear_classifier` on, you will derive many by hand, and know how to check them.
