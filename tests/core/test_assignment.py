"""A manifest is read, or refused with the entry that is wrong and the remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.core.assignment import BadManifest, read_assignment

TASK = '[[tasks]]\nname = "f"\ntitle = "F"\npoints = 100\n'
HEAD = 'title = "T"\nversion = "1"\nfiles = ["t.py"]\n'

BAD_MANIFESTS = {
    "not TOML": ("title = ", "is not valid TOML"),
    "not text": (b"title = '\xff'", "is not valid TOML"),
    "no title": (HEAD.replace('title = "T"\n', "") + TASK, "'title' is missing"),
    "no tasks": (HEAD, "'tasks' is missing"),
    "a title that is a number": (HEAD.replace('"T"', "3") + TASK, "'title' must be of type str, not 3"),
    "no files": (HEAD.replace('["t.py"]', "[]") + TASK, "`files` must name at least one module"),
    "a file that is a number": (HEAD.replace('["t.py"]', "[1]") + TASK, "`files` must name modules"),
    "a file that is a path": (HEAD.replace("t.py", "sub/t.py") + TASK, "`files` must name modules"),
    "a file that is no module": (HEAD.replace("t.py", "t.ipynb") + TASK, "`files` must name modules"),
    "one task instead of a list": (HEAD + TASK.replace("[[tasks]]", "[tasks]"), "'tasks' must be of type list"),
    "a task that is a word": ('tasks = ["f"]\n' + HEAD, "each of `tasks` must be a table"),
    "a question that is a word": ('questions = ["f"]\n' + HEAD + TASK, "each of `questions` must be a table"),
    "questions that are a word": ('questions = "f"\n' + HEAD + TASK, "'questions' must be of type list"),
    "a task without points": (HEAD + TASK.replace("points = 100\n", ""), "'points' is missing in the entry 'f'"),
    "half points": (HEAD + TASK.replace("100", "99.5"), "'points' must be of type int, not 99.5 in the entry 'f'"),
    "true points": (HEAD + TASK.replace("100", "true"), "'points' must be of type int, not True"),
    "no points": (HEAD + TASK.replace("100", "0"), "promises 0 points; it needs at least 1"),
    "a name twice": (HEAD + TASK + TASK, "the task 'f' stands there 2 times"),
    "another file": (HEAD + TASK + 'file = "u.py"\n', "task 'f' is in 'u.py', which `files` does not list: t.py"),
    "an unknown limit": (HEAD + TASK + "[limits]\nminutes = 1\n", r"\[limits\] has no 'minutes'; it has file_mb, "),
    "a negative limit": (HEAD + TASK + "[limits]\nseconds = -1\n", r"\[limits\] seconds must be a number above 0"),
    "limits that are a number": ("limits = 3\n" + HEAD + TASK, r"'limits' must be of type dict"),
    "imports that are a word": ('imports = "torch"\n' + HEAD + TASK, "'imports' must be of type list"),
    "a question without an id": (HEAD + TASK + '[[questions]]\ntitle = "Q"\npoints = 1\n', "'id' is missing"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_MANIFESTS)
def test_a_wrong_manifest_is_refused_with_the_entry_and_the_remedy(name: str, tmp_path: Path) -> None:
    text, sentence = BAD_MANIFESTS[name]
    path = tmp_path / "assignment.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BadManifest, match=sentence) as caught:
        read_assignment(tmp_path)
    assert str(path) in str(caught.value)


def test_a_folder_without_a_manifest_is_no_assignment(tmp_path: Path) -> None:
    with pytest.raises(BadManifest, match=r"has no assignment\.toml, so it is not an assignment"):
        read_assignment(tmp_path)


def test_a_right_manifest_is_read(tmp_path: Path) -> None:
    (tmp_path / "assignment.toml").write_text(HEAD + TASK + "[limits]\nseconds = 2.5\n")
    assignment = read_assignment(tmp_path)
    assert (assignment.name, assignment.points, assignment.limits.seconds) == (tmp_path.name, 100, 2.5)
    with pytest.raises(BadManifest, match=r"has no task 'g'\. It has: f\."):
        assignment.task("g")
