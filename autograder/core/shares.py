"""The share of a task's points that a check pays: a percentage, or a fraction such as "1/3"."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from fractions import Fraction

from autograder.core.message import Message

_FRACTION = re.compile(r"([1-9]\d{0,3})/([1-9]\d{0,3})", re.ASCII)
HOW = 'a whole percentage from 1 to 100, or a fraction as text, such as "1/3"'


def parse_share(stated: object) -> Fraction | None:
    """Return the share that a percentage (an int) or a fraction (a text) states; None for anything else."""
    if isinstance(stated, int) and not isinstance(stated, bool):
        share = Fraction(stated, 100)
    elif isinstance(stated, str) and (parts := _FRACTION.fullmatch(stated)):
        share = Fraction(int(parts[1]), int(parts[2]))
    else:
        return None
    return share if 0 < share <= 1 else None


def show_share(share: Fraction) -> str:
    """Return a share, or a sum of shares, as people read it: "40 %" or "1/3"."""
    percent = 100 * share
    return f"{percent} %" if percent.denominator == 1 else str(share)


def share_arguments(parts: Sequence[int]) -> list[str]:
    """Return what ``@task`` says about each check of a task whose checks pay these points.

    An only check says nothing. Others have percentages if all of them are whole, else fractions with one denominator.
    """
    total = sum(parts)
    shares = [Fraction(part, total) for part in parts]
    if len(parts) == 1:
        return [""]
    if all((100 * share).denominator == 1 for share in shares):
        return [f"share={100 * share}" for share in shares]
    whole = math.lcm(*(share.denominator for share in shares))
    return [f'share="{share * whole}/{whole}"' for share in shares]


def totals_that_divide(points: int, shares: Iterable[Fraction]) -> str:
    """Return the totals nearest to ``points`` of which every share is a whole number: "5 or 10"."""
    step = math.lcm(*(share.denominator for share in shares))
    below = points // step * step
    return Message("{below} or {above}", below=below, above=below + step) if below else str(step)
