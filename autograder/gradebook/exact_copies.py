"""Functions that several hand-ins have in common word for word, beyond the handout.

Comments, docstrings, annotations, layout and the names of arguments and local variables do not count. Short functions
have few good solutions, so a group needs code of some length in common. For a person to look at, not a verdict.
"""

from __future__ import annotations

import ast
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from autograder.core.class_records import CopyGroup
from autograder.core.docstrings import drop_docstrings
from autograder.core.syntax_tree import dump

SOLUTION = "the course's solution"  # its name among the students
MIN_NODES = 150  # of the syntax tree, that a group has in common: about ten lines


@dataclass(frozen=True)
class Function:
    """A function without the parts that do not count."""

    digest: str
    nodes: int  # of its syntax tree
    lines: int


Functions = Mapping[str, Function]  # by name, "Class.method" for methods


def own_functions(source: str, handout: Iterable[Functions] = ()) -> dict[str, Function]:
    """Return the functions and methods of a module that the handout does not contain. Faulty code has none."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    given = {function.digest for functions in handout for function in functions.values()}
    found = {}
    for node in tree.body:
        members = node.body if isinstance(node, ast.ClassDef) else [node]
        prefix = f"{node.name}." if isinstance(node, ast.ClassDef) else ""
        for member in members:
            if isinstance(member, ast.FunctionDef | ast.AsyncFunctionDef):
                name, function = prefix + member.name, _function(member)
                if function.digest not in given:
                    found[name] = function
    return found


def same_code(functions: Functions) -> str:
    """Return a text that is equal for hand-ins whose functions are all equal, or "" if they are too short to tell."""
    if sum(function.nodes for function in functions.values()) < MIN_NODES:
        return ""
    return "\n".join(sorted(f"{name} {function.digest}" for name, function in functions.items()))


def find_copies(handins: Mapping[str, Functions]) -> list[CopyGroup]:
    """Return the groups of hand-ins with equal functions, those with most in common first.

    A group that another one contains is left out if the other one has more than half of its lines in common, unless
    only the smaller one has all code in common. One of the hand-ins may be called SOLUTION.
    """
    owners: dict[tuple[str, str], list[str]] = defaultdict(list)
    whole: dict[str, list[str]] = defaultdict(list)
    for who in sorted(handins):
        for name, function in handins[who].items():
            owners[name, function.digest].append(who)
        if code := same_code(handins[who]):
            whole[code].append(who)
    groups = []
    for people in {tuple(group): None for group in (*owners.values(), *whole.values()) if len(group) > 1}:
        names = _in_common(people, handins)
        functions = [handins[people[0]][name] for name in names]
        if sum(function.nodes for function in functions) >= MIN_NODES:
            students = tuple(who for who in people if who != SOLUTION)
            all_of_it = all(len(handins[who]) == len(names) for who in students)
            lines = sum(function.lines for function in functions)
            groups.append(CopyGroup(students, tuple(sorted(names)), lines, all_of_it, SOLUTION in people))
    kept: list[CopyGroup] = []
    for group in sorted(groups, key=lambda group: (-group.lines * len(group.students), group.students)):
        if not any(_contains(other, group) for other in kept):
            kept.append(group)
    return kept


def _in_common(people: Sequence[str], handins: Mapping[str, Functions]) -> list[str]:
    """Return the names of the functions that are equal in all of these hand-ins."""
    first, *others = (handins[who] for who in people)
    return [
        name for name, mine in first.items() if all(name in own and own[name].digest == mine.digest for own in others)
    ]


def _contains(larger: CopyGroup, smaller: CopyGroup) -> bool:
    """Return whether a person who looked at the larger group has seen the smaller one."""
    return (
        {*smaller.students} <= {*larger.students}
        and larger.solution >= smaller.solution
        and larger.everything >= smaller.everything
        and 2 * larger.lines > smaller.lines
    )


def _function(bare: ast.FunctionDef | ast.AsyncFunctionDef) -> Function:
    """Return a function without the parts that do not count, which are removed from its tree."""
    bare.name, bare.decorator_list, bare.returns = "", [], None
    drop_docstrings(ast.walk(bare))
    local: dict[str, str] = {}
    for part in ast.walk(bare):
        if isinstance(part, ast.arg):
            part.annotation = None
            local.setdefault(part.arg, f"v{len(local)}")
        elif isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            local.setdefault(part.id, f"v{len(local)}")
    for part in ast.walk(bare):
        if isinstance(part, ast.arg):
            part.arg = local[part.arg]
        elif isinstance(part, ast.Name):
            part.id = local.get(part.id, part.id)
    text = dump(bare)
    size = sum(1 for _ in ast.walk(bare))
    return Function(hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest(), size, _lines(bare))


def _lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1
