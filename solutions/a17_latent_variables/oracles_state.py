"""Require that models leave their own state as it was."""

from autograder import expect_state_kept


def judge_state(student, answer, make, *inputs, may_change=()):
    """Require that ``answer(model, *inputs)`` leaves the state of the model that ``make`` returns, in both modes.

    The check of the task ``keeps`` modes and requires_grad, which costs one check of the task.
    """
    may_change = ("mode", "requires_grad", *may_change)
    for model in (make(), make().eval()):
        with expect_state_kept(student, model=model, may_change=may_change):
            answer(model, *inputs)
