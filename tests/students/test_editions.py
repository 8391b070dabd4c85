"""Students receive a course in the language that they or their teachers choose, and never its private words."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from autograder import check, hint
from autograder.authoring.catalogue_pseudo import PSEUDO, pseudo
from autograder.authoring.publish import publish, published_files
from autograder.core.assignment import Assignment
from autograder.core.errors import GradlabError
from autograder.core.first_cells import Repository
from autograder.core.reader_language import UnknownLanguage, reader_for
from autograder.students.start import start
from tests.support.command import run_command
from tests.support.course import NAME
from tests.support.translated_course import SECRET, make_translated_course

ROOT = Path(__file__).resolve().parents[2]
USUAL = f"assignments/{NAME}"
WORDS = "Write two things."  # of the notebook


@pytest.fixture
def tiny(tmp_path: Path) -> Assignment:
    (tmp_path / "course").mkdir()
    return make_translated_course(tmp_path / "course")


def root_of(assignment: Assignment) -> Path:
    return assignment.folder.parents[1]


def text_of(notebook: bytes) -> str:
    return "".join("".join(cell["source"]) for cell in json.loads(notebook)["cells"])


def test_start_copies_the_edition_and_what_translates_messages(tiny: Assignment, tmp_path: Path) -> None:
    work = tmp_path / "work"
    start(work, root_of(tiny), language=PSEUDO)
    assert pseudo(WORDS) in text_of((work / NAME / "tiny.ipynb").read_bytes())
    assert pseudo("Write `double` first.") in (work / NAME / "README.md").read_text()
    to = reader_for("", tiny.course, PSEUDO, domain=NAME)
    assert to("Twice the number comes back.") == pseudo("Twice the number comes back.")
    assert (work / "locale" / PSEUDO / "LC_MESSAGES" / f"{NAME}.mo").is_file()
    assert not list(work.rglob("*.po"))
    assert not [
        path for path in work.rglob("*") if path.is_file() and pseudo(SECRET) in path.read_text("utf-8", "replace")
    ]


def test_check_in_a_notebook_speaks_the_notebooks_language(
    tiny: Assignment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for language, words in ((PSEUDO, pseudo), ("en", str)):
        work = tmp_path / language
        start(work, root_of(tiny), language=language)
        monkeypatch.chdir(work / NAME)
        namespace = {"check": check, "double": lambda x: 3 * x}
        exec('shown = check("tiny", task="double")', namespace)
        assert words("Twice the number comes back.") in repr(namespace["shown"])
        assert words("Twice the number comes back.") in namespace["shown"]._repr_html_()  # type: ignore[attr-defined]


def test_hints_and_refusals_in_a_notebook_are_in_the_language_of_the_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANGUAGE", "en")
    start(tmp_path, ROOT, ["a01_knn"], language="zh_CN")
    monkeypatch.chdir(tmp_path / "a01_knn")
    for shown in (hint("predict_labels"), hint("nope"), hint(), check("knn", task="nope"), check("knn", data="nope")):
        for text in (repr(shown), re.sub("<[^>]*>", "", shown._repr_html_() or "")):
            assert re.search("[一-鿿]", text), text
            assert not re.search("(about|has no|steps?|Step|Ask|checked|Choose)\\b", text), text
    assert "第 1 步" in hint("predict_labels")._repr_html_()


def test_commands_speak_the_language_of_the_copy_also_when_they_name_no_assignment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    copied = run_command("start", tmp_path / "work", "a01_knn", "--language", "zh_CN").output
    assert "下一步" in copied
    monkeypatch.chdir(tmp_path / "work" / "a01_knn")
    for arguments in (["hint"], ["hint", "predict_label"], ["check", "a99"], ["--help"]):
        output = run_command(*arguments).output
        assert re.search("[一-鿿]", output), output
    monkeypatch.chdir(tmp_path)
    assert not re.search("[一-鿿]", run_command("hint").output)


@pytest.mark.parametrize(("copied", "computers"), [("zh_CN", "en"), ("en", "zh_CN")])
def test_what_click_says_is_in_the_language_of_the_copy_too(
    copied: str, computers: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANGUAGE", computers)
    monkeypatch.chdir(ROOT)
    run_command("start", tmp_path / "work", "a01_knn", "--language", copied)
    monkeypatch.chdir(tmp_path / "work")
    for arguments in (["check", "--nope"], ["start"], ["check", "--help"]):
        output = run_command(*arguments).output
        assert ("Usage:" in output) == (copied == "en"), output
        assert bool(re.search("[一-鿿]", output)) == (copied == "zh_CN"), output


def test_status_says_which_editions_there_are(
    tiny: Assignment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(tmp_path / "work", root_of(tiny), language=PSEUDO)
    for folder, languages in ((root_of(tiny), ["en", PSEUDO]), (tmp_path / "work", [PSEUDO])):
        monkeypatch.chdir(folder)
        (row,) = json.loads(run_command("status", "--json").output)["assignments"]
        assert row["editions"] == languages
        assert ", ".join(languages) in run_command("status", "--language", "en").output


def test_a_copy_keeps_its_language_until_another_is_asked_for(tiny: Assignment, tmp_path: Path) -> None:
    work = tmp_path / "work"
    start(work, root_of(tiny), language=PSEUDO)
    assert start(work, root_of(tiny)) == [f"{work / NAME}: 0 new files."]
    (work / NAME / "README.md").write_text("my notes")
    lines = start(work, root_of(tiny), language="en")
    assert f"Updated {work / NAME / 'tiny.ipynb'}." in lines
    assert f"Not updated: {work / NAME / 'README.md'}, because you edited it." in lines
    assert WORDS in text_of((work / NAME / "tiny.ipynb").read_bytes())


def test_the_course_and_then_the_computer_choose(
    tiny: Assignment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANGUAGE", f"{PSEUDO}_XX")
    start(tmp_path / "computer", root_of(tiny))
    assert pseudo(WORDS) in text_of((tmp_path / "computer" / NAME / "tiny.ipynb").read_bytes())
    with (root_of(tiny) / "course.toml").open("a") as file:
        file.write('language = "en"\n')
    start(tmp_path / "course-file", root_of(tiny))
    assert WORDS in text_of((tmp_path / "course-file" / NAME / "tiny.ipynb").read_bytes())


def test_a_language_that_is_not_there_names_those_that_are(tiny: Assignment, tmp_path: Path) -> None:
    message = f"There is no language 'fr' here. Choose one of these: en, {PSEUDO}."
    with pytest.raises(UnknownLanguage, match=message):
        start(tmp_path / "work", root_of(tiny), language="fr")
    with pytest.raises(GradlabError, match=message):
        publish(root_of(tiny), [tiny], tmp_path / "out", language="fr")
    assert not (tmp_path / "work").exists()


@pytest.mark.slow
@pytest.mark.parametrize(("language", "other"), [("", PSEUDO), (PSEUDO, "en")])
def test_a_published_course_has_every_edition_and_one_at_the_usual_places(
    tiny: Assignment, language: str, other: str
) -> None:
    place = Repository("https://github.com/o/r", "o/r")
    files = published_files(root_of(tiny), [tiny], place, language=language)
    shown = {"": str, "en": str, PSEUDO: pseudo}
    assert shown[language](WORDS) in text_of(files[f"{USUAL}/tiny.ipynb"])
    assert shown[other](WORDS) in text_of(files[f"locale/{other}/{USUAL}/tiny.ipynb"])
    assert f"blob/main/locale/{other}/{USUAL}/tiny.ipynb" in text_of(files[f"locale/{other}/{USUAL}/tiny.ipynb"])
    assert (f'language = "{PSEUDO}"' in files["course.toml"].decode()) == (language == PSEUDO)
    assert f"| `double` | {shown[language]('halves')}" in files[f"{USUAL}/README.md"].decode().replace(" | 40", "")
    assert {f"locale/{PSEUDO}/LC_MESSAGES/{NAME}.mo", "autograder/locale/zh_CN/LC_MESSAGES/gradlab.mo"} <= set(files)
    assert not [name for name in files if name.startswith("solutions/") or name.endswith(".po")]
    for words in (SECRET, pseudo(SECRET)):
        assert not [name for name, content in files.items() if words.encode() in content]


@pytest.mark.slow
def test_students_of_a_published_course_choose_for_themselves(tiny: Assignment, tmp_path: Path) -> None:
    out = tmp_path / "published"
    publish(root_of(tiny), [tiny], out, language=PSEUDO)
    start(tmp_path / "one", out)
    start(tmp_path / "two", out, language="en")
    assert pseudo(WORDS) in text_of((tmp_path / "one" / NAME / "tiny.ipynb").read_bytes())
    assert WORDS in text_of((tmp_path / "two" / NAME / "tiny.ipynb").read_bytes())
