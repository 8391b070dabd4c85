"""Write what notebooks do in unusual ways as plain statements: the main guard, and `globals()["f"] = g`."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from autograder.submissions.names import DEFINITIONS, TABLES, bound_names

_GUARD = {ast.dump(ast.parse(text, mode="eval").body) for text in ("__name__", "'__main__'")}


def top_level(lines: list[str], body: Sequence[ast.stmt], *, guarded: bool) -> list[ast.stmt]:
    """Return the statements of a cell, among them those below `if __name__ == "__main__":`, whose test is replaced.

    They run in a notebook. In a script (not ``guarded``) only definitions of names that the script does not bind
    elsewhere count.
    """
    outside = set().union(*(bound_names(node) for node in body if not _is_main_guard(node)))
    found: list[ast.stmt] = []
    for node in body:
        inner = node.body if isinstance(node, ast.If) and _is_main_guard(node) else []
        if not guarded and not any(isinstance(s, DEFINITIONS) and s.name not in outside for s in inner):
            inner = []
        if isinstance(node, ast.If) and inner and (node.test.end_lineno == node.test.lineno):
            line = lines[node.test.lineno - 1].encode()
            start, end = node.test.col_offset, node.test.end_col_offset or 0
            lines[node.test.lineno - 1] = (line[:start] + b"True".ljust(end - start) + line[end:]).decode()
            found += inner if guarded else [_without_effect(s) if bound_names(s) & outside else s for s in inner]
        else:
            found.append(node)
    for node in found:
        _name_targets(lines, node)
    return found


def _name_targets(lines: list[str], node: ast.stmt) -> None:
    """Write the target `globals()["f"]` as `f`, so that a reader of the source sees what is defined."""
    for index, target in enumerate(node.targets if isinstance(node, ast.Assign) else ()):
        if not (isinstance(target, ast.Subscript) and isinstance(target.value, ast.Call)):
            continue
        table, key = target.value.func, target.slice
        name = key.value if isinstance(key, ast.Constant) else None
        known = isinstance(table, ast.Name) and table.id in TABLES and isinstance(name, str) and name.isidentifier()
        if known and target.lineno == target.end_lineno and isinstance(node, ast.Assign) and isinstance(name, str):
            line, end = lines[target.lineno - 1].encode(), target.end_col_offset or 0
            padded = name.encode().ljust(end - target.col_offset)
            lines[target.lineno - 1] = (line[: target.col_offset] + padded + line[end:]).decode()
            node.targets[index] = ast.copy_location(ast.Name(name, ast.Store()), target)


def _is_main_guard(node: ast.stmt) -> bool:
    """Return whether a statement is `if __name__ == "__main__":` without `else`."""
    if not isinstance(node, ast.If) or node.orelse or not isinstance(node.test, ast.Compare):
        return False
    sides = [node.test.left, *node.test.comparators]
    return len(sides) == 2 and isinstance(node.test.ops[0], ast.Eq) and {ast.dump(side) for side in sides} == _GUARD


def _without_effect(node: ast.stmt) -> ast.stmt:
    """Return a statement at the same place that no task needs, so that `pass` replaces it."""
    decorators = getattr(node, "decorator_list", ())
    at = ast.copy_location(ast.Pass(), node)
    at.lineno = decorators[0].lineno if decorators else at.lineno
    return at
