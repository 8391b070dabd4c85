"""Require that models leave torch's settings, and their own state, as they were."""

from autograder import expect_state_kept


def judge_state(student, answer, make, *inputs, may_change=()):
    """Require that ``make`` seeds nothing, and that ``answer(model, *inputs)`` leaves the model's state as it was.

    The answer is computed in both modes.
    """
    with expect_state_kept(student):
        model = make()
    with expect_state_kept(student, model=model, may_change=may_change):
        answer(model, *inputs)
    model = model.eval()
    with expect_state_kept(student, model=model, may_change=may_change):
        answer(model, *inputs)
