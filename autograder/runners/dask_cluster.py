"""Grade many hand-ins on the workers of a Dask cluster, with the same callback as local_pool.py.

Hand-ins are read here and sent as bytes; reports come back as JSON. Journal and results stay with this process: workers
write nothing. If a worker dies, others run its jobs; if the scheduler dies, the caller has the reports made so far.
"""

from __future__ import annotations

import time
import traceback
import uuid
import warnings
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from typing import Any

from autograder.core.assignment import read_assignment
from autograder.core.course import earlier_modules
from autograder.core.report import Report, parse_report
from autograder.runners.compatibility import make_request
from autograder.runners.dask_connection import ClusterError, Tls, connected
from autograder.runners.grader_process import Job, Setup
from autograder.submissions.selection import Selection
from autograder.submissions.submission import BadSubmission, select_files

LOOK_SECONDS = 2.0  # between two looks at the list of workers
PATIENCE_SECONDS = 60.0  # without a worker
ATTEMPTS = 2  # of ours; for each the scheduler tries several times (its setting `allowed-failures`)
AHEAD = 2  # jobs sent for each hand-in graded at a time, so that no worker waits for the next


@dataclass
class _Flight:
    future: Any
    may_go_to: frozenset[str]  # addresses; empty: anywhere


def grade_on(
    jobs: Sequence[Job],
    setup: Setup,
    *,
    address: str,
    tls: Tls | None = None,
    patience: float = PATIENCE_SECONDS,
    on_report: Callable[[Report], None] = lambda report: None,
    say: Callable[[str], None] = lambda sentence: None,
) -> None:
    """Grade all jobs on the cluster at ``address``. ``on_report`` gets each report when it is made, in this thread.

    ``say`` gets a sentence for each worker that refuses or leaves. Raises ClusterError if no worker can grade or the
    scheduler does not answer.
    """
    if not jobs:
        return
    with connected(address, tls) as client:
        run = _Run(client, jobs, setup, address=address, patience=patience, say=say)
        try:
            run.finish(on_report)
        finally:
            run.dismiss()


class _Run:
    def __init__(
        self,
        client: Any,
        jobs: Sequence[Job],
        setup: Setup,
        *,
        address: str,
        patience: float,
        say: Callable[[str], None],
    ) -> None:
        self.client, self.jobs, self.address, self.patience, self.say = client, jobs, address, patience, say
        self.assignment = read_assignment(setup.folder)
        self.earlier_modules = earlier_modules(self.assignment)
        self.run = uuid.uuid4().hex[:12]
        self.request = make_request(setup, self.run).to_json()
        self.resources = {"GPU": 1} if setup.options.device == "cuda" else None
        self.waiting = deque(range(len(jobs)))
        self.flights: dict[int, _Flight] = {}
        self.landed: SimpleQueue[tuple[int, Any]] = SimpleQueue()
        self.failures: dict[int, int] = {}  # of a job, by its number
        self.good: dict[str, int] = {}  # address of a worker -> hand-ins that it grades at a time
        self.bad: dict[str, str] = {}  # address of a worker -> why not
        self.sent = 0
        self._next_look = self._last_seen = 0.0

    def finish(self, on_report: Callable[[Report], None]) -> None:
        """Run all jobs."""
        self._look()
        self._last_seen = time.monotonic()
        if not self.good and self.bad:
            raise ClusterError(self._no_worker())
        if not self.good:
            self.say(f"Waiting for workers of {self.address}.")
        while self.waiting or self.flights:
            self._send_some()
            try:
                number, future = self.landed.get(timeout=LOOK_SECONDS)
            except Empty:
                pass
            else:
                if number in self.flights and self.flights[number].future is future:
                    del self.flights[number]
                    report = self._settle(number, future)
                    if report is not None:
                        on_report(report)
            self._look()

    def dismiss(self) -> None:
        """Ask the workers to close what they opened for this run."""
        from autograder.runners import dask_worker

        self.flights.clear()
        if self.client.status == "running" and self.good:
            with suppress(Exception):  # the error that ended the run is more important
                self.client.run(dask_worker.dismiss, self.request, workers=list(self.good), on_error="ignore")

    def _look(self) -> None:
        """Look at the list of workers, examine new ones, and take back the jobs of those that left."""
        if self.client.status != "running":
            raise self._scheduler_gone()
        if time.monotonic() < self._next_look:
            return
        try:  # ask the scheduler: the client's own copy may be out of date and lacks the workers
            present = self.client.sync(self.client.scheduler.identity, n_workers=-1)["workers"]
        except OSError:
            if time.monotonic() - self._last_seen > self.patience:
                raise self._scheduler_gone() from None
            return
        for address in [known for known in self.good if known not in present]:
            del self.good[address]
            self.say(f"{address} has left. Its hand-ins go to other workers.")
        self.bad = {address: why for address, why in self.bad.items() if address in present}
        self._examine({name: facts for name, facts in present.items() if name not in self.good | self.bad})
        for number, flight in list(self.flights.items()):
            if flight.may_go_to and not flight.may_go_to & self.good.keys():
                del self.flights[number]
                flight.future.cancel()
                self.waiting.appendleft(number)
        self._next_look = (now := time.monotonic()) + LOOK_SECONDS
        if self.good:
            self._last_seen = now
        elif self._last_seen and now - self._last_seen > self.patience:
            raise ClusterError(self._no_worker())

    def _examine(self, workers: dict[str, dict[str, Any]]) -> None:
        from autograder.runners import dask_worker

        if not workers:
            return
        answers = self.client.run(dask_worker.examine, self.request, workers=list(workers), on_error="return")
        for address, answer in (answers or {}).items():
            if answer == "":
                slots = workers[address]["resources"].get("GPU", 0) if self.resources else workers[address]["nthreads"]
                self.good[address] = max(1, int(slots))
            elif isinstance(answer, OSError):  # it has left
                continue
            elif isinstance(answer, ImportError | AttributeError):
                self._leave_out(address, f"gradlab is not installed there, or is another version ({answer}).")
            else:
                self._leave_out(address, str(answer))

    def _leave_out(self, address: str, why: str) -> None:
        self.good.pop(address, None)
        if address not in self.bad:
            self.bad[address] = why
            self.say(f"{address} refuses to grade. {why}")

    def _scheduler_gone(self) -> ClusterError:
        return ClusterError(
            f"The scheduler at {self.address} no longer answers. The reports made so far are stored. Start it again "
            "and run the same command to resume."
        )

    def _no_worker(self) -> str:
        if not self.bad:
            return (
                f"{self.address} has no workers. Start some, for example with `dask worker {self.address}`, and run "
                "the same command again."
            )
        reasons = "\n".join(f"  {address}: {why}" for address, why in self.bad.items())
        return f"Every worker of {self.address} refuses to grade {self.assignment.name}.\n{reasons}"

    def _send_some(self) -> None:
        room = AHEAD * sum(self.good.values()) - len(self.flights)
        for _ in range(min(room, len(self.waiting))):
            self._send(self.waiting.popleft())

    def _send(self, number: int) -> None:
        from autograder.runners import dask_worker

        job = self.jobs[number]
        if self.failures.get(number, 0) < ATTEMPTS:
            parts = self._read(job)
        else:
            parts = None, "", "The grader processes of several workers ended while they graded this hand-in."
        self.sent += 1
        chosen = frozenset(self.good) if self.bad else frozenset()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Sending large graph")  # a hand-in may be some megabytes large
            future = self.client.submit(
                dask_worker.grade,
                *(self.request, job.student, *parts),
                key=f"gradlab-{self.run}-{self.sent}",
                workers=sorted(chosen) or None,
                resources=self.resources,
                pure=False,
            )
        self.flights[number] = _Flight(future, chosen)
        future.add_done_callback(lambda done: self.landed.put((number, done)))

    def _read(self, job: Job) -> tuple[Selection | None, str, str]:
        """Return what is sent of a hand-in: its files, or why it cannot be graded, or an error of ours."""
        try:
            return select_files(job.path, self.assignment, earlier_modules=self.earlier_modules), "", ""
        except BadSubmission as problem:
            return None, str(problem), ""
        except Exception:
            return None, "", traceback.format_exc()

    def _settle(self, number: int, future: Any) -> Report | None:
        """Return the report, or None if the job must be sent again."""
        from autograder.runners.dask_worker import WorkerRefused

        if future.status == "finished":
            try:
                data = future.result(timeout=PATIENCE_SECONDS)
                return replace(
                    parse_report(data, f"what a worker of {self.address} sent"), student=self.jobs[number].student
                )
            except ValueError as error:
                self._count(number, error)
            except (OSError, TimeoutError):  # it left before the result was read
                pass
        elif future.status == "error":
            problem = future.exception()
            if isinstance(problem, WorkerRefused):
                self._leave_out(*problem.args)
            else:
                self._count(number, problem)
        self.waiting.appendleft(number)
        return None

    def _count(self, number: int, error: BaseException) -> None:
        self.failures[number] = self.failures.get(number, 0) + 1
        if self.failures[number] > 2 * ATTEMPTS:
            raise ClusterError(f"The workers of {self.address} cannot grade {self.jobs[number].student}: {error}")
