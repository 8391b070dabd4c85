# %% [markdown]
# # Your own automatic differentiation
#
# Every framework for deep learning rests on one idea: write a program that computes a number, and get the derivative
# of that number by every input, at about the cost of the program itself. You build this machine: a graph that
# remembers how each number was made, gates that know their own derivative and nothing else, and one loop that goes
# backwards. Then you add what large models need: derivatives forwards, second derivatives without a matrix of second
# derivatives, and less memory.
#
# | part | you write | points | minutes |
# |---|---|---|---|
# | 1 A graph that remembers | `topological_order`, `backward`, `graph_table` | 11 | 60 |
# | 2 Gates | `unbroadcast`, `add`, `mul`, `div`, `power`, `exp`, `log`, `relu`, `maximum`, `sigmoid` | 21 | 85 |
# | 3 Matrices without Jacobians | `matmul`, `sum_over`, `softmax_cross_entropy` | 9 | 45 |
# | 4 Trust nothing: numeric gradients | `numeric_gradient` | 3 | 20 |
# | 5 Forwards, and second derivatives | `Dual`, `jvp`, `hvp` | 8 | 65 |
# | 6 Use it | `TwoLayer.loss`, `.step`, `checkpoint` | 7 | 60 |
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

# %% task="topological_order"
# About 25 minutes, medium. Stuck? hint("topological_order") shows a first step.
def topological_order(root: Var) -> list[Var]:
    """List all nodes that root was computed from, and root: parents before children, each node once.

    Works for chains of any length.

    Shapes:
        root  Var
        out   list of Vars, which ends with root
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="topological_order"
# check("autograd", task="topological_order")

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

# %% task="backward"
# About 25 minutes, medium. Stuck? hint("backward") shows a first step.
def backward(root: Var, grad: Tensor | None = None) -> None:
    """Add the gradient of root by each node that it was computed from to the node's grad, and root's own to its grad.

    Without grad, root must hold a single number, and its gradient is 1. A second call adds the same gradients again.
    Raises ValueError if root holds several numbers and grad is missing.

    Shapes:
        root  Var
        grad  the shape of root.value, the gradient of the final result by root; it is not changed
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="backward"
# check("autograd", task="backward")

# %% [markdown]
# ### Looking at a graph
#
# To see what a program does, draw its graph. The picture needs a table: a row for each node, with the numbers of the
# rows that it was computed from.

# %% task="graph_table"
# About 10 minutes, easy. Stuck? hint("graph_table") shows a first step.
def graph_table(root: Var) -> list[tuple[str, Tensor, Tensor | None, tuple[int, ...]]]:
    """Describe the graph of root: a row (name, value, grad, parents) for each node, in topological order.

    Shapes:
        root  Var
        out   list of rows; parents are the row numbers of the node's parents, in their order
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="graph_table"
# check("autograd", task="graph_table")

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

# %% task="unbroadcast"
# About 15 minutes, medium. Stuck? hint("unbroadcast") shows a first step.
def unbroadcast(grad: Tensor, shape: Sequence[int]) -> Tensor:
    """Sum a gradient over everything that broadcasting has added to or stretched in a tensor of this shape.

    Shapes:
        grad   a shape to which `shape` can be broadcast
        shape  of the operand
        out    shape
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="unbroadcast"
# check("autograd", task="unbroadcast")

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

# %% task="add"
# About 5 minutes, easy. Stuck? hint("add") shows a first step.
def add(a: Var | Tensor | float, b: Var | Tensor | float) -> Var:
    """a + b, with broadcasting.

    Shapes:
        a, b  shapes that broadcast together
        out   the broadcast shape; parents (a, b)
    """
    a, b = as_vars(a, b)
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="add"
# check("autograd", task="add")

# %%
def sub(a: Var | Tensor | float, b: Var | Tensor | float) -> Var:
    """a - b, with broadcasting."""
    a, b = as_vars(a, b)
    return add(a, neg(b))


# %% task="mul"
# About 5 minutes, easy. Stuck? hint("mul") shows a first step.
def mul(a: Var | Tensor | float, b: Var | Tensor | float) -> Var:
    """a * b, element by element, with broadcasting.

    Shapes:
        a, b  shapes that broadcast together
        out   the broadcast shape; parents (a, b)
    """
    a, b = as_vars(a, b)
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="mul"
# check("autograd", task="mul")

# %% task="div"
# About 10 minutes, easy. Stuck? hint("div") shows a first step.
def div(a: Var | Tensor | float, b: Var | Tensor | float) -> Var:
    """a / b, element by element, with broadcasting.

    Shapes:
        a, b  shapes that broadcast together
        out   the broadcast shape; parents (a, b)
    """
    a, b = as_vars(a, b)
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="div"
# check("autograd", task="div")

# %% task="power"
# About 10 minutes, medium. Stuck? hint("power") shows a first step.
def power(a: Var, n: float) -> Var:
    """a ** n for a number n. The gradient of a ** 0 is 0 everywhere, also where a is 0.

    Shapes:
        a    any shape
        n    int or float
        out  the shape of a; parents (a,)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="power"
# check("autograd", task="power")

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

# %% task="exp"
# About 5 minutes, easy. Stuck? hint("exp") shows a first step.
def exp(a: Var) -> Var:
    """e ** a. Shapes: a any shape, out the shape of a; parents (a,)."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="exp"
# check("autograd", task="exp")

# %% task="log"
# About 5 minutes, easy. Stuck? hint("log") shows a first step.
def log(a: Var) -> Var:
    """The natural logarithm. Shapes: a any shape, positive; out the shape of a; parents (a,)."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="log"
# check("autograd", task="log")

# %% task="relu"
# About 5 minutes, easy. Stuck? hint("relu") shows a first step.
def relu(a: Var) -> Var:
    """max(a, 0), element by element; where a is 0, no gradient passes.

    Shapes:
        a    any shape
        out  the shape of a; parents (a,)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="relu"
# check("autograd", task="relu")

# %% task="maximum"
# About 15 minutes, medium. Stuck? hint("maximum") shows a first step.
def maximum(a: Var | Tensor | float, b: Var | Tensor | float) -> Var:
    """The larger of a and b, element by element, with broadcasting. Where they are equal, each gets half the gradient.

    Shapes:
        a, b  shapes that broadcast together
        out   the broadcast shape; parents (a, b)
    """
    a, b = as_vars(a, b)
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="maximum"
# check("autograd", task="maximum")

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

# %% task="sigmoid"
# About 10 minutes, easy. Stuck? hint("sigmoid") shows a first step.
def sigmoid(a: Var) -> Var:
    """1 / (1 + exp(-a)) as one node, without overflow for large a of either sign.

    Shapes:
        a    any shape
        out  the shape of a, in [0, 1]; parents (a,)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="sigmoid"
# check("autograd", task="sigmoid")

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
# YOUR ANSWER HERE

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

# %% task="matmul"
# About 15 minutes, medium. Stuck? hint("matmul") shows a first step.
def matmul(a: Var | Tensor, b: Var | Tensor) -> Var:
    """The matrix product a @ b; axes before the last two are a batch, and broadcast. No Jacobian is formed.

    Shapes:
        a    (..., n, m)
        b    (..., m, p)
        out  (..., n, p); parents (a, b)
    """
    a, b = as_vars(a, b)
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="matmul"
# check("autograd", task="matmul")

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

# %% task="sum_over"
# About 10 minutes, easy. Stuck? hint("sum_over") shows a first step.
def sum_over(a: Var, dim: int | None = None, keepdim: bool = False) -> Var:
    """The sum over one axis, or over all of them.

    Shapes:
        a        any shape
        dim      an axis, also counted from the end (-1); None for all
        keepdim  whether the axes that are summed stay, with length 1
        out      as torch's sum; parents (a,)
    """

    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="sum_over"
# check("autograd", task="sum_over")

# %% task="softmax_cross_entropy"
# About 20 minutes, medium. Stuck? hint("softmax_cross_entropy") shows a first step.
def softmax_cross_entropy(scores: Var, y: Tensor) -> Var:
    """The mean over images of -log(softmax(scores)[y]). Scores of thousands give no infinity and no nan.

    Shapes:
        scores  (N, C)  float
        y       (N,)    int64, the right classes
        out     ()      parents (scores,)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="softmax_cross_entropy"
# check("autograd", task="softmax_cross_entropy")

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

# %% task="numeric_gradient"
# About 20 minutes, easy. Stuck? hint("numeric_gradient") shows a first step.
def numeric_gradient(f: Callable[[Tensor], Any], x: Tensor, h: float | None = None) -> Tensor:
    """The gradient of f at x by central differences. f is called twice for each element of x; x is not changed.

    Shapes:
        f    a function of a tensor like x; its result is a single number, as a 0-d tensor or a float
        x    any shape, float
        h    the step; None means 1e-5 in float64 and 1e-2 in other dtypes
        out  the shape and dtype of x
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="numeric_gradient"
# check("autograd", task="numeric_gradient")

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

# %% task="Dual"
# About 30 minutes, medium. Stuck? hint("Dual") shows a first step.
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
        # YOUR CODE HERE
        raise NotImplementedError()

    __radd__, __rmul__ = __add__, __mul__

    def __truediv__(self, other: Any) -> Dual:
        return self * Dual.of(other) ** -1

    def __rtruediv__(self, other: Any) -> Dual:
        return Dual.of(other) / self

    def __pow__(self, n: float) -> Dual:
        """self ** n for a number n."""
        if n == 0:
            return Dual(self.value**0, self.tangent * 0)
        # YOUR CODE HERE
        raise NotImplementedError()

    def __matmul__(self, other: Any) -> Dual:
        """The matrix product self @ other; other is a Dual, a Var or a tensor."""
        other = Dual.of(other)
        # YOUR CODE HERE
        raise NotImplementedError()

    def __rmatmul__(self, other: Any) -> Dual:
        return Dual.of(other) @ self

    def exp(self) -> Dual:
        # YOUR CODE HERE
        raise NotImplementedError()

    def log(self) -> Dual:
        # YOUR CODE HERE
        raise NotImplementedError()

    def sin(self) -> Dual:
        return Dual(self.value.sin(), self.value.cos() * self.tangent)

    def relu(self) -> Dual:
        """max(self, 0); where the value is 0, so is the tangent."""
        # YOUR CODE HERE
        raise NotImplementedError()

    def sigmoid(self) -> Dual:
        # YOUR CODE HERE
        raise NotImplementedError()

    def maximum(self, other: Any) -> Dual:
        return other + (self - other).relu()

    def sum(self, dim: int | None = None, keepdim: bool = False) -> Dual:
        """The sum over an axis, or over all; arguments as those of torch's sum."""
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="Dual"
# check("autograd", task="Dual")

# %% task="jvp"
# About 10 minutes, easy. Stuck? hint("jvp") shows a first step.
def jvp(f: Callable[[Any], Any], x: Tensor, v: Tensor) -> Tensor:
    """The Jacobian of f at x times v, by one run of f with dual numbers. If f does not use x, it is 0.

    Shapes:
        f    a function of a tensor like x, written with operators and methods; it returns a Dual if it gets one
        x    any shape, float
        v    the shape of x
        out  the shape of f(x)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="jvp"
# check("autograd", task="jvp")

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
# YOUR ANSWER HERE

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

# %% task="hvp"
# About 25 minutes, hard. Stuck? hint("hvp") shows a first step.
def hvp(f: Callable[[Any], Any], x: Tensor, v: Tensor) -> Tensor:
    """The Hessian of f at x times v, exactly, with one call of f and without the Hessian. 0 where f is linear.

    Shapes:
        f    a function of a tensor like x, written with operators and methods, to a single number
        x    any shape, float
        v    the shape of x
        out  the shape of x
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="hvp"
# check("autograd", task="hvp")

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

# %% task="TwoLayer.loss TwoLayer.step"
# About 25 minutes, medium. Stuck? hint("TwoLayer.loss") or hint("TwoLayer.step") shows a first step.
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
        # YOUR CODE HERE
        raise NotImplementedError()

    def step(self, x: Tensor, y: Tensor, learning_rate: float) -> float:
        """Move each parameter once against its gradient, and return the loss before the step, as a number or a tensor.

        The tensors that were given to __init__ are not changed. Shapes: x (N, D), y (N,), out ().
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="TwoLayer.loss"
# check("autograd", task="TwoLayer.loss")

# %% tags=["active-ipynb"] grade="TwoLayer.step"
# check("autograd", task="TwoLayer.step")

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

# %% task="checkpoint"
# About 35 minutes, hard. Stuck? hint("checkpoint") shows a first step.
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
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="checkpoint"
# check("autograd", task="checkpoint")

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
# YOUR ANSWER HERE

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
# YOUR ANSWER HERE

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
