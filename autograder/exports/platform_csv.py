"""Marks filled into the CSV that a platform exported: whose row is whose, which marks wait, how points are scaled.

Platforms recognise students by identifiers that only they know, so each export starts from a file that the platform
wrote. One of its columns names the students of RESULTS: the one that names most of them is used for all, because an id
that appears by chance in another column belongs to somebody else.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from autograder.core.half_points import tidy
from autograder.core.message import Message, both, first_of, joined
from autograder.core.report import Report
from autograder.exports.sheet import Sheet
from autograder.intake.download import safe_name
from autograder.intake.roster import normalise
from autograder.render.gradebook_csv import cell
from autograder.render.words import count

_NAMED = 5  # names in one sentence
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
    roster: Iterable[Mapping[str, str]] = (),
) -> Filled:
    """Write the marks into ``column``, out of ``maximum`` if there is one, and the summaries into ``feedback``.

    ``ids`` are the columns that may name students, ``questions`` the inline questions to add with their points, and
    ``skip`` the rows that are not students. Students are also known by their names and by what the tables of ``roster``
    say of an id, such as the e-mail address. Everything else in the sheet stays as it is.
    """
    reports = list(reports)
    marks = {report.student: _mark(report, questions) for report in reports}
    people = {report.student: report.name for report in reports}
    rows = sorted({*sheet.rows} - {*skip})
    matched = match_rows(sheet, rows, ids, marks, roster=[people, *roster])
    skipped = [
        Message(
            "{student}: {rows} match ({names}), so none was filled in.",
            student=student,
            rows=count(len(names), "row"),
            names=first_of(names, _NAMED),
        )
        for student, names in sorted(matched.unclear.items())
    ]
    not_replaced = []
    for row, student in matched.students.items():
        mark = marks[student]
        if mark.waits:
            skipped.append(Message("{student}: {waits}; the cell was not changed.", student=student, waits=mark.waits))
            continue
        sheet.set(row, column, _scaled(mark, maximum))
        if feedback and feedback in sheet.header:
            written = sheet.cell(row, feedback).strip()
            if not written or _parts(written) <= mark.parts:
                sheet.set(row, feedback, cell(mark.summary))
            else:
                not_replaced.append(student)
    notices = [
        Message(
            "{platform} counts this assignment out of {maximum:g}: marks out of {points} were scaled to that.",
            platform=platform,
            maximum=float(maximum),
            points=points,
        )
        for points in sorted({mark.max_points for mark in marks.values()})
        if maximum is not None and points != maximum
    ]
    if not_replaced:
        notices.append(
            Message(
                'The "{feedback}" of {students} ({names}) contain text that gradlab did not write, so they were not '
                "changed.",
                feedback=feedback,
                students=count(len(not_replaced), "student"),
                names=first_of(sorted(not_replaced), _NAMED),
            )
        )
    if matched.by_roster:
        notices.append(
            Message(
                "{students} matched by the e-mail address or the name in the roster: {names}.",
                students=count(len(matched.by_roster), "student"),
                names=first_of(sorted(f"{student} ({name})" for student, name in matched.by_roster.items()), _NAMED),
            )
        )
    if matched.by_login:
        notices.append(
            Message(
                "{students} matched only by the part before the @: {names}. Check that the rows are theirs.",
                students=count(len(matched.by_login), "student"),
                names=first_of(sorted(f"{student} ({name})" for student, name in matched.by_login.items()), _NAMED),
            )
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
    settled = {*given, *(question.id for question in report.unanswered)}
    unmarked = [name for name in questions if name not in settled]
    waits: list[str] = []
    if unmarked:
        waits.append(
            Message.counted(
                "{items} is not marked yet", "{items} are not marked yet", n=len(unmarked), items=both(unmarked)
            )
        )
    if report.needs_staff:
        waits.insert(0, Message("a check could not be graded, so a person must look first"))
    if report.provisional:
        waits.insert(0, Message("it was graded with --skip-scored, so the result is provisional"))
    summary = [report.refusal] if report.refusal else []
    summary += [f"{task.title}: {task.points} of {task.max_points}" for task in report.tasks]
    summary += [f"{mark.title}: {mark.points} of {questions[name]}" for name, mark in given.items()]
    points = tidy(report.points + sum(mark.points for mark in given.values()))
    every = [*summary, *(f"{mark.title}: {mark.points} of {mark.max_points}" for mark in report.marks if mark.question)]
    maximum = report.max_points + sum(questions.values())
    return _Mark(points, maximum, "; ".join(summary), _parts("; ".join(every)), joined("; ", waits))


def _parts(summary: str) -> frozenset[str]:
    """Return the parts of a summary without their numbers."""
    return frozenset(_NUMBER.sub("0", cell(summary)).split("; "))


def _scaled(mark: _Mark, maximum: Fraction | None) -> str:
    """Return the points, out of the platform's maximum if it has one, with at most two decimal places."""
    if maximum is None or maximum == mark.max_points or not mark.max_points:
        return str(mark.points)
    hundredths = round(100 * maximum * Fraction(mark.points) / mark.max_points)
    return f"{hundredths // 100}.{hundredths % 100:02}".rstrip("0").rstrip(".")


@dataclass(frozen=True)
class Matched:
    """Which student each row belongs to."""

    students: Mapping[int, str]  # by row
    unclear: Mapping[str, tuple[str, ...]]  # students that several rows match, with the names in these rows
    others: tuple[str, ...]  # the names in all other rows
    by_login: Mapping[str, str]  # students matched only by the part of a name before its @, with that name
    by_roster: Mapping[str, str] = field(default_factory=dict)  # students matched by what the roster says, with it


def match_rows(
    sheet: Sheet,
    rows: Sequence[int],
    ids: Iterable[str],
    students: Collection[str],
    *,
    roster: Iterable[Mapping[str, str]] = (),
) -> Matched:
    """Match rows by the column that names most students, and rows where it is empty by the next best column.

    A cell names a student by the id or by what one of the tables in ``roster`` says of the id, if of no other.
    """
    known = _Known(frozenset(students), _aliases(roster, students))
    readings = [_read(sheet, rows, id_, known, local=local) for local in (False, True) for id_ in _present(sheet, ids)]
    found: dict[int, str] = {}
    by_login: dict[str, str] = {}
    by_roster: dict[str, str] = {}
    several: dict[str, list[int]] = {}
    open_rows, taken = set(rows), set[str]()
    for reading in sorted(readings, key=lambda reading: -_number_of_students(reading)):  # ties: in the order of ``ids``
        candidates: dict[str, list[int]] = defaultdict(list)  # student -> rows
        for row, match in reading.items():
            if row in open_rows and match.student in known.ids - taken:
                candidates[match.student].append(row)
        for student, theirs in candidates.items():
            best = [row for row in theirs if reading[row].whole] or theirs
            if len(best) == 1:
                found[best[0]] = student
                match = reading[best[0]]
                if not match.whole:
                    by_login[student] = match.name
                elif match.by_roster:
                    by_roster[student] = match.name
            else:
                several[student] = best
        taken |= set(candidates)
        open_rows -= set(reading)
    shared = {row for theirs in several.values() for row in theirs}
    left = [row for row in rows if row not in found and row not in shared]
    for row, match in _matches_left(sheet, left, ids, known, known.ids - taken).items():
        found[row] = match.student
        by_roster[match.student] = match.name
    return Matched(
        found,
        {student: tuple(_name(sheet, row, ids) for row in theirs) for student, theirs in several.items()},
        tuple(_name(sheet, row, ids) for row in rows if row not in found and row not in shared),
        by_login,
        by_roster,
    )


@dataclass(frozen=True)
class _Known:
    """By what the students are known: their ids, and what the roster says of them."""

    ids: frozenset[str]
    aliases: Mapping[str, str]  # e-mail address or name, in the form in which names are compared -> id


@dataclass(frozen=True)
class _Match:
    """The student that a cell names, or "", and whether the whole cell names the student."""

    name: str
    student: str
    whole: bool
    by_roster: bool = False


def _aliases(roster: Iterable[Mapping[str, str]], students: Collection[str]) -> dict[str, str]:
    """Return the ids by what the roster says of one student alone, and not of another one who has no report."""
    owners: dict[str, set[str]] = defaultdict(set)
    for table in roster:
        for student, text in table.items():
            if text.strip():
                owners[normalise(text)].add(student)
    return {text: who for text, ids in owners.items() for who in ids if len(ids) == 1 and who in students}


def _matches_left(
    sheet: Sheet, rows: Sequence[int], ids: Iterable[str], known: _Known, left: Collection[str]
) -> dict[int, _Match]:
    """Return whom the roster finds in rows that no column matched, where one row alone names one student alone."""
    claims: dict[str, list[tuple[int, _Match]]] = defaultdict(list)
    for row in rows:
        readings = [_read(sheet, [row], id_, known, local=False) for id_ in _present(sheet, ids)]
        matches = [reading[row] for reading in readings if row in reading and reading[row].by_roster]
        if len({match.student for match in matches}) == 1 and matches[0].student in left:
            claims[matches[0].student].append((row, matches[0]))
    return dict(rows[0] for rows in claims.values() if len(rows) == 1)


def _present(sheet: Sheet, ids: Iterable[str]) -> list[str]:
    return [id_ for id_ in ids if id_ in sheet.header]


def _read(sheet: Sheet, rows: Sequence[int], column: str, known: _Known, *, local: bool) -> dict[int, _Match]:
    """Return whom each row names in ``column``, without empty cells; with ``local`` also by the part before the @."""
    reading = {}
    for row in rows:
        if name := sheet.cell(row, column).strip():
            part = name.partition("@")[0]
            whole = next((key for key in (name, safe_name(name)) if key in known.ids), "")
            listed = known.aliases.get(normalise(name)) or known.aliases.get(_first_name_first(name), "")
            short = next((key for key in (part, safe_name(part)) if key in known.ids), "") if local else ""
            reading[row] = _Match(name, whole or listed or short, bool(whole or listed), not whole and bool(listed))
    return reading


def _first_name_first(name: str) -> str:
    """Return "Lovelace, Ada", as Canvas writes names, as "ada lovelace"."""
    last, comma, first = name.partition(",")
    return normalise(f"{first} {last}") if comma else ""


def _number_of_students(reading: Mapping[int, _Match]) -> int:
    return len({match.student for match in reading.values() if match.student})


def _name(sheet: Sheet, row: int, ids: Iterable[str]) -> str:
    return next((name for id_ in _present(sheet, ids) if (name := sheet.cell(row, id_).strip())), "?")
