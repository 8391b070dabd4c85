"""The finished exercises that a new assignment begins with: one for functions of each kind, one for methods.

Every exercise has its solution, public and hidden checks, mutants and a variant, so that `gradlab verify` holds before
the author has written anything. Knows nothing about folders and manifests.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Exercise:
    """The texts for one task. ``NAME`` stands for the task, ``PLAIN`` for its name in identifiers."""

    title: str
    arguments: str  # of the function, after `self`
    returns: str
    docstring: str
    solution: str
    public: str  # the bodies of the two checks, without decorator; the first line is the docstring
    hidden: str
    mutants: tuple[tuple[str, str, tuple[str, ...]], ...]  # story, body, and which checks notice it
    variant: tuple[str, str]  # story, body


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

FUNCTIONS = {"numpy": NUMPY, "torch": TORCH, "table": TABLE}

IMPORTS = {  # by kind: what the notebook imports, and which packages the manifest allows
    "numpy": ("import numpy as np", ("numpy",)),
    "torch": ("import torch\nfrom torch import Tensor", ("torch", "numpy")),
    "table": ("import numpy as np\nimport pandas as pd", ("pandas", "numpy")),
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
}
NEEDED = {"numpy": ("standardised",), "torch": ("standardised",), "table": ("means", "measurements", "sums")}

EXAMPLE_CSV = """\
group,value
north,3.5
south,1.25
north,4.5
west,2.0
south,0.75
"""
