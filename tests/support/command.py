"""Run commands in this process, and release a course with them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import chdir
from pathlib import Path

from click.testing import CliRunner, Result

from autograder.cli.app import main
from tests.support.course import make_course

Run = Callable[..., Result]


def run_command(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments], catch_exceptions=False)


def release_course(root: Path) -> None:
    make_course(root)
    with chdir(root):
        assert run_command("release").output == "t01_tiny: README.md, tiny.ipynb, tiny.py\n"
