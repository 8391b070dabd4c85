"""Fixtures that all tests share."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest

from autograder.core import collector
from autograder.core.jupyter import load_package
from autograder.sandbox.isolation import NoIsolation, choose
from autograder.sandbox.pool import WorkerPool
from tests.support.isolations import chosen_or_skip
from tests.support.left_out import is_left_out
from tests.support.measured_boxes import is_measured, measured_boxes
from tests.support.order import Recorder, longest_first
from tests.support.our_course import OUR_COURSE

load_package("jsonschema")  # which test files import with nbformat
os.environ["LANGUAGE"] = "en"  # what tests expect, whatever the language of this computer


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--record-durations", action="store_true", help="write tests/durations.json")


def pytest_configure(config: pytest.Config) -> None:
    collector.USUAL = (40_000, 10, 10)  # fewer searches for garbage in this process: they took a fifth of its time
    gc.set_threshold(*collector.USUAL)
    if config.getoption("--record-durations") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder())
    if is_measured():  # by `make coverage`
        boxes = ExitStack()
        boxes.enter_context(measured_boxes())
        config.add_cleanup(boxes.close)


_errors_in_pytest: list[str] = []


def pytest_internalerror(excrepr: object) -> None:
    _errors_in_pytest.append(str(excrepr))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Repeat the first error inside pytest: the one of a worker comes long before the one that ends the session."""
    if _errors_in_pytest and not hasattr(config, "workerinput"):
        print(f"The first error inside pytest was:\n{_errors_in_pytest[0]}")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Import no file whose tests would all be left out."""
    return True if is_left_out(collection_path, config) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that run code in a sandbox, and put those that take longest first."""
    for item in items:
        if {"isolation", "isolated", "pool"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("box")
    longest_first(items)


def pytest_collection_finish() -> None:
    """Exempt what is imported now from garbage collection, which pytest runs five times at the end of each session.

    Many tests run sessions of their own; with torch in memory, one collection takes a tenth of a second.
    """
    gc.collect()
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Do the same with what the tests of a file leave, such as pools and what functions have stored."""
    if nextitem is None or nextitem.path != item.path:
        gc.collect()
        gc.freeze()


@pytest.fixture(scope="session")
def isolation() -> str:
    """The best isolation of this machine. Tests of hostile code need one."""
    try:
        return choose("auto")
    except NoIsolation as reason:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no isolation: {reason}")


Pools = Callable[[str], WorkerPool]


@pytest.fixture(scope="session")
def pools() -> Iterator[Pools]:
    """Pools of workers by their isolation. Each is opened once, since its fork server imports torch."""
    with ExitStack() as stack:
        yield cache(lambda isolation: stack.enter_context(WorkerPool(isolation, course=OUR_COURSE)))


@pytest.fixture(scope="session")
def isolated_pool(isolation: str, pools: Pools) -> WorkerPool:
    """A pool with the best isolation of this machine."""
    return pools(isolation)


@pytest.fixture(scope="session")
def open_pool(pools: Pools) -> WorkerPool:
    """A pool without isolation: nothing is hidden, and every machine has it."""
    return pools("none")


@pytest.fixture(scope="module", params=["bubblewrap", "namespaces", "none"])
def pool(request: pytest.FixtureRequest, pools: Pools) -> WorkerPool:
    """A pool of workers, for each kind of isolation."""
    return pools(chosen_or_skip(request.param))


@pytest.fixture(scope="module", params=["bubblewrap", "namespaces"])
def isolated(request: pytest.FixtureRequest, pools: Pools) -> WorkerPool:
    """The same, for each kind that hides anything."""
    return pools(chosen_or_skip(request.param))
