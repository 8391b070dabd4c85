"""Compare a gradient with central differences of the function itself, along a few random directions.

One direction costs five evaluations for any size of x. If one of them disagrees, single elements are examined to name
the first wrong one, so a gradient only fails because of a wrong element.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from autograder.checks.compare import Difference, compare, returned
from autograder.checks.describe import TENSORS, describe, shape_text
from autograder.checks.expect import Mismatch, Mistakes, known_mistake, named
from autograder.checks.mistakes import likely_mistake
from autograder.checks.numeric import Scalar, numeric_directional, numeric_gradient, one_thread, unit
from autograder.checks.rng import Rng
from autograder.checks.values import Tolerance, compare_numbers, kind_of_number
from autograder.core.message import Message, joined
from autograder.probes.gradients import weighted_sum

__all__ = ["autograd_gradients", "expect_gradient", "expect_gradients", "numeric_directional", "numeric_gradient"]

ELEMENTS = 1000  # with more elements, the first wrong one is found by bisection
STRICT = 1e-3  # fraction of the tolerance that is allowed along a direction
REDRAWS = 8  # directions to try until one has no kink


def autograd_gradients(function: Callable[..., Tensor], dout: Tensor, *inputs: Tensor) -> tuple[Tensor, ...]:
    """Compute the gradients of sum(function(*inputs) * dout) by torch's autograd.

    Shapes:
        dout    of function(*inputs)  gradient of a loss in the result
        inputs  any                   float
        out     of the inputs         gradient in each of them
    """
    leaves = [x.detach().clone().requires_grad_() for x in inputs]
    return torch.autograd.grad(weighted_sum([function(*leaves)], [dout]), leaves)


def expect_gradient(
    f: Scalar,
    x: Tensor,
    grad: Any,
    *,
    name: str = "",
    mistakes: Mistakes | None = None,
    directions: int = 6,
    rtol: float | None = None,
    atol: float | None = None,
    check_dtype: bool = True,
) -> None:
    """Require that ``grad``, a student's value, is the gradient of f at x.

    f belongs to the check: it maps a float64 tensor like x to a scalar. ``grad`` must have the shape, device and dtype
    of x. At an element with a kink of f, any finite value is accepted. Raises ValueError if all elements have a kink
    or f is not finite.

    Shapes:
        x     any   float
        grad  of x  dtype of x
    """
    x, tolerance = x.detach(), Tolerance(rtol, atol)
    found = compare(grad, x, tolerance, check_dtype=check_dtype)  # all of its stages count, except the values
    hint = ""
    if found is not None and found.stage == "shape":
        with one_thread():
            hint = _misplaced(_Oracle(f, x, tolerance.by(x.dtype)), grad)
    elif found is not None and found.stage != "values":
        hint = likely_mistake(found, tolerance)
    elif type(grad) in TENSORS and grad.is_complex():
        found = Difference("dtype", Message("expected real numbers, got {got}", got=describe(grad)), grad, x)
    else:
        given = grad.detach() if type(grad) in TENSORS else torch.tensor(_float(grad), dtype=x.dtype, device=x.device)
        atol, rtol = tolerance.by(given.dtype, x.dtype)
        with one_thread():
            found = _Oracle(f, x, (atol, rtol)).difference(given.to(torch.float64), directions)
        hint = likely_mistake(found, Tolerance(rtol, atol)) if found else ""
    if found is not None:
        known = known_mistake(grad, None, tolerance, mistakes or {}) if found.stage in ("shape", "values") else ""
        raise Mismatch(named(name, found), known or hint)


def expect_gradients(
    f: Callable[..., Any],
    inputs: Mapping[str, Tensor],
    grads: Any,
    *,
    name: str = "grads",
    mistakes: Mapping[str, Mapping[str, Any]] | None = None,
    **options: Any,
) -> None:
    """Require that ``grads``, a student's dict, has the gradient of f for each floating-point input, by the same keys.

    f is called with the inputs as keywords, in float64; inputs of whole numbers are passed unchanged. A mistake is a
    dict of wrong gradients for some or all keys. ``options`` are those of expect_gradient.
    """
    wanted = [key for key, value in inputs.items() if value.is_floating_point()]
    if type(grads) is not dict:
        raise Mismatch(
            Message(
                "{name}: expected a dict of gradients, got {got}",
                name=name,
                got=joined("", [describe(grads), returned(grads)]),
            )
        )
    found = compare(dict.fromkeys(grads), dict.fromkeys(wanted), Tolerance())
    if found is not None:
        raise Mismatch(named(name, found))
    at = {key: value.detach().to(torch.float64) if key in wanted else value for key, value in inputs.items()}
    for key in wanted:
        known = {hint: wrong[key] for hint, wrong in (mistakes or {}).items() if key in wrong}
        alone = _along(f, at, key)
        expect_gradient(alone, inputs[key], grads[key], name=f"{name}[{describe(key)}]", mistakes=known, **options)


def _along(f: Callable[..., Any], at: Mapping[str, Tensor], key: str) -> Scalar:
    """Return f as a function of one of its inputs."""
    return lambda x: f(**{**at, key: x})


@dataclass
class _Oracle:
    """The true gradient of f at x, computed as far as needed."""

    f: Scalar
    x: Tensor
    allowed: tuple[float, float]  # atol, rtol

    def __post_init__(self) -> None:
        self.x = self.x.to(torch.float64)
        self.rng = Rng("gradient", hashlib.sha256(self.x.cpu().numpy().tobytes()).hexdigest(), device=self.x.device)

    def difference(self, g: Tensor, directions: int) -> Difference | None:
        """Return where g, in float64, differs from the gradient, or None."""
        size = g.numel()
        finite = bool(g.isfinite().all())
        verdicts = [self.agrees(g, 0, size) for _ in range(directions if size else 0)] if finite else [False]
        if all(verdicts):
            return None
        if size <= ELEMENTS:
            return self._each(g)
        if finite and False not in verdicts:
            raise ValueError("No direction without a kink was found: choose an x away from the kinks of f.")
        strictness = (STRICT, 0.03, 1.0) if finite else (1.0,)
        return next(filter(None, (self._first(g, strict) for strict in strictness)), None)

    def agrees(self, g: Tensor, low: int, high: int, strict: float = STRICT) -> bool | None:
        """Return whether g agrees along a random direction of the elements [low, high); None if f has kinks there.

        One wrong element among many changes the slope little, so this test is strict. A difference is then confirmed
        at single elements, with the normal tolerance.
        """
        atol, rtol = self.allowed
        for _ in range(REDRAWS):
            v = torch.zeros(self.x.numel(), dtype=torch.float64, device=self.x.device)
            v[low:high] = self.rng.normal(high - low)
            v = (v / v.norm()).reshape(self.x.shape)
            slope = numeric_directional(self.f, self.x, v)
            if slope.smooth:
                usual = float((v * (atol + rtol * g.abs())).norm())  # errors of one size and random sign
                return abs(float((g * v).sum()) - slope.value) <= strict * usual + 4 * slope.error
        return None

    def _each(self, g: Tensor) -> Difference | None:
        """Compare every element; a finite value passes if f has a kink there."""
        expected, smooth = g.flatten().clone(), False
        for index, given in enumerate(expected.tolist()):
            slope = numeric_directional(self.f, self.x, unit(self.x, index))
            smooth |= slope.smooth
            if (slope.smooth or not math.isfinite(given)) and not abs(given - slope.value) <= slope.error:
                expected[index] = slope.value
        if not smooth:
            raise ValueError("f is not smooth in any element of x, or not finite: choose another x.")
        atol, rtol = self.allowed
        return compare(g, expected.reshape(g.shape), Tolerance(rtol, atol))

    def _first(self, g: Tensor, strict: float) -> Difference | None:
        """Find the first wrong element by bisection."""
        low, high = 0, g.numel()
        lost = (~g.isfinite()).flatten()
        if bool(lost.any()):
            low = int(lost.to(torch.uint8).argmax())
            high = low + 1
        while high - low > 1:
            middle = (low + high) // 2
            if all(self.agrees(g, low, middle, strict) in (True, None) for _ in range(2)):
                low = middle
            else:
                high = middle
        slope, given = numeric_directional(self.f, self.x, unit(self.x, low)), float(g.flatten()[low])
        if (not slope.smooth and math.isfinite(given)) or abs(given - slope.value) <= slope.error:
            return None
        atol, rtol = self.allowed
        message = compare_numbers(given, slope.value, Tolerance(rtol, atol))
        where = shape_text([int(i) for i in np.unravel_index(low, tuple(g.shape))])
        text = Message("the first wrong value is at {at}: {difference}", at=where, difference=message or "")
        return Difference("values", text, given, slope.value) if message else None


def _misplaced(oracle: _Oracle, grad: Any) -> str:
    """Return a hint for a gradient with the right values in the wrong shape, or an empty string."""
    if type(grad) not in TENSORS or grad.numel() != oracle.x.numel() or grad.is_complex() or not grad.isfinite().all():
        return ""
    g = grad.detach().to(torch.float64)
    transposed = [("The result is transposed.", g.t())] if g.dim() == 2 and g.t().shape == oracle.x.shape else []
    for hint, placed in [*transposed, ("The values are right; only the shape is wrong.", g)]:
        if all(oracle.agrees(placed.reshape(oracle.x.shape), 0, g.numel(), 1.0) for _ in range(3)):
            return hint
    return ""


def _float(value: Any) -> float:
    """Return a number that was given for a 0-d gradient as a float."""
    assert kind_of_number(value)
    try:
        return float(value)
    except OverflowError:
        return float("inf")
