"""`gradlab verify` finds what is no longer sound."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from autograder.authoring.placeholders import GOAL, find_placeholders
from autograder.authoring.scaffold_course import new_course
from autograder.authoring.verify import Finding, Verification, verify_all
from autograder.authoring.verify_plan import Plan
from autograder.authoring.verify_report import print_verifications
from autograder.core.assignment import Assignment, read_assignment
from autograder.session.options import Options
from tests.support.course import SOURCE, make_course
from tests.support.verifiable import change, make_verifiable, problems, verified

pytestmark = pytest.mark.slow

ENDLESS = "any(False for _ in iter(int, 1))"


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Assignment:
    return make_verifiable(tmp_path, monkeypatch)


def test_everything_holds_in_a_sound_course(course: Assignment) -> None:
    result = verified(course)
    assert result.holds
    assert [(f.what, f.detail) for f in result.findings] == [
        ("reference", "100 points, 2 seeds, 3 checks"),
        ("variants", "2 variants, 3 checks"),
        ("blank stub", "0 points, 3 tasks named"),
        ("mutants", "3 noticed, 3 checks used"),
        ("needs", "3 tasks, 0 runs"),
        ("habits", "0 mutants of 0 habits"),
        ("generated files", "3 files"),
    ]


def test_a_reference_that_loses_points_is_found_on_each_seed(course: Assignment) -> None:
    change(course.folder / "check_tiny.py", "double(4.0), 8.0", "double(4.0), 9.0")
    found = problems(course)["reference"]
    assert [line.split("\n")[0] for line in found] == [
        "seed 0 and 1 other seed: FAILED 0/40  Twice the number comes back.",
    ]
    assert "double(4) returned 8" in found[0]


def test_a_broken_check_is_found(course: Assignment) -> None:
    change(course.folder / "check_tiny.py", "student.Scaler().up(4.0), 12.0", "undefined, 12.0")
    found = problems(course)
    assert "seed 0 and 1 other seed: BROKEN 0/35" in found["reference"][0]
    assert "pluggy" not in found["reference"][0]
    follows = "cannot be judged by check_up, which the reference fails, too. Correct the reference or the check first."
    assert found["blank stub"] == [f"The blank stub {follows}"]
    assert found["mutants"] == [f"1 mutant {follows}"]
    assert found["variants"] == [f"2 variants {follows}"]


def test_one_error_of_the_reference_is_said_once_with_all_checks_that_fail_by_it(course: Assignment) -> None:
    change(course.solutions / "tiny.py", "WIDTH = 3", "WIDTH = 3 / 0")
    (found,) = problems(course, parts=("reference",))["reference"]
    assert found.count("ZeroDivisionError") == 1
    assert found.splitlines()[-1] == "    The same happens in 1 other check: check_up."


def test_what_follows_from_the_reference_is_one_sentence(course: Assignment) -> None:
    change(course.solutions / "tiny.py", "x * WIDTH", "x * missing")
    found = problems(course, parts=("variants",))["variants"]
    follows = "which the reference fails, too. Correct the reference or the check first."
    assert found[-1] == f"1 variant cannot be judged by check_up, {follows}"
    assert not any("check_up:" in text for text in found)


def test_a_text_of_the_scaffold_is_noted_and_holds(course: Assignment) -> None:
    readme = course.folder / "README.md"
    readme.write_text(f"# Tiny\n\n**Goal.** {GOAL}\n")
    (finding,) = [f for f in verified(course, parts=("files",)).findings if f.what == "texts"]
    assert (finding.holds, finding.detail) == (True, "1 placeholder")
    assert finding.notes == (f'{readme}, line 3 still says "{GOAL}" Replace it.',)


def test_a_heading_of_the_scaffold_is_noted_where_the_title_is_another_one(tmp_path: Path) -> None:
    assignment = new_course(tmp_path / "clinic", name="a01_visits", module="visits", tasks=["f"], kind="table")
    assert not [note for note in find_placeholders(assignment) if "has the heading" in note]
    change(assignment.folder / "assignment.toml", 'title = "Visits"', 'title = "Tables of a clinic"')
    renamed = read_assignment(assignment.folder)
    notes = [note for note in find_placeholders(renamed) if "has the heading" in note]
    said = 'line 1 has the heading "Visits", but the title is "Tables of a clinic".'
    assert notes[0] == f"{assignment.folder / 'README.md'}, {said}"
    assert notes[1].startswith(f"{assignment.solutions}")
    assert len(notes) == 2


def test_a_problem_of_several_parts_is_printed_once() -> None:
    same = tuple(Finding(what, ("mutants.py cannot be read.",), "", 0.0) for what in ("mutants", "habits"))
    console = Console(width=200, file=StringIO(), record=True)
    print_verifications([Verification("t01", [*same])], console)
    printed = console.export_text()
    assert printed.count("cannot be read") == 1
    assert "t01, mutants and habits: mutants.py cannot be read." in printed


def test_points_that_are_promised_too_low_are_said_once(course: Assignment, capfd: pytest.CaptureFixture[str]) -> None:
    check = course.folder / "check_tiny.py"
    check.write_text(f'{check.read_text()}\n\n@task("double", share=5)\ndef check_more(student):\n    """More."""\n')
    found = problems(course)
    assert (
        "The shares of 'double' add up to 105 %, not 100 %: check_double 100 %, check_more 5 %." in found["checks"][0]
    )
    assert "add up" not in "".join(capfd.readouterr())


def test_a_stub_that_earns_points_is_found(course: Assignment) -> None:
    check = course.folder / "check_tiny.py"
    change(check, "    expect_equal(student.double(4.0), 8.0)\n", "    assert student.has('double')\n")
    found = problems(course)
    assert found["blank stub"] == [
        "check_tiny.py::check_double gives the blank stub 40 points.",
        "no check says that double is not written",
    ]
    assert found["mutants"] == ["The mutant 'adds x once' is not noticed by check_double (passed). "]


def test_the_stub_of_an_old_handout_has_one_problem_only(course: Assignment) -> None:
    """For example, because the README lacks a marker, so that `gradlab release` wrote nothing."""
    stub = course.folder / "tiny.py"
    stub.write_text(stub.read_text().replace("raise NotImplementedError()", "raise ValueError()"))
    change(course.folder / "README.md", "<!-- limits -->", "")
    found = problems(course)
    assert len(found["blank stub"]) == 1
    assert found["blank stub"] == found["generated files"]


def test_a_mutant_that_is_not_noticed_is_found(course: Assignment) -> None:
    change(course.folder / "check_tiny.py", "up(4.0), 12.0", "up(1.5), 4.5")
    assert problems(course) == {"mutants": ["The mutant 'adds the width' is not noticed by check_up (passed). "]}


@pytest.mark.parametrize(
    ("code", "more", "patience", "found"),
    [
        (
            ENDLESS,
            "",
            2.0,
            [
                "The mutant 'adds x once' is noticed by check_double only because it takes too long. Give the check "
                "smaller inputs; or, if the mutant never ends, say so with endless=True."
            ],
        ),
        (ENDLESS, ", endless=True", 10.0, []),
        ("__import__('time').sleep(0.3) or x", "", 600.0, []),  # with more time, the wrong value is noticed
    ],
)
def test_a_check_that_only_takes_too_long_notices_endless_mutants_alone(
    code: str, more: str, patience: float, found: list[str], course: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autograder.authoring.verify.PATIENCE", patience)
    change(course.folder / "check_tiny.py", '@task("double")', '@task("double", seconds=0.1)')
    change(
        course.solutions / "mutants.py", '"x", noticed_by="check_double"', f'"{code}", noticed_by="check_double"{more}'
    )
    assert problems(course, parts=("mistakes",), story="adds x once") == ({"mutants": found} if found else {})


def test_mutants_that_no_longer_apply_are_all_found(course: Assignment) -> None:
    change(course.solutions / "tiny.py", "x * WIDTH", "WIDTH * x")
    change(course.solutions / "tiny.py", "math.fsum([x, x])", "math.fsum((x, x))")
    found = problems(course)["mutants"]
    assert found[0].startswith(
        "The mutant 'adds x once' no longer applies: 'math.fsum([x, x])' occurs 0 times in tiny.py"
    )
    assert found[1].startswith("The mutant 'adds the width' no longer applies: ")
    assert len(found) == 2  # that no other mutant names their checks would follow


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        (
            '"x + WIDTH", noticed_by="check_up"',
            '"x * WIDTH", noticed_by="check_up"',
            "'adds the width' changes nothing.",
        ),
        ('"check_up"', '"check_upp"', "The mutant 'adds the width' names check_upp, but no check has this name."),
        ('"adds the width"', '"adds x once"', "Two mutants of t01_tiny have the story 'adds x once' (mutants.py)."),
        ("MUTANTS = [", "MUTANTS = [][", "mutants.py cannot be read: "),
        ("MUTANTS = [", "OTHERS = [", "mutants.py cannot be read: "),
    ],
)
def test_a_wrong_list_of_mutants_is_found(old: str, new: str, sentence: str, course: Assignment) -> None:
    change(course.solutions / "mutants.py", old, new)
    found = problems(course)
    assert set(found) - {"habits"} == {"mutants"}  # both read the list
    assert sentence in found["mutants"][0]


def test_a_check_without_a_mutant_is_found(course: Assignment) -> None:
    change(course.solutions / "mutants.py", 'noticed_by=("check_down",)', 'noticed_by="check_up"')
    assert "No mutant names check_down." in problems(course)["mutants"]


def test_mutants_may_be_split_by_topic(course: Assignment) -> None:
    whole = course.solutions / "mutants.py"
    whole.rename(course.solutions / "mutants_of_numbers.py")
    assert problems(course) == {}
    whole.write_text((course.solutions / "mutants_of_numbers.py").read_text())
    assert "(mutants.py and mutants_of_numbers.py)" in problems(course)["mutants"][0]


def test_an_assignment_without_mutants_is_found(course: Assignment) -> None:
    (course.solutions / "mutants.py").unlink()
    assert problems(course)["mutants"][0].startswith(f"{course.solutions / 'mutants.py'} does not exist.")


def test_stale_and_missing_files_are_found(course: Assignment) -> None:
    change(course.solutions / "tiny.py", "# Write two things.", "# Write three things.")
    stale = problems(course)
    assert list(stale) == ["generated files"]
    assert [line for line in stale["generated files"] if "tiny.ipynb" in line]
    (course.folder / "tiny.py").unlink()
    missing = problems(course)
    assert any("tiny.py" in line for line in missing["generated files"])
    assert "tiny.py" in missing["blank stub"][0]


def test_a_source_that_cannot_be_released_is_found(course: Assignment) -> None:
    path = course.solutions / "tiny.py"
    path.write_text(SOURCE.replace("    ### END SOLUTION\n", "", 1))
    assert "SOLUTION" in problems(course)["generated files"][0]


def test_a_reference_that_is_missing_is_found(course: Assignment) -> None:
    (course.solutions / "tiny.py").unlink()
    assert any("tiny.py" in line for lines in problems(course).values() for line in lines)


def test_points_that_do_not_add_up_are_found(course: Assignment) -> None:
    change(course.folder / "check_tiny.py", '"Scaler.up"', '"Scaler.up", share="6/7"')
    assert (
        "The shares of 'Scaler.up' add up to 6/7, not 100 %: check_up 6/7. Change the shares."
        in problems(course)["points"][0]
    )


def test_a_task_without_checks_is_reported_and_the_rest_is_verified(course: Assignment) -> None:
    path = course.folder / "assignment.toml"
    path.write_text(path.read_text() + '\n[[tasks]]\nname = "Scaler.same"\ntitle = "Later"\npoints = 5\n')
    found = problems(read_assignment(course.folder), parts=("reference", "mistakes"))
    assert found == {"points": ["'Scaler.same' has no checks yet: its 5 points are open."]}


def test_a_notebook_that_stops_is_found(course: Assignment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("autograder.authoring.verify.execute_reference", lambda assignment: ["tiny: it stopped."])
    assert problems(course, notebook=True) == {"notebook": ["tiny: it stopped."]}


@pytest.mark.parametrize(("stopped", "detail"), [([], "1 notebook executed"), (["tiny: it stopped."], "")])
def test_a_finding_has_a_detail_only_when_it_holds(
    course: Assignment, monkeypatch: pytest.MonkeyPatch, stopped: list[str], detail: str
) -> None:
    monkeypatch.setattr("autograder.authoring.verify.execute_reference", lambda assignment: stopped)
    found = {finding.what: finding for finding in verified(course, notebook=True).findings}
    assert (found["notebook"].holds, found["notebook"].detail) == (not stopped, detail)


def test_several_assignments_are_verified_at_a_time_and_returned_in_order(course: Assignment, tmp_path: Path) -> None:
    other = make_course(tmp_path / "other")
    (other.solutions / "tiny.py").write_text("def double(x):\n    return x\n")
    done: list[Verification] = []
    plan = Plan(seeds=1, parts=("reference", "files"), notebook=False)
    results = verify_all([other, course], Options(), plan, jobs=2, done=done.append)
    assert [result.holds for result in results] == [False, True]
    assert sorted(result.holds for result in done) == [False, True]


def test_a_handout_that_was_not_released_is_named(course: Assignment) -> None:
    (course.folder / "tiny.py").unlink()
    found = problems(course)
    assert found["blank stub"] == [f"tiny.py was not released yet. Run `gradlab release {course.name}`."]


def test_a_reference_in_another_encoding_is_named(course: Assignment) -> None:
    path = course.solutions / "tiny.py"
    path.write_bytes(b"\xff\xfe")
    assert problems(course)["checks"] == [f"{path}, line 1: this is not UTF-8. Save the file as UTF-8."]


def test_an_element_that_is_no_mutant_or_variant_is_named(course: Assignment) -> None:
    (course.solutions / "variants.py").write_text("VARIANTS = [1]\n")
    (course.solutions / "mutants.py").write_text("MUTANTS = ['x']\n")
    found = problems(course)
    assert found["variants"] == [
        f"{course.solutions / 'variants.py'}: element 1 of VARIANTS is no variant. Make it with `variants_of`."
    ]
    assert "element 1 of MUTANTS is no mutant" in found["mutants"][0]
