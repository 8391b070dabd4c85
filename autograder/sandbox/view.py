"""What the sandbox sees of the host: the system's libraries and Python, and nothing that is private.

Knows nothing about how the view is built (isolation.py writes the command lines).
"""

from __future__ import annotations

import importlib.util
import os
import site
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from autograder.core.course_file import Course
from autograder.core.installed import interpreter

PACKAGES = "/gradlab"  # where the box sees MOUNTED
FALLBACKS = "/fallbacks"  # where it sees the course's modules of earlier assignments
MOUNTED = ("autograder/sandbox/inside", "autograder/probes")  # all of gradlab that enters the box
PRIVATE = ("autograder", "solutions", "assignments", "tests", ".git")  # never shown at their own place
ROOT = Path(__file__).resolve().parent.parent.parent

_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32")
_SHARED = ("/", "/usr", "/usr/local", "/opt")  # folders of which other programs need parts


@dataclass(frozen=True)
class View:
    """What the box sees of the host, all of it read-only."""

    binds: tuple[tuple[str, str], ...]  # (source, target)
    links: tuple[tuple[str, str], ...]  # (text of the link, where)
    folders: tuple[str, ...]  # empty folders, through which a link leads and out of them again
    masks: tuple[str, ...]  # folders under a bind that are hidden again
    blanks: tuple[str, ...]  # files likewise
    private: tuple[str, ...]  # what must not be seen, by the paths that the host has for it


@cache
def make_view(private: tuple[Path, ...] = (), shared: tuple[tuple[str, str], ...] = ()) -> View:
    """Return the view from which gradlab and the folders in ``private`` are hidden, wherever they are.

    ``shared`` are folders of the course that the box sees, each with its place there (see ``shared_places``).
    """
    binds: list[tuple[str, str]] = []
    links: list[tuple[str, str]] = []
    for name in _SYSTEM:
        if Path(name).is_symlink():
            links.append((os.readlink(name), name))
        elif Path(name).is_dir():
            binds.append((name, name))
    for file in ("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/alternatives", "/etc/localtime"):
        if os.path.exists(file):
            binds.append((file, file))
    for folder in python_folders():
        if not _is_shown(Path(folder), binds):
            binds.append((folder, folder))
    followed, left = _links_followed(interpreter())
    links += [(text, str(where)) for text, where in followed if not _is_shown(where, binds)]
    links = list(dict.fromkeys(links))
    needed = [Path(folder).resolve() for folder in python_folders()]
    hidden = [part for root in (ROOT, *private) for part in _private_parts(root.resolve(), needed)]
    places = dict.fromkeys(place for part in hidden for place in _places(part, binds))
    binds += [(str(ROOT / name), f"{PACKAGES}/{name}") for name in MOUNTED]
    binds += shared
    return View(
        tuple(binds),
        tuple(links),
        folders=tuple(str(folder) for folder in left if not _is_shown(folder, binds)),
        masks=tuple(place for place in places if Path(place).is_dir()),
        blanks=tuple(place for place in places if not Path(place).is_dir()),
        private=tuple(dict.fromkeys([*map(str, hidden), *places])),
    )


def shared_places(course: Course) -> tuple[tuple[str, str], ...]:
    """Return the shared packages and fallbacks of a course, each with its place in the box. Raises BadCourse."""
    places = [(str(folder), f"{PACKAGES}/{name}") for name, folder in course.shared_folders().items()]
    return (*places, *([(str(course.fallbacks), FALLBACKS)] if course.fallbacks else []))


@cache
def _installed() -> tuple[str, ...]:
    """Return the packages that gradlab's own distribution installs next to autograder."""
    try:
        return tuple((distribution("gradlab").read_text("top_level.txt") or "").split())
    except PackageNotFoundError:
        return ()


def python_folders() -> list[str]:
    """Return the folders that contain Python and its packages, and the program itself if it is elsewhere."""
    program, library = interpreter().resolve(), Path(os.__file__).resolve().parent
    real = program.parent.parent  # not sys.base_prefix, where Python is reached through links
    own = [real] if library.is_relative_to(real) else [library, program]
    return list(dict.fromkeys([sys.base_prefix, sys.prefix, *site.getsitepackages(), *map(str, own)]))


def folder_outside(module: str) -> Path | None:
    """Return where the files of an installed module really are, if that is outside of the folders of Python."""
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None
    if spec is None or not spec.origin or not Path(spec.origin).exists():
        return None
    place = Path(spec.origin).resolve()
    shown = [Path(folder).resolve() for folder in (*_SYSTEM, *python_folders())]
    return None if any(place.is_relative_to(folder) for folder in shown) else place.parent


def _is_shown(path: Path, binds: Sequence[tuple[str, str]]) -> bool:
    return any(path.is_relative_to(target) for _, target in binds)


def _links_followed(path: Path) -> tuple[list[tuple[str, Path]], list[Path]]:
    """Return what the system needs to open ``path``: links, each its text and where it is, and folders left by ``..``.

    Such a folder may be empty, but it must be there.
    """
    links: dict[Path, str] = {}
    left: dict[Path, None] = {}
    place, rest = Path("/"), list(path.parts[1:])
    while rest:
        part = rest.pop(0)
        if part == "..":
            left[place] = None
        place = place.parent if part == ".." else place / part
        if place.is_symlink():
            text = links[place] = os.readlink(place)
            place = Path("/") if text.startswith("/") else place.parent
            rest = [part for part in Path(text).parts if part != "/"] + rest
    return [(text, where) for where, text in links.items()], list(left)


def _private_parts(root: Path, needed: Sequence[Path]) -> list[Path]:
    """Return what to hide of a private folder: all of it, except the folders that Python or other programs need."""
    if root in needed or str(root) in _SHARED:
        return [root / name for name in dict.fromkeys([*PRIVATE, *_installed()]) if (root / name).exists()]
    if not root.exists() or not any(folder.is_relative_to(root) for folder in needed):
        return [root]
    inside = [path for path in sorted(root.iterdir()) if not path.is_symlink()]
    return [part for path in inside for part in _private_parts(path, needed)]


def _places(part: Path, binds: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Yield the paths at which the binds would show ``part``; they may lead through links."""
    for source, target in binds:
        if part.exists() and part.is_relative_to(shown := Path(source).resolve()):
            yield str(target / part.relative_to(shown))
