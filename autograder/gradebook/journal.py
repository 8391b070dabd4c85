"""The journal: a permanent record of every report and of every mark by hand.

The other files of the results are generated from it and can be generated again. One writer at a time (lock.py). Knows
nothing about how hand-ins are run.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from autograder.core.assignment import Assignment
from autograder.core.class_records import CopyGroup, SimilarPair
from autograder.core.course import find_assignment
from autograder.core.message import Message, from_store, stored
from autograder.core.report import AskedQuestion, Mark, Remark, Report, parse_report
from autograder.gradebook.database import NAME, Database, JournalError
from autograder.intake.download import HandIn, Intake, Problem

__all__ = [
    "ADDRESSES",
    "NAME",
    "Journal",
    "JournalError",
    "Key",
    "StoredReport",
    "course_of",
    "graded_assignment",
    "now",
]

ADDRESSES = "addresses"  # a fact: the e-mail addresses that rosters gave, by student
_KEY = "submission = ? AND checks = ? AND grader = ? AND device = ? AND data = ? AND seed = ? AND wall = ?"


@dataclass(frozen=True)
class Key:
    """Everything that a mark depends on."""

    submission: str  # digest of the wanted files, or of the reason why there are none
    checks: str  # digest of everything on our side
    grader: str  # "gradlab 0.1.0; torch 2.13.0; ...": everything that code_facts lists
    device: str
    data: str
    seed: str
    isolation: str  # "yes" or "no": a run in a sandbox does not trust the reports of one without

    @property
    def ours(self) -> tuple[str, ...]:
        """The part that the student does not influence."""
        return (self.checks, self.grader, self.device, self.data, self.seed, self.isolation)


@dataclass(frozen=True)
class StoredReport:
    """A report in the journal, for every student who handed in the same files."""

    id: int
    report: Report
    final: bool  # False: a check was broken or left out, so it is tried again


class Journal(Database):
    """An open journal. Not shared between threads."""

    _names: dict[str, str] | None = None  # those that names() read

    # Facts about the folder.

    def fact(self, name: str) -> Any:
        """Return the value stored under a name, or None."""
        row = self._one("SELECT value FROM facts WHERE name = ?", (name,))
        return json.loads(row[0]) if row else None

    def set_fact(self, name: str, value: Any) -> None:
        """Store a value under a name."""
        self._base.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, json.dumps(value)))

    def names(self) -> Mapping[str, str]:
        """Return the names of the students whose roster gives one, by their ids."""
        if self._names is None:
            self._names = self.fact("names") or {}
        return self._names

    def add_names(self, names: Mapping[str, str]) -> None:
        """Store the names that a roster gives. An empty text removes one."""
        self._names = {student: name for student, name in {**self.names(), **names}.items() if name}
        self.set_fact("names", self._names)

    # Reports.

    def find(self, key: Key) -> StoredReport | None:
        """Return the report stored under a key, or None."""
        row = self._one(f"SELECT id, report, final FROM results WHERE {_KEY}", astuple(key))
        return StoredReport(row[0], self._report(row[1]), bool(row[2])) if row else None

    def store(self, key: Key, report: Report) -> StoredReport:
        """Store a report under a key, in place of one that was there and was not final."""
        bare = replace(report, student="", name="", handed_in="", marks=())
        blob = zlib.compress(bare.to_json().encode("utf-8", "backslashreplace"), 1)
        self._base.execute(
            "INSERT INTO results (submission, checks, grader, device, data, seed, wall, final, report, at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE "
            "SET final = excluded.final, report = excluded.report, at = excluded.at",
            (*astuple(key), not report.undecided, blob, now()),
        )
        row = self._one(f"SELECT id FROM results WHERE {_KEY}", astuple(key))
        return StoredReport(row[0], bare, not report.undecided)

    def assign(self, handin: HandIn, report: StoredReport, remarks: Sequence[Remark] = ()) -> None:
        """Make a stored report the one that counts for a student. ``remarks`` are about the student's own files."""
        own = [{"kind": r.kind, "text": stored(r.text), "advice": stored(r.advice)} for r in remarks]
        row = (handin.student, report.id, handin.handed_in, _json([*map(stored, handin.notes), *own]))
        self._base.execute("INSERT OR REPLACE INTO students VALUES (?, ?, ?, ?)", row)

    def key_of(self, student: str) -> Key | None:
        """Return the key of the report that counts for a student, or None."""
        row = self._one(
            "SELECT submission, checks, grader, device, data, seed, wall FROM results "
            "JOIN students ON result = results.id WHERE student = ?",
            (student,),
        )
        return Key(*row) if row else None

    def students(self) -> list[str]:
        """Return everyone who has a report, by name."""
        with self._sentences():
            return [row[0] for row in self._base.execute("SELECT student FROM students ORDER BY student")]

    def reports(self, students: Sequence[str] | None = None) -> Iterator[Report]:
        """Yield the reports that count now, with marks by hand: all of them by name, or those of ``students``."""
        query = "SELECT student, report, handed_in, notes FROM students JOIN results ON result = results.id"
        with self._sentences():
            rows: Iterable[tuple[str, bytes, str, str]]
            if students is None:
                rows = self._base.execute(f"{query} ORDER BY student")
            else:
                found = (self._base.execute(f"{query} WHERE student = ?", (name,)).fetchone() for name in students)
                rows = (row for row in found if row)
            for student, blob, handed_in, notes in rows:
                yield self._for_student(self._report(blob), student, handed_in, json.loads(notes))

    def _for_student(self, report: Report, student: str, handed_in: str, notes: Sequence[Any]) -> Report:
        """Return a stored report as that of one student, with own notes and remarks, and the marks by hand."""
        found = [note for note in notes if isinstance(note, dict) and "kind" in note]
        remarks = tuple(Remark(n["kind"], from_store(n["text"]), from_store(n["advice"])) for n in found)
        facts = self.fact("assignment") or {}
        texts = [from_store(note) for note in notes if note not in found]
        own = replace(
            report,
            student=student,
            name=self.names().get(student, ""),
            handed_in=handed_in,
            notes=(*report.notes, *texts, *map(Remark.__str__, remarks)),
            remarks=(*remarks, *report.remarks),
            hidden_checks=facts.get("hidden_checks", report.hidden_checks),
            questions=tuple(AskedQuestion(name, *rest) for name, rest in facts.get("questions", {}).items()),
        )
        marks = self.marks(student)
        return own.with_marks(marks) if marks else own

    # The hand-ins.

    def record_intake(self, intake: Intake, submissions: dict[Path, str]) -> None:
        """Record every hand-in and the problems of this intake. ``submissions`` are the digests by path."""
        rows = [(handin, True) for handin in intake.handins] + [(handin, False) for handin in intake.superseded]
        students = [(handin.student,) for handin in intake.handins]
        self._base.executemany("UPDATE handins SET counts = 0 WHERE student = ?", students)
        self._base.executemany(
            "INSERT OR REPLACE INTO handins VALUES (?, ?, ?, ?, ?, ?)",
            [
                (
                    h.student,
                    self.as_text(h.path.absolute()),
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
        """Replace the problems of the last intake."""
        self._base.execute("DELETE FROM intake")
        rows = [(p.kind, self.as_text(p.who), self.as_text(_json(stored(p.what)))) for p in problems]
        self._base.executemany("INSERT INTO intake VALUES (?, ?, ?)", rows)

    def problems(self) -> list[Problem]:
        """Return the problems of the last intake."""
        with self._sentences():
            rows = self._base.execute("SELECT kind, who, what FROM intake ORDER BY rowid").fetchall()
        return [Problem(kind, who, _sentence(what)) for kind, who, what in rows]

    def known_paths(self) -> Iterator[tuple[str, str]]:
        """Yield every student with each path that a hand-in was ever read from."""
        with self._sentences():
            yield from self._base.execute("SELECT student, path FROM handins")

    def latest_paths(self) -> dict[str, Path]:
        """Return the path of each student's hand-in that counted last."""
        with self._sentences():
            rows = self._base.execute("SELECT student, path FROM handins WHERE counts ORDER BY student, at").fetchall()
        return {student: Path(path) for student, path in rows}

    # Marks by hand.

    def marks(self, student: str) -> list[Mark]:
        """Return the marks by hand that apply to a student: the last one given to each item."""
        with self._sentences():
            rows = self._base.execute(
                "SELECT item, mark FROM marks WHERE student = ? ORDER BY id", (student,)
            ).fetchall()
        latest = {item: json.loads(mark) for item, mark in rows}
        return [Mark(**table) for table in latest.values() if table]

    def set_mark(self, student: str, item: str, mark: Mark | None) -> None:
        """Add a mark by hand, or withdraw it. Nothing is deleted: every mark ever given stays in the table."""
        table = None if mark is None else {name: getattr(mark, name) for name in Mark.__dataclass_fields__}
        self._base.execute("INSERT INTO marks (student, item, mark) VALUES (?, ?, ?)", (student, item, _json(table)))

    def all_marks(self) -> list[tuple[str, Mark]]:
        """Return all marks by hand that apply, by student."""
        with self._sentences():
            names = self._base.execute("SELECT DISTINCT student FROM marks ORDER BY student").fetchall()
        return [(name, mark) for (name,) in names for mark in self.marks(name)]

    def rename_student(self, old: str, new: str) -> None:
        """Move everything stored for ``old`` to ``new``, the id that a roster gives."""
        if self.key_of(new):
            self._base.execute("DELETE FROM students WHERE student = ?", (old,))
        for table in ("students", "handins", "marks"):
            self._base.execute(f"UPDATE OR REPLACE {table} SET student = ? WHERE student = ?", (new, old))
        for column in ("one", "other"):
            self._base.execute(f"UPDATE similar SET {column} = ? WHERE {column} = ?", (new, old))
        renamed = [replace(g, students=tuple(new if who == old else who for who in g.students)) for g in self.copies()]
        self._set_copies(renamed)
        self.set_fact("moved", {**(self.fact("moved") or {}), old: new})

    # Similar submissions.

    def set_similar(self, pairs: Iterable[SimilarPair], copies: Iterable[CopyGroup] = ()) -> None:
        """Replace the lists of similar and of equal submissions."""
        self._set_copies(copies)
        self._base.execute("DELETE FROM similar")
        self._base.executemany("INSERT INTO similar VALUES (?, ?, ?, ?)", [astuple(pair) for pair in pairs])

    def similar(self) -> list[SimilarPair]:
        """Return the similar submissions that the last search found."""
        with self._sentences():
            return [SimilarPair(*row) for row in self._base.execute("SELECT * FROM similar ORDER BY rowid")]

    def copies(self) -> list[CopyGroup]:
        """Return the groups of equal submissions that the last search found."""
        groups = self.fact("copies") or ()
        return [CopyGroup(tuple(students), tuple(functions), *rest) for students, functions, *rest in groups]

    def _set_copies(self, groups: Iterable[CopyGroup]) -> None:
        self.set_fact("copies", [astuple(group) for group in groups])

    @staticmethod
    def as_text(value: object) -> str:
        """Return a path or a sentence in the form that the journal stores."""
        return str(value).encode("utf-8", "backslashreplace").decode()

    def _report(self, blob: bytes) -> Report:
        with self._sentences():
            data = zlib.decompress(blob)
        try:
            return parse_report(data, f"A report in {self.path}")
        except ValueError as error:
            raise JournalError(
                Message(
                    "{error} Use the version of gradlab that stored it or a newer one; nothing was changed.",
                    error=error.args[0],
                )
            ) from None


def _sentence(text: str) -> str:
    """Return what ``stored`` made, in JSON; older versions stored the text."""
    try:
        return from_store(json.loads(text))
    except ValueError:
        return text


def course_of(folder: Path, assignment: str) -> Path | None:
    """Return the course with which results were graded, if it is still there and ``assignment`` is not a path."""
    if len(Path(assignment).parts) > 1 or not (folder / NAME).is_file():
        return None
    with Journal(folder) as journal:
        course = journal.fact("course")
    return Path(course) if course and Path(course, "assignments").is_dir() else None


def graded_assignment(results: Path, name: str) -> Assignment:
    """Return the assignment of results: in the course with which they were graded, else here. Raises BadManifest."""
    folder = (course_of(results, name) or Path()) / "assignments" / name
    return find_assignment(str(folder) if folder.is_dir() else name)


def now() -> str:
    """Return the current time in the form that the journal stores."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _json(value: Any) -> str:
    return json.dumps(value)  # ASCII: text that students wrote may contain what UTF-8 cannot encode
