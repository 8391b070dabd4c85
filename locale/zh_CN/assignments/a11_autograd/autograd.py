# %% [markdown]
# # 自己动手写自动微分
#
# 所有深度学习框架都建立在同一个想法上：写一个算出某个数的程序，就能得到这个数对每个输入的导数，代价和程序本身差不多。你要造的就是这台机器：一个记得每个数怎么来的计算图，一些只知道自己导数的门，以及一个反向循环。然后再加上大模型需要的东西：前向求导、不用二阶导数矩阵的二阶导数，以及更省的内存。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 有记忆的计算图 | `topological_order`, `backward`, `graph_table` | 11 | 60 |
# | 2 门 | `unbroadcast`, `add`, `mul`, `div`, `power`, `exp`, `log`, `relu`, `maximum`, `sigmoid` | 21 | 85 |
# | 3 矩阵运算，不用雅可比矩阵 | `matmul`, `sum_over`, `softmax_cross_entropy` | 9 | 45 |
# | 4 什么都不轻信：数值梯度 | `numeric_gradient` | 3 | 20 |
# | 5 前向求导和二阶导数 | `Dual`, `jvp`, `hvp` | 8 | 65 |
# | 6 用起来 | `TwoLayer.loss`, `.step`, `checkpoint` | 7 | 60 |
#
# 把每个 `raise NotImplementedError()` 换成你的代码，然后运行它下面的单元格：它运行这一个任务的检查项，并告诉你第一个错的数在哪里。只需要 torch 的算术运算。它自己的梯度（`torch.autograd`、`torch.func`）正是你在这里要造的，所以禁用。

# %%
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor


# %% tags=["active-ipynb"]
# import time
#
# import matplotlib.pyplot as plt
#
# from autograder import check, hint
# from common.data import load
# from common.plots import curves, graph, show

# %% [markdown]
# ## 1 有记忆的计算图
#
# 程序就是一个**计算图**（graph）：一端是输入，另一端是结果，每个节点是一次运算。以 $f = (x + y)\, z$ 为例。和 $s = x + y$ 由 $x$ 和 $y$ 算出，$f$ 由 $s$ 和 $z$ 算出。要对 $f$ 求导时，链式法则只向每个节点要一样东西，即它的**局部梯度**（local gradient）：
#
# $$ \frac{\partial f}{\partial x} = \frac{\partial f}{\partial s} \cdot \frac{\partial s}{\partial x},
#    \qquad \frac{\partial f}{\partial s} = z, \quad \frac{\partial s}{\partial x} = 1. $$
#
# 第一个因子来自上游，即用到 $s$ 的节点。第二个因子节点自己知道。节点把两者相乘，再把乘积传给下游，不需要知道计算图的其余部分。
#
# `Var` 就是这样的节点。`value` 立即算出；`parents` 是算出它的那些 Var；`backward` 是一个函数，参数是结果对这个节点的梯度，返回一个元组，**每个父节点一个梯度**。这个类已经给出。它的运算符会调用你在下面写的函数，所以 `x * y + z` 就建起一个计算图。

# %%
class Var:
    """记得自己是怎么算出来的张量。

    Attributes:
        value     张量
        parents   由 Var 组成的元组，顺序与运算的参数相同；输入的为空
        backward  输入的为 None，否则是函数：对这个节点的梯度 -> 元组，对每个父节点的梯度
        grad      None，或者 `backward(root)` 在这里累加的梯度；形状与 value 相同
        name      画图时用
    """

    def __init__(
        self,
        value: Tensor | float,
        parents: Sequence[Var] = (),
        backward: Callable[[Tensor], tuple[Tensor, ...]] | None = None,
        name: str = "",
    ) -> None:
        self.value = value if isinstance(value, Tensor) else torch.tensor(value, dtype=torch.float64)
        self.parents, self.backward, self.name = tuple(parents), backward, name
        self.grad: Tensor | None = None

    @property
    def shape(self) -> torch.Size:
        return self.value.shape

    def __repr__(self) -> str:
        return f"Var({self.name or 'input'}, shape {tuple(self.shape)})"

    def __add__(self, other: Any) -> Var:
        return add(self, other)

    def __radd__(self, other: Any) -> Var:
        return add(other, self)

    def __sub__(self, other: Any) -> Var:
        return sub(self, other)

    def __rsub__(self, other: Any) -> Var:
        return sub(other, self)

    def __mul__(self, other: Any) -> Var:
        return mul(self, other)

    def __rmul__(self, other: Any) -> Var:
        return mul(other, self)

    def __truediv__(self, other: Any) -> Var:
        return div(self, other)

    def __rtruediv__(self, other: Any) -> Var:
        return div(other, self)

    def __matmul__(self, other: Any) -> Var:
        return matmul(self, other)

    def __rmatmul__(self, other: Any) -> Var:
        return matmul(other, self)

    def __neg__(self) -> Var:
        return neg(self)

    def __pow__(self, n: float) -> Var:
        return power(self, n)

    def __gt__(self, other: Any) -> Tensor:  # 掩码，梯度不从这里通过
        return self.value > (other.value if isinstance(other, Var) else other)

    def exp(self) -> Var:
        return exp(self)

    def log(self) -> Var:
        return log(self)

    def sin(self) -> Var:
        return sin(self)

    def cos(self) -> Var:
        return cos(self)

    def relu(self) -> Var:
        return relu(self)

    def sigmoid(self) -> Var:
        return sigmoid(self)

    def maximum(self, other: Any) -> Var:
        return maximum(self, other)

    def sum(self, dim: int | None = None, keepdim: bool = False) -> Var:
        return sum_over(self, dim, keepdim)


def as_vars(*operands: Var | Tensor | float) -> tuple[Var, ...]:
    """把张量和数变成输入；数的 dtype 和设备取自操作数中的第一个张量。"""
    tensors = [x.value if isinstance(x, Var) else x for x in operands if isinstance(x, Var | Tensor)]
    like = tensors[0] if tensors else torch.zeros((), dtype=torch.float64)
    made = [x if isinstance(x, Var | Tensor) else torch.tensor(x, dtype=like.dtype).to(like.device) for x in operands]
    return tuple(x if isinstance(x, Var) else Var(x) for x in made)


# %% [markdown]
# 先给出三个门作例子。看看每个门的第三个参数：它就是局部梯度乘以上游梯度。

# %%
def neg(a: Var) -> Var:
    """-a."""
    return Var(-a.value, (a,), lambda grad: (-grad,), name="neg")


def sin(a: Var) -> Var:
    """每个元素的正弦。"""
    return Var(a.value.sin(), (a,), lambda grad: (grad * a.value.cos(),), name="sin")


def cos(a: Var) -> Var:
    """每个元素的余弦。"""
    return Var(a.value.cos(), (a,), lambda grad: (-grad * a.value.sin(),), name="cos")


# %% [markdown]
# ### 节点的顺序
#
# 反向时，节点要等自己的梯度完整了才能往下游传，也就是排在**所有**用到它的节点之后。父节点排在子节点前面的顺序叫**拓扑顺序**（topological order）。从末尾往前读，就是我们要的顺序。没有环的图都有拓扑顺序，往往还不止一种，用哪种都行。
#
# 一个节点可能有很多条路径到达，但在列表里只出现一次。图中是两个连成一串的菱形。十个菱形有 31 个节点，而从最后一个节点到第一个节点有 1,024 条路径；一百个菱形的路径，没有程序走得完。
#
#         b           e
#       /   \       /   \
#     a       d   -       g   ...
#       \   /       \   /
#         c           f
#
# 3,000 个节点的链也不能出问题：循环网络里就有这样的链。函数调用自己超过 1,000 层，Python 就会中止它。

# %% task="topological_order"
# 约 25 分钟，中等。卡住了？hint("topological_order") 会给出第一步。
def topological_order(root: Var) -> list[Var]:
    """列出算出 root 的所有节点和 root 本身：父节点在子节点之前，每个节点一次。

    链不论多长都适用。

    Shapes:
        root  Var
        out   由 Var 组成的列表，最后一个是 root
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="topological_order"
# check("autograd", task="topological_order")

# %% [markdown]
# ### 一个反向循环
#
# 用 $\bar v$ 表示 $\partial f / \partial v$。从根节点的 $\bar f = 1$ 开始，按拓扑顺序从后往前走。每个节点把自己的梯度交给它的 `backward`，每个父节点把得到的梯度**加**起来：
#
# $$ \bar v = \sum_{c \,:\, v \in \text{parents}(c)} \bar c \; \frac{\partial c}{\partial v} . $$
#
# 为什么是求和？$v$ 一变，用到它的每个节点都变，这些变化合起来才是结果的变化。这就是多元函数的链式法则（Prince，*Understanding Deep Learning*，2023，第 7.4 节，把整个过程称为反向传播算法）。节点如果不是相加，而是替换，就只剩最后一条路径是对的。
#
# 两次调用 `backward`，梯度会相加，和 PyTorch 一样：内存放不下的批量，就是这样分几次算的。这里每个节点都保留梯度，不只是输入。第二次调用时要当心：循环只能往下游传**这一次**调用算出的梯度，不能把第一次留在 `grad` 里的也传下去。

# %% task="backward"
# 约 25 分钟，中等。卡住了？hint("backward") 会给出第一步。
def backward(root: Var, grad: Tensor | None = None) -> None:
    """对算出 root 的每个节点，把 root 对它的梯度加到它的 grad 上；root 自己的梯度也加到自己的 grad 上。

    不给 grad 时，root 必须只含一个数，它的梯度为 1。第二次调用把同样的梯度再加一遍。如果 root 含有多个数而没有
    给 grad，就抛出 ValueError。

    Shapes:
        root  Var
        grad  与 root.value 的形状相同，是最终结果对 root 的梯度；不改动
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="backward"
# check("autograd", task="backward")

# %% [markdown]
# ### 看一看计算图
#
# 想看程序做了什么，就把它的计算图画出来。画图需要一张表：每个节点占一行，写上它是由哪几行算出来的。

# %% task="graph_table"
# 约 10 分钟，简单。卡住了？hint("graph_table") 会给出第一步。
def graph_table(root: Var) -> list[tuple[str, Tensor, Tensor | None, tuple[int, ...]]]:
    """描述 root 的计算图：每个节点一行 (name, value, grad, parents)，按拓扑顺序排列。

    Shapes:
        root  Var
        out   行的列表；parents 是这个节点的各个父节点的行号，按它们的顺序
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="graph_table"
# check("autograd", task="graph_table")

# %% tags=["active-ipynb"]
# x = Var(0.5, name="x")
# y = sin(sin(x))
# backward(y)
# graph(graph_table(y))  # 每个名字的上面是值，下面是梯度

# %% [markdown]
# ## 2 门
#
# ### 广播的反向
#
# `a` 是 (3, 4)，`b` 是 (4,)，`a + b` 也能算：torch 把 `b` 的每个元素用了三次。用了三次的元素得到三个梯度，它们要相加。所以，传来的梯度是 (3, 4)，要**求和**成 `b` 的形状。有了广播，每个有两个参数的门都要这么做，于是把它单独写成一个函数：
#
# - 广播在**前面**补上缺少的轴：对这些轴求和，它们消失；
# - 广播把长度为 1 的轴拉伸：对这些轴求和，它们保留，长度为 1。

# %% task="unbroadcast"
# 约 15 分钟，中等。卡住了？hint("unbroadcast") 会给出第一步。
def unbroadcast(grad: Tensor, shape: Sequence[int]) -> Tensor:
    """广播给这个形状的张量补上了一些轴，又拉伸了一些轴：把梯度沿这些轴求和。

    Shapes:
        grad   由 `shape` 能广播成的形状
        shape  操作数的形状
        out    shape
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="unbroadcast"
# check("autograd", task="unbroadcast")

# %% [markdown]
# ### 算术运算
#
# `sub` 已经给出，用来说明门可以由别的门组成。其余的门照这个规则写：由 `a.value` 和 `b.value` 算出值，返回一个 `Var`，带上父节点和传给它们的梯度。用 $g$ 表示上游梯度：
#
# | 门 | 值 | 传给父节点的梯度 |
# |---|---|---|
# | add | $a + b$ | $g$ 和 $g$：它**分发** |
# | mul | $a\,b$ | $g\,b$ 和 $g\,a$：它**交换** |
# | div | $a / b$ | $g / b$ 和 $-g\,a / b^2$ |
# | power | $a^n$ | $g\, n\, a^{n-1}$；$n$ 是数，不是节点 |
#
# 开头写 `a, b = as_vars(a, b)`：这样数和张量也都成了 Var。结尾用 `unbroadcast`。
#
# 节点以后要用到的值，应该就是**那个**值。如果有门原地修改 `a.value`，之前用它算过的节点，梯度就全错了。

# %% task="add"
# 约 5 分钟，简单。卡住了？hint("add") 会给出第一步。
def add(a: Var | Tensor | float, b: Var | Tensor | float) -> Var:
    """a + b，支持广播。

    Shapes:
        a, b  可以一起广播的形状
        out   广播后的形状；父节点为 (a, b)
    """
    a, b = as_vars(a, b)
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="add"
# check("autograd", task="add")

# %%
def sub(a: Var | Tensor | float, b: Var | Tensor | float) -> Var:
    """a - b，支持广播。"""
    a, b = as_vars(a, b)
    return add(a, neg(b))


# %% task="mul"
# 约 5 分钟，简单。卡住了？hint("mul") 会给出第一步。
def mul(a: Var | Tensor | float, b: Var | Tensor | float) -> Var:
    """a * b，逐元素相乘，支持广播。

    Shapes:
        a, b  可以一起广播的形状
        out   广播后的形状；父节点为 (a, b)
    """
    a, b = as_vars(a, b)
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="mul"
# check("autograd", task="mul")

# %% task="div"
# 约 10 分钟，简单。卡住了？hint("div") 会给出第一步。
def div(a: Var | Tensor | float, b: Var | Tensor | float) -> Var:
    """a / b，逐元素相除，支持广播。

    Shapes:
        a, b  可以一起广播的形状
        out   广播后的形状；父节点为 (a, b)
    """
    a, b = as_vars(a, b)
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="div"
# check("autograd", task="div")

# %% task="power"
# 约 10 分钟，中等。卡住了？hint("power") 会给出第一步。
def power(a: Var, n: float) -> Var:
    """a ** n，其中 n 是一个数。a ** 0 的梯度处处为 0，a 为 0 处也是 0。

    Shapes:
        a    任意形状
        n    int 或 float
        out  与 a 的形状相同；父节点为 (a,)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="power"
# check("autograd", task="power")

# %% [markdown]
# **一个完整的例子。** $f = (x + y)\,z$ 在 $x = -2$、$y = 5$、$z = -4$ 处的值是 $f = -12$。运行单元格之前，先用纸和笔从右到左算出三个梯度。（$z$ 得到 3，另外两个各得到 $-4$。例子取自斯坦福大学 CS231n 第 4 讲。）

# %% tags=["active-ipynb"]
# x, y, z = Var(-2.0, name="x"), Var(5.0, name="y"), Var(-4.0, name="z")
# f = (x + y) * z
# backward(f)
# print("f =", f.value.item(), " gradients:", x.grad.item(), y.grad.item(), z.grad.item())
# graph(graph_table(f))

# %% [markdown]
# ### 单个数的函数
#
# 同样的办法也用于逐元素的函数。`relu` 只在输入**大于** 0 处让梯度通过，别处都不通过。`maximum` 把梯度**路由**给两个输入中较大的那个。两者相等时各得一半，和 torch 一样：函数在那里有一个折点，取两侧斜率的中间值最公平。

# %% task="exp"
# 约 5 分钟，简单。卡住了？hint("exp") 会给出第一步。
def exp(a: Var) -> Var:
    """e ** a。Shapes: a 任意形状，out 与 a 的形状相同；父节点为 (a,)。"""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="exp"
# check("autograd", task="exp")

# %% task="log"
# 约 5 分钟，简单。卡住了？hint("log") 会给出第一步。
def log(a: Var) -> Var:
    """自然对数。Shapes: a 任意形状，元素为正；out 与 a 的形状相同；父节点为 (a,)。"""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="log"
# check("autograd", task="log")

# %% task="relu"
# 约 5 分钟，简单。卡住了？hint("relu") 会给出第一步。
def relu(a: Var) -> Var:
    """max(a, 0)，逐元素；a 为 0 处，梯度不通过。

    Shapes:
        a    任意形状
        out  与 a 的形状相同；父节点为 (a,)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="relu"
# check("autograd", task="relu")

# %% task="maximum"
# 约 15 分钟，中等。卡住了？hint("maximum") 会给出第一步。
def maximum(a: Var | Tensor | float, b: Var | Tensor | float) -> Var:
    """a 和 b 中较大的，逐元素，支持广播。相等处各得一半的梯度。

    Shapes:
        a, b  可以一起广播的形状
        out   广播后的形状；父节点为 (a, b)
    """
    a, b = as_vars(a, b)
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="maximum"
# check("autograd", task="maximum")

# %% [markdown]
# ### 整个公式合为一个门
#
# logistic 函数 $\sigma(x) = 1 / (1 + e^{-x})$ 可以由四个门组成：取负、指数、加、除。它的导数非常简单，值得单独做成一个门：
#
# $$ \sigma'(x) = \frac{e^{-x}}{(1 + e^{-x})^2} = \sigma(x) \, \big( 1 - \sigma(x) \big) . $$
#
# 一个节点代替四个，省内存也省时间，还更安全：$e^{100}$ 在 float32 中是无穷大，无穷大除以无穷大是 `nan`。这里可以对张量用 `torch.sigmoid`：它给出的是值，不是梯度。

# %% task="sigmoid"
# 约 10 分钟，简单。卡住了？hint("sigmoid") 会给出第一步。
def sigmoid(a: Var) -> Var:
    """1 / (1 + exp(-a))，只用一个节点，a 是绝对值很大的正数或负数时也不溢出。

    Shapes:
        a    任意形状
        out  与 a 的形状相同，在 [0, 1] 内；父节点为 (a,)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="sigmoid"
# check("autograd", task="sigmoid")

# %% [markdown]
# **一个神经元。** 求 $\sigma(w_0 x_0 + w_1 x_1 + w_2)$ 在 $w = (2, -3, -3)$ 和 $x = (-1, -2)$ 处的梯度。和为 1，所以值是 $\sigma(1) = 0.73$，局部梯度是 $0.73 \cdot 0.27 = 0.20$。接着乘法门交换：$w_0$ 得到 $-1 \cdot 0.20$，$x_0$ 得到 $2 \cdot 0.20$。先算出另外三个，再看结果。

# %% tags=["active-ipynb"]
# w = [Var(number, name=f"w{i}") for i, number in enumerate((2.0, -3.0, -3.0))]
# x = [Var(number, name=f"x{i}") for i, number in enumerate((-1.0, -2.0))]
# neuron = (w[0] * x[0] + w[1] * x[1] + w[2]).sigmoid()
# backward(neuron)
# print("value", round(neuron.value.item(), 2), {v.name: round(v.grad.item(), 2) for v in w + x})
# graph(graph_table(neuron))

# %% [markdown]
# **共享。** $f(x) = \exp(u) + \sin(u)$，其中 $u = e^x + (e^x)^2$（Prince 2023，习题 7.10 与此类似）。写成一个公式，$e^x$ 出现四次，$u$ 出现两次。计算图对每个只算一次：它有七个节点。如果按求导法则一条一条写出导数的公式，程序的长度会随**路径**的条数增长。

# %% tags=["active-ipynb"]
# x = Var(-0.5, name="x")
# e = x.exp()
# u = e + e**2
# f = u.exp() + u.sin()
# backward(f)
# print(len(topological_order(f)), "nodes; the gradient is", round(x.grad.item(), 4))
# graph(graph_table(f))

# %% [markdown] question="autograd-q1"
# **简答题 1。** 在上面的三张图里，看看从右边传进每个门的是什么，它传给左边的又是什么。说明 `+` 怎样处理梯度，`*` 怎样处理，`max` 怎样处理，用了两次的节点又会怎样。如果一个节点供两个节点使用，为什么不能在其中一个传回梯度之后，就把它的梯度传下去？

# %% [markdown] answer="autograd-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 3 矩阵运算，不用雅可比矩阵
#
# 一层网络把 64 张各有 4,096 个数的图像变成 64 乘 4,096 个数。所有输出对所有输入的导数，即**雅可比矩阵**（Jacobian），有 $(64 \cdot 4096)^2 = 2^{36}$ 个元素：用 float32 要 256 GB。它几乎全是零，也没有人需要它。循环需要的只是上游梯度与它的乘积，而对 $C = A B$ 来说，这又是小矩阵的乘积：
#
# $$ \bar A = \bar C \, B^\top, \qquad \bar B = A^\top \, \bar C . $$
#
# （推导：$C_{ij} = \sum_k A_{ik} B_{kj}$，所以 $\bar A_{ik} = \sum_j \bar C_{ij} B_{kj}$。）不用死记：$\bar C$ 的形状是 (n, p)，能让形状对上的写法只有一种。前面的轴是批量；如果整个批量共用一个矩阵，`unbroadcast` 会求和。

# %% task="matmul"
# 约 15 分钟，中等。卡住了？hint("matmul") 会给出第一步。
def matmul(a: Var | Tensor, b: Var | Tensor) -> Var:
    """矩阵乘积 a @ b；最后两个轴之前的轴是批量，会广播。不构造雅可比矩阵。

    Shapes:
        a    (..., n, m)
        b    (..., m, p)
        out  (..., n, p)；父节点为 (a, b)
    """
    a, b = as_vars(a, b)
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="matmul"
# check("autograd", task="matmul")

# %% [markdown]
# ### 求和，以及分类器的损失
#
# 求和把自己的梯度复制给每个加数。复制正好相反：它的梯度是求和。
#
# 分类器的损失是 $-\log p_{i, y_i}$ 对图像的均值，其中 $p_{ic} = e^{x_{ic}} / \sum_k e^{x_{ik}}$。它也可以用几个门搭成。合为一个门，数值就稳定：先从每行减去最大的得分，结果不变，指数也不会溢出。它的梯度就是有名的“概率减真实值”（Bishop，*Pattern Recognition and Machine Learning*，式 4.109）：
#
# $$ L = \frac{1}{N} \sum_i \Big( \log \sum_c e^{x_{ic}} - x_{i, y_i} \Big), \qquad
#    \frac{\partial L}{\partial x_{ic}} = \frac{1}{N} \big( p_{ic} - [c = y_i] \big) . $$
#
# `sum_over` 本来该叫 `sum`，但那样一来，Python 自己的 `sum` 在这个笔记本里就没了。

# %% task="sum_over"
# 约 10 分钟，简单。卡住了？hint("sum_over") 会给出第一步。
def sum_over(a: Var, dim: int | None = None, keepdim: bool = False) -> Var:
    """沿一个轴求和，或者对所有轴求和。

    Shapes:
        a        任意形状
        dim      一个轴，也可以从末尾数起 (-1)；None 表示所有轴
        keepdim  求和的轴是否保留，长度为 1
        out      与 torch 的 sum 相同；父节点为 (a,)
    """

    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="sum_over"
# check("autograd", task="sum_over")

# %% task="softmax_cross_entropy"
# 约 20 分钟，中等。卡住了？hint("softmax_cross_entropy") 会给出第一步。
def softmax_cross_entropy(scores: Var, y: Tensor) -> Var:
    """-log(softmax(scores)[y]) 对图像的均值。得分上千时也不得到无穷大或 nan。

    Shapes:
        scores  (N, C)  float
        y       (N,)    int64，正确的类别
        out     ()      父节点为 (scores,)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="softmax_cross_entropy"
# check("autograd", task="softmax_cross_entropy")

# %% [markdown]
# ## 4 什么都不轻信：数值梯度
#
# 梯度错了，程序很少崩溃。网络照样训练，只是差一点。办法是再听一个意见，它只用到函数本身，即**中心差分**（central difference）：
#
# $$ \frac{\partial f}{\partial x_i} \approx \frac{f(x + h e_i) - f(x - h e_i)}{2h},
#    \qquad \text{error} \approx \frac{h^2}{6} |f'''| + \frac{\varepsilon |f|}{h} . $$
#
# 误差的第一部分来自公式，随 $h$ 减小；第二部分来自舍入（$\varepsilon$ 是 dtype 的机器 epsilon，float64 为 $2 \cdot 10^{-16}$），反而增大。最好的 $h$ 在 $\varepsilon^{1/3}$ 附近，float64 约为 $10^{-5}$，float32 约为 $10^{-2}$，而且 float32 只有两三位是对的：所以要用 float64 检查梯度。单侧差分 $(f(x+h) - f(x))/h$ 的误差与 $h$ 同阶，省下的那次调用从来都不值得。

# %% task="numeric_gradient"
# 约 20 分钟，简单。卡住了？hint("numeric_gradient") 会给出第一步。
def numeric_gradient(f: Callable[[Tensor], Any], x: Tensor, h: float | None = None) -> Tensor:
    """用中心差分求 f 在 x 处的梯度。对 x 的每个元素调用 f 两次；不改动 x。

    Shapes:
        f    以 x 这样的张量为参数的函数；结果是一个数，即 0 阶张量或 float
        x    任意形状，float
        h    步长；None 表示 float64 用 1e-5，其他 dtype 用 1e-2
        out  与 x 的形状和 dtype 相同
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="numeric_gradient"
# check("autograd", task="numeric_gradient")

# %% tags=["active-ipynb"]
# def cube(x):
#     return (x**3).exp().sum()
#
#
# point = torch.tensor([0.7], dtype=torch.float64)
# exact = (3 * point**2 * (point**3).exp()).item()
# steps = [10.0**-k for k in range(1, 15)]
# central = [abs(numeric_gradient(cube, point, h).item() - exact) for h in steps]
# one_sided = [abs((cube(point + h) - cube(point)).item() / h - exact) for h in steps]
# plt.figure(figsize=(6, 3.5))
# plt.loglog(steps, central, "o-", label="central")
# plt.loglog(steps, one_sided, "s--", label="one-sided")
# plt.gca().invert_xaxis()
# plt.xlabel("step h")
# plt.ylabel("error of the gradient")
# plt.grid(alpha=0.3)
# plt.legend(loc="upper center")
# show("Error of numeric gradients over the step: central differences are best at 1e-6 here, one-sided ones at 1e-8.")

# %% [markdown]
# 现在拿它来检验你的门。用运算符和方法写的函数，既能用于张量，**也能**用于 Var：

# %% tags=["active-ipynb"]
# def g(x):
#     return ((x * x).sum(dim=0).sigmoid() / (x.exp() + 2) - x.sin().relu()).sum()
#
#
# torch.manual_seed(0)
# start = torch.randn(3, 4, dtype=torch.float64)
# node = Var(start)
# backward(g(node))
# print("largest difference:", (node.grad - numeric_gradient(g, start)).abs().max().item())

# %% [markdown]
# ## 5 前向求导和二阶导数
#
# ### 对偶数
#
# 第 1 节的循环从结果开始。也可以从输入开始。给每个数配一个同伴，即它的**切向量**（tangent）：输入沿方向 $v$ 移动时，这个数变化得多快。Clifford（1873）把这一对写成 $a + \dot a\,\varepsilon$，其中 $\varepsilon^2 = 0$。这样，求导法则就成了普通的代数：
#
# $$ (a + \dot a \varepsilon)(b + \dot b \varepsilon) = ab + (\dot a b + a \dot b)\,\varepsilon, \qquad
#    \sin(a + \dot a \varepsilon) = \sin a + \cos a \; \dot a\, \varepsilon . $$
#
# 不存储计算图：值和切向量一起往前走，不再需要的立即释放。运行一次，得到雅可比矩阵与一个方向的乘积 $J v$；如果 $v$ 是坐标方向的单位向量，就是 $J$ 的一**列**。反向运行一次，得到 $u^\top J$；如果 $u$ 是这样的向量，就是一**行**。设有 $n$ 个输入和 $m$ 个输出，要得到整个雅可比矩阵，需要前向运行 $n$ 次，或者反向运行 $m$ 次。训练有几百万个输入和一个输出。所以我们走反向。
#
# 只用运算符和方法来写这些规则（写 `self.value.exp()`，不写 `torch.exp(self.value)`）。这样 Dual 的值既可以是张量，也可以是 Var。很快就会用到。

# %% task="Dual"
# 约 30 分钟，中等。卡住了？hint("Dual") 会给出第一步。
class Dual:
    """value + tangent * epsilon：一个张量（或 Var）和它变化的快慢。两者形状相同。"""

    def __init__(self, value: Any, tangent: Any) -> None:
        self.value, self.tangent = value, tangent

    @staticmethod
    def of(x: Any) -> Dual:
        """把 x 变成 Dual 返回；张量、Var 或数不变化，所以切向量为 0。"""
        if isinstance(x, Dual):
            return x
        return Dual(x, x * 0 if isinstance(x, Var | Tensor) else 0.0)

    def __neg__(self) -> Dual:
        return Dual(-self.value, -self.tangent)

    def __add__(self, other: Any) -> Dual:
        other = Dual.of(other)
        return Dual(self.value + other.value, self.tangent + other.tangent)

    def __sub__(self, other: Any) -> Dual:
        return self + -Dual.of(other)

    def __rsub__(self, other: Any) -> Dual:
        return Dual.of(other) + -self

    def __mul__(self, other: Any) -> Dual:
        """self * other，逐元素相乘；other 是 Dual、Var、张量或数。"""
        other = Dual.of(other)
        # YOUR CODE HERE
        raise NotImplementedError()

    __radd__, __rmul__ = __add__, __mul__

    def __truediv__(self, other: Any) -> Dual:
        return self * Dual.of(other) ** -1

    def __rtruediv__(self, other: Any) -> Dual:
        return Dual.of(other) / self

    def __pow__(self, n: float) -> Dual:
        """self ** n，其中 n 是一个数。"""
        if n == 0:
            return Dual(self.value**0, self.tangent * 0)
        # YOUR CODE HERE
        raise NotImplementedError()

    def __matmul__(self, other: Any) -> Dual:
        """矩阵乘积 self @ other；other 是 Dual、Var 或张量。"""
        other = Dual.of(other)
        # YOUR CODE HERE
        raise NotImplementedError()

    def __rmatmul__(self, other: Any) -> Dual:
        return Dual.of(other) @ self

    def exp(self) -> Dual:
        # YOUR CODE HERE
        raise NotImplementedError()

    def log(self) -> Dual:
        # YOUR CODE HERE
        raise NotImplementedError()

    def sin(self) -> Dual:
        return Dual(self.value.sin(), self.value.cos() * self.tangent)

    def relu(self) -> Dual:
        """max(self, 0)；值为 0 处，切向量也为 0。"""
        # YOUR CODE HERE
        raise NotImplementedError()

    def sigmoid(self) -> Dual:
        # YOUR CODE HERE
        raise NotImplementedError()

    def maximum(self, other: Any) -> Dual:
        return other + (self - other).relu()

    def sum(self, dim: int | None = None, keepdim: bool = False) -> Dual:
        """沿一个轴求和，或者对所有轴求和；参数与 torch 的 sum 相同。"""
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="Dual"
# check("autograd", task="Dual")

# %% task="jvp"
# 约 10 分钟，简单。卡住了？hint("jvp") 会给出第一步。
def jvp(f: Callable[[Any], Any], x: Tensor, v: Tensor) -> Tensor:
    """f 在 x 处的雅可比矩阵乘以 v，用对偶数运行 f 一次得到。如果 f 没有用到 x，结果为 0。

    Shapes:
        f    以 x 这样的张量为参数的函数，用运算符和方法写成；参数是 Dual 时，返回 Dual
        x    任意形状，float
        v    与 x 的形状相同
        out  与 f(x) 的形状相同
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="jvp"
# check("autograd", task="jvp")

# %% [markdown]
# 两个方向必须一致：$u^\top (J v) = (J^\top u)^\top v$。下面是一个从 $n$ 个数到 10 个数的函数，测的是求出整个雅可比矩阵的时间：前向运行 $n$ 次，反向运行 10 次。两条线在哪里相交？

# %% tags=["active-ipynb"]
# def reverse_row(f, x, u):
#     node = Var(x)
#     backward(f(node), u)
#     return node.grad
#
#
# sizes, forwards, backwards = [1, 2, 5, 10, 20, 50, 100], [], []
# for n in sizes:
#     weights = torch.randn(10, n, dtype=torch.float64) / n
#     x = torch.randn(n, 1, dtype=torch.float64)
#
#     def f(x, weights=weights):
#         return (weights @ x).sin().exp()
#
#     for run, directions, times in ((jvp, torch.eye(n), forwards), (reverse_row, torch.eye(10), backwards)):
#         trials = []
#         for _ in range(7):  # 七次中最快的一次：其他程序可能干扰其中几次
#             started = time.perf_counter()
#             rows = [run(f, x, direction[:, None].double()) for direction in directions]
#             trials.append(time.perf_counter() - started)
#         times.append(1000 * min(trials))
# plt.figure(figsize=(6, 3.5))
# plt.loglog(sizes, forwards, "o-", label="forwards: one run for each input")
# plt.loglog(sizes, backwards, "s--", label="backwards: one run for each of 10 outputs")
# plt.xlabel("number of inputs")
# plt.ylabel("milliseconds for the Jacobian")
# plt.grid(alpha=0.3)
# plt.legend()
# show("Time for a Jacobian with ten rows: forwards it grows with the number of inputs, backwards it stays constant.")

# %% [markdown] question="autograd-q2"
# **简答题 2。** 对下面的每个任务，说说你会用前向还是反向，需要运行几次，必须存储什么：(a) 损失对一百万个权重的梯度；(b) 一个模拟程序的 1,000 个输出随它的 3 个参数怎样变化；(c) 一个有一百万个输入和一百万个输出的网络，其雅可比矩阵与一个向量的乘积；(d) 从 50 个数到 50 个数的函数的雅可比矩阵。

# %% [markdown] answer="autograd-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ### 二阶导数
#
# 损失的二阶导数组成的矩阵，即**黑塞矩阵**（Hessian）$H$，说明梯度怎样变化。有一百万个权重时，它有 $10^{12}$ 个元素。但它与一个向量的乘积又是沿一个方向的导数，是梯度沿这个方向的导数（Pearlmutter，*Fast exact multiplication by the Hessian*，1994）：
#
# $$ H v = \frac{d}{d\varepsilon} \nabla f(x + \varepsilon v) \Big|_{\varepsilon = 0}
#        = \nabla_x \big\langle \nabla f(x), v \big\rangle . $$
#
# 看等式的右边。$\langle \nabla f, v \rangle$ 是一个数：$f$ 沿方向 $v$ 的切向量。用对偶数就能算出它。如果对偶数的值是 **Var**，这个计算过程就是一个计算图，在上面做一次反向循环，就得到它的梯度。所以是：先前向，再沿着它反向。代价大约是运行 $f$ 四次，不需要任何矩阵。

# %% task="hvp"
# 约 25 分钟，困难。卡住了？hint("hvp") 会给出第一步。
def hvp(f: Callable[[Any], Any], x: Tensor, v: Tensor) -> Tensor:
    """f 在 x 处的黑塞矩阵与 v 的乘积，是精确的，只调用 f 一次，不构造黑塞矩阵。f 是线性函数时为 0。

    Shapes:
        f    以 x 这样的张量为参数的函数，用运算符和方法写成，结果是一个数
        x    任意形状，float
        v    与 x 的形状相同
        out  与 x 的形状相同
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="hvp"
# check("autograd", task="hvp")

# %% tags=["active-ipynb"]
# def bowl(x):  # x^T A x 的黑塞矩阵是 A + A^T
#     return (x * (matrix @ x)).sum()
#
#
# matrix = torch.tensor([[2.0, 1.0], [0.0, 3.0]], dtype=torch.float64)
# x, v = torch.tensor([[1.0], [2.0]]).double(), torch.tensor([[1.0], [-1.0]]).double()
# print(hvp(bowl, x, v).flatten().tolist(), "should be", ((matrix + matrix.T) @ v).flatten().tolist())

# %% [markdown]
# ## 6 用起来
#
# ### 一个网络
#
# 该有的都有了：两次矩阵乘法、一个 ReLU、一个损失。这个类把参数存成 Var。`step` 计算损失，做反向循环，再让每个参数逆着自己的梯度移动。参数在各步之间一直保留，所以**上一步**的梯度还在里面：每一步开始之前先清掉它们。

# %% task="TwoLayer.loss TwoLayer.step"
# 约 25 分钟，中等。卡住了？hint("TwoLayer.loss") 或 hint("TwoLayer.step") 会给出第一步。
class TwoLayer:
    """relu(x W1 + b1) W2 + b2，用这个笔记本的引擎做梯度下降来训练。"""

    def __init__(self, params: dict[str, Tensor]) -> None:
        """Shapes: params W1 (D, H), b1 (H,), W2 (H, C), b2 (C,)。"""
        self.params = {name: Var(value, name=name) for name, value in params.items()}

    def loss(self, x: Tensor, y: Tensor) -> Var:
        """得分的 softmax 交叉熵的均值，是由你的门组成的计算图的根节点。

        Shapes:
            x    (N, D)
            y    (N,)    int64
            out  ()
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    def step(self, x: Tensor, y: Tensor, learning_rate: float) -> float:
        """让每个参数逆着自己的梯度移动一次，并返回这一步之前的损失，可以是数，也可以是张量。

        不改动传给 __init__ 的张量。Shapes: x (N, D), y (N,), out ()。
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="TwoLayer.loss"
# check("autograd", task="TwoLayer.loss")

# %% tags=["active-ipynb"] grade="TwoLayer.step"
# check("autograd", task="TwoLayer.step")

# %% tags=["active-ipynb"]
# glyphs = load("glyphs", num_train=300, num_test=200)
# small = [torch.nn.functional.avg_pool2d(part, 2).flatten(1).double() for part in (glyphs.x_train, glyphs.x_test)]
# torch.manual_seed(0)
# params = {
#     "W1": 0.1 * torch.randn(small[0].shape[1], 40), "b1": torch.zeros(40), "W2": 0.1 * torch.randn(40, 10),
#     "b2": torch.zeros(10),
# }
# net = TwoLayer({name: value.double() for name, value in params.items()})
# losses = [net.step(small[0], glyphs.y_train, 0.5) for _ in range(200)]
#
#
# def accuracy(x, y):
#     p = {name: node.value for name, node in net.params.items()}
#     scores = (x @ p["W1"] + p["b1"]).relu() @ p["W2"] + p["b2"]
#     return (scores.argmax(dim=1) == y).double().mean().item()
#
#
# print(f"accuracy: training {accuracy(small[0], glyphs.y_train):.2f}, test {accuracy(small[1], glyphs.y_test):.2f}")
# curves({"training loss": losses}, ylabel="loss")

# %% [markdown]
# ### 省内存：检查点
#
# 反向经过链 $f_L \circ \dots \circ f_1$，需要所有的值 $x_0, x_1, \dots, x_L$，因为局部梯度要在这些值处计算。链很长时，先用完的是内存，不是时间。**检查点**方法（checkpointing；Chen 等，*Training deep nets with sublinear memory cost*，2016）在前向时每 $k$ 个值只保留一个：
#
#     x0 . . . x4 . . . x8 . . . x12       保留：x0, x4, x8
#                       [9 10 11 12]       反向：重新计算这一块，反向经过它，再丢掉它
#              [5 6 7 8]                   然后是这一块
#     [1 2 3 4]                            然后是这一块
#
# 任何时候，存活的只有 $L/k$ 个检查点和一块中的 $k$ 个值。$k = \sqrt L$ 时，两者之和最小：是 $2\sqrt L$ 个值，而不是 $L$ 个。代价是再多做一次前向：每个 $f_i$ 调用两次。（如果只保留 $x_0$，每个值都从它重新算起，内存就是常数，而调用次数随 $L^2$ 增长。可逆的层不需要检查点：输入由输出算出。）

# %% task="checkpoint"
# 约 35 分钟，困难。卡住了？hint("checkpoint") 会给出第一步。
def checkpoint(fs: Sequence[Callable[[Var], Var]], x: Tensor, every: int) -> tuple[Tensor, Tensor]:
    """链 fs[-1](... fs[1](fs[0](x))) 的值（一个数），以及它对 x 的梯度，占用的内存很少。

    任何时候，链上存活的值最多约为 len(fs) / every + every 个，每个函数最多调用两次。

    Shapes:
        fs     从 Var 到 Var 的函数组成的列表，至少一个
        x      任意形状，float
        every  int，至少为 1：一块有多少个函数；最后一块可以少一些
        out    ()，张量或数，以及 x 的形状
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="checkpoint"
# check("autograd", task="checkpoint")

# %% tags=["active-ipynb"]
# import weakref
#
#
# def layer(node):
#     out = (node * 1.01).sin()
#     alive.add(out.value)
#     peak[0] = max(peak[0], len(alive))
#     return out
#
#
# length, peaks, seconds = 144, [], []
# choices = [1, 2, 4, 8, 12, 18, 36, 72, 144]
# for every in choices:
#     alive, peak = weakref.WeakSet(), [0]
#     trials = []
#     for _ in range(5):
#         started = time.perf_counter()
#         checkpoint([layer] * length + [lambda node: node.sum()], torch.ones(10_000, dtype=torch.float64), every)
#         trials.append(1000 * (time.perf_counter() - started))
#     seconds.append(min(trials))
#     peaks.append(peak[0])
# figure, panels = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
# panels[0].semilogx(choices, peaks, "o-", label="measured")
# panels[0].semilogx(choices, [length / k + k for k in choices], "--", label="L/k + k")
# panels[0].set(xlabel="k: functions in a block", ylabel="values of the chain alive")
# panels[0].legend()
# panels[1].plot(peaks, seconds, "o")
# panels[1].set(xlabel="values of the chain alive", ylabel="milliseconds", ylim=(0, None))
# for panel in panels:
#     panel.grid(alpha=0.3)
# show("Left: values alive over the size of a block, smallest near 12, the root of 144. Right: the time.")

# %% [markdown] question="autograd-q3"
# **简答题 3。** 一个网络有 100 层，每一层的值占 50 MB。没有检查点时、取最好的 $k$ 时、取 $k = 100$ 时，这些值各需要多少内存？在网络的哪些地方，你**不**想让检查点等间距，为什么？（想一想大小不同的层，以及代价不同的层。）

# %% [markdown] answer="autograd-q3"
# YOUR ANSWER HERE

# %% [markdown]
# ## 7 用 PyTorch 再来一遍
#
# PyTorch 就是 C++ 版的这个笔记本。它的张量就是你的 Var，`grad_fn` 就是你的 `backward`，自己的门是带有 `forward` 和 `backward` 的类。网络是模块，参数按名字查找，走一步由优化器来做。下面每一对说的都是同一件事。

# %% tags=["active-ipynb"]
# class Sigmoid(torch.autograd.Function):  # 自己的门
#     @staticmethod
#     def forward(ctx, x):
#         value = 1 / (1 + (-x).exp())
#         ctx.save_for_backward(value)
#         return value
#
#     @staticmethod
#     def backward(ctx, grad):
#         (value,) = ctx.saved_tensors
#         return grad * value * (1 - value)
#
#
# x = torch.tensor([1.0], requires_grad=True)
# Sigmoid.apply(x).backward()
# print("own gate:", x.grad.item(), " graph:", (x * 2).sin().grad_fn)
#
# model = torch.nn.Sequential(torch.nn.Linear(196, 40), torch.nn.ReLU(), torch.nn.Linear(40, 10))
# optimiser = torch.optim.SGD(model.parameters(), lr=0.5)
# batches = torch.utils.data.DataLoader(list(zip(small[0].float(), glyphs.y_train)), batch_size=100, shuffle=True)
# for epoch in range(5):
#     for images, labels in batches:
#         optimiser.zero_grad()  # 和 TwoLayer.step 中一样
#         loss = torch.nn.functional.cross_entropy(model(images), labels)
#         loss.backward()
#         optimiser.step()
#     print("epoch", epoch, "loss", round(loss.item(), 2))

# %% [markdown]
# **动态还是追踪。** 你的计算图每次运行都重新建立，所以 Python 的 `if` 和 `for` 可以决定里面有什么。**追踪**（traced）得到的图只记录一次，之后运行时不再需要 Python，更快，也便于部署。但 `if` 没有了：追踪图里只有示例走的那个分支，永远如此。

# %% tags=["active-ipynb"]
# def double_or_negate(x):
#     if x.sum() > 0:
#         return 2 * x
#     return -x
#
#
# import warnings
#
# with warnings.catch_warnings():
#     warnings.simplefilter("ignore")  # torch 警告的正是这一点
#     traced = torch.jit.trace(double_or_negate, torch.ones(2))
# print("dynamic:", double_or_negate(-torch.ones(2)).tolist(), " traced:", traced(-torch.ones(2)).tolist())

# %% [markdown] question="autograd-q4"
# **简答题 4。** 追踪得到的函数在这里为什么是错的？不运行它，怎样就能知道？举出这个笔记本里一个能正确追踪的程序，再举出一类需要动态图的网络。

# %% [markdown] answer="autograd-q4"
# YOUR ANSWER HERE

# %% [markdown]
# ## 小结
#
# 不论有多少个输入，梯度的代价都和函数本身差不多：每个节点把上游传来的梯度乘以自己知道的，再对各处的使用求和。输入多就走反向，输入少就走前向；求二阶导数，两者一起用；内存可以用时间来换。框架的行为让你意外时，就问一问它的计算图是什么样的。
#
# **延伸阅读。** Baydin 等，*Automatic differentiation in machine learning: a survey*（2018）；Griewank 和 Walther，*Evaluating Derivatives*（2008），书中证明了“廉价梯度”的上界。下一份作业 `a01_knn` 完全不用梯度；从 `a02_linear_classifier` 开始，你会亲手推导很多梯度，而且知道怎样检查它们。
