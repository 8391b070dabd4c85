"""What a check sees of a student's module: a proxy that sends arguments away and brings values back.

Reads like the module itself: ``student.Conv.forward(x, w, b, {"stride": 2, "pad": 1})``. Plain values cross by value;
anything else stays on the student's side behind a Handle. The same proxy serves the box and a student's own laptop,
where the request is carried out in the same process (see Link).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from autograder.checks.describe import describe, describe_call
from autograder.checks.task import BadCheck
from autograder.core.errors import GradlabError
from autograder.core.notebooks import describe_line
from autograder.core.report import Cause
from autograder.sandbox.inside.wire import Ref


class StudentFault(GradlabError):
    """A call of the student's code did not give a value. Costs the check's points."""

    def __init__(self, cause: Cause, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.cause, self.message, self.hint = cause, message, hint


class Link(Protocol):
    """Carries requests (see worker.py) to where the student's code runs."""

    printed: str  # what the student's code printed since the check began

    def begin(self, *, seed: int, seconds: float, memory_mb: int) -> None:
        """A check begins: its deadline starts and its limits hold."""

    def load(self, module: str) -> Ref:
        """Import a module of the submission. Raises StudentFault."""

    def request(self, request: dict[str, Any]) -> Any:
        """Carry out one request. Values come back with Ref for what stays there. Raises StudentFault."""


@dataclass(frozen=True)
class Inspection:
    """A call, seen from outside."""

    value: Any
    args: tuple[Any, ...]  # the positional arguments as they were after the call
    ops: int  # how many operations torch ran
    largest: int  # bytes of the largest tensor that one of them made


class Trail:
    """The last call a check made, in words, for the report."""

    def __init__(self) -> None:
        self.call = ""
        self.received = False  # did any value come from the student's code?

    def returned(self, call: str, value: Any) -> None:
        self.call = f"{call} returned {describe(value)}"


_SILENT = ("has", "define", "seed")  # answers that a check does not compute with
_LOOKS = ("getattr", "getitem")


class Remote:
    """Where a proxy's requests go, and the trail they leave."""

    def __init__(self, link: Link, trail: Trail) -> None:
        self.link, self.trail = link, trail

    def ask(self, verb: str, **fields: Any) -> Any:
        """Send one request; turn the references in its answer into handles."""
        label = fields.pop("label", "")
        value = self._wrap(self.link.request({"do": verb, **fields}), label)
        if verb not in _SILENT and not (verb in _LOOKS and isinstance(value, Handle)):
            self.trail.received = True
        return value

    def call(self, verb: str, f: Handle, args: tuple[Any, ...], kwargs: dict[str, Any], label: str = "") -> Any:
        """Call what ``f`` stands for; the call and its result become the check's last call."""
        call = describe_call(f._label, args, kwargs)
        self.trail.call = call
        value = self.ask(verb, f=f._ref, args=args, kwargs=kwargs, label=label or f"{f._label}(…)")
        self.trail.returned(call, value["value"] if verb == "inspect" and isinstance(value, dict) else value)
        return value

    def _wrap(self, value: Any, label: str) -> Any:
        if isinstance(value, Ref):
            return Handle(self, value, label)
        if type(value) in (list, tuple):
            return type(value)(self._wrap(item, f"{label}[{i}]") for i, item in enumerate(value))
        if type(value) is dict:
            return {key: self._wrap(item, f"{label}[{key!r}]"[:100]) for key, item in value.items()}
        return value


class Handle:
    """An object that stays with the student's code: a class, a function, a model, a cache.

    Attributes, items, calls and iteration are carried out there. Passing a handle as an argument passes the object.
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
    """The module that a check judges."""

    def __init__(self, link: Link, module: str, source: str | None) -> None:
        self.source = source or ""  # text of the module judged
        self._handed_in = source is not None
        self._remote = Remote(link, Trail())
        self._name, self._file = module, f"{module}.py"
        self._module: Handle | None = None

    @property
    def trail(self) -> Trail:
        """The last call, in words."""
        return self._remote.trail

    def _root(self) -> Handle:
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
            raise StudentFault(Cause.NOT_WRITTEN, f"{self._file} does not define {name}.")
        return self._remote.ask("getattr", target=root._ref, name=name, label=name)

    def has(self, name: str) -> bool:
        """Does the module define ``name``?"""
        return self._remote.ask("has", target=self._root()._ref, name=name) is True

    def define(self, source: str) -> Handle:
        """Run helper code of the check beside the student's code; a handle to its namespace.

        The student's code can read what is in it: no expected value belongs there.
        """
        self._root()
        return self._remote.ask("define", source=source, label="helper")

    def hold(self, f: Handle, *args: Any, **kwargs: Any) -> Any:
        """Call ``f`` and leave the result there: a handle, or a tuple of handles when it returns a tuple or a list."""
        return self._remote.call("hold", f, args, kwargs)

    def value(self, handle: Any) -> Any:
        """Bring what a handle stands for, where it has a plain value."""
        if not isinstance(handle, Handle):
            return handle
        return self._remote.ask("value", target=handle._ref, label=handle._label)

    def inspect(self, f: Handle, *args: Any, **kwargs: Any) -> Inspection:
        """Call ``f`` and also tell what it did to its arguments, to the machine's memory and to torch."""
        table = self._remote.call("inspect", f, args, kwargs)
        if type(table) is not dict or set(table) != {"value", "args", "ops", "largest"}:
            raise _unasked()
        value, after, ops, largest = table["value"], table["args"], table["ops"], table["largest"]
        if type(after) is not tuple or len(after) != len(args) or type(ops) is not int or type(largest) is not int:
            raise _unasked()
        return Inspection(value, after, ops, largest)

    def seed(self, number: int) -> None:
        """Seed the random generators of the student's process."""
        self._remote.ask("seed", seed=number)


def unwrap(value: Any) -> Ref:
    """The reference behind a handle that is passed as an argument; for wire.encode's ``keep``."""
    if isinstance(value, Handle):
        return value._ref
    raise BadCheck(
        f"a check passed a value of type {type(value).__name__} to the student's code; "
        "only plain values and handles can be passed. Make it there with student.define."
    )


def fault_of(table: dict[str, Any], cells: dict[str, list[tuple[int, int]]]) -> StudentFault:
    """The fault that an answer describes. Everything in it was made by the student's process: strings are bounded here.

    ``cells`` maps a file to (first line, cell number) pairs when it came from a notebook.
    """
    kinds = {"cause": str, "type": str, "message": str, "frames": list}
    if any(type(table.get(key)) is not kind for key, kind in kinds.items()):
        return _unasked()
    cause = {"memory": Cause.MEMORY, "not written": Cause.NOT_WRITTEN}.get(table["cause"], Cause.ERROR)
    frames = [frame for frame in table["frames"][:12] if _is_frame(frame)]
    name, text = table["type"][:100], table["message"][:1000]
    if cause is Cause.NOT_WRITTEN and frames:
        return StudentFault(cause, f"{frames[-1][2]} is not written yet ({_place(frames[-1], cells)}).")
    lines = [": ".join(part for part in (name, text) if part)]
    lines += [f"  {_place(frame, cells)}: {frame[3][:200]}" for frame in frames]
    hint = "Your code needs more memory than a check may use." if cause is Cause.MEMORY else ""
    return StudentFault(cause, "\n".join(lines), hint)


def _unasked() -> StudentFault:
    return StudentFault(Cause.CRASHED, "The process with your code sent a message that was not asked for.")


def _is_frame(frame: Any) -> bool:
    return type(frame) is list and [type(part) for part in frame] == [str, int, str, str]


def _place(frame: list[Any], cells: dict[str, list[tuple[int, int]]]) -> str:
    file, line, function, _ = frame
    inside = f", in {function[:100]}" if function not in ("", "<module>") else ""
    return describe_line(cells.get(file, ()), line, file=file[:100]) + inside
