"""The faults of the student's code, as a check meets them."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.core.errors import GradlabError
from autograder.core.report import Cause


class StudentFault(GradlabError):
    """A call of the student's code did not return a value. Costs the check's points."""

    def __init__(
        self, cause: Cause, message: str, hint: str = "", *, kinds: Sequence[str] = (), text: str = ""
    ) -> None:
        super().__init__(message)
        self.cause, self.message, self.hint = cause, message, hint
        self.kinds = tuple(kinds)  # of an exception: the names of its class and of those that it inherits from
        self.text = text  # of an exception: what it says


class WithoutLength(StudentFault, TypeError):
    """An object of the student has no length; Python asks for one where it can do without."""
