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

from autograder.core.errors import GradlabError

MAX_CODE = 500_000  # characters of one module; the parser needs about 1 KB of memory for each

_ENCODINGS = re.compile(r"(utf-8|ascii|latin-1|iso-?8859|cp\d|gb|big5|euc|shift)")
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
    """Return the text of a Python file, decoded as UTF-8 or as its coding line says.

    The coding line of the result says utf-8, as the text is no longer in another encoding.
    Raises BadSubmission with the name of the file and how to save it.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in data[:4]:
        raise BadSubmission(f"{name} is saved as UTF-16. Save it as UTF-8 and hand it in again.")
    if b"\0" in data:
        line = data.count(b"\n", 0, data.index(b"\0")) + 1
        raise BadSubmission(
            f"{name}, line {line}: the file contains a null byte, so it is not a text file. Save it as UTF-8."
        )
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        if not _ENCODINGS.match(codecs.lookup(encoding).name):
            raise BadSubmission(f"{name} is saved as {printable(encoding)}. Save it as UTF-8 and hand it in again.")
        text = data.decode(encoding)
    except (SyntaxError, LookupError, UnicodeDecodeError) as error:
        raise BadSubmission(f"{name} is not UTF-8 text ({printable(str(error))}). Save it as UTF-8.") from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    head = text.split("\n", 2)
    head[:2] = [_COOKIE.sub(r"\1utf-8", line) for line in head[:2]]
    return "\n".join(head)


def parse_source(text: str, name: str) -> ast.Module:
    """Parse a module. Raises BadSubmission with the name of the file and the line, whatever the text contains."""
    if len(text) > MAX_CODE:
        raise BadSubmission(
            f"{name} has {len(text):,} characters of code; the limit is {MAX_CODE:,}. Remove data from the code.",
            reason=f"it has {len(text):,} characters; the limit is {MAX_CODE:,}",
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # '\d' in a string does not concern the grader
            return ast.parse(text)
    except SyntaxError as error:
        line, reason = error.lineno or 1, printable(error.msg, limit=120)
        raise BadSubmission(
            f"{name}, line {line}: Python cannot read this: {reason}.", line=line, reason=reason
        ) from None
    except (RecursionError, MemoryError):
        raise BadSubmission(
            f"{name}: an expression is nested too deeply for Python to read. Split it into several lines.",
            reason="an expression is nested too deeply; split it into several lines",
        ) from None
    except ValueError as error:  # null bytes, lone surrogates
        reason = printable(str(error))
        raise BadSubmission(f"{name}: Python cannot read this: {reason}.", reason=reason) from None
