"""Notebooks of a few cells, and the modules that they are turned into."""

from __future__ import annotations

import importlib
import json
import warnings
from typing import Any

from autograder.sandbox.inside.modules import SubmissionFinder
from autograder.submissions.notebook import Module, to_module


def cell(source: str | list[str], kind: str = "code", **metadata: Any) -> dict[str, Any]:
    return {"cell_type": kind, "source": source, "metadata": metadata, "outputs": [], "execution_count": None}


def notebook(*cells: Any) -> bytes:
    cells = tuple(cell(c) if isinstance(c, str) else c for c in cells)
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


def convert(*cells: Any, wanted: tuple[str, ...] = ("f",)) -> Module:
    return to_module(notebook(*cells), "knn.ipynb", wanted)


def run(module: Module) -> dict[str, Any]:
    """Import the module as a submission and return its names."""
    finder = SubmissionFinder({"knn.py": module.text})
    finder.install()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return vars(importlib.import_module("knn"))
    finally:
        finder.uninstall()
