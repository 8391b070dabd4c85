"""The meaning of the names in a module's source, found without running it.

``resolve`` turns an expression into dotted paths: ``torch.cdist`` for an import, ``.Conv.forward`` (with a leading dot)
for a definition of the module itself, ``builtins.map`` for a builtin. Knows nothing about rules.
"""

from __future__ import annotations

import ast
import builtins
import sys
import warnings
from collections import deque
from collections.abc import Iterator, Set
from dataclasses import dataclass
from importlib import import_module

from autograder.core.course_file import importable_packages
from autograder.core.syntax_tree import statements_in
from autograder.source_rules.effort import Effort, TooComplex
from autograder.source_rules.scopes import Scope, bind, enter, owner_of, text_of

_IMPORTABLE = ("autograder.probes", "autograder.sandbox.inside")  # the folders of gradlab that the box mounts
ALIASES = 20  # expressions to follow from a name to its definition

Paths = frozenset[str]

_NOTHING: Paths = frozenset()


def loaded(name: str) -> object:
    """Return a module by its name, and import it if it is one of ours that students can import; otherwise None."""
    rooms = () if name in sys.modules else (*_IMPORTABLE, *importable_packages())
    if any(name == room or name.startswith(f"{room}.") for room in rooms):
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
    """The definitions and imports of a source text. Raises SyntaxError if it does not parse, and TooComplex.

    Every answer is stored, so that the work grows with the length of the source and not with its square.
    """

    def __init__(self, source: str) -> None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about invalid escape sequences, which no rule covers
                tree = ast.parse(source)
        except ValueError as error:
            raise SyntaxError(str(error)) from None
        except (RecursionError, MemoryError):
            raise TooComplex from None
        self.effort = Effort()
        self.lines = source.splitlines()
        self.scope = Scope()
        self.definitions: dict[str, list[Definition]] = {}
        self.bases: dict[str, list[ast.expr]] = {}  # of each class
        self.body = tree.body
        bind(tree.body, self.scope)
        self._define(tree.body, "", self.scope, certain=True)
        self.by_owner: dict[str, list[Definition]] = {}  # the members of each class, also of classes inside it
        self.by_member: dict[str, list[Definition]] = {}  # of all classes
        self._sort_members()
        self._known: dict[tuple[str, Scope], Paths] = {}
        self._resolved: dict[tuple[ast.AST, Scope], Paths] = {}
        self._joined: dict[tuple[Paths, str], Paths] = {}
        self._found: dict[str, list[Definition]] = {}
        self._parents: dict[str, list[str]] = {}
        self._definitions: dict[Paths, list[Definition]] = {}
        self._classes: dict[Paths, Paths] = {}
        self._outside: dict[Paths, bool] = {}

    def _sort_members(self) -> None:
        for name, rows in self.definitions.items():
            parts = name.split(".")
            for end in range(1, len(parts)):
                self.effort.spend()
                self.by_owner.setdefault(".".join(parts[:end]), []).extend(rows)
            if len(parts) > 1:
                self.by_member.setdefault(parts[-1], []).extend(rows)

    @property
    def members(self) -> set[str]:
        """The names of the members of all classes."""
        return set(self.by_member)

    def find(self, path: str) -> list[Definition]:
        """Return the definitions of ``.helper`` or ``.Conv.forward``, including inherited ones."""
        if path not in self._found:
            self._found[path] = self._find(path.removeprefix("."))
        return self._found[path]

    def _find(self, name: str) -> list[Definition]:
        owner, _, member = name.rpartition(".")
        for each in self.ancestry(owner):
            full = f"{each}.{member}" if each else member
            if full in self.definitions:
                return self.definitions[full]
        return []

    def ancestry(self, owner: str) -> Iterator[str]:
        """Yield a class and its base classes in this module, the nearest first."""
        known, waiting = {owner}, deque([owner])
        while waiting:
            self.effort.spend()
            owner = waiting.popleft()
            yield owner
            new = [base for base in self.parents(owner) if base not in known]
            known.update(new)
            waiting.extend(new)

    def parents(self, owner: str) -> list[str]:
        """Return the base classes of a class that this module defines."""
        if owner not in self._parents:
            paths = [path for base in self.bases.get(owner, []) for path in sorted(self.resolve(base, self.scope))]
            self._parents[owner] = list(dict.fromkeys(path[1:] for path in paths if path[1:] in self.bases))
        return self._parents[owner]

    def called(self, function: str) -> list[str]:
        """Return all names of ``Conv.forward`` in this module: after ``Conv = Mine`` also ``Mine.forward``."""
        name, dot, member = function.partition(".")
        paths = self._resolve_name(name, self.scope, 0)
        others = sorted(path[1:] for path in paths if path.startswith(".") and path[1:] != name)
        return [f"{one}{dot}{member}" for one in (name, *others)]

    def classes_among(self, paths: Paths) -> Paths:
        """Return the paths that are classes of this module."""
        if paths not in self._classes:
            self.effort.spend(len(paths))
            self._classes[paths] = frozenset(path for path in paths if path[1:] in self.bases)
        return self._classes[paths]

    def leads_outside(self, paths: Paths) -> bool:
        """Return whether a path is one of an imported module."""
        if paths not in self._outside:
            self.effort.spend(len(paths))
            self._outside[paths] = any(not path.startswith(".") for path in paths)
        return self._outside[paths]

    def definitions_of(self, paths: Paths) -> list[Definition]:
        """Return the definitions in this module that the paths lead to."""
        if paths not in self._definitions:
            self.effort.spend(len(paths))
            self._definitions[paths] = [d for path in sorted(paths) if path.startswith(".") for d in self.find(path)]
        return self._definitions[paths]

    def resolve(self, node: ast.AST, scope: Scope, depth: int = 0) -> Paths:
        """Return the paths that an expression may mean; none for an object of unknown type."""
        if depth:
            return self._resolve(node, scope, depth)
        if (node, scope) not in self._resolved:
            self._resolved[node, scope] = self._resolve(node, scope, 0)
        return self._resolved[node, scope]

    def _resolve(self, node: ast.AST, scope: Scope, depth: int) -> Paths:
        trail = []
        while isinstance(node, ast.Attribute):
            trail.append(node.attr)
            node = node.value
        self.effort.spend(1 + len(trail))
        found = frozenset(self._resolve_root(node, scope, depth)) if depth < ALIASES else _NOTHING
        for attribute in reversed(trail) if found else ():
            found = self._join(found, attribute)
        return found

    def _join(self, paths: Paths, attribute: str) -> Paths:
        if (paths, attribute) not in self._joined:
            self.effort.spend(len(paths))
            self._joined[paths, attribute] = frozenset(f"{path}.{attribute}" for path in paths)
        return self._joined[paths, attribute]

    def _resolve_root(self, node: ast.AST, scope: Scope, depth: int) -> Set[str]:
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
        if "builtins.object.__getattribute__" in functions and len(node.args) > 1 and first:
            found |= {f"{path}.{text_of(node.args[1])}" for path in self.resolve(first, scope, depth + 1)}
        if isinstance(node.func, ast.Call) and first and (key := self._attribute_got(node.func, scope, depth)):
            found |= {f"{path}.{key}" for path in self.resolve(first, scope, depth + 1)}
        if "builtins.vars" in functions and first:
            found |= {f"{path}.__dict__" for path in self.resolve(first, scope, depth + 1)}
        if functions & {"builtins.__import__", "importlib.import_module"} and first and (key := text_of(first)):
            found.add(key)
        if "builtins.super" in functions:
            found |= {f".{base}" for base in self.parents(owner_of(scope))}
        return found

    def _attribute_got(self, node: ast.Call, scope: Scope, depth: int) -> str:
        """Return the name in `attrgetter("name")`, or an empty string."""
        got = node.args and "operator.attrgetter" in self.resolve(node.func, scope, depth + 1)
        return text_of(node.args[0]) if got else ""

    def _resolve_name(self, name: str, scope: Scope, depth: int) -> Paths:
        place = scope.place_of(name)
        if place is None:
            stars = frozenset(f"{star}.{name}" for star in self.scope.stars if hasattr(loaded(star), name))
            return stars or frozenset([f"builtins.{name}"] if hasattr(builtins, name) else [])
        if (name, place) not in self._known:
            self._known[name, place] = _NOTHING  # the result for a cycle of names
            found = {f".{name}"} if place is self.scope and name in self.definitions else set()
            for binding in place.names[name]:
                self.effort.spend()
                if isinstance(binding, str):
                    found.add(binding)
                elif binding is not None:
                    found |= self.resolve(binding, place, depth + 1)
            self._known[name, place] = frozenset(found)
        return self._known[name, place]

    def _define(self, body: list[ast.stmt], owner: str, scope: Scope, *, certain: bool) -> None:
        """Record definitions. A certain one replaces earlier ones of its name, one under `if` or `try` is added."""
        prefix = f"{owner}." if owner else ""
        for node in body:
            self.effort.spend()
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
        me = method.args.args[0].arg
        found = [
            (target.attr, node.value)
            for node in statements_in(method)
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == me
        ]
        inner = enter(method, scope) if found else scope
        for attribute, value in found:
            self._add(Definition(f"{owner}.{attribute}", value, inner), certain=False)

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
