"""Hints and estimates in a source: released for the student's side, taken out of notebook and script."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder.authoring.release import BadSource, release
from autograder.core.assignment import read_assignment
from autograder.core.hints import Effort, read_hints
from tests.support.course import NAME, SOURCE, make_course

DOUBLE, SCALER = '# %% task="double"', '# %% task="Scaler.up Scaler.down"'
STEPS = '# %% [markdown] hint="{}"\n# 1. Add x to\n#    itself.\n#\n# 2. `math.fsum` adds a list.\n'
HINTED = (
    SOURCE.replace(DOUBLE, f'{DOUBLE} minutes=5 difficulty="easy"').replace(
        SCALER, f'{SCALER} minutes=20 difficulty="medium"'
    )
    + "\n"
    + STEPS.format("double")
    + "\n"
    + STEPS.format("Scaler.down")
)


def files(folder: Path, source: str) -> dict[str, str]:
    released = release(make_course(folder, source=source))
    return {path.name: content.decode() for path, content in released.files.items()}


@pytest.fixture(scope="module")
def hinted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return files(tmp_path_factory.mktemp("course"), HINTED)


def test_hints_are_in_a_file_of_their_own(hinted: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "hints.json").write_text(hinted["hints.json"])
    hints = read_hints(tmp_path)
    assert hints.steps["double"] == ("Add x to itself.", "`math.fsum` adds a list.")
    assert hints.effort("Scaler.down") == Effort(20, "medium", ("Scaler.up", "Scaler.down"))
    assert hints.minutes(["double", "Scaler.up", "Scaler.down"]) == 25  # a cell counts once
    for name in ("tiny.py", "tiny.ipynb"):
        assert "itself" not in hinted[name]
        assert "difficulty" not in hinted[name]


def test_a_task_begins_with_its_time_and_how_to_get_a_hint(hinted: dict[str, str]) -> None:
    cells = {cell["id"]: "".join(cell["source"]) for cell in json.loads(hinted["tiny.ipynb"])["cells"]}
    assert cells["task-double"].startswith('# About 5 minutes, easy. Stuck? hint("double") shows a first step.\ndef ')
    assert cells["task-Scaler-up-Scaler-down"].startswith(
        '# About 20 minutes, medium. Stuck? hint("Scaler.down") shows a first step.\nclass '
    )
    assert f"{DOUBLE}\n# About 5 minutes, easy." in hinted["tiny.py"]


def test_cells_that_were_there_keep_their_ids_and_marks(hinted: dict[str, str], tmp_path: Path) -> None:
    def roles(text: str) -> dict[str, object]:
        return {
            cell["id"]: {**cell["metadata"].get("nbgrader", {}), "checksum": ""} for cell in json.loads(text)["cells"]
        }

    assert roles(hinted["tiny.ipynb"]) == roles(files(tmp_path, SOURCE)["tiny.ipynb"])


def test_the_readme_says_the_time_of_each_task(hinted: dict[str, str], tmp_path: Path) -> None:
    assert "| 1 | `double` | 40 | 5 minutes, easy | halves |" in hinted["README.md"]
    assert "| 3 | `Scaler.down` | 25 | with 2 | |" in hinted["README.md"]
    assert "time" not in files(tmp_path, SOURCE)["README.md"]


def test_without_hints_there_is_no_file_and_an_old_one_is_emptied(tmp_path: Path) -> None:
    assignment = make_course(tmp_path)
    assert "hints.json" not in {path.name for path in release(assignment).files}
    (assignment.folder / "hints.json").write_text("old")
    assert b'"steps": {}' in release(assignment).files[assignment.folder / "hints.json"]


def setting(text: str) -> str:
    return SOURCE.replace(DOUBLE, f"{DOUBLE} {text}")


ONE = STEPS.format("double")
BAD = {
    "unknown task": (SOURCE + STEPS.format("triple"), "hint='triple' is not a task of this module"),
    "two hints": (SOURCE + ONE + "\n" + ONE, "two cells have hint='double'. Write all steps in one."),
    "before its task": (ONE + "\n" + SOURCE, ":1: the hint of 'double' is before its task."),
    "code": (SOURCE + '\n# %% hint="double"\n# 1. Add.\n', "a hint cell must be a markdown cell"),
    "no list": (SOURCE + '\n# %% [markdown] hint="double"\n# Add.\n', "'Add.' is not step 1."),
    "wrong number": (SOURCE + ONE.replace("2.", "3."), "'3. `math.fsum` adds a list.' is not step 2."),
    "empty": (SOURCE + '\n# %% [markdown] hint="double"\n', "the hint of 'double' has no step."),
    "difficulty": (setting('minutes=5 difficulty="simple"'), ":14: unknown difficulty 'simple'. Allowed: easy, medium"),
    "only minutes": (setting("minutes=5"), ":14: difficulty is missing."),
    "minutes": (setting('minutes="5" difficulty="easy"'), "minutes='5' is not a whole number"),
    "not a task": (SOURCE.replace("# %%\nimport", "# %% minutes=5\nimport"), "minutes belong in the header of a task"),
    "a solution": (
        SOURCE.replace("return math.fsum([x, x])", f"return math.fsum([x, x{', 0.0 * x' * 5}])")
        + ONE.replace("`math.fsum`", f"`return math.fsum([x, x{', 0.0 * x' * 5}])`"),
        "students would read a line of the solution at",
    ),
}


@pytest.mark.parametrize("story", BAD)
def test_a_wrong_hint_is_refused_with_its_line(story: str, tmp_path: Path) -> None:
    source, reason = BAD[story]
    with pytest.raises(BadSource) as caught:
        files(tmp_path, source)
    assert reason in str(caught.value)
    assert f"{NAME}/" in str(caught.value)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize("folder", sorted((Path(__file__).parents[2] / "assignments").iterdir()), ids=lambda p: p.name)
def test_every_task_of_the_course_has_hints_and_a_time(folder: Path) -> None:
    hints = read_hints(folder)
    tasks = [task.name for task in read_assignment(folder).tasks]
    assert hints.minutes(tasks) is not None, [task for task in tasks if not hints.effort(task)]
    assert {task for task in tasks if not 1 <= len(hints.steps.get(task, ())) <= 4} == set()
