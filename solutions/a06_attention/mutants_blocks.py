"""Wrong answers to a06, blocks and the Transformer, each with the check that must notice it."""

from autograder.authoring.mutants import first, mutants_of

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
ENCODED = "encoded = self.encoder(self.embedding(ques_b) + ques_pos)"
READ = "read = ans_b[:, :-1]"
DECODED = "decoded = self.decoder(self.embedding(read) + ans_pos[:, :-1], encoded, get_subsequent_mask(read))"
RESHAPED = "return decoded.flatten(0, 1)"
NORM_AGREES = "check_layer_norm_agrees_with_torch"
ENCODER_AGREES = "check_encoder_block_agrees_with_torch"
DECODER_AGREES = "check_decoder_block_agrees_with_torch"
TRANSFORMER_AGREES = "check_transformer_agrees_with_torch"
PROPERTIES = "check_transformer_sees_positions_and_not_the_future"
ARITHMETIC = "check_transformer_adds_and_subtracts"


mutant = mutants_of("transformers.py")


# fmt: off
ENCODER = [
    mutant("norm: unbiased variance", (NORM_AGREES, "check_layer_norm_on_other_inputs"),
           VARIANCE, "variance = x.var(dim=-1, keepdim=True)"),
    mutant("norm: epsilon outside of the root", "check_layer_norm_on_other_inputs",
           NORM, NORM.replace("torch.sqrt(variance + self.epsilon)", "(torch.sqrt(variance) + self.epsilon)")),
    mutant("norm: divides by the variance", NORM_AGREES,
           NORM, NORM.replace("torch.sqrt(variance + self.epsilon)", "(variance + self.epsilon)")),
    mutant("norm: over all positions", NORM_AGREES,
           "centred = x - x.mean(dim=-1, keepdim=True)", "centred = x - x.mean(dim=(-2, -1), keepdim=True)"),
    mutant("norm: gain and shift are not parameters", NORM_AGREES,
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
    mutant("encoder: always drops half", "check_encoder_block_on_other_sizes",
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
    mutant("decoder: adds its input instead of the previous result", DECODER_AGREES,
           DECODE_CROSS, DECODE_CROSS.replace("self.norm2(x +", "self.norm2(dec_inp +")),
    mutant("decoder: no last norm", DECODER_AGREES, DECODE_END, "return x + self.dropout(self.feedforward(x))"),
    mutant("decoder: forgets dropout", "check_decoder_block_drops_in_training_only",
           "        self.dropout = nn.Dropout(dropout)\n        ### END SOLUTION\n\n    def forward(self, dec_inp",
           "        self.dropout = nn.Identity()\n        ### END SOLUTION\n\n    def forward(self, dec_inp"),
]

TRANSFORMER = [
    mutant("transformer: the decoder reads the tokens that it must predict",
           (TRANSFORMER_AGREES, PROPERTIES), READ, "read = ans_b[:, 1:]"),
    mutant("transformer: the decoder reads the whole answer", TRANSFORMER_AGREES,
           READ, "read = ans_b\n        ans_pos = torch.cat([ans_pos, ans_pos[:, :1]], dim=1)"),
    mutant("transformer: no mask", (TRANSFORMER_AGREES, PROPERTIES, ARITHMETIC),
           DECODED, DECODED.replace(", get_subsequent_mask(read)", ""), calibrates=True),
    mutant("transformer: no positions of the question", (TRANSFORMER_AGREES, PROPERTIES),
           "self.encoder(self.embedding(ques_b) + ques_pos)", "self.encoder(self.embedding(ques_b))"),
    mutant("transformer: the encoder is skipped", (TRANSFORMER_AGREES, "check_transformer_learns_everywhere"),
           ENCODED, "encoded = self.embedding(ques_b) + ques_pos"),
    mutant("transformer: as many decoder as encoder layers", "check_transformer_learns_everywhere",
           "self.decoder = Decoder(num_heads, emb_dim, feedforward_dim, num_dec_layers,",
           "self.decoder = Decoder(num_heads, emb_dim, feedforward_dim, num_enc_layers,"),
    mutant("transformer: rows in the wrong order", TRANSFORMER_AGREES,
           RESHAPED, "return decoded.transpose(0, 1).flatten(0, 1)"),
    mutant("transformer: the first question's positions for all", PROPERTIES,
           "self.embedding(ques_b) + ques_pos", "self.embedding(ques_b) + ques_pos[0]"),
    mutant("transformer: the first answer's positions for all", PROPERTIES, DECODED, DECODED.replace("[:,", "[0,")),
    mutant("future mask: changes the tokens", "check_mask_on_other_sizes", first("get_subsequent_mask", "seq.add_(1)")),
]
# fmt: on

MUTANTS = [*ENCODER, *DECODER, *TRANSFORMER]
