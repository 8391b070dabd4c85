"""Find where a module breaks the rules of a task: calls that are forbidden, and loops over data.

A module is read once; its answers to several questions share that work. Knows nothing about checks and messages.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from autograder.checks.describe import cut
from autograder.core.course_file import importable_packages
from autograder.source_rules.call_graph import CallGraph, Visit, call_graph_of
from autograder.source_rules.effort import TooComplex
from autograder.source_rules.import_origins import origins_of
from autograder.source_rules.loops import Loops
from autograder.source_rules.patterns import Pattern, import_subjects
from autograder.source_rules.resolve import ModuleNames, Paths
from autograder.source_rules.scopes import COMPREHENSIONS, Scope, text_of

TEXT = 80  # characters of a line
MODULES = 4  # whose analysis is stored
_OUR_PACKAGES = ("torch", "numpy", "autograder")  # rules name functions of these, and of the course's packages


@dataclass(frozen=True)
class Rules:
    """What one function may not do; see forbid.py."""

    function: str
    calls: tuple[str, ...] = ()
    always: tuple[str, ...] = ()  # forbidden whatever ``calls`` allow
    loops: bool = False
    apart: tuple[str, ...] = ()  # functions and classes that are not followed


@dataclass(frozen=True)
class Violation:
    """A place that breaks a rule."""

    line: int
    text: str  # the code of the line
    what: str  # "torch.cdist", "a for loop"
    where: str  # the function that contains it
    loop: bool = False


def violations_of(source: str, rules: Rules) -> list[Violation]:
    """Return the places that break the rules; none if the source does not parse. Raises TooComplex."""
    import_subjects((*rules.calls, *rules.always))
    analysis = _analysis_of(source)
    if isinstance(analysis, TooComplex):
        raise TooComplex
    try:
        return analysis.violations(rules) if analysis else []
    except (RecursionError, MemoryError):
        raise TooComplex from None


@lru_cache(MODULES)
def _analysis_of(source: str) -> Analysis | TooComplex | None:
    try:
        return Analysis(ModuleNames(source))
    except SyntaxError:
        return None
    except (TooComplex, RecursionError, MemoryError):
        return TooComplex()


class Analysis:
    """What is known about one module."""

    def __init__(self, module: ModuleNames) -> None:
        self.module = module
        self._graphs: dict[tuple[str, tuple[str, ...]], CallGraph] = {}
        self._patterns: dict[tuple[tuple[str, ...], tuple[str, ...]], Pattern] = {}

    def violations(self, rules: Rules) -> list[Violation]:
        """Return the places that break the rules, by line: first calls, then loops. Raises TooComplex."""
        key = rules.function, rules.apart
        if key not in self._graphs:
            self._graphs[key] = call_graph_of(self.module, rules.function, apart=rules.apart)
        graph = self._graphs[key]
        pattern = self._patterns.setdefault((rules.calls, rules.always), Pattern(rules.calls, always=rules.always))
        found = _unique([*self._brought_in(rules.function, pattern), *self._calls_in(graph, pattern)])
        return found + (_unique(self._loops_in(graph)) if rules.loops else [])

    def _loops_in(self, graph: CallGraph) -> Iterator[Violation]:
        loops = Loops(graph)
        for visit in graph.visits:
            what = loops.at(visit.node, visit.scope)
            if not what and isinstance(visit.node, ast.Call) and graph.returns_to(visit):
                what = "recursion"
            if what:
                yield self._violation(visit, what, loop=True)

    def _calls_in(self, graph: CallGraph, pattern: Pattern) -> Iterator[Violation]:
        module = self.module
        for visit in graph.visits:
            module.effort.spend()
            node, scope, what = visit.node, visit.scope, ""
            if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)) and isinstance(node.ctx, ast.Load):
                what = self._first_match(pattern, module.resolve(node, scope))
                what = what or (pattern.attribute(node.attr) if isinstance(node, ast.Attribute) else "")
            elif isinstance(node, ast.Call):
                what = self._first_match(pattern, module.resolve(node, scope))
                what = what or self._method(node, scope, pattern) or self._hidden(node, scope)
            if what:
                yield self._violation(visit, what)

    def _brought_in(self, function: str, pattern: Pattern) -> Iterator[Violation]:
        """Find a function that is itself forbidden: imported, renamed or inherited."""
        for origin in origins_of(self.module, function):
            if what := pattern.match(origin.path):
                yield self._at(origin.node, what, function)

    def _first_match(self, pattern: Pattern, paths: Paths) -> str:
        if paths not in pattern.known:
            self.module.effort.spend(len(paths))
            outside = (path for path in sorted(paths) if not path.startswith("."))
            pattern.known[paths] = next(filter(None, map(pattern.match, outside)), "")
        return pattern.known[paths]

    def _method(self, node: ast.Call, scope: Scope, pattern: Pattern) -> str:
        """Return the forbidden method of `x.norm()` if x is neither a module nor an object of the student's classes."""
        module, target, name = self.module, node.func, ""
        if isinstance(target, ast.Attribute):
            name, target = target.attr, target.value
        elif (
            isinstance(target, ast.Call)
            and "builtins.getattr" in module.resolve(target.func, scope)
            and len(target.args) > 1
        ):
            name, target = text_of(target.args[1]), target.args[0]
        if not name or name in module.by_member:
            return ""
        literal = isinstance(target, (ast.Constant, ast.JoinedStr, ast.List, ast.Dict, ast.Tuple, *COMPREHENSIONS))
        paths = module.resolve(target, scope)
        if literal or module.classes_among(paths) or module.leads_outside(paths):
            return ""
        return pattern.match(f"torch.Tensor.{name}")

    def _hidden(self, node: ast.Call, scope: Scope) -> str:
        """Return a call whose effect is not in the source: eval, or a look-up of a member by a computed name."""
        functions = self.module.resolve(node.func, scope)
        for name in ("eval", "exec", "compile", "__import__"):
            if f"builtins.{name}" in functions:
                return name
        if "importlib.import_module" in functions and not (node.args and text_of(node.args[0])):
            return "import_module with a computed name"
        if "builtins.getattr" in functions and len(node.args) > 1 and not text_of(node.args[1]):
            bases = self.module.resolve(node.args[0], scope)
            if any(path.partition(".")[0] in (*_OUR_PACKAGES, *importable_packages()) for path in bases):
                return "getattr with a computed name"
        return ""

    def _violation(self, visit: Visit, what: str, *, loop: bool = False) -> Violation:
        return self._at(visit.node, what, visit.definition.name, loop=loop)

    def _at(self, node: ast.AST, what: str, where: str, *, loop: bool = False) -> Violation:
        line = getattr(node, "lineno", 1)
        text = self.module.lines[line - 1].strip() if line <= len(self.module.lines) else ""
        return Violation(line, cut(text, TEXT), what, where, loop)


def _unique(violations: Iterable[Violation]) -> list[Violation]:
    """Sort by line and remove duplicates: several paths may lead to one line."""
    places = {(violation.line, violation.what): violation for violation in violations}
    return [places[place] for place in sorted(places)]
