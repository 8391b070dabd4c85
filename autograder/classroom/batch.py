"""Run many hand-ins at once: a pool of desks in this machine's processes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from queue import SimpleQueue

from autograder.classroom.desk import Desk, Job, Setup
from autograder.report import Report


def grade_all(
    jobs: Sequence[Job], setup: Setup, *, workers: int = 1, on_report: Callable[[Report], None] = lambda report: None
) -> list[Report]:
    """The reports of all jobs, in their order. ``on_report`` sees each as soon as it is there, in this thread.

    What ``on_report`` raises ends the work: hand-ins not yet begun are left, those at a desk are dropped.
    """
    if not jobs:
        return []
    desks: SimpleQueue[Desk] = SimpleQueue()
    opened: list[Desk] = []
    count = max(1, min(workers, len(jobs)))
    with ThreadPoolExecutor(count) as pool:
        try:
            for desk in pool.map(lambda _: Desk(setup), range(count)):
                opened.append(desk)
                desks.put(desk)

            def work(job: Job) -> Report:
                desk = desks.get()
                try:
                    return desk.grade(job)
                finally:
                    desks.put(desk)

            futures = [pool.submit(work, job) for job in jobs]
            for future in as_completed(futures):
                on_report(future.result())
            return [future.result() for future in futures]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for desk in opened:
                desk.abandon()
            raise
        finally:
            for desk in opened:
                desk.close()
