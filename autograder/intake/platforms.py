"""Where hand-ins come from: recognises how a learning platform arranged them, and reads who and when from its names.

Knows nothing about rosters or grading; opens no hand-in.
"""

from __future__ import annotations

import os
import re
import stat
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

from autograder.core.files import explain
from autograder.intake.gradescope_metadata import METADATA, read_metadata
from autograder.intake.roster import numbered, squashed
from autograder.intake.times import modified, moment, timestamp
from autograder.intake.unpack import BadHandins, gather

SUFFIXES = (".zip", ".ipynb", ".py")
BY_NAME, BY_FILE = "the time in its name", "the file's own time"

_JUNK = re.compile(r"\..*|__MACOSX|Thumbs\.db|desktop\.ini", re.IGNORECASE)
_MOODLE = re.compile(
    r"(?P<who>.+?)_(?P<number>\d+)_assignsubmission_(?P<kind>file|onlinetext)_?(?P<file>.*)", re.DOTALL
)
_CANVAS = re.compile(r"(?P<who>[^_]+)(?P<late>_LATE)?_(?P<user>\d+)_(?P<number>\d+)_(?P<file>.+)", re.DOTALL)
_CANVAS_TEXT = re.compile(r"(?P<who>[^_]+)(_LATE)?_\d+_text\.html")
_VERSION = re.compile(r"-\d+(?=(\.[^.]+)?$)")  # knn-1.zip: what Canvas calls a file that replaced knn.zip
_TIMED = re.compile(
    r"(?P<who>.+?)[ _+@-]+(?P<date>\d{4}-?\d\d-?\d\d)[T _-]+"
    r"(?P<time>\d\d[-:.]?\d\d([-:.]?\d\d)?)(\.\d+)?(?P<utc>Z| ?UTC)?"
)


@dataclass(frozen=True)
class Entry:
    """One hand-in as the platform wrote it down, before it is known whose it is."""

    who: str  # as the platform names the student
    number: str  # that tells two students of one name apart, or ""
    path: Path
    order: float  # the largest of a student's is the latest
    clock: str  # what `order` goes by
    keys: tuple[str, ...] = ()  # by which a roster may know the student
    at: datetime | None = None  # handed in
    notes: tuple[str, ...] = ()
    nameless: bool = False  # the platform does not say who it is


@dataclass(frozen=True)
class Listing:
    """What was found in a folder."""

    platform: str
    entries: list[Entry]
    problems: list[tuple[str, str, str]] = field(default_factory=list)  # (kind, who, what)


def recognise(folder: Path, assignment: str, store: Path) -> Listing:
    """List the hand-ins of ``folder``. Files handed in side by side are gathered below ``store``."""
    try:
        visible = sorted(path for path in folder.iterdir() if not _JUNK.fullmatch(path.name))
    except OSError as error:
        raise BadHandins(f"{folder} cannot be read: {explain(error)}.") from None
    names = {path.name for path in visible}
    if METADATA in names:
        return _gradescope(folder)
    if "submitted" in names and _is_nbgrader(_visible(folder / "submitted"), assignment):
        return _nbgrader(_visible(folder / "submitted"), assignment)
    if _is_nbgrader(visible, assignment):
        return _nbgrader(visible, assignment)
    if len(visible) == 1 and visible[0].is_dir() and METADATA in {path.name for path in _visible(visible[0])}:
        return _gradescope(visible[0])
    if any(_MOODLE.fullmatch(path.name) for path in visible):
        return _moodle(visible, store)
    if _is_canvas(visible):
        return _canvas(visible, store)
    return _plain(visible)


def _visible(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not _JUNK.fullmatch(path.name)) if folder.is_dir() else []


def _plain(paths: Sequence[Path]) -> Listing:
    listing = Listing("folder", [])
    for path in paths:
        is_folder = stat.S_ISDIR(os.lstat(path).st_mode)
        if not is_folder and path.suffix.lower() not in SUFFIXES:
            what = f"It is no folder and ends in none of {', '.join(SUFFIXES)}, so it was not taken for a hand-in."
            listing.problems.append(("ignored", path.name, what))
            continue
        name = path.name if is_folder else path.stem
        timed = _TIMED.fullmatch(name)
        at = moment(timed["date"], timed["time"], utc=bool(timed["utc"])) if timed else None
        if timed and at:
            name, clock = timed["who"], BY_NAME
        else:
            at, clock = modified(path), BY_FILE
        listing.entries.append(Entry(name, "", path, at.timestamp(), clock, (name,), at))
    return listing


def _is_nbgrader(students: Sequence[Path], assignment: str) -> bool:
    """Some students have a folder called like the assignment, and nobody else has a file that may be a hand-in."""
    there = {student: _is_folder(student / assignment) for student in students}
    loose = (path for student, has in there.items() if not has for path in [student, *_visible(student)])
    return any(there.values()) and not any(p.suffix.lower() in SUFFIXES and not p.is_dir() for p in loose)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _nbgrader(students: Sequence[Path], assignment: str) -> Listing:
    listing = Listing("nbgrader", [])
    for student in students:
        path = student / assignment
        if not student.is_dir():
            listing.problems.append(("ignored", student.name, "It is no student's folder."))
            continue
        if not path.is_dir():
            listing.problems.append(("missing", student.name, f"There is no folder {assignment} for this student."))
            continue
        stamp, clock = path / "timestamp.txt", "nbgrader's timestamp.txt"
        at = timestamp(stamp)
        if at is None:
            at, clock = modified(path), BY_FILE
        listing.entries.append(Entry(student.name, "", path, at.timestamp(), clock, (student.name,), at))
    return listing


def _gradescope(folder: Path) -> Listing:
    listing = Listing("Gradescope", [])
    told = read_metadata(folder / METADATA)
    for path in _visible(folder):
        if path.name == METADATA:
            continue
        if path.name not in told and not path.is_dir():
            listing.problems.append(("ignored", path.name, f"{METADATA} does not mention it."))
            continue
        people, at = told.pop(path.name, ((), None))
        when, clock = (at, "Gradescope's created_at") if at else (modified(path), BY_FILE)
        for person in people or ((),):
            who = person[0] if person else path.name
            listing.entries.append(
                Entry(who, path.name, path, when.timestamp(), clock, person, when, nameless=not person)
            )
    for name in told:
        listing.problems.append(("ignored", name, f"{METADATA} lists it, but there is no such folder in the export."))
    return listing


def _moodle(paths: Sequence[Path], store: Path) -> Listing:
    listing = Listing("Moodle", [])
    loose: dict[tuple[str, str], dict[str, Path]] = defaultdict(dict)
    texts = []
    for path in paths:
        match = _MOODLE.fullmatch(path.name)
        if not match:
            listing.problems.append(("ignored", path.name, "It is not named as Moodle names hand-ins."))
        elif match["kind"] == "onlinetext":
            texts.append((match["who"], match["number"]))
        elif match["file"]:
            loose[match["who"], match["number"]][match["file"]] = path
        else:
            listing.entries.append(_moodle_entry(match["who"], match["number"], path))
    for (who, number), parts in loose.items():
        listing.entries.append(_moodle_entry(who, number, _together(parts, store)))
    known = {(entry.who, entry.number) for entry in listing.entries}
    for who, number in texts:
        if (who, number) not in known:
            listing.problems.append(("missing", who, f"Moodle's number {number} handed in an online text and no file."))
    return listing


def _moodle_entry(who: str, number: str, path: Path) -> Entry:
    at = modified(path)
    return Entry(who, number, path, at.timestamp(), BY_FILE, (who, numbered("Moodle", number)), at)


def _is_canvas(paths: Sequence[Path]) -> bool:
    """Most names are Canvas's, and each number of a user goes with one name."""
    matches = [match for path in paths if (match := _CANVAS.fullmatch(path.name))]
    texts = [path for path in paths if _CANVAS_TEXT.fullmatch(path.name)]
    people = {(match["user"], match["who"]) for match in matches}
    return 2 * (len(matches) + len(texts)) > len(paths) and len(people) == len({user for user, _ in people})


def _canvas(paths: Sequence[Path], store: Path) -> Listing:
    """Canvas numbers files in the order in which they were handed in, and says no time."""
    listing = Listing("Canvas", [])
    users: dict[str, dict[str, list[re.Match[str]]]] = defaultdict(lambda: defaultdict(list))
    where = {path.name: path for path in paths}
    for path in paths:
        if match := _CANVAS.fullmatch(path.name):
            users[match["user"]][_VERSION.sub("", match["file"])].append(match)
        elif _CANVAS_TEXT.fullmatch(path.name):
            listing.problems.append(("ignored", path.name, "It is a text typed into Canvas, no file."))
        else:
            listing.problems.append(("ignored", path.name, "It is not named as Canvas names hand-ins."))
    for user, files in users.items():
        latest = {}
        for name, versions in files.items():
            versions.sort(key=lambda match: int(match["number"]))
            latest[name] = versions[-1]
            for old in versions[:-1]:
                listing.entries.append(_canvas_entry(old, user, where[old.string]))
        newest = max(latest.values(), key=lambda match: int(match["number"]))
        path = _together({name: where[match.string] for name, match in latest.items()}, store)
        late = ("Canvas marks it late.",) if any(match["late"] for match in latest.values()) else ()
        listing.entries.append(replace(_canvas_entry(newest, user, path), notes=late))
    return listing


def _canvas_entry(match: re.Match[str], user: str, path: Path) -> Entry:
    keys = (numbered("Canvas", user), squashed([match["who"]]))
    return Entry(match["who"], user, path, float(match["number"]), "Canvas's file number", keys)


def _together(parts: dict[str, Path], store: Path) -> Path:
    return next(iter(parts.values())) if len(parts) == 1 else gather(parts, store)
