"""A notebook is turned into a module by parsing it, without running it."""

from __future__ import annotations

import ast

import pytest

from autograder.core.notebooks import describe_line
from autograder.submissions.source import BadSubmission
from autograder.submissions.statements import unwritten_places
from tests.support.notebooks import cell, convert, run

STUB = 'def f():\n    """Return 1."""\n    # YOUR CODE HERE\n    raise NotImplementedError()'


def test_definitions_imports_and_constants_are_in_the_module_and_the_rest_is_not() -> None:
    module = convert(
        "import math\nWIDTH = 3\ndef f():\n    return WIDTH", "print(1 / 0)\nfor i in range(9):\n    f()\nx = f()"
    )
    assert run(module)["f"]() == 3
    assert "print" not in module.text
    assert "x = f()" not in module.text


def test_an_assignment_with_a_call_is_in_the_module_if_a_definition_needs_it() -> None:
    module = convert("import math\nROOT = math.sqrt(4)\nUNUSED = math.sqrt(-1)", "def f():\n    return ROOT")
    assert run(module)["f"]() == 2
    assert "UNUSED" not in module.text


def test_names_that_a_needed_assignment_uses_are_in_the_module() -> None:
    assert run(convert("a = int(1)", "b = a + int(1)\nb += int(1)", "def f(): return b"))["f"]() == 3


def test_a_parameter_does_not_make_the_data_of_the_same_name_needed() -> None:
    module = convert("data = open('missing')", "def f(data):\n    return [x for x in data]\nclass A:\n    data = 1")
    assert "open" not in module.text


def test_an_assignment_to_a_name_outside_the_module_is_left_out() -> None:
    assert run(convert("x = load()", "x += 1\ny = x", "def f(): return 1"))["f"]() == 1


def test_a_needed_choice_of_device_is_in_the_module_and_a_main_block_is_not() -> None:
    module = convert(
        "if max(1, 2) > 1:\n    device = 'a'\nelse:\n    device = 'b'",
        "def f(): return device",
        "if __name__ == '__main__':\n    boom()",
    )
    assert run(module)["f"]() == "a"
    assert "boom" not in module.text


def test_a_method_added_to_a_class_from_outside_is_in_the_module() -> None:
    module = convert("class Net: pass\ndef g(self): return 4\nNet.loss = staticmethod(g)", wanted=("Net.loss",))
    assert run(module)["Net"].loss(0) == 4


@pytest.mark.parametrize(
    "magic", ["%matplotlib inline", "!pip install x", "?f", "f?", "x = !ls", "files = %sx ls", "%time f('", '!echo "(']
)
def test_magics_are_left_out(magic: str) -> None:
    module = convert(f"import math\n{magic}\ndef f():\n    {magic}\n    return 1\n")
    assert run(module)["f"]() == 1


def test_lines_that_only_look_like_magics_are_in_the_module() -> None:
    module = convert("%load_ext x\ndef f():\n    return '''\n%text\n!text'''\n", "def g(a, b):\n    return (a\n  % b)")
    assert run(module)["f"]() == "\n%text\n!text"
    assert run(module)["g"](7, 4) == 3


def test_many_magics_in_one_cell_are_all_left_out() -> None:
    assert run(convert("%a\nx = 1\n" * 50 + "def f(): return 1"))["f"]() == 1


def test_a_cell_is_read_if_its_magic_runs_it_and_else_left_out_with_a_note() -> None:
    assert run(convert("\n%%time\ndef f(): return 1"))["f"]() == 1
    module = convert("%%writefile x.py\ndef f(): return 1")
    assert "def" not in module.text
    assert "cell 1 begins with %%writefile x.py, so f in it was not read" in module.notes[0]


def test_a_later_definition_wins_unless_it_is_from_the_handout() -> None:
    assert run(convert("def f(): return 1", "def f(): return 2"))["f"]() == 2
    module = convert("def f(): return 1", cell("text", "markdown"), STUB)
    assert run(module)["f"]() == 1
    assert module.notes == ("knn.ipynb: cell 3 repeats a definition of cell 1 without its solution; it was ignored.",)
    assert run(convert(STUB, "def f(): return 1"))["f"]() == 1


def test_a_class_with_more_unwritten_methods_does_not_replace_one_with_fewer() -> None:
    stub = "class C:\n def a(self):\n  raise NotImplementedError()\n def b(self):\n  raise NotImplementedError()\n"
    half = stub.replace("raise NotImplementedError()", "return 1", 1)
    other = half.replace("return 1", "raise").replace("raise NotImplementedError()", "return 1")
    other = other.replace("raise\n", "raise NotImplementedError()\n")
    assert run(convert(half, stub))["C"]().a() == 1
    assert convert(half, stub, half).notes != ()
    assert convert(half, other).notes == ()


WRITTEN = {
    "raises on bad input": "def f(x=0):\n    if x:\n        raise NotImplementedError('no x')\n    return 2",
    "the line is below a return": "def f():\n    return 2\n    # YOUR CODE HERE\n    raise NotImplementedError()",
    "the line is below two branches": f"def f():\n  if len([1]):\n    return 2\n  else:\n    return 3\n  {STUB[-27:]}",
}


@pytest.mark.parametrize("story", WRITTEN)
def test_a_definition_counts_as_written_if_the_line_of_the_handout_cannot_be_reached(story: str) -> None:
    assert run(convert("def f(): return 1", WRITTEN[story]))["f"]() == 2


def test_an_unwritten_place_in_a_branch_is_found() -> None:
    stub = "def f(mode):\n  if mode:\n    raise NotImplementedError()\n  else:\n    raise NotImplementedError()"
    half = stub.replace("raise NotImplementedError()", "return 1", 1)
    assert run(convert(half, stub))["f"](1) == 1
    assert len(unwritten_places(ast.parse(stub).body[0])) == 2


def test_text_cells_and_cells_for_the_notebook_only_are_left_out() -> None:
    assert (
        convert(
            cell("boom = 1", tags=["active-ipynb"]), cell("boom = 1", "markdown"), cell("boom = 1", "raw")
        ).text.strip()
        == ""
    )


def test_a_code_cell_that_was_changed_into_a_text_cell_is_read_as_code() -> None:
    module = convert(cell("def f(): return 1", "markdown", nbgrader={"cell_type": "code"}))
    assert run(module)["f"]() == 1
    assert "cell 1 was changed into a text cell" in module.notes[0]


def test_a_text_cell_that_was_changed_into_a_code_cell_is_ignored_with_a_note() -> None:
    module = convert("Dear students, read this.", "def f(): return 1")
    assert run(module)["f"]() == 1
    assert "cell 1, line 1" in module.notes[0]


def test_a_task_with_a_syntax_error_is_refused_with_its_cell_and_line() -> None:
    with pytest.raises(BadSubmission, match=r"knn.ipynb, cell 2, line 2: .*expected"):
        convert("import math", "def f():\nreturn 1")


def test_future_imports_move_to_the_first_line() -> None:
    module = convert("import math", "from __future__ import annotations\ndef f(x: undefined): return 1")
    assert run(module)["f"](0) == 1


def test_a_line_of_the_module_is_described_by_its_cell() -> None:
    module = convert(
        "from __future__ import annotations\nimport math",
        cell("text", "markdown"),
        "x = 1\n\ndef f():\n    return 1 / 0",
    )
    line = module.text.split("\n").index("    return 1 / 0") + 1
    assert describe_line(module.cells, line) == "cell 3, line 4"
    assert describe_line(module.cells, line, file="knn.py") == "cell 3, line 4"
    assert describe_line(module.cells, 1) == "line 1"
    assert describe_line((), 7) == "line 7"
    assert describe_line((), 7, file="knn.py") == "knn.py, line 7"


def test_removing_statements_does_not_move_the_others() -> None:
    module = convert("import math; g(1,\n  'é'); import re  # why\né = 1; g(); WIDTH = 3\n@g\ndef f(): return 1")
    assert module.text == "import math; pass\npass; import re  # why\né = 1; pass; WIDTH = 3\n@g\ndef f(): return 1\n"


def test_a_cell_may_be_a_list_of_lines_with_any_line_ends() -> None:
    assert run(convert(cell(["def f():\r\n", "    x = '\u2028'\r", "    return 1"])))["f"]() == 1
