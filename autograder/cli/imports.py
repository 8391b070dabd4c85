"""Commands that turn other platforms' courses into a gradlab course."""

from __future__ import annotations

from pathlib import Path

import click

from autograder.cli import options
from autograder.cli.help_language import TranslatedGroup


@click.group("import", cls=TranslatedGroup)
def import_group() -> None:
    """Make assignments from another platform's course."""


@import_group.command("nbgrader")
@click.argument("folder", type=options.PATH)
@click.option("--course", type=options.PATH, help="The gradlab course to add to (default: the one around this folder).")
def import_nbgrader(folder: Path, course: Path | None) -> None:
    """Import FOLDER: an nbgrader course or one of its assignments.

    Solutions, points, tests, hidden tests and questions are carried over, and a table says what was not. Notebooks are
    read, not executed. Look through the checks: nbgrader's tests are the only oracles that they have.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from autograder.authoring.import_nbgrader import import_nbgrader as read
    from autograder.authoring.release import BadSource, write
    from autograder.authoring.release import release as derive
    from autograder.core.assignment import read_assignment
    from autograder.core.course import find_own_course_root
    from autograder.render.words import count

    root = course or find_own_course_root()
    made = read(folder, root)
    remarks = [(remark.place, remark.text) for remark in made.remarks]
    for name in made.names:
        assignment = read_assignment(root / "assignments" / name)
        try:
            write(derive(assignment))
        except BadSource as error:
            remarks.append((name, f"it cannot be released yet: {error}"))
        tasks, questions = count(len(assignment.tasks), "task"), count(len(assignment.questions), "question")
        click.echo(f"{assignment.folder}: {tasks}, {count(assignment.points, 'point')}, {questions}.")
    if remarks:
        table = Table("place", "what to look at", box=None, pad_edge=False)
        for place, text in remarks:
            table.add_row(Text(place), Text(text))
        Console(width=140 if not Console().is_terminal else None).print(table)
    click.echo(f"Next: write mutants and variants, then gradlab verify {' '.join(made.names)}")


COMMANDS = (import_group,)
