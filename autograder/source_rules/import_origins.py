"""The origin of a module's function, if it is imported, another name of an import, or inherited.

The last binding counts, as when the module runs: `from m import *` below a class replaces that class.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from autograder.source_rules.resolve import ModuleNames, loaded

_FRAMES = {
    "torch.nn.Module",
    "torch.nn.Sequential",
    "torch.autograd.Function",
}  # their subclasses still have to define the methods


@dataclass(frozen=True)
class Origin:
    """A path outside of the module, and the statement that imports or inherits it."""

    path: str  # "common.nets.convs.FastConv.forward"
    node: ast.AST


def origins_of(module: ModuleNames, function: str) -> list[Origin]:
    """Return the origins of ``function`` ("Conv.forward", or a whole class) outside of the module."""
    first, dot, member = function.partition(".")
    found: list[Origin] = []
    for name in _family(module, first):
        bound = _bound(module, module.body, name)
        if f"{name}{dot}{member}" in module.definitions and member:  # bases do not matter
            bound = [origin for origin in bound if not isinstance(origin.node, ast.ClassDef)]
            if not bound:
                return found
        found += [Origin(origin.path + dot + member, origin.node) for origin in bound]
    return found


def _family(module: ModuleNames, name: str) -> list[str]:
    """Return all names of a function or class in this module, and those of its base classes."""
    return list(dict.fromkeys(each for one in module.called(name) for each in module.ancestry(one)))


def _bound(module: ModuleNames, body: list[ast.stmt], name: str) -> list[Origin]:
    """Return the origins of a name after these statements, without definitions of the module itself."""
    found: list[Origin] = []
    for node in body:
        module.effort.spend()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name:
            found = []
        elif isinstance(node, ast.ClassDef) and node.name == name:
            found = [Origin(path, node) for base in node.bases for path in _outside(module, base) - _FRAMES]
        elif isinstance(node, ast.ImportFrom):
            paths = [path for alias in node.names for path in _imported(node.module or "", alias, name)]
            found = [Origin(path, node) for path in paths] or found
        elif isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
            found = [Origin(path, node) for path in _outside(module, node.value)]
        else:
            found += [origin for inner in _blocks(node) for origin in _bound(module, inner, name)]
    return found


def _imported(source: str, alias: ast.alias, name: str) -> Iterator[str]:
    if alias.name == "*":
        if hasattr(loaded(source), name):
            yield f"{source}.{name}"
    elif (alias.asname or alias.name) == name:
        yield f"{source}.{alias.name}"


def _outside(module: ModuleNames, value: ast.expr) -> set[str]:
    return {path for path in module.resolve(value, module.scope) if not path.startswith((".", "builtins."))}


def _blocks(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    """Yield the bodies of `if`, `try`, `with` and loops, which may or may not run."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return
    for _, value in ast.iter_fields(node):
        if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
            yield value
        elif isinstance(value, list):
            yield from (part.body for part in value if isinstance(part, ast.ExceptHandler))
