"""The key of a mark: everything that decides it. Equal keys give equal marks, so nothing is run twice."""

from __future__ import annotations

import hashlib
from pathlib import Path

from autograder import __version__
from autograder.core.assignment import Assignment
from autograder.core.course import earlier_modules
from autograder.gradebook.journal import Key
from autograder.runners.grader_process import Setup
from autograder.session.digests import digest_seed, grading_digest
from autograder.submissions.submission import BadSubmission, submission_digest


class KeyMaker:
    """Makes the keys of one run."""

    def __init__(self, assignment: Assignment, setup: Setup) -> None:
        self.assignment = assignment
        options = setup.options
        seed = digest_seed(assignment) if options.seed is None else options.seed
        digest = grading_digest(assignment, hidden=setup.hidden)
        isolation = "no" if setup.isolation == "none" else "yes"
        self._ours = (digest, __version__, options.device, options.data, str(seed), isolation)
        self._earlier_modules = earlier_modules(assignment)

    def key_of(self, path: Path) -> Key:
        """Return the key of a hand-in. It is read, not parsed; if it cannot be read, the reason takes its place."""
        try:
            submission = submission_digest(path, self.assignment, earlier_modules=self._earlier_modules)
        except BadSubmission as problem:
            submission = f"refused:{hashlib.sha256(str(problem).encode('utf-8', 'backslashreplace')).hexdigest()}"
        except Exception:  # our fault: the grader process meets it again and reports it as broken, which is not final
            submission = f"unread:{path}"
        return Key(submission, *self._ours)
