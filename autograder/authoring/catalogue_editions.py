"""An assignment in another language: its notebooks, README and hints, from the same sources and a catalogue.

Only words differ: code, tasks, points and the ids of cells are those of the English edition. What is not translated
stays English, and is reported.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.authoring.catalogue import Entry, compiled, missing, mo_bytes, read, unique, wrong
from autograder.authoring.catalogue_sources import (
    private_entries,
    public_entries,
    translated_cells,
    translated_manifest,
    translated_readme,
)
from autograder.authoring.cells import to_notebook_and_hints
from autograder.authoring.facts import fill_readme
from autograder.core.assignment import Assignment
from autograder.core.editions import edition_folder
from autograder.core.files import read_utf8
from autograder.core.hints import HINTS_FILE, NO_HINTS
from autograder.core.language import IN_ENGLISH, LOCALE, Translator, catalogue_path, languages_in, speaking, translator
from autograder.core.notebooks import notebook_name
from autograder.render.words import count

_NAMED = 3  # missing translations that are named; the others are counted


@dataclass(frozen=True)
class Edition:
    """What students receive of an assignment in one language."""

    notebooks: dict[Path, Any]  # still with solutions
    texts: dict[Path, bytes]
    problems: tuple[str, ...]


@dataclass(frozen=True)
class Wanted:
    """A catalogue of an assignment: its `.po` file, and what it must contain."""

    path: Path
    entries: list[Entry]


def catalogues(assignment: Assignment, language: str) -> tuple[Wanted, Wanted]:
    """Return the public catalogue of an assignment and the private one, of its hidden checks."""
    root = course_root(assignment)
    public = catalogue_path(root / LOCALE, language, assignment.name, suffix=".po")
    private = catalogue_path(root / "solutions" / LOCALE, language, assignment.name, suffix=".po")
    texts = public_entries(assignment, root)
    return Wanted(public, texts), Wanted(private, private_entries(assignment, root, texts))


def course_root(assignment: Assignment) -> Path:
    """Return the folder that contains `assignments/` or, of a lone assignment, the assignment."""
    return assignment.folder.parent.parent if assignment.folder.parent.name == "assignments" else assignment.folder


def compiled_catalogues(assignment: Assignment) -> dict[Path, bytes]:
    """Return the compiled form of each catalogue of an assignment that exists, by the path of its `.mo` file."""
    root = course_root(assignment)
    found = {}
    for locale in (root / LOCALE, root / "solutions" / LOCALE):
        for language in languages_in(locale):
            path = catalogue_path(locale, language, assignment.name, suffix=".po")
            if path.is_file():
                found[path.with_suffix(".mo")] = mo_bytes(read(path, language))
    return found


def edition(assignment: Assignment, language: str, sources: Mapping[Path, str]) -> Edition:
    """Return an assignment in a language that its manifest lists. ``sources`` are the references, by their paths."""
    translate, problems = _translator(assignment, language)
    folder = edition_folder(course_root(assignment), language) / "assignments" / assignment.name
    theirs = translated_manifest(assignment, translate)
    notebooks: dict[Path, Any] = {}
    hints = NO_HINTS
    with speaking(translate):
        for path, text in sources.items():
            with speaking(IN_ENGLISH):  # what a manifest states is in the language of the reader, and ids depend on it
                english, _ = to_notebook_and_hints(text, path, assignment)
            notebook, own = to_notebook_and_hints(text, path, theirs, lambda cells: translated_cells(cells, translate))
            for cell, original in zip(notebook.cells, english.cells, strict=True):
                cell["id"] = original["id"]
            notebooks[folder / notebook_name(path.relative_to(assignment.solutions).as_posix())] = notebook
            hints = hints.merged(own)
        readme = assignment.folder / "README.md"
        words = fill_readme(translated_readme(read_utf8(readme), translate), readme, theirs, hints)
    texts = {folder / "README.md": words.encode()}
    if hints != NO_HINTS:
        texts[folder / HINTS_FILE] = hints.to_json()
    return Edition(notebooks, texts, tuple(problems))


def _translator(assignment: Assignment, language: str) -> tuple[Translator, list[str]]:
    """Return what translates an assignment's public texts, and a sentence for what each catalogue lacks."""
    public, private = catalogues(assignment, language)
    problems = problems_of(public, language, assignment.name) + problems_of(private, language, assignment.name)
    own = (compiled(read(public.path, language)),) if public.path.is_file() else ()
    return Translator(language, (*own, *translator(language).catalogues)), problems


def problems_of(wanted: Wanted, language: str, name: str) -> list[str]:
    """Return a sentence for each reason why a catalogue is not complete."""
    path = wanted.path
    if not path.is_file():
        advice = f"Run `gradlab translate extract {name} --language {language}`."
        return [f"{path} does not exist. {advice}"] if wanted.entries else []
    catalogue, problems = read(path, language), []
    if lost := missing(catalogue, wanted.entries):
        named = "; ".join(f"{entry.place}:{entry.line} {entry.text[:40]!r}" for entry in lost[:_NAMED])
        more = f"; and {len(lost) - _NAMED} more" if len(lost) > _NAMED else ""
        have = "has" if len(lost) == 1 else "have"
        problems.append(
            f"{path}: {len(lost)} of {count(len(unique(wanted.entries)), 'text')} {have} no translation that counts: "
            f"{named}{more}. Run `gradlab translate extract {name} --language {language}`, then export, fill and merge."
        )
    return problems + [f"{path}: the translation of {text[:60]!r}: {fault}." for text, fault in wrong(catalogue, path)]
