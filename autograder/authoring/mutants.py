"""Mutants: the reference with one mistake planted, and the check that must notice it."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.checks.task import BadCheck
from autograder.core.assignment import Assignment
from autograder.session.digests import MUTANTS


@dataclass(frozen=True)
class Mutant:
    """A wrong solution with a story."""

    story: str  # "forgets the square root"
    file: str
    replace: str  # text of the reference
    by: str
    noticed_by: str | tuple[str, ...]  # names of check functions that must fail; all of them
    count: int = 1  # how often ``replace`` occurs in the reference
    calibrates: bool = False  # a known-wrong solution that scored checks are calibrated against

    @property
    def checks(self) -> tuple[str, ...]:
        """Return the names of the checks that must notice it."""
        return (self.noticed_by,) if isinstance(self.noticed_by, str) else self.noticed_by

    def plant(self, sources: dict[str, str]) -> dict[str, str]:
        """Return the sources with the mistake. Raises BadCheck unless the text to replace occurs ``count`` times."""
        found = sources.get(self.file, "").count(self.replace)
        if found != self.count:
            raise BadCheck(
                f"The mutant {self.story!r} no longer applies: {self.replace!r} occurs {found} times in {self.file}, "
                f"not {self.count}."
            )
        if self.replace == self.by:
            raise BadCheck(f"The mutant {self.story!r} changes nothing.")
        return {**sources, self.file: sources[self.file].replace(self.replace, self.by)}


def mutants_of(file: str) -> Callable[..., Mutant]:
    """Return ``mutant(story, noticed_by, replace, by, **rest)``, which plants mistakes in one file."""

    def mutant(story: str, noticed_by: str | tuple[str, ...], replace: str, by: str, **rest: Any) -> Mutant:
        return Mutant(story, file, replace, by, noticed_by, **rest)

    return mutant


def read_mutants(assignment: Assignment) -> list[Mutant]:
    """Return MUTANTS of ``solutions/<a>/mutants.py`` and of each ``mutants_<topic>.py`` there. Raises BadCheck."""
    paths = sorted(assignment.solutions.glob(MUTANTS))
    if not paths:
        raise BadCheck(
            f"{assignment.solutions / 'mutants.py'} does not exist. It lists the mistakes that checks must notice."
        )
    mutants = [mutant for path in paths for mutant in _read(path)]
    stories = [mutant.story for mutant in mutants]
    for story in stories:
        if stories.count(story) > 1:
            files = " and ".join(path.name for path in paths)
            raise BadCheck(f"Two mutants of {assignment.name} have the story {story!r} ({files}). Stories are unique.")
    return mutants


def _read(path: Path) -> list[Mutant]:
    try:
        return list(runpy.run_path(str(path))["MUTANTS"])
    except Exception as error:
        raise BadCheck(f"{path} cannot be read: {type(error).__name__}: {error}.") from error
