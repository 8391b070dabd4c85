"""Facts about notebooks that several rooms need: their file names, and the cell that a line of a module comes from."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence

from autograder.core.message import Message

_KERNEL_CELL = re.compile(r"cell (\[\d+\])")

# Messages count all cells from the top of a notebook, text cells too, since Jupyter shows no numbers of saved cells.
# (first line in the module, number of the cell or the name of another place), in rising order
CellStarts = Sequence[tuple[int, int | str]]


def module_name(file: str) -> str:
    """Return the name by which people and check files call a module: "nets/conv.py" is "conv"."""
    return base_name(file).removesuffix(".py")


def import_name(file: str) -> str:
    """Return the name under which a module is imported: "nets/conv.py" is "nets.conv"."""
    return file.removesuffix(".py").replace("/", ".")


def base_name(file: str) -> str:
    """Return the name of a file without its folders."""
    return file.rpartition("/")[2]


def notebook_name(module: str) -> str:
    """Return the name of a module's notebook: "knn.py" has "knn.ipynb".

    The notebook of "nets/conv.py" is "conv.ipynb", next to the package, so that it can import the package.
    """
    return f"{module_name(module)}.ipynb"


def accepted_names(modules: Iterable[str]) -> list[str]:
    """Return the file names that a hand-in may use for ``modules``: of each module its notebook, then its script."""
    return [name for module in modules for name in (notebook_name(module), module)]


def describe_line(cells: CellStarts, line: int, *, file: str = "") -> str:
    """Return where the author finds a line: "cell 7 from the top, line 3", or "knn.py, line 3" outside of cells."""
    index = _cell_of(cells, line)
    if index >= 0:
        first, place = cells[index]
        if isinstance(place, str):
            return Message("{file}, line {line}", file=_in_kernel(place), line=line - first + 1)
        return Message("cell {cell} from the top, line {line}", cell=place, line=line - first + 1)
    if not file:
        return Message("line {line}", line=line)
    return Message("{file}, line {line}", file=_in_kernel(file), line=line)


def _in_kernel(place: str) -> str:
    """Return "cell [7]", as a kernel's cells are called on their way to a check, so that it can be translated."""
    number = _KERNEL_CELL.fullmatch(place)
    return Message("cell {cell}", cell=number[1]) if number else place


def describe_cell(cells: CellStarts, line: int, *, file: str) -> str:
    """Return the cell that a line of a module comes from: "cell 7 from the top"; the file if it comes from none."""
    index = _cell_of(cells, line)
    if index < 0:
        return file
    place = cells[index][1]
    return place if isinstance(place, str) else Message("cell {cell} from the top", cell=place)


def _cell_of(cells: CellStarts, line: int) -> int:
    return bisect_right(cells, line, key=lambda start: start[0]) - 1
