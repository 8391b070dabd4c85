"""The notebooks, scripts and answers of a class's hand-ins, as bytes, for platforms that show them to people."""

from __future__ import annotations

import os
import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from autograder.core.assignment import Assignment
from autograder.core.message import Message
from autograder.core.notebooks import notebook_name
from autograder.intake.download import HandIn, read_handins
from autograder.submissions.answers import read_attached
from autograder.submissions.selection import Selection
from autograder.submissions.submission import BadSubmission, open_selection, select_files

Files = dict[str, bytes]  # file name -> content


def graded_files(latest: Mapping[str, Path], assignment: Assignment) -> tuple[dict[str, Files], list[str]]:
    """Read each student's files from the path where they were graded. Returns also a sentence about missing ones."""
    present = {student: path for student, path in latest.items() if path.exists()}
    found, complaints = _read(present, assignment)
    if gone := sorted({*latest} - {*present}):
        complaints.append(
            Message.counted(
                "{n} hand-in is no longer at the path where it was graded, {path} of {student}. Pass its folder with "
                "--handins; until then formgrader shows the stub.",
                "{n:,} hand-ins are no longer at the path where they were graded, for example {path} of {student}. "
                "Pass their folder with --handins; until then formgrader shows the stub.",
                n=len(gone),
                path=latest[gone[0]],
                student=gone[0],
            )
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
    """Read the same files from ``folder``, matching hand-ins to students by the path when graded, or by name.

    ``store`` is the folder for unpacked downloads. Raises BadHandins.
    """
    with tempfile.TemporaryDirectory() as own:
        handins = read_handins(folder, assignment, store=store or Path(own)).handins
        paths = _match(handins, students, latest, assignment.name)
        found, complaints = _read(paths, assignment)
    absent = sorted({*students} - {*paths})
    complaints += [
        Message("{student}: {folder} contains no hand-in of this student.", student=student, folder=folder)
        for student in absent
    ]
    return found, complaints


def _match(
    handins: Collection[HandIn], students: Collection[str], latest: Mapping[str, Path], assignment: str
) -> dict[str, Path]:
    """Match by the path where a hand-in was graded, then by its name there, then by the student's name.

    A hand-in that is already one student's is nobody else's, except for students graded from the same path: a group.
    """
    places = {student: os.path.realpath(place) for student, place in latest.items()}
    here = {os.path.realpath(handin.path): handin.path for handin in handins}
    by_name = _by_unique_name([handin.path for handin in handins], assignment)
    names = {place: name for name, place in _by_unique_name(latest.values(), assignment).items()}
    ways: tuple[dict[str, Path], ...] = (  # each finds hand-ins by student, the surest first
        {student: here[place] for student, place in places.items() if place in here},
        {student: by_name[name] for student, place in latest.items() if (name := names.get(place)) in by_name},
        {handin.student: handin.path for handin in handins},
    )
    paths: dict[str, Path] = {}
    owners: dict[Path, str | None] = {}  # for each matched hand-in, the path where its student was graded
    for found in ways:
        for student in {*students} & {*found} - {*paths}:
            if owners.get(found[student], places.get(student)) == places.get(student):
                paths[student] = found[student]
        owners |= {path: places.get(student) for student, path in paths.items()}
    return paths


def _by_unique_name(paths: Iterable[Path], assignment: str) -> dict[str, Path]:
    """Return paths by names that only one of them has. In nbgrader's tree every hand-in has the assignment's name."""
    named: dict[str, set[Path]] = defaultdict(set)
    for path in paths:
        named[path.parent.name if path.name == assignment else path.name].add(path)
    return {name: found.pop() for name, found in named.items() if len(found) == 1}


def _read(paths: Mapping[str, Path], assignment: Assignment) -> tuple[dict[str, Files], list[str]]:
    found: dict[str, Files] = {}
    complaints: list[str] = []
    for student, path in sorted(paths.items()):
        try:
            selection = select_files(path, assignment, outputs=True)
        except BadSubmission as problem:
            complaints.append(
                Message("{student}: {problem} Formgrader shows the stub.", student=student, problem=problem)
            )
            continue
        found[student] = {**_graded(selection, student, assignment), **read_attached(path, assignment)}
    return found, complaints


def _graded(selection: Selection, student: str, assignment: Assignment) -> Files:
    """Return the files without a notebook whose script was graded, and without a script whose notebook was graded."""
    try:
        cells = open_selection(selection, student, assignment).code.cells
    except BadSubmission:
        return selection.files  # nothing was graded, so people may want to see both
    pairs = [(name, notebook_name(name)) for name in assignment.files]
    other = {
        name if name in cells else notebook for name, notebook in pairs if {name, notebook} <= selection.files.keys()
    }
    return {name: data for name, data in selection.files.items() if name not in other}
