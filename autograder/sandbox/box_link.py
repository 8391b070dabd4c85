"""The grader's end of a worker's channel: sends requests, limits answers, and explains how a worker ended."""

from __future__ import annotations

import re
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np

from autograder.core.assignment import Limits
from autograder.core.code import Code
from autograder.core.message import Message
from autograder.core.report import Cause
from autograder.sandbox.call_log import CALLS
from autograder.sandbox.faults import StudentFault, fault_of
from autograder.sandbox.inside.frames import Closed, Deadline, Late, receive, send
from autograder.sandbox.inside.modules import TOP_LEVEL_SECONDS
from autograder.sandbox.inside.wire import LIBRARIES, Ref, WireError, decode, encode
from autograder.sandbox.isolation import fallbacks_folder
from autograder.sandbox.known import Known, forget_names, parse_known, parse_left
from autograder.sandbox.pool import ENDED, BoxError, Usage, WorkerHandle, WorkerPool
from autograder.sandbox.proxy import unwrap
from autograder.sandbox.recorded import Recorded, parse_recorded
from autograder.sandbox.timeouts import places_in, too_long

PATIENCE = 9.0  # times a check's limit: the most that is added for seconds in which no core was free for it
ALL_LOADS_SECONDS = 30.0  # for the top-level statements of a submission in all its workers; then LOAD_SECONDS for each
LOAD_SECONDS = 3.0
IMPORT_SECONDS = 30.0  # limit for importing a submission; it does not count against the checks' limits
START_SECONDS = 30.0  # limit for a worker to receive a submission, and to begin a check
NOTHING = Usage(0.0, 0.0)
QUICK_SECONDS = 0.05  # of a request that may count as part of the check that follows
LARGE = 16 << 20  # bytes; smaller answers do not count
MOST_LARGE = 2  # times the largest message: what the large answers of one check may have together
_LATER = {  # what takes long to import and is only imported on use, and the words of a source that uses it
    "torch._dynamo": re.compile(r"\b(?:optim|meta)\b"),  # by the first optimizer, and on the device "meta"
    "torch.fx.experimental.symbolic_shapes": re.compile(r"\bgrad_outputs\b|\bautograd\b|\.backward\([^)]"),
    "autograder.probes.layers": re.compile(r"\bautograder\.probes\b"),
}
OUTPUT_SLACK = 100  # characters for the line that says how much output was cut


def imports_later(text: str) -> set[str]:
    """Return the modules that a source will import when it runs, and that many workers should not each import."""
    return {module for module, words in _LATER.items() if words.search(text)}


class Allowance:
    """The time that a check has. Other processes on a busy machine do not shorten it, the worker's own threads do.

    At the deadline, ``limit`` seconds have passed, and those added already. The check used the greater of two numbers:
    the processor time of all its threads, per core; and those seconds without the ones in which it had no core.
    """

    def __init__(self, limit: float, before: Usage) -> None:
        self.limit, self.before = limit, before  # what the worker had used when the check began
        self._added = 0.0

    def more(self, now: Usage, *, cores: int) -> float:
        """Return the seconds to add at the deadline; 0 if all are used."""
        used = now - self.before
        left = self.limit - max(used.ran / cores, self.limit + self._added - used.waited)
        extra = max(0.0, min(left, PATIENCE * self.limit - self._added))
        self._added += extra
        return extra


class BoxLink:
    """A Link (see proxy.py) to the worker of one submission. Starts a new worker after a check that ended the last."""

    def __init__(self, pool: WorkerPool, code: Code, limits: Limits, *, later: frozenset[str] = frozenset()) -> None:
        """``later``: what the checks import in the worker. The fork server imports it, and what the code needs."""
        self.pool, self.code, self.limits = pool, code, limits
        self._later = sorted(later.union(*map(imports_later, code.files.values())))
        self.printed = ""
        self.left: set[str] = set()
        self.deadline = 0.0
        self._seconds = 0.0  # the limit that the deadline comes from
        self._allowance = Allowance(0.0, NOTHING)
        self._idle_since = 0.0  # when the student's code last finished a request
        self._received = 0  # bytes of this check's large answers
        self._number = 0  # of the last request that was made; its answer repeats it
        self._worker: WorkerHandle | None = None
        self._loaded: dict[str, Ref | StudentFault] = {}
        self._names: dict[str, Known] = {}  # of modules that are loaded
        self._left_to_load = self._left_apart = ALL_LOADS_SECONDS
        self._seed, self._memory_mb, self._keeps = 0, 0, False  # of this check
        self._functions: list[tuple[str, tuple[str, ...]]] = []  # whose operations are recorded in this check
        self._sent = 0  # how many of them the worker knows
        self._recorded: list[Recorded] = []  # in this check

    def begin(self, *, seed: int, seconds: float, memory_mb: int, keeps: bool = False) -> None:
        self.printed, self.left = "", set()
        self._seed, self._memory_mb, self._keeps = seed, memory_mb, keeps
        self._received = 0
        self._functions, self._sent, self._recorded = [], 0, []
        if self._worker is None or self._worker.limits["memory"] != memory_mb << 20:
            self._renew(memory_mb)
        try:
            before = self._begin(seed)
        except (StudentFault, BoxError):  # worker or fork server died between two checks: neither loses points
            self._replace(memory_mb)
            try:
                before = self._begin(seed)
            except StudentFault as fault:  # no code of the student has run in it yet
                raise BoxError(f"A new worker does not answer. {fault.message}") from None
        self._idle_since = time.monotonic()
        self._seconds = seconds
        self.deadline = self._idle_since + seconds
        self._allowance = Allowance(seconds, before)

    def _begin(self, seed: int) -> Usage:
        """Begin a check in the worker. Return what the worker has used before the check.

        The worker imports the libraries whose values the checks may send it now, so that no call has to.
        """
        begun, before = time.monotonic(), self._usage()
        self.deadline, self._allowance = begun + START_SECONDS, Allowance(START_SECONDS, before)
        limit, self._seconds = self._seconds, START_SECONDS
        try:
            self._roundtrip({"do": "begin", "seed": seed, "libraries": self._libraries(), "keeps": self._keeps})
        finally:
            self._seconds = limit
        return before if time.monotonic() - begun < QUICK_SECONDS else self._usage()

    def _libraries(self) -> list[str]:
        allowed = self.code.packages
        return [
            name for name in LIBRARIES if name in sys.modules and (allowed is None or name.partition(".")[0] in allowed)
        ]

    def load(self, module: str) -> Ref:
        known = self._loaded.get(module)
        if isinstance(known, StudentFault):
            raise known
        if known is None:
            self._resume()
            begun, before, own = time.monotonic(), self._usage(), self._allowance
            left = self.deadline - begun
            self.deadline, self._allowance = begun + IMPORT_SECONDS, Allowance(IMPORT_SECONDS, before)
            limit, self._seconds = self._seconds, IMPORT_SECONDS
            try:
                known = self._roundtrip({"do": "load", "module": module})
            except StudentFault as fault:
                fault.message = Message(
                    "{file} could not be imported. {message}", file=f"{module}.py", message=fault.message
                )
                self._loaded[module] = fault
                raise
            finally:
                self._seconds = limit
            self.deadline, self._allowance = time.monotonic() + left, own
            own.before += self._usage() - before
            self._left_to_load -= time.monotonic() - begun
            if not isinstance(known, Ref):
                raise self._malformed()
            self._loaded[module] = known
        return known

    def names(self, module: str, target: Ref) -> Known:
        known = self._names.get(module) or parse_known(self.request({"do": "names", "target": target}))
        if known.names:
            self._names[module] = known
        return known

    def request(self, request: dict[str, Any]) -> Any:
        self._resume()
        if self._sent < len(self._functions) and request["do"] in CALLS:
            request = {**request, "record": self._functions[self._sent :]}
            self._sent = len(self._functions)
        return self._roundtrip(request)

    def record(self, function: str, apart: Sequence[str] = ()) -> None:
        self._functions.append((function, tuple(apart)))

    def recorded(self) -> list[Recorded]:
        return self._recorded

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Run the block with a new worker, which has the rest of the check's time. What it prints is dropped.

        Workers that are not isolated from each other never exist at the same time: then the old one ends first.
        """
        if not self.pool.nested:
            self.close()
        old, self._worker = self._worker, None
        left, loads = self.deadline - self._idle_since, self._left_apart
        kept = self._loaded, self.printed, self._allowance, self._left_to_load
        names = self._names
        sent, self._sent, self.left = (self._sent, self._recorded), 0, set()
        self._left_to_load = loads
        try:
            self._replace(self._memory_mb)
            self._begin(self._seed)
            self._idle_since = time.monotonic()
            self.deadline, self._allowance = self._idle_since + left, Allowance(left, self._usage())
            yield
        finally:
            self.close()
            self._worker, self._left_apart = old, self._left_to_load
            self._loaded, self.printed, self._allowance, self._left_to_load = kept
            self._names = names if old else {}
            self._sent, self._recorded = sent
            if old is None:  # the next check loads the submission once more, which is not its fault
                self._loaded = {name: known for name, known in kept[0].items() if isinstance(known, StudentFault)}
                self._left_to_load += loads - self._left_apart

    def _resume(self) -> None:
        """Move the deadline by the time that the grader spent on inputs and comparisons, not the student's code."""
        now = time.monotonic()
        self.deadline += now - self._idle_since
        self._idle_since = now

    def close(self) -> None:
        """End the worker and all its threads and processes."""
        if self._worker is not None:
            worker, self._worker = self._worker, None
            with suppress(BoxError):  # a fork server that has ended took its workers along
                self.pool.end(worker)

    def _renew(self, memory_mb: int) -> None:
        """Start a worker; another one if that was killed before it read the submission."""
        try:
            self._replace(memory_mb)
        except BoxError:
            self._replace(memory_mb)

    def _replace(self, memory_mb: int) -> None:
        self.close()
        files = {name: np.frombuffer(path.read_bytes(), np.uint8) for name, path in self.code.data.items()}
        limits = {
            "memory": memory_mb << 20,
            "file": (int(self.limits.file_mb) << 20) + sum(content.nbytes for content in files.values()),
            "threads": int(self.limits.threads),
            "output": int(self.limits.output_kb) << 10,
            "message": int(self.limits.message_mb) << 20,
            "later": self._later,
        }
        self._worker = worker = self.pool.fork(limits)
        self._loaded = {name: known for name, known in self._loaded.items() if isinstance(known, StudentFault)}
        self._names = {}
        packages = self.code.packages
        first = {
            "files": {name: text.encode("utf-8", "surrogatepass") for name, text in self.code.files.items()},
            "data": files,
            "fallbacks": fallbacks_folder(self.pool.isolation, self.pool.course),
            "packages": None if packages is None else sorted(packages),
            "allowed": list(self.code.allowed),
            "seconds": max(LOAD_SECONDS, min(TOP_LEVEL_SECONDS, self._left_to_load)),
            "not_run": {
                name: [(part.line, part.names, str(part.reason)) for part in parts]
                for name, parts in self.code.aside.items()
            },
        }
        try:
            send(worker.channel.fileno(), *encode(first), deadline=Deadline(time.monotonic() + START_SECONDS))
        except Closed:  # no code of the student has run in it
            raise BoxError(Message("A new worker {ended} before it received the submission.", ended=ENDED)) from None
        except Late:
            raise BoxError("A new worker does not read the submission.") from None

    def _roundtrip(self, request: dict[str, Any]) -> Any:
        if self._worker is None:
            raise StudentFault(Cause.CRASHED, "The process that runs your code ended earlier in this check.")
        number = self._number = self._number + 1  # before a method that is an argument is looked up
        message = encode({**request, "number": number}, keep=unwrap, copies=True)  # WireError: of the check
        fd, deadline = self._worker.channel.fileno(), Deadline(self.deadline, self._more_time)
        try:
            send(fd, *message, deadline=deadline)
            header, body = receive(fd, limit=int(self.limits.message_mb) << 20, deadline=deadline)
            self._count(len(body))
            answer = decode(header, body, resolve=lambda ref: ref)
        except Late:
            fault = too_long(self._seconds, places_in(self.pool.stack(self._worker)), self.code)
            self.close()
            raise fault from None
        except Closed:
            raise self._ended() from None
        except WireError:
            raise self._malformed() from None
        finally:
            self.deadline, self._idle_since = deadline.at, time.monotonic()
        return self._read(answer, number)

    def _count(self, size: int) -> None:
        """Limit what the grader stores of one check's answers."""
        self._received += size if size > LARGE else 0
        if self._received > MOST_LARGE * (int(self.limits.message_mb) << 20):
            raise StudentFault(Cause.MEMORY, "The values that your code returned in this check are too large together.")

    def _more_time(self) -> float:
        return self._allowance.more(self._usage(), cores=self.pool.cores)

    def _usage(self) -> Usage:
        return self.pool.usage(self._worker) if self._worker else NOTHING

    def _read(self, answer: Any, number: int) -> Any:
        if type(answer) is not dict or type(answer.get("printed")) is not str or answer.get("number") != number:
            raise self._malformed()
        limit = (int(self.limits.output_kb) << 10) + OUTPUT_SLACK
        self.printed = (self.printed + answer["printed"])[:limit]
        if recorded := answer.pop("recorded", None):
            self._recorded = parse_recorded(recorded)
        self.left |= parse_left(answer.pop("left", ()))
        if answer.pop("renamed", False):
            forget_names(self._names)
        if type(answer.get("fault")) is dict:
            raise fault_of(answer["fault"], self.code.cells)
        if set(answer) != {"value", "printed", "number"}:
            raise self._malformed()
        return answer["value"]

    def _malformed(self) -> StudentFault:
        self.close()
        return StudentFault(Cause.CRASHED, "The process that runs your code sent a malformed message.")

    def _ended(self) -> StudentFault:
        worker, self._worker = self._worker, None
        assert worker is not None
        try:
            code = self.pool.exit_code(worker)
        finally:
            self.pool.end(worker)
        if code is None:
            return StudentFault(Cause.CRASHED, "Your code closed the connection to the grader.")
        if code == -signal.SIGKILL and self.pool.nested:  # no process in the box can send it this signal
            raise BoxError(Message("The worker {ended}, perhaps because the machine had no memory left.", ended=ENDED))
        if code < 0:
            name = signal.strsignal(-code)
            return StudentFault(
                Cause.CRASHED, Message("The process that runs your code was killed: {name}.", name=name)
            )
        return StudentFault(Cause.CRASHED, Message("Your code ended its own process (exit code {code}).", code=code))
