"""What runs in a Dask worker: the grader processes it keeps, and the three functions that the submitting process calls there.

A hand-in arrives as bytes and its report leaves as JSON. No student's code runs in this process, only behind its walls.
"""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from dataclasses import replace
from multiprocessing import current_process
from pathlib import Path
from typing import Any

from autograder.core.errors import GradlabError
from autograder.runners.compatibility import Incompatible, check_compatible
from autograder.runners.grader_process import GraderProcess, GraderProcessError, Job, Setup
from autograder.submissions.selection import Selection

GPU = "GPU"  # Dask's name for the resource


class Refused(GradlabError):
    """A worker will not grade. Its arguments are the worker's address and the reason."""


class Desks:
    """The grader processes of one worker: one per hand-in that it grades at a time, one per GPU where GPUs are asked for."""

    def __init__(self, gpus: int) -> None:
        named = os.environ.get("CUDA_VISIBLE_DEVICES")
        visible = [str(number) for number in range(gpus)] if named is None else [n for n in named.split(",") if n]
        self._missing = gpus - len(visible)
        self._gpus = visible[:gpus]  # those free
        self._offers_gpu = gpus > 0
        self._lock = threading.Lock()
        self._idle: dict[bytes, list[GraderProcess]] = defaultdict(list)
        self._setups: dict[bytes, Setup] = {}  # of the requests that were examined
        current_process().daemon = False  # Dask marks its workers so, and such a process may not start a grader

    def examine(self, request: bytes) -> None:
        """Raises Unfit when this worker must not grade for the request."""
        setup = check_compatible(request)
        if setup.options.device == "cuda":
            self._examine_gpus()
        with self._lock:
            self._setups[request] = setup

    def _examine_gpus(self) -> None:
        import torch

        if self._missing > 0:
            raise Incompatible(f"It offers more GPUs than CUDA_VISIBLE_DEVICES names there ({self._missing} more).")
        if not self._offers_gpu:
            raise Incompatible(f"It offers no GPU. Start it with --resources {GPU}=1.")
        if not torch.cuda.is_available():
            raise Incompatible("It offers a GPU, but torch finds none there.")

    def take(self, request: bytes) -> GraderProcess:
        """A grader process that nobody else uses. Raises Unfit, DeskError."""
        if request not in self._setups:
            self.examine(request)
        with self._lock:
            if self._idle[request]:
                return self._idle[request].pop()
            for other in list(self._idle):  # of runs that have ended, however they did
                self._close(other)
            setup = self._setups[request]
            if setup.options.device == "cuda":
                setup = replace(setup, gpu=self._gpus.pop())
        try:
            return GraderProcess(setup)
        except BaseException:
            self._free(setup)
            raise

    def give_back(self, request: bytes, grader: GraderProcess) -> None:
        """Keep a grader process for the next hand-in, or close it if the run has ended."""
        with self._lock:
            if request in self._setups:
                self._idle[request].append(grader)
                return
        grader.close()
        self._free(grader.setup)

    def drop(self, grader: GraderProcess) -> None:
        """Close a grader process that does not work."""
        grader.close()
        self._free(grader.setup)

    def dismiss(self, request: bytes) -> None:
        """The run has ended: close its grader processes."""
        with self._lock:
            self._setups.pop(request, None)
            self._close(request)

    def _close(self, request: bytes) -> None:
        for grader in self._idle.pop(request, []):
            grader.close()
            self._free(grader.setup)

    def _free(self, setup: Setup) -> None:
        if setup.gpu:
            self._gpus.append(setup.gpu)


def examine(request: bytes, dask_worker: Any = None) -> str:
    """Why this worker must not grade for the request; empty when it may."""
    try:
        _desks(dask_worker).examine(request)
    except Incompatible as reason:
        return str(reason)
    return ""


def dismiss(request: bytes, dask_worker: Any = None) -> None:
    """Close what was opened for the request, beside the worker's own business."""
    threading.Thread(target=_desks(dask_worker).dismiss, args=(request,), daemon=True).start()


def grade(request: bytes, student: str, selection: Selection | None, refusal: str, trouble: str) -> bytes:
    """The report of one hand-in as JSON. ``trouble`` says that it is to be reported as broken, and why.

    Raises Refused when this worker must not grade.
    """
    from distributed import get_worker

    worker = get_worker()
    graders = _desks(worker)
    try:
        grader = graders.take(request)
    except (Incompatible, GraderProcessError) as reason:
        raise Refused(worker.address, str(reason)) from None
    job = Job(student, Path(student), selection, refusal)
    try:
        report = grader.broken(job, trouble) if trouble else grader.grade(job)
    except BaseException as error:
        graders.drop(grader)
        if isinstance(error, GraderProcessError):  # it could not be started anew
            raise Refused(worker.address, str(error)) from None
        raise
    graders.give_back(request, grader)
    return report.to_json().encode("utf-8", "backslashreplace")


def _desks(worker: Any) -> Desks:
    """The worker's grader processes. They live and end with it."""
    gpus = int(worker.state.total_resources.get(GPU, 0))
    graders: Desks = worker.__dict__.setdefault("gradlab", Desks(gpus))
    return graders
