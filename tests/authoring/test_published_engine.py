"""A course in a repository of its own is published with gradlab, because no index has it."""

from __future__ import annotations

import tomllib
from contextlib import chdir
from pathlib import Path

import pytest

from autograder.authoring.publish import publish
from autograder.core.assignment import Assignment
from tests.support.command import run_command
from tests.support.course import make_course

COURSE = 'title = "Numbers"\nid = "numbers"\nshared = ["tools"]\nrequirements = ["pandas"]\n'


@pytest.fixture
def course(tmp_path: Path) -> Assignment:
    root = tmp_path / "own"
    assignment = make_course(root)
    (root / "course.toml").write_text(COURSE)
    (root / "tools").mkdir()
    (root / "tools" / "__init__.py").write_text("x = 1\n")
    with chdir(root):
        done = run_command("release")
        assert done.exit_code == 0, done.output
    return assignment


def test_the_course_comes_with_the_gradlab_that_published_it(course: Assignment, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with chdir(tmp_path / "own"):
        assert run_command("publish", out).exit_code == 0
    project = tomllib.loads((out / "pyproject.toml").read_text())
    assert {"click", "pandas"} <= set(project["project"]["dependencies"])
    assert "jupyterlab" in project["project"]["optional-dependencies"]["notebook"]
    assert project["tool"]["setuptools"]["packages"]["find"]["include"] == ["autograder*", "tools*"]
    expected = ("autograder/cli/app.py", "tools/__init__.py", "course.toml", ".ci/install", "constraints.txt")
    assert not [name for name in expected if not (out / name).is_file()]
    assert not (out / "common").exists()
    readme = (out / "README.md").read_text()
    assert readme.startswith("# Numbers\n")
    assert 'pip install -c constraints.txt -e ".[notebook]"' in readme


def test_a_gradlab_from_a_wheel_has_no_pinned_versions_to_publish(
    course: Assignment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "site" / "autograder" / "_course").mkdir(parents=True)
    (tmp_path / "site" / "autograder" / "__init__.py").touch()
    (tmp_path / "site" / "autograder" / "_course" / "secret.py").touch()
    monkeypatch.setattr("autograder.authoring.published_engine._HOME", tmp_path / "site")
    new = publish(tmp_path / "own", [course], tmp_path / "out").new
    assert "autograder/__init__.py" in new
    assert not {"autograder/_course/secret.py", ".ci/install", ".github/workflows/checks.yml"} & set(new)
    assert 'pip install -e ".[notebook]"' in (tmp_path / "out" / "README.md").read_text()
