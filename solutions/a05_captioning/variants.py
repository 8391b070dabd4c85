"""Right answers to a05 in other styles: part 1, words, the loss and BLEU. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("rnn_lstm_captioning.py")

STEP = "next_h = torch.tanh(x @ Wx + prev_h @ Wh + b)"
CACHE = "cache = (x, prev_h, Wx, Wh, next_h)"

STEPS = [
    variant("step: addmm, a plain cache in a dict",
        (STEP, "next_h = torch.addmm(b, x, Wx).addmm(prev_h, Wh).tanh()"),
        (CACHE, "cache = {\"x\": x, \"h\": prev_h, \"Wx\": Wx, \"Wh\": Wh, \"out\": next_h}"),
        body("rnn_step_backward", """
            x, prev_h, Wx, Wh = (cache[key] for key in ("x", "h", "Wx", "Wh"))
            da = dnext_h - dnext_h * cache["out"].pow(2)
            dx, dprev_h = torch.mm(da, Wx.t()), torch.mm(da, Wh.t())
            dWx, dWh, db = torch.mm(x.t(), da), torch.mm(prev_h.t(), da), torch.sum(da, 0)
        """)),
    variant("step: the sum in the cache, and tanh again in the gradient",
        (STEP, "inside = x.mm(Wx) + prev_h.mm(Wh) + b\n"
         "    next_h = inside.tanh()"),
        (CACHE, "cache = (x, prev_h, Wx, Wh, inside)"),
        body("rnn_step_backward", """
            x, prev_h, Wx, Wh, inside = cache
            dtanh = dnext_h * (1 - torch.tanh(inside) ** 2)
            dx = dtanh.matmul(Wx.transpose(0, 1))
            dprev_h = dtanh.matmul(Wh.transpose(0, 1))
            dWx = torch.einsum("nd,nh->dh", x, dtanh)
            dWh = torch.einsum("nd,nh->dh", prev_h, dtanh)
            db = torch.ones(len(dtanh), dtype=dtanh.dtype, device=dtanh.device) @ dtanh
        """)),
    variant("step: input and state in one product",
        (STEP, "next_h = torch.tanh(torch.cat([x, prev_h], dim=1) @ torch.cat([Wx, Wh], dim=0) + b)")),
    variant("step: tanh as a shifted sigmoid",
        (STEP, "next_h = 2 * torch.sigmoid(2 * (x @ Wx + prev_h @ Wh + b)) - 1")),
    variant("sequence: writes its states into a tensor of its own",
        body("rnn_forward", """
            N, T, D = x.shape
            h, prev_h, cache = torch.zeros(N, T, h0.shape[1], dtype=x.dtype, device=x.device), h0, []
            for t in range(T):
                prev_h, cache_t = rnn_step_forward(x[:, t, :], prev_h, Wx, Wh, b)
                h[:, t, :] = prev_h
                cache.append(cache_t)
        """),
        body("rnn_backward", """
            N, T, H = dh.shape
            D = cache[0][0].shape[1]
            dx = dh.new_zeros(N, T, D)
            dWx, dWh, db = dh.new_zeros(D, H), dh.new_zeros(H, H), dh.new_zeros(H)
            dprev_h = dh.new_zeros(N, H)
            for t in range(T - 1, -1, -1):
                dx[:, t], dprev_h, dWx_t, dWh_t, db_t = rnn_step_backward(dh[:, t] + dprev_h, cache[t])
                dWx += dWx_t
                dWh += dWh_t
                db += db_t
            dh0 = dprev_h
        """)),
    variant("sequence: without the step, its cache a tuple of whole sequences",
        body("rnn_forward", """
            states = [h0]
            ahead = x @ Wx + b
            for now in ahead.unbind(1):
                states.append(torch.tanh(now + states[-1] @ Wh))
            h = torch.stack(states[1:], 1)
            cache = x, torch.stack(states, 1), Wx, Wh
        """),
        body("rnn_backward", """
            x, h, Wx, Wh = cache
            carried, das = 0, []
            for t in range(dh.shape[1] - 1, -1, -1):
                da = (dh[:, t] + carried) * (1 - h[:, t + 1] ** 2)
                carried = da @ Wh.T
                das.append(da)
            das = torch.stack(das[::-1], dim=1)
            dx, dh0 = das @ Wx.T, carried
            dWx, dWh = torch.einsum("ntd,nth->dh", x, das), torch.einsum("ntk,nth->kh", h[:, :-1], das)
            db = das.sum((0, 1))
        """),
        body("rnn_truncated_backward", """
            x, h, Wx, Wh = cache
            first, dx, dh0, dWx, dWh, db = 0, [], None, 0, 0, 0
            while first < dh.shape[1]:
                last = min(first + steps, dh.shape[1])
                part = rnn_backward(dh[:, first:last], (x[:, first:last], h[:, first : last + 1], Wx, Wh))
                dx.append(part[0])
                dh0 = part[1] if dh0 is None else dh0
                dWx, dWh, db = dWx + part[2], dWh + part[3], db + part[4]
                first = last
            dx = torch.cat(dx, 1)
        """)),
    variant("through time: a list of gradients",
        ("return dx, dh0, dWx, dWh, db\n\n\n# %% [markdown]\n# ### Why long",
         "return [dx, dh0, dWx, dWh, db]\n\n\n# %% [markdown]\n# ### Why long")),
    variant("truncated: one walk that drops the gradient at borders",
        body("rnn_truncated_backward", """
            carried, dx, dWx, dWh, db, dh0 = torch.zeros_like(dh[:, 0]), [], 0, 0, 0, None
            for t in range(dh.shape[1] - 1, -1, -1):
                if (t + 1) % steps == 0:
                    carried = torch.zeros_like(carried)
                dx_t, carried, dWx_t, dWh_t, db_t = rnn_step_backward(dh[:, t] + carried, cache[t])
                dx.append(dx_t)
                dWx, dWh, db = dWx + dWx_t, dWh + dWh_t, db + db_t
            dh0 = carried
            dx = torch.stack(dx[::-1], dim=1)
        """)),
    variant("clipping: the root of a sum of squares, only above the limit",
        body("clip_gradients", """
            parameters = [p for p in parameters if p.grad is not None]
            total = torch.zeros(())
            for p in parameters:
                total = total + p.grad.pow(2).sum()
            total = total.sqrt()
            if total > max_norm:
                for p in parameters:
                    p.grad *= max_norm / total
            return total
        """)),
    variant("clipping: one long vector, and .grad.data",
        body("clip_gradients", """
            grads = [p.grad.data for p in parameters if p.grad is not None]
            if len(grads) == 0:
                return torch.tensor(0.0)
            norm = torch.linalg.vector_norm(torch.cat([g.reshape(-1) for g in grads]))
            if norm.item() > max_norm:
                for g in grads:
                    g.copy_(g * (max_norm / norm))
            return norm
        """)),
]  # fmt: skip
WORDS = [
    variant("embedding: F.embedding",
        body("WordEmbedding.forward", "return F.embedding(x, self.W_embed)")),
    variant("embedding: index_select on a flat list of words",
        body("WordEmbedding.forward", "return self.W_embed.index_select(0, x.reshape(-1)).reshape(*x.shape, -1)")),
    variant("embedding: one-hot rows times the table",
        body("WordEmbedding.forward", "return F.one_hot(x, len(self.W_embed)).to(self.W_embed) @ self.W_embed")),
    variant("loss: words on the second axis, and the default argument left out",
        body("temporal_softmax_loss", """
            options = {} if ignore_index is None else {"ignore_index": ignore_index}
            return F.cross_entropy(x.permute(0, 2, 1), y, reduction="sum", **options) / x.size(0)
        """)),
    variant("loss: a mask over log_softmax",
        body("temporal_softmax_loss", """
            N, T, V = x.shape
            log_p = F.log_softmax(x.reshape(N * T, V), dim=1)
            picked = log_p.gather(1, y.reshape(-1, 1)).squeeze(1)
            mask = torch.ones_like(picked) if ignore_index is None else (y.reshape(-1) != ignore_index).to(picked.dtype)
            return -(picked * mask).sum() / N
        """)),
    variant("loss: a loop over time with no reduction",
        body("temporal_softmax_loss", """
            losses = [F.cross_entropy(x[:, t], y[:, t], reduction="none") for t in range(x.size(1))]
            losses = torch.stack(losses, 1)
            if ignore_index is not None:
                losses = torch.where(y == ignore_index, torch.zeros_like(losses), losses)
            return losses.sum(1).mean()
        """)),
]  # fmt: skip
SENTENCES = [
    variant("bleu: dictionaries and loops",
        body("bleu", """
            c = len(candidate)
            if c == 0:
                return 0.0
            product = 1.0
            for k in range(1, n + 1):
                counts: dict = {}
                for i in range(c - k + 1):
                    gram = tuple(candidate[i : i + k])
                    counts[gram] = counts.get(gram, 0) + 1
                if not counts:
                    return 0.0
                clipped = 0
                for gram, count in counts.items():
                    best = max(sum(1 for i in range(len(r) - k + 1) if tuple(r[i : i + k]) == gram) for r in references)
                    clipped += min(count, best)
                product *= clipped / sum(counts.values())
            closest = min(references, key=lambda reference: (abs(len(reference) - c), len(reference)))
            r = len(closest)
            bp = 1 if c > r else math.exp(1 - r / c)
            return bp * product ** (1 / n)
        """)),
    variant("bleu: tensors and zip",
        body("bleu", """
            precisions = []
            for k in range(1, n + 1):
                own = Counter(zip(*(candidate[i:] for i in range(k))))
                refs = [Counter(zip(*(reference[i:] for i in range(k)))) for reference in references]
                shared = sum(min(number, max(ref[gram] for ref in refs)) for gram, number in own.items())
                precisions.append(shared / max(sum(own.values()), 1))
            if min(precisions) == 0:
                return 0.0
            lengths = sorted(len(reference) for reference in references)
            r = min(lengths, key=lambda length: abs(length - len(candidate)))
            factor = math.exp(min(0, 1 - r / len(candidate)))
            return factor * float(torch.tensor(precisions, dtype=torch.float64).log().mean().exp())
        """)),
]  # fmt: skip

VARIANTS = [*STEPS, *WORDS, *SENTENCES]
