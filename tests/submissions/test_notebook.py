"""A notebook becomes a module by parsing alone."""

from __future__ import annotations

import ast

import pytest

from autograder.submissions.notebook import place
from autograder.submissions.source import BadSubmission
from autograder.submissions.statements import unwritten_places
from tests.support.notebooks import cell, convert, run

STUB = 'def f():\n    """Return 1."""\n    # YOUR CODE HERE\n    raise NotImplementedError()'


def test_definitions_imports_and_constants_are_kept_and_the_rest_is_not() -> None:
    module = convert(
        "import math\nWIDTH = 3\ndef f():\n    return WIDTH", "print(1 / 0)\nfor i in range(9):\n    f()\nx = f()"
    )
    assert run(module)["f"]() == 3
    assert "print" not in module.text
    assert "x = f()" not in module.text


def test_an_assignment_that_calls_something_is_kept_when_a_definition_needs_it() -> None:
    module = convert("import math\nROOT = math.sqrt(4)\nUNUSED = math.sqrt(-1)", "def f():\n    return ROOT")
    assert run(module)["f"]() == 2
    assert "UNUSED" not in module.text


def test_what_a_needed_assignment_needs_is_kept_too() -> None:
    assert run(convert("a = int(1)", "b = a + int(1)\nb += int(1)", "def f(): return b"))["f"]() == 3


def test_a_parameter_is_no_reason_to_load_the_data_of_the_same_name() -> None:
    module = convert("data = open('missing')", "def f(data):\n    return [x for x in data]\nclass A:\n    data = 1")
    assert "open" not in module.text


def test_an_assignment_to_a_dropped_name_is_dropped_too() -> None:
    assert run(convert("x = load()", "x += 1\ny = x", "def f(): return 1"))["f"]() == 1


def test_a_choice_of_device_is_kept_when_needed_and_a_main_block_is_not() -> None:
    module = convert(
        "if max(1, 2) > 1:\n    device = 'a'\nelse:\n    device = 'b'",
        "def f(): return device",
        "if __name__ == '__main__':\n    boom()",
    )
    assert run(module)["f"]() == "a"
    assert "boom" not in module.text


def test_a_method_added_to_a_class_from_outside_is_kept() -> None:
    module = convert("class Net: pass\ndef g(self): return 4\nNet.loss = staticmethod(g)", wanted=("Net.loss",))
    assert run(module)["Net"].loss(0) == 4


@pytest.mark.parametrize(
    "magic", ["%matplotlib inline", "!pip install x", "?f", "f?", "x = !ls", "files = %sx ls", "%time f('", '!echo "(']
)
def test_magics_are_left_out(magic: str) -> None:
    module = convert(f"import math\n{magic}\ndef f():\n    {magic}\n    return 1\n")
    assert run(module)["f"]() == 1


def test_lines_that_only_look_like_magics_stay() -> None:
    module = convert("%load_ext x\ndef f():\n    return '''\n%kept\n!kept'''\n", "def g(a, b):\n    return (a\n  % b)")
    assert run(module)["f"]() == "\n%kept\n!kept"
    assert run(module)["g"](7, 4) == 3


def test_many_magics_in_one_cell_are_all_left_out() -> None:
    assert run(convert("%a\nx = 1\n" * 50 + "def f(): return 1"))["f"]() == 1


def test_cell_magics_that_run_the_cell_keep_it_and_others_drop_it_with_a_note() -> None:
    assert run(convert("\n%%time\ndef f(): return 1"))["f"]() == 1
    module = convert("%%writefile x.py\ndef f(): return 1")
    assert "def" not in module.text
    assert "cell 1 begins with %%writefile x.py, so f in it was not read" in module.notes[0]


def test_a_later_definition_wins_unless_it_is_the_handouts() -> None:
    assert run(convert("def f(): return 1", "def f(): return 2"))["f"]() == 2
    module = convert("def f(): return 1", cell("text", "markdown"), STUB)
    assert run(module)["f"]() == 1
    assert module.notes == ("knn.ipynb: cell 3 holds an unwritten copy of what is written in cell 1; it was ignored.",)
    assert run(convert(STUB, "def f(): return 1"))["f"]() == 1


def test_a_class_with_more_to_write_does_not_replace_one_with_less() -> None:
    stub = "class C:\n def a(self):\n  raise NotImplementedError()\n def b(self):\n  raise NotImplementedError()\n"
    half = stub.replace("raise NotImplementedError()", "return 1", 1)
    other = half.replace("return 1", "raise").replace("raise NotImplementedError()", "return 1")
    other = other.replace("raise\n", "raise NotImplementedError()\n")
    assert run(convert(half, stub))["C"]().a() == 1
    assert convert(half, stub, half).notes != ()
    assert convert(half, other).notes == ()


WRITTEN = {
    "raises on bad input": "def f(x=0):\n    if x:\n        raise NotImplementedError('no x')\n    return 2",
    "left the handout's line below": "def f():\n    return 2\n    # YOUR CODE HERE\n    raise NotImplementedError()",
    "left it below two branches": f"def f():\n  if len([1]):\n    return 2\n  else:\n    return 3\n  {STUB[-27:]}",
}


@pytest.mark.parametrize("story", WRITTEN)
def test_a_definition_is_written_when_the_handouts_line_cannot_be_reached(story: str) -> None:
    assert run(convert("def f(): return 1", WRITTEN[story]))["f"]() == 2


def test_a_place_to_write_inside_a_branch_is_seen() -> None:
    stub = "def f(mode):\n  if mode:\n    raise NotImplementedError()\n  else:\n    raise NotImplementedError()"
    half = stub.replace("raise NotImplementedError()", "return 1", 1)
    assert run(convert(half, stub))["f"](1) == 1
    assert len(unwritten_places(ast.parse(stub).body[0])) == 2


def test_cells_for_the_notebook_only_and_text_cells_are_left_out() -> None:
    assert (
        convert(
            cell("boom = 1", tags=["active-ipynb"]), cell("boom = 1", "markdown"), cell("boom = 1", "raw")
        ).text.strip()
        == ""
    )


def test_a_code_cell_that_was_made_a_text_cell_is_read_as_code() -> None:
    module = convert(cell("def f(): return 1", "markdown", nbgrader={"cell_type": "code"}))
    assert run(module)["f"]() == 1
    assert "cell 1 was made a text cell" in module.notes[0]


def test_a_text_cell_that_was_made_code_is_ignored_with_a_note() -> None:
    module = convert("Dear students, read this.", "def f(): return 1")
    assert run(module)["f"]() == 1
    assert "cell 1, line 1" in module.notes[0]


def test_a_cell_with_a_task_that_python_cannot_read_is_an_error_that_names_cell_and_line() -> None:
    with pytest.raises(BadSubmission, match=r"knn.ipynb, cell 2, line 2: .*expected"):
        convert("import math", "def f():\nreturn 1")


def test_future_imports_move_to_the_first_line() -> None:
    module = convert("import math", "from __future__ import annotations\ndef f(x: undefined): return 1")
    assert run(module)["f"](0) == 1


def test_lines_of_the_module_are_found_again_in_their_cells() -> None:
    module = convert(
        "from __future__ import annotations\nimport math",
        cell("text", "markdown"),
        "x = 1\n\ndef f():\n    return 1 / 0",
    )
    line = module.text.split("\n").index("    return 1 / 0") + 1
    assert place(module.cells, line) == "cell 3, line 4"
    assert place(module.cells, 1) == "line 1"
    assert place((), 7) == "line 7"


def test_statements_left_out_leave_the_columns_and_lines_of_others_alone() -> None:
    module = convert("import math; g(1,\n  'é'); import re  # why\né = 1; g(); WIDTH = 3\n@g\ndef f(): return 1")
    assert module.text == "import math; pass\npass; import re  # why\né = 1; pass; WIDTH = 3\n@g\ndef f(): return 1\n"


def test_sources_may_be_lists_with_any_line_ends() -> None:
    assert run(convert(cell(["def f():\r\n", "    x = '\u2028'\r", "    return 1"])))["f"]() == 1
