"""In which language the pages of results are: a student's in the student's, those for staff in the staff's."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from autograder.core.course_file import COURSE_FILE, Course, read_course
from autograder.core.language import ENGLISH, Translator, translator
from autograder.core.message import Message, first_of, name_list
from autograder.core.reader_language import known_as, languages_of
from autograder.gradebook.journal import Journal

STAFF = "staff language"  # the fact of a journal: what staff chose last
STUDENTS = "languages"  # the fact: what the roster says, by student
EDITIONS = "editions"  # the fact: the language of the notebook that a student handed in


class Readers:
    """The readers of one folder of results."""

    def __init__(self, journal: Journal) -> None:
        self._wanted: Mapping[str, str] = journal.fact(STUDENTS) or {}
        self._editions: Mapping[str, str] = journal.fact(EDITIONS) or {}
        self._staff: str = journal.fact(STAFF) or ""
        self._domain: str = (journal.fact("assignment") or {}).get("name", "")
        self._course = _course_in(Path(journal.fact("course") or ""))
        self._known = languages_of(self._course)
        self._translator = cache(self._read)

    def student(self, student: str) -> Translator:
        """Return what translates for a student.

        The language is that of the roster, else of the edition handed in, else the course's, else English.
        """
        return self._translator(self._wanted.get(student) or self._editions.get(student, ""))

    @property
    def staff(self) -> Translator:
        """What translates for staff: into what they chose last, else the course's language, else English."""
        return self._translator(self._staff)

    def _read(self, wanted: str) -> Translator:
        found = (known_as(name, self._known) for name in (wanted, self._course.language))
        language = next(filter(None, found), ENGLISH)
        return translator(language, course=self._course.root, domains=[self._domain])


def unknown_languages(wanted: Mapping[str, str], course: Course) -> list[str]:
    """Return a sentence for each language that a roster gives to students and that is not there."""
    known = languages_of(course)
    unknown = sorted({language for language in wanted.values() if language and not known_as(language, known)})
    return [
        Message(
            "The roster gives the language {language!r} to {wanted}, which is not there: their reports "
            "are in the course's language. There are {known}.",
            language=language,
            wanted=first_of([who for who in wanted if wanted[who] == language], 5),
            known=name_list(known),
        )
        for language in unknown
    ]


def _course_in(root: Path) -> Course:
    """Return the course with which hand-ins were graded, if it is still there."""
    return read_course(root) if (root / COURSE_FILE).is_file() else Course(root=root if root.is_dir() else None)
