"""What students receive: complete for their commands, and without a solution or a hidden check."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import posixpath
import re
import tarfile
import tomllib
import zipfile
from contextlib import chdir
from pathlib import Path

import pytest
from babel.messages import Catalog
from click.testing import CliRunner

from autograder.authoring.catalogue import mo_bytes
from autograder.authoring.leaks import find_leaks
from autograder.authoring.placeholders import GOAL
from autograder.authoring.publish import Leak, _readme, publish, published_files
from autograder.authoring.scaffold_course import new_course
from autograder.cli.app import main
from autograder.core.assignment import Assignment, BadManifest, read_assignment
from autograder.core.course import find_assignments
from autograder.core.course_file import read_course
from autograder.core.errors import GradlabError
from autograder.core.zips import make_zip
from tests.support.command import run_command
from tests.support.course import NAME, make_course

ROOT = Path(__file__).resolve().parents[2]
KNN = ROOT / "solutions" / "a01_knn" / "knn.py"
HIDDEN = ROOT / "solutions" / "a01_knn" / "check_knn_votes_hidden.py"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def assignments() -> list[Assignment]:
    return [read_assignment(path) for path in sorted((ROOT / "assignments").iterdir()) if path.is_dir()]


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return published_files(ROOT, find_assignments(()))


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
    assert settings["project"]["scripts"] == {"gradlab": "autograder.__main__:main"}
    assert "pytest" not in settings["tool"]  # warnings of students' code are no errors
    required = set(read_course(ROOT).requirements)
    assert required <= set(settings["project"]["dependencies"])  # so that pip installs torch with the course


def test_the_readme_lists_the_assignments_in_the_order_in_which_students_take_them(files: dict[str, bytes]) -> None:
    text = files["README.md"].decode()
    listed = re.findall(r"^\| `(a\d\d_\w+)` \|", text, re.MULTILINE)
    first = list(read_course(ROOT).first)
    assert listed == [*first, *sorted(set(listed) - set(first))]
    assert f"gradlab check {listed[0]} " in text


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
        assert len(leaks) == 1
        assert re.match(rf"{re.escape(name)}, line \d+: an answer of solutions/a01_knn/\w+\.py, line \d+: `", leaks[0])


def test_a_leak_is_one_sentence_for_each_file_with_both_places() -> None:
    parts = [part.partition("### END SOLUTION")[0] for part in KNN.read_text().split("### BEGIN SOLUTION")[1:]]
    long = [part for part in parts if len("".join(part.split())) > 80][:2]
    lines = KNN.read_text()[: KNN.read_text().index(long[0])].count("\n") + 2  # after the marker
    (leak,) = find_leaks({"common/extra.py": f"# one\n# two\n{long[0]}\n{long[1]}\n".encode()}, ROOT)
    quoted = " ".join(long[0].split())[:60]
    assert leak == (
        f"common/extra.py, line 4: an answer of solutions/a01_knn/knn.py, line {lines}: `{quoted}...` "
        "(and 1 more of its answers)"
    )


def test_a_leak_in_a_notebook_names_the_cell() -> None:
    cells = [{"source": ["x = 1\n"]}, {"source": [line + "\n" for line in solution().split("\n")]}]
    (leak,) = find_leaks({"assignments/a01_knn/knn.ipynb": json.dumps({"cells": cells}).encode()}, ROOT)
    assert leak.startswith("assignments/a01_knn/knn.ipynb, cell 2: an answer of solutions/a01_knn/knn.py, line ")


@pytest.mark.parametrize("kind", ["zip", "gz", "tar.xz", "a zip in a zip"])
def test_an_answer_is_found_in_an_archive(kind: str) -> None:
    answer = KNN.read_bytes()
    made = {
        "zip": make_zip({"knn.py": answer}),
        "gz": gzip.compress(answer),
        "tar.xz": lzma.compress(tar({"knn.py": answer})),
        "a zip in a zip": make_zip({"inner.zip": make_zip({"knn.py": answer})}),
    }[kind]
    leaks = find_leaks({f"common/data/extra.{kind}": made}, ROOT)
    assert any(leak.endswith("is a copy of solutions/a01_knn/knn.py.") for leak in leaks)
    (leak,) = find_leaks({"common/data/extra.zip": make_zip({"knn.py": answer + b"\n# changed\n"})}, ROOT)
    assert re.match(r"common/data/extra\.zip/knn\.py, line \d+: an answer of solutions/a01_knn/knn\.py, line \d+", leak)
    assert find_leaks({"common/data/extra.zip": make_zip({"prices.csv": b"a,b\n1,2\n"})}, ROOT) == []
    assert find_leaks({"common/data/empty.zip": make_zip({})}, ROOT) == []


@pytest.mark.parametrize(
    "content", [b"7z\xbc\xaf\x27\x1c" + bytes(50), make_zip({"knn.py": b"x" * 500})[:-30], b"PK\x03\x04" + bytes(9)]
)
def test_an_archive_that_cannot_be_searched_is_not_published(content: bytes) -> None:
    (leak,) = find_leaks({"common/data/extra.7z": content}, ROOT)
    assert leak == "common/data/extra.7z is an archive that cannot be searched for answers. Publish its files instead."


def test_a_copy_of_a_private_file_is_found_under_another_name() -> None:
    calibration = (KNN.parent / "mutants.py").parents[1] / "a04_cnn" / "calibration.json"
    assert find_leaks({"common/data/x.json": calibration.read_bytes()}, ROOT) == [
        "common/data/x.json is a copy of solutions/a04_cnn/calibration.json."
    ]


@pytest.mark.parametrize(("texts", "leaks"), [([], 0), ([("Why?", "Warum?")], 1)])
def test_two_catalogues_without_texts_are_no_leak(tmp_path: Path, texts: list[tuple[str, str]], leaks: int) -> None:
    catalogue = Catalog(locale="de")
    for text, translation in texts:
        catalogue.add(text, translation)
    (tmp_path / "solutions").mkdir()
    (tmp_path / "solutions" / "a01.mo").write_bytes(mo_bytes(catalogue))
    assert len(find_leaks({"locale/de/LC_MESSAGES/a01.mo": mo_bytes(catalogue)}, tmp_path)) == leaks


def tar(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


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
    with pytest.raises(Leak, match=r"\n  assignments/a01_knn/knn.py is a copy of solutions/a01_knn/knn.py\."):
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
    assert all("a02_linear_classifier" in name for name in changes.removed)  # its catalogues, too
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


def test_publish_names_what_the_author_has_not_written_yet(tmp_path: Path) -> None:
    made = new_course(tmp_path / "own", kind="numpy")
    with chdir(tmp_path / "own"):
        assert run_command("release").exit_code == 0
        shown = run_command("publish", "../out")
    assert shown.exit_code == 0, shown.output
    readme, source = made.folder / "README.md", made.solutions / "first.py"
    assert f'{readme}, line 3 still says "{GOAL}" Replace it.\n' in shown.output
    assert f'{source}, line 4 still says "Explain the topic here." Replace it.\n' in shown.output
    assert shown.output.count("Replace it.") == 3


def test_where_the_course_is_published_is_remembered_in_its_file(tmp_path: Path) -> None:
    root = tmp_path / "own"
    make_course(root)
    text = '# ours\ntitle = "Tiny"\nid = "tiny"\n\n[data] # none\n'
    (root / "course.toml").write_text(text)
    with chdir(root):
        assert run_command("release").exit_code == 0
        assert run_command("publish", "../out", "--repository", "ada/tiny").exit_code == 0
    added = 'id = "tiny"\nrepository = "ada/tiny"\n\n[data] # none\n'
    assert (root / "course.toml").read_text() == text.replace('id = "tiny"\n\n[data] # none\n', added)
    with chdir(root):
        assert run_command("publish", "../out").exit_code == 0
        assert "ada/tiny" in (tmp_path / "out" / "assignments" / NAME / "tiny.ipynb").read_text()
        assert run_command("publish", "../out", "--repository", "ada/other").exit_code == 0
    assert read_course(root).repository == "ada/other"


def test_a_course_without_a_data_file_that_it_lists_is_not_published(tmp_path: Path) -> None:
    assignment = make_course(tmp_path / "course")
    manifest = assignment.folder / "assignment.toml"
    manifest.write_text('data = ["prices.csv"]\n' + manifest.read_text())
    with pytest.raises(BadManifest, match=r"`data` lists 'prices\.csv', but .* has no such file"):
        published_files(tmp_path / "course", [read_assignment(assignment.folder)])


def test_the_published_readme_has_its_headings_in_the_reader_s_language() -> None:
    assignments = find_assignments(["a01_knn"])
    title, _, heading, *_ = _readme(assignments, (), "zh_CN").decode().splitlines()
    assert (title, heading) == ("# 自动评分的计算机视觉深度学习课程", "| 作业 | 内容 |")
    english, _, columns, *_ = _readme(assignments, (), "en").decode().splitlines()
    assert (english, columns) == (f"# {assignments[0].course.title}", "| assignment | about |")
