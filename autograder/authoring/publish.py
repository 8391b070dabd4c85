"""`gradlab publish`: the course as students receive it, without solutions and hidden checks."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Collection, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from autograder.authoring.catalogue_markdown import map_markdown
from autograder.authoring.catalogue_pages import translated_title
from autograder.authoring.facts import ASSIGNMENTS
from autograder.authoring.leaks import find_leaks
from autograder.authoring.published_engine import engine_files
from autograder.core.assignment import Assignment
from autograder.core.copies import Changes, public_files, read_record, update_copy
from autograder.core.course_file import COURSE_FILE
from autograder.core.editions import PUBLISHED_RECORD, catalogue_files, edition_files, editions_of
from autograder.core.errors import GradlabError
from autograder.core.files import explain, read_utf8, write_atomically
from autograder.core.first_cells import Repository, read_repository, with_first_cells
from autograder.core.language import ENGLISH, LOCALE, language_code, translator
from autograder.core.reader_language import choose_language
from autograder.core.zips import make_zip
from autograder.render.words import count
from autograder.session.digests import check_files
from autograder.session.options import Options
from autograder.session.session import with_checks

RECORD = PUBLISHED_RECORD
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


class Leak(GradlabError):
    """Something that students must not see would be published. Written for staff."""


def published_files(
    root: Path, assignments: Sequence[Assignment], repository: Repository | None = None, *, language: str = ""
) -> dict[str, bytes]:
    """Return the files that students receive, by their paths. Raises Leak if one of them holds an answer.

    ``repository`` is where they will be; notebooks then install the course from there. All editions are published;
    that in ``language`` is at the usual places, and students who choose nothing else read it.
    """
    for assignment in assignments:
        _require_reference(assignment)
        assignment.data_files()  # says which one is missing
    shared = assignments[0].course.shared_folders()  # says which one is missing
    given = {assignment.name for assignment in assignments}
    folders = [*(assignment.folder for assignment in assignments), *(root / name for name in shared)]
    paths = [path for folder in folders for path in public_files(folder)]
    files = {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}
    files |= _editions(root, assignments, language)
    files |= engine_files(root, assignments[0].course)
    translated = [path.relative_to(root).as_posix() for path in (root / "docs").glob("students.*.md")]
    pages = (*PAGES, COURSE_FILE, *translated)
    files |= {name: (root / name).read_bytes() for name in pages if (root / name).is_file()}
    files |= {name: content for name, content in catalogue_files(root).items() if Path(name).stem in given}
    if language and COURSE_FILE in files:
        files[COURSE_FILE] = with_setting(files[COURSE_FILE].decode(), "language", language).encode()
    files |= {path: (TEXTS / name).read_bytes() for name, path in OWN.items()}
    if INSTALL not in files:  # a gradlab that was installed from a wheel has no pinned versions
        del files[OWN["checks.yml"]]
    files |= {name: with_first_cells(files[name], name, repository) for name in files if name.endswith(".ipynb")}
    files["README.md"] = _readme(assignments, files, language)
    if leaks := find_leaks(files, root):
        more = [f"and {count(len(leaks) - NAMED_LEAKS, 'more file')}"] if len(leaks) > NAMED_LEAKS else []
        named = "".join(f"\n  {text}" for text in [*leaks[:NAMED_LEAKS], *more])
        raise Leak(f"Nothing was published, because students would see answers:{named}")
    return files


def _editions(root: Path, assignments: Sequence[Assignment], language: str) -> dict[str, bytes]:
    """Return the files of every edition, by their paths: that in ``language`` in place of the English one."""
    files: dict[str, bytes] = {}
    for assignment in assignments:
        folder = assignment.folder.relative_to(root)
        for other in editions_of(assignment.folder)[1:]:
            own = edition_files(assignment.folder, other)
            if other == language:
                english = {name: (assignment.folder / name).read_bytes() for name in own}
                files |= {(folder / name).as_posix(): content for name, content in own.items()}
                own, other = english, ENGLISH
            place = Path(LOCALE, other, folder)
            files |= {(place / name).as_posix(): content for name, content in own.items()}
    return files


def publish(
    root: Path, assignments: Sequence[Assignment], out: Path, *, repository: str = "", language: str = ""
) -> Changes:
    """Write what students receive into the folder or zip ``out``, and return what changed there.

    Files that were edited in the folder are not changed. ``repository`` says where the course will be: OWNER/NAME on
    GitHub, or the URL of another git repository; by default, what course.toml says. ``language`` is that of the files
    at the usual places (default: what course.toml says). Raises Leak, and GradlabError if ``out`` is inside the course
    or holds something else, if a reference is missing, if checks cannot be imported, or if ``repository`` or
    ``language`` is none.
    """
    if out.resolve().is_relative_to(root.resolve()):
        raise GradlabError(f"{out} is inside the course. Choose a folder or a zip outside of it.")
    if not (root / "solutions").is_dir():  # the search for answers compares with them
        raise GradlabError(f"{root} has no solutions/, as a student's copy. Publish from the course's own folder.")
    if out.suffix.lower() in ARCHIVES and not out.is_dir():
        raise GradlabError(f"{out} would be a folder. Choose a name that ends in .zip, or a folder without an ending.")
    course = assignments[0].course
    known = list(dict.fromkeys(found for assignment in assignments for found in editions_of(assignment.folder)))
    language = choose_language(language, known) if language else language_code(course.language)
    place = read_repository(repository or course.repository)
    for assignment in assignments:
        _require_checks(assignment)
    files = published_files(root, assignments, place, language=language)
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


def _require_checks(assignment: Assignment) -> None:
    """Raise GradlabError if the checks cannot be imported: students could not run theirs, nor staff grade."""
    if not check_files(assignment, hidden=True):
        return
    try:
        with_checks(assignment, Options(), lambda checks: None, growing=True)
    except GradlabError as error:
        raise GradlabError(
            f"Nothing was published, because the checks of {assignment.name} do not work. Correct this first:\n{error}"
        ) from None


def remember_repository(root: Path, repository: str) -> None:
    """Write where a course is published into its course.toml, if there is one, for the next time. Keeps all else."""
    path = root / COURSE_FILE
    if not path.is_file():
        return
    text = read_utf8(path)
    if (changed := with_setting(text, "repository", repository)) != text:
        write_atomically(path, changed.encode())


def with_setting(text: str, name: str, value: str) -> str:
    """Return the text of a course.toml in which a setting has a value."""
    line = f"{name} = {json.dumps(value)}"
    top, section, rest = re.split(r"(^\[|\Z)", text, maxsplit=1, flags=re.MULTILINE)
    given = re.compile(rf"^{name} *=.*$", re.MULTILINE)
    own = given.sub(lambda _: line, top) if given.search(top) else f"{top.rstrip()}\n{line}\n\n"
    return own + section + rest


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


def _readme(assignments: Sequence[Assignment], files: Collection[str], language: str) -> bytes:
    course = assignments[0].course
    titles = {a.name: translator(language, course=course.root, domains=[a.name])(a.title) for a in assignments}
    rows = [f"| `{name}` | {title} |" for name, title in titles.items()]
    to = translator(language)
    heading = f"| {' | '.join(map(to, ASSIGNMENTS))} |"
    table = "\n".join([heading, "|---|---|", *rows])
    text = map_markdown((TEXTS / "README.md").read_text(encoding="utf-8"), lambda piece, line, kind: to(piece))
    if "docs/students.md" not in files:
        text = text[: text.index("[docs/students.md]")].rstrip() + "\n"
    if (page := f"docs/students.{language}.md") in files:
        text = text.replace("docs/students.md", page)
    pinned = "-c constraints.txt " if "constraints.txt" in files else ""
    commands = {name: f"gradlab {name} {assignments[0].name}".ljust(30) for name in ("check", "submit")}
    install = f'{pinned}-e ".[notebook]"'
    return text.format(
        title=translated_title(course, language), assignments=table, install=install, **commands
    ).encode()
