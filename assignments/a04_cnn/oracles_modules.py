"""Compare a module with a formula that torch's operators compute with the same weights."""

from functools import partial

from oracles_slips import slips
from torch import Tensor
from torch.nn import functional as F

from autograder import Message, expect, expect_close, expect_equal, expect_same_gradients, explain_errors
from autograder.probes.layers import Formula, Recipe, complaint, replay

HELPERS = """
import torch
from autograder.probes.layers import load, outputs, tables

def double(module, x):
    return module.double().to(x.device)

def trained(module, x):
    with torch.no_grad():
        module.train()(x)
    return tables(module, x)
"""


IN_FORWARD = {
    "must match the size": (
        "What is added must have equal shapes. Where channels or sizes change, the shortcut is a convolution with the "
        "same stride."
    ),
    "type": (
        "The module was converted to float64, but one of its layers was not. Layers in a plain list or dict do not "
        "belong to the module: use nn.ModuleList or nn.ModuleDict. Layers are made in __init__, not in forward."
    ),
}


def random_like(rng, table: dict[str, Tensor]) -> dict[str, Tensor]:
    """Draw other weights and statistics of the same shapes, of a size that keeps numbers in range.

    The scales of normalisations are large, so that some numbers exceed 6, where ReLU6 ends.
    """
    fresh = {}
    for name, value in table.items():
        fresh[name] = value
        if name == "running_var":
            fresh[name] = rng.uniform(*value.shape) + 0.5
        elif value.is_floating_point():
            scale = 3.0 if name == "weight" else 0.5
            fresh[name] = rng.normal(*value.shape) * (value[0].numel() ** -0.5 if value.ndim > 1 else scale)
    return fresh


class Counting(Recipe):
    """A recipe that also computes the running statistics after a batch in training mode."""

    def __init__(self, values: list[dict[str, Tensor]]) -> None:
        super().__init__(values, train=True)
        self.after: list[tuple[dict[str, Tensor], dict[str, Tensor]]] = []

    def norm(self, x: Tensor) -> Tensor:
        """Normalise the batch, and remember the layer with its new statistics."""
        before = self.left
        out = super().norm(x)
        used = next(table for table in before if not any(table is other for other in self.left))
        mean, variance = used["running_mean"].clone(), used["running_var"].clone()
        F.batch_norm(x, mean, variance, training=True, momentum=0.1)
        self.after.append((used, {"running_mean": mean, "running_var": variance}))
        return out


def judge_statistics(helper, module, formula: Formula, values: list[dict[str, Tensor]], x: Tensor) -> None:
    """Compare the running statistics after one batch in training mode with torch's, whose momentum is 0.1."""
    recipe = Counting(values)
    formula(recipe, x)
    found = helper.trained(module, x)
    expect(type(found) is list and len(found) == len(values), "The running statistics could not be read.")
    for table, right in recipe.after:
        now = found[next(i for i, other in enumerate(values) if other is table)]
        for name, expected in right.items():
            old = table[name]
            title = Message("{name} after a batch in training mode", name=name)
            expect_close(now[name], expected, name=title, mistakes={
                "The momentum is 0.9; torch's is the weight of the new batch, by default 0.1.": (
                    old + 9 * (expected - old)
                ),
                "The statistics did not change: is the layer in evaluation mode?": old,
            })  # fmt: skip


def judge_module(
    student, rng, module, formula: Formula, x: Tensor, mistakes: dict[str, Formula] | None = None,
    *, keeps_input: bool = False, learns: bool = False,
):  # fmt: skip
    """Give the module random weights, and compare it with the formula in evaluation and in training mode.

    ``keeps_input``: check that the call leaves the input unchanged. ``learns``: compare the gradients too, in the input
    and in all parameters, and the running statistics.
    """
    helper = student.define(HELPERS)
    module = helper.double(module, x)
    with explain_errors(IN_FORWARD):
        values = [random_like(rng, table) for table in helper.tables(module, x)]
    problem = complaint(formula, values, x)
    shapes = [tuple(table["weight"].shape) for table in values if "weight" in table]
    hint = Message(
        "Shapes of the weights that it uses, in order: {shapes}.",
        shapes=", ".join(map(str, shapes)) or Message("none"),
    )
    if any(len(s) == 4 and s[2] > 1 and str((s[0], 1, *s[2:])) in problem for s in shapes):
        hint = "A depthwise convolution has one filter for each channel, of one channel: groups=in_channels."
    expect(not problem, Message("The module is not built as described: {problem}.", problem=problem), hint)
    helper.load(module, values, x)
    wrong = (mistakes or {}) | slips(formula)
    for train in (False, True):
        seen = student.inspect(helper.outputs, module, x, train=train)
        expect_close(
            seen.value,
            replay(formula, values, x, train=train),
            name="output in training mode" if train else "output in evaluation mode",
            mistakes={hint: partial(replay, mistake, values, x, train=train) for hint, mistake in wrong.items()},
        )
        if keeps_input:
            expect_equal(seen.args[1], x, name="the input after the call")
        if learns:
            same = partial(replay, formula, values, train=train)
            expect_same_gradients(student, rng, module, same, x, weights=values, train=train)
    if learns:
        judge_statistics(helper, module, formula, values, x)
