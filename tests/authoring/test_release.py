"""Students' files are derived from the author's source; a source that would give something away is refused."""

from __future__ import annotations

import ast
import json
import os
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.authoring.release import BadSource, Release, release, stale, write
from autograder.core.assignment import read_assignment
from autograder.submissions.submission import open_submission
from tests.support.course import MANIFEST, NAME, README, SOURCE, WRITTEN, make_course


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return release(make_course(tmp_path_factory.mktemp("course")))


def content(released: Release, suffix: str) -> str:
    (text,) = (text for path, text in released.files.items() if path.suffix == suffix)
    return text.decode()


def cells(released: Release) -> dict[str, Any]:
    return {cell["id"]: cell for cell in json.loads(content(released, ".ipynb"))["cells"]}


def test_a_notebook_a_script_and_the_readme_are_released_next_to_the_manifest(released: Release) -> None:
    assert sorted(path.name for path in released.files) == ["README.md", "tiny.ipynb", "tiny.py"]
    assert {path.parent.name for path in released.files} == {NAME}


def test_no_solution_is_left_and_each_place_raises(released: Release) -> None:
    for text in (content(released, ".ipynb"), content(released, ".py")):
        for secret in ("SOLUTION", "fsum", "x * WIDTH", "x / WIDTH", "once is not enough"):
            assert secret not in text
        assert text.count("raise NotImplementedError()") == 3
    assert "return widened" in content(released, ".py")


def test_the_notebook_is_valid_for_nbformat_and_for_nbgrader(released: Release) -> None:
    from nbgrader.nbgraderformat import MetadataValidator

    notebook = nbformat.reads(content(released, ".ipynb"), as_version=4)
    nbformat.validate(notebook)
    MetadataValidator().validate_nb(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    assert all(
        cell.outputs == [] and cell.execution_count is None for cell in notebook.cells if cell.cell_type == "code"
    )


def test_cells_are_marked_for_nbgrader_by_their_role(released: Release) -> None:
    roles = {
        cell["metadata"]["nbgrader"]["grade_id"]: cell["metadata"]["nbgrader"]
        for cell in cells(released).values()
        if "nbgrader" in cell["metadata"]
    }
    assert {
        name: (role["solution"], role["grade"], role["locked"], role.get("points")) for name, role in roles.items()
    } == {
        "task-double": (True, False, False, None),
        "check-double": (False, True, True, 40),
        "task-Scaler-up-Scaler-down": (True, False, False, None),
        "check-Scaler-up": (False, True, True, 35),
        "check-Scaler-down": (False, True, True, 25),
        "question-tiny-q1": (False, False, True, None),
        "answer-tiny-q1": (True, True, False, 2),
    }
    assert all(role["checksum"] for role in roles.values())


def test_what_students_must_not_change_is_locked(released: Release) -> None:
    locked = {name for name, cell in cells(released).items() if cell["metadata"].get("editable") is False}
    assert locked == {"check-double", "check-Scaler-up", "check-Scaler-down", "question-tiny-q1"}
    assert cells(released)["task-double"]["metadata"]["deletable"] is False


def test_cell_ids_stay_when_another_cell_is_added(released: Release, tmp_path: Path) -> None:
    more = release(
        make_course(tmp_path, source=SOURCE.replace("# %%\nimport", "# %% [markdown]\n# New.\n\n# %%\nimport"))
    )
    assert set(cells(released)) < set(cells(more))
    assert "".join(cells(released)["check-double"]["source"]) == 'check("tiny", task="double")'


def test_equal_cells_have_different_ids(tmp_path: Path) -> None:
    twins = release(make_course(tmp_path, source=SOURCE + "\n# %% [markdown]\n# Rest.\n\n# %% [markdown]\n# Rest.\n"))
    names = [name for name in cells(twins) if name.startswith("text-")]
    assert names[-1] == names[-2] + "-2"


def test_the_script_imports_without_what_is_for_notebooks_only(released: Release) -> None:
    text = content(released, ".py")
    body = ast.parse(text).body
    assert [type(node).__name__ for node in body] == ["Import", "Assign", "FunctionDef", "ClassDef"]
    assert "nbgrader" not in text
    assert text.startswith("# %% [markdown]\n# # Tiny\n")
    assert '# %% tags=["active-ipynb"] grade="double"\n# check("tiny", task="double")\n' in text


def test_the_notebook_and_the_script_are_the_same_module(released: Release, tmp_path: Path) -> None:
    assignment = make_course(tmp_path)
    for path, data in released.files.items():
        folder = tmp_path / path.suffix.strip(".")  # the README is not opened
        folder.mkdir()
        (folder / path.name).write_bytes(data)
    notebook, script = (open_submission(tmp_path / kind, assignment).files["tiny.py"] for kind in ("ipynb", "py"))
    assert statements(notebook) == statements(script)


def statements(source: str) -> list[str]:
    """Return what a module executes. A cell without effect may be read as `pass`."""
    return [ast.dump(node) for node in ast.parse(source).body if not isinstance(node, ast.Pass)]


def test_releasing_twice_gives_the_same_bytes(released: Release, tmp_path: Path) -> None:
    again = release(make_course(tmp_path))
    assert [*again.files.values()] == [*released.files.values()]


def test_stale_and_missing_files_are_named_and_written_whole(tmp_path: Path) -> None:
    fresh = release(make_course(tmp_path))
    assert [sentence.partition(" ")[2] for sentence in stale(fresh)] == [
        f"is missing; run `gradlab release {NAME}`.",
        f"is missing; run `gradlab release {NAME}`.",
        f"is stale; run `gradlab release {NAME}`.",
    ]
    write(fresh)
    assert stale(fresh) == []
    path = next(iter(fresh.files))
    path.write_text(WRITTEN)
    assert stale(fresh) == [f"{path} is stale; run `gradlab release {NAME}`."]
    write(fresh)
    assert stale(fresh) == []
    assert not [name for name in os.listdir(path.parent) if name.startswith(".")]
    assert path.stat().st_mode & 0o777 == 0o644


def changed(old: str, new: str, source: str = SOURCE) -> str:
    assert old in source
    return source.replace(old, new, 1)


def unsolved(body: str, by: str) -> str:
    """The source with a solution region replaced."""
    indent = " " * (len(body) - len(body.lstrip()))
    return changed(f"{indent}### BEGIN SOLUTION\n{body}\n{indent}### END SOLUTION", indent + by)


Q = '# %% [markdown] question="tiny-q1"'
DOUBLE = '# %% task="double"'
FSUM = "    return math.fsum([x, x])"

BAD = {
    "begin without end": (changed("    ### END SOLUTION\n", ""), ":17: BEGIN SOLUTION has no"),
    "end without begin": (changed("    ### BEGIN SOLUTION\n", ""), ":18: END SOLUTION has no"),
    "begin twice": (changed(FSUM, "    ### BEGIN SOLUTION\n" + FSUM), ":17: BEGIN SOLUTION has no"),
    "task without a header": (changed(DOUBLE, "# %%"), ":15: a solution is in a cell without task="),
    "unknown task": (changed(DOUBLE, '# %% task="triple"'), ":14: task='triple' is not in assignment.toml"),
    "task missing": (changed("Scaler.up Scaler.down", "Scaler.up"), ":1: no cell has task='Scaler.down'"),
    "task twice": (changed("Scaler.up Scaler.down", "Scaler.up double"), ":22: two cells have task='double'"),
    "a grade cell": (
        SOURCE + '\n# %% tags=["active-ipynb"] grade="double"\n# check("tiny", task="double")\n',
        "`gradlab release` adds the cells that grade a task. Delete this one.",
    ),
    "unknown marker": (
        changed("Write two things.", "<!-- task -->"),
        ":4: unknown marker <!-- task -->. Allowed here: ",
    ),
    "no parts": (changed("Write two things.", "<!-- parts -->"), "unknown marker <!-- parts -->"),
    "marker of another module": (
        changed("Write two things.", "<!-- points more.py -->"),
        "names a module that `files` does not list: tiny.py.",
    ),
    "question missing": (changed(Q, "# %% [markdown]"), "no cell has question='tiny-q1'"),
    "answer unknown": (changed('answer="tiny-q1"', 'answer="tiny-q9"'), "answer='tiny-q9' is not in assignment.toml"),
    "question of code": (changed(Q, Q.replace(" [markdown]", "")), "a question cell must be a markdown cell, not code"),
    "no answer": (SOURCE[: SOURCE.index("# ### BEGIN SOLUTION")] + "# Because.\n", "has no solution between"),
    "task without a solution": (unsolved(FSUM, "return 2 * x"), ":14: task='double' has no solution between"),
    "method without a solution": (
        unsolved("        return x / WIDTH", "return 1"),
        ":22: 'Scaler.down' does not raise",
    ),
    "earns points as it is": (
        changed("    ### BEGIN", "    return 2 * x\n    ### BEGIN"),
        ":14: 'double' does not raise",
    ),
    "another function": (changed("def double", "def twice"), ":14: the cell of 'double' does not define double"),
    "unreadable": (
        changed("return widened", "))", changed("= x *", "= ((x *")),
        "without its solutions the file is not valid Python",
    ),
}


@pytest.mark.parametrize("story", BAD)
def test_a_wrong_source_is_refused_with_file_and_line(story: str, tmp_path: Path) -> None:
    source, reason = BAD[story]
    with pytest.raises(BadSource) as caught:
        release(make_course(tmp_path, source=source))
    assert "solutions/t01_tiny/tiny.py:" in str(caught.value)
    assert reason in str(caught.value)
    assert str(caught.value).endswith(".")


LONG = "widened_by_a_long_name = [x * WIDTH for _ in range(3)]"

LEAKS = {
    "marker in the handout": ("README.md", README + "### BEGIN SOLUTION\n", ": the marker"),
    "marker in a check": ("check_tiny.py", "#\n# END HIDDEN TESTS\n", "check_tiny.py:2: the marker"),
    "solution in a check": ("check_tiny.py", f"\n    {LONG}\n", "check_tiny.py:2: students would"),
    "solution in another file": ("data/hints.md", f"use `{LONG}`", "hints.md:1: students would"),
    "answer in the handout": ("README.md", README + "Because once is not enough for anybody here.", ": students would"),
}


@pytest.mark.parametrize("story", LEAKS)
def test_a_solution_among_students_files_is_refused(story: str, tmp_path: Path) -> None:
    name, text, reason = LEAKS[story]
    source = changed("widened = x * WIDTH", f"widened = x * WIDTH\n        {LONG}")
    assignment = make_course(tmp_path, source=source)
    release(assignment)
    (assignment.folder / name).parent.mkdir(exist_ok=True)
    (assignment.folder / name).write_text(text)
    with pytest.raises(BadSource) as caught:
        release(assignment)
    assert reason in str(caught.value)


def test_a_solution_repeated_in_a_cell_that_students_see_is_refused(tmp_path: Path) -> None:
    secret = "return math.fsum([x, x, 0.0 * x, 0.0 * x, 0.0 * x])"
    source = SOURCE.replace("return math.fsum([x, x])", secret)
    release(make_course(tmp_path / "good", source=source))
    with pytest.raises(BadSource, match=r"tiny.py:\d+: students would read a line of the solution at .*tiny.py:\d+\."):
        release(make_course(tmp_path / "bad", source=source.replace("# Write two things.", f"# Write `{secret}`.")))


def test_a_missing_or_unreadable_source_is_refused(tmp_path: Path) -> None:
    assignment = make_course(tmp_path)
    (assignment.solutions / "tiny.py").write_bytes(b"\xff")
    with pytest.raises(BadSource, match=r"tiny\.py, line \d+: this is not UTF-8. Save the file as UTF-8."):
        release(assignment)
    (assignment.solutions / "tiny.py").unlink()
    with pytest.raises(BadSource, match=r"tiny\.py does not exist"):
        release(assignment)


def test_a_module_of_two_belongs_to_its_own_tasks(tmp_path: Path) -> None:
    make_course(tmp_path)
    folder = tmp_path / "assignments" / NAME
    manifest = MANIFEST.replace('files = ["tiny.py"]', 'files = ["tiny.py", "more.py"]')
    (folder / "assignment.toml").write_text(
        manifest + '\n[[tasks]]\nname = "g"\ntitle = "G"\npoints = 1\nfile = "more.py"\n'
    )
    more = '# %% task="g"\ndef g():\n    ### BEGIN SOLUTION\n    return 1\n    ### END SOLUTION\n'
    (tmp_path / "solutions" / NAME / "more.py").write_text(more)
    assert sorted(path.name for path in release(read_assignment(folder)).files) == [
        "README.md",
        "more.ipynb",
        "more.py",
        "tiny.ipynb",
        "tiny.py",
    ]
