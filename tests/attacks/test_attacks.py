"""No attack earns a point, stops the grader or looks like a failure of gradlab."""

from __future__ import annotations

import pytest

from autograder.core.assignment import Assignment
from autograder.core.code import Code
from autograder.core.report import CheckResult, Outcome
from autograder.sandbox.box_link import BoxLink
from autograder.sandbox.pool import WorkerPool
from autograder.session.options import Options
from autograder.session.session import Checks, with_checks
from tests.attacks import ATTACKS
from tests.support.box import settled
from tests.support.vectors import TORCH_HONEST as HONEST
from tests.support.vectors import make_vectors

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    return make_vectors(tmp_path_factory.mktemp("course"), torch=True)


@pytest.fixture(scope="module")
def pool(isolated_pool: WorkerPool) -> WorkerPool:
    return isolated_pool


def grade(course: Assignment, pool: WorkerPool, sources: list[str]) -> list[tuple[CheckResult, ...]]:
    """Return the results of several hand-ins, graded one after the other in one session."""

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
def test_an_attack_earns_nothing_and_harms_no_other_hand_in(name: str, course: Assignment, pool: WorkerPool) -> None:
    attack, after = grade(course, pool, [ATTACKS[name], HONEST])
    text = "\n".join(f"{r.id} {r.points} {r.outcome} {r.cause}: {r.message[:300]}" for r in attack)
    assert points(attack) == 0, text
    assert all(result.outcome is Outcome.FAILED for result in attack), text
    assert "hidden checks were read" not in text
    assert "was raised" not in text
    assert all(len(result.message) < 5000 and len(result.output) <= 66_000 for result in attack)
    assert points(after) == 100, after
    assert settled(pool)
