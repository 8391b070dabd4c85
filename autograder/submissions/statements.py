"""Which statements of a notebook belong to its module.

Imports, functions and classes do. An assignment does when it calls nothing, or when a kept function or class needs the
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
    """The places in a function or class that the handout leaves to the student: function name, and how many there.

    A place is a `raise NotImplementedError()` that can be reached; one left over below a `return` is not.
    """
    if isinstance(node, ast.ClassDef):
        return frozenset().union(*(unwritten_places(child) for child in node.body))
    if not isinstance(node, _DEFINITIONS):
        return frozenset()
    try:
        return frozenset((node.name, count) for count in range(_places(node.body)))
    except RecursionError:  # a thousand branches of elif: somebody wrote it
        return frozenset()


def overridden(statements: Sequence[ast.stmt]) -> dict[int, int]:
    """Later definitions that would replace a written one by less: index -> index of the one that stays.

    The later one loses only when it leaves unwritten all that the earlier one does, and more.
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


def kept(statements: Sequence[ast.stmt], segments: Sequence[str], wanted: Iterable[str]) -> set[int]:
    """Indices of the statements that belong to the module. ``segments`` is the source of each statement."""
    keep = {i for i, s in enumerate(statements) if isinstance(s, (*_DEFINITIONS, ast.Import, ast.ImportFrom))}
    binding: dict[str, list[int]] = defaultdict(list)
    for index, statement in enumerate(statements):
        if isinstance(statement, (*_ASSIGNMENTS, *_CHOICES)):
            for name in bound_names(statement):
                binding[name].append(index)

    def taken(index: int) -> set[str]:
        statement = statements[index]
        return _free(segments[index]) | (bound_names(statement) if isinstance(statement, ast.AugAssign) else set())

    needed = {name.split(".")[0] for name in wanted}
    for index in keep:
        needed |= taken(index)
        if isinstance(statements[index], _DEFINITIONS):  # so that `Net.loss = f` is kept
            needed |= bound_names(statements[index])
    queue = list(needed)
    while queue:
        for index in binding.pop(queue.pop(), ()):
            if index not in keep:
                keep.add(index)
                new = taken(index) - needed
                needed |= new
                queue.extend(new)

    known = set(dir(builtins)).union(*(bound_names(statements[index]) for index in keep))
    for index, statement in enumerate(statements):
        if index in keep or not isinstance(statement, _ASSIGNMENTS):
            continue
        if not any(isinstance(node, _CALLS) for node in ast.walk(statement)) and taken(index) <= known:
            keep.add(index)
            known |= bound_names(statement)
    return keep


def bound_names(statement: ast.stmt) -> set[str]:
    """Names that a statement gives a value to, or changes a part of (`Net.loss = f` changes Net)."""
    if isinstance(statement, _DEFINITIONS):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {alias.asname or alias.name.split(".")[0] for alias in statement.names}
    if isinstance(statement, _ASSIGNMENTS):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return set().union(*(_roots(target) for target in targets))
    names: set[str] = set()
    inside = [statement] if isinstance(statement, _CHOICES) else []
    while inside:  # not by recursion: each elif is one level deeper
        for child in (child for block in _blocks(inside.pop()) for child in block):
            if isinstance(child, _CHOICES):
                inside.append(child)
            else:
                names |= bound_names(child)
    return names


def _places(block: Sequence[ast.stmt]) -> int:
    count = 0
    for node in block:
        if _is_place(node):
            return count + 1
        count += sum(_places(inner) for inner in _blocks(node))
        if _leaves(node):
            break
    return count


def _is_place(node: ast.stmt) -> bool:
    if not isinstance(node, ast.Raise) or not isinstance(node.exc, ast.Call) or node.exc.args or node.exc.keywords:
        return False
    return isinstance(node.exc.func, ast.Name) and node.exc.func.id == "NotImplementedError"


def _blocks(node: ast.stmt) -> list[list[ast.stmt]]:
    """The blocks of a compound statement."""
    parts = [node, *getattr(node, "handlers", ()), *getattr(node, "cases", ())]
    blocks = [getattr(part, name, []) for part in parts for name in ("body", "orelse", "finalbody")]
    return [block for block in blocks if block]


def _leaves(node: ast.stmt) -> bool:
    """Whether nothing after the statement can be reached, as far as can be seen."""
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


def _free(segment: str) -> set[str]:
    """Names that a top-level statement takes from the module."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table = symtable.symtable(segment, "<statement>", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set()  # `return` outside a function and the like: importing it will say so
    free = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
    tables = table.get_children()
    while tables:
        table = tables.pop()
        free |= {s.get_name() for s in table.get_symbols() if s.is_global() and s.is_referenced()}
        tables.extend(table.get_children())
    return free
