"""The whole path of docs/translating.md, in a language that nothing here has been made for."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from autograder.authoring.catalogue_pseudo import pseudo
from autograder.cli.app import main
from tests.support.course import NAME, make_course

LANGUAGE = "fr"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def succeed(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


def fill(path: Path) -> None:
    """Fill the translations of an exported file, as a translator does."""
    text = path.read_text(encoding="utf-8")
    for message in tomllib.loads(text)["message"]:
        place = f"english = '''\n{message['english']}'''\ntranslation = '''\n"
        assert place in text
        text = text.replace(place, place + pseudo(message["english"]) + "\n")
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "course"
    root.mkdir()
    (root / "course.toml").write_text('title = "Tiny course"\nid = "tiny"\n')
    make_course(root)
    monkeypatch.chdir(root)
    return root


def test_an_assignment_in_a_third_language_from_the_source_to_the_report(
    course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "without a translation" in succeed("translate", "extract", NAME, "--language", LANGUAGE)
    succeed("translate", "export", NAME, "--language", LANGUAGE, "--out", "build/fr")
    for path in Path("build/fr").iterdir():
        fill(path)
        assert "0 empty, 0 refused" in succeed("translate", "merge", str(path))

    manifest = course / "assignments" / NAME / "assignment.toml"
    manifest.write_text(manifest.read_text().replace("files = ", f'languages = ["{LANGUAGE}"]\nfiles = '))
    succeed("release", NAME)
    succeed("release", "--check", NAME)
    assert f"{NAME}: en, {LANGUAGE}" in succeed("translate", "status")

    succeed("start", str(tmp_path / "work"), NAME, "--language", LANGUAGE)
    copy = tmp_path / "work" / NAME
    notebook = json.loads((copy / "tiny.ipynb").read_text())
    assert notebook["metadata"]["gradlab"] == {"language": LANGUAGE}
    assert pseudo("Write two things.") in "".join("".join(cell["source"]) for cell in notebook["cells"])

    stub = "    # YOUR CODE HERE\n    raise NotImplementedError()\n"
    (copy / "tiny.py").write_text((copy / "tiny.py").read_text().replace(stub, "    return 3 * x\n", 1))
    monkeypatch.chdir(copy)
    shown = run("check", "--task", "double")
    assert shown.exit_code == 1
    words = " ".join(shown.output.split())
    assert pseudo("Twice the number comes back.") in words
    assert "Klingon" in run("check", "--language", "Klingon").output


def test_the_status_names_what_is_missing_in_every_language(course: Path) -> None:
    succeed("translate", "extract", NAME, "--language", LANGUAGE)
    shown = succeed("translate", "status")
    assert f"{NAME}: en" in shown
    assert f"{LANGUAGE}: 0 of " in shown
