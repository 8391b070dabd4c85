"""Turn a notebook into a module: its code without magics, plots and training, each line at its place in its cell.

Only reads and parses, so that a hostile file can do no harm. A damaged notebook is read as far as possible: cells may
be missing, duplicated, in any order, or of the wrong type.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from autograder.submissions.ipynb import Cell, read_cells
from autograder.submissions.source import BadSubmission, parse_source, printable
from autograder.submissions.statements import find_incomplete_copies, select_statements

_MAGIC = re.compile(r"[ \t]*(?:[%!?]|.*\?[ \t]*$|[\w, .\[\]]+=[ \t]*[%!])")
_TRANSPARENT = ("%%time", "%%capture", "%%prun")  # these run the rest of the cell unchanged
_CAREFUL = 8  # attempts that each remove one line that Python cannot read; then all lines that look like magics go


@dataclass(frozen=True)
class Module:
    """The module that a script or a notebook contains."""

    text: str
    cells: tuple[tuple[int, int], ...] = ()  # core.notebooks.CellStarts; empty for a script
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Statement:
    """A top-level statement and its position: lines from 0 in its cell, columns in bytes, as the parser counts them."""

    node: ast.stmt
    cell: int
    first: int
    start: int
    last: int
    end: int


def to_module(data: bytes, name: str, wanted: Iterable[str]) -> Module:
    """Turn a notebook's bytes into a module. ``wanted`` are the names of the tasks that it should define.

    Raises BadSubmission with the name of the file and the cell.
    """
    wanted = tuple(wanted)
    cells, notes = read_cells(data, name)
    numbers: list[int] = []
    sources: list[list[str]] = []  # lines of each cell that Python reads
    statements: list[_Statement] = []
    for cell in cells:
        lines, tree = _parse_cell(cell, name, wanted, notes)
        if tree is not None:
            statements += [_located(node, len(sources)) for node in tree.body]
            numbers.append(cell.number)
            sources.append(lines)

    nodes = [statement.node for statement in statements]
    segments = [_segment(sources[statement.cell], statement) for statement in statements]
    selected = select_statements(nodes, segments, wanted)
    for loser, winner in find_incomplete_copies(nodes).items():
        selected.discard(loser)
        here, there = (numbers[statements[i].cell] for i in (loser, winner))
        notes.append(f"{name}: cell {here} repeats a definition of cell {there} without its solution; it was ignored.")
    return _assemble(statements, selected, sources, numbers, tuple(notes))


def module_statements(text: str, wanted: Iterable[str]) -> list[ast.stmt]:
    """Return the statements of a script that would be in the module if the same code were in a notebook."""
    nodes, lines = ast.parse(text).body, text.split("\n")
    selected = select_statements(nodes, [_segment(lines, _located(node, 0)) for node in nodes], wanted)
    return [nodes[index] for index in sorted(selected)]


def _parse_cell(cell: Cell, name: str, wanted: Sequence[str], notes: list[str]) -> tuple[list[str], ast.Module | None]:
    """Return the cell's lines without magics and their tree, or None for a cell that cannot be part of the module."""
    where = f"{name}, cell {cell.number}"
    lines = cell.source.split("\n")
    tasks = _tasks_in(cell.source, wanted)
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    if lines[first].startswith("%%"):
        if lines[first].split()[0] not in _TRANSPARENT:
            if tasks:
                magic = printable(lines[first], limit=20)
                notes.append(f"{where} begins with {magic}, so {', '.join(tasks)} in it was not read.")
            return lines, None
        lines[first] = "pass"
    for attempt in range(_CAREFUL + 2):
        try:
            return lines, parse_source("\n".join(lines), where)
        except BadSubmission as error:
            problem = error
        at = problem.line - 1
        if not (0 <= at < len(lines) and _MAGIC.match(lines[at])):
            break
        lines[at] = _replaced_by_pass(lines[at])
        if attempt >= _CAREFUL:
            lines = [_replaced_by_pass(line) if _MAGIC.match(line) else line for line in lines]
    if tasks:
        raise problem
    notes.append(f"{problem} The cell was ignored.")
    return lines, None


def _replaced_by_pass(magic: str) -> str:
    return magic[: len(magic) - len(magic.lstrip())] + "pass"


def _tasks_in(source: str, wanted: Sequence[str]) -> list[str]:
    names = set(re.findall(r"^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)", source, re.MULTILINE))
    return [task for task in wanted if task.split(".")[0] in names]


def _located(node: ast.stmt, cell: int) -> _Statement:
    first, start = node.lineno, node.col_offset
    if decorators := getattr(node, "decorator_list", ()):
        first, start = decorators[0].lineno, 0
    return _Statement(node, cell, first - 1, start, (node.end_lineno or first) - 1, node.end_col_offset or 0)


def _segment(lines: Sequence[str], at: _Statement) -> str:
    part = [line.encode() for line in lines[at.first : at.last + 1]]
    part[-1] = part[-1][: at.end]
    part[0] = part[0][at.start :]
    return b"\n".join(part).decode()


def _assemble(
    statements: list[_Statement],
    selected: set[int],
    sources: list[list[str]],
    numbers: list[int],
    notes: tuple[str, ...],
) -> Module:
    """Join the cells, with `pass` in place of each statement that was not selected."""
    future: set[str] = set()
    for index in reversed(range(len(statements))):  # from the end, so that positions before it stay valid
        at = statements[index]
        is_future = isinstance(at.node, ast.ImportFrom) and at.node.module == "__future__"
        if isinstance(at.node, ast.ImportFrom) and is_future:
            future |= {alias.name for alias in at.node.names}
        if is_future or index not in selected:
            _remove(sources[at.cell], at)
    text = [f"from __future__ import {', '.join(sorted(future))}"] if future else []
    cells = []
    for number, lines in zip(numbers, sources, strict=True):
        cells.append((len(text) + 1, number))
        text += lines
    return Module("\n".join(text) + "\n", tuple(cells), notes)


def _remove(lines: list[str], at: _Statement) -> None:
    before = lines[at.first].encode()[: at.start].decode()
    after = lines[at.last].encode()[at.end :].decode()
    lines[at.first : at.last + 1] = [before + "pass", *[""] * (at.last - at.first)]
    if after.strip() and at.last > at.first:
        lines[at.last] = "pass"  # `; more` on the statement's last line
    lines[at.last] += after
