"""The texts of a new assignment that its author must replace, and where they still are."""

from __future__ import annotations

from autograder.core.assignment import Assignment

GOAL = "Say here what students learn, how long it takes, and what they must know before."
TOPIC = "Explain the topic here."
TASK = "Explain this task here."
PLACEHOLDERS = (GOAL, TOPIC, TASK)


def find_placeholders(assignment: Assignment) -> list[str]:
    """Return a sentence for each placeholder that students would read: in the README and in the references."""
    paths = [assignment.folder / "README.md", *(assignment.solutions / name for name in assignment.files)]
    return [
        f'{path}, line {number} still says "{text}" Replace it.'
        for path in paths
        if path.is_file()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1)
        for text in PLACEHOLDERS
        if text in line
    ]
