"""What a check sees of a student's module: a proxy that sends arguments to it and returns values from it.

A check uses it like the module itself: ``student.Conv.forward(x, w, b, {"stride": 2, "pad": 1})``. Plain values are
copied; any other object stays on the student's side and the check gets a Handle. The same proxy works with the box and
on a student's laptop, where the code runs in the same process (see Link).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from typing import Any, TypeVar

from autograder.checks.describe import TENSORS, cut, describe, describe_call, object_of
from autograder.checks.task import BadCheck
from autograder.core.message import Message, both, glued, name_list
from autograder.core.notebooks import CellStarts
from autograder.core.report import Cause
from autograder.sandbox.call_log import CALLS, UNSHOWN, CallLog
from autograder.sandbox.faults import StudentFault as StudentFault  # where others find it
from autograder.sandbox.faults import WithoutLength, unexpected_message
from autograder.sandbox.inside.plain_values import Record
from autograder.sandbox.inside.wire import MISSING, Ref, WireError
from autograder.sandbox.known import Known
from autograder.sandbox.link import Inspection, Link, Measurement, NamingLink
from autograder.sandbox.operators import WAY_OUT, Operators
from autograder.sandbox.trail import MAX_PICTURE, Trail

Seen = TypeVar("Seen", bound=Inspection)

MAX_FILE = 4 << 20  # bytes of a file that a check reads
FOLDER = "folder"  # how reports write the path of the check's folder, which differs from run to run
HELPER = "helper"  # the label of a check's own code in the student's process
_WITHOUT_VALUE = ("has", "explain_missing", "define", "seed")  # a check does not compute with their answers
_FILES = ("read_file", "write_file")
_LOOKUPS = ("getattr", "bound", "getitem")
_LEAVES_NAMES = (*CALLS, "getattr", "bound", "has", "value", "explain_missing", "seed", "folder", *_FILES)


class Remote:
    """The link that carries a proxy's requests, and the trail that records them."""

    def __init__(self, link: Link, trail: Trail, log: CallLog | None = None) -> None:
        self.link, self.trail, self.log = link, trail, log
        self.folder = ""  # for files of this check
        self.names: dict[str, Handle] = {}  # functions and classes of the module, until a check may replace them
        self.known = Known()  # more of them, until the student's process says that one was replaced

    def ask(self, verb: str, **fields: Any) -> Any:
        """Send one request and return its answer, with handles for references."""
        label = fields.pop("label", "")
        step = self.log.add(verb, fields) if self.log else None
        if verb not in _LEAVES_NAMES:
            self.names.clear()
        value = self._wrap(self._request({"do": verb, **fields}), label)
        if step:
            step.value = value
        if verb not in _WITHOUT_VALUE and not (verb in _LOOKUPS and isinstance(value, Handle)):
            self.trail.received = True
        return value

    def _request(self, request: dict[str, Any]) -> Any:
        try:
            return self.link.request(request)
        except WireError as problem:  # the request was not sent
            text = Message("A check could not send a value to the student's code: {problem}.", problem=problem)
            if self.trail.received:  # it may be a value that the student's code returned before
                raise StudentFault(Cause.WRONG, text) from None
            raise BadCheck(text) from None

    def call(
        self, verb: str, f: Handle, args: tuple[Any, ...], kwargs: dict[str, Any], label: str = "", **more: Any
    ) -> Any:
        """Call the function behind ``f`` and record the call and its result in the trail.

        For a check's helper, the trail has the student's objects and the tensors that it got.
        """
        ours = f._label.startswith(f"{HELPER}.")
        if ours:  # it may replace functions of the module
            self.names.clear()
        named = {key: self._shown(value) for key, value in kwargs.items()}
        call = _describe_test(args) if ours else describe_call(f._label, [*map(self._shown, args)], named)
        self.trail.call = call
        if self.log:
            self.log.text = call or UNSHOWN
        called = {"f": f._found} if f._found else dict(zip(("f", "method"), f._method, strict=True))
        value = self.ask(verb, **called, args=args, kwargs=kwargs, label=label or glued(f._label, "(…)"), **more)
        shown = value["value"] if verb in ("inspect", "measure") and isinstance(value, dict) else value
        shown = value[0] if verb == "figure" and type(value) is tuple and value else shown
        if not ours:
            self.trail.returned(call, self._shown(shown))
        elif call and type(shown) in TENSORS:
            self.trail.returned(Message("{call}, the test", call=call), shown)
        return _named(value, args) if ours else value

    def _shown(self, value: Any) -> Any:
        """Return what reports show of a value: not where the check's folder is."""
        return value.replace(self.folder, FOLDER) if self.folder and type(value) is str else value

    def operate(self, name: str, operands: tuple[Any, ...], shown: str) -> Any:
        """Apply an operator (see operators.py) in the student's process. ``shown`` is how reports write it."""
        before, self.trail.call = self.trail.call, cut(shown, 200)
        try:
            value = self.ask("operate", name=name, operands=operands, label=self.trail.call)
        except StudentFault as fault:
            if name == "len" and "TypeError" in fault.kinds:  # list(x) asks for a length and needs none
                self.trail.call = before
                raise WithoutLength(fault.cause, fault.message, kinds=fault.kinds, text=fault.text) from None
            raise
        self.trail.returned(self.trail.call, value)
        return value

    def _wrap(self, value: Any, label: str) -> Any:
        if isinstance(value, Ref):
            return Handle(self, value, label)
        if type(value) in (list, tuple):
            return type(value)(self._wrap(item, glued(label, f"[{i}]")) for i, item in enumerate(value))
        if type(value) in (set, frozenset):
            return type(value)(self._wrap(item, Message("an item of {label}", label=label)) for item in value)
        if type(value) is Record:
            name, fields, parts, is_tuple = value.__gradlab_record__()
            wrapped = (self._wrap(part, glued(label, f".{field}")) for field, part in zip(fields, parts, strict=True))
            return Record(name, fields, tuple(wrapped), is_tuple=is_tuple)
        if type(value) is dict:
            return {key: self._wrap(item, cut(glued(label, f"[{key!r}]"), 100)) for key, item in value.items()}
        return value


class Handle(Operators):
    """An object that stays in the student's process: a class, a function, a model, a cache.

    Attributes, items, calls, iteration, `with` and operators are evaluated there. A handle passed as an argument passes
    the object.
    """

    __slots__ = ("_found", "_functions", "_label", "_method", "_remote")

    def __init__(
        self, remote: Remote, ref: Ref | None, label: str, functions: Any = None, method: tuple[Ref, str] | None = None
    ) -> None:
        """Without ``ref``: ``method`` is an object and the name of its method, which is looked up with the call."""
        object.__setattr__(self, "_remote", remote)
        object.__setattr__(self, "_found", ref)
        object.__setattr__(self, "_label", label)
        object.__setattr__(self, "_functions", functions or {})  # attributes that are known already
        object.__setattr__(self, "_method", method)

    @property
    def _ref(self) -> Ref:
        if self._found is None:  # a method that is not called but passed on
            target, name = self._method
            found = self._remote.ask("bound", target=target, name=name)
            if type(found) is not Handle:
                raise unexpected_message()
            object.__setattr__(self, "_found", found._ref)
        return self._found  # type: ignore[no-any-return]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name not in ("__name__", "__qualname__"):
            raise AttributeError(WAY_OUT.format(what=name))
        label, remote, ref = glued(self._label, f".{name}"), self._remote, self._ref
        if not remote.log:  # which has every request
            if found := self._functions.get(name) or remote.known.names.get((ref.id, name)):
                return Handle(remote, found, label)
            if name in remote.known.methods.get(ref.type, ()):
                return Handle(remote, None, label, method=(ref, name))
        return remote.ask("getattr", target=ref, name=name, label=label)

    def __setattr__(self, name: str, value: Any) -> None:
        self._functions.pop(name, None)
        self._remote.ask("setattr", target=self._ref, name=name, value=value)

    def __getitem__(self, key: Any) -> Any:
        return self._remote.ask("getitem", target=self._ref, key=key, label=glued(self._label, "[", describe(key), "]"))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._remote.call("call", self, args, kwargs)

    def __gradlab_value__(self) -> Any:
        return self._remote.ask("value", target=self._ref, label=self._label)

    def __gradlab_describe__(self) -> str:
        return object_of(self._ref.type)

    def __repr__(self) -> str:
        return f"<{self._ref.type}>"


class Student:
    """The student's module that a check judges. A function or class is looked up once; see Remote.names."""

    def __init__(
        self,
        link: Link,
        module: str,
        source: str | None,
        *,
        unreadable: str = "",
        file: str = "",
        cells: CellStarts = (),
        analyse: Callable[..., Any] | None = None,
        log: CallLog | None = None,
    ) -> None:
        self.source = source or ""  # text of the module
        self._cells, self._analyse = cells, analyse  # where its lines come from, how source rules read it
        self._handed_in, self._unreadable = source is not None, unreadable
        self._remote = Remote(link, Trail(), log)
        self._name, self._file = module, file or f"{module}.py"  # the file that the student knows
        self._module: Handle | None = None
        self.lent: Handle | None = None  # LOANS, by name, while a check runs again with them (see checks/loans.py)

    @property
    def trail(self) -> Trail:
        """The last call, as text."""
        return self._remote.trail

    def _root(self) -> Handle:
        if self._unreadable:
            raise StudentFault(Cause.NOT_LOADED, self._unreadable)
        if not self._handed_in:
            raise StudentFault(Cause.NOT_WRITTEN, Message("{file} was not handed in.", file=self._file))
        if self._module is None:
            remote = self._remote
            self._module = Handle(remote, remote.link.load(self._name), self._name)
            if remote.log:
                remote.log.root = self._module._ref.id
            elif isinstance(remote.link, NamingLink):
                remote.known = remote.link.names(self._name, self._module._ref)
        return self._module

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        root, names = self._root(), self._remote.names
        if not self._remote.log:  # the log has every request
            if name not in names and (found := self._remote.known.names.get((root._ref.id, name))):
                names[name] = Handle(self._remote, found, name)
            if name in names:
                return names[name]
        value = self._remote.ask("getattr", target=root._ref, name=name, optional=True, label=name)
        if isinstance(value, Handle) and value._ref == MISSING:
            self._remote.ask("explain_missing", name=name)  # raises StudentFault where it can
            raise StudentFault(Cause.NOT_WRITTEN, Message("{file} does not define {name}.", file=self._file, name=name))
        if value is ...:
            message = Message("{name} is not written yet: {file} sets it to `...`.", name=name, file=self._file)
            raise StudentFault(Cause.NOT_WRITTEN, message)
        if not isinstance(value, Handle) and re.search(rf"^[ \t]*(?:async )?def {name}\b", self.source, re.MULTILINE):
            message = Message(
                "{name} is a function in your code, but a later line gives this name another value: {value}.",
                name=name,
                value=describe(value),
            )
            raise StudentFault(Cause.ERROR, message, "Use another name for that value.")
        if isinstance(value, Handle) and value._ref.type in ("function", "type"):
            names[name] = value
        return value

    @contextmanager
    def apart(self) -> Iterator[Student]:
        """Yield the same module in a process of its own, which ends with the block (see Link)."""
        other, remote = copy(self), self._remote
        other._remote = Remote(remote.link, Trail(), CallLog() if remote.log else None)
        other._module = None
        with remote.link.apart():
            yield other

    def adopt(self, other: Student) -> None:
        """Report the calls of ``other``, which ``apart`` made of this one, in the place of its own."""
        self._remote = other._remote

    @property
    def loaded(self) -> bool:
        """Whether the module was imported."""
        return self._module is not None

    def has(self, name: str) -> bool:
        """Return whether the module defines ``name``."""
        return self._remote.ask("has", target=self._root()._ref, name=name) is True

    def define(self, source: str) -> Handle:
        """Run helper code of the check in the student's process and return a handle to its namespace.

        In the helper, ``student`` is the student's module. The student's code can read the helper, so it must not
        contain expected values.
        """
        answer = self._remote.ask("define", source=source, student=self._root()._ref, label=HELPER)
        helper, functions = answer if type(answer) is tuple and len(answer) == 2 else (None, None)
        if type(helper) is not Handle or type(functions) is not dict:
            raise unexpected_message()
        known = {key: value._ref for key, value in functions.items() if type(value) is Handle}
        return Handle(self._remote, helper._ref, HELPER, known)

    def wrap(self, wrapper: Handle, f: Handle) -> Any:
        """Return ``wrapper(f)``, a function that reports show under the name of ``f``."""
        self._remote.names.clear()
        return self._remote.ask("call", f=wrapper._ref, args=(f,), kwargs={}, label=f._label)

    def hold(self, f: Handle, *args: Any, **kwargs: Any) -> Any:
        """Call ``f`` and return a handle to its result, or a tuple of handles if that is a tuple or a list."""
        return self._remote.call("hold", f, args, kwargs)

    def value(self, handle: Any) -> Any:
        """Return a copy of the object behind a handle, or the handle again if it cannot be copied.

        A dataclass or a named tuple becomes a record of its fields, a deque a list, another dict a dict.
        """
        return handle.__gradlab_value__() if isinstance(handle, Handle) else handle

    def inspect(self, f: Handle, *args: Any, **kwargs: Any) -> Inspection:
        """Call ``f`` and also return its arguments afterwards."""
        return self._inspected(Inspection, "inspect", f, args, kwargs)

    def measure(self, f: Handle, *args: Any, **kwargs: Any) -> Measurement:
        """Inspect a call and count its operations in torch and their memory, which takes time for each operation."""
        return self._inspected(Measurement, "measure", f, args, kwargs)

    def _inspected(self, kind: type[Seen], verb: str, f: Handle, args: Any, kwargs: Any) -> Seen:
        seen = kind.read(self._remote.call(verb, f, args, kwargs), len(args))
        self._remote.trail.inspected = (args, seen.args)
        return seen

    def folder(self) -> str:
        """Return the path of an empty folder in the student's process, which is removed after the check."""
        path = self._remote.folder = self._text(self._remote.ask("folder"))
        return path

    def write_file(self, name: str, content: str | bytes) -> str:
        """Write a file into that folder and return its path, for a function that reads a file."""
        data = content.encode() if isinstance(content, str) else content
        self.folder()
        path: str = self._text(self._remote.ask("write_file", path=name, content=data))
        return path

    def read_file(self, path: str, *, limit: int = MAX_FILE) -> bytes | None:
        """Return the content of a file that the student's code wrote, or None if there is none.

        ``path`` is relative to the working directory of the student's code, or to that folder.
        """
        data = self._remote.ask("read_file", path=path, limit=limit)
        if type(data) not in (bytes, type(None)):
            raise unexpected_message()
        return data  # type: ignore[no-any-return]

    def figure(self, f: Handle, *args: Any, **kwargs: Any) -> Handle:
        """Call a function that draws with matplotlib and return a handle to its figure.

        The function returns a figure or axes, or draws on the current figure. Staff see the picture in the report.
        """
        found = self._remote.call("figure", f, args, {**kwargs}, limit=MAX_PICTURE)
        if type(found) is not tuple or len(found) != 2 or type(found[0]) is not Handle or type(found[1]) is not bytes:
            raise unexpected_message()
        self.trail.add_picture(found[1])
        return found[0]

    @staticmethod
    def _text(value: Any) -> str:
        if type(value) is not str:
            raise unexpected_message()
        return value

    def seed(self, number: int) -> None:
        """Seed the random generators of the student's process."""
        self._remote.ask("seed", seed=number)


def _describe_test(args: tuple[Any, ...]) -> str:
    """Describe the call of a check's helper: the student's objects and the tensors among its arguments.

    What belongs to the check, such as another of its helpers or a generator, is not named.
    """
    labels = [value._label for value in args if isinstance(value, Handle)]
    objects = [label for label in labels if not label.startswith((f"{HELPER}.", "Generator("))]
    parts = [part for value in args for part in (value if type(value) in (list, tuple) else [value])]
    tensors = [describe(part) for part in parts if type(part) in TENSORS]
    named = Message("In a test of {names}", names=both(objects)) if objects else ""
    given = Message("{test} with {tensors}", test=named, tensors=name_list(tensors)) if tensors else named
    return cut(given, 400) if objects else ""


def _named(value: Any, args: tuple[Any, ...]) -> Any:
    """Name the objects that a helper returned: a function like the object that the helper got, others by type."""
    given = next((arg._label for arg in args if isinstance(arg, Handle)), "")
    for item in value if type(value) in (list, tuple) else [value]:
        if isinstance(item, Handle):
            function = item._ref.type in ("function", "method", "partial")
            object.__setattr__(item, "_label", given if function and given else f"{item._ref.type}(…)")
    return value


def unwrap(value: Any) -> Ref:
    """Return the reference behind a handle that is passed as an argument; for wire.encode's ``keep``."""
    if isinstance(value, Handle):
        ref: Ref = value._ref
        return ref
    raise BadCheck(
        f"a check passed a value of type {type(value).__name__} to the student's code; "
        "only plain values and handles can be passed. Create it there with student.define."
    )
