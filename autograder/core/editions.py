"""The editions of an assignment: its files in other languages, and the language of the files in its own folder.

A course has them in `locale/<language>/assignments/<name>/`. A student's copy has one edition, at the usual places.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.core.language import ENGLISH, LOCALE, MESSAGES, language_code, languages_in

ASSIGNMENTS = "assignments"
COPY_RECORD = ".gradlab.json"  # in a student's copy: the sha256 of each copied file
PUBLISHED_RECORD = ".published.json"  # the same in a published course
OWN_METADATA = "gradlab"  # what gradlab notes in the metadata of a notebook


def edition_folder(root: Path, language: str) -> Path:
    """Return the folder that has a course's files in a language, at their paths in the course."""
    return root / LOCALE / language


def language_of(notebook: Mapping[str, Any]) -> str:
    """Return the language that a notebook's metadata name; empty if they name none."""
    own = notebook.get("metadata", {}).get(OWN_METADATA, {})
    language = own.get("language") if isinstance(own, dict) else None
    return language_code(language) if isinstance(language, str) else ""


def language_of_file(path: Path) -> str:
    """Return the language of a notebook; empty if it names none, or cannot be read."""
    try:
        table = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return ""
    return language_of(table) if isinstance(table, dict) and isinstance(table.get("metadata"), dict) else ""


def language_of_folder(folder: Path) -> str:
    """Return the language that the notebooks in an assignment's folder name; empty if they name none."""
    return next((found for path in sorted(folder.glob("*.ipynb")) if (found := language_of_file(path))), "")


def language_of_copy(folder: Path) -> str:
    """Return the language of the student's copy that has ``folder``: its first notebook's; empty if there is none."""
    for place in (folder, *folder.parents):
        if (place / COPY_RECORD).is_file():
            return next((language_of_file(path) for path in sorted(place.glob("*/*.ipynb"))), "")
    return ""


def editions_of(folder: Path) -> list[str]:
    """Return the languages in which an assignment of a course can be handed out, that of its own folder first."""
    places = (folder.parent.parent / LOCALE).glob(f"*/{ASSIGNMENTS}/{folder.name}")
    others = sorted(place.parents[1].name for place in places if place.is_dir())
    return list(dict.fromkeys([language_of_folder(folder) or ENGLISH, *others]))


def edition_files(folder: Path, language: str) -> dict[str, bytes]:
    """Return the files that an assignment has in a language instead of those in its folder, by their paths there.

    None if the folder is in this language, or if there is no such edition.
    """
    if language == (language_of_folder(folder) or ENGLISH):
        return {}
    place = edition_folder(folder.parent.parent, language) / ASSIGNMENTS / folder.name
    paths = [path for path in sorted(place.rglob("*")) if path.is_file()]
    return {path.relative_to(place).as_posix(): path.read_bytes() for path in paths}


def catalogue_files(root: Path) -> dict[str, bytes]:
    """Return the compiled public catalogues of a course, by their paths in it."""
    paths = [path for language in languages_in(root / LOCALE) for path in _compiled(root / LOCALE / language)]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}


def _compiled(folder: Path) -> list[Path]:
    return sorted((folder / MESSAGES).glob("*.mo"))
