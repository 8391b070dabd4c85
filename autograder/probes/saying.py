"""Sentences for students that are made where the grader's messages are not: in the box.

A `Said` is English text with a template and values, as a `Message` is, and becomes one when a check passes it on. Text
that crossed the border of the box is only text; `recognised` finds its template again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from string import Formatter


class Said(str):
    """An English sentence with the template and the values of its named placeholders."""

    template: str
    values: dict[str, object]

    def __new__(cls, template: str, /, **values: object) -> Said:
        made = str.__new__(cls, template.format(**values) if values else template)
        made.template, made.values = str(template), values
        return made


def recognised(text: str, templates: Sequence[str]) -> str:
    """Return a text as the sentence that one of these templates makes, or the text if none of them does."""
    for template in templates:
        pattern = "".join(
            re.escape(fixed) + (f"(?P<{name}>.+)" if name else "") for fixed, name, _, _ in Formatter().parse(template)
        )
        if found := re.fullmatch(pattern, text):
            return Said(template, **found.groupdict())
    return text


# What would fail on another device (devices.py)
MIXED = Said("{function} would get tensors of both devices, and fail")
STAYED = Said("the result would stay on the CPU")
