"""Text that students wrote, made safe to show."""

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.render.text import NAMELESS, clean, line, name, wrapped
from tests.support.sample_reports import NASTY

ANY_TEXT = st.text(st.characters(exclude_categories=()))  # lone surrogates too


def test_colours_titles_and_links_of_the_terminal_leave_no_residue():
    assert (
        clean("\x1b[1;31mred\x1b[0m \x9b2Jcleared \x1b]0;title\x07\x1b]8;;http://x\x1b\\link\x1b(B")
        == "red cleared link"
    )


def test_an_escape_without_an_end_removes_only_its_line():
    assert clean("a\x1b]8;;http://x\nnext") == "a\nnext"


def test_characters_that_reorder_or_hide_text_are_removed():
    assert clean("a\u202eb\u2066c\u200bd\ufeffe\u00adf\U000e0041g\x00h\x7fi\x08j") == "abcdefghij"


def test_surrogates_become_replacement_characters_and_can_be_encoded():
    assert clean("\ud800x\udfff").encode() == "\ufffdx\ufffd".encode()


def test_every_line_end_becomes_a_newline():
    assert clean("a\r\nb\rc\u2028d\x85e\x0cf") == "a\nb\nc\nd\ne\nf"


def test_piles_of_accents_are_cut_and_ordinary_ones_are_not():
    assert clean("e" + "\u0301" * 50) == "e" + "\u0301" * 3
    assert clean("Zoë Øster 李明 שלום 👩‍🔬 \tx") == "Zoë Øster 李明 שלום 👩‍🔬 \tx"


def test_long_text_keeps_its_start_and_its_end():
    text = clean("a" * 700 + "b" * 1_000_000 + "IndexError", limit=1000)
    assert text.startswith("a" * 700)
    assert text.endswith("IndexError")
    assert "[… 999,710 characters left out …]" in text


def test_many_lines_keep_the_first_and_the_last():
    text = clean("\n".join(map(str, range(1000))), lines=8)
    assert text == "0\n1\n2\n3\n4\n5\n[… 992 lines left out …]\n998\n999"


def test_a_line_is_one_line_and_short():
    assert line("  a\n\tb  c ") == "a b c"
    assert line("x" * 1000, limit=10) == "x" * 9 + "…"


def test_a_name_is_never_empty():
    assert name("\u202e\x00 \n") == NAMELESS


@given(ANY_TEXT)
def test_cleaning_is_idempotent_and_removes_control_characters(text):
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    cleaned.encode()
    kept = {"\n", "\t", "\u200c", "\u200d"}
    assert not [c for c in cleaned if unicodedata.category(c) in {"Cc", "Cs"} and c not in kept]
    assert not [c for c in cleaned if unicodedata.bidirectional(c) in {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "PDI"}]


@pytest.mark.parametrize("unit", ["\x1b", "\x1b]", "\x1b[", "\x9b0", "\u0301", "\r", "x\n", NASTY])
def test_a_megabyte_of_anything_is_cleaned_fast(unit):
    start = time.process_time()
    clean(unit * (1_000_000 // len(unit)), limit=1_000_000)
    line(unit * (1_000_000 // len(unit)))
    assert time.process_time() - start < 2


def test_chinese_text_is_wrapped_between_characters_but_not_around_punctuation():
    assert wrapped("一二三四，五六 abc 七", 8) == ["一二三", "四，五六", "abc 七"]
    assert wrapped("一二三（四五）", 8) == ["一二三", "（四五）"]


@given(
    st.lists(st.sampled_from(["-", "+", "#", "2018)", "1.", "word", "词", "，", " "]), min_size=1), st.integers(6, 20)
)
def test_no_wrapped_line_becomes_an_item_or_a_heading(words, width):
    text = " ".join(["so", *words])
    lines = wrapped(text, width)
    assert " ".join(" ".join(lines).split()) == " ".join(text.split())
    assert not [row for row in lines if row[:1] in tuple("-+#") or row.startswith(("2018)", "1.")) or row[:1] == "，"]
