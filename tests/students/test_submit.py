"""A student copies the course, updates the copy, and creates a zip that can be graded."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

from autograder.cli.app import main
from autograder.core.assignment import BadManifest
from autograder.core.language import speaking, translator
from autograder.students.start import start
from autograder.students.submit import check_zip, describe, submit, to_json
from autograder.submissions.submission import BadSubmission, open_submission
from tests.support.course import NAME, STUB, WRITTEN, as_notebook, make_course
from tests.support.handins import MOMENT, hand_in

pytestmark = pytest.mark.slow

DOCS = Path(__file__).resolve().parents[2] / "docs"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    assignment = make_course(tmp_path / "course")
    (assignment.folder / "tiny.py").write_text(STUB)
    (assignment.folder / "tiny.ipynb").write_bytes(as_notebook(STUB))
    (assignment.folder / "__pycache__").mkdir()
    (assignment.folder / "__pycache__" / "x.pyc").write_bytes(b"")
    (assignment.folder / ".ipynb_checkpoints").mkdir()
    return tmp_path / "course"


@pytest.fixture
def work(root: Path, tmp_path: Path) -> Path:
    start(tmp_path / "work", root)
    return tmp_path / "work" / NAME


def test_start_copies_what_students_need_and_nothing_else(root: Path, tmp_path: Path) -> None:
    lines = start(tmp_path / "work", root)
    names = sorted(path.name for path in (tmp_path / "work" / NAME).iterdir())
    assert names == ["README.md", "assignment.toml", "check_tiny.py", "tiny.ipynb", "tiny.py"]
    assert lines == [f"{tmp_path / 'work' / NAME}: 5 new files."]
    assert not (tmp_path / "work" / "solutions").exists()


def test_starting_again_updates_all_files_but_the_edited_ones(root: Path, work: Path) -> None:
    (work / "tiny.py").write_text(WRITTEN)
    (work / "notes.txt").write_text("mine")
    course = root / "assignments" / NAME
    for name in ("tiny.py", "check_tiny.py"):
        (course / name).write_text((course / name).read_text() + "# repaired\n")
    lines = start(work.parent, root, [NAME])
    assert lines == [
        f"Updated {work / 'check_tiny.py'}.",
        f"Not updated: {work / 'tiny.py'}, because you edited it.",
        f"{work}: 0 new files, 1 edited file not updated.",
    ]
    assert (work / "tiny.py").read_text() == WRITTEN
    assert "# repaired" in (work / "check_tiny.py").read_text()
    assert start(work.parent, root)[-1] == f"{work}: 0 new files, 1 edited file not updated."
    (work / "tiny.py").unlink()
    assert start(work.parent, root) == [f"{work}: 1 new file."]


def test_without_its_record_start_overwrites_nothing(root: Path, work: Path) -> None:
    (work.parent / ".gradlab.json").write_text("[broken")
    course = root / "assignments" / NAME
    (course / "check_tiny.py").write_text("# repaired\n")
    assert "Not updated" in start(work.parent, root)[0]


def test_start_accepts_the_number_or_a_module(root: Path, tmp_path: Path) -> None:
    for place, name in enumerate((NAME.partition("_")[0], "tiny")):
        assert start(tmp_path / str(place), root, [name])[0].startswith(str(tmp_path / str(place) / NAME))


def test_start_lists_the_assignments_when_asked_for_an_unknown_one(root: Path, tmp_path: Path) -> None:
    for name in ("a99", "../course", "."):
        with pytest.raises(BadManifest, match=f"Available: {NAME}"):
            start(tmp_path / "work", root, [name])


@pytest.mark.parametrize(
    ("place", "inside"),
    [
        ("course", "the course's own files"),
        ("course/assignments", "the course's own files"),
        ("course/solutions/mine", "the course's own files"),
        (f"course/assignments/{NAME}/mine", f"the assignment {NAME}"),
        (f"work/{NAME}", f"the assignment {NAME}"),
        (f"work/{NAME}/again/mycourse", f"the assignment {NAME}"),
    ],
)
def test_start_writes_into_no_course_and_no_assignment(
    place: str, inside: str, root: Path, work: Path, tmp_path: Path
) -> None:
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(BadManifest) as refused:
        start(tmp_path / place, root)
    assert str(refused.value) == (
        f"{tmp_path / place} is inside {inside}. Nothing was copied. Choose a folder of your own: "
        "gradlab start my-work."
    )
    assert sorted(tmp_path.rglob("*")) == before


def test_a_second_copy_inside_the_first_is_refused_with_how_to_update(root: Path, work: Path) -> None:
    """As in "run `gradlab start mycourse` again", in the folder mycourse."""
    copy = work.parent
    with pytest.raises(BadManifest, match="inside your copy") as refused:
        start(copy / "mycourse", root)
    assert str(refused.value).endswith(f"To update your copy: gradlab start {copy}.")
    assert not (copy / "mycourse").exists()
    start(copy, root)


def test_start_may_write_next_to_the_courses_files(root: Path) -> None:
    """As the README says: the copy is made in the folder of the repository."""
    assert start(root / "mycourse", root) == [f"{root / 'mycourse' / NAME}: 5 new files."]
    assert start(root / "mycourse", root) == [f"{root / 'mycourse' / NAME}: 0 new files."]


def test_an_empty_name_is_no_folder(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    shown = CliRunner().invoke(main, ["start", ""])
    assert shown.exit_code == 2
    assert shown.output.endswith("The name of a file or folder is empty.\n")
    assert not (root / NAME).exists()


def test_the_zip_contains_the_work_and_can_be_opened(work: Path, tmp_path: Path) -> None:
    (work / "tiny.py").write_text(WRITTEN)
    packed = submit(work, tmp_path)
    assert packed.path == tmp_path / f"{NAME}.zip"
    with zipfile.ZipFile(packed.path) as archive:
        assert archive.namelist() == ["tiny.ipynb", "tiny.py"]
    assert packed.warnings == (
        "Nothing is written in tiny.ipynb, so it was ignored.",
        "Still to be written: Scaler.down. What is missing earns no points.",
    )
    opened = open_submission(packed.path, make_course(tmp_path / "grader"))
    assert "return x + x" in opened.files["tiny.py"]
    assert not opened.remarks


def test_equal_work_makes_equal_zips(work: Path, tmp_path: Path) -> None:
    first = submit(work, tmp_path / "a.zip").path.read_bytes()
    (work / "tiny.py").touch()
    assert submit(work, tmp_path / "b.zip").path.read_bytes() == first


def test_the_zip_is_next_to_the_assignments_folder_wherever_the_command_runs(
    work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (work / "tiny.py").write_text(WRITTEN)
    path = work.parent / f"{NAME}.zip"
    (tmp_path / "other").mkdir()
    for number, place in enumerate((work.parent, work, tmp_path / "other")):
        monkeypatch.chdir(place)
        packed = submit(work)
        assert (packed.path, packed.replaced) == (path, number > 0)
    assert [*tmp_path.rglob("*.zip")] == [path]
    with pytest.raises(BadSubmission, match=r"nowhere does not exist"):
        submit(work, tmp_path / "nowhere" / "x.zip")


def test_an_older_zip_at_another_place_is_named(work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (work / "tiny.py").write_text(WRITTEN)
    monkeypatch.chdir(tmp_path)
    (tmp_path / f"{NAME}.zip").write_bytes(b"older")
    inside, beside = submit(work, work).path, work.parent / f"{NAME}.zip"
    warnings = submit(work).warnings
    for other in (inside, tmp_path / f"{NAME}.zip"):
        assert f"{other} is an older zip of this assignment. Delete it, or hand in {beside}." in warnings


def test_the_command_says_when_it_replaces_a_zip(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (work / "tiny.py").write_text(WRITTEN)
    monkeypatch.chdir(work)
    said = [CliRunner().invoke(main, ["submit", "--no-check"]).output.splitlines()[-1] for _ in range(2)]
    path = work.parent / f"{NAME}.zip"
    assert said == [
        f"Created {path} from {work}. It was not checked.",
        f"Replaced the older {path}, from {work}. It was not checked.",
    ]


REFUSED = {
    "syntax error": (
        WRITTEN.replace("x + x", "x +"),
        None,
        r"^tiny\.py, line 9: Python cannot read this.* No zip was created\. Correct this, or restore what the handout",
    ),
    "syntax error in a cell": (
        None,
        WRITTEN.replace("x + x", "x +"),
        r"^tiny\.ipynb, cell 2 from the top, line 3: Python cannot",
    ),
    "task deleted": (
        WRITTEN.replace("def double", "def treble"),
        "",
        r"No definition was found for double \(tiny\.py\)",
    ),
    "method deleted": (WRITTEN.replace("def up", "def over"), "", r"No definition was found for Scaler\.up"),
    "two versions": (
        WRITTEN,
        WRITTEN.replace("x + x", "2 * x"),
        r"both edited and differ, first in cell 2 from the top.* Delete the one that should",
    ),
    "nothing there": ("", "", r"^tiny\.ipynb is missing in .*Run `gradlab start .* again: it restores the file"),
}


@pytest.mark.parametrize("story", REFUSED)
def test_work_that_could_not_be_graded_is_refused_with_the_reason(story: str, work: Path, tmp_path: Path) -> None:
    script, notebook, reason = REFUSED[story]
    for name, text in (("tiny.py", script), ("tiny.ipynb", notebook)):
        if text == "":
            (work / name).unlink()
        elif text is not None:
            (work / name).write_bytes(as_notebook(text) if name.endswith("ipynb") else text.encode())
    with pytest.raises(BadSubmission, match=reason):
        submit(work, tmp_path)
    assert not list(tmp_path.glob("*.zip"))


def test_a_missing_task_names_the_file_that_was_read(work: Path, tmp_path: Path) -> None:
    (work / "my homework.ipynb").write_bytes(as_notebook("# %%\ndef double(x: float) -> float:\n    return x + x\n"))
    with pytest.raises(BadSubmission, match=r"for Scaler\.up \(my homework\.ipynb\), Scaler\.down \(my homework\."):
        submit(work, tmp_path)


def test_a_damaged_notebook_next_to_a_blank_script_is_refused(work: Path, tmp_path: Path) -> None:
    (work / "tiny.ipynb").write_bytes(as_notebook(WRITTEN)[:-200])
    with pytest.raises(BadSubmission, match=r"^tiny\.ipynb is damaged .* No zip was created\."):
        submit(work, tmp_path)
    (work / "tiny.py").write_text(WRITTEN)
    assert "tiny.ipynb is damaged" in " ".join(submit(work, tmp_path).warnings)


def test_a_method_may_be_inherited_and_a_function_may_be_assigned(work: Path, tmp_path: Path) -> None:
    text = WRITTEN.replace("def double(x: float) -> float:", "double = lambda x: 2 * x\ndef other(x):")
    text = text.replace("class Scaler:", "class Base:").replace("def up", "def over")
    (work / "tiny.py").write_text(text + "\nclass Scaler(Base):\n    up = Base.over\n")
    assert submit(work, tmp_path).path.is_file()


def test_code_that_is_set_aside_without_cost_is_a_warning(work: Path, tmp_path: Path) -> None:
    (work / "tiny.ipynb").write_bytes(as_notebook(WRITTEN + "\n# %%\nread this later\n"))
    packed = submit(work, tmp_path)
    assert "tiny.ipynb, cell 4 from the top, line 1: Python cannot read this: invalid syntax." in packed.warnings


def test_an_older_copy_is_a_warning(work: Path, tmp_path: Path) -> None:
    files = {"tiny.py": WRITTEN, "old/tiny.py": WRITTEN.replace("x + x", "3 * x")}
    hand_in(work, files, {"tiny.py": 60})
    packed = submit(work, tmp_path)
    assert any("tiny.py counts: it was saved last." in warning for warning in packed.warnings)
    with zipfile.ZipFile(packed.path) as archive:
        assert archive.read("tiny.py").decode() == WRITTEN


def test_own_modules_and_those_of_earlier_assignments_go_along(work: Path, tmp_path: Path) -> None:
    earlier = work.parent / "t00_zero"
    earlier.mkdir()
    (earlier / "assignment.toml").write_text((work / "assignment.toml").read_text().replace("tiny.py", "zero.py"))
    imports = "import zero\nfrom tools import maths\n"
    (work / "tiny.py").write_text(imports + WRITTEN.replace("x + x", "maths.add(x, zero.ZERO + x)"))
    (work / "zero.py").write_text("ZERO = 0\n")
    (work / "unused.py").write_text("x = 1\n")
    (work / "tools").mkdir()
    (work / "tools" / "maths.py").write_text("def add(a, b):\n    return a + b\n")
    packed = submit(work, tmp_path)
    with zipfile.ZipFile(packed.path) as archive:
        assert archive.namelist() == ["tiny.ipynb", "tiny.py", "tools/maths.py", "zero.py"]
    assert packed.others == ("zero.py", "tools/maths.py")
    assert describe(packed)[-1] == "The zip also contains zero.py, tools/maths.py."


ANSWERED = "\n# %% [markdown] answer='tiny-q1'\n# Because of the\n#\n# width.\n\n# %%\nx = 1\n"


@pytest.mark.parametrize(
    ("script", "cell", "answered"),
    [
        (WRITTEN, None, False),
        (WRITTEN + ANSWERED, None, True),
        (WRITTEN + ANSWERED.replace("Because of the", "YOUR ANSWER HERE").replace("# width.", "#"), None, False),
        (WRITTEN, "YOUR ANSWER HERE", False),
        (WRITTEN, "  ", False),
        (WRITTEN, "Because.", True),
        (WRITTEN, "YOUR ANSWER HERE\nBecause.", True),
    ],
)
def test_questions_without_an_answer_are_named(
    script: str, cell: str | None, answered: bool, work: Path, tmp_path: Path
) -> None:
    (work / "tiny.py").write_text(script)
    if cell is not None:
        table = json.loads(as_notebook(STUB))
        table["cells"].append({"cell_type": "markdown", "source": [cell], "metadata": {"answer": "tiny-q1"}})
        (work / "tiny.ipynb").write_text(json.dumps(table))
    packed = submit(work, tmp_path)
    assert [question.id for question in packed.unanswered] == ([] if answered else ["tiny-q1"])
    assert ("Not answered yet: 1 question. Why twice (tiny-q1)." in describe(packed)) != answered
    with speaking(translator("zh_CN")):
        several = describe(replace(packed, unanswered=packed.unanswered * 2))
    assert ("尚未回答：2 道简答题。Why twice (tiny-q1)；Why twice (tiny-q1)。" in several) != answered


def test_the_graded_file_is_named_with_the_time_at_which_it_was_saved(work: Path, tmp_path: Path) -> None:
    hand_in(work, {"tiny.ipynb": as_notebook(WRITTEN), "tiny.py": STUB}, {"tiny.py": 60})
    packed = submit(work, tmp_path)
    saved = datetime.fromtimestamp(MOMENT).astimezone()
    assert packed.graded == {"tiny.ipynb": saved.isoformat(timespec="seconds")}
    assert f"tiny.ipynb was saved on {saved:%A} {saved.day} November 2023 at {saved:%H:%M}." in describe(packed)
    assert (packed.loads, packed.advice) == (True, "It was not checked.")


def test_the_zip_is_graded_by_itself_in_an_empty_folder(work: Path, tmp_path: Path) -> None:
    reads = WRITTEN.replace("import math", "import os\nEMPTY = not os.listdir()").replace("x + x", "x + x * EMPTY")
    (work / "tiny.py").write_text(reads)
    packed = check_zip(submit(work, tmp_path))
    assert packed.report is not None
    assert (packed.report.points, packed.report.isolation) == (75, "none")
    assert all(not check.hidden for check in packed.report.checks)
    assert describe(packed)[:4] == [
        "Twice the number (double)   40/40",
        "Scale up (Scaler.up)        35/35",
        "Scale down (Scaler.down)     0/25  not written yet",
        "75/100 points here. 2 of 3 checks passed.",
    ]
    assert packed.advice == "Hand in this file."
    table = json.loads(to_json(packed))
    assert (table["loads"], table["not_written"], table["not_answered"]) == (True, ["Scaler.down"], ["tiny-q1"])
    jsonschema.validate(table["report"], json.loads((DOCS / "report.schema.json").read_text()))


def test_code_that_did_not_load_is_named_and_the_file_is_not_recommended(work: Path, tmp_path: Path) -> None:
    needs = WRITTEN.replace("import math", "import pandas as pd\nTABLE = 1 / 0").replace("x + x", "pd.Series([x])")
    (work / "tiny.py").write_text(needs.replace("WIDTH * x", "TABLE * x"))
    packed = check_zip(submit(work, tmp_path))
    assert any("line 2: this assignment does not allow the package pandas." in warning for warning in packed.warnings)
    double, up, *_ = describe(packed)
    assert "0/40  1 of 1 check failed: the code that this task needs could not be loaded: tiny.py, line 2" in double
    assert "tiny.py, line 3 did not run: ZeroDivisionError" in up
    assert not packed.loads
    assert packed.advice == "Code that your tasks need could not be loaded. Repair it, and run gradlab submit again."


def test_checks_that_cannot_be_run_do_not_prevent_the_zip(work: Path, tmp_path: Path) -> None:
    (work / "tiny.py").write_text(WRITTEN)
    (work / "check_tiny.py").write_text("def check_nothing(student):\n    '''Nothing.'''\n")
    packed = check_zip(submit(work, tmp_path))
    assert packed.report is None
    assert packed.trouble.startswith("The public checks could not be run on it: ")
    assert "check_nothing has no @task" in packed.trouble
    assert packed.trouble in describe(packed)
    assert any("check_tiny.py differs from the released file" in warning for warning in packed.warnings)


def test_start_and_submit_import_no_heavy_package() -> None:
    heavy = {"nbgrader", "jupytext", "nbformat", "torch", "pytest"}
    code = f"import sys, autograder.students.start, autograder.students.submit; print({heavy} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
