"""What wrong values of the right shape have in common: an order, a function of the right ones, or their places."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from autograder.checks.describe import number
from autograder.checks.values import Values, close
from autograder.core.message import Message

_FUNCTIONS: dict[str, Callable[[Values], Values]] = {  # of the expected values
    "These are the squares of the expected values: is a square root missing, or one square too many?": np.square,
    "These are the square roots of the expected values: is a square missing, or one root too many?": np.sqrt,
    "These are the exponentials of the expected values: is a logarithm missing, or one exp too many?": np.exp,
    "These are the logarithms of the expected values: is exp missing, or one logarithm too many?": np.log,
    "These are 1 divided by the expected values: is a quotient upside down?": np.reciprocal,
    "These are 1 minus the expected values: is a share, or a mask, that of the others?": lambda e: 1 - e,
    "Negative values became 0: does a clamp or a ReLU come where it should not?": lambda e: np.maximum(e, 0),
    "These are the absolute values of the expected ones: some should be negative.": np.abs,
}


def order(a: Values, e: Values, atol: float, rtol: float) -> str:
    """Return a hint for the right values in a wrong order along an axis, or anywhere, or an empty string."""
    if np.unique(e).size < 3:
        return ""
    for axis in range(e.ndim):
        if _agree(np.flip(a, axis), e, atol, rtol):
            return Message("The order along axis {axis} is reversed.", axis=axis)
        for step in (-1, 1) if e.shape[axis] > 2 else ():
            if _agree(np.roll(a, step, axis), e, atol, rtol):
                return Message("Along axis {axis}, every value is one place away from where it should be.", axis=axis)
    if not np.isnan(a).any() and _agree(np.sort(a, axis=None), np.sort(e, axis=None), atol, rtol):
        return "The values are right, but they are in other places."
    return ""


def function(a: Values, e: Values, atol: float, rtol: float) -> str:
    """Return a hint for a known function of the expected values, or an empty string."""
    tight = (min(atol, 1e-6) or 1e-12, min(rtol, 1e-5) or 1e-12) if e.size < 3 else (atol, rtol)
    with np.errstate(all="ignore"):
        for hint, apply in _FUNCTIONS.items():
            wrong = apply(e)
            if np.isfinite(wrong).all() and _agree(a, wrong, *tight) and not _agree(wrong, e, atol, rtol):
                return hint
        distance = float(a.flat[0]) - float(e.flat[0])
        if e.size > 2 and distance and _agree(a, e + distance, *tight) and not _agree(e + distance, e, atol, rtol):
            if distance > 0:
                return Message("Every value is too large by {distance}.", distance=number(distance))
            return Message("Every value is too small by {distance}.", distance=number(-distance))
    if _agree(np.abs(a), np.abs(e), atol, rtol):
        return "The absolute values are right, but some signs are wrong."
    return _cut_off(a, e, atol, rtol)


def _cut_off(a: Values, e: Values, atol: float, rtol: float) -> str:
    """Return a hint for values that are right between two bounds, at which the others stop, or an empty string."""
    low, high = float(a.min()), float(a.max())
    below, above = int(((a == low) & (e < low - atol)).sum()), int(((a == high) & (e > high + atol)).sum())
    if e.size < 6 or low == high or below + above < 2 or not _agree(a, np.clip(e, low, high), atol, rtol):
        return ""
    text = "The values are right, but none is below {low} or above {high}: does a clamp come where it should not?"
    if not below:
        text = "The values are right, but none is above {high}: does a clamp come where it should not?"
    elif not above:
        text = "The values are right, but none is below {low}: does a clamp come where it should not?"
    return Message(text, low=number(low), high=number(high))


def _at_a_bound(a: Values, e: Values) -> str:
    """Return a hint if several values are the same smallest or largest one, and should be beyond it, or ""."""
    for bound, beyond in ((float(a.min()), e < a.min()), (float(a.max()), e > a.max())):
        there = a == bound
        if e.size >= 6 and bound and there.sum() >= 3 and not there.all() and 2 * (there & beyond).sum() > there.sum():
            text = "Several values are exactly {bound}, and none is beyond it: does a clamp come where it should not?"
            return Message(text, bound=number(bound))
    return ""


def along_an_axis(a: Values, e: Values, atol: float, rtol: float) -> str:
    """Return a hint for a factor or a distance that each place along an axis has for itself, or an empty string."""
    for axis in range(e.ndim) if e.ndim > 1 and e.size >= 6 else ():
        others = tuple(other for other in range(e.ndim) if other != axis)
        if e.shape[axis] < 2 or e.size // e.shape[axis] < 2 or not np.ptp(e, axis=others).all():
            continue
        with np.errstate(all="ignore"):
            largest = np.abs(e).max(axis=others, keepdims=True) == np.abs(e)
            factors = np.where(largest, a / e, -np.inf).max(axis=others, keepdims=True)
            distances = (a - e).mean(axis=others, keepdims=True)
        if (close(a, e, atol, rtol).all(axis=others)).any():  # some places are right
            continue
        ones = {number(float(one)) for one in factors.reshape(-1)} & {"0", "1"}
        if (
            np.isfinite(factors).all()
            and not ones
            and (np.abs(factors - 1) > 0.01).any()
            and _agree(a, factors * e, atol, rtol)
        ):
            listed = ", ".join(number(float(one)) for one in factors.reshape(-1)[:3])
            text = (
                "Each place along axis {axis} has a factor of its own, which is too much: {listed}, ... Is a division "
                "by a length, a sum or a deviation missing there, or one too many?"
            )
            return Message(text, axis=axis, listed=listed)
        if np.isfinite(distances).all() and _agree(a, e + distances, atol, rtol):
            text = (
                "Each place along axis {axis} is off by a number of its own: is something added or subtracted there, "
                "such as a bias, a mean or a largest value, missing or too much?"
            )
            return Message(text, axis=axis)
    return ""


def places(a: Values, e: Values, atol: float, rtol: float) -> str:
    """Return a hint that says where the wrong values are, if they are together, or an empty string."""
    wrong = ~close(a, e, atol, rtol)
    if np.isfinite(a).all() and np.isfinite(e).all() and (hint := along_an_axis(a, e, atol, rtol)):
        return hint
    if wrong.all() or e.size < 6:
        return (_alike(a, e) if e.size >= 6 else "") or nearly(a, e) or _at_a_bound(a, e)
    return next(_together(wrong, e), "") or _zeros(a, e, wrong) or nearly(a, e) or _at_a_bound(a, e)


def nearly(a: Values, e: Values) -> str:
    """Return a hint for values that are all nearly right, or an empty string."""
    if not (np.isfinite(a).all() and np.isfinite(e).all()) or np.array_equal(a, np.round(a)):
        return ""
    near = 0.01 * np.abs(e) + 0.001 * np.abs(e).max() if e.size > 2 else 0.001 * np.abs(e)
    growth = np.abs(a) - np.abs(e)  # eps in a divisor makes all values smaller, and not moving makes some larger
    if (np.abs(a - e) > near).any() or ((growth > 0).any() and (growth < 0).any()):
        return ""
    return (
        "This is nearly right: is a small constant such as eps too large, missing or in another place, or does a "
        "rounding, a smoothed function such as softplus, or the last of many terms make the difference?"
    )


def _zeros(a: Values, e: Values, wrong: Values) -> str:
    if wrong.sum() < 3 or a[wrong].any() or e.dtype.kind != "f":  # a label may be 0
        return ""
    return "All wrong values are 0: are they left out, masked, or overwritten?"


def _together(wrong: Values, e: Values) -> Iterator[str]:
    if e.ndim > 1 and e.shape[-1] == e.shape[-2] > 2:
        diagonal = np.broadcast_to(np.eye(e.shape[-1], dtype=bool), e.shape)
        if not (wrong & ~diagonal).any():
            yield "Only values on the diagonal are wrong."
        if not (wrong & diagonal).any() and (wrong | diagonal).all():
            yield "Only the diagonal is right."
    for axis, size in enumerate(e.shape):
        if size < 3:
            continue
        others = tuple(other for other in range(e.ndim) if other != axis)
        (at,) = np.nonzero(wrong.any(axis=others))
        if 2 * int(wrong.sum()) < e.size // size * at.size or wrong.sum() < 3:  # too few to say that the place matters
            continue
        if at.tolist() == [0, size - 1]:
            yield Message(
                "Only the first and the last place along axis {axis} are wrong: look at the border.", axis=axis
            )
        elif at.tolist() == [0]:
            yield Message("Only the first place along axis {axis} is wrong.", axis=axis)
        elif at.tolist() == [size - 1]:
            yield Message("Only the last place along axis {axis} is wrong.", axis=axis)
        elif at.size <= min(3, size // 2) and np.all(wrong.take(at, axis)):
            listed = ", ".join(map(str, at.tolist()))
            yield Message("Along axis {axis}, only these places are wrong: {listed}.", axis=axis, listed=listed)
        elif at.tolist() == list(range(1, size)):
            yield Message("Along axis {axis}, the first place is right, and what comes after it is wrong.", axis=axis)
    for sign, name in ((e < 0, "below 0"), (e == 0, "0"), (e > 0, "above 0")):
        both = (e < 0).any() and (e > 0).any()  # where all others are 0, their sign says nothing
        if np.array_equal(wrong, sign) and (both or name == "0"):
            yield Message("Exactly those values are wrong that should be {sign}.", sign=Message(name))


def _alike(a: Values, e: Values) -> str:
    """Return a hint if values do not change along an axis, as they should, or an empty string."""
    if np.isnan(a).any():
        return ""
    for axis, size in enumerate(e.shape):
        if size > 1 and (np.ptp(a, axis=axis) == 0).all() and not (np.ptp(e, axis=axis) == 0).any():
            return Message("All values along axis {axis} are equal, and they should not be.", axis=axis)
    return ""


def _agree(a: Values, e: Values, atol: float, rtol: float) -> bool:
    return bool(close(a, e, atol, rtol).all())
