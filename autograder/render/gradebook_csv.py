"""Write the gradebook as CSV. Its columns are documented in docs/report.md."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence

from autograder.core.report import Report
from autograder.render.concerns import concerns
from autograder.render.summary import summarise
from autograder.render.text import line
from autograder.render.view import other_notes
from autograder.render.words import count, not_marked

BEFORE = ("student", "points", "max_points")  # the columns of tasks and questions follow
NAME = "name"  # after the student, if a roster gives names
AFTER = ("needs_staff", "look_at", "assignment", "handed_in", "submission", "intake", "notes")

_NUMBER = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,15})?", re.ASCII)
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")
_LATER_FORMULA = re.compile(r"(;\s*)(?=[=+\-@])")  # in countries where spreadsheets separate cells by semicolons


def gradebook_csv(
    reports: Iterable[Report],
    *,
    unopened: Sequence[tuple[str, str]] = (),
    questions: Sequence[str] = (),
    intake: Mapping[str, str] | None = None,
    assignment: str = "",
    names: Mapping[str, str] | None = None,
) -> str:
    """Return one row per student, sorted by name. `unopened` hand-ins have no points, and the reason in notes.

    ``questions`` are the ids of inline questions. ``intake`` maps a student to the problems found while the hand-ins
    were collected; students who handed in nothing may be among them. ``names`` are those of the students, by id;
    without any name, there is no column for them.
    """
    summary = summarise(reports)
    tasks, intake = [task.name for task in summary.tasks], dict(intake or {})
    names = {**(names or {}), **{report.student: report.name for report in summary.reports if report.name}}
    blank = ["" for _ in (*tasks, *questions)]
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    student, *points = BEFORE
    writer.writerow([student, *([NAME] if names else []), *points, *map(_column, (*tasks, *questions)), *AFTER])
    rows = [(r.student, _row(r, tasks, questions, intake.pop(r.student, ""))) for r in summary.reports]
    rows += [
        (who, [cell(who), "", "", *blank, "yes", "", cell(assignment), "", "", cell(intake.pop(who, "")), cell(why)])
        for who, why in unopened
    ]
    rows += [
        (who, [cell(who), "", "", *blank, "no", "", cell(assignment), "", "", cell(what), ""])
        for who, what in intake.items()
    ]
    for who, (id_, *others) in sorted(rows, key=lambda pair: (pair[0].casefold(), pair[0])):
        writer.writerow([id_, *([cell(names.get(who, ""))] if names else []), *others])
    return file.getvalue()


def cell(text: str) -> str:
    """Return text that a spreadsheet shows and does not run: an apostrophe is put before what could be a formula."""
    shown = _LATER_FORMULA.sub(r"\1'", line(text, limit=1000))
    formula = (_FORMULA.match(text) or _FORMULA.match(shown)) and not _NUMBER.fullmatch(shown)
    return f"'{shown}" if formula else shown


def _row(report: Report, tasks: Sequence[str], questions: Sequence[str], intake: str) -> list[str | float]:
    earned = {task.name: task.points for task in report.tasks}
    given: dict[str, float] = {question.id: 0 for question in report.unanswered}
    given |= {mark.item: mark.points for mark in report.marks if mark.question}
    by_hand = [f"{m.item}: {count(m.points, 'point')} by hand ({m.reason})." for m in report.overrides.values()]
    stray = "by hand do not count, because the assignment no longer has this task"
    by_hand += [f"{m.item}: {count(m.points, 'point')} {stray}." for m in report.stray_marks]
    return [
        cell(report.student),
        report.points,
        report.max_points,
        *(earned.get(task, "") for task in tasks),
        *(given.get(question, "") for question in questions),
        _needs_staff(report),
        cell(" ".join(map(str, concerns(report)))),
        cell(report.assignment),
        cell(report.handed_in),
        cell(report.submission),
        cell(intake),
        cell(" ".join([*other_notes(report), *by_hand])),
    ]


def _needs_staff(report: Report) -> str:
    if report.needs_staff or (report.provisional and not report.refusal):  # no later run opens what was refused
        return "yes"
    return not_marked(len(report.unmarked)) if report.unmarked else "no"


def _column(task: str) -> str:
    return cell(f"{task} (task)" if task in (*BEFORE, NAME, *AFTER) else task)
