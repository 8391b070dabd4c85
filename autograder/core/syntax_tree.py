"""Walks through syntax trees, which are most of the work of reading a hand-in; faster than those of `ast`.

None is recursive: a student chooses how deep a tree is.
"""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Iterator
from typing import Any

_BLOCKS = ("body", "handlers", "orelse", "finalbody", "cases")
_IN_PARTS = (ast.AST, list)  # what `dump` writes part by part
_WITHOUT_NODES = frozenset(  # fields with names, numbers, and nodes that have no fields
    {"arg", "asname", "attr", "conversion", "ctx", "id", "is_async", "level", "module", "op", "ops", "simple"}
    | {"type_comment"}
)
_FIELDS: dict[type[ast.AST], list[str]] = {}  # of each kind of node: those that may contain nodes with fields


def child_nodes(node: ast.AST) -> list[ast.AST]:
    """Return what `ast.iter_child_nodes` yields, except nodes without fields, such as `Load()` and `Pass()`."""
    kind = type(node)
    if kind not in _FIELDS:
        _FIELDS[kind] = [name for name in kind._fields if name not in _WITHOUT_NODES and kind is not ast.Constant]
    found: list[ast.AST] = []
    for name in _FIELDS[kind]:
        value = getattr(node, name, None)
        if isinstance(value, list):
            found += [item for item in value if isinstance(item, ast.AST) and item._fields]
        elif isinstance(value, ast.AST) and value._fields:
            found.append(value)
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
        kind = type(item)
        if kind is str:
            parts.append(item)
        elif kind is list:
            parts.append("[")
            waiting.append("]")
            waiting += [_content(value) for value in reversed(item)]
        elif not item._fields:
            parts.append(f"{kind.__name__}()")
        else:
            parts.append(f"{kind.__name__}(")
            waiting.append(")")
            for name in reversed(item._fields):
                value = getattr(item, name, None)
                waiting.append(value if isinstance(value, _IN_PARTS) else _content(value))
    return "".join(parts)


def _content(value: Any) -> Any:
    """Return a node or a list as it is, and anything else as text. A number may have too many digits for `repr`."""
    if isinstance(value, _IN_PARTS):
        return value
    return f"{value:#x}," if type(value) is int else f"{value!r},"
