"""What `gradlab check --warm` does in the student's terminal: it asks the warm process, or starts one."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import click

from autograder.core.language import say
from autograder.core.message import either

COLD = (("--pdb", "pdb"), ("--hand-in", "hand_in"), ("--watch", "watch"))  # what --warm cannot be combined with


def answer_warm(context: click.Context) -> None:
    """End with what the warm process answers. If there is none, start one for the next check."""
    from autograder.core.course import find_assignment
    from autograder.students import warm

    given = context.params
    if refused := [name for name, value in COLD if given[value]]:
        raise click.UsageError(
            say("{option} cannot be combined with {others}.", option="--warm", others=either(refused))
        )
    arguments = [part for option in context.command.params for part in _as_given(option, given) if part != "--warm"]
    code = warm.ask(["check", *arguments])
    if code is not None:
        sys.exit(code)
    warm.start(find_assignment(given["assignment"], installed=False).folder)
    click.echo(say("The next check --warm within {minutes} minutes will be faster.", minutes=warm.MINUTES), err=True)


def _as_given(option: click.Parameter, given: Mapping[str, Any]) -> list[str]:
    """Return an option or argument as it is typed; nothing if it was omitted."""
    value = given[str(option.name)]
    if value in (None, "", False):
        return []
    if isinstance(option, click.Argument):
        return [str(value)]
    return [option.opts[0]] if value is True else [option.opts[0], str(value)]
