"""A class of a tiny course without torch, for the scripts that disturb the grader."""

from __future__ import annotations

import csv
import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path

import psutil

MANIFEST = """
title = "Tiny"
version = "1.0"
files = ["tiny.py"]
imports = ["numpy"]
[limits]
seconds = 3
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
    expect_close(student.total(x), x.sum(axis=1))
'''
HONEST = "import numpy as np\n\n\ndef double(x):\n    return 2 * x\n\n\ndef total(x):\n    return np.sum(x, axis=1)\n"
MARK = "/tmp/runs"  # in the sandbox, while a check of a slow hand-in runs
SLOW = HONEST.replace(
    "    return 2 * x",
    f"    import time\n    open({MARK!r}, 'w').close()\n    time.sleep(SECONDS)\n    return 2 * x",
)
STORIES = {  # a hand-in, and its points
    SLOW: 100,
    SLOW.replace("axis=1", "axis=0"): 60,
    SLOW.replace("return 2 * x", "return x"): 40,
    SLOW.replace("np.sum(x, axis=1)", "np.array([print(sum(row)) or sum(row) for row in x])"): 100,
    SLOW.replace("    return 2 * x", "    import os\n    os._exit(3)"): 40,
    "def double(:\n": 0,
}
SMALL = 4096  # bytes that a file may have while the disk is "full"
FINISHED = (0, 1)  # exit codes; 2: a person must run the command again


def make_course(root: Path, *, limits: str = "") -> None:
    """Write the course. ``limits`` are more lines of the manifest's limits."""
    folder = root / "assignments" / "tiny"
    for path, text in {
        folder / "assignment.toml": MANIFEST.replace("seconds = 3\n", f"seconds = 3\n{limits}"),
        folder / "check_tiny.py": CHECKS,
        root / "solutions" / "tiny" / "tiny.py": HONEST,
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def make_class(root: Path, students: int, *, seconds: float = 0.0) -> None:
    """Write the course and the hand-ins, most of which take so many seconds."""
    make_course(root)
    for number in range(students):
        text = [*STORIES][number % len(STORIES)].replace("SECONDS", str(seconds))
        hand_in(root, f"s{number:03}", f"{text}\n# {number}\n")


def hand_in(root: Path, student: str, text: str) -> None:
    """Write one hand-in."""
    place = root / "in" / student
    place.mkdir(parents=True)
    (place / "tiny.py").write_text(text)


def grade(
    root: Path,
    out: Path,
    disturb: Callable[[psutil.Popen], None] = lambda process: None,
    *,
    full: bool = False,
    group: Path | None = None,
) -> int:
    """Run the command once, and return its exit code.

    ``full``: as with a full disk. ``group``: the file of a control group to whose processes it is added.
    """
    gradlab = Path(sys.executable).with_name("gradlab")
    command = [str(gradlab), "grade", str(root / "in"), "--out", str(out)]
    command += ["--assignment", str(root / "assignments" / "tiny"), "--public-only", "--workers", "2"]

    def prepare() -> None:
        if full:
            resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL, resource.RLIM_INFINITY))
        if group:
            group.write_text(str(os.getpid()))

    logs = root / "logs"
    logs.mkdir(exist_ok=True)
    with open(logs / f"{len([*logs.iterdir()]):03}", "ab") as log:  # one for each run: it may not grow, too
        process = psutil.Popen(command, stdout=log, stderr=log, start_new_session=True, preexec_fn=prepare)
        disturb(process)
        return int(process.wait())


def last_log(root: Path) -> str:
    """Return what the last run printed."""
    return max((root / "logs").iterdir()).read_text()


def gradebook_in(out: Path) -> bytes:
    """Return the gradebook, or nothing if there is none."""
    gradebook = out / "gradebook.csv"
    return gradebook.read_bytes() if gradebook.exists() else b""


def points_in(out: Path) -> dict[str, str]:
    """Return the column of points, by student."""
    rows = csv.DictReader(gradebook_in(out).decode().splitlines())
    return {row["student"]: row["points"] for row in rows}
