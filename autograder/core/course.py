"""Find assignments: by name, by a module they contain, or all of a course."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path

from autograder.core.assignment import MANIFEST, Assignment, BadManifest, read_assignment


def find_assignment(name: str, *, installed: bool = True) -> Assignment:
    """Return the assignment ``name``: a path, a folder here or in a course above, or one installed with gradlab.

    Without ``installed`` the last is left out, so that a student does not hand in the installed copy.
    Raises BadManifest.
    """
    here = Path.cwd()
    own = [here] if here.name == name else []
    for place in [*own, Path(name), *(root / name for root in _roots(installed=installed))]:
        if (place / MANIFEST).is_file():
            return read_assignment(place)
    below = sorted(path.parent.name for path in Path(name).glob(f"*/{MANIFEST}"))
    if below:
        raise BadManifest(f"{name} contains several assignments: {', '.join(below)}. Choose one.")
    known = {path.parent.name for root in _roots(installed=installed) for path in root.glob(f"*/{MANIFEST}")}
    near = get_close_matches(name, sorted(known), n=2, cutoff=0.6)
    meant = f" Did you mean {' or '.join(near)}?" if near else ""
    raise BadManifest(f"There is no assignment {name!r} in {here}, nor in an assignments/ folder here or above.{meant}")


def find_assignment_of_module(module: str) -> Assignment:
    """Return the assignment with ``module``.py: this folder's, else the first in the course. Raises BadManifest."""
    here = Path.cwd()
    if (here / MANIFEST).is_file():
        return read_assignment(here)
    if here.parent.name == "solutions":
        return find_assignment(here.name)
    known_assignments = []
    for root in _roots():
        for manifest in sorted(root.glob(f"*/{MANIFEST}")):
            assignment = read_assignment(manifest.parent)
            known_assignments.append(assignment)
            if f"{module}.py" in assignment.files:
                return assignment
    modules = sorted({file.removesuffix(".py") for found in known_assignments for file in found.files})
    known = f" The modules are {', '.join(modules)}." if modules else ""
    raise BadManifest(
        f"No assignment in or above {here} has a file {module}.py.{known} Open the notebook in its own folder."
    )


def find_course_root() -> Path:
    """Return the folder that contains assignments/: here, above, or where gradlab is installed. Raises BadManifest."""
    for root in _roots():
        if root.name == "assignments" and root.is_dir():
            return root.parent
    raise BadManifest("There is no folder assignments/ here or above. Run this command in a copy of the course.")


def find_assignments(names: Sequence[str]) -> list[Assignment]:
    """Return the assignments with these names, or all of the course."""
    if names:
        return [find_assignment(name) for name in names]
    return [read_assignment(path.parent) for path in sorted((find_course_root() / "assignments").glob(f"*/{MANIFEST}"))]


def earlier_modules(assignment: Assignment) -> list[str]:
    """Return the files of earlier assignments, which a student may hand in next to this one's and import."""
    folders = sorted(path.parent for path in assignment.folder.parent.glob(f"*/{MANIFEST}"))
    return [file for folder in folders if folder.name < assignment.name for file in read_assignment(folder).files]


def _roots(*, installed: bool = True) -> Iterator[Path]:
    here = Path.cwd()
    yield here
    for folder in (here, *here.parents):
        yield folder / "assignments"
    if installed:
        yield Path(__file__).resolve().parents[2] / "assignments"
