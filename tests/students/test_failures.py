"""What students may see of a failed check: its input as code, a picture, and the compared values in the debugger."""

from __future__ import annotations

import inspect
import io
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner, Result
from matplotlib.image import imread

from autograder.checks.expect import expect_close
from autograder.cli.app import main
from autograder.core.assignment import Assignment, read_assignment
from autograder.core.language import speaking, translator
from autograder.render.picture import draw, picture_html
from autograder.session.options import Options
from autograder.students.check import check_namespace
from autograder.students.failures import extras_of
from autograder.students.notebook_check import Shown
from tests.support.course import as_notebook

MANIFEST = 'title = "T"\nversion = "1"\nfiles = ["net.py"]\n' + "".join(
    f'\n[[tasks]]\nname = "{name}"\ntitle = "T"\npoints = 1\n' for name in ("scale", "Net", "Net.grow", "total", "mix")
)
CHECKS = '''
import torch

from autograder import expect, expect_close, task

HELPER = """
def prepared(net, width):
    net.width = width
    return net

def borrow(function):
    return lambda *args: function(*args)
"""


@task("scale")
def check_scale(student, rng):
    """A matrix is scaled."""
    x = torch.tensor([[1.5, float("nan")], [-float("inf"), 0.25]], dtype=torch.float64)
    out = student.scale(x, {"factor": 2, "name": "a b"}, dtype=torch.float64)
    expect_close(out, x * 2)


@task("Net")
def check_net(student, rng):
    """A network of a width, in eval mode."""
    net = student.Net(3, device=torch.device("cpu"))
    net.evaluate()
    net.bias = 4.0
    expect_close(net(rng.normal(50, 3)), torch.zeros(50, 3))


@task("Net.grow")
def check_grow(student):
    """A network that the check prepares."""
    helper = student.define(HELPER)
    net = student.Net(3)
    helper.prepared(net, 5)
    expect_close(student.wrap(helper.borrow, net.grow)(1), 9)


@task("total")
def check_total(student):
    """A sum, after a seed."""
    student.seed(7)
    expect(student.total([torch.ones(2, 2).T, 3], (1,)) is None, "no")


@task("mix")
def check_mix(student):
    """Never called."""
    student.missing(3)
'''
CODE = """
import torch

log = []

def scale(matrix, options, dtype=None):
    log.append(("scale", matrix, options, dtype))
    return matrix

class Net:
    def __init__(self, width, device=None):
        self.width, self.bias, self.mode = width, 0.0, "train"

    def evaluate(self):
        self.mode = "eval"

    def grow(self, by):
        log.append(("grow", self.width, by))
        return self.width + by

    def __call__(self, x):
        log.append(("call", self.mode, self.bias, x))
        return x

def total(parts, axes):
    log.append(("total", float(torch.rand(())), parts, axes))
    return 1

def mix():
    pass
"""


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Assignment:
    """An assignment whose checks all fail, and the current folder."""
    folder = tmp_path / "t03_net"
    folder.mkdir()
    for name, text in {"assignment.toml": MANIFEST, "check_net.py": CHECKS, "net.py": CODE}.items():
        (folder / name).write_text(text)
    monkeypatch.chdir(folder)
    return read_assignment(folder)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["check", *arguments], catch_exceptions=False)


def repeated(code: str, monkeypatch: pytest.MonkeyPatch, folder: Path) -> tuple[Any, ...]:
    """Run code as a student pastes it, and return what it called last."""
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(__import__("sys").modules, "net", raising=False)
    exec(compile(code, "paste", "exec"), {})
    net = __import__("net")
    return tuple(net.log[-1])


def test_the_input_is_code_that_repeats_the_call(course: Assignment, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = run("--show-input")
    assert shown.exit_code == 1
    codes = dict(re.findall(r"^Input of: (.*)\n((?:.*\n)*?)(?=\n^Input of|\n?\Z)", shown.stdout, re.MULTILINE))
    assert len(codes) == 4  # mix was not called

    name, matrix, options, dtype = repeated(codes["A matrix is scaled."], monkeypatch, course.folder)
    assert (name, options, dtype) == ("scale", {"factor": 2, "name": "a b"}, torch.float64)
    assert torch.equal(matrix.nan_to_num(9, 8, 7), torch.tensor([[1.5, 9], [7, 0.25]], dtype=torch.float64))
    assert "matrix = torch.tensor(" in codes["A matrix is scaled."]  # named like the student's parameter
    _, mode, bias, x = repeated(codes["A network of a width, in eval mode."], monkeypatch, course.folder)
    assert (mode, bias, x.shape) == ("eval", 4.0, (50, 3))
    assert (course.folder / ".gradlab" / "inputs" / "check_net.pkl").exists()  # too long to be read
    assert repeated(codes["A network that the check prepares."], monkeypatch, course.folder) == ("grow", 5, 1)
    first = float(torch.rand((), generator=torch.Generator().manual_seed(7)))
    _, drawn, (ones, three), axes = repeated(codes["A sum, after a seed."], monkeypatch, course.folder)
    assert (drawn, three, axes) == (first, 3, (1,))
    assert not ones.is_contiguous()


def test_the_code_for_a_notebook_imports_the_notebook(course: Assignment, monkeypatch: pytest.MonkeyPatch) -> None:
    """The script of its name, in which nothing is written, is next to it."""
    stub = re.sub(r"^( *)(log\.append|return|self\.).*", r"\1raise NotImplementedError()", CODE, flags=re.MULTILINE)
    (course.folder / "net.py").write_text(stub)
    (course.folder / "net.ipynb").write_bytes(as_notebook(f"# %%\n{CODE}"))
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    code = run("--show-input", "--task", "total").stdout.partition("Input of: A sum, after a seed.\n")[2]
    assert repeated(code, monkeypatch, course.folder)[0] == "total"


def test_a_long_list_is_saved_and_not_printed(course: Assignment, monkeypatch: pytest.MonkeyPatch) -> None:
    (course.folder / "check_net.py").write_text(CHECKS.replace("(1,)) is None", "tuple(range(5000))) is None"))
    shown = run("--show-input", "--task", "total").stdout
    code = shown.partition("A sum, after a seed.\n")[2].partition("Input of: A sum, after a seed.\n")[2]
    assert len(code) < 1000
    assert repeated(code, monkeypatch, course.folder)[3] == tuple(range(5000))


def test_without_the_option_nothing_is_recorded(course: Assignment) -> None:
    assert "Input of" not in run().stdout
    assert not (course.folder / ".gradlab" / "inputs").exists()


def test_a_notebook_shows_input_and_picture_in_the_table(course: Assignment) -> None:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    exec(CODE, namespace)
    evidence: dict[str, Any] = {}
    report = check_namespace("net", namespace, ["", CODE], Options(evidence=True), course, evidence=evidence)
    extras = extras_of(evidence, course.folder, show_input=True, picture=True, notebook=True)
    html = Shown(report, extras)._repr_html_()
    assert html is not None
    assert html.count("Input as code:") == 4
    assert "from net import" not in html  # the kernel has the names
    assert html.count('<img alt="From left to right: your result') == 2  # two checks compare matrices
    assert "<style" not in html


def test_a_picture_is_explained_in_the_readers_language() -> None:
    png = draw(torch.eye(4), torch.ones(4, 4))
    assert picture_html(png).count("From left to right") == 1  # the picture itself has English words
    with speaking(translator("zh_CN")):
        assert picture_html(png).count("从左到右：你的结果、期望的结果") == 2


def test_a_wrong_answer_opens_the_debugger_where_the_values_are(
    course: Assignment, capfd: pytest.CaptureFixture[str]
) -> None:
    result = CliRunner().invoke(main, ["check", "--pdb", "-k", "scale"], input="q\n", catch_exceptions=False)
    failure, _, opened = result.output.partition("entering PDB")
    assert "values differ" in failure
    assert "`actual` is what your code returned" in opened  # next to where it is needed
    shown = re.search(r"^> .*?([\w.]+)\(\d+\)(\w+)\(\)$", capfd.readouterr().out, re.MULTILINE)
    assert shown
    assert shown.groups() == ("expect.py", "expect_close")  # which the check calls: one `up` leads there
    assert {"actual", "expected"} <= set(inspect.signature(expect_close).parameters)


def test_a_condition_that_does_not_hold_has_no_values_to_print(course: Assignment) -> None:
    result = CliRunner().invoke(main, ["check", "--pdb", "-k", "total"], input="q\n", catch_exceptions=False)
    assert "a condition of the check did not hold" in result.output.partition("entering PDB")[2]
    assert "`actual`" not in result.output


@pytest.mark.parametrize(
    ("actual", "expected", "drawn"),
    [
        (torch.eye(4), torch.ones(4, 4), True),
        (torch.full((2, 3, 5, 4), float("nan")), torch.ones(2, 3, 5, 4), True),
        (torch.ones(3, 4), torch.ones(4, 3), True),  # another shape: without the difference
        (torch.ones(3, 4, dtype=torch.bool), torch.ones(3, 4), True),
        (torch.ones(4), torch.ones(4), False),
        (torch.ones(4, 1), torch.ones(4, 1), False),
        (torch.ones(0, 3), torch.ones(2, 3), False),
        ([[1, 2]], torch.ones(1, 2), False),
        (torch.ones(2, 2).to_sparse(), torch.ones(2, 2), False),
        (torch.ones(2, 2, dtype=torch.complex64), torch.ones(2, 2), False),
    ],
)
def test_only_images_matrices_and_maps_are_drawn(actual: Any, expected: Any, drawn: bool) -> None:
    png = draw(actual, expected)
    assert bool(png) is drawn
    if png:
        height, width, _ = imread(io.BytesIO(png)).shape
        same = actual.shape == expected.shape
        assert (height, width) == (300, 900 if same else 600)
