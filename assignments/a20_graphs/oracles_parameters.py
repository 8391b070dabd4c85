"""How the checks of graph_layers and graph_tasks set parameters of students' modules, by their names."""

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

def mode(module, train):
    module.train(train)
"""


def filled(student, module, rng, *, fits=None, **shapes):
    """Give a module random parameters of these shapes, for which fits(parameters) holds. Returns them by name.

    "__" in a name is a dot.
    """
    values = {}
    while not values or (fits and not fits(values)):
        values = {name.replace("__", "."): rng.normal(*shape) for name, shape in shapes.items()}
    with explain_errors(RENAMED):
        student.define(SETTERS).fill(module, values)
    return values
