"""Decide which statements of a notebook belong to its module.

Imports, functions and classes do. An assignment does if it calls nothing, or if a selected function or class needs the
name. Training, plots and prints do not. Works on the syntax tree alone.
"""

from __future__ import annotations

import ast
import builtins
import symtable
import warnings
from collections import defaultdict
from collections.abc import Iterable, Sequence

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_ASSIGNMENTS = (ast.Assign, ast.AnnAssign, ast.AugAssign)
_CHOICES = (ast.If, ast.Try)  # `try: import ...` and `if cuda: device = ...` bind names as assignments do
_CALLS = (ast.Call, ast.Await, ast.Yield, ast.YieldFrom)


def unwritten_places(node: ast.stmt) -> frozenset[tuple[str, int]]:
    """Return the places in a function or class that are still to be written: the function's name and a number.

    Such a place is a `raise NotImplementedError()` that can be reached; one that is left below a `return` is not.
    """
    if isinstance(node, ast.ClassDef):
        return frozenset().union(*(unwritten_places(child) for child in node.body))
    if not isinstance(node, _DEFINITIONS):
        return frozenset()
    try:
        return frozenset((node.name, count) for count in range(_count_places(node.body)))
    except RecursionError:  # a thousand branches of elif: this is not the handout
        return frozenset()


def find_incomplete_copies(statements: Sequence[ast.stmt]) -> dict[int, int]:
    """Return the later definitions that have less written than an earlier one: later index -> earlier index.

    The unwritten places of the later one include all of the earlier one, and more.
    """
    losers: dict[int, int] = {}
    latest: dict[str, int] = {}
    for index, node in enumerate(statements):
        if not isinstance(node, _DEFINITIONS):
            continue
        earlier = latest.get(node.name)
        if earlier is not None and unwritten_places(node) > unwritten_places(statements[earlier]):
            losers[index] = earlier
        else:
            latest[node.name] = index
    return losers


def select_statements(statements: Sequence[ast.stmt], segments: Sequence[str], wanted: Iterable[str]) -> set[int]:
    """Return the indices of the statements that belong to the module. ``segments`` is the source of each statement."""
    selected = {i for i, s in enumerate(statements) if isinstance(s, (*_DEFINITIONS, ast.Import, ast.ImportFrom))}
    binding: dict[str, list[int]] = defaultdict(list)
    for index, statement in enumerate(statements):
        if isinstance(statement, (*_ASSIGNMENTS, *_CHOICES)):
            for name in bound_names(statement):
                binding[name].append(index)

    def names_used(index: int) -> set[str]:
        statement = statements[index]
        return _module_names(segments[index]) | (
            bound_names(statement) if isinstance(statement, ast.AugAssign) else set()
        )

    needed = {name.split(".")[0] for name in wanted}
    for index in selected:
        needed |= names_used(index)
        if isinstance(statements[index], _DEFINITIONS):  # so that `Net.loss = f` is selected
            needed |= bound_names(statements[index])
    queue = list(needed)
    while queue:
        for index in binding.pop(queue.pop(), ()):
            if index not in selected:
                selected.add(index)
                new = names_used(index) - needed
                needed |= new
                queue.extend(new)

    known = set(dir(builtins)).union(*(bound_names(statements[index]) for index in selected))
    for index, statement in enumerate(statements):
        if index in selected or not isinstance(statement, _ASSIGNMENTS):
            continue
        if not any(isinstance(node, _CALLS) for node in ast.walk(statement)) and names_used(index) <= known:
            selected.add(index)
            known |= bound_names(statement)
    return selected


def bound_names(statement: ast.stmt) -> set[str]:
    """Return the names that a statement gives a value to, or changes a part of (`Net.loss = f` changes Net)."""
    if isinstance(statement, _DEFINITIONS):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name.split(".")[0] for alias in statement.names}
    if isinstance(statement, _ASSIGNMENTS):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return set().union(*(_roots(target) for target in targets))
    names: set[str] = set()
    inside = [statement] if isinstance(statement, _CHOICES) else []
    while inside:  # without recursion: each elif is one level deeper
        for child in (child for block in _blocks(inside.pop()) for child in block):
            if isinstance(child, _CHOICES):
                inside.append(child)
            else:
                names |= bound_names(child)
    return names


def _count_places(block: Sequence[ast.stmt]) -> int:
    count = 0
    for node in block:
        if _is_place(node):
            return count + 1
        count += sum(_count_places(inner) for inner in _blocks(node))
        if _leaves(node):
            break
    return count


def _is_place(node: ast.stmt) -> bool:
    if not isinstance(node, ast.Raise) or not isinstance(node.exc, ast.Call) or node.exc.args or node.exc.keywords:
        return False
    return isinstance(node.exc.func, ast.Name) and node.exc.func.id == "NotImplementedError"


def _blocks(node: ast.stmt) -> list[list[ast.stmt]]:
    """Return the blocks of a compound statement."""
    parts = [node, *getattr(node, "handlers", ()), *getattr(node, "cases", ())]
    blocks = [getattr(part, name, []) for part in parts for name in ("body", "orelse", "finalbody")]
    return [block for block in blocks if block]


def _leaves(node: ast.stmt) -> bool:
    """Return whether a simple analysis shows that nothing after the statement can be reached."""
    if isinstance(node, ast.If):
        return bool(node.orelse) and all(any(_leaves(s) for s in block) for block in (node.body, node.orelse))
    if isinstance(node, ast.With):
        return any(_leaves(s) for s in node.body)
    return isinstance(node, ast.Return | ast.Raise | ast.Break | ast.Continue)


def _roots(target: ast.expr) -> set[str]:
    while isinstance(target, ast.Attribute | ast.Subscript | ast.Starred):
        target = target.value
    if isinstance(target, ast.Tuple | ast.List):
        return set().union(*(_roots(element) for element in target.elts))
    return {target.id} if isinstance(target, ast.Name) else set()


def _module_names(segment: str) -> set[str]:
    """Return the names that a top-level statement reads from the module."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table = symtable.symtable(segment, "<statement>", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()  # `return` outside a function and the like: the import will report it
    names = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
    tables = table.get_children()
    while tables:
        table = tables.pop()
        names |= {s.get_name() for s in table.get_symbols() if s.is_global() and s.is_referenced()}
        tables.extend(table.get_children())
    return names
