"""Hand-ins in a folder, arranged as platforms do it."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path
from typing import Protocol

from autograder.intake.download import Intake, read_handins
from autograder.intake.roster import read_roster
from tests.support.vectors import HONEST, make_vectors


class Read(Protocol):
    """Reads hand-ins, with the text of a roster."""

    def __call__(self, source: Path, roster: str = "") -> Intake: ...


def reader(folder: Path) -> Read:
    """Return a reader of hand-ins for the vectors course that writes its files to ``folder``."""
    assignment = make_vectors(folder / "course")

    def read(source: Path, roster: str = "") -> Intake:
        known = None
        if roster:
            (folder / "roster.csv").write_text(roster)
            known = read_roster(folder / "roster.csv")
        return read_handins(source, assignment, store=folder / "store", roster=known)

    return read


METADATA = """---
submission_1:
  :submitters:
  - :name: Ada Lovelace
    :sid: '007'
    :email: ada@x.edu
  :created_at: 2026-11-20 14:05:00.123456789 Z
submission_2:
  :submitters:
  - :name: 'No'
    :email: no@x.edu
  - :name: Grace Hopper
    :sid:
    :email: grace@x.edu
  :created_at: 2026-11-20 14:05:00.000000000 +01:00
submission_3:
  :submitters: []
submission_9:
  :submitters:
  - :name: Gone
"""


def gradescope(folder: Path, metadata: str = METADATA) -> Path:
    for number in (1, 2, 3):
        write(folder / f"submission_{number}" / "vectors.py")
    write(folder / "submission_metadata.yml", metadata)
    return folder


def write(path: Path, text: str = HONEST, *, time: float | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    if time is not None:
        os.utime(path, (time, time))
    return path


def zipped(path: Path, **files: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "."), text)
    return path


def students(intake: Intake) -> list[str]:
    return [handin.student for handin in intake.handins]


def problems(intake: Intake, kind: str) -> dict[str, str]:
    return {problem.who: problem.what for problem in intake.problems if problem.kind == kind}
