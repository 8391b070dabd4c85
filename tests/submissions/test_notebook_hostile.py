"""A hostile notebook or cell is refused or ignored quickly, and affects nothing else."""

from __future__ import annotations

import ast
import json
import time
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.submissions.notebook import to_module
from autograder.submissions.source import MAX_CODE, BadSubmission
from tests.support.notebooks import cell, convert, notebook, run

pytestmark = pytest.mark.slow

HOSTILE = {
    "empty": b"",
    "not json": b"\x80\x81",
    "a number": b"3",
    "no cells": b'{"metadata": {}}',
    "cells are a table": b'{"cells": {}}',
    "deep": b'{"cells":' + b"[" * 100_000,
    "deep and closed": b'{"cells":' + b"[" * 2_000 + b"]" * 2_000 + b"}",
    "old": b'{"worksheets": 3}',
    "many cells": json.dumps({"cells": [0] * 2_001}).encode(),
    "long number": b'{"cells": ' + b"9" * 5_000 + b"}",
    "utf-16": '{"cells": {}}'.encode("utf-16"),
    "large": b" " * 8_000_001,
    "quotes": b'"\\' * 3_000_000,
    "brackets": b"[]" * 4_000_000,
    "lists": b'{"cells": [' + b"[]," * 2_600_000 + b"[]]}",
}


@pytest.mark.parametrize("story", HOSTILE)
def test_a_file_that_is_not_a_notebook_is_refused_quickly_with_a_sentence(story: str) -> None:
    start = time.process_time()
    with pytest.raises(BadSubmission, match=r"^knn\.ipynb .*\.$") as caught:
        to_module(HOSTILE[story], "knn.ipynb", ("f",))
    assert time.process_time() - start < 1.5
    assert str(caught.value).count("(") <= 1
    assert len(str(caught.value)) < 250


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
    module = convert("%magic(\ndef g(:\n" + CODE[story], "def f(): return 1")
    assert run(module)["f"]() == 1
    assert module.problems[0] == (
        "knn.ipynb, cell 1 from the top, line 2: Python cannot read this: invalid syntax. "
        "These could not be read with it: g."
    )
    assert all(len(sentence) < 250 and sentence.isprintable() for sentence in module.problems)


def test_cells_with_too_much_code_are_set_aside_and_the_others_are_read() -> None:
    module = convert("x = 1\n" * (MAX_CODE // 6), "y = 2\ndef f(): return y", "z = 3\n" * (MAX_CODE // 12))
    assert "def f(): return y" in module.text
    assert len(module.problems) == 2
    assert "cell 1 from the top, line 1: the notebook has more than 500,000 characters of code" in module.problems[0]
    assert (
        "cell 3 from the top, line 1: the code has more than 20,000 statements outside of functions"
        in module.problems[1]
    )


def test_a_cell_that_is_too_long_without_its_magics_is_set_aside() -> None:
    start = time.process_time()
    module = convert("if x:\n %a\n" * 49_000 + "def g(): pass\nx y", "def f(): return 1")
    assert time.process_time() - start < 5
    assert "def f(): return 1" in module.text
    assert module.problems == (
        "knn.ipynb, cell 1 from the top, line 1: Python cannot read this: it has 588,014 characters; "
        "the limit is 500,000. "
        "These could not be read with it: g.",
    )


def test_a_cell_of_many_magics_is_read_in_bounded_time() -> None:
    start = time.process_time()
    module = convert("%a\nx=1\n" * 30_000 + "x y", "def f(): return 1")
    assert time.process_time() - start < 5
    assert "def f(): return 1" in module.text


def test_a_notebook_with_50_mb_of_outputs_is_read_in_a_second_without_copying_them() -> None:
    picture = {"output_type": "display_data", "data": {"image/png": "iVBO" * 250_000}, "metadata": {}}
    big = {**cell("def f(): return 1", task="f", tags=["a"]), "outputs": [picture] * 50}
    data = notebook("x = '\u2028'", big, cell("text", "markdown", nbgrader={"cell_type": "code"}))
    assert len(data) > 50_000_000
    tracemalloc.start()
    start = time.process_time()
    module = to_module(data, "knn.ipynb", ("f",))
    seconds, (_, peak) = time.process_time() - start, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert run(module)["f"]() == 1
    assert "cell 3 from the top was changed into a text cell" in module.notes[0]
    assert seconds < 1
    assert peak < 100_000_000


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


def test_thousands_of_statements_are_set_aside_and_the_other_cells_are_read() -> None:
    module = convert("a=1;" * 30_000 + "\ndef g(): return 1", "def f(): return 2")
    assert run(module)["f"]() == 2
    (problem,) = module.aside
    assert (problem.names, problem.reason) == (
        ("a", "g"),
        "the code has more than 20,000 statements outside of functions",
    )
