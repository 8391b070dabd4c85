"""Hand-ins that try to earn points without doing the work, to read secrets, or to harm the grader.

Each attack is a source text with wrong functions. It must earn 0 points and must not look like a failure of gradlab.
All attacks are bounded in time and size, and only affect the process that they run in.
"""

from __future__ import annotations

from tests.attacks import exhaustion, exits, loading, messages, objects, patches, reading, secrets

ATTACKS: dict[str, str] = {}
for _theme in (objects, patches, reading, messages, exits, exhaustion, loading, secrets):
    for _name, _source in _theme.ATTACKS.items():
        ATTACKS[f"{_theme.__name__.rpartition('.')[2]}: {_name}"] = _source
