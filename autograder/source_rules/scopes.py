"""The names that functions, comprehensions and modules bind, found in their syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from autograder.core.syntax_tree import child_nodes

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)

Binding = str | ast.expr | None  # an imported path, an assigned expression, or something unknown


@dataclass(eq=False)
class Scope:
    """The names bound in a module, a function or a comprehension."""

    parent: Scope | None = None
    owner: str = ""  # the class of this method: "Conv"
    function: str = ""  # the function of this body: "forward"
    names: dict[str, list[Binding]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)  # modules of `from m import *`
    body_of: ast.AST | None = None  # the function or comprehension

    def place_of(self, name: str) -> Scope | None:
        """Return the innermost scope that binds the name."""
        place: Scope | None = self
        while place is not None and name not in place.names:
            place = place.parent
        return place


def enter(node: ast.AST, scope: Scope) -> Scope:
    """Return the scope inside a function, lambda or comprehension that is in ``scope``."""
    inner = Scope(scope, owner=scope.owner, body_of=node)
    if isinstance(node, COMPREHENSIONS):
        for generator in node.generators:
            _bind_target(generator.target, None, inner)
        return inner
    assert isinstance(node, FUNCTIONS)
    args = node.args
    positional = args.posonlyargs + args.args
    for argument in [*positional, *args.kwonlyargs, *filter(None, (args.vararg, args.kwarg))]:
        inner.names[argument.arg] = [None]
    named = [
        *zip(positional[::-1], args.defaults[::-1], strict=False),
        *zip(args.kwonlyargs, args.kw_defaults, strict=True),
    ]
    for argument, default in named:
        inner.names[argument.arg] = [None, default]
    if not isinstance(node, ast.Lambda):
        static = any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in node.decorator_list)
        if scope.owner and scope.parent and scope.parent.parent is None and positional and not static:
            inner.names[positional[0].arg] = [f".{scope.owner}"]  # self or cls
        inner.function = node.name
        bind(node.body, inner)
    return inner


def text_of(node: ast.AST) -> str:
    """Return the value of a literal string, or an empty string."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def owner_of(scope: Scope) -> str:
    """Return the class that contains a scope, or an empty string."""
    return scope.owner or (owner_of(scope.parent) if scope.parent else "")


def bind(body: list[ast.stmt], scope: Scope) -> None:
    """Bind the names that these statements assign, import or define, without those of inner scopes."""
    foreign: set[str] = set()
    for node in _own_nodes(body):
        if isinstance(node, ast.Import):
            for alias in node.names:
                path = alias.name if alias.asname else alias.name.partition(".")[0]
                scope.names.setdefault(alias.asname or path, []).append(path)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if alias.name == "*":
                    scope.stars.append(node.module or "")
                else:
                    path = f"{node.module or ''}.{alias.name}"
                    scope.names.setdefault(alias.asname or alias.name, []).append(path)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            scope.names.setdefault(node.name, []).append(None)
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            foreign.update(node.names)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                _bind_target(target, node.value, scope)
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)):
            _bind_target(node.target, node.value, scope)
        elif isinstance(node, (ast.AugAssign, ast.For, ast.AsyncFor)):
            _bind_target(node.target, None, scope)
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            _bind_target(node.optional_vars, None, scope)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            scope.names.setdefault(node.name, []).append(None)
    for name in foreign:
        scope.names.pop(name, None)


def _bind_target(target: ast.expr, value: ast.expr | None, scope: Scope) -> None:
    if isinstance(target, ast.Name):
        scope.names.setdefault(target.id, []).append(value)
    elif isinstance(target, (ast.Tuple, ast.List)):
        parts: Sequence[ast.expr | None] = value.elts if isinstance(value, (ast.Tuple, ast.List)) else ()
        if len(parts) != len(target.elts):
            parts = [None] * len(target.elts)
        for element, part in zip(target.elts, parts, strict=True):
            _bind_target(element, part, scope)
    elif isinstance(target, ast.Starred):
        _bind_target(target.value, None, scope)


def _own_nodes(body: list[ast.stmt]) -> Iterator[ast.AST]:
    """Yield the nodes of a scope, except inside functions and classes. `:=` in a comprehension binds in this scope."""
    stack: list[ast.AST] = [*reversed(body)]
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            stack.extend(reversed(child_nodes(node)))
