"""The translatable pieces of markdown: headings, paragraphs, items of lists, tables.

``map_markdown`` gives each piece to a function and puts what it returns in the piece's place. One function that
records the pieces finds all of them; another one translates them. Where nothing changes, no character changes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

BEGIN, END = "BEGIN SOLUTION", "END SOLUTION"

Visit = Callable[[str, int, str], str]  # (piece, its line counted from 0, what it is) -> what to write in its place

_HEADING = re.compile(r"(#{1,6} +)(\S.*)")
_ITEM = re.compile(r"( *(?:[-*+]|\d+[.)]) +)(\S.*)")
_FENCE = re.compile(r" *(```|~~~)")
_QUOTE = re.compile(r"(> ?)(.*)")
_GENERATED = re.compile(r"(<!-- ([a-z]+)(?: \w+\.py)? -->).*?(<!-- /\2 -->)", re.DOTALL)
_NOT_PROSE = re.compile(r"<!--.*?-->|\$\$.*?\$\$|\$[^$]*\$|`[^`]*`|!?\]\([^)]*\)|<[^>]+>|https?://\S+", re.DOTALL)
_WORD = re.compile(r"[A-Za-z]{2,}")
_WORDS = re.compile(r"[A-Za-z]{2,}(?: [A-Za-z]{2,}){2,}")  # three in a row


@dataclass(frozen=True)
class Lines:
    """A piece of the text, in its lines."""

    first: int
    lines: list[str]
    kind: str  # "text": its line breaks do not matter; "heading"; "layout": they do; "": nothing to translate
    head: str = ""  # what is before the piece in its first line: "- ", "## "
    indent: str = ""  # what is before it in its other lines


def map_markdown(text: str, visit: Visit) -> str:
    """Return the text with each piece replaced. Regions of solutions, code and formulas are left alone."""
    written: list[str] = []
    for piece in _pieces(text.split("\n")):
        written += _mapped(piece, visit)
    return "\n".join(written)


def without_generated(text: str) -> str:
    """Return a README without what `gradlab release` writes between two markers: tables, limits."""

    def emptied(found: re.Match[str]) -> str:
        return found[1] + ("\n" if found[0][len(found[1])] == "\n" else "") + found[3]

    return _GENERATED.sub(emptied, text)


def is_prose(text: str) -> bool:
    """Return whether a text has a word outside of code, formulas and links."""
    return bool(_WORD.search(_NOT_PROSE.sub(" ", text)))


def is_sentence_like(text: str) -> bool:
    """Return whether a text has three words in a row, as prose in a block of code has."""
    return bool(_WORDS.search(text))


def _mapped(piece: Lines, visit: Visit) -> list[str]:
    if not piece.kind:
        return piece.lines
    source = _joined(piece) if piece.kind != "layout" else "\n".join(piece.lines)
    wanted = is_sentence_like(source) if piece.kind == "layout" and source.startswith("    ") else is_prose(source)
    written = visit(source, piece.first, piece.kind) if wanted else source
    if written == source:
        return piece.lines
    if piece.kind == "layout":
        return written.split("\n")
    first, *rest = written.split("\n")
    return [piece.head + first, *(piece.indent + line for line in rest)]


def _joined(piece: Lines) -> str:
    """Return the piece on one line; a line that markdown ends on purpose, with two spaces, ends here, too."""
    first, *rest = piece.lines
    lines = [first[len(piece.head) :], *(line.removeprefix(piece.indent.rstrip()).lstrip() for line in rest)]
    text = ""
    for line in lines:
        text += line.rstrip() + ("  \n" if line.endswith("  ") else " ")
    return text.strip()


def _pieces(lines: list[str]) -> Iterator[Lines]:
    number, in_list = 0, False
    while number < len(lines):
        end = _end_of_block(lines, number)
        block = lines[number:end]
        if block[0].strip():
            is_item, indented = bool(_ITEM.match(block[0])), block[0].startswith("  ")
            in_list = is_item or (in_list and indented)
            yield from _block(block, number, in_list=in_list)
        else:
            yield Lines(number, block, "")
        number = end


def _end_of_block(lines: list[str], start: int) -> int:
    """Return the line after the block that begins at ``start``: a blank line, a region, or lines up to one."""
    if not lines[start].strip():
        return start + 1
    if BEGIN in lines[start]:
        ends = [number for number in range(start, len(lines)) if END in lines[number]]
        return (ends[0] if ends else len(lines) - 1) + 1
    if fence := _FENCE.match(lines[start]):
        ends = [number for number in range(start + 1, len(lines)) if lines[number].strip().startswith(fence[1])]
        return (ends[0] if ends else len(lines) - 1) + 1
    if _HEADING.match(lines[start]):
        return start + 1
    end = start + 1
    while end < len(lines) and lines[end].strip() and BEGIN not in lines[end] and not _HEADING.match(lines[end]):
        end += 1
    return end


def _block(lines: list[str], first: int, *, in_list: bool) -> Iterator[Lines]:
    start, text = lines[0], "\n".join(lines)
    if BEGIN in start or (text.strip().startswith("$$") and text.rstrip(" .,").endswith("$$")):
        yield Lines(first, lines, "")
    elif heading := _HEADING.match(start):
        yield Lines(first, lines, "heading", heading[1])
    elif start.startswith("|") or _FENCE.match(start) or (start.startswith("    ") and not in_list):
        yield Lines(first, lines, "layout")
    elif quote := _QUOTE.match(start):
        yield Lines(first, lines, "text", quote[1], quote[1])
    else:
        yield from _items(lines, first)


def _items(lines: list[str], first: int) -> Iterator[Lines]:
    """Yield the paragraph and the items of a list in a block."""
    starts = [number for number, line in enumerate(lines) if number == 0 or _ITEM.match(line)]
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        item = _ITEM.match(lines[start])
        head = item[1] if item else re.match(" *", lines[start])[0]  # type: ignore[index]
        yield Lines(first + start, lines[start:end], "item" if item else "text", head, " " * len(head))
