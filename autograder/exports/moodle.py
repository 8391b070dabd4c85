"""Marks in Moodle's offline grading worksheet: its own export with grade and feedback filled in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from autograder.core.message import Message, name_list
from autograder.core.report import Report
from autograder.exports.platform_csv import Filled, fill_marks, read_points
from autograder.exports.reports import BadResults
from autograder.exports.sheet import read_sheet

IDS = ("Email address", "ID number", "Username", "Identifier", "Full name")
GRADE, FEEDBACK, MAXIMUM = "Grade", "Feedback comments", "Maximum Grade"


def moodle_csv(
    reports: Iterable[Report],
    template: str,
    *,
    questions: Mapping[str, int] | None = None,
    roster: Iterable[Mapping[str, str]] = (),
) -> Filled:
    """Return Moodle's offline grading worksheet with grade and feedback filled in, out of its Maximum Grade.

    ``questions`` are inline questions to add, with their points; ``roster`` has tables that name the students.
    """
    sheet = read_sheet(template, IDS, "Moodle")
    if GRADE not in sheet.header:
        raise BadResults(
            Message(
                'The file from Moodle has no column "{column}": download the offline grading worksheet.', column=GRADE
            )
        )
    known = {sheet.cell(row, MAXIMUM) for row in sheet.rows} if MAXIMUM in sheet.header else set()
    maxima = {read_points(text) for text in known} - {None}
    if len(maxima) > 1 or (known and not maxima):
        raise BadResults(
            Message(
                'The column "{column}" of the file from Moodle contains {numbers}: one number of points is '
                "needed. Grade this assignment by points in Moodle and download the worksheet again.",
                column=MAXIMUM,
                numbers=name_list([*map(repr, sorted(known))]),
            )
        )
    maximum = next(iter(maxima), None)
    return fill_marks(
        sheet,
        IDS,
        reports,
        questions or {},
        platform="Moodle",
        column=GRADE,
        feedback=FEEDBACK,
        maximum=maximum,
        roster=roster,
    )
