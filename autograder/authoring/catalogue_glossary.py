"""A course's glossary for one language, `locale/<language>/glossary.csv`: a term for each idea, and words to avoid."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from autograder.authoring.facts import BadSource
from autograder.core.language import LOCALE

GLOSSARY = "glossary.csv"
COLUMNS = ("english", "translation", "avoid")

_FIXED = re.compile(r"`+[^`]+`+|\$\$.+?\$\$|\$[^$\n]+\$|\]\([^)\s]+\)|https?://\S+|<!--.*?-->|\{[^{}]*\}", re.DOTALL)
_MEANING = re.compile(r" \(.*\)$")
_TAKEN = "\x00"  # stands for a term that was found


@dataclass(frozen=True)
class Term:
    """One row. ``english`` may end with a meaning in parentheses: "cell (of a notebook)"."""

    english: str
    translation: str
    avoid: tuple[str, ...] = ()

    @cached_property
    def word(self) -> str:
        return _MEANING.sub("", self.english).casefold()


def glossary_of(catalogue: Path, language: str) -> Sequence[Term]:
    """Return the glossary of the course that a catalogue belongs to; empty if it has none. Raises BadSource."""
    places = (folder / LOCALE / language / GLOSSARY for folder in catalogue.resolve().parents)
    path = next((place for place in places if place.is_file()), None)
    return _read(path, path.stat().st_mtime_ns) if path else ()


def without_fixed(text: str, instead: str = " ") -> str:
    """Return a text without what no language changes: code, formulas, addresses, placeholders."""
    return _FIXED.sub(instead, text)


def term_faults(source: str, translation: str, glossary: Sequence[Term]) -> Iterable[str]:
    """Yield a sentence for each word of a translation that its source's terms say to avoid."""
    terms = _terms_in(source, glossary)
    rest = without_fixed(translation)
    for right in sorted({term.translation for term in terms}, key=len, reverse=True):
        rest = rest.replace(right, _TAKEN)  # so that a word to avoid within a right term is none
    for term in terms:
        right = " or ".join(dict.fromkeys(other.translation for other in terms if other.word == term.word))
        yield from (f"{term.word!r} is {right}, not {word}" for word in term.avoid if word in rest)


def _terms_in(source: str, glossary: Sequence[Term]) -> list[Term]:
    """Return the terms of a text; of "batch size" and "batch" the longer one."""
    rest = without_fixed(source)
    folded = rest.casefold()
    found: list[Term] = []
    for word, terms in _by_word(tuple(glossary)).items():
        if word in folded:
            rest, count = re.subn(rf"(?<![\w-]){re.escape(word)}(?:s|es)?(?![\w-])", _TAKEN, rest, flags=re.IGNORECASE)
            folded = rest.casefold()
            found += terms if count else ()
    return found


@lru_cache(maxsize=8)
def _by_word(glossary: tuple[Term, ...]) -> dict[str, tuple[Term, ...]]:
    """Return the terms of each word, the longest words first."""
    words = sorted(dict.fromkeys(term.word for term in glossary), key=len, reverse=True)
    return {word: tuple(term for term in glossary if term.word == word) for word in words}


@lru_cache(maxsize=8)
def _read(path: Path, modified: int) -> tuple[Term, ...]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if any(row.get(column) is None for row in rows for column in COLUMNS):
        raise BadSource(f"{path} must have the columns {', '.join(COLUMNS)} in every row.")
    return tuple(Term(row["english"], row["translation"], _words(row["avoid"])) for row in rows)


def _words(cell: str) -> tuple[str, ...]:
    return tuple(word for word in cell.split("/") if word)
