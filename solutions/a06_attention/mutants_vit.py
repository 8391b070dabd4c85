"""Wrong answers to a06, the vision transformer, each with the check that must notice it."""

from autograder.authoring.mutants import first, mutants_of

PATCHES = "patches = tiles.permute(0, 2, 4, 1, 3, 5).flatten(3).flatten(1, 2)"
LAYER = """\
        src = self.norm1(src + self.dropout(found))
        return self.norm2(src + self.dropout(self.feedforward(src)))
"""
POSITIONS = "x = self.patches(x) + self.positions"
CLASSIFY = "return self.classify(x.mean(dim=1))"
MIX_TOKENS = "x = x + self.mix_tokens(self.norm1(x).transpose(1, 2)).transpose(1, 2)"
MIX_CHANNELS = "return x + self.mix_channels(self.norm2(x))"
VIT_AGREES = "check_vit_is_patches_layers_and_a_mean"
MIXER_AGREES = "check_mixer_agrees_with_the_formula"
PATCHES_AGREE = "check_patches_agree_with_a_convolution"
LAYER_AGREES = "check_layer_agrees_with_torch"


mutant = mutants_of("vit.py")


# fmt: off
PATCH = [
    mutant("patches: in the order (p, p, C)", (PATCHES_AGREE, "check_patches_on_other_sizes"),
           PATCHES, PATCHES.replace("0, 2, 4, 1, 3, 5", "0, 2, 4, 3, 5, 1")),
    mutant("patches: reshaped without a permutation", PATCHES_AGREE,
           PATCHES, "patches = x.reshape(len(x), self.num_patches, -1)"),
    mutant("patches: column after column", (PATCHES_AGREE, "check_patches_of_images_that_are_not_square"),
           PATCHES, PATCHES.replace("0, 2, 4, 1, 3, 5", "0, 4, 2, 1, 3, 5")),
    mutant("patches: transposed inside", PATCHES_AGREE,
           PATCHES, PATCHES.replace("0, 2, 4, 1, 3, 5", "0, 2, 4, 1, 5, 3")),
    mutant("patches: of square images only", "check_patches_of_images_that_are_not_square",
           "tiles = x.unflatten(3, (-1, p)).unflatten(2, (-1, p))",
           "n = x.shape[3] // p\n        tiles = x.unflatten(3, (n, p)).unflatten(2, (n, p))"),
    mutant("patches: three channels for all images", "check_patches_on_other_sizes",
           "nn.Linear(in_channels * patch_size**2, embed_dim)", "nn.Linear(3 * patch_size**2, embed_dim)"),
]

LAYERS = [
    mutant("layer: norms come first", (LAYER_AGREES, "check_layer_on_other_sizes"),
           "        found, _ = self.attention(src, src, src, attn_mask=src_mask, need_weights=False)\n" + LAYER,
           "        y = self.norm1(src)\n"
           "        src = src + self.dropout(self.attention(y, y, y, attn_mask=src_mask, need_weights=False)[0])\n"
           "        return src + self.dropout(self.feedforward(self.norm2(src)))\n"),
    mutant("layer: no residual connection around attention", LAYER_AGREES,
           LAYER, LAYER.replace("src + self.dropout(found)", "self.dropout(found)")),
    mutant("layer: sequence first", "check_layer_agrees_with_torch",
           "dropout=dropout, batch_first=True", "dropout=dropout"),
    mutant("layer: ignores the mask", "check_layer_on_other_sizes", "attn_mask=src_mask, ", ""),
    mutant("layer: inverts the mask", "check_layer_on_other_sizes",
           "attn_mask=src_mask,", "attn_mask=None if src_mask is None else ~src_mask,"),
    mutant("layer: drops in eval mode too", "check_layer_drops_in_training_only",
           LAYER, LAYER.replace("self.dropout(found)", "nn.functional.dropout(found, 0.5)")),
    mutant("layer: torch's own", LAYER_AGREES,
           "self.dropout = nn.Dropout(dropout)",
           "self.dropout = nn.Dropout(dropout)\n        nn.TransformerEncoderLayer(input_dim, num_heads)"),
]

VIT = [
    mutant("vit: classifies the first patch", VIT_AGREES, CLASSIFY, "return self.classify(x[:, 0])"),
    mutant("vit: a class token that is averaged too", VIT_AGREES,
           POSITIONS, POSITIONS + "\n        x = torch.cat([x.new_zeros(len(x), 1, x.shape[2]), x], dim=1)"),
    mutant("vit: averages over the batch", (VIT_AGREES, "check_vit_on_other_sizes"),
           CLASSIFY, "return self.classify(x.mean(dim=0))"),
    mutant("vit: no positions", "check_vit_knows_where_patches_are", POSITIONS, "x = self.patches(x)"),
    mutant("vit: one layer used over and over", "check_vit_on_other_sizes",
           "        for layer in self.layers:\n            x = layer(x)",
           "        for _ in self.layers:\n            x = self.layers[0](x)"),
    mutant("vit: returns probabilities", VIT_AGREES, CLASSIFY, CLASSIFY + ".softmax(dim=1)"),
    mutant("vit: averages the patches before the layers", "check_vit_scores_on_scenes",
           POSITIONS, "x = (self.patches(x) + self.positions).mean(dim=1, keepdim=True)", calibrates=True),
    mutant("mixer: norms come last", (MIXER_AGREES, "check_mixer_on_other_sizes"),
           MIX_TOKENS, "x = self.norm1(x + self.mix_tokens(x.transpose(1, 2)).transpose(1, 2))"),
    mutant("mixer: ReLU instead of GELU", MIXER_AGREES,
           "nn.Linear(tokens_dim, tokens_hidden), nn.GELU()", "nn.Linear(tokens_dim, tokens_hidden), nn.ReLU()"),
    mutant("mixer: no residual connection", MIXER_AGREES, MIX_CHANNELS, "return self.mix_channels(self.norm2(x))"),
    mutant("mixer: mixes channels twice", MIXER_AGREES, MIX_TOKENS, "x = x + self.mix_channels(self.norm1(x))"),
    mutant("mixer: one norm used twice", (MIXER_AGREES, "check_mixer_on_other_sizes"),
           MIX_CHANNELS, MIX_CHANNELS.replace("norm2", "norm1")),
    mutant("ViT: moves its images", "check_vit_knows_where_patches_are",
           first("VisionTransformer.forward", "x.mul_(1 + 1e-9)")),
]
# fmt: on

MUTANTS = [*PATCH, *LAYERS, *VIT]
