"""Grade a class of a01 with grader processes and with Dask workers on this machine: throughput, CPU time, memory.

    python bench/class.py [--n 1000] [--only local-1,dask-2] [--rounds 4]

The class is generated from a seed: 70 % mutants, 20 % references, 10 % hostile; half of them notebooks, a third zipped.
Each row starts its own processes. Start-up, until the first report, is not included in the other figures, since it
occurs once per class. CPU time is the sum over all processes; memory is the largest sum of their proportional set
sizes, sampled every five seconds. Wall-clock time means little while the machine does other work: see its load in the
last column. With --rounds the rows take turns with parts of the class, so that other work slows all of them alike.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import dask
import psutil
from class_of_hand_ins import make_class
from distributed import LocalCluster

from autograder.core.course import find_assignment
from autograder.core.report import Report
from autograder.runners.dask_cluster import grade_on
from autograder.runners.grader_process import Job, Setup
from autograder.runners.local_pool import grade_all
from autograder.sandbox.isolation import choose
from autograder.session.options import Options

KINDS = {"local-1": ("local", 1), "local-2": ("local", 2), "dask-1": ("dask", 1), "dask-2": ("dask", 2)}


@dataclass(frozen=True)
class Row:
    """Time, memory and reports of one way to grade the class."""

    start: float  # seconds until the first report
    rest: float  # seconds from there to the last
    cpu: float  # seconds of all processes in that time
    memory: int  # bytes at the peak
    reports: list[Report]
    counted: int  # reports in that time: all but the first after each start

    @property
    def rate(self) -> float:
        """Submissions per second, after start-up."""
        return self.counted / self.rest

    @property
    def cost(self) -> float:
        """CPU seconds per submission."""
        return self.cpu / self.counted

    def __add__(self, other: Row) -> Row:
        """Add up two runs, one after the other."""
        return Row(
            self.start + other.start,
            self.rest + other.rest,
            self.cpu + other.cpu,
            max(self.memory, other.memory),
            self.reports + other.reports,
            self.counted + other.counted,
        )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=1000, help="submissions")
    parser.add_argument("--rounds", type=int, default=1, help="parts of the class; each part is graded in all rows")
    parser.add_argument("--only", default=",".join(KINDS), help="rows, among " + ", ".join(KINDS))
    options = parser.parse_args()
    assignment = find_assignment("a01_knn")
    setup = Setup(assignment.folder, Options(), choose("auto"))
    with tempfile.TemporaryDirectory() as temporary:
        jobs = make_class(assignment, Path(temporary), options.n)
        print(f"{len(jobs)} submissions of {assignment.name}, isolation {setup.isolation}, {os.cpu_count()} cores\n")
        print(f"{'':12} {'start-up':>9} {'total':>9} {'per second':>11} {'cpu s each':>11} {'memory':>9} {'load':>6}")
        rows: dict[str, Row] = {}
        for round_number in range(options.rounds):
            for name in options.only.split(","):
                row = grade(name, jobs[round_number :: options.rounds], setup)
                rows[name] = rows[name] + row if name in rows else row
                show(name, row)
    if options.rounds > 1:
        for name, row in rows.items():
            show(f"{name}, all", row)
    print()
    for text, one, other, factor in (
        ("efficiency of two grader processes", "local-2", "local-1", 2),
        ("efficiency of two Dask workers", "dask-2", "dask-1", 2),
        ("one Dask worker relative to one grader process", "dask-1", "local-1", 1),
        ("two Dask workers relative to two grader processes", "dask-2", "local-2", 1),
    ):
        if one in rows and other in rows:
            by_clock = rows[one].rate / rows[other].rate / factor
            print(f"{text:50} {by_clock:5.0%} by the clock, {rows[other].cost / rows[one].cost:5.0%} by CPU time")
    compare(rows)


def grade(name: str, jobs: Sequence[Job], setup: Setup) -> Row:
    """Grade the jobs in one way, start-up included."""
    where, workers = KINDS[name]
    return measure(partial(local if where == "local" else on_dask, jobs, setup, workers), len(jobs))


def show(name: str, row: Row) -> None:
    """Print a line of the table."""
    seconds = f"{row.start:7.1f} s {row.start + row.rest:7.1f} s"
    rest = f"{row.rate:11.2f} {row.cost:11.2f} {row.memory / 1e9:6.2f} GB {os.getloadavg()[0]:6.1f}"
    print(f"{name:12} {seconds} {rest}", flush=True)


def compare(rows: dict[str, Row]) -> None:
    """Print whether all rows gave the same marks, and the differences."""
    first, *others = rows
    different = 0
    for name in others:
        theirs = {report.student: report for report in rows[name].reports}
        for ours in rows[first].reports:
            pairs = zip(ours.checks, theirs[ours.student].checks, strict=True)
            seen = [f"{a.id}: {a.cause} and {b.cause}" for a, b in pairs if a.outcome != b.outcome]
            if seen:
                print(f"{ours.student} differs between {first} and {name}: {'; '.join(seen)}")
                different += 1
    print(f"{different} reports differ between the rows.")


def local(jobs: Sequence[Job], setup: Setup, workers: int, see: Callable[[Report], None]) -> None:
    """Grade with grader processes."""
    grade_all(jobs, setup, workers=workers, on_report=see)


def on_dask(jobs: Sequence[Job], setup: Setup, workers: int, see: Callable[[Report], None]) -> None:
    """Grade with Dask workers of one thread each, with the settings of `gradlab cluster slurm`."""
    with (
        dask.config.set({"distributed.worker.profile.enabled": False}),
        LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address=":0", memory_limit=0, silence_logs=50
        ) as cluster,
    ):
        grade_on(jobs, setup, address=cluster.scheduler_address, on_report=see)
        end = time.monotonic() + 20
        while grader_processes() and time.monotonic() < end:  # they end some time after the workers
            time.sleep(0.1)


def grader_processes() -> list[psutil.Process]:
    """List the fork servers among this process's descendants."""
    found = []
    for process in tree():
        try:
            if "autograder.sandbox.inside.fork_server" in process.cmdline():
                found.append(process)
        except psutil.Error:
            continue
    return found


def measure(run: Callable[[Callable[[Report], None]], None], total: int) -> Row:
    """Time a run of that many submissions, and add up the CPU time of its processes."""
    reports: list[Report] = []
    times: list[float] = []
    cpu: list[float] = []

    def see(report: Report) -> None:
        reports.append(report)
        times.append(time.perf_counter())
        if len(reports) in (1, total):
            cpu.append(cpu_seconds())

    memory, begun = Memory(), time.perf_counter()
    run(see)
    return Row(times[0] - begun, times[-1] - times[0], cpu[-1] - cpu[0], memory.stop(), reports, len(reports) - 1)


def cpu_seconds() -> float:
    """Sum the CPU time of this process and its descendants, including those that have ended."""
    seconds = 0.0
    for process in tree():
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        seconds += times.user + times.system + times.children_user + times.children_system
    return seconds


def tree() -> list[psutil.Process]:
    """List this process and its descendants."""
    me = psutil.Process()
    return [me, *me.children(recursive=True)]


class Memory:
    """The peak memory of this process and its descendants, sampled every five seconds; a shared page counts once.

    Shorter intervals would slow the run: a sample of eight processes takes a twentieth of a second. ``spent`` is the
    processor time of the samples so far. With ``others`` only the descendants count.
    """

    def __init__(self, interval: float = 5.0, *, others: bool = False) -> None:
        self.peak = 0
        self.spent = 0.0
        self._interval, self._first = interval, int(others)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._ended.wait(self._interval):
            total = 0
            for process in tree()[self._first :]:
                try:
                    total += process.memory_full_info().pss
                except psutil.Error:
                    continue
            self.peak = max(self.peak, total)
            self.spent = time.thread_time()

    def stop(self) -> int:
        """Stop sampling and return the peak in bytes."""
        self._ended.set()
        self._thread.join()
        return self.peak


if __name__ == "__main__":
    main()
