"""Other ways to a forbidden operation, and other loops, are found; the same names used for something else are not."""

from __future__ import annotations

import pytest

from autograder.source_rules.analysis import Rules, Siblings, violations_of
from autograder.source_rules.forbid import ALWAYS_FORBIDDEN

CALLS = {
    "torch._euclidean_dist(x, y)": "torch._euclidean_dist",
    "torch.ops.aten._cdist_forward(x, y, 2.0, None)": "torch.ops.aten",
    "torch._C._ImperativeEngine().run_backward((x,))": "torch._C._ImperativeEngine",
    "torch._C._linalg.linalg_norm(x)": "torch._C._linalg.linalg_norm",
    "torch.jit.CompilationUnit('def g(x, y): return torch.cdist(x, y)').g(x, y)": "torch.jit.CompilationUnit",
    "attrgetter('cdist')(torch)(x, y)": "torch.cdist",
    "methodcaller('norm')(x)": "torch.Tensor.norm",
    "object.__getattribute__(torch, 'cdist')(x, y)": "torch.cdist",
}
HONEST_CALLS = (
    "torch.abs(x)",
    "attrgetter('shape')(x)",
    "methodcaller('sum')(x)",
    "object.__getattribute__(x, 'shape')",
    "torch.sum(x, 0)",
)
LOOPS = {
    "sorted(x, key=lambda row: out.append(row) or 0)": "sorted with a key",
    "max(x, key=lambda row: out.append(row) or 0)": "max with a key",
    "rows.sort(key=lambda row: out.append(row) or 0)": "sort with a key",
    "list(iter(lambda: out.append(1) or len(out), len(x)))": "iter with two arguments",
    "re.sub('.', lambda match: out.append(match) or '', 'a' * len(x))": "re.sub with a function",
}
HONEST_LOOPS = (
    "sorted(x.shape)",
    "sorted(x.shape, key=lambda side: -side)",
    "max((1, 2, 3), key=lambda n: -n)",
    "max(x.shape, key=None)",
    "iter(x)",
    "re.sub('a', 'b', 'c')",
)


def found(body: str, *, loops: bool) -> list[str]:
    source = (
        "import re, torch\nfrom operator import attrgetter, methodcaller\n"
        f"def f(x, y):\n    out, rows = [], list(x)\n    return {body}\n"
    )
    rules = Rules("f", ("torch.cdist", "torch.norm", "torch.linalg"), ALWAYS_FORBIDDEN, loops)
    return [violation.what for violation in violations_of(source, rules)]


@pytest.mark.parametrize("body", CALLS)
def test_another_way_to_an_operation_is_found(body: str) -> None:
    assert CALLS[body] in found(body, loops=False)


@pytest.mark.parametrize("body", LOOPS)
def test_another_kind_of_loop_is_found(body: str) -> None:
    assert found(body, loops=True) == [LOOPS[body]]


@pytest.mark.parametrize("body", [*HONEST_CALLS, *HONEST_LOOPS])
def test_honest_code_with_the_same_names_breaks_no_rule(body: str) -> None:
    assert found(body, loops=True) == []


HELPER = """
from torch.nn.functional import conv2d as slide
from nets.deep import chain
def honest(x): return x + 1
def rows(x): return [row for row in x]
def twice(x): return slide(slide(x, x), x)
def deeper(x): return chain(x)
class Conv:
    def forward(self, x): return slide(x, x)
"""
DEEP = "import torch\nfrom helper import twice\ndef chain(x): return torch.conv2d(x, x) if x is None else twice(x)\n"


def across(body: str, *, tasks: frozenset[str] = frozenset()) -> list[tuple[int, str, str]]:
    source = (
        f"import helper\nfrom helper import *\nfrom helper import slide, twice, rows, deeper, honest, Conv\n{body}\n"
    )
    siblings = Siblings({"helper": HELPER, "nets.deep": DEEP}, tasks)
    rules = Rules("f", ("F.conv2d",), ALWAYS_FORBIDDEN, loops=True)
    return [(v.line, v.what, v.where) for v in violations_of(source, rules, siblings)]


CONV = "torch.nn.functional.conv2d"


@pytest.mark.parametrize(
    ("body", "what", "where"),
    [
        ("def f(x):\n    return slide(x, x)", CONV, "helper.slide"),
        ("def f(x):\n    return twice(x)", CONV, "helper.twice"),
        ("def f(x):\n    return helper.twice(x)", CONV, "helper.twice"),
        ("def g(x):\n    return twice(x)\ndef f(x): return g(x)", CONV, "helper.twice"),
        ("def f(x):\n    return rows(x)", "a comprehension", "helper.rows"),
        ("def f(x):\n    return Conv().forward(x)", CONV, "helper.Conv"),
        ("def f(x):\n    return deeper(x)", "torch.conv2d", "helper.deeper"),
    ],
)
def test_what_a_module_takes_from_another_one_is_read_too(body: str, what: str, where: str) -> None:
    (line, seen, place), *_ = across(body)
    assert (line, seen) == (5, what)
    assert place.startswith(where)


def test_a_function_that_is_itself_imported_from_another_module_is_read_there() -> None:
    assert across("f = twice")[0][1] == CONV


def test_what_is_honest_or_a_task_of_its_own_in_another_module_breaks_no_rule() -> None:
    assert across("def f(x):\n    return honest(x)") == []
    assert across("def f(x):\n    return twice(x)", tasks=frozenset({"twice"})) == []
    assert across("def f(x):\n    return Conv().forward(x)", tasks=frozenset({"Conv"})) == []
