"""Check that a machine which grades for another one gives the same marks: the request, and the reasons against it.

Knows nothing about how machines reach each other.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from autograder import __version__
from autograder.core.assignment import MANIFEST, Assignment, BadManifest, read_assignment
from autograder.core.course import find_assignment
from autograder.core.course_file import BadCourse, Course
from autograder.core.errors import GradlabError
from autograder.runners.grader_process import Setup
from autograder.sandbox.isolation import NoIsolation, choose
from autograder.session.digests import grading_digest
from autograder.session.options import Options

COURSE = "GRADLAB_COURSE"  # names the folder with assignments/ and solutions/ on a grading machine
_PACKAGES = Path(__file__).resolve().parent.parent.parent
_CACHE = "__pycache__"
_CODE = (".py", ".json", ".safetensors")  # of gradlab; of a shared package, every file counts
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
    private: tuple[str, ...]  # folders that are hidden from students' code where they exist

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
        private=tuple(map(str, setup.private)),
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
        here = facts(assignment, hidden=request.hidden)
    except (BadManifest, BadCourse) as reason:
        reasons.append(f"{reason} Set {COURSE} to the course's folder on that machine.")
        raise Incompatible(" ".join(reasons)) from None
    reasons += [
        f"Its {what} is {here.get(what, 'missing')} instead of {wanted}."
        for what, wanted in request.facts.items()
        if here.get(what) != wanted
    ]
    if reasons:
        raise Incompatible(" ".join(reasons))
    asked = {name: getattr(request, name) for name in ("device", "data", "seed", "secret", "skip_scored")}
    options = Options(**asked)
    private = tuple(map(Path, request.private))
    return Setup(assignment.folder, options, isolation, cores=request.cores, hidden=request.hidden, private=private)


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
        "gradlab code": _digest(_code())[:12],
        **{
            f"shared package {name}": _digest(_files(name, folder))[:12]
            for name, folder in _shared(assignment.course).items()
        },
    }


def _version(package: str) -> str:
    """Return the version of a package without its build: only some machines have a GPU."""
    try:
        return version(package).partition("+")[0]
    except PackageNotFoundError:
        return "missing"


def _digest(files: Iterable[tuple[str, Path]]) -> str:
    digest = hashlib.sha256()
    for name, path in sorted(files):
        content = path.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def _code() -> Iterator[tuple[str, Path]]:
    """Yield gradlab's files that decide marks."""
    for room in _DECIDING:
        folder = _PACKAGES / "autograder" / room
        yield from (pair for pair in _files(f"autograder/{room}", folder) if pair[1].suffix in _CODE)


def _files(name: str, folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield all files of a package, also the data that it reads; not what Python makes of its code."""
    for path in folder.rglob("*"):
        if path.is_file() and _CACHE not in path.parts:
            yield f"{name}/{path.relative_to(folder).as_posix()}", path


def _shared(course: Course) -> dict[str, Path]:
    """Return the folders that a course gives to students' code, fallbacks included. Raises BadCourse."""
    folders = course.shared_folders()
    within = course.fallbacks and any(course.fallbacks.is_relative_to(folder) for folder in folders.values())
    return folders if within or not course.fallbacks else {**folders, course.fallbacks.name: course.fallbacks}


def _find(request: Request) -> Assignment:
    course = os.environ.get(COURSE)
    place = Path(course, "assignments", request.assignment) if course else Path(request.folder)
    if course or (place / MANIFEST).is_file():
        return read_assignment(place)
    return find_assignment(request.assignment)
