"""The command line: which commands there are, and how errors are reported.

Each command imports what it needs when it runs, so that `gradlab --help` is instant.

Exit codes: 0 everything passed; 1 points were lost, a released file is stale or an assignment failed its
verification; 2 a person must act (a check is broken, marks were not confirmed or are provisional) or gradlab could not
work; 130 interrupted by Ctrl-C, 129 or 143 by a closed terminal or a request to end.
"""

from __future__ import annotations

import signal
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import click

from autograder import __version__
from autograder.cli import authors, exports, imports, instructors, rerun, students
from autograder.core.errors import GradlabError
from autograder.core.files import sentence

COMMANDS = {
    "Students": students.COMMANDS,
    "Instructors": (*instructors.COMMANDS, *rerun.COMMANDS, *exports.COMMANDS),
    "Authors": (*authors.COMMANDS, *imports.COMMANDS),
}


class _Terminated(BaseException):
    """Another program asked this one to end. Not an Exception, so that no command takes it for a failure of its own."""

    def __init__(self, number: signal.Signals) -> None:
        reason = "The terminal was closed" if number.name == "SIGHUP" else "Another program ended this one"
        super().__init__(f"{reason} ({number.name}).")
        self.exit_code = 128 + number


@contextmanager
def _signals_end_in_order() -> Iterator[None]:
    """Raise _Terminated on SIGTERM and SIGHUP inside, so that processes are stopped and files closed as on Ctrl-C.

    A signal that is ignored, as `nohup` does with SIGHUP, stays ignored.
    """

    def end(number: int, frame: object) -> NoReturn:
        raise _Terminated(signal.Signals(number))

    if threading.current_thread() is not threading.main_thread():  # only the main thread may set handlers
        yield
        return
    mine = [number for name in ("SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)) is not None]
    before = {number: signal.getsignal(number) for number in mine if signal.getsignal(number) == signal.SIG_DFL}
    for number in before:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _CommandLine(click.Group):
    """Lists the commands by reader, and reports errors in one sentence with exit code 2."""

    def invoke(self, context: click.Context) -> Any:
        try:
            with _signals_end_in_order():
                return super().invoke(context)
        except _Terminated as error:
            click.echo(f"{error} Run the same command again to resume.", err=True)
            context.exit(error.exit_code)
        except (click.Abort, KeyboardInterrupt):
            click.echo("Interrupted. Run the same command again to resume.", err=True)
            context.exit(130)
        except (click.ClickException, click.exceptions.Exit):
            raise
        except Exception as error:
            from autograder.core.course_file import course_here

            if isinstance(error, GradlabError) or course_here().owns(error):
                click.secho(f"gradlab: {error}", fg="red", err=True)
            elif isinstance(error, OSError):
                click.secho(f"gradlab: {sentence(error)}", fg="red", err=True)
            else:
                traceback.print_exception(error)  # a bug in gradlab must not look like lost points
            context.exit(2)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(len(name) for name, command in self.commands.items() if not command.hidden)
        for reader, commands in COMMANDS.items():
            rows = [
                (str(command.name).ljust(width), command.get_short_help_str(formatter.width - 6 - width))
                for command in commands
                if not command.hidden
            ]
            with formatter.section(f"Commands for {reader.lower()}"):
                formatter.write_dl(rows)


@click.group(cls=_CommandLine, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gradlab")
def main() -> None:
    """Courses that grade themselves."""


for _command in (command for commands in COMMANDS.values() for command in commands):
    main.add_command(_command)
