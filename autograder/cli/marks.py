"""The command line's part for what people decide: mark, policy."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from autograder.cli import options as shared


@click.command()
@click.argument("results", type=shared.path)
@click.argument("student", required=False)
@click.argument("item", required=False)
@click.argument("points", type=click.IntRange(0), required=False)
@click.option("--reason", default="", help="Why; the student reads it. Needed for a task, which has checks.")
@click.option("--by", default="", help="Who decided (default: who you are on this machine).")
@click.option("--withdraw", is_flag=True, help="Take the mark back; what the checks earned counts again.")
@click.option("--from", "table", type=shared.path, help="CSV with the columns student, item, points, reason.")
@shared.wait
def mark(results: Path, table: Path | None, **rest: Any) -> None:
    """Give a mark by hand in RESULTS: to an inline question, or in place of what a task's checks earned.
    ITEM is the question's id or the task's name. With RESULTS alone: list the marks given."""
    from autograder.gradebook.journal import Journal
    from autograder.gradebook.lock import hold
    from autograder.gradebook.marks import Given, give, listed, read_marks
    from autograder.render.text import line

    if table is None and rest["student"] is None:
        with Journal(results) as journal:
            for name, held, but in listed(journal):
                why = " ".join(filter(None, (line(held.reason), but)))
                click.echo(f"{name}  {held.item}  {held.points}/{held.max_points}  {held.by} {held.at}  {why}")
        return
    student, item, points = rest["student"], rest["item"], rest["points"]
    if table is not None and (student is not None or rest["reason"] or rest["withdraw"]):
        raise click.UsageError("--from takes everything from its CSV: leave STUDENT ITEM POINTS and their options out.")
    if table is None and (student is None or item is None or (points is None) != rest["withdraw"]):
        raise click.UsageError("Give STUDENT ITEM POINTS, or STUDENT ITEM --withdraw, or --from CSV.")
    given = read_marks(table) if table else [Given(student or "", item or "", points, rest["reason"])]
    with hold(results, wait=rest["wait"]), Journal(results) as journal:
        for report in give(journal, results, given, by=rest["by"]):
            questions = [m for m in report.marks if m.question]
            more = "".join(f", {m.item} {m.points}/{m.max_points}" for m in questions)
            click.echo(f"{report.student}: {report.points}/{report.max_points} points{more}")


@click.command()
@click.argument("gradebooks", nargs=-1, required=True, type=shared.path)
@click.option("--policy", "rules", required=True, type=shared.path, help="TOML with late days and weights.")
@click.option("--out", required=True, type=shared.path, help="CSV to write.")
@click.option("--explain", type=shared.path, help="Folder for one text per student that explains the mark.")
def policy(gradebooks: tuple[Path, ...], rules: Path, out: Path, explain: Path | None) -> None:
    """Turn GRADEBOOKS (gradebook.csv of each assignment) into final marks by late days and weights."""
    from autograder.core.files import write_whole
    from autograder.intake.download import safe_name
    from autograder.policy.final_marks import apply, final_csv, read_gradebooks, read_policy
    from autograder.render.words import count

    read = read_policy(rules)
    finals = apply(read, read_gradebooks(gradebooks, read))
    write_whole(out, final_csv(read, finals))
    for final in finals if explain else ():
        assert explain is not None
        explain.mkdir(parents=True, exist_ok=True)
        write_whole(explain / f"{safe_name(final.student)}.txt", final.explanation)
    still_open = sum(final.open for final in finals)
    have = "1 student has" if still_open == 1 else f"{still_open:,} students have"
    provisional = f" {have} something open: their marks are provisional, see the columns open and explanation."
    click.echo(f"{count(len(finals), 'student')} in {out}.{provisional if still_open else ''}")
    sys.exit(2 if still_open else 0)


COMMANDS = (mark, policy)
