"""Loops over data, as opposed to loops over a shape."""

from __future__ import annotations

import ast

from autograder.source_rules.resolve import ModuleNames
from autograder.source_rules.scopes import COMPREHENSIONS, Scope, text_of

_MAPPING = {
    "builtins.map": "map", "builtins.filter": "filter", "functools.reduce": "reduce", "itertools.starmap": "starmap",
    "itertools.accumulate": "accumulate", "numpy.vectorize": "vectorize", "numpy.frompyfunc": "frompyfunc",
    "numpy.apply_along_axis": "apply_along_axis", "numpy.apply_over_axes": "apply_over_axes",
    "numpy.fromiter": "fromiter", "numpy.fromfunction": "fromfunction",
}  # fmt: skip
_METHODS = ("apply_", "map_", "map2_")  # of CPU tensors: a Python call for each element
_WRAPPERS = {"builtins.enumerate", "builtins.reversed", "builtins.list", "builtins.tuple", "builtins.sorted"}
DEPTH = 5  # nesting of the expressions that a loop iterates over


def loop_at(module: ModuleNames, node: ast.AST, scope: Scope) -> str:
    """Return the kind of loop over data that starts at this node, or an empty string."""
    if isinstance(node, ast.While):
        return "a while loop"
    if isinstance(node, (ast.For, ast.AsyncFor)):
        return "" if _is_short(module, node.iter, scope) else "a for loop"
    if isinstance(node, COMPREHENSIONS):
        short = all(_is_short(module, generator.iter, scope) for generator in node.generators)
        return "" if short else "a generator expression" if isinstance(node, ast.GeneratorExp) else "a comprehension"
    return _call(module, node, scope) if isinstance(node, ast.Call) else ""


def _call(module: ModuleNames, node: ast.Call, scope: Scope) -> str:
    paths = module.resolve(node.func, scope)
    for path in sorted(paths & set(_MAPPING)):
        if not (node.args[1:] and all(_is_short(module, arg, scope) for arg in node.args[1:])):
            return _MAPPING[path]
    if isinstance(node.func, ast.Attribute) and node.func.attr in _METHODS and node.func.attr not in module.members:
        return node.func.attr
    return "recursion" if isinstance(node.func, ast.Name) and _names_itself(node.func.id, scope) else ""


def _names_itself(name: str, scope: Scope) -> bool:
    """Return whether a function calls itself by name. Longer cycles are found in the call graph."""
    place, inside = scope.place_of(name), scope
    while inside.parent is not None:
        if inside.function == name and inside.parent is place:
            return True
        inside = inside.parent
    return False


def _is_short(module: ModuleNames, node: ast.AST, scope: Scope, depth: int = 0) -> bool:
    """Return whether an expression is a shape, the dimensions of a tensor, or items in the source itself."""
    if depth > DEPTH:
        return False
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        starred = [item.value for item in node.elts if isinstance(item, ast.Starred)]
        return all(_is_short(module, item, scope, depth + 1) for item in starred)
    if isinstance(node, ast.Subscript):
        return _is_shape(node.value) and isinstance(node.slice, ast.Slice)
    if isinstance(node, ast.Name):
        place = scope.place_of(node.id)
        bound = place.names[node.id] if place else []
        fixed = bool(bound) and len(bound) <= 3 and not any(isinstance(b, (ast.List, ast.Set)) for b in bound)
        return fixed and all(isinstance(b, ast.expr) and _is_short(module, b, place or scope, depth + 1) for b in bound)
    if isinstance(node, ast.Call):
        functions, args = module.resolve(node.func, scope), node.args
        if "builtins.range" in functions:
            return any(map(_is_rank, args)) and all(_is_rank(arg) or _is_constant(arg) for arg in args)
        if "builtins.zip" in functions:
            return any(_is_short(module, arg, scope, depth + 1) for arg in args)
        if functions & _WRAPPERS and args:
            return _is_short(module, args[0], scope, depth + 1)
    return _is_shape(node) or bool(text_of(node))


def _is_shape(node: ast.AST) -> bool:
    """Return whether an expression is `x.shape` or `x.size()`."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute) and node.func.attr == "size" and not node.args
    return isinstance(node, ast.Attribute) and node.attr == "shape"


def _is_rank(node: ast.AST) -> bool:
    """Return whether an expression is `x.dim()`, `x.ndim` or `len(x.shape)`, plus or minus a constant or not."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Add, ast.Sub)):
        return _is_rank(node.left) and _is_constant(node.right)
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name):
            return node.func.id == "len" and len(node.args) == 1 and _is_shape(node.args[0])
        return isinstance(node.func, ast.Attribute) and node.func.attr in ("dim", "ndimension") and not node.args
    return isinstance(node, ast.Attribute) and node.attr == "ndim"


def _is_constant(node: ast.AST) -> bool:
    if isinstance(node, ast.UnaryOp):
        return _is_constant(node.operand)
    return isinstance(node, ast.Constant) and type(node.value) is int and abs(node.value) < 10
