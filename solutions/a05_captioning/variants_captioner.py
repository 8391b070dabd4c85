"""Right answers to a05 in other styles: the captioner. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("rnn_lstm_captioning.py")

LAYERS, ENCODE = "CaptioningRNN.__init__", "CaptioningRNN.encode"
LOSS, SAMPLE = "CaptioningRNN.forward", "CaptioningRNN.sample"
CELL = "self.cell = cells[cell_type](wordvec_dim, hidden_dim)"
PROJECTION = "self.projection = nn.Linear(input_dim, hidden_dim)"
OUTPUT = "self.output = nn.Linear(hidden_dim, len(word_to_idx))"
GRID = "grid = self.image_encoder(images).movedim(1, 3)  # (N, a, a, D)"
SCORES = "scores = self.output(self.cell(words, self.encode(images)))"
BEST = "words = self.output(h).argmax(dim=1)"
SEEN = "seen = self.encode(images)\n        h = c"
STACKED = "captions = torch.stack(written, dim=1)"
PAIR = "return (captions, torch.stack(looked, dim=1)) if looked else captions"

LAYER_STYLES = [
    variant("captioner: a layer for vectors and one for grids, one of them unused",
        (PROJECTION, "self.flat = nn.Linear(input_dim, hidden_dim)\n"
                     "        self.grid = nn.Conv2d(input_dim, hidden_dim, 1)"),
        body(ENCODE, """
            features = self.image_encoder(images)
            return self.grid(features) if self.cell_type == "attn" else self.flat(features.mean(dim=(2, 3)))
        """)),
    variant("captioner: all three cells in a ModuleDict",
        (CELL, "self.cells = nn.ModuleDict({name: cell(wordvec_dim, hidden_dim) for name, cell in cells.items()})"),
        ("self.cell(words", "self.cells[self.cell_type](words"),
        ("self.cell.step_forward", "self.cells[self.cell_type].step_forward", 3)),
    variant("captioner: a layer that nothing uses",
        (PROJECTION, PROJECTION + "\n        self.scores_of_features = nn.Linear(hidden_dim, 3)")),
    variant("captioner: calls .forward() of each layer",
        ("self.projection(grid", "self.projection.forward(grid", 2),
        ("self.image_encoder(images)", "self.image_encoder.forward(images)"),
        ("self.embedding(", "self.embedding.forward(", 2), ("self.output(", "self.output.forward(", 2),
        ("self.cell(words", "self.cell.forward(words")),
    variant("captioner: the weights of its layers in functions",
        body(ENCODE, """
            grid = self.image_encoder(images)
            W, b = self.projection.weight, self.projection.bias
            if self.cell_type == "attn":
                return F.conv2d(grid, W[:, :, None, None], b)
            return F.linear(grid.flatten(2).mean(2), W, b)
        """),
        ("self.embedding(captions[:, :-1])", "self.embedding.W_embed[captions[:, :-1]]"),
        (SCORES, "h = self.cell(words, self.encode(images))\n"
                 "        scores = h @ self.output.weight.t() + self.output.bias"),
        ("self.output(h)", "torch.addmm(self.output.bias, h, self.output.weight.T)")),
    variant("captioner: a 1 x 1 convolution for all cells",
        (PROJECTION, "self.mix = nn.Conv2d(input_dim, hidden_dim, 1)"),
        body(ENCODE, """
            A = self.mix(self.image_encoder(images))
            return A if self.cell_type == "attn" else A.mean(dim=[2, 3])
        """)),
    variant("captioner: plain parameters instead of layers",
        (PROJECTION, "self.W_proj = nn.Parameter(torch.randn(input_dim, hidden_dim) / input_dim**0.5)\n"
                     "        self.b_proj = nn.Parameter(torch.zeros(hidden_dim))"),
        (OUTPUT, "self.W_vocab = nn.Parameter(torch.randn(hidden_dim, len(word_to_idx)) / hidden_dim**0.5)\n"
                 "        self.b_vocab = nn.Parameter(torch.zeros(len(word_to_idx)))"),
        body(ENCODE, """
            grid = self.image_encoder(images)
            if self.cell_type == "attn":
                return torch.einsum("ndij,dh->nhij", grid, self.W_proj) + self.b_proj[:, None, None]
            return grid.mean(dim=(2, 3)) @ self.W_proj + self.b_proj
        """),
        (SCORES, "scores = self.cell(words, self.encode(images)) @ self.W_vocab + self.b_vocab"),
        ("self.output(h)", "(h @ self.W_vocab + self.b_vocab)")),
    variant("captioner: nn.Sequential with pooling, and other names",
        body(LAYERS, """
            V = len(word_to_idx)
            self.word_embedding = WordEmbedding(V, wordvec_dim)
            self.output_layer = nn.Sequential(nn.Dropout(0.0), nn.Linear(hidden_dim, V))
            if cell_type == "attn":
                self.visual = nn.Conv2d(input_dim, hidden_dim, kernel_size=1)
                self.decoder = AttentionLSTM(wordvec_dim, hidden_dim)
            else:
                self.visual = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(input_dim, hidden_dim))
                self.decoder = RNN(wordvec_dim, hidden_dim) if cell_type == "rnn" else LSTM(wordvec_dim, hidden_dim)
        """),
        body(ENCODE, "return self.visual(self.image_encoder(images))"),
        ("self.embedding(", "self.word_embedding(", 2), ("self.output(", "self.output_layer(", 2),
        ("self.cell(words", "self.decoder(words"), ("self.cell.step_forward", "self.decoder.step_forward", 3)),
    variant("captioner: the projection without a bias",
        (PROJECTION, "self.projection = nn.Linear(input_dim, hidden_dim, bias=False)")),
    variant("captioner: the loss step by step, the encoder without gradients",
        (GRID, "with torch.no_grad():\n            features = self.image_encoder(images)\n"
               "        grid = features.permute(0, 2, 3, 1)"),
        body(LOSS, """
            captions_in, captions_out = captions[:, :-1], captions[:, 1:]
            h = self.cell(self.embedding(captions_in), self.encode(images))
            scores = torch.stack([self.output(h[:, t]) for t in range(h.shape[1])], dim=1)
            return temporal_softmax_loss(x=scores, y=captions_out, ignore_index=self.ignore_index)
        """)),
]  # fmt: skip
SAMPLE_STYLES = [
    variant("sample: writes words and weights into tensors of its own",
        body(SAMPLE, """
            N = images.shape[0]
            captions = torch.full((N, max_length), 0, dtype=torch.long, device=images.device)
            A = self.encode(images)
            if self.cell_type == "attn":
                prev_h = A.mean(dim=(2, 3))
                prev_c = A.mean(dim=(2, 3))
                attn_weights_all = A.new_zeros(N, max_length, *A.shape[2:])
            else:
                prev_h, prev_c = A, torch.zeros_like(A)
            word = self.start * torch.ones(N, 1, dtype=torch.long, device=images.device)
            for t in range(max_length):
                x = self.embedding(word).squeeze(1)
                if self.cell_type == "rnn":
                    prev_h = self.cell.step_forward(x, prev_h)
                elif self.cell_type == "lstm":
                    prev_h, prev_c = self.cell.step_forward(x, prev_h, prev_c)
                elif self.cell_type == "attn":
                    attn, attn_weights_all[:, t] = dot_product_attention(prev_h, A)
                    prev_h, prev_c = self.cell.step_forward(x, prev_h, prev_c, attn)
                scores = self.output(prev_h)
                _, idx = scores.max(dim=1)
                captions[:, t] = idx
                word = idx.unsqueeze(1)
            if self.cell_type == "attn":
                return captions, attn_weights_all
            return captions
        """)),
    variant("sample: weights in a float32 tensor",
        (PAIR, "return (captions, torch.stack(looked, dim=1).float()) if looked else captions")),
    variant("sample: in evaluation mode, and then in the mode from before",
        (SEEN, "mode = self.training\n        self.eval()\n        " + SEEN),
        (STACKED, STACKED + "\n        self.train(mode)")),
    variant("sample: runs the whole sentence again for each word",
        body(SAMPLE, """
            seen = self.encode(images)
            words = torch.full((len(images), 1), self.start, dtype=torch.int64, device=images.device)
            looked = []
            for _ in range(max_length):
                states = self.cell(self.embedding(words), seen)
                if self.cell_type == "attn":
                    before = seen.mean(dim=(2, 3)) if states.shape[1] == 1 else states[:, -2]
                    looked.append(dot_product_attention(before, seen)[1])
                words = torch.cat([words, self.output(states[:, -1]).argmax(dim=-1, keepdim=True)], dim=1)
            captions = words[:, 1:]
            return (captions, torch.stack(looked, dim=1)) if self.cell_type == "attn" else captions
        """)),
    variant("sample: log-probabilities, topk, a list for the pair",
        (BEST, "words = torch.log_softmax(self.output(h), dim=1).topk(1).indices[:, 0]"),
        (PAIR, "return [captions, torch.stack(looked, dim=1)] if looked else captions")),
]  # fmt: skip

VARIANTS = [*LAYER_STYLES, *SAMPLE_STYLES]
