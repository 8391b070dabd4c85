"""Wrong answers to a05, the modules and the captioner, each with the check that must notice it."""

from autograder.authoring.mutants import first, mutants_of

mutant = mutants_of("rnn_lstm_captioning.py")


RNN_STEP = "return rnn_step_forward(x, prev_h, self.Wx, self.Wh, self.b)[0]"
RNN_ALL = "return rnn_forward(x, h0, self.Wx, self.Wh, self.b)[0]"
LSTM_A = "a = x @ self.Wx + prev_h @ self.Wh + self.b  # (N, 4 H)"
LSTM_CHUNK = "i, f, o, g = a.chunk(4, dim=1)  # each (N, H)"
AFTER_LSTM = "\n        ### END SOLUTION\n        return next_h, next_c\n\n    def forward(self, x: Tensor, h0"
AFTER_ATTN = AFTER_LSTM.replace("h0", "A: Tensor")
CELL = "        next_c = f.sigmoid() * prev_c + i.sigmoid() * g.tanh()\n        next_h = o.sigmoid() * next_c.tanh()"
LSTM_CELL = CELL + AFTER_LSTM
LSTM_START = "h, c, states = h0, torch.zeros_like(h0), []"
LSTM_STEP = "h, c = self.step_forward(x[:, t], h, c)\n"
GRU_BLEND = "return z * prev_h + (1 - z) * n"
GRU_N = "n = (xn + r * hn).tanh()"
SCORES = 'scores = torch.einsum("nh,nhp->np", prev_h, places) / math.sqrt(A.shape[1])'
SOFTMAX = "weights = scores.softmax(dim=1)"
RESHAPE = "weights = weights.reshape(len(A), *A.shape[2:])"
ATTN_A = "a = x @ self.Wx + prev_h @ self.Wh + attn @ self.Wattn + self.b"
ATTN_CELL = CELL + AFTER_ATTN
ATTN_START = "h = c = A.mean(dim=(2, 3))"
ATTN_LOOK = "            attn, _ = dot_product_attention(h, A)\n            h, c = self.step_forward"
WORDS = "words = self.embedding(captions[:, :-1])"
ENCODER = "self.image_encoder = ImageEncoder(pretrained=image_encoder_pretrained)"
TARGETS = "return temporal_softmax_loss(scores, captions[:, 1:], self.ignore_index)"
MEAN = "return self.projection(grid.mean(dim=(1, 2)))"
GRID = "return self.projection(grid).movedim(3, 1)"
SEEN = "seen = self.encode(images)"
FIRST = "words = torch.full((len(images),), self.start,"
WRITTEN = "            written.append(words)"
BEST = "words = self.output(h).argmax(dim=1)"
LSTM_ZERO = '        if self.cell_type == "lstm":\n            c = torch.zeros_like(h)\n'

# fmt: off
MODULES = [
    mutant("embedding: leaves evaluation mode", "check_a_row_collects_from_all_its_words",
           "return self.W_embed[x]", "self.eval()\n        return self.W_embed[x]"),
    mutant("rnn module: leaves evaluation mode", "check_rnn_module_agrees_with_torch",
           RNN_ALL, "self.eval()\n        " + RNN_ALL),
    mutant("lstm: leaves evaluation mode", "check_lstm_sequence_agrees_with_torch",
           LSTM_START, "self.eval()\n        " + LSTM_START),
    mutant("gru: leaves evaluation mode", "check_gru_agrees_with_torch",
           "h, states = h0, []", "self.eval()\n        h, states = h0, []"),
    mutant("attention lstm: leaves evaluation mode", "check_attention_lstm_looks_at_every_step",
           ATTN_START + "\n        states", "self.eval()\n        " + ATTN_START + "\n        states"),
    mutant("rnn: the step forgets the bias", "check_rnn_module_agrees_with_torch",
           RNN_STEP, "return (x @ self.Wx + prev_h @ self.Wh).tanh()"),
    mutant("rnn: detaches its weights", "check_rnn_module_learns",
           RNN_ALL, "return rnn_forward(x, h0, self.Wx.detach(), self.Wh, self.b)[0]"),
    mutant("rnn: calls torch's network", ("check_rnn_module_agrees_with_torch", "check_rnn_module_learns"),
           RNN_ALL, "net = nn.RNN(x.shape[2], h0.shape[1])\n        " + RNN_ALL),
    mutant("lstm: the gates in torch's order", "check_lstm_step_agrees_with_torch",
           LSTM_CHUNK, "i, f, g, o = a.chunk(4, dim=1)"),
    mutant("lstm: input and forget gate swapped",
           ("check_lstm_step_agrees_with_torch", "check_lstm_step_with_gates_shut"),
           LSTM_CHUNK, "f, i, o, g = a.chunk(4, dim=1)"),
    mutant("lstm: no tanh on the way out", "check_lstm_step_agrees_with_torch",
           LSTM_CELL, LSTM_CELL.replace("next_c.tanh()", "next_c")),
    mutant("lstm: the output gate sees the old cell", "check_lstm_step_agrees_with_torch",
           LSTM_CELL, LSTM_CELL.replace("next_c.tanh()", "prev_c.tanh()")),
    mutant("lstm: forgets the bias", "check_lstm_step_agrees_with_torch", LSTM_A, "a = x @ self.Wx + prev_h @ self.Wh"),
    mutant("lstm: returns cell and state swapped", "check_lstm_step_agrees_with_torch",
           "return next_h, next_c\n\n    def forward(self, x: Tensor, h0",
           "return next_c, next_h\n\n    def forward(self, x: Tensor, h0"),
    mutant("lstm: changes the cell in place", "check_lstm_step_with_gates_shut",
           LSTM_CELL, LSTM_CELL.replace("f.sigmoid() * prev_c", "prev_c.mul_(f.sigmoid())")),
    mutant("lstm: the cell begins as h0",
           "check_lstm_sequence_agrees_with_torch", LSTM_START, "h, c, states = h0, h0, []"),
    mutant("lstm: forgets the cell at every step", ("check_lstm_sequence_agrees_with_torch", "check_lstm_learns"),
           LSTM_STEP, "h, c = self.step_forward(x[:, t], h, torch.zeros_like(h))\n"),
    mutant("rnn: cuts the gradient between steps", "check_rnn_module_learns",
           RNN_ALL, "h, states = h0, []\n        for t in range(x.shape[1]):\n"
                    "            h = self.step_forward(x[:, t], h.detach())\n            states.append(h)\n"
                    "        return torch.stack(states, dim=1)"),
    mutant("rnn: returns the cache, too", "check_rnn_module_agrees_with_torch", RNN_ALL, RNN_ALL.replace("[0]", "")),
    mutant("lstm: no gradient along the cell", "check_lstm_learns",
           LSTM_CELL, LSTM_CELL.replace("* prev_c", "* prev_c.detach()")),
    mutant("lstm: returns the cells", "check_lstm_sequence_agrees_with_torch",
           LSTM_STEP + "            states.append(h)", LSTM_STEP + "            states.append(c)"),
    mutant("lstm: a sigmoid for g", "check_lstm_step_agrees_with_torch",
           LSTM_CELL, LSTM_CELL.replace("g.tanh()", "g.sigmoid()")),
    mutant("lstm: collects the states in float32", "check_lstm_learns", habit="dtype",
           replace=LSTM_STEP + "            states.append(h)", by=LSTM_STEP + "            states.append(h.float())"),
    mutant("gru: no gradient along the state", "check_gru_learns",
           GRU_BLEND, GRU_BLEND.replace("prev_h", "prev_h.detach()")),
    mutant("gru: the bias inside of the reset, too", "check_gru_agrees_with_torch",
           "(prev_h @ self.Wh).chunk(3, dim=1)", "(prev_h @ self.Wh + self.b).chunk(3, dim=1)"),
    mutant("lstm: cuts the gradient between steps", "check_lstm_learns",
           LSTM_STEP, "h, c = self.step_forward(x[:, t], h.detach(), c)\n"),
    mutant("gru: z and 1 - z swapped", ("check_gru_agrees_with_torch", "check_gru_step_with_gates_shut"),
           GRU_BLEND, "return (1 - z) * prev_h + z * n"),
    mutant("gru: forgets the reset gate", "check_gru_agrees_with_torch", GRU_N, "n = (xn + hn).tanh()"),
    mutant("gru: resets before the matrix", "check_gru_agrees_with_torch",
           GRU_N, "n = (xn + (r * prev_h) @ self.Wh.chunk(3, dim=1)[2]).tanh()"),
    mutant("gru: gates in the order z, r, n", "check_gru_agrees_with_torch",
           "r, z = (xr + hr).sigmoid(), (xz + hz).sigmoid()", "z, r = (xr + hr).sigmoid(), (xz + hz).sigmoid()"),
    mutant("gru: resets the bias too", "check_gru_agrees_with_torch",
           GRU_N, "bias = self.b.chunk(3)[2]\n        n = (xn - bias + r * (hn + bias)).tanh()"),
    mutant("gru: cuts the gradient between steps", "check_gru_learns",
           "h = self.step_forward(x[:, t], h)", "h = self.step_forward(x[:, t], h.detach())"),
    mutant("gru: works on the state in place", "check_gru_step_with_gates_shut",
           GRU_BLEND, "return prev_h.mul_(z).add_((1 - z) * n)"),
]
ATTENTION = [
    mutant("attention: flattens with view", "check_attention_on_other_grids",
           "places = A.flatten(2)", "places = A.view(*A.shape[:2], -1)"),
    mutant("attention: forgets the root", ("check_attention_agrees_with_torch", "check_attention_on_other_grids"),
           SCORES, SCORES.replace(" / math.sqrt(A.shape[1])", "")),
    mutant("attention: divides by H",
           "check_attention_agrees_with_torch", SCORES, SCORES.replace("math.sqrt(A.shape[1])", "A.shape[1]")),
    mutant("attention: softmax over the captions", "check_attention_agrees_with_torch",
           SOFTMAX, "weights = scores.softmax(dim=0)"),
    mutant("attention: softmax over rows", "check_attention_agrees_with_torch",
           SOFTMAX, "weights = scores.reshape(len(A), *A.shape[2:]).softmax(dim=2).flatten(1)"),
    mutant("attention: rows and columns swapped", "check_attention_agrees_with_torch", RESHAPE, RESHAPE + ".mT"),
    mutant("attention: a sigmoid instead of a softmax",
           ("check_attention_agrees_with_torch", "check_attention_finds_what_is_asked_for"),
           SOFTMAX, "weights = scores.sigmoid()"),
    mutant("attention: prefers the place that fits least", "check_attention_finds_what_is_asked_for",
           SOFTMAX, "weights = (-scores).softmax(dim=1)"),
    mutant("attention: a softmax by hand that overflows", "check_attention_on_other_grids",
           SOFTMAX, "weights = scores.exp() / scores.exp().sum(dim=1, keepdim=True)"),
    mutant("attention: no gradient through the weights", "check_attention_gradients", SOFTMAX, SOFTMAX + ".detach()"),
    mutant("attention: detaches the state that asks", "check_attention_gradients",
           SCORES, SCORES.replace("prev_h, places)", "prev_h.detach(), places)")),
    mutant("attention: detaches the features that are compared", "check_attention_gradients",
           SCORES, SCORES.replace("prev_h, places)", "prev_h, places.detach())")),
    mutant("attention: a grid of 4 x 4", "check_attention_on_other_grids", habit="a grid of 4 x 4",
           replace=RESHAPE, by="weights = weights.reshape(-1, 4, 4)"),
    mutant("attention: in float32", "check_attention_on_other_grids", habit="dtype",
           replace=RESHAPE, by=RESHAPE + ".float()"),
    mutant("attention: returns the weights first", "check_attention_agrees_with_torch",
           "    return attn, weights\n", "    return weights, attn\n"),
    mutant("attention lstm: detaches the attention output", "check_attention_lstm_learns",
           ATTN_A, ATTN_A.replace("attn @", "attn.detach() @")),
    mutant("attention lstm: asks with the cell", "check_attention_lstm_looks_at_every_step",
           ATTN_LOOK, ATTN_LOOK.replace("(h, A)", "(c, A)")),
    mutant("attention lstm: looks after each step", "check_attention_lstm_looks_at_every_step",
           ATTN_LOOK + "(x[:, t], h, c, attn)\n",
           "            attn = torch.zeros_like(h) if t == 0 else dot_product_attention(before, A)[0]\n"
           "            before, (h, c) = h, self.step_forward(x[:, t], h, c, attn)\n"),
    mutant("attention lstm: does not use the attention output",
           ("check_attention_lstm_step_agrees_with_torch", "check_attention_lstm_learns"),
           ATTN_A, "a = x @ self.Wx + prev_h @ self.Wh + self.b + 0 * self.Wattn.sum()"),
    mutant("attention lstm: the attention output replaces the state", "check_attention_lstm_step_agrees_with_torch",
           ATTN_A, "a = x @ self.Wx + attn @ self.Wattn + self.b + 0 * prev_h.sum()"),
    mutant("attention lstm: attends once, before the first step", "check_attention_lstm_looks_at_every_step",
           ATTN_LOOK, ATTN_LOOK.replace("(h, A)", "(A.mean(dim=(2, 3)), A)")),
    mutant("attention lstm: begins with zeros", "check_attention_lstm_looks_at_every_step",
           ATTN_START, "h = c = torch.zeros_like(A[:, :, 0, 0])"),
    mutant("attention lstm: overwrites the cell where it needs no gradient", "check_attention_lstm_learns",
           ATTN_CELL, ATTN_CELL.replace(
               "f.sigmoid() * prev_c", "(f.sigmoid() * prev_c if prev_c.requires_grad else prev_c.mul_(f.sigmoid()))")),
    mutant("attention lstm: no gradient to the grid it begins with", "check_attention_lstm_learns",
           ATTN_START, "h = c = A.mean(dim=(2, 3)).detach()"),
]
CAPTIONER = [
    mutant("captioner: features of 98 channels", "check_captioner_sees_images",
           "self.projection = nn.Linear(input_dim,", "self.projection = nn.Linear(98,"),
    mutant("captioner: scores from the word vectors where they are as long as states", "check_captioner_sees_images",
           "self.output = nn.Linear(hidden_dim, len(word_to_idx))",
           "self.output = nn.Linear(hidden_dim, len(word_to_idx))\n"
           "        if hidden_dim == wordvec_dim:\n            self.output.weight = self.embedding.W_embed"),
    mutant("captioner: predicts the word it reads",
           ("check_loss_of_rnn_and_lstm_captioners", "check_loss_of_attention_captioner"),
           TARGETS, TARGETS.replace("captions[:, 1:]", "captions[:, :-1]")),
    mutant("captioner: reads the words it should predict", "check_loss_of_rnn_and_lstm_captioners",
           WORDS, WORDS.replace(":-1", "1:")),
    mutant("captioner: loss of the last word only", "check_loss_of_attention_captioner",
           TARGETS, "return temporal_softmax_loss(scores[:, -1:], captions[:, -1:], self.ignore_index)"),
    mutant("captioner: sums the features instead of averaging", "check_loss_of_rnn_and_lstm_captioners",
           MEAN, MEAN.replace("mean", "sum")),
    mutant("captioner: forgets ignore_index", "check_captioner_ignores_padding",
           TARGETS, TARGETS.replace(", self.ignore_index", "")),
    mutant("captioner: takes images for features", "check_captioner_sees_images",
           "grid = self.image_encoder(images).movedim(1, 3)", "grid = images.movedim(1, 3)"),
    mutant("captioner: cuts long captions", "check_captioner_ignores_padding",
           "words = self.embedding(captions[:, :-1])",
           "captions = captions[:, :16]\n        words = self.embedding(captions[:, :-1])"),
    mutant("captioner: always takes the pretrained encoder", "check_captioner_sees_images",
           ENCODER, "self.image_encoder = ImageEncoder()"),
    mutant("captioner: sets itself to training", "check_every_layer_of_the_captioner_learns",
           WORDS, "self.train()\n        " + WORDS),
    mutant("captioner: detaches the word vectors", "check_every_layer_of_the_captioner_learns",
           WORDS, WORDS + ".detach()"),
    mutant("captioner: detaches what it knows of the image", "check_every_layer_of_the_captioner_learns",
           "self.cell(words, self.encode(images))", "self.cell(words, self.encode(images).detach())"),
    mutant("captioner: detaches the first state", "check_every_layer_of_the_captioner_learns",
           "scores = self.output(self.cell(words, self.encode(images)))",
           "h = self.cell(words, self.encode(images))\n"
           "        scores = self.output(torch.cat([h[:, :1].detach(), h[:, 1:]], dim=1))"),
    mutant("captioner: scores without a bias", "check_every_layer_of_the_captioner_learns",
           "nn.Linear(hidden_dim, len(word_to_idx))", "nn.Linear(hidden_dim, len(word_to_idx), bias=False)"),
    mutant("captioner: trains the encoder, too", "check_captioner_sees_images",
           ENCODER, ENCODER + "\n        self.image_encoder.layers[0].bias.requires_grad_(True)"),
    mutant("captioner: a ReLU after the projection", "check_loss_of_rnn_and_lstm_captioners", MEAN, MEAN + ".relu()"),
    mutant("captioner: loss in float32", "check_captioner_sees_images", habit="dtype",
           replace=TARGETS, by=TARGETS + ".double()"),
    mutant("sample: stays in evaluation mode", "check_sampling_leaves_the_model_as_it_was",
           SEEN, "self.eval()\n        " + SEEN),
    mutant("sample: weights of a grid of 4 x 4", "check_first_word_and_length", habit="a grid of 4 x 4",
           replace="looked.append(weights)", by="looked.append(weights.reshape(-1, 4, 4))"),
    mutant("sample: weights of the state after the step", "check_samples_of_attention_captioner",
           "                looked.append(weights)",
           "                looked.append(dot_product_attention(h, seen)[1])"),
    mutant("sample: <START> before max_length words", "check_samples_of_rnn_and_lstm_captioners",
           "written, looked = [], []", "written, looked = [words], []"),
    mutant("captioner: does not use the image",
           ("check_every_layer_of_the_captioner_learns", "check_loss_of_rnn_and_lstm_captioners"),
           MEAN, "return 0 * self.projection(grid.mean(dim=(1, 2)))"),
    mutant("captioner: the grid is cut off from its layer", "check_every_layer_of_the_captioner_learns",
           GRID, GRID.replace("movedim(3, 1)", "movedim(3, 1).detach()")),
    mutant("sample: returns <START>", ("check_samples_of_rnn_and_lstm_captioners", "check_first_word_and_length"),
           BEST + "\n" + WRITTEN, "written.append(words)\n            " + BEST),
    mutant("sample: begins with word 1 instead of <START>",
           ("check_samples_of_rnn_and_lstm_captioners", "check_first_word_and_length"),
           FIRST, FIRST.replace("self.start", "1")),
    mutant("sample: never feeds the word back", "check_samples_of_rnn_and_lstm_captioners",
           BEST + "\n" + WRITTEN, "written.append(self.output(h).argmax(dim=1))"),
    mutant("sample: the least likely word",
           "check_samples_of_attention_captioner", BEST, BEST.replace("argmax", "argmin")),
    mutant("sample: draws words at random",
           ("check_samples_of_rnn_and_lstm_captioners", "check_samples_of_attention_captioner"),
           BEST, "words = torch.multinomial(self.output(h).softmax(1), 1)[:, 0]"),
    mutant("sample: the cell begins as the state", "check_samples_of_rnn_and_lstm_captioners", LSTM_ZERO, ""),
    mutant("sample: does not pass the state on", "check_samples_of_attention_captioner",
           "                h, c = self.cell.step_forward(x, h, c, attn)\n",
           "                _, c = self.cell.step_forward(x, h, c, attn)\n"),
    mutant("sample: takes images for features", "check_first_word_and_length",
           SEEN, "encoder, self.image_encoder = self.image_encoder, nn.Identity()\n"
                 f"        {SEEN}\n        self.image_encoder = encoder"),
    mutant("sample: keeps the features of the first images of each shape", "check_first_word_and_length",
           SEEN, "seen = self.__dict__.setdefault(str(images.shape), self.encode(images))"),
    mutant("sample: fails for one image", "check_first_word_and_length",
           BEST, BEST.replace("self.output(h)", "self.output(h).squeeze()")),
    mutant("sample: one word too many", "check_first_word_and_length",
           "for _ in range(max_length):", "for _ in range(max_length + 1):"),
]
TRAINED = [
    mutant("captioner: ignores the picture", "check_rnn_captioner_describes_scenes", calibrates=True,
           replace="grid = self.image_encoder(images).movedim(1, 3)",
           by="grid = 0 * self.image_encoder(images).movedim(1, 3)"),
    mutant("lstm: stores nothing in its cell", "check_lstm_captioner_describes_scenes", calibrates=True,
           replace=LSTM_CELL, by=LSTM_CELL.replace("f.sigmoid() * prev_c + ", "")),
    mutant("attention: gives all places the same weight", "check_attention_captioner_describes_scenes", calibrates=True,
           replace=SOFTMAX, by="weights = (0 * scores).softmax(dim=1)"),
    mutant("LSTM step: leaves evaluation mode on", "check_lstm_step_agrees_with_torch",
           first("LSTM.step_forward", "self.eval()")),
    mutant("attention step: leaves evaluation mode on", "check_attention_lstm_step_agrees_with_torch",
           first("AttentionLSTM.step_forward", "self.eval()")),
    mutant("embedding: leaves training mode on", "check_a_row_collects_from_all_its_words",
           first("WordEmbedding.forward", "self.train()")),
    mutant("rnn module: leaves training mode on", "check_rnn_module_agrees_with_torch",
           first("RNN.forward", "self.train()")),
    mutant("LSTM: leaves training mode on", "check_lstm_sequence_agrees_with_torch",
           first("LSTM.forward", "self.train()")),
    mutant("GRU: leaves training mode on", "check_gru_agrees_with_torch", first("GRU.forward", "self.train()")),
    mutant("attention lstm: leaves training mode on", "check_attention_lstm_looks_at_every_step",
           first("AttentionLSTM.forward", "self.train()")),
]
# fmt: on

MUTANTS = [*MODULES, *ATTENTION, *CAPTIONER, *TRAINED]
