"""Print reports in the terminal. Markup and escape codes in text that students wrote have no effect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from autograder.core.language import in_a_row, say, say_counted, translate
from autograder.core.message import Message, first_of
from autograder.core.report import Cause, CheckResult, Outcome, Report
from autograder.render.summary import BINS, ClassSummary, summarise
from autograder.render.text import clean, columns, line, name, wrapped
from autograder.render.view import TaskView, left_over, one_reason, other_notes, task_views, without_repetition
from autograder.render.words import (
    CAUSE_WORDS,
    INTAKE_WORDS,
    NOT_RUN,
    ONE_REASON,
    REFUSED,
    count,
    not_answered,
    not_marked,
    not_marked_yet,
    reason,
    share,
    verdict,
)

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_LABELS = {
    Outcome.PASSED: (Message("passed"), "green"),
    Outcome.FAILED: (Message("FAILED"), "bold red"),
    Outcome.BROKEN: (Message("BROKEN"), "bold yellow"),
}
_HISTOGRAM_WIDTH = 40
_LIST_LINES = 20
_LIST_NAMES = 8  # with one text
_MISSING = 4  # functions of a task that nobody has begun


def print_notes(report: Report, console: Console, before: Report | None = None) -> None:
    """Print what was noticed about the hand-in; with ``before``, only what that report does not say."""
    known = {str(note) for note in (*before.remarks, *before.notes)} if before else set()
    for remark in report.remarks:
        if str(remark) not in known:
            _print_text(console, line(str(remark), limit=1000), label=say("Note: "), label_style="bold yellow")
    for note in other_notes(report):
        if note not in known:
            _print_text(console, line(note, limit=500), label=say("Note: "), label_style="bold")


def print_report(report: Report, console: Console, verbose: bool = False) -> None:
    """Print task by task what failed and why, then the points. `verbose` adds output, seconds and ids of checks."""
    one = one_reason(report)
    shown = without_repetition(report, one)
    print_notes(shown, console)
    if one:
        _print_text(console, f"\n{translate(REFUSED if report.refusal else ONE_REASON)}", style="bold red")
        _print_details(one, console, verbose, left=2)
    for task in task_views(shown):
        _print_task(task, console, verbose, brief=one is not None, refused=bool(report.refusal))
    for mark in report.counted_marks:
        given = say(
            "{title}: {points}/{most} by hand. {reason}",
            title=line(mark.title),
            points=mark.points,
            most=mark.max_points,
            reason=line(mark.reason, limit=1000),
        )
        _print_text(console, given, style="bold")
    for question in report.unmarked:
        _print_text(console, not_marked_yet(question), style="bold")
    for question in [] if report.refusal else report.unanswered:
        _print_text(console, not_answered(question), style="bold")
    print_verdict(report, console)


def print_verdict(report: Report, console: Console) -> None:
    """Print the points and how many checks passed."""
    rest = left_over(report)
    summed_up = verdict(
        report.checks, rest, skipped=report.open_points, by_hand=len(report.overrides), refused=bool(report.refusal)
    )
    passed = report.checks and all(check.outcome is Outcome.PASSED for check in report.checks)
    points = {"points": report.points, "most": report.max_points - rest}
    earned = say("{points}/{most} points here.", **points) if rest else say("{points}/{most} points.", **points)
    _print_text(
        console,
        f"\n{in_a_row(earned, summed_up)}",
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
        facts = say(
            "{handins}. Mean {mean:.1f} of {most}, median {median:g}, full marks {perfect}.",
            handins=count(len(summary.reports), "hand-in"),
            mean=summary.mean,
            most=summary.max_points,
            median=summary.median,
            perfect=summary.perfect,
        )
        _print_text(console, facts, style="bold")
        _print_histogram(summary, console)
    else:
        _print_text(console, say("No hand-in was graded."))
    if summary.failed_most:
        heading = say("Failed most often")
        if summary.refused:
            opened = len(summary.reports) - len(summary.refused)
            heading = say("Failed most often, of the {opened:,} that could be opened", opened=opened)
        _print_text(console, f"\n{heading}", style="bold")
    for check in summary.failed_most[:5]:
        title = line(translate(check.title))
        text = say("{title} ({cause})", title=title, cause=CAUSE_WORDS[check.cause]) if check.cause else title
        _print_text(console, text, label=f"{share(check.failed, check.seen):>6}  ")
    if summary.provisional:
        provisional = say(
            "Provisional: {handins}, without the checks that train or evaluate networks. Run the command without "
            "--skip-scored for marks.",
            handins=count(len(summary.provisional), "hand-in"),
        )
        _print_text(console, f"\n{provisional}", style="bold yellow")
    if summary.broken:
        _print_heading(console, say("Needs staff: {n}", n=count(len(summary.needs_staff), "hand-in")))
    for check in summary.broken:
        who = translate(first_of([name(report.student) for report in check.broken], 8))
        _print_text(console, f"{line(check.id)}: {who}", left=2)
    if open_questions := sum(number for _, number in summary.unmarked):
        not_yet = say(
            "{questions}, in {handins}. Give the points with gradlab mark.",
            questions=not_marked(open_questions),
            handins=count(len(summary.not_all_marked), "hand-in"),
        )
        _print_text(console, f"\n{not_yet}", style="bold yellow")
    if stray := summary.stray_marks:
        _print_heading(console, say("Marks by hand without a task: {number:,}. They do not count.", number=len(stray)))
        marks = [f"{name(report.student)} {line(mark.item)}" for report, mark in stray]
        _print_text(console, translate(first_of(marks, 8)), left=2)
    unopened = [*unopened, *((report.student, report.refusal) for report in summary.refused)]
    if unopened:
        _print_heading(console, say("Could not be opened: {n}", n=count(len(unopened), "hand-in")))
    _print_list([("", who, line(translate(why), limit=300)) for who, why in sorted(unopened)], console)
    if summary.concerns:
        _print_heading(console, say("To look at: {n}", n=count(len(summary.concerns), "hand-in")))
    found = [(report, concern) for report, own in summary.concerns for concern in own]
    _print_list(
        [
            ("", report.student, line(in_a_row(translate(c.text), translate(c.advice)), limit=600))
            for report, c in found
        ],
        console,
    )
    if summary.noted:
        noted = say("Read differently, at no cost: {n}, in index.html", n=count(len(summary.noted), "hand-in"))
        _print_text(console, f"\n{noted}", style="bold")
    if intake:
        counted = Counter(kind for kind, _, _ in intake)
        kinds = translate(Message(", ")).join(f"{many:,} {_word(kind)}" for kind, many in counted.items())
        _print_heading(
            console, say("Intake: {messages} to read ({kinds})", messages=count(len(intake), "message"), kinds=kinds)
        )
    _print_list([(_word(kind), who, line(translate(what), limit=300)) for kind, who, what in intake], console)


def _print_heading(console: Console, text: str) -> None:
    _print_text(console, f"\n{text}", style="bold yellow")


def _word(kind: str) -> str:
    return translate(INTAKE_WORDS.get(kind, kind))


def _print_list(rows: Iterable[tuple[str, str, str]], console: Console) -> None:
    """Print the first rows, each a kind, a student and a text; students with the same text share a row."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for kind, who, text in rows:
        grouped.setdefault((kind, text), []).append(name(who))
    for (kind, text), students in list(grouped.items())[:_LIST_LINES]:
        who = translate(first_of(students, _LIST_NAMES))
        label = say("{label}: ", label=_encodable(f"{kind}: {who}" if kind else who, console))
        _print_text(console, text, left=2, label=label)
    if left := sum(len(students) for students in list(grouped.values())[_LIST_LINES:]):
        _print_text(console, say("and {number:,} more, in index.html", number=left), left=2)


def _print_task(task: TaskView, console: Console, verbose: bool, *, brief: bool, refused: bool) -> None:
    points, full = f"{task.points}/{task.available}", task.points == task.available
    if not task.checks:
        points, full = say("hidden checks only"), False
    _print_text(console, f"\n{line(task.title)} ({line(task.name)})  {points}", style="bold green" if full else "bold")
    if task.is_blank and not verbose:
        blank = say_counted(
            "Not written yet; {n} check will test it.", "Not written yet; {n} checks will test it.", n=len(task.checks)
        )
        _print_text(console, blank, left=2, style="yellow")
        for sentence in task.left_to_write[:_MISSING]:
            function = sentence.partition(" ")[0]
            if function != task.name and not function.endswith((".py", ".ipynb")):
                _print_text(console, line(sentence, limit=500), left=2)
        return
    for check in task.checks:
        print_check(check, console, verbose, brief=brief, refused=refused)


def print_check(
    check: CheckResult, console: Console, verbose: bool = False, *, brief: bool = False, refused: bool = False
) -> None:
    """Print one check: outcome, points, title, and why it failed.

    `brief` leaves out the kind of failure. A check of a `refused` hand-in did not run.
    """
    word, style = (NOT_RUN, "bold yellow") if refused else _LABELS[check.outcome]
    label = f"{translate(word)} {f'{check.points}/{check.max_points}':<4} "
    margin = columns(label)
    title = line(check.title, limit=300)
    title = say("{title} (hidden)", title=title) if check.hidden else title
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
        _print_text(console, line(check.hint, limit=1000), left=left, label=say("Hint: "), label_style="bold cyan")
    if check.output and (verbose or check.outcome is Outcome.FAILED):
        _print_text(console, say("Your code printed:"), left=left)
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
        width = max(20, console.width - left - columns(label))
        pieces = [row for piece in pieces for row in (_wrapped(piece, width, console) or [piece])]
    start = Text.assemble(" " * left, (label, label_style))
    for piece in pieces:
        console.print(start + piece, soft_wrap=True)
        start = Text(" " * start.cell_len)


def _wrapped(text: Text, width: int, console: Console) -> Sequence[Text]:
    """Return the lines of a text; Chinese need not wait for a space, as rich does."""
    from rich.text import Text as Row

    row = text.plain
    if columns(row) == len(row):
        return list(text.wrap(console, width))
    indent = row[: len(row) - len(row.lstrip())]
    return [Row(indent + part, style=text.style) for part in wrapped(row.lstrip(), width - len(indent))]


def _encodable(text: str, console: Console) -> str:
    return text.encode(console.encoding, "replace").decode(console.encoding)
