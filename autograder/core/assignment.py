"""An assignment's promise: `assignment.toml`, read and verified.

Knows nothing about checks; the points ledger that compares the two is in ledger.py.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.core.errors import GradlabError

MANIFEST = "assignment.toml"


class BadManifest(GradlabError):
    """The manifest is wrong. Speaks to staff: which file, which entry, what to write instead."""


@dataclass(frozen=True)
class Task:
    """One thing to write."""

    name: str  # "Conv.forward": what students define
    title: str
    points: int
    file: str  # "knn.py"
    watch_out: str = ""  # the README's column "watch out for"


@dataclass(frozen=True)
class Question:
    """An inline question, marked by a person in the notebook."""

    id: str
    title: str
    points: int
    file: str


@dataclass(frozen=True)
class Limits:
    """What one check may use, unless it says otherwise."""

    seconds: float = 10.0  # wall clock
    memory_mb: int = 2048  # address space beyond what the fork server already has
    threads: int = 64  # of the one process a submission has
    file_mb: int = 64  # everything written in the box's own /tmp
    output_kb: int = 64  # what is kept of prints
    message_mb: int = 256  # one value sent back


@dataclass(frozen=True)
class Assignment:
    """A folder under assignments/ and, for staff, its twin under solutions/."""

    name: str  # "a01_knn": the folder's name
    title: str
    version: str
    files: tuple[str, ...]  # the modules students hand in: ("knn.py",)
    tasks: tuple[Task, ...]
    folder: Path  # .../assignments/a01_knn
    questions: tuple[Question, ...] = ()
    imports: tuple[str, ...] = ()  # packages a hand-in may import besides the standard library and its own files
    limits: Limits = field(default_factory=Limits)

    @property
    def points(self) -> int:
        """All points that checks can pay."""
        return sum(task.points for task in self.tasks)

    @property
    def solutions(self) -> Path:
        """The private twin of the folder. It need not exist: students do not have it."""
        return self.folder.parent.parent / "solutions" / self.name

    def task(self, name: str) -> Task:
        """The task of that name; BadManifest when there is none."""
        for task in self.tasks:
            if task.name == name:
                return task
        known = ", ".join(task.name for task in self.tasks)
        raise BadManifest(f"{self.folder / MANIFEST} has no task {name!r}. It has: {known}.")


def read_assignment(folder: Path) -> Assignment:
    """Read ``folder/assignment.toml``. Raises BadManifest with the file, the entry and the remedy."""
    path = folder / MANIFEST
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadManifest(f"{folder} has no {MANIFEST}, so it is not an assignment.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadManifest(f"{path} is not valid TOML: {error}.") from None
    files = _read_files(_get(table, "files", list, path), path)
    tasks = tuple(_read_task(row, files, path) for row in _rows(table, "tasks", path))
    questions = tuple(_read_question(row, files, path) for row in _rows({"questions": [], **table}, "questions", path))
    names = [task.name for task in tasks]
    for name in names:
        if names.count(name) > 1:
            raise BadManifest(f"{path}: the task {name!r} stands there {names.count(name)} times; names are unique.")
    return Assignment(
        name=folder.resolve().name,
        title=_get(table, "title", str, path),
        version=_get(table, "version", str, path),
        files=files,
        tasks=tasks,
        questions=questions,
        folder=folder.resolve(),
        imports=tuple(_get({"imports": [], **table}, "imports", list, path)),
        limits=_read_limits(_get({"limits": {}, **table}, "limits", dict, path), path),
    )


def _read_files(names: list[Any], path: Path) -> tuple[str, ...]:
    if not names:
        raise BadManifest(f'{path}: `files` must name at least one module, as in ["knn.py"].')
    for name in names:
        if not isinstance(name, str) or not name.endswith(".py") or not name.removesuffix(".py").isidentifier():
            raise BadManifest(f'{path}: `files` must name modules, as in "knn.py", not {name!r}.')
    return tuple(names)


def _rows(table: dict[str, Any], key: str, path: Path) -> list[dict[str, Any]]:
    rows = _get(table, key, list, path)
    for row in rows:
        if not isinstance(row, dict):
            raise BadManifest(f"{path}: each of `{key}` must be a table that starts with [[{key}]], not {row!r}.")
    return rows


def _read_task(row: dict[str, Any], files: tuple[str, ...], path: Path) -> Task:
    name, points = _get(row, "name", str, path), _get(row, "points", int, path)
    if points < 1:
        raise BadManifest(f"{path}: task {name!r} promises {points} points; it needs at least 1.")
    watch_out = _get({"watch_out": "", **row}, "watch_out", str, path)
    return Task(name, _get(row, "title", str, path), points, _file(row, f"task {name!r}", files, path), watch_out)


def _read_question(row: dict[str, Any], files: tuple[str, ...], path: Path) -> Question:
    name, title, points = _get(row, "id", str, path), _get(row, "title", str, path), _get(row, "points", int, path)
    return Question(name, title, points, _file(row, f"question {name!r}", files, path))


def _file(row: dict[str, Any], what: str, files: tuple[str, ...], path: Path) -> str:
    file = row.get("file", files[0])
    if file not in files:
        raise BadManifest(f"{path}: {what} is in {file!r}, which `files` does not list: {', '.join(files)}.")
    return str(file)


def _read_limits(row: dict[str, Any], path: Path) -> Limits:
    known = set(Limits.__dataclass_fields__)
    for key, value in row.items():
        if key not in known:
            raise BadManifest(f"{path}: [limits] has no {key!r}; it has {', '.join(sorted(known))}.")
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            raise BadManifest(f"{path}: [limits] {key} must be a number above 0, not {value!r}.")
    return Limits(**row)


def _get(row: dict[str, Any], key: str, kind: type, path: Path) -> Any:
    if key not in row:
        raise BadManifest(f"{path}: {key!r} is missing{_beside(row)}.")
    value = row[key]
    if not isinstance(value, kind) or isinstance(value, bool):
        raise BadManifest(f"{path}: {key!r} must be of type {kind.__name__}, not {value!r}{_beside(row)}.")
    return value


def _beside(row: dict[str, Any]) -> str:
    name = row.get("name") or row.get("id")
    return f" in the entry {name!r}" if name else ""
