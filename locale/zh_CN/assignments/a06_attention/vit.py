# %% [markdown]
# # 视觉 Transformer
#
# Transformer 读的是向量的序列，并不在乎它们是不是词。Dosovitskiy 等（2020）在“An image is worth 16x16 words”中把图像切成正方形的图像块，把每一块叫作一个词，其余照旧。没有卷积，没有池化：哪些图像块应该联系在一起，注意力得自己发现。你来搭建这个**视觉 Transformer**（vision transformer，ViT），看看它需要哪些 CNN 不需要的东西，最后再写一个连注意力也没有的网络。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 图像块 | `PatchEmbedding` | 6 | 30 |
# | 2 编码器层 | `TransformerEncoderLayer` | 5 | 20 |
# | 3 ViT | `VisionTransformer` | 8 | 30 |
# | 4 不用注意力 | `MixerBlock` | 5 | 25 |
#
# 在 `transformers.ipynb` 中，你已经亲手写出了注意力和归一化。从这里起用 torch 的：`nn.MultiheadAttention(..., batch_first=True)` 用一次矩阵乘法算完所有头，`nn.LayerNorm` 就是你认识的那个。（用你自己的 `MultiHeadAttention` 也可以。）只有 torch 完整的 Transformer 层不允许使用，即 `nn.TransformerEncoderLayer` 之类：那正是要你写的。

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
# ## 1 图像块
#
# 把图像切成 $p \times p$ 像素的正方形，从左上角开始，一行接一行，再把每一块展平。然后用一个线性层得到每一块的嵌入（Dosovitskiy 等，式 1）。
#
#     (N, C, H, W)  ->  (N, H/p * W/p, C * p * p)  ->  (N, H/p * W/p, embed_dim)
#
# 当心两个顺序。图像块按阅读顺序排列：先是第一行的各块，再是第二行的。在一块之内，数按 **(C, p, p)** 的顺序排列：先是通道 0 的全部，一行接一行，再是通道 1。直接对图像用 `reshape`，两个顺序都不对：它沿着整行像素读。先拆开轴，用 `permute` 重排，再展平。

# %% task="PatchEmbedding"
# 约 30 分钟，中等。卡住了？hint("PatchEmbedding") 会给出第一步。
class PatchEmbedding(nn.Module):
    """把图像切成图像块，求出每一块的嵌入。"""

    def __init__(self, img_size: int | tuple[int, int], patch_size: int, in_channels: int = 3, embed_dim: int = 128):
        """创建一个带偏置的线性层；img_size 是正方形图像的边长，或 (H, W)。"""
        super().__init__()
        height, width = (img_size, img_size) if isinstance(img_size, int) else img_size
        if height % patch_size or width % patch_size:
            raise ValueError(f"Images of {height} x {width} cannot be cut into patches of {patch_size} x {patch_size}.")
        self.img_size = (height, width)
        self.patch_size = patch_size
        self.num_patches = (height // patch_size) * (width // patch_size)
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor) -> Tensor:
        """求出图像块的嵌入。

        Shapes:
            x    (N, C, H, W)                 图像
            out  (N, num_patches, embed_dim)  按阅读顺序的图像块
        """
        if tuple(x.shape[2:]) != self.img_size:
            raise ValueError(f"Expected images of {self.img_size}, got {tuple(x.shape[2:])}.")
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="PatchEmbedding"
# check("vit", task="PatchEmbedding")

# %% [markdown]
# 图像块边长为 8 和 4 像素时，Transformer 看到的场景是这样的：

# %% tags=["active-ipynb"]
# for p in (8, 4):
#     patches = x_train[3].unfold(1, p, p).unfold(2, p, p).permute(1, 2, 0, 3, 4).flatten(0, 1)
#     words = f"A scene cut into {len(patches)} patches of {p} x {p} pixels, each in its place."
#     figure = image_grid(patches, columns=32 // p, alt=words)
#     figure.set_size_inches(3.2, 3.2)
#     display(figure)

# %% [markdown] question="vit-q1"
# **简答题 1。** 图像块的边长减半，图像和 `embed_dim` 不变。下面各项变为原来的多少倍？(a) 图像块的个数。(b) 前馈网络的乘加运算次数。(c) 查询与键相乘的乘加运算次数。(d) 编码器层的权重个数。

# %% [markdown] answer="vit-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 2 编码器层
#
# 和前面一样的块，这次用 torch 的部件。后归一化：归一化作用于求和的结果。dropout 作用于每个子层的输出，在求和之前（子层内部还可以有）：
#
# $$ x \leftarrow \text{Norm}_1\big(x + \text{drop}(\text{Attention}(x, x, x))\big), \qquad
#    x \leftarrow \text{Norm}_2\big(x + \text{drop}(\text{FFN}(x))\big). $$

# %% task="TransformerEncoderLayer"
# 约 20 分钟，中等。卡住了？hint("TransformerEncoderLayer") 会给出第一步。
class TransformerEncoderLayer(nn.Module):
    """自注意力和前馈网络（ReLU），各有残差连接，之后是归一化。"""

    def __init__(self, input_dim: int, num_heads: int, dim_feedforward: int = 2048, dropout: float = 0.1):
        """创建注意力、两个线性层、两个归一化（用 torch 的 epsilon）和 dropout。"""
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, src: Tensor, src_mask: Tensor | None = None) -> Tensor:
        """编码一批序列。

        Shapes:
            src       (N, T, input_dim)
            src_mask  (T, T)             bool，True 表示对查询（行）遮住键（列）；None 表示什么都不遮
            out       (N, T, input_dim)
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="TransformerEncoderLayer"
# check("vit", task="TransformerEncoderLayer")

# %% [markdown]
# ## 3 ViT
#
# 求出图像块的嵌入，加上位置，运行 `num_layers` 层，对所有图像块取平均，再用一个线性层由这个均值算出类别得分。论文不取平均，而是从一个额外的“类别词元”读出结果；两种办法效果相近（论文附录 D.3），取平均更简单。后面有个单元格两种都试。
#
# 这里的位置是**学出来的**：每个图像块一个向量，合成一个形状为 (1, num_patches, embed_dim) 的参数，初始值是很小的随机数（标准差 0.02）。ViT 并不知道图像块排成网格。（如果你更喜欢正弦编码，也可以用。）

# %% task="VisionTransformer"
# 约 30 分钟，中等。卡住了？hint("VisionTransformer") 会给出第一步。
class VisionTransformer(nn.Module):
    """给图像分类：图像块、位置、编码器层、所有图像块的均值、线性层。"""

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
        """创建 PatchEmbedding、位置、num_layers 个 TransformerEncoderLayer，以及输出类别得分的线性层。"""
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor) -> Tensor:
        """类别得分。

        Shapes:
            x    (N, C, H, W)      图像
            out  (N, num_classes)  logit
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="VisionTransformer"
# check("vit", task="VisionTransformer")

# %% [markdown]
# 训练和预测的代码已经给出。

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
    """用 AdamW 训练，学习率先升后降；返回每次迭代的损失。

    `progress` 表示显示进度条。

    Shapes:
        images  (N, C, H, W)  [0, 1] 内的 float
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
    """得分最高的类别：(N, C, H, W) -> (N,)。"""
    model.eval()
    return torch.cat([model(4 * part - 2).argmax(dim=1) for part in images.split(256)])


# %% [markdown]
# 一个小 ViT，训练集是 4,000 个场景，图像块为 4 × 4 像素。随机猜测为 10%。

# %% tags=["active-ipynb"]
# # 约 25 秒
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
# 它看哪里？对每个场景，看第二层中每个图像块得到多少注意力，对所有查询取平均：每个注意力头一幅图，越亮表示越多。

# %% tags=["active-ipynb"]
# def attention_maps(model, images):
#     """每个 nn.MultiheadAttention 的权重：由 (N, heads, T, T) 组成的列表。"""
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
# 它发现图像块排成网格了吗？从 64 个图像块中取 16 个，看它们学到的位置与其他每个位置有多相似（余弦相似度），按图像块的布局画出。白点标出这一块自己的位置。如果它周围有红色的十字或光斑，就说明相邻的块，或者同行同列的块，学到了相似的向量。Dosovitskiy 等在图 7 中展示了这一点，那是在几百万张图像上训练之后；只用 4,000 张，这才刚刚开始。

# %% tags=["active-ipynb"]
# learned = [p for p in vit.parameters() if p.dim() == 3 and p.shape[1] == 64]
# if learned:  # 用正弦编码的 ViT 没有
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
# ### 类别词元
#
# 论文自己是这样读出答案的：在图像块前面再放一个向量，即**类别词元**（class token）。它是一个参数，对每张图像都一样，也有自己的位置。在每一层，它可以看所有图像块，收集自己需要的东西；最后一层之后，线性层只读这个词元，别的都不读。BERT 也这样读句子，能下载到的 ViT 也有这样的词元。记进入第一层的值为 $z_0$，你的图像块嵌入为 $E$，则（Dosovitskiy 等，式 1）
#
# $$ z_0 = [\,x_\text{class};\; E x_1;\; E x_2;\; \ldots;\; E x_T\,] + P, \qquad P \in \mathbb{R}^{(1 + T) \times D}. $$
#
# 这个单元格用你的部件搭一个 ViT，带选项 `pool`，两种方式各训练一遍。有类别词元的 ViT 还能多给一幅图：这个**词元**看哪里？画的不是上面那种对查询取的平均，而是注意力的一行，答案就是从这一行读出的。

# %% tags=["active-ipynb"]
# # 约 15 秒
# class PooledViT(nn.Module):
#     """一个 ViT，按图像块的均值（"mean"）或类别词元（"cls"）分类。"""
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
# ## 4 不用注意力
#
# ViT 管用，是靠注意力，还是只要用某种方式混合图像块就够了？MLP-Mixer（Tolstikhin 等 2021，式 1）先用一个普通的两层网络**跨**图像块混合，各通道共用这个网络；再用第二个网络，在每个图像块内跨通道混合：
#
# $$ U = X + \text{MLP}_1\big(\text{LayerNorm}(X)^\top\big)^\top, \qquad
#    Y = U + \text{MLP}_2\big(\text{LayerNorm}(U)\big), \qquad
#    \text{MLP}(z) = W_2\, \text{GELU}(W_1 z + b_1) + b_2 . $$
#
# 注意这里归一化在前，残差这一路原封不动（“前归一化”，pre-norm），非线性函数是 `nn.GELU`。线性层总是作用于最后一个轴，所以前后各转置一次。

# %% task="MixerBlock"
# 约 25 分钟，中等。卡住了？hint("MixerBlock") 会给出第一步。
class MixerBlock(nn.Module):
    """先混合每个通道的各个词元，再混合每个词元的各个通道；归一化在前。"""

    def __init__(self, tokens_dim: int, channels_dim: int, tokens_hidden: int, channels_hidden: int):
        """创建两个沿通道的 nn.LayerNorm 和两个网络：线性层、GELU、线性层。"""
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor) -> Tensor:
        """混合。

        Shapes:
            x    (N, tokens_dim, channels_dim)
            out  (N, tokens_dim, channels_dim)
        """
        # YOUR CODE HERE
        raise NotImplementedError()

# %% tags=["active-ipynb"] grade="MixerBlock"
# check("vit", task="MixerBlock")

# %% [markdown]
# ## 三种架构，越来越多的数据
#
# CNN 在看到图像之前就知道两件事：相邻像素彼此相关；同一种图案，出现在哪里都一样。ViT 必须从数据中学到这两点，Mixer 也是。所以三者都用 250、1,000 和 4,000 个场景训练，迭代次数相同，再用同样的 1,000 个场景来测试。

# %% tags=["active-ipynb"]
# # 约 90 秒
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
# **简答题 2。** (a) CNN 处处领先。说出它事先知道的两件事，以及它的哪些层体现了它们。(b) 其中哪一件也体现在 `PatchEmbedding` 中？在什么尺度上？(c) 论文发现，在 3 亿张（300 million）图像上训练之后，ViT 胜过最好的 CNN。这和上面的曲线怎么能同时成立？(d) 训练好的 ViT，只要把位置拉伸一下，就能处理图像块更多的图像；训练好的 Mixer 却不能。为什么？(e) 类别词元对每张图像都是同一个向量。从它读出的结果怎么会随图像而变？如果网络**一层**也没有，读出的会是什么？

# %% [markdown] answer="vit-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## 小结
#
# 图像切开了也是序列：Transformer 的其他部分都不用改。CNN 天生就有的东西，ViT 得学，图像少的时候差别就显出来了。架构事先知道的东西抵得上一些数据；值不值得要，取决于你有多少数据。
#
# **延伸阅读。** Touvron 等（*DeiT*，2021）只用 ImageNet 训练 ViT，靠的是数据增强和模仿一个 CNN。Swin（Liu 等 2021）找回了局部性：注意力在会移动的窗口内计算。MAE（He 等 2022）遮住四分之三的图像块，靠把它们补画出来学习。在本课程中，`a08_self_supervised` 不用标签学习，`a09_diffusion` 会再次遇到注意力和位置，那里的位置是时间。
