"""Errors of the operating system are reported in one sentence by every command."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from autograder.cli.app import main
from autograder.core.files import explain, sentence, write_atomically
from tests.support.classroom import Grader, hand_in, run
from tests.support.vectors import HONEST, make_vectors


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("sentences")
    course = make_vectors(root / "course")
    run(course, hand_in(root / "in", ada=HONEST), root / "out", Grader())
    (root / "file").write_text("x")
    (root / "canvas.csv").write_text("Student,SIS Login ID,a (1)\nAda,ada,\n")
    return root


A = "--assignment course/assignments/t02_vectors"


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ("mark out --from none.csv", "none.csv cannot be read: there is no such file or folder."),
        ("mark out --from out", "out cannot be read: it is a folder, not a file."),
        ("policy none.csv --policy none.toml --out x", "none.toml cannot be read: there is no such file or folder."),
        ("export junit out --out no/x.xml", "no/x.xml cannot be read or written: there is no such file or folder."),
        ("export canvas out none.csv --column a --out x", "none.csv cannot be read: there is no such file or folder."),
        ("export canvas out canvas.csv --column b --out x", 'has no column "b"'),
        ("export moodle out out --out x", "out cannot be read: it is a folder, not a file."),
        (f"similar in {A} --out no/x.csv", "no/x.csv cannot be read or written: there is no such file or folder."),
        (f"similar none {A}", "none cannot be read: there is no such file or folder."),
        (
            f"grade in {A} --out file --wall none",
            "Results cannot be written to file: another file already has that name.",
        ),
        (f"grade in {A} --out new --roster none.csv --wall none", "none.csv cannot be read: there is no such file"),
        ("start file", "a part of this path is a file, not a folder."),
    ],
)
def test_a_file_that_cannot_be_used_gets_a_sentence(
    place: Path, monkeypatch: pytest.MonkeyPatch, command: str, sentence: str
) -> None:
    monkeypatch.chdir(place)
    if command.startswith("start"):
        monkeypatch.chdir(place / "course")
        command = "start ../file"
    done = CliRunner().invoke(main, command.split())
    assert done.exit_code == 2, done.output
    assert sentence in done.output
    assert "Errno" not in done.output
    assert "Traceback" not in done.output


def test_a_failed_write_names_the_file_of_the_user(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        write_atomically(tmp_path / "none" / "x.csv", "")
    assert caught.value.filename == str(tmp_path / "none" / "x.csv")


def test_every_error_of_the_system_is_explained_in_words() -> None:
    assert explain(PermissionError(13, "Permission denied", "x")) == "its permissions do not allow it"
    assert explain(OSError(28, os.strerror(28))) == "no space left on device"


def test_a_full_disk_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(source: str, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left") as raised:
        write_atomically(tmp_path / "page.html", "x")
    assert sentence(raised.value) == f"{tmp_path / 'page.html'} cannot be read or written: no space left on device."
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_copied_names_its_first_file(tmp_path: Path) -> None:
    error = shutil.Error([("a/words.py", "b/words.py", "Permission denied"), ("a/x", "b/x", "Permission denied")])
    assert sentence(error) == "a/words.py cannot be copied: Permission denied."


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a file that is always full")
def test_an_error_that_cannot_be_written_down_does_not_look_like_lost_points(place: Path) -> None:
    command = [Path(sys.executable).with_name("gradlab"), "grade", "absent", "--out", "new"]
    with open("/dev/full", "w") as full:
        assert subprocess.run(command, cwd=place, stdout=full, stderr=full).returncode == 2


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not delete the folder of a process")
@pytest.mark.parametrize("command", ["check", "grade in --assignment a --out out", "similar in --assignment a"])
def test_a_deleted_working_folder_is_one_sentence(tmp_path: Path, command: str) -> None:
    (tmp_path / "gone").mkdir()
    code = "import os, sys; os.rmdir(os.getcwd()); from autograder.__main__ import main; sys.exit(main())"
    run_there = [sys.executable, "-P", "-c", code, *command.split()]  # the installed program has no "" in its path
    environment = {**os.environ, "LANGUAGE": "en"}
    done = subprocess.run(run_there, cwd=tmp_path / "gone", env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "gradlab: The current folder no longer exists. Change to another folder.\n"
