"""The options of a run: device, data set, seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from autograder.core.course_file import Course
from autograder.core.errors import GradlabError
from autograder.core.message import Message


class BadOption(GradlabError):
    """An option has a value that is not available here. Written for the user who typed it."""


@dataclass(frozen=True)
class Options:
    """The options of a run, which every report repeats."""

    device: str = "cpu"
    data: str = ""  # the data set of scored checks; empty: the course's default
    seed: int | None = None  # chooses other inputs than the usual ones
    secret: str = field(default="", repr=False)  # of the results; see seeds.py
    task: str | None = None  # only this task's checks
    debugging: bool = False
    skip_scored: bool = False  # leave out the checks that train or evaluate networks
    evidence: bool = False  # keep what failed checks called and compared, for the student who runs them


def pick_device(wanted: str) -> str:
    """Return "cpu" or "cuda"; "auto" means CUDA if there is a GPU. Raises BadOption."""
    if wanted == "cpu":
        return wanted
    if wanted not in ("cuda", "auto"):
        raise BadOption(Message("There is no device {wanted!r}: use cpu, cuda or auto.", wanted=wanted))
    try:
        import torch
    except ImportError:
        if wanted == "cuda":
            raise BadOption("--device cuda needs torch, which is not installed here.") from None
        return "cpu"
    if wanted == "cuda" and not torch.cuda.is_available():
        raise BadOption("This machine has no GPU that torch can use: use the device cpu or auto.")
    return "cuda" if torch.cuda.is_available() else "cpu"


def known_data(name: str | None, course: Course) -> str:
    """Return ``name`` if the course has a data set of that name; without a name, its default.

    Raises BadOption, which lists the valid names.
    """
    if name and name not in (*course.data, course.default_data):
        known = f"Allowed: {', '.join(sorted(course.data))}." if course.data else "This course has no data sets."
        raise BadOption(f"Unknown data set {name!r}. {known}")
    return name or course.default_data


def load_data(name: str, course: Course) -> Callable[..., Any]:
    """Return the function with which a course loads the data set ``name``. Raises BadOption."""
    module, _, function = course.data.get(name, "").partition(":")
    if not module:
        raise BadOption(
            Message(
                "A check asks for the data set {name!r}, but course.toml lists none of this name under [data].",
                name=name,
            )
        )
    course.make_importable()
    try:
        found: Callable[..., Any] = getattr(import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise BadOption(f"course.toml: the data set {name!r} is loaded by {module}:{function}, but {error}.") from None
    return found
