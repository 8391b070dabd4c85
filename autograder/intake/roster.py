"""Read the list of students, and match the names that a platform gives to hand-ins with their ids. Never guesses."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from autograder.core.encodings import csv_text, not_csv
from autograder.core.errors import GradlabError
from autograder.core.files import csv_separator
from autograder.core.message import Message, name_list

# Column headings in lower case, as people and the platforms' own exports write them. The first one found has the ids.
ID_COLUMNS = (
    *("id", "student_id", "student id", "id number", "sid", "sis user id", "username", "student"),
    *("email address", "email", "identifier"),
)
NAME_COLUMNS = ("student", "name", "full name", "student name")
OTHER_COLUMNS = (
    *("id", "sid", "id number", "sis user id", "sis login id", "login", "username", "email", "email address"),
    *("gradescope", "alias"),
)
EMAIL_COLUMNS = ("email", "email address", "e-mail", "e-mail address", "mail")
LANGUAGE_COLUMNS = ("language", "lang", "preferred language")
# Columns with the ids that platforms give to students in anonymous downloads.
ANONYMOUS_COLUMNS = ("anon", "anonymous", "anonymous id", "anonymous_id", "anonymous name", "participant", "pseudonym")
_CANVAS_COLUMNS = ("sis user id", "sis login id")  # a file with one of them has Canvas's own numbers under "id"
_LAST_NUMBER = re.compile(r"\A\D+ (\d+)\Z")
_NOT_A_STUDENT = "points possible"  # how a row of Canvas's gradebook begins that is not a student's


class BadRoster(GradlabError):
    """A roster that cannot be used. Written for staff: which line, and what to write."""


@dataclass(frozen=True)
class Key:
    """A name that is compared exactly, and only with names of its own kind.

    No name that a person chose can equal it, so a number or an anonymous id never matches another student's name.
    """

    kind: str
    text: str


@dataclass(frozen=True)
class Roster:
    """The students' ids, and the names by which each is known."""

    ids: tuple[str, ...]
    problems: tuple[tuple[str, str], ...]  # (id, sentence) of each student who is listed twice
    ignored: tuple[tuple[str, str], ...]  # (first cell, sentence) of each line without an id
    names: Mapping[str, str]  # id -> the person's name, where the roster gives one
    _known: dict[str | Key, frozenset[str]]  # name -> the ids that it may mean
    emails: Mapping[str, str] = field(default_factory=dict)  # id -> e-mail address, where the roster gives one
    languages: Mapping[str, str] = field(default_factory=dict)  # id -> the language of reports, as the roster says it

    def find_students(self, keys: Sequence[str | Key]) -> tuple[str, ...]:
        """Return the ids that ``keys`` may mean: exactly one if it is clear who handed in."""
        candidates = [self._known.get(_comparable(key), frozenset()) for key in keys]
        clear = frozenset().union(*(ids for ids in candidates if len(ids) == 1))
        return tuple(sorted(clear or frozenset().union(*candidates)))


def read_roster(path: Path) -> Roster:
    """Read a CSV file with a heading. Raises BadRoster."""
    rows = _rows(path)
    heading = [cell.strip().casefold() for cell in next(rows, [])]
    column = next((heading.index(name) for name in ID_COLUMNS if name in heading), None)
    if column is None:
        found = name_list(heading) or Message("nothing")
        raise BadRoster(
            Message(
                "{path}: the first line must name the columns. The column with the ids has one of these names: "
                "{known}. It names {found}.",
                path=path,
                known=name_list(ID_COLUMNS),
                found=found,
            )
        )
    ids: dict[str, int] = {}
    people: dict[str, str] = {}
    emails: dict[str, str] = {}
    languages: dict[str, str] = {}
    problems: list[tuple[str, str]] = []
    ignored: list[tuple[str, str]] = []
    known: dict[str | Key, set[str]] = defaultdict(set)
    for line, row in enumerate(rows, start=2):
        cells = {name: cell.strip() for name, cell in zip(heading, row, strict=False) if cell.strip()}
        if not cells:
            continue
        student = cells.get(heading[column], "")
        if not student:
            first = next(iter(cells.values()))
            if not first.casefold().startswith(_NOT_A_STUDENT):
                ignored.append(
                    (
                        first,
                        Message(
                            "Line {line} of {path} has no id, so no hand-in can match it. Add the id.",
                            line=line,
                            path=path.name,
                        ),
                    )
                )
        elif student in ids:
            problems.append(
                (
                    student,
                    Message(
                        "{path} lists the id on lines {ids} and {line}; the first counts.",
                        path=path.name,
                        ids=ids[student],
                        line=line,
                    ),
                )
            )
        else:
            ids[student] = line
            if person := _person(student, cells):
                people[student] = person
            if address := next(
                (cells[name] for name in EMAIL_COLUMNS if name in cells), student if "@" in student else ""
            ):
                emails[student] = address
            languages[student] = next((cells[name] for name in LANGUAGE_COLUMNS if name in cells), "")
            for name in _names(student, cells):
                known[_comparable(name)].add(student)
    if not ids:
        raise BadRoster(Message("{path} lists no students. Add a line for each student below the heading.", path=path))
    owners = {name: frozenset(students) for name, students in known.items()}
    return Roster(tuple(ids), tuple(problems), tuple(ignored), people, owners, emails, languages)


def normalise(name: str) -> str:
    """Return the form in which names are compared, without differences of case, spaces, underscores, Unicode form."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().replace("_", " ").split())


def _comparable(key: str | Key) -> str | Key:
    return key if isinstance(key, Key) else normalise(key)


def platform_key(platform: str, number: str) -> Key:
    """Return the key for a platform's own number of a student, which may equal another student's id by chance."""
    return Key(f"{platform} number", number)


def canvas_name_key(words: Iterable[str]) -> Key:
    """Return the key for a name as Canvas writes it in file names: only letters and digits, in lower case."""
    text = unicodedata.normalize("NFC", "".join(words))  # macOS takes the accents off the letters
    return Key("Canvas name", "".join(c for c in text.casefold() if c.isalnum()))


def anonymous_key(anonymous_id: str) -> Key:
    """Return the key for the id of a student in an anonymous download. Small and capital letters differ."""
    return Key("anonymous id", anonymous_id.removeprefix("anon_"))


def id_key(student: str) -> Key:
    """Return the key for an id that is compared letter by letter."""
    return Key("id", student)


def _person(student: str, cells: dict[str, str]) -> str:
    """Return the name of a person as the row writes it, or an empty string if it has only the id."""
    first, last = _first_and_last(cells)
    names = [*(cells.get(column, "") for column in ("full name", "name", "student name", "student")), f"{first} {last}"]
    return next((name.strip() for name in names if name.strip() not in ("", student)), "")


def _first_and_last(cells: dict[str, str]) -> tuple[str, str]:
    first = cells.get("first name", cells.get("first", ""))
    return first, cells.get("last name", cells.get("surname", cells.get("last", "")))


def _names(student: str, cells: dict[str, str]) -> list[str | Key]:
    """Return all names of a student, from the cells of a row by their columns."""
    people = [cells[column] for column in NAME_COLUMNS if column in cells]
    first, last = _first_and_last(cells)
    if first and last:
        people += [f"{first} {last}", f"{last}, {first}"]
    people += [f"{first} {last}" for last, comma, first in (name.partition(", ") for name in people) if comma]
    names: list[str | Key] = [student, id_key(student), *people]
    names += [cells[column] for column in OTHER_COLUMNS if column in cells]
    for person in people:
        words = person.split()
        names += [canvas_name_key([*words[at:], *words[:at]]) for at in range(len(words))]
    return [*names, *_numbers(cells), *_anonymous(cells)]


def _numbers(cells: dict[str, str]) -> list[Key]:
    """Return the keys for the platforms' own numbers of a student, and Gradescope's of the submission."""
    from_canvas = any(column in cells for column in _CANVAS_COLUMNS)
    canvas = [cells[column] for column in (("canvas", "id") if from_canvas else ("canvas",)) if column in cells]
    moodle = [cells[column].rpartition(" ")[2] for column in ("moodle", "identifier") if column in cells]
    gradescope = [cells["submission id"]] if "submission id" in cells else []
    found = {"Canvas": canvas, "Moodle": moodle, "Gradescope": gradescope}
    return [platform_key(platform, number) for platform, numbers in found.items() for number in numbers]


def _anonymous(cells: dict[str, str]) -> list[Key]:
    """Return the keys for a student's ids in anonymous downloads: "aB3xY", "Participant 12345" or just "12345"."""
    ids = [cells[column] for column in ANONYMOUS_COLUMNS if column in cells]
    return [anonymous_key(name) for cell in ids for name in {cell, *_LAST_NUMBER.findall(cell)}]


def _rows(path: Path) -> Iterator[list[str]]:
    text = csv_text(path, error=BadRoster)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=csv_separator(text))
    except csv.Error as error:
        raise BadRoster(not_csv(path, error)) from None
