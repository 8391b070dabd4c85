"""The command line's part for grading a class: grade, similar, and what people decide (cli_marks.py)."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from autograder.cli import cluster as cli_cluster
from autograder.cli import marks as cli_marks
from autograder.cli import options as shared

if TYPE_CHECKING:
    from autograder.gradebook.grade import Change, Graded


@click.command()
@click.argument("handins", type=shared.path)
@click.option("--assignment", required=True, help="Name or folder of the assignment.")
@click.option("--out", type=shared.path, required=True, help="Folder for the results.")
@click.option("--roster", type=shared.path, help="CSV with the students' ids; says whose each hand-in is.")
@click.option("--regrade", is_flag=True, help="Grade again what checks or options changed, and show the marks first.")
@click.option("--yes", is_flag=True, help="With --regrade: write the changed marks without asking.")
@click.option("--workers", type=click.IntRange(1), default=os.cpu_count() or 1, show_default=True)
@click.option("--seed", type=int, help="Seed of the checks' inputs (default: from the checks themselves).")
@shared.cluster
@shared.wait
@shared.device
@shared.data
@shared.isolation
@shared.as_json
def grade(handins: Path, assignment: str, out: Path, roster: Path | None, **rest: Any) -> None:
    """Grade the hand-ins in HANDINS: a folder with one zip, folder, notebook or script per student, or the download
    of nbgrader, Gradescope, Moodle or Canvas, unpacked or not. What is graded already is not run again."""
    from rich.console import Console

    from autograder.core.course import find_assignment
    from autograder.gradebook.grade import Spread, grade_class
    from autograder.gradebook.journal import Journal
    from autograder.gradebook.lock import hold
    from autograder.intake.download import read_handins
    from autograder.intake.roster import read_roster
    from autograder.render.progress import Bar
    from autograder.runners.grader_process import Setup
    from autograder.runners.local_pool import grade_all
    from autograder.sandbox.isolation import choose
    from autograder.session.options import Options, known_data, pick_device

    if out.resolve().is_relative_to(handins.resolve()):
        raise click.UsageError(f"{out} lies among the hand-ins and would be taken for one. Give another --out.")
    chosen = find_assignment(assignment)
    known = read_roster(roster) if roster else None
    told = Console(stderr=True)
    if rest["cluster"]:
        spread: Spread = cli_cluster.spread(told, **rest)
        isolation, device = rest["isolation"], rest["device"]  # the workers know which walls they can build
    else:
        spread = partial(grade_all, workers=rest["workers"])
        isolation, device = choose(rest["isolation"]), pick_device(rest["device"])
    setup = Setup(chosen.folder, Options(device, data=known_data(rest["data"]), seed=rest["seed"]), isolation)
    with hold(out, wait=rest["wait"], on_wait=lambda who: told.print(f"Waiting for {who}.", markup=False)):
        intake = read_handins(handins, chosen, store=out / ".handins", roster=known)
        with Journal(out, create=True) as journal, Bar(told, disable=rest["as_json"]) as progress:
            graded = grade_class(
                chosen,
                intake,
                setup,
                journal,
                out,
                spread=spread,
                regrade=rest["regrade"],
                approve=_approval(progress.pause, yes=rest["yes"], as_json=rest["as_json"]),
                on_start=progress.start,
                on_report=progress.step,
            )
    _tell(graded, intake.system, out, assignment=chosen.name, isolation=isolation, as_json=rest["as_json"])


def _approval(pause: Callable[[], None], *, yes: bool, as_json: bool) -> Callable[[Sequence[Change]], bool]:
    def approve(changes: Sequence[Change]) -> bool:
        from rich.console import Console

        from autograder.render.changes import print_changes

        if as_json:
            return yes
        pause()
        print_changes(changes, Console())
        return yes or click.confirm("Write these marks?", default=False)

    return approve


def _tell(graded: Graded, system: str, out: Path, *, assignment: str, isolation: str, as_json: bool) -> None:
    from rich.console import Console

    from autograder.render.terminal import print_class_summary

    reports = graded.reports
    if as_json:
        table = {
            "assignment": assignment,
            "wall": isolation,
            "system": system,
            "ran": graded.ran,
            "reused": graded.reused,
            "written": graded.written,
            "intake": [{"kind": p.kind, "who": p.who, "what": p.what} for p in graded.problems],
            "changes": [{"student": c.student, "before": c.before, "after": c.after} for c in graded.changes],
            "reports": [
                {"student": r.student, "points": r.points, "max_points": r.max_points, "needs_staff": r.needs_staff}
                for r in reports
            ],
            "index": str(out / "index.html"),
        }
        click.echo(json.dumps(table, indent=2))
    elif graded.written:
        problems = [(problem.kind, problem.who, problem.what) for problem in graded.problems]
        print_class_summary(reports, Console(), intake=problems)
        click.echo(f"\n{_READ_AS[system]} {_effort(graded)} Everything is in {out / 'index.html'}")
    if not graded.written:
        why = "pass --yes to write them" if as_json else "run this again to decide anew; nothing is run twice"
        click.echo(f"The marks were left as they are: {why}.", err=True)
        sys.exit(2)
    lost = any(report.points < report.max_points for report in reports)
    sys.exit(2 if any(report.needs_staff for report in reports) else int(lost))


_READ_AS = {
    "folder": "Read as a folder with one hand-in under each name.",
    "nbgrader": "Read as nbgrader's folder of submissions.",
    **{system: f"Read as a download from {system}." for system in ("Gradescope", "Moodle", "Canvas")},
}


def _effort(graded: Graded) -> str:
    text = f"{graded.ran:,} graded now"
    if graded.reused:
        text += f", {graded.reused:,} not run again: graded before, or the same files as another's"
    return f"{text}."


@click.command()
@click.argument("source", metavar="RESULTS_OR_HANDINS", type=shared.path)
@click.option("--assignment", required=True, help="Name or folder of the assignment.")
@click.option("--threshold", type=click.FloatRange(0.05, 1), default=0.6, show_default=True, help="Share to list.")
@click.option("--out", type=shared.path, help="CSV to write (default for results: similar.csv among them).")
@shared.wait
def similar(source: Path, assignment: str, threshold: float, out: Path | None, wait: bool) -> None:
    """List pairs of hand-ins whose code is alike beyond the handout. For people to look at; never a verdict."""
    import tempfile

    from rich.console import Console

    from autograder.core.course import find_assignment
    from autograder.core.files import write_whole
    from autograder.gradebook.journal import NAME, Journal
    from autograder.gradebook.lock import hold
    from autograder.gradebook.results import write_results
    from autograder.gradebook.similarity import find_similar, of_same_assignment, similar_csv
    from autograder.intake.download import read_handins
    from autograder.render.words import count

    chosen = find_assignment(assignment)
    graded = (source / NAME).exists()
    with Console(stderr=True).status("reading") as status:
        if graded:
            with hold(source, wait=wait), Journal(source) as journal:
                of_same_assignment(journal.fact("assignment"), chosen, source)
                alike = find_similar(journal.latest(), chosen, threshold=threshold, progress=status.update)
                with journal.writing():
                    journal.set_similar(alike.pairs)
                write_results(journal, source)
        else:
            with tempfile.TemporaryDirectory() as store:
                handins = read_handins(source, chosen, store=Path(store)).handins
                paths = {handin.student: handin.path for handin in handins}
                alike = find_similar(paths, chosen, threshold=threshold, progress=status.update)
    target = out or (source / "similar.csv" if graded else None)
    if target:
        write_whole(target, similar_csv(alike.pairs))
    for pair in alike.pairs:
        click.echo(f"{pair.share_of_one:4.0%} {pair.share_of_other:4.0%}  {pair.one}  {pair.other}")
    click.echo(f"{count(len(alike.pairs), 'pair')} to look at. Small tasks have few good answers: this is no verdict.")
    for student, why in alike.skipped:
        click.echo(f"Not compared: {student}: {why}", err=True)


COMMANDS = (grade, *cli_marks.COMMANDS, similar)
