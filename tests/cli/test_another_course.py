"""A course outside of this repository, on numpy alone: every command works in it, also where torch is missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from autograder.authoring.nbgrader_course import export_course
from autograder.authoring.verify import verify
from autograder.authoring.verify_plan import Plan
from autograder.cli.app import main
from autograder.core.assignment import Assignment
from autograder.session.options import Options
from tests.support.rain import NAME, SOLVED, make_rain

ROOT = Path(__file__).resolve().parents[2]
NO_TORCH = "import sys; sys.modules['torch'] = None  # any import of it fails\n"

ATTACK = SOLVED.replace(
    'return float(TABLE["mm"].sum() / INCH)',
    """
    import os
    seen = []
    for place in PLACES:
        for folder, _, files in os.walk(place):
            seen += [name for name in files if os.path.getsize(os.path.join(folder, name))]
    for name in ("common", "common.fallbacks", "check_rain", "oracles"):
        try:
            __import__(name)
            seen.append(name)
        except ImportError:
            pass
    raise RuntimeError(f"seen: {sorted(seen)}")""",
)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Assignment:
    return make_rain(tmp_path_factory.mktemp("courses") / "weather")


def root_of(course: Assignment) -> Path:
    return course.folder.parent.parent


def graded(course: Assignment, handin: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Grade one script, and return what each check says, with its points where it passed."""
    (tmp_path / "in" / "ada").mkdir(parents=True)
    (tmp_path / "in" / "ada" / "rain.py").write_text(handin)
    monkeypatch.chdir(root_of(course))
    command = ["grade", str(tmp_path / "in"), "--assignment", NAME, "--out", str(tmp_path / "out")]
    done = CliRunner().invoke(main, command)
    assert done.exit_code in (0, 1), done.output
    report = json.loads((tmp_path / "out" / "ada" / "report.json").read_text())
    return {check["id"].partition("::")[2]: check["message"] or check["outcome"] for check in report["checks"]}


def test_verify_holds(course: Assignment) -> None:
    result = verify(course, Options(), Plan(seeds=1, notebook=False))
    assert [finding for finding in result.findings if not finding.holds] == []


@pytest.mark.slow
def test_graded_code_finds_the_data_and_the_shared_package(
    course: Assignment, isolation: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert set(graded(course, SOLVED, tmp_path, monkeypatch).values()) == {"passed"}


@pytest.mark.slow
def test_graded_code_sees_neither_this_course_nor_ours(
    course: Assignment, isolation: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = [str(root_of(course)), *(str(ROOT / name) for name in ("common", "solutions", "assignments"))]
    messages = graded(course, f"PLACES = {places}\n{ATTACK}", tmp_path, monkeypatch)
    assert "RuntimeError: seen: []" in messages["check_total"]
    assert "RuntimeError: seen: []" in messages["check_total_like_the_reference"]


@pytest.mark.slow
def test_a_students_copy_has_all_that_it_needs_and_torch_is_never_imported(course: Assignment, tmp_path: Path) -> None:
    def run(*arguments: str, cwd: Path) -> str:
        program = f"{NO_TORCH}from autograder.cli.app import main\nmain({[*arguments]!r})"
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-P", "-c", program]
        done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    copy = tmp_path / "mine"
    run("start", str(copy), cwd=root_of(course))
    assert {path.name for path in copy.iterdir()} >= {"course.toml", "rain_units", NAME}
    (copy / NAME / "rain.py").write_text(SOLVED)
    assert "50/50 points here." in run("check", NAME, cwd=copy)
    assert "50/50 points here." in run("submit", NAME, cwd=copy)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", NAME],
        cwd=copy,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert "50 of 50 points" in done.stdout, done.stdout + done.stderr


def test_an_nbgrader_course_has_the_data_and_what_the_course_shares(course: Assignment, tmp_path: Path) -> None:
    export_course([course], tmp_path)
    files = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    folder = f"source/{NAME}"
    assert files >= {f"{folder}/rain.csv", f"{folder}/course.toml", f"{folder}/rain_units/__init__.py"}
    assert f"{folder}/rain.py" not in files
    assert 'course_id = "weather"' in (tmp_path / "nbgrader_config.py").read_text()


UNRELATED = """
import sys
import pytest
code = pytest.main(["-q", "-p", "no:cacheprovider", sys.argv[1]])
heavy = {"torch", "numpy", "autograder.core.assignment", "autograder.session.check_items"}
print(int(code), sorted(heavy & {*sys.modules}))
"""


@pytest.mark.slow
def test_another_projects_pytest_imports_nothing_of_the_grader(tmp_path: Path) -> None:
    (tmp_path / "test_other.py").write_text("def test_it():\n    assert 1\n")
    command = [sys.executable, "-c", UNRELATED, str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "0 []", done.stdout + done.stderr
    (tmp_path / "check_other.py").write_text("def check_it():\n    assert 0\n")  # not a check: no assignment.toml
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "0 ['autograder.core.assignment']", done.stdout + done.stderr
