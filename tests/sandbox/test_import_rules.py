"""What a module of a hand-in may import, however it asks for it; annotations ask for nothing."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import pytest

from autograder.sandbox.inside.modules import SubmissionFinder


def load(source: str, **files: str) -> dict[str, Any]:
    """The names of a module that may import torch and the other files."""
    finder = SubmissionFinder(
        {"work.py": source, **{f"{name}.py": text for name, text in files.items()}}, packages=("torch",)
    )
    finder.install()
    try:
        return dict(vars(importlib.import_module("work")))
    finally:
        finder.uninstall()


ALLOWED = {
    "a name": "import importlib\nm = importlib.import_module('torch')",
    "a submodule": "from importlib import import_module\nm = import_module('torch.nn.functional')",
    "one of Python's own": "import importlib.util\nm = importlib.import_module('os.path')",
    "a relative name": "import importlib\nm = importlib.import_module('.nn', 'torch')",
    "an own module": "import importlib\nm = importlib.import_module('mine')",
}


@pytest.mark.parametrize("story", ALLOWED)
def test_import_module_gives_what_an_import_would(story: str) -> None:
    module = load(ALLOWED[story], mine="x = 1")["m"]
    last = {"a submodule": "functional", "a relative name": "nn", "an own module": "mine", "a name": "torch"}
    assert module.__name__.rpartition(".")[2] == last.get(story, module.__name__)
    assert story == "an own module" or module is sys.modules[module.__name__]


@pytest.mark.parametrize("source", ["import importlib as i", "import importlib.util as u, importlib as i"])
def test_import_module_refuses_what_an_import_would(source: str) -> None:
    names = load(f"{source}\ntry:\n    i.import_module('msgspec')\nexcept ImportError as error:\n    text = str(error)")
    assert (
        names["text"] == "msgspec is not a package that this assignment allows. Allowed, besides Python's own: torch."
    )


def test_annotations_are_not_evaluated() -> None:
    source = (
        "from dataclasses import dataclass\nfrom typing import NamedTuple\nfrom nowhere import Float\n"
        "def f(x: Float['n']) -> Float: return x\nclass A:\n"
        "    def g(self, x: Float) -> 'A': return x\n    y: Float = 3\n"
        "@dataclass\nclass B:\n    x: Float = 4\nclass C(NamedTuple):\n    x: Float = 5\nz: Float = 6\n"
    )
    names = load(source)
    assert (names["f"](1), names["A"]().g(2), names["A"].y, names["B"]().x, names["C"]().x, names["z"]) == (
        1,
        2,
        3,
        4,
        5,
        6,
    )
