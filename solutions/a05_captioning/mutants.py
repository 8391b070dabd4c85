"""Wrong answers to a05, parts 1 and 2 and BLEU, each with the check that must notice it."""

from autograder.authoring.mutants import first, mutants_of

mutant = mutants_of("rnn_lstm_captioning.py")


STEP = "next_h = torch.tanh(x @ Wx + prev_h @ Wh + b)"
CACHE = "cache = (x, prev_h, Wx, Wh, next_h)"
DA = "da = dnext_h * (1 - next_h * next_h)"
DWS = "dWx, dWh, db = x.T @ da, prev_h.T @ da, da.sum(dim=0)"
DXS = "dx, dprev_h = da @ Wx.T, da @ Wh.T"
STACK = "h = torch.stack(states, dim=1)\n    ### END"
BACK = "rnn_step_backward(dh[:, t] + dprev_h, cache[t])"
SUMS = "dWx, dWh, db = dWx + dwx, dWh + dwh, db + dbias"
DX = "dx, dh0 = torch.stack(dxs, dim=1), dprev_h"
PIECES = "for t in range(0, dh.shape[1], steps)]"
RETURN_BACK = "return dx, dh0, dWx, dWh, db\n\n\n# %% [markdown]\n# ### Why long sequences are hard"
PIECE_SUMS = "dWx, dWh, db = (sum(piece[k] for piece in pieces) for k in (2, 3, 4))"
SCALE = "scale = torch.clamp(max_norm / (total + 1e-12), max=1.0)"
TOTAL = "total = torch.stack([grad.norm() for grad in grads]).norm()"
GRADS = "grads = [parameter.grad for parameter in parameters if parameter.grad is not None]"
COPIES = (
    "parameters = list(parameters)\n    for parameter in parameters:\n"
    "        parameter.grad = None if parameter.grad is None else parameter.grad.clone()\n    "
)
LOSS = 'ignore_index=ignored, reduction="sum") / len(x)'
EMBED = "return self.W_embed[x]"

# fmt: off
STEPS = [
    mutant("step backward: reads what the last step stored", "check_step_gradients_twice_from_one_cache",
           CACHE, CACHE + "\n    rnn_step_forward.last = cache",
           also=(("    x, prev_h, Wx, Wh, next_h = cache\n    da =",
                  "    x, prev_h, Wx, Wh, next_h = rnn_step_forward.last\n    da ="),)),
    mutant("step: forgets the bias", "check_step_agrees_with_torch", STEP, STEP.replace(" + b)", ")")),
    mutant("step: multiplies by the transposed Wh", "check_step_agrees_with_torch", STEP, STEP.replace("Wh", "Wh.T")),
    mutant("step: uses a sigmoid", ("check_step_agrees_with_torch", "check_step_on_other_sizes"),
           STEP, STEP.replace("torch.tanh", "torch.sigmoid")),
    mutant("step: calls torch's cell", "check_step_agrees_with_torch",
           STEP, "next_h = torch.rnn_tanh_cell(x, prev_h, Wx.T, Wh.T, b, torch.zeros_like(b))"),
    mutant("step: makes torch's cell, by another name", "check_step_agrees_with_torch",
           STEP, "torch.nn.modules.rnn.RNNCell(x.shape[1], len(Wh))\n    " + STEP),
    mutant("step: writes tanh by exponentials, which overflow", "check_step_on_other_sizes",
           STEP, "a = torch.exp(2 * (x @ Wx + prev_h @ Wh + b))\n    next_h = (a - 1) / (a + 1)"),
    mutant("step: adds to the state that it was given", "check_step_leaves_its_inputs_alone",
           STEP, STEP + "\n    prev_h += 0 * next_h + 1e-3"),
    mutant("step gradient: forgets the derivative of tanh",
           ("check_step_gradients_agree_with_autograd", "check_step_gradients_on_other_sizes"), DA, "da = dnext_h"),
    mutant("step gradient: imports torch's private vjp", "check_step_gradients_agree_with_autograd",
           DA, "from torch._functorch.eager_transforms import vjp\n    (vjp,)\n    " + DA),
    mutant("step gradient: walks autograd's graph", "check_step_gradients_agree_with_autograd",
           DA, "next_h.grad_fn\n    " + DA),
    mutant("step gradient: squares the wrong state", "check_step_gradients_agree_with_autograd",
           DA, "da = dnext_h * (1 - prev_h * prev_h)"),
    mutant("step gradient: averages over the captions", "check_step_gradients_agree_with_autograd",
           DWS, DWS.replace("da.sum", "da.mean")),
    mutant("step gradient: forgets to transpose Wh", "check_step_gradients_agree_with_autograd",
           DXS, DXS.replace("Wh.T", "Wh")),
    mutant("step gradient: writes the product into dnext_h", "check_step_gradients_twice_from_one_cache",
           DA, "da = dnext_h.mul_(1 - next_h * next_h)"),
    mutant("sequence: begins every step with h0", "check_sequence_agrees_with_torch",
           "prev_h, step = rnn_step_forward(x[:, t], prev_h", "prev_h, step = rnn_step_forward(x[:, t], h0"),
    mutant("sequence: begins with zeros", "check_sequence_agrees_with_torch",
           "prev_h, states, cache = h0, [], []", "prev_h, states, cache = torch.zeros_like(h0), [], []"),
    mutant("sequence: returns the states before the steps", "check_sequence_agrees_with_torch",
           "        states.append(prev_h)\n        cache",
           "        states.append(step[1])\n        cache"),
    mutant("sequence: detaches the states", "check_autograd_follows_the_sequence",
           "        states.append(prev_h)\n        cache", "        states.append(prev_h.detach())\n        cache"),
    mutant("sequence: as many steps as captions", "check_sequences_of_other_lengths",
           "for t in range(x.shape[1]):\n        prev_h", "for t in range(min(len(x), x.shape[1])):\n        prev_h"),
    mutant("sequence: centres its inputs in place", "check_sequence_leaves_its_inputs_alone",
           "prev_h, states, cache = h0, [], []", "prev_h, states, cache = h0, [], []\n    x *= 1.001"),
    mutant("through time: forgets the gradient from the step after",
           ("check_sequence_gradients_agree_with_autograd", "check_sequence_gradients_agree_with_differences"),
           BACK, BACK.replace(" + dprev_h", "")),
    mutant("through time: takes the loss of the last step only", "check_sequence_gradients_agree_with_autograd",
           BACK, BACK.replace("dh[:, t] + dprev_h", "(dprev_h if t < dh.shape[1] - 1 else dh[:, t])")),
    mutant("through time: returns the weights' gradient of the first step only",
           "check_sequence_gradients_agree_with_autograd", SUMS, "dWx, dWh, db = dwx, dwh, dbias"),
    mutant("through time: averages over the steps", "check_sequence_gradients_agree_with_autograd",
           DX, "dx, dh0 = torch.stack(dxs, dim=1), dprev_h\n    dWx = dWx / dh.shape[1]"),
    mutant("through time: puts the steps of dx in reverse order", "check_sequence_gradients_agree_with_autograd",
           "dxs.insert(0, dx)", "dxs.append(dx)"),
    mutant("through time: sums up in float64", "check_sequence_gradients_in_float32",
           SUMS, "dWx, dWh, db = dWx + dwx.double(), dWh + dwh, db + dbias", habit="dtype"),
    mutant("through time: collects dx in a tensor of float32", "check_sequence_gradients_in_float32",
           DX, "dx, dh0 = torch.stack(dxs, dim=1).float(), dprev_h", habit="dtype"),
    mutant("sequence: writes the states into a tensor of float32", "check_sequences_of_other_lengths", habit="dtype",
           replace=STACK, by=STACK.replace("h = torch.stack(states, dim=1)",
                                           "h = torch.zeros(len(x), x.shape[1], len(Wh))\n"
                                           "    for t, state in enumerate(states):\n        h[:, t] = state")),
    mutant("sequence: the last state only", "check_sequence_agrees_with_torch",
           STACK, STACK.replace("torch.stack(states, dim=1)", "states[-1]")),
    mutant("step gradient: the slope 1 - next_h", "check_step_gradients_agree_with_autograd",
           DA, "da = dnext_h * (1 - next_h)"),
    mutant("step gradient: the state after the step in dWh", "check_step_gradients_agree_with_autograd",
           DWS, DWS.replace("prev_h.T", "next_h.T")),
    mutant("step gradient: clips its results", "check_step_gradients_on_other_sizes",
           DXS, DXS + "\n    dx = dx.clamp(-1, 1)"),
    mutant("through time: clips the sums", "check_sequence_gradients_agree_with_differences",
           SUMS, SUMS + "\n        dWx = dWx.clamp(-1, 1)"),
    mutant("through time: adds into dh", "check_sequence_gradients_in_float32",
           BACK, "rnn_step_backward(dh[:, t].add_(dprev_h), cache[t])"),
    mutant("through time: returns the gradient of the bias first",
           ("check_sequence_gradients_agree_with_autograd", "check_sequence_gradients_agree_with_differences"),
           RETURN_BACK, RETURN_BACK.replace("dx, dh0, dWx, dWh, db", "db, dx, dh0, dWx, dWh")),
    mutant("truncated: does not cut", "check_truncated_gradients_agree_with_detached_pieces",
           PIECES, "for t in [0] for steps in [dh.shape[1]]]"),
    mutant("truncated: lets no gradient go from step to step", "check_truncated_gradients_agree_with_detached_pieces",
           PIECES, "for steps in [1] for t in range(dh.shape[1])]"),
    mutant("truncated: drops a last piece that is shorter", "check_truncated_pieces_that_do_not_come_out_even",
           "dx, dh0 = torch.cat([piece[0] for piece in pieces], dim=1), pieces[0][1]",
           "pieces = pieces[: max(dh.shape[1] // steps, 1)]\n"
           "    dx, dh0 = torch.cat([piece[0] for piece in pieces], dim=1), pieces[0][1]"),
    mutant("truncated: counts pieces from the end", "check_truncated_pieces_that_do_not_come_out_even",
           "pieces = [rnn_backward",
           "dh, cache = dh, cache\n    cuts = [*range(dh.shape[1] % steps or steps, dh.shape[1], steps)]\n"
           "    cuts = [0, *cuts, dh.shape[1]]\n"
           "    pieces = [rnn_backward(dh[:, a:b], cache[a:b]) for a, b in zip(cuts, cuts[1:])]\n"
           "    unused = [rnn_backward"),
    mutant("truncated: fails for a piece longer than the sequence", "check_truncated_whole_sequence",
           PIECES, "for t in range(0, dh.shape[1] - steps + 1, steps)]"),
    mutant("truncated: adds into dh", "check_truncated_whole_sequence",
           PIECE_SUMS, PIECE_SUMS + "\n    dh[:, 0] += dh0"),
    mutant("truncated: sums up in float64", "check_truncated_whole_sequence",
           PIECE_SUMS, PIECE_SUMS.replace("piece[k] for", "piece[k].double() for")),
]
WORDS = [
    mutant("clipping: each parameter by itself", "check_clipping_agrees_with_torch",
           "        grad.mul_(scale)", "        grad.mul_(torch.clamp(max_norm / grad.norm(), max=1.0))"),
    mutant("clipping: each number by itself", "check_clipping_agrees_with_torch",
           "        grad.mul_(scale)", "        grad.clamp_(-max_norm, max_norm)"),
    mutant("clipping: calls torch's", ("check_clipping_agrees_with_torch", "check_clipping_leaves_short_gradients"),
           GRADS, "return nn.utils.clip_grad_norm_(parameters, max_norm)\n    " + GRADS),
    mutant("clipping: scales short gradients up", "check_clipping_leaves_short_gradients",
           SCALE, "scale = max_norm / (total + 1e-12)"),
    mutant("clipping: fails for a parameter without a gradient",
           "check_clipping_passes_over_what_has_no_gradient",
           GRADS, GRADS.replace(" if parameter.grad is not None", "")),
    mutant("clipping: iterates twice over a generator", "check_clipping_passes_over_what_has_no_gradient",
           GRADS, "count = len(list(parameters))\n    " + GRADS),
    mutant("clipping: fails where nothing has a gradient", "check_clipping_passes_over_what_has_no_gradient",
           "    if not grads:\n        return torch.zeros(())\n", ""),
    mutant("clipping: changes only a name", "check_clipping_agrees_with_torch",
           "        grad.mul_(scale)", "        grad = grad * scale"),
    mutant("clipping: a small number of 0.01 in the quotient", "check_clipping_agrees_with_torch",
           SCALE, SCALE.replace("1e-12", "1e-2")),
    mutant("clipping: works on copies of the gradients", "check_clipping_passes_over_what_has_no_gradient",
           GRADS, COPIES + GRADS),
    mutant("embedding: returns the axes swapped",
           ("check_words_become_their_rows", "check_a_row_collects_from_all_its_words"),
           EMBED, "return self.W_embed[x.transpose(0, -1)]"),
    mutant("embedding: looks up in a copy", "check_a_row_collects_from_all_its_words",
           EMBED, "return self.W_embed.detach()[x]"),
    mutant("loss: averages over the steps", "check_loss_agrees_with_a_plain_loop",
           LOSS, 'ignore_index=ignored, reduction="mean")'),
    mutant("loss: sums over the captions", "check_loss_agrees_with_a_plain_loop",
           LOSS, 'ignore_index=ignored, reduction="sum")'),
    mutant("loss: divides by the steps",
           "check_loss_agrees_with_a_plain_loop", LOSS, LOSS.replace("len(x)", "x.shape[1]")),
    mutant("loss: hands ignore_index=None on to torch", "check_loss_without_ignore_index", habit="ignore_index=None",
           replace="ignored = none if ignore_index is None else ignore_index", by="ignored = ignore_index"),
    mutant("loss: an ignore_index of 0 is not used", "check_padding_changes_nothing",
           "ignored = none if ignore_index is None else ignore_index", "ignored = ignore_index or none"),
    mutant("loss: ignores word 0 where nothing is to be ignored", "check_loss_without_ignore_index",
           "ignored = none if ignore_index is None else ignore_index", "ignored = ignore_index or 0"),
    mutant("loss: detaches the scores", "check_padding_gets_no_gradient",
           LOSS, LOSS + " + 0 * x.sum()", also=(("x.flatten(0, 1), y", "x.detach().flatten(0, 1), y"),)),
    mutant("loss: in float32", "check_loss_of_large_scores_and_views", habit="dtype",
           replace="return F.cross_entropy(x.flatten(0, 1),", by="return F.cross_entropy(x.float().flatten(0, 1),"),
    mutant("loss: counts the padding", "check_padding_changes_nothing",
           "ignored = none if ignore_index is None else ignore_index", "ignored = none"),
    mutant("loss: averages over the words that count", "check_padding_changes_nothing",
           LOSS, 'ignore_index=ignored, reduction="sum") / max(int((y != ignored).sum()), 1)'),
    mutant("loss: takes the logarithm of a softmax that underflows", "check_loss_of_large_scores_and_views",
           "return F.cross_entropy(x.flatten(0, 1),", "return F.nll_loss(x.flatten(0, 1).softmax(1).log(),"),
    mutant("loss: always ignores word 0", "check_padding_gets_no_gradient",
           "ignored = none if ignore_index is None else ignore_index", "ignored = none if ignore_index is None else 0"),
]
GRAMS = "range(len(words) - k + 1)"
CLOSEST = "length = min((abs(len(reference) - len(candidate)), len(reference)) for reference in references)[1]"
PENALTY = "penalty = min(0.0, 1 - length / len(candidate))"
BLEU = [
    mutant("bleu: takes the arithmetic mean", ("check_bleu_by_hand", "check_bleu_agrees_with_a_plain_formula"),
           "return math.exp(penalty + logs / n)", "return math.exp(penalty) * logs / n",
           also=[("logs += math.log(shared / sum(mine.values()))", "logs += shared / sum(mine.values())")]),
    mutant("bleu: forgets the n-th root", "check_bleu_by_hand", "penalty + logs / n", "penalty + logs"),
    mutant("bleu: drops the last n-gram", "check_bleu_by_hand", GRAMS, "range(len(words) - k)"),
    mutant("bleu: does not clip", "check_bleu_clips_and_takes_the_best_reference",
           "shared = sum((mine & most).values())", "shared = sum(c for g, c in mine.items() if g in most)"),
    mutant("bleu: adds the counts of the references", "check_bleu_clips_and_takes_the_best_reference",
           "most |= grams(reference, k)", "most += grams(reference, k)"),
    mutant("bleu: forgets the brevity penalty", "check_bleu_has_a_brevity_penalty", PENALTY, "penalty = 0.0"),
    mutant("bleu: rewards long candidates", "check_bleu_has_a_brevity_penalty",
           PENALTY, "penalty = 1 - length / len(candidate)"),
    mutant("bleu: takes the first reference's length", "check_bleu_has_a_brevity_penalty",
           CLOSEST, "length = len(references[0])"),
    mutant("bleu: takes the shortest reference's length", "check_bleu_has_a_brevity_penalty",
           CLOSEST, "length = min(len(reference) for reference in references)"),
    mutant("bleu: divides by the number of different n-grams", "check_bleu_clips_and_takes_the_best_reference",
           "sum(mine.values())", "len(mine)"),
    mutant("bleu: adds 1 to the counts", "check_bleu_by_hand",
           "logs += math.log(shared / sum(mine.values()))",
           "logs += math.log((shared + 1) / (sum(mine.values()) + 1))"),
    mutant("bleu: takes the farthest reference's length", "check_bleu_has_a_brevity_penalty",
           CLOSEST, CLOSEST.replace("min(", "max(")),
    mutant("bleu: sorts the references that it was given", "check_bleu_agrees_with_a_plain_formula",
           CLOSEST, "references.sort(key=len)\n    " + CLOSEST),
    mutant("bleu: compares n-grams by their letters, without the gaps", "check_bleu_agrees_with_a_plain_formula",
           "Counter(tuple(words[i : i + k])", "Counter(''.join(words[i : i + k])"),
    mutant("bleu: uses no n-grams of more than four words", "check_bleu_agrees_with_a_plain_formula",
           "logs = 0.0\n    for k", "logs, n = 0.0, min(n, 4)\n    for k"),
    mutant("bleu: ignores the case of letters", "check_bleu_agrees_with_a_plain_formula",
           "Counter(tuple(words[i : i + k])", "Counter(tuple(word.lower() for word in words[i : i + k])"),
    mutant("bleu: takes the longer of two lengths equally close", "check_bleu_of_short_candidates",
           CLOSEST, "length = min((abs(len(r) - len(candidate)), -len(r)) for r in references)[1] * -1"),
    mutant("bleu: takes the logarithm of 0", "check_bleu_of_short_candidates",
           "        if not shared:\n            return 0.0\n", ""),
    mutant("sample: moves its features", "check_samples_of_rnn_and_lstm_captioners",
           first("CaptioningRNN.sample", "images.mul_(1 + 1e-9)")),
]
# fmt: on

MUTANTS = [*STEPS, *WORDS, *BLEU]
