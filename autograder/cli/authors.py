"""The command line's part for authors: release, calibrate, verify, export."""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from autograder.cli import options as shared

if TYPE_CHECKING:
    from autograder.authoring.verification import Verification

_names = click.argument("names", nargs=-1)


@click.command()
@_names
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 when a released file is stale.")
def release(names: tuple[str, ...], check: bool) -> None:
    """Derive the stubs and notebooks in assignments/ from the references in solutions/."""
    from autograder.authoring.release import release as derive
    from autograder.authoring.release import stale, write
    from autograder.core.course import assignments_named

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
@click.option("--jobs", type=click.IntRange(1), default=os.cpu_count() or 1, show_default=True, help="Processes.")
@click.option("--no-notebook", is_flag=True, help="Do not execute the reference's notebooks.")
@click.option("--no-training", is_flag=True, help="Leave out the scored checks, which train.")
@shared.device
@shared.data
@shared.isolation
@shared.as_json
def verify(names: tuple[str, ...], no_notebook: bool, as_json: bool, **rest: Any) -> None:
    """Prove that references earn everything, stubs nothing, and that every mutant is noticed."""
    from rich.console import Console
    from rich.progress import Progress

    from autograder.authoring.verification import print_verifications, verifications_json
    from autograder.authoring.verify_all import verify_all
    from autograder.core.course import assignments_named
    from autograder.sandbox.isolation import NoIsolation, choose
    from autograder.session.options import Options, known_data, pick_device

    options = Options(device=pick_device(rest["device"]), data=known_data(rest["data"]))
    assignments = assignments_named(names)
    try:
        isolation = choose(rest["isolation"])
    except NoIsolation as error:
        if rest["isolation"] != "auto":
            raise
        click.secho(f"{error} The course's own code is verified without one.", fg="yellow", err=True)
        isolation = "none"
    told = Console(stderr=True)
    with Progress(console=told, transient=True, disable=not told.is_terminal) as progress:
        bar = progress.add_task("verifying", total=len(assignments))

        def done(result: Verification) -> None:
            progress.advance(bar)
            if not told.is_terminal:
                told.print(f"{result.assignment} {'holds' if result.holds else 'does not hold'}", highlight=False)

        results = verify_all(
            assignments,
            options,
            jobs=rest["jobs"],
            seeds=rest["seeds"],
            isolation=isolation,
            notebook=not no_notebook,
            training=not rest["no_training"],
            done=done,
        )
    if as_json:
        click.echo(verifications_json(results))
    else:
        print_verifications(results, Console())
    sys.exit(0 if all(result.holds for result in results) else 1)


@click.command()
@_names
@click.option("--seeds", type=click.IntRange(2), default=20, show_default=True)
@shared.device
@shared.data
@shared.isolation
def calibrate(names: tuple[str, ...], seeds: int, device: str, data: str, isolation: str) -> None:
    """Measure the scored checks over seeds and store their thresholds in calibration.json."""
    from rich.console import Console

    from autograder.authoring.calibrate import calibrate as measure
    from autograder.core.course import assignments_named
    from autograder.sandbox.isolation import choose
    from autograder.session.options import Options, known_data, pick_device

    options = Options(device=pick_device(device), data=known_data(data))
    for assignment in assignments_named(names):
        told = Console(stderr=True)
        with told.status("calibrating") as status:
            tell = (
                status.update
                if told.is_terminal
                else partial(told.print, markup=False, highlight=False, soft_wrap=True)
            )
            table = measure(assignment, options, seeds=seeds, isolation=choose(isolation), progress=tell)
        for key, entry in table.items():
            reference = entry["reference"]
            click.echo(
                f"{assignment.name} {key}: threshold {entry['threshold']:g}, "
                f"reference {reference['mean']:.4g} with deviation {reference['deviation']:.2g}"
            )


COMMANDS = (release, verify, calibrate)
