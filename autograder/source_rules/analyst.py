"""Source rules in a process of their own, which may die: whatever a module contains, the grader survives it.

The process is a fork of the grader, so that it starts at once. It runs none of the student's code. It reads one module
after another, because each fork makes the grader copy memory, and ends with a module that is too complex.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import signal
import sys
import time
import warnings
from dataclasses import dataclass
from multiprocessing.connection import Connection

from autograder.source_rules.analysis import ALONE, Rules, Siblings, Violation, violations_of
from autograder.source_rules.effort import TooComplex

SECONDS = 20  # of processor time, for all questions about one module
MEMORY = 1 << 30  # bytes, beyond what the grader has
WAIT_SECONDS = 200.0  # for one answer: ten times as much, because the machine may have other work
REFUSED = "too complex"
ATTEMPTS = 2  # something else on the machine may have killed the first process


@dataclass
class _Reader:
    """The process that reads modules."""

    pid: int
    channel: Connection

    def ask(self, source: str, rules: Rules, siblings: Siblings) -> list[Violation] | str | None:
        """Return its answer, which may be REFUSED, or None if it ended or hangs."""
        try:
            self.channel.send((source, rules, siblings))
            if not self.channel.poll(WAIT_SECONDS):
                return None
            answer: list[Violation] | str = self.channel.recv()
        except (EOFError, OSError):
            return None
        return answer

    def end(self) -> bool:
        """End the process. Return whether it had reached its limit of processor time."""
        self.channel.close()
        os.kill(self.pid, signal.SIGKILL)  # without effect if it has ended
        status = os.waitpid(self.pid, 0)[1]
        return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU


class Analyst:
    """Answers questions about sources. Not shared between threads."""

    def __init__(self) -> None:
        self._reader: _Reader | None = None
        self._refused = ""  # the last source that was too complex

    def violations_of(self, source: str, rules: Rules, siblings: Siblings = ALONE) -> list[Violation]:
        """Return the places that break the rules. Raises TooComplex."""
        if sys.platform != "linux":
            return violations_of(source, rules, siblings)
        for _ in range(ATTEMPTS if source != self._refused else 0):
            self._reader = self._reader or _fork()
            answer = self._reader.ask(source, rules, siblings)
            if isinstance(answer, list):
                return answer
            if self.close() or answer == REFUSED:
                break
        self._refused = source
        raise TooComplex

    def close(self) -> bool:
        """End the process. Return whether it had reached its limit of processor time."""
        reader, self._reader = self._reader, None
        return reader is not None and reader.end()


def _fork() -> _Reader:
    ours, theirs = multiprocessing.Pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # threads that end with the grader: none holds a lock
        pid = os.fork()
    if pid == 0:
        try:
            _serve(theirs)
        finally:
            os._exit(0)
    theirs.close()
    return _Reader(pid, ours)


def _serve(channel: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.closerange(3, channel.fileno())  # the grader's files and channels end with the grader
    os.closerange(channel.fileno() + 1, os.sysconf("SC_OPEN_MAX"))
    _limit_memory()
    last = ""
    while True:
        source, rules, siblings = channel.recv()
        if source != last:
            _limit_time()
            last = source
        try:
            channel.send(violations_of(source, rules, siblings))
        except TooComplex:
            channel.send(REFUSED)


def _limit_memory() -> None:
    import resource  # Linux only

    with open("/proc/self/statm") as file:
        pages = int(file.read().split()[0])
    memory = pages * os.sysconf("SC_PAGE_SIZE") + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _limit_time() -> None:
    import resource  # Linux only

    most = resource.getrlimit(resource.RLIMIT_CPU)[1]
    seconds = math.ceil(time.process_time()) + SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (seconds if most == resource.RLIM_INFINITY else min(seconds, most), most))
