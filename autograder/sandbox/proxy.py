"""What a check sees of a student's module: a proxy that sends arguments to it and returns values from it.

A check uses it like the module itself: ``student.Conv.forward(x, w, b, {"stride": 2, "pad": 1})``. Plain values are
copied; any other object stays on the student's side and the check gets a Handle. The same proxy works with the box and
on a student's laptop, where the code runs in the same process (see Link).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from autograder.checks.describe import TENSORS, cut, describe, describe_call
from autograder.checks.task import BadCheck
from autograder.core.errors import GradlabError
from autograder.core.notebooks import CellStarts, describe_line
from autograder.core.report import Cause
from autograder.sandbox.inside.wire import Ref

Cells = Mapping[str, CellStarts]  # by module: "knn.py" -> the cells of knn.ipynb
NO_CELLS: Cells = MappingProxyType({})


class StudentFault(GradlabError):
    """A call of the student's code did not return a value. Costs the check's points."""

    def __init__(self, cause: Cause, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.cause, self.message, self.hint = cause, message, hint


class Link(Protocol):
    """Sends requests (see worker.py) to the process in which the student's code runs."""

    printed: str  # the output of the student's code since the check began

    def begin(self, *, seed: int, seconds: float, memory_mb: int) -> None:
        """Begin a check: start its deadline and set its limits."""

    def load(self, module: str) -> Ref:
        """Import a module of the submission. Raises StudentFault."""

    def request(self, request: dict[str, Any]) -> Any:
        """Send one request and return its answer, with a Ref for each object that stays there. Raises StudentFault."""

    def close(self) -> None:
        """Free what the submission uses."""


@dataclass(frozen=True)
class Inspection:
    """The result of a call and its side effects."""

    value: Any
    args: tuple[Any, ...]  # the positional arguments as they were after the call
    ops: int  # number of operations that torch ran
    largest: int  # bytes of the largest tensor that one of them made


class Trail:
    """The last call of a check, as text for the report."""

    def __init__(self) -> None:
        self.call = ""
        self.received = False  # has the student's code returned any value?

    def returned(self, call: str, value: Any) -> None:
        """Record a finished call and its value."""
        self.call = f"{call} returned {describe(value)}"


HELPER = "helper"  # the label of a check's own code in the student's process
_WITHOUT_VALUE = ("has", "explain_missing", "define", "seed")  # a check does not compute with their answers
_LOOKUPS = ("getattr", "getitem")


class Remote:
    """The link that carries a proxy's requests, and the trail that records them."""

    def __init__(self, link: Link, trail: Trail) -> None:
        self.link, self.trail = link, trail

    def ask(self, verb: str, **fields: Any) -> Any:
        """Send one request and return its answer, with handles for references."""
        label = fields.pop("label", "")
        value = self._wrap(self.link.request({"do": verb, **fields}), label)
        if verb not in _WITHOUT_VALUE and not (verb in _LOOKUPS and isinstance(value, Handle)):
            self.trail.received = True
        return value

    def call(self, verb: str, f: Handle, args: tuple[Any, ...], kwargs: dict[str, Any], label: str = "") -> Any:
        """Call the function behind ``f`` and record the call and its result in the trail.

        For a check's helper, the trail has the student's objects and the tensors that it got.
        """
        ours = f._label.startswith(f"{HELPER}.")
        call = _describe_test(args) if ours else describe_call(f._label, args, kwargs)
        self.trail.call = call
        value = self.ask(verb, f=f._ref, args=args, kwargs=kwargs, label=label or f"{f._label}(…)")
        shown = value["value"] if verb == "inspect" and isinstance(value, dict) else value
        if not ours:
            self.trail.returned(call, shown)
        elif call and type(shown) in TENSORS:
            self.trail.returned(f"{call}, the test", shown)
        return _named(value, args) if ours else value

    def _wrap(self, value: Any, label: str) -> Any:
        if isinstance(value, Ref):
            return Handle(self, value, label)
        if type(value) in (list, tuple):
            return type(value)(self._wrap(item, f"{label}[{i}]") for i, item in enumerate(value))
        if type(value) is dict:
            return {key: self._wrap(item, f"{label}[{key!r}]"[:100]) for key, item in value.items()}
        return value


class Handle:
    """An object that stays in the student's process: a class, a function, a model, a cache.

    Attributes, items, calls and iteration are evaluated there. A handle passed as an argument passes the object.
    """

    __slots__ = ("_label", "_ref", "_remote")

    def __init__(self, remote: Remote, ref: Ref, label: str) -> None:
        object.__setattr__(self, "_remote", remote)
        object.__setattr__(self, "_ref", ref)
        object.__setattr__(self, "_label", label)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._remote.ask("getattr", target=self._ref, name=name, label=f"{self._label}.{name}")

    def __setattr__(self, name: str, value: Any) -> None:
        self._remote.ask("setattr", target=self._ref, name=name, value=value)

    def __getitem__(self, key: Any) -> Any:
        return self._remote.ask("getitem", target=self._ref, key=key, label=f"{self._label}[{describe(key)}]")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._remote.call("call", self, args, kwargs)

    def __iter__(self) -> Any:
        return iter(self._remote.ask("list", target=self._ref, label=self._label))

    def __gradlab_describe__(self) -> str:
        return f"an object of type {self._ref.type}"

    def __repr__(self) -> str:
        return f"<{self._ref.type}>"


class Student:
    """The student's module that a check judges."""

    def __init__(
        self,
        link: Link,
        module: str,
        source: str | None,
        *,
        unreadable: str = "",
        file: str = "",
        analyse: Callable[..., Any] | None = None,
    ) -> None:
        self.source = source or ""  # text of the module
        self._handed_in, self._unreadable = source is not None, unreadable
        self._analyse = analyse  # how source rules read it, if not in this process
        self._remote = Remote(link, Trail())
        self._name, self._file = module, file or f"{module}.py"  # the file that the student knows
        self._module: Handle | None = None

    @property
    def trail(self) -> Trail:
        """The last call, as text."""
        return self._remote.trail

    def _root(self) -> Handle:
        if self._unreadable:
            raise StudentFault(Cause.NOT_LOADED, self._unreadable)
        if not self._handed_in:
            raise StudentFault(Cause.NOT_WRITTEN, f"{self._file} was not handed in.")
        if self._module is None:
            self._module = Handle(self._remote, self._remote.link.load(self._name), self._name)
        return self._module

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        root = self._root()
        if not self._remote.ask("has", target=root._ref, name=name):
            self._remote.ask("explain_missing", name=name)  # raises StudentFault where it can
            raise StudentFault(Cause.NOT_WRITTEN, f"{self._file} does not define {name}.")
        value = self._remote.ask("getattr", target=root._ref, name=name, label=name)
        if not isinstance(value, Handle) and re.search(rf"^[ \t]*(?:async )?def {name}\b", self.source, re.MULTILINE):
            message = f"{name} is a function in your code, but a later line gives this name another value: "
            raise StudentFault(Cause.ERROR, message + f"{describe(value)}.", "Use another name for that value.")
        return value

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
        helper: Handle = self._remote.ask("define", source=source, student=self._root()._ref, label=HELPER)
        return helper

    def wrap(self, wrapper: Handle, f: Handle) -> Any:
        """Return ``wrapper(f)``, a function that reports show under the name of ``f``."""
        return self._remote.ask("call", f=wrapper._ref, args=(f,), kwargs={}, label=f._label)

    def hold(self, f: Handle, *args: Any, **kwargs: Any) -> Any:
        """Call ``f`` and return a handle to its result, or a tuple of handles if that is a tuple or a list."""
        return self._remote.call("hold", f, args, kwargs)

    def value(self, handle: Any) -> Any:
        """Return the value of the object behind a handle, if it is a plain value."""
        if not isinstance(handle, Handle):
            return handle
        return self._remote.ask("value", target=handle._ref, label=handle._label)

    def inspect(self, f: Handle, *args: Any, **kwargs: Any) -> Inspection:
        """Call ``f`` and also return its arguments afterwards, its operations in torch and the memory they used."""
        table = self._remote.call("inspect", f, args, kwargs)
        if type(table) is not dict or set(table) != {"value", "args", "ops", "largest"}:
            raise _unexpected_message()
        value, after, ops, largest = table["value"], table["args"], table["ops"], table["largest"]
        if type(after) is not tuple or len(after) != len(args) or type(ops) is not int or type(largest) is not int:
            raise _unexpected_message()
        return Inspection(value, after, ops, largest)

    def seed(self, number: int) -> None:
        """Seed the random generators of the student's process."""
        self._remote.ask("seed", seed=number)


def _describe_test(args: tuple[Any, ...]) -> str:
    """Describe the call of a check's helper: the student's objects and the tensors among its arguments."""
    objects = [value._label for value in args if isinstance(value, Handle)]
    parts = [part for value in args for part in (value if type(value) in (list, tuple) else [value])]
    tensors = [describe(part) for part in parts if type(part) in TENSORS]
    given = f" with {', '.join(tensors)}" if tensors else ""
    return cut(f"In a test of {' and '.join(objects)}{given}", 400) if objects else ""


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


_NO_DEVICE = (
    "This machine does not have that device. Create tensors on the device of your inputs, such as x.device, or ask "
    "torch.cuda.is_available() first."
)
_NO_COMPILER = "torch.compile needs a compiler, which graded code cannot start. Call the function itself."
_HINTS = {  # by a part of the exception
    "Torch not compiled with CUDA": _NO_DEVICE,
    "Found no NVIDIA driver": _NO_DEVICE,
    "No CUDA GPUs are available": _NO_DEVICE,
    "on a CUDA device but torch.cuda.is_available() is False": _NO_DEVICE,
    "not linked with support for mps": _NO_DEVICE,
    "InductorError": _NO_COMPILER,
    "BackendCompilerFailed": _NO_COMPILER,
}
_CAUSES = {"memory": Cause.MEMORY, "not written": Cause.NOT_WRITTEN, "not loaded": Cause.NOT_LOADED}


def fault_of(table: dict[str, Any], cells: Cells) -> StudentFault:
    """Return the fault that an answer describes. The student's process wrote it, so its strings are cut here."""
    kinds = {"cause": str, "type": str, "message": str, "frames": list, "not_run": list}
    if any(type(table.get(key)) is not kind for key, kind in kinds.items()):
        return _unexpected_message()
    cause = _CAUSES.get(table["cause"], Cause.ERROR)
    frames = [frame for frame in table["frames"][:12] if _is_frame(frame)]
    name, text = table["type"][:100], table["message"][:1000]
    if cause is Cause.NOT_WRITTEN and frames:
        return StudentFault(cause, f"{frames[-1][2]} is not written yet ({_place(frames[-1], cells)}).")
    lines = [": ".join(part for part in (name, text) if part)]
    lines += [f"  {_place(frame, cells)}: {frame[3][:200]}" for frame in frames]
    if [type(part) for part in table["not_run"]] == [str, int, str]:
        file, line, reason = table["not_run"]
        if not name:
            lines = [f"{text} could not be loaded, because the code that defines it did not run."]
        lines.append(f"  {_place([file, line, '', ''], cells)} did not run: {reason[:300].rstrip('.')}.")
    hint = next((hint for part, hint in _HINTS.items() if part in lines[0]), "")
    hint = "Your code used more memory than this check allows." if cause is Cause.MEMORY else hint
    return StudentFault(cause, "\n".join(lines), hint)


def _unexpected_message() -> StudentFault:
    return StudentFault(Cause.CRASHED, "The process that runs your code sent an unexpected message.")


def _is_frame(frame: Any) -> bool:
    return type(frame) is list and [type(part) for part in frame] == [str, int, str, str]


def _place(frame: list[Any], cells: Cells) -> str:
    file, line, function, _ = frame
    inside = f", in {function[:100]}" if function not in ("", "<module>") else ""
    return describe_line(cells.get(file, ()), line, file=file[:100]) + inside
