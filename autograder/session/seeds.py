"""The keys of a run's random inputs, made from one secret.

The secret is that of a folder of results, or of a zip for Gradescope (gradebook/secret.py). Reports and pages show
nothing that depends on it. Without a secret, as on a student's laptop, it is replaced by the content of the checks: for
the inputs of one check by its own code, so that a changed check changes only its own inputs.
"""

from __future__ import annotations

import hashlib
import hmac

from autograder.core.assignment import Assignment
from autograder.session.digests import content_digest
from autograder.session.options import Options


def input_key(assignment: Assignment, options: Options, *, check: str = "") -> str:
    """Return the key, 256 bits in hexadecimal, from which every random input of the checks is drawn.

    ``check`` is the code of the check whose inputs are drawn; it counts only if there is no secret and no seed.
    """
    if options.seed is not None:
        return _derive(options.secret, f"inputs of {assignment.name} with seed {options.seed}")
    secret = options.secret or check or content_digest(assignment, purpose="inputs")
    return _derive(secret, f"inputs of {assignment.name}")


def fingerprint(assignment: Assignment, options: Options) -> str:
    """Return a text for staff that is equal for equal keys. It reveals nothing about the key."""
    return _derive(input_key(assignment, options), "fingerprint")[:16]


def _derive(secret: str, purpose: str) -> str:
    return hmac.new(secret.encode(), purpose.encode(), hashlib.sha256).hexdigest()
