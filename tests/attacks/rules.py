"""Sources that make the source rules work: many names, many meanings of a name, deep nesting.

Each has an honest neighbour: the same kind of code, as long as people write it, with right answers.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.support.vectors import TORCH_HONEST as HONEST
from tests.support.vectors import TORCH_WRONG as WRONG


def _lines(count: int, line: str) -> str:
    return "".join(line.format(i=i, j=i + 1) for i in range(count))


def _many_bindings(n: int) -> str:
    return _lines(n, "def g{i}(x): return x\n") + "h = g0\n" + _lines(n, "h = g{i}\n") + _using(2 * n, "h(x)")


def _many_imports(n: int) -> str:
    return "if False:\n" + _lines(n, "    import torch.a{i} as h\n") + _using(2 * n, "str(h.b(x)) if False else x")


def _one_method_of_many_classes(n: int) -> str:
    return _lines(n, "class C{i}:\n    def run(self, x): return x.run({i})\n") + _using(n, "x.run({i}) if False else x")


def _chain_of_classes(n: int) -> str:
    links = _lines(n, "class C{j}(C{i}):\n    def m{i}(self): return self.absent() if False else 0\n")
    return "class C0: pass\n" + links + _using(n, f"C{n}().m{{i}}()")


def _many_objects(n: int) -> str:
    classes = _lines(n, "class C{i}:\n    def __call__(self, x): return x\n")
    return classes + "h = C0()\n" + _lines(n, "h = C{i}()\n") + _using(n, "h(x)")


def _conditional_definitions(n: int) -> str:
    return _lines(n, "if True:\n    def g(x): return g(x) if False else x\n") + _using(n, "g(x)")


def _chain_of_names(n: int) -> str:
    return "a0 = torch.sum\n" + _lines(n, "a{j} = a{i} if a0 else a{i}\n") + _using(n, "a{i}(x) if False else x")


def _long_attributes(n: int) -> str:
    return _using(min(n, 550), "x" + ".T" * min(n, 400) + " if False else x")  # no module may be longer


def _many_attributes(n: int) -> str:
    init = "class Box:\n    def __init__(self):\n" + _lines(n, "        self.f = torch.sum if {i} else abs\n")
    return init + "    def use(self, x):\n" + _lines(n, "        self.f(x)\n") + _using(1, "Box().use(x)")


def _wide_tuples(n: int) -> str:
    rows = "".join(f"    a{i + 1} = ({', '.join([f'*a{i}'] * 3)}, {i})\n" for i in range(min(n, 8)))
    return f"def more(x):\n    a0 = (1,)\n{rows}    return [q for q in a{min(n, 8)}]\n" + _using(n, "more(x)")


def _deep_brackets(n: int) -> str:
    return f"def more(x):\n    return {'(' * min(n, 90)}x{')' * min(n, 90)}\n" + _using(1, "more(x)")


def _long_sum(n: int) -> str:
    return f"def more(x):\n    return x{' + 1' * min(n, 700)}\n" + _using(1, "more(x)")


def _long_choice(n: int) -> str:
    branches = _lines(min(n, 300), "    elif x is {i}: pass\n").replace("elif", "if", 1)
    return f"def more(x):\n{branches}    return x\n" + _using(1, "more(x)")


def _using(count: int, call: str) -> str:
    """Return a function that makes the calls, and make `total` use it."""
    return "def use(x):\n" + _lines(count, f"    {call}\n") + "    return x\n"


_KINDS: dict[str, Callable[[int], str]] = {
    "one name bound thousands of times": _many_bindings,
    "one name imported thousands of times": _many_imports,
    "a method that thousands of classes share": _one_method_of_many_classes,
    "a chain of base classes": _chain_of_classes,
    "one name for objects of many classes": _many_objects,
    "thousands of conditional definitions": _conditional_definitions,
    "a chain of names": _chain_of_names,
    "long chains of attributes": _long_attributes,
    "an attribute set thousands of times": _many_attributes,
    "tuples of tuples": _wide_tuples,
    "deep brackets": _deep_brackets,
    "a sum of hundreds of terms": _long_sum,
    "a choice among hundreds": _long_choice,
}
_USE = "\n_total = total\ndef total(x):\n    use(x)\n    return _total(x)\n"


def _hand_in(work: str, extra: str) -> str:
    """Return the module. `total` names `use`, so that the rules follow it; the call happens only where it is cheap."""
    return work + "\n" + extra + _USE


ATTACKS = {name: _hand_in(WRONG, make(2000)) for name, make in _KINDS.items()}
NEIGHBOURS = {name: _hand_in(HONEST, make(5)) for name, make in _KINDS.items()}
