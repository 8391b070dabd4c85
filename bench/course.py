"""What a whole course costs: hand-ins per core hour of every assignment, and a class of all that is really graded.

    python bench/course.py                                     # all assignments, a class of 30 in each
    python bench/course.py --assignments a01 a02 --class 0     # only the cost of single hand-ins
    python bench/course.py --skip-scored --class 4             # a short run, without checks that train
    python bench/course.py --rows local-2,dask-2               # other ways to grade the class, see bench/class.py

First, one grader process judges three kinds of hand-in of each assignment: the reference; mutants, of which the median
counts; and a reference whose first task never ends. With --no-loops, the last is not run, but computed: the reference's
cost and one limit, because after a timeout the other checks of the task are not run. The figures are processor seconds
of the grader and all that it started, and their memory at the peak, where a shared page counts once. From them the
script computes 300 students in the ten assignments a01 to a10 and in all, with 70 % mutants, 20 % references and 10 %
endless loops. Then it grades a class with these shares in each assignment, and compares what that cost with what was
computed for the same hand-ins: in total, two grader processes with one, and two Dask workers with two grader processes.
Linux only.
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
TEN = tuple(f"a{number:02}" for number in range(1, 11))  # the course of 300 students in ten assignments
SHARES = {"median mutant": 0.7, "reference": 0.2, "endless loop": 0.1}
ENDLESS = "while True:\n    pass"


def main() -> None:
    """Measure, compute, and grade the class."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--assignments", nargs="+", default=[], metavar="NAME")
    parser.add_argument("--mutants", type=int, default=5, help="how many mutants of each assignment (default: 5)")
    parser.add_argument("--no-loops", action="store_true", help="compute what endless loops cost; they take longest")
    parser.add_argument("--class", dest="size", type=int, default=30, help="hand-ins of each assignment (default: 30)")
    parser.add_argument("--rows", default="local-1,local-2,dask-2", help="ways to grade the class, see bench/class.py")
    parser.add_argument("--skip-scored", action="store_true", help="leave out the checks that train")
    parser.add_argument("--device", default="cpu", help="of the checks (default: cpu)")
    options = parser.parse_args()
    asked, isolation = Options(device=pick_device(options.device), skip_scored=options.skip_scored), choose("auto")
    without = ", without training" if options.skip_scored else ""
    print(f"isolation {isolation}, {os.cpu_count()} cores, device {asked.device}{without}\n")
    print(f"| assignment | start-up | {' | '.join(SHARES)} | hand-ins per core hour | memory | load |")
    print("|---|---|---|---|---|---|---|---|")
    costs: dict[str, dict[str, float]] = {}  # processor seconds of a hand-in of each kind, by assignment
    starts: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as temporary:
        assignments = find_assignments(tuple(options.assignments))
        classes = {each.name: hand_ins(each, Path(temporary), options.mutants) for each in assignments}
        for assignment in assignments:
            setup = Setup(assignment.folder, asked, isolation)
            measured = {**classes[assignment.name]}
            if options.no_loops:
                del measured["endless loop"]
            start, seconds, memory = costs_of(measured, setup)
            seconds.setdefault("endless loop", seconds["reference"] + assignment.limits.seconds)
            starts[assignment.name], costs[assignment.name] = start, seconds
            shown = " | ".join(f"{seconds[kind]:.1f} s" for kind in SHARES)
            rates = ", ".join(f"{3600 / seconds[kind]:,.0f}" for kind in SHARES)
            size = f"{memory / 1e9:.2f} GB | {os.getloadavg()[0]:.1f}"
            print(f"| {assignment.name} | {start:.1f} s | {shown} | {rates} | {size} |", flush=True)
        print()
        ten = [name for name in costs if name.startswith(TEN)]
        for names in [ten, [*costs]] if ten != [*costs] else [ten]:
            print(computed(names, costs, starts))
        print()
        if options.size:
            done = spent = expected = 0.0
            for assignment in assignments:
                setup = Setup(assignment.folder, asked, isolation)
                row, cost = grade_class(classes[assignment.name], setup, costs[assignment.name], options)
                done, spent, expected = done + row.counted, spent + row.cpu, expected + cost * row.counted
            share = done / STUDENTS / len(assignments)
            print(
                f"really graded: {done:.0f} hand-ins after the first of each class, {share:.1%} of {STUDENTS} in each, "
                f"in {spent:.0f} s; {expected:.0f} s were computed for them: {spent / expected:.2f}"
            )


def computed(names: Sequence[str], costs: dict[str, dict[str, float]], starts: dict[str, float]) -> str:
    """Return what the students of a course with these assignments cost."""
    hours = STUDENTS * sum(mixed(costs[name]) for name in names) / 3600
    return (
        f"computed: {STUDENTS} students, assignments: {len(names)}, take {hours:.1f} core hours, and start-up "
        f"{sum(starts[name] for name in names):.0f} s for each grader process; 100,000 students "
        f"{hours * 100_000 / STUDENTS:,.0f} core hours"
    )


def grade_class(
    kinds: dict[str, list[Job]], setup: Setup, seconds: dict[str, float], options: argparse.Namespace
) -> tuple[one_class.Row, float]:
    """Grade a class in each way. Return the first row, and what was computed for a hand-in of this class."""
    chosen = list(class_of(kinds, options.size))
    jobs = [job for _, job in chosen]
    cost = statistics.mean(seconds[kind] for kind, _ in chosen[1:])  # the first one belongs to start-up
    print(f"{setup.folder.name}, {len(jobs)} hand-ins; computed {cost:.2f} s each")
    print(f"{'':12} {'start-up':>9} {'total':>9} {'per second':>11} {'cpu s each':>11} {'memory':>9} {'load':>6}")
    rows = {name: one_class.grade(name, jobs, setup) for name in options.rows.split(",")}
    for name, row in rows.items():
        one_class.show(name, row)
    for one, other in (("local-2", "local-1"), ("dask-2", "local-2")):
        if one in rows and other in rows:
            print(f"{one} relative to {other}, by processor time: {rows[other].cost / rows[one].cost:.0%}")
    one_class.compare(rows)
    print()
    return next(iter(rows.values())), cost


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


def costs_of(kinds: dict[str, list[Job]], setup: Setup) -> tuple[float, dict[str, float], int]:
    """Return the processor seconds of start-up and of a hand-in of each kind, and the bytes of memory at the peak."""
    memory = one_class.Memory(1.0, others=True)

    def cpu_seconds() -> float:
        return float(one_class.cpu_seconds() - memory.spent)

    begun = cpu_seconds()
    grader = GraderProcess(setup)
    start = cpu_seconds() - begun
    try:
        found = {}
        for kind, jobs in kinds.items():
            seconds = []
            for job in jobs:
                before = cpu_seconds()
                grader.grade(job)
                seconds.append(cpu_seconds() - before)
            found[kind] = statistics.median(seconds)
        return start, found, memory.stop()
    finally:
        memory.stop()
        grader.close()


def class_of(kinds: dict[str, list[Job]], size: int) -> Iterator[tuple[str, Job]]:
    """Yield a class of so many hand-ins with the shares of the kinds: each one's kind, and a name of its own."""
    shares = [kind for kind, share in SHARES.items() for _ in range(round(10 * share))]
    for number in range(size):
        kind = shares[number * 7 % 10]  # 7 and 10 have no common divisor, so the kinds are mixed
        yield kind, Job(f"s{number:04}", kinds[kind][number % len(kinds[kind])].path)


if __name__ == "__main__":
    main()
