"""The worker's answers to requests that are rare, or that want too much."""

from __future__ import annotations

import sys
from collections import namedtuple
from dataclasses import make_dataclass
from types import ModuleType
from typing import Any

import pytest

from autograder.sandbox.inside import figures, worker
from autograder.sandbox.inside.described_faults import describe_fault
from autograder.sandbox.inside.meter import make_meter
from autograder.sandbox.inside.plain_values import Record
from autograder.sandbox.inside.wire import decode, encode
from autograder.sandbox.inside.worker import Printed, Worker


def ask(who: Worker, **request: Any) -> Any:
    """Return the answer to a request: a value or a fault."""
    header, body = encode({"number": 1, **request}, copies=True)
    header, body = who.answer(bytearray(header), bytearray().join(body))
    return decode(bytearray(header), bytearray().join(body), resolve=lambda ref: ref)


def holder(**values: Any) -> tuple[Worker, ModuleType]:
    """Return a worker that has a module with these names."""
    module = ModuleType("work")
    module.__dict__.update(values)
    who = Worker(limit=1 << 20)
    who.adopt(module)
    return who, module


def test_printed_text_has_a_limit_and_nothing_is_a_terminal() -> None:
    printed = Printed(limit=4)
    who = Worker(limit=1 << 20, printed=printed)
    assert not printed.isatty()  # progress bars would move a cursor there
    assert printed.write("abcdef") == 6
    printed.flush()
    assert ask(who, do="value", target=1)["printed"] == "abcd\n[2 more characters were printed and are not shown]"
    assert ask(who, do="value", target=1)["printed"] == ""


@pytest.mark.parametrize("is_tuple", [True, False])
def test_a_record_of_a_check_becomes_the_students_class_or_one_of_its_form(is_tuple: bool) -> None:
    record = Record("Pair", ("left", "right"), (1, [2]), is_tuple=is_tuple)
    who, module = holder()
    made = who._record(record)
    assert (made.left, made.right, type(made).__name__, isinstance(made, tuple)) == (1, [2], "Pair", is_tuple)
    fields = ["left", "right"]
    own = namedtuple("Pair", fields) if is_tuple else make_dataclass("Pair", fields)
    module.__dict__["Pair"] = own
    assert type(who._record(record)) is own


def test_so_many_objects_that_they_fill_the_memory_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "MAX_HANDLES", 2)
    who, _ = holder(f=object())
    reference = encode({"number": 1, "do": "getattr", "target": worker.Ref(0, "module"), "name": "f"})
    answers = [who.answer(bytearray(reference[0]), bytearray()) for _ in range(2)]
    first, second = (decode(bytearray(h), bytearray().join(b), resolve=lambda ref: ref) for h, b in answers)
    assert first["value"].type == "object"
    assert second["fault"]["message"] == "too many objects were returned"


def test_attributes_can_be_removed() -> None:
    who, module = holder(x=1)
    header, body = encode({"number": 1, "do": "delattr", "target": worker.Ref(0, "module"), "name": "x"})
    who.answer(bytearray(header), bytearray().join(body))
    assert not hasattr(module, "x")


def test_where_torch_is_not_imported_no_operations_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    with make_meter() as nothing:
        assert nothing is None
    who, _ = holder()
    answer = ask(who, do="operate", name="add", operands=(1, 2))
    assert answer["value"] == 3
    assert make_meter().ops == make_meter().largest == 0


def test_ctrl_c_ends_a_command_at_a_terminal_and_is_a_fault_in_the_sandbox() -> None:
    class Stopping:
        def __getattr__(self, name: str) -> Any:
            raise KeyboardInterrupt

    for interactive in (True, False):
        who = Worker(limit=1 << 20, interactive=interactive)
        who.objects = [Stopping()]
        header, body = encode({"number": 1, "do": "getattr", "target": worker.Ref(0, "object"), "name": "f"})
        message = bytearray(header), bytearray().join(body)
        if interactive:
            with pytest.raises(KeyboardInterrupt):
                who.answer(*message)
        else:
            answer = decode(*map(bytearray, (who.answer(*message)[0], b"")), resolve=lambda ref: ref)
            assert answer["fault"]["type"] == "KeyboardInterrupt"


def test_an_exception_whose_text_raises_another_is_described() -> None:
    class Odd(Exception):
        def __str__(self) -> str:
            raise SystemExit

    table = describe_fault(Odd(), {})
    assert (table["type"], table["message"]) == ("Odd", "(the text of this exception could not be created)")


def test_a_picture_that_is_too_large_is_drawn_with_fewer_dots_or_left_out() -> None:
    class Figure:
        dots: list[float]

        def get_size_inches(self) -> tuple[float, float]:
            return 6.4, 4.8

        def savefig(self, file: Any, *, format: str, dpi: float) -> None:
            self.dots.append(dpi)
            file.write(bytes(int(dpi)))

    for limit, dots, size in ((45, [80, 40], 40), (10, [80, 40, 20], 0)):
        figure = Figure()
        figure.dots = []
        assert len(figures._picture(figure, limit)) == size
        assert figure.dots == dots


def test_each_check_begins_with_torchs_own_settings_and_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    who, _ = holder()
    torch.use_deterministic_algorithms(True)
    torch.set_default_dtype(torch.float64)
    try:
        ask(who, do="begin", seed=3)
        assert not torch.are_deterministic_algorithms_enabled()
        assert torch.get_default_dtype() == torch.float32
    finally:
        torch.use_deterministic_algorithms(False)
        torch.set_default_dtype(torch.float32)
    first = torch.rand(3)
    seeds: list[int] = []
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda: torch.device("cuda"))
    monkeypatch.setattr(torch, "manual_seed", seeds.append)  # which also seeds the devices
    ask(who, do="seed", seed=3)
    assert seeds == [3]
    monkeypatch.undo()
    ask(who, do="seed", seed=3)
    assert torch.equal(torch.rand(3), first)


def test_functions_are_recorded_from_the_request_that_names_them_until_the_next_check() -> None:
    torch = pytest.importorskip("torch")
    who, module = holder()
    exec(compile("def f(x):\n    return x.erf()\n", "work.py", "exec"), module.__dict__)
    who.files = {"work.py": "work.py"}
    who.objects.append(module.f)
    call = {"do": "call", "f": worker.Ref(1, "function"), "args": (torch.ones(2),), "kwargs": {}}
    assert "recorded" not in ask(who, **call)
    assert ask(who, record=[("f", ())], **call)["recorded"] == [["f", "aten::erf", "", "work.py", 2]]
    assert "recorded" not in ask(who, **call)  # nothing new
    ask(who, do="begin", seed=1)
    assert who.recording is None
