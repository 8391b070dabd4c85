"""Marks in the CSV file of Canvas's gradebook: its own export with one column filled in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from autograder.core.message import Message, name_list
from autograder.core.report import Report
from autograder.exports.platform_csv import Filled, fill_marks, read_points
from autograder.exports.reports import BadResults
from autograder.exports.sheet import Sheet, read_sheet

IDS = ("SIS Login ID", "SIS User ID", "ID", "Student")
MAXIMUM = "Points Possible"


def canvas_csv(
    reports: Iterable[Report],
    template: str,
    *,
    column: str,
    new: bool = False,
    questions: Mapping[str, int] | None = None,
    roster: Iterable[Mapping[str, str]] = (),
) -> Filled:
    """Return Canvas's gradebook export with ``column`` ("a01 (1234)") filled in; ``new`` adds the column.

    ``questions`` are inline questions to add, with their points; ``roster`` has tables that name the students.
    Raises BadResults if the column is missing, or exists although it should be new.
    """
    sheet = read_sheet(template, IDS, "Canvas")
    if new and column in sheet.header:
        raise BadResults(
            Message(
                'The file from Canvas already has a column "{column}". Omit --new-column to fill it in.', column=column
            )
        )
    if not new and column not in sheet.header:
        near = get_close_matches(column, sheet.header, n=3, cutoff=0.3) or list(sheet.header[-3:])
        raise BadResults(
            Message(
                'The file from Canvas has no column "{column}". The nearest: {names}. Choose one of them '
                "with --column, or add --new-column to create a new assignment in Canvas.",
                column=column,
                names=name_list([*map(repr, near)]),
            )
        )
    if new:
        sheet.add(column)
    totals = [row for row in sheet.rows if _is_total(sheet, row)]
    maximum = read_points(sheet.cell(totals[0], column)) if totals else None
    return fill_marks(
        sheet,
        IDS,
        reports,
        questions or {},
        platform="Canvas",
        column=column,
        maximum=maximum,
        skip=totals,
        roster=roster,
    )


def _is_total(sheet: Sheet, row: int) -> bool:
    return "Student" in sheet.header and sheet.cell(row, "Student").strip().startswith(MAXIMUM)
