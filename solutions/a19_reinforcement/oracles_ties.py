"""A world in which two actions are equally good, for the hidden checks of tabular."""

# From state 0, two actions lead to two last states of equal worth; errors of rounding, made large enough to see, say
# that the action that was not taken is better. After forty evaluations there are no more.
FLIPS = """
import torch

def flips(like):
    P, R = torch.zeros(3, 2, 3).to(like), torch.ones(3, 2).to(like)
    P[0, 0, 1] = P[0, 1, 2] = P[1, :, 1] = P[2, :, 2] = 1.0
    evaluate, calls = student.evaluate_policy, []

    def noisy(*arguments, **options):
        V = evaluate(*arguments, **options).clone()
        calls.append(1)
        V[1 + len(calls) % 2] += 1e-12 * (len(calls) < 40)
        return V

    student.evaluate_policy = noisy
    try:
        number = student.policy_iteration(P, R, torch.tensor([False, True, True], device=like.device), 0.9)[2]
    finally:
        student.evaluate_policy = evaluate
    return len(calls), number
"""
