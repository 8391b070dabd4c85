"""A message is an English text that can be said in another language later, wherever it was stored."""

from __future__ import annotations

import copy
import gettext
import io
import json
import pickle

import numpy as np
import pytest
import torch
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from autograder.checks.expect import Mismatch
from autograder.core.language import IN_ENGLISH, Translator, language_code, say, say_counted, speaking, translate
from autograder.core.message import Message, first_of, forms_in, joined, restored, with_messages
from autograder.probes.saying import Said, recognised

WORDS = {
    "expected {wanted}, got {found}": "应为 {wanted}，得到 {found}",
    "a tensor": "张量",
    "The root is missing.": "缺少平方根。",
    ("{n} check passed.", "{n} checks passed."): ("{n} 项检查通过。",),
    "broken {name}": "坏了 {other}",
    " and ": "和",
}


def in_chinese() -> Translator:
    catalogue = Catalog(locale="zh_CN")
    for text, translation in WORDS.items():
        catalogue.add(text, translation)
    file = io.BytesIO()
    write_mo(file, catalogue)
    file.seek(0)
    return Translator("zh_CN", (gettext.GNUTranslations(file),))


def test_a_message_is_its_english_text_and_is_translated_when_it_is_shown() -> None:
    message = Message("expected {wanted}, got {found}", wanted=Message("a tensor"), found="a tensor")
    assert message == "expected a tensor, got a tensor"
    assert in_chinese()(message) == "应为张量，得到 a tensor"  # what the student's code returned is not translated
    assert IN_ENGLISH(message) == "expected a tensor, got a tensor"


@pytest.mark.parametrize(
    ("wanted", "found", "sentence"),
    [
        (Message("a tensor"), "张 三", "应为张量，得到张 三"),  # a value stays as it is
        ("x", "`y`", "应为 x，得到 `y`"),
        (Message(" and "), 3, "应为和，得到 3"),
    ],
)
def test_a_space_next_to_a_value_is_where_chinese_wants_it(wanted: object, found: object, sentence: str) -> None:
    message = Message("expected {wanted}, got {found}", wanted=wanted, found=found)
    assert in_chinese()(message) == sentence


def test_a_plain_literal_is_its_own_id() -> None:
    assert in_chinese()("The root is missing.") == "缺少平方根。"
    assert in_chinese()("Nobody translated this.") == "Nobody translated this."
    assert in_chinese()("") == ""  # gettext would return the header


def test_values_are_kept_as_numbers_and_shown_by_the_format_of_the_template() -> None:
    message = Message(
        "{few:,} of {share:.1%} and {far:.2f}", few=torch.tensor(1234), share=np.float32(0.5), far=float("nan")
    )
    assert message == "1,234 of 50.0% and nan"
    assert message.values["few"] == 1234
    json.dumps(message.form(), allow_nan=False)


def test_braces_of_values_and_of_plain_texts_are_not_placeholders() -> None:
    assert Message("got {value}", value="{'a': 1}") == "got {'a': 1}"
    assert Message("the dict {'a': 1}") == "the dict {'a': 1}"


def test_the_number_decides_between_singular_and_plural() -> None:
    one, two = (Message.counted("{n} check passed.", "{n} checks passed.", n=n) for n in (1, 2))
    assert (one, two) == ("1 check passed.", "2 checks passed.")
    assert [in_chinese()(message) for message in (one, two)] == ["1 项检查通过。", "2 项检查通过。"]


def test_a_long_list_of_names_is_cut_and_says_how_many_are_left() -> None:
    students = [f"s{number:03}" for number in range(900)]
    assert first_of(students, 3) == "s000, s001, s002 and 897 more"
    assert first_of(students[:3], 3) == "s000, s001, s002"
    assert first_of([], 3) == ""


def test_joined_texts_are_translated_apart() -> None:
    text = joined("\n", ["f(2) returned 3", "", Message("The root is missing."), "as is"])
    assert text == "f(2) returned 3\nThe root is missing.\nas is"
    assert in_chinese()(text) == "f(2) returned 3\n缺少平方根。\nas is"
    assert in_chinese()(joined(Message(" and "), ["int", "float"])) == "int 和 float"
    assert not isinstance(joined(", ", ["a", "b"]), Message)


def test_a_translation_with_a_placeholder_of_its_own_falls_back_to_english() -> None:
    assert in_chinese()(Message("broken {name}", name="x")) == "broken x"


def test_a_message_survives_copies_pickles_and_json() -> None:
    inner = Message.counted("{n} check passed.", "{n} checks passed.", n=2)
    message = Message("expected {wanted}, got {found}", wanted=inner, found=1.5)
    for same in (
        copy.deepcopy(message),
        pickle.loads(pickle.dumps(message)),
        restored(json.loads(json.dumps(message.form()))),
    ):
        assert same == message
        assert in_chinese()(same) == "应为 2 项检查通过。，得到 1.5"


def test_each_of_joined_texts_is_translated() -> None:
    text = joined("\n", [Message("expected {wanted}, got {found}", wanted=1, found=2), "The root is missing.", "{x}"])
    assert in_chinese()(text) == "应为 1，得到 2\n缺少平方根。\n{x}"
    assert in_chinese()(restored(json.loads(json.dumps(text.form())))) == in_chinese()(text)  # type: ignore[attr-defined]


def test_a_sentence_from_the_box_becomes_a_message_when_it_is_passed_on() -> None:
    kind = Said("a tensor")
    for found in (Said("broken {name}", name=3), recognised("broken 3", ("a {name}", "broken {name}"))):
        message = Message("expected {wanted}, got {found}", wanted=kind, found=found)
        assert message == "expected a tensor, got broken 3"
        assert in_chinese()(message) == "应为张量，得到 broken 3"
    assert restored(json.loads(json.dumps(message.form()))) == message
    assert type(recognised("intact", ("broken {name}",))) is str
    mismatch = Mismatch(kind)
    assert in_chinese()(mismatch.message) == "张量"


def test_what_json_stored_gets_its_messages_back() -> None:
    message = Message("expected {wanted}, got {found}", wanted=1, found=2)
    table = {"checks": [{"message": message, "hint": "The root is missing."}], "points": 3}
    forms = forms_in(table)
    assert list(forms) == ["expected 1, got 2"]
    again = with_messages(json.loads(json.dumps(table)), forms)
    assert in_chinese()(again["checks"][0]["message"]) == "应为 1，得到 2"


def test_sentences_follow_the_language_of_the_reader() -> None:
    assert say("expected {wanted}, got {found}", wanted=1, found=2) == "expected 1, got 2"
    with speaking(in_chinese()):
        assert say("expected {wanted}, got {found}", wanted=1, found=2) == "应为 1，得到 2"
        assert say_counted("{n} check passed.", "{n} checks passed.", n=1) == "1 项检查通过。"
        assert translate("The root is missing.") == "缺少平方根。"
    assert translate("The root is missing.") == "The root is missing."


def test_languages_have_one_name() -> None:
    assert [language_code(text) for text in ("zh-cn", "zh_CN.UTF-8", "zh", "zh-Hans", "EN")] == [
        "zh_CN",
        "zh_CN",
        "zh",
        "zh_Hans",
        "en",
    ]
    assert [language_code(text) for text in ("", "C", "../x", "english")] == [""] * 4
