"""Chinese texts have one form for papers in brackets and one word for float in tables of shapes, everywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
CATALOGUES = sorted(ROOT.glob("locale/zh_CN/LC_MESSAGES/a*.po"))
PAPER_WITH_COMMA = re.compile(r"(?:等|和 [A-Z][\w-]+|（[A-Z][a-z]+)，(?:19|20)\d\d(?!\d)")  # "Ren 等 2015" has none
FLOAT = re.compile(r"[^\u4e00-\u9fff](浮点数?)(?!张量| dtype)")


def translations(path: Path) -> Iterator[tuple[str, str]]:
    with path.open("rb") as file:
        for message in read_po(file):
            if isinstance(message.id, str) and message.id:
                yield message.id, str(message.string)


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_papers_in_brackets_have_one_form(path: Path) -> None:
    found = [match[0] for _, text in translations(path) if (match := PAPER_WITH_COMMA.search(text))]
    assert found == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_float_stays_float_in_tables_of_shapes(path: Path) -> None:
    rows = [
        translated
        for english, text in translations(path)
        for row, translated in zip(english.split("\n"), text.split("\n"), strict=False)
        if row.startswith("    ") and "float" in row
    ]
    assert [row for row in rows if FLOAT.search(row)] == []
