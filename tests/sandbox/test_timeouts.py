"""Code that takes too long: the report says how long its limit is and which line was running."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from autograder.core.code import Code
from autograder.core.report import Cause
from autograder.sandbox.local_link import LocalLink
from autograder.sandbox.pool import WorkerPool
from autograder.sandbox.proxy import Student
from autograder.sandbox.timeouts import places_in, places_of, too_long
from tests.support.box import fault, in_box

SOURCE = """
import re, time


def spin(x):
    while True:
        x = step(x)


def step(x):
    return sum(range(10**5))


def native():
    return re.match("(a+)+$", "a" * 60 + "b")


def asleep():
    time.sleep(1000)


def helped(f):
    return f()
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "arguments", "lines"),
    [
        ("spin", (1,), ("line 7: `x = step(x)`", "line 6: `while True:`", "line 11: `return sum(range(10**5))`")),
        ("native", (), ('line 15: `return re.match("(a+)+$", "a" * 60 + "b")`',)),
        ("asleep", (), ("line 19: `time.sleep(1000)`",)),
    ],
)
def test_the_line_that_was_running_is_named(
    name: str, arguments: tuple[object, ...], lines: tuple[str, ...], isolated_pool: WorkerPool
) -> None:
    with in_box(isolated_pool, SOURCE, seconds=1.0) as (student, _):
        found = fault(getattr(student, name), *arguments)
    assert found.cause is Cause.TIMEOUT
    begin, _, line = found.message.partition(" in work.py, ")
    assert begin == "Your code took longer than 1 s, its limit, and was stopped"
    assert line in lines


@pytest.mark.slow
def test_code_that_answers_the_signal_itself_gets_the_sentence_without_a_line(isolated_pool: WorkerPool) -> None:
    for action in (
        "signal.SIG_IGN",
        "lambda *_: print('x')",
        "lambda *_: os.write(3, b'  File \"work.py\", line 9 in f')",
    ):
        source = f"import os, signal\ndef deaf():\n    signal.signal(signal.SIGUSR1, {action})\n    while True: pass\n"
        with in_box(isolated_pool, source, seconds=0.5) as (student, _):
            found = fault(student.deaf)
        assert found.message == "Your code took longer than 0.5 s, its limit, and was stopped."


@pytest.mark.slow
def test_the_next_check_has_a_new_worker(isolated_pool: WorkerPool) -> None:
    with in_box(isolated_pool, SOURCE, seconds=0.5) as (student, link):
        fault(student.spin, 1)
        link.begin(seed=1, seconds=20.0, memory_mb=512)
        assert Student(link, "work", SOURCE).step(1) == sum(range(10**5))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no timer of this kind")
def test_a_laptop_says_the_same() -> None:
    link = LocalLink(Code({"work.py": SOURCE}))
    try:
        link.begin(seed=1, seconds=0.3, memory_mb=512)
        found = fault(Student(link, "work", SOURCE).asleep)
    finally:
        link.close()
    assert (
        found.message
        == "Your code took longer than 0.3 s, its limit, and was stopped in work.py, line 19: `time.sleep(1000)`"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no timer of this kind")
@pytest.mark.parametrize(("library", "limits"), [("slow_library", 2.5), ("endless_library", 20.0)])
def test_on_a_laptop_an_import_of_a_library_is_waited_for_within_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: str, limits: float
) -> None:
    (tmp_path / f"{library}.py").write_text(f"import time\n\ntime.sleep({0.05 * limits})\nhalf = 0.5\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, library, raising=False)
    link = LocalLink(Code({"work.py": f"def half():\n    import {library}\n\n    return {library}.half\n"}))
    try:
        link.begin(seed=1, seconds=0.05, memory_mb=512)
        half = Student(link, "work", SOURCE).half
        if library == "slow_library":
            assert half() == 0.5
        else:
            assert fault(half).cause is Cause.TIMEOUT
    finally:
        link.close()


def test_a_line_of_a_notebook_is_named_by_its_cell() -> None:
    code = Code({"knn.py": "a = 1\n\nfor i in b:\n    f(i)\n"}, cells={"knn.py": [(1, 2), (3, 5)]})
    assert too_long(10, [("torch/x.py", 3), ("knn.py", 4), ("knn.py", 1)], code).message == (
        "Your code took longer than 10 s, its limit, and was stopped in cell 5 from the top, line 2: `f(i)`"
    )
    assert too_long(2.5, [("knn.py", 40), ("absent.py", 1)], code).message.endswith(
        "2.5 s, its limit, and was stopped."
    )


def test_an_instruction_without_a_line_has_line_0() -> None:
    """Python gives some instructions of its own no line, and a signal may come at one of them."""

    def here() -> list[tuple[str, int]]:
        return places_of(sys._getframe())

    no_line = bytes([0xF8])  # an entry of a table of lines: one instruction, no place
    code = here.__code__
    here.__code__ = code.replace(co_linetable=no_line * (len(code.co_code) // 2))
    (file, line), caller, *_ = here()
    assert (file, line) == (__file__, 0)
    assert caller[0] == __file__
    assert caller[1] > 0
    assert too_long(1, [(file, line)], Code({file: "x = 1\n"})).message.endswith("1 s, its limit, and was stopped.")


def test_anything_may_come_instead_of_a_stack() -> None:
    dump = 'Current thread 0x1 (most recent call first):\n  File "a.py", line 3 in f\n  File "b.py", line 0012 in g\n'
    assert places_in(dump) == [("a.py", 3), ("b.py", 12)]
    for text in ("", "\0" * 1000, '  File "' * 1000, '  File "x", line 99999999999 in f', 'File "x", line 3 in f'):
        assert places_in(text) == []


def test_a_library_whose_values_the_checks_send_is_imported_before_the_calls_and_not_at_their_expense(
    isolation: str,
) -> None:
    source = "import sys\n\ndef is_there(value):\n    return 'torch' in BEFORE\n\nBEFORE = list(sys.modules)\n"
    importlib.import_module("torch")  # as a check that uses it did
    with WorkerPool(isolation) as pool, in_box(pool, source) as (student, _):
        assert student.is_there(1)
