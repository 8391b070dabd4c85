"""Code that changes torch, numpy, builtins, the import system and gradlab's own modules, if it can reach them."""

from tests.support.vectors import TORCH_WRONG as WRONG

ATTACKS = {
    "torch's comparisons always agree": WRONG
    + """
torch.allclose = torch.equal = torch.isclose = lambda *a, **k: True
torch.testing.assert_close = lambda *a, **k: None
torch.Tensor.__eq__ = lambda self, other: torch.ones_like(self, dtype=torch.bool)
torch.Tensor.__sub__ = lambda self, other: torch.zeros_like(self)
torch.Tensor.abs = lambda self: torch.zeros_like(self)
""",
    "builtins always agree": WRONG
    + """
import builtins
builtins.all = builtins.any = lambda items: True
builtins.abs = builtins.round = lambda x, *a: 0
builtins.isinstance = lambda a, b: True
builtins.len = lambda x: 3
""",
    "numpy always agrees": WRONG
    + """
import numpy
numpy.allclose = numpy.array_equal = numpy.isclose = lambda *a, **k: True
numpy.testing.assert_allclose = lambda *a, **k: None
""",
    "the generators are seeded with zero for ever": WRONG
    + """
torch.manual_seed(0)
torch.manual_seed = lambda s: torch.default_generator
torch.randn = torch.rand = lambda *a, **k: torch.zeros(1)
""",
    "pytest is replaced": WRONG
    + """
import sys, types
fake = types.ModuleType("pytest")
fake.main = lambda *a, **k: 0
sys.modules["pytest"] = sys.modules["_pytest"] = sys.modules["_pytest.runner"] = fake
""",
    "an import hook answers for everything": WRONG
    + """
import sys
class Hook:
    def find_spec(self, name, path=None, target=None):
        raise ImportError(name)
sys.meta_path.insert(0, Hook())
""",
    "gradlab's wire is replaced": WRONG
    + """
import autograder.sandbox.inside.wire, autograder.sandbox.inside.worker
def encode(value, **rest):
    return b'{"dict":[["value",true],["printed",""],["outcome","passed"]]}', []
autograder.sandbox.inside.wire.encode = autograder.sandbox.inside.worker.encode = encode
""",
    "gradlab's worker calls the fault a success": WRONG
    + """
import autograder.sandbox.inside.worker as worker
worker.describe_fault = lambda error, files: {"cause": "broken", "type": "passed", "message": "", "frames": []}
worker.Worker.do_call = lambda self, f, args, kwargs: 1 / 0
""",
    "the plugin is asked for full marks": WRONG
    + """
import autograder.session.plugin, autograder.session.verdict, autograder.checks.expect, autograder.core.report
autograder.checks.expect.expect_close = autograder.checks.expect.expect_equal = lambda *a, **k: None
autograder.session.verdict.verdict_on = lambda *a: autograder.session.verdict.Verdict(autograder.core.report.Outcome.PASSED)
""",
    "the traceback is traced": WRONG
    + """
import sys, threading
def tracer(frame, event, arg):
    for name in list(frame.f_locals):
        if "expected" in name or "points" in name:
            frame.f_locals[name] = 100
    return tracer
sys.settrace(tracer)
sys.setprofile(lambda *a: None)
threading.settrace(tracer)
""",
    "json and struct are replaced": WRONG
    + """
import json, struct
json.dumps = lambda *a, **k: '{"dict":[["value",1],["printed","x"]]}'
json.loads = lambda *a, **k: {}
""",
    "the clock is stopped": WRONG
    + """
import time
time.time = time.monotonic = time.perf_counter = lambda: 0.0
def total(x):
    while time.monotonic() < 1:
        pass
""",
    "the recursion limit and the switch interval are absurd": WRONG
    + """
import sys
sys.setrecursionlimit(10**9)
sys.setswitchinterval(1e9)
def total(x):
    return total(x)
""",
}
