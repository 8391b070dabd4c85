"""Text that a stranger wrote, turned into Python source or into a sentence for its author.

Reads and parses; runs nothing. Knows nothing about notebooks or assignments.
"""

from __future__ import annotations

import ast
import codecs
import io
import re
import tokenize
import warnings

from autograder.core.errors import GradlabError

MAX_CODE = 500_000  # characters of one module; the parser needs about 1 KB of memory for each

_ENCODINGS = re.compile(r"(utf-8|ascii|latin-1|iso-?8859|cp\d|gb|big5|euc|shift)")
_COOKIE = re.compile(r"^([ \t\f]*#.*?coding[:=][ \t]*)([-\w.]+)")


class BadSubmission(GradlabError):
    """A hand-in cannot be graded. Speaks to the student: what is wrong, where, what to do."""

    def __init__(self, message: str, *, line: int = 0) -> None:
        super().__init__(message)
        self.line = line  # of the source that was parsed; 0 when no line is to blame


def shown(name: str, *, limit: int = 80) -> str:
    """A name from a stranger as it may stand in a message: printable, on one line, not long."""
    clean = "".join(c if c.isprintable() else "?" for c in name)
    return clean if len(clean) <= limit else clean[: limit - 3] + "..."


def decode(data: bytes, name: str) -> str:
    """The text of a Python file: UTF-8, or what its coding line says; the coding line then says utf-8.

    Raises BadSubmission naming the file and what to save it as.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in data[:4]:
        raise BadSubmission(f"{name} is saved as UTF-16. Save it as UTF-8 and hand it in again.")
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        raise BadSubmission(f"{name}, line {line}: there is a null byte, so this is not a text file. Save it as UTF-8.")
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        if not _ENCODINGS.match(codecs.lookup(encoding).name):
            raise BadSubmission(f"{name} is saved as {shown(encoding)}. Save it as UTF-8 and hand it in again.")
        text = data.decode(encoding)
    except (SyntaxError, LookupError, UnicodeDecodeError) as error:
        raise BadSubmission(f"{name} is not UTF-8 text ({shown(str(error))}). Save it as UTF-8.") from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    head = text.split("\n", 2)
    head[:2] = [_COOKIE.sub(r"\1utf-8", line) for line in head[:2]]
    return "\n".join(head)


def parse(text: str, name: str) -> ast.Module:
    """Parse a module. Raises BadSubmission naming the file and the line, whatever the text."""
    if len(text) > MAX_CODE:
        raise BadSubmission(f"{name} holds {len(text):,} characters of code; at most {MAX_CODE:,} are read.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # '\d' in a string is the student's business
            return ast.parse(text)
    except SyntaxError as error:
        line = error.lineno or 1
        raise BadSubmission(f"{name}, line {line}: Python cannot read this: {error.msg}.", line=line) from None
    except (RecursionError, MemoryError):
        raise BadSubmission(f"{name}: an expression is nested too deeply for Python to read.") from None
    except ValueError as error:  # null bytes, lone surrogates
        raise BadSubmission(f"{name}: Python cannot read this: {shown(str(error))}.") from None
