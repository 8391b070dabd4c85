"""Sample reports for the views: one of each kind, and a whole class. Deterministic."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from autograder.core.report import Cause, CheckResult, Outcome, Remark, Report, TaskResult

TASKS = (
    ("compute_distances_two_loops", "Distances with two loops", 15),
    ("compute_distances_no_loops", "Distances without a loop", 25),
    ("predict_labels", "Majority vote", 25),
    ("KnnClassifier.predict", "The classifier", 15),
    ("knn_cross_validate", "Cross-validation", 20),
)
# task, title, points, hidden
CHECKS = (
    (0, "Distances agree with a plain double loop on images of odd sizes.", 6, False),
    (0, "The inputs are left as they were.", 3, False),
    (0, "Equal images are at distance 0, not nan.", 6, True),
    (1, "Distances agree with torch's own on images that are not square.", 8, False),
    (1, "No Python loop and no call of torch.cdist.", 5, False),
    (1, "Memory stays below that of all pairwise differences.", 6, True),
    (1, "Ten thousand training images fit into the time limit.", 6, True),
    (2, "The most common label among the k nearest wins.", 10, False),
    (2, "A tie goes to the smallest label.", 8, False),
    (2, "Labels come back as int64, one per test image.", 7, True),
    (3, "The classifier predicts what its neighbours say.", 9, False),
    (3, "Accuracy on the scenes is above what chance gives.", 6, True),
    (4, "Each fold is held out once.", 12, False),
    (4, "Any number of folds works, not only five.", 8, True),
)
WRONG = (
    "compute_distances_no_loops(f64[7,3,5,4], f64[4,3,5,4]) returned f64[7,4]\n"
    "28 of 28 values differ by more than 1e-06 + 1e-05*|expected|; first at [0,0]: expected 10.4, got 108"
)
ERROR = (
    "predict_labels(f64[7,4], i64[7], k=3) raised IndexError\n"
    '  File "knn.py", line 88, in predict_labels\n    y_pred[i] = torch.bincount(closest).argmax(dim=1)\n'
    "IndexError: Dimension out of range (expected to be in range of [-1, 0], but got 1)"
)


def perfect(student: str = "Ada Lovelace", **changes: object) -> Report:
    """All checks passed."""
    checks = tuple(
        CheckResult(
            id=f"check_knn_votes{'_hidden' if hidden else ''}.py::check_{number}",
            task=TASKS[task][0],
            title=title,
            hidden=hidden,
            points=points,
            max_points=points,
            outcome=Outcome.PASSED,
            seconds=0.02 + 0.03 * number,
        )
        for number, (task, title, points, hidden) in enumerate(CHECKS)
    )
    report = Report(
        assignment="a01_knn",
        title="k nearest neighbours",
        version="1.0",
        grader="0.1.0",
        student=student,
        submission="5f1d7a84db00d2fce00b31a7fc73224f19a6e5f3f4f6a1f86a7a3b1b6a8b5d21",
        checks_digest="9b2e0c3a5d8f41e7a6c4b2d0e8f6a4c2b0d8e6f4a2c0b8d6e4f2a0c8b6d4e2f0",
        device="cpu",
        data="scenes",
        seed=20261120,
        isolation="bubblewrap",
        checks=checks,
        tasks=(),
    )
    return with_checks(replace(report, **changes), checks)  # type: ignore[arg-type]


def with_checks(report: Report, checks: tuple[CheckResult, ...]) -> Report:
    """Return the report with these checks, and the sums of its tasks."""
    tasks = tuple(
        TaskResult(name, title, sum(check.points for check in checks if check.task == name), most)
        for name, title, most in TASKS
    )
    return replace(report, checks=checks, tasks=tasks)


def spoilt(report: Report, **checks: dict[str, object]) -> Report:
    """Return the report with some checks changed: ``c3={"cause": Cause.WRONG, ...}`` fails check number 3."""
    rows = list(report.checks)
    for key, changes in checks.items():
        number = int(key[1:])
        outcome = Outcome.BROKEN if changes.get("cause") is Cause.BROKEN else Outcome.FAILED
        rows[number] = replace(rows[number], **{"points": 0, "outcome": outcome, **changes})  # type: ignore[arg-type]
    return with_checks(report, tuple(rows))


def refused(student: str = "Damaged") -> Report:
    """A hand-in that could not be opened: no check was run."""
    why = "handin.zip is damaged or not a zip (File is not a zip file). Please create the zip again."
    facts: dict[str, object] = {"cause": Cause.ERROR, "message": why, "seconds": 0.0}
    return spoilt(perfect(student, notes=(why,), submission=""), **{f"c{n}": facts for n in range(len(CHECKS))})


def not_imported(student: str = "Imports what is not there") -> Report:
    """Every check meets the same error."""
    why = "knn.py could not be imported. ModuleNotFoundError: No module named 'jax'\n  knn.py, line 1: import jax"
    facts: dict[str, object] = {"cause": Cause.ERROR, "message": why, "hint": "Leave it out.", "output": "started\n"}
    return spoilt(perfect(student), **{f"c{n}": facts for n in range(len(CHECKS))})


def not_loaded(student: str = "Imports a table") -> Report:
    """A package that is not allowed: two tasks need it, and a third has a wrong answer."""
    place = "cell 3, line 1"
    message = (
        "predict_labels(f64[7,4], i64[7], k=3)\nNameError: name 'pd' is not defined\n"
        "  cell 24, line 10, in predict_labels: pd.Series([1])\n"
        f"  {place} did not run: ImportError: pandas is not a package that this assignment allows."
    )
    facts: dict[str, object] = {"cause": Cause.NOT_LOADED, "message": message}
    report = spoilt(
        perfect(student), **{f"c{n}": facts for n in (7, 8, 9, 10, 11)}, c3={"cause": Cause.WRONG, "message": WRONG}
    )
    remark = Remark("import", f"{place}: this assignment does not allow the package pandas.", "Use only torch.")
    return replace(report, notes=("2 cells had no id.", str(remark)), remarks=(remark,))


def renamed(student: str = "Copy") -> Report:
    """All points, from a file with another name."""
    remark = Remark("renamed", "knn (1).ipynb was graded as knn.ipynb.", "Rename it to knn.ipynb.")
    return perfect(student, notes=(str(remark),), remarks=(remark,))


def mixed(student: str = "Grace Hopper") -> Report:
    """One check per cause, output, notes, a broken check; graded without isolation."""
    printed = "\n".join(f"epoch {epoch:2}  loss {2.3 / (epoch + 1):.4f}  accuracy {10 + epoch}" for epoch in range(12))
    report = spoilt(
        perfect(student, isolation="none"),
        c2={
            "cause": Cause.WRONG,
            "hint": "Square roots of small negative numbers are nan: clamp first.",
            "message": WRONG,
        },
        c3={
            "cause": Cause.WRONG,
            "message": WRONG,
            "hint": "These are squared distances; take the root.",
            "output": printed + "\n",
            "seconds": 0.13,
        },
        c4={
            "cause": Cause.FORBIDDEN,
            "message": "knn.py, line 61: torch.cdist is not allowed in compute_distances_no_loops.",
        },
        c6={"cause": Cause.TIMEOUT, "message": "No answer within 10 s.", "seconds": 10.0},
        c7={"cause": Cause.ERROR, "message": ERROR, "output": "tensor([0, 3, 1])\n"},
        c9={"cause": Cause.BROKEN, "message": "KeyError: 'labels' in check_knn_votes_hidden.py, line 40"},
        **{
            f"c{number}": {"cause": Cause.NOT_WRITTEN, "message": "knn_cross_validate is not written yet."}
            for number in (12, 13)
        },
    )
    return replace(
        report, notes=("knn.py equals the released file and was ignored; knn.ipynb was graded.", "2 cells had no id.")
    )


def stub(student: str = "Blank Page") -> Report:
    """Nothing written."""
    report = perfect(student)
    changes = {
        f"c{number}": {"cause": Cause.NOT_WRITTEN, "message": f"{check.task} is not written yet."}
        for number, check in enumerate(report.checks)
    }
    return spoilt(report, **changes)


def public_only() -> Report:
    """The report of `gradlab check` on a student's machine."""
    report = perfect("you", isolation="none")
    return with_checks(report, tuple(check for check in report.checks if not check.hidden))


NASTY = (
    "<script>alert(1)</script><img src=x onerror=alert(2)></pre></title></style>\"' onmouseover='x' {{7*7}} {% raw %}"
    "[bold red]markup[/] [/] :smile: \x1b[31mred\x1b[0m \x1b]8;;http://evil.example\x07link\x1b]8;;\x07 \x9b2J"
    "\u202egnp.exe\u202c \u2066x\u2069 \x00 \ud800 \udfff \ufeff \uffff \x08\x7f \r\n second\rthird"
    "\u2028fourth \U000e0041"
)


def hostile() -> Report:
    """Every string is an attack, and as long as a student could make it."""
    flood = NASTY + "A" * 1_000_000 + "\n" * 10_000 + "e" + "\u0301" * 50
    report = mixed(NASTY)
    checks = tuple(
        replace(check, id=f"{check.id}{NASTY}", title=NASTY, message=flood, hint=NASTY, output=flood)
        for check in report.checks
    )
    tasks = tuple(replace(task, title=NASTY) for task in report.tasks)
    texts = dict.fromkeys(
        ("assignment", "title", "version", "grader", "device", "data", "submission", "checks_digest"), NASTY
    )
    return replace(report, checks=checks, tasks=tasks, notes=(NASTY, flood), isolation=NASTY, **texts)  # type: ignore[arg-type]


FIRST = ("Ada", "Grace", "Alan", "Edsger", "Barbara", "Katherine", "Radia", "Donald", "Frances", "Lynn", "Margaret")
LAST = ("Lovelace", "Hopper", "Turing", "Dijkstra", "Liskov", "Johnson", "Perlman", "Knuth", "Allen", "Conway", "Øster")


def classroom(number: int, seed: int = 7) -> list[Report]:
    """A class with plausible marks."""
    random, reports = Random(seed), []
    for index in range(number):
        report = perfect(f"{random.choice(FIRST)} {random.choice(LAST)} {index}")
        skill, changes = random.betavariate(4, 1.6), {}
        for place in range(len(report.checks)):
            if random.random() > skill + 0.25 - 0.035 * place:
                hint = "These are squared distances; take the root." if place == 3 else ""
                cause = random.choice([Cause.WRONG] * 6 + [Cause.ERROR] * 2 + [Cause.TIMEOUT, Cause.NOT_WRITTEN])
                changes[f"c{place}"] = {"cause": cause, "message": WRONG, "hint": hint, "seconds": random.random()}
        if random.random() < 0.02:
            changes["c9"] = {
                "cause": Cause.BROKEN,
                "message": "KeyError: 'labels' in check_knn_votes_hidden.py, line 40",
            }
        reports.append(spoilt(report, **changes))
    return reports
