"""Before handing in, other files with written tasks and breakpoints are named."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from autograder.cli.app import main
from autograder.students.leftovers import forgotten
from autograder.submissions.submission import open_submission
from tests.support.course import NAME, STUB, WRITTEN, as_notebook, make_course


def sentences(folder: Path, files: dict[str, str | bytes]) -> list[str]:
    assignment = make_course(folder)
    for name, text in files.items():
        (assignment.folder / name).parent.mkdir(exist_ok=True)
        (assignment.folder / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return forgotten(assignment.folder, assignment, open_submission(assignment.folder, assignment))


def test_another_file_with_written_tasks_is_named_with_what_to_do(tmp_path: Path) -> None:
    (sentence,) = sentences(tmp_path, {"tiny.py": WRITTEN, "my homework.ipynb": as_notebook(WRITTEN)})
    assert sentence.startswith("my homework.ipynb, saved 20")
    assert sentence.endswith(
        "also contains written tasks (double, Scaler.up), but tiny.py is handed in. To hand them in, copy them into "
        "tiny.py; otherwise delete my homework.ipynb."
    )


@pytest.mark.parametrize(
    "files",
    [
        {"tiny-Copy1.ipynb": as_notebook(STUB)},  # nothing is written in it
        {"notes.py": "def triple(x):\n    return 3 * x\n"},  # no task
        {"broken.py": "def double(x:\n"},
    ],
)
def test_other_files_are_not_mentioned(files: dict[str, str | bytes], tmp_path: Path) -> None:
    assert sentences(tmp_path, {"tiny.py": WRITTEN, **files}) == []


def test_two_versions_say_when_each_was_saved_and_what_to_do(tmp_path: Path) -> None:
    other = as_notebook(WRITTEN.replace("x + x", "2 * x"))
    (sentence,) = sentences(tmp_path, {"tiny.py": WRITTEN, "tiny.ipynb": other})
    assert sentence.startswith("tiny.ipynb was saved 20")
    assert ", tiny.py 20" in sentence
    assert sentence.endswith("Delete the one that should not count, then run gradlab check again.")


def test_tasks_that_only_the_other_file_has_are_copied_before_it_is_deleted(tmp_path: Path) -> None:
    """Who wrote one task in each file must not lose one of them to the advice to delete a file."""
    half = STUB.replace("raise NotImplementedError()", "return x + x", 1)
    rest = WRITTEN.replace("return x + x", "raise NotImplementedError()")
    copy, delete = sentences(tmp_path, {"tiny.py": half, "tiny.ipynb": as_notebook(rest)})
    assert copy == "Only tiny.py has double: first copy this into tiny.ipynb."
    assert "Delete the one that should not count" in delete


def test_a_copy_that_is_graded_asks_for_no_other_file_to_be_deleted(tmp_path: Path) -> None:
    half = STUB.replace("raise NotImplementedError()", "return x + x", 1)
    files = {"tiny.py": STUB, "tiny.ipynb": as_notebook(half), "tiny-Copy1.ipynb": as_notebook(WRITTEN)}
    assert sentences(tmp_path, files) == []


@pytest.mark.parametrize("call", ["breakpoint()", "import pdb; pdb.set_trace()"])
def test_a_breakpoint_is_named_with_its_line(call: str, tmp_path: Path) -> None:
    stopped = WRITTEN.replace("return x + x", f"{call}\n    return x + x")
    (sentence,) = sentences(tmp_path / "script", {"tiny.py": stopped})
    assert sentence == "tiny.py, line 9: a breakpoint is left. Graded code ends there with an error. Remove it."
    (sentence,) = sentences(tmp_path / "notebook", {"tiny.ipynb": as_notebook(stopped)})
    assert sentence.startswith("tiny.ipynb, cell 2 from the top, line 3: a breakpoint is left.")


def test_submit_and_check_say_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sentences(tmp_path, {"tiny.py": WRITTEN.replace("return x + x", "return breakpoint() or x + x")})
    monkeypatch.chdir(tmp_path / "assignments")
    for command in (["submit", NAME, "--no-check"], ["check", NAME, "--task", "Scaler.up"]):
        assert "a breakpoint is left" in CliRunner().invoke(main, command, catch_exceptions=False).output
