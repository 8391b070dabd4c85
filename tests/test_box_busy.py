"""On a busy machine."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from autograder.box.link import Nursery
from autograder.report import Cause
from tests.box import fault, sitting
from tests.test_attacks import descendants

BUSY = """
    import time

    def spin(seconds):
        while time.process_time() < seconds:
            pass

    def sleep(seconds):
        time.sleep(seconds)
"""


@pytest.fixture
def crowded(walled: Nursery) -> Iterator[Nursery]:
    """All workers on one core, which three other processes keep busy."""
    usable = os.sched_getaffinity(0)
    core = {min(usable)}
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(3)]
    for pid in (*pids(walled), *(other.pid for other in others)):
        os.sched_setaffinity(pid, core)
    yield walled
    for other in others:
        other.kill()
        other.wait()
    for pid in pids(walled):
        with suppress(ProcessLookupError):  # a worker that has just ended
            os.sched_setaffinity(pid, usable)


def pids(nursery: Nursery) -> list[int]:
    return [int(line.split()[0]) for line in descendants(nursery.process.pid)]


@pytest.mark.skipif(
    not Path("/proc/self/schedstat").exists(), reason="this kernel does not count the time without a core"
)
def test_a_busy_machine_costs_an_honest_student_nothing(crowded: Nursery) -> None:
    with sitting(crowded, BUSY, seconds=1.0) as (student, _):
        student.spin(0.8)  # some three seconds here


@pytest.mark.parametrize("name", ["spin", "sleep"])
def test_what_never_ends_is_stopped_on_a_busy_machine_too(name: str, crowded: Nursery) -> None:
    with sitting(crowded, BUSY, seconds=0.5) as (student, _):
        begun = time.monotonic()
        assert fault(getattr(student, name), 1e9).cause is Cause.TIMEOUT
        assert time.monotonic() - begun < 0.5 + 9 * 0.5 + 2
