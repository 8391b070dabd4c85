"""Marks by hand: an inline question's, or one that stands instead of what a task's checks earned."""

from __future__ import annotations

import csv
import getpass
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.core.errors import GradlabError
from autograder.core.files import csv_separator, explain
from autograder.core.report import Mark, Report
from autograder.gradebook.journal import Journal, now
from autograder.gradebook.results import write_results
from autograder.intake.download import safe_name

COLUMNS = ("student", "item", "points", "reason")


class BadMark(GradlabError):
    """A mark by hand that cannot be given. Speaks to staff."""


@dataclass(frozen=True)
class Given:
    """What somebody decided. Without points the mark is withdrawn."""

    student: str
    item: str
    points: int | None
    reason: str
    where: str = field(default="", compare=False)  # the file and the line that say so


def give(journal: Journal, out: Path, given: Sequence[Given], *, by: str = "") -> list[Report]:
    """Keep the marks, all or none, and bring the results in step. Returns the reports they changed."""
    rows = [(row, _checked(journal, row, by or _user())) for row in given]
    with journal.writing():
        for row, mark in rows:
            journal.mark(safe_name(row.student), row.item, mark)
    write_results(journal, out)
    return list(journal.reports(sorted({safe_name(row.student) for row in given})))


def listed(journal: Journal) -> Iterator[tuple[str, Mark, str]]:
    """The marks that hold, by student, with a sentence where one does not count as it was given."""
    facts: dict[str, Any] = journal.fact("assignment") or {"tasks": {}, "questions": {}}
    for student, mark in journal.marked():
        what = "question" if mark.question else "task"
        _, most = facts[f"{what}s"].get(mark.item, ("", None))
        if most is None:
            yield student, mark, f"It counts for nothing: there is no such {what} any more. --withdraw takes it back."
        elif mark.points > most:
            counts = "Give it again: the question" if mark.question else f"It counts as {most}: the task"
            yield student, mark, f"{counts} is worth {most} now."
        else:
            yield student, mark, ""


def read_marks(path: Path) -> list[Given]:
    """A CSV with the columns student, item, points, reason, between commas, semicolons or tabs.

    Raises BadMark naming the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=csv_separator(text))
        rows.fieldnames = [name.strip() for name in rows.fieldnames or ()]
        missing = [name for name in COLUMNS if name not in rows.fieldnames]
        if missing:
            raise BadMark(f"{path} lacks the column {missing[0]!r}; it needs {', '.join(COLUMNS)}.")
        return list(_given(rows, path))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadMark(f"{path} cannot be read: {explain(error)}.") from None


def _given(rows: csv.DictReader[str], path: Path) -> Iterable[Given]:
    seen: dict[tuple[str, str], tuple[int, str]] = {}
    for row in rows:
        student, item, points, reason = ((row[name] or "").strip() for name in COLUMNS)
        if not points:
            continue  # not marked yet
        where = f"{path}, line {rows.line_num}"
        if not points.isdecimal() or len(points) > 9:
            raise BadMark(f"{where}: {points!r} is not a whole number of points.")
        before, line = seen.setdefault((safe_name(student), item), (int(points), str(rows.line_num)))
        if before != int(points):
            raise BadMark(f"{where}: {item} of {student} has {before} points on line {line} and {points} here.")
        yield Given(student, item, int(points), reason, where)


def _checked(journal: Journal, given: Given, by: str) -> Mark | None:
    try:
        return _mark(journal, given, by)
    except BadMark as error:
        raise BadMark(f"{given.where}: {error}" if given.where else str(error)) from None


def _mark(journal: Journal, given: Given, by: str) -> Mark | None:
    facts: dict[str, Any] = journal.fact("assignment") or {"tasks": {}, "questions": {}}
    if not list(journal.reports([safe_name(given.student)])):
        now_is = (journal.fact("moved") or {}).get(safe_name(given.student))
        remedy = f"The roster made it {now_is!r}: mark that." if now_is else "Grade the hand-in first."
        raise BadMark(f"{journal.path.parent} has no report of {given.student!r}. {remedy}")
    if given.points is None:
        held = {mark.item for mark in journal.marks(safe_name(given.student))}
        if given.item not in held:
            has = f"only for {', '.join(sorted(held))}" if held else "none at all"
            raise BadMark(
                f"{given.student} has no mark by hand for {given.item} ({has}), so there is nothing to withdraw."
            )
        return None
    question = given.item in facts["questions"]
    if not question and given.item not in facts["tasks"]:
        known = ", ".join([*facts["tasks"], *facts["questions"]])
        raise BadMark(f"There is no task or question {given.item!r}. There are {known}.")
    title, limit = facts["questions" if question else "tasks"][given.item]
    if not 0 <= given.points <= limit:
        raise BadMark(f"{given.item} is worth 0 to {limit} points, not {given.points}.")
    if not question and not given.reason.strip():
        raise BadMark(
            f"{given.item} has checks. Say with --reason why their points do not stand; the student reads it."
        )
    return Mark(given.item, title, given.points, limit, question, given.reason.strip(), by, now())


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return ""
