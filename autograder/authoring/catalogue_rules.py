"""What a translation must have in common with its source: code, formulas, links, tags, placeholders, tables.

In some languages a program can see more: whether the course's glossary was used, and rules of writing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from string import Formatter

from autograder.authoring.catalogue_chinese import chinese_faults
from autograder.authoring.catalogue_glossary import Term, term_faults

_CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_PIECES = {
    "the formula": re.compile(r"\$\$.+?\$\$|(?<![\\$])\$(?!\s)[^$]+?\$", re.DOTALL),
    "the link": re.compile(r"\]\(([^)\s]+)"),
    "the address": re.compile(r"https?://[^\s)>]+"),
    "the tag": re.compile(r"<!--.*?-->|</?[a-z][^<>]*>", re.DOTALL),
}
_INSERTED = re.compile(r"%\(\w+\)s")  # what a page of Jinja puts in
_PART = re.compile(r"\d+(?= )")
_BOLD = re.compile(r"\*\*")
_LIST = re.compile(r"\s*(?:[-+*]|\d+[.)]|#{1,6}|>) ")  # what makes an item of a list, a heading or a quotation


def faults(source: str, translation: str, language: str = "", glossary: Sequence[Term] = ()) -> list[str]:
    """Return a sentence for each piece that a translation lacks or adds, and for each rule of its language that it
    breaks; none if it is right."""
    found = []
    code, translated_code = (_code_of(text) for text in (source, translation))
    found += _compare("the code", code, translated_code)
    bare, translated = (_CODE.sub("`", text) for text in (source, translation))
    for what, pattern in _PIECES.items():
        found += _compare(what, *(Counter(pattern.findall(text)) for text in (bare, translated)))
    found += _compare("the placeholder", _placeholders(source), _placeholders(translation))
    found += _compare("the placeholder", *(Counter(_INSERTED.findall(text)) for text in (source, translation)))
    found += _compare_shape(source, translation, bare, translated)
    found += term_faults(source, translation, glossary)
    if language.startswith("zh"):
        found += chinese_faults(source, translation)
    return found


def _code_of(text: str) -> Counter[str]:
    return Counter(" ".join(match[2].split()) for match in _CODE.finditer(text))


def _compare(what: str, source: Counter[str], translation: Counter[str]) -> list[str]:
    lost, added = list((source - translation).elements()), list((translation - source).elements())
    return [f"{what} {piece!r} is missing" for piece in lost] + [f"{what} {piece!r} was added" for piece in added]


def _compare_shape(source: str, translation: str, bare: str, translated: str) -> list[str]:
    found = []
    number, same = _PART.match(source), _PART.match(translation)
    if number and (not same or same[0] != number[0]):  # "1 Distances": the number of a part
        found.append(f"it must begin with {number[0]}")
    if len(_BOLD.findall(translated)) % 2 != len(_BOLD.findall(bare)) % 2:
        found.append("a ** has no partner")
    if _LIST.match(translation) and not _LIST.match(source):
        found.append("it must not begin like a list, a heading or a quotation")
    if "\n" in translation.strip() and "\n" not in source:
        found.append("it must be on one line")
    if source.startswith("|") and _cells(source) != _cells(translation):
        found.append("the table must have as many rows and columns")
    if source[:1].isspace() != translation[:1].isspace() and "\n" in source:
        found.append("it must begin with as many spaces")
    return found


def _placeholders(text: str) -> Counter[str]:
    """Return the named placeholders of a template, with their formats; none where a text has no such template."""
    try:
        fields = list(Formatter().parse(text))
    except ValueError:
        return Counter()
    names = [(name, form) for _, name, form, _ in fields if name is not None]
    if not all(name.isidentifier() for name, _ in names):
        return Counter()
    return Counter(f"{{{name}:{form}}}" if form else f"{{{name}}}" for name, form in names)


def _cells(table: str) -> Sequence[int]:
    return [row.replace(r"\|", "").count("|") for row in table.strip().split("\n")]
