"""The first cells of published notebooks: a badge and an installation that grading does not see."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest

from autograder.core.assignment import read_assignment
from autograder.core.errors import GradlabError
from autograder.core.first_cells import read_repository, with_first_cells
from autograder.submissions.submission import open_submission

KNN = Path(__file__).resolve().parents[2] / "assignments" / "a01_knn"
PATH = "assignments/a01_knn/knn.ipynb"


@pytest.mark.parametrize(
    ("text", "url", "name"),
    [
        ("ada/course-2026", "https://github.com/ada/course-2026", "ada/course-2026"),
        ("https://github.com/ada/course.git", "https://github.com/ada/course.git", "ada/course"),
        ("https://git.example.edu/vision/course", "https://git.example.edu/vision/course", ""),
        ("git://127.0.0.1:9418/course", "git://127.0.0.1:9418/course", ""),
    ],
)
def test_a_repository_is_a_name_on_github_or_a_url(text: str, url: str, name: str) -> None:
    repository = read_repository(text)
    assert repository is not None
    assert (repository.url, repository.name) == (url, name)


@pytest.mark.parametrize("text", ["course", "a/b/c", "https://x.org/a b", 'https://x.org/"', "a/b; rm -rf ~", "--x/y"])
def test_another_text_is_refused(text: str) -> None:
    with pytest.raises(GradlabError, match="write OWNER/NAME"):
        read_repository(text)


@pytest.mark.parametrize("repository", ["", "ada/course", "https://git.example.edu/vision/course"])
def test_a_published_notebook_is_valid_and_has_a_badge_only_on_github(repository: str) -> None:
    book = json.loads(with_first_cells((KNN / "knn.ipynb").read_bytes(), PATH, read_repository(repository)))
    nbformat.validate(book)
    texts = ["".join(cell["source"]) for cell in book["cells"]]
    assert ("Open in Colab" in texts[0]) == (repository == "ada/course")
    if repository == "ada/course":
        assert f"github/ada/course/blob/main/{PATH})" in texts[0]
    install = next(text for text in texts if "pip install" in text)
    assert ("git+" in install) == bool(repository)


def test_grading_reads_a_published_notebook_as_the_released_one(tmp_path: Path) -> None:
    published = with_first_cells((KNN / "knn.ipynb").read_bytes(), PATH, read_repository("ada/course"))
    own = published.replace(b"raise NotImplementedError()", b"return 1")
    assignment = read_assignment(KNN)
    for name, content in {"blank": published, "written": own}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "knn.ipynb").write_bytes(content)
    (tmp_path / "blank" / "knn.py").write_bytes((KNN / "knn.py").read_bytes().replace(b"raise NotImpl", b"return 1 #"))
    written = open_submission(tmp_path / "written", assignment, KNN)
    assert (written.remarks, written.notes) == ((), ())
    assert "importlib" not in written.files["knn.py"]
    blank = open_submission(tmp_path / "blank", assignment, KNN)
    assert "knn.py" not in blank.code.cells  # the script is graded, because nothing is written in the notebook
