"""No attack earns a point, stops the grader or looks like a failure of gradlab."""

from __future__ import annotations

import re

import pytest

from autograder.core.assignment import Assignment
from autograder.core.code import Code
from autograder.core.report import Cause, CheckResult, Outcome
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
def short_course(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    """The same for attacks that use all the time there is, however much."""
    return make_vectors(tmp_path_factory.mktemp("short"), torch=True, seconds=0.5)


@pytest.fixture(scope="module")
def pool(isolated_pool: WorkerPool) -> WorkerPool:
    return isolated_pool


Results = tuple[CheckResult, ...]
ENDLESS = re.compile(
    r"exhaustion: time, (?!in twelve)|exhaustion: killed by|exhaustion: its main|.* hangs$|.* silence$|.* invented$"
)


def grade(course: Assignment, pool: WorkerPool, sources: list[str]) -> list[Results]:
    """Return the results of several hand-ins, graded one after the other in one session."""
    return with_checks(course, Options(), lambda checks: [judge(checks, course, pool, source) for source in sources])


def judge(checks: Checks, course: Assignment, pool: WorkerPool, source: str) -> Results:
    """Return the results of one hand-in."""
    code = Code({"vectors.py": source})
    link = BoxLink(pool, code, course.limits)
    try:
        return checks.judge(link, code)
    finally:
        link.close()


def points(results: Results) -> int:
    return sum(result.points for result in results)


@pytest.fixture(scope="module")
def graded(
    request: pytest.FixtureRequest, course: Assignment, short_course: Assignment, pool: WorkerPool
) -> dict[str, tuple[Results, Results] | Exception]:
    """The results of each selected attack and of the honest hand-in after it, graded in one session for each course."""
    tests = [
        item for item in request.session.items if isinstance(item, pytest.Function) and item.parent is request.node
    ]
    selected = {test.callspec.params["name"] for test in tests}
    endless = {name for name in selected if ENDLESS.match(name)}

    def both(checks: Checks, name: str) -> tuple[Results, Results] | Exception:
        try:
            attack, after = (judge(checks, checks.assignment, pool, source) for source in (ATTACKS[name], HONEST))
            assert settled(pool)
        except Exception as error:  # of this attack: its own test shows it
            return error
        return attack, after

    found: dict[str, tuple[Results, Results] | Exception] = {}
    for where, names in ((course, selected - endless), (short_course, endless)):
        found |= with_checks(
            where,
            Options(),
            lambda checks, names=names: {name: both(checks, name) for name in ATTACKS if name in names},
        )
    return found


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_earns_nothing_and_harms_no_other_hand_in(
    name: str, graded: dict[str, tuple[Results, Results] | Exception]
) -> None:
    found = graded[name]
    if isinstance(found, Exception):
        raise found
    attack, after = found
    text = "\n".join(f"{r.id} {r.points} {r.outcome} {r.cause}: {r.message[:300]}" for r in attack)
    assert points(attack) == 0, text
    assert not ENDLESS.match(name) or Cause.TIMEOUT in {result.cause for result in attack}, text
    assert all(result.outcome is Outcome.FAILED for result in attack), text
    assert "hidden checks were read" not in text
    assert "was raised" not in text
    assert all(len(result.message) < 5000 and len(result.output) <= 66_000 for result in attack)
    assert points(after) == 100, after
