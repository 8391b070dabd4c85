"""Plain text in the placeholders of a message: it stays English in every language, so it should be a Message.

A single word may be a name, of an argument or a file; only texts with a space between words are found.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from autograder.authoring.catalogue_checks import templates_of
from autograder.authoring.catalogue_flow import Known, Literal, scopes, texts_behind

CODE = ("command",)  # placeholders whose values are code

_WORDS = re.compile(r"(?:^|\s)[a-z]{2,}(?:[.,;:]?\s|$)")


def plain_values(path: Path) -> list[tuple[int, str]]:
    """Return the line of each message that gets plain text as a value, and the placeholder with the text."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return sorted({value for inside, known in scopes(tree) for node in inside for value in _plain(node, known)})


def _plain(node: ast.AST, known: Known) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.Call) and templates_of(node):
        for keyword in node.keywords:
            for text in map(_shape, texts_behind(keyword.value, known)):
                if keyword.arg not in CODE and " " in text and _WORDS.search(text):
                    yield node.lineno, f"{keyword.arg}={text!r}"


def _shape(literal: Literal) -> str:
    """Return a text, with 0 in the place of each value of an f-string."""
    parts = literal.values if isinstance(literal, ast.JoinedStr) else [literal]
    return "".join(str(part.value) if isinstance(part, ast.Constant) else "0" for part in parts)
