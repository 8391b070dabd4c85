"""A cell that says how long it takes shows a progress bar, itself or in a function of the notebook."""

from __future__ import annotations

import re
from pathlib import Path

from autograder.core.assignment import read_assignment

ROOT = Path(__file__).parents[2]
SAYS = re.compile(r"^# # about .* seconds?", re.M)
SHOWS = re.compile(r"\btqdm\(|\bprogress=True|\bverbose = |, True  # verbose|\bSolver\((?!.*verbose=False)")
OF_STUDENTS = "of yours"  # the loop is a task's


def cells_without_a_bar(text: str) -> list[str]:
    """Return the beginnings of long cells that show nothing while they run."""
    cells = text.split("\n# %%")
    shown = {name for cell in cells if SHOWS.search(cell) for name in re.findall(r"^(?:# )?def (\w+)", cell, re.M)}
    long = [cell for cell in cells if SAYS.search(cell) and OF_STUDENTS not in cell]
    calls = re.compile(rf"\b(?:{'|'.join(shown)})\(") if shown else re.compile("(?!)")
    return [cell[:120] for cell in long if not SHOWS.search(cell) and not calls.search(cell)]


def test_every_cell_that_says_how_long_it_takes_shows_a_bar() -> None:
    manifests = sorted(ROOT.glob("assignments/*/assignment.toml"))
    sources = [
        read_assignment(path.parent).solutions / file
        for path in manifests
        for file in read_assignment(path.parent).files
    ]
    texts = {source.name: source.read_text(encoding="utf-8") for source in sources}
    assert sum(len(SAYS.findall(text)) for text in texts.values()) > 30
    found = {name: silent for name, text in texts.items() if (silent := cells_without_a_bar(text))}
    assert found == {}


def test_a_silent_cell_is_found() -> None:
    text = "\n# %%\n# # about 9 seconds\n# fit(net)\n# %%\n# def f(x):\n#     return x"
    assert cells_without_a_bar(text) == ["\n# # about 9 seconds\n# fit(net)"]
    assert cells_without_a_bar(text.replace("return x", "return tqdm(x)").replace("fit(", "f(")) == []
