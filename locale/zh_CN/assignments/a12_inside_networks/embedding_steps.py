# %% [markdown]
# # 一步一步降维
#
# 一张图像的特征是一百个数。怎样**看**一百个维度？可以找出最能说明问题的两个（主成分分析），也可以画一张降维图，让近邻仍是近邻（t-SNE）。这里你来写两者的各个步骤，还有白化，也就是 PCA 的另一个用途。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 协方差 | `covariance` | 3 | 10 |
# | 2 主轴 | `principal_axes` | 4 | 30 |
# | 3 重建 | `reconstruct` | 3 | 15 |
# | 4 白化 | `whiten` | 4 | 25 |
# | 5 t-SNE：谁是近邻 | `sigma_for_perplexity` | 4 | 30 |
# | 6 t-SNE：移动降维图上的点 | `tsne_gradient` | 4 | 25 |
# | 7 降维图可信吗？ | `trustworthiness` | 3 | 25 |

# %%
import math

import torch
from torch import Tensor


# %% tags=["active-ipynb"]
# from autograder import check, hint
# from common.data import small_objects
# from common.nets.scene_net import SceneNet, preprocess
# from common.plots import curves, image_grid
# from common.plots.figure import new_figure
# from common.training.seed import seed_everything
#
# seed_everything(0)
# model = SceneNet()
# drawn = small_objects.draw(500, stream="test", seed=1)
# labels, names = drawn.labels, small_objects.CLASS_NAMES
# features = torch.cat([model.embed(part) for part in preprocess(drawn.images).split(100)]).double()
# tiny = small_objects.draw(500, stream="test", seed=1, size=16).images.mean(dim=1).flatten(1).double()
# print("features", tuple(features.shape), "grey pixels", tuple(tiny.shape))

# %% [markdown]
# ## 1 协方差
#
# 设 $X$ 的每一行是 $N$ 个点之一，均值为 $\mu$。两个坐标的协方差是它们与均值之差的乘积的均值：
#
# $$\Sigma = \frac{1}{N} (X - \mu)^\top (X - \mu)$$
#
# 对角线上是方差。（统计学中用样本做估计时除以 $N - 1$；我们描述的只是手头的点。）

# %% task="covariance"
# 约 10 分钟，简单。卡住了？hint("covariance") 会给出第一步。
def covariance(X: Tensor) -> Tensor:
    """协方差矩阵，除以 N。不允许用 torch.cov 一类的函数。

    Shapes:
        X    (N, D)  不改动
        out  (D, D)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="covariance"
# check("embedding_steps", task="covariance")

# %% [markdown]
# ## 2 主轴
#
# 点在哪个方向上变化最大？对单位向量 $u$，投影 $X u$ 的方差是 $u^\top \Sigma u$。它在 $\Sigma$ 最大特征值对应的**特征向量**处最大，而特征值**就是**这个方差。下一个轴是与第一个垂直的方向中最好的，依此类推（Pearson 1901）。
#
# 有两种做法：`torch.linalg.eigh` 按**升序**给出对称矩阵的所有特征值，特征向量是**列**。或者用**幂迭代**：拿任意一个向量反复乘以 $\Sigma$ 并归一化，它就会转向第一个轴；从 $\Sigma$ 中减去 $\lambda u u^\top$（降阶），再从头求下一个。
#
# $u$ 和 $-u$ 同样好。为了答案唯一，规定绝对值最大的坐标为正。

# %% task="principal_axes"
# 约 30 分钟，中等。卡住了？hint("principal_axes") 会给出第一步。
def principal_axes(X: Tensor, k: int) -> Tensor:
    """方差最大的 k 个方向，作为长度为 1 的行；方差最大的在前。

    每一行中，绝对值最大的元素为正。

    Shapes:
        X    (N, D)  不改动
        k    int     不超过 D，也不超过 N - 1
        out  (k, D)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="principal_axes"
# check("embedding_steps", task="principal_axes")

# %% tags=["active-ipynb"]
# mean, axes = tiny.mean(dim=0), principal_axes(tiny, 12)
# pictures = torch.cat([mean[None], axes]).reshape(-1, 1, 16, 16)
# low, high = pictures.amin(dim=(2, 3), keepdim=True), pictures.amax(dim=(2, 3), keepdim=True)
# image_grid(((pictures - low) / (high - low)).float(), ["mean"] + [f"axis {n + 1}" for n in range(12)], columns=7)

# %% [markdown]
# ## 3 重建
#
# 只保留 $k$ 个坐标 $z = U (x - \mu)$，其中 $U$ 的各行是轴。反过来，$\hat x = \mu + U^\top z$。丢掉了什么？正好是被丢弃的轴上的方差：
#
# $$\frac{1}{N} \sum_n \lVert x_n - \hat x_n \rVert^2 = \sum_{i > k} \lambda_i$$

# %% task="reconstruct"
# 约 15 分钟，简单。卡住了？hint("reconstruct") 会给出第一步。
def reconstruct(X: Tensor, axes: Tensor, mean: Tensor) -> Tensor:
    """在经过均值、由这些轴张成的子空间里，离各点 X 最近的点。

    Shapes:
        X     (N, D)
        axes  (k, D)  长度为 1 的行，彼此垂直
        mean  (D,)    不一定是 X 的均值
        out   (N, D)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="reconstruct"
# check("embedding_steps", task="reconstruct")

# %% tags=["active-ipynb"]
# kept, every = (1, 4, 16, 64, 200), principal_axes(tiny, 200)
# rows = [tiny[:8]] + [reconstruct(tiny[:8], every[:k], mean) for k in kept]
# titles = ["image"] * 8 + [f"axes: {k}" for k in kept for _ in range(8)]
# image_grid(torch.cat(rows).reshape(-1, 1, 16, 16).float(), titles, columns=8)

# %% tags=["active-ipynb"]
# def spectrum(X):
#     """只留前几个轴、丢弃其余的轴时，失去的方差所占的比例。"""
#     values = torch.linalg.eigvalsh(covariance(X)).flip(0).clamp(min=0)
#     return 1 - values.cumsum(0) / values.sum()
#
#
# curves({"features of SceneNet": spectrum(features)[:64], "grey pixels": spectrum(tiny)[:64]},
#        x=range(1, 65), xlabel="axes kept", ylabel="share of variance lost")

# %% [markdown] question="embedding_steps-q1"
# **简答题 1。** 所有图像都加亮同样的量，均值、轴和特征值会怎样？如果每张图像各自加亮一个随机的量呢？如果忘了减去均值，PCA 会找到什么？

# %% [markdown] answer="embedding_steps-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 4 白化
#
# 预处理有时要求的不只是零均值：各坐标互不相关，方差都是 1。设 $\Sigma = U \Lambda U^\top$（特征向量是 $U$ 的列），旋转到各轴，再把每个坐标除以它的标准差：
#
# $$X_{\text{PCA}} = (X - \mu) \, U \Lambda^{-1/2}, \qquad X_{\text{ZCA}} = (X - \mu) \, U \Lambda^{-1/2} U^\top$$
#
# 两者的协方差都是单位矩阵。**ZCA** 最后再旋转回去：它的矩阵是对称的，在所有白化结果中最接近原来的点（所以白化后的图像看起来仍像图像）。小的特征值多半是噪声，除以它们会让噪声和信号一样大。所以给每个特征值加上 $\epsilon$。

# %% task="whiten"
# 约 25 分钟，中等。卡住了？hint("whiten") 会给出第一步。
def whiten(X: Tensor, eps: float, zca: bool = False) -> Tensor:
    """减去均值后的点，如果 eps 很小，协方差就是单位矩阵。

    不用 zca 时，第 i 列对应方差第 i 大的轴；它的符号任意。

    Shapes:
        X    (N, D)  不改动
        eps  float   加到协方差的特征值上
        zca  bool    旋转回原来的坐标
        out  (N, D)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="whiten"
# check("embedding_steps", task="whiten")

# %% tags=["active-ipynb"]
# tilted = torch.randn(400, 2).double() @ torch.tensor([[2.0, 0.9], [0.0, 0.5]]).double() + torch.tensor([1.0, 2.0])
# figure = new_figure(9, 3, "Points in a slanted ellipse; PCA-whitened and ZCA-whitened they fill a disc.")
# for number, (title, points) in enumerate({"points": tilted, "PCA-whitened": whiten(tilted, 1e-9),
#                                           "ZCA-whitened": whiten(tilted, 1e-9, zca=True)}.items()):
#     plane = figure.add_subplot(1, 3, number + 1, aspect="equal", title=title)
#     plane.scatter(*points.T, c=tilted[:, 0] - tilted[:, 1], s=6)
# figure

# %% [markdown]
# 颜色标明各图中的点怎样对应。PCA 白化转动了点云；ZCA 白化只是拉伸了它。

# %% [markdown]
# ## 5 t-SNE：谁是近邻
#
# PCA 是线性的：它只能从某个方向看点云。**t-SNE**（van der Maaten 和 Hinton 2008）自由地移动降维图上的点，直到**近邻**一致。在原空间中，点 $i$ 选 $j$ 为近邻的概率是
#
# $$p_{j|i} = \frac{\exp(-d_{ij}^2 / 2\sigma_i^2)}{\sum_{l \neq i} \exp(-d_{il}^2 / 2\sigma_i^2)}$$
#
# 其中 $d_{ij}$ 是距离。每个点的宽度 $\sigma_i$ 不同：空间中稠密的部分，它就小。它的取值要让每个点都有差不多同样多的近邻，这个数目就是**困惑度**
#
# $$\text{perplexity} = 2^{H_i}, \qquad H_i = -\sum_j p_{j|i} \log_2 p_{j|i}$$
#
# （如果 $m$ 个点概率都相等，困惑度就是 $m$。用自然对数时它是 $e^H$：底数要与对数配套。）困惑度随 $\sigma$ 增大，所以用**二分法**就能找到它：先扩大区间，直到答案在里面，再不断减半。

# %% task="sigma_for_perplexity"
# 约 30 分钟，中等。卡住了？hint("sigma_for_perplexity") 会给出第一步。
def sigma_for_perplexity(d2_row: Tensor, perplexity: float, tol: float = 1e-5) -> float:
    """让一个点达到给定困惑度的 sigma，误差不超过 tol。

    Shapes:
        d2_row      (M,)   这个点到其他所有点的距离平方，不含自己；大小任意，也可能离 0 很远
        perplexity  float  大于 1，小于 M
        out         float  > 0，Python 的数：|perplexity(sigma) - perplexity| <= tol
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="sigma_for_perplexity"
# check("embedding_steps", task="sigma_for_perplexity")

# %% [markdown]
# 所有点对合在一起：$p_{ij} = (p_{j|i} + p_{i|j}) / 2N$，一张和为 1 的对称表。这部分已经给出。

# %%
def joint_probabilities(X: Tensor, perplexity: float) -> Tensor:
    """所有点对的对称近邻概率；对角线为 0。

    Shapes:
        X    (N, D)
        out  (N, N)  float64，和为 1
    """
    d2 = (X.double()[:, None] - X.double()[None]).square().sum(dim=2)
    others = ~torch.eye(len(X), dtype=torch.bool, device=X.device)
    P = torch.zeros_like(d2)
    for i, row in enumerate(d2):
        sigma = sigma_for_perplexity(row[others[i]], perplexity)
        P[i, others[i]] = torch.softmax(-row[others[i]] / (2 * sigma**2), dim=0)
    return (P + P.T) / (2 * len(X))


# %% [markdown]
# ## 6 t-SNE：移动降维图上的点
#
# 在降维图上，点 $i$ 位于 $y_i$，近邻概率的尾部更重（自由度为 1 的学生 t 分布），这样不远不近的点在降维图上可以离得相当远：
#
# $$q_{ij} = \frac{(1 + \lVert y_i - y_j \rVert^2)^{-1}}{\sum_{k \neq l} (1 + \lVert y_k - y_l \rVert^2)^{-1}}$$
#
# 降维图应让 $\text{KL}(P \| Q) = \sum_{ij} p_{ij} \log (p_{ij} / q_{ij})$ 变小。梯度出人意料地简单（论文附录 A）：
#
# $$\frac{\partial\, \text{KL}}{\partial y_i}
# = 4 \sum_j (p_{ij} - q_{ij}) \, (y_i - y_j) \, (1 + \lVert y_i - y_j \rVert^2)^{-1}$$
#
# 把它看作力：相距太远的近邻（$p > q$）互相吸引，其余的互相排斥。

# %% task="tsne_gradient"
# 约 25 分钟，中等。卡住了？hint("tsne_gradient") 会给出第一步。
def tsne_gradient(P: Tensor, Y: Tensor) -> Tensor:
    """KL(P || Q) 对降维图上各点的梯度，按公式计算。不用循环，不用自动求导。

    Shapes:
        P    (N, N)  对称，和为 1，对角线为 0
        Y    (N, d)  降维图；d 通常是 2
        out  (N, d)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="tsne_gradient"
# check("embedding_steps", task="tsne_gradient")

# %% [markdown]
# 外面的循环已经给出：带动量的梯度下降，动量先是 0.5，后来是 0.8。前 100 步把 P 放大 12 倍，好让各群点早些形成。

# %%
def tsne(P: Tensor, start: Tensor, steps: int = 300) -> Tensor:
    """移动降维图上的点，直到近邻一致。

    Shapes:
        P      (N, N)  来自 joint_probabilities
        start  (N, 2)  很小的数
        out    (N, 2)
    """
    Y, velocity = start.double().clone(), torch.zeros_like(start, dtype=torch.float64)
    rate = max(len(P) / 12, 50.0)
    for step in range(steps):
        gradient = tsne_gradient(12 * P if step < 100 else P, Y)
        velocity = (0.5 if step < 100 else 0.8) * velocity - rate * gradient
        Y = Y + velocity
        Y = Y - Y.mean(dim=0)
    return Y


# %% tags=["active-ipynb"]
# def scatter(plane, Y, title):
#     """画一张图，每种形状有自己的颜色和标记；棋盘纹目标的标记是实心的。"""
#     for label, name in enumerate(names):
#         mine, face = labels == label, f"C{label // 2}" if label % 2 else "none"
#         plane.scatter(*Y[mine].T, s=16, linewidths=0.8, marker="os^DP"[label // 2], edgecolors=f"C{label // 2}",
#                       facecolors=face, label=name)
#     plane.set(title=title, xticks=[], yticks=[])
#
#
# plane = (features - features.mean(dim=0)) @ principal_axes(features, 2).T
# start = 1e-2 * plane / plane.std(dim=0)
# maps = {"PCA": plane}
# for perplexity in (5, 30, 100):
#     maps[f"t-SNE, perplexity {perplexity}"] = tsne(joint_probabilities(features, perplexity), start)
# figure = new_figure(12, 12, "Four maps of the features. In PCA's, classes overlap; in t-SNE's, they form groups.")
# for number, (title, Y) in enumerate(maps.items()):
#     scatter(figure.add_subplot(2, 2, number + 1), Y, title)
# figure.axes[0].legend(fontsize=7)
# figure

# %% [markdown]
# 同样的点，四张降维图。PCA 显示方差最大的方向，各类别互相重叠。t-SNE 显示一群一群的点；群的数目和形状取决于困惑度，而**群与群之间的距离毫无意义**。它还很慢：300 步中的每一步都要比较所有的点对。

# %% [markdown]
# ## 7 降维图可信吗？
#
# 降维图如果把本不是近邻的两个点画成近邻，就错了。**可信度**（Venna 和 Kaski 2001）数出这样的假近邻，并看它们实际离得多远。设 $r(i, j)$ 是 $j$ 在原空间中 $i$ 的近邻里的排名（最近的为 1），$U_k(i)$ 是在降维图上属于 $i$ 最近的 $k$ 个、但在原空间中不属于的那些点：
#
# $$T(k) = 1 - \frac{2}{N k (2N - 3k - 1)} \sum_{i=1}^{N} \sum_{j \in U_k(i)} (r(i, j) - k)$$
#
# 降维图完美时它是 1，随机时约为二分之一。

# %% task="trustworthiness"
# 约 25 分钟，中等。卡住了？hint("trustworthiness") 会给出第一步。
def trustworthiness(X: Tensor, Y: Tensor, k: int) -> float:
    """一张降维图的可信度，按欧氏距离取 k 个近邻。

    Shapes:
        X    (N, D)  原来的点
        Y    (N, d)  降维图
        k    int     小于 N / 2
        out  float   Python 的数
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="trustworthiness"
# check("embedding_steps", task="trustworthiness")

# %% tags=["active-ipynb"]
# for title, Y in maps.items():
#     nearest = torch.cdist(Y, Y).fill_diagonal_(math.inf).argmin(dim=1)
#     print(f"{title:24} trustworthiness {trustworthiness(features, Y, 10):.3f}, "
#           f"nearest neighbour has the same class: {(labels[nearest] == labels).double().mean():.0%}")
# Y = torch.randn(500, 2).double()
# print(f"{'random':24} trustworthiness {trustworthiness(features, Y, 10):.3f}")

# %% [markdown] question="embedding_steps-q2"
# **简答题 2。** 在一张 t-SNE 降维图上，你看到同一类别的两群点相距很远。给出两种解释，一种关于数据，一种关于方法，并说明你会分别计算什么来检验。

# %% [markdown] answer="embedding_steps-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## 小结
#
# PCA 是一种旋转，按方差给方向排序；丢弃最后几个，失去的正好是它们的方差。白化是旋转再相除。t-SNE 保持邻域，别的都不保持：要测量保持得多好，不要从它的图上读距离。
#
# **延伸阅读。** Wattenberg、Viégas 和 Johnson（*How to use t-SNE effectively*，2016）让你亲手调参数，看到哪些图案并不在数据里。Kobak 和 Berens（*The art of using t-SNE for single-cell transcriptomics*，2019）说明怎样初始化、困惑度取多少。UMAP（McInnes、Healy 和 Melville 2018）是它最有名的近亲。
