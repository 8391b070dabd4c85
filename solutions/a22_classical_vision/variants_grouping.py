"""Right answers to grouping.py in other styles. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("grouping.py")

# fmt: off
VARIANTS = [
    variant("groups by loops over points",
        body("kmeans", """
            N, D = features.shape
            k = start.shape[0]
            centers = np.array(start, dtype=float)
            assignments = np.zeros(N, dtype=np.uint32)
            for n in range(num_iters):
                new = np.zeros(N, dtype=np.uint32)
                for i in range(N):
                    new[i] = np.argmin(np.linalg.norm(features[i] - centers, axis=1))
                if n > 0 and np.array_equal(new, assignments):
                    break
                assignments = new
                for j in range(k):
                    if np.any(assignments == j):
                        centers[j] = np.mean(features[assignments == j], axis=0)
            return assignments, centers
        """),
        body("kmeans_pp", """
            N = features.shape[0]
            centers = [features[np.random.choice(N)]]
            while len(centers) < k:
                d2 = np.array([min(np.sum((x - c) ** 2) for c in centers) for x in features])
                r = np.random.rand() * d2.sum()
                centers.append(features[np.searchsorted(np.cumsum(d2), r)])
            return np.array(centers)
        """),
        body("color_position_features", """
            H, W, C = img.shape
            features = np.zeros((H * W, C + 2))
            for i in range(H):
                for j in range(W):
                    features[i * W + j, :C] = img[i, j]
                    features[i * W + j, C:] = i, j
            features -= features.mean(axis=0)
            s = features.std(axis=0)
            s[s < 1e-12] = 1
            features = features / s
            features[:, features.std(axis=0) < 0.5] = 0
            return features
        """),
        body("compression_svd", """
            u, s, vt = np.linalg.svd(image)
            out = np.zeros(image.shape)
            for n in range(num_values):
                out += s[n] * np.outer(u[:, n], vt[n])
            H, W = image.shape
            return out, num_values * (1 + H + W)
        """)),
    variant("tables of distances that are updated",
        body("hierarchical_clustering", """
            N = len(features)
            labels = np.arange(N)
            sq = np.linalg.norm(features[:, None] - features[None], axis=2)
            while len(np.unique(labels)) > k:
                names = np.unique(labels)
                best, pair = np.inf, None
                for a in range(len(names)):
                    for b in range(a + 1, len(names)):
                        A, B = labels == names[a], labels == names[b]
                        if linkage == "centroid":
                            d = np.sqrt(((features[A].mean(0) - features[B].mean(0)) ** 2).sum())
                        elif linkage == "single":
                            d = sq[A][:, B].min()
                        elif linkage == "complete":
                            d = sq[A][:, B].max()
                        else:
                            d = sq[A][:, B].sum() / (A.sum() * B.sum())
                        if d < best:
                            best, pair = d, (names[a], names[b])
                labels[labels == pair[1]] = pair[0]
            return np.searchsorted(np.unique(labels), labels)
        """),
        body("mean_shift", """
            rest = features.copy()
            for i in range(len(rest)):
                moved = np.inf
                while moved >= 1e-6:
                    near = np.linalg.norm(features - rest[i], axis=1) <= bandwidth
                    target = np.mean(features[near], axis=0)
                    moved = np.linalg.norm(target - rest[i])
                    rest[i] = target
            labels, centers = [], []
            for place in rest:
                for n, c in enumerate(centers):
                    if np.linalg.norm(place - c) < bandwidth / 2:
                        labels.append(n)
                        break
                else:
                    labels.append(len(centers))
                    centers.append(place)
            return np.array(labels), np.stack(centers)
        """),
        body("compression_svd", """
            values, vectors = np.linalg.eigh(image @ image.T)
            top = vectors[:, ::-1][:, :num_values]
            return top @ (top.T @ image), num_values * (sum(image.shape) + 1)
        """)),
]
