"""How the checks of segmentation and dense_heads set parameters of students' modules, by their names."""

from autograder import explain_errors

RENAMED = {"KeyError": "The checks set the parameters that the given constructor makes, by their names."}

SETTERS = """
import torch

def fill(module, values):
    module.to(next(iter(values.values())))
    own = dict(module.named_parameters())
    with torch.no_grad():
        for name, value in values.items():
            own[name].copy_(value)
"""


def filled(student, module, values):
    """Give a module parameters by their names."""
    with explain_errors(RENAMED):
        student.define(SETTERS).fill(module, values)
