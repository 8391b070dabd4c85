"""Records which operations of torch run inside functions of the student's, where a task forbids some operations.

Source rules judge the text of the code; this is what really ran. The code can change this record, as it runs in the
same process, so the record costs no points (see source_rules/operations.py).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from types import CodeType, FrameType, ModuleType
from typing import Any

AUTOGRAD = "autograd"  # recorded for a backward pass of torch's
ENGINE = "_engine_run_backward"  # torch's function that runs a backward pass
MOST_OPERATIONS = 10_000  # of one check; after the call that makes so many, nothing is recorded: recording takes time
MOST_STACKS = 2_000  # different ones that are read in one check
MOST_LOOKS = 20_000  # at a stack in one check, to see whether it was read before
MOST_FRAMES = 100  # of a stack that are compared then, the innermost
MOST_FOUND = 200
WRAPPERS = 5  # decorators around one function
_PLAIN = {"torch", *sys.stdlib_module_names}  # packages that no task forbids: what they call counts as the student's

Function = tuple[str, tuple[str, ...]]  # its name, "Conv.forward", and functions that have rules of their own

Key = tuple[str, str, str]  # function, operation, and the function of a package through which it ran, or ""


class Recording:
    """What ran inside some functions. ``files`` are the student's, by their names in tracebacks."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = files
        self.functions: list[tuple[str, tuple[str, ...], bool]] = []  # the last says whether it has its own name
        self.found: dict[Key, tuple[str, int]] = {}  # -> the file and the line where it first ran
        self.known: dict[int, Any] = {}  # by number, operations of which nothing more is to be found
        self.seen: set[tuple[Any, ...]] = set()  # operations with the functions around them, as numbers of their code
        self.codes: dict[int, tuple[CodeType, bool]] = {}  # by number: the code, and whether it is the grader's
        self.operations = self.stacks = self.looks = self.reported = 0

    def watch(self, functions: Sequence[Function], modules: Sequence[ModuleType]) -> None:
        """Record what runs inside these functions from now on, too."""
        self.functions += [(name, tuple(apart), _has_its_name(name, modules)) for name, apart in functions]
        self.known.clear()
        self.seen.clear()

    def context(self, meter: Any = None) -> Any:
        """Return a context that records the operations of one call; they are counted by a meter (meter.py), too."""
        if self.operations >= MOST_OPERATIONS or "torch" not in sys.modules:
            return meter or nullcontext()
        return _make_recorder(self, meter)

    def may_look(self) -> bool:
        """Return whether stacks may still be read in this check: reading takes time."""
        return self.stacks < MOST_STACKS and self.looks < MOST_LOOKS

    def add(self, operation: str, frame: FrameType | None) -> bool:
        """Record an operation that runs below ``frame``. Return whether nothing more is to be found about it."""
        self.looks += 1
        around = (operation, *self._codes_around(frame))
        if around in self.seen:
            return False
        self.seen.add(around)
        self.stacks += 1
        inside, via, place = self._functions_around(frame)
        for name in inside if len(self.found) < MOST_FOUND else ():
            self.found.setdefault((name, operation, via), place)
        return all((name, operation, "") in self.found for name, *_ in self.functions)

    def _codes_around(self, frame: FrameType | None) -> Iterator[int]:
        """Yield the numbers of the code of the frames up to the nearest code of the grader."""
        for _ in range(MOST_FRAMES):
            if frame is None:
                return
            number = id(frame.f_code)
            known = self.codes.get(number)  # which keeps the code, so that no other gets its number
            if known is None:
                known = self.codes[number] = (frame.f_code, _is_ours(frame))
            if known[1]:
                return
            yield number
            frame = frame.f_back

    def _functions_around(self, frame: FrameType | None) -> tuple[list[str], str, tuple[str, int]]:
        """Return which functions run the code of a frame, through which package, and the line of the student's.

        They are those between the operation and the nearest code of the grader: a check may call a student's function
        inside its own, and the other way round. A function under another name than its own has no frame of this name:
        then all of the student's code counts.
        """
        names, via, place = [], "", ("", 0)
        while frame is not None and not _is_ours(frame):
            code = frame.f_code
            if code.co_filename in self.files:
                names.append(code.co_qualname)
                place = place if place[1] else (self.files[code.co_filename], frame.f_lineno or 0)
            elif not names and (package := _package_of(frame)):
                via = f"{package}.{code.co_qualname}"
            frame = frame.f_back
        inside = []
        for function, apart, has_its_name in self.functions:
            if not any(_is_part(name, other) for name in names for other in apart) and (
                any(_is_part(name, function) for name in names) if has_its_name else names
            ):
                inside.append(function)
        return inside, via, place

    def news(self) -> list[list[Any]]:
        """Return all that was found if something is new since the last call; else nothing."""
        if len(self.found) == self.reported:
            return []
        self.reported = len(self.found)
        return self.listed()

    def listed(self) -> list[list[Any]]:
        """Return what was found, as plain values: function, operation, package's function, file, line."""
        return [[*key, *place] for key, place in self.found.items()]


def _make_recorder(recording: Recording, meter: Any) -> Any:
    """Return a context that records, and that counts by the meter: two modes would run each operation through both."""
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

    in_backward_pass: Any = torch._C._current_graph_task_id
    known, count = recording.known, meter.count if meter else None

    class Recorder(TorchDispatchMode):
        @classmethod
        def _should_skip_dynamo(cls) -> bool:
            return False  # see make_meter

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            recording.operations += 1
            operation = AUTOGRAD if in_backward_pass() != -1 else func
            if id(operation) not in known and recording.may_look():  # an operation's own hash takes longer
                frame = _caller(sys._getframe(1))
                if operation is AUTOGRAD:
                    done = recording.add(AUTOGRAD, _caller_of_engine(frame))
                else:
                    done = recording.add(func._schema.name, frame)
                if done:
                    known[id(operation)] = operation
            out = func(*args, **kwargs) if kwargs else func(*args)
            if count:
                count(out)
            return out

    mode: Any = Recorder  # torch gives its class no types
    return _without_our_backward_passes(mode(), meter)


@contextmanager
def _without_our_backward_passes(mode: Any, meter: Any) -> Iterator[None]:
    """Enter a mode, and leave it for each backward pass that the grader's code starts: it is counted, not recorded."""
    import torch
    from torch.utils._python_dispatch import _get_current_dispatch_mode, _pop_mode, _push_mode

    run = getattr(torch.autograd, ENGINE, None)  # as torch.autograd.grad and Tensor.backward call it

    def _engine_run_backward(*args: Any, **kwargs: Any) -> Any:
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and str(frame.f_globals.get("__name__")).startswith(
            ("torch.autograd", "torch._tensor")
        ):
            frame = frame.f_back
        top: Any = _get_current_dispatch_mode()
        if frame is None or not _is_ours(frame) or top is not mode:
            return run(*args, **kwargs)  # type: ignore[misc]
        _pop_mode()
        try:
            with meter or nullcontext():
                return run(*args, **kwargs)  # type: ignore[misc]
        finally:
            _push_mode(mode)  # the same that was left

    with mode:
        if run is None:  # another version of torch
            yield
            return
        setattr(torch.autograd, ENGINE, _engine_run_backward)
        try:
            yield
        finally:
            setattr(torch.autograd, ENGINE, run)


def _caller(frame: FrameType | None) -> FrameType | None:
    """Return the frame that asked for an operation, behind other modes such as the worker's meter."""
    while frame is not None and (
        frame.f_code.co_name == "__torch_dispatch__" or frame.f_globals.get("__name__") == "torch._ops"
    ):
        frame = frame.f_back
    return frame


def _caller_of_engine(frame: FrameType | None) -> FrameType | None:
    """Return the frame that started the backward pass; inside it, code of torch.autograd.Function may run."""
    caller = frame
    while frame is not None:
        if frame.f_code.co_name == ENGINE:
            caller = frame.f_back
        frame = frame.f_back
    return caller


def _is_ours(frame: FrameType) -> bool:
    """Return whether a frame runs code of the grader or of a check's helper."""
    return frame.f_code.co_filename.startswith("<helper ") or str(frame.f_globals.get("__name__")).startswith(
        "autograder."
    )


def _package_of(frame: FrameType) -> str:
    """Return the module that defines a function, unless it is one that every task allows."""
    module = str(frame.f_globals.get("__name__", ""))
    return "" if module.partition(".")[0] in _PLAIN else module


def _is_part(name: str, function: str) -> bool:
    return f"{name}.".startswith(f"{function}.")


def _has_its_name(function: str, modules: Sequence[ModuleType]) -> bool:
    """Return whether a function or class of this name was defined under it, decorated or not."""
    for module in modules:
        target: Any = module
        with suppress(Exception):  # the student's class may do anything here
            for part in function.split("."):
                target = getattr(target, part)
            for _ in range(WRAPPERS):
                target = getattr(target, "__wrapped__", target)
            code = getattr(target, "__code__", None)
            name = code.co_qualname if code else target.__qualname__ if isinstance(target, type) else ""
            if name == function:
                return True
    return False
