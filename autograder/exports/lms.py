"""Marks in the CSV files that Canvas and Moodle read back: their own export with one column filled in.

Both systems recognise students by identifiers that only they know, so each asks for a file that it exported itself.
What we do not fill in goes back byte for byte: the systems look for the very names they wrote.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from fractions import Fraction

from autograder.classroom.intake import safe_name
from autograder.exports.results import BadResults
from autograder.exports.sheet import Sheet, read_sheet
from autograder.render.table import cell
from autograder.report import Report

CANVAS_IDS = ("SIS Login ID", "SIS User ID", "ID", "Student")
MOODLE_IDS = ("Email address", "ID number", "Username", "Identifier", "Full name")
MOODLE_GRADE, MOODLE_FEEDBACK, MOODLE_MAXIMUM = "Grade", "Feedback comments", "Maximum Grade"
CANVAS_MAXIMUM = "Points Possible"


@dataclass(frozen=True)
class Filled:
    """The file to upload, and who was not found on either side."""

    text: str
    without_mark: tuple[str, ...]  # in the system's file, not among the reports
    without_row: tuple[str, ...]  # among the reports, not in the system's file
    scaled: tuple[str, ...] = ()  # sentences about marks that the system counts from another maximum


def canvas_csv(reports: Iterable[Report], template: str, *, column: str, new: bool = False) -> Filled:
    """Canvas's gradebook export with ``column`` ("a01 (1234)") filled in; ``new`` adds it.

    Raises BadResults for a column that is not there, or that is there and was to be new.
    """
    sheet = read_sheet(template, CANVAS_IDS, "Canvas")
    if new and column in sheet.header:
        raise BadResults(f'The file from Canvas has a column "{column}" already. Leave --new-column out to fill it in.')
    if not new and column not in sheet.header:
        near = get_close_matches(column, sheet.header, n=3, cutoff=0.3) or list(sheet.header[-3:])
        raise BadResults(
            f'The file from Canvas has no column "{column}". The nearest: {", ".join(map(repr, near))}. '
            "Give one of them with --column, or add --new-column if Canvas is to make a new assignment of it."
        )
    if new:
        sheet.add(column)
    totals = [row for row in sheet.rows if _is_canvas_total(sheet, row)]
    maximum = _number(sheet.cell(totals[0], column)) if totals else None
    return _fill(sheet, CANVAS_IDS, reports, column, maximum=maximum, skip=totals, system="Canvas")


def moodle_csv(reports: Iterable[Report], template: str) -> Filled:
    """Moodle's offline grading worksheet with grade and feedback filled in, grades out of its Maximum Grade."""
    sheet = read_sheet(template, MOODLE_IDS, "Moodle")
    if MOODLE_GRADE not in sheet.header:
        raise BadResults(
            f'The file from Moodle has no column "{MOODLE_GRADE}": download the offline grading worksheet.'
        )
    known = {sheet.cell(row, MOODLE_MAXIMUM) for row in sheet.rows} if MOODLE_MAXIMUM in sheet.header else set()
    maxima = {_number(text) for text in known} - {None}
    if len(maxima) > 1 or (known and not maxima):
        raise BadResults(
            f'The column "{MOODLE_MAXIMUM}" of the file from Moodle holds {", ".join(map(repr, sorted(known)))}: one '
            "number of points is needed. Grade this assignment by points in Moodle and download the worksheet again."
        )
    return _fill(sheet, MOODLE_IDS, reports, MOODLE_GRADE, maximum=next(iter(maxima), None), system="Moodle")


def _fill(
    sheet: Sheet,
    ids: Iterable[str],
    reports: Iterable[Report],
    column: str,
    *,
    maximum: Fraction | None,
    system: str,
    skip: Iterable[int] = (),
) -> Filled:
    marks = {report.student: report for report in reports}
    found: set[str] = set()
    missing = []
    for row in sorted({*sheet.rows} - {*skip}):
        names = [name for id_ in ids if id_ in sheet.header and (name := sheet.cell(row, id_).strip())]
        keys = (*names, *(name.partition("@")[0] for name in names), *map(safe_name, names))
        student = next((key for key in keys if key in marks), None)
        if student is None:
            missing.append(names[0] if names else "?")
            continue
        found.add(student)
        sheet.set(row, column, _shown(marks[student], maximum))
        if system == "Moodle" and MOODLE_FEEDBACK in sheet.header:
            sheet.set(row, MOODLE_FEEDBACK, cell(_summary(marks[student])))
    most = {report.max_points for report in marks.values()}
    told = [
        f"{system} counts this assignment out of {float(maximum):g}: marks out of {points} were scaled to that."
        for points in sorted(most)
        if maximum is not None and points != maximum
    ]
    return Filled(sheet.text(), tuple(missing), tuple(sorted(set(marks) - found)), tuple(told))


def _shown(report: Report, maximum: Fraction | None) -> str:
    """The points, out of the system's maximum where it says one; two places where that is no whole number."""
    if maximum is None or maximum == report.max_points or not report.max_points:
        return str(report.points)
    hundredths = round(100 * maximum * report.points / report.max_points)
    return f"{hundredths // 100}.{hundredths % 100:02}".rstrip("0").rstrip(".")


def _is_canvas_total(sheet: Sheet, row: int) -> bool:
    return "Student" in sheet.header and sheet.cell(row, "Student").strip().startswith(CANVAS_MAXIMUM)


def _number(text: str) -> Fraction | None:
    """A number of points above 0, with a point or a comma; None for anything else, as "-" or a scale's name."""
    plain = text.strip().replace(",", ".")
    if not plain.replace(".", "", 1).isdecimal() or not plain.isascii():
        return None
    return Fraction(plain) or None


def _summary(report: Report) -> str:
    parts = [report.refusal] if report.refusal else []
    return "; ".join([*parts, *(f"{task.title}: {task.points} of {task.max_points}" for task in report.tasks)])
