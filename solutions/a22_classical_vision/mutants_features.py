"""Wrong answers to features.py, each with the check that must notice it."""
# ruff: noqa: E501 - quotes lines of the reference

from autograder.authoring.mutants import first, mutants_of
from autograder.authoring.variants import body

mutant = mutants_of("features.py")
HARRIS, HARRIS2 = "check_responses_of_a_small_picture", "check_responses_of_other_pictures"
LEVELS, LEVELS2 = "check_two_octaves", "check_other_octaves"
DOG, DOG2 = "check_differences_of_levels", "check_differences_of_other_levels"
EXTREMA, EXTREMA2 = "check_extrema_of_a_small_stack", "check_extrema_of_other_stacks"
REFINE, REFINE2 = "check_refinement_of_a_quadratic_function", "check_refinement_of_other_points"
EDGE, EDGE2 = "check_edges_by_their_curvatures", "check_curvatures_of_all_kinds"
ORIENT, ORIENT2 = "check_directions_of_a_point", "check_directions_of_other_points"
SIFT, SIFT2 = "check_description_of_a_point", "check_descriptions_do_not_depend_on_light_or_turns"
MATCH, MATCH2 = "check_matches_by_the_ratio", "check_matches_of_other_descriptions"
FIT, FIT2 = "check_map_of_points", "check_maps_of_other_points"
DRAWS, DRAWS2 = "check_number_of_draws", "check_other_numbers_of_draws"
RANSAC, RANSAC2 = "check_motion_with_wrong_matches", "check_motion_with_many_wrong_matches"
R = "return xx * yy - xy * xy - k * (xx + yy) ** 2"
FOUND = "found = np.minimum(found / np.linalg.norm(found), 0.2)"
PEAKS = "(histogram > left) & (histogram > right) & (histogram >= 0.8 * histogram.max())"

# fmt: off
MUTANTS = [
    mutant("ransac: a match may be drawn twice", "check_motion_with_many_wrong_matches", body("ransac", """
        a, b = keypoints1[matches[:, 0]], keypoints2[matches[:, 1]]
        best = np.zeros(len(matches), bool)
        for _ in range(n_iters):
            draw = np.random.randint(0, len(matches), 3)
            H = fit_affine_matrix(a[draw], b[draw])
            group = ((np.c_[b, np.ones(len(b))] @ H - np.c_[a, np.ones(len(a))]) ** 2).sum(axis=1) < threshold
            best = group if group.sum() > best.sum() else best
        return fit_affine_matrix(a[best], b[best]), matches[best]
    """)),
    mutant("ransac: always 200 draws", "check_motion_with_many_wrong_matches", body("ransac", """
        a, b = keypoints1[matches[:, 0]], keypoints2[matches[:, 1]]
        best = np.zeros(len(matches), bool)
        for _ in range(max(n_iters, 200)):
            draw = np.random.permutation(len(matches))[:3]
            H = fit_affine_matrix(a[draw], b[draw])
            group = ((np.c_[b, np.ones(len(b))] @ H - np.c_[a, np.ones(len(a))]) ** 2).sum(axis=1) < threshold
            best = group if group.sum() > best.sum() else best
        return fit_affine_matrix(a[best], b[best]), matches[best]
    """)),
    mutant("ransac: seeds numpy", "check_motion_with_many_wrong_matches", body("ransac", """
        np.random.seed(0)
        a, b = keypoints1[matches[:, 0]], keypoints2[matches[:, 1]]
        best = np.zeros(len(matches), bool)
        for _ in range(n_iters):
            draw = np.random.permutation(len(matches))[:3]
            H = fit_affine_matrix(a[draw], b[draw])
            group = ((np.c_[b, np.ones(len(b))] @ H - np.c_[a, np.ones(len(a))]) ** 2).sum(axis=1) < threshold
            best = group if group.sum() > best.sum() else best
        return fit_affine_matrix(a[best], b[best]), matches[best]
    """)),
    mutant("harris: k of the notes' slip", HARRIS, R, R.replace("k *", "10 * k *")),
    mutant("harris: not summed", HARRIS, "half, (H, W) = window_size // 2, img.shape", "window_size = 1\n    half, (H, W) = window_size // 2, img.shape"),
    mutant("harris: a trace that is not squared", HARRIS, R, R.replace("(xx + yy) ** 2", "(xx + yy)")),
    mutant("harris: the mixed product is left out", HARRIS, R, R.replace(" - xy * xy", "")),
    mutant("harris: always 3 x 3", HARRIS2, "half, (H, W) = window_size // 2, img.shape", "window_size = 3\n    half, (H, W) = window_size // 2, img.shape"),
    mutant("harris: float32", HARRIS2, R, "return (xx * yy - xy * xy - k * (xx + yy) ** 2).astype(np.float32)", habit="dtype"),
    mutant("pyramid: too few levels", LEVELS, "range(1, scales + 3)", "range(1, scales + 2)"),
    mutant("pyramid: smoothed by sigma_s again", LEVELS, "math.sqrt(2 ** (2 * s / scales) - 1)", "2 ** (s / scales)"),
    mutant("pyramid: the last level begins the next octave", LEVELS, "levels[scales][::2, ::2]", "levels[-1][::2, ::2]"),
    mutant("pyramid: the first level begins the next octave", LEVELS, "levels[scales][::2, ::2]", "levels[0][::2, ::2]"),
    mutant("pyramid: the first level is smoothed again", LEVELS, "first = levels[scales][::2, ::2]", "first = blur(levels[scales][::2, ::2], sigma)"),
    mutant("pyramid: three scales", LEVELS2, "pyramid, first = [], blur(img, sigma)", "scales = 3\n    pyramid, first = [], blur(img, sigma)"),
    mutant("pyramid: always 1.6", LEVELS2, "pyramid, first = [], blur(img, sigma)", "sigma = 1.6\n    pyramid, first = [], blur(img, sigma)"),
    mutant("dog: the order", DOG, "levels[1:] - levels[:-1] for", "levels[:-1] - levels[1:] for"),
    mutant("dog: in place", DOG2, "return [levels[1:] - levels[:-1] for levels in pyramid]", "for levels in pyramid:\n        levels[:-1] = levels[1:] - levels[:-1]\n    return [levels[:-1].copy() for levels in pyramid]"),
    mutant("extrema: within the scale", EXTREMA, "if (a, b, c) != (1, 1, 1)]", "if (a, b, c) != (1, 1, 1) and a == 1]"),
    mutant("extrema: no minima", EXTREMA, " | (middle < around.min(axis=0))", ""),
    mutant("extrema: numbers of the inner array", EXTREMA, "> threshold)) + 1", "> threshold))"),
    mutant("extrema: no threshold", EXTREMA, "np.argwhere(extreme & (np.abs(middle) > threshold))", "np.argwhere(extreme)"),
    mutant("extrema: plateaus count", EXTREMA2, "(middle > around.max(axis=0))", "(middle >= around.max(axis=0))"),
    mutant("extrema: six neighbours", EXTREMA2, "if (a, b, c) != (1, 1, 1)]", "if abs(a - 1) + abs(b - 1) + abs(c - 1) == 1]"),
    mutant("refine: the sign", REFINE, "offset = -np.linalg.solve(H, g)", "offset = np.linalg.solve(H, g)"),
    mutant("refine: the whole product", REFINE, "float(g @ offset) / 2", "float(g @ offset)"),
    mutant("refine: mixed derivatives by 2", REFINE, "- value(apart) - value(-apart)) / 4", "- value(apart) - value(-apart)) / 2"),
    mutant("refine: only the diagonal", REFINE, "H[i, j] = H[j, i] = (", "H[i, j] = H[j, i] = 0 * ("),
    mutant("refine: level last", REFINE, "return offset, value", "return offset[::-1], value"),
    mutant("refine: offsets of at most one half", REFINE2, "return offset, value", "offset = offset.clip(-0.5, 0.5)\n    return offset, value"),
    mutant("edge: no condition on the determinant", EDGE, "det > 0 and (xx + yy) ** 2 * r < (r + 1) ** 2 * det", "abs((xx + yy) ** 2 / det) * r < (r + 1) ** 2"),
    mutant("edge: the other way round", EDGE, "return not bool(det", "return bool(det"),
    mutant("edge: a numpy bool", EDGE, "return not bool(det > 0 and (xx + yy) ** 2 * r < (r + 1) ** 2 * det)", "return int(not (det > 0 and (xx + yy) ** 2 * r < (r + 1) ** 2 * det))"),
    mutant("edge: r is always 10", EDGE2, "    s, row, c = p\n", "    s, row, c = p\n    r = 10\n"),
    mutant("edge: no mixed derivative", EDGE2, "det = xx * yy - xy * xy\n", "det = xx * yy - 0 * xy\n"),
    mutant("orientation: no parabola", ORIENT, "0.5 * (l - r) / (l - 2 * c + r)", "0 * (l - r)"),
    mutant("orientation: the parabola's sign", ORIENT, "0.5 * (l - r) / (l - 2 * c + r)", "0.5 * (r - l) / (l - 2 * c + r)"),
    mutant("orientation: no weights", ORIENT, "votes = np.hypot(dx, dy) * np.exp(", "votes = np.hypot(dx, dy) * np.exp(0 * "),
    mutant("orientation: all peaks", ORIENT, PEAKS, PEAKS.replace("0.8", "0.0")),
    mutant("orientation: the lower edge of the bin", ORIENT, "peaks + 0.5 + 0.5", "peaks + 0.5"),
    mutant("orientation: the highest alone", ORIENT2, "0.8 * histogram.max()", "histogram.max()"),
    mutant("orientation: all bins from 80 %", ORIENT2, PEAKS, "histogram >= 0.8 * histogram.max()"),
    mutant("orientation: bins are not on a circle", ORIENT2, "np.roll(histogram, 1), np.roll(histogram, -1)", "np.append(0.0, histogram[:-1]), np.append(histogram[1:], 0.0)"),
    mutant("orientation: no limit of distance", ORIENT2, "<= reach) & (abs(away[1]) <= reach)", "<= 99) & (abs(away[1]) <= 99)"),
    mutant("sift: not turned", SIFT, "turn = math.radians(angle)", "turn = 0.0"),
    mutant("sift: directions not counted from the angle", SIFT, " - angle) % 360 / 45", ") % 360 / 45"),
    mutant("sift: turned the other way", SIFT, "u * math.cos(turn) - v * math.sin(turn)", "u * math.cos(turn) + v * math.sin(turn)", also=(("u * math.sin(turn) + v * math.cos(turn)", "v * math.cos(turn) - u * math.sin(turn)"),)),
    mutant("sift: not cut", SIFT, FOUND, "found = found / np.linalg.norm(found)"),
    mutant("sift: not normalised again", SIFT, "    return found / np.linalg.norm(found)\n", "    return found\n"),
    mutant("sift: one cell per sample", SIFT, "share * (place - start if one else 1 - (place - start))", "share * (0 if one else 1)"),
    mutant("sift: shares overwrite each other", SIFT, "np.add.at(out, (low[0] + step[0], low[1] + step[1], (low[2] + step[2]) % 8), share)", "out[low[0] + step[0], low[1] + step[1], (low[2] + step[2]) % 8] += share"),
    mutant("sift: columns of cells first", SIFT, "out[1:-1, 1:-1].ravel()", "out[1:-1, 1:-1].swapaxes(0, 1).ravel()"),
    mutant("sift: nan where it is flat", SIFT2, "    if not found.any():\n        return found\n", "    if not found.any():\n        return found * np.nan\n"),
    mutant("sift: whole pixels", SIFT2, "columns = p[1] + u", "p = (int(p[0]), int(p[1]))\n    columns = p[1] + u"),
    mutant("sift: float32", SIFT2, "    return found / np.linalg.norm(found)\n", "    return (found / np.linalg.norm(found)).astype(np.float32)\n", habit="dtype"),
    mutant("matches: the ratio inverted", MATCH, "first < threshold * second", "second < threshold * first"),
    mutant("matches: all", MATCH, "first < threshold * second", "first <= second"),
    mutant("matches: squared distances", MATCH2, "np.sqrt(((desc1[:, None] - desc2[None]) ** 2).sum(axis=2))", "((desc1[:, None] - desc2[None]) ** 2).sum(axis=2)"),
    mutant("matches: ties match", MATCH2, "first < threshold * second", "first <= threshold * second"),
    mutant("matches: columns exchanged", MATCH, "np.stack([rows, nearest[rows]], axis=1)", "np.stack([nearest[rows], rows], axis=1)"),
    mutant("fit: the other direction", FIT, "np.linalg.lstsq(np.concatenate([p2, ones], axis=1), p1, rcond=None)", "np.linalg.lstsq(np.concatenate([p1, ones], axis=1), p2, rcond=None)"),
    mutant("fit: transposed", FIT, "    H[2, 2] = 1.0\n    return H", "    H[2, 2] = 1.0\n    return H.T"),
    mutant("fit: no shift", FIT, "ones = np.ones((len(p2), 1))", "ones = np.zeros((len(p2), 1))"),
    mutant("fit: a last column with rounding errors", FIT2, "    H[2, 2] = 1.0\n    return H", "    H[:, 2] = [1e-17, -1e-17, 1.0]\n    return H"),
    mutant("draws: rounded down", DRAWS, "math.ceil(math.log(1 - p)", "math.floor(math.log(1 - p)"),
    mutant("draws: p in place of 1 - p", DRAWS, "math.log(1 - p)", "math.log(p)"),
    mutant("draws: no case for w = 1", DRAWS, "1 if w == 1 else math", "0 if w == 1 else math"),
    mutant("draws: a few too few", DRAWS2, "1 if w == 1 else math.ceil(", "1 if w == 1 else math.ceil(0.93 * "),
    mutant("ransac: the last group", RANSAC2, "if agrees.sum() > best.sum():", "if agrees.any():"),
    mutant("ransac: all matches", RANSAC, "return fit_affine_matrix(p1[best], p2[best]), matches[best]", "return fit_affine_matrix(p1, p2), matches[best]"),
    mutant("ransac: numbers of matches", RANSAC, "p2[best]), matches[best]", "p2[best]), np.flatnonzero(best)"),
    mutant("ransac: no fit at the end", RANSAC2, "            best = agrees\n", "            best, kept = agrees, H\n", also=(("return fit_affine_matrix(p1[best], p2[best]), matches[best]", "return kept, matches[best]"),)),
    mutant("ransac: distances that are not squared", RANSAC2, ".sum(axis=1) < threshold", ".sum(axis=1) ** 0.5 < threshold"),
    mutant("ransac: asks again after the last fit", RANSAC2, "return fit_affine_matrix(p1[best], p2[best]), matches[best]", "H = fit_affine_matrix(p1[best], p2[best])\n    return H, matches[(((padded @ H)[:, :2] - p1) ** 2).sum(axis=1) < threshold]"),
    mutant("ransac: ten draws", RANSAC2, "for _ in range(n_iters):", "for _ in range(10):"),
    mutant("ransac: changes the points", RANSAC2, "    best = np.zeros(len(matches), dtype=bool)\n", "    best = np.zeros(len(matches), dtype=bool)\n    keypoints1 += 0.001\n"),
    mutant("edges: moves the pyramid", "check_edges_by_their_curvatures", first("edge_like", "dog *= 1 + 1e-9")),
    mutant("description: a faint patch has none", SIFT2, "if not found.any():", "if found.max() < 0.1:"),
    mutant("draws: a rounded share", DRAWS2, "math.log(1 - w**n)", "math.log(1 - round(w**n, 6))"),
    mutant("extrema: without the last column that counts", EXTREMA2, "middle = dog[1:-1, 1:-1, 1:-1]", "middle = dog[1:-1, 1:-1, 1:-2]"),
    mutant("orientation: two directions at most", ORIENT2, '    peaks = peaks[np.argsort(-histogram[peaks], kind="stable")]', '    peaks = peaks[np.argsort(-histogram[peaks], kind="stable")][:2]'),
]
