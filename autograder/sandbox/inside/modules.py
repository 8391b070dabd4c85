"""Import a submission's files from memory, one statement after the other.

A statement that fails is recorded with its reason and the next one runs, so only the tasks that need it lose points.
No file is written to disk; tracebacks, `inspect.getsource` and debuggers get the lines from the loader.
"""

from __future__ import annotations
import __future__

import ast
import builtins
import copy
import importlib.util
import linecache
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_loader
from types import FrameType, ModuleType
from typing import Any

from autograder.sandbox.inside.compiled import compiled

TOP_LEVEL_SECONDS = 20.0  # for all top-level statements of a module; the one that is running then is interrupted
NOTEBOOK_ONLY = ("google.colab", "IPython", "autograder")  # packages of notebooks; graded code gets a stand-in

_MOVABLE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)
_LACKS_NAME = re.compile(r"NameError: name '(\w+)' is not defined")  # a part's reason
_LINE_END = re.compile(r"\r\n|\r|\n")  # as Python's parser counts lines
_ROUNDS = 10  # of running such statements again when a name was missing


@dataclass(frozen=True)
class NotRun:
    """A part of a file that did not run, or that Python cannot read."""

    line: int
    names: tuple[str, ...]  # that it would have defined
    reason: str


class StandIn:
    """Replaces an object that only exists in notebooks: its attributes, items and calls are the stand-in itself."""

    def __getattr__(self, name: str) -> StandIn:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *args: object, **kwargs: object) -> StandIn:
        return self

    def __getitem__(self, key: object) -> StandIn:
        return self

    def __setitem__(self, key: object, value: object) -> None:
        return None

    def __iter__(self) -> Iterator[object]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __enter__(self) -> StandIn:
        return self

    def __exit__(self, *exception: object) -> None:
        return None

    def __bool__(self) -> bool:
        return False


class SourceLoader(InspectLoader):
    """Loads one module from a string."""

    def __init__(
        self, filename: str, source: str, *, importing: Callable[..., Any], not_run: Sequence[NotRun], seconds: float
    ) -> None:
        self.filename, self.source, self.importing, self.seconds = filename, source, importing, seconds
        self.unread = tuple(not_run)  # parts that Python cannot read, which were removed before
        self.not_run: list[NotRun] = list(not_run)

    def get_source(self, fullname: str) -> str:
        return self.source

    def exec_module(self, module: ModuleType) -> None:
        module.__file__ = self.filename
        lines = self.source.splitlines(keepends=True)  # else tracebacks would quote a file of this name on disk
        linecache.cache[self.filename] = (len(self.source), None, lines, self.filename)
        table = vars(module)
        table["__builtins__"] = self._builtins()
        self.not_run = list(self.unread)
        statements, run = self._statements(table)
        early: list[tuple[ast.stmt, NotRun]] = []  # statements that use a name which is defined below them
        for statement in statements:
            error = run(statement)
            if error is not None:
                problem = NotRun(statement.lineno, tuple(sorted(_bound(statement))), _reason(error))
                if isinstance(error, NameError) and isinstance(statement, _MOVABLE):
                    early.append((statement, problem))
                else:
                    self.not_run.append(problem)
        self.not_run += _run_again(early, run)

    def run_again(self, table: dict[str, Any], after_each: Callable[[], None]) -> None:
        """Run all statements once more in a module that was loaded; what fails is skipped."""
        table.setdefault("__builtins__", self._builtins())  # the names of a notebook's kernel have none
        statements, run = self._statements(table)
        for statement in statements:
            run(statement)
            after_each()

    def _builtins(self) -> dict[str, Any]:
        return {
            **vars(builtins),
            "__import__": self.importing,
            "get_ipython": StandIn(),
            "display": StandIn(),
            "input": _no_input,
        }

    def _statements(self, table: dict[str, Any]) -> tuple[list[ast.stmt], _Runner]:
        tree = ast.parse(self.source, self.filename)
        lines = _LINE_END.split(self.source)
        return [*_one_by_one(tree.body)], _Runner(self.filename, lines, table, _future_flags(tree), self.seconds)


class _Runner:
    """Runs the top-level statements of one module, which may take so many seconds together."""

    def __init__(self, filename: str, lines: Sequence[str], table: dict[str, Any], flags: int, seconds: float) -> None:
        self.filename, self.lines, self.table, self.flags, self.left = filename, lines, table, flags, seconds

    def __call__(self, statement: ast.stmt) -> BaseException | None:
        begun = time.monotonic()
        try:
            code = compiled(statement, self.lines, self.filename, self.flags)
            with _interrupted_after(self.left):
                exec(code, self.table)
        except (Exception, SystemExit) as error:
            return error
        finally:
            self.left = max(0.1, self.left - (time.monotonic() - begun))
        return None


def _one_by_one(statements: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements, also those of a block `if True:`; `import a, b` as two, so that b does not depend on a."""
    for statement in statements:
        if isinstance(statement, ast.If) and isinstance(statement.test, ast.Constant) and statement.test.value is True:
            yield from _one_by_one(statement.body)
        elif isinstance(statement, ast.Import | ast.ImportFrom) and len(statement.names) > 1:
            for alias in statement.names:
                part = copy.copy(statement)
                part.names = [alias]
                yield part
        else:
            yield statement


def _run_again(early: list[tuple[ast.stmt, NotRun]], run: _Runner) -> list[NotRun]:
    """Run statements that came too early, as when a cell was moved; return those that still fail.

    One whose names have a value by now is not run: a later statement defined them.
    """
    for _ in range(_ROUNDS):
        waiting = []
        for statement, problem in early:
            if any(name in run.table for name in problem.names) or run(statement) is not None:
                waiting.append((statement, problem))
        if len(waiting) in (0, len(early)):
            early = waiting
            break
        early = waiting
    return [problem for _, problem in early]


def _no_input(prompt: object = "") -> str:
    raise EOFError("nobody can answer input() when code is graded")


class SubmissionFinder(MetaPathFinder):
    """Finds ``{"knn.py": source}`` as the module knn, before any installed module of that name.

    ``packages`` are those that the files may import in addition to Python's own and each other; None allows all. A
    message about another one lists ``allowed``, or all of them.
    ``not_run`` lists for each file the parts that were removed from it before.
    """

    def __init__(
        self,
        files: Mapping[str, str],
        filenames: Mapping[str, str] | None = None,
        *,
        packages: Collection[str] | None = None,
        allowed: Collection[str] = (),
        fallbacks: Collection[str] = (),
        not_run: Mapping[str, Sequence[NotRun]] | None = None,
        seconds: float = TOP_LEVEL_SECONDS,
    ) -> None:
        filenames, not_run = filenames or {}, not_run or {}
        files = {**_missing_packages(files), **files}
        self.packages = packages
        self.paths = {_module_name(name): name for name in files}
        self.loaders = {
            _module_name(name): SourceLoader(
                filenames.get(name, name),
                source,
                importing=self._import,
                not_run=not_run.get(name, ()),
                seconds=seconds,
            )
            for name, source in files.items()
        }
        own = {name.partition(".")[0] for name in self.loaders}
        self._allowed = sorted(allowed or {*(packages or ())} - own)  # as a message lists them
        self._importlib = _importlib_through(self._import) if packages is not None else importlib
        self._importable = own | {*(packages or ()), *fallbacks} | sys.stdlib_module_names
        if "torch" in self._importable:
            self._importable |= {"numpy"}  # Tensor.numpy() imports it by the __import__ of the code that calls it

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        loader = self.loaders.get(fullname)
        if loader is None:
            return None
        package = self.paths[fullname].endswith("/__init__.py")
        return spec_from_loader(fullname, loader, origin=loader.filename, is_package=package)

    def explain(self, name: str) -> tuple[str, NotRun] | None:
        """Return the file and the part that would have defined ``name`` ("Net.forward") but did not run, or None."""
        for module, loader in self.loaders.items():
            for part in reversed(loader.not_run):
                if name in part.names:
                    return self.paths[module], part
        return None

    def first_cause(self, part: NotRun) -> tuple[str, NotRun] | None:
        """Return the file and the part because of which ``part`` lacked a name, over all steps, or None."""
        found, seen = None, {part}
        while missing := _LACKS_NAME.match(part.reason):
            before = self.explain(missing[1])
            if before is None or before[1] in seen:
                break
            found, part = before, before[1]
            seen.add(part)
        return found

    def install(self) -> None:
        """Put this finder first and remove modules of these names that were imported before."""
        sys.meta_path.insert(0, self)
        hidden = self.loaders.keys() & sys.stdlib_module_names & sys.modules.keys()
        self._pythons = {name: sys.modules[name] for name in hidden}
        self._forget()

    def uninstall(self) -> None:
        """Undo install. Python's own modules are imported as before."""
        sys.meta_path.remove(self)
        self._forget()
        sys.modules.update(self._pythons)

    def _import(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,
        locals: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] = (),
        level: int = 0,
    ) -> Any:
        """Import a module for a submission's file, if the assignment allows its package."""
        if self.packages is not None and level == 0:
            if any(name == known or name.startswith(f"{known}.") for known in NOTEBOOK_ONLY):
                return StandIn()
            top = name.partition(".")[0]
            if name == "importlib" or (name.startswith("importlib.") and not fromlist):
                builtins.__import__(name)
                return self._importlib
            if top not in self._importable:
                allowed = ", ".join(self._allowed) or "none"
                raise ImportError(
                    f"{top} is not a package that this assignment allows. Allowed, besides Python's own: {allowed}.",
                    name=top,
                )
        return builtins.__import__(name, globals, locals, fromlist, level)

    def _forget(self) -> None:
        for name, loader in self.loaders.items():
            sys.modules.pop(name, None)
            linecache.cache.pop(loader.filename, None)  # the next submission has other lines


def _importlib_through(importing: Callable[..., Any]) -> ModuleType:
    """Return a copy of importlib whose import_module allows what an import statement of the same file allows."""

    def import_module(name: str, package: str | None = None) -> Any:
        absolute = importlib.util.resolve_name(name, package) if name.startswith(".") else name
        return importing(absolute, fromlist=("__name__",)) if "." in absolute else importing(absolute)

    table = ModuleType("importlib")
    vars(table).update({**vars(importlib), "import_module": import_module})
    return table


def _missing_packages(files: Collection[str]) -> dict[str, str]:
    """Return an empty __init__.py for each folder without one: no other package of its name may be found instead."""
    folders = {"/".join(parts[:end]) for parts in (file.split("/") for file in files) for end in range(1, len(parts))}
    return {f"{folder}/__init__.py": "" for folder in sorted(folders)}


def _module_name(file: str) -> str:
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _future_flags(tree: ast.Module) -> int:
    """Return the compiler flags of `from __future__ import ...`, which apply to every statement of the file.

    Annotations are never evaluated: a package that only they need costs nothing.
    """
    names = [
        alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module == "__future__"
        for alias in node.names
    ]
    flags = __future__.annotations.compiler_flag
    for name in names:
        feature = getattr(__future__, name, None)
        flags |= getattr(feature, "compiler_flag", 0)
    return flags


def _bound(statement: ast.stmt) -> set[str]:
    """Return the names that a top-level statement binds."""
    names: set[str] = set()
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        waiting.extend(ast.iter_child_nodes(node))
    return names


def _reason(error: BaseException) -> str:
    try:
        text = str(error)
    except BaseException:
        text = ""
    return ": ".join(part for part in (type(error).__name__, text) if part)[:300]


@contextmanager
def _interrupted_after(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in a statement that runs too long, if the system can. A timer of the caller stays active."""
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return
    begun = time.monotonic()
    outer_seconds, outer_interval = signal.getitimer(signal.ITIMER_REAL)
    if outer_seconds and outer_seconds <= seconds:
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"still running after {seconds:.0f} s")

    outer_handler = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, outer_handler)
        if outer_seconds:
            left = max(0.001, outer_seconds - (time.monotonic() - begun))
            signal.setitimer(signal.ITIMER_REAL, left, outer_interval)
