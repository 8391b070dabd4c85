"""Of damaged code only the damaged block is left out, and what is said of it is true."""

from __future__ import annotations

import ast
import time
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.submissions.recover import names_in, recover

pytestmark = pytest.mark.slow

BLOCKS = {
    "a": "a = 1",
    "b": "b = [\n    1,\n    2,\n]",
    "c": 'c = """one\n\ntwo = 2\n"""',
    "f": 'def f(x):\n    """F."""\n    if x:\n        return 1\n    else:\n        return 2',
    "G": "class G:\n    z = 1\n\n    def first(self):\n        return 1\n\n    def second(self):\n        return 2",
    "h": "@property\n@staticmethod\ndef h():\n    # nothing\n\n    return 3",
    "i": "for i in range(3):\n    pass\nelse:\n    j = 2",
    "k": "try:\n    k = 1\nexcept ValueError:\n    k = 2\nfinally:\n    pass",
}

DAMAGED = [
    "x = (1, [2",
    "x = 'abc",
    "def d(:\n    pass",
    "def d():\n    return (1\n",
    "def d():\n  a = 1\n   b = 2",
    "class D\n    def m(self):\n        pass",
    "for q in\n    print(q)",
    "x y",
    ")",
    "else:\n    pass",
    "d = = 3",
    "<<<<<<< HEAD",
    "    return 3",
    "import",
]


def recovered(text: str) -> tuple[str, list[tuple[int, tuple[str, ...]]]]:
    lines, aside = recover(text.split("\n"))
    assert len(lines) == len(text.split("\n"))
    return "\n".join(lines), [(problem.line, problem.names) for problem in aside]


def defined(text: str) -> set[str]:
    names: set[str] = set()
    for node in ast.parse(text).body:
        names |= {node.name} if isinstance(node, ast.FunctionDef | ast.ClassDef) else set()
        names |= {name.id for name in ast.walk(node) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)}
    return names


@pytest.mark.parametrize("damaged", DAMAGED)
@pytest.mark.parametrize("before", ["a", "f", "G", "h", "k"])
@pytest.mark.parametrize("after", ["b", "f", "G", "h", "i"])
def test_a_damaged_block_costs_neither_the_one_before_nor_the_one_after(before: str, damaged: str, after: str) -> None:
    if damaged in ("    return 3", "else:\n    pass") and before != "a":
        return  # that may be a part of the block before
    text = f"{BLOCKS[before]}\n\n{damaged}\n\n{BLOCKS[after]}\n"
    kept, aside = recovered(text)
    assert {before, after} <= defined(kept)
    assert len(aside) >= 1
    for name in (before, after):
        block = BLOCKS[name].split("\n")
        assert "\n".join(block) in kept


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([*BLOCKS.values(), *DAMAGED]), max_size=8), st.data())
def test_what_is_left_can_be_read_and_no_line_is_new(blocks: list[str], data: st.DataObject) -> None:
    text = "\n\n".join(blocks)
    if text:
        at = data.draw(st.integers(0, len(text) - 1))
        text = text[:at] + data.draw(st.sampled_from(["(", '"', "\n  ", ":", ""])) + text[at + 1 :]
    kept, _ = recovered(text)
    ast.parse(kept)
    old = text.split("\n")
    assert all(
        new in (before, "", new[: len(new) - 4] + "pass") for before, new in zip(old, kept.split("\n"), strict=True)
    )


@given(st.lists(st.sampled_from([*BLOCKS]), unique=True, max_size=6))
def test_whole_code_stays_as_it_is(names: list[str]) -> None:
    text = "\n".join(BLOCKS[name] for name in names)
    assert recovered(text) == (text, [])


def test_a_damaged_method_costs_the_method() -> None:
    text = dedent('''\
        class Net:
            """A net."""

            width = 3

            def __init__(self):
                self.w = (1

            @staticmethod
            def forward(x):
                return [x

            def loss(self):
                return 1
        ''')
    kept, aside = recovered(text)
    assert aside == [(7, ("Net.__init__",)), (11, ("Net.forward",))]
    assert "def loss" in kept
    assert "width = 3" in kept
    assert "def forward" not in kept


def test_a_stray_line_does_not_cost_the_short_statement_above_it() -> None:
    kept, aside = recovered("import torch\n import numpy\n\nx = 1\n  y = 2\ndef f():\n    return 1\n")
    assert defined(kept) == {"x", "f"}
    assert "import torch\n\n\nx = 1\n\ndef f()" in kept
    assert [line for line, _ in aside] == [2, 5]


def test_a_definition_with_a_stray_line_in_it_is_not_cut_short() -> None:
    kept, aside = recovered("def f(x):\n    y = 1\n\n  z = 2\n    return y + z\n\ndef g():\n    return 1\n")
    assert defined(kept) == {"g"}
    assert aside == [(4, ("f",))]


def test_names_are_seen_without_a_parser() -> None:
    assert names_in(
        ["def f(:", "class G", "x: int = 3", "    def inside(): pass", "y == 3", "async def h():", "f = 2"]
    ) == [
        *("f", "G", "x", "h"),
    ]


@pytest.mark.parametrize("unit", ["x = (\n", 'x = """\n', "def f(:\n", "@\n", "class A:\n    def f(:\n", "  x\n y\n"])
def test_the_time_is_bounded_for_any_code(unit: str) -> None:
    begun = time.process_time()
    recover((unit * (200_000 // len(unit))).split("\n"))
    assert time.process_time() - begun < 10


def test_what_a_damaged_block_assigns_is_named() -> None:
    text = 'with open("a.csv") as file\n    longest = max(file)\n'
    assert recovered(text)[1] == [(1, ("longest",))]
    assert names_in(["def f(:", "    local = 1"]) == ["f"]
