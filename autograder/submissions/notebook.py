"""Reduce a notebook or a script to a module: its code without magics, plots and training, line numbers unchanged.

Only reads and parses, so that a hostile file can do no harm. A damaged notebook is read as far as possible: cells may
be missing, duplicated, in any order, or of the wrong type, and a block that Python cannot read is set aside.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from autograder.core.code import SetAside
from autograder.core.message import Message
from autograder.submissions.environment import LEFT_OUT, sets_environment
from autograder.submissions.ipynb import Cell, is_notebook, read_cells
from autograder.submissions.names import (
    DEFINITIONS,
    bound_names,
    imported_names,
    made_names,
    needed_imports,
    read_names,
    replaced_builtins,
)
from autograder.submissions.recover import names_in, recover
from autograder.submissions.source import MAX_CODE, BadSubmission, decode_guessing, guess_note, parse_source, printable
from autograder.submissions.statements import find_incomplete_copies, select_statements
from autograder.submissions.top_level import top_level
from autograder.submissions.unread import not_too_many, place_of, unread_sentences

_ASSIGNED_MAGIC = re.compile(r"[\w, .\[\]]+=[ \t]*[%!]")
TRANSPARENT = ("%%time", "%%capture", "%%prun")  # these run the rest of the cell unchanged
_WRITES = re.compile(
    r"%%(?:writefile|file)[ \t]+(?P<append>-a[ \t]+|--append[ \t]+)?[\"']?(?:\./)?(?P<path>[\w/]+\.py)[\"']?[ \t]*$"
)
MAX_STATEMENTS = 20_000  # at the top level of one module
_TOO_MANY = Message("the code has more than {limit:,} statements outside of functions", limit=MAX_STATEMENTS)
_TOO_LONG = Message(
    "the notebook has more than {limit:,} characters of code, and this is one of its longest cells", limit=MAX_CODE
)
_HIDDEN = "exec and globals() hide the code of what they define; define it as an ordinary function or class"
_CAREFUL = 8  # attempts that each remove one line that Python cannot read; then all lines that look like magics go


@dataclass(frozen=True)
class Module:
    """The module that a script or a notebook contains."""

    text: str
    cells: tuple[tuple[int, int], ...] = ()  # core.notebooks.CellStarts; empty for a script
    notes: tuple[str, ...] = ()
    aside: tuple[SetAside, ...] = ()  # what Python cannot read, with lines of the module
    problems: tuple[str, ...] = ()  # the same as sentences
    imports: tuple[tuple[int, str], ...] = ()  # line and full name of each import that tasks need
    written: tuple[tuple[str, str], ...] = ()  # path and text of each file that a cell with %%writefile creates
    blank: bool = False  # whether nothing is written in it, as far as that is known
    handed_in: str = ""  # the whole code, with the same lines as ``text``


@dataclass(frozen=True)
class _Statement:
    """A top-level statement and its position: lines from 0 in its cell, columns in bytes, as the parser counts them."""

    node: ast.stmt
    cell: int
    first: int
    start: int
    last: int
    end: int


def to_module(data: bytes, name: str, wanted: Iterable[str]) -> Module:
    """Turn a notebook's bytes into a module. ``wanted`` are the names of the tasks that it should define.

    Raises BadSubmission when the file is not a notebook.
    """
    wanted = tuple(wanted)
    cells, notes = read_cells(data, name, texts=True)
    texts = _texts_with_tasks(cells, wanted)
    notes += [
        Message(
            "{name}: cell {number} from the top is a text cell; it was read as code: it defines a task.",
            name=name,
            number=number,
        )
        for number in sorted(texts)
    ]
    return _reduce(
        [cell for cell in cells if not cell.text or cell.number in texts], name, wanted, notes, numbered=True
    )


def script_to_module(text: str, name: str, wanted: Iterable[str], *, everything: bool = False) -> Module:
    """Reduce a script like a notebook with the same code in one cell. Line numbers do not change.

    With ``everything`` only code that Python cannot read is left out. Raises BadSubmission when the script is too long.
    """
    if len(text) > MAX_CODE:
        raise BadSubmission(
            Message(
                "{name} has {size:,} characters of code; the limit is {limit:,}. Remove data.",
                name=name,
                size=len(text),
                limit=MAX_CODE,
            )
        )
    if everything:
        lines, tree, problems = _parse_cell(Cell(0, text), ())
        if len(tree.body) > MAX_STATEMENTS:
            lines, tree, problems = _not_read(Cell(0, text), _TOO_MANY)
        encoded = [line.encode() for line in lines]
        names = frozenset().union(*(read_names(_segment(encoded, _located(node, 0))) for node in tree.body))
        imports = tuple(place for node in tree.body for place in needed_imports(node, names, unbound=True))
        sentences = tuple(unread_sentences(name, 0, problems))
        return Module("\n".join(lines), aside=tuple(problems), problems=sentences, imports=imports, handed_in=text)
    return _reduce([Cell(0, text)], name, tuple(wanted), [], numbered=False)


def read_module(data: bytes, name: str, wanted: Iterable[str]) -> Module:
    """Reduce a notebook or a script. Raises BadSubmission."""
    if is_notebook(data, name):
        return to_module(data, name, wanted)
    text, guessed = decode_guessing(data, name)
    module = script_to_module(text, name, wanted)
    return replace(module, notes=(*module.notes, guess_note(name, guessed))) if guessed else module


def code_size(data: bytes, name: str) -> int:
    """Return about how many characters of code a notebook or a script has."""
    if not is_notebook(data, name):
        return len(data)
    try:
        return sum(len(cell.source) for cell in read_cells(data, name)[0])
    except BadSubmission:
        return 0


def _reduce(cells: Sequence[Cell], name: str, wanted: tuple[str, ...], notes: list[str], *, numbered: bool) -> Module:
    numbers: list[int] = []
    sources: list[list[str]] = []  # lines of each cell that Python reads
    statements: list[_Statement] = []
    optional: set[int] = set()
    aside: list[tuple[int, SetAside]] = []  # with the index of its cell
    sentences: list[str] = []
    long = _longest(cells)
    cells, written = _without_files(cells, name)
    handed_in = "\n".join(cell.source for cell in cells)
    for cell in cells:
        lines, tree, problems = _not_read(cell) if cell.number in long else _parse_cell(cell, wanted)
        if len(statements) + len(tree.body) > MAX_STATEMENTS:
            lines, tree, problems = _not_read(cell, _TOO_MANY)
        if cell.optional:
            optional |= set(range(len(statements), len(statements) + len(tree.body)))
        aside += [(len(sources), problem) for problem in problems]
        sentences += unread_sentences(name, cell.number, [p for p in problems if p.names or not cell.optional])
        statements += [_located(node, len(sources)) for node in top_level(lines, tree.body, guarded=numbered)]
        numbers.append(cell.number)
        sources.append(lines)

    nodes = [statement.node for statement in statements]
    for index, problem in _made_tasks(nodes, wanted):
        at = statements[index]
        aside.append((at.cell, replace(problem, line=at.first + 1)))
        sentences += unread_sentences(name, numbers[at.cell], [aside[-1][1]])
    encoded = [[line.encode() for line in lines] for lines in sources]
    segments = [_segment(encoded[statement.cell], statement) for statement in statements]
    selected = select_statements(nodes, segments, wanted, optional=optional)
    incomplete = find_incomplete_copies(nodes, wanted)
    for loser, winner in incomplete.items():
        if numbered:
            here, there = (numbers[statements[i].cell] for i in (loser, winner))
            notes.append(
                Message(
                    "{name}: cell {here} from the top repeats a definition of cell {there} without its solution; it "
                    "was ignored.",
                    name=name,
                    here=here,
                    there=there,
                )
            )
    said = {i: sentence for i in selected.stars if (sentence := replaced_builtins(nodes[i], selected.names))}
    dropped = set(range(len(nodes))) - selected.indices - optional
    said |= {i: Message(LEFT_OUT) for i in dropped if sets_environment(nodes[i])}
    for i in sorted(said):
        place = place_of(name, numbers[statements[i].cell] if numbered else 0)
        notes.append(Message("{place}, line {line}: {sentence}", place=place, line=nodes[i].lineno, sentence=said[i]))
    module = _assemble(statements, selected.indices - incomplete.keys(), sources, numbers, tuple(notes))
    starts = [start for start, _ in module.cells]
    moved = tuple(replace(problem, line=problem.line + starts[index] - 1) for index, problem in aside)
    imports = tuple(
        (line + starts[statements[index].cell] - 1, package)
        for index in sorted(selected.for_tasks - incomplete.keys() | selected.stars)
        if "import" in segments[index]  # else a long walk would find none
        for line, package in needed_imports(nodes[index], selected.names, unbound=selected.unbound)
    )
    cell_starts = module.cells if numbered else ()
    return replace(
        module,
        cells=cell_starts,
        aside=moved,
        problems=not_too_many(sentences, name),
        imports=imports,
        written=tuple(written.items()),
        handed_in=handed_in,
    )


def _made_tasks(nodes: Sequence[ast.stmt], wanted: Sequence[str]) -> list[tuple[int, SetAside]]:
    """Return the statements that seem to make tasks in a way that hides their code, by index."""
    missing = {task.partition(".")[0] for task in wanted}.difference(*(bound_names(node) for node in nodes))
    found = []
    for index, node in enumerate(nodes if missing else ()):
        made = made_names(node)
        tasks = [task for task in wanted if task.partition(".")[0] in (missing if "*" in made else made & missing)]
        if tasks and not isinstance(node, DEFINITIONS):
            found.append((index, SetAside(0, tuple(tasks), _HIDDEN)))
            missing -= {task.partition(".")[0] for task in tasks}
    return found


def _without_files(cells: Sequence[Cell], name: str) -> tuple[list[Cell], dict[str, str]]:
    """Return the cells without those that write a module which other cells import, and these modules: path -> text.

    A cell that writes the graded module itself is read as code.
    """
    left: list[Cell] = []
    written: dict[str, str] = {}
    files = [(cell, _WRITES.match(cell.source.lstrip("\n").partition("\n")[0])) for cell in cells]
    imported: set[str] = set()
    if any(match for _, match in files):
        imported = imported_names("\n".join(cell.source for cell in cells).encode("utf-8", "replace"))
    for cell, match in files:
        own = name.rpartition("/")[2].replace(".ipynb", ".py")
        if match and match["path"] == own:
            left.append(replace(cell, source=cell.source.replace(match[0], "", 1)))
        elif match and match["path"].partition("/")[0].removesuffix(".py") in imported:
            before = written.get(match["path"], "") if match["append"] else ""
            written[match["path"]] = before + cell.source.lstrip("\n").partition("\n")[2] + "\n"
        else:
            left.append(cell)
    return left, written


def module_statements(text: str, wanted: Iterable[str]) -> list[ast.stmt]:
    """Return the statements of a script that would be in the module if the same code were in a notebook."""
    nodes, encoded = ast.parse(text).body, [line.encode() for line in text.split("\n")]
    selected = select_statements(nodes, [_segment(encoded, _located(node, 0)) for node in nodes], wanted)
    return [nodes[index] for index in sorted(selected.indices)]


def _texts_with_tasks(cells: Sequence[Cell], wanted: Sequence[str]) -> set[int]:
    """Return the numbers of the text cells that are code and define a task which no code cell defines."""
    found = set()
    missing = {task.partition(".")[0] for task in wanted}
    missing -= {name for cell in cells if not cell.text for name in names_in(cell.source.split("\n"))}
    for cell in cells if missing else ():
        if cell.text and missing & {*names_in(cell.source.split("\n"))}:
            with suppress(BadSubmission):
                parse_source(cell.source, "")
                found.add(cell.number)
    return found


def _parse_cell(cell: Cell, wanted: Sequence[str]) -> tuple[list[str], ast.Module, list[SetAside]]:
    """Return the cell's lines without magics, their tree, and the parts that Python cannot read."""
    lines = cell.source.split("\n")
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    if lines[first].startswith("%%"):
        magic = printable(lines[first], limit=20)
        if magic.split()[0] not in TRANSPARENT:
            names = tuple(_tasks_in(cell.source, wanted))
            problem = SetAside(first + 1, names, Message("the cell begins with {code}", code=magic))
            return [""] * len(lines), ast.Module([], []), [problem] if names else []
        lines[first] = "pass"
    for attempt in range(_CAREFUL + 2):
        try:
            return lines, parse_source("\n".join(lines), ""), []
        except BadSubmission as error:
            at = error.line - 1
        if not (0 <= at < len(lines) and _is_magic(lines[at])):
            break
        lines = _without_magics(lines, None if attempt >= _CAREFUL else at)
    magics = {number for number, line in enumerate(lines, start=1) if _is_magic(line)}
    lines, problems = recover(lines)
    problems = [problem for problem in problems if problem.names or problem.line not in magics]
    try:
        return lines, parse_source("\n".join(lines), ""), problems
    except BadSubmission as error:  # it is too long with `pass` in place of its magics
        return _not_read(cell, Message("Python cannot read this: {reason}", reason=error.reason))


def _longest(cells: Sequence[Cell]) -> set[int]:
    """Return the numbers of the longest cells, if they have to be left out so that the rest is short enough."""
    numbers = set()
    total = sum(len(cell.source) for cell in cells)
    for cell in sorted(cells, key=lambda cell: len(cell.source), reverse=True):
        if total <= MAX_CODE:
            break
        numbers.add(cell.number)
        total -= len(cell.source)
    return numbers


def _not_read(cell: Cell, reason: str = _TOO_LONG) -> tuple[list[str], ast.Module, list[SetAside]]:
    """Return what `_parse_cell` does, for a cell that is set aside as a whole."""
    lines = cell.source.split("\n")
    return [""] * len(lines), ast.Module([], []), [SetAside(1, tuple(names_in(lines)), reason)]


def _is_magic(line: str) -> bool:
    """Return whether Jupyter may read a line as a magic, a command of the shell or a question for help."""
    line = line.strip(" \t")
    return line.startswith(("%", "!", "?")) or line.endswith("?") or bool(_ASSIGNED_MAGIC.match(line))


def _without_magics(lines: Sequence[str], only: int | None) -> list[str]:
    """Return the lines without magics, or without the one in line ``only``; `pass` where a block would be empty."""
    remaining: list[str] = []
    above = ""
    for number, line in enumerate(lines):
        if only in (None, number) and _is_magic(line):
            opened = above.partition("#")[0].rstrip().endswith(":")
            line = line[: len(line) - len(line.lstrip())] + "pass" if opened else ""
        remaining.append(line)
        above = line if line.strip() else above
    return remaining


def _tasks_in(source: str, wanted: Sequence[str]) -> list[str]:
    names = set(re.findall(r"^[ \t]*(?:async[ \t]+)?(?:def|class)[ \t]+(\w+)", source, re.MULTILINE))
    return [task for task in wanted if task.split(".")[0] in names]


def _located(node: ast.stmt, cell: int) -> _Statement:
    first = node.lineno
    if decorators := getattr(node, "decorator_list", ()):
        first = decorators[0].lineno
    return _Statement(node, cell, first - 1, node.col_offset, (node.end_lineno or first) - 1, node.end_col_offset or 0)


def _segment(encoded: Sequence[bytes], at: _Statement) -> str:
    """Return a statement's source. A line may hold thousands of statements, so no whole line is copied for one."""
    if at.first == at.last:
        return encoded[at.first][at.start : at.end].decode()
    margin = encoded[at.first][: at.start]  # of a statement in a block
    head = b"if 1:\n" + margin if margin and not margin.strip() else b""
    parts = [head + encoded[at.first][at.start :], *encoded[at.first + 1 : at.last], encoded[at.last][: at.end]]
    return b"\n".join(parts).decode()


def _assemble(
    statements: list[_Statement],
    selected: Collection[int],
    sources: list[list[str]],
    numbers: list[int],
    notes: tuple[str, ...],
) -> Module:
    """Join the cells, with `pass` in place of each statement that was not selected.

    `from __future__ import ...` is not moved: a module is compiled statement by statement, each with its own features.
    """
    removed: dict[int, list[_Statement]] = {}
    for index, at in enumerate(statements):
        if index not in selected:
            removed.setdefault(at.cell, []).append(at)
    for cell, parts in removed.items():
        _remove(sources[cell], parts)
    text: list[str] = []
    cells = []
    for number, lines in zip(numbers, sources, strict=True):
        cells.append((len(text) + 1, number))
        text += lines
    return Module("\n".join(text) + "\n", tuple(cells), notes)


def _remove(lines: list[str], removed: Sequence[_Statement]) -> None:
    """Put `pass` in place of statements of one cell, which are in order."""
    edits: dict[int, list[tuple[int, int, bytes]]] = {}  # by line: start, end, what replaces it
    for at in removed:
        if at.first == at.last:
            edits.setdefault(at.first, []).append((at.start, at.end, b"pass"))
            continue
        edits.setdefault(at.first, []).append((at.start, len(lines[at.first].encode()), b"pass"))
        lines[at.first + 1 : at.last] = [""] * (at.last - at.first - 1)
        more = lines[at.last].encode()[at.end :].strip()  # `; more` on the statement's last line
        edits.setdefault(at.last, []).append((0, at.end, b"pass" if more else b""))
    for number, places in edits.items():
        line, done, parts = lines[number].encode(), 0, []
        for start, end, text in places:
            parts += [line[done:start], text]
            done = end
        lines[number] = b"".join([*parts, line[done:]]).decode()
