"""Find assignments: by name, by a module they contain, or all of a course."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path

from autograder.core.assignment import MANIFEST, Assignment, BadManifest, read_assignment
from autograder.core.course_file import COURSE_FILE, NO_COURSE, BadCourse, Course, course_around
from autograder.core.installed import installed_course
from autograder.core.message import Message, either, joined, name_list
from autograder.core.notebooks import module_name
from autograder.core.received import without_its_manifest, without_manifest


def find_assignment(name: str = "", *, installed: bool = True) -> Assignment:
    """Return an assignment: "a01_knn", "a01", "knn" (one of its modules), a path, or "" for the one around this folder.

    It is looked for here, in the folders above and in their ``assignments/``; then among those installed with gradlab,
    unless ``installed`` is False, so that a student never works on the installed copy. Raises BadManifest.
    """
    here = Path.cwd()
    if not name:
        return read_assignment(_folder_around(here))
    path = Path(name)
    named = path.suffix in (".py", ".ipynb") and len(path.parts) > 1  # a file of an assignment
    for folder in (path, path.parent) if named else (path,):
        if (folder / MANIFEST).is_file():
            found = read_assignment(folder)
            if named and folder == path.parent and not path.exists() and not found.file_of(path.stem):
                raise BadManifest(Message("{folder} contains no {file}.", folder=folder, file=path.name))
            return found
    own = [here] if here.name == name else []
    for place in [*own, *(root / name for root in _roots(installed=installed))]:
        if (place / MANIFEST).is_file():
            return read_assignment(place)
    for root in _roots(installed=installed):
        if meant := folder_meant(root, name):
            return read_assignment(meant)
    below = [folder.name for folder in _assignments_in(Path(name))]
    if below:
        names = name_list(below)
        raise BadManifest(
            Message("{name} contains several assignments: {names}. Choose one.", name=path.resolve(), names=names)
        )
    known = sorted({folder.name for root in _roots(installed=installed) for folder in _assignments_in(root)})
    near = get_close_matches(name, known, n=2, cutoff=0.6)
    near = near or [folder for folder in known if _numbers(name) and _numbers(folder)[:1] == _numbers(name)]
    _require_manifest(here, name)
    if path.is_dir():
        _require_manifest(path)
    unknown = Message(
        "No assignment {name!r} was found in {folder}, in the folders above, or in their assignments/.",
        name=name,
        folder=here,
    )
    raise BadManifest(joined(" ", [unknown, _meant(near)]))


def find_staff_assignment(name: str, course: Path | None = None) -> Assignment:
    """Return an assignment whose checks may run with the rights of staff.

    ``name`` is as in ``find_assignment``. It is looked for in the folder ``course``, or without that in the course
    here, above or installed with gradlab. A lone folder here is not used, because a student may have sent it; to use
    one, write its path. Raises BadManifest.
    """
    if course is None and len(Path(name).parts) > 1:
        return read_assignment(Path(name))
    if course and not course.is_dir():
        missing = Message("The folder {course} does not exist.", course=course)
        file = Message("{course} is a file, not the folder of a course.", course=course)
        raise BadManifest(file if course.exists() else missing)
    roots = [course / "assignments"] if course else [root for root in _roots() if root.name == "assignments"]
    for root in roots:
        if meant := folder_meant(root, name):
            return read_assignment(meant)
    known = sorted({folder.name for root in roots for folder in _assignments_in(root)})
    near = get_close_matches(name, known, n=2, cutoff=0.6)
    if course:
        unknown = Message("{course} has no assignment {name!r}.", course=course, name=name)
    else:
        unknown = Message("No course here or above has an assignment {name!r}.", name=name)
    advice = Message("Name the course with --course, or the assignment by its path.")
    raise BadManifest(joined(" ", [unknown, _meant(near), advice]))


def _meant(names: Sequence[str]) -> str:
    return Message("Did you mean {names}?", names=either(names)) if names else ""


def _require_manifest(here: Path, name: str = "") -> None:
    """Raise BadManifest if ``name`` means an assignment of the student's copy whose manifest is gone."""
    if copy := without_its_manifest(here, name):
        raise BadManifest(copy.is_missing(MANIFEST))


def _folder_around(here: Path) -> Path:
    for folder in (here, *here.parents):
        if (folder / MANIFEST).is_file():
            return folder
    _require_manifest(here)
    names = name_list([folder.name for root in _roots(installed=False) for folder in _assignments_in(root)])
    choice = Message("Name one, or run this in a folder that gradlab start created.")
    if names:
        choice = Message("Name one: {names}.", names=names)
    raise BadManifest(Message("{folder} is not inside an assignment. {advice}", folder=here, advice=choice))


def _assignments_in(root: Path) -> list[Path]:
    return sorted(path.parent for path in root.glob(f"*/{MANIFEST}"))


def _numbers(name: str) -> list[int]:
    """Return the numbers in a name: of "a02_linear", "a2" and "hw2" it is 2."""
    return [int(digits) for digits in re.findall(r"\d{1,9}", name)]


def folder_meant(root: Path, name: str) -> Path | None:
    """Return the assignment in ``root`` that ``name`` means: its folder's name, its number, or one of its modules.

    Raises BadManifest if it can mean several.
    """
    folders = _assignments_in(root)
    meant = [folder for folder in folders if folder.name == name]
    meant = meant or [folder for folder in folders if _is_short_for(name, folder)]
    if len(meant) > 1:
        names = either([folder.name for folder in meant])
        raise BadManifest(Message("{name} can mean {names}. Write the whole name.", name=name, names=names))
    return meant[0] if meant else None


def _is_short_for(name: str, folder: Path) -> bool:
    """Return whether ``name`` is the number of an assignment ("a01") or one of its modules ("knn")."""
    if folder.name.startswith(f"{name}_"):
        return True
    try:
        return bool(read_assignment(folder).file_of(name.removesuffix(".py").removesuffix(".ipynb")))
    except BadManifest:
        return False


def find_assignment_of_module(module: str) -> Assignment:
    """Return the assignment with ``module``.py: this folder's, else the first in the course. Raises BadManifest."""
    here = Path.cwd()
    if (here / MANIFEST).is_file():
        return read_assignment(here)
    _require_manifest(here)
    if here.parent.name == "solutions":
        return find_assignment(here.name)
    known_assignments, unreadable = [], []
    for root in _roots():
        for folder in _assignments_in(root):
            try:
                assignment = read_assignment(folder)
            except BadManifest as problem:
                unreadable.append(str(problem))
                continue
            known_assignments.append(assignment)
            if assignment.file_of(module):
                return assignment
    modules = sorted({module_name(file) for found in known_assignments for file in found.files})
    unknown = Message("No assignment in or above {folder} has a file {file}.", folder=here, file=f"{module}.py")
    known = Message("The modules are {names}.", names=name_list(modules)) if modules else ""
    advice = Message("Open the notebook in its own folder.")
    raise BadManifest(joined(" ", [unknown, known, advice, *unreadable]))


def find_course_root() -> Path:
    """Return the folder that contains assignments/: here, above, or where gradlab is installed. Raises BadManifest."""
    for root in _roots():
        if root.name == "assignments" and root.is_dir():
            return root.parent
    raise BadManifest("There is no folder assignments/ here or above. Run this command in a copy of the course.")


def find_own_course_root() -> Path:
    """Return the folder of the course here or above, even without assignments. Raises BadManifest."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / COURSE_FILE).is_file() or (folder / "assignments").is_dir():
            return folder
    raise BadManifest("There is no course here or above. Write one with `gradlab new-course FOLDER`.")


def find_own_assignments() -> list[Assignment]:
    """Return the assignments of the course around this folder, in the order in which students take them.

    Raises BadManifest if there are none.
    """
    for root in _roots(installed=False):
        if folders := _assignments_in(root):
            return [read_assignment(folder) for folder in _in_order(folders)]
    for copy in without_manifest(Path.cwd()):
        raise BadManifest(copy.is_missing(MANIFEST))
    raise BadManifest("No assignment was found here or above. Run this in the folder that gradlab start created.")


def find_assignments(names: Sequence[str], *, installed: bool = True) -> list[Assignment]:
    """Return the assignments with these names, each once, or all of the course in the order in which they are taken."""
    if names:
        found = (find_assignment(name, installed=installed) for name in names)
        return list({assignment.folder.resolve(): assignment for assignment in found}.values())
    folders = [path.parent for path in (find_course_root() / "assignments").glob(f"*/{MANIFEST}")]
    return [read_assignment(folder) for folder in _in_order(folders)]


def _in_order(folders: Sequence[Path]) -> list[Path]:
    """Return folders of assignments by their names, but first those that course.toml lists under ``first``."""
    course = course_around(folders[0]) if folders else NO_COURSE
    require_known_first(course)
    first = course.first
    named = sorted(folders, key=lambda folder: folder.name)
    return sorted(named, key=lambda folder: first.index(folder.name) if folder.name in first else len(first))


def require_known_first(course: Course) -> None:
    """Raise BadCourse if `first` lists an assignment that the course does not have; a copy may have fewer of them."""
    if course.root is None or not (course.root / "solutions").is_dir():
        return
    known = [folder.name for folder in _assignments_in(course.root / "assignments")]
    for name in course.first:
        if name not in known:
            unknown = Message(
                "{path}: `first` lists {name!r}, but assignments/ has no such folder.",
                path=course.root / COURSE_FILE,
                name=name,
            )
            raise BadCourse(joined(" ", [unknown, _meant(get_close_matches(name, known, n=2, cutoff=0.6))]))


def earlier_modules(assignment: Assignment) -> list[str]:
    """Return the files of earlier assignments, which a student may hand in next to this one's and import."""
    folders = sorted(path.parent for path in assignment.folder.parent.glob(f"*/{MANIFEST}"))
    return [file for folder in folders if folder.name < assignment.name for file in read_assignment(folder).files]


def _roots(*, installed: bool = True) -> Iterator[Path]:
    here = Path.cwd()
    for folder in (here, *here.parents):
        yield folder
        yield folder / "assignments"
    if installed:
        yield installed_course() / "assignments"
