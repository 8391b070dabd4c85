"""Keep what Python can read of code in which it cannot read everything: an unclosed bracket costs its own block.

A block is a statement at the top level, or a method of a class. parso, the parser of Jedi, finds where each one ends
although something in it is wrong; Python's own parser says what.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import parso

from autograder.core.code import SetAside
from autograder.submissions.source import BadSubmission, parse_source

_DEFINED = re.compile(r"^(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)|^(\w+)[ \t]*(?::[^=\n]+)?=(?!=)", re.MULTILINE)


def recover(lines: Sequence[str]) -> tuple[list[str], list[SetAside]]:
    """Return the lines with every damaged block emptied, and what was left out. The number of lines stays."""
    kept, aside = list(lines), []
    for first, last in _blocks(parso.parse("\n".join(lines)).children):
        problem = _problem(lines[first:last], first)
        if problem is None:
            continue
        methods = _recover_class(kept, first, last)
        if methods:
            aside += methods
        else:
            kept[first:last] = [""] * (last - first)
            aside.append(SetAside(problem[0], tuple(names_in(lines[first:last])), problem[1]))
    return kept, aside


def names_in(lines: Sequence[str]) -> list[str]:
    """The names that lines of code define at their left margin, as far as can be seen without a parser."""
    return [name for pair in _DEFINED.findall("\n".join(lines)) for name in pair if name]


def _recover_class(kept: list[str], first: int, last: int) -> list[SetAside]:
    """Empty the damaged methods of the class in these lines; nothing, when that does not make it whole."""
    nodes = [node for node in parso.parse("\n".join(kept[first:last])).children if node.type == "classdef"]
    if len(nodes) != 1:
        return []
    trial, aside = kept[first:last], []
    for start, end in _blocks(nodes[0].children[-1].children):
        indent = trial[start][: len(trial[start]) - len(trial[start].lstrip())]
        inside = [line.removeprefix(indent) for line in trial[start:end]]
        problem = _problem(inside, first + start)
        if problem is not None:
            names = tuple(f"{nodes[0].name.value}.{name}" for name in names_in(inside))
            aside.append(SetAside(problem[0], names, problem[1]))
            trial[start:end] = [f"{indent}pass", *[""] * (end - start - 1)]
    if _problem(trial, 0) is not None:
        return []
    kept[first:last] = trial
    return aside


def _blocks(nodes: Sequence[Any]) -> Iterator[tuple[int, int]]:
    """First line (from 0) and the line after the last of each block.

    Nodes that share a line are one block, and so is a damaged first line with the body that is indented below it.
    """
    nodes = [node for node in nodes if node.type not in ("endmarker", "newline")]
    margin = nodes[0].start_pos[1] if nodes else 0
    first = last = 0
    for node in nodes:
        start, end = node.start_pos[0] - 1, node.end_pos[0] - (node.end_pos[1] == 0)
        if start < last or (last and node.start_pos[1] > margin):
            last = max(last, end)
            continue
        if last > first:
            yield first, last
        first, last = start, end
    if last > first:
        yield first, last


def _problem(block: Sequence[str], before: int) -> tuple[int, str] | None:
    """The line at which Python stumbles, and what it says; None when it reads the block."""
    try:
        parse_source("\n".join(block), "")
    except BadSubmission as error:
        return before + max(error.line, 1), f"Python cannot read this: {error.reason}"
    return None
