"""The reports of a folder of results, as every export reads them."""

from __future__ import annotations

from pathlib import Path

from autograder.report import Report, read_report


class BadResults(Exception):
    """A folder of results cannot be exported. Speaks to staff."""


def read_results(folder: Path) -> list[Report]:
    """Every ``folder/<student>/report.json``, by student. Raises BadResults when there is none or one is damaged."""
    paths = sorted(folder.glob("*/report.json"))
    if not paths:
        raise BadResults(f"{folder} holds no <student>/report.json. Give the folder that `gradlab grade --out` made.")
    try:
        reports = [read_report(path) for path in paths]
    except ValueError as error:
        raise BadResults(f"{error} Grade that hand-in again.") from None
    names = sorted({report.assignment for report in reports})
    if len(names) > 1:
        raise BadResults(f"{folder} holds reports of several assignments: {', '.join(names)}. Export one at a time.")
    return reports
