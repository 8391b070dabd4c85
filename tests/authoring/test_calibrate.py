"""`gradlab calibrate` sets a threshold between right and wrong, or explains why none is possible."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder.authoring.calibrate import calibrate
from autograder.authoring.reference import read_reference
from autograder.authoring.search_budgets import search_budgets, search_text
from autograder.checks.task import BadCheck
from autograder.core.assignment import Assignment
from autograder.sandbox.open_link import open_link
from autograder.session.options import Options
from autograder.session.session import Checks, with_checks
from autograder.submissions.submission import code_of_scripts
from tests.support.verifiable import change, make_verifiable, problems

pytestmark = pytest.mark.slow

SCORED = '''
from autograder import task


@task("double", share=25)
def check_score(student, rng, score):
    """The score of a run is high enough."""
    score(student.double(0.4) - 0.001 * rng.int(0, 9))
'''


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Assignment:
    return make_verifiable(tmp_path, monkeypatch)


@pytest.fixture
def scored(course: Assignment) -> Assignment:
    """With a scored check, not calibrated yet."""
    (course.solutions / "check_tiny_hidden.py").write_text(SCORED)
    change(course.folder / "check_tiny.py", '"double"', '"double", share=75')
    change(
        course.solutions / "mutants.py", 'noticed_by="check_double", ', 'noticed_by=("check_double", "check_score"), '
    )
    return course


def test_a_scored_check_without_a_threshold_is_broken(scored: Assignment) -> None:
    found = problems(scored)["training"][0]
    assert "has no threshold for 'check_score:accuracy' on 'default': run `gradlab calibrate t01_tiny`." in found


def test_calibration_stores_a_threshold_between_right_and_wrong(scored: Assignment) -> None:
    shown: list[str] = []
    table = calibrate(scored, Options(), seeds=4, progress=shown.append)
    assert (shown[0], shown[1].startswith("reference, seed 0: accuracy ")) == ("reference, seed 0 ...", True)
    entry = table["check_score:accuracy"]
    assert len(entry["reference"]["values"]) == 4
    assert 0.792 <= entry["reference"]["mean"] <= 0.8
    assert all(0.39 < value <= 0.4 for value in entry["wrong"]["adds x once"])
    assert 0.4 < entry["threshold"] < entry["reference"]["mean"]
    stored = json.loads((scored.solutions / "calibration.json").read_text())
    assert stored["default"]["check_score:accuracy"] == entry
    assert stored["default"]["made with"]["command"] == "gradlab calibrate t01_tiny --data default"
    assert problems(scored) == {}


LOOKS = """
    steps = score.budget(4, search=(1, 2, 4, 8))
    for step in range(1, steps):
        if score.reached(step / 10 * student.double(1.0)):
            return
    score(steps / 10 * student.double(1.0))
"""


@pytest.fixture
def looking(scored: Assignment) -> Assignment:
    """The check looks at the score after each of 4 steps: 0.2, 0.4, 0.6, 0.8 for the reference, half for the mutant."""
    change(scored.solutions / "check_tiny_hidden.py", "    score(student.double(0.4) - 0.001 * rng.int(0, 9))\n", LOOKS)
    return scored


def test_a_check_ends_at_the_first_look_that_reaches_the_threshold(looking: Assignment) -> None:
    entry = calibrate(looking, Options(), seeds=2)["check_score:accuracy"]
    assert entry["reference"]["values"] == pytest.approx([0.8, 0.8])
    assert entry["reference"]["looks"] == [pytest.approx([0.2, 0.4, 0.6])] * 2
    assert entry["threshold"] == pytest.approx(0.6)
    code = code_of_scripts(read_reference(looking), looking)

    def measured(checks: Checks) -> list[list[float]]:
        with open_link(None, code, looking) as link:
            results = checks.judge(link, code, only=lambda check: check.scored)
        return [[score.value for score in result.scores] for result in results]

    assert with_checks(looking, Options(), measured) == [[0.6]]


def test_no_wrong_solution_reaches_the_threshold_at_an_earlier_look(looking: Assignment) -> None:
    reaches = "        if score.reached(2.0 if student.double(1.0) < 2 else 0.2):\n"
    change(
        looking.solutions / "check_tiny_hidden.py",
        "        if score.reached(step / 10 * student.double(1.0)):\n",
        reaches,
    )
    with pytest.raises(BadCheck, match=r"a wrong solution scores 2, the reference 0.8 .*no threshold is between them"):
        calibrate(looking, Options(), seeds=2)


def test_the_search_stops_at_the_smallest_budget_that_separates(looking: Assignment) -> None:
    change(
        looking.solutions / "check_tiny_hidden.py",
        "score(steps / 10 * student.double(1.0))",
        "score(0.5 + (student.double(1.0) - 1.5) * (steps > 1) + 0.01 * rng.int(0, 9))",
    )
    calibrate(looking, Options(), seeds=2)
    found = search_budgets(looking, Options(), seeds=4)["check_score"]
    assert found["used"] == 4
    assert [(row["budget"], row["separates"]) for row in found["searched"]] == [(1, False), (2, True)]
    assert [row["seeds"] for row in found["searched"]] == [3, 4]
    scores = found["searched"][1]["scores"]["accuracy"]
    assert scores["mean"] > 0.9 > 0.2 > scores["best wrong"]
    assert "check_score: the smallest that separates is 2; the check uses 4." in search_text(
        looking, {"check_score": found}
    )
    table = json.loads((looking.solutions / "calibration.json").read_text())["default"]
    assert table["search"] == {"check_score": found}
    calibrate(looking, Options(), seeds=2, names=["check_score"])
    again = json.loads((looking.solutions / "calibration.json").read_text())["default"]
    assert again == table


def test_a_budget_in_use_is_one_that_is_searched(looking: Assignment) -> None:
    change(
        looking.solutions / "check_tiny_hidden.py",
        "score.budget(4, search=(1, 2, 4, 8))",
        "score.budget(3, search=[4])",
    )
    with pytest.raises(BadCheck, match=r"check_score: the budget 3 is not among those to search: \(4,\)"):
        calibrate(looking, Options(), seeds=2)


def test_a_check_to_calibrate_exists(scored: Assignment) -> None:
    with pytest.raises(BadCheck, match="t01_tiny has no scored check 'check_double'"):
        calibrate(scored, Options(), seeds=2, names=["check_double"])


def test_each_dataset_has_its_own_thresholds(scored: Assignment) -> None:
    calibrate(scored, Options(), seeds=2)
    calibrate(scored, Options(data="cifar10"), seeds=2)
    assert set(json.loads((scored.solutions / "calibration.json").read_text())) == {"default", "cifar10"}


def test_the_threshold_of_a_score_that_should_be_low_is_above_the_reference(scored: Assignment) -> None:
    hidden = scored.solutions / "check_tiny_hidden.py"
    change(
        hidden,
        "score(student.double(0.4) - 0.001 * rng.int(0, 9))",
        "score(1 - student.double(0.4), 'loss', higher_is_better=False)",
    )
    entry = calibrate(scored, Options(), seeds=2)["check_score:loss"]
    assert entry["threshold"] == pytest.approx(0.4)
    assert problems(scored) == {}


@pytest.mark.parametrize(
    ("file", "old", "new", "sentence"),
    [
        ("mutants.py", '"x", noticed', '"x + x", noticed', "a wrong solution scores .*no threshold is between them"),
        ("mutants.py", ", calibrates=True", "", "has no mutant with calibrates=True, so"),
        ("mutants.py", '"x", noticed', '"math.nan", noticed', "the mutant 'adds x once' scores .nan, nan, nan."),
        ("check_tiny_hidden.py", "score(student.double", "score(student.undefined", "The reference does not finish"),
        ("mutants.py", '"x", noticed', '"undefined", noticed', "The mutant 'adds x once' does not finish check_tiny"),
        ("tiny.py", "math.fsum([x, x])", "[math.nan, math.fsum([x, x])][0]", "the reference scores .nan, nan, nan."),
    ],
)
def test_calibration_refuses_scores_that_separate_nothing(
    file: str, old: str, new: str, sentence: str, scored: Assignment
) -> None:
    change(scored.solutions / file, old, new)
    with pytest.raises(BadCheck, match=sentence):
        calibrate(scored, Options(), seeds=3)
    assert not (scored.solutions / "calibration.json").exists()


def test_an_assignment_without_scored_checks_has_nothing_to_calibrate(course: Assignment) -> None:
    assert calibrate(course, Options(), seeds=2) == {}
    assert not (course.solutions / "calibration.json").exists()
