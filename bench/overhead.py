"""What gradlab costs where little is computed: `gradlab check` of small courses, and pytest of another project.

    python bench/overhead.py [--runs 3]

Makes a course on numpy and one on torch with `gradlab new-course`, and measures whole processes: processor time and
largest memory, the median of the runs. Compare the rows on one machine; the seconds of two machines differ.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

GRADLAB = [sys.executable, "-m", "autograder"]


def main() -> None:
    """Measure and print the rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        other = folder / "other"
        other.mkdir()
        (other / "test_one.py").write_text("def test_one():\n    assert True\n")
        pytest = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        rows = {
            "pytest of another project, without plugins": ({"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}, pytest, other),
            "the same, with gradlab's plugin": (
                {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
                [*pytest, "-p", "autograder.session.plugin"],
                other,
            ),
        }
        for kind in ("numpy", "torch"):
            command = [*GRADLAB, "new-course", str(folder / kind), "--kind", kind]
            subprocess.run(command, check=True, capture_output=True)
            rows[f"gradlab check, a course on {kind}"] = ({}, [*GRADLAB, "check", "a01_first"], folder / kind)
        print("| command | seconds of processor time | MB |\n|---|---|---|")
        for what, (variables, command, where) in rows.items():
            measured = [measure(command, where, variables) for _ in range(runs)]
            seconds, memory = (statistics.median(values) for values in zip(*measured, strict=True))
            print(f"| {what} | {seconds:.2f} | {memory:.0f} |", flush=True)


def measure(command: list[str], where: Path, variables: dict[str, str]) -> tuple[float, float]:
    """Run a command and return its processor time in seconds and its largest memory in MB."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", **variables}
    root = str(Path(__file__).resolve().parents[1])
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
    pid = os.fork()  # this process imports little, because a child's largest memory includes its parent's
    if pid == 0:
        os.chdir(where)
        quiet = os.open(os.devnull, os.O_RDWR)
        for descriptor in (1, 2):
            os.dup2(quiet, descriptor)
        os.execve(command[0], command, environment)
    _, _, used = os.wait4(pid, 0)
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


if __name__ == "__main__":
    main()
