"""Points in steps of a half, as people give them. Checks pay whole points only."""

from __future__ import annotations

import re

from autograder.core.message import Message

_NUMBER = re.compile(r"\d{1,9}(?:[.,]\d{1,4})?", re.ASCII)


def parse_points(text: str) -> float:
    """Return the points that a text such as "2", "1.5" or "1,5" states. Raises ValueError for anything else."""
    number = float(text.strip().replace(",", ".")) if _NUMBER.fullmatch(text.strip()) else None
    if number is None or not (2 * number).is_integer():
        raise ValueError(
            Message("{text!r} is not a number of whole or half points. Write, for example, 2 or 1.5.", text=text[:20])
        )
    return tidy(number)


def tidy(points: float) -> float:
    """Return whole points as an int: they are stored and shown without ".0"."""
    return int(points) if points == int(points) else points
