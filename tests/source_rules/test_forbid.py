"""Forbidden operations are found through imports, aliases and helpers, and nothing else breaks a rule."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent
from types import SimpleNamespace

import pytest

from autograder.checks.expect import Mismatch
from autograder.core.report import Cause
from autograder.source_rules.forbid import Violation, forbid, forbidden_calls

RULES = ["torch.cdist", "torch.norm", "F.conv2d", "F.unfold", "nn.Linear"]


def _found(body: str, head: str = "import torch", rules: list[str] = RULES) -> list[str]:
    source = f"{head}\ndef f(x, y):\n" + "".join(f"    {line}\n" for line in dedent(body).strip().splitlines())
    return [violation.what for violation in forbidden_calls(source, "f", rules)]


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("import torch", "return torch.cdist(x, y)"),
        ("import torch as t", "return t.cdist(x, y)"),
        ("from torch import cdist as c", "return c(x, y)"),
        ("from torch import *", "return cdist(x, y)"),
        ("import torch", "d = torch.cdist\nreturn d(x, y)"),
        ("import torch", "d, e = torch.cdist, 1\nreturn d(x, y)"),
        ("import torch", "t = torch\nreturn t.cdist(x, y)"),
        ("import torch", "return (d := torch.cdist)(x, y)"),
        ("import torch", "from functools import partial\nreturn partial(torch.cdist, x)(y)"),
        ("", "import torch\nreturn torch.cdist(x, y)"),
        ("try:\n    from torch import cdist\nexcept ImportError:\n    cdist = None", "return cdist(x, y)"),
        ("import torch\nD = torch.cdist", "return D(x, y)"),
        ("import torch\nTABLE = {'d': torch.cdist}", "return TABLE['d'](x, y)"),
        ("import torch", "return getattr(torch, 'cdist')(x, y)"),
        ("import torch", "return vars(torch)['cdist'](x, y)"),
        ("import torch", "return torch.__dict__['cdist'](x, y)"),
        ("", "return __import__('torch').cdist(x, y)"),
        ("import importlib", "return importlib.import_module('torch').cdist(x, y)"),
        ("import torch", "return torch.functional.cdist(x, y)"),
        ("import torch", "return torch.ops.aten.cdist.default(x, y)"),
        ("import torch.nn.functional as F", "return F.torch.cdist(x, y)"),
        ("import torch", "def inner(g=torch.cdist):\n    return g(x, y)\nreturn inner()"),
        ("import torch", "return (lambda: torch.cdist(x, y))()"),
        ("import torch", "name = 'cd' + 'ist'\nreturn getattr(torch, name)(x, y)"),
        ("import torch", "return eval('torch.cdist(x, y)')"),
        ("import torch", "torch = torch if x else None\nreturn torch.cdist(x, y)"),
        ("import torch\ndef helper(x, y):\n    return torch.cdist(x, y)", "return helper(x, y)"),
        ("import torch\ndef a(x):\n    return torch.cdist(x, x)\ndef b(x):\n    return a(x)", "return [b][0](x)"),
        ("import torch\nhelper = lambda x: torch.cdist(x, x)", "return helper(x)"),
        (
            "import torch\nclass H:\n    @staticmethod\n    def go(x):\n        return torch.cdist(x, x)",
            "return H.go(x)",
        ),
        ("import torch\nclass H:\n    def go(self):\n        return torch.cdist(1, 2)", "h = H()\nreturn h.go()"),
        ("import torch\nclass H:\n    def go(self):\n        return torch.cdist(1, 2)", "return x.go()"),
        ("import torch\nclass H:\n    def __init__(self):\n        torch.cdist(1, 2)", "return H()"),
    ],
)
def test_a_forbidden_function_is_found_whatever_it_is_called(head, body):
    assert _found(body, head)


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("return x.norm()", "torch.Tensor.norm"),
        ("return (x - y).norm(dim=1)", "torch.Tensor.norm"),
        ("z = torch.zeros(3)\nreturn z.norm()", "torch.Tensor.norm"),
        ("return torch.Tensor.norm(x)", "torch.Tensor.norm"),
        ("return getattr(x, 'norm')()", "torch.Tensor.norm"),
        ("import torch.nn.functional as F\nreturn F.conv2d(x, y)", "torch.nn.functional.conv2d"),
        ("from torch.nn import functional\nreturn functional.conv2d(x, y)", "torch.nn.functional.conv2d"),
        ("return torch.conv2d(x, y)", "torch.conv2d"),
        ("return torch.nn.Linear(3, 4)(x)", "torch.nn.Linear"),
        ("return torch.nn.modules.linear.Linear(3, 4)(x)", "torch.nn.modules.linear.Linear"),
        ("return torch.nn.modules.Linear(3, 4)(x)", "torch.nn.modules.Linear"),
        ("from torch.nn.modules import linear as m\nreturn m.Linear(3, 4)(x)", "torch.nn.modules.linear.Linear"),
        ("return torch.nn.modules.conv.F.conv2d(x, y)", "torch.nn.modules.conv.F.conv2d"),
        ("return torch.nn.modules.linear.Bilinear(3, 4, 5)(x, y)", ""),
    ],
)
def test_methods_and_other_places_of_a_function_count(body, what):
    assert _found(body) == ([what] if what else [])


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("import torch", "# torch.cdist(x, y)\nreturn x"),
        ("import torch", "'''Do not use torch.cdist(x, y) or x.norm().'''\nreturn 'torch.cdist'"),
        ("import torch\ndef other(x):\n    return torch.cdist(x, x)", "return x"),
        ("import torch\ndef norm(x):\n    return x", "return norm(x)"),
        ("class A:\n    def norm(self):\n        return 1\na = A()", "return a.norm()"),
        ("class A:\n    def norm(self):\n        return 1", "return A().norm()"),
        ("class A:\n    def norm(self):\n        return 1", "return x.norm()"),  # possibly the student's method
        ("import torch", "def cdist(a, b):\n    return a - b\nreturn cdist(x, y)"),
        ("import numpy as np", "return np.linalg.norm(x)"),
        ("import math", "return math.dist(x, y)"),
        ("import torch", "return x.unfold(2, 3, 1)"),  # the tensor's method is another operation
        ("import torch\nfrom torch import nn", "z: nn.Linear = x\nreturn isinstance(x, (nn.Linear, nn.Module))"),
        ("from torch import norm", "norm = x + y\nreturn norm"),
        ("import torch", "def g(torch):\n    return torch.cdist\nreturn x"),
        ("import torch", "return x.norm"),  # an attribute that is not called
        ("import torch\ndef f(x, y):\n    return torch.cdist(x, y)", "return x"),  # an earlier version of f
    ],
)
def test_honest_code_breaks_no_rule(head, body):
    assert _found(body, head) == []


def test_annotations_and_base_classes_are_not_calls():
    source = "from torch import nn\nclass Net(nn.Module):\n  def f(self, x: nn.Linear) -> nn.Linear:\n    return x\n"
    assert forbidden_calls(source, "Net.f", ["nn.*"]) == []
    assert forbidden_calls(source, "Net", ["nn.*"]) == []


def test_patterns_and_exceptions():
    rules = ["torch.nn", "F.conv*", "!F.pad"]
    head = "import torch\nimport torch.nn.functional as F"
    assert _found("return F.pad(x, (1, 1))", head, rules) == []
    assert _found("return torch.tanh(x)", head, rules) == []  # a place is forbidden, not the same operation elsewhere
    assert _found("return F.fold(x, 1, 1)", head, rules) == ["torch.nn.functional.fold"]
    assert _found("return torch.conv1d(x, y)", head, rules) == ["torch.conv1d"]
    assert _found("return torch.nn.Conv2d(1, 1, 1)(x)", head, rules) == ["torch.nn.Conv2d"]
    with pytest.raises(TypeError, match="a list of names"):
        forbidden_calls("", "f", "torch.cdist")


CLASS = """
import torch
class Base:
    def inherited(self, x):
        return torch.cdist(x, x)
class Conv(Base):
    dist = torch.norm
    def __init__(self):
        self.layer = torch.nn.Linear(1, 1)
        self.norm = torch.nn.LayerNorm(1)
    def forward(self, x):
        return self.helper(x) + self.norm(x)
    def helper(self, x):
        return self.inherited(x)
    def by_super(self, x):
        return super().inherited(x)
    def by_attribute(self, x):
        return self.dist(x)
    def by_layer(self, x):
        return self.layer(x)
    def of_attribute(self, x):
        return self.weights.cdist(x)
    def clean(self, x):
        return self.norm(x)
    def calls_itself(self, x):
        return self(x)
def make():
    return Conv()
class Later:
    pass
Later.forward = Conv.by_super
"""


@pytest.mark.parametrize(
    ("function", "lines"),
    [
        ("Conv.forward", [5]), ("Conv.by_super", [5]), ("Conv.by_attribute", [7]), ("Conv.by_layer", [9]),
        ("Conv.clean", []), ("Conv.calls_itself", [5]),
        ("Conv.of_attribute", [22]), ("make", [5, 9]), ("Conv", [5, 7, 9, 22]), ("Later.forward", [5]), ("Base", [5]),
        ("Conv.inherited", [5]), ("Conv.missing", []), ("missing", []), ("Conv.", []), ("", []),
    ],
)  # fmt: skip
def test_methods_attributes_and_bases_are_followed(function, lines):
    assert [violation.line for violation in forbidden_calls(CLASS, function, RULES)] == lines


def test_a_meaningless_source_breaks_no_rule():
    for source in (
        "def f(:",
        "",
        "\0",
        "x = 1",
        "def f(): return '\\d'",
        "(" * 500,
    ):
        assert forbidden_calls(source, "f", RULES) == []


def test_a_source_that_is_nested_too_deeply_is_refused():
    source = "def f(x): return x" + " + 1" * 50_000
    with pytest.raises(Mismatch, match=r"^Your module is too complex for the rules of this task") as info:
        forbid(SimpleNamespace(source=source), "f", calls=RULES)
    assert info.value.cause is Cause.FORBIDDEN


def test_cycles_of_names_are_resolved():
    chain = "\n".join(f"a{i + 1} = a{i} if x else a{i}" for i in range(200))
    assert _found(f"a0 = torch.cdist\n{chain}\nreturn a200", rules=["torch.norm"]) == []
    assert _found("a = b\nb = a\nreturn a(x)") == []


SOURCE = """\
import torch

def helper(x, y):
    return torch.cdist(x, y)  # quick

def no_loops(x, y):
    for i in range(len(x)):
        pass
    return helper(x, y)
"""


def test_a_violation_names_the_line_the_code_and_the_function():
    assert forbidden_calls(SOURCE, "no_loops", RULES) == [
        Violation(4, "return torch.cdist(x, y)  # quick", "torch.cdist", "helper")
    ]


def test_the_message_lists_each_line_and_what_to_do():
    student = SimpleNamespace(source=SOURCE)
    with pytest.raises(Mismatch) as info:
        forbid(student, "no_loops", calls=["torch.cdist"], loops=True)
    assert info.value.cause is Cause.FORBIDDEN
    assert info.value.message.splitlines() == [
        "no_loops uses operations that this task does not allow.",
        "line 4: `return torch.cdist(x, y)  # quick` - torch.cdist is not allowed here (in helper, "
        "which no_loops uses); write it yourself from simpler operations.",
        "line 7: `for i in range(len(x)):` - a for loop is not allowed here; "
        "work on whole tensors instead, by broadcasting and reductions.",
    ]
    forbid(student, "no_loops", calls=["torch.norm"])
    forbid(student, "missing", calls=["torch.norm"], loops=True)
    forbid(SimpleNamespace(source="def f(:"), "f", calls=["torch.norm"], loops=True)


def test_a_long_list_is_cut():
    student = SimpleNamespace(source="def f(x):\n" + "    while x: pass\n" * 9)
    with pytest.raises(Mismatch, match=r"\.\.\. and 4 more\.$"):
        forbid(student, "f", loops=True)


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("from autograder.probes.recurrent import lstm_step", "return lstm_step(x, y)"),
        ("from autograder.probes.recurrent import *", "return lstm_step(x, y)"),
        ("import autograder.probes.torch_layers as layers", "return layers.attend(x, x, y)"),
        ("", "from autograder.probes import torch_layers\nreturn torch_layers.attend(x, x, y)"),
        ("from autograder.probes.torch_layers import F", "return F.layer_norm(x, y)"),
        (
            "from autograder.probes.torch_layers import attend\ndef help(x):\n    return attend(x, x, x)",
            "return help(x)",
        ),
        ("from autograder.probes import recurrent", "return getattr(recurrent, 'lstm' + '_step')(x, y)"),
        ("import importlib", "return importlib.import_module('autograder.probes.recurrent').lstm_step(x, y)"),
        ("import importlib", "return importlib.import_module('auto' + 'grader.probes.recurrent').lstm_step(x, y)"),
        ("import sys", "return sys.modules['autograder.probes.recurrent'].lstm_step(x, y)"),
        ("from sys import modules as m", "return m[x].lstm_step(x, y)"),
        ("import autograder.sandbox.inside.worker as w", "return w.make_meter()"),
    ],
)
def test_the_graders_own_modules_are_always_forbidden(head, body):
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    for rules in ([], ["torch.norm", "!autograder.*"]):
        with pytest.raises(Mismatch) as info:
            forbid(SimpleNamespace(source=f"{head}\ndef f(x, y):\n{lines}"), "f", calls=rules)
        assert info.value.cause is Cause.FORBIDDEN


def test_a_class_of_the_graders_cannot_be_handed_in_as_ones_own():
    for source in (
        "from autograder.probes.recurrent import Captioner as Net",
        "from autograder.probes.recurrent import *\nNet = Captioner",
        "from autograder.probes.recurrent import Captioner\nclass Net(Captioner):\n    pass",
    ):
        with pytest.raises(Mismatch, match=r"autograder\.probes\.recurrent\.Captioner"):
            forbid(SimpleNamespace(source=source), "Net")


def test_the_graders_modules_are_allowed_outside_of_the_function():
    source = "from autograder import check\ndef f(x):\n    return x\ncheck('knn')\n"
    forbid(SimpleNamespace(source=source), "f", loops=True)


@pytest.mark.slow
def test_a_source_without_torch_is_read_without_importing_it() -> None:
    program = """if True:
        import sys
        from autograder.source_rules.analysis import Rules, violations_of
        from autograder.source_rules.forbid import ALWAYS_FORBIDDEN
        rules = Rules("f", (), ALWAYS_FORBIDDEN, loops=True)
        assert violations_of("import numpy\\ndef f(x): return numpy.sum(x)\\n", rules) == []
        assert "torch" not in sys.modules
        assert violations_of("import torch\\ndef f(x): return torch._C._nn.gelu(x)\\n", rules)
        """
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
