"""Several assignments verified, in parts, each in a process of its own, some at a time."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial

from autograder.authoring.verify import PARTS, Verification, verify
from autograder.core.assignment import Assignment
from autograder.session.options import Options


def verify_all(
    assignments: Sequence[Assignment],
    options: Options,
    *,
    jobs: int = 1,
    seeds: int = 20,
    isolation: str = "none",
    notebook: bool = True,
    training: bool = True,
    done: Callable[[Verification], None] = lambda result: None,
) -> list[Verification]:
    """Verify in ``jobs`` processes at a time; the results are in the order of ``assignments``.

    A process verifies one part of one assignment, on one core. ``done`` is called after each assignment.
    """
    prove = partial(verify, options=options, seeds=seeds, isolation=isolation, notebook=notebook, training=training)
    spawn = multiprocessing.get_context("spawn")  # a forked process would inherit torch's pool of threads, broken
    with ProcessPoolExecutor(jobs, spawn, _one_thread, max_tasks_per_child=1) as pool:
        running = [[pool.submit(prove, assignment, parts=(part,)) for part in PARTS] for assignment in assignments]
        left = {future: parts for parts in running for future in parts}
        try:
            for future in as_completed(list(left)):
                future.result()
                parts = left.pop(future)
                if not any(other in left for other in parts):
                    done(_together([part.result() for part in parts]))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return [_together([part.result() for part in parts]) for parts in running]


def _together(parts: Sequence[Verification]) -> Verification:
    """The findings of all parts; what two parts say alike, once."""
    findings = {finding: None for part in parts for finding in part.findings}
    return Verification(parts[0].assignment, list(findings))


def _one_thread() -> None:
    """Checks and notebooks already run side by side: more threads would only wait for each other."""
    os.environ["OMP_NUM_THREADS"] = "1"  # for the notebook's kernel
    import torch

    torch.set_num_threads(1)
