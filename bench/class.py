"""A class of a01 graded here and on Dask workers of this machine: throughput, efficiency, processor time, memory.

    python bench/class.py [--n 1000] [--only local-1,dask-2] [--rounds 4]

The class is made from a seed: 70 % mutants, 20 % references, 10 % hostile; half of them notebooks, a third zipped. Each
row starts anew. Start-up, until the first report, is left out of what follows it, since a large class pays it once.
Processor time is that of all processes; memory is the largest sum of their proportional set sizes, looked at every
five seconds. Time by the clock says little on a machine that does other work: its load is in the last column. With
rounds each way grades a part of the class in turn: what makes a machine slower for minutes then falls on all.
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
    """What one way to grade the class took."""

    start: float  # seconds until the first report
    rest: float  # seconds from there to the last
    cpu: float  # seconds of all processes meanwhile
    memory: int  # bytes at the peak
    reports: list[Report]
    counted: int  # reports that came meanwhile: all but the first one after a start

    @property
    def rate(self) -> float:
        """Hand-ins a second, once started."""
        return self.counted / self.rest

    @property
    def cost(self) -> float:
        """Seconds of a processor that a hand-in takes."""
        return self.cpu / self.counted

    def __add__(self, other: Row) -> Row:
        """What both took, one after the other."""
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
    parser.add_argument("--n", type=int, default=1000, help="hand-ins")
    parser.add_argument("--rounds", type=int, default=1, help="parts of the class, each graded in all ways in turn")
    parser.add_argument("--only", default=",".join(KINDS), help="rows, of " + ", ".join(KINDS))
    options = parser.parse_args()
    assignment = find_assignment("a01_knn")
    setup = Setup(assignment.folder, Options(), choose("auto"))
    with tempfile.TemporaryDirectory() as temporary:
        jobs = make_class(assignment, Path(temporary), options.n)
        print(f"{len(jobs)} hand-ins of {assignment.name}, wall {setup.isolation}, {os.cpu_count()} cores\n")
        print(f"{'':12} {'start-up':>9} {'total':>9} {'hand-ins/s':>11} {'cpu s each':>11} {'memory':>9} {'load':>6}")
        rows: dict[str, Row] = {}
        for turn in range(options.rounds):
            for name in options.only.split(","):
                row = grade(name, jobs[turn :: options.rounds], setup)
                rows[name] = rows[name] + row if name in rows else row
                show(name, row)
    if options.rounds > 1:
        for name, row in rows.items():
            show(f"{name}, all", row)
    print()
    for text, one, other, factor in (
        ("two grader processes here, of one's throughput", "local-2", "local-1", 2),
        ("two Dask workers, of one's throughput", "dask-2", "dask-1", 2),
        ("one Dask worker, of one grader process's throughput here", "dask-1", "local-1", 1),
        ("two Dask workers, of two grader processes' throughput here", "dask-2", "local-2", 1),
    ):
        if one in rows and other in rows:
            isolation = rows[one].rate / rows[other].rate / factor
            print(
                f"{text:48} {isolation:5.0%} by the clock, {rows[other].cost / rows[one].cost:5.0%} by processor time"
            )
    compare(rows)


def grade(name: str, jobs: Sequence[Job], setup: Setup) -> Row:
    """One way, from its start."""
    where, workers = KINDS[name]
    return measure(partial(local if where == "local" else on_dask, jobs, setup, workers), len(jobs))


def show(name: str, row: Row) -> None:
    """A line of the table."""
    seconds = f"{row.start:7.1f} s {row.start + row.rest:7.1f} s"
    rest = f"{row.rate:11.2f} {row.cost:11.2f} {row.memory / 1e9:6.2f} GB {os.getloadavg()[0]:6.1f}"
    print(f"{name:12} {seconds} {rest}", flush=True)


def compare(rows: dict[str, Row]) -> None:
    """Say whether all rows gave the same marks, and where not."""
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
    """With grader processes of this process."""
    grade_all(jobs, setup, workers=workers, on_report=see)


def on_dask(jobs: Sequence[Job], setup: Setup, workers: int, see: Callable[[Report], None]) -> None:
    """With workers of one thread each, set as `gradlab cluster slurm` sets them; the scheduler is in this process."""
    with (
        dask.config.set({"distributed.worker.profile.enabled": False}),
        LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address=":0", memory_limit=0, silence_logs=50
        ) as cluster,
    ):
        grade_on(jobs, setup, address=cluster.scheduler_address, on_report=see)
        end = time.monotonic() + 20
        while grader_processes() and time.monotonic() < end:  # they end beside the workers' own business
            time.sleep(0.1)


def grader_processes() -> list[psutil.Process]:
    """The fork servers that run below this process."""
    found = []
    for process in tree():
        try:
            if "autograder.sandbox.inside.fork_server" in process.cmdline():
                found.append(process)
        except psutil.Error:
            continue
    return found


def measure(run: Callable[[Callable[[Report], None]], None], total: int) -> Row:
    """Time a run of that many hand-ins, add up what its processes used."""
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
    """Of this process and of all below it, those that have ended included."""
    seconds = 0.0
    for process in tree():
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        seconds += times.user + times.system + times.children_user + times.children_system
    return seconds


def tree() -> list[psutil.Process]:
    """This process and all below it."""
    me = psutil.Process()
    return [me, *me.children(recursive=True)]


class Memory:
    """Looks every five seconds at what this process and all below it hold; a shared page counts once.

    More often would cost: to look at eight processes takes a twentieth of a second.
    """

    def __init__(self) -> None:
        self.peak = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._ended.wait(5.0):
            total = 0
            for process in tree():
                try:
                    total += process.memory_full_info().pss
                except psutil.Error:
                    continue
            self.peak = max(self.peak, total)

    def stop(self) -> int:
        """The peak, in bytes."""
        self._ended.set()
        self._thread.join()
        return self.peak


if __name__ == "__main__":
    main()
