"""The source of a small nbgrader course: solutions, tests, hidden tests, and cells that people grade."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SQUARES = '''def squares(n):
    """Compute the squares of 1 to n."""
    ### BEGIN SOLUTION
    if n < 1:
        raise ValueError("n must be at least 1")
    return [i ** 2 for i in range(1, n + 1)]
    ### END SOLUTION'''

TESTS = """from nose.tools import assert_equal
assert_equal(squares(1), [1])
assert squares(3) == [1, 4, 9]
### BEGIN HIDDEN TESTS
total = sum(squares(10))
assert total == 385
### END HIDDEN TESTS"""

ERRORS = """try:
    squares(0)
except ValueError:
    pass
else:
    raise AssertionError("did not raise")"""

MEAN = "mean_square = sum(squares(10)) / 10"


def cell(kind: str, source: str, points: float | None = None, **marks: Any) -> dict[str, Any]:
    """Return a cell with nbgrader's metadata."""
    flags = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3} | marks
    metadata = {"nbgrader": flags | ({} if points is None else {"points": points})} if marks else {}
    extra = {"outputs": [], "execution_count": None} if kind == "code" else {}
    return {"cell_type": kind, "metadata": metadata, "source": source, **extra}


CELLS = [
    cell("markdown", "# Problem 1\n\nWrite a function."),
    cell("code", "%matplotlib inline\nimport numpy as np"),
    cell("code", "import math"),
    cell("code", SQUARES, solution=True, grade_id="squares"),
    cell("code", TESTS, 4, grade=True, locked=True, grade_id="correct-squares"),
    cell("code", ERRORS, 1, grade=True, locked=True, grade_id="squares-invalid"),
    cell("code", MEAN, solution=True, grade_id="mean"),
    cell("code", "assert abs(mean_square - 38.5) < 1e-8\nassert mean_square == sum(squares(10)) / 10", 1.5,
         grade=True, grade_id="mean-test"),
    cell("markdown", "Why do squares grow faster than numbers?"),
    cell("markdown", "Because the steps grow.", 2, grade=True, solution=True, grade_id="why"),
    cell("markdown", "Plot the squares."),
    cell("code", "### BEGIN SOLUTION\nprint(1)\n### END SOLUTION", 3, grade=True, solution=True, grade_id="plot"),
    cell("code", "squares(4)"),
    cell("code", "assert squares(", 1, grade=True, grade_id="broken"),
    cell("code", "for i in"),
]  # fmt: skip


QUESTION = [
    cell("markdown", "---\n## Part A\n\nWhat is a square?"),
    cell("markdown", "A number times itself.", 1, grade=True, solution=True, grade_id="part-a"),
]


def write_course(root: Path) -> Path:
    """Write the course and return its folder."""
    folder = root / "course" / "source" / "ps1"
    folder.mkdir(parents=True)
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": CELLS}
    (folder / "problem1.ipynb").write_text(json.dumps(notebook))
    (folder / "problem2.ipynb").write_text(json.dumps(notebook | {"cells": QUESTION}))
    (folder.parent / "header.ipynb").write_text(json.dumps(notebook | {"cells": CELLS[:1]}))
    return root / "course"
