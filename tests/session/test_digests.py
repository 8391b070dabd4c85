"""Digests of what decides: words for people do not change them, code does; a changed check has other inputs alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.core.assignment import Assignment, read_assignment
from autograder.core.course import find_assignments
from autograder.session.deciding import deciding_forms
from autograder.session.digests import checks_digest, grading_digest
from autograder.session.options import Options
from autograder.session.seeds import input_key
from tests.support.vectors import make_vectors

CHECK = '''
from autograder import Mismatch, expect, expect_close, explain_errors, task

COLUMNS = "Look at the columns."
ERRORS = {"KeyError": "The keys are W and b."}


def wrong(x):
    """Say it in words."""
    result = {"That is the square.": x * x, COLUMNS: x.T}  # a comment
    return {"A root is missing.": x, **result} if len(x) else {"No rows.": x}


@task("double", share=20)
def check_double(student, rng):
    """Doubling doubles."""
    mistakes = {**wrong(rng.normal(3)), "Half.": 0.5}
    mistakes["Nothing."] = 0
    with explain_errors(ERRORS):
        expect_close(student.double(1.0), 2.0, name="the double of one", mistakes=mistakes)
    expect(student.double(0) == 0, f"Zero gives {student.double(0)}.", hint="Zero stays " "zero.")
'''


@pytest.fixture
def course(tmp_path: Path) -> Assignment:
    return make_vectors(tmp_path)


def form(text: str) -> str:
    return deciding_forms({"check.py": text})["check.py"]


@pytest.mark.parametrize(
    "words",
    [
        "Look at the columns.",
        "The keys are W and b.",
        "KeyError",
        "Say it in words.",
        "a comment",
        "That is the square.",
        "A root is missing.",
        "No rows.",
        "Doubling doubles.",
        "Half.",
        "Nothing.",
        "the double of one",
        "Zero gives ",
        "Zero stays ",
    ],
)
def test_words_do_not_decide(words):
    assert CHECK.count(words) == 1
    assert form(CHECK.replace(words, "Other words.")) == form(CHECK)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("share=20", "share=21"),
        ("2.0", "3.0"),
        ('"double"', '"total"'),
        ("== 0", "== 1"),
        ("def check_double", "def check_twice"),
        ("rng.normal(3)", "rng.normal(4)"),
    ],
)
def test_code_decides(old, new):
    assert CHECK.count(old) == 1
    assert form(CHECK.replace(old, new)) != form(CHECK)


def test_a_text_that_code_reads_decides_even_if_it_looks_like_a_hint():
    read = CHECK + "\n\ndef check_other(student):\n    assert student.f(COLUMNS) == wrong([])['No rows.']\n"
    for words in ("Look at the columns.", "A root is missing."):
        assert form(read.replace(words, "Other words.")) != form(read)
    data = (
        'CAPTIONS = {"A red circle.": 3}\n\n\ndef check_bleu(student):\n    student.bleu("A red circle.", CAPTIONS)\n'
    )
    assert form(data.replace('"A red circle.":', '"A blue disc.":')) != form(data)
    assert form(data.replace('bleu("A red', 'bleu("A blue')) != form(data)


def test_a_file_that_python_cannot_read_counts_as_it_is():
    assert form("def f(:") == "def f(:"
    assert form("return 1") == "return 1"


def test_prose_titles_and_versions_change_no_digest_and_points_do(course):
    stub, manifest = course.folder / "vectors.py", course.folder / "assignment.toml"
    stub.write_text(
        '# %% [markdown]\n# Write it.\n\n# %%\ndef double(x):\n    """Twice."""\n    raise NotImplementedError\n'
    )
    before = checks_digest(course), grading_digest(course)
    stub.write_text(stub.read_text().replace("Write it.", "Please write it.").replace("Twice.", "Two times x."))
    manifest.write_text(manifest.read_text().replace("Double an array", "Double it").replace('"1.0"', '"1.1"'))
    reference = course.solutions / "vectors.py"
    reference.write_text(f"# A better explanation.\n{reference.read_text()}")
    again = read_assignment(course.folder)
    assert (checks_digest(again), grading_digest(again)) == before
    reference.write_text(reference.read_text() + "\nMORE = 1\n")
    assert checks_digest(again) == before[0]
    assert grading_digest(again) != before[1]
    manifest.write_text(manifest.read_text().replace("points = 30", "points = 31"))
    assert checks_digest(read_assignment(course.folder)) != before[0]


def test_the_digests_are_the_same_in_every_process_and_place(course, tmp_path):
    other = make_vectors(tmp_path / "other")
    assert (checks_digest(other), grading_digest(other)) == (checks_digest(course), grading_digest(course))


def test_most_hints_of_the_course_do_not_decide():
    """Eight in ten: the others demand a regrade when they are reworded, which is safe."""
    assignment = next(found for found in find_assignments(()) if found.name == "a03_mlp")
    texts = {path.name: path.read_text() for path in assignment.folder.glob("check_*.py")}
    sentence = "Epsilon is inside the root; add it outside."
    assert sum(sentence in text for text in texts.values()) == 1
    changed = {name: text.replace(sentence, "Add epsilon outside of the root.") for name, text in texts.items()}
    assert deciding_forms(changed) == deciding_forms(texts)


def test_without_a_secret_a_changed_check_changes_only_its_own_inputs(course):
    keys = {code: input_key(course, Options(), check=code) for code in ("def check_a(): 1", "def check_b(): 2")}
    file = course.folder / "check_vectors.py"
    file.write_text(file.read_text() + "\n# changed\nMORE = 1\n")
    assert all(input_key(course, Options(), check=code) == key for code, key in keys.items())
    assert len({*keys.values()}) == 2


def test_with_a_secret_or_a_seed_a_changed_check_keeps_its_inputs(course):
    for options in (Options(secret="1" * 64), Options(seed=3), Options(secret="1" * 64, seed=3)):
        assert input_key(course, options, check="old") == input_key(course, options, check="new")
