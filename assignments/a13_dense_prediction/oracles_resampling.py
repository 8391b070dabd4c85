"""What the checks of resampling share: forbidden calls, and right and wrong answers by loops."""

import math

import torch
import torch.nn.functional as F

READY = [
    "F.interpolate",
    "F.upsample*",
    "nn.Upsample*",
    "F.grid_sample",
    "F.affine_grid",
    "F.conv*",
    "nn.Conv*",
    "nn.LazyConv*",
    "F.unfold",
    "nn.Unfold",
    "F.fold",
    "nn.Fold",
    "F.max_unpool*",
    "nn.MaxUnpool*",
    "F.max_pool*",
    "nn.MaxPool*",
    "F.adaptive*",
    "nn.Adaptive*",
    "F.lp_pool*",
    "nn.LPPool*",
    "F.avg_pool*",
    "nn.AvgPool*",
    "F.fractional*",
    "nn.Fractional*",
    "F.pixel_shuffle",
    "nn.PixelShuffle",
    "torch.convolution",
    "torch.nn.grad",
]


def half_pixel(i, n, n_out):
    """Return where the centre of pixel i of n_out is, in the numbers of n pixels on the same ruler."""
    return (i + 0.5) * n / n_out - 0.5


def corners(i, n, n_out):
    """Return where pixel i is if the centres of corner pixels fall onto each other."""
    return i * (n - 1) / (n_out - 1) if n_out > 1 else 0.0


def no_halves(i, n, n_out):
    """Return where pixel i is if pixels have their values at their upper left corners: a mistake."""
    return i * n / n_out


def tent(t):
    """Return the weight of linear interpolation at a distance."""
    return max(0.0, 1 - abs(t))


def cubic(t, a=-0.75):
    """Return the weight of cubic convolution (Keys 1981) at a distance."""
    t = abs(t)
    if t <= 1:
        return near(t, a)
    return a * t**3 - 5 * a * t**2 + 8 * a * t - 4 * a if t < 2 else 0.0


def near(t, a=-0.75):
    """Return the polynomial that is the weight of cubic convolution at distances up to 1."""
    return (a + 2) * t**3 - (a + 3) * t**2 + 1


def signed(t, a=-0.75):
    """Return the weight of cubic convolution at a distance with a sign: a mistake."""
    return near(t, a) if t <= 1 else a * t**3 - 5 * a * t**2 + 8 * a * t - 4 * a


def resampled(x, size, place=half_pixel, weight=tent, reach=1, border="repeat"):
    """Interpolate row by row and column by column, from 2 * reach pixels in each direction."""
    for axis in (2, 3):
        n, n_out, slices = x.shape[axis], size[axis - 2], []
        for i in range(n_out):
            u = place(i, n, n_out)
            if weight is tent:
                u = min(max(u, 0.0), n - 1.0)
            low, total = math.floor(u), 0
            for m in range(low - reach + 1, low + reach + 1):
                inside = min(max(m, 0), n - 1)
                if m == inside or border == "repeat":
                    total = total + weight(u - m) * x.select(axis, inside)
            slices.append(total)
        x = torch.stack(slices, dim=axis)
    return x


def matrix_of(w, n, stride, pad):
    """Return the matrix of a convolution: column by column, the convolution of a unit vector."""
    I = w.shape[1]
    units = torch.eye(I * n, dtype=w.dtype, device=w.device).reshape(I * n, I, n)
    return F.conv1d(units, w, stride=stride, padding=pad).flatten(1).T


LOANS_OF_MATRIX = """
import torch
import torch.nn.functional as F

def matrix(w, n, stride=1, pad=0):
    I = w.shape[1]
    units = torch.eye(I * n, dtype=w.dtype, device=w.device).reshape(I * n, I, n)
    return F.conv1d(units, w, stride=stride, padding=pad).flatten(1).T

LOANS = {"conv_matrix": matrix}
"""


def windows_of(x, k):
    """Return the windows of k x k as a list of rows of lists, each (N, C, k*k)."""
    rows, columns = x.shape[2] // k, x.shape[3] // k
    return [[x[:, :, i * k : i * k + k, j * k : j * k + k].flatten(2) for j in range(columns)] for i in range(rows)]


def pooled(x, k, f):
    """Return f of each window; f maps (N, C, k*k) to (N, C)."""
    return torch.stack([torch.stack([f(window) for window in row], dim=2) for row in windows_of(x, k)], dim=2)


def pyramid(x, levels):
    """Return the vectors of a spatial pyramid, by torch's adaptive pooling."""
    return torch.cat([F.adaptive_max_pool2d(x, level).flatten(1) for level in levels], dim=1)


def norm(window, p):
    """Return the p-norm of windows, 0 for zeros."""
    total = window.abs().pow(p).sum(dim=2)
    empty = total == 0
    return total.masked_fill(empty, 1).pow(1 / p).masked_fill(empty, 0)


def mean_of_draw(window):
    """Return what stochastic pooling has on average, 0 for zeros."""
    total = window.sum(dim=2)
    return window.square().sum(dim=2) / total.masked_fill(total == 0, 1)
