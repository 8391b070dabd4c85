"""The site of the documentation: complete, with working links, and generated from the code where that is possible."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import autograder
from autograder.cli.app import COMMANDS
from tools.site import reference

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "docs" / "pictures"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return out


@pytest.mark.slow
def test_every_page_is_on_the_site(site: Path) -> None:
    pages = [path.relative_to(ROOT / "docs").with_suffix(".html") for path in (ROOT / "docs").rglob("*.md")]
    generated = ["index", "contributing", "changelog", "reporting", "reference/commands", "reference/checks"]
    missing = [str(page) for page in [*pages, *(f"{page}.html" for page in generated)] if not (site / page).exists()]
    assert not missing


@pytest.mark.slow
def test_pages_load_nothing_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        loaded = re.findall(r'<(?:script|img|iframe)[^>]* src="?([^" >]+)', page.read_text(encoding="utf-8"))
        loaded += re.findall(r'<link[^>]* rel="?stylesheet"?[^>]* href="?([^" >]+)', page.read_text(encoding="utf-8"))
        loaded = [url for url in loaded if re.match(r"(https?:)?//", url)]
        assert not loaded, f"{page.relative_to(site)}: {loaded}"


@pytest.mark.slow
def test_links_to_files_of_the_repository_lead_to_pages(site: Path) -> None:
    home = (site / "index.html").read_text(encoding="utf-8")
    assert 'href="students.html"' in home
    assert 'href="contributing.html"' in home
    assert "file-of-the-repository" not in "".join(page.read_text(encoding="utf-8") for page in site.rglob("*.html"))


@pytest.mark.slow
def test_the_search_works_from_a_file(site: Path) -> None:
    assert (site / "search" / "search_index.js").exists()
    assert "rerun" in (site / "search" / "search_index.js").read_text(encoding="utf-8")


def test_each_command_is_in_the_reference() -> None:
    text = reference.commands()
    for command in (command for commands in COMMANDS.values() for command in commands if not command.hidden):
        assert f"\n### gradlab {command.name}\n" in text
    assert "| `--regrade` | Grade again after checks or options changed" in text
    assert "#### gradlab export gradescope" in text


def test_each_public_name_is_in_the_reference() -> None:
    text = reference.checks()
    for name in autograder.__all__:
        assert name.startswith("__") or f"\n### {name}\n" in text
    assert "autograder.probes." in text
    assert "## common.data" in reference.common()


def test_pictures_are_small_and_used() -> None:
    pictures = list(PICTURES.glob("*.png"))
    assert sum(path.stat().st_size for path in pictures) < 300_000
    pages = "".join(path.read_text(encoding="utf-8") for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
    assert [path.name for path in pictures if f"pictures/{path.name})" not in pages] == []
