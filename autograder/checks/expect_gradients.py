"""Compare the gradients of a student's module or function with those of an oracle, in inputs and parameters.

Parameters are matched by their values, so neither their names nor their layout matter: a fused projection, a transposed
matrix and tied weights need no care. The values must be random, or else equal numbers of different roles get mixed up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves, tree_map

from autograder.checks.compare import compare
from autograder.checks.describe import TENSORS
from autograder.checks.expect import Mismatch, expect_close, named
from autograder.checks.rng import Rng
from autograder.checks.task import BadCheck
from autograder.checks.values import Tolerance
from autograder.core.message import Message, either, joined, name_list
from autograder.probes.gradients import weighted_sum

SHOWN = 4  # names in one message
_STOPS = either([name_list(["detach()", ".data", "torch.no_grad()", ".item()", "torch.tensor(...)"]), "numpy"])
CUT = Message("Something on the way to the result stops the gradient. Look for {code}.", code=_STOPS)
_CUT_AT_INPUT = Message(
    "The gradients of all parameters are right, so the gradient stops where the input itself is used: on a shortcut, "
    "in a mean, in a mask. Look for {code}.",
    code=_STOPS,
)
NOT_FINITE = Message(
    "The gradient is nan or infinite. An operation on the way has no finite slope at its value, such as {code} at 0, "
    "or a division by 0. This holds even if the result does not use it: torch.where and a product with 0 do not remove "
    "nan. Change the value before that operation.",
    code=either([name_list(["sqrt()", "log()", "norm()"]), "x ** p"]),
)
_TOO_LARGE = Message(
    "The gradient is far too large: something is divided by a number near 0. Is a constant such as {eps} missing "
    "there, in another place, or much too small?",
    eps="eps",
)
TOO_LARGE_BY = 1e3  # times the largest right number
_NEARLY = Message(
    "The gradient is nearly right. Does a small constant such as {eps} have another value, or does a small part of the "
    "result pass no gradient?",
    eps="eps",
)
NEARLY = 1e-2  # of the largest right number
_FLOWS = Message(
    "The right gradient is 0 here: this value counts as a constant. Use {code} there.",
    code=either(["detach()", "torch.no_grad()"]),
)
Oracle = Callable[..., Any]


@dataclass(frozen=True)
class _Gradients:
    """The float tensors of a result and its gradients."""

    out: list[Tensor]
    inputs: list[Tensor | None]  # in each float tensor among the inputs
    parameters: dict[str, tuple[Tensor, Tensor | None]]  # by name: value and gradient


@dataclass(frozen=True)
class _Pair:
    """A gradient of the student's and the expected one."""

    name: str
    found: Tensor | None
    expected: Tensor

    def complaint(self, tolerance: Tolerance, overall: float) -> str:
        """Return how they differ; "" if they agree. ``overall`` is the largest expected number of all gradients."""
        atol, rtol = tolerance.by(self.expected.dtype)
        size = max(_largest(self.expected), 1e-2 * overall)
        found = torch.zeros_like(self.expected) if self.found is None else self.found
        difference = compare(found, self.expected, Tolerance(rtol, atol * size), check_dtype=False)
        if difference is None:
            return ""
        if self.found is None:
            return Message("no gradient reaches {name}", name=self.name)
        return Message("the gradient in {name} is wrong: {difference}", name=self.name, difference=difference.message)

    @property
    def finite(self) -> bool:
        """Whether the gradient is finite, or the expected one is not."""
        return self.found is None or bool(self.found.isfinite().all()) or not bool(self.expected.isfinite().all())


def expect_same_gradients(
    student: Any,
    rng: Rng,
    f: Any,
    oracle: Oracle,
    *inputs: Any,
    weights: Any = (),
    options: Mapping[str, Any] | None = None,
    train: bool | None = None,
    names: Sequence[str] = (),
    name: str = "",
    mistakes: Mapping[str, Oracle] | None = None,
    hint: str = "",
    rtol: float | None = None,
    atol: float | None = None,
) -> None:
    """Require that f, behind a handle, has the oracle's values, and its gradients in all inputs and parameters.

    f is a module, a method of one, or a function, and is called as ``f(*inputs, **options)``, in the mode ``train``
    unless that is None. Modules among the inputs count too. A module gets the dtype and device of the first float
    input: use float64. ``oracle(*inputs)`` computes the same by torch's operations and must not detach. ``weights`` are
    the tensors, in any nesting, that it takes from the student's module; parameters of modules that it builds itself
    are found without. The float tensors of the result are multiplied by random numbers and summed; results that the
    oracle does not have are ignored.

    ``names`` name the float tensors among the inputs. ``mistakes`` are oracles with wrong values or gradients, by hint.
    ``hint`` is for values that nothing else explains. ``atol`` is relative to the largest number of a gradient. Raises
    BadCheck if no gradient reaches the oracle's result.
    """
    right, douts = _by_oracle(oracle, inputs, weights, rng)
    helper = student.define("from autograder.probes.gradients import gradients")
    found = _read(helper.gradients(f, list(inputs), {"options": dict(options or {}), "douts": douts, "train": train}))
    wrong_values = [(known, partial(_values, mistaken, inputs)) for known, mistaken in (mistakes or {}).items()]
    _expect_values(found.out, right.out, rtol, name, wrong_values, hint)
    shown = names or titles(inputs)
    pairs = _pairs(found, right, shown)
    overall, tolerance = max([_largest(pair.expected) for pair in pairs], default=0.0), Tolerance(rtol, atol)

    def complaints(pairs: Sequence[_Pair]) -> dict[str, str]:
        found = {pair.name: pair.complaint(tolerance, overall) for pair in pairs}
        return {name: text for name, text in found.items() if text}

    wrong = complaints(pairs)
    if not wrong:
        return
    reason: str = _reason([pair for pair in pairs if pair.name in wrong], pairs, shown)
    for known, mistaken in (mistakes or {}).items():
        if not complaints(_pairs(found, _by_oracle(mistaken, inputs, weights, rng, douts)[0], shown)):
            reason = known
            break
    message = Message("The values are right, but {gradients}", gradients=listed(wrong, len(pairs)))
    raise Mismatch(named(name, message), reason)


def _reason(wrong: Sequence[_Pair], pairs: Sequence[_Pair], inputs: Sequence[str]) -> Message:
    """Return the hint for gradients that are wrong although the values are right."""
    if not all(pair.finite for pair in wrong):
        return NOT_FINITE
    if not any(pair.expected.any() for pair in wrong):
        return _FLOWS
    largest = max(_largest(pair.expected) for pair in pairs)
    if any(pair.found is not None and _largest(pair.found) > TOO_LARGE_BY * largest for pair in wrong):
        return _TOO_LARGE
    if all(pair.found is not None and _largest(pair.found - pair.expected) < NEARLY * largest for pair in wrong):
        return _NEARLY
    behind = [pair for pair in pairs if pair.name not in inputs]
    return _CUT_AT_INPUT if behind and all(pair.name in inputs for pair in wrong) else CUT


def _values(oracle: Oracle, inputs: Sequence[Any]) -> list[Tensor]:
    """Return the float tensors of an oracle's result."""
    with torch.enable_grad():
        leaves = tree_map(lambda x: x.detach().clone().requires_grad_() if _is_float(x) else x, list(inputs))
        return [value.detach() for value in tree_leaves(oracle(*leaves)) if _is_float(value)]


def _expect_values(
    found: Sequence[Any],
    expected: Sequence[Tensor],
    rtol: float | None,
    name: str,
    mistakes: Sequence[tuple[str, Callable[[], list[Tensor]]]],
    hint: str,
) -> None:
    """Require the oracle's values of all float tensors in the result."""
    if len(found) != len(expected):
        counts = Message.counted(
            "The result has {n} float tensor; it should have {expected}.",
            "The result has {n} float tensors; it should have {expected}.",
            n=len(found),
            expected=len(expected),
        )
        raise Mismatch(named(name, counts), hint if found else CUT)
    for number, (value, right) in enumerate(zip(found, expected, strict=True)):
        one = (
            Message("tensor {number} of the result", number=number + 1) if len(expected) > 1 else Message("the result")
        )
        wrong = {known: partial(lambda values, n: values()[n], values, number) for known, values in mistakes}
        expect_close(value, right, rtol=rtol, check_dtype=False, name=named(name, one), mistakes=wrong, hint=hint)


def _by_oracle(
    oracle: Oracle, inputs: Sequence[Any], weights: Any, rng: Rng, douts: list[Tensor] | None = None
) -> tuple[_Gradients, list[Tensor]]:
    """Return values and gradients of the oracle, and the random numbers by which its results are multiplied."""
    leaves: list[Tensor] = []

    def leaf(value: Any) -> Any:
        if not _is_float(value):
            return value
        leaves.append(value.detach().clone().requires_grad_())
        return leaves[-1]

    with torch.enable_grad(), _requiring_gradients(weights):
        out = list(filter(_is_float, tree_leaves(oracle(*tree_map(leaf, list(inputs))))))
        douts = [rng.normal(*value.shape, dtype=value.dtype) for value in out] if douts is None else douts
        used = [(value, dout) for value, dout in zip(out, douts, strict=True) if value.requires_grad]
        if not used:
            raise BadCheck("No gradient reaches the oracle's result. It must not detach, and needs `weights`.")
        variables = _variables([value for value, _ in used])
        values, numbers = zip(*used, strict=True)
        found = torch.autograd.grad(weighted_sum(values, numbers), variables)
    table = {id(x): grad for x, grad in zip(variables, found, strict=True)}
    own = {id(x) for x in leaves}
    rest = {str(i): (x.detach(), table[id(x)]) for i, x in enumerate(variables) if id(x) not in own}
    return _Gradients([value.detach() for value in out], [table.get(id(x)) for x in leaves], dict(rest)), douts


@contextmanager
def _requiring_gradients(weights: Any) -> Iterator[None]:
    """Let autograd record operations with these tensors."""
    chosen = [x for x in tree_leaves(weights) if _is_float(x) and x.is_leaf and not x.requires_grad]
    for x in chosen:
        x.requires_grad_()
    try:
        yield
    finally:
        for x in chosen:
            x.requires_grad_(False)


def _variables(results: Sequence[Tensor]) -> list[Tensor]:
    """Return the leaves of autograd's graph on which the results depend."""
    found = {id(x): x for x in results if x.grad_fn is None}
    nodes: list[Any] = [x.grad_fn for x in results if x.grad_fn is not None]
    seen = set(nodes)
    while nodes:
        node = nodes.pop()
        if hasattr(node, "variable"):
            found[id(node.variable)] = node.variable
        following = {parent for parent, _ in node.next_functions if parent is not None} - seen
        seen |= following
        nodes += following
    return list(found.values())


def _read(answer: Any) -> _Gradients:
    """Read the result of `autograder.probes.gradients`, of which the student's process could have written anything."""
    if type(answer) is not dict or set(answer) != {"out", "inputs", "parameters"}:
        raise Mismatch("The gradients could not be computed.")
    out, inputs, parameters = answer["out"], answer["inputs"], answer["parameters"]
    if type(out) is not list or type(inputs) is not list or type(parameters) is not dict:
        raise Mismatch("The gradients could not be computed.")
    rows = {str(name)[:80]: row for name, row in parameters.items() if type(row) in (tuple, list) and len(row) == 2}
    readable = {name: (value, _gradient(grad, value)) for name, (value, grad) in rows.items() if _is_float(value)}
    return _Gradients(out, inputs, readable)


def _gradient(grad: Any, of: Tensor) -> Tensor | None:
    """Return a gradient from the student's process if it fits the tensor, or None."""
    return grad.detach() if _is_float(grad) and grad.shape == of.shape else None


def _pairs(found: _Gradients, right: _Gradients, names: Sequence[str]) -> list[_Pair]:
    """Return the gradients to compare: all inputs', and those of parameters whose values the oracle also has."""
    pairs = []
    for number, expected in enumerate(right.inputs):
        given = found.inputs[number] if number < len(found.inputs) else None
        like = expected if expected is not None else given
        if like is not None and _is_float(like):
            wanted = torch.zeros_like(like) if expected is None else expected
            pairs.append(_Pair(names[number], _gradient(given, like), wanted))
    return pairs + _parameter_pairs(found.parameters, list(right.parameters.values()))


def _parameter_pairs(
    found: Mapping[str, tuple[Tensor, Tensor | None]], right: Sequence[tuple[Tensor, Tensor | None]]
) -> list[_Pair]:
    """Match the numbers of all parameters by their values; gradients of equal numbers are added."""
    own, others = [value.flatten() for value, _ in found.values()], [value.flatten() for value, _ in right]
    if not own or not others:
        return []
    device = others[0].device
    numbers = torch.cat([x.to(device, torch.float64) for x in [*own, *others]])
    values, place = numbers.unique(return_inverse=True)
    places = place.split([len(x) for x in [*own, *others]])
    mine, theirs = places[: len(own)], places[len(own) :]

    def added(parts: Sequence[Tensor], pairs: Any) -> Tensor:
        sums = torch.zeros_like(values)
        for where, (_, grad) in zip(parts, pairs, strict=True):
            if grad is not None:
                sums.index_add_(0, where, grad.flatten().to(sums))
        return sums

    got, expected = added(mine, found.values()), added(theirs, right)
    shared = torch.zeros_like(values, dtype=torch.bool)
    shared[torch.cat(list(theirs))] = True
    shared &= values != 0  # numbers that are zero have many roles
    pairs = []
    for (name, (value, grad)), where in zip(found.items(), mine, strict=True):
        if bool(shared[where].any()):
            wanted = torch.where(shared[where], expected[where], got[where]).reshape(value.shape)
            given = None if grad is None and not got[where].any() else got[where].reshape(value.shape)
            pairs.append(_Pair(Message("the parameter {name}", name=name), given, wanted))
    return pairs


def titles(inputs: Sequence[Any]) -> list[str]:
    """Return a name for each float tensor among the inputs."""
    names: list[str] = [
        Message("argument {number}", number=n)
        for n, value in enumerate(inputs, start=1)
        for _ in filter(_is_float, tree_leaves(value))
    ]
    return [Message("the input")] if len(names) == 1 else names


def listed(wrong: Mapping[str, str], count: int = 0) -> str:
    """Return the first wrong gradient in full and names of others; ``count`` is the number of all, 0 if not known."""
    first, *others = wrong
    sentences = [Message("{sentence}.", sentence=wrong[first])]
    if others:
        names = joined(Message(", "), others[:SHOWN])
        if len(others) > SHOWN and count:
            names = Message("{names} and {others} more", names=names, others=len(others) - SHOWN)
        elif len(others) > SHOWN:
            names = Message("{names} and more", names=names)
        sentences.append(Message("Also wrong: {names}.", names=names))
    fine = count - len(wrong)
    if fine > 1:
        sentences.append(Message("The other {number} gradients are right.", number=fine))
    return joined(" ", sentences)


def _largest(x: Tensor) -> float:
    return float(x.abs().max()) if x.numel() else 0.0


def _is_float(value: Any) -> bool:
    return type(value) in TENSORS and value.is_floating_point()
