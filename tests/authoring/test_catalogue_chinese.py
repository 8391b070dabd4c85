"""Faults of a Chinese translation that a program can see are refused: spaces, punctuation, emphasis, numbers, words."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.authoring.catalogue import Entry, create, messages, save, wrong
from autograder.authoring.catalogue_export import export, merge
from autograder.authoring.catalogue_glossary import Term, glossary_of
from autograder.authoring.catalogue_rules import faults

GLOSSARY = [
    Term("batch", "批量", ("批处理",)),
    Term("batch size", "批量大小"),
    Term("test", "测试"),
    Term("check (noun)", "检查项", ("测试",)),
    Term("stride", "步幅", ("步长",)),
    Term("precision", "精确率", ("精度",)),
    Term("average precision", "平均精度"),
]

RIGHT = [
    ("Use `reshape` on $x$: 3 rows.", "对 $x$ 用 `reshape`：3 行。"),
    ("**The trap.** On paper", "**陷阱。** 在纸上"),
    ("the **mask** hides", "**掩码**遮住"),
    ("{count} of {total} differ", "{total}个中有 {count} 个不同"),
    ("a check on the test set", "对测试集的一个检查项"),
    ("average precision", "平均精度"),
    ("The [glossary](glossary.md) explains", "[术语表](glossary.md)解释"),
    ("27.4 % of 2,000", "2,000 的 27.4%"),
    ("shape (N, C, H, W), dtype float32", "形状为 (N, C, H, W)，dtype 为 float32"),
]

WRONG = [
    ("Use `reshape`.", "用 `view`。", ["the code 'reshape' is missing", "the code 'view' was added"]),
    ("a $x$ b", "一个$x$ 二", ["a space is missing at '一个… 二'"]),
    ("all 3 rows", "全部三行", ["the number 3 is missing"]),
    ("a, b", "甲, 乙", ["punctuation must be full-width at '甲, 乙'"]),
    (
        "(see below)",
        "(见下文)",
        ["punctuation must be full-width at '(见下文)'", "punctuation must be full-width at '(见下文)'"],
    ),
    ("**The trap.** On", "**陷阱。**在", ["markdown needs a space after the emphasis at '**陷阱。**在'"]),
    ("a {name}", "一个", ["the placeholder '{name}' is missing"]),
    ("the stride", "步长", ["'stride' is 步幅, not 步长"]),
    ("the precision", "精度", ["'precision' is 精确率, not 精度"]),
    ("use torch", "用torch 做", ["a space is missing at '用torch 做'"]),
]


@pytest.mark.parametrize(("source", "translation"), RIGHT)
def test_good_chinese_has_no_faults(source: str, translation: str) -> None:
    assert faults(source, translation, "zh_CN", GLOSSARY) == []


@pytest.mark.parametrize(("source", "translation", "expected"), WRONG)
def test_each_fault_is_named(source: str, translation: str, expected: list[str]) -> None:
    assert faults(source, translation, "zh_CN", GLOSSARY) == expected


def test_rules_of_chinese_are_for_chinese() -> None:
    assert faults("all 3 rows, of x", "toutes les trois lignes (x), 行x", "fr") == []


def test_the_glossary_of_a_course_decides_what_merge_takes_and_a_release_accepts(tmp_path: Path) -> None:
    for folder in ("locale/zh_CN", "solutions"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "locale/zh_CN/glossary.csv").write_text("english,translation,avoid,note\nstride,步幅,步长,\n")
    path = tmp_path / "solutions/locale/zh_CN/LC_MESSAGES/a.po"
    assert [term.avoid for term in glossary_of(path, "zh_CN")] == [("步长",)]
    catalogue = create([Entry("the stride", "a.py", 1)], "zh_CN", title="A")
    save(path, catalogue)
    filled = tmp_path / "filled.toml"
    filled.write_text(export(path, "zh_CN", tmp_path)[0].replace("translation = '''\n", "translation = '''\n步长"))
    merged = merge(filled, tmp_path)
    assert merged.taken == 0
    assert merged.faults == ["1 (a.py:1): 'stride' is 步幅, not 步长."]
    next(iter(messages(catalogue))).string = "步长"
    assert wrong(catalogue, path) == [("the stride", "'stride' is 步幅, not 步长")]


def test_a_course_without_a_glossary_has_none(tmp_path: Path) -> None:
    assert glossary_of(tmp_path / "locale/fr/LC_MESSAGES/a.po", "fr") == ()
