"""Honest but messy hand-ins earn what the clean one earns, less only the tasks that a recipe names.

Each recipe of tests/golden/honest is tried on one assignment; on all four with HONEST=all in the environment.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path

import pytest

from autograder.sandbox.pool import WorkerPool
from tests.golden.honest import RECIPES
from tests.golden.honest.grading import VICTIMS, Grade, Graded, clean, with_grader
from tests.golden.honest.hand_in import HandIn

pytestmark = pytest.mark.slow

# Whose turn it is: the short assignments get more of the recipes, so that all take little time.
TURNS = (
    *("a01_knn", "a02_linear_classifier", "a01_knn", "a01_knn", "a06_attention", "a01_knn") * 2,
    *("a01_knn", "a02_linear_classifier", "a01_knn", "a04_cnn"),
)


def make_cases() -> list[tuple[str, str]]:
    """Pairs of an assignment and a recipe that fits it."""
    cases = []
    for recipe, turn in zip(RECIPES, cycle(TURNS), strict=False):
        names = [turn, *VICTIMS] if os.environ.get("HONEST") != "all" else [*VICTIMS]
        fitting = ((name, recipe) for name in names if RECIPES[recipe](clean(name)) is not None)
        cases += fitting if os.environ.get("HONEST") == "all" else islice(fitting, 1)
    return cases


CASES = make_cases()


def hand_in_of(assignment: str, recipe: str) -> HandIn:
    hand_in = RECIPES[recipe](clean(assignment))
    assert hand_in is not None
    return hand_in


Results = Callable[[str], dict[str, Graded | Exception]]


@pytest.fixture(scope="module")
def results(isolated_pool: WorkerPool, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """What the hand-ins of an assignment earned, by recipe, graded one after the other in one session."""
    known: dict[str, dict[str, Graded | Exception]] = {}

    def grade_all(name: str, grade: Grade) -> dict[str, Graded | Exception]:
        found: dict[str, Graded | Exception] = {}
        for number, (assignment, recipe) in enumerate(CASES):
            if assignment == name:
                folder = tmp_path_factory.mktemp("hand_ins") / str(number) / "student"
                try:
                    found[recipe] = grade(hand_in_of(name, recipe).write(folder))
                except Exception as error:
                    found[recipe] = error
        return found

    def of(name: str) -> dict[str, Graded | Exception]:
        if name not in known:
            known[name] = with_grader(name, isolated_pool, lambda grade: grade_all(name, grade))
        return known[name]

    return of


@pytest.mark.parametrize(("assignment", "recipe"), CASES)
def test_a_messy_hand_in_loses_only_what_its_recipe_names(assignment: str, recipe: str, results: Results) -> None:
    graded, hand_in = results(assignment)[recipe], hand_in_of(assignment, recipe)
    if isinstance(graded, Exception):
        raise graded
    assert graded.lost.keys() == hand_in.costs.keys(), graded.lost
    for task, reason in hand_in.costs.items():
        assert reason in graded.lost[task]
    assert {remark.kind for remark in graded.remarks} == hand_in.remarks.keys(), graded.remarks
    for kind, text in hand_in.remarks.items():
        assert any(text in str(remark) for remark in graded.remarks if remark.kind == kind), graded.remarks
    assert all(str(remark) in graded.notes for remark in graded.remarks)


def test_there_are_at_least_120_hand_ins_of_all_assignments() -> None:
    assert len(CASES) >= 120
    assert {assignment for assignment, _ in CASES} == {*VICTIMS}


def test_the_clean_scripts_are_what_the_authors_wrote() -> None:
    for name in VICTIMS:
        for file, text in clean(name).scripts.items():
            original = (clean(name).assignment.solutions / file).read_text()
            assert Path(file).suffix == ".py"
            assert code_lines(text) == [line for line in code_lines(original) if " SOLUTION" not in line]


def code_lines(text: str) -> list[str]:
    """The lines with code; texts and hints are not the same in source and script."""
    return [line for line in text.split("\n") if line and not line.startswith("#")]
