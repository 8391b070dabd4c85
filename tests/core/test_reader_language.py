"""A reader gets the language that they ask for, else the notebook's, the course's, this computer's."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.core.course_file import Course
from autograder.core.language import language_code
from autograder.core.reader_language import VARIABLES, UnknownLanguage, choose_language, languages_of, reader_for

KNOWN = ["en", "fr", "zh_CN"]


@pytest.fixture(autouse=True)
def no_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def test_an_option_comes_before_the_notebook_the_course_and_the_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert choose_language("en", KNOWN, "fr", "zh_CN") == "en"
    assert choose_language("", KNOWN, "fr", "zh_CN") == "fr"
    assert choose_language("", KNOWN, "", "fr") == "fr"
    assert choose_language("", KNOWN, "", "") == "zh_CN"


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        pytest.param({}, "en", id="none"),
        pytest.param({"LANG": "C.UTF-8"}, "en", id="C"),
        pytest.param({"LANG": "en_US.UTF-8"}, "en", id="English"),
        pytest.param({"LANG": "fr_CA.UTF-8"}, "fr", id="another country"),
        pytest.param({"LANG": "zh_TW.UTF-8"}, "en", id="another script"),
        pytest.param({"LANG": "fr", "LC_MESSAGES": "zh_CN"}, "zh_CN", id="LC_MESSAGES before LANG"),
        pytest.param({"LC_MESSAGES": "fr", "LC_ALL": "C"}, "en", id="LC_ALL before LC_MESSAGES"),
        pytest.param({"LC_ALL": "fr", "LANGUAGE": "de:zh_CN:fr"}, "zh_CN", id="LANGUAGE is a list"),
    ],
)
def test_the_environment_decides_as_for_gettext(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], expected: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert choose_language("", KNOWN) == expected


@pytest.mark.parametrize("text", ["zh", "zh-cn", "zh_CN.UTF-8", "ZH_cn"])
def test_a_language_has_several_names(text: str) -> None:
    assert choose_language(text, KNOWN) == "zh_CN"


def test_an_unknown_language_names_those_that_exist() -> None:
    with pytest.raises(UnknownLanguage, match=r"no language 'Klingon' here\. Choose one of these: en, fr, zh_CN\."):
        choose_language("Klingon", KNOWN)
    assert choose_language("", KNOWN, "", "de") == "en"  # a course in German, with gradlab's words in English


def test_gradlab_and_the_course_decide_what_is_known(tmp_path: Path) -> None:
    (tmp_path / "locale/fr/LC_MESSAGES").mkdir(parents=True)
    assert {"fr", "zh_CN"} < set(languages_of(Course(root=tmp_path)))
    assert languages_of(Course(root=tmp_path))[0] == "en"
    assert reader_for("zh", Course())("passed") == "通过"
    assert reader_for("", Course(language="zh_CN")).language == language_code("zh-cn")
