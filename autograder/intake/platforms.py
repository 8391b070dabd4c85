"""List the hand-ins of a folder: recognise which platform arranged them, and read student and time from its names.

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
from autograder.intake.roster import canvas_name_key, platform_key
from autograder.intake.times import modification_time, parse_time, read_nbgrader_time
from autograder.intake.unpack import BadHandins, gather_files

SUFFIXES = (".zip", ".ipynb", ".py")
BY_NAME, BY_FILE = "the time in its name", "the file's own time"

_JUNK = re.compile(r"\..*|__MACOSX|Thumbs\.db|desktop\.ini", re.IGNORECASE)
_MOODLE = re.compile(
    r"(?P<who>.+?)_(?P<number>\d+)_assignsubmission_(?P<kind>file|onlinetext)_?(?P<file>.*)", re.DOTALL
)
_CANVAS = re.compile(r"(?P<who>[^_]+)(?P<late>_LATE)?_(?P<user>\d+)_(?P<number>\d+)_(?P<file>.+)", re.DOTALL)
_CANVAS_TEXT = re.compile(r"(?P<who>[^_]+)(_LATE)?_\d+_text\.html")
_VERSION = re.compile(r"-\d+(?=(\.[^.]+)?$)")  # knn-1.zip: how Canvas names a file that replaced knn.zip
_TIMED = re.compile(
    r"(?P<who>.+?)[ _+@-]+(?P<date>\d{4}-?\d\d-?\d\d)[T _-]+"
    r"(?P<time>\d\d[-:.]?\d\d([-:.]?\d\d)?)(\.\d+)?(?P<utc>Z| ?UTC)?"
)


@dataclass(frozen=True)
class Entry:
    """One hand-in as the platform recorded it, before it is matched with a student."""

    who: str  # the student's name on the platform
    number: str  # the platform's number that distinguishes students with the same name, or ""
    path: Path
    order: float  # a student's latest hand-in has the largest
    time_source: str  # where `order` comes from
    keys: tuple[str, ...] = ()  # names that a roster may list
    handed_in: datetime | None = None
    notes: tuple[str, ...] = ()
    nameless: bool = False  # the platform does not record who handed it in


@dataclass(frozen=True)
class Listing:
    """The hand-ins that were found in a folder."""

    platform: str
    entries: list[Entry]
    problems: list[tuple[str, str, str]] = field(default_factory=list)  # (kind, who, what) of download.Problem


def list_handins(folder: Path, assignment: str, store: Path) -> Listing:
    """List the hand-ins of ``folder``. Several loose files of one student are copied into a folder below ``store``."""
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
    return _plain_folder(visible)


def _visible(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not _JUNK.fullmatch(path.name)) if folder.is_dir() else []


def _plain_folder(paths: Sequence[Path]) -> Listing:
    listing = Listing("folder", [])
    for path in paths:
        is_folder = stat.S_ISDIR(os.lstat(path).st_mode)
        if not is_folder and path.suffix.lower() not in SUFFIXES:
            what = f"It is not a folder and does not end in {_any_suffix()}, so it is not a hand-in."
            listing.problems.append(("ignored", path.name, what))
            continue
        name = path.name if is_folder else path.stem
        timed = _TIMED.fullmatch(name)
        time = parse_time(timed["date"], timed["time"], utc=bool(timed["utc"])) if timed else None
        if timed and time:
            name, source = timed["who"], BY_NAME
        else:
            time, source = modification_time(path), BY_FILE
        listing.entries.append(Entry(name, "", path, time.timestamp(), source, (name,), time))
    return listing


def _any_suffix() -> str:
    return f"{', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}"


def _is_nbgrader(students: Sequence[Path], assignment: str) -> bool:
    """Return whether a student has a folder named like the assignment and no other file here may be a hand-in."""
    has_folder = {student: _is_folder(student / assignment) for student in students}
    loose = (path for student, has in has_folder.items() if not has for path in [student, *_visible(student)])
    return any(has_folder.values()) and not any(p.suffix.lower() in SUFFIXES and not p.is_dir() for p in loose)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _nbgrader(students: Sequence[Path], assignment: str) -> Listing:
    listing = Listing("nbgrader", [])
    for student in students:
        path = student / assignment
        if not student.is_dir():
            listing.problems.append(("ignored", student.name, "It is not a folder, so it cannot be a student's."))
            continue
        if not path.is_dir():
            listing.problems.append(("missing", student.name, f"This student has no folder {assignment}."))
            continue
        time, source = read_nbgrader_time(path / "timestamp.txt"), "nbgrader's timestamp.txt"
        if time is None:
            time, source = modification_time(path), BY_FILE
        listing.entries.append(Entry(student.name, "", path, time.timestamp(), source, (student.name,), time))
    return listing


def _gradescope(folder: Path) -> Listing:
    listing = Listing("Gradescope", [])
    metadata = read_metadata(folder / METADATA)
    for path in _visible(folder):
        if path.name == METADATA:
            continue
        if path.name not in metadata and not path.is_dir():
            listing.problems.append(("ignored", path.name, f"{METADATA} does not mention it."))
            continue
        people, created = metadata.pop(path.name, ((), None))
        time, source = (created, "Gradescope's created_at") if created else (modification_time(path), BY_FILE)
        for person in people or ((),):
            who = person[0] if person else path.name
            listing.entries.append(
                Entry(who, path.name, path, time.timestamp(), source, person, time, nameless=not person)
            )
    for name in metadata:
        listing.problems.append(("ignored", name, f"{METADATA} lists it, but the export has no such folder."))
    return listing


def _moodle(paths: Sequence[Path], store: Path) -> Listing:
    listing = Listing("Moodle", [])
    loose: dict[tuple[str, str], dict[str, Path]] = defaultdict(dict)
    texts = []
    for path in paths:
        match = _MOODLE.fullmatch(path.name)
        if not match:
            listing.problems.append(("ignored", path.name, "Moodle does not name hand-ins like this."))
        elif match["kind"] == "onlinetext":
            texts.append((match["who"], match["number"]))
        elif match["file"]:
            loose[match["who"], match["number"]][match["file"]] = path
        else:
            listing.entries.append(_moodle_entry(match["who"], match["number"], path))
    for (who, number), parts in loose.items():
        listing.entries.append(_moodle_entry(who, number, _in_one_folder(parts, store)))
    known = {(entry.who, entry.number) for entry in listing.entries}
    for who, number in texts:
        if (who, number) not in known:
            what = f"The student with Moodle's number {number} handed in an online text but no file."
            listing.problems.append(("missing", who, what))
    return listing


def _moodle_entry(who: str, number: str, path: Path) -> Entry:
    time = modification_time(path)
    return Entry(who, number, path, time.timestamp(), BY_FILE, (who, platform_key("Moodle", number)), time)


def _is_canvas(paths: Sequence[Path]) -> bool:
    """Return whether most names have Canvas's form and each user number belongs to one name."""
    matches = [match for path in paths if (match := _CANVAS.fullmatch(path.name))]
    texts = [path for path in paths if _CANVAS_TEXT.fullmatch(path.name)]
    people = {(match["user"], match["who"]) for match in matches}
    return 2 * (len(matches) + len(texts)) > len(paths) and len(people) == len({user for user, _ in people})


def _canvas(paths: Sequence[Path], store: Path) -> Listing:
    """List Canvas's files, which are numbered in the order in which they were handed in and have no time."""
    listing = Listing("Canvas", [])
    users: dict[str, dict[str, list[re.Match[str]]]] = defaultdict(lambda: defaultdict(list))
    by_name = {path.name: path for path in paths}
    for path in paths:
        if match := _CANVAS.fullmatch(path.name):
            users[match["user"]][_VERSION.sub("", match["file"])].append(match)
        elif _CANVAS_TEXT.fullmatch(path.name):
            listing.problems.append(("ignored", path.name, "It is a text that was typed into Canvas, not a file."))
        else:
            listing.problems.append(("ignored", path.name, "Canvas does not name hand-ins like this."))
    for user, files in users.items():
        latest = {}
        for name, versions in files.items():
            versions.sort(key=lambda match: int(match["number"]))
            latest[name] = versions[-1]
            for old in versions[:-1]:
                listing.entries.append(_canvas_entry(old, user, by_name[old.string]))
        newest = max(latest.values(), key=lambda match: int(match["number"]))
        path = _in_one_folder({name: by_name[match.string] for name, match in latest.items()}, store)
        late = ("Canvas marks it late.",) if any(match["late"] for match in latest.values()) else ()
        listing.entries.append(replace(_canvas_entry(newest, user, path), notes=late))
    return listing


def _canvas_entry(match: re.Match[str], user: str, path: Path) -> Entry:
    keys = (platform_key("Canvas", user), canvas_name_key([match["who"]]))
    return Entry(match["who"], user, path, float(match["number"]), "Canvas's file number", keys)


def _in_one_folder(parts: dict[str, Path], store: Path) -> Path:
    return next(iter(parts.values())) if len(parts) == 1 else gather_files(parts, store)
