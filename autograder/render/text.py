"""Make text that students wrote safe to show: no terminal escapes, nothing invisible, a bounded size.

Escaping for HTML, CSV or markup is not done here; each view does its own.
"""

from __future__ import annotations

import re
import unicodedata

ELLIPSIS = "…"
NAMELESS = "(no name)"

# The body of an escape sequence ends at the next ESC or line break, so that hostile input takes linear time.
_TERMINAL_ESCAPE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    r"|\x1b[\]PX^_][^\x07\x1b\n]{0,2000}(?:\x07|\x1b\\)?"  # OSC, DCS...: window titles, links
    r"|\x1b[ -/]*[0-~]"
)
_LINE_END = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_REMOVED = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f"  # control characters but tab and newline
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\uffa0"  # invisible fillers
    "\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff"  # zero width, and characters that reorder text
    "\ufff9-\ufffb\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"  # annotations, tags
)
_NOT_TEXT = re.compile("[\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")  # lone surrogates and noncharacters
_PILE_OF_ACCENTS = re.compile(
    "([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{3})"
    "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+"
)

_PIECE = re.compile(r"[^\s\u2e80-\uffef]+|[\u2e80-\uffef]|\s+")  # a word, one wide character, or space
_NOT_FIRST = re.compile(r"[，。、；：？！）》」』”’%]|[-+*>]|#+|\d+[.)]")  # what no line begins with
_NOT_LAST = "（《「『“‘"


def clean(text: str, *, limit: int = 20_000, lines: int = 400) -> str:
    """Return printable text of about `limit` characters and `lines` lines at most; it is cut in the middle."""
    if len(text) > limit:
        head, tail = limit - limit // 4, limit // 4
        left_out = _number(len(text) - limit, "character")
        notice = f"\n[{ELLIPSIS} {left_out} left out {ELLIPSIS}]\n"
        text = text[:head] + notice + text[len(text) - tail :]
    text = _visible(text)
    rows = text.split("\n")
    if len(rows) > lines:
        head, tail = lines - lines // 4, lines // 4
        notice = f"[{ELLIPSIS} {_number(len(rows) - lines, 'line')} left out {ELLIPSIS}]"
        text = "\n".join([*rows[:head], notice, *rows[len(rows) - tail :]])
    return text


def line(text: str, *, limit: int = 200) -> str:
    """Return printable text on one line: white space collapsed, cut at `limit` characters."""
    text = " ".join(_visible(text[: 4 * limit]).split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + ELLIPSIS


def name(text: str) -> str:
    """Return the name of a student or file as one short line, never empty."""
    return line(text, limit=80) or NAMELESS


def columns(text: str) -> int:
    """Return how many columns of a terminal a text takes: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def wrapped(text: str, width: int) -> list[str]:
    """Return the lines of a paragraph that are not wider in a terminal; Chinese may break after every character.

    No line begins with a mark that ends something, ends with one that begins something, or begins like an item of a
    list or a heading of markdown.
    """
    lines, line = [], ""
    for unit in _units(text):
        if line and columns(line + unit.rstrip()) > width and not unit.isspace():
            lines.append(line.rstrip())
            line = ""
        line += unit if line or not unit.isspace() else ""
    return [*lines, line.rstrip()]


def _number(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _units(text: str) -> list[str]:
    """Return the pieces of a text between which a line may end."""
    units: list[str] = []
    for piece in _PIECE.findall(text):
        glued = units and (_NOT_FIRST.fullmatch(piece) or units[-1][-1] in _NOT_LAST)
        space = units.pop() if glued and len(units) > 1 and units[-1].isspace() else ""
        if glued:
            units[-1] += space + piece
        else:
            units.append(piece)
    return units


def _visible(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    text = _LINE_END.sub("\n", _TERMINAL_ESCAPE.sub("", text))
    text = _NOT_TEXT.sub("\ufffd", _REMOVED.sub("", text))
    return _PILE_OF_ACCENTS.sub(r"\1", text)
