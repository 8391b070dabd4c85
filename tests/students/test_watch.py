"""`gradlab check --watch` checks after each save and shows what changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from autograder.cli.app import main
from autograder.students import watch
from tests.support.course import NAME, STUB, WRITTEN, make_course

DONE = WRITTEN.replace("# YOUR CODE HERE\n        raise NotImplementedError()", "return x / WIDTH")


def watched(folder: Path, monkeypatch: pytest.MonkeyPatch, *versions: str) -> Result:
    """What `gradlab check --watch` prints while a student saves these versions; "" deletes the file."""

    def saves(place: Path) -> Iterator[list[str]]:
        yield []
        for text in versions:
            if text:
                (place / "tiny.py").write_text(text)
            else:
                (place / "tiny.py").unlink()
            yield ["tiny.py"]

    monkeypatch.setattr(watch, "saves", saves)
    monkeypatch.chdir(folder)
    return CliRunner().invoke(main, ["check", NAME, "--watch"], catch_exceptions=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = make_course(tmp_path).folder
    (folder / "tiny.py").write_text(STUB)
    return folder.parent


def test_each_save_shows_what_changed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = watched(folder, monkeypatch, WRITTEN, WRITTEN + "\n", DONE)
    first, second, third, last = result.output.split("Waiting for the next save. Ctrl-C ends.\n")[:4]
    assert first.count("Not written yet") == 3
    assert "passed 40/40 Twice the number comes back." in second
    assert "1 check failed as before." in second
    assert "75/100 points" in second
    assert "Nothing changed." in third
    assert "passed 25/25 Scaling down divides by three." in last
    assert "Twice the number" not in last
    assert "Well done." in last
    assert result.exit_code == 0


def test_a_file_that_cannot_be_read_does_not_end_the_watch(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = watched(folder, monkeypatch, "def double(x:\n", DONE)
    assert "Python cannot read this" in result.output
    assert "100/100 points" in result.output


def test_a_deleted_file_is_not_called_saved(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = watched(folder, monkeypatch, "", DONE)
    assert "tiny.py deleted." in result.output
    assert result.output.count("tiny.py saved.") == 1


def test_a_note_is_said_when_it_is_new(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noted = DONE + "\n\ndef broken(x:\n    return x\n"
    result = watched(folder, monkeypatch, noted, noted.replace("return x + x", "return 3 * x"))
    assert result.output.count("Python cannot read this") == 1


def test_one_reason_is_said_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    result = watched(folder, monkeypatch, DONE, "def double(x):\n    return 1 / 0\n\n\nScaler = None\n")
    assert "FAILED" in result.output
    assert "0/100 points" in result.output


@pytest.mark.parametrize("option", ["--pdb", "--json", "--hand-in=x.zip"])
def test_what_does_not_go_together_is_refused(option: str) -> None:
    result = CliRunner().invoke(main, ["check", "--watch", option])
    assert result.exit_code == 2
    assert f"--watch cannot be combined with {option.partition('=')[0]}." in result.output


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("knn.py", True),
        ("tools/plots.py", True),
        ("knn.ipynb", True),
        (".ipynb_checkpoints/knn-checkpoint.ipynb", False),
        ("__pycache__/knn.cpython-311.pyc", False),
        (".gradlab/last_check.json", False),
        (".~knn.ipynb", False),
        ("notes.txt", False),
    ],
)
def test_only_code_counts(name: str, counts: bool) -> None:
    assert watch.is_source(Path("/work") / name, Path("/work")) is counts


def test_a_save_is_seen_also_during_the_first_check(tmp_path: Path) -> None:
    found = watch.saves(tmp_path)
    assert next(found) == []
    (tmp_path / "knn.py").write_text("x = 1\n")
    assert next(found) == ["knn.py"]
    (tmp_path / "knn.py.new").write_text("x = 2\n")
    (tmp_path / "knn.py.new").replace(tmp_path / "knn.py")  # as editors save
    assert next(found) == ["knn.py"]
    found.close()  # type: ignore[attr-defined]
