"""Which language a reader gets: catalogues are found and read here, and messages are translated when they are shown.

A catalogue is gettext's: `locale/<language>/LC_MESSAGES/<domain>.mo`, compiled from the `.po` next to it. Three places
have one: the engine (`autograder/locale`, domain "gradlab"), a course (`locale`, a domain for each assignment), and
its private twin (`solutions/locale`), which students never receive. A text that no catalogue has stays English.
"""

from __future__ import annotations

import gettext
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from autograder.core.message import Message

ENGLISH = "en"
LOCALE = "locale"  # the folder with a folder for each language
MESSAGES = "LC_MESSAGES"  # gettext's name of the folder with the catalogues
ENGINE_DOMAIN = "gradlab"
ENGINE_LOCALE = Path(__file__).resolve().parents[1] / LOCALE

_SPACE_AFTER_STOP = re.compile("(?<=[。！？：]) ")
_CODE = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z0-9]{1,8}))?")


def language_code(text: str) -> str:
    """Return a language as catalogues name it: "zh-cn" and "zh_CN.UTF-8" are "zh_CN". Empty if it is none."""
    found = _CODE.fullmatch(re.split(r"[.@]", text.strip())[0])
    if not found:
        return ""
    language, region = found[1].lower(), found[2] or ""
    region = region.upper() if len(region) <= 3 else region.title()
    return f"{language}_{region}" if region else language


@dataclass(frozen=True)
class Translator:
    """Translates texts into one language, by the first of several catalogues that has them."""

    language: str = ENGLISH
    catalogues: tuple[gettext.NullTranslations, ...] = field(default=(), repr=False)

    def __call__(self, text: str) -> str:
        """Return a text or a message in this language; in English where no catalogue has it."""
        if isinstance(text, Message):
            return in_a_row(text.translated(self.template, self.plural))
        return self.template(text) if self.catalogues else text

    def template(self, text: str) -> str:
        """Return a text's translation, or the text."""
        found = (catalogue.gettext(text) for catalogue in self.catalogues if text)
        return next((translation for translation in found if translation != text), text)

    def plural(self, one: str, many: str, number: int) -> str:
        """Return the translation for a number; without one, the English form."""
        english = one if number == 1 else many
        found = (catalogue.ngettext(one, many, number) for catalogue in self.catalogues)
        return next((translation for translation in found if translation != english), english)


IN_ENGLISH = Translator()

_current: ContextVar[Translator] = ContextVar("language of the reader", default=IN_ENGLISH)


def translator(language: str, *, course: Path | None = None, domains: Sequence[str] = ()) -> Translator:
    """Return what translates into ``language``: the catalogues of these domains of a course, then the engine's.

    ``course`` is the course's folder; private catalogues are used where they are there.
    """
    code = language_code(language)
    if code in ("", ENGLISH):
        return IN_ENGLISH
    folders = [course / LOCALE, course / "solutions" / LOCALE] if course else []
    paths = [catalogue_path(folder, code, domain) for domain in domains for folder in folders]
    paths.append(catalogue_path(ENGINE_LOCALE, code, ENGINE_DOMAIN))
    found = [_read(path, path.stat().st_mtime_ns) for path in paths if path.is_file()]
    return Translator(code, tuple(found))


def catalogue_path(locale: Path, language: str, domain: str, *, suffix: str = ".mo") -> Path:
    """Return the place of a catalogue: compiled, or with ".po" as translators see it."""
    return locale / language / MESSAGES / f"{domain}{suffix}"


def languages_in(locale: Path) -> list[str]:
    """Return the languages that have a folder in ``locale``."""
    return sorted(path.parent.name for path in locale.glob(f"*/{MESSAGES}"))


@contextmanager
def speaking(to: Translator) -> Iterator[None]:
    """Show texts in another language inside."""
    token = _current.set(to)
    try:
        yield
    finally:
        _current.reset(token)


def reader() -> Translator:
    """Return what translates for the reader (see ``speaking``)."""
    return _current.get()


def translate(text: str) -> str:
    """Return a text or a message in the language of the reader (see ``speaking``)."""
    return _current.get()(text)


def translate_plural(one: str, many: str, number: int) -> str:
    """Return one of two texts, by the number, in the language of the reader."""
    return _current.get().plural(one, many, number)


def in_a_row(*sentences: str) -> str:
    """Return sentences one after another, with spaces between them except after a full-width stop."""
    return _SPACE_AFTER_STOP.sub("", " ".join(filter(None, sentences)))


def space_after(sentence: str) -> str:
    """Return what is between a sentence and the next one: a space, or nothing after a full-width stop."""
    return "" if _SPACE_AFTER_STOP.search(f"{sentence[-1:]} ") else " "


def say(template: str, /, **values: object) -> str:
    """Return a sentence with these values in the language of the reader."""
    return translate(Message(template, **values) if values else template)


def say_counted(one: str, many: str, /, *, n: float, **values: object) -> str:
    """Return a sentence with a number in the language of the reader."""
    return translate(Message.counted(one, many, n=n, **values))


@lru_cache(maxsize=64)
def _read(path: Path, modified: int) -> gettext.NullTranslations:
    with path.open("rb") as file:
        return gettext.GNUTranslations(file)
