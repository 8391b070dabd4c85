"""Rules on a student's source: calls that a task forbids, and loops over data.

A rule covers the function it names and whatever of the same module that function uses, however deep. Comments,
strings, annotations and functions that are not used never break a rule.
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
from autograder.source_rules.resolve import Module
from autograder.source_rules.scopes import COMPREHENSIONS, Scope, text_of

SHOWN = 5  # findings in one message
TEXT = 80  # characters of a line


@dataclass(frozen=True)
class Finding:
    """One place that breaks a rule."""

    line: int
    text: str  # the line's code
    what: str  # "torch.cdist", "a for loop"
    where: str  # the function it stands in


def forbidden_calls(source: str, function: str, calls: Sequence[str]) -> list[Finding]:
    """Uses of what ``calls`` forbids, in ``function`` ("Conv.forward", or a whole class) and all it uses.

    A rule is a dotted name ("torch.cdist", "F.conv2d", "nn.Linear", "np.dot", "Tensor.norm"), a module ("torch.linalg")
    or a pattern ("F.conv*"). "torch.norm" and "Tensor.norm" also cover the method ``x.norm()``, "F.conv2d" also covers
    torch.conv2d, "nn.Linear" also torch.nn.modules.linear.Linear, and "!F.pad" allows what another rule forbids.
    A function that is itself imported, inherited or another name of something forbidden breaks the rule, too.
    ".grad_fn" is the attribute of any object. ``eval``, ``exec`` and look-ups that hide the name are found as well.
    """
    pattern, graph = Pattern(calls), call_graph_of(source, function)
    return _unique([*_brought_in(graph.module, function, pattern), *_calls_in(graph, pattern)]) if graph else []


def loops(source: str, function: str) -> list[Finding]:
    """Loops over data in ``function`` and all it uses: for, while, comprehensions, map, filter, vectorize, recursion.

    To walk over a shape, over dimensions or over a tuple that is written out is not a loop over data.
    """
    graph = call_graph_of(source, function)
    return _unique(_loops_in(graph)) if graph else []


def forbid(student: Any, name: str, *, calls: Sequence[str] = (), loops: bool = False) -> None:
    """Raise Mismatch, cause FORBIDDEN, when the function ``name`` of ``student.source`` breaks a rule.

    A source that does not parse or lacks the function breaks none: other checks say so.
    """
    source = student.source
    found = [
        (f, "write it yourself from simpler operations")
        for f in (forbidden_calls(source, name, calls) if calls else ())
    ]
    if loops:
        found += [(f, "work on whole tensors instead, by broadcasting and reductions") for f in _loops(source, name)]
    if not found:
        return
    lines = [f"{name} uses what this task does not allow."]
    for finding, remedy in found[:SHOWN]:
        inside = f" (in {finding.where}, which {name} uses)" if finding.where != name else ""
        lines.append(f"line {finding.line}: `{finding.text}` - {finding.what} is not allowed here{inside}; {remedy}.")
    if len(found) > SHOWN:
        lines.append(f"... and {len(found) - SHOWN} more.")
    raise Mismatch("\n".join(lines), cause=Cause.FORBIDDEN)


_loops = loops  # forbid has an argument of this name


def _loops_in(graph: CallGraph) -> Iterator[Finding]:
    for visit in graph.visits:
        what = loop_at(graph.module, visit.node, visit.scope)
        if not what and isinstance(visit.node, ast.Call) and graph.returns_to(visit):
            what = "recursion"
        if what:
            yield _finding(graph.module, visit, what)


def _calls_in(graph: CallGraph, pattern: Pattern) -> Iterator[Finding]:
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
            yield _finding(module, visit, what)


def _brought_in(module: Module, function: str, pattern: Pattern) -> Iterator[Finding]:
    """The function itself is what a rule forbids: imported, renamed or inherited."""
    for origin in origins_of(module, function):
        if what := pattern.match(origin.path):
            yield _at(module, origin.node, what, function)


def _first_match(pattern: Pattern, paths: set[str]) -> str:
    return next(filter(None, (pattern.match(path) for path in sorted(paths) if not path.startswith("."))), "")


def _method(module: Module, node: ast.Call, scope: Scope, pattern: Pattern, own: set[str]) -> str:
    """`x.norm()` of an object that is neither a module nor the student's own."""
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


def _hidden(module: Module, node: ast.Call, scope: Scope) -> str:
    """Calls whose effect cannot be read: eval, and getattr of an imported module by a computed name."""
    functions = module.resolve(node.func, scope)
    for name in ("eval", "exec", "compile", "__import__"):
        if f"builtins.{name}" in functions:
            return name
    if "builtins.getattr" in functions and len(node.args) > 1 and not text_of(node.args[1]):
        bases = module.resolve(node.args[0], scope)
        if any(path.partition(".")[0] in ("torch", "numpy") for path in bases):
            return "getattr with a computed name"
    return ""


def _finding(module: Module, visit: Visit, what: str) -> Finding:
    return _at(module, visit.node, what, visit.definition.name)


def _at(module: Module, node: ast.AST, what: str, where: str) -> Finding:
    line = getattr(node, "lineno", 1)
    text = module.lines[line - 1].strip() if line <= len(module.lines) else ""
    return Finding(line, cut(text, TEXT), what, where)


def _unique(findings: Iterable[Finding]) -> list[Finding]:
    """By line, each once: a line may be reached by several ways."""
    places = {(finding.line, finding.what): finding for finding in findings}
    return [places[place] for place in sorted(places)]
