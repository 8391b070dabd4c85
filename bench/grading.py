"""Compare the throughput of gradlab and nbgrader: the same five kNN checks on the same submissions, in one run.

    python bench/grading.py [--n 20]
    python bench/grading.py --before CHECKOUT [--n 20]

nbgrader has plain asserts in its test cells, gradlab check functions; inputs and tolerances are the same. Both grade
one submission at a time. The table has figures without and with start-up (of nbgrader's program; of gradlab's grader
process and fork server). The start of a sandboxed worker is measured from the request to the first answer, and compared
with `import torch` in a new interpreter.

With ``--before`` only gradlab is measured: this version and that of another checkout grade the same hand-ins, the
notebook of a01's reference with different comments, by the checkout's a01. One hand-in of each version in turn; the
figures are processor time of the grader process and everything it started. Linux only.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat

from autograder.core.assignment import read_assignment
from autograder.runners.grader_process import GraderProcess, Job, Setup
from autograder.sandbox.isolation import choose
from autograder.sandbox.pool import WorkerPool
from autograder.session.options import Options

SOLUTION = """\
import torch


def two_loops(x, y):
    out = x.new_zeros(len(x), len(y))
    for i in range(len(x)):
        for j in range(len(y)):
            out[i, j] = ((x[i] - y[j]) ** 2).sum().sqrt()
    return out


def one_loop(x, y):
    return torch.stack([((row - y) ** 2).sum(1).sqrt() for row in x])


def no_loops(x, y):
    squared = (x**2).sum(1)[:, None] + (y**2).sum(1) - 2 * x @ y.T
    return squared.clamp(min=0).sqrt()


def predict(dists, labels):
    return labels[dists.argmin(0)]


def best_k(table):
    return max(sorted(table), key=lambda k: sum(table[k]) / len(table[k]))
"""

# name -> (expected value, arguments of the student's function); INPUTS defines x and y
INPUTS = "x, y = torch.randn(9, 12, dtype=torch.float64), torch.randn(7, 12, dtype=torch.float64)"
CHECKS = {
    "two_loops": ("torch.cdist(x, y)", "(x, y)"),
    "one_loop": ("torch.cdist(x, y)", "(x, y)"),
    "no_loops": ("torch.cdist(x, y)", "(x, y)"),
    "predict": ("labels[torch.cdist(x, y).argmin(0)]", "(torch.cdist(x, y), labels)"),
    "best_k": ("3", "({1: [0.1, 0.2], 3: [0.5, 0.4], 5: [0.4, 0.4]})"),
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=20, help="submissions")
    parser.add_argument("--before", type=Path, help="a checkout of an earlier version")
    parser.add_argument("--serve", nargs=2, type=Path, help=argparse.SUPPRESS)  # an assignment, a folder of hand-ins
    arguments = parser.parse_args()
    count = arguments.n
    if arguments.serve:
        serve(*arguments.serve)
        return
    if arguments.before:
        compare_versions(arguments.before.resolve(), count)
        return
    isolation = choose("auto")
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        start, total = time_nbgrader(root / "nbgrader", count)
        rows = [("nbgrader autograde", start, total)]
        for name in (isolation, "none"):
            rows.append((f"gradlab, isolation {name}", *time_gradlab(root / f"gradlab-{name}", count, name)))
    print(f"{count} submissions, five checks each, one at a time\n")
    print(f"{'':28} {'start-up':>9} {'each':>12} {'throughput':>11} {'with start-up':>14}")
    _, base_start, base = rows[0]
    for name, start, each in rows:
        whole = (base_start + count * base) / (start + count * each)
        print(f"{name:28} {start:7.2f} s {each * 1000:9.1f} ms {base / each:9.1f} x {whole:12.1f} x")
    ready, load = time_box(isolation), time_import()
    print(
        f"\na worker in the sandbox, from request to first answer: {ready * 1000:.1f} ms; "
        f"importing torch: {load * 1000:.0f} ms ({load / ready:.0f} x)"
    )


def compare_versions(before: Path, count: int) -> None:
    """Print the processor time per hand-in of both versions, and the median of the ratios of pairs."""
    after = Path(__file__).resolve().parent.parent
    with tempfile.TemporaryDirectory() as temporary:
        handins = Path(temporary)
        for number in range(count + 1):
            (handins / f"s{number:03}.ipynb").write_bytes(reference_notebook(before, number))
        sides = [Side(root, before / "assignments" / "a01_knn", handins) for root in (before, after)]
        for side in sides:
            side.grade(count)  # the first hand-in fills caches
        pairs = [
            [side.grade(number) for side in (sides if number % 2 else sides[::-1])][:: 1 if number % 2 else -1]
            for number in range(count)
        ]
        for side in sides:
            side.close()
    ratios = sorted(new / old for old, new in pairs)
    print(f"{count} notebooks of a01, one of each version in turn; processor time per hand-in\n")
    for name, index in (("before", 0), ("after", 1)):
        times = sorted(pair[index] for pair in pairs)
        print(f"{name:8} median {statistics.median(times):.3f} s, from {times[0]:.3f} to {times[-1]:.3f} s")
    print(f"after / before: median {statistics.median(ratios):.3f}, from {ratios[0]:.3f} to {ratios[-1]:.3f}")
    print(f"sums: {sum(new for _, new in pairs) / sum(old for old, _ in pairs):.3f}")


def reference_notebook(root: Path, number: int) -> bytes:
    """Return the released notebook of a01 with the reference's solutions, as a student saves it."""
    import json

    from autograder.authoring.cells import MARKERS, read_source, to_notebook

    path = root / "solutions" / "a01_knn" / "knn.py"
    written = to_notebook(read_source(path), path, read_assignment(root / "assignments" / "a01_knn"))["cells"]
    solutions = {cell.metadata["task"]: cell.source for cell in written if "task" in cell.metadata}
    book = json.loads((root / "assignments" / "a01_knn" / "knn.ipynb").read_bytes())
    for cell in book["cells"]:
        source = solutions.get(cell["metadata"].get("task", ""), "".join(cell["source"]))
        cell["source"] = "\n".join(line for line in source.split("\n") if not any(mark in line for mark in MARKERS))
    book["cells"][-1]["source"] += f"\n# {number}"
    return json.dumps(book).encode()


class Side:
    """A grader process of one version, in an interpreter of its own."""

    def __init__(self, root: Path, assignment: Path, handins: Path) -> None:
        command = [sys.executable, __file__, "--serve", str(assignment), str(handins)]
        self.process = subprocess.Popen(
            command,
            env=os.environ | {"PYTHONPATH": str(root)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def grade(self, number: int) -> float:
        """Return the seconds of processor time that one hand-in took."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{number}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer.startswith("took "), answer
        return float(answer.split()[1])

    def close(self) -> None:
        """End the process."""
        self.process.communicate()


def serve(assignment: Path, handins: Path) -> None:
    """Grade the hand-ins whose numbers come in, and print what each took."""
    grader = GraderProcess(Setup(read_assignment(assignment).folder, Options(seed=1), choose("auto")))
    for line in sys.stdin:
        path = handins / f"s{int(line):03}.ipynb"
        begun = processor_time()
        report = grader.grade(Job(path.stem, path))
        assert report.points == report.max_points, [c.message for c in report.checks if c.message][:1]
        print(f"took {processor_time() - begun}", flush=True)
    grader.close()


def processor_time() -> float:
    """Return the seconds of processor time of this process, its living descendants and those that ended."""
    rows = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, _, rest = path.read_text().partition(" ")
        except OSError:  # it has ended
            continue
        fields = rest.rpartition(")")[2].split()
        rows[int(pid)] = (int(fields[1]), sum(map(int, fields[11:15])))  # the parent; ticks with ended children
    own, ticks = [os.getpid()], 0
    while own:
        pid = own.pop()
        ticks += rows.get(pid, (0, 0))[1]
        own += [child for child, (parent, _) in rows.items() if parent == pid]
    return ticks / os.sysconf("SC_CLK_TCK")


def time_gradlab(root: Path, count: int, isolation: str) -> tuple[float, float]:
    """Return seconds to start, and seconds per submission."""
    public, handins = root / "assignments" / "a01_bench", root / "handins"
    public.mkdir(parents=True)
    handins.mkdir()
    tasks = "".join(f'[[tasks]]\nname = "{name}"\ntitle = "{name}"\npoints = 20\n' for name in CHECKS)
    (public / "assignment.toml").write_text(f'title = "Bench"\nversion = "1"\nfiles = ["bench.py"]\n{tasks}')
    text = "import torch\nfrom autograder import expect_close, expect_equal, task\n"
    for name, (expected, arguments) in CHECKS.items():
        text += f'\n\n@task("{name}")\ndef check_{name}(student):\n    """{name}"""\n'
        text += f"    torch.manual_seed(0)\n    {INPUTS}\n    labels = torch.arange(9)\n"
        call = f"student.{name}{arguments}"
        compare = "expect_equal" if name in ("predict", "best_k") else "expect_close"
        text += f"    {compare}({call}, {expected})\n"
    (public / "check_bench.py").write_text(text)
    jobs = []
    for number in range(count):
        path = handins / f"s{number:03}.py"
        path.write_text(SOLUTION + f"\n# {number}\n")
        jobs.append(Job(f"s{number:03}", path))
    begun = time.perf_counter()
    grader = GraderProcess(Setup(read_assignment(public).folder, Options(), isolation, hidden=False))
    started = time.perf_counter()
    reports = [grader.grade(job) for job in jobs]
    ended = time.perf_counter()
    grader.close()
    assert all(report.points == 100 for report in reports), reports[0]
    return started - begun, (ended - started) / count


def time_nbgrader(root: Path, count: int) -> tuple[float, float]:
    """Return the seconds of `nbgrader autograde` without a submission, and the seconds per submission."""
    source = root / "source" / "bench"
    source.mkdir(parents=True)
    (root / "nbgrader_config.py").write_text('c = get_config()\nc.CourseDirectory.course_id = "bench"\n')
    nbformat.write(notebook(), source / "bench.ipynb")
    command = [sys.executable, "-m", "nbgrader"]
    folders = [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
    env = os.environ | {"PATH": os.pathsep.join(folders)}  # nbgrader starts alembic by its name
    subprocess.run([*command, "generate_assignment", "bench"], cwd=root, env=env, check=True, capture_output=True)
    begun = time.perf_counter()
    subprocess.run([*command, "autograde", "--help"], cwd=root, env=env, check=True, capture_output=True)
    start = time.perf_counter() - begun
    for number in range(count):
        folder = root / "submitted" / f"s{number:03}" / "bench"
        folder.mkdir(parents=True)
        nbformat.write(notebook(), folder / "bench.ipynb")
    begun = time.perf_counter()
    subprocess.run([*command, "autograde", "bench"], cwd=root, env=env, check=True, capture_output=True)
    return start, max(time.perf_counter() - begun - start, 1e-9) / count


def notebook() -> nbformat.NotebookNode:
    """Write the five checks as nbgrader test cells, below the solution."""
    book = nbformat.v4.new_notebook()
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    book.cells = [_cell(SOLUTION, "solution", 0, solution=True)]
    for name, (expected, arguments) in CHECKS.items():
        check = f"torch.manual_seed(0)\n{INPUTS}\nlabels = torch.arange(9)\n"
        check += f"value, expected = {name}{arguments}, {expected}\n"
        check += "assert value == expected" if name == "best_k" else "assert torch.allclose(value, expected)"
        book.cells.append(_cell(check, f"test-{name}", 20, solution=False))
    return book


def _cell(source: str, name: str, points: int, *, solution: bool) -> nbformat.NotebookNode:
    cell = nbformat.v4.new_code_cell(source, id=name.replace("_", "-"))
    marks = {"schema_version": 3, "grade_id": name, "solution": solution, "grade": not solution, "locked": not solution}
    cell.metadata["nbgrader"] = {**marks, "task": False, **({} if solution else {"points": points})}
    return cell


def time_box(isolation: str) -> float:
    """Return the median seconds from the request for a worker to its first answer."""
    from autograder.core.code import Code  # versions that are compared by --before may lack it
    from autograder.sandbox.box_link import BoxLink

    limits = read_assignment(Path(__file__).resolve().parent.parent / "assignments" / "a01_knn").limits
    times = []
    with WorkerPool(isolation) as pool:
        for _ in range(21):
            begun = time.perf_counter()
            link = BoxLink(pool, Code({"m.py": ""}), limits)
            link.begin(seed=0, seconds=10, memory_mb=1024)
            times.append(time.perf_counter() - begun)
            link.close()
    return statistics.median(times)


def time_import() -> float:
    """Return the median of three times, in seconds, that a new interpreter takes to import torch."""
    times = []
    for _ in range(3):
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", "import torch"], check=True)
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


if __name__ == "__main__":
    main()
