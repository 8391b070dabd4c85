"""A course with one small assignment, written into a folder, for the tests of authoring and of handing in."""

from __future__ import annotations

import json
from pathlib import Path

from autograder.core.assignment import Assignment, read_assignment

NAME = "t01_tiny"

MANIFEST = """
title = "Tiny"
version = "1.0"
files = ["tiny.py"]
imports = ["math"]

[[tasks]]
name = "double"
title = "Twice the number"
points = 40
watch_out = "halves"

[[tasks]]
name = "Scaler.up"
title = "Scale up"
points = 35

[[tasks]]
name = "Scaler.down"
title = "Scale down"
points = 25

[[questions]]
id = "tiny-q1"
title = "Why twice"
points = 2
"""

SOURCE = '''\
# %% [markdown]
# # Tiny
#
# Write two things.

# %%
import math

WIDTH = 3

# %% tags=["active-ipynb"]
# from autograder import check

# %% task="double"
def double(x: float) -> float:
    """Twice x."""
    ### BEGIN SOLUTION
    return math.fsum([x, x])
    ### END SOLUTION


# %% task="Scaler.up Scaler.down"
class Scaler:
    """Multiplies and divides by WIDTH."""

    def up(self, x: float) -> float:
        """WIDTH times x."""
        ### BEGIN SOLUTION
        widened = x * WIDTH
        ### END SOLUTION
        return widened

    def down(self, x: float) -> float:
        """A WIDTH-th of x."""
        ### BEGIN SOLUTION
        return x / WIDTH
        ### END SOLUTION


# %% [markdown] question="tiny-q1"
# **Question.** Why twice?

# %% [markdown] answer="tiny-q1"
# ### BEGIN SOLUTION
# Because once is not enough for anybody here.
# ### END SOLUTION
'''

README = """\
# Tiny

Write `double` first.

<!-- tasks -->
<!-- /tasks -->

<!-- questions -->
<!-- /questions -->

A check may take <!-- limits --><!-- /limits --> of memory.
"""

CHECKS = '''\
"""Public checks of tiny."""

from autograder import expect_equal, task


@task("double")
def check_double(student):
    """Twice the number comes back."""
    expect_equal(student.double(4.0), 8.0)


@task("Scaler.up")
def check_up(student):
    """Scaling up multiplies by three."""
    expect_equal(student.Scaler().up(4.0), 12.0)


@task("Scaler.down")
def check_down(student):
    """Scaling down divides by three."""
    expect_equal(student.Scaler().down(12.0), 4.0)
'''

WRITTEN = '''\
# %%
import math

WIDTH = 3

# %% task="double"
def double(x: float) -> float:
    """Twice x."""
    return x + x


# %% task="Scaler.up Scaler.down"
class Scaler:
    """Multiplies and divides by WIDTH."""

    def up(self, x: float) -> float:
        """WIDTH times x."""
        return WIDTH * x

    def down(self, x: float) -> float:
        """A WIDTH-th of x."""
        # YOUR CODE HERE
        raise NotImplementedError()
'''

STUB = WRITTEN.replace("return x + x", "# YOUR CODE HERE\n    raise NotImplementedError()").replace(
    "return WIDTH * x", "# YOUR CODE HERE\n        raise NotImplementedError()\n        return widened"
)


def make_course(root: Path, *, source: str = SOURCE) -> Assignment:
    """Write the course into ``root``; nothing is released yet."""
    public, private = root / "assignments" / NAME, root / "solutions" / NAME
    for folder in (public, private):
        folder.mkdir(parents=True)
    (public / "assignment.toml").write_text(MANIFEST)
    (public / "README.md").write_text(README)
    (public / "check_tiny.py").write_text(CHECKS)
    (private / "tiny.py").write_text(source)
    return read_assignment(public)


def as_notebook(script: str) -> bytes:
    """Return a percent script as a notebook, without metadata."""
    sources = [part.split("\n", 1)[1] for part in script.split("# %%")[1:]]
    cells = [
        {"cell_type": "code", "source": s.rstrip(), "metadata": {}, "outputs": [], "execution_count": None}
        for s in sources
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()
