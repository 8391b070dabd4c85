"""Decide which statements of a notebook or a script belong to its module.

Functions and classes do. An import, an assignment, a loop or a call does if selected code needs the name that it binds
or changes. Training, plots and prints do not. Works on the syntax tree alone.
"""

from __future__ import annotations

import ast
import builtins
import symtable
import warnings
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_ASSIGNMENTS = (ast.Assign, ast.AnnAssign, ast.AugAssign)
_COMPOUND = (  # `try: import ...`, `if cuda: device = ...`, `for i in ...: TABLE[i] = ...` bind names as assignments do
    *(ast.If, ast.Try, ast.TryStar, ast.Match),
    *(ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith),
)
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


def places_left(text: str, tasks: Sequence[str]) -> frozenset[tuple[str, str, int]]:
    """Return the unwritten places in a module's definitions of the tasks, or in all if no tasks are known."""
    roots = {task.split(".")[0] for task in tasks}
    return frozenset(
        (root, *place)
        for root, node in _definitions(text).items()
        if root in roots or not roots
        for place in unwritten_places(node)
    )


def written_tasks(text: str, tasks: Sequence[str]) -> list[str]:
    """Return the tasks that a module defines without unwritten places."""
    definitions = _definitions(text)
    left = {(root, function) for root, function, _ in places_left(text, tasks)}
    return [
        task
        for task in tasks
        for root, _, method in [task.partition(".")]
        if root in definitions and not any(root == r and method in ("", function) for r, function in left)
    ]


def _definitions(text: str) -> dict[str, ast.stmt]:
    return {node.name: node for node in ast.parse(text).body if isinstance(node, _DEFINITIONS)}


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


def select_statements(
    statements: Sequence[ast.stmt],
    segments: Sequence[str],
    wanted: Iterable[str],
    *,
    optional: Collection[int] = (),
) -> set[int]:
    """Return the indices of the statements that belong to the module.

    ``segments`` is the source of each statement, ``wanted`` the names of tasks. ``optional`` are indices of statements
    in cells for the notebook only: these are selected only if other code needs them.
    """
    selected = {
        i for i, s in enumerate(statements) if i not in optional and (isinstance(s, _DEFINITIONS) or _binds_unseen(s))
    }
    binding: dict[str, list[int]] = defaultdict(list)
    for index, statement in enumerate(statements):
        for name in bound_names(statement):
            binding[name].append(index)
    assigned = {name for name, places in binding.items() if any(_assigns(statements[index]) for index in places)}
    for index, statement in enumerate(statements):
        if (name := _changed(statement)) in assigned:
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
        if index in selected or index in optional or not isinstance(statement, _ASSIGNMENTS):
            continue
        if not any(isinstance(node, _CALLS) for node in ast.walk(statement)) and names_used(index) <= known:
            selected.add(index)
            known |= bound_names(statement)
    return selected


def _binds_unseen(statement: ast.stmt) -> bool:
    """Return whether an import is needed for other reasons than its names: `import *` or `from __future__`."""
    if not isinstance(statement, ast.ImportFrom):
        return False
    return statement.module == "__future__" or any(alias.name == "*" for alias in statement.names)


def _assigns(statement: ast.stmt) -> bool:
    return isinstance(statement, (*_ASSIGNMENTS, *_COMPOUND))


def _changed(statement: ast.stmt) -> str:
    """Return the name whose object a call may change, as in `TABLE.append(1)`, or an empty string."""
    if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)):
        return ""
    function = statement.value.func
    roots = _roots(function) if isinstance(function, ast.Attribute) else set()
    return next(iter(roots), "")


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
    inside = [statement] if isinstance(statement, _COMPOUND) else []
    while inside:  # without recursion: each elif is one level deeper
        compound = inside.pop()
        names |= _names_in_header(compound)
        for child in (child for block in _blocks(compound) for child in block):
            if isinstance(child, _COMPOUND):
                inside.append(child)
            else:
                names |= bound_names(child)
    return names


def _names_in_header(statement: ast.stmt) -> set[str]:
    """Return the names that the first line of a loop or a `with` binds."""
    if isinstance(statement, ast.For | ast.AsyncFor):
        return _roots(statement.target)
    if isinstance(statement, ast.With | ast.AsyncWith):
        return set().union(*(_roots(item.optional_vars) for item in statement.items if item.optional_vars))
    return set()


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
