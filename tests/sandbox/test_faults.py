"""A call without a value names the cause and fails its own check only."""

from __future__ import annotations

import importlib
import os
import select
import signal
import textwrap
import time
from typing import Any

import pytest

from autograder.core.report import Cause
from autograder.sandbox.box_link import BoxLink
from autograder.sandbox.pool import ENDED, BoxError, WorkerPool
from tests.support.box import NO_PACKAGES, begin, fault, in_box

pytestmark = pytest.mark.slow

ENDS = """
    import ctypes, os, signal, sys, time
    import numpy
    import torch

    def error(x):
        if x:
            y = [1, 2]
            return y[x]

    def not_written():
        raise NotImplementedError()

    def not_implemented_elsewhere():
        numpy.random.Generator(numpy.random.BitGenerator()).random()

    def long():
        while True:
            pass

    def deaf():
        try:
            time.sleep(60)
        except BaseException:
            deaf()

    def much():
        return torch.ones(1 << 30)

    def much_in_python():
        return bytearray(2 << 30)

    def much_in_return():
        return torch.zeros(3 << 20)

    def much_in_a_view():
        return torch.zeros(()).expand(1 << 20, 1 << 20)

    def exits():
        os._exit(3)

    def leaves():
        sys.exit("done")

    def segfault():
        ctypes.string_at(0)

    def kills_itself():
        os.kill(os.getpid(), signal.SIGKILL)
        signal.raise_signal(signal.SIGABRT)

    def recursion():
        return recursion()

    def deep():
        x = []
        for _ in range(1000):
            x = [x]
        return x

    def hangs_up():
        os.close(3)
        time.sleep(60)

    def fine():
        return "fine"
"""


@pytest.mark.parametrize(
    ("name", "args", "cause", "words"),
    [
        ("error", (3,), Cause.ERROR, "IndexError: list index out of range\n  work.py, line 9, in error: return y[x]"),
        ("error", (), Cause.ERROR, "TypeError: error() missing 1 required positional argument: 'x'"),
        ("not_written", (), Cause.NOT_WRITTEN, "not_written is not written yet (work.py, line 12, in not_written)."),
        ("not_implemented_elsewhere", (), Cause.ERROR, "NotImplementedError"),
        ("long", (), Cause.TIMEOUT, "took longer than"),
        ("deaf", (), Cause.TIMEOUT, "took longer than"),
        ("much", (), Cause.MEMORY, "allocate"),
        ("much_in_python", (), Cause.MEMORY, "MemoryError\n  work.py, line 31, in much_in_python"),
        ("much_in_return", (), Cause.ERROR, "the value needs more than 8 MiB"),
        ("much_in_a_view", (), Cause.ERROR, "the value needs more than 8 MiB"),
        ("exits", (), Cause.CRASHED, "Your code ended its own process (exit code 3)."),
        ("leaves", (), Cause.ERROR, "SystemExit: done"),
        ("segfault", (), Cause.CRASHED, "was killed: Segmentation fault."),
        ("recursion", (), Cause.ERROR, "RecursionError"),
        ("deep", (), Cause.ERROR, "nested deeper than 32"),
        ("hangs_up", (), Cause.CRASHED, "Your code closed the connection"),
    ],
)
def test_a_call_without_a_value_names_the_cause_and_fails_its_own_check_only(
    name: str, args: tuple[int, ...], cause: Cause, words: str, pool: WorkerPool
) -> None:
    with in_box(pool, ENDS) as (student, link):
        f = getattr(student, name)
        link.deadline = time.monotonic() + (0.3 if cause is Cause.TIMEOUT else 20.0)
        found = fault(f, *args)
        assert (found.cause, words in found.message) == (cause, True), found.message
        assert "autograder" not in found.message
        assert begin(link).fine() == "fine"


def test_the_graders_own_work_does_not_count_against_the_deadline(pool: WorkerPool) -> None:
    with in_box(pool, ENDS, seconds=1.0) as (student, _):
        for _ in range(3):  # together longer than the check allows
            time.sleep(0.5)
            assert student.fine() == "fine"


def test_later_calls_of_the_same_check_report_the_crash(pool: WorkerPool) -> None:
    with in_box(pool, ENDS) as (student, _):
        fine = student.fine
        fault(student.exits)
        assert fault(fine).message == "The process that runs your code ended earlier in this check."


def test_a_worker_that_ends_between_two_checks_fails_neither(pool: WorkerPool) -> None:
    source = "import os, threading\ndef later():\n    threading.Timer(0.05, os._exit, [0]).start()\n" + textwrap.dedent(
        ENDS
    )
    with in_box(pool, source) as (student, link):
        student.later()
        time.sleep(0.3)
        assert begin(link).fine() == "fine"


FINE = "def fine():\n    return 'fine'\n"


def kill(pool: WorkerPool, link: BoxLink) -> None:
    """Kill the fork server and wait until its worker has ended too."""
    os.kill(pool.process.pid, signal.SIGKILL)
    assert link._worker is not None
    assert select.select([link._worker.channel], [], [], 10) != ([], [], [])


def test_a_killed_fork_server_is_never_the_students_fault(isolation: str) -> None:
    with WorkerPool(isolation) as pool, in_box(pool, FINE, packages=NO_PACKAGES) as (student, link):
        fine = student.fine
        kill(pool, link)
        with pytest.raises(BoxError):
            fine()
        assert begin(link).fine() == "fine"  # the next check has a new fork server
        kill(pool, link)  # between two checks: neither loses points
        assert begin(link).fine() == "fine"


class Ending(WorkerPool):
    """A pool whose next workers are killed before they begin, as by a system without memory."""

    kills = 0

    def _read(self) -> dict[str, Any]:
        worker = self._waiting[0] if self._waiting else None
        answer = super()._read()
        if worker is not None and self.kills:
            self.kills -= 1
            worker.pid, worker.ended = None, True
        return answer


def test_a_worker_that_is_killed_before_it_begins_is_replaced_and_changes_nothing(isolation: str) -> None:
    """The system did not refuse namespaces: a later worker that the system ends is still not the student's fault."""
    with Ending(isolation) as pool:
        nested, pool.kills = pool.nested, 1
        with in_box(pool, FINE, packages=NO_PACKAGES) as (student, _):
            assert student.fine() == "fine"
        pool._settle()
        pool.close()
        pool._start()
        pool.kills = 9
        with pytest.raises(BoxError, match=str(ENDED)), in_box(pool, FINE, packages=NO_PACKAGES):
            pass
        pool.kills = 0
        assert (pool.nested, pool.single_use) == (nested, False)


def test_a_spare_worker_that_was_killed_is_replaced(isolation: str) -> None:
    with WorkerPool(isolation) as pool:
        for _ in range(3):
            with in_box(pool, FINE, packages=NO_PACKAGES) as (student, _):
                assert student.fine() == "fine"
            pool._settle()
            assert pool._spare is not None
            pool._send({"kill": pool._spare.pid}, None)
            pool._settle()


LARGE_ANSWERS = """
    import torch

    def large():
        return torch.zeros(7 << 20, dtype=torch.uint8)
"""


def test_large_answers_of_one_check_are_limited_together(pool: WorkerPool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A check may store every answer; the next check has all its memory again."""
    monkeypatch.setattr("autograder.sandbox.box_link.LARGE", 1 << 20)
    importlib.import_module("torch")  # reading the first answer needs it, and may not take the time of a call
    with in_box(pool, LARGE_ANSWERS) as (student, link):
        answers = [student.large(), student.large()]
        assert sum(answer.numel() for answer in answers) == 14 << 20  # the limit of one message is 8 MiB
        assert fault(student.large).cause is Cause.MEMORY
        assert begin(link).large().numel() == 7 << 20
