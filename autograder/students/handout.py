"""The record of the files that `gradlab start` copied, and the checks that differ from it."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

from autograder.core.assignment import MANIFEST
from autograder.core.copies import digest, read_record
from autograder.session.digests import ORACLES

RECORD = ".gradlab.json"  # in the student's folder: the sha256 of each copied file


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
