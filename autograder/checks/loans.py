"""A second try with the course's own versions of other tasks, so that a mistake costs points of its own task only.

The second try runs in a process of its own. It ends afterwards, so the student's code cannot keep what it was lent.
"""

from __future__ import annotations

import ast
import builtins
import functools
import symtable
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar, cast

from autograder.core.errors import GradlabError
from autograder.core.message import Message
from autograder.core.report import Cause

F = TypeVar("F", bound=Callable[..., Any])

_MAY_BE_OF_ANOTHER_TASK = (Cause.WRONG, Cause.ERROR, Cause.NOT_WRITTEN, Cause.NOT_LOADED)
_LENDER = """

from autograder.probes.lend import loan_to as _loan_to

def lend(name):
    return _loan_to(student, name, LOANS)
"""


def with_loans(function: F, task: str, source: str) -> F:
    """Return the check, which is run again with loans if the student's own versions of other tasks fail it.

    ``source`` is run in the student's process and defines LOANS, a dict of our versions by their names. They take the
    place of what the module of the ``task`` defines, or lacks, under these names. If the task is a variable, the module
    runs again with them. The second result counts, unless the student's code raises an exception only with the loans,
    for example because it passes them other arguments.
    """
    borrower = task.partition(".")[0]

    @functools.wraps(function)
    def run(**fixtures: Any) -> Any:
        student = fixtures["student"]
        try:
            return function(**fixtures)
        except Exception as error:
            if not _may_be_of_another_task(error, student):
                raise
            first = error
        with student.apart() as second:
            try:
                with _lent(second, borrower, source):
                    result = function(**{**fixtures, "student": second})
            except Exception as error:
                if not _counts(error):
                    raise first from None
                student.adopt(second)
                raise error from None
        student.adopt(second)
        return result

    return cast(F, run)


def complaint_about(source: str, task: str) -> str:
    """Return what is wrong with the loans of a task's check, such as a solution of the task itself."""
    names = lent_names(source)
    if not names:
        return 'the source of the loans must define LOANS as a dict, such as LOANS = {"f": ours}.'
    own = [name for name in names if f"{task}.".startswith(f"{name}.") or name.startswith(f"{task}.")]
    if own:
        return Message("LOANS contains {name!r}, which solves the task itself. Remove it.", name=own[0])
    return _cannot_run(source)


@functools.lru_cache(maxsize=64)
def _cannot_run(source: str) -> str:
    """Return why the source fails in the student's process, as far as its text shows; a second try would not say so."""
    nodes = list(ast.walk(ast.parse(source)))
    modules = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    imports = [alias for node in nodes if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names]
    modules |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    if oracles := [name for name in sorted(modules) if name == "oracles" or name.startswith("oracles_")]:
        return (
            f"the source of the loans imports {oracles[0]}, which the student's process does not have. "
            "Write the code in the source."
        )
    top = symtable.symtable(source, "<loans>", "exec")
    names = [(symbol, table) for table in _tables(top) for symbol in table.get_symbols()]
    of_module = [symbol for symbol, table in names if table is top or symbol.is_global()]
    bound = {s.get_name() for s in of_module if s.is_assigned() or s.is_imported()} | {*vars(builtins), "student"}
    unknown = [s.get_name() for s in of_module if s.is_referenced() and s.get_name() not in bound]
    if unknown and not any(alias.name == "*" for alias in imports):
        return f"the source of the loans uses {unknown[0]}, which it does not define."
    return ""


@functools.lru_cache(maxsize=64)  # checks of a file share a source, and a notebook loads the file for each task
def lent_names(source: str) -> tuple[str, ...]:
    """Return the names in the dicts that ``source`` assigns or adds to LOANS."""
    changes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Assign | ast.AugAssign)]
    found = []
    for change in changes:
        targets = change.targets if isinstance(change, ast.Assign) else [change.target]
        if isinstance(change.value, ast.Dict) and any(getattr(target, "id", "") == "LOANS" for target in targets):
            found += [key.value for key in change.value.keys if isinstance(key, ast.Constant)]
    return tuple(str(name) for name in found)


def _tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    """Yield the table of a module and those of all functions and classes in it."""
    yield table
    for inner in table.get_children():
        yield from _tables(inner)


@contextmanager
def _lent(student: Any, borrower: str, source: str) -> Iterator[None]:
    """Lend to the student's module; the trail ends with the last call of the block."""
    helper = student.define(source + _LENDER)
    loan = helper.lend(borrower)
    student.lent = helper.LOANS
    try:
        yield
    finally:
        call = student.trail.call
        with suppress(Exception):  # the student's process may have ended
            loan.end()
        student.trail.call = call


def _may_be_of_another_task(error: Exception, student: Any) -> bool:
    """Return whether a failure can come from a function that the student's code calls."""
    if isinstance(error, GradlabError):
        return getattr(error, "cause", None) in _MAY_BE_OF_ANOTHER_TASK
    return bool(student.trail.received)


def _counts(error: Exception) -> bool:
    """Return whether a failure with loans replaces the first one: a wrong value does, and so does our own fault."""
    return isinstance(error, GradlabError) and getattr(error, "cause", Cause.WRONG) is Cause.WRONG
