"""What the checks of autograd share: graphs, functions, and torch's own gradients of both.

Vars never cross to the checks. A driver in the student's process builds them from recipes and returns tensors.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from autograder import expect_close, expect_unchanged, forbid
from autograder.probes.aliases import AUTOGRAD

# `node.backward(grad)` is the students' own; torch's Tensor.backward can do nothing where gradients are switched off.
READY_MADE = [rule for rule in AUTOGRAD if rule != "Tensor.backward"]
READY_MADE += ["torch.inference_mode", "torch.jit.*", "torch.overrides.*", "graphlib.*", "torch.utils.checkpoint.*"]
TASKS = [
    "topological_order", "backward", "graph_table", "unbroadcast", "add", "mul", "div", "power", "exp", "log", "relu",
    "maximum", "sigmoid", "matmul", "sum_over", "softmax_cross_entropy", "numeric_gradient", "Dual", "jvp", "hvp",
    "TwoLayer.loss", "TwoLayer.step", "checkpoint",
]  # fmt: skip

# Operations and functions of tensors; functions have operators and methods only, so that Vars and Duals fit, too.
SHARED = """
import torch
from torch.nn import functional as F

OPS = {
    "add": torch.add, "mul": torch.mul, "sub": torch.sub, "sin": torch.sin, "cos": torch.cos, "exp": torch.exp,
    "square": torch.square, "mix": lambda a, b: torch.sin(a + 2 * b), "matmul": torch.matmul, "div": torch.div,
    "sum": torch.sum, "relu": torch.relu, "log": torch.log, "sigmoid": torch.sigmoid, "maximum": torch.maximum,
}

def along(f, values, tangents):
    with torch.enable_grad():
        leaves = [value.detach().clone().requires_grad_() for value in values]
        out = f(*leaves)
        u = torch.zeros_like(out, requires_grad=True)
        row = torch.autograd.grad(out, leaves, u, create_graph=True)
        slope = sum((part * tangent).sum() for part, tangent in zip(row, tangents))
        return out.detach(), torch.autograd.grad(slope, u)[0]

def mixed(x):
    return ((x * x + 1).log() + x.sin() * x.sigmoid()).sum(dim=0)

def ratio(x):
    return (1 - x.exp()) / (2 + x * x) - 3 / (x ** 2 + 1.5)

def bent(x):
    return ((x - 0.1).relu() ** 3 + x * 0.5).sum(dim=1, keepdim=True)

def cubic(x):
    return (x ** 3 - 2 * x * x).sum()

def bowl(x):
    return ((1 + x * x).log().sum(dim=0) * x.sin().sum(dim=0)).sum() + (x.sigmoid() * x.exp()).sum()

def total(x):
    return (x + x).sum()

def quadratic(matrix):
    return lambda x: (x * (matrix @ x)).sum()

def through(left, right, shift):
    return lambda x: (left @ x @ right + shift).sin()

def linear(weights):
    return lambda x: (x * weights).sum()
"""
_shared: dict[str, Any] = {}
exec(SHARED, _shared)  # our own text, which also runs in the student's process
OPS = _shared["OPS"]

# Graphs of our own nodes, whose local gradients are torch's, and how gates are called.
ENGINE = (
    SHARED
    + """
def node(f, *parents, name=""):
    values = [parent.value for parent in parents]

    def pull(grad):
        with torch.enable_grad():
            leaves = [value.detach().clone().requires_grad_() for value in values]
            return torch.autograd.grad(f(*leaves), leaves, grad)

    return student.Var(f(*values), parents, pull, name)

def graph(values, recipe):
    nodes = [student.Var(value, name=f"x{number}") for number, value in enumerate(values)]
    for op, *parents in recipe:
        nodes.append(node(OPS[op], *[nodes[parent] for parent in parents], name=op))
    return nodes

def places(nodes, found):
    where = {id(each): number for number, each in enumerate(nodes)}
    return [where.get(id(each), -1) for each in found]

def collect(out, grad, inputs, parts):
    # All paths one after the other: slow, but gates have few.
    for number, each in enumerate(inputs):
        if out is each:
            parts[number] = grad if parts[number] is None else parts[number] + grad
            return
    if out.backward is not None:
        answer = out.backward(grad)
        if not isinstance(answer, (tuple, list)) or len(answer) != len(out.parents):
            raise TypeError(f"backward must return a tuple with a gradient for each parent: {len(out.parents)}")
        for parent, part in zip(out.parents, answer):
            collect(parent, part, inputs, parts)

def gate(f, values, grad, options=None, rest=()):
    with torch.no_grad():
        inputs = [student.Var(value) for value in values]
        out = f(*inputs, *rest, **(options or {}))
        if not isinstance(out, student.Var):
            raise TypeError(f"a gate must return a Var, not {type(out).__name__}")
        parts = [None] * len(inputs)
        collect(out, grad, inputs, parts)
        return out.value, parts

def judged_order(f):
    def order(values, recipe):
        with torch.no_grad():
            nodes = graph(values, recipe)
            return places(nodes, f(nodes[-1]))

    return order

def judged_backward(f):
    def gradients(values, recipe, grad=None, times=1):
        with torch.no_grad():
            nodes = graph(values, recipe)
            for _ in range(times):
                f(nodes[-1]) if grad is None else f(nodes[-1], grad)
            return [each.grad for each in nodes]

    return gradients

def judged_table(f):
    def table(values, recipe, with_gradients):
        with torch.no_grad():
            nodes = graph(values, recipe)
            for number, each in enumerate(nodes):
                each.grad = torch.full_like(each.value, float(number)) if with_gradients else None
            return [tuple(row) for row in f(nodes[-1])]

    return table

def nodes_made(f):
    def count(value):
        with torch.no_grad():
            start = student.Var(value)
            found, waiting = set(), [f(start)]
            while waiting:
                each = waiting.pop()
                if each is not start and id(each) not in found:
                    found.add(id(each))
                    waiting += each.parents
            return len(found)

    return count

def judged(f):
    return lambda values, grad, options, rest: gate(f, values, grad, options, rest)
"""
)

# Our versions of tasks, for code that calls them: made of what the tasks forbid.
_LENT = """
import graphlib
def unbroadcast(grad, shape):
    with torch.enable_grad():
        leaf = torch.zeros(tuple(shape), dtype=grad.dtype, device=grad.device, requires_grad=True)
        return torch.autograd.grad(leaf.expand(grad.shape), leaf, grad)[0]

def topological_order(root):
    parents, waiting = {}, [root]
    while waiting:
        each = waiting.pop()
        if each not in parents:
            parents[each] = each.parents
            waiting += each.parents
    return list(graphlib.TopologicalSorter(parents).static_order())

class Step(torch.autograd.Function):
    @staticmethod
    def forward(ctx, each, *parents):
        ctx.each = each
        return each.value.clone()

    @staticmethod
    def backward(ctx, grad):
        return (None, *ctx.each.backward(grad))

def backward(root, grad=None):
    with torch.enable_grad():
        made = {}
        for each in topological_order(root):
            inputs = [made[parent] for parent in each.parents]
            made[each] = Step.apply(each, *inputs) if inputs else each.value.detach().clone().requires_grad_()
            made[each].retain_grad()
        made[root].backward(grad)
    for each, tensor in made.items():
        if tensor.grad is not None:
            each.grad = tensor.grad if each.grad is None else each.grad + tensor.grad

def lent(op, name):
    return lambda *operands: node(op, *student.as_vars(*operands), name=name)

add, mul, div, matmul, maximum = (lent(OPS[op], op) for op in ("add", "mul", "div", "matmul", "maximum"))
exp, log, relu, sigmoid = (lent(OPS[op], op) for op in ("exp", "log", "relu", "sigmoid"))

def power(a, n):
    return node(lambda value: value ** n, a)

def sum_over(a, dim=None, keepdim=False):
    return node(lambda value: value.sum(dim=dim, keepdim=keepdim), a)

def softmax_cross_entropy(scores, y):
    return node(lambda value: F.cross_entropy(value, y), scores)

class TwoLayer:
    def loss(self, x, y):
        def of(W1, b1, W2, b2):
            return F.cross_entropy(F.linear(F.linear(x, W1.T, b1).relu(), W2.T, b2), y)

        return node(of, *[self.params[name] for name in ("W1", "b1", "W2", "b2")])

class Dual:
    # Along tensors by torch; where a value is a Var, products by (a + da)(b + db) - (a - da)(b - db) = 2(da b + a db).
    def __init__(self, value, tangent):
        self.value, self.tangent = value, tangent

    @staticmethod
    def of(x):
        return x if isinstance(x, Dual) else Dual(x, 0 * x)

    def linear(self, f):
        return Dual(f(self.value), f(self.tangent))

    def bilinear(self, other, f):
        other = Dual.of(other)
        sum_ = f(self.value + self.tangent, other.value + other.tangent)
        difference = f(self.value + -self.tangent, other.value + -other.tangent)
        return Dual(f(self.value, other.value), (sum_ + -difference) * 0.5)

    def along(self, f):
        return Dual(*along(f, [self.value], [self.tangent]))

    def __add__(self, other):
        other = Dual.of(other)
        return Dual(self.value + other.value, self.tangent + other.tangent)

    def __mul__(self, other):
        return self.bilinear(other, lambda a, b: a * b)

    def __matmul__(self, other):
        return self.bilinear(other, lambda a, b: a @ b)

    def __rmatmul__(self, other):
        return Dual.of(other) @ self

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + -1.0 * Dual.of(other)

    def __rsub__(self, other):
        return -self + other

    def __pow__(self, n):
        product = self
        for _ in range(n - 1):
            product = product * self
        return product if n > 0 else self.along(lambda x: x ** n)

    def __truediv__(self, other):
        return self * Dual.of(other).along(torch.reciprocal)

    def __rtruediv__(self, other):
        return Dual.of(other) / self

    def sum(self, dim=None, keepdim=False):
        return self.linear(lambda x: x.sum(dim=dim, keepdim=keepdim))

    def maximum(self, other):
        return other + (self - other).relu()

for name in ("exp", "log", "sin", "cos", "relu", "sigmoid"):
    setattr(Dual, name, lambda self, op=OPS[name]: self.along(op))
"""
GATES = (
    "unbroadcast", "add", "mul", "div", "power", "exp", "log", "relu", "maximum", "sigmoid", "matmul", "sum_over",
    "softmax_cross_entropy",
)  # fmt: skip


def loans(*names: str) -> str:
    """Return source that defines LOANS with our versions of these tasks."""
    entries = ", ".join(f'"{name}": {name}' for name in names)
    return f"{ENGINE}{_LENT}\nLOANS = {{{entries}}}\n"


def judge_source(student, task: str) -> None:
    """Expect the student's own gradients. Other tasks have checks of their own."""
    apart = [name for name in TASKS if name.partition(".")[0] != task.partition(".")[0]]
    forbid(student, task, calls=READY_MADE, apart=apart)


def function(name: str, *constants: Any) -> Any:
    """Return one of the shared functions for tensors here; with constants, made by the shared maker of this name."""
    f = _shared[name]
    return f(*constants) if constants else f


def forward_mode(f: Any, values: Sequence[Tensor], tangents: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Compute f and its derivative in the direction of the tangents: u^T J v, differentiated by u."""
    return _shared["along"](f, values, tangents)


def replay(values: Sequence[Tensor], recipe: Sequence[Sequence[Any]]) -> list[Tensor]:
    """Compute a recipe's nodes with torch, which records them."""
    nodes = [value.detach().clone().requires_grad_() for value in values]
    for op, *parents in recipe:
        nodes.append(OPS[op](*[nodes[parent] for parent in parents]))
    for node in nodes:
        node.retain_grad()
    return nodes


def gradients(
    values: Sequence[Tensor], recipe: Sequence[Sequence[Any]], grad: Tensor | None = None
) -> list[Tensor | None]:
    """Compute the gradient of a recipe's last node by each node, by torch; None where it does not depend on it."""
    nodes = replay(values, recipe)
    nodes[-1].backward(grad)
    return [node.grad for node in nodes]


def ancestors(recipe: Sequence[Sequence[Any]], count: int, root: int) -> set[int]:
    """Return the numbers of the nodes that ``root`` was computed from, and root."""
    found, waiting = set(), [root]
    while waiting:
        number = waiting.pop()
        if number not in found:
            found.add(number)
            waiting += recipe[number - count][1:] if number >= count else []
    return found


def random_recipe(rng, inputs: int, steps: int) -> list[tuple[Any, ...]]:
    """Draw a graph in which nodes are used several times, also twice by the same node."""
    recipe: list[tuple[Any, ...]] = []
    for step in range(steps):
        last = inputs + step - 1
        parents = [max(0, last - rng.int(0, 4)) for _ in range(2)]
        op = rng.choice(["add", "mul", "mix", "sin", "cos", "sub"])
        recipe.append((op, parents[0]) if op in ("sin", "cos") else (op, *parents))
    return [*recipe, ("mix", inputs + steps - 1, 0)]


NOTHING_ADDED = "The value is that of the function itself: is each operand in its place, and nothing added or cut off?"
EXCHANGED = "The parents and their gradients are in the order of the operands, a and then b; two are exchanged here."
CHAIN = "Each parent gets the gradient from above times the derivative by its own value, and in its own shape."


def judge_gate(
    student,
    rng,
    task: str,
    values: Sequence[Tensor],
    options: dict[str, Any] | None = None,
    rest: Sequence[Any] = (),
    wrong: dict[str, Any] | None = None,
    oracle: Any = None,
    wrong_values: dict[str, Any] | None = None,
    hint: str = "",
) -> None:
    """Compare a gate's value and gradients with torch's, and require that its operands stay as they are."""
    # ``wrong`` maps hints to functions of (grad, *values), ``wrong_values`` to functions of the values.
    judge_source(student, task)
    leaves = [value.detach().clone().requires_grad_() for value in values]
    out = oracle(*leaves)
    grad = rng.normal(*out.shape, dtype=out.dtype)
    expected = torch.autograd.grad(out, leaves, grad)
    run = student.wrap(student.define(ENGINE).judged, getattr(student, task))
    seen = student.inspect(run, list(values), grad, options or {}, tuple(rest))
    value, parts = seen.value
    mistakes = {text: (lambda f=f: f(*values)) for text, f in (wrong_values or {}).items()}
    expect_close(value, out.detach(), name="the value", mistakes=mistakes, hint=hint or NOTHING_ADDED)
    mistakes = {text: (lambda f=f: list(f(grad, *values))) for text, f in (wrong or {}).items()}
    mistakes |= {EXCHANGED: [*reversed(expected)]} if len(expected) == 2 else {}
    expect_close(parts, list(expected), name="the gradients for the parents", mistakes=mistakes, hint=hint or CHAIN)
    expect_unchanged(seen, list(values), grad, options or {}, tuple(rest))
