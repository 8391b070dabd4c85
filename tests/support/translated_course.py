"""A course with one small assignment in English and in the pseudo-language, released."""

from __future__ import annotations

from pathlib import Path

from autograder.authoring.catalogue import save
from autograder.authoring.catalogue_editions import catalogues
from autograder.authoring.catalogue_pseudo import PSEUDO, pseudo_catalogue
from autograder.authoring.release import release, write
from autograder.core.assignment import Assignment, read_assignment
from tests.support.course import make_course

SECRET = "Twice a number that nobody foresees."  # the title of a hidden check
HIDDEN = f'''\
"""Hidden checks."""

from autograder import expect_equal, task


@task("double", share=50)
def check_another_number(student, rng):
    """{SECRET}"""
    expect_equal(student.double(9.0), 18.0)
'''


def translate(assignment: Assignment) -> Assignment:
    """Release an assignment in English and in the pseudo-language, with its hidden checks."""
    manifest = assignment.folder / "assignment.toml"
    manifest.write_text(manifest.read_text().replace("\n[[tasks]]", f'\nlanguages = ["{PSEUDO}"]\n\n[[tasks]]', 1))
    both = read_assignment(assignment.folder)
    for wanted in catalogues(both, PSEUDO):
        save(wanted.path, pseudo_catalogue(wanted.entries))
    write(release(both))
    return both


def make_translated_course(root: Path) -> Assignment:
    """Write the course into ``root``."""
    (root / "course.toml").write_text('title = "Tiny course"\nid = "tiny"\n')
    tiny = make_course(root)
    (tiny.solutions / "check_tiny_hidden.py").write_text(HIDDEN)
    (public,) = tiny.folder.glob("check_*.py")
    public.write_text(public.read_text().replace('@task("double")', '@task("double", share=50)'))
    return translate(tiny)
