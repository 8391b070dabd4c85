"""How the help of a command is divided into texts to translate."""

from __future__ import annotations

import inspect


def help_paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a command's help, each on one line."""
    return [" ".join(paragraph.split()) for paragraph in inspect.cleandoc(text).split("\n\n")]
