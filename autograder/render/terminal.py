"""A report in the terminal. Text students wrote is never read as markup, nor passed on with its escapes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from autograder.core.report import Cause, CheckResult, Outcome, Report
from autograder.render.summary import BINS, ClassSummary, summarise
from autograder.render.text import clean, line, name
from autograder.render.view import TaskView, left_over, one_reason, said_once, task_views
from autograder.render.words import CAUSE_WORDS, ONE_REASON, REFUSED, count, reason, share, verdict

if TYPE_CHECKING:
    from rich.console import Console

_LABELS = {
    Outcome.PASSED: ("passed", "green"),
    Outcome.FAILED: ("FAILED", "bold red"),
    Outcome.BROKEN: ("BROKEN", "bold yellow"),
}
_HISTOGRAM_WIDTH = 40
_INTAKE_LINES = 20


def print_report(report: Report, console: Console, verbose: bool = False) -> None:
    """Task by task what failed and why, then the sum. `verbose` adds prints, seconds and the checks' ids."""
    one = one_reason(report)
    shown = said_once(report, one)
    for note in shown.notes:
        _say(console, line(note, limit=500), label="Note: ", label_style="bold")
    if one:
        _say(console, f"\n{REFUSED if report.refusal else ONE_REASON}", style="bold red")
        _print_words(one, console, verbose, left=2)
    for task in task_views(shown):
        _print_task(task, console, verbose, brief=one is not None)
    for mark in report.counted_marks:
        given = f"{line(mark.title)}: {mark.points}/{mark.max_points} by hand. {line(mark.reason, limit=1000)}"
        _say(console, given, style="bold")
    rest = left_over(report)
    passed = report.checks and all(check.outcome is Outcome.PASSED for check in report.checks)
    _say(
        console,
        f"\n{report.points}/{report.max_points - rest} points{' here' if rest else ''}. {verdict(report.checks, rest)}",
        style="bold green" if passed else "bold",
    )


def print_class_summary(
    reports: Iterable[Report],
    console: Console,
    *,
    unopened: Sequence[tuple[str, str]] = (),
    intake: Sequence[tuple[str, str, str]] = (),
) -> None:
    """A class in one screen: the histogram, what failed most, who needs staff."""
    summary = summarise(reports)
    if summary.reports:
        facts = f"Mean {summary.mean:.1f} of {summary.max_points}, median {summary.median:g}"
        _say(console, f"{count(len(summary.reports), 'hand-in')}. {facts}, full marks {summary.perfect}.", style="bold")
        _print_histogram(summary, console)
    else:
        _say(console, "No hand-in was graded.")
    if summary.failed_most:
        left_out = f", of the {len(summary.reports) - len(summary.refused):,} that could be opened"
        _say(console, f"\nFailed most{left_out if summary.refused else ''}", style="bold")
    for check in summary.failed_most[:5]:
        cause = f" ({CAUSE_WORDS[check.cause]})" if check.cause else ""
        _say(console, f"{line(check.title)}{cause}", label=f"{share(check.failed, check.seen):>6}  ")
    if summary.broken:
        _say(console, f"\nNeeds staff: {count(len(summary.needs_staff), 'hand-in')}", style="bold yellow")
    for check in summary.broken:
        who = ", ".join(name(report.student) for report in check.broken[:8])
        more = f" and {len(check.broken) - 8:,} more" if len(check.broken) > 8 else ""
        _say(console, f"{line(check.id)}: {who}{more}", left=2)
    if stray := summary.stray_marks:
        whose = ", ".join(f"{name(report.student)} {line(mark.item)}" for report, mark in stray[:8])
        more = f" and {len(stray) - 8:,} more" if len(stray) > 8 else ""
        _say(console, f"\nMarks by hand without a task: {len(stray):,}, counting for nothing", style="bold yellow")
        _say(console, f"{whose}{more}", left=2)
    unopened = [*unopened, *((report.student, report.refusal) for report in summary.refused)]
    if unopened:
        _say(console, f"\nCould not be opened: {count(len(unopened), 'hand-in')}", style="bold yellow")
    for who, why in sorted(unopened)[:_INTAKE_LINES]:
        _say(console, line(why, limit=300), left=2, label=f"{_printable(name(who), console)}: ")
    if len(unopened) > _INTAKE_LINES:
        _say(console, f"and {len(unopened) - _INTAKE_LINES:,} more, in index.html", left=2)
    if intake:
        kinds = ", ".join(f"{many:,} {kind}" for kind, many in Counter(kind for kind, _, _ in intake).items())
        _say(console, f"\nIntake: {count(len(intake), 'line')} for a person to read ({kinds})", style="bold yellow")
    for kind, who, what in intake[:_INTAKE_LINES]:
        _say(console, line(what, limit=300), left=2, label=f"{kind}: {_printable(name(who), console)}: ")
    if len(intake) > _INTAKE_LINES:
        _say(console, f"and {len(intake) - _INTAKE_LINES:,} more, in index.html", left=2)


def _print_task(task: TaskView, console: Console, verbose: bool, *, brief: bool) -> None:
    points, full = f"{task.points}/{task.max_points}", task.points == task.max_points
    _say(console, f"\n{line(task.title)} ({line(task.name)})  {points}", style="bold green" if full else "bold")
    if task.is_blank and not verbose:
        _say(console, f"Not written yet; {count(len(task.checks), 'check')} will look at it.", left=2, style="yellow")
        return
    for check in task.checks:
        _print_check(check, console, verbose, brief=brief)


def _print_check(check: CheckResult, console: Console, verbose: bool, *, brief: bool) -> None:
    word, style = _LABELS[check.outcome]
    label = f"{word} {f'{check.points}/{check.max_points}':<4} "
    margin = len(label)
    title = line(check.title, limit=300) + (" (hidden)" if check.hidden else "")
    _say(console, title, label=label, label_style=style, style="green" if check.outcome is Outcome.PASSED else "")
    if check.cause is not Cause.WRONG and reason(check) and not brief:  # a wrong answer's message says so itself
        _say(console, reason(check), left=margin)
    _print_words(check, console, verbose, left=margin)
    if verbose:
        _say(console, f"{line(check.id)}  {check.seconds:.2f} s", left=margin, style="dim")


def _print_words(check: CheckResult, console: Console, verbose: bool, *, left: int) -> None:
    """What a check has to say."""
    if check.message:
        _say(console, clean(check.message, limit=6000, lines=60), left=left)
    if check.hint:
        _say(console, line(check.hint, limit=1000), left=left, label="Hint: ", label_style="bold cyan")
    if check.output and (verbose or check.outcome is Outcome.FAILED):
        _say(console, "Your code printed:", left=left)
        printed = clean(check.output.rstrip(), lines=400 if verbose else 12)
        _say(console, printed, left=left + 2, style="dim")


def _print_histogram(summary: ClassSummary, console: Console) -> None:
    block = "#" if console.options.ascii_only else "\u2588"
    most = max(summary.bins) or 1
    for number, many in enumerate(summary.bins):
        length = -(-_HISTOGRAM_WIDTH * many // most)  # rounded up: one hand-in is seen
        low, high = number * 100 // BINS, (number + 1) * 100 // BINS
        _say(console, f"{low:>4}-{high:<3} % {block * length} {many or ''}".rstrip())


def _say(
    console: Console, text: str, *, left: int = 0, label: str = "", label_style: str = "", style: str = ""
) -> None:
    """Print `label` and beside it `text`, which wraps below itself, not below the label.

    In a pipe nothing is wrapped, so that a line of ours is a line for grep.
    """
    from rich.text import Text

    pieces = [Text(row.expandtabs(4), style=style) for row in _printable(text, console).split("\n")]
    if console.is_terminal:
        width = max(20, console.width - left - len(label))
        pieces = [row for piece in pieces for row in (piece.wrap(console, width) or [piece])]
    start = Text.assemble(" " * left, (label, label_style))
    for piece in pieces:
        console.print(start + piece, soft_wrap=True)
        start = Text(" " * len(start))


def _printable(text: str, console: Console) -> str:
    return text.encode(console.encoding, "replace").decode(console.encoding)
