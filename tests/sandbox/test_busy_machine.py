"""Time limits on a busy machine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from autograder.core.report import Cause
from autograder.sandbox.box_link import Allowance
from autograder.sandbox.pool import Usage, WorkerPool
from tests.support.box import descendants, fault, in_box

pytestmark = pytest.mark.slow

BUSY = """
    import time

    def spin(seconds):
        while time.process_time() < seconds:
            pass

    def sleep(seconds):
        time.sleep(seconds)

    def spin_in_threads(seconds):
        import threading
        for _ in range(4):  # more would need more address space than the tests allow
            threading.Thread(target=spin, args=(seconds,), daemon=True).start()
        spin(seconds)
"""


@pytest.fixture
def crowded(isolated: WorkerPool) -> Iterator[WorkerPool]:
    """All workers on one core, together with three other processes that use it fully."""
    usable = os.sched_getaffinity(0)
    core = {min(usable)}
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(3)]
    for other in others:
        os.sched_setaffinity(other.pid, core)
    bind(isolated, core)
    yield isolated
    for other in others:
        other.kill()
        other.wait()
    bind(isolated, usable)


def bind(pool: WorkerPool, cores: set[int]) -> None:
    for line in descendants(pool.process.pid):
        with suppress(ProcessLookupError):  # a worker that has just ended
            os.sched_setaffinity(int(line.split()[0]), cores)


@pytest.mark.skipif(
    not Path("/proc/self/schedstat").exists(), reason="this kernel does not count the time without a core"
)
def test_a_busy_machine_does_not_cost_an_honest_student_points(crowded: WorkerPool) -> None:
    with in_box(crowded, BUSY, seconds=1.0) as (student, _):
        student.spin(0.8)  # some three seconds here


@pytest.mark.parametrize("name", ["spin", "sleep", "spin_in_threads"])
def test_an_endless_call_is_stopped_on_a_busy_machine_too(
    name: str, crowded: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker gets no second of processor time more than its check allows, however many threads it has."""
    seen: list[Usage] = []
    usage = crowded.usage
    monkeypatch.setattr(crowded, "usage", lambda worker: seen.append(usage(worker)) or seen[-1])
    with in_box(crowded, BUSY, seconds=0.5) as (student, _):
        assert fault(getattr(student, name), 1e9).cause is Cause.TIMEOUT
    assert seen[-1].ran - seen[0].ran < 0.5 + 0.5


def allowance(*, ran: float, waited: float, cores: int = 1) -> float:
    """Return what a check of 10 seconds gets at its deadline."""
    return Allowance(10.0, Usage(1.0, 2.0)).more(Usage(1.0 + ran, 2.0 + waited), cores=cores)


def test_seconds_without_a_core_are_added() -> None:
    assert allowance(ran=4.0, waited=6.0) == 6.0
    assert allowance(ran=10.0, waited=0.0) == 0.0
    assert allowance(ran=0.0, waited=0.0) == 0.0  # it slept


def test_waiting_for_its_own_threads_adds_nothing() -> None:
    assert allowance(ran=20.0, waited=8.0) == 0.0  # twelve threads on two cores
    assert allowance(ran=9.5, waited=8.0) == 0.5
    assert allowance(ran=20.0, waited=5.0, cores=4) == 5.0  # the run allows four cores


def test_at_most_nine_times_the_limit_is_added() -> None:
    given = Allowance(1.0, Usage(0.0, 0.0))
    total = sum(given.more(Usage(0.0, 1.0 + hours), cores=1) for hours in range(100))
    assert total == 9.0
