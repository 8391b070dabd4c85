"""Honest but messy hand-ins earn what the clean one earns, less only the tasks that a recipe names.

Each recipe of tests/golden/honest is tried on one assignment; on all four with HONEST=all in the environment. Hand-ins
whose whole report is stored are graded in tests/students/test_agreement_honest.py, which compares it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from functools import cache
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pytest

from autograder.core.report import Remark
from autograder.sandbox.pool import WorkerPool
from tests.golden.honest import RECIPES
from tests.golden.honest.grading import VICTIMS, Grade, Graded, clean, with_grader
from tests.golden.honest.hand_in import HandIn
from tests.golden.honest.reports import ASSIGNMENT, STORED

pytestmark = pytest.mark.slow

# Whose turn it is: the short assignments get more of the recipes, so that all take little time.
TURNS = (
    *("a01_knn", "a02_linear_classifier", "a01_knn", "a01_knn", "a06_attention", "a01_knn") * 2,
    *("a01_knn", "a02_linear_classifier", "a01_knn", "a04_cnn"),
)

HandIns = Mapping[str, Mapping[str, HandIn]]  # by recipe and assignment


@pytest.fixture(scope="module")
def hand_ins() -> HandIns:
    """The hand-ins of each recipe, for assignments that it fits."""
    found = {}
    for recipe, turn in zip(RECIPES, cycle(TURNS), strict=False):
        names = VICTIMS if os.environ.get("HONEST") == "all" else dict.fromkeys([turn, *VICTIMS])
        made = ((name, hand_in) for name in names if (hand_in := RECIPES[recipe](clean(name))) is not None)
        found[recipe] = dict(made if os.environ.get("HONEST") == "all" else islice(made, 1))
    return found


@cache
def stored_reports() -> dict[str, dict[str, Any]]:
    reports: dict[str, dict[str, Any]] = json.loads(STORED.read_text(encoding="utf-8"))
    return reports


def stored(recipe: str, assignment: str) -> Graded | None:
    """Return what the stored report says about a hand-in; None if there is none, or if several tasks have messages."""
    report = stored_reports().get(recipe) if assignment == ASSIGNMENT else None
    if report is None or len(report["tasks"]) > 1:
        return None
    lost = dict.fromkeys(report["tasks"], "\n".join(message for _, _, message, _ in report["checks"].values()))
    earned = {task.name for task in clean(assignment).assignment.tasks} - lost.keys()
    return Graded(frozenset(earned), lost, tuple(Remark(*row) for row in report["remarks"]), tuple(report["notes"]))


Results = Callable[[str], Mapping[str, Graded | Exception]]


@pytest.fixture(scope="module")
def results(hand_ins: HandIns, isolated_pool: WorkerPool, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """What the hand-ins of an assignment earned, by recipe, graded one after the other in one session."""

    def grade_all(name: str, grade: Grade) -> dict[str, Graded | Exception]:
        found: dict[str, Graded | Exception] = {}
        for number, (recipe, made) in enumerate(hand_ins.items()):
            if name in made and stored(recipe, name) is None:
                folder = tmp_path_factory.mktemp("hand_ins") / str(number) / "student"
                try:
                    found[recipe] = grade(made[name].write(folder))
                except Exception as error:
                    found[recipe] = error
        return found

    return cache(lambda name: with_grader(name, isolated_pool, lambda grade: grade_all(name, grade)))


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_messy_hand_in_loses_only_what_its_recipe_names(recipe: str, hand_ins: HandIns, results: Results) -> None:
    assert hand_ins[recipe], "no assignment has something for this recipe"
    for assignment, hand_in in hand_ins[recipe].items():
        graded = stored(recipe, assignment) or results(assignment)[recipe]
        if isinstance(graded, Exception):
            raise graded
        assert graded.lost.keys() == hand_in.costs.keys(), (assignment, graded.lost)
        for task, reason in hand_in.costs.items():
            assert reason in graded.lost[task], assignment
        assert {remark.kind for remark in graded.remarks} == hand_in.remarks.keys(), (assignment, graded.remarks)
        for kind, text in hand_in.remarks.items():
            assert any(text in str(remark) for remark in graded.remarks if remark.kind == kind), graded.remarks
        assert all(str(remark) in graded.notes for remark in graded.remarks), assignment


def test_there_are_at_least_120_hand_ins_of_all_assignments(hand_ins: HandIns) -> None:
    assert sum(map(len, hand_ins.values())) >= 120
    assert {assignment for made in hand_ins.values() for assignment in made} == {*VICTIMS}


def test_the_clean_scripts_are_what_the_authors_wrote() -> None:
    for name in VICTIMS:
        for file, text in clean(name).scripts.items():
            original = (clean(name).assignment.solutions / file).read_text()
            assert Path(file).suffix == ".py"
            assert code_lines(text) == [line for line in code_lines(original) if " SOLUTION" not in line]


def code_lines(text: str) -> list[str]:
    """The lines with code; texts and hints are not the same in source and script."""
    return [line for line in text.split("\n") if line and not line.startswith("#")]
