"""Catalogues contain what students read, and an edition differs from the English one in nothing but words."""

from __future__ import annotations

import ast
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from autograder.authoring.catalogue import create, missing, mo_bytes, po_bytes, read, save
from autograder.authoring.catalogue_checks import sentences_in, untranslatable
from autograder.authoring.catalogue_code import map_code
from autograder.authoring.catalogue_editions import catalogues
from autograder.authoring.catalogue_export import export, merge
from autograder.authoring.catalogue_markdown import map_markdown
from autograder.authoring.catalogue_pseudo import PSEUDO, pseudo, pseudo_catalogue
from autograder.authoring.catalogue_rules import faults
from autograder.authoring.catalogue_sources import private_entries, public_entries
from autograder.authoring.release import release, stale, write
from autograder.core.assignment import Assignment
from autograder.core.docstrings import drop_docstrings
from autograder.core.language import ENGINE_LOCALE
from tests.support.course import NAME, make_course

MARKDOWN = """\
# Title of it

A paragraph
on two lines with `code` and $x$.

$$ a = b $$

- one item
  goes on
- another item

1. a step

Code:

    layout of three words  here
    x = y

| head one | head two |
|---|---|

### BEGIN SOLUTION
the answer to it
### END SOLUTION
"""


def pieces(text: str, of: Any = map_markdown) -> list[str]:
    found: list[str] = []
    assert of(text, lambda piece, line, kind: (found.append(piece), piece)[1]) == text  # nothing else changed
    return found


@pytest.fixture
def tiny(tmp_path: Path) -> Assignment:
    (tmp_path / "course.toml").write_text('title = "Tiny course"\nid = "tiny"\n')
    return make_course(tmp_path)


def translated(assignment: Assignment) -> Assignment:
    """Translate everything into the pseudo-language."""
    for wanted in catalogues(assignment, PSEUDO):
        save(wanted.path, pseudo_catalogue(wanted.entries))
    return replace(assignment, languages=(PSEUDO,))


def test_markdown_is_cut_into_headings_paragraphs_items_and_tables() -> None:
    assert pieces(MARKDOWN) == [
        "Title of it",
        "A paragraph on two lines with `code` and $x$.",
        "one item goes on",
        "another item",
        "a step",
        "Code:",
        "    layout of three words  here\n    x = y",
        "| head one | head two |\n|---|---|",
    ]


def test_a_translation_keeps_the_marks_around_a_piece() -> None:
    text = map_markdown(MARKDOWN, lambda piece, line, kind: piece.split("\n")[0].upper())
    assert "# TITLE OF IT\n\nA PARAGRAPH ON TWO LINES" in text
    assert "- ONE ITEM GOES ON\n- ANOTHER ITEM\n\n1. A STEP" in text
    assert "the answer to it" in text


CODE = '''\
def f(x):
    """Doubles x.

    Shapes:
        x    (N,)  numbers
    """
    # A comment that
    # goes on.
    ### BEGIN SOLUTION
    # the secret of this
    y = 2 * x  # also the secret part
    ### END SOLUTION
    return y  # (N, C)
'''


def test_docstrings_and_comments_are_pieces_but_not_those_of_solutions() -> None:
    assert sorted(pieces(CODE, map_code)) == [
        "A comment that goes on.",
        "Doubles x.",
        "Shapes:\n    x    (N,)  numbers",
    ]


def test_translated_code_is_the_same_code() -> None:
    text = map_code(CODE, lambda piece, line, kind: "你好" * 70 if kind != "layout" else piece)
    assert "# the secret of this" in text
    assert "# A comment" not in text
    assert max(len(line) for line in text.split("\n")) < 90  # a Chinese character takes two columns
    trees = [ast.parse(code) for code in (CODE, text)]
    for tree in trees:
        drop_docstrings(ast.walk(tree))
    assert ast.dump(trees[0]) == ast.dump(trees[1])


def test_a_translation_must_have_the_pieces_of_its_source() -> None:
    source = "Take `x[0]` and $x_i$ of [it](a.md), <!-- limits -->{n:,} **times**."
    assert faults(source, "取 $x_i$ 和 `x[0]`，[它](a.md)，<!-- limits -->**{n:,}** 次。") == []
    assert faults(source, "取 $x_j$ 和 `x[1]`，[它](b.md)，{n} **次。") == [
        "the code 'x[0]' is missing",
        "the code 'x[1]' was added",
        "the formula '$x_i$' is missing",
        "the formula '$x_j$' was added",
        "the link 'a.md' is missing",
        "the link 'b.md' was added",
        "the tag '<!-- limits -->' is missing",
        "the placeholder '{n:,}' is missing",
        "the placeholder '{n}' was added",
        "a ** has no partner",
    ]
    assert faults("1 Distances", "距离") == ["it must begin with 1"]
    assert faults("one line", "两\n行") == ["it must be on one line"]
    assert faults("by 2018", "2018) 年") == ["it must not begin like a list, a heading or a quotation"]


def test_a_catalogue_has_all_that_students_read_and_nothing_of_a_solution(tiny: Assignment) -> None:
    root = tiny.folder.parents[1]
    texts = {entry.text for entry in public_entries(tiny, root)}
    assert {
        "Tiny", "Twice the number", "halves", "Why twice", "Write `double` first.", "Write two things.", "Twice x.",
        "**Question.** Why twice?", "Twice the number comes back.",
        "A check may take <!-- limits --><!-- /limits --> of memory.",
    } <= texts  # fmt: skip
    assert not any("once is not enough" in text for text in texts)
    (entry,) = (entry for entry in public_entries(tiny, root) if entry.text == "Write two things.")
    assert (entry.place, entry.line) == (f"solutions/{NAME}/tiny.py", 4)


def test_words_of_hidden_checks_have_a_catalogue_of_their_own(tiny: Assignment) -> None:
    root = tiny.folder.parents[1]
    hidden = '"""Hidden."""\nfrom autograder import task\n\n@task("double")\ndef check_it(s):\n    """It holds."""\n'
    (tiny.solutions / "check_tiny_hidden.py").write_text(hidden)
    assert [entry.text for entry in private_entries(tiny, root, public_entries(tiny, root))] == ["It holds."]
    assert "It holds." not in {entry.text for entry in public_entries(tiny, root)}
    public, private = catalogues(tiny, PSEUDO)
    assert private.path == root / "solutions/locale" / PSEUDO / "LC_MESSAGES" / f"{NAME}.po"
    assert public.path == root / "locale" / PSEUDO / "LC_MESSAGES" / f"{NAME}.po"


def test_an_edition_has_the_same_cells_and_code_in_other_words(tiny: Assignment) -> None:
    released = release(translated(tiny))
    assert released.untranslated == ()
    root = tiny.folder.parents[1]
    theirs = root / "locale" / PSEUDO / "assignments" / NAME
    english, other = (json.loads(released.files[folder / "tiny.ipynb"]) for folder in (tiny.folder, theirs))
    for ours, cell in zip(english["cells"], other["cells"], strict=True):
        assert cell["id"] == ours["id"]
        for table in (ours["metadata"], cell["metadata"]):
            table.get("nbgrader", {}).pop("checksum", None)
        assert cell["metadata"] == ours["metadata"]
    codes = [ast.parse(released.files[folder / "tiny.py"]) for folder in (tiny.folder, theirs)]
    for tree in codes:
        drop_docstrings(ast.walk(tree))
    assert ast.dump(codes[0]) == ast.dump(codes[1])
    assert pseudo("Write two things.") in "".join("".join(cell["source"]) for cell in other["cells"])
    readme = released.files[theirs / "README.md"].decode()
    assert pseudo("Write `double` first.") in readme
    assert f"| 1 | `double` | 40 | {pseudo('halves')} |" in readme


def test_a_released_language_must_be_complete(tiny: Assignment) -> None:
    both = translated(tiny)
    write(release(both))
    assert stale(release(both)) == []
    source = tiny.solutions / "tiny.py"
    source.write_text(source.read_text().replace("Write two things.", "Write two good things."))
    write(release(both))
    (sentence,) = stale(release(both))
    assert "1 of" in sentence
    assert f"solutions/{NAME}/tiny.py:4 'Write two good things.'" in sentence


def test_an_update_keeps_translations_and_marks_changed_texts_as_fuzzy(tiny: Assignment) -> None:
    public, _ = catalogues(translated(tiny), PSEUDO)
    source = tiny.solutions / "tiny.py"
    source.write_text(source.read_text().replace("Write two things.", "Write two good things."))
    changed, _ = catalogues(tiny, PSEUDO)
    save(public.path, create(changed.entries, PSEUDO, title="Tiny", old=public.path))
    catalogue = read(public.path, PSEUDO)
    assert [entry.text for entry in missing(catalogue, changed.entries)] == ["Write two good things."]
    assert catalogue.get("Write two good things.").fuzzy
    assert catalogue.get("Twice x.").string == pseudo("Twice x.")
    assert po_bytes(catalogue) == public.path.read_bytes()
    assert f"before = '''\n{pseudo('Write two things.')}'''" in export(public.path, PSEUDO, tiny.folder.parents[1])[0]


def test_what_is_exported_filled_and_merged_is_translated(tiny: Assignment) -> None:
    root = tiny.folder.parents[1]
    public, _ = catalogues(tiny, "zh_CN")
    save(public.path, create(public.entries, "zh_CN", title="Tiny"))
    text, many = export(public.path, "zh_CN", root)
    assert many == len({entry.text for entry in public.entries})
    good = text.replace(
        "english = '''\nTwice x.'''\ntranslation = '''\n'''",
        "english = '''\nTwice x.'''\ntranslation = '''\nx 的两倍。\n'''",
    )
    first = "english = '''\nWrite `double` first.'''\ntranslation = '''\n"
    filled = root / "filled.toml"
    filled.write_text(good.replace(first, first + "先写 `triple`。"))
    merged = merge(filled, root)
    assert (merged.taken, merged.empty) == (1, many - 2)
    (fault,) = merged.faults
    assert "the code 'double' is missing; the code 'triple' was added" in fault
    assert read(public.path, "zh_CN").get("Twice x.").string == "x 的两倍。"
    assert export(public.path, "zh_CN", root)[1] == many - 1


CHECK = '''\
"""Checks."""
TABLE = {"KeyError": "The keys are W1 and b1.", "to unpack": "Return two values."}

def check_it(student, rng):
    """It is right."""
    code = student.define("def f():\\n    return 1. Not a sentence for people.\\n")
    hint = "The bias is missing."
    wrong = {"db is missing: sum dout.": db, "a = ? and b = ?": None}
    expect(x, f"There are {n} of them.", hint)
    raise Mismatch(Message("There are {n} of {m}.", n=1, m=2))
    expect_equal(dtype, "torch.float32", mistakes={"Draw the noise first.": "torch.float64"})

SQUARE = "Windows need not be square."
PATTERNS = {"does not broadcast": SQUARE}

def check_errors(student):
    with explain_errors(PATTERNS | {"RuntimeError": SQUARE}):
        expect_choice(student.f(), "one", ["one", "two"], hints={"two of them": SQUARE})

def check_training(student, score):
    if not score.reached(0.5, "loss") and not other("loss"):
        score(0.5)
        score(0.5, name="gain by guidance")
'''


def test_sentences_of_checks_are_found_without_marks(tmp_path: Path) -> None:
    path = tmp_path / "check_it.py"
    path.write_text(CHECK)
    assert [sentence.text for sentence in sentences_in(path)] == [
        "The keys are W1 and b1.",
        "Return two values.",
        "It is right.",
        "The bias is missing.",
        "db is missing: sum dout.",
        "There are {n} of {m}.",
        "Draw the noise first.",
        "Windows need not be square.",
        "loss",
        "gain by guidance",
    ]
    assert untranslatable(path) == [(9, 'f"There are {n} of them."')]


def test_the_text_of_a_message_is_found_where_it_is_named(tmp_path: Path) -> None:
    path = tmp_path / "check_it.py"
    path.write_text(
        "def check(size):\n"
        '    for name, right in {"tiny distances": 1e-8, "poolings": 2}.items():\n'
        '        expect(size == right, Message("{case}: {size}.", case=Message(name), size=size))\n'
        "def other(size):\n"
        '    for name, right in {"a table": 1, "a list": 2}.items():\n'
        "        expect_shape(size, right[name])\n"
    )
    assert [sentence.text for sentence in sentences_in(path)] == ["tiny distances", "poolings", "{case}: {size}."]


def test_what_an_entry_of_a_file_may_be_is_found(tmp_path: Path) -> None:
    path = tmp_path / "it.py"
    path.write_text(
        'from msgspec import Meta\n_Name = Meta(pattern="a long text", description="the name of a package")\n'
    )
    assert [sentence.text for sentence in sentences_in(path)] == ["the name of a package"]


def test_gradlabs_own_catalogues_are_compiled() -> None:
    found = list(ENGINE_LOCALE.glob("*/LC_MESSAGES/*.po"))
    assert found
    stale = [p.name for p in found if p.with_suffix(".mo").read_bytes() != mo_bytes(read(p, p.parent.parent.name))]
    assert not stale, f"run `gradlab translate extract gradlab --language ...`: {stale}"
