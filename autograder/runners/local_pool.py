"""Grade many hand-ins at once, with several grader processes on this machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from queue import SimpleQueue

from autograder.core.report import Report
from autograder.runners.grader_process import GraderProcess, Job, Setup


def grade_all(
    jobs: Sequence[Job], setup: Setup, *, workers: int = 1, on_report: Callable[[Report], None] = lambda report: None
) -> list[Report]:
    """Return the reports of all jobs, in their order. ``on_report`` gets each as soon as it is made, in this thread.

    An exception of ``on_report`` ends the work: no further hand-in is started, and those being graded are dropped.
    """
    if not jobs:
        return []
    graders: SimpleQueue[GraderProcess] = SimpleQueue()
    opened: list[GraderProcess] = []
    count = max(1, min(workers, len(jobs)))
    with ThreadPoolExecutor(count) as pool:
        try:
            for grader in pool.map(lambda _: GraderProcess(setup), range(count)):
                opened.append(grader)
                graders.put(grader)

            def work(job: Job) -> Report:
                grader = graders.get()
                try:
                    return grader.grade(job)
                finally:
                    graders.put(grader)

            futures = [pool.submit(work, job) for job in jobs]
            for future in as_completed(futures):
                on_report(future.result())
            return [future.result() for future in futures]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for grader in opened:
                grader.abandon()
            raise
        finally:
            for grader in opened:
                grader.close()
