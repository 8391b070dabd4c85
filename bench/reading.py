"""Time and memory of reading a large notebook, next to `json.loads` on the same file.

    python bench/reading.py [--mb 50]

The notebook is that of a01 with outputs of one kind. Each row is measured in a process of its own, after its imports.
Memory is the most that the process needed beyond what it had before it opened the file, the file included. Linux only.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

COURSE = Path(__file__).resolve().parent.parent / "assignments"
KINDS = ("pictures", "numbers", "printed lines", "escaped text")
ROWS = ("gradlab", "json.loads")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mb", type=int, default=50, help="size of the notebook")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)  # what a process measures: a row and a file
    arguments = parser.parse_args()
    if arguments.one:
        measure(arguments.one[0], Path(arguments.one[1]))
        return
    print(f"{arguments.mb} MB, of outputs such as\n")
    print(f"{'':16} {'gradlab':>20} {'json.loads':>20} {'time':>8} {'memory':>8}")
    with tempfile.TemporaryDirectory() as temporary:
        for kind in KINDS:
            path = Path(temporary) / "knn.ipynb"
            path.write_bytes(make_notebook(kind, arguments.mb * 1_000_000))
            (ours, our_memory), (theirs, their_memory) = (measured(row, path) for row in ROWS)
            print(
                f"{kind:16} {ours:9.2f} s {our_memory:6.0f} MB {theirs:9.2f} s {their_memory:6.0f} MB "
                f"{theirs / ours:6.1f} x {their_memory / max(our_memory, 0.1):6.1f} x"
            )


def make_notebook(kind: str, size: int) -> bytes:
    """The released notebook of a01 with outputs of about ``size`` bytes in its last cell."""
    table = json.loads((COURSE / "a01_knn" / "knn.ipynb").read_bytes())
    cell = next(cell for cell in reversed(table["cells"]) if cell["cell_type"] == "code")
    each = {
        "pictures": {"data": {"image/png": "iVBORw0KGgo" * 100_000}, "output_type": "display_data", "metadata": {}},
        "numbers": {"data": {"application/json": [[0.125, 17, -3.5e-7]] * 50_000}, "output_type": "display_data"},
        "printed lines": {"name": "stdout", "text": ["step 1200: loss 0.031\n"] * 40_000, "output_type": "stream"},
        "escaped text": {"name": "stderr", "text": ['\x1b[31m"é\\n"\u2028\x1b[0m\n'] * 20_000, "output_type": "stream"},
    }[kind]
    cell["outputs"] = [each] * max(1, size // len(json.dumps(each)))
    return json.dumps(table).encode()


def measured(row: str, path: Path) -> tuple[float, float]:
    """Seconds (the median of three processes) and MB of one row."""
    command = [sys.executable, __file__, "--one", row, str(path)]
    runs = [subprocess.run(command, check=True, capture_output=True, text=True).stdout.split() for _ in range(3)]
    return sorted(float(run[0]) for run in runs)[1], max(float(run[1]) for run in runs)


def measure(row: str, path: Path) -> None:
    """Print the seconds and the MB of reading the file, from opening it to the module's text."""
    from autograder.core.assignment import read_assignment
    from autograder.submissions.submission import open_submission

    assignment = read_assignment(COURSE / "a01_knn")
    open_submission(COURSE / "a01_knn" / "knn.ipynb", assignment)  # so that what is imported late is there
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins here
    before = peak()
    begun = time.perf_counter()
    if row == "gradlab":
        open_submission(path, assignment)
    else:
        json.loads(path.read_bytes())
    print(time.perf_counter() - begun, peak() - before)


def peak() -> float:
    """The most memory that this process had since the peak was reset, in MB."""
    lines = Path("/proc/self/status").read_text().split("\n")
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1000


if __name__ == "__main__":
    main()
