"""Exact copies are grouped, however many there are, with those of the course's solution; short functions are not."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from autograder.cli.app import main
from autograder.core.class_records import CopyGroup
from autograder.gradebook.exact_copies import SOLUTION, find_copies, own_functions
from autograder.gradebook.journal import Journal
from tests.support.classroom import Grader, hand_in, run
from tests.support.vectors import make_vectors

LONG = '''
def double(x):
    """Twice x."""
    parts = []
    for start in range(0, len(x), 16):
        part = x[start : start + 16].clone()
        for index in range(len(part)):
            value = part[index]
            if value.isnan().any():
                part[index] = value
            elif value.dtype.is_floating_point:
                part[index] = value + value
            else:
                part[index] = 2 * value.to(x.dtype)
        parts.append(part.reshape(part.shape))
    joined = torch.cat(parts) if parts else x.clone()
    assert joined.shape == x.shape, (joined.shape, x.shape)
    return joined.contiguous().to(x.device)
'''
RENAMED = LONG.replace("part", "piece").replace('"""Twice x."""', "# mine").replace("index", "i")
SHORT = "def norm(x):\n    return (x * x).sum().sqrt()\n"


def functions(text: str, stub: str = ""):
    return own_functions(text, [own_functions(stub)])


def test_a_dozen_copies_are_one_group_whatever_their_names_and_comments():
    class_ = {f"s{number:02}": functions((LONG, RENAMED)[number % 2] + SHORT) for number in range(12)}
    class_["zoe"] = functions(LONG.replace("16", "32"))
    lines = LONG.strip().count("\n") + 1
    assert find_copies(class_) == [
        CopyGroup(tuple(sorted(class_.keys() - {"zoe"})), ("double", "norm"), lines + 2, True, False)
    ]


def test_a_function_in_common_is_a_group_and_a_short_one_is_not():
    found = find_copies({"ada": functions(LONG + SHORT), "bob": functions(RENAMED), "zoe": functions(SHORT)})
    assert [(group.students, group.functions, group.everything) for group in found] == [
        (("ada", "bob"), ("double",), False)
    ]


def test_a_group_inside_of_another_one_is_listed_only_if_it_has_much_more_in_common() -> None:
    second = LONG.replace("double", "twice").replace("16", "8")
    leaked = {who: functions(LONG + SHORT) for who in ("ada", "bob", "kim", "zoe")}
    leaked |= {"pat": functions(LONG + "def norm(x):\n    return x.norm()\n")}
    assert [(group.students, group.functions) for group in find_copies(leaked)] == [
        (("ada", "bob", "kim", "pat", "zoe"), ("double",)),
        (("ada", "bob", "kim", "zoe"), ("double", "norm")),  # all of their code
    ]
    leaked["bo"] = functions(LONG + SHORT + "def own(x):\n    return x + 2\n")
    leaked |= {"ada": functions(LONG + SHORT + "def own(x):\n    return x\n"), "bob": functions(LONG + SHORT + second)}
    found = [group.students for group in find_copies(leaked)]
    assert found[0] == ("ada", "bo", "bob", "kim", "pat", "zoe")
    assert ("ada", "bo", "bob", "kim", "zoe") not in found  # who have the short function in common, too
    leaked["kim"] = functions(LONG + second + "def own(x):\n    return 2 * x\n")
    assert (("bob", "kim"), ("double", "twice")) in [(group.students, group.functions) for group in find_copies(leaked)]


def test_code_like_the_solution_is_named_even_of_one_student():
    (group,) = find_copies({"ada": functions(LONG), SOLUTION: functions(RENAMED), "bob": functions(SHORT)})
    assert (group.students, group.solution) == (("ada",), True)


@pytest.mark.parametrize("value", ["+".join(["x"] * 900), "x" + ".a" * 900, "0x" + "f" * 6_000])
def test_code_of_any_depth_and_with_any_number_is_compared(value: str) -> None:
    deep = f"{LONG}    return {value}\n"
    (group,) = find_copies(
        {"ada": functions(deep), "bob": functions(deep.replace("part", "piece")), "zoe": functions(LONG)}
    )
    assert group.students == ("ada", "bob")


def test_the_handouts_functions_are_nobodys_own():
    assert functions(LONG + SHORT, stub=LONG).keys() == {"norm"}
    assert functions("def double(x:") == {}


@pytest.mark.slow
def test_the_command_and_the_overview_group_a_leaked_solution(tmp_path):
    pytest.importorskip("copydetect")
    course, out = make_vectors(tmp_path / "course", torch=True), tmp_path / "out"
    (course.solutions / "vectors.py").write_text(f"import torch\n{LONG}")
    leaked = {f"s{number:02}": f"import torch\n{(LONG, RENAMED)[number % 2]}" for number in range(12)}
    near = {"zoe": f"import torch\n{LONG.replace('16', '33')}"}
    run(course, hand_in(tmp_path / "in", **leaked, **near, kim=SHORT), out, Grader())
    done = CliRunner().invoke(main, ["similar", str(out), "--assignment", str(course.folder)])
    assert done.exit_code == 0, done.output
    assert "12 hand-ins with the same code (17 lines), as in the course's solution: all of their code" in done.output
    assert "s00; s01; " in done.output
    assert f"zoe  {SOLUTION}" in done.output
    assert "1 group of exact copies" in done.output
    assert len((out / "similar-copies.csv").read_text().splitlines()) == 13
    page = (out / "index.html").read_text()
    assert "Exact copies" in page
    assert "The same as the course's solution." in page
    with Journal(out) as journal, journal.writing():
        journal.rename_student("s00", "ada")
        assert journal.copies()[0].students[0] == "ada"
