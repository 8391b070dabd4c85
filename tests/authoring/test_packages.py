"""A module in a package: `files = ["nets/conv.py"]`. Its notebook is next to the package, and imports it."""

from __future__ import annotations

import json
import shutil
from contextlib import chdir
from pathlib import Path

import pytest

from autograder.authoring.nbgrader_course import export_course
from autograder.core.assignment import Assignment, BadManifest, read_assignment
from autograder.submissions.submission import open_submission
from tests.support.command import run_command
from tests.support.course import CHECKS, MANIFEST, NAME, README, SOURCE, as_notebook

FILES = 'files = ["nets/tiny.py", "nets/wide.py"]'
MANY = MANIFEST.replace('files = ["tiny.py"]', FILES).replace('title = "Scale down"', 'title = "Down"')
WIDE = '''\
# %% [markdown]
# # Wide
#
# This notebook has no task of its own: it uses what the other one defines.

# %%
from nets.tiny import double


def quadruple(x: float) -> float:
    """Four times x."""
    return double(double(x))
'''


@pytest.fixture
def assignment(tmp_path: Path) -> Assignment:
    """An assignment with two modules in a package, released."""
    public, private = tmp_path / "own" / "assignments" / NAME, tmp_path / "own" / "solutions" / NAME
    for folder in (public, private / "nets"):
        folder.mkdir(parents=True)
    (public / "assignment.toml").write_text(MANY)
    (public / "README.md").write_text(README)
    (public / "check_tiny.py").write_text(CHECKS.replace('@task("double")', '@task("double", share=75)'))
    (private / "check_tiny_hidden.py").write_text(HIDDEN)
    (private / "nets" / "tiny.py").write_text(SOURCE)
    (private / "nets" / "wide.py").write_text(WIDE)
    (private / "mutants.py").write_text(MUTANTS)
    with chdir(tmp_path / "own"):
        done = run_command("release")
    assert done.exit_code == 0, done.output
    return read_assignment(public)


HIDDEN = '''\
"""Hidden checks of tiny."""

from autograder import expect_equal, task


@task("double", share=25)
def check_like_the_reference(student, reference):
    """The function agrees with the reference."""
    expect_equal(student.double(1.5), reference.double(1.5))
'''
MUTANTS = """\
from autograder.authoring.mutants import Mutant

MUTANTS = [
    Mutant("triples", file="nets/tiny.py", replace="[x, x]", by="[x, x, x]", noticed_by="check_double"),
    Mutant(
        "rounds", file="nets/tiny.py", replace="[x, x]", by="[x, x // 1]", noticed_by="check_like_the_reference"
    ),
    Mutant("squares", file="nets/tiny.py", replace="x * WIDTH", by="x * x", noticed_by="check_up"),
    Mutant("multiplies", file="nets/tiny.py", replace="x / WIDTH", by="x * WIDTH", noticed_by="check_down"),
]
"""


def solve(assignment: Assignment, folder: Path) -> Path:
    shutil.copytree(assignment.folder, folder)
    shutil.copytree(assignment.solutions / "nets", folder / "nets", dirs_exist_ok=True)
    return folder


def test_the_script_is_in_the_package_and_the_notebook_next_to_it(assignment: Assignment) -> None:
    released = {path.relative_to(assignment.folder).as_posix() for path in assignment.folder.rglob("*.*")}
    assert {"nets/tiny.py", "nets/wide.py", "tiny.ipynb", "wide.ipynb"} <= released
    assert 'check(\\"tiny\\", task=\\"double\\")' in (assignment.folder / "tiny.ipynb").read_text()


def test_verify_holds(assignment: Assignment) -> None:
    with chdir(assignment.folder):
        done = run_command("verify", NAME, "--seeds", "1", "--part", "reference", "--part", "mistakes", "--no-notebook")
    assert done.exit_code == 0, done.output


def test_a_student_checks_and_submits(assignment: Assignment, tmp_path: Path) -> None:
    copy = solve(assignment, tmp_path / "mine" / NAME)
    with chdir(copy):
        checked = run_command("check")
        assert "All 3 checks here passed" in checked.output
        assert run_command("submit", "--no-check").exit_code == 0
    (path,) = copy.parent.glob("*.zip")
    submission = open_submission(path, assignment)
    assert {"nets/tiny.py", "nets/wide.py"} <= submission.files.keys()
    assert "fsum" in submission.files["nets/tiny.py"]


def test_a_written_notebook_counts_and_an_unwritten_script_in_the_package_does_not(
    assignment: Assignment, tmp_path: Path
) -> None:
    copy = tmp_path / "mine" / NAME
    shutil.copytree(assignment.folder, copy)
    (copy / "tiny.ipynb").write_bytes(as_notebook(SOURCE.split("# %% [markdown] question")[0]))
    submission = open_submission(copy, assignment)
    assert "fsum" in submission.files["nets/tiny.py"]
    assert submission.code.cells.keys() >= {"nets/tiny.py"}


def test_a_script_alone_is_recognised_by_its_name(assignment: Assignment, tmp_path: Path) -> None:
    shutil.copy(assignment.solutions / "nets" / "tiny.py", tmp_path / "tiny.py")
    assert "fsum" in open_submission(tmp_path / "tiny.py", assignment).files["nets/tiny.py"]


def test_own_modules_of_the_package_are_taken_along_and_replace_no_graded_file(
    assignment: Assignment, tmp_path: Path
) -> None:
    copy = solve(assignment, tmp_path / "mine")
    source = (copy / "nets" / "tiny.py").read_text()
    (copy / "nets" / "tiny.py").write_text(source.replace("import math", "import math\nfrom nets.mine import two"))
    (copy / "nets" / "mine.py").write_text("two = 2\n")
    submission = open_submission(copy, assignment)
    assert {"nets/mine.py", "nets/tiny.py"} <= submission.files.keys()
    assert "fsum" in submission.files["nets/tiny.py"]


def test_nbgraders_course_has_the_notebooks_and_the_module_that_one_of_them_imports(
    assignment: Assignment, tmp_path: Path
) -> None:
    export_course([assignment], tmp_path / "course")
    source = tmp_path / "course" / "source" / NAME
    assert json.loads((source / "wide.ipynb").read_text())["nbformat"] == 4
    assert (source / "nets" / "tiny.py").is_file()


def test_two_modules_of_one_name_are_refused(assignment: Assignment) -> None:
    manifest = assignment.folder / "assignment.toml"
    manifest.write_text(manifest.read_text().replace('"nets/wide.py"', '"tiny.py"'))
    with pytest.raises(BadManifest, match=r"two of `files` are called tiny\.py"):
        read_assignment(assignment.folder)
