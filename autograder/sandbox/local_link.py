"""A link to student code that runs in this process: on a student's own machine, where breakpoints should work.

Requests are encoded as for the box, so that values, copies and handles behave the same.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from types import FrameType, ModuleType, TracebackType
from typing import Any

from autograder.core.code import Code
from autograder.core.course_file import NO_COURSE, Course
from autograder.core.report import Cause
from autograder.sandbox.bounded import PRINTED, PrintLimit
from autograder.sandbox.faults import StudentFault, fault_of
from autograder.sandbox.inside.modules import NotRun, SubmissionFinder
from autograder.sandbox.inside.wire import Ref, decode, encode
from autograder.sandbox.inside.worker import Worker
from autograder.sandbox.known import Known, forget_names, parse_known, parse_left
from autograder.sandbox.proxy import unwrap
from autograder.sandbox.timeouts import places_of, too_long

LONGEST_IMPORT = 6  # limits of a check that an import of a library may take


class LocalLink:
    """A Link (see proxy.py) to modules in this process.

    ``namespaces`` are modules that exist already, and ``explain`` says why a name is missing in them; messages quote
    their lines from ``shown``. ``prints`` limits the characters that a check may print. ``course`` has the packages
    that the code may share with others, and the modules of earlier assignments.
    """

    printed = ""

    def __init__(
        self,
        code: Code,
        *,
        filenames: Mapping[str, str] | None = None,
        namespaces: Mapping[str, ModuleType] | None = None,
        explain: Callable[[str], str] | None = None,
        shown: Code | None = None,
        prints: int | None = PRINTED,
        debugging: bool = False,
        course: Course = NO_COURSE,
    ) -> None:
        fallbacks = course.fallbacks
        self.finder = SubmissionFinder(
            code.files,
            filenames,
            packages=code.packages,
            allowed=code.allowed,
            fallbacks=[path.stem for path in fallbacks.glob("*.py")] if fallbacks else (),
            not_run={
                name: [NotRun(part.line, part.names, part.reason) for part in parts]
                for name, parts in code.aside.items()
            },
        )
        self.code, self.namespaces, self.explain = shown or code, dict(namespaces or {}), explain
        self.debugging, self.seconds, self.seed = debugging, 0.0, 0
        self.left: set[str] = set()
        self._names: dict[str, Known] = {}  # of modules that are loaded
        self.prints = PrintLimit(prints)
        self.worker = Worker(limit=1 << 40, interactive=True)
        self.worker.files = {loader.filename: self.finder.paths[name] for name, loader in self.finder.loaders.items()}
        self.worker.finder = self.finder
        self.finder.install()
        course.make_importable()
        if fallbacks and str(fallbacks) not in sys.path:
            sys.path.append(str(fallbacks))

    def close(self) -> None:
        """Forget the submission's modules."""
        self.finder.uninstall()

    def begin(self, *, seed: int, seconds: float, memory_mb: int, keeps: bool = False) -> None:
        self.seconds, self.seed, self.left = seconds, seed, set()
        self.prints.begin()
        self.request({"do": "begin", "seed": seed, "keeps": keeps})

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Run the block in this process, too: the code is its owner's. What it prints is dropped, as in the box."""
        self.left = set()
        self.request({"do": "reset", "seed": self.seed})
        if self.debugging or sys.gettrace() is not None:
            yield
            return
        with (
            open(os.devnull, "w", encoding="utf-8", errors="replace") as nothing,
            redirect_stdout(nothing),
            redirect_stderr(nothing),
        ):
            yield

    def load(self, module: str) -> Ref:
        if module in self.namespaces:
            return self.worker.adopt(self.namespaces[module])
        ref: Ref = self.request({"do": "load", "module": module})
        return ref

    def names(self, module: str, target: Ref) -> Known:
        if module in self.namespaces:  # of a notebook, whose next cell may change it
            return Known()
        known = self._names.get(module) or parse_known(self.request({"do": "names", "target": target}))
        if known.names:
            self._names[module] = known
        return known

    def request(self, request: dict[str, Any]) -> Any:
        if self.explain and request["do"] == "explain_missing":
            raise StudentFault(Cause.NOT_WRITTEN, self.explain(request["name"]))
        header, body = encode({**request, "number": 0}, keep=unwrap, copies=True)
        with self._deadline(), self.prints.watch():
            header, body = self.worker.answer(bytearray(header), bytearray().join(body))
        answer = decode(bytearray(header), bytearray().join(body), resolve=lambda ref: ref)
        self.left |= parse_left(answer.pop("left", ()))
        if answer.pop("renamed", False):
            forget_names(self._names)
        if "fault" in answer:
            fault = fault_of(answer["fault"], self.code.cells)
            if self.debugging and self.worker.error is not None:
                raise fault.with_traceback(self._up_to_the_students_line(self.worker.error.__traceback__))
            raise fault
        return answer["value"]

    def _imports_a_library(self, stack: list[str]) -> bool:
        """Say whether a library is being imported, by the files of a stack, the innermost first.

        torch imports much when it is first needed. Interrupted, a module would stay half imported for all later checks.
        """
        own = next((place for place, file in enumerate(stack) if file in self.worker.files), len(stack))
        return any(file.startswith("<frozen importlib") for file in stack[:own])

    def _up_to_the_students_line(self, raised: TracebackType | None) -> TracebackType | None:
        """Return a traceback without frames of torch and others below the student's last, where a debugger opens."""
        frames, frame = [], raised
        while frame:
            frames.append(frame)
            frame = frame.tb_next
        own = [frame for frame in frames if frame.tb_frame.f_code.co_filename in self.worker.files]
        if own:
            own[-1].tb_next = None
        return raised

    @contextmanager
    def _deadline(self) -> Iterator[None]:
        """Interrupt a call that takes too long, if the platform can; no deadline holds under a debugger."""
        possible = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
        if self.debugging or not possible or not self.seconds or sys.gettrace() is not None:
            yield
            return
        fired: list[list[tuple[str, int]]] = []

        imports = 0

        def interrupt(number: int, frame: FrameType | None) -> None:
            nonlocal imports
            if sys.gettrace() is not None:  # the code waits at a breakpoint
                return
            stack = places_of(frame)
            if self._imports_a_library([file for file, _ in stack]) and imports < LONGEST_IMPORT:
                imports += 1
                signal.setitimer(signal.ITIMER_REAL, self.seconds)
                return
            fired.append([(self.worker.files.get(file, ""), line) for file, line in stack])
            raise TimeoutError

        before = signal.signal(signal.SIGALRM, interrupt)
        signal.setitimer(signal.ITIMER_REAL, self.seconds)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        if fired:
            raise too_long(self.seconds, fired[0], self.code)
