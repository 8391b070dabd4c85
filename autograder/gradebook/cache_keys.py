"""What decides a mark, brought together: equal keys, equal marks, so that nothing is run twice."""

from __future__ import annotations

import hashlib
from pathlib import Path

from autograder import __version__
from autograder.core.assignment import Assignment
from autograder.gradebook.journal import Key
from autograder.runners.grader_process import Setup, earlier_modules
from autograder.session.digests import digest_seed, judges_digest
from autograder.submissions.submission import BadSubmission, submission_digest


class Keys:
    """The keys of a run."""

    def __init__(self, assignment: Assignment, setup: Setup) -> None:
        self.assignment = assignment
        options = setup.options
        seed = digest_seed(assignment) if options.seed is None else options.seed
        digest = judges_digest(assignment, hidden=setup.hidden)
        isolation = "no" if setup.isolation == "none" else "yes"
        self._blank = ("", digest, __version__, options.device, options.data, str(seed), isolation)
        self._beside = earlier_modules(assignment)

    def of(self, path: Path) -> Key:
        """The key of a hand-in. It is read, not parsed; what cannot be read has a key by the reason."""
        try:
            submission = submission_digest(path, self.assignment, earlier_modules=self._beside)
        except BadSubmission as problem:
            submission = f"refused:{hashlib.sha256(str(problem).encode('utf-8', 'backslashreplace')).hexdigest()}"
        except Exception:  # ours; the grader process meets it again and reports it as broken, which is not kept
            submission = f"unread:{path}"
        return Key(submission, *self._blank[1:])
