"""A number and its noun agree, also where the number is 1: every sentence of gradlab, by its catalogue."""

from __future__ import annotations

import re

from babel.messages.pofile import read_po

from autograder.core.language import ENGINE_DOMAIN, ENGINE_LOCALE, catalogue_path

NOUNS = (
    "accounts bytes cells channels characters checks days entries files gradients groups hand-ins heads items layers "
    "lines marks minutes notebooks numbers operations pairs people places points questions rows seconds statements "
    "steps students tasks tensors texts times values words"
)
COUNTED = re.compile(
    r"(?<!/)(?<!/ )\{(\w+)(?::[^}]*)?\} (?:of )?(?:these |the )?(?:(?!has|uses|lists)\w+ )?(?:"
    + "|".join(NOUNS.split())
    + r")\b"
)
NEVER_ONE = {
    "limit",
    "size",
    "members",
    "factor",
    "near",
    "minutes",
    "width",
    "before",
    "heads",
}  # limits, widths of networks
ALWAYS_MORE = {  # sentences that are only said of two or more
    "… {total} items",
    "The other {number} gradients are right.",
    "The limit for own modules is {files} files with {limit:g} MB together.",
    "{path}: {names} tasks are called {task!r}; names must differ.",
    "{attention} has {got} heads; num_heads is {heads}.",
    "Memory suffices for {fit} of {wanted} hand-ins at the same time, so --workers is {fit}.",
    "{n} hand-ins of this student were found. {choice}",
    "They came from {number} accounts or names.",
    "The notebooks also ask {number} questions, worth {points}. A person marks your answers.",
}


def test_a_sentence_with_a_number_and_a_noun_has_a_form_for_one() -> None:
    with catalogue_path(ENGINE_LOCALE, "zh_CN", ENGINE_DOMAIN, suffix=".po").open("rb") as file:
        messages = [message.id for message in read_po(file) if isinstance(message.id, str)]
    wrong = {
        message
        for message in messages
        if message not in ALWAYS_MORE and any(name not in NEVER_ONE for name in COUNTED.findall(message))
    }
    assert not wrong
