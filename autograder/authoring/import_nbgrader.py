"""`gradlab import nbgrader`: the source notebooks of an nbgrader course as assignments of a gradlab course.

Each notebook becomes a reference; solutions keep their regions. Test cells become checks (see nbgrader_tests.py), cells
that people grade become questions. Other files in an assignment's folder become its data. What has no counterpart is
returned as remarks. Notebooks are read, not executed.
"""

from __future__ import annotations

import ast
import json
import math
import re
import textwrap
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.authoring.cells import BEGIN, END
from autograder.authoring.nbgrader_files import data_line, other_files
from autograder.authoring.nbgrader_tests import TestCell, check_source, convert, split_hidden
from autograder.core.errors import GradlabError
from autograder.core.files import write_atomically
from autograder.core.shares import share_arguments
from autograder.render.words import count
from autograder.submissions.names import bound_names

MAX_BYTES = 50_000_000  # of one notebook
_TEXT = "# %% [markdown]\n"  # how a cell of text begins in a percent script
_PRIVATE = re.compile(  # nbgrader looks for these words anywhere in a line
    r"^[^\n]*BEGIN (SOLUTION|MARK SCHEME)[^\n]*\n(.*?)(?:^[^\n]*END \1[^\n]*(?:\n|\Z)|\Z)", re.MULTILINE | re.DOTALL
)


class BadImport(GradlabError):
    """A folder that cannot be imported. Written for authors."""


@dataclass(frozen=True)
class Remark:
    """Something that was not carried over, or that a person should look at."""

    place: str  # "ps1/problem1.ipynb, cell 4"
    text: str


@dataclass(frozen=True)
class Test:
    """A test cell, or a part of one, on its way to a check."""

    __test__ = False  # for pytest

    name: str
    title: str
    task: str  # which it pays
    points: int
    cell: TestCell
    roots: Sequence[str]  # what the student must have written


@dataclass
class Module:
    """A notebook on its way to a reference."""

    name: str  # "problem1"
    cells: list[str] = field(default_factory=list)  # of the percent script
    points: dict[str, int] = field(default_factory=dict)  # by task
    questions: list[dict[str, Any]] = field(default_factory=list)
    public: list[Test] = field(default_factory=list)
    hidden: list[Test] = field(default_factory=list)
    used: dict[str, set[str]] = field(default_factory=lambda: {"public": {"task"}, "hidden": {"task"}})
    imports: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Imported:
    """The assignments that were written, and what was not carried over."""

    names: tuple[str, ...]
    remarks: tuple[Remark, ...]


def import_nbgrader(folder: Path, course: Path) -> Imported:
    """Import ``folder``, an nbgrader course or one assignment in its ``source``, into the gradlab course ``course``.

    Raises BadImport if there is nothing to import or an assignment exists already; then nothing is written.
    """
    found = {path: sorted(path.glob("*.ipynb")) for path in _assignments(folder)}
    found = {path: notebooks for path, notebooks in found.items() if notebooks}
    if not found:
        raise BadImport(
            f"{folder} has no source notebooks. Choose the folder of an nbgrader course, which has source/, or one of "
            "the assignments in it."
        )
    remarks: list[Remark] = []
    files: dict[Path, str | bytes] = {}
    names = []
    for path, notebooks in found.items():
        name = _identifier(path.name)
        if (course / "assignments" / name).exists() or (course / "solutions" / name).exists():
            raise BadImport(f"{course} has an assignment {name} already. Rename one of the two.")
        modules = [_read(notebook, f"{path.name}/{notebook.name}", remarks) for notebook in notebooks]
        if not any(module.points for module in modules):
            remarks.append(Remark(path.name, "no solution cell has a name that a check can ask for: it was left out"))
            continue
        others, left_out = other_files(path)
        remarks += [Remark(f"{path.name}/{file}", why) for file, why in left_out]
        files |= {course / "assignments" / name / file: there.read_bytes() for file, there in others.items()}
        files |= _files(course, name, path.name, [m for m in modules if m.points or m.questions], others, remarks)
        names.append(name)
    if not files:
        raise BadImport(f"No notebook below {folder} has a solution cell with a name that a check can ask for.")
    for target, content in files.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(target, content)
    return Imported(tuple(names), tuple(remarks))


def _assignments(folder: Path) -> list[Path]:
    source = folder / "source" if (folder / "source").is_dir() else folder
    if not source.is_dir():
        raise BadImport(f"The folder {folder} does not exist.")
    if source.resolve().name != "source" and any(source.glob("*.ipynb")):
        return [source]  # notebooks in source/ itself, such as header.ipynb, belong to no assignment
    return sorted(path for path in source.iterdir() if path.is_dir() and not path.name.startswith("."))


def _read(path: Path, place: str, remarks: list[Remark]) -> Module:
    """Read a notebook."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError("it is larger than 50 MB")
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        plain = [(c["cell_type"], _source(c), dict(c.get("metadata", {}).get("nbgrader") or {})) for c in cells]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadImport(f"{path} cannot be read as a notebook: {error}.") from None
    module = Module(_identifier(path.stem))
    for number, (kind, source, marks) in enumerate(plain, start=1):
        _add(module, kind, source, marks, f"{place}, cell {number}", remarks)
    return module


def _source(cell: dict[str, Any]) -> str:
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def _add(module: Module, kind: str, source: str, marks: dict[str, Any], place: str, remarks: list[Remark]) -> None:
    """Add one cell of a notebook."""
    solution, grade = bool(marks.get("solution")), bool(marks.get("grade"))
    if kind not in ("code", "markdown"):
        remarks.append(Remark(place, f"a cell of type {kind} was left out"))
    elif (grade and solution) or marks.get("task"):
        _add_question(module, kind, source, marks, place, remarks)
    elif grade:
        _add_tests(module, source, marks, place, remarks)
    elif kind == "markdown":
        module.cells.append(f"# %% [markdown]\n{_commented(source)}")
    elif solution:
        _add_task(module, source, place, remarks)
    else:
        _add_code(module, source, place, remarks)


def _add_code(module: Module, source: str, place: str, remarks: list[Remark]) -> None:
    body = _parse(source)
    if body is None:  # magics are for the notebook only, what is next to them may be needed
        lines = source.split("\n")
        magics = [line for line in lines if line.startswith(("%", "!"))]
        rest = "\n".join(line for line in lines if line not in magics)
        if magics and _parse(rest) is not None:
            module.cells.append(f'# %% tags=["active-ipynb"]\n{_commented(chr(10).join(magics))}')
            _add_code(module, rest, place, remarks)
            return
    plain = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)
    for node in ast.walk(ast.Module(body or [], [])):
        if isinstance(node, ast.Import):
            module.imports |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            module.imports.add(node.module.partition(".")[0])
    if body is not None and all(isinstance(node, plain) for node in body):
        module.cells.append(f"# %%\n{source}")
    elif source.strip():  # only notebooks need it: a plot, a magic, a call
        module.cells.append(f'# %% tags=["active-ipynb"]\n{_commented(source)}')
        if body is None:
            remarks.append(Remark(place, "Python alone cannot read it, so it is in the notebook only"))


def _add_task(module: Module, source: str, place: str, remarks: list[Remark]) -> None:
    body = _parse(source)
    if body is None:
        remarks.append(Remark(place, "Python cannot read this solution, so it was left out"))
        return
    source = _with_markers(source, body)
    names = [name for node in body for name in _tasks_of(node, source) if name not in module.points]
    if not names:
        remarks.append(Remark(place, "nothing in this solution has a name that a check can ask for"))
        module.cells.append(f'# %% tags=["active-ipynb"]\n{_commented(source)}')
        return
    module.points |= dict.fromkeys(names, 0)
    module.cells.append(f'# %% task="{" ".join(names)}"\n{source}')


def _tasks_of(node: ast.stmt, source: str) -> list[str]:
    """Return the tasks that a statement with a solution defines."""
    inside = "\n".join(source.split("\n")[node.lineno - 1 : (node.end_lineno or node.lineno) + 1])
    if isinstance(node, ast.ClassDef):
        methods = [child for child in node.body if isinstance(child, ast.FunctionDef)]
        lines = source.split("\n")
        return [f"{node.name}.{m.name}" for m in methods if BEGIN in "\n".join(lines[m.lineno - 1 : m.end_lineno])]
    if isinstance(node, ast.FunctionDef):
        return [node.name] if BEGIN in inside else []
    return [] if isinstance(node, ast.Import | ast.ImportFrom) else sorted(bound_names(node))


def _with_markers(source: str, body: Sequence[ast.stmt]) -> str:
    """Return a solution with gradlab's markers. Without any, they go around a function's body, or the whole cell."""
    lines = source.rstrip("\n").split("\n")
    if BEGIN in source:
        return "\n".join(
            re.sub(r"#+ *(BEGIN|END) SOLUTION.*", lambda mark: f"### {mark[1]} SOLUTION", line) for line in lines
        )
    functions = [node for node in body if isinstance(node, ast.FunctionDef)]
    for node in reversed(functions):
        first = node.body[1] if ast.get_docstring(node) is not None and len(node.body) > 1 else node.body[0]
        indent = " " * first.col_offset
        lines.insert(node.end_lineno or node.lineno, f"{indent}### {END}")
        lines.insert(first.lineno - 1, f"{indent}### {BEGIN}")
    return "\n".join(lines) if functions else "\n".join([f"### {BEGIN}", *lines, f"### {END}"])


def _add_tests(module: Module, source: str, marks: dict[str, Any], place: str, remarks: list[Remark]) -> None:
    points = _whole(marks.get("points", 0), place, remarks)
    public, everything = split_hidden(source)
    try:
        defined = {task.partition(".")[0] for task in module.points}
        cells = [convert(text, defined) for text in (public, everything) if text or text is public]
    except SyntaxError as error:
        remarks.append(
            Remark(place, f"Python cannot read these tests ({error.msg}): write a check for {count(points, 'point')}")
        )
        return
    needed = [task for task in module.points if task.partition(".")[0] in cells[-1].names]
    paid = needed[-1:] or list(module.points)[-1:]
    if not paid or not points:
        remarks.append(Remark(place, "these tests pay no points, or no solution comes before them: they were left out"))
        return
    task = paid[0]
    module.points[task] += points
    identifier = _identifier(str(marks.get("grade_id") or f"cell_{len(module.public) + len(module.hidden)}"))
    name = f"check_{module.name}_{identifier}"
    roots = list(dict.fromkeys(part.partition(".")[0] for part in needed or paid))
    if len(cells) == 1:
        parts: list[tuple[str, TestCell, int]] = [("public", cells[0], points)]
    elif points == 1 or not (cells[0].compares or cells[0].body):
        parts = [("hidden", cells[1], points)]
        remarks.append(Remark(place, "its only point is paid by hidden tests, which contain the public ones"))
    else:
        parts = [("public", cells[0], points // 2), ("hidden", cells[1], points - points // 2)]
        remarks.append(Remark(place, f"its {points} points are paid half by the public tests, half by all of them"))
    for kind, cell, worth in parts:
        own = name if kind == "public" else f"{name}_hidden"
        title = f"The tests of {marks.get('grade_id') or task}{'' if kind == 'public' else ', with hidden ones'}."
        test = Test(own, title.replace('"', "'"), task, worth, cell, roots)
        (module.public if kind == "public" else module.hidden).append(test)
        module.used[kind] |= cell.used or {"expect"}
    for line in cells[-1].inside:
        remarks.append(
            Remark(place, f"line {line} of the tests is computed next to the student's code, which can read it")
        )


def _add_question(
    module: Module, kind: str, source: str, marks: dict[str, Any], place: str, remarks: list[Remark]
) -> None:
    name = f"{module.name}-{_identifier(str(marks.get('grade_id') or len(module.questions)))}"
    before = module.cells[-1] if module.cells else ""
    asked = before.removeprefix(_TEXT) if before.startswith(_TEXT) and not marks.get("task") else ""
    private = "\n".join(part[2] for part in _PRIVATE.finditer(source))
    shown = _PRIVATE.sub("", source).strip("\n") if marks.get("task") or (private and kind == "markdown") else ""
    if asked:
        module.cells.pop()
    if not asked and not shown:
        shown = name
        remarks.append(Remark(place, "no text asks this question: write it above the cell of its answer"))
    question = "\n#\n".join(part for part in (asked, _commented(shown)) if part)
    module.cells.append(f'# %% [markdown] question="{name}"\n{question}')
    answer = private or ("" if marks.get("task") else source)
    answer = answer.replace("YOUR ANSWER HERE", "").strip("\n") or "(the answer)"
    body = f"### {BEGIN}\n{answer}\n### {END}"
    header = f'# %% [markdown] answer="{name}"' if kind == "markdown" else f'# %% answer="{name}" tags=["active-ipynb"]'
    module.cells.append(f"{header}\n{_commented(body)}")
    points = _whole(marks.get("points", 0), place, remarks)
    title = next((line.strip("#* ") for line in question.split("\n") if re.search(r"\w", line)), name)[:80]
    module.questions.append(
        {"id": name, "title": title, "points": points, "kind": "text" if kind == "markdown" else "code"}
    )


def _files(
    course: Path, name: str, title: str, modules: Sequence[Module], data: Collection[str], remarks: list[Remark]
) -> dict[Path, str]:
    """Return the files of one assignment that gradlab needs; ``data`` are names of files next to the notebooks."""
    public, private = course / "assignments" / name, course / "solutions" / name
    files = {public / "assignment.toml": _manifest(title, modules, data), public / "README.md": _readme(title, modules)}
    for module in modules:
        for task in [task for task, points in module.points.items() if points == 0]:
            remarks.append(
                Remark(f"{title}/{module.name}.ipynb", f"no tests pay for {task}: it was made worth 1 point")
            )
            module.points[task] = 1
        text = '# %% tags=["active-ipynb"]\n# from autograder import check\n'
        cells = [module.cells[0], text, *module.cells[1:]] if module.cells else [text]
        files[private / f"{module.name}.py"] = "\n\n".join(cell.rstrip("\n") for cell in cells) + "\n"
        if module.public:
            files[public / f"check_{module.name}.py"] = _checks(module, "public")
        if module.hidden:
            files[private / f"check_{module.name}_hidden.py"] = _checks(module, "hidden")
    files[private / "mutants.py"] = '"""Mistakes that the checks must notice: write some."""\n\nMUTANTS = []\n'
    return files


def _checks(module: Module, kind: str) -> str:
    names = ", ".join(sorted(module.used[kind]))
    head = f'"""{kind.capitalize()} checks of {module.name}, from nbgrader\'s tests."""\n\n'
    every = [*module.public, *module.hidden]
    sources = []
    for test in module.public if kind == "public" else module.hidden:
        paying = [other for other in every if other.task == test.task]
        share = share_arguments([other.points for other in paying])[paying.index(test)]
        mark = ", ".join(filter(None, [f'"{test.task}"', share]))
        sources.append(check_source(test.name, test.title, mark, test.cell, test.roots))
    return head + f"from autograder import {names}\n\n" + "\n\n".join(sources)


def _manifest(title: str, modules: Sequence[Module], data: Collection[str]) -> str:
    quote = json.dumps
    imports = sorted(set().union(*(module.imports for module in modules)))
    lines = [f"title = {quote(title)}", 'version = "1.0"', f"files = {quote([f'{m.name}.py' for m in modules])}"]
    lines += [f"imports = {quote(imports)}"] if imports else []
    lines += [data_line(data)] if data else []
    for module in modules:
        for task, points in module.points.items():
            lines += ["", "[[tasks]]", f"name = {quote(task)}", f"title = {quote(task)}", f"points = {points}"]
            lines += [f'file = "{module.name}.py"']
        for question in module.questions:
            lines += [
                "",
                "[[questions]]",
                *(f"{key} = {quote(value, ensure_ascii=False)}" for key, value in question.items()),
            ]
            lines += [f'file = "{module.name}.py"']
    return "\n".join(lines) + "\n"


def _readme(title: str, modules: Sequence[Module]) -> str:
    questions = any(module.questions for module in modules)
    return (
        f"# {title}\n\n<!-- tasks -->\n<!-- /tasks -->\n\n"
        + ("<!-- questions -->\n<!-- /questions -->\n\n" if questions else "")
        + "A check may take <!-- limits --><!-- /limits --> of memory.\n"
    )


def _whole(points: Any, place: str, remarks: list[Remark]) -> int:
    value = float(points) if isinstance(points, int | float) and math.isfinite(points) and points >= 0 else 0.0
    whole = math.ceil(value)
    if whole != value:
        remarks.append(Remark(place, f"its points, {value:g}, became {whole}: checks pay whole points"))
    return whole


def _parse(source: str) -> list[ast.stmt] | None:
    try:
        return ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _commented(text: str) -> str:
    return (
        textwrap.indent(text, "# ", lambda line: bool(line.strip())).replace("\n\n", "\n#\n").replace("\n\n", "\n#\n")
    )


def _identifier(text: str) -> str:
    plain = re.sub(r"\W+", "_", text.lower(), flags=re.ASCII).strip("_") or "part"
    return plain if plain.isidentifier() else f"p_{plain}"
