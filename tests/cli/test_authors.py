"""The commands of authors, and grading a class with their course."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest

from tests.support.command import release_course, run_command
from tests.support.course import NAME, SOURCE

pytestmark = pytest.mark.slow

DOCS = Path(__file__).resolve().parents[2] / "docs"
SOLVED = re.sub(r" *### (BEGIN|END) SOLUTION\n", "", SOURCE)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A released course."""
    root = tmp_path_factory.mktemp("course")
    release_course(root)
    return root


def test_a_class_is_graded_into_a_folder(course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(course)
    handins = tmp_path / "handins"
    for name, text in {"ada": SOLVED, "bob": "import os\nos._exit(1)\n"}.items():
        (handins / name).mkdir(parents=True)
        (handins / name / "tiny.py").write_text(text)
    out = tmp_path / "results"
    grade = ("grade", handins, "--assignment", NAME, "--out", out, "--workers", 1, "--isolation", "none")
    assert "Name the course with --course, or pass --public-only" in run_command(*grade).output
    grade = (*grade, "--public-only")
    result = run_command(*grade, "--json")
    assert result.exit_code == 1, result.output
    table = json.loads(result.stdout)
    assert {row["student"]: row["points"] for row in table["reports"]} == {"ada": 100, "bob": 0}
    assert {path.name for path in out.iterdir()} >= {"ada", "bob", "gradebook.csv", "index.html"}
    rows = (out / "gradebook.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows[1:]] == ["ada", "bob"]
    jsonschema.validate(
        json.loads((out / "ada" / "report.json").read_text()), json.loads((DOCS / "report.schema.json").read_text())
    )
    second = run_command(*grade)
    assert second.exit_code == 1
    assert "index.html" in second.output


def test_release_check_lists_stale_files(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(course)
    assert run_command("release", "--check").exit_code == 0
    stub = course / "assignments" / NAME / "tiny.py"
    fresh = stub.read_text()
    stub.write_text(fresh + "\n# edited\n")
    result = run_command("release", "--check")
    stub.write_text(fresh)
    assert result.exit_code == 1
    assert "tiny.py" in result.output


def test_verify_outside_of_any_course_says_which_one_it_verifies(
    course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where gradlab is installed from its folder, that is gradlab's own course, which takes long."""
    monkeypatch.setattr("autograder.core.course.installed_course", lambda: course)
    verify = ("verify", "--part", "files", "--no-notebook", "--isolation", "none")
    said = f"No course is here or above: this verifies gradlab's own, in {course}."
    monkeypatch.chdir(tmp_path)
    assert said in run_command(*verify).output
    monkeypatch.chdir(course / "assignments" / NAME)
    assert said not in run_command(*verify).output


@pytest.mark.parametrize("part", ["mistakes", "mutants"])
def test_the_part_of_mutants_has_two_names(course: Path, monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    monkeypatch.chdir(course)
    result = run_command("verify", NAME, "--isolation", "none", "--part", part, "--json")
    assert [found["what"] for found in json.loads(result.stdout)[0]["findings"]] == ["blank stub", "mutants"]


@pytest.mark.parametrize(("option", "narrow"), [((), True), (("--all-checks",), False)])
def test_variants_run_the_checks_that_may_notice_them_or_all(
    course: Path, monkeypatch: pytest.MonkeyPatch, option: tuple[str, ...], narrow: bool
) -> None:
    plans = []
    monkeypatch.setattr(
        "autograder.authoring.verify.verify_all", lambda assignments, asked, plan, **rest: plans.append(plan) or []
    )
    monkeypatch.chdir(course)
    run_command("verify", NAME, "--isolation", "none", *option)
    assert [plan.narrow for plan in plans] == [narrow]


def test_verify_ends_with_1_when_an_assignment_fails(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(course)
    result = run_command("verify", NAME, "--isolation", "none", "--seeds", 1, "--no-notebook", "--json")
    assert result.exit_code == 1
    assert "mutants.py does not exist" in result.stdout
    assert json.loads(result.stdout)
