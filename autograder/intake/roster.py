"""The list of students, and whose a hand-in is by the names a learning platform gave it. Never guesses."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.core.errors import GradlabError
from autograder.core.files import explain

MAX_BYTES = 50_000_000
# Headings as the platforms' own exports and people write them, in lower case. The first one found holds the ids.
IDS = (
    *("id", "student_id", "student id", "id number", "sid", "sis user id", "username", "student"),
    *("email address", "email", "identifier"),
)
NAMES = ("student", "name", "full name", "student name")
OTHERS = (
    *("id", "sid", "id number", "sis user id", "sis login id", "login", "username", "email", "email address"),
    *("gradescope", "alias"),
)
_CANVAS_OWN = ("sis user id", "sis login id")  # a file with these has Canvas's own numbers under "id"
_NO_STUDENT = "points possible"  # a line of Canvas's gradebook


class BadRoster(GradlabError):
    """The roster cannot be used. Speaks to staff: which line, what to write."""


@dataclass(frozen=True)
class Roster:
    """Students' ids, and the names under which each is known."""

    ids: tuple[str, ...]
    problems: tuple[tuple[str, str], ...]  # (id, sentence) of those who are listed twice
    ignored: tuple[tuple[str, str], ...]  # (what stands first in the line, sentence) of lines that name nobody
    _known: dict[str, frozenset[str]]  # name -> the ids it may mean

    def who(self, keys: Sequence[str]) -> tuple[str, ...]:
        """The students whom ``keys`` may mean: exactly one when it is clear whose the hand-in is."""
        meant = [self._known.get(same(key), frozenset()) for key in keys]
        clear = frozenset().union(*(ids for ids in meant if len(ids) == 1))
        return tuple(sorted(clear or frozenset().union(*meant)))


def read_roster(path: Path) -> Roster:
    """Read a CSV with a heading. Raises BadRoster."""
    rows = _rows(path)
    heading = [cell.strip().casefold() for cell in next(rows, [])]
    column = next((heading.index(name) for name in IDS if name in heading), None)
    if column is None:
        found = ", ".join(heading) or "nothing"
        raise BadRoster(f"{path}: the first line must name the columns, one of them 'id'. It names {found}.")
    ids: dict[str, int] = {}
    problems: list[tuple[str, str]] = []
    ignored: list[tuple[str, str]] = []
    known: dict[str, set[str]] = defaultdict(set)
    for line, row in enumerate(rows, start=2):
        cells = {name: cell.strip() for name, cell in zip(heading, row, strict=False) if cell.strip()}
        if not cells:
            continue
        student = cells.get(heading[column], "")
        if not student:
            first = next(iter(cells.values()))
            if not first.casefold().startswith(_NO_STUDENT):
                ignored.append((first, f"Line {line} of {path.name} has no id, so nobody's hand-in can fit it."))
        elif student in ids:
            problems.append(
                (student, f"The id is on lines {ids[student]} and {line} of {path.name}; the first counts.")
            )
        else:
            ids[student] = line
            for name in _names(student, cells):
                known[same(name)].add(student)
    if not ids:
        raise BadRoster(f"{path} lists no student.")
    return Roster(
        tuple(ids), tuple(problems), tuple(ignored), {name: frozenset(owners) for name, owners in known.items()}
    )


def same(name: str) -> str:
    """The form in which names are compared: case, white space, underscores and ways to write accents do not matter."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().replace("_", " ").split())


def numbered(system: str, number: str) -> str:
    """A number that ``system`` alone knows a student by: it may be somebody else's id by chance."""
    return f"{system} number:{number}"


def squashed(words: Iterable[str]) -> str:
    """A name as Canvas writes it in file names: letters and digits only, in lower case, marked as such."""
    return "lastfirst:" + "".join(c for word in words for c in word.casefold() if c.isalnum())


def _names(student: str, cells: dict[str, str]) -> list[str]:
    people = [cells[column] for column in NAMES if column in cells]
    first = cells.get("first name", cells.get("first", ""))
    last = cells.get("last name", cells.get("surname", cells.get("last", "")))
    if first and last:
        people += [f"{first} {last}", f"{last}, {first}"]
    people += [f"{first} {last}" for last, comma, first in (name.partition(", ") for name in people) if comma]
    names = [student, *people, *(cells[column] for column in OTHERS if column in cells)]
    for person in people:
        words = person.split()
        names += [squashed([*words[at:], *words[:at]]) for at in range(len(words))]
    return names + _numbers(cells)


def _numbers(cells: dict[str, str]) -> list[str]:
    """Canvas's and Moodle's numbers for a student."""
    own = any(column in cells for column in _CANVAS_OWN)
    canvas = [cells[column] for column in (("canvas", "id") if own else ("canvas",)) if column in cells]
    moodle = [cells[column].rpartition(" ")[2] for column in ("moodle", "identifier") if column in cells]
    return [numbered("Canvas", number) for number in canvas] + [numbered("Moodle", number) for number in moodle]


def _rows(path: Path) -> Iterator[list[str]]:
    try:
        data = path.read_bytes()
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except OSError as error:
        raise BadRoster(f"{path} cannot be read: {explain(error)}.") from None
    except UnicodeDecodeError:
        raise BadRoster(f"{path} is not saved as UTF-8. Save it as CSV UTF-8.") from None
    if len(data) > MAX_BYTES or "\0" in text:
        raise BadRoster(f"{path} is not a CSV file.")
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    except csv.Error as error:
        raise BadRoster(f"{path} is not a CSV file: {error}.") from None
