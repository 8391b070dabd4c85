"""A notebook is turned into a module by parsing it, without running it."""

from __future__ import annotations

import ast

import pytest

from autograder.core.notebooks import describe_line
from autograder.submissions.notebook import script_to_module
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


def test_a_cell_is_read_if_its_magic_runs_it_and_else_set_aside_with_a_sentence() -> None:
    assert run(convert("\n%%time\ndef f(): return 1"))["f"]() == 1
    assert run(convert("%%writefile knn.py\ndef f(): return 1"))["f"]() == 1
    module = convert("%%writefile x.py\ndef f(): return 1")
    assert "def" not in module.text
    assert module.problems == (
        "knn.ipynb, cell 1 from the top, line 1: the cell begins with %%writefile x.py. "
        "These could not be read with it: f.",
    )
    assert [(part.line, part.names) for part in module.aside] == [(1, ("f",))]
    assert convert("%%bash\nls", "def f(): return 1").problems == ()


def test_a_later_definition_wins_unless_it_is_from_the_handout() -> None:
    assert run(convert("def f(): return 1", "def f(): return 2"))["f"]() == 2
    module = convert("def f(): return 1", cell("text", "markdown"), STUB)
    assert run(module)["f"]() == 1
    assert module.notes == (
        "knn.ipynb: cell 3 from the top repeats a definition of cell 1 without its solution; it was ignored.",
    )
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
    module = convert(cell("boom = 1", tags=["active-ipynb"]), cell("boom = 1", "markdown"), cell("boom = 1", "raw"))
    assert module.text == "pass\n"


def test_what_other_code_needs_of_a_cell_for_the_notebook_only_is_in_the_module() -> None:
    added = "import math\nimport seaborn\nWIDTH = math.floor(3.5)\ndef helper(x): return x + WIDTH\ndef plot(): boom()"
    module = convert(cell(added, tags=["active-ipynb"]), "def f(): return helper(1)")
    assert run(module)["f"]() == 4
    assert "seaborn" not in module.text
    assert "plot" not in module.text


def test_a_damaged_cell_for_the_notebook_only_is_reported_if_it_defines_something() -> None:
    assert convert(cell("plot(1", tags=["active-ipynb"]), "def f(): return 1").problems == ()
    module = convert(cell("def helper(:\n    pass", tags=["active-ipynb"]), "def f(): return helper()")
    assert "These could not be read with it: helper" in module.problems[0]


def test_a_code_cell_that_was_changed_into_a_text_cell_is_read_as_code() -> None:
    module = convert(cell("def f(): return 1", "markdown", nbgrader={"cell_type": "code"}))
    assert run(module)["f"]() == 1
    assert "cell 1 from the top was changed into a text cell" in module.notes[0]


def test_a_text_cell_that_was_changed_into_a_code_cell_is_set_aside_with_few_sentences() -> None:
    module = convert("Dear students, read this.", "def f(): return 1")
    assert run(module)["f"]() == 1
    assert module.problems == ("knn.ipynb, cell 1 from the top, line 1: Python cannot read this: invalid syntax.",)
    assert convert("read this\n" * 50).problems[3:] == (
        "knn.ipynb, cell 1 from the top: 47 more places could not be read.",
    )


def test_a_syntax_error_costs_its_own_definition_and_names_its_cell_and_line() -> None:
    module = convert("import math\nWIDTH = 3", "def g():\nreturn 1\n\ndef f():\n    return WIDTH\n", "def h(: pass")
    assert run(module)["f"]() == 3
    assert module.problems[0].startswith(
        "knn.ipynb, cell 2 from the top, line 1: Python cannot read this: expected an indented"
    )
    assert module.problems[-1].startswith("knn.ipynb, cell 3 from the top, line 1: Python cannot read this: ")
    assert module.problems[-1].endswith("These could not be read with it: h.")
    assert [name for part in module.aside for name in part.names] == ["g", "h"]


def test_a_syntax_error_in_a_method_costs_the_method() -> None:
    module = convert("class Net:\n    def up(self):\n        return (1\n\n    def down(self):\n        return 2\n")
    assert run(module)["Net"]().down() == 2
    assert [part.names for part in module.aside] == [("Net.up",)]


def test_magics_in_a_damaged_cell_are_not_reported() -> None:
    module = convert("%matplotlib inline\n!ls (\ndef g():\n    return (1\ndef f(): return 1\nf?")
    assert run(module)["f"]() == 1
    assert [part.names for part in module.aside] == [("g",)]


def test_future_imports_stay_in_their_place_and_hold_for_the_whole_module() -> None:
    module = convert("import math", "from __future__ import annotations\ndef f(x: undefined): return 1")
    assert run(module)["f"](0) == 1
    assert module.text == "pass\nfrom __future__ import annotations\ndef f(x: undefined): return 1\n"


def test_an_import_that_nothing_needs_is_left_out() -> None:
    module = convert("import seaborn\nfrom google.colab import drive\nimport math", "def f(): return math.floor(1.5)")
    assert run(module)["f"]() == 1
    assert module.text == "pass\npass\nimport math\ndef f(): return math.floor(1.5)\n"


def test_a_script_is_reduced_like_a_notebook_and_keeps_its_lines() -> None:
    text = "import seaborn\nimport math\n\nprint(1 /\n  0)\nget_ipython().system('ls')\ndef f():\n    return math.e"
    module = script_to_module(text, "knn.py", ("f",))
    assert module.text == "pass\nimport math\n\npass\n\npass\ndef f():\n    return math.e\n"
    assert (module.cells, module.problems) == ((), ())
    damaged = script_to_module(text.replace("1 /", "1 (("), "knn.py", ("f",))
    assert damaged.problems == ("knn.py, line 4: Python cannot read this: '(' was never closed.",)
    assert damaged.text.split("\n")[6:] == module.text.split("\n")[6:]


def test_a_line_of_the_module_is_described_by_its_cell() -> None:
    module = convert(
        "from __future__ import annotations\nimport math",
        cell("text", "markdown"),
        "x = 1\n\ndef f():\n    return 1 / 0",
    )
    line = module.text.split("\n").index("    return 1 / 0") + 1
    assert describe_line(module.cells, line) == "cell 3 from the top, line 4"
    assert describe_line(module.cells, line, file="knn.py") == "cell 3 from the top, line 4"
    assert describe_line(module.cells, 1) == "cell 1 from the top, line 1"
    assert describe_line((), 7) == "line 7"
    assert describe_line((), 7, file="knn.py") == "knn.py, line 7"


def test_removing_statements_does_not_move_the_others() -> None:
    code = "import math; g(1,\n  'é'); import re  # why\né = 1; g(); WIDTH = 3\n@g\ndef f(): return {}"
    module = convert(code.format("math, re"))
    assert (
        module.text
        == "import math; pass\npass; import re  # why\né = 1; pass; WIDTH = 3\n@g\ndef f(): return math, re\n"
    )
    module = convert(code.format(1))
    assert module.text == "pass; pass\npass; pass  # why\né = 1; pass; WIDTH = 3\n@g\ndef f(): return 1\n"


def test_a_cell_may_be_a_list_of_lines_with_any_line_ends() -> None:
    assert run(convert(cell(["def f():\r\n", "    x = '\u2028'\r", "    return 1"])))["f"]() == 1
