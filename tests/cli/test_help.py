"""The help of every command: complete, in its column, and printed at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from autograder.cli.app import COMMANDS, main
from tests.support.command import run_command

HEAVY = {"numpy", "torch", "pytest", "rich", "jinja2", "nbformat", "jupytext", "dask", "common"}


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


ALL = {"gradlab": main, **{" ".join(path): command for path, command in commands(main)}}


@pytest.mark.parametrize("path", ALL)
def test_every_command_explains_itself(path: str) -> None:
    result = run_command(*path.removeprefix("gradlab").split(), "--help")
    assert result.exit_code == 0
    assert "Usage:" in result.output
    assert len(result.output.split("\n\n")[1].strip()) > 20
    assert "..." not in result.output.partition("\nCommands")[2], "a summary is cut off"
    assert max(len(line) for line in result.output.splitlines()) <= 80


@pytest.mark.parametrize("path", ALL)
def test_every_option_explains_itself_in_a_sentence(path: str) -> None:
    for parameter in ALL[path].params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name
            assert parameter.help[0].isupper(), parameter.name
            assert parameter.help.endswith("."), parameter.name


def test_the_commands_are_listed_by_reader() -> None:
    output = run_command("--help").output
    sections = [output.index(f"Commands for {reader}:") for reader in ("students", "instructors", "authors")]
    assert sections == sorted(sections)
    listed = [command.name for commands in COMMANDS.values() for command in commands if not command.hidden]
    assert [line.split()[0] for line in output[sections[0] :].splitlines() if line.startswith("  ")] == listed


def test_a_full_width_sign_needs_no_space(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "zh_CN")
    assert run_command("check", "--help").output.startswith("用法：")
    assert run_command("check", "--help").output[3] != " "
    assert "没有命令 'chek'。（你是不是指：'check'？）" in run_command("chek").output
    assert "没有选项 '--hlp'。（你是不是指：'--help'？）" in run_command("--hlp").output
    assert "没有选项 '--tsk'。（你是不是指：'--task', '--trust'？）" in run_command("check", "--tsk").output


def test_the_help_imports_no_heavy_package() -> None:
    code = "import sys, autograder.cli.app; print(sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not HEAVY & set(eval(done.stdout))


def test_the_version_is_printed() -> None:
    assert run_command("--version").output.startswith("gradlab, version 0.")
