"""Imports of common: no cycles, cheap modules, and old names of modules that moved."""

from __future__ import annotations

import ast
import graphlib
import importlib
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

import common

pytestmark = pytest.mark.slow


def test_no_module_of_common_imports_itself_in_a_circle():
    graph = grimp.build_graph("common", exclude_type_checking_imports=True)
    imported = {module: set(graph.find_modules_directly_imported_by(module)) for module in graph.modules}
    for module in graph.modules:  # a registry imports the modules that it names in strings
        imported[module] |= {text for text in _strings(module) if "." in text and text in graph.modules}
    assert "common.data.coco" in imported["common.data.boxes"]
    assert tuple(graphlib.TopologicalSorter(imported).static_order())  # raises CycleError, which has the circle


def _strings(module: str) -> set[str]:
    found = importlib.util.find_spec(module)
    assert found is not None
    assert found.origin is not None
    tree = ast.parse(Path(found.origin).read_text(encoding="utf-8"))
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("common", "torch matplotlib pooch requests tqdm"),
        ("common.data", "torch matplotlib pooch requests tqdm"),
        ("common.data.cifar10", "torch matplotlib pooch requests tqdm"),
        ("common.data.labelled_scenes", "torch matplotlib pooch requests tqdm"),
        ("common.plots", "matplotlib pooch requests"),
        ("common.data.boxes", "matplotlib pooch requests PIL"),
    ],
)
def test_importing_is_cheap(module, heavy):
    code = f"import sys, {module}; sys.exit(' '.join(m for m in {heavy.split()!r} if m in sys.modules) or 0)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, f"{module} imports {done.stderr}"


@pytest.mark.parametrize("old", sorted(common.MOVED))
def test_a_module_that_moved_is_found_under_its_old_name(old):
    assert importlib.import_module(f"common.{old}") is importlib.import_module(f"common.{common.MOVED[old]}")


def test_old_hand_ins_find_functions_under_their_old_names():
    from common.earlier import linear_classifier

    from common import captioning, plots, recogniser
    from common.fallbacks import linear_classifier as fallback

    assert linear_classifier is fallback
    assert captioning.pictures is plots.pictures
    assert captioning.attention_maps is plots.attention_maps
    assert recogniser.train_recogniser is recogniser.train_classifier
    assert common.current_name("common.convs.FastConv") == "common.nets.convs.FastConv"
    assert common.current_name("common.data.load") == "common.data.load"
