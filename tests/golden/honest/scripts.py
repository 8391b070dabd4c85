"""Scripts: as programs write them, with other encodings and line ends, and with what people add around the tasks."""

from __future__ import annotations

import re
from functools import partial

from tests.golden.honest.clean import Clean, uncommented, with_line
from tests.golden.honest.hand_in import HandIn, Recipes, recipe

RECIPES: Recipes = {}

# name -> what becomes of the text of each script
CHANGES = {
    "Windows line ends": lambda text: text.replace("\n", "\r\n").encode(),
    "old Mac line ends": lambda text: text.replace("\n", "\r").encode(),
    "a byte order mark": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "tabs": lambda text: re.sub(r"(?m)^( {4})+", lambda m: "\t" * (len(m[0]) // 4), text).encode(),
    "form feeds": lambda text: text.replace("\n\n\n", "\n\f\n\n").encode(),
    "trailing spaces and no last line end": lambda text: text.replace("\n\n", "  \n \t\n").rstrip().encode(),
    "a coding line": lambda text: b"#!/usr/bin/env python3\n# -*- coding: latin-1 -*-\n# caf\xe9\n" + ascii_of(text),
    "a coding line of Windows": lambda text: b"# vim: set fileencoding=cp1252 :\n# it\x92s mine\n" + ascii_of(text),
    "a docstring and an author": lambda text: (
        f'#!/usr/bin/env python\n"""Homework."""\n__author__ = "Ada"\n\n{text}'.encode()
    ),
    "everything uncommented": lambda text: uncommented(text).encode(),
    "checks uncommented": lambda text: re.sub(r"(?m)^# (check\(|from autograder import check)", r"\1", text).encode(),
    "cells without their markers": lambda text: re.sub(r"(?m)^# %%.*\n", "", text).encode(),
    "cells marked in another way": lambda text: re.sub(r"(?m)^# %%", "#%%", text).encode(),
}

HEAD = {
    "paths": "import os, sys\nsys.path.append('..')\nsys.path.insert(0, '/content')\nos.chdir('/content/missing')",
    "a backend": "import matplotlib\nmatplotlib.use('TkAgg')\nimport matplotlib.pyplot as plt\nplt.ion()",
    "typing": "from typing import TYPE_CHECKING, Optional\nif TYPE_CHECKING:\n    from pandas import DataFrame",
    "logging": "import logging\nlogging.basicConfig(level=10)\nlog = logging.getLogger(__name__)\nlog.info('hi')",
    "threads": "import os\nos.environ['OMP_NUM_THREADS'] = '64'\nimport torch\ntorch.set_num_threads(64)",
}

TAIL = {
    "a main block": (
        "if __name__ == '__main__':\n    from common.data import load\n    scenes = load('scenes')\n    input('go? ')\n"
        "    for epoch in range(10**9):\n        print(epoch)"
    ),
    "a command line": (
        "import argparse\n\ndef main():\n    parser = argparse.ArgumentParser()\n"
        "    parser.add_argument('--lr', required=True)\n    args = parser.parse_args()\n    print(args.lr)\n\nmain()"
    ),
    "arguments at top level": (
        "import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument('--lr', required=True)\n"
        "args = parser.parse_args()"
    ),
    "tests of one's own": (
        "import unittest\nimport pytest\n\nclass TestMine(unittest.TestCase):\n    def test_it(self):\n"
        "        self.assertTrue(False)\n\n@pytest.fixture\ndef data():\n    return 3\n\nunittest.main()"
    ),
    "doctests": "import doctest\ndoctest.testmod(verbose=True)\nassert doctest.testmod().failed == 9",
    "an import of itself": "from {name} import *\nimport {name} as me\nme.__dict__.update(globals())",
}


def ascii_of(text: str) -> bytes:
    """The text where each other character is a question mark."""
    return text.encode("ascii", "replace")


def changed(clean: Clean, name: str) -> HandIn:
    return HandIn({module: CHANGES[name](text) for module, text in clean.scripts.items()})


def surrounded(clean: Clean, *, head: str = "", tail: str = "") -> HandIn:
    name = clean.module.removesuffix(".py")
    text = f"{head}\n{clean.script}\n\n{tail.replace('{name}', name)}\n"
    return HandIn(clean.with_scripts({clean.module: text}))


RECIPES |= {name: partial(changed, name=name) for name in CHANGES}
RECIPES |= {f"{name} above": partial(surrounded, head=head) for name, head in HEAD.items()}
RECIPES |= {f"{name} below": partial(surrounded, tail=tail) for name, tail in TAIL.items()}


@recipe(RECIPES, "clean")
def clean_scripts(clean: Clean) -> HandIn:
    return HandIn(clean.with_scripts())


@recipe(RECIPES, "a task does not run as a program")
def not_a_program(clean: Clean) -> HandIn:
    text = with_line(clean.script, clean.victim, "needed = __name__, __file__, __doc__")
    return HandIn(clean.with_scripts({clean.module: text}))


@recipe(RECIPES, "nbconvert wrote the script")
def nbconvert(clean: Clean) -> HandIn:
    lines = ["#!/usr/bin/env python", "# coding: utf-8", ""]
    for number, cell in enumerate(clean.notebook.insert(1, MAGIC_CELL).cells, start=1):
        if cell["cell_type"] == "code":
            lines += [f"# In[{number}]:", "", "", as_nbconvert(cell["source"]), "", ""]
        else:
            lines += [*(f"# {line}" for line in cell["source"].split("\n")), ""]
    return HandIn(clean.with_scripts({clean.module: "\n".join(lines)}))


@recipe(RECIPES, "Colab downloaded the script")
def colab(clean: Clean) -> HandIn:
    parts = ['# -*- coding: utf-8 -*-\n"""' + clean.module + "\n\nAutomatically generated by Colab.\n" + '"""']
    for cell in clean.notebook.insert(1, MAGIC_CELL).cells:
        source = cell["source"]
        if cell["cell_type"] == "code":
            parts.append(
                re.sub(r"(?m)^(%.*)", r"# Commented out IPython magic to ensure Python compatibility.\n# \1", source)
            )
        else:
            quotes = "r'''" if '"""' in source or "\\" in source else '"""'
            parts.append(quotes + source.replace("'''", "") + quotes.removeprefix("r"))
    return HandIn(clean.with_scripts({clean.module: "\n\n".join(parts) + "\n"}))


MAGIC_CELL = "%matplotlib inline\n!pip install torch\nfrom google.colab import drive\ndrive.mount('/content/drive')"


def as_nbconvert(source: str) -> str:
    """The cell's code with magics as calls."""
    source = re.sub(r"(?m)^%(\w+) ?(.*)", r"get_ipython().run_line_magic('\1', '\2')", source)
    return re.sub(r"(?m)^!(.*)", r"get_ipython().system('\1')", source)


@recipe(RECIPES, "a merge conflict around a task")
def conflict(clean: Clean) -> HandIn:
    before, header, after = clean.script.partition(f'# %% task="{clean.victim}"')
    body, rest = (after + "\n# %%").split("\n# %%", 1)
    text = f"{before}<<<<<<< HEAD\n{header}{body}\n=======\n{header}{body}\n>>>>>>> main\n# %%{rest}"
    return HandIn(clean.with_scripts({clean.module: text}), remarks={"unreadable": "Python cannot read this"})
