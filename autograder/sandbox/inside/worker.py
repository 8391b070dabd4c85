"""The student's side of a link: executes requests on the student's modules and answers with values.

Runs in the box; on a student's laptop it runs in the same process as the checks. It holds no expected values, labels of
test sets or scores. Of gradlab it imports only the wire.

A request is a dict with a verb under "do" and a number. An answer repeats the number, contains the printed text, and
has either a "value" or a "fault". It also has "recorded" where operations that ran are new (see recorder.py), "renamed"
where a name that it listed means something else now, and "left" where a call left something changed (meter.py).
"""

from __future__ import annotations

import dataclasses
import linecache
import operator
import os
import random
import shutil
import sys
import tempfile
import zlib
from collections import deque, namedtuple
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import lru_cache
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from autograder.sandbox.inside.described_faults import NotLoaded, describe_fault
from autograder.sandbox.inside.figures import draw_figure
from autograder.sandbox.inside.listed import Listed, Names
from autograder.sandbox.inside.meter import RUNNING, Left, make_meter
from autograder.sandbox.inside.modules import SubmissionFinder
from autograder.sandbox.inside.plain_values import Record
from autograder.sandbox.inside.recorder import Recording
from autograder.sandbox.inside.wire import MISSING, Ref, WireError, decode, encode

MAX_HANDLES = 100_000
CONTAINERS: tuple[type, ...] = (
    list, tuple, dict, set, frozenset, range, deque, type({}.keys()), type({}.values()), type({}.items()),
)  # fmt: skip
OPERATORS: dict[str, Callable[..., Any]] = {  # those that the module operator does not have
    **{kind.__name__: kind for kind in (float, int, complex, str, len, divmod, round, format)},
}


class Printed:
    """A text stream that stores the first ``limit`` characters and counts the rest. Writing never fails."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, limit: int) -> None:
        self.limit, self.parts, self.size, self.lost = limit, [""], 0, 0

    def write(self, text: str) -> int:
        room = self.limit - self.size
        if room > 0:
            self.parts.append(text[:room])
            self.size += min(len(text), room)
        self.lost += max(0, len(text) - max(room, 0))
        return len(text)

    def flush(self) -> None:
        """Do nothing: there is no buffer."""

    def isatty(self) -> bool:
        return False

    def take(self) -> str:
        """Return the text since the last call."""
        text = "".join(self.parts)
        if self.lost:
            lost = "1 more character was" if self.lost == 1 else f"{self.lost} more characters were"
            text += f"\n[{lost} printed and {'is' if self.lost == 1 else 'are'} not shown]"
        self.parts, self.size, self.lost = [""], 0, 0
        return text


class Worker:
    """Answers requests about one submission's modules."""

    def __init__(self, *, limit: int, printed: Printed | None = None, interactive: bool = False) -> None:
        self.limit, self.printed, self.interactive = limit, printed, interactive
        self.number = 0  # of the current request
        self.files: dict[str, str] = {}  # file name -> its name in tracebacks
        self.finder: SubmissionFinder | None = None  # explains which parts of the submission did not run
        self.folder = ""  # for files of the current check
        self.recording: Recording | None = None  # of the current check
        self.left = Left()  # likewise
        self.objects: list[Any] = []
        self.modules: list[ModuleType] = []
        self.fixed: list[Any] = []  # the first objects of every check: modules, and what `do_names` listed
        self.listed = Listed()
        self.error: BaseException | None = None  # the last exception, for a debugger in the same process

    def answer(self, header: bytearray, body: bytearray) -> tuple[bytes, list[memoryview]]:
        """Return the encoded answer to an encoded request. Any exception of the student's code becomes a fault."""
        try:
            request = decode(header, body, resolve=self._object, trusted=True, record=self._record)
            self.number = request.pop("number")
            if functions := request.pop("record", None):  # to record from now on, too (see recorder.py)
                self.recording = self.recording or Recording(self.files)
                self.recording.watch(functions, self.modules)
            copies = request["do"] == "value"
            value = self._execute(request)
        except BaseException as error:  # SystemExit becomes a fault too
            if isinstance(error, KeyboardInterrupt) and self.interactive:
                raise
            self.error = error if self.interactive else None
            return self._fault(error)
        try:
            return encode({"value": value, **self._rest()}, keep=self._keep, limit=self.limit, copies=copies)
        except BaseException as error:
            return self._fault(error)

    def _fault(self, error: BaseException) -> tuple[bytes, list[memoryview]]:
        fault = describe_fault(error, self.files, self.finder)
        if self.folder:  # its name differs from run to run; a report does not
            fault["message"] = fault["message"].replace(self.folder, "folder")
        return encode({"fault": fault, **self._rest()})

    def _rest(self) -> dict[str, Any]:
        rest = {"printed": self.printed.take() if self.printed else "", "number": self.number}
        if news := self.recording.news() if self.recording else None:
            rest["recorded"] = news
        if self.listed.renamed():
            rest["renamed"] = True
        if self.left.changed:
            rest["left"] = self.left.take()
        return rest

    def _object(self, ref: Ref) -> Any:
        return self.objects[ref.id]

    def _record(self, record: Record) -> Any:
        """Return the object that a record of a check stands for: of the student's class, if there is one."""
        name, fields, values, is_tuple = record.__gradlab_record__()
        for module in self.modules:
            kind = module.__dict__.get(name)
            if isinstance(kind, type) and (dataclasses.is_dataclass(kind) or hasattr(kind, "_fields")):
                return kind(**dict(zip(fields, values, strict=True)))
        if is_tuple:
            return namedtuple(name, fields)(*values)
        return dataclasses.make_dataclass(name, fields)(*values)

    def _keep(self, value: Any) -> Ref:
        if len(self.objects) >= MAX_HANDLES:
            raise WireError("too many objects were returned")
        self.objects.append(value)
        return Ref(len(self.objects) - 1, str(type(value).__name__)[:100])

    def _execute(self, request: dict[str, Any]) -> Any:
        name = request.pop("do")
        if method := request.pop("method", ""):
            request["f"] = getattr(request["f"], method)
        with self.left.noting(request) if name in RUNNING else nullcontext():
            return getattr(self, "do_" + name)(**request)

    def do_begin(self, seed: int, libraries: Sequence[str] = (), keeps: bool = False) -> None:
        """Begin a check: import libraries, drop the last check's objects, and reset torch's settings."""
        for name in libraries:
            with suppress(Exception):  # a value of it cannot be sent here then, and the answer to it will say so
                __import__(name)
        self.objects = list(self.fixed)
        self.recording, self.left = None, Left(arguments=keeps)
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = ""
        self.do_reset(seed)

    def do_reset(self, seed: int) -> None:
        """Give torch its usual settings, if it is imported, and seed the random generators."""
        if torch := sys.modules.get("torch"):
            torch.set_default_dtype(torch.float32)
            torch.set_grad_enabled(True)
            if torch.are_deterministic_algorithms_enabled():
                torch.use_deterministic_algorithms(False)  # otherwise not called, as it imports a compiler
        self.do_seed(seed)

    def do_seed(self, seed: int) -> None:
        random.seed(seed)
        np.random.seed(seed % 2**32)
        if torch := sys.modules.get("torch"):
            if torch.accelerator.current_accelerator() is None:  # torch.manual_seed would format the stack three times
                torch.default_generator.manual_seed(seed)
            else:
                torch.manual_seed(seed)

    def do_load(self, module: str) -> Ref:
        """Import a module of the submission. Its handle stays valid in later checks."""
        __import__(module)
        return self.adopt(sys.modules[module])

    def adopt(self, module: ModuleType) -> Ref:
        """Register ``module`` for all checks, in which its handle has the same number."""
        if module not in self.modules:
            self.modules.append(module)
            self._fix(module)
        return Ref(next(i for i, value in enumerate(self.fixed) if value is module), "module")

    def _fix(self, value: Any) -> Ref:
        """Keep an object for all checks, before this one has objects of its own."""
        self.fixed.append(value)
        self.objects = list(self.fixed)
        return Ref(len(self.fixed) - 1, type(value).__name__)

    def do_names(self, target: ModuleType) -> Names:
        """List what a module defines. It keeps its numbers in all checks, so it is listed before a check has objects.

        A later answer says when one of the names means something else.
        """
        if len(self.objects) > len(self.fixed):
            return [], {}
        return self.listed.add(target, self.adopt(target).id, self._fix)

    def do_explain_missing(self, name: str) -> None:
        """Raise NotLoaded if a part of the submission that would define ``name`` did not run."""
        if self.finder and self.finder.explain(name):
            raise NotLoaded(name)

    def do_define(self, source: str, student: ModuleType) -> tuple[Ref, dict[str, Ref]]:
        """Run a check's helper code here, with the student's module as ``student``; return it and what it defines."""
        self.left.defined(source)
        code = _compiled(source)
        name = code.co_filename
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        module = ModuleType("helper")
        module.__dict__["student"] = student
        exec(code, module.__dict__)
        found = {key: value for key, value in module.__dict__.items() if type(value) in (FunctionType, type)}
        return self._keep(module), {key: self._keep(value) for key, value in found.items()}

    def _recorded(self, meter: Any = None) -> AbstractContextManager[Any]:
        return self.recording.context(meter) if self.recording else meter or nullcontext()

    def do_call(self, f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        with self._recorded():
            return f(*args, **kwargs)

    def do_hold(self, f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        with self._recorded():
            result = f(*args, **kwargs)
        return tuple(map(self._keep, result)) if type(result) in (tuple, list) else self._keep(result)

    def do_inspect(self, f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        return {"value": self.do_call(f, args, kwargs), "args": args}

    def do_measure(self, f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        meter = make_meter()
        with self._recorded(meter):
            value = f(*args, **kwargs)
        return {"value": value, "args": args, "ops": meter.ops, "largest": meter.largest}

    def do_value(self, target: Any) -> Any:
        return target

    def do_has(self, target: Any, name: str) -> bool:
        return hasattr(target, name)

    def do_getattr(self, target: Any, name: str, optional: bool = False) -> Any:
        return getattr(target, name, MISSING) if optional else getattr(target, name)

    def do_bound(self, target: Any, name: str) -> Ref:
        """Return a method of an object, whatever is there under its name."""
        return self._keep(getattr(target, name))

    def do_setattr(self, target: Any, name: str, value: Any) -> None:
        setattr(target, name, value)

    def do_getitem(self, target: Any, key: Any) -> Any:
        return target[key]

    def do_setitem(self, target: Any, key: Any, value: Any) -> None:
        target[key] = value

    def do_delitem(self, target: Any, key: Any) -> None:
        del target[key]

    def do_delattr(self, target: Any, name: str) -> None:
        delattr(target, name)

    def do_list(self, target: Any) -> list[Any] | Ref:
        """Return the items of a container of Python's, or an iterator over those of another object."""
        return list(target) if type(target) in CONTAINERS else self._keep(iter(target))

    def do_next(self, target: Any) -> list[Any]:
        """Return the next item of an iterator in a list, which is empty at the end."""
        try:
            return [next(target)]
        except StopIteration:
            return []

    def do_enter(self, target: Any) -> Any:
        return type(target).__enter__(target)

    def do_exit(self, target: Any, failed: bool) -> None:
        """End a `with` block of a check; the exception in it stays in the grader's process."""
        error = RuntimeError("the check ended this `with` block early") if failed else None
        type(target).__exit__(target, type(error) if error else None, error, None)

    def do_folder(self) -> str:
        """Return the path of a folder for files of this check."""
        if not self.folder:
            self.folder = tempfile.mkdtemp(prefix="gradlab-")
        return self.folder

    def do_read_file(self, path: str, limit: int) -> bytes | None:
        """Return a file's content, or None if there is no such file."""
        place = os.path.join(self.folder, path) if self.folder and not os.path.exists(path) else path
        if not os.path.isfile(place):
            return None
        with open(place, "rb") as file:
            data = file.read(limit + 1)
        if len(data) > limit:
            raise WireError(f"the file {os.path.basename(path)[:100]} has more than {limit} bytes")
        return data

    def do_write_file(self, path: str, content: bytes) -> str:
        """Write a file of a check into its folder, and return its path."""
        place = os.path.join(self.do_folder(), path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "wb") as file:
            file.write(content)
        return place

    def do_figure(self, f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], limit: int) -> Any:
        """Call a function that draws with matplotlib. Return its figure and a picture of it, a PNG."""
        return draw_figure(f, args, kwargs, limit)

    def do_operate(self, name: str, operands: tuple[Any, ...]) -> Any:
        return OPERATORS[name](*operands) if name in OPERATORS else getattr(operator, name)(*operands)


@lru_cache(1024)
def _compiled(source: str) -> CodeType:
    """Compile helper code once for all submissions that this process runs, as `verify` does.

    Its file is "<helper N>", where N depends on the source.
    """
    return compile(source, f"<helper {zlib.crc32(source.encode())}>", "exec")
