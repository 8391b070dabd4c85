"""Marks by hand: for an inline question, or in place of the points that a task's checks earned."""

from __future__ import annotations

import csv
import getpass
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from autograder.core.encodings import csv_text, not_csv
from autograder.core.errors import GradlabError
from autograder.core.files import csv_separator
from autograder.core.half_points import parse_points, tidy
from autograder.core.message import Message, name_list
from autograder.core.report import Cause, Mark, Report
from autograder.gradebook.identity import UnknownStudent, find_student
from autograder.gradebook.journal import Journal, now
from autograder.gradebook.results import write_results
from autograder.intake.download import safe_name

COLUMNS = ("student", "item", "points", "reason")
LINES = "lines"  # a column that a table may have instead of points: numbers of lines of the rubric


_GONE = {
    "question": Message("It does not count: this question no longer exists. Remove the mark with --withdraw."),
    "task": Message("It does not count: this task no longer exists. Remove the mark with --withdraw."),
}
_WORTH = {
    "question": Message("Give it again: the question is worth {limit} now."),
    "task": Message("It counts as {limit}: the task is worth {limit} now."),
}
_OTHER_WORTH = {
    "question": Message("The question is worth {limit} now."),
    "task": Message("The task is worth {limit} now."),
}


class BadMark(GradlabError):
    """A mark by hand that cannot be given. Written for staff."""


@dataclass(frozen=True)
class GivenMark:
    """A mark as somebody gives it. Without points it withdraws an earlier one."""

    student: str
    item: str
    points: float | None
    reason: str
    where: str = field(default="", compare=False)  # the file and the line that contain it
    lines: tuple[int, ...] | None = None  # instead of points: the lines of the question's rubric that hold, from 1


def give_marks(journal: Journal, out: Path, given: Sequence[GivenMark], *, by: str = "") -> list[Report]:
    """Store the marks, all or none, and bring the results up to date. Returns the reports that changed."""
    rows = [_checked(journal, row, by or _user()) for row in given]
    first: dict[tuple[str, str], tuple[GivenMark, Mark | None]] = {}
    for row, (who, mark) in zip(given, rows, strict=True):
        other, before = first.setdefault((who, row.item), (row, mark))
        if (before and before.points) != (mark and mark.points):
            raise BadMark(
                Message(
                    "{where}: {item} of {student} has other points here than in {other}.",
                    where=row.where,
                    item=row.item,
                    student=who,
                    other=other.where,
                )
            )
    with journal.writing():
        for row, (who, mark) in zip(given, rows, strict=True):
            journal.set_mark(who, row.item, mark)
    write_results(journal, out)
    return list(journal.reports(sorted({who for who, _ in rows})))


def list_marks(journal: Journal) -> Iterator[tuple[str, Mark, str]]:
    """Yield the marks that apply, by student, with a sentence where a mark does not count as it was given."""
    facts: dict[str, Any] = journal.fact("assignment") or {"tasks": {}, "questions": {}}
    for student, mark in journal.all_marks():
        kind = "question" if mark.question else "task"
        _, limit = facts[f"{kind}s"].get(mark.item, ("", None))
        if limit is None:
            yield student, mark, _GONE[kind]
        elif mark.points > limit:
            yield student, mark, Message(_WORTH[kind], limit=limit)
        elif mark.max_points != limit:
            yield student, mark, Message(_OTHER_WORTH[kind], limit=limit)
        else:
            yield student, mark, ""


def waiting_on(task: str, report: Report) -> list[str]:
    """Return the other tasks without a mark by hand in which a check failed because of ``task``."""
    short, whole = (re.compile(rf"\b{re.escape(name)}\b") for name in (task.rpartition(".")[2], task))
    tasks = {
        check.task
        for check in report.checks
        if (check.cause in (Cause.NOT_LOADED, Cause.NOT_WRITTEN) and short.search(check.message))
        or (check.cause is Cause.NEEDS and whole.search(check.message.partition("\n")[0]))
    }
    marked = report.overrides
    return [other.name for other in report.tasks if other.name in tasks - {task} and other.name not in marked]


def read_marks(path: Path) -> list[GivenMark]:
    """Read a CSV with the columns student, item, points and reason. Raises BadMark naming the line.

    Commas, semicolons or tabs separate the columns.
    """
    try:
        text = csv_text(path, error=BadMark)
        rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=csv_separator(text))
        rows.fieldnames = [name.strip() for name in rows.fieldnames or ()]
        missing = [name for name in COLUMNS if name not in rows.fieldnames]
        if missing:
            raise BadMark(
                Message(
                    "{path} has no column {missing!r}. It needs {columns}.",
                    path=path,
                    missing=missing[0],
                    columns=name_list(COLUMNS),
                )
            )
        return list(_given(rows, path))
    except csv.Error as error:
        raise BadMark(not_csv(path, error)) from None


def _given(rows: csv.DictReader[str], path: Path) -> Iterator[GivenMark]:
    seen: dict[tuple[str, str], tuple[float, str]] = {}
    for row in rows:
        student, item, text, reason = ((row[name] or "").strip() for name in COLUMNS)
        lines = (row.get(LINES) or "").strip()
        if not text and not lines:
            continue  # not marked yet
        where = Message("{file}, line {line}", file=path, line=rows.line_num)
        if lines and not text:
            if not all(part.isascii() and part.isdigit() for part in lines.split()):
                raise BadMark(
                    Message(
                        "{where}: {lines!r} does not list lines of a rubric. Write, for example, 1 3, or 0.",
                        where=where,
                        lines=lines[:20],
                    )
                )
            numbers = tuple(int(part) for part in lines.split() if int(part))
            yield GivenMark(student, item, None, reason, where, numbers)
            continue
        try:
            points = parse_points(text)
        except ValueError as error:
            raise BadMark(Message("{where}: {error}", where=where, error=str(error))) from None
        before, line = seen.setdefault((safe_name(student), item), (points, str(rows.line_num)))
        if before != points:
            raise BadMark(
                Message.counted(
                    "{where}: {item} of {student} has {n} point on line {line} and {points} here.",
                    "{where}: {item} of {student} has {n} points on line {line} and {points} here.",
                    where=where,
                    item=item,
                    student=student,
                    n=before,
                    line=line,
                    points=points,
                )
            )
        yield GivenMark(student, item, points, reason, where)


def _checked(journal: Journal, given: GivenMark, by: str) -> tuple[str, Mark | None]:
    """Return the student's id and the mark, or None to withdraw one."""
    try:
        who = find_student(journal, given.student)
        return who, _mark(journal, replace(given, student=who), by)
    except (BadMark, UnknownStudent) as error:
        text = error.args[0]
        if given.where:
            text = Message("{where}: {error}", where=given.where, error=text)
        raise BadMark(text) from None


def _mark(journal: Journal, given: GivenMark, by: str) -> Mark | None:
    facts: dict[str, Any] = journal.fact("assignment") or {"tasks": {}, "questions": {}}
    if given.lines is not None:
        given = _by_rubric(given, facts.get("rubrics", {}).get(given.item))
    if given.points is None:
        items = {mark.item for mark in journal.marks(given.student)}
        if given.item not in items:
            others = Message("only for {items}", items=name_list(sorted(items))) if items else Message("none at all")
            raise BadMark(
                Message(
                    "{student} has no mark by hand for {item} ({others}), so there is nothing to withdraw.",
                    student=given.student,
                    item=given.item,
                    others=others,
                )
            )
        return None
    question = given.item in facts["questions"]
    if not question and given.item not in facts["tasks"]:
        known = name_list([*facts["tasks"], *facts["questions"]])
        raise BadMark(
            Message("There is no task or question {item!r}. Choose one of: {known}.", item=given.item, known=known)
        )
    title, limit = facts["questions" if question else "tasks"][given.item]
    if not 0 <= given.points <= limit:
        raise BadMark(
            Message(
                "{item} is worth 0 to {limit} points, not {points}.", item=given.item, limit=limit, points=given.points
            )
        )
    if not question and not given.reason.strip():
        raise BadMark(
            Message(
                "{item} has checks. Explain with --reason why their points do not count; the student reads it.",
                item=given.item,
            )
        )
    return Mark(given.item, title, given.points, limit, question, given.reason.strip(), by, now())


def _by_rubric(given: GivenMark, rubric: list[Any] | None) -> GivenMark:
    """Return the mark with the points of the lines that hold, and with all lines as its reason."""
    if not rubric:
        raise BadMark(Message("{item} has no rubric, so give it points instead of lines.", item=given.item))
    wrong = [number for number in given.lines or () if not 1 <= number <= len(rubric)]
    if wrong:
        raise BadMark(
            Message(
                "The rubric of {item} has the lines 1 to {last}, not {number}. {lines}",
                item=given.item,
                last=len(rubric),
                number=wrong[0],
                lines=show_rubric(rubric),
            )
        )
    held = set(given.lines or ())
    points = sum(line[1] for number, line in enumerate(rubric, start=1) if number in held)
    rows = [f"{tidy(most if n in held else 0)}/{tidy(most)} {text}" for n, (text, most) in enumerate(rubric, start=1)]
    return replace(given, points=tidy(points), reason="; ".join([*rows, *filter(None, [given.reason.strip()])]))


def show_rubric(rubric: Sequence[Any]) -> str:
    """Return the lines of a rubric as a sentence, numbered."""
    lines = "; ".join(f"{n}: {text} ({tidy(most)})" for n, (text, most) in enumerate(rubric, start=1))
    return Message("Its lines are {lines}.", lines=lines)


def rubric_of(journal: Journal, item: str) -> str:
    """Return the rubric of a question as a sentence, or an empty string."""
    facts: dict[str, Any] = journal.fact("assignment") or {}
    rubric = facts.get("rubrics", {}).get(item)
    return show_rubric(rubric) if rubric else ""


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return ""
