"""The page for authors: its tutorial works as it is written, and it has an example of every public name."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

import autograder
from autograder.authoring.verify import verify
from autograder.authoring.verify_plan import Plan
from autograder.cli.app import main
from autograder.core.assignment import read_assignment
from autograder.core.report import read_report
from autograder.session import state
from autograder.session.options import Options

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "authors.md").read_text(encoding="utf-8")
TUTORIAL = PAGE.partition("## Tutorial")[2].partition("\n## ")[0]
BLOCKS = re.findall(r"^```(\w+)(?: title=\"([^\"]+)\")?\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
FILES = {title: text for _, title, text in BLOCKS if title}


def commands(step: str) -> list[str]:
    """Return the commands below one heading of the tutorial."""
    text = TUTORIAL.partition(f"### {step}")[2].partition("\n### ")[0]
    lines = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL).splitlines()
    return [line[4:] for line in lines if re.match(r"    [a-z]", line)]


def run(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run one command of the tutorial: `gradlab` in this process, others by the shell."""
    program, *rest = command.split()
    if program == "cd":
        monkeypatch.chdir(rest[0])
    elif program != "gradlab":
        subprocess.run(command, shell=True, check=True)
    elif rest[0] == "verify":  # in one process, without the notebook and with few seeds: the command takes a minute
        state._assignment.cache_clear()  # each command is a process of its own
        assignment = read_assignment(Path("assignments/a01_means"))
        found = verify(assignment, Options(), Plan(seeds=2, parts=("reference", "variants", "mistakes")))
        assert {f.what: f.problems for f in found.findings if not f.holds} == {}
    else:
        done = CliRunner().invoke(main, rest)
        assert done.exit_code in (0, 1), f"{command}: {done.output}"


@pytest.mark.slow
def test_the_tutorial_leads_from_an_empty_folder_to_a_graded_class(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for command in commands("1."):
        run(command, monkeypatch)
    course = tmp_path / "weather"
    for path, text in FILES.items():
        assert (course / path).exists(), f"new-course writes no {path}"
        (course / path).write_text(text)
    for step in ("6.", "7."):
        for command in commands(step):
            run(command, monkeypatch)
    marks = {name: read_report(course / "results" / name / "report.json").points for name in ("ada", "bob")}
    assert marks == {"ada": 11, "bob": 0}


def test_every_public_name_has_an_example() -> None:
    code = "\n".join(text for language, _, text in BLOCKS if language == "python")
    code += " ".join(re.findall(r"(?<!`)`([^`\n]+)`(?!`)", PAGE))
    assert [name for name in autograder.__all__ if not re.search(rf"\b{name}\b", code)] == []


def test_examples_are_python() -> None:
    for language, _, text in BLOCKS:
        if language == "python":
            ast.parse(text)


@pytest.mark.parametrize(
    "name", ["value", "hold", "define", "inspect", "measure", "has", "seed", "folder", "write_file", "figure"]
)
def test_methods_of_student_are_explained(name: str) -> None:
    assert f"student.{name}(" in PAGE
