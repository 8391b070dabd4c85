"""The expectation that the student's code wrote a file."""

from __future__ import annotations

import itertools

from autograder.checks.describe import cut, describe
from autograder.checks.expect import Mismatch
from autograder.core.message import Message
from autograder.sandbox.proxy import Student

SHOWN = 80  # characters of a line
_END = Message("the end of the file")


def expect_file(student: Student, path: str, content: str | bytes | None = None, *, hint: str = "") -> str | bytes:
    """Require that the student's code wrote the file ``path``, with this content, and return what it contains.

    Text is compared line by line; how lines end, and whether the last one does, does not matter. Without ``content``
    any file is accepted, and text is returned if it is UTF-8. ``path`` is a path that the check gave to the student's
    code, such as ``student.folder() + "/out.csv"``, or relative to the folder in which the code runs.
    """
    name = path.rpartition("/")[2]
    data = student.read_file(path)
    if data is None:
        raise Mismatch(Message("the file {file} was not written", file=name), hint)
    if isinstance(content, bytes):
        if data != content:
            at = next(
                (i for i, (a, e) in enumerate(zip(data, content, strict=False)) if a != e), min(len(data), len(content))
            )
            raise Mismatch(
                Message.counted(
                    "{file} has {n} byte, expected {expected}; byte {at} is the first to differ",
                    "{file} has {n} bytes, expected {expected}; byte {at} is the first to differ",
                    n=len(data),
                    file=name,
                    expected=len(content),
                    at=at,
                ),
                hint,
            )
        return data
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        if content is None:
            return data
        raise Mismatch(Message("{file} is not text in UTF-8", file=name), hint) from None
    if content is not None:
        _compare_lines(name, text, content, hint)
    return text


def _compare_lines(name: str, text: str, content: str, hint: str) -> None:
    found, wanted = (part.replace("\r\n", "\n").removesuffix("\n").split("\n") for part in (text, content))
    for number, (line, expected) in enumerate(itertools.zip_longest(found, wanted), start=1):
        if line == expected:
            continue
        got, wish = (_END if text is None else describe(cut(text, SHOWN)) for text in (line, expected))
        message = Message(
            "line {line} of {file} is the first to differ: expected {expected}, got {got}",
            line=number,
            file=name,
            expected=wish,
            got=got,
        )
        raise Mismatch(message, hint)
