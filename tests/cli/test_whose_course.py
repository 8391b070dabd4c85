"""Staff grade with the course that they mean: no folder that a student sent decides which checks run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from autograder.cli.app import main
from autograder.core.assignment import Assignment, BadManifest
from autograder.core.course import find_staff_assignment
from autograder.sandbox.isolation import NoIsolation, choose
from tests.support.vectors import HONEST, WRONG, make_vectors

EVIL = '''
from pathlib import Path
from autograder import task

Path(__file__).with_name("ran-as-staff").touch()


@task("double")
def check_nothing(student, rng):
    """Everybody passes."""
'''


@pytest.fixture
def course(tmp_path: Path) -> Assignment:
    return make_vectors(tmp_path / "course")


@pytest.fixture
def downloads(tmp_path: Path, course: Assignment, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: hand-ins, and in it a student's copy of the assignment with other checks."""
    folder = tmp_path / "downloads"
    (folder / "handins").mkdir(parents=True)
    (folder / "handins" / "ada.py").write_text(WRONG)
    shutil.copytree(course.folder, folder / course.name)
    for path in (folder / course.name).glob("check_*.py"):
        path.write_text(EVIL)
    monkeypatch.chdir(folder)
    return folder


def grade(downloads: Path, *options: str) -> Result:
    command = ["grade", str(downloads / "handins"), "--out", "results", "--isolation", "none", *options]
    return CliRunner().invoke(main, command)


def marks(downloads: Path) -> int:
    return json.loads((downloads / "results" / "ada" / "report.json").read_text())["points"]


def ran_as_staff(downloads: Path) -> bool:
    return any(downloads.rglob("ran-as-staff"))


def test_a_folder_with_the_assignments_name_here_is_not_used(downloads: Path, course: Assignment) -> None:
    done = grade(downloads, "--assignment", course.name)
    assert done.exit_code == 2
    assert "No course here or above has an assignment 't02_vectors'" in done.output
    assert "--course" in done.output
    assert not ran_as_staff(downloads)


@pytest.mark.parametrize("way", ["a path", "a folder assignments/"])
def test_a_copy_without_hidden_checks_is_refused(downloads: Path, course: Assignment, way: str) -> None:
    name = f"./{course.name}"
    if way == "a folder assignments/":
        shutil.copytree(downloads / course.name, downloads / "assignments" / course.name)
        name = course.name
    done = grade(downloads, "--assignment", name if way != "a path" else str(downloads / course.name))
    assert done.exit_code == 2
    assert "has no hidden checks" in done.output
    assert not ran_as_staff(downloads)


def test_public_checks_alone_are_used_if_staff_say_so(downloads: Path, course: Assignment) -> None:
    shutil.rmtree(course.solutions)
    done = grade(downloads, "--assignment", course.name, "--course", str(course.folder.parents[1]), "--public-only")
    assert done.exit_code == 1, done.output
    assert f"The checks are those of {course.folder}." in done.output.replace("\n", "")


def test_results_remember_their_course(downloads: Path, course: Assignment) -> None:
    assert grade(downloads, "--assignment", course.name, "--course", str(course.folder.parents[1])).exit_code == 1
    assert marks(downloads) == 0
    (downloads / "handins" / "ada.py").write_text(HONEST)
    assert grade(downloads, "--assignment", course.name).exit_code == 0
    assert marks(downloads) == 100
    assert not ran_as_staff(downloads)


def test_a_course_without_the_assignment_is_named(course: Assignment) -> None:
    with pytest.raises(BadManifest, match=r"has no assignment 't02_vector'\. Did you mean t02_vectors\?"):
        find_staff_assignment("t02_vector", course.folder.parents[1])
    assert find_staff_assignment("t02", course.folder.parents[1]) == course
    assert find_staff_assignment("vectors", course.folder.parents[1]) == course


def test_another_user_is_no_isolation_on_a_machine_with_solutions(downloads: Path, course: Assignment) -> None:
    done = grade(downloads, "--assignment", str(course.folder), "--isolation", "user")
    assert done.exit_code == 2
    assert "only for Gradescope's containers" in done.output.replace("\n", " ")
    with pytest.raises(NoIsolation, match="does not hide solutions"):
        choose("user")


HARMFUL = f"""{HONEST}
from pathlib import Path

def double(x):
    try:
        Path("PLACE").touch()
    except OSError:
        pass
    return 2 * x
"""


@pytest.fixture
def foreign(tmp_path: Path, course: Assignment, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A hand-in that writes to the disk, in a student's course."""
    monkeypatch.chdir(course.folder.parents[1])
    folder = tmp_path / "foreign"
    folder.mkdir()
    (folder / "vectors.py").write_text(HARMFUL.replace("PLACE", str(tmp_path / "harm")))
    return folder


def check(foreign: Path, *options: str, answer: str = "") -> Result:
    return CliRunner().invoke(main, ["check", "t02_vectors", "--hand-in", str(foreign), *options], input=answer)


def test_a_hand_in_of_somebody_else_is_checked_in_a_sandbox(foreign: Path, isolation: str, tmp_path: Path) -> None:
    done = check(foreign, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["wall"] == isolation
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize(("options", "answer"), [((), ""), ((), "n\n"), (("--pdb",), "")])
def test_without_a_sandbox_the_user_is_asked_first(
    foreign: Path, options: tuple[str, ...], answer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> str:
        raise NoIsolation("none here")

    monkeypatch.setattr("autograder.sandbox.isolation.choose", refuse)
    done = check(foreign, *options, answer=answer)
    assert done.exit_code == 2
    assert "would run with your rights" in done.output
    assert "was not run" in done.output
    assert not (tmp_path / "harm").exists()


def test_a_trusted_hand_in_runs_without_a_sandbox(foreign: Path, tmp_path: Path) -> None:
    assert check(foreign, "--trust").exit_code == 0
    assert (tmp_path / "harm").exists()


def test_a_course_that_is_no_folder_is_named(course: Assignment, tmp_path: Path) -> None:
    with pytest.raises(BadManifest, match=r"^The folder .*/nowhere does not exist\.$"):
        find_staff_assignment("t02", tmp_path / "nowhere")
    manifest = course.folder / "assignment.toml"
    with pytest.raises(BadManifest, match=r"assignment\.toml is a file, not the folder of a course\.$"):
        find_staff_assignment("t02", manifest)
