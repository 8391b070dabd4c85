"""Grade a class: every hand-in of a folder, in parallel, into one folder of results.

Each report is written whole or not at all; the overview and the gradebook are written from all reports at the end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from queue import SimpleQueue

from autograder.classroom.desk import Desk, Job, Setup
from autograder.report import Report

SUFFIXES = (".zip", ".ipynb", ".py")


class BadHandins(Exception):
    """The folder of hand-ins cannot be used. Speaks to staff."""


def find_handins(folder: Path) -> list[Job]:
    """One job per entry of ``folder``: a zip, a folder, a notebook or a script. Raises BadHandins."""
    if not folder.is_dir():
        raise BadHandins(f"{folder} is not a folder. Give the folder that holds one zip, folder or file per student.")
    jobs: dict[str, Job] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "__MACOSX")) or not (path.is_dir() or path.suffix.lower() in SUFFIXES):
            continue
        student = safe_name(path.name if path.is_dir() else path.stem)
        if student in jobs:
            raise BadHandins(
                f"{path.name} and {jobs[student].path.name} in {folder} would both be the hand-in of {student!r}. "
                "Rename or remove one of them."
            )
        jobs[student] = Job(student, path)
    if not jobs:
        raise BadHandins(f"{folder} holds no hand-in: no folder and no file that ends in {', '.join(SUFFIXES)}.")
    return list(jobs.values())


def safe_name(name: str) -> str:
    """A student's id as a folder name: letters, digits and ``._@+-``, never empty, hidden or a path."""
    return re.sub(r"[^\w.@+-]", "_", name).lstrip(".")[:120] or "unnamed"


def grade_all(
    jobs: Sequence[Job], setup: Setup, *, workers: int = 1, on_report: Callable[[Report], None] = lambda report: None
) -> list[Report]:
    """The reports of all jobs, in their order. ``on_report`` sees each as soon as it is there."""
    desks: SimpleQueue[Desk] = SimpleQueue()
    opened = []
    count = max(1, min(workers, len(jobs)))
    try:
        with ThreadPoolExecutor(count) as pool:
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
    finally:
        for desk in opened:
            desk.close()
