"""A course's own settings: `course.toml` in its root folder, next to `assignments/` and `solutions/`.

Knows nothing about assignments. A course without the file has the defaults.
"""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct

from autograder.core.errors import GradlabError
from autograder.core.installed import installed_course
from autograder.core.message import Message, joined
from autograder.core.toml_file import read_toml

COURSE_FILE = "course.toml"
ENGINE = "autograder"  # the package of the grader itself: no course may share one of this name
TREES = ("assignments", "solutions")  # folders of a course that cannot be shared packages

_Package = Annotated[str, Meta(pattern=r"^[^\W\d]\w*\Z", description='the name of a package, like "tools"')]
_Module = Annotated[str, Meta(pattern=r"^[^\W\d][\w.]*\Z", description='the name of a module, like "torch.nn"')]
_Loader = Annotated[
    str,
    Meta(
        pattern=r"^[^\W\d][\w.]*:[^\W\d]\w*\Z",
        description='a function that loads the data set, like "tools.data:load"',
    ),
]
_Id = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*\Z", description='letters, digits, - and _, like "vision-2026"')
]
_Language = Annotated[str, Meta(pattern=r"^[a-z]{2,3}([-_][A-Za-z0-9]+)*\Z", description='a language code, like "en"')]


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """What one check may use, unless it asks for something else."""

    seconds: Annotated[float, Meta(gt=0)] = 10.0  # elapsed, but for those without a free core (box_link.py)
    memory_mb: Annotated[int, Meta(gt=0)] = 2048  # address space beyond what the fork server already has
    threads: Annotated[int, Meta(gt=0)] = 64  # of the one process a submission has
    file_mb: Annotated[int, Meta(gt=0)] = 64  # everything written in the box's own /tmp
    output_kb: Annotated[int, Meta(gt=0)] = 64  # how much of what is printed is stored
    message_mb: Annotated[int, Meta(gt=0)] = 256  # one value sent back


class Reports(Struct, frozen=True, forbid_unknown_fields=True):
    """What students may read in their reports. Staff read everything."""

    hidden_checks: Literal["points", "titles", "messages"] = "titles"  # render/view.py says what each of them shows


_importable: set[str] = set()  # like sys.path, of this process


def importable_packages() -> Set[str]:
    """Return the shared packages of the courses that this process works on."""
    return _importable


class BadCourse(GradlabError):
    """course.toml is wrong. Written for staff: which entry, what to write instead."""


class _CourseFile(Struct, frozen=True, forbid_unknown_fields=True):
    """The file as it is written."""

    title: str
    id: _Id
    language: _Language = ""
    repository: str = ""
    first: tuple[str, ...] = ()
    shared: tuple[_Package, ...] = ()
    fallbacks: str = ""
    preload: tuple[_Module, ...] = ()
    requirements: tuple[str, ...] = ()
    data: dict[str, _Loader] = {}
    limits: Limits = Limits()  # of assignments that set no others
    reports: Reports = Reports()


@dataclass(frozen=True)
class Course:
    """What the assignments of a course have in common."""

    title: str = "A course"
    id: str = "course"
    language: str = ""  # of readers who choose no other; empty: that of their computer
    root: Path | None = None  # the folder with course.toml
    first: tuple[str, ...] = ()  # assignments that students take before the others, in this order
    repository: str = ""  # where the published course is: OWNER/NAME on GitHub, or the URL of a git repository
    shared: tuple[str, ...] = ()  # packages of the course that students may import
    fallbacks: Path | None = (
        None  # a folder with modules for students who have not written those of earlier assignments
    )
    preload: tuple[str, ...] = ()  # modules that are imported once, before the first hand-in; see preloading
    requirements: tuple[str, ...] = ()  # what pip must install for the course
    data: Mapping[str, str] = field(default_factory=dict, hash=False)  # data set -> "module:function"
    limits: Limits = field(default_factory=Limits)  # of assignments that set no others
    reports: Reports = field(default_factory=Reports)

    @property
    def default_data(self) -> str:
        """The data set that is used where no other one is asked for: the first, or "default" where there is none."""
        return next(iter(self.data), "default")

    def shared_folders(self) -> dict[str, Path]:
        """Return the folder of each shared package by its name. Raises BadCourse if one is missing."""
        return {name: self._folder_of(name) for name in self.shared}

    def _folder_of(self, name: str) -> Path:
        own = self.root / name if self.root else None
        if own and own.is_dir():
            return own
        try:
            spec = importlib.util.find_spec(name)  # a student may have installed it
        except (ImportError, ValueError):
            spec = None
        if spec is None or not spec.submodule_search_locations:
            where = self.root / COURSE_FILE if self.root else COURSE_FILE
            raise BadCourse(
                Message(
                    "{where}: the package {name!r} of `shared` was not found. It must be a folder next to this "
                    "file, or installed.",
                    where=where,
                    name=name,
                )
            )
        return Path(next(iter(spec.submodule_search_locations)))

    def make_importable(self) -> None:
        """Let this process import the shared packages, from the folder of the course if they are there.

        Raises BadCourse if one of them, or a package that the course preloads, is not installed.
        """
        _importable.update(self.shared)
        for folder in self.shared_folders().values():
            if str(folder.parent) not in sys.path:
                sys.path.append(str(folder.parent))
        for name in dict.fromkeys(module.partition(".")[0] for module in self.preload):
            if not _is_installed(name):
                raise BadCourse(self._not_installed(name))

    def _not_installed(self, name: str) -> str:
        """Say what to do about a package of ``preload`` that is not installed."""
        if missing := [package for package in self.requirements if not _is_distribution(package)]:
            return Message(
                "This course needs {name}, which is not installed. Install what it requires: pip install {packages}",
                name=name,
                packages=" ".join(missing),
            )
        where = self.root / COURSE_FILE if self.root else COURSE_FILE
        near = get_close_matches(name, [*packages_distributions(), *self.shared], n=1)
        return joined(
            " ",
            [
                Message(
                    "{where}: `preload` lists {name!r}, which is not installed, although all that `requirements` lists "
                    "is.",
                    where=where,
                    name=name,
                ),
                Message("Did you mean {names}?", names=near[0]) if near else "",
                Message("Correct the name, or install the package and list it under `requirements`."),
            ],
        )

    def preloading(self, packages: Iterable[str]) -> Course:
        """Return the course with these packages preloaded, those that are installed, if it names none itself."""
        if self.preload:
            return self
        return replace(
            self, preload=tuple(name for name in packages if name not in self.shared and _is_installed(name))
        )

    def owns(self, error: BaseException) -> bool:
        """Return whether an exception is of a class that one of the shared packages defines."""
        return type(error).__module__.partition(".")[0] in self.shared


def _is_installed(name: str) -> bool:
    if name in sys.modules:
        return sys.modules[name] is not None
    return importlib.util.find_spec(name) is not None


def _is_distribution(requirement: str) -> bool:
    """Return whether what a requirement such as "numpy>=2" names is installed, in any version."""
    name = re.match(r"[\w.-]+", requirement.strip())
    try:
        return bool(name and distribution(name[0]))
    except PackageNotFoundError:
        return False


NO_COURSE = Course()


def read_course(root: Path) -> Course:
    """Read ``root/course.toml``. Raises BadCourse with the entry and what is allowed."""
    path = root / COURSE_FILE
    read = read_toml(path, _CourseFile, error=BadCourse)
    if ENGINE in read.shared:
        raise BadCourse(
            Message(
                "{path}: {name!r} is gradlab's own package. Give the shared package another name.",
                path=path,
                name=ENGINE,
            )
        )
    if own := [name for name in read.shared if name.casefold() in TREES]:
        raise BadCourse(
            Message(
                "{path}: {own!r} of `shared` is the course's own folder, whose files students would "
                "receive. Share a package next to it.",
                path=path,
                own=own[0],
            )
        )
    return Course(
        title=read.title,
        id=read.id,
        language=read.language,
        root=root.resolve(),
        first=read.first,
        repository=read.repository,
        shared=read.shared,
        fallbacks=_fallbacks(root.resolve(), read.fallbacks) if read.fallbacks else None,
        preload=read.preload,
        requirements=read.requirements,
        data=read.data,
        limits=read.limits,
        reports=read.reports,
    )


def _fallbacks(root: Path, name: str) -> Path:
    """Return the folder ``name`` of a course, or of its package that is installed, as from a wheel."""
    package = name.partition("/")[0]
    if (
        not (root / package).is_dir()
        and (spec := importlib.util.find_spec(package))
        and spec.submodule_search_locations
    ):
        return Path(next(iter(spec.submodule_search_locations))).parent / name
    return root / name


def course_around(folder: Path) -> Course:
    """Return the course of an assignment's folder: course.toml in it, next to it, or next to `assignments/`.

    A student's copy made without the file belongs to the installed course that has an assignment of this name.
    Otherwise the course has the defaults, and its folder's name. Raises BadCourse.
    """
    folder = folder.resolve()
    for root in (folder, folder.parent, folder.parent.parent):
        if (root / COURSE_FILE).is_file():
            return read_course(root)
    installed = installed_course()
    if (installed / COURSE_FILE).is_file() and (installed / "assignments" / folder.name).is_dir():
        return read_course(installed)
    in_course = folder.parent.name == "assignments"
    root = folder.parent.parent if in_course else folder.parent
    name = root.name or "course"
    return Course(title=name, id=re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-_") or "course", root=root)


def course_here() -> Course:
    """Return the course around this folder: of the nearest course.toml above, else the installed one.

    For messages only: a course.toml that cannot be read counts as none.
    """
    try:
        here = Path.cwd()
        for root in (here, *here.parents, installed_course()):
            if (root / COURSE_FILE).is_file():
                return read_course(root)
    except (BadCourse, FileNotFoundError):  # the current folder may be gone
        pass
    return NO_COURSE
