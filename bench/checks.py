"""Processor seconds of all checks of each assignment on its reference: where the time of grading one hand-in goes.

    python bench/checks.py [a01_knn ...] [--seed 0] [--above 0.5]

Each assignment runs in a process of its own, which runs the reference and the checks, on one thread. "Start-up"
is what imports and collecting cost, once per class. Below the table are the checks that take more than `--above`
seconds; those that train or evaluate a network have their scores. Processor time grows when other processes share the
processor's caches, by up to a half on a busy machine.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))


@dataclass(frozen=True)
class Cost:
    """What a check cost."""

    check: str
    scored: bool
    seconds: float
    scores: str


def main() -> None:
    """Measure, and print a row for each assignment, the sum and the median, and the dear checks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="assignments (default: all)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--above", type=float, default=0.5, help="name the checks that take more seconds than this")
    arguments = parser.parse_args()
    names = arguments.names or sorted(path.name for path in (ROOT / "assignments").glob("a*"))
    os.environ["OMP_NUM_THREADS"] = "1"
    table: dict[str, list[Cost]] = {}
    print("| assignment | start-up | all checks | that train | others | slowest other |\n|---|---|---|---|---|---|")
    for name in names:
        with ProcessPoolExecutor(1, get_context("spawn")) as pool:
            start, costs = pool.submit(costs_of, name, arguments.seed).result()
        table[name] = costs
        training = sum(cost.seconds for cost in costs if cost.scored)
        others = [cost.seconds for cost in costs if not cost.scored]
        figures = (start, training + sum(others), training, sum(others), max(others))
        print(f"| {name[:3]} | " + " | ".join(f"{seconds:.1f}" for seconds in figures) + " |", flush=True)
    sums = [sum(cost.seconds for cost in costs) for costs in table.values()]
    print(f"\nAll together {sum(sums):.1f} s, median {statistics.median(sums):.1f} s, without start-up.\n")
    for name, costs in table.items():
        for cost in sorted(costs, key=lambda cost: -cost.seconds):
            if cost.seconds > arguments.above:
                print(f"{name[:3]} {cost.check}: {cost.seconds:.2f} s {cost.scores}")


def costs_of(name: str, seed: int) -> tuple[float, list[Cost]]:
    """Return the seconds of start-up, and the cost of each check on the reference."""
    from autograder.authoring.reference import read_reference
    from autograder.core.assignment import read_assignment
    from autograder.core.report import CheckResult
    from autograder.sandbox.open_link import open_link
    from autograder.session.options import Options
    from autograder.session.session import Checks, with_checks
    from autograder.submissions.submission import code_of_scripts

    assignment = read_assignment(ROOT / "assignments" / name)
    code = code_of_scripts(read_reference(assignment), assignment)
    costs: list[Cost] = []

    def body(checks: Checks) -> float:
        ready = last = time.process_time()
        scored = {item.check_id for item in checks.items if item.scored}

        def note(result: CheckResult) -> None:
            nonlocal last
            now = time.process_time()
            scores = ", ".join(f"{score.name} {score.value:g}" for score in result.scores)
            lost = "" if result.points else f"LOST POINTS: {result.message}"
            costs.append(Cost(result.id, result.id in scored, now - last, scores + lost))
            last = now

        with open_link(None, code, assignment) as link:
            checks.judge(link, code, progress=note)
        return ready

    return with_checks(assignment, Options(seed=seed), body), costs


if __name__ == "__main__":
    main()
