"""Wrong answers to pytorch101.py, each with the check that must notice it."""

from autograder.authoring.mutants import first, mutants_of
from autograder.authoring.variants import body

mutant = mutants_of("pytorch101.py")
FLIPS = "x.neg_()\nx = -x"
SAMPLE, FOUR = "check_sample_tensor_has_its_numbers", "check_slices_have_the_right_elements"
SLICE, VIEW = "slice_indexing_practice", "check_slices_are_views"
SIX, PATTERN = "check_slice_assignment_needs_six", "check_slice_assignment_writes_the_pattern"
TEN, SIGN = "check_multiples_of_ten_with_both_ends", "check_multiples_of_ten_of_any_sign"
HOT, FEW = "check_one_hot_rows", "check_one_hot_of_few_numbers"
COLUMNS, OTHER = "check_normalised_columns", "check_normalised_columns_of_other_matrices"
MEANS, MANY = "check_means_of_unequal_lengths", "check_means_of_many_tensors"
PLACES, OWN = "check_first_places_of_unique_values", "check_uniques_by_a_sort_of_your_own"

# fmt: off
MUTANTS = [
    mutant("sample: rows and columns exchanged", SAMPLE, "x[0, 1], x[1, 0] = 10, 100", "x[1, 0], x[0, 1] = 10, 100"),
    mutant("sample: two rows, three columns", SAMPLE, "x = torch.zeros(3, 2)", "x = torch.zeros(2, 3)"),
    mutant("sample: ones", SAMPLE, "x = torch.zeros(3, 2)", "x = torch.ones(3, 2)"),
    mutant("sample: whole numbers", "check_sample_tensor_is_new_each_time", "torch.zeros(3, 2)",
           "torch.zeros(3, 2, dtype=torch.int64)", habit="dtype"),
    mutant("sample: the same tensor each time", "check_sample_tensor_is_new_each_time", body("create_sample_tensor", """
        if not hasattr(create_sample_tensor, "made"):
            create_sample_tensor.made = torch.tensor([[0.0, 10.0], [100.0, 0.0], [0.0, 0.0]])
        return create_sample_tensor.made
    """)),
    mutant("mutate: a clone", "check_mutate_tensor_writes_into_the_tensor",
           "    for index, value in zip(indices, values, strict=True):\n",
           "    x = x.clone()\n    for index, value in zip(indices, values, strict=True):\n"),
    mutant("mutate: returns nothing", "check_mutate_tensor_writes_into_the_tensor",
           "        x[index] = value\n    return x\n", "        x[index] = value\n"),
    mutant("mutate: returns a view of all of x",
           ("check_mutate_tensor_writes_into_the_tensor", "check_mutate_tensor_of_any_rank"),
           "        x[index] = value\n    return x\n", "        x[index] = value\n    return x[:]\n"),
    mutant("mutate: adds", "check_mutate_tensor_writes_into_the_tensor", "x[index] = value\n", "x[index] += value\n"),
    mutant("mutate: for matrices only", "check_mutate_tensor_of_any_rank", "x[index] = value\n",
           "x[index[0], index[1]] = value\n"),
    mutant("mutate: the first of equal indices stays", "check_mutate_tensor_of_any_rank",
           "for index, value in zip(indices, values, strict=True):",
           "for index, value in reversed(list(zip(indices, values))):"),
    mutant("count: the length", "check_count_of_a_matrix", "math.prod(x.shape)", "len(x)"),
    mutant("count: a tensor", "check_count_of_a_matrix", "math.prod(x.shape)", "torch.tensor(x.shape).prod()"),
    mutant("count: numel", "check_count_of_a_matrix", "math.prod(x.shape)", "x.numel()"),
    mutant("count: rows times columns", ("check_count_of_a_matrix", "check_count_of_unusual_shapes"),
           "math.prod(x.shape)", "x.shape[0] * x.shape[-1]"),
    mutant("count: at least one", "check_count_of_unusual_shapes", "math.prod(x.shape)", "max(1, math.prod(x.shape))"),
    mutant("count: the storage of a view", "check_count_of_unusual_shapes", "math.prod(x.shape)",
           "len(x.untyped_storage()) // x.element_size()"),
    mutant("pi: all digits", "check_tensor_of_pi", "3.14)", "math.pi)"),
    mutant("pi: rows and columns exchanged", "check_tensor_of_pi", "torch.full((M, N)", "torch.full((N, M)"),
    mutant("pi: float64", "check_tensor_of_pi_is_float32", "3.14)", "3.14, dtype=torch.float64)", habit="dtype"),
    mutant("pi: at least one row and one column", "check_tensor_of_pi_is_float32", "torch.full((M, N)",
           "torch.full((max(M, 1), max(N, 1))"),
    mutant("ten: without stop", TEN, "max(stop + 1, first)", "max(stop, first)"),
    mutant("ten: without start", TEN, "first = math.ceil(start / 10) * 10", "first = (start // 10 + 1) * 10"),
    mutant("ten: from the multiple below start", TEN, "math.ceil(start / 10) * 10", "start // 10 * 10"),
    mutant("ten: steps from start", TEN, "first = math.ceil(start / 10) * 10", "first = start"),
    mutant("ten: fails where there is none", SIGN, "max(stop + 1, first)", "stop + 1"),
    mutant("ten: whole numbers", SIGN, "first), 10, dtype=torch.float64)", "first), 10)", habit="dtype"),
    mutant("ten: wrong below 0", SIGN, "math.ceil(start / 10) * 10",
           "int((start + (9 if start >= 0 else -9)) / 10) * 10"),
    mutant("ten: a shape of its own where there is none", SIGN, "    return torch.arange(first",
           "    if first > stop:\n        return torch.zeros(1, 0).double()\n    return torch.arange(first"),
    mutant("slices: the column as a vector", FOUR, "third_col = x[:, 2:3]", "third_col = x[:, 2]"),
    mutant("slices: the fourth column", FOUR, "third_col = x[:, 2:3]", "third_col = x[:, 3:4]"),
    mutant("slices: the row as a matrix", FOUR, "last_row = x[-1]", "last_row = x[-1:]"),
    mutant("slices: odd rows, even columns", FOUR, "x[::2, 1::2]", "x[1::2, ::2]"),
    mutant("slices: a column by a list, which copies", VIEW, "third_col = x[:, 2:3]", "third_col = x[:, [2]]"),
    mutant("slices: clones", VIEW, "x[:2, :3]", "x[:2, :3].clone()"),
    mutant("slices: contiguous", VIEW, "x[::2, 1::2]", "x[::2, 1::2].contiguous()"),
    mutant("slices: of a contiguous copy of a view", "check_slices_of_views_are_views", "    last_row = x[-1]\n",
           "    x = x.contiguous()\n    last_row = x[-1]\n"),
    mutant("slices: written for five rows", "check_slices_of_other_matrices", "x[-1]", "x[4]"),
    mutant("pattern: on a clone", PATTERN, "    x[:2, 0] = 0\n", "    x = x.clone()\n    x[:2, 0] = 0\n"),
    mutant("pattern: returns a view of all of x", (PATTERN, "check_slice_assignment_on_other_tensors"),
           "    x[2:4, 4:6] = 5\n    return x\n", "    x[2:4, 4:6] = 5\n    return x.view(x.shape)\n"),
    mutant("pattern: the rest becomes 0", PATTERN, "    x[:2, 0] = 0\n", "    x[:] = 0\n"),
    mutant("pattern: up to the last column", PATTERN, "x[:2, 2:6] = 2", "x[:2, 2:] = 2"),
    mutant("pattern: 3 and 4 exchanged", PATTERN, "x[2:4, 0:3:2] = 3\n    x[2:4, 1:4:2] = 4",
           "x[2:4, 0:3:2] = 4\n    x[2:4, 1:4:2] = 3"),
    mutant("pattern: all rows below", PATTERN, "x[2:4, 4:6] = 5", "x[2:, 4:6] = 5"),
    mutant("pattern: one element at a time", SIX, body("slice_assignment_practice", """
        rows = [[0, 1, 2, 2, 2, 2], [0, 1, 2, 2, 2, 2], [3, 4, 3, 4, 5, 5], [3, 4, 3, 4, 5, 5]]
        for i in range(4):
            for j in range(6):
                x[i, j] = rows[i][j]
        return x
    """)),
    mutant("pattern: seven assignments", SIX, "    x[:2, 2:6] = 2\n", "    x[0, 2:6] = 2\n    x[1, 2:6] = 2\n"),
    mutant("pattern: one assignment of a tensor", SIX, body("slice_assignment_practice", """
        x[:4, :6] = x.new_tensor([[0, 1, 2, 2, 2, 2], [0, 1, 2, 2, 2, 2], [3, 4, 3, 4, 5, 5], [3, 4, 3, 4, 5, 5]])
        return x
    """)),
    mutant("pattern: whole numbers become floats", "check_slice_assignment_on_other_tensors",
           "    x[2:4, 4:6] = 5\n    return x\n", "    x[2:4, 4:6] = 5\n    return x.float()\n"),
    mutant("columns: rows", "check_shuffled_columns", "return x[:, [0, 0, 2, 1]]", "return x[[0, 0, 2, 1]]"),
    mutant("columns: another order", "check_shuffled_columns", "return x[:, [0, 0, 2, 1]]",
           "return x[:, [0, 0, 1, 2]]"),
    mutant("columns: stacked as rows", "check_shuffled_columns", "return x[:, [0, 0, 2, 1]]",
           "return torch.stack([x[:, 0], x[:, 0], x[:, 2], x[:, 1]])"),
    mutant("columns: written into x", "check_shuffled_columns_are_a_copy", "return x[:, [0, 0, 2, 1]]",
           "chosen = x[:, [0, 0, 2, 1]]\n    if x.shape[1] < 4:\n        return chosen\n"
           "    x[:, :4] = chosen\n    return x[:, :4]"),
    mutant("columns: of whole numbers as floats", "check_shuffled_columns_are_a_copy", "return x[:, [0, 0, 2, 1]]",
           "return x[:, [0, 0, 2, 1]] * 1.0", habit="dtype"),
    mutant("reverse: the columns", "check_reversed_rows", "return x[torch.arange(len(x) - 1, -1, -1, device=x.device)]",
           "return x[:, torch.arange(x.shape[1] - 1, -1, -1)]"),
    mutant("reverse: by a product of floats", "check_reversed_rows", body("reverse_rows", """
        i = torch.arange(len(x))
        return (i[:, None] + i == len(x) - 1).double() @ x.double()
    """)),
    mutant("reverse: flip", "check_reversed_rows", "return x[torch.arange(len(x) - 1, -1, -1, device=x.device)]",
           "return x.flip(0)"),
    mutant("reverse: without the first row", "check_reversed_rows", "len(x) - 1, -1, -1", "len(x) - 1, 0, -1"),
    mutant("reverse: x itself if it has one row", "check_reversed_rows_are_a_copy",
           "return x[torch.arange(len(x) - 1, -1, -1, device=x.device)]",
           "return x[torch.arange(len(x) - 1, -1, -1, device=x.device)] if len(x) > 1 else x"),
    mutant("elements: a grid", "check_one_element_of_each_column", "x[[1, 0, 3], [0, 1, 2]]",
           "x[[1, 0, 3]][:, [0, 1, 2]]"),
    mutant("elements: row and column exchanged", "check_one_element_of_each_column", "x[[1, 0, 3], [0, 1, 2]]",
           "x[[0, 1, 2], [1, 0, 3]]"),
    mutant("elements: the last row", "check_elements_of_columns_are_a_copy", "[1, 0, 3]",
           "[1, 0, -3 if len(x) == 6 else -1]"),
    mutant("elements: as floats", "check_elements_of_columns_are_a_copy", "return x[[1, 0, 3], [0, 1, 2]]",
           "return torch.tensor([float(x[1, 0]), float(x[0, 1]), float(x[3, 2])], dtype=torch.float64)"),
    mutant("one-hot: as many columns as rows", HOT, "torch.zeros(len(x), max(x) + 1)", "torch.zeros(len(x), len(x))"),
    mutant("one-hot: ten columns", HOT, "torch.zeros(len(x), max(x) + 1)", "torch.zeros(len(x), 10)"),
    mutant("one-hot: fails for the largest number", HOT, "torch.zeros(len(x), max(x) + 1)",
           "torch.zeros(len(x), max(x))"),
    mutant("one-hot: transposed", HOT, "x] = 1\n    return out", "x] = 1\n    return out.T"),
    mutant("one-hot: whole columns", HOT, "out[torch.arange(len(x)), x] = 1", "out[:, x] = 1"),
    mutant("one-hot: a loop", "check_one_hot_has_no_loop", "    out[torch.arange(len(x)), x] = 1\n",
           "    for i, n in enumerate(x):\n        out[i, n] = 1\n"),
    mutant("one-hot: one_hot", "check_one_hot_has_no_loop", body("make_one_hot", """
        return torch.nn.functional.one_hot(torch.tensor(x)).float()
    """)),
    mutant("one-hot: columns for the different numbers", FEW, "torch.zeros(len(x), max(x) + 1)",
           "torch.zeros(len(x), max(len(set(x)), max(x) + (len(set(x)) > 1)))"),
    mutant("one-hot: whole numbers", FEW, "torch.zeros(len(x), max(x) + 1)",
           "torch.zeros(len(x), max(x) + 1, dtype=torch.int64)", habit="dtype"),
    mutant("one-hot: at least two columns", FEW, "torch.zeros(len(x), max(x) + 1)",
           "torch.zeros(len(x), max(max(x) + 1, 2))"),
    mutant("positive: counts", "check_sum_of_positive_entries", "int(x[x > 0].sum())", "int((x > 0).sum())"),
    mutant("positive: a tensor", "check_sum_of_positive_entries", "int(x[x > 0].sum())", "x[x > 0].sum()"),
    mutant("positive: all", "check_sum_of_positive_entries", "int(x[x > 0].sum())", "int(x.sum())"),
    mutant("positive: at least 1", "check_sum_where_nothing_is_positive", "int(x[x > 0].sum())",
           "max(1, int(x[x > 0].sum()))"),
    mutant("positive: by float32, which rounds", "check_sum_where_nothing_is_positive", "int(x[x > 0].sum())",
           "int(x[x > 0].float().sum())"),
    mutant("positive: sets the others to 0 in x", "check_sum_where_nothing_is_positive",
           "    return int(x[x > 0].sum())", "    x[x < 0] = 0\n    return int(x.sum())"),
    mutant("reshape: view alone", "check_reshape_of_counted_numbers", ".permute(1, 0, 2)", ""),
    mutant("reshape: transposed", "check_reshape_of_counted_numbers",
           "x.reshape(2, 3, 4).permute(1, 0, 2).reshape(3, 8)", "x.reshape(8, 3).T"),
    mutant("reshape: rows of pairs", "check_reshape_of_counted_numbers", "x.reshape(2, 3, 4).permute(1, 0, 2)",
           "x.reshape(3, 2, 4).permute(1, 0, 2)"),
    mutant("reshape: the numbers of the example", "check_reshape_of_counted_numbers", "x.reshape(2, 3, 4)",
           "torch.arange(24).reshape(2, 3, 4)"),
    mutant("reshape: view of a tensor that is a view itself", "check_reshape_of_other_tensors", "x.reshape(2, 3, 4)",
           "x.as_strided((2, 3, 4), (12, 4, 1))"),
    mutant("reshape: as float32", "check_reshape_of_other_tensors", "return x.reshape(2, 3, 4)",
           "return x.float().double().reshape(2, 3, 4)"),
    mutant("row minimum: of the columns", "check_zero_row_min",
           "out[torch.arange(len(x), device=x.device), x.argmin(dim=1)] = 0",
           "out[x.argmin(dim=0), torch.arange(x.shape[1])] = 0"),
    mutant("row minimum: of the matrix", "check_zero_row_min",
           "out[torch.arange(len(x), device=x.device), x.argmin(dim=1)] = 0", "out[x == x.min()] = 0"),
    mutant("row minimum: the maximum", "check_zero_row_min", "x.argmin(dim=1)", "x.argmax(dim=1)"),
    mutant("row minimum: whole columns", "check_zero_row_min",
           "out[torch.arange(len(x), device=x.device), x.argmin(dim=1)]", "out[:, x.argmin(dim=1)]"),
    mutant("row minimum: in place", "check_zero_row_min_leaves_x", "out = x.clone()", "out = x"),
    mutant("row minimum: a loop", "check_zero_row_min_leaves_x",
           "    out[torch.arange(len(x), device=x.device), x.argmin(dim=1)] = 0\n",
           "    for i in range(len(x)):\n        out[i, x[i].argmin()] = 0\n"),
    mutant("row minimum: smallest absolute value", "check_zero_row_min", "x.argmin(dim=1)", "x.abs().argmin(dim=1)"),
    mutant("row minimum: floats", "check_zero_row_min_of_other_tensors", "out = x.clone()", "out = x.double().clone()",
           habit="dtype"),
    mutant("product loop: no loop", "check_products_with_a_loop",
           "torch.stack([torch.mm(a, b) for a, b in zip(x, y, strict=True)])", "x @ y"),
    mutant("product loop: one product for all", "check_products_with_a_loop", "torch.mm(a, b) for",
           "torch.mm(a, y[0]) for"),
    mutant("product loop: joined as rows", "check_products_with_a_loop", "return torch.stack([torch.mm",
           "return torch.cat([torch.mm"),
    mutant("product loop: float64 tensor", "check_products_with_a_loop_on_other_sizes",
           "return torch.stack([torch.mm(a, b) for a, b in zip(x, y, strict=True)])",
           "return torch.stack([torch.mm(a, b) for a, b in zip(x, y, strict=True)]).double()", habit="dtype"),
    mutant("product loop: drops axes of length 1", "check_products_with_a_loop_on_other_sizes", "torch.mm(a, b) for",
           "torch.mm(a, b).squeeze() for"),
    mutant("product: element by element", "check_products_without_a_loop", "return torch.bmm(x, y)",
           "return x.mT * y if x.mT.shape == y.shape else x[:, :, :1] * y[:, :1]"),
    mutant("product: a loop", "check_products_without_a_loop", "return torch.bmm(x, y)",
           "return torch.stack([a @ b for a, b in zip(x, y)])"),
    mutant("product: transposed", "check_products_without_a_loop", "return torch.bmm(x, y)",
           "return torch.bmm(x, y).mT"),
    mutant("product: a batch of one loses its axis", "check_products_of_a_large_batch", "return torch.bmm(x, y)",
           "return torch.bmm(x, y).squeeze(0)"),
    mutant("normalise: M in place of M - 1", COLUMNS, "(len(x) - 1)", "len(x)"),
    mutant("normalise: the rows", COLUMNS, body("normalize_columns", """
        centred = x - x.sum(dim=1, keepdim=True) / x.shape[1]
        return centred / ((centred**2).sum(dim=1, keepdim=True) / (x.shape[1] - 1)) ** 0.5
    """)),
    mutant("normalise: the variance", COLUMNS, " / (len(x) - 1)) ** 0.5", " / (len(x) - 1))"),
    mutant("normalise: the mean stays", COLUMNS, "return centred /", "return x /"),
    mutant("normalise: std", COLUMNS, "return centred / ((centred**2).sum(dim=0) / (len(x) - 1)) ** 0.5",
           "return centred / x.std(dim=0)"),
    mutant("normalise: squares before the mean is gone", COLUMNS, "(centred**2)", "(x**2)"),
    mutant("normalise: a small number in the denominator", OTHER, "(len(x) - 1)) ** 0.5",
           "(len(x) - 1) + 1e-8) ** 0.5"),
    mutant("normalise: by E[x^2] - E[x]^2 in float32", "check_normalised_columns_leave_x",
           "    centred = x - x.sum(dim=0) / len(x)\n", "    x -= x.sum(dim=0) / len(x)\n    centred = x\n"),
    mutant("normalise: always float64", "check_normalised_columns_leave_x", "    centred = x - x.sum(dim=0) / len(x)\n",
           "    centred = x.double() - x.double().sum(dim=0) / len(x)\n", habit="dtype"),
    mutant("means: sums", MEANS, ".index_add_(0, owner, joined) / ls", ".index_add_(0, owner, joined)"),
    mutant("means: of padded rows", MEANS,
           body("challenge_mean_tensors", "return torch.nn.utils.rnn.pad_sequence(xs).mean(dim=0)")),
    mutant("means: cumulative sums at the lengths", MEANS, body("challenge_mean_tensors", """
        total = torch.cat(xs).cumsum(0)
        ends = total[ls - 1]
        return torch.diff(ends, prepend=ends.new_zeros(1)) / ls
    """)),
    mutant("means: a comprehension", MEANS,
           body("challenge_mean_tensors", "return torch.stack([x.mean() for x in xs])")),
    mutant("means: float32 only", MANY, "joined.new_zeros(len(xs))", "torch.zeros(len(xs), dtype=torch.float64)",
           habit="dtype", also=(("joined = torch.cat(xs)", "joined = torch.cat(xs).double()"),)),
    mutant("means: one owner too few", (MEANS, MANY), "torch.arange(len(xs), device=ls.device).repeat_interleave(ls)",
           "torch.arange(len(xs), device=ls.device).repeat_interleave(ls).clamp(max=max(len(xs) - 2, 0))"),
    mutant("means: at most 64 tensors", MANY, "joined.new_zeros(len(xs)).index_add_(0, owner, joined) / ls",
           "joined.new_zeros(len(xs)).index_add_(0, owner.clamp(max=63), joined) / ls"),
    mutant("uniques: last places", PLACES, "first[1:] = values[1:] != values[:-1]",
           "first[:-1] = values[1:] != values[:-1]"),
    mutant("uniques: places in the sorted tensor", PLACES, "return values[first], order[first]",
           "return values[first], first.nonzero()[:, 0]"),
    mutant("uniques: an index for each number", PLACES, "return values[first], order[first]",
           "return values[first], order"),
    mutant("uniques: indices of 32 bits", OWN, "return values[first], order[first]",
           "return values[first], order[first].int()"),
    mutant("uniques: lists", (PLACES, OWN), "return values[first], order[first]",
           "return values[first].tolist(), order[first].tolist()"),
    mutant("uniques: a sort that is not stable", PLACES, "values, order = x.sort(stable=True)",
           "values, order = x.flip(0).sort(stable=True)\n    order = len(x) - 1 - order"),
    mutant("uniques: return_index, which torch does not have", PLACES,
           body("challenge_get_uniques", "return torch.unique(x, return_index=True)")),
    mutant("uniques: the smallest value is left out", PLACES, "first = torch.ones_like(values, dtype=torch.bool)",
           "first = torch.zeros_like(values, dtype=torch.bool)"),
    mutant("uniques: torch.unique", OWN, body("challenge_get_uniques", """
        uniques, inverse = torch.unique(x, return_inverse=True)
        indices = torch.full_like(uniques, len(x)).scatter_reduce_(0, inverse, torch.arange(len(x)), "amin")
        return uniques, indices
    """)),
    mutant("uniques: a comparison of all pairs", OWN, body("challenge_get_uniques", """
        first = (x[:, None] == x).int().argmax(dim=1) == torch.arange(len(x))
        return x[first], first.nonzero()[:, 0]
    """)),
    mutant("uniques: a table of all values", OWN, body("challenge_get_uniques", """
        table = torch.full((int(x.max() - x.min()) + 1,), len(x))
        table.scatter_reduce_(0, x - x.min(), torch.arange(len(x)), "amin")
        found = (table < len(x)).nonzero()[:, 0]
        return found + x.min(), table[found]
    """)),
    mutant("shuffled: changes its input", "check_shuffled_columns", first("shuffle_cols", FLIPS)),
    mutant("one each: changes its input", "check_one_element_of_each_column", first("take_one_elem_per_col", FLIPS)),
    mutant("count: changes its input", "check_count_of_a_matrix", first("count_tensor_elements", "x.add_(1)")),
]
# fmt: on
