"""Grade many hand-ins at once, with several grader processes on this machine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from queue import SimpleQueue

from autograder.core.report import Report
from autograder.runners.grader_process import GraderProcess, Job, Setup, was_ended


def grade_all(
    jobs: Sequence[Job], setup: Setup, *, workers: int = 1, on_report: Callable[[Report], None] = lambda report: None
) -> list[Report]:
    """Return the reports of all jobs, in their order. ``on_report`` gets each as soon as it is made, in this thread.

    A hand-in whose processes were ended from outside, as by a system without memory, is graded once more at the end,
    when no other one runs; only that report counts. An exception of ``on_report`` ends the work: no further hand-in is
    started, and those being graded are dropped.
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

            futures = {pool.submit(work, job): number for number, job in enumerate(jobs)}
            reports: dict[int, Report] = {}
            for future in as_completed(futures):
                number, report = futures[future], future.result()
                if not was_ended(report):
                    reports[number] = report
                    on_report(report)
            for number in range(len(jobs)):
                if number not in reports:
                    reports[number] = pool.submit(work, jobs[number]).result()
                    on_report(reports[number])
            return [reports[number] for number in range(len(jobs))]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for grader in opened:
                grader.abandon()
            raise
        finally:
            for grader in opened:
                grader.close()
