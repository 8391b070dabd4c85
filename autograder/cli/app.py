"""The command line: which commands there are, and how errors are reported.

Each command imports what it needs when it runs, so that `gradlab --help` is instant.

Exit codes: 0 everything passed; 1 points were lost, a released file is stale or an assignment failed its
verification; 2 a person must act (a check is broken, marks were not confirmed or are provisional) or gradlab could not
work; 130 interrupted by Ctrl-C, 129 or 143 by a closed terminal or a request to end; 141 if what reads the output, such
as `head`, stopped.
"""

from __future__ import annotations

import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

import click

from autograder import __version__
from autograder.cli import authors, cluster, exports, imports, instructors, rerun, students
from autograder.cli import translate as translations
from autograder.cli.closed_pipe import ending_quietly, nobody_reads
from autograder.cli.help_language import (
    TranslatedGroup,
    click_speaks,
    translated_command,
    translated_option,
    without_gaps,
)
from autograder.core.collector import collecting_rarely
from autograder.core.editions import language_of_copy
from autograder.core.errors import GradlabError
from autograder.core.files import sentence
from autograder.core.language import ENGINE_LOCALE, languages_in, say, speaking, translate, translator
from autograder.core.message import Message
from autograder.core.reader_language import choose_language

COMMANDS = {
    Message("Commands for students"): students.COMMANDS,
    Message("Commands for instructors"): (
        *instructors.COMMANDS,
        *cluster.COMMANDS,
        *rerun.COMMANDS,
        *exports.COMMANDS,
    ),
    Message("Commands for authors"): (*authors.COMMANDS, *imports.COMMANDS, *translations.COMMANDS),
}


RESUMED = ("grade",)  # commands that skip what an interrupted run finished


class _Terminated(KeyboardInterrupt):
    """Another program asked this one to end: whatever lets Ctrl-C through lets this through."""

    def __init__(self, number: signal.Signals) -> None:
        reason = (
            Message("The terminal was closed") if number.name == "SIGHUP" else Message("Another program ended this one")
        )
        super().__init__(Message("{reason} ({signal}).", reason=reason, signal=number.name))
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


def _language_around(arguments: Sequence[str]) -> str:
    """Return the language of the student's copy that the arguments name or that is here; empty if there is none."""
    with suppress(OSError, ValueError):  # the current folder may be gone, and an argument no path
        places = [Path(argument).resolve() for argument in (*arguments, ".") if argument[:1] != "-"]
        return next(filter(None, map(language_of_copy, dict.fromkeys(places))), "")
    return ""


def _current_folder_is_gone() -> bool:
    try:
        return not Path.cwd()
    except FileNotFoundError:
        return True


class _CommandLine(TranslatedGroup):
    """Lists the commands by reader, and reports errors in one sentence with exit code 2."""

    def main(self, *arguments: Any, **options: Any) -> Any:
        """Run a command. Help and errors are in the language of the copy, else of this computer, or as it decides."""
        given = arguments[0] if arguments else options.get("args")
        here = _language_around(sys.argv[1:] if given is None else given)
        with click_speaks(), speaking(translator(choose_language("", languages_in(ENGINE_LOCALE), here))):
            try:
                with ending_quietly():
                    return super().main(*arguments, **options)
            except OSError:  # a message could not be written, as on a full disk: that must not look like lost points
                raise SystemExit(2) from None

    def invoke(self, context: click.Context) -> Any:
        try:
            with collecting_rarely(), _signals_end_in_order():
                return super().invoke(context)
        except _Terminated as error:
            resumed = say("{error} Run the same command again to resume.", error=error.args[0])
            click.echo(resumed if context.invoked_subcommand in RESUMED else translate(error.args[0]), err=True)
            context.exit(error.exit_code)
        except (click.Abort, KeyboardInterrupt):
            resumed = say("Interrupted. Run the same command again to resume.")
            click.echo(resumed if context.invoked_subcommand in RESUMED else say("Interrupted."), err=True)
            context.exit(130)
        except click.ClickException as error:
            error.message = translate(error.message)  # type: ignore[misc]
            without_gaps(error)
            raise
        except click.exceptions.Exit:
            raise
        except Exception as error:
            from autograder.core.course_file import course_here

            if isinstance(error, BrokenPipeError) and nobody_reads():
                raise
            if isinstance(error, GradlabError) or course_here().owns(error):
                click.secho(f"gradlab: {translate(str(error))}", fg="red", err=True)
            elif isinstance(error, FileNotFoundError) and _current_folder_is_gone():
                gone = say("The current folder no longer exists. Change to another folder.")
                click.secho(f"gradlab: {gone}", fg="red", err=True)
            elif isinstance(error, OSError):
                click.secho(f"gradlab: {translate(sentence(error))}", fg="red", err=True)
            else:
                traceback.print_exception(error)  # a bug in gradlab must not look like lost points
            context.exit(2)

    def format_help_text(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Write what this program is."""
        click.Command.format_help_text(translated_command(self), context, formatter)

    def get_params(self, context: click.Context) -> list[click.Parameter]:
        """Return the options of this program, with help in the reader's language."""
        return [translated_option(option) for option in super().get_params(context)]

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        width = max(len(name) for name, command in self.commands.items() if not command.hidden)
        for reader, commands in COMMANDS.items():
            rows = [
                (str(command.name).ljust(width), command.get_short_help_str(formatter.width - 6 - width))
                for command in map(translated_command, commands)
                if not command.hidden
            ]
            with formatter.section(translate(reader)):
                formatter.write_dl(rows)


@click.group(cls=_CommandLine, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gradlab")
def main() -> None:
    """Courses that grade themselves."""


for _command in (command for commands in COMMANDS.values() for command in commands):
    main.add_command(_command)
