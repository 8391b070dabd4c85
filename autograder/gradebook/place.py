"""Where results may be written, and where pages for students may not."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from autograder.core.message import Message, first_of
from autograder.core.outputs import WouldOverwrite
from autograder.gradebook.database import NAME as JOURNAL
from autograder.gradebook.secret import NAME as SECRET


def require_place_for_results(out: Path, handins: Path) -> None:
    """Raise WouldOverwrite if ``out`` is in the hand-ins, or holds other things than results: a course, a home folder.

    A folder with reports but without their journal is for the journal's own message.
    """
    if out.resolve() == handins.resolve():
        raise WouldOverwrite(Message("{out} is the folder of hand-ins. Choose another --out.", out=out))
    if out.resolve().is_relative_to(handins.resolve()):
        raise WouldOverwrite(
            Message("{out} is inside the folder of hand-ins and would be graded as one. Choose another --out.", out=out)
        )
    if not out.is_dir() or (out / JOURNAL).exists() or any(out.glob("*/report.json")):
        return
    if others := sorted(path.name for path in out.iterdir() if path.name != SECRET and path.name[0] != "."):
        raise WouldOverwrite(
            Message(
                "{folder} contains other files ({names}) and no results. Choose a new or empty folder as --out. "
                "Nothing was written.",
                folder=out,
                names=first_of(others, 3),
            )
        )


def require_place_for_pages(out: Path, results: Path, handins: Iterable[Path]) -> None:
    """Raise WouldOverwrite if ``out`` is in a folder of results, or in the folder of one of these hand-ins."""
    place = out.resolve()
    if place.is_relative_to(results.resolve()) or any((place / name).exists() for name in (JOURNAL, "report.json")):
        raise WouldOverwrite(
            Message("--out {folder} is in a folder of results. Choose another folder. Nothing was written.", folder=out)
        )
    if any(place.is_relative_to(path.resolve().parent) for path in handins):
        raise WouldOverwrite(
            Message(
                "--out {folder} is in the folder of hand-ins. Choose another folder. Nothing was written.", folder=out
            )
        )
