"""A course on numpy alone, outside of this repository: course.toml, a shared package, a CSV next to the notebook."""

from __future__ import annotations

from pathlib import Path

from autograder.core.assignment import Assignment, read_assignment

NAME = "a01_rain"
FILES = {
    "course.toml": """
title = "Weather"
id = "weather"
shared = ["rain_units"]
preload = ["numpy"]
""",
    "rain_units/__init__.py": "INCH = 25.4  # millimetres\n",
    "assignments/a01_rain/rain.csv": "city,mm\noslo,25.4\nrome,50.8\n",
    "assignments/a01_rain/assignment.toml": """
title = "Rain"
version = "1.0"
files = ["rain.py"]
imports = ["numpy"]
data = ["rain.csv"]

[limits]
seconds = 5
memory_mb = 512

[[tasks]]
name = "total"
title = "The total in inches"
points = 60

[[tasks]]
name = "centred"
title = "Without the mean"
points = 40
""",
    "assignments/a01_rain/README.md": "# Rain\n\n<!-- tasks -->\n<!-- /tasks -->\n<!-- limits --><!-- /limits -->\n",
    "assignments/a01_rain/check_rain.py": '''
"""Public checks of rain."""

from rain_units import INCH

from autograder import expect_close, task


@task("total", share=50)
def check_total(student):
    """The total of rain.csv is in inches."""
    expect_close(student.total(), 3.0, mistakes={"These are millimetres.": 3.0 * INCH})


@task("centred", share=50)
def check_centred(student, rng):
    """The mean is subtracted."""
    x = rng.normal(5)
    expect_close(student.centred(x), x - x.mean())
''',
    "solutions/a01_rain/check_rain_hidden.py": '''
"""Hidden checks of rain."""

from autograder import expect_close, task


@task("total", share=50)
def check_total_like_the_reference(student, reference):
    """The total agrees with the reference's."""
    expect_close(student.total(), reference.total())


@task("centred", share=50)
def check_centred_twice(student, rng):
    """Subtracting it twice changes nothing."""
    x = rng.uniform(4)
    expect_close(student.centred(student.centred(x)), x - x.mean())
''',
    "solutions/a01_rain/rain.py": '''\
# %% [markdown]
# # Rain

# %%
import numpy as np
from rain_units import INCH

TABLE = np.genfromtxt("rain.csv", delimiter=",", names=True, dtype=None, encoding="utf-8")


# %% task="total"
def total() -> float:
    """Add up the rain of all cities, in inches."""
    ### BEGIN SOLUTION
    return float(TABLE["mm"].sum() / INCH)
    ### END SOLUTION


# %% task="centred"
def centred(x: np.ndarray) -> np.ndarray:
    """Subtract the mean."""
    ### BEGIN SOLUTION
    return x - x.mean()
    ### END SOLUTION
''',
    "solutions/a01_rain/mutants.py": """
from autograder.authoring.mutants import mutants_of

mutant = mutants_of("rain.py")
MUTANTS = [
    mutant("millimetres", ("check_total", "check_total_like_the_reference"), "sum() / INCH", "sum()"),
    mutant("adds the mean", ("check_centred", "check_centred_twice"), "x - x.mean()", "x + x.mean()"),
]
""",
}
SOLVED = (
    FILES["solutions/a01_rain/rain.py"].replace("    ### BEGIN SOLUTION\n", "").replace("    ### END SOLUTION\n", "")
)


def make_rain(root: Path) -> Assignment:
    """Write the course into ``root``, released, and return its assignment."""
    from autograder.authoring.release import release, write

    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    assignment = read_assignment(root / "assignments" / NAME)
    write(release(assignment))
    return assignment
