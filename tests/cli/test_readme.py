"""The README's commands are commands, and its first ones do what it says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from autograder.cli.app import main

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = re.findall(r"^    gradlab ([^#\n]+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_of_the_readme_exists(command: str) -> None:
    words = shlex.split(command)
    names = [word for word in words[:2] if word in main.commands or word == "nbgrader"]
    done = CliRunner().invoke(main, [*names, "--help"])
    assert names, command
    assert done.exit_code == 0, done.output
    for word in words:
        if word.startswith("--"):
            assert word in done.output


def test_a_student_follows_the_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    done = CliRunner().invoke(main, ["start", str(tmp_path / "mycourse"), "a01_knn"])
    assert done.exit_code == 0, done.output
    monkeypatch.chdir(tmp_path / "mycourse")
    done = CliRunner().invoke(main, ["check", "a01_knn", "--task", "predict_labels"])
    assert done.exit_code == 1, done.output
    assert "0/20" in done.output
    done = CliRunner().invoke(main, ["submit", "a01_knn"])
    assert done.exit_code in (0, 2), done.output
    assert "knn" in done.output


def test_every_file_the_readme_points_to_is_there() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)]+)\)", text):
        assert (ROOT / target).exists(), target


def test_the_readme_lists_every_assignment() -> None:
    listed = re.findall(r"^\| `(a\d\d_\w+)` \|", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert listed == sorted(path.parent.name for path in (ROOT / "assignments").glob("*/assignment.toml"))
