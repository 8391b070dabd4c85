"""Time limits on a busy machine."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from autograder.core.report import Cause
from autograder.sandbox.pool import WorkerPool
from tests.support.box import descendants, fault, in_box

pytestmark = pytest.mark.slow

BUSY = """
    import time

    def spin(seconds):
        while time.process_time() < seconds:
            pass

    def sleep(seconds):
        time.sleep(seconds)
"""


@pytest.fixture
def crowded(isolated: WorkerPool) -> Iterator[WorkerPool]:
    """All workers on one core, together with three other processes that use it fully."""
    usable = os.sched_getaffinity(0)
    core = {min(usable)}
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(3)]
    for pid in (*pids(isolated), *(other.pid for other in others)):
        os.sched_setaffinity(pid, core)
    yield isolated
    for other in others:
        other.kill()
        other.wait()
    for pid in pids(isolated):
        with suppress(ProcessLookupError):  # a worker that has just ended
            os.sched_setaffinity(pid, usable)


def pids(pool: WorkerPool) -> list[int]:
    return [int(line.split()[0]) for line in descendants(pool.process.pid)]


@pytest.mark.skipif(
    not Path("/proc/self/schedstat").exists(), reason="this kernel does not count the time without a core"
)
def test_a_busy_machine_does_not_cost_an_honest_student_points(crowded: WorkerPool) -> None:
    with in_box(crowded, BUSY, seconds=1.0) as (student, _):
        student.spin(0.8)  # some three seconds here


@pytest.mark.parametrize("name", ["spin", "sleep"])
def test_an_endless_call_is_stopped_on_a_busy_machine_too(name: str, crowded: WorkerPool) -> None:
    with in_box(crowded, BUSY, seconds=0.5) as (student, _):
        begun = time.monotonic()
        assert fault(getattr(student, name), 1e9).cause is Cause.TIMEOUT
        assert time.monotonic() - begun < 0.5 + 9 * 0.5 + 2
