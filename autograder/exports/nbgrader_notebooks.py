"""The notebooks and scripts of a class's hand-ins, as bytes, for systems that show them to people."""

from __future__ import annotations

import os
import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from autograder.core.assignment import Assignment
from autograder.core.notebooks import notebook_name
from autograder.intake.download import HandIn, read_handins
from autograder.submissions.selection import Selection
from autograder.submissions.submission import BadSubmission, open_selection, select_files

Files = dict[str, bytes]  # file name -> content


def graded_files(latest: Mapping[str, Path], assignment: Assignment) -> tuple[dict[str, Files], list[str]]:
    """Student -> the files that were graded, from where they lay then; and sentences about those that are not there."""
    there = {student: path for student, path in latest.items() if path.exists()}
    found, complaints = _read(there, assignment)
    if gone := sorted({*latest} - {*there}):
        lie = "hand-in is not where it was" if len(gone) == 1 else "hand-ins are not where they were"
        complaints.append(
            f"{len(gone):,} {lie} when it was graded, first {latest[gone[0]]} of {gone[0]}. Give the folder that "
            "holds them with --handins; formgrader shows the stub until then."
        )
    return found, complaints


def files_among(
    folder: Path,
    students: Collection[str],
    assignment: Assignment,
    *,
    latest: Mapping[str, Path],
    store: Path | None = None,
) -> tuple[dict[str, Files], list[str]]:
    """The same from ``folder``, where a hand-in is a student's by its place when it was graded, or by its name.

    ``store`` is where downloads are unpacked. Raises BadHandins.
    """
    with tempfile.TemporaryDirectory() as own:
        handins = read_handins(folder, assignment, store=store or Path(own)).handins
        paths = _whose(handins, students, latest, assignment.name)
        found, complaints = _read(paths, assignment)
    absent = sorted({*students} - {*paths})
    complaints += [f"{student}: no hand-in in {folder} is known as theirs." for student in absent]
    return found, complaints


def _whose(
    handins: Collection[HandIn], students: Collection[str], latest: Mapping[str, Path], assignment: str
) -> dict[str, Path]:
    """By the place where a student's hand-in was graded, then by the name it had there, then by the student's own.

    What is one student's already is nobody else's, but for those whose hand-ins lay in the same place: a group.
    """
    places = {student: os.path.realpath(place) for student, place in latest.items()}
    here = {os.path.realpath(handin.path): handin.path for handin in handins}
    called = _called([handin.path for handin in handins], assignment)
    was_called = {place: name for name, place in _called(latest.values(), assignment).items()}
    specs: tuple[dict[str, Path], ...] = (
        {student: here[place] for student, place in places.items() if place in here},
        {student: called[name] for student, place in latest.items() if (name := was_called.get(place)) in called},
        {handin.student: handin.path for handin in handins},
    )
    paths: dict[str, Path] = {}
    owners: dict[Path, str | None] = {}  # where the hand-ins lay of those who have a path
    for spec in specs:
        for student in {*students} & {*spec} - {*paths}:
            if owners.get(spec[student], places.get(student)) == places.get(student):
                paths[student] = spec[student]
        owners |= {path: places.get(student) for student, path in paths.items()}
    return paths


def _called(paths: Iterable[Path], assignment: str) -> dict[str, Path]:
    """Paths by a name that only one of them has. In nbgrader's tree all are called like the assignment."""
    named: dict[str, set[Path]] = defaultdict(set)
    for path in paths:
        named[path.parent.name if path.name == assignment else path.name].add(path)
    return {name: alike.pop() for name, alike in named.items() if len(alike) == 1}


def _read(paths: Mapping[str, Path], assignment: Assignment) -> tuple[dict[str, Files], list[str]]:
    found: dict[str, Files] = {}
    complaints = []
    for student, path in sorted(paths.items()):
        try:
            selection = select_files(path, assignment)
        except BadSubmission as problem:
            complaints.append(f"{student}: {problem} Formgrader shows the stub.")
            continue
        found[student] = _graded(selection, student, assignment)
    return found, complaints


def _graded(selection: Selection, student: str, assignment: Assignment) -> Files:
    """Without the notebook where the script of the same name was graded, and the other way round."""
    try:
        cells = open_selection(selection, student, assignment).code.cells
    except BadSubmission:
        return selection.files  # nothing was graded; people may want to see both
    other = {name if name in cells else notebook_name(name) for name in assignment.files}
    pairs = {name for name in other if {name, _twin(name)} <= {*selection.files}}
    return {name: data for name, data in selection.files.items() if name not in pairs}


def _twin(name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    return f"{stem}{dot}{'ipynb' if ending == 'py' else 'py'}"
