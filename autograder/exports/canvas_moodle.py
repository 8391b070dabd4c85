"""Marks in the CSV files that Canvas and Moodle read back: their own export with one column filled in.

Both systems recognise students by identifiers that only they know, so each asks for a file that it exported itself.
What we do not fill in goes back byte for byte: the systems look for the very names they wrote.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fractions import Fraction

from autograder.core.report import Report
from autograder.exports.reports import BadResults
from autograder.exports.rows import owners
from autograder.exports.sheet import Sheet, read_sheet
from autograder.render.gradebook_csv import cell
from autograder.render.words import count

CANVAS_IDS = ("SIS Login ID", "SIS User ID", "ID", "Student")
MOODLE_IDS = ("Email address", "ID number", "Username", "Identifier", "Full name")
MOODLE_GRADE, MOODLE_FEEDBACK, MOODLE_MAXIMUM = "Grade", "Feedback comments", "Maximum Grade"
CANVAS_MAXIMUM = "Points Possible"

_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True)
class Filled:
    """The file to upload, and who was not found on either side."""

    text: str
    without_mark: tuple[str, ...]  # in the system's file, not among the reports
    without_row: tuple[str, ...]  # among the reports, not in the system's file
    told: tuple[str, ...] = ()  # sentences about what was filled in otherwise than one may expect
    left: tuple[str, ...] = ()  # sentences about cells that were left as they were, because a person must look first


def canvas_csv(
    reports: Iterable[Report],
    template: str,
    *,
    column: str,
    new: bool = False,
    questions: Mapping[str, int] | None = None,
) -> Filled:
    """Canvas's gradebook export with ``column`` ("a01 (1234)") filled in; ``new`` adds it.

    ``questions`` are inline questions to add, with their points. Raises BadResults for a column that is not there, or
    that is there and was to be new.
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
    marks = _marks(reports, questions or {})
    return _fill(sheet, CANVAS_IDS, marks, column, maximum=maximum, skip=totals, system="Canvas")


def moodle_csv(reports: Iterable[Report], template: str, *, questions: Mapping[str, int] | None = None) -> Filled:
    """Moodle's offline grading worksheet with grade and feedback filled in, grades out of its Maximum Grade.

    ``questions`` are inline questions to add, with their points.
    """
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
    marks = _marks(reports, questions or {})
    return _fill(sheet, MOODLE_IDS, marks, MOODLE_GRADE, maximum=next(iter(maxima), None), system="Moodle")


@dataclass(frozen=True)
class _Mark:
    """What a student gets."""

    points: int
    max_points: int
    summary: str
    parts: frozenset[str]  # of all summaries that an export may have written, with and without inline questions
    waits: str  # why it cannot be given yet; empty when it can


def _marks(reports: Iterable[Report], questions: Mapping[str, int]) -> dict[str, _Mark]:
    return {report.student: _mark(report, questions) for report in reports}


def _mark(report: Report, questions: Mapping[str, int]) -> _Mark:
    given = {mark.item: mark for mark in report.marks if mark.item in questions}
    unmarked = [name for name in questions if name not in given]
    waits = [f"{' and '.join(unmarked)} {'is' if len(unmarked) == 1 else 'are'} not marked yet"] if unmarked else []
    if report.needs_staff:
        waits.insert(0, "a check could not be graded, so a person must look first")
    summary = [report.refusal] if report.refusal else []
    summary += [f"{task.title}: {task.points} of {task.max_points}" for task in report.tasks]
    summary += [f"{mark.title}: {mark.points} of {questions[name]}" for name, mark in given.items()]
    points = report.points + sum(mark.points for mark in given.values())
    every = [*summary, *(f"{mark.title}: {mark.points} of {mark.max_points}" for mark in report.marks if mark.question)]
    maximum = report.max_points + sum(questions.values())
    return _Mark(points, maximum, "; ".join(summary), _parts("; ".join(every)), "; ".join(waits))


def _fill(
    sheet: Sheet,
    ids: Iterable[str],
    marks: Mapping[str, _Mark],
    column: str,
    *,
    maximum: Fraction | None,
    system: str,
    skip: Iterable[int] = (),
) -> Filled:
    rows = sorted({*sheet.rows} - {*skip})
    matched = owners(sheet, rows, ids, marks)
    left = [
        f"{student}: {count(len(names), 'row')} fit ({', '.join(names)}), so none was filled in."
        for student, names in sorted(matched.unclear.items())
    ]
    kept = []
    for row, student in matched.of.items():
        mark = marks[student]
        if mark.waits:
            left.append(f"{student}: {mark.waits}; the cell was left as it was.")
            continue
        sheet.set(row, column, _shown(mark, maximum))
        if system == "Moodle" and MOODLE_FEEDBACK in sheet.header:
            held = sheet.cell(row, MOODLE_FEEDBACK).strip()
            if not held or _parts(held) <= mark.parts:
                sheet.set(row, MOODLE_FEEDBACK, cell(mark.summary))
            else:
                kept.append(student)
    told = [
        f"{system} counts this assignment out of {float(maximum):g}: marks out of {points} were scaled to that."
        for points in sorted({mark.max_points for mark in marks.values()})
        if maximum is not None and points != maximum
    ]
    told += _kept(kept)
    told += _by_login(matched.by_login)
    return Filled(
        sheet.text(),
        without_mark=matched.others,
        without_row=tuple(sorted({*marks} - {*matched.of.values()} - {*matched.unclear})),
        told=tuple(told),
        left=tuple(left),
    )


def _kept(students: Sequence[str]) -> list[str]:
    if not students:
        return []
    whose = f"{count(len(students), 'student')} ({_first(students)})"
    return [f'The "{MOODLE_FEEDBACK}" of {whose} hold what gradlab did not write, so they stay as they are.']


def _by_login(names: Mapping[str, str]) -> list[str]:
    if not names:
        return []
    known = _first([f"{student} ({name})" for student, name in names.items()])
    return [
        f"{count(len(names), 'student')} known only by what stands before the @: {known}. "
        "Look whether the rows are theirs."
    ]


def _first(names: Iterable[str]) -> str:
    ordered = sorted(names)
    return ", ".join([*ordered[:5], *(["..."] if len(ordered) > 5 else [])])


def _parts(summary: str) -> frozenset[str]:
    """What a summary says, whatever its numbers."""
    return frozenset(_NUMBER.sub("0", cell(summary)).split("; "))


def _shown(mark: _Mark, maximum: Fraction | None) -> str:
    """The points, out of the system's maximum where it says one; two places where that is no whole number."""
    if maximum is None or maximum == mark.max_points or not mark.max_points:
        return str(mark.points)
    hundredths = round(100 * maximum * mark.points / mark.max_points)
    return f"{hundredths // 100}.{hundredths % 100:02}".rstrip("0").rstrip(".")


def _is_canvas_total(sheet: Sheet, row: int) -> bool:
    return "Student" in sheet.header and sheet.cell(row, "Student").strip().startswith(CANVAS_MAXIMUM)


def _number(text: str) -> Fraction | None:
    """A number of points above 0, with a point or a comma; None for anything else, as "-" or a scale's name."""
    plain = text.strip().replace(",", ".")
    if not plain.replace(".", "", 1).isdecimal() or not plain.isascii():
        return None
    return Fraction(plain) or None
