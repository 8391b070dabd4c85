"""The language of the notebook in which a student calls `check` or `hint`, and what speaks it there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from autograder.core.assignment import Assignment
from autograder.core.course_file import course_here
from autograder.core.editions import language_of_copy, language_of_folder
from autograder.core.language import Translator, speaking
from autograder.core.reader_language import reader_for


class Showable(Protocol):
    """What IPython shows."""

    def _repr_html_(self) -> str: ...


@dataclass(frozen=True)
class Spoken:
    """A result that a notebook shows in one language."""

    shown: Showable
    to: Translator

    def __repr__(self) -> str:
        with speaking(self.to):
            return repr(self.shown)

    def _repr_html_(self) -> str:
        with speaking(self.to):
            return self.shown._repr_html_()


def notebook_reader(assignment: Assignment | None = None) -> Translator:
    """Return what translates into the language of an assignment's notebooks, or of those in the current folder."""
    if assignment:
        own, course, domain = language_of_folder(assignment.folder), assignment.course, assignment.name
    else:
        own, course, domain = _language_here(), course_here(), ""
    return reader_for("", course, own, domain=domain)


def _language_here() -> str:
    try:
        here = Path.cwd()
    except FileNotFoundError:  # the current folder is gone
        return ""
    return language_of_folder(here) or language_of_copy(here)
