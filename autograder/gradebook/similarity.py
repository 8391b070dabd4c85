"""Submissions with similar code, found by winnowed fingerprints (copydetect): for a person to look at, not a verdict.

Names, comments and layout do not count. Neither does the handout's code, nor code that many submissions share. Exact
copies (exact_copies.py) are grouped, however many there are, and stand for one submission among the pairs.
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
from math import floor
from pathlib import Path
from typing import Any

from autograder.core.assignment import Assignment
from autograder.core.class_records import CopyGroup, SimilarPair
from autograder.core.errors import GradlabError
from autograder.core.extras import how_to_install
from autograder.core.language import say
from autograder.core.message import Message, name_list
from autograder.gradebook.exact_copies import SOLUTION, Functions, find_copies, own_functions, same_code
from autograder.render.gradebook_csv import cell
from autograder.submissions.submission import BadSubmission, open_submission

LENGTH = 25  # characters of filtered code that one fingerprint covers
WINDOW = 6  # one of so many fingerprints in a row is stored, so a copy of LENGTH + WINDOW - 1 characters is found
MAX_CODE = 200_000  # characters of a submission that are compared
LITTLE = 60  # characters of filtered code; fewer in common mean nothing
MOSTLY_SOLUTION = 0.8  # share of a submission that the course's solution must contain to be listed
FEW, MANY = 10, 200  # code in more than a quarter of the submissions is common; these bound that number


class NoDetector(GradlabError):
    """copydetect is not installed. Written for staff."""


class OtherAssignment(GradlabError):
    """The results belong to another assignment than the one named. Written for staff."""


@dataclass(frozen=True)
class Similarities:
    """The result of a search."""

    pairs: tuple[SimilarPair, ...]  # the most similar first; of exact copies only the first one
    copies: tuple[CopyGroup, ...]  # those with most in common first
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
    given = [own_functions(text) for text in _scripts(assignment.folder, assignment)]
    people: dict[Path, list[str]] = defaultdict(list)
    for student, path in sorted(handins.items()):
        people[path].append(student)
    prints: dict[str, _Prints] = {}
    functions: dict[str, Functions] = {}
    skipped = []
    for number, (path, students) in enumerate(people.items(), start=1):
        progress(say("reading {number:,} of {all:,}", number=number, all=len(people)))
        who = name_list(students)
        try:
            submission = open_submission(path, assignment)
        except BadSubmission as problem:
            skipped.append((who, problem.args[0]))
            continue
        files = submission.files
        text = "\n".join(files[name] for name in assignment.files if name in files)
        found = fingerprint(text)
        if found.hashes:
            prints[who], functions[who] = found, own_functions(text, given)
        else:
            unreadable = " ".join(remark.text for remark in submission.remarks if remark.kind == "unreadable")
            skipped.append((who, unreadable or Message("It contains no code of its own.")))
    progress(say("comparing"))
    solution = "\n".join(_scripts(assignment.solutions, assignment))
    copies = find_copies({**functions, **({SOLUTION: own_functions(solution, given)} if solution else {})})
    different = _without_copies(prints, functions)
    pairs = [*_like_solution(different, fingerprint(solution)), *_pairs(different, threshold)]
    own = {**functions, SOLUTION: own_functions(solution, given)}
    pairs = [pair for pair in pairs if not _is_listed(pair, copies, own)]
    return Similarities(tuple(pairs), tuple(copies), tuple(skipped))


def require_same_assignment(facts: Mapping[str, Any] | None, assignment: Assignment, results: Path) -> None:
    """Raise OtherAssignment if ``facts``, from the journal of ``results``, name another assignment."""
    if facts and facts["name"] != assignment.name:
        raise OtherAssignment(
            Message(
                "{results} contains the results of {facts}, not of {assignment}. Nothing was compared.",
                results=results,
                facts=facts["name"],
                assignment=assignment.name,
            )
        )


def similar_csv(pairs: Iterable[SimilarPair]) -> str:
    """Return the list as CSV for a spreadsheet."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("one", "other", "share_of_one", "share_of_other"))
    for pair in pairs:
        writer.writerow((cell(pair.one), cell(pair.other), f"{pair.share_of_one:.2f}", f"{pair.share_of_other:.2f}"))
    return file.getvalue()


def copies_csv(groups: Iterable[CopyGroup]) -> str:
    """Return the groups of exact copies as CSV for a spreadsheet: one row per student."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("group", "student", "lines", "everything", "like_the_solution", "functions"))
    for number, group in enumerate(groups, start=1):
        facts = (group.lines, _yes(group.everything), _yes(group.solution), " ".join(group.functions))
        writer.writerows((number, cell(student), *facts) for student in group.students)
    return file.getvalue()


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _scripts(folder: Path, assignment: Assignment) -> list[str]:
    """Return the texts of the assignment's modules in a folder: the stubs or, for staff, the solutions."""
    return [(folder / name).read_text(encoding="utf-8") for name in assignment.files if (folder / name).is_file()]


def _is_listed(pair: SimilarPair, copies: Iterable[CopyGroup], own: Mapping[str, Functions]) -> bool:
    """Return whether groups of exact copies name both already, with at least half of the lines of one of them."""
    both = {pair.one, pair.other}
    groups = [group for group in copies if both <= {*group.students, *([SOLUTION] if group.solution else [])}]
    named = {name for group in groups for name in group.functions}
    smaller = min((own[who] for who in both), key=lambda functions: sum(f.lines for f in functions.values()))
    in_common = sum(function.lines for name, function in smaller.items() if name in named)
    return bool(named) and 2 * in_common >= sum(function.lines for function in smaller.values())


def _without_copies(prints: Mapping[str, _Prints], functions: Mapping[str, Functions]) -> dict[str, _Prints]:
    """Return the fingerprints without those of exact copies of an earlier submission."""
    seen: set[str] = set()
    different = {}
    for student, found in prints.items():
        code = same_code(functions[student])
        if not code or code not in seen:
            different[student] = found
            seen.add(code)
    return different


def _like_solution(prints: Mapping[str, _Prints], solution: _Prints) -> list[SimilarPair]:
    """Return the submissions that are mostly the course's solution, even if many submissions share that code."""
    from copydetect import compare_files

    pairs = []
    for student, found in prints.items():
        overlap, shares, _ = compare_files(found, solution)
        if shares[0] >= MOSTLY_SOLUTION and overlap >= LITTLE:
            pairs.append(_pair(student, SOLUTION, {**prints, SOLUTION: solution}, shares))
    return sorted(pairs, key=lambda pair: (-pair.share_of_one, pair.one))


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
            pairs.append(_pair(one, other, prints, shares))
    return sorted(pairs, key=lambda pair: (-(pair.share_of_one + pair.share_of_other), pair.one, pair.other))


def _pair(one: str, other: str, prints: Mapping[str, _Prints], shares: Iterable[float]) -> SimilarPair:
    """Return the pair with its shares rounded down: 1 says that the other one contains all of the code."""
    first, second = (prints[who].hashes for who in (one, other))
    most = (0.99 if first - second else 1.0, 0.99 if second - first else 1.0)
    one_share, other_share = (min(m, floor(100 * share + 1e-9) / 100) for m, share in zip(most, shares, strict=True))
    return SimilarPair(one, other, one_share, other_share)


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
        raise NoDetector(
            Message("This needs {missing}. {remedy}", missing="copydetect", remedy=how_to_install("similar"))
        ) from None
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
