"""Imports: of packages that only a notebook or only a plot needs, and of those that a task needs."""

from __future__ import annotations

from tests.golden.honest.clean import IMPORTS, Clean
from tests.golden.honest.hand_in import HandIn, Recipes, recipe

RECIPES: Recipes = {}


@recipe(RECIPES, "Colab mounts a drive")
def colab(clean: Clean) -> HandIn:
    mount = 'from google.colab import drive, files\ndrive.mount("/content/drive")\n%cd /content/drive/MyDrive/course'
    return HandIn(clean.notebooks(clean.notebook.insert(0, mount, "!pip -q install torch\n!nvidia-smi")))


@recipe(RECIPES, "Colab's drive is found from a task's constant")
def colab_constant(clean: Clean) -> HandIn:
    cell = 'import google.colab\nIN_COLAB = "google.colab" in str(google.colab)\nWIDTH = 4 if IN_COLAB else 3'
    return HandIn(clean.notebooks(clean.notebook.insert(0, cell).needing(clean.victim, "WIDTH + 1")))


@recipe(RECIPES, "seaborn styles a plot")
def seaborn(clean: Clean) -> HandIn:
    cells = ("import seaborn as sns\nsns.set_theme()", 'sns.heatmap([[1, 2], [3, 4]]).set(title="errors")')
    return HandIn(clean.notebooks(clean.notebook.insert(2, cells[0]).insert(-1, cells[1])))


@recipe(RECIPES, "pandas shows a table")
def pandas(clean: Clean) -> HandIn:
    cells = ("import pandas as pd", 'results = pd.DataFrame({"k": [1, 3]})\nresults.describe()')
    return HandIn(clean.notebooks(clean.notebook.insert(2, cells[0]).insert(-1, cells[1])))


@recipe(RECIPES, "cv2 and sklearn look at images")
def others_for_plots(clean: Clean) -> HandIn:
    cell = (
        "import cv2, sklearn\nfrom sklearn.manifold import TSNE as Embedding\nfrom PIL import Image\nimport torchvision"
    )
    use = "def show(x):\n    return Embedding(2).fit_transform(x), cv2.resize(x, (4, 4)), Image.new('L', (1, 1))"
    return HandIn(clean.notebooks(clean.notebook.insert(2, cell).insert(-1, use)))


@recipe(RECIPES, "a task needs seaborn")
def unlisted(clean: Clean) -> HandIn:
    book = clean.notebook.insert(2, "import seaborn as sns").needing(clean.victim, "sns.color_palette()")
    return HandIn(
        clean.notebooks(book),
        costs={clean.victim: "seaborn is not a package that this assignment allows. Allowed"},
        remarks={"import": "this assignment does not allow the package seaborn"},
    )


@recipe(RECIPES, "a task imports sklearn inside")
def unlisted_inside(clean: Clean) -> HandIn:
    book = clean.notebook
    at = book.find(clean.victim)
    source = book.needing(clean.victim, "shuffle").cells[at]["source"]
    source = source.replace("needed = shuffle", "from sklearn.utils import shuffle")
    return HandIn(
        clean.notebooks(book.edit(at, source)),
        costs={clean.victim: "sklearn is not a package that this assignment allows. Allowed"},
        remarks={"import": "sklearn"},
    )


@recipe(RECIPES, "one import line names an allowed and another package")
def mixed_line(clean: Clean) -> HandIn:
    book = clean.notebook.insert(2, "import seaborn, math, cv2, os.path as osp")
    return HandIn(clean.notebooks(book.needing(clean.victim, "math.pi, osp.sep")))


@recipe(RECIPES, "an import falls back to what is there")
def fallback(clean: Clean) -> HandIn:
    cell = "try:\n    import cupy as xp\nexcept ImportError:\n    import numpy as xp"
    return HandIn(clean.notebooks(clean.notebook.insert(2, cell).needing(clean.victim, "xp.arange(3)")))


@recipe(RECIPES, "math is imported in the handout's own cell")
def in_the_imports(clean: Clean) -> HandIn:
    book = clean.notebook
    at = book.find_imports()
    book = book.edit(at, book.cells[at]["source"].replace(IMPORTS, f"import math\n{IMPORTS}"))
    return HandIn(clean.notebooks(book.needing(clean.victim, "math.floor(2.5)")))


@recipe(RECIPES, "a helper is defined in the handout's own cell")
def helper_in_the_imports(clean: Clean) -> HandIn:
    book = clean.notebook
    helper = "SCALE = 2\n\ndef doubled(x):\n    return SCALE * x"
    book = book.append_to(book.find_imports(), helper)
    return HandIn(clean.notebooks(book.needing(clean.victim, "doubled(4)")))


@recipe(RECIPES, "imports below the tasks")
def late(clean: Clean) -> HandIn:
    book = clean.notebook.needing(clean.victim, "itertools.count()")
    return HandIn(clean.notebooks(book.insert(-1, "import itertools")))


@recipe(RECIPES, "everything of a module is imported")
def star(clean: Clean) -> HandIn:
    cell = "from math import *\nfrom torch.nn import *"
    return HandIn(clean.notebooks(clean.notebook.insert(2, cell).needing(clean.victim, "floor(2.5), Linear(2, 3)")))


@recipe(RECIPES, "everything of a package for plots is imported")
def star_for_plots(clean: Clean) -> HandIn:
    return HandIn(clean.notebooks(clean.notebook.insert(2, "from seaborn import *\nfrom matplotlib.pyplot import *")))


@recipe(RECIPES, "everything of a package is imported, and a task may need some of it")
def star_for_a_task(clean: Clean) -> HandIn:
    book = clean.notebook.insert(2, "from einops import *").needing(
        clean.victim, "rearrange(torch.ones(2, 3), 'a b -> b a')"
    )
    return HandIn(
        clean.notebooks(book),
        costs={clean.victim: "name 'rearrange' is not defined"},
        remarks={"import": "this assignment does not allow the package einops"},
    )


@recipe(RECIPES, "names are imported one by one")
def aliases(clean: Clean) -> HandIn:
    cell = "import os.path as osp, collections.abc\nfrom functools import (\n    partial,\n    reduce as fold,\n)"
    book = clean.notebook.insert(2, cell)
    return HandIn(clean.notebooks(book.needing(clean.victim, "fold(max, [osp.sep, collections.abc.__name__])")))


@recipe(RECIPES, "IPython shows things")
def ipython(clean: Clean) -> HandIn:
    cells = (
        "from IPython.display import HTML, clear_output, display\nfrom IPython import get_ipython\nimport ipywidgets"
    )
    use = 'clear_output()\ndisplay(HTML("<b>done</b>"))\nget_ipython().run_line_magic("matplotlib", "inline")'
    return HandIn(clean.notebooks(clean.notebook.insert(2, cells).insert(-1, use)))


@recipe(RECIPES, "a task shows its progress with IPython")
def ipython_in_a_task(clean: Clean) -> HandIn:
    book = clean.notebook.insert(2, "from IPython.display import clear_output, display")
    return HandIn(clean.notebooks(book.needing(clean.victim, "clear_output(wait=True), display(3)")))


@recipe(RECIPES, "a task is checked in a cell without a tag")
def check_in_a_cell(clean: Clean) -> HandIn:
    cell = f'from autograder import check\n\ncheck("{clean.module.removesuffix(".py")}", task="{clean.victim}")'
    return HandIn(clean.notebooks(clean.notebook.insert(-1, cell)))


@recipe(RECIPES, "the notebook imports itself")
def itself(clean: Clean) -> HandIn:
    name = clean.module.removesuffix(".py")
    cell = f"import importlib\nimport {name}\nimportlib.reload({name})\nfrom {name} import *"
    return HandIn(clean.notebooks(clean.notebook.insert(-1, cell)))


@recipe(RECIPES, "future annotations in the middle")
def future(clean: Clean) -> HandIn:
    return HandIn(clean.notebooks(clean.notebook.insert(4, "from __future__ import annotations, division")))
