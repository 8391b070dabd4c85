"""List the hand-ins of a folder: recognise which platform arranged them, and read student and time from its names.

Knows nothing about rosters or grading; opens no hand-in.
"""

from __future__ import annotations

import os
import re
import stat
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from autograder.core.files import explain
from autograder.core.message import Message, either, name_list
from autograder.intake.gradescope_metadata import METADATA, read_metadata
from autograder.intake.roster import Key, anonymous_key, canvas_name_key, id_key, platform_key
from autograder.intake.times import known_time, parse_time, read_nbgrader_time
from autograder.intake.unpack import BadHandins, gather_files

SUFFIXES = (".zip", ".ipynb", ".py")
MARKED_LATE = "Canvas marks it late."  # the gradebook's notes contain it, where the policy looks for it
BY_NAME, BY_FILE = Message("the time in its name"), Message("the file's own time")

_ENDING = re.compile(r"\.(zip|(ipynb|py)(\.(txt|json))?)\Z", re.IGNORECASE)  # mail programs and browsers append these
_JUNK = re.compile(r"\..*|__MACOSX|Thumbs\.db|desktop\.ini", re.IGNORECASE)
_MOODLE = re.compile(
    r"(?P<who>.+?)_(?P<number>\d+)_assignsubmission_(?P<kind>file|onlinetext)_?(?P<file>.*)", re.DOTALL
)
_PARTICIPANT = re.compile(r"(.*-)?Participant(?: (?P<number>\d+))?", re.IGNORECASE | re.DOTALL)  # Group 1-Participant
# The first two numbers of a name are Canvas's: it removes numbers between underscores from the names of people, and
# what a student chose comes last.
_CANVAS = re.compile(
    r"(?P<who>.+?)(?P<late>_LATE)?_(?P<user>\d+)_((?P<number>\d+)_(?P<file>.+)|(?P<typed>text|link)\.html)", re.DOTALL
)
_CANVAS_ANONYMOUS = re.compile(
    r"(?P<early>LATE_)?anon_(?P<user>[0-9A-Za-z]{5,})(?P<late>_LATE)?_"
    r"((?P<number>\d+)_(?P<file>.+)|(?P<typed>text|link)\.html)",
    re.DOTALL,
)
_CANVAS_PREFIX = re.compile(r"(?P<prefix>((LATE_)?anon_[0-9A-Za-z]{5,}(_LATE)?|.+?(_LATE)?_\d+)_\d+)(_|\Z)", re.DOTALL)
# knn-1.zip: how Canvas names a file that replaced knn.zip
_VERSION = re.compile(r"(?<=[\s\S])-(?P<count>[1-9]\d?)(?=(\.[^.]+)?\Z)")
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
    keys: tuple[str | Key, ...] = ()  # names that a roster may list
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
    """List the hand-ins of ``folder``. Loose files of one student are put into a folder below ``store``."""
    try:
        visible = sorted(path for path in folder.iterdir() if not _JUNK.fullmatch(path.name))
    except OSError as error:
        raise BadHandins(Message("{folder} cannot be read: {error}.", folder=folder, error=explain(error))) from None
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


def names_a_student(folder: Path, assignment: str) -> bool:
    """Return whether a platform gave this folder to one student, so that it is not a folder around a download."""
    moodle = _MOODLE.fullmatch(folder.name)
    return bool(moodle and moodle["kind"] == "file") or _is_folder(folder / assignment)


def moodle_prefix(name: str) -> str:
    """Return the part of a hand-in's name by which Moodle knows the student, or an empty text."""
    found = _MOODLE.fullmatch(name)
    return f"{found['who']}_{found['number']}_assignsubmission_file_" if found and found["kind"] == "file" else ""


def canvas_prefix(name: str) -> str:
    """Return the part of a hand-in's name by which Canvas knows the student and the file, or an empty text."""
    found = _CANVAS_PREFIX.match(name)
    return found["prefix"] if found else ""


def _visible(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not _JUNK.fullmatch(path.name)) if folder.is_dir() else []


def _plain_folder(paths: Sequence[Path]) -> Listing:
    listing = Listing("folder", [])
    for path in paths:
        is_folder = stat.S_ISDIR(os.lstat(path).st_mode)
        ending = None if is_folder else _ENDING.search(path.name)
        if not is_folder and not ending:
            what = Message(
                "It is not a folder and does not end in {suffixes}, so it is not a hand-in.", suffixes=_any_suffix()
            )
            listing.problems.append(("ignored", path.name, what))
            continue
        name = path.name[: ending.start()] if ending else path.name
        timed = _TIMED.fullmatch(name)
        time = parse_time(timed["date"], timed["time"], utc=bool(timed["utc"])) if timed else None
        if timed and time:
            name, source = timed["who"], BY_NAME
        else:
            time, source = known_time(path), BY_FILE
        sure = _sure(time, source, path)
        listing.entries.append(Entry(name, "", path, _order(time), source, (name,), sure))
    return listing


def _sure(time: datetime | None, source: str, path: Path) -> datetime | None:
    """Return the time if nobody but the platform or staff could choose it.

    The files in a folder may have come from an archive of the student, with any dates: a late policy must not use them.
    """
    return None if source == BY_FILE and path.is_dir() else time


def _order(time: datetime | None) -> float:
    return time.timestamp() if time else 0.0


def _any_suffix() -> str:
    return either([name_list(SUFFIXES[:-1]), SUFFIXES[-1]])


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
            listing.problems.append(
                ("missing", student.name, Message("This student has no folder {assignment}.", assignment=assignment))
            )
            continue
        time, source = read_nbgrader_time(path / "timestamp.txt"), "nbgrader's timestamp.txt"
        if time is None:
            time, source = known_time(path), BY_FILE
        sure = _sure(time, source, path)
        listing.entries.append(Entry(student.name, "", path, _order(time), source, (student.name,), sure))
    return listing


def _gradescope(folder: Path) -> Listing:
    listing = Listing("Gradescope", [])
    metadata = read_metadata(folder / METADATA)
    for path in _visible(folder):
        if path.name == METADATA:
            continue
        if path.name not in metadata and not path.is_dir():
            listing.problems.append(("ignored", path.name, Message("{file} does not mention it.", file=METADATA)))
            continue
        people, created = metadata.pop(path.name, ((), None))
        time, source = (created, "Gradescope's created_at") if created else (known_time(path), BY_FILE)
        sure = _sure(time, source, path)
        own = (*_submission_keys(path.name),) if len(people) <= 1 else ()  # of a group, the number means nobody
        for person in people or ((),):
            who = person[0] if person else path.name
            listing.entries.append(
                Entry(who, path.name, path, _order(time), source, (*person, *own), sure, nameless=not person)
            )
    for name in metadata:
        listing.problems.append(
            ("ignored", name, Message("{file} lists it, but the export has no such folder.", file=METADATA))
        )
    return listing


def _submission_keys(name: str) -> tuple[Key, ...]:
    """Return the keys for "submission_123", the only name in an anonymous export."""
    number = name.rpartition("_")[2]
    return anonymous_key(name), id_key(name), platform_key("Gradescope", number)


def _moodle(paths: Sequence[Path], store: Path) -> Listing:
    listing = Listing("Moodle", [])
    loose: dict[tuple[str, str], list[tuple[str, Path]]] = defaultdict(list)
    texts, known = [], set()
    matches = {path: match for path in paths if (match := _MOODLE.fullmatch(path.name))}
    people = {(match["who"], match["number"]) for match in matches.values()}
    # If everybody has one name, it is the word for "Participant" in some language.
    anonymous = len(people) > 2 and len({who for who, _ in people}) == 1
    for path in paths:
        match = matches.get(path)
        if not match:
            listing.problems.append(("ignored", path.name, "Moodle does not name hand-ins like this."))
        elif match["kind"] == "onlinetext":
            texts.append((match["who"], match["number"]))
            continue
        elif match["file"] and not path.is_dir():
            loose[match["who"], match["number"]].append((match["file"], path))
        else:
            listing.entries.append(_moodle_entry(match["who"], match["number"], path, anonymous=anonymous))
        if match:
            known.add((match["who"], match["number"]))
    for (who, number), files in loose.items():
        path = _in_one_folder(files, f"{who}_{number}_assignsubmission_file_", store)
        listing.entries.append(_moodle_entry(who, number, path, anonymous=anonymous))
    for who, number in texts:
        if (who, number) not in known:
            what = Message(
                "The student with Moodle's number {number} handed in an online text but no file.", number=number
            )
            listing.problems.append(("missing", who, what))
    return listing


def _moodle_entry(who: str, number: str, path: Path, *, anonymous: bool) -> Entry:
    time = known_time(path)
    keys: tuple[str | Key, ...]
    participant = _PARTICIPANT.fullmatch(who)
    if participant or anonymous:
        own = (participant and participant["number"]) or ""
        who, number = (who, own) if own else (f"{who} {number}", number)
        keys = who, platform_key("Moodle", number), anonymous_key(who), anonymous_key(number)
    else:
        keys = who, platform_key("Moodle", number)
    return Entry(who, number, path, _order(time), BY_FILE, keys, time)


@dataclass(frozen=True)
class _CanvasFile:
    """A file of a Canvas download, as its name describes it."""

    path: Path
    who: str
    user: str  # Canvas's number of the student, or the anonymous id
    number: int  # of the file; later ones are larger
    name: str  # as the student named it, perhaps with -1
    late: bool
    anonymous: bool
    typed: bool  # a text or a link that was typed into Canvas

    @property
    def stem(self) -> str:
        """The name without Canvas's -1."""
        return _VERSION.sub("", self.name)

    @property
    def version(self) -> int:
        """1 for knn-1.zip, 0 for knn.zip."""
        found = _VERSION.search(self.name)
        return int(found["count"]) if found else 0


def _canvas_file(path: Path) -> _CanvasFile | None:
    anonymous = _CANVAS_ANONYMOUS.fullmatch(path.name)
    match = anonymous or _CANVAS.fullmatch(path.name)
    if not match:
        return None
    late = bool(match["late"] or (anonymous and anonymous["early"]))
    who = match["user"] if anonymous else match["who"]
    number, name = int(match["number"] or 0), match["file"] or ""
    return _CanvasFile(path, who, match["user"], number, name, late, bool(anonymous), bool(match["typed"]))


def _is_canvas(paths: Sequence[Path]) -> bool:
    """Return whether most names have Canvas's form and each user number belongs to one name."""
    files = [file for path in paths if (file := _canvas_file(path))]
    uploads = [file for file in files if not file.typed]
    people = {(file.user, file.who) for file in files}
    dates = all(re.fullmatch(r"20\d\d", file.user) and 1 <= file.number <= 12 for file in uploads)  # ada_2026_11_20.zip
    return bool(uploads) and not dates and 2 * len(files) > len(paths) and len(people) == len({u for u, _ in people})


def _canvas(paths: Sequence[Path], store: Path) -> Listing:
    """List Canvas's files, which are numbered in the order in which they were handed in and have no time."""
    listing = Listing("Canvas", [])
    users: dict[str, list[_CanvasFile]] = defaultdict(list)
    typed = []
    for path in paths:
        file = _canvas_file(path)
        if not file:
            listing.problems.append(("ignored", path.name, "Canvas does not name hand-ins like this."))
        elif file.typed:
            typed.append(file)
        else:
            users[file.user].append(file)
    for file in typed:
        if file.user in users:
            listing.problems.append(
                ("ignored", file.path.name, "It is a text or a link typed into Canvas, not a file.")
            )
        else:
            what = Message(
                "{path} is a text or a link typed into Canvas; this student handed in no file.", path=file.path.name
            )
            listing.problems.append(("missing", file.who, what))
    for files in users.values():
        latest, replaced = _canvas_versions(files)
        folders = [file for file in latest.values() if file.path.is_dir()]  # unpacked by somebody
        listing.entries.extend(_canvas_entry(file, file.path) for file in (*replaced, *folders))
        parts = {name: file for name, file in latest.items() if not file.path.is_dir()}
        if parts:
            newest = max(parts.values(), key=lambda file: file.number)
            folder = newest.path.name if len(parts) == 1 else newest.path.name.removesuffix(f"_{newest.name}")
            path = _in_one_folder([(name, file.path) for name, file in parts.items()], folder, store)
            listing.entries.append(_canvas_entry(newest, path, late=any(file.late for file in parts.values())))
    return listing


def _canvas_versions(files: Sequence[_CanvasFile]) -> tuple[dict[str, _CanvasFile], list[_CanvasFile]]:
    """Return a student's files by their names without Canvas's -1, and those that a later one replaced.

    Files are versions of one if Canvas can have named them so: knn.py, then knn-1.py. The names part-1.py and part-2.py
    may be the student's own, so both files count under these names.
    """
    latest: dict[str, _CanvasFile] = {}
    replaced = []
    named: dict[str, list[_CanvasFile]] = defaultdict(list)
    for file in sorted(files, key=lambda file: (file.number, file.version)):
        named[file.stem].append(file)
    for stem, group in named.items():
        versions = [file.version for file in group]
        zips = stem.lower().endswith(".zip")
        if len(group) == 1 or (versions == sorted(versions) and (versions[0] == 0 or zips)):
            groups = {stem: group}
        else:
            groups = defaultdict(list)
            for file in group:
                groups[file.name].append(file)
        for name, same in groups.items():
            latest[name if name not in latest else same[-1].path.name] = same[-1]
            replaced += same[:-1]
    return latest, replaced


def _canvas_entry(file: _CanvasFile, path: Path, *, late: bool = False) -> Entry:
    keys: tuple[Key, ...] = (platform_key("Canvas", file.user), canvas_name_key([file.who]))
    if file.anonymous:
        keys = (anonymous_key(file.user), id_key(file.user), id_key(f"anon_{file.user}"))
    notes = (MARKED_LATE,) if late else ()
    return Entry(file.who, file.user, path, float(file.number), "Canvas's file number", keys, notes=notes)


def _in_one_folder(files: Sequence[tuple[str, Path]], folder: str, store: Path) -> Path:
    """Return the folder ``folder`` with all files of a student, by the student's names for them. A single zip stays."""
    if len(files) == 1 and files[0][0].lower().endswith(".zip"):
        return files[0][1]
    parts: dict[str, Path] = {}
    for name, path in files:
        parts[path.name if name in parts or name in (".", "..") else name] = path
    return gather_files(parts, folder, store)
