"""Marks in the CSV files that Canvas and Moodle read back: their own export with one column filled in.

Both systems recognise students by identifiers that only they know, so each asks for a file that it exported itself.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from autograder.exports.results import BadResults
from autograder.render.table import cell
from autograder.report import Report

CANVAS_IDS = ("SIS Login ID", "SIS User ID", "ID", "Student")
MOODLE_IDS = ("Email address", "ID number", "Username", "Identifier", "Full name")
MOODLE_GRADE, MOODLE_FEEDBACK = "Grade", "Feedback comments"


@dataclass(frozen=True)
class Filled:
    """The file to upload, and who was not found on either side."""

    text: str
    without_mark: tuple[str, ...]  # in the system's file, not among the reports
    without_row: tuple[str, ...]  # among the reports, not in the system's file


def canvas_csv(reports: Iterable[Report], template: str, *, column: str) -> Filled:
    """Canvas's gradebook export with ``column`` ("a01 (1234)") filled in, or added when it is not there."""
    header, rows = _read(template, CANVAS_IDS, "Canvas")
    if column not in header:
        header = [*header, column]
    marks = {report.student: report for report in reports}
    return _fill(header, rows, CANVAS_IDS, marks, column, skip="Points Possible")


def moodle_csv(reports: Iterable[Report], template: str) -> Filled:
    """Moodle's offline grading worksheet with grade and feedback filled in."""
    header, rows = _read(template, MOODLE_IDS, "Moodle")
    if MOODLE_GRADE not in header:
        raise BadResults(
            f'The file from Moodle has no column "{MOODLE_GRADE}": download the offline grading worksheet.'
        )
    marks = {report.student: report for report in reports}
    return _fill(header, rows, MOODLE_IDS, marks, MOODLE_GRADE, feedback=MOODLE_FEEDBACK)


def _read(template: str, ids: Sequence[str], system: str) -> tuple[list[str], list[dict[str, str]]]:
    try:
        reader = csv.DictReader(io.StringIO(template.removeprefix("\ufeff")), strict=True)
        rows = [{key: value or "" for key, value in row.items() if key is not None} for row in reader]
    except csv.Error as error:
        raise BadResults(f"The file from {system} is not CSV: {error}.") from None
    header = list(reader.fieldnames or ())
    if not any(name in header for name in ids):
        raise BadResults(
            f"The file from {system} has none of the columns {', '.join(ids)}; it has {', '.join(header)}."
        )
    return header, rows


def _fill(
    header: list[str],
    rows: list[dict[str, str]],
    ids: Sequence[str],
    marks: dict[str, Report],
    column: str,
    *,
    feedback: str = "",
    skip: str = "",
) -> Filled:
    found: set[str] = set()
    missing = []
    for row in rows:
        names = [row[name].strip() for name in ids if row.get(name)]
        if skip and any(name.startswith(skip) for name in names):
            continue
        student = next((name for name in (*names, *(n.partition("@")[0] for n in names)) if name in marks), None)
        if student is None:
            missing.append(names[0] if names else "?")
            continue
        found.add(student)
        row[column] = str(marks[student].points)
        if feedback in header:
            row[feedback] = cell(_summary(marks[student]))
    out = io.StringIO()
    writer = csv.DictWriter(out, header, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return Filled(out.getvalue(), tuple(missing), tuple(sorted(set(marks) - found)))


def _summary(report: Report) -> str:
    return "; ".join(f"{task.title}: {task.points} of {task.max_points}" for task in report.tasks)
