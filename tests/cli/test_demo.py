"""`make demo` makes a class that shows what hand-ins may look like, and grades it with the best isolation."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from autograder.authoring.reference import read_reference
from autograder.cli import demo
from autograder.core.course import find_assignment
from autograder.sandbox.isolation import NoIsolation


def sources(folder: Path) -> dict[str, str]:
    """Return what each student of a class handed in, zipped or not."""
    found = {path.parent.name: path.read_text(encoding="utf-8") for path in folder.glob("*/knn.py")}
    for path in folder.glob("*.zip"):
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                found[path.stem] = archive.read("knn.py").decode()
    return found


def test_the_class_has_thirty_hand_ins_of_every_kind(tmp_path: Path) -> None:
    assignment = find_assignment("a01_knn")
    reference = read_reference(assignment)["knn.py"]
    assert demo.make_class(assignment, tmp_path, few=False) == 30
    found = sources(tmp_path)
    assert len(found) == 28  # the two others cannot be opened
    assert not any("BEGIN SOLUTION" in text or "END SOLUTION" in text for text in found.values())
    assert found["ada"] == found["grace"] != found["blank"]
    assert len({found[f"student-{number:02}"] for number in range(1, 19)} - {found["ada"]}) == 18
    assert "os.fork()" in found["starts-processes"]
    assert found["floods-output"].endswith(reference[-100:])
    assert not zipfile.is_zipfile(tmp_path / "damaged.zip")
    with pytest.raises(SyntaxError):
        compile(found["does-not-parse"], "knn.py", "exec")


@pytest.fixture
def graded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Commands of the demo, which are not run; the first `gradlab grade` says that points were lost."""
    commands: list[list[str]] = []

    def run(command: list[str], **options: object) -> SimpleNamespace:
        commands.append(command)
        return SimpleNamespace(returncode=1)

    monkeypatch.setattr(demo, "subprocess", SimpleNamespace(run=run, DEVNULL=subprocess.DEVNULL))
    monkeypatch.setattr(demo, "FOLDER", tmp_path / "demo")
    monkeypatch.setattr(demo, "make_class", lambda assignment, folder, *, few: 6 if few else 30)
    return commands


def test_lost_points_are_no_failure_of_the_demo_and_other_errors_are(
    graded: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "_isolation", lambda: "namespaces")
    assert demo.main(few=True) == 0
    (command,) = graded
    assert command[2:4] == ["autograder", "grade"]
    assert command[-2:] == ["--isolation", "namespaces"]
    failed = SimpleNamespace(run=lambda command: SimpleNamespace(returncode=3))
    monkeypatch.setattr(demo, "subprocess", failed)
    assert demo.main(few=True) == 3


def test_a_demo_without_isolation_says_so_loudly(
    graded: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def choose(wanted: str) -> str:
        raise NoIsolation("No namespaces here.")

    monkeypatch.setattr(demo, "choose", choose)
    monkeypatch.setattr(demo.shutil, "which", lambda name: f"/usr/bin/{name}")  # bubblewrap need not be installed
    assert demo.main(few=False) == 0
    assert graded[0][-2:] == ["--isolation", "none"]
    out = capsys.readouterr().out
    assert "No namespaces here." in out
    assert "* WITHOUT ISOLATION:" in out


@pytest.mark.skipif(demo.sys.platform != "linux", reason="bubblewrap is a program of Linux")
def test_bubblewrap_is_installed_where_root_can_do_it(
    graded: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "choose", lambda wanted: "bubblewrap")
    monkeypatch.setattr(demo.shutil, "which", lambda name: None if name == "bwrap" else f"/usr/bin/{name}")
    monkeypatch.setattr(demo.os, "geteuid", lambda: 0)
    assert demo.main(few=False) == 0
    assert [command[0] for command in graded[:-1]] == ["apt-get", "apt-get"]
    assert graded[-1][-1] == "bubblewrap"
    assert "Installing bubblewrap" in capsys.readouterr().out
