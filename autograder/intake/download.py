"""Take in what an instructor downloaded: one hand-in per student, the latest, and a list of problems for a person.

Opens no hand-in and guesses nothing: an unclear id is listed, and so are students without a hand-in.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from autograder.core.assignment import Assignment
from autograder.core.files import explain
from autograder.core.message import Message, both, first_of, joined, name_list
from autograder.core.notebooks import accepted_names
from autograder.intake.platforms import SUFFIXES, Entry, list_handins, names_a_student
from autograder.intake.roster import BadRoster, Roster
from autograder.intake.unpack import BadHandins, unpack_download

__all__ = ["BadHandins", "HandIn", "Intake", "Problem", "read_handins", "safe_name", "sort_problems"]

# In the order in which a person should read them.
KINDS = ("doubtful", "unknown", "duplicate", "renamed", "missing", "kept", "earlier", "ignored")
# What browsers and Jupyter add to the name of a copy: "Copy of knn.ipynb", "knn (1).ipynb", "knn-Copy1.ipynb".
_COPY = re.compile(r"^copy of |( ?\(\d+\)|-copy\d*|-\d+)(?=\.\w+$)")
MAX_ID = 180  # bytes of a folder's name
_RESERVED = re.compile(
    r"(index|similar(-copies)?|gradebook|journal|secret|results|handins|lock|nul|con|prn|aux)(\..*)?", re.IGNORECASE
)


@dataclass(frozen=True)
class HandIn:
    """One hand-in of a known student."""

    student: str  # also the name of the folder with the report
    path: Path
    handed_in: str  # ISO 8601, UTC, or "" if nothing records it
    time_source: str  # what records it, and decides which hand-in is the latest
    notes: tuple[str, ...] = ()
    other_ids: tuple[str, ...] = ()  # the ids that it has, or had in an earlier run, without a roster


@dataclass(frozen=True)
class Problem:
    """A sentence about a hand-in that a person should read."""

    kind: str  # one of KINDS
    who: str  # a student, or the name of a file
    what: str


@dataclass(frozen=True)
class Intake:
    """All hand-ins of an assignment."""

    platform: str
    handins: tuple[HandIn, ...]  # the latest of each student, sorted by id
    superseded: tuple[HandIn, ...]  # a student's earlier ones, which are not graded
    problems: tuple[Problem, ...]
    roster: frozenset[str] = frozenset()  # the ids that it lists; empty without one
    names: Mapping[str, str] = field(default_factory=dict)  # of all these ids; empty texts where it gives no name
    languages: Mapping[str, str] = field(default_factory=dict)  # of all these ids, as the roster says them
    addresses: Mapping[str, str] = field(default_factory=dict)  # of all these ids; empty texts where it gives none


def read_handins(source: Path, assignment: Assignment, *, store: Path, roster: Roster | None = None) -> Intake:
    """Read the hand-ins in a folder or a bulk download. Downloads are unpacked in ``store``. Raises BadHandins."""
    problems: list[Problem] = []
    folder = source
    if stat.S_ISREG(_mode(source)) and source.suffix.lower() == ".zip":
        folder, left_out = unpack_download(source, store)
        problems += [Problem("ignored", name, reason) for name, reason in left_out]
        folder = _skip_outer_folder(folder, assignment)
        if _is_one_students(folder, assignment):
            raise BadHandins(
                Message("{source} looks like one student's hand-in. Give the folder that contains it.", source=source)
            )
    elif not folder.is_dir():
        raise BadHandins(
            Message(
                "{source} is neither a folder nor a zip. Give a folder with one zip, folder or file per "
                "student, or the download of a platform.",
                source=source,
            )
        )
    listing = list_handins(folder, assignment.name, store)
    problems += [Problem(*row) for row in listing.problems]
    if not listing.entries:
        text = Message("{source} contains no hand-in for {assignment}.", source=source, assignment=assignment.name)
        if listing.platform == "folder":
            text = Message(
                "{source} contains no hand-in for {assignment}: no folder and no file that ends in {suffixes}.",
                source=source,
                assignment=assignment.name,
                suffixes=name_list(SUFFIXES),
            )
        raise BadHandins(text)
    students = _match_students(listing.entries, roster, problems)
    handins, superseded = [], []
    for student in sorted(students, key=lambda name: (name.casefold(), name)):
        latest, *rest = _latest_first(student, students[student], problems)
        handins.append(latest)
        superseded += rest
    if roster:
        _add_roster_problems(roster, students, problems)
    names = {safe_name(student): roster.names.get(student, "") for student in roster.ids} if roster else {}
    languages = {safe_name(student): language for student, language in roster.languages.items()} if roster else {}
    return Intake(
        listing.platform,
        tuple(handins),
        tuple(superseded),
        sort_problems(problems),
        frozenset(names),
        names,
        languages,
        {safe_name(student): roster.emails.get(student, "") for student in roster.ids} if roster else {},
    )


def sort_problems(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Sort problems so that those that need a decision come first."""
    ranks = {kind: rank for rank, kind in enumerate(KINDS)}
    return tuple(sorted(problems, key=lambda p: (ranks.get(p.kind, len(ranks)), p.who.casefold(), p.what)))


def safe_name(name: str) -> str:
    """Return a student's id as a folder name: letters, digits and ``._@+-``, never empty, hidden, long or reserved."""
    text = re.sub(r"[^\w.@+-]", "_", unicodedata.normalize("NFC", name)).strip(".")
    text = text.encode("utf-8", "replace")[:MAX_ID].decode("utf-8", "ignore") or "unnamed"
    return f"{text}_" if _RESERVED.fullmatch(text) else text


def _mode(path: Path) -> int:
    try:
        return os.stat(path).st_mode
    except OSError as error:
        raise BadHandins(Message("{path} cannot be read: {error}.", path=path, error=explain(error))) from None


def _skip_outer_folder(folder: Path, assignment: Assignment) -> Path:
    """Return the single folder that a download consists of, if there is one and it is not a student's."""
    inside = [path for path in folder.iterdir() if not path.name.startswith((".", "__MACOSX"))]
    if len(inside) != 1 or not inside[0].is_dir() or inside[0].name == "submitted":
        return folder
    return folder if names_a_student(inside[0], assignment.name) else inside[0]


def _is_one_students(folder: Path, assignment: Assignment) -> bool:
    """Return whether the files of a download are named as those of one student, also as copies of them."""
    wanted = {name.partition("/")[0].casefold() for name in accepted_names(assignment.files)}
    names = (path.name.casefold().removesuffix(".txt") for path in folder.iterdir())
    return any(_COPY.sub("", name) in wanted for name in names)


def _match_students(entries: Sequence[Entry], roster: Roster | None, problems: list[Problem]) -> dict[str, list[Entry]]:
    """Group hand-ins by student. Unmatched ones are grouped by the platform's name and added to ``problems``."""
    students: dict[str, list[Entry]] = defaultdict(list)
    unmatched: dict[str, dict[tuple[str, str], list[Entry]]] = defaultdict(lambda: defaultdict(list))
    taken = _ids(roster) if roster else set()
    for entry in entries:
        matches = roster.find_students(entry.keys) if roster else ()
        if len(matches) == 1:
            students[safe_name(matches[0])].append(entry)
            continue
        unmatched[safe_name(entry.who)][entry.who, entry.number].append(entry)
        if what := _no_match(entry, matches, roster):
            problems.append(Problem("unknown", safe_name(entry.who), what))
    for name, people in unmatched.items():
        shared = len(people) > 1 or name in taken
        for (who, number), theirs in people.items():
            student = _distinct(name, who, number) if shared else name
            students[student] += theirs
            if shared:
                what = Message(
                    "{path}: another student has the name {name} too, so this name was used.",
                    path=theirs[0].path.name,
                    name=name,
                )
                problems.append(Problem("duplicate", student, what))
    return students


def _no_match(entry: Entry, matches: Sequence[str], roster: Roster | None) -> str:
    """Return the sentence about a hand-in that does not match exactly one student, or an empty string."""
    if len(matches) > 1:
        return Message(
            "{path} matches {students} in the roster. Give one of them another name there.",
            path=entry.path.name,
            students=both(matches) if len(matches) <= 3 else first_of(matches, 3),
        )
    if roster:
        return Message("{path} matches nobody in the roster, so it was graded under this name.", path=entry.path.name)
    if entry.nameless:
        return Message(
            "The platform does not record who handed in {path}, so it was graded under this name.", path=entry.path.name
        )
    return ""


def _ids(roster: Roster) -> set[str]:
    names: dict[str, str] = {}
    for student in roster.ids:
        other = names.setdefault(safe_name(student), student)
        if other != student:
            raise BadRoster(
                Message(
                    "The ids {other!r} and {student!r} give the same folder name. Change one of them.",
                    other=other,
                    student=student,
                )
            )
    return set(names)


def _distinct(name: str, who: str, number: str) -> str:
    return f"{name}_{number or hashlib.sha256(os.fsencode(who)).hexdigest()[:6]}"


def _latest_first(student: str, entries: list[Entry], problems: list[Problem]) -> list[HandIn]:
    entries = sorted(entries, key=lambda entry: (entry.order, entry.path.name), reverse=True)
    latest, rest = entries[0], entries[1:]
    notes = latest.notes
    if rest:
        choice = Message(
            "{path} counts: it is the latest by {time_source}.", path=latest.path.name, time_source=latest.time_source
        )
        if rest[0].order == latest.order:
            choice = Message(
                "{path} counts: {time_source} is equal, and it is the last by name.",
                path=latest.path.name,
                time_source=latest.time_source,
            )
        found = Message("{n} hand-ins of this student were found. {choice}", n=len(entries), choice=choice)
        notes = (*notes, found)
        others = first_of([entry.path.name for entry in rest], 5)
        accounts = {(entry.who, entry.number) for entry in entries}
        what: str = Message("{choice} Not graded: {others}.", choice=choice, others=others)
        if len(accounts) > 1:
            several = Message("They came from {number} accounts or names.", number=len(accounts))
            problems.append(Problem("duplicate", student, joined(" ", [what, several])))
        else:
            problems.append(Problem("earlier", student, what))
    names_without_roster = {safe_name(entry.who) for entry in entries}
    names_without_roster |= {_distinct(safe_name(entry.who), entry.who, entry.number) for entry in entries}
    other_ids = tuple(sorted(names_without_roster - {student}))
    handins = [HandIn(student, e.path, _iso(e), e.time_source, e.notes, other_ids) for e in entries]
    return [replace(handins[0], notes=notes), *handins[1:]]


def _iso(entry: Entry) -> str:
    return f"{entry.handed_in:%Y-%m-%dT%H:%M:%SZ}" if entry.handed_in else ""


def _add_roster_problems(roster: Roster, students: dict[str, list[Entry]], problems: list[Problem]) -> None:
    """Add what is wrong with the roster, and its students without a hand-in."""
    known = _ids(roster)
    problems[:] = [p for p in problems if not (p.kind == "missing" and (safe_name(p.who) in known))]
    problems += [Problem("duplicate", safe_name(student), what) for student, what in roster.problems]
    problems += [Problem("ignored", first, what) for first, what in roster.ignored]
    problems += [
        Problem("missing", safe_name(student), "The roster lists this id, but no hand-in matches it.")
        for student in roster.ids
        if safe_name(student) not in students
    ]
