"""The texts of a new assignment that its author must replace, and where they still are."""

from __future__ import annotations

import re

from autograder.core.assignment import Assignment

GOAL = "Say here what students learn, how long it takes, and what they must know before."
TOPIC = "Explain the topic here."
TASK = "Explain this task here."
PLACEHOLDERS = (GOAL, TOPIC, TASK)


def title_from(name: str) -> str:
    """Return the title of a new assignment: "Linear regression" for "a02_linear_regression"."""
    words = [word for word in name.split("_") if not re.fullmatch(r"[a-z]?\d+", word)] or [name]
    return " ".join(words).capitalize()


def find_placeholders(assignment: Assignment) -> list[str]:
    """Return a sentence for each placeholder that students would read: in the README and in the references.

    A heading that new assignments have is one, too, if the manifest has another title.
    """
    paths = [assignment.folder / "README.md", *(assignment.solutions / name for name in assignment.files)]
    old = title_from(assignment.name)
    headings = () if assignment.title == old else (f"# {old}", f"# # {old}")
    notes = []
    for path in filter(lambda path: path.is_file(), paths):
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        for number, line in enumerate(lines, start=1):
            where = f"{path}, line {number}"
            notes += [f'{where} still says "{text}" Replace it.' for text in PLACEHOLDERS if text in line]
            if line.rstrip() in headings:
                notes.append(f'{where} has the heading "{old}", but the title is "{assignment.title}".')
    return notes
