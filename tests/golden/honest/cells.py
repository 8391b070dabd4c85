"""Cells of a notebook that were changed, moved, copied or filled with what only Jupyter understands."""

from __future__ import annotations

import ast
import base64
import os
from functools import partial

from tests.golden.honest.clean import Clean, code
from tests.golden.honest.hand_in import HandIn, Recipes, recipe

RECIPES: Recipes = {}

MAGICS = {
    "plots inline": "%matplotlib inline\n%config InlineBackend.figure_format = 'retina'",
    "reloading": "%load_ext autoreload\n%autoreload 2",
    "the shell": "!ls -la\n!mkdir -p out && cd out\nfiles = !ls *.ipynb\nhere = %pwd",
    "help": "?torch.cat\ntorch.cat?\ntorch.nn.Linear??\n??torch.cat",
    "timings": "%timeit -n 3 sum(range(9))\n%time total = sum(range(9))\n%prun sum([1])",
    "another language": "%%bash\nfor i in 1 2 3; do echo $i; done",
    "a page": "%%html\n<style>.cell { width: 90% }</style>",
    "a file that is written": "%%writefile notes.txt\n1. def (write) more tests",
    "the environment": "%env CUDA_LAUNCH_BLOCKING=1\n%cd ..\n%pip install tqdm\n%conda install numpy",
    "magics in a loop": "for i in range(2):\n    !echo {i}\n    %timeit -n 1 -r 1 i\nelse:\n    pass",
}


def magics(clean: Clean, cell: str) -> HandIn:
    book = clean.notebook
    return HandIn(clean.notebooks(book.insert(book.find(clean.victim), cell).insert(0, cell)))


RECIPES |= {f"magics: {name}": partial(magics, cell=cell) for name, cell in MAGICS.items()}


@recipe(RECIPES, "a task's cell is timed")
def timed(clean: Clean) -> HandIn:
    book = clean.notebook
    at = book.find(clean.victim)
    return HandIn(clean.notebooks(book.edit(at, f"%%time\n\n{book.cells[at]['source']}\n")))


@recipe(RECIPES, "magics around a task in its cell")
def magics_in_the_cell(clean: Clean) -> HandIn:
    book = clean.notebook
    at = book.find(clean.victim)
    function = clean.victim.partition(".")[0]
    source = f"%matplotlib inline\n!ls\n{book.cells[at]['source']}\n\n%timeit {function}\n{function}?\nx = !ls\n"
    return HandIn(clean.notebooks(book.edit(at, source)))


@recipe(RECIPES, "a task's cell is turned into text")
def to_markdown(clean: Clean) -> HandIn:
    book = clean.notebook
    book.cells[book.find(clean.victim)]["cell_type"] = "markdown"
    return HandIn(clean.notebooks(book))


@recipe(RECIPES, "a task's cell is turned into raw text")
def to_raw(clean: Clean) -> HandIn:
    book = clean.notebook
    book.cells[book.find(clean.victim)]["cell_type"] = "raw"
    return HandIn(clean.notebooks(book))


@recipe(RECIPES, "a new cell with a task is turned into text")
def new_to_markdown(clean: Clean) -> HandIn:
    book = clean.notebook
    at = book.find(clean.victim)
    book.cells[at] = {"cell_type": "markdown", "metadata": {}, "source": book.cells[at]["source"]}
    return HandIn(clean.notebooks(book))


@recipe(RECIPES, "all tasks are in one cell")
def merged(clean: Clean) -> HandIn:
    book = clean.notebook
    tasks = [cell for cell in book.cells if "task" in cell["metadata"]]
    rest = [cell for cell in book.cells if "task" not in cell["metadata"]]
    book.cells = [*rest, code("\n\n\n".join(cell["source"] for cell in tasks))]
    return HandIn(clean.notebooks(book))


@recipe(RECIPES, "the whole notebook is one cell")
def one_cell(clean: Clean) -> HandIn:
    book = clean.notebook
    book.cells = [code("\n\n".join(cell["source"] for cell in book.code_cells()))]
    return HandIn(clean.notebooks(book))


@recipe(RECIPES, "each statement has a cell of its own")
def split(clean: Clean) -> HandIn:
    book = clean.notebook
    cells = []
    for cell in book.code_cells():
        lines = cell["source"].split("\n")
        for node in ast.parse(cell["source"]).body:
            first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
            cells.append(code("\n".join(lines[first - 1 : node.end_lineno]), **cell["metadata"]))
    book.cells = cells
    return HandIn(clean.notebooks(book))


@recipe(RECIPES, "tasks are written above everything else")
def moved(clean: Clean) -> HandIn:
    book = clean.notebook
    at = book.find(clean.victim)
    book.cells.insert(0, book.cells.pop(at))
    return HandIn(clean.notebooks(book))


@recipe(RECIPES, "tasks are written at the end, the blank cells are left")
def at_the_end(clean: Clean) -> HandIn:
    book = clean.notebook
    solved = [cell["source"] for cell in book.cells if "task" in cell["metadata"]]
    for cell in book.cells:
        if "task" in cell["metadata"]:
            cell["source"] = blank(cell["source"])
    return HandIn(clean.notebooks(book.insert(-1, *solved)))


@recipe(RECIPES, "a blank copy follows a task")
def blank_copy(clean: Clean) -> HandIn:
    book = clean.notebook
    at = book.find(clean.victim)
    return HandIn(clean.notebooks(book.insert(at + 1, blank(book.cells[at]["source"]))))


@recipe(RECIPES, "earlier attempts are left")
def attempts(clean: Clean) -> HandIn:
    book = clean.notebook
    at = book.find(clean.victim)
    function = clean.victim.partition(".")[0]
    return HandIn(clean.notebooks(book.insert(at, f"def {function}(*args):\n    return 'wrong'", "# second attempt")))


@recipe(RECIPES, "a task's cell is typed anew, without its metadata")
def retyped(clean: Clean) -> HandIn:
    book = clean.notebook
    at = book.find(clean.victim)
    book.cells[at] = {**code(book.cells[at]["source"]), "metadata": {"id": "x", "outputId": "y"}}
    return HandIn(clean.notebooks(book))


@recipe(RECIPES, "a task's cell is tagged for the notebook")
def tagged(clean: Clean) -> HandIn:
    book = clean.notebook
    book.cells[book.find(clean.victim)]["metadata"]["tags"] = ["active-ipynb"]
    return HandIn(clean.notebooks(book))


@recipe(RECIPES, "a task's cell is lost")
def lost(clean: Clean) -> HandIn:
    book = clean.notebook
    del book.cells[book.find(clean.victim)]
    name = clean.victim.partition(".")[0]
    return HandIn(clean.notebooks(book), costs={clean.victim: f"{clean.notebook.name} does not define {name}"})


@recipe(RECIPES, "outputs of 2 MB")
def outputs(clean: Clean) -> HandIn:
    book = clean.notebook
    picture = base64.b64encode(os.urandom(1_500_000)).decode()
    for cell in book.code_cells()[-2:]:
        cell["outputs"] = [
            {"output_type": "display_data", "data": {"image/png": picture, "text/plain": ["<Figure>"]}, "metadata": {}},
            {"output_type": "stream", "name": "stdout", "text": ["step [1], {loss}\n"] * 2000},
        ]
    return HandIn(clean.notebooks(book))


@recipe(RECIPES, "outputs of errors, attachments and widgets")
def rich(clean: Clean) -> HandIn:
    book = clean.notebook
    book.code_cells()[0]["outputs"] = [
        {"output_type": "error", "ename": "NameError", "evalue": "x", "traceback": ["\x1b[0;31mNameError\x1b[0m"] * 40}
    ]
    book.cells[0]["attachments"] = {"image.png": {"image/png": "aGVsbG8="}}
    for number, cell in enumerate(book.cells):
        cell["id"] = f"same-{number % 2}"
        cell["metadata"] |= {"collapsed": True, "scrolled": False, "ExecuteTime": {"start_time": "2024"}}
    widgets = {"application/vnd.jupyter.widget-state+json": {"state": {str(i): {"a": [i]} for i in range(500)}}}
    return HandIn({**clean.notebooks(), book.name: book.to_bytes(metadata={"widgets": widgets, "colab": {}})})


@recipe(RECIPES, "sources are lists of lines")
def lists(clean: Clean) -> HandIn:
    book = clean.notebook
    for cell in book.cells:
        cell["source"] = cell["source"].splitlines(keepends=True)
    return HandIn({**clean.notebooks(), book.name: book.to_bytes(nbformat_minor=2)})


@recipe(RECIPES, "Windows saved the notebook")
def windows(clean: Clean) -> HandIn:
    book = clean.notebook
    for cell in book.cells:
        cell["source"] = cell["source"].replace("\n", "\r\n")
    return HandIn({**clean.notebooks(), book.name: b"\xef\xbb\xbf" + book.to_bytes().replace(b"\n", b"\r\n")})


@recipe(RECIPES, "cells have nothing but a type and a source")
def bare(clean: Clean) -> HandIn:
    book = clean.notebook
    book.cells = [{"cell_type": cell["cell_type"], "source": cell["source"]} for cell in book.cells]
    return HandIn({**clean.notebooks(), book.name: book.to_bytes(metadata={})})


@recipe(RECIPES, "an answer has code in it")
def code_in_text(clean: Clean) -> HandIn:
    book = clean.notebook
    function = clean.victim.partition(".")[0]
    text = f"I first tried\n\n```python\ndef {function}(x):\n    return 0\n```"
    book.cells += [{"cell_type": "markdown", "metadata": {}, "source": text}, code(""), code("# nothing\n\n")]
    return HandIn(clean.notebooks(book))


def blank(source: str) -> str:
    """The code with each function's body as in the handout."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.body = ast.parse("raise NotImplementedError()").body
    return ast.unparse(tree)
