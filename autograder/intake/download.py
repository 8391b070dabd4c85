"""From what an instructor downloaded to one hand-in per student: the latest, with all that a person should know.

Opens no hand-in and guesses nothing: an id that is not clear is listed, and so is whoever handed in nothing.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.core.assignment import Assignment
from autograder.core.files import explain
from autograder.intake.platforms import SUFFIXES, Entry, recognise
from autograder.intake.roster import BadRoster, Roster
from autograder.intake.unpack import BadHandins, unpack

__all__ = ["BadHandins", "HandIn", "Intake", "Problem", "read_handins", "safe_name"]

# As a person should read them.
KINDS = ("doubtful", "unknown", "duplicate", "renamed", "missing", "kept", "earlier", "ignored")
MAX_ID = 180  # bytes of a folder's name
_RESERVED = re.compile(r"(index|similar|gradebook|journal|results|handins|lock|nul|con|prn|aux)(\..*)?", re.IGNORECASE)


@dataclass(frozen=True)
class HandIn:
    """One hand-in of a student who is known."""

    student: str  # also the name of the folder with the report
    path: Path
    handed_in: str  # when it was handed in: ISO 8601, UTC, or "" where nobody says
    time_source: str  # what says so, and by what the latest was found
    notes: tuple[str, ...] = ()
    other_ids: tuple[str, ...] = ()  # the ids that it would have, or had, if no roster said whose it is


@dataclass(frozen=True)
class Problem:
    """Something for a person to read."""

    kind: str  # one of KINDS
    who: str  # a student, or the name of a file
    what: str


@dataclass(frozen=True)
class Intake:
    """All hand-ins of an assignment."""

    platform: str
    handins: tuple[HandIn, ...]  # the latest of each student, by id
    superseded: tuple[HandIn, ...]  # kept, not graded
    problems: tuple[Problem, ...]
    roster: frozenset[str] = frozenset()  # the ids it lists; empty without one


def read_handins(source: Path, assignment: Assignment, *, store: Path, roster: Roster | None = None) -> Intake:
    """The hand-ins in a folder or a bulk download. ``store`` is where downloads are unpacked. Raises BadHandins."""
    problems: list[Problem] = []
    folder = source
    if stat.S_ISREG(_mode(source)) and source.suffix.lower() == ".zip":
        folder, left_out = unpack(source, store)
        problems += [Problem("ignored", name, why) for name, why in left_out]
        folder = _descend(folder)
        wanted = {name for file in assignment.files for name in (file, file.removesuffix(".py") + ".ipynb")}
        if wanted & {path.name for path in folder.iterdir()}:
            raise BadHandins(f"{source} looks like one student's hand-in. Give the folder that holds it.")
    elif not folder.is_dir():
        raise BadHandins(
            f"{source} is neither a folder nor a zip. Give the folder that holds one zip, folder or file per student, "
            "or the download of a learning platform."
        )
    listing = recognise(folder, assignment.name, store)
    problems += [Problem(*row) for row in listing.problems]
    if not listing.entries:
        why = f": no folder and no file that ends in {', '.join(SUFFIXES)}" if listing.platform == "folder" else ""
        raise BadHandins(f"{source} holds no hand-in of {assignment.name}{why}.")
    students = _resolve(listing.entries, roster, problems)
    handins, earlier = [], []
    for student in sorted(students, key=lambda name: (name.casefold(), name)):
        latest, *rest = _latest_first(student, students[student], problems)
        handins.append(latest)
        earlier += rest
    if roster:
        _list_missing(roster, students, problems)
    known = frozenset(_ids(roster)) if roster else frozenset()
    return Intake(listing.platform, tuple(handins), tuple(earlier), sort_problems(problems), known)


def sort_problems(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """What needs a decision first."""
    ranks = {kind: rank for rank, kind in enumerate(KINDS)}
    return tuple(sorted(problems, key=lambda p: (ranks.get(p.kind, len(ranks)), p.who.casefold(), p.what)))


def safe_name(name: str) -> str:
    """A student's id as a folder name: letters, digits and ``._@+-``, never empty, hidden, long or one of ours."""
    text = re.sub(r"[^\w.@+-]", "_", unicodedata.normalize("NFC", name)).strip(".")
    text = text.encode("utf-8", "replace")[:MAX_ID].decode("utf-8", "ignore") or "unnamed"
    return f"{text}_" if _RESERVED.fullmatch(text) else text


def _mode(path: Path) -> int:
    try:
        return os.stat(path).st_mode
    except OSError as error:
        raise BadHandins(f"{path} cannot be read: {explain(error)}.") from None


def _descend(folder: Path) -> Path:
    """The folder in which a download holds everything, where there is one."""
    inside = [path for path in folder.iterdir() if not path.name.startswith((".", "__MACOSX"))]
    return inside[0] if len(inside) == 1 and inside[0].is_dir() and inside[0].name != "submitted" else folder


def _resolve(entries: Sequence[Entry], roster: Roster | None, problems: list[Problem]) -> dict[str, list[Entry]]:
    """Whose each hand-in is. Those of nobody known stand under the name they came with, and are listed."""
    students: dict[str, list[Entry]] = defaultdict(list)
    strangers: dict[str, dict[tuple[str, str], list[Entry]]] = defaultdict(lambda: defaultdict(list))
    taken = _ids(roster) if roster else set()
    for entry in entries:
        meant = roster.who(entry.keys) if roster else ()
        if len(meant) == 1:
            students[safe_name(meant[0])].append(entry)
            continue
        strangers[safe_name(entry.who)][entry.who, entry.number].append(entry)
        if len(meant) > 1:
            what = f"{entry.path.name} fits {' and '.join(meant[:3])} of the roster. Give one of them another name."
            problems.append(Problem("unknown", safe_name(entry.who), what))
        elif roster:
            what = f"{entry.path.name} fits nobody in the roster; it was graded under this name."
            problems.append(Problem("unknown", safe_name(entry.who), what))
        elif entry.nameless:
            what = f"Nothing says who handed in {entry.path.name}; it was graded under this name."
            problems.append(Problem("unknown", safe_name(entry.who), what))
    for name, people in strangers.items():
        shared = len(people) > 1 or name in taken
        for (who, number), theirs in people.items():
            student = _distinct(name, who, number) if shared else name
            students[student] += theirs
            if shared:
                what = f"{theirs[0].path.name}: the name {name} is another one's too, so it was graded under this one."
                problems.append(Problem("duplicate", student, what))
    return students


def _ids(roster: Roster) -> set[str]:
    names: dict[str, str] = {}
    for student in roster.ids:
        other = names.setdefault(safe_name(student), student)
        if other != student:
            raise BadRoster(f"The ids {other!r} and {student!r} are the same as a folder's name. Change one of them.")
    return set(names)


def _distinct(name: str, who: str, number: str) -> str:
    return f"{name}_{number or hashlib.sha256(os.fsencode(who)).hexdigest()[:6]}"


def _latest_first(student: str, entries: list[Entry], problems: list[Problem]) -> list[HandIn]:
    entries = sorted(entries, key=lambda entry: (entry.order, entry.path.name), reverse=True)
    latest, rest = entries[0], entries[1:]
    notes = latest.notes
    if rest:
        tie = rest[0].order == latest.order
        rule = f"{latest.clock}{', which is equal, and the last name' if tie else ''}"
        notes = (*notes, f"{len(entries)} hand-ins came from this student; {latest.path.name} counts, by {rule}.")
        others = ", ".join(entry.path.name for entry in rest[:5]) + (" ..." if len(rest) > 5 else "")
        names = {(entry.who, entry.number) for entry in entries}
        kind = "duplicate" if len(names) > 1 else "earlier"
        known = f" They came from {len(names)} accounts or names." if len(names) > 1 else ""
        what = f"{latest.path.name} counts, by {rule}; kept and not graded: {others}.{known}"
        problems.append(Problem(kind, student, what))
    names_without = {safe_name(entry.who) for entry in entries}
    names_without |= {_distinct(safe_name(entry.who), entry.who, entry.number) for entry in entries}
    other_ids = tuple(sorted(names_without - {student}))
    made = [
        HandIn(student, e.path, f"{e.at:%Y-%m-%dT%H:%M:%SZ}" if e.at else "", e.clock, e.notes, other_ids)
        for e in entries
    ]
    return [replace(made[0], notes=notes), *made[1:]]


def _list_missing(roster: Roster, students: dict[str, list[Entry]], problems: list[Problem]) -> None:
    known = _ids(roster)
    problems[:] = [p for p in problems if not (p.kind == "missing" and (safe_name(p.who) in known))]
    problems += [Problem("duplicate", safe_name(student), what) for student, what in roster.problems]
    problems += [Problem("ignored", first, what) for first, what in roster.ignored]
    problems += [
        Problem("missing", safe_name(student), "The roster lists this id; no hand-in fits it.")
        for student in roster.ids
        if safe_name(student) not in students
    ]
