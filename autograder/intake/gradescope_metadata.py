"""Gradescope's export: submission_metadata.yml, reduced to who handed in which folder, and when."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from autograder.intake.unpack import BadHandins

METADATA = "submission_metadata.yml"
MAX_BYTES = 500_000_000

Person = tuple[str, ...]  # what is known of a person, the best id first


def read_metadata(path: Path) -> dict[str, tuple[tuple[Person, ...], datetime | None]]:
    """Of each submission's folder the people and the time. Raises BadHandins."""
    import yaml

    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadHandins(f"{path} has more than {MAX_BYTES / 1e6:.0f} MB. Export the assignment again.")
        with open(path, "rb") as file:
            table = yaml.load(
                file, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader)
            )  # strings only: "No" is a name
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError, OSError) as error:
        raise BadHandins(f"{path} cannot be read ({' '.join(str(error).split())}). Export it again.") from None
    if not isinstance(table, dict):
        raise BadHandins(f"{path} is not what Gradescope writes: it holds no submissions. Export it again.")
    return {str(name): _submission(row) for name, row in table.items()}


def _submission(row: Any) -> tuple[tuple[Person, ...], datetime | None]:
    people = []
    submitters = _get(row, "submitters")
    for person in submitters if isinstance(submitters, list) else ():
        facts = [_get(person, key) for key in ("sid", "email", "name")]
        known = tuple(fact.strip() for fact in facts if isinstance(fact, str) and fact.strip())
        if known:
            people.append(known)
    return tuple(people), _moment(_get(row, "created_at"))


def _get(row: Any, key: str) -> Any:
    """Gradescope writes Ruby's symbols: ``:name``. Some exports have plain keys."""
    return row.get(f":{key}", row.get(key)) if isinstance(row, dict) else None


def _moment(value: Any) -> datetime | None:
    """``2026-11-20 14:05:00.123456789 Z``"""
    try:
        moment = datetime.fromisoformat(re.sub(r"\s+(?=Z|[+-]\d)", "", str(value)[:50].strip()))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
