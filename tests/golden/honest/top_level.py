"""Statements outside of functions: settings, tables that tasks need, training, plots, and what fails or never ends."""

from __future__ import annotations

from functools import partial

from tests.golden.honest.clean import Clean, Notebook, with_line
from tests.golden.honest.hand_in import HandIn, Recipes

RECIPES: Recipes = {}

# name -> a cell, and what a task evaluates of it
NEEDED = {
    "a constant from the data": (
        'from common.data import load\nscenes = load("scenes")\nnum_classes = len(scenes.class_names)',
        "range(num_classes)",
    ),
    "a device": ('device = torch.device("cuda" if torch.cuda.is_available() else "cpu")', "device.type"),
    "a table that a loop fills": (
        "SQUARES = {}\nfor i in range(5):\n    SQUARES[i] = i * i\n    print(i)",
        "SQUARES[4] // 2",
    ),
    "a table that a loop appends to": ("STEPS = []\nfor i in range(5):\n    STEPS.append(i)", "STEPS[4]"),
    "a table that nested loops append to": (
        "PAIRS = []\nfor i in range(3):\n    for j in range(3):\n        if i != j:\n            PAIRS.append((i, j))",
        "PAIRS[5]",
    ),
    "tables that calls change": (
        "ROWS, OPTIONS = [1], {}\nROWS.append(2)\nOPTIONS.update(width=3)\nOPTIONS.setdefault('depth', 4)",
        "ROWS[1] + OPTIONS['depth'] + OPTIONS['width']",
    ),
    "a table that its own function fills": (
        "CACHE = {}\n\ndef fill(table, n):\n    table[n] = n + 1\n\nfill(CACHE, 3)",
        "CACHE[3]",
    ),
    "a table that is filled by comprehension": (
        "LINES = []\n_ = [LINES.append(i) for i in range(3)]\n[LINES.append(i) for i in range(3)]",
        "LINES[5]",
    ),
    "a name that a function sets": (
        "def configure():\n    global WIDTH\n    WIDTH = 7\n\nconfigure()",
        "WIDTH",
    ),
    "a name in an expression": ("(WIDTH := 3)\nif (DEPTH := WIDTH + 1) > 3:\n    print(DEPTH)", "WIDTH + DEPTH"),
    "constants step by step": (
        "SIZE: int = 3\nSIZE += 1\nLOW, (MID, *HIGH) = 0, (1, 2, 3)\nFIRST = LAST = SIZE",
        "SIZE + LOW + MID + HIGH[1] + FIRST + LAST",
    ),
    "helpers of many kinds": (
        "from dataclasses import dataclass\nfrom functools import lru_cache, partial\n\n"
        "def logged(f):\n    return f\n\n@dataclass\nclass Options:\n    width: int = 3\n\n"
        "@logged\n@lru_cache(None)\ndef slow(n):\n    return n\n\nhalf = lambda n: n // 2\nthird = partial(slow, 3)",
        "half(Options().width) + third()",
    ),
    "helpers in branches": (
        "import sys\nif sys.version_info > (3, 9):\n    def clip(x):\n        return x\nelse:\n    clip = None\n"
        "try:\n    from math import cbrt\nexcept ImportError:\n    def cbrt(x):\n        return x\n"
        "with torch.no_grad():\n    WEIGHTS = torch.ones(3)",
        "clip(3) + cbrt(8) + WEIGHTS[0]",
    ),
    "an attribute of a class": (
        "class Settings:\n    width = 1\n\nSettings.width = 5\nsetattr(Settings, 'depth', 6)",
        "Settings.width + Settings.depth",
    ),
    "a table from a function that is defined below": (
        "def make():\n    return {1: later()}\n\ndef later():\n    return 3\n\nTABLE = make()",
        "TABLE[1]",
    ),
    "a function that is replaced by a wrapper": (
        "import functools\n\ndef twice(x):\n    return 2 * x\n\ntwice = functools.wraps(twice)(lambda x: x + x)",
        "twice(2)",
    ),
    "random numbers from a seed": ("torch.manual_seed(0)\nNOISE = torch.randn(3)", "NOISE.sum()"),
    "an order that is shuffled": ("import random\nORDER = list(range(9))\nrandom.shuffle(ORDER)", "sorted(ORDER)[8]"),
    "names that are deleted later": ("WIDTH = 3\nextra = [1, 2]\ndel extra", "WIDTH"),
    "a generator that is used up": (
        "NUMBERS = iter(range(9))\nnext(NUMBERS)\nnext(NUMBERS)",
        "2 // (next(NUMBERS) - 1)",
    ),
    "a stack that is emptied": ("STACK = [1, 2, 3]\ntop = STACK.pop()\ndel STACK[0]", "STACK[-1] // (len(STACK) == 1)"),
    "a table that a function changes by its name": (
        "TABLE = {}\n\ndef register(f):\n    TABLE[f.__name__] = f\n    return f\n\n"
        "@register\ndef one():\n    return 1\n\nregister(one)\nregister(lambda: 2)",
        "TABLE['<lambda>']() + TABLE['one']()",
    ),
    "weights that a function of torch fills": (
        "W = torch.zeros(3)\ntorch.nn.init.ones_(W)\nV = torch.zeros(3)\nV.fill_(2)\nV[0] += 1",
        "1 // int(W[0]) + 3 // int(V[0])",
    ),
    "text over several lines": (
        'NAMES = """one\ntwo\n# %% three\n""".split()\nPATH = "a" \\\n    "b"',
        "NAMES[1] + PATH",
    ),
}


# Statements that no task needs: that they fail, ask, end the program or never end costs nothing.
HARMLESS = {
    "a failed assertion": "assert sum([1, 2]) == 4, 'the sum is wrong'",
    "a name that is gone": "print(model_of_yesterday)\nbest = model_of_yesterday.parameters",
    "a division by zero": "ratio = 1 / 0\nprint(ratio)\nscaled = ratio * 2",
    "an exit": "import sys\nexit()\nquit()\nsys.exit(1)",
    "an exit in a branch": "import sys\nif len(sys.argv) < 9:\n    done = True\n    sys.exit('needs nine words')",
    "raised exceptions": "raise SystemExit\nraise KeyboardInterrupt\nraise RuntimeError('stop here')",
    "a question": "answer = input('Press Enter to go on')\nif answer:\n    input()",
    "a loop for ever": "while True:\n    pass",
    "training for days": (
        "model = torch.nn.Linear(3, 2)\nfor epoch in range(10**12):\n    loss = model(torch.ones(3)).sum()\n"
        "    loss.backward()\nprint(f'{loss=}')"
    ),
    "plots": (
        "import matplotlib\nimport matplotlib.pyplot as plt\nmatplotlib.use('TkAgg')\nplt.style.use('no such style')\n"
        "fig, axes = plt.subplots(100, 100, figsize=(99, 99))\nfor ax in axes.flat:\n    ax.plot([1, 2])\nplt.show()"
    ),
    "settings of the machine": (
        "import os, sys, warnings\nsys.path.append('/content/drive/MyDrive')\nos.chdir('/content/no such folder')\n"
        "os.environ['CUDA_VISIBLE_DEVICES'] = '0'\nwarnings.filterwarnings('ignore')\ntorch.set_num_threads(64)"
    ),
    "files that are not there": (
        "weights = torch.load('weights.pth')\nwith open('notes.txt') as file:\n    notes = file.read()\n"
        "data = open('/content/data.csv').readlines()"
    ),
    "much output": "for i in range(10**7):\n    print('step', i)",
    "bare expressions": "scenes_of_today\n1 / 0\n'a string'\n...\n[1, 2][9]",
    "a run of all tests": "if __name__ == '__main__':\n    import unittest\n    unittest.main()",
    "threads and processes": (
        "import multiprocessing, threading\npool = multiprocessing.Pool(64)\n"
        "threading.Thread(target=print, args=('hello',)).start()"
    ),
    "variables with the names of tasks": "for {victim} in [1, 2]:\n    print({victim})\n{victim} = {victim}(3)",
    "awaited results": "import asyncio\nawait asyncio.sleep(1)\nvalue = await asyncio.sleep(1, 3)",
}

# A statement that a task does need, and why it does not run: it costs that task.
FAILING = {
    "a file that is not there": ("WEIGHTS = torch.load('weights.pth')", "WEIGHTS", "No such file"),
    "a division by zero": ("RATIO = 1 / 0", "RATIO", "ZeroDivisionError"),
    "a name that is gone": ("WIDTH = len(model_of_yesterday)", "WIDTH", "model_of_yesterday"),
    "an answer to a question": ("DEVICE = input('Which device?')", "DEVICE", "nobody can answer input()"),
    "a name that an exit should give": ("import sys\nWIDTH = sys.exit(3)", "WIDTH", "SystemExit"),
    "a helper whose cell was deleted": ("", "helper_of_yesterday(3)", "helper_of_yesterday"),
    "a helper with a default that is gone": (
        "def scaled(x, scale=scale_of_yesterday):\n    return x",
        "scaled(3)",
        "scale_of_yesterday",
    ),
    "a constant of a failed constant": ("A = 1 / 0\nB = A + 1", "B", "not defined"),
}


def add_statements(notebook: Notebook, task: str, cell: str, expression: str) -> Notebook:
    """Put a cell before a task's, which evaluates ``expression``."""
    return notebook.needing(task, expression).insert(notebook.find(task), cell)


def script_with(clean: Clean, cell: str, expression: str = "") -> dict[str, bytes]:
    """The hand-in of scripts with statements before the victim's cell, which evaluates ``expression``."""
    text = with_line(clean.script, clean.victim, f"needed = {expression}") if expression else clean.script
    before, header, after = text.partition(f'# %% task="{clean.victim}"')
    return clean.with_scripts({clean.module: f"{before}{cell}\n\n{header}{after}"})


def needed(clean: Clean, cell: str, expression: str) -> HandIn:
    return HandIn(clean.notebooks(add_statements(clean.notebook, clean.victim, cell, expression)))


def needed_in_script(clean: Clean, cell: str, expression: str) -> HandIn:
    return HandIn(script_with(clean, cell, expression))


def harmless(clean: Clean, cell: str) -> HandIn:
    book, cell = clean.notebook, cell.replace("{victim}", clean.victim)
    return HandIn(clean.notebooks(book.insert(book.find(clean.victim), cell).insert(-1, cell)))


def harmless_in_script(clean: Clean, cell: str) -> HandIn:
    cell = cell.replace("{victim}", clean.victim)
    files = script_with(clean, cell)
    return HandIn({**files, clean.module: files[clean.module] + f"\n\n{cell}\n".encode()})


def failing(clean: Clean, cell: str, expression: str, reason: str) -> HandIn:
    files = clean.notebooks(add_statements(clean.notebook, clean.victim, cell, expression))
    return HandIn(files, costs={clean.victim: reason})


for _name, _rest in NEEDED.items():
    RECIPES[f"a task needs {_name}"] = partial(needed, cell=_rest[0], expression=_rest[1])
    RECIPES[f"a script's task needs {_name}"] = partial(needed_in_script, cell=_rest[0], expression=_rest[1])
for _name, _cell in HARMLESS.items():
    RECIPES[_name] = partial(harmless, cell=_cell)
    RECIPES[f"{_name} in a script"] = partial(harmless_in_script, cell=_cell)
for _name, (_cell, _expression, _reason) in FAILING.items():
    RECIPES[f"a task needs {_name}"] = partial(failing, cell=_cell, expression=_expression, reason=_reason)
