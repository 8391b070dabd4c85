"""Compare a module with a formula that torch's operators compute with the same weights."""

from functools import partial

from torch import Tensor

from autograder import expect, expect_close, expect_equal, expect_same_gradients
from autograder.probes.layers import Formula, Recipe, complaint, replay

HELPERS = """
from autograder.probes.layers import load, outputs, tables

def double(module, x):
    return module.double().to(x.device)
"""


def random_like(rng, table: dict[str, Tensor]) -> dict[str, Tensor]:
    """Draw other weights and statistics of the same shapes, of a size that keeps numbers in range."""
    fresh = {}
    for name, value in table.items():
        fresh[name] = value
        if name == "running_var":
            fresh[name] = rng.uniform(*value.shape) + 0.5
        elif value.is_floating_point():
            fresh[name] = rng.normal(*value.shape) * (value[0].numel() ** -0.5 if value.ndim > 1 else 0.5)
    return fresh


def judge_module(
    student, rng, module, formula: Formula, x: Tensor, mistakes: dict[str, Formula] | None = None,
    *, keeps_input: bool = False, learns: bool = False,
):  # fmt: skip
    """Give the module random weights, and compare it with the formula in evaluation and in training mode.

    ``keeps_input``: check that the call leaves the input unchanged. ``learns``: compare the gradients too, in the input
    and in all parameters.
    """
    helper = student.define(HELPERS)
    module = helper.double(module, x)
    values = [random_like(rng, table) for table in helper.tables(module, x)]
    problem = complaint(formula, values, x)
    expect(not problem, f"The module is not built as described: {problem}.")
    helper.load(module, values, x)
    for train in (False, True):
        seen = student.inspect(helper.outputs, module, x, train=train)
        expect_close(
            seen.value,
            replay(formula, values, x, train=train),
            name="output in training mode" if train else "output in evaluation mode",
            mistakes={
                hint: lambda wrong=wrong, train=train: wrong(Recipe(values, train=train), x)
                for hint, wrong in (mistakes or {}).items()
            },
        )
        if keeps_input:
            expect_equal(seen.args[1], x, name="the input after the call")
        if learns:
            same = partial(replay, formula, values, train=train)
            expect_same_gradients(student, rng, module, same, x, weights=values, train=train)
