"""What editors, systems and services make of a file: exports, encodings, archives, outputs, other languages."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from tests.golden.honest.clean import Clean, Notebook, code
from tests.golden.honest.hand_in import HandIn, Recipes, recipe

RECIPES: Recipes = {}


def all_notebooks(clean: Clean, change: Callable[[dict[str, Any]], None]) -> dict[str, bytes]:
    """The hand-in of notebooks, each file changed as a table."""
    files = {}
    for name, data in clean.notebooks().items():
        table = json.loads(data)
        change(table)
        files[name] = json.dumps(table, ensure_ascii=False).encode()
    return files


def archive(files: Mapping[str, bytes]) -> bytes:
    """A zip with these names as they are."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, data in files.items():
            zipped.writestr(zipfile.ZipInfo(name, (2026, 11, 20, 12, 0, 0)), data)
    return buffer.getvalue()


def inserted(clean: Clean, *cells: str) -> HandIn:
    """The notebook with cells at the beginning and at the end."""
    return HandIn(clean.notebooks(clean.notebook.insert(-1, *cells).insert(0, *cells)))


# Cells that a service or an editor asks for.
CELLS = {
    "Colab asks where it runs": (
        "try:\n    import google.colab\n    IN_COLAB = True\nexcept ImportError:\n    IN_COLAB = False",
        "if IN_COLAB:\n    !pip install -q einops\n    from google.colab import drive\n"
        "    drive.mount('/content/drive')",
    ),
    "Colab's secrets and forms": (
        "from google.colab import userdata, output\nkey = userdata.get('KEY')  #@param {type: 'string'}",
        "#@title Settings { display-mode: 'form' }\nepochs = 10 #@param {type:'slider', min:1, max:100}",
        "output.enable_custom_widget_manager()\nfiles = output.eval_js('1 + 1')",
    ),
    "Kaggle's first cell": (
        "# This Python 3 environment comes with many helpful libraries\nimport numpy as np # linear algebra\n"
        "import pandas as pd # data processing, CSV file I/O (e.g. pd.read_csv)\nimport os\n"
        "for dirname, _, filenames in os.walk('/kaggle/input'):\n    for filename in filenames:\n"
        "        print(os.path.join(dirname, filename))",
        "from kaggle_secrets import UserSecretsClient\nsecret = UserSecretsClient().get_secret('key')",
    ),
    "Databricks' commands": (
        "# MAGIC %md\n# MAGIC # Title\ndbutils.widgets.text('k', '3')\nspark.range(3).display()",
        "display(spark.table('results'))",
    ),
    "Deepnote's blocks": (
        "import deepnote_toolkit as dntk\n_deepnote_run_altair(None)",
        "# Start writing code here...\n\n\n",
    ),
    "packages are installed": (
        "!pip install -q torch==2.1 --index-url https://example.org/whl\n%pip install seaborn",
        "import subprocess, sys\nsubprocess.check_call([sys.executable, '-m', 'pip', 'install', 'einops'])",
        "import os\nos.system('pip install einops')\n!{sys.executable} -m pip install tqdm",
    ),
    "the course is cloned": (
        "!git clone https://example.org/course.git\n%cd course/a01\n!ls",
        "import os, sys\nos.chdir('/content/course')\nsys.path.insert(0, os.getcwd())",
    ),
    "widgets": (
        "import ipywidgets as widgets\nfrom ipywidgets import interact\nslider = widgets.IntSlider(3, 0, 9)",
        "@interact(k=(1, 20))\ndef explore(k=5):\n    plt.plot(range(k))\n    plt.show()",
        "display(slider)",
    ),
    "timings and profiles": (
        "%load_ext line_profiler\n%load_ext tensorboard\n%tensorboard --logdir runs",
        "%timeit torch.ones(3)\n%lprun -f print print(3)\n%%time",
    ),
    "plots with styles": (
        "%matplotlib inline\n%config InlineBackend.figure_formats = ['svg']\nimport matplotlib.pyplot as plt\n"
        "plt.rcParams['figure.figsize'] = (10.0, 8.0)\nplt.style.use('seaborn-v0_8')",
        "from tqdm.notebook import tqdm, trange\nfor i in tqdm(range(10**9)):\n    pass",
    ),
    "R and SQL": ("%%R\nx <- c(1, 2)\nplot(x)", "%%sql\nselect 1", "%%javascript\nalert('def f(x):')"),
    "a question mark after a line": ("torch.ones?\nprint??", "?torch.ones", "!echo 'def f(:'"),
    "a logger": (
        "import logging\nlogging.basicConfig(level=logging.DEBUG, filename='run.log')\n"
        "log = logging.getLogger(__name__)",
        "import wandb\nwandb.init(project='course')\nwandb.log({'loss': 1})",
    ),
    "types are checked": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import pandas as pd\n"
        "    from einops import rearrange",
        "from __future__ import annotations",
    ),
    "warnings become errors": (
        "import warnings\nwarnings.simplefilter('error')\nwarnings.warn('now')",
        "torch.set_default_dtype(torch.float64)\ntorch.use_deterministic_algorithms(True)",
    ),
}
RECIPES |= {name: partial(lambda clean, cells: inserted(clean, *cells), cells=cells) for name, cells in CELLS.items()}

# What an editor adds to the table of a notebook.
METADATA: dict[str, dict[str, Any]] = {
    "Colab": {"colab": {"provenance": [], "gpuType": "T4", "toc_visible": True}, "accelerator": "GPU"},
    "VS Code": {"vscode": {"interpreter": {"hash": "31f2aee4"}}, "orig_nbformat": 4},
    "Kaggle": {"kaggle": {"accelerator": "none", "dataSources": [{"sourceId": 1}], "isGpuEnabled": False}},
    "Deepnote": {"deepnote": {"is_reactive": False}, "deepnote_execution_queue": [], "created_in_deepnote_cell": True},
    "a kernel of another name": {"kernelspec": {"name": "conda-env-cv-py", "display_name": "Python [cv]"}},
    "no metadata": {},
}


def from_editor(clean: Clean, metadata: dict[str, Any]) -> HandIn:
    def change(table: dict[str, Any]) -> None:
        table["metadata"] = metadata
        for number, cell in enumerate(table["cells"]):
            cell["id"] = f"c{number}"
            cell["metadata"] |= {"id": f"Ab{number}", "outputId": "x", "deepnote_cell_type": "code", "scrolled": True}
            cell["source"] = cell["source"].splitlines(keepends=True)

    return HandIn(all_notebooks(clean, change))


RECIPES |= {f"saved by {name}": partial(from_editor, metadata=metadata) for name, metadata in METADATA.items()}


@recipe(RECIPES, "saved in the format of 2014")
def nbformat3(clean: Clean) -> HandIn:
    def change(table: dict[str, Any]) -> None:
        for cell in table["cells"]:
            if cell["cell_type"] == "code":
                cell["input"], cell["language"] = cell.pop("source"), "python"
        table["worksheets"], table["nbformat"] = [{"cells": table.pop("cells"), "metadata": {}}], 3

    return HandIn(all_notebooks(clean, change))


@recipe(RECIPES, "errors, pictures and widgets in the outputs")
def outputs(clean: Clean) -> HandIn:
    kinds: list[dict[str, Any]] = [
        {"output_type": "error", "ename": "ValueError", "evalue": "def f(:", "traceback": ["\x1b[0;31m---\x1b[0m"]},
        {"output_type": "display_data", "data": {"image/png": "iVBOR" * 5000}, "metadata": {}},
        {"output_type": "execute_result", "data": {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}}},
        {"output_type": "stream", "name": "stderr", "text": ["100%|██████████| 3/3\r"] * 100},
    ]

    def change(table: dict[str, Any]) -> None:
        table["metadata"]["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {"1": {}}}}
        for cell in table["cells"]:
            if cell["cell_type"] == "code":
                cell["outputs"], cell["execution_count"] = kinds, 7

    return HandIn(all_notebooks(clean, change))


# How a file's bytes may differ.
BYTES: dict[str, Callable[[str], bytes]] = {
    "Windows line ends": lambda text: text.replace("\n", "\r\n").encode(),
    "line ends of an old Mac": lambda text: text.replace("\n", "\r").encode(),
    "a byte order mark": lambda text: text.encode("utf-8-sig"),
    "tabs": lambda text: re.sub(r"(?m)^(?: {4})+", lambda m: "\t" * (len(m[0]) // 4), text).encode(),
    "no last line end and many blank ones": lambda text: ("\n" * 50 + text.rstrip() + "\n" * 50 + "    ").encode(),
    "a page break between blocks": lambda text: text.replace("\n\n\ndef ", "\n\x0c\n\ndef ").encode(),
    "Chinese comments": lambda text: f"# 计算距离：最近邻 ｋ＝５\n{text}\n名字 = '距离（欧氏）'\n".encode(),
    "UTF-16": lambda text: text.encode("utf-16"),
    "Windows-1252": lambda text: ("# größer: élève, señor\n" + text).encode("cp1252", "replace"),
    "GB2312": lambda text: ("# 计算训练图像和测试图像的距离，返回最近的标签\n" + text).encode("gb2312", "replace"),
}


def recoded(clean: Clean, change: Callable[[str], bytes]) -> HandIn:
    return HandIn({name: change(text) for name, text in clean.scripts.items()})


RECIPES |= {f"a script with {name}": partial(recoded, change=change) for name, change in BYTES.items()}


@recipe(RECIPES, "a notebook with a byte order mark and Windows line ends")
def windows_notebook(clean: Clean) -> HandIn:
    files = {name: data.replace(b"\n", b"\r\n") for name, data in clean.notebooks().items()}
    return HandIn({name: b"\xef\xbb\xbf" + data for name, data in files.items()})


@recipe(RECIPES, "full-width characters in texts and identifiers")
def full_width(clean: Clean) -> HandIn:
    cell = "名前 = '全角（かっこ）、ｋ＝５'\nλ = 0.5\nｗｉｄｔｈ = 3\nпуть = 2"
    book = clean.notebook.insert(1, cell).needing(clean.victim, "width + λ + путь, 名前")
    book.cells.insert(0, {"cell_type": "markdown", "metadata": {}, "source": "# 第一次作业\n定义：ｄｅｆ ｆ（ｘ）："})
    return HandIn(clean.notebooks(book))


@recipe(RECIPES, "a full-width bracket in one task")
def full_width_bracket(clean: Clean) -> HandIn:
    book = clean.notebook
    at = book.find(clean.victim)
    source = f"{book.cells[at]['source']}\n    print（'done'）"
    name = clean.victim.partition(".")[0]
    return HandIn(
        clean.notebooks(book.edit(at, source)),
        costs={clean.victim: name},
        remarks={"unreadable": "invalid character"},
    )


# What an archive's names look like: of a file, what the archive calls it.
ARCHIVES: dict[str, Callable[[str], str]] = {
    "Windows": lambda name: f"Hausaufgabe\\abgabe\\{name}",
    "a Mac": lambda name: f"作业一/{name}",
    "a folder of a course": lambda name: f"mycourse/a01_knn/solution v2 (final)/{name}",
    "a drive": lambda name: f"drive-download-20261120T120000Z-001/Colab Notebooks/{name}",
    "names with accents": lambda name: f"Übung/élève/{name}",
}
LITTER = {
    "__MACOSX/._{name}": b"\0\5\26\7\0\2\0\0Mac OS X        ",
    ".DS_Store": b"\0\0\0\1Bud1",
    "Thumbs.db": b"\xd0\xcf\x11\xe0",
    ".ipynb_checkpoints/{name}": b"{}",
    "desktop.ini": b"[.ShellClassInfo]",
    ".vscode/settings.json": b"{}",
    "__pycache__/{name}c": b"\0",
    "results.json": b'{"loss": [1, 2]}',
    "notes.txt": b"def f(x): a note",
}


def zipped(clean: Clean, place: Callable[[str], str]) -> HandIn:
    files = {place(name): data for name, data in clean.notebooks().items()}
    first = next(iter(clean.notebooks()))
    files |= {place(name.replace("{name}", first)): data for name, data in LITTER.items()}
    return HandIn({"hand-in.zip": archive(files)}, alone="hand-in.zip")


RECIPES |= {f"zipped by {name}": partial(zipped, place=place) for name, place in ARCHIVES.items()}

# Endings that browsers and mail programs give a file.
ENDINGS = {
    "a notebook called json": ("{stem}.json", True),
    "a notebook called ipynb.json": ("{stem}.ipynb.json", True),
    "a notebook called ipynb.txt": ("{stem}.ipynb.txt", True),
    "a script called txt": ("{stem}.txt", False),
    "a notebook with a Chinese name": ("第一次作业_{stem}.ipynb", True),
    "a notebook with a name in Cyrillic": ("домашка.ipynb", True),
}


def other_ending(clean: Clean, name: str, notebook: bool) -> HandIn:
    given = clean.notebook.name if notebook else clean.module
    files = clean.notebooks() if notebook else clean.with_scripts()
    new = name.replace("{stem}", clean.module.removesuffix(".py"))
    files[new] = files.pop(given)
    return HandIn(files, remarks={"renamed": f"counts as {given}."})


RECIPES |= {name: partial(other_ending, name=new, notebook=notebook) for name, (new, notebook) in ENDINGS.items()}


@recipe(RECIPES, "a notebook called py")
def notebook_called_py(clean: Clean) -> HandIn:
    books = clean.notebooks()
    return HandIn({**books, clean.module: books.pop(clean.notebook.name)})


@recipe(RECIPES, "a script called ipynb")
def script_called_ipynb(clean: Clean) -> HandIn:
    return HandIn({**clean.notebooks(), clean.notebook.name: clean.script.encode()})


@recipe(RECIPES, "cells of VS Code in a script")
def vscode_script(clean: Clean) -> HandIn:
    lines = ["# %% [markdown]", "# Homework", "# %%", "#!%matplotlib inline", "#!pip install torch", "# %%"]
    return HandIn(clean.with_scripts({clean.module: "\n".join(lines) + "\n" + clean.script + "\n#%%\nplt.show()\n"}))


@recipe(RECIPES, "nbconvert's script with the answers to questions")
def nbconvert_with_outputs(clean: Clean) -> HandIn:
    head = "#!/usr/bin/env python\n# coding: utf-8\n\n# # Homework\n\n# In[1]:\n\n\nget_ipython().run_line_magic("
    head += (
        "'matplotlib', 'inline')\nget_ipython().run_cell_magic('time', '', 'x = 3\\n')\nget_ipython().getoutput('ls')\n"
    )
    return HandIn(clean.with_scripts({clean.module: f"{head}\n\n# In[ ]:\n\n\n{clean.script}\n\n\n# In[ ]:\n\n\n\n\n"}))


@recipe(RECIPES, "a notebook merged by git")
def both_sides(clean: Clean) -> HandIn:
    book = clean.notebook
    at = book.find(clean.victim)
    book.cells.insert(at, {"cell_type": "markdown", "metadata": {}, "source": "`<<<<<<< local`"})
    book.cells.insert(at + 2, {"cell_type": "markdown", "metadata": {}, "source": "`======= remote`"})
    book.cells.insert(at + 3, code(book.cells[at + 1]["source"]))
    return HandIn(clean.notebooks(Notebook(book.module, book.cells)))
