"""Messages about common slips say what to do next."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from autograder import check
from autograder.checks.task import BadCheck
from autograder.cli.app import main
from autograder.core.report import Cause, CheckResult, Outcome
from autograder.render.words import reason
from autograder.session.options import Options
from autograder.session.session import with_checks
from autograder.students.start import start
from autograder.students.submit import submit
from autograder.submissions.submission import BadSubmission
from tests.support.course import CHECKS, NAME, STUB, WRITTEN, make_course
from tests.support.vectors import HONEST, make_vectors

pytestmark = pytest.mark.slow

Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    return lambda *arguments: CliRunner().invoke(main, [str(a) for a in arguments], catch_exceptions=False)


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A student's copy of the tiny course, and the current folder."""
    assignment = make_course(tmp_path / "course")
    (assignment.folder / "tiny.py").write_text(STUB)
    start(tmp_path / "work", tmp_path / "course")
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path / "work" / NAME


# Students.


def test_a_blank_zip_is_not_praised(work: Path, run: Run) -> None:
    assert run("submit", NAME).output.endswith("It contains no solution yet, so it would earn no points.\n")
    (work / "tiny.py").write_text(WRITTEN)
    assert run("submit", NAME).output.endswith("Hand in this file.\n")


def test_the_name_of_the_zip_ends_in_zip(work: Path) -> None:
    with pytest.raises(BadSubmission, match=r"must be called \.zip\. Use --out mine\.zip, or create the folder first"):
        submit(work, Path("mine"))
    assert submit(work, Path("mine.zip")).path == Path("mine.zip")
    Path("box").mkdir()
    assert submit(work, Path("box")).path == Path("box") / f"{NAME}.zip"


def test_the_file_of_a_module_means_its_checks_only(work: Path, run: Run) -> None:
    manifest = (work / "assignment.toml").read_text()
    (work / "assignment.toml").write_text(
        manifest.replace('["tiny.py"]', '["tiny.py", "more.py"]')
        .replace('name = "double"', 'name = "double"\nfile = "tiny.py"')
        .replace('name = "Scaler.up"', 'name = "Scaler.up"\nfile = "more.py"')
        .replace('name = "Scaler.down"', 'name = "Scaler.down"\nfile = "more.py"')
    )
    head, double, rest = CHECKS.partition('@task("double"')[0], *CHECKS.partition('@task("double"')[2].split("@task", 1)
    (work / "check_tiny.py").write_text(f'{head}@task("double"{double}')
    (work / "check_more.py").write_text(f"{head}@task{rest}")
    (work / "more.py").write_text(STUB)

    def tasks(path: str) -> set[str]:
        return {check["task"] for check in json.loads(run("check", path, "--json").stdout)["checks"]}

    assert tasks(NAME) == {"double", "Scaler.up", "Scaler.down"}
    assert tasks(f"{NAME}/tiny.py") == {"double"}
    assert tasks("more.ipynb") == {"Scaler.up", "Scaler.down"}
    said = run("check", f"{NAME}/tiny.py").output
    assert "Checking tiny.py (saved " in said
    assert "more.py (saved" not in said


def test_a_notebook_under_another_name_is_not_missing(work: Path, run: Run) -> None:
    """One note says how to rename it; none says to restore the file, which would take the name."""
    (work / "tiny.py").unlink()
    (work / "tiny (1).py").write_text(WRITTEN)
    record = work.parent / ".gradlab.json"
    table = json.loads(record.read_text())
    record.write_text(json.dumps({**table, f"{NAME}/tiny.ipynb": "0"}))
    for command in ("check", "submit"):
        said = run(command, NAME).output
        assert "tiny (1).py counts as tiny.py. Rename it to tiny.py." in " ".join(said.split())
        assert "is missing in" not in said


def test_what_a_task_does_not_allow_is_said_once() -> None:
    result = CheckResult("c::f", "f", "F", False, 0, 1, Outcome.FAILED, Cause.FORBIDDEN, "f uses operations that ...")
    assert reason(result) == ""
    assert reason(replace(result, message="")) == "Uses something this task does not allow."


def test_a_folder_of_assignments_is_not_taken_for_one(work: Path, run: Run) -> None:
    done = run("check", ".")
    assert done.exit_code == 2
    assert f"gradlab: {Path.cwd()} contains several assignments: {NAME}. Choose one." in done.output
    assert f"Did you mean {NAME}" in run("check", "t01_tinny").output


def test_checks_that_differ_from_the_released_ones_are_listed(work: Path, run: Run) -> None:
    (work / "tiny.py").write_text(WRITTEN)
    assert "released" not in run("check", NAME).output
    checks = work / "check_tiny.py"
    checks.write_text(checks.read_text().replace("8.0", "9.0"))
    shown = run("check", NAME).output
    assert "Note: check_tiny.py differs from the released file." in shown
    assert "your mark may differ from what you see here" in shown
    assert "assignment.toml differs" not in shown
    (work / "assignment.toml").write_text((work / "assignment.toml").read_text().replace("points = 2", "points = 3"))
    assert "assignment.toml differs from the released file" in run("check", NAME).output
    checks.unlink()
    start(work.parent, work.parent.parent / "course")
    assert "check_tiny.py differs" not in run("check", NAME).output


def test_a_notebook_that_asks_for_an_unknown_module_gets_the_list_of_modules(
    work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert re.search(r"No assignment .* has a file nopemod\.py\. The modules are .*tiny.* Open the", said("nopemod"))
    monkeypatch.chdir(work)
    assert f"{NAME} has no module 'nopemod'. Use check(\"tiny\")." in said("nopemod")
    assert f"{NAME} has no task 'dubble'. Did you mean 'double'?" in said("tiny", task="dubble")
    assert f"{NAME} has no task 'dubble'." in repr(check("tiny", "dubble"))
    assert "Unknown data set 'cifar'" in said("tiny", data="cifar")


def said(module: str, **options: str) -> str:
    shown = repr(check(module, **options))
    assert shown.startswith("Nothing was checked. ")
    return shown


# Authors.


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("this is no python", "line 1: the checks cannot be imported. Python cannot read it: "),
        (
            "nothing_of_that_name",
            "line 1: the checks cannot be imported. NameError: name 'nothing_of_that_name' is not",
        ),
        ("import nothing_of_that_name", "line 1: the checks cannot be imported. ModuleNotFoundError: No module named"),
    ],
)
def test_a_broken_check_file_is_reported_in_one_sentence_without_a_traceback(
    tmp_path: Path, line: str, sentence: str
) -> None:
    assignment = make_vectors(tmp_path)
    (assignment.folder / "vectors.py").write_text(HONEST)
    path = assignment.folder / "check_vectors.py"
    path.write_text(f"{line}\n{path.read_text()}")
    with pytest.raises(BadCheck) as caught:
        with_checks(assignment, Options(), lambda checks: None)
    message = str(caught.value)
    assert message.startswith(f"{path}, {sentence}")
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize(
    ("oracles", "reason"),
    [
        ("\nimport absent", "ModuleNotFoundError: No module named 'absent'. This is in oracles.py, line 2."),
        ("\n\ndef f(:", "Python cannot read oracles.py, line 3: "),
    ],
)
def test_an_error_in_the_oracles_names_their_line(tmp_path: Path, oracles: str, reason: str) -> None:
    assignment = make_vectors(tmp_path)
    (assignment.folder / "vectors.py").write_text(HONEST)
    (assignment.folder / "oracles.py").write_text(oracles)
    path = assignment.folder / "check_vectors.py"
    path.write_text(f"import oracles\n{path.read_text()}")
    with pytest.raises(BadCheck) as caught:
        with_checks(assignment, Options(), lambda checks: None)
    assert str(caught.value).startswith(f"{path}, line 1: the checks cannot be imported. {reason}")
