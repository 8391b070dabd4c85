"""Whether a function returned several things: a tuple, a list or a named tuple."""

from __future__ import annotations

from typing import Any


def is_sequence(value: Any) -> bool:
    """Return whether a value is a tuple, a list or a named tuple; the last may be in the student's process."""
    copied = getattr(type(value), "__gradlab_value__", None)
    value = copied(value) if copied else value
    record = getattr(type(value), "__gradlab_record__", None)
    return type(value) in (tuple, list) or (record is not None and record(value)[3])
