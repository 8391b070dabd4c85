"""The README and the other pages are true: their commands, paths, imports and tables exist as written."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from pkgutil import resolve_name

import click
import pytest
from click.testing import CliRunner

from autograder.cli.app import main
from autograder.intake.download import KINDS
from autograder.render.words import INTAKE_WORDS

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "RELEASING.md")),
        ROOT / "changelog.d" / "README.md",
        *(ROOT / "docs").rglob("*.md"),
    ]
)
FOLDERS = "assignments|solutions|autograder|common|tests|docs|bench|tools|changelog.d|.github".replace(".", r"\.")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def quoted(page: Path) -> list[str]:
    """Return what the page shows as code: indented lines without their comments, fenced lines, words in backticks."""
    text = page.read_text(encoding="utf-8")
    lines = re.findall(r"^ {4,}(\S[^\n]*)", text, re.MULTILINE)
    return [*(line.split("  #")[0].strip() for line in lines), *re.findall(r"`([^`\n]+)`", text)]


pages = pytest.mark.parametrize("page", PAGES, ids=name)


def commands(page: Path) -> Iterator[list[str]]:
    for code in quoted(page):
        words = code.replace("'", "").split() if "<" in code else _words(code)
        program = words[0].removeprefix(".venv/bin/") if words else ""
        if program == "gradlab" and len(words) > 1:
            yield words[1:]


def _words(code: str) -> list[str]:
    try:
        return shlex.split(code)
    except ValueError:  # prose with an apostrophe
        return []


@pages
def test_each_command_of_a_page_exists(page: Path) -> None:
    for words in commands(page):
        command: click.Command = main
        path = ["gradlab"]
        for word in words:
            if isinstance(command, click.Group) and word in command.commands:
                command = command.commands[word]
                path.append(word)
        options = {option for parameter in command.params for option in parameter.opts} | {"-h", "--help", "--version"}
        used = {word for word in words if re.fullmatch("--?[a-z-]+", word)}
        assert len(path) > 1 or used, " ".join(["gradlab", *words])
        assert used <= options, f"{' '.join(path)} has no {', '.join(used - options)}"


@pages
def test_each_target_of_make_on_a_page_exists(page: Path) -> None:
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    used = [found[1] for code in quoted(page) if (found := re.match(r"make (?:-C \S+ )?([a-z]+)$", code))]
    assert set(used) <= set(targets)


TUTORIAL = "a01_means"  # an assignment that the tutorial writes; test_authors_page.py does


@pages
def test_each_path_on_a_page_exists(page: Path) -> None:
    missing = []
    for code in quoted(page):
        for word in code.split():
            if re.match(rf"({FOLDERS})/", word) and TUTORIAL not in word:
                pattern = re.sub(r"(\[[^\]]*\]|<[^>]*>|\*)+", "*", word.rstrip(",.:;"))
                missing += [] if any(ROOT.glob(pattern)) else [word]
    assert missing == []


@pages
def test_each_link_of_a_page_leads_to_a_file(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = [target for target in re.findall(r"\]\(([^)\s#]+)[^)\s]*\)", text) if not target.startswith("http")]
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pages
def test_each_import_and_module_on_a_page_exists(page: Path) -> None:
    for code in quoted(page):
        if found := re.match(r"from ((?:common|autograder)[\w.]*) import ([\w, ]+)", code):
            for member in found[2].split(","):
                resolve_name(f"{found[1]}.{member.strip()}")
        elif re.fullmatch(r"(common|autograder)(\.\w+)+", code):
            resolve_name(code)
        elif found := re.search(r"python -m (tools\.\w+)", code):
            assert (ROOT / f"{found[1].replace('.', '/')}.py").is_file()


def test_the_readme_lists_every_assignment() -> None:
    listed = re.findall(r"^\| `(a\d\d_\w+)` \|", README, re.MULTILINE)
    assert sorted(listed) == sorted(path.parent.name for path in (ROOT / "assignments").glob("*/assignment.toml"))


def test_the_readme_lists_every_room_in_the_order_of_the_import_contract() -> None:
    table = README.split("| room | contents |")[1].split("\n\n")[0]
    listed = re.findall(r"^\| `(\w+)/` \|", table, re.MULTILINE)
    assert sorted(listed) == sorted(path.parent.name for path in (ROOT / "autograder").glob("*/__init__.py"))
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = [c["layers"] for c in contracts if c.get("containers") == ["autograder"] and c["type"] == "layers"]
    level = {room: depth for depth, layer in enumerate(layers) for room in layer.split(" | ")}
    assert [level[room] for room in listed] == sorted(level[room] for room in listed)


def test_the_readme_names_the_files_that_judge_a_task() -> None:
    judged = [
        name(path)
        for folder in ("assignments", "solutions")
        for path in sorted((ROOT / folder).glob("*/check_*.py"))
        if 'task("Conv.forward"' in path.read_text(encoding="utf-8")
    ]
    assert judged[0] in README
    assert judged == [judged[0], judged[0].replace("assignments", "solutions").replace(".py", "_hidden.py")]


def test_the_page_for_instructors_lists_every_option_of_grade() -> None:
    table = (ROOT / "docs" / "instructors.md").read_text(encoding="utf-8").split("| option | meaning |")[1]
    listed = set(
        re.findall(r"`(--[a-z-]+)", "".join(re.findall(r"^\| (.*?) \|", table.split("\n\n")[0], re.MULTILINE)))
    )
    options = {option for parameter in main.commands["grade"].params for option in parameter.opts if option[0] == "-"}
    assert listed == options


def test_the_page_for_instructors_lists_every_kind_of_intake_problem() -> None:
    table = (ROOT / "docs" / "instructors.md").read_text(encoding="utf-8").split("| kind | meaning |")[1]
    shown = {INTAKE_WORDS.get(kind, kind) for kind in KINDS}
    assert set(re.findall(r"^\| (\w[\w ]*) \|", table.split("\n\n")[0], re.MULTILINE)) == shown


def test_the_page_for_instructors_names_the_kinds_that_json_calls_otherwise() -> None:
    page = " ".join((ROOT / "docs" / "instructors.md").read_text(encoding="utf-8").split())
    sentence = page.split("`gradlab grade --json` gives")[1].split(". ")[0]
    listed = dict(re.findall(r"`(\w+)` is ([\w ]+)", sentence))
    assert listed == {kind: str(INTAKE_WORDS[kind]) for kind in KINDS if str(INTAKE_WORDS.get(kind, kind)) != kind}


def test_each_changelog_fragment_names_its_reader() -> None:
    kinds = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["towncrier"]["type"]
    readers = "|".join(kind["directory"] for kind in kinds)
    fragments = [path.name for path in (ROOT / "changelog.d").iterdir() if path.name != "README.md"]
    assert [name for name in fragments if not re.fullmatch(rf"\+[a-z0-9-]+\.({readers})\.md", name)] == []
    headings = set(re.findall(r"^### (.+)$", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE))
    assert headings <= {kind["name"] for kind in kinds}


@pytest.mark.slow
def test_a_student_can_follow_the_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    done = CliRunner().invoke(main, ["start", str(tmp_path / "mycourse"), "a01_knn"])
    assert done.exit_code == 0, done.output
    assert done.output.endswith(f"Next: cd {tmp_path / 'mycourse'}, then gradlab status.\n")
    monkeypatch.chdir(tmp_path / "mycourse")
    done = CliRunner().invoke(main, ["check", "a01_knn", "--task", "predict_labels"])
    assert done.exit_code == 1, done.output
    assert re.search(r"\(predict_labels\) +0/\d+", done.output)
    done = CliRunner().invoke(main, ["submit", "a01_knn"])
    assert done.exit_code in (0, 2), done.output
    assert "knn" in done.output
