"""What `gradlab verify` does, and how its processes share it."""

from __future__ import annotations

from dataclasses import dataclass

SCORED_SEEDS = 5  # the most seeds for checks that train

# What a process of `verify_all` does, the longest first. "mistakes" are the blank stub and the mutants; "files" are the
# generated files and the notebooks.
PARTS = ("training", "reference", "variants", "mistakes", "loans", "habits", "files")
EDITED = ("variants", "loans", "habits")  # ask which checks can notice an edit of the reference


@dataclass(frozen=True)
class Plan:
    """What `verify` does."""

    seeds: int = 20  # for the reference
    variant_seeds: int = 1  # for each variant; the first is the variant's number
    variants_step: int = 1  # 4: each fourth variant
    isolation: str = "none"
    fork: bool = True  # a worker for each solution; else all run in this process, which is faster
    notebook: bool = True
    training: bool = True  # also the scored checks
    parts: tuple[str, ...] = PARTS
    story: str = ""  # only mutants and variants whose story contains this text
    narrow: bool = False  # variants and habits: only the checks that may notice the edit, found in this process


USUAL = Plan()


def shared_out(plan: Plan) -> list[tuple[str, ...]]:
    """Return the parts of each process: one, or all that run only the checks that may notice an edit."""
    chosen = [part for part in PARTS if part in plan.parts]
    together = tuple(part for part in chosen if plan.narrow and part in EDITED)
    alone: list[tuple[str, ...]] = [(part,) for part in chosen if part not in together]
    return [together, *alone] if together else alone
