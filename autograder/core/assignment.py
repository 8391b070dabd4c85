"""An assignment's promise: `assignment.toml`, read and verified.

Knows nothing about checks; the comparison of the two is in session/points.py.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct
from msgspec.structs import asdict, replace

from autograder.core.course_file import Course, Limits, course_around
from autograder.core.errors import GradlabError
from autograder.core.half_points import tidy
from autograder.core.message import Message, either, joined, name_list
from autograder.core.notebooks import module_name
from autograder.core.toml_file import parse_toml, read_table

__all__ = ["MANIFEST", "Assignment", "BadManifest", "Limits", "Question", "Task", "read_assignment"]

MANIFEST = "assignment.toml"
FEW = 8  # tasks that one line lists
ROW = 100  # characters in a line of a longer list
MAX_DATA_BYTES = 200_000_000  # of all data files of an assignment: each hand-in's sandbox gets its own copy

_Module = Annotated[
    str,
    Meta(
        pattern=r"^([^\W\d]\w*/)*[^\W\d]\w*\.py\Z",
        description='the name of a module, like "knn.py", or "nets/conv.py" in a package',
    ),
]
_Language = Annotated[
    str, Meta(pattern=r"^[a-z]{2,3}(_[A-Z][A-Za-z]+)?\Z", description='a language as gettext names it, like "zh_CN"')
]
_HandIn = Annotated[
    str,
    Meta(
        pattern=r"^(?!.*\.([iI][pP][yY][nN][bB]|[pP][yY]|[zZ][iI][pP])\Z)[^/\\]+\Z",
        description='the name of a file, like "poster.pdf" or "sketch.*", but no notebook, script or zip',
    ),
]
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
    needs: tuple[str, ...] = ()  # tasks whose results its checks use


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
    kind: Literal["text", "code", "plot", "file"] = "text"  # code and plots are in a code cell, others in markdown
    hand_in: tuple[_HandIn, ...] = ()  # of kind "file": the names that the file may have
    rubric: tuple[RubricLine, ...] = ()  # whose points add up to the question's


class _Manifest(Struct, frozen=True, forbid_unknown_fields=True):
    """The file as it is written."""

    title: str
    version: str
    files: Annotated[tuple[_Module, ...], Meta(min_length=1)]
    tasks: tuple[Task, ...]
    questions: tuple[Question, ...] = ()
    imports: tuple[str, ...] | None = None
    data: tuple[_Data, ...] = ()
    languages: tuple[_Language, ...] = ()  # besides the course's own
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
    imports: tuple[str, ...] | None = None  # packages that a hand-in may import besides Python's own; None: any
    data: tuple[str, ...] = ()  # files or patterns ("*.csv"), relative to the folder, that the code reads
    languages: tuple[str, ...] = ()  # in which it is released besides the course's own: ("zh_CN",)
    limits: Limits = field(default_factory=Limits)
    course: Course = field(default_factory=Course)

    @property
    def allowed(self) -> tuple[str, ...] | None:
        """The packages that a hand-in may import besides Python's own and its own files; None: any."""
        return None if self.imports is None else tuple(dict.fromkeys([*self.imports, *self.course.shared]))

    @property
    def arrays(self) -> str:
        """What ``rng`` makes: "torch" where the assignment's imports list torch, else "numpy"."""
        return "torch" if "torch" in (self.imports or ()) else "numpy"

    def data_files(self) -> dict[str, Path]:
        """Return the data files by their paths below the folder: "prices.csv". Raises BadManifest."""
        found: dict[str, Path] = {}
        for pattern in self.data:
            matches = sorted(path for path in self.folder.glob(pattern) if path.is_file())
            inside = [path for path in matches if path.resolve().is_relative_to(self.folder)]
            if not inside:
                raise BadManifest(
                    Message(
                        "{path}: `data` lists {pattern!r}, but {folder} has no such file.",
                        path=self.folder / MANIFEST,
                        pattern=pattern,
                        folder=self.folder,
                    )
                )
            found |= {path.relative_to(self.folder).as_posix(): path for path in inside}
        if sum(path.stat().st_size for path in found.values()) > MAX_DATA_BYTES:
            raise BadManifest(
                Message(
                    "{path}: the files of `data` have more than {limit} MB together. Each hand-in gets a "
                    "copy, so choose smaller ones.",
                    path=self.folder / MANIFEST,
                    limit=MAX_DATA_BYTES // 10**6,
                )
            )
        return found

    @property
    def hand_in(self) -> tuple[str, ...]:
        """The names, or patterns of names, of files that are handed in as answers to questions."""
        return tuple(name for question in self.questions for name in question.hand_in)

    def file_of(self, module: str) -> str:
        """Return the file of the module that people call "knn" or "conv"; empty if there is none."""
        return next((file for file in self.files if module_name(file) == module), "")

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

    def needed_by(self, name: str) -> tuple[str, ...]:
        """Return the tasks that a task needs, and those that they need, in the manifest's order."""
        found: set[str] = set()
        following = [name]
        while following:
            new = set(self.task(following.pop()).needs) - found
            found |= new
            following += new
        return tuple(task.name for task in self.tasks if task.name in found)

    def list_tasks(self, names: Collection[str]) -> str:
        """Return a sentence with these tasks; many are sorted by their modules, in several lines."""
        if len(names) <= FEW:
            return Message("It has: {tasks}.", tasks=name_list([*names]))
        lines = []
        for file in self.files:
            if own := [task.name for task in self.tasks if task.file == file and task.name in names]:
                lines.append(Message("  {module}: {tasks}", module=module_name(file), tasks=_in_rows(own)))
        return joined("\n", [Message("Its tasks, by module:"), *lines])

    def task(self, name: str) -> Task:
        """Return the task called ``name``. Raises BadManifest if there is none."""
        for task in self.tasks:
            if task.name == name:
                return task
        known = [task.name for task in self.tasks]
        choice = meant(name, known) or self.list_tasks(known)
        raise BadManifest(
            Message("{assignment} has no task {task!r}. {meaning}", assignment=self.name, task=name, meaning=choice)
        )


def _in_rows(names: Sequence[str]) -> str:
    """Return names as a list with line breaks."""
    rows, width = [[names[0]]], len(names[0])
    for name in names[1:]:
        if width + len(name) > ROW:
            rows.append([])
            width = 0
        rows[-1].append(name)
        width += len(name) + 2
    return joined("\n    ", [name_list(row) for row in rows])


def meant(name: str, tasks: Sequence[str]) -> str:
    """Return "Did you mean ...?" with the methods of the class ``name``, or the most similar task; else nothing."""
    near = [task for task in tasks if task.startswith(f"{name}.")] or get_close_matches(name, tasks, n=1, cutoff=0.5)
    return Message("Did you mean {names}?", names=either(list(map(repr, near)))) if near else ""


def read_assignment(folder: Path) -> Assignment:
    """Read ``folder/assignment.toml``. Raises BadManifest with the file, the entry and the remedy."""
    path = folder / MANIFEST
    if not path.exists():
        raise BadManifest(
            Message("{folder} has no {manifest}, so it is not an assignment.", folder=folder, manifest=MANIFEST)
        )
    course = course_around(folder)
    table = parse_toml(path, error=BadManifest)
    if isinstance(own := table.get("limits", {}), dict):
        table["limits"] = {**asdict(course.limits), **own}
    manifest = read_table(table, _Manifest, where=str(path), error=BadManifest)
    modules = [module_name(file) for file in manifest.files]
    for module in modules:
        if modules.count(module) > 1:
            raise BadManifest(
                Message(
                    "{path}: two of `files` are called {module}.py. Their names must differ.", path=path, module=module
                )
            )
    tasks, questions = [], []
    names = [task.name for task in manifest.tasks]
    for task in manifest.tasks:
        if names.count(task.name) > 1:
            raise BadManifest(
                Message(
                    "{path}: {names} tasks are called {task!r}; names must differ.",
                    path=path,
                    names=names.count(task.name),
                    task=task.name,
                )
            )
        tasks.append(replace(task, file=_file(task.file, f"[[tasks]] {task.name!r}", manifest.files, path)))
    for question in manifest.questions:
        file = _file(question.file, f"[[questions]] {question.id!r}", manifest.files, path)
        if question.rubric and sum(line.points for line in question.rubric) != question.points:
            total = tidy(sum(line.points for line in question.rubric))
            raise BadManifest(
                Message.counted(
                    "{path}: [[questions]] {question!r} is worth {n} point, but the lines of its rubric add up to "
                    "{total}. Change one of the two.",
                    "{path}: [[questions]] {question!r} is worth {n} points, but the lines of its rubric add up to "
                    "{total}. Change one of the two.",
                    n=question.points,
                    path=path,
                    question=question.id,
                    total=total,
                )
            )
        if (question.kind == "file") != bool(question.hand_in):
            raise BadManifest(
                Message(
                    '{path}: [[questions]] {question!r}: `kind = "file"` and the names that the file may have, '
                    '`hand_in = ["poster.pdf"]`, belong together. Write both or none.',
                    path=path,
                    question=question.id,
                )
            )
        questions.append(replace(question, file=file))
    made = Assignment(
        name=folder.resolve().name,
        title=manifest.title,
        version=manifest.version,
        files=manifest.files,
        tasks=tuple(tasks),
        questions=tuple(questions),
        folder=folder.resolve(),
        imports=manifest.imports,
        data=manifest.data,
        languages=manifest.languages,
        limits=manifest.limits,
        course=course.preloading(manifest.imports or ()),
    )
    _expect_needs(made, path)
    return made


def _expect_needs(assignment: Assignment, path: Path) -> None:
    """Raise BadManifest if a task needs one that does not exist, or itself, also through others."""
    for task in assignment.tasks:
        try:
            circular = task.name in assignment.needed_by(task.name)
        except BadManifest as error:
            raise BadManifest(
                Message("{path}, [[tasks]] {task!r}, `needs`: {reason}", path=path, task=task.name, reason=error)
            ) from None
        if circular:
            raise BadManifest(
                Message(
                    "{path}, [[tasks]] {task!r}: `needs` leads back to the task itself. Remove one of these entries.",
                    path=path,
                    task=task.name,
                )
            )


def _file(file: str, entry: str, files: tuple[str, ...], path: Path) -> str:
    if file and file not in files:
        raise BadManifest(
            Message(
                "{path}, {entry}: file {file!r} is not one of `files`. Allowed: {files}.",
                path=path,
                entry=entry,
                file=file,
                files=name_list(files),
            )
        )
    return file or files[0]
