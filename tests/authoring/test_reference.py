"""The reference as mutants and variants see it: without hints, which quote its code."""

from __future__ import annotations

from autograder.authoring.reference import without_hints

CODE = """# %% task="f"{effort}
def f(x):
    ### BEGIN SOLUTION
    return x + 1
    ### END SOLUTION


{hint}# %% [markdown]
# Next.
"""
HINT = """# %% [markdown] hint="f"
# 1. Write `return x + 1`.
# 2. That is all.

"""


def test_hints_and_estimates_are_left_out():
    plain = CODE.format(effort="", hint="")
    assert without_hints(CODE.format(effort=' minutes=5 difficulty="easy"', hint=HINT)) == plain
    assert without_hints(CODE.format(effort=" minutes=5", hint=HINT + HINT)) == plain
    assert without_hints(plain) == plain


def test_a_hint_at_the_end_is_left_out():
    assert without_hints(f"x = 1\n\n{HINT}") == "x = 1\n\n"
