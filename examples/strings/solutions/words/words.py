# %% [markdown]
# # Words
#
# You count the words of a text, and measure how different two words are.
#
# <!-- parts -->

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
    ### BEGIN SOLUTION
    words = re.findall(r"[a-z]+", text.lower())
    if not words:
        raise ValueError("the text has no words")
    return Counter(words)
    ### END SOLUTION


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
    ### BEGIN SOLUTION
    table = np.zeros((len(first) + 1, len(second) + 1), dtype=np.int64)
    table[:, 0] = np.arange(len(first) + 1)
    table[0] = np.arange(len(second) + 1)
    for i, a in enumerate(first, start=1):
        for j, b in enumerate(second, start=1):
            table[i, j] = min(table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (a != b))
    return table
    ### END SOLUTION


# %% tags=["active-ipynb"]
# edit_distance("kitten", "sitting")
