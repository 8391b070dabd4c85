"""What a program can see of good Chinese: spaces next to Latin text, full-width punctuation, emphasis, numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from autograder.authoring.catalogue_glossary import without_fixed

HAN = "[\u3400-\u9fff]"
_CLOSING = "\uff0c\u3002\uff1a\uff1b\uff1f\uff01\u3001\uff09\u201d\u300b"  # full-width marks that end something
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_ADDRESS = re.compile(r"\]\([^)\s]+\)|https?://[^\s)\uff09]+|<!--.*?-->", re.DOTALL)
_LATIN = "\x01"  # stands for code and formulas, which are written as Latin letters are
_VALUE = "\x02"  # stands for a placeholder, whose value may be Chinese
_NO_SPACE = re.compile(f"{HAN}[A-Za-z0-9{_LATIN}]|[A-Za-z0-9{_LATIN}]{HAN}")
_HALF_WIDTH = re.compile(f"{HAN}[,;:?!()]|[,;:?!()]{HAN}|{HAN}\\.(?!\\w)")


def chinese_faults(source: str, translation: str) -> Iterable[str]:
    """Yield what is wrong with a Chinese translation, whatever its words are."""
    lost = _numbers(source) - _numbers(translation)
    yield from (f"the number {number} is missing" for number in lost.elements())
    text = without_fixed(_PLACEHOLDER.sub(_VALUE, _ADDRESS.sub("", translation)), _LATIN)
    yield from (f"a space is missing at {_around(text, match)!r}" for match in _NO_SPACE.finditer(text))
    yield from (f"punctuation must be full-width at {_around(text, match)!r}" for match in _HALF_WIDTH.finditer(text))
    yield from _emphasis_faults(text)


def _numbers(text: str) -> Counter[str]:
    return Counter(_NUMBER.findall(without_fixed(text)))


def _emphasis_faults(text: str) -> Iterable[str]:
    """Yield emphasis that CommonMark does not see: its closing mark is between punctuation and a character."""
    for match in list(re.finditer(r"\*+", text))[1::2]:
        before, after = text[: match.start()][-1:], text[match.end() :][:1]
        if before and before in _CLOSING and re.match(HAN, after):
            yield f"markdown needs a space after the emphasis at {_around(text, match)!r}"


def _around(text: str, match: re.Match[str]) -> str:
    part = text[max(0, match.start() - 6) : match.end() + 6]
    return part.replace(_LATIN, "\u2026").replace(_VALUE, "{}")
