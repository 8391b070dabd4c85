"""Right answers to seams.py in other styles. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("seams.py")

# fmt: off
VARIANTS = [
    variant("costs and seams by loops",
        body("energy_function", """
            gray_image = rgb2gray(image)
            dy, dx = np.gradient(gray_image)
            return np.absolute(dx) + np.absolute(dy)
        """),
        body("compute_cost", """
            H, W = energy.shape
            cost = np.zeros((H, W))
            paths = np.zeros((H, W), dtype=np.int32)
            cost[0] = energy[0]
            for i in range(1, H):
                for j in range(W):
                    best = np.inf
                    for step in (-1, 0, 1):
                        if 0 <= j + step < W and cost[i - 1, j + step] < best:
                            best = cost[i - 1, j + step]
                            paths[i, j] = step
                    cost[i, j] = energy[i, j] + best
            return cost, paths
        """),
        body("backtrack_seam", """
            H = paths.shape[0]
            seam = -np.ones(H, dtype=int)
            seam[H - 1] = end
            for h in range(H - 2, -1, -1):
                seam[h] = seam[h + 1] + paths[h + 1, seam[h + 1]]
            return seam
        """),
        body("remove_seam", """
            H, W = image.shape[:2]
            out = np.zeros((H, W - 1) + image.shape[2:], dtype=image.dtype)
            for i, c in enumerate(seam):
                out[i, :c] = image[i, :c]
                out[i, c:] = image[i, c + 1 :]
            return out
        """),
        body("reduce", """
            out = np.copy(image)
            if axis == 0:
                out = np.transpose(out, (1, 0, 2))
            while out.shape[1] > size:
                energy = energy_function(out)
                cost, paths = compute_cost(out, energy)
                end = np.argmin(cost[-1])
                out = remove_seam(out, backtrack_seam(paths, end))
            if axis == 0:
                out = np.transpose(out, (1, 0, 2))
            return out
        """)),
    variant("seams found first, doubled one by one from an index map",
        body("enlarge", """
            out = np.transpose(image, (1, 0, 2)) if axis == 0 else image.copy()
            H, W, _ = out.shape
            k = size - W
            temp, indices = out.copy(), np.tile(range(W), (H, 1))
            seams = np.zeros((H, W), dtype=int)
            for i in range(k):
                cost, paths = compute_cost(temp, energy_function(temp))
                seam = backtrack_seam(paths, np.argmin(cost[-1]))
                temp = remove_seam(temp, seam)
                seams[np.arange(H), indices[np.arange(H), seam]] = i + 1
                indices = remove_seam(indices, seam)
            for i in range(k):
                where = np.array([int(np.flatnonzero(row == i + 1)[0]) for row in seams])
                wide = np.zeros((H, out.shape[1] + 1, 3))
                marks = np.zeros((H, out.shape[1] + 1), dtype=int)
                for h in range(H):
                    wide[h] = np.insert(out[h], where[h], out[h, where[h]], axis=0)
                    marks[h] = np.insert(seams[h], where[h], 0)
                out, seams = wide, marks
            return np.transpose(out, (1, 0, 2)) if axis == 0 else out
        """),
        body("compute_forward_cost", """
            I = rgb2gray(image)
            H, W = I.shape
            cost, paths = np.zeros((H, W)), np.zeros((H, W), dtype=int)
            for i in range(H):
                for j in range(W):
                    cu = abs(I[i, j + 1] - I[i, j - 1]) if 0 < j < W - 1 else 0
                    if i == 0:
                        cost[i, j] = energy[i, j] + cu
                        continue
                    options = []
                    if j > 0:
                        options.append((cost[i - 1, j - 1] + cu + abs(I[i - 1, j] - I[i, j - 1]), -1))
                    options.append((cost[i - 1, j] + cu, 0))
                    if j < W - 1:
                        options.append((cost[i - 1, j + 1] + cu + abs(I[i - 1, j] - I[i, j + 1]), 1))
                    best = min(options)
                    cost[i, j] = energy[i, j] + best[0]
                    paths[i, j] = best[1]
            return cost, paths
        """),
        body("remove_object", """
            out, mask = image.copy(), mask.copy()
            W = image.shape[1]
            while np.any(mask > 0):
                energy = energy_function(out)
                energy[mask] = -1000
                cost, paths = compute_cost(out, energy)
                seam = backtrack_seam(paths, np.argmin(cost[-1]))
                out = remove_seam(out, seam)
                mask = remove_seam(mask, seam)
            return enlarge(out, W, axis=1)
        """)),
    variant("lists and dictionaries, deleted items, sorted columns",
        body("energy_function", """
            grey = np.einsum("hwc,c->hw", image, [0.2125, 0.7154, 0.0721])
            return sum(abs(np.gradient(grey, axis=a)) for a in range(2))
        """),
        body("compute_cost", """
            H, W = energy.shape
            table = [[float(e) for e in energy[0]]]
            back = [[0] * W]
            for i in range(1, H):
                line, steps = [], []
                for j in range(W):
                    best, step = float("inf"), 0
                    for d in (-1, 0, 1):
                        if 0 <= j + d < W and table[-1][j + d] < best:
                            best, step = table[-1][j + d], d
                    line.append(best + float(energy[i, j]))
                    steps.append(step)
                table.append(line)
                back.append(steps)
            return np.array(table), np.array(back, dtype=np.int8)
        """),
        body("backtrack_seam", """
            seam = [int(end)]
            for row in paths[:0:-1]:
                seam.append(seam[-1] + int(row[seam[-1]]))
            return np.array(seam[::-1])
        """),
        body("remove_seam", """
            return np.stack([np.delete(line, int(column), axis=0) for line, column in zip(image, seam)])
        """),
        body("reduce", """
            def swap(picture):
                return picture if axis == 1 else picture.swapaxes(0, 1)

            out = np.array(swap(image))
            for _ in range(image.shape[axis] - size):
                cost, paths = compute_cost(out, energy_function(out))
                last = cost[-1].tolist()
                out = remove_seam(out, backtrack_seam(paths, last.index(min(last))))
            return swap(out)
        """),
        body("enlarge", """
            picture = image if axis == 1 else image.transpose(1, 0, 2)
            left = picture
            columns = np.broadcast_to(np.arange(picture.shape[1]), picture.shape[:2])
            order = [list(range(picture.shape[1])) for _ in picture]
            for _ in range(size - picture.shape[1]):
                cost, paths = compute_cost(left, energy_function(left))
                seam = backtrack_seam(paths, int(np.argmin(cost[-1])))
                for line, column in zip(order, np.take_along_axis(columns, seam[:, None], 1)[:, 0]):
                    line.append(int(column))
                left, columns = remove_seam(left, seam), remove_seam(columns, seam)
            out = np.array([line[sorted(numbers)] for line, numbers in zip(picture, order)])
            return out if axis == 1 else out.transpose(1, 0, 2)
        """),
        body("compute_forward_cost", """
            grey = rgb2gray(image)
            H, W = grey.shape
            M, steps = np.full((H, W), np.inf), np.zeros((H, W), np.int64)
            for i in range(H):
                for j in range(W):
                    inner = 0 < j < W - 1
                    cu = abs(grey[i, j + 1] - grey[i, j - 1]) if inner else 0.0
                    if i == 0:
                        M[i, j] = energy[i, j] + cu
                        continue
                    options = {}
                    if j > 0:
                        options[-1] = M[i - 1, j - 1] + cu + abs(grey[i - 1, j] - grey[i, j - 1])
                    options[0] = M[i - 1, j] + cu
                    if j < W - 1:
                        options[1] = M[i - 1, j + 1] + cu + abs(grey[i - 1, j] - grey[i, j + 1])
                    steps[i, j] = min(options, key=options.get)
                    M[i, j] = energy[i, j] + options[steps[i, j]]
            return M, steps
        """),
        body("remove_object", """
            out = image.copy()
            while mask.any():
                energy = energy_function(out)
                energy[mask] = -1000
                cost, paths = compute_cost(out, energy)
                seam = backtrack_seam(paths, cost[-1].argmin())
                out, mask = remove_seam(out, seam), remove_seam(mask, seam)
            return enlarge(out, image.shape[1], axis=1)
        """)),
]
