"""What the hidden checks of a06 share."""

from autograder import expect_equal


def expect_gradients_everywhere(student, module, inputs: list) -> None:
    """After a backward pass, each parameter has a gradient, and no matrix of weights gets only zeros."""
    helper = student.define("from autograder.probes.attention import without_gradient")
    expect_equal(helper.without_gradient(module, inputs), [], name="the parameters that no gradient reaches")
