"""Wrong answers to grouping.py, each with the check that must notice it."""
# ruff: noqa: E501 - quotes lines of the reference

from autograder.authoring.mutants import mutants_of
from autograder.authoring.variants import body

mutant = mutants_of("grouping.py")
KMEANS, KMEANS2 = "check_groups_of_a_few_points", "check_groups_of_other_points"
START, START2 = "check_start_has_points_of_each_blob", "check_probabilities_of_the_start"
TREE, TREE2 = "check_hierarchies_of_a_few_points", "check_hierarchies_of_other_points"
SHIFT, SHIFT2 = "check_modes_of_a_few_points", "check_modes_of_other_points"
PLACES, PLACES2 = "check_features_of_a_small_picture", "check_features_of_other_pictures"
SVD, SVD2 = "check_compression_of_a_small_picture", "check_compression_of_other_pictures"
MEAN = "centers[group] = features[groups == group].mean(axis=0)"
D2 = "d2 = ((features[:, None] - features[chosen][None]) ** 2).sum(axis=2).min(axis=1)"
NORMAL = "return np.where(deviation > 1e-12, centred / np.where(deviation > 1e-12, deviation, 1.0), 0.0)"
RANK = "return (U[:, :k] * S[:k]) @ Vt[:k], k * (image.shape[0] + image.shape[1] + 1)"

# fmt: off
MUTANTS = [
    mutant("start: a generator of its own", "check_probabilities_of_the_start", body("kmeans_pp", """
        random = np.random.default_rng()
        centres = [features[random.integers(len(features))]]
        while len(centres) < k:
            nearest = np.min([((features - centre) ** 2).sum(axis=1) for centre in centres], axis=0)
            centres.append(features[random.choice(len(features), p=nearest / nearest.sum())])
        return np.array(centres)
    """)),
    mutant("hierarchy: another default", "check_hierarchies_of_other_points", 'linkage: str = "centroid"', 'linkage: str = "single"'),
    mutant("shift: three steps at most", "check_modes_of_other_points", body("mean_shift", """
        modes, groups = [], []
        for window in features:
            for _ in range(3):
                window = features[((features - window) ** 2).sum(axis=1) <= bandwidth**2].mean(axis=0)
            near = [n for n, mode in enumerate(modes) if np.linalg.norm(mode - window) < bandwidth / 2]
            groups.append(near[0] if near else len(modes))
            modes += [] if near else [window]
        return np.array(groups), np.array(modes)
    """)),
    mutant("shift: modes within the bandwidth are one", "check_modes_of_other_points", body("mean_shift", """
        modes, groups = [], []
        for window in features:
            for _ in range(500):
                window = features[((features - window) ** 2).sum(axis=1) <= bandwidth**2].mean(axis=0)
            near = [n for n, mode in enumerate(modes) if np.linalg.norm(mode - window) < bandwidth]
            groups.append(near[0] if near else len(modes))
            modes += [] if near else [window]
        return np.array(groups), np.array(modes)
    """)),
    mutant("kmeans: the mean of all numbers", KMEANS, MEAN, "centers[group] = features[groups == group].mean()"),
    mutant("kmeans: one iteration", KMEANS, "for _ in range(num_iters):", "for _ in range(1):"),
    mutant("kmeans: the farthest centre", KMEANS, ".sum(axis=2).argmin(axis=1)\n", ".sum(axis=2).argmax(axis=1)\n"),
    mutant("kmeans: centres before the last move", KMEANS, "    return groups, centers\n", "    return groups, start\n"),
    mutant("kmeans: empty groups become nan", KMEANS2, "        for group in np.unique(groups):\n            centers[group] = features[groups == group].mean(axis=0)", "        for group in range(len(centers)):\n            centers[group] = features[groups == group].sum(axis=0) / max((groups == group).sum(), 1)"),
    mutant("kmeans: moves the start", KMEANS2, "start.copy(), np.full", "start, np.full"),
    mutant("kmeans: runs on after num_iters", KMEANS, "for _ in range(num_iters):", "for _ in range(num_iters + 1):"),
    mutant("kmeans: float32", KMEANS2, "    return groups, centers\n", "    return groups, centers.astype(np.float32)\n", habit="dtype"),
    mutant("start: any points", START, "p=d2 / d2.sum()", "p=None"),
    mutant("start: the farthest point", START2, "np.random.choice(len(features), p=d2 / d2.sum())", "int(d2.argmax())"),
    mutant("start: distances that are not squared", START2, "p=d2 / d2.sum()", "p=np.sqrt(d2) / np.sqrt(d2).sum()"),
    mutant("start: the distance to the last centre", START, D2, D2.replace("features[chosen]", "features[chosen[-1:]]")),
    mutant("start: the first point first", START2, "np.random.randint(len(features))", "0"),
    mutant("hierarchy: single and complete exchanged", TREE, '"single": np.min, "complete": np.max', '"single": np.max, "complete": np.min'),
    mutant("hierarchy: always the centroid", TREE, 'if linkage == "centroid":', "if True:"),
    mutant("hierarchy: the median of pairs", TREE, '"average": np.mean', '"average": np.median'),
    mutant("hierarchy: means of squared distances", TREE, "distances = np.sqrt(((features[:, None] - features[None]) ** 2).sum(axis=2))", "distances = ((features[:, None] - features[None]) ** 2).sum(axis=2)"),
    mutant("hierarchy: one step too few", TREE, "while len(groups) > k:", "while len(groups) > k + 1:"),
    mutant("hierarchy: joins the farthest", TREE, "i, j = min(pairs", "i, j = max(pairs"),
    mutant("hierarchy: numbers from 1", TREE2, "out[group] = number", "out[group] = number + 1"),
    mutant("mean shift: not merged", SHIFT, "< bandwidth / 2]", "< 1e-9]"),
    mutant("mean shift: one step", SHIFT, "< 1e-6:", "< 1e6:"),
    mutant("mean shift: merged within the bandwidth", SHIFT2, "< bandwidth / 2]", "< bandwidth]"),
    mutant("mean shift: the radius is outside", SHIFT2, "<= bandwidth**2", "< bandwidth**2"),
    mutant("mean shift: half of the radius", SHIFT, "<= bandwidth**2", "<= bandwidth"),
    mutant("features: the column first", PLACES, "places = np.mgrid[:H, :W].reshape(2, -1).T", "places = np.mgrid[:H, :W].reshape(2, -1).T[:, ::-1]"),
    mutant("features: not normalised", PLACES, NORMAL, "return features.astype(float)"),
    mutant("features: normalised together", PLACES, "features - features.mean(axis=0), features.std(axis=0)", "features - features.mean(), features.std()"),
    mutant("features: nan where all is equal", PLACES2, NORMAL, "with np.errstate(all='ignore'):\n        return centred / deviation"),
    mutant("features: float32", PLACES2, NORMAL, NORMAL + ".astype(np.float32)", habit="dtype"),
    mutant("svd: the smallest values", SVD, RANK, RANK.replace("U[:, :k] * S[:k]) @ Vt[:k]", "U[:, -k:] * S[-k:]) @ Vt[-k:]")),
    mutant("svd: the size without the values", SVD, RANK, RANK.replace(" + 1)", ")")),
    mutant("svd: one value more", SVD, "    k = num_values\n", "    k = num_values + 1\n"),
    mutant("svd: at most three values", SVD2, "    k = num_values\n", "    k = min(num_values, 3)\n"),
    mutant("svd: float32", SVD2, RANK, RANK.replace("@ Vt[:k],", "@ Vt[:k].astype(np.float32),").replace("(U[:, :k] * S[:k])", "(U[:, :k] * S[:k]).astype(np.float32)"), habit="dtype"),
    mutant("kmeans: never stops early", KMEANS2, "        if (groups == before).all():\n            break\n", "", endless=True),
    mutant("places: a faint colour is the same everywhere", PLACES2, NORMAL, NORMAL.replace("1e-12, centred", "1e-2, centred")),
]
