"""Which language a reader gets: the one that they ask for, else the course's, else the one of this computer."""

from __future__ import annotations

import os
from collections.abc import Collection

from autograder.core.course_file import Course
from autograder.core.errors import GradlabError
from autograder.core.language import (
    ENGINE_LOCALE,
    ENGLISH,
    LOCALE,
    Translator,
    language_code,
    languages_in,
    translator,
)
from autograder.core.message import Message, name_list

VARIABLES = ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")  # of the environment, in gettext's order


class UnknownLanguage(GradlabError):
    """Somebody asks for a language that is not there."""


def languages_of(course: Course) -> list[str]:
    """Return the languages in which gradlab speaks or a course is translated, English first."""
    own = languages_in(course.root / LOCALE) if course.root else []
    return [ENGLISH, *sorted({*languages_in(ENGINE_LOCALE), *own} - {ENGLISH})]


def choose_language(asked: str, known: Collection[str], *others: str) -> str:
    """Return the language that a reader gets, one of ``known``.

    ``asked`` is what an option names, and must be known. Without it, the first of ``others`` that is not empty
    decides, then the environment; what is not known there means English. Raises UnknownLanguage.
    """
    if asked:
        if found := known_as(asked, known):
            return found
        raise UnknownLanguage(
            Message(
                "There is no language {name!r} here. Choose one of these: {names}.",
                name=asked,
                names=name_list([*known]),
            )
        )
    wanted = [next(filter(None, others))] if any(others) else _of_this_computer()
    return next((found for name in wanted if (found := known_as(name, known))), ENGLISH)


def reader_for(asked: str, course: Course, *others: str, domain: str = "") -> Translator:
    """Return what translates for a reader of an assignment's (``domain``) messages. Raises UnknownLanguage."""
    language = choose_language(asked, languages_of(course), *others, course.language)
    return translator(language, course=course.root, domains=[domain] if domain else [])


def _of_this_computer() -> list[str]:
    return next((value for name in VARIABLES if (value := os.environ.get(name))), "").split(":")


def known_as(name: str, known: Collection[str]) -> str:
    """Return the language that a name means: "zh" is "zh_CN" if that is the only one, and "fr_CA" is "fr"."""
    code = language_code(name)
    short, _, region = code.partition("_")
    if code in known or not code:
        return code
    if region:
        return short if short in known else ""
    near = [language for language in known if language.startswith(f"{short}_")]
    return near[0] if len(near) == 1 else ""
