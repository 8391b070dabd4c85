"""`gradlab new`: a finished assignment to start from, which `gradlab verify` accepts at once."""

from __future__ import annotations

import keyword
import re
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path

from autograder.authoring.placeholders import GOAL, TASK, TOPIC, title_from
from autograder.authoring.scaffold_exercises import (
    CLASS,
    EXAMPLE_CSV,
    FUNCTIONS,
    IMPORTS,
    METHOD,
    NEEDED,
    ORACLES,
    Exercise,
)
from autograder.core.assignment import MANIFEST, Assignment, read_assignment
from autograder.core.errors import GradlabError
from autograder.core.files import write_atomically
from autograder.core.shares import share_arguments

KINDS = tuple(FUNCTIONS)
DEFAULTS = {
    "table": "group_means",
    "python": "running_means",
    "choice": "season",
    "number": "height",
}  # names of the task
STANDARD = "standardise"
POINTS = 100
_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")


class BadName(GradlabError):
    """A new assignment cannot have this name, module or task. Written for authors."""


def new_assignment(root: Path, name: str, module: str, tasks: Sequence[str], kind: str) -> Assignment:
    """Write a new assignment into the course ``root`` and return it. It is not released yet.

    ``tasks`` are names of functions or variables ("f"), methods ("C.g") or classes ("C"). Raises BadName.
    """
    tasks = list(tasks) or [DEFAULTS.get(kind, STANDARD)]
    _check_names(root, name, module, tasks)
    public, private = root / "assignments" / name, root / "solutions" / name
    files = _files(name, module, tasks, kind)
    for path, text in files.items():
        target = (private if path.startswith("solutions/") else public) / path.partition("/")[2]
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(target, text)
    return read_assignment(public)


def _shared_of(root: Path) -> tuple[str, ...]:
    from autograder.core.course_file import COURSE_FILE, read_course

    return read_course(root).shared if (root / COURSE_FILE).is_file() else ()


def _check_names(root: Path, name: str, module: str, tasks: Sequence[str]) -> None:
    if not _NAME.match(name):
        raise BadName(f"{name!r} cannot name an assignment. Use small letters, digits and _, like a02_regression.")
    for folder in (root / "assignments" / name, root / "solutions" / name):
        if folder.exists():
            raise BadName(f"{folder} exists already. Choose another name.")
    taken = {*sys.stdlib_module_names, "numpy", "torch", "pandas", "autograder", "oracles", *_shared_of(root)}
    for path in sorted(root.glob(f"assignments/*/{MANIFEST}")):
        taken |= {file.removesuffix(".py") for file in read_assignment(path.parent).files}
    if not _is_identifier(module) or module.startswith(("check_", "oracles")):
        raise BadName(f"{module!r} cannot name a module. Use letters, digits and _, like regression.")
    if module in taken:
        raise BadName(
            f"The module name {module!r} is taken, by Python, a package or another assignment. Choose another."
        )
    for task in tasks:
        parts = task.split(".")
        if len(parts) > 2 or not all(map(_is_identifier, parts)):
            raise BadName(
                f"{task!r} cannot name a task. Use the name of a function (f), of a method (C.g) or of a class (C)."
            )
        if tasks.count(task) > 1 or (len(parts) == 2 and parts[0] in tasks):
            raise BadName(f"The task {task!r} is named twice, or its class is also a task. Choose different names.")
    if len(tasks) > POINTS // 2:
        raise BadName(f"At most {POINTS // 2} tasks can be written at once.")


def _is_identifier(text: str) -> bool:
    return text.isidentifier() and not keyword.iskeyword(text) and not text.startswith("_")


def _files(name: str, module: str, tasks: Sequence[str], kind: str) -> dict[str, str]:
    """Return the texts of the assignment, by "assignments/FILE" or "solutions/FILE"."""
    step = 10 if len(tasks) <= POINTS // 10 else 2  # so that the shares of a task are whole points
    units = POINTS // step
    points = [step * (units // len(tasks) + (n < units % len(tasks))) for n in range(len(tasks))]
    files = {
        f"assignments/{MANIFEST}": _manifest(name, module, tasks, kind, points),
        "assignments/README.md": _README.format(title=title_from(name), goal=GOAL, name=name, module=module),
        f"assignments/check_{module}.py": _checks(module, tasks, kind, points, hidden=False),
        f"solutions/{module}.py": _source(name, module, tasks, kind),
        f"solutions/check_{module}_hidden.py": _checks(module, tasks, kind, points, hidden=True),
        "solutions/mutants.py": _mutants(module, tasks, kind),
        "solutions/variants.py": _variants(module, tasks, kind),
    }
    if kind in ORACLES and any(_exercise(task, kind) is FUNCTIONS[kind] for task in tasks):
        text = f'"""Right answers for the checks, computed by plain loops."""\n\n{ORACLES[kind]}'
        files["assignments/oracles.py"] = text
    if kind == "table":
        files["assignments/example.csv"] = EXAMPLE_CSV
    return files


def _exercise(task: str, kind: str) -> Exercise:
    """Return the example for a task. A name that begins with a capital letter is a class, unless it is a variable."""
    if "." in task:
        return METHOD
    return CLASS if task[0].isupper() and FUNCTIONS[kind].returns else FUNCTIONS[kind]


def _title(task: str, kind: str) -> str:
    """Return the title of a task: that of its example, or the name that the author gave, in words."""
    if task == DEFAULTS.get(kind, STANDARD):
        return _exercise(task, kind).title
    owner, _, name = task.rpartition(".")
    words = name.replace("_", " ")
    return f"{owner}: {words}" if owner else f"{words[:1].upper()}{words[1:]}"


def _manifest(name: str, module: str, tasks: Sequence[str], kind: str, points: Sequence[int]) -> str:
    allowed = ", ".join(f'"{package}"' for package in IMPORTS[kind][1])
    data = '\ndata = ["example.csv"] # files next to this one that the code reads' if kind == "table" else ""
    text = f"""\
title = "{title_from(name)}"
version = "1.0"
files = ["{module}.py"]
imports = [{allowed}] # what students may import besides Python's own packages and the course's shared ones{data}

[limits]
seconds = 10 # for one check
memory_mb = 1024
"""
    for task, number in zip(tasks, points, strict=True):
        text += f'\n[[tasks]]\nname = "{task}"\ntitle = "{_title(task, kind)}"\npoints = {number}\n'
    return text


_README = """\
# {title}

**Goal.** {goal}

**Work in** `{module}.ipynb`, or in `{module}.py` if you prefer an editor. Both contain the same cells; complete one.

## Tasks

<!-- tasks -->
<!-- /tasks -->

<!-- questions --><!-- /questions -->

A check may take <!-- limits --><!-- /limits --> of memory.

## How it is graded

    gradlab check {name}      # the public checks, in seconds
    gradlab submit {name}     # makes the zip to hand in, and checks it
"""


def _source(name: str, module: str, tasks: Sequence[str], kind: str) -> str:
    parts = [f"# %% [markdown]\n# # {title_from(name)}\n#\n# {TOPIC}\n#\n# <!-- parts -->\n"]
    parts.append('# %% tags=["active-ipynb"]\n# from autograder import check\n')  # finds the course's shared packages
    parts.append(f"# %%\n{IMPORTS[kind][0]}\n")
    if kind == "table":
        parts.append('# %% tags=["active-ipynb"]\n# pd.read_csv("example.csv")\n')
    for number, cell in enumerate(_cells(tasks), start=1):
        exercise = _exercise(cell[0], kind)
        prose = TASK if exercise.returns else exercise.docstring.replace("NAME", cell[0])
        parts.append(f"# %% [markdown]\n# ## {number} {_title(cell[0], kind)}\n#\n# {prose}\n")
        parts.append(f'# %% task="{" ".join(cell)}"\n{_definition(cell, exercise)}')
    return "\n".join(parts)


def _cells(tasks: Sequence[str]) -> list[list[str]]:
    """Return the tasks of each cell: a function, or all methods of one class."""
    cells: dict[str, list[str]] = {}
    for task in tasks:
        cells.setdefault(task.partition(".")[0], []).append(task)
    return list(cells.values())


def _definition(cell: Sequence[str], exercise: Exercise) -> str:
    if not exercise.returns:
        return f"### BEGIN SOLUTION\n{exercise.solution.replace('NAME', cell[0])}### END SOLUTION\n"
    if exercise.edited:
        return exercise.solution.replace("NAME", cell[0])
    if "." not in cell[0]:
        return _function(cell[0], exercise.arguments, exercise)
    methods = [_function(task.partition(".")[2], f"self, {exercise.arguments}", exercise) for task in cell]
    head = (
        f"class {cell[0].partition('.')[0]}:\n"
        '    """Adds up what it gets."""\n\n'
        "    def __init__(self) -> None:\n"
        "        self.total = 0.0\n\n"
    )
    return head + "\n".join(textwrap.indent(method, "    ") for method in methods)


def _function(name: str, arguments: str, exercise: Exercise) -> str:
    first, *more = exercise.docstring.strip("\n").split("\n")
    docstring = f'"""{first}"""' if not more else "\n".join([f'"""{first}', *more, '"""'])
    body = f"{docstring}\n### BEGIN SOLUTION\n{exercise.solution}### END SOLUTION\n"
    return f"def {name}({arguments}) -> {exercise.returns}:\n{textwrap.indent(body, '    ')}"


def _check_name(task: str, kind: str, *, hidden: bool) -> str:
    endings = ("is_right", "on_other_inputs") if _exercise(task, kind).returns else ("has_the_right_form", "is_right")
    return f"check_{task.replace('.', '_').lower()}_{endings[hidden]}"


def _checks(module: str, tasks: Sequence[str], kind: str, points: Sequence[int], *, hidden: bool) -> str:
    checks, used = [], set()
    for task, most in zip(tasks, points, strict=True):
        exercise = _exercise(task, kind)
        text = exercise.hidden if hidden else exercise.public
        owner, _, method = task.partition(".")
        text = text.replace("CLASS", owner).replace("METHOD", method).replace("NAME", task)
        small = most // 2 if exercise.returns else max(1, most // 10)  # that an answer has the right form pays little
        share = share_arguments([small, most - small])[hidden]
        name, fixtures = _check_name(task, kind, hidden=hidden), exercise.fixtures[hidden]
        checks.append(f'@task("{task}", {share})\ndef {name}({fixtures}):\n{textwrap.indent(text, "    ")}')
        used |= set(re.findall(r"\b(expect_\w+|expect|math)\b", text))
        used |= {name for name in NEEDED.get(kind, ()) if re.search(rf"\b{name}\b", text)}
    head = [f'"""{"Hidden" if hidden else "Public"} checks of {module}."""\n']
    if "math" in used:
        head.append("import math\n")
    if oracles := [name for name in NEEDED.get(kind, ()) if name in used]:
        head.append(f"from oracles import {', '.join(oracles)}\n")
    expects = sorted(name for name in used if name.startswith("expect"))
    head.append(f"from autograder import {', '.join([*expects, 'task'])}\n")
    return "\n".join(head) + "\n\n" + "\n\n".join(checks)


def _mutants(module: str, tasks: Sequence[str], kind: str) -> str:
    rows = []
    for task in tasks:
        for story, text, seen in _exercise(task, kind).mutants:
            names = [_check_name(task, kind, hidden=where == "hidden") for where in seen]
            noticed = f'"{names[0]}"' if len(names) == 1 else "(" + ", ".join(f'"{name}"' for name in names) + ")"
            rows.append(f'    mutant("{task}: {story}", {noticed}, {_body(task, kind, text)}),')
    return (
        f'"""Mistakes planted in {module}.py, each with the check that must notice it."""\n\n'
        "from autograder.authoring.mutants import mutants_of\n"
        "from autograder.authoring.variants import body\n\n"
        f'mutant = mutants_of("{module}.py")\n\nMUTANTS = [\n' + "\n".join(rows) + "\n]\n"
    )


def _body(task: str, kind: str, text: str) -> str:
    exercise = _exercise(task, kind)
    place = f"{task}.{exercise.edited}" if exercise.edited else task
    return f'body("{place}", """\n{textwrap.indent(text.replace("NAME", task), " " * 8)}    """)'


def _variants(module: str, tasks: Sequence[str], kind: str) -> str:
    rows = []
    for task in tasks:
        story, text = _exercise(task, kind).variant
        rows.append(f'    variant("{task}: {story}", {_body(task, kind, text)}),')
    return (
        f'"""Right solutions of {module}.py in other styles: no check may take a point from them."""\n\n'
        "from autograder.authoring.variants import body, variants_of\n\n"
        f'variant = variants_of("{module}.py")\n\nVARIANTS = [\n' + "\n".join(rows) + "\n]\n"
    )
