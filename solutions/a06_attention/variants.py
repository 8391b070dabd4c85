"""Right answers to a06, attention and tokens, in other styles. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("transformers.py")
SINGLE, BATCH = "scaled_dot_product_two_loop_single", "scaled_dot_product_two_loop_batch"
NO_LOOP = "scaled_dot_product_no_loop_batch"
ENCODER, DECODER = "EncoderBlock", "DecoderBlock"

TOKENS = [
    variant("tokens: a loop that fills a dict, and pieces that are added one by one",
        body("generate_token_dict", """
            token_dict = {}
            for i in range(len(vocab)):
                token_dict[vocab[i]] = i
            return token_dict
        """),
        body("prepocess_input_sequence", """
            out = []
            for word in input_str.split():
                if word in spc_tokens:
                    out.append(token_dict[word])
                else:
                    for character in word:
                        out.append(token_dict[character])
            return out
        """)),
    variant("tokens: zip, and a flat list of words",
        body("generate_token_dict", "return dict(zip(vocab, range(len(vocab))))"),
        body("prepocess_input_sequence", """
            words = [w if w in spc_tokens else tuple(w) for w in input_str.strip().split()]
            flat = sum([[w] if isinstance(w, str) else list(w) for w in words], [])
            return list(map(token_dict.get, flat))
        """)),
]  # fmt: skip

ATTENTION = [
    variant("two loops: zeros of the query's dtype, torch.dot, and a product over an axis of its own",
        body(SINGLE, """
            K, M = query.shape
            scores = torch.zeros(K, key.shape[0], dtype=query.dtype, device=query.device)
            for i in range(K):
                for j in range(key.shape[0]):
                    scores[i, j] = torch.dot(query[i], key[j])
            scores = scores / M ** 0.5
            return nn.functional.softmax(scores, dim=-1).matmul(value)
        """),
        body(BATCH, """
            N, K, M = query.shape
            scores = torch.zeros((N, K, key.shape[1]), dtype=query.dtype, device=query.device)
            for i in range(K):
                for j in range(key.shape[1]):
                    product = torch.bmm(query[:, i, :].unsqueeze(1), key[:, j, :].unsqueeze(2))
                    scores[:, i, j] = product.squeeze(2).squeeze(1)
            weights = (scores / math.sqrt(M)).softmax(-1)
            return weights @ value
        """)),
    variant("two loops: lists that are stacked, each query's output at a time",
        body(SINGLE, """
            rows = []
            for q in query:
                scores = torch.stack([q @ k for k in key]) * query.shape[-1] ** -0.5
                weights = scores.softmax(dim=0)
                rows.append((weights[:, None] * value).sum(dim=0))
            return torch.stack(rows)
        """),
        body(BATCH, """
            rows = []
            for i in range(query.size(1)):
                row = [torch.einsum("nm,nm->n", query[:, i], key[:, j]) for j in range(key.size(1))]
                rows.append(torch.stack(row, dim=-1))
            scores = torch.stack(rows, dim=1) / query.size(-1) ** 0.5
            e = (scores - scores.amax(-1, keepdim=True)).exp()
            return torch.einsum("nqk,nkv->nqv", e / e.sum(-1, keepdim=True), value)
        """)),
    variant("no loops: einsum, and -1e9 for hidden keys",
        body(NO_LOOP, """
            scores = torch.einsum("nqm,nkm->nqk", query, key) * query.size(-1) ** -0.5
            if mask is not None:
                scores = scores.masked_fill(mask == 1, -1e9)
            weights = nn.functional.softmax(scores, dim=-1)
            return torch.einsum("nqk,nkv->nqv", weights, value), weights
        """)),
    variant("no loops: queries divided first, a softmax by hand, torch.where, and a list as the result",
        body(NO_LOOP, """
            s = (query / query.shape[-1] ** 0.5) @ key.mT
            if mask is not None:
                s = torch.where(mask, torch.full_like(s, -1e30), s)
            e = torch.exp(s - s.max(dim=-1, keepdim=True).values)
            w = e / e.sum(dim=-1, keepdim=True)
            return [w @ value, w]
        """)),
    variant("no loops: the mask becomes numbers that are added",
        body(NO_LOOP, """
            scores = torch.matmul(query, torch.transpose(key, -2, -1)).div(math.sqrt(key.shape[-1]))
            if mask is not None:
                hidden = torch.zeros(mask.shape, dtype=scores.dtype, device=scores.device)
                scores = scores + hidden.masked_fill(mask, float("-inf"))
            weights = torch.exp(torch.log_softmax(scores, dim=-1))
            y = torch.matmul(weights, value)
            return y, weights
        """)),
    variant("no loops: hides keys in place, in the scores that it made, with a mask as large as the scores",
        body(NO_LOOP, """
            scores = torch.baddbmm(
                torch.zeros(1, 1, 1, dtype=query.dtype, device=query.device), query, key.transpose(1, 2),
                alpha=1 / math.sqrt(query.shape[-1]),
            )
            if mask is not None:
                scores[mask.expand_as(scores)] = -math.inf
            weights = scores.softmax(2)
            return weights.bmm(value), weights
        """)),
    variant("head: layers through forward(), made one after the other with other arguments",
        body("SelfAttention.__init__", """
            self.v = nn.Linear(in_features=dim_in, out_features=dim_v)
            for name in ("k", "q"):
                layer = nn.Linear(dim_in, dim_q)
                nn.init.xavier_uniform_(layer.weight)
                setattr(self, name, layer)
        """),
        body("SelfAttention.forward", """
            query, key, value = self.q.forward(query), self.k.forward(key), self.v.forward(value)
            y, weights = scaled_dot_product_no_loop_batch(query, key, value, mask=mask)
            self.weights_softmax = weights
            return y
        """)),
    variant("head: weights of the layers in F.linear and in einsum",
        body("SelfAttention.forward", """
            q = nn.functional.linear(query, self.q.weight, self.q.bias)
            k = key @ self.k.weight.T + self.k.bias
            v = torch.einsum("nkd,vd->nkv", value, self.v.weight) + self.v.bias
            y, self.weights_softmax = scaled_dot_product_no_loop_batch(q, k, v, mask)
            return y
        """)),
    variant("heads: under another name, and a layer through forward()",
        body("MultiHeadAttention.__init__", """
            self.attention_heads = nn.ModuleList([])
            for _ in range(num_heads):
                self.attention_heads.append(SelfAttention(dim_in, dim_out, dim_out))
            self.out_proj = nn.Linear(dim_out * num_heads, dim_in)
        """),
        body("MultiHeadAttention.forward", """
            outputs = torch.cat([head.forward(query, key, value, mask) for head in self.attention_heads], -1)
            return self.out_proj.forward(outputs)
        """)),
    variant("heads: the layer after them through F.linear, and a layer that nothing uses",
        body("MultiHeadAttention.__init__", """
            self.num_heads = num_heads
            self.heads = nn.ModuleList([SelfAttention(dim_in, dim_out, dim_out) for _ in range(num_heads)])
            self.linear = nn.Linear(num_heads * dim_out, dim_in)
            self.unused = nn.Linear(dim_in, dim_in)
        """),
        body("MultiHeadAttention.forward", """
            out = [self.heads[i](query, key, value, mask=mask) for i in range(self.num_heads)]
            return nn.functional.linear(torch.cat(out, dim=-1), self.linear.weight, self.linear.bias)
        """)),
    variant("heads: the last layer's weight in a product, heads filled into a tensor",
        body("MultiHeadAttention.__init__", """
            self.heads = nn.ModuleList(SelfAttention(dim_in, dim_out, dim_out) for _ in range(num_heads))
            self.combine = nn.Linear(num_heads * dim_out, dim_in)
        """),
        body("MultiHeadAttention.forward", """
            N, K, _ = query.shape
            size = self.combine.in_features // len(self.heads)
            found = query.new_empty(N, K, self.combine.in_features)
            for i, head in enumerate(self.heads):
                found[..., i * size : (i + 1) * size] = head(query, key, value, mask)
            return found @ self.combine.weight.T + self.combine.bias
        """)),
]  # fmt: skip

BLOCKS = [
    variant("norm: the shift is made first, a root by ** 0.5, and the gain applied last",
        body("LayerNormalization.__init__", """
            self.bias = nn.Parameter(torch.zeros(emb_dim))
            self.weight = nn.Parameter(torch.ones(emb_dim))
        """),
        body("LayerNormalization.forward", """
            mu = torch.mean(x, dim=-1, keepdim=True)
            sigma2 = torch.mean((x - mu) ** 2, -1, keepdim=True)
            x_hat = (x - mu) / (sigma2 + self.epsilon) ** 0.5
            return x_hat * self.weight + self.bias
        """)),
    variant("norm: torch's variance without correction, rsqrt, sums over the last axis",
        body("LayerNormalization.__init__", """
            self.gain, self.shift = nn.Parameter(torch.empty(emb_dim)), nn.Parameter(torch.empty(emb_dim))
            nn.init.ones_(self.gain)
            nn.init.zeros_(self.shift)
        """),
        body("LayerNormalization.forward", """
            mean = x.sum(-1, keepdim=True) / x.size(-1)
            var = x.var(dim=-1, keepdim=True, unbiased=False)
            return torch.addcmul(self.shift, (x - mean) * torch.rsqrt(var + self.epsilon), self.gain)
        """)),
    variant("feed-forward: nn.Sequential with initial weights of its own",
        body("FeedForwardBlock.__init__", """
            self.net = nn.Sequential(
                nn.Linear(inp_dim, hidden_dim_feedforward), nn.ReLU(inplace=True),
                nn.Linear(hidden_dim_feedforward, inp_dim),
            )
            for layer in self.net:
                if isinstance(layer, nn.Linear):
                    nn.init.xavier_uniform_(layer.weight)
        """),
        body("FeedForwardBlock.forward", "return self.net(x)")),
    variant("feed-forward: weights of its layers in products, clamp for ReLU",
        body("FeedForwardBlock.__init__", """
            self.fc2 = nn.Linear(hidden_dim_feedforward, inp_dim)
            self.fc1 = nn.Linear(inp_dim, hidden_dim_feedforward)
        """),
        body("FeedForwardBlock.forward", """
            hidden = (torch.matmul(x, self.fc1.weight.t()) + self.fc1.bias).clamp(min=0)
            return torch.einsum("nkh,dh->nkd", hidden, self.fc2.weight) + self.fc2.bias
        """)),
    variant("blocks: every part through forward(), a dropout for each sub-layer",
        body("EncoderBlock.__init__", """
            self.mha = MultiHeadAttention(num_heads, emb_dim, emb_dim // num_heads)
            self.ln1, self.ln2 = LayerNormalization(emb_dim), LayerNormalization(emb_dim)
            self.ffn = FeedForwardBlock(emb_dim, feedforward_dim)
            self.drop1, self.drop2 = nn.Dropout(dropout), nn.Dropout(dropout)
        """),
        body("EncoderBlock.forward", """
            out1 = self.drop1.forward(self.mha.forward(x, x, x))
            out2 = self.ln1.forward(out1 + x)
            out3 = self.drop2.forward(self.ffn.forward(out2))
            return self.ln2.forward(out3 + out2)
        """),
        body("DecoderBlock.__init__", """
            self.dropout1, self.dropout2, self.dropout3 = (nn.Dropout(p=dropout) for _ in range(3))
            self.ffn = FeedForwardBlock(emb_dim, feedforward_dim)
            self.ln3, self.ln2, self.ln1 = (LayerNormalization(emb_dim) for _ in range(3))
            self.cross = MultiHeadAttention(num_heads, emb_dim, emb_dim // num_heads)
            self.masked = MultiHeadAttention(num_heads, emb_dim, emb_dim // num_heads)
        """),
        body("DecoderBlock.forward", """
            out = self.ln1.forward(self.dropout1(self.masked.forward(dec_inp, dec_inp, dec_inp, mask)) + dec_inp)
            out = self.ln2.forward(self.dropout2(self.cross.forward(out, enc_inp, enc_inp)) + out)
            return self.ln3.forward(self.dropout3(self.ffn.forward(out)) + out)
        """)),
    variant("blocks: arguments by name, torch's dropout as a function, parts in a list and a dict",
        body("EncoderBlock.__init__", """
            self.p = dropout
            self.parts = nn.ModuleDict({
                "attention": MultiHeadAttention(num_heads, emb_dim, emb_dim // num_heads),
                "network": FeedForwardBlock(emb_dim, feedforward_dim),
            })
            self.norms = nn.ModuleList([LayerNormalization(emb_dim) for _ in range(2)])
        """),
        body("EncoderBlock.forward", """
            found = self.parts["attention"](query=x, key=x, value=x, mask=None)
            x = self.norms[0](x + nn.functional.dropout(found, self.p, self.training))
            return self.norms[1](x + nn.functional.dropout(self.parts["network"](x), self.p, training=self.training))
        """),
        body("DecoderBlock.__init__", """
            def attention():
                return MultiHeadAttention(num_heads=num_heads, dim_in=emb_dim, dim_out=emb_dim // num_heads)

            self.attention = nn.ModuleList([attention(), attention()])
            self.norms = nn.ModuleList([LayerNormalization(emb_dim) for _ in range(3)])
            self.feed = FeedForwardBlock(emb_dim, feedforward_dim)
            self.drop = nn.Dropout(dropout)
        """),
        body("DecoderBlock.forward", """
            residual = dec_inp
            x = self.drop(self.attention[0](query=dec_inp, key=dec_inp, value=dec_inp, mask=mask))
            x = residual = self.norms[0](x + residual)
            x = self.drop(self.attention[1](query=x, key=enc_inp, value=enc_inp))
            x = residual = self.norms[1](x + residual)
            x = self.drop(self.feed(x))
            return self.norms[2](x + residual)
        """)),
    variant("future: triu of a matrix of ones, repeated",
        body("get_subsequent_mask", """
            N, K = seq.shape
            mask = torch.triu(torch.ones((K, K), device=seq.device), diagonal=1).bool()
            return mask.unsqueeze(0).repeat(N, 1, 1)
        """)),
    variant("future: places compared, and expanded without a copy",
        body("get_subsequent_mask", """
            t = torch.arange(seq.size(1), device=seq.device)
            return (t.view(1, -1) > t.view(-1, 1)).expand(seq.size(0), -1, -1)
        """)),
]  # fmt: skip

POSITIONS = [
    variant("positions: one entry at a time",
        body("position_encoding_simple", """
            y = torch.zeros(1, K, M)
            for n in range(K):
                y[:, n] = n / K
            return y
        """),
        body("position_encoding_sinusoid", """
            y = torch.zeros(1, K, M)
            for p in range(K):
                for m in range(M):
                    angle = p / 10000 ** (2 * (m // 2) / M)
                    y[0, p, m] = math.cos(angle) if m % 2 else math.sin(angle)
            return y
        """)),
    variant("positions: frequencies from exp and log, in float32, written into slices",
        body("position_encoding_simple", """
            n = torch.linspace(0, 1 - 1 / K, K).unsqueeze(-1)
            return n.expand(K, M).unsqueeze(0)
        """),
        body("position_encoding_sinusoid", """
            position = torch.arange(0, K, dtype=torch.float).unsqueeze(1)
            div_term = torch.exp(torch.arange(0, M, 2).float() * (-math.log(10000.0) / M))
            pe = torch.zeros(K, M)
            pe[:, 0::2] = torch.sin(position * div_term)
            pe[:, 1::2] = torch.cos(position * div_term[: M // 2])
            return pe.unsqueeze(0)
        """)),
]  # fmt: skip

TRANSFORMER = [
    variant("transformer: F.embedding with the layer's weight, and reshape",
        body("Transformer.forward", """
            V = self.embedding.weight
            q_emb = nn.functional.embedding(ques_b, V) + ques_pos
            a_emb = nn.functional.embedding(ans_b, V) + ans_pos
            enc_out = self.encoder.forward(q_emb)
            mask = get_subsequent_mask(ans_b[:, :-1])
            dec_out = self.decoder.forward(a_emb[:, :-1], enc_out, mask)
            return dec_out.reshape(-1, dec_out.shape[-1])
        """)),
    variant("transformer: rows of the embedding's weight by index, positions expanded, a mask for one answer",
        body("Transformer.forward", """
            encoded = self.encoder(self.embedding.weight[ques_b] + ques_pos.expand(len(ques_b), -1, -1))
            ans_b = ans_b[:, :-1]
            hidden = self.embedding.weight[ans_b] + ans_pos[:, :-1, :]
            scores = self.decoder(hidden, encoded, get_subsequent_mask(ans_b[:1]))
            N, O, V = scores.shape
            return scores.contiguous().view(N * O, V)
        """)),
    variant("transformer: decodes the whole answer, and drops the scores after its last token",
        body("Transformer.__init__", """
            self.emb_layer = nn.Embedding(num_embeddings=vocab_len, embedding_dim=emb_dim)
            nn.init.xavier_uniform_(self.emb_layer.weight)
            self.encoder = Encoder(num_heads, emb_dim, feedforward_dim, num_enc_layers, dropout)
            self.decoder = Decoder(num_heads, emb_dim, feedforward_dim, num_dec_layers, dropout, vocab_len)
        """),
        body("Transformer.forward", """
            encoded = self.encoder(self.emb_layer(ques_b) + ques_pos)
            decoded = self.decoder(self.emb_layer(ans_b) + ans_pos, encoded, get_subsequent_mask(ans_b))
            return decoded[:, :-1].flatten(0, 1)
        """)),
]  # fmt: skip

VARIANTS = [*TOKENS, *ATTENTION, *BLOCKS, *POSITIONS, *TRANSFORMER]
