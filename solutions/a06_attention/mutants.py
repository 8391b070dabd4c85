"""Wrong answers that people hand in for a06, and the check that must notice each."""

from autograder.mutants import Mutant

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
NORM = "return self.gamma * centred / torch.sqrt(variance + self.epsilon) + self.beta"
VARIANCE = "variance = centred.square().mean(dim=-1, keepdim=True)"
FFN = "return self.narrow(torch.relu(self.widen(x)))"
ENCODE = """\
        x = self.norm1(x + self.dropout(self.attention(x, x, x)))
        return self.norm2(x + self.dropout(self.feedforward(x)))
"""
MASK = "return ones.triu(diagonal=1)"
DECODE_SELF = "x = self.norm1(dec_inp + self.dropout(self.attention_self(dec_inp, dec_inp, dec_inp, mask)))"
DECODE_CROSS = "x = self.norm2(x + self.dropout(self.attention_cross(x, enc_inp, enc_inp)))"
DECODE_END = "return self.norm3(x + self.dropout(self.feedforward(x)))"
SIMPLE = "return (torch.arange(K) / K)[None, :, None].repeat(1, 1, M)"
ANGLE = "angle = position / 10000 ** (torch.arange(0, M, 2) / M)  # (K, ceil(M / 2))"
TABLE = "table = torch.stack([angle.sin(), angle.cos()], dim=2).flatten(1)"
ENCODED = "encoded = self.encoder(self.embedding(ques_b) + ques_pos)"
READ = "read = ans_b[:, :-1]"
DECODED = "decoded = self.decoder(self.embedding(read) + ans_pos[:, :-1], encoded, get_subsequent_mask(read))"
RESHAPED = "return decoded.flatten(0, 1)"
PATCHES = "patches = tiles.permute(0, 2, 4, 1, 3, 5).flatten(3).flatten(1, 2)"
LAYER = """\
        src = self.norm1(src + self.dropout(found))
        return self.norm2(src + self.dropout(self.feedforward(src)))
"""
POSITIONS = "x = self.patches(x) + self.positions"
CLASSIFY = "return self.classify(x.mean(dim=1))"
MIX_TOKENS = "x = x + self.mix_tokens(self.norm1(x).transpose(1, 2)).transpose(1, 2)"
MIX_CHANNELS = "return x + self.mix_channels(self.norm2(x))"

SINGLE_AGREES, BATCH_AGREES = "check_single_agrees_with_torch", "check_batch_agrees_with_torch"
NO_LOOP_AGREES, NO_LOOP_HIDES = "check_no_loop_agrees_with_torch", "check_no_loop_hides_what_the_mask_says"
HEADS_AGREE, NORM_AGREES = "check_heads_agree_with_torch", "check_layer_norm_agrees_with_torch"
ENCODER_AGREES, DECODER_AGREES = "check_encoder_block_agrees_with_torch", "check_decoder_block_agrees_with_torch"
TRANSFORMER_AGREES, VIT_AGREES = "check_transformer_agrees_with_torch", "check_vit_is_patches_layers_and_a_mean"
SINUSOID_AGREES, MIXER_AGREES = "check_sinusoid_agrees_with_the_formula", "check_mixer_agrees_with_the_formula"
PATCHES_AGREE, LAYER_AGREES = "check_patches_agree_with_a_convolution", "check_layer_agrees_with_torch"


def mutant(story: str, noticed_by: str | tuple[str, ...], replace: str, by: str, **rest) -> Mutant:
    return Mutant(story, file="transformers.py", replace=replace, by=by, noticed_by=noticed_by, **rest)


def vit(story: str, noticed_by: str | tuple[str, ...], replace: str, by: str, **rest) -> Mutant:
    return Mutant(story, file="vit.py", replace=replace, by=by, noticed_by=noticed_by, **rest)


# fmt: off
TOKENS = [
    mutant("tokens: numbered from 1", ("check_tokens_are_numbered_in_order", "check_any_vocabulary_is_numbered"),
           "enumerate(vocab)}", "enumerate(vocab, 1)}"),
    mutant("tokens: numbered in alphabetical order", "check_any_vocabulary_is_numbered",
           "enumerate(vocab)}", "enumerate(sorted(vocab))}"),
    mutant("sentences: every word is one token", "check_sentences_become_tokens",
           "tokens = [word] if word in spc_tokens else list(word)",
           "tokens = [word if word in spc_tokens else word[0]]"),
    mutant("sentences: digits from last to first", "check_sentences_become_tokens",
           "else list(word)", "else list(word)[::-1]"),
    mutant("sentences: numbers have two digits", "check_other_sentences_become_tokens",
           "else list(word)", "else [word[0], word[1]]"),
    mutant("sentences: special words are known by capital letters", "check_other_sentences_become_tokens",
           "[word] if word in spc_tokens", '[word] if word.isupper() or word in ("add", "subtract")'),
]

ATTENTION = [
    mutant("single: forgets the scale", SINGLE_AGREES, SINGLE, SINGLE.replace(" / math.sqrt(query.shape[1])", "")),
    mutant("single: scales by the root of the number of queries", (SINGLE_AGREES, "check_single_on_other_sizes"),
           SINGLE, SINGLE.replace("query.shape[1]", "query.shape[0]")),
    mutant("single: softmax over the queries", (SINGLE_AGREES, "check_single_on_other_sizes"),
           SINGLE_END, SINGLE_END.replace("dim=1", "dim=0")),
    mutant("single: a matrix as wide as there are queries", SINGLE_AGREES,
           "scores = query.new_zeros(len(query), len(key))", "scores = query.new_zeros(len(query), len(query))"),
    mutant("single: always float32", "check_single_on_other_sizes",
           "scores = query.new_zeros(len(query), len(key))", "scores = torch.zeros(len(query), len(key))"),
    mutant("single: exponentials that overflow", "check_single_with_large_scores",
           SINGLE_END, "return scores.exp() / scores.exp().sum(dim=1, keepdim=True) @ value"),
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
    mutant("mask: not negative enough for large scores", "check_no_loop_on_other_sizes",
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
    mutant("head: weights are not kept", "check_head_agrees_with_torch", "y, self.weights_softmax =", "y, _ ="),
    mutant("heads: concatenated from last to first", HEADS_AGREE, "cat(found,", "cat(found[::-1],"),
    mutant("heads: stacked, so that their numbers interleave", (HEADS_AGREE, "check_heads_between_two_sequences"),
           MIX, "return self.mix(torch.stack(found, dim=3).flatten(2))"),
    mutant("heads: no linear layer after them", HEADS_AGREE, MIX, "return torch.cat(found, dim=2)"),
    mutant("heads: the mask is not passed on", (HEADS_AGREE, "check_heads_between_two_sequences"),
           HEADS, HEADS.replace(", mask", "")),
    mutant("heads: values from the query's sequence", "check_heads_do_not_know_the_order",
           HEADS, HEADS.replace("key, value", "key, query")),
    mutant("heads: in a plain list, so that they are not trained", "check_heads_do_not_know_the_order",
           "self.heads = nn.ModuleList(SelfAttention(dim_in, dim_out, dim_out) for _ in range(num_heads))",
           "self.heads = [SelfAttention(dim_in, dim_out, dim_out) for _ in range(num_heads)]"),
]

ENCODER = [
    mutant("norm: unbiased variance", (NORM_AGREES, "check_layer_norm_on_other_inputs"),
           VARIANCE, "variance = x.var(dim=-1, keepdim=True)"),
    mutant("norm: epsilon outside of the root", "check_layer_norm_on_other_inputs",
           NORM, NORM.replace("torch.sqrt(variance + self.epsilon)", "(torch.sqrt(variance) + self.epsilon)")),
    mutant("norm: divides by the variance", NORM_AGREES,
           NORM, NORM.replace("torch.sqrt(variance + self.epsilon)", "(variance + self.epsilon)")),
    mutant("norm: over all positions", NORM_AGREES,
           "centred = x - x.mean(dim=-1, keepdim=True)", "centred = x - x.mean(dim=(-2, -1), keepdim=True)"),
    mutant("norm: gain and shift are no parameters", NORM_AGREES,
           "self.gamma = nn.Parameter(torch.ones(emb_dim))", "self.gamma = torch.ones(emb_dim)"),
    mutant("norm: written for three axes", "check_layer_norm_on_other_inputs",
           VARIANCE, VARIANCE.replace("dim=-1", "dim=2")),
    mutant("feed-forward: no ReLU", ("check_feedforward_agrees_with_torch", "check_feedforward_on_other_sizes"),
           FFN, "return self.narrow(self.widen(x))"),
    mutant("feed-forward: ReLU at the end too", "check_feedforward_agrees_with_torch",
           FFN, "return torch.relu(self.narrow(torch.relu(self.widen(x))))"),
    mutant("encoder: no residual connection around attention", (ENCODER_AGREES, "check_encoder_block_on_other_sizes"),
           ENCODE, ENCODE.replace("x + self.dropout(self.attention", "self.dropout(self.attention")),
    mutant("encoder: no residual connection around the network", ENCODER_AGREES,
           ENCODE, ENCODE.replace("x + self.dropout(self.feedforward", "self.dropout(self.feedforward")),
    mutant("encoder: norms come first", ENCODER_AGREES,
           ENCODE,
           "        y = self.norm1(x)\n        x = x + self.dropout(self.attention(y, y, y))\n"
           "        return x + self.dropout(self.feedforward(self.norm2(x)))\n"),
    mutant("encoder: one norm used twice", (ENCODER_AGREES, "check_encoder_block_does_not_know_the_order"),
           ENCODE, ENCODE.replace("self.norm2(", "self.norm1(")),
    mutant("encoder: forgets dropout", "check_encoder_block_drops_in_training_only",
           ENCODE, ENCODE.replace("self.dropout", "", 2)),
    mutant("encoder: drops in eval mode too", ("check_encoder_block_drops_in_training_only",
                                               "check_encoder_block_does_not_know_the_order"),
           ENCODE,
           ENCODE.replace("self.dropout(self.attention(x, x, x))", "nn.functional.dropout(self.attention(x, x, x))")),
    mutant("encoder: drops half whatever was asked for", "check_encoder_block_on_other_sizes",
           "        self.norm2 = LayerNormalization(emb_dim)\n        self.dropout = nn.Dropout(dropout)",
           "        self.norm2 = LayerNormalization(emb_dim)\n        self.dropout = nn.Dropout(0.5)"),
]

DECODER = [
    mutant("future: hides the past", "check_mask_hides_the_future", MASK, "return ones.tril(diagonal=-1)"),
    mutant("future: hides the position itself", ("check_mask_hides_the_future", "check_mask_on_other_sizes"),
           MASK, "return ones.triu(diagonal=0)"),
    mutant("future: inverted", "check_mask_hides_the_future", MASK, "return ~ones.triu(diagonal=1)"),
    mutant("future: one mask for the whole batch", "check_mask_on_other_sizes", MASK, MASK + "[:1]"),
    mutant("decoder: ignores the mask", (DECODER_AGREES, "check_decoder_block_does_not_see_the_future"),
           DECODE_SELF, DECODE_SELF.replace(", mask", "")),
    mutant("decoder: looks at itself twice", (DECODER_AGREES, "check_decoder_block_on_other_sizes"),
           DECODE_CROSS, DECODE_CROSS.replace("enc_inp, enc_inp", "x, x")),
    mutant("decoder: queries from the encoder", DECODER_AGREES,
           DECODE_CROSS, DECODE_CROSS.replace("(x, enc_inp, enc_inp)", "(enc_inp, x, x)")),
    mutant("decoder: the mask hides the question too", "check_decoder_block_on_other_sizes",
           DECODE_CROSS, DECODE_CROSS.replace("enc_inp, enc_inp)", "enc_inp, enc_inp, mask)")),
    mutant("decoder: adds its input instead of what came before", DECODER_AGREES,
           DECODE_CROSS, DECODE_CROSS.replace("self.norm2(x +", "self.norm2(dec_inp +")),
    mutant("decoder: no last norm", DECODER_AGREES, DECODE_END, "return x + self.dropout(self.feedforward(x))"),
    mutant("decoder: forgets dropout", "check_decoder_block_drops_in_training_only",
           "        self.dropout = nn.Dropout(dropout)\n        ### END SOLUTION\n\n    def forward(self, dec_inp",
           "        self.dropout = nn.Identity()\n        ### END SOLUTION\n\n    def forward(self, dec_inp"),
]

POSITION = [
    mutant("fractions: divided by K - 1",
           ("check_simple_positions_are_fractions", "check_simple_positions_on_other_sizes"),
           SIMPLE, SIMPLE.replace("/ K)", "/ max(K - 1, 1))")),
    mutant("fractions: along the embedding", "check_simple_positions_are_fractions",
           SIMPLE, "return (torch.arange(M) / M)[None, None].repeat(1, K, 1)"),
    mutant("sinusoid: sine and cosine swapped", SINUSOID_AGREES,
           TABLE, TABLE.replace("angle.sin(), angle.cos()", "angle.cos(), angle.sin()")),
    mutant("sinusoid: all sines, then all cosines", SINUSOID_AGREES,
           TABLE, "table = torch.cat([angle.sin(), angle.cos()], dim=1)"),
    mutant("sinusoid: transposed", (SINUSOID_AGREES, "check_sinusoid_on_other_sizes"),
           "return table[None, :, :M].float()", "return table[None, :, :M].float().mT"),
    mutant("sinusoid: the exponent is halved", SINUSOID_AGREES,
           ANGLE, ANGLE.replace("torch.arange(0, M, 2) / M", "torch.arange(0, M, 2) / (2 * M)")),
    mutant("sinusoid: for even lengths only", "check_sinusoid_on_other_sizes",
           ANGLE, ANGLE.replace("torch.arange(0, M, 2)", "torch.arange(0, M - 1, 2)")),
]

TRANSFORMER = [
    mutant("transformer: the decoder reads what it must predict",
           (TRANSFORMER_AGREES, "check_transformer_sees_positions_and_not_the_future"), READ, "read = ans_b[:, 1:]"),
    mutant("transformer: the decoder reads the whole answer", TRANSFORMER_AGREES,
           READ, "read = ans_b\n        ans_pos = torch.cat([ans_pos, ans_pos[:, :1]], dim=1)"),
    mutant("transformer: no mask", (TRANSFORMER_AGREES, "check_transformer_sees_positions_and_not_the_future"),
           DECODED, DECODED.replace(", get_subsequent_mask(read)", "")),
    mutant("transformer: no positions of the question",
           (TRANSFORMER_AGREES, "check_transformer_sees_positions_and_not_the_future"),
           "self.encoder(self.embedding(ques_b) + ques_pos)", "self.encoder(self.embedding(ques_b))"),
    mutant("transformer: the encoder is skipped", (TRANSFORMER_AGREES, "check_transformer_learns_everywhere"),
           ENCODED, "encoded = self.embedding(ques_b) + ques_pos"),
    mutant("transformer: as many decoder as encoder layers", "check_transformer_learns_everywhere",
           "self.decoder = Decoder(num_heads, emb_dim, feedforward_dim, num_dec_layers,",
           "self.decoder = Decoder(num_heads, emb_dim, feedforward_dim, num_enc_layers,"),
    mutant("transformer: rows in the wrong order", TRANSFORMER_AGREES,
           RESHAPED, "return decoded.transpose(0, 1).flatten(0, 1)"),
    mutant("transformer: scores straight from the answer's own tokens", "check_transformer_adds_and_subtracts",
           ENCODED + "\n        " + READ + "\n        " + DECODED,
           "decoded = self.decoder.proj_to_vocab(self.embedding(ans_b[:, :-1]) + ans_pos[:, :-1])",
           calibrates=True),
]

PATCH = [
    vit("patches: in the order (p, p, C)", (PATCHES_AGREE, "check_patches_on_other_sizes"),
        PATCHES, PATCHES.replace("0, 2, 4, 1, 3, 5", "0, 2, 4, 3, 5, 1")),
    vit("patches: reshaped without a permutation", PATCHES_AGREE,
        PATCHES, "patches = x.reshape(len(x), self.num_patches, -1)"),
    vit("patches: column after column", (PATCHES_AGREE, "check_patches_of_images_that_are_not_square"),
        PATCHES, PATCHES.replace("0, 2, 4, 1, 3, 5", "0, 4, 2, 1, 3, 5")),
    vit("patches: transposed inside", PATCHES_AGREE, PATCHES, PATCHES.replace("0, 2, 4, 1, 3, 5", "0, 2, 4, 1, 5, 3")),
    vit("patches: of square images only", "check_patches_of_images_that_are_not_square",
        "tiles = x.unflatten(3, (-1, p)).unflatten(2, (-1, p))",
        "n = x.shape[3] // p\n        tiles = x.unflatten(3, (n, p)).unflatten(2, (n, p))"),
    vit("patches: three channels whatever the images have", "check_patches_on_other_sizes",
        "nn.Linear(in_channels * patch_size**2, embed_dim)", "nn.Linear(3 * patch_size**2, embed_dim)"),
]

LAYERS = [
    vit("layer: norms come first", (LAYER_AGREES, "check_layer_on_other_sizes"),
        "        found, _ = self.attention(src, src, src, attn_mask=src_mask, need_weights=False)\n" + LAYER,
        "        y = self.norm1(src)\n"
        "        src = src + self.dropout(self.attention(y, y, y, attn_mask=src_mask, need_weights=False)[0])\n"
        "        return src + self.dropout(self.feedforward(self.norm2(src)))\n"),
    vit("layer: no residual connection around attention", LAYER_AGREES,
        LAYER, LAYER.replace("src + self.dropout(found)", "self.dropout(found)")),
    vit("layer: sequence first", "check_layer_agrees_with_torch",
        "dropout=dropout, batch_first=True", "dropout=dropout"),
    vit("layer: ignores the mask", "check_layer_on_other_sizes", "attn_mask=src_mask, ", ""),
    vit("layer: inverts the mask", "check_layer_on_other_sizes",
        "attn_mask=src_mask,", "attn_mask=None if src_mask is None else ~src_mask,"),
    vit("layer: drops in eval mode too", "check_layer_drops_in_training_only",
        LAYER, LAYER.replace("self.dropout(found)", "nn.functional.dropout(found, 0.5)")),
    vit("layer: is torch's own", LAYER_AGREES,
        "self.dropout = nn.Dropout(dropout)",
        "self.dropout = nn.Dropout(dropout)\n        nn.TransformerEncoderLayer(input_dim, num_heads)"),
]

VIT = [
    vit("vit: classifies the first patch", VIT_AGREES, CLASSIFY, "return self.classify(x[:, 0])"),
    vit("vit: a class token that is averaged too", VIT_AGREES,
        POSITIONS, POSITIONS + "\n        x = torch.cat([x.new_zeros(len(x), 1, x.shape[2]), x], dim=1)"),
    vit("vit: averages over the batch", (VIT_AGREES, "check_vit_on_other_sizes"),
        CLASSIFY, "return self.classify(x.mean(dim=0))"),
    vit("vit: no positions", "check_vit_knows_where_patches_are", POSITIONS, "x = self.patches(x)"),
    vit("vit: one layer used over and over", "check_vit_on_other_sizes",
        "        for layer in self.layers:\n            x = layer(x)",
        "        for _ in self.layers:\n            x = self.layers[0](x)"),
    vit("vit: returns probabilities", VIT_AGREES, CLASSIFY, CLASSIFY + ".softmax(dim=1)"),
    vit("vit: averages the patches before the layers", "check_vit_scores_on_scenes",
        POSITIONS, "x = (self.patches(x) + self.positions).mean(dim=1, keepdim=True)", calibrates=True),
    vit("mixer: norms come last", (MIXER_AGREES, "check_mixer_on_other_sizes"),
        MIX_TOKENS, "x = self.norm1(x + self.mix_tokens(x.transpose(1, 2)).transpose(1, 2))"),
    vit("mixer: ReLU instead of GELU", MIXER_AGREES,
        "nn.Linear(tokens_dim, tokens_hidden), nn.GELU()", "nn.Linear(tokens_dim, tokens_hidden), nn.ReLU()"),
    vit("mixer: no residual connection", MIXER_AGREES, MIX_CHANNELS, "return self.mix_channels(self.norm2(x))"),
    vit("mixer: mixes channels twice", MIXER_AGREES, MIX_TOKENS, "x = x + self.mix_channels(self.norm1(x))"),
    vit("mixer: one norm used twice", (MIXER_AGREES, "check_mixer_on_other_sizes"),
        MIX_CHANNELS, MIX_CHANNELS.replace("norm2", "norm1")),
]
# fmt: on

MUTANTS = [
    *TOKENS, *ATTENTION, *HEADS_IN_PARALLEL, *ENCODER, *DECODER, *POSITION, *TRANSFORMER, *PATCH, *LAYERS, *VIT,
]  # fmt: skip
