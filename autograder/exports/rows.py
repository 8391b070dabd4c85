"""Whose row is whose in another system's file: one row for one student, or none.

The students of RESULTS are named by one of the file's columns, and the one that names most of them is taken for all:
an id of one column that stands by chance in another is somebody else's. Knows nothing about marks.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from autograder.exports.sheet import Sheet
from autograder.intake.download import safe_name


@dataclass(frozen=True)
class Owners:
    """Row -> student; the students that several rows fit, with what these are called; and the other rows.

    ``by_login`` are the students whom only the part of a name before its @ fits, with that name.
    """

    of: Mapping[int, str]
    unclear: Mapping[str, tuple[str, ...]]
    others: tuple[str, ...]
    by_login: Mapping[str, str]


def owners(sheet: Sheet, rows: Sequence[int], ids: Iterable[str], students: Collection[str]) -> Owners:
    """Match by the column that names most students; a row where it is empty by the next one that is filled."""
    known = frozenset(students)
    readings = [_read(sheet, rows, id_, known, local=local) for local in (False, True) for id_ in _there(sheet, ids)]
    found: dict[int, str] = {}
    by_login: dict[str, str] = {}
    several: dict[str, list[int]] = {}
    open_rows, taken = set(rows), set[str]()
    for reading in sorted(readings, key=lambda reading: -_names(reading)):  # ties: as they stand
        specs: dict[str, list[int]] = defaultdict(list)
        for row, match in reading.items():
            if row in open_rows and match.student in known - taken:
                specs[match.student].append(row)
        for student, theirs in specs.items():
            best = [row for row in theirs if reading[row].whole] or theirs
            if len(best) == 1:
                found[best[0]] = student
                if not reading[best[0]].whole:
                    by_login[student] = reading[best[0]].name
            else:
                several[student] = best
        taken |= set(specs)
        open_rows -= set(reading)
    shared = {row for theirs in several.values() for row in theirs}
    return Owners(
        found,
        {student: tuple(_name(sheet, row, ids) for row in theirs) for student, theirs in several.items()},
        tuple(_name(sheet, row, ids) for row in rows if row not in found and row not in shared),
        by_login,
    )


@dataclass(frozen=True)
class _Match:
    """Whom a cell names, or "" for nobody, and whether by the whole of it."""

    name: str
    student: str
    whole: bool


def _there(sheet: Sheet, ids: Iterable[str]) -> list[str]:
    return [id_ for id_ in ids if id_ in sheet.header]


def _read(sheet: Sheet, rows: Sequence[int], column: str, known: frozenset[str], *, local: bool) -> dict[int, _Match]:
    """Row -> whom its cell names. Empty cells are left out. ``local`` takes the part before the @ for a name too."""
    reading = {}
    for row in rows:
        if name := sheet.cell(row, column).strip():
            part = name.partition("@")[0]
            whole = next((key for key in (name, safe_name(name)) if key in known), "")
            short = next((key for key in (part, safe_name(part)) if key in known), "") if local else ""
            reading[row] = _Match(name, whole or short, bool(whole))
    return reading


def _names(reading: Mapping[int, _Match]) -> int:
    return len({match.student for match in reading.values() if match.student})


def _name(sheet: Sheet, row: int, ids: Iterable[str]) -> str:
    return next((name for id_ in _there(sheet, ids) if (name := sheet.cell(row, id_).strip())), "?")
