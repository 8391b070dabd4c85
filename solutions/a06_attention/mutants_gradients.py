"""Wrong answers to a06 whose values are right, or right in most cases: gradients, rounding, lengths that agree."""

from autograder.authoring.mutants import mutants_of

mutant = mutants_of("transformers.py")
vit_mutant = mutants_of("vit.py")

HEAD = "scaled_dot_product_no_loop_batch(self.q(query), self.k(key), self.v(value), mask)"
VARIANCE = "variance = centred.square().mean(dim=-1, keepdim=True)"
CENTRED = "centred = x - x.mean(dim=-1, keepdim=True)"
NORM = CENTRED + "\n        " + VARIANCE
NORM_RIGHT = "check_layer_norm_on_other_inputs"
ENCODER_RIGHT = "check_encoder_block_does_not_know_the_order"
DECODER_RIGHT = "check_decoder_block_on_other_sizes"
TRANSFORMER_RIGHT = "check_transformer_learns_everywhere"
SELF = "self.norm1(dec_inp + self.dropout(self.attention_self(dec_inp, dec_inp, dec_inp, mask)))"
CROSS = "self.attention_cross(x, enc_inp, enc_inp)"
HIDE = "scores = scores.masked_fill(mask, -math.inf)"
FED = "return self.norm2(src + self.dropout(self.feedforward(src)))"


# fmt: off
GRADIENTS = [
    mutant("head: the key passes no gradient", "check_head_between_two_sequences",
           HEAD, HEAD.replace("self.k(key)", "self.k(key.detach())")),
    mutant("heads: the key passes no gradient", "check_heads_do_not_know_the_order",
           "head(query, key, value, mask)", "head(query, key.detach(), value, mask)"),
    mutant("head: leaves evaluation mode", "check_head_agrees_with_torch", "y, self.weights_softmax = " + HEAD,
           "self.eval()\n        y, self.weights_softmax = " + HEAD),
    mutant("heads: put themselves into training mode", "check_heads_between_two_sequences",
           "return self.mix(torch.cat(", "self.train()\n        return self.mix(torch.cat("),
    mutant("norm: leaves evaluation mode", NORM_RIGHT, CENTRED, "self.eval()\n        " + CENTRED),
    mutant("feed-forward: puts itself into training mode", "check_feedforward_on_other_sizes",
           "return self.narrow(torch.relu(self.widen(x)))",
           "self.train()\n        return self.narrow(torch.relu(self.widen(x)))"),
    vit_mutant("patches: leave evaluation mode", "check_patches_on_other_sizes",
               "return self.embed(patches)", "self.eval()\n        return self.embed(patches)"),
    vit_mutant("mixer: leaves evaluation mode", "check_mixer_on_other_sizes",
               "return x + self.mix_channels(self.norm2(x))",
               "self.eval()\n        return x + self.mix_channels(self.norm2(x))"),
    mutant("norm: the mean passes no gradient", NORM_RIGHT, CENTRED, CENTRED + ".detach()"),
    mutant("norm: statistics under no_grad", NORM_RIGHT,
           NORM, "with torch.no_grad():\n            mean = x.mean(dim=-1, keepdim=True)\n"
                 "            variance = (x - mean).square().mean(dim=-1, keepdim=True)\n        centred = x - mean"),
    mutant("feed-forward: the input passes no gradient", "check_feedforward_on_other_sizes",
           "self.widen(x)", "self.widen(x.detach())"),
    mutant("encoder: the first residual connection passes no gradient", ENCODER_RIGHT,
           "x = self.norm1(x + self.dropout(self.attention(x, x, x)))",
           "x = self.norm1(x.detach() + self.dropout(self.attention(x, x, x)))"),
    mutant("encoder: the second residual connection passes no gradient", ENCODER_RIGHT,
           "self.norm2(x + self.dropout(self.feedforward(x)))",
           "self.norm2(x.detach() + self.dropout(self.feedforward(x)))"),
    mutant("decoder: the residual connection passes no gradient", DECODER_RIGHT,
           SELF, SELF.replace("dec_inp + ", "dec_inp.detach() + ")),
    mutant("decoder: the encoder's keys get no gradient", DECODER_RIGHT,
           CROSS, CROSS.replace("enc_inp, enc_inp", "enc_inp.detach(), enc_inp")),
    mutant("transformer: the question's embedding gets no gradient", TRANSFORMER_RIGHT,
           "self.embedding(ques_b) + ques_pos", "self.embedding(ques_b).detach() + ques_pos"),
    mutant("transformer: the encoder gets no gradient", TRANSFORMER_RIGHT,
           ", encoded, get_subsequent_mask", ", encoded.detach(), get_subsequent_mask"),
    vit_mutant("patches: the image gets no gradient", "check_patches_on_other_sizes",
               "return self.embed(patches)", "return self.embed(patches.detach())"),
    vit_mutant("layer: the residual connection passes no gradient", "check_layer_on_other_sizes",
               "src = self.norm1(src + self.dropout(found))", "src = self.norm1(src.detach() + self.dropout(found))"),
    vit_mutant("vit: the patches get no gradient", "check_vit_on_other_sizes",
               "x = self.patches(x) + self.positions", "x = self.patches(x).detach() + self.positions"),
    vit_mutant("vit: the positions start as 0.02 divided by random numbers", "check_vit_on_other_sizes",
               "0.02 * torch.randn(1, self.patches", "0.02 / torch.randn(1, self.patches"),
    vit_mutant("vit: the positions start as large random numbers", "check_vit_on_other_sizes",
               "0.02 * torch.randn(1, self.patches", "torch.randn(1, self.patches"),
    vit_mutant("vit: the positions start as zeros", "check_vit_on_other_sizes",
               "0.02 * torch.randn(1, self.patches", "torch.zeros(1, self.patches"),
    vit_mutant("vit: the positions are not learned", "check_vit_on_other_sizes",
               "self.patches(x) + self.positions", "self.patches(x) + self.positions.detach()"),
    vit_mutant("mixer: the residual connection passes no gradient", "check_mixer_on_other_sizes",
               "x = x + self.mix_tokens", "x = x.detach() + self.mix_tokens"),
]

ROUNDING = [
    mutant("norm: variance from squares and the square of the mean", NORM_RIGHT,
           VARIANCE, "variance = x.square().mean(dim=-1, keepdim=True) - x.mean(dim=-1, keepdim=True).square()"),
    mutant("norm: the variance is at least 1e-5", NORM_RIGHT, VARIANCE, VARIANCE + ".clamp(min=1e-5)"),
    mutant("norm: epsilon is always 1e-5", ("check_layer_norm_agrees_with_torch", NORM_RIGHT),
           "torch.sqrt(variance + self.epsilon)", "torch.sqrt(variance + 1e-5)"),
    mutant("mask: -10,000 for hidden keys", "check_no_loop_with_one_mask_for_all",
           HIDE, HIDE.replace("-math.inf", "-1e4")),
    mutant("batch: exponentials that overflow", "check_batch_on_other_sizes",
           "return torch.bmm(torch.softmax(scores, dim=2), value)",
           "return torch.bmm(scores.exp() / scores.exp().sum(dim=2, keepdim=True), value)"),
]

SPECIAL_CASES = [
    mutant("decoder: the mask hides the question where lengths agree", DECODER_RIGHT,
           CROSS, CROSS.replace("enc_inp, enc_inp)",
                                "enc_inp, enc_inp, mask if x.shape[1] == enc_inp.shape[1] else None)")),
    mutant("decoder: looks at itself where lengths agree", DECODER_RIGHT,
           CROSS, CROSS.replace("enc_inp, enc_inp)", "x if x.shape == enc_inp.shape else enc_inp, enc_inp)")),
    mutant("head: keys from the query where lengths agree", "check_head_between_two_sequences",
           HEAD, HEAD.replace("self.k(key)", "self.k(query if query.shape == key.shape else key)")),
    mutant("feed-forward: no first bias", ("check_feedforward_agrees_with_torch", "check_feedforward_on_other_sizes"),
           "self.widen = nn.Linear(inp_dim, hidden_dim_feedforward)",
           "self.widen = nn.Linear(inp_dim, hidden_dim_feedforward, bias=False)"),
    mutant("heads: no bias after them", "check_heads_agree_with_torch",
           "self.mix = nn.Linear(num_heads * dim_out, dim_in)",
           "self.mix = nn.Linear(num_heads * dim_out, dim_in, bias=False)"),
    vit_mutant("layer: GELU", "check_layer_agrees_with_torch",
               "nn.Linear(input_dim, dim_feedforward), nn.ReLU()", "nn.Linear(input_dim, dim_feedforward), nn.GELU()"),
    vit_mutant("layer: adds the normalised numbers", ("check_layer_agrees_with_torch", "check_layer_on_other_sizes"),
               FED, FED.replace("norm2(src +", "norm2(self.norm1(src) +")),
    vit_mutant("vit: dropout of 0.1 in all layers", "check_vit_on_other_sizes",
               "TransformerEncoderLayer(embed_dim, num_heads, dim_feedforward, dropout)",
               "TransformerEncoderLayer(embed_dim, num_heads, dim_feedforward)"),
    vit_mutant("mixer: the channels' network without its norm", "check_mixer_agrees_with_the_formula",
               "return x + self.mix_channels(self.norm2(x))", "return x + self.mix_channels(x + 0 * self.norm2(x))"),
    mutant("sinusoid: the exponent is rounded down",
           ("check_sinusoid_agrees_with_the_formula", "check_sinusoid_on_other_sizes"),
           "angle = position / 10000 ** (torch.arange(0, M, 2) / M)",
           "angle = position / 10000 ** (torch.arange(0, M, 2) // M)"),
    mutant("transformer: the answer's positions of the next tokens", "check_transformer_agrees_with_torch",
           "ans_pos[:, :-1]", "ans_pos[:, 1:]"),
]

HABITS = [
    mutant("single: a matrix of float32", "check_single_on_other_sizes",
           "scores = query.new_zeros(len(query), len(key))", "scores = torch.zeros(len(query), len(key))",
           habit="dtype"),
    mutant("batch: a matrix of float32", "check_batch_on_other_sizes",
           "scores = query.new_zeros(len(query), query.shape[1], key.shape[1])",
           "scores = torch.zeros(len(query), query.shape[1], key.shape[1])", habit="dtype"),
    mutant("single: as many keys as queries", "check_single_with_more_keys_than_queries",
           "for j in range(len(key)):", "for j in range(len(query)):", habit="sizes"),
    mutant("batch: as many keys as queries", "check_batch_with_more_keys_than_queries",
           "for j in range(key.shape[1]):", "for j in range(query.shape[1]):", habit="sizes"),
    mutant("mask: hides by indexing, which one mask for all sequences does not allow",
           "check_no_loop_with_one_mask_for_all", HIDE, "scores[mask] = -math.inf", habit="mask of one"),
    mutant("fractions: float64", "check_simple_positions_on_other_sizes",
           "return (torch.arange(K) / K)", "return (torch.arange(K).double() / K)", habit="dtype"),
    mutant("sinusoid: float64", "check_sinusoid_on_other_sizes",
           "return table[None, :, :M].float()", "return table[None, :, :M]", habit="dtype"),
]
# fmt: on

MUTANTS = [*GRADIENTS, *ROUNDING, *SPECIAL_CASES, *HABITS]
