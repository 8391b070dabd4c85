"""Modules of the student's own next to the graded files."""

from __future__ import annotations

from functools import partial

from tests.golden.honest.clean import Clean, with_line
from tests.golden.honest.hand_in import HandIn, Recipes, recipe

RECIPES: Recipes = {}

HELPER = b"import math\n\n\ndef helper(x):\n    return math.floor(x)\n"

# name -> own files, the import, and what a task evaluates
OWN = {
    "a module": ({"my_utils.py": HELPER}, "from my_utils import helper", "helper(3)"),
    "a module that is imported whole": ({"my_utils.py": HELPER}, "import my_utils as mu", "mu.helper(3)"),
    "a module of which everything is imported": ({"my_utils.py": HELPER}, "from my_utils import *", "helper(3)"),
    "a package": (
        {"tools/__init__.py": b"from .maths import helper\n", "tools/maths.py": HELPER},
        "from tools import helper",
        "helper(3)",
    ),
    "a package without __init__.py": ({"tools/maths.py": HELPER}, "from tools.maths import helper", "helper(3)"),
    "a package in a package": (
        {
            "tools/__init__.py": b"",
            "tools/deep/__init__.py": b"from ..base import BASE\n",
            "tools/base.py": b"BASE = 3\n",
            "tools/deep/maths.py": b"from . import BASE\nfrom .. import base\n\n"
            b"def helper(x):\n    return x + BASE + base.BASE\n",
        },
        "import tools.deep.maths",
        "tools.deep.maths.helper(3)",
    ),
    "a module that imports another": (
        {"first.py": b"import second\n\nhelper = second.helper\n", "second.py": HELPER},
        "import first",
        "first.helper(3)",
    ),
    "modules that import each other": (
        {
            "first.py": b"import second\n\n\ndef helper(x):\n    return second.other(x)\n",
            "second.py": b"import first\n\n\ndef other(x):\n    return x if x else first.helper(1)\n",
        },
        "from first import helper",
        "helper(3)",
    ),
    "a module that runs things": (
        {
            "my_utils.py": b"print('hello')\nassert 1 == 2\nimport seaborn\nx = 1 / 0\n"
            + HELPER
            + b"\nhelper(2)\nexit()\n"
        },
        "from my_utils import helper",
        "helper(3)",
    ),
    "a module with a damaged function": (
        {"my_utils.py": HELPER + b"\n\ndef plot(x):\n    return [1, (2\n"},
        "from my_utils import helper",
        "helper(3)",
    ),
    "a module saved by Windows": (
        {"my_utils.py": b"\xef\xbb\xbf" + HELPER.replace(b"\n", b"\r\n")},
        "from my_utils import helper",
        "helper(3)",
    ),
    "a module with a table": (
        {"settings.py": b"import torch\n\nTABLE = {}\nfor i in range(4):\n    TABLE[i] = torch.ones(i)\n"},
        "import settings",
        "settings.TABLE[3].sum()",
    ),
    "a module that a function imports": (
        {"my_utils.py": HELPER},
        "def borrowed(x):\n    from my_utils import helper\n    return helper(x)",
        "borrowed(3)",
    ),
}


def own(clean: Clean, name: str, *, script: bool) -> HandIn:
    files, statement, expression = OWN[name]
    remarks = {"unreadable": "my_utils.py"} if "damaged" in name else {}
    if script:
        text = f"{statement}\n{with_line(clean.script, clean.victim, f'needed = {expression}')}"
        return HandIn({**clean.with_scripts({clean.module: text}), **files}, remarks=remarks)
    book = clean.notebook.insert(2, statement).needing(clean.victim, expression)
    return HandIn({**clean.notebooks(book), **files}, remarks=remarks)


for _name in OWN:
    RECIPES[f"{_name}"] = partial(own, name=_name, script=False)
    RECIPES[f"{_name}, for a script"] = partial(own, name=_name, script=True)


@recipe(RECIPES, "a module that was forgotten")
def forgotten(clean: Clean) -> HandIn:
    book = clean.notebook.insert(2, "from my_utils import helper").needing(clean.victim, "helper(3)")
    return HandIn(
        clean.notebooks(book),
        costs={clean.victim: "my_utils"},
        remarks={"import": "my_utils"},
    )


@recipe(RECIPES, "a module that no task needs was forgotten")
def forgotten_for_plots(clean: Clean) -> HandIn:
    return HandIn(
        clean.notebooks(clean.notebook.insert(2, "from my_plots import *\nimport my_plots as mp\nmp.plot(3)"))
    )


@recipe(RECIPES, "a module that needs seaborn")
def needs_seaborn(clean: Clean) -> HandIn:
    book = clean.notebook.insert(2, "from my_utils import helper").needing(clean.victim, "helper(3)")
    files = {"my_utils.py": b"import seaborn as sns\n\n\ndef helper(x):\n    return sns.color_palette(x)\n"}
    return HandIn(
        {**clean.notebooks(book), **files},
        costs={clean.victim: "seaborn is not a package that this assignment allows"},
        remarks={"import": "seaborn"},
    )


@recipe(RECIPES, "a module that Python cannot read")
def unreadable(clean: Clean) -> HandIn:
    book = clean.notebook.insert(2, "from my_utils import helper").needing(clean.victim, "helper(3)")
    return HandIn(
        {**clean.notebooks(book), "my_utils.py": b"def helper(x):\n    return 3\0"},
        costs={clean.victim: "helper"},
        remarks={"unreadable": "my_utils.py, line 2: the file contains a null byte"},
    )


@recipe(RECIPES, "a folder around the notebooks and a module")
def in_a_folder(clean: Clean) -> HandIn:
    book = clean.notebook.insert(2, "from my_utils import helper").needing(clean.victim, "helper(3)")
    files = {**clean.notebooks(book), "my_utils.py": HELPER}
    return HandIn({f"Ada Lovelace/homework/{name}": data for name, data in files.items()})


@recipe(RECIPES, "a task moved into a module")
def moved(clean: Clean) -> HandIn:
    book = clean.notebook
    at = book.find(clean.victim)
    source = book.cells[at]["source"]
    imports = "\n".join(
        cell["source"] for cell in book.code_cells() if not cell["metadata"] and "import" in cell["source"]
    )
    book = book.edit(at, f"from my_tasks import {clean.victim}")
    return HandIn({**clean.notebooks(book), "my_tasks.py": f"{imports}\n\n{source}\n".encode()})
