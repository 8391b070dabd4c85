"""The grader's side of the box: starts nurseries and workers, sends requests, judges how a worker ended."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from autograder.box import wall as walls
from autograder.frames import Closed, Late, receive, send
from autograder.manifest import Limits
from autograder.report import Cause
from autograder.student import StudentFault, fault_of, unwrap
from autograder.wire import Ref, WireError, decode, encode

IMPORT_SECONDS = 30.0  # what importing a submission may take, beside the checks' own limits
START_SECONDS = 120.0


class BoxError(Exception):
    """The box itself does not work. Speaks to staff; never the student's fault."""


class Nursery:
    """A nursery process behind ``wall`` ("bubblewrap", "namespaces" or "none").

    Where the system refuses namespaces inside the wall, each worker gets a nursery of its own: slower, never weaker.
    """

    def __init__(self, wall: str, *, cores: int = 1) -> None:
        self.wall, self.cores = wall, cores
        self.nested = wall != "none"
        self.single_use = False
        self._start()

    def _start(self) -> None:
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        fd = theirs.fileno()
        program = [sys.executable, "-P", "-m", "autograder.box.nursery", str(fd)]
        self.process = subprocess.Popen(
            walls.command(self.wall, program),
            env=walls.environment(self.wall),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=[fd],
            start_new_session=True,
        )
        theirs.close()
        self.control.settimeout(START_SECONDS)
        if self._answer() != {"ready": True}:
            self.close()
            raise BoxError("The nursery did not start as it should.")

    def fork(self, limits: dict[str, Any]) -> tuple[int, socket.socket]:
        """A fresh worker: its number in the nursery and the grader's end of its channel."""
        ours, theirs = socket.socketpair()
        with theirs:
            answer = self._fork(limits, theirs)
            if "pid" not in answer and self.nested:
                self.nested, self.single_use = False, True
                answer = self._fork(limits, theirs)
        if "pid" not in answer:
            ours.close()
            raise BoxError(f"The nursery could not fork a worker: {answer.get('error', 'no reason given')}.")
        ours.setblocking(False)
        return answer["pid"], ours

    def _fork(self, limits: dict[str, Any], channel: socket.socket) -> dict[str, Any]:
        request = {"fork": {**limits, "cores": self.cores, "nested": self.nested}}
        return self._ask(json.dumps(request).encode(), channel.fileno())

    def kill(self, pid: int) -> int | None:
        """End a worker and all it started; its exit code, or None when that is not known."""
        code = self._ask(json.dumps({"kill": pid}).encode()).get("exit")
        if self.single_use:
            self.close()
            self._start()
        return code

    def status(self, pid: int) -> int | None:
        """The exit code of a worker that hung up; negative for the signal that killed it."""
        return self._ask(json.dumps({"status": pid}).encode()).get("exit")

    def _ask(self, request: bytes, fd: int | None = None) -> dict[str, Any]:
        try:
            socket.send_fds(self.control, [request], [] if fd is None else [fd])
        except OSError as error:
            raise BoxError(f"The nursery is gone ({error}).") from None
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        try:
            message = self.control.recv(65536)
        except OSError as error:
            raise BoxError(f"The nursery does not answer ({error}).") from None
        if not message:
            raise BoxError(f"The nursery ended: {self._last_words()}")
        return json.loads(message)

    def _last_words(self) -> str:
        self.process.kill()
        assert self.process.stderr is not None
        lines = self.process.stderr.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it left no message."

    def close(self) -> None:
        """Stop the nursery; whatever runs behind its wall dies with it."""
        self.control.close()
        try:
            self.process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stderr is not None:
            self.process.stderr.close()

    def __enter__(self) -> Nursery:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class BoxLink:
    """A Link (see student.py) to one submission's worker, which it replaces when a check has ended it."""

    def __init__(
        self, nursery: Nursery, files: Mapping[str, str], limits: Limits, cells: dict[str, list[tuple[int, int]]]
    ) -> None:
        self.nursery, self.files, self.limits, self.cells = nursery, dict(files), limits, cells
        self.printed = ""
        self.deadline = 0.0
        self._number = 0  # of the last request; its answer repeats it
        self._pid: int | None = None
        self._memory = 0
        self._channel: socket.socket | None = None
        self._loaded: dict[str, Ref | StudentFault] = {}

    def begin(self, *, seed: int, seconds: float, memory_mb: int) -> None:
        self.printed = ""
        if self._channel is None or self._memory != memory_mb:
            self._replace(memory_mb)
        self.deadline = time.monotonic() + IMPORT_SECONDS
        try:
            self._roundtrip({"do": "begin", "seed": seed})
        except StudentFault:  # the worker died between two checks: that costs neither of them
            self._replace(memory_mb)
            self._roundtrip({"do": "begin", "seed": seed})
        self.deadline = time.monotonic() + seconds

    def load(self, module: str) -> Ref:
        known = self._loaded.get(module)
        if isinstance(known, StudentFault):
            raise known
        if known is None:
            left = self.deadline - time.monotonic()
            self.deadline = time.monotonic() + IMPORT_SECONDS
            try:
                known = self._roundtrip({"do": "load", "module": module})
            except StudentFault as fault:
                fault.message = f"{module}.py could not be imported. {fault.message}"
                self._loaded[module] = fault
                raise
            self.deadline = time.monotonic() + left
            if not isinstance(known, Ref):
                raise self._garbled()
            self._loaded[module] = known
        return known

    def request(self, request: dict[str, Any]) -> Any:
        return self._roundtrip(request)

    def close(self) -> None:
        """End the worker and everything it left running."""
        if self._pid is not None:
            pid, self._pid = self._pid, None
            self.nursery.kill(pid)
        if self._channel is not None:
            self._channel.close()
            self._channel = None

    def _replace(self, memory_mb: int) -> None:
        self.close()
        limits = {
            "memory": memory_mb << 20,
            "file": int(self.limits.file_mb) << 20,
            "threads": int(self.limits.threads),
            "output": int(self.limits.output_kb) << 10,
            "message": int(self.limits.message_mb) << 20,
        }
        self._pid, self._channel = self.nursery.fork(limits)
        self._memory = memory_mb
        self._loaded = {name: known for name, known in self._loaded.items() if isinstance(known, StudentFault)}
        first = {"files": self.files, "earlier": walls.earlier(self.nursery.wall)}
        send(self._channel.fileno(), *encode(first), deadline=time.monotonic() + IMPORT_SECONDS)

    def _roundtrip(self, request: dict[str, Any]) -> Any:
        if self._channel is None:
            raise StudentFault(Cause.CRASHED, "The process with your code ended earlier in this check.")
        fd = self._channel.fileno()
        try:
            self._number += 1
            send(fd, *encode({**request, "number": self._number}, keep=unwrap), deadline=self.deadline)
            header, body = receive(fd, limit=int(self.limits.message_mb) << 20, deadline=self.deadline)
            answer = decode(header, body, resolve=lambda ref: ref)
        except Late:
            self.close()
            raise StudentFault(Cause.TIMEOUT, "Your code took longer than this check allows and was stopped.") from None
        except Closed:
            raise self._ended() from None
        except WireError:
            raise self._garbled() from None
        return self._read(answer)

    def _read(self, answer: Any) -> Any:
        if type(answer) is not dict or type(answer.get("printed")) is not str or answer.get("number") != self._number:
            raise self._garbled()
        self.printed = (self.printed + answer["printed"])[: int(self.limits.output_kb) << 10]
        if type(answer.get("fault")) is dict:
            raise fault_of(answer["fault"], self.cells)
        if set(answer) != {"value", "printed", "number"}:
            raise self._garbled()
        return answer["value"]

    def _garbled(self) -> StudentFault:
        self.close()
        return StudentFault(Cause.CRASHED, "The process with your code sent a message that is not one of gradlab's.")

    def _ended(self) -> StudentFault:
        pid, self._pid = self._pid, None
        assert pid is not None
        code = self.nursery.status(pid)
        if code is None:
            code = self.nursery.kill(pid)
        self.close()
        if code is not None and code < 0:
            name = signal.strsignal(-code)
            return StudentFault(Cause.CRASHED, f"The process with your code was killed: {name}.")
        return StudentFault(Cause.CRASHED, f"Your code ended its own process (exit code {code}).")
