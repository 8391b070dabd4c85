"""The command line's part for instructors and authors: grade, release, calibrate, verify, export."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import click

_path: Any = click.Path(path_type=Path)
_names = click.argument("names", nargs=-1)
_device = click.option("--device", type=click.Choice(["cpu", "cuda", "auto"]), default="cpu", show_default=True)
_data = click.option("--data", default="scenes", show_default=True, help="Dataset of scored checks.")
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines instead of text.")
_wall = click.option(
    "--wall",
    type=click.Choice(["auto", "bubblewrap", "namespaces", "none"]),
    default="auto",
    show_default=True,
    help='What stands between the hand-ins and this machine. "none" is for hand-ins you wrote yourself.',
)


@click.command()
@click.argument("handins", type=_path)
@click.option("--assignment", required=True, help="Name or folder of the assignment.")
@click.option("--out", type=_path, required=True, help="Folder for the results.")
@click.option("--workers", type=click.IntRange(1), default=os.cpu_count() or 1, show_default=True)
@click.option("--seed", type=int, help="Seed of the checks' inputs (default: from the checks themselves).")
@_device
@_data
@_wall
@_json
def grade(
    handins: Path, assignment: str, out: Path, workers: int, seed: int | None, as_json: bool, **rest: Any
) -> None:
    """Grade every hand-in in the folder HANDINS: zips, folders, notebooks or scripts, one per student."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from autograder.box.wall import choose
    from autograder.classroom.batch import find_handins, grade_all
    from autograder.classroom.desk import Setup
    from autograder.classroom.results import write_overview, write_report
    from autograder.course import find_assignment
    from autograder.plugin import pick_device
    from autograder.render.terminal import print_class_summary
    from autograder.run import Options

    chosen = find_assignment(assignment)
    jobs = find_handins(handins)
    wall = choose(rest["wall"])
    out.mkdir(parents=True, exist_ok=True)
    options = Options(device=pick_device(rest["device"]), data=rest["data"], seed=seed)
    setup = Setup(chosen.folder, options, wall)
    console = Console(stderr=True)
    columns = (TextColumn("grading"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[rate]}"))
    with Progress(*columns, TimeRemainingColumn(), console=console, disable=as_json) as bar:
        line = bar.add_task("grading", total=len(jobs), rate="")

        def done(report: Any) -> None:
            write_report(report, out)
            bar.advance(line)
            speed = bar.tasks[0].speed
            bar.update(line, rate=f"{speed:.1f}/s" if speed else "")

        reports = grade_all(jobs, setup, workers=workers, on_report=done)
    index = write_overview(reports, out, title=f"{chosen.title}: results")
    if as_json:
        rows = [
            {"student": r.student, "points": r.points, "max_points": r.max_points, "needs_staff": r.needs_staff}
            for r in reports
        ]
        click.echo(
            json.dumps({"assignment": chosen.name, "wall": wall, "reports": rows, "index": str(index)}, indent=2)
        )
    else:
        print_class_summary(reports, Console())
        click.echo(f"\nEverything is in {index}")
    lost = any(report.points < report.max_points for report in reports)
    sys.exit(2 if any(report.needs_staff for report in reports) else int(lost))


@click.command()
@_names
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 when a released file is stale.")
def release(names: tuple[str, ...], check: bool) -> None:
    """Derive the stubs and notebooks in assignments/ from the references in solutions/."""
    from autograder.authoring.release import release as derive
    from autograder.authoring.release import stale, write
    from autograder.course import assignments_named

    old = []
    for assignment in assignments_named(names):
        made = derive(assignment)
        if check:
            old += stale(made)
            continue
        write(made)
        click.echo(f"{assignment.name}: {', '.join(sorted(path.name for path in made.files))}")
    for line in old:
        click.secho(line, fg="red")
    sys.exit(1 if old else 0)


@click.command()
@_names
@click.option("--seeds", type=click.IntRange(1), default=20, show_default=True)
@click.option("--no-notebook", is_flag=True, help="Do not execute the reference's notebooks.")
@_device
@_data
@_wall
@_json
def verify(names: tuple[str, ...], seeds: int, no_notebook: bool, as_json: bool, **rest: Any) -> None:
    """Prove that references earn everything, stubs nothing, and that every mutant is noticed."""
    from rich.console import Console

    from autograder.authoring.verification import print_verifications, verifications_json
    from autograder.authoring.verify import verify as prove
    from autograder.box.wall import NoWall, choose
    from autograder.course import assignments_named
    from autograder.plugin import pick_device
    from autograder.run import Options

    options = Options(device=pick_device(rest["device"]), data=rest["data"])
    console = Console(stderr=True)
    try:
        wall = choose(rest["wall"])
    except NoWall as error:
        if rest["wall"] != "auto":
            raise
        click.secho(f"{error} The course's own code is verified without one.", fg="yellow", err=True)
        wall = "none"
    with console.status("verifying") as status:
        results = [
            prove(a, options, seeds=seeds, wall=wall, notebook=not no_notebook, progress=status.update)
            for a in assignments_named(names)
        ]
    if as_json:
        click.echo(verifications_json(results))
    else:
        print_verifications(results, Console())
    sys.exit(0 if all(result.holds for result in results) else 1)


@click.command()
@_names
@click.option("--seeds", type=click.IntRange(2), default=20, show_default=True)
@_device
@_data
@_wall
def calibrate(names: tuple[str, ...], seeds: int, device: str, data: str, wall: str) -> None:
    """Measure the scored checks over seeds and store their thresholds in calibration.json."""
    from rich.console import Console

    from autograder.authoring.calibrate import calibrate as measure
    from autograder.box.wall import choose
    from autograder.course import assignments_named
    from autograder.plugin import pick_device
    from autograder.run import Options

    options = Options(device=pick_device(device), data=data)
    for assignment in assignments_named(names):
        with Console(stderr=True).status("calibrating") as status:
            table = measure(assignment, options, seeds=seeds, wall=choose(wall), progress=status.update)
        for key, entry in table.items():
            reference = entry["reference"]
            click.echo(
                f"{assignment.name} {key}: threshold {entry['threshold']:g}, "
                f"reference {reference['mean']:.4g} with deviation {reference['deviation']:.2g}"
            )


@click.group()
def export() -> None:
    """Write the course or its results for other systems."""


@export.command("nbgrader")
@click.argument("folder", type=_path)
@_names
def export_nbgrader(folder: Path, names: tuple[str, ...]) -> None:
    """Make FOLDER an nbgrader course: config, source notebooks and checks."""
    from autograder.authoring.nbgrader_export import export_course
    from autograder.course import assignments_named

    export_course(assignments_named(names), folder)
    click.echo(f"Made the nbgrader course {folder}. Next: cd {folder} && nbgrader generate_assignment ASSIGNMENT")


COMMANDS = (grade, release, verify, calibrate, export)
