"""The gradebook as CSV. Its columns are documented in docs/report.md."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

from autograder.render.summary import summarise
from autograder.render.text import line
from autograder.report import Report

BEFORE = ("student", "points", "max_points")  # the tasks stand between these and those
AFTER = ("needs_staff", "submission", "notes")

_NUMBER = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,15})?", re.ASCII)
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")
_LATER_FORMULA = re.compile(r"(;\s*)(?=[=+\-@])")  # where the spreadsheet's country separates cells by semicolons


def gradebook_csv(reports: Iterable[Report], *, unopened: Sequence[tuple[str, str]] = ()) -> str:
    """One row per student, by name; hand-ins that could not be opened have no points and say why in notes."""
    summary = summarise(reports)
    tasks = [task.name for task in summary.tasks]
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([*BEFORE, *(_column(task) for task in tasks), *AFTER])
    rows = [(report.student, _row(report, tasks)) for report in summary.reports]
    rows += [(who, [cell(who), "", "", *("" for _ in tasks), "yes", "", cell(why)]) for who, why in unopened]
    writer.writerows(row for _, row in sorted(rows, key=lambda pair: (pair[0].casefold(), pair[0])))
    return file.getvalue()


def cell(text: str) -> str:
    """Text that a spreadsheet shows and does not run: what could start a formula gets an apostrophe before it."""
    shown = _LATER_FORMULA.sub(r"\1'", line(text, limit=1000))
    formula = (_FORMULA.match(text) or _FORMULA.match(shown)) and not _NUMBER.fullmatch(shown)
    return f"'{shown}" if formula else shown


def _row(report: Report, tasks: Sequence[str]) -> list[str | int]:
    earned = {task.name: task.points for task in report.tasks}
    return [
        cell(report.student),
        report.points,
        report.max_points,
        *(earned.get(task, "") for task in tasks),
        "yes" if report.needs_staff else "no",
        cell(report.submission),
        cell(" ".join(report.notes)),
    ]


def _column(task: str) -> str:
    return cell(f"{task} (task)" if task in BEFORE + AFTER else task)
