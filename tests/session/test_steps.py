"""A failed check whose mistake nobody knows shows the step of the task's hint that it is about."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from autograder.checks.expect import Mismatch, expect, expect_close
from autograder.core.hints import Hints
from autograder.core.report import Cause
from autograder.sandbox.proxy import StudentFault
from autograder.session.steps import SHORT, step_towards, unexplained

LONG = "x" * SHORT
STEPS = (
    f"Subtract the largest score of each row. {LONG}",
    "The logarithms of the probabilities give the loss.",
    "The gradient of the scores, then one product gives `dW`.",
)


@pytest.fixture
def assignment(tmp_path):
    hints = Hints(steps={"loss": STEPS, "short": ("First.", "Second {braces}."), "empty": ()})
    (tmp_path / "hints.json").write_bytes(hints.to_json())
    return SimpleNamespace(folder=tmp_path, name="a02_linear")


def mismatch(function, *args, **kwargs):
    with pytest.raises(Mismatch) as caught:
        function(*args, **kwargs)
    return caught.value


def test_the_step_that_shares_words_with_the_check_is_shown(assignment):
    for about, step in ((["The gradient is right."], 2), (["f agrees with torch.", "dW"], 2), (["The loss."], 1)):
        assert step_towards(assignment, "loss", about) == (
            f"Compare your code with this step: {STEPS[step]} "
            'All steps: hint("loss"), or `gradlab hint a02_linear loss`.'
        )


def test_the_first_step_is_shown_if_none_shares_a_word(assignment):
    assert STEPS[0] in step_towards(assignment, "loss", ["Nothing alike."])


def test_short_steps_are_shown_together(assignment):
    assert step_towards(assignment, "short", [""]) == (
        "Compare your code with the hint of this task: First. Second {braces}."
    )


def test_without_steps_nothing_is_shown(assignment):
    assert step_towards(assignment, "other", [""]) == step_towards(assignment, "empty", [""]) == ""
    (assignment.folder / "hints.json").write_text("{")
    assert step_towards(assignment, "loss", [""]) == ""


def test_a_known_mistake_needs_no_step():
    assert unexplained(mismatch(expect_close, 1.3, 2.2, mistakes={"Add 1.": 1.3}), "Add 1.") == []
    assert unexplained(mismatch(expect_close, 1.3, 2.2, hint="Add."), "Add.") == []
    assert unexplained(mismatch(expect, False, "no", "Add."), "Add.") == []


def test_an_unknown_one_does():
    assert unexplained(mismatch(expect_close, 1.3, 2.2, name="dW"), "") == ["dW"]
    assert unexplained(mismatch(expect, False, "The call: no."), "") == ["", "The call: no."]
    listed = mismatch(expect_close, 1.3, 2.2, mistakes={"Add 1.": 3.2}, hint="Add.")
    assert (listed.hint, unexplained(listed, listed.hint)) == ("Add.", [""])
    related = mismatch(expect_close, [3.3, 6.6], [1.1, 2.2])
    assert unexplained(related, related.hint) == [""]
    assert unexplained(related, "The call changed it.") == []


def test_exceptions_need_one_where_they_have_no_hint():
    assert unexplained(StudentFault(Cause.ERROR, "KeyError: 3"), "") == [""]
    assert unexplained(StudentFault(Cause.ERROR, "KeyError: 3"), "A key.") == []
    missing = StudentFault(Cause.ERROR, "ModuleNotFoundError: no", kinds=["ModuleNotFoundError", "ImportError"])
    assert unexplained(missing, "") == []
    for cause in (Cause.TIMEOUT, Cause.NOT_WRITTEN, Cause.FORBIDDEN):
        assert unexplained(StudentFault(cause, "no"), "") == []
    assert unexplained(Mismatch("not allowed", cause=Cause.FORBIDDEN), "") == []
    assert unexplained(None, "") == unexplained(ValueError(), "") == []
