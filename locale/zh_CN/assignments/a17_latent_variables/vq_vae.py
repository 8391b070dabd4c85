# %% [markdown]
# # 来自码本的编码：VQ-VAE
#
# VAE 的样本模糊，因为它的编码带噪声。**向量量化**（vector-quantised）自编码器（van den Oord 等 2017）没有噪声：图像变成由码本里的**词**组成的小网格，就像句子由词典里的词组成。它的重建很清晰。要画新的图像，就由第二个模型来学哪些词会相邻。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 最近的词 | `VectorQuantizer` | 6 | 30 |
# | 2 死词 | `code_usage`, `reset_dead` | 4 | 20 |

# %%
import torch
from torch import Tensor, nn


# %% tags=["active-ipynb"]
# import torch.nn.functional as F
#
# from autograder import check, hint
# from common.data import load
# from common.plots import curves, image_grid
# from common.training.seed import seed_everything
#
# seed_everything(0)
# glyphs = load("glyphs", num_train=2000, num_test=200)

# %% [markdown]
# ## 1 最近的词
#
# 编码器在每个位置给出一个有 $D$ 个数的向量 $z$。**码本**（codebook）有 $K$ 个向量；把 $z$ 换成其中最近的一个 $e$（按欧氏距离；有几个同样近时取第一个）。选择没有梯度，所以要靠三个技巧才能学习，其中 sg 表示不让梯度通过：
#
# - **直通**（straight through）。解码器得到 $z + \text{sg}[e - z]$：它的值是 $e$，梯度则原样传给 $z$。
# - **码本**向选中它的向量移动，损失为 $\lVert \text{sg}[z] - e \rVert^2$。
# - **承诺**（commitment）。编码器留在自己的选择附近，损失为 $\beta \lVert z - \text{sg}[e] \rVert^2$。
#
# 两个损失都是对所有数的均值。
#
# **手算。** $K = 2$ 个词，0 和 1，$z = 0.4$：最近的是 0，码本的损失为 0.16，承诺损失为 $0.16 \beta$。

# %% task="VectorQuantizer"
# 约 30 分钟，中等。卡住了？hint("VectorQuantizer") 会给出第一步。
class VectorQuantizer(nn.Module):
    """把向量换成码本中最近的词。唯一的参数是 `codebook`，形状为 (K, D)。"""

    def __init__(self, K: int, D: int, beta: float = 0.25) -> None:
        """随机抽取码本：K 个不同的向量。"""
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """量化每个位置。

        Shapes:
            z    (N, D, h, w)
            out  z_q (N, D, h, w), codes (N, h, w) int64, loss ()
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="VectorQuantizer"
# check("vq_vae", task="VectorQuantizer")

# %% [markdown]
# ## 2 死词
#
# 一个词如果没有向量选它，就得不到梯度，也就永远不会被选中。编码的**困惑度**（perplexity）数的是真正用到的词：$\exp(-\sum_k p_k \log p_k)$，其中 $p_k$ 是编码 $k$ 的占比。所有词同样频繁时，它是 $K$；只有一个词时，它是 1。补救办法很简单：把死词移到数据的向量上。
#
# **手算。** $K = 4$，编码为 0, 0, 1, 1：占比为 0.5, 0.5, 0, 0，困惑度为 2。

# %% task="code_usage reset_dead"
# 约 20 分钟，简单。卡住了？hint("code_usage") 或 hint("reset_dead") 会给出第一步。
def code_usage(codes: Tensor, K: int) -> float:
    """编码直方图的困惑度。

    Shapes:
        codes  任意形状   int64，从 0 到 K - 1
        out    float      Python 的数，从 1 到 K
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def reset_dead(codebook: Tensor, usage: Tensor, z: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """新的码本：从未用过的词各换成 z 的随机一行，其余的不变。

    Shapes:
        codebook   (K, D)
        usage      (K,)    int64：每个词用过多少次
        z          (M, D)  数据的向量
        generator  抽取的行只由它决定；None：全局随机数生成器
        out        (K, D)
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="code_usage"
# check("vq_vae", task="code_usage")

# %% tags=["active-ipynb"] grade="reset_dead"
# check("vq_vae", task="reset_dead")

# %% [markdown]
# 一个小的自编码器，有 7 × 7 个位置和 32 个词。两个码本中只照料一个：每 20 步，把它的死词移到数据上。

# %% tags=["active-ipynb"]
# def build():
#     """建立通向 7 × 7 个位置的编码器、量化器和解码器。"""
#     encoder = nn.Sequential(nn.Conv2d(1, 24, 4, 2, 1), nn.ReLU(), nn.Conv2d(24, 32, 4, 2, 1), nn.ReLU(),
#                             nn.Conv2d(32, 8, 1))
#     decoder = nn.Sequential(nn.Conv2d(8, 32, 3, 1, 1), nn.ReLU(), nn.ConvTranspose2d(32, 24, 4, 2, 1), nn.ReLU(),
#                             nn.ConvTranspose2d(24, 1, 4, 2, 1), nn.Sigmoid())
#     return nn.ModuleList([encoder, VectorQuantizer(32, 8), decoder])
#
#
# def train(model, care, epochs=6):
#     """用 Adam 训练；返回每一步的困惑度。"""
#     encoder, quantizer, decoder = model
#     optimizer, used, step = torch.optim.Adam(model.parameters(), 2e-3), [], 0
#     for _ in range(epochs):
#         for rows in torch.randperm(2000).split(50):
#             x = glyphs.x_train[rows]
#             z = encoder(x)
#             z_q, codes, loss = quantizer(z)
#             loss = loss + F.binary_cross_entropy(decoder(z_q), x)
#             optimizer.zero_grad()
#             loss.backward()
#             optimizer.step()
#             used.append(code_usage(codes, 32))
#             step += 1
#             if care and step % 20 == 0:
#                 with torch.no_grad():
#                     counts = torch.bincount(codes.flatten(), minlength=32)
#                     flat = z.movedim(1, -1).flatten(0, 2)
#                     quantizer.codebook.copy_(reset_dead(quantizer.codebook, counts, flat))
#     return used
#
#
# plain, cared = build(), build()
# curves({"dead words move": train(cared, True), "no care": train(plain, False)}, ylabel="words in use (perplexity)")

# %% tags=["active-ipynb"]
# encoder, quantizer, decoder = cared
# with torch.no_grad():
#     z_q, codes, _ = quantizer(encoder(glyphs.x_test[:10]))
#     again = decoder(z_q)
# image_grid(torch.cat([glyphs.x_test[:10], again]), ["image"] * 10 + ["again"] * 10, columns=10)

# %% [markdown]
# 笔画比 VAE 的清晰。要画新的图像，最简单的词模型是一张表：已知上面的词和左边的词，每个词在每个位置出现得多频繁？没见过的组合，就只看左边的词。（PixelCNN 这样的网络做起来要好得多。）

# %% tags=["active-ipynb"]
# with torch.no_grad():
#     words = quantizer(encoder(glyphs.x_train))[1]
# edge = 32  # 网格之外的词
# padded = F.pad(words, (1, 0, 1, 0), value=edge)
# full, left = torch.full((7, 7, 33, 33, 32), 1e-6), torch.full((7, 7, 33, 32), 1e-3)
# for y in range(7):
#     for x in range(7):
#         here = words[:, y, x]
#         full[y, x].index_put_((padded[:, y, x + 1], padded[:, y + 1, x], here), torch.ones(2000), accumulate=True)
#         left[y, x].index_put_((padded[:, y + 1, x], here), torch.ones(2000), accumulate=True)
# drawn = torch.full((20, 8, 8), edge)
# for y in range(7):
#     for x in range(7):
#         above, before = drawn[:, y, x + 1], drawn[:, y + 1, x]
#         table = full[y, x, above, before]
#         table = torch.where(table.sum(dim=1, keepdim=True) > 0.5, table, left[y, x, before])
#         drawn[:, y + 1, x + 1] = torch.multinomial(table, 1)[:, 0]
# with torch.no_grad():
#     images = decoder(quantizer.codebook[drawn[:, 1:, 1:]].movedim(-1, 1))
#     random = decoder(quantizer.codebook[torch.randint(32, (10, 7, 7))].movedim(-1, 1))
# image_grid(torch.cat([images, random]), ["table"] * 20 + ["random words"] * 10, columns=10)

# %% [markdown] question="vq_vae-q1"
# **简答题 1。** 如果去掉 (a) 直通技巧，(b) 承诺损失，(c) 码本的损失，码本、编码器和解码器各会怎样？

# %% [markdown] answer="vq_vae-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 小结
#
# 离散编码需要直通的梯度，以及两个让码本和编码器互相靠拢的损失。要留意有多少词真正被用到。先验分布是之后在词上学的，样本的质量就来自那里。
#
# **延伸阅读。** Van den Oord、Vinyals 和 Kavukcuoglu（*Neural discrete representation learning*，2017）是本笔记本所依据的论文。VQ-VAE-2（Razavi、van den Oord 和 Vinyals 2019）在两个尺度上使用词。Esser、Rombach 和 Ommer（*Taming transformers for high-resolution image synthesis*，2021）用 Transformer 学习先验，DALL-E（Ramesh 等，*Zero-shot text-to-image generation*，2021）则在前面加上一句话。Mentzer 等（*Finite scalar quantization*，2024）用取整代替码本。
