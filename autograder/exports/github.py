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
from autograder.core.notebooks import describe_line, notebook_name
from autograder.core.report import Outcome, Report
from autograder.render.text import clean, line
from autograder.render.view import TaskView, left_over, task_views
from autograder.render.words import verdict
from autograder.session.verdict import show

NOTHING: Mapping[str, str] = MappingProxyType({})
MOST = 9  # error annotations; GitHub shows ten of each step and leaves out the rest
SUMMARY_BYTES = 900_000  # GitHub refuses a summary above 1 MiB

_CELL = re.compile(r"^ *cell (?P<cell>\d+), line (?P<line>\d+)", re.MULTILINE)
_LINE = re.compile(r"^ *(?P<file>\w+\.py), line (?P<line>\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Checked:
    """The public checks of one assignment, and the code that they judged."""

    assignment: Assignment
    report: Report
    code: Code
    folder: Path


@dataclass(frozen=True)
class Place:
    """A line of a file of the student's, from 1."""

    file: Path
    line: int


def find_place(checked: Checked, task: TaskView) -> Place | None:
    """Return where a task went wrong: the line that a message names, else the line where the task is defined."""
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
    commands = [f"::error title={_property(name)}::{_data(clean(why))}" for name, why in unread.items()]
    for one in checked:
        for task in (task for task in task_views(one.report) if task.open and not task.is_blank):
            place = find_place(one, task)
            where = {"title": f"{one.assignment.name}: {line(task.title)}"}
            if place:
                where = {
                    "file": place.file.resolve().relative_to(root.resolve()).as_posix(),
                    "line": str(place.line),
                } | where
            properties = ",".join(f"{name}={_property(value)}" for name, value in where.items())
            commands.append(f"::error {properties}::{_data(clean(show(task.open[0]), limit=3000))}")
    return commands[:MOST]


def summary(checked: Sequence[Checked], unread: Mapping[str, str] = NOTHING) -> str:
    """Return the summary of the job in Markdown. ``unread`` is as in ``annotate``."""
    if not checked and not unread:
        return "Nothing is written yet, so nothing was checked.\n"
    parts = [f"## {_plain(name)}: not checked\n\n{_plain(why)}\n" for name, why in unread.items()]
    for one in checked:
        report = one.report
        most = sum(check.max_points for check in report.checks)
        parts += [f"## {_plain(one.assignment.title)}: {report.points} of {most} points here\n"]
        parts += [f"{verdict(report.checks, left_over(report))}\n", "| task | points |", "|---|---|"]
        tasks = [task for task in task_views(report) if task.checks]
        for task in tasks:
            earned = sum(check.points for check in task.checks)
            state = ", not written yet" if task.is_blank else ""
            parts.append(f"| {_plain(task.title)} (`{task.name}`) | {earned} of {task.available}{state} |")
        parts.append("")
        for task in tasks:
            if task.open and not task.is_blank:
                text = clean("\n\n".join(show(check) for check in task.open), limit=10_000)
                parts += [f"<details><summary>{_plain(task.title)}</summary>\n", _fenced(text), "\n</details>\n"]
    text = "\n".join(parts)
    if len(text.encode()) > SUMMARY_BYTES:
        text = text.encode()[:SUMMARY_BYTES].decode("utf-8", "ignore") + "\n"
    return text


def classroom_json(checked: Iterable[Checked], unread: Mapping[str, str] = NOTHING) -> str:
    """Return the result for GitHub Classroom: one test per task, with the points that its public checks paid.

    ``unread`` is as in ``annotate``.
    """
    tests: list[dict[str, Any]] = [
        {"name": name, "status": "error", "score": 0, "max_score": 0, "message": why, "filename": "", "line_no": 0}
        for name, why in unread.items()
    ]
    status = "error" if unread else "pass"
    for one in checked:
        for task in (task for task in task_views(one.report) if task.checks):
            place = find_place(one, task)
            broken = any(check.outcome is Outcome.BROKEN for check in task.checks)
            state = "error" if broken else "fail" if task.open else "pass"
            status = max(status, state, key=("pass", "fail", "error").index)
            tests.append(
                {
                    "name": f"{one.assignment.name}: {line(task.title)}",
                    "status": state,
                    "score": sum(check.points for check in task.checks),
                    "max_score": task.available,
                    "message": clean("\n\n".join(show(check) for check in task.open), limit=3000),
                    "test_code": f"gradlab check {one.assignment.name} --task {task.name}",
                    "filename": place.file.name if place else "",
                    "line_no": place.line if place else 0,
                    "execution_time": f"{sum(check.seconds for check in task.checks):.1f}s",
                }
            )
    most = sum(test["max_score"] for test in tests)
    return json.dumps({"version": 1, "status": status, "max_score": most, "tests": tests}, ensure_ascii=False)


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
