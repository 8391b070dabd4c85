"""The expectation that the student's code wrote a file."""

from __future__ import annotations

import itertools

from autograder.checks.describe import cut, describe
from autograder.checks.expect import Mismatch
from autograder.sandbox.proxy import Student

SHOWN = 80  # characters of a line


def expect_file(student: Student, path: str, content: str | bytes | None = None, *, hint: str = "") -> str | bytes:
    """Require that the student's code wrote the file ``path``, with this content, and return what it contains.

    Text is compared line by line; how lines end, and whether the last one does, does not matter. Without ``content``
    any file is accepted, and text is returned if it is UTF-8. ``path`` is a path that the check gave to the student's
    code, such as ``student.folder() + "/out.csv"``, or relative to the folder in which the code runs.
    """
    name = path.rpartition("/")[2]
    data = student.read_file(path)
    if data is None:
        raise Mismatch(f"the file {name} was not written", hint)
    if isinstance(content, bytes):
        if data != content:
            at = next(
                (i for i, (a, e) in enumerate(zip(data, content, strict=False)) if a != e), min(len(data), len(content))
            )
            raise Mismatch(
                f"{name} has {len(data)} bytes, expected {len(content)}; byte {at} is the first to differ", hint
            )
        return data
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        if content is None:
            return data
        raise Mismatch(f"{name} is not text in UTF-8", hint) from None
    if content is not None:
        _compare_lines(name, text, content, hint)
    return text


def _compare_lines(name: str, text: str, content: str, hint: str) -> None:
    found, wanted = (part.replace("\r\n", "\n").removesuffix("\n").split("\n") for part in (text, content))
    for number, (line, expected) in enumerate(itertools.zip_longest(found, wanted), start=1):
        if line == expected:
            continue
        shown = "the end of the file" if line is None else describe(cut(line, SHOWN))
        want = "the end of the file" if expected is None else describe(cut(expected, SHOWN))
        raise Mismatch(f"line {number} of {name} is the first to differ: expected {want}, got {shown}", hint)
