"""Checks are pytest: the plugin collects them, shows sentences, counts points, and leaves other sessions alone."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.manifest import BadManifest, read_assignment
from tests.vectors import HONEST, MANIFEST, PUBLIC, WRONG, make_vectors

pytest_plugins = ["pytester"]

CHECKS = "assignments/t02_vectors"
QUICK = ["-p", "no:cacheprovider", "-p", "no:hypothesispytest"]


@pytest.fixture
def course(pytester: pytest.Pytester) -> Path:
    """A student's copy: public checks and a correct answer. The working directory is the course."""
    make_vectors(pytester.path / "made")
    os.rename(pytester.path / "made" / "assignments", pytester.path / "assignments")
    folder = pytester.path / CHECKS
    (folder / "vectors.py").write_text(HONEST)
    return folder


Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester, course: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    for variable in ("CI", "BUILD_NUMBER"):
        monkeypatch.delenv(variable, raising=False)  # there, pytest's summary repeats whole messages
    return lambda *arguments: pytester.runpytest_inprocess(*QUICK, *arguments)


def test_plain_pytest_runs_the_checks_and_sums_the_points(run: Run) -> None:
    result = run(CHECKS)
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        ["*40 of 40 points*", "passed   20/20  Doubling a matrix doubles each element.", "passed   20/20  A counter*"]
    )


def test_k_selects_and_x_stops(run: Run, course: Path) -> None:
    run(CHECKS, "-k", "matrix").assert_outcomes(passed=1, deselected=1)
    (course / "vectors.py").write_text(WRONG)
    run(CHECKS, "-x").assert_outcomes(failed=1)


def test_a_check_can_be_named_by_itself(run: Run, course: Path) -> None:
    (course.parent.parent / "solutions" / course.name).mkdir(parents=True)  # staff, and no hidden check yet
    (course / "assignment.toml").write_text(MANIFEST.replace("= 50", "= 20").replace("= 30", "= 20"))
    (course / "check_vectors.py").write_text(
        PUBLIC + PUBLIC.replace('"Counter"', '"total"').replace("check_c", "check_t")
    )
    run(f"{CHECKS}/check_vectors.py::check_counter").assert_outcomes(passed=1)


def test_task_and_student_choose_what_is_judged(run: Run, course: Path, tmp_path: Path) -> None:
    run(CHECKS, "--task", "Counter").assert_outcomes(passed=1, deselected=1)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "vectors.py").write_text(WRONG)
    run(CHECKS, "--student", str(tmp_path / "other")).assert_outcomes(failed=2)


def test_a_failure_is_the_students_sentence_without_a_traceback_of_ours(run: Run, course: Path) -> None:
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


def test_what_is_not_written_is_said_by_name(run: Run, course: Path) -> None:
    (course / "vectors.py").write_text("def double(x):\n    raise NotImplementedError()\n")
    result = run(CHECKS)
    result.stdout.fnmatch_lines(
        ["    double is not written yet (vectors.py, line 2, in double).", "*does not define Counter*"]
    )


def test_without_the_students_file_every_check_says_so(run: Run, course: Path) -> None:
    (course / "vectors.py").unlink()
    result = run(CHECKS)
    result.assert_outcomes(failed=2)
    assert result.stdout.str().count("    vectors.py was not handed in.") == 2


def test_each_run_judges_the_file_as_it_is_now(run: Run, course: Path) -> None:
    run(CHECKS).assert_outcomes(passed=2)
    (course / "vectors.py").write_text(WRONG)
    run(CHECKS).assert_outcomes(failed=2)


# a check file that is wrong


def change(course: Path, old: str, new: str) -> None:
    text = (course / "check_vectors.py").read_text()
    assert text.count(old) == 1
    (course / "check_vectors.py").write_text(text.replace(old, new))


WRONG_CHECKS = {
    "no task": (
        '@task("double", points=20)\n',
        "",
        "check_vectors.py:*: check_double_of_a_matrix has no @task(name, points=",
    ),
    "no docstring": (
        '    """A counter counts what it is given."""\n',
        "",
        "check_counter has no docstring; its first line is",
    ),
    "an unknown task": ('"Counter"', '"Count"', "assignment.toml has no task 'Count'. It has: double, total, Counter."),
    "half points": ('e", points=20', 'e", points=0.5', "points must be a whole number of at least 1, not 0.5."),
    "too many points": ('e", points=20', 'e", points=51', "promises 50 points for 'double', but the checks pay 51."),
}


@pytest.mark.parametrize("name", WRONG_CHECKS)
def test_a_wrong_check_file_is_refused_with_its_place(name: str, run: Run, course: Path) -> None:
    old, new, line = WRONG_CHECKS[name]
    change(course, old, new)
    result = run(CHECKS)
    assert result.ret != 0
    assert result.parseoutcomes().get("passed", 0) == 0
    (result.stderr if "pay" in line else result.stdout).fnmatch_lines([f"*{line}*"])


def test_points_that_are_promised_but_not_paid_are_refused_where_all_checks_are_there(run: Run, course: Path) -> None:
    hidden = course.parent.parent / "solutions" / course.name
    hidden.mkdir(parents=True)
    (hidden / "check_vectors_hidden.py").write_text(
        PUBLIC.replace("=20", "=10").replace("def check_", "def check_again_")
    )
    result = run(CHECKS, str(hidden))
    result.stderr.fnmatch_lines(["*promises 50 points for 'double', but the checks pay 30. Change one of the two.*"])
    run(CHECKS).assert_outcomes(passed=2)  # students have some of the checks only


def test_a_check_file_of_no_module_is_refused(run: Run, course: Path) -> None:
    (course / "check_matrices.py").write_text(PUBLIC)
    run(CHECKS).stdout.fnmatch_lines(
        ["*judges the module that its name begins with, *, but*assignment.toml lists vectors.py.*"]
    )


def test_a_modules_checks_may_be_split_by_topic(run: Run, course: Path) -> None:
    whole = course / "check_vectors.py"
    head, first, second = whole.read_text().partition('@task("Counter"')
    whole.write_text(head)
    (course / "check_vectors_counting.py").write_text(head.partition("@task")[0] + first + second)
    run(str(course)).assert_outcomes(passed=2)


def test_check_files_share_oracles_and_each_assignment_has_its_own(run: Run, course: Path) -> None:
    change(course, "from autograder import", "from oracles import twice\nfrom autograder import")
    change(course, "2 * x, mistakes", "twice(x), mistakes")
    (course / "oracles.py").write_text("def twice(x):\n    return 2 * x\n")
    other = course.parent / "t03_vectors"
    shutil.copytree(course, other)
    (other / "check_vectors.py").rename(other / "check_vectors_too.py")  # pytest wants names that differ
    run(CHECKS, str(other)).assert_outcomes(passed=4)
    (other / "oracles.py").write_text("def twice(x):\n    return 3 * x + 0\n")  # of another size: see importlib's cache
    run(CHECKS, str(other)).assert_outcomes(passed=3, failed=1)
    assert "oracles" not in sys.modules


def test_two_checks_of_the_same_name_are_refused(run: Run, course: Path) -> None:
    (course / "check_vectors_again.py").write_text(PUBLIC.replace("=20", "=10"))
    result = run(str(course))
    result.stderr.fnmatch_lines(["*check_vectors.py and *check_vectors_again.py both have a check_* Rename one*"])


def test_a_bug_in_a_check_shows_staff_the_check(run: Run, course: Path) -> None:
    change(course, "    x = rng.normal(3, 5)\n", "    x = rng.norm(3, 5)\n")
    result = run(CHECKS)
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines([">*x = rng.norm(3, 5)", "*AttributeError*", "broken*0/20*Doubling a matrix*"])


def test_a_bug_that_only_the_students_value_brings_out_is_the_students(run: Run, course: Path) -> None:
    change(course, "    before = counter.value\n", "    before = counter.value.item()\n")
    result = run(CHECKS)
    result.stdout.fnmatch_lines(
        [
            "    The check cannot use what came back (AttributeError: 'int' object has no attribute 'item').",
            "failed*0/20*",
        ]
    )


# the debugger


def debugged(course: Path, commands: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        input=commands, capture_output=True, text=True, cwd=course.parent.parent, timeout=60,
    )  # fmt: skip
    return done.stdout + done.stderr


BUGGY = HONEST.replace("    return x * 2", "    marker = 'inside double'\n    return x * marker")


@pytest.mark.parametrize("program", [("pytest", CHECKS), ("autograder", "check", "t02_vectors")])
def test_pdb_opens_in_the_students_frame(program: tuple[str, ...], course: Path) -> None:
    (course / "vectors.py").write_text(BUGGY)
    said = debugged(course, "p marker\np x.shape\nq\n", *program, "--pdb", "-k", "matrix")
    assert "'inside double'" in said
    assert "torch.Size([3, 5])" in said
    assert said.endswith("goes on where it ended.\n") or program[0] == "pytest"


@pytest.mark.parametrize("program", [("pytest", CHECKS), ("autograder", "check", "t02_vectors")])
def test_a_breakpoint_stops_in_the_students_frame_and_the_clock(program: tuple[str, ...], course: Path) -> None:
    (course / "vectors.py").write_text(BUGGY.replace("    return x * marker", "    breakpoint()\n    return x * 2"))
    change(course, 'e", points=20', 'e", points=20, seconds=0.3')
    said = debugged(course, "p marker\n!__import__('time').sleep(0.6)\np x.shape\nc\n", *program, "-k", "matrix")
    assert "'inside double'" in said
    assert "torch.Size([3, 5])" in said
    assert "20 of 20" in said or "20/20" in said


# sessions that are not ours


def test_a_session_without_checks_is_left_alone(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_other="def test_it():\n    assert 1\n", check_other="raise SystemExit('not a check of ours')\n"
    )
    result = pytester.runpytest_inprocess(*QUICK)
    result.assert_outcomes(passed=1)
    assert "points" not in result.stdout.str()


def test_a_test_cannot_use_the_fixtures_of_checks(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_other="def test_it(student):\n    assert 1\n")
    result = pytester.runpytest_inprocess(*QUICK)
    result.stdout.fnmatch_lines(["*The fixtures of gradlab are for check_[*] functions in check_[*].py files.*"])


# the manifest

TASK = '[[tasks]]\nname = "f"\ntitle = "F"\npoints = 100\n'
HEAD = 'title = "T"\nversion = "1"\nfiles = ["t.py"]\n'

BAD_MANIFESTS = {
    "not TOML": ("title = ", "is not valid TOML"),
    "not text": (b"title = '\xff'", "is not valid TOML"),
    "no title": (HEAD.replace('title = "T"\n', "") + TASK, "'title' is missing"),
    "no tasks": (HEAD, "'tasks' is missing"),
    "a title that is a number": (HEAD.replace('"T"', "3") + TASK, "'title' must be of type str, not 3"),
    "no files": (HEAD.replace('["t.py"]', "[]") + TASK, "`files` must name at least one module"),
    "a file that is a number": (HEAD.replace('["t.py"]', "[1]") + TASK, "`files` must name modules"),
    "a file that is a path": (HEAD.replace("t.py", "sub/t.py") + TASK, "`files` must name modules"),
    "a file that is no module": (HEAD.replace("t.py", "t.ipynb") + TASK, "`files` must name modules"),
    "one task instead of a list": (HEAD + TASK.replace("[[tasks]]", "[tasks]"), "'tasks' must be of type list"),
    "a task that is a word": ('tasks = ["f"]\n' + HEAD, "each of `tasks` must be a table"),
    "a question that is a word": ('questions = ["f"]\n' + HEAD + TASK, "each of `questions` must be a table"),
    "questions that are a word": ('questions = "f"\n' + HEAD + TASK, "'questions' must be of type list"),
    "a task without points": (HEAD + TASK.replace("points = 100\n", ""), "'points' is missing in the entry 'f'"),
    "half points": (HEAD + TASK.replace("100", "99.5"), "'points' must be of type int, not 99.5 in the entry 'f'"),
    "true points": (HEAD + TASK.replace("100", "true"), "'points' must be of type int, not True"),
    "no points": (HEAD + TASK.replace("100", "0"), "promises 0 points; it needs at least 1"),
    "a name twice": (HEAD + TASK + TASK, "the task 'f' stands there 2 times"),
    "another file": (HEAD + TASK + 'file = "u.py"\n', "task 'f' is in 'u.py', which `files` does not list: t.py"),
    "an unknown limit": (HEAD + TASK + "[limits]\nminutes = 1\n", r"\[limits\] has no 'minutes'; it has file_mb, "),
    "a negative limit": (HEAD + TASK + "[limits]\nseconds = -1\n", r"\[limits\] seconds must be a number above 0"),
    "limits that are a number": ("limits = 3\n" + HEAD + TASK, r"'limits' must be of type dict"),
    "imports that are a word": ('imports = "torch"\n' + HEAD + TASK, "'imports' must be of type list"),
    "a question without an id": (HEAD + TASK + '[[questions]]\ntitle = "Q"\npoints = 1\n', "'id' is missing"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_MANIFESTS)
def test_a_wrong_manifest_is_refused_with_the_entry_and_the_remedy(name: str, tmp_path: Path) -> None:
    text, sentence = BAD_MANIFESTS[name]
    path = tmp_path / "assignment.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BadManifest, match=sentence) as caught:
        read_assignment(tmp_path)
    assert str(path) in str(caught.value)


def test_a_folder_without_a_manifest_is_no_assignment(tmp_path: Path) -> None:
    with pytest.raises(BadManifest, match=r"has no assignment\.toml, so it is not an assignment"):
        read_assignment(tmp_path)


def test_a_right_manifest_is_read(tmp_path: Path) -> None:
    (tmp_path / "assignment.toml").write_text(HEAD + TASK + "[limits]\nseconds = 2.5\n")
    assignment = read_assignment(tmp_path)
    assert (assignment.name, assignment.points, assignment.limits.seconds) == (tmp_path.name, 100, 2.5)
    with pytest.raises(BadManifest, match=r"has no task 'g'\. It has: f\."):
        assignment.task("g")


TAKES_GLYPHS = '''
from autograder import expect, task

@task("double", points=20)
def check_data_by_name(student, data):
    """The images are {wanted}."""
    split = data(num_train=1, num_test=2, name="glyphs")
    expect((split.name, len(split.x_test)) == ("{wanted}", 2), f"They are {{split.name}}.")
'''


@pytest.mark.parametrize(("option", "wanted"), [("scenes", "glyphs"), ("glyphs", "glyphs"), ("mnist", "mnist")])
def test_a_check_may_name_its_generated_data_and_the_command_line_comes_first(
    run: Run, course: Path, monkeypatch: pytest.MonkeyPatch, option: str, wanted: str
) -> None:
    source = importlib.import_module("common.data.mnist")  # the one that load will find, whatever ran before
    monkeypatch.setattr(source, "read", importlib.import_module("common.data.glyphs").read)
    (course / "check_vectors.py").write_text(TAKES_GLYPHS.format(wanted=wanted))
    run(f"{CHECKS}/check_vectors.py::check_data_by_name", "--data", option).assert_outcomes(passed=1)
