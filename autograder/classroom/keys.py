"""What decides a mark, brought together: equal keys, equal marks, so that nothing is run twice."""

from __future__ import annotations

import hashlib
from pathlib import Path

from autograder import __version__
from autograder.classroom.desk import Setup, earlier_modules
from autograder.classroom.journal import Key
from autograder.handins.submission import BadSubmission, fingerprint
from autograder.manifest import Assignment
from autograder.mutants import FILES as MUTANTS
from autograder.run import checks_digest, digest_seed


class Keys:
    """The keys of a run."""

    def __init__(self, assignment: Assignment, setup: Setup) -> None:
        self.assignment = assignment
        options = setup.options
        seed = digest_seed(assignment) if options.seed is None else options.seed
        digest = judges_digest(assignment, hidden=setup.hidden)
        wall = "no" if setup.wall == "none" else "yes"
        self._blank = ("", digest, __version__, options.device, options.data, str(seed), wall)
        self._beside = earlier_modules(assignment)

    def of(self, path: Path) -> Key:
        """The key of a hand-in. It is read, not parsed; what cannot be read has a key by the reason."""
        try:
            submission = fingerprint(path, self.assignment, beside=self._beside)
        except BadSubmission as problem:
            submission = f"refused:{hashlib.sha256(str(problem).encode('utf-8', 'backslashreplace')).hexdigest()}"
        except Exception:  # ours; the grader process meets it again and reports it as broken, which is not kept
            submission = f"unread:{path}"
        return Key(submission, *self._blank[1:])


def judges_digest(assignment: Assignment, *, hidden: bool = True) -> str:
    """sha256 of the checks and of what they and hand-ins stand on: stubs, references, calibration."""
    digest = hashlib.sha256(checks_digest(assignment, hidden=hidden).encode())
    for folder in (assignment.folder, *([assignment.solutions] if hidden else [])):
        for path in sorted(folder.glob("*.py")):
            if not path.match(MUTANTS):  # they judge the checks, not students
                content = path.read_bytes()
                digest.update(f"{path.name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()
