"""The part that runs in a Dask worker: its grader processes, and four functions that the submitting process calls.

A hand-in arrives as bytes and its report leaves as JSON. Students' code runs in sandboxes, not in this process. The
course arrives once, before the first hand-in; it is in the folder that Dask gives to the worker and removes with it.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections import defaultdict
from dataclasses import replace
from multiprocessing import current_process
from pathlib import Path
from typing import Any, NamedTuple

from autograder.runners.compatibility import Incompatible, NeedsCourse, check_compatible, read_request
from autograder.runners.course_files import CannotTravel, PackedCourse, unpack_course
from autograder.runners.grader_process import GraderProcess, GraderProcessError, Job, Setup
from autograder.submissions.selection import Selection

GPU = "GPU"  # Dask's name for the resource
NEEDS_COURSE = "needs the course"  # an answer to ``examine``
MOST_COURSES = 8  # that a worker has at a time; of runs that did not say that they ended, the oldest goes


class Problem(NamedTuple):
    """Why a worker made no report: in words, as an exception can be one that the submitting process cannot read."""

    text: str
    refuses: bool  # this worker must not grade, or cannot
    needs_course: bool = False  # it may grade when it has the course's files


class GraderProcesses:
    """The grader processes of one Dask worker: one for each hand-in that it grades at a time, or one for each GPU."""

    def __init__(self, gpus: int, scratch: Path) -> None:
        named = os.environ.get("CUDA_VISIBLE_DEVICES")
        visible = [str(number) for number in range(gpus)] if named is None else [n for n in named.split(",") if n]
        self._missing = gpus - len(visible)
        self._gpus = visible[:gpus]  # those that no grader process uses
        self._announces_gpu = gpus > 0
        self._lock = threading.Lock()
        self._idle: dict[bytes, list[GraderProcess]] = defaultdict(list)
        self._setups: dict[bytes, Setup] = {}  # of the requests that were examined
        self._scratch = scratch  # where courses are unpacked
        self._courses: dict[str, Path] = {}  # digest of a course that was sent -> its root
        self._users: dict[bytes, str] = {}  # requests that use a course or are examined -> its digest
        current_process().daemon = False  # Dask's workers are daemons, and a daemon may not start processes

    def receive(self, request: bytes, content: bytes) -> None:
        """Unpack the course of a request, if it is not here. Raises CannotTravel."""
        packed = PackedCourse(content, read_request(request).course)
        with self._lock:
            self._users[request] = packed.digest
            if packed.digest in self._courses:
                return
            while len(self._courses) >= MOST_COURSES:
                oldest = next(iter(self._courses))
                for user in [known for known, digest in self._users.items() if digest == oldest]:
                    self._leave(user)
            folder = self._scratch / f"course-{packed.digest[:16]}"
            shutil.rmtree(folder, ignore_errors=True)
            try:
                self._courses[packed.digest] = unpack_course(packed, folder)
            except BaseException:
                self._leave(request)
                raise

    def _leave(self, request: bytes) -> None:
        """Close what a run has here, and remove its course if no other run uses it."""
        self._setups.pop(request, None)
        self._close(request)
        digest = self._users.pop(request, "")
        if digest not in self._users.values() and (root := self._courses.pop(digest, None)):
            shutil.rmtree(root.parent, ignore_errors=True)

    def examine(self, request: bytes) -> None:
        """Raise Incompatible if this machine must not grade for the request, and NeedsCourse if it lacks the course."""
        with self._lock:
            digest = self._users[request] = read_request(request).course
            sent = self._courses.get(digest)
        try:
            setup = check_compatible(request, sent)
            if setup.options.device == "cuda":
                self._examine_gpus()
        except BaseException:
            self.dismiss(request)
            raise
        with self._lock:
            self._setups[request] = setup

    def _examine_gpus(self) -> None:
        import torch

        if self._missing > 0:
            raise Incompatible(f"It announces more GPUs than CUDA_VISIBLE_DEVICES lists there ({self._missing} more).")
        if not self._announces_gpu:
            raise Incompatible(f"It announces no GPU. Start it with --resources {GPU}=1.")
        if not torch.cuda.is_available():
            raise Incompatible("It announces a GPU, but torch finds none there.")

    def take(self, request: bytes) -> GraderProcess:
        """Return a free grader process. Raises Incompatible, NeedsCourse or GraderProcessError."""
        if request not in self._setups:
            self.examine(request)
        with self._lock:
            if self._idle[request]:
                return self._idle[request].pop()
            for other in list(self._idle):  # of runs that have ended in any way
                self._close(other)
            if request not in self._setups:  # another run needed its place
                raise NeedsCourse("Its course was removed.")
            setup = self._setups[request]
            if setup.options.device == "cuda":
                setup = replace(setup, gpu=self._gpus.pop())
        try:
            return GraderProcess(setup)
        except BaseException:
            self._free(setup)
            raise

    def give_back(self, request: bytes, grader: GraderProcess) -> None:
        """Make a grader process free for the next hand-in, or close it if the run has ended."""
        with self._lock:
            if request in self._setups:
                self._idle[request].append(grader)
                return
        grader.close()
        self._free(grader.setup)

    def drop(self, grader: GraderProcess) -> None:
        """Close a grader process that no longer works."""
        grader.close()
        self._free(grader.setup)

    def dismiss(self, request: bytes) -> None:
        """Close the grader processes of a run that has ended, and remove its course if no other run uses it."""
        with self._lock:
            self._leave(request)

    def _close(self, request: bytes) -> None:
        for grader in self._idle.pop(request, []):
            grader.close()
            self._free(grader.setup)

    def _free(self, setup: Setup) -> None:
        if setup.gpu:
            self._gpus.append(setup.gpu)


def examine(request: bytes, dask_worker: Any = None) -> str:
    """Return why this worker must not grade for the request: empty if it may, or NEEDS_COURSE."""
    try:
        _grader_processes(dask_worker).examine(request)
    except NeedsCourse:
        return NEEDS_COURSE
    except Incompatible as reason:
        return str(reason)
    except Exception as error:
        return _told(error)
    return ""


def receive(request: bytes, content: bytes, dask_worker: Any = None) -> str:
    """Store the course of a request, as pack_course packs it, and answer as ``examine`` does."""
    try:
        _grader_processes(dask_worker).receive(request, content)
    except CannotTravel as reason:
        return str(reason)
    except Exception as error:
        return _told(error)
    return examine(request, dask_worker)


def dismiss(request: bytes, dask_worker: Any = None) -> None:
    """Close in the background what was opened for the request."""
    threading.Thread(target=_grader_processes(dask_worker).dismiss, args=(request,), daemon=True).start()


def grade(request: bytes, student: str, selection: Selection | None, refusal: str, trouble: str) -> bytes | Problem:
    """Return the report of one hand-in as JSON. With ``trouble``, a reason, report it as broken."""
    from distributed import get_worker

    try:
        graders = _grader_processes(get_worker())
        grader = graders.take(request)
    except NeedsCourse as reason:
        return Problem(str(reason), refuses=False, needs_course=True)
    except (Incompatible, GraderProcessError) as reason:
        return Problem(str(reason), refuses=True)
    except Exception as error:
        return Problem(_told(error), refuses=True)
    job = Job(student, Path(student), selection, refusal)
    try:
        report = grader.broken_report(job, trouble) if trouble else grader.grade(job)
    except BaseException as error:
        graders.drop(grader)
        if not isinstance(error, Exception):
            raise
        return Problem(_told(error), refuses=isinstance(error, GraderProcessError))  # it could not be started again
    graders.give_back(request, grader)
    return report.to_json().encode("utf-8", "backslashreplace")


def _told(error: Exception) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:  # its own code, which makes the text, failed
        return type(error).__name__


def _grader_processes(worker: Any) -> GraderProcesses:
    """Return the grader processes of a Dask worker. They end when it ends."""
    gpus = int(worker.state.total_resources.get(GPU, 0))
    made = GraderProcesses(gpus, Path(worker.local_directory))
    graders: GraderProcesses = worker.__dict__.setdefault("gradlab", made)
    return graders
