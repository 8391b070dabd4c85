"""Files with other names than the handout's, copies beside them, and notebooks next to scripts."""

from __future__ import annotations

from functools import partial

from tests.golden.honest.clean import Clean, with_line
from tests.golden.honest.hand_in import HandIn, Recipes, recipe

RECIPES: Recipes = {}

# How browsers, Jupyter, platforms and people name a copy of knn.ipynb
PATTERNS = {
    "a second download": "{stem} (1){suffix}",
    "a download of nbviewer": "{stem}-1{suffix}",
    "Jupyter's copy": "{stem}-Copy1{suffix}",
    "Drive's copy": "Copy of {stem}{suffix}",
    "German Windows' copy": "{stem} - Kopie{suffix}",
    "capitals": "{upper}{suffix}",
    "a capital suffix": "{stem}{upper_suffix}",
    "a text file": "{stem}{suffix}.txt",
    "the student's name": "Lovelace_Ada_{stem}{suffix}",
    "a note": "{stem}_solved_FINAL_v2{suffix}",
    "letters of other alphabets": "Übung – {stem} ✓{suffix}",
    "a folder of its own": "{stem}/my work/{stem}.new{suffix}",
}


def renamed(clean: Clean, pattern: str, *, scripts: bool, stub: bool = False) -> HandIn:
    work = clean.with_scripts() if scripts else clean.notebooks()
    files = dict(clean.stub) if stub else {}
    for name, data in work.items():
        stem, dot, suffix = name.partition(".")
        files[fill(pattern, stem, dot + suffix)] = data
    return HandIn(files, remarks={"renamed": "counts as"})


def fill(pattern: str, stem: str, suffix: str) -> str:
    """The name of a copy."""
    return pattern.format(stem=stem, suffix=suffix, upper=stem.upper(), upper_suffix=suffix.upper())


for _name, _pattern in PATTERNS.items():
    RECIPES[f"{_name} of notebooks"] = partial(renamed, pattern=_pattern, scripts=False)
    RECIPES[f"{_name} of scripts"] = partial(renamed, pattern=_pattern, scripts=True)
    if _pattern != "{upper}{suffix}":  # some disks hold only one of KNN.ipynb and knn.ipynb
        RECIPES[f"{_name} next to the handout"] = partial(renamed, pattern=_pattern, scripts=False, stub=True)


@recipe(RECIPES, "untitled notebooks")
def untitled(clean: Clean) -> HandIn:
    files = {f"Untitled{number or ''}.ipynb": data for number, data in enumerate(clean.notebooks().values())}
    return HandIn(files, remarks={"renamed": "Untitled.ipynb counts as"})


@recipe(RECIPES, "one notebook with another name, by itself")
def alone(clean: Clean) -> HandIn | None:
    if len(clean.assignment.files) > 1:
        return None
    name = "my homework.ipynb"
    return HandIn({name: clean.notebook.to_bytes()}, remarks={"renamed": name}, alone=name)


@recipe(RECIPES, "clean notebooks")
def notebooks(clean: Clean) -> HandIn:
    return HandIn(clean.notebooks())


@recipe(RECIPES, "notebooks next to the handout's scripts")
def with_handout(clean: Clean) -> HandIn:
    return HandIn({**clean.stub, **clean.notebooks()})


@recipe(RECIPES, "scripts next to the handout's notebooks")
def scripts_with_handout(clean: Clean) -> HandIn:
    return HandIn({**clean.stub, **clean.with_scripts()})


@recipe(RECIPES, "notebooks and scripts that say the same")
def both_alike(clean: Clean) -> HandIn:
    return HandIn({**clean.notebooks(), **clean.with_scripts()})


@recipe(RECIPES, "a notebook, and an older script with a mistake")
def older_script(clean: Clean) -> HandIn:
    wrong = with_line(clean.script, clean.victim, "return None")
    files = {**clean.notebooks(), clean.module: wrong.encode()}
    return HandIn(files, saved={clean.module: 1_600_000_000.0}, remarks={"doubtful": "it was saved last"})


@recipe(RECIPES, "a script, and an older notebook with a mistake")
def older_notebook(clean: Clean) -> HandIn:
    book = clean.notebook
    at = book.find(clean.victim)
    book = book.edit(at, with_line(book.cells[at]["source"], clean.victim, "return None"))
    files = {**clean.with_scripts(), book.name: book.to_bytes()}
    return HandIn(files, saved={book.name: 1_600_000_000.0}, remarks={"doubtful": "it was saved last"})


@recipe(RECIPES, "two copies, the older with a mistake")
def older_copy(clean: Clean) -> HandIn:
    book = clean.notebook
    at = book.find(clean.victim)
    wrong = book.edit(at, with_line(book.cells[at]["source"], clean.victim, "return None"))
    old, new = f"old/{book.name}", f"final version/{book.name}"
    files = {name: data for name, data in clean.notebooks().items() if name != book.name}
    return HandIn(
        {**files, old: wrong.to_bytes(), new: book.to_bytes()},
        saved={old: 1_600_000_000.0},
        remarks={"doubtful": "it was saved last"},
    )


@recipe(RECIPES, "a backup of each file")
def backups(clean: Clean) -> HandIn:
    files = clean.notebooks()
    return HandIn({**files, **{f"backup/{name}": data for name, data in files.items()}})


@recipe(RECIPES, "checkpoints and caches")
def checkpoints(clean: Clean) -> HandIn:
    files = clean.notebooks()
    old = {
        f".ipynb_checkpoints/{name.replace('.ipynb', '-checkpoint.ipynb')}": data for name, data in clean.stub.items()
    }
    junk = {"__pycache__/knn.cpython-311.pyc": b"\0", ".DS_Store": b"\0", "data/images.npy": b"\0", "notes.docx": b"PK"}
    return HandIn({**files, **old, **junk})


@recipe(RECIPES, "one file is missing")
def missing(clean: Clean) -> HandIn | None:
    if len(clean.assignment.files) == 1:
        return None
    files = clean.notebooks()
    del files[clean.notebook.name]
    lost = [task.name for task in clean.assignment.tasks if task.file == clean.module]
    return HandIn(files, costs=dict.fromkeys(lost, "not written"))


@recipe(RECIPES, "one of several files is damaged")
def one_damaged(clean: Clean) -> HandIn | None:
    if len(clean.assignment.files) == 1:
        return None
    name = clean.notebook.name
    lost = [task.name for task in clean.assignment.tasks if task.file == clean.module]
    return HandIn(
        {**clean.notebooks(), name: clean.notebook.to_bytes()[:-100]},
        costs=dict.fromkeys(lost, f"{name} is damaged"),
        remarks={"unreadable": f"{name} is damaged"},
    )
