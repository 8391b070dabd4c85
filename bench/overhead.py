"""What gradlab costs where little is computed, and what the sandbox costs where the checks compute.

    python bench/overhead.py                          # small commands, then the sandbox
    python bench/overhead.py --only commands [--runs 5]
    python bench/overhead.py --only sandbox [--runs 5] [--assignments a05 a07]

commands: makes a course on numpy and one on torch with `gradlab new-course`, and measures whole processes: processor
time and largest memory, the least of the runs. Compare the rows on one machine; the seconds of two machines differ.
Other work on a machine adds up to half to a processor time and never takes anything off, so more runs come closer to
the truth. The goals, relative to `import torch`, are 1.2 for `gradlab check` where nothing is written, and 3 for a
class of one.

sandbox: judges each assignment's reference by all its checks that do not train, in turn in this process, in a new
process that is forked from it, and in the sandbox, with the same inputs. Processor seconds, the least of the runs after
one that does not count; "sandbox" is the grader, everything in the sandbox, and the process that reads the
sources, which is one for a class. A comment at the end of the code differs from run to run, so that no run knows the
source already. The sandbox also records which operations ran, where a task forbids some. So the comparison holds that
equal: this process records, too, and "record" is what that adds to its seconds. The goal is a ratio of 1.10 in sum and
1.20 for the worst; "without" is the ratio to this process without the record. The last columns say what the difference
consists of: what any new process pays (pages that it copies when it first writes to them, kernels that torch makes on
first use); and the counted workers, requests and megabytes, each times what one costs when nothing else is done
(measured first). Linux only.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
GRADLAB = [sys.executable, "-m", "autograder"]
SUM, WORST = 1.10, 1.20  # the goals
NUMBERS = count()
RUN = "{run}"  # in a command: the number of the run


def main() -> None:
    """Measure and print the rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=("commands", "sandbox"), help="measure only this")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--assignments", nargs="+", default=[], metavar="NAME", help="for the sandbox (default: all)")
    arguments = parser.parse_args()
    if arguments.only != "sandbox":
        measure_commands(arguments.runs)
    if arguments.only != "commands":
        measure_sandbox(arguments.assignments, arguments.runs)


def measure_commands(runs: int) -> None:
    """Print the processor time and the memory of small commands."""
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
        handed_in = folder / "hand_ins" / "ada"
        handed_in.mkdir(parents=True)
        shutil.copy(ROOT / "assignments" / "a01_knn" / "knn.py", handed_in)
        grade = ["grade", str(handed_in.parent), "--assignment", "a01_knn", "--workers", "1", "--out"]
        rows["import torch"] = ({}, [sys.executable, "-c", "import torch"], folder)
        rows["gradlab check a01_knn, nothing written"] = ({}, [*GRADLAB, "check", "a01_knn"], ROOT)
        rows["gradlab grade, one such hand-in"] = ({}, [*GRADLAB, *grade, str(folder / "results" / RUN)], ROOT)
        print("| command | seconds of processor time | to the first report | MB |\n|---|---|---|---|")
        for what, (variables, command, where) in rows.items():
            measured = [
                measure([part.replace(RUN, str(number)) for part in command], where, variables)
                for number in range(runs)
            ]
            seconds, first, memory = (min(values) for values in zip(*measured, strict=True))
            print(f"| {what} | {seconds:.2f} | {f'{first:.2f}' if first else ''} | {memory:.0f} |", flush=True)


def measure(command: list[str], where: Path, variables: dict[str, str]) -> tuple[float, float, float]:
    """Run a command and return its processor time in seconds, that until its first report, and its memory in MB.

    The time is that of a control group, if one can be made: nobody waits for some processes of the sandbox. Without
    one, or without a report in the folder that is the command's last part, the second figure is 0. The memory is the
    largest of one process.
    """
    environment = {**os.environ, "OMP_NUM_THREADS": "1", **variables}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    with group() as folder:
        pid = os.fork()  # this process imports little, because a child's largest memory includes its parent's
        if pid == 0:
            if folder:
                (folder / "cgroup.procs").write_text(str(os.getpid()))
            os.chdir(where)
            quiet = os.open(os.devnull, os.O_RDWR)
            for descriptor in (1, 2):
                os.dup2(quiet, descriptor)
            os.execve(command[0], command, environment)
        first = seconds_to_report(folder, Path(command[-1]), pid) if folder and "grade" in command else 0.0
        _, _, used = os.wait4(pid, 0)
        seconds = group_seconds(folder) if folder else used.ru_utime + used.ru_stime
    return seconds, first, used.ru_maxrss / 1024


def seconds_to_report(folder: Path, results: Path, pid: int) -> float:
    """Return the processor time of a group when its first report is complete; 0 if its command ends without one."""
    while not any(results.glob("*/report.json")):  # the last of its files
        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return 0.0
        time.sleep(0.005)
    return used_by(folder)


@contextmanager
def group() -> Iterator[Path | None]:
    """Yield the folder of a control group for one command, or None where this user cannot make one."""
    root = Path("/sys/fs/cgroup/cpuacct")  # version 1
    folder = (root if root.is_dir() else root.parent) / f"gradlab-{os.getpid()}"
    try:
        folder.mkdir()
    except OSError:
        yield None
        return
    try:
        yield folder
    finally:
        folder.rmdir()


def group_seconds(folder: Path) -> float:
    """Return the processor time of all processes of a group, after the last one has ended."""
    while (folder / "cgroup.procs").read_text():
        time.sleep(0.05)
    return used_by(folder)


def used_by(folder: Path) -> float:
    """Return the processor time that all processes of a group have used so far."""
    if (folder / "cpuacct.usage").exists():
        return int((folder / "cpuacct.usage").read_text()) / 1e9
    words = (folder / "cpu.stat").read_text().split()
    return int(words[words.index("usage_usec") + 1]) / 1e6


@dataclass
class Traffic:
    """What went between the grader and the sandbox."""

    workers: int = 0
    requests: int = 0
    megabytes: float = 0.0

    def watch(self) -> None:
        """Count from now on, in this process."""
        from autograder.sandbox import box_link
        from autograder.sandbox.pool import WorkerPool

        send, receive, order = box_link.send, box_link.receive, WorkerPool._order

        def counting_send(fd: int, header: bytes, body: Sequence[memoryview], **rest: Any) -> None:
            self.requests += 1
            self.megabytes += sum(map(len, body)) / 1e6
            send(fd, header, body, **rest)

        def counting_receive(fd: int, **rest: Any) -> tuple[bytearray, bytearray]:
            header, body = receive(fd, **rest)
            self.megabytes += len(body) / 1e6
            return header, body

        def counting_order(pool: WorkerPool, limits: dict[str, Any]) -> Any:
            self.workers += 1
            return order(pool, limits)

        box_link.send, box_link.receive = counting_send, counting_receive
        WorkerPool._order = counting_order  # type: ignore[method-assign]


@dataclass(frozen=True)
class UnitCosts:
    """Processor seconds of one worker, of one request without values, and of one megabyte there and back."""

    worker: float
    request: float
    megabyte: float


def measure_sandbox(names: Sequence[str], runs: int) -> None:
    """Print what the checks of each assignment cost in the sandbox and in this process."""
    import torch

    from autograder.core.course import find_assignments
    from autograder.sandbox.isolation import choose

    torch.set_num_threads(1)
    isolation, traffic = choose("auto"), Traffic()
    traffic.watch()
    assignments = find_assignments(tuple(names))
    costs = unit_costs(isolation, assignments[0])
    print(
        f"\n{isolation}: {1e3 * costs.worker:.1f} ms per worker, {1e6 * costs.request:.0f} µs per request, "
        f"{1e3 * costs.megabyte:.2f} ms per MB that is sent\n"
    )
    print("| assignment | here | record | sandbox | ratio | without | new process | workers | requests | MB | rest |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    total = [0.0, 0.0, 0.0]
    worst = 0.0
    for assignment in assignments:
        plain, here, new, box, counted = compare(assignment, isolation, runs, traffic)
        parts = (
            counted.workers * costs.worker,
            counted.requests * costs.request,
            counted.megabytes * costs.megabyte,
        )
        total, worst = [total[0] + here, total[1] + box, total[2] + plain], max(worst, box / here)
        print(
            f"| {assignment.name} | {here:.2f} s | {here - plain:+.2f} s | {box:.2f} s | {box / here:.2f} | "
            f"{box / plain:.2f} | {new - here:+.2f} s | "
            f"{counted.workers}: {parts[0]:.2f} s | {counted.requests}: {parts[1]:.2f} s | "
            f"{counted.megabytes:.0f}: {parts[2]:.2f} s | {box - new - sum(parts):+.2f} s |",
            flush=True,
        )
    print(
        f"| sum | {total[0]:.2f} s | {total[0] - total[2]:+.2f} s | {total[1]:.2f} s | "
        f"{total[1] / total[0]:.2f} (goal {SUM:.2f}); worst {worst:.2f} (goal {WORST:.2f}) | "
        f"{total[1] / total[2]:.2f} | | | | | |"
    )


def compare(assignment: Any, isolation: str, runs: int, traffic: Traffic) -> tuple[float, float, float, float, Traffic]:
    """Return the seconds of the reference's checks, and the traffic.

    They are those here without and with the record of operations, in a new process, and in the sandbox.
    """
    from autograder.authoring.reference import read_reference
    from autograder.sandbox.pool import WorkerPool
    from autograder.session.options import Options
    from autograder.session.session import Checks, with_checks
    from autograder.submissions.submission import code_of_scripts

    code = code_of_scripts(read_reference(assignment), assignment)

    def body(checks: Checks) -> tuple[float, float, float, float, Traffic]:
        plain, here, new, box = [], [], [], []
        with WorkerPool(isolation, course=assignment.course) as pool:
            for _ in range(runs + 1):
                plain.append(seconds_of(partial(judge, checks, other(code), None)))
                here.append(seconds_of(partial(judge, checks, other(code), None, record=True)))
                new.append(seconds_of_fork(partial(judge, checks, other(code), None, record=True)))
                before = replace(traffic)
                box.append(seconds_of(partial(judge, checks, other(code), pool), partial(apart, pool, checks)))
        counted = Traffic(
            traffic.workers - before.workers,
            traffic.requests - before.requests,
            traffic.megabytes - before.megabytes,
        )
        plain_, here_, new_, box_ = (min(seconds[1:]) for seconds in (plain, here, new, box))
        return plain_, here_, new_, box_, counted

    return with_checks(assignment, Options(seed=1, skip_scored=True), body)


def other(code: Any) -> Any:
    """Return the code with a comment at its end, another one each time."""
    comment = f"\n# {next(NUMBERS)}\n"
    return replace(code, files={name: text + comment for name, text in code.files.items()})


def judge(checks: Any, code: Any, pool: Any, *, record: bool = False) -> None:
    """Run all checks, each of which must pass."""
    from autograder.sandbox.open_link import open_link

    with open_link(pool, code, checks.assignment) as link:
        if record:
            record_operations(link)
        results = checks.judge(link, code)
    assert all(result.points for result in results), [result.id for result in results if not result.points]


def record_operations(link: Any) -> None:
    """Have a link to code in this process record operations, as a link to the sandbox does."""
    from autograder.sandbox.call_log import CALLS
    from autograder.sandbox.recorded import parse_recorded

    begin, request = link.begin, link.request
    wanted: list[Any] = []  # functions that the worker does not know yet

    def begin_and_forget(**limits: Any) -> None:
        wanted.clear()
        begin(**limits)

    def request_and_record(fields: dict[str, Any]) -> Any:
        if wanted and fields["do"] in CALLS:
            fields = {**fields, "record": [*wanted]}
            wanted.clear()
        return request(fields)

    link.begin, link.request = begin_and_forget, request_and_record
    link.record = lambda function, apart=(): wanted.append((function, tuple(apart)))
    link.recorded = lambda: parse_recorded(link.worker.recording.listed() if link.worker.recording else [])


def unit_costs(isolation: str, assignment: Any) -> UnitCosts:
    """Measure a worker, a request and a megabyte where nothing is computed."""
    import torch

    from autograder.core.code import Code
    from autograder.sandbox.box_link import BoxLink
    from autograder.sandbox.pool import WorkerPool

    code = Code({"echo.py": "def echo(x):\n    return x\n"})
    value = torch.zeros(1 << 20)  # 4 MiB

    def start(pool: WorkerPool) -> BoxLink:
        link = BoxLink(pool, code, assignment.limits)
        link.begin(seed=0, seconds=60.0, memory_mb=2048)
        return link

    def workers(pool: WorkerPool, count: int) -> None:
        for _ in range(count):
            start(pool).close()

    def requests(link: BoxLink, argument: Any, count: int) -> None:
        echo = link.request({"do": "getattr", "target": link.load("echo"), "name": "echo"})
        for _ in range(count):
            link.request({"do": "call", "f": echo, "args": (argument,), "kwargs": {}})

    with WorkerPool(isolation, course=assignment.course) as pool:
        workers(pool, 3)
        used = partial(in_sandbox, pool)
        worker = seconds_of(partial(workers, pool, 40), used) / 40
        link = start(pool)
        requests(link, value, 3)
        request = seconds_of(partial(requests, link, 0, 2000), used) / 2000
        there_and_back = seconds_of(partial(requests, link, value, 100), used) / 100 - request
        link.close()
    return UnitCosts(worker, request, there_and_back / (2 * value.nbytes / 1e6))


def seconds_of(work: Callable[[], None], others: Callable[[], float] = float) -> float:
    """Return the processor seconds of a piece of work: of this process, and what ``others`` says before and after."""

    def used() -> float:
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.process_time() + ended.ru_utime + ended.ru_stime + others()

    before = used()
    work()
    return used() - before


def seconds_of_fork(work: Callable[[], None]) -> float:
    """Return the processor seconds of a piece of work in a new process, which is forked from this one."""
    pid = os.fork()
    if pid == 0:
        work()
        os._exit(0)
    _, status, used = os.wait4(pid, 0)
    assert status == 0
    return used.ru_utime + used.ru_stime


def apart(pool: Any, checks: Any) -> float:
    """Return the processor seconds of everything in the sandbox and of the process that reads sources."""
    import psutil

    reader = checks.state.analyst._reader
    return in_sandbox(pool) + (sum(psutil.Process(reader.pid).cpu_times()[:2]) if reader else 0.0)


def in_sandbox(pool: Any) -> float:
    """Return the processor seconds of the fork server and of all its workers, also of those that have ended."""
    import psutil

    pool._settle()
    server = psutil.Process(pool.process.pid)
    used = [process.cpu_times() for process in (server, *server.children(recursive=True))]
    return sum(t.user + t.system + t.children_user + t.children_system for t in used)


if __name__ == "__main__":
    main()
