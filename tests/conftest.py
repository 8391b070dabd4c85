"""Fixtures that all tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from autograder.sandbox.isolation import NoIsolation, choose
from autograder.sandbox.pool import WorkerPool
from tests.support.our_course import OUR_COURSE


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that run code in a sandbox."""
    for item in items:
        if {"isolation", "isolated", "pool"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("box")


@pytest.fixture(scope="session")
def isolation() -> str:
    """The best isolation of this machine. Tests of hostile code need one."""
    try:
        return choose("auto")
    except NoIsolation as reason:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no isolation: {reason}")


@pytest.fixture(scope="module", params=["bubblewrap", "namespaces", "none"])
def pool(request: pytest.FixtureRequest) -> Iterator[WorkerPool]:
    """A pool of workers, for each kind of isolation."""
    try:
        choose(request.param)
    except NoIsolation as reason:
        pytest.skip(str(reason))
    with WorkerPool(request.param, course=OUR_COURSE) as pool:
        yield pool


@pytest.fixture
def isolated(pool: WorkerPool) -> WorkerPool:
    """The pool, if it isolates."""
    if pool.isolation == "none":
        pytest.skip("without isolation nothing is hidden")
    return pool
