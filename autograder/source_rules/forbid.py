"""Rules for a student's source: calls that a task forbids, and loops over data.

A rule applies to the named function and to all code of the same module that it uses, directly or not. Comments,
strings, annotations and unused functions never break a rule.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.checks.describe import cut
from autograder.checks.expect import Mismatch
from autograder.core.report import Cause
from autograder.source_rules.call_graph import CallGraph, Visit, call_graph_of
from autograder.source_rules.import_origins import origins_of
from autograder.source_rules.loops import loop_at
from autograder.source_rules.patterns import Pattern
from autograder.source_rules.resolve import ModuleNames
from autograder.source_rules.scopes import COMPREHENSIONS, Scope, text_of

SHOWN = 5  # violations in one message
TEXT = 80  # characters of a line
ALWAYS_FORBIDDEN = ("autograder.*", "sys.modules")  # the grader's probes run next to the student's code, with answers
_OUR_PACKAGES = ("torch", "numpy", "common", "autograder")  # rules name functions of these


@dataclass(frozen=True)
class Violation:
    """A place that breaks a rule."""

    line: int
    text: str  # the code of the line
    what: str  # "torch.cdist", "a for loop"
    where: str  # the function that contains it


def forbidden_calls(source: str, function: str, calls: Sequence[str]) -> list[Violation]:
    """Find uses of ``calls`` in ``function`` ("Conv.forward", or a whole class) and in all code that it uses.

    A rule is a dotted name ("torch.cdist", "F.conv2d", "nn.Linear", "np.dot", "Tensor.norm"), a module ("torch.linalg")
    or a pattern ("F.conv*"). "torch.norm" and "Tensor.norm" also cover the method ``x.norm()``, "F.conv2d" also covers
    torch.conv2d, "nn.Linear" also torch.nn.modules.linear.Linear, and "!F.pad" allows a name that another rule forbids.
    A function also breaks the rule if it is itself imported, inherited or another name of something forbidden.
    ".grad_fn" is the attribute of any object. ``eval``, ``exec`` and look-ups by a computed name are found as well.
    """
    pattern, graph = Pattern(calls), call_graph_of(source, function)
    return _forbidden_in(graph, function, pattern) if graph else []


def loops(source: str, function: str) -> list[Violation]:
    """Find loops over data in ``function`` and in all code that it uses.

    These are for, while, comprehensions, map, filter, vectorize and recursion. A loop over a shape, over dimensions or
    over a tuple in the source is not a loop over data.
    """
    graph = call_graph_of(source, function)
    return _unique(_loops_in(graph)) if graph else []


def forbid(student: Any, name: str, *, calls: Sequence[str] = (), loops: bool = False) -> None:
    """Raise Mismatch, with the cause FORBIDDEN, if the function ``name`` of ``student.source`` breaks a rule.

    The grader's own modules are always forbidden. A source that does not parse or lacks the function breaks no rule:
    other checks report that.
    """
    pattern, graph = Pattern(calls, always=ALWAYS_FORBIDDEN), call_graph_of(student.source, name)
    if graph is None:
        return
    found = [(v, "write it yourself from simpler operations") for v in _forbidden_in(graph, name, pattern)]
    if loops:
        remedy = "work on whole tensors instead, by broadcasting and reductions"
        found += [(v, remedy) for v in _unique(_loops_in(graph))]
    if not found:
        return
    lines = [f"{name} uses operations that this task does not allow."]
    for violation, remedy in found[:SHOWN]:
        inside = f" (in {violation.where}, which {name} uses)" if violation.where != name else ""
        place = f"line {violation.line}: `{violation.text}`"
        lines.append(f"{place} - {violation.what} is not allowed here{inside}; {remedy}.")
    if len(found) > SHOWN:
        lines.append(f"... and {len(found) - SHOWN} more.")
    raise Mismatch("\n".join(lines), cause=Cause.FORBIDDEN)


def _forbidden_in(graph: CallGraph, function: str, pattern: Pattern) -> list[Violation]:
    return _unique([*_brought_in(graph.module, function, pattern), *_calls_in(graph, pattern)])


def _loops_in(graph: CallGraph) -> Iterator[Violation]:
    for visit in graph.visits:
        what = loop_at(graph.module, visit.node, visit.scope)
        if not what and isinstance(visit.node, ast.Call) and graph.returns_to(visit):
            what = "recursion"
        if what:
            yield _violation(graph.module, visit, what)


def _calls_in(graph: CallGraph, pattern: Pattern) -> Iterator[Violation]:
    module, own = graph.module, graph.module.members
    for visit in graph.visits:
        node, scope, what = visit.node, visit.scope, ""
        if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)) and isinstance(node.ctx, ast.Load):
            what = _first_match(pattern, module.resolve(node, scope))
            what = what or (pattern.attribute(node.attr) if isinstance(node, ast.Attribute) else "")
        elif isinstance(node, ast.Call):
            what = _first_match(pattern, module.resolve(node, scope))
            what = what or _method(module, node, scope, pattern, own) or _hidden(module, node, scope)
        if what:
            yield _violation(module, visit, what)


def _brought_in(module: ModuleNames, function: str, pattern: Pattern) -> Iterator[Violation]:
    """Find a function that is itself forbidden: imported, renamed or inherited."""
    for origin in origins_of(module, function):
        if what := pattern.match(origin.path):
            yield _at(module, origin.node, what, function)


def _first_match(pattern: Pattern, paths: set[str]) -> str:
    return next(filter(None, (pattern.match(path) for path in sorted(paths) if not path.startswith("."))), "")


def _method(module: ModuleNames, node: ast.Call, scope: Scope, pattern: Pattern, own: set[str]) -> str:
    """Return the forbidden method of `x.norm()` if x is neither a module nor an object of the student's own classes."""
    name, target = "", node.func
    if isinstance(target, ast.Attribute):
        name, target = target.attr, target.value
    elif (
        isinstance(target, ast.Call)
        and "builtins.getattr" in module.resolve(target.func, scope)
        and len(target.args) > 1
    ):
        name, target = text_of(target.args[1]), target.args[0]
    literal = isinstance(target, (ast.Constant, ast.JoinedStr, ast.List, ast.Dict, ast.Tuple, *COMPREHENSIONS))
    known = any(not path.startswith(".") or path[1:] in module.bases for path in module.resolve(target, scope))
    if not name or name in own or literal or known:
        return ""
    return pattern.match(f"torch.Tensor.{name}")


def _hidden(module: ModuleNames, node: ast.Call, scope: Scope) -> str:
    """Return a call whose effect is not in the source: eval, or a look-up of a module's member by a computed name."""
    functions = module.resolve(node.func, scope)
    for name in ("eval", "exec", "compile", "__import__"):
        if f"builtins.{name}" in functions:
            return name
    if "importlib.import_module" in functions and not (node.args and text_of(node.args[0])):
        return "import_module with a computed name"
    if "builtins.getattr" in functions and len(node.args) > 1 and not text_of(node.args[1]):
        bases = module.resolve(node.args[0], scope)
        if any(path.partition(".")[0] in _OUR_PACKAGES for path in bases):
            return "getattr with a computed name"
    return ""


def _violation(module: ModuleNames, visit: Visit, what: str) -> Violation:
    return _at(module, visit.node, what, visit.definition.name)


def _at(module: ModuleNames, node: ast.AST, what: str, where: str) -> Violation:
    line = getattr(node, "lineno", 1)
    text = module.lines[line - 1].strip() if line <= len(module.lines) else ""
    return Violation(line, cut(text, TEXT), what, where)


def _unique(violations: Iterable[Violation]) -> list[Violation]:
    """Sort by line and remove duplicates: several paths may lead to one line."""
    places = {(violation.line, violation.what): violation for violation in violations}
    return [places[place] for place in sorted(places)]
