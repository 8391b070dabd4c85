"""The commands of students: what they print, and their exit codes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from contextlib import chdir
from pathlib import Path

import jsonschema
import pytest

from autograder.core.report import SCHEMA
from tests.support.command import Run, release_course, run_command
from tests.support.course import NAME, SOURCE
from tests.support.vectors import HONEST, WRONG, make_vectors

pytestmark = pytest.mark.slow

DOCS = Path(__file__).resolve().parents[2] / "docs"
SOLVED = re.sub(r" *### (BEGIN|END) SOLUTION\n", "", SOURCE)


@pytest.fixture
def run() -> Run:
    return run_command


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A released course."""
    root = tmp_path_factory.mktemp("course")
    release_course(root)
    return root


@pytest.fixture
def work(course: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A student's fresh copy of it, and the current folder."""
    monkeypatch.chdir(course)
    assert run("start", tmp_path / "work").exit_code == 0
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work"


@pytest.fixture
def vectors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A course whose public checks run on a file that the test writes."""
    folder = make_vectors(tmp_path).folder
    (folder / "vectors.py").write_text(HONEST)
    monkeypatch.chdir(tmp_path)
    return folder


def test_an_assignment_that_is_named_twice_is_handed_out_once(tmp_path: Path, run: Run) -> None:
    done = run("start", tmp_path / "twice", "a01", "a01_knn", "a01")
    assert done.output.count("new files") == 1


def test_a_student_starts_checks_and_submits(work: Path, run: Run) -> None:
    fresh = run("check", NAME)
    assert fresh.exit_code == 1
    assert "Twice the number (double)  0/40\n  Not written yet" in fresh.output
    assert "0/100 points" in fresh.output

    (work / NAME / "tiny.py").write_text(SOLVED)
    done = run("check", NAME)
    assert (done.exit_code, "100/100 points" in done.output) == (0, True), done.stderr

    packed = run("submit", NAME)
    assert packed.exit_code == 0
    assert packed.output.endswith(f"Created {work / NAME}.zip from {work / NAME}. Hand in this file.\n")
    assert sorted(zipfile.ZipFile(work / f"{NAME}.zip").namelist()) == ["tiny.ipynb", "tiny.py"]
    (work / NAME / "tiny.py").write_text("")
    again = run("check", NAME, "--hand-in", work / f"{NAME}.zip")
    assert (again.exit_code, "100/100 points" in again.output) == (0, True), again.output


def test_submit_prints_points_and_questions_and_the_same_as_json(work: Path, run: Run) -> None:
    (work / NAME / "tiny.py").write_text(SOLVED)
    lines = run("submit", NAME).output.splitlines()
    assert "Twice the number (double)   40/40" in lines
    assert "100/100 points here. All 3 checks passed. Well done." in lines
    assert "Not answered yet: 1 question. Why twice (tiny-q1)." not in lines  # the script is the solution's
    assert any(line.startswith("tiny.py was saved on ") for line in lines)
    table = json.loads(run("submit", NAME, "--json").stdout)
    assert (table["path"], table["advice"]) == (str(work / f"{NAME}.zip"), "Hand in this file.")
    assert table["report"]["points"] == 100
    bare = run("submit", NAME, "--no-check")
    assert (bare.exit_code, bare.output.splitlines()[-1]) == (
        0,
        f"Replaced the older {work / NAME}.zip, from {work / NAME}. It was not checked.",
    )
    assert "points here" not in bare.output


def test_a_notebook_without_a_script_is_checked(work: Path, run: Run) -> None:
    folder = work / NAME
    (folder / "tiny.py").unlink()
    notebook = json.loads((folder / "tiny.ipynb").read_text())
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"]).replace(
            "# YOUR CODE HERE\n    raise NotImplementedError()", "return 2 * x"
        )
    (folder / "tiny.ipynb").write_text(json.dumps(notebook))
    with chdir(folder):  # the name works from inside, too
        result = run("check", NAME)
    assert result.exit_code == 1
    assert "40/100 points" in result.output
    assert "Scale up (Scaler.up)  0/35\n  Not written yet" in result.output


def test_the_options_k_and_task_select_checks(vectors: Path, run: Run) -> None:
    assert "20/20 points" in run("check", "t02_vectors", "-k", "matrix").output.replace("20/50", "20/20")
    chosen = run("check", "t02_vectors", "--task", "Counter")
    assert (chosen.exit_code, "20/20" in chosen.output, "double" in chosen.output) == (0, True, False)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("check", "a99_nothing"), "No assignment 'a99_nothing' was found"),
        (("submit", "a99_nothing"), "No assignment 'a99_nothing' was found"),
        (("start", "elsewhere", "a99_nothing"), "No assignment 'a99_nothing' was found"),
        (("check", "t02_vectors", "--task", "nothing"), "has no task 'nothing'. It has: double, total, Counter."),
        (("check", "t02_vectors", "--task", "total"), "total has no public checks: hidden ones decide its points"),
        (("check", "t02_vectors", "-k", "nothing"), "No check of t02_vectors was selected by -k nothing."),
        (("check", "t02_vectors", "--hand-in", "nothing.zip"), "nothing.zip does not exist."),
        (("grade", "nothing", "--assignment", "t02_vectors", "--out", "out"), "nothing"),
        (("verify", "a99_nothing"), "No assignment 'a99_nothing' was found"),
    ],
)
def test_something_that_does_not_exist_gets_a_sentence_and_exit_code_2(
    arguments: tuple[str, ...], sentence: str, vectors: Path, run: Run
) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    errors = [line for line in result.stderr.splitlines() if not line.startswith("Checking ")]
    assert len(errors) == 1
    assert errors[0].startswith("gradlab: ")
    assert sentence in errors[0]
    assert result.stdout == ""


def test_a_syntax_error_gets_a_sentence(vectors: Path, run: Run) -> None:
    (vectors / "vectors.py").write_text("def double(x:\n    return x\n")
    checked = run("check", "t02_vectors")
    assert checked.exit_code == 1
    assert "Note: vectors.py, line 1: Python cannot read this: " in checked.output
    packed = run("submit", "t02_vectors")
    assert packed.exit_code == 2
    assert packed.stderr.startswith("gradlab: vectors.py, line 1: Python cannot read this: ")


def test_exit_codes_distinguish_passed_failed_and_broken(vectors: Path, run: Run) -> None:
    assert run("check", "t02_vectors").exit_code == 0
    (vectors / "vectors.py").write_text(WRONG)
    assert run("check", "t02_vectors").exit_code == 1
    check = vectors / "check_vectors.py"
    check.write_text(check.read_text().replace("rng.normal(3, 5)", "rng.norm(3, 5)"))
    broken = run("check", "t02_vectors")
    assert broken.exit_code == 2
    assert "BROKEN" in broken.output.upper()


def test_json_is_valid_whatever_the_students_code_prints(vectors: Path) -> None:
    noisy = HONEST.replace("    return x * 2", "    print('called')\n    raise ValueError('half a character: \\ud83d')")
    (vectors / "vectors.py").write_text(noisy)
    command = [sys.executable, "-m", "autograder", "check", "t02_vectors", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    jsonschema.validate(report, json.loads((DOCS / "report.schema.json").read_text()))
    assert (report["schema"], report["points"], report["student"], report["wall"]) == (SCHEMA, 20, "you", "none")
    assert "called\n" in done.stderr


def test_a_student_never_sees_a_traceback_of_the_grader(vectors: Path, run: Run) -> None:
    uses = HONEST.replace("return x * 2", "return nothing_of_that_name.double(x)")
    (vectors / "vectors.py").write_text(f"import nothing_of_that_name\n{uses}")
    result = run("check", "t02_vectors")
    assert result.exit_code == 1
    assert "vectors.py, line 1" in result.output
    assert "Traceback" not in result.output
    assert "autograder" not in result.output


def test_a_bug_in_the_grader_is_not_mistaken_for_lost_points(
    vectors: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autograder.students.check.check_folder", lambda *a, **k: 1 / 0)
    result = run("check", "t02_vectors")
    assert result.exit_code == 2
    assert "ZeroDivisionError" in result.stderr


def test_check_names_a_file_as_it_is_called(work: Path, run: Run) -> None:
    (work / NAME / "tiny.ipynb").unlink()
    (work / NAME / "tiny.py").unlink()
    (work / NAME / "tiny (1).py").write_text(SOLVED)
    done = run("check", NAME)
    assert "Checking tiny (1).py (saved " in done.stderr
    assert "100/100 points" in done.output


def test_a_notebook_in_another_kernel_says_what_to_do(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = json.loads((work / NAME / "tiny.ipynb").read_text())["cells"]
    first = next("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(
        AssertionError, match=r"This kernel has no gradlab\. Choose the kernel in which you installed it"
    ):
        exec(first.partition("    %pip")[0])
