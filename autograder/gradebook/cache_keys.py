"""The key of a mark: everything that decides it. Equal keys give equal marks, so nothing is run twice."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from autograder.core.assignment import Assignment
from autograder.core.course import earlier_modules
from autograder.core.report import Remark
from autograder.gradebook.journal import Key
from autograder.runners.compatibility import code_facts
from autograder.runners.grader_process import Setup
from autograder.session.digests import grading_digest
from autograder.session.seeds import fingerprint
from autograder.submissions.ipynb import read_language
from autograder.submissions.submission import BadSubmission, select_files


@dataclass(frozen=True)
class Reading:
    """What is known of a hand-in before it is graded."""

    key: Key
    remarks: tuple[Remark, ...] = ()  # about its files: equal files of another student may have other names
    language: str = ""  # of the edition that a notebook of it comes from


class KeyMaker:
    """Makes the keys of one run."""

    def __init__(self, assignment: Assignment, setup: Setup) -> None:
        self.assignment = assignment
        options = setup.options
        self.skip_scored = options.skip_scored  # not part of the key: a full run replaces a provisional report
        seed = fingerprint(assignment, options)
        digest = grading_digest(assignment, hidden=setup.hidden)
        isolation = "no" if setup.isolation == "none" else "yes"
        grader = "; ".join(f"{what} {value}" for what, value in code_facts(assignment).items())
        self._ours = (digest, grader, options.device, options.data, seed, isolation)
        self.earlier_modules = earlier_modules(assignment)

    def read(self, path: Path) -> Reading:
        """Return the key of a hand-in and the remarks about its files. If it cannot be read, the key has the reason."""
        try:
            selection = select_files(path, self.assignment, earlier_modules=self.earlier_modules)
        except BadSubmission as problem:
            submission = f"refused:{hashlib.sha256(str(problem).encode('utf-8', 'backslashreplace')).hexdigest()}"
        except Exception:  # our fault: the grader process meets it again and reports it as broken, which is not final
            submission = f"unread:{path}"
        else:
            languages = (read_language(data, name) for name, data in selection.files.items() if name.endswith(".ipynb"))
            language = next(filter(None, languages), "")
            return Reading(Key(selection.digest, *self._ours), selection.remarks, language)
        return Reading(Key(submission, *self._ours))
