"""Right answers to a06, the vision transformer, in other styles. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("vit.py")
LAYER = "TransformerEncoderLayer"
CLASS = '# %% task="TransformerEncoderLayer"\n'

OWN = '''
class MultiHead(nn.Module):
    """Attention with a layer each for queries, keys, values and the result."""

    def __init__(self, embed_dim, num_heads, dropout=0.1):
        super().__init__()
        self.key = nn.Linear(embed_dim, embed_dim)
        self.query = nn.Linear(embed_dim, embed_dim)
        self.value = nn.Linear(embed_dim, embed_dim)
        self.proj = nn.Linear(embed_dim, embed_dim)
        self.attn_drop = nn.Dropout(dropout)
        self.n_head = num_heads
        self.head_dim = embed_dim // num_heads

    def forward(self, query, key, value, attn_mask=None):
        N, S, E = query.shape
        T = key.shape[1]
        q = self.query(query).view(N, S, self.n_head, self.head_dim).transpose(1, 2)
        k = self.key(key).view(N, T, self.n_head, self.head_dim).transpose(1, 2)
        v = self.value(value).view(N, T, self.n_head, self.head_dim).transpose(1, 2)
        scores = q @ k.transpose(-2, -1) / self.head_dim ** 0.5
        if attn_mask is not None:
            scores = scores.masked_fill(attn_mask, float("-inf"))
        y = self.attn_drop(scores.softmax(dim=-1)) @ v
        return self.proj(y.transpose(1, 2).reshape(N, S, E))
'''

FUSED = '''
class Attention(nn.Module):
    """One layer for queries, keys and values of all heads."""

    def __init__(self, dim, num_heads, dropout):
        super().__init__()
        self.num_heads = num_heads
        self.qkv = nn.Linear(dim, dim * 3)
        self.attn_drop, self.proj_drop = nn.Dropout(dropout), nn.Dropout(dropout)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x, mask=None):
        B, N, C = x.shape
        qkv = self.qkv(x).reshape(B, N, 3, self.num_heads, C // self.num_heads).permute(2, 0, 3, 1, 4)
        q, k, v = qkv[0], qkv[1], qkv[2]
        attn = (q @ k.transpose(-2, -1)) * (C // self.num_heads) ** -0.5
        if mask is not None:
            attn = attn.masked_fill(mask, -1e9)
        attn = self.attn_drop(attn.softmax(dim=-1))
        x = (attn @ v).transpose(1, 2).reshape(B, N, C)
        return self.proj_drop(self.proj(x))
'''

HEADS = '''
class Head(nn.Module):
    """One head."""

    def __init__(self, dim, size):
        super().__init__()
        self.q, self.k, self.v = nn.Linear(dim, size), nn.Linear(dim, size), nn.Linear(dim, size)

    def forward(self, x, mask=None):
        scores = self.q(x) @ self.k(x).mT / math.sqrt(self.q.out_features)
        if mask is not None:
            scores = scores.masked_fill(mask, -math.inf)
        return scores.softmax(-1) @ self.v(x)
'''

PATCHES = [
    variant("patches: a convolution whose stride is its size",
        body("PatchEmbedding.__init__",
             "self.proj = nn.Conv2d(in_channels, embed_dim, kernel_size=patch_size, stride=patch_size)"),
        body("PatchEmbedding.forward", "return self.proj(x).flatten(2).transpose(1, 2)")),
    variant("patches: F.unfold, and the layer's weight in F.linear",
        body("PatchEmbedding.__init__", "self.proj = nn.Linear(patch_size * patch_size * in_channels, embed_dim)"),
        body("PatchEmbedding.forward", """
            columns = nn.functional.unfold(x, self.patch_size, stride=self.patch_size)
            return nn.functional.linear(columns.transpose(1, 2), self.proj.weight, self.proj.bias)
        """)),
    variant("patches: reshape and permute, through forward()",
        body("PatchEmbedding.__init__", """
            self.patch_dim = patch_size * patch_size * in_channels
            self.proj = nn.Linear(self.patch_dim, embed_dim)
        """),
        body("PatchEmbedding.forward", """
            N, C, H, W = x.shape
            P = self.patch_size
            x = x.reshape(N, C, H // P, P, W // P, P)
            x = x.permute(0, 2, 4, 1, 3, 5).contiguous().view(N, self.num_patches, self.patch_dim)
            return self.proj.forward(x)
        """)),
    variant("patches: cut out one by one, and Tensor.unfold",
        body("PatchEmbedding.forward", """
            p, patches = self.patch_size, []
            for i in range(0, x.shape[2], p):
                for j in range(0, x.shape[3], p):
                    patches.append(x[:, :, i : i + p, j : j + p].flatten(1))
            return self.embed(torch.stack(patches, dim=1))
        """)),
]  # fmt: skip

LAYERS = [
    variant("layer: an attention of its own, of four linear layers",
        (CLASS, CLASS + OWN),
        body(LAYER + ".__init__", """
            self.self_attn = MultiHead(input_dim, num_heads, dropout)
            self.fc1, self.fc2 = nn.Linear(input_dim, dim_feedforward), nn.Linear(dim_feedforward, input_dim)
            self.norm_self, self.norm_ffn = nn.LayerNorm(input_dim), nn.LayerNorm(input_dim)
            self.dropout_self, self.dropout_ffn = nn.Dropout(dropout), nn.Dropout(dropout)
            self.dropout_inner = nn.Dropout(dropout)
        """),
        body(LAYER + ".forward", """
            shortcut = src
            src = self.self_attn(query=src, key=src, value=src, attn_mask=src_mask)
            src = self.norm_self(self.dropout_self(src) + shortcut)
            shortcut = src
            src = self.fc2(self.dropout_inner(torch.relu(self.fc1(src))))
            return self.norm_ffn(self.dropout_ffn(src) + shortcut)
        """)),
    variant("layer: one linear layer for queries, keys and values",
        (CLASS, CLASS + FUSED),
        body(LAYER + ".__init__", """
            self.attn = Attention(input_dim, num_heads, dropout)
            self.mlp = nn.Sequential(
                nn.Linear(input_dim, dim_feedforward), nn.ReLU(), nn.Dropout(dropout),
                nn.Linear(dim_feedforward, input_dim), nn.Dropout(dropout),
            )
            self.norm1, self.norm2 = nn.LayerNorm(input_dim), nn.LayerNorm(input_dim)
        """),
        body(LAYER + ".forward", """
            src = self.norm1(src + self.attn(src, src_mask))
            return self.norm2(src + self.mlp(src))
        """)),
    variant("layer: torch's scaled dot product attention between linear layers",
        body(LAYER + ".__init__", """
            self.num_heads, self.p = num_heads, dropout
            self.q_proj, self.k_proj = nn.Linear(input_dim, input_dim), nn.Linear(input_dim, input_dim)
            self.v_proj, self.out_proj = nn.Linear(input_dim, input_dim), nn.Linear(input_dim, input_dim)
            self.norm1, self.norm2 = nn.LayerNorm(input_dim), nn.LayerNorm(input_dim)
            self.lin1, self.lin2 = nn.Linear(input_dim, dim_feedforward), nn.Linear(dim_feedforward, input_dim)
            self.dropout = nn.Dropout(dropout)
        """),
        body(LAYER + ".forward", """
            q, k, v = (
                proj(src).unflatten(-1, (self.num_heads, -1)).transpose(1, 2)
                for proj in (self.q_proj, self.k_proj, self.v_proj)
            )
            y = nn.functional.scaled_dot_product_attention(
                q, k, v, attn_mask=None if src_mask is None else ~src_mask, dropout_p=self.p if self.training else 0.0
            )
            y = self.out_proj(y.transpose(1, 2).flatten(2))
            src = self.norm1(src + self.dropout(y))
            return self.norm2(src + self.dropout(self.lin2(self.lin1(src).relu())))
        """)),
    variant("layer: heads in a list, the scores in float32 sizes, as in the first part",
        (CLASS, "import math\n\n\n" + CLASS + HEADS),
        body(LAYER + ".__init__", """
            self.heads = nn.ModuleList(Head(input_dim, input_dim // num_heads) for _ in range(num_heads))
            self.mix = nn.Linear(input_dim, input_dim)
            self.norm1, self.norm2 = nn.LayerNorm(input_dim), nn.LayerNorm(input_dim)
            self.network = nn.Sequential(
                nn.Linear(input_dim, dim_feedforward), nn.ReLU(), nn.Linear(dim_feedforward, input_dim)
            )
            self.dropout = nn.Dropout(dropout)
        """),
        body(LAYER + ".forward", """
            found = self.mix(torch.cat([head(src, src_mask) for head in self.heads], dim=-1))
            src = self.norm1(src + self.dropout(found))
            return self.norm2(src + self.dropout(self.network(src)))
        """)),
    variant("layer: torch's attention with the sequence first, and a mask of numbers",
        body(LAYER + ".__init__", """
            self.self_attn = nn.MultiheadAttention(input_dim, num_heads)
            self.linear1, self.linear2 = nn.Linear(input_dim, dim_feedforward), nn.Linear(dim_feedforward, input_dim)
            self.norm2, self.norm1 = nn.LayerNorm(input_dim), nn.LayerNorm(input_dim)
            self.dropout, self.dropout1, self.dropout2 = (nn.Dropout(dropout) for _ in range(3))
        """),
        body(LAYER + ".forward", """
            if src_mask is not None:
                src_mask = torch.zeros_like(src_mask, dtype=src.dtype).masked_fill(src_mask, float("-inf"))
            x = src.transpose(0, 1)
            x = self.self_attn.forward(x, x, x, attn_mask=src_mask)[0].transpose(0, 1)
            src = self.norm1.forward(src + self.dropout1(x))
            x = self.linear2(self.dropout(nn.functional.relu(self.linear1(src))))
            return self.norm2.forward(src + self.dropout2(x))
        """)),
    variant("layer: torch's functions with the weights of its layers",
        body(LAYER + ".__init__", """
            self.attn = nn.MultiheadAttention(input_dim, num_heads, dropout, batch_first=True)
            self.up, self.down = nn.Linear(input_dim, dim_feedforward), nn.Linear(dim_feedforward, input_dim)
            self.n1, self.n2 = nn.LayerNorm(input_dim), nn.LayerNorm(input_dim)
            self.p = dropout
        """),
        body(LAYER + ".forward", """
            F = nn.functional
            y = self.attn(src, src, src, attn_mask=src_mask)[0]
            src = src + F.dropout(y, self.p, self.training)
            src = F.layer_norm(src, src.shape[-1:], self.n1.weight, self.n1.bias, self.n1.eps)
            y = F.linear(F.relu(F.linear(src, self.up.weight, self.up.bias)), self.down.weight, self.down.bias)
            y = src + F.dropout(y, self.p, self.training)
            return F.layer_norm(y, y.shape[-1:], self.n2.weight, self.n2.bias, self.n2.eps)
        """)),
]  # fmt: skip

VIT = [
    variant("vit: nn.Sequential of layers, truncated normal positions, pooling as a layer",
        body("VisionTransformer.__init__", """
            self.patch_embed = PatchEmbedding(img_size, patch_size, in_channels, embed_dim)
            self.pos_embed = nn.Parameter(torch.zeros(1, self.patch_embed.num_patches, embed_dim))
            nn.init.trunc_normal_(self.pos_embed, std=0.02)
            self.blocks = nn.Sequential(*[
                TransformerEncoderLayer(embed_dim, num_heads, dim_feedforward, dropout) for _ in range(num_layers)
            ])
            self.head = nn.Linear(embed_dim, num_classes)
        """),
        body("VisionTransformer.forward", """
            x = self.blocks(self.patch_embed(x) + self.pos_embed)
            x = nn.functional.adaptive_avg_pool1d(x.transpose(1, 2), 1).squeeze(-1)
            return self.head(x)
        """)),
    variant("vit: sinusoids in a buffer, layers through forward(), dropout on the embedding",
        body("VisionTransformer.__init__", """
            self.patch_embed = PatchEmbedding(img_size, patch_size, in_channels, embed_dim)
            T = self.patch_embed.num_patches
            place, column = torch.arange(T)[:, None], torch.arange(embed_dim)[None]
            angle = place / 10000 ** (2 * (column // 2) / embed_dim)
            self.register_buffer("pe", torch.where(column % 2 == 0, angle.sin(), angle.cos())[None])
            self.transformer = nn.ModuleList([])
            for _ in range(num_layers):
                self.transformer.append(TransformerEncoderLayer(embed_dim, num_heads, dim_feedforward, dropout))
            self.fc = nn.Linear(embed_dim, num_classes)
            self.dropout = nn.Dropout(dropout)
        """),
        body("VisionTransformer.forward", """
            x = self.dropout(self.patch_embed.forward(x) + self.pe)
            for layer in self.transformer:
                x = layer.forward(x)
            return self.fc.forward(torch.mean(x, dim=1))
        """)),
    variant("vit: positions in an nn.Embedding, the last layer's weight in a product",
        body("VisionTransformer.__init__", """
            self.patches = PatchEmbedding(img_size, patch_size, in_channels, embed_dim)
            self.place = nn.Embedding(self.patches.num_patches, embed_dim)
            nn.init.normal_(self.place.weight, std=0.02)
            self.layers = nn.ModuleList(
                [TransformerEncoderLayer(embed_dim, num_heads, dim_feedforward, dropout) for _ in range(num_layers)]
            )
            self.classify = nn.Linear(embed_dim, num_classes)
        """),
        body("VisionTransformer.forward", """
            x = self.patches(x) + self.place(torch.arange(self.patches.num_patches, device=x.device))
            for layer in self.layers:
                x = layer(x, None)
            return x.mean(1) @ self.classify.weight.T + self.classify.bias
        """)),
]  # fmt: skip

MIXER = [
    variant("mixer: layers one by one, permute, torch's gelu",
        body("MixerBlock.__init__", """
            self.ln1, self.ln2 = nn.LayerNorm(channels_dim), nn.LayerNorm(channels_dim)
            self.token_fc1 = nn.Linear(tokens_dim, tokens_hidden)
            self.token_fc2 = nn.Linear(tokens_hidden, tokens_dim)
            self.channel_fc1 = nn.Linear(channels_dim, channels_hidden)
            self.channel_fc2 = nn.Linear(channels_hidden, channels_dim)
        """),
        body("MixerBlock.forward", """
            y = self.ln1.forward(x).permute(0, 2, 1)
            y = self.token_fc2.forward(nn.functional.gelu(self.token_fc1.forward(y)))
            x = x + y.permute(0, 2, 1)
            return x + self.channel_fc2(nn.functional.gelu(self.channel_fc1(self.ln2(x))))
        """)),
    variant("mixer: convolutions of length one across the patches",
        body("MixerBlock.__init__", """
            self.norm1, self.norm2 = nn.LayerNorm(channels_dim), nn.LayerNorm(channels_dim)
            self.tokens = nn.Sequential(
                nn.Conv1d(tokens_dim, tokens_hidden, 1), nn.GELU(), nn.Conv1d(tokens_hidden, tokens_dim, 1)
            )
            self.channels = nn.Sequential(
                nn.Linear(channels_dim, channels_hidden), nn.GELU(), nn.Linear(channels_hidden, channels_dim)
            )
        """),
        body("MixerBlock.forward", """
            x = x + self.tokens(self.norm1(x))
            x = x + self.channels(self.norm2(x))
            return x
        """)),
    variant("mixer: einsum with the layers' weights",
        body("MixerBlock.forward", """
            (up, _, down), y = self.mix_tokens, self.norm1(x)
            y = torch.einsum("ntc,ht->nhc", y, up.weight) + up.bias[:, None]
            y = torch.einsum("nhc,th->ntc", nn.functional.gelu(y), down.weight) + down.bias[:, None]
            x = x + y
            return x + self.mix_channels(self.norm2(x))
        """)),
]  # fmt: skip

VARIANTS = [*PATCHES, *LAYERS, *VIT, *MIXER]
