"""Descriptions of any value are short and run none of its code."""

from __future__ import annotations

from collections import namedtuple
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from autograder.checks.describe import describe, describe_call
from autograder.core.language import translator
from autograder.core.message import Message, glued, name_list

T = torch.zeros(2, 3, dtype=torch.float64)


def test_values_are_described_in_short_words():
    values = [T, torch.tensor(1.0), torch.zeros(4).long(), torch.zeros(3).bool(), np.zeros((2, 1), np.float32), (T,
    None),
              {"stride": 2, "pad": 1.5}, "x" * 100, (1,), torch.float16, slice(1, 3), ..., np.float32(0.5), len, int,
              10**999,
              [[[[1]]]], torch.device("cpu"), frozenset({1}), lambda: 0]  # fmt: skip
    assert [describe(value) for value in values] == [
        "f64[2,3]", "f32[]", "i64[4]", "bool[3]", "array f32[2,1]", "(f64[2,3], None)",
        "{'stride': 2, 'pad': 1.5}", repr("x" * 60) + "…", "(1,)", "torch.float16", "slice(1, 3, None)", "Ellipsis",
        "f32 0.5",
        "the function len", "the class int", "an int of 3319 bits", "[[[[…]]]]", "cpu", "{1}", "the function <lambda>",
    ]  # fmt: skip
    assert describe([0] * 1000) == "[0, 0, 0, 0, 0, 0, … 1000 items]"
    assert describe_call("Conv.forward", [T, {"pad": 1}], {"mode": "train"}) == (
        "Conv.forward(f64[2,3], {'pad': 1}, mode='train')"
    )


def test_a_set_is_described_in_one_order_in_every_process():
    assert describe({"you", "blue", "rose", "so", "are"}) == "{'are', 'blue', 'rose', 'so', 'you'}"
    assert describe({"b", 10, 2.5, "a", (2, 1), (1, 2)}) == "{2.5, 10, 'a', 'b', (1, 2), (2, 1)}"
    assert describe({f"w{number:03}" for number in range(100)}).startswith("{'w000', 'w001', 'w002', ")


def test_numbers_of_numpy_have_six_digits_as_those_of_python():
    values = [np.float64(1 / 3), np.complex128(1 / 3), np.float64("inf"), np.int64(1234567), np.bool_(True)]
    assert [describe(value) for value in values] == [
        "f64 0.333333", "c128 0.333333+0j", "f64 inf", "i64 1234567", "bool True",
    ]  # fmt: skip


def test_a_class_may_describe_its_objects():
    class Opaque:
        def __gradlab_describe__(self) -> str:
            return "a Conv object"

        def __repr__(self) -> str:
            raise RuntimeError

    class Hostile:
        def __gradlab_describe__(self) -> str:
            raise RuntimeError

    assert describe(Opaque()) == "a Conv object"
    assert describe([Hostile()]) == "an object of type list"
    assert describe(object()) == "an object of type object"


def test_records_are_described_by_their_fields_without_code_of_their_class():
    class Pair(namedtuple("Pair", "left right")):
        def __iter__(self):
            raise RuntimeError

    @dataclass
    class Point:
        x: Any
        y: Any = 2

        def __getattribute__(self, name: str) -> Any:
            raise RuntimeError(name)

    assert describe(Pair(1, T)) == "Pair(left=1, right=f64[2,3])"
    assert describe([Point("a")]) == "[Point(x='a', y=2)]"
    assert describe(Point([[[1]]])) == "Point(x=[[[…]]], y=2)"
    assert describe([[[Point(1)]]]) == "[[[Point(…)]]]"
    assert describe(object.__new__(Point)) == "an object of type Point"
    wide = namedtuple("Wide", [f"f{number}" for number in range(9)])
    assert describe(wide(*range(9))) == "Wide(f0=0, f1=1, f2=2, f3=3, f4=4, f5=5, … 9 items)"


def test_what_describes_an_object_inside_a_call_can_be_translated():
    call = describe_call("f", [T, {"a": [object()]}], {"g": len})
    assert call == "f(f64[2,3], {'a': [an object of type object]}, g=the function len)"
    assert translator("zh_CN")(call) == "f(f64[2,3], {'a': [类型为 object 的值]}, g=函数 len)"


def test_every_word_of_a_description_can_be_translated():
    chinese = translator("zh_CN")
    assert chinese(describe([0] * 1000)) == "[0, 0, 0, 0, 0, 0, … 共 1000 项]"
    assert chinese(describe({"a": np.zeros(3)})) == "{'a': 数组 f64[3]}"
    assert chinese(describe(T.to_sparse())) == "稀疏 f64[2,3]"
    assert chinese(describe(1 << 200)) == "201 位的 int"
    assert chinese(name_list(["missing", "'b'"])) == "missing、'b'"  # names are not translated
    assert chinese(glued("next(", Message("an item of {label}", label="f(…)"), ")")) == "next(f(…) 的一项)"
