"""`gradlab check --warm` leaves a process that runs the next check as a new process would, and ends by itself."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from autograder.students import warm
from tests.support.command import run_command
from tests.support.course import NAME, WRITTEN, make_course

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes that can be forked"),
]

SEEN = """
import os
import pathlib

pathlib.Path(os.environ["SEEN"]).write_text(f"{os.getppid()} {os.environ['COLOUR']} {os.getcwd()}")
"""
NOTES_ITS_PARENT = WRITTEN.replace("    return x + x", SEEN.replace("\n", "\n    ").rstrip() + "\n    return x + x")


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir="/tmp") as short:  # the path of a socket has at most 107 characters
        monkeypatch.setattr("tempfile.tempdir", short)
        monkeypatch.setenv("TMPDIR", short)
        monkeypatch.setenv("SEEN", str(tmp_path / "seen"))
        folder = make_course(tmp_path / "course").folder
        (folder / "tiny.py").write_text(NOTES_ITS_PARENT)
        yield folder.parent


@pytest.fixture
def server(course: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that ends after 30 seconds without a check."""
    with serving(course / NAME, "30") as process:
        yield process
        process.kill()


def serving(folder: Path, seconds: str) -> subprocess.Popen[bytes]:
    """Start the process and wait until it listens."""
    path = warm.socket_path()
    process = subprocess.Popen([sys.executable, "-m", "autograder.cli.warm_server", str(path), seconds, str(folder)])
    for _ in range(2000):
        if path.exists() or process.poll() is not None:
            break
        time.sleep(0.05)
    return process


def check(course: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "autograder", "check", NAME, *arguments],
        cwd=course,
        env={**os.environ, "COLOUR": "blue", **variables},
        capture_output=True,
        text=True,
        timeout=120,
    )


def seen(course: Path) -> str:
    """What the student's code noted: the parent of its process, a variable of the environment and the folder."""
    return (course.parents[1] / "seen").read_text()


def test_the_process_answers_what_a_new_one_would(course: Path, server: subprocess.Popen[bytes]) -> None:
    cold, answered = check(course), check(course, "--warm")
    assert (answered.returncode, cold.returncode) == (1, 1)
    assert (answered.stdout, answered.stderr) == (cold.stdout, cold.stderr)
    assert seen(course) == f"{server.pid} blue {course / NAME}"


def test_options_and_errors_reach_the_process(course: Path, server: subprocess.Popen[bytes]) -> None:
    one = check(course, "--warm", "--task", "double", "--json", COLOUR="red")
    assert '"double"' in one.stdout
    assert "Scaler.up" not in one.stdout
    assert " red " in seen(course)
    wrong = check(course, "--warm", "--task", "nothing")
    assert wrong.returncode == 2
    assert "nothing" in wrong.stderr


def test_code_that_ends_its_process_is_an_error(course: Path, server: subprocess.Popen[bytes]) -> None:
    (course / NAME / "tiny.py").write_text(WRITTEN.replace("return x + x", "__import__('os')._exit(0)"))
    ended = check(course, "--warm")
    assert ended.returncode == 2
    assert "The process that ran your code ended." in ended.stderr
    (course / NAME / "tiny.py").write_text(NOTES_ITS_PARENT)
    assert check(course, "--warm").returncode == 1


def test_it_ends_by_itself(course: Path) -> None:
    process = serving(course / NAME, "0.2")
    assert process.wait(timeout=60) == 0
    assert not warm.socket_path().exists()


def test_without_one_the_check_runs_here_and_one_is_started(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Path] = []
    monkeypatch.setattr(warm, "start", started.append)
    monkeypatch.setenv("COLOUR", "green")
    monkeypatch.chdir(course)
    result = run_command("check", NAME, "--warm")
    assert started == [course / NAME]
    assert seen(course).startswith(f"{os.getppid()} green ")
    assert "The next check --warm within 10 minutes will be faster." in result.output


def test_what_needs_this_process_is_refused(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(course)
    result = run_command("check", NAME, "--warm", "--pdb")
    assert result.exit_code == 2
    assert "--warm cannot be combined with --pdb." in result.output


def test_a_folder_that_others_can_open_is_refused(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warm.socket_path().parent.chmod(0o755)
    monkeypatch.chdir(course)
    result = run_command("check", NAME, "--warm")
    assert result.exit_code == 2
    assert "which others can open" in result.output
