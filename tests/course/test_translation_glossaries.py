"""Glossaries of translations: one term for each idea, complete, and written as the style guides want it."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GLOSSARIES = sorted((ROOT / "locale").glob("*/glossary.csv"))
COLUMNS = ["english", "translation", "avoid", "note"]
HAN = "[\u4e00-\u9fff]"
LATIN = "[A-Za-z0-9]"


def entries(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, strict=True)
        assert rows.fieldnames == COLUMNS
        return list(rows)


def test_there_is_a_chinese_glossary() -> None:
    assert "zh_CN" in [path.parent.name for path in GLOSSARIES]


@pytest.mark.parametrize("path", GLOSSARIES, ids=lambda path: path.parent.name)
def test_a_glossary_has_one_term_for_each_of_at_least_150_ideas(path: Path) -> None:
    words = [entry["english"].casefold() for entry in entries(path)]
    assert len(words) >= 150
    assert [word for word in words if words.count(word) > 1] == []


@pytest.mark.parametrize("path", GLOSSARIES, ids=lambda path: path.parent.name)
def test_every_entry_has_both_languages_and_four_trimmed_cells(path: Path) -> None:
    for entry in entries(path):
        assert list(entry) == COLUMNS  # DictReader puts further cells under None
        assert entry["english"]
        assert entry["translation"]
        assert all(cell is not None and cell == cell.strip() for cell in entry.values()), entry


@pytest.mark.parametrize("path", GLOSSARIES, ids=lambda path: path.parent.name)
def test_a_term_contains_none_of_the_words_to_avoid(path: Path) -> None:
    for entry in entries(path):
        assert [word for word in entry["avoid"].split("/") if word and word in entry["translation"]] == [], entry


def test_a_word_to_avoid_is_long_enough_to_be_looked_for() -> None:
    for entry in entries(ROOT / "locale" / "zh_CN" / "glossary.csv"):
        assert [word for word in entry["avoid"].split("/") if len(word) == 1] == [], entry


def test_chinese_terms_have_a_space_next_to_latin_letters() -> None:
    for entry in entries(ROOT / "locale" / "zh_CN" / "glossary.csv"):
        assert not re.search(f"{HAN}{LATIN}|{LATIN}{HAN}", entry["translation"]), entry
        assert not re.search("[,;:!?()]", entry["translation"]), entry
