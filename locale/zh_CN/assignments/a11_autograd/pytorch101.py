# %% [markdown]
# # PyTorch 101
#
# 张量就是一块数，加上一种看待它的方式。深度学习头几周里的错，几乎都出在这里：把视图当成了副本，轴弄反了，形状碰巧对上了，本来一毫秒的事用循环跑了一分钟。下面有十九个小函数，大多只有一两行，常用的东西都会见到。函数名沿用密歇根大学的 EECS 498-007。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 张量 | `create_sample_tensor`, `mutate_tensor`, `count_tensor_elements`, `create_tensor_of_pi`, `multiples_of_ten` | 10 | 35 |
# | 2 切片是视图 | `slice_indexing_practice`, `slice_assignment_practice` | 7 | 30 |
# | 3 索引列表和掩码 | `shuffle_cols`, `reverse_rows`, `take_one_elem_per_col`, `make_one_hot`, `sum_positive_entries` | 11 | 40 |
# | 4 同样的数，另一种形状 | `reshape_practice` | 4 | 20 |
# | 5 归约和乘积 | `zero_row_min`, `batched_matrix_multiply_loop`, `batched_matrix_multiply_noloop`, `normalize_columns` | 11 | 45 |
# | 6 两道不用循环的谜题 | `challenge_mean_tensors`, `challenge_get_uniques` | 4 | 50 |
#
# 把每个 `raise NotImplementedError()` 换成你的代码，然后运行它下面的单元格：它只运行这一个任务的检查项。torch 的文档是你的好帮手，`hint("name of the task")` 也是。

# %%
import math

import torch
from torch import Tensor


# %% tags=["active-ipynb"]
# import time
#
# from autograder import check, hint
# from common.plots import broadcast_blocks, storage_strip

# %% [markdown]
# ## 1 张量
#
# 张量有**阶**（rank，有几个轴）、**形状**（shape，每个轴多长）、**dtype**（是什么样的数）和**设备**（device，存放在哪里）。0 阶张量就是一个数，形状为 `()`；`x.item()` 把它变成 Python 的数。

# %% tags=["active-ipynb"]
# for x in (torch.tensor(7), torch.tensor([1.0, 2.0]), torch.zeros(2, 3, dtype=torch.int64), torch.ones(0, 3)):
#     print(f"rank {x.ndim}, shape {tuple(x.shape)}, {x.numel()} elements, {x.dtype}, on {x.device}")

# %% [markdown]
# 先造出下面的张量，再往一个给定的张量里写：`x[index] = value`，其中的索引对每个轴各有一个数。写入会**原地**改变 `x` 本身，别处持有它的代码也会看到变化。

# %% task="create_sample_tensor"
# 约 5 分钟，简单。卡住了？hint("create_sample_tensor") 会给出第一步。
def create_sample_tensor() -> Tensor:
    """全为零的张量，但第 0 行第 1 列为 10，第 1 行第 0 列为 100。

    Shapes:
        out  (3, 2)  float32
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="create_sample_tensor"
# check("pytorch101", task="create_sample_tensor")

# %% task="mutate_tensor"
# 约 10 分钟，简单。卡住了？hint("mutate_tensor") 会给出第一步。
def mutate_tensor(x: Tensor, indices: list[tuple[int, ...]], values: list[float]) -> Tensor:
    """把 values[i] 原地写到 x 的 indices[i] 处，并返回 x。同一个索引出现两次时，以最后一个值为准。

    Shapes:
        x        任意形状，至少 1 阶；会原地改动
        indices  K 个索引的列表，每个索引是一个元组，对 x 的每个轴有一个数
        values   K 个数的列表
        out      x 本身
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="mutate_tensor"
# check("pytorch101", task="mutate_tensor")

# %% task="count_tensor_elements"
# 约 5 分钟，简单。卡住了？hint("count_tensor_elements") 会给出第一步。
def count_tensor_elements(x: Tensor) -> int:
    """元素的个数，例如由形状算出。禁用 `numel` 及其同类。

    Shapes:
        x    任意形状；0 阶张量有一个元素，有轴的长度为 0 的张量没有元素
        out  int，Python 的数
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="count_tensor_elements"
# check("pytorch101", task="count_tensor_elements")

# %% task="create_tensor_of_pi"
# 约 5 分钟，简单。卡住了？hint("create_tensor_of_pi") 会给出第一步。
def create_tensor_of_pi(M: int, N: int) -> Tensor:
    """元素全为 3.14 的矩阵。

    Shapes:
        out  (M, N)  float32
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="create_tensor_of_pi"
# check("pytorch101", task="create_tensor_of_pi")

# %% [markdown]
# 选哪种 **dtype** 是有后果的。float32 有 7 位有效数字，float64 有 16 位，整数没有小数部分；`torch.arange(0, 50, 10)` 得到 int64，而 `torch.zeros(5)` 得到 float32。需要哪种就写明：`torch.arange(0, 50, 10, dtype=torch.float64)`。和 Python 的 `range` 一样，终点不算在内。

# %% task="multiples_of_ten"
# 约 10 分钟，简单。卡住了？hint("multiples_of_ten") 会给出第一步。
def multiples_of_ten(start: int, stop: int) -> Tensor:
    """从 start 到 stop 的所有十的倍数，按升序排列；start 和 stop 若是倍数，也算在内。

    Shapes:
        start, stop  int，start <= stop，正负均可
        out          (K,)  float64；K 可以为 0
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="multiples_of_ten"
# check("pytorch101", task="multiples_of_ten")

# %% [markdown]
# ## 2 切片是视图
#
# 张量的数在内存中排成一行，这就是它的**存储区**（storage）。形状和**步幅**（stride）说明怎样找到一个元素：`x[i, j]` 是其中的第 `offset + i * stride[0] + j * stride[1]` 个数。`x[:, 2]` 这样的切片不需要新的数，只需要另一组偏移量、形状和步幅。它是**视图**（view）：存储区还是那一个，只是换一种看法。写入视图，张量就变了。

# %% tags=["active-ipynb"]
# x = torch.arange(12).reshape(3, 4)
# storage_strip(x, x[:, 2], title="x[:, 2]: every fourth number, starting at 2")

# %% tags=["active-ipynb"]
# storage_strip(x, x.T[1:3], title="x.T[1:3]: a transposed view; only the strides were swapped")

# %% [markdown]
# 用一个数作索引，这个轴就没了；用切片，轴会保留：`x[:, 2]` 的形状是 (3,)，`x[:, 2:3]` 的形状是 (3, 1)。两者都是视图。`start:stop:step` 每 `step` 个取一个；负数从末尾数起。

# %% task="slice_indexing_practice"
# 约 15 分钟，简单。卡住了？hint("slice_indexing_practice") 会给出第一步。
def slice_indexing_practice(x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """矩阵的四个视图，没有一个是副本。

    Shapes:
        x                          (M, N)  M >= 2，N >= 3；它自己也可以是视图
        last_row                   (N,)    最后一行
        third_col                  (M, 1)  第三列，仍是矩阵
        first_two_rows_three_cols  (2, 3)  左上角
        even_rows_odd_cols         ((M + 1) // 2, N // 2)  第 0, 2, 4, ... 行和第 1, 3, 5, ... 列
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="slice_indexing_practice"
# check("pytorch101", task="slice_indexing_practice")

# %% task="slice_assignment_practice"
# 约 15 分钟，中等。卡住了？hint("slice_assignment_practice") 会给出第一步。
def slice_assignment_practice(x: Tensor) -> Tensor:
    """把下面的图案原地写入 x 的左上角，并返回 x。x 的其余部分不变。

        0 1 2 2 2 2
        0 1 2 2 2 2
        3 4 3 4 5 5
        3 4 3 4 5 5

    最多用六次形如 `slice = integer` 的赋值。

    Shapes:
        x    (M, N)  M >= 4，N >= 6，任意数值 dtype；会原地改动
        out  x 本身
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="slice_assignment_practice"
# check("pytorch101", task="slice_assignment_practice")

# %% [markdown]
# ## 3 索引列表和掩码
#
# 索引也可以是由整数组成的列表或张量：`x[[0, 2, 2]]` 取第 0、2、2 行。它们在内存中的间隔不相等，没有哪种步幅能描述结果，所以结果是**副本**（copy），有自己的存储区。如果每个轴都给一个列表，它们就成对读取：`x[[1, 0], [0, 2]]` 取 `x[1, 0]` 和 `x[0, 2]`。
#
# 下面的每个函数都只用**一个**索引来写。

# %% task="shuffle_cols reverse_rows take_one_elem_per_col"
# 约 20 分钟，简单。卡住了？hint("shuffle_cols")（或换成另一个任务）会给出第一步。
def shuffle_cols(x: Tensor) -> Tensor:
    """由 x 的第 0、0、2、1 列组成的副本。

    Shapes:
        x    (M, N)  N >= 3
        out  (M, 4)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def reverse_rows(x: Tensor) -> Tensor:
    """行的顺序颠倒的副本。禁用 torch.flip 及其同类。

    Shapes:
        x    (M, N)
        out  (M, N)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def take_one_elem_per_col(x: Tensor) -> Tensor:
    """元素 x[1, 0]、x[0, 1] 和 x[3, 2] 的副本。

    Shapes:
        x    (M, N)  M >= 4，N >= 3
        out  (3,)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="shuffle_cols"
# check("pytorch101", task="shuffle_cols")

# %% tags=["active-ipynb"] grade="reverse_rows"
# check("pytorch101", task="reverse_rows")

# %% tags=["active-ipynb"] grade="take_one_elem_per_col"
# check("pytorch101", task="take_one_elem_per_col")

# %% task="make_one_hot"
# 约 15 分钟，中等。卡住了？hint("make_one_hot") 会给出第一步。
def make_one_hot(x: list[int]) -> Tensor:
    """每个数一行，该数对应的那一列为 1，其余为 0。不用循环，也不用推导式。

    不允许使用 F.one_hot 和 torch.eye。

    Shapes:
        x    由 N 个 >= 0 的整数组成的列表，N >= 1
        out  (N, max(x) + 1)  float32
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="make_one_hot"
# check("pytorch101", task="make_one_hot")

# %% [markdown]
# 比较得到由 True 和 False 组成的张量，也就是**掩码**（mask）。`x[mask]` 取出掩码为 True 的元素，组成新的 1 阶张量；`x[mask] = 0` 则写入这些位置。

# %% task="sum_positive_entries"
# 约 5 分钟，简单。卡住了？hint("sum_positive_entries") 会给出第一步。
def sum_positive_entries(x: Tensor) -> int:
    """所有大于 0 的元素之和，例如只用一次比较和一次索引，不用循环。

    Shapes:
        x    任意形状，int64
        out  int，Python 的数；没有正元素时为 0
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="sum_positive_entries"
# check("pytorch101", task="sum_positive_entries")

# %% [markdown]
# ## 4 同样的数，另一种形状
#
# `x.view(3, 8)` 按每行八个来读存储区。数的顺序不变，所以视图可以合并相邻的轴，也可以拆分一个轴，但不能交换轴。要交换轴，就用 `transpose` 和 `permute`，它们交换的是步幅。交换之后，数的排列不再是读取的顺序，`x.is_contiguous()` 为 False，`view` 会拒绝。这时 `reshape` 会复制。
#
# 要把张量拆开，再换个顺序拼起来，先用 `view` 拆分一个轴，再用 `permute` 交换，最后用 `reshape` 合并。`reshape` 只能合并相邻的轴：先把要合并的轴挪到一起。

# %% task="reshape_practice"
# 约 20 分钟，中等。卡住了？hint("reshape_practice") 会给出第一步。
def reshape_practice(x: Tensor) -> Tensor:
    """重新排列 24 个元素，不用循环。如果 x 是 0, 1, 2, ..., 23，结果是

        0  1  2  3 12 13 14 15
        4  5  6  7 16 17 18 19
        8  9 10 11 20 21 22 23

    Shapes:
        x    (24,)
        out  (3, 8)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="reshape_practice"
# check("pytorch101", task="reshape_practice")

# %% [markdown]
# ## 5 归约和乘积
#
# `x.sum(dim=0)` **沿着**轴 0 相加：这个轴消失。可以把 `dim` 理解为要失去的轴。加上 `keepdim=True`，它会保留，长度为 1，广播要的正是这样。

# %% task="zero_row_min"
# 约 15 分钟，简单。卡住了？hint("zero_row_min") 会给出第一步。
def zero_row_min(x: Tensor) -> Tensor:
    """x 的副本，其中每行最小的元素换成 0，其余元素不变。不用循环。

    Shapes:
        x    (M, N)  任意数值 dtype；不改动
        out  (M, N)  dtype 与 x 相同
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="zero_row_min"
# check("pytorch101", task="zero_row_min")

# %% [markdown]
# `a @ b` 把两个矩阵相乘。有三个轴，就是一批矩阵：`torch.bmm(x, y)`，或者直接写 `x @ y`，一次调用就把第一个和第一个相乘，第二个和第二个相乘，依此类推。

# %% task="batched_matrix_multiply_loop batched_matrix_multiply_noloop"
# 约 15 分钟，简单。卡住了？hint("batched_matrix_multiply_loop") 或 hint("batched_matrix_multiply_noloop") 会给出第一步。
def batched_matrix_multiply_loop(x: Tensor, y: Tensor) -> Tensor:
    """每一对矩阵的乘积，用 Python 循环遍历批量，不用 torch 的批量乘法。

    Shapes:
        x    (B, N, M)
        y    (B, M, P)
        out  (B, N, P)  dtype 与 x 相同
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def batched_matrix_multiply_noloop(x: Tensor, y: Tensor) -> Tensor:
    """每一对矩阵的乘积，不用循环。

    Shapes:
        x    (B, N, M)
        y    (B, M, P)
        out  (B, N, P)  dtype 与 x 相同
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="batched_matrix_multiply_loop"
# check("pytorch101", task="batched_matrix_multiply_loop")

# %% tags=["active-ipynb"] grade="batched_matrix_multiply_noloop"
# check("pytorch101", task="batched_matrix_multiply_noloop")

# %%
def batched_matrix_multiply(x: Tensor, y: Tensor, use_loop: bool = True) -> Tensor:
    """每一对矩阵的乘积，由两个函数之一算出。"""
    return batched_matrix_multiply_loop(x, y) if use_loop else batched_matrix_multiply_noloop(x, y)


# %% tags=["active-ipynb"]
# x, y = torch.randn(500, 16, 24), torch.randn(500, 24, 16)
# for use_loop in (True, False):
#     started = time.perf_counter()
#     for _ in range(10):
#         batched_matrix_multiply(x, y, use_loop=use_loop)
#     print(f"use_loop={use_loop!s:5}  {(time.perf_counter() - started) / 10 * 1000:8.2f} ms")

# %% [markdown]
# ### 广播
#
# 两个形状从**右边**开始比较。长度相等的轴能对上；长度为 1 的轴，或者左边缺少的轴，会拉伸到另一个的长度。什么都不复制：拉伸的轴步幅为 0。矩阵的每一行都减去同一行均值，靠的就是广播。`(N, 1) - (N,)` 悄悄变成 (N, N)，也是因为广播。

# %% tags=["active-ipynb"]
# broadcast_blocks(torch.arange(3).reshape(3, 1), torch.tensor([0, 10, 20, 30]))

# %% task="normalize_columns"
# 约 15 分钟，中等。卡住了？hint("normalize_columns") 会给出第一步。
def normalize_columns(x: Tensor) -> Tensor:
    """每列减去均值，再除以标准差；计算标准差时除以 M - 1。

    只用 `sum` 和算术运算：禁用计算均值、方差、标准差和范数的函数，也禁用循环。

    Shapes:
        x    (M, N)  float，M >= 2；不改动
        out  (M, N)  dtype 与 x 相同
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="normalize_columns"
# check("pytorch101", task="normalize_columns")

# %% [markdown] question="pytorch101-q1"
# **简答题 1。** `x` 是内存连续的矩阵。下面每一个是否与它共享存储区，为什么？(a) `x[1:3]`，(b) `x[[1, 2]]`，(c) `x[x > 0]`，(d) `x.T`，(e) `x.T.reshape(-1)`，(f) `x.view(-1)`，(g) `x + 0`，(h) `x[:, None]`。

# %% [markdown] answer="pytorch101-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 6 两道不用循环的谜题
#
# **不等长张量的均值。** 这样的张量不能堆叠。但只要每个数都记得自己来自哪里，就可以把它们拼接成一个长张量：`torch.repeat_interleave` 造出标签 0 0 0 1 1 2 ...，`index_add_` 把每个数加到它的标签对应的和上。（也可以填充成矩阵，或者求累积和再相减：要取各段**末尾**的累积和，而不是在各段长度处取。）

# %% task="challenge_mean_tensors"
# 约 25 分钟，困难。卡住了？hint("challenge_mean_tensors") 会给出第一步。
def challenge_mean_tensors(xs: list[Tensor], ls: Tensor) -> Tensor:
    """每个张量的均值。不用循环，不用推导式，也不用 map。

    Shapes:
        xs   由 K 个 1 阶浮点张量组成的列表，长度各不相同，都 >= 1
        ls   (K,)  int64，它们的长度
        out  (K,)  dtype 与这些张量相同
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="challenge_mean_tensors"
# check("pytorch101", task="challenge_mean_tensors")

# %% [markdown]
# **每个值首次出现在哪里。** `torch.unique` 返回各个不同的值，但不说它们原来在哪里。排序把相等的值放到一起；**稳定**（stable）的排序不改变相等的值之间的先后，所以每组的第一个也是它在 `x` 中的第一个。自己排序，这个任务得满分；用 `torch.unique`，得一半的分。

# %% task="challenge_get_uniques"
# 约 25 分钟，困难。卡住了？hint("challenge_get_uniques") 会给出第一步。
def challenge_get_uniques(x: Tensor) -> tuple[Tensor, Tensor]:
    """各个不同的值，顺序任意，以及每个值首次出现的索引。不用循环；内存为 O(N)。

    Shapes:
        x        (N,)  int64，正负均可，N >= 1
        uniques  (K,)  int64
        indices  (K,)  int64：x[indices] == uniques，而且没有更小的索引有这个值
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="challenge_get_uniques"
# check("pytorch101", task="challenge_get_uniques")

# %% [markdown]
# ## 7 其他设备
#
# 一个张量在一个设备上，一次运算要求所有张量在同一个设备上。`to` 把张量复制到另一个设备。新张量要建在旧张量所在的设备上：`torch.zeros(3, device=x.device)`，或者 `x.new_zeros(3)`。

# %%
def to_device(x: Tensor, device: str | torch.device) -> Tensor:
    """另一个设备上的 x；如果已经在那里，就是 x 本身。"""
    return x.to(device)

# %% tags=["active-ipynb"]
# a = torch.randn(1500, 1500)
# for device in ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",):
#     b = to_device(a, device)
#     b @ b  # 第一次调用还要启动设备
#     started = time.perf_counter()
#     c = to_device(b @ b, "cpu")
#     print(f"{device:5} {1000 * (time.perf_counter() - started):8.1f} ms, copy back included")

# %% [markdown]
# ## 小结
#
# 切片、`view`、`T`、`permute` 得到的是视图：不花什么代价，写入它们就是写入张量。索引列表、掩码和算术运算得到的是副本。形状从右边开始比较。如果用循环来遍历数，那么几乎总有一种运算，能快一百倍地做同样的事。
#
# 第二个笔记本 `autograd.ipynb` 再加上一样东西，张量库才成为深度学习的库：它记住你做过的运算，并对它们求导。
#
# **延伸阅读。** Harris 等（*Array programming with NumPy*，2020）介绍张量的前身，即数组：步幅、视图和广播都一样。Paszke 等（*PyTorch: an imperative style, high-performance deep learning library*，2019）说明做了哪些设计决定以及原因。Rogozhnikov（*Einops*，2022）把每次变形都写成一目了然的公式。
