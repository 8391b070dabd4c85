"""A pool whose workers are threads of the test: they answer whatever a test wants."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Any, ClassVar

from autograder.core.course_file import NO_COURSE
from autograder.sandbox.inside.frames import Closed, receive, send
from autograder.sandbox.inside.wire import Ref, decode, encode
from autograder.sandbox.pool import Usage, WorkerHandle

Answer = Callable[[dict[str, Any]], Any]  # to a request: an object to send, bytes to send as they are, None to hang up


def value(request: dict[str, Any], result: Any = None, **more: Any) -> dict[str, Any]:
    """Return the answer of an honest worker."""
    return {"value": result, "printed": "", "number": request["number"], **more}


def honest(request: dict[str, Any]) -> dict[str, Any]:
    """Answer like a worker of an empty module."""
    return value(request, Ref(0, "module") if request["do"] == "load" else None)


class FalsePool:
    """Gives out workers that answer by ``answers``, the first one first, and the last one for all others."""

    isolation, course, cores = "none", NO_COURSE, 1
    channels: ClassVar[list[socket.socket]] = []  # of all pools: a test closes them

    def __init__(self, *answers: Answer, nested: bool = True, exit_code: int | None = None) -> None:
        self.answers, self.nested, self.code = list(answers), nested, exit_code
        self.requests: list[list[dict[str, Any]]] = []  # of each worker
        self.events: list[str] = []

    def fork(self, limits: dict[str, Any]) -> WorkerHandle:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        self.channels.append(ours)
        number = len(self.requests)
        self.requests.append([])
        self.events.append(f"fork {number}")
        threading.Thread(target=self._work, args=(theirs, number), daemon=True).start()
        return WorkerHandle(ours, limits, pid=number)

    def _work(self, channel: socket.socket, number: int) -> None:
        answer = self.answers[min(number, len(self.answers) - 1)]
        with channel:
            try:
                receive(channel.fileno(), limit=1 << 30, ahead=0)  # the submission
                while True:
                    header, body = receive(channel.fileno(), limit=1 << 30)
                    request = decode(header, body, resolve=lambda ref: ref, trusted=True)
                    self.requests[number].append(request)
                    reply = answer(request)
                    if reply is None:
                        return
                    if isinstance(reply, bytes):
                        channel.sendall(reply)
                    else:
                        send(channel.fileno(), *encode(reply))
            except (Closed, OSError):
                return

    def end(self, worker: WorkerHandle) -> None:
        worker.channel.close()
        self.events.append(f"end {worker.pid}")

    def usage(self, worker: WorkerHandle) -> Usage:
        return Usage(0.0, 0.0)

    def exit_code(self, worker: WorkerHandle) -> int | None:
        return self.code

    def stack(self, worker: WorkerHandle) -> str:
        return ""
