"""The part of bench/fuzz.py that grades damaged hand-ins in the sandbox: no check may be broken.

Nine of ten are scripts, notebooks and zips of a tiny course without torch, so that a worker starts quickly. Each tenth
one is a damaged hand-in of tests/golden, graded with its hidden checks and source rules. A number and the seed decide
about a hand-in, so that what is found can be had again: ``--first N --handins 1``.
"""

from __future__ import annotations

import io
import json
import random
import shutil
import sys
import tempfile
import threading
import time
import traceback
import zipfile
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from damage import changed_statements, changed_tree, damaged_bytes, damaged_file, damaged_source
from tiny_class import HONEST, make_class

from autograder.core.report import Cause, Outcome, Report
from autograder.runners.grader_process import GraderProcess, Job, Setup
from autograder.sandbox.isolation import choose
from autograder.session.options import Options
from tests.support.vectors import make_vectors

GOLDEN = Path(__file__).resolve().parents[1] / "tests" / "golden"
WAITING = ("endless_loop", "exits_while_it_loads")  # each takes the whole limit of its checks
EACH_GOLDEN = 10
SLOW_SECONDS = 10.0  # of the grader's own processor time, for one hand-in
SHOWN = 3000  # bytes of a hand-in
SOURCES = (
    HONEST,
    """def double(x):
    return x + x


def total(x):
    out = []
    for row in x:
        out.append(sum(row))
    return __import__("numpy").array(out)
""",
    """import numpy as np
from functools import wraps


def loud(f):
    @wraps(f)
    def inner(x):
        print("x", x)
        return f(x)

    return inner


@loud
def double(x):
    return 2 * x


@loud
def total(x):
    return np.add.reduce(x, axis=1)
""",
    """import numpy

x = 1


class Twice:
    def __init__(self, x):
        self.x = x

    def __call__(self):
        return self.x * 2


def double(x):
    return Twice(x)()


total = lambda x: numpy.einsum("ij->i", x)
""",
    """# \u4e24\u500d
import numpy as np
import own


def double(x):
    '''\u4e24\u500d of x'''
    x = x.copy()
    x *= 2
    return x


def total(x):
    try:
        return np.array([own.add(row) for row in x])
    finally:
        del x
""",
    """def double(x):
    raise NotImplementedError


def total(x):
    with open("notes.txt", "w") as file:
        print(x, file=file)
    return x.sum(1)
""",
)
OWN = "def add(x):\n    total = 0\n    for value in x:\n        total += value\n    return total\n"
Files = dict[str, bytes]


@dataclass
class Work:
    """The numbers that are left, and what came of the others, for all threads."""

    seed: int
    left: list[int]
    golden: bool
    outcomes: Counter[str] = field(default_factory=Counter)
    begun: float = field(default_factory=time.monotonic)

    def next(self) -> int | None:
        """Return a number that no other thread has."""
        with suppress(IndexError):
            return self.left.pop()
        return None


def fuzz_handins(count: int, *, seed: int, first: int, jobs: int) -> Counter[str]:
    """Grade ``count`` damaged hand-ins with ``jobs`` grader processes of the tiny course and one of the golden one."""
    numbers = range(first + count - 1, first - 1, -1)
    tiny = Work(seed, [number for number in numbers if number % EACH_GOLDEN], golden=False)
    golden = Work(seed, [number for number in numbers if not number % EACH_GOLDEN], golden=True)
    with tempfile.TemporaryDirectory(prefix="gradlab-fuzz-") as name:
        root = Path(name)
        make_class(root / "tiny", 0)
        make_vectors(root / "golden")
        threads = [threading.Thread(target=grade_some, args=(golden, root / "golden", golden.outcomes))]
        threads += [threading.Thread(target=grade_some, args=(tiny, root / "tiny", tiny.outcomes)) for _ in range(jobs)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            for thread in threads:
                thread.join(60 / len(threads))
            done = {"tiny": tiny.outcomes.total(), "golden": golden.outcomes.total()}
            print(f"{time.monotonic() - tiny.begun:.0f} s: {done}, {tiny.outcomes + golden.outcomes}", flush=True)
    return tiny.outcomes + golden.outcomes


def grade_some(work: Work, course: Path, outcomes: Counter[str]) -> None:
    """Grade hand-ins until none is left."""
    (folder,) = (course / "assignments").iterdir()
    setup = Setup(folder, Options(), choose("auto"), hidden=work.golden)
    grader = GraderProcess(setup)
    try:
        while (number := work.next()) is not None:
            path = course / "in" / f"s{number}"
            dice = random.Random(f"{work.seed} {number}")
            write(path, golden_handin(dice) if work.golden else tiny_handin(dice))
            before, begun = processor_seconds(grader), time.monotonic()
            try:
                report = grader.grade(Job("s", path))
            except Exception:
                outcome, problem = "BROKEN", traceback.format_exc()
                grader.close()
                grader = GraderProcess(setup)
            else:
                outcome, problem = outcome_of(report)
                spent, wall = processor_seconds(grader) - before, time.monotonic() - begun
                if spent > SLOW_SECONDS:
                    outcome, problem = "BROKEN", f"{spent:.0f} s of the grader's processor time; {wall:.0f} s in all"
            with LOCK:
                outcomes[outcome] += 1
            if problem:
                shown = {str(file.relative_to(path)): file.read_bytes()[:SHOWN] for file in path.rglob("*.*")}
                print(f"hand-in {number}: {problem}\n{shown!r}", file=sys.stderr, flush=True)
            shutil.rmtree(path)
    finally:
        grader.close()


LOCK = threading.Lock()


def processor_seconds(grader: GraderProcess) -> float:
    """Return the processor time of a grader process, without that of its sandbox."""
    times = psutil.Process(grader._process.pid).cpu_times()
    return float(times.user + times.system)


def outcome_of(report: Report) -> tuple[str, str]:
    """Return how a hand-in ended, and what is wrong with that."""
    broken = [check for check in report.checks if check.outcome is Outcome.BROKEN]
    if broken:
        return "BROKEN", f"{broken[0].id}: {broken[0].message}"
    if report.refusal:
        return "refused", ""
    late = any(check.cause is Cause.TIMEOUT for check in report.checks)
    return "over the time limit" if late else f"{report.points} points", ""


def write(folder: Path, files: Files) -> None:
    """Write a hand-in."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def golden_handin(dice: random.Random) -> Files:
    """Return a hand-in of tests/golden with one file damaged."""
    folder = dice.choice([one for one in sorted(GOLDEN.glob("*/handin")) if one.parent.name not in WAITING])
    files = {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}
    changed = dice.choice([*files])
    files[changed] = damaged_file(changed, files[changed], dice)
    return files


def tiny_handin(dice: random.Random) -> Files:
    """Return a damaged hand-in of the tiny course: a script, a notebook or a zip."""
    source = dice.choice(SOURCES)
    act = dice.random()
    if act < 0.5:
        source = damaged_source(source, dice)
    elif act < 0.85:
        source = changed_statements(source, dice)
    cell: dict[str, Any] = {
        "cell_type": "code",
        "execution_count": None,
        "id": "a",
        "metadata": {},
        "outputs": [],
        "source": source,
    }
    book: Any = {"cells": [cell, {**cell, "id": "b"}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    kind = dice.random()
    name, content = "tiny.py", source.encode("utf-8", "surrogateescape")
    if kind < 0.35:
        for _ in range(dice.randint(0, 3)):
            book = changed_tree(book, dice)
        name, content = "tiny.ipynb", json.dumps(book).encode()
    if dice.random() < 0.2:
        content = damaged_bytes(content, dice)
    files = {name: content, "own.py": OWN.encode()} if "own" in source else {name: content}
    if dice.random() < 0.2:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", dice.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as file:
            for each, inside in files.items():
                file.writestr(each, inside)
        packed = archive.getvalue()
        files = {"tiny.zip": damaged_bytes(packed, dice) if dice.random() < 0.6 else packed}
    return files
