"""An assignment's promise: `assignment.toml`, read and verified.

Knows nothing about checks; the comparison of the two is in session/points.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import asdict, replace

from autograder.core.course_file import Course, Limits, course_around
from autograder.core.errors import GradlabError
from autograder.core.half_points import tidy
from autograder.core.toml_file import parse_toml, read_table

__all__ = ["MANIFEST", "Assignment", "BadManifest", "Limits", "Question", "Task", "read_assignment"]

MANIFEST = "assignment.toml"
MAX_DATA_BYTES = 200_000_000  # of all data files of an assignment: each hand-in's sandbox gets its own copy

_Module = Annotated[str, Meta(pattern=r"^[^\W\d]\w*\.py\Z", description='the name of a module, like "knn.py"')]
_Data = Annotated[
    str, Meta(pattern=r"^[^/\\][^\\]*\Z", description='a file or a pattern, like "prices.csv" or "*.csv"')
]


class BadManifest(GradlabError):
    """The manifest is wrong. Written for staff: which file, which entry, what to write instead."""


class Task(Struct, frozen=True, forbid_unknown_fields=True):
    """One thing to write."""

    name: str  # "Conv.forward": what students define
    title: str
    points: Annotated[int, Meta(ge=1)]
    file: str = ""  # "knn.py"; where the manifest omits it, the first of the assignment's files
    watch_out: str = ""  # the README's column "watch out for"


class RubricLine(Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that an answer should have."""

    text: str
    points: Annotated[float, Meta(gt=0, multiple_of=0.5)]


class Question(Struct, frozen=True, forbid_unknown_fields=True):
    """An inline question, marked by a person in the notebook."""

    id: str
    title: str
    points: int
    file: str = ""
    kind: Literal["text", "code", "plot"] = "text"  # a text is answered in a markdown cell, the others in a code cell
    rubric: tuple[RubricLine, ...] = ()  # whose points add up to the question's


class _Manifest(Struct, frozen=True, forbid_unknown_fields=True):
    """The file as it is written."""

    title: str
    version: str
    files: Annotated[tuple[_Module, ...], Meta(min_length=1)]
    tasks: tuple[Task, ...]
    questions: tuple[Question, ...] = ()
    imports: tuple[str, ...] = ()
    data: tuple[_Data, ...] = ()
    limits: Limits = Limits()


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
    data: tuple[str, ...] = ()  # files or patterns ("*.csv"), relative to the folder, that the code reads
    limits: Limits = field(default_factory=Limits)
    course: Course = field(default_factory=Course)

    @property
    def allowed(self) -> tuple[str, ...]:
        """The packages that a hand-in may import besides Python's own and its own files; empty: any."""
        return tuple(dict.fromkeys([*self.imports, *self.course.shared])) if self.imports else ()

    @property
    def arrays(self) -> str:
        """What ``rng`` makes: "torch" where the assignment's imports allow torch, else "numpy"."""
        return "torch" if not self.imports or "torch" in self.imports else "numpy"

    def data_files(self) -> dict[str, Path]:
        """Return the data files by their paths below the folder: "prices.csv". Raises BadManifest."""
        found: dict[str, Path] = {}
        for pattern in self.data:
            matches = sorted(path for path in self.folder.glob(pattern) if path.is_file())
            inside = [path for path in matches if path.resolve().is_relative_to(self.folder)]
            if not inside:
                raise BadManifest(
                    f"{self.folder / MANIFEST}: `data` lists {pattern!r}, but {self.folder} has no such file."
                )
            found |= {path.relative_to(self.folder).as_posix(): path for path in inside}
        if sum(path.stat().st_size for path in found.values()) > MAX_DATA_BYTES:
            raise BadManifest(
                f"{self.folder / MANIFEST}: the files of `data` have more than {MAX_DATA_BYTES // 10**6} MB together. "
                "Each hand-in gets a copy, so choose smaller ones."
            )
        return found

    @property
    def points(self) -> int:
        """All points that checks can award."""
        return sum(task.points for task in self.tasks)

    @property
    def solutions(self) -> Path:
        """The private twin of the folder. It need not exist: students do not have it."""
        return self.folder.parent.parent / "solutions" / self.name

    @property
    def private_folders(self) -> tuple[Path, ...]:
        """The folders that students' code must not see: the course, or of other folders the assignment and its twin."""
        if self.folder.parent.name == "assignments":
            return (self.folder.parent.parent,)
        return self.folder, self.solutions

    def task(self, name: str) -> Task:
        """Return the task called ``name``. Raises BadManifest if there is none."""
        for task in self.tasks:
            if task.name == name:
                return task
        known = [task.name for task in self.tasks]
        choice = meant(name, known) or f"It has: {', '.join(known)}."
        raise BadManifest(f"{self.name} has no task {name!r}. {choice}")


def meant(name: str, tasks: Sequence[str]) -> str:
    """Return "Did you mean ...?" with the methods of the class ``name``, or the most similar task; else nothing."""
    near = [task for task in tasks if task.startswith(f"{name}.")] or get_close_matches(name, tasks, n=1, cutoff=0.5)
    return f"Did you mean {' or '.join(map(repr, near))}?" if near else ""


def read_assignment(folder: Path) -> Assignment:
    """Read ``folder/assignment.toml``. Raises BadManifest with the file, the entry and the remedy."""
    path = folder / MANIFEST
    if not path.exists():
        raise BadManifest(f"{folder} has no {MANIFEST}, so it is not an assignment.")
    course = course_around(folder)
    table = parse_toml(path, error=BadManifest)
    if isinstance(own := table.get("limits", {}), dict):
        table["limits"] = {**asdict(course.limits), **own}
    manifest = read_table(table, _Manifest, where=str(path), error=BadManifest)
    tasks, questions = [], []
    names = [task.name for task in manifest.tasks]
    for task in manifest.tasks:
        if names.count(task.name) > 1:
            raise BadManifest(f"{path}: {names.count(task.name)} tasks are called {task.name!r}; names must differ.")
        tasks.append(replace(task, file=_file(task.file, f"[[tasks]] {task.name!r}", manifest.files, path)))
    for question in manifest.questions:
        file = _file(question.file, f"[[questions]] {question.id!r}", manifest.files, path)
        if question.rubric and sum(line.points for line in question.rubric) != question.points:
            total = tidy(sum(line.points for line in question.rubric))
            raise BadManifest(
                f"{path}: [[questions]] {question.id!r} is worth {question.points} points, but the lines of its rubric "
                f"add up to {total}. Change one of the two."
            )
        questions.append(replace(question, file=file))
    return Assignment(
        name=folder.resolve().name,
        title=manifest.title,
        version=manifest.version,
        files=manifest.files,
        tasks=tuple(tasks),
        questions=tuple(questions),
        folder=folder.resolve(),
        imports=manifest.imports,
        data=manifest.data,
        limits=manifest.limits,
        course=course,
    )


def _file(file: str, entry: str, files: tuple[str, ...], path: Path) -> str:
    if file and file not in files:
        raise BadManifest(f"{path}, {entry}: file {file!r} is not one of `files`. Allowed: {', '.join(files)}.")
    return file or files[0]
