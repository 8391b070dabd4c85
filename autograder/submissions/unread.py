"""Sentences about the parts of a hand-in that Python could not read."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.core.code import SetAside
from autograder.core.message import Message, first_of, joined
from autograder.submissions.source import printable

_SHOWN = 3  # sentences about one cell
_NAMES = 8  # names in one sentence
_OF_FILE = 15  # sentences about one file


def unread_sentences(name: str, cell: int, problems: Sequence[SetAside]) -> list[str]:
    """Return a sentence for each of the first problems of a cell, and one for the others. A script has cell 0."""
    place = place_of(name, cell)
    sentences = [
        _with_names(
            Message("{place}, line {line}: {reason}.", place=place, line=p.line, reason=_without_stop(p.reason)),
            p.names,
        )
        for p in problems[:_SHOWN]
    ]
    if more := problems[_SHOWN:]:
        sentences.append(_with_names(_more(place, len(more)), [name for problem in more for name in problem.names]))
    return sentences


def not_too_many(sentences: Sequence[str], name: str) -> tuple[str, ...]:
    """Return the first sentences about the cells of a file, and one for the others."""
    more = len(sentences) - _OF_FILE
    return (*sentences[:_OF_FILE], *([_more(name, more)] if more > 0 else []))


def _more(place: str, count: int) -> Message:
    return Message.counted(
        "{place}: {n} more place could not be read.",
        "{place}: {n} more places could not be read.",
        n=count,
        place=place,
    )


def place_of(name: str, cell: int) -> str:
    """Return "knn.ipynb, cell 7 from the top", or the file without a cell."""
    return Message("{file}, cell {cell} from the top", file=name, cell=cell) if cell else name


def _without_stop(reason: str) -> str:
    return reason.rstrip(".") if reason.endswith(".") else reason  # a reason that can be translated has none


def _with_names(sentence: str, names: Sequence[str]) -> str:
    if not names:
        return sentence
    shown = first_of([printable(name) for name in names], _NAMES)
    return joined(" ", [sentence, Message("These could not be read with it: {names}.", names=shown)])
