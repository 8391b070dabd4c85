"""The fast walks through syntax trees find what those of Python find."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from autograder.core.syntax_tree import child_nodes, dump, statements_in

SOURCE = """
@decorate(1)
class Net(Base, metaclass=Meta):
    x: int = 1
    def forward(self, x=None, *, y=0, **rest):
        try:
            self.x, (a := x), {**rest, None: lambda z: z}
        except* ValueError as error:
            raise
        else:
            self.y = a
        finally:
            match x:
                case [1, *others] if others:
                    self.z = 1
                case _:
                    pass
        for i in range(3):
            continue
        else:
            async def inner():
                async with a as b:
                    global c
                    c = [d for d in b if d]
"""
SOURCES = [SOURCE, *(path.read_text() for path in sorted(Path(__file__).parent.glob("*.py")))]


@pytest.mark.parametrize("source", SOURCES)
def test_child_nodes_are_those_of_python_that_have_fields(source: str) -> None:
    for node in ast.walk(ast.parse(source)):
        assert child_nodes(node) == [child for child in ast.iter_child_nodes(node) if child._fields]


@pytest.mark.parametrize("source", SOURCES)
def test_the_statements_are_in_the_order_of_pythons_walk(source: str) -> None:
    for root in ast.parse(source).body:
        walked = [node for node in ast.walk(root) if isinstance(node, ast.stmt)]
        assert [node for node in statements_in(root) if isinstance(node, ast.stmt)] == walked


ALIKE = [
    "x = 1",
    "x = True",
    "x = '1'",
    "x = '1,'",
    "x = [1]",
    "x = (1,)",
    "x = 1.0",
    "x: int = 1",
    "x = b'1'",
    "x += 1",
]


def test_trees_have_the_same_text_if_they_are_the_same() -> None:
    texts = [dump(ast.parse(source)) for source in ALIKE]
    assert len(set(texts)) == len(ALIKE)
    assert [dump(ast.parse(f"{source}  # again")) for source in ALIKE] == texts
    assert dump(ast.parse("def f(): pass").body[0]).startswith("FunctionDef(")


@pytest.mark.parametrize("value", ["+".join(["x"] * 900), "x" + ".a" * 900, "0x" + "f" * 6_000])
def test_a_tree_of_any_depth_and_with_any_number_has_a_text(value: str) -> None:
    assert dump(ast.parse(value)) == dump(ast.parse(f"({value})")) != dump(ast.parse(f"-({value})"))
