"""Variants: right solutions in another style, made from the reference. No check may take a point from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from autograder.authoring.edits import Edit, NewBody, Replacement, apply_edits, expect_unique, read_list
from autograder.checks.task import BadCheck
from autograder.core.assignment import Assignment
from autograder.session.digests import VARIANTS


@dataclass(frozen=True)
class Variant:
    """A right solution with a story."""

    story: str  # "calls the layers through forward()"
    file: str
    edits: tuple[Edit, ...]

    def write(self, sources: dict[str, str]) -> dict[str, str]:
        """Return the sources in this style. Raises BadCheck if an edit no longer applies."""
        if not self.edits:
            raise BadCheck(f"The variant {self.story!r} changes nothing.")
        return apply_edits(f"The variant {self.story!r}", self.edits, self.file, sources)


def variants_of(file: str) -> Callable[..., Variant]:
    """Return ``variant(story, *edits)`` for one file.

    An edit is ``(replace, by)``, ``(replace, by, count)`` or ``body(function, by)``. Edits are applied in their order.
    """

    def variant(story: str, *edits: tuple[str, str] | tuple[str, str, int] | Edit) -> Variant:
        made = tuple(Replacement(*edit) if isinstance(edit, tuple) else edit for edit in edits)
        return Variant(story, file, made)

    return variant


def body(function: str, by: str) -> NewBody:
    """Return the edit that writes ``by`` between the solution's markers of a function, such as "Conv.forward"."""
    return NewBody(function, by)


def read_variants(assignment: Assignment) -> list[Variant]:
    """Return VARIANTS of ``solutions/<a>/variants.py`` and of each ``variants_<topic>.py`` there. Raises BadCheck."""
    paths = sorted(assignment.solutions.glob(VARIANTS))
    variants = [variant for path in paths for variant in read_list(path, "VARIANTS", Variant)]
    expect_unique([variant.story for variant in variants], "variants", assignment.name, paths)
    return variants
