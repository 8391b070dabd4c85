"""Where assignments are found: by name, by the module they hold, all of a course."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path

from autograder.core.assignment import MANIFEST, Assignment, BadManifest, read_assignment


def find_assignment(name: str, *, installed: bool = True) -> Assignment:
    """The assignment called ``name``: a path, a folder here or in a course above, or one that gradlab came with.

    Without ``installed`` the last is left out: what a student hands in must not be somebody else's copy.
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
    """The assignment whose files include ``module``.py: this folder's, else the first of a course."""
    here = Path.cwd()
    if (here / MANIFEST).is_file():
        return read_assignment(here)
    if here.parent.name == "solutions":
        return find_assignment(here.name)
    seen = []
    for root in _roots():
        for manifest in sorted(root.glob(f"*/{MANIFEST}")):
            assignment = read_assignment(manifest.parent)
            seen.append(assignment)
            if f"{module}.py" in assignment.files:
                return assignment
    modules = sorted({file.removesuffix(".py") for found in seen for file in found.files})
    there = f" There are {', '.join(modules)}." if modules else ""
    raise BadManifest(
        f"No assignment has a file {module}.py, seen from {here}.{there} Open the notebook in its own folder."
    )


def find_course_root() -> Path:
    """The folder that holds assignments/: here, above, or where gradlab is installed. Raises BadManifest."""
    for root in _roots():
        if root.name == "assignments" and root.is_dir():
            return root.parent
    raise BadManifest("No folder with assignments/ was found here or above. Run this in a copy of the course.")


def find_assignments(names: Sequence[str]) -> list[Assignment]:
    """The assignments of these names, or all of the course."""
    if names:
        return [find_assignment(name) for name in names]
    return [read_assignment(path.parent) for path in sorted((find_course_root() / "assignments").glob(f"*/{MANIFEST}"))]


def earlier_modules(assignment: Assignment) -> list[str]:
    """Files of earlier assignments that this one may import, where the student handed them in beside."""
    folders = sorted(path.parent for path in assignment.folder.parent.glob(f"*/{MANIFEST}"))
    return [file for folder in folders if folder.name < assignment.name for file in read_assignment(folder).files]


def _roots(*, installed: bool = True) -> Iterator[Path]:
    here = Path.cwd()
    yield here
    for folder in (here, *here.parents):
        yield folder / "assignments"
    if installed:
        yield Path(__file__).resolve().parents[2] / "assignments"
