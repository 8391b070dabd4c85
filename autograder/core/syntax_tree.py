"""Walks through syntax trees, which are most of the work of reading a hand-in; faster than those of `ast`.

None is recursive: a student chooses how deep a tree is.
"""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Iterator
from typing import Any

_BLOCKS = ("body", "handlers", "orelse", "finalbody", "cases")


def child_nodes(node: ast.AST) -> list[ast.AST]:
    """Return what `ast.iter_child_nodes` yields, except nodes without fields, such as `Load()` and `Pass()`."""
    found: list[ast.AST] = []
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, ast.AST):
            if value._fields:
                found.append(value)
        elif isinstance(value, list):
            found += [item for item in value if isinstance(item, ast.AST) and item._fields]
    return found


def statements_in(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a statement and those inside of it, in the order of `ast.walk`, without their expressions."""
    waiting = deque([node])
    while waiting:
        node = waiting.popleft()
        yield node
        for block in _BLOCKS:
            waiting.extend(getattr(node, block, ()))


def dump(node: ast.AST) -> str:
    """Return a tree as text, which is equal for equal trees, as `ast.dump` does; whatever its depth and its numbers.

    The text begins with the name of the node's class and a bracket.
    """
    parts: list[str] = []
    waiting: list[Any] = [node]  # nodes and lists, and parts of the text
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            parts.append(item)
        elif isinstance(item, list):
            parts.append("[")
            waiting.append("]")
            waiting += [_content(value) for value in reversed(item)]
        else:
            parts.append(f"{type(item).__name__}(")
            waiting.append(")")
            waiting += [_content(getattr(item, name, None)) for name in reversed(item._fields)]
    return "".join(parts)


def _content(value: Any) -> Any:
    """Return a node or a list as it is, and anything else as text. A number may have too many digits for `repr`."""
    if isinstance(value, ast.AST | list):
        return value
    return f"{value:#x}," if type(value) is int else f"{value!r},"
