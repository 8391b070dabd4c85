"""`gradlab mark RESULTS | head`: when the reader stops early, a command ends without a message, with 141."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.classroom import Grader, hand_in, run
from tests.support.vectors import HONEST, make_vectors

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("pipes")
    course = make_vectors(root / "course")
    run(course, hand_in(root / "in", ada=HONEST), root / "out", Grader())
    return root


def ended(command: Sequence[str], place: Path, *, messages: bool = False) -> tuple[int, str]:
    """Run a program whose output goes to a pipe without a reader; return its exit code and what else it wrote."""
    read, write = os.pipe()
    os.close(read)
    try:
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
        errors = subprocess.STDOUT if messages else subprocess.PIPE
        done = subprocess.run(
            [sys.executable, *command], cwd=place, stdout=write, stderr=errors, text=True, env=environment
        )
    finally:
        os.close(write)
    return done.returncode, done.stderr or ""


@pytest.mark.parametrize(
    "command",
    [
        "--help",
        "mark --help",
        "mark out ada double 1 --reason Copied.",
        "mark out",
        "similar out --assignment course/assignments/t02_vectors",
        "export sheet out course/nothing.csv",
    ],
)
def test_a_command_that_nobody_reads_ends_quietly(place: Path, command: str) -> None:
    everything = command.startswith("export")  # its message goes to the closed pipe
    assert ended(["-m", "autograder", *command.split()], place, messages=everything) == (141, "")


def test_a_table_that_nobody_reads_ends_quietly(place: Path) -> None:
    program = (
        "from rich.console import Console\n"
        "from autograder.cli.closed_pipe import ending_quietly\n"
        "with ending_quietly():\n"
        "    Console().print('table')\n"
    )
    assert ended(["-c", program], place) == (141, "")


def test_a_pipe_that_is_not_the_output_is_an_error_as_any_other(place: Path) -> None:
    program = (
        "import click\n"
        "from autograder.cli import app\n"
        "@app.main.command()\n"
        "def broken():\n"
        "    raise BrokenPipeError(32, 'worker')\n"
        "app.main(['broken'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=Path(__file__).parents[2]
    )
    assert done.returncode == 2
    assert "gradlab:" in done.stderr
