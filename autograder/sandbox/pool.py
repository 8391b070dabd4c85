"""The grader's handle on a fork server: starts the process behind its wall, asks it for workers, ends them."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections import deque
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from autograder.core.errors import GradlabError
from autograder.sandbox import isolation as isolations

START_SECONDS = 120.0


class BoxError(GradlabError):
    """The box itself does not work. Speaks to staff; never the student's fault."""


@dataclass
class Worker:
    """A forked worker: its number in the fork server and the grader's end of its channel."""

    channel: socket.socket
    limits: dict[str, Any]
    pid: int | None = None  # None: not there yet
    trouble: str = ""


class WorkerPool:
    """A fork server process behind ``wall`` ("bubblewrap", "namespaces" or "none").

    Keeps one worker ahead, so that the next submission need not wait for a fork. Where the system refuses namespaces
    inside the wall, each worker gets a fork server of its own: slower, never weaker.
    """

    def __init__(self, isolation: str, *, cores: int = 1) -> None:
        self.isolation, self.cores = isolation, cores
        self.nested = isolation in ("bubblewrap", "namespaces")
        self.single_use = False
        self.keep = isolations.below_tmp(isolation)
        self._start()

    def _start(self) -> None:
        self._waiting: deque[Worker | None] = deque()  # whom the answers to come are for
        self._spare: Worker | None = None
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        fd = theirs.fileno()
        program = [sys.executable, "-P", "-m", "autograder.sandbox.inside.fork_server", str(fd)]
        self.process = subprocess.Popen(
            isolations.command(self.isolation, program),
            env=isolations.environment(self.isolation),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=[fd],
            start_new_session=True,
        )
        theirs.close()
        self.control.settimeout(START_SECONDS)
        self._waiting.append(None)
        if self._read() != {"ready": True}:
            self.close()
            raise BoxError("The fork server did not start as it should.")

    def fork(self, limits: dict[str, Any]) -> Worker:
        """A fresh worker that may use ``limits``. Raises BoxError."""
        if self.process.poll() is not None:  # killed, as by a kernel that ran out of memory
            self.close()
            self._start()
        worker, self._spare = self._spare, None
        if worker is None or worker.limits != limits:
            self._spare, worker = worker, self._order(limits)
        self._settle()
        if worker.pid is None and self.nested:
            self.nested, self.single_use = False, True
            worker.channel.close()
            worker = self._order(limits)
            self._settle()
        if worker.pid is None:
            worker.channel.close()
            raise BoxError(f"The fork server could not fork a worker: {worker.trouble or 'no reason given'}.")
        worker.channel.setblocking(False)
        if self._spare is None and not self.single_use:
            self._spare = self._order(limits)
        return worker

    def _order(self, limits: dict[str, Any]) -> Worker:
        ours, theirs = socket.socketpair()
        worker = Worker(ours, limits)
        with theirs:
            try:
                self._send(
                    {"fork": {**limits, "cores": self.cores, "nested": self.nested, "keep": self.keep}},
                    worker,
                    theirs.fileno(),
                )
            except BoxError:
                ours.close()
                raise
        return worker

    def end(self, worker: Worker) -> None:
        """End a worker and all it started, without waiting for it."""
        worker.channel.close()
        if self.single_use:
            self.close()
            self._start()
        else:
            self._send({"kill": worker.pid}, None)

    def exit_code(self, worker: Worker) -> int | None:
        """How a worker that hung up ended, negative for the signal that killed it; None when it had to be killed."""
        self._settle()
        self._send({"status": worker.pid}, None)
        return self._read().get("exit")

    def waited(self, worker: Worker) -> float:
        """The seconds that a worker was ready to run, but had no core; 0 where the system does not count them."""
        self._settle()
        self._send({"waited": worker.pid}, None)
        return float(self._read().get("seconds", 0.0))

    def _send(self, request: dict[str, Any], worker: Worker | None, fd: int | None = None) -> None:
        try:
            socket.send_fds(self.control, [json.dumps(request).encode()], [] if fd is None else [fd])
        except OSError as error:
            raise BoxError(f"The fork server is gone ({error}).") from None
        self._waiting.append(worker)

    def _settle(self) -> None:
        while self._waiting:
            self._read()

    def _read(self) -> dict[str, Any]:
        try:
            message = self.control.recv(65536)
        except OSError as error:
            raise BoxError(f"The fork server does not answer ({error}).") from None
        if not message:
            raise BoxError(f"The fork server ended: {self._last_words()}")
        answer, worker = json.loads(message), self._waiting.popleft()
        if worker is not None:
            worker.pid, worker.trouble = answer.get("pid"), answer.get("error", "")
        return answer

    def _last_words(self) -> str:
        self.process.kill()
        assert self.process.stderr is not None
        lines = self.process.stderr.read().decode(errors="replace").strip().splitlines()
        self.process.wait()
        return lines[-1] if lines else "it left no message."

    def close(self) -> None:
        """Stop the fork server; whatever runs behind its wall dies with it."""
        if self._spare is not None:
            self._spare.channel.close()
        self.control.close()
        try:
            self.process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stderr is not None:
            self.process.stderr.close()

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def open_pool(isolation: str, *, cores: int = 1) -> AbstractContextManager[WorkerPool | None]:
    """A fork server, or nothing where a process of its own cannot be had: then code runs here, and only without a wall."""
    return nullcontext() if isolation == "none" and sys.platform != "linux" else WorkerPool(isolation, cores=cores)
