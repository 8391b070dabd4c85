"""Commands for students: start, check, hint, status, submit."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import nullcontext, redirect_stdout
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from autograder.cli import options
from autograder.cli.outcome import agrees
from autograder.cli.warm_client import answer_warm
from autograder.core.language import in_a_row, say, translate
from autograder.core.message import Message, either, name_list
from autograder.core.shell import quoted

if TYPE_CHECKING:
    from autograder.core.assignment import Assignment
    from autograder.core.language import Translator
    from autograder.core.report import Report
    from autograder.render.extras import Extra
    from autograder.session.options import Options
    from autograder.submissions.submission import Submission


@click.command()
@click.argument("folder", type=options.PATH)
@options.assignment_names
@options.edition
def start(folder: Path, names: tuple[str, ...], language: str) -> None:
    """Copy the assignments into FOLDER, where you work on them.

    ASSIGNMENTS are names, numbers (a01) or modules (knn); without them, the whole course is copied. Run the command
    again to update your copy: files that you edited are not changed. Without --language, your copy keeps its language.
    """
    from autograder.core.course import find_course_root
    from autograder.core.editions import language_of_copy
    from autograder.core.language import speaking, translator
    from autograder.students.start import start as copy

    lines = copy(folder, find_course_root(), list(names) or None, language=language)
    own = language_of_copy(folder.resolve())
    with speaking(translator(own)) if own else nullcontext():
        for line in lines:
            click.echo(translate(line))
        if folder.resolve() != Path.cwd():
            click.echo(say("Next: cd {folder}, then gradlab status.", folder=quoted(folder)))


@click.command()
@click.argument("assignment", required=False, default="")
@click.option(
    "-k", "expression", default="", metavar="EXPRESSION", help="Run only checks whose name matches (pytest -k)."
)
@click.option("--task", help="Run only the checks of this task.")
@click.option("--hand-in", type=options.PATH, help="Check this zip, folder or file instead of the assignment's folder.")
@click.option("--trust", is_flag=True, help="Run --hand-in without isolation, because you wrote it or trust it.")
@options.skip_scored
@click.option("--pdb", is_flag=True, help="Open the debugger when a check fails.")
@click.option("--show-input", is_flag=True, help="Show the input of each failed check as code to paste.")
@click.option("--watch", is_flag=True, help="Check again each time you save a file, and show what changed.")
@click.option(
    "--warm", is_flag=True, help="Leave a process for some minutes that answers the next check --warm at once."
)
@click.option("-v", "--verbose", is_flag=True, help="Show running times and everything that your code prints.")
@options.device
@options.data
@options.language
@options.as_json
def check(
    assignment: str,
    expression: str,
    task: str | None,
    hand_in: Path | None,
    trust: bool,
    skip_scored: bool,
    pdb: bool,
    show_input: bool,
    watch: bool,
    warm: bool,
    verbose: bool,
    device: str,
    data: str | None,
    language: str,
    as_json: bool,
) -> None:
    """Run the public checks of ASSIGNMENT on your work.

    ASSIGNMENT is a name, its number (a01), one of its modules (knn) or the path of its folder; in its own folder it may
    be omitted. With the file of a module, such as knn.ipynb or a01_knn/knn.py, only the checks of this module run.
    Hidden checks also count when your work is graded. Exit code: 0 if all checks passed, 1 if some failed, 2 if a check
    is broken (an error in the grader, not yours) or gradlab could not work.
    """
    from autograder.core.course import find_assignment
    from autograder.session.options import Options, known_data, pick_device

    if watch and (refused := [name for name, given in WATCHED if click.get_current_context().params[given]]):
        raise click.UsageError(
            say("{option} cannot be combined with {others}.", option="--watch", others=either(refused))
        )
    if warm:
        answer_warm(click.get_current_context())
    chosen = find_assignment(assignment, installed=False)
    to = _reader(language, chosen)
    if task is not None:
        chosen.task(task)  # raises when there is no such task
    asked = Options(
        device=pick_device(device),
        data=known_data(data, chosen.course),
        task=task,
        debugging=pdb,
        skip_scored=skip_scored,
        evidence=show_input,
    )
    module = _module_named(assignment, chosen)
    isolation = "none" if hand_in is None or trust else _isolation_for(hand_in, debugging=pdb)
    arguments = [*(["-k", expression] if expression else []), *(["--pdb"] if pdb else [])]
    run = partial(_check, chosen, module, asked, arguments, hand_in, isolation, verbose=verbose or pdb)
    if watch:
        _watch(run, chosen.folder, to)
    with redirect_stdout(sys.stderr) if as_json else nullcontext():  # for what the student's code prints
        report, inputs = run()
    if as_json:
        click.echo(report.to_json().encode("utf-8", "backslashreplace"), nl=False)
    else:
        from rich.console import Console

        from autograder.core.language import speaking
        from autograder.render.terminal import print_report
        from autograder.render.translated import translated

        with speaking(to):
            print_report(translated(report, to), Console(), verbose=verbose)
            _print_inputs(report, inputs)
    lost = any(not result.points for result in report.checks)
    sys.exit(2 if report.needs_staff else int(lost))


def _reader(language: str, chosen: Assignment) -> Translator:
    """Return what translates for a student: into ``language``, else that of the assignment's notebook, and so on."""
    from autograder.core.editions import language_of_folder
    from autograder.core.language import speaking
    from autograder.core.reader_language import reader_for

    to = reader_for(language, chosen.course, language_of_folder(chosen.folder), domain=chosen.name)
    click.get_current_context().find_root().with_resource(speaking(to))  # for what is said from now on
    return to


WATCHED = (("--pdb", "pdb"), ("--hand-in", "hand_in"), ("--json", "as_json"))  # what --watch cannot be combined with


def _module_named(path: str, chosen: Assignment) -> str:
    """Return the module whose notebook or script is named: of "a01_knn/knn.py" it is "knn"; empty if none is."""
    name = Path(path)
    return name.stem if name.suffix in (".py", ".ipynb") and chosen.file_of(name.stem) else ""


def _check(
    chosen: Assignment,
    module: str,
    asked: Options,
    arguments: list[str],
    hand_in: Path | None,
    isolation: str,
    *,
    verbose: bool,
) -> tuple[Report, Mapping[str, Extra]]:
    """Run the checks, remember the points, and return the report with the inputs that were asked for."""
    from autograder.sandbox.bounded import PRINTED
    from autograder.session.evidence import Evidence
    from autograder.students.check import check_folder
    from autograder.students.failures import extras_of
    from autograder.students.status import remember

    evidence: dict[str, Evidence] = {}
    report = check_folder(
        chosen,
        asked,
        module=module,
        arguments=arguments,
        hand_in=hand_in,
        isolation=isolation,
        opened=partial(_say_what_is_judged, module),
        prints=None if verbose else PRINTED,
        evidence=evidence,
    )
    if hand_in is None and not arguments:
        remember(report, chosen)
    return report, extras_of(evidence, chosen.folder, show_input=asked.evidence, picture=False)


def _print_inputs(report: Report, inputs: Mapping[str, Extra]) -> None:
    for result in report.checks:
        if (extra := inputs.get(result.id)) and extra.code:
            click.secho(f"\n{say('Input of: {title}', title=translate(result.title))}", bold=True)
            click.echo(extra.code)


def _watch(run: Callable[[], tuple[Report, Mapping[str, Extra]]], folder: Path, to: Translator) -> NoReturn:
    """Check now and after each save, until Ctrl-C."""
    from datetime import datetime

    from rich.console import Console

    from autograder.core.errors import GradlabError
    from autograder.core.language import speaking
    from autograder.render.between_runs import print_difference
    from autograder.render.terminal import print_report
    from autograder.render.translated import translated
    from autograder.students.watch import saves

    console = Console()
    before: Report | None = None
    for saved in saves(folder):
        if saved:
            here, gone = ([name for name in saved if (folder / name).exists() is there] for there in (True, False))
            said = [say("{files} saved.", files=name_list(here))] if here else []
            said += [say("{files} deleted.", files=name_list(gone))] if gone else []
            click.secho(f"\n{datetime.now():%H:%M:%S}  {in_a_row(*said)}", bold=True)
        try:
            report, inputs = run()
        except GradlabError as error:
            click.secho(translate(str(error)), fg="red", err=True)
        else:
            report = translated(report, to)
            with speaking(to):
                if before is None:
                    print_report(report, console)
                else:
                    print_difference(before, report, console)
                _print_inputs(report, inputs)
            before = report
        click.echo(say("Waiting for the next save. Ctrl-C ends."))
    sys.exit(0)


def _isolation_for(hand_in: Path, *, debugging: bool) -> str:
    """Return how to run code that somebody else may have written: isolated, or without isolation if the user agrees."""
    from autograder.sandbox.isolation import NoIsolation, choose

    why = say("The debugger needs it in this process")
    if not debugging:
        try:
            return choose()
        except NoIsolation:
            why = say("This computer has no isolation for it")
    question = say(
        "{reason}: {file} would run with your rights, and can read and change your files. Run it?",
        reason=why,
        file=hand_in,
    )
    if not agrees(question, err=True):
        raise click.UsageError(say("{file} was not run. If you wrote it or trust it, pass --trust.", file=hand_in))
    return "none"


@click.command()
@click.option("--run", is_flag=True, help="Run the public checks of every assignment that is begun, except training.")
@options.language
@options.as_json
def status(run: bool, language: str, as_json: bool) -> None:
    """Show how far each assignment of your course is."""
    from autograder.core.assignment import MANIFEST
    from autograder.core.course import find_own_assignments
    from autograder.core.language import speaking
    from autograder.core.received import without_manifest
    from autograder.session.options import Options
    from autograder.students.check import check_folder
    from autograder.students.status import print_status, progress_of, remember, status_json

    found, assignments = [], find_own_assignments()
    for assignment in assignments:
        progress = progress_of(assignment)
        if run and progress.written and not progress.problem:
            with redirect_stdout(sys.stderr):
                remember(check_folder(assignment, Options(skip_scored=True)), assignment)
            progress = progress_of(assignment)
        found.append(progress)
    if as_json:
        click.echo(status_json(found))
        return
    from rich.console import Console

    with speaking(_reader(language, assignments[0])):
        print_status(found, Console())
        for copy in without_manifest(Path.cwd()):
            click.secho(translate(copy.is_missing(MANIFEST)), fg="yellow")


@click.command()
@click.argument("names", nargs=-1, metavar="[ASSIGNMENT] [TASK]")
@click.option("--again", is_flag=True, help="Begin again with the first step.")
@options.language
def hint(names: tuple[str, ...], again: bool, language: str) -> None:
    """Show the first step towards TASK, and one more each time. Without TASK, list the tasks.

    ASSIGNMENT is a name, its number (a01), one of its modules (knn) or a path; in its own folder, or if no other
    assignment has such a task, it may be omitted.
    """
    from autograder.core.course import find_assignment
    from autograder.core.language import speaking
    from autograder.students.hints import TaskList, asked_for_a_list, assignment_of, next_hint

    if len(names) > 2:
        raise click.UsageError("Name one assignment and one task.")
    task = names[-1] if names else ""
    if len(names) < 2 and (listed := asked_for_a_list(task)):
        with speaking(_reader(language, listed[0])):
            click.echo(repr(TaskList(listed, "gradlab hint {assignment} {task}")))
        return
    chosen = find_assignment(names[0], installed=False) if len(names) == 2 else assignment_of(task)
    with speaking(_reader(language, chosen)):
        click.echo(repr(next_hint(chosen, task, again=again)))


def _say_what_is_judged(module: str, submission: Submission, folder: Path) -> None:
    """Print the files whose code is judged, and when they were saved."""
    from autograder.students.check import saved_files

    files = translate(Message(", ")).join(
        say("{file} (saved {when})", file=name, when=f"{moment:%Y-%m-%d %H:%M}")
        for name, moment in saved_files(submission, folder, module)
    )
    judged = (
        say("Checking {files} in {folder}.", files=files, folder=folder)
        if files
        else say("Checking {folder}.", folder=folder)
    )
    click.echo(judged, err=True)


@click.command()
@click.argument("assignment", required=False, default="")
@click.option("--out", type=options.PATH, help="Folder or file for the zip (default: next to the assignment's folder).")
@click.option("--no-check", is_flag=True, help="Only create the zip; do not run the public checks on it.")
@options.language
@options.as_json
def submit(assignment: str, out: Path | None, no_check: bool, language: str, as_json: bool) -> None:
    """Create the zip to hand in and run the public checks on it.

    ASSIGNMENT is a name, its number (a01), one of its modules (knn) or a path; in its own folder it may be omitted.
    If your work cannot be graded, no zip is created and the reason is shown. Exit code: 0 if the zip was created, also
    when checks failed.
    """
    from autograder.core.course import find_assignment
    from autograder.core.language import speaking
    from autograder.students.submit import check_zip, describe, to_json
    from autograder.students.submit import submit as pack

    # not from the installed course: the student's own folder is what counts
    chosen = find_assignment(assignment, installed=False)
    folder, to = chosen.folder, _reader(language, chosen)
    packed = pack(folder, out)
    if not no_check:
        packed = check_zip(packed)
    if as_json:
        click.echo(to_json(packed).encode("utf-8", "backslashreplace"), nl=False)
        return
    with speaking(to):
        for warning in packed.warnings:
            click.secho(translate(warning), fg="yellow")
        for line in describe(packed):
            click.echo(translate(line))
        advice = translate(packed.advice)
        created = (
            Message("Replaced the older {path}, from {folder}. {advice}")
            if packed.replaced
            else Message("Created {path} from {folder}. {advice}")
        )
        click.echo(say(created, path=packed.path, folder=folder, advice=advice))


COMMANDS = (start, check, hint, status, submit)
