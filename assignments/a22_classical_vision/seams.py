# %% [markdown]
# # Seam carving
#
# A picture has to become narrower. Scaling squeezes faces, cropping loses what is at the border. Avidan and Shamir
# (2007) take out a **seam** instead: one pixel of each row, neighbours from row to row, where nobody will miss them.
# The best seam is found by dynamic programming. The functions have the names that they have in Stanford's CS131.
#
# Pictures are numpy arrays of shape (H, W, 3), float64 in [0, 1].
#
# | part | you write | points | minutes |
# |---|---|---|---|
# | 1 Energy | `energy_function` | 2 | 10 |
# | 2 The cheapest way down | `compute_cost`, `backtrack_seam`, `remove_seam`, `reduce` | 8 | 75 |
# | 3 Wider | `enlarge` | 2 | 35 |
# | 4 Looking ahead | `compute_forward_cost` | 2 | 30 |
# | 5 Away with it | `remove_object` | 2 | 20 |

# %%
import numpy as np


def rgb2gray(image: np.ndarray) -> np.ndarray:
    """The luma of a colour image.

    Shapes:
        image  (H, W, 3)
        out    (H, W)
    """
    return image @ np.array([0.2125, 0.7154, 0.0721])


# %% tags=["active-ipynb"]
# from autograder import check, hint
# from common.data import photographs
# from common.plots.gallery import gallery
#
# photo = photographs.draw("fruit", seed=3, size=(72, 96))
# picture = photo.image

# %% [markdown]
# ## 1 Energy
#
# Who would miss a pixel? A first answer: those where the picture changes have a meaning. The energy of a pixel is
# $|\partial_x I| + |\partial_y I|$ of the grey picture, by `np.gradient`.

# %% task="energy_function"
# About 10 minutes, easy. Stuck? hint("energy_function") shows a first step.
def energy_function(image: np.ndarray) -> np.ndarray:
    """The sum of absolute derivatives of the grey picture.

    Shapes:
        image  (H, W, 3)  float64; it is not changed
        out    (H, W)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="energy_function"
# check("seams", task="energy_function")

# %% [markdown]
# ## 2 The cheapest way down
#
# There are about $3^H$ seams through each pixel of the last row. But the cheapest seam that ends in pixel $(i, j)$ is
# the cheapest one of three that end above it, and this pixel:
#
# $$M[i, j] = E[i, j] + \min(M[i - 1, j - 1], \; M[i - 1, j], \; M[i - 1, j + 1])$$
#
# Beyond the border $M$ is **infinite**. (With 0 there, seams would run along the border for nothing.) Note for each
# pixel which of the three was the smallest: -1, 0 or 1; of equal ones, the one more to the left. For example, the
# energies
#
# $$\begin{bmatrix} 1 & 4 & 3 \\ 5 & 2 & 6 \\ 7 & 1 & 2 \end{bmatrix} \text{ have the costs }
# \begin{bmatrix} 1 & 4 & 3 \\ 6 & 3 & 9 \\ 10 & 4 & 5 \end{bmatrix}$$
#
# and the best seam has the columns 0, 1, 1.

# %% task="compute_cost"
# About 30 minutes, medium. Stuck? hint("compute_cost") shows a first step.
def compute_cost(image: np.ndarray, energy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The cost of the cheapest seam that ends in each pixel, and where it comes from.

    Shapes:
        image   (H, W, 3)  it is not used here, but in compute_forward_cost
        energy  (H, W)     float64; it is not changed
        out     the costs (H, W), and paths (H, W), whole numbers -1, 0, 1; 0 in the first row
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="compute_cost"
# check("seams", task="compute_cost")

# %% task="backtrack_seam"
# About 10 minutes, easy. Stuck? hint("backtrack_seam") shows a first step.
def backtrack_seam(paths: np.ndarray, end: int) -> np.ndarray:
    """The columns of the seam that ends in the column `end` of the last row.

    Shapes:
        paths  (H, W)  -1, 0 or 1: the column above, less this one
        out    (H,)    whole numbers, from the first row to the last
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="backtrack_seam"
# check("seams", task="backtrack_seam")

# %% task="remove_seam"
# About 15 minutes, easy. Stuck? hint("remove_seam") shows a first step.
def remove_seam(image: np.ndarray, seam: np.ndarray) -> np.ndarray:
    """The picture without one pixel in each row.

    Shapes:
        image  (H, W, 3) or (H, W)  any dtype; it is not changed
        seam   (H,)                 a column for each row
        out    (H, W - 1, 3) or (H, W - 1), of the same dtype
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="remove_seam"
# check("seams", task="remove_seam")

# %% task="reduce"
# About 20 minutes, medium. Stuck? hint("reduce") shows a first step.
def reduce(image: np.ndarray, size: int, axis: int = 1) -> np.ndarray:
    """Take out the cheapest seam, again and again, until the picture has a size.

    Energy and costs are computed again after each seam. Of equal costs in the last row, the first counts.

    Shapes:
        image  (H, W, 3)  float64; it is not changed
        size   int        the number of columns (axis 1) or of rows (axis 0) to reach
        out    (H, size, 3) or (size, W, 3)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="reduce"
# check("seams", task="reduce")

# %% tags=["active-ipynb"]
# energy = energy_function(picture)
# cost, paths = compute_cost(picture, energy)
# seam = backtrack_seam(paths, int(cost[-1].argmin()))
# middle = compute_cost(picture[:, 30:60], energy[:, 30:60])
# between = 30 + backtrack_seam(middle[1], int(middle[0][-1].argmin()))
# figure = gallery({"energy": energy, "cost": cost, "the first seam, and one between the discs": picture},
#                  "Energy and costs of a picture of fruit; its cheapest seam, along the left border; and the cheapest "
#                  "one of the middle columns, which bends between the discs.", columns=3)
# figure.axes[2].plot(seam, range(len(seam)), "r", linewidth=3)
# figure.axes[2].plot(between, range(len(between)), "r--")
# figure

# %% tags=["active-ipynb"]
# narrow = reduce(picture, 64)
# scaled = picture[:, np.linspace(0, 95, 64).round().astype(int)]
# gallery({"the picture": picture, "scaled": scaled, "cropped": picture[:, 16:80], "carved": narrow},
#         "A picture of discs; scaled they are narrow, cropped they are cut, carved they are nearly round.")

# %% [markdown]
# ## 3 Wider
#
# To make a picture wider, double seams. But the cheapest seam, doubled, is the cheapest again: the same pixels would
# be repeated $k$ times. So first find the $k$ seams that `reduce` would take out, with their columns **in the original
# picture**: a table of the original columns loses its seams together with the picture. Then repeat each of these pixels
# once.

# %% task="enlarge"
# About 35 minutes, medium. Stuck? hint("enlarge") shows a first step.
def enlarge(image: np.ndarray, size: int, axis: int = 1) -> np.ndarray:
    """Double the pixels of the seams that reduce takes out first, each once.

    Shapes:
        image  (H, W, 3)  float64; it is not changed
        size   int        columns (axis 1) or rows (axis 0) to reach: at most twice as many as there are, less 1
        out    (H, size, 3) or (size, W, 3)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="enlarge"
# check("seams", task="enlarge")

# %% tags=["active-ipynb"]
# grey = picture @ np.array([0.2125, 0.7154, 0.0721])
# code = np.arange(96) / 96  # hidden in red and blue, so that the grey picture, and with it the seams, stay as they are
# coded = np.stack([grey + 0.0721 * code, grey, grey - 0.2125 * code], axis=2)
# turns = np.full((72, 96), np.nan)
# for number in (30, 20, 10):
#     wider = enlarge(coded, 96 + number)
#     columns = (96 * (wider[..., 0] - wider[..., 2]) / 0.2846).round().astype(int)
#     turns[np.stack([np.bincount(row, minlength=96) > 1 for row in columns])] = number
# figure = gallery({"the first ten seams (red), the next ten (orange), and ten more (yellow)": picture},
#                  "Thirty seams of a picture of fruit, in three colours by their order: they bend around the discs.",
#                  width=6)
# figure.axes[0].imshow(turns, cmap="autumn", interpolation="nearest")
# figure

# %% [markdown] question="seams-q1"
# **Question 1.** Why can a picture not be enlarged to more than twice its width in this way, and why does it look bad
# long before? Propose a way to three times the width.

# %% [markdown] answer="seams-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 4 Looking ahead
#
# Taking out a pixel makes new neighbours. The energy of what is *inserted* matters (Rubinstein, Shamir and Avidan
# 2008): coming from straight above, the left and the right pixel become neighbours; coming from the left or from the
# right, also two pixels one above the other.
#
# $$C_U = |I_{i, j + 1} - I_{i, j - 1}|, \quad C_L = C_U + |I_{i - 1, j} - I_{i, j - 1}|, \quad
# C_R = C_U + |I_{i - 1, j} - I_{i, j + 1}|$$
#
# $$M_{i, j} = E_{i, j} + \min(M_{i - 1, j - 1} + C_L, \; M_{i - 1, j} + C_U, \; M_{i - 1, j + 1} + C_R)$$
#
# In the first and the last column $C_U$ is 0, because one of its pixels does not exist. The first row has $M = E +
# C_U$.

# %% task="compute_forward_cost"
# About 30 minutes, medium. Stuck? hint("compute_forward_cost") shows a first step.
def compute_forward_cost(image: np.ndarray, energy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Costs with what a seam inserts, and where each seam comes from; of equal ones, the one more to the left.

    Shapes:
        image   (H, W, 3)  float64; its grey picture is I; it is not changed
        energy  (H, W)     float64; it is not changed
        out     the costs (H, W), and paths (H, W), whole numbers -1, 0, 1; 0 in the first row
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="compute_forward_cost"
# check("seams", task="compute_forward_cost")

# %% [markdown]
# ## 5 Away with it
#
# Give the pixels of an object a very low, negative energy: then the cheapest seams go through it. When the object has
# vanished, enlarge the picture to its old width.

# %% task="remove_object"
# About 20 minutes, medium. Stuck? hint("remove_object") shows a first step.
def remove_object(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The picture without the object, in the old size.

    Take out vertical seams, with an energy of -1000 in the mask, until no pixel of the mask is left; then enlarge.

    Shapes:
        image  (H, W, 3)  float64; it is not changed
        mask   (H, W)     bool; it is not changed
        out    (H, W, 3)
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="remove_object"
# check("seams", task="remove_object")

# %% tags=["active-ipynb"]
# fruit = photographs.draw("fruit", seed=3, size=(72, 96))
# wide = sum(np.roll(fruit.mask, (down, right), (0, 1)) for down in (-1, 0, 1) for right in (-1, 0, 1)) > 0
# gallery({"the picture": fruit.image, "30 % wider": enlarge(fruit.image, 125), "without the disc in front":
#          remove_object(fruit.image, wide)},
#         "Fruit; the same with more sky between the discs; and without the disc in front.", columns=3)

# %% [markdown]
# ## What to take home
#
# A problem with exponentially many answers became a table, because the best way to a pixel needs only the best ways to
# its neighbours. What is infinite at the border, and which of equal ones counts, belong to the definition.
#
# **Where to look next.** Avidan and Shamir (*Seam carving for content-aware image resizing*, 2007) is the paper behind
# this notebook; Rubinstein, Shamir and Avidan (*Improved seam carving for video retargeting*, 2008) count the edges
# that a removal makes. Efros and Freeman (*Image quilting for texture synthesis and transfer*, 2001) cut patches along
# the same kind of path. PatchMatch (Barnes et al., 2009) fills holes by copying from elsewhere.
