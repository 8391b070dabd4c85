"""A file that was deleted from a student's copy is named, with the command that restores it and keeps the work."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from autograder.cli.app import main
from autograder.core.received import without_its_manifest
from autograder.students.handout import changed_checks
from autograder.students.notebook_check import check
from autograder.students.start import start
from tests.support.course import CHECKS, NAME, STUB, WRITTEN, as_notebook, make_course

pytestmark = pytest.mark.slow


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = make_course(tmp_path / "course").folder
    (folder / "tiny.py").write_text(STUB)
    (folder / "tiny.ipynb").write_bytes(as_notebook(STUB))
    (folder / "oracles.py").write_text("TWICE = 8.0\n")
    (folder / "check_tiny.py").write_text(f"import oracles\n{CHECKS}")
    return tmp_path / "course"


@pytest.fixture
def work(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    start(tmp_path / "my work", root)
    monkeypatch.chdir(tmp_path / "my work")
    return tmp_path / "my work" / NAME


def sentence(file: str, work: Path) -> str:
    again = f"Run `gradlab start '{work.parent}' {NAME}` again: it restores the file and keeps your work."
    return f"{file} is missing in {work}. {again}"


def run(*arguments: str) -> str:
    return CliRunner().invoke(main, list(arguments)).output


@pytest.mark.parametrize(
    "command",
    [("check", NAME), ("check", "t01"), ("check", "tiny"), ("submit", NAME), ("status",), ("hint", NAME, "x")],
)
def test_a_deleted_manifest(command: tuple[str, ...], work: Path) -> None:
    (work / "assignment.toml").unlink()
    assert run(*command) == f"gradlab: {sentence('assignment.toml', work)}\n"


def test_a_deleted_manifest_inside_the_folder_and_in_a_notebook(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (work / "assignment.toml").unlink()
    monkeypatch.chdir(work)
    assert run("check") == f"gradlab: {sentence('assignment.toml', work)}\n"
    assert repr(check("tiny")) == f"Nothing was checked. {sentence('assignment.toml', work)}"


def test_status_names_it_after_the_other_assignments(work: Path) -> None:
    other = work.parent / "t02_other"
    other.mkdir()
    for path in work.glob("*.*"):
        (other / path.name).write_bytes(path.read_bytes())
    (work / "assignment.toml").unlink()
    shown = run("status")
    assert "t02_other" in shown
    assert shown.endswith(f"{sentence('assignment.toml', work)}\n")


def test_pytest_names_a_deleted_manifest_and_deleted_oracles(work: Path) -> None:
    for file in ("assignment.toml", "oracles.py"):
        content = (work / file).read_bytes()
        (work / file).unlink()
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(work)]
        assert sentence(file, work) in subprocess.run(command, capture_output=True, text=True).stdout
        (work / file).write_bytes(content)


def test_deleted_oracles(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (work / "oracles.py").unlink()
    assert run("check", NAME).splitlines()[1:] == [f"gradlab: {sentence('oracles.py', work)}"]
    assert sentence("oracles.py", work) in run("submit", NAME).splitlines()
    monkeypatch.chdir(work)
    assert repr(check("tiny")) == f"Nothing was checked. {sentence('oracles.py', work)}"


@pytest.mark.parametrize("command", ["check", "submit"])
def test_a_deleted_module(command: str, work: Path) -> None:
    (work / "tiny.py").unlink()
    assert sentence("tiny.ipynb", work) not in run(command, NAME)  # its notebook is there
    (work / "tiny.ipynb").unlink()
    assert run(command, NAME) == f"gradlab: {sentence('tiny.ipynb', work)}\n"
    assert sentence("tiny.ipynb", work) in " ".join(run("status").split())


def test_a_deleted_check_is_missing_and_an_edited_one_differs(work: Path) -> None:
    (work / "check_tiny.py").unlink()
    assert changed_checks(work) == (sentence("check_tiny.py", work),)
    (work / "check_tiny.py").write_text("edited")
    (note,) = changed_checks(work)
    assert note.startswith("check_tiny.py differs from the released file.")


def test_the_sentence_is_in_the_language_of_the_copy_from_any_folder(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = json.loads((work / "tiny.ipynb").read_bytes())
    (work / "tiny.ipynb").write_text(json.dumps({**table, "metadata": {"gradlab": {"language": "zh_CN"}}}))
    monkeypatch.chdir(tmp_path)
    for file in ("oracles.py", "assignment.toml"):
        content = (work / file).read_bytes()
        (work / file).unlink()
        said = run("check", str(work)).splitlines()[-1]
        assert said.startswith(f"gradlab: {work} 中缺少 {file}。"), said
        (work / file).write_bytes(content)


def test_starting_again_restores_what_is_missing_and_keeps_the_work(root: Path, work: Path) -> None:
    for file in ("assignment.toml", "oracles.py", "tiny.ipynb"):
        (work / file).unlink()
    (work / "tiny.py").write_text(WRITTEN)
    start(work.parent, root)
    assert (work / "tiny.py").read_text() == WRITTEN
    assert changed_checks(work) == ()
    assert without_its_manifest(work, "") is None


def test_the_named_command_restores_only_this_assignment(
    root: Path, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(root / "assignments" / NAME, root / "assignments" / "t02_other")
    (work / "oracles.py").unlink()
    (note,) = changed_checks(work)
    monkeypatch.chdir(root)
    run(*shlex.split(note.split("`")[1])[1:])
    assert (work / "oracles.py").exists()
    assert not (work.parent / "t02_other").exists()


def test_a_published_course_has_the_same_record(work: Path, tmp_path: Path) -> None:
    """Its assignments are in `assignments/`, and git restores them."""
    copy = tmp_path / "clone" / "assignments"
    copy.parent.mkdir()
    record = work.parent / ".gradlab.json"
    (tmp_path / "clone" / ".published.json").write_text(record.read_text().replace(NAME, f"assignments/{NAME}"))
    record.unlink()
    work.parent.rename(copy)
    (copy / NAME / "oracles.py").unlink()
    assert changed_checks(copy / NAME) == (
        f"oracles.py is missing in {copy / NAME}. Take it again from where you got the course; with git, `git restore` "
        "does that.",
    )
