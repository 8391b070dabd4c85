"""The journal's SQLite file: how it is opened and written, so that a killed process never damages it.

Knows nothing about what its tables mean (journal.py).
"""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from autograder.core.errors import GradlabError
from autograder.core.message import Message

NAME = "journal.db"
SCHEMA = 1

_TABLES = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE results (
    id INTEGER PRIMARY KEY, submission TEXT, checks TEXT, grader TEXT, device TEXT, data TEXT, seed TEXT, wall TEXT,
    final INTEGER NOT NULL, report BLOB NOT NULL, at TEXT NOT NULL,
    UNIQUE (submission, checks, grader, device, data, seed, wall)
);
CREATE TABLE students (
    student TEXT PRIMARY KEY, result INTEGER NOT NULL REFERENCES results, handed_in TEXT NOT NULL, notes TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE handins (
    student TEXT, path TEXT, at TEXT NOT NULL, clock TEXT NOT NULL, submission TEXT NOT NULL, counts INTEGER NOT NULL,
    PRIMARY KEY (student, path)
) WITHOUT ROWID;
CREATE TABLE marks (
    id INTEGER PRIMARY KEY, student TEXT NOT NULL, item TEXT NOT NULL, mark TEXT NOT NULL
);
CREATE TABLE intake (kind TEXT NOT NULL, who TEXT NOT NULL, what TEXT NOT NULL);
CREATE TABLE similar (one TEXT NOT NULL, other TEXT NOT NULL, share_of_one REAL NOT NULL, share_of_other REAL NOT NULL);
"""


class JournalError(GradlabError):
    """The journal cannot be read or written. Written for staff."""


class Database:
    """An open file, written in transactions that happen completely or not at all."""

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        self.path = folder / NAME
        if not create and not self.path.exists():
            raise JournalError(Message("{folder} contains no results: there is no {file}.", folder=folder, file=NAME))
        if self._is_lost():
            raise JournalError(
                Message(
                    "{folder} contains reports, but its {file} is missing or empty: it was damaged or removed. "
                    "Restore it from a backup, or choose another folder and grade again. Nothing was changed.",
                    folder=folder,
                    file=NAME,
                )
            )
        with self._sentences():
            self._base = sqlite3.connect(self.path, timeout=10, isolation_level=None)
        try:
            with self._sentences():
                self._base.execute("PRAGMA journal_mode = WAL")
                # A killed process loses nothing; a power cut at most the last reports, which are then made again.
                self._base.execute("PRAGMA synchronous = NORMAL")
                self._prepare()
        except BaseException:
            self._base.close()
            raise

    def _is_lost(self) -> bool:
        """Return whether there are reports but no journal, which would be made as if nobody had been graded."""
        files = (self.path, self.path.with_name(f"{NAME}-wal"))
        return not any(file.exists() and file.stat().st_size for file in files) and any(
            self.path.parent.glob("*/report.json")
        )

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Store everything that is written inside, or nothing if it fails."""
        with self._sentences():
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._base.execute("COMMIT")
            except BaseException:
                if self._base.in_transaction:
                    self._base.execute("ROLLBACK")
                raise

    def _prepare(self) -> None:
        version = self._base.execute("PRAGMA user_version").fetchone()[0]
        if version == SCHEMA:
            return
        if version:
            raise JournalError(
                Message(
                    "{path} is of version {version}; this gradlab reads version {own}.",
                    path=self.path,
                    version=version,
                    own=SCHEMA,
                )
            )
        with self.writing():
            for statement in _TABLES.split(";"):
                self._base.execute(statement)
            self._base.execute(f"PRAGMA user_version = {SCHEMA}")

    def _one(self, query: str, values: Sequence[Any]) -> Any:
        with self._sentences():
            return self._base.execute(query, values).fetchone()

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, zlib.error) as error:
            if "full" in str(error) or "I/O" in str(error):
                remedy = Message("Free some disk space and run the same command again; nothing in the journal is lost.")
            elif isinstance(error, zlib.error) or "malformed" in str(error) or "not a database" in str(error):
                remedy = Message("Restore it from a backup, or move it to another folder and grade again.")
            else:
                remedy = Message("Nothing was stored in part.")
            raise JournalError(
                Message(
                    "The journal {path} cannot be used: {error}. {remedy}", path=self.path, error=error, remedy=remedy
                )
            ) from None
