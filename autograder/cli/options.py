"""Options and arguments that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from autograder.core.half_points import parse_points
from autograder.core.language import say

Command = TypeVar("Command", bound=Callable[..., Any])


class _NamedPath(click.Path):
    """A path. An empty text is refused: Python takes it for the current folder, and a script may have meant another."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail(say("The name of a file or folder is empty."), param, ctx)
        return super().convert(value, param, ctx)


PATH: Any = _NamedPath(path_type=Path)


class WithPoints(click.Command):
    """A command with an argument POINTS: a number below 0 looks like an option, but was meant as points."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Read the arguments."""
        try:
            return super().parse_args(context, args)
        except click.NoSuchOption as error:
            if not error.option_name[1:2].isdigit():
                raise
            below = "POINTS cannot be below 0: write 0, or up to the points of the task or question."
            raise click.UsageError(below, context) from None


def points(context: click.Context, parameter: click.Parameter, value: str | None) -> float | None:
    """Return the whole or half points that an argument states: its callback."""
    try:
        return None if value is None else parse_points(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


assignment_names = click.argument("names", nargs=-1, metavar="[ASSIGNMENTS]...")
results_folder = click.argument("results", type=PATH)
assignment = click.option("--assignment", required=True, help="Name or folder of the assignment.")
device = click.option(
    "--device",
    type=click.Choice(["cpu", "cuda", "auto"]),
    default="cpu",
    show_default=True,
    help='Where tensors are computed; "auto" uses a GPU if there is one.',
)
data = click.option(
    "--data",
    help="Data set of the checks that train or evaluate models, of those in course.toml; the first is the default.",
)
course = click.option(
    "--course",
    type=PATH,
    help="Folder with assignments/ and solutions/ (default: that of the results, else the one here, above or "
    "installed).",
)
skip_scored = click.option(
    "--skip-scored",
    is_flag=True,
    help="Leave out the checks that train or evaluate networks, for a quick look. The result is provisional.",
)
edition = click.option("--language", default="", metavar="CODE", help='The language of the files, such as "zh_CN".')
language = click.option(
    "--language",
    default="",
    metavar="CODE",
    help='The language of what is shown, such as "zh_CN" (default: that of the notebook, the course or this computer).',
)
staff_language = click.option(
    "--language",
    default="",
    metavar="CODE",
    help='The language of the pages for staff, such as "zh_CN". It is remembered for these results. A student\'s page '
    "is in the roster's column `language`, else in the course's language.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs instead of text.")
isolation = click.option(
    "--isolation",
    "--wall",
    "isolation",
    type=click.Choice(["auto", "bubblewrap", "namespaces", "user", "none"]),
    default="auto",
    show_default=True,
    help="How hand-ins are isolated from this machine: by bubblewrap; by Linux namespaces without it; as another user, "
    'only in Gradescope\'s containers; or by nothing: "none", only for code that you wrote yourself. "auto" uses '
    "bubblewrap or, if that is missing, namespaces.",
)
wait = click.option("--wait", is_flag=True, help="Wait until another grader releases the lock.")


unencrypted = click.option(
    "--unencrypted",
    is_flag=True,
    help="Allow a cluster without encryption on other machines: anyone who reaches its ports can run code there.",
)


def cluster(command: Command) -> Command:
    """Add the options that name a Dask cluster and the certificates for it."""
    options = (
        click.option(
            "--cluster",
            metavar="ADDRESS",
            help="Grade with the workers of this Dask scheduler (tls://HOST:PORT) and ignore --workers.",
        ),
        click.option(
            "--tls-ca",
            type=PATH,
            metavar="PEM",
            help="For an encrypted cluster (tls://...): its certificate authority.",
        ),
        click.option("--tls-cert", type=PATH, metavar="PEM", help="For an encrypted cluster: your certificate."),
        click.option("--tls-key", type=PATH, metavar="PEM", help="For an encrypted cluster: the key of --tls-cert."),
        unencrypted,
    )
    for option in reversed(options):  # the last one applied is listed first
        command = option(command)
    return command
