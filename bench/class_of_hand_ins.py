"""Generate a class of hand-ins of a01 from a seed: 70 % mutants, 20 % references, 10 % hostile."""

from __future__ import annotations

import json
import random
import zipfile
from pathlib import Path

from autograder.authoring.mutants import read_mutants
from autograder.authoring.reference import read_reference
from autograder.core.assignment import Assignment
from autograder.runners.grader_process import Job

# {reference} is replaced by the reference's source. Each takes up time in a different way.
HOSTILE = (
    "import os\nos._exit(3)\n",
    "{reference}\nimport torch\ntorch.Tensor.__eq__ = lambda a, b: True\ntorch.allclose = lambda *a, **k: True\n",
    "{reference}\ndef knn_get_best_k(*a, **k):\n    while True:\n        pass\n",
    "import torch\nhoard = []\nwhile True:\n    hoard.append(torch.ones(1 << 24))\n",
    "{reference}\nfor _ in range(200):\n    print('y' * 100_000)\n",
    "{reference}\nimport os\ndef compute_distances_no_loops(*a):\n    os.fork()\n",
    "{reference}\nclass Liar(str):\n    __eq__ = lambda a, b: True\ndef predict_labels(*a, **k):\n    return Liar()\n",
    "import threading, time\nwhile True:\n    threading.Thread(target=time.sleep, args=(60,)).start()\n",
    "import glob\nexec(open(glob.glob('/*/*/solutions/*/knn.py')[0]).read())\n",
    "def compute_distances_two_loops(:\n",
)


def make_class(assignment: Assignment, folder: Path, count: int) -> list[Job]:
    """Write the hand-ins. The same count gives the same class."""
    dice = random.Random(20261)
    files = read_reference(assignment)
    reference = files["knn.py"]
    mutants = [mutant.plant(files)["knn.py"] for mutant in read_mutants(assignment)]
    hostile = [text.replace("{reference}", reference) for text in HOSTILE]
    shares = [(0.7, mutants), (0.2, [reference]), (0.1, hostile)]
    sources = [texts[i % len(texts)] for share, texts in shares for i in range(round(share * count))]
    dice.shuffle(sources)
    jobs = []
    for number, source in enumerate(sources):
        source = f"{source}\n# hand-in {number}\n"  # no two are equal, so none is in a cache
        notebook = number % 2 == 0
        name, content = ("knn.ipynb", as_notebook(source)) if notebook else ("knn.py", source.encode())
        path = folder / f"s{number:05}"
        if number % 3 == 0:
            path = path.with_suffix(".zip")
            with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr(name, content)
        else:
            path.mkdir()
            (path / name).write_bytes(content)
        jobs.append(Job(path.stem, path))
    return jobs


def as_notebook(script: str) -> bytes:
    """Convert the code cells of a percent script to a notebook."""
    cells = [part.split("\n", 1) for part in ("\n" + script).split("\n# %%")]
    code = [body for first, *rest in cells for body in rest if "[markdown]" not in first]
    empty = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    book = {"cells": [{**empty, "source": text} for text in code], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
    return json.dumps(book).encode()
