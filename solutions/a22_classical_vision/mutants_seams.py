"""Wrong answers to seams.py, each with the check that must notice it."""
# ruff: noqa: E501 - quotes lines of the reference

from autograder.authoring.mutants import mutants_of
from autograder.authoring.variants import body

mutant = mutants_of("seams.py")
ENERGY, ENERGY2 = "check_energy_of_a_small_picture", "check_energies_of_other_pictures"
COST, COST2 = "check_costs_of_a_small_table", "check_costs_against_all_seams"
BACK, BACK2 = "check_seam_of_small_paths", "check_seams_of_other_paths"
REMOVE, REMOVE2 = "check_picture_without_a_seam", "check_pictures_without_a_seam"
REDUCE, REDUCE2 = "check_narrower_pictures", "check_narrower_and_lower_pictures"
WIDER, WIDER2 = "check_wider_pictures", "check_wider_and_higher_pictures"
FORWARD, FORWARD2 = "check_forward_costs_of_a_small_picture", "check_forward_costs_of_other_pictures"
OBJECT, OBJECT2 = "check_object_in_a_plain_picture", "check_objects_of_other_forms"
SUM = "return np.abs(down) + np.abs(right)"
FIRST = "padded = np.pad(cost[i - 1], 1, constant_values=np.inf)"

# fmt: off
MUTANTS = [
    mutant("costs: 1000 beyond the border", "check_costs_against_all_seams", body("compute_cost", """
        costs, paths = energy.astype(float), np.zeros(energy.shape, dtype=int)
        for i in range(1, len(energy)):
            above = np.pad(costs[i - 1], 1, constant_values=1000.0)
            three = np.stack([above[:-2], above[1:-1], above[2:]])
            costs[i], paths[i] = energy[i] + three.min(axis=0), three.argmin(axis=0) - 1
        return costs, paths
    """)),
    mutant("reduce: the last of equal costs", "check_narrower_and_lower_pictures", body("reduce", """
        if axis == 0:
            return reduce(image.swapaxes(0, 1), size).swapaxes(0, 1)
        while image.shape[1] > size:
            costs, paths = compute_cost(image, energy_function(image))
            image = remove_seam(image, backtrack_seam(paths, costs.shape[1] - 1 - int(costs[-1, ::-1].argmin())))
        return image
    """)),
    mutant("remove: as many seams as the mask is wide", "check_objects_of_other_forms", body("remove_object", """
        out, left = image, mask
        for _ in range(min(int(mask.any(axis=0).sum()), image.shape[1] // 2)):
            costs, paths = compute_cost(out, np.where(left, -1000.0, energy_function(out)))
            seam = backtrack_seam(paths, int(costs[-1].argmin()))
            out, left = remove_seam(out, seam), remove_seam(left, seam)
        return enlarge(out, image.shape[1])
    """)),
    mutant("energy: the absolute value of the sum", ENERGY, SUM, "return np.abs(down + right)"),
    mutant("energy: the length", ENERGY, SUM, "return np.hypot(down, right)"),
    mutant("energy: one direction", ENERGY, SUM, "return np.abs(right)"),
    mutant("energy: float32", ENERGY2, SUM, "return (np.abs(down) + np.abs(right)).astype(np.float32)", habit="dtype"),
    mutant("cost: free at the border", COST, FIRST, FIRST.replace("np.inf", "0.0")),
    mutant("cost: ties to the right", COST, "paths[i] = above.argmin(axis=0) - 1", "paths[i] = 1 - above[::-1].argmin(axis=0)"),
    mutant("cost: paths from 0 to 2", COST, "paths[i] = above.argmin(axis=0) - 1", "paths[i] = above.argmin(axis=0)"),
    mutant("cost: energies of the row above", COST, FIRST, FIRST.replace("cost[i - 1]", "energy[i - 1]")),
    mutant("cost: writes into the energies", COST2, "cost, paths = energy.copy(), np.zeros(energy.shape, dtype=int)", "cost, paths = energy, np.zeros(energy.shape, dtype=int)"),
    mutant("cost: borders that are not infinite enough", COST2, FIRST, FIRST.replace("np.inf", "1.0")),
    mutant("seam: the path after the move", BACK, "paths[i, seam[i]]", "paths[i - 1, seam[i]]"),
    mutant("seam: from below", BACK, "    return seam\n", "    return seam[::-1]\n"),
    mutant("seam: ends in the middle", BACK2, "seam[-1] = end", "seam[-1] = end or 1"),
    mutant("remove: the wrong pixel", REMOVE, "!= seam[:, None]", "!= seam[::-1, None]"),
    mutant("remove: colours only", REMOVE, "reshape(H, W - 1, *image.shape[2:])", "reshape(H, W - 1, 3)"),
    mutant("remove: float64", REMOVE2, "return image[keep].reshape", "return image[keep].astype(float).reshape"),
    mutant("remove: changes the picture", REMOVE2, "    keep = np.arange(W)", "    image[0, 0] = 1 - image[0, 0]\n    image = image.copy()\n    keep = np.arange(W)"),
    mutant("reduce: seams of the first energy", REDUCE2, "    while out.shape[1] > size:\n        cost, paths = compute_cost(out, energy_function(out))\n        out = remove_seam(out, backtrack_seam(paths, int(cost[-1].argmin())))", "    energy = energy_function(out)\n    while out.shape[1] > size:\n        cost, paths = compute_cost(out, energy)\n        seam = backtrack_seam(paths, int(cost[-1].argmin()))\n        out, energy = remove_seam(out, seam), remove_seam(energy, seam)"),
    mutant("reduce: the dearest seam", REDUCE, "out = remove_seam(out, backtrack_seam(paths, int(cost[-1].argmin())))", "out = remove_seam(out, backtrack_seam(paths, int(cost[-1].argmax())))"),
    mutant("reduce: one too many", REDUCE, "while out.shape[1] > size:", "while out.shape[1] >= size:"),
    mutant("reduce: columns only", REDUCE2, "out = image.swapaxes(0, 1) if axis == 0 else image\n    while", "axis = 1\n    out = image\n    while"),
    mutant("enlarge: the same seam again and again", WIDER, "        left, columns = remove_seam(left, seam), remove_seam(columns, seam)\n", "        pass\n", also=(("columns[np.arange(H), seam]] = 2", "columns[np.arange(H), seam]] += 1"),)),
    mutant("enlarge: columns of the smaller picture", WIDER, "columns[np.arange(H), seam]] = 2", "seam] += 1"),
    mutant("enlarge: columns only", WIDER2, "whole = image.swapaxes(0, 1) if axis == 0 else image", "axis = 1\n    whole = image"),
    mutant("enlarge: float32", WIDER2, "    return out.swapaxes(0, 1) if axis == 0 else out\n", "    return (out.swapaxes(0, 1) if axis == 0 else out).astype(np.float32)\n", habit="dtype"),
    mutant("forward: nothing is inserted", FORWARD, "    cost, paths = energy + straight,", "    return compute_cost(image, energy)\n    cost, paths = energy + straight,"),
    mutant("forward: C_L and C_R without C_U", FORWARD, "above[:-2] + straight[i] + np.abs", "above[:-2] + np.abs", also=(("above[2:] + straight[i] + np.abs", "above[2:] + np.abs"),)),
    mutant("forward: left and right exchanged", FORWARD, "np.abs(middle - before[i])", "np.abs(middle - after[i]) * 1", also=(("            above[2:] + straight[i] + np.abs(middle - after[i]),", "            above[2:] + straight[i] + np.abs(middle - before[i]),"),)),
    mutant("forward: zeros beyond the border", FORWARD, "    straight[:, [0, -1]] = 0.0\n", ""),
    mutant("forward: the first row without C_U", FORWARD, "cost, paths = energy + straight,", "cost, paths = energy.copy(),"),
    mutant("forward: no energy", FORWARD, "cost[i] = energy[i] + ways.min(axis=0)", "cost[i] = ways.min(axis=0)"),
    mutant("forward: red instead of grey", FORWARD, "grey = np.pad(rgb2gray(image),", "grey = np.pad(image[..., 0],"),
    mutant("forward: adds to the energies", FORWARD2, "cost, paths = energy + straight,", "energy += 0.5\n    energy -= 0.25\n    cost, paths = energy - 0.25 + straight,"),
    mutant("object: not enlarged", OBJECT, "return enlarge(out, image.shape[1])", "return out"),
    mutant("object: one seam", OBJECT, "    while left.any():\n", "    for _ in range(1):\n"),
    mutant("object: high energy", OBJECT, "-1000.0, energy", "1000.0, energy"),
    mutant("object: an energy of 0", OBJECT2, "-1000.0, energy", "0.0, energy"),
    mutant("object: as many seams as the first row of the object", OBJECT2, "    while left.any():\n", "    for _ in range(int(mask.any(axis=0)[3:].sum())):\n"),
]
