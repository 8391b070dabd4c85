"""A command that needs more packages says how to install them, wherever gradlab came from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from autograder.core import extras, installed
from autograder.core.extras import MissingExtra, how_to_install, require

ROOT = Path(__file__).resolve().parents[2]


def test_a_missing_package_is_named_with_its_extra() -> None:
    with pytest.raises(MissingExtra, match=r"This needs nowhere_at_all\. Run in .*: pip install .*-e '\.\[staff\]'"):
        require("nowhere_at_all.sub", "staff")
    require("json", "staff")


def test_from_a_wheel_the_wheel_is_installed_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed, "_IN_WHEEL", ROOT)
    assert re.search(r"pip install 'gradlab-[\d.]+-py3-none-any\.whl\[similar\]'", how_to_install("similar"))
    assert extras.from_wheel()


def test_nothing_says_to_install_gradlab_by_a_name_that_no_index_has() -> None:
    texts = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("autograder/**/*"), *ROOT.glob(".github/**/*")]
    texts += [
        *ROOT.glob("assignments/*/*"),
        *ROOT.glob("common/**/*.py"),
        *ROOT.glob("tools/*.py"),
        ROOT / "Containerfile",
    ]
    named = re.compile(r"pip3? install[^\n#]*[\s\"']gradlab(\[\w+\])?(?! ?@|[\w.\[-])")
    found = []
    for path in texts:
        if path.is_file() and path.suffix in (".md", ".py", ".ipynb", ".yml", ".html", ".toml", ""):
            found += [f"{path}: {match[0]}" for match in named.finditer(path.read_text(encoding="utf-8"))]
    assert found == []
