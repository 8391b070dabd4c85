"""The box returns values, stores printed text, and imports a submission once."""

from __future__ import annotations

from collections import Counter
from datetime import date
from decimal import Decimal

import numpy as np
import pytest
import torch

from autograder.checks.task import BadCheck
from autograder.core.report import Cause
from autograder.sandbox import box_link as links
from autograder.sandbox.box_link import imports_later
from autograder.sandbox.expect_raises import expect_raises
from autograder.sandbox.pool import WorkerPool
from autograder.sandbox.proxy import Handle, Student
from tests.support.box import begin, fault, in_box

pytestmark = pytest.mark.slow

WORK = """
    import torch

    class Net:
        kind = "net"

        class Inner:
            depth = 2

        def __init__(self, width):
            self.width = width
            self.params = {"w": torch.ones(2, width)}

        def __call__(self, x):
            return x * self.width

        def __getitem__(self, key):
            return [self, key]

        def wider(self):
            return Net(self.width + 1)

    def echo(x):
        return x

    def cached(x):
        return x + 1, {"x": x, "f": echo}

    def spoil(x, y):
        x += 1
        return torch.ones(1000, 100).sum()

    def draw():
        import random
        import numpy
        return torch.rand(3), numpy.random.rand(), random.random()

    def change():
        torch.set_default_dtype(torch.float64)
        torch.set_grad_enabled(False)

    def state():
        return torch.get_default_dtype(), torch.is_grad_enabled(), torch.ones(1).dtype
"""


def test_values_are_returned_unchanged(pool: WorkerPool) -> None:
    with in_box(pool, WORK) as (student, _):
        for value in (None, True, 7, -0.5, "text", [1, (2, {"a": None})], {1: "one"}, torch.float64, slice(1, None)):
            assert student.echo(value) == value
        x = torch.randn(3, 4, dtype=torch.float64).T
        assert torch.equal(student.echo(x), x)
        assert student.echo(x.numpy()).shape == (4, 3)
        assert student.trail.call == "echo(array f64[4,3]) returned array f64[4,3]"


def test_objects_stay_in_the_box_behind_handles(pool: WorkerPool) -> None:
    with in_box(pool, WORK) as (student, _):
        net = student.Net(3)
        assert isinstance(net, Handle)
        assert (net.kind, net.width, student.Net.Inner.depth) == ("net", 3, 2)
        assert torch.equal(net(torch.ones(2)), torch.full((2,), 3.0))
        assert net.wider().wider().width == 5
        net.params = {"w": torch.zeros(1)}
        assert torch.equal(net.params["w"], torch.zeros(1))
        again, key = net[1:2]
        assert (again.width, key) == (3, slice(1, 2))
        assert student.echo(net).width == 3
        assert student.echo({"net": [net]})["net"][0].width == 3
        assert repr(net) == "<Net>"
        with pytest.raises(AttributeError):
            _ = net.__dict__


def test_rarer_values_and_operators_cross_the_sandbox(pool: WorkerPool) -> None:
    with in_box(pool, WORK) as (student, _):
        for value in ({1, 2}, b"ab", 2**100, Decimal("1.5"), date(2024, 2, 29), Counter("aa"), {(1, 2): 1j}):
            assert student.echo(value) == value
        assert student.echo(np.array(["a", "b"])).tolist() == ["a", "b"]
        assert student.hold(student.echo, [1, 2])[0] + 3 == 4
        with expect_raises(TypeError, match="no len"):
            len(student.Net(3))
        path = student.write_file("a.txt", "text")
        assert student.read_file(path) == b"text"
        assert path.startswith("/tmp/gradlab-")


def test_hold_leaves_a_result_in_the_box_until_its_value_is_requested(pool: WorkerPool) -> None:
    with in_box(pool, WORK) as (student, _):
        out, cache = student.hold(student.cached, torch.ones(2))
        assert torch.equal(student.value(out), torch.full((2,), 2.0))
        assert isinstance(student.value(cache)["f"], Handle)
        assert torch.equal(student.value(student.hold(student.echo, torch.ones(1))), torch.ones(1))
        assert student.value(5) == 5


def test_measure_reports_the_side_effects_of_a_call(pool: WorkerPool) -> None:
    with in_box(pool, WORK) as (student, _):
        seen = student.measure(student.spoil, torch.zeros(2), 4)
        assert (seen.value.item(), seen.args[0].tolist(), seen.args[1]) == (100_000.0, [1.0, 1.0], 4)
        assert seen.ops == 3
        assert seen.largest == 400_000


def test_measure_sees_a_call_that_makes_sparse_tensors(pool: WorkerPool) -> None:
    with in_box(pool, WORK) as (student, _):
        helper = student.define(
            "import torch\ndef thin(x):\n    return x.to_sparse() @ x, x.to_sparse_csr() @ x, x.to_sparse()\n"
        )
        seen = student.measure(helper.thin, torch.eye(3))
        assert all(torch.equal(x.to_dense(), torch.eye(3)) for x in seen.value)
        assert seen.largest >= 12  # three values of float32


def test_define_runs_helpers_next_to_the_students_module(pool: WorkerPool) -> None:
    with in_box(pool, WORK) as (student, _):
        helper = student.define(
            "import work\nfrom common.training.seed import *\ndef twice(x):\n    return work.echo(x) * 2\n"
        )
        assert helper.twice(4) == 8
        assert student.Net(helper.twice(1)).width == 2


def test_a_value_that_cannot_be_passed_is_the_fault_of_the_check(pool: WorkerPool) -> None:
    with in_box(pool, WORK) as (student, _):
        with pytest.raises(BadCheck, match=r"passed a value of type function .* student\.define"):
            student.echo(lambda x: x)
        assert student.echo(1) == 1


def test_equal_seeds_give_equal_random_numbers(pool: WorkerPool) -> None:
    with in_box(pool, WORK) as (student, link):
        first = student.draw()
        assert str(begin(link).draw()) == str(first)
        student.seed(5)
        other = student.draw()
        student.seed(5)
        assert str(student.draw()) == str(other) != str(first)


def test_global_settings_are_reset_before_the_next_check(pool: WorkerPool) -> None:
    with in_box(pool, WORK) as (student, link):
        student.change()
        assert student.state() == (torch.float64, False, torch.float64)
        assert begin(link).state() == (torch.float32, True, torch.float32)


def test_has_returns_whether_a_name_is_defined(pool: WorkerPool) -> None:
    with in_box(pool, WORK) as (student, _):
        assert (student.has("Net"), student.has("Nets")) == (True, False)
        missing = fault(lambda: student.nothing)
        assert (missing.cause, missing.message) == (Cause.NOT_WRITTEN, "work.py does not define nothing.")


def test_a_file_that_was_not_handed_in_is_not_written(pool: WorkerPool) -> None:
    with in_box(pool, WORK) as (_, link):
        absent = fault(lambda: Student(link, "other", None).f)
        assert (absent.cause, absent.message) == (Cause.NOT_WRITTEN, "other.py was not handed in.")


def test_printed_text_is_stored_separately_from_answers(pool: WorkerPool) -> None:
    source = """
        import sys, warnings
        print("imported")

        def f(x):
            print("called with", x)
            print("to stderr", file=sys.stderr)
            warnings.warn("careful")
            return x

        def g():
            print("before")
            raise ValueError("after")
    """
    with in_box(pool, source) as (student, link):
        assert student.f(1) == 1
        assert link.printed.startswith("imported\ncalled with 1\nto stderr\n")
        assert "UserWarning: careful" in link.printed
        begin(link)
        assert link.printed == ""
        fault(student.g)
        assert link.printed == "before\n"


def test_long_output_is_cut_and_the_rest_is_counted(pool: WorkerPool) -> None:
    with in_box(pool, "def f():\n    for _ in range(100):\n        print('x' * 999)\n    return 1\n") as (
        student,
        link,
    ):
        assert student.f() == 1
        assert len(link.printed) < 4096 + 101
        assert link.printed.endswith("[95904 more characters were printed and are not shown]")
        student.f()
        assert len(link.printed) < 4096 + 101


def test_output_that_bypasses_python_is_discarded(pool: WorkerPool) -> None:
    source = "import os\ndef f():\n    os.write(1, b'one')\n    os.write(2, b'two')\n    return input\n"
    with in_box(pool, source) as (student, link):
        ask = student.f()
        assert link.printed == ""
        assert fault(ask).cause is Cause.ERROR


def test_a_method_that_is_an_argument_is_looked_up_while_the_request_is_made(pool: WorkerPool) -> None:
    source = "class Net:\n    def wider(self, by):\n        return by + 1\ndef apply(f, x):\n    return f(x)\n"
    with in_box(pool, source) as (student, _):
        net = student.Net()
        assert [student.apply(net.wider, 3), net.wider(4), student.apply(f=net.wider, x=5)] == [4, 5, 6]


def test_a_slow_import_does_not_count_against_the_check(pool: WorkerPool) -> None:
    source = "import time\ntime.sleep(0.6)\ndef f():\n    return 1\ndef g():\n    time.sleep(5)\n"
    with in_box(pool, source, seconds=0.5) as (student, link):
        assert student.f() == 1
        assert fault(student.g).cause is Cause.TIMEOUT
        assert begin(link, seconds=0.5).f() == 1  # imported again, in a new worker


def test_an_endless_import_is_tried_once(pool: WorkerPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "IMPORT_SECONDS", 0.5)
    with in_box(pool, "while True:\n    pass\n") as (student, link):
        asked = []
        roundtrip = link._roundtrip
        monkeypatch.setattr(link, "_roundtrip", lambda request: (asked.append(request["do"]), roundtrip(request))[1])
        for _ in range(3):
            found = fault(getattr, student, "f")
            assert found.cause is Cause.TIMEOUT
            assert found.message.startswith("work.py could not be imported.")
            student = begin(link)
        assert asked.count("load") == 1


def test_every_check_reports_the_statement_that_failed(pool: WorkerPool) -> None:
    with in_box(pool, "import torch\n\nf = undefined\n") as (student, link):
        for _ in range(2):
            found = fault(getattr, student, "f")
            assert found.message == (
                "f could not be loaded, because the code that defines it did not run.\n"
                "  work.py, line 3 did not run: NameError: name 'undefined' is not defined."
            )
            student = begin(link)


def test_each_check_has_its_own_memory(pool: WorkerPool) -> None:
    source = "import torch\ndef f(mb):\n    return torch.empty(mb << 18).numel()\n"
    with in_box(pool, source) as (student, link):
        assert fault(student.f, 600).cause is Cause.MEMORY
        assert begin(link, memory_mb=1500).f(600) == 600 << 18


@pytest.mark.parametrize(
    ("words", "module"),
    [
        ("torch.optim", "torch._dynamo"),
        ("torch.autograd.grad", "torch.fx.experimental.symbolic_shapes"),
        ("autograder.probes", "autograder.probes.layers"),
    ],
)
def test_workers_need_not_import_what_torch_imports_on_use(pool: WorkerPool, words: str, module: str) -> None:
    """The fork server imports it once, before the first worker whose source has words that need it."""
    source = f"import sys  # {words}\n\ndef imported(name):\n    return name in sys.modules\n"
    for _ in range(2):  # the second worker waited meanwhile
        with in_box(pool, source) as (student, _):
            assert student.imported(module)


def test_sources_that_import_on_use_are_known_by_their_words() -> None:
    compiler, symbols = "torch._dynamo", "torch.fx.experimental.symbolic_shapes"
    assert imports_later("torch.optim.Adam([x])") == {compiler}
    assert imports_later('torch.randn(3, device="meta")') == {compiler}  # torch computes there by its decompositions
    assert imports_later("y.backward(torch.ones(3))") == {symbols}
    assert imports_later("grad(y, x, grad_outputs=v)") == {symbols}
    assert imports_later("import torch\nmetadata = optimal = 1\nloss.backward()\n") == set()
