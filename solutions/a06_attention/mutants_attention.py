"""Wrong answers to a06, attention, each with the check that must notice it."""

from autograder.authoring.mutants import mutants_of

SINGLE = "scores[i, j] = (query[i] * key[j]).sum() / math.sqrt(query.shape[1])"
SINGLE_END = "return torch.softmax(scores, dim=1) @ value"
BATCH = "scores[:, i, j] = (query[:, i] * key[:, j]).sum(dim=1) / math.sqrt(query.shape[2])"
BATCH_END = "return torch.bmm(torch.softmax(scores, dim=2), value)"
SCORES = "scores = torch.bmm(query, key.transpose(1, 2)) / math.sqrt(query.shape[2])  # (N, Kq, Kk)"
HIDE = "scores = scores.masked_fill(mask, -math.inf)"
WEIGHTS = "weights = torch.softmax(scores, dim=2)"
AVERAGE = "return torch.bmm(weights, value), weights"
HEAD = "scaled_dot_product_no_loop_batch(self.q(query), self.k(key), self.v(value), mask)"
HEADS = "found = [head(query, key, value, mask) for head in self.heads]"
MIX = "return self.mix(torch.cat(found, dim=2))"
SINGLE_AGREES = "check_single_agrees_with_torch"
BATCH_AGREES = "check_batch_agrees_with_torch"
NO_LOOP_AGREES = "check_no_loop_agrees_with_torch"
NO_LOOP_HIDES = "check_no_loop_hides_what_the_mask_says"
HEADS_AGREE = "check_heads_agree_with_torch"


mutant = mutants_of("transformers.py")


# fmt: off
ATTENTION = [
    mutant("single: forgets the scale", SINGLE_AGREES, SINGLE, SINGLE.replace(" / math.sqrt(query.shape[1])", "")),
    mutant("single: scales by the root of the number of queries", (SINGLE_AGREES, "check_single_on_other_sizes"),
           SINGLE, SINGLE.replace("query.shape[1]", "query.shape[0]")),
    mutant("single: softmax over the queries", (SINGLE_AGREES, "check_single_on_other_sizes"),
           SINGLE_END, SINGLE_END.replace("dim=1", "dim=0")),
    mutant("single: a matrix as wide as there are queries", "check_single_with_more_keys_than_queries",
           "scores = query.new_zeros(len(query), len(key))", "scores = query.new_zeros(len(query), len(query))"),
    mutant("single: exponentials that overflow", "check_single_with_large_scores",
           SINGLE_END, "return scores.exp() / scores.exp().sum(dim=1, keepdim=True) @ value"),
    mutant("single: divides the caller's queries", "check_single_on_other_sizes",
           SINGLE_END, "query /= math.sqrt(query.shape[1])\n    " + SINGLE_END),
    mutant("batch: divides the caller's queries", "check_batch_on_other_sizes",
           BATCH_END, "query /= math.sqrt(query.shape[2])\n    " + BATCH_END),
    mutant("batch: scales by M instead of its root", BATCH_AGREES,
           BATCH, BATCH.replace("math.sqrt(query.shape[2])", "query.shape[2]")),
    mutant("batch: softmax over the batch", (BATCH_AGREES, "check_batch_on_other_sizes"),
           BATCH_END, BATCH_END.replace("dim=2", "dim=0")),
    mutant("batch: removes axes of length one", "check_batch_on_other_sizes", BATCH_END, BATCH_END + ".squeeze()"),
    mutant("no loops: forgets the scale", NO_LOOP_AGREES, SCORES, SCORES.replace(" / math.sqrt(query.shape[2])", "")),
    mutant("no loops: scales by the length of a value", NO_LOOP_AGREES,
           SCORES, SCORES.replace("query.shape[2]", "value.shape[2]")),
    mutant("no loops: scales by the number of queries", NO_LOOP_AGREES,
           SCORES, SCORES.replace("query.shape[2]", "query.shape[1]")),
    mutant("no loops: softmax over the queries", (NO_LOOP_AGREES, NO_LOOP_HIDES),
           WEIGHTS, WEIGHTS.replace("dim=2", "dim=1")),
    mutant("no loops: returns the scores as weights", NO_LOOP_AGREES,
           AVERAGE, AVERAGE.replace(", weights", ", scores").replace("(scores,", "(weights,")),
    mutant("no loops: one sequence after the other", (NO_LOOP_AGREES, "check_no_loop_on_other_sizes"),
           WEIGHTS, "weights = torch.stack([torch.softmax(s, dim=1) for s in scores])"),
    mutant("no loops: uses torch's own attention", NO_LOOP_AGREES,
           SCORES, "nn.functional.scaled_dot_product_attention(query, key, value)\n    " + SCORES),
    mutant("mask: ignored", NO_LOOP_HIDES, HIDE, "pass"),
    mutant("mask: inverted", NO_LOOP_HIDES, HIDE, HIDE.replace("mask,", "~mask,")),
    mutant("mask: flipped left to right", NO_LOOP_HIDES, HIDE, HIDE.replace("mask,", "mask.flip(2),")),
    mutant("mask: sets scores to 0", NO_LOOP_HIDES, HIDE, HIDE.replace("-math.inf", "0.0")),
    mutant("mask: after the softmax", NO_LOOP_HIDES,
           HIDE + "\n    " + WEIGHTS,
           "weights = torch.softmax(scores, dim=2).masked_fill(mask, 0.0)\n    else:\n        " + WEIGHTS),
    mutant("mask: not negative enough for large scores", "check_no_loop_with_one_mask_for_all",
           HIDE, HIDE.replace("-math.inf", "-20.0")),
    mutant("mask: hides in place in the caller's mask", "check_no_loop_on_other_sizes",
           HIDE, HIDE + "\n        mask.logical_not_()"),
    mutant("no loops: cuts the gradient of the weights", "check_no_loop_passes_gradients",
           AVERAGE, AVERAGE.replace("torch.bmm(weights,", "torch.bmm(weights.detach(),")),
]

HEADS_IN_PARALLEL = [
    mutant("head: query and key swapped", ("check_head_agrees_with_torch", "check_head_between_two_sequences"),
           HEAD, HEAD.replace("self.q(query), self.k(key)", "self.k(key), self.q(query)")),
    mutant("head: values come through k", "check_head_agrees_with_torch", "self.v(value), mask", "self.k(value), mask"),
    mutant("head: the mask is not passed on", "check_head_agrees_with_torch", "self.v(value), mask)", "self.v(value))"),
    mutant("head: self-attention only", "check_head_between_two_sequences",
           HEAD, HEAD.replace("self.k(key), self.v(value)", "self.k(query), self.v(query)")),
    mutant("head: no mask in evaluation mode", "check_head_between_two_sequences", HEAD,
           HEAD.replace(", mask)", ", mask if self.training else None)")),
    mutant("no loop: the weights are returned without their gradient", "check_no_loop_passes_gradients",
           AVERAGE, AVERAGE + ".detach()"),
    mutant("head: keeps the weights of the first call", "check_head_between_two_sequences",
           "y, self.weights_softmax = " + HEAD,
           "y, found = " + HEAD + "\n        self.weights_softmax = "
           "found if self.weights_softmax is None else self.weights_softmax"),
    mutant("head: does not store the weights", "check_head_agrees_with_torch", "y, self.weights_softmax =", "y, _ =",
           habit="weights not stored"),
    mutant("heads: concatenated from last to first", HEADS_AGREE, "cat(found,", "cat(found[::-1],"),
    mutant("heads: stacked, so that their outputs interleave", (HEADS_AGREE, "check_heads_between_two_sequences"),
           MIX, "return self.mix(torch.stack(found, dim=3).flatten(2))"),
    mutant("heads: no linear layer after them", HEADS_AGREE, MIX, "return torch.cat(found, dim=2)"),
    mutant("heads: the mask is not passed on", (HEADS_AGREE, "check_heads_between_two_sequences"),
           HEADS, HEADS.replace(", mask", "")),
    mutant("heads: values from the query's sequence", "check_heads_do_not_know_the_order",
           HEADS, HEADS.replace("key, value", "key, query")),
    mutant("heads: one head, used again and again", (HEADS_AGREE, "check_heads_between_two_sequences"),
           "nn.ModuleList(SelfAttention(dim_in, dim_out, dim_out) for _ in range(num_heads))",
           "nn.ModuleList([SelfAttention(dim_in, dim_out, dim_out)] * num_heads)"),
    mutant("heads: in a plain list, so that they are not trained", "check_heads_do_not_know_the_order",
           "self.heads = nn.ModuleList(SelfAttention(dim_in, dim_out, dim_out) for _ in range(num_heads))",
           "self.heads = [SelfAttention(dim_in, dim_out, dim_out) for _ in range(num_heads)]"),
]
# fmt: on

MUTANTS = [*ATTENTION, *HEADS_IN_PARALLEL]
