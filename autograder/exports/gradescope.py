"""Gradescope: the autograder zip to upload, and the grading of one submission in its container.

Gradescope unpacks the zip to /autograder/source, runs setup.sh once to build an image, and for each submission runs
/autograder/run_autograder. That finds the hand-in in /autograder/submission and must write /autograder/results/
results.json (Gradescope's documented format: tests[] with score, status, visibility, output). Both scripts use paths
relative to themselves, so the whole can be tested in any folder.
"""

from __future__ import annotations

import json
import os
import shlex
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from autograder.core.assignment import Assignment
from autograder.core.copies import public_files
from autograder.core.course_file import ENGINE
from autograder.core.errors import GradlabError
from autograder.core.files import write_atomically
from autograder.core.language import reader, say, translate
from autograder.core.message import Message
from autograder.core.outputs import write_own_file
from autograder.core.report import Outcome, Report
from autograder.core.zips import make_zip
from autograder.gradebook.secret import NAME as SECRET
from autograder.gradebook.secret import new_secret, parse_secret
from autograder.render.text import clean
from autograder.render.translated import translated
from autograder.render.view import one_reason, student_view, without_repetition
from autograder.render.words import ONE_REASON, REFUSED
from autograder.runners.course_files import course_files
from autograder.runners.grader_process import GraderProcess, Job, Setup
from autograder.sandbox.isolation import NoIsolation, choose
from autograder.session.digests import has_hidden_checks
from autograder.session.options import Options
from autograder.session.verdict import hint_line, show

MOST = 10_000  # characters of one check's output
SEE_ABOVE = "See the reason above, which is the same for all checks."
NOT_GRADED = "This could not be graded. That is not your fault; staff have been notified."
SOME_NOT_GRADED = "Part of this could not be graded. That is not your fault; staff have been notified."

_ROOT = Path(__file__).resolve().parent.parent.parent

_SETUP = """\
#!/usr/bin/env bash
# Run once by Gradescope when it builds the image.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"
apt-get update -qq && apt-get install -qq -y python3 python3-venv bubblewrap
TORCH_INDEX=https://download.pytorch.org/whl/cpu bash .ci/install
"""
_REQUIREMENTS = ".venv/bin/python -m pip install --quiet -c constraints.txt {requirements}\n"

_RUN = """\
#!/usr/bin/env bash
# Run by Gradescope for each submission.
set -uo pipefail
root="$(dirname "$(readlink -f "$0")")"
cd "$root/source"
exec "${{GRADLAB_PYTHON:-.venv/bin/python}}" -m autograder gradescope {assignment} \\
  --submission "$root/submission" --results "$root/results/results.json"{options}
"""


def write_zip(
    assignment: Assignment,
    destination: Path,
    *,
    leaderboard: bool = False,
    public_only: bool = False,
    language: str = "",
) -> Path:
    """Write the zip for ``assignment``. It contains hidden checks and reference, so only Gradescope may have it.

    With ``leaderboard``, what scored checks measured is shown to the class under the name that each student chooses.
    Results are in ``language``; if that is empty, in the course's.

    A zip that is replaced gives its secret to the new one, so that the checks' inputs stay the same. Raises
    GradlabError if there are no hidden checks, unless ``public_only``.
    """
    if not public_only and not has_hidden_checks(assignment):
        raise GradlabError(
            Message(
                "{solutions} has no hidden checks, as in a student's copy. Run this in the course's own "
                "folder, or pass --public-only to let the public checks alone decide.",
                solutions=assignment.solutions,
            )
        )
    secret = _secret_of(destination) or new_secret()
    asked = (" --leaderboard" if leaderboard else "") + (f" --language {language}" if language else "")
    run = _RUN.format(assignment=assignment.name, options=asked)
    requirements = " ".join(map(shlex.quote, assignment.course.requirements))
    setup = _SETUP + (_REQUIREMENTS.format(requirements=requirements) if requirements else "")
    scripts = {"setup.sh": setup.encode(), "run_autograder": run.encode()}
    files = {**{name: path.read_bytes() for name, path in _sources(assignment)}, SECRET: f"{secret}\n".encode()}
    write_own_file(destination, make_zip({**files, **scripts}, executable=scripts), mode=0o600)
    return destination


def _secret_of(earlier: Path) -> str:
    """Return the secret in a zip that an earlier export wrote, or an empty text. Raises BadSecret."""
    try:
        with zipfile.ZipFile(earlier) as archive:
            return parse_secret(archive.read(SECRET).decode("utf-8", "replace"), f"{SECRET} in {earlier}")
    except (OSError, KeyError, zipfile.BadZipFile):
        return ""


def _sources(assignment: Assignment) -> Iterator[tuple[str, Path]]:
    """Yield the files of gradlab and of the course, each with its path in the zip."""
    for name in ("pyproject.toml", "constraints.txt", "README.md", "LICENSE", ".ci/install"):
        yield name, _ROOT / name
    for path in public_files(_ROOT / ENGINE):
        yield path.relative_to(_ROOT).as_posix(), path
    yield from course_files(assignment)


def grade_submission(
    assignment: Assignment, submission: Path, results: Path, *, isolation: str = "auto", leaderboard: bool = False
) -> bool:
    """Grade ``submission`` and always write ``results``, in the reader's language. Returns False if staff must look.

    A container often may not create namespaces. As root it can still run the hand-in as another user, who may read
    neither the solutions nor the results: isolation "user".
    """
    results.parent.mkdir(parents=True, exist_ok=True)
    try:
        secret = _ROOT / SECRET
        chosen = _choose(isolation, [assignment.solutions.parent, results.parent, secret])
        asked = Options(
            secret=parse_secret(secret.read_text(encoding="utf-8", errors="replace"), str(secret))
            if secret.exists()
            else ""
        )
        private = (submission.resolve(), results.parent.resolve())
        grader = GraderProcess(Setup(assignment.folder, asked, chosen, private=private))
        try:
            report = grader.grade(Job("submission", submission))
        finally:
            grader.close()
    except Exception as error:  # Gradescope shows students a stack trace when there is no results.json
        message = translate(NOT_GRADED)
        extra = {"error": str(error)}
        table = {"score": 0, "output": message, "stdout_visibility": "hidden", "extra_data": extra, "tests": []}
        write_atomically(results, json.dumps(table, ensure_ascii=False))
        return False
    write_atomically(results, results_json(report, leaderboard=leaderboard))
    return not report.needs_staff


def _choose(isolation: str, private: Sequence[Path]) -> str:
    """Return the isolation to use. Where it is "user", make ``private`` readable for this user only."""
    try:
        if isolation != "user":
            return choose(isolation)
    except NoIsolation:
        if isolation != "auto" or os.geteuid() != 0:
            raise
    for path in filter(Path.exists, private):
        path.chmod(0o700 if path.is_dir() else 0o600)
    return choose("user", one_hand_in=True)


def results_json(report: Report, *, leaderboard: bool = False) -> str:
    """Return the content of results.json in the reader's language, with English keys.

    Of hidden checks it shows what the course lets students see.

    With ``leaderboard``, it has the points and what scored checks measured, also hidden ones.
    """
    to = reader()
    report = translated(report, to)
    full = student_view(report)
    one = full.checks[0] if one_reason(report) and full.checks[0].message else None
    view = without_repetition(full, one)
    numbers = {task.name: index for index, task in enumerate(view.tasks, start=1)}
    counts = dict.fromkeys(numbers, 0)
    tests = []
    for check in view.checks:
        counts[check.task] += 1
        passed = check.outcome is Outcome.PASSED
        tests.append(
            {
                "name": clean(check.title),
                "number": f"{numbers[check.task]}.{counts[check.task]}",
                "score": check.points,
                "max_score": check.max_points,
                "status": "passed" if passed else "failed",
                "output": "" if passed else translate(SEE_ABOVE) if one else clean(show(check, to), limit=MOST),
                "output_format": "text",
                "tags": [check.task],
                "visibility": "visible",
            }
        )
    notes = [clean(note) for note in view.notes]
    if one:
        words = "\n".join([one.message, *([hint_line(one.hint, to)] if one.hint else [])])
        notes.append(f"{translate(REFUSED if report.refusal else ONE_REASON)}\n{clean(words, limit=MOST)}")
    if report.needs_staff:
        notes.append(translate(SOME_NOT_GRADED))
    table = {
        "score": report.points,
        "output": "\n".join(notes),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "execution_time": round(sum(check.seconds for check in report.checks)),
        "extra_data": {
            "assignment_version": report.version,
            "grader": report.grader,
            "checks": report.checks_digest,
            "wall": report.isolation,
            "needs_staff": report.needs_staff,
        },
        "tests": tests,
        **({"leaderboard": _leaderboard(report)} if leaderboard else {}),
    }
    return json.dumps(table, indent=1, ensure_ascii=False) + "\n"


def _leaderboard(report: Report) -> list[dict[str, str | float]]:
    """Return a column for the points and one for each number that a scored check measured."""
    titles = {task.name: task.title for task in report.tasks}
    columns: list[dict[str, str | float]] = [{"name": say("Points"), "value": report.points}]
    for check in report.checks:
        for score in check.scores:
            title = titles.get(check.task, check.task)
            name = clean(say("{title}: {text}", title=title, text=translate(score.name)))
            order = {} if score.higher_is_better else {"order": "asc"}
            columns.append({"name": name, "value": score.value, **order})
    return columns
