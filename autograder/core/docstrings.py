"""Docstrings of parsed code: they do not count where code is compared."""

from __future__ import annotations

import ast
from collections.abc import Iterable

DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def drop_docstrings(nodes: Iterable[ast.AST]) -> None:
    """Remove the docstring of each of these modules, classes and functions. What becomes empty gets a ``pass``."""
    for node in nodes:
        if isinstance(node, DOCUMENTED):
            first = node.body[0] if node.body else None
            text = first.value if isinstance(first, ast.Expr) else None
            if isinstance(first, ast.Expr) and isinstance(text, ast.Constant) and isinstance(text.value, str):
                empty: list[ast.stmt] = [] if isinstance(node, ast.Module) else [ast.copy_location(ast.Pass(), first)]
                node.body = node.body[1:] or empty
