"""The meaning of the names in a module's source, found without running it.

``resolve`` turns an expression into dotted paths: ``torch.cdist`` for an import, ``.Conv.forward`` (with a leading dot)
for a definition of the module itself, ``builtins.map`` for a builtin. Knows nothing about rules.
"""

from __future__ import annotations

import ast
import builtins
import sys
import warnings
from dataclasses import dataclass
from importlib import import_module

from autograder.source_rules.scopes import Scope, bind, enter, owner_of, text_of

_IMPORTABLE = ("common", "autograder.probes", "autograder.sandbox.inside")  # the folders that the box mounts
ALIASES = 20  # expressions to follow from a name to its definition


def loaded(name: str) -> object:
    """Return a module by its name, and import it if it is one of ours that students can import; otherwise None."""
    if name not in sys.modules and any(name == room or name.startswith(f"{room}.") for room in _IMPORTABLE):
        try:
            return import_module(name)
        except Exception:  # there is no such module, or it is for another operating system
            return None
    return sys.modules.get(name)


@dataclass(frozen=True)
class Definition:
    """A function, a class, or an expression assigned to a name of the module or of a class."""

    name: str  # "helper", "Conv.forward"
    node: ast.AST
    scope: Scope  # that contains the node


class ModuleNames:
    """The definitions and imports of a source text. Raises SyntaxError if it does not parse."""

    def __init__(self, source: str) -> None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about invalid escape sequences, which no rule covers
                tree = ast.parse(source)
        except (ValueError, RecursionError, MemoryError) as error:
            raise SyntaxError(str(error)) from None
        self.lines = source.splitlines()
        self.scope = Scope()
        self.definitions: dict[str, list[Definition]] = {}
        self._known: dict[tuple[str, Scope], set[str]] = {}
        self.bases: dict[str, list[ast.expr]] = {}  # of each class
        self.body = tree.body
        bind(tree.body, self.scope)
        self._define(tree.body, "", self.scope, certain=True)
        self.members = {name.rpartition(".")[2] for name in self.definitions if "." in name}  # of all classes

    def find(self, path: str) -> list[Definition]:
        """Return the definitions of ``.helper`` or ``.Conv.forward``, including inherited ones."""
        name, seen = path.removeprefix("."), set()
        owners = [name.rpartition(".")[0]]
        member = name.rpartition(".")[2]
        for owner in owners:
            full = f"{owner}.{member}" if owner else member
            if full in self.definitions:
                return self.definitions[full]
            for base in self.parents(owner):
                if base not in seen:
                    seen.add(base)
                    owners.append(base)
        return []

    def parents(self, owner: str) -> list[str]:
        """Return the base classes of a class that this module defines."""
        paths = [path for base in self.bases.get(owner, []) for path in self.resolve(base, self.scope)]
        return [path[1:] for path in paths if path[1:] in self.bases]

    def called(self, function: str) -> list[str]:
        """Return all names of ``Conv.forward`` in this module: after ``Conv = Mine`` also ``Mine.forward``."""
        name, dot, member = function.partition(".")
        paths = self.resolve(ast.Name(name, ast.Load()), self.scope)
        others = sorted(path[1:] for path in paths if path.startswith(".") and path[1:] != name)
        return [f"{one}{dot}{member}" for one in (name, *others)]

    def resolve(self, node: ast.AST, scope: Scope, depth: int = 0) -> set[str]:
        """Return the paths that an expression may mean; none for an object of unknown type."""
        trail = []
        while isinstance(node, ast.Attribute):
            trail.append(node.attr)
            node = node.value
        found = self._resolve_root(node, scope, depth) if depth < ALIASES else set()
        for attribute in reversed(trail):
            found = {f"{path}.{attribute}" for path in found}
        return found

    def _resolve_root(self, node: ast.AST, scope: Scope, depth: int) -> set[str]:
        if isinstance(node, ast.Name):
            return self._resolve_name(node.id, scope, depth)
        if isinstance(node, ast.NamedExpr):
            return self.resolve(node.value, scope, depth + 1)
        if isinstance(node, ast.IfExp):
            return self.resolve(node.body, scope, depth + 1) | self.resolve(node.orelse, scope, depth + 1)
        if isinstance(node, ast.Subscript) and (key := text_of(node.slice)):  # torch.__dict__["cdist"], vars(torch)[..]
            paths = self.resolve(node.value, scope, depth + 1)
            return {f"{path.removesuffix('.__dict__')}.{key}" for path in paths if path.endswith(".__dict__")}
        if isinstance(node, ast.Call):
            return self._resolve_call(node, scope, depth)
        return set()

    def _resolve_call(self, node: ast.Call, scope: Scope, depth: int) -> set[str]:
        """Resolve an object of the module's own class to the class, and a look-up to its result; no other calls."""
        functions = self.resolve(node.func, scope, depth + 1)
        first = node.args[0] if node.args else None
        found = {path for path in functions if path[1:] in self.bases}
        if "builtins.getattr" in functions and len(node.args) > 1 and first and (key := text_of(node.args[1])):
            found |= {f"{path}.{key}" for path in self.resolve(first, scope, depth + 1)}
        if "builtins.vars" in functions and first:
            found |= {f"{path}.__dict__" for path in self.resolve(first, scope, depth + 1)}
        if functions & {"builtins.__import__", "importlib.import_module"} and first and (key := text_of(first)):
            found.add(key)
        if "builtins.super" in functions:
            found |= {f".{base}" for base in self.parents(owner_of(scope))}
        return found

    def _resolve_name(self, name: str, scope: Scope, depth: int) -> set[str]:
        place = scope.place_of(name)
        if place is None:
            stars = {f"{star}.{name}" for star in self.scope.stars if hasattr(loaded(star), name)}
            return stars or ({f"builtins.{name}"} if hasattr(builtins, name) else set())
        found = {f".{name}"} if place is self.scope and name in self.definitions else set()
        if (name, place) not in self._known:
            self._known[name, place] = set()  # the result for a cycle of names
            for binding in place.names[name]:
                if isinstance(binding, str):
                    found.add(binding)
                elif binding is not None:
                    found |= self.resolve(binding, place, depth + 1)
            self._known[name, place] = found
        return self._known[name, place]

    def _define(self, body: list[ast.stmt], owner: str, scope: Scope, *, certain: bool) -> None:
        """Record definitions. A certain one replaces earlier ones of its name, one under `if` or `try` is added."""
        prefix = f"{owner}." if owner else ""
        for node in body:
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                self._add(Definition(prefix + node.name, node, scope), certain=certain)
                self._define_attributes(node, owner, scope)
            elif isinstance(node, ast.ClassDef):
                name = prefix + node.name
                self._add(Definition(name, node, scope), certain=certain)
                self.bases[name] = node.bases
                inner = Scope(self.scope, owner=name)
                self._define(node.body, name, inner, certain=True)
            elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)) and node.value is not None:
                for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                    for name in self._names_in(target):
                        self._add(Definition(prefix + name, node.value, scope), certain=False)
            else:
                for _, value in ast.iter_fields(node):
                    if isinstance(value, list) and value and isinstance(value[0], (ast.stmt, ast.ExceptHandler)):
                        inner_body = [s for v in value for s in (v.body if isinstance(v, ast.ExceptHandler) else [v])]
                        self._define(inner_body, owner, scope, certain=False)

    def _define_attributes(self, method: ast.FunctionDef | ast.AsyncFunctionDef, owner: str, scope: Scope) -> None:
        """Record attributes: `self.dist = torch.cdist` in a method defines `dist` of the class."""
        if not owner or not method.args.args:
            return
        me, inner = method.args.args[0].arg, enter(method, scope)
        for node in ast.walk(method):
            targets, value = (node.targets, node.value) if isinstance(node, ast.Assign) else ([], node)
            for target in targets:
                if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == me:
                    self._add(Definition(f"{owner}.{target.attr}", value, inner), certain=False)

    def _names_in(self, target: ast.expr) -> list[str]:
        """Return the names on the left side of an assignment: ``a``, and ``Conv.forward`` of the module's own class."""
        names = []
        for node in ast.walk(target):
            if isinstance(node, ast.Name):
                names.append(node.id)
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in self.bases:
                names.append(f"{node.value.id}.{node.attr}")
        return names

    def _add(self, definition: Definition, *, certain: bool) -> None:
        rows = self.definitions.setdefault(definition.name, [])
        if certain:
            rows.clear()
        rows.append(definition)
