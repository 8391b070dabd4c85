"""The journal: every report made and every mark given by hand, kept once and for good.

The files beside it are drawn from it and can be drawn again. One writer at a time (lock.py). Knows nothing about
how hand-ins are run.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from autograder.core.report import Mark, Report, parse_report
from autograder.gradebook.database import NAME, Database, JournalError
from autograder.intake.download import HandIn, Intake, Problem
from autograder.render.class_page import Pair

__all__ = ["NAME", "Journal", "JournalError", "Kept", "Key", "now"]

_KEY = "submission = ? AND checks = ? AND grader = ? AND device = ? AND data = ? AND seed = ? AND wall = ?"


@dataclass(frozen=True)
class Key:
    """All that a mark depends on."""

    submission: str  # digest of the wanted files, or of the reason why there are none
    checks: str  # digest of everything on our side
    grader: str
    device: str
    data: str
    seed: str
    isolation: str  # "yes" or "no": what ran without one is not trusted by a run with one

    @property
    def ours(self) -> tuple[str, ...]:
        """The part that the student has no hand in."""
        return (self.checks, self.grader, self.device, self.data, self.seed, self.isolation)


@dataclass(frozen=True)
class Kept:
    """A report in the journal, for whichever students handed that in."""

    id: int
    report: Report
    final: bool  # False: a check was broken, so it is tried again


class Journal(Database):
    """An open journal. Not shared between threads."""

    # Facts about the folder.

    def fact(self, name: str) -> Any:
        """What was kept under a name, or None."""
        row = self._one("SELECT value FROM facts WHERE name = ?", (name,))
        return json.loads(row[0]) if row else None

    def set_fact(self, name: str, value: Any) -> None:
        """Keep a value under a name."""
        self._base.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, json.dumps(value)))

    # Reports.

    def find(self, key: Key) -> Kept | None:
        """The report made under a key."""
        row = self._one(f"SELECT id, report, final FROM results WHERE {_KEY}", astuple(key))
        return Kept(row[0], self._report(row[1]), bool(row[2])) if row else None

    def keep(self, key: Key, report: Report) -> Kept:
        """Keep a report under a key; one that was kept there and was not final makes way."""
        bare = replace(report, student="", handed_in="", marks=())
        blob = zlib.compress(bare.to_json().encode("utf-8", "backslashreplace"), 1)
        self._base.execute(
            "INSERT INTO results (submission, checks, grader, device, data, seed, wall, final, report, at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE "
            "SET final = excluded.final, report = excluded.report, at = excluded.at",
            (*astuple(key), not report.needs_staff, blob, now()),
        )
        row = self._one(f"SELECT id FROM results WHERE {_KEY}", astuple(key))
        return Kept(row[0], bare, not report.needs_staff)

    def give(self, handin: HandIn, kept: Kept) -> None:
        """Let a report be the one of a student from now on."""
        row = (handin.student, kept.id, handin.handed_in, _json(handin.notes))
        self._base.execute("INSERT OR REPLACE INTO students VALUES (?, ?, ?, ?)", row)

    def key_of(self, student: str) -> Key | None:
        """The key of the report that a student has."""
        row = self._one(
            "SELECT submission, checks, grader, device, data, seed, wall FROM results "
            "JOIN students ON result = results.id WHERE student = ?",
            (student,),
        )
        return Key(*row) if row else None

    def students(self) -> list[str]:
        """Everyone who has a report."""
        with self._sentences():
            return [row[0] for row in self._base.execute("SELECT student FROM students ORDER BY student")]

    def reports(self, students: Sequence[str] | None = None) -> Iterator[Report]:
        """The reports that students have now, marks by hand included; all of them by name, or some."""
        query = "SELECT student, report, handed_in, notes FROM students JOIN results ON result = results.id"
        with self._sentences():
            if students is None:
                rows = self._base.execute(f"{query} ORDER BY student")
            else:
                found = (self._base.execute(f"{query} WHERE student = ?", (name,)).fetchone() for name in students)
                rows = (row for row in found if row)  # type: ignore[assignment]
            for student, blob, handed_in, notes in rows:
                yield self.dressed(self._report(blob), student, handed_in, json.loads(notes))

    def dressed(self, report: Report, student: str, handed_in: str, notes: Sequence[str]) -> Report:
        """A kept report as the one of a student."""
        own = replace(report, student=student, handed_in=handed_in, notes=(*report.notes, *notes))
        marks = self.marks(student)
        return own.with_marks(marks) if marks else own

    # What came in.

    def note(self, intake: Intake, submissions: dict[Path, str]) -> None:
        """Remember every hand-in that came, and what this intake has for people to read."""
        rows = [(handin, True) for handin in intake.handins] + [(handin, False) for handin in intake.superseded]
        students = [(handin.student,) for handin in intake.handins]
        self._base.executemany("UPDATE handins SET counts = 0 WHERE student = ?", students)
        self._base.executemany(
            "INSERT OR REPLACE INTO handins VALUES (?, ?, ?, ?, ?, ?)",
            [
                (
                    h.student,
                    self.text(h.path.absolute()),
                    h.handed_in,
                    h.time_source,
                    submissions.get(h.path, ""),
                    counts,
                )
                for h, counts in rows
            ],
        )
        self.set_problems(intake.problems)

    def set_problems(self, problems: Iterable[Problem]) -> None:
        """Replace what the last intake has for people to read."""
        self._base.execute("DELETE FROM intake")
        rows = [tuple(self.text(value) for value in astuple(problem)) for problem in problems]
        self._base.executemany("INSERT INTO intake VALUES (?, ?, ?)", rows)

    def problems(self) -> list[Problem]:
        """What the last intake had for people to read."""
        with self._sentences():
            return [Problem(*row) for row in self._base.execute("SELECT kind, who, what FROM intake ORDER BY rowid")]

    def paths(self) -> Iterator[tuple[str, str]]:
        """Every student with each path that a hand-in was ever read from."""
        with self._sentences():
            yield from self._base.execute("SELECT student, path FROM handins")

    def latest(self) -> dict[str, Path]:
        """Where the hand-in of each student lay that counted last."""
        with self._sentences():
            rows = self._base.execute("SELECT student, path FROM handins WHERE counts ORDER BY student, at").fetchall()
        return {student: Path(path) for student, path in rows}

    # What people decided.

    def marks(self, student: str) -> list[Mark]:
        """The marks by hand that hold for a student: the last one given to each item."""
        with self._sentences():
            rows = self._base.execute(
                "SELECT item, mark FROM marks WHERE student = ? ORDER BY id", (student,)
            ).fetchall()
        held = {item: json.loads(mark) for item, mark in rows}
        return [Mark(**table) for table in held.values() if table]

    def mark(self, student: str, item: str, mark: Mark | None) -> None:
        """Give a mark by hand, or withdraw it. Nothing is deleted: all that was ever given stays."""
        table = None if mark is None else {name: getattr(mark, name) for name in Mark.__dataclass_fields__}
        self._base.execute("INSERT INTO marks (student, item, mark) VALUES (?, ?, ?)", (student, item, _json(table)))

    def marked(self) -> list[tuple[str, Mark]]:
        """All marks by hand that hold, by student."""
        with self._sentences():
            names = self._base.execute("SELECT DISTINCT student FROM marks ORDER BY student").fetchall()
        return [(name, mark) for (name,) in names for mark in self.marks(name)]

    def move(self, old: str, new: str) -> int:
        """Let all that is kept of ``old`` be of ``new``, as a roster says. Returns how many marks by hand moved."""
        marks = len(self.marks(old))
        if self.key_of(new):
            self._base.execute("DELETE FROM students WHERE student = ?", (old,))
        for table in ("students", "handins", "marks"):
            self._base.execute(f"UPDATE OR REPLACE {table} SET student = ? WHERE student = ?", (new, old))
        for column in ("one", "other"):
            self._base.execute(f"UPDATE similar SET {column} = ? WHERE {column} = ?", (new, old))
        self.set_fact("moved", {**(self.fact("moved") or {}), old: new})
        return marks

    def set_similar(self, pairs: Iterable[Pair]) -> None:
        """Replace the list of hand-ins that are alike."""
        self._base.execute("DELETE FROM similar")
        self._base.executemany("INSERT INTO similar VALUES (?, ?, ?, ?)", [astuple(pair) for pair in pairs])

    def similar(self) -> list[Pair]:
        """Hand-ins that are alike, as last looked for."""
        with self._sentences():
            return [Pair(*row) for row in self._base.execute("SELECT * FROM similar ORDER BY rowid")]

    @staticmethod
    def text(value: object) -> str:
        """A path or a sentence as it stands in the journal."""
        return str(value).encode("utf-8", "backslashreplace").decode()

    def _report(self, blob: bytes) -> Report:
        return parse_report(zlib.decompress(blob), str(self.path))


def now() -> str:
    """The time as it stands in the journal."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _json(value: Any) -> str:
    return json.dumps(value)  # ASCII: text of strangers may hold what UTF-8 cannot
