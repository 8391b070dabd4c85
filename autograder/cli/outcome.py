"""What `gradlab grade` asks and prints at the end."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from autograder.core.language import in_a_row, say, translate
from autograder.core.message import Message

if TYPE_CHECKING:
    from autograder.core.assignment import Assignment
    from autograder.core.class_records import MarkChange
    from autograder.gradebook.grade import Graded

_READ_AS = {
    "folder": Message("Read as a folder with one hand-in per student."),
    "nbgrader": Message("Read as nbgrader's folder of submissions."),
    **{p: Message("Read as a download from {platform}.", platform=p) for p in ("Gradescope", "Moodle", "Canvas")},
}


def agrees(question: str, *, err: bool = False) -> bool | None:
    """Ask a question that is answered by yes or no. Returns None if nobody can answer, as in a cron job."""
    try:
        return click.confirm(question, default=False, err=err)
    except click.Abort as abort:
        if isinstance(abort.__context__, KeyboardInterrupt):
            raise
        click.echo(err=True)  # the question has no line end
        return None


class Approval:
    """Shows the marks that a regrade changes, and asks whether to write them."""

    def __init__(self, pause: Callable[[], None], *, yes: bool, as_json: bool) -> None:
        self._pause, self._yes, self._as_json = pause, yes, as_json
        self.answered = not as_json  # whether somebody decided, or could have

    def __call__(self, changes: Sequence[MarkChange]) -> bool:
        """Return whether to write the marks."""
        from rich.console import Console

        from autograder.render.changes import print_changes

        if self._as_json:
            return self._yes
        self._pause()
        print_changes(changes, Console())
        agreed = self._yes or agrees(say("Write these marks?"))
        self.answered = agreed is not None
        return bool(agreed)


def print_graded(
    graded: Graded,
    platform: str,
    out: Path,
    *,
    assignment: Assignment,
    isolation: str,
    as_json: bool,
    only: Collection[str] = (),
) -> None:
    """Print what a run did: for people, or as JSON for programs. With ``only``, JSON contains these students alone."""
    from rich.console import Console

    from autograder.render.concerns import concerns
    from autograder.render.terminal import print_class_summary

    reports = graded.reports
    if as_json:
        asked = [report for report in reports if report.student in only or not only]
        problems = [problem for problem in graded.problems if problem.who in only or not only]
        table = {
            "assignment": assignment.name,
            "course": str(assignment.folder.parent.parent),
            "wall": isolation,
            "system": platform,
            "ran": graded.ran,
            "reused": graded.reused,
            "written": graded.written,
            "intake": [{"kind": p.kind, "who": p.who, "what": p.what} for p in problems],
            "look_at": [
                {"student": r.student, "kind": c.kind, "text": c.text, "advice": c.advice}
                for r in asked
                for c in concerns(r)
            ],
            "changes": [{"student": c.student, "before": c.before, "after": c.after} for c in graded.changes],
            "reports": [
                {"student": r.student, "points": r.points, "max_points": r.max_points, "needs_staff": r.undecided}
                for r in asked
            ],
            "index": str(out / "index.html"),
        }
        click.echo(json.dumps(table, indent=2))
    elif graded.written:
        intake = [(problem.kind, problem.who, problem.what) for problem in graded.problems]
        print_class_summary(reports, Console(), intake=intake)
        effort = say("{ran:,} graded now.", ran=graded.ran)
        if graded.reused:
            effort = say(
                "{ran:,} graded now, {reused:,} skipped (already graded, or the same files as another hand-in).",
                ran=graded.ran,
                reused=graded.reused,
            )
        course = say("The checks are those of {folder}.", folder=assignment.folder)
        overview = say("Class overview: {path}", path=out / "index.html")
        click.echo(f"\n{in_a_row(translate(_READ_AS[platform]), effort, course, overview)}")
