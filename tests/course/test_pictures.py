"""Pictures of the notebooks can be read by those who do not see them, and each notebook says what to read next."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "assignments").glob("*/*.ipynb"))


def calls(notebook: nbformat.NotebookNode) -> Iterator[ast.Call]:
    """The calls in all cells of code."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            with contextlib.suppress(SyntaxError):  # a magic
                yield from (node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Call))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_pictures_have_words(path: Path) -> None:
    silent = []
    for call in calls(nbformat.read(path, as_version=4)):
        named = {keyword.arg for keyword in call.keywords}
        name = ast.unparse(call.func)
        if name == "image_grid" and len(call.args) < 2 and not named & {"titles", "alt"}:
            silent.append(ast.unparse(call))
        if name == "plt.show" or (name.endswith(".to_jshtml") and "alt=" not in path.read_text(encoding="utf-8")):
            silent.append(ast.unparse(call))
    assert not silent


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_notebook_says_what_to_read_next(path: Path) -> None:
    prose = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown"]
    assert any("**Where to look next.**" in text for text in prose[-3:])
