"""The message about a method that is not written."""

import pytest

from autograder.core.code import Code
from autograder.sandbox.local_link import LocalLink
from autograder.sandbox.proxy import Student, StudentFault

SOURCE = "class Net:\n    def __init__(self):\n        raise NotImplementedError()\n"


def test_a_method_that_is_not_written_is_named_with_its_class():
    link = LocalLink(Code({"nets.py": SOURCE}))
    try:
        link.begin(seed=0, seconds=5, memory_mb=1000)
        with pytest.raises(StudentFault, match=r"^Net\.__init__ is not written yet \(nets\.py, line 3"):
            Student(link, "nets", SOURCE).Net()
    finally:
        link.close()
