"""What the fork server does to make many workers cheap, and what the grader reads of a worker without asking it."""

from __future__ import annotations

import ctypes
import os
import platform
import sys

import pytest

from autograder.sandbox.inside import large_pages, times
from autograder.sandbox.pool import WorkerPool
from tests.support.box import in_box

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
BUSY = """
    import time

    def spin(seconds):
        while time.process_time() < seconds:
            pass
"""


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="this Python cannot ask for a descriptor of a process")
def test_the_grader_reads_a_workers_times_as_the_fork_server_does(isolated: WorkerPool) -> None:
    with in_box(isolated, BUSY) as (student, link):
        student.spin(0.2)
        worker = link._worker
        assert worker is not None
        assert worker.here is not None
        read = isolated.usage(worker)
        worker.here = None
        asked = isolated.usage(worker)
    assert 0.2 <= read.ran <= asked.ran < read.ran + 0.1
    assert read.waited <= asked.waited


def test_the_times_of_a_process_that_ended_are_not_read_from_another_one() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    descriptor = os.pidfd_open(pid)
    os.waitpid(pid, 0)
    assert times.number_of(descriptor) is None
    os.close(descriptor)
    assert times.number_of(descriptor) is None


def test_memory_in_large_pages_keeps_its_content() -> None:
    memory = bytearray(range(256)) * (4 * large_pages.SIZE // 256)
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    inside = [address for address in large_pages.find() if start <= address <= start + len(memory) - large_pages.SIZE]
    assert len(inside) == 3
    for address in inside:
        large_pages.make(address)
    assert memory == bytearray(range(256)) * (4 * large_pages.SIZE // 256)


def test_many_workers_are_forked_while_memory_moves_to_large_pages(isolated: WorkerPool) -> None:
    for count in range(6):
        with in_box(isolated, f"def count():\n    return {count}\n") as (student, _):
            assert student.count() == count


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library")
def test_memory_that_a_worker_frees_stays_with_it(isolated: WorkerPool) -> None:
    source = """
        import resource

        def count_new_pages():
            before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
            for _ in range(20):
                blocks = [b"x" * (1 << 20) for _ in range(8)]  # 2,048 pages
                del blocks
            return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
    """
    with in_box(isolated, source) as (student, _):
        assert student.count_new_pages() < 3 * 2048
