"""The code of a module that a function may run: itself, and the functions, methods and values that it uses."""

from __future__ import annotations

import ast
import sys
from collections import deque
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType

from autograder.source_rules.resolve import Definition, ModuleNames, Paths
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


@cache
def _plain_members(torch: ModuleType | None) -> frozenset[str]:
    """Return the names of the members of common objects: they say nothing about who defines them."""
    kinds = (dict, list, str, *((torch.Tensor,) if torch else ()))
    return frozenset(name for kind in kinds for name in dir(kind))


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
    roots: list[Definition]  # where it starts: what checks call
    visits: list[Visit] = field(default_factory=list)
    uses: dict[int, set[int]] = field(default_factory=dict)  # definition -> definitions, by the ids of their nodes
    cycle: dict[int, int] = field(default_factory=dict)  # definitions with the same number call each other
    _cycles_of: dict[tuple[Paths, Paths], set[int]] = field(default_factory=dict)  # by what is called

    def returns_to(self, visit: Visit) -> bool:
        """Return whether a call leads back to the definition that contains it."""
        assert isinstance(visit.node, ast.Call)
        paths = self.module.resolve(visit.node.func, visit.scope)
        owners = _called_classes(self.module, visit.node, visit.scope)
        if (paths, owners) not in self._cycles_of:
            started = self.module.definitions_of(paths) + _run_by_calling(self.module, owners)
            self.module.effort.spend(len(started))
            self._cycles_of[paths, owners] = {self.cycle[id(d.node)] for d in started if id(d.node) in self.cycle}
        return self.cycle[id(visit.definition.node)] in self._cycles_of[paths, owners]


def call_graph_of(module: ModuleNames, function: str, *, apart: Collection[str] = ()) -> CallGraph:
    """Return the code that ``function``, or any method of a class, may run.

    The functions and classes ``apart`` are not followed. Raises TooComplex.
    """
    waiting = deque[Definition]()
    for name in module.called(function):
        if name in module.bases:
            for each in module.ancestry(name):
                waiting.extend(module.by_owner.get(each, []))
        else:
            waiting.extend(module.find(f".{name}"))
    graph = CallGraph(module, list(waiting))
    follower = _Follower(graph, apart)
    while waiting:
        definition = waiting.popleft()
        if id(definition.node) not in graph.uses:
            certain, possible = follower.follow(definition)
            graph.uses[id(definition.node)] = {id(d.node) for d in certain}
            waiting.extend(certain + possible)
    graph.cycle = _cycles(graph.uses)
    return graph


class _Follower:
    """Records the nodes of definitions, and finds the definitions that they use."""

    def __init__(self, graph: CallGraph, apart: Collection[str]) -> None:
        self.graph, self.module, self.apart = graph, graph.module, apart
        self.unknown: set[str] = set()  # attributes of objects of unknown type that were followed already

    def follow(self, definition: Definition) -> tuple[list[Definition], list[Definition]]:
        """Return the definitions that this one certainly uses, and those that it possibly uses.

        Possible are methods that an object of unknown type may have.
        """
        module = self.module
        if isinstance(definition.node, ast.ClassDef):
            return self._followed(d for n in _CALLED_IMPLICITLY for d in module.find(f".{definition.name}.{n}")), []
        certain: list[Definition] = []
        possible: list[Definition] = []
        classes_only: set[ast.AST] = set()
        seen: set[tuple[Paths, str]] = set()
        plain = _plain_members(sys.modules.get("torch"))
        for node, scope in walk(definition.node, definition.scope):
            module.effort.spend()
            self.graph.visits.append(Visit(definition, node, scope))
            if isinstance(node, ast.Call):
                owners = _called_classes(module, node, scope)
                if owners and (owners, "()") not in seen:
                    seen.add((owners, "()"))
                    certain += _run_by_calling(module, owners)
            if not isinstance(node, (ast.Name, ast.Attribute)) or node in classes_only:
                continue
            paths = module.resolve(node, scope)
            found = module.definitions_of(paths)
            if isinstance(node, ast.Attribute):
                if found:
                    classes_only.add(node.value)  # Conv.helper does not create a Conv
                elif not paths and node.attr not in plain and node.attr not in self.unknown:
                    self.unknown.add(node.attr)
                    possible += module.by_member.get(node.attr, [])
            name = node.id if isinstance(node, ast.Name) else ""
            if (paths, name) not in seen:
                seen.add((paths, name))
                module.effort.spend(len(found))
                certain += [d for d in found if not name or d.name == name or not isinstance(d.node, ast.ClassDef)]
        return self._followed(certain), self._followed(possible)

    def _followed(self, definitions: Iterable[Definition]) -> list[Definition]:
        return [d for d in definitions if not any(f"{d.name}.".startswith(f"{name}.") for name in self.apart)]


def _called_classes(module: ModuleNames, node: ast.Call, scope: Scope) -> Paths:
    """Return the module's classes of which an object is called: `self(x)`, or `net(x)` after `net = Net()`."""
    itself = f".{node.func.id}" if isinstance(node.func, ast.Name) else ""  # Net() makes one
    return module.classes_among(module.resolve(node.func, scope)) - {itself}


def _run_by_calling(module: ModuleNames, owners: Paths) -> list[Definition]:
    """Return the methods that run if objects of these classes are called."""
    module.effort.spend(len(owners))
    return [d for path in sorted(owners) for name in ("__call__", "forward") for d in module.find(f"{path}.{name}")]


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


def _not_run(node: ast.AST) -> set[ast.AST | None]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return {node.returns}
    if isinstance(node, (ast.arg, ast.AnnAssign)):
        return {node.annotation}
    if isinstance(node, ast.ClassDef):
        return {*node.bases}
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("isinstance", "issubclass"):
        return {*node.args[1:]}
    return set()
