"""Who a student of an earlier run is in this one: moved where a roster now gives the id, and never forgotten."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from autograder.core.errors import GradlabError
from autograder.gradebook.journal import Journal, Key
from autograder.intake.download import Intake, Problem
from autograder.render.words import count


class NeedsRoster(GradlabError):
    """These results go by a roster that was not given this time. Speaks to staff."""


def moves(journal: Journal, intake: Intake) -> dict[str, str]:
    """The students of the journal whose hand-ins the roster gives to another id, with that id.

    An old id is taken over only when nobody has it any more and exactly one student can have had it: the platform's
    name for the hand-in, or the place where it lay, says so. Raises NeedsRoster.
    """
    present = {handin.student for handin in intake.handins}
    known = set(journal.students())
    gone = known - present - intake.roster
    if not intake.roster:
        if journal.fact("roster") and gone and present - known:
            twice = count(len(present - known), "student")
            raise NeedsRoster(
                f"{journal.path.parent} was graded with a roster, and without it {twice} would stand there a second "
                "time, under another name. Give it again with --roster, or another --out. Nothing was run."
            )
        return {}
    at = defaultdict(set)
    specs: dict[str, set[str]] = defaultdict(set)
    for handin in (*intake.handins, *intake.superseded):
        if handin.student not in known:
            at[journal.text(handin.path.absolute())].add(handin.student)
        for old in handin.other_ids:
            specs[old].add(handin.student)
    for old, path in journal.paths() if gone else ():
        specs[old] |= at.get(path, set())
    return {old: next(iter(specs[old])) for old in sorted(gone) if len(specs[old]) == 1}


def moved(journal: Journal, taken: Mapping[str, str]) -> Iterator[Problem]:
    """Give to each new id what its old one had, and say so."""
    for old, new in taken.items():
        marks = journal.move(old, new)
        also = f" and {count(marks, 'mark')} by hand" if marks else ""
        yield Problem(
            "renamed", new, f"Was graded as {old} before the roster gave this id; its report{also} moved here."
        )


def left_behind(journal: Journal, intake: Intake, key: Key) -> Iterator[Problem]:
    """The students who have a mark, and of whom no hand-in came this time."""
    here = {handin.student for handin in intake.handins}
    for student in journal.students():
        old = journal.key_of(student)
        if student not in here and old:
            what = "No hand-in came this time; the report and the mark of the earlier one stand"
            yield Problem(
                "kept",
                student,
                f"{what}, though checks or options have changed." if old.ours != key.ours else f"{what}.",
            )
