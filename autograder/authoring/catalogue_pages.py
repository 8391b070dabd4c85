"""A course's pages for students in other languages: `docs/students.md` becomes `docs/students.zh_CN.md`.

Their texts are in the catalogue `docs` of the course. A page is released in each language that has this catalogue.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from autograder.authoring.catalogue import Entry, compiled, read
from autograder.authoring.catalogue_editions import Wanted, problems_of
from autograder.authoring.catalogue_markdown import map_markdown
from autograder.core.course_file import COURSE_FILE, Course, read_course
from autograder.core.files import read_utf8
from autograder.core.language import LOCALE, Translator, catalogue_path, languages_in

PAGES = ("docs/students.md",)
DOMAIN = "docs"


def pages_catalogue(root: Path, language: str) -> Wanted:
    """Return the catalogue of a course's pages, and what it must contain."""
    return Wanted(catalogue_path(root / LOCALE, language, DOMAIN, suffix=".po"), list(_entries(root)))


def translated_title(course: Course, language: str) -> str:
    """Return the title of a course in a language, in English where the catalogue of its pages has none."""
    path = catalogue_path((course.root or Path()) / LOCALE, language, DOMAIN, suffix=".po")
    if not path.is_file():
        return course.title
    return Translator(language, (compiled(read(path, language)),))(course.title)


def translated_pages(root: Path) -> tuple[dict[Path, bytes], list[str]]:
    """Return the pages in other languages, and a sentence for each reason why a catalogue is not complete."""
    files: dict[Path, bytes] = {}
    problems: list[str] = []
    for language in languages_in(root / LOCALE):
        wanted = pages_catalogue(root, language)
        if not wanted.path.is_file():
            continue
        problems += problems_of(wanted, language, DOMAIN)
        to = Translator(language, (compiled(read(wanted.path, language)),))
        for page in _pages(root):
            text = map_markdown(read_utf8(page), lambda piece, line, kind, to=to: to(piece))  # type: ignore[misc]
            files[page.with_suffix(f".{language}.md")] = text.encode()
    return files, problems


def _pages(root: Path) -> list[Path]:
    return [root / name for name in PAGES if (root / name).is_file()]


def _entries(root: Path) -> Iterator[Entry]:
    if _pages(root) and (root / COURSE_FILE).is_file():
        yield Entry(read_course(root).title, COURSE_FILE, 1, "title")  # the heading of the published README
    for page in _pages(root):
        found: list[Entry] = []

        def visit(text: str, line: int, kind: str, page: Path = page, found: list[Entry] = found) -> str:
            found.append(Entry(text, page.relative_to(root).as_posix(), line + 1, kind))
            return text

        map_markdown(read_utf8(page), visit)
        yield from found
