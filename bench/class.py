"""A class of a01 graded here and on Dask workers of this machine: throughput, efficiency, processor time, memory.

    python bench/class.py [--n 1000] [--only local-1,dask-2]

The class is made from a seed: 70 % mutants, 20 % references, 10 % hostile; half of them notebooks, a third zipped. Each
row starts anew. Start-up, until the first report, is left out of what follows it, since a large class pays it once.
Processor time is that of all processes; memory is the largest sum of their proportional set sizes, looked at every
second. Time by the clock says little on a machine that does other work: its load is in the last column.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil
from distributed import LocalCluster

from autograder.authoring.verify import read_sources
from autograder.box.wall import choose
from autograder.classroom.batch import grade_all
from autograder.classroom.cluster import grade_on
from autograder.classroom.desk import Job, Setup
from autograder.course import find_assignment
from autograder.manifest import Assignment
from autograder.mutants import read_mutants
from autograder.report import Report
from autograder.run import Options

# {reference} stands for the reference's source. Each costs time in its own way.
HOSTILE = (
    "import os\nos._exit(3)\n",
    "{reference}\nimport torch\ntorch.Tensor.__eq__ = lambda a, b: True\ntorch.allclose = lambda *a, **k: True\n",
    "{reference}\ndef knn_get_best_k(*a, **k):\n    while True:\n        pass\n",
    "import torch\nhoard = []\nwhile True:\n    hoard.append(torch.ones(1 << 24))\n",
    "{reference}\nfor _ in range(200):\n    print('y' * 100_000)\n",
    "{reference}\nimport os\ndef compute_distances_no_loops(*a):\n    os.fork()\n",
    "{reference}\nclass Liar(str):\n    __eq__ = lambda a, b: True\ndef predict_labels(*a, **k):\n    return Liar()\n",
    "import threading, time\nwhile True:\n    threading.Thread(target=time.sleep, args=(60,)).start()\n",
    "import glob\nexec(open(glob.glob('/*/*/solutions/*/knn.py')[0]).read())\n",
    "def compute_distances_two_loops(:\n",
)
KINDS = {"local-1": ("local", 1), "local-2": ("local", 2), "dask-1": ("dask", 1), "dask-2": ("dask", 2)}


@dataclass(frozen=True)
class Row:
    """What one way to grade the class took."""

    start: float  # seconds until the first report
    rest: float  # seconds from there to the last
    cpu: float  # seconds of all processes meanwhile
    memory: int  # bytes at the peak
    reports: list[Report]

    @property
    def rate(self) -> float:
        """Hand-ins a second, once started."""
        return (len(self.reports) - 1) / self.rest

    @property
    def cost(self) -> float:
        """Seconds of a processor that a hand-in takes."""
        return self.cpu / (len(self.reports) - 1)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=1000, help="hand-ins")
    parser.add_argument("--only", default=",".join(KINDS), help="rows, of " + ", ".join(KINDS))
    options = parser.parse_args()
    assignment = find_assignment("a01_knn")
    setup = Setup(assignment.folder, Options(), choose("auto"))
    with tempfile.TemporaryDirectory() as temporary:
        jobs = make_class(assignment, Path(temporary), options.n)
        print(f"{len(jobs)} hand-ins of {assignment.name}, wall {setup.wall}, {os.cpu_count()} cores\n")
        print(f"{'':10} {'start-up':>9} {'total':>9} {'hand-ins/s':>11} {'cpu s each':>11} {'memory':>9} {'load':>6}")
        rows = {}
        for name in options.only.split(","):
            where, workers = KINDS[name]
            rows[name] = row = measure(partial(local if where == "local" else dask, jobs, setup, workers), len(jobs))
            seconds = f"{row.start:7.1f} s {row.start + row.rest:7.1f} s"
            rest = f"{row.rate:11.2f} {row.cost:11.2f} {row.memory / 1e9:6.2f} GB {os.getloadavg()[0]:6.1f}"
            print(f"{name:10} {seconds} {rest}", flush=True)
    print()
    for text, one, other, factor in (
        ("two desks here, of one's throughput", "local-2", "local-1", 2),
        ("two Dask workers, of one's throughput", "dask-2", "dask-1", 2),
        ("one Dask worker, of one desk's throughput here", "dask-1", "local-1", 1),
        ("two Dask workers, of two desks' throughput here", "dask-2", "local-2", 1),
    ):
        if one in rows and other in rows:
            wall = rows[one].rate / rows[other].rate / factor
            print(f"{text:48} {wall:5.0%} by the clock, {rows[other].cost / rows[one].cost:5.0%} by processor time")
    compare(rows)


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


def make_class(assignment: Assignment, folder: Path, count: int) -> list[Job]:
    """Write the hand-ins. The same count gives the same class."""
    dice = random.Random(20261)
    files = read_sources(assignment)
    reference = files["knn.py"]
    mutants = [mutant.plant(files)["knn.py"] for mutant in read_mutants(assignment)]
    hostile = [text.replace("{reference}", reference) for text in HOSTILE]
    shares = [(0.7, mutants), (0.2, [reference]), (0.1, hostile)]
    sources = [texts[i % len(texts)] for share, texts in shares for i in range(round(share * count))]
    dice.shuffle(sources)
    jobs = []
    for number, source in enumerate(sources):
        source = f"{source}\n# hand-in {number}\n"  # no two are equal, so none is known before
        notebook = number % 2 == 0
        name, content = ("knn.ipynb", as_notebook(source)) if notebook else ("knn.py", source.encode())
        path = folder / f"s{number:05}"
        if number % 3 == 0:
            path = path.with_suffix(".zip")
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr(name, content)
        else:
            path.mkdir()
            (path / name).write_bytes(content)
        jobs.append(Job(path.stem, path))
    return jobs


def as_notebook(script: str) -> bytes:
    """The code cells of a percent script."""
    cells = [part.split("\n", 1) for part in ("\n" + script).split("\n# %%")]
    code = [body for first, *rest in cells for body in rest if "[markdown]" not in first]
    empty = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    book = {"cells": [{**empty, "source": text} for text in code], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    return json.dumps(book).encode()


def local(jobs: Sequence[Job], setup: Setup, workers: int, see: Callable[[Report], None]) -> None:
    """With desks of this process."""
    grade_all(jobs, setup, workers=workers, on_report=see)


def dask(jobs: Sequence[Job], setup: Setup, workers: int, see: Callable[[Report], None]) -> None:
    """With worker processes of one thread each; scheduler and submission are in this process."""
    with LocalCluster(
        workers, threads_per_worker=1, dashboard_address=":0", memory_limit=0, silence_logs=50
    ) as cluster:
        grade_on(jobs, setup, address=cluster.scheduler_address, on_report=see)
        end = time.monotonic() + 20
        while grader_processes() and time.monotonic() < end:  # they end beside the workers' own business
            time.sleep(0.1)


def grader_processes() -> list[psutil.Process]:
    """The nurseries that run below this process."""
    found = []
    for process in tree():
        try:
            if "autograder.box.nursery" in process.cmdline():
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
    return Row(times[0] - begun, times[-1] - times[0], cpu[-1] - cpu[0], memory.stop(), reports)


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
    """Looks every second at what this process and all below it hold; a shared page counts once."""

    def __init__(self) -> None:
        self.peak = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._ended.wait(1.0):
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
