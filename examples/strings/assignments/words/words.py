# %% [markdown]
# # Words
#
# You count the words of a text, and measure how different two words are.
#
# | part | you write | points |
# |---|---|---|
# | 1 Count words | `word_counts` | 4 |
# | 2 Edit distance | `edit_distance` | 6 |

# %%
import re
from collections import Counter

import numpy as np


# %% tags=["active-ipynb"]
# from autograder import check

# %% [markdown]
# ## 1 Count words
#
# A word is a row of letters; everything else separates words. Upper and lower case do not matter.

# %% task="word_counts"
def word_counts(text: str) -> dict[str, int]:
    """Return how often each word of a text occurs, in lower case. Raises ValueError for a text without words."""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="word_counts"
# check("words", task="word_counts")

# %% [markdown]
# ## 2 Edit distance
#
# The edit distance of two words is the smallest number of letters to insert, to delete or to replace, so that one word
# becomes the other. Entry $(i, j)$ of a table has the distance of the first $i$ letters of one word and the first $j$
# of the other; each entry follows from its three neighbours.

# %% task="edit_distance"
def edit_distance(first: str, second: str) -> np.ndarray:
    """Return the table of edit distances of all beginnings of two words. The last entry is that of the words.

    Shapes:
        first   m letters
        second  n letters
        out     (m + 1, n + 1)  int64
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="edit_distance"
# check("words", task="edit_distance")

# %% tags=["active-ipynb"]
# edit_distance("kitten", "sitting")
