"""A teacher's way: publish the course, grade a class of ten, and hand feedback back.

    python .ci/teacher.py [--isolation none]     with the gradlab of the Python that runs this

Ends with an error if a command does not do what the pages for instructors promise. The class is invented: its work is
the reference, the handout, and a half of the reference.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAME = "a01_knn"
STUDENTS = ("Ada Lovelace", "Alan Turing", "Barbara Liskov", "Donald Knuth", "Edsger Dijkstra")
STUDENTS += ("Grace Hopper", "Ken Thompson", "Katherine Johnson", "Radia Perlman", "Zoë Müller")


def main() -> None:
    """Publish, grade, export."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--isolation", default="auto", help="as gradlab grade has it")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary).resolve()
        gradlab("publish", folder / "course", NAME)
        handout = folder / "course" / "assignments" / NAME
        assert not list((folder / "course").rglob("*_hidden.py"))
        shown = gradlab("publish", folder / "course", NAME)
        assert "0 new files, 0 updated, 0 removed" in shown, shown
        hand_in(folder, handout)
        results = folder / "results"
        grading = ["grade", folder / "download.zip", "--assignment", NAME, "--out", results, "--workers", "1"]
        gradlab(*grading, "--roster", folder / "roster.csv", "--isolation", asked.isolation, code=1)
        points = {row["student"]: row["points"] for row in read(results / "gradebook.csv")}
        assert len(points) == len(STUDENTS), points
        assert points["s0"] == "100", points
        assert points["s1"] == "0", points
        give_back(folder, results)
    print(f"Published, graded and handed back: {len(STUDENTS)} students.")


def hand_in(folder: Path, handout: Path) -> None:
    """Write the class's hand-ins as Moodle's download, and the roster."""
    solution = (ROOT / "solutions" / NAME / "knn.py").read_text(encoding="utf-8")
    stub = (handout / "knn.ipynb").read_text(encoding="utf-8")
    half = solution.replace("### BEGIN SOLUTION", "raise NotImplementedError()\n    ### BEGIN SOLUTION", 1)
    works = [("knn.py", solution), ("knn.ipynb", stub), ("knn.py", half)]
    with zipfile.ZipFile(folder / "download.zip", "w") as archive:
        for number, student in enumerate(STUDENTS):
            name, text = works[number % len(works)]
            archive.writestr(f"{student}_{100 + number}_assignsubmission_file_/{name}", text)
    with open(folder / "roster.csv", "w", encoding="utf-8", newline="") as file:
        rows = [(f"s{number}", student, f"s{number}@example.org") for number, student in enumerate(STUDENTS)]
        csv.writer(file).writerows([("id", "name", "email"), *rows])


def give_back(folder: Path, results: Path) -> None:
    """Write the feedback for Moodle and as e-mails, and look for what students must not see."""
    gradlab("export", "feedback", results, "--for", "moodle", "--out", folder / "feedback.zip")
    with zipfile.ZipFile(folder / "feedback.zip") as archive:
        pages = {name: archive.read(name).decode() for name in archive.namelist()}
    expected = {f"{s}_{100 + n}_assignsubmission_file_/{NAME}.html" for n, s in enumerate(STUDENTS)}
    assert set(pages) == expected, set(pages) ^ expected
    report = json.loads((results / "s2" / "report.json").read_text(encoding="utf-8"))
    secrets = [check["message"] for check in report["checks"] if check["hidden"] and len(check["message"]) > 40]
    public = "".join(check["message"] for check in report["checks"] if not check["hidden"])
    page = pages[f"{STUDENTS[2]}_102_assignsubmission_file_/{NAME}.html"]
    assert not [text for text in secrets if text in page and text not in public]
    mails = ["--for", "mail", "--roster", folder / "roster.csv", "--out", folder / "mails"]
    gradlab("export", "feedback", results, *mails)
    assert len(list((folder / "mails").glob("*.eml"))) == len(STUDENTS)


def read(path: Path) -> list[dict[str, str]]:
    """Read a CSV file."""
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def gradlab(*words: object, code: int = 0) -> str:
    """Run a command in the checkout, show it, require its exit code, and return what it printed."""
    print("$ gradlab", *words, flush=True)
    command = [sys.executable, "-m", "autograder", *(str(word) for word in words)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", errors="replace")
    shown: str = done.stdout + done.stderr
    if done.returncode != code:
        sys.exit(f"{shown}\nExit code {done.returncode}, not {code}.")
    return shown


if __name__ == "__main__":
    main()
