"""A module of a submission runs statement by statement; what fails is recorded and costs nothing else."""

from __future__ import annotations

import inspect
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import pytest

from autograder.sandbox.inside.modules import NotRun, StandIn, SubmissionFinder


@contextmanager
def loaded(files: Mapping[str, str], **options: Any) -> Iterator[tuple[ModuleType, SubmissionFinder]]:
    """The first file as a module, and the finder that knows what did not run."""
    finder = SubmissionFinder(files, **options)
    finder.install()
    try:
        yield __import__(next(iter(files)).removesuffix(".py")), finder
    finally:
        finder.uninstall()


def reasons(finder: SubmissionFinder, module: str = "work") -> list[tuple[int, tuple[str, ...], str]]:
    return [(part.line, part.names, part.reason) for part in finder.loaders[module].not_run]


def test_what_fails_is_recorded_with_its_line_names_and_reason_and_the_rest_runs() -> None:
    source = "a = 1\nb = 1 / 0\nassert a == 2, 'no'\nfor c, (d, *e) in [1]:\n    pass\nexit(3)\nf = a\n"
    with loaded({"work.py": source}) as (work, finder):
        assert (work.a, work.f) == (1, 1)
        assert reasons(finder) == [
            (2, ("b",), "ZeroDivisionError: division by zero"),
            (3, (), "AssertionError: no"),
            (4, ("c", "d", "e"), "TypeError: cannot unpack non-iterable int object"),
            (6, (), "SystemExit: 3"),
        ]
        assert finder.explain("d") == ("work.py", finder.loaders["work"].not_run[2])
        assert finder.explain("a") is None


def test_a_keyboard_interrupt_is_not_held_back() -> None:
    with pytest.raises(KeyboardInterrupt), loaded({"work.py": "raise KeyboardInterrupt"}):
        pass


def test_a_definition_that_comes_too_early_runs_when_its_names_are_there() -> None:
    source = "class Net(Base):\n    pass\nTABLE = make()\nSIZE = WIDTH\n"
    source += "class Base:\n    pass\nWIDTH = 3\ndef make():\n    return {1: WIDTH}\n"
    with loaded({"work.py": source}) as (work, finder):
        assert issubclass(work.Net, work.Base)
        assert work.TABLE == {1: 3}
        assert work.SIZE == 3
        assert reasons(finder) == []


def test_a_definition_that_comes_too_early_does_not_replace_a_later_one() -> None:
    with loaded({"work.py": "def f(x: Tensor):\n    return 1\ndef f(x):\n    return 2\nTensor = list\n"}) as (work, _):
        assert work.f(0) == 2


def test_a_call_that_comes_too_early_is_not_repeated() -> None:
    with loaded({"work.py": "T = []\nfor i in range(3):\n    T.append(i)\n    x(i)\nx = print\n"}) as (work, finder):
        assert work.T == [0]
        assert reasons(finder) == [(2, ("i",), "NameError: name 'x' is not defined")]


def test_each_name_of_an_import_is_imported_on_its_own() -> None:
    source = "import pandas, math, cv2\nfrom math import nothing, floor as down\n"
    source += "from __future__ import annotations, division\n"
    with loaded({"work.py": source}, packages=()) as (work, finder):
        assert work.math.pi > work.down(3.5) == 3
        assert [names for _, names, _ in reasons(finder)] == [("pandas",), ("cv2",), ("nothing",)]


def test_only_the_packages_of_the_assignment_can_be_imported() -> None:
    source = "import numpy, json, other, lent, torch\nimport numpy.linalg as la\ndef f():\n    import pandas.io\n"
    files = {"work.py": source, "other.py": "import pandas\nx = 1\n"}
    with loaded(files, packages=("numpy",), fallbacks=("lent",)) as (work, finder):
        assert work.la.norm([3, 4]) == 5
        assert [names for _, names, _ in reasons(finder)] == [("lent",), ("torch",)]
        assert "torch is not a package that this assignment allows. Allowed" in reasons(finder)[1][2]
        assert work.other.x == 1
        with pytest.raises(ImportError, match="pandas is not a package that this assignment allows"):
            work.f()


def test_a_message_lists_what_the_assignment_allows_and_no_other_modules() -> None:
    with loaded({"work.py": "import pandas\n"}, packages=("numpy", "vit"), allowed=("numpy",)) as (_, finder):
        assert reasons(finder)[0][2].endswith("Allowed, besides Python's own: numpy.")


def test_what_exists_in_notebooks_only_is_replaced_by_a_stand_in() -> None:
    source = (
        "from google.colab import drive\nfrom IPython.display import *\nimport autograder as ag\nimport google.colab\n"
        "drive.mount('x').y[1:2]['z'] = len(drive)\nwith get_ipython().capture() as out:\n    pass\n"
        "for line in get_ipython().getoutput('ls'):\n    raise ValueError\nag.check('work')\n"
    )
    with loaded({"work.py": source}, packages=()) as (work, finder):
        assert isinstance(work.drive, StandIn)
        assert not work.drive
        assert reasons(finder) == []


def test_nobody_answers_input() -> None:
    with loaded({"work.py": "a = input('go on? ')\ndef f():\n    return input()\n"}) as (work, finder):
        assert reasons(finder) == [(1, ("a",), "EOFError: nobody can answer input() when code is graded")]
        with pytest.raises(EOFError):
            work.f()


def test_a_folder_without_init_is_a_package_even_if_another_has_its_name() -> None:
    import xml.parsers.expat

    files = {"work.py": "from xml.deep.maths import x\n", "xml/deep/maths.py": "from . import other\nx = other.y\n"}
    with loaded({**files, "xml/deep/other.py": "y = 3\n"}) as (work, finder):
        assert work.x == 3
        assert reasons(finder) == []
    assert sys.modules["xml"] is xml
    assert not hasattr(xml, "deep")


def test_statements_that_take_too_long_are_interrupted() -> None:
    begun = time.monotonic()
    source = "a = 1\nwhile True:\n    b = 2\nc = 3\nwhile True:\n    pass\nd = 4\n"
    with loaded({"work.py": source}, seconds=0.5) as (work, finder):
        assert (work.a, work.c, work.d) == (1, 3, 4)
        assert [(line, reason.split(":")[0]) for line, _, reason in reasons(finder)] == [
            (2, "TimeoutError"),
            (5, "TimeoutError"),
        ]
    assert time.monotonic() - begun < 5


def test_what_was_removed_before_is_known_and_is_forgotten_with_the_finder() -> None:
    part = NotRun(7, ("Net.loss",), "Python cannot read this: invalid syntax")
    with loaded({"work.py": "x = 1 / 0\n"}, not_run={"work.py": [part]}) as (_, finder):
        assert finder.explain("Net.loss") == ("work.py", part)
        assert len(reasons(finder)) == 2
    assert "work" not in sys.modules


def test_tracebacks_and_inspect_find_the_lines() -> None:
    with loaded({"work.py": "# first\ndef f():\n    return 1 / 0\n"}) as (work, _):
        assert inspect.getsource(work.f) == "def f():\n    return 1 / 0\n"
        with pytest.raises(ZeroDivisionError) as caught:
            work.f()
        assert traceback.extract_tb(caught.value.__traceback__)[-1].line == "return 1 / 0"


def test_an_error_whose_text_cannot_be_created_has_a_reason() -> None:
    source = "class Odd(Exception):\n    def __str__(self):\n        raise SystemExit\n"
    source += "x = 1\ndef g():\n    raise Odd\ny = g()\n"
    with loaded({"work.py": source}) as (_, finder):
        assert reasons(finder) == [(7, ("y",), "Odd")]


def test_a_notebook_can_run_its_statements_again_in_the_names_of_its_kernel() -> None:
    source = "n = n + 1\nboom = 1 / 0\nm = n\nask = input()\n"
    finder = SubmissionFinder({"work.py": source})
    names, seen = {"n": 1}, []
    finder.loaders["work"].run_again(names, lambda: seen.append(names["n"]))
    assert (names["n"], names["m"]) == (2, 2)
    assert "boom" not in names
    assert "ask" not in names
    assert seen == [2, 2, 2, 2]


def test_the_first_cause_is_found_over_several_steps_and_a_circle_ends() -> None:
    source = "import nowhere as a\nb = a.x\nc = b + 1\n"
    with loaded({"work.py": source}) as (_, finder):
        _, last = finder.explain("c") or pytest.fail("c did not run")
        file, first = finder.first_cause(last) or pytest.fail("there is a cause")
        assert (file, first.line, first.names) == ("work.py", 1, ("a",))
    with loaded({"work.py": "x = y + 1\ny = x + 1\n"}) as (_, finder):
        _, part = finder.explain("x") or pytest.fail("x did not run")
        cause = finder.first_cause(part)
        assert cause is not None
        assert cause[1].names == ("y",)


def test_the_lines_of_a_block_that_always_runs_are_statements_of_their_own() -> None:
    with loaded({"work.py": "if True:\n    a = 1\n    b = 1 / 0\n    if True:\n        c = 2\n"}) as (work, finder):
        assert (work.a, work.c) == (1, 2)
        assert [part[:2] for part in reasons(finder)] == [(3, ("b",))]


def test_definitions_in_reverse_order_run_one_round_after_the_other() -> None:
    with loaded({"work.py": "c = b\nb = a\na = 1\n"}) as (work, finder):
        assert (work.a, work.b, work.c) == (1, 1, 1)
        assert reasons(finder) == []


def test_in_another_thread_statements_run_without_a_timer() -> None:
    found: list[int] = []

    def load() -> None:
        with loaded({"work.py": "a = 1\n"}) as (work, _):
            found.append(work.a)

    thread = threading.Thread(target=load)
    thread.start()
    thread.join()
    assert found == [1]


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="Windows has no timer of this kind")
def test_a_timer_of_the_caller_is_still_set_afterwards() -> None:
    before = signal.signal(signal.SIGALRM, signal.SIG_IGN)
    signal.setitimer(signal.ITIMER_REAL, 1000.0, 5.0)
    try:
        with loaded({"work.py": "a = 1\n"}) as (work, _):
            assert work.a == 1
            left, interval = signal.getitimer(signal.ITIMER_REAL)
            assert 0 < left <= 1000
            assert interval == 5.0
            assert signal.getsignal(signal.SIGALRM) is signal.SIG_IGN
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
