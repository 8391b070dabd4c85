"""pytest runs the checks: the plugin collects them, shows sentences, sums points, and ignores other sessions."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from autograder.submissions.submission import Submission, open_submission
from tests.support.checking_course import CHECKS, QUICK, Run, change, make_copy, pytest_in
from tests.support.vectors import PUBLIC
from tests.support.vectors import TORCH_HONEST as HONEST
from tests.support.vectors import TORCH_MANIFEST as MANIFEST
from tests.support.vectors import TORCH_WRONG as WRONG

pytestmark = pytest.mark.slow

pytest_plugins = ["pytester"]


@pytest.fixture
def course(pytester: pytest.Pytester) -> Path:
    return make_copy(pytester)


@pytest.fixture
def run(pytester: pytest.Pytester, course: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    return pytest_in(pytester, monkeypatch)


def test_plain_pytest_runs_the_checks_and_sums_the_points(run: Run) -> None:
    result = run(CHECKS)
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        ["*40 of 40 points*", "passed   20/20  Doubling a matrix doubles each element.", "passed   20/20  A counter*"]
    )


def test_the_hand_in_is_read_once_for_all_checks(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []

    def counted(folder: Path, *arguments: Any, **options: Any) -> Submission:
        read.append(folder)
        return open_submission(folder, *arguments, **options)

    monkeypatch.setattr("autograder.session.state.open_submission", counted)
    run(CHECKS).assert_outcomes(passed=2)
    assert len(read) == 1


def test_k_selects_and_x_stops(run: Run, course: Path) -> None:
    run(CHECKS, "-k", "matrix").assert_outcomes(passed=1, deselected=1)
    (course / "vectors.py").write_text(WRONG)
    run(CHECKS, "-x").assert_outcomes(failed=1)


def test_a_single_check_can_be_selected_by_name(run: Run, course: Path) -> None:
    (course.parent.parent / "solutions" / course.name).mkdir(
        parents=True
    )  # as for staff, before there is a hidden check
    (course / "assignment.toml").write_text(MANIFEST.replace("= 50", "= 20").replace("= 30", "= 20"))
    (course / "check_vectors.py").write_text(
        PUBLIC + PUBLIC.replace('"Counter"', '"total"').replace("check_c", "check_t")
    )
    run(f"{CHECKS}/check_vectors.py::check_counter").assert_outcomes(passed=1)


def test_the_options_task_and_student_select_what_is_checked(run: Run, course: Path, tmp_path: Path) -> None:
    run(CHECKS, "--gradlab-task", "Counter").assert_outcomes(passed=1, deselected=1)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "vectors.py").write_text(WRONG)
    run(CHECKS, "--gradlab-student", str(tmp_path / "other")).assert_outcomes(failed=2)


def test_a_failure_shows_the_sentence_for_students_and_no_traceback_of_gradlab(run: Run, course: Path) -> None:
    (course / "vectors.py").write_text(HONEST.replace("x * 2", "x * x").replace("self.value += n", "raise KeyError(n)"))
    result = run(CHECKS)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "FAILED 0/20  Doubling a matrix doubles each element.",
            "    double(f64[[]3,5]) returned f64[[]3,5]",
            "    Hint: That is the square.",
            "FAILED 0/20  A counter counts what it is given.",
            "    Counter(…).add(7)",
            "    KeyError: 7",
            "      vectors.py, line 18, in Counter.add: raise KeyError(n)",
            "*0 of 40 points*",
        ]
    )
    for ours in ("Traceback", "expect_close(", "autograder/", "check_vectors.py:"):
        assert ours not in result.stdout.str().split("short test summary")[0].split("FAILURES")[1]


def test_a_warning_is_no_error_even_if_the_project_around_the_course_says_so(run: Run, course: Path) -> None:
    warned = HONEST.replace("return x * 2", "warnings.warn('harmless')\n    return x * 2")
    (course / "vectors.py").write_text(f"import warnings\n\n{warned}")
    run(CHECKS, "--assert=plain", "-o", "filterwarnings=error").assert_outcomes(passed=2, warnings=1)


def test_a_function_that_is_not_written_is_named(run: Run, course: Path) -> None:
    (course / "vectors.py").write_text("def double(x):\n    raise NotImplementedError()\n")
    result = run(CHECKS)
    result.stdout.fnmatch_lines(
        ["    double is not written yet (vectors.py, line 2, in double).", "*does not define Counter*"]
    )


def test_every_check_reports_that_the_file_is_missing(run: Run, course: Path) -> None:
    (course / "vectors.py").unlink()
    result = run(CHECKS)
    result.assert_outcomes(failed=2)
    assert result.stdout.str().count("    t02_vectors contains no vectors.ipynb or vectors.py, and no other file") == 2


def test_each_run_reads_the_file_again(run: Run, course: Path) -> None:
    run(CHECKS).assert_outcomes(passed=2)
    (course / "vectors.py").write_text(WRONG)
    run(CHECKS).assert_outcomes(failed=2)


# the debugger


def debugged(course: Path, commands: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        input=commands, capture_output=True, text=True, cwd=course.parent.parent, timeout=600,
    )  # fmt: skip
    return done.stdout + done.stderr


BUGGY = HONEST.replace("    return x * 2", "    marker = 'inside double'\n    return x * marker")


@pytest.mark.parametrize("program", [("pytest", CHECKS), ("autograder", "check", "t02_vectors")])
def test_pdb_opens_in_the_students_frame(program: tuple[str, ...], course: Path) -> None:
    (course / "vectors.py").write_text(BUGGY)
    output = debugged(course, "p marker\np x.shape\nq\n", *program, "--pdb", "-k", "matrix")
    assert "'inside double'" in output
    assert "torch.Size([3, 5])" in output
    assert output.endswith("Interrupted.\n") or program[0] == "pytest"


def test_pdb_opens_in_the_students_frame_if_torch_or_another_library_raised(course: Path) -> None:
    raising = "marker = 'inside double'\n    return torch.nn.Linear(2, 2)(x.float())"
    (course / "vectors.py").write_text(HONEST.replace("return x * 2", raising))
    output = debugged(course, "p marker\nq\n", "autograder", "check", "t02_vectors", "--pdb", "-k", "matrix")
    assert "(Pdb) 'inside double'" in output


@pytest.mark.parametrize("program", [("pytest", CHECKS), ("autograder", "check", "t02_vectors")])
def test_a_breakpoint_stops_in_the_students_frame_and_the_clock(program: tuple[str, ...], course: Path) -> None:
    (course / "vectors.py").write_text(BUGGY.replace("    return x * marker", "    breakpoint()\n    return x * 2"))
    change(course, 'e", share=40', 'e", share=40, seconds=0.3')
    output = debugged(course, "p marker\n!__import__('time').sleep(0.6)\np x.shape\nc\n", *program, "-k", "matrix")
    assert "'inside double'" in output
    assert "torch.Size([3, 5])" in output
    assert "20 of 20" in output or "20/20" in output


# sessions without checks


def test_a_session_without_checks_is_not_affected(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_other="def test_it():\n    assert 1\n", check_other="raise SystemExit('not a check of ours')\n"
    )
    result = pytester.runpytest_inprocess(*QUICK)
    result.assert_outcomes(passed=1)
    assert "points" not in result.stdout.str()


def test_a_test_cannot_use_the_fixtures_of_checks(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_other="def test_it(student):\n    assert 1\n")
    result = pytester.runpytest_inprocess(*QUICK)
    result.stdout.fnmatch_lines(["*fixture 'student' not found*"])


DATA = """
title = "A course"
id = "a"

[data]
scenes = "common.data:load"
glyphs = "common.data:load"
mnist = "common.data:load"
"""
TAKES_GLYPHS = '''
from autograder import expect, task

@task("double")
def check_data_by_name(student, data):
    """The images are {wanted}."""
    split = data(num_train=1, num_test=2, name="glyphs")
    expect((split.name, len(split.x_test)) == ("{wanted}", 2), f"They are {{split.name}}.")
'''


@pytest.mark.parametrize(("option", "wanted"), [("scenes", "glyphs"), ("glyphs", "glyphs"), ("mnist", "mnist")])
def test_a_check_may_name_its_generated_data_and_the_command_line_overrides_it(
    run: Run, course: Path, monkeypatch: pytest.MonkeyPatch, option: str, wanted: str
) -> None:
    source = importlib.import_module("common.data.mnist")  # the module that load will use, even after other tests
    monkeypatch.setattr(source, "read", importlib.import_module("common.data.glyphs").read)
    (course.parent.parent / "course.toml").write_text(DATA)
    (course / "check_vectors.py").write_text(TAKES_GLYPHS.format(wanted=wanted))
    run(f"{CHECKS}/check_vectors.py::check_data_by_name", "--gradlab-data", option).assert_outcomes(passed=1)


def test_what_is_wrong_with_the_course_is_one_sentence(run: Run, course: Path) -> None:
    (course.parent.parent / "course.toml").write_text('title = "A"\nid = "a"\nshared = ["nowhere_at_all"]\n')
    result = run(CHECKS)
    result.stdout.fnmatch_lines(
        ["*the package 'nowhere_at_all' of `shared` was not found. It must be a folder next to*"]
    )
    assert "BadCourse" not in result.stdout.str()
