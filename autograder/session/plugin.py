"""The entry of gradlab into pytest: its options, and what wakes the rest when the first check file is collected.

It costs other pytest sessions nothing: it imports the grader, with check_items.py, only for a check file of a course.
"""

from __future__ import annotations

from pathlib import Path

import pytest

OPTIONS = "--gradlab-"  # begins each option, so that none collides with a project's own


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("gradlab")
    add = group.addoption
    add(f"{OPTIONS}student", type=Path, help="folder with the student's files (default: the folder of the checks)")
    add(f"{OPTIONS}device", default="cpu", choices=("cpu", "cuda", "auto"), help="device of the tensors")
    add(f"{OPTIONS}data", help="data set of scored checks (default: the course's first)")
    add(f"{OPTIONS}seed", type=int, help="seed of the checks' random inputs")
    add(f"{OPTIONS}task", help="only the checks of this task")
    add(f"{OPTIONS}skip-scored", action="store_true", help="leave out the checks that train or evaluate models")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    if not file_path.name.startswith("check_") or file_path.suffix != ".py":
        return None
    from autograder.core.assignment import MANIFEST
    from autograder.core.received import without_its_manifest

    known = (file_path.parent / MANIFEST).exists() or file_path.parent.parent.name == "solutions"
    if not known and without_its_manifest(file_path.parent, "") is None:
        return None
    from autograder.session import check_items

    return check_items.collect(file_path, parent)
