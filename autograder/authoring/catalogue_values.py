"""Plain text in the placeholders of a message: it stays English in every language, so it should be a Message.

A single word may be a name, of an argument or a file; only texts with a space between words are found.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from autograder.authoring.catalogue_checks import templates_of

CODE = ("command",)  # placeholders whose values are code

_WORDS = re.compile(r"(?:^|\s)[a-z]{2,}(?:[.,;:]?\s|$)")
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Module)

Known = Mapping[str, Sequence[ast.expr]]  # what a name may stand for


def plain_values(path: Path) -> list[tuple[int, str]]:
    """Return the line of each message that gets plain text as a value, and the placeholder with the text."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = _gathered(_bound(tree.body))
    found = set()
    for scope in ast.walk(tree):
        if isinstance(scope, _FUNCTIONS):
            inside = [node for statement in scope.body for node in ast.walk(statement)]
            known = constants if isinstance(scope, ast.Module) else {**constants, **_gathered(_bound(inside))}
            found |= {value for node in inside for value in _plain(node, known)}
    return sorted(found)


def _plain(node: ast.AST, known: Known) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.Call) and templates_of(node):
        for keyword in node.keywords:
            for text in _texts(keyword.value, known):
                if keyword.arg not in CODE and " " in text and _WORDS.search(text):
                    yield node.lineno, f"{keyword.arg}={text!r}"


def _texts(node: ast.expr, known: Known) -> Iterator[str]:
    """Yield the texts that an expression may have, with 0 in the place of each value of an f-string."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "0" for part in parts)
        case ast.IfExp(body=first, orelse=second) | ast.BinOp(left=first, right=second):
            yield from _texts(first, known)
            yield from _texts(second, known)
        case ast.BoolOp(values=choices):
            for choice in choices:
                yield from _texts(choice, known)
        case ast.Subscript(value=table):
            for value in _parts(table, known, 1):
                yield from _texts(value, {})
        case ast.Name(id=name):
            for value in known.get(name, ()):
                yield from _texts(value, {})


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
