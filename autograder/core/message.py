"""A sentence for a reader, in English, that remembers how to say itself in another language.

``Message("expected {wanted}, got {found}", wanted=w, found=f)`` is the English sentence, as a str. It also keeps the
template, which is its id in the catalogues, and the values. A sentence without values needs no Message: the text is
its own id. Knows nothing about catalogues (language.py reads them).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from string import Formatter
from typing import Any, Final

Value = str | int | float  # what a placeholder can stand for; a str may be a Message
Lookup = Callable[[str], str]  # template -> its translation, or the template itself
PluralLookup = Callable[[str, str, int], str]  # singular, plural, number -> the translation for that number

COUNT: Final = "n"  # the placeholder that decides between singular and plural


class Message(str):
    """An English sentence with its template and the values of the template's named placeholders.

    Placeholders are those of str.format: "{name}" or "{name:.2f}"; a brace of the text is doubled. A template without
    values is taken as it is. Values are numbers and texts; other objects are shown by str(). A value that is a Message
    is translated, too; every other text stays as it is.
    """

    template: str
    plural: str  # the template for other numbers than 1, or empty
    values: Mapping[str, Value]

    def __new__(cls, template: str, /, **values: object) -> Message:
        return cls._made(template, "", values)

    @classmethod
    def counted(cls, one: str, many: str, /, *, n: float, **values: object) -> Message:
        """Return a message whose wording depends on the number ``n``: ``one`` for 1, ``many`` for all others."""
        return cls._made(one, many, {COUNT: n, **values})

    @classmethod
    def _made(cls, template: str, plural: str, values: Mapping[str, object]) -> Message:
        kept = {name: _kept(value) for name, value in values.items()}
        made = str.__new__(cls, _filled(plural if plural and kept[COUNT] != 1 else template, kept))
        made.template, made.plural, made.values = template, plural, kept
        return made

    @classmethod
    def of(cls, text: str) -> str:
        """Return a text that has a template and values of its own as a message, any other text as it is.

        The box has no messages; texts with templates from there are `autograder.probes.saying.Said`.
        """
        own = getattr(text, "template", None)
        return text if own is None or isinstance(text, Message) else cls(own, **text.values)  # type: ignore[attr-defined]

    def __reduce__(self) -> tuple[Any, ...]:
        return _restored, (self.form(),)

    def translated(self, look_up: Lookup, look_up_plural: PluralLookup) -> str:
        """Return the sentence in another language; in English where its template is not translated."""
        values = {
            name: value.translated(look_up, look_up_plural) if isinstance(value, Message) else value
            for name, value in self.values.items()
        }
        number = self.values.get(COUNT)
        if self.plural and isinstance(number, int | float):
            template = look_up_plural(self.template, self.plural, math.ceil(number))
        else:
            template = look_up(self.template)
        try:
            return _filled(template, values, tidy=True)
        except (KeyError, ValueError, IndexError):  # a placeholder that only the translation has
            return str(self)

    def shortened(self, limit: int) -> str:
        """Return the message with at most ``limit`` characters in English: its longest text is cut, or its end."""
        texts = {name: value for name, value in self.values.items() if isinstance(value, str)}
        longest = max(texts, key=lambda name: len(texts[name]), default="")
        left = len(texts.get(longest, "")) - (len(self) - limit)
        if left > 0:
            value = texts[longest]
            short = value.shortened(left) if isinstance(value, Message) else value[: left - 1] + "…"
            made = self._made(self.template, self.plural, {**self.values, longest: short})
            if len(made) <= limit:
                return made
        return self[: limit - 1] + "…"

    def form(self) -> dict[str, Any]:
        """Return the message as JSON can store it; ``restored`` reads it."""
        values = {name: value.form() if isinstance(value, Message) else value for name, value in self.values.items()}
        return {"id": self.template, **({"plural": self.plural} if self.plural else {}), "values": values}


def joined(separator: str, parts: Iterable[str]) -> str:
    """Return texts as one, of which each is translated apart, a literal too, and the separator if it is a message."""
    parts = [part for part in parts if part]
    if not any(isinstance(part, Message) for part in (separator, *parts)):
        return separator.join(parts)
    if len(parts) == 1:
        return parts[0]
    values = {
        f"part{number}": part if isinstance(part, Message) else Message(part)
        for number, part in enumerate(parts, start=1)
    }
    return Message("{separator}".join(f"{{{name}}}" for name in values), **values, separator=separator)


def glued(*parts: str) -> str:
    """Return texts as one, with nothing between them, of which each is translated apart."""
    return joined("", parts)


def name_list(parts: Sequence[str], separator: str = ", ") -> str:
    """Return names as a list, "a, b", with the separator of the reader's language; names are not translated."""
    if len(parts) < 2:
        return "".join(parts)
    values = {f"part{number}": part for number, part in enumerate(parts, start=1)}
    return Message("{separator}".join(f"{{{name}}}" for name in values), **values, separator=Message(separator))


def first_of(parts: Sequence[str], most: int, separator: str = ", ") -> str:
    """Return the first names as a list, and how many more there are: "a, b and 3 more"."""
    shown = name_list(parts[:most], separator)
    return Message("{items} and {more} more", items=shown, more=len(parts) - most) if len(parts) > most else shown


def both(parts: Sequence[str]) -> str:
    """Return "a", "a and b" or "a, b and c"."""
    if len(parts) < 2:
        return "".join(parts)
    return Message("{first} and {second}", first=name_list(parts[:-1]), second=parts[-1])


def either(parts: Sequence[str]) -> str:
    """Return "a", "a or b" or "a or b or c"."""
    return reduce(lambda first, second: Message("{first} or {second}", first=first, second=second), parts)


def restored(form: Mapping[str, Any]) -> Message:
    """Return the message that ``Message.form`` wrote. Raises KeyError, TypeError or ValueError for anything else."""
    values = {
        str(name): restored(value) if isinstance(value, dict) else value for name, value in dict(form["values"]).items()
    }
    return Message._made(str(form["id"]), str(form.get("plural", "")), values)


def stored(text: str) -> Any:
    """Return a text as JSON can store it: a message with values as its form. ``from_store`` reads it."""
    return text.form() if isinstance(text, Message) and text.values else text


def from_store(value: Any) -> str:
    """Return the text that ``stored`` wrote."""
    return restored(value) if isinstance(value, dict) else value


def _restored(form: Mapping[str, Any]) -> Message:
    return restored(form)


def messages_in(value: Any) -> Iterator[Message]:
    """Yield the messages with values in tables, lists and tuples of any depth."""
    if isinstance(value, Message):
        if value.values:
            yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from messages_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from messages_in(inner)


def forms_in(value: Any) -> dict[str, Any]:
    """Return the form of each message in a value, by its English text."""
    return {str(message): message.form() for message in messages_in(value)}


def with_messages(value: Any, forms: Mapping[str, Any]) -> Any:
    """Return what JSON stored, in which each text that ``forms`` lists is a message again."""
    if isinstance(value, str):
        return restored(forms[value]) if value in forms else value
    if isinstance(value, dict):
        return {key: with_messages(inner, forms) for key, inner in value.items()}
    if isinstance(value, list):
        return [with_messages(inner, forms) for inner in value]
    return value


class _Filler(Formatter):
    """str.format, in which a number without a value, such as nan, is shown as text whatever the format."""

    def format_field(self, value: Any, format_spec: str) -> str:
        try:
            return format(value, format_spec)
        except ValueError:
            return str(value)


class _MarkingFiller(_Filler):
    """Puts a mark on both sides of each value."""

    def format_field(self, value: Any, format_spec: str) -> str:
        return f"{_MARK}{super().format_field(value, format_spec)}{_MARK}"


_MARK = "\0"
_WIDE = "[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]"  # characters and punctuation of Chinese
_NARROW = "[A-Za-z0-9`]"
_GAP = re.compile(f"({_WIDE})(?:{_MARK}+ {_MARK}*| {_MARK}+)(?={_WIDE})")
_NO_GAP = re.compile(f"([\u3400-\u9fff]){_MARK}+(?={_NARROW})|({_NARROW}){_MARK}+(?=[\u3400-\u9fff])")


def _filled(template: str, values: Mapping[str, Value], *, tidy: bool = False) -> str:
    """Return a template with its values; a ``tidy`` one has a space next to a value where Chinese wants it."""
    if not values:
        return template
    if not tidy or (template.isascii() and all(str(value).isascii() for value in values.values())):
        return _Filler().vformat(template, (), values)
    text = _MarkingFiller().vformat(template, (), values)
    return _NO_GAP.sub(r"\1\2 ", _GAP.sub(r"\1", text)).replace(_MARK, "")


def _kept(value: object) -> Value:
    """Return a value as JSON can store it: a number of torch or numpy as Python's, any other object as text."""
    if isinstance(value, str):
        text = Message.of(value)
        return text if isinstance(text, Message) or type(text) is str else str(text)
    item = getattr(value, "item", None) if type(value).__module__ in ("numpy", "torch") else None
    plain: Any = item() if item is not None and getattr(value, "ndim", 0) == 0 else value
    number = type(plain) in (int, bool) or (type(plain) is float and math.isfinite(plain))
    return plain if number else str(plain)  # JSON has no nan
