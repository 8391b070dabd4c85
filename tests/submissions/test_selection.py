"""Which files of a hand-in are graded, and which own modules come along."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.core.assignment import Assignment
from autograder.submissions.own_modules import MAX_OWN_MODULES
from autograder.submissions.selection import Selection, select_files
from autograder.submissions.source import BadSubmission
from tests.support.course import STUB, WRITTEN, as_notebook
from tests.support.handins import tiny_assignment, write, zipped

BOOK = as_notebook(WRITTEN)
ROUND = WRITTEN.replace("return x + x", "return round(x + x)")


@pytest.fixture
def assignment(tmp_path: Path) -> Assignment:
    return tiny_assignment(tmp_path)


def select(tmp_path: Path, assignment: Assignment, files: dict[str, str | bytes], **times: float) -> Selection:
    folder = tmp_path / "ada"
    for name, content in files.items():
        path = write(folder / name, content)
        moment = times.get(path.stem, 1_700_000_000.0)
        os.utime(path, (moment, moment))
    return select_files(folder, assignment)


def kinds(selection: Selection) -> list[str]:
    return [remark.kind for remark in selection.remarks]


NAMES = (
    *("tiny (1).ipynb", "tiny-1.ipynb", "tiny-Copy1.ipynb", "Copy of tiny.ipynb", "TINY.ipynb", "tiny.IPYNB"),
    *("tiny.ipynb.txt", "Lovelace_tiny.ipynb", "tiny_solved.ipynb", "Untitled.ipynb", "tïny ✓.ipynb", "x.y.z.ipynb"),
)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("stub", [True, False])
def test_a_file_with_another_name_that_defines_tasks_is_taken(
    name: str, stub: bool, tmp_path: Path, assignment: Assignment
) -> None:
    around = {"tiny.ipynb": as_notebook(STUB), "tiny.py": STUB} if stub else {}
    selection = select(tmp_path, assignment, {**around, "notes.ipynb": as_notebook("# %%\nx = 1\n"), name: BOOK})
    assert selection.files == {"tiny.ipynb": BOOK}
    (remark,) = selection.remarks
    assert remark.kind == "renamed"
    assert remark.text == f"{name} counts as tiny.ipynb."


def test_work_under_the_right_name_is_taken_whatever_else_is_there(tmp_path: Path, assignment: Assignment) -> None:
    selection = select(tmp_path, assignment, {"tiny.ipynb": BOOK, "tiny (1).ipynb": as_notebook(ROUND)})
    assert selection.files == {"tiny.ipynb": BOOK}
    assert kinds(selection) == []


def test_a_definition_in_the_middle_of_a_cell_is_seen(tmp_path: Path, assignment: Assignment) -> None:
    book = as_notebook("# %%\nimport math\n\nWIDTH = 3\n\n\ndef double(x):\n    return 2 * x\n")
    assert select(tmp_path, assignment, {"homework.ipynb": book}).files == {"tiny.ipynb": book}


def test_the_file_with_more_tasks_is_taken(tmp_path: Path, assignment: Assignment) -> None:
    full = WRITTEN.replace("# YOUR CODE HERE\n        raise NotImplementedError()", "return x / WIDTH")
    selection = select(tmp_path, assignment, {"a.py": WRITTEN, "b.py": full, "c.ipynb": as_notebook(STUB)})
    assert selection.files == {"tiny.py": full.encode()}


def test_of_two_with_as_many_tasks_the_one_saved_last_is_taken_and_doubted(
    tmp_path: Path, assignment: Assignment
) -> None:
    files = {"new.py": ROUND, "old.py": WRITTEN}
    selection = select(tmp_path, assignment, files, new=1_700_000_100.0)
    assert selection.files == {"tiny.py": ROUND.encode()}
    assert kinds(selection) == ["doubtful", "renamed"]
    assert "new.py counts: it was saved last." in selection.remarks[0].text
    assert selection.saved == {"tiny.py": 1_700_000_100.0}


def test_copies_that_differ_in_comments_only_are_not_doubted(tmp_path: Path, assignment: Assignment) -> None:
    files = {"a/tiny.py": WRITTEN, "b/tiny.py": f"# mine\n{WRITTEN}", "tiny - copy.py": WRITTEN}
    selection = select(tmp_path, assignment, files)
    assert selection.files == {"tiny.py": WRITTEN.encode()}
    assert kinds(selection) == []


def test_of_two_of_one_moment_the_outer_one_is_taken_and_doubted(tmp_path: Path, assignment: Assignment) -> None:
    selection = select(tmp_path, assignment, {"a/b/tiny.py": WRITTEN, "z/tiny.py": ROUND})
    assert selection.files == {"tiny.py": ROUND.encode()}
    assert kinds(selection) == ["doubtful"]


def test_a_hand_in_without_any_task_names_what_it_holds(tmp_path: Path, assignment: Assignment) -> None:
    with pytest.raises(BadSubmission, match=r"contains no tiny.ipynb or tiny.py.*It contains a.py, b.pdf"):
        select(tmp_path, assignment, {"a.py": "def other(): pass", "b.pdf": "%PDF"})


def test_the_digest_depends_on_names_and_contents_of_what_is_graded(tmp_path: Path, assignment: Assignment) -> None:
    own = {"tiny.py": f"import helper\n{WRITTEN}", "helper.py": "x = 1\n"}
    digests = {
        select(tmp_path / "1", assignment, {**own, "notes.txt": "a"}).digest,
        select(tmp_path / "2", assignment, {**own, "notes.txt": "b", "unused.py": "y = 1"}).digest,
    }
    assert len(digests) == 1
    assert select(tmp_path / "3", assignment, {**own, "helper.py": "x = 2\n"}).digest not in digests
    assert select(tmp_path / "4", assignment, {**own, "tiny.py": f"import helper\n{ROUND}"}).digest not in digests


# Own modules.


def own(tmp_path: Path, assignment: Assignment, source: str, **modules: str) -> list[str]:
    files = {path.replace("__", "/") + ".py": text for path, text in modules.items()}
    return sorted(select(tmp_path, assignment, {"tiny.py": source + WRITTEN, **files}).own_modules)


def test_modules_that_are_imported_come_along_and_others_do_not(tmp_path: Path, assignment: Assignment) -> None:
    source = "import a\nfrom b.c import x\ndef f():\n    from d import (y,\n        z)\n"
    found = own(tmp_path, assignment, source, a="import e", b__c="", b__g="", d="", e="", unused="", tiny2="")
    assert found == ["a.py", "b/c.py", "b/g.py", "d.py", "e.py"]


def test_imports_of_a_notebook_are_seen_at_the_start_of_a_line(tmp_path: Path, assignment: Assignment) -> None:
    book = as_notebook(f"# %%\nimport math\nfrom helper import x\nimport other\n{WRITTEN}")
    selection = select(tmp_path, assignment, {"tiny.ipynb": book, "helper.py": "x = 1", "other.py": ""})
    assert sorted(selection.own_modules) == ["helper.py", "other.py"]


@pytest.mark.parametrize("name", ["random", "json", "math", "torch", "numpy", "shared", "autograder", "tiny"])
def test_a_module_with_a_name_of_python_or_of_the_course_does_not_come_along(
    name: str, tmp_path: Path, assignment: Assignment
) -> None:
    files = {"tiny.py": f"import {name}\n{WRITTEN}", f"{name}/__init__.py": "x = 1", f"sub/{name}.py": "x = 1"}
    if name != "tiny":
        files[f"{name}.py"] = "x = 1"
    course = replace(assignment.course, shared=("shared",))
    assert select(tmp_path, replace(assignment, course=course), files).own_modules == {}


def test_modules_outside_of_the_folder_of_the_work_do_not_come_along(tmp_path: Path, assignment: Assignment) -> None:
    source = f"import a\nimport b\nimport c\n{WRITTEN}"
    files = {"work/tiny.py": source, "a.py": "", "other/b.py": "", "work/c.py": "", "work/c d/a.py": ""}
    assert sorted(select(tmp_path, assignment, files).own_modules) == ["c.py"]
    data = zipped({"work/tiny.py": source, "../a.py": "", "work/../b.py": "", "/c.py": ""})
    assert select_files(write(tmp_path / "ada.zip", data), assignment).own_modules == {}


def test_a_helper_that_is_only_a_notebook_is_named(tmp_path: Path, assignment: Assignment) -> None:
    files: dict[str, str | bytes] = {"tiny.py": f"from helper_nb import f\n{WRITTEN}", "helper_nb.ipynb": BOOK}
    (remark,) = select(tmp_path / "1", assignment, files).remarks
    assert (
        remark.text == "helper_nb is imported, but there is only the notebook helper_nb.ipynb; Python imports scripts."
    )
    assert remark.advice.startswith("Save it as helper_nb.py: in JupyterLab, File > Save and Export Notebook As")
    assert not select(tmp_path / "2", assignment, {**files, "helper_nb.py": "f = 1"}).remarks


def test_there_are_limits_for_own_modules_and_one_sentence_says_so(tmp_path: Path, assignment: Assignment) -> None:
    names = [f"m{number:03}" for number in range(200)]
    source = f"import {', '.join(names)}\n{WRITTEN}"
    selection = select(tmp_path, assignment, {"tiny.py": source, **{f"{name}.py": "x = 1" for name in names}})
    assert len(selection.own_modules) == MAX_OWN_MODULES
    (remark,) = selection.remarks
    assert remark.kind == "own module"
    assert f"and {200 - MAX_OWN_MODULES - 1} more" in remark.text


def test_a_module_that_is_too_large_is_left_out(tmp_path: Path, assignment: Assignment) -> None:
    files = {"tiny.py": f"import a, b\n{WRITTEN}", "a.py": "x = 1\n" * 200_000, "b.py": "y = 1"}
    selection = select(tmp_path, assignment, files)
    assert [*selection.own_modules] == ["b.py"]
    assert "Left out: a.py." in selection.remarks[0].text


ELSEWHERE = {
    "a folder": ('sys.path.append("utils")', "utils/helper.py"),
    "a folder of many that has the name": ('sys.path.insert(0, os.path.abspath("src"))', "work/src/helper.py"),
    "the folder above": ('sys.path.append("..")', "helper.py"),
    "a package": ("%cd code", "code/helper/__init__.py"),
}


@pytest.mark.parametrize("story", ELSEWHERE)
def test_modules_of_a_folder_on_the_path_come_along(story: str, tmp_path: Path, assignment: Assignment) -> None:
    statement, place = ELSEWHERE[story]
    files = {"work/tiny.py": f"{statement}\nfrom helper import f\n{WRITTEN}", place: "x = 1"}
    name = "helper/__init__.py" if "__init__" in place else "helper.py"
    if story == "a folder of many that has the name":
        files |= {"helper.py": "x = 2", "work/old/helper.py": "x = 3"}
    assert select(tmp_path, assignment, files).own_modules == {name: b"x = 1"}


def test_only_on_the_own_machine_a_folder_outside_of_the_hand_in_is_read(
    tmp_path: Path, assignment: Assignment
) -> None:
    write(tmp_path / "shared" / "helper.py", "import more")
    write(tmp_path / "shared" / "more" / "__init__.py", "x = 1")
    source = f'import sys\nsys.path.append("../shared")\nimport helper\n{WRITTEN}'
    folder = write(tmp_path / "ada" / "tiny.py", source).parent
    assert select_files(folder, assignment).own_modules == {}
    packed = select_files(folder, assignment, own_machine=True).own_modules
    assert packed == {"helper.py": b"import more", "more/__init__.py": b"x = 1"}


FULL = WRITTEN.replace("# YOUR CODE HERE\n        raise NotImplementedError()", "return x / WIDTH")
BEGUN = STUB.replace("# YOUR CODE HERE\n    raise NotImplementedError()", "return 2 * x")


def test_a_copy_with_many_more_tasks_written_counts_whatever_its_name_and_time(
    tmp_path: Path, assignment: Assignment
) -> None:
    files = {"tiny.py": BEGUN, "tiny (1).py": FULL}
    selection = select(tmp_path, assignment, files, tiny=1_700_000_900.0)
    assert selection.files == {"tiny.py": FULL.encode()}
    (remark,) = selection.remarks
    assert remark.kind == "doubtful"
    assert "tiny (1).py counts as tiny.py, because more tasks are written in it than in tiny.py: " in remark.text


def test_of_files_of_one_name_a_beginning_does_not_count_because_of_its_time(
    tmp_path: Path, assignment: Assignment
) -> None:
    folder = tmp_path / "ada"
    for place, source, moment in (("new", BEGUN, 1_700_000_900.0), ("old", FULL, 1_700_000_000.0)):
        os.utime(write(folder / place / "tiny.py", source), (moment, moment))
    assert select_files(folder, assignment).files == {"tiny.py": FULL.encode()}


def test_the_digest_depends_on_which_of_notebook_and_script_was_saved_later(
    tmp_path: Path, assignment: Assignment
) -> None:
    files: dict[str, str | bytes] = {"tiny.py": ROUND, "tiny.ipynb": BOOK}
    digests = set()
    for later in (-60.0, 0.0, 1.0, 60.0):
        folder = tmp_path / str(later)
        for name, content in files.items():
            moment = 1_700_000_000.0 + (later if name == "tiny.py" else 0.0)
            os.utime(write(folder / name, content), (moment, moment))
        digests.add(select_files(folder, assignment).digest)
    assert len(digests) == 3


ENDINGS = ("tiny.json", "tiny.ipynb.json", "tiny.ipynb.txt", "tiny.py", "tiny.txt")


@pytest.mark.parametrize("name", ENDINGS)
def test_a_notebook_is_known_by_its_content(name: str, tmp_path: Path, assignment: Assignment) -> None:
    selection = select(tmp_path, assignment, {name: BOOK, "package.json": "{}", "notes.txt": "def double(x): a note"})
    assert [*selection.files.values()] == [BOOK]
    assert len(selection.files) == 1
