"""Similar submissions are listed even after renaming; the handout's code and common code do not count."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from autograder.cli.app import main
from autograder.core.assignment import Assignment
from autograder.gradebook.journal import Journal
from autograder.gradebook.similarity import NoDetector, find_similar
from tests.support.classroom import Grader, hand_in, run
from tests.support.downloads import write
from tests.support.vectors import make_vectors

pytestmark = pytest.mark.slow

pytest.importorskip("copydetect")

STUB = '''
import torch


def double(x):
    """Twice x, and a docstring that is long enough to look like a lot of code that two students share word for word."""
    # YOUR CODE HERE
    raise NotImplementedError()


def describe(x):
    """Given in the handout: what a tensor is like, in a sentence that everybody's file holds."""
    lines = [f"shape {tuple(x.shape)}", f"dtype {x.dtype}", f"mean {x.float().mean():.3f}"]
    if x.numel() == 0:
        lines = ["an empty tensor"]
    return ", ".join(lines) + "."
'''
ADA = """
def double(x):
    result = torch.empty_like(x)
    for index in range(x.shape[0]):
        row = x[index].clone()
        row.add_(x[index])
        result[index] = row
    return result.reshape(x.shape).contiguous()
"""
RENAMED = """
def double(values):
    # all my own work
    out = torch.empty_like(values)
    for k in range(values.shape[0]):
        line = values[k].clone()
        line.add_(values[k])

        out[k] = line
    return out.reshape(values.shape).contiguous()
"""
OTHER = """
def double(x):
    weights = torch.full((x.dim(),), 2.0, dtype=x.dtype)
    scaled = torch.einsum("...,->...", x, weights.mean())
    assert scaled.shape == x.shape, "broadcasting went wrong"
    return torch.where(torch.isnan(scaled), x, scaled)
"""


def with_stub(answer: str) -> str:
    head, _, rest = STUB.partition("def double(x):")
    return head + answer.strip() + "\n\n\n" + rest[rest.index("def describe") :]


@pytest.fixture
def course(tmp_path: Path) -> Assignment:
    assignment = make_vectors(tmp_path / "course", torch=True)
    (assignment.folder / "vectors.py").write_text(STUB)
    return assignment


def paths(folder: Path) -> dict[str, Path]:
    return {path.stem: path for path in sorted(folder.iterdir())}


def test_a_renamed_copy_is_found_and_an_independent_answer_is_not(course, tmp_path):
    answers = {"ada": ADA, "bob": RENAMED, "zoe": OTHER}
    folder = hand_in(tmp_path / "in", **{name: with_stub(answer) for name, answer in answers.items()})
    found = find_similar(paths(folder), course)
    assert [(pair.one, pair.other) for pair in found.pairs] == [("ada", "bob")]
    assert found.pairs[0].share_of_one > 0.9


def test_the_handouts_own_code_makes_nobody_similar(course, tmp_path):
    folder = hand_in(tmp_path / "in", ada=STUB, bob=STUB, zoe=with_stub(ADA), kim=with_stub(OTHER))
    found = find_similar(paths(folder), course)
    assert found.pairs == ()
    assert {student for student, why in found.skipped} == {"ada", "bob"}


def test_code_that_many_students_write_does_not_count(course, tmp_path):
    folder = hand_in(tmp_path / "in", **{f"s{number:02}": with_stub(ADA) for number in range(12)})
    assert find_similar(paths(folder), course).pairs == ()


def test_submissions_that_cannot_be_compared_are_listed(course, tmp_path):
    folder = hand_in(tmp_path / "in", ada="def double(x:", bob=with_stub(ADA))
    assert "Python cannot read this" in dict(find_similar(paths(folder), course).skipped)["ada"]
    command = ["similar", str(folder), "--assignment", str(course.folder)]
    assert CliRunner().invoke(main, command).exit_code == 0
    alone = hand_in(tmp_path / "alone", ada="def double(x:")
    nothing = CliRunner().invoke(main, ["similar", str(alone), *command[2:]])
    assert nothing.exit_code == 2  # nothing was compared
    assert "Not compared: ada: " in nothing.stderr


def test_the_command_lists_pairs_and_the_overview_shows_them(course, tmp_path):
    handins, out = hand_in(tmp_path / "in", ada=with_stub(ADA), bob=with_stub(RENAMED)), tmp_path / "out"
    plain = CliRunner().invoke(main, ["similar", str(handins), "--assignment", str(course.folder)])
    assert "ada  bob" in plain.output, plain.output
    run(course, handins, out, Grader())
    done = CliRunner().invoke(main, ["similar", str(out), "--assignment", str(course.folder)])
    assert "1 pair to review" in done.output
    assert "not a verdict" in done.output
    assert (out / "similar.csv").read_text().startswith("one,other,")
    assert "not a verdict" in (out / "index.html").read_text()
    with Journal(out) as journal:
        assert [(pair.one, pair.other) for pair in journal.similar()] == [("ada", "bob")]


def test_results_know_their_course(course, tmp_path, monkeypatch):
    run(course, hand_in(tmp_path / "in", ada=with_stub(ADA), bob=with_stub(RENAMED)), tmp_path / "out", Grader())
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["similar", "out", "--assignment", course.name])
    assert "1 pair to review" in done.output, done.output


def test_results_of_another_assignment_are_refused_and_left_alone(course, tmp_path):
    handins, out = hand_in(tmp_path / "in", ada=with_stub(ADA), bob=with_stub(RENAMED)), tmp_path / "out"
    run(course, handins, out, Grader())
    assert CliRunner().invoke(main, ["similar", str(out), "--assignment", str(course.folder)]).exit_code == 0
    before = (out / "similar.csv").read_bytes()
    refused = CliRunner().invoke(main, ["similar", str(out), "--assignment", "a01_knn"])
    assert refused.exit_code == 2
    assert f"{out} contains the results of {course.name}, not of a01_knn. Nothing was compared." in refused.output
    assert (out / "similar.csv").read_bytes() == before
    with Journal(out) as journal:
        assert len(journal.similar()) == 1


def test_results_and_their_hand_ins_give_the_same_pairs_in_every_process(course, tmp_path):
    answers = {"ada": ADA, "Bob": RENAMED, "zoe": OTHER + RENAMED[:-40], "kim": ADA + OTHER}
    handins, out = hand_in(tmp_path / "in", **{n: with_stub(answer) for n, answer in answers.items()}), tmp_path / "out"
    run(course, handins, out, Grader())
    listed = set()
    for source, seed in ((handins, "1"), (out, "2")):
        command = [sys.executable, "-m", "autograder", "similar", str(source), "--assignment", str(course.folder)]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run([*command, "--threshold", "0.3"], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        listed.add(done.stdout)
    assert len(listed) == 1
    assert "pairs to review" in listed.pop()


def test_without_copydetect_the_message_says_what_to_install(course, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "copydetect", None)
    with pytest.raises(NoDetector, match=r"pip install -c constraints.txt -e '.\[similar\]'"):
        find_similar(paths(hand_in(tmp_path / "in", ada=ADA)), course)


def test_a_group_is_compared_once_under_all_names_and_is_not_a_pair(course, tmp_path):
    answers = {"one": ADA, "two": RENAMED, "three": OTHER}
    handins = paths(hand_in(tmp_path / "in", **{name: with_stub(answer) for name, answer in answers.items()}))
    group = {f"s{number:02}": handins["one"] for number in range(12)}  # more than may share common code
    found = find_similar({**group, "zoe": handins["two"], "kim": handins["three"]}, course)
    assert [(pair.one, pair.other) for pair in found.pairs] == [(", ".join(group), "zoe")]


def test_every_list_names_all_members_of_gradescopes_groups(course, tmp_path):
    answers = {"submission_1": ADA, "submission_2": RENAMED}
    for name, answer in answers.items():
        write(tmp_path / "in" / name / "vectors.py", with_stub(answer))
    metadata = ""
    for name, people in (("submission_1", ("ada", "bob")), ("submission_2", ("zoe", "kim"))):
        metadata += f"{name}:\n  :submitters:\n" + "".join(f"  - :sid: {who}\n" for who in people)
    write(tmp_path / "in" / "submission_metadata.yml", metadata)
    out = tmp_path / "out"
    run(course, tmp_path / "in", out, Grader())
    for source in (tmp_path / "in", out):
        done = CliRunner().invoke(main, ["similar", str(source), "--assignment", str(course.folder)])
        assert "1 pair to review" in done.output, done.output
        assert "ada, bob  kim, zoe" in done.output
    assert '\n"ada, bob","kim, zoe",' in (out / "similar.csv").read_text()
    assert "<bdi>ada, bob</bdi>" in (out / "index.html").read_text()


LONG = """
def double(x):
    rows = []
    for index in range(x.shape[0]):
        row = x[index].clone()
        row.add_(x[index])
        if row.numel() == 0:
            row = row.reshape(x[index].shape)
        rows.append(row)
    result = torch.empty_like(x)
    for index, row in enumerate(rows):
        result[index] = row.contiguous()
        assert result[index].shape == row.shape, "a row changed its shape"
    for index in range(result.shape[0]):
        if result[index].numel() and result[index].sum() != 2 * x[index].sum():
            raise ValueError("a row has another sum than twice that of x")
        result[index] = result[index] + torch.zeros_like(result[index])
    return result.reshape(x.shape).contiguous()


def total(x):
    sums = torch.zeros(x.shape[0], dtype=x.dtype)
    for index in range(x.shape[0]):
        for column in range(x.shape[1]):
            sums[index] = sums[index] + x[index, column]
    return sums
"""


def test_a_copy_with_one_other_line_is_less_than_all(course, tmp_path):
    changed = ADA.replace("row.add_(x[index])", "row += x[index] * 1 + 0")
    folder = hand_in(tmp_path / "in", ada=with_stub(ADA), bob=with_stub(changed))
    (pair,) = find_similar(paths(folder), course, threshold=0.1).pairs
    assert 0.1 <= pair.share_of_one <= 0.99
    assert pair.share_of_other <= 0.99


def test_a_pair_that_a_group_names_is_not_listed_again(course, tmp_path):
    changed = LONG.replace("return sums", "return sums.clone()")
    folder = hand_in(tmp_path / "in", ada=with_stub(LONG), bob=with_stub(changed))
    found = find_similar(paths(folder), course)
    assert [(group.students, group.functions) for group in found.copies] == [(("ada", "bob"), ("double",))]
    assert found.pairs == ()


def test_the_course_of_hand_ins_can_be_named(course, tmp_path, monkeypatch):
    folder = hand_in(tmp_path / "in", ada=with_stub(ADA), bob=with_stub(RENAMED))
    monkeypatch.chdir(tmp_path)
    command = ["similar", str(folder), "--assignment", course.name, "--course", str(course.folder.parents[1])]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 0, done.output
    assert "1 pair to review" in done.output
