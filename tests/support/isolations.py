"""Kinds of isolation that a machine may lack."""

from __future__ import annotations

import pytest

from autograder.sandbox.isolation import NoIsolation, choose


def chosen_or_skip(kind: str) -> str:
    """Return the isolation that is chosen for this kind. A machine without it skips the test, with the reason."""
    try:
        return choose(kind)
    except NoIsolation as reason:
        pytest.skip(str(reason))
