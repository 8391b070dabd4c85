"""`gradlab publish`: the course as students receive it, without solutions and hidden checks."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from autograder.authoring.edits import BEGIN, END
from autograder.authoring.published_engine import engine_files
from autograder.authoring.published_notebook import Repository, read_repository, with_first_cells
from autograder.core.assignment import Assignment
from autograder.core.copies import Changes, public_files, read_record, update_copy
from autograder.core.course_file import COURSE_FILE, read_course
from autograder.core.errors import GradlabError
from autograder.core.files import explain, read_utf8, write_atomically
from autograder.core.zips import make_zip

RECORD = ".published.json"
TEXTS = Path(__file__).parent / "published"
INSTALL = ".ci/install"
TOOLS = ("constraints.txt", "Containerfile", INSTALL)  # of gradlab's own repository
PAGES = ("LICENSE", *TOOLS, "docs/students.md", "docs/glossary.md", "docs/data.md")
OWN = {
    "checks.yml": ".github/workflows/checks.yml",
    "gitignore": ".gitignore",
    "gitattributes": ".gitattributes",
    "dockerignore": ".dockerignore",
}
EXECUTABLE = (INSTALL,)
ARCHIVES = (".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".whl")  # that publish does not write
NAMED_LEAKS = 5  # the others are counted
SHORTEST = 60  # characters of a solution that are enough to recognise it
_PRIVATE = re.compile(  # solutions and what is next to them, whatever folder it came to
    r"^(solutions|tests|tools|bench)/|_hidden\.py$"
    r"|^assignments/.*/((mutants|variants)[^/]*\.py|calibration\.json|equivalent\.toml)$"
)


class Leak(GradlabError):
    """Something that students must not see would be published. Written for staff."""


def published_files(
    root: Path, assignments: Sequence[Assignment], repository: Repository | None = None
) -> dict[str, bytes]:
    """Return the files that students receive, by their paths. Raises Leak if one of them holds an answer.

    ``repository`` is where they will be; notebooks then install the course from there.
    """
    for assignment in assignments:
        _require_reference(assignment)
    shared = assignments[0].course.shared_folders()  # says which one is missing
    folders = [*(assignment.folder for assignment in assignments), *(root / name for name in shared)]
    paths = [path for folder in folders for path in public_files(folder)]
    files = {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}
    files |= engine_files(root, assignments[0].course)
    files |= {name: (root / name).read_bytes() for name in (*PAGES, COURSE_FILE) if (root / name).is_file()}
    files |= {path: (TEXTS / name).read_bytes() for name, path in OWN.items()}
    if INSTALL not in files:  # a gradlab that was installed from a wheel has no pinned versions
        del files[OWN["checks.yml"]]
    files |= {name: with_first_cells(files[name], name, repository) for name in files if name.endswith(".ipynb")}
    files["README.md"] = _readme(assignments, files)
    if leaks := find_leaks(files, root):
        more = f" And {len(leaks) - NAMED_LEAKS} more." if len(leaks) > NAMED_LEAKS else ""
        named = " ".join(leaks[:NAMED_LEAKS])
        raise Leak(f"Nothing was published, because students would see answers. {named}{more}")
    return files


def publish(root: Path, assignments: Sequence[Assignment], out: Path, *, repository: str = "") -> Changes:
    """Write what students receive into the folder or zip ``out``, and return what changed there.

    Files that were edited in the folder are not changed. ``repository`` says where the course will be: OWNER/NAME on
    GitHub, or the URL of another git repository. Raises Leak, and GradlabError if ``out`` is inside the course or holds
    something else, if a reference is missing, or if ``repository`` is neither.
    """
    if out.resolve().is_relative_to(root.resolve()):
        raise GradlabError(f"{out} is inside the course. Choose a folder or a zip outside of it.")
    if not (root / "solutions").is_dir():  # the search for answers compares with them
        raise GradlabError(f"{root} has no solutions/, as a student's copy. Publish from the course's own folder.")
    if out.suffix.lower() in ARCHIVES and not out.is_dir():
        raise GradlabError(f"{out} would be a folder. Choose a name that ends in .zip, or a folder without an ending.")
    files = published_files(root, assignments, read_repository(repository))
    if out.suffix.lower() != ".zip":
        if (out / RECORD).exists() and not read_record(out / RECORD):
            raise GradlabError(
                f"{out / RECORD} is damaged, so it does not say which files you edited. Restore it, for example "
                "from git, or publish to another folder."
            )
        _require_own_folder(out, files)
        out.mkdir(parents=True, exist_ok=True)
        return update_copy(out, files, out / RECORD, remove=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as temporary:  # a zip is updated as a folder is
        folder = Path(temporary)
        if out.exists():
            _unpack(out, folder)
        changes = update_copy(folder, files, folder / RECORD, remove=True)
        inside = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
        named = {f"{out.stem}/{name}": path.read_bytes() for name, path in inside.items()}
        write_atomically(out, make_zip(named, executable={f"{out.stem}/{name}" for name in EXECUTABLE}))
    return changes


def _require_reference(assignment: Assignment) -> None:
    """Raise GradlabError if a reference is missing: the search for answers would not know this assignment's."""
    for name in assignment.files:
        if not (assignment.solutions / name).is_file():
            raise GradlabError(
                f"{assignment.solutions / name} does not exist, so nobody can tell whether its answers would be "
                "published. Restore it."
            )


def _require_own_folder(out: Path, files: Collection[str]) -> None:
    """Raise GradlabError if ``out`` holds what gradlab did not write and was never published to: /etc, a home folder.

    A new repository may have hidden files and names of a course; an interrupted run left only those.
    """
    if (out / RECORD).exists() or not out.is_dir():
        return
    ours = {name.partition("/")[0] for name in files} | {"LICENSE", "LICENSE.md", "LICENSE.txt"}
    if others := sorted(path.name for path in out.iterdir() if path.name not in ours and path.name[0] != "."):
        named = ", ".join(others[:3]) + (", ..." if len(others) > 3 else "")
        raise GradlabError(
            f"{out} contains other files ({named}), and the course was never published there. Choose a new or empty "
            "folder; you can add your files to it later."
        )


def _unpack(earlier: Path, folder: Path) -> None:
    """Unpack a published zip without its outermost folder. Raises GradlabError if it is another file."""
    try:
        with zipfile.ZipFile(earlier) as archive:
            top = next((name.removesuffix(RECORD) for name in archive.namelist() if name.endswith(f"/{RECORD}")), "")
            if top.count("/") == 1:
                archive.extractall(folder)
                for path in (folder / top).iterdir():
                    path.rename(folder / path.name)
                (folder / top).rmdir()
                return
    except (zipfile.BadZipFile, OSError) as error:
        raise GradlabError(f"{earlier} cannot be updated: {explain(error)}. Choose another file.") from None
    raise GradlabError(f"{earlier} was not written by gradlab publish. Choose another file, or delete it first.")


def find_leaks(files: Mapping[str, bytes], root: Path) -> list[str]:
    """Return a sentence for each file that is private, or that holds an answer of any assignment below ``root``."""
    shared = read_course(root).shared if (root / COURSE_FILE).is_file() else ()
    private = (name for name in files if _PRIVATE.search(name) and name.partition("/")[0] not in shared)
    leaks = [f"{name} is private." for name in private]
    given = _fallbacks(root)
    texts = {name: _plain(content) for name, content in files.items() if not (given and name.startswith(given))}
    for path in sorted((root / "solutions").glob("*/*.py")):
        source = read_utf8(path)
        for part in _answers(source):
            plain = _plain(part.encode())
            leaks += [
                f"{name} contains an answer of {path.relative_to(root).as_posix()}: {plain[:40]!r}..."
                for name, text in texts.items()
                if len(plain) >= SHORTEST and plain in text
            ]
    return leaks


def _fallbacks(root: Path) -> str:
    """Return how the paths of solutions begin that students receive on purpose, for later assignments."""
    fallbacks = read_course(root).fallbacks if (root / COURSE_FILE).is_file() else None
    return f"{fallbacks.relative_to(root.resolve()).as_posix()}/" if fallbacks else ""


def _answers(source: str) -> list[str]:
    """Return the solutions of a reference, the checks of a file of hidden checks, or else the whole file."""
    if BEGIN in source:
        return [part.partition(END)[0] for part in source.split(BEGIN)[1:]]
    return source.split("@task(")[1:] or [source]


def _plain(content: bytes) -> str:
    """Return a text without whitespace, quotes and comment signs, so that notebooks and scripts compare equal."""
    text = content.decode("utf-8", "replace").replace("\\n", "\n").replace("\\t", "\t")
    return re.sub(r"[\s#\"'\\,]+", "", text)


def _readme(assignments: Sequence[Assignment], files: Collection[str]) -> bytes:
    course = assignments[0].course
    rows = [f"| `{assignment.name}` | {assignment.title} |" for assignment in assignments]
    table = "\n".join(["| assignment | about |", "|---|---|", *rows])
    text = (TEXTS / "README.md").read_text(encoding="utf-8")
    if "docs/students.md" not in files:
        text = text[: text.index("[docs/students.md]")].rstrip() + "\n"
    pinned = "-c constraints.txt " if "constraints.txt" in files else ""
    commands = {name: f"gradlab {name} {assignments[0].name}".ljust(30) for name in ("check", "submit")}
    install = f'{pinned}-e ".[notebook]"'
    return text.format(title=course.title, assignments=table, install=install, **commands).encode()
