"""No source keeps the source rules busy: the work is bounded, and the refusal costs its author only what it must."""

from __future__ import annotations

import resource

import pytest

from autograder.core.assignment import Assignment
from autograder.core.report import CheckResult, Outcome
from autograder.sandbox.pool import WorkerPool
from autograder.source_rules import analyst
from autograder.submissions.source import MAX_CODE
from tests.attacks.rules import ATTACKS, NEIGHBOURS
from tests.attacks.test_attacks import grade, points
from tests.support.vectors import make_vectors

pytestmark = pytest.mark.slow

READING = 5  # seconds of processor time for all that is not an analysis


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    return make_vectors(tmp_path_factory.mktemp("course"), torch=True)


@pytest.fixture(scope="module")
def pool(isolated_pool: WorkerPool) -> WorkerPool:
    return isolated_pool


def spent() -> float:
    """Return the seconds of processor time of the grader and of its processes that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


@pytest.mark.parametrize("name", ATTACKS)
def test_the_work_is_bounded_and_an_honest_neighbour_keeps_its_points(
    name: str, course: Assignment, pool: WorkerPool
) -> None:
    assert len(ATTACKS[name]) <= MAX_CODE  # a longer one would be refused before the rules read it
    before = spent()
    (attack,) = grade(course, pool, [ATTACKS[name]])
    work = spent() - before
    text = "\n".join(f"{r.id} {r.points} {r.outcome} {r.cause}: {r.message[:300]}" for r in attack)
    assert points(attack) == 0, text
    assert all(result.outcome is Outcome.FAILED for result in attack), text
    assert work < analyst.SECONDS + READING
    (neighbour,) = grade(course, pool, [NEIGHBOURS[name]])
    assert points(neighbour) == 100, [_line(result) for result in neighbour if not result.points]


def _line(result: CheckResult) -> str:
    return f"{result.id}: {result.message}"
