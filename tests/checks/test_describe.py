"""Descriptions of any value are short and run none of its code."""

from __future__ import annotations

import numpy as np
import torch

from autograder.checks.describe import describe, describe_call

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
