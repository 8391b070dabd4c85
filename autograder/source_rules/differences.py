"""Find finite differences: a function called `backward` that calls a forward pass again and again."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from autograder.core.message import Message
from autograder.core.syntax_tree import child_nodes
from autograder.source_rules.scopes import COMPREHENSIONS, FUNCTIONS

_AGAIN = (ast.For, ast.AsyncFor, ast.While, *COMPREHENSIONS, *FUNCTIONS)  # a function inside may be called in a loop


def finite_differences(tree: ast.AST) -> Iterator[tuple[Message, int]]:
    """Yield each call of a forward pass in a loop, or in an inner function, of a backward pass: what, and its line.

    Each node is visited once, however deep loops and functions are in each other.
    """
    waiting: list[tuple[ast.AST, str, bool]] = [
        (tree, "", False)
    ]  # with the backward pass, and whether in a loop of it
    while waiting:
        node, outer, again = waiting.pop()
        if outer and isinstance(node, _AGAIN):
            again = True
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and "backward" in node.name:
            outer = node.name
        if again and isinstance(node, ast.Call) and "forward" in (name := _name_of(node.func)):
            yield Message("{forward} in a loop of {backward}", forward=name, backward=outer), node.lineno
        waiting += [(child, outer, again) for child in reversed(child_nodes(node))]


def _name_of(function: ast.expr) -> str:
    """Return the last name of what is called: "forward" for Conv.forward."""
    return (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )
