"""What a check lends in a second try, to code that wants to keep it: it earns nothing elsewhere, and is shown to nobody."""

from __future__ import annotations

from typing import Any

import pytest

from autograder.checks.expect import Mismatch, expect_equal
from autograder.checks.task import task
from autograder.sandbox.box_link import BoxLink
from autograder.sandbox.pool import WorkerPool
from autograder.sandbox.proxy import StudentFault
from tests.support.box import begin, in_box, settled

pytestmark = pytest.mark.slow

LOANS = """
def half(x):
    return x / 2  # the recipe

LOANS = {"half": half}
"""


@task("quarter", loans=LOANS)
def check_quarter(student: Any) -> None:
    """A quarter is half of a half."""
    expect_equal(student.quarter(8.0), 2.0)


@task("half")
def check_half(student: Any) -> None:
    """Half of it."""
    expect_equal(student.half(6.0), 3.0)


# `half` is not solved: it returns what one of FINDERS has stolen, or a wrong value. `quarter` calls the KEEPERS first.
THIEF = """
import gc, glob, inspect, linecache, os, sys, threading, types

KEEPERS, FINDERS = [], []
keeps, finds = KEEPERS.append, FINDERS.append
{hide}

def half(x):
    for find in FINDERS:
        try:
            return find()(x)
        except Exception:
            pass
    return -1.0

OWN = half

def quarter(x):
    if half is not OWN:
        for keep in KEEPERS:
            keep(half)
    return half(half(x))

def run(source):
    exec(source, found := {{"__name__": "found"}})
    return found["half"]
"""

IN_MEMORY = """
import torch

kept, later = [], []
keeps(kept.append), finds(lambda: kept[0])
keeps(lambda f: threading.Thread(target=later.append, args=[f], daemon=True).start()), finds(lambda: later[0])
keeps(lambda f: setattr(os, "half", f)), finds(lambda: os.half)
keeps(lambda f: setattr(torch.Tensor, "half_of", staticmethod(f))), finds(lambda: torch.Tensor.half_of)
keeps(lambda f: sys.modules.update(stolen=types.SimpleNamespace(half=f))), finds(lambda: sys.modules["stolen"].half)
functions = lambda: (f for f in gc.get_objects() if isinstance(f, types.FunctionType))
finds(lambda: next(f for f in functions() if (f.__module__, f.__name__) == ("helper", "half")))
helpers = lambda: ["".join(lines[2]) for name, lines in linecache.cache.items() if name.startswith("<helper")]
finds(lambda: run(next(source for source in helpers() if "recipe" in source)))
"""

IN_FILES = """
def write(path, text):
    try:
        with open(path, "w") as file:
            file.write(text)
    except OSError:
        pass

def read():
    return next(open(path).read() for path in PLACES if os.path.exists(path))

PLACES = [place + "/stolen" for place in (os.getcwd(), "/tmp", "/dev/shm", "/var/tmp", "/run", "/root")]
keeps(lambda f: [write(path, inspect.getsource(f)) for path in PLACES])
finds(lambda: run(read()))
"""

LENDING = """
from autograder.probes.lend import lend

def borrow(function):
    return lend(function, **LOANS)
"""

COUNT = """
count = 0

def count_up():
    global count
    count += 1
    return count
"""


def verdict(check: Any, link: BoxLink) -> str:
    """Run the next check; return why it failed, or an empty string."""
    try:
        check(student=begin(link))
    except (Mismatch, StudentFault) as error:
        return error.message
    return ""


def test_what_was_lent_is_not_in_the_process_that_answers_later(pool: WorkerPool) -> None:
    with in_box(pool, THIEF.format(hide=IN_MEMORY)) as (_, link):
        assert "got -1" in verdict(check_half, link)
        assert verdict(check_quarter, link) == ""
        assert "got -1" in verdict(check_half, link)
    assert settled(pool)


def test_files_with_what_was_lent_are_gone(isolated: WorkerPool) -> None:
    with in_box(isolated, THIEF.format(hide=IN_FILES)) as (_, link):
        assert verdict(check_quarter, link) == ""
        assert "got -1" in verdict(check_half, link)


def test_the_thief_works_where_nothing_prevents_it(isolated: WorkerPool) -> None:
    """Else the tests above would prove nothing."""
    for hide in (IN_MEMORY, IN_FILES):
        with in_box(isolated, THIEF.format(hide=hide)) as (student, _):
            student.wrap(student.define(LOANS + LENDING).borrow, student.quarter)(8.0)
            assert student.half(6.0) == 3.0


def test_what_is_printed_with_loans_is_not_shown(pool: WorkerPool) -> None:
    hide = "keeps(lambda f: print(inspect.getsource(f)))\nfinds(lambda: print('mine'))"
    with in_box(pool, THIEF.format(hide=hide)) as (_, link):
        assert verdict(check_quarter, link) == ""
        assert link.printed == "mine\n" * 2


@pytest.mark.parametrize("end", ["os._exit(0)", "sys.exit()", "os.closerange(3, 99)"])
def test_a_process_that_ends_with_the_loans_costs_this_check_alone(pool: WorkerPool, end: str) -> None:
    with in_box(pool, THIEF.format(hide=f"keeps(lambda f: {end})") + COUNT) as (student, link):
        assert student.count_up() == 1
        assert "expected 2, got -1" in verdict(check_quarter, link)  # the first failure
        assert begin(link).count_up() == (2 if pool.nested else 1)
    assert settled(pool)


def test_loans_leave_the_time_of_the_check_as_it_is(pool: WorkerPool) -> None:
    with in_box(pool, THIEF.format(hide="keeps(lambda f: [None for _ in iter(int, 1)])")) as (_, link):
        with pytest.raises(Mismatch, match=r"expected 2, got -1"):
            check_quarter(student=begin(link, seconds=1.5))
        assert "got -1" in verdict(check_half, link)
    assert settled(pool)
