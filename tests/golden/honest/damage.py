"""Code that Python cannot read: what is damaged costs the task that it is in, and nothing else."""

from __future__ import annotations

from functools import partial

from tests.golden.honest.clean import Clean, with_line
from tests.golden.honest.hand_in import HandIn, Recipes, recipe

RECIPES: Recipes = {}

# name -> lines that Python cannot read
DAMAGES = {
    "an unclosed bracket": "values = [1, (2, 3\nprint(values)",
    "an unclosed string": 'title = "accuracy\nprint(title)',
    "an unclosed long string": 'title = """accuracy\nprint(title)',
    "a missing colon": "for i in range(3)\n    print(i)",
    "a bracket too many": "print(len([1, 2])))",
    "a wrong indentation": "if True:\n    x = 1\n  y = 2",
    "tabs and spaces": "if True:\n\tx = 1\n        y = 2\n",
    "Python 2": 'print "accuracy", 3\nexec "x = 1"',
    "a merge conflict": "<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> origin/main",
    "curly quotes": "title = “accuracy”\nprint(title)",
    "a fence": "```python\nx = 1\n```",
    "prose": "Here I plot the accuracy, as it's asked.",
    "a placeholder": "learning_rate = <your value>",
    "a star": "def broken(*, ):\n    pass",
    "a keyword as a name": "lambda = 0.1\nclass = 3",
    "half a statement": "import\nfrom torch import",
}


def in_a_plot(clean: Clean, lines: str) -> HandIn:
    book = clean.notebook
    return HandIn(
        clean.notebooks(book.insert(2, lines).insert(-1, lines)), remarks={"unreadable": "Python cannot read"}
    )


def in_a_task(clean: Clean, lines: str) -> HandIn:
    book = clean.notebook
    at = book.find(clean.victim)
    inside = "\n".join(f"    {line}" for line in lines.split("\n"))
    head, body = split_head(book.cells[at]["source"], clean.victim)
    return HandIn(
        clean.notebooks(book.edit(at, f"{head}\n{inside}\n{body}")),
        costs={clean.victim: "Python cannot read this"},
        remarks={"unreadable": clean.victim.partition(".")[0]},
    )


def in_a_script(clean: Clean, lines: str) -> HandIn:
    before, header, after = clean.script.partition(f'# %% task="{clean.victim}"')
    inside = "\n".join(f"    {line}" for line in lines.split("\n"))
    head, body = split_head(after, clean.victim)
    return HandIn(
        clean.with_scripts({clean.module: f"{before}{header}{head}\n{inside}\n{body}"}),
        costs={clean.victim: "Python cannot read this"},
        remarks={"unreadable": clean.victim.partition(".")[0]},
    )


def split_head(source: str, task: str) -> tuple[str, str]:
    """The source up to the docstring of a task's function, and the rest."""
    lines = with_line(source, task, "needed = 1").split("\n")
    at = next(i for i, line in enumerate(lines) if line.strip() == "needed = 1")
    return "\n".join(lines[:at]), "\n".join(lines[at + 1 :])


# Methods that are tasks, and that no other task needs.
METHODS = {"a01_knn": "KnnClassifier.predict", "a04_cnn": "SpatialGroupNorm.backward"}


def in_a_method(clean: Clean, lines: str) -> HandIn | None:
    task = METHODS.get(clean.assignment.name)
    if task is None:
        return None
    book = clean.notebook_of(task)
    at = book.find(task)
    head, body = split_head(book.cells[at]["source"], task)
    return HandIn(
        clean.notebooks(book.edit(at, f"{head}\n        {lines}\n{body}")),
        costs={task: "Python cannot read this"},
        remarks={"unreadable": task},
    )


@recipe(RECIPES, "a method that no task needs")
def other_method(clean: Clean) -> HandIn | None:
    if clean.assignment.name not in METHODS:
        return None
    book = clean.notebook_of(METHODS[clean.assignment.name])
    at = book.find(METHODS[clean.assignment.name])
    source = f"{book.cells[at]['source'].rstrip()}\n\n    def plot(self, x):\n        return plt.plot([x, (1)\n"
    return HandIn(clean.notebooks(book.edit(at, source)), remarks={"unreadable": "plot"})


@recipe(RECIPES, "each cell begins with brackets that are not closed")
def every_cell(clean: Clean) -> HandIn:
    book = clean.notebook
    for cell in book.code_cells():
        cell["source"] = f"(((\n{cell['source']}"
    return HandIn(clean.notebooks(book), remarks={"unreadable": "'(' was never closed"})


@recipe(RECIPES, "a return outside of a function")
def outside(clean: Clean) -> HandIn:
    return HandIn(clean.notebooks(clean.notebook.insert(2, "return 3", "yield 4", "break")))


@recipe(RECIPES, "markers of cells that lost their first character")
def careless(clean: Clean) -> HandIn:
    text = clean.script.replace("\n# %% tags=", "\n %% tags=")
    return HandIn(clean.with_scripts({clean.module: text}))


for _name, _lines in DAMAGES.items():
    if "\n" not in _lines:
        RECIPES[f"{_name} in a method"] = partial(in_a_method, lines=_lines)
    RECIPES[f"{_name} in a plot"] = partial(in_a_plot, lines=_lines)
    RECIPES[f"{_name} in a task"] = partial(in_a_task, lines=_lines)
    RECIPES[f"{_name} in a script's task"] = partial(in_a_script, lines=_lines)
