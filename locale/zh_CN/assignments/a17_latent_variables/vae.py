# %% [markdown]
# # 变分自编码器
#
# 一个会画画的网络。给它十五个随机数，它就画出一张从来没有人画过的图像。这些数是隐变量 $z$，就像混合模型中的组，只不过现在 $z$ 是连续的，由一个网络说出每个 $z$ 代表哪张图像。$z$ 的后验分布不再有公式，由第二个网络，即**编码器**（encoder）来猜。两个网络一起训练，目标就是第一个笔记本里的下界。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 自编码器 | `Autoencoder` | 2 | 20 |
# | 2 从编码到分布 | `reparametrize`, `VAE` | 12 | 30 |
# | 3 损失 | `loss_function`, `beta_loss`, `aggregated_kl` | 10 | 35 |
# | 4 编码之间的路径 | `interpolate` | 2 | 15 |
# | 5 以类别为条件 | `CVAE` | 4 | 20 |
# | 6 似然到底是多少？ | `importance_log_likelihood` | 4 | 30 |

# %%
import itertools
import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn


# %% tags=["active-ipynb"]
# from autograder import check, hint
# from common.data import load
# from common.plots import curves, image_grid
# from common.plots.figure import new_figure
# from common.training.seed import seed_everything
#
# seed_everything(0)
# glyphs = load("glyphs", num_train=5000, num_test=500)
# image_grid(glyphs.x_train[:20], columns=10, alt="Twenty symbols, white on black: crosses, triangles, letters.")

# %% [markdown]
# ## 1 自编码器
#
# 把一张图像挤过很窄的一层，再把它要回来。**编码器**（encoder）把图像映射成编码 $z$，**解码器**（decoder）把编码映射成图像。挤得过去的，是各张图像共有的东西。
#
# 如果两者都是线性的，损失是平方误差，那么最好的编码是位老朋友：前几个主成分。解码器权重的各列张成的平面，与主轴张成的相同（Baldi 和 Hornik 1989）。
#
# 两种自编码器都有属性 `encoder` 和 `decoder`。`linear=True` 时，两者（展平之后）各是一个带偏置的线性层，没有别的。`linear=False` 时：
#
#     encoder  展平，三次（到 400 的线性层，ReLU），到编码的线性层
#     decoder  三次（到 400 的线性层，ReLU），到像素的线性层，sigmoid，再变回 (N, 1, H, W)

# %% [markdown]
# 这三个隐藏层在本笔记本的所有模型里都出现；下面的辅助函数已经给出。

# %%
def hidden_layers(inputs: int) -> list[nn.Module]:
    """返回三个到 400 个数的线性层，每层后面接一个 ReLU。"""
    sizes = [inputs, 400, 400, 400]
    return [layer for a, b in itertools.pairwise(sizes) for layer in (nn.Linear(a, b), nn.ReLU())]


# %% task="Autoencoder"
# 约 20 分钟，简单。卡住了？hint("Autoencoder") 会给出第一步。
class Autoencoder(nn.Module):
    """图像的编码器和解码器。`encoder(x)` 是 x 的编码，`decoder(z)` 是编码对应的图像。"""

    def __init__(self, input_size: int, latent_size: int, linear: bool = False) -> None:
        """建立各层。

        Shapes:
            input_size   int   图像的 H * W；图像是正方形，只有一个通道
            latent_size  int   编码中数的个数
            linear       bool  两边各一个带偏置的线性层，没有激活函数
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """编码，再解码。

        Shapes:
            x    (N, 1, H, W)
            out  x_hat (N, 1, H, W), z (N, latent_size)
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="Autoencoder"
# check("vae", task="Autoencoder")

# %% [markdown]
# ## 2 从编码到分布
#
# 自编码器的编码可以在任何地方，中间还有空洞：随便取一个编码，得到的图像不成样子。**变分自编码器**（variational autoencoder；Kingma 和 Welling 2014）把编码的分布定为 $p(z) = N(0, I)$，它的编码器返回的不是一个点，而是一个高斯分布 $q(z \mid x) = N(\mu(x), \text{diag}\, \sigma^2(x))$。各层为：
#
#     encoder       展平，三次（到 400 的线性层，ReLU）
#     mu_layer      从 400 到 latent_size 的线性层
#     logvar_layer  从 400 到 latent_size 的线性层：方差的对数，可以是任何实数
#     decoder       与自编码器的相同
#
# 训练既要 $q$ 的一个样本，**又**要对 $\mu$ 和 $\sigma$ 的梯度。那就先抽取噪声：
#
# $$z = \mu + \sigma \varepsilon, \qquad \varepsilon \sim N(0, I), \qquad \sigma = e^{\frac{1}{2} \text{logvar}}$$
#
# 这就是**重参数化技巧**（reparametrisation trick）：随机性现在来自外面，$z$ 成了可微的函数。

# %% task="reparametrize"
# 约 10 分钟，简单。卡住了？hint("reparametrize") 会给出第一步。
def reparametrize(mu: Tensor, logvar: Tensor) -> Tensor:
    """每个高斯分布的一个样本，每个数都有自己的噪声。不允许用 torch.distributions。

    噪声来自 torch 的全局随机数生成器。梯度能传到 mu 和 logvar。

    Shapes:
        mu, logvar  (N, Z)  均值和方差的对数
        out         (N, Z)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="reparametrize"
# check("vae", task="reparametrize")

# %% task="VAE"
# 约 20 分钟，简单。卡住了？hint("VAE") 会给出第一步。
class VAE(nn.Module):
    """变分自编码器，属性有 encoder、mu_layer、logvar_layer 和 decoder。"""

    def __init__(self, input_size: int, latent_size: int = 15) -> None:
        """建立各层。

        Shapes:
            input_size   int  图像的 H * W；图像是正方形，只有一个通道
            latent_size  int  Z
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """编码，用你的 `reparametrize` 为每张图像抽取一个 z，再解码。

        Shapes:
            x    (N, 1, H, W)  在 [0, 1] 内
            out  x_hat (N, 1, H, W)，在 [0, 1] 内；mu (N, Z), logvar (N, Z)
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="VAE"
# check("vae", task="VAE")

# %% [markdown]
# ## 3 损失
#
# 我们希望 $\log p(x)$ 大，于是最大化它的下界
#
# $$\text{ELBO}(x) = E_{q(z \mid x)} [\log p(x \mid z)] - \text{KL}(q(z \mid x) \,\|\, N(0, I))$$
#
# 其中的期望用 $z$ 的一个样本代替。[0, 1] 内的像素按 Bernoulli 变量计算，所以 $-\log p(x \mid z)$ 就是 `x_hat` 的二元交叉熵，对像素**求和**。散度有闭式：
#
# $$\text{KL} = -\tfrac{1}{2} \sum_j \left( 1 + \text{logvar}_j - \mu_j^2 - e^{\text{logvar}_j} \right)$$
#
# 损失是两者各自的总和相加，再除以图像的个数 $N$。如果对 784 个像素取的是**均值**，散度的分量就会变成 784 倍，编码器最好的做法是什么也不说：这就是后验**坍缩**（collapse）。
#
# **手算。** $\mu = 1$，logvar $= 0$：KL 散度为 0.5。$x = 1$、$\hat{x} = 0.5$ 的像素，损失为 0.6931。

# %% task="loss_function"
# 约 15 分钟，简单。卡住了？hint("loss_function") 会给出第一步。
def loss_function(x_hat: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    """负的下界，对图像取平均。不允许用 torch.distributions。

    与 `F.binary_cross_entropy` 一样，对数都不小于 -100，所以 x_hat 可以恰好是 0 或 1。

    Shapes:
        x_hat, x    (N, 1, H, W)  在 [0, 1] 内
        mu, logvar  (N, Z)
        out         ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="loss_function"
# check("vae", task="loss_function")

# %% [markdown]
# 散度前面可以加权重 $\beta$（Higgins 等 2017）：$\beta < 1$ 换来清晰的重建，$\beta > 1$ 换来更接近先验的编码，往往也更好解读。$\beta > 1$ 时它仍是 $\log p(x)$ 的界，只是更松；$\beta < 1$ 时它不再是界。
#
# 要看编码是否填满先验分布，就得把**所有**图像放在一起看。数据集的编码服从**聚合后验分布**（aggregated posterior）$q(z) = \frac{1}{N} \sum_n N(\mu_n, \sigma_n^2)$。它在每个坐标上的均值和方差为
#
# $$m = \frac{1}{N} \sum_n \mu_n, \qquad v = \frac{1}{N} \sum_n (\sigma_n^2 + \mu_n^2) - m^2$$
#
# 而 $N(m, \text{diag}\, v)$ 相对于 $N(0, I)$ 的散度，说明它离先验分布有多远。

# %% task="beta_loss aggregated_kl"
# 约 20 分钟，简单。卡住了？hint("beta_loss") 或 hint("aggregated_kl") 会给出第一步。
def beta_loss(x_hat: Tensor, x: Tensor, mu: Tensor, logvar: Tensor, beta: float) -> Tensor:
    """散度乘以 beta 的损失。beta = 1 时就是 `loss_function`。

    Shapes:
        x_hat, x    (N, 1, H, W)  在 [0, 1] 内
        mu, logvar  (N, Z)
        beta        float         不为负
        out         ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def aggregated_kl(mu: Tensor, logvar: Tensor) -> Tensor:
    """取与聚合后验分布同均值、同方差的高斯分布，求它相对于 N(0, I) 的散度。

    Shapes:
        mu, logvar  (N, Z)
        out         ()      对坐标求和，单位为 nat
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="beta_loss"
# check("vae", task="beta_loss")

# %% tags=["active-ipynb"] grade="aggregated_kl"
# check("vae", task="aggregated_kl")

# %% [markdown]
# 训练它：Adam，8 轮，半分钟。权重的初始值比 torch 的大，方差的初始值小：用 torch 自己的初始值，前十轮几乎只学到均值图像。

# %% tags=["active-ipynb"]
# def train(model, loss, epochs, classes=False):
#     """用 Adam 训练，每批 64 张；返回每轮的平均损失。"""
#     with torch.no_grad():
#         for name, p in model.named_parameters():
#             if p.ndim == 2:
#                 p.normal_(0, 1.4 / p.shape[1] ** 0.5)
#             if "logvar_layer" in name:
#                 p.fill_(-2.0 if p.ndim == 1 else 0.0)
#     optimizer, history = torch.optim.Adam(model.parameters(), 1e-3), []
#     hot = F.one_hot(glyphs.y_train, 10).float()
#     for _ in range(epochs):
#         losses = []
#         for rows in torch.randperm(len(glyphs.x_train)).split(64):
#             x = glyphs.x_train[rows]
#             x_hat, mu, logvar = model(x, hot[rows]) if classes else model(x)
#             value = loss(x_hat, x, mu, logvar)
#             optimizer.zero_grad()
#             value.backward()
#             optimizer.step()
#             losses.append(value.item())
#         history.append(sum(losses) / len(losses))
#     return history
#
#
# vae = VAE(784)
# history = train(vae, loss_function, 8)
# curves({"loss": history}, xlabel="epoch", ylabel="nats per image")

# %% tags=["active-ipynb"]
# with torch.no_grad():
#     x_hat, mu, logvar = vae(glyphs.x_test[:10])
#     drawn = vae.decoder(torch.randn(10, 15))
# titles = ["image"] * 10 + ["again"] * 10 + ["drawn"] * 10
# image_grid(torch.cat([glyphs.x_test[:10], x_hat, drawn]), titles, columns=10)

# %% [markdown]
# 样本是**模糊**的：解码器拿不准时就给出均值，而笔画的均值是灰的。a07 里的对手绝不会放过这一点，似然却会。好处是什么也不会漏掉：不管哪种图像，给它的概率小，损失就大。（密歇根大学的 EECS 498 在 MNIST 上把同样的模型训练十轮，要求每张图像的损失低于 120 nat。）

# %% tags=["active-ipynb"]
# from functools import partial
#
# figure = new_figure(9, 3.2, "Codes of a plane: with beta 0.1 some groups lie outside of the prior's circle; with "
#                     "beta 1 and 4 nearly all codes are inside of it.")
# by_beta = {}
# for number, beta in enumerate((0.1, 1.0, 4.0)):
#     small = by_beta[beta] = VAE(784, 2)
#     train(small, partial(beta_loss, beta=beta), 3)
#     with torch.no_grad():
#         _, mu, logvar = small(glyphs.x_test)
#         title = f"beta {beta}: KL {float(aggregated_kl(mu, logvar)):.2f}"
#     plane = figure.add_subplot(1, 3, number + 1, aspect="equal", title=title, xlim=(-4, 4), ylim=(-4, 4))
#     plane.scatter(*mu.T, c=glyphs.y_test, s=5, cmap="tab10")
#     angle = torch.linspace(0, 2 * math.pi, 60)
#     plane.plot(2 * angle.cos(), 2 * angle.sin(), color="0.5")
# figure

# %% [markdown]
# 颜色表示类别，网络从没见过类别；圆圈在先验分布的两个标准差处。现在对三个权重中的每一个，让编码的第一个数从 -2 变到 2，第二个数保持为 0。

# %% tags=["active-ipynb"]
# codes = torch.stack([torch.linspace(-2, 2, 12), torch.zeros(12)], dim=1)
# with torch.no_grad():
#     rows = [small.decoder(codes) for small in by_beta.values()]
# image_grid(torch.cat(rows), [f"beta {beta}" for beta in by_beta for _ in range(12)], columns=12)

# %% [markdown]
# 编码只有两个数，就能看遍它能画出的**所有**图像：解码一个网格即可。

# %% tags=["active-ipynb"]
# flat = VAE(784, 2)
# train(flat, loss_function, 6)
# quantiles = torch.special.ndtri(torch.linspace(0.03, 0.97, 14))
# with torch.no_grad():
#     grid = flat.decoder(torch.cartesian_prod(quantiles, quantiles))
# image_grid(grid, columns=14, alt="A grid of 14 x 14 decoded codes: symbols pass into one another, blurred between.")

# %% [markdown] question="vae-q1"
# **简答题 1。** 设想训练时对像素取均值，而不是求和：两项中哪一项占上风，mu 和 logvar 会变成什么，解码器会画出什么？从 `aggregated_kl` 和重建的图像上怎样看得出来？

# %% [markdown] answer="vae-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 4 编码之间的路径
#
# 两张图像的编码为 $z_0$ 和 $z_1$；它们之间有什么？在**直线** $z_0 + t (z_1 - z_0)$ 上，两个独立编码的中点比两端都短：15 维的高斯分布几乎都在一个球面附近，而直线穿过空空的内部。**Slerp**（球面线性插值；Shoemake 1985）沿着弧走。设编码之间的夹角为 $\Omega$，
#
# $$z(t) = \frac{\sin((1-t)\Omega)}{\sin \Omega} z_0 + \frac{\sin(t\Omega)}{\sin \Omega} z_1$$
#
# **手算。** (1, 0) 和 (0, 1) 之间的中点是 (0.7071, 0.7071)。如果 $\sin \Omega < 10^{-6}$（方向相同或相反，或者有一个编码为 0），就走直线。

# %% task="interpolate"
# 约 15 分钟，简单。卡住了？hint("interpolate") 会给出第一步。
def interpolate(z0: Tensor, z1: Tensor, n: int, kind: str = "line") -> Tensor:
    """从 z0 到 z1 的 n 个编码，含两端，t 的步长相等。

    Shapes:
        z0, z1  (Z,)
        n       int     至少为 2
        kind    str     "line" 或 "slerp"
        out     (n, Z)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="interpolate"
# check("vae", task="interpolate")

# %% tags=["active-ipynb"]
# with torch.no_grad():
#     mu = vae(glyphs.x_test)[1]
#     walks = [(a, b, kind) for a, b in ((0, 1), (2, 5)) for kind in ("line", "slerp")]
#     rows = [vae.decoder(interpolate(mu[a], mu[b], 12, kind)) for a, b, kind in walks]
# image_grid(torch.cat(rows), [kind for _, _, kind in walks for _ in range(12)], columns=12)

# %% [markdown]
# 编码的每个数说的是什么？让其中一个从 -2 变到 2，其余的不动：先是各图像的均值相差最大的三个数，然后是相差最小的三个。散度把后三个关掉了：解码器不看它们。

# %% tags=["active-ipynb"]
# order = mu.var(dim=0).argsort(descending=True)
# chosen = [*order[:3], *order[-3:]]
# rows = []
# with torch.no_grad():
#     for number in chosen:
#         codes = mu[:1].repeat(12, 1)
#         codes[:, number] = torch.linspace(-2, 2, 12)
#         rows.append(vae.decoder(codes))
# image_grid(torch.cat(rows), [f"z {number}" for number in chosen for _ in range(12)], columns=12)

# %% [markdown]
# ## 5 以类别为条件
#
# **条件** VAE（conditional VAE）把类别 $c$ 作为只有一个 1 的向量输入，和**两处**的输入拼接：在编码器之前接到展平的图像上（像素在前），在解码器之前接到 $z$ 上（$z$ 在前）。类别已经说明的，$z$ 就不用再说，于是 $z$ 成了风格：笔的粗细、倾斜的程度。它的编码器输入 $H W + C$ 个数，不做展平；解码器输入 $Z + C$ 个数。

# %% task="CVAE"
# 约 20 分钟，简单。卡住了？hint("CVAE") 会给出第一步。
class CVAE(nn.Module):
    """带类别的 VAE。属性与 VAE 一样，有 encoder、mu_layer、logvar_layer 和 decoder。"""

    def __init__(self, input_size: int, num_classes: int = 10, latent_size: int = 15) -> None:
        """建立各层。

        Shapes:
            input_size   int  图像的 H * W；图像是正方形，只有一个通道
            num_classes  int  C
            latent_size  int  Z
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor, c: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """编码图像和类别，用你的 `reparametrize` 抽取一个 z，再和类别一起解码。

        Shapes:
            x    (N, 1, H, W)  在 [0, 1] 内
            c    (N, C)        独热，dtype 与 x 相同
            out  x_hat (N, 1, H, W)，在 [0, 1] 内；mu (N, Z), logvar (N, Z)
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="CVAE"
# check("vae", task="CVAE")

# %% tags=["active-ipynb"]
# cvae = CVAE(784)
# train(cvae, loss_function, 8, classes=True)
# styles = torch.randn(5, 15)
# with torch.no_grad():
#     table = [cvae.decoder(torch.cat([style.expand(10, 15), torch.eye(10)], dim=1)) for style in styles]
# image_grid(torch.cat(table), columns=10, alt="Ten classes in five styles: a row has one z, a column one class.")

# %% [markdown]
# 每一行是同一个 $z$ 配上所有类别：笔的粗细和倾斜的程度不变，变的是符号。
#
# ## 6 似然到底是多少？
#
# ELBO 只是一个界。**重要性采样**（importance sampling）更接近：从 $q$ 抽取 $S$ 个编码，对权重取平均，
#
# $$\log \hat{p}(x) = \log \frac{1}{S} \sum_{s=1}^{S} \frac{p(x \mid z_s) \, p(z_s)}{q(z_s \mid x)}, \qquad
# z_s \sim q(z \mid x)$$
#
# $S = 1$ 时，它的期望就是 ELBO；它随 $S$ 上升，收敛到 $\log p(x)$（Burda 等 2016）。要对**权重**取平均，不是对它们的对数：不管 $S$ 是多少，对数的均值都只是 ELBO。计算时还要一直用对数：$\text{logsumexp}_s(\cdot) - \log S$。如果 $q$ 恰好是后验分布，所有权重都是 $p(x)$，$S$ 多大都一样。

# %% task="importance_log_likelihood"
# 约 30 分钟，中等。卡住了？hint("importance_log_likelihood") 会给出第一步。
def importance_log_likelihood(
    x: Tensor,
    encode: Callable[[Tensor], tuple[Tensor, Tensor]],
    log_likelihood: Callable[[Tensor, Tensor], Tensor],
    S: int,
    generator: torch.Generator | None = None,
) -> Tensor:
    """每个点用 q 的 S 个样本估计 log p(x)；每个点都有自己的噪声，来自随机数生成器。

    Shapes:
        x               (N, ...)  各点
        encode          x -> mu (N, Z)，q(z | x) 的 logvar (N, Z)
        log_likelihood  点 (M, ...)，z (M, Z) -> log p(x | z) (M,)，逐行计算
        out             (N,)      单位为 nat
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="importance_log_likelihood"
# check("vae", task="importance_log_likelihood")

# %% tags=["active-ipynb"]
# def bernoulli(x, z):
#     """VAE 解码器的 log p(x | z)。"""
#     return -F.binary_cross_entropy(vae.decoder(z), x, reduction="none").flatten(1).sum(dim=1)
#
#
# def encode(x):
#     hidden = vae.encoder(x)
#     return vae.mu_layer(hidden), vae.logvar_layer(hidden)
#
#
# with torch.no_grad():
#     for S in (1, 10, 100):
#         value = importance_log_likelihood(glyphs.x_test[:200], encode, bernoulli, S, torch.Generator().manual_seed(0))
#         print(f"S = {S:3}: log p(x) is about {value.mean():.2f} nats per image")

# %% [markdown] question="vae-q2"
# **简答题 2。** 有人报告说一个模型更好，因为它在 S = 1000 时的估计值高于另一个模型的 ELBO。这样比较错在哪里？如果 $q$ 很窄，漏掉了后验分布的一部分，为什么估计值仍可能低得多？

# %% [markdown] answer="vae-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## 小结
#
# 编码器猜后验分布，解码器说编码代表什么；因为样本是噪声的可微函数，下界可以同时训练两者。像素要求和，不取平均。样本模糊，编码平滑，而重要性采样可以让这个界更紧。
#
# **延伸阅读。** Kingma 和 Welling（*An introduction to variational autoencoders*，2019）不慌不忙地推导全部内容。Alemi 等（*Fixing a broken ELBO*，2018）说明，同样的下界值，编码可能信息丰富，也可能什么都没说。Child（*Very deep VAEs generalize autoregressive models and can outperform them on images*，2021）叠起许多层隐变量，样本就变清晰了。
