"""Processor time of `check(...)` in a warm notebook: of each task, and of all tasks of a module without training.

    python bench/notebook_checks.py [a01_knn ...] [--repeat 5]

The reference's code stands for the student's. The checks run in one process that has imported everything, as a kernel
has after its first check; Python stores compiled checks, as it does for students unless PYTHONDONTWRITEBYTECODE is set.
The median of several runs counts; "most" is the slowest of them. Checks that train a network
are named apart; their tasks are measured without the others of the module.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), *(str(folder) for folder in sorted((ROOT / "solutions").glob("a*")))]

from autograder.core.assignment import Assignment, read_assignment  # noqa: E402
from autograder.session.kept_checks import KeptChecks  # noqa: E402
from autograder.session.options import Options  # noqa: E402
from autograder.students.check import check_namespace  # noqa: E402

TASK, WHOLE = 0.15, 1.0  # seconds that are the goal
KEPT = KeptChecks()  # as a kernel keeps them


def main() -> None:
    """Measure the assignments that the command names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="assignments (default: all)")
    parser.add_argument("--repeat", type=int, default=5, help="runs of each task")
    arguments = parser.parse_args()
    names = arguments.names or sorted(path.name for path in (ROOT / "assignments").glob("a*"))
    with tempfile.TemporaryDirectory() as compiled:
        sys.dont_write_bytecode, sys.pycache_prefix = False, compiled
        print_times(names, arguments.repeat)


def print_times(names: Sequence[str], repeat: int) -> None:
    """Print a table of the assignments, and below each the tasks that take longer than the goal."""
    print(f"{'':24} {'tasks':>5} {'median':>9} {'slowest':>9} {'all at once':>12}")
    for name in names:
        assignment = read_assignment(ROOT / "assignments" / name)
        tasks: dict[str, float] = {}
        whole, above = 0.0, []
        for file in assignment.files:
            namespace, cells = written(assignment, file)
            for task in (task.name for task in assignment.tasks if task.file == file):
                times = measured(file, namespace, cells, assignment, task, repeat)
                tasks[task] = statistics.median(times)
                if tasks[task] > TASK:
                    above.append(f"  {task}: {tasks[task]:.3f} s, most {max(times):.3f} s")
            whole += statistics.median(measured(file, namespace, cells, assignment, None, repeat))
        median, slowest = statistics.median(tasks.values()), max(tasks, key=lambda task: tasks[task])
        line = f"{name:24} {len(tasks):5} {median:7.3f} s {tasks[slowest]:7.3f} s {whole:10.3f} s  {slowest}"
        print("\n".join([line, *above]), flush=True)


def written(assignment: Assignment, file: str) -> tuple[dict[str, Any], list[str]]:
    """The reference as a kernel has it after its cells ran: the names, and the text of the cells."""
    source = (assignment.solutions / file).read_text(encoding="utf-8")
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(source, f"cell of {file}", "exec"), namespace)
    return namespace, ["", source]


def measured(
    file: str, namespace: dict[str, Any], cells: Sequence[str], assignment: Assignment, task: str | None, repeat: int
) -> list[float]:
    """Seconds of processor time of each run but the first, which imports what is missing."""
    times, module = [], file.removesuffix(".py")
    for _ in range(repeat + 1):
        gc.collect()  # else a collection of what earlier runs left would fall into any of them
        started = time.process_time()
        report = check_namespace(module, namespace, cells, Options(task=task), assignment, kept=KEPT)
        times.append(time.process_time() - started)
        lost = [f"{check.id}: {check.message}" for check in report.checks if not check.points]
        assert not lost, f"the reference loses points: {lost}"
    return times[1:]


if __name__ == "__main__":
    main()
