"""What a file of a hand-in is, as far as its name says, and how large it may be. Opens nothing."""

from __future__ import annotations

import re
from collections.abc import Collection
from fnmatch import fnmatchcase

MAX_SCRIPT = 8_000_000  # bytes
MAX_NOTEBOOK = 200_000_000  # with its outputs, which are not read
MAX_INNER_ZIP = 100_000_000  # of a zip inside a zip
MAX_ANSWER = 50_000_000  # of a file that answers a question

# Folders that programs create, with thousands of files that do not belong to the assignment.
_JUNK = ("__MACOSX", "__pycache__", "node_modules", "site-packages", "dist-packages")
_WANTED = re.compile(r"\.(ipynb|py)(\.(txt|json))?\Z", re.IGNORECASE)  # mail programs and browsers append these
_MAYBE = re.compile(r"\.(txt|json)\Z", re.IGNORECASE)  # or replace the ending; most such files are something else


def is_hidden(part: str) -> bool:
    """Return whether a file or a folder is hidden or was made by a program."""
    return part.startswith(".") or part in _JUNK


def is_answer(name: str, answers: Collection[str]) -> bool:
    """Return whether a file has one of the names, or matches one of the patterns, that answers may have."""
    return any(fnmatchcase(name.lower(), pattern.lower()) for pattern in answers) and not _is_code(name)


def may_be_code(name: str) -> bool:
    """Return whether a file may be a notebook or a script whose ending was replaced."""
    return bool(_MAYBE.search(name) and not _WANTED.search(name))


def is_read(name: str, answers: Collection[str]) -> bool:
    """Return whether the content of a file can matter."""
    return _is_code(name) or may_be_code(name) or is_answer(name, answers)


def size_limit(name: str) -> int:
    """Return how many bytes a file may have."""
    if name.lower().endswith(".zip"):
        return MAX_INNER_ZIP
    if not (_is_code(name) or may_be_code(name)):
        return MAX_ANSWER
    return MAX_NOTEBOOK if ".ipynb" in name.lower() else MAX_SCRIPT


def _is_code(name: str) -> bool:
    return bool(_WANTED.search(name)) or name.lower().endswith(".zip")
