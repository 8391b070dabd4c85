"""Facts about a class that the gradebook finds and pages show: marks that changed, submissions with the same code."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MarkChange:
    """A student's mark before and after a regrade."""

    student: str
    before: float
    after: float
    max_points: int
    tasks: tuple[tuple[str, float, float], ...]  # those that changed: name, before, after
    # Tasks with a mark by hand whose worth changed: name, points by hand, worth now, worth before.
    by_hand: tuple[tuple[str, float, float, float], ...] = ()


@dataclass(frozen=True)
class SimilarPair:
    """Two submissions with similar code, and the share of each that the other contains."""

    one: str  # the student; of a group all names, separated by commas
    other: str
    share_of_one: float
    share_of_other: float


@dataclass(frozen=True)
class CopyGroup:
    """Students whose hand-ins have functions in common, word for word but for names, comments and layout."""

    students: tuple[str, ...]  # of a hand-in by a group all names, separated by commas
    functions: tuple[str, ...]  # "predict_labels", "KnnClassifier.predict"
    lines: int  # of these functions
    everything: bool  # whether the students wrote nothing else
    solution: bool  # whether the course's own solution has these functions, too
