"""The public names of the package: what type checkers see is what is loaded, when it is first used."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

import autograder

TREE = ast.parse(Path(autograder.__file__).read_text(encoding="utf-8"))


def test_the_imports_for_type_checkers_are_those_at_run_time() -> None:
    imported = {
        alias.name: node.module for node in ast.walk(TREE) if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    shown = {name: module for name, module in imported.items() if str(module).startswith("autograder.")}
    assert shown == autograder._MODULES
    assert sorted(autograder.__all__) == sorted(["__version__", *shown])


@pytest.mark.parametrize("name", autograder.__all__)
def test_every_public_name_can_be_imported(name: str) -> None:
    assert getattr(autograder, name) is not None
    assert name in dir(autograder)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'expect_clsoe'"):
        getattr(autograder, "expect_clsoe")  # noqa: B009 (as an attribute, mypy would reject it, as it should)


def test_importing_the_package_loads_nothing() -> None:
    code = "import sys, autograder; print([name for name in sys.modules if name.startswith('autograder.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("package", ["autograder", "common"])
def test_the_packages_are_typed(package: str) -> None:
    assert (files(package) / "py.typed").is_file()
