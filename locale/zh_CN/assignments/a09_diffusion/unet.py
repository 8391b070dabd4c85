# %% [markdown]
# # U-Net 与引导
#
# 去噪网络接收一张图像，返回同样大小的图像。它要看到整体（这是十字还是圆环？），又要保留每个细节（笔画究竟到哪里为止？）。**U-Net**（Ronneberger、Fischer 和 Brox，*U-Net: Convolutional Networks for Biomedical Image Segmentation*，2015）两样都做到了：先向下，降到位置很少、通道很多的底部，再向上回来；中间横着架起**跳跃连接**（skip connection），从下行路径的每个块连到上行路径上与它对应的块。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 现在是第几步？ | `SinusoidalPosEmb` | 4 | 15 |
# | 2 听从上下文的块 | `ResnetBlock` | 4 | 25 |
# | 3 U-Net | `Unet.forward`, `.cfg_forward` | 16 | 60 |

# %%
import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F


# %% tags=["active-ipynb"]
# import time
#
# import matplotlib.pyplot as plt
# from tqdm import tqdm
#
# from autograder import check, hint
# from common.data import load
# from common.plots import curves, image_grid, show
# from common.nets.classifier import frechet_distance, train_classifier
# from common.training.seed import seed_everything
# from diffusion import GaussianDiffusion
#
# torch.set_num_threads(1)  # 这么小的网络用更多线程没有多少好处

# %% [markdown]
# ## 1 现在是第几步？
#
# 所有时间步共用同一个网络，所以它需要 $t$ 作为输入。0 到 999 之间的一个数不是好输入：网络要从一个很大的值里分辨出细微的差别。不如给它**一组时钟**，指针转得有快有慢（Vaswani 等 2017 用于位置；Ho 用于时间步）。设有 $D$ 个数，$h = D / 2$，
#
# $$ \omega_i = \theta^{-i / (h - 1)}, \quad i = 0, \ldots, h - 1, \qquad \text{emb}(t) =
#    \big(\sin \omega_0 t, \ldots, \sin \omega_{h-1} t,\; \cos \omega_0 t, \ldots, \cos \omega_{h-1} t\big). $$
#
# 第一个时钟约 6 步转一圈；最后一个在 $\theta = 10000$ 时，63,000 步才转一圈。所有正弦在前，所有余弦在后。

# %% task="SinusoidalPosEmb"
# 约 15 分钟，简单。卡住了？hint("SinusoidalPosEmb") 会给出第一步。
class SinusoidalPosEmb(nn.Module):
    """时间步的正弦和余弦，有 dim / 2 个频率，从 1 降到 1 / theta。"""

    def __init__(self, dim: int, theta: float = 10000.0):
        """dim 是偶数，至少为 4。"""
        super().__init__()
        self.dim, self.theta = dim, theta

    def forward(self, time: Tensor) -> Tensor:
        """先正弦，后余弦。

        Shapes:
            time  (N,)      int64 或 float
            out   (N, dim)  float
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="SinusoidalPosEmb"
# check("unet", task="SinusoidalPosEmb")

# %% tags=["active-ipynb"]
# figure, axes = plt.subplots(figsize=(7, 2.4), layout="constrained")
# image = axes.imshow(SinusoidalPosEmb(64)(torch.arange(200)).T, aspect="auto", cmap="RdBu")
# figure.colorbar(image, ax=axes)
# axes.set(xlabel="t", ylabel="sines, then cosines")
# show("64 rows, sines above cosines: fast waves in the first rows of each half, ever slower ones below.")

# %% [markdown]
# ## 2 听从上下文的块
#
# 时间步和条件合成一个向量，即**上下文向量**（context），形状为 (N, D)。图像怎样听从一个向量？靠**缩放和平移**（Perez 等，*FiLM: Visual Reasoning with a General Conditioning Layer*，2018；从 Nichol 和 Dhariwal 2021 起用于扩散模型）：线性层把上下文向量变成每个通道两个数，归一化后的通道变为
#
# $$ h \;\to\; h \cdot (1 + \text{scale}) + \text{shift}. $$
#
# `Block` 已经给出，它是 conv 3x3 - 组归一化 - 缩放和平移（有的话）- SiLU - dropout。你的 `ResnetBlock` 是
#
#     scale, shift  =  linear(SiLU(context)) 的两半（按这个顺序），各 dim_out 个数
#     h             =  从 dim_in 到 dim_out 的 Block，有缩放和平移
#     h             =  从 dim_out 到 dim_out 的 Block，没有缩放和平移
#     out           =  h + x，dim_in 与 dim_out 不同时，x 先经过 1x1 卷积
#
# 两个 Block 中，只有第一个有 dropout。

# %%
class Block(nn.Module):
    """conv 3x3 - 组归一化 - (1 + scale) 和 shift - SiLU - dropout。"""

    def __init__(self, dim_in: int, dim_out: int, dropout: float = 0.0):
        super().__init__()
        self.conv = nn.Conv2d(dim_in, dim_out, 3, padding=1)
        self.norm = nn.GroupNorm(math.gcd(4, dim_out), dim_out)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, scale_shift: tuple[Tensor, Tensor] | None = None) -> Tensor:
        """Shapes: x (N, dim_in, H, W)；scale 和 shift 各 (N, dim_out)；out (N, dim_out, H, W)。"""
        x = self.norm(self.conv(x))
        if scale_shift is not None:
            scale, shift = (part[:, :, None, None] for part in scale_shift)
            x = x * (1 + scale) + shift
        return self.dropout(F.silu(x))


# %% task="ResnetBlock"
# 约 25 分钟，中等。卡住了？hint("ResnetBlock") 会给出第一步。
class ResnetBlock(nn.Module):
    """两个 Block 和一条捷径；上下文向量在第一个 Block 中缩放和平移。"""

    def __init__(self, dim_in: int, dim_out: int, context_dim: int, dropout: float = 0.0):
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """Shapes: x (N, dim_in, H, W)；context (N, context_dim)；out (N, dim_out, H, W)。"""
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="ResnetBlock"
# check("unet", task="ResnetBlock")

# %% [markdown]
# ## 3 U-Net
#
# 下行路径的每个层级有两个保持通道数的 `ResnetBlock`，然后是 `Downsample`，它把边长减半，并换成下一个通道数。设 `dim_mults = (m_1, ..., m_L)`，这些通道数就是 `dim, dim * m_1, ..., dim * m_L`。底部还有两个块。上行路径与下行路径对称：`Upsample` 把边长加倍，回到该层级的通道数；然后是两个 `ResnetBlock`，各自得到沿通道的**拼接** `[x, skip]`，x 在前，所以通道数加倍，返回的则是该层级的通道数。以 `dim_mults=(1, 2)` 为例：
#
#     init_conv            dim                                        final_conv   -> channels
#     block   -> keep a    dim     ------------------------------->   block([x, a])
#     block   -> keep b    dim     ------------------------------->   block([x, b])
#     Downsample           dim                                        Upsample      dim
#       block -> keep c    dim     ------------------------------->     block([x, c])
#       block -> keep d    dim     ------------------------------->     block([x, d])
#       Downsample         2*dim                                        Upsample      dim
#                      block, block   2*dim
#
# 右边从下往上读：保存的输出**后进先出**，依次用 d、c、b、a。图像的边长必须能被 $2^L$ 整除；高和宽不必相等。
#
# **条件**是每张图像一个向量，`model_kwargs["text_emb"]`，形状为 (N, condition_dim)。（这个名字是惯用的，因为条件多半由文字得来。这里是独热的类别。）`None` 或没有这个键，表示**无条件**：用零向量。
#
# **遗忘。** 下面的引导要求网络有条件、无条件都能预测。所以**在训练模式下**，一批中的每张图像以概率 `uncond_prob` 失去条件（换成零），各图像相互独立；在评估模式下，都不失去。
#
# ### 引导
#
# 条件模型知道类别，却很懒：许多带噪声的图像，不管类别是什么，都有一个差不多的答案。Ho 和 Salimans（*Classifier-Free Diffusion Guidance*，2022，式 6）沿着条件推动的方向走得更远：
#
# $$ \tilde\epsilon = (1 + s)\, \epsilon(x_t, c) - s\, \epsilon(x_t, \varnothing)
#    = \epsilon(x_t, c) + s\, \big(\epsilon(x_t, c) - \epsilon(x_t, \varnothing)\big). $$
#
# $s = 0$ 就是普通的条件模型，$s = -1$ 是无条件模型；不需要分类器，只需要一个有时得不到条件的网络。预测图像时公式相同（两种预测互为线性函数，而系数之和为 1）。
#
# 引导强度由 `model_kwargs["cfg_scale"]` 传入。带着它的调用，`forward` 会转给 `cfg_forward`，后者调用网络两次，都不带引导强度。采样器每一步传的都是**同一个** `model_kwargs`：不要改动这个字典。
#
# ### 类的定义
#
# 已经写好的部分：时间步和条件各经过一个小网络，两者之和就是上下文向量，所有块都用它。每个 `ResnetBlock` 都带 `dropout`。

# %%
class Downsample(nn.Conv2d):
    """把边长减半：步幅为 2 的 conv 3x3。"""

    def __init__(self, dim_in: int, dim_out: int):
        super().__init__(dim_in, dim_out, 3, stride=2, padding=1)


class Upsample(nn.Conv2d):
    """把边长加倍：每个像素重复四次，然后 conv 3x3。"""

    def __init__(self, dim_in: int, dim_out: int):
        super().__init__(dim_in, dim_out, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: x (N, dim_in, H, W)；out (N, dim_out, 2 H, 2 W)。"""
        return super().forward(F.interpolate(x, scale_factor=2, mode="nearest"))


class Embedding(nn.Sequential):
    """小网络：线性 - SiLU - 线性。把输入转换成权重的 dtype。"""

    def __init__(self, before: int, after: int):
        super().__init__(nn.Linear(before, after), nn.SiLU(), nn.Linear(after, after))

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: x (N, before)；out (N, after)。"""
        return super().forward(x.to(self[0].weight.dtype))


# %% task="Unet.forward Unet.cfg_forward"
# 约 60 分钟，困难。卡住了？hint("Unet.forward") 或 hint("Unet.cfg_forward") 会给出第一步。
class Unet(nn.Module):
    """由带噪声的图像、它的时间步和条件预测图像。"""

    def __init__(
        self,
        dim: int,
        condition_dim: int,
        dim_mults: tuple[int, ...] = (1, 2, 4, 8),
        channels: int = 3,
        uncond_prob: float = 0.2,
        dropout: float = 0.0,
    ):
        """dim 是偶数，至少为 4。"""
        super().__init__()
        self.channels, self.condition_dim, self.uncond_prob = channels, condition_dim, uncond_prob
        context_dim = 4 * dim
        self.time_mlp = nn.Sequential(SinusoidalPosEmb(dim), Embedding(dim, context_dim))
        self.condition_mlp = Embedding(condition_dim, context_dim)
        self.init_conv = nn.Conv2d(channels, dim, 3, padding=1)
        self.final_conv = nn.Conv2d(dim, channels, 1)
        dims = [dim, *(dim * mult for mult in dim_mults)]
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor, time: Tensor, model_kwargs: Mapping[str, Any] | None = None) -> Tensor:
        """模型的预测；model_kwargs 中有 "cfg_scale" 时，为 cfg_forward 的返回值。

        Shapes:
            x             (N, channels, H, W)  带噪声的图像，H 和 W 能被 2**len(dim_mults) 整除
            time          (N,)                 int64
            model_kwargs  dict                 "text_emb"：(N, condition_dim) 或 None
            out           (N, channels, H, W)
        """
        model_kwargs = model_kwargs or {}
        if "cfg_scale" in model_kwargs:
            return self.cfg_forward(x, time, model_kwargs)
        condition = model_kwargs.get("text_emb")
        if condition is None:
            condition = x.new_zeros(len(x), self.condition_dim)
        # YOUR CODE HERE
        raise NotImplementedError()

    def cfg_forward(self, x: Tensor, time: Tensor, model_kwargs: Mapping[str, Any]) -> Tensor:
        """(s + 1) * 有条件的预测 - s * 无条件的预测，s 是 model_kwargs["cfg_scale"]。

        不改动 model_kwargs。

        Shapes:
            x             (N, channels, H, W)
            time          (N,)
            model_kwargs  dict                 "text_emb"：(N, condition_dim)，"cfg_scale"：float
            out           (N, channels, H, W)
        """
        # YOUR CODE HERE
        raise NotImplementedError()

# %% tags=["active-ipynb"] grade="Unet.forward"
# check("unet", task="Unet.forward")

# %% tags=["active-ipynb"] grade="Unet.cfg_forward"
# check("unet", task="Unet.cfg_forward")

# %% [markdown]
# ## 训练
#
# 16 × 16 像素的字形，100 步噪声，网络预测图像，权重在 5 处封顶。条件是独热的类别，经过放大，使它与网络的其余输入大小相当。

# %% tags=["active-ipynb"]
# glyphs = load("glyphs", num_train=4000, num_test=500)
#
#
# def small(images):
#     """28 x 28 -> 16 x 16：加 2 个像素的边界，再取 2 x 2 的均值。"""
#     return F.avg_pool2d(F.pad(images, (2, 2, 2, 2)), 2)
#
#
# def large(images):
#     """16 x 16 -> 28 x 28，供分类器使用：每个像素重复四次，去掉边界。"""
#     return F.interpolate(images, scale_factor=2)[:, :, 2:-2, 2:-2].clamp(0, 1)
#
#
# def condition(labels):
#     return {"text_emb": 3 * F.one_hot(labels, 10).float()}
#
#
# x_train, y_train = small(glyphs.x_train), glyphs.y_train
# x_test, y_test = small(glyphs.x_test), glyphs.y_test
# classifier = train_classifier(large(x_train), y_train)
# right = classifier(large(x_test)).argmax(dim=1) == y_test
# print(f"the classifier is right about {100 * float(right.float().mean()):.1f} % of real glyphs")

# %% tags=["active-ipynb"]
# # 约 40 秒
# EPOCHS, BATCH = 12, 64
# seed_everything(0)
# model = Unet(16, 10, dim_mults=(2, 2), channels=1, uncond_prob=0.15)
# diffusion = GaussianDiffusion(model, image_size=16, timesteps=100, objective="pred_x_start", min_snr_gamma=5.0)
# optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, fused=True)
# schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=EPOCHS * -(-len(x_train) // BATCH))
# losses, begun = [], time.perf_counter()
# for epoch in tqdm(range(EPOCHS), unit="epoch"):
#     for rows in torch.randperm(len(x_train)).split(BATCH):
#         optimizer.zero_grad()
#         loss = diffusion.p_losses(x_train[rows], condition(y_train[rows]))
#         loss.backward()
#         optimizer.step()
#         schedule.step()
#         losses.append(float(loss.detach()))
# model.eval()
# print(f"{sum(p.numel() for p in model.parameters()):,} weights, {time.perf_counter() - begun:.0f} s")
# curves({"loss": torch.tensor(losses).unfold(0, 50, 1).mean(dim=1)}, xlabel="step", ylabel="loss, mean of 50 steps")

# %% [markdown]
# **各时间步的损失。** 哪些时间步难？下图是预测图像的误差，字形是网络没见过的，分别给出类别和不给类别。

# %% tags=["active-ipynb"]
# # 约 10 秒
# times, by_time = list(range(0, 100, 6)), {"with the class": [], "without": []}
# seed_everything(1)
# noise = torch.randn_like(x_test)
# with torch.no_grad():
#     for t in tqdm(times, unit="time"):
#         now = torch.full((len(x_test),), t)
#         noisy = diffusion.q_sample(2 * x_test - 1, now, noise)
#         for name, kwargs in zip(by_time, (condition(y_test), {"text_emb": None}), strict=True):
#             by_time[name].append(float((model(noisy, now, kwargs) - (2 * x_test - 1)).square().mean()))
# figure = curves(by_time, xlabel="t", ylabel="squared error of the image")
# figure.axes[0].set_xticks(range(0, len(times), 3), times[::3])
# figure

# %% [markdown]
# 在 $t = 0$ 附近，什么都还看得见，类别没有提供新的东西。到了最后，除了类别什么都看不出来：最好的猜测是该类字形的均值，或所有字形的均值。
#
# **推测。** 从噪声到字形的途中，网络以为图像是什么：先是该类的均值，然后是其中的一个。

# %% tags=["active-ipynb"]
# seed_everything(2)
# labels = torch.arange(10)
# kwargs = {**condition(labels), "cfg_scale": 2.0}
# way = diffusion.sample(10, return_all_timesteps=True, model_kwargs=kwargs)
# shown, beliefs = [1, 20, 40, 60, 80, 90, 99], []
# with torch.no_grad():
#     for step in shown:
#         x = 2 * way[:, step] - 1
#         beliefs.append(diffusion.model_predictions(x, torch.full((10,), 99 - step), kwargs)[1] / 2 + 0.5)
# rows = [torch.stack([way[n, step] for step in shown] + [belief[n] for belief in beliefs]) for n in (0, 3, 8)]
# titles = [f"t = {99 - step}" for step in shown] + [f"belief, t = {99 - step}" for step in shown]
# image_grid(torch.cat(rows), columns=14, titles=titles * 3)

# %% tags=["active-ipynb"]
# from IPython.display import HTML
# from matplotlib import animation
#
# figure, axes = plt.subplots(1, 10, figsize=(8, 1.1))
# shown = [a.imshow(way[i, 0, 0], cmap="gray", vmin=0, vmax=1) for i, a in enumerate(axes)]
# for a in axes:
#     a.set_axis_off()
#
#
# def frame(step):
#     for i, picture in enumerate(shown):
#         picture.set_data(way[i, step, 0].clamp(0, 1))
#     return shown
#
#
# film = animation.FuncAnimation(figure, frame, frames=[*range(0, 101, 4), *[100] * 5], interval=120)
# plt.close(figure)
# words = "Ten images turn from noise into glyphs, one of each class."
# HTML(film.to_jshtml(default_mode="once").replace("<img ", f'<img alt="{words}" '))

# %% [markdown] question="unet-q1"
# **简答题 1。** 取上面那个单元格中的网络，图像为 16 × 16，一个通道。(a) 在底部，即最后一个 `Downsample` 之后，每张图像有多少个数？输入有多少个？(b) 如果没有跳跃连接，预测目标为 `pred_noise` 时网络要怎样处理噪声，为什么没有希望？(c) 同样的理由对 `pred_x_start` 成立吗？

# %% [markdown] answer="unet-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 引导的作用
#
# 分类器有多少次认出了所要求的类别，代价又是什么？第二个数是样本与真实字形之间的 Fréchet 距离，用分类器的特征来算（这是 FID 的想法，Heusel 等 2017），按惯例取平方：0 表示均值相同，协方差也相同。只有 100 个样本时，它总不会小；拿来比较可以，不要引用。

# %% tags=["active-ipynb"]
# # 约 10 秒
# asked = torch.arange(100) % 10
# real = classifier.features(large(x_test))
#
#
# def judge(images):
#     """认出是所要求类别的占比，以及与真实字形的距离。"""
#     found = large(images)
#     share = (classifier(found).argmax(dim=1) == asked).float().mean()
#     return float(share), frechet_distance(classifier.features(found), real)
#
#
# scales, strips = [0.0, 1.0, 2.0, 4.0, 8.0], []
# for scale in tqdm(scales, unit="scale"):
#     seed_everything(3)
#     images = diffusion.ddim_sample(100, 16, model_kwargs={**condition(asked), "cfg_scale": scale})
#     share, distance = judge(images)
#     print(f"scale {scale:.0f}: recognised {100 * share:.0f} %, distance {distance:.1f}")
#     strips.append(images[:10])
# print(f"100 real glyphs:     distance {frechet_distance(real[:100], real[100:]):.1f}")
# image_grid(torch.cat(strips), columns=10, titles=[f"s = {scale:.0f}" for scale in scales for _ in range(10)])

# %% [markdown] question="unet-q2"
# **简答题 2。** (a) $s$ 增大时，字形会怎样，为什么？（把两种预测看作对数密度的梯度，分别属于 $p(x \mid c)$ 和 $p(x)$：它们的混合属于哪个密度？）(b) 用 `uncond_prob=0` 训练的模型，加上引导会怎样？用 `uncond_prob=1` 呢？

# %% [markdown] answer="unet-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## 再看步数：真正的网络
#
# 在 `diffusion.ipynb` 中，模型是完美的。这里是用训练好的模型做的 DDIM（$\eta = 0$）和 DDPM（$\eta = 1$），引导强度为 2。每次要求的都是同样的 100 个类别。

# %% tags=["active-ipynb"]
# # 约 10 秒
# counts, by_steps, strips, titles = [2, 4, 8, 16, 32], {"eta = 0 (DDIM)": [], "eta = 1 (DDPM)": []}, [], []
# for steps in tqdm(counts, unit="number of steps"):
#     for name, eta in zip(by_steps, (0.0, 1.0), strict=True):
#         seed_everything(4)
#         images = diffusion.ddim_sample(100, steps, eta=eta, model_kwargs={**condition(asked), "cfg_scale": 2.0})
#         by_steps[name].append(judge(images)[1])
#         if steps in (4, 8, 32):
#             strips.append(images[:10])
#             titles += [f"{steps} steps, eta {eta:.0f}"] * 10
# figure = curves(by_steps, xlabel="steps", ylabel="Fréchet distance")
# figure.axes[0].set_xticks(range(len(counts)), counts)
# figure

# %% tags=["active-ipynb"]
# image_grid(torch.cat(strips), columns=10, titles=titles)

# %% [markdown]
# 只走两步，字形就认得出来了。有引导时，步数越多，样本离真实字形**越远**：许多小步比几个大步更忠实地沿着夸大的方向走。把上面的 `cfg_scale` 设为 0：这时步数就是越多越好。
#
# ## 小结
#
# U-Net 把细节横着传过去，细节就不会丢。时间步和条件以缩放和平移的形式进入网络。有时得不到条件的模型就可以引导：引导多强，在采样时决定，而不是在训练时。把独热的类别换成句子的嵌入，把像素换成自编码器的编码，把 230,000 个权重换成十亿个，就得到了那些按描述画画的程序。
#
# **延伸阅读。** Rombach 等（*High-resolution image synthesis with latent diffusion models*，2022）做的正是这件事：它就是 Stable Diffusion。Dhariwal 和 Nichol（*Diffusion models beat GANs on image synthesis*，2021）用分类器来引导，后来的引导不再需要分类器。Peebles 和 Xie（*Scalable diffusion models with transformers*，2023）用 `a06_attention` 的 ViT 代替 U-Net。ControlNet（Zhang 等 2023）给条件加上一幅草图。
