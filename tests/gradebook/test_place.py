"""Results and pages are written only where nothing else is lost and nobody else reads them."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.core.outputs import WouldOverwrite
from autograder.gradebook.database import NAME as JOURNAL
from autograder.gradebook.place import require_place_for_pages, require_place_for_results
from autograder.gradebook.secret import NAME as SECRET


@pytest.fixture
def handins(tmp_path: Path) -> Path:
    (tmp_path / "in" / "ada").mkdir(parents=True)
    return tmp_path / "in"


def test_results_have_a_place_of_their_own(tmp_path: Path, handins: Path) -> None:
    for out, message in ((handins, "is the folder of hand-ins"), (handins / "out", "would be graded as one")):
        with pytest.raises(WouldOverwrite, match=message):
            require_place_for_results(out, handins)
    with pytest.raises(WouldOverwrite, match=r"contains other files \(in\) and no results"):
        require_place_for_results(tmp_path, handins)


def test_results_may_be_where_results_are_or_nothing_is(tmp_path: Path, handins: Path) -> None:
    require_place_for_results(tmp_path / "new", handins)
    for name in (JOURNAL, SECRET, ".hidden"):
        out = tmp_path / name.strip(".")
        out.mkdir()
        (out / name).touch()
        require_place_for_results(out, handins)


def test_pages_for_students_are_apart_from_results_and_hand_ins(tmp_path: Path, handins: Path) -> None:
    (results := tmp_path / "results").mkdir()
    for out in (results, results / "pages"):
        with pytest.raises(WouldOverwrite, match="is in a folder of results"):
            require_place_for_pages(out, results, [handins / "ada"])
    with pytest.raises(WouldOverwrite, match="is in the folder of hand-ins"):
        require_place_for_pages(handins / "pages", results, [handins / "ada"])
    require_place_for_pages(tmp_path / "pages", results, [handins / "ada"])
