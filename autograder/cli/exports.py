"""The command line's part for other systems: `gradlab export ...`, and what runs in Gradescope's container."""

from __future__ import annotations

import sys
from collections.abc import Collection
from contextlib import ExitStack
from pathlib import Path

import click

from autograder.cli import options as shared

_results = click.argument("results", type=shared.path)
_questions = click.option("--questions", is_flag=True, help="Add the marks for inline questions, points and maximum.")
_out = click.option("--out", type=shared.path, required=True, help="The file to write.")


@click.group()
def export() -> None:
    """Write the course or its results for other systems."""


@export.command("nbgrader")
@click.argument("folder", type=shared.path)
@click.argument("names", nargs=-1)
def nbgrader(folder: Path, names: tuple[str, ...]) -> None:
    """Make FOLDER an nbgrader course: config, source notebooks and checks."""
    from autograder.authoring.nbgrader_course import export_course
    from autograder.core.course import assignments_named

    export_course(assignments_named(names), folder)
    click.echo(f"Made the nbgrader course {folder}. Next: cd {folder} && nbgrader generate_assignment ASSIGNMENT")


@export.command("gradebook")
@click.argument("database", type=shared.path)
@_results
@click.option("--handins", type=shared.path, help="Where the hand-ins lie now (default: where they were graded).")
@shared.wait
def gradebook(database: Path, results: Path, handins: Path | None, wait: bool) -> None:
    """Write the marks in RESULTS into nbgrader's DATABASE (course/gradebook.db), cell by cell, and the hand-ins as
    formgrader shows them beside it."""
    from autograder.core.course import find_assignment
    from autograder.exports.nbgrader_gradebook import fill_gradebook
    from autograder.exports.nbgrader_notebooks import files_among, graded_files
    from autograder.exports.reports import read_results
    from autograder.gradebook.journal import NAME, Journal
    from autograder.gradebook.lock import hold
    from autograder.render.words import count

    reports = read_results(results)
    assignment = find_assignment(reports[0].assignment)
    with ExitStack() as stack:
        journal = None
        if (results / NAME).exists():
            stack.enter_context(hold(results, wait=wait))
            journal = stack.enter_context(Journal(results))
        latest = journal.latest() if journal else {}
        if handins:
            store = results / ".handins"
            students = [report.student for report in reports]
            there = store if store.exists() else None
            files, complaints = files_among(handins, students, assignment, latest=latest, store=there)
        else:
            files, complaints = graded_files(latest, assignment)
        exported = (journal.fact("exported") or {}) if journal else {}
        last = exported.setdefault(str(database.resolve()), {})
        complaints += fill_gradebook(database, reports, assignment, files, last=last)
        if journal:
            with journal.writing():
                journal.set_fact("exported", exported)
    for complaint in complaints:
        click.secho(complaint, fg="yellow", err=True)
    click.echo(f"Wrote the marks of {count(len(reports), 'student')} into {database}.")


@export.command("gradescope")
@click.argument("assignment")
@_out
def gradescope_zip(assignment: str, out: Path) -> None:
    """Make the autograder zip to upload to Gradescope. It holds the hidden checks: show it to nobody."""
    from autograder.core.course import find_assignment
    from autograder.exports.gradescope_zip import write_zip

    click.echo(f"Made {write_zip(find_assignment(assignment), out)}. Upload it under Configure Autograder.")


@export.command("junit")
@_results
@_out
def junit(results: Path, out: Path) -> None:
    """Write the checks of all students in RESULTS as JUnit XML."""
    from autograder.core.files import write_whole
    from autograder.exports.junit import junit_xml
    from autograder.exports.reports import read_results
    from autograder.render.words import count

    reports = read_results(results)
    write_whole(out, junit_xml(reports))
    click.echo(f"Wrote the checks of {count(len(reports), 'student')} to {out}.")


@export.command("canvas")
@_results
@click.argument("template", type=shared.path)
@click.option("--column", required=True, help='The assignment\'s column in Canvas, "a01 (1234)".')
@click.option(
    "--new-column", is_flag=True, help="The file has no such column: add it, for Canvas to make an assignment of."
)
@_questions
@_out
def canvas(results: Path, template: Path, column: str, new_column: bool, questions: bool, out: Path) -> None:
    """Fill the marks in RESULTS into TEMPLATE, the gradebook CSV that Canvas exported."""
    from autograder.exports.canvas_moodle import canvas_csv
    from autograder.exports.reports import read_questions, read_results

    reports = read_results(results)
    there = read_questions(results, reports)
    added = there if questions else {}
    filled = canvas_csv(reports, _text(template), column=column, new=new_column, questions=added)
    _write(filled, out, without=there.keys() - added.keys())


@export.command("moodle")
@_results
@click.argument("template", type=shared.path)
@_questions
@_out
def moodle(results: Path, template: Path, questions: bool, out: Path) -> None:
    """Fill the marks in RESULTS into TEMPLATE, the offline grading worksheet that Moodle exported."""
    from autograder.exports.canvas_moodle import moodle_csv
    from autograder.exports.reports import read_questions, read_results

    reports = read_results(results)
    there = read_questions(results, reports)
    added = there if questions else {}
    _write(moodle_csv(reports, _text(template), questions=added), out, without=there.keys() - added.keys())


def _text(path: Path) -> str:
    from autograder.core.files import why
    from autograder.exports.reports import BadResults

    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise BadResults(f"{path} cannot be read: {why(error)}.") from None
    except UnicodeDecodeError:
        raise BadResults(f"{path} is not UTF-8. Export it again as CSV in UTF-8.") from None


def _write(filled: object, out: Path, *, without: Collection[str]) -> None:
    """Write the file and say what it lacks; ``without`` are inline questions that were not added."""
    from autograder.core.files import write_whole
    from autograder.exports.canvas_moodle import Filled
    from autograder.render.words import count

    assert isinstance(filled, Filled)
    write_whole(out, filled.text)
    for sentence in filled.told:
        click.secho(sentence, fg="yellow", err=True)
    for sentence in filled.left:
        click.secho(sentence, fg="yellow", err=True)
    for student in filled.without_mark:
        click.secho(f"{student}: no mark.", fg="yellow", err=True)
    for student in filled.without_row:
        click.secho(f"{student}: graded, but not in the file.", fg="yellow", err=True)
    if without:
        names = f"{count(len(without), 'inline question')} ({', '.join(sorted(without))})"
        click.secho(f"The marks for {names} are not included; --questions adds them.", fg="yellow", err=True)
    click.echo(f"Wrote {out}.")
    sys.exit(2 if filled.left else 0)


@click.command("gradescope", hidden=True)
@click.argument("assignment")
@click.option("--submission", type=shared.path, required=True)
@click.option("--results", type=shared.path, required=True)
@shared.isolation
def gradescope(assignment: str, submission: Path, results: Path, isolation: str) -> None:
    """Grade one submission in Gradescope's container."""
    from autograder.core.course import find_assignment
    from autograder.exports.gradescope_run import grade_submission

    sys.exit(0 if grade_submission(find_assignment(assignment), submission, results, isolation=isolation) else 2)


COMMANDS = (export, gradescope)
