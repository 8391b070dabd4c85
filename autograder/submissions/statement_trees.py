"""The statements of a module as text, to compare a notebook with its script and with what was handed out."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import lru_cache

from autograder.core.docstrings import drop_docstrings
from autograder.core.syntax_tree import dump, statements_in
from autograder.submissions.notebook import module_statements

DEFINITION_TREES = ("FunctionDef(", "AsyncFunctionDef(", "ClassDef(")  # how dump begins
HANDOUTS = 8  # scripts that are read once for many hand-ins


def trees_of(text: str, wanted: Sequence[str]) -> dict[str, int]:
    """Return the statements that count, except imports, without docstrings, each with its line."""
    trees = {}
    for node in module_statements(text, wanted):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            drop_docstrings(statements_in(node))
            trees[dump(node)] = node.lineno
    return trees


@lru_cache(HANDOUTS)
def trees_of_handout(text: str, wanted: tuple[str, ...]) -> frozenset[str]:
    """Return the same of what was handed out, without lines."""
    return frozenset(trees_of(text, wanted))
