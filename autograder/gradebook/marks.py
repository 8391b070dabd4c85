"""Marks by hand: for an inline question, or in place of the points that a task's checks earned."""

from __future__ import annotations

import csv
import getpass
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from autograder.core.errors import GradlabError
from autograder.core.files import csv_separator, explain
from autograder.core.half_points import parse_points, tidy
from autograder.core.report import Mark, Report
from autograder.gradebook.journal import Journal, now
from autograder.gradebook.results import write_results
from autograder.intake.download import safe_name

COLUMNS = ("student", "item", "points", "reason")
LINES = "lines"  # a column that a table may have instead of points: numbers of lines of the rubric


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
    rows = [(row, _checked(journal, row, by or _user())) for row in given]
    with journal.writing():
        for row, mark in rows:
            journal.set_mark(safe_name(row.student), row.item, mark)
    write_results(journal, out)
    return list(journal.reports(sorted({safe_name(row.student) for row in given})))


def list_marks(journal: Journal) -> Iterator[tuple[str, Mark, str]]:
    """Yield the marks that apply, by student, with a sentence where a mark does not count as it was given."""
    facts: dict[str, Any] = journal.fact("assignment") or {"tasks": {}, "questions": {}}
    for student, mark in journal.all_marks():
        kind = "question" if mark.question else "task"
        _, limit = facts[f"{kind}s"].get(mark.item, ("", None))
        if limit is None:
            yield student, mark, f"It does not count: this {kind} no longer exists. Remove the mark with --withdraw."
        elif mark.points > limit:
            remedy = "Give it again: the question" if mark.question else f"It counts as {limit}: the task"
            yield student, mark, f"{remedy} is worth {limit} now."
        else:
            yield student, mark, ""


def read_marks(path: Path) -> list[GivenMark]:
    """Read a CSV with the columns student, item, points and reason. Raises BadMark naming the line.

    Commas, semicolons or tabs separate the columns.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=csv_separator(text))
        rows.fieldnames = [name.strip() for name in rows.fieldnames or ()]
        missing = [name for name in COLUMNS if name not in rows.fieldnames]
        if missing:
            raise BadMark(f"{path} has no column {missing[0]!r}. It needs {', '.join(COLUMNS)}.")
        return list(_given(rows, path))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadMark(f"{path} cannot be read: {explain(error)}.") from None


def _given(rows: csv.DictReader[str], path: Path) -> Iterator[GivenMark]:
    seen: dict[tuple[str, str], tuple[float, str]] = {}
    for row in rows:
        student, item, text, reason = ((row[name] or "").strip() for name in COLUMNS)
        lines = (row.get(LINES) or "").strip()
        if not text and not lines:
            continue  # not marked yet
        where = f"{path}, line {rows.line_num}"
        if lines and not text:
            if not all(part.isascii() and part.isdigit() for part in lines.split()):
                raise BadMark(
                    f"{where}: {lines[:20]!r} does not list lines of a rubric. Write, for example, 1 3, or 0."
                )
            numbers = tuple(int(part) for part in lines.split() if int(part))
            yield GivenMark(student, item, None, reason, where, numbers)
            continue
        try:
            points = parse_points(text)
        except ValueError as error:
            raise BadMark(f"{where}: {error}") from None
        before, line = seen.setdefault((safe_name(student), item), (points, str(rows.line_num)))
        if before != points:
            raise BadMark(f"{where}: {item} of {student} has {before} points on line {line} and {points} here.")
        yield GivenMark(student, item, points, reason, where)


def _checked(journal: Journal, given: GivenMark, by: str) -> Mark | None:
    try:
        return _mark(journal, given, by)
    except BadMark as error:
        raise BadMark(f"{given.where}: {error}" if given.where else str(error)) from None


def _mark(journal: Journal, given: GivenMark, by: str) -> Mark | None:
    facts: dict[str, Any] = journal.fact("assignment") or {"tasks": {}, "questions": {}}
    if not list(journal.reports([safe_name(given.student)])):
        now_is = (journal.fact("moved") or {}).get(safe_name(given.student))
        remedy = f"The roster changed this id to {now_is!r}: mark that one." if now_is else "Grade the hand-in first."
        raise BadMark(f"{journal.path.parent} has no report of {given.student!r}. {remedy}")
    if given.lines is not None:
        given = _by_rubric(given, facts.get("rubrics", {}).get(given.item))
    if given.points is None:
        items = {mark.item for mark in journal.marks(safe_name(given.student))}
        if given.item not in items:
            others = f"only for {', '.join(sorted(items))}" if items else "none at all"
            raise BadMark(
                f"{given.student} has no mark by hand for {given.item} ({others}), so there is nothing to withdraw."
            )
        return None
    question = given.item in facts["questions"]
    if not question and given.item not in facts["tasks"]:
        known = ", ".join([*facts["tasks"], *facts["questions"]])
        raise BadMark(f"There is no task or question {given.item!r}. Choose one of: {known}.")
    title, limit = facts["questions" if question else "tasks"][given.item]
    if not 0 <= given.points <= limit:
        raise BadMark(f"{given.item} is worth 0 to {limit} points, not {given.points}.")
    if not question and not given.reason.strip():
        raise BadMark(
            f"{given.item} has checks. Explain with --reason why their points do not count; the student reads it."
        )
    return Mark(given.item, title, given.points, limit, question, given.reason.strip(), by, now())


def _by_rubric(given: GivenMark, rubric: list[Any] | None) -> GivenMark:
    """Return the mark with the points of the lines that hold, and with all lines as its reason."""
    if not rubric:
        raise BadMark(f"{given.item} has no rubric, so give it points instead of lines.")
    wrong = [number for number in given.lines or () if not 1 <= number <= len(rubric)]
    if wrong:
        raise BadMark(
            f"The rubric of {given.item} has the lines 1 to {len(rubric)}, not {wrong[0]}. {show_rubric(rubric)}"
        )
    held = set(given.lines or ())
    points = sum(line[1] for number, line in enumerate(rubric, start=1) if number in held)
    rows = [f"{tidy(most if n in held else 0)}/{tidy(most)} {text}" for n, (text, most) in enumerate(rubric, start=1)]
    return replace(given, points=tidy(points), reason="; ".join([*rows, *filter(None, [given.reason.strip()])]))


def show_rubric(rubric: Sequence[Any]) -> str:
    """Return the lines of a rubric as a sentence, numbered."""
    lines = "; ".join(f"{n}: {text} ({tidy(most)})" for n, (text, most) in enumerate(rubric, start=1))
    return f"Its lines are {lines}."


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
