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
from autograder.submissions.names import bound_names, changed_names

BEFORE, AFTER = 8, 6  # lines shown around the failing one
MAX_LINES, MAX_WIDTH = 80, 160
NEAR = 4  # lines from one statement to the next, between which all is shown
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
    lines, cells = _lines(code, file, handed_in), code.cells.get(file, ())
    shown, left = [], MAX_LINES
    for first, last in reversed(_definition(code.files.get(file, ""), result.task)):  # the last value is what counts
        if left > 0:
            shown.append(_show(file, lines, first, min(last, first + left - 1), cells))
        left -= last - first + 1
    return "\n\n".join(reversed(shown))


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


def _definition(text: str, task: str) -> list[tuple[int, int]]:
    """Return the first and the last line of the function, class or method that a task names.

    Of a variable, return those of all statements that assign or change it; one that is near the one before joins it.
    """
    try:
        module = body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    found = (0, 0)
    for name in task.split("."):
        nodes = [node for node in body if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name]
        if not nodes:
            break  # a method that the class inherits, for example
        node = nodes[-1]
        found = (min([node.lineno, *(part.lineno for part in node.decorator_list)]), node.end_lineno or node.lineno)
        body = node.body
    if found[0]:
        return [found]
    places: list[tuple[int, int]] = []
    for statement in module:
        if task in bound_names(statement) | changed_names(statement, {}):
            first, last = statement.lineno, statement.end_lineno or statement.lineno
            if places and first - places[-1][1] <= NEAR:
                first = places.pop()[0]
            places.append((first, last))
    return places


def _show(module: str, lines: Sequence[str], first: int, last: int, cells: CellStarts, marked: int = 0) -> str:
    shown = range(first, min(last, len(lines)) + 1)
    name = notebook_name(module) if cells else module
    head = f"{name}, {describe_line(cells, marked or first)}"
    width = len(str(shown[-1]))
    body = (f"{'>' if number == marked else ' '} {number:{width}}  {lines[number - 1][:MAX_WIDTH]}" for number in shown)
    return "\n".join([head, *(text.rstrip() for text in body)])
