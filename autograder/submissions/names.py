"""The names that a top-level statement binds, changes and reads, from its syntax tree alone.

"Binds" means that a name gets a value, "changes" that the object behind a name may be another one afterwards, as in
`TABLE.append(1)` or `fill(TABLE)`.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import re
import symtable
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from weakref import WeakKeyDictionary

from autograder.core.message import Message, name_list
from autograder.core.syntax_tree import child_nodes
from autograder.submissions.source import BadSubmission, parse_source

DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
ASSIGNMENTS = (ast.Assign, ast.AnnAssign, ast.AugAssign)
COMPOUND = (  # `try: import ...`, `if cuda: device = ...`, `for i in ...: TABLE[i] = ...` bind names as assignments do
    *(ast.If, ast.Try, ast.TryStar, ast.Match),
    *(ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith),
)

_RUN_LATER = (*DEFINITIONS, ast.Lambda)

_MUTATORS = frozenset(  # methods that change their object although a statement may use what they return
    {*dir(list), *dir(dict), *dir(set), "appendleft", "popleft", "extendleft", "rotate"}
    - {"copy", "count", "index", "get", "items", "keys", "values", "fromkeys", "union", "intersection", "difference"}
    - {"symmetric_difference", "isdisjoint", "issubset", "issuperset", *dir(object)}
)
_SETTERS = ("setattr", "delattr")
_KNOWN = ("math", "numpy", "torch", "torch.nn.functional")  # packages whose names are looked up
TABLES = ("globals", "locals", "vars")
_QUIET = {*dir(builtins), "display", "check", "hint"} - {*_SETTERS, "next", "exec"}  # functions that change no argument

REMEMBERED = 8_000  # characters of a statement whose names are stored

START = rb"(?:\b|\\[nrt])"  # of a word: in a notebook's file, a line end is written as \n
_IMPORTS = re.compile(START + rb"(?:from|import)[ \t]+([\w., \t]+)")

# What is asked again and again about a statement of a tree that is in use, and seldom has an answer.
_NAMED_INSIDE: WeakKeyDictionary[ast.stmt, frozenset[str]] = WeakKeyDictionary()

Effects = Mapping[str, frozenset[str]]  # function -> names of the module that a call of it binds or changes


def bound_names(statement: ast.stmt, *, headers: bool = True) -> set[str]:
    """Return the names that a statement gives a value to, or changes a part of (`Net.loss = f` changes Net).

    Without ``headers`` the variables of loops and `with` do not count.
    """
    if isinstance(statement, DEFINITIONS):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {bound_by_alias(alias) for alias in statement.names}
    names = _named_inside(statement)
    if isinstance(statement, ASSIGNMENTS):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return names.union(*(_roots(target) for target in targets))
    if isinstance(statement, ast.Expr):
        return names | _set_by_call(statement.value)
    inside = [statement] if isinstance(statement, COMPOUND) else []
    while inside:  # without recursion: each elif is one level deeper
        compound = inside.pop()
        names |= _header_names(compound) if headers else set()
        for child in (child for block in blocks(compound) for child in block):
            if isinstance(child, COMPOUND):
                inside.append(child)
            else:
                names |= bound_names(child, headers=headers)
    return names


def bound_by_alias(alias: ast.alias) -> str:
    """Return the name that one part of an import binds; "*" for all."""
    return alias.asname or alias.name.partition(".")[0]


def blocks(node: ast.AST) -> list[list[ast.stmt]]:
    """Return the blocks of a compound statement."""
    parts = [node, *getattr(node, "handlers", ()), *getattr(node, "cases", ())]
    found = [getattr(part, name, []) for part in parts for name in ("body", "orelse", "finalbody")]
    return [block for block in found if block]


def replaced_builtins(statement: ast.stmt, used: Collection[str]) -> str:
    """Return a sentence about used functions of Python that `from torch import *` replaces, or an empty string."""
    package = statement.module if isinstance(statement, ast.ImportFrom) else None
    if package not in _KNOWN:
        return ""
    try:
        module = importlib.import_module(package)
    except ImportError:  # where torch is not installed, nothing of it replaces anything
        return ""
    public = getattr(module, "__all__", None) or [name for name in dir(module) if not name.startswith("_")]
    names = sorted(set(used) & set(public) & set(dir(builtins)))
    if not names:
        return ""
    return Message(
        "from {package} import * replaces {names} of Python by what {package} calls so. To use Python's, import only "
        "the "
        "names that you need.",
        package=package,
        names=name_list(names),
    )


def definitions_in(body: Iterable[ast.stmt]) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Yield the functions and classes of a module in order, also those in the blocks of `if`, `try` and the like."""
    waiting = list(body)[::-1]
    while waiting:
        node = waiting.pop()
        if isinstance(node, DEFINITIONS):
            yield node
        elif isinstance(node, COMPOUND):
            waiting += [child for block in reversed(blocks(node)) for child in reversed(block)]


def changed_names(statement: ast.stmt, effects: Effects) -> set[str]:
    """Return the names whose objects a statement may change by calls and `del`; those of assignments are bound names.

    A call whose value nobody uses may change what it is called on and what it is passed. Of other calls only methods
    such as `append` count.
    """
    names: set[str] = set()
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Expr):  # of its calls, those of methods such as `append` count as well
            for call in (inner for inner in _walk(node) if isinstance(inner, ast.Call)):
                names |= _changed_by_call(call, effects)
            continue
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _MUTATORS:
            names |= _roots(node.func.value)
        elif isinstance(node, ast.Delete):
            names |= set().union(*(_roots(target) for target in node.targets if not isinstance(target, ast.Name)))
        if not isinstance(node, _RUN_LATER):
            waiting.extend(child_nodes(node))
    return names


def effects_of(function: ast.FunctionDef) -> frozenset[str]:
    """Return the names of the module that a call of the function binds (`global`) or changes."""
    bound: set[str] = set()
    changed: set[str] = set()
    shared: set[str] = set()
    arguments = function.args
    own = {arg.arg for arg in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)}
    own |= {arg.arg for arg in (arguments.vararg, arguments.kwarg) if arg}
    for node in (inner for statement in function.body for inner in _walk(statement)):
        if isinstance(node, ast.Global):
            shared |= set(node.names)
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            bound.add(node.id)
        elif isinstance(node, ast.Subscript | ast.Attribute) and not isinstance(node.ctx, ast.Load):
            changed |= _roots(node)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _MUTATORS:
            changed |= _roots(node.func.value)
    return frozenset((bound & shared) | (changed - (bound - shared) - own))


def called_names(statement: ast.stmt) -> set[str]:
    """Return the names that a statement calls as functions."""
    calls = (node for node in _walk(statement) if isinstance(node, ast.Call))
    return {call.func.id for call in calls if isinstance(call.func, ast.Name)}


def stored_names(statement: ast.stmt) -> set[str]:
    """Return the names that a statement itself assigns to, not to a part of them."""
    return {node.id for node in _walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def has_calls(statement: ast.stmt) -> bool:
    """Return whether a statement calls anything, or may wait for it."""
    return any(isinstance(node, ast.Call | ast.Await | ast.Yield | ast.YieldFrom) for node in ast.walk(statement))


def read_names(segment: str, *, annotations: bool = True) -> frozenset[str]:
    """Return the names that the source of a top-level statement reads from the module.

    Without ``annotations`` those that only annotations use do not count: a loaded module does not evaluate these.
    """
    if len(segment) > REMEMBERED:
        return _names_read(segment, annotations)
    return _names_read_before(segment, annotations)


def _names_read(segment: str, annotations: bool) -> frozenset[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            source = segment if annotations else f"from __future__ import annotations\n{segment}"
            table = symtable.symtable(source, "<statement>", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()  # `return` outside a function and the like: the import will report it
    names = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
    names -= set() if annotations else {"annotations"}
    tables = table.get_children()
    while tables:
        table = tables.pop()
        names |= {s.get_name() for s in table.get_symbols() if s.is_global() and s.is_referenced()}
        tables.extend(table.get_children())
    return frozenset(names)


_names_read_before = lru_cache(1024)(_names_read)  # hand-ins share what was given, mutants all but one statement


def imported_names(source: bytes) -> set[str]:
    """Return the top-level names that a source imports, and perhaps more, where text looks like an import."""
    lists = (match.decode("ascii", "ignore") for match in _IMPORTS.findall(source))
    return {part.split()[0].partition(".")[0] for names in lists for part in names.split(",") if part.strip()}


def needed_imports(statement: ast.stmt, needed: Collection[str], *, unbound: bool) -> Iterator[tuple[int, str]]:
    """Yield line and full name of the imports in a statement whose names are needed, or that are inside of functions.

    `import *` counts if ``unbound`` names are left. What `try` or `if TYPE_CHECKING` guards does not count.
    """
    waiting = [(statement, False)]
    while waiting:
        node, inside = waiting.pop()
        if isinstance(node, ast.Import | ast.ImportFrom):
            used = [a for a in node.names if inside or (unbound if a.name == "*" else bound_by_alias(a) in needed)]
            names = [alias.name for alias in used] if isinstance(node, ast.Import) else [node.module or ""][: len(used)]
            if not getattr(node, "level", 0):
                yield from ((node.lineno, name) for name in names)
        elif not _guards_imports(node):
            inside = inside or isinstance(node, DEFINITIONS)
            waiting += [(child, inside) for block in reversed(blocks(node)) for child in reversed(block)]


def _guards_imports(node: ast.stmt) -> bool:
    if isinstance(node, ast.If):
        return "TYPE_CHECKING" in (getattr(node.test, "id", ""), getattr(node.test, "attr", ""))
    return isinstance(node, ast.Try) and bool(node.handlers)


def _walk(root: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and those below it, but not what is inside of functions and classes, which runs later."""
    waiting: list[ast.AST] = [root]
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, _RUN_LATER):
            waiting.extend(child_nodes(node))


def _named_inside(statement: ast.stmt) -> set[str]:
    """Return the names that `:=` gives a value to."""
    if statement not in _NAMED_INSIDE:
        names = (node.target.id for node in _walk(statement) if isinstance(node, ast.NamedExpr))
        _NAMED_INSIDE[statement] = frozenset(names)
    return {*_NAMED_INSIDE[statement]}


def _header_names(statement: ast.stmt) -> set[str]:
    """Return the names that the first line of a loop or a `with` binds."""
    if isinstance(statement, ast.For | ast.AsyncFor):
        return _roots(statement.target)
    if isinstance(statement, ast.With | ast.AsyncWith):
        return set().union(*(_roots(item.optional_vars) for item in statement.items if item.optional_vars))
    return set()


def _roots(target: ast.expr) -> set[str]:
    while isinstance(target, ast.Attribute | ast.Subscript | ast.Starred):
        target = target.value
    if isinstance(target, ast.Tuple | ast.List):
        return set().union(*(_roots(element) for element in target.elts))
    return {target.id} if isinstance(target, ast.Name) else set()


def _set_by_call(value: ast.expr) -> set[str]:
    """Return X for `setattr(X, "name", value)`, which is an assignment in other words."""
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in _SETTERS:
        return set().union(*(_roots(argument) for argument in value.args[:1]))
    return set()


def made_names(statement: ast.stmt) -> set[str]:
    """Return the names that `exec("def f(): ...")` defines; "*" for `exec` and `globals()` whose names are computed."""
    names: set[str] = set()
    for node in _walk(statement):
        function = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
        text = node.args[0] if function == "exec" and isinstance(node, ast.Call) and node.args else None
        if isinstance(text, ast.Constant) and isinstance(text.value, str):
            with suppress(BadSubmission):
                names |= {made.name for made in definitions_in(parse_source(text.value, "").body)}
        elif function in ("exec", *TABLES):
            names.add("*")
    return names


def _changed_by_call(call: ast.Call, effects: Effects) -> set[str]:
    if isinstance(call.func, ast.Name) and call.func.id in _QUIET:
        return set()
    names = _roots(call.func) if isinstance(call.func, ast.Attribute) else set()
    arguments: Sequence[ast.expr] = [*call.args, *(keyword.value for keyword in call.keywords)]
    names |= {argument.id for argument in arguments if isinstance(argument, ast.Name)}
    if isinstance(call.func, ast.Name):
        names |= effects.get(call.func.id, frozenset())
    return names
