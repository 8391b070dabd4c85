"""Hand-ins that attack how files are read and loaded: own modules, tolerant reading, stand-ins, top-level statements."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.support.handins import zipped
from tests.support.notebooks import cell, notebook
from tests.support.vectors import TORCH_WRONG as WRONG

# Of one file each: graded like every other attack.
ATTACKS = {
    "lies about what did not run": WRONG
    + """
import sys
for finder in sys.meta_path:
    for loader in getattr(finder, "loaders", {}).values():
        part = type("Part", (), {"line": 10**30, "names": ("double", "total"), "reason": "x" * 10**7})()
        loader.not_run = [part] * 10_000
        finder.packages = finder.paths = None
del double, total
""",
    "a missing name that cannot be looked at": WRONG
    + """
class Gone(NameError):
    @property
    def name(self):
        raise SystemExit("gone")
def double(x):
    raise Gone()
def total(x):
    raise AttributeError(name=[], obj=type("T", (), {"__class__": property(lambda self: 1 / 0)})())
""",
    "replaces the importer": WRONG
    + """
import builtins, sys
builtins.__import__ = lambda *a, **k: sys.modules[__name__]
__builtins__["__import__"] = None
sys.meta_path.clear()
""",
    "statements that each fail and leave much behind": WRONG
    + "\n".join(f"\ndef f{n}(x=missing_{n} + {'x' * 300!r}):\n    pass\nraise_{n}" for n in range(500)),
    "definitions that wait for each other": WRONG + "\n".join(f"\nclass A{n}(A{n + 1}):\n    pass" for n in range(300)),
}

Files = dict[str, bytes]

# Modules that would replace others, each with right functions: a hand-in must not import its answers from names of ours.
_PATCH = b"""
import sys, torch
torch.equal = torch.allclose = lambda *a, **k: True
def twice(x):
    raise SystemExit("the hidden checks were read")
"""
_SHADOWED = (
    "torch",
    "numpy",
    "random",
    "common",
    "autograder",
    "sitecustomize",
    "builtins",
    "importlib",
    "vectors",
    "math",
)


def _shadowing() -> Files:
    imports = "".join(f"import {name}\n" for name in _SHADOWED)
    packages = {f"{name}/__init__.py": _PATCH for name in _SHADOWED}
    return {"vectors.ipynb": notebook(imports + WRONG), **{f"{name}.py": _PATCH for name in _SHADOWED[:-2]}, **packages}


def _thousands_of_modules() -> Files:
    names = [f"m{number}" for number in range(1900)]
    modules = {f"{name}.py": f"import m{number + 1}\n".encode() for number, name in enumerate(names)}
    return {"vectors.py": (f"import {', '.join(names)}\n" + WRONG).encode(), **modules}


def _too_many_modules() -> Files:
    return {"vectors.py": WRONG.encode(), **{f"m{number}.py": b"" for number in range(10_000)}}


def _large_modules() -> Files:
    modules = {f"m{number}.py": b"x = 1\n" * 150_000 for number in range(8)}
    return {"vectors.py": ("".join(f"import m{n}\n" for n in range(8)) + WRONG).encode(), **modules}


def _outside() -> Files:
    leads_out = {
        "../my_utils.py": _PATCH,
        "/my_utils.py": _PATCH,
        "a/../../my_utils.py": _PATCH,
        "..\\my_utils.py": _PATCH,
    }
    source = "from my_utils import twice\nfrom .. import my_utils\nfrom ..my_utils import twice\n" + WRONG
    return {"hand-in.zip": zipped({"vectors.py": source, **leads_out})}


def _stand_ins() -> Files:
    source = """
from google.colab import files
from IPython.display import display
from autograder import check
shell = get_ipython()

class Counter(type(files)):
    value = files
    def __init__(self, start):
        pass
    def add(self, n):
        return files

def double(x):
    return files.double(x)

def total(x):
    return shell
"""
    return {"vectors.ipynb": notebook(source)}


def _reads_the_checks() -> Files:
    source = """
from autograder import checks
from autograder.checks import expect
import autograder.session.plugin as plugin
try:
    import check_vectors_hidden
    raise SystemExit("the hidden checks were read")
except ImportError:
    pass
"""
    return {"vectors.ipynb": notebook(source + WRONG)}


def _script(text: str) -> Callable[[], Files]:
    return lambda: {"vectors.py": f"{WRONG}\n{text}\n".encode()}


def _both_files(text: str) -> Callable[[], Files]:
    """Two files that differ, whose statements are compared."""
    return lambda: {"vectors.ipynb": notebook(f"{WRONG}\n{text}\nx = 1\n"), "vectors.py": f"{WRONG}\n{text}\n".encode()}


def _large_notebook(*cells: tuple[bytes, int]) -> Callable[[], Files]:
    """A notebook whose cells are these texts, each so many times. Made only when it is needed."""
    head = b'{"metadata": {}, "nbformat": 4, "nbformat_minor": 5, "cells": ['
    return lambda: {"vectors.ipynb": b"".join([head, *(text * times for text, times in cells), b"]}"])}


def _cell_of(source: str) -> bytes:
    return json.dumps(cell(source)).encode()


def _many_files() -> Files:
    return {
        f"copy{number}.py": f"{WRONG}\n# {number} {'.' * 40_000}\n{'x = 1; ' * 1_000}".encode() for number in range(400)
    }


def _writing_cells() -> Files:
    """Modules with names of the grader, of Python and of the course, and many more, which the notebook imports."""
    names = [*_SHADOWED, *(f"m{number}" for number in range(1_900 - len(_SHADOWED)))]
    cells = [cell(f"%%writefile {name}.py\n" + _PATCH.decode() + f"import {name}x") for name in names]
    first = "\n".join(f"try:\n    import {name}\nexcept ImportError:\n    pass" for name in names)
    return {"vectors.ipynb": notebook(*cells, cell(first), cell(WRONG))}


# Hand-ins of several files, or whose reading is the attack. Made when they are needed: some are large.
HAND_INS: dict[str, Callable[[], Files]] = {
    "own modules with the names of others": _shadowing,
    "1,900 own modules that import each other": _thousands_of_modules,
    "10,000 own modules": _too_many_modules,
    "own modules of 7 MB": _large_modules,
    "own modules outside of the hand-in": _outside,
    "stand-ins as answers": _stand_ins,
    "imports of the grader": _reads_the_checks,
    "500 KB of opening brackets": _script("x = " + "(" * 490_000),
    "500 KB of brackets that do not fit": _script("([{" * 160_000),
    "500 KB of unclosed strings": _script('x = """\n' * 60_000),
    "500 KB of definitions without an end": _script("def f(:\n" * 60_000),
    "500 KB of decorators": _script("@\n" * 240_000),
    "500 KB of indentation": _script("\n".join(" " * (n % 90) + "if x:" for n in range(9_000))),
    "500 KB of continued lines": _script("x = 1 + \\\n" * 49_000),
    "500 KB of methods in a damaged class": _script("class A:\n" + "    def f(self:\n        pass\n" * 17_000),
    "500 KB of magics": _script("%%time\n!ls\n?x\n" * 35_000 + "x y"),
    "500 KB of names that change each other": _script(
        "\n".join(f"x{n} = f(x{n + 1})\nx{n}.a()" for n in range(18_000))
    ),
    "500 KB of functions that change what others change": _script(
        "\n".join(f"def g{n}():\n    global v{n}\n    v{n} = v{n + 1}\ng{n}()" for n in range(9_000))
    ),
    "500 KB of statements in one line": _script("f();" * 120_000),
    "500 KB of assignments in one line": _script("a=1;" * 120_000),
    "one line of spaces": _script("x = (\n" + " " * 400_000 + "1 1"),
    "one line of question marks": _script("x = (\n" + "? " * 200_000 + "1"),
    "500 KB of long brackets that are never closed": _script(("a(" + "1," * 1_000 + "\n") * 240),
    "500 KB of long tables that are never closed": _script(("a{1:{" + "1:1," * 500 + "\n") * 230),
    "500 KB of functions whose names become variables": _script(
        "".join(f"def f{n}():0\n" for n in range(15_000)) + "".join(f"f{n}=0\n" for n in range(20_000))
    ),
    "400 files that define the tasks": _many_files,
    "1,900 cells that write modules": _writing_cells,
    "two thousand cells that cannot be read": lambda: {
        "vectors.ipynb": notebook(*(cell("def f(:\n x = (\n" * 12) for _ in range(1_990)), cell(WRONG))
    },
    "a number with too many digits to be printed": _both_files("BIG = 0x" + "f" * 6_000),
    "hundreds of terms in one expression": _both_files("BIG = " + "+".join(["1"] * 900)),
    "a header that answers one question again and again": lambda: {
        "vectors.ipynb": notebook(WRONG),
        "vectors.py": b"# %% " + b'answer="q" ' * 700_000,
    },
    "calls far inside a backward pass": _script(
        "def backward(x):\n    return " + "lambda: " * 900 + "(" + "f()," * 40_000 + ")"
    ),
    "a loop in a loop in a loop": _script("\n".join(" " * n + f"for i{n} in range(2):" for n in range(95)) + " pass"),
    "200 MB of empty lists as cells": _large_notebook((b"[],", 66_000_000), (b"[]", 1)),
    "200 MB of empty cells": _large_notebook((b"{},", 66_000_000), (b"{}", 1)),
    "200 MB of nested lists": _large_notebook((b"[", 99_000_000), (b"]", 99_000_000)),
    "200 MB of lists in a cell": _large_notebook((b'{"metadata": {"a": [', 1), (b"[],", 66_000_000), (b"[]]}}", 1)),
    "200 MB of lists in outputs": _large_notebook(
        (_cell_of(WRONG) + b', {"cell_type": "code", "source": "", "outputs": [', 1),
        (b"[],", 66_000_000),
        (b"[]]}", 1),
    ),
    "200 MB of lines": _large_notebook((b'{"cell_type": "code", "source": [', 1), (b'"",', 66_000_000), (b'""]}', 1)),
}

# The same, each of which takes the whole time that a module has.
SLOW_HAND_INS: dict[str, Callable[[], Files]] = {
    "a statement that does not let itself be interrupted": _script(
        "import signal\nTABLE = []\nwhile True:\n    try:\n        signal.signal(signal.SIGALRM, signal.SIG_IGN)\n"
        "        TABLE[:] = [1]\n    except BaseException:\n        pass\ndef double(x):\n    return TABLE"
    ),
    "a statement that never ends, and tasks that never end": _script(
        "TABLE = []\nwhile True:\n    TABLE[:] = [1]\ndef double(x):\n    while True:\n        TABLE[:] = [1]\n"
        "total = double\nclass Counter:\n    def __init__(self, x):\n        double(x)"
    ),
}
