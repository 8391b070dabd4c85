"""Public checks of autograd: the order of nodes, the loop backwards, the table, and unbroadcast."""

import torch
from oracles import gradients, judge_source, loans
from oracles_graphs import (
    DIAMONDS,
    EXAMPLE,
    FORK,
    SHARED_NODES,
    judge_long_order,
    judge_order,
    judge_table,
    last_path,
    run_backward,
    run_twice_with_leftovers,
)

from autograder import Message, autograd_gradients, expect_close, task


@task("topological_order", share=50)
def check_order_of_diamonds(student, rng):
    """Parents come before children, and each node is in the list once, also if it is used several times."""
    judge_source(student, "topological_order")
    judge_order(student, [rng.normal()], DIAMONDS)
    judge_order(student, [rng.normal() for _ in range(3)], EXAMPLE)
    judge_order(student, [rng.normal()], SHARED_NODES)


@task("topological_order", share=25)
def check_order_of_a_long_chain(student, rng):
    """A chain of 3,000 nodes works."""
    judge_source(student, "topological_order")
    judge_long_order(student, [rng.normal()], [("sin", number) for number in range(3000)])


BACKWARDS = "From root to the inputs: a node keeps its gradient, and passes it down when it is complete."


@task("backward", share=40, loans=loans("topological_order"))
def check_backward_of_small_graphs(student, rng):
    """The gradients of (x + y) z at (-2, 5, -4) are -4, -4 and 3; those of shared nodes agree with torch's."""
    worked = [torch.tensor(number, dtype=torch.float64, device=rng.device) for number in (-2.0, 5.0, -4.0)]
    shared = [([rng.normal()], recipe) for recipe in (FORK, DIAMONDS, SHARED_NODES)]
    for values, recipe in [(worked, EXAMPLE), *shared]:
        found = run_backward(student, values, recipe)
        expected = gradients(values, recipe)
        expect_close(found, expected, name="the gradients of all nodes", mistakes={
            "A node that is used several times must add up its gradients; yours has the last one only.": (
                lambda values=values, recipe=recipe: last_path(values, recipe)
            ),
            "The gradient of root by itself is 1: root.grad, too.": [*expected[:-1], None],
        }, hint=BACKWARDS)  # fmt: skip


@task("backward", share=20, loans=loans("topological_order"))
def check_backward_twice(student, rng):
    """A second call adds the same gradients again, in every node."""
    values = [rng.normal(3), rng.normal(3)]
    recipe = [("mul", 0, 1), ("sin", 2), ("mix", 3, 0), ("sum", 4)]
    expected = gradients(values, recipe)
    found = run_backward(student, values, recipe, times=2)
    expect_close(found, [2 * grad for grad in expected], name="the gradients of all nodes after two calls", mistakes={
        "The second call replaced the gradients of the first; it must add to them.": expected,
        "The second call passed down what the first one had left in grad. Pass down only what this call computes.": (
            lambda: run_twice_with_leftovers(values, recipe)
        ),
        "The second call passed down what the first one had left in grad. Only root started again at 0.": (
            lambda: run_twice_with_leftovers(values, recipe, added=0)
        ),
    })  # fmt: skip


@task("graph_table", share=50, loans=loans("topological_order"))
def check_table_of_a_shared_graph(student, rng):
    """exp(u) + sin(u) with u = exp(x) + exp(x)^2 has seven rows, and each names the rows of its parents."""
    judge_source(student, "graph_table")
    for values, recipe in (([rng.normal()], SHARED_NODES), ([rng.normal() for _ in range(3)], EXAMPLE)):
        judge_table(student, values, recipe, with_gradients=False)


@task("unbroadcast", share="2/3", any_dtype=True)
def check_unbroadcast_of_common_shapes(student, rng):
    """Gradients are summed over axes that broadcasting has added in front, and over axes of length 1."""
    judge_source(student, "unbroadcast")
    for shape, wide in (((4,), (3, 4)), ((3, 1), (3, 4)), ((3, 4), (3, 4)), ((1, 4), (2, 3, 4)), ((), (2, 3))):
        grad = rng.normal(*wide)
        (expected,) = autograd_gradients(lambda x, wide=wide: x.expand(wide), grad, rng.normal(*shape))
        added = len(wide) - len(shape)
        front = grad.sum(dim=tuple(range(added))) if added else grad
        out = student.unbroadcast(grad, shape)
        expect_close(out, expected, name=Message("from {wide} to {shape}", wide=wide, shape=shape), mistakes={
            "Axes of length 1 are not summed yet; keep them with keepdim=True.": front,
            "The sum is missing: each use of an element gives a gradient, and they add up.": (
                lambda grad=grad, shape=shape: grad.flatten()[: torch.Size(shape).numel()].reshape(shape)
            ),
            "Add the gradients up; this is their mean.": lambda expected=expected, grad=grad: (
                expected * max(expected.numel(), 1) / grad.numel()
            ),
            "The axis of length 1 must stay, with length 1: keepdim=True.": expected.squeeze(),
        })  # fmt: skip
