"""Statements that two versions of a file share are compiled once, and no others."""

from __future__ import annotations

import ast
from types import CodeType

import pytest

from autograder.sandbox.inside.compiled import compiled
from tests.support.local import local_student

SOURCE = "X = 1\n\n\n@staticmethod\ndef f():\n    return 'a'\n\n\ndef g():\n    return 'b'\n"


def codes(source: str, *, filename: str = "work.py", flags: int = 0) -> list[CodeType]:
    return [compiled(node, source.split("\n"), filename, flags) for node in ast.parse(source).body]


def test_a_function_that_stays_at_its_lines_is_compiled_once() -> None:
    (_, f, g), (_, other, same) = codes(SOURCE), codes(SOURCE.replace("'a'", "'c'"))
    assert g is same
    assert f is not other


@pytest.mark.parametrize("change", ["decorator", "line", "file", "flags"])
def test_what_differs_is_compiled_again(change: str) -> None:
    first = codes(SOURCE)[1]
    edited = {
        "decorator": SOURCE.replace("@staticmethod", "@classmethod"),
        "line": "\n" + SOURCE,
    }.get(change, SOURCE)
    rest = {"file": {"filename": "other.py"}, "flags": {"flags": 0x100000}}.get(change, {})
    assert codes(edited, **rest)[1] is not first  # type: ignore[arg-type]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_counted_as_python_counts_them(end: str) -> None:
    for value in (1, 2):
        source = f"'''{end}{end}'''{end}def f():{end}    return {value}{end}def g():{end}    return f(){end}"
        with local_student(source) as student:
            assert student.g() == value
