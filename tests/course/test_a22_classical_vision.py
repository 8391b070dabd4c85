"""a22: what the public checks say about natural mistakes."""

from __future__ import annotations

import pytest

from tests.course.test_messages_a01_a05 import Mistake, not_named

pytestmark = pytest.mark.slow

MISTAKES: dict[str, list[Mistake]] = {
    "edges.py": [
        ("conv_nested", ("m + Hk // 2 - i, n + Wk // 2 - j", "m - Hk // 2 + i, n - Wk // 2 + j"), "flips the kernel"),
        ("conv_fast", ("Wk // 2))", 'Wk // 2)), mode="edge"'), "the border was repeated"),
        ("cross_correlation", ("[::-1, ::-1]", ""), "does not flip"),
        ("normalized_cross_correlation", ("(windows * centred).mean", "(windows * centred).sum"), "means, not sums"),
        ("gaussian_kernel", (" / (2 * math.pi * sigma**2)", ""), "is missing"),
        ("partial_x", (" / 2", ""), "Divide by 2"),
        ("gradient", ("np.arctan2(dy, dx)", "np.arctan(dy / dx)"), "use arctan2"),
        ("gradient", (" % 360", ""), "add 360"),
        ("sobel", ("[2.0, 0.0, -2.0]", "[1.0, 0.0, -1.0]"), "weighted 1, 2, 1"),
        ("non_maximum_suppression", ("(1, 1), (1, 0), (1, -1)", "(1, -1), (1, 0), (1, 1)"), "Rows grow downwards"),
        ("double_thresholding", (" & ~strong", ""), "not weak"),
        ("link_edges", ("pending.append((r, c))", "pass"), "Chains may be long"),
        ("hough_transform", ("for y, x in", "for x, y in"), "exchanged"),
        ("hough_transform", ("np.round(", "("), "cuts towards 0"),
        ("hough_peaks", ("window // 2", "window"), "the width of the square"),
    ],
    "features.py": [
        ("harris_corners", ("- k * (xx + yy) ** 2", "- 10 * k * (xx + yy) ** 2"), "k is 0.04"),
        ("gaussian_pyramid", ("levels[scales][::2, ::2]", "levels[-1][::2, ::2]"), "not with the last one"),
        ("difference_of_gaussians", ("levels[1:] - levels[:-1]", "levels[:-1] - levels[1:]"), "The sign is wrong"),
        ("scale_extrema", (" | (middle < around.min(axis=0))", ""), "Minima count, too"),
        ("refine", ("-np.linalg.solve", "np.linalg.solve"), "The sign is wrong"),
        ("refine", ("float(g @ offset) / 2", "float(g @ offset)"), "*half*"),
        ("orientation", ("0.5 * (l - r) / (l - 2 * c + r)", "0 * l"), "A parabola"),
        ("sift_descriptor", ("turn = math.radians(angle)", "turn = 0.0"), "turn with the angle"),
        ("match_descriptors", ("np.stack([rows, nearest[rows]]", "np.stack([nearest[rows], rows]"), "Each row has"),
        ("fit_affine_matrix", ("return H", "return H.T"), "the transpose"),
        ("ransac_draws", ("math.ceil(", "math.floor("), "Round up"),
    ],
    "seams.py": [
        ("energy_function", ("np.abs(down) + np.abs(right)", "np.abs(down + right)"), "before you add"),
        ("compute_cost", ("cost[i - 1], 1, constant_values=np.inf", "cost[i - 1], 1, constant_values=0.0"), "infinite"),
        ("backtrack_seam", ("return seam", "return seam[::-1]"), "From the first row"),
        ("compute_forward_cost", ("cost, paths = energy + straight", "cost, paths = energy.copy()"), "The first row"),
        ("remove_object", ("while left.any():", "for _ in range(1):"), "while the mask"),
    ],
    "grouping.py": [
        ("kmeans", ("features[groups == group].mean(axis=0)", "features[groups == group].mean()"), "axis=0"),
        (
            "hierarchical_clustering",
            ('"single": np.min, "complete": np.max', '"single": np.max, "complete": np.min'),
            "complete",
        ),
        ("mean_shift", ("if not near:", "if True:"), "belong to one mode"),
        ("compression_svd", ("U[:, :k] * S[:k]) @ Vt[:k]", "U[:, -k:] * S[-k:]) @ Vt[-k:]"), "the largest"),
    ],
    "machines.py": [
        ("pinv", ("kept = tol * S.max() < S", "kept = S > 0"), "nearly 0"),
        ("kernel_matrix", ("(1 + A @ B.T) ** degree", "(A @ B.T) ** degree"), "The 1"),
        ("dual_objective", (" / 2)", ")"), "halved"),
        ("decision", (" + b", ""), "Add b"),
    ],
}


@pytest.mark.parametrize("file", MISTAKES)
def test_the_first_failed_check_names_the_mistake(file: str) -> None:
    assert not_named("a22_classical_vision", file, MISTAKES[file]) == []
