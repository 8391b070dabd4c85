"""The command line. Each command imports what it needs when it runs, so that `gradlab --help` is instant.

Exit codes: 0 everything passed, 1 points were lost or something does not hold, 2 gradlab could not do its work.
"""

from __future__ import annotations

import os
import sys
import traceback
from contextlib import nullcontext, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from autograder import __version__
from autograder.core.errors import GradlabError
from autograder.core.files import why

if TYPE_CHECKING:
    from autograder.core.assignment import Assignment

_device = click.option("--device", type=click.Choice(["cpu", "cuda", "auto"]), default="cpu", show_default=True)
_data = click.option("--data", default="scenes", show_default=True, help="Dataset of scored checks.")
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines instead of text.")
_path: Any = click.Path(path_type=Path)


class _Sentences(click.Group):
    """Turns errors that speak to people into one sentence and exit code 2."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except (click.Abort, KeyboardInterrupt):
            click.echo("Stopped. Given again, the same command goes on where it ended.", err=True)
            context.exit(130)
        except (click.ClickException, click.exceptions.Exit):
            raise
        except Exception as error:
            from common.data.split import DataError

            if isinstance(error, GradlabError | DataError):
                click.secho(f"gradlab: {error}", fg="red", err=True)
            elif isinstance(error, OSError):
                named = "Something" if error.filename is None else os.fsdecode(error.filename)
                click.secho(f"gradlab: {named} cannot be read or written: {why(error)}.", fg="red", err=True)
            else:
                traceback.print_exception(error)  # a fault of ours, not to be taken for lost points
            context.exit(2)


@click.group(cls=_Sentences, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gradlab")
def main() -> None:
    """A deep learning course that grades itself.

    Students: start, check, submit. Instructors: grade, mark, similar, policy, export.
    Authors: release, calibrate, verify.
    """


@main.command()
@click.argument("folder", type=_path)
@click.argument("names", nargs=-1)
def start(folder: Path, names: tuple[str, ...]) -> None:
    """Copy the assignments into FOLDER, where you work on them. Files you have edited are kept."""
    from autograder.core.course import course_root
    from autograder.students.start import start as copy

    for line in copy(folder, course_root(), list(names) or None):
        click.echo(line)


@main.command()
@click.argument("assignment")
@click.option("-k", "expression", default="", help="Only checks whose names match, as in pytest.")
@click.option("--task", help="Only the checks of this task.")
@click.option("--hand-in", type=_path, help="A zip, folder or file to check instead of the assignment's folder.")
@click.option("--pdb", is_flag=True, help="Open the debugger where a check fails.")
@click.option("-v", "--verbose", is_flag=True, help="Show passed checks, timings and prints, too.")
@_device
@_data
@_json
def check(
    assignment: str, expression: str, task: str | None, hand_in: Path | None, pdb: bool, verbose: bool, **rest: Any
) -> None:
    """Run the public checks of ASSIGNMENT on your work."""
    from autograder.session.options import Options, known_data, pick_device
    from autograder.students.check import check_folder

    chosen = _find(assignment)
    if task is not None:
        chosen.task(task)
    options = Options(device=pick_device(rest["device"]), data=known_data(rest["data"]), task=task, debugging=pdb)
    arguments = [*(["-k", expression] if expression else []), *(["--pdb"] if pdb else [])]
    with redirect_stdout(sys.stderr) if rest["as_json"] else nullcontext():  # what the student's code prints
        report = check_folder(chosen, options, arguments=arguments, hand_in=hand_in)
    if rest["as_json"]:
        click.echo(report.to_json().encode("utf-8", "backslashreplace"), nl=False)
    else:
        from rich.console import Console

        from autograder.render.terminal import print_report

        print_report(report, Console(), verbose=verbose)
    lost = any(not result.points for result in report.checks)
    sys.exit(2 if report.needs_staff else int(lost))


@main.command()
@click.argument("assignment")
@click.option("--out", type=_path, help="Where to put the zip (default: here).")
def submit(assignment: str, out: Path | None) -> None:
    """Make the zip you hand in, or say why it could not be graded."""
    from autograder.students.submit import submit as pack

    folder = _find(assignment, installed=False).folder
    made = pack(folder, out)
    for warning in made.warnings:
        click.secho(warning, fg="yellow")
    advice = "Nothing is written in it yet, so it would earn nothing." if made.blank else "Hand this file in."
    click.echo(f"Made {made.path} from {folder}. {advice}")


def _find(name: str, *, installed: bool = True) -> Assignment:
    from autograder.core.course import find_assignment

    return find_assignment(name, installed=installed)


def _add_staff_commands() -> None:
    from autograder.cli import authors as cli_staff
    from autograder.cli import cluster as cli_cluster
    from autograder.cli import exports as cli_export
    from autograder.cli import instructors as cli_class

    for command in (*cli_class.COMMANDS, *cli_cluster.COMMANDS, *cli_staff.COMMANDS, *cli_export.COMMANDS):
        main.add_command(command)


_add_staff_commands()
