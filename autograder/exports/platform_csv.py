"""Marks filled into the CSV that a platform exported: whose row is whose, which marks wait, how points are scaled.

Platforms recognise students by identifiers that only they know, so each export starts from a file that the platform
wrote. One of its columns names the students of RESULTS: the one that names most of them is used for all, because an id
that appears by chance in another column belongs to somebody else.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from autograder.core.half_points import tidy
from autograder.core.report import Report
from autograder.exports.sheet import Sheet
from autograder.intake.download import safe_name
from autograder.render.gradebook_csv import cell
from autograder.render.words import count

_NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Filled:
    """The file to upload, and what people should know about it."""

    text: str
    without_mark: tuple[str, ...]  # in the platform's file, but not among the reports
    without_row: tuple[str, ...]  # among the reports, but not in the platform's file
    notices: tuple[str, ...] = ()  # sentences about cells whose value may be unexpected
    skipped: tuple[str, ...] = ()  # sentences about cells that were not changed because a person must look first


@dataclass(frozen=True)
class _Mark:
    """A student's mark in this export."""

    points: float
    max_points: int
    summary: str
    parts: frozenset[str]  # of all summaries that an export may have written, with and without inline questions
    waits: str  # why it cannot be given yet; empty if it can


def fill_marks(
    sheet: Sheet,
    ids: Iterable[str],
    reports: Iterable[Report],
    questions: Mapping[str, int],
    *,
    platform: str,
    column: str,
    feedback: str = "",
    maximum: Fraction | None,
    skip: Iterable[int] = (),
) -> Filled:
    """Write the marks into ``column``, out of ``maximum`` if there is one, and the summaries into ``feedback``.

    ``ids`` are the columns that may name students, ``questions`` the inline questions to add with their points, and
    ``skip`` the rows that are not students. Everything else in the sheet stays as it is.
    """
    marks = {report.student: _mark(report, questions) for report in reports}
    rows = sorted({*sheet.rows} - {*skip})
    matched = match_rows(sheet, rows, ids, marks)
    skipped = [
        f"{student}: {count(len(names), 'row')} match ({', '.join(names)}), so none was filled in."
        for student, names in sorted(matched.unclear.items())
    ]
    not_replaced = []
    for row, student in matched.students.items():
        mark = marks[student]
        if mark.waits:
            skipped.append(f"{student}: {mark.waits}; the cell was not changed.")
            continue
        sheet.set(row, column, _scaled(mark, maximum))
        if feedback and feedback in sheet.header:
            written = sheet.cell(row, feedback).strip()
            if not written or _parts(written) <= mark.parts:
                sheet.set(row, feedback, cell(mark.summary))
            else:
                not_replaced.append(student)
    notices = [
        f"{platform} counts this assignment out of {float(maximum):g}: marks out of {points} were scaled to that."
        for points in sorted({mark.max_points for mark in marks.values()})
        if maximum is not None and points != maximum
    ]
    if not_replaced:
        students = f"{count(len(not_replaced), 'student')} ({_first(not_replaced)})"
        notices.append(
            f'The "{feedback}" of {students} contain text that gradlab did not write, so they were not changed.'
        )
    if matched.by_login:
        students = _first(f"{student} ({name})" for student, name in matched.by_login.items())
        notices.append(
            f"{count(len(matched.by_login), 'student')} matched only by the part before the @: {students}. "
            "Check that the rows are theirs."
        )
    return Filled(
        sheet.text(),
        without_mark=matched.others,
        without_row=tuple(sorted({*marks} - {*matched.students.values()} - {*matched.unclear})),
        notices=tuple(notices),
        skipped=tuple(skipped),
    )


def read_points(text: str) -> Fraction | None:
    """Return a number of points above 0, with a point or a comma; None for anything else, as "-" or a scale's name."""
    plain = text.strip().replace(",", ".")
    if not plain.replace(".", "", 1).isdecimal() or not plain.isascii():
        return None
    return Fraction(plain) or None


def _mark(report: Report, questions: Mapping[str, int]) -> _Mark:
    given = {mark.item: mark for mark in report.marks if mark.item in questions}
    unmarked = [name for name in questions if name not in given]
    waits = [f"{' and '.join(unmarked)} {'is' if len(unmarked) == 1 else 'are'} not marked yet"] if unmarked else []
    if report.needs_staff:
        waits.insert(0, "a check could not be graded, so a person must look first")
    if report.provisional:
        waits.insert(0, "it was graded with --skip-scored, so the result is provisional")
    summary = [report.refusal] if report.refusal else []
    summary += [f"{task.title}: {task.points} of {task.max_points}" for task in report.tasks]
    summary += [f"{mark.title}: {mark.points} of {questions[name]}" for name, mark in given.items()]
    points = tidy(report.points + sum(mark.points for mark in given.values()))
    every = [*summary, *(f"{mark.title}: {mark.points} of {mark.max_points}" for mark in report.marks if mark.question)]
    maximum = report.max_points + sum(questions.values())
    return _Mark(points, maximum, "; ".join(summary), _parts("; ".join(every)), "; ".join(waits))


def _parts(summary: str) -> frozenset[str]:
    """Return the parts of a summary without their numbers."""
    return frozenset(_NUMBER.sub("0", cell(summary)).split("; "))


def _scaled(mark: _Mark, maximum: Fraction | None) -> str:
    """Return the points, out of the platform's maximum if it has one, with at most two decimal places."""
    if maximum is None or maximum == mark.max_points or not mark.max_points:
        return str(mark.points)
    hundredths = round(100 * maximum * Fraction(mark.points) / mark.max_points)
    return f"{hundredths // 100}.{hundredths % 100:02}".rstrip("0").rstrip(".")


def _first(names: Iterable[str]) -> str:
    ordered = sorted(names)
    return ", ".join([*ordered[:5], *(["..."] if len(ordered) > 5 else [])])


@dataclass(frozen=True)
class Matched:
    """Which student each row belongs to."""

    students: Mapping[int, str]  # by row
    unclear: Mapping[str, tuple[str, ...]]  # students that several rows match, with the names in these rows
    others: tuple[str, ...]  # the names in all other rows
    by_login: Mapping[str, str]  # students matched only by the part of a name before its @, with that name


def match_rows(sheet: Sheet, rows: Sequence[int], ids: Iterable[str], students: Collection[str]) -> Matched:
    """Match rows by the column that names most students, and rows where it is empty by the next best column."""
    known = frozenset(students)
    readings = [_read(sheet, rows, id_, known, local=local) for local in (False, True) for id_ in _present(sheet, ids)]
    found: dict[int, str] = {}
    by_login: dict[str, str] = {}
    several: dict[str, list[int]] = {}
    open_rows, taken = set(rows), set[str]()
    for reading in sorted(readings, key=lambda reading: -_number_of_students(reading)):  # ties: in the order of ``ids``
        candidates: dict[str, list[int]] = defaultdict(list)  # student -> rows
        for row, match in reading.items():
            if row in open_rows and match.student in known - taken:
                candidates[match.student].append(row)
        for student, theirs in candidates.items():
            best = [row for row in theirs if reading[row].whole] or theirs
            if len(best) == 1:
                found[best[0]] = student
                if not reading[best[0]].whole:
                    by_login[student] = reading[best[0]].name
            else:
                several[student] = best
        taken |= set(candidates)
        open_rows -= set(reading)
    shared = {row for theirs in several.values() for row in theirs}
    return Matched(
        found,
        {student: tuple(_name(sheet, row, ids) for row in theirs) for student, theirs in several.items()},
        tuple(_name(sheet, row, ids) for row in rows if row not in found and row not in shared),
        by_login,
    )


@dataclass(frozen=True)
class _Match:
    """The student that a cell names, or "", and whether the whole cell names the student."""

    name: str
    student: str
    whole: bool


def _present(sheet: Sheet, ids: Iterable[str]) -> list[str]:
    return [id_ for id_ in ids if id_ in sheet.header]


def _read(sheet: Sheet, rows: Sequence[int], column: str, known: frozenset[str], *, local: bool) -> dict[int, _Match]:
    """Return whom each row names in ``column``, without empty cells; with ``local`` also by the part before the @."""
    reading = {}
    for row in rows:
        if name := sheet.cell(row, column).strip():
            part = name.partition("@")[0]
            whole = next((key for key in (name, safe_name(name)) if key in known), "")
            short = next((key for key in (part, safe_name(part)) if key in known), "") if local else ""
            reading[row] = _Match(name, whole or short, bool(whole))
    return reading


def _number_of_students(reading: Mapping[int, _Match]) -> int:
    return len({match.student for match in reading.values() if match.student})


def _name(sheet: Sheet, row: int, ids: Iterable[str]) -> str:
    return next((name for id_ in _present(sheet, ids) if (name := sheet.cell(row, id_).strip())), "?")
