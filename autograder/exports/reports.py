"""The reports of a folder of results, as every export reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from autograder.core.errors import GradlabError
from autograder.core.message import Message, name_list
from autograder.core.report import Report, read_report
from autograder.gradebook.journal import ADDRESSES, NAME, Journal


class BadResults(GradlabError):
    """A folder of results cannot be exported. Written for staff."""


def read_results(folder: Path) -> list[Report]:
    """Read every ``folder/<student>/report.json``, by student. Raises BadResults if there is none or one is damaged."""
    paths = sorted(folder.glob("*/report.json"))
    if not paths:
        raise BadResults(
            Message(
                "{folder} contains no <student>/report.json. Choose the folder that `gradlab grade --out` wrote.",
                folder=folder,
            )
        )
    try:
        reports = [read_report(path) for path in paths]
    except ValueError as error:
        raise BadResults(Message("{error} Grade that hand-in again.", error=error.args[0])) from None
    names = sorted({report.assignment for report in reports})
    if len(names) > 1:
        raise BadResults(
            Message(
                "{folder} contains reports of several assignments: {names}. Export one at a time.",
                folder=folder,
                names=name_list(names),
            )
        )
    return reports


def read_people(folder: Path) -> tuple[Mapping[str, str], ...]:
    """Return the names and the e-mail addresses by id, of all students whom a roster listed for these results."""
    if not (folder / NAME).exists():
        return ()
    with Journal(folder) as journal:
        return journal.names(), journal.fact(ADDRESSES) or {}


def read_questions(folder: Path, reports: Iterable[Report]) -> dict[str, int]:
    """Return the inline questions with their points. Without a journal, only those that have a mark are known."""
    if (folder / NAME).exists():
        with Journal(folder) as journal:
            facts = journal.fact("assignment") or {}
        return {name: points for name, (_, points) in facts.get("questions", {}).items()}
    return {mark.item: mark.max_points for report in reports for mark in report.marks if mark.question}
