"""The record of operations says what ran inside a function, and not what a check or a function apart ran."""

from __future__ import annotations

from types import ModuleType

import pytest
import torch

from autograder.sandbox.inside import recorder
from autograder.sandbox.inside.meter import make_meter
from autograder.sandbox.inside.recorder import Recording

SOURCE = """
import functools
import torch

def squares(x):
    return x.square()

def spread(x):
    return squares(x - x.mean()).sum()

def again(f):
    @functools.wraps(f)
    def run(x):
        return f(x)
    return run

@again
def wrapped(x):
    return x.cumsum(0)

renamed = again(lambda x: x.cumprod(0))
renamed.__wrapped__ = torch.cumprod

class Net(torch.nn.Module):
    def forward(self, x):
        return x.erf()

class Half(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x / 2

    @staticmethod
    def backward(ctx, grad):
        return grad / 2

def slope(x):
    x = x.detach().requires_grad_()
    Half.apply(x).sum().backward()
    return x.grad
"""


def student() -> ModuleType:
    module = ModuleType("student_module")
    exec(compile(SOURCE, "student.py", "exec"), module.__dict__)
    return module


def recording_of(*functions: tuple[str, tuple[str, ...]], module: ModuleType) -> Recording:
    recording = Recording({"student.py": "student.py"})
    recording.watch(functions, [module])
    return recording


def ran(*functions: tuple[str, tuple[str, ...]], call: str = "", **values: object) -> list[list[object]]:
    """Return what a call of the student's code ran inside the functions."""
    module = student()
    recording = recording_of(*functions, module=module)
    with recording.context():
        eval(call, {**vars(module), "x": torch.arange(1.0, 4.0), **values})
    return recording.listed()


def operations(*functions: tuple[str, tuple[str, ...]], call: str, **values: object) -> set[object]:
    return {row[1] for row in ran(*functions, call=call, **values)}


def test_operations_are_recorded_with_the_line_that_ran_them_first() -> None:
    assert ran(("squares", ()), call="squares(x)") == [["squares", "aten::pow", "", "student.py", 6]]


def test_what_a_function_uses_is_inside_it_unless_it_is_apart() -> None:
    assert operations(("spread", ()), call="spread(x)") == {"aten::mean", "aten::sub", "aten::pow", "aten::sum"}
    assert operations(("spread", ("squares",)), call="spread(x)") == {"aten::mean", "aten::sub", "aten::sum"}


def test_other_functions_and_code_outside_of_them_are_not_recorded() -> None:
    assert operations(("squares", ()), call="spread(x)") == {"aten::pow"}
    assert operations(("squares", ()), call="x.exp() + torch.cdist(x[None], x[None])") == set()


def test_a_decorated_function_and_a_module_are_known_by_their_names() -> None:
    assert operations(("wrapped", ()), call="wrapped(spread(x)[None])") == {"aten::cumsum"}
    assert operations(("Net", ()), call="Net()(squares(x))") == {"aten::erf"}


def test_all_code_counts_for_a_function_that_has_another_name_than_its_own() -> None:
    assert operations(("renamed", ()), call="renamed(squares(x))") == {"aten::cumprod", "aten::pow"}


def test_a_backward_pass_belongs_to_the_function_that_starts_it() -> None:
    assert "autograd" in operations(("slope", ()), call="slope(x)")
    leaf = torch.ones(3, requires_grad=True)
    assert "autograd" not in operations(("Half.backward", ()), call="Half.apply(leaf).sum().backward()", leaf=leaf)


def test_code_of_a_package_is_recorded_with_its_function() -> None:
    helper = ModuleType("common.fast")
    exec("def go(x):\n    return x.sinh()", helper.__dict__)
    module = student()
    exec(compile("def use(x, go):\n    return go(x)", "student.py", "exec"), module.__dict__)
    recording = recording_of(("use", ()), module=module)
    with recording.context():
        module.use(torch.ones(2), helper.go)
    assert recording.listed() == [["use", "aten::sinh", "common.fast.go", "student.py", 2]]


def test_after_many_operations_nothing_more_is_recorded() -> None:
    module = student()
    recording = recording_of(("squares", ()), ("wrapped", ()), module=module)
    with recording.context():
        for _ in range(recorder.MOST_OPERATIONS):
            module.squares(torch.ones(1))
    with recording.context():
        module.wrapped(torch.ones(1))
    assert {row[1] for row in recording.listed()} == {"aten::pow"}


def test_a_function_that_is_named_later_is_recorded_from_then_on() -> None:
    module = student()
    recording = recording_of(("squares", ()), module=module)
    with recording.context():
        module.spread(torch.ones(2))
    recording.watch([("spread", ())], [module])
    with recording.context():
        module.spread(torch.ones(2))
    found = {(row[0], row[1]) for row in recording.listed()}
    assert found == {("squares", "aten::pow"), *(("spread", f"aten::{name}") for name in ("mean", "sub", "pow", "sum"))}


def test_few_stacks_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "MOST_STACKS", 50)
    module = student()
    recording = recording_of(("squares", ()), module=module)
    with recording.context():
        for _ in range(60):  # each definition has code of its own
            exec("def other(x):\n    return x.exp()\nother(torch.ones(1))", {"torch": torch})
    assert recording.stacks == recorder.MOST_STACKS
    assert recording.listed() == []


def test_the_same_stack_is_read_once_and_looked_at_a_limited_number_of_times() -> None:
    module = student()
    recording = recording_of(("squares", ()), module=module)
    with recording.context():
        for _ in range(recorder.MOST_LOOKS + 500):
            torch.ones(1).exp_()
    assert recording.stacks == 2  # ones and exp_
    assert recording.looks == recorder.MOST_LOOKS
    assert recording.listed() == []


def test_a_backward_pass_of_a_check_runs_without_the_record() -> None:
    helper = ModuleType("helper")
    source = "def slope(f, x):\n    return torch.autograd.grad(f(x).sum(), x)[0]\n"
    exec(compile(source, "<helper 0>", "exec"), {**helper.__dict__, "torch": torch}, helper.__dict__)
    module = student()
    recording = recording_of(("squares", ()), module=module)
    x = torch.ones(3, requires_grad=True)
    with recording.context():
        assert helper.slope(module.squares, x).tolist() == [2.0, 2.0, 2.0]
        during = recording.operations
        module.slope(torch.ones(3))
    assert during <= 3  # of the forward pass: square and sum
    assert recording.operations > during + 2
    assert [row[1] for row in recording.listed()] == ["aten::pow"]


def test_a_name_that_nobody_defines_is_not_a_function_of_this_name() -> None:
    assert not recorder._has_its_name("absent.forward", [student()])


def test_what_was_found_is_sent_only_when_there_is_more() -> None:
    module = student()
    recording = recording_of(("squares", ()), module=module)
    assert recording.news() == []
    with recording.context():
        module.squares(torch.ones(2))
    (row,) = recording.news()
    assert row[:2] == ["squares", "aten::pow"]
    assert recording.news() == []
    with recording.context():
        module.squares(torch.ones(2))
    assert recording.news() == []  # nothing that was not there before


def test_another_version_of_torch_without_this_function_is_recorded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "ENGINE", "_a_name_that_torch_does_not_have")
    module = student()
    recording = recording_of(("squares", ()), module=module)
    with recording.context():
        module.squares(torch.ones(2))
    assert [row[1] for row in recording.listed()] == ["aten::pow"]


@pytest.mark.parametrize("recorded", [True, False])
def test_an_operation_that_a_check_counts_is_counted_once_and_recorded_or_not(
    monkeypatch: pytest.MonkeyPatch, recorded: bool
) -> None:
    monkeypatch.setattr(recorder, "MOST_OPERATIONS", 10_000 if recorded else 0)
    module = student()
    recording = recording_of(("squares", ()), module=module)
    x = torch.ones(2)
    with recording.context(meter := make_meter()):
        module.squares(x)
    assert (meter.ops, meter.largest) == (1, 8)
    assert [row[:2] for row in recording.listed()] == ([["squares", "aten::pow"]] if recorded else [])


def test_backward_passes_of_the_grader_are_counted_and_not_recorded() -> None:
    x = torch.ones(2, requires_grad=True)
    names = {"__name__": "autograder.probes.example", "torch": torch, "x": x}
    exec("def step():\n    return torch.autograd.grad(x.exp().sum(), x)", names)
    alone = make_meter()
    with alone:
        names["step"]()
    recording = recording_of(("squares", ()), module=student())
    with recording.context(meter := make_meter()):
        names["step"]()
    assert meter.ops == alone.ops > 2
    assert recording.listed() == []


def test_operations_are_recorded_below_another_mode_too() -> None:
    """The student's code may count operations, too: its mode then comes between."""
    module = student()
    recording = recording_of(("squares", ()), module=module)
    x = torch.ones(2)
    with recording.context(), make_meter() as meter:
        module.squares(x)
    assert meter.ops == 1
    assert [row[:2] for row in recording.listed()] == [["squares", "aten::pow"]]
