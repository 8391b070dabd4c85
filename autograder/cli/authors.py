"""Commands for authors: release, publish, verify, calibrate, new-course, new."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from autograder.cli import options
from autograder.core.message import Message
from autograder.core.shell import quoted

if TYPE_CHECKING:
    from autograder.authoring.verify import Verification
    from autograder.core.assignment import Assignment
    from autograder.session.options import Options


@click.command()
@options.assignment_names
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if a released file is stale.")
def release(names: tuple[str, ...], check: bool) -> None:
    """Generate the notebooks, scripts and README tables for students.

    Reads the references in solutions/ and each assignment.toml, and writes to assignments/. Without ASSIGNMENTS, the
    whole course is released, with its pages for students in other languages.
    """
    from autograder.authoring.release import pages_of, stale, write
    from autograder.authoring.release import release as derive
    from autograder.core.course import find_assignments, find_course_root

    made = ((assignment.name, derive(assignment)) for assignment in find_assignments(names))
    pages = [] if names else [("docs", pages_of(find_course_root()))]
    stale_files = []
    for name, derived in chain(made, pages):
        if check:
            stale_files += stale(derived)
        elif derived.files:
            write(derived)
            click.echo(f"{name}: {_names(derived.files)}")
    for sentence in stale_files:
        click.secho(sentence, fg="red")
    sys.exit(1 if stale_files else 0)


def _names(files: Iterable[Path]) -> str:
    """Return the names of files, each once; editions and catalogues have several of the same name."""
    many = Counter(path.name for path in files)
    return ", ".join(f"{name} ({many[name]} files)" if many[name] > 1 else name for name in sorted(many))


@click.command()
@click.argument("out", type=options.PATH)
@options.assignment_names
@click.option(
    "--repository",
    default="",
    metavar="OWNER/NAME",
    help="Where the course will be: a repository on GitHub, or the URL of another git repository. Notebooks then get a "
    "badge for Colab, and install the course from there. It is stored in course.toml, for the next time.",
)
@options.edition
def publish(out: Path, names: tuple[str, ...], repository: str, language: str) -> None:
    """Write the course for students to OUT, a folder or a zip.

    Solutions and hidden checks are left out. Without ASSIGNMENTS, the whole course is published. Publishing again
    updates the folder; files that you edited there are not changed. Every edition is published. Students who choose
    no other (gradlab start --language) get the one in --language.
    """
    from autograder.authoring.placeholders import find_placeholders
    from autograder.authoring.publish import publish as write
    from autograder.authoring.publish import remember_repository
    from autograder.authoring.requirements import requirement_note
    from autograder.core.course import find_assignments, find_course_root
    from autograder.render.words import count

    root = find_course_root()
    assignments = find_assignments(names)
    changes = write(root, assignments, out, repository=repository, language=language)
    if repository:
        remember_repository(root, repository)
    for assignment in assignments:
        for text in filter(None, [*find_placeholders(assignment), requirement_note(assignment)]):
            click.secho(text, fg="yellow", err=True)
    for name in changes.edited:
        click.secho(f"Not updated: {name}, because it was edited in {out}.", fg="yellow")
    for name in (*changes.updated, *changes.removed):
        click.echo(f"{'Removed' if name in changes.removed else 'Updated'} {name}.")
    new, updated = count(len(changes.new), "new file"), len(changes.updated)
    click.echo(f"{out}: {new}, {updated} updated, {len(changes.removed)} removed.")


@click.command()
@options.assignment_names
@click.option(
    "--seeds",
    type=click.IntRange(1),
    default=20,
    show_default=True,
    help="Number of seeds on which the reference must pass.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1),
    default=os.cpu_count() or 1,
    show_default=Message("the number of cores"),
    help="Number of processes.",
)
@click.option("--no-notebook", is_flag=True, help="Do not execute the reference's notebooks.")
@click.option("--no-training", is_flag=True, help="Skip the checks that train or evaluate networks.")
@click.option(
    "--variant-seeds",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Number of seeds on which each variant must pass.",
)
@click.option(
    "--all-checks",
    is_flag=True,
    help="Run all checks on each variant and each habit, not only those that execute what it changes.",
)
@click.option(
    "--part",
    "parts",
    multiple=True,
    type=click.Choice(["reference", "variants", "mistakes", "mutants", "loans", "habits", "training", "files"]),
    help="Verify only this part; may be repeated. Mistakes are the stub and the mutants; mutants is another name.",
)
@click.option("--story", default="", help="Only mutants and variants whose story contains this text.")
@click.option(
    "--generated",
    is_flag=True,
    help="Instead, plant small mistakes all over the references, and list those that no check notices. Takes long.",
)
@click.option(
    "--sample", type=click.IntRange(1), help="With --generated: try this many per assignment, always the same."
)
@click.option("--task", default="", help="With --generated: only mistakes in this task's code.")
@options.device
@options.data
@options.isolation
@options.as_json
def verify(
    names: tuple[str, ...],
    seeds: int,
    jobs: int,
    no_notebook: bool,
    no_training: bool,
    variant_seeds: int,
    all_checks: bool,
    parts: tuple[str, ...],
    story: str,
    generated: bool,
    sample: int | None,
    task: str,
    device: str,
    data: str | None,
    isolation: str,
    as_json: bool,
) -> None:
    """Test checks: right solutions pass, empty and wrong ones fail.

    The reference must earn all points on every seed, and the stub none. Every variant, which is a right solution in
    another style, must earn all points. Some check must fail for every mutant, which is the reference with one mistake.
    A mutant that shows a habit may lose at most half of its task. A check with loans must pass where nobody wrote what
    it is lent. Without ASSIGNMENTS, the whole course is verified.
    """
    from rich.console import Console
    from rich.progress import Progress

    from autograder.authoring.verify import verify_all
    from autograder.authoring.verify_plan import PARTS, Plan
    from autograder.authoring.verify_report import print_verifications, verifications_json
    from autograder.core.course import find_assignments, find_course_root
    from autograder.sandbox.isolation import NoIsolation, choose
    from autograder.session.options import Options, pick_device

    assignments = find_assignments(names)
    if not names and (root := find_course_root()) not in (Path.cwd(), *Path.cwd().parents):
        click.secho(f"No course is here or above: this verifies gradlab's own, in {root}.", fg="yellow", err=True)
    asked = Options(device=pick_device(device), data=_data_of(data, assignments))
    try:
        chosen = choose(isolation)
    except NoIsolation as error:
        if isolation != "auto":
            raise
        click.secho(f"{error} The course's own code is verified without isolation.", fg="yellow", err=True)
        chosen = "none"
    console = Console(stderr=True)
    if generated:
        sys.exit(_verify_generated(assignments, asked, jobs, chosen, sample, task, as_json=as_json))
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("verifying", total=len(assignments))

        def show(result: Verification) -> None:
            progress.advance(bar)
            if not console.is_terminal:
                console.print(f"{result.assignment}: {'passed' if result.holds else 'failed'}", highlight=False)

        plan = Plan(
            seeds=seeds,
            variant_seeds=variant_seeds,
            isolation=chosen,
            notebook=not no_notebook,
            training=not no_training,
            parts=tuple("mistakes" if part == "mutants" else part for part in parts) or PARTS,
            story=story,
            narrow=not all_checks,
        )
        results = verify_all(assignments, asked, plan, jobs=jobs, done=show)
    if as_json:
        click.echo(verifications_json(results))
    else:
        print_verifications(results, Console())
    sys.exit(0 if all(result.holds for result in results) else 1)


def _verify_generated(
    assignments: Sequence[Assignment],
    asked: Options,
    jobs: int,
    isolation: str,
    sample: int | None,
    task: str,
    *,
    as_json: bool,
) -> int:
    """Try generated mutants, print the report and return the exit code."""
    from autograder.authoring.generated import Generated, verify_generated
    from autograder.authoring.generated_report import generated_json, generated_text

    def show(result: Generated) -> None:
        if not as_json:
            click.echo(generated_text([result]))

    results = verify_generated(assignments, asked, jobs=jobs, isolation=isolation, sample=sample, task=task, done=show)
    if as_json:
        click.echo(generated_json(results))
    return 0 if all(result.holds for result in results) else 1


@click.command()
@options.assignment_names
@click.option(
    "--seeds", type=click.IntRange(2), default=20, show_default=True, help="Number of seeds on which to measure."
)
@click.option("--check", "checks", multiple=True, metavar="NAME", help="Only this check; may be repeated.")
@click.option(
    "--search",
    is_flag=True,
    help="Instead, find the smallest budget of each check (steps, images) that tells right from wrong.",
)
@options.device
@options.data
@options.isolation
def calibrate(
    names: tuple[str, ...],
    seeds: int,
    checks: tuple[str, ...],
    search: bool,
    device: str,
    data: str | None,
    isolation: str,
) -> None:
    """Set the thresholds of checks that train or evaluate networks.

    Runs each of these checks on several seeds, measures its scores and writes calibration.json. Without ASSIGNMENTS,
    the whole course is calibrated. This trains networks and takes long.
    """
    from rich.console import Console

    from autograder.authoring.calibrate import calibrate as measure
    from autograder.authoring.search_budgets import search_budgets, search_text
    from autograder.core.course import find_assignments
    from autograder.sandbox.isolation import choose
    from autograder.session.options import Options, pick_device

    assignments = find_assignments(names)
    asked = Options(device=pick_device(device), data=_data_of(data, assignments))
    for assignment in assignments:
        console = Console(stderr=True)
        with console.status("calibrating") as status:
            show = (
                status.update
                if console.is_terminal
                else partial(console.print, markup=False, highlight=False, soft_wrap=True)
            )
            if search:
                found = search_budgets(assignment, asked, seeds=seeds, names=checks, progress=show)
                click.echo(search_text(assignment, found))
                continue
            table = measure(assignment, asked, seeds=seeds, names=checks, isolation=choose(isolation), progress=show)
        if not table:
            click.echo(f"{assignment.name}: no check uses the fixture `score`, so there is nothing to calibrate.")
        for key, entry in table.items():
            reference = entry["reference"]
            click.echo(
                f"{assignment.name} {key}: threshold {entry['threshold']:g}, "
                f"reference {reference['mean']:.4g} with standard deviation {reference['deviation']:.2g}"
            )


def _data_of(name: str | None, assignments: Sequence[Assignment]) -> str:
    """Return the data set with this name, or the course's default. Raises BadOption."""
    from autograder.session.options import known_data

    return known_data(name, assignments[0].course) if assignments else ""


_KINDS = ("numpy", "torch", "table", "python", "choice", "number")
_module = click.option("--module", default="", help="Name of the module that students write (default: from the name).")
_tasks = click.option(
    "--task",
    "tasks",
    multiple=True,
    metavar="NAME",
    help="A function (f), a method (C.g) or a class (C) to write; with --kind choice or number, a variable. May be "
    "repeated.",
)
_kind = click.option(
    "--kind",
    type=click.Choice(_KINDS),
    default="numpy",
    show_default=True,
    help="What functions get and return: arrays of numpy, tensors of torch, tables of pandas, or plain Python's lists "
    "and numbers. With choice and "
    "number, students set variables to one of several choices, or to a number.",
)


@click.command("new-course")
@click.argument("folder", type=options.PATH)
@click.option("--title", default="", help="Title of the course (default: the folder's name).")
@click.option("--assignment", "name", default="a01_first", show_default=True, help="Name of the first assignment.")
@_module
@_tasks
@_kind
def new_course(folder: Path, title: str, name: str, module: str, tasks: tuple[str, ...], kind: str) -> None:
    """Write a new course into FOLDER, with one finished assignment.

    Its checks, mutants and variants are complete, so `gradlab verify` accepts it at once. Replace the example by yours.
    """
    from autograder.authoring.scaffold_course import new_course as write_course

    made = write_course(folder, title=title, name=name, module=module or _module_of(name), tasks=tasks, kind=kind)
    _release_new(made, cd=folder)


@click.command()
@click.argument("name")
@_module
@_tasks
@_kind
def new(name: str, module: str, tasks: tuple[str, ...], kind: str) -> None:
    """Write a new assignment NAME into the course around this folder.

    It contains a finished example for each task, with checks, mutants and variants, so `gradlab verify NAME` accepts it
    at once. Replace the examples by yours.
    """
    from autograder.authoring.requirements import requirement_note
    from autograder.authoring.scaffold import new_assignment
    from autograder.core.course import find_own_course_root

    made = new_assignment(find_own_course_root(), name, module or _module_of(name), tasks, kind)
    _release_new(made)
    if note := requirement_note(made):
        click.echo(note)
    for package in [name for name in ("torch", "pandas") if name in (made.imports or ())]:
        if package not in made.course.preload:
            click.echo(f"Add {package} to `preload` in course.toml: otherwise each hand-in imports it again.")


def _module_of(name: str) -> str:
    """Return the default module of an assignment: "regression" for "a02_regression"."""
    return name.partition("_")[2] if name[:1].isalpha() and name.partition("_")[0][1:].isdigit() else name


def _release_new(made: Assignment, *, cd: Path | None = None) -> None:
    """Release a new assignment, and say what it contains and what to do next."""
    from autograder.authoring.release import release as derive
    from autograder.authoring.release import write

    write(derive(made))
    first = f"cd {quoted(cd)} && " if cd else ""
    module = made.files[0]
    click.echo(f"{made.folder}: what students receive. {module} and its notebook are generated; edit the other files.")
    click.echo(f"{made.solutions}: write the solution in {module} here; next to it are hidden checks and mutants.")
    click.echo(f"Next: {first}gradlab verify {made.name}")


COMMANDS = (release, publish, verify, calibrate, new_course, new)
