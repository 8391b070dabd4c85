"""Scored checks that one kernel ran, for another kernel with the same sources: they train, which takes longest."""

from __future__ import annotations

import hashlib
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograder.core.code import Code
from autograder.core.notebooks import import_name, notebook_name
from autograder.core.report import CheckResult, Outcome
from autograder.sandbox.link import Link
from autograder.session.check_items import Check
from autograder.session.session import Checks


def train_once(store: str) -> None:
    """Let this kernel keep the scored checks that passed in the folder ``store``, and take those that are there.

    What was loaded must be the same: the cells that ran, and each module of the assignment as it was imported.
    """
    judge = Checks.judge

    def judge_once(
        checks: Checks, link: Link, code: Code, *, only: Callable[[Check], bool] = lambda check: True, **more: Any
    ) -> tuple[CheckResult, ...]:
        path = Path(store, _digest(checks, code))
        kept: dict[str, CheckResult] = pickle.loads(path.read_bytes()) if path.exists() else {}
        new = judge(checks, link, code, only=lambda item: only(item) and item.check_id not in kept, **more)
        results = {**kept, **{result.id: result for result in new}}
        items = [item for item in checks.items if only(item)]
        scored = {item.check_id for item in items if item.scored}
        passed = {name: results[name] for name in scored if results[name].outcome is Outcome.PASSED}
        path.write_bytes(pickle.dumps(passed))
        return tuple(results[item.check_id] for item in items)

    Checks.judge = judge_once  # type: ignore[method-assign]


def _digest(checks: Checks, code: Code) -> str:
    loaded = sorted(code.files.items())
    for file in checks.assignment.files:
        module = sys.modules.get(import_name(file))
        loader = getattr(getattr(module, "__spec__", None), "loader", None)
        imported = loader.get_source(module.__name__) if module is not None and loader is not None else ""
        loaded += [(file, imported), (file, (checks.assignment.folder / notebook_name(file)).read_text())]
    return hashlib.sha256(repr([checks.assignment.name, loaded]).encode()).hexdigest()
