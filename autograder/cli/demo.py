"""`make demo`: grade a class of thirty, made from the reference, the stub, mutants and hostile files.

`make demo ARGS=--few` grades six of them.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from autograder.authoring.edits import BEGIN, END
from autograder.authoring.mutants import read_mutants
from autograder.authoring.reference import read_reference
from autograder.core.assignment import Assignment
from autograder.core.course import find_assignment
from autograder.sandbox.isolation import NoIsolation, choose

FOLDER = Path("demo")
LOUD = """\
**********************************************************************
* WITHOUT ISOLATION: the demo's hand-ins can read and change files   *
* here. They are harmless. Never grade other people's code like that.*
**********************************************************************"""
MUTANTS = 18
_MARKER = re.compile(rf"^[ #]*({BEGIN}|{END})\n", re.MULTILINE)
FEW = ("ada", "blank", "student-01", "reads-the-solutions")  # and the two that cannot be opened

HOSTILE = {
    "exits-at-import": "import os\nos._exit(0)\n",
    "never-ends": "while True:\n    pass\n",
    "patches-torch": "import torch\ntorch.allclose = torch.equal = lambda *a, **k: True\n{reference_but_wrong}",
    "reads-the-solutions": "import glob\nexec(open(glob.glob('/**/solutions/*/knn.py', recursive=True)[0]).read())\n",
    "floods-output": "print('x' * 10_000_000)\n{reference}",
    "starts-processes": "import os\nwhile True:\n    os.fork()\n",
    "does-not-parse": "def compute_distances_two_loops(x_train, x_test:\n    return\n",
}


def main(*, few: bool) -> int:
    """Create the class, or a few of it, grade it, and return the exit code."""
    assignment = find_assignment("a01_knn")
    handins = FOLDER / "handins"
    shutil.rmtree(FOLDER, ignore_errors=True)
    handins.mkdir(parents=True)
    count = make_class(assignment, handins, few=few)
    print(f"Created {count} hand-ins of {assignment.name} in {handins}.", flush=True)
    command = [sys.executable, "-m", "autograder", "grade", str(handins), "--assignment", assignment.name]
    command += ["--workers", "1"] if few else []  # another grader process takes longer to start than to grade these
    command += ["--out", str(FOLDER / "results"), "--isolation", _isolation()]
    done = subprocess.run(command)
    return 0 if done.returncode in (0, 1) else done.returncode  # 1: points were lost, as they must be here


def make_class(assignment: Assignment, folder: Path, *, few: bool) -> int:
    """Write the hand-ins, every second one zipped, and return their number."""
    reference = read_reference(assignment)["knn.py"]
    stub = (assignment.folder / "knn.py").read_text(encoding="utf-8")
    mutants = read_mutants(assignment)[:MUTANTS]
    wrong = mutants[0].plant({"knn.py": reference})["knn.py"]
    sources = {"ada": reference, "grace": reference, "blank": stub}
    for number, mutant in enumerate(mutants, start=1):
        sources[f"student-{number:02}"] = mutant.plant({"knn.py": reference})["knn.py"]
    for name, text in HOSTILE.items():
        sources[name] = text.replace("{reference_but_wrong}", wrong).replace("{reference}", reference)
    chosen = {name: sources[name] for name in FEW} if few else sources
    for number, (name, text) in enumerate(chosen.items()):
        source = _MARKER.sub("", text)  # a student's file has none
        if number % 2:
            with zipfile.ZipFile(folder / f"{name}.zip", "w") as archive:
                archive.writestr("knn.py", source)
        else:
            (folder / name).mkdir()
            (folder / name / "knn.py").write_text(source, encoding="utf-8")
    (folder / "not-a-notebook").mkdir()
    (folder / "not-a-notebook" / "knn.ipynb").write_text('{"cells": [', encoding="utf-8")
    (folder / "damaged.zip").write_bytes(_zip(reference)[:-200])
    return len(list(folder.iterdir()))


def _zip(source: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("knn.py", source)
    return data.getvalue()


def _isolation() -> str:
    """Return the best isolation available, after installing bubblewrap if possible; "none" if there is none."""
    if sys.platform == "linux" and not shutil.which("bwrap") and os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing bubblewrap, which isolates hand-ins.", flush=True)
        for command in (["apt-get", "update", "-qq"], ["apt-get", "install", "-qq", "-y", "bubblewrap"]):
            subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        return choose("auto")
    except NoIsolation as reason:
        print(f"{reason}\n\n{LOUD}\n", flush=True)
        return "none"


if __name__ == "__main__":
    sys.exit(main(few="--few" in sys.argv[1:]))
