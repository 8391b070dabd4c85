"""`check(...)` in a real kernel: other notebooks, what is saved and what ran, missing names, wrong arguments."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence
from pathlib import Path

import nbformat
import pytest

from autograder.core.assignment import read_assignment
from autograder.students.saved_notebook import Executed, notes_on_saved
from tests.support.kernels import run_cells as run

pytestmark = pytest.mark.slow

MANIFEST = """
title = "Two modules"
version = "1.0"
files = ["first.py", "second.py"]
imports = ["torch"]

[[tasks]]
name = "double"
title = "Double"
file = "first.py"
points = 50

[[tasks]]
name = "quadruple"
title = "Quadruple"
file = "second.py"
points = 50
"""

CHECK_FIRST = '''
from autograder import expect_equal, forbid, task


@task("double")
def check_double(student):
    """Doubling a number."""
    forbid(student, "double", calls=["math.fsum"])
    expect_equal(student.double(3), 6)
'''

CHECK_SECOND = '''
from autograder import expect_equal, task


@task("quadruple")
def check_quadruple(student):
    """Doubling a number twice."""
    expect_equal(student.quadruple(3), 12)
'''

STUB_FIRST = "def double(x):\n    raise NotImplementedError()\n"
STUB_SECOND = "from first import double\n\n\ndef quadruple(x):\n    raise NotImplementedError()\n"
DOUBLE = "def double(x):\n    return 2 * x"
QUADRUPLE = "def quadruple(x):\n    return double(double(x))"
CHECK = "from autograder import check"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A student's folder with the stubs of two modules."""
    home = tmp_path / "t01_two"
    home.mkdir()
    files = {"assignment.toml": MANIFEST, "check_first.py": CHECK_FIRST, "check_second.py": CHECK_SECOND}
    for name, text in {**files, "first.py": STUB_FIRST, "second.py": STUB_SECOND}.items():
        (home / name).write_text(text)
    return home


def save(path: Path, cells: Sequence[str]) -> None:
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells]), path)


def test_another_notebook_is_imported_where_its_script_is_not_written(folder: Path) -> None:
    save(folder / "first.ipynb", [CHECK, DOUBLE, "double(undefined)"])
    shown = run(folder, [CHECK, "from first import double", QUADRUPLE, 'check("second")'])
    assert "50 / 50 points" in shown[-1]


def test_a_written_script_is_imported_as_usual(folder: Path) -> None:
    save(folder / "first.ipynb", [CHECK, STUB_FIRST])
    (folder / "first.py").write_text(f"{DOUBLE}\n")
    shown = run(folder, [CHECK, "import first\nprint(first.__file__)", "from first import double", QUADRUPLE])
    assert shown[1].strip().endswith("first.py")
    assert "Error" not in "".join(shown)


def test_a_notebook_that_was_saved_again_after_its_import_is_named(folder: Path) -> None:
    save(folder / "first.ipynb", [DOUBLE])
    later = "import os, time\nos.utime('first.ipynb', (time.time() + 60,) * 2)"
    shown = run(folder, [CHECK, "from first import double", QUADRUPLE, later, 'check("second")'])
    assert "first.ipynb was saved again after it was imported here. Restart the kernel" in shown[-1]


def test_a_helper_whose_cell_is_gone_is_named(folder: Path) -> None:
    save(folder / "first.ipynb", [CHECK, "def double(x):\n    return twice(x)"])
    _saved_later(folder / "first.ipynb")
    cells = [CHECK, "def twice(x):\n    return 2 * x", "def double(x):\n    return twice(x)", 'check("first")']
    shown = run(folder, cells)
    assert "50 / 50 points" in shown[-1]
    assert re.search(
        r"first.ipynb, cell 2 from the top, line 2, saved at .* uses twice, but no cell defines it: it only", shown[-1]
    )


@pytest.mark.parametrize("made", ["%run helpers.py", 'exec("def twice(x):\\n    return 2 * x")', "twice = !echo 6"])
def test_a_helper_that_only_a_magic_or_exec_makes_is_named(made: str, folder: Path) -> None:
    (folder / "helpers.py").write_text("def twice(x):\n    return 2 * x\n")
    cells = [CHECK, made, "def double(x):\n    return twice(x) if callable(twice) else int(twice[0])"]
    save(folder / "first.ipynb", cells)
    shown = run(folder, [*cells, 'check("first")'])
    assert "50 / 50 points" in shown[-1]
    assert re.search(r"cell 3 from the top, line 2, saved at .* uses twice, which is missing when it is gr", shown[-1])


def test_what_code_defines_by_another_way_is_not_called_missing(folder: Path) -> None:
    made = 'globals()["twice"] = lambda x: 2 * x'
    cells = [CHECK, made, "def double(x):\n    display(x)\n    return twice(x)"]
    save(folder / "first.ipynb", cells)
    shown = run(folder, [*cells, 'check("first")'])
    assert "50 / 50 points" in shown[-1]
    assert "missing when" not in shown[-1]


def test_a_module_in_a_folder_that_the_code_adds_to_the_path_is_allowed(folder: Path) -> None:
    """gradlab submit adds it to the zip."""
    (folder / "lib").mkdir()
    (folder / "lib" / "tool.py").write_text("def twice(x):\n    return 2 * x\n")
    cells = [CHECK, 'import sys\nsys.path.insert(0, "lib")\nfrom tool import twice']
    cells += ["def double(x):\n    return twice(x)"]
    save(folder / "first.ipynb", cells)
    shown = run(folder, [*cells, 'check("first")'])
    assert "50 / 50 points" in shown[-1]
    assert "does not run" not in shown[-1]


def test_a_notebook_that_is_not_saved_yet_is_not_mentioned(folder: Path) -> None:
    save(folder / "first.ipynb", [CHECK, STUB_FIRST])
    os.utime(folder / "first.ipynb", (time.time() - 3600,) * 2)
    shown = run(folder, [CHECK, DOUBLE, 'check("first")'])
    assert "50 / 50 points" in shown[-1]
    assert "first.ipynb" not in shown[-1]


def test_a_cell_that_was_changed_but_not_run_is_named(folder: Path) -> None:
    save(folder / "first.ipynb", [CHECK, "def double(x):\n    return x + x"])
    _saved_later(folder / "first.ipynb")
    shown = run(folder, [CHECK, DOUBLE, 'check("first")'])
    assert "cell 2 from the top: double was changed and saved at" in shown[-1]


@pytest.mark.parametrize("part", ["double.__test__ = False", 'setattr(double, "name", "d")'])
def test_a_function_with_an_attribute_is_not_called_changed(folder: Path, part: str) -> None:
    cell = f"{DOUBLE}\n\n\n{part}"
    save(folder / "first.ipynb", [CHECK, cell])
    _saved_later(folder / "first.ipynb")
    assignment = read_assignment(folder)
    assert notes_on_saved(folder / "first.ipynb", "first", [Executed(cell, 0.0)], {}, assignment) == []
    other = Executed(f"def double(x):\n    return x + x\n\n\n{part}", 0.0)
    (note,) = notes_on_saved(folder / "first.ipynb", "first", [other], {}, assignment)
    assert "cell 2 from the top: double was changed and saved at" in note


def test_a_statement_that_does_not_run_when_it_is_graded_is_named(folder: Path) -> None:
    task = "def double(x):\n    return factor * x"
    save(folder / "first.ipynb", [CHECK, "factor = numbers[0]", task])
    shown = run(folder, [CHECK, "numbers = [2]", "factor = numbers[0]", task, 'check("first")'])
    assert "50 / 50 points" in shown[-1]
    assert (
        "cell 2 from the top, line 1 does not run when it is graded: NameError: name 'numbers' is not defined"
        in shown[-1]
    )


def test_what_a_notebook_may_import_does_run_when_it_is_graded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The course's shared packages, the modules of earlier assignments and the student's own."""
    folder = tmp_path / "assignments" / "t02_later"
    folder.mkdir(parents=True)
    (tmp_path / "course.toml").write_text('title = "T"\nid = "t"\nshared = ["t_shared"]\n')
    (tmp_path / "t_shared").mkdir()
    (tmp_path / "t_shared" / "__init__.py").write_text("THREE = 3\n")
    (folder / "assignment.toml").write_text(
        'title = "L"\nversion = "1.0"\nfiles = ["later.py"]\nimports = []\n'
        '[[tasks]]\nname = "double"\ntitle = "D"\npoints = 1\n'
    )
    (folder / "my_tools.py").write_text("FOUR = 4\n")
    save(
        folder / "later.ipynb",
        ["import t_shared\nimport my_tools\nimport msgspec\n", f"{DOUBLE} + msgspec + my_tools + t_shared"],
    )
    for place in (tmp_path, folder):
        monkeypatch.syspath_prepend(str(place))
    [note] = notes_on_saved(folder / "later.ipynb", "later", [], {}, read_assignment(folder))
    assert "cell 1 from the top, line 3" in note
    assert "msgspec is not a package that this assignment allows. Allowed, besides Python's own: t_shared." in note


def test_rules_judge_code_that_a_notebook_imports(folder: Path) -> None:
    (folder / "first.py").write_text("import math\n\n\ndef double(x):\n    return int(math.fsum([x, x]))\n")
    shown = run(folder, [CHECK, "from first import *", 'check("first")'])
    assert "0 / 50 points" in shown[-1]
    assert "math.fsum is not allowed here" in shown[-1]


def test_a_name_whose_cell_did_not_run_or_that_another_cell_reused(folder: Path) -> None:
    shown = run(folder, [CHECK, 'check("first")', DOUBLE, "double = 5", 'check("first")'])
    assert "double is not defined in this notebook. Run its cell, then this one." in shown[1]
    assert "double is not the function or class of the task: another cell gave this name to 5." in shown[4]


def test_wrong_arguments_get_a_sentence(folder: Path) -> None:
    sentences = {
        "check()": 'check takes the name of a module as text, for example check("knn")',
        "check(double)": "check takes the name of a module as text",
        'check("third")': 't01_two has no module \'third\'. Use check("first") or check("second").',
        'check("first", task="treble")': "treble",
        'check("first", device="tpu")': "There is no device 'tpu': use cpu, cuda or auto.",
        'check("first", data="faces")': "faces",
    }
    shown = run(folder, [CHECK, DOUBLE, *sentences])[2:]
    for text, sentence in zip(shown, sentences.values(), strict=True):
        assert text.startswith("Nothing was checked.")
        assert sentence in text


@pytest.mark.parametrize("leave", ["exit()", "quit()", "import sys; sys.exit()"])
def test_a_task_that_ends_python_gets_a_sentence_and_the_kernel_lives(leave: str, folder: Path) -> None:
    cells = [CHECK, f"def double(x):\n    {leave}", 'check("first")', "print(exit, 2 + 3)"]
    *_, checked, after = run(folder, cells)
    assert "SystemExit" in checked
    assert "To leave a function, use return." in checked
    assert "ExitAutocall" in after
    assert after.rstrip().endswith(" 5")


def test_an_environment_variable_that_grading_leaves_out_is_named(folder: Path) -> None:
    cells = [CHECK, 'import os\nos.environ["DEPTH"] = "1"', "def double(x):\n    return 2 * x", 'check("first")']
    save(folder / "first.ipynb", cells)
    checked = run(folder, cells)[-1]
    assert "cell 2 from the top, line 2: grading leaves out this statement, which sets an environment" in checked


def _saved_later(notebook: Path) -> None:
    """Date a notebook's saving after the run of its cells in a test."""
    os.utime(notebook, (time.time() + 3600,) * 2)
