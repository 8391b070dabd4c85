# %% [markdown]
# # 把图变成数
#
# 朋友、引文、原子和化学键、三角网格上的点：**图**（graph）有节点，有些节点之间有边。图像也是图，它的节点是排成网格的像素。但一般的图没有行和列，没有左和右，节点也没有先后顺序。要让网络在图上计算，先得把图变成数，这里就来写怎么变。公式依据 Prince 的 *Understanding Deep Learning*（2023）第 13 章。
#
# **整份作业只有一种约定。** 边从**起点**（source）$j$ 指向**终点**（target）$i$，消息沿着边走。`edge_index` 的形状为 (2, E)，dtype 为 int64，第 0 行是起点，第 1 行是终点。无向边列两次，两个方向各一次。若有从 $j$ 到 $i$ 的边，**邻接矩阵**（adjacency matrix）$A$ 的元素 $A_{ij} = 1$：**行是终点**。所以 $A X$ 的第 $i$ 行，就是到达节点 $i$ 的消息之和。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 一个列表和一张表 | `adjacency`, `edge_index_of` | 4 | 20 |
# | 2 途径 | `walks`, `k_hop` | 4 | 30 |
# | 3 没有顺序 | `permute` | 2 | 10 |
# | 4 给层用的矩阵 | `normalised_adjacency` | 4 | 30 |
# | 5 图上的波 | `laplacian`, `spectral_filter`, `chebyshev` | 6 | 55 |
# | 6 多图合一 | `batch_graphs`, `unbatch` | 4 | 30 |
# | 7 把边当作节点 | `edge_graph` | 2 | 25 |

# %%
from collections.abc import Callable

import torch
from torch import Tensor


# %% tags=["active-ipynb"]
# from autograder import check, hint
# from common.data import graphs
# from common.plots.curves import curves
# from common.plots.figure import new_figure
# from common.plots.networks import draw_network, spring_layout
#
# path = torch.tensor([[0, 1, 1, 2], [1, 0, 2, 1]])  # 0 - 1 - 2，每条边列出两个方向
# club = graphs.karate()
# club_places = spring_layout(club.edge_index, 34, seed=4)
# figure = new_figure(5, 4, "Zachary's karate club: two groups around nodes 0 and 33.")
# draw_network(figure.add_subplot(), club.edge_index, club_places, values=club.y, names=[str(n) for n in range(34)],
#              size=170, vmax=9)
# figure

# %% [markdown]
# ## 1 一个列表和一张表
#
# 边列表很短；表 $A$ 用起来方便。对路径图 0 - 1 - 2：
#
# $$A = \begin{pmatrix} 0 & 1 & 0 \\ 1 & 0 & 1 \\ 0 & 1 & 0 \end{pmatrix}$$

# %% task="adjacency"
# 约 10 分钟，简单。卡住了？hint("adjacency") 会给出第一步。
def adjacency(edge_index: Tensor, N: int) -> Tensor:
    """邻接矩阵：每条边的 [终点，起点] 处为 1，其余为 0。不能用循环遍历边。

    列出多次的边只算一次。从节点到它自己的边在对角线上。

    Shapes:
        edge_index  (2, E)  int64，起点和终点，取值范围 [0, N)
        N           int     节点数；有些节点可能没有边
        out         (N, N)  float32
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="adjacency"
# check("graph_basics", task="adjacency")

# %% task="edge_index_of"
# 约 10 分钟，简单。卡住了？hint("edge_index_of") 会给出第一步。
def edge_index_of(A: Tensor) -> Tensor:
    """邻接矩阵的边列表，顺序任意。不能用循环遍历节点或边。

    Shapes:
        A    (N, N)  任意 dtype；不为 0 之处就是边
        out  (2, E)  int64，起点和终点
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="edge_index_of"
# check("graph_basics", task="edge_index_of")

# %% tags=["active-ipynb"]
# A = adjacency(club.edge_index, 34)
# by_club = club.y.argsort(stable=True)
# figure = new_figure(7, 3.4, "The club's adjacency matrix as given, and sorted by club: two dense blocks.")
# for number, (title, table) in enumerate({"as given": A, "sorted by club": A[by_club][:, by_club]}.items()):
#     figure.add_subplot(1, 2, number + 1, title=title, xlabel="source", ylabel="target").imshow(table, cmap="Greys")
# figure

# %% [markdown]
# ## 2 途径
#
# 长度为 $k$ 的**途径**（walk）是 $k$ 条边的序列，每条边都从上一条的终点出发。从 $j$ 到 $i$ 长度为 2 的途径有多少条？凡是有边 $j \to l \to i$ 的节点 $l$，各算一条，所以是 $\sum_l A_{il} A_{lj} = (A^2)_{ij}$。同理，$(A^k)_{ij}$ 数的是长度为 $k$ 的途径。对路径图，
#
# $$A^2 = \begin{pmatrix} 1 & 0 & 1 \\ 0 & 2 & 0 \\ 1 & 0 & 1 \end{pmatrix}, \qquad
# A^3 = \begin{pmatrix} 0 & 2 & 0 \\ 2 & 0 & 2 \\ 0 & 2 & 0 \end{pmatrix}$$
#
# 在 $k$ 层的网络里，每个节点每层听一次邻居，于是它看得到距离不超过 $k$ 的节点：这就是图上的**感受野**（receptive field）。

# %% task="walks"
# 约 10 分钟，简单。卡住了？hint("walks") 会给出第一步。
def walks(A: Tensor, k: int) -> Tensor:
    """从每个起点到每个终点，长度为 k 的途径的条数。

    Shapes:
        A    (N, N)  float，0 或 1；不改动
        k    int     大于等于 0；长度为 0 的途径停在原处
        out  (N, N)  dtype 与 A 相同，[终点，起点]
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="walks"
# check("graph_basics", task="walks")

# %% task="k_hop"
# 约 20 分钟，中等。卡住了？hint("k_hop") 会给出第一步。
def k_hop(A: Tensor, k: int) -> Tensor:
    """从每个起点到每个终点，有没有至多 k 条边的途径。

    k 可能很大：途径的条数会溢出，能否到达却不会。

    Shapes:
        A    (N, N)  float，0 或 1；不改动
        k    int     大于等于 0；每个节点都能到达自己
        out  (N, N)  bool，[终点，起点]
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="k_hop"
# check("graph_basics", task="k_hop")

# %% tags=["active-ipynb"]
# figure = new_figure(11, 2.6, "Nodes that hear from member 16 after 0 to 4 layers: 1, 3, 6, 18 and 26 of 34.")
# for k in range(5):
#     seen = k_hop(A, k)[:, 16]
#     draw_network(figure.add_subplot(1, 5, k + 1), club.edge_index, club_places, values=seen.float(), cmap="Blues",
#                  vmin=0, vmax=1, size=40, title=f"k = {k}; nodes: {int(seen.sum())}")
# figure

# %% [markdown] question="graph_basics-q1"
# **简答题 1。** 对无向图，$A^2$ 的对角线说明了什么？$A^3$ 的呢？用 $\operatorname{tr}(A^3)$ 表示，一个图有多少个三角形？为什么？

# %% [markdown] answer="graph_basics-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 3 没有顺序
#
# 节点的编号只是名字，可以互换。用置换矩阵 $P$ 给它们新的编号：特征变成 $P X$，邻接矩阵变成 $P A P^\top$。为每个节点算出结果的层，必须是**等变**（equivariant）的：$f(P A P^\top, P X) = P f(A, X)$。描述整个图的一个数，必须是**不变**（invariant）的。你会用这一点来测试你的层。

# %% task="permute"
# 约 10 分钟，简单。卡住了？hint("permute") 会给出第一步。
def permute(A: Tensor, X: Tensor, p: Tensor) -> tuple[Tensor, Tensor]:
    """同一个图，换上新的编号：新节点 n 是旧节点 p[n]。

    Shapes:
        A    (N, N)  不改动
        X    (N, D)  不改动
        p    (N,)    int64，小于 N 的每个数各出现一次
        out  新的 A (N, N) 和新的 X (N, D)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="permute"
# check("graph_basics", task="permute")

# %% [markdown]
# ## 4 给层用的矩阵
#
# 图卷积的核心是 $A X$：每个节点把邻居的特征加起来。还缺两样东西。节点忘了自己的特征，所以给每个节点加一条到自己的边，即 $A + I$。邻居多的节点得到的数很大，所以要把和除以一个数。设 $\tilde D$ 是由 $A + I$ 各行之和组成的对角矩阵：
#
# | 种类 | 矩阵 | $\hat A X$ 的第 $i$ 行 |
# |---|---|---|
# | row | $\tilde D^{-1} (A + I)$ | 到达的向量的均值 |
# | sym | $\hat A = \tilde D^{-1/2} (A + I) \tilde D^{-1/2}$ | $\sum_j x_j / \sqrt{\tilde d_i \tilde d_j}$ |
#
# Kipf 和 Welling（2017）用第二种。对无向图，它是对称的，特征值在 $(-1, 1]$ 中；朋友多的邻居分量较轻。对路径图，
#
# $$\hat A = \begin{pmatrix} 0.5 & 0.4082 & 0 \\ 0.4082 & 0.3333 & 0.4082 \\ 0 & 0.4082 & 0.5 \end{pmatrix}$$
#
# （有向图有两种度。这里的 $\tilde d$ 总是**到达**的边数。）大多数元素为 0。**稀疏**（sparse）张量只存其余的元素：一百万个节点、每个十条边，只要存 10⁷ 个数，而不是 10¹² 个。两种张量都可以写 `A_hat @ X`。

# %% task="normalised_adjacency"
# 约 30 分钟，中等。卡住了？hint("normalised_adjacency") 会给出第一步。
def normalised_adjacency(
    edge_index: Tensor, N: int, self_loops: bool = True, kind: str = "sym", sparse: bool = False
) -> Tensor:
    """上表中的矩阵，"sym" 或 "row"；其他种类抛出 ValueError。

    没有 self_loops 时，用 A 代替 A + I。有 self_loops 时，对角线元素为 1，即使已经列出了从节点到自己的边。列出
    两次的边只算一次。行的和为 0 时，它的倒数当作 0。

    Shapes:
        edge_index  (2, E)  int64，起点和终点
        N           int     节点数；有些节点可能没有边
        sparse      bool    返回稀疏的 COO 张量
        out         (N, N)  float32，[终点，起点]
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="normalised_adjacency"
# check("graph_basics", task="normalised_adjacency")

# %% tags=["active-ipynb"]
# print(normalised_adjacency(path, 3))
# A_hat = normalised_adjacency(club.edge_index, 34)
# spread = torch.stack([walks(A_hat, k)[:, 16] for k in (1, 2, 4, 16)])
# figure = new_figure(11, 2.8, "A number that begins at member 16 spreads, at last towards members with many friends.")
# for number, k in enumerate((1, 2, 4, 16)):
#     draw_network(figure.add_subplot(1, 4, number + 1), club.edge_index, club_places, values=spread[number],
#                  cmap="Blues", vmin=0, size=50, title=f"number of products: {k}")
# figure

# %% [markdown]
# ## 5 图上的波
#
# 在直线或网格上，做过傅里叶变换之后，卷积就是乘法。图的正弦和余弦是什么？是它的**拉普拉斯矩阵**（Laplacian）的特征向量：
#
# $$L = D - A, \qquad L_{\text{sym}} = I - D^{-1/2} A D^{-1/2}$$
#
# 其中 $D$ 由度组成，不含自环。$x^\top L x = \frac{1}{2} \sum_{ij} A_{ij} (x_i - x_j)^2$：特征值小的特征向量沿着边变化很小（低频），特征值大的几乎在每条边上都变号。在一个连通分量上为常数的向量，特征值为 0，所以有多少个连通分量，就有多少个零。$L_{\text{sym}}$ 的特征值在 $[0, 2]$ 中：对路径图，是 0、1、2。

# %% task="laplacian"
# 约 15 分钟，简单。卡住了？hint("laplacian") 会给出第一步。
def laplacian(A: Tensor, kind: str = "sym") -> Tensor:
    """拉普拉斯矩阵："plain" 是 D - A，"sym" 是 I - D^(-1/2) A D^(-1/2)；其他种类抛出 ValueError。

    没有边的节点，它的行和列为 0，两种都是如此。

    Shapes:
        A    (N, N)  float，对称，对角线为 0；不改动
        out  (N, N)  dtype 与 A 相同
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="laplacian"
# check("graph_basics", task="laplacian")

# %% [markdown]
# 设 $L = U \Lambda U^\top$，则信号 $x$ 的系数是 $U^\top x$。**谱滤波器**（spectral filter）把每个系数乘以一个取决于它频率的数 $g(\lambda)$，再变回去：$y = U g(\Lambda) U^\top x$（Bruna 等 2014）。

# %% task="spectral_filter"
# 约 15 分钟，简单。卡住了？hint("spectral_filter") 会给出第一步。
def spectral_filter(L: Tensor, x: Tensor, g: Callable[[Tensor], Tensor]) -> Tensor:
    """信号 x 经过滤波器 g 之后的结果。

    Shapes:
        L    (N, N)  float，对称
        x    (N, D)  float，每列一个信号；不改动
        g    把特征值 (N,) 映射为各自倍数 (N,) 的函数
        out  (N, D)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="spectral_filter"
# check("graph_basics", task="spectral_filter")

# %% [markdown]
# 一百万个节点的特征向量算不出来；给每个特征值配一个自由的数，这样的滤波器 $g$ 只适合一个图。如果 $g$ 是 $K$ 次**多项式**，就不需要特征向量：$y = \sum_k c_k L^k x$，它能到达 $K$ 跳。用切比雪夫多项式作基，比用幂更好；它们要求特征值在 $[-1, 1]$ 中，所以先重新缩放（Defferrard、Bresson 和 Vandergheynst 2016）：
#
# $$\tilde L = \frac{2}{\lambda_{\max}} L - I, \qquad T_0 = x, \quad T_1 = \tilde L x, \quad
# T_k = 2 \tilde L T_{k-1} - T_{k-2}, \qquad y = \sum_k \theta_k T_k$$

# %% task="chebyshev"
# 约 25 分钟，中等。卡住了？hint("chebyshev") 会给出第一步。
def chebyshev(L: Tensor, x: Tensor, theta: Tensor, lam_max: float = 2.0) -> Tensor:
    """信号 x 经过切比雪夫多项式的滤波器之后的结果，只用 L 与信号的乘积。

    禁用 torch.linalg 和 L 的幂：每一项只做一次 L 与 (N, D) 的乘积。

    Shapes:
        L        (N, N)  float，稠密
        x        (N, D)  float；不改动
        theta    (M,)    float，T_0 到 T_{M-1} 的系数；M 至少为 1；梯度流回 x 和 theta
        lam_max  float   特征值的上界：对称的拉普拉斯矩阵为 2
        out      (N, D)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="chebyshev"
# check("graph_basics", task="chebyshev")

# %% tags=["active-ipynb"]
# side = 9
# grid = [(r * side + c, r * side + c + step) for r in range(side) for c in range(side)
#         for step in (1, side) if (c + 1 < side or step == side) and (r + 1 < side or step == 1)]
# grid = torch.tensor(grid).T
# grid = torch.cat([grid, grid.flip(0)], dim=1)
# grid_places = torch.stack([torch.arange(81.) % side, -(torch.arange(81) // side).float()], dim=1)
# L = laplacian(adjacency(grid, 81).double())
# values, waves = torch.linalg.eigh(L)
# noise = torch.randn(81, 1, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
# signals = {f"eigenvalue {values[n]:.2f}": waves[:, n] for n in (1, 7, 80)} | {
#     "noise": noise[:, 0],
#     "noise times exp(-6 eigenvalue)": spectral_filter(L, noise, lambda v: torch.exp(-6 * v))[:, 0]}
# figure = new_figure(13, 2.9, "Eigenvectors of a grid are waves; the filter leaves slow waves of the noise.")
# for number, (title, signal) in enumerate(signals.items()):
#     draw_network(figure.add_subplot(1, 5, number + 1), grid, grid_places, values=signal, cmap="RdBu", size=30,
#                  title=title)
# figure

# %% tags=["active-ipynb"]
# spectra = {"club": laplacian(adjacency(club.edge_index, 34)), "grid 9 x 9": L,
#            "path of 3": laplacian(adjacency(path, 3))}
# curves({name: torch.linalg.eigvalsh(table) for name, table in spectra.items()}, xlabel="number", ylabel="eigenvalue")

# %% [markdown] question="graph_basics-q2"
# **简答题 2。** 取 $K = 1$、$\lambda_{\max} = 2$ 和对称的拉普拉斯矩阵。证明：当 $\theta_0 = -\theta_1 = \theta$ 时，切比雪夫滤波器是 $y = \theta \, (I + D^{-1/2} A D^{-1/2}) \, x$。这个矩阵可能有哪些特征值？经过二十个这样的层，信号会怎样？Kipf 和 Welling 把它换成了 $\hat A$。这改变了什么？

# %% [markdown] answer="graph_basics-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## 6 多图合一
#
# 一批图像是一个张量，因为它们大小都相同。图的大小却各不相同。但一组图合起来又是一个图，只是各部分之间没有边。把特征上下拼接；每个 `edge_index` 中的节点编号，都加上前面的节点数。向量 `batch` 记下每个节点属于哪个图。

# %% task="batch_graphs"
# 约 15 分钟，简单。卡住了？hint("batch_graphs") 会给出第一步。
def batch_graphs(graphs: list[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor, Tensor]:
    """由所有图按顺序组成的一个图。

    Shapes:
        graphs  对的列表：edge_index (2, E_g) int64 和 X (N_g, D)；都不改动
        out     edge_index (2, E) int64；X (N, D)；batch (N,) int64，每个节点所属图的编号，从 0 开始
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="batch_graphs"
# check("graph_basics", task="batch_graphs")

# %% task="unbatch"
# 约 15 分钟，简单。卡住了？hint("unbatch") 会给出第一步。
def unbatch(edge_index: Tensor, X: Tensor, batch: Tensor) -> list[tuple[Tensor, Tensor]]:
    """由 batch_graphs 合在一起的各个图。

    Shapes:
        edge_index  (2, E)  int64；没有边连接两个图的节点；不改动
        X           (N, D)
        batch       (N,)    int64，升序，从 0 开始；每个数都出现
        out         对的列表：edge_index (2, E_g)（其中节点从 0 数起）和 X (N_g, D)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="unbatch"
# check("graph_basics", task="unbatch")

# %% [markdown]
# ## 7 把边当作节点
#
# 有时值得关心的是边：是道路，而不是路口。**边图**（edge graph，也叫线图，line graph）为原图的每条边设一个节点，两条边有公共端点，对应的两个节点就相连。这样，凡是适用于节点的方法，就都适用于边。

# %% task="edge_graph"
# 约 25 分钟，中等。卡住了？hint("edge_graph") 会给出第一步。
def edge_graph(edge_index: Tensor) -> tuple[Tensor, Tensor]:
    """图的无向边，以及其中哪些有公共端点。

    Shapes:
        edge_index  (2, E)  int64，每条边列出两个方向，没有自环
        out         ends (2, M) int64：每条无向边一次，较小的端点在前，先按较小的端点升序，
                    再按较大的端点升序；以及新图的 edge_index (2, F)，int64，新图的节点是
                    `ends` 的列：每一对列出两个方向，顺序任意，没有重复
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="edge_graph"
# check("graph_basics", task="edge_graph")

# %% tags=["active-ipynb"]
# house = torch.tensor([[0, 1, 2, 3, 0, 2, 3], [1, 2, 3, 0, 2, 4, 4]])
# house = torch.cat([house, house.flip(0)], dim=1)
# places = torch.tensor([[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0], [1.0, 3.2]])
# ends, lines = edge_graph(house)
# figure = new_figure(7, 3.2, "A house with a diagonal, and its edge graph: one node in the middle of each edge.")
# draw_network(figure.add_subplot(1, 2, 1), house, places, names="01234", title="a graph")
# draw_network(figure.add_subplot(1, 2, 2), lines, places[ends].mean(dim=0), title="its edge graph", size=250,
#              names=[f"{a}{b}" for a, b in ends.T.tolist()])
# figure

# %% [markdown]
# ## 小结
#
# 与邻接矩阵相乘，让数沿着边移动；归一化之后，就可以一次次地乘。节点的顺序没有意义，所以一切都必须经得起置换。拉普拉斯矩阵给图带来了频率；它的多项式是不需要特征向量的滤波器：其中最简单的一次多项式，就是下一个笔记本的图卷积。
#
# **延伸阅读。** Shuman 等（*The emerging field of signal processing on graphs*，2013）把频率、滤波和采样推广到图上。Von Luxburg（*A tutorial on spectral clustering*，2007）讲解拉普拉斯矩阵的特征向量里有什么信息。Bronstein 等（*Geometric deep learning*，2021）从对称性推出卷积、图网络和注意力。
