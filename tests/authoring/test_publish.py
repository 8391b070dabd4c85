"""What students receive: complete for their commands, and without a solution or a hidden check."""

from __future__ import annotations

import json
import posixpath
import re
import tomllib
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from autograder.authoring.publish import Leak, find_leaks, publish, published_files
from autograder.cli.app import main
from autograder.core.assignment import Assignment, read_assignment
from autograder.core.errors import GradlabError

ROOT = Path(__file__).resolve().parents[2]
KNN = ROOT / "solutions" / "a01_knn" / "knn.py"
HIDDEN = ROOT / "solutions" / "a01_knn" / "check_knn_votes_hidden.py"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def assignments() -> list[Assignment]:
    return [read_assignment(path) for path in sorted((ROOT / "assignments").iterdir()) if path.is_dir()]


@pytest.fixture(scope="module")
def files(assignments: list[Assignment]) -> dict[str, bytes]:
    return published_files(ROOT, assignments)


def solution() -> str:
    return max((part.split("### END SOLUTION")[0] for part in KNN.read_text().split("### BEGIN SOLUTION")[1:]), key=len)


def test_all_that_students_need_is_there_and_nothing_private(files: dict[str, bytes]) -> None:
    assert {"README.md", "LICENSE", "pyproject.toml", "constraints.txt", "assignments/a01_knn/knn.ipynb"} <= set(files)
    assert {".github/workflows/checks.yml", ".gitignore", ".gitattributes", ".ci/install", "Containerfile"} <= set(
        files
    )
    assert {"docs/students.md", "docs/glossary.md", "docs/data.md", "course.toml"} <= set(files)
    assert not [name for name in files if name.startswith(("solutions/", "tests/", "bench/", "tools/"))]
    assert not [name for name in files if "hidden" in name or "calibration.json" in name]
    settings = tomllib.loads(files["pyproject.toml"].decode())
    assert settings["project"]["scripts"] == {"gradlab": "autograder.cli.app:main"}
    assert "pytest" not in settings["tool"]  # warnings of students' code are no errors


def test_the_links_of_published_pages_lead_to_published_files(files: dict[str, bytes]) -> None:
    pages = [name for name in files if name.endswith(".md") and not name.startswith("autograder/")]
    assert "README.md" in pages
    for page in pages:
        links = re.findall(r"\]\(([^)\s#]+)", files[page].decode())
        inside = [posixpath.join(posixpath.dirname(page), link) for link in links if "://" not in link]
        assert {posixpath.normpath(path) for path in inside} - files.keys() == set(), page


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(solution(), id="a solution"),
        pytest.param(json.dumps([line + "\n" for line in solution().split("\n")], indent=1), id="in a notebook"),
        pytest.param("\n".join(f"# {line}" for line in solution().split("\n")), id="as a comment"),
        pytest.param(HIDDEN.read_text().split("@task(")[1], id="a hidden check"),
        pytest.param((KNN.parent / "mutants.py").read_text(), id="mutants"),
    ],
)
def test_an_answer_is_found_wherever_it_is(answer: str) -> None:
    for name in ("assignments/a01_knn/knn.ipynb", "common/extra.py", "README.md"):
        leaks = find_leaks({name: f"x = 1\n{answer}\n".encode()}, ROOT)
        assert leaks
        assert leaks[0].startswith(f"{name} contains an answer of solutions/a01_knn/")


@pytest.mark.parametrize(
    "name",
    ["solutions/a01_knn/knn.py", "assignments/a01_knn/check_x_hidden.py", "assignments/a01_knn/mutants_x.py"],
)
def test_a_private_file_is_found_by_its_name(name: str) -> None:
    assert find_leaks({name: b""}, ROOT) == [f"{name} is private."]


def test_a_stub_with_its_solution_is_not_published(
    assignments: list[Assignment], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub = ROOT / "assignments" / "a01_knn" / "knn.py"
    whole = KNN.read_bytes()
    read_bytes = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: whole if path == stub else read_bytes(path))
    with pytest.raises(Leak, match=r"assignments/a01_knn/knn.py contains an answer of solutions/a01_knn/knn.py"):
        publish(ROOT, assignments[:1], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_publishing_again_updates_what_nobody_edited(assignments: list[Assignment], tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert publish(ROOT, assignments[:2], out).new
    (out / "README.md").write_text("Ours.\n")
    (out / "welcome.md").write_text("Added by a teacher.\n")
    changes = publish(ROOT, assignments[:1], out)
    assert changes.edited == ["README.md"]
    assert changes.removed
    assert all(name.startswith("assignments/a02_linear_classifier/") for name in changes.removed)
    assert not (out / "assignments" / "a02_linear_classifier").exists()
    assert (out / "README.md").read_text() == "Ours.\n"
    assert (out / "welcome.md").exists()


def test_a_zip_is_the_same_each_time(assignments: list[Assignment], tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        publish(ROOT, assignments[:1], tmp_path / name / "course.zip")
    one, two = (tmp_path / name / "course.zip" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    with zipfile.ZipFile(one) as archive:
        assert "course/assignments/a01_knn/knn.ipynb" in archive.namelist()


def test_a_zip_is_updated_as_a_folder_is(assignments: list[Assignment], tmp_path: Path) -> None:
    out = tmp_path / "course.zip"
    publish(ROOT, assignments[:2], out)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("course/welcome.md", "Added by a teacher.")
    changes = publish(ROOT, assignments[:1], out)
    assert changes.new == changes.edited == []
    assert "README.md" in changes.updated  # it lists the assignments
    assert "assignments/a02_linear_classifier/linear_classifier.ipynb" in changes.removed
    with zipfile.ZipFile(out) as archive:
        assert "course/welcome.md" in archive.namelist()
    (tmp_path / "other.zip").write_bytes(b"not ours")
    with pytest.raises(GradlabError, match="cannot be updated"):
        publish(ROOT, assignments[:1], tmp_path / "other.zip")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("x", "")
    with pytest.raises(GradlabError, match="was not written by gradlab publish"):
        publish(ROOT, assignments[:1], tmp_path / "other.zip")


def test_a_damaged_record_and_a_students_copy_are_refused(assignments: list[Assignment], tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / ".published.json").write_text("<<<<<<< HEAD\n")
    with pytest.raises(GradlabError, match="is damaged"):
        publish(ROOT, assignments[:1], out)
    assert [path.name for path in out.iterdir()] == [".published.json"]
    with pytest.raises(GradlabError, match="has no solutions/, as a student's copy"):
        publish(tmp_path / "copy", assignments[:1], tmp_path / "other")


def test_the_course_itself_is_not_a_place_to_publish(assignments: list[Assignment]) -> None:
    with pytest.raises(GradlabError, match="is inside the course"):
        publish(ROOT, assignments[:1], ROOT / "build" / "course")


def test_the_command_says_what_it_wrote_and_removed(tmp_path: Path) -> None:
    words = ["publish", str(tmp_path / "course"), "a01_knn"]
    shown = CliRunner().invoke(main, words)
    assert (shown.exit_code, shown.output.endswith(" 0 updated, 0 removed.\n")) == (0, True), shown.output
    (tmp_path / "course" / "LICENSE").write_text("Ours.\n")
    (tmp_path / "course" / "Containerfile").unlink()
    shown = CliRunner().invoke(main, words)
    assert f"Not updated: LICENSE, because it was edited in {tmp_path / 'course'}.\n" in shown.output
    assert "1 new file, " in shown.output
