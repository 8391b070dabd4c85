"""course.toml: what it says, what it may not say, and what holds for a course without it."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.authoring.release import release
from autograder.core.assignment import Assignment, BadManifest, read_assignment
from autograder.core.course import find_assignments
from autograder.core.course_file import BadCourse, course_around, read_course
from autograder.session.options import BadOption, known_data, load_data
from autograder.submissions.submission import open_submission

COURSE = """
title = "Statistics"
id = "stats"
language = "fr"
shared = ["stats_tools"]
preload = ["numpy"]
requirements = ["numpy"]

[data]
survey = "stats_tools.data:load"
census = "stats_tools.data:load"

[limits]
seconds = 3
memory_mb = 100
"""
MANIFEST = """
title = "Means"
version = "1.0"
files = ["means.py"]
imports = ["numpy"]
data = ["*.csv"]

[limits]
memory_mb = 200

[[tasks]]
name = "mean"
title = "The mean"
points = 10
"""
LOADER = "class Broken(Exception):\n    pass\n\ndef load(name, **sizes):\n    return name, sizes\n"


@pytest.fixture
def assignment(tmp_path: Path) -> Assignment:
    return write(tmp_path)


def write(root: Path, course: str = COURSE, manifest: str = MANIFEST) -> Assignment:
    folder = root / "assignments" / "a01_means"
    folder.mkdir(parents=True, exist_ok=True)
    (root / "stats_tools").mkdir(exist_ok=True)
    (root / "stats_tools" / "data.py").write_text(LOADER)
    (root / "course.toml").write_text(course)
    (folder / "assignment.toml").write_text(manifest)
    (folder / "people.csv").write_text("a,b\n1,2\n")
    return read_assignment(folder)


def test_an_assignment_knows_its_course(assignment: Assignment, tmp_path: Path) -> None:
    course = assignment.course
    assert (course.title, course.id, course.language, course.root) == ("Statistics", "stats", "fr", tmp_path)
    assert course.shared_folders() == {"stats_tools": tmp_path / "stats_tools"}
    assert assignment.allowed == ("numpy", "stats_tools")
    assert assignment.arrays == "numpy"
    assert list(assignment.data_files()) == ["people.csv"]


@pytest.mark.parametrize(("line", "allowed", "remarks"), [("", None, 0), ("imports = []", ("stats_tools",), 1)])
def test_an_empty_list_of_imports_allows_only_pythons_own(
    tmp_path: Path, line: str, allowed: tuple[str, ...] | None, remarks: int
) -> None:
    assignment = write(tmp_path, manifest=MANIFEST.replace('imports = ["numpy"]', line))
    assert (assignment.allowed, assignment.arrays) == (allowed, "numpy")
    (tmp_path / "means.py").write_text("import math\nimport scipy\n\ndef mean(x):\n    return scipy.mean(math.pi)\n")
    assert len(open_submission(tmp_path / "means.py", assignment).remarks) == remarks


def test_an_assignments_limits_replace_those_of_the_course_one_by_one(assignment: Assignment) -> None:
    limits = assignment.limits
    assert (limits.seconds, limits.memory_mb, limits.threads) == (3, 200, 64)


def test_the_first_data_set_is_the_default_and_each_is_loaded_by_its_function(assignment: Assignment) -> None:
    course = assignment.course
    assert (known_data(None, course), known_data("census", course)) == ("survey", "census")
    with pytest.raises(BadOption, match=r"Unknown data set 'scenes'\. Allowed: census, survey\."):
        known_data("scenes", course)
    assert load_data("census", course)("census", num_train=2) == ("census", {"num_train": 2})
    with pytest.raises(BadOption, match=r"course\.toml lists none of this name"):
        load_data("scenes", course)


def preloading(root: Path, preload: str, requirements: str = '["numpy"]') -> str:
    text = COURSE.replace('preload = ["numpy"]', f'preload = ["{preload}"]')
    write(root, text.replace('requirements = ["numpy"]', f"requirements = {requirements}"))
    with pytest.raises(BadCourse) as caught:
        read_course(root).make_importable()
    return str(caught.value)


def test_a_misspelt_package_to_preload_is_no_reason_to_install(tmp_path: Path) -> None:
    assert preloading(tmp_path, "nump") == (
        f"{tmp_path / 'course.toml'}: `preload` lists 'nump', which is not installed, although all that `requirements` "
        "lists is. Did you mean numpy? Correct the name, or install the package and list it under `requirements`."
    )


def test_a_package_to_preload_that_is_required_and_missing_is_to_be_installed(tmp_path: Path) -> None:
    assert preloading(tmp_path, "no_such_pkg", '["numpy>=1", "no-such-pkg[all]>=2"]') == (
        "This course needs no_such_pkg, which is not installed. Install what it requires: pip install "
        "no-such-pkg[all]>=2"
    )


@pytest.mark.parametrize(("name", "advice"), [("a01_mean", " Did you mean a01_means?"), ("z", "")])
def test_a_first_assignment_that_does_not_exist_is_named(
    assignment: Assignment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, advice: str
) -> None:
    write(tmp_path, COURSE.replace("shared =", f'first = ["{name}"]\nshared ='))
    monkeypatch.chdir(tmp_path)
    assert [found.name for found in find_assignments(())] == ["a01_means"]  # a copy may have fewer assignments
    (tmp_path / "solutions").mkdir()
    with pytest.raises(BadCourse) as caught:
        find_assignments(())
    sentence = f"{tmp_path / 'course.toml'}: `first` lists '{name}', but assignments/ has no such folder."
    assert str(caught.value) == sentence + advice


def test_release_names_a_shared_package_that_is_missing(tmp_path: Path) -> None:
    assignment = write(tmp_path, COURSE.replace('shared = ["stats_tools"]', 'shared = ["lost_tools"]'))
    with pytest.raises(
        BadCourse, match=r"the package 'lost_tools' of `shared` was not found. It must be a folder next"
    ):
        release(assignment)


def test_errors_of_the_courses_own_packages_are_known(assignment: Assignment) -> None:
    from stats_tools.data import Broken  # type: ignore[import-not-found]  # importable once load_data was called

    assert assignment.course.owns(Broken("x"))
    assert not assignment.course.owns(ValueError("x"))


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ('id = "a b"', "id must be letters, digits, - and _"),
        ('shared = ["a/b"]', r"entry 1 of shared must be the name of a package"),
        ("shared = ['autograder']", r"'autograder' is gradlab's own package"),
        ("[data]\nx = 'load'", r"x must be a function that loads the data set"),
        ("[limits]\nseconds = 0", r"\[limits\]: seconds must be a number above 0"),
        ("colour = 1", r"unknown setting 'colour'\. Allowed: title, id, language, repository"),
    ],
)
def test_a_wrong_entry_is_named(tmp_path: Path, wrong: str, words: str) -> None:
    kept = [line for line in ('title = "T"', 'id = "t"') if not wrong.startswith(line[:3])]
    (tmp_path / "course.toml").write_text("\n".join([*kept, wrong]))
    with pytest.raises(BadCourse, match=words):
        read_course(tmp_path)


def test_a_shared_package_that_is_missing_is_named(tmp_path: Path) -> None:
    course = write(tmp_path, COURSE.replace('["stats_tools"]', '["stats_nowhere"]')).course
    with pytest.raises(BadCourse, match=r"the package 'stats_nowhere' of `shared` was not found"):
        course.shared_folders()


def test_data_that_does_not_exist_is_named(tmp_path: Path) -> None:
    assignment = write(tmp_path, manifest=MANIFEST.replace("*.csv", "prices.csv"))
    with pytest.raises(BadManifest, match=r"`data` lists 'prices\.csv', but .* has no such file"):
        assignment.data_files()


@pytest.mark.parametrize("pattern", ["../*.csv", "/etc/*"])
def test_data_must_be_in_the_folder(tmp_path: Path, pattern: str) -> None:
    (tmp_path / "assignments").mkdir()
    (tmp_path / "assignments" / "other.csv").write_text("1\n")
    with pytest.raises(BadManifest):
        write(tmp_path, manifest=MANIFEST.replace("*.csv", pattern)).data_files()


def test_a_course_without_the_file_has_the_defaults(tmp_path: Path) -> None:
    write(tmp_path / "my course")
    (tmp_path / "my course" / "course.toml").unlink()
    course = course_around(tmp_path / "my course" / "assignments" / "a01_means")
    assert (course.title, course.id, course.shared, course.default_data) == ("my course", "my-course", (), "default")


def test_an_old_copy_of_our_course_still_finds_what_it_shares(tmp_path: Path) -> None:
    folder = tmp_path / "a01_knn"
    folder.mkdir()
    assert course_around(folder).shared == ("common",)


@pytest.mark.parametrize("name", ["solutions", "assignments", "Solutions"])
def test_the_course_s_own_folders_cannot_be_shared(tmp_path: Path, name: str) -> None:
    (tmp_path / "course.toml").write_text(f'title = "A"\nid = "a"\nshared = ["{name}"]\n')
    with pytest.raises(BadCourse, match=f"'{name}' of `shared` is the course's own folder, whose files students"):
        read_course(tmp_path)
