"""Each released edition is the English one in other words: the same cells and code, and nothing written."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from autograder.core.assignment import read_assignment
from autograder.core.docstrings import drop_docstrings
from autograder.core.editions import editions_of, language_of
from autograder.submissions.submission import open_submission

ROOT = Path(__file__).resolve().parents[2]
EDITIONS = sorted(path for path in ROOT.glob("locale/*/assignments/*") if path.is_dir())
pytestmark = pytest.mark.parametrize("edition", EDITIONS, ids=lambda path: f"{path.parents[1].name}-{path.name}")


def english(edition: Path) -> Path:
    return ROOT / "assignments" / edition.name


def code_of(path: Path) -> str:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    drop_docstrings(ast.walk(tree))
    return ast.dump(tree)


def cells_of(path: Path) -> list[tuple[str, str, Any]]:
    cells = json.loads(path.read_bytes())["cells"]
    for cell in cells:
        cell["metadata"].get("nbgrader", {}).pop("checksum", None)
    return [(cell["id"], cell["cell_type"], cell["metadata"]) for cell in cells]


def test_an_edition_has_the_same_files_cells_and_code(edition: Path) -> None:
    language = edition.parents[1].name
    assert language in editions_of(english(edition))
    assert language_of(json.loads(next(edition.glob("*.ipynb")).read_bytes())) == language
    for path in edition.iterdir():
        original = english(edition) / path.name
        if path.suffix == ".py":
            assert code_of(path) == code_of(original)
        elif path.suffix == ".ipynb":
            assert cells_of(path) == cells_of(original)
    assert {path.name for path in edition.iterdir()} <= {path.name for path in english(edition).iterdir()}


def test_an_untouched_edition_is_read_like_the_english_one(edition: Path) -> None:
    assignment = read_assignment(english(edition))
    theirs, ours = open_submission(edition, assignment), open_submission(assignment.folder, assignment)
    assert theirs.remarks == ours.remarks
    assert [str(note) for note in theirs.notes] == [str(note) for note in ours.notes]
    assert any(str(note).startswith("Nothing is written") for note in theirs.notes)
