"""The grader's handle on a fork server: starts the isolated process, requests workers from it and ends them."""

from __future__ import annotations

import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from autograder.core.course_file import NO_COURSE, Course
from autograder.core.errors import GradlabError
from autograder.core.installed import interpreter
from autograder.core.message import Message, joined
from autograder.sandbox.inside import times
from autograder.sandbox.isolation import below_tmp, command, environment
from autograder.sandbox.view import folder_outside, make_view, shared_places

START_SECONDS = 120.0
STACK = 1 << 16  # the most bytes about a worker's stack
STACK_SECONDS, STACKS_SECONDS = 0.2, 1.0  # the longest wait for its next part, and for all parts
ENDED = Message("was ended from outside")  # in messages, so that the hand-in is graded once more, alone
VISIBLE_AT_ONCE = 10  # paths in one message, which may have 64 KiB


class BoxError(GradlabError):
    """The sandbox itself failed. Written for staff; never the student's fault."""


@dataclass(frozen=True)
class Usage:
    """The time of a worker, in seconds."""

    ran: float  # processor time of all its threads
    waited: float  # how long its main thread was ready to run but had no core

    def __sub__(self, earlier: Usage) -> Usage:
        return Usage(self.ran - earlier.ran, self.waited - earlier.waited)

    def __add__(self, more: Usage) -> Usage:
        return Usage(self.ran + more.ran, self.waited + more.waited)


@dataclass
class WorkerHandle:
    """The grader's handle on a forked worker: its process number in the box and the grader's end of its channel."""

    channel: socket.socket
    limits: dict[str, Any]
    pid: int | None = None  # None: not forked yet
    here: int | None = None  # its process number for the grader, if that can read its times
    trouble: str = ""
    ended: bool = False  # it was killed before it began


class WorkerPool:
    """A fork server process, isolated by ``isolation`` ("bubblewrap", "namespaces", "user" or "none").

    Has one spare worker ready, so that the next submission need not wait for a fork. If the system refuses nested
    namespaces, each worker gets a fork server of its own, which is slower but not weaker.
    The folders ``private`` are hidden from students' code, wherever they are; of ``course``, it sees the shared
    packages. Its current folder is an empty one of each worker, which gets the assignment's data files; without
    isolation, ``folder`` replaces it. Raises BadCourse if a shared package is missing.
    """

    def __init__(
        self,
        isolation: str,
        *,
        cores: int = 1,
        private: Sequence[Path] = (),
        folder: str = "",
        course: Course = NO_COURSE,
    ) -> None:
        self.isolation, self.cores, self.private, self.folder = isolation, cores, tuple(private), folder
        self.course, self.shared = course, shared_places(course)
        self.nested = isolation in ("bubblewrap", "namespaces")
        self._folders: tempfile.TemporaryDirectory[str] | None = None
        self.single_use = False
        self._nests = False  # whether a worker in namespaces of its own has begun: then the system allows them
        self.keep = below_tmp(isolation)
        self._start()

    def _start(self) -> None:
        self._waiting: deque[WorkerHandle | None] = deque()  # the workers that the next answers are about
        self._spare: WorkerHandle | None = None
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        fd = theirs.fileno()
        preload = self.course.preload
        program = [str(interpreter()), "-P", "-m", "autograder.sandbox.inside.fork_server", str(fd), *preload]
        self.process = subprocess.Popen(
            command(self.isolation, program, private=self.private, shared=self.shared),
            env=environment(self.isolation, self.shared),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=[fd],
            start_new_session=True,
        )
        theirs.close()
        self.control.settimeout(START_SECONDS)
        self._waiting.append(None)
        answer = self._read()
        if answer != {"ready": True}:
            self.close()
            text = str(answer.get("error", "The fork server did not start properly")).rstrip(".")
            raise BoxError(joined(" ", [f"{text}.", self._not_shown()]))
        if self.isolation in ("bubblewrap", "namespaces"):
            self._refuse_visible()

    def _not_shown(self) -> str:
        """Say which preloaded package is elsewhere, so that the box cannot see it, and what to do."""
        for name in self.course.preload if self.nested else ():
            if folder := folder_outside(name):
                return Message(
                    "The files of {name} are in {folder}, which the sandbox does not show. Install the package into "
                    "Python's own folder, without links: with uv, by `--link-mode copy`.",
                    name=name,
                    folder=folder,
                )
        return ""

    def _refuse_visible(self) -> None:
        """Raise BoxError if the box can see what is private: no student's code may then run in it."""
        paths = make_view(self.private, self.shared).private
        for start in range(0, len(paths), VISIBLE_AT_ONCE):
            self._send({"visible": paths[start : start + VISIBLE_AT_ONCE]}, None)
            seen = self._read()["seen"]
            if seen:
                self.close()
                raise BoxError(
                    Message(
                        "Students' code could read {file}, which is private, so no hand-in was run. Move the course, "
                        "the hand-ins and the results out of the folders of Python and of the system.",
                        file=seen[0],
                    )
                )

    def fork(self, limits: dict[str, Any]) -> WorkerHandle:
        """Return a new worker with these ``limits``. Raises BoxError."""
        if self.process.poll() is not None:  # killed, perhaps by a kernel that ran out of memory
            self.close()
            self._start()
        worker, self._spare = self._spare, None
        if worker is None or worker.limits != limits:
            self._spare, worker = worker, self._order(limits)
        self._settle()
        if worker.ended:  # before any code of a student ran: once more
            worker.channel.close()
            worker = self._order(limits)
            self._settle()
        if worker.ended:
            worker.channel.close()
            raise BoxError(Message("A new worker {ended} before it received the submission.", ended=ENDED))
        if worker.pid is None and self.nested and not self._nests:
            self.nested, self.single_use = False, True
            worker.channel.close()
            worker = self._order(limits)
            self._settle()
        if worker.pid is None:
            worker.channel.close()
            reason = worker.trouble or Message("no reason given")
            raise BoxError(Message("The fork server could not fork a worker: {reason}.", reason=reason))
        worker.channel.setblocking(False)
        if self._spare is None and not self.single_use:
            self._spare = self._order(limits)
        return worker

    def _order(self, limits: dict[str, Any]) -> WorkerHandle:
        ours, theirs = socket.socketpair()
        worker = WorkerHandle(ours, limits)
        with theirs:
            try:
                self._send(
                    {
                        "fork": {
                            **limits,
                            "cores": self.cores,
                            "nested": self.nested,
                            "keep": self.keep,
                            "folder": self._own_folder(),
                            "landlock": self.isolation != "none",
                        }
                    },
                    worker,
                    theirs.fileno(),
                )
            except BoxError:
                ours.close()
                raise
        return worker

    def _own_folder(self) -> str:
        """Return the current folder of the next worker. With isolation, every worker has a /tmp of its own."""
        if self.folder or self.isolation in ("bubblewrap", "namespaces"):
            return self.folder or "/tmp"
        if self._folders is None:
            self._folders = tempfile.TemporaryDirectory(prefix="gradlab-", ignore_cleanup_errors=True)
            os.chmod(self._folders.name, 0o755)
        own = tempfile.mkdtemp(dir=self._folders.name)
        os.chmod(own, 0o777)  # "user": the worker is another user
        return own

    def end(self, worker: WorkerHandle) -> None:
        """End a worker and all that it started, without waiting."""
        worker.channel.close()
        if self.single_use:
            self.close()
            self._start()
        else:
            self._send({"kill": worker.pid}, None)

    def exit_code(self, worker: WorkerHandle) -> int | None:
        """Return the exit code of a worker that closed its channel: negative for a signal, None if it still runs."""
        self._settle()
        self._send({"status": worker.pid}, None)
        code: int | None = self._read().get("exit")
        return code

    def usage(self, worker: WorkerHandle) -> Usage:
        """Return what a worker has used so far; zeros if the system cannot tell or the worker has ended."""
        if worker.here is not None:
            return Usage(times.ran(worker.here), times.waited(worker.here))
        self._settle()
        self._send({"usage": worker.pid}, None)
        answer = self._read()
        return Usage(float(answer.get("ran", 0.0)), float(answer.get("waited", 0.0)))

    def stack(self, worker: WorkerHandle) -> str:
        """Return what a busy worker writes about its stack; nothing if it does not. The student's code can forge it."""
        self._settle()
        self._send({"stack": worker.pid}, None)
        self._read()
        text, until = b"", time.monotonic() + STACKS_SECONDS
        while len(text) < STACK and time.monotonic() < until:
            if not select.select([worker.channel], [], [], STACK_SECONDS)[0]:
                break
            try:
                part = worker.channel.recv(STACK)
            except OSError:
                break
            if not part:
                break
            text += part
        return text.decode(errors="replace")

    def _send(self, request: dict[str, Any], worker: WorkerHandle | None, fd: int | None = None) -> None:
        try:
            socket.send_fds(self.control, [json.dumps(request).encode()], [] if fd is None else [fd])
        except OSError as error:
            raise BoxError(Message("The fork server {ended} ({error}).", ended=ENDED, error=error)) from None
        self._waiting.append(worker)

    def _settle(self) -> None:
        while self._waiting:
            self._read()

    def _read(self) -> dict[str, Any]:
        try:
            message, descriptors, _, _ = socket.recv_fds(self.control, 65536, 1)
        except OSError as error:
            raise BoxError(Message("The fork server does not answer ({error}).", error=error)) from None
        if not message:
            if last := self._last_message():
                raise BoxError(Message("The fork server {ended}: {last}", ended=ENDED, last=last))
            raise BoxError(Message("The fork server {ended}, without a message.", ended=ENDED))
        answer: dict[str, Any] = json.loads(message)
        worker = self._waiting.popleft()
        if worker is not None:
            worker.pid, worker.trouble = answer.get("pid"), answer.get("error", "")
            worker.ended = answer.get("ended", False)
            worker.here = times.number_of(descriptors[0]) if descriptors else None
            self._nests = self._nests or (self.nested and worker.pid is not None)
        for descriptor in descriptors:
            os.close(descriptor)
        return answer

    def _last_message(self) -> str:
        self.process.kill()
        assert self.process.stderr is not None
        lines = self.process.stderr.read().decode(errors="replace").strip().splitlines()
        self.process.wait()
        return lines[-1] if lines else ""

    def close(self) -> None:
        """Stop the fork server and every process in its box."""
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
        if self._folders is not None:
            self._folders.cleanup()
            self._folders = None

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def open_pool(
    isolation: str, *, cores: int = 1, private: Sequence[Path] = (), folder: str = "", course: Course = NO_COURSE
) -> AbstractContextManager[WorkerPool | None]:
    """Return a pool, or None where a fork server cannot run: then code runs in this process, and only with "none"."""
    if isolation == "none" and sys.platform != "linux":
        return nullcontext()
    return WorkerPool(isolation, cores=cores, private=private, folder=folder, course=course)
