"""What the checks of a06 lend to the student's code: torch's ready-made parts in the place of other tasks' work."""

LOANS_OF_ATTENTION = """
from autograder.probes.torch_layers import attend, weights_of


def attention(query, key, value, mask=None):
    return attend(query, key, value, mask), weights_of(query, key, mask)


LOANS = {"scaled_dot_product_no_loop_batch": attention}
"""

LOANS_OF_HEADS = """
import torch
from torch import nn

from autograder.probes.torch_layers import attend


class Head(nn.Module):
    def __init__(self, dim_in, dim_q, dim_v):
        super().__init__()
        self.q, self.k, self.v = nn.Linear(dim_in, dim_q), nn.Linear(dim_in, dim_q), nn.Linear(dim_in, dim_v)

    def forward(self, query, key, value, mask=None):
        return attend(self.q(query), self.k(key), self.v(value), mask)


LOANS = {"SelfAttention": Head, "scaled_dot_product_no_loop_batch": lambda *inputs: (attend(*inputs), None)}
"""

LOANS_OF_BLOCKS = (
    LOANS_OF_HEADS
    + """
class Heads(nn.MultiheadAttention):
    def __init__(self, num_heads, dim_in, dim_out):
        super().__init__(num_heads * dim_out, num_heads, batch_first=True)

    def forward(self, query, key, value, mask=None):
        if mask is not None:
            mask = mask.expand(len(query), -1, -1).repeat_interleave(self.num_heads, dim=0)
        return super().forward(query, key, value, attn_mask=mask, need_weights=False)[0]


class Norm(nn.LayerNorm):
    def __init__(self, emb_dim, epsilon=1e-10):
        super().__init__(emb_dim, eps=epsilon)


class Network(nn.Sequential):
    def __init__(self, inp_dim, hidden_dim_feedforward):
        super().__init__(
            nn.Linear(inp_dim, hidden_dim_feedforward), nn.ReLU(), nn.Linear(hidden_dim_feedforward, inp_dim)
        )


LOANS |= {"MultiHeadAttention": Heads, "LayerNormalization": Norm, "FeedForwardBlock": Network}
"""
)

# torch.relu instead of "relu": with it, torch's layers run as they are written, in eval mode too
LOANS_OF_TRANSFORMERS = (
    LOANS_OF_BLOCKS
    + """
class Encoding(nn.TransformerEncoderLayer):
    def __init__(self, num_heads, emb_dim, feedforward_dim, dropout):
        rest = {"activation": torch.relu, "layer_norm_eps": 1e-10, "batch_first": True}
        super().__init__(emb_dim, num_heads, feedforward_dim, dropout, **rest)

    def forward(self, x):
        return super().forward(x)


class Decoding(nn.TransformerDecoderLayer):
    def __init__(self, num_heads, emb_dim, feedforward_dim, dropout):
        rest = {"activation": torch.relu, "layer_norm_eps": 1e-10, "batch_first": True}
        super().__init__(emb_dim, num_heads, feedforward_dim, dropout, **rest)
        self.num_heads = num_heads

    def forward(self, dec_inp, enc_inp, mask=None):
        if mask is not None:
            mask = mask.expand(len(dec_inp), -1, -1).repeat_interleave(self.num_heads, dim=0)
        return super().forward(dec_inp, enc_inp, tgt_mask=mask)


def hide_later(seq):
    later = nn.Transformer.generate_square_subsequent_mask(seq.shape[1], device=seq.device) < 0
    return later.repeat(len(seq), 1, 1)


LOANS |= {"EncoderBlock": Encoding, "DecoderBlock": Decoding, "get_subsequent_mask": hide_later}
"""
)

LOANS_OF_VIT = """
import torch
from torch import nn


class Patches(nn.Module):
    def __init__(self, img_size, patch_size, in_channels=3, embed_dim=128):
        super().__init__()
        height, width = (img_size, img_size) if isinstance(img_size, int) else img_size
        self.img_size, self.patch_size = (height, width), patch_size
        self.num_patches = (height // patch_size) * (width // patch_size)
        self.embed = nn.Conv2d(in_channels, embed_dim, patch_size, stride=patch_size)

    def forward(self, x):
        return self.embed(x).flatten(2).mT


class Layer(nn.TransformerEncoderLayer):
    def __init__(self, input_dim, num_heads, dim_feedforward=2048, dropout=0.1):
        super().__init__(input_dim, num_heads, dim_feedforward, dropout, activation=torch.relu, batch_first=True)

    def forward(self, src, src_mask=None):
        return super().forward(src, src_mask=src_mask)


LOANS = {"PatchEmbedding": Patches, "TransformerEncoderLayer": Layer}
"""
