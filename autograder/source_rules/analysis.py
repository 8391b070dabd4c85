"""Find where a module breaks the rules of a task: calls that are forbidden, and loops over data.

A module is read once; its answers to several questions share that work. Knows nothing about checks and messages.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from autograder.checks.describe import cut
from autograder.core.course_file import importable_packages
from autograder.core.message import Message
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


@dataclass(frozen=True)
class Siblings:
    """The other modules of a hand-in. Checks of their own judge the ``tasks`` among their functions and classes."""

    sources: Mapping[str, str] = field(default_factory=dict)  # by the name of the module
    tasks: frozenset[str] = frozenset()

    def place_of(self, path: str) -> tuple[str, str]:
        """Return the module and the function of a path such as "helper.conv"; empty if they are not to be read."""
        parts = path.split(".")
        for end in range(len(parts) - 1, 0, -1):
            if (module := ".".join(parts[:end])) in self.sources:
                return ("", "") if parts[end] in self.tasks else (module, ".".join(parts[end:]))
        return "", ""


ALONE = Siblings()


def violations_of(source: str, rules: Rules, siblings: Siblings = ALONE) -> list[Violation]:
    """Return the places that break the rules; none if the source does not parse. Raises TooComplex.

    What the source imports from one of the ``siblings`` is read, too; it is reported where the source uses it.
    """
    named = any("torch" in text for text in (source, *siblings.sources.values()))
    import_subjects((*rules.calls, *(rules.always if named else ())))  # torch only where it is used: it takes a second
    return _Reading(rules, siblings).violations(source, rules.function)


class _Reading:
    """Applies rules to a function and to those that it uses, in several modules."""

    def __init__(self, rules: Rules, siblings: Siblings) -> None:
        self.rules, self.siblings = rules, siblings
        self._known: dict[tuple[str, str], list[Violation]] = {}

    def violations(self, source: str, function: str) -> list[Violation]:
        """Return the places in a source."""
        analysis = _analysis_of(source)
        if isinstance(analysis, TooComplex):
            raise TooComplex
        if analysis is None:
            return []
        rules = replace(self.rules, function=function)
        try:
            found = analysis.violations(rules)
            return _unique([*found, *self._elsewhere(analysis, rules)]) if self.siblings.sources else found
        except (RecursionError, MemoryError):
            raise TooComplex from None

    def _elsewhere(self, analysis: Analysis, rules: Rules) -> Iterator[Violation]:
        for node, path, where in analysis.paths_outside(rules):
            module, function = self.siblings.place_of(path)
            if not module:
                continue
            if (module, function) not in self._known:
                self._known[module, function] = []  # the result for modules that import each other
                self._known[module, function] = self.violations(self.siblings.sources[module], function)
            place = path if where == rules.function else f"{path}, which {where} uses"
            for inner in self._known[module, function][:1]:
                yield analysis.at(node, inner.what, place, loop=inner.loop)


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
        self._answers: dict[Rules, list[Violation]] = {}  # a question that is asked again takes no steps
        self._outside: dict[tuple[str, tuple[str, ...]], list[tuple[ast.AST, str, str]]] = {}

    def violations(self, rules: Rules) -> list[Violation]:
        """Return the places that break the rules, by line: first calls, then loops. Raises TooComplex."""
        if rules not in self._answers:
            self._answers[rules] = self._found(rules)
        return self._answers[rules]

    def _found(self, rules: Rules) -> list[Violation]:
        key = rules.function, rules.apart
        if key not in self._graphs:
            self._graphs[key] = call_graph_of(self.module, rules.function, apart=rules.apart)
        graph = self._graphs[key]
        said = rules.calls, rules.always
        if said not in self._patterns:
            self._patterns[said] = Pattern(rules.calls, always=rules.always)
        pattern = self._patterns[said]
        found = _unique([*self._brought_in(rules.function, pattern), *self._calls_in(graph, pattern)])
        return found + (_unique(self._loops_in(graph)) if rules.loops else [])

    def paths_outside(self, rules: Rules) -> list[tuple[ast.AST, str, str]]:
        """Return what a function takes from other modules: a node, its path, and the function that contains it."""
        key = rules.function, rules.apart
        if key not in self._outside:
            self._outside[key] = list(self._paths_outside(rules))
        return self._outside[key]

    def _paths_outside(self, rules: Rules) -> Iterator[tuple[ast.AST, str, str]]:
        for origin in origins_of(self.module, rules.function):
            yield origin.node, origin.path, rules.function
        for visit in self._graphs[rules.function, rules.apart].visits:
            if isinstance(visit.node, (ast.Name, ast.Attribute)) and isinstance(visit.node.ctx, ast.Load):
                for path in sorted(self.module.resolve(visit.node, visit.scope)):
                    self.module.effort.spend()
                    if not path.startswith("."):
                        yield visit.node, path, visit.definition.name

    def _loops_in(self, graph: CallGraph) -> Iterator[Violation]:
        loops = Loops(graph)
        for visit in graph.visits:
            what = loops.at(visit.node, visit.scope)
            if not what and isinstance(visit.node, ast.Call) and graph.returns_to(visit):
                what = Message("recursion")
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
                yield self.at(origin.node, what, function)

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
        elif isinstance(target, ast.Call) and "operator.methodcaller" in module.resolve(target.func, scope):
            name, target = text_of(target.args[0]) if target.args else "", node.args[0] if node.args else target
        literal = isinstance(target, (ast.Constant, ast.JoinedStr, ast.List, ast.Dict, ast.Tuple, *COMPREHENSIONS))
        if not name or literal or name in module.by_member:
            return ""
        paths = module.resolve(target, scope)
        if module.classes_among(paths) or module.leads_outside(paths):
            return ""
        return pattern.match(f"torch.Tensor.{name}")

    def _hidden(self, node: ast.Call, scope: Scope) -> str:
        """Return a call whose effect is not in the source: eval, or a look-up of a member by a computed name."""
        functions = self.module.resolve(node.func, scope)
        for name in ("eval", "exec", "compile", "__import__"):
            if f"builtins.{name}" in functions:
                return name
        if "importlib.import_module" in functions and not (node.args and text_of(node.args[0])):
            return Message("import_module with a computed name")
        if "builtins.getattr" in functions and len(node.args) > 1 and not text_of(node.args[1]):
            bases = self.module.resolve(node.args[0], scope)
            if any(path.partition(".")[0] in (*_OUR_PACKAGES, *importable_packages()) for path in bases):
                return Message("getattr with a computed name")
        return ""

    def _violation(self, visit: Visit, what: str, *, loop: bool = False) -> Violation:
        return self.at(visit.node, what, visit.definition.name, loop=loop)

    def at(self, node: ast.AST, what: str, where: str, *, loop: bool = False) -> Violation:
        """Return a violation at a node of the module."""
        line = getattr(node, "lineno", 1)
        text = self.module.lines[line - 1].strip() if line <= len(self.module.lines) else ""
        return Violation(line, cut(text, TEXT), what, where, loop)


def _unique(violations: Iterable[Violation]) -> list[Violation]:
    """Sort, calls before loops, by line, and remove duplicates: several paths may lead to one line."""
    places = {(violation.loop, violation.line, violation.what): violation for violation in violations}
    return [places[place] for place in sorted(places)]
