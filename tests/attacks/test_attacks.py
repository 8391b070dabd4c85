"""No attack gains a point, stops the grader or is mistaken for our own failure."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from autograder.core.assignment import Assignment
from autograder.core.code import Code
from autograder.core.report import CheckResult, Outcome
from autograder.sandbox.box_link import BoxLink
from autograder.sandbox.pool import WorkerPool
from autograder.session.options import Options
from autograder.session.session import Checks, with_checks
from tests.attacks import ATTACKS
from tests.support.vectors import HONEST, make_vectors

KEPT = 4  # processes: bubblewrap's own two, the fork server, and the worker it keeps ahead
SECONDS = 30.0  # an attack's import and four checks, each with its own limit


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    return make_vectors(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def pool(isolation: str) -> Iterator[WorkerPool]:
    with WorkerPool(isolation) as pool:
        yield pool


def grade(course: Assignment, pool: WorkerPool, sources: list[str]) -> list[tuple[CheckResult, ...]]:
    """The results of several hand-ins, one after the other, in one session."""

    def one(checks: Checks, source: str) -> tuple[CheckResult, ...]:
        link = BoxLink(pool, Code({"vectors.py": source}), course.limits)
        try:
            return checks.judge(link, Code({"vectors.py": source}))
        finally:
            link.close()

    return with_checks(course, Options(), lambda checks: [one(checks, source) for source in sources])


def points(results: tuple[CheckResult, ...]) -> int:
    return sum(result.points for result in results)


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_gains_nothing_and_harms_nobody(name: str, course: Assignment, pool: WorkerPool) -> None:
    begun = time.monotonic()
    attack, after = grade(course, pool, [ATTACKS[name], HONEST])
    told = "\n".join(f"{r.id} {r.points} {r.outcome} {r.cause}: {r.message[:300]}" for r in attack)
    assert points(attack) == 0, told
    assert all(result.outcome is Outcome.FAILED for result in attack), told
    assert "hidden checks were read" not in told
    assert "was raised" not in told
    assert all(len(result.message) < 5000 and len(result.output) <= 66_000 for result in attack)
    assert points(after) == 100, after
    assert time.monotonic() - begun < SECONDS
    assert settled(pool)


def settled(pool: WorkerPool) -> bool:
    """Has all ended that submissions began? Raises AssertionError with what is left after 300 looks, 15 s at least."""
    for _ in range(300):  # looks, not seconds: a machine that stands still must not count
        left = descendants(pool.process.pid)
        if len(left) <= KEPT:
            return True
        time.sleep(0.05)
    raise AssertionError("\n".join(left))


def descendants(pid: int) -> list[str]:
    """The processes that stem from ``pid``, itself included, each as a line. The dying are left out."""
    parents: dict[int, int] = {}
    lines: dict[int, str] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppressed():
            text = stat.read_text()
            state, parent, *_ = text.rpartition(")")[2].split()
            if state not in "ZX":
                parents[int(stat.parent.name)] = int(parent)
                lines[int(stat.parent.name)] = text[:200]
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return [lines[each] for each in sorted(found) if each in lines]


@contextmanager
def suppressed() -> Iterator[Any]:
    """A process may end while it is looked at."""
    try:
        yield
    except (FileNotFoundError, ProcessLookupError):
        return
