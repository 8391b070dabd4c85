"""A manifest is read, or refused with the entry that is wrong and the remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.core.assignment import BadManifest, meant, read_assignment

TASK = '[[tasks]]\nname = "f"\ntitle = "F"\npoints = 100\n'
HEAD = 'title = "T"\nversion = "1"\nfiles = ["t.py"]\n'

BAD_MANIFESTS = {
    "not TOML": ("title = ", "is not valid TOML"),
    "not text": (
        b"# \xc3\xbc\ntitle = '\xff'",
        r"assignment\.toml, line 2: this is not UTF-8. Save the file as UTF-8\.",
    ),
    "no title": (HEAD.replace('title = "T"\n', "") + TASK, r"assignment\.toml: title is missing"),
    "no tasks": (HEAD, "tasks is missing"),
    "an unknown setting": ("weight = 2\n" + HEAD + TASK, "unknown setting 'weight'. Allowed: title, version, files, "),
    "a title that is a number": (HEAD.replace('"T"', "3") + TASK, "title must be a text, not 3"),
    "no files": (HEAD.replace('["t.py"]', "[]") + TASK, "files must be a list with at least one entry, not an empty"),
    "a file that is a number": (
        HEAD.replace('["t.py"]', "[1]") + TASK,
        "entry 1 of files must be the name of a module",
    ),
    "a file outside of the assignment": (
        HEAD.replace("t.py", "../t.py") + TASK,
        'the name of a module, like "knn.py", or "nets/conv.py" in a package, not \'../t.py\'',
    ),
    "a notebook as a file": (HEAD.replace("t.py", "t.ipynb") + TASK, "entry 1 of files must be the name of a module"),
    "one task instead of a list": (
        HEAD + TASK.replace("[[tasks]]", "[tasks]"),
        r"under a heading \[\[tasks\]\], not a table",
    ),
    "a task that is a word": (
        'tasks = ["f"]\n' + HEAD,
        "entry 1 of tasks must be a table with name, title, points, not 'f'",
    ),
    "a question that is a word": (
        'questions = ["f"]\n' + HEAD + TASK,
        "entry 1 of questions must be a table with id, ",
    ),
    "questions that are a word": ('questions = "f"\n' + HEAD + TASK, "questions must be a list of tables"),
    "a task without points": (HEAD + TASK.replace("points = 100\n", ""), r", \[\[tasks\]\] 'f': points is missing"),
    "a task without a name": (HEAD + TASK + "[[tasks]]\npoints = 1", r", \[\[tasks\]\] number 2: name is missing"),
    "half points": (
        HEAD + TASK.replace("100", "99.5"),
        r"\[\[tasks\]\] 'f': points must be a whole number of at least 1, not 99\.5",
    ),
    "true points": (HEAD + TASK.replace("100", "true"), "points must be a whole number of at least 1, not true"),
    "no points": (HEAD + TASK.replace("100", "0"), "points must be a whole number of at least 1, not 0"),
    "an unknown setting of a task": (
        HEAD + TASK + "weight = 1",
        r"\[\[tasks\]\] 'f': unknown setting 'weight'\. Allowed: name, ",
    ),
    "a need that is no task": (
        HEAD + TASK + 'needs = ["g"]\n',
        r"assignment\.toml, \[\[tasks\]\] 'f', `needs`: .* has no task 'g'",
    ),
    "a need of itself, through another": (
        HEAD + TASK + 'needs = ["g"]\n' + TASK.replace('"f"', '"g"') + 'needs = ["f"]\n',
        r"\[\[tasks\]\] 'f': `needs` leads back to the task itself",
    ),
    "a name twice": (HEAD + TASK + TASK, "2 tasks are called 'f'; names must differ"),
    "another file": (
        HEAD + TASK + 'file = "u.py"\n',
        r"\[\[tasks\]\] 'f': file 'u\.py' is not one of `files`\. Allowed: t\.py",
    ),
    "an unknown limit": (
        HEAD + TASK + "[limits]\nminutes = 1\n",
        r"\[limits\]: unknown setting 'minutes'\. Allowed: seconds, ",
    ),
    "a negative limit": (
        HEAD + TASK + "[limits]\nseconds = -1\n",
        r"\[limits\]: seconds must be a number above 0, not -1",
    ),
    "limits that are a number": ("limits = 3\n" + HEAD + TASK, "limits must be a table, not 3"),
    "imports that are a word": ('imports = "torch"\n' + HEAD + TASK, "imports must be a list, not 'torch'"),
    "a question without an id": (
        HEAD + TASK + '[[questions]]\ntitle = "Q"\npoints = 1\n',
        r"\[\[questions\]\] number 1: id is missing",
    ),
}


@pytest.mark.parametrize("name", BAD_MANIFESTS)
def test_a_wrong_manifest_is_refused_with_the_entry_and_the_remedy(name: str, tmp_path: Path) -> None:
    text, sentence = BAD_MANIFESTS[name]
    path = tmp_path / "assignment.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BadManifest, match=sentence) as caught:
        read_assignment(tmp_path)
    assert str(path) in str(caught.value)


def test_a_folder_without_a_manifest_is_not_an_assignment(tmp_path: Path) -> None:
    with pytest.raises(BadManifest, match=r"has no assignment\.toml, so it is not an assignment"):
        read_assignment(tmp_path)


def test_many_tasks_are_listed_by_module(tmp_path: Path) -> None:
    names = {"one.py": [f"first_task_with_a_long_name_{n}" for n in range(5)], "two.py": [f"g{n}" for n in range(5)]}
    tasks = "".join(
        f'[[tasks]]\nname = "{name}"\ntitle = "F"\npoints = 10\nfile = "{file}"\n'
        for file in names
        for name in names[file]
    )
    (tmp_path / "assignment.toml").write_text(HEAD.replace('["t.py"]', '["one.py", "two.py"]') + tasks)
    with pytest.raises(BadManifest) as caught:
        read_assignment(tmp_path).task("nothing")
    assert str(caught.value).splitlines() == [
        f"{tmp_path.name} has no task 'nothing'. Its tasks, by module:",
        f"  one: {', '.join(names['one.py'][:3])}",
        f"    {', '.join(names['one.py'][3:])}",
        "  two: g0, g1, g2, g3, g4",
    ]


def test_a_correct_manifest_is_read(tmp_path: Path) -> None:
    (tmp_path / "assignment.toml").write_text(HEAD + TASK + "[limits]\nseconds = 2.5\n")
    assignment = read_assignment(tmp_path)
    assert (assignment.name, assignment.points, assignment.limits.seconds) == (tmp_path.name, 100, 2.5)
    with pytest.raises(BadManifest, match=r" has no task 'g'\. It has: f\."):
        assignment.task("g")
    with pytest.raises(BadManifest, match=r" has no task 'ff'\. Did you mean 'f'\?"):
        assignment.task("ff")
    assert meant("A", ["A.forward", "A.backward", "B"]) == "Did you mean 'A.forward' or 'A.backward'?"


def test_a_course_that_preloads_nothing_itself_preloads_what_an_assignment_imports(tmp_path: Path) -> None:
    (tmp_path / "assignment.toml").write_text('imports = ["numpy", "nowhere_at_all"]\n' + HEAD + TASK)
    assert read_assignment(tmp_path).course.preload == ("numpy",)


def test_a_task_needs_what_its_needs_need(tmp_path: Path) -> None:
    tasks = [TASK.replace('"f"', f'"{name}"') for name in "hgf"]
    text = HEAD + tasks[0] + 'needs = ["g"]\n' + tasks[1] + 'needs = ["f"]\n' + tasks[2]
    (tmp_path / "assignment.toml").write_text(text)
    found = read_assignment(tmp_path)
    assert [found.needed_by(name) for name in "hgf"] == [("g", "f"), ("f",), ()]
