"""GitHub shows what a check says at the student's line, and GitHub Classroom gets the points."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from autograder.cli.app import main
from tests.support.course import STUB, as_notebook, make_course
from tests.support.vectors import HONEST, WRONG, make_vectors

pytestmark = pytest.mark.slow

RAISES = HONEST.replace("self.value += n", "self.nowhere += n").replace("return x * 2", "return x * 3")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """The folder of an assignment in a repository; the current folder is the repository's."""
    assignment = make_vectors(tmp_path)
    (tmp_path / "pyproject.toml").touch()
    with chdir(tmp_path):
        yield assignment.folder


def github(*options: str, **variables: str) -> Result:
    return CliRunner().invoke(main, ["github", *options], env=variables, catch_exceptions=False)


def shown_lines(output: str, root: Path) -> dict[str, str]:
    """Return the line of a file at which each annotation is shown, by its title."""
    found = re.findall(r"^::error file=([^,]+),line=(\d+),title=([^:]+)::", output, re.MULTILINE)
    return {title: (root / file).read_text().split("\n")[int(number) - 1].strip() for file, number, title in found}


def test_annotations_are_at_the_error_or_at_the_definition(folder: Path, tmp_path: Path) -> None:
    (folder / "vectors.py").write_text(RAISES)
    done = github()
    assert done.exit_code == 1
    shown = list(shown_lines(done.stdout, tmp_path).values())
    assert shown == ["def double(x):", "self.nowhere += n"]
    chinese = github("--language", "zh_CN").stdout
    assert shown_lines(chinese, tmp_path) == shown_lines(done.stdout, tmp_path)
    assert "未通过 0/" in chinese
    assert "FAILED" not in chinese


def test_annotations_of_a_notebook_are_at_the_lines_of_its_file(folder: Path, tmp_path: Path) -> None:
    cells = RAISES.split("\n\n\n")
    script = "".join(f"# %%\n{cell.strip()}\n" for cell in ["x = 'def double(x):'", *cells])
    book = json.loads(as_notebook(script))
    for cell in book["cells"]:
        cell["source"] = cell["source"].splitlines(keepends=True)
    (folder / "vectors.ipynb").write_text(json.dumps(book, indent=1))
    shown = list(shown_lines(github().stdout, tmp_path).values())
    assert shown == ['"def double(x):\\n",', '"        self.nowhere += n\\n",']


def test_classroom_gets_version_status_maximum_and_tests(folder: Path, tmp_path: Path) -> None:
    (folder / "vectors.py").write_text(WRONG)
    done = github(GITHUB_OUTPUT=str(tmp_path / "output"), GITHUB_STEP_SUMMARY=str(tmp_path / "summary"))
    assert done.exit_code == 1
    name, _, value = (tmp_path / "output").read_text().rstrip("\n").partition("=")
    assert name == "result"
    table = json.loads(base64.b64decode(value))
    assert set(table) == {"version", "status", "max_score", "tests"}
    assert (table["version"], table["status"]) == (1, "fail")
    assert table["max_score"] == sum(test["max_score"] for test in table["tests"])
    assert all(test["status"] in ("pass", "fail", "error") for test in table["tests"])
    assert {"name", "score", "message", "filename", "line_no"} <= set(table["tests"][0])
    assert table["tests"][0]["filename"] == "vectors.py"
    assert "points here" in (tmp_path / "summary").read_text()


def test_all_checks_passed(folder: Path) -> None:
    (folder / "vectors.py").write_text(HONEST)
    done = github("--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["status"] == "pass"
    assert "::error" not in github().stdout


def test_a_file_that_cannot_be_read_is_named_and_stops_no_other_assignment(folder: Path, tmp_path: Path) -> None:
    other = make_course(tmp_path)
    (other.folder / "tiny.ipynb").write_text('{"cells": [')
    (folder / "vectors.py").write_text(HONEST)
    done = github(GITHUB_STEP_SUMMARY=str(tmp_path / "summary"))
    assert done.exit_code == 2
    assert "::error title=t01_tiny::tiny.ipynb is damaged" in done.stdout
    text = (tmp_path / "summary").read_text()
    assert "not checked" in text
    assert "40 of 40 points here" in text
    assert json.loads(github("--json").stdout)["status"] == "error"


def test_where_nothing_is_written_nothing_is_checked(folder: Path, tmp_path: Path) -> None:
    (make_course(tmp_path).folder / "tiny.py").write_text(STUB)
    body = "# YOUR CODE HERE\n    raise NotImplementedError()"
    (folder / "vectors.py").write_text(f"def double(x):\n    {body}\n\ndef total(x):\n    {body}\n")
    done = github()
    assert (done.exit_code, done.stdout) == (0, "Nothing is written yet, so nothing was checked.\n\n")


def test_what_students_print_and_name_is_no_command_and_no_markdown(folder: Path) -> None:
    evil = 'print("::error title=forged::x")\n    raise ValueError("```\\n::warning::forged\\n<script>%0A")'
    (folder / "vectors.py").write_text(HONEST.replace("return x * 2", evil))
    done = github()
    commands = [line for line in done.stdout.splitlines() if line.startswith("::")]
    assert commands
    assert all(line.startswith("::error file=") for line in commands)
    assert "%250A" in commands[0]
    fence = re.search(r"^(`{4,})$", done.stdout, re.MULTILINE)
    assert fence, "the fence is longer than any in the text"
