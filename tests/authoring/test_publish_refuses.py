"""`gradlab publish` refuses a place that is not its own, and a course whose answers it cannot recognise."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.authoring.leaks import SHORTEST, find_leaks
from autograder.authoring.publish import RECORD, publish
from autograder.core.assignment import Assignment, read_assignment
from autograder.core.errors import GradlabError
from tests.support.vectors import make_vectors


@pytest.fixture
def assignment(tmp_path: Path) -> Assignment:
    folder = make_vectors(tmp_path / "course").folder
    return read_assignment(folder)


def root_of(assignment: Assignment) -> Path:
    return assignment.folder.parent.parent


def test_a_folder_with_other_files_is_left_alone(assignment: Assignment, tmp_path: Path) -> None:
    out = tmp_path / "etc"
    out.mkdir()
    (out / "passwd").write_text("root")
    with pytest.raises(GradlabError, match=r"contains other files \(passwd\), and the course was never published"):
        publish(root_of(assignment), [assignment], out)
    assert [path.name for path in out.iterdir()] == ["passwd"]


def test_a_new_repository_and_an_interrupted_run_are_filled(assignment: Assignment, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / ".git").mkdir(parents=True)
    (out / "README.md").write_text("# Course\n")
    assert publish(root_of(assignment), [assignment], out).edited == ["README.md"]
    (out / RECORD).unlink()
    (out / "pyproject.toml").unlink()
    assert publish(root_of(assignment), [assignment], out).new == ["pyproject.toml"]
    (out / "syllabus.pdf").write_bytes(b"added later")
    assert publish(root_of(assignment), [assignment], out).new == []


@pytest.mark.parametrize("name", ["course.tar", "course.tar.gz", "course.7Z"])
def test_another_kind_of_archive_is_refused(assignment: Assignment, tmp_path: Path, name: str) -> None:
    with pytest.raises(GradlabError, match=r"would be a folder. Choose a name that ends in .zip"):
        publish(root_of(assignment), [assignment], tmp_path / name)


def test_without_the_reference_its_answers_cannot_be_recognised(assignment: Assignment, tmp_path: Path) -> None:
    (assignment.solutions / assignment.files[0]).unlink()
    with pytest.raises(GradlabError, match="does not exist, so nobody can tell whether its answers would be published"):
        publish(root_of(assignment), [assignment], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_missing_shared_package_is_named(assignment: Assignment, tmp_path: Path) -> None:
    root = root_of(assignment)
    (root / "course.toml").write_text('title = "A"\nid = "a"\nshared = ["absent_tools"]\n')
    with pytest.raises(GradlabError, match="the package 'absent_tools' of `shared` was not found"):
        publish(root, [read_assignment(assignment.folder)], tmp_path / "out")


def test_a_reference_in_another_encoding_is_named(assignment: Assignment, tmp_path: Path) -> None:
    (assignment.solutions / assignment.files[0]).write_bytes(b"\xff\xfe")
    with pytest.raises(GradlabError, match=r", line 1: this is not UTF-8. Save the file as UTF-8."):
        publish(root_of(assignment), [assignment], tmp_path / "out")


@pytest.mark.parametrize("hidden", [False, True])
def test_checks_that_cannot_be_imported_are_named(assignment: Assignment, tmp_path: Path, hidden: bool) -> None:
    public = next(assignment.folder.glob("check_*.py"))
    path = assignment.solutions / f"{public.stem}_more_hidden.py" if hidden else public
    path.write_text("from oracles_of_nobody import right\n" + (public.read_text() if not hidden else ""))
    with pytest.raises(GradlabError) as caught:
        publish(root_of(assignment), [assignment], tmp_path / "out")
    assert str(caught.value) == (
        f"Nothing was published, because the checks of {assignment.name} do not work. Correct this first:\n"
        f"{path}, line 1: the checks cannot be imported. ModuleNotFoundError: No module named 'oracles_of_nobody'."
    )
    assert not (tmp_path / "out").exists()


EXPLORE = """# %% [markdown]
# # Look at doubled numbers, of which there are many, in a notebook of its own

# %%
from vectors import *
"""
SOLUTION = "### BEGIN SOLUTION\nfirst = [double(number) for number in range(100)]\n### END SOLUTION\n"


@pytest.mark.parametrize("answer", ["", SOLUTION])
def test_a_notebook_without_tasks_may_be_published_as_it_is(assignment: Assignment, answer: str) -> None:
    manifest = assignment.folder / "assignment.toml"
    manifest.write_text(manifest.read_text().replace('"vectors.py"', '"vectors.py", "explore.py"'))
    manifest.write_text(manifest.read_text().replace("[[tasks]]", '[[tasks]]\nfile = "vectors.py"'))
    (assignment.solutions / "explore.py").write_text(EXPLORE + answer)
    leaks = find_leaks({"assignments/t02_vectors/explore.py": (EXPLORE + answer).encode()}, root_of(assignment))
    copied = ["assignments/t02_vectors/explore.py is a copy of solutions/t02_vectors/explore.py."]
    assert leaks == (copied if answer else [])


def test_an_answer_of_a_module_in_a_package_is_found(assignment: Assignment) -> None:
    manifest = assignment.folder / "assignment.toml"
    manifest.write_text(manifest.read_text().replace('"vectors.py"', '"kit/vectors.py"'))
    (assignment.solutions / "kit").mkdir()
    answer = "return [number + number for number in numbers if number is not None and number >= 0]"
    (assignment.solutions / "kit/vectors.py").write_text(f"### BEGIN SOLUTION\n{answer}\n### END SOLUTION\n")
    (leak,) = find_leaks({"notes.py": f"def f(numbers):\n    {answer}\n".encode()}, root_of(assignment))
    assert leak.startswith("notes.py, line 2: an answer of solutions/t02_vectors/kit/vectors.py, line 2: ")


def test_the_shortest_answer_is_found_at_every_place_of_a_file(assignment: Assignment) -> None:
    answer = "".join(chr(ord("a") + number % 26) for number in range(SHORTEST - 2)) + "=1"
    for file, text in (("one.py", answer), ("two.py", f"{answer}+2"), ("three.py", answer[:-1])):
        (assignment.solutions / file).write_text(f"### BEGIN SOLUTION\n{text}\n### END SOLUTION\n")
    for before in range(SHORTEST):
        leaks = find_leaks({"notes.py": f"{'9' * before}\n{answer}".encode()}, root_of(assignment))
        assert leaks == [f"notes.py, line 2: an answer of solutions/t02_vectors/one.py, line 2: `{answer}`"], before
    (leak,) = find_leaks({"notes.py": f"{answer} + 2".encode()}, root_of(assignment))
    assert leak.endswith("(and 1 more of its answers)")
    assert find_leaks({"notes.py": answer[:-1].encode()}, root_of(assignment)) == []  # one character less
