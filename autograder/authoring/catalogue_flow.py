"""What a name in a Python file may stand for: the texts that assignments, loops and comprehensions give it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence

Known = Mapping[str, Sequence[ast.expr]]  # what a name may stand for
Literal = ast.Constant | ast.JoinedStr

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Module)


def scopes(tree: ast.Module) -> Iterator[tuple[list[ast.AST], Known]]:
    """Yield the nodes inside of each function and of the module, with what the names there may stand for."""
    constants = _gathered(_bound(tree.body))
    for scope in ast.walk(tree):
        if isinstance(scope, _FUNCTIONS):
            inside = [node for statement in scope.body for node in ast.walk(statement)]
            yield inside, constants if isinstance(scope, ast.Module) else {**constants, **_gathered(_bound(inside))}


def texts_behind(node: ast.expr, known: Known) -> Iterator[Literal]:
    """Yield the texts that an expression may have."""
    match node:
        case ast.Constant(value=str()) | ast.JoinedStr():
            yield node
        case ast.IfExp(body=first, orelse=second) | ast.BinOp(left=first, right=second):
            yield from texts_behind(first, known)
            yield from texts_behind(second, known)
        case ast.BoolOp(values=choices):
            for choice in choices:
                yield from texts_behind(choice, known)
        case ast.Subscript(value=table):
            for value in _parts(table, known, 1):
                yield from texts_behind(value, {})
        case ast.Name(id=name):
            for value in known.get(name, ()):
                yield from texts_behind(value, {})


def _bound(nodes: Sequence[ast.AST]) -> Iterator[tuple[str, list[ast.expr]]]:
    """Yield names and what assignments, loops and comprehensions give them."""
    tables = _gathered(
        (node.targets[0].id, [node.value])
        for node in nodes
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    )
    yield from tables.items()
    for node in nodes:
        if isinstance(node, ast.For | ast.comprehension) and isinstance(node.target, ast.Tuple):
            for place, target in enumerate(node.target.elts):
                if isinstance(target, ast.Name):
                    yield target.id, list(_parts(node.iter, tables, place))


def _parts(node: ast.expr, known: Known, place: int) -> Iterator[ast.expr]:
    """Yield the keys (place 0) or values (1) of a table, or the elements at a place of a list of tuples."""
    match node:
        case ast.Call(func=ast.Attribute(value=table, attr="items")):
            yield from _parts(table, known, place)
        case ast.Name(id=name):
            for value in known.get(name, ()):
                yield from _parts(value, {}, place)
        case ast.Dict(keys=keys, values=values):
            yield from (key for key in (keys if place == 0 else values) if key)
        case ast.Tuple(elts=rows) | ast.List(elts=rows):
            yield from (row.elts[place] for row in rows if isinstance(row, ast.Tuple) and place < len(row.elts))


def _gathered(pairs: Iterable[tuple[str, list[ast.expr]]]) -> dict[str, list[ast.expr]]:
    gathered: dict[str, list[ast.expr]] = {}
    for name, values in pairs:
        gathered[name] = [*gathered.get(name, []), *values]
    return gathered
