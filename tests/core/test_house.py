"""Rules that all files of the project follow: size, place, docstrings, imports, shapes and words."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import autograder
from autograder.core.assignment import read_assignment
from autograder.core.course import earlier_modules
from autograder.core.syntax_tree import statements_in

ROOT = Path(__file__).resolve().parents[2]
MOST_LINES = 400
OURS = sorted(path for folder in ("autograder", "common") for path in (ROOT / folder).rglob("*.py"))
ROOMS = sorted({path.parent for path in OURS})
COMMON = [path for path in OURS if path.is_relative_to(ROOT / "common")]
PUBLIC = sorted((ROOT / "assignments").rglob("*.py"))
PRIVATE = sorted((ROOT / "solutions").rglob("*.py"))


def name(path: Path) -> str:
    """Return the path below the project's folder, as messages show it."""
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def test_no_file_has_more_than_400_lines() -> None:
    checks = [path for path in (*PUBLIC, *PRIVATE) if re.match("check_|mutants|oracles", path.name)]
    lengths = {name(path): len(path.read_text().splitlines()) for path in (*OURS, *checks)}
    assert {file: length for file, length in lengths.items() if length > MOST_LINES} == {}


def test_every_module_has_a_docstring() -> None:
    assert [name(path) for path in OURS if not ast.get_docstring(tree(path))] == []


def test_the_grader_has_no_modules_outside_its_rooms() -> None:
    files = {path.name for path in (ROOT / "autograder").iterdir() if path.is_file()}
    assert files == {"__init__.py", "__main__.py", "py.typed"}


READERS = re.compile(r"For (?:students|instructors|authors|maintainers|everyone)\b.*\.$")


def test_every_room_says_what_it_is_for_and_who_reads_it() -> None:
    wrong = []
    for room in ROOMS:
        if room.parent == ROOT:
            continue  # the packages themselves
        init = room / "__init__.py"
        docstring = (ast.get_docstring(tree(init)) or "") if init.is_file() else ""
        first, _, _ = docstring.partition("\n")
        if not READERS.search(first):
            wrong.append(name(room))
    assert wrong == []


ABSOLUTE = re.compile(r"/(?:home|Users|root|work|mnt|data)/\w|[A-Z]:\\\\?\w")


def test_no_file_contains_an_absolute_path() -> None:
    files = [*OURS, *PUBLIC, *PRIVATE]
    assert [
        f"{name(path)}: {line}" for path in files for line in path.read_text().splitlines() if ABSOLUTE.search(line)
    ] == []


PLACING = ("to", "device", "zeros", "ones", "empty", "randn", "tensor")


def test_no_code_chooses_a_device() -> None:
    """Tensors are created on the device of their inputs, so there is no x.cuda() and no device "cuda"."""
    found = []
    for path in (*OURS, *PUBLIC, *PRIVATE):
        for call in ast.walk(tree(path)) if "cuda" in path.read_text() else ():  # few files; to walk takes long
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
                values = [*call.args, *(keyword.value for keyword in call.keywords)]
                named = any(isinstance(value, ast.Constant) and str(value.value).startswith("cuda") for value in values)
                if call.func.attr == "cuda" or (call.func.attr in PLACING and named):
                    found.append(f"{name(path)}:{call.lineno}")
    assert found == []


@cache
def imports(path: Path) -> list[ast.Import | ast.ImportFrom]:
    """Return the imports of a file, except relative ones. They are where a block may be, not inside of expressions."""
    found = (node for node in statements_in(tree(path)) if isinstance(node, ast.Import | ast.ImportFrom))
    return [node for node in found if not getattr(node, "level", 0)]


def imported(path: Path) -> set[str]:
    """Return the top-level packages that a file imports anywhere."""
    names = {alias.name for node in imports(path) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in imports(path) if isinstance(node, ast.ImportFrom)}
    return {name.partition(".")[0] for name in names}


def test_no_public_file_imports_a_solution_or_a_test() -> None:
    private = {"solutions", "tests", "assignments", "bench"}
    assert [name(path) for path in (*OURS, *PUBLIC) if imported(path) & private] == []


def test_common_does_not_import_the_grader() -> None:
    assert [name(path) for path in COMMON if "autograder" in imported(path)] == []


def test_a_handout_imports_only_packages_that_its_manifest_lists() -> None:
    for path in PUBLIC:
        if not path.name.startswith(("check_", "oracles")):
            assignment = read_assignment(path.parent)
            modules = {file.removesuffix(".py") for file in (*earlier_modules(assignment), *assignment.files)}
            assert imported(path) <= {*(assignment.imports or ()), *modules, *sys.stdlib_module_names}, name(path)


def members(path: Path) -> set[str]:
    """Return what a file imports with its full name: the members of `from ... import`, else the modules."""
    names: set[str] = set()
    for node in imports(path):
        start = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
        names |= {f"{start}{alias.name}" for alias in node.names}
    return names


def test_checks_and_oracles_import_only_public_names_and_probes_of_the_grader() -> None:
    public = {f"autograder.{member}" for member in autograder.__all__}
    found = {
        f"{name(path)}: {member}"
        for path in (*PUBLIC, *PRIVATE)
        if path.name.startswith(("check_", "oracles"))
        for member in members(path) - public
        if member.partition(".")[0] == "autograder" and not member.startswith("autograder.probes.")
    }
    assert found == set()


# Shapes.


def documented(path: Path) -> Iterator[tuple[str, ast.FunctionDef | ast.ClassDef]]:
    """Yield the public functions, classes and methods of a file with their names."""
    for node in tree(path).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node.name, node
            if isinstance(node, ast.ClassDef):
                methods = (child for child in node.body if isinstance(child, ast.FunctionDef))
                yield from ((f"{node.name}.{m.name}", m) for m in methods if not m.name.startswith("_"))


def parameters(node: ast.FunctionDef | ast.ClassDef) -> dict[str, str]:
    """Return names and annotations of a function's parameters, or of a class's fields and constructor parameters."""
    if isinstance(node, ast.FunctionDef):
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        return {a.arg: ast.unparse(a.annotation) if a.annotation else "" for a in arguments if a.arg != "self"}
    found = {
        child.target.id: ast.unparse(child.annotation)
        for child in node.body
        if isinstance(child, ast.AnnAssign) and isinstance(child.target, ast.Name)
    }
    for child in node.body:
        if isinstance(child, ast.FunctionDef) and child.name in ("__init__", "forward", "__call__"):
            found |= parameters(child)
    return found


def shapes(docstring: str) -> list[str] | None:
    """Return the names in a `Shapes:` block, or None if there is no block."""
    lines = docstring.splitlines()
    if "Shapes:" not in [line.strip() for line in lines]:
        return None
    start = [line.strip() for line in lines].index("Shapes:")
    names = []
    for line in lines[start + 1 :]:
        row = re.match(r"    (\S+(?:, \S+)*)  +\S", line)
        if not row:
            if line.startswith("     "):
                continue  # a continued row
            break
        names += row[1].split(", ")
    return names


def test_a_shapes_block_has_the_names_of_the_signature() -> None:
    wrong = []
    for path in COMMON:
        for what, node in documented(path):
            named, known = shapes(ast.get_docstring(node) or ""), parameters(node)
            tensors = {n for n, annotation in known.items() if re.match(r"(torch\.)?Tensor\b", annotation)}
            if named is not None:
                wrong += [f"{name(path)}: {what} has no {n}" for n in named if n not in {*known, "out"}]
                wrong += [f"{name(path)}: {what} does not give the shape of {n}" for n in tensors - set(named)]
    assert wrong == []


def test_shapes_blocks_are_parsed() -> None:
    block = "Do.\n\nShapes:\n    x, y  (N, D)  two\n          and more\n    out   (N,)    one\n\nRaises nothing.\n"
    assert shapes(block) == ["x", "y", "out"]
    assert shapes("No block.") is None


# Words.

# Private words that people had to learn: a part that each has, their pattern, and what the field calls it.
DIALECT = (
    ("nurser", r"nurser(?:y|ies)", "fork server"),
    ("desk", r"\bdesks?\b", "grader process"),
    ("door", r"\bside[ _]doors?\b", "alias"),
    ("ledger", r"\bledgers?\b", "points"),
    ("recogniser", r"(?<!\")\brecognisers?\b", "classifier"),
    ("familiar", r"\bfamiliar mistakes?\b", "common mistake"),
    ("wall", r"\b(?:behind|inside|within) (?:a|the|its|their) walls?\b|\bno wall\b", "sandbox, isolation"),
    ("anew", r"\banew\b", "again"),
    ("heart", r"\bby heart\b", "memorise"),
    ("beside", r"\bbeside\b", "next to"),
    ("told", r"\btold\b", "reported, shown, given"),
    ("peak", r"\b[Ss]peaks? to\b", "written for"),
    ("away", r"\b(?:goes|went|gone) away\b", "disappears"),
    ("turns", r"\d turns\b", "iterations"),
    (
        " no ",
        r"(?<!\b[Tt]here )\b(?:is|are|was|were) no (?!longer\b|more\b|less\b|better\b|larger\b|smaller\b)\w",
        "is not a",
    ),
)
TEXTS = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "RELEASING.md", "docs", "autograder", "common", "assignments")


def texts() -> Iterator[Path]:
    """Yield the files that people read: code, documentation, manifests and templates."""
    for start in (ROOT / text for text in TEXTS):
        files = start.rglob("*") if start.is_dir() else [start]
        yield from (path for path in files if path.suffix in (".py", ".md", ".toml", ".html"))


def test_private_words_do_not_come_back() -> None:
    found = []
    for path in texts():
        text = path.read_text()
        for part, pattern, word in DIALECT:
            for match in re.finditer(pattern, text) if part in text else ():  # a search for a pattern takes long
                line = text.count("\n", 0, match.start()) + 1
                found.append(f"{name(path)}:{line}: {match[0]!r}; write: {word}")
    assert found == []
