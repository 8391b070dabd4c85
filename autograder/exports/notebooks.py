"""The notebooks and scripts of a class's hand-ins, as bytes, for systems that show them to people."""

from __future__ import annotations

import os
import tempfile
from collections import defaultdict
from collections.abc import Collection, Mapping
from pathlib import Path

from autograder.classroom.intake import HandIn, read_handins
from autograder.handins.submission import BadSubmission, open_files, wanted_files
from autograder.manifest import Assignment

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
        paths = _whose(read_handins(folder, assignment, store=store or Path(own)).handins, students, latest)
        found, complaints = _read(paths, assignment)
    absent = sorted({*students} - {*paths})
    complaints += [f"{student}: no hand-in in {folder} is known as theirs." for student in absent]
    return found, complaints


def _whose(handins: Collection[HandIn], students: Collection[str], latest: Mapping[str, Path]) -> dict[str, Path]:
    by_place = {os.path.realpath(handin.path): handin.path for handin in handins}
    by_student = {handin.student: handin.path for handin in handins}
    by_name: dict[str, list[Path]] = defaultdict(list)
    for handin in handins:
        by_name[handin.path.name].append(handin.path)
    paths = {}
    for student in students:
        place = latest.get(student)
        alike = by_name[place.name] if place else []
        path = by_place.get(os.path.realpath(place)) if place else None
        path = path or by_student.get(student) or (alike[0] if len(alike) == 1 else None)
        if path:
            paths[student] = path
    return paths


def _read(paths: Mapping[str, Path], assignment: Assignment) -> tuple[dict[str, Files], list[str]]:
    found: dict[str, Files] = {}
    complaints = []
    for student, path in sorted(paths.items()):
        try:
            files = wanted_files(path, assignment)
        except BadSubmission as problem:
            complaints.append(f"{student}: {problem} Formgrader shows the stub.")
            continue
        found[student] = _graded(files, student, assignment)
    return found, complaints


def _graded(files: Files, student: str, assignment: Assignment) -> Files:
    """Without the notebook where the script of the same name was graded, and the other way round."""
    try:
        cells = open_files(files, student, assignment).cells
    except BadSubmission:
        return files  # nothing was graded; people may want to see both
    other = {name if name in cells else name.removesuffix(".py") + ".ipynb" for name in assignment.files}
    pairs = {name for name in other if {name, _twin(name)} <= {*files}}
    return {name: data for name, data in files.items() if name not in pairs}


def _twin(name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    return f"{stem}{dot}{'ipynb' if ending == 'py' else 'py'}"
