# %% [markdown]
# # Filters, edges and lines
#
# Before networks learned their filters, people wrote them down. The first layers of a trained network still look like
# the filters of this notebook: blobs and edges. Here you write convolution in two ways, look for a template, find
# edges as Canny (1986) did, and let edges vote for straight lines. The functions have the names that they have in
# Stanford's CS131.
#
# Pictures are numpy arrays of shape (H, W), float64. Points are (row, column); x counts columns, y counts rows.
#
# <!-- parts -->

# %%
import math

import numpy as np

# %% tags=["active-ipynb"]
# from autograder import check, hint
# from common.data import photographs
# from common.plots.gallery import gallery
#
#
# def grey(image):
#     """The luma of a colour image: what CS131 calls rgb2gray."""
#     return image @ np.array([0.2125, 0.7154, 0.0721])
#
#
# photos = {kind: photographs.draw(kind, seed=3) for kind in photographs.KINDS}
# gallery({kind: photo.image for kind, photo in photos.items()}, "Six rendered photographs.", columns=3)

# %% [markdown]
# ## 1 Convolution
#
# A linear filter that does the same everywhere is a **convolution**. It is known as soon as one knows its answer to an
# impulse, a picture with a single 1: the answer is the kernel itself.
#
# $$(f * h)[m, n] = \sum_{i, j} f[i, j] \; h[m - i, n - j]$$
#
# The minus signs flip the kernel, both ways. That is why convolution commutes, $f * h = h * f$, and is associative:
# two filters one after the other are one filter. (The "convolution" of networks does not flip, because it learns
# the kernel anyway.) The output has the size of the picture: the middle of the kernel is at the pixel, and outside of
# the picture all pixels count as 0.
#
# First write the sum as it stands, with loops. Then without a loop over pixels: for each entry of the kernel, add the
# whole picture, moved and multiplied.


# %% task="conv_nested" minutes=20 difficulty="easy"
def conv_nested(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """Convolution by the definition, with zeros outside of the image. Loops are welcome here.

    Shapes:
        image   (H, W)    float64; it is not changed
        kernel  (Hk, Wk)  float64, both odd
        out     (H, W)
    """
    ### BEGIN SOLUTION
    H, W = image.shape
    Hk, Wk = kernel.shape
    out = np.zeros((H, W))
    for m in range(H):
        for n in range(W):
            for i in range(Hk):
                for j in range(Wk):
                    row, column = m + Hk // 2 - i, n + Wk // 2 - j
                    if 0 <= row < H and 0 <= column < W:
                        out[m, n] += image[row, column] * kernel[i, j]
    return out
    ### END SOLUTION


# %% [markdown] hint="conv_nested"
# 1. Four loops: two over the pixels of the output, two over the entries of the kernel.
# 2. Entry (i, j) of the kernel meets the pixel (m + Hk // 2 - i, n + Wk // 2 - j). The minus flips the kernel.
# 3. Leave out pixels with a row or column below 0, or from H or W on: a negative index would count from the end.


# %% task="conv_fast" minutes=20 difficulty="easy"
def conv_fast(image: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """The same without a loop over pixels. np.fft and np.convolve are not allowed.

    Shapes:
        image   (H, W)    float64; it is not changed
        kernel  (Hk, Wk)  float64, both odd
        out     (H, W)
    """
    ### BEGIN SOLUTION
    (H, W), (Hk, Wk) = image.shape, kernel.shape
    padded = np.pad(image, ((Hk // 2, Hk // 2), (Wk // 2, Wk // 2)))
    out = np.zeros((H, W))
    for i in range(Hk):
        for j in range(Wk):
            out += kernel[Hk - 1 - i, Wk - 1 - j] * padded[i : i + H, j : j + W]
    return out
    ### END SOLUTION


# %% [markdown] hint="conv_fast"
# 1. `np.pad(image, ((Hk // 2, Hk // 2), (Wk // 2, Wk // 2)))` adds the zeros around.
# 2. The window `padded[i : i + H, j : j + W]` is the picture moved by (i, j).
# 3. Add up all windows, each multiplied by the entry (i, j) of the *flipped* kernel, `kernel[::-1, ::-1]`.

# %% [markdown]
# ## 2 Looking for a template
#
# **Cross-correlation** does not flip: at each place, it is the sum of the products of picture and template. It is
# large where the picture is like the template, but also where the picture is merely bright. **Normalised**
# cross-correlation compares patterns: at each place, take the window of the picture, subtract its mean and divide by
# its standard deviation; do the same with the template; the mean of the products is in $[-1, 1]$. It does not change
# if the picture becomes $a f + b$ with $a > 0$.


# %% task="cross_correlation" minutes=10 difficulty="easy"
def cross_correlation(image: np.ndarray, template: np.ndarray) -> np.ndarray:
    """The sum of products of the template with each window; the middle of the window is the pixel.

    Shapes:
        image     (H, W)    float64, 0 outside of the picture
        template  (Hk, Wk)  float64, both odd
        out       (H, W)
    """
    ### BEGIN SOLUTION
    return conv_fast(image, template[::-1, ::-1])
    ### END SOLUTION


# %% [markdown] hint="cross_correlation"
# 1. It is the convolution with the flipped template: flip it, and `conv_fast` flips it back.


# %% task="normalized_cross_correlation" minutes=30 difficulty="medium"
def normalized_cross_correlation(image: np.ndarray, template: np.ndarray) -> np.ndarray:
    """The correlation coefficient of the template with each window, the zeros outside of the picture included.

    It is 0 where the window or the template is constant (a standard deviation below 1e-9).

    Shapes:
        image     (H, W)    float64, 0 outside of the picture
        template  (Hk, Wk)  float64, both odd
        out       (H, W)    in [-1, 1]
    """
    ### BEGIN SOLUTION
    Hk, Wk = template.shape
    padded = np.pad(image, ((Hk // 2, Hk // 2), (Wk // 2, Wk // 2)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (Hk, Wk))  # (H, W, Hk, Wk)
    windows = windows - windows.mean(axis=(2, 3), keepdims=True)
    centred = template - template.mean()
    products = (windows * centred).mean(axis=(2, 3))
    deviations = windows.std(axis=(2, 3)) * centred.std()
    flat = (windows.std(axis=(2, 3)) < 1e-9) | (centred.std() < 1e-9)
    return np.where(flat, 0.0, products / np.where(flat, 1.0, deviations))
    ### END SOLUTION


# %% [markdown] hint="normalized_cross_correlation"
# 1. Get the window of each pixel from the padded picture: two loops, or
#    `np.lib.stride_tricks.sliding_window_view(padded, template.shape)`, whose shape is (H, W, Hk, Wk).
# 2. Subtract the mean of **each window** from it, not that of the picture.
# 3. The mean of the products, divided by both standard deviations. Where one of them is 0, the answer is 0.

# %% tags=["active-ipynb"]
# scene = grey(photos["fruit"].image)
# template = scene[66:121, 92:149]
# darker = 0.5 * scene + 0.1 * np.linspace(0, 1, scene.shape[1])
# plain, normal = cross_correlation(darker, template), normalized_cross_correlation(darker, template)
# figure = gallery({"template": template, "darker picture": darker, "cross-correlation": plain, "normalised": normal},
#                  "Plain correlation is largest where it is bright; normalised correlation finds the dark disc.")
# for axes, answer in zip(figure.axes[2:], (plain, normal)):
#     row, column = np.unravel_index(answer.argmax(), answer.shape)
#     axes.plot(column, row, "r+", markersize=14)
# figure

# %% [markdown]
# ## 3 Smoothing
#
# Noise changes from pixel to pixel, and derivatives make it larger. So smooth first, with weights that fall off like
# a Gaussian:
#
# $$G_{ij} = \frac{1}{2 \pi \sigma^2} \exp\left(-\frac{(i - k)^2 + (j - k)^2}{2 \sigma^2}\right), \qquad
# k = \frac{\text{size} - 1}{2}$$
#
# (As in CS131, the kernel is not divided by its sum, which is a little below 1.) It is the product of a column and a
# row, so two passes with one dimension do the same work for less.


# %% task="gaussian_kernel" minutes=10 difficulty="easy"
def gaussian_kernel(size: int, sigma: float) -> np.ndarray:
    """The kernel of the formula above.

    Shapes:
        size   int    odd
        sigma  float  > 0
        out    (size, size)  float64
    """
    ### BEGIN SOLUTION
    away = np.arange(size) - (size - 1) / 2
    squared = away[:, None] ** 2 + away[None] ** 2
    return np.exp(-squared / (2 * sigma**2)) / (2 * math.pi * sigma**2)
    ### END SOLUTION


# %% [markdown] hint="gaussian_kernel"
# 1. `np.arange(size) - (size - 1) / 2` has the distances from the middle in one direction.
# 2. Add the squares of a column and of a row of it: `away[:, None] ** 2 + away[None] ** 2`.

# %% [markdown]
# ## 4 Derivatives
#
# The derivative to the right is about half of the difference of both neighbours: $D_x[m, n] = (f[m, n + 1] - f[m, n -
# 1]) / 2$; downwards alike. (Outside of the picture, pixels count as 0 again.) Together they are the **gradient**. It
# points to where the picture becomes brighter, and is as long as the picture is steep:
#
# $$G = \sqrt{D_x^2 + D_y^2}, \qquad \theta = \operatorname{atan2}(D_y, D_x)$$
#
# The angle is in degrees, from 0 up to 360. Rows count downwards, so 90 means "brighter below". Take `arctan2`, which
# knows both signs: `arctan` of the quotient cannot tell left from right.


# %% task="partial_x" minutes=10 difficulty="easy"
def partial_x(img: np.ndarray) -> np.ndarray:
    """Half of the difference of the right and the left neighbour. np.gradient is not allowed.

    Shapes:
        img  (H, W)  float64, 0 outside of the picture
        out  (H, W)
    """
    ### BEGIN SOLUTION
    padded = np.pad(img, 1)
    return (padded[1:-1, 2:] - padded[1:-1, :-2]) / 2
    ### END SOLUTION


# %% [markdown] hint="partial_x"
# 1. Pad the picture with one zero on each side. Two windows of it are the right and the left neighbours.
# 2. Or convolve with `[[0.5, 0, -0.5]]`: convolution flips the kernel.


# %% task="partial_y" minutes=5 difficulty="easy"
def partial_y(img: np.ndarray) -> np.ndarray:
    """Half of the difference of the neighbour below and the one above. np.gradient is not allowed.

    Shapes:
        img  (H, W)  float64, 0 outside of the picture
        out  (H, W)
    """
    ### BEGIN SOLUTION
    padded = np.pad(img, 1)
    return (padded[2:, 1:-1] - padded[:-2, 1:-1]) / 2
    ### END SOLUTION


# %% [markdown] hint="partial_y"
# 1. As for x, with rows: the neighbour below is `padded[2:, 1:-1]`.


# %% task="gradient" minutes=15 difficulty="easy"
def gradient(img: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Length and angle of the gradient, from partial_x and partial_y.

    Shapes:
        img  (H, W)  float64
        out  two arrays (H, W): the length G, and theta in degrees, in [0, 360)
    """
    ### BEGIN SOLUTION
    dx, dy = partial_x(img), partial_y(img)
    return np.sqrt(dx**2 + dy**2), np.rad2deg(np.arctan2(dy, dx)) % 360
    ### END SOLUTION


# %% [markdown] hint="gradient"
# 1. `np.arctan2(dy, dx)` is in radians, from -pi to pi. The first argument is the one for y.
# 2. `np.rad2deg` converts; `% 360` moves negative angles.

# %% [markdown]
# The **Sobel** filter smooths across while it differentiates along: in x, the rows are weighted 1, 2, 1.
#
# $$S_x = \begin{bmatrix} 1 & 0 & -1 \\ 2 & 0 & -2 \\ 1 & 0 & -1 \end{bmatrix}, \qquad S_y = S_x^\top$$
#
# As kernels of a *convolution*, both are positive where the picture grows to the right, or downwards.


# %% task="sobel" minutes=15 difficulty="easy"
def sobel(img: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The convolutions with the two kernels above, and the length of both together.

    Shapes:
        img  (H, W)  float64, 0 outside of the picture
        out  three arrays (H, W): Gx, Gy, and sqrt(Gx^2 + Gy^2)
    """
    ### BEGIN SOLUTION
    kernel = np.array([[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]])
    gx, gy = conv_fast(img, kernel), conv_fast(img, kernel.T)
    return gx, gy, np.sqrt(gx**2 + gy**2)
    ### END SOLUTION


# %% [markdown] hint="sobel"
# 1. `np.array([[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]])` is that for x; its transpose that for y.
# 2. `conv_fast` flips kernels, so a picture that grows to the right has a positive Gx.

# %% tags=["active-ipynb"]
# house = grey(photos["house"].image)
# smoothed = conv_fast(house, gaussian_kernel(5, 1.4))
# G, theta = gradient(smoothed)
# gallery({"smoothed": smoothed, "to the right": partial_x(smoothed), "downwards": partial_y(smoothed),
#          "length": G, "angle": theta, "Sobel": sobel(house)[2]},
#         "A house, its derivatives in both directions, the length and angle of its gradient, and Sobel's length.",
#         columns=3)

# %% [markdown] question="edges-q1"
# **Question 1.** The frame of every gradient picture is bright. Why? Name two ways to avoid it, and what each of them
# assumes about the world outside of the picture.

# %% [markdown] answer="edges-q1"
# ### BEGIN SOLUTION
# Outside of the picture pixels count as 0, so the border of a bright picture is a step, which is steep. Repeating the
# border's pixels assumes that the world goes on with the same brightness; mirroring assumes that it is symmetric, so
# that derivatives across the border are 0; leaving the border out of the result assumes nothing, and the result is
# smaller.
# ### END SOLUTION

# %% [markdown]
# ## 5 Thin edges
#
# A smoothed edge is a ridge several pixels wide. Keep its crest: a pixel stays if it is at least as long as both of
# its neighbours *along the gradient*, so across the edge; others become 0. Round the angle to a multiple of 45
# degrees (as `np.floor((theta + 22.5) / 45) * 45`), which leaves four pairs of neighbours:
#
# | angle | neighbours |
# |---|---|
# | 0, 180 (and 360) | left and right |
# | 45, 225 | above left and below right |
# | 90, 270 | above and below |
# | 135, 315 | above right and below left |


# %% task="non_maximum_suppression" minutes=30 difficulty="medium"
def non_maximum_suppression(G: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """G where it is at least as large as at both neighbours along the gradient, else 0.

    Pixels of the first and last row and column are free: they are not checked.

    Shapes:
        G      (H, W)  float64, >= 0; it is not changed
        theta  (H, W)  float64, degrees in [0, 360); it is not changed
        out    (H, W)
    """
    ### BEGIN SOLUTION
    H, W = G.shape
    padded = np.pad(G, 1)
    direction = np.floor((theta + 22.5) / 45).astype(int) % 4
    out = np.zeros((H, W))
    for number, (down, right) in enumerate([(0, 1), (1, 1), (1, 0), (1, -1)]):
        after = padded[1 + down : 1 + down + H, 1 + right : 1 + right + W]
        before = padded[1 - down : 1 - down + H, 1 - right : 1 - right + W]
        crest = (direction == number) & (after <= G) & (before <= G)
        out[crest] = G[crest]
    return out
    ### END SOLUTION


# %% [markdown] hint="non_maximum_suppression"
# 1. Round the angles, in a new array. Opposite directions have the same neighbours: 0 and 180, 45 and 225 ...
# 2. Rows grow downwards. At 45 degrees the gradient points down and right, to (i + 1, j + 1); its opposite is
#    (i - 1, j - 1).
# 3. Compare with `>=`: two equal neighbours both stay. Write the answer into a new array, not into G.

# %% [markdown]
# ## 6 Two thresholds
#
# One threshold either breaks edges or keeps noise. Canny takes two. Pixels above the high one are **strong**: they are
# edges. Pixels above the low one, up to the high one, are **weak**: they are edges if they hang together with a strong
# one. "Hang together" means a chain of neighbours, of which each pixel has eight, and every link must be weak or
# strong.
#
# A chain can have ten thousand links; a function that calls itself for each of them ends in a `RecursionError`. Keep a
# list of pixels that are still to be visited.


# %% task="double_thresholding" minutes=10 difficulty="easy"
def double_thresholding(img: np.ndarray, high: float, low: float) -> tuple[np.ndarray, np.ndarray]:
    """Strong pixels, above high, and weak ones, above low but not above high.

    Shapes:
        img   (H, W)  float64
        high  float   at least low
        out   two arrays (H, W), bool
    """
    ### BEGIN SOLUTION
    strong = img > high
    return strong, (img > low) & ~strong
    ### END SOLUTION


# %% [markdown] hint="double_thresholding"
# 1. `img > high` is an array of bools. Combine such arrays by `&` and `~`, not by `and` and `not`.


# %% task="link_edges" minutes=30 difficulty="medium"
def link_edges(strong_edges: np.ndarray, weak_edges: np.ndarray) -> np.ndarray:
    """Strong pixels, and the weak ones that a chain of weak pixels links with a strong one; eight neighbours each.

    Shapes:
        strong_edges  (H, W)  bool; it is not changed
        weak_edges    (H, W)  bool; it is not changed
        out           (H, W)  bool
    """
    ### BEGIN SOLUTION
    H, W = strong_edges.shape
    edges = strong_edges.copy()
    pending = [tuple(place) for place in np.argwhere(edges).tolist()]
    while pending:
        row, column = pending.pop()
        for r in range(max(row - 1, 0), min(row + 2, H)):
            for c in range(max(column - 1, 0), min(column + 2, W)):
                if weak_edges[r, c] and not edges[r, c]:
                    edges[r, c] = True
                    pending.append((r, c))
    return edges
    ### END SOLUTION


# %% [markdown] hint="link_edges"
# 1. Begin with a copy of the strong pixels, and a list of all their places.
# 2. While the list is not empty, take one place. Each of its eight neighbours that is weak and not yet an edge becomes
#    one, and joins the list.
# 3. Mind the border: a negative index would count from the other side.

# %% [markdown]
# ## 7 Canny's edges
#
# Now all together: smooth, differentiate, thin, two thresholds, link. The thresholds 20 and 15 are CS131's, for pixels
# in [0, 255].


# %% task="canny" minutes=10 difficulty="easy"
def canny(img: np.ndarray, kernel_size: int = 5, sigma: float = 1.4, high: float = 20, low: float = 15) -> np.ndarray:
    """Canny's edges. Pixels of the first and last two rows and columns are not checked.

    Shapes:
        img  (H, W)  float64
        out  (H, W)  bool
    """
    ### BEGIN SOLUTION
    smoothed = conv_fast(img, gaussian_kernel(kernel_size, sigma))
    thin = non_maximum_suppression(*gradient(smoothed))
    return link_edges(*double_thresholding(thin, high, low))
    ### END SOLUTION


# %% [markdown] hint="canny"
# 1. `conv_fast(img, gaussian_kernel(kernel_size, sigma))`, then `gradient`, `non_maximum_suppression`,
#    `double_thresholding` and `link_edges`, each on the answer of the one before.

# %% tags=["active-ipynb"]
# def stages(image, high, low):
#     smoothed = conv_fast(image, gaussian_kernel(5, 1.4))
#     G, theta = gradient(smoothed)
#     thin = non_maximum_suppression(G, theta)
#     strong, weak = double_thresholding(thin, high, low)
#     return [image, G, thin, 2.0 * strong + weak, link_edges(strong, weak)]
#
#
# rng, pictures = np.random.default_rng(0), {}
# for noise in (0.05, 0.15, 0.3):
#     noisy = 255 * house + 255 * noise * rng.standard_normal(house.shape)
#     names = [f"noise {noise}", "length of the gradient", "thinned", "strong (white), weak (grey)", "linked"]
#     for name, picture in zip(names, stages(noisy, 20, 10)):
#         pictures[name if name == names[0] else f"{name}, {noise}"] = picture[2:-2, 2:-2]
# gallery(pictures, "Five stages of Canny's method at three levels of noise; at the highest, noise becomes edges.",
#         columns=5, width=2.6)

# %% [markdown] question="edges-q2"
# **Question 2.** Look at the last row. Which of the parameters would you change for this level of noise, which way, and
# what do you lose by it? Why does the height of a threshold have to change with sigma?

# %% [markdown] answer="edges-q2"
# ### BEGIN SOLUTION
# A larger sigma (with a larger kernel) averages more noise away; edges that are close together merge, and corners
# become round and move. Higher thresholds remove noise, too, but weak true edges with it. Smoothing spreads a step of
# height h over about sigma pixels, so that its gradient is about h / (sigma * sqrt(2 pi)): it falls with sigma, and the
# gradient of noise falls faster, like 1 / sigma^2. A threshold that was right for one sigma is too high for a
# larger one.
# ### END SOLUTION

# %% [markdown]
# ## 8 Lines that edges vote for
#
# A line can be written as $\rho = x \cos\theta + y \sin\theta$: its normal has the angle $\theta$, and its distance
# from the origin is $\rho$. (A slope and an intercept would be infinite for vertical lines.) Through one point go many
# lines, one for each angle. So every edge pixel **votes** for all of them in a table; where many pixels lie on one
# line, their votes meet (Hough 1962, Duda and Hart 1972).
#
# The angles are -90, -89, ..., 89 degrees. The distances are $-D, \dots, D$ with $D = \lceil \sqrt{H^2 + W^2} \rceil$;
# round $\rho$ to the nearest whole number.


# %% task="hough_transform" minutes=30 difficulty="medium"
def hough_transform(img: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The votes of all pixels that are not 0.

    Shapes:
        img  (H, W)  bool or float64
        out  three arrays: the votes (2 * D + 1, 180), whole numbers; the distances rho (2 * D + 1,), from -D to D; the
             angles theta (180,), **in radians**, from -90 to 89 degrees
    """
    ### BEGIN SOLUTION
    H, W = img.shape
    D = math.ceil(math.sqrt(H * H + W * W))
    thetas = np.deg2rad(np.arange(-90.0, 90.0))
    votes = np.zeros((2 * D + 1, len(thetas)), dtype=np.int64)
    for y, x in np.argwhere(img):
        rho = np.round(x * np.cos(thetas) + y * np.sin(thetas)).astype(int)
        votes[rho + D, np.arange(len(thetas))] += 1
    return votes, np.arange(-D, D + 1).astype(float), thetas
    ### END SOLUTION


# %% [markdown] hint="hough_transform"
# 1. `np.argwhere(img)` has rows (y, x): the row index is y, the column index is x.
# 2. For one pixel, `x * np.cos(thetas) + y * np.sin(thetas)` has a rho for each angle. Round it; `astype(int)` alone
#    cuts towards 0.
# 3. The row of rho in the table is rho + D. Each pixel adds 1 in each of the 180 columns.

# %% [markdown]
# A long line fills not one cell but several around it. To find lines, take the cell with the most votes, clear a
# square around it, and begin again.


# %% task="hough_peaks" minutes=15 difficulty="easy"
def hough_peaks(accumulator: np.ndarray, n: int, window: int) -> np.ndarray:
    """The cells of the n highest peaks, the highest first; of equal ones, the first in the order of rows.

    After each peak, the square of `window` x `window` cells around it no longer counts (it ends at the border). The
    search ends early when only cells without votes are left.

    Shapes:
        accumulator  (R, T)  whole numbers, >= 0; it is not changed
        window       int     odd
        out          (at most n, 2)  whole numbers: row and column of each peak
    """
    ### BEGIN SOLUTION
    left, half, peaks = accumulator.copy(), window // 2, []
    while len(peaks) < n and left.any():
        row, column = np.unravel_index(left.argmax(), left.shape)
        peaks.append((row, column))
        left[max(row - half, 0) : row + half + 1, max(column - half, 0) : column + half + 1] = 0
    return np.array(peaks, dtype=int).reshape(-1, 2)
    ### END SOLUTION


# %% [markdown] hint="hough_peaks"
# 1. Work on a copy. `left.argmax()` is the first of the largest; `np.unravel_index(..., left.shape)` makes a row and a
#    column of it.
# 2. Set the square to 0: `left[max(row - half, 0) : row + half + 1, ...] = 0`. Without `max`, a negative start counts
#    from the end.

# %% tags=["active-ipynb"]
# road = grey(photos["road"].image)
# edges = canny(255 * road, high=20, low=10)
# edges[:3], edges[-3:], edges[:, :3], edges[:, -3:] = False, False, False, False
# votes, rhos, thetas = hough_transform(edges)
# peaks = hough_peaks(votes, 4, 21)
# fewer = votes[: len(votes) // 3 * 3].reshape(-1, 3, 180).max(axis=1)  # a third of the rows, to show them
# figure = gallery({"edges": edges, "the road and four lines": photos["road"].image, "votes": np.sqrt(fewer)},
#                  "Edges of a road, the four lines with most votes over the picture, and the table of votes.",
#                  columns=3, width=4)
# for row, column in peaks:
#     rho, theta = rhos[row], thetas[column]
#     figure.axes[2].plot(column, row / 3, "ro", fillstyle="none")
#     middle, along = rho * np.array([np.cos(theta), np.sin(theta)]), np.array([-np.sin(theta), np.cos(theta)])
#     (x0, y0), (x1, y1) = middle - 300 * along, middle + 300 * along
#     figure.axes[1].plot([x0, x1], [y0, y1], "r")
# figure.axes[1].set(xlim=(0, road.shape[1] - 1), ylim=(road.shape[0] - 1, 0))
# figure

# %% [markdown]
# The table's bright points are where many sine curves cross, one curve for each edge pixel. Short lines have few votes,
# and a vote does not say where on the line the pixels are.
#
# ## What to take home
#
# Everything linear and the same everywhere is a convolution. Edges are crests of the gradient's length after smoothing,
# and two thresholds decide with their neighbours' help. Voting finds shapes in spite of gaps and noise, as long as the
# shape has few parameters.
#
# **Where to look next.** Szeliski (*Computer vision: algorithms and applications*, second edition 2022) is the book
# for all of this assignment, and free to read. Arbeláez et al. (*Contour detection and hierarchical image
# segmentation*, 2011) let brightness, colour and texture vote. Xie and Tu (*Holistically-nested edge detection*, 2015)
# learn edges from people's drawings.
