"""Checks that stay collected between the calls of `check(...)` in a notebook: collecting takes longer than checking.

A grader collects once for many hand-ins; so does a notebook, for one student who checks many times.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import TypeVar

import pytest

from autograder.core.assignment import MANIFEST, Assignment
from autograder.core.received import CHECKS, ORACLES
from autograder.session import check_items
from autograder.session.options import Options
from autograder.session.session import Checks, isolated_pytest, no_public_checks, with_checks
from autograder.session.state import SessionState

T = TypeVar("T")
Stamp = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class _Collected:
    """A session of pytest that collected the checks of a module and ended, and what its checks need around them."""

    stamp: Stamp  # of the files, when they were collected
    session: pytest.Session
    path: list[str]
    modules: dict[str, ModuleType]

    @property
    def reusable(self) -> bool:
        """Whether the checks take our fixtures only: those of pytest end with its session."""
        known = {name for name in vars(check_items) if isinstance(name, str)} | {"request"}
        return all(
            known.issuperset(item.fixturenames) for item in self.session.items if isinstance(item, pytest.Function)
        )


class KeptChecks:
    """The checks that one kernel collected. Those of a module are collected again after one of its files changed."""

    def __init__(self) -> None:
        self._kept: dict[tuple[Path, str], _Collected] = {}

    def judge(self, assignment: Assignment, options: Options, body: Callable[[Checks], T], *, module: str) -> T:
        """Call ``body`` with the public checks of a module, as `with_checks` does, and return its result."""
        key, stamp = (assignment.folder, module), _stamp(assignment)
        kept = self._kept.pop(key, None)
        if kept is None or kept.stamp != stamp:
            kept = _collect(assignment, module, stamp)
        if not kept.reusable:
            return with_checks(assignment, options, body, hidden=False, module=module)
        state = SessionState(options)
        kept.session.config.stash[check_items.STATE] = state
        checks = Checks(assignment, kept.session, hidden=False, selected=False)
        if options.task is not None:
            state.aside = check_items.needed_checks(kept.session.items, options.task)
            checks.items = [item for item in checks.items if item.spec.task == options.task]
            if not checks.items:
                raise no_public_checks(options.task)
        try:
            with isolated_pytest([Path(f"{name}.py") for name in kept.modules]):
                sys.path[:] = kept.path
                sys.modules.update(kept.modules)
                result = body(checks)
        except pytest.exit.Exception:
            raise KeyboardInterrupt from None  # the user quit the debugger
        finally:
            state.close()
        self._kept[key] = kept  # not after an interrupt, which leaves a check half torn down
        return result


def _collect(assignment: Assignment, module: str, stamp: Stamp) -> _Collected:
    """Collect all public checks of a module. Raises BadCheck as `with_checks` does."""

    def body(checks: Checks) -> _Collected:
        names = {item.path.stem for item in checks.items}
        modules = {name: sys.modules[name] for name in names if name in sys.modules}
        return _Collected(stamp, checks.items[0].session, list(sys.path), modules)

    return with_checks(assignment, Options(), body, hidden=False, module=module)


def _stamp(assignment: Assignment) -> Stamp:
    """Return what changes when a file is saved that decides which checks there are."""
    folder = assignment.folder
    files = sorted(chain(folder.glob(CHECKS), folder.glob(ORACLES), [folder / MANIFEST]))
    return tuple((file.name, status.st_mtime_ns, status.st_size) for file in files for status in [file.stat()])
