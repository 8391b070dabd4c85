"""Operators that plant one small mistake in a reference, for `gradlab verify --generated`.

They look at the syntax tree and change the text, so that lines keep their numbers. Knows nothing about checks.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from autograder.authoring.cells import solution_lines

Splice = tuple[int, int, str]  # from, to, and the new text between

_ARITHMETIC: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "/"),
    ast.Mod: ("%", "*"),
    ast.Pow: ("**", "*"),
}
_COMPARISONS: dict[type[ast.cmpop], tuple[str, tuple[str, ...]]] = {
    ast.Lt: ("<", ("<=", ">")),
    ast.LtE: ("<=", ("<", ">=")),
    ast.Gt: (">", (">=", "<")),
    ast.GtE: (">=", (">", "<=")),
    ast.Eq: ("==", ("!=",)),
    ast.NotEq: ("!=", ("==",)),
    ast.Is: ("is", ("is not",)),
    ast.IsNot: ("is not", ("is",)),
    ast.In: ("in", ("not in",)),
    ast.NotIn: ("not in", ("in",)),
}
_BOOLEAN: dict[type[ast.boolop], tuple[str, str]] = {ast.And: ("and", "or"), ast.Or: ("or", "and")}
_OPPOSITES = (
    ("min", "max"), ("amin", "amax"), ("argmin", "argmax"), ("minimum", "maximum"), ("sum", "mean"), ("zeros", "ones"),
    ("zeros_like", "ones_like"), ("any", "all"), ("floor", "ceil"), ("sin", "cos"), ("randn", "rand"), ("tril", "triu"),
    ("train", "eval"), ("argsort", "sort"), ("append", "extend"), ("softmax", "log_softmax"), ("exp", "log"),
)  # fmt: skip
_OPPOSITE = dict(_OPPOSITES) | {b: a for a, b in _OPPOSITES}
_REMOVABLE = (
    "detach", "clone", "abs", "sqrt", "exp", "log", "float", "double", "long", "item", "t", "flip", "relu", "tanh",
    "sigmoid", "softmax", "log_softmax", "square", "clamp", "sum", "mean", "norm", "requires_grad_", "int", "round",
)  # fmt: skip
_HARMLESS = ("device",)  # keywords without effect on a CPU
_NO_GRADIENT = ("no_grad", "enable_grad", "inference_mode")


@dataclass(frozen=True)
class Change:
    """One mistake in one file."""

    file: str
    function: str  # "Conv.forward", or "" outside of functions
    line: int
    before: str  # the first line that changes, stripped
    after: str
    splices: tuple[Splice, ...]

    def apply(self, text: str) -> str:
        """Return the text with the mistake."""
        return _apply(text, self.splices)

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: `{self.before}` -> `{self.after}`"


def changes_of(text: str, file: str) -> list[Change]:
    """Return all changes of the solutions in a reference, in the order of its lines."""
    tree, place = ast.parse(text), _Places(text)
    wanted = {number for number, _ in solution_lines(text, Path(file))}
    seen, found = {ast.dump(tree)}, []
    for node, function in _nodes(tree):
        if getattr(node, "lineno", 0) not in wanted:
            continue
        for splices in _mistakes(node, place, text):
            new = _apply(text, splices)
            try:
                dump = ast.dump(ast.parse(new))
            except (SyntaxError, ValueError):
                continue
            if dump not in seen:
                seen.add(dump)
                found.append(_change(text, new, file, function, splices))
    return sorted(found, key=lambda change: (change.line, change.splices))


def _change(text: str, new: str, file: str, function: str, splices: tuple[Splice, ...]) -> Change:
    old_lines, new_lines = text.split("\n"), new.split("\n")
    n = next(n for n, pair in enumerate(zip(old_lines, new_lines, strict=False)) if pair[0] != pair[1])
    return Change(file, function, n + 1, old_lines[n].strip(), new_lines[n].strip(), splices)


def _nodes(tree: ast.AST, function: str = "") -> Iterator[tuple[ast.AST, str]]:
    """Yield each node with the function that contains it. Annotations and docstrings are left out."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(tree, ast.FunctionDef | ast.AnnAssign | ast.arg) and child in (
            getattr(tree, "returns", None),
            getattr(tree, "annotation", None),
        ):
            continue
        if isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant):
            continue
        inside = function
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            inside = f"{function}.{child.name}" if function else child.name
        yield child, function
        yield from _nodes(child, inside)


class _Places:
    """Translates the tree's lines and columns, which count bytes, to offsets in the text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = text.split("\n")
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line) + 1)

    def begin(self, node: ast.AST) -> int:
        return self._offset(getattr(node, "lineno", 1), getattr(node, "col_offset", 0))

    def end(self, node: ast.AST) -> int:
        return self._offset(getattr(node, "end_lineno", 1), getattr(node, "end_col_offset", 0))

    def of(self, node: ast.AST) -> str:
        return self.text[self.begin(node) : self.end(node)]

    def _offset(self, line: int, column: int) -> int:
        return self.starts[line - 1] + len(self.lines[line - 1].encode()[:column].decode())


def _mistakes(node: ast.AST, place: _Places, text: str) -> Iterator[tuple[Splice, ...]]:
    if isinstance(node, ast.stmt):
        yield from _of_statement(node, place)
    elif isinstance(node, ast.BinOp):
        yield from _of_operation(node, place, text)
    elif isinstance(node, ast.Compare):
        sides = [node.left, *node.comparators]
        for (left, right), operator in zip(pairwise(sides), node.ops, strict=True):
            old, news = _COMPARISONS[type(operator)]
            for new in news:
                yield from _between(left, right, old, new, place, text)
    elif isinstance(node, ast.BoolOp):
        for left, right in pairwise(node.values):
            yield from _between(left, right, *_BOOLEAN[type(node.op)], place, text)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.Not):
        yield ((place.begin(node), place.end(node), f"({place.of(node.operand)})"),)
    elif isinstance(node, ast.IfExp):
        yield _wrapped(node.test, "not ({})", place)
    elif isinstance(node, ast.Constant):
        for value in _other_constants(node.value):
            yield ((place.begin(node), place.end(node), value),)
    elif isinstance(node, ast.Call):
        yield from _of_call(node, place, text)
    elif isinstance(node, ast.Attribute) and node.attr in _OPPOSITE:
        yield ((place.end(node) - len(node.attr), place.end(node), _OPPOSITE[node.attr]),)
    elif isinstance(node, ast.Name) and node.id in _OPPOSITE:
        yield ((place.begin(node), place.end(node), _OPPOSITE[node.id]),)


def _of_statement(node: ast.stmt, place: _Places) -> Iterator[tuple[Splice, ...]]:
    whole = place.begin(node), place.end(node)
    if isinstance(node, ast.Break | ast.Continue):
        yield ((*whole, "continue" if isinstance(node, ast.Break) else "break"),)
    elif isinstance(node, ast.With):
        for item in node.items:
            if any(name in place.of(item.context_expr) for name in _NO_GRADIENT):
                yield ((place.begin(item.context_expr), place.end(item.context_expr), "torch.enable_grad()"),)
    elif not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom | ast.Pass):
        yield ((*whole, "pass"),)
    if isinstance(node, ast.If | ast.While):
        yield _wrapped(node.test, "not ({})", place)
    if isinstance(node, ast.AugAssign):
        gap = place.end(node.target), place.begin(node.value)
        yield ((*gap, " = "),)
        if type(node.op) in _ARITHMETIC:
            yield ((*gap, f" {_ARITHMETIC[type(node.op)][1]}= "),)


def _of_operation(node: ast.BinOp, place: _Places, text: str) -> Iterator[tuple[Splice, ...]]:
    left, right = node.left, node.right
    if isinstance(node.op, ast.MatMult):
        yield _swapped(left, right, place)
    elif type(node.op) in _ARITHMETIC:
        yield from _between(left, right, *_ARITHMETIC[type(node.op)], place, text)
    for kept in (left, right):
        yield ((place.begin(node), place.end(node), _safe(kept, place)),)


def _of_call(node: ast.Call, place: _Places, text: str) -> Iterator[tuple[Splice, ...]]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    for first, second in pairwise(node.args):
        if not isinstance(first, ast.Starred) and not isinstance(second, ast.Starred):
            yield _swapped(first, second, place)
    for keyword in node.keywords:
        if keyword.arg and keyword.arg not in _HARMLESS:
            begin, end = place.begin(keyword), place.end(keyword)
            after = re.match(r"\s*,\s*", text[end:])
            before = re.search(r",\s*$", text[:begin])
            if after:
                end += after.end()
            elif before:
                begin = before.start()
            yield ((begin, end, ""),)
    if name in _REMOVABLE:
        of_module = isinstance(node.func, ast.Attribute) and place.of(node.func.value) in ("torch", "F", "math", "np")
        if isinstance(node.func, ast.Attribute) and not of_module:
            yield ((place.begin(node), place.end(node), place.of(node.func.value)),)
        elif node.args and not isinstance(node.args[0], ast.Starred):
            yield ((place.begin(node), place.end(node), _safe(node.args[0], place)),)


def _other_constants(value: object) -> Iterator[str]:
    if isinstance(value, bool):
        yield str(not value)
    elif isinstance(value, int):
        yield str(value + 1)
        yield str(value - 1) if value > 0 else "(-1)"
    elif isinstance(value, float):
        yield repr(2 * value) if value else "1.0"
        if value:
            yield "0.0"


def _between(
    left: ast.expr, right: ast.expr, old: str, new: str, place: _Places, text: str
) -> Iterator[tuple[Splice, ...]]:
    """Replace the operator between two expressions."""
    gap = place.end(left), place.begin(right)
    found = re.search(rf"(?<![\w*/<>=!]){re.escape(old)}(?![\w*/<>=])", text[gap[0] : gap[1]])
    if found:
        yield ((gap[0] + found.start(), gap[0] + found.end(), new),)


def _swapped(first: ast.expr, second: ast.expr, place: _Places) -> tuple[Splice, ...]:
    one = place.begin(first), place.end(first), _safe(second, place)
    return one, (place.begin(second), place.end(second), _safe(first, place))


def _wrapped(node: ast.expr, pattern: str, place: _Places) -> tuple[Splice, ...]:
    return ((place.begin(node), place.end(node), pattern.format(place.of(node))),)


def _safe(node: ast.expr, place: _Places) -> str:
    """Return the text of an expression, in brackets unless it is one unit."""
    atomic = isinstance(node, ast.Name | ast.Attribute | ast.Call | ast.Subscript | ast.Constant)
    return place.of(node) if atomic else f"({place.of(node)})"


def _apply(text: str, splices: tuple[Splice, ...]) -> str:
    for begin, end, new in sorted(splices, reverse=True):
        text = text[:begin] + new + text[end:]
    return text
