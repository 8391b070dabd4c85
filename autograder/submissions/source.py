"""Python source from untrusted bytes, or a sentence for the author that says why they cannot be read.

Decodes and parses; runs nothing. Knows nothing about notebooks or assignments.
"""

from __future__ import annotations

import ast
import codecs
import io
import re
import tokenize
import warnings

from autograder.core.encodings import SPOKEN, narrow_encoding, wide_encoding
from autograder.core.errors import GradlabError
from autograder.core.message import Message

MAX_CODE = 500_000  # characters of one module; the parser needs about 1 KB of memory for each

_ENCODINGS = re.compile(r"(utf-8|ascii|latin-1|iso-?8859|cp\d|gb|big5|euc|shift)")
_NOT_ASCII = re.compile(rb"[^\x00-\x7f]")
_COOKIE = re.compile(r"^([ \t\f]*#.*?coding[:=][ \t]*)([-\w.]+)")


class BadSubmission(GradlabError):
    """A hand-in that cannot be graded. Written for students: what is wrong, where, what to do."""

    def __init__(self, message: str, *, line: int = 0, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason or message  # without the place
        self.line = line  # in the source that was parsed; 0 when the problem is not in one line


def printable(name: str, *, limit: int = 80) -> str:
    """Return an untrusted name in a form that is safe in a message: printable, on one line, not long."""
    clean = "".join(c if c.isprintable() else "?" for c in name)
    return clean if len(clean) <= limit else clean[: limit - 3] + "..."


def decode_source(data: bytes, name: str) -> str:
    """Return the text of a Python file, decoded as UTF-8, as its coding line says, or in the encoding that fits.

    The coding line of the result says utf-8, as the text is no longer in another encoding.
    Raises BadSubmission with the name of the file and how to save it.
    """
    return decode_guessing(data, name)[0]


def decode_guessing(data: bytes, name: str) -> tuple[str, str]:
    """Return the text as ``decode_source`` does, and the encoding if it was guessed, else an empty string."""
    if b"\0" in data and not wide_encoding(data):
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        raise BadSubmission(
            Message(
                "{name}, line {line}: the file contains a null byte, so it is not a text file. Save it as UTF-8.",
                name=name,
                line=line,
            )
        )
    text, guessed = decode_text(data, _declared_encoding(data, name))
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    head = text.split("\n", 2)
    head[:2] = [_COOKIE.sub(r"\1utf-8", line) for line in head[:2]]
    return "\n".join(head), guessed


def decode_text(data: bytes, encoding: str = "utf-8") -> tuple[str, str]:
    """Return text without a byte order mark, and its encoding if that is not ``encoding`` and was guessed, else ""."""
    guessed = wide_encoding(data)
    try:
        text = data.decode(guessed or encoding)
    except UnicodeDecodeError:
        guessed = narrow_encoding(data)
        text = data.decode(guessed, "replace")
    return text.removeprefix("\ufeff"), guessed


def guess_note(name: str, encoding: str) -> str:
    """Return the sentence about a file whose encoding was guessed."""
    return Message(
        "{name} is not saved as UTF-8. It was read as {encoding}, which costs nothing.",
        name=name,
        encoding=SPOKEN[encoding],
    )


def _declared_encoding(data: bytes, name: str) -> str:
    """Return the encoding that the coding line states; UTF-8 without one. Raises BadSubmission."""
    if wide_encoding(data):
        return "utf-16"
    start = data[: len(codecs.BOM_UTF8)] if data.startswith(codecs.BOM_UTF8) else b""
    lines = b"\n".join(data.removeprefix(codecs.BOM_UTF8).split(b"\n", 2)[:2])
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(start + _NOT_ASCII.sub(b"?", lines)).readline)
    except SyntaxError as error:
        raise BadSubmission(
            Message("{name} is not UTF-8 text ({error}). Save it as UTF-8.", name=name, error=printable(str(error)))
        ) from None
    if not _ENCODINGS.match(codecs.lookup(encoding).name):
        raise BadSubmission(
            Message(
                "{name} is saved as {encoding}. Save it as UTF-8 and hand it in again.",
                name=name,
                encoding=printable(encoding),
            )
        )
    return encoding


def parse_source(text: str, name: str) -> ast.Module:
    """Parse a module. Raises BadSubmission with the name of the file and the line, whatever the text contains."""
    if len(text) > MAX_CODE:
        raise BadSubmission(
            Message(
                "{name} has {size:,} characters of code; the limit is {limit:,}. Remove data from the code.",
                name=name,
                size=len(text),
                limit=MAX_CODE,
            ),
            reason=Message("it has {size:,} characters; the limit is {limit:,}", size=len(text), limit=MAX_CODE),
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # '\d' in a string does not concern the grader
            return ast.parse(text)
    except SyntaxError as error:
        line, reason = error.lineno or 1, printable(error.msg, limit=120)
        raise BadSubmission(
            Message("{name}, line {line}: Python cannot read this: {reason}.", name=name, line=line, reason=reason),
            line=line,
            reason=reason,
        ) from None
    except (RecursionError, MemoryError):
        raise BadSubmission(
            Message(
                "{name}: an expression is nested too deeply for Python to read. Split it into several lines.", name=name
            ),
            reason=Message("an expression is nested too deeply; split it into several lines"),
        ) from None
    except ValueError as error:  # null bytes, lone surrogates
        reason = printable(str(error))
        raise BadSubmission(
            Message("{name}: Python cannot read this: {reason}.", name=name, reason=reason), reason=reason
        ) from None
