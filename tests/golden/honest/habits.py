"""What students write around their tasks: guards, `exec`, files from cells, annotations, folders on the path."""

from __future__ import annotations

import textwrap
from functools import partial

from tests.golden.honest.clean import Clean, Notebook
from tests.golden.honest.hand_in import HandIn, Recipes, recipe

RECIPES: Recipes = {}

HALF = b"def half(x):\n    return x // 2\n"

# Blocks around a task's cell, which run in a notebook.
BLOCKS = {
    "the main guard": 'if __name__ == "__main__":\n{task}\n    print("done")',
    "the main guard the other way round": "if '__main__' == __name__:\n    import math\n{task}",
    "a condition": "import sys\nif sys.version_info > (3, 8):\n{task}",
    "an attempt": "try:\n{task}\nexcept ImportError as error:\n    print(error)",
    "a context": "with torch.no_grad():\n{task}",
    "a loop that runs once": "for attempt in range(1):\n{task}",
}

# How a helper's folder is put on the path, where the helper is, and where the notebook is.
FOLDERS = {
    "a folder": ('sys.path.append("utils")', "utils/", ""),
    "the folder above": ('sys.path.append("..")', "", "work/"),
    "an absolute folder": ('sys.path.insert(0, os.path.abspath("src"))', "src/", ""),
    "a folder by pathlib": ('sys.path.insert(0, str(Path.cwd() / "lib"))', "lib/", ""),
    "a folder on a drive": ('sys.path.append("/content/drive/MyDrive/course/code")', "code/", ""),
}

DEVICES = {
    "its tensors are on a GPU": ("torch.ones(2).cuda()", "CUDA"),
    "its tensors are created on a GPU": ('torch.ones(2, device="cuda")', "CUDA"),
    "its tensors are on a Mac's GPU": ('torch.ones(2).to("mps")', "mps"),
}


def task_cell(clean: Clean) -> str:
    """The source of the victim's cell."""
    book = clean.notebook
    source: str = book.cells[book.find(clean.victim)]["source"]
    return source


def with_cell(clean: Clean, source: str, book: Notebook | None = None) -> Notebook:
    """The notebook with another source in the victim's cell."""
    book = book or clean.notebook
    return book.edit(book.find(clean.victim), source)


def in_a_block(clean: Clean, block: str) -> HandIn:
    task = textwrap.indent(task_cell(clean), "    ")
    return HandIn(clean.notebooks(with_cell(clean, block.replace("{task}", task))))


RECIPES |= {f"a task below {name}": partial(in_a_block, block=block) for name, block in BLOCKS.items()}


@recipe(RECIPES, "a task below the main guard of a script")
def guard_in_a_script(clean: Clean) -> HandIn:
    task = task_cell(clean)
    assert task in clean.script
    guarded = 'if __name__ == "__main__":\n' + textwrap.indent(task, "    ") + "\n    print(open('nothing'))"
    return HandIn(clean.with_scripts({clean.module: clean.script.replace(task, guarded)}))


@recipe(RECIPES, "the main guard of a script tries things out")
def guard_that_changes_nothing(clean: Clean) -> HandIn:
    guard = (
        f'if __name__ == "__main__":\n    {clean.victim} = None\n    TABLE = []\n    TABLE.append({clean.victim}(3))\n'
    )
    return HandIn(clean.with_scripts({clean.module: f"{clean.script}\n\n{guard}"}))


@recipe(RECIPES, "a task is an item of globals()")
def globals_item(clean: Clean) -> HandIn:
    task = task_cell(clean).replace(f"def {clean.victim}", "def mine")
    return HandIn(clean.notebooks(with_cell(clean, f'{task}\nglobals()["{clean.victim}"] = mine')))


def hidden(clean: Clean, source: str) -> HandIn:
    reason = "exec and globals() hide the code of what they define"
    return HandIn(
        clean.notebooks(with_cell(clean, source)), costs={clean.victim: reason}, remarks={"unreadable": reason}
    )


@recipe(RECIPES, "a task is in the text that exec runs")
def exec_text(clean: Clean) -> HandIn:
    return hidden(clean, f"exec({task_cell(clean)!r})")


@recipe(RECIPES, "a task is made by a loop over names")
def globals_loop(clean: Clean) -> HandIn:
    task = task_cell(clean).replace(f"def {clean.victim}", "def mine")
    return hidden(clean, f'{task}\nfor name in ["{clean.victim}"]:\n    globals()[name] = mine')


@recipe(RECIPES, "a cell writes a module")
def written_module(clean: Clean) -> HandIn:
    cells = (
        "%%writefile my_half.py\nfrom my_more import TWO\n\ndef half(x):\n    return x // TWO",
        "%%file ./my_more.py\nTWO = 1",
        "%%writefile -a my_more.py\nTWO += 1",
        "from my_half import half",
    )
    return HandIn(clean.notebooks(clean.notebook.insert(1, *cells).needing(clean.victim, "half(4) // half(2)")))


@recipe(RECIPES, "a cell writes the graded module itself")
def written_task(clean: Clean) -> HandIn:
    name = clean.module.removesuffix(".py")
    book = with_cell(clean, f"%%writefile {clean.module}\n{task_cell(clean)}")
    return HandIn(clean.notebooks(book.insert(-1, f"from {name} import *")))


@recipe(RECIPES, "annotations need other packages")
def annotations(clean: Clean) -> HandIn:
    cell = (
        "from jaxtyping import Float\nfrom typing_extensions import Self, TypeAlias\nimport numpy.typing as npt\n"
        "import beartype.typing as bt\nImages: TypeAlias = Float[torch.Tensor, 'n c']"
    )
    helper = (
        "class Table:\n    rows: Images\n\n    def first(self: Self, x: Float[torch.Tensor, 'n'], "
        "*, y: npt.NDArray = None) -> bt.List[Images]:\n        z: Float = 3\n        return z"
    )
    return HandIn(clean.notebooks(clean.notebook.insert(2, cell, helper).needing(clean.victim, "Table().first(1)")))


@recipe(RECIPES, "data classes with annotations of other packages")
def annotated_fields(clean: Clean) -> HandIn:
    cell = (
        "from dataclasses import dataclass, field\nfrom typing import ClassVar, NamedTuple\nfrom jaxtyping import Int\n"
        "\n@dataclass\nclass Options:\n    width: Int = 3\n    names: ClassVar[list] = []\n"
        "    table: dict = field(default_factory=dict)\n\nclass Pair(NamedTuple):\n    x: Int\n    y: Int = 2"
    )
    book = clean.notebook.insert(2, cell).needing(clean.victim, "Options(4).width + Pair(1).y, Options.names")
    return HandIn(clean.notebooks(book))


@recipe(RECIPES, "a package is imported by importlib")
def imported_by_name(clean: Clean) -> HandIn:
    cell = "import importlib\nfrom importlib import import_module, reload\nimport importlib.util"
    book = clean.notebook.insert(2, cell)
    expression = 'import_module("torch.nn.functional").relu, importlib.import_module("os.path").sep, importlib.util'
    return HandIn(clean.notebooks(book.needing(clean.victim, expression)))


@recipe(RECIPES, "another package is imported by importlib")
def other_imported_by_name(clean: Clean) -> HandIn:
    book = clean.notebook.insert(2, "import importlib").needing(clean.victim, 'importlib.import_module("seaborn")')
    return HandIn(clean.notebooks(book), costs={clean.victim: "seaborn is not a package that this assignment allows"})


@recipe(RECIPES, "a task's name is used again for a number")
def reused(clean: Clean) -> HandIn | None:
    if f"def {clean.victim}(" not in task_cell(clean):
        return None
    book = clean.notebook.insert(-1, f"{clean.victim} = 5")
    return HandIn(clean.notebooks(book), costs={clean.victim: "but a later line gives this name another value: 5"})


@recipe(RECIPES, "everything of torch is imported and replaces max")
def replaced_builtins(clean: Clean) -> HandIn | None:
    if clean.assignment.name != "a04_cnn":  # in the others, other tasks use what is replaced
        return None
    book = clean.notebook.insert(2, "from torch import *").needing(clean.victim, "max(1, 2)")
    return HandIn(clean.notebooks(book), costs={clean.victim: "max() received an invalid combination"})


def on_device(clean: Clean, expression: str, reason: str) -> HandIn:
    return HandIn(clean.notebooks(clean.notebook.needing(clean.victim, expression)), costs={clean.victim: reason})


for _name, (_expression, _reason) in DEVICES.items():
    RECIPES[f"a task fails: {_name}"] = partial(on_device, expression=_expression, reason=_reason)


def from_a_folder(clean: Clean, statement: str, place: str, home: str) -> HandIn:
    cell = f"import os, sys\nfrom pathlib import Path\n{statement}\nfrom my_helpers import half"
    books = clean.notebooks(clean.notebook.insert(2, cell).needing(clean.victim, "1 // half(2)"))
    return HandIn({**{f"{home}{name}": data for name, data in books.items()}, f"{place}my_helpers.py": HALF})


for _name, (_statement, _place, _home) in FOLDERS.items():
    RECIPES[f"{_name} on the path"] = partial(from_a_folder, statement=_statement, place=_place, home=_home)


@recipe(RECIPES, "a package in a folder on the path")
def package_in_a_folder(clean: Clean) -> HandIn:
    cell = 'import sys\nsys.path += ["src"]\nsys.path.append("src")\nfrom tools.numbers import half as h'
    files = {"src/tools/numbers.py": b"from .more import half\n", "src/tools/more.py": HALF}
    return HandIn({**clean.notebooks(clean.notebook.insert(2, cell).needing(clean.victim, "1 // h(2)")), **files})


@recipe(RECIPES, "the exact name is a beginning, a copy is complete")
def complete_copy(clean: Clean) -> HandIn:
    done, name = clean.notebooks(), clean.notebook.name
    book = Notebook(clean.module, clean.notebook.cells)
    tasks = [task.name for task in clean.assignment.tasks if task.file == clean.module]
    stub = {task: _stub_source(clean, task) for task in tasks[1:]}
    for task, source in stub.items():
        book = book.edit(book.find(task), source)
    files = {**done, name: book.to_bytes(), name.replace(".", " (1)."): done[name]}
    return HandIn(files, remarks={"doubtful": "because more tasks are written in it"}, saved={name: 1_700_000_900.0})


def _stub_source(clean: Clean, task: str) -> str:
    """The handout's source of a task's cell."""
    import json

    cells = json.loads(clean.stub[clean.notebook.name])["cells"]
    return next("".join(c["source"]) for c in cells if task in c["metadata"].get("task", "").split())
