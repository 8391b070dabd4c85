"""A check gets the same answers from the box and from the student's own machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from autograder.checks.task import BadCheck
from autograder.core.assignment import Limits
from autograder.core.code import Code
from autograder.core.report import Cause
from autograder.sandbox.box_link import BoxLink
from autograder.sandbox.link import Inspection, Link
from autograder.sandbox.local_link import LocalLink
from autograder.sandbox.pool import WorkerPool
from autograder.sandbox.proxy import Handle, Student, StudentFault
from tests.support.measured_boxes import is_measured

pytestmark = pytest.mark.slow

LIMITS = Limits(memory_mb=512)
X = torch.arange(6.0).reshape(2, 3)

SOURCE = """
import random
from dataclasses import dataclass

import numpy as np
import torch

from common.training.seed import seed_everything

SIZE = 3


@dataclass
class Point:
    x: int = 1


class Net(torch.nn.Module):
    def __init__(self, width):
        super().__init__()
        self.layer = torch.nn.Linear(width, 2)
        self.params = {"w": torch.ones(width)}

    def forward(self, x):
        return self.layer(x)

    @property
    def broken(self):
        raise KeyError("broken")

    def __iter__(self):
        return iter([1, self, torch.ones(1)])


def echo(*args, **kwargs):
    return (*args, kwargs) if kwargs else args[0] if len(args) == 1 else args

def in_place(x, y=None):
    x *= 2
    return x

def same_twice():
    x = torch.zeros(2)
    return x, x

def views(x):
    return x.T, x[:, ::2], x.expand(4, *x.shape)

def grads(x):
    return x.requires_grad_() * 2

def scalars():
    return np.float32(1.5), np.int64(2), np.bool_(True), torch.tensor(3), 1 + 0j

def odd():
    return {1, 2}, Point(), torch.Size([1]), b"bytes", len, np.array(["a"]), torch.ones(2).to_sparse()

def rand():
    return torch.rand(2), np.random.rand(), random.random(), torch.randperm(5)

def deep(n):
    return [deep(n - 1)] if n else 0

def many(n):
    return [0] * n

def number(n):
    return 10 ** n

def raises(kind):
    raise kind

value, key, leave, todo = ValueError("bad\\nvalue"), KeyError("k"), SystemExit(3), NotImplementedError()
memory, stop, system = MemoryError(), StopIteration(), GeneratorExit()

def calls(f, x):
    return f(x) + 1

def recursion():
    return recursion()

def keeps_gradient_off():
    torch.set_grad_enabled(False)
    torch.set_default_dtype(torch.float64)
    return torch.is_grad_enabled(), torch.get_default_dtype()

def state():
    return torch.is_grad_enabled(), torch.get_default_dtype(), __name__, echo.__module__

def dictionary():
    return {1: "one", (1, 2): X if False else None, None: [], "nested": {"t": torch.ones(1), "f": echo}}

def warned():
    import warnings
    warnings.warn("careful")
    return 1
"""

REQUESTS: dict[str, Callable[[Student], Any]] = {
    "plain values": lambda s: s.echo(None, True, 3, 0.5, "text", [1, (2,)], {"a": {1: 2}}),
    "special numbers": lambda s: s.echo(float("nan"), float("inf"), -0.0, 2**62),
    "keywords": lambda s: s.echo(1, b=X, c=slice(1, None)),
    "torch's own": lambda s: s.echo(torch.float16, torch.device("cpu"), ..., slice(None)),
    "a constant": lambda s: s.SIZE,
    "dtypes": lambda s: [s.echo(X.to(d)) for d in (torch.bfloat16, torch.int8, torch.bool, torch.complex64)],
    "an argument changed in place": lambda s: (s.in_place(X.clone()), X),
    "inspect sees the change": lambda s: s.inspect(s.in_place, X.clone()),
    "measure counts": lambda s: s.measure(s.views, X),
    "a list in place": lambda s: s.inspect(s.echo, [X, {"a": X}]),
    "views": lambda s: s.views(X),
    "strides of an argument": lambda s: s.inspect(s.in_place, X.T.clone(memory_format=torch.preserve_format)).args,
    "the same twice": lambda s: s.same_twice(),
    "gradients": lambda s: s.grads(X.clone()),
    "scalars": lambda s: s.scalars(),
    "odd values": lambda s: s.odd(),
    "random": lambda s: s.rand(),
    "seeded": lambda s: (s.seed(3), s.rand()),
    "a dictionary": lambda s: s.dictionary(),
    "a handle": lambda s: s.Net(3),
    "its call": lambda s: s.Net(3)(X),
    "its attributes": lambda s: [s.Net(3).params, s.Net(3).training, s.Net(3).layer.weight.shape],
    "an attribute set": lambda s: (net := s.Net(3), setattr(net, "params", {"v": X}), net.params)[2],
    "iteration": lambda s: list(s.Net(2)),
    "an item": lambda s: s.Net(3).layer.weight[0, 1:],
    "no such attribute": lambda s: s.Net(3).nothing,
    "a property that raises": lambda s: s.Net(3).broken,
    "no such item": lambda s: s.Net(3)[0],
    "not callable": lambda s: s.Net(3).layer.in_features + s.Net(3).layer(X).shape[1],
    "a handle as an argument": lambda s: s.calls(s.echo, X),
    "handles in containers": lambda s: s.echo({"net": [s.Net(2)], "f": (s.echo,)}),
    "hold": lambda s: [s.value(part) for part in s.hold(s.echo, X, 2)],
    "hold one": lambda s: s.value(s.hold(s.echo, X)),
    "hold an object": lambda s: s.value(s.hold(s.Net, 2)),
    "define": lambda s: s.define("import vectors\ndef f(x):\n    return vectors.echo(x) + 1").f(X),
    "define a failing import": lambda s: s.define("import nothing_of_that_name"),
    "define a syntax error": lambda s: s.define("def f(:"),
    "has": lambda s: (s.has("echo"), s.has("nothing")),
    "not defined": lambda s: s.nothing,
    "too deep": lambda s: s.deep(40),
    "deep": lambda s: s.deep(20),
    "too many": lambda s: s.many(300_000),
    "too large a number": lambda s: s.number(30),
    "a missing argument": lambda s: s.in_place(),
    "an error": lambda s: s.raises(s.value),
    "a key error": lambda s: s.raises(s.key),
    "an exit": lambda s: s.raises(s.leave),
    "not written": lambda s: s.raises(s.todo),
    "out of memory": lambda s: s.raises(s.memory),
    "stop iteration": lambda s: s.raises(s.stop),
    "generator exit": lambda s: s.raises(s.system),
    "endless recursion": lambda s: s.recursion(),
    "global state": lambda s: s.keeps_gradient_off(),
    "global state in the next check": lambda s: s.state(),
    "a warning": lambda s: s.warned(),
    "a value that cannot be passed": lambda s: s.echo(lambda x: x),
    "the source": lambda s: s.source,
}
if is_measured():  # by `make coverage`: the calls of what marks the lines count towards Python's limit
    del REQUESTS["endless recursion"]

BROKEN = {
    "raises": "x = 1\nraise ValueError('at import')\n",
    "does not parse": "def f(:\n",
    "exits": "import sys\nsys.exit()\n",
    "imports a missing module": "import nothing_of_that_name\n",
    "is not written": "raise NotImplementedError()\n",
}


@pytest.fixture(scope="module")
def pool(pools: Callable[[str], WorkerPool]) -> WorkerPool:
    return pools("none")


@pytest.fixture(scope="module")
def links(pool: WorkerPool) -> Iterator[tuple[Link, Link]]:
    files = {"vectors.py": SOURCE}
    local, box = LocalLink(Code(files)), BoxLink(pool, Code(files), LIMITS)
    yield local, box
    local.close()
    box.close()


def seen(value: Any) -> Any:
    """Return a value in a form that can be compared."""
    if isinstance(value, Handle):
        return ("handle", value._ref.type, value._label)
    if isinstance(value, torch.Tensor) and value.layout is torch.strided:
        return ("tensor", value.dtype, value.shape, value.stride(), value.requires_grad, value.tolist())
    if isinstance(value, list | tuple):
        return (type(value).__name__, [seen(item) for item in value])
    if isinstance(value, dict):
        return [(repr(key), seen(item)) for key, item in value.items()]
    if isinstance(value, Inspection):
        return [seen(part) for part in vars(value).values()]
    return repr(value)


def asked(link: Link, request: Callable[[Student], Any], source: str = SOURCE) -> Any:
    """Return what a check would see: the value or the fault, and the text of the call."""
    link.begin(seed=7, seconds=20, memory_mb=int(LIMITS.memory_mb))
    student = Student(link, "vectors", source)
    try:
        answer = seen(request(student))
    except StudentFault as fault:
        answer = (fault.cause, fault.message.removeprefix("vectors.py could not be imported. "), fault.hint)
    except BadCheck as error:
        answer = str(error)
    return answer, student.trail.call, student.trail.received


@pytest.mark.filterwarnings("ignore:careful")
@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_has_the_same_answer_in_both_places(name: str, links: tuple[Link, Link]) -> None:
    here, there = (asked(link, REQUESTS[name]) for link in links)
    assert here == there


@pytest.mark.parametrize("name", BROKEN)
def test_a_failing_import_is_reported_in_the_same_words(name: str, pool: WorkerPool) -> None:
    files = {"vectors.py": BROKEN[name]}
    local, box = LocalLink(Code(files)), BoxLink(pool, Code(files), LIMITS)
    try:
        here, there = (asked(link, lambda s: s.f, BROKEN[name]) for link in (local, box))
        assert here == there
    finally:
        local.close()
        box.close()


def test_an_endless_call_is_a_timeout_in_both_places(pool: WorkerPool) -> None:
    source = "def f():\n    while True:\n        pass\n"
    local, box = LocalLink(Code({"vectors.py": source})), BoxLink(pool, Code({"vectors.py": source}), LIMITS)
    try:
        for link in (local, box):
            link.begin(seed=7, seconds=0.3, memory_mb=512)
            with pytest.raises(StudentFault) as caught:
                Student(link, "vectors", source).f()
            assert caught.value.cause is Cause.TIMEOUT
    finally:
        local.close()
        box.close()
