"""A function finds what it is lent, and its module is as before afterwards."""

from types import ModuleType

import pytest

from autograder.probes.lend import Loan, lend

SOURCE = """
import functools

def helper(x):
    return x + 1

def double_helper(x, times=2):
    return times * helper(x)

@functools.wraps(double_helper)
def decorated(x):
    return double_helper(x)

class Model:
    def __init__(self, start):
        self.start = start

    def run(self):
        return helper(self.start)
"""


@pytest.fixture
def module() -> ModuleType:
    made = ModuleType("work")
    exec(SOURCE, made.__dict__)
    return made


def test_a_function_finds_the_loan_during_the_call_only(module):
    borrow = lend(module.double_helper, helper=lambda x: 100 + x)
    assert borrow(1, times=3) == 303
    assert module.double_helper(1) == 4
    assert borrow.__name__ == "double_helper"


def test_methods_and_decorated_functions_borrow_too(module):
    assert lend(module.Model(5).run, helper=lambda x: -x)() == -5
    assert lend(module.decorated, helper=lambda x: -x)(3) == -6


def test_a_function_that_the_module_lacks_is_lent(module):
    del module.helper
    assert lend(module.double_helper, helper=lambda x: 100 + x)(1) == 202
    assert not hasattr(module, "helper")


def test_a_method_that_its_class_lacks_is_lent(module):
    del module.Model.run
    loan = Loan(module.Model, {"Model.run": lambda self: -self.start, "Missing.run": len})
    assert module.Model(5).run() == -5
    assert not hasattr(module, "Missing")
    loan.end()
    assert not hasattr(module.Model, "run")


def test_the_module_is_as_before_after_an_exception(module):
    def refuse(x):
        raise ValueError(x)

    with pytest.raises(ValueError, match="7"):
        lend(module.double_helper, helper=refuse)(7)
    assert module.helper(1) == 2


def test_objects_without_a_module_are_called_as_they_are():
    assert lend(len, helper=None)([1, 2]) == 2


def test_a_loan_lasts_until_its_end_and_replaces_methods_too(module):
    loan = Loan(module.Model, {"helper": lambda x: -x, "Model.run": lambda self: self.start})
    assert module.double_helper(1) == -2
    assert module.Model(5).run() == 5
    loan.end()
    assert module.double_helper(1) == 4
    assert module.Model(5).run() == 6
