"""Commands that export to other platforms: `gradlab export ...`, and what runs in Gradescope's container."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from autograder.cli import options
from autograder.cli.help_language import TranslatedGroup
from autograder.core.language import say, translate
from autograder.core.message import Message, first_of
from autograder.core.shell import quoted

if TYPE_CHECKING:
    from autograder.exports.platform_csv import Filled

_questions = click.option("--questions", is_flag=True, help="Add the marks for inline questions, points and maximum.")
_out = click.option("--out", type=options.PATH, required=True, help="File to write.")


@click.group(cls=TranslatedGroup)
def export() -> None:
    """Write the course or its marks for other platforms."""


@export.command("nbgrader")
@click.argument("folder", type=options.PATH)
@options.assignment_names
def nbgrader(folder: Path, names: tuple[str, ...]) -> None:
    """nbgrader: create a course in FOLDER.

    Writes the configuration, source notebooks and checks. Without ASSIGNMENTS, the whole course is written.
    """
    from autograder.authoring.nbgrader_course import export_course
    from autograder.core.course import find_assignments

    export_course(find_assignments(names), folder)
    click.echo(
        say(
            "Created the nbgrader course {folder}. Next: {command}",
            folder=folder,
            command=f"cd {quoted(folder)} && nbgrader generate_assignment ASSIGNMENT",
        )
    )


@export.command("gradebook")
@click.argument("database", type=options.PATH)
@options.results_folder
@click.option("--handins", type=options.PATH, help="Folder of the hand-ins now (default: where they were graded).")
@options.wait
def gradebook(database: Path, results: Path, handins: Path | None, wait: bool) -> None:
    """nbgrader: write the marks into its database.

    DATABASE is course/gradebook.db. The marks in RESULTS are written cell by cell, and the hand-ins are placed next to
    the database, where formgrader shows them.
    """
    from autograder.exports.handin_files import files_among, graded_files
    from autograder.exports.nbgrader import fill_gradebook
    from autograder.exports.reports import read_results
    from autograder.gradebook.journal import NAME, Journal, graded_assignment
    from autograder.gradebook.lock import hold
    from autograder.render.words import count

    reports = read_results(results)
    assignment = graded_assignment(results, reports[0].assignment)
    with ExitStack() as stack:
        journal = None
        if (results / NAME).exists():
            stack.enter_context(hold(results, wait=wait))
            journal = stack.enter_context(Journal(results))
        latest = journal.latest_paths() if journal else {}
        if handins:
            store = results / ".handins"
            students = [report.student for report in reports]
            unpacked = store if store.exists() else None
            files, complaints = files_among(handins, students, assignment, latest=latest, store=unpacked)
        else:
            files, complaints = graded_files(latest, assignment)
        exported = (journal.fact("exported") or {}) if journal else {}
        last = exported.setdefault(str(database.resolve()), {})
        complaints += fill_gradebook(database, reports, assignment, files, last=last)
        if journal:
            with journal.writing():
                journal.set_fact("exported", exported)
    _warn(complaints)
    click.echo(
        say("Wrote the marks of {students} to {database}.", students=count(len(reports), "student"), database=database)
    )


_leaderboard = click.option(
    "--leaderboard",
    is_flag=True,
    help="Show the class what the checks that train or evaluate networks measured, and the points.",
)


_results_language = click.option(
    "--language",
    default="",
    metavar="CODE",
    help='The language of the results that students see, such as "zh_CN" (default: that of the course, else English).',
)


@export.command("gradescope")
@click.argument("assignment")
@_leaderboard
@click.option("--public-only", is_flag=True, help="Create it although there are no hidden checks.")
@_results_language
@_out
def gradescope_zip(assignment: str, leaderboard: bool, public_only: bool, language: str, out: Path) -> None:
    """Gradescope: create the autograder zip.

    The zip contains the hidden checks: do not share it.
    """
    from autograder.core.course import find_assignment
    from autograder.core.reader_language import choose_language, languages_of
    from autograder.exports.gradescope import write_zip

    chosen = find_assignment(assignment)
    if language:
        language = choose_language(language, languages_of(chosen.course))
    created = write_zip(chosen, out, leaderboard=leaderboard, public_only=public_only, language=language)
    click.echo(say("Created {created}. Upload it under Configure Autograder.", created=created))


@export.command("junit")
@options.results_folder
@_out
def junit(results: Path, out: Path) -> None:
    """JUnit: write the checks of all students as XML."""
    from autograder.core.outputs import write_own_file
    from autograder.exports.junit import junit_xml
    from autograder.exports.reports import read_results
    from autograder.render.words import count

    write_own_file(out, junit_xml(reports := read_results(results)))
    click.echo(say("Wrote the checks of {students} to {out}.", students=count(len(reports), "student"), out=out))


@export.command("canvas")
@options.results_folder
@click.argument("template", type=options.PATH)
@click.option("--column", required=True, help='The assignment\'s column in Canvas: "a01 (1234)".')
@click.option("--new-column", is_flag=True, help="Add the column; Canvas then creates an assignment for it.")
@_questions
@_out
def canvas(results: Path, template: Path, column: str, new_column: bool, questions: bool, out: Path) -> None:
    """Canvas: write the marks into its gradebook CSV.

    TEMPLATE is the gradebook that Canvas exported. Import the written file in Canvas.
    """
    from autograder.exports.canvas import canvas_csv
    from autograder.exports.reports import read_people, read_questions, read_results

    reports = read_results(results)
    available = read_questions(results, reports)
    added = available if questions else {}
    people = read_people(results)
    filled = canvas_csv(reports, _text(template), column=column, new=new_column, questions=added, roster=people)
    _write(filled, out, template, without=available.keys() - added.keys())


@export.command("moodle")
@options.results_folder
@click.argument("template", type=options.PATH)
@_questions
@_out
def moodle(results: Path, template: Path, questions: bool, out: Path) -> None:
    """Moodle: write the marks into its grading worksheet.

    TEMPLATE is the offline grading worksheet that Moodle exported. Upload the written file in Moodle.
    """
    from autograder.exports.moodle import moodle_csv
    from autograder.exports.reports import read_people, read_questions, read_results

    reports = read_results(results)
    available = read_questions(results, reports)
    added = available if questions else {}
    filled = moodle_csv(reports, _text(template), questions=added, roster=read_people(results))
    _write(filled, out, template, without=available.keys() - added.keys())


@export.command("feedback")
@options.results_folder
@click.option(
    "--for",
    "target",
    type=click.Choice(["folder", "moodle", "canvas", "nbgrader", "mail"]),
    default="folder",
    show_default=True,
    help="Who takes the pages: a folder of pages; a zip for Moodle or Canvas; nbgrader's course folder; or drafts of "
    "e-mails.",
)
@click.option("--roster", type=options.PATH, help="With --for mail: CSV with the students' ids and e-mail addresses.")
@click.option("--out", type=options.PATH, required=True, help="Zip or folder to write.")
def feedback(results: Path, target: str, roster: Path | None, out: Path) -> None:
    """Write each student's page, to hand back to the class.

    Of hidden checks, a page shows only title and hint. Students whose result is provisional or needs a person get
    none; they are named, and the exit code is 2.
    """
    from autograder.exports import feedback as pages
    from autograder.exports.reports import read_results
    from autograder.gradebook.journal import NAME, Journal, graded_assignment
    from autograder.gradebook.place import require_place_for_pages
    from autograder.gradebook.readers import Readers
    from autograder.intake.roster import read_roster
    from autograder.render.words import count, not_marked

    if (target == "mail") != (roster is not None):
        raise click.UsageError("Give --roster together with --for mail, and only then.")
    zipped = target in ("moodle", "canvas")
    if zipped != (out.suffix.lower() == ".zip"):
        wanted = say("Name a file that ends in .zip.") if zipped else say("Name a folder.")
        raise click.UsageError(f"--out {out}: {wanted}")
    reports, paths, speak = read_results(results), {}, pages.in_english
    if (results / NAME).exists():
        with Journal(results) as journal:
            paths, speak = journal.latest_paths(), Readers(journal).student
    if not zipped:
        require_place_for_pages(out, results, paths.values())
    if target == "moodle":
        found = pages.for_moodle(reports, paths, speak)
    elif target == "canvas":
        found = pages.for_canvas(reports, paths, speak)
    elif target == "nbgrader":
        found = pages.for_nbgrader(reports, graded_assignment(results, reports[0].assignment).files, speak)
    elif roster is not None:
        found = pages.as_mails(reports, pages.addresses_in(read_roster(roster)), speak)
    else:
        found = pages.in_a_folder(reports, speak)
    pages.write_pages(found.files, out, zipped=zipped, inputs=[roster, *paths.values()])
    _warn(_by_reason(found.skipped))
    if waiting := [report for report in reports if report.unmarked and report.student not in found.skipped]:
        _warn(
            [
                Message(
                    "{students}: {questions}. Their pages say so.",
                    students=count(len(waiting), "student"),
                    questions=not_marked(sum(len(report.unmarked) for report in waiting)),
                )
            ]
        )
    if not found.files:
        click.echo(say("No page was written."), err=True)
        sys.exit(2)
    click.echo(say("Wrote {files} to {out}.", files=count(len(found.files), "file"), out=out))
    sys.exit(2 if found.skipped else 0)


def _text(path: Path) -> str:
    from autograder.core.encodings import not_utf8
    from autograder.core.files import explain
    from autograder.exports.reports import BadResults

    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise BadResults(say("{path} cannot be read: {error}.", path=path, error=explain(error))) from None
    except UnicodeDecodeError as error:
        raise BadResults(not_utf8(path, error)) from None


def _write(filled: Filled, out: Path, template: Path, *, without: Collection[str]) -> None:
    """Write the file and report what is missing in it; ``without`` are inline questions that were not added."""
    from autograder.core.outputs import write_own_file
    from autograder.render.words import count

    write_own_file(out, filled.text, inputs=[template])
    _warn(filled.notices)
    _warn(filled.skipped)
    _warn(_by_reason(dict.fromkeys(filled.without_mark, Message("no mark."))))
    _warn(_by_reason(dict.fromkeys(filled.without_row, Message("graded, but not in the file."))))
    if filled.without_mark and filled.without_row:
        text = "These rows and these students may be the same people. Write the students' ids into the file's rows."
        _warn([Message(text)])
    if without:
        _warn(
            [
                say(
                    "The marks for {questions} ({names}) are not included. Add them with --questions.",
                    questions=count(len(without), "inline question"),
                    names=", ".join(sorted(without)),
                )
            ]
        )
    click.echo(say("Wrote {file}.", file=out))
    sys.exit(2 if filled.skipped or filled.without_row else 0)


def _by_reason(skipped: Mapping[str, str]) -> list[str]:
    """Return one line for each reason: "ada, bob: the roster gives no e-mail address."."""
    students: dict[str, list[str]] = {}
    for student, reason in skipped.items():
        students.setdefault(reason, []).append(student)
    return [say("{names}: {reason}", names=first_of(names, 20), reason=reason) for reason, names in students.items()]


def _warn(sentences: Iterable[str]) -> None:
    for sentence in sentences:
        click.secho(translate(sentence), fg="yellow", err=True)


@click.command("gradescope", hidden=True)
@click.argument("assignment")
@click.option("--submission", type=options.PATH, required=True, help="Folder with the student's files.")
@click.option("--results", type=options.PATH, required=True, help="JSON file to write for Gradescope.")
@_leaderboard
@_results_language
@options.isolation
def gradescope(
    assignment: str, submission: Path, results: Path, leaderboard: bool, language: str, isolation: str
) -> None:
    """Grade one submission in Gradescope's container."""
    from autograder.core.course import find_assignment
    from autograder.core.language import ENGLISH, speaking
    from autograder.core.reader_language import reader_for
    from autograder.exports.gradescope import grade_submission

    chosen = find_assignment(assignment)
    with speaking(reader_for(language, chosen.course, chosen.course.language or ENGLISH, domain=chosen.name)):
        good = grade_submission(chosen, submission, results, isolation=isolation, leaderboard=leaderboard)
    sys.exit(0 if good else 2)


@click.command("github", hidden=True)
@options.assignment_names
@options.language
@options.as_json
def github(names: tuple[str, ...], language: str, as_json: bool) -> None:
    """Run the public checks in a workflow of GitHub Actions.

    Without ASSIGNMENTS, those are checked in which something is written. With --json, the result for GitHub Classroom
    is printed, and nothing else.
    """
    import os
    from base64 import b64encode
    from contextlib import redirect_stdout

    from autograder.core.course import find_assignments, find_own_assignments
    from autograder.core.course_file import course_here
    from autograder.core.editions import language_of_folder
    from autograder.core.language import speaking
    from autograder.core.reader_language import reader_for
    from autograder.exports.github import Checked, annotate, classroom_json, summary
    from autograder.session.options import Options
    from autograder.students.check import check_folder
    from autograder.students.status import progress_of
    from autograder.submissions.submission import BadSubmission, Submission

    own = find_assignments(names, installed=False) if names else find_own_assignments()
    progress = {each.name: progress_of(each) for each in own}
    every = names or len(own) == 1
    begun = [each for each in own if every or progress[each.name].written or progress[each.name].problem]
    speak = {
        each.name: reader_for(language, each.course, language_of_folder(each.folder), domain=each.name)
        for each in begun
    }
    rest = reader_for(language, course_here())  # for what is said of no assignment that was checked
    click.get_current_context().find_root().with_resource(speaking(rest))
    checked, opened, unread = [], [], {}

    def remember(submission: Submission, folder: Path) -> None:
        opened.append((submission.code, folder))

    for assignment in begun:
        try:
            with redirect_stdout(sys.stderr):  # student code could print workflow commands
                report = check_folder(assignment, Options(), opened=remember)
            checked.append(Checked(assignment, report, *opened[-1], speak[assignment.name]))
        except BadSubmission as problem:  # the other assignments are checked all the same
            unread[assignment.name] = str(problem)
    result = classroom_json(checked, unread)
    if as_json:
        click.echo(result)
    else:
        for command in annotate(checked, Path.cwd(), unread):
            click.echo(command)
        click.echo(summary(checked, unread))
    for variable, text in {
        "GITHUB_STEP_SUMMARY": summary(checked, unread),
        "GITHUB_OUTPUT": f"result={b64encode(result.encode()).decode()}\n",
    }.items():
        if path := os.environ.get(variable):
            with open(path, "a", encoding="utf-8") as file:
                file.write(text)
    sys.exit(2 if unread else int(any(not check.points for one in checked for check in one.report.checks)))


COMMANDS = (export, gradescope, github)
