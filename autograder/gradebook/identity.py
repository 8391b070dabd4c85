"""Match the students of earlier runs, and those that staff name, to those of this one. Nobody is forgotten."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from autograder.core.errors import GradlabError
from autograder.core.message import Message, either, name_list
from autograder.gradebook.journal import Journal, Key
from autograder.intake.download import Intake, Problem, safe_name
from autograder.intake.roster import Roster, normalise
from autograder.render.words import count

_KEPT = Message("No hand-in came this time; the report and the mark of the earlier one remain valid.")
_KEPT_THOUGH = Message(
    "No hand-in came this time; the report and the mark of the earlier one remain valid, though checks or options have "
    "changed."
)


class NeedsRoster(GradlabError):
    """These results depend on a roster that was not given this time. Written for staff."""


class UnknownStudent(GradlabError):
    """A name that does not mean exactly one student with a hand-in. Written for staff."""


def find_students(intake: Intake, wanted: Iterable[str], roster: Roster | None = None) -> frozenset[str]:
    """Return the ids of students that staff name by an id, or by a name that the roster or the platform gives.

    Raises UnknownStudent.
    """
    known: dict[str, set[str]] = defaultdict(set)
    shown: dict[str, str] = {}  # ids and names as they are written, by their form in lower case
    for handin in intake.handins:
        for name in filter(None, (handin.student, intake.names.get(handin.student), *handin.other_ids)):
            known[normalise(name)].add(handin.student)
            shown.setdefault(normalise(name), name)
    ids = {handin.student for handin in intake.handins}
    found = set()
    for name in wanted:
        listed = [safe_name(student) for student in roster.find_students([name])] if roster else []
        matches = {safe_name(name)} & ids or known[normalise(name)] or {*listed} & ids
        if len(matches) > 1:
            raise UnknownStudent(
                Message(
                    "{name!r} may mean {matches}. Choose one of these ids.",
                    name=name,
                    matches=either(sorted(matches)),
                )
            )
        if not matches and listed:
            raise UnknownStudent(
                Message("{name!r} is in the roster, but these hand-ins contain none of this student.", name=name)
            )
        if not matches:
            near = [shown[key] for key in get_close_matches(normalise(name), shown, n=3, cutoff=0.5)]
            text = Message("These hand-ins contain none of {name!r}.", name=name)
            if near:
                text = Message("{sentence} The nearest names: {names}.", sentence=text, names=name_list(near))
            raise UnknownStudent(text)
        found |= matches
    return frozenset(found)


def find_student(journal: Journal, wanted: str) -> str:
    """Return the id of a graded student whom staff name by an id, or by the name of a roster or of a folder.

    Raises UnknownStudent.
    """
    known, names = journal.students(), journal.names()
    if safe_name(wanted) in known:
        return safe_name(wanted)
    called = normalise(wanted)
    found = [who for who in known if called in (normalise(who), normalise(names.get(who, "")))]
    if len(found) == 1:
        return found[0]
    values = {"folder": journal.path.parent, "student": wanted}
    if found:
        values["matches"] = either(sorted(found))
        raise UnknownStudent(Message("{folder}: {student!r} may mean {matches}. Choose one of these ids.", **values))
    now_is = (journal.fact("moved") or {}).get(safe_name(wanted))
    near = get_close_matches(wanted, [*known, *names.values()], n=3, cutoff=0.6)
    if now_is:
        remedy = Message("The roster changed this id to {now_is!r}: use that one.", now_is=now_is)
    elif near:
        remedy = Message("Did you mean {names}?", names=either(near))
    else:
        remedy = Message("Grade the hand-in first.")
    raise UnknownStudent(Message("{folder} has no report of {student!r}. {remedy}", **values, remedy=remedy))


def find_renames(journal: Journal, intake: Intake) -> dict[str, str]:
    """Return the new id of each student in the journal whose hand-in the roster now gives to another id.

    An id is replaced only if nobody has it any more and exactly one student can have had it, by the platform's name
    for the hand-in or by the path it was read from. Raises NeedsRoster.
    """
    present = {handin.student for handin in intake.handins}
    known = set(journal.students())
    gone = known - present - intake.roster
    if not intake.roster:
        if journal.fact("roster") and gone and present - known:
            twice = count(len(present - known), "student")
            raise NeedsRoster(
                Message(
                    "{parent} was graded with a roster. Without it {twice} would appear a second time under "
                    "another name. Pass it again with --roster, or choose another --out. Nothing was run.",
                    parent=journal.path.parent,
                    twice=twice,
                )
            )
        return {}
    at = defaultdict(set)
    candidates: dict[str, set[str]] = defaultdict(set)  # old id -> the students who may have had it
    for handin in (*intake.handins, *intake.superseded):
        if handin.student not in known:
            at[journal.as_text(handin.path.absolute())].add(handin.student)
        for old in handin.other_ids:
            candidates[old].add(handin.student)
    for old, path in journal.known_paths() if gone else ():
        candidates[old] |= at.get(path, set())
    return {old: next(iter(candidates[old])) for old in sorted(gone) if len(candidates[old]) == 1}


def report_renames(journal: Journal, renames: Mapping[str, str]) -> Iterator[Problem]:
    """Yield a problem for each student whose report and marks will move to a new id."""
    for old, new in renames.items():
        marks = len(journal.marks(old))
        text = Message("Was graded as {old} before the roster gave this id; its report moved here.", old=old)
        if marks:
            text = Message(
                "Was graded as {old} before the roster gave this id; its report and {marks} by hand moved here.",
                old=old,
                marks=count(marks, "mark"),
            )
        yield Problem("renamed", new, text)


def report_missing(journal: Journal, intake: Intake, key: Key, renames: Mapping[str, str]) -> Iterator[Problem]:
    """Yield a problem for each student who has a mark but handed nothing in this time."""
    present = {handin.student for handin in intake.handins}
    for student in journal.students():
        old = journal.key_of(student)
        if renames.get(student, student) not in present and old:
            yield Problem("kept", student, _KEPT_THOUGH if old.ours != key.ours else _KEPT)


def report_still_missing(journal: Journal, intake: Intake) -> Iterator[Problem]:
    """Yield the last run's problem for each student of its roster who has not handed in: this run has no roster."""
    seen = {handin.student for handin in intake.handins} | set(journal.students()) | {p.who for p in intake.problems}
    for problem in journal.problems() if journal.fact("roster") else ():
        if problem.kind == "missing" and problem.who not in seen:
            yield problem
