"""Decide which statements of a notebook or a script belong to its module.

Functions and classes do. An import, an assignment, a loop or a call does if selected code needs the name that it binds
or changes; a call only if a task needs it. Training, plots and prints do not. Works on the syntax tree alone.
"""

from __future__ import annotations

import ast
import builtins
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from autograder.submissions.names import (
    ASSIGNMENTS,
    COMPOUND,
    DEFINITIONS,
    blocks,
    bound_names,
    called_names,
    changed_names,
    definitions_in,
    effects_of,
    has_calls,
    read_names,
    stored_names,
)

MODULES = 16  # those of two hand-ins and the handout


def unwritten_places(node: ast.stmt) -> frozenset[tuple[str, int]]:
    """Return the places in a definition that are still to be written: the function's name and a number.

    Such a place is a `raise NotImplementedError()` that can be reached; one that is left below a `return` is not. A
    variable is still to be written in `price = ...`.
    """
    if isinstance(node, ast.Assign):
        return frozenset((name, 0) for name in placeholders(node))
    if isinstance(node, ast.ClassDef):
        return frozenset().union(*(unwritten_places(child) for child in node.body))
    if not isinstance(node, DEFINITIONS):
        return frozenset()
    try:
        return frozenset((node.name, count) for count in range(_count_places(node.body)))
    except RecursionError:  # a thousand branches of elif: this is not the handout
        return frozenset()


def placeholders(node: ast.stmt) -> set[str]:
    """Return the names that a statement sets to `...`, as the handout does with variables to write."""
    if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and node.value.value is ...):
        return set()
    return {target.id for target in node.targets if isinstance(target, ast.Name)}


def places_left(text: str, tasks: Sequence[str]) -> frozenset[tuple[str, str, int]]:
    """Return the unwritten places in a module's definitions of the tasks, or in all if no tasks are known."""
    roots = {task.split(".")[0] for task in tasks}
    return frozenset(
        (root, *place)
        for root, node in _definitions(text, roots).items()
        if root in roots or not roots
        for place in unwritten_places(node)
    )


def written_tasks(text: str, tasks: Sequence[str]) -> list[str]:
    """Return the tasks that a module defines without unwritten places."""
    definitions = _definitions(text, {task.partition(".")[0] for task in tasks})
    left = {(root, function) for root, function, _ in places_left(text, tasks)}
    return [
        task
        for task in tasks
        for root, _, method in [task.partition(".")]
        if root in definitions and not any(root == r and method in ("", function) for r, function in left)
    ]


def _definitions(text: str, roots: Collection[str]) -> dict[str, ast.stmt]:
    """Return the definition of each function, of each class, and of the variables among ``roots``."""
    body = _body(text)
    found: dict[str, ast.stmt] = {node.name: node for node in definitions_in(body)}
    variables = set(roots) - found.keys()
    for node in body:
        names = bound_names(node) & variables
        found |= {name: node for name in names if name not in placeholders(node) or name not in found}
    return found


@lru_cache(MODULES)
def _body(text: str) -> Sequence[ast.stmt]:
    """Return a module's statements, which nobody may change: the next task asks about the same module."""
    return ast.parse(text).body


def find_incomplete_copies(statements: Sequence[ast.stmt], wanted: Collection[str] = ()) -> dict[int, int]:
    """Return the later definitions that have less written than an earlier one: later index -> earlier index.

    The unwritten places of the later one include all of the earlier one, and more. Of variables only those that are
    ``wanted`` count.
    """
    losers: dict[int, int] = {}
    latest: dict[str, int] = {}
    values: dict[str, int] = {}
    for index, node in enumerate(statements):
        if not isinstance(node, DEFINITIONS):
            unwritten = placeholders(node)
            if unwritten and unwritten <= values.keys():
                losers[index] = values[min(unwritten)]
            elif not unwritten:
                values |= dict.fromkeys(bound_names(node) & set(wanted), index)
            continue
        earlier = latest.get(node.name)
        if earlier is not None and unwritten_places(node) > unwritten_places(statements[earlier]):
            losers[index] = earlier
        else:
            latest[node.name] = index
    return losers


@dataclass(frozen=True)
class Selected:
    """Statements that belong to a module, by their indices."""

    indices: frozenset[int]
    for_tasks: frozenset[int]  # those that a task needs
    names: frozenset[str]  # that these use
    stars: frozenset[int]  # `from m import *`
    unbound: bool  # whether no statement binds some of the names, so that an `import *` may bind them


def select_statements(
    statements: Sequence[ast.stmt],
    segments: Sequence[str],
    wanted: Iterable[str],
    *,
    optional: Collection[int] = (),
) -> Selected:
    """Select the statements that belong to the module.

    ``segments`` is the source of each statement, ``wanted`` the names of tasks; if there are none, every definition is
    one. ``optional`` are indices of statements in cells for the notebook only: these are selected only if other code
    needs them.
    """
    definitions = {i for i, s in enumerate(statements) if isinstance(s, DEFINITIONS)}
    wanted_roots = {name.partition(".")[0] for name in wanted}
    binding = _find_binding(statements)
    changing = _find_changing(statements, binding, wanted_roots)

    @cache
    def names_used(index: int) -> frozenset[str]:
        statement = statements[index]
        parts = bound_names(statement) if isinstance(statement, ast.AugAssign) else set()
        return read_names(segments[index], annotations=False) | parts

    def close(names: Iterable[str], tables: Sequence[Mapping[str, Sequence[int]]]) -> tuple[set[int], set[str]]:
        """The statements that bind (or change) the names and those that they use in turn, and all these names."""
        found: set[int] = set()
        known = set(names)
        queue = list(known)
        while queue:
            name = queue.pop()
            for index in (i for table in tables for i in table.get(name, ())):
                if index not in found:
                    found.add(index)
                    new = names_used(index) - known
                    known |= new
                    queue.extend(new)
        return found, known

    roots = wanted_roots or {name for i in definitions for name in bound_names(statements[i])}
    for_tasks, names = close(roots, (binding, changing))
    base = {i for i, s in enumerate(statements) if i not in optional and (i in definitions or _binds_unseen(s))}
    others = names.union(*(names_used(i) | (bound_names(statements[i]) if i in definitions else set()) for i in base))
    others = others.union(*(read_names(segments[i]) for i in base | for_tasks))  # with annotations
    selected = base | for_tasks | close(others, (binding,))[0]  # so that `Net.loss = f` is selected
    _add_constants(statements, selected, optional, names_used)
    unbound = bool(names - binding.keys() - set(dir(builtins)))
    stars = frozenset(i for i in base if _binds_unseen(statements[i]))
    return Selected(frozenset(selected), frozenset(for_tasks), frozenset(names), stars, unbound)


def _find_binding(statements: Sequence[ast.stmt]) -> dict[str, list[int]]:
    """Return the statements that bind each name, or change a part of it.

    A loop variable or a result that has the name of a function by accident (`answer = answer(x)`) does not replace it.
    """
    binding: dict[str, list[int]] = defaultdict(list)
    defined: set[str] = set()
    later = {s.name for s in statements if isinstance(s, DEFINITIONS)}
    for index, statement in enumerate(statements):
        names = bound_names(statement)
        if isinstance(statement, DEFINITIONS):
            defined |= names
        elif not isinstance(statement, ast.Import | ast.ImportFrom) and names & later:
            names -= (names & later) - bound_names(statement, headers=False)
            names -= defined & called_names(statement) & stored_names(statement)
        for name in names:
            binding[name].append(index)
    return binding


def _find_changing(
    statements: Sequence[ast.stmt], binding: Mapping[str, Sequence[int]], tasks: Collection[str]
) -> dict[str, list[int]]:
    """Return the statements that may change the object behind each variable by a call. Calls of tasks do not count."""
    variables = {name for name, places in binding.items() if any(_assigns(statements[index]) for index in places)}
    ordinary = [
        (i, s) for i, s in enumerate(statements) if not isinstance(s, (*DEFINITIONS, ast.Import, ast.ImportFrom))
    ]
    called = set().union(*(called_names(statement) for _, statement in ordinary)) - set(tasks)
    functions = [s for s in statements if isinstance(s, ast.FunctionDef) and s.name in called]
    effects = {function.name: effects_of(function) for function in functions}
    changeable = variables.union(*effects.values())
    changing: dict[str, list[int]] = defaultdict(list)
    for index, statement in ordinary:
        for name in changed_names(statement, effects) & changeable:
            changing[name].append(index)
    return changing


def _add_constants(
    statements: Sequence[ast.stmt],
    selected: set[int],
    optional: Collection[int],
    names_used: Callable[[int], frozenset[str]],
) -> None:
    """Select assignments without calls, whose names are known."""
    known = set(dir(builtins)).union(*(bound_names(statements[index]) for index in selected))
    for index, statement in enumerate(statements):
        if index in selected or index in optional or not isinstance(statement, ASSIGNMENTS):
            continue
        if not has_calls(statement) and names_used(index) <= known:
            selected.add(index)
            known |= bound_names(statement)


def _binds_unseen(statement: ast.stmt) -> bool:
    """Return whether an import is needed for other reasons than its names: `import *` or `from __future__`."""
    if not isinstance(statement, ast.ImportFrom):
        return False
    return statement.module == "__future__" or any(alias.name == "*" for alias in statement.names)


def _assigns(statement: ast.stmt) -> bool:
    return isinstance(statement, (*ASSIGNMENTS, *COMPOUND))


def _count_places(block: Sequence[ast.stmt]) -> int:
    count = 0
    for node in block:
        if _is_place(node):
            return count + 1
        count += sum(_count_places(inner) for inner in blocks(node))
        if _leaves(node):
            break
    return count


def _is_place(node: ast.stmt) -> bool:
    if not isinstance(node, ast.Raise) or not isinstance(node.exc, ast.Call) or node.exc.args or node.exc.keywords:
        return False
    return isinstance(node.exc.func, ast.Name) and node.exc.func.id == "NotImplementedError"


def _leaves(node: ast.stmt) -> bool:
    """Return whether a simple analysis shows that nothing after the statement can be reached."""
    if isinstance(node, ast.If):
        return bool(node.orelse) and all(any(_leaves(s) for s in block) for block in (node.body, node.orelse))
    if isinstance(node, ast.With):
        return any(_leaves(s) for s in node.body)
    return isinstance(node, ast.Return | ast.Raise | ast.Break | ast.Continue)
