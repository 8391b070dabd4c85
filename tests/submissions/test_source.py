"""Scripts are decoded as Python does it, or refused with the line that is wrong."""

from __future__ import annotations

import pytest

from autograder.submissions.source import (
    MAX_CODE,
    BadSubmission,
    decode_guessing,
    decode_source,
    guess_note,
    parse_source,
)


def test_a_script_is_decoded_as_its_coding_line_says() -> None:
    assert decode_source("# é".encode("utf-8-sig"), "a.py") == "# é"
    assert decode_source("# -*- coding: latin-1 -*-\n'é'".encode("latin-1"), "a.py") == "# -*- coding: utf-8 -*-\n'é'"
    assert decode_source(b"a\r\nb\rc", "a.py") == "a\nb\nc"


@pytest.mark.parametrize(
    "data",
    [
        b"x = 1\n\0",
        b"# coding: rot13\n",
        b"# coding: nothing\n",
        b"# coding: utf-7\n+AGE-",
        "\ufeff# coding: latin-1".encode(),
    ],
)
def test_a_script_in_another_encoding_is_refused_with_a_sentence(data: bytes) -> None:
    with pytest.raises(BadSubmission, match=r"^a\.py.* UTF-8.*\.$"):
        decode_source(data, "a.py")


@pytest.mark.parametrize(
    ("text", "encoding", "spoken"),
    [
        ("x = 1  # größer", "utf-16", "UTF-16"),
        ("x = 1  # größer", "utf-16-le", "UTF-16"),
        ("x = 1  # größer", "utf-16-be", "UTF-16"),
        ("# größer, l’élève, mañana", "cp1252", "Windows-1252"),
        ("# é\x81", "latin-1", "Latin-1"),
        ("# 计算距离，最近的点\nx = '距离\\n'", "gb2312", "GB2312"),
    ],
)
def test_a_script_in_another_encoding_is_read_and_said(text: str, encoding: str, spoken: str) -> None:
    decoded, guessed = decode_guessing(text.encode(encoding), "a.py")
    assert decoded == text
    assert spoken in guess_note("a.py", guessed)
    assert decode_guessing(text.encode(), "a.py") == (text, "")


def test_a_script_whose_coding_line_is_wrong_is_read() -> None:
    data = b"# coding: utf-8\n# gr\xf6\xdfer\nx = 1\n"
    assert decode_guessing(data, "a.py") == ("# coding: utf-8\n# größer\nx = 1\n", "cp1252")


def test_a_script_with_a_syntax_error_is_refused_with_its_line() -> None:
    with pytest.raises(
        BadSubmission, match=r"a\.py, line 2: Python cannot read this: '\(' was never closed\.$"
    ) as caught:
        parse_source("x = 1\nf(", "a.py")
    assert caught.value.line == 2
    assert caught.value.reason == "'(' was never closed"


UNREADABLE = {
    "null byte": ("x = '\0'", "source code string cannot contain null bytes"),
    "surrogate": ("x = '\ud800'", "surrogates not a"),
    "nested": ("-" * 50_000 + "1", "an expression is nested too deeply"),
    "long": ("#" * (MAX_CODE + 1), "it has 500,001 characters; the limit is 500,000"),
    "long number": ("x = " + "9" * 5_000, "Exceeds the limit"),
}


@pytest.mark.parametrize("story", UNREADABLE)
def test_a_script_that_python_cannot_read_gets_a_short_reason_on_one_line(story: str) -> None:
    text, reason = UNREADABLE[story]
    with pytest.raises(BadSubmission, match=r"^a\.py.*\.$") as caught:
        parse_source(text, "a.py")
    assert reason in caught.value.reason
    assert "a.py" not in caught.value.reason
    assert len(caught.value.reason) <= 120
    assert caught.value.reason.isprintable()
