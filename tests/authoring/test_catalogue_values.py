"""Plain text in a placeholder stays English in every language, so no message of ours gets any."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.authoring.catalogue_sources import engine_paths
from autograder.authoring.catalogue_values import plain_values

ROOT = Path(__file__).resolve().parents[2]
PATTERNS = ("check_*.py", "oracles*.py")
FILES = {
    "gradlab": [path for path in engine_paths() if path.suffix == ".py"],
    **{
        folder.name: [
            path
            for place in ("assignments", "solutions")
            for pattern in PATTERNS
            for path in sorted((ROOT / place / folder.name).glob(pattern))
        ]
        for folder in sorted((ROOT / "assignments").iterdir())
        if (folder / "assignment.toml").is_file()
    },
}

CODE = """\
SLOW = "This took too long."


def check(size, table):
    what = "a small tensor" if size < 3 else Message("a large tensor")
    hints = {"Take the mean.": 1}
    expect(size, Message("expected {what}, got {size}", what=what, size=size))
    expect(size, Message("{hint} (Twice.)", hint=SLOW))
    expect(size, Message("{name} of {kind}", name="x_train", kind=table["a b c"]))
    expect(size, say("{command} first", command="pip install it"))
    for what, wrong in [("the first one", 1), ("b", 2)]:
        say_counted("{n} in {what}", "{n} in {what}", n=wrong, what=what or f"layer {wrong}")
    return {Message("{hint} (Both.)", hint=hint): value for hint, value in hints.items()}
"""


def test_plain_text_is_found_on_its_way_into_a_placeholder(tmp_path: Path) -> None:
    path = tmp_path / "check_it.py"
    path.write_text(CODE)
    assert plain_values(path) == [
        (7, "what='a small tensor'"),
        (7, "what='the first one'"),
        (8, "hint='This took too long.'"),
        (12, "what='a small tensor'"),
        (12, "what='layer 0'"),
        (12, "what='the first one'"),
        (13, "hint='Take the mean.'"),
    ]


@pytest.mark.parametrize("name", FILES)
def test_no_message_gets_plain_text_as_a_value(name: str) -> None:
    found = {f"{path.name}:{line}": text for path in FILES[name] for line, text in plain_values(path)}
    assert found == {}
