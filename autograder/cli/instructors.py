"""Commands for instructors: grade, mark, similar, policy. Exports to other platforms are in exports.py."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from autograder.cli import options
from autograder.core.language import in_a_row, say, say_counted, speaking, translate, translator
from autograder.core.message import Message, first_of, name_list

if TYPE_CHECKING:
    from autograder.core.report import Report
    from autograder.gradebook.grade import Spread


@click.command()
@click.argument("handins", type=options.PATH)
@click.argument("more", metavar="", nargs=-1)
@options.assignment
@click.option("--out", type=options.PATH, required=True, help="Folder for the results.")
@click.option("--roster", type=options.PATH, help="CSV with the students' ids, to find out whose each hand-in is.")
@click.option(
    "--regrade",
    is_flag=True,
    help="Grade again after checks or options changed; shows the new marks before writing them.",
)
@click.option("--yes", is_flag=True, help="With --regrade: write the changed marks without asking.")
@click.option(
    "--only",
    multiple=True,
    metavar="NAME...",
    help="Grade only these students, by id or by name; everything about others stays as it is.",
)
@click.option(
    "--workers",
    type=click.IntRange(1),
    default=os.cpu_count() or 1,
    show_default=Message("the number of cores"),
    help="Number of hand-ins to grade at the same time.",
)
@options.skip_scored
@click.option("--seed", type=int, help="Chooses other inputs for the checks; they also depend on the secret of --out.")
@options.cluster
@options.wait
@options.device
@options.data
@options.isolation
@options.course
@click.option("--public-only", is_flag=True, help="Grade although there are no hidden checks.")
@options.staff_language
@options.as_json
def grade(
    handins: Path,
    more: tuple[str, ...],
    assignment: str,
    out: Path,
    roster: Path | None,
    only: tuple[str, ...],
    **rest: Any,
) -> None:
    """Grade all hand-ins of an assignment.

    HANDINS is a folder with one zip, folder, notebook or script per student, or a download from nbgrader, Gradescope,
    Moodle or Canvas (zipped or unpacked). Submissions that are already graded are skipped.

    Exit code: 0 if everybody has all points, 1 if points were lost, 2 if a person must act: a check is broken, changed
    marks were not confirmed, or gradlab could not work. With --only, this is about these students.
    """
    from autograder.cli.outcome import Approval, print_graded
    from autograder.cli.spread import on_cluster, workers_for
    from autograder.core.course import find_staff_assignment
    from autograder.gradebook.journal import course_of
    from autograder.session.digests import has_hidden_checks
    from autograder.session.promises import verify_promises

    if rest["yes"] and not rest["regrade"]:
        raise click.UsageError("Add --regrade or omit --yes: it answers the question of --regrade.")
    chosen = find_staff_assignment(assignment, rest["course"] or course_of(out, assignment))
    hidden = has_hidden_checks(chosen)
    if not hidden and not rest["public_only"]:
        raise click.UsageError(
            say(
                "{folder} has no hidden checks in {solutions}, as in a student's copy. Name the course "
                "with --course, or pass --public-only to grade with the public checks alone.",
                folder=chosen.folder,
                solutions=chosen.solutions,
            )
        )
    verify_promises(chosen)  # before torch is imported and processes are started, which takes long

    from rich.console import Console

    from autograder.core.reader_language import choose_language, languages_of
    from autograder.gradebook.grade import grade_class
    from autograder.gradebook.identity import find_students
    from autograder.gradebook.journal import Journal
    from autograder.gradebook.lock import hold
    from autograder.gradebook.place import require_place_for_results
    from autograder.gradebook.readers import STAFF, unknown_languages
    from autograder.gradebook.secret import folder_secret
    from autograder.intake.download import read_handins
    from autograder.intake.roster import read_roster
    from autograder.render.progress import Bar
    from autograder.runners.grader_process import Setup
    from autograder.runners.local_pool import grade_all
    from autograder.sandbox.isolation import choose
    from autograder.session.options import Options, known_data, pick_device

    require_place_for_results(out, handins)
    if more and not only:
        raise click.UsageError(
            say("HANDINS is one folder or zip. Omit {more}, or write it after --only.", more=" ".join(more))
        )
    if language := rest["language"]:
        language = choose_language(language, languages_of(chosen.course))
    known = read_roster(roster) if roster else None
    console = Console(stderr=True)
    if rest["cluster"]:
        spread: Spread = on_cluster(console, **rest)
        isolation, device = rest["isolation"], rest["device"]  # the cluster's machines choose their isolation
    else:
        spread = partial(grade_all, workers=workers_for(rest["workers"], chosen, console))
        isolation, device = choose(rest["isolation"]), pick_device(rest["device"])
    asked = Options(
        device, data=known_data(rest["data"], chosen.course), seed=rest["seed"], skip_scored=rest["skip_scored"]
    )
    with hold(
        out,
        wait=rest["wait"],
        on_wait=lambda holder: console.print(say("Waiting for {holder}.", holder=holder), markup=False),
    ):
        intake = read_handins(handins, chosen, store=out / ".handins", roster=known)
        for warning in unknown_languages(intake.languages, chosen.course):
            console.print(translate(warning), style="yellow", markup=False, highlight=False, soft_wrap=True)
        students = find_students(intake, (*only, *more), known)
        asked = replace(asked, secret=folder_secret(out, renew=rest["regrade"]))
        setup = Setup(chosen.folder, asked, isolation, hidden=hidden, private=(handins.resolve(), out.resolve()))
        with Journal(out, create=True) as journal, Bar(console, disable=rest["as_json"]) as progress:
            spoken = choose_language(language, languages_of(chosen.course), journal.fact(STAFF) or "")
            to = translator(spoken, course=chosen.course.root, domains=[chosen.name])
            click.get_current_context().with_resource(speaking(to))
            if language:
                with journal.writing():
                    journal.set_fact(STAFF, language)
            graded = grade_class(
                chosen,
                intake,
                setup,
                journal,
                out,
                spread=spread,
                regrade=rest["regrade"],
                only=students,
                approve=(approve := Approval(progress.pause, yes=rest["yes"], as_json=rest["as_json"])),
                on_start=progress.start,
                on_report=progress.step,
            )
    said: dict[str, Any] = {"assignment": chosen, "isolation": isolation, "as_json": rest["as_json"], "only": students}
    print_graded(graded, intake.platform, out, **said)
    if not graded.written:
        remedy = say("Pass --yes to write them.")
        if approve.answered:
            remedy = say("Run the command again to decide; the hand-ins are not graded again.")
        click.echo(in_a_row(say("The marks were not changed."), remedy), err=True)
        sys.exit(2)
    reports = [report for report in graded.reports if report.student in students or not students]
    if students and not rest["as_json"]:
        for report in reports:
            click.echo(_points_of(report))
    lost = any(report.points < report.max_points for report in reports)
    sys.exit(2 if any(report.needs_staff for report in reports) else int(lost))


def _points_of(report: Report) -> str:
    return say(
        "{student}: {points}/{most} points", student=report.student, points=report.points, most=report.max_points
    )


def _still_waiting(task: str, others: list[str]) -> str:
    return say(
        "Checks of other tasks still count as failed, because they need {task}, which was not right: {others}.",
        task=task,
        others=name_list(others),
    )


@click.command(cls=options.WithPoints)
@options.results_folder
@click.argument("student", required=False)
@click.argument("item", required=False)
@click.argument("points", callback=options.points, required=False)
@click.option("--reason", default="", help="Reason for the mark, shown to the student. Required for a task.")
@click.option("--line", "lines", type=int, multiple=True, help="Instead of POINTS: a line of the rubric that holds.")
@click.option("--by", default="", help="Grader's name (default: your user name).")
@click.option("--withdraw", is_flag=True, help="Remove the mark; the points of the checks count again.")
@click.option("--from", "table", type=options.PATH, help="CSV with the columns student, item, points, reason.")
@options.wait
def mark(
    results: Path,
    student: str | None,
    item: str | None,
    points: float | None,
    reason: str,
    lines: tuple[int, ...],
    by: str,
    withdraw: bool,
    table: Path | None,
    wait: bool,
) -> None:
    """Give points by hand, for a question or in place of checks.

    ITEM is the id of a question or the name of a task. POINTS may be half points, such as 1.5. For a question with a
    rubric, --line 1 --line 3 gives the points of these lines, and --line 0 none. With RESULTS alone, the marks given
    by hand are listed.
    """
    from autograder.gradebook.journal import Journal
    from autograder.gradebook.lock import hold
    from autograder.gradebook.marks import GivenMark, give_marks, list_marks, read_marks, rubric_of, waiting_on
    from autograder.render.text import line

    if table is None and student is None:
        with Journal(results) as journal:
            for name, held, remark in list_marks(journal):
                why = in_a_row(line(held.reason), translate(remark))
                click.echo(f"{name}  {held.item}  {held.points}/{held.max_points}  {held.by} {held.at}  {why}")
        return
    if table is not None and (student is not None or reason or withdraw):
        raise click.UsageError("--from reads everything from the CSV: omit STUDENT, ITEM, POINTS and their options.")
    given_ways = (points is not None) + withdraw + bool(lines)
    if table is None and (student is None or item is None or given_ways != 1):
        with Journal(results) as journal:
            rubric = rubric_of(journal, item or "")
        ways = say("Give STUDENT ITEM POINTS, or STUDENT ITEM --line N, or STUDENT ITEM --withdraw, or --from CSV.")
        raise click.UsageError(in_a_row(ways, translate(rubric)))
    met = tuple(n for n in lines if n) if lines else None
    given = read_marks(table) if table else [GivenMark(student or "", item or "", points, reason, lines=met)]
    with hold(results, wait=wait), Journal(results) as journal:
        for report in give_marks(journal, results, given, by=by):
            questions = [f"{m.item} {m.points}/{m.max_points}" for m in report.marks if m.question]
            click.echo(", ".join([_points_of(report), *questions]))
            for task in {mark.item: None for mark in given if mark.item in report.overrides}:
                if others := waiting_on(task, report):
                    click.echo(_still_waiting(task, others))


@click.command()
@click.argument("source", metavar="RESULTS_OR_HANDINS", type=options.PATH)
@options.assignment
@click.option(
    "--threshold",
    type=click.FloatRange(0.05, 1),
    default=0.6,
    show_default=True,
    help="List pairs that share at least this part of their code.",
)
@click.option(
    "--out",
    type=options.PATH,
    help="CSV to write (default: similar.csv in the folder of results, if given); copies go to similar-copies.csv.",
)
@options.course
@options.wait
def similar(source: Path, assignment: str, threshold: float, out: Path | None, course: Path | None, wait: bool) -> None:
    """List copies and similar code, ignoring the handout.

    Exact copies are grouped; comments, layout and names of variables do not count. Hand-ins that agree with the
    course's solution are named. A list for people to review, not a verdict: small tasks have few good solutions.
    """
    import tempfile

    from rich.console import Console

    from autograder.core.course import find_staff_assignment
    from autograder.core.files import for_spreadsheets
    from autograder.core.outputs import require_own_file, write_own_file
    from autograder.gradebook.journal import NAME, Journal, graded_assignment
    from autograder.gradebook.lock import hold
    from autograder.gradebook.results import write_results
    from autograder.gradebook.similarity import copies_csv, find_similar, require_same_assignment, similar_csv
    from autograder.intake.download import read_handins
    from autograder.render.words import count

    chosen = find_staff_assignment(assignment, course) if course else graded_assignment(source, assignment)
    if out:
        require_own_file(out, similar_csv([]), inputs=[source])
    with Console(stderr=True).status(say("reading")) as status:
        if graded := (source / NAME).exists():
            with hold(source, wait=wait), Journal(source) as journal:
                require_same_assignment(journal.fact("assignment"), chosen, source)
                paths = journal.latest_paths()
                found = find_similar(paths, chosen, threshold=threshold, progress=status.update)
                with journal.writing():
                    journal.set_similar(found.pairs, found.copies)
                write_results(journal, source)
        else:
            with tempfile.TemporaryDirectory() as store:
                handins = read_handins(source, chosen, store=Path(store)).handins
                paths = {handin.student: handin.path for handin in handins}
                found = find_similar(paths, chosen, threshold=threshold, progress=status.update)
    target = out or (source / "similar.csv" if graded else None)
    if target:
        write_own_file(target, for_spreadsheets(similar_csv(found.pairs)))
        write_own_file(target.with_name(f"{target.stem}-copies.csv"), for_spreadsheets(copies_csv(found.copies)))
    for group in found.copies:
        many = count(len(group.students), "hand-in")
        what = say("all of their code") if group.everything else translate(name_list(group.functions))
        values = {"handins": many, "lines": count(group.lines, "line"), "what": what}
        if group.solution:
            click.echo(say("{handins} with the same code ({lines}), as in the course's solution: {what}", **values))
        else:
            click.echo(say("{handins} with the same code ({lines}): {what}", **values))
        click.echo(f"     {translate(first_of(group.students, 20, '; '))}")
    for pair in found.pairs:
        click.echo(f"{pair.share_of_one:4.0%} {pair.share_of_other:4.0%}  {pair.one}  {pair.other}")
    click.echo(
        say(
            "{groups} of exact copies and {pairs} to review. This is not a verdict: small tasks have few good "
            "solutions.",
            groups=count(len(found.copies), "group"),
            pairs=count(len(found.pairs), "pair"),
        )
    )
    for student, why in found.skipped:
        click.echo(say("Not compared: {student}: {why}", student=student, why=why), err=True)
    if found.skipped and len(found.skipped) == len(paths):
        sys.exit(2)


@click.command()
@click.argument("gradebooks", nargs=-1, required=True, type=options.PATH)
@click.option("--policy", "rules", required=True, type=options.PATH, help="TOML file with late days and weights.")
@click.option(
    "--times",
    type=options.PATH,
    help="CSV with the columns student, handed_in and perhaps assignment: when hand-ins came, where the platform's "
    "download does not say it, such as Canvas's.",
)
@click.option("--out", required=True, type=options.PATH, help="CSV file to write.")
@click.option("--explain", type=options.PATH, help="Folder for one text file per student that explains the mark.")
def policy(gradebooks: tuple[Path, ...], rules: Path, times: Path | None, out: Path, explain: Path | None) -> None:
    """Compute final marks from late days and weights.

    GRADEBOOKS are the files gradebook.csv of all assignments. Exit code: 0, or 2 if some marks are provisional.
    """
    from autograder.core.files import for_spreadsheets, write_atomically
    from autograder.core.outputs import write_own_file
    from autograder.intake.download import safe_name
    from autograder.policy.final_marks import compute_final_marks, final_csv, read_gradebooks, without_time
    from autograder.policy.policy_file import read_policy
    from autograder.policy.times_file import read_times, with_times
    from autograder.render.words import count

    read = read_policy(rules)
    rows = read_gradebooks(gradebooks, read)
    if times:
        rows, unused = with_times(rows, read_times(times), times)
        if unused:
            click.echo(
                say(
                    "{times} lists students that no gradebook lists: {unused}.",
                    times=times,
                    unused=first_of(unused, 5),
                ),
                err=True,
            )
    if timeless := without_time(read, rows):
        text = say(
            "{handins} without a time, and not marked late by the platform: on time. To give times, pass --times.",
            handins=count(len(timeless), "hand-in"),
        )
        click.echo(text, err=True)
    finals = compute_final_marks(read, rows)
    write_own_file(out, for_spreadsheets(final_csv(read, finals)), inputs=[*gradebooks, rules, times])
    if explain:
        for final in finals:
            explain.mkdir(parents=True, exist_ok=True)
            write_atomically(explain / f"{safe_name(final.student)}.txt", final.explanation)
    still_open = sum(final.provisional for final in finals)
    written = say("Wrote the marks of {students} to {out}.", students=count(len(finals), "student"), out=out)
    provisional = say_counted(
        "{n} mark is provisional: see the columns open and explanation.",
        "{n:,} marks are provisional: see the columns open and explanation.",
        n=still_open,
    )
    click.echo(in_a_row(written, provisional if still_open else ""))
    sys.exit(2 if still_open else 0)


COMMANDS = (grade, mark, similar, policy)
