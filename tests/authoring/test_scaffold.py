"""gradlab new-course and gradlab new: what they write holds at once, whatever the kind and the tasks."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from autograder.authoring.scaffold import KINDS, BadName, new_assignment
from autograder.authoring.scaffold_course import new_course
from autograder.authoring.verify import verify
from autograder.authoring.verify_plan import Plan
from autograder.cli.app import main
from autograder.core.assignment import read_assignment
from autograder.session.options import Options

TASKS = ("f", "C.g", "C.h", "Words", "second")


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_holds_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    pytest.importorskip({"table": "pandas", "torch": "torch"}.get(kind, "numpy"))
    course = tmp_path / "my-statistics"
    tasks = [part for task in TASKS for part in ("--task", task)]
    done = CliRunner().invoke(main, ["new-course", str(course), "--kind", kind, "--module", "mod", *tasks])
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, f"Next: cd {course} && gradlab verify a01_first")
    monkeypatch.chdir(course)
    assert CliRunner().invoke(main, ["release", "--check"]).exit_code == 0
    assignment = read_assignment(course / "assignments" / "a01_first")
    assert [task.name for task in assignment.tasks] == [*TASKS]
    assert assignment.points == 100
    result = verify(assignment, Options(), Plan(seeds=2, notebook=False))
    assert [finding for finding in result.findings if not finding.holds] == []
    assert {"reference", "variants", "blank stub", "mutants"} <= {finding.what for finding in result.findings}


def test_a_second_assignment_is_added_to_the_course_around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new_course(tmp_path / "course", kind="numpy")
    monkeypatch.chdir(tmp_path / "course" / "assignments")
    done = CliRunner().invoke(main, ["new", "a02_regression"])
    assert done.exit_code == 0, done.output
    folder = tmp_path / "course" / "assignments" / "a02_regression"
    assert {path.name for path in folder.iterdir()} == {
        *("README.md", "assignment.toml", "check_regression.py", "oracles.py", "regression.ipynb", "regression.py")
    }


def test_what_an_assignment_imports_is_imported_once_and_required(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also in a course that began with another kind."""
    new_course(tmp_path / "course", kind="numpy")
    monkeypatch.chdir(tmp_path / "course")
    required = "a02_slopes lets students import torch: add what installs it to `requirements` in course.toml."
    once = "Add torch to `preload` in course.toml: otherwise each hand-in imports it again."
    done = CliRunner().invoke(main, ["new", "a02_slopes", "--kind", "torch"])
    assert done.output.splitlines()[-1] == required
    assert read_assignment(Path("assignments/a02_slopes")).course.preload == ("torch", "numpy")
    file = Path("course.toml")
    file.write_text(file.read_text().replace('["numpy"] # what pip', '["torch>=2"]\npreload = ["numpy"] # what pip'))
    done = CliRunner().invoke(main, ["new", "a03_steps", "--kind", "torch"])
    assert done.output.splitlines()[-1] == once
    assert "requirements" not in done.output


@pytest.mark.parametrize(
    ("name", "module", "tasks", "words"),
    [
        ("A 2", "mod", ("f",), "cannot name an assignment"),
        ("a01_first", "mod", ("f",), "exists already"),
        ("a02", "class", ("f",), "cannot name a module"),
        ("a02", "statistics", ("f",), "is taken, by Python"),
        ("a02", "first", ("f",), "is taken, by Python, a package or another assignment"),
        ("a02", "mod", ("f.g.h",), "cannot name a task"),
        ("a02", "mod", ("f", "f"), "is named twice"),
        ("a02", "mod", ("C", "C.g"), "its class is also a task"),
    ],
)
def test_a_name_that_cannot_work_is_refused(
    tmp_path: Path, name: str, module: str, tasks: tuple[str], words: str
) -> None:
    new_course(tmp_path / "course", kind="numpy")
    with pytest.raises(BadName, match=words):
        new_assignment(tmp_path / "course", name, module, tasks, "numpy")


def test_a_folder_with_files_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    done = CliRunner().invoke(main, ["new-course", str(tmp_path)])
    assert (done.exit_code, [path.name for path in tmp_path.iterdir()]) == (2, ["notes.txt"])
    assert "exists and is not empty. Choose a new folder." in done.output


@pytest.mark.parametrize(
    ("kind", "tasks", "titles"),
    [
        ("numpy", (), ["Standardise columns"]),
        ("python", (), ["Running means"]),
        ("python", ("fit_line", "Stack", "Tree.insert_all"), ["Fit line", "Stack", "Tree: insert all"]),
        ("number", ("G",), ["G"]),
    ],
)
def test_a_task_has_a_title_of_its_own(tmp_path: Path, kind: str, tasks: tuple[str, ...], titles: list[str]) -> None:
    made = new_course(tmp_path / "course", kind=kind, tasks=tasks)
    assert [task.title for task in made.tasks] == titles
    source = (made.solutions / "first.py").read_text()
    assert [source.count(f" {title}\n") for title in titles] == [1] * len(titles)


def test_a_course_in_plain_python_needs_no_package(tmp_path: Path) -> None:
    made = new_course(tmp_path / "course", kind="python")
    assert (made.imports, made.course.preload, made.course.requirements) == ((), (), ())


def test_a_folder_with_spaces_is_quoted_in_what_to_run_next(tmp_path: Path) -> None:
    folder = tmp_path / "my course"
    done = CliRunner().invoke(main, ["new-course", str(folder)])
    assert done.output.splitlines()[-1] == f"Next: cd '{folder}' && gradlab verify a01_first"
    done = CliRunner().invoke(main, ["start", str(tmp_path / "a copy")])
    assert done.output.splitlines()[-1] == f"Next: cd '{tmp_path / 'a copy'}', then gradlab status."


@pytest.mark.parametrize(
    ("name", "title", "shared"),
    [
        ("深度学习", "深度学习", "course_shared"),
        ("my-statistics_2", "My statistics 2", "my_statistics_2_shared"),
        ("Übung 1", "Übung 1", "ubung_1_shared"),
    ],
)
def test_a_course_is_called_as_its_folder(tmp_path: Path, name: str, title: str, shared: str) -> None:
    made = new_course(tmp_path / name, kind="numpy")
    assert (made.course.title, made.course.shared) == (title, (shared,))
    assert (tmp_path / name / "README.md").read_text().startswith(f"# {title}\n")


def test_a_title_and_a_folder_may_have_any_letters(tmp_path: Path) -> None:
    made = new_course(tmp_path / "Übung 1", title='Les "graphes" \\ 1', kind="numpy")
    assert (made.course.title, made.course.id, made.course.shared) == (
        'Les "graphes" \\ 1',
        "ubung_1",
        ("ubung_1_shared",),
    )
