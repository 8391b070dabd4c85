# %% [markdown]
# # 高斯混合模型与 EM
#
# 一个点从哪里来？**混合模型**（mixture）的说法是：先有人暗中抽出一个组 $z$，再从这个组的高斯分布里抽出点 $x$。你只看得到 $x$。组就是**隐变量**（latent variable）。这个笔记本包含所有隐变量模型都需要的三个想法：由 $x$ 推断 $z$（后验分布）；$z$ 看不见也能学（EM）；后验分布不精确时仍然成立的界（ELBO）。第二个笔记本的变分自编码器是同一回事，只是换成了网络。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 高斯分布的密度 | `gaussian_log_prob` | 4 | 20 |
# | 2 哪个组？后验分布 | `responsibilities` | 2 | 10 |
# | 3 EM | `m_step`, `fit_gmm` | 8 | 35 |
# | 4 两个高斯分布之间的距离 | `kl_gaussians` | 2 | 20 |
# | 5 下界：ELBO | `elbo` | 2 | 25 |

# %%
import math

import torch
from torch import Tensor


# %% tags=["active-ipynb"]
# from autograder import check, hint
# from common.data import planes
# from common.plots import curves
# from common.plots.figure import new_figure
# from common.training.seed import seed_everything
#
# seed_everything(0)
# points = planes.draw("ring", 600, seed=1).double()
# print("points", tuple(points.shape))

# %% [markdown]
# ## 1 高斯分布的密度
#
# $D$ 维空间中，均值为 $\mu$、协方差为 $\Sigma$ 时，
#
# $$\log N(x; \mu, \Sigma) = -\tfrac{1}{2} \big( D \log 2\pi + \log\det\Sigma + (x-\mu)^\top \Sigma^{-1} (x-\mu) \big)$$
#
# 永远不要对 $\Sigma$ 求逆。它的 **Cholesky 因子** $L$ 是下三角矩阵，满足 $L L^\top = \Sigma$。于是 $\log\det\Sigma = 2 \sum_i \log L_{ii}$，而 $(x-\mu)^\top \Sigma^{-1} (x-\mu) = \lVert y \rVert^2$，其中 $y$ 是三角方程组 $L y = x - \mu$ 的解。这样很快，而且即使椭圆的长是宽的一千倍，结果也准确。
#
# **手算。** $\mu = (1, 0)$，$\Sigma = \text{diag}(1, 4)$，$x = (1, 2)$：$\log\det\Sigma = \log 4$，$y = (0, 1)$，所以值为 $-\tfrac{1}{2}(2 \log 2\pi + \log 4 + 1) = -3.0310$。

# %% task="gaussian_log_prob"
# 约 20 分钟，简单。卡住了？hint("gaussian_log_prob") 会给出第一步。
def gaussian_log_prob(x: Tensor, mu: Tensor, Sigma: Tensor) -> Tensor:
    """每个点在每个高斯分布下的对数密度。不允许用 torch.distributions 和逆矩阵。

    Shapes:
        x      (N, D)
        mu     (K, D)
        Sigma  (K, D, D)  对称且正定
        out    (N, K)     单位为 nat
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="gaussian_log_prob"
# check("mixtures", task="gaussian_log_prob")

# %% [markdown]
# ## 2 哪个组？后验分布
#
# 混合模型给各组权重 $\pi_k$（为正，和为 1）：$p(x) = \sum_k \pi_k N(x; \mu_k, \Sigma_k)$。贝叶斯公式把它反过来。组 $k$ 对点 $n$ 的**响应度**（responsibility）就是 $x_n$ 来自这个组的概率：
#
# $$r_{nk} = p(z = k \mid x_n) = \frac{\pi_k N(x_n; \mu_k, \Sigma_k)}{\sum_j \pi_j N(x_n; \mu_j, \Sigma_j)}$$
#
# 如果一个点离所有组都很远，每个密度都小于 $10^{-308}$，分数就成了 0/0。要一直用对数：$\log r_{nk} = \log \pi_k + \log N_{nk} - \text{logsumexp}_j (\log \pi_j + \log N_{nj})$。最后一项就是 $\log p(x_n)$，以后会一再用到。

# %% task="responsibilities"
# 约 10 分钟，简单。卡住了？hint("responsibilities") 会给出第一步。
def responsibilities(x: Tensor, pi: Tensor, mu: Tensor, Sigma: Tensor) -> Tensor:
    """每个点属于各组的后验概率。离所有组都很远的点也不会得到 nan。

    Shapes:
        x      (N, D)
        pi     (K,)       不为负，和为 1
        mu     (K, D)
        Sigma  (K, D, D)
        out    (N, K)     每一行的和为 1
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="responsibilities"
# check("mixtures", task="responsibilities")

# %% [markdown]
# ## 3 EM
#
# 要是知道各组，拟合就很简单：求每组的均值和协方差。**期望最大化**（expectation maximisation；Dempster、Laird 和 Rubin 1977）把响应度当作软的分组，重复两步：
#
# **E**：用当前的参数计算 $r$。**M**：令 $N_k = \sum_n r_{nk}$（组 $k$ 的点的个数，不一定是整数），
#
# $$\pi_k = \frac{N_k}{N}, \qquad \mu_k = \frac{1}{N_k} \sum_n r_{nk} x_n, \qquad
# \Sigma_k = \frac{1}{N_k} \sum_n r_{nk} (x_n - \mu_k)(x_n - \mu_k)^\top + \epsilon I$$
#
# 一个组可能缩到只剩一个点，$\epsilon I$ 防止它变得无限窄：那里的似然会无限增大。一个点也没有的组（$N_k = 0$）也保留有限的参数。

# %% task="m_step"
# 约 15 分钟，简单。卡住了？hint("m_step") 会给出第一步。
def m_step(x: Tensor, r: Tensor, eps: float = 1e-6) -> tuple[Tensor, Tensor, Tensor]:
    """给定响应度下的权重、均值和协方差；协方差以**新的**均值为中心。

    不对点循环；不允许用 torch.cov。某个组没有点时，所有结果也必须是有限的。

    Shapes:
        x     (N, D)
        r     (N, K)  每一行的和为 1
        eps   float   加到各协方差的对角线上
        out   pi (K,), mu (K, D), Sigma (K, D, D)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="m_step"
# check("mixtures", task="m_step")

# %% [markdown]
# 然后是循环。开始时 $\pi_k = 1/K$，均值是随机抽取的 $K$ 个不同的数据点，每个组的协方差都是全部数据的协方差（除以 $N$，加上 $\epsilon I$）。历史记录包含 $\log p(x_n)$ 的均值：开始时一个，每次迭代之后一个。**它从不下降**：这是关于 EM 的定理（第 5 部分说明原因），曲线一旦下降，就说明有 bug。（$\epsilon$ 较大时，M 步得到的不完全是最大值，所以可能略有下降。）

# %% task="fit_gmm"
# 约 20 分钟，中等。卡住了？hint("fit_gmm") 会给出第一步。
def fit_gmm(
    x: Tensor, K: int, iterations: int, generator: torch.Generator | None = None, eps: float = 1e-6
) -> tuple[tuple[Tensor, Tensor, Tensor], Tensor]:
    """用 EM 拟合混合模型；返回它，以及第一次迭代之前和每次迭代之后的平均对数似然。

    Shapes:
        x          (N, D)
        K          int    最多为 N
        generator  作为初始均值的 K 个不同的点只由它决定；None：全局随机数生成器
        out        (pi (K,), mu (K, D), Sigma (K, D, D)), history (iterations + 1,)，单位为每点 nat 数
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="fit_gmm"
# check("mixtures", task="fit_gmm")

# %% tags=["active-ipynb"]
# def ellipse(plane, mean, Sigma, color):
#     """画出两个标准差处的椭圆。"""
#     angle = torch.linspace(0, 2 * math.pi, 60, dtype=mean.dtype)
#     circle = torch.stack([angle.cos(), angle.sin()])
#     plane.plot(*(mean[:, None] + 2 * torch.linalg.cholesky(Sigma) @ circle), color=color)
#
#
# figure = new_figure(12, 3.2, "EM with eight groups on a ring of eight clusters. Wide ellipses at the start shrink "
#                     "within 50 iterations until most of them cover one cluster.")
# for number, steps in enumerate((0, 5, 20, 50)):
#     (pi, mu, Sigma), history = fit_gmm(points, 8, steps, torch.Generator().manual_seed(3))
#     plane = figure.add_subplot(1, 4, number + 1, aspect="equal", title=f"{steps} iterations: {history[-1]:.3f} nats",
#                                xlim=(-7, 7), ylim=(-7, 7))
#     plane.scatter(*points.T, s=3, color="0.6")
#     for k in range(8):
#         ellipse(plane, mu[k], Sigma[k], f"C{k}")
# figure

# %% tags=["active-ipynb"]
# runs = {f"seed {seed}": fit_gmm(points, 8, 60, torch.Generator().manual_seed(seed))[1] for seed in range(4)}
# runs["the true density"] = planes.log_density("ring", points).mean().expand(61)
# curves(runs, ylabel="mean log-likelihood, nats")

# %% [markdown]
# 每条曲线都上升，但并不都停在同样的高度：EM 找到的是起点附近的极大值，而不是最大值。两个组从同一个簇开始，就可能永远共用这个簇，而第三个组得覆盖两个簇。

# %% [markdown] question="mixtures-q1"
# **简答题 1。** 最好的几个随机种子，曲线的终点比真实密度的似然略**高**。这是 bug 吗？如果用 300 个组、很小的 $\epsilon$ 拟合 600 个点，似然会怎样？你会如何选择 $K$？

# %% [markdown] answer="mixtures-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 4 两个高斯分布之间的距离
#
# **Kullback-Leibler 散度** $\text{KL}(p \| q) = E_p[\log p - \log q]$ 只有在 $p = q$ 时为 0，而且不对称。对高斯分布 $p = N(m_0, S_0)$ 和 $q = N(m_1, S_1)$，它有闭式：
#
# $$\text{KL} = \tfrac{1}{2} \Big( \text{tr}(S_1^{-1} S_0) + (m_1 - m_0)^\top S_1^{-1} (m_1 - m_0) - D
# + \log\det S_1 - \log\det S_0 \Big)$$
#
# **手算。** 从 $N((1, 0), \text{diag}(1, 4))$ 到 $N(0, I)$：$\tfrac{1}{2}(5 + 1 - 2 + 0 - \log 4) = 1.3069$。如果两个协方差都是对角的，只用方差的向量就够了；VAE 只用到这种情形。

# %% task="kl_gaussians"
# 约 20 分钟，简单。卡住了？hint("kl_gaussians") 会给出第一步。
def kl_gaussians(m0: Tensor, S0: Tensor, m1: Tensor, S1: Tensor) -> Tensor:
    """KL(N(m0, S0) || N(m1, S1))。不允许用 torch.distributions。

    Shapes:
        m0, m1  (D,)
        S0, S1  (D, D) 的协方差；或者都是 (D,)：对角协方差的方差
        out     ()      单位为 nat
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="kl_gaussians"
# check("mixtures", task="kl_gaussians")

# %% [markdown]
# ## 5 下界：ELBO
#
# 对一个点所属的组，取**任意**分布 $q(z)$。由 Jensen 不等式得到 $\log p(x)$ 的一个下界，即**证据下界**（evidence lower bound）。它有三种写法，彼此相等：
#
# $$\begin{aligned}
# \text{ELBO} &= \log p(x) - \text{KL}(q(z) \,\|\, p(z \mid x)) && \text{it touches if } q \text{ is the posterior} \\
# &= E_q[\log p(x, z)] + H(q) && \text{EM maximises this} \\
# &= E_q[\log p(x \mid z)] - \text{KL}(q(z) \,\|\, p(z)) && \text{the VAE maximises this}
# \end{aligned}$$
#
# 这样 EM 就能用一幅图看懂：E 步把 $q$ 取为后验分布，让下界碰到 $\log p(x)$；M 步抬高下界，它上面的 $\log p(x)$ 至少也升高这么多。
#
# $q_k = 0$ 处，项 $q_k \log q_k$ 为 0。

# %% task="elbo"
# 约 25 分钟，中等。卡住了？hint("elbo") 会给出第一步。
def elbo(x: Tensor, q: Tensor, pi: Tensor, mu: Tensor, Sigma: Tensor) -> Tensor:
    """log p(x) 的下界的三种形式，顺序与正文相同，各按自己的公式计算。

    Shapes:
        x      (N, D)
        q      (N, K)  每个点在各组上的任意分布；元素可以为 0
        pi     (K,)    为正
        mu     (K, D)
        Sigma  (K, D, D)
        out    (N, 3)  log p - KL(q, posterior); E log p(x, z) + H(q); E log p(x | z) - KL(q, prior)
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="elbo"
# check("mixtures", task="elbo")

# %% tags=["active-ipynb"]
# (pi, mu, Sigma), _ = fit_gmm(points, 8, 3, torch.Generator().manual_seed(1))
# one = points[:1]
# r = responsibilities(one, pi, mu, Sigma)
# t = torch.linspace(0, 1, 41, dtype=r.dtype)
# bounds = torch.cat([elbo(one, (1 - s) * torch.full_like(r, 1 / 8) + s * r, pi, mu, Sigma)[:, 1] for s in t])
# evidence = torch.logsumexp(pi.log() + gaussian_log_prob(one, mu, Sigma), dim=1)
# curves({"ELBO": bounds, "log p(x)": evidence.expand(41)}, x=t, ylabel="nats",
#        xlabel="share of the posterior in q, the rest is 1/8 for each group")

# %% [markdown]
# 下界恰好在 $q$ 等于后验分布处碰到 $\log p(x)$，在别处都碰不到。

# %% [markdown] question="mixtures-q2"
# **简答题 2。** 用第一种形式证明：EM 的一次迭代不会使 $\log p(x)$ 降低；三句话即可。如果 M 步只把下界改进一点点，证明还成立吗？如果 E 步只粗略地求出后验分布呢？

# %% [markdown] answer="mixtures-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## 小结
#
# 隐变量要通过求和消去：$p(x) = \sum_z p(z)\, p(x \mid z)$。EM 交替求后验分布和做加权拟合，绝不会让似然变差。ELBO 对任意 $q$ 都是下界；它与 $\log p(x)$ 的差距，就是从 $q$ 到后验分布的 KL 散度。接下来，求和变成积分，后验分布变成网络。
#
# **延伸阅读。** Neal 和 Hinton（1998）发现，EM 的两步都在提高同一个下界，所以每一步都可以只做一部分。Bishop（*Pattern recognition and machine learning*，2006）有一章专讲混合模型。Blei、Kucukelbir 和 McAuliffe（*Variational inference: a review for statisticians*，2017）从算不出后验的地方继续往下讲。
