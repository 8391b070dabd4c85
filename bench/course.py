"""What a whole course costs: hand-ins per core hour of every assignment, and a class of all that is really graded.

    python bench/course.py                                     # all assignments, a class of 30 in each
    python bench/course.py --assignments a01 a02 --class 0     # only the cost of single hand-ins
    python bench/course.py --skip-scored --class 4             # a short run, without checks that train
    python bench/course.py --rows local-2,dask-2               # other ways to grade the class, see bench/class.py

First, one grader process judges three kinds of hand-in of each assignment: the reference; mutants, of which the median
counts; and a reference whose first task never ends. The figures are processor seconds of the grader and all that it
started. From them the script computes 300 students in all assignments, with 70 % mutants, 20 % references and 10 %
endless loops. Then it grades a class with these shares in each assignment, and compares what that cost with what was
computed. Linux only.
"""

from __future__ import annotations

import argparse
import importlib
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from autograder.authoring.mutants import read_mutants
from autograder.authoring.reference import read_reference
from autograder.authoring.variants import body, variants_of
from autograder.checks.task import BadCheck
from autograder.core.assignment import Assignment
from autograder.core.course import find_assignments
from autograder.runners.grader_process import GraderProcess, Job, Setup
from autograder.sandbox.isolation import choose
from autograder.session.options import Options, pick_device

sys.path.insert(0, str(Path(__file__).resolve().parent))
one_class = importlib.import_module("class")  # bench/class.py, whose name is a word of Python

STUDENTS = 300
SHARES = {"median mutant": 0.7, "reference": 0.2, "endless loop": 0.1}
ENDLESS = "while True:\n    pass"


def main() -> None:
    """Measure, compute, and grade the class."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assignments", nargs="+", default=[], metavar="NAME")
    parser.add_argument("--mutants", type=int, default=5, help="how many mutants of each assignment (default: 5)")
    parser.add_argument("--class", dest="size", type=int, default=30, help="hand-ins of each assignment (default: 30)")
    parser.add_argument("--rows", default="local-1,local-2,dask-2", help="ways to grade the class, see bench/class.py")
    parser.add_argument("--skip-scored", action="store_true", help="leave out the checks that train")
    parser.add_argument("--device", default="cpu", help="of the checks (default: cpu)")
    options = parser.parse_args()
    asked, isolation = Options(device=pick_device(options.device), skip_scored=options.skip_scored), choose("auto")
    without = ", without training" if options.skip_scored else ""
    print(f"isolation {isolation}, {os.cpu_count()} cores, device {asked.device}{without}\n")
    print(f"| assignment | start-up | {' | '.join(SHARES)} | hand-ins per core hour |\n|---|---|---|---|---|---|")
    costs: dict[str, float] = {}  # processor seconds of a hand-in of each assignment, mixed
    starts = 0.0
    with tempfile.TemporaryDirectory() as temporary:
        assignments = find_assignments(tuple(options.assignments))
        classes = {each.name: hand_ins(each, Path(temporary), options.mutants) for each in assignments}
        for assignment in assignments:
            setup = Setup(assignment.folder, asked, isolation)
            start, seconds = costs_of(classes[assignment.name], setup)
            starts += start
            costs[assignment.name] = mixed(seconds)
            shown = " | ".join(f"{seconds[kind]:.1f} s" for kind in SHARES)
            rates = ", ".join(f"{3600 / seconds[kind]:,.0f}" for kind in SHARES)
            print(f"| {assignment.name} | {start:.1f} s | {shown} | {rates} |", flush=True)
        hours = STUDENTS * sum(costs.values()) / 3600
        print(
            f"\ncomputed: {STUDENTS} students in {len(costs)} assignments take {hours:.1f} core hours, and start-up "
            f"{starts:.0f} s for each grader process; 100,000 students {hours * 100_000 / STUDENTS:,.0f} core hours\n"
        )
        if options.size:
            for assignment in assignments:
                setup = Setup(assignment.folder, asked, isolation)
                grade_class(assignment, classes[assignment.name], setup, costs[assignment.name], options)


def grade_class(
    assignment: Assignment, kinds: dict[str, list[Job]], setup: Setup, cost: float, options: argparse.Namespace
) -> None:
    """Grade a class in each way, and compare its cost with what was computed."""
    jobs = list(class_of(kinds, options.size))
    print(f"{assignment.name}, {len(jobs)} hand-ins; computed {cost:.2f} s each")
    print(f"{'':12} {'start-up':>9} {'total':>9} {'per second':>11} {'cpu s each':>11} {'memory':>9} {'load':>6}")
    rows = {name: one_class.grade(name, jobs, setup) for name in options.rows.split(",")}
    for name, row in rows.items():
        one_class.show(name, row)
    for one, other in (("local-2", "local-1"), ("dask-2", "local-2")):
        if one in rows and other in rows:
            print(f"{one} relative to {other}, by processor time: {rows[other].cost / rows[one].cost:.0%}")
    one_class.compare(rows)
    print()


def mixed(seconds: dict[str, float]) -> float:
    """Return the cost of a hand-in, by the shares of the kinds."""
    return sum(share * seconds[kind] for kind, share in SHARES.items())


def hand_ins(assignment: Assignment, folder: Path, count: int) -> dict[str, list[Job]]:
    """Write hand-ins of each kind: some mutants from the whole list, the reference, and an endless loop."""
    reference = read_reference(assignment)
    mutants = read_mutants(assignment)
    chosen = mutants[:: max(1, len(mutants) // count)][:count]
    sources = {
        "median mutant": [mutant.plant(reference) for mutant in chosen],
        "reference": [reference],
        "endless loop": [endless(assignment, reference)],
    }
    return {kind: list(written(texts, folder / assignment.name / kind)) for kind, texts in sources.items()}


def endless(assignment: Assignment, reference: dict[str, str]) -> dict[str, str]:
    """Return the reference with a loop that never ends in the first task that can have one."""
    for task in assignment.tasks:
        try:
            return variants_of(task.file)("never ends", body(task.name, ENDLESS)).write(reference)
        except BadCheck:  # this task is no function, or shares its solution with another
            continue
    raise BadCheck(f"No task of {assignment.name} is a function with a solution of its own.")


def written(texts: Sequence[dict[str, str]], folder: Path) -> Iterator[Job]:
    """Write hand-ins into folders of their own."""
    for number, files in enumerate(texts):
        place = folder / str(number)
        for name, text in files.items():
            path = place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        yield Job(f"{folder.name} {number}", place)


def costs_of(kinds: dict[str, list[Job]], setup: Setup) -> tuple[float, dict[str, float]]:
    """Return the processor seconds of start-up, and of a hand-in of each kind."""
    begun = one_class.cpu_seconds()
    grader = GraderProcess(setup)
    start = one_class.cpu_seconds() - begun
    try:
        found = {}
        for kind, jobs in kinds.items():
            seconds = []
            for job in jobs:
                before = one_class.cpu_seconds()
                grader.grade(job)
                seconds.append(one_class.cpu_seconds() - before)
            found[kind] = statistics.median(seconds)
        return start, found
    finally:
        grader.close()


def class_of(kinds: dict[str, list[Job]], size: int) -> Iterator[Job]:
    """Yield a class of so many hand-ins with the shares of the kinds, each under a name of its own."""
    shares = [kind for kind, share in SHARES.items() for _ in range(round(10 * share))]
    for number in range(size):
        jobs = kinds[shares[number * 7 % 10]]  # 7 and 10 have no common divisor, so the kinds are mixed
        yield Job(f"s{number:04}", jobs[number % len(jobs)].path)


if __name__ == "__main__":
    main()
