# %% [markdown]
# # 扩散
#
# 毁掉一张图像很简单：不断加噪声，直到什么都不剩。如果你能撤销其中**一小步**，就可以从纯噪声开始，一步接一步地撤销，最后得到一张从来没有人画过的图像。撤销一小步是个回归问题：“加进去的是什么噪声？”而回归该怎么训练，我们是知道的。这就是 Ho、Jain 和 Abbeel 的 *Denoising Diffusion Probabilistic Models*（2020），下文简称 Ho。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 调度 | `linear_beta_schedule`, `cosine_beta_schedule`, `sigmoid_beta_schedule` | 13 | 50 |
# | 2 破坏过程 | `Process.q_sample`, `.predict_start_from_noise`, `.predict_noise_from_start`, `.q_posterior` | 22 | 40 |
# | 3 损失及其权重 | `loss_weight` | 4 | 15 |
# | 4 损失与采样 | `DDPM.p_losses`, `.model_predictions`, `.p_sample`, `.sample` | 25 | 60 |
# | 5 更少的步数 | `GaussianDiffusion.ddim_step`, `.ddim_sample` | 12 | 40 |
#
# 网络要到 `unet.ipynb` 才出现。在那之前，用一个不需要训练的模型就够了，它也能教会我们一些东西。

# %%
import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn


# %% tags=["active-ipynb"]
# import matplotlib.pyplot as plt
# from torch.nn import functional as F
#
# from autograder import check, hint
# from common.data import load
# from common.plots import curves, image_grid, show
# from common.training.seed import seed_everything
#
# torch.set_num_threads(1)
# glyphs = load("glyphs", num_train=1000, num_test=10)
#
#
# def small(images):
#     """28 x 28 -> 16 x 16：加 2 个像素的边界，再取 2 x 2 的均值。"""
#     return F.avg_pool2d(F.pad(images, (2, 2, 2, 2)), 2)
#
#
# x_train, y_train = small(glyphs.x_train), glyphs.y_train
# examples = torch.stack([x_train[y_train == label][0] for label in range(10)])
# image_grid(examples, columns=10, titles=glyphs.class_names)

# %% [markdown]
# ## 1 调度
#
# 破坏一步，就是把图像的值缩小一点，再加一点噪声，使像素的方差保持在 1 左右（Ho，式 2）：
#
# $$ q(x_t \mid x_{t-1}) = \mathcal N\big(\sqrt{1 - \beta_t}\, x_{t-1},\; \beta_t I\big). $$
#
# $\beta_t$ 是第 $t$ 步噪声的**方差**。记 $\alpha_t = 1 - \beta_t$，$\bar\alpha_t = \alpha_0 \alpha_1 \cdots \alpha_t$，后者是第 $t$ 步之后，图像的方差还剩下的占比。这里 $t$ 像代码中那样从 0 数到 $T - 1$；论文从 1 数起。所有 $\beta_t$ 的列表就是**调度**（schedule）。常用的有三种：
#
# **线性**（Ho，第 4 节）：**当 $T$ 为 1000 时**，$\beta$ 从 $10^{-4}$ 均匀增大到 $0.02$。$T$ 为其他值时，两端都乘以 $1000 / T$：步数少了，每步大了，最后的噪声大致相同。
#
# **余弦**（Nichol 和 Dhariwal，*Improved Denoising Diffusion Probabilistic Models*，2021，式 17）：选定 $\bar\alpha$，由它推出 $\beta$。在 $T + 1$ 个点 $u = 0, \tfrac1T, \ldots, 1$ 上，
#
# $$ f(u) = \cos^2\Big(\frac{u + s}{1 + s} \cdot \frac\pi2\Big), \qquad \bar\alpha(u) = \frac{f(u)}{f(0)}, \qquad
#    \beta_t = 1 - \frac{\bar\alpha\big(\frac{t + 1}T\big)}{\bar\alpha\big(\frac tT\big)}. $$
#
# **Sigmoid**（Jabri、Fleet 和 Chen 2022；这里的形式出自 Chen，*On the Importance of Noise Scheduling for Diffusion Models*，2023，算法 1）：做法相同，换一条曲线。设 $\sigma$ 为 logistic 函数，
#
# $$ \bar\alpha(u) =
#    \frac{\sigma(\text{end}/\tau) - \sigma\big((\text{start} + u\,(\text{end} - \text{start}))/\tau\big)}
#    {\sigma(\text{end}/\tau) - \sigma(\text{start}/\tau)}, \qquad \text{but never less than } \texttt{clamp\_min}, $$
#
# 再和前面一样，由 $\bar\alpha$ 的相邻值得出 $\beta_t$。
#
# 三种调度中，超过 0.999 的 $\beta_t$ 都改为 0.999：一步之后什么都不剩，就无法撤销了。用 float64 计算；一千个接近 1 的因子相乘，每一位都有用。

# %% task="linear_beta_schedule"
# 约 10 分钟，简单。卡住了？hint("linear_beta_schedule") 会给出第一步。
def linear_beta_schedule(timesteps: int) -> Tensor:
    """从 1e-4 到 0.02 等间距的 T 个值，两端都乘以 1000 / T；都不超过 0.999。

    Shapes:
        out  (T,)  float64
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="linear_beta_schedule"
# check("diffusion", task="linear_beta_schedule")

# %% task="cosine_beta_schedule"
# 约 20 分钟，中等。卡住了？hint("cosine_beta_schedule") 会给出第一步。
def cosine_beta_schedule(timesteps: int, s: float = 0.008) -> Tensor:
    """使 alpha bar 等于余弦平方的 beta；都不超过 0.999。

    Shapes:
        out  (T,)  float64
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="cosine_beta_schedule"
# check("diffusion", task="cosine_beta_schedule")

# %% task="sigmoid_beta_schedule"
# 约 20 分钟，中等。卡住了？hint("sigmoid_beta_schedule") 会给出第一步。
def sigmoid_beta_schedule(
    timesteps: int, start: float = -3, end: float = 3, tau: float = 1, clamp_min: float = 1e-5
) -> Tensor:
    """使 alpha bar 是一条下降的 sigmoid 曲线、且不低于 clamp_min 的 beta；beta 都不超过 0.999。

    Shapes:
        out  (T,)  float64
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="sigmoid_beta_schedule"
# check("diffusion", task="sigmoid_beta_schedule")

# %% [markdown]
# 200 步中每一步之后，图像还剩多少：左图以标准差计，右图是信噪比，画的是 $\log_{10} \bar\alpha / (1 - \bar\alpha)$。线性调度的最后三分之一，都花在已经消失的图像上。余弦和 sigmoid 在左图中看起来差不多，两端却不同，右图看得出来：在最初几步，余弦保留的图像更多；在最后几步，sigmoid 坚持得更久，然后骤降到 `clamp_min`。

# %% tags=["active-ipynb"]
# schedules = (linear_beta_schedule, cosine_beta_schedule, sigmoid_beta_schedule)
# figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.5), layout="constrained")
# for schedule, style in zip(schedules, (":", "-", "--")):
#     share = (1 - schedule(200)).cumprod(0)
#     name = schedule.__name__.removesuffix("_beta_schedule")
#     left.plot(share.sqrt(), style, label=name)
#     right.plot((share / (1 - share)).log10(), style, label=name)
# left.set(xlabel="t", ylabel="factor of the image")
# right.set(xlabel="t", ylabel="log10 of the signal-to-noise ratio")
# left.legend(frameon=False)
# show("The linear schedule loses the image first. Cosine and sigmoid agree in the middle and differ at both ends.")

# %% [markdown] question="diffusion-q1"
# **简答题 1。** 有人用 100 步的线性调度，却忘了因子 $1000 / T$。(a) 破坏结束时，图像大约乘上了多大的系数？（接近 1 的因子之积约为 $e^{-\text{sum}}$。）(b) 训练很顺利，损失甚至比以前更低。用这个模型画图像时会出什么问题，为什么损失看不出来？

# %% [markdown] answer="diffusion-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 2 破坏过程
#
# **跳跃。** 高斯变量相加仍是高斯变量，所以不必一步一步地走（Ho，式 4）：
#
# $$ x_t = \sqrt{\bar\alpha_t}\, x_0 + \sqrt{1 - \bar\alpha_t}\, \epsilon, \qquad \epsilon \sim \mathcal N(0, I). $$
#
# **三个未知数，一个方程。** 给定 $x_t$ 和 $t$，知道噪声就知道图像，反过来也一样：从方程中解出 $x_0$，再解出 $\epsilon$。网络预测哪一个都可以。
#
# **退一步。** 如果图像 $x_0$ 已知，由贝叶斯公式，$x_t$ 的前一步仍服从高斯分布（Ho，式 6 和 7）：
#
# $$ q(x_{t-1} \mid x_t, x_0) = \mathcal N(\tilde\mu_t,\; \tilde\beta_t I), \qquad
#    \tilde\mu_t = \frac{\sqrt{\bar\alpha_{t-1}}\, \beta_t}{1 - \bar\alpha_t} x_0
#    + \frac{\sqrt{\alpha_t}\, (1 - \bar\alpha_{t-1})}{1 - \bar\alpha_t} x_t, \qquad
#    \tilde\beta_t = \frac{1 - \bar\alpha_{t-1}}{1 - \bar\alpha_t} \beta_t. $$
#
# 第一步之前就是图像本身，一点都没有丢：$\bar\alpha_{-1} = 1$。代入公式：$t = 0$ 时均值是 $x_0$，标准差是 0，理应如此。
#
# 这些方法处理一批图像，**每张图像都可以有自己的 $t$**。`extract` 从一张表中取出每张图像对应的元素，并变成能与任意阶图像相乘的形状。表是 float64；`extract` 把取出的元素转换成图像的 dtype。这里像素在 [-1, 1] 中，这样图像和噪声的大小差不多。

# %%
def extract(table: Tensor, t: Tensor, x: Tensor) -> Tensor:
    """每张图像的 t 对应的元素，形状为 (N, 1, ..., 1)，轴数同 x，dtype 同 x。

    Shapes:
        table  (T,)      每个时间步一个数
        t      (N,)      int64，0 到 T - 1
        x      (N, ...)  只用到它的 dtype 和轴数
    """
    return table[t].to(x.dtype).reshape(-1, *[1] * (x.ndim - 1))


SCHEDULES = {"linear": linear_beta_schedule, "cosine": cosine_beta_schedule, "sigmoid": sigmoid_beta_schedule}


# %% task="Process.q_sample Process.predict_start_from_noise Process.predict_noise_from_start Process.q_posterior"
# 约 40 分钟，中等。卡住了？hint("Process.q_sample")（或换成另一个任务）会给出第一步。
class Process(nn.Module):
    """破坏图像的过程，以及不用网络就能算出的关于它的一切。

    含有 T 个元素的 float64 表：betas、alphas_cumprod 和 alphas_cumprod_prev，最后这个的第 0 个元素为 1。
    """

    def __init__(self, timesteps: int = 1000, beta_schedule: str | Tensor = "sigmoid"):
        """beta_schedule："linear"、"cosine"、"sigmoid"，或直接给出 beta 的张量。"""
        super().__init__()
        named = not isinstance(beta_schedule, Tensor)
        betas = SCHEDULES[beta_schedule](timesteps) if named else beta_schedule.double()
        left = (1 - betas).cumprod(dim=0)
        self.num_timesteps = len(betas)
        self.register_buffer("betas", betas)
        self.register_buffer("alphas_cumprod", left)
        self.register_buffer("alphas_cumprod_prev", torch.cat([torch.ones_like(left[:1]), left[:-1]]))

    def q_sample(self, x_start: Tensor, t: Tensor, noise: Tensor) -> Tensor:
        """sqrt(alpha bar) * x_start + sqrt(1 - alpha bar) * noise.

        Shapes:
            x_start  (N, ...)  [-1, 1] 中的图像
            t        (N,)      int64，每张图像一个时间步
            noise    (N, ...)  标准正态
            out      (N, ...)  x_t
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    def predict_start_from_noise(self, x_t: Tensor, t: Tensor, noise: Tensor) -> Tensor:
        """q_sample 用这个噪声造出 x_t 时所用的图像。

        Shapes:
            x_t    (N, ...)
            t      (N,)
            noise  (N, ...)
            out    (N, ...)  x_start
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    def predict_noise_from_start(self, x_t: Tensor, t: Tensor, x_start: Tensor) -> Tensor:
        """q_sample 用这张图像造出 x_t 时所用的噪声。

        Shapes:
            x_t      (N, ...)
            t        (N,)
            x_start  (N, ...)
            out      (N, ...)  noise
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    def q_posterior(self, x_start: Tensor, x_t: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        """给定 x_t 和图像时，x_{t-1} 的均值和标准差（不是方差）。

        Shapes:
            x_start  (N, ...)
            x_t      (N, ...)
            t        (N,)      可以为 0：均值为 x_start，标准差为 0
            mean     (N, ...)
            std      (N, ...)  或 (N, 1, ..., 1)
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="Process.q_sample"
# check("diffusion", task="Process.q_sample")

# %% tags=["active-ipynb"] grade="Process.predict_start_from_noise"
# check("diffusion", task="Process.predict_start_from_noise")

# %% tags=["active-ipynb"] grade="Process.predict_noise_from_start"
# check("diffusion", task="Process.predict_noise_from_start")

# %% tags=["active-ipynb"] grade="Process.q_posterior"
# check("diffusion", task="Process.q_posterior")

# %% [markdown]
# 同一个字形、同一份噪声，在九个时间步上，三种调度各一行。到哪里为止，你还认得出它原来是什么？

# %% tags=["active-ipynb"]
# seed_everything(0)
# times = torch.linspace(0, 199, 9).long()
# noise = torch.randn(1, 1, 16, 16)
# rows = []
# for name in ("linear", "cosine", "sigmoid"):
#     process = Process(200, name)
#     rows.append(process.q_sample((2 * examples[3:4] - 1).expand(9, -1, -1, -1), times, noise.expand(9, -1, -1, -1)))
# titles = [f"{name}, t = {int(t)}" for name in ("linear", "cosine", "sigmoid") for t in times]
# image_grid(torch.cat(rows) / 2 + 0.5, titles=titles, columns=9)

# %% [markdown]
# ## 3 损失及其权重
#
# 网络得到 $x_t$ 和 $t$，预测噪声（预测目标 `"pred_noise"`）或图像（`"pred_x_start"`）。训练就是普通的回归（Ho，算法 1）：取一些图像，为每张图像抽取 0 到 $T - 1$ 之间的一个时间步（各时间步的概率相等）和噪声；把它们混合；再把预测与混进去的东西比较，用平方误差。
#
# **两个预测目标一样吗？** 几乎一样。两种预测互相决定，由第 2 部分的方程可得
#
# $$ \|\hat\epsilon - \epsilon\|^2 = \mathrm{SNR}_t \, \|\hat x_0 - x_0\|^2, \qquad
#    \mathrm{SNR}_t = \frac{\bar\alpha_t}{1 - \bar\alpha_t}, $$
#
# 即**信噪比**。所以，损失就是选一组权重 $w_t$：噪声误差的权重为 1，等于图像误差的权重为 SNR。`gamma=None` 时，`loss_weight` 返回的就是这两种。$t$ 小时，SNR 有几千，几张几乎干净的图像决定一切；Hang 等（*Efficient Diffusion Training via Min-SNR Weighting Strategy*，2023）让它在 $\gamma$ 处封顶（他们取 5）：
#
# | 预测目标 | `gamma=None` | 给定 `gamma` |
# |---|---|---|
# | `pred_noise` | $1$ | $\min(\mathrm{SNR}_t, \gamma) / \mathrm{SNR}_t$ |
# | `pred_x_start` | $\mathrm{SNR}_t$ | $\min(\mathrm{SNR}_t, \gamma)$ |

# %% task="loss_weight"
# 约 15 分钟，中等。卡住了？hint("loss_weight") 会给出第一步。
def loss_weight(alphas_cumprod: Tensor, objective: str, gamma: float | None = None) -> Tensor:
    """每个时间步上平方误差的权重，预测目标为 "pred_noise" 或 "pred_x_start"。

    Shapes:
        alphas_cumprod  (T,)  alpha bar，float64，严格在 0 和 1 之间
        gamma           float  信噪比在此封顶；None 表示不封顶
        out             (T,)  float64
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="loss_weight"
# check("diffusion", task="loss_weight")

# %% [markdown]
# ### 损失从哪里来
#
# “预测噪声”看起来像个花招，其实它是**最大似然**化简之后的结果。最大似然要求训练图像的概率大。一张图像的概率，是对从噪声到它的所有路径 $x_1, \ldots, x_T$ 的积分，没有人算得出来。但可以写出一个下界，即**证据下界**（evidence lower bound，ELBO）。时间步像论文中那样从 1 数到 $T$（Ho，式 5），
#
# $$ -\log p(x_0) \;\le\; \underbrace{\mathrm{KL}\big(q(x_T | x_0) \,\|\, p(x_T)\big)}_{L_T}
#    + \sum_{t=2}^{T} \underbrace{\mathrm{KL}\big(q(x_{t-1} | x_t, x_0) \,\|\, p(x_{t-1} | x_t)\big)}_{L_{t-1}}
#    \; \underbrace{{} - \log p(x_0 | x_1)}_{L_0}, $$
#
# 每一项都对噪声取平均。这里有三种项：
#
# - $L_T$：最后图像消失了吗？这由调度决定，没有什么要学。
# - $L_{t-1}$：退一步。$q(x_{t-1} | x_t, x_0)$ 就是你的 `q_posterior`，它知道图像；模型的 $p(x_{t-1} | x_t)$ 只能猜。两者都是高斯分布，方差同为 $\tilde\beta_t$，于是散度不过是均值之间距离的平方 $\|\tilde\mu - \hat\mu\|^2 / 2\tilde\beta_t$。
# - $L_0$：最后一步，从几乎干净的像素到图像。
#
# 把 $\tilde\mu$ 的公式代入 $L_{t-1}$，并用噪声代替图像：大部分都消掉了（Ho，式 12），
#
# $$ L_{t-1} = \frac{\beta_t^2}{2\, \tilde\beta_t\, \alpha_t\, (1 - \bar\alpha_t)}\;
#    \|\epsilon - \hat\epsilon\|^2 . $$
#
# 所以最大似然**就是**对噪声的回归，每个时间步一个权重。Ho 等的**简单**损失（式 14）丢掉了这个权重：所有时间步都是 1。丢掉的是什么？按他们的调度（线性，1000 步），下界在最初几步的权重是中间的一百倍，而那几步只剩最细微的噪声。没有这个权重，训练就把力气用在噪声更大的时间步上，而图像画的是什么正是由它们决定的。样本更好看，似然则稍差一些。

# %% tags=["active-ipynb"]
# process = Process(1000, "linear")
# beta, left = process.betas, process.alphas_cumprod
# posterior = beta * (1 - process.alphas_cumprod_prev) / (1 - left)
# of_bound = beta[1:] ** 2 / (2 * posterior[1:] * (1 - beta[1:]) * (1 - left[1:]))
# weights = {"the bound": (of_bound, "-"), "simple": (torch.ones(999), "--")}
# weights["min-SNR, gamma 5"] = (loss_weight(left, "pred_noise", 5.0)[1:], ":")
# plt.figure(figsize=(6, 3.5), layout="constrained")
# for name, (values, style) in weights.items():
#     plt.plot(range(1, 1000), values, style, label=name)
# plt.yscale("log")
# plt.xlabel("t")
# plt.ylabel("weight of the noise's squared error")
# plt.legend(frameon=False)
# show("Weights over t: the bound's falls from 0.6 to a hundredth of that, the simple one is 1, min-SNR rises to 1.")

# %% [markdown]
# ## 4 损失与采样
#
# 从噪声开始，一步接一步地撤销（Ho，算法 2）。撤销一步的做法：
#
# 1. 模型看 $x_t$ 和 $t$。从它的回答得出它推测的噪声和图像（`model_predictions`）。
# 2. 没有像素会在 [-1, 1] 之外，所以推测的图像超出时要**截断**。截断之后，噪声就对不上了：由 $x_t$ 和截断后的图像**重新**推出噪声。
# 3. 从第 2 部分的后验分布中抽取 $x_{t-1}$，用推测的图像代替 $x_0$。$t = 0$ 时标准差为 0，得到的就是推测的图像本身。
#
# 对你的类，还有几条约定：
#
# - 模型以 `model(x_t, t, model_kwargs)` 调用，每张图像一个时间步，int64。`model_kwargs` 原样传下去；只有模型会看里面的内容。
# - 对外，图像在 [0, 1] 中：`p_losses` 接收这样的图像，先映射到 [-1, 1]；`sample` 和 `ddim_sample` 把要返回的图像映射回去。其他方法都只在 [-1, 1] 中。
# - 凡是没有给定 `noise`（或 `t`）的地方，就随机抽取，设备与图像相同，`noise` 的 dtype 也与图像相同。还没有图像的地方，从 float32 开始，设备与表相同。

# %% task="DDPM.p_losses DDPM.model_predictions DDPM.p_sample DDPM.sample"
# 约 60 分钟，困难。卡住了？hint("DDPM.p_losses")（或换成另一个任务）会给出第一步。
class DDPM(Process):
    """为撤销破坏过程而训练的模型，以及 Ho 等所走的从噪声到图像的路径。"""

    def __init__(
        self,
        model: nn.Module,
        *,
        image_size: int,
        timesteps: int = 1000,
        objective: str = "pred_noise",
        beta_schedule: str | Tensor = "sigmoid",
        min_snr_gamma: float | None = None,
    ):
        """objective：模型预测什么，"pred_noise" 或 "pred_x_start"。图像大小为 image_size x image_size。"""
        super().__init__(timesteps, beta_schedule)
        if objective not in ("pred_noise", "pred_x_start"):
            raise ValueError(f'objective must be "pred_noise" or "pred_x_start", not {objective!r}.')
        self.model, self.image_size, self.objective, self.min_snr_gamma = model, image_size, objective, min_snr_gamma
        self.channels = getattr(model, "channels", 3)

    def normalize(self, images: Tensor) -> Tensor:
        """[0, 1] 映射到 [-1, 1]。"""
        return 2 * images - 1

    def unnormalize(self, images: Tensor) -> Tensor:
        """[-1, 1] 映射到 [0, 1]。"""
        return (images + 1) / 2

    def p_losses(
        self,
        x_start: Tensor,
        model_kwargs: Mapping[str, Any] | None = None,
        t: Tensor | None = None,
        noise: Tensor | None = None,
    ) -> Tensor:
        """loss_weight 乘以模型预测的平方误差，对所有像素取平均。

        Shapes:
            x_start  (N, C, H, W)  [0, 1] 中的图像
            t        (N,)          int64；None：随机抽取，各时间步的概率相等
            noise    (N, C, H, W)  None：随机抽取
            out      ()            带计算图，供 backward() 使用
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    @torch.no_grad()
    def model_predictions(
        self, x_t: Tensor, t: Tensor, model_kwargs: Mapping[str, Any] | None = None
    ) -> tuple[Tensor, Tensor]:
        """模型推测的噪声和图像；图像截断到 [-1, 1]，噪声与截断后的图像相符。

        Shapes:
            x_t      (N, C, H, W)
            t        (N,)
            noise    (N, C, H, W)
            x_start  (N, C, H, W)  [-1, 1]
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    @torch.no_grad()
    def p_sample(
        self, x_t: Tensor, t: int, model_kwargs: Mapping[str, Any] | None = None, noise: Tensor | None = None
    ) -> Tensor:
        """退一步：从后验分布中抽取 x_{t-1}，用推测的图像（已截断）作为 x_start。

        Shapes:
            x_t    (N, C, H, W)
            t      int           所有图像的时间步
            noise  (N, C, H, W)  None：随机抽取
            out    (N, C, H, W)
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    @torch.no_grad()
    def sample(
        self,
        batch_size: int = 16,
        return_all_timesteps: bool = False,
        model_kwargs: Mapping[str, Any] | None = None,
    ) -> Tensor:
        """从噪声开始，用 num_timesteps 步画出的图像。

        Shapes:
            out  (N, C, S, S)  在 [0, 1] 中；有 return_all_timesteps 时为 (N, T + 1, C, S, S)，从噪声到图像。
                               带噪声的那些也按图像映射，会超出 [0, 1]；可以截断
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="DDPM.p_losses"
# check("diffusion", task="DDPM.p_losses")

# %% tags=["active-ipynb"] grade="DDPM.model_predictions"
# check("diffusion", task="DDPM.model_predictions")

# %% tags=["active-ipynb"] grade="DDPM.p_sample"
# check("diffusion", task="DDPM.p_sample")

# %% tags=["active-ipynb"] grade="DDPM.sample"
# check("diffusion", task="DDPM.sample")

# %% [markdown]
# ## 5 更少的步数
#
# 一千步就要运行大网络一千次。Song、Meng 和 Ermon（*Denoising Diffusion Implicit Models*，2021）找到了一整族返回路径，都适用于同一个训练好的模型。从时间步 $t$ 直接到任意更早的时间步 $t'$（他们的式 12 和 16）：
#
# $$ x_{t'} = \sqrt{\bar\alpha_{t'}}\, \hat x_0 + \sqrt{1 - \bar\alpha_{t'} - \sigma^2}\; \hat\epsilon + \sigma z,
#    \qquad \sigma = \eta \sqrt{\frac{1 - \bar\alpha_{t'}}{1 - \bar\alpha_t}}
#    \sqrt{1 - \frac{\bar\alpha_t}{\bar\alpha_{t'}}},
#    \qquad z \sim \mathcal N(0, I). $$
#
# $\eta = 1$ 且 $t' = t - 1$ 时，这**就是** Ho 的那一步，均值和方差都一样（试着推一推）。$\eta = 0$ 时完全不加噪声：最初的 $x_T$ 就决定了图像。最后一步到 $t' = -1$，那里 $\bar\alpha$ 为 1。
#
# `ddim_times` 已经给出，由它选择要经过哪些时间步。

# %%
def ddim_times(num_timesteps: int, steps: int) -> list[int]:
    """要经过的时间步，从 T - 1 以大致相等的步幅下降，末尾是 -1：共 steps + 1 个数。"""
    if not 1 <= steps <= num_timesteps:
        raise ValueError(f"steps must be 1 to {num_timesteps}, the number of timesteps, not {steps}.")
    return [num_timesteps * i // steps - 1 for i in range(steps, -1, -1)]


# %% task="GaussianDiffusion.ddim_step GaussianDiffusion.ddim_sample"
# 约 40 分钟，困难。卡住了？hint("GaussianDiffusion.ddim_step") 或 hint("GaussianDiffusion.ddim_sample") 会给出第一步。
class GaussianDiffusion(DDPM):
    """以上全部，再加上 Song 等步数更少的路径。"""

    @torch.no_grad()
    def ddim_step(
        self,
        x_t: Tensor,
        t: int,
        t_next: int,
        eta: float = 0.0,
        model_kwargs: Mapping[str, Any] | None = None,
        noise: Tensor | None = None,
    ) -> Tensor:
        """从时间步 t 直接到更早的时间步 t_next，后者可以是 -1。

        Shapes:
            x_t    (N, C, H, W)
            noise  (N, C, H, W)  公式中的 z；None：随机抽取
            out    (N, C, H, W)
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    @torch.no_grad()
    def ddim_sample(
        self,
        batch_size: int,
        steps: int,
        eta: float = 0.0,
        return_all_timesteps: bool = False,
        model_kwargs: Mapping[str, Any] | None = None,
        noise: Tensor | None = None,
    ) -> Tensor:
        """按 ddim_times 给出的时间步，用给定步数画出的图像。

        Shapes:
            noise  (N, C, S, S)  起始的 x_T；None：随机抽取
            out    (N, C, S, S)  在 [0, 1] 中；有 return_all_timesteps 时为 (N, steps + 1, C, S, S)，从噪声到图像
        """
        # YOUR CODE HERE
        raise NotImplementedError()

# %% tags=["active-ipynb"] grade="GaussianDiffusion.ddim_step"
# check("diffusion", task="GaussianDiffusion.ddim_step")

# %% tags=["active-ipynb"] grade="GaussianDiffusion.ddim_sample"
# check("diffusion", task="GaussianDiffusion.ddim_sample")

# %% [markdown]
# ## 不需要训练的模型
#
# 对**有限**的一组图像，可以直接写出最好的预测。给定 $x_t$，由贝叶斯公式可以算出，组中每张图像 $x^{(i)}$ 就是加噪声之前那一张的概率。最好的猜测是以这些概率为权重的均值：
#
# $$ \hat x_0 = \sum_i w_i\, x^{(i)}, \qquad
#    w = \mathrm{softmax}_i \Big( -\frac{\|x_t - \sqrt{\bar\alpha_t}\, x^{(i)}\|^2}{2\,(1 - \bar\alpha_t)} \Big). $$
#
# 在这些图像上，没有网络的损失能比它更低。下面就是这个模型，用了 300 个字形，以及它画出的东西。

# %% tags=["active-ipynb"]
# class Ideal(nn.Module):
#     """一组图像的加权均值，权重是 x_t 由该图像加噪声而来的概率。"""
#
#     channels = 1
#
#     def __init__(self, images, process):
#         super().__init__()
#         self.images, self.process = 2 * images - 1, process
#
#     def forward(self, x, time, model_kwargs=None):
#         left = extract(self.process.alphas_cumprod, time, x)  # (N, 1, 1, 1)
#         apart = (x[:, None] - left[:, None].sqrt() * self.images).flatten(2).square().sum(dim=2)  # (N, images)
#         weights = torch.softmax(-apart / 2 / (1 - left.flatten(1)), dim=1)
#         return torch.einsum("ni,ichw->nchw", weights, self.images)
#
#
# seed_everything(0)
# model = Ideal(x_train[:300], Process(200))
# ideal = GaussianDiffusion(model, image_size=16, timesteps=200, objective="pred_x_start")
# way = ideal.sample(10, return_all_timesteps=True)
# image_grid(way[:3, ::25].flatten(0, 1), columns=9, titles=[f"after {25 * i} steps" for i in range(9)] * 3)

# %% [markdown]
# ### 一维的返回路径
#
# 图像的维度太多，路径画不出来。数只有一维。让“图像”是两堆数，分别在 -0.6 和 0.5 附近；模型还是 `Ideal`，因为 1 × 1 像素的“图像”就是一个数。从左往右，时间倒着走：40 个数起初都是噪声。**DDPM** 每一步都加噪声，路径是锯齿状的，最后落到哪一堆，很久都定不下来。**DDIM** 不加噪声：路径平滑，互不相交，所以从哪里开始就决定了在哪里结束。两者最后都得到同样的两堆数。

# %% tags=["active-ipynb"]
# seed_everything(0)
# heaps = torch.cat([-0.6 + 0.05 * torch.randn(150), 0.5 + 0.1 * torch.randn(150)]).clamp(-1, 1)
# numbers = (heaps / 2 + 0.5).reshape(-1, 1, 1, 1)
# walker = GaussianDiffusion(Ideal(numbers, Process(100)), image_size=1, timesteps=100, objective="pred_x_start")
# begin = torch.randn(40, 1, 1, 1)
# figure, axes = plt.subplots(1, 3, figsize=(11, 3.4), width_ratios=(4, 4, 1), sharey=True, layout="constrained")
# for ax, (name, eta) in zip(axes, {"eta = 1 (DDPM)": 1.0, "eta = 0 (DDIM)": 0.0}.items()):
#     paths = walker.ddim_sample(40, 100, eta=eta, return_all_timesteps=True, noise=begin)[:, :, 0, 0, 0]
#     ax.plot(range(101), (2 * paths - 1).T, linewidth=0.8, color="C0" if eta else "C1")
#     ax.set(title=name, xlabel="steps back")
# axes[0].set_ylabel("x")
# axes[2].hist(heaps, bins=40, orientation="horizontal", color="grey")
# axes[2].set(title="the data", xticks=[])
# show("40 paths from noise to two heaps of numbers: jagged and crossing with eta = 1, smooth with eta = 0.")

# %% [markdown]
# 回到图像。做成动画（按播放键；不联网也能看）：

# %% tags=["active-ipynb"]
# from IPython.display import HTML
# from matplotlib import animation
#
# figure, axes = plt.subplots(1, 5, figsize=(6, 1.5))
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
# steps = list(range(0, 201, 8)) + [200] * 5
# film = animation.FuncAnimation(figure, frame, frames=steps, interval=120)
# plt.close(figure)
# words = "Five images turn from noise into glyphs."
# HTML(film.to_jshtml(default_mode="once").replace("<img ", f'<img alt="{words}" '))

# %% [markdown]
# 很漂亮，也很可疑。对每个画出的字形，在那 300 个中找最近的一个：

# %% tags=["active-ipynb"]
# drawn = way[:, -1]
# distances = torch.cdist(drawn.flatten(1), x_train[:300].flatten(1))
# nearest = x_train[:300][distances.argmin(dim=1)]
# print(f"largest difference of a pixel: {float((drawn - nearest).abs().max()):.1e}")
# image_grid(torch.cat([drawn, nearest]), columns=10, titles=["drawn"] * 10 + ["nearest of the 300"] * 10)

# %% [markdown] question="diffusion-q2"
# **简答题 2。** (a) 你看到了什么，为什么必然如此？(b) 可见训练损失低到极限的模型毫无用处。一个有一百万个权重、在 60,000 张图像上训练一小时的 U-Net，为什么不会这样？(c) 用什么实验能看出**你**训练的模型是不是在照抄？(d) 用下界的公式证明：如果不按噪声的误差，而按**图像**的误差来算，它的权重是 $\frac12 (\mathrm{SNR}_{t-1} - \mathrm{SNR}_t)$。（用 $\alpha_t = \bar\alpha_t / \bar\alpha_{t-1}$。）这些权重对所有时间步之和是多少？关于调度在两端之间该怎么选，这说明了什么？

# %% [markdown] answer="diffusion-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## DDPM 与 DDIM：按步数比较
#
# 模型完美时，多少步才够？这里量的是画出的字形到 300 个字形中最近一个的平均距离，按像素计。$\eta = 0$ 和 $\eta = 1$ 从同样的噪声开始。

# %% tags=["active-ipynb"]
# seed_everything(1)
# begin = torch.randn(10, 1, 16, 16)
# counts, error, pictures, titles = [2, 5, 10, 20, 50, 100, 200], {"eta = 0 (DDIM)": [], "eta = 1 (DDPM)": []}, [], []
# for steps in counts:
#     for name, eta in zip(error, (0.0, 1.0), strict=True):
#         images = ideal.ddim_sample(10, steps, eta=eta, noise=begin)
#         apart = torch.cdist(images.flatten(1), x_train[:300].flatten(1)).min(dim=1).values / 16
#         error[name].append(float(apart.mean()))
#         if steps in (5, 20, 200):
#             pictures.append(images[:6])
#             titles += [f"{steps} steps, eta {eta:.0f}"] * 6
# figure = curves(error, xlabel="steps", ylabel="distance from the nearest glyph")
# figure.axes[0].set_xticks(range(len(counts)), counts)
# figure.axes[0].set_yscale("log")
# figure

# %% tags=["active-ipynb"]
# image_grid(torch.cat(pictures), columns=6, titles=titles)

# %% [markdown]
# 完美的模型只需要很少几步。同一列中，起始噪声相同。$\eta = 0$ 时，步数稍多一些，字形也就相同了：从噪声到图像的路径是一条曲线，步数更多，只是跟得更紧。$\eta = 1$ 时，每次得到的都不一样。
#
# ## 小结
#
# 训练就是对一行代码就能造出的混合图像做回归；采样就是反复调用同一个模型。调度、损失的权重和返回路径都是可以选的，换掉它们不用动网络。接下来是 `unet.ipynb`：一个网络，以及告诉它画**什么**的办法。
#
# **延伸阅读。** Weng 的“What are diffusion models?”（2021）把这一切慢慢推导了一遍。Song 等（*Score-based generative modeling through stochastic differential equations*，2021）让步子变得无限小：这时 DDPM 是一个方程，DDIM 是分布相同的另一个方程。Karras 等（*Elucidating the design space of diffusion-based generative models*，2022）理清了哪些选择重要。
