"""What decides about marks: a file of which only docstrings are left has a form of its own, too."""

from __future__ import annotations

from autograder.session.deciding import deciding_forms

EMPTY = 'class Shape:\n    """A shape."""\n\n    def area(self):\n        """Its area."""\n'


def test_a_function_with_a_docstring_alone_has_a_form() -> None:
    one, other, changed = (
        deciding_forms({"a.py": text})["a.py"]
        for text in (EMPTY, EMPTY.replace("Its area.", "In square metres."), EMPTY.replace("area", "size"))
    )
    assert one == other != changed
