"""Short answers: one of several choices, or a number. A message says that an answer is wrong, not what is right."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from autograder.checks.compare import returned
from autograder.checks.describe import describe, number
from autograder.checks.expect import Mismatch, known_mistake
from autograder.checks.task import BadCheck
from autograder.checks.values import Tolerance, kind_of_number
from autograder.core.message import Message, name_list


def expect_choice(
    actual: Any,
    expected: str | Collection[str] | None,
    choices: Sequence[str],
    *,
    hints: Mapping[str, str] | None = None,
) -> None:
    """Require the right one of ``choices``, or all right ones as a list, tuple or set if ``expected`` is not a string.

    Upper and lower case, and spaces around an answer, do not matter. ``hints`` maps a wrong choice to what its student
    should think of. If ``expected`` is None, any of the choices is accepted, as in a public check, which must not
    contain the right one. Raises BadCheck if ``expected`` is none of the choices.
    """
    known = {_plain(choice): choice for choice in choices}
    if expected is None:
        right = set(known)
    else:
        right = {_plain(expected)} if isinstance(expected, str) else {_plain(choice) for choice in expected}
    if not right or not right <= known.keys():
        raise BadCheck(f"expect_choice: the right answer {describe(expected)} is not among the choices.")
    several = not isinstance(expected, str | None)
    given = list(actual) if several and type(actual) in (list, tuple, set, frozenset) else [actual]
    for answer in given:
        if type(answer) is not str or _plain(answer) not in known:
            form = Message("a list of some of") if several else Message("one of")
            shown = name_list([repr(choice) for choice in choices])
            raise Mismatch(
                Message(
                    "expected {form} {shown}, got {answer}{returned}",
                    form=form,
                    shown=shown,
                    answer=describe(answer),
                    returned=returned(answer),
                )
            )
    chosen = {_plain(answer) for answer in given}
    if expected is not None and chosen != right:
        hint = next((hint for choice, hint in (hints or {}).items() if _plain(choice) in chosen), "")
        text = (
            "this is not exactly what is right"
            if several
            else Message("{actual} is not the right answer", actual=describe(actual))
        )
        raise Mismatch(text, hint)


def expect_number(
    actual: Any,
    expected: float | None,
    *,
    rtol: float = 0.01,
    atol: float = 0.0,
    unit: str = "",
    mistakes: Mapping[str, float] | None = None,
) -> None:
    """Require a number with |actual - expected| <= atol + rtol*|expected|: one of Python, a decimal, a 0-d array.

    ``mistakes`` maps a hint to the wrong number that it explains. ``unit`` is named in messages. If ``expected`` is
    None, any number is accepted, as in a public check, which must not contain the right one.
    """
    value = actual.item() if issubclass(type(actual), np.generic) else actual
    value = float(value) if type(value) in (Decimal, Fraction) else value
    if kind_of_number(value) not in ("int", "float"):
        wanted = Message("a number in {unit}", unit=unit) if unit else Message("a number")
        shown = Message("{actual}{returned}", actual=describe(actual), returned=returned(actual))
        raise Mismatch(Message("expected {expected}, got {actual}", expected=wanted, actual=shown))
    found = float(value)
    if expected is None or abs(found - expected) <= atol + rtol * abs(expected):
        return
    hint = known_mistake(found, float(expected), Tolerance(rtol, atol), mistakes or {})
    raise Mismatch(Message("{number} is not the right number", number=f"{number(found)} {unit}".rstrip()), hint)


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
