"""The record of the files that `gradlab start` copied, and the checks that differ from it."""

from __future__ import annotations

import hashlib
import json
from fnmatch import fnmatch
from pathlib import Path

from autograder.core.assignment import MANIFEST
from autograder.session.digests import ORACLES

RECORD = ".gradlab.json"  # in the student's folder: the sha256 of each copied file


def read_record(path: Path) -> dict[str, str]:
    """Return the digest of each copied file by name ("a01_knn/knn.py"); empty if there is no valid record."""
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return table if isinstance(table, dict) else {}


def digest(content: bytes) -> str:
    """Return the digest of a file's content, as the record stores it."""
    return hashlib.sha256(content).hexdigest()


def changed_checks(folder: Path) -> tuple[str, ...]:
    """Return a sentence for each public check and manifest in ``folder`` that differs from the released file."""
    sentences = []
    folder = folder.resolve()
    for name, released in sorted(read_record(folder.parent / RECORD).items()):
        place, _, file = name.partition("/")
        is_check = any(fnmatch(file, pattern) for pattern in (MANIFEST, "check_*.py", ORACLES))
        if place != folder.name or not is_check:
            continue
        try:
            same = digest((folder / file).read_bytes()) == released
        except OSError:
            same = False
        if not same:
            sentences.append(
                f"{file} differs from the released file. Your hand-in is graded with the released file, so your mark "
                "may differ from what you see here. To restore it, delete it and run gradlab start again."
            )
    return tuple(sentences)
