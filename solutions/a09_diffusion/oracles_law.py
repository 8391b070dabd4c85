"""Noise that must be standard normal and independent, judged within six deviations of what so many draws give."""

from itertools import combinations

from torch import Tensor

from autograder import expect


def judge_normal(z: Tensor, what: str) -> None:
    """Mean 0, variance 1, and nothing shared by images or by neighbouring pixels.

    Shapes:
        z  (N, ..., W)
    """
    count = z.numel()
    mean, variance = float(z.mean()), float(z.var())
    expect(abs(mean) < 6 / count**0.5, f"{what}: over {count:,} values the mean is {mean:.4f}; it must be 0.")
    near = abs(variance - 1) < 6 * (2 / count) ** 0.5
    expect(near, f"{what}: over {count:,} values its variance is {variance:.4f} times what it must be.")
    half, pixels = len(z) // 2, z.shape[-1]
    for a, b, which in ((z[:half], z[half : 2 * half], "images"), (z[..., 1:], z[..., : pixels - 1], "pixels")):
        shared = float((a * b).mean())
        expect(abs(shared) < 6 / a.numel() ** 0.5, f"{what}: different {which} share it (correlation {shared:.3f}).")


def judge_fresh(drawn: dict[str, Tensor]) -> None:
    """No two of these noises, all of one shape, have anything in common."""
    for (one, a), (other, b) in combinations(drawn.items(), 2):
        shared = float((a * b).mean())
        hint = "Every noise is drawn anew; the one that is given is for the beginning only."
        expect(abs(shared) < 6 / a.numel() ** 0.5, f"{one} and {other} are the same (correlation {shared:.3f}).", hint)
