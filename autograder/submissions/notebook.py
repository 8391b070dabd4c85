"""A notebook as a module: its code without magics, plots and training, each line where it stood in its cell.

Only reads and parses, so that a hostile file costs nothing but a sentence. A notebook that its author broke is read as
far as it goes: cells may be missing, doubled, in any order, or of the wrong type.
"""

from __future__ import annotations

import ast
import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from autograder.submissions.ipynb import MAX_CELLS, Cell, read_cells
from autograder.submissions.source import BadSubmission, parse, shown
from autograder.submissions.statements import kept, overridden

Cells = tuple[tuple[int, int], ...]  # (first line in the module, number of the cell), rising

_MAGIC = re.compile(r"[ \t]*(?:[%!?]|.*\?[ \t]*$|[\w, .\[\]]+=[ \t]*[%!])")
_TRANSPARENT = ("%%time", "%%capture", "%%prun")  # these run the rest of the cell as it stands
_CAREFUL = 8  # attempts that remove only the magics Python stumbles over; the next removes all that look like one


@dataclass(frozen=True)
class Module:
    """The module a notebook amounts to."""

    text: str
    cells: Cells = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Statement:
    """A top-level statement and its place: lines from 0 in its cell, columns in bytes, as the parser counts."""

    node: ast.stmt
    cell: int
    first: int
    start: int
    last: int
    end: int


def place(cells: Cells, line: int) -> str:
    """Where a line of the module stands for its author: "cell 7, line 3", or "line 3" when there are no cells."""
    index = bisect_right(cells, (line, MAX_CELLS + 1)) - 1
    return f"cell {cells[index][1]}, line {line - cells[index][0] + 1}" if index >= 0 else f"line {line}"


def to_module(data: bytes, name: str, wanted: Iterable[str]) -> Module:
    """Turn a notebook's bytes into a module. ``wanted`` are the names of the tasks it should define.

    Raises BadSubmission naming the file and the cell.
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
    keep = kept(nodes, [_segment(sources[statement.cell], statement) for statement in statements], wanted)
    for loser, winner in overridden(nodes).items():
        keep.discard(loser)
        here, there = (numbers[statements[i].cell] for i in (loser, winner))
        notes.append(f"{name}: cell {here} holds an unwritten copy of what is written in cell {there}; it was ignored.")
    return _assemble(statements, keep, sources, numbers, tuple(notes))


def statements_kept(text: str, wanted: Iterable[str]) -> list[ast.stmt]:
    """The statements of a script that a notebook of the same code would keep."""
    nodes, lines = ast.parse(text).body, text.split("\n")
    keep = kept(nodes, [_segment(lines, _located(node, 0)) for node in nodes], wanted)
    return [nodes[index] for index in sorted(keep)]


def _parse_cell(cell: Cell, name: str, wanted: Sequence[str], notes: list[str]) -> tuple[list[str], ast.Module | None]:
    """The cell's lines without magics, and their tree; None when the cell cannot be part of the module."""
    where = f"{name}, cell {cell.number}"
    lines = cell.source.split("\n")
    tasks = _defined(cell.source, wanted)
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    if lines[first].startswith("%%"):
        if lines[first].split()[0] not in _TRANSPARENT:
            if tasks:
                magic = shown(lines[first], limit=20)
                notes.append(f"{where} begins with {magic}, so {', '.join(tasks)} in it was not read.")
            return lines, None
        lines[first] = "pass"
    for attempt in range(_CAREFUL + 2):
        try:
            return lines, parse("\n".join(lines), where)
        except BadSubmission as error:
            problem = error
        at = problem.line - 1
        if not (0 <= at < len(lines) and _MAGIC.match(lines[at])):
            break
        lines[at] = _passed(lines[at])
        if attempt >= _CAREFUL:
            lines = [_passed(line) if _MAGIC.match(line) else line for line in lines]
    if tasks:
        raise problem
    notes.append(f"{problem} The cell was ignored.")
    return lines, None


def _passed(magic: str) -> str:
    return magic[: len(magic) - len(magic.lstrip())] + "pass"


def _defined(source: str, wanted: Sequence[str]) -> list[str]:
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
    statements: list[_Statement], keep: set[int], sources: list[list[str]], numbers: list[int], notes: tuple[str, ...]
) -> Module:
    """The cells one below the other, with `pass` in the place of each statement left out."""
    future: set[str] = set()
    for index in reversed(range(len(statements))):  # from the end, so that the columns before stay true
        at = statements[index]
        is_future = isinstance(at.node, ast.ImportFrom) and at.node.module == "__future__"
        if isinstance(at.node, ast.ImportFrom) and is_future:
            future |= {alias.name for alias in at.node.names}
        if is_future or index not in keep:
            _leave_out(sources[at.cell], at)
    text = [f"from __future__ import {', '.join(sorted(future))}"] if future else []
    cells = []
    for number, lines in zip(numbers, sources, strict=True):
        cells.append((len(text) + 1, number))
        text += lines
    return Module("\n".join(text) + "\n", tuple(cells), notes)


def _leave_out(lines: list[str], at: _Statement) -> None:
    before = lines[at.first].encode()[: at.start].decode()
    after = lines[at.last].encode()[at.end :].decode()
    lines[at.first : at.last + 1] = [before + "pass", *[""] * (at.last - at.first)]
    if after.strip() and at.last > at.first:
        lines[at.last] = "pass"  # `; more` on the statement's last line
    lines[at.last] += after
