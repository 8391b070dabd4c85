"""A TOML file is read into a record, or one sentence names the file, the entry and what is allowed."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import pytest
from msgspec import Meta, Struct

from autograder.core.errors import GradlabError
from autograder.core.language import speaking, translate, translator
from autograder.core.toml_file import read_toml


class BadFile(GradlabError):
    """The error of this test's reader."""


class Part(Struct, forbid_unknown_fields=True):
    weight: Annotated[float, Meta(ge=0, lt=100)]
    due: Annotated[datetime, Meta(tz=True)] | None = None
    scores: dict[str, Annotated[int, Meta(gt=0, le=1_000)]] = {}


class File(Struct, forbid_unknown_fields=True):
    parts: dict[str, Part] = {}
    owner: str | int = ""
    draft: bool = False
    depth: Annotated[int, Meta(description="a depth like 3")] = 0
    language: Annotated[str, Meta(pattern="^[a-z]+$", description='a language code, like "en"')] = ""


def read(folder: Path, text: str) -> File:
    (folder / "file.toml").write_text(text)
    return read_toml(folder / "file.toml", File, error=BadFile)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "[parts.a]\nweight = 1\n[parts.b]\nweight = -1",
            ", [parts.b]: weight must be a number of at least 0 and below 100, not -1.",
        ),
        ("[parts.a]\nweight = nan", ", [parts.a]: weight must be a number of at least 0 and below 100, not nan."),
        ("[parts.a]\nweight = 1\n[parts.b]\n", ", [parts.b]: weight is missing."),
        ("[parts.a]\nweight = 1\nlate = 2", ", [parts.a]: unknown setting 'late'. Allowed: weight, due, scores."),
        ("[parts]\na = 1", ", [parts]: a must be a table with weight, not 1."),
        (
            "[parts.a]\nweight = 1\nscores = {x = 1, y = 0}",
            ", [parts.a.scores]: y must be a whole number above 0 and of at most 1,000, not 0.",
        ),
        (
            "[parts.a]\nweight = 1\ndue = 2026-01-02",
            ", [parts.a]: due must be a time with its zone, like 2026-11-20T23:59:00+01:00, not 2026-01-02.",
        ),
        ("[parts.a]\nweight = 1\ndue = 2026-01-02T03:04:05", ", not 2026-01-02T03:04:05."),
        ("owner = 1.5", ": owner must be a text or a whole number, not 1.5."),
        ("draft = 1", ": draft must be true or false, not 1."),
        ("depth = []", ": depth must be a depth like 3, not an empty list."),
        ("depth = [1]", ": depth must be a depth like 3, not a list."),
        (f'depth = "{"x" * 500}"', f"not '{'x' * 59}...."),
    ],
)
def test_a_wrong_entry_is_named_with_what_is_allowed(text: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(BadFile) as refused:
        read(tmp_path, text)
    assert str(refused.value).startswith(str(tmp_path / "file.toml"))
    assert str(refused.value).endswith(sentence)


def test_what_is_allowed_is_said_in_the_readers_language(tmp_path: Path) -> None:
    with pytest.raises(BadFile) as refused:
        read(tmp_path, 'language = "EN"')
    with speaking(translator("zh_CN")):
        assert translate(str(refused.value)).endswith("：language 应为语言代码，例如 \"en\"，而不是 'EN'。")


def test_a_file_that_does_not_exist_or_is_not_toml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="cannot be read: there is no such file or folder"):
        read_toml(tmp_path / "none.toml", File, error=BadFile)
    with pytest.raises(BadFile, match="is not valid TOML"):
        read(tmp_path, "parts = ")


def test_a_byte_order_mark_is_ignored(tmp_path: Path) -> None:
    assert read(tmp_path, "\ufeffdepth = 2").depth == 2
