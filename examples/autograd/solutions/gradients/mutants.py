"""Mistakes planted in gradients.py, each with the check that must notice it."""

from autograder.authoring.mutants import mutants_of

mutant = mutants_of("gradients.py")
BACKWARD = ("check_backward_through_each_expression", "check_backward_through_a_number_that_is_used_often")

MUTANTS = [
    mutant(
        "forgets the direction",
        ("check_directional_derivative_of_a_sum_of_cubes", "check_directional_derivative_of_a_product"),
        "(slope * v).sum()",
        "slope.sum()",
    ),
    mutant("replaces a derivative instead of adding to it", BACKWARD, "parent.grad +=", "parent.grad ="),
    mutant("begins with the numbers that were made first", BACKWARD, "reversed(order)", "order"),
]
