"""In a notebook, messages of checks name the cell by its number in the kernel, and its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.core.assignment import read_assignment
from autograder.core.language import translator
from autograder.core.notebooks import describe_line
from autograder.students.kernel_code import as_written, executed_code, imported_sources
from tests.students.test_notebook_check import CHECK, MANIFEST, folder
from tests.support.kernels import run_cells

__all__ = ["folder"]  # the fixture


@pytest.mark.slow
def test_each_kind_of_message_names_the_cell(folder: Path) -> None:
    manifest = MANIFEST.replace("[[tasks]]", "[limits]\nseconds = 1\n\n[[tasks]]", 1)
    (folder / "assignment.toml").write_text(manifest)
    rule, error, late, printing, timed, stopped = run_cells(
        folder,
        [
            CHECK,
            "%%time\nimport math\n\n\ndef double(x):\n    y = math.fsum([x, x])\n    return int(y)",
            'check("first")',
            "def double(x):\n    return x / 0",
            'check("first")',
            "def double(x):\n    while True:\n        x += 1",
            'check("first")',
            "def double(x):\n    print('y' * 50_000)\n    return 2 * x",
            'check("first")',
            "%%time\n\ndef double(x):\n    return x / 0",
            'check("first")',
            "def double(x):\n    raise KeyboardInterrupt",  # as the button that interrupts the kernel
            'check("first")',
        ],
    )[2::2]
    assert "cell [2], line 6: `y = math.fsum([x, x])` - math.fsum is not allowed here" in rule
    assert "cell [4], line 2, in double: return x / 0" in error
    assert "stopped in cell [6], line" in late
    assert stopped == "Interrupted: Interrupted in cell [12], line 2. Nothing was checked."
    assert "cell [10], below %%time, line 2, in double" in timed
    assert "50 / 50 points" in printing
    assert "[A check shows 10,000 characters of what your code prints.]" in printing
    assert printing.count("y") < 10_100
    assert "Quadruple" not in printing  # a task of the other module


def test_the_number_of_a_cell_is_said_in_the_readers_language() -> None:
    code = executed_code(["", "a = 1"], "knn.py", {})
    line = 1 + code.files["knn.py"].split("\n").index("a = 1")
    chinese = translator("zh_CN")
    assert chinese(describe_line(code.cells["knn.py"], line)) == "单元格 [1]，第 1 行"
    assert chinese(describe_line((), 13, file="cell [7]")) == "单元格 [7]，第 13 行"


def test_lines_belong_to_cells_and_to_imported_files() -> None:
    code = executed_code(["", "a = 1\nb = 2", "%magic", "c = 3"], "knn.py", {"helper.py": "d = 4\ne = 5\n"})
    lines = code.files["knn.py"].split("\n")
    places = {text: describe_line(code.cells["knn.py"], number) for number, text in enumerate(lines, start=1) if text}
    assert places == {
        "a = 1": "cell [1], line 1",
        "b = 2": "cell [1], line 2",
        "c = 3": "cell [3], line 1",
        "d = 4": "helper.py, line 1",
        "e = 5": "helper.py, line 2",
    }
    assert code.files["cell [3]"] == "c = 3"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("x = 1", "x = 1\n"),
        ("%%time\nx = 1", "\nx = 1\n"),
        ("%%capture out\n%%time\n\nx = 1", "\n\n\nx = 1\n"),
        ("%%time\n\n%matplotlib inline\nx = 1", "\n\nget_ipython().run_line_magic('matplotlib', 'inline')\nx = 1\n"),
        ("%%bash\nls", "get_ipython().run_cell_magic('bash', '', 'ls\\n')\n"),
        ("x = (", "x = (\n"),
    ],
)
def test_a_timed_cell_is_read_as_it_was_written(cell: str, text: str) -> None:
    transform = pytest.importorskip("IPython.core.inputtransformer2").TransformerManager().transform_cell
    assert as_written(transform(cell)) == text


def test_only_the_assignments_own_files_are_imported_sources(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "second.py").write_text("def quadruple(x):\n    return 4 * x\n")
    monkeypatch.syspath_prepend(str(folder))
    from second import quadruple

    namespace = {"quadruple": quadruple, "dumps": __import__("json").dumps, "double": 5}
    found = imported_sources(namespace, ["quadruple", "dumps", "double", "missing"], read_assignment(folder))
    assert found == {"second.py": "def quadruple(x):\n    return 4 * x\n"}
