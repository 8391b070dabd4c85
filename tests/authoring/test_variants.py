"""A variant is a right solution in another style: `gradlab verify` fails if a check takes a point from it."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.authoring.edits import NewBody, Replacement, apply_edits
from autograder.authoring.mutants import mutants_of
from autograder.authoring.variants import body, read_variants, variants_of
from autograder.checks.task import BadCheck
from autograder.core.assignment import Assignment
from autograder.session.digests import checks_digest, grading_digest
from tests.support.course import SOURCE
from tests.support.verifiable import change, make_verifiable, problems, verified

SOURCES = {"tiny.py": SOURCE}
variant = variants_of("tiny.py")


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Assignment:
    return make_verifiable(tmp_path, monkeypatch)


def test_edits_are_applied_in_their_order() -> None:
    made = variant("s", ("x * WIDTH", "WIDTH * x"), ("WIDTH * x", "3 * x"), ("widened", "wide", 2)).write(SOURCES)
    assert "        wide = 3 * x\n" in made["tiny.py"]
    assert "        return wide\n" in made["tiny.py"]


def test_a_body_takes_the_indentation_of_the_markers() -> None:
    made = variant("s", body("Scaler.down", "\nhalf = x / 2\nif x:\n    return half\nreturn x\n")).write(SOURCES)
    begin = made["tiny.py"].index("A WIDTH-th of x.")
    assert made["tiny.py"][begin:].split("\n")[1:7] == [
        "        ### BEGIN SOLUTION",
        "        half = x / 2",
        "        if x:",
        "            return half",
        "        return x",
        "        ### END SOLUTION",
    ]


@pytest.mark.parametrize(
    ("edits", "sentence"),
    [
        ([("absent", "x")], "The variant 's' no longer applies: 'absent' occurs 0 times in tiny.py, not 1."),
        ([("WIDTH", "x", 2)], "The variant 's' no longer applies: 'WIDTH' occurs 6 times in tiny.py, not 2."),
        ([("x * WIDTH", "x * WIDTH")], "The variant 's' changes nothing."),
        ([], "The variant 's' changes nothing."),
        (
            [body("Scaler.side", "x")],
            "The variant 's' no longer applies: tiny.py defines Scaler.side 0 times, not once.",
        ),
        ([body("Scaler", "x")], "The variant 's' no longer applies: Scaler in tiny.py does not have one solution "),
        (
            [("def double", "def (double"), body("double", "x")],
            "The variant 's' cannot be made: line 15 of tiny.py is no longer Python.",
        ),
    ],
)
def test_a_variant_that_does_not_apply_is_an_error(edits: list[object], sentence: str) -> None:
    with pytest.raises(BadCheck) as error:
        variant("s", *edits).write(SOURCES)
    assert str(error.value).startswith(sentence)


def test_a_mutant_may_replace_several_texts() -> None:
    mutant = mutants_of("tiny.py")("s", "check_up", "x * WIDTH", "x", also=(("x / WIDTH", "x"),))
    planted = mutant.plant(SOURCES)["tiny.py"]
    assert planted == SOURCE.replace("x * WIDTH", "x").replace("x / WIDTH", "x")


@pytest.mark.parametrize("by", ["x *", "x\n            y", "await x"])
def test_a_mutant_that_python_cannot_read_is_an_error(by: str) -> None:
    """It would fail every check, and so prove nothing."""
    with pytest.raises(BadCheck, match=r"The mutant 's' makes tiny\.py unreadable: .*: "):
        mutants_of("tiny.py")("s", "check_up", "x * WIDTH", by).plant(SOURCES)


def test_a_function_s_body_in_the_place_of_a_variable_is_an_error() -> None:
    """After a task became a variable, its old variants may still return."""
    source = {"tiny.py": '# %% task="price"\n### BEGIN SOLUTION\nprice = 3\n### END SOLUTION\n'}
    with pytest.raises(
        BadCheck, match=r"The variant 's' makes tiny\.py unreadable: 'return 3': 'return' outside function"
    ):
        variants_of("tiny.py")("s", body("price", "return 3")).write(source)


def test_a_source_that_python_cannot_read_anyway_may_be_edited() -> None:
    """The reference's own error is said elsewhere."""
    wrong = {"tiny.py": SOURCE + "1 +\n"}
    assert mutants_of("tiny.py")("s", "check_up", "x * WIDTH", "x").plant(wrong)["tiny.py"].endswith("1 +\n")


@pytest.mark.slow
@pytest.mark.parametrize("narrow", [False, True])
def test_a_variant_that_loses_a_point_fails_verify_and_the_message_says_why(course: Assignment, narrow: bool) -> None:
    change(course.folder / "check_tiny.py", "student.double(4.0), 8.0", "type(student.double(True)), float")
    found = problems(course, narrow=narrow)
    assert list(found) == ["variants"]
    (problem,) = found["variants"]
    assert problem.startswith(
        "The variant 'adds' loses points. Seed 0, check_tiny.py::check_double: FAILED 0/40  Twice"
    )
    assert "double(True)" in problem


@pytest.mark.slow
def test_seeds_rotate(course: Assignment) -> None:
    check = course.folder / "check_tiny.py"
    change(check, "def check_double(student)", "def check_double(student, request)")
    change(
        check,
        "    expect_equal(student.double(4.0), 8.0)",
        "    from autograder.session.check_items import STATE\n"
        "    kinds = (float,) if request.config.stash[STATE].options.seed else (float, int)\n"
        "    expect_equal(type(student.double(True)) in kinds, True)",
    )
    change(course.solutions / "variants.py", 'body("Scaler.up", ', 'body("double", ')
    change(course.solutions / "variants.py", "for widened in [WIDTH * x]:\n            pass", "return 2 * x")
    found = problems(course, parts=("variants",), variant_seeds=2)["variants"]
    assert [problem.split(":")[0] for problem in found] == [
        "The variant 'adds' loses points. Seed 1, check_tiny.py",
        "The variant 'another order, and a name' loses points. Seed 1, check_tiny.py",
        "The variant 'another order, and a name' loses points. Seed 2, check_tiny.py",
    ]


@pytest.mark.slow
def test_an_assignment_without_variants_is_counted_and_no_problem(course: Assignment) -> None:
    (course.solutions / "variants.py").unlink()
    finding = next(f for f in verified(course, parts=("variants",)).findings if f.what == "variants")
    assert (finding.holds, finding.detail) == (True, "0 variants, 3 checks")


@pytest.mark.slow
def test_one_story_can_be_chosen(course: Assignment) -> None:
    details = [f.detail for f in verified(course, parts=("variants", "mistakes"), story="adds").findings]
    assert details == ["1 variant, 3 checks", "2 noticed, 2 checks used"]


@pytest.mark.slow
def test_variants_that_no_longer_apply_are_all_found(course: Assignment) -> None:
    change(course.solutions / "variants.py", "math.fsum([x, x])", "math.fsum((x, x))")
    change(course.solutions / "variants.py", '"Scaler.up"', '"Scaler.side"')
    found = problems(course, parts=("variants",))["variants"]
    assert [problem.split(":")[0] for problem in found] == [
        "The variant 'adds' no longer applies",
        "The variant 'another order, and a name' no longer applies",
    ]


def test_stories_are_unique_over_all_files(course: Assignment) -> None:
    (course.solutions / "variants_more.py").write_text((course.solutions / "variants.py").read_text())
    with pytest.raises(
        BadCheck, match=r"Two variants of t01_tiny have the story 'adds' \(variants.py and variants_more"
    ):
        read_variants(course)


def test_variants_do_not_decide_marks(course: Assignment) -> None:
    before = checks_digest(course), grading_digest(course)
    (course.solutions / "variants_more.py").write_text("VARIANTS = []\n")
    assert (checks_digest(course), grading_digest(course)) == before


def test_edits_name_what_they_belong_to() -> None:
    with pytest.raises(BadCheck, match=r"^The thing no longer applies"):
        apply_edits("The thing", [Replacement("absent", "")], "tiny.py", SOURCES)
    assert apply_edits("The thing", [NewBody("double", "return 2 * x")], "tiny.py", SOURCES) != SOURCES
