# %% [markdown]
# # 生成对抗网络
#
# 到目前为止，网络只是回答关于图像的问题。这一次，网络要造出图像。两个网络互相博弈：**生成器**（generator）$G$ 把随机数 $z$ 变成图像；**判别器**（discriminator）$D$ 看到真图像和生成的图像，要说出哪些是真、哪些是假。$D$ 学着分辨真假，$G$ 学着让它无法分辨。从来没有人告诉 $G$ 什么是好图像，它看到的只有对手的梯度。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 博弈双方 | `sample_noise`, `discriminator`, `generator` | 14 | 25 |
# | 2 博弈 | `discriminator_loss`, `generator_loss`, `get_optimizer` | 16 | 25 |
# | 3 各走一步 | `discriminator_step`, `generator_step` | 16 | 40 |
# | 4 最小二乘 | `ls_discriminator_loss`, `ls_generator_loss` | 8 | 10 |
# | 5 卷积 | `build_dc_classifier`, `build_dc_generator` | 16 | 35 |
# | 6 在图像之间漫步 | `interpolate` | 4 | 10 |
# | 7 用评论器代替裁判 | `wgan_critic_loss`, `gradient_penalty` | 13 | 40 |
# | 8 指定类别 | `Conditional.forward`, `cgan_generator`, `cgan_discriminator` | 13 | 25 |
#
# 这里的图像是由 784 个数组成的**行**，数值在 **[-1, 1]** 之间，正是 tanh 的值域。用 `torch.nn` 的层搭建网络；自动求导可以随意使用。运行最久的单元格也不到一分钟。

# %%
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm


# %% tags=["active-ipynb"]
# import matplotlib.pyplot as plt
#
# from autograder import check, hint
# from common.data import load
# from common.plots import curves, image_grid
# from common.plots import show as show_figure
# from common.nets.classifier import frechet_distance, train_classifier
# from common.training.seed import seed_everything
#
# glyphs = load("glyphs")
# images = 2 * glyphs.x_train.flatten(1) - 1  # (5000, 784) in [-1, 1]
#
#
# def show(rows, columns=12, titles=None, alt=""):
#     return image_grid((rows.reshape(-1, 1, 28, 28) + 1) / 2, columns=columns, titles=titles, alt=alt)
#
#
# show(images[:24], alt="24 real images: glyphs, bright strokes on black.")

# %% [markdown]
# 这些是**字形**：十种符号，由一个手不太稳的程序画出来。它们不用下载，和 MNIST 的数字一样大，也同样是灰度。如果你有 MNIST，可以换成 `load("mnist")`，其他都不用改。
#
# ## 1 博弈双方
#
# **噪声。** $z$ 取自哪种分布都行，只要抽取起来简单。我们用 $(-1, 1)$ 上的均匀分布，各个元素相互独立。这些数代表什么，由 $G$ 决定。

# %% task="sample_noise"
# 约 5 分钟，简单。卡住了？hint("sample_noise") 会给出第一步。
def sample_noise(
    batch_size: int, noise_dim: int, dtype: torch.dtype = torch.float, device: str | torch.device = "cpu"
) -> Tensor:
    """-1 和 1 之间的均匀噪声，每次调用都是新的。

    Shapes:
        out  (batch_size, noise_dim)  dtype 和设备由参数指定
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="sample_noise"
# check("gan", task="sample_noise")

# %% [markdown]
# **判别器。** 输入一张图像，输出一个数：“这是真图像”的 **logit** $s$，于是概率为 $D(x) = \sigma(s)$。sigmoid 留给损失去算，这样损失才能算得稳定。
#
#     linear 784 -> 256, leaky ReLU, linear 256 -> 256, leaky ReLU, linear 256 -> 1
#
# **Leaky** ReLU 不把负数变成 0，而是乘以一个小斜率（这里是 0.01）。穿过 $D$ 传来的梯度是 $G$ 唯一的老师：$D$ 的单元在哪里死掉，$G$ 在哪里就什么也学不到。

# %% task="discriminator"
# 约 10 分钟，简单。卡住了？hint("discriminator") 会给出第一步。
def discriminator() -> nn.Module:
    """线性层 784-256-256-1，中间是 LeakyReLU(0.01)。

    模块把 (N, 784) 的图像映射为 (N, 1) 的 logit，N 任意。
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="discriminator"
# check("gan", task="discriminator")

# %% [markdown]
# **生成器。** 输入噪声，输出图像。最后一层是 `tanh`：我们的图像都在 [-1, 1] 之间，生成器要是画到外面，马上就会被识破。
#
#     linear noise_dim -> 1024, ReLU, linear 1024 -> 1024, ReLU, linear 1024 -> 784, tanh

# %% task="generator"
# 约 10 分钟，简单。卡住了？hint("generator") 会给出第一步。
def generator(noise_dim: int = 96) -> nn.Module:
    """线性层 noise_dim-1024-1024-784，中间是 ReLU，最后是 tanh。

    模块把 (N, noise_dim) 的噪声映射为 (N, 784) 的图像，数值在 [-1, 1] 中，N 任意。
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="generator"
# check("gan", task="generator")

# %% [markdown]
# ## 2 博弈
#
# Goodfellow 等（*Generative Adversarial Nets*，2014，式 1）让双方争夺同一个数：
#
# $$ \min_G \max_D \; \mathbb{E}_{x}\left[\log D(x)\right] + \mathbb{E}_{z}\left[\log\left(1 - D(G(z))\right)\right]. $$
#
# $D$ 希望它大：把真图像判为“真”，把假图像判为“假”。写成要**最小化**的损失，用 $s$ 表示 logit，就是
#
# $$ \ell_D = -\mathbb{E}_{x}\left[\log \sigma(s_{\text{real}})\right]
#            - \mathbb{E}_{z}\left[\log\left(1 - \sigma(s_{\text{fake}})\right)\right]. $$
#
# **$G$ 的损失不照公式写，要换一个。** 一开始，每张假图像 $D$ 都认得出，$D(G(z)) \approx 0$，而 $\log(1 - D(G(z)))$ 在那里是**平**的：$G$ 越差，学到的越少。所以 Goodfellow 等（第 3 节）让 $G$ 最大化 $\log D(G(z))$，这个损失的不动点相同，在需要斜率的地方却有斜率：
#
# $$ \ell_G = -\mathbb{E}_{z}\left[\log \sigma(s_{\text{fake}})\right]. $$

# %% tags=["active-ipynb"]
# s = torch.linspace(-6, 6, 200)
# curves({"log(1 - D): flat for bad fakes": -F.softplus(s), "-log D": F.softplus(-s)}, x=s,
#        xlabel="logit of a fake", ylabel="loss of the generator")

# %% [markdown]
# 这里的**陷阱**和 softmax 的一样：`torch.sigmoid(100.)` 正好是 1，而 `1 - 1` 的对数是 `-inf`。用 $\operatorname{softplus}(s) = \log(1 + e^s)$ 可以写出 $-\log \sigma(s) = \operatorname{softplus}(-s)$ 和 $-\log(1 - \sigma(s)) = \operatorname{softplus}(s)$，torch 计算它们不会出问题（`F.softplus`，或 `F.binary_cross_entropy_with_logits`）。一张 logit 为 100 的假图像，给 $D$ 带来的损失必须是 100，不能是 `inf` 或 `nan`。
#
# 两个期望各自取平均：两个批量的大小不必相同。

# %% task="discriminator_loss"
# 约 15 分钟，中等。卡住了？hint("discriminator_loss") 会给出第一步。
def discriminator_loss(logits_real: Tensor, logits_fake: Tensor) -> Tensor:
    """-mean(log sigmoid(logits_real)) - mean(log(1 - sigmoid(logits_fake)))；对任意 logit 都有限。

    Shapes:
        logits_real  (N, 1) or (N,)   真图像的 logit
        logits_fake  (M, 1) or (M,)   生成的图像的 logit
        out          ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="discriminator_loss"
# check("gan", task="discriminator_loss")

# %% task="generator_loss"
# 约 5 分钟，简单。卡住了？hint("generator_loss") 会给出第一步。
def generator_loss(logits_fake: Tensor) -> Tensor:
    """-mean(log sigmoid(logits_fake))；对任意 logit 都有限。

    Shapes:
        logits_fake  (N, 1) or (N,)  生成的图像的 logit
        out          ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="generator_loss"
# check("gan", task="generator_loss")

# %% [markdown] question="gan-q1"
# **简答题 1。** (a) 对一张 logit 为 $s$ 的假图像，推导生成器的两种损失 $\log(1 - \sigma(s))$ 和 $-\log \sigma(s)$ 的 $\partial \ell / \partial s$，并求它们在 $s = -8$ 处的值。(b) 在前一百步里，哪一种能训练 $G$？

# %% [markdown] answer="gan-q1"
# YOUR ANSWER HERE

# %% [markdown]
# **优化器**是 Adam，学习率为 1e-3，$(\beta_1, \beta_2) = (0.5, 0.999)$。Radford 等（2016，第 4 节）发现，通常的 $\beta_1 = 0.9$ 会让训练来回摆动：动量记得该往哪里去，可是对手已经走开了。

# %% task="get_optimizer"
# 约 5 分钟，简单。卡住了？hint("get_optimizer") 会给出第一步。
def get_optimizer(model: nn.Module) -> torch.optim.Optimizer:
    """用于模型所有参数的 Adam，学习率 1e-3，betas 为 (0.5, 0.999)，其他都不改。"""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="get_optimizer"
# check("gan", task="get_optimizer")

# %% [markdown]
# ## 3 各走一步
#
# 训练时双方轮流走。**$D$ 走：** 造出假图像，计算 $\ell_D$，改动 $D$ 的参数，而且只改 $D$ 的。对它来说，假图像就是**数据**；梯度再往回传进 $G$，往好里说也是白费功夫，所以要切断计算图（`detach`，或在调用 $G$ 时套上 `torch.no_grad()`）。**$G$ 走：** 造出新的假图像，穿过 $D$ 计算 $\ell_G$，改动 $G$ 的参数，而且只改 $G$ 的。这时梯度必须**穿过** $D$ 传进 $G$：什么都不要切断。
#
# 有两件事，人们往往很晚才发现。一是梯度在清零之前会一直**累加**，而 $G$ 走一步会在 $D$ 里留下没人要的梯度：所以在 `backward` 之前，先把你这一方的梯度清零。二是两个函数都会得到一个优化器，它知道可以改动哪些参数，而 `D` 和 `G` 可以是任何能调用的东西，例如包着网络的函数。两者原来是训练模式还是评估模式，就保持原样。
#
# 两个函数都以 float 返回自己的损失（`loss.item()`）：返回张量会让整个计算图一直留着。`discriminator_step` 的最后一个参数是给第 7 部分用的：如果它不是 None，就把 `penalty(D, real, fake)` 加到损失上，返回的损失也包含它。

# %% task="discriminator_step"
# 约 25 分钟，中等。卡住了？hint("discriminator_step") 会给出第一步。
def discriminator_step(
    D: Callable[[Tensor], Tensor],
    G: Callable[[Tensor], Tensor],
    optimizer: torch.optim.Optimizer,
    loss_function: Callable[[Tensor, Tensor], Tensor],
    real: Tensor,
    noise: Tensor,
    penalty: Callable[..., Tensor] | None = None,
) -> float:
    """判别器的优化器按判别器的损失走一步；以 float 返回这个损失。

    损失是 loss_function(D(real), D(G(noise)))，给了 penalty 时再加上 penalty(D, real, fake)；返回值包含惩罚项。
    G、它的参数和参数的梯度都保持不变。

    Shapes:
        real   (N, ...)        图像
        noise  (M, noise_dim)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="discriminator_step"
# check("gan", task="discriminator_step")

# %% task="generator_step"
# 约 15 分钟，简单。卡住了？hint("generator_step") 会给出第一步。
def generator_step(
    D: Callable[[Tensor], Tensor],
    G: Callable[[Tensor], Tensor],
    optimizer: torch.optim.Optimizer,
    loss_function: Callable[[Tensor], Tensor],
    noise: Tensor,
) -> float:
    """生成器的优化器按 loss_function(D(G(noise))) 走一步；以 float 返回这个损失。

    D 的参数保持不变。

    Shapes:
        noise  (N, noise_dim)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="generator_step"
# check("gan", task="generator_step")

# %% [markdown]
# 双方轮流走的循环已经给出。

# %%
def train_gan(
    D: nn.Module,
    G: nn.Module,
    D_optimizer: torch.optim.Optimizer,
    G_optimizer: torch.optim.Optimizer,
    discriminator_loss: Callable[[Tensor, Tensor], Tensor],
    generator_loss: Callable[[Tensor], Tensor],
    images: Tensor,
    *,
    num_steps: int = 200,
    batch_size: int = 32,
    noise_dim: int = 96,
    moves: tuple[int, int] = (1, 1),
    penalty: Callable[..., Tensor] | None = None,
    record_every: int = 50,
    progress: bool = False,
) -> dict[str, list]:
    """让 D 和 G 轮流走：先是 D 的 moves[0] 步，再是 G 的 moves[1] 步，这样重复 num_steps 次。

    返回每次迭代的 d_loss 和 g_loss；samples 是每隔 record_every 次迭代，G 用同样的 12 个噪声造出的图像。
    `progress` 显示进度条。

    Shapes:
        images  (N, ...)  在 [-1, 1] 中
    """
    history: dict[str, list] = {"d_loss": [], "g_loss": [], "samples": []}
    options = {"dtype": images.dtype, "device": images.device}
    fixed = sample_noise(12, noise_dim, **options)
    for iteration in tqdm(range(num_steps), unit="step", disable=not progress):
        for _ in range(moves[0]):
            real = images[torch.randint(len(images), (batch_size,), device=images.device)]
            noise = sample_noise(batch_size, noise_dim, **options)
            d_loss = discriminator_step(D, G, D_optimizer, discriminator_loss, real, noise, penalty)
        for _ in range(moves[1]):
            noise = sample_noise(batch_size, noise_dim, **options)
            g_loss = generator_step(D, G, G_optimizer, generator_loss, noise)
        history["d_loss"].append(d_loss)
        history["g_loss"].append(g_loss)
        if (iteration + 1) % record_every == 0:
            with torch.no_grad():
                history["samples"].append(G(fixed))
    return history


# %% [markdown]
# ### 第一局
#
# 看同样的十二个噪声，每 300 次迭代一行。

# %% tags=["active-ipynb"]
# # 约 30 秒
# seed_everything(1)
# D, G = discriminator(), generator()
# history = train_gan(D, G, get_optimizer(D), get_optimizer(G), discriminator_loss, generator_loss, images,
#                     num_steps=1500, record_every=300, progress=True)
# show(torch.cat(history["samples"]), alt="Images from the same twelve noises, a row for every 300 iterations.")

# %% tags=["active-ipynb"]
# curves({"discriminator": history["d_loss"], "generator": history["g_loss"]}, xlabel="iteration", ylabel="loss")

# %% [markdown]
# 曲线没有下降。它们衡量的不是成败：双方各自的对手也在进步。所以要衡量**样本**。用真字形训练的**分类器**报告两件事：能不能以高置信度（0.9 以上）认出样本，以及在其中看到十个类别里的几个。**Fréchet 距离**（Heusel 等，*GANs Trained by a Two Time-Scale Update Rule*，2017，式 6；我们按惯例给出距离的平方）比较真图像和生成图像在分类器特征上的均值 $m$ 和协方差 $C$，
#
# $$ d^2 = |m - m'|^2 + \operatorname{tr}\left(C + C' - 2 (C C')^{1/2}\right), $$
#
# 只有样本既好**又**多样，这个距离才小。真字形与另一些真字形相比，约为 3。

# %% tags=["active-ipynb"]
# classifier = train_classifier(glyphs.x_train[:3000], glyphs.y_train[:3000])
# features = classifier.features(glyphs.x_test)
#
#
# @torch.no_grad()
# def measure(name, samples):
#     samples = (samples.reshape(-1, 1, 28, 28) + 1) / 2
#     confidence, label = classifier.logits(samples).softmax(dim=1).max(dim=1)
#     shares = label.bincount(minlength=10) / len(label)
#     distance = frechet_distance(classifier.features(samples), features)
#     print(f"{name:22} recognised {(confidence > 0.9).float().mean():4.0%}   classes above 2 %: "
#           f"{int((shares > 0.02).sum()):2}   Fréchet distance {distance:6.0f}")
#
#
# measure("real glyphs", images[4000:])
# measure("noise", sample_noise(1000, 784))
# with torch.no_grad():
#     measure("vanilla GAN", G(sample_noise(1000, 96)))

# %% [markdown]
# ### 博弈衡量的是什么
#
# 如果 $G$ 不动，**最好的** $D$ 会怎样回答？在 $x$ 处，真图像的密度是 $p(x)$，假图像的密度是 $q(x)$，所以 $D$ 在那里的回答 $d = D(x)$，给 $D$ 要最大化的期望贡献了 $p \log d + q \log(1 - d)$。每一处的回答互不相干，所以可以逐处最大化：令导数 $p / d - q / (1 - d)$ 等于 0，得到
#
# $$ D^*(x) = \frac{p(x)}{p(x) + q(x)}. $$
#
# 在一维里可以看到这一点。真数据来自一条钟形曲线，假数据来自另一条；$G$ 保持不动，用**你的** `discriminator_loss` 训练一个小网络。

# %% tags=["active-ipynb"]
# def bell(x, mean, deviation):
#     return torch.exp(-((x - mean) ** 2) / (2 * deviation**2)) / (deviation * (2 * torch.pi) ** 0.5)
#
#
# seed_everything(0)
# judge = nn.Sequential(nn.Linear(1, 64), nn.LeakyReLU(0.01), nn.Linear(64, 64), nn.LeakyReLU(0.01), nn.Linear(64, 1))
# optimizer = torch.optim.Adam(judge.parameters(), lr=3e-3)
# for _ in range(800):
#     real, fake = 1 + 0.7 * torch.randn(512, 1), -1 + torch.randn(512, 1)
#     loss = discriminator_loss(judge(real), judge(fake))
#     optimizer.zero_grad()
#     loss.backward()
#     optimizer.step()
# x = torch.linspace(-4, 4, 200)
# p, q = bell(x, 1.0, 0.7), bell(x, -1.0, 1.0)
# with torch.no_grad():
#     answered = torch.sigmoid(judge(x[:, None]))[:, 0]
# plt.figure(figsize=(7.5, 3.5), layout="constrained")
# plt.fill_between(x, p, alpha=0.3, label="real: p")
# plt.fill_between(x, q, alpha=0.3, hatch="//", label="fakes: q")
# plt.plot(x, p / (p + q), "k--", label="best: p / (p + q)")
# plt.plot(x, answered, "k-", label="trained D")
# plt.xlabel("x")
# plt.ylabel("density, or D(x)")
# plt.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
# show_figure("Two bell curves, fakes left and real right; D rises from 0 to 1 between them, along p / (p + q).")

# %% [markdown]
# 把 $D^*$ 代回博弈，看看留给 $G$ 的是什么。给两个分式各乘以 2，使分母成为均值 $m = (p + q) / 2$，它也是一个密度：
#
# $$ \mathbb{E}_p\left[\log \frac{p}{p + q}\right] + \mathbb{E}_q\left[\log \frac{q}{p + q}\right]
# = \mathrm{KL}(p \,\|\, m) + \mathrm{KL}(q \,\|\, m) - \log 4 = 2\, \mathrm{JSD}(p, q) - \log 4 . $$
#
# **Jensen-Shannon 散度**只在 $p = q$ 时为 0，最大为 $\log 2$，在两者完全不重叠时达到。所以 $G$ 最小化的是分布之间的距离，尽管从来没有人写下过这个距离（Goodfellow 等，第 4.1 节）。

# %% [markdown] question="gan-q2"
# **简答题 2。** 假设 $G$ 已经完美：它的图像与真图像分布完全相同。(a) 最好的 $D$ 会怎样回答，$\ell_D$ 和 $\ell_G$ 的值是多少？(b) 你的曲线在最后一千次迭代里 $\ell_D \approx 0.1$。这说明什么？停止运行之前，你应该看什么？(c) 两条钟形曲线同上，但相距十个标准差。$2\,\mathrm{JSD} - \log 4$ 大约是多少？$G$ 把自己的曲线移近一个标准差，这个值怎样变化？这时 $G$ 能从最好的 $D$ 那里学到什么？

# %% [markdown] answer="gan-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ### 故意制造模式崩溃
#
# $G$ 要骗过 $D$；它的损失里没有一处要求它**多样**。如果一张图像就能骗过 $D$，那么反复造它就是很好的办法，直到 $D$ 学会认这张图像，$G$ 再换下一张。这就是**模式崩溃**（mode collapse）。在平面上看得最清楚：“图像”是点，真的点在圆上聚成八堆，小网络用你的两个走一步的函数对弈。左图中，$D$ 每走一步，$G$ 也走一步；右图中它走十步，足够它跑到 $D$ 最喜欢的那个点上。

# %% tags=["active-ipynb"]
# # 约 10 秒
# def ring(count):
#     angle = torch.randint(8, (count,)) * (torch.pi / 4)
#     return torch.stack([angle.cos(), angle.sin()], dim=1) + 0.03 * torch.randn(count, 2)
#
#
# def small(inputs, outputs):
#     return nn.Sequential(nn.Linear(inputs, 64), nn.LeakyReLU(0.2), nn.Linear(64, 64), nn.LeakyReLU(0.2),
#                          nn.Linear(64, outputs))
#
#
# def play(loss_d, loss_g, **options):
#     seed_everything(0)
#     D, G = small(2, 1), small(8, 2)
#     train_gan(D, G, get_optimizer(D), get_optimizer(G), loss_d, loss_g, ring(4000), noise_dim=8, batch_size=128,
#               progress=True, **options)
#     with torch.no_grad():
#         return G(sample_noise(500, 8))
#
#
# def scatter(plays):
#     figure, axes = plt.subplots(1, len(plays), figsize=(3.2 * len(plays), 3.6), layout="constrained")
#     for axis, (title, points) in zip(axes, plays.items()):
#         real = ring(400)
#         axis.scatter(*real.T, s=10, c="silver", marker="o", label="real")
#         axis.scatter(*points.T, s=10, c="crimson", marker="+", linewidths=0.8, label="generated")
#         axis.set(title=title, xlim=(-1.7, 1.7), ylim=(-1.7, 1.7), xticks=[], yticks=[])
#         axis.set_aspect("equal")
#     figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
#     angles = torch.arange(8) * (torch.pi / 4)
#     centres = torch.stack([angles.cos(), angles.sin()], dim=1)
#     reached = {t: ((torch.cdist(points, centres) < 0.25).sum(dim=0) > 5).sum() for t, points in plays.items()}
#     counts = "; ".join(f"{title}: {int(count)}" for title, count in reached.items())
#     show_figure(f"Eight heaps of real points on a circle, and how many of them are reached. {counts}.")
#
#
# fair = play(discriminator_loss, generator_loss, num_steps=1500)
# hasty = play(discriminator_loss, generator_loss, num_steps=300, moves=(1, 10))
# scatter({"one move each": fair, "ten moves of G": hasty})

# %% [markdown]
# ## 4 最小二乘
#
# Mao 等（*Least Squares Generative Adversarial Networks*，2017，式 2，取 a = 0、b = c = 1，即该论文的式 9）不用对数。$D$ 的输出只是一个**得分** $s$，没有 sigmoid；真图像的得分应为 1，假图像的应为 0：
#
# $$ \ell_D = \tfrac12 \mathbb{E}_x\left[(s_{\text{real}} - 1)^2\right]
# + \tfrac12 \mathbb{E}_z\left[s_{\text{fake}}^2\right],
# \qquad \ell_G = \tfrac12 \mathbb{E}_z\left[(s_{\text{fake}} - 1)^2\right]. $$
#
# 这样一来，远在错误一侧的假图像斜率很大；在正确一侧走得太远的，斜率也很大。

# %% task="ls_discriminator_loss"
# 约 5 分钟，简单。卡住了？hint("ls_discriminator_loss") 会给出第一步。
def ls_discriminator_loss(scores_real: Tensor, scores_fake: Tensor) -> Tensor:
    """(mean((scores_real - 1)^2) + mean(scores_fake^2)) / 2。

    Shapes:
        scores_real  (N, 1) or (N,)   真图像的得分
        scores_fake  (M, 1) or (M,)   生成的图像的得分
        out          ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="ls_discriminator_loss"
# check("gan", task="ls_discriminator_loss")

# %% task="ls_generator_loss"
# 约 5 分钟，简单。卡住了？hint("ls_generator_loss") 会给出第一步。
def ls_generator_loss(scores_fake: Tensor) -> Tensor:
    """mean((scores_fake - 1)^2) / 2。

    Shapes:
        scores_fake  (N, 1) or (N,)  生成的图像的得分
        out          ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="ls_generator_loss"
# check("gan", task="ls_generator_loss")

# %% [markdown]
# ## 5 卷积
#
# 上面的网络不知道像素之间有相邻关系。Radford 等（*Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks*，2016）找到了一对知道这一点、又训练得起来的网络：用步幅代替展平，生成器用批量归一化，判别器用 Leaky ReLU。我们的这一对很小。
#
# **判别器。** 它接收的仍然是 784 个数的行；`nn.Unflatten(1, (1, 28, 28))` 把行变成图像，批量大小任意。
#
#     unflatten to 1 x 28 x 28
#     conv 5x5, 32 filters, stride 1, no padding; leaky ReLU (0.01); max pool 2x2, stride 2
#     conv 5x5, 64 filters, stride 1, no padding; leaky ReLU (0.01); max pool 2x2, stride 2
#     flatten (4 * 4 * 64 = 1024 numbers)
#     linear 1024 -> 1024; leaky ReLU (0.01)
#     linear 1024 -> 1

# %% task="build_dc_classifier"
# 约 15 分钟，简单。卡住了？hint("build_dc_classifier") 会给出第一步。
def build_dc_classifier() -> nn.Module:
    """上文描述的卷积判别器。

    模块把 (N, 784) 的图像映射为 (N, 1) 的 logit，N 任意。
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="build_dc_classifier"
# check("gan", task="build_dc_classifier")

# %% [markdown]
# **生成器。** 它反过来走：从一串数变成 128 个通道的 7 × 7 特征图，再用**转置**卷积放大两次，每次边长加倍：每个输入像素在输出上盖一个卷积核的印章，相邻的印章错开两个像素。这里要注意顺序：批量归一化在 ReLU **之后**。
#
#     linear noise_dim -> 1024; ReLU; batch norm
#     linear 1024 -> 7 * 7 * 128; ReLU; batch norm (of all 6272 numbers)
#     unflatten to 128 x 7 x 7
#     transposed conv 4x4 to 64 channels, stride 2, padding 1; ReLU; batch norm
#     transposed conv 4x4 to 1 channel, stride 2, padding 1; tanh
#     flatten to 784

# %% task="build_dc_generator"
# 约 20 分钟，中等。卡住了？hint("build_dc_generator") 会给出第一步。
def build_dc_generator(noise_dim: int = 96) -> nn.Module:
    """上文描述的卷积生成器。

    模块把 (N, noise_dim) 的噪声映射为 (N, 784) 的图像，数值在 [-1, 1] 中，N 任意（训练模式下 N 大于 1）。
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="build_dc_generator"
# check("gan", task="build_dc_generator")

# %% [markdown]
# 迭代次数只用五分之一，看看结果：

# %% tags=["active-ipynb"]
# # 约 30 秒
# seed_everything(0)
# D, G = build_dc_classifier(), build_dc_generator()
# history = train_gan(D, G, get_optimizer(D), get_optimizer(G), discriminator_loss, generator_loss, images,
#                     num_steps=300, record_every=60, progress=True)
# show(torch.cat(history["samples"]), alt="Images from the same twelve noises, a row for every 60 iterations.")

# %% tags=["active-ipynb"]
# with torch.no_grad():
#     samples = G(sample_noise(1000, 96))
# measure("DC-GAN", samples)
# near = torch.cdist(samples[:12], images).argmin(dim=1)
# show(torch.cat([samples[:12], images[near]]), titles=["sample"] * 12 + ["nearest"] * 12)

# %% [markdown]
# 下面一行是逐像素比较时离每个样本最近的训练图像：如果生成器只是记住了训练集，上下两行就会是同样的图像。

# %% [markdown] question="gan-q3"
# **简答题 3。** 有两次运行，最后的样本被分类器认出的比例相同。运行 A 中，每个样本都是完美的“plus”（加号）。运行 B 返回的是训练图像。(a) 上面的衡量标准（认出的占比、类别数、Fréchet 距离）中，哪个能发现 A，哪个能发现 B？(b) 说出一个能发现 B 的衡量标准，并说明怎样知道它小到多少才算太小。

# %% [markdown] answer="gan-q3"
# YOUR ANSWER HERE

# %% [markdown]
# ## 6 在图像之间漫步
#
# 如果 $G$ 真的懂了点什么，那么两个噪声之间的图像应该都说得通，没有跳变。在从 $z_0$ 到 $z_1$ 的直线段上取 `steps` 个等间距的点，两端都包含在内。（高维的**正态**噪声几乎都在球面附近，所以要沿球面走。我们的噪声在立方体中均匀分布，而立方体中任意两点之间的直线段都在立方体内。）

# %% task="interpolate"
# 约 10 分钟，简单。卡住了？hint("interpolate") 会给出第一步。
def interpolate(z0: Tensor, z1: Tensor, steps: int) -> Tensor:
    """从 z0 到 z1 的等间距的点，两端都包含；steps = 1 时只有 z0。

    Shapes:
        z0, z1  (...)           形状、dtype 和设备相同
        out     (steps, ...)    dtype 和设备与两者相同；第一个是 z0，最后一个是 z1
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="interpolate"
# check("gan", task="interpolate")

# %% tags=["active-ipynb"]
# seed_everything(1)
# ends = sample_noise(8, 96)
# G.eval()  # 批量归一化用滑动统计量：每张图像单独处理
# with torch.no_grad():
#     rows = [G(interpolate(ends[i], ends[i + 1], 12)) for i in range(0, 8, 2)]
# show(torch.cat(rows), alt="Four rows: on the way from one noise to another, one glyph changes into another.")

# %% [markdown]
# **噪声的算术。** Radford 等（图 7）找到的不只是路径：噪声之间的**差**也有含义。他们取微笑女性的平均噪声，减去女性的平均噪声，再加上男性的，$G$ 就画出了微笑的男性。这里要问的是：怎样把一种符号变成另一种？把 4,000 个噪声按分类器在 $G$ 的图像中看到的类别分组，求出每个类别的平均噪声。给类别 A 的噪声加上 B 与 A 的均值之差。方向只求一次，然后加到没有参与求均值的噪声上。

# %% tags=["active-ipynb"]
# with torch.no_grad():
#     noises = sample_noise(4000, 96)
#     drawn = torch.cat([G(part) for part in noises.split(500)])
#     seen = classifier.logits((drawn.reshape(-1, 1, 28, 28) + 1) / 2).argmax(dim=1)
#     counts = seen.bincount(minlength=10)
#     source, target = counts.argsort(descending=True)[:2].tolist()
#     half = torch.arange(4000) < 2000
#     direction = noises[half & (seen == target)].mean(dim=0) - noises[half & (seen == source)].mean(dim=0)
#     direction = direction / direction.norm()
#     fresh = noises[~half & (seen == source)]
#     lengths = [0.0, 1.0, 2.0, 3.0, 4.0]
#     rows = [G(fresh + length * direction) for length in lengths]
# a, b = glyphs.class_names[source], glyphs.class_names[target]
# for length, row in zip(lengths, rows):
#     share = classifier.logits((row.reshape(-1, 1, 28, 28) + 1) / 2).argmax(dim=1) == target
#     print(f"{a} + {length:.0f} times the direction to {b}: {float(share.float().mean()):4.0%} are seen as {b}")
# show(torch.stack([row[:8] for row in rows], dim=1).flatten(0, 1), columns=10,
#      titles=[f"+ {length:.0f}" for length in lengths] * len(fresh[:8]))

# %% [markdown]
# ## 7 用评论器代替裁判
#
# 如果真图像和生成的图像几乎不重叠，就存在完美的裁判，而从完美的裁判那里，$G$ 什么也学不到。所以 Arjovsky 等（*Wasserstein GAN*，2017）改问两个分布之间的**距离**，即把一堆图像搬成另一堆最少要做多少功。根据 Kantorovich 和 Rubinstein 的定理（该论文的式 2），它等于
#
# $$ W = \max_{f} \; \mathbb{E}_x\left[f(x)\right] - \mathbb{E}_z\left[f(G(z))\right] $$
#
# 其中 $f$ 取遍所有这样的函数：在任何地方，每单位长度最多上升 1。$f$ 就是我们的 $D$，现在叫**评论器**（critic）：它给出的是得分，不是概率。它最小化的是这个差的相反数，而 $G$ 最小化 $-\mathbb{E}_z[f(G(z))]$，后者已经给出。

# %% task="wgan_critic_loss"
# 约 5 分钟，简单。卡住了？hint("wgan_critic_loss") 会给出第一步。
def wgan_critic_loss(scores_real: Tensor, scores_fake: Tensor) -> Tensor:
    """mean(scores_fake) - mean(scores_real)。

    Shapes:
        scores_real  (N, 1) or (N,)   真图像的得分
        scores_fake  (M, 1) or (M,)   生成的图像的得分
        out          ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def wgan_generator_loss(scores_fake: Tensor) -> Tensor:
    """-mean(scores_fake)。"""
    return -scores_fake.mean()


# %% tags=["active-ipynb"] grade="wgan_critic_loss"
# check("gan", task="wgan_critic_loss")

# %% [markdown]
# 怎样不让 $f$ 上升得太陡？Gulrajani 等（*Improved Training of Wasserstein GANs*，2017，式 3）在真图像和生成的图像之间随机取点，那里的斜率不等于 1 就惩罚：
#
# $$ \hat x_i = \epsilon_i x_i + (1 - \epsilon_i) \tilde x_i, \qquad
# P = \frac1N \sum_i \left(\left|\nabla_{\hat x_i} f(\hat x_i)\right| - 1\right)^2 . $$
#
# - $\epsilon_i$ 在 (0, 1) 中均匀分布，每对**一个**数，每次重新抽取；它必须能与任意阶的图像广播，(N, 784) 或 (N, 1, 28, 28) 都行，并且在图像所在的设备上。范数对一张图像的所有元素计算，而不是对整个批量。
# - 对 $\hat x$ 的梯度用 `torch.autograd.grad` 来求。要靠改变 $f$ 来最小化 $P$，所以 $P$ 自己也需要梯度：`create_graph=True` 为它保留计算图。
# - 对所有得分的**和**调用 `grad`，每张图像就得到自己的梯度，因为每个得分只取决于自己的那张图像。
# - 如果用 `backward` 代替 `autograd.grad`，就会在评论器的参数里留下不属于任何人的梯度。
# - 评论器在 $\hat x_i$ 处是平的时，范数为 0。$\sqrt{\cdot}$ 在那里斜率无穷大，$P$ 的梯度就成了 `nan`；torch 的 `norm` 在那里把斜率取为 0。
#
# 前面的系数（论文中 $\lambda = 10$）留给调用者去乘。

# %% task="gradient_penalty"
# 约 35 分钟，困难。卡住了？hint("gradient_penalty") 会给出第一步。
def gradient_penalty(critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor) -> Tensor:
    """mean((|评论器在真图像与假图像之间随机点处的梯度| - 1)^2)，带有可供 backward 的计算图。

    Shapes:
        critic  把 (N, ...) 映射为 (N, 1) 或 (N,)
        real    (N, ...)   真图像
        fake    (N, ...)   生成的图像；没有梯度传回其中
        out     ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="gradient_penalty"
# check("gan", task="gradient_penalty")

# %% [markdown]
# 回到圆上的那些点。每次迭代评论器走五步，因为离最优很远的评论器什么也量不出来；也不用怕它变得**太**好。500 次迭代之后，假点还不如公平的那一局集中，但一堆也没有丢：没有假点去的那一堆，离每个假点都很远，评论器量得出来。

# %% tags=["active-ipynb"]
# # 约 8 秒
# wasserstein = play(wgan_critic_loss, wgan_generator_loss, num_steps=500, moves=(5, 1), penalty=gradient_penalty)
# scatter({"one move each": fair, "ten moves of G": hasty, "Wasserstein": wasserstein})

# %% [markdown] question="gan-q4"
# **简答题 4。** 用梯度惩罚训练的评论器，为什么不能含有批量归一化？

# %% [markdown] answer="gan-q4"
# YOUR ANSWER HERE

# %% [markdown]
# ## 8 指定类别
#
# 到目前为止，画什么由 $G$ 自己选。Mirza 和 Osindero（*Conditional Generative Adversarial Nets*，2014，式 2）把标签 $y$ 告诉双方：$G$ 造出类别 $y$ 的图像，$D$ 判断它是不是**这一类别**的真图像。标签写成一个**独热**（one-hot）行，接在噪声或图像之后：
#
#     (noise, one-hot label)  ->  linear - 1024 - 1024 - 784 - tanh
#     (image, one-hot label)  ->  linear - 256 - 256 - 1
#
# 激活函数与第 1 部分相同。`Conditional` 把标签接在行的后面，dtype 和设备与这一行相同；另外两个函数把网络交给它。

# %% task="Conditional.forward"
# 约 10 分钟，简单。卡住了？hint("Conditional.forward") 会给出第一步。
class Conditional(nn.Module):
    """以行为输入的网络，行后面接有独热标签。"""

    def __init__(self, net: nn.Module, num_classes: int):
        super().__init__()
        self.net, self.num_classes = net, num_classes

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """网络对 (x, 独热的 y) 的回答。

        Shapes:
            x    (N, D)   行
            y    (N,)     标签，int64，取值 0..num_classes-1
            out  (N, ...) net 对 (N, D + num_classes) 的输出
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="Conditional.forward"
# check("gan", task="Conditional.forward")

# %% task="cgan_generator cgan_discriminator"
# 约 15 分钟，简单。卡住了？hint("cgan_generator") 或 hint("cgan_discriminator") 会给出第一步。
def cgan_generator(num_classes: int = 10, noise_dim: int = 96) -> nn.Module:
    """一个 Conditional：让噪声和标签通过 `generator` 的各层。

    模块把 (N, noise_dim) 的噪声和 (N,) 的标签映射为 (N, 784) 的图像，数值在 [-1, 1] 中。
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def cgan_discriminator(num_classes: int = 10) -> nn.Module:
    """一个 Conditional：让图像和标签通过 `discriminator` 的各层。

    模块把 (N, 784) 的图像和 (N,) 的标签映射为 (N, 1) 的 logit。
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="cgan_generator"
# check("gan", task="cgan_generator")

# %% tags=["active-ipynb"] grade="cgan_discriminator"
# check("gan", task="cgan_discriminator")

# %% [markdown]
# 你的两个走一步的函数接受任何函数作为 `D` 和 `G`，所以可以把当前批量的标签绑定进去。循环已经给出。全连接网络学得慢，和第 3 部分一样：1,000 次迭代只是开头，符合要求的样本还很少。有时间的话，把 `num_steps` 加到十倍。

# %%
def train_conditional(
    D: nn.Module,
    G: nn.Module,
    images: Tensor,
    labels: Tensor,
    *,
    num_steps: int = 1000,
    batch_size: int = 32,
    noise_dim: int = 96,
    progress: bool = False,
) -> None:
    """用原始 GAN 的损失训练一对条件网络。`progress` 显示进度条。

    Shapes:
        images  (N, 784)  在 [-1, 1] 中
        labels  (N,)      int64
    """
    D_optimizer, G_optimizer = get_optimizer(D), get_optimizer(G)
    options = {"dtype": images.dtype, "device": images.device}
    for _ in tqdm(range(num_steps), unit="step", disable=not progress):
        rows = torch.randint(len(images), (batch_size,), device=images.device)
        y = labels[rows]

        def judge(x: Tensor, y: Tensor = y) -> Tensor:
            return D(x, y)

        def paint(z: Tensor, y: Tensor = y) -> Tensor:
            return G(z, y)

        noise = sample_noise(2 * batch_size, noise_dim, **options)
        discriminator_step(judge, paint, D_optimizer, discriminator_loss, images[rows], noise[:batch_size])
        generator_step(judge, paint, G_optimizer, generator_loss, noise[batch_size:])

# %% tags=["active-ipynb"]
# # 约 20 秒
# seed_everything(0)
# D, G = cgan_discriminator(), cgan_generator()
# train_conditional(D, G, images, glyphs.y_train, progress=True)
# wanted = torch.arange(10).repeat(4)
# with torch.no_grad():
#     samples = G(sample_noise(40, 96), wanted)
#     seen = classifier.logits((samples.reshape(-1, 1, 28, 28) + 1) / 2).argmax(dim=1)
# print(f"{int((seen == wanted).sum())} of 40 are recognised as what was asked for")
# show(samples, columns=10, titles=[*glyphs.class_names, *[""] * 30])

# %% [markdown]
# ## 小结
#
# 生成器不需要似然，也不需要目标值：分辨真假的网络就是损失，而且是一路上学出来的。损失曲线说明不了图像有多好；要看样本，以及对样本的衡量。生成器最小化的是什么，取决于对手的损失；离目标很远时它还能不能学，也取决于此。没有哪种损失要求多样性，所以要自己盯着。
#
# **延伸阅读。** 生成器后来发展成了 StyleGAN（Karras 等 2019）。pix2pix 和 CycleGAN（Isola 等；Zhu 等 2017）用图像代替噪声。Miyato 等（*Spectral normalization*，2018）不用惩罚项就限制了评论器的斜率。Lucic 等（*Are GANs created equal?*，2018）比较了各种损失，发现只要调得同样用心，它们就不相上下。`a09_diffusion` 用回归造出图像，不需要对手。

# %% [markdown]
# ## 全部检查项

# %% tags=["active-ipynb"]
# check("gan")
