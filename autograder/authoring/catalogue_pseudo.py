"""A pseudo-language: English with accents, half as long again. What has no accents on a page cannot be translated."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from autograder.authoring.catalogue import Entry, create, messages

PSEUDO = "eo"  # the code of the language under which the pseudo-language is stored: no course is in Esperanto

_ACCENTS = str.maketrans("aceinosuyACEINOSUY", "áçéíñóšúýÁÇÉÍÑÓŠÚÝ")
_KEPT = re.compile(
    r"(%\(\w+\)s|"
    r"`+.+?`+|\$\$.+?\$\$|\$[^$]+\$|\]\([^)]*\)|<[^<>]+>|\{[^{}]*\}|https?://\S+|^\d+ |^ {4}.*$|^\|[- |]+\|$)",
    re.DOTALL | re.MULTILINE,
)


def pseudo(text: str) -> str:
    """Return a text with accents and a longer end; code, formulas, links and placeholders stay as they are."""
    pieces = _KEPT.split(text)
    accented = "".join(piece if number % 2 else piece.translate(_ACCENTS) for number, piece in enumerate(pieces))
    return accented if "\n" in text else f"{accented} {'~' * max(1, len(text) // 2)}"


def pseudo_catalogue(entries: Sequence[Entry]) -> Any:
    """Return the catalogue of these entries in the pseudo-language."""
    catalogue = create(entries, PSEUDO, title="pseudo-language")
    for message in messages(catalogue):
        several = isinstance(message.id, list | tuple)
        message.string = tuple(map(pseudo, message.id)) if several else pseudo(message.id)
    return catalogue
