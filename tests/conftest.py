"""What all tests share."""

from __future__ import annotations

import os

import pytest

from autograder.box.wall import NoWall, choose


@pytest.fixture(scope="session")
def wall() -> str:
    """The best wall of this machine. Tests of hostile code need one."""
    try:
        return choose("auto")
    except NoWall as reason:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no wall: {reason}")
