"""`make pictures`: take the documentation's pictures again, of a small class that is graded for them. Needs Chromium.

They are in docs/pictures/, small enough for the repository: 64 colours, 300 kB together.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from autograder.authoring.mutants import read_mutants
from autograder.authoring.reference import read_reference
from autograder.core.assignment import Assignment
from autograder.core.course import find_assignment

PICTURES = Path(__file__).resolve().parent.parent.parent / "docs" / "pictures"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
MOST_BYTES = 300_000
STUDENTS = ("ada", "bob", "dorothy", "emmy", "grace", "kim", "katherine", "margaret", "radia", "zoe")
HINTED = "the root is missing"  # the picture of a report shows the mistake with this hint


def main() -> int:
    """Take all pictures and return the exit code."""
    if CHROMIUM is None:
        print("Chromium is needed: install chromium or google-chrome.", file=sys.stderr)
        return 2
    assignment = find_assignment("a01_knn")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        grade_class(assignment, folder)
        reports = sorted((folder / "results").glob("*/report.html"))
        shown = next(path for path in reports if HINTED in path.read_text(encoding="utf-8"))
        take(shown, "report.png", folder, height=900)
        take(shown.with_name("staff.html"), "staff.png", folder, height=1480)
        take(folder / "results" / "index.html", "class.png", folder, height=1000)
        take(notebook_page(assignment, folder), "notebook.png", folder, height=330)
    size = sum(path.stat().st_size for path in PICTURES.glob("*.png"))
    print(f"{PICTURES} has {size:,} bytes.")
    return 0 if size <= MOST_BYTES else 1


def grade_class(assignment: Assignment, folder: Path) -> None:
    """Grade a class of ten: two right solutions, the stub, and mistakes of the assignment's mutants."""
    handins = folder / "handins"
    handins.mkdir()
    sources = {name: text for name, text in read_reference(assignment).items() if name in assignment.files}
    stub = {name: (assignment.folder / name).read_text(encoding="utf-8") for name in sources}
    mutants = iter(read_mutants(assignment)[::5])  # of all tasks
    for number, student in enumerate(STUDENTS):
        files = sources if number in (0, 4) else stub if number == 5 else {**sources, **next(mutants).plant(sources)}
        (handins / student).mkdir()
        for name, text in files.items():
            (handins / student / name).write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "autograder", "grade", str(handins), "--assignment", assignment.name]
    done = subprocess.run(
        [*command, "--out", str(folder / "results"), "--workers", "2"], capture_output=True, text=True
    )
    if done.returncode not in (0, 1):
        raise SystemExit(done.stderr)


def notebook_page(assignment: Assignment, folder: Path) -> Path:
    """Return a page that shows two cells of the notebook: a function with a mistake, and its check."""
    import nbformat
    from nbclient import NotebookClient
    from nbconvert import HTMLExporter

    work = folder / "work"
    shutil.copytree(assignment.folder, work)
    notebook = nbformat.read(work / "knn.ipynb", as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    task = next(at for at, cell in enumerate(cells) if "def compute_distances_two_loops" in cell.source)
    body = "    for i in range(len(x_train)):\n        for j in range(len(x_test)):\n"
    body += "            dists[i, j] = (x_train[i] - x_test[j]).square().sum()\n"
    cells[task].source = (
        "def compute_distances_two_loops(x_train, x_test):\n"
        f"    dists = x_train.new_zeros(len(x_train), len(x_test))\n{body}    return dists"
    )
    shown = [*cells[:2], cells[task], cells[task + 1]]
    small = nbformat.v4.new_notebook(cells=shown, metadata=notebook.metadata)
    NotebookClient(small, timeout=120, resources={"metadata": {"path": str(work)}}).execute()
    small.cells = small.cells[2:]
    page, _ = HTMLExporter(template_name="lab").from_notebook_node(small)
    (folder / "notebook.html").write_text(page, encoding="utf-8")
    return folder / "notebook.html"


def take(page: Path, name: str, folder: Path, *, height: int, width: int = 1000) -> None:
    """Write a picture of the top of a page."""
    path = PICTURES / name
    PICTURES.mkdir(exist_ok=True)
    command = [
        str(CHROMIUM),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        "--run-all-compositor-stages-before-draw",
    ]
    command += [f"--user-data-dir={folder / 'profile'}", f"--window-size={width},{height}", f"--screenshot={path}"]
    subprocess.run(
        [*command, "--virtual-time-budget=3000", page.as_uri()], capture_output=True, timeout=120, check=True
    )
    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(64, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


if __name__ == "__main__":
    sys.exit(main())
