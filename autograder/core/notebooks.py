"""Facts about notebooks that several rooms need: their file names, and the cell that a line of a module comes from."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

# (first line in the module, number of the cell or the name of another place), in rising order
CellStarts = Sequence[tuple[int, int | str]]


def notebook_name(module: str) -> str:
    """Return the name of a module's notebook: "knn.py" has "knn.ipynb"."""
    return f"{module.removesuffix('.py')}.ipynb"


def accepted_names(modules: Iterable[str]) -> list[str]:
    """Return the file names that a hand-in may use for ``modules``: of each module its notebook, then its script."""
    return [name for module in modules for name in (notebook_name(module), module)]


def describe_line(cells: CellStarts, line: int, *, file: str = "") -> str:
    """Return where the author finds a line of a module: "cell 7, line 3", or "knn.py, line 3" outside of cells."""
    index = bisect_right(cells, line, key=lambda start: start[0]) - 1
    if index >= 0:
        first, place = cells[index]
        return f"{place if isinstance(place, str) else f'cell {place}'}, line {line - first + 1}"
    return f"{file}, line {line}" if file else f"line {line}"
