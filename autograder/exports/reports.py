"""The reports of a folder of results, as every export reads them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from autograder.core.errors import GradlabError
from autograder.core.report import Report, read_report
from autograder.gradebook.journal import NAME, Journal


class BadResults(GradlabError):
    """A folder of results cannot be exported. Written for staff."""


def read_results(folder: Path) -> list[Report]:
    """Read every ``folder/<student>/report.json``, by student. Raises BadResults if there is none or one is damaged."""
    paths = sorted(folder.glob("*/report.json"))
    if not paths:
        raise BadResults(
            f"{folder} contains no <student>/report.json. Choose the folder that `gradlab grade --out` wrote."
        )
    try:
        reports = [read_report(path) for path in paths]
    except ValueError as error:
        raise BadResults(f"{error} Grade that hand-in again.") from None
    names = sorted({report.assignment for report in reports})
    if len(names) > 1:
        raise BadResults(f"{folder} contains reports of several assignments: {', '.join(names)}. Export one at a time.")
    return reports


def read_questions(folder: Path, reports: Iterable[Report]) -> dict[str, int]:
    """Return the inline questions with their points. Without a journal, only those that have a mark are known."""
    if (folder / NAME).exists():
        with Journal(folder) as journal:
            facts = journal.fact("assignment") or {}
        return {name: points for name, (_, points) in facts.get("questions", {}).items()}
    return {mark.item: mark.max_points for report in reports for mark in report.marks if mark.question}
