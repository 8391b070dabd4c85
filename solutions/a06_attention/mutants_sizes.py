"""Wrong answers to a06 whose values look right: other sizes, dropout in other places, ready-made code."""

from autograder.authoring.mutants import mutants_of

HEADS_OF_BLOCK = "self.attention = MultiHeadAttention(num_heads, emb_dim, emb_dim // num_heads)"
CROSS_HEADS = "self.attention_cross = MultiHeadAttention(num_heads, emb_dim, emb_dim // num_heads)"
NORMS_OF_ENCODER = (
    "        self.norm1 = LayerNormalization(emb_dim)\n        self.norm2 = LayerNormalization(emb_dim)\n"
)
NETWORK = "self.feedforward = FeedForwardBlock(emb_dim, feedforward_dim)\n" + NORMS_OF_ENCODER
ENCODER_NETWORK = NETWORK + "        self.dropout"
DECODER_NETWORK = NETWORK + "        self.norm3"
ENCODER_DROPOUT = NORMS_OF_ENCODER + "        self.dropout = nn.Dropout(dropout)"
ENCODER_SUM = "x = self.norm1(x + self.dropout(self.attention(x, x, x)))"
ENCODER_END = "return self.norm2(x + self.dropout(self.feedforward(x)))"
DECODER_CROSS = "self.norm2(x + self.dropout(self.attention_cross(x, enc_inp, enc_inp)))"
DECODER_END = "return self.norm3(x + self.dropout(self.feedforward(x)))"
ENCODER = "Encoder(num_heads, emb_dim, feedforward_dim, num_enc_layers, dropout)"
DECODER = "Decoder(num_heads, emb_dim, feedforward_dim, num_dec_layers, dropout, vocab_len)"
CENTRED = "centred = x - x.mean(dim=-1, keepdim=True)"
SCORES = "scores = torch.bmm(query, key.transpose(1, 2)) / math.sqrt(query.shape[2])  # (N, Kq, Kk)"
ENCODER_AGREES = ("check_encoder_block_agrees_with_torch", "check_encoder_block_on_other_sizes")
DECODER_AGREES = ("check_decoder_block_agrees_with_torch", "check_decoder_block_on_other_sizes")
TRANSFORMER_AGREES = ("check_transformer_agrees_with_torch", "check_transformer_learns_everywhere")
ENCODER_DROPS = "check_encoder_block_drops_in_training_only"
DECODER_DROPS = "check_decoder_block_drops_in_training_only"
LEARNS = "check_transformer_learns_everywhere"

ATTENTION = "nn.MultiheadAttention(input_dim, num_heads, dropout=dropout, batch_first=True)"
WIDEN = "nn.Linear(input_dim, dim_feedforward), nn.ReLU(), nn.Linear(dim_feedforward, input_dim)"
FOUND = "src = self.norm1(src + self.dropout(found))"
FED = "return self.norm2(src + self.dropout(self.feedforward(src)))"
LAYERS = "TransformerEncoderLayer(embed_dim, num_heads, dim_feedforward, dropout)"
POSITIONS = "self.positions = nn.Parameter(0.02 * torch.randn(1, self.patches.num_patches, embed_dim))"
LAYERS_END = " for _ in range(num_layers)\n        )\n        self.classify = nn.Linear(embed_dim, num_classes)"
MIX_TOKENS = "nn.Linear(tokens_dim, tokens_hidden), nn.GELU(), nn.Linear(tokens_hidden, tokens_dim)"
MIX_CHANNELS = "nn.Linear(channels_dim, channels_hidden), nn.GELU(), nn.Linear(channels_hidden, channels_dim)"
LAYER_AGREES = ("check_layer_agrees_with_torch", "check_layer_on_other_sizes")
LAYER_DROPS = "check_layer_drops_in_training_only"
VIT_AGREES = "check_vit_is_patches_layers_and_a_mean"
VIT_SIZES = (VIT_AGREES, "check_vit_on_other_sizes")
MIXER_AGREES = ("check_mixer_agrees_with_the_formula", "check_mixer_on_other_sizes")

mutant = mutants_of("transformers.py")
vit_mutant = mutants_of("vit.py")


# fmt: off
SIZES = [
    mutant("encoder: one head", ENCODER_AGREES,
           HEADS_OF_BLOCK, "self.attention = MultiHeadAttention(1, emb_dim, emb_dim)"),
    mutant("encoder: each head as wide as the embedding", ENCODER_AGREES,
           HEADS_OF_BLOCK, HEADS_OF_BLOCK.replace(" // num_heads", "")),
    mutant("encoder: a network four times as wide as the embedding", ENCODER_AGREES,
           ENCODER_NETWORK, ENCODER_NETWORK.replace("feedforward_dim", "4 * emb_dim")),
    mutant("decoder: one head looks at the question", DECODER_AGREES,
           CROSS_HEADS, "self.attention_cross = MultiHeadAttention(1, emb_dim, emb_dim)"),
    mutant("decoder: a network four times as wide as the embedding", DECODER_AGREES,
           DECODER_NETWORK, DECODER_NETWORK.replace("feedforward_dim", "4 * emb_dim")),
    mutant("transformer: one head in the encoder", TRANSFORMER_AGREES, ENCODER, ENCODER.replace("num_heads", "1")),
    mutant("transformer: one head in the decoder", TRANSFORMER_AGREES, DECODER, DECODER.replace("num_heads", "1")),
    mutant("transformer: networks four times as wide as the embedding", TRANSFORMER_AGREES,
           DECODER, DECODER.replace("feedforward_dim", "4 * emb_dim")),
    vit_mutant("layer: one head", LAYER_AGREES[:1], ATTENTION, ATTENTION.replace("num_heads", "1")),
    vit_mutant("layer: a network four times as wide as the input", LAYER_AGREES,
               WIDEN, WIDEN.replace("dim_feedforward", "4 * input_dim")),
    vit_mutant("vit: one head", VIT_SIZES, LAYERS, LAYERS.replace("num_heads", "1")),
    vit_mutant("vit: networks twice as wide as the patches", VIT_SIZES,
               LAYERS, LAYERS.replace("dim_feedforward", "2 * embed_dim")),
    vit_mutant("vit: one number for each position", VIT_AGREES, POSITIONS, POSITIONS.replace("embed_dim", "1")),
    vit_mutant("mixer: the hidden sizes are swapped", MIXER_AGREES,
               MIX_TOKENS + "\n        )\n        self.mix_channels = nn.Sequential(\n            " + MIX_CHANNELS,
               MIX_TOKENS.replace("tokens_hidden", "channels_hidden")
               + "\n        )\n        self.mix_channels = nn.Sequential(\n            "
               + MIX_CHANNELS.replace("channels_hidden", "tokens_hidden")),
]

DROPOUT = [
    mutant("encoder: drops after the attention only", ENCODER_DROPS,
           ENCODER_END, "return self.norm2(x + self.feedforward(x))"),
    mutant("encoder: drops the sum", ENCODER_DROPS,
           ENCODER_SUM, "x = self.norm1(self.dropout(x + self.attention(x, x, x)))"),
    mutant("encoder: drops at most a tenth", ENCODER_DROPS,
           ENCODER_DROPOUT, ENCODER_DROPOUT.replace("nn.Dropout(dropout)", "nn.Dropout(min(dropout, 0.1))")),
    mutant("decoder: no dropout after the attention to the question", DECODER_DROPS,
           DECODER_CROSS, "self.norm2(x + self.attention_cross(x, enc_inp, enc_inp))"),
    mutant("decoder: does not drop after the network", DECODER_DROPS,
           DECODER_END, "return self.norm3(x + self.feedforward(x))"),
    mutant("transformer: the decoder does not drop", LEARNS, DECODER, DECODER.replace("dropout", "0.0")),
    mutant("transformer: the encoder does not drop", LEARNS, ENCODER, ENCODER.replace("dropout", "0.0")),
    vit_mutant("layer: drops inside the attention only", LAYER_DROPS,
               "        self.dropout = nn.Dropout(dropout)\n", "        self.dropout = nn.Identity()\n"),
    vit_mutant("layer: drops after the network only", LAYER_DROPS, FOUND, "src = self.norm1(src + found)"),
    vit_mutant("layer: drops after the attention only", LAYER_DROPS,
               FED, "return self.norm2(src + self.feedforward(src))"),
    vit_mutant("layer: drops after the norm", LAYER_DROPS,
               FED, "return self.dropout(self.norm2(src + self.feedforward(src)))"),
    vit_mutant("vit: drops before the last layer, and nothing in the others", "check_vit_on_other_sizes",
               LAYERS + LAYERS_END,
               LAYERS.replace(", dropout", ", 0.0")
               + LAYERS_END.replace("nn.Linear(", "nn.Sequential(nn.Dropout(dropout), nn.Linear(") + ")"),
]

READY_MADE = [
    mutant("norm: torch's own, by another name", "check_layer_norm_agrees_with_torch",
           CENTRED, "torch.nn.modules.normalization.LayerNorm(x.shape[-1])\n        " + CENTRED),
    mutant("norm: is torch's native one", "check_layer_norm_agrees_with_torch",
           CENTRED, "torch.native_layer_norm(x, x.shape[-1:], None, None, 1e-10)\n        " + CENTRED),
    mutant("no loops: uses torch's private attention", "check_no_loop_agrees_with_torch",
           SCORES, "torch._scaled_dot_product_attention_math(query, key, value)\n    " + SCORES),
    vit_mutant("layer: torch's own, by another name", LAYER_AGREES,
               "self.attention = " + ATTENTION,
               "torch.nn.modules.transformer.TransformerEncoderLayer(input_dim, num_heads)\n        self.attention = "
               + ATTENTION),
]
# fmt: on

MUTANTS = [*SIZES, *DROPOUT, *READY_MADE]
