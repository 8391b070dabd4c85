# %% [markdown]
# # Seam carving
#
# A picture has to become narrower. Scaling squeezes faces, cropping loses what is at the border. Avidan and Shamir
# (2007) take out a **seam** instead: one pixel of each row, neighbours from row to row, where nobody will miss them.
# The best seam is found by dynamic programming. The functions have the names that they have in Stanford's CS131.
#
# Pictures are numpy arrays of shape (H, W, 3), float64 in [0, 1].
#
# <!-- parts -->

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


# %% task="energy_function" minutes=10 difficulty="easy"
def energy_function(image: np.ndarray) -> np.ndarray:
    """The sum of absolute derivatives of the grey picture.

    Shapes:
        image  (H, W, 3)  float64; it is not changed
        out    (H, W)
    """
    ### BEGIN SOLUTION
    down, right = np.gradient(rgb2gray(image))
    return np.abs(down) + np.abs(right)
    ### END SOLUTION


# %% [markdown] hint="energy_function"
# 1. `np.gradient` of the grey picture returns the derivative along rows and the one along columns.

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


# %% task="compute_cost" minutes=30 difficulty="medium"
def compute_cost(image: np.ndarray, energy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The cost of the cheapest seam that ends in each pixel, and where it comes from.

    Shapes:
        image   (H, W, 3)  it is not used here, but in compute_forward_cost
        energy  (H, W)     float64; it is not changed
        out     the costs (H, W), and paths (H, W), whole numbers -1, 0, 1; 0 in the first row
    """
    ### BEGIN SOLUTION
    cost, paths = energy.copy(), np.zeros(energy.shape, dtype=int)
    for i in range(1, len(energy)):
        padded = np.pad(cost[i - 1], 1, constant_values=np.inf)
        above = np.stack([padded[:-2], padded[1:-1], padded[2:]])
        cost[i] += above.min(axis=0)
        paths[i] = above.argmin(axis=0) - 1
    return cost, paths
    ### END SOLUTION


# %% [markdown] hint="compute_cost"
# 1. Go through the rows from the second on. The row above, with infinity on both sides, gives three rows: moved to the
#    left, as it is, moved to the right.
# 2. Add the smallest of the three to the energies. `argmin` takes the first of equal ones; subtract 1.


# %% task="backtrack_seam" minutes=10 difficulty="easy"
def backtrack_seam(paths: np.ndarray, end: int) -> np.ndarray:
    """The columns of the seam that ends in the column `end` of the last row.

    Shapes:
        paths  (H, W)  -1, 0 or 1: the column above, less this one
        out    (H,)    whole numbers, from the first row to the last
    """
    ### BEGIN SOLUTION
    seam = np.zeros(len(paths), dtype=int)
    seam[-1] = end
    for i in range(len(paths) - 1, 0, -1):
        seam[i - 1] = seam[i] + paths[i, seam[i]]
    return seam
    ### END SOLUTION


# %% [markdown] hint="backtrack_seam"
# 1. Begin in the last row. The column above is this column plus the path *of this pixel*.


# %% task="remove_seam" minutes=15 difficulty="easy"
def remove_seam(image: np.ndarray, seam: np.ndarray) -> np.ndarray:
    """The picture without one pixel in each row.

    Shapes:
        image  (H, W, 3) or (H, W)  any dtype; it is not changed
        seam   (H,)                 a column for each row
        out    (H, W - 1, 3) or (H, W - 1), of the same dtype
    """
    ### BEGIN SOLUTION
    H, W = image.shape[:2]
    keep = np.arange(W)[None] != seam[:, None]
    return image[keep].reshape(H, W - 1, *image.shape[2:])
    ### END SOLUTION


# %% [markdown] hint="remove_seam"
# 1. A mask of shape (H, W) that is False on the seam: `np.arange(W)[None] != seam[:, None]`.
# 2. `image[keep]` loses the shape; bring it back by `reshape`. Grey pictures have two axes.


# %% task="reduce" minutes=20 difficulty="medium"
def reduce(image: np.ndarray, size: int, axis: int = 1) -> np.ndarray:
    """Take out the cheapest seam, again and again, until the picture has a size.

    Energy and costs are computed again after each seam. Of equal costs in the last row, the first counts.

    Shapes:
        image  (H, W, 3)  float64; it is not changed
        size   int        the number of columns (axis 1) or of rows (axis 0) to reach
        out    (H, size, 3) or (size, W, 3)
    """
    ### BEGIN SOLUTION
    out = image.swapaxes(0, 1) if axis == 0 else image
    while out.shape[1] > size:
        cost, paths = compute_cost(out, energy_function(out))
        out = remove_seam(out, backtrack_seam(paths, int(cost[-1].argmin())))
    return out.swapaxes(0, 1) if axis == 0 else out.copy()
    ### END SOLUTION


# %% [markdown] hint="reduce"
# 1. In a loop, while there are more than `size` columns: energy, costs, the end of the cheapest seam
#    (`cost[-1].argmin()`, which takes the first of equal ones), the seam, the picture without it.
# 2. For rows, exchange the first two axes before and after: `swapaxes(0, 1)`.

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


# %% task="enlarge" minutes=35 difficulty="medium"
def enlarge(image: np.ndarray, size: int, axis: int = 1) -> np.ndarray:
    """Double the pixels of the seams that reduce takes out first, each once.

    Shapes:
        image  (H, W, 3)  float64; it is not changed
        size   int        columns (axis 1) or rows (axis 0) to reach: at most twice as many as there are, less 1
        out    (H, size, 3) or (size, W, 3)
    """
    ### BEGIN SOLUTION
    whole = image.swapaxes(0, 1) if axis == 0 else image
    H, W = whole.shape[:2]
    left, columns = whole, np.tile(np.arange(W), (H, 1))
    repeats = np.ones((H, W), dtype=int)
    for _ in range(size - W):
        cost, paths = compute_cost(left, energy_function(left))
        seam = backtrack_seam(paths, int(cost[-1].argmin()))
        repeats[np.arange(H), columns[np.arange(H), seam]] = 2
        left, columns = remove_seam(left, seam), remove_seam(columns, seam)
    out = np.stack([np.repeat(row, times, axis=0) for row, times in zip(whole, repeats, strict=True)])
    return out.swapaxes(0, 1) if axis == 0 else out
    ### END SOLUTION


# %% [markdown] hint="enlarge"
# 1. `columns = np.tile(np.arange(W), (H, 1))` has the original column of each pixel. Take each seam out of the picture
#    *and* of this table.
# 2. Before that, look up the original columns of the seam and mark them.
# 3. At the end, repeat the marked pixels row by row: `np.repeat(row, times, axis=0)`.

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
# ### BEGIN SOLUTION
# Each seam takes one pixel of each row, so there are W seams that do not share a pixel; all of them doubled is the
# scaled picture. The last of them go through the objects, whose energy is high. In steps: enlarge by some 30 %, then
# find new seams in the result, and so on; seams of a later step may double pixels that were doubled before.
# ### END SOLUTION

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


# %% task="compute_forward_cost" minutes=30 difficulty="medium"
def compute_forward_cost(image: np.ndarray, energy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Costs with what a seam inserts, and where each seam comes from; of equal ones, the one more to the left.

    Shapes:
        image   (H, W, 3)  float64; its grey picture is I; it is not changed
        energy  (H, W)     float64; it is not changed
        out     the costs (H, W), and paths (H, W), whole numbers -1, 0, 1; 0 in the first row
    """
    ### BEGIN SOLUTION
    grey = np.pad(rgb2gray(image), ((0, 0), (1, 1)))
    before, after = grey[:, :-2], grey[:, 2:]
    straight = np.abs(after - before)
    straight[:, [0, -1]] = 0.0
    cost, paths = energy + straight, np.zeros(energy.shape, dtype=int)
    for i in range(1, len(energy)):
        above, middle = np.pad(cost[i - 1], 1, constant_values=np.inf), grey[i - 1, 1:-1]
        ways = np.stack([
            above[:-2] + straight[i] + np.abs(middle - before[i]),
            above[1:-1] + straight[i],
            above[2:] + straight[i] + np.abs(middle - after[i]),
        ])  # fmt: skip
        cost[i] = energy[i] + ways.min(axis=0)
        paths[i] = ways.argmin(axis=0) - 1
    return cost, paths
    ### END SOLUTION


# %% [markdown] hint="compute_forward_cost"
# 1. As in compute_cost, but add C_L, C_U or C_R to the three rows before you take the smallest.
# 2. `I[i, j - 1]` for all j is the row moved by one; what comes in at the border does not matter, because the cost
#    there is infinite, except for C_U, which is 0 in both border columns.

# %% [markdown]
# ## 5 Away with it
#
# Give the pixels of an object a very low, negative energy: then the cheapest seams go through it. When the object has
# vanished, enlarge the picture to its old width.


# %% task="remove_object" minutes=20 difficulty="medium"
def remove_object(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The picture without the object, in the old size.

    Take out vertical seams, with an energy of -1000 in the mask, until no pixel of the mask is left; then enlarge.

    Shapes:
        image  (H, W, 3)  float64; it is not changed
        mask   (H, W)     bool; it is not changed
        out    (H, W, 3)
    """
    ### BEGIN SOLUTION
    out, left = image, mask
    while left.any():
        cost, paths = compute_cost(out, np.where(left, -1000.0, energy_function(out)))
        seam = backtrack_seam(paths, int(cost[-1].argmin()))
        out, left = remove_seam(out, seam), remove_seam(left, seam)
    return enlarge(out, image.shape[1])
    ### END SOLUTION


# %% [markdown] hint="remove_object"
# 1. `np.where(mask, -1000.0, energy_function(image))` is the energy.
# 2. Take each seam out of the picture and of the mask, while `mask.any()`. Then `enlarge(out, image.shape[1])`.

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
