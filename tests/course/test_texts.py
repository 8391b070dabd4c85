"""Prose of the course means in markdown what its authors wrote, in every language; labels of figures have glyphs."""

from __future__ import annotations

import ast
import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import jupytext
import matplotlib
import pytest
from matplotlib.ft2font import FT2Font

from autograder.authoring.catalogue import messages, read, single, translations
from autograder.core.docstrings import DOCUMENTED
from autograder.core.zips import make_zip

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted([*ROOT.glob("solutions/*/*.py"), *ROOT.glob("common/**/*.py")])
PERCENT = [path for path in SOURCES if "# %% [markdown]" in path.read_text(encoding="utf-8")]
PAGES = [*ROOT.glob("assignments/*/README.md"), ROOT / "docs" / "students.md"]
MARK = re.compile(r"\s*(?:[-+*]|\d+[.)]|#{1,6}|>) ")


def accidents(text: str) -> Iterator[str]:
    """Yield lines of a paragraph that markdown takes for an item of a list, a heading or a quotation.

    A list begins after a blank line, after a line that ends in a colon, or after another item.
    """
    text = re.sub(r"\$\$.*?\$\$", "", text, flags=re.DOTALL)  # formulas are taken out before markdown is read
    for block in re.split(r"\n\s*\n|^```.*?^```$", text, flags=re.DOTALL | re.MULTILINE):
        marked = False
        for before, line in zip(("", *block.split("\n")), block.split("\n"), strict=False):
            is_marked = bool(MARK.match(line))
            if is_marked and not marked and before.strip() and not before.rstrip().endswith((":", "-->")):
                yield line
            marked = marked or is_marked


def test_a_line_that_markdown_would_misread_is_found() -> None:
    assert list(accidents("one\n- two\n\n- a\n- b\n\nSteps:\n1. go\n\nof\n2018) by\n\n# Head\ntext")) == [
        "- two",
        "2018) by",
    ]


@pytest.mark.parametrize("path", [*PERCENT, *PAGES], ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_line_of_prose_becomes_a_list_by_accident(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        cells = jupytext.reads(text, fmt="py:percent").cells
        text = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    assert list(accidents(text)) == []


def test_no_translation_becomes_a_list_by_accident() -> None:
    wrong = [
        text
        for path in ROOT.glob("**/locale/zh_CN/LC_MESSAGES/*.po")
        if ".venv" not in path.parts
        for message in messages(read(path, "zh_CN"))
        for text in translations(message)
        if MARK.match(text) and not MARK.match(str(single(message.id)))
    ]
    assert wrong == []


def words_in_code(path: Path) -> Iterator[str]:
    """Yield the texts in a file's code: labels and titles of figures are among them."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    prose = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, DOCUMENTED) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.value


def test_every_label_of_a_figure_has_its_glyphs() -> None:
    font = FT2Font(str(Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")))
    known = {chr(code) for code in font.get_charmap()} | set(map(chr, range(32)))
    files = [path for path in SOURCES if not path.name.startswith(("check_", "oracles", "mutants", "variants"))]
    lost = {(path.name, text) for path in files for text in words_in_code(path) if not set(text) <= known}
    assert lost == set()


def test_names_in_zips_are_ascii_or_marked_as_utf8() -> None:
    with zipfile.ZipFile(io.BytesIO(make_zip({"knn.py": b"", "李雷.html": b""}))) as archive:
        flags = {entry.filename: entry.flag_bits & 0x800 for entry in archive.infolist()}
    assert flags == {"knn.py": 0, "李雷.html": 0x800}
    for path in ROOT.glob("locale/*/assignments/**/*"):
        assert path.name.isascii()
