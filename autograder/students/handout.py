"""The public checks and modules in a student's copy that are missing or differ from what was handed out."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from autograder.core.message import Message
from autograder.core.received import received


def changed_checks(folder: Path, renamed: Collection[str] = ()) -> tuple[str, ...]:
    """Return a sentence for each file in ``folder`` that is missing, and each check that differs from the released.

    A module of which a file is there under another name, ``renamed``, is not missing.
    """
    copy = received(folder)
    there = {Path(file).stem for file in renamed}
    gone = [*copy.missing_checking, *(file for file in copy.missing_modules if Path(file).stem not in there)]
    missing = [copy.is_missing(file) for file in gone]
    different = [
        Message(
            "{file} differs from the released file. Your hand-in is graded with the released file, so your "
            "mark may differ from what you see here. To restore it, delete it and run gradlab start again.",
            file=file,
        )
        for file in copy.checking
        if file not in copy.missing_checking and not copy.is_as_handed_out(file)
    ]
    return (*missing, *different)
