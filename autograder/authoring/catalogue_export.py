"""The untranslated texts of a catalogue as a file that is easy to fill, and the way back into the catalogue.

The file is TOML with literal texts between ''' and ''', so that formulas need no second backslash. Each translation is
compared with its source (catalogue_rules.py) before it enters the catalogue.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta, Struct

from autograder.authoring.catalogue import is_done, messages, read, save, single, translations
from autograder.authoring.catalogue_glossary import glossary_of
from autograder.authoring.catalogue_rules import faults
from autograder.core.errors import GradlabError
from autograder.core.toml_file import read_toml


class BadTranslation(GradlabError):
    """A file of translations cannot be read. Written for translators."""


class _Message(Struct, frozen=True, forbid_unknown_fields=True):
    """A text and its translation, as the file has them."""

    number: Annotated[int, Meta(ge=1)]
    english: str
    translation: str = ""
    where: str = ""
    kind: str = ""
    plural: str = ""  # the English text for other numbers than 1
    before: str = ""  # the translation of an earlier English text


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    """The file as it is written."""

    language: str
    catalogue: str  # below the folder of the course
    message: tuple[_Message, ...] = ()


@dataclass
class Merged:
    """What a merge did."""

    path: Path
    taken: int = 0
    empty: int = 0
    faults: list[str] = field(default_factory=list)  # a sentence for each translation that was not taken


def export(path: Path, language: str, root: Path, *, everything: bool = False) -> tuple[str, int]:
    """Return the texts of a catalogue that have no translation, or all, as a file to fill; and how many there are."""
    found = [message for message in messages(read(path, language)) if everything or not is_done(message)]
    head = [
        "# Fill in each translation between ''' and '''. Then run: gradlab translate merge THIS-FILE",
        f'language = "{language}"',
        f'catalogue = "{path.resolve().relative_to(root.resolve()).as_posix()}"',
    ]
    blocks = [_block(number, message) for number, message in enumerate(found, start=1)]
    return "\n".join(["\n".join(head), *blocks]) + "\n", len(found)


def merge(file: Path, root: Path) -> Merged:
    """Take the translations of a filled file into its catalogue, below the course's folder ``root``.

    One that lacks a piece of its source, or whose source is not in the catalogue, is reported and not taken.
    Raises BadTranslation if the file cannot be read.
    """
    filled = read_toml(file, _File, error=BadTranslation)
    path = root / filled.catalogue
    if not path.resolve().is_relative_to(root.resolve()) or not path.is_file():
        raise BadTranslation(f"{file}: the catalogue {filled.catalogue} is not in {root}. Run this in the course.")
    catalogue, merged = read(path, filled.language), Merged(path)
    glossary = glossary_of(path, filled.language)
    known = {single(message.id): message for message in messages(catalogue)}
    for one in filled.message:
        text = one.translation.strip("\n").rstrip()
        if not text.strip():
            merged.empty += 1
        elif one.english not in known:
            merged.faults.append(f"{one.number}: {one.english[:60]!r} is not in the catalogue any more. Export again.")
        elif wrong := faults(one.plural or one.english, text, filled.language, glossary):
            merged.faults.append(f"{one.number} ({one.where}): {'; '.join(wrong)}.")
        else:
            _set(known[one.english], text)
            merged.taken += 1
    save(path, catalogue)
    return merged


def _set(message: Any, text: str) -> None:
    several = isinstance(message.id, list | tuple)
    message.string = tuple(text for _ in message.string) if several else text
    message.flags.discard("fuzzy")


def _block(number: int, message: Any) -> str:
    where = " ".join(f"{file}:{line}" for file, line in message.locations)
    rows = [f"\n[[message]]\nnumber = {number}", f'where = "{where}"']
    if message.auto_comments:
        rows.append(f"kind = {json.dumps(' '.join(message.auto_comments), ensure_ascii=False)}")
    if message.fuzzy:
        rows.append(f"before = {_literal(translations(message)[0])}")
    rows.append(f"english = {_literal(str(single(message.id)))}")
    if isinstance(message.id, list | tuple):
        rows.append(f"plural = {_literal(str(message.id[1]))}")
    rows.append(f"translation = {_literal(translations(message)[0] if is_done(message) else '')}")
    return "\n".join(rows)


def _literal(text: str) -> str:
    """Return a text as TOML writes it, without escapes if that is possible."""
    return json.dumps(text, ensure_ascii=False) if "'''" in text else f"'''\n{text}'''"
