"""Read submission_metadata.yml of a Gradescope export: who handed in which folder, and when."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from autograder.core.message import Message
from autograder.intake.unpack import BadHandins

METADATA = "submission_metadata.yml"
MAX_BYTES = 500_000_000

Person = tuple[str, ...]  # the names of one person, the best id first


def read_metadata(path: Path) -> dict[str, tuple[tuple[Person, ...], datetime | None]]:
    """Return the people and the time of each submission, by the name of its folder. Raises BadHandins."""
    import yaml

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # strings only: "No" is a name
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadHandins(
                Message(
                    "{path} has more than {limit:.0f} MB. Export the assignment again.",
                    path=path,
                    limit=MAX_BYTES / 1e6,
                )
            )
        with open(path, "rb") as file:
            table = yaml.load(file, Loader=loader)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError, OSError) as error:
        raise BadHandins(
            Message("{path} cannot be read ({error}). Export it again.", path=path, error=" ".join(str(error).split()))
        ) from None
    if not isinstance(table, dict):
        raise BadHandins(
            Message(
                "{path} lists no submissions, so it is not from Gradescope. Export the assignment again.", path=path
            )
        )
    return {str(name): _submission(row) for name, row in table.items()}


def _submission(row: Any) -> tuple[tuple[Person, ...], datetime | None]:
    people = []
    submitters = _get(row, "submitters")
    for person in submitters if isinstance(submitters, list) else ():
        values = [_get(person, key) for key in ("sid", "email", "name")]
        names = tuple(value.strip() for value in values if isinstance(value, str) and value.strip())
        if names:
            people.append(names)
    return tuple(people), _time(_get(row, "created_at"))


def _get(row: Any, key: str) -> Any:
    """Return the value of a key. Gradescope writes Ruby's symbols, ``:name``; some exports have plain keys."""
    return row.get(f":{key}", row.get(key)) if isinstance(row, dict) else None


def _time(value: Any) -> datetime | None:
    """Parse ``2026-11-20 14:05:00.123456789 Z``."""
    try:
        found = datetime.fromisoformat(re.sub(r"\s+(?=Z|[+-]\d)", "", str(value)[:50].strip()))
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
