"""What all tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from autograder.box.link import Nursery
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


@pytest.fixture(scope="module", params=["bubblewrap", "namespaces", "none"])
def nursery(request: pytest.FixtureRequest) -> Iterator[Nursery]:
    try:
        choose(request.param)
    except NoWall as reason:
        pytest.skip(str(reason))
    with Nursery(request.param) as nursery:
        yield nursery


@pytest.fixture
def walled(nursery: Nursery) -> Nursery:
    """Only where there is a wall."""
    if nursery.wall == "none":
        pytest.skip("no wall, nothing hidden")
    return nursery
