"""Check that a machine which grades for another one gives the same marks: the request, and the reasons against it.

Knows nothing about how machines reach each other.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from autograder import __version__
from autograder.core.assignment import MANIFEST, Assignment, BadManifest, read_assignment
from autograder.core.course import find_assignment
from autograder.core.course_file import Course
from autograder.core.errors import GradlabError
from autograder.runners.grader_process import Setup
from autograder.sandbox.isolation import NoIsolation, choose
from autograder.session.digests import grading_digest
from autograder.session.options import Options

COURSE = "GRADLAB_COURSE"  # names the folder with assignments/ and solutions/ on a grading machine
_PACKAGES = Path(__file__).resolve().parent.parent.parent
_CODE = ("*.py", "*.json", "*.safetensors")
_DECIDING = ("core", "checks", "probes", "sandbox", "session", "source_rules", "submissions", "runners")  # rooms


class Incompatible(GradlabError):
    """This machine would give other marks, or could not isolate hand-ins. Written for staff."""


@dataclass(frozen=True)
class Request:
    """What a run requires of every machine. ``run`` distinguishes two runs over the same assignment."""

    run: str
    assignment: str
    folder: str  # where it is on the machine that asks; often a disk that all share
    facts: dict[str, str]
    device: str
    data: str
    seed: int | None
    secret: str = field(repr=False)
    skip_scored: bool
    isolation: str
    cores: int
    hidden: bool

    def to_json(self) -> bytes:
        """Return the request as bytes; equal requests give equal bytes."""
        return json.dumps(asdict(self)).encode()


def make_request(setup: Setup, run: str) -> Request:
    """Return the request for the work that a grader process with ``setup`` would do here."""
    assignment, options = read_assignment(setup.folder), setup.options
    return Request(
        run=run,
        assignment=assignment.name,
        folder=str(setup.folder.resolve()),
        facts=facts(assignment, hidden=setup.hidden),
        device=options.device,
        data=options.data,
        seed=options.seed,
        secret=options.secret,
        skip_scored=options.skip_scored,
        isolation=setup.isolation,
        cores=setup.cores,
        hidden=setup.hidden,
    )


def check_compatible(data: bytes) -> Setup:
    """Return the setup for a grader process here. Raises Incompatible with all reasons against it."""
    request = Request(**json.loads(data))
    reasons, isolation = [], request.isolation
    try:
        isolation = choose(request.isolation)
    except NoIsolation as reason:
        reasons.append(str(reason))
    try:
        assignment = _find(request)
    except BadManifest as reason:
        reasons.append(f"{reason} Set {COURSE} to the course's folder on that machine.")
        raise Incompatible(" ".join(reasons)) from None
    here = facts(assignment, hidden=request.hidden)
    reasons += [
        f"Its {what} is {here.get(what, 'missing')} instead of {wanted}."
        for what, wanted in request.facts.items()
        if here.get(what) != wanted
    ]
    if reasons:
        raise Incompatible(" ".join(reasons))
    asked = {name: getattr(request, name) for name in ("device", "data", "seed", "secret", "skip_scored")}
    options = Options(**asked)
    return Setup(assignment.folder, options, isolation, cores=request.cores, hidden=request.hidden)


def facts(assignment: Assignment, *, hidden: bool = True) -> dict[str, str]:
    """Return what must be equal on two machines for equal marks."""
    return {
        **code_facts(assignment),
        f"digest of {assignment.name}'s checks": grading_digest(assignment, hidden=hidden)[:12],
    }


def code_facts(assignment: Assignment) -> dict[str, str]:
    """Return the part of the facts that does not depend on the checks. Torch counts where the assignment allows it."""
    packages = ("torch", "numpy") if assignment.arrays == "torch" else ("numpy",)
    return {
        "gradlab": __version__,
        **{name: _version(name) for name in packages},
        "Python": ".".join(platform.python_version_tuple()[:2]),
        "gradlab code": _code_digest(assignment.course)[:12],
    }


def _version(package: str) -> str:
    """Return the version of a package without its build: only some machines have a GPU."""
    try:
        return version(package).partition("+")[0]
    except PackageNotFoundError:
        return "missing"


def _code_digest(course: Course) -> str:
    """Return the digest of gradlab's code that decides marks, and of the course's shared packages."""
    digest = hashlib.sha256()
    for name, path in sorted(_code(course)):
        content = path.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _code(course: Course) -> Iterator[tuple[str, Path]]:
    folders = {f"autograder/{room}": _PACKAGES / "autograder" / room for room in _DECIDING}
    for name, folder in {**folders, **course.shared_folders()}.items():
        for pattern in _CODE:
            yield from ((f"{name}/{path.relative_to(folder).as_posix()}", path) for path in folder.rglob(pattern))


def _find(request: Request) -> Assignment:
    course = os.environ.get(COURSE)
    place = Path(course, "assignments", request.assignment) if course else Path(request.folder)
    if course or (place / MANIFEST).is_file():
        return read_assignment(place)
    return find_assignment(request.assignment)
