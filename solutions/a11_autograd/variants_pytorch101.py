"""Right answers to pytorch101.py in other styles. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("pytorch101.py")

# fmt: off
VARIANTS = [
    variant("written out by hand: literals, loops where they are allowed, item()",
        body("create_sample_tensor", "return torch.tensor([[0, 10], [100, 0], [0, 0]], dtype=torch.float32)"),
        body("mutate_tensor", """
            for i in range(len(indices)):
                x[indices[i]] = values[i]
            return x
        """),
        body("count_tensor_elements", """
            count = 1
            for length in x.size():
                count *= length
            return count
        """),
        body("create_tensor_of_pi", "return torch.ones(M, N) * 3.14"),
        body("multiples_of_ten", """
            return torch.tensor([n for n in range(start, stop + 1) if n % 10 == 0], dtype=torch.float64)
        """),
        body("sum_positive_entries", "return x[x > 0].sum().item()"),
        body("batched_matrix_multiply_loop", """
            B, N, M = x.shape
            out = torch.zeros(B, N, y.shape[2], dtype=x.dtype, device=x.device)
            for b in range(B):
                out[b] = x[b] @ y[b]
            return out
        """)),
    variant("slices with all their parts, and negative numbers",
        body("slice_indexing_practice", """
            M = x.shape[0]
            return x[M - 1, :], x[:, 2].unsqueeze(1), x[0:2, 0:3], x[0::2, 1::2]
        """),
        body("slice_assignment_practice", """
            x[0:2, 0:1] = 0
            x[0:2, 1:2] = 1
            x[0:2, 2:6] = 2
            x[2:4, [0, 2]] = 3
            x[2:4, [1, 3]] = 4
            x[2:4, 4:6] = 5
            return x
        """)),
    variant("slices by narrow and select, writes into a view of the corner",
        body("slice_indexing_practice", """
            last = x.select(0, x.size(0) - 1)
            return last, x.narrow(1, 2, 1), x.narrow(0, 0, 2).narrow(1, 0, 3), x[::2][:, 1::2]
        """),
        body("slice_assignment_practice", """
            corner = x[:4, :6]
            corner[:2] = 2
            corner[:2, 0] = 0
            corner[:2, 1] = 1
            corner[2:] = 5
            corner[2:, 0:4:2] = 3
            corner[2:, 1:4:2] = 4
            return x
        """)),
    variant("index_select, gather, and index tensors",
        body("shuffle_cols", "return x.index_select(1, torch.tensor([0, 0, 2, 1]))"),
        body("reverse_rows", "return x[list(range(x.shape[0]))[::-1]]"),
        body("take_one_elem_per_col", "return x[torch.tensor([1, 0, 3]), torch.arange(3)]"),
        body("make_one_hot", """
            index = torch.tensor(x)
            return torch.zeros(len(x), int(index.max()) + 1).scatter_(1, index[:, None], 1.0)
        """),
        body("zero_row_min", "return x.scatter(1, x.argmin(dim=1, keepdim=True), 0)")),
    variant("comparisons and where",
        body("make_one_hot", """
            numbers = torch.tensor(x)
            return (numbers[:, None] == torch.arange(max(x) + 1)).float()
        """),
        body("sum_positive_entries", "return int(x[x.gt(0)].sum())"),
        body("zero_row_min", "return torch.where(x == x.amin(dim=1, keepdim=True), torch.zeros_like(x), x)"),
        body("reverse_rows", "return x[-1 - torch.arange(len(x))]")),
    variant("cat and views of halves",
        body("reshape_practice", "return torch.cat([x[:12].reshape(3, 4), x[12:].reshape(3, 4)], dim=1)"),
        body("zero_row_min", """
            y = x.clone()
            lowest, columns = torch.min(x, dim=1)
            y[torch.arange(x.shape[0]), columns] = 0
            return y
        """),
        body("batched_matrix_multiply_loop", """
            products = []
            for i in range(len(x)):
                products.append(torch.matmul(x[i], y[i]).unsqueeze(0))
            return torch.cat(products, dim=0)
        """),
        body("batched_matrix_multiply_noloop", "return torch.einsum('bnm,bmp->bnp', x, y)")),
    variant("transpose, stack, matmul",
        body("reshape_practice", "return x.view(2, 3, 4).transpose(0, 1).contiguous().view(3, 8)"
                                 " if x.is_contiguous() else x.reshape(2, 3, 4).transpose(0, 1).flatten(1)"),
        body("batched_matrix_multiply_noloop", "return x @ y"),
        body("shuffle_cols", "idx = [0, 0, 2, 1]\nreturn x[:, idx]"),
        body("normalize_columns", """
            M = x.shape[0]
            mean = torch.sum(x, dim=0, keepdim=True) / M
            var = torch.sum((x - mean) ** 2, dim=0, keepdim=True) / (M - 1)
            return (x - mean) / torch.sqrt(var)
        """)),
    variant("sums by products of matrices",
        body("normalize_columns", """
            M, N = x.shape
            ones = x.new_ones(1, M)
            y = x - ones @ x / M
            return y * ((ones @ (y * y)) / (M - 1)) ** -0.5
        """),
        body("batched_matrix_multiply_noloop", "return (x.unsqueeze(3) * y.unsqueeze(1)).sum(2)"),
        body("count_tensor_elements", "return int(torch.ones_like(x, dtype=torch.int64).sum())")),
    variant("means: a padded matrix",
        body("challenge_mean_tensors", """
            padded = torch.nn.utils.rnn.pad_sequence(xs, batch_first=True)
            return padded.sum(dim=1) / ls
        """)),
    variant("means: differences of a cumulative sum in float64 at the ends",
        body("challenge_mean_tensors", """
            total = torch.cat(xs).double().cumsum(0)
            ends = total[ls.cumsum(0) - 1]
            starts = torch.cat([ends.new_zeros(1), ends[:-1]])
            return ((ends - starts) / ls).to(xs[0].dtype)
        """)),
    variant("means: bincount with weights, scatter_add",
        body("challenge_mean_tensors", """
            joined = torch.cat(xs)
            owner = torch.repeat_interleave(torch.arange(len(ls)), ls)
            sums = torch.zeros(len(ls), dtype=joined.dtype).scatter_add(0, owner, joined)
            return sums.div(ls)
        """)),
    variant("uniques: numbers times N plus the place, sorted",
        body("challenge_get_uniques", """
            N = x.shape[0]
            low = x.min()
            keys = ((x - low) * N + torch.arange(N)).sort().values
            values, places = keys // N + low, keys % N
            first = torch.cat([torch.tensor([True]), values[1:] != values[:-1]])
            return values[first], places[first]
        """)),
    variant("uniques: searchsorted in a stable sort",
        body("challenge_get_uniques", """
            values, order = torch.sort(x, stable=True)
            starts = torch.searchsorted(values, values)  # where the group of each value begins
            begins = starts == torch.arange(len(values))
            return values[begins], order[begins]
        """)),
    variant("uniques: a stable argsort, diff and nonzero",
        body("challenge_get_uniques", """
            order = torch.argsort(x, stable=True)
            sorted_x = x[order]
            new = torch.diff(sorted_x, prepend=sorted_x[:1] - 1).nonzero().squeeze(1)
            return sorted_x[new], order[new]
        """),
        body("multiples_of_ten", """
            numbers = torch.arange(start, stop + 1, dtype=torch.float64)
            return numbers[numbers % 10 == 0]
        """)),
    variant("arguments of other names, helpers of one's own",
        ("def count_tensor_elements(x: Tensor) -> int:",
         "def product(numbers):\n    result = 1\n    for number in numbers:\n        result = result * number\n"
         "    return result\n\n\ndef count_tensor_elements(tensor: Tensor) -> int:"),
        body("count_tensor_elements", "return product(tensor.shape)"),
        body("multiples_of_ten", """
            first = -(-start // 10)
            last = stop // 10
            return 10 * torch.arange(first, max(first, last + 1)).double()
        """),
        body("sum_positive_entries", """
            mask = x > 0
            positive = x[mask]
            return positive.sum().item()
        """)),
]
# fmt: on
