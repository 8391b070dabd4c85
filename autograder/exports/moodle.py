"""Marks in Moodle's offline grading worksheet: its own export with grade and feedback filled in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from autograder.core.report import Report
from autograder.exports.platform_csv import Filled, fill_marks, read_points
from autograder.exports.reports import BadResults
from autograder.exports.sheet import read_sheet

IDS = ("Email address", "ID number", "Username", "Identifier", "Full name")
GRADE, FEEDBACK, MAXIMUM = "Grade", "Feedback comments", "Maximum Grade"


def moodle_csv(reports: Iterable[Report], template: str, *, questions: Mapping[str, int] | None = None) -> Filled:
    """Return Moodle's offline grading worksheet with grade and feedback filled in, out of its Maximum Grade.

    ``questions`` are inline questions to add, with their points.
    """
    sheet = read_sheet(template, IDS, "Moodle")
    if GRADE not in sheet.header:
        raise BadResults(f'The file from Moodle has no column "{GRADE}": download the offline grading worksheet.')
    known = {sheet.cell(row, MAXIMUM) for row in sheet.rows} if MAXIMUM in sheet.header else set()
    maxima = {read_points(text) for text in known} - {None}
    if len(maxima) > 1 or (known and not maxima):
        raise BadResults(
            f'The column "{MAXIMUM}" of the file from Moodle contains {", ".join(map(repr, sorted(known)))}: one '
            "number of points is needed. Grade this assignment by points in Moodle and download the worksheet again."
        )
    maximum = next(iter(maxima), None)
    return fill_marks(
        sheet, IDS, reports, questions or {}, platform="Moodle", column=GRADE, feedback=FEEDBACK, maximum=maximum
    )
