"""The part of a student's code that a failed check is about, for staff: around the failing line, or the task itself."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from autograder.core.assignment import Assignment
from autograder.core.code import Code
from autograder.core.notebooks import CellStarts, describe_line, notebook_name
from autograder.core.report import Cause, CheckResult, Outcome

BEFORE, AFTER = 8, 6  # lines shown around the failing one
MAX_LINES, MAX_WIDTH = 80, 160
NOTHING: Mapping[str, str] = MappingProxyType({})
_PLACE = re.compile(  # as describe_line writes it
    r"(?:([\w.-]+\.(?:py|ipynb)), )?(?:cell (\d+)(?: from the top)?, )?line (\d+)"
)


def with_excerpts(
    results: Sequence[CheckResult], code: Code, assignment: Assignment, handed_in: Mapping[str, str]
) -> tuple[CheckResult, ...]:
    """Return the results with the student's code at the line that each failed check names, or else of its task.

    ``handed_in`` has the texts of modules as they were handed in, with the lines of ``code``.
    """
    files = {task.name: task.file for task in assignment.tasks}
    return tuple(
        result
        if result.outcome is Outcome.PASSED or result.cause is Cause.NOT_WRITTEN
        else replace(result, code=excerpt(result, code, files.get(result.task, ""), handed_in))
        for result in results
    )


def excerpt(result: CheckResult, code: Code, file: str, handed_in: Mapping[str, str] = NOTHING) -> str:
    """Return where the code is, and its lines with their numbers; ">" marks the failing line. "" if nothing is found.

    ``file`` is the module of the task.
    """
    for named, cell, number in reversed(_PLACE.findall(result.message)):
        module = f"{named.rpartition('.')[0]}.py" if named else file
        line = _line(code.cells.get(module, ()), cell, int(number))
        lines = _lines(code, module, handed_in)
        if 0 < line <= len(lines):
            return _show(module, lines, max(1, line - BEFORE), line + AFTER, code.cells.get(module, ()), line)
    first, last = _definition(code.files.get(file, ""), result.task)
    lines = _lines(code, file, handed_in)
    return _show(file, lines, first, min(last, first + MAX_LINES - 1), code.cells.get(file, ())) if first else ""


def _lines(code: Code, module: str, handed_in: Mapping[str, str]) -> list[str]:
    """Return the lines of a module as handed in, if these are known."""
    text = (handed_in.get(module) or code.files.get(module, "")).encode("utf-8", "replace").decode()
    return text.removesuffix("\n").split("\n") if text else []


def _line(cells: CellStarts, cell: str, line: int) -> int:
    """Return the line in the module of a line in a cell; 0 if there is no such cell."""
    if not cell:
        return line
    starts = [first for first, place in cells if place == int(cell)]
    return starts[-1] + line - 1 if starts else 0


def _definition(text: str, task: str) -> tuple[int, int]:
    """Return the first and the last line of the function, class or method that a task names, or zeros."""
    try:
        body: Sequence[ast.stmt] = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return 0, 0
    found = (0, 0)
    for name in task.split("."):
        nodes = [node for node in body if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name]
        if not nodes:
            break  # a method that the class inherits, for example
        node = nodes[-1]
        found = (min([node.lineno, *(part.lineno for part in node.decorator_list)]), node.end_lineno or node.lineno)
        body = node.body
    return found


def _show(module: str, lines: Sequence[str], first: int, last: int, cells: CellStarts, marked: int = 0) -> str:
    shown = range(first, min(last, len(lines)) + 1)
    name = notebook_name(module) if cells else module
    head = f"{name}, {describe_line(cells, marked or first)}"
    width = len(str(shown[-1]))
    body = (f"{'>' if number == marked else ' '} {number:{width}}  {lines[number - 1][:MAX_WIDTH]}" for number in shown)
    return "\n".join([head, *(text.rstrip() for text in body)])
