"""The expectations of checks. Each function returns None or raises Mismatch with a sentence for the student.

``actual`` may be any object: whatever it is, no other exception than Mismatch is raised. Knows nothing about points.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from autograder.checks.compare import Difference, compare, returned, unusable
from autograder.checks.describe import TENSORS, cut, describe, shape_text
from autograder.checks.mistakes import likely_mistake, usual_cause
from autograder.checks.values import EXACT, Tolerance, kind_of_number
from autograder.checks.wrong_forms import one_number, other_shape
from autograder.core.errors import GradlabError
from autograder.core.message import Message, joined
from autograder.core.report import Cause

LIMIT = 2000  # characters of one message
IN_PLACE_HINT = "Use x = x - m instead of x -= m, and neither x[...] = ... nor a method_() on an argument."
MODE_HINT = "Remember `mode = model.training` and call `model.train(mode)` at the end. A loss calls neither of them."
FROZEN_HINT = (
    "An optimiser changes its own parameters only, so no others need be frozen. Where no gradient passes at all, use "
    "torch.no_grad() or detach(): they leave the parameters as they are."
)

Mistakes = Mapping[
    str, Any
]  # hint -> the wrong value that it explains, or a function without arguments that computes it


class Mismatch(GradlabError):
    """A student's value is wrong. ``message`` describes the difference, ``hint`` suggests what to look at.

    ``difference`` has the two values, where they were compared. ``explained`` is false where the hint says at most
    what the wrong values have in common, not what the mistake is; ``subject`` is the name of what was compared.
    """

    def __init__(
        self,
        message: str,
        hint: str = "",
        cause: Cause = Cause.WRONG,
        difference: Difference | None = None,
        *,
        explained: bool = True,
        subject: str = "",
    ) -> None:
        self.message, self.hint, self.cause = cut(Message.of(message), LIMIT), cut(hint, LIMIT), cause
        self.difference = difference
        self.explained, self.subject = explained and bool(hint), subject
        super().__init__(self.message)

    def __str__(self) -> str:
        return f"{self.message}\nHint: {self.hint}" if self.hint else self.message


def expect(condition: object, message: str, hint: str = "") -> None:
    """Require a condition, with a message of the check. It is a bool, or a 0-d tensor or numpy scalar of bools.

    Every other object counts as false, so that no object of a student can pretend to be true.
    """
    kind = type(condition)
    if kind in TENSORS or kind is np.ndarray or issubclass(kind, np.generic):
        holds = compare(condition, True, EXACT) is None
    else:
        holds = condition is True
    if not holds:
        raise Mismatch(message, hint)


def expect_equal(
    actual: Any,
    expected: Any,
    *,
    mistakes: Mistakes | None = None,
    check_dtype: bool = True,
    name: str = "",
    hint: str = "",
) -> None:
    """Require exact equality of numbers, strings, None, lists, tuples, dicts, sets, tensors, and any nesting of them.

    True differs from 1, and 1 from 1.0; a list is accepted for a tuple. For an int, a float or a bool, a 0-d tensor or
    numpy scalar of its kind passes. Tensors must agree in shape, dtype, device and every value. nan equals nan.
    The hint is for values that neither ``mistakes`` nor the grader can explain.
    """
    _expect(actual, expected, EXACT, mistakes, check_dtype, name, hint)


def expect_close(
    actual: Any,
    expected: Any,
    *,
    rtol: float | None = None,
    atol: float | None = None,
    mistakes: Mistakes | None = None,
    check_dtype: bool = True,
    name: str = "",
    hint: str = "",
) -> None:
    """Require |actual - expected| <= atol + rtol*|expected| for tensors, arrays, numbers, and containers of them.

    If one number is expected, as a Python number or a 0-d tensor, then an int, a float, a 0-d tensor and a numpy scalar
    are accepted, but not a bool and not the shape [1]. The default tolerance is that of the coarser dtype: float64
    1e-6 + 1e-5*|e|, float32 1e-5 + 1e-4*|e|, float16 and bfloat16 1e-2 + 1e-2*|e|; whole numbers must be equal.
    The hint is for values that neither ``mistakes`` nor the grader can explain.
    """
    _expect(actual, expected, Tolerance(rtol, atol), mistakes, check_dtype, name, hint)


def expect_shape(actual: Any, shape: Sequence[int | None], name: str = "", hint: str = "") -> None:
    """Require a tensor or array of this shape, in which None means any size. A number has the shape ()."""
    wanted = tuple(shape)
    if type(actual) not in TENSORS and type(actual) is not np.ndarray:
        if wanted == () and kind_of_number(actual):
            return
        kind = Message("a tensor") if "torch" in sys.modules else Message("an array")
        text = Message(
            "expected {kind} of shape {wanted}, got {actual}{returned}",
            kind=kind,
            wanted=shape_text(wanted),
            actual=describe(actual),
            returned=returned(actual),
        )
        raise Mismatch(named(name, text), hint)
    if type(actual) is not np.ndarray and actual.is_nested:
        raise Mismatch(named(name, unusable(actual)))
    found = tuple(actual.shape)
    if len(found) != len(wanted) or any(w is not None and w != f for w, f in zip(wanted, found, strict=True)):
        raise Mismatch(
            named(
                name,
                Message("expected shape {wanted}, got {found}", wanted=shape_text(wanted), found=shape_text(found)),
            ),
            hint or other_shape(found, wanted),
        )


def expect_type(actual: Any, kind: type | tuple[type, ...], name: str = "") -> None:
    """Require exactly one of these types: True is not an int. A Parameter counts as a tensor."""
    kinds = kind if isinstance(kind, tuple) else (kind,)
    found = type(actual)
    if found in TENSORS:
        import torch

        found = torch.Tensor
    if found not in kinds:
        wanted = joined(Message(" or "), ["None" if k is type(None) else k.__name__ for k in kinds])
        raise Mismatch(
            named(
                name,
                Message(
                    "expected a value of type {wanted}, got {actual}{returned}",
                    wanted=wanted,
                    actual=describe(actual),
                    returned=returned(actual),
                ),
            ),
            one_number(actual, kinds[0]) if kinds[0] in (int, float, bool) else "",
        )


def expect_unchanged(seen: Any, *inputs: Any) -> None:
    """Require that an inspected call (``student.inspect``) did not change its positional arguments."""
    for sentence in changed_in_place(inputs, seen.args):
        raise Mismatch(sentence, IN_PLACE_HINT)


def changed_in_place(before: Sequence[Any], after: Sequence[Any]) -> Iterator[Message]:
    """Yield a sentence for each argument that a call changed."""
    for number, (given, left) in enumerate(zip(before, after, strict=False), start=1):
        if compare(left, given, EXACT) is not None:
            yield Message("The call changed its argument {number} in place.", number=number)


def expect_vectorised(few: Any, many: Any, *, few_inputs: str, many_inputs: str, hint: str) -> None:
    """Require about as many torch operations in a measured call with many inputs as in one with few."""
    expect(
        many.ops <= 2 * few.ops + 20,
        Message.counted(
            "{few_inputs} took {n} torch operation, {many_inputs} took {many}.",
            "{few_inputs} took {n} torch operations, {many_inputs} took {many}.",
            n=few.ops,
            few_inputs=Message(few_inputs),
            many_inputs=Message(many_inputs),
            many=many.ops,
        ),
        hint=hint,
    )


def _expect(
    actual: Any,
    expected: Any,
    tolerance: Tolerance,
    mistakes: Mistakes | None,
    check_dtype: bool,
    name: str,
    hint: str,
) -> None:
    __tracebackhide__ = True  # debuggers then open in the caller, from which one `up` leads to the check
    found = compare(actual, expected, tolerance, check_dtype=check_dtype)
    if found is not None:
        known = known_mistake(actual, expected, tolerance, mistakes or {})
        likely, usual = likely_mistake(found, tolerance), usual_cause(found, tolerance)
        form = found.stage in ("type", "shape")  # the hint of the check is about values
        shown = known or likely or (form and usual) or hint or usual
        explained = bool(known) or found.stage != "values" or (bool(hint) and shown == hint and not mistakes)
        raise Mismatch(named(name, found), shown, difference=found, explained=explained, subject=name)


def known_mistake(actual: Any, expected: Any, tolerance: Tolerance, mistakes: Mistakes) -> str:
    """Return the hint of the first wrong value that the actual one agrees with, whatever its dtype, or an empty string.

    A wrong value that equals the expected one within the tolerance is ignored. It may have another shape.
    """
    for hint, wrong in mistakes.items():
        try:
            value = wrong() if callable(wrong) else wrong
        except Exception:  # a hint that cannot be computed must not replace the message
            continue
        if compare(value, expected, tolerance, check_dtype=False) is None:
            continue
        if compare(actual, value, tolerance, check_dtype=False) is None:
            return hint
    return ""


def named(name: str, found: Difference | str) -> str:
    """Return a message or a difference after the name of what was compared, if it has one."""
    message = found if isinstance(found, str) else found.message
    path = "" if isinstance(found, str) else found.path
    if not name:
        return Message("item {path}: {message}", path=path, message=message) if path else message
    known = name if isinstance(name, Message) else Message(name)
    return Message("{name}{path}: {message}", name=known, path=path, message=message)
