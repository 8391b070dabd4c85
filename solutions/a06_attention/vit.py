# %% [markdown]
# # The vision transformer
#
# A Transformer reads a sequence of vectors; it does not care that they were words. Dosovitskiy et al. (2020), "An image
# is worth 16x16 words", cut an image into square patches, call each of them a word, and leave the rest as it was.
# No convolution, no pooling: which patches belong together, attention must find out by itself. You build this
# vision transformer (ViT), see what it needs that a CNN does not, and end with a network that has no attention either.
#
# <!-- parts -->
#
# You have built attention and normalisation with your own hands in `transformers.ipynb`. From here on use torch's:
# `nn.MultiheadAttention(..., batch_first=True)` computes all heads in one matrix product, and `nn.LayerNorm` is
# the one you know. (Your own `MultiHeadAttention` is accepted too.) Only torch's whole Transformer layers,
# `nn.TransformerEncoderLayer` and its relatives, are not allowed: they are the task.

# %%
import torch
from torch import Tensor, nn
from tqdm import tqdm

# %% tags=["active-ipynb"]
# import time
#
# import matplotlib.pyplot as plt
#
# from autograder import check, hint
# from common.data import load
# from common.plots import image_grid, show
# from common.training.seed import seed_everything

# %% tags=["active-ipynb"]
# scenes = load("scenes", num_train=4000, num_test=1000)
# x_train, y_train, x_test, y_test = scenes.x_train, scenes.y_train, scenes.x_test, scenes.y_test
# image_grid(x_train[:10], titles=[scenes.class_names[label] for label in y_train[:10]], columns=10);

# %% [markdown]
# ## 1 Patches
#
# Cut the image into squares of $p \times p$ pixels, row after row from the top left, and flatten each of them. Then one
# linear layer makes an embedding of each (Dosovitskiy et al., equation 1).
#
#     (N, C, H, W)  ->  (N, H/p * W/p, C * p * p)  ->  (N, H/p * W/p, embed_dim)
#
# Mind two orders. Patches come in reading order: along the first row of patches, then the second. Inside a patch,
# numbers come in the order **(C, p, p)**: first all of channel 0, row by row, then channel 1. A plain
# `reshape` of the image does neither: it reads along whole rows of pixels. Split the axes first, `permute` them, then
# flatten.


# %% task="PatchEmbedding" minutes=30 difficulty="medium"
class PatchEmbedding(nn.Module):
    """Cut images into patches and embed each of them."""

    def __init__(self, img_size: int | tuple[int, int], patch_size: int, in_channels: int = 3, embed_dim: int = 128):
        """Make one linear layer with a bias; img_size is the side of square images, or (H, W)."""
        super().__init__()
        height, width = (img_size, img_size) if isinstance(img_size, int) else img_size
        if height % patch_size or width % patch_size:
            raise ValueError(f"Images of {height} x {width} cannot be cut into patches of {patch_size} x {patch_size}.")
        self.img_size = (height, width)
        self.patch_size = patch_size
        self.num_patches = (height // patch_size) * (width // patch_size)
        ### BEGIN SOLUTION
        self.embed = nn.Linear(in_channels * patch_size**2, embed_dim)
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """Embed the patches.

        Shapes:
            x    (N, C, H, W)                 images
            out  (N, num_patches, embed_dim)  patches in reading order
        """
        if tuple(x.shape[2:]) != self.img_size:
            raise ValueError(f"Expected images of {self.img_size}, got {tuple(x.shape[2:])}.")
        ### BEGIN SOLUTION
        p = self.patch_size
        tiles = x.unflatten(3, (-1, p)).unflatten(2, (-1, p))  # (N, C, H/p, p, W/p, p)
        patches = tiles.permute(0, 2, 4, 1, 3, 5).flatten(3).flatten(1, 2)  # (N, T, C * p * p)
        return self.embed(patches)
        ### END SOLUTION


# %% [markdown] hint="PatchEmbedding"
# 1. Split the two axes of the image first: H becomes (H / p, p), W becomes (W / p, p). `unflatten` or `reshape` does
#    it.
# 2. Now bring the axes into the order (N, H / p, W / p, C, p, p) with `permute`.
# 3. Flatten the last three axes to the numbers of a patch, the two before them to the patches, and apply one
#    `nn.Linear`.

# %% [markdown]
# What the Transformer gets to see of a scene, with patches of 8 and of 4 pixels:

# %% tags=["active-ipynb"]
# for p in (8, 4):
#     patches = x_train[3].unfold(1, p, p).unfold(2, p, p).permute(1, 2, 0, 3, 4).flatten(0, 1)
#     words = f"A scene cut into {len(patches)} patches of {p} x {p} pixels, each in its place."
#     figure = image_grid(patches, columns=32 // p, alt=words)
#     figure.set_size_inches(3.2, 3.2)
#     display(figure)

# %% [markdown] question="vit-q1"
# **Question 1.** Halve the side of the patches, and leave the image and `embed_dim` as they are. By which factor does
# each of these change? (a) The number of patches. (b) The multiply-accumulates of the feed-forward networks. (c) Those
# of the products of queries with keys. (d) The number of weights of the encoder layers.

# %% [markdown] answer="vit-q1"
# ### BEGIN SOLUTION
# (a) 4 times as many. (b) 4 times: the same work at each position. (c) 16 times: each of 4 times as many queries
# meets 4 times as many keys. (d) Not at all: weights are shared by all positions, and there is none for a pair of
# positions. This is why the cost of attention, and not its size, limits the resolution of a ViT.
# ### END SOLUTION

# %% [markdown]
# ## 2 The encoder layer
#
# The same block as before, now from torch's parts. Post-norm: the sum is normalised. Dropout acts on the output of
# each sub-layer, before the sum (there may be more of it inside):
#
# $$ x \leftarrow \text{Norm}_1\big(x + \text{drop}(\text{Attention}(x, x, x))\big), \qquad
#    x \leftarrow \text{Norm}_2\big(x + \text{drop}(\text{FFN}(x))\big). $$


# %% task="TransformerEncoderLayer" minutes=20 difficulty="medium"
class TransformerEncoderLayer(nn.Module):
    """Self-attention and feed-forward (ReLU), each with a residual connection and a normalisation after it."""

    def __init__(self, input_dim: int, num_heads: int, dim_feedforward: int = 2048, dropout: float = 0.1):
        """Make the attention, two linear layers, two norms with torch's epsilon, and dropout."""
        super().__init__()
        ### BEGIN SOLUTION
        self.attention = nn.MultiheadAttention(input_dim, num_heads, dropout=dropout, batch_first=True)
        self.feedforward = nn.Sequential(
            nn.Linear(input_dim, dim_feedforward), nn.ReLU(), nn.Linear(dim_feedforward, input_dim)
        )
        self.norm1 = nn.LayerNorm(input_dim)
        self.norm2 = nn.LayerNorm(input_dim)
        self.dropout = nn.Dropout(dropout)
        ### END SOLUTION

    def forward(self, src: Tensor, src_mask: Tensor | None = None) -> Tensor:
        """Encode a batch of sequences.

        Shapes:
            src       (N, T, input_dim)
            src_mask  (T, T)             bool, True hides the key (column) from the query (row); None hides nothing
            out       (N, T, input_dim)
        """
        ### BEGIN SOLUTION
        found, _ = self.attention(src, src, src, attn_mask=src_mask, need_weights=False)
        src = self.norm1(src + self.dropout(found))
        return self.norm2(src + self.dropout(self.feedforward(src)))
        ### END SOLUTION


# %% [markdown] hint="TransformerEncoderLayer"
# 1. `nn.MultiheadAttention(input_dim, num_heads, batch_first=True)` returns a pair: the result and the weights.
# 2. The mask goes in as `attn_mask=src_mask`; True hides there, too.
# 3. Drop the output of the sub-layer, add it to what came in, then apply the norm. Do the same for linear - ReLU -
#    linear.

# %% [markdown]
# ## 3 ViT
#
# Embed the patches, add positions, run `num_layers` layers, average over all patches, and let one linear layer make the
# class scores of the average. The paper reads the result off an extra "class token" instead of the average; both work
# alike (its appendix D.3), and averaging is simpler. A cell below tries both.
#
# Positions are **learned** here: one vector for each patch, a parameter of shape (1, num_patches, embed_dim) that
# starts as small random numbers (standard deviation 0.02). A ViT does not know that patches form a grid. (Sinusoids are
# accepted too, if you prefer them.)


# %% task="VisionTransformer" minutes=30 difficulty="medium"
class VisionTransformer(nn.Module):
    """Classify images: patches, positions, encoder layers, the mean of all patches, a linear layer."""

    def __init__(
        self,
        img_size: int | tuple[int, int] = 32,
        patch_size: int = 8,
        in_channels: int = 3,
        embed_dim: int = 128,
        num_layers: int = 6,
        num_heads: int = 4,
        dim_feedforward: int = 256,
        num_classes: int = 10,
        dropout: float = 0.1,
    ):
        """Make a PatchEmbedding, positions, num_layers TransformerEncoderLayers and a linear layer to the classes."""
        super().__init__()
        ### BEGIN SOLUTION
        self.patches = PatchEmbedding(img_size, patch_size, in_channels, embed_dim)
        self.positions = nn.Parameter(0.02 * torch.randn(1, self.patches.num_patches, embed_dim))
        self.layers = nn.ModuleList(
            TransformerEncoderLayer(embed_dim, num_heads, dim_feedforward, dropout) for _ in range(num_layers)
        )
        self.classify = nn.Linear(embed_dim, num_classes)
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """Class scores.

        Shapes:
            x    (N, C, H, W)      images
            out  (N, num_classes)  logits
        """
        ### BEGIN SOLUTION
        x = self.patches(x) + self.positions
        for layer in self.layers:
            x = layer(x)
        return self.classify(x.mean(dim=1))
        ### END SOLUTION


# %% [markdown] hint="VisionTransformer"
# 1. `PatchEmbedding` knows `num_patches`. The positions are one `nn.Parameter` of the shape (1, num_patches,
#    embed_dim), small random numbers.
# 2. The layers belong into an `nn.ModuleList` or `nn.Sequential`, and each of them gets the dropout.
# 3. Add the positions once, before the first layer. After the last one take the mean over the patches, and apply a
#    linear layer to the classes.

# %% [markdown]
# Training and prediction are given.


# %%
def train(
    model: nn.Module,
    images: Tensor,
    labels: Tensor,
    *,
    epochs: int,
    batch_size: int = 64,
    learning_rate: float = 1e-3,
    progress: bool = False,
) -> list[float]:
    """Train with AdamW, the learning rate rising and falling; the loss of every iteration.

    `progress` shows a progress bar.

    Shapes:
        images  (N, C, H, W)  float in [0, 1]
        labels  (N,)          int64
    """
    steps = epochs * -(-len(images) // batch_size)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, learning_rate, total_steps=steps)
    losses = []
    model.train()
    for _ in tqdm(range(epochs), unit="epoch", disable=not progress):
        for rows in torch.randperm(len(images), device=images.device).split(batch_size):
            loss = nn.functional.cross_entropy(model(4 * images[rows] - 2), labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
    return losses


@torch.no_grad()
def predict(model: nn.Module, images: Tensor) -> Tensor:
    """The class with the highest score: (N, C, H, W) -> (N,)."""
    model.eval()
    return torch.cat([model(4 * part - 2).argmax(dim=1) for part in images.split(256)])


# %% [markdown]
# A small ViT on 4,000 scenes, with patches of 4 x 4 pixels. Chance is 10 %.

# %% tags=["active-ipynb"]
# # about 25 seconds
# seed_everything(0)
# vit = VisionTransformer(patch_size=4, embed_dim=48, num_layers=2, dim_feedforward=96, dropout=0.0)
# started = time.perf_counter()
# losses = train(vit, x_train, y_train, epochs=8, learning_rate=2e-3, progress=True)
# accuracy = (predict(vit, x_test) == y_test).double().mean()
# print(f"{100 * accuracy:.1f} % of the test scenes, after {time.perf_counter() - started:.0f} s")
# plt.figure(figsize=(6, 3))
# plt.plot(losses)
# plt.xlabel("iteration")
# plt.ylabel("loss")
# show(f"The loss of every iteration falls from {losses[0]:.2f} to about {sum(losses[-50:]) / 50:.2f}.")

# %% [markdown]
# Where does it look? For each scene, how much attention every patch gets in the second layer, the mean over all
# queries: one picture for each head, bright is much.

# %% tags=["active-ipynb"]
# def attention_maps(model, images):
#     """The weights of each nn.MultiheadAttention: a list of (N, heads, T, T)."""
#     seen, wanted = [], {"need_weights": True, "average_attn_weights": False}
#     attentions = [m for m in model.modules() if isinstance(m, nn.MultiheadAttention)]
#     hooks = [m.register_forward_pre_hook(lambda *call: seen.append(call), with_kwargs=True) for m in attentions]
#     predict(model, images)
#     for hook in hooks:
#         hook.remove()
#     with torch.no_grad():
#         return [m(*args[:3], **{**rest, **wanted})[1] for m, args, rest in seen]
#
#
# shown = x_test[:6]
# maps = attention_maps(vit, shown)
# if maps:
#     received = maps[-1].mean(dim=2).unflatten(2, (8, 8))  # (N, heads, 8, 8)
#     most = float(received.max())
#     figure, axes = plt.subplots(5, 6, figsize=(9.6, 7.5), layout="constrained")
#     for n in range(6):
#         axes[0, n].imshow(shown[n].permute(1, 2, 0))
#         axes[0, n].set_title(scenes.class_names[y_test[n]], fontsize=9)
#         for head in range(4):
#             image = axes[1 + head, n].imshow(received[n, head], cmap="magma", vmin=0, vmax=most)
#     for ax, name in zip(axes[:, 0], ["scene", *(f"head {head + 1}" for head in range(4))]):
#         ax.set_ylabel(name)
#     for ax in axes.flat:
#         ax.set(xticks=[], yticks=[])
#     figure.colorbar(image, ax=axes[1:], label="attention received, mean over the queries", shrink=0.7)
#     show("Six scenes, and below each of them one map per head: a few patches receive most of the attention.")
# else:
#     print("No picture: your layers use an attention of your own, and this cell reads nn.MultiheadAttention.")

# %% [markdown]
# Did it find out that patches form a grid? For 16 of the 64 patches, how similar (cosine) its learned position is to
# every other one, laid out as the patches are. A dot marks the patch's own place. A red cross or spot around it means:
# neighbours, or patches of the same row or column, have got similar vectors. Dosovitskiy et al. show this in their
# figure 7, after training on millions of images; after 4,000 it is only beginning.

# %% tags=["active-ipynb"]
# learned = [p for p in vit.parameters() if p.dim() == 3 and p.shape[1] == 64]
# if learned:  # a ViT with sinusoids has none
#     unit = nn.functional.normalize(learned[0][0].detach(), dim=1)
#     similar = (unit @ unit.T).unflatten(1, (8, 8)).unflatten(0, (8, 8))[::2, ::2].flatten(0, 1)  # (16, 8, 8)
#     figure, axes = plt.subplots(4, 4, figsize=(5.5, 4.4), layout="constrained")
#     for place, (ax, picture) in enumerate(zip(axes.flat, similar)):
#         image = ax.imshow(picture, cmap="RdBu_r", vmin=-1, vmax=1)
#         ax.plot(2 * (place % 4), 2 * (place // 4), "w.")
#         ax.set_axis_off()
#     figure.colorbar(image, ax=axes, label="cosine", shrink=0.7)
#     show("16 maps of cosines between learned positions: each is largest at its own place, and larger near it.")

# %% [markdown]
# ### The class token
#
# The paper's own way to read the answer: put one more vector in front of the patches, the **class token**. It is a
# parameter, the same for every image, with a position of its own. In each layer it may look at all patches and collect
# what it needs; after the last layer the linear layer reads the token and nothing else. BERT reads sentences in the
# same way, and the ViTs that you can download have such a token. With $z_0$ for what enters the first layer and $E$ for
# your patch embedding (Dosovitskiy et al., equation 1),
#
# $$ z_0 = [\,x_\text{class};\; E x_1;\; E x_2;\; \ldots;\; E x_T\,] + P, \qquad P \in \mathbb{R}^{(1 + T) \times D}. $$
#
# The cell builds a ViT of your parts with an option `pool`, and trains it both ways. A ViT with a token has one more
# picture to offer: where does the *token* look? Not the mean over queries as above, but one row of the attention, the
# one that the answer is read from.

# %% tags=["active-ipynb"]
# # about 15 seconds
# class PooledViT(nn.Module):
#     """A ViT that classifies the mean of the patches ("mean") or the class token ("cls")."""
#
#     def __init__(self, pool, patch_size=8, dim=64, num_layers=2, num_heads=4, num_classes=10):
#         super().__init__()
#         self.pool, self.patches = pool, PatchEmbedding(32, patch_size, 3, dim)
#         tokens = self.patches.num_patches + (pool == "cls")
#         self.positions = nn.Parameter(0.02 * torch.randn(1, tokens, dim))
#         self.class_token = nn.Parameter(torch.zeros(1, 1, dim)) if pool == "cls" else None
#         self.layers = nn.Sequential(
#             *[TransformerEncoderLayer(dim, num_heads, 2 * dim, dropout=0.0) for _ in range(num_layers)]
#         )
#         self.classify = nn.Linear(dim, num_classes)
#
#     def forward(self, x):
#         x = self.patches(x)  # (N, T, D)
#         if self.pool == "cls":
#             x = torch.cat([self.class_token.expand(len(x), -1, -1), x], dim=1)  # (N, 1 + T, D)
#         x = self.layers(x + self.positions)
#         return self.classify(x[:, 0] if self.pool == "cls" else x.mean(dim=1))
#
#
# for pool in ("mean", "cls"):
#     seed_everything(0)
#     pooled = PooledViT(pool)
#     train(pooled, x_train, y_train, epochs=8, learning_rate=2e-3, progress=True)
#     accuracy = (predict(pooled, x_test) == y_test).double().mean()
#     print(f"pool = {pool!r:6} {100 * accuracy:.1f} % of the test scenes")
# maps = attention_maps(pooled, shown)
# if maps:
#     looked = maps[-1][:, :, 0, 1:].mean(dim=1).unflatten(1, (4, 4))  # (N, 4, 4), the token's row
#     figure, axes = plt.subplots(1, 6, figsize=(9.6, 2.1), layout="constrained")
#     for n, ax in enumerate(axes):
#         ax.imshow(shown[n].permute(1, 2, 0), extent=(0, 32, 32, 0))
#         image = ax.imshow(looked[n], extent=(0, 32, 32, 0), cmap="magma", alpha=0.6, vmin=0, vmax=float(looked.max()))
#         ax.set(xticks=[], yticks=[])
#         ax.set_title(scenes.class_names[y_test[n]], fontsize=9)
#     figure.colorbar(image, ax=axes, label="token's attention", shrink=0.8)
#     show("Six scenes, each with the attention of the class token over its 16 patches.")

# %% [markdown]
# ## 4 Without attention
#
# Is it attention that makes a ViT work, or is it enough that patches are mixed somehow? MLP-Mixer (Tolstikhin et al.,
# 2021, equation 1) mixes them by a plain two-layer network that runs **across** the patches, the same for each channel,
# and then runs a second one across the channels of each patch:
#
# $$ U = X + \text{MLP}_1\big(\text{LayerNorm}(X)^\top\big)^\top, \qquad
#    Y = U + \text{MLP}_2\big(\text{LayerNorm}(U)\big), \qquad
#    \text{MLP}(z) = W_2\, \text{GELU}(W_1 z + b_1) + b_2 . $$
#
# Note that here the norm comes first and the residual stays untouched ("pre-norm"), and that the nonlinearity is
# `nn.GELU`. A linear layer always works on the last axis, so transpose before and after.


# %% task="MixerBlock" minutes=25 difficulty="medium"
class MixerBlock(nn.Module):
    """Mix the tokens of each channel, then the channels of each token; norm first."""

    def __init__(self, tokens_dim: int, channels_dim: int, tokens_hidden: int, channels_hidden: int):
        """Make two nn.LayerNorm over the channels and two networks: linear, GELU, linear."""
        super().__init__()
        ### BEGIN SOLUTION
        self.norm1 = nn.LayerNorm(channels_dim)
        self.norm2 = nn.LayerNorm(channels_dim)
        self.mix_tokens = nn.Sequential(
            nn.Linear(tokens_dim, tokens_hidden), nn.GELU(), nn.Linear(tokens_hidden, tokens_dim)
        )
        self.mix_channels = nn.Sequential(
            nn.Linear(channels_dim, channels_hidden), nn.GELU(), nn.Linear(channels_hidden, channels_dim)
        )
        ### END SOLUTION

    def forward(self, x: Tensor) -> Tensor:
        """Mix.

        Shapes:
            x    (N, tokens_dim, channels_dim)
            out  (N, tokens_dim, channels_dim)
        """
        ### BEGIN SOLUTION
        x = x + self.mix_tokens(self.norm1(x).transpose(1, 2)).transpose(1, 2)
        return x + self.mix_channels(self.norm2(x))
        ### END SOLUTION


# %% [markdown] hint="MixerBlock"
# 1. Two `nn.LayerNorm(channels_dim)`, and two networks linear - `nn.GELU()` - linear: one of `tokens_dim`, one of
#    `channels_dim` numbers.
# 2. A linear layer acts on the last axis. To mix the tokens, `transpose(1, 2)` before the first network and again after
#    it.
# 3. The norm comes first, and what is added is the input *before* the norm.

# %% [markdown]
# ## Three architectures and more and more data
#
# A CNN knows two things before it sees an image: neighbouring pixels belong together, and a pattern means the same
# everywhere. A ViT must learn both from data, a Mixer too. So we train all three on 250, 1,000 and 4,000 scenes, with
# the same number of iterations, and test on the same 1,000.

# %% tags=["active-ipynb"]
# # about 90 seconds
# def small_cnn():
#     def stage(inside, outside):
#         return [nn.Conv2d(inside, outside, 3, padding=1), nn.BatchNorm2d(outside), nn.ReLU(), nn.MaxPool2d(2)]
#
#     stages = [*stage(3, 16), *stage(16, 32), *stage(32, 64)]
#     return nn.Sequential(*stages, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))
#
#
# class Mixer(nn.Module):
#     def __init__(self):
#         super().__init__()
#         self.patches = PatchEmbedding(32, 8, embed_dim=64)
#         self.blocks = nn.Sequential(*[MixerBlock(16, 64, 32, 128) for _ in range(2)])
#         self.classify = nn.Sequential(nn.LayerNorm(64), nn.Flatten(0, -2), nn.Linear(64, 10))
#
#     def forward(self, x):
#         mean = self.blocks(self.patches(x)).mean(dim=1)
#         return self.classify(mean)
#
#
# def small_vit():
#     return VisionTransformer(patch_size=8, embed_dim=64, num_layers=2, dim_feedforward=128, dropout=0.0)
#
#
# counts, accuracies = [250, 1000, 4000], {}
# for name, make in {"small CNN": small_cnn, "ViT": small_vit, "Mixer": Mixer}.items():
#     accuracies[name] = []
#     for count in tqdm(counts, desc=name, unit="training"):
#         seed_everything(0)
#         model = make()
#         train(model, x_train[:count], y_train[:count], epochs=32_000 // count, learning_rate=2e-3)
#         accuracies[name].append(100 * (predict(model, x_test) == y_test).double().mean().item())
#     size = sum(p.numel() for p in model.parameters())
#     print(f"{name:10} {size:6,} weights  " + "  ".join(f"{a:.1f} %" for a in accuracies[name]))
# plt.figure(figsize=(6, 3.5))
# for (name, heights), style in zip(accuracies.items(), ("o-", "s--", "^:")):
#     plt.plot(counts, heights, style, label=name)
# plt.xscale("log")
# plt.xticks(counts, [f"{count:,}" for count in counts])
# plt.minorticks_off()
# plt.xlabel("training scenes")
# plt.ylabel("test accuracy in %")
# plt.legend(frameon=False)
# ends = "; ".join(f"{name} {heights[0]:.0f} to {heights[-1]:.0f} %" for name, heights in accuracies.items())
# show(f"Test accuracy from 250 to 4,000 training scenes: {ends}.")

# %% [markdown] question="vit-q2"
# **Question 2.** (a) The CNN is ahead everywhere. Name the two things it knows in advance, and say which of its
# layers express them. (b) Which of the two does `PatchEmbedding` also express, and on which scale? (c) The paper finds
# ViT ahead of the best CNNs after training on 300 million images. How does that go together with the curves above?
# (d) A trained ViT takes images with more patches, if you stretch its positions. A trained Mixer cannot. Why? (e) The
# class token is the same vector for every image. How does what is read from it come to depend on the image, and what
# would it be after a network of *no* layers?

# %% [markdown] answer="vit-q2"
# ### BEGIN SOLUTION
# (a) Locality: a filter sees a few neighbouring pixels. Translation: the same filter is used everywhere, and average
# pooling at the end forgets the place. Both are in the convolutions. (b) Both, on the scale of a patch: pixels of a
# patch are looked at together, and every patch is embedded by the same weights, which makes it a convolution with
# stride p. Below that scale, and between patches, nothing is built in. (c) What is built in saves data while there is
# little, and restricts what can be learned when there is a lot. (d) The weights of attention are computed from the
# patches, so any number of them will do. The Mixer's first network has weights for each pair of patches. (e) In every
# layer the token's query is compared with the keys of all patches, and a mean of their values is added to it. Without
# a layer it is the same vector for all images, and so are the scores: the token alone knows nothing.
# ### END SOLUTION

# %% [markdown]
# ## What to take home
#
# An image is a sequence too, if you cut it up: nothing else in the Transformer had to change. What a CNN is given, a
# ViT has to learn, and with few images it shows. What an architecture knows in advance is worth data; whether it is
# worth having depends on how much data you have.
#
# **Where to look next.** Touvron et al. (*DeiT*, 2021) train a ViT on ImageNet alone, by augmentation and by copying a
# CNN. Swin (Liu et al., 2021) gives locality back: attention in windows that shift. MAE (He et al., 2022) hides three
# quarters of the patches and learns by painting them. Of this course, `a08_self_supervised` learns without labels, and
# `a09_diffusion` meets attention and positions again, as time.
