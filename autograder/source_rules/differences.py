"""Find finite differences: a function called `backward` that calls a forward pass again and again."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from autograder.core.message import Message
from autograder.source_rules.scopes import COMPREHENSIONS, FUNCTIONS

_AGAIN = (ast.For, ast.AsyncFor, ast.While, *COMPREHENSIONS, *FUNCTIONS)  # a function inside may be called in a loop


def finite_differences(nodes: Iterable[ast.AST]) -> Iterator[tuple[Message, int]]:
    """Yield each call of a forward pass in a loop, or in an inner function, of a backward pass: what, and its line."""
    for outer in nodes:
        if not isinstance(outer, (ast.FunctionDef, ast.AsyncFunctionDef)) or "backward" not in outer.name:
            continue
        inner = [node for node in ast.walk(outer) if isinstance(node, _AGAIN) and node is not outer]
        for call in (call for node in inner for call in ast.walk(node) if isinstance(call, ast.Call)):
            if "forward" in (name := _name_of(call.func)):
                yield Message("{forward} in a loop of {backward}", forward=name, backward=outer.name), call.lineno


def _name_of(function: ast.expr) -> str:
    """Return the last name of what is called: "forward" for Conv.forward."""
    return (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )
