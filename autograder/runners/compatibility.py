"""Check that a machine which grades for another one gives the same marks: the request, and the reasons against it.

Knows nothing about how machines reach each other.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from importlib.machinery import PathFinder
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from autograder import __version__
from autograder.core.assignment import Assignment, BadManifest, read_assignment
from autograder.core.copies import public_files
from autograder.core.course_file import BadCourse, Course
from autograder.core.errors import GradlabError
from autograder.runners.course_files import shared_with_hand_ins
from autograder.runners.grader_process import Setup
from autograder.sandbox.isolation import NoIsolation, choose
from autograder.session.digests import grading_digest
from autograder.session.options import Options

COURSE = "GRADLAB_COURSE"  # names a grading machine's own copy of the course, which is then used
_PACKAGES = Path(__file__).resolve().parent.parent.parent
_CODE = (".py", ".json", ".safetensors")  # of gradlab; of a shared package, every file counts
_DECIDING = ("core", "checks", "probes", "sandbox", "session", "source_rules", "submissions", "runners")  # rooms


class Incompatible(GradlabError):
    """This machine would give other marks, or could not isolate hand-ins. Written for staff."""


class NeedsCourse(GradlabError):
    """This machine may grade, but needs the course's files first."""


@dataclass(frozen=True)
class Request:
    """What a run requires of every machine. ``run`` distinguishes two runs over the same assignment."""

    run: str
    assignment: str
    course: str  # the digest of the course's files as they are sent; empty if they are too large
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


def make_request(setup: Setup, run: str, *, course: str = "") -> Request:
    """Return the request for the work that a grader process with ``setup`` would do here.

    ``course`` is the digest of the course's files as they are sent.
    """
    assignment, options = read_assignment(setup.folder), setup.options
    return Request(
        run=run,
        assignment=assignment.name,
        course=course,
        facts=facts(assignment, hidden=setup.hidden),
        device=options.device,
        data=options.data,
        seed=options.seed,
        secret=options.secret,
        skip_scored=options.skip_scored,
        isolation=setup.isolation,
        cores=setup.cores,
        hidden=setup.hidden,
        private=tuple(map(str, (*assignment.private_folders, *setup.private))),
    )


def read_request(data: bytes) -> Request:
    """Return the request that ``Request.to_json`` wrote."""
    return Request(**json.loads(data))


def check_compatible(data: bytes, sent: Path | None = None) -> Setup:
    """Return the setup for a grader process here. ``sent`` is the root of the course that the request names, if here.

    Raises Incompatible with all reasons against it, or else NeedsCourse: a machine that would refuse in any case
    receives no hidden checks.
    """
    request = read_request(data)
    reasons, isolation = [], request.isolation
    try:
        isolation = choose(request.isolation)
    except NoIsolation as reason:
        reasons.append(str(reason))
    engine = engine_facts(torch="torch" in request.facts)
    reasons += _differences({what: wanted for what, wanted in request.facts.items() if what in engine}, engine)
    own = os.environ.get(COURSE)
    if not own and sent is None and not reasons:
        raise NeedsCourse(f"It lacks the course of {request.assignment}.")
    if course := own or sent:
        try:
            assignment = read_assignment(Path(course, "assignments", request.assignment))
            here = course_facts(assignment, hidden=request.hidden)
            reasons += _differences(
                {what: wanted for what, wanted in request.facts.items() if what not in engine}, here
            )
            reasons += _installed_instead(assignment.course)
        except (BadManifest, BadCourse) as reason:
            advice = f" Its {COURSE} must name the course's folder there, or be unset." if own else ""
            reasons.append(f"{reason}{advice}")
    if reasons:
        raise Incompatible(" ".join(reasons))
    asked = {name: getattr(request, name) for name in ("device", "data", "seed", "secret", "skip_scored")}
    options = Options(**asked)
    private = tuple(map(Path, request.private))
    return Setup(assignment.folder, options, isolation, cores=request.cores, hidden=request.hidden, private=private)


def facts(assignment: Assignment, *, hidden: bool = True) -> dict[str, str]:
    """Return what must be equal on two machines for equal marks."""
    return {
        **engine_facts(torch=assignment.arrays == "torch"),
        **course_facts(assignment, hidden=hidden),
    }


def code_facts(assignment: Assignment) -> dict[str, str]:
    """Return the part of the facts that does not depend on the checks. Torch counts where the assignment allows it."""
    return {**engine_facts(torch=assignment.arrays == "torch"), **_shared_facts(assignment.course)}


def engine_facts(*, torch: bool) -> dict[str, str]:
    """Return the part of the facts that does not depend on the course, with the version of torch if it counts."""
    packages = ("torch", "numpy") if torch else ("numpy",)
    return {
        "gradlab": __version__,
        **{name: _version(name) for name in packages},
        "Python": ".".join(platform.python_version_tuple()[:2]),
        "gradlab code": _digest(_code())[:12],
    }


def course_facts(assignment: Assignment, *, hidden: bool = True) -> dict[str, str]:
    """Return the part of the facts that a course decides. Raises BadCourse or BadManifest."""
    digest = grading_digest(assignment, hidden=hidden)[:12]
    return {**_shared_facts(assignment.course), f"digest of {assignment.name}'s checks": digest}


def _shared_facts(course: Course) -> dict[str, str]:
    """Return the digests of all that a course gives to students' code. Raises BadCourse."""
    folders = shared_with_hand_ins(course)
    return {f"shared package {name}": _digest(_files(name, folder))[:12] for name, folder in folders.items()}


def _differences(wanted: Mapping[str, str], here: Mapping[str, str]) -> list[str]:
    """Return a sentence for each fact of this machine that is not as wanted."""
    return [
        f"Its {what} is {here.get(what, 'missing')} instead of {value}."
        for what, value in wanted.items()
        if here.get(what) != value
    ]


def _installed_instead(course: Course) -> list[str]:
    """Return a sentence for each shared package of which the grader would import another, which is installed."""
    sentences = []
    for name, folder in course.shared_folders().items():
        spec = PathFinder.find_spec(name, [*sys.path, str(folder.parent)])
        places = (spec and spec.submodule_search_locations) or []
        found = next(map(Path, places), folder).resolve()
        if found != folder.resolve() and _digest(_files(name, found)) != _digest(_files(name, folder)):
            sentences.append(f"{found} has another version of the shared package {name}. Remove it there.")
    return sentences


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
    for path in public_files(folder):
        yield f"{name}/{path.relative_to(folder).as_posix()}", path
