"""Grade a class while processes are killed and paused and the disk is full: does the gradebook stay the same?

    python bench/kills.py [--students 300] [--kills 60] [--gap 4] [--seed 0]

A class of a tiny course is graded once undisturbed. Then it is graded again and again; at random moments a random
process is killed (the command itself, a grader process, a fork server, a worker as by a system without memory), the
whole command is paused, or files may not grow, as on a full disk. The same command is run again until it finishes.
The gradebook must equal that of the undisturbed run byte for byte. Faults are half a second to ``--gap`` seconds
apart. Where the command needs longer than that to start, as on a busy machine, a larger gap lets faults come later.
"""

from __future__ import annotations

import argparse
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

MANIFEST = """
title = "Tiny"
version = "1.0"
files = ["tiny.py"]
imports = ["torch"]
[[tasks]]
name = "double"
title = "Double"
points = 60
[[tasks]]
name = "total"
title = "Total"
points = 40
"""
CHECKS = '''
import torch
from autograder import expect_close, task


@task("double")
def check_double(student, rng):
    """Each number is doubled."""
    x = rng.normal(3, 4)
    expect_close(student.double(x), 2 * x)


@task("total")
def check_total(student, rng):
    """Rows are added up."""
    x = rng.normal(3, 4)
    expect_close(student.total(x), x.sum(dim=1))
'''
HONEST = "import torch\n\n\ndef double(x):\n    return 2 * x\n\n\ndef total(x):\n    return x.sum(dim=1)\n"
STORIES = (
    HONEST,
    HONEST.replace("dim=1", "dim=0"),
    HONEST.replace("return 2 * x", "return x"),
    HONEST.replace("    return 2 * x", "    import time\n    time.sleep(0.05)\n    return 2 * x"),
    HONEST.replace("    return 2 * x", "    import os\n    os._exit(3)"),
    "def double(:\n",
)
SERVER = "autograder.sandbox.inside.fork_server"
KINDS = {"the command": 1, "a grader process": 2, "a fork server": 2, "a worker": 5, "paused": 1, "disk full": 1}
PAUSE, SMALL = 3.0, 4096  # seconds; bytes that a file may have while the disk is "full"
MOST_RUNS = 200


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--students", type=int, default=300)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--gap", type=float, default=4.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="gradlab-kills-") as name:
        root = Path(name)
        make_class(root, options.students)
        calm = root / "calm"
        begun = time.monotonic()
        grade(root, calm, lambda process: None)
        undisturbed = time.monotonic() - begun
        dice, done, classes, runs = random.Random(options.seed), Counter[str](), 0, 0
        while done.total() < options.kills:
            out = root / f"stormy{classes}"
            out.mkdir()
            shutil.copy(calm / "secret.key", out)
            runs += disturbed(root, out, dice, done, options.kills, gap=options.gap)
            classes += 1
            same = gradebook_in(out) == gradebook_in(calm)
            print(
                f"class {classes}: {done.total()} faults so far; gradebook {'equal' if same else 'DIFFERENT'}",
                flush=True,
            )
            if not same:
                shutil.copytree(out, Path.cwd() / "kills-different", dirs_exist_ok=True)
                shutil.copytree(root / "logs", Path.cwd() / "kills-different" / "logs", dirs_exist_ok=True)
                sys.exit(1)
    print(
        f"\n{options.students} students, graded {classes} times; undisturbed {undisturbed:.0f} s; seed {options.seed}\n"
    )
    print("| fault | how often |\n|---|---|")
    for kind in KINDS:
        print(f"| {kind} | {done[kind]} |")
    print(f"\n{runs} runs of the command in all. Every gradebook equals the undisturbed one byte for byte.")


def gradebook_in(out: Path) -> bytes:
    """Return the gradebook, or nothing if there is none."""
    gradebook = out / "gradebook.csv"
    return gradebook.read_bytes() if gradebook.exists() else b""


def make_class(root: Path, students: int) -> None:
    """Write the course and the hand-ins."""
    folder = root / "assignments" / "tiny"
    for path, text in {
        folder / "assignment.toml": MANIFEST,
        folder / "check_tiny.py": CHECKS,
        root / "solutions" / "tiny" / "tiny.py": HONEST,
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for number in range(students):
        place = root / "in" / f"s{number:03}"
        place.mkdir(parents=True)
        (place / "tiny.py").write_text(f"{STORIES[number % len(STORIES)]}\n# {number}\n")


def grade(root: Path, out: Path, disturb: Callable[[psutil.Popen], None], *, full: bool = False) -> int:
    """Run the command once, and return its exit code."""
    gradlab = Path(sys.executable).with_name("gradlab")
    command = [str(gradlab), "grade", str(root / "in"), "--out", str(out)]
    command += ["--assignment", str(root / "assignments" / "tiny"), "--public-only", "--workers", "2"]

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL, SMALL))

    logs = root / "logs"
    logs.mkdir(exist_ok=True)
    with open(logs / f"{len([*logs.iterdir()]):03}", "ab") as log:  # one for each run: it may not grow, too
        process = psutil.Popen(
            command, stdout=log, stderr=log, start_new_session=True, preexec_fn=limit if full else None
        )
        disturb(process)
        return int(process.wait())


def disturbed(root: Path, out: Path, dice: random.Random, done: Counter[str], most: int, *, gap: float) -> int:
    """Run the command until it finishes; return how often it was run."""
    for run in range(1, MOST_RUNS):
        kind = dice.choices([*KINDS], [*KINDS.values()])[0]
        full = kind == "disk full" and done.total() < most
        done["disk full"] += full

        def disturb(process: psutil.Popen) -> None:
            while process.poll() is None:
                with suppress(psutil.TimeoutExpired):
                    process.wait(dice.uniform(0.5, gap))
                if done.total() < most and process.poll() is None:
                    strike(process, dice, done)

        if grade(root, out, (lambda process: None) if full else disturb, full=full) in (0, 1):
            return run
    raise SystemExit(f"The class was not finished after {MOST_RUNS} runs; see {root / 'logs'}.")


def strike(process: psutil.Popen, dice: random.Random, done: Counter[str]) -> None:
    """Kill or pause one process, if there is one of the kind."""
    kind = dice.choices([*KINDS], [*KINDS.values()])[0]
    with suppress(psutil.NoSuchProcess):
        family = process.children(recursive=True)
        if kind == "paused":
            for each in (process, *family):
                with suppress(psutil.NoSuchProcess):
                    each.suspend()
            time.sleep(PAUSE)
            for each in (process, *family):
                with suppress(psutil.NoSuchProcess):
                    each.resume()
            done[kind] += 1
        elif victims := [process] if kind == "the command" else [one for one in family if kind_of(one) == kind]:
            dice.choice(victims).send_signal(signal.SIGKILL)
            done[kind] += 1


def kind_of(process: psutil.Process) -> str:
    """Return which of gradlab's processes this is, or an empty string."""
    try:
        line, parent = process.cmdline(), process.parent()
        above = parent.cmdline() if parent else []
    except psutil.Error:
        return ""
    if "bwrap" in line[:1] or not line:
        return ""
    if SERVER in line:
        return "a worker" if SERVER in above and "bwrap" not in above[:1] else "a fork server"
    return "a grader process" if any("spawn_main" in part for part in line) else ""


if __name__ == "__main__":
    main()
