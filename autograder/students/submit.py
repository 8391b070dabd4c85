"""`gradlab submit`: create the zip to hand in and grade it, or explain why it could not be graded."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from autograder.core.assignment import Assignment, Question, read_assignment
from autograder.core.course import earlier_modules
from autograder.core.files import write_atomically
from autograder.core.language import in_a_row, say, say_counted, translate
from autograder.core.message import Message, joined, name_list
from autograder.core.notebooks import notebook_name
from autograder.core.received import received
from autograder.core.report import Cause, Outcome, Report
from autograder.core.zips import make_zip
from autograder.render.text import columns, line
from autograder.render.view import TaskView, left_over, task_views
from autograder.render.words import CAUSE_WORDS, count, verdict
from autograder.students.dry_run import DryRunFailed, dry_run
from autograder.students.handout import changed_checks
from autograder.students.leftovers import both_edited, forgotten
from autograder.students.questions import open_questions
from autograder.submissions.answers import read_attached
from autograder.submissions.names import bound_names
from autograder.submissions.selection import select_files
from autograder.submissions.statements import unwritten_places
from autograder.submissions.submission import BadSubmission, open_selection

# fmt: off
_WEEKDAYS = (
    Message("Monday"), Message("Tuesday"), Message("Wednesday"), Message("Thursday"), Message("Friday"),
    Message("Saturday"), Message("Sunday"),
)
_MONTHS = (
    Message("January"), Message("February"), Message("March"), Message("April"), Message("May"), Message("June"),
    Message("July"), Message("August"), Message("September"), Message("October"), Message("November"),
    Message("December"),
)
# fmt: on


@dataclass(frozen=True)
class Packed:
    """The zip that was created, with what its author should know before handing it in."""

    path: Path
    assignment: Assignment
    warnings: tuple[str, ...]  # what was set aside, guessed or is missing
    graded: Mapping[str, str]  # the files that are graded: name -> when it was saved (ISO 8601), empty if unknown
    replaced: bool = False  # an older zip at the same place
    others: tuple[str, ...] = ()  # modules that the graded files import, and files that answer questions
    unwritten: tuple[str, ...] = ()  # tasks of which a part is still to be written
    begun: bool = True  # whether something differs from what was handed out, as far as that is known
    unanswered: tuple[Question, ...] = ()
    report: Report | None = None  # of the public checks, if they were run
    trouble: str = ""  # why they could not be run

    @property
    def blank(self) -> bool:
        """Whether no task is written yet."""
        checks = self.report.checks if self.report else ()
        earns = any(check.points for check in checks)
        return not earns and not self.begun and len(self.unwritten) == len(self.assignment.tasks)

    @property
    def loads(self) -> bool:
        """Whether all code that tasks need could be loaded, as far as the public checks can tell."""
        checks = self.report.checks if self.report else ()
        return not any(check.cause is Cause.NOT_LOADED for check in checks) and not (
            self.report and self.report.refusal
        )

    @property
    def advice(self) -> str:
        """What to do with the zip."""
        if self.blank:
            return "It contains no solution yet, so it would earn no points."
        if self.report and not self.report.points and len(self.unwritten) == len(self.assignment.tasks):
            return "No task is finished yet, so it would earn few points or none."
        if not self.loads:
            return "Code that your tasks need could not be loaded. Repair it, and run gradlab submit again."
        if self.report is None and not self.trouble:
            return "It was not checked."
        return "Hand in this file."


def submit(assignment_folder: Path, out: Path | None = None) -> Packed:
    """Create ``<assignment>.zip`` next to the assignment's folder, in the folder ``out`` or as the file ``out``.

    It replaces an older one there. Older ones in other places where a student may take them for this one are named.
    Raises BadSubmission if the work could not be graded: a task is not defined or cannot be read, a notebook and its
    script differ, or a module is missing.
    """
    assignment = read_assignment(assignment_folder)
    earlier = earlier_modules(assignment)
    selection = select_files(assignment_folder, assignment, earlier_modules=earlier, own_machine=True)
    submission = open_selection(selection, "you", assignment, earlier_modules=earlier)
    new = [remark for remark in submission.remarks if remark not in selection.remarks]
    if doubts := [str(remark) for remark in new if remark.kind == "doubtful"]:  # the zip would contain both files
        both = both_edited(assignment_folder, assignment, submission)
        raise BadSubmission(joined(" ", [*doubts, *both, Message("No zip was created.")]))
    missing = [module for module in assignment.files if module not in submission.files]
    unreadable = [str(remark) for remark in submission.remarks if remark.kind == "unreadable"]
    if missing and not unreadable:
        copy, notebook = received(assignment_folder), notebook_name(missing[0])
        if notebook in copy.missing_modules:
            raise BadSubmission(copy.is_missing(notebook))
        raise BadSubmission(
            Message(
                "{folder} contains neither {notebook} nor {file}. Restore them with gradlab start.",
                folder=assignment_folder,
                notebook=notebook,
                file=missing[0],
            )
        )
    undefined, unfinished = [], []
    for task in assignment.tasks:
        written = _is_written(ast.parse(submission.files.get(task.file, "")).body, task.name)
        if written is None:
            read = notebook_name(task.file) if task.file in submission.code.cells else task.file
            undefined.append(f"{task.name} ({submission.read_from.get(read, read)})")
        elif not written:
            unfinished.append(task.name)
    lost = [
        file
        for file in assignment.files
        if notebook_name(file) in selection.files and file not in submission.code.cells  # the script is read instead
        if all(task.name in unfinished for task in assignment.tasks if task.file == file)
    ]
    if unreadable and (undefined or lost):
        raise BadSubmission(
            Message(
                "{unreadable} No zip was created. Correct this, or restore what the handout contained, and run "
                "gradlab submit again.",
                unreadable=joined(" ", unreadable),
            )
        )
    if undefined:
        raise BadSubmission(
            Message(
                "No definition was found for {tasks}. Restore the cell from the handout and write your solution there.",
                tasks=name_list(undefined),
            )
        )

    path = _target(assignment, out)
    replaced = path.is_file()
    attached = read_attached(assignment_folder, assignment)
    write_atomically(path, make_zip({**selection.files, **selection.own_modules, **attached}))
    files = submission.code.files
    graded = {module: notebook_name(module) if module in submission.code.cells else module for module in files}
    warnings = [
        *submission.notes,
        *changed_checks(assignment.folder, submission.read_from),
        *forgotten(assignment_folder, assignment, submission),
        *_older_zips(path, assignment),
    ]
    if unfinished:
        left = Message("Still to be written: {tasks}. What is missing earns no points.", tasks=name_list(unfinished))
        warnings.append(left)
    return Packed(
        path=path,
        assignment=assignment,
        warnings=tuple(warnings),
        graded={graded[module]: _moment(selection.saved.get(graded[module])) for module in assignment.files},
        others=(*(name for module, name in graded.items() if module not in assignment.files), *attached),
        replaced=replaced,
        unwritten=tuple(unfinished),
        begun=not all(module in submission.blank for module in assignment.files),
        unanswered=tuple(open_questions(submission.answers, assignment)),
    )


def check_zip(packed: Packed) -> Packed:
    """Run the public checks on the zip, as the grader does, and return it with their report."""
    try:
        report = dry_run(packed.path, packed.assignment)
    except DryRunFailed as error:
        return replace(packed, trouble=str(error))
    new = [note for note in report.notes if note not in packed.warnings]
    return replace(packed, report=report, warnings=(*packed.warnings, *new))


def describe(packed: Packed) -> list[str]:
    """Return the lines that the student reads after the warnings: points, open questions, and the files with times."""
    lines = []
    if packed.report is not None:
        tasks = [
            (f"{line(translate(task.title))} ({line(task.name)})", _points(task)) for task in task_views(packed.report)
        ]
        width = max((columns(title) for title, _ in tasks), default=0)
        lines += [f"{title}{' ' * (width - columns(title))}  {points}" for title, points in tasks]
        most = sum(check.max_points for check in packed.report.checks)
        rest = left_over(packed.report)
        points = say("{points}/{most} points here.", points=packed.report.points, most=most)
        lines.append(in_a_row(points, verdict(packed.report.checks, rest)))
    elif packed.trouble:
        lines.append(translate(packed.trouble))
    if packed.unanswered:
        names = [f"{line(translate(question.title))} ({question.id})" for question in packed.unanswered]
        titles = translate(Message("; ")).join(names)
        open_ones = count(len(packed.unanswered), "question")
        lines.append(say("Not answered yet: {questions}. {titles}.", questions=open_ones, titles=titles))
    for name, moment in packed.graded.items():
        lines.append(
            say("{name} was saved {moment}.", name=name, moment=_spoken(moment))
            if moment
            else say("{name} is in the zip.", name=name)
        )
    if packed.others:
        lines.append(say("The zip also contains {names}.", names=name_list([line(name) for name in packed.others])))
    return lines


def to_json(packed: Packed) -> str:
    """Return the same as a JSON object."""
    table: dict[str, Any] = {
        "path": str(packed.path),
        "assignment": packed.assignment.name,
        "files": [{"name": name, "saved": moment} for name, moment in packed.graded.items()],
        "others": list(packed.others),
        "warnings": list(packed.warnings),
        "not_written": list(packed.unwritten),
        "not_answered": [question.id for question in packed.unanswered],
        "loads": packed.loads if packed.report else None,
        "advice": packed.advice,
        "trouble": packed.trouble,
        "report": json.loads(packed.report.to_json()) if packed.report else None,
    }
    return json.dumps(table, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _points(task: TaskView) -> str:
    points = f"{sum(check.points for check in task.checks):3}/{task.available}"
    if not task.checks:
        return f"  {say('hidden checks only')}"
    if task.is_blank:
        return f"{points}  {translate(CAUSE_WORDS[Cause.NOT_WRITTEN])}"
    if not task.open:
        return points
    first = next((check for check in task.open if check.cause is Cause.NOT_LOADED), task.open[0])
    if first.outcome is Outcome.BROKEN or first.cause is None:
        return f"{points}  {translate(CAUSE_WORDS[Cause.BROKEN])}"
    reason = translate(first.message).strip().splitlines()[-1].strip() if first.cause is Cause.NOT_LOADED else ""
    failed = say_counted(
        "{failed} of {n:,} check failed: {cause}",
        "{failed} of {n:,} checks failed: {cause}",
        n=len(task.checks),
        failed=len(task.open),
        cause=CAUSE_WORDS[first.cause],
    )
    return f"{points}  {line(f'{failed}: {reason}' if reason else failed, limit=400)}"


def _moment(saved: float | None) -> str:
    return datetime.fromtimestamp(saved).astimezone().isoformat(timespec="seconds") if saved is not None else ""


def _spoken(moment: str) -> str:
    """Return "on Friday 6 November 2026 at 14:05"."""
    time = datetime.fromisoformat(moment)
    return say(
        "on {weekday} {day} {month} {year} at {time}",
        weekday=_WEEKDAYS[time.weekday()],
        day=time.day,
        month=_MONTHS[time.month - 1],
        year=time.year,
        time=f"{time:%H:%M}",
    )


def _is_written(body: Sequence[ast.stmt], task: str) -> bool | None:
    """Return whether no place of the task is left to write; None if the task is not defined."""
    root, _, method = task.partition(".")
    found = [node for node in body if root in bound_names(node)]
    if not found:
        return None
    node = found[-1]
    if method and isinstance(node, ast.ClassDef):
        inside = [child for child in node.body if method in bound_names(child)]
        if not inside:
            return True if node.bases else None
        return not unwritten_places(inside[-1])
    return not unwritten_places(node)


def _older_zips(path: Path, assignment: Assignment) -> list[Message]:
    """Return a sentence for each zip of this assignment that is not the one just created."""
    folder, name = assignment.folder.resolve(), f"{assignment.name}.zip"
    places = dict.fromkeys([folder.parent / name, folder / name, Path.cwd().resolve() / name])
    return [
        Message("{other} is an older zip of this assignment. Delete it, or hand in {path}.", other=other, path=path)
        for other in places
        if other != path.resolve() and other.is_file()
    ]


def _target(assignment: Assignment, out: Path | None) -> Path:
    out = out or assignment.folder.resolve().parent
    if out.is_dir():
        return out / f"{assignment.name}.zip"
    if not out.parent.is_dir():
        raise BadSubmission(
            Message("The folder {folder} does not exist. Create it, or choose another with --out.", folder=out.parent)
        )
    if out.suffix.lower() != ".zip":
        raise BadSubmission(
            Message(
                "The folder {folder} does not exist, and a file must be called .zip. Use --out {folder}.zip, or "
                "create the folder first.",
                folder=out,
            )
        )
    return out
