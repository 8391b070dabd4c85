"""Submissions with similar code, found by winnowed fingerprints (copydetect): for a person to look at, not a verdict.

Names, comments and layout do not count. Neither does the handout's code, nor code that many submissions share.
"""

from __future__ import annotations

import csv
import io
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from itertools import combinations
from pathlib import Path
from typing import Any

from autograder.core.assignment import Assignment
from autograder.core.class_records import SimilarPair
from autograder.core.errors import GradlabError
from autograder.render.gradebook_csv import cell
from autograder.submissions.submission import BadSubmission, open_submission

LENGTH = 25  # characters of filtered code that one fingerprint covers
WINDOW = 6  # one of so many fingerprints in a row is stored, so a copy of LENGTH + WINDOW - 1 characters is found
MAX_CODE = 200_000  # characters of a submission that are compared
LITTLE = 60  # characters of filtered code; fewer in common mean nothing
FEW, MANY = 10, 200  # code in more than a quarter of the submissions is common; these bound that number


class NoDetector(GradlabError):
    """copydetect is not installed. Written for staff."""


class OtherAssignment(GradlabError):
    """The results belong to another assignment than the one named. Written for staff."""


@dataclass(frozen=True)
class Similarities:
    """The result of a search."""

    pairs: tuple[SimilarPair, ...]  # the most similar first
    skipped: tuple[tuple[str, str], ...]  # the students who could not be compared, and why


def find_similar(
    handins: Mapping[str, Path],
    assignment: Assignment,
    *,
    threshold: float = 0.6,
    progress: Callable[[str], None] = lambda text: None,
) -> Similarities:
    """Compare all submissions with each other. A group's submission is compared once, under all names.

    ``threshold`` is a share of the code of the smaller submission.
    """
    fingerprint = _fingerprinter(_handout(assignment))
    people: dict[Path, list[str]] = defaultdict(list)
    for student, path in sorted(handins.items()):
        people[path].append(student)
    prints: dict[str, _Prints] = {}
    skipped = []
    for number, (path, students) in enumerate(people.items(), start=1):
        progress(f"reading {number:,} of {len(people):,}")
        who = ", ".join(students)
        try:
            submission = open_submission(path, assignment)
        except BadSubmission as problem:
            skipped.append((who, str(problem)))
            continue
        files = submission.files
        found = fingerprint("\n".join(files[name] for name in assignment.files if name in files))
        if found.hashes:
            prints[who] = found
        else:
            unreadable = " ".join(remark.text for remark in submission.remarks if remark.kind == "unreadable")
            skipped.append((who, unreadable or "It contains no code of its own."))
    progress("comparing")
    return Similarities(tuple(_pairs(prints, threshold)), tuple(skipped))


def require_same_assignment(facts: Mapping[str, Any] | None, assignment: Assignment, results: Path) -> None:
    """Raise OtherAssignment if ``facts``, from the journal of ``results``, name another assignment."""
    if facts and facts["name"] != assignment.name:
        raise OtherAssignment(
            f"{results} contains the results of {facts['name']}, not of {assignment.name}. Nothing was compared."
        )


def similar_csv(pairs: Iterable[SimilarPair]) -> str:
    """Return the list as CSV for a spreadsheet."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("one", "other", "share_of_one", "share_of_other"))
    for pair in pairs:
        writer.writerow((cell(pair.one), cell(pair.other), f"{pair.share_of_one:.2f}", f"{pair.share_of_other:.2f}"))
    return file.getvalue()


def _pairs(prints: Mapping[str, _Prints], threshold: float) -> list[SimilarPair]:
    from copydetect import compare_files

    _drop_common(prints)
    owners: dict[int, list[str]] = defaultdict(list)
    for student, found in prints.items():
        for value in found.hashes:
            owners[value].append(student)
    shared = Counter(pair for students in owners.values() for pair in combinations(students, 2))
    pairs = []
    for (one, other), count in shared.items():
        if count < threshold / 2 * min(len(prints[one].hashes), len(prints[other].hashes)):
            continue
        overlap, shares, _ = compare_files(prints[one], prints[other])
        if max(shares) >= threshold and overlap >= LITTLE:
            pairs.append(SimilarPair(one, other, *(min(1.0, float(share)) for share in shares)))
    return sorted(pairs, key=lambda pair: (-(pair.share_of_one + pair.share_of_other), pair.one, pair.other))


def _drop_common(prints: Mapping[str, _Prints]) -> None:
    limit = max(FEW, min(MANY, len(prints) // 4))
    counts = Counter(value for found in prints.values() for value in found.hashes)
    common = {value for value, count in counts.items() if count > limit}
    for found in prints.values():
        _drop(found, common)


@dataclass
class _Prints:
    """A file's fingerprints, in the form that copydetect compares."""

    filtered_code: str
    offsets: Any
    hashes: set[int]
    hash_idx: dict[int, list[int]]  # where each is
    k: int = LENGTH
    token_coverage: int = 1


def _fingerprinter(handout: str) -> Callable[[str], _Prints]:
    try:
        import copydetect  # noqa: F401
    except ImportError:
        install = "pip install -c constraints.txt -e '.[similar]'"
        raise NoDetector(f"This needs copydetect. Run in the folder of the course: {install}") from None
    # Window 1 keeps every fingerprint of the handout: which of them a student's file has depends on the code around.
    ours = _prints(handout, 1).hashes

    def fingerprint(source: str) -> _Prints:
        found = _prints(source[:MAX_CODE], WINDOW)
        _drop(found, ours)
        return found

    return fingerprint


def _prints(source: str, window: int) -> _Prints:
    """Return the fingerprints of a text. copydetect makes its own with hash(), which differs between processes."""
    import numpy
    from copydetect.utils import filter_code, winnow

    code, offsets = filter_code(source, "handin.py")
    data = code.encode("utf-32-le", "surrogatepass")  # 4 bytes a character
    starts = range(0, len(data) - 4 * LENGTH + 1, 4)
    values = [int.from_bytes(blake2b(data[at : at + 4 * LENGTH], digest_size=6).digest()) for at in starts]
    where: dict[int, list[int]] = defaultdict(list)
    if values:
        kept, places = winnow(numpy.array(values), window, remove_duplicates=False)
        for value, place in zip(kept.tolist(), places.tolist(), strict=True):
            where[value].append(place)
    return _Prints(code, offsets, set(where), dict(where))


def _drop(found: _Prints, values: set[int]) -> None:
    """Remove fingerprints from a file, as if their code did not exist."""
    from copydetect.utils import get_token_coverage

    found.hashes = found.hashes - values
    found.hash_idx = {value: places for value, places in found.hash_idx.items() if value in found.hashes}
    found.token_coverage = max(1, get_token_coverage(found.hash_idx, found.k, len(found.filtered_code)))


def _handout(assignment: Assignment) -> str:
    """Return everything students were given: stubs and checks, as written, in notebooks and as a submission."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(assignment.folder.glob("*.py"))]
    for path in sorted(assignment.folder.glob("*.ipynb")):
        texts.append(_code_cells(path))
    with suppress(BadSubmission):  # opening a submission removes the lines that no task needs, so do the same here
        texts += open_submission(assignment.folder, assignment).files.values()
    return "\n".join(texts)


def _code_cells(path: Path) -> str:
    from autograder.submissions.ipynb import read_cells

    try:
        cells, _ = read_cells(path.read_bytes(), path.name)
    except BadSubmission:
        return ""
    return "\n".join(found.source for found in cells)
