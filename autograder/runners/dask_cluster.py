"""Grade many hand-ins on the workers of a Dask cluster, with the same callback as local_pool.py.

Hand-ins are read here and sent as bytes; reports come back as JSON. A worker gets the course's files before its first
hand-in, and removes them after the last. Journal and results stay with this process. If a worker dies or stops
answering, its jobs are tried once more, each alone on its worker, and then reported as broken; if the scheduler dies,
the caller has the reports made so far.
"""

from __future__ import annotations

import time
import traceback
import uuid
import warnings
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from typing import Any

from autograder.core.assignment import read_assignment
from autograder.core.course import earlier_modules
from autograder.core.report import Report, parse_report
from autograder.runners.compatibility import COURSE, make_request
from autograder.runners.course_files import CannotTravel, PackedCourse, pack_course
from autograder.runners.dask_connection import ClusterError, Tls, connected
from autograder.runners.grader_process import Job, Setup, was_ended
from autograder.submissions.selection import Selection
from autograder.submissions.submission import BadSubmission, select_files

LOOK_SECONDS = 2.0  # between two looks at the list of workers
PATIENCE_SECONDS = 60.0  # without a worker, or without a sign of one
ATTEMPTS = 2  # for each hand-in whose worker or whose processes end from outside
DISMISS_SECONDS = 10.0
AHEAD = 2  # jobs sent for each hand-in graded at a time, so that no worker waits for the next


@dataclass
class _Flight:
    future: Any
    worker: str  # its address


@dataclass(frozen=True)
class _Sign:
    """The last sign of life of a worker."""

    seen: float  # when the scheduler last heard of it, by the scheduler's clock
    since: float  # when this process noticed, by its own clock


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
        self.too_large = ""  # why the course's files are not sent
        try:
            self.course = pack_course(self.assignment, hidden=setup.hidden)
        except CannotTravel as reason:
            self.course, self.too_large = PackedCourse(b"", ""), str(reason)
        self.request = make_request(setup, self.run, course=self.course.digest).to_json()
        self.resources = {"GPU": 1} if setup.options.device == "cuda" else None
        self.waiting = deque(range(len(jobs)))
        self.again: deque[int] = deque()  # tried once before; the next time alone on its worker
        self.flights: dict[int, _Flight] = {}
        self.landed: SimpleQueue[tuple[int, Any]] = SimpleQueue()
        self.failures: dict[int, int] = {}  # of a job, by its number
        self.reasons: dict[int, str] = {}  # of the last failure
        self.good: dict[str, int] = {}  # address of a worker -> hand-ins that it grades at a time
        self.bad: dict[str, str] = {}  # address of a worker -> why not
        self.signs: dict[str, _Sign] = {}
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
        while self.waiting or self.again or self.flights:
            self._send_some()
            try:
                number, future = self.landed.get(timeout=LOOK_SECONDS)
            except Empty:
                pass
            else:
                if number in self.flights and self.flights[number].future is future:
                    report = self._settle(number, self.flights.pop(number))
                    if report is not None:
                        on_report(report)
            self._look()

    def dismiss(self) -> None:
        """Ask the workers to close what they opened for this run."""
        from autograder.runners import dask_worker

        self.flights.clear()
        workers = [*self.good, *self.bad]  # one that grades no longer may have the course
        if self.client.status == "running" and workers:
            with suppress(Exception):  # the error that ended the run is more important
                self.client.sync(
                    self.client._run,  # as Client.run, which has no time limit: a paused worker would not answer
                    *(dask_worker.dismiss, self.request),
                    workers=workers,
                    on_error="ignore",
                    callback_timeout=DISMISS_SECONDS,
                )

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
        answering = self._answering(present)
        for address in [known for known in self.good if known not in answering]:
            what = "does not answer" if address in present else "has left"
            self.say(f"{address} {what}. Its hand-ins go to other workers.")
            self._take_back(address, began=self.good.pop(address))
        self.bad = {address: why for address, why in self.bad.items() if address in present}
        self._examine({name: present[name] for name in answering if name not in self.good | self.bad})
        self._next_look = (now := time.monotonic()) + LOOK_SECONDS
        if self.good:
            self._last_seen = now
        elif self._last_seen and now - self._last_seen > self.patience:
            raise ClusterError(self._no_worker())

    def _take_back(self, address: str, *, began: int) -> None:
        """Take back the jobs of a worker. It was at work on the first unfinished ones: any may have ended it."""
        numbers = [number for number, flight in self.flights.items() if flight.worker == address]
        suspects = [number for number in numbers if not self.flights[number].future.done()][:began]
        for number in numbers:
            self.flights.pop(number).future.cancel()
        for number in reversed(numbers):
            if number not in suspects:
                self.waiting.appendleft(number)
        for number in suspects:
            self._try_again(number, ClusterError(f"{address} has ended or does not answer."))

    def _answering(self, present: dict[str, dict[str, Any]]) -> set[str]:
        """Return the workers that run and were heard of within ``patience``; the others may be paused."""
        now = time.monotonic()
        before, self.signs = self.signs, {}
        for address, facts in present.items():
            sign = before.get(address)
            if sign is None or (facts["last_seen"] != sign.seen and facts["status"] == "running"):
                sign = _Sign(facts["last_seen"], now)
            self.signs[address] = sign
        return {address for address, sign in self.signs.items() if now - sign.since <= self.patience}

    def _examine(self, workers: dict[str, dict[str, Any]]) -> None:
        from autograder.runners import dask_worker

        if not workers:
            return
        asked = {"workers": list(workers), "on_error": "return"}
        answers = self.client.run(dask_worker.examine, self.request, **asked) or {}
        lacking = [address for address, answer in answers.items() if answer == dask_worker.NEEDS_COURSE]
        if lacking and self.too_large:
            advice = f"{self.too_large} Copy the course to that machine, and set {COURSE} to its folder there."
            answers |= dict.fromkeys(lacking, advice)
        elif lacking:
            asked["workers"] = lacking
            answers |= self.client.run(dask_worker.receive, self.request, self.course.content, **asked) or {}
        for address, answer in answers.items():
            if answer == "":
                slots = workers[address]["resources"].get("GPU", 0) if self.resources else workers[address]["nthreads"]
                self.good[address] = max(1, int(slots))
            elif isinstance(answer, OSError) or answer == dask_worker.NEEDS_COURSE:  # it has left; it is asked again
                continue
            elif isinstance(answer, ImportError | AttributeError):
                self._leave_out(address, f"gradlab is not installed there, or is another version ({answer}).")
            else:
                self._leave_out(address, str(answer))

    def _leave_out(self, address: str, why: str) -> None:
        self.good.pop(address, None)
        self._take_back(address, began=0)
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
        load = Counter(flight.worker for flight in self.flights.values())
        while self.waiting and self.good:
            address = min(self.good, key=lambda known: load[known] / self.good[known])
            if load[address] >= AHEAD * self.good[address]:
                return
            self._send(self.waiting.popleft(), address)
            load[address] += 1
        for address in [known for known in self.good if not load[known]]:
            if self.again:
                self._send(self.again.popleft(), address)

    def _send(self, number: int, address: str) -> None:
        from autograder.runners import dask_worker

        job = self.jobs[number]
        if self.failures.get(number, 0) < ATTEMPTS:
            parts = self._read(job)
        else:
            parts = None, "", f"Several workers could not grade this hand-in. The last reason: {self.reasons[number]}"
        self.sent += 1
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Sending large graph")  # a hand-in may be some megabytes large
            future = self.client.submit(
                dask_worker.grade,
                *(self.request, job.student, *parts),
                key=f"gradlab-{self.run}-{self.sent}",
                workers=[address],
                resources=self.resources,
                pure=False,
            )
        self.flights[number] = _Flight(future, address)
        future.add_done_callback(lambda done: self.landed.put((number, done)))

    def _read(self, job: Job) -> tuple[Selection | None, str, str]:
        """Return what is sent of a hand-in: its files, or why it cannot be graded, or an error of ours."""
        try:
            return select_files(job.path, self.assignment, earlier_modules=self.earlier_modules), "", ""
        except BadSubmission as problem:
            return None, str(problem), ""
        except Exception:
            return None, "", traceback.format_exc()

    def _settle(self, number: int, flight: _Flight) -> Report | None:
        """Return the report, or None if the job must be sent again."""
        future = flight.future
        if future.status == "error":
            self._try_again(number, future.exception())
        elif future.status != "finished":
            self.waiting.appendleft(number)
        else:
            try:
                answer = future.result(timeout=PATIENCE_SECONDS)
                if not isinstance(answer, bytes):
                    self._face(number, flight.worker, *answer)
                    return None
                report = parse_report(answer, f"what a worker of {self.address} sent")
            except (ValueError, TypeError, OSError, TimeoutError) as error:  # it is damaged, or its worker has left
                self._try_again(number, error)
                return None
            if not was_ended(report) or number in self.failures:
                return replace(report, student=self.jobs[number].student)
            self._try_again(number, ClusterError("Its processes were ended from outside."))
        return None

    def _face(self, number: int, address: str, problem: str, refuses: bool, needs_course: bool) -> None:
        """Send a job again that a worker could not grade; not to this worker if it ``refuses``."""
        if needs_course:  # another process has this address now, or had to remove the course
            self.good.pop(address, None)
            self._take_back(address, began=0)
            self.waiting.appendleft(number)
            self._next_look = 0.0
        elif refuses:
            self._leave_out(address, problem)
            self.waiting.appendleft(number)
        else:
            self._try_again(number, ClusterError(problem))

    def _try_again(self, number: int, error: BaseException) -> None:
        """Put a job aside until the others have been sent: it may be the one that ends workers."""
        self.failures[number] = self.failures.get(number, 0) + 1
        self.reasons[number] = str(error)
        if self.failures[number] > 2 * ATTEMPTS:
            raise ClusterError(f"The workers of {self.address} cannot grade {self.jobs[number].student}: {error}")
        self.again.append(number)
