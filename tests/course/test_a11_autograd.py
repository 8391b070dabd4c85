"""a11: what the public checks say about natural mistakes."""

from __future__ import annotations

import pytest

from tests.course.test_messages_a01_a05 import Mistake, not_named

pytestmark = pytest.mark.slow

RECURSION = """
order = []
def visit(node):
    if node not in order:
        for parent in node.parents:
            visit(parent)
        order.append(node)
visit(root)
return order
"""
IN_PLACE = """
if grad is None:
    grad = torch.ones_like(root.value)
root.grad = grad
for node in reversed(topological_order(root)):
    if node.backward:
        for parent, part in zip(node.parents, node.backward(node.grad)):
            parent.grad = part if parent.grad is None else parent.grad + part
"""
INSIDE = """
out = Var(a.value * b.value, (a, b))
def back(grad):
    a.grad = unbroadcast(grad * b.value, a.shape)
    b.grad = unbroadcast(grad * a.value, b.shape)
out.backward = back
return out
"""
MISTAKES: dict[str, list[Mistake]] = {
    "pytorch101.py": [
        ("mutate_tensor", ("x[index] = value", "x = x.clone()\n        x[index] = value"), "Write into x itself"),
        ("count_tensor_elements", "return x.numel()", "numel"),
        ("count_tensor_elements", "return len(x)", "the length of the first axis"),
        ("multiples_of_ten", ("stop + 1", "stop"), "arange leaves its end out"),
        ("shuffle_cols", ("[0, 0, 2, 1]", "[0, 0, 1, 2]"), "in this order"),
        ("challenge_mean_tensors", "return torch.cat(xs).cumsum(0)[ls.cumsum(0) - 1] / ls", "divide by its own length"),
        ("slice_indexing_practice", ("x[:, 2:3]", "x[:, 2]"), "keeps its axis"),
        ("slice_indexing_practice", ("x[:, 2:3]", "x[:, [2]]"), "lists of indices, masks and clone() make copies"),
        ("reverse_rows", "return x.flip(0)", "not allowed"),
        ("make_one_hot", ("max(x) + 1", "10"), "not always 10"),
        ("reshape_practice", "return x.reshape(3, 8)", "keep the order of the numbers"),
        ("normalize_columns", ("(len(x) - 1)", "len(x)"), "by M - 1"),
        ("challenge_get_uniques", ("order[first]", "first.nonzero()[:, 0]"), "places in the sorted tensor"),
    ],
    "autograd.py": [
        ("topological_order", RECURSION, "use a loop and a stack"),
        ("backward", IN_PLACE, "what the first one had left"),
        ("backward", ("found[id(parent)] + part if id(parent) in found else part", "part"), "has the last one only"),
        ("unbroadcast", ("[*range(added), *stretched]", "list(range(added))"), "Axes of length 1 are not summed yet"),
        ("mul", INSIDE, "must return a tuple with a gradient for each parent"),
        ("div", ("-grad", "grad"), "the wrong sign"),
        ("relu", "return Var(a.value.clamp(min=0), (a,), lambda grad: (grad,))", "passes everywhere"),
        ("sigmoid", "return 1 / (1 + (-a).exp())", "the number of nodes"),
        ("matmul", ("grad @ b.value.mT", "b.value.mT @ grad"), "the order of the factors matters"),
        ("softmax_cross_entropy", ("grad * slope / len(y)", "grad * slope"), "the loss is a mean"),
        ("softmax_cross_entropy", ("grad * slope / len(y)", "slope / len(y)"), "The gradient from above is missing"),
        ("numeric_gradient", "h = h or 1e-5\nreturn torch.stack([(f(x + h * e.reshape(x.shape)) - f(x)) / h"
         " for e in torch.eye(x.numel()).double()]).reshape(x.shape)", "one-sided"),
        ("Dual.__mul__", "return Dual(self.value * other.value, self.tangent * other.value)", "two terms"),
        ("jvp", "return f(Dual(x, v)).value", "return the tangent"),
        ("hvp", "point = Var(x)\nbackward(f(point))\nreturn point.grad", "This is the gradient"),
        ("TwoLayer.step", ("p.grad = None", "pass"), "set grad to None before each step"),
        ("checkpoint", "node = start = Var(x)\nfor f in fs:\n    node = f(node)\nbackward(node)\n"
         "return node.value, start.grad", "Keep each every-th value"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("file", MISTAKES)
def test_the_first_failed_check_names_the_mistake(file: str) -> None:
    assert not_named("a11_autograd", file, MISTAKES[file]) == []
