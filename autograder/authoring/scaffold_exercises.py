"""The finished exercises that a new assignment begins with: one for functions of each kind, one for methods.

Choices and numbers are variables; the others are functions. Every exercise has its solution, public and hidden checks,
mutants and a variant, so that `gradlab verify` holds before the author has written anything. Knows nothing about
folders and manifests.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Exercise:
    """The texts for one task. ``NAME`` stands for the task, ``PLAIN`` for its name in identifiers."""

    title: str
    solution: str  # of a class: its whole definition, with markers
    public: str  # the bodies of the two checks, without decorator; the first line is the docstring
    hidden: str
    mutants: tuple[tuple[str, str, tuple[str, ...]], ...]  # story, body, and which checks notice it
    variant: tuple[str, str]  # story, body
    arguments: str = ""  # of the function, after `self`
    returns: str = ""  # empty for a variable, which the solution sets
    docstring: str = ""  # of a variable: what the notebook says about it
    fixtures: tuple[str, str] = ("student, rng", "student, rng")  # of the public and of the hidden check
    edited: str = ""  # of a class: the method that the mutants and the variant change


_COLUMNS_DOC = """\
Move and scale each column to mean 0 and standard deviation 1.

Shapes:
    x    (N, D)  float
    out  (N, D)  dtype of x; the standard deviation divides by N
"""

_COLUMNS_PUBLIC = '''\
"""Each column gets mean 0 and standard deviation 1, as in a plain loop."""
x = rng.normal(7, 3)
expected = standardised(x)
rows = standardised(x.T).T
expect_close(student.NAME(x), expected, mistakes={"These are the rows; scale the columns.": rows})
'''

_COLUMNS_HIDDEN = '''\
"""Large numbers, another size, and an input that must not change."""
x = 1000.0 + 5.0 * rng.normal(11, 2)
seen = student.inspect(student.NAME, x)
expect_close(seen.value, standardised(x))
expect_unchanged(seen, x)
'''

NUMPY = Exercise(
    title="Standardise columns",
    arguments="x: np.ndarray",
    returns="np.ndarray",
    docstring=_COLUMNS_DOC,
    solution="return (x - x.mean(axis=0)) / x.std(axis=0)\n",
    public=_COLUMNS_PUBLIC,
    hidden=_COLUMNS_HIDDEN,
    mutants=(
        (
            "scales the rows",
            "return (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)\n",
            ("public", "hidden"),
        ),
        ("changes its input", "x -= x.mean(axis=0)\nreturn x / x.std(axis=0)\n", ("hidden",)),
    ),
    variant=(
        "in steps",
        "mean = np.mean(x, axis=0)\nspread = np.sqrt(np.mean((x - mean) ** 2, axis=0))\nreturn (x - mean) / spread\n",
    ),
)

TORCH = Exercise(
    title="Standardise columns",
    arguments="x: Tensor",
    returns="Tensor",
    docstring=_COLUMNS_DOC,
    solution="return (x - x.mean(dim=0)) / x.std(dim=0, correction=0)\n",
    public=_COLUMNS_PUBLIC,
    hidden=_COLUMNS_HIDDEN,
    mutants=(
        (
            "scales the rows",
            "return (x - x.mean(dim=1, keepdim=True)) / x.std(dim=1, keepdim=True, correction=0)\n",
            ("public", "hidden"),
        ),
        ("divides by N - 1", "return (x - x.mean(dim=0)) / x.std(dim=0)\n", ("public", "hidden")),
        ("changes its input", "x -= x.mean(dim=0)\nreturn x / x.std(dim=0, correction=0)\n", ("hidden",)),
    ),
    variant=(
        "in steps",
        "centred = x - torch.mean(x, 0)\nreturn centred / centred.square().mean(0).sqrt()\n",
    ),
)

TABLE = Exercise(
    title="Means of groups",
    arguments="table: pd.DataFrame",
    returns="pd.Series",
    docstring="""\
Compute the mean of the column `value` for each group, in the order of the groups' names.

Columns of the table:
    group  text
    value  float
""",
    solution='return table.groupby("group")["value"].mean()\n',
    public='''\
"""Each group gets the mean of its own values."""
table = measurements(rng, 12)
result = student.NAME(table)
expect_equal(list(result.index), sorted(set(table["group"])), name="the groups: ")
expect_close(result.to_numpy(), means(table), mistakes={"These are sums; divide by the counts.": sums(table)})
''',
    hidden='''\
"""Groups of one row, and a table that must not change."""
table = measurements(rng, 5)
seen = student.inspect(student.NAME, table)
expect_close(seen.value.to_numpy(), means(table))
expect_unchanged(seen, table)
''',
    mutants=(
        ("sums instead of means", 'return table.groupby("group")["value"].sum()\n', ("public",)),
        (
            "sorts the table itself",
            'table.sort_values("value", inplace=True)\nreturn table.groupby("group")["value"].mean()\n',
            ("hidden",),
        ),
    ),
    variant=(
        "sums and counts",
        'groups = table.groupby("group")["value"]\nreturn groups.sum() / groups.count()\n',
    ),
)

METHOD = Exercise(
    title="A running total",
    arguments="values: list[float]",
    returns="float",
    docstring="Add the values to the total, and return the total of all calls so far.\n",
    solution="self.total += sum(values)\nreturn self.total\n",
    public='''\
"""The total of one call is the sum of its values."""
values = rng.normal(5).tolist()
expect_close(student.CLASS().METHOD(values), math.fsum(values))
''',
    hidden='''\
"""A second call adds to the first; an empty list adds nothing; two objects do not share a total."""
first, second = rng.normal(4).tolist(), rng.normal(3).tolist()
counter, other = student.CLASS(), student.CLASS()
counter.METHOD(first)
counter.METHOD([])
total = math.fsum(first + second)
expect_close(counter.METHOD(second), total, mistakes={"The earlier calls are missing.": sum(second)})
expect_close(other.METHOD(first), math.fsum(first))
''',
    mutants=(
        ("forgets the earlier calls", "return float(sum(values))\n", ("hidden",)),
        ("returns nothing", "self.total += sum(values)\n", ("public",)),
    ),
    variant=("a loop", "for value in values:\n    self.total = self.total + value\nreturn self.total\n"),
)

CLASS = Exercise(
    title="A counter of words",
    returns="class",
    solution='''\
class NAME:
    """Counts words."""

    def __init__(self) -> None:
        """Begin without any word."""
        ### BEGIN SOLUTION
        self.counts = {}
        ### END SOLUTION

    def add(self, text: str) -> None:
        """Count the words of a text; small and capital letters are the same."""
        ### BEGIN SOLUTION
        for word in text.lower().split():
            self.counts[word] = self.counts.get(word, 0) + 1
        ### END SOLUTION

    def most_common(self) -> str:
        """Return the word that was counted most often; of equal ones, the first in the alphabet."""
        ### BEGIN SOLUTION
        return min(self.counts, key=lambda word: (-self.counts[word], word))
        ### END SOLUTION
''',
    public='''\
"""The word of two texts that occurs most often is found."""
counter = student.NAME()
counter.add("one two")
counter.add("two three")
expect_equal(counter.most_common(), "two")
''',
    hidden='''\
"""Capital letters, equal counts, and two objects that share nothing."""
counter, other = student.NAME(), student.NAME()
counter.add("Pear apple PEAR")
other.add("nut kiwi")
expect_equal(counter.most_common(), "pear", mistakes={"Small and capital letters are the same.": "PEAR"})
expect_equal(other.most_common(), "kiwi")
''',
    mutants=(
        (
            "keeps capital letters",
            "for word in text.split():\n    self.counts[word] = self.counts.get(word, 0) + 1\n",
            ("hidden",),
        ),
        ("forgets the earlier texts", "self.counts = {word: 1 for word in text.lower().split()}\n", ("public",)),
    ),
    variant=(
        "sorted words",
        "for word in sorted(text.lower().split()):\n    self.counts.setdefault(word, 0)\n    self.counts[word] += 1\n",
    ),
    fixtures=("student", "student"),
    edited="add",
)

PYTHON = Exercise(
    title="Running means",
    arguments="values: list[float]",
    returns="list[float]",
    docstring="Return the mean of the first value, of the first two, and so on, as a new list.\n",
    solution="""\
means, total = [], 0.0
for number, value in enumerate(values, start=1):
    total += value
    means.append(total / number)
return means
""",
    public='''\
"""Each mean is that of all values so far, as in two loops."""
values = rng.normal(6).tolist()
sums = running_sums(values)
expect_close(student.NAME(values), running_means(values), mistakes={"These are sums; divide by the counts.": sums})
''',
    hidden='''\
"""Large values, a single value, and a list that must not change."""
values = (1000.0 + rng.normal(9)).tolist()
seen = student.inspect(student.NAME, values)
expect_close(seen.value, running_means(values))
expect_unchanged(seen, values)
expect_equal(student.NAME([3.5]), [3.5])
''',
    mutants=(
        ("sums instead of means", "return [sum(values[: n + 1]) for n in range(len(values))]\n", ("public", "hidden")),
        (
            "changes its input",
            "values[:] = [sum(values[: n + 1]) / (n + 1) for n in range(len(values))]\nreturn values\n",
            ("hidden",),
        ),
    ),
    variant=("one sum for each mean", "return [sum(values[:n]) / n for n in range(1, len(values) + 1)]\n"),
)

_REFERENCE = ("student", "student, reference")  # the right answer is in the reference alone, which students do not have

CHOICE = Exercise(
    title="The season of a measurement",
    docstring='Set `NAME` to one of "Spring", "Summer", "Autumn" and "Winter".',
    solution='NAME = "Summer"\n',
    public='''\
"""The answer is one of the choices."""
expect_choice(student.NAME, None, CHOICES)
''',
    hidden='''\
"""The answer is the right one."""
expect_choice(student.NAME, reference.NAME, CHOICES, hints={"Winter": "Which half of the Earth is it?"})
''',
    mutants=(
        ("is not a choice", 'NAME = "July"\n', ("public",)),
        ("is the wrong choice", 'NAME = "Winter"\n', ("hidden",)),
    ),
    variant=("small letters", 'NAME = "summer"\n'),
    fixtures=_REFERENCE,
)

NUMBER = Exercise(
    title="The height of a fall",
    docstring="A stone falls for 3 seconds. Set `NAME` to the height in metres.",
    solution="NAME = 9.81 * 3.0**2 / 2\n",
    public='''\
"""The answer is a number."""
expect_number(student.NAME, None, unit="m")
''',
    hidden='''\
"""The answer is right within 1 %."""
twice = 2 * reference.NAME
expect_number(student.NAME, reference.NAME, rtol=0.01, unit="m", mistakes={"Half of this is right: why?": twice})
''',
    mutants=(
        ("is text", 'NAME = "44.1 m"\n', ("public",)),
        ("forgets a half", "NAME = 9.81 * 3.0**2\n", ("hidden",)),
    ),
    variant=("rounded", "NAME = 44.1\n"),
    fixtures=_REFERENCE,
)

FUNCTIONS = {"numpy": NUMPY, "torch": TORCH, "table": TABLE, "python": PYTHON, "choice": CHOICE, "number": NUMBER}

IMPORTS = {  # by kind: what the notebook imports, and which packages the manifest allows
    "numpy": ("import numpy as np", ("numpy",)),
    "torch": ("import torch\nfrom torch import Tensor", ("torch", "numpy")),
    "table": ("import numpy as np\nimport pandas as pd", ("pandas", "numpy")),
    "python": ("import math", ()),
    "choice": ("import numpy as np", ("numpy",)),
    "number": ("import numpy as np", ("numpy",)),
}

ORACLES = {
    "numpy": '''\
import numpy as np


def standardised(x: np.ndarray) -> np.ndarray:
    """Scale one column after the other, as the definition says."""
    out = np.empty_like(x)
    for column in range(x.shape[1]):
        values = x[:, column]
        mean = sum(values) / len(values)
        out[:, column] = (values - mean) / (sum((values - mean) ** 2) / len(values)) ** 0.5
    return out
''',
    "torch": '''\
import torch
from torch import Tensor


def standardised(x: Tensor) -> Tensor:
    """Scale one column after the other, as the definition says."""
    columns = []
    for values in x.unbind(1):
        mean = sum(values) / len(values)
        columns.append((values - mean) / (sum((values - mean) ** 2) / len(values)) ** 0.5)
    return torch.stack(columns, dim=1)
''',
    "table": '''\
import numpy as np
import pandas as pd


def measurements(rng, rows: int) -> pd.DataFrame:
    """Draw a table with the columns group and value."""
    groups = [rng.choice(["north", "south", "west"]) for _ in range(rows)]
    return pd.DataFrame({"group": groups, "value": rng.numpy.normal(rows)})


def sums(table: pd.DataFrame) -> np.ndarray:
    """Add up the values of each group, in the order of the groups' names."""
    rows = list(zip(table["group"], table["value"], strict=True))
    return np.array([sum(value for name, value in rows if name == group) for group in sorted(set(table["group"]))])


def means(table: pd.DataFrame) -> np.ndarray:
    """Divide the sums by the numbers of rows."""
    counts = [list(table["group"]).count(group) for group in sorted(set(table["group"]))]
    return sums(table) / np.array(counts)
''',
    "python": '''\
def running_sums(values: list[float]) -> list[float]:
    """Add up the values so far, for each place."""
    return [sum(values[: place + 1]) for place in range(len(values))]


def running_means(values: list[float]) -> list[float]:
    """Divide each sum by the number of its values."""
    return [total / (place + 1) for place, total in enumerate(running_sums(values))]
''',
    "choice": 'CHOICES = ["Spring", "Summer", "Autumn", "Winter"]\n',
}
NEEDED = {
    "numpy": ("standardised",),
    "torch": ("standardised",),
    "table": ("means", "measurements", "sums"),
    "python": ("running_means", "running_sums"),
    "choice": ("CHOICES",),
}

EXAMPLE_CSV = """\
group,value
north,3.5
south,1.25
north,4.5
west,2.0
south,0.75
"""
