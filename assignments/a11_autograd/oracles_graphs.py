"""What the checks of graphs share: recipes, and judges of orders, gradients and tables."""

from itertools import combinations

import torch
from oracles import ENGINE, OPS, ancestors, judge_source, random_recipe, replay

from autograder import Message, StudentFault, expect, expect_equal, is_sequence

DIAMONDS = [("sin", 0), ("cos", 0), ("mix", 1, 2), ("sin", 3), ("cos", 3), ("mix", 4, 5), ("mul", 6, 6)]
FORK = [("sin", 0), ("mix", 1, 0)]
EXAMPLE = [("add", 0, 1), ("mul", 3, 2)]  # (x + y) z
SHARED_NODES = [("exp", 0), ("square", 1), ("add", 1, 2), ("exp", 3), ("sin", 3), ("add", 4, 5)]  # exp(u) + sin(u)
DEEP = (
    "Python stops functions that call themselves more than about 1,000 times deep; use a loop and a stack of your own."
)


def judge_order(student, values, recipe):
    """Require each ancestor of the last node once, parents before children."""
    count = len(values) + len(recipe)
    found = student.wrap(student.define(ENGINE).judged_order, student.topological_order)(values, recipe)
    expect(isinstance(found, list), "topological_order must return a list of Vars.")
    right = ancestors(recipe, len(values), count - 1)
    expect(-1 not in found, "The list contains something that is not a node of the graph.")
    twice = sorted({number for number in found if found.count(number) > 1}) if len(found) < 1000 else []
    hint = "Remember the nodes that were visited, in a set, and do not visit them again."
    expect(
        not twice,
        Message("The list has {found} entries, but the graph has {nodes} nodes.", found=len(found), nodes=len(right)),
        hint=hint,
    )
    missing = right - set(found)
    ends = {*range(len(values)), count - 1}  # the inputs and the root
    expect(
        not missing,
        Message("{missing} of {nodes} nodes are missing.", missing=len(missing), nodes=len(right)),
        hint="Inputs and root itself are nodes, too."
        if missing <= ends
        else "Go on to the parents of every node, however many nodes there are. Two nodes with equal values are two: "
        "put id(node) into the set.",
    )
    expect_equal(len(found), len(right), name="the length of the list")
    place = {number: i for i, number in enumerate(found)}
    early = [
        number
        for number in right
        if number >= len(values) and any(place[parent] > place[number] for parent in recipe[number - len(values)][1:])
    ]
    expect(
        not early,
        Message("{early} of {nodes} nodes come before one of their parents.", early=len(early), nodes=len(right)),
        hint="Append a node only after all its parents. If root is first in your list, it is in reverse order.",
    )


def judge_long_order(student, values, recipe):
    """Require the order of a chain that is too long for recursion."""
    try:
        judge_order(student, values, recipe)
    except StudentFault as fault:
        expect(
            "RecursionError" not in fault.kinds,
            Message("{nodes} nodes ended in a RecursionError.", nodes=len(recipe)),
            hint=DEEP,
        )
        raise


def run_backward(student, values, recipe, grad=None, **options):
    """Build the graph in the student's process, run the student's backward, and return the gradient of each node."""
    judge_source(student, "backward")
    run = student.wrap(student.define(ENGINE).judged_backward, student.backward)
    return run(values, recipe, grad, **options)


def last_path(values, recipe):
    """Compute gradients that are overwritten instead of added up."""
    nodes = replay(values, recipe)
    grads = {len(nodes) - 1: torch.ones_like(nodes[-1])}
    for step in reversed(range(len(recipe))):
        number = len(values) + step
        op, *parents = recipe[step]
        leaves = [nodes[parent].detach().requires_grad_() for parent in parents]
        answer = torch.autograd.grad(OPS[op](*leaves), leaves, grads[number])
        grads.update(zip(parents, answer, strict=True))
    return [grads.get(number) for number in range(len(nodes))]


def run_twice_with_leftovers(values, recipe, added=1):
    """Compute what two calls give that pass down the sum of both calls; root's own gradient grows by ``added``."""
    grads = [torch.zeros_like(node) for node in replay(values, recipe)]
    nodes = replay(values, recipe)
    for call in range(2):
        grads[-1] = torch.ones_like(grads[-1]) + added * call
        for step in reversed(range(len(recipe))):
            op, *parents = recipe[step]
            leaves = [nodes[parent].detach().requires_grad_() for parent in parents]
            out = OPS[op](*leaves)
            for parent, part in zip(parents, torch.autograd.grad(out, leaves, grads[len(values) + step]), strict=True):
                grads[parent] = grads[parent] + part
    return grads


def recipe_of_different_values(rng, values, steps):
    """Draw a graph in which no two nodes have the same value."""
    while True:
        recipe = random_recipe(rng, len(values), steps)
        nodes = [node.detach() for node in replay(values, recipe)]
        if not any(torch.equal(one, other) for one, other in combinations(nodes, 2)):
            return recipe


def judge_table(student, values, recipe, with_gradients):
    """Compare the table with the recipe, whatever the order of its rows."""
    run = student.wrap(student.define(ENGINE).judged_table, student.graph_table)
    rows = run(values, recipe, with_gradients)
    nodes = replay(values, recipe)
    expect(isinstance(rows, list) and all(len(row) == 4 for row in rows), "The table is a list of rows of four.")
    used = sorted(ancestors(recipe, len(values), len(nodes) - 1))
    expect_equal(
        len(rows), len(used), name="the number of rows", hint="Each node has one row, also if it is used twice."
    )
    # Values are all different here, so they say which node a row is.
    numbers = {}
    for place, row in enumerate(rows):
        expect(
            isinstance(row[1], torch.Tensor), Message("Row {row}: the second entry is the value, a tensor.", row=place)
        )
        matching = [number for number in used if torch.equal(nodes[number].detach(), row[1])]
        expect(len(matching) == 1, Message("Row {row}: no node of the graph has this value.", row=place))
        numbers[place] = matching[0]
    expect_equal(sorted(numbers.values()), used, name="the nodes in the table")
    for place, (name, _, grad, parents) in enumerate(rows):
        number = numbers[place]
        op, *inputs = (f"x{number}",) if number < len(values) else recipe[number - len(values)]
        expect_equal(name, op, name=Message("the name in row {row}", row=place))
        filled = torch.full_like(nodes[number].detach(), float(number)) if with_gradients else None
        expect_equal(grad, filled, name=Message("the gradient in row {row}", row=place),
                     hint="The third entry is the node's grad.")  # fmt: skip
        expect(
            is_sequence(parents),
            Message("Row {row}: the last entry is a tuple of row numbers.", row=place),
        )
        hint = (
            "Row numbers are places in the table, counted from 0, in the order of the node's parents; a parent that "
            "occurs twice is named twice."
        )
        named = [numbers.get(parent) if type(parent) is int else None for parent in parents]
        expect(
            named == inputs,
            Message("Row {row} ({op}): its parents are not in the rows {rows}.", row=place, op=op, rows=tuple(parents)),
            hint=hint,
        )
        expect(
            all(parent < place for parent in parents),
            Message("Row {row} comes before one of its parents.", row=place),
            hint="The rows are in the order of topological_order.",
        )
