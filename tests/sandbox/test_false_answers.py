"""A process that answers in another form than ours costs its own check, and never stops or misleads the grader."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from autograder.core.assignment import Limits
from autograder.core.code import Code
from autograder.core.report import Cause
from autograder.sandbox import box_link
from autograder.sandbox.box_link import BoxLink
from autograder.sandbox.faults import fault_of
from autograder.sandbox.inside.wire import Ref
from autograder.sandbox.known import Known
from autograder.sandbox.pool import BoxError, WorkerPool
from autograder.sandbox.proxy import Student, StudentFault
from autograder.sandbox.recorded import Recorded
from tests.support.false_worker import FalsePool, honest, value

MALFORMED = "The process that runs your code sent a malformed message."
UNEXPECTED = "The process that runs your code sent an unexpected message."


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """Close what a failed check leaves open."""
    yield
    while FalsePool.channels:
        FalsePool.channels.pop().close()


def begun(pool: FalsePool) -> BoxLink:
    link = BoxLink(cast(WorkerPool, pool), Code({"work.py": ""}), Limits())
    link.begin(seed=1, seconds=20, memory_mb=100)
    return link


def answering(reply: Callable[[dict[str, Any]], Any], *, to: str = "value") -> FalsePool:
    """Return a pool whose workers are honest but for the requests ``to`` do something."""
    return FalsePool(lambda request: reply(request) if request["do"] == to else honest(request))


@pytest.mark.parametrize(
    "reply",
    [
        lambda request: b"GET / HTTP/1.1\r\n\r\n",
        lambda request: [1, 2],
        lambda request: value(request, printed=3),
        lambda request: {**value(request), "number": request["number"] - 1},
        lambda request: value(request, marks=100),
        lambda request: {"printed": "", "number": request["number"]},
    ],
    ids=["other bytes", "a list", "a number as text", "an earlier answer", "one key more", "no value"],
)
def test_an_answer_of_another_form_ends_the_worker_and_the_next_check_has_a_new_one(
    reply: Callable[[dict[str, Any]], Any],
) -> None:
    pool = answering(reply)
    link = begun(pool)
    with pytest.raises(StudentFault, match=MALFORMED) as caught:
        link.request({"do": "value", "target": 1})
    assert caught.value.cause is Cause.CRASHED
    assert pool.events == ["fork 0", "end 0"]
    with pytest.raises(StudentFault, match="ended earlier in this check"):
        link.request({"do": "value", "target": 1})
    link.begin(seed=1, seconds=20, memory_mb=100)
    assert pool.events[2:] == ["fork 1"]
    link.close()


def test_a_module_must_be_an_object_of_the_process() -> None:
    link = begun(answering(lambda request: value(request, 5), to="load"))
    with pytest.raises(StudentFault, match=MALFORMED):
        link.load("work")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (None, "Your code closed the connection to the grader."),
        (3, r"Your code ended its own process \(exit code 3\)."),
        (-signal.SIGSEGV, "The process that runs your code was killed: Segmentation fault."),
    ],
)
def test_how_a_process_ended_is_named(code: int | None, words: str) -> None:
    pool = answering(lambda request: None)
    pool.code = code
    with pytest.raises(StudentFault, match=words):
        begun(pool).request({"do": "value", "target": 1})


def test_a_worker_that_somebody_outside_killed_is_not_the_students_fault() -> None:
    """In a process namespace of its own, it cannot send itself this signal; the kernel does it without memory."""
    pool = answering(lambda request: None)
    pool.code = -signal.SIGKILL
    with pytest.raises(BoxError, match="The worker was ended from outside, perhaps because the machine had no memory"):
        begun(pool).request({"do": "value", "target": 1})
    pool.nested = False  # there the student's code can do it
    with pytest.raises(StudentFault, match="was killed: Killed"):
        begun(pool).request({"do": "value", "target": 1})


def test_a_worker_that_cannot_begin_a_check_is_replaced_once_and_then_it_is_our_fault() -> None:
    pool = FalsePool(lambda request: [], honest)
    begun(pool).close()
    assert pool.events == ["fork 0", "end 0", "fork 1", "end 1"]
    with pytest.raises(BoxError, match="A new worker does not answer"):
        begun(FalsePool(lambda request: []))


class Deaf(FalsePool):
    """A pool whose workers read nothing."""

    def _work(self, channel: socket.socket, number: int) -> None:
        self.channels.append(channel)


def test_a_worker_that_reads_nothing_is_our_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(box_link, "START_SECONDS", 0.05)
    link = BoxLink(cast(WorkerPool, Deaf(honest)), Code({"work.py": "#" * (3 << 20)}), Limits())
    with pytest.raises(BoxError):
        link.begin(seed=1, seconds=20, memory_mb=100)


@pytest.mark.parametrize(
    ("said", "left"), [(["seeded", "modes"], {"seeded", "modes"}), (["seeded", 3, "all"], {"seeded"}), ("dtype", set())]
)
def test_what_calls_left_changed_has_known_names_and_is_of_one_check(said: object, left: set[str]) -> None:
    pool = answering(lambda request: value(request, left=said), to="call")
    link = begun(pool)
    link.request({"do": "call", "f": 1, "args": (), "kwargs": {}})
    assert link.left == left
    link.begin(seed=2, seconds=20, memory_mb=100)
    assert link.left == set()


def test_what_was_recorded_is_requested_once_and_odd_rows_are_left_out() -> None:
    row = ["f", "aten::mm", "", "work.py", 3]
    pool = answering(lambda request: value(request, recorded=[row, ["f", 2], "x"]), to="call")
    link = begun(pool)
    link.record("f", ["g"])
    for _ in range(2):
        link.request({"do": "call", "f": Ref(0, "function"), "args": (), "kwargs": {}})
    assert [request.get("record") for request in pool.requests[0]] == [None, [("f", ("g",))], None]
    assert link.recorded() == [Recorded("f", "aten::mm", "", "work.py", 3)]
    link.begin(seed=2, seconds=20, memory_mb=100)
    assert link.recorded() == []
    link.close()


@pytest.mark.parametrize("nested", [True, False])
def test_a_second_try_has_a_process_of_its_own_and_leaves_nothing(nested: bool) -> None:
    """Workers that are not isolated from each other never exist at the same time."""
    pool = FalsePool(lambda request: {**honest(request), "printed": "hello "}, nested=nested)
    link = begun(pool)
    assert link.load("work") == Ref(0, "module")
    before = link.printed
    with link.apart():
        link.load("work")
        link.request({"do": "value", "target": 1})
    assert link.printed == before
    expected = ["fork 0", "fork 1", "end 1"] if nested else ["fork 0", "end 0", "fork 1", "end 1"]
    assert pool.events == expected
    assert [request["do"] for request in pool.requests[1]] == ["begin", "load", "value"]
    if nested:
        link.request({"do": "value", "target": 2})
        assert pool.requests[0][-1]["target"] == 2
    else:
        with pytest.raises(StudentFault, match="ended earlier in this check"):
            link.request({"do": "value", "target": 2})
        link.begin(seed=1, seconds=20, memory_mb=100)
        link.load("work")  # once more, as the process that had it is gone
        assert [request["do"] for request in pool.requests[2]] == ["begin", "load"]
    link.close()


class OneAnswer:
    """A link to a process that gives the same answer to all requests."""

    printed = ""

    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def load(self, module: str) -> Ref:
        return Ref(0, "module")

    def request(self, request: dict[str, Any]) -> Any:
        return Ref(1, "function") if request["do"] == "getattr" else self.answer

    def names(self, module: str, target: Ref) -> Known:
        return Known({(0, "f"): Ref(1, "function")}, {"function": frozenset({"method"})})


@pytest.mark.parametrize("answer", [None, 1, [1], (Ref(2, "module"), 3), {"value": 1}, "text"])
def test_no_answer_is_believed_to_have_the_form_that_the_proxy_needs(answer: Any) -> None:
    student = Student(OneAnswer(answer), "work", "def f():\n    pass\n")  # type: ignore[arg-type]
    f = student.f
    uses: list[Callable[[], object]] = [
        lambda: student.define("x = 1"),
        lambda: student.inspect(f, 1),
        lambda: student.figure(f),
        lambda: complex(f),
        lambda: f.method._ref,
    ]
    uses += [student.folder] if answer != "text" else []
    uses += [lambda: student.read_file("a.txt")] if answer is not None else []
    for use in uses:
        with pytest.raises(StudentFault, match=UNEXPECTED):
            use()


def test_the_arguments_and_counts_of_a_call_are_of_their_types() -> None:
    right = {"value": 1, "args": (1,), "ops": 3, "largest": 8, "torch": []}
    for wrong in ({"args": (1, 2)}, {"args": [1]}, {"ops": "3"}, {"largest": None}, {"torch": [3]}):
        student = Student(OneAnswer({**right, **wrong}), "work", "")  # type: ignore[arg-type]
        with pytest.raises(StudentFault, match=UNEXPECTED):
            student.inspect(student.f, 1)


def test_a_fault_of_another_form_is_a_crash() -> None:
    table = {"cause": "error", "type": "E", "message": "m", "frames": [], "not_run": [], "kinds": []}
    assert fault_of(table, {}).message == "E: m"
    for key in table:
        assert fault_of({**table, key: 3}, {}).message == UNEXPECTED
