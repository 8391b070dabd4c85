"""The command for appeals: rerun."""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext, redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from autograder.cli import options
from autograder.core.language import reader, say, speaking, translate, translator
from autograder.core.message import Message, joined

if TYPE_CHECKING:
    from autograder.core.report import Report


@click.command()
@options.results_folder
@click.argument("student")
@click.argument("check", required=False, default="")
@click.option("--pdb", is_flag=True, help="Open the debugger where a check fails.")
@click.option(
    "--local",
    is_flag=True,
    help="Run the hand-in's code in this process, so that --pdb can step into it. Needs --isolation none.",
)
@options.isolation
@click.option(
    "--course", type=options.PATH, help="Folder with assignments/ and solutions/ (default: that of the results)."
)
@options.as_json
def rerun(
    results: Path,
    student: str,
    check: str,
    pdb: bool,
    local: bool,
    isolation: str,
    course: Path | None,
    as_json: bool,
) -> None:
    """Grade one hand-in again, for an appeal.

    Uses the same hand-in, seed, device and data as when it was graded, and says what has changed since. Prints what the
    student saw, and what staff see now. No mark and no file changes. STUDENT is an id or a name. CHECK is the id of a
    check, or a part of its id, title or task; without it, all checks run.

    Exit code: 0 if all of these checks passed, 1 if some failed, 2 if a check is broken or gradlab could not work.
    """
    from autograder.core.course import find_staff_assignment
    from autograder.gradebook.journal import Journal, course_of
    from autograder.gradebook.rerun import (
        changed_verdicts,
        differences,
        find_graded,
        only,
        options_of,
        select_checks,
    )
    from autograder.gradebook.rerun import rerun as grade_again
    from autograder.render.view import student_view
    from autograder.runners.grader_process import Setup
    from autograder.sandbox.isolation import choose

    if local and isolation != "none":
        raise click.UsageError(
            "--local runs the hand-in's code in this process, with your rights. If you have read the code and agree "
            "to that, add --isolation none."
        )
    if pdb and as_json:
        raise click.UsageError("--pdb needs a person: omit --json.")
    with Journal(results) as journal:
        graded = find_graded(journal, student)
    name = graded.report.assignment
    chosen = find_staff_assignment(name, course or course_of(results, name))
    to = translator(reader().language, course=chosen.course.root, domains=[name])
    click.get_current_context().with_resource(speaking(to))
    checks = select_checks(graded.report, check)
    asked = options_of(graded, chosen, results)
    private = (graded.path.parent.resolve(), results.resolve())
    hidden = any(result.hidden for result in graded.report.checks)
    setup = Setup(chosen.folder, asked, choose(isolation), hidden=hidden, private=private)
    changed = differences(graded, chosen, setup)
    with redirect_stdout(sys.stderr) if as_json else nullcontext():  # for what the hand-in prints
        report = only(grade_again(graded, chosen, setup, checks=checks, local=local, pdb=pdb), checks)
    before = only(graded.report, checks)
    verdicts = changed_verdicts(before, report)
    if as_json:
        table = {
            "student": report.student,
            "hand_in": str(graded.path),
            "differences": changed,
            "changed_verdicts": [dict(zip(("check", "before", "now"), row, strict=True)) for row in verdicts],
            "seen_by_student": json.loads(student_view(before).to_json()),
            "report": json.loads(report.to_json()),
        }
        click.echo(json.dumps(table, indent=2))
    else:
        click.echo(f"{report.student}: {graded.path}")
        seed = say("seed {seed}", seed=asked.seed) if asked.seed is not None else say("the seed of these results")
        click.echo(
            say(
                "Device {device}, data {data}, {seed}, isolation {isolation}.",
                device=asked.device,
                data=report.data,
                seed=seed,
                isolation=setup.isolation,
            )
        )
        click.echo(
            say("Not as when it was graded: {changed}.", changed=joined(Message(", "), changed))
            if changed
            else say("Everything is as when it was graded: hand-in, checks, gradlab, options.")
        )
        _print(_page(before), report.with_marks(before.marks), verdicts)
    lost = any(not result.points for result in report.checks)
    sys.exit(2 if any(result.cause == "broken" for result in report.checks) else int(lost))


def _page(report: Report) -> Report:
    """Return what the student's page shows: it also says why a hand-in was refused, and which answers are blank."""
    from autograder.render.view import student_view

    shown = student_view(report)
    blank = tuple(answer for answer in report.answers if answer.is_blank)
    checks = [replace(check, message=report.refusal or check.message) for check in shown.checks]
    return replace(shown, checks=tuple(checks), answers=blank)


def _print(before: Report, now: Report, verdicts: list[tuple[str, str, str]]) -> None:
    """Print both reports, the student's code, and the verdicts that differ."""
    from rich.console import Console

    from autograder.render.terminal import print_report
    from autograder.render.text import clean
    from autograder.render.translated import translated
    from autograder.render.words import count

    console = Console()
    for title, report in ((say("What the student saw"), before), (say("What staff see now"), now)):
        console.rule(title, align="left")
        print_report(translated(report, reader()), console)
    shown = {result.code: result for result in reversed(now.checks) if result.code}
    for code, result in reversed(shown.items()):
        console.rule(say("The student's code, for {task}", task=result.task), align="left")
        console.print(clean(code), markup=False, highlight=False, soft_wrap=True)
    console.rule(say("The verdicts"), align="left")
    for name, old, new in verdicts:
        text = say("{check}: {old} before, {new} now", check=name, old=translate(old), new=translate(new))
        console.print(text, markup=False, highlight=False, soft_wrap=True)
    if not verdicts:
        console.print(say("The same as before ({checks}).", checks=count(len(now.checks), "check")), highlight=False)


COMMANDS = (rerun,)
