"""Every form of loop over data is found; loops over a shape are not loops over data."""

from __future__ import annotations

from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.source_rules.forbid import forbidden_calls, loops


def _loops(body: str, head: str = "") -> list[str]:
    lines = "".join(f"    {line}\n" for line in dedent(body).strip().splitlines())
    return [violation.what for violation in loops(f"{head}\ndef f(x, y):\n{lines}", "f")]


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("for i in range(len(x)):\n    pass", "a for loop"),
        ("for i in range(x.shape[0]):\n    pass", "a for loop"),
        ("for row in x:\n    pass", "a for loop"),
        ("for i in range(10):\n    pass", "a for loop"),
        ("for i, row in enumerate(x):\n    pass", "a for loop"),
        ("for a, b in zip(x, y):\n    pass", "a for loop"),
        ("for a in (*x, 1):\n    pass", "a for loop"),
        ("n, *rest = x.shape\nfor i in range(n):\n    pass", "a for loop"),
        ("items = [1]\nitems.extend(x)\nfor a in items:\n    pass", "a for loop"),
        ("x = x.shape\nx = y\nfor a in x:\n    pass", "a for loop"),
        ("while y:\n    y -= 1", "a while loop"),
        ("return [row for row in x]", "a comprehension"),
        ("return {row for row in x}", "a comprehension"),
        ("return {i: row for i, row in enumerate(x)}", "a comprehension"),
        ("return [a for s in x.shape for a in y]", "a comprehension"),
        ("return sum(row for row in x)", "a generator expression"),
        ("return list(map(abs, x))", "map"),
        ("return list(filter(None, x))", "filter"),
        ("from functools import reduce\nreturn reduce(max, x)", "reduce"),
        ("import numpy as np\nreturn np.vectorize(abs)(x)", "vectorize"),
        ("import numpy as np\nreturn np.apply_along_axis(sum, 0, x)", "apply_along_axis"),
        ("return x.apply_(abs)", "apply_"),
        ("m = map\nreturn m(abs, x)", "map"),
        ("return f(x[1:], y)", "recursion"),
        ("def g(a):\n    return g(a[1:])\nreturn g(x)", "recursion"),
    ],
)
def test_every_form_of_loop_is_found(body, what):
    assert _loops(body) == [what]


@pytest.mark.parametrize(
    "body",
    [
        "# for i in range(3):\nreturn 'while True'",
        "for size in x.shape:\n    pass",
        "for size in x.shape[1:]:\n    pass",
        "for size in x.size():\n    pass",
        "for d in range(x.dim()):\n    pass",
        "for d in range(1, x.ndim - 1):\n    pass",
        "for d in reversed(range(x.ndim)):\n    pass",
        "for d in range(len(x.shape) - 1, -1, -1):\n    pass",
        "for i, size in enumerate(x.shape):\n    pass",
        "for a, b in zip(x.shape, y):\n    pass",
        "for t in (x, y):\n    pass",
        "for t in [x, y]:\n    pass",
        "for axis in (*x.shape, 1):\n    pass",
        "for c in 'xy':\n    pass",
        "shape = x.shape\nreturn [s + 1 for s in shape]",
        "axes = (0, 1)\nreturn sum(x.sum(a) for a in axes)",
        "return tuple(map(int, x.shape))",
        "return f",
        "def g(a):\n    return a\nreturn g(x)",
        "return x.map(y)",
    ],
)
def test_loops_over_shapes_are_not_loops_over_data(body):
    assert _loops(body) == []


def test_loops_and_recursion_count_in_helpers_but_not_in_unused_functions():
    head = "def walk(x):\n    for row in x:\n        pass\ndef a(x):\n    return b(x)\ndef b(x):\n    return a(x)"
    assert _loops("return x", head) == []
    assert _loops("return walk(x)", head) == ["a for loop"]
    assert _loops("return a(x)", head) == ["recursion", "recursion"]
    assert _loops("return g(x)", "def g(x):\n    return f(x, 1)") == ["recursion", "recursion"]


def test_recursion_of_methods_is_found_but_calls_between_classes_are_not():
    head = """
class A:
    def down(self, x):
        return self.down(x[1:])
    def use(self, x):
        return self.helper(x)
    def helper(self, x):
        return A()
    def __init__(self):
        self.inner = B()
    def forward(self, x):
        return self.inner.forward(x)
class B:
    def forward(self, x):
        return x
class C:
    def forward(self, x):
        return self(x)
"""
    assert [violation.what for violation in loops(head, "A.down")] == ["recursion"]
    assert [violation.what for violation in loops(head, "C.forward")] == ["recursion"]
    assert loops(head, "A.use") == loops(head, "A.forward") == []


WORDS = st.sampled_from([
    "import torch\n", "from torch import *\n", "def f(x, y=torch.norm):\n", "class f:\n", " ", "    ", "\n",
    "for x in y:\n", "f", "x", ".",
    "norm", "(", ")", "[", "]", "=", "lambda:", "self", "super()", "getattr(", "'norm'", ",", "*", "if x:\n",
    "else:\n", "try:\n", "except:\n",
    "with x as y:\n", "global x\n", "return ", "yield ", "await ", "async ", "@x\n", ":=", "match x:\n", "case x:\n",
    "del x\n", "pass\n",
    "import x.y as f\n", "from . import *\n", "from .. import x\n", "{", "}", ":", "#", "\\", "'", "x: int\n",
    "x += 1\n", "type x = int\n",
])  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(WORDS, max_size=25).map("".join), st.sampled_from(["f", "f.x", "x", "f.__init__"]))
def test_the_rules_work_on_any_source_text(source, function):
    loops(source, function)
    forbidden_calls(source, function, ["torch.norm", "nn.*"])
