"""Every form of loop over data is found; loops over a shape are not loops over data."""

from __future__ import annotations

from textwrap import dedent
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.checks.expect import Mismatch
from autograder.source_rules.analysis import Rules, violations_of
from autograder.source_rules.forbid import forbid, forbidden_calls, loops


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
        ("for i in range(5):\n    pass", "a for loop"),
        ("items = [x, y]\nitems.append(x)\nfor a in items:\n    pass", "a for loop"),
        ("rows = {}\nrows.update(x)\nreturn [a for a in rows.values()]", "a comprehension"),
        ("rows = list(x)\nfor a in rows:\n    pass", "a for loop"),
        ("for a in x.items():\n    pass", "a for loop"),
        ("for a in (1, 2) + x:\n    pass", "a for loop"),
        ("for a in x if y else (1, 2):\n    pass", "a for loop"),
        ("import itertools\nfor a in itertools.product(x, (1, 2)):\n    pass", "a for loop"),
        ("while len(x) < 4:\n    x = x[1:]", "a while loop"),
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
        "for side in range(2):\n    pass",
        "sizes = [x.shape[0], y.shape[0]]\nreturn len({size for size in sizes}) == 1",
        "sizes = {len(x), len(y)}\nassert all(size > 0 for size in sizes)",
        "for name, a in {'x': x, 'y': y}.items():\n    pass",
        "given = dict(x=x)\nnames = ('x', 'y')\nfor i in range(len(names)):\n    pass",
        "for d in x.shape + y.shape:\n    pass",
        "for d in x.stride():\n    pass",
        "for a in (x,) if y is None else (x, y):\n    pass",
        "for name in 'x y'.split():\n    pass",
        "import itertools\nfor a, b in itertools.combinations((x, y), 2):\n    pass",
        "while x.dim() < 4:\n    x = x[None]",
        "for p in y.parameters():\n    pass",
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


VALIDATION = """
def validate(*tensors, names=("x", "y")):
    for tensor, name in zip(tensors, names):
        assert tensor.isfinite().all(), name

def same(sizes, what="rows"):
    if any(size != sizes[0] for size in sizes):
        raise ValueError(what)

class Sizes:
    def __init__(self, sizes):
        self.sizes = sizes
    def check(self, wanted):
        return all(size in wanted for size in wanted)
    @staticmethod
    def first(wanted):
        return [size for size in wanted][0]

def walk(rows, names=()):
    return [row for row in rows]
"""


@pytest.mark.parametrize(
    "body",
    [
        "validate(x, y)",
        "validate(x, y, names=('a', 'b'))",
        "same((len(x), len(y)))",
        "same([len(x), len(y)], 'images')",
        "same(sizes=(1, 2))\nsame((3, 4))",
        "Sizes(3).check((1, 2))",
        "box = Sizes(3)\nbox.check((1, 2))",
        "Sizes.first((1, 2))",
        "walk((x, y))",
    ],
)
def test_a_helper_may_loop_over_arguments_that_every_call_lists(body):
    assert _loops(body, VALIDATION) == []


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("validate(*x)", "a for loop"),
        ("validate(x, y)\nvalidate(*x.unbind())", "a for loop"),
        ("same(x)", "a generator expression"),
        ("same((1, 2))\nsame(x)", "a generator expression"),
        ("same(sizes=y)", "a generator expression"),
        ("Sizes.first(x)", "a comprehension"),
        ("Sizes(3).check(x)", "a generator expression"),
        ("walk((x, y))\ng = walk\ng(x)", "a comprehension"),
        ("walk((x, y))\nreturn y.then(walk)", "a comprehension"),
        ("walk(**y)", "a comprehension"),
    ],
)
def test_a_helper_that_gets_data_in_one_call_loops_over_data(body, what):
    assert what in _loops(body, VALIDATION)


def test_a_function_that_checks_call_gets_data():
    assert _loops("for a in x:\n    pass\nif y: f((1, 2), None)") == ["a for loop", "recursion"]


def test_functions_apart_are_not_followed():
    source = "import torch\ndef a(x):\n    return torch.norm(help(x))\ndef help(x):\n    for y in x: pass\n"
    source += "class C:\n    def forward(self, x):\n        return torch.norm(x)\n"
    source += "def b(x):\n    return a(x) + C().forward(x)\n"
    assert len(violations_of(source, Rules("b", ("torch.norm",), loops=True))) == 3
    assert violations_of(source, Rules("b", ("torch.norm",), loops=True, apart=("a", "C"))) == []
    (left,) = violations_of(source, Rules("b", ("torch.norm",), loops=True, apart=("a",)))
    assert left.where == "C.forward"


def test_the_message_names_what_a_loop_must_not_go_over_and_whose_line_it_is():
    student = SimpleNamespace(source="def f(x):\n    return g(x)\n\ndef g(x):\n    return [row for row in x]\n")
    with pytest.raises(Mismatch) as caught:
        forbid(student, "f", loops="images")
    assert caught.value.message.splitlines()[1] == (
        "line 5: `return [row for row in x]` - a comprehension is not allowed here (in g, which f uses); "
        "work on all images at once, by broadcasting and reductions."
    )


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
