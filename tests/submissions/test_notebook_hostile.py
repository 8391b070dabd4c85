"""A hostile notebook or cell is refused or ignored quickly, and affects nothing else."""

from __future__ import annotations

import ast
import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.submissions.notebook import to_module
from autograder.submissions.source import MAX_CODE, BadSubmission
from tests.support.notebooks import cell, convert, notebook, run

HOSTILE = {
    "empty": b"",
    "not json": b"\x80\x81",
    "a number": b"3",
    "no cells": b'{"metadata": {}}',
    "cells are a table": b'{"cells": {}}',
    "deep": b'{"cells":' + b"[" * 100_000,
    "deep and closed": b'{"cells":' + b"[" * 500 + b"]" * 500 + b"}",
    "old": b'{"worksheets": []}',
    "many cells": json.dumps({"cells": [0] * 2_001}).encode(),
    "long number": b'{"cells": ' + b"9" * 5_000 + b"}",
    "utf-16": '{"cells": []}'.encode("utf-16"),
    "large": b" " * 8_000_001,
    "quotes": b'"\\' * 3_000_000,
    "brackets": b"[]" * 4_000_000,
    "much code": notebook("x = 1\n" * (MAX_CODE // 6), "y = 2"),
}


@pytest.mark.parametrize("story", HOSTILE)
def test_a_file_that_is_not_a_notebook_is_refused_quickly_with_a_sentence(story: str) -> None:
    start = time.perf_counter()
    with pytest.raises(BadSubmission, match=r"^knn\.ipynb .*\.$"):
        to_module(HOSTILE[story], "knn.ipynb", ("f",))
    assert time.perf_counter() - start < 5


CODE = {
    "parentheses": "(" * 10_000,
    "minus": "-" * 50_000 + "1",
    "sum": "1" + "+1" * 50_000,
    "attributes": "a" + ".b" * 50_000,
    "elif": "if a:\n pass\n" + "elif a:\n pass\n" * 5_000,
    "readable elif": "if a:\n x = 1\n" + "elif a:\n y = 1\n" * 300,
    "elif in a function": "def g():\n if a:\n  x = 1\n" + " elif a:\n  y = 1\n" * 700,
    "null byte": "x = '\0'",
    "surrogate": "x = '\ud800'",
    "long number": "x = " + "9" * 5_000,
    "escape": "x = '\\d'",
    "return": "return 1",
    "deep but readable": "x = " + "(" * 150 + "1" + ")" * 150,
}


@pytest.mark.parametrize("story", CODE)
def test_a_hostile_cell_does_not_affect_other_cells(story: str) -> None:
    assert run(convert(CODE[story], "def f(): return 1"))["f"]() == 1
    with pytest.raises(BadSubmission, match=r"^knn\.ipynb, cell 1"):
        convert("%magic(\ndef f(:\n" + CODE[story])


def test_a_cell_of_many_magics_is_read_in_bounded_time() -> None:
    start = time.perf_counter()
    convert("%a\nx=1\n" * 60_000 + "x y")
    assert time.perf_counter() - start < 10


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["metadata", "source", "cell_type", "tags", "nbgrader", "code"]), inner, max_size=4
        )
    ),
    max_leaves=9,
)


@settings(max_examples=150, deadline=None)
@given(cells=st.lists(JSON | st.builds(cell, st.text(max_size=30)), max_size=4), cut=st.integers(0, 200))
def test_any_notebook_gives_a_module_or_a_sentence(cells: list[Any], cut: int) -> None:
    whole = json.dumps({"cells": cells}).encode()
    for data in (whole, whole[:cut]):
        try:
            module = to_module(data, "knn.ipynb", ("f",))
        except BadSubmission:
            continue
        ast.parse(module.text)


LINE = st.sampled_from(
    [
        "import math",
        "x = 1",
        "x = f(x,\n 2)",
        "print('é'); y = 2",
        "def f(a):\n    return x + a",
        "@g\nclass A:\n    z = f(1)",
        "a = 'é'; f(\n); b = 1  # c",
        "%magic it's",
        "if x:\n    y = 1",
        "x += 1; x",
        "from __future__ import annotations",
        "'''text\n%line'''",
        "while x: pass",
        "def f():\n    raise NotImplementedError",
    ]
)


@settings(max_examples=200, deadline=None)
@given(cells=st.lists(st.lists(LINE, max_size=5).map("\n".join), max_size=4))
def test_the_module_always_parses_and_every_line_keeps_its_place(cells: list[str]) -> None:
    module = convert(*cells)
    ast.parse(module.text)
    lines = module.text.split("\n")
    for start, number in module.cells:
        assert len(lines) > start - 1 + cells[number - 1].count("\n")
        for offset, line in enumerate(cells[number - 1].split("\n")):
            assert line not in ("import math", "    return x + a", "    z = f(1)") or lines[start - 1 + offset] in (
                line,
                "",
                "pass",
            )
