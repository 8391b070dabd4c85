"""A catalogue of messages: the `.po` file that translators fill, and the `.mo` file that gradlab reads.

Babel writes and merges the files. An entry that changed keeps its old translation as "fuzzy", which counts as missing
until somebody has read it.
"""

from __future__ import annotations

import gettext
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from autograder.authoring.catalogue_glossary import glossary_of
from autograder.authoring.catalogue_rules import faults
from autograder.authoring.facts import BadSource
from autograder.core.extras import require
from autograder.core.files import write_atomically

_WHEN = datetime(2026, 1, 1, tzinfo=UTC)  # in every file's header, so that only content changes a file


@dataclass(frozen=True)
class Entry:
    """A text to translate, and where it is."""

    text: str
    place: str  # "assignments/a01_knn/README.md"
    line: int
    kind: str = ""  # for the translator: "heading", "title of a check"
    plural: str = ""


def create(entries: Sequence[Entry], language: str, *, title: str, old: Path | None = None) -> Any:
    """Return the catalogue of these entries, in their order, with the translations of the file ``old``."""
    require("babel", "staff")
    from babel.messages.catalog import Catalog

    new = Catalog(project=title, version="1", **_settings(language))
    for entry in entries:
        identity = (entry.text, entry.plural) if entry.plural else entry.text
        comments = [entry.kind] if entry.kind else []
        new.add(identity, locations=[(entry.place, entry.line)], auto_comments=comments)
    if old is None or not old.is_file():
        return new
    merged = read(old, language)
    merged.update(new, update_creation_date=False)
    merged.project = title
    merged.header_comment = new.header_comment
    merged.last_translator, merged.language_team = new.last_translator, new.language_team
    merged.msgid_bugs_address = new.msgid_bugs_address
    merged.obsolete.clear()
    return merged


def read(path: Path, language: str) -> Any:
    """Return the catalogue in a `.po` file. Raises BadSource with the file and the line."""
    require("babel", "staff")
    from babel.messages.pofile import PoFileError, read_po

    try:
        with path.open("rb") as file:
            catalogue = read_po(file, locale=language, abort_invalid=True)
    except (PoFileError, UnicodeDecodeError, ValueError) as error:
        raise BadSource(f"{path} is not a catalogue of gettext: {error}.") from None
    catalogue.creation_date = catalogue.revision_date = _WHEN
    return catalogue


def po_bytes(catalogue: Any) -> bytes:
    """Return the `.po` file of a catalogue: the same bytes every time."""
    from babel.messages.pofile import write_po

    for message in catalogue:
        message.flags -= {"python-format", "python-brace-format"}  # Babel guesses them from a % in prose
    file = io.BytesIO()
    write_po(file, catalogue, width=110, ignore_obsolete=True)
    return file.getvalue()


def mo_bytes(catalogue: Any) -> bytes:
    """Return the compiled catalogue, without fuzzy and empty translations."""
    from babel.messages.catalog import Catalog
    from babel.messages.mofile import write_mo

    class Bare(Catalog):
        """A catalogue whose header has no version of Babel, so that every version compiles to the same bytes."""

        @property
        def mime_headers(self) -> list[tuple[str, str]]:
            return [("Content-Type", "text/plain; charset=utf-8"), ("Plural-Forms", self.plural_forms)]

    done = Bare(locale=catalogue.locale)
    for message in filter(is_done, messages(catalogue)):  # write_mo would put English for an empty plural
        done.add(message.id, message.string)
    file = io.BytesIO()
    write_mo(file, done)
    return file.getvalue()


def compiled(catalogue: Any) -> gettext.GNUTranslations:
    """Return what a Translator uses, without a file."""
    return gettext.GNUTranslations(io.BytesIO(mo_bytes(catalogue)))


def save(path: Path, catalogue: Any) -> None:
    """Write a catalogue and, next to it, its compiled form."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, po_bytes(catalogue))
    write_atomically(path.with_suffix(".mo"), mo_bytes(catalogue))


def missing(catalogue: Any, entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries without a translation that counts: not there, empty, or fuzzy."""
    found = {message.id: message for message in messages(catalogue)}
    return [entry for entry in unique(entries) if not is_done(found.get(_key(entry)))]


def wrong(catalogue: Any, path: Path) -> list[tuple[str, str]]:
    """Return the English text and the fault of each wrong translation (see ``faults``) of the catalogue at ``path``."""
    language = str(catalogue.locale_identifier)
    glossary = glossary_of(path, language)
    return [
        (str(single(message.id)), fault)
        for message in messages(catalogue)
        if is_done(message)
        for text in translations(message)
        for fault in faults(_source(message), text, language, glossary)
    ]


def _source(message: Any) -> str:
    """Return the English text that translations are compared with: of a plural, the one for most numbers."""
    return str(message.id[1] if isinstance(message.id, list | tuple) else message.id)


def messages(catalogue: Any) -> Iterator[Any]:
    """Yield the messages without the header."""
    return (message for message in catalogue if message.id)


def is_done(message: Any | None) -> bool:
    """Return whether a message has a translation that counts."""
    return message is not None and not message.fuzzy and all(text.strip() for text in translations(message))


def translations(message: Any) -> tuple[str, ...]:
    """Return the translations of a message: several where it has a plural."""
    texts = message.string
    return tuple(texts) if isinstance(texts, list | tuple) else (texts or "",)


def single(identity: Any) -> Any:
    """Return the singular of a message's id."""
    return identity[0] if isinstance(identity, list | tuple) else identity


def unique(entries: Sequence[Entry]) -> list[Entry]:
    """Return the first entry of each text."""
    return list({_key(entry): entry for entry in reversed(entries)}.values())[::-1]


def count_words(entries: Sequence[Entry]) -> int:
    """Return how many words the texts have together."""
    return sum(len(entry.text.split()) for entry in unique(entries))


def _key(entry: Entry) -> Any:
    return (entry.text, entry.plural) if entry.plural else entry.text


def _settings(language: str) -> dict[str, Any]:
    return {
        "locale": language,
        "creation_date": _WHEN,
        "revision_date": _WHEN,
        "header_comment": "# Translations for PROJECT: see docs/translating.md.",
        "copyright_holder": "the authors of the course",
        "msgid_bugs_address": "none",
        "last_translator": "the authors of the course",
        "language_team": "the authors of the course",
        "fuzzy": False,
    }
