"""Checks judge the module that they are given: none imports a student's module by its name."""

from __future__ import annotations

import re
from pathlib import Path

from autograder.core.assignment import read_assignment

ROOT = Path(__file__).resolve().parents[2]


def test_no_check_and_no_oracle_imports_a_students_module_by_its_name() -> None:
    folders = [path.parent for path in ROOT.glob("assignments/*/assignment.toml")]
    modules = {file.removesuffix(".py") for folder in folders for file in read_assignment(folder).files}
    imports = re.compile(rf"^\s*(?:from|import)\s+(?:{'|'.join(sorted(modules))})\b.*", re.MULTILINE)
    paths = [path for pattern in ("check_*.py", "oracles*.py") for path in ROOT.glob(f"*/*/{pattern}")]
    assert len(paths) > 50
    found = [
        f"{path.relative_to(ROOT).as_posix()}: {line.strip()}"
        for path in paths
        for line in imports.findall(path.read_text(encoding="utf-8"))
    ]
    assert found == []
