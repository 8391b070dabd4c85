"""Encodings of text that people save: which one it is, and CSV files in those that are certain.

Code is read in the encoding that fits best; a name in a table must not be guessed.
"""

from __future__ import annotations

import codecs
from pathlib import Path

from autograder.core.errors import GradlabError
from autograder.core.files import explain, wrong_line
from autograder.core.message import Message

MAX_CSV = 50_000_000  # bytes

SPOKEN = {
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "gb2312": Message("GB2312 (simplified Chinese)"),
    "cp1252": Message("Windows-1252 (Western European)"),
    "latin-1": Message("Latin-1 (Western European)"),
}

_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_LAST_COMMON = 0xD7  # the last first byte of GB2312's common characters


def wide_encoding(data: bytes) -> str:
    """Return "utf-16" or the like if the bytes begin with its mark, or as ASCII in two bytes does; else ""."""
    for mark, encoding in _MARKS.items():
        if data.startswith(mark):
            return encoding
    head = data[:200]
    for first, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if len(head) >= 4 and not any(head[first::2]) and all(head[1 - first :: 2]):
            return encoding
    return ""


def narrow_encoding(data: bytes) -> str:
    """Return the encoding of text that is not UTF-8: simplified Chinese if all its pairs are common, else Western."""
    try:
        pairs = [pair for c in data.decode("gb2312") if len(pair := c.encode("gb2312")) == 2]
        if sum(pair[0] <= _LAST_COMMON for pair in pairs) >= 0.9 * len(pairs):
            return "gb2312"
    except UnicodeDecodeError:
        pass
    return "latin-1" if any(byte in data for byte in b"\x81\x8d\x8f\x90\x9d") else "cp1252"


def csv_text(path: Path, *, error: type[GradlabError]) -> str:
    """Return the text of a CSV file in UTF-8 or UTF-16, without a byte order mark.

    Raises ``error`` if the file cannot be read, or with the encoding that it seems to have.
    """
    try:
        data = path.read_bytes()
    except OSError as problem:
        raise error(Message("{path} cannot be read: {error}.", path=path, error=explain(problem))) from None
    if len(data) > MAX_CSV:
        raise error(not_csv(path, Message("it is too large")))
    try:
        text = data.decode(wide_encoding(data) or "utf-8-sig").removeprefix("\ufeff")
    except UnicodeDecodeError as problem:
        raise error(not_utf8(path, problem)) from None
    before, null, _ = text.partition("\0")
    if null:
        raise error(
            Message(
                "{path}, line {line}: a NUL character, which no CSV file contains. Export the file as CSV, in UTF-8.",
                path=path,
                line=before.count("\n") + 1,
            )
        )
    return text


def not_csv(path: Path, problem: object) -> Message:
    """Return the sentence about a file that is not CSV."""
    return Message("{path} is not a CSV file ({error}). Export it as CSV.", path=path, error=problem)


def not_utf8(path: Path, problem: UnicodeDecodeError) -> Message:
    """Return the sentence about a CSV file in another encoding, with the encoding that it seems to have."""
    data = problem.object
    return Message(
        "{path}, line {line}: this is not UTF-8. It seems to be {encoding}. Save the file as UTF-8; in Excel, as CSV "
        "UTF-8.",
        path=path,
        line=wrong_line(problem),
        encoding=SPOKEN[wide_encoding(data) or narrow_encoding(data)],
    )
