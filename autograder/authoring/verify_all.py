"""Several assignments verified, each in a process of its own, some at a time."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial

from autograder.authoring.verify import Verification, verify
from autograder.manifest import Assignment
from autograder.run import Options


def verify_all(
    assignments: Sequence[Assignment],
    options: Options,
    *,
    jobs: int = 1,
    seeds: int = 20,
    wall: str = "none",
    notebook: bool = True,
    training: bool = True,
    done: Callable[[Verification], None] = lambda result: None,
) -> list[Verification]:
    """Verify ``jobs`` assignments at a time; the results are in the order of ``assignments``.

    Each verification keeps a core busy with checks and, at first, one more with the reference's notebook.
    ``done`` is called after each.
    """
    prove = partial(verify, options=options, seeds=seeds, wall=wall, notebook=notebook, training=training)
    spawn = multiprocessing.get_context("spawn")  # a forked process would inherit torch's pool of threads, broken
    with ProcessPoolExecutor(jobs, spawn, _one_thread, max_tasks_per_child=1) as pool:
        running = [pool.submit(prove, assignment) for assignment in assignments]
        try:
            for future in as_completed(running):
                done(future.result())
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return [future.result() for future in running]


def _one_thread() -> None:
    """Checks and notebooks already run side by side: more threads would only wait for each other."""
    os.environ["OMP_NUM_THREADS"] = "1"  # for the notebook's kernel
    import torch

    torch.set_num_threads(1)
