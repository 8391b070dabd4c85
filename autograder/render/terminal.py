"""Print reports in the terminal. Markup and escape codes in text that students wrote have no effect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from autograder.core.report import Cause, CheckResult, Outcome, Report
from autograder.render.summary import BINS, ClassSummary, summarise
from autograder.render.text import clean, line, name
from autograder.render.view import TaskView, left_over, one_reason, other_notes, task_views, without_repetition
from autograder.render.words import CAUSE_WORDS, INTAKE_WORDS, ONE_REASON, REFUSED, count, reason, share, verdict

if TYPE_CHECKING:
    from rich.console import Console

_LABELS = {
    Outcome.PASSED: ("passed", "green"),
    Outcome.FAILED: ("FAILED", "bold red"),
    Outcome.BROKEN: ("BROKEN", "bold yellow"),
}
_HISTOGRAM_WIDTH = 40
_LIST_LINES = 20


def print_notes(report: Report, console: Console, before: Report | None = None) -> None:
    """Print what was noticed about the hand-in; with ``before``, only what that report does not say."""
    known = {str(note) for note in (*before.remarks, *before.notes)} if before else set()
    for remark in report.remarks:
        if str(remark) not in known:
            _print_text(console, line(str(remark), limit=1000), label="Note: ", label_style="bold yellow")
    for note in other_notes(report):
        if note not in known:
            _print_text(console, line(note, limit=500), label="Note: ", label_style="bold")


def print_report(report: Report, console: Console, verbose: bool = False) -> None:
    """Print task by task what failed and why, then the points. `verbose` adds output, seconds and ids of checks."""
    one = one_reason(report)
    shown = without_repetition(report, one)
    print_notes(shown, console)
    if one:
        _print_text(console, f"\n{REFUSED if report.refusal else ONE_REASON}", style="bold red")
        _print_details(one, console, verbose, left=2)
    for task in task_views(shown):
        _print_task(task, console, verbose, brief=one is not None)
    for mark in report.counted_marks:
        given = f"{line(mark.title)}: {mark.points}/{mark.max_points} by hand. {line(mark.reason, limit=1000)}"
        _print_text(console, given, style="bold")
    print_verdict(report, console)


def print_verdict(report: Report, console: Console) -> None:
    """Print the points and how many checks passed."""
    rest = left_over(report)
    summed_up = verdict(report.checks, rest, by_hand=len(report.overrides))
    passed = report.checks and all(check.outcome is Outcome.PASSED for check in report.checks)
    _print_text(
        console,
        f"\n{report.points}/{report.max_points - rest} points{' here' if rest else ''}. {summed_up}",
        style="bold green" if passed and not report.overrides else "bold",
    )


def print_class_summary(
    reports: Iterable[Report],
    console: Console,
    *,
    unopened: Sequence[tuple[str, str]] = (),
    intake: Sequence[tuple[str, str, str]] = (),
) -> None:
    """Print a class on one screen: the histogram, the checks that failed most, and who needs the course staff."""
    summary = summarise(reports)
    if summary.reports:
        facts = f"Mean {summary.mean:.1f} of {summary.max_points}, median {summary.median:g}"
        _print_text(
            console, f"{count(len(summary.reports), 'hand-in')}. {facts}, full marks {summary.perfect}.", style="bold"
        )
        _print_histogram(summary, console)
    else:
        _print_text(console, "No hand-in was graded.")
    if summary.failed_most:
        left_out = f", of the {len(summary.reports) - len(summary.refused):,} that could be opened"
        _print_text(console, f"\nFailed most often{left_out if summary.refused else ''}", style="bold")
    for check in summary.failed_most[:5]:
        cause = f" ({CAUSE_WORDS[check.cause]})" if check.cause else ""
        _print_text(console, f"{line(check.title)}{cause}", label=f"{share(check.failed, check.seen):>6}  ")
    if summary.provisional:
        many = count(len(summary.provisional), "hand-in")
        without = "without the checks that train or evaluate networks. Run the command without --skip-scored for marks."
        _print_text(console, f"\nProvisional: {many}, {without}", style="bold yellow")
    if summary.broken:
        _print_text(console, f"\nNeeds staff: {count(len(summary.needs_staff), 'hand-in')}", style="bold yellow")
    for check in summary.broken:
        who = ", ".join(name(report.student) for report in check.broken[:8])
        more = f" and {len(check.broken) - 8:,} more" if len(check.broken) > 8 else ""
        _print_text(console, f"{line(check.id)}: {who}{more}", left=2)
    if stray := summary.stray_marks:
        whose = ", ".join(f"{name(report.student)} {line(mark.item)}" for report, mark in stray[:8])
        more = f" and {len(stray) - 8:,} more" if len(stray) > 8 else ""
        _print_text(console, f"\nMarks by hand without a task: {len(stray):,}. They do not count.", style="bold yellow")
        _print_text(console, f"{whose}{more}", left=2)
    unopened = [*unopened, *((report.student, report.refusal) for report in summary.refused)]
    if unopened:
        _print_text(console, f"\nCould not be opened: {count(len(unopened), 'hand-in')}", style="bold yellow")
    _print_list([(name(who), line(why, limit=300)) for who, why in sorted(unopened)], console)
    if summary.concerns:
        _print_text(console, f"\nTo look at: {count(len(summary.concerns), 'hand-in')}", style="bold yellow")
    found = [(report, concern) for report, own in summary.concerns for concern in own]
    _print_list([(name(report.student), line(f"{c.text} {c.advice}", limit=600)) for report, c in found], console)
    if summary.noted:
        noted = count(len(summary.noted), "hand-in")
        _print_text(console, f"\nRead differently, at no cost: {noted}, in index.html", style="bold")
    if intake:
        kinds = ", ".join(f"{many:,} {_word(kind)}" for kind, many in Counter(kind for kind, _, _ in intake).items())
        _print_text(console, f"\nIntake: {count(len(intake), 'message')} to read ({kinds})", style="bold yellow")
    _print_list([(f"{_word(kind)}: {name(who)}", line(what, limit=300)) for kind, who, what in intake], console)


def _word(kind: str) -> str:
    return INTAKE_WORDS.get(kind, kind)


def _print_list(rows: Sequence[tuple[str, str]], console: Console) -> None:
    """Print the first rows, each a label and a text."""
    for label, text in rows[:_LIST_LINES]:
        _print_text(console, text, left=2, label=f"{_encodable(label, console)}: ")
    if len(rows) > _LIST_LINES:
        _print_text(console, f"and {len(rows) - _LIST_LINES:,} more, in index.html", left=2)


def _print_task(task: TaskView, console: Console, verbose: bool, *, brief: bool) -> None:
    points, full = f"{task.points}/{task.available}", task.points == task.available
    if not task.checks:
        points, full = "hidden checks only", False
    _print_text(console, f"\n{line(task.title)} ({line(task.name)})  {points}", style="bold green" if full else "bold")
    if task.is_blank and not verbose:
        _print_text(
            console, f"Not written yet; {count(len(task.checks), 'check')} will test it.", left=2, style="yellow"
        )
        return
    for check in task.checks:
        print_check(check, console, verbose, brief=brief)


def print_check(check: CheckResult, console: Console, verbose: bool = False, *, brief: bool = False) -> None:
    """Print one check: outcome, points, title, and why it failed. `brief` leaves out the kind of failure."""
    word, style = _LABELS[check.outcome]
    label = f"{word} {f'{check.points}/{check.max_points}':<4} "
    margin = len(label)
    title = line(check.title, limit=300) + (" (hidden)" if check.hidden else "")
    _print_text(
        console, title, label=label, label_style=style, style="green" if check.outcome is Outcome.PASSED else ""
    )
    if check.cause is not Cause.WRONG and reason(check) and not brief:  # the message of a wrong answer says so itself
        _print_text(console, reason(check), left=margin)
    _print_details(check, console, verbose, left=margin)
    if verbose:
        _print_text(console, f"{line(check.id)}  {check.seconds:.2f} s", left=margin, style="dim")


def _print_details(check: CheckResult, console: Console, verbose: bool, *, left: int) -> None:
    """Print the message, the hint and the output of a check."""
    if check.message:
        _print_text(console, clean(check.message, limit=6000, lines=60), left=left)
    if check.hint:
        _print_text(console, line(check.hint, limit=1000), left=left, label="Hint: ", label_style="bold cyan")
    if check.output and (verbose or check.outcome is Outcome.FAILED):
        _print_text(console, "Your code printed:", left=left)
        printed = clean(check.output.rstrip(), lines=400 if verbose else 12)
        _print_text(console, printed, left=left + 2, style="dim")


def _print_histogram(summary: ClassSummary, console: Console) -> None:
    block = "#" if console.options.ascii_only else "\u2588"
    most = max(summary.bins) or 1
    for number, many in enumerate(summary.bins):
        length = -(-_HISTOGRAM_WIDTH * many // most)  # rounded up, so that a single hand-in is visible
        low, high = number * 100 // BINS, (number + 1) * 100 // BINS
        _print_text(console, f"{low:>4}-{high:<3} % {block * length} {many or ''}".rstrip())


def _print_text(
    console: Console, text: str, *, left: int = 0, label: str = "", label_style: str = "", style: str = ""
) -> None:
    """Print `label` and next to it `text`, whose further lines are indented as far.

    In a pipe nothing is wrapped, so that grep finds whole lines.
    """
    from rich.text import Text

    pieces = [Text(row.expandtabs(4), style=style) for row in _encodable(text, console).split("\n")]
    if console.is_terminal:
        width = max(20, console.width - left - len(label))
        pieces = [row for piece in pieces for row in (piece.wrap(console, width) or [piece])]
    start = Text.assemble(" " * left, (label, label_style))
    for piece in pieces:
        console.print(start + piece, soft_wrap=True)
        start = Text(" " * len(start))


def _encodable(text: str, console: Console) -> str:
    return text.encode(console.encoding, "replace").decode(console.encoding)
