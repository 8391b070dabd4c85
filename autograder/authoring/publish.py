"""`gradlab publish`: the course as students receive it, without solutions and hidden checks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from autograder.authoring.edits import BEGIN, END
from autograder.core.assignment import Assignment
from autograder.core.copies import Changes, public_files, update_copy
from autograder.core.errors import GradlabError
from autograder.core.files import write_atomically
from autograder.core.zips import make_zip

RECORD = ".published.json"
TEXTS = Path(__file__).parent / "published"
PACKAGES = ("autograder", "common")
PAGES = ("LICENSE", "constraints.txt", "docs/students.md", "docs/glossary.md", "docs/data.md")
FALLBACKS = "common/fallbacks/"  # solutions that students receive on purpose, for later assignments
SHORTEST = 60  # characters of a solution that are enough to recognise it
_PRIVATE = re.compile(  # solutions and what is next to them, whatever folder it came to
    r"^(solutions|tests|tools|bench)/|_hidden\.py$|^assignments/.*/((mutants|variants)[^/]*\.py|calibration\.json)$"
)


class Leak(GradlabError):
    """Something that students must not see would be published. Written for staff."""


def published_files(root: Path, assignments: Sequence[Assignment]) -> dict[str, bytes]:
    """Return the files that students receive, by their paths. Raises Leak if one of them holds an answer."""
    folders = [*(assignment.folder for assignment in assignments), *(root / package for package in PACKAGES)]
    paths = [path for folder in folders for path in public_files(folder)]
    files = {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}
    files |= {name: (root / name).read_bytes() for name in PAGES}
    files["pyproject.toml"] = _project(root / "pyproject.toml")
    files["README.md"] = _readme(assignments)
    if leaks := find_leaks(files, root):
        raise Leak(f"Nothing was published, because students would see answers. {' '.join(leaks)}")
    return files


def publish(root: Path, assignments: Sequence[Assignment], out: Path) -> Changes:
    """Write what students receive into the folder or zip ``out``, and return what changed there.

    Files that were edited in the folder are not changed. Raises Leak, and GradlabError if ``out`` is inside the course.
    """
    if out.resolve().is_relative_to(root.resolve()):
        raise GradlabError(f"{out} is inside the course. Choose a folder or a zip outside of it.")
    files = published_files(root, assignments)
    if out.suffix.lower() == ".zip":
        write_atomically(out, make_zip({f"{out.stem}/{name}": content for name, content in files.items()}))
        return Changes(new=list(files))
    out.mkdir(parents=True, exist_ok=True)
    return update_copy(out, files, out / RECORD, remove=True)


def find_leaks(files: Mapping[str, bytes], root: Path) -> list[str]:
    """Return a sentence for each file that is private, or that holds an answer of any assignment below ``root``."""
    leaks = [f"{name} is private." for name in files if _PRIVATE.search(name)]
    texts = {name: _plain(content) for name, content in files.items() if not name.startswith(FALLBACKS)}
    for path in sorted((root / "solutions").glob("*/*.py")):
        source = path.read_text(encoding="utf-8")
        for part in _answers(source):
            plain = _plain(part.encode())
            leaks += [
                f"{name} contains an answer of {path.relative_to(root).as_posix()}: {plain[:40]!r}..."
                for name, text in texts.items()
                if len(plain) >= SHORTEST and plain in text
            ]
    return leaks


def _answers(source: str) -> list[str]:
    """Return the solutions of a reference, the checks of a file of hidden checks, or else the whole file."""
    if BEGIN in source:
        return [part.partition(END)[0] for part in source.split(BEGIN)[1:]]
    return source.split("@task(")[1:] or [source]


def _plain(content: bytes) -> str:
    """Return a text without whitespace, quotes and comment signs, so that notebooks and scripts compare equal."""
    text = content.decode("utf-8", "replace").replace("\\n", "\n").replace("\\t", "\t")
    return re.sub(r"[\s#\"'\\,]+", "", text)


def _project(path: Path) -> bytes:
    """Return the settings without those of pytest and of the tools that only the course's authors use."""
    text, found, _ = path.read_text(encoding="utf-8").partition("[tool.pytest.ini_options]")
    if not found:
        raise GradlabError(f"{path} has no [tool.pytest.ini_options]; what is before it would be published.")
    return f"{text.rstrip()}\n".encode()


def _readme(assignments: Sequence[Assignment]) -> bytes:
    rows = [f"| `{assignment.name}` | {assignment.title} |" for assignment in assignments]
    table = "\n".join(["| assignment | about |", "|---|---|", *rows])
    text = (TEXTS / "README.md").read_text(encoding="utf-8")
    title = "A course on deep learning for computer vision that grades itself"
    return text.format(title=title, assignments=table, first=assignments[0].name).encode()
