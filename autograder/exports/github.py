"""GitHub Actions: what a run of the public checks shows on a student's page, and the result for GitHub Classroom.

Three forms of one report: annotations at the student's lines (GitHub's workflow commands), a summary of the job
(Markdown), and the JSON that GitHub Classroom's autograding reporter reads. Knows nothing about how checks are run.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from autograder.core.assignment import Assignment
from autograder.core.code import Code
from autograder.core.language import IN_ENGLISH, Translator, say, speaking, translate
from autograder.core.notebooks import describe_line, notebook_name
from autograder.core.report import CheckResult, Outcome, Report
from autograder.render.text import clean, line
from autograder.render.translated import translated
from autograder.render.view import TaskView, left_over, task_views
from autograder.render.words import count, verdict
from autograder.session.verdict import show

NOTHING: Mapping[str, str] = MappingProxyType({})
MOST = 9  # error annotations; GitHub shows ten of each step and leaves out the rest
SUMMARY_BYTES = 900_000  # GitHub refuses a summary above 1 MiB

_CELL = re.compile(r"^ *cell (?P<cell>\d+)(?: from the top)?, line (?P<line>\d+)", re.MULTILINE)
_LINE = re.compile(r"^ *(?P<file>\w+\.py), line (?P<line>\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Checked:
    """The public checks of one assignment, the code that they judged, and what translates for its student."""

    assignment: Assignment
    report: Report
    code: Code
    folder: Path
    to: Translator = IN_ENGLISH

    def tasks(self) -> list[tuple[TaskView, TaskView]]:
        """Return each task that has checks, in English, in which places are found, and in the student's language."""
        views = zip(task_views(self.report), task_views(translated(self.report, self.to)), strict=True)
        return [(task, shown) for task, shown in views if task.checks]


@dataclass(frozen=True)
class Place:
    """A line of a file of the student's, from 1."""

    file: Path
    line: int


def find_place(checked: Checked, task: TaskView) -> Place | None:
    """Return where a task, in English, went wrong: at the line that a message names, else where it is defined."""
    module = checked.assignment.task(task.name).file
    for check in task.open:
        if module in checked.code.cells and (found := _CELL.search(check.message)):
            return _in_notebook(checked.folder / notebook_name(module), int(found["cell"]), int(found["line"]))
        if module not in checked.code.cells and (found := _LINE.search(check.message)):
            return Place(checked.folder / found["file"], int(found["line"]))
    defined = _definition(checked.code.files.get(module, ""), task.name)
    if defined is None:
        return None
    if module not in checked.code.cells:
        return Place(checked.folder / module, defined)
    found = _CELL.search(describe_line(checked.code.cells[module], defined))
    return (
        _in_notebook(checked.folder / notebook_name(module), int(found["cell"]), int(found["line"])) if found else None
    )


def annotate(checked: Iterable[Checked], root: Path, unread: Mapping[str, str] = NOTHING) -> list[str]:
    """Return a workflow command for each task that lost points, with paths relative to ``root``.

    ``unread`` says for each assignment that could not be checked why.
    """
    commands = [f"::error title={_property(name)}::{_data(clean(translate(why)))}" for name, why in unread.items()]
    for one in checked:
        for task, shown in one.tasks():
            if not task.open or task.is_blank:
                continue
            place = find_place(one, task)
            where = {"title": f"{one.assignment.name}: {line(shown.title)}"}
            if place:
                where = {
                    "file": place.file.resolve().relative_to(root.resolve()).as_posix(),
                    "line": str(place.line),
                } | where
            properties = ",".join(f"{name}={_property(value)}" for name, value in where.items())
            commands.append(f"::error {properties}::{_data(_as_text(one.to, shown.open[:1], limit=3000))}")
    return commands[:MOST]


def summary(checked: Sequence[Checked], unread: Mapping[str, str] = NOTHING) -> str:
    """Return the summary of the job in Markdown. ``unread`` is as in ``annotate``."""
    if not checked and not unread:
        return say("Nothing is written yet, so nothing was checked.") + "\n"
    parts = []
    for name, why in unread.items():
        parts.append(f"## {_plain(say('{assignment}: not checked', assignment=name))}\n\n{_plain(translate(why))}\n")
    for one in checked:
        with speaking(one.to):
            parts += _section(one)
    text = "\n".join(parts)
    if len(text.encode()) > SUMMARY_BYTES:
        text = text.encode()[:SUMMARY_BYTES].decode("utf-8", "ignore") + "\n"
    return text


def _section(one: Checked) -> list[str]:
    """Return the lines of the summary about one assignment, in the reader's language."""
    report, tasks = one.report, [shown for _, shown in one.tasks()]
    most = sum(check.max_points for check in report.checks)
    title = translate(one.assignment.title)
    heading = say("{title}: {points} of {most} here", title=title, points=report.points, most=count(most, "point"))
    lines = [f"## {_plain(heading)}\n", f"{verdict(report.checks, left_over(report), skipped=report.open_points)}\n"]
    lines += [f"| {say('task')} | {say('points')} |", "|---|---|"]
    for task in tasks:
        earned = f"{sum(check.points for check in task.checks)} / {task.available}"
        state = say("{points}, not written yet", points=earned) if task.is_blank else earned
        lines.append(f"| {_plain(task.title)} (`{task.name}`) | {state} |")
    lines.append("")
    for task in tasks:
        if task.open and not task.is_blank:
            text = _fenced(_as_text(one.to, task.open, limit=10_000))
            lines += [f"<details><summary>{_plain(task.title)}</summary>\n", text, "\n</details>\n"]
    return lines


def classroom_json(checked: Iterable[Checked], unread: Mapping[str, str] = NOTHING) -> str:
    """Return the result for GitHub Classroom: one test per task, with the points that its public checks paid.

    ``unread`` is as in ``annotate``.
    """
    tests: list[dict[str, Any]] = [
        {"name": name, "status": "error", "score": 0, "max_score": 0, "message": why, "filename": "", "line_no": 0}
        for name, why in ((name, translate(why)) for name, why in unread.items())
    ]
    status = "error" if unread else "pass"
    for one in checked:
        for task, shown in one.tasks():
            place = find_place(one, task)
            broken = any(check.outcome is Outcome.BROKEN for check in task.checks)
            state = "error" if broken else "fail" if task.open else "pass"
            status = max(status, state, key=("pass", "fail", "error").index)
            tests.append(
                {
                    "name": f"{one.assignment.name}: {line(shown.title)}",
                    "status": state,
                    "score": sum(check.points for check in task.checks),
                    "max_score": task.available,
                    "message": _as_text(one.to, shown.open, limit=3000),
                    "test_code": f"gradlab check {one.assignment.name} --task {task.name}",
                    "filename": place.file.name if place else "",
                    "line_no": place.line if place else 0,
                    "execution_time": f"{sum(check.seconds for check in task.checks):.1f}s",
                }
            )
    most = sum(test["max_score"] for test in tests)
    return json.dumps({"version": 1, "status": status, "max_score": most, "tests": tests}, ensure_ascii=False)


def _as_text(to: Translator, checks: Iterable[CheckResult], *, limit: int) -> str:
    """Return checks as plain text in a language."""
    return clean("\n\n".join(show(check, to) for check in checks), limit=limit)


def _definition(source: str, task: str) -> int | None:
    """Return the line of the last definition of a task ("Conv.forward": of the method, else of the class)."""
    root, _, method = task.partition(".")
    line_of: Mapping[str, int] = {}
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef) and node.name == root:
            inside = [c for c in node.body if isinstance(c, ast.FunctionDef) and c.name == method]
            line_of = {root: (inside[-1] if inside else node).lineno}
    return line_of.get(root)


def _in_notebook(path: Path, cell: int, number: int) -> Place | None:
    """Return the line of the notebook's file in which a line of a cell is written; None where it is not found.

    Jupyter writes each line of a cell on a line of its own, in the order of the cells.
    """
    try:
        text = path.read_text(encoding="utf-8")
        cells = json.loads(text)["cells"]
        rows, at = text.split("\n"), 0
        for index, each in enumerate(cells[:cell], start=1):
            source = each["source"]
            lines = source if isinstance(source, list) else source.splitlines(keepends=True)
            for position, written in enumerate(lines, start=1):
                forms = {json.dumps(written), json.dumps(written, ensure_ascii=False)}
                at = next(row for row in range(at, len(rows)) if rows[row].strip().removesuffix(",") in forms) + 1
                if (index, position) == (cell, number):
                    return Place(path, at)
    except (OSError, ValueError, KeyError, TypeError, StopIteration):
        return None
    return None


def _data(text: str) -> str:
    """Return text as the message of a workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _plain(text: str) -> str:
    """Return text without what Markdown or HTML would read."""
    return re.sub(r"([\\`*_{}\[\]<>|#])", r"\\\1", line(text))


def _fenced(text: str) -> str:
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"
