"""Hand-ins in a folder, arranged as platforms do it."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import localtime
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


@dataclass(frozen=True)
class Person:
    """A student, as the platforms know them, and the files that they handed in."""

    id: str
    first: str
    last: str
    number: int  # on Canvas and Moodle
    anonymous: str  # on Canvas, if names are hidden
    files: dict[str, bytes]  # name -> content
    times: dict[str, int]  # name -> when it was saved, in seconds since 1970

    @property
    def name(self) -> str:
        """The full name."""
        return f"{self.first} {self.last}"


Members = dict[str, tuple[bytes, int]]  # path in a download -> content, and when it was saved
ROSTER_COLUMNS = "id,first name,last name,canvas,moodle,anon"


def roster_of(people: Sequence[Person], *, anonymous: str = "") -> str:
    """Return a roster; ``anonymous`` says which platform's anonymous ids it lists."""
    ids: dict[str, Callable[[Person], str]] = {
        "": lambda person: "",
        "Canvas": lambda person: person.anonymous,
        "Moodle": lambda person: f"Participant {person.number}",
        "Gradescope": lambda person: f"submission_{person.number}",
    }
    rows = [f"{p.id},{p.first},{p.last},{p.number},{p.number},{ids[anonymous](p)}" for p in people]
    return "\n".join([ROSTER_COLUMNS, *rows, ""])


def pack(people: Sequence[Person], layout: str, assignment: str) -> Members:
    """Return a download as a platform arranges it. LAYOUTS names the layouts."""
    members: Members = {}
    for person in people:
        for path, content, time in _arrange(person, layout, assignment):
            members[path] = content, time
    if layout.startswith("gradescope"):
        members["submission_metadata.yml"] = (_metadata(people, named=layout == "gradescope").encode(), 1_700_000_000)
    return members


LAYOUTS = (  # those after the first five cannot contain folders, so files in folders are handed in as a zip
    *("folders", "nbgrader", "moodle", "moodle blind", "gradescope"),
    *("zips", "moodle flat", "moodle blind flat", "canvas", "canvas again", "canvas late", "gradescope anonymous"),
    *("canvas anonymous", "canvas anonymous late"),
)


def _arrange(person: Person, layout: str, assignment: str) -> Iterator[tuple[str, bytes, int]]:
    files = [(name, content, person.times[name]) for name, content in person.files.items()]
    flat = layout.startswith("canvas") or layout.endswith("flat")
    if layout == "zips" or (flat and any("/" in name for name in person.files)):
        files = [("handin.zip", zip_of(files), max(person.times.values()))]
    squeezed = "".join(c for c in f"{person.last}{person.first}".casefold() if c.isalnum() or c == "_")
    participant = "Participant" if "blind" in layout else person.name.replace("_", " ")
    prefix = {
        "folders": f"{person.name}/",
        "zips": f"{person.name}.zip",
        "nbgrader": f"submitted/{person.id}/{assignment}/",
        "moodle": f"{participant}_{person.number}_assignsubmission_file_/",
        "canvas": f"{squeezed}_{person.number}_",
        "canvas again": f"{squeezed}_{person.number}_",
        "canvas late": f"{squeezed}_LATE_{person.number}_",
        "canvas anonymous": f"anon_{person.anonymous}_",
        "canvas anonymous late": f"LATE_anon_{person.anonymous}_",
        "gradescope": f"submission_{person.number}/",
    }
    prefix |= {"moodle blind": prefix["moodle"], "gradescope anonymous": prefix["gradescope"]}
    prefix |= {f"{name} flat": prefix[name][:-1] for name in ("moodle", "moodle blind")}
    for at, (name, content, time) in enumerate(files):
        path = f"{prefix[layout]}{name}"
        if layout == "zips":
            path = prefix[layout]
        elif layout == "canvas again":
            stem, dot, ending = name.rpartition(".")
            path = f"{prefix[layout]}{700 + at}_{stem}-{1 + at}{dot}{ending}"
        elif layout.startswith("canvas"):
            path = f"{prefix[layout]}{700 + at}_{name}"
        yield path, content, time


def _metadata(people: Sequence[Person], *, named: bool) -> str:
    lines = []
    for person in people:
        lines += [f"submission_{person.number}:", "  :created_at: 2026-11-20 14:05:00.123456789 Z"]
        lines += ["  :submitters:", f"  - :name: {person.name}"] if named else ["  :submitters: []"]
    return "\n".join([*lines, ""])


def zip_of(files: Iterable[tuple[str, bytes, int]]) -> bytes:
    """Return a zip of files that were saved at the given times."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content, saved in files:
            archive.writestr(zipfile.ZipInfo(name, localtime(saved)[:6]), content)
    return data.getvalue()


def write_members(folder: Path, members: Members) -> Path:
    """Unpack a download as a person would."""
    for name, (content, saved) in members.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (saved, saved))
    return folder
