"""The code of a module that a function may run: itself, and the functions, methods and values that it uses."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field

import torch

from autograder.source_rules.resolve import Definition, ModuleNames
from autograder.source_rules.scopes import COMPREHENSIONS, FUNCTIONS, Scope, enter

_CALLED_IMPLICITLY = (
    "__init__",
    "__new__",
    "__call__",
    "__post_init__",
    "__getitem__",
    "__iter__",
    "__next__",
    "forward",
)
_PLAIN = frozenset(name for kind in (torch.Tensor, dict, list, str) for name in dir(kind))


@dataclass(frozen=True)
class Visit:
    """A node, with its definition and its scope."""

    definition: Definition
    node: ast.AST
    scope: Scope


@dataclass
class CallGraph:
    """The code that a function may run."""

    module: ModuleNames
    visits: list[Visit] = field(default_factory=list)
    uses: dict[int, set[int]] = field(default_factory=dict)  # definition -> definitions, by the ids of their nodes
    cycle: dict[int, int] = field(default_factory=dict)  # definitions with the same number call each other

    def returns_to(self, visit: Visit) -> bool:
        """Return whether a call leads back to the definition that contains it."""
        assert isinstance(visit.node, ast.Call)
        paths = self.module.resolve(visit.node.func, visit.scope)
        started = [d for path in paths if path.startswith(".") for d in self.module.find(path)]
        started += _called_objects(self.module, visit.node, visit.scope)
        here = self.cycle[id(visit.definition.node)]
        return any(self.cycle.get(id(definition.node)) == here for definition in started)


def call_graph_of(source: str, function: str) -> CallGraph | None:
    """Return the code that ``function``, or any method of a class, may run; None if the source does not parse."""
    try:
        module = ModuleNames(source)
    except SyntaxError:
        return None
    graph, waiting, whole = CallGraph(module), [], module.called(function)
    for name in whole:
        if name in module.bases:
            waiting += [d for rows in module.definitions.values() for d in rows if d.name.startswith(f"{name}.")]
            whole += [base for base in module.parents(name) if base not in whole]
        else:
            waiting += module.find(f".{name}")
    while waiting:
        definition = waiting.pop(0)
        if id(definition.node) not in graph.uses:
            certain, possible = _visit(graph, definition)
            graph.uses[id(definition.node)] = {id(d.node) for d in certain}
            waiting += certain + possible
    graph.cycle = _cycles(graph.uses)
    return graph


def _visit(graph: CallGraph, definition: Definition) -> tuple[list[Definition], list[Definition]]:
    """Record a definition's nodes. Return the definitions that it certainly uses, and those that it possibly uses.

    Possible are methods that an object of unknown type may have.
    """
    module, certain, possible = graph.module, [], []
    if isinstance(definition.node, ast.ClassDef):
        return [d for name in _CALLED_IMPLICITLY for d in module.find(f".{definition.name}.{name}")], []
    members, classes_only = module.members - _PLAIN, set()
    for node, scope in walk(definition.node, definition.scope):
        graph.visits.append(Visit(definition, node, scope))
        if isinstance(node, ast.Call):
            certain += _called_objects(module, node, scope)
        if not isinstance(node, (ast.Name, ast.Attribute)) or node in classes_only:
            continue
        paths = module.resolve(node, scope)
        found = [d for path in sorted(paths) if path.startswith(".") for d in module.find(path)]
        if isinstance(node, ast.Attribute) and found:
            classes_only.add(node.value)  # Conv.helper does not create a Conv
        elif isinstance(node, ast.Name):
            found = [d for d in found if not isinstance(d.node, ast.ClassDef) or d.name == node.id]
        elif not paths and node.attr in members:
            possible += [d for owner in module.bases for d in module.definitions.get(f"{owner}.{node.attr}", [])]
        certain += found
    return certain, possible


def _called_objects(module: ModuleNames, node: ast.Call, scope: Scope) -> list[Definition]:
    """Return the methods that run if an object is called: `self(x)`, or `net(x)` after `net = Net()`."""
    owners = [path for path in sorted(module.resolve(node.func, scope)) if path[1:] in module.bases]
    called = [path for path in owners if not isinstance(node.func, ast.Name) or path != f".{node.func.id}"]
    return [d for path in called for name in ("__call__", "forward") for d in module.find(f"{path}.{name}")]


def _cycles(uses: dict[int, set[int]]) -> dict[int, int]:
    """Return the strongly connected component of each node, as a number (Kosaraju's algorithm)."""
    order = _postorder(uses, list(uses), {})
    reverse: dict[int, set[int]] = {node: set() for node in uses}
    for node, targets in uses.items():
        for target in targets:
            reverse[target].add(node)
    found: dict[int, int] = {}
    for node in reversed(order):
        _postorder(reverse, [node], found)
    return found


def _postorder(graph: dict[int, set[int]], roots: list[int], root_of: dict[int, int]) -> list[int]:
    """Return the nodes that the roots reach, leaves first, and add them to ``root_of``. Skip those already in it."""
    order = []
    for root in roots:
        stack = [] if root in root_of else [(root, iter(graph[root]))]
        root_of.setdefault(root, root)
        while stack:
            node, targets = stack[-1]
            target = next((target for target in targets if target not in root_of), None)
            if target is None:
                order.append(node)
                stack.pop()
            else:
                root_of[target] = root
                stack.append((target, iter(graph[target])))
    return order


def walk(root: ast.AST, scope: Scope) -> Iterator[tuple[ast.AST, Scope]]:
    """Yield nodes with their scopes in source order, except annotations, base classes and the types of isinstance."""
    stack = [(root, scope)]
    while stack:
        node, outside = stack.pop()
        yield node, outside
        inside, skipped = outside, _not_run(node)
        if isinstance(node, (*FUNCTIONS, *COMPREHENSIONS)):
            inside = enter(node, outside)
        elif isinstance(node, ast.ClassDef):
            inside = Scope(outside, owner=node.name)
        for child in reversed(list(ast.iter_child_nodes(node))):
            if child not in skipped:
                stack.append((child, outside if isinstance(child, ast.arguments) else inside))


def _not_run(node: ast.AST) -> list[ast.AST | None]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return [node.returns]
    if isinstance(node, (ast.arg, ast.AnnAssign)):
        return [node.annotation]
    if isinstance(node, ast.ClassDef):
        return [*node.bases]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("isinstance", "issubclass"):
        return [*node.args[1:]]
    return []
