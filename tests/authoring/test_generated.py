"""Generated mutants: what the operators change, and what `gradlab verify --generated` reports."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from autograder.authoring.generated import Generated, Trial, try_changes, verify_generated
from autograder.authoring.generated_report import generated_json, generated_text
from autograder.authoring.operators import Change, changes_of
from autograder.core.assignment import Assignment
from autograder.session.options import Options
from tests.support.course import SOURCE
from tests.support.verifiable import change, make_verifiable


def changed(body: str) -> set[str]:
    """Return the new first lines of the changes of a function with this body."""
    text = "# %% task='f'\ndef f(x, y):\n    ### BEGIN SOLUTION\n    " + body + "\n    ### END SOLUTION\n"
    return {each.after for each in changes_of(text, "m.py")}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return x + y", {"return x - y", "return x", "return y", "pass"}),
        (
            "return (x + 1) @ y",
            {"return (y) @ (x + 1)", "return (x - 1) @ y", "return (x + 2) @ y", "return (x + 0) @ y"},
        ),
        ("return x < y", {"return x <= y", "return x > y"}),
        ("return x is not y", {"return x is y"}),
        ("return 0 < x <= 2", {"return 0 <= x <= 2", "return 0 < x < 2", "return 0 < x <= 3", "return 1 < x <= 2"}),
        ("return x and y", {"return x or y"}),
        ("return -x", {"return (x)"}),
        (
            "return x if y else 2.5",
            {"return x if not (y) else 2.5", "return x if y else 5.0", "return x if y else 0.0"},
        ),
        ("if not x: y = 1", {"if not (not x): y = 1", "if (x): y = 1", "if not x: y = 2", "if not x: pass", "pass"}),
        ("x += 2", {"x = 2", "x -= 2", "x += 3", "x += 1", "pass"}),
        ("return f(x, y, dim=1)", {"return f(y, x, dim=1)", "return f(x, y)", "return f(x, y, dim=2)"}),
        (
            "return f(dim=1, keepdim=True)",
            {"return f(keepdim=True)", "return f(dim=1)", "return f(dim=1, keepdim=False)"},
        ),
        ("return f(*x, y)", {"pass"}),
        ("return x.detach()", {"return x"}),
        ("return torch.relu(x + y)", {"return (x + y)"}),
        ("return x.max(y)", {"return x.min(y)"}),
        ("with torch.no_grad(): f(x)", {"with torch.enable_grad(): f(x)"}),
        ("for y in x: break", {"for y in x: continue", "pass"}),
        ("return 'é' + str(x)", {"return 'é' - str(x)"}),
        ("return x ** 2", {"return x * 2", "return x ** 3", "return x ** 1"}),
    ],
)
def test_operators_plant_these_mistakes(body: str, expected: set[str]) -> None:
    assert expected <= changed(body)


def test_only_solutions_change_and_each_change_is_python_of_its_own() -> None:
    changes = changes_of(SOURCE, "tiny.py")
    assert {each.function for each in changes} == {"double", "Scaler.up", "Scaler.down"}
    trees = {ast.dump(ast.parse(each.apply(SOURCE))) for each in changes} | {ast.dump(ast.parse(SOURCE))}
    assert len(trees) == len(changes) + 1
    for each in changes:
        assert SOURCE.split("\n")[each.line - 1].strip() == each.before


def test_annotations_and_docstrings_do_not_change() -> None:
    text = "# %%\ndef f():\n    ### BEGIN SOLUTION\n    '''Two.'''\n    x: Literal[3] = y\n    ### END SOLUTION\n"
    assert {each.after for each in changes_of(text, "m.py")} == {"pass"}


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Assignment:
    return make_verifiable(tmp_path, monkeypatch)


@pytest.mark.slow
def test_mistakes_are_noticed_by_the_first_check_that_fails(course: Assignment) -> None:
    wrong = [each for each in changes_of(SOURCE, "tiny.py") if each.function == "Scaler.up"]
    trials = try_changes(course, Options(), "none", wrong)
    assert {trial.noticed_by for trial in trials} == {"check_tiny.py::check_up"}
    assert [trial.change for trial in trials] == wrong


@pytest.mark.slow
def test_a_hole_in_the_checks_is_a_survivor(course: Assignment) -> None:
    change(course.folder / "check_tiny.py", "student.Scaler().up(4.0), 12.0", "student.Scaler().up(0.0), 0.0")
    (result,) = verify_generated([course], Options(), task="Scaler.up")
    assert not result.holds
    assert {survivor.after for survivor in result.survivors} == {"widened = x", "widened = x / WIDTH"}
    assert {trial.change.function for trial in result.trials} == {"Scaler.up"}
    assert "tiny.py:" in generated_text([result])


@pytest.mark.slow
def test_a_listed_equivalent_is_left_out_until_it_no_longer_applies(course: Assignment) -> None:
    change(course.folder / "check_tiny.py", "student.Scaler().up(4.0), 12.0", "student.Scaler().up(0.0), 0.0")
    path = course.solutions / "equivalent.toml"
    path.write_text(
        '[[equivalent]]\nfile = "tiny.py"\nbefore = "widened = x * WIDTH"\n'
        'after = ["widened = x", "widened = x / WIDTH"]\nreason = "Nobody scales anything but 0."\n'
    )
    (result,) = verify_generated([course], Options())
    assert (result.holds, result.equivalent, result.problems) == (True, 2, ())
    change(path, '"widened = x",', '"widened = y",')
    (result,) = verify_generated([course], Options())
    assert not result.holds
    assert result.problems == (
        f"{path}: `widened = x * WIDTH` -> `widened = y` in tiny.py no longer applies. Delete the entry.",
    )
    assert [survivor.after for survivor in result.survivors] == ["widened = x"]


@pytest.mark.slow
def test_a_sample_is_always_the_same(course: Assignment) -> None:
    first, second = (verify_generated([course], Options(), sample=4)[0] for _ in range(2))
    assert first == second
    assert (len(first.trials), first.made) == (4, len(changes_of(SOURCE, "tiny.py")))


@pytest.mark.slow
def test_a_reference_that_fails_its_own_checks_is_a_problem(course: Assignment) -> None:
    change(course.folder / "check_tiny.py", "up(4.0), 12.0", "up(4.0), 13.0")
    (result,) = verify_generated([course], Options())
    assert not result.holds
    assert result.problems[0].startswith("The reference does not pass its own checks. FAILED 0/35")


def test_the_report_counts_and_lists() -> None:
    wrong = Change("m.py", "f", 3, "return 1", "return 2", ())
    broken = Change("m.py", "", 4, "x = 1", "x = 2", ())
    trials = (Trial(wrong), Trial(broken, broken="check_a: boom"), Trial(wrong, noticed_by="check_a"))
    result = Generated("t01", 9, 1, trials)
    assert generated_text([result]).split("\n") == [
        "t01: 1 of 3 noticed (33.3%); 9 made, 1 known as equivalent",
        "  not noticed: m.py:3: `return 1` -> `return 2` (in f)",
        "  broken: m.py:4: `x = 1` -> `x = 2`: check_a: boom",
        "Mend the checks, or list what changes nothing in solutions/<name>/equivalent.toml, with the reason.",
    ]
    (entry,) = json.loads(generated_json([result]))
    assert entry["survivors"] == [
        {"file": "m.py", "line": 3, "function": "f", "before": "return 1", "after": "return 2"}
    ]
    assert (entry["share"], entry["tried"], entry["holds"]) == (1 / 3, 3, False)
