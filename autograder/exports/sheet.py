"""A CSV file of another platform in which some cells change and every other byte stays the same.

Platforms look for exactly the names that they wrote.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

from autograder.core.files import csv_separator
from autograder.core.message import Message, name_list
from autograder.exports.reports import BadResults


@dataclass
class Sheet:
    """Cells as they were written, with quotes. Row 0 is the heading; ``rows`` are the others that are not empty."""

    header: list[str]
    rows: tuple[int, ...]
    _raw: list[list[str]]
    _ends: list[str]  # of each line
    _mark: str  # the byte order mark, where there was one
    _separator: str

    def cell(self, row: int, column: str) -> str:
        """Return the value of a cell; empty if the line is too short."""
        at = self.header.index(column)
        return _meaning(self._raw[row][at]) if at < len(self._raw[row]) else ""

    def set(self, row: int, column: str, value: str) -> None:
        """Change the value of a cell."""
        at, cells = self.header.index(column), self._raw[row]
        cells += [""] * (at + 1 - len(cells))
        cells[at] = _written(value)

    def add(self, column: str) -> None:
        """Add a column at the right."""
        for row, cells in enumerate(self._raw):
            if any(cells):
                cells += [""] * (len(self.header) - len(cells))
                cells.append("" if row else _written(column))
        self.header.append(column)

    def text(self) -> str:
        """Return the whole file."""
        lines = (self._separator.join(cells) + end for cells, end in zip(self._raw, self._ends, strict=True))
        return self._mark + "".join(lines)


def read_sheet(text: str, ids: Sequence[str], platform: str) -> Sheet:
    """Read a CSV whose heading contains one of the columns ``ids``. Raises BadResults."""
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    body = text.removeprefix("\ufeff")
    separator = csv_separator(body)
    try:
        meant = list(csv.reader(io.StringIO(body, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise BadResults(
            Message("The file from {platform} is not CSV: {error}.", platform=platform, error=error)
        ) from None
    raw, ends = _split(body, separator)
    if [[_meaning(cell) for cell in cells] for cells in raw] != [cells or [""] for cells in meant]:
        raise BadResults(
            Message(
                "The file from {platform} is CSV of an unusual kind. Export it again and do not edit it.",
                platform=platform,
            )
        )
    header = [_meaning(cell) for cell in raw[0]] if raw else []
    if not any(name in header for name in ids):
        raise BadResults(
            Message(
                "The file from {platform} has none of the columns {ids}; it has {header}.",
                platform=platform,
                ids=name_list(ids),
                header=name_list(header) or Message("none"),
            )
        )
    rows = tuple(row for row, cells in enumerate(raw) if row and any(cells))
    return Sheet(header, rows, raw, ends, mark, separator)


def _split(text: str, separator: str) -> tuple[list[list[str]], list[str]]:
    """Return the cells of each line as written, and the end of each line."""
    cell = re.compile(rf'"(?:[^"]|"")*"[^{separator}\r\n]*|[^{separator}\r\n]*')
    raw: list[list[str]] = []
    ends: list[str] = []
    cells: list[str] = []
    at = 0
    while at < len(text) or cells:
        found = cell.match(text, at)
        assert found is not None  # it also matches the empty text
        cells.append(found[0])
        at = found.end()
        if text[at : at + 1] == separator:
            at += 1
            continue
        end = text[at : at + 2] if text[at : at + 2] == "\r\n" else text[at : at + 1]
        raw.append(cells)
        ends.append(end)
        at, cells = at + len(end), []
    return raw, ends


def _meaning(cell: str) -> str:
    if not cell.startswith('"'):
        return cell
    closed = cell.rindex('"')
    return cell[1:closed].replace('""', '"') + cell[closed + 1 :]


def _written(value: str) -> str:
    return '"' + value.replace('"', '""') + '"' if re.search(r'[",;\t\r\n]|^\s|\s$', value) else value
