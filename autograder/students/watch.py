"""`gradlab check --watch`: wait until a file of the student's is saved."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

SUFFIXES = (".py", ".ipynb")
QUIET = 300  # milliseconds without another save before the checks run
PATIENCE = 500  # milliseconds after which the watch looks whether it should end


def saves(folder: Path) -> Iterator[list[str]]:
    """Yield no names once, and the names of the files below ``folder`` that were saved or deleted, each time some were.

    What is saved after the first yield is seen, also while checks run. Ends at Ctrl-C.
    """
    from watchfiles import watch

    def counts(change: object, path: str) -> bool:
        return is_source(Path(path), folder)

    folder = folder.resolve()
    begun = False
    try:
        for changes in watch(
            folder, watch_filter=counts, debounce=QUIET, step=50, rust_timeout=PATIENCE, yield_on_timeout=True
        ):
            if changes or not begun:
                yield sorted({Path(path).relative_to(folder).as_posix() for _, path in changes})
            begun = True
    except KeyboardInterrupt as stop:
        if type(stop) is not KeyboardInterrupt:  # a request to end by another program
            raise


def is_source(path: Path, folder: Path) -> bool:
    """Return whether a file below ``folder`` is code: not hidden, no copy of Jupyter's and nothing that Python made."""
    inside = path.relative_to(folder).parts if path.is_relative_to(folder) else (".",)
    return path.suffix in SUFFIXES and not any(part.startswith((".", "~", "__pycache__")) for part in inside)
