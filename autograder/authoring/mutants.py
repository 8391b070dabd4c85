"""Mutants: the reference with one mistake planted, and the check that must notice it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from autograder.authoring.edits import Edit, FirstLines, Replacement, apply_edits, expect_unique, read_list
from autograder.checks.task import BadCheck
from autograder.core.assignment import Assignment
from autograder.session.digests import MUTANTS


@dataclass(frozen=True)
class Mutant:
    """A wrong solution with a story."""

    story: str  # "forgets the square root"
    file: str
    replace: str | Edit  # text of the reference, or an edit such as body("f", "...")
    by: str  # empty for an edit
    noticed_by: str | tuple[str, ...]  # names of check functions that must fail; all of them
    count: int = 1  # how often ``replace`` occurs in the reference
    calibrates: bool = False  # a known-wrong solution that scored checks are calibrated against
    also: tuple[tuple[str, str], ...] = ()  # further replacements, of texts that occur once
    habit: str = ""  # the habit that it shows, such as "dtype": it may cost at most half of its task, and no other task
    endless: bool = False  # it never ends, so a check notices it by taking too long

    @property
    def checks(self) -> tuple[str, ...]:
        """Return the names of the checks that must notice it."""
        return (self.noticed_by,) if isinstance(self.noticed_by, str) else self.noticed_by

    def plant(self, sources: dict[str, str]) -> dict[str, str]:
        """Return the sources with the mistake. Raises BadCheck unless the text to replace occurs ``count`` times."""
        text = self.replace
        edits: list[Edit] = [Replacement(text, self.by, self.count) if isinstance(text, str) else text]
        edits += [Replacement(*pair) for pair in self.also]
        return apply_edits(f"The mutant {self.story!r}", edits, self.file, sources)


def mutants_of(file: str) -> Callable[..., Mutant]:
    """Return ``mutant(story, noticed_by, replace, by, **rest)``, which plants mistakes in one file.

    Instead of ``replace`` and ``by``, one edit may be given, such as ``body("f", "...")`` of variants.py.
    """

    def mutant(story: str, noticed_by: str | tuple[str, ...], replace: str | Edit, by: str = "", **rest: Any) -> Mutant:
        return Mutant(story, file, replace, by, noticed_by, **rest)

    return mutant


def first(function: str, by: str) -> FirstLines:
    """Return the edit that writes lines before the first statement of a function, such as "Conv.forward"."""
    return FirstLines(function, by)


def read_mutants(assignment: Assignment) -> list[Mutant]:
    """Return MUTANTS of ``solutions/<a>/mutants.py`` and of each ``mutants_<topic>.py`` there. Raises BadCheck."""
    paths = sorted(assignment.solutions.glob(MUTANTS))
    if not paths:
        raise BadCheck(
            f"{assignment.solutions / 'mutants.py'} does not exist. It lists the mistakes that checks must notice."
        )
    mutants = [mutant for path in paths for mutant in read_list(path, "MUTANTS", Mutant)]
    expect_unique([mutant.story for mutant in mutants], "mutants", assignment.name, paths)
    return mutants
