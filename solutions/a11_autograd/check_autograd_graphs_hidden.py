"""Hidden checks of autograd, graphs: random graphs, very many paths, long chains, and nothing changed in place."""

import torch
from check_autograd_graphs import BACKWARDS
from oracles import ENGINE, gradients, judge_source, loans, random_recipe
from oracles_graphs import judge_long_order, judge_order, judge_table, recipe_of_different_values, run_backward

from autograder import (
    Message,
    autograd_gradients,
    expect,
    expect_close,
    expect_equal,
    expect_raises,
    expect_unchanged,
    explain_errors,
    task,
)

PATHS = [step for block in range(40) for step in (("sin", 3 * block), ("cos", 3 * block), ("mix", 3 * block + 1,
         3 * block + 2))]  # fmt: skip
AGAIN = """
def ordered_twice(f):
    def orders(values, recipe):
        with torch.no_grad():
            nodes = graph(values, recipe)
            return [places(nodes, f(nodes[-1])) for _ in range(2)]

    return orders
"""


@task("topological_order", share=25)
def check_order_of_random_graphs(student, rng):
    """Random graphs, a second call, a single node, 2^40 paths, and a chain of 6,000 nodes with side branches."""
    judge_source(student, "topological_order")
    judge_order(student, [rng.normal()], [])
    for steps in (4, 12, 60):
        judge_order(student, [rng.normal(), rng.normal()], random_recipe(rng, 2, steps))
    orders = student.wrap(student.define(ENGINE + AGAIN).ordered_twice, student.topological_order)
    first, second = orders([rng.normal(), rng.normal()], random_recipe(rng, 2, 8))
    expect(
        sorted(second) == sorted(first),
        "A second call with the same root lists other nodes than the first.",
        hint="Remember the nodes that were visited in a set of this call, and leave the nodes as they are.",
    )
    judge_order(student, [rng.normal()], PATHS)
    branches = [("mix", number, max(0, number - 7)) for number in range(6000)]
    judge_long_order(student, [rng.normal()], branches)


@task("backward", share=20, loans=loans("topological_order"))
def check_backward_of_large_graphs(student, rng):
    """Random graphs, 2^40 paths, and a chain of 3,000 nodes."""
    chain = [("sin" if number % 2 else "cos", number) for number in range(3000)]
    cases = [([rng.normal(), rng.normal()], random_recipe(rng, 2, steps)) for steps in (5, 15, 40)]
    for values, recipe in [*cases, ([rng.normal()], PATHS), ([rng.normal()], chain)]:
        expect_close(
            run_backward(student, values, recipe),
            gradients(values, recipe),
            name="the gradients of all nodes",
            hint=BACKWARDS,
        )


ONE_NUMBER = (
    "Without grad, root must hold one number, whatever its axes: root.value.numel() == 1. Several numbers are a "
    "ValueError."
)


@task("backward", share=20, loans=loans("topological_order"))
def check_backward_with_a_gradient(student, rng):
    """A gradient from above is used and not changed; without it, a root of several numbers is an error."""
    values, recipe = [rng.normal(2, 3), rng.normal(3)], [("mul", 0, 1), ("sin", 2), ("add", 3, 0), ("add", 4, 4)]
    grad = rng.normal(2, 3)
    judge_source(student, "backward")
    run = student.wrap(student.define(ENGINE).judged_backward, student.backward)
    for times in (1, 3):
        seen = student.inspect(run, values, recipe, grad, times)
        expected = [times * part for part in gradients(values, recipe, grad)]
        expect_close(seen.value, expected, name=Message("the gradients of all nodes after {times} calls", times=times),
                     hint="root starts with the gradient that is given. Add without writing into it.")  # fmt: skip
        expect_unchanged(seen, values, recipe, grad)
    single = [rng.normal(1, 1), rng.normal(1, 1)]
    with explain_errors({"ValueError": ONE_NUMBER}):
        found = run(single, [("mix", 0, 1)])
    expect_close(found, gradients(single, [("mix", 0, 1)]), name="the gradients of a root of shape (1, 1)")
    with expect_raises(ValueError, hint=ONE_NUMBER):
        run(values, recipe)
    single_float = [rng.normal(dtype=torch.float32)]
    expect_close(run(single_float, [("sin", 0)]), gradients(single_float, [("sin", 0)]), name="gradients in float32")


@task("graph_table", share=50, loans=loans("topological_order"))
def check_table_of_random_graphs(student, rng):
    """Random graphs with gradients, a single node, and a node that is both factors of a product."""
    judge_source(student, "graph_table")
    pair = [rng.normal(3), rng.normal(3)]
    for values, recipe in (
        (pair, recipe_of_different_values(rng, pair, 9)),
        ([rng.normal()], []),
        ([rng.normal()], [("sin", 0), ("mul", 1, 1), ("sub", 2, 0)]),
    ):
        judge_table(student, values, recipe, with_gradients=True)
    rows = student.wrap(student.define(ENGINE).judged_table, student.graph_table)
    long = rows([rng.normal()], [("sin", number) for number in range(3000)], False)
    expect_equal(len(long), 3001, name="the number of rows of a long chain")


FROM_THE_BACK = (
    "Sum over all axes that were added in front, and over every axis where shape has a 1 and grad has not; axis i of "
    "shape is axis i + grad.ndim - len(shape) of grad."
)


@task("unbroadcast", share="1/3")
def check_unbroadcast_of_thirty_shapes(student, rng):
    """Random shapes of up to four axes, also () and (1,); the dtype stays and the gradient is not changed."""
    judge_source(student, "unbroadcast")
    pairs = [((), ()), ((), (3,)), ((1,), (1,)), ((1,), (4,)), ((1,), (1, 4)), ((1, 1), (2, 3)), ((1,), (2, 3, 1))]
    pairs.append(((2, 1), (5, 2, 1)))
    while len(pairs) < 30:
        wide = tuple(rng.int(1, 4) for _ in range(rng.int(0, 5)))
        cut = wide[rng.int(0, len(wide) + 1) :]
        pairs.append((tuple(size if rng.int(0, 2) else 1 for size in cut), wide))
    for shape, wide in pairs:
        for dtype in (torch.float64, torch.float32):
            grad = rng.normal(*wide, dtype=dtype)
            leaf = rng.normal(*shape, dtype=dtype)
            (expected,) = autograd_gradients(lambda x, wide=wide: x.expand(wide), grad, leaf)
            with explain_errors({"invalid for input": FROM_THE_BACK, "out of range": FROM_THE_BACK}):
                seen = student.inspect(student.unbroadcast, grad, shape)
            expect_close(seen.value, expected, name=Message("from {wide} to {shape}", wide=wide, shape=shape))
            expect_unchanged(seen, grad)
    view = rng.normal(4, 3).T
    expect_close(student.unbroadcast(view, (1, 4)), view.sum(0, keepdim=True), name="a gradient that is a view")
