"""Hand-ins that try to earn points without doing the work, to read what is not theirs, or to harm the grader.

Each attack is source text around wrong functions: it must earn nothing, and never be mistaken for our own failure.
All are bounded in time and size and reach nothing but the process they run in.
"""

from __future__ import annotations

from tests.attacks import exhaustion, exits, messages, objects, patches, reading

ATTACKS: dict[str, str] = {}
for _theme in (objects, patches, reading, messages, exits, exhaustion):
    for _name, _source in _theme.ATTACKS.items():
        ATTACKS[f"{_theme.__name__.rpartition('.')[2]}: {_name}"] = _source
