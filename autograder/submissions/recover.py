"""Keep what Python can read of code in which it cannot read everything: an unclosed bracket costs its own block.

A block is a statement at the top level, or a method of a class. Where one ends is seen by its indentation, which holds
in damaged code too; Python's own parser then says of each block whether it can be read. The work grows with the length
of the code, whatever the code is (error-tolerant parsers need seconds for 100 KB of brackets).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from autograder.core.code import SetAside
from autograder.core.message import Message
from autograder.submissions.source import BadSubmission, parse_source

MAX_JOINED = 40  # blocks that are tried together: a long string may hold lines that look like the start of a block
MAX_JOINED_CODE = 500_000  # characters of all such attempts in one text together
MAX_DAMAGES = 200  # with more of them, the rest is one

_DEFINED = re.compile(r"^(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)|^(\w+)[ \t]*(?::[^=\n]+)?=(?!=)", re.MULTILINE)
_ASSIGNED = re.compile(r"^[ \t]+(\w+)[ \t]*(?::[^=\n]+)?=(?!=)", re.MULTILINE)
_COMPOUND = re.compile(r"(?:for|while|with|if|try|match)\b")  # what is assigned inside is the module's
_CONTINUES = re.compile(r"[)\]}]|(?:else|elif|except|finally|case)\b")  # goes on with the statement above
_DEFINITION = re.compile(r"(?:@|def\b|class\b|async[ \t]+def\b)")
_LONG = re.compile(r"(?:@|(?:def|class|async|if|for|while|with|try|match)\b)")
_CLASS = re.compile(r"(?:@[^\n]*\n)*class[ \t]+(\w+)")


def recover(lines: Sequence[str]) -> tuple[list[str], list[SetAside]]:
    """Return the lines with every damaged block emptied, and what was left out. The number of lines is the same."""
    remaining = list(lines)
    aside: list[SetAside] = []
    starts = [*_starts(lines, 0), len(lines)]
    at, left = 0, MAX_JOINED_CODE
    while at < len(starts) - 1:
        first, last = starts[at], starts[at + 1] if len(aside) < MAX_DAMAGES else starts[-1]
        problem = _problem(lines[first:last], first)
        if problem is not None:
            joined, tried = _joined(lines, starts, at, left) if len(aside) < MAX_DAMAGES else (0, 0)
            left -= tried
            if joined:
                at = joined
                continue
            damaged = _intact(lines, first, problem[0] - 1)
            methods = _recover_class(remaining, first, last) if damaged == first else []
            if not methods:
                remaining[damaged:last] = [""] * (last - damaged)
            aside += methods or [SetAside(problem[0], tuple(names_in(lines[damaged:last])), problem[1])]
        at += 1 if len(aside) <= MAX_DAMAGES else len(starts)
    return remaining, aside


def names_in(lines: Sequence[str]) -> list[str]:
    """Return the names that lines of code define, as far as they can be seen without a parser.

    These are names at the left margin, and those that the blocks of a first statement `with`, `if`, `for` ... assign.
    """
    text = "\n".join(lines)
    inside = _ASSIGNED.findall(text) if _COMPOUND.match(text) else []
    return list(dict.fromkeys([*(name for pair in _DEFINED.findall(text) for name in pair if name), *inside]))


def _starts(lines: Sequence[str], margin: int) -> list[int]:
    """Return the lines at which a block starts; the first line always, so that no line is lost."""
    starts = [0]
    decorated = False
    for number, line in enumerate(lines):
        text = line.lstrip(" \t\f")
        if not text or len(line) - len(text) > margin or text.startswith("#") or _CONTINUES.match(text):
            continue
        if number and not decorated:
            starts.append(number)
        decorated = text.startswith("@")
    return starts


def _joined(lines: Sequence[str], starts: Sequence[int], at: int, limit: int) -> tuple[int, int]:
    """Return the index of the block after several that can be read only together, 0 if there are none.

    Also the number of characters that were tried, which is at most ``limit``.
    """
    if _DEFINITION.match(lines[starts[at]].lstrip()):
        return 0, 0  # a definition ends where the next statement starts
    tried, size = 0, sum(len(line) + 1 for line in lines[starts[at] : starts[at + 1]])
    for end in range(at + 2, min(at + MAX_JOINED, len(starts) - 1) + 1):
        size += sum(len(line) + 1 for line in lines[starts[end - 1] : starts[end]])
        if tried + size > limit:
            break
        tried += size
        if _problem(lines[starts[at] : starts[end]], 0) is None:
            return end, tried
    return 0, tried


def _intact(lines: Sequence[str], first: int, stray: int) -> int:
    """Return the line at which a block is damaged: the first, or a stray line below a statement that is whole.

    An indented line below a long statement (`def`, `for`) may be a part of it, so the statement is damaged too.
    """
    if not first < stray < len(lines) or _problem(lines[first:stray], 0):
        return first
    foreign = lines[stray][:1] in (")", "]", "}") or (
        lines[stray][:1] not in (" ", "\t") and _DEFINITION.match(lines[first])
    )
    return stray if foreign or not _LONG.match(lines[first]) else first


def _recover_class(remaining: list[str], first: int, last: int) -> list[SetAside]:
    """Empty the damaged methods of the class in these lines; nothing, if the rest cannot be read even so."""
    name = _CLASS.match("\n".join(remaining[first:last]))
    if name is None:
        return []
    head = first + remaining[first:last].index(next(line for line in remaining[first:last] if line.startswith("class")))
    body = next((n for n in range(head + 1, last) if remaining[n].strip() and remaining[n][:1] in " \t"), last)
    indent = remaining[body][: len(remaining[body]) - len(remaining[body].lstrip())] if body < last else ""
    trial, aside = remaining[first:last], []
    starts = [body - first + start for start in _starts(remaining[body:last], len(indent))] + [last - first]
    for start, end in pairwise(starts):
        inside = [line.removeprefix(indent) for line in trial[start:end]]
        problem = _problem(inside, first + start)
        if problem is not None:
            names = tuple(f"{name[1]}.{method}" for method in names_in(inside))
            aside.append(SetAside(problem[0], names, problem[1]))
            trial[start:end] = [f"{indent}pass", *[""] * (end - start - 1)]
        if len(aside) > MAX_DAMAGES:
            return []
    if _problem(trial, 0) is not None:
        return []
    remaining[first:last] = trial
    return aside


def _problem(block: Sequence[str], before: int) -> tuple[int, str] | None:
    """Return the line at which Python stumbles and what it says, or None if it can read the block."""
    try:
        parse_source("\n".join(block), "")
    except BadSubmission as error:
        return before + max(error.line, 1), Message("Python cannot read this: {reason}", reason=error.reason)
    return None
