"""Packages of Jupyter are imported without parsers that take a second to build."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

PROGRAM = """
import sys
from autograder.core.jupyter import load_package
nbformat = load_package("nbformat")
print("rfc3987_syntax" in sys.modules)
notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")])
nbformat.validate(notebook)
import rfc3987_syntax  # of others, who need it
"""


def test_the_parsers_of_addresses_are_only_built_for_others() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
