"""An assignment's promise: `assignment.toml`, read and verified.

Knows nothing about checks; the comparison of the two is in session/points.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from autograder.core.errors import GradlabError
from autograder.core.toml_file import read_toml

MANIFEST = "assignment.toml"

_Module = Annotated[str, Meta(pattern=r"^[^\W\d]\w*\.py\Z", description='the name of a module, like "knn.py"')]


class BadManifest(GradlabError):
    """The manifest is wrong. Written for staff: which file, which entry, what to write instead."""


class Task(Struct, frozen=True, forbid_unknown_fields=True):
    """One thing to write."""

    name: str  # "Conv.forward": what students define
    title: str
    points: Annotated[int, Meta(ge=1)]
    file: str = ""  # "knn.py"; where the manifest omits it, the first of the assignment's files
    watch_out: str = ""  # the README's column "watch out for"


class Question(Struct, frozen=True, forbid_unknown_fields=True):
    """An inline question, marked by a person in the notebook."""

    id: str
    title: str
    points: int
    file: str = ""


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """What one check may use, unless it asks for something else."""

    seconds: Annotated[float, Meta(gt=0)] = 10.0  # elapsed, but for those without a free core (box_link.py)
    memory_mb: Annotated[int, Meta(gt=0)] = 2048  # address space beyond what the fork server already has
    threads: Annotated[int, Meta(gt=0)] = 64  # of the one process a submission has
    file_mb: Annotated[int, Meta(gt=0)] = 64  # everything written in the box's own /tmp
    output_kb: Annotated[int, Meta(gt=0)] = 64  # how much of what is printed is stored
    message_mb: Annotated[int, Meta(gt=0)] = 256  # one value sent back


class _Manifest(Struct, frozen=True, forbid_unknown_fields=True):
    """The file as it is written."""

    title: str
    version: str
    files: Annotated[tuple[_Module, ...], Meta(min_length=1)]
    tasks: tuple[Task, ...]
    questions: tuple[Question, ...] = ()
    imports: tuple[str, ...] = ()
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
    limits: Limits = field(default_factory=Limits)

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
        known = ", ".join(task.name for task in self.tasks)
        raise BadManifest(f"{self.folder / MANIFEST} has no task {name!r}. It has: {known}.")


def read_assignment(folder: Path) -> Assignment:
    """Read ``folder/assignment.toml``. Raises BadManifest with the file, the entry and the remedy."""
    path = folder / MANIFEST
    if not path.exists():
        raise BadManifest(f"{folder} has no {MANIFEST}, so it is not an assignment.")
    manifest = read_toml(path, _Manifest, error=BadManifest)
    tasks, questions = [], []
    names = [task.name for task in manifest.tasks]
    for task in manifest.tasks:
        if names.count(task.name) > 1:
            raise BadManifest(f"{path}: {names.count(task.name)} tasks are called {task.name!r}; names must differ.")
        tasks.append(replace(task, file=_file(task.file, f"[[tasks]] {task.name!r}", manifest.files, path)))
    for question in manifest.questions:
        file = _file(question.file, f"[[questions]] {question.id!r}", manifest.files, path)
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
        limits=manifest.limits,
    )


def _file(file: str, entry: str, files: tuple[str, ...], path: Path) -> str:
    if file and file not in files:
        raise BadManifest(f"{path}, {entry}: file {file!r} is not one of `files`. Allowed: {', '.join(files)}.")
    return file or files[0]
