"""After a check took too long, the other checks of its task are not run: an endless loop costs one limit."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from autograder.core.assignment import Assignment
from autograder.core.code import Code
from autograder.core.report import Cause, CheckResult, Outcome
from autograder.sandbox.local_link import LocalLink
from autograder.sandbox.proxy import StudentFault
from autograder.session.options import Options
from autograder.session.session import Checks, with_checks
from tests.support.vectors import HONEST, make_vectors

SLOW = '''
from autograder import expect, task
from autograder.core.report import Cause
from autograder.sandbox.proxy import StudentFault


@task("total", share="1/3", seconds=60)
def check_speed(student):
    """Many rows are fast."""
    assert student.has("total")


@task("total", share="2/3")
def check_total_first(student):
    """One row."""
    expect(student.total is not None, "no")


@task("double")
def check_double(student):
    """Doubling."""
    student.double(2)


@task("Counter")
def check_counter(student):
    """Counting."""
    student.Counter(1)
'''


@pytest.fixture
def course(tmp_path: Path) -> Assignment:
    return make_vectors(tmp_path)


def judge(course: Assignment, source: str, *, runs: int = 1, order: list[str] | None = None) -> tuple[CheckResult, ...]:
    """Return the results of a source; of the last of several runs in one session. ``order`` gets the titles."""
    code, titles = Code({"vectors.py": source}), [] if order is None else order

    def body(checks: Checks) -> tuple[CheckResult, ...]:
        results: tuple[CheckResult, ...] = ()
        for _ in range(runs):
            link = LocalLink(code)
            try:
                results = checks.judge(link, code, progress=lambda result: titles.append(result.title))
            finally:
                link.close()
        return results

    return with_checks(course, Options(seed=1), body)


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Make the function `double` end at its limit at once; return the checks' calls of it."""
    calls: list[str] = []
    request = LocalLink.request

    def quick(self: LocalLink, wanted: dict[str, object]) -> object:
        if wanted["do"] == "call":
            calls.append("call")
            raise StudentFault(Cause.TIMEOUT, "Your code took longer than 2 s, its limit, and was stopped.")
        return request(self, wanted)

    monkeypatch.setattr(LocalLink, "request", quick)
    return calls


def test_only_the_first_check_of_a_task_runs_into_the_limit(course: Assignment, late: list[str]) -> None:
    results = judge(course, HONEST)
    found = {result.id.partition("::")[2]: result for result in results}
    assert {result.cause for result in results} == {Cause.TIMEOUT}
    assert len(late) == 3  # of double, Counter and total
    assert found["check_double_of_a_matrix"].message.endswith(
        "Your code took longer than 2 s, its limit, and was stopped."
    )
    hidden = found["check_double_of_other_shapes"]
    assert hidden.message == (
        'Not run, because the check "Doubling a matrix doubles each element." of the same task took too long.'
    )
    assert (hidden.outcome, hidden.points, hidden.max_points) == (Outcome.FAILED, 0, 30)


def test_the_next_submission_begins_without_it(course: Assignment, late: list[str]) -> None:
    judge(course, HONEST, runs=2)
    assert len(late) == 6


def test_a_check_with_a_longer_limit_comes_last_and_results_keep_their_order(course: Assignment) -> None:
    (course.folder / "check_vectors.py").write_text(SLOW)
    (course.solutions / "check_vectors_hidden.py").unlink()
    order: list[str] = []
    results = judge(course, HONEST, order=order)
    assert order == ["One row.", "Doubling.", "Counting.", "Many rows are fast."]
    assert [result.title for result in results] == ["Many rows are fast.", "One row.", "Doubling.", "Counting."]


def test_a_hidden_check_is_not_named_in_a_public_one(course: Assignment, late: list[str]) -> None:
    public = (course.folder / "check_vectors.py").read_text()
    (course.folder / "check_vectors.py").write_text(
        public.replace('"double", share=40)', '"double", share=40, seconds=50)')
    )
    results = judge(course, HONEST)
    found = {result.id.partition("::")[2]: result for result in results}
    assert "took longer" in found["check_double_of_other_shapes"].message
    assert found["check_double_of_a_matrix"].message == (
        "Not run, because a hidden check of the same task took too long."
    )


def test_a_module_that_cannot_be_imported_in_time_says_so_at_every_check(
    course: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def load(self: LocalLink, module: str) -> None:
        raise StudentFault(Cause.TIMEOUT, "vectors.py could not be imported.")

    monkeypatch.setattr(LocalLink, "load", load)
    results = judge(course, HONEST)
    assert {result.message for result in results} == {"vectors.py could not be imported."}


@pytest.mark.slow
def test_an_endless_loop_costs_one_limit(course: Assignment) -> None:
    before = time.process_time()
    results = judge(course, HONEST.replace("return x * 2", "while True: pass"))
    assert time.process_time() - before < 2 * 2  # two checks of double, with 2 s each; all else takes little
    assert sum(result.points for result in results) == 50
