"""Start the processes of `verify`, each of which keeps to one core."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Iterable
from multiprocessing.context import BaseContext

from autograder.core.assignment import Assignment
from autograder.core.collector import collect_rarely


def use_one_thread() -> None:
    """Keep a process to one core: all cores already have work, so more threads would only wait for each other."""
    os.environ["OMP_NUM_THREADS"] = "1"  # for the notebook's kernel, and for torch if it is imported later
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)


def begin_process() -> None:
    """Begin a process of `verify`: on one core, and with few searches for garbage until all is imported."""
    use_one_thread()
    collect_rarely()


def fresh_processes(assignments: Iterable[Assignment]) -> BaseContext:
    """How to start processes without this one's threads: torch's pool of threads is broken in a forked process.

    Where the system can, they are forked from a server that has only imported what all of them need.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    modules = {module for assignment in assignments for module in assignment.course.preload}
    if "torch" in modules:
        modules.add("torch._dynamo")  # torch would import it with the first optimizer of each process, in a second
    context.set_forkserver_preload(["autograder.authoring.verify", "autograder.session.check_items", *sorted(modules)])
    return context
