# %% [markdown]
# # 注意力与 Transformer
#
# 循环网络是从钥匙孔里读句子的：第 1 个词要告诉第 20 个词的一切，都得穿过十九个隐状态。**注意力**（attention）打开了门。每个位置都能直接看到其他所有位置，并自己决定看哪里。在这个笔记本中，你从两层循环的注意力开始，一直搭到 Vaswani 等（2017）在“Attention is all you need”中提出的 Transformer，再教它做加减法。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 从词到数 | `generate_token_dict`, `prepocess_input_sequence` | 6 | 20 |
# | 2 注意力 | `scaled_dot_product_two_loop_single`, `scaled_dot_product_two_loop_batch`, `scaled_dot_product_no_loop_batch`, `SelfAttention`, `MultiHeadAttention` | 29 | 100 |
# | 3 编码器 | `LayerNormalization`, `FeedForwardBlock`, `EncoderBlock` | 15 | 55 |
# | 4 解码器 | `get_subsequent_mask`, `DecoderBlock` | 10 | 35 |
# | 5 我在哪里？ | `position_encoding_simple`, `position_encoding_sinusoid` | 6 | 35 |
# | 6 Transformer | `Transformer` | 10 | 35 |
#
# 另外 24 分在 `vit.ipynb` 中。把每个 `raise NotImplementedError()` 换成你的代码，然后运行它下面的单元格。可以用 torch 的 `nn.Linear`、`nn.Embedding`、`nn.Dropout`、`softmax` 和算术运算。现成的注意力、层归一化和 Transformer 层正是你要在这里造的东西，所以不允许使用。

# %%
import math

import torch
from torch import Tensor, nn


# %% tags=["active-ipynb"]
# import matplotlib.pyplot as plt
# from tqdm import tqdm
#
# from autograder import check, hint
# from common.data import arithmetic
# from common.plots import show
# from common.training.seed import seed_everything

# %% [markdown]
# ## 1 从词到数
#
# 数据是关于两位数的问题和答案。`BOS` 和 `EOS` 标出序列的开头和结尾。答案先写符号，再写三位数字，**个位在前**：手算就是这个顺序，因为每一位都要用到前一位的进位。共有 20,000 个问题；用 18,000 个训练，其余的用来测试。

# %% tags=["active-ipynb"]
# train_set, test_set = arithmetic.split(num_train=18_000, num_test=2_000)
# for question, answer in zip(train_set.questions[:5], train_set.answers[:5]):
#     print(f"{question:28} {answer}")
# print(*arithmetic.VOCABULARY)

# %% [markdown]
# 网络读的是数，不是词。词表的每一项是一个**词元**（token），它在列表中的位置就是它的编号：第一个是 0，第二个是 1，依此类推。

# %% task="generate_token_dict"
# 约 5 分钟，简单。卡住了？hint("generate_token_dict") 会给出第一步。
def generate_token_dict(vocab: list[str]) -> dict[str, int]:
    """按顺序把词表的各项编号为 0, 1, 2, ...：{entry: number}。"""
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="generate_token_dict"
# check("transformers", task="generate_token_dict")

# %% [markdown]
# 词与词之间用空白隔开。`BOS` 或 `add` 这样的特殊词，每个是一个词元。其余的词都是数，每位数字是一个词元：`"BOS 42 add 07 EOS"` 变成 `BOS 4 2 add 0 7 EOS` 的编号。看到的是一位位数字，网络就能学到一条适用于所有数的规则。如果 42 自成一个词元，网络就得记住 42 的含义。

# %% task="prepocess_input_sequence"
# 约 15 分钟，简单。卡住了？hint("prepocess_input_sequence") 会给出第一步。
def prepocess_input_sequence(input_str: str, token_dict: dict[str, int], spc_tokens: list[str]) -> list[int]:
    """把词的序列变成它的词元的编号。

    词与词之间用空白隔开。spc_tokens 中的词是一个词元；其余的词拆成字符，每个字符是一个词元。（函数名少了一个
    r。请保留原名：检查项按这个名字调用它。）
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="prepocess_input_sequence"
# check("transformers", task="prepocess_input_sequence")

# %% [markdown]
# ## 2 注意力
#
# 设想一部字典，对每个问题，每一项都答一点。它有 $K$ 个**键**（key）$k_j$，各带一个**值**（value）$v_j$。一个**查询**（query）$q_i$ 用点积与所有键比较；键越合适，答案里它的值就占得越多（Vaswani 等，式 1）：
#
# $$ s_{ij} = \frac{q_i \cdot k_j}{\sqrt{M}}, \qquad
#    w_{ij} = \frac{e^{s_{ij}}}{\sum_{l} e^{s_{il}}}, \qquad
#    y_i = \sum_j w_{ij}\, v_j . $$
#
# $M$ 是查询和键的长度。得分可能很大，而 $e^{1000}$ 会溢出：`torch.softmax` 能应付，直接用 `exp` 则不能。每个查询的权重都是正数，和为 1，所以 $y_i$ 是各个值的加权平均。查询数和键数可以不同，值的长度也可以另定。
#
# ### 一个序列，两层循环
#
# 循环遍历查询和键，一次算一个点积。这样很慢，但很难写错。

# %% task="scaled_dot_product_two_loop_single"
# 约 20 分钟，简单。卡住了？hint("scaled_dot_product_two_loop_single") 会给出第一步。
def scaled_dot_product_two_loop_single(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """对一个序列的每个查询计算注意力，一次算一个点积。

    Shapes:
        query  (Kq, M)   查询，float
        key    (Kk, M)   键
        value  (Kk, Mv)  值
        out    (Kq, Mv)  每个查询对各个值的平均；dtype 和设备与 query 相同
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="scaled_dot_product_two_loop_single"
# check("transformers", task="scaled_dot_product_two_loop_single")

# %% [markdown]
# ### 一批序列，两层循环
#
# 同样的计算，一次处理 $N$ 个序列。两层循环不变；单序列版本每次算一个点积，这里同时算 $N$ 个。

# %% task="scaled_dot_product_two_loop_batch"
# 约 15 分钟，简单。卡住了？hint("scaled_dot_product_two_loop_batch") 会给出第一步。
def scaled_dot_product_two_loop_batch(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """对一批中的每个序列计算注意力；序列之间互不可见。

    Shapes:
        query  (N, Kq, M)   查询，float
        key    (N, Kk, M)   键
        value  (N, Kk, Mv)  值
        out    (N, Kq, Mv)  dtype 和设备与 query 相同
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="scaled_dot_product_two_loop_batch"
# check("transformers", task="scaled_dot_product_two_loop_batch")

# %% [markdown]
# ### 一批序列，不用循环，带掩码
#
# 所有序列的所有点积，就是一次批量矩阵乘法（`torch.bmm` 或 `@`）。梯度要流过这个版本，所以求梯度时要用的东西都不能原地修改。
#
# 这里新增的是**掩码**（mask）。有时，一个查询不能看到某些键。掩码是 bool 张量，`True` 表示**遮住**。被遮住的键权重为 0，其余的权重之和为 1，所以要在 softmax **之前**就把它去掉。把它的得分设为 $-\infty$，或者设为绝对值足够大的负数，大到 $e$ 的这个次方为 0。

# %% task="scaled_dot_product_no_loop_batch"
# 约 25 分钟，中等。卡住了？hint("scaled_dot_product_no_loop_batch") 会给出第一步。
def scaled_dot_product_no_loop_batch(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """对一批中的每个序列计算注意力，只用两次批量矩阵乘法。

    Shapes:
        query    (N, Kq, M)   查询，float
        key      (N, Kk, M)   键
        value    (N, Kk, Mv)  值
        mask     (N, Kq, Kk)  bool，True 表示对这个查询遮住这个键；每个查询至少留有一个键；N 可以是 1
        y        (N, Kq, Mv)  值的加权平均
        weights  (N, Kq, Kk)  平均时用的权重，>= 0；每行之和为 1
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="scaled_dot_product_no_loop_batch"
# check("transformers", task="scaled_dot_product_no_loop_batch")

# %% [markdown]
# 为什么要除以 $M$ 的平方根？下面的查询和键都是标准正态随机数，每个查询对应 50 个键。我们看每个查询的最大权重：接近 1/50 时，查询对谁都没什么偏好；等于 1 时，它只看见一个键，别的一概看不见。

# %% tags=["active-ipynb"]
# seed_everything(0)
# lengths = [1, 4, 16, 64, 256, 1024]
# largest = {"with the root": [], "without": []}
# for length in lengths:
#     query, key = torch.randn(1, 200, length), torch.randn(1, 50, length)
#     for name, factor in {"with the root": 1.0, "without": math.sqrt(length)}.items():
#         _, weights = scaled_dot_product_no_loop_batch(query * factor, key, key)
#         largest[name].append(weights.amax(dim=2).mean().item())
# plt.figure(figsize=(6, 3.5))
# for name, heights in largest.items():
#     plt.plot(lengths, heights, marker="o" if name == "with the root" else "s",
#              linestyle="-" if name == "with the root" else "--", label=name)
# plt.xscale("log", base=2)
# plt.xlabel("M, the length of queries and keys")
# plt.ylabel("largest weight, mean")
# plt.legend(frameon=False)
# ends = ", ".join(f"{heights[-1]:.2f} {name}" for name, heights in largest.items())
# show(f"The largest weight over M from 1 to 1024. At the end: {ends}.")

# %% [markdown] question="tr-q1"
# **简答题 1。** (a) $q$ 和 $k$ 的各个元素相互独立，均值为 0，方差为 1。$q \cdot k$ 的均值和方差是多少？$q \cdot k / \sqrt{M}$ 的呢？(b) 不除以平方根的那条曲线趋于 1。如果 softmax 的最大权重几乎是 1，经过它到达查询和键的梯度会怎样？这对训练意味着什么？

# %% [markdown] answer="tr-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ### 自注意力
#
# 查询、键和值从哪里来？都来自序列自己，经过三个线性层：我在找什么，别人凭什么找到我，找到我的能从我这里得到什么。这三层叫 `q`、`k` 和 `v`。把最近一次调用的权重留在 `weights_softmax` 里，后面要看。
#
# `forward` 接收三个输入，这样同一个类有两种用法。在**自**注意力（self-attention）中，三个输入是同一个序列。在**交叉**注意力（cross-attention）中，查询来自一个序列，键和值来自另一个。

# %% task="SelfAttention"
# 约 20 分钟，简单。卡住了？hint("SelfAttention") 会给出第一步。
class SelfAttention(nn.Module):
    """单个注意力头：线性层 q、k 和 v，然后是缩放点积注意力。"""

    def __init__(self, dim_in: int, dim_q: int, dim_v: int):
        """创建 q 和 k 两层，从 dim_in 到 dim_q 个数；再创建 v，从 dim_in 到 dim_v：都是 nn.Linear。"""
        super().__init__()
        self.weights_softmax: Tensor | None = None  # (N, Kq, Kk)，最近一次调用的
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
        """计算注意力；把权重留在 self.weights_softmax 里。

        Shapes:
            query  (N, Kq, dim_in)  提问的一方
            key    (N, Kk, dim_in)  与它比较的
            value  (N, Kk, dim_in)  求平均的
            mask   (N, Kq, Kk)      bool，True 表示遮住；N 可以是 1
            out    (N, Kq, dim_v)
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="SelfAttention"
# check("transformers", task="SelfAttention")

# %% [markdown]
# ### 多个注意力头
#
# 一个 softmax 往往只看一样东西。要同时看几样，就用几个注意力头，各有各的权重（Vaswani 等，第 3.2.2 节）：
#
# $$ \text{MultiHead}(Q, K, V) = [\,\text{head}_1, \ldots, \text{head}_h\,]\; W^O + b^O . $$
#
# 方括号表示沿最后一个轴拼接，第 1 个头在最前。把各个头放进 `heads`，类型为 `nn.ModuleList`；再用一个线性层，把 `num_heads * dim_out` 个数变回 `dim_in` 个。

# %% task="MultiHeadAttention"
# 约 20 分钟，中等。卡住了？hint("MultiHeadAttention") 会给出第一步。
class MultiHeadAttention(nn.Module):
    """几个并列的注意力头，和一个混合它们结果的线性层。"""

    def __init__(self, num_heads: int, dim_in: int, dim_out: int):
        """创建 self.heads，即 num_heads 个 SelfAttention，q、k 和 v 都是 dim_out 个数；再创建它们后面的层。"""
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
        """用每个头计算注意力。

        Shapes:
            query  (N, Kq, dim_in)  提问的一方
            key    (N, Kk, dim_in)  与它比较的
            value  (N, Kk, dim_in)  求平均的
            mask   (N, Kq, Kk)      bool，True 表示遮住，所有头共用；N 可以是 1
            out    (N, Kq, dim_in)
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="MultiHeadAttention"
# check("transformers", task="MultiHeadAttention")

# %% [markdown]
# ## 3 编码器
#
# ### 层归一化
#
# 层与层之间的数如果大小稳定，很深的网络就更好训练。批量归一化拿每个特征与其他样本的同一特征比较，序列长短不一时就不方便了。层归一化（Ba、Kiros 和 Hinton 2016，式 3 和式 4）是在**一个位置**的 $D$ 个特征之间比较：
#
# $$ \mu = \frac1D \sum_{d} x_d, \qquad \sigma^2 = \frac1D \sum_{d} (x_d - \mu)^2, \qquad
#    y_d = \gamma_d\, \frac{x_d - \mu}{\sqrt{\sigma^2 + \epsilon}} + \beta_d . $$
#
# 注意是 $\frac1D$（不是 $\frac1{D-1}$），而且 $\epsilon$ 在根号内。增益 $\gamma$ 的初始值为一，平移 $\beta$ 的初始值为零；两者都要学习。用均值就能写出来；不需要 `std`、`var` 和 torch 自带的归一化。

# %% task="LayerNormalization"
# 约 20 分钟，中等。卡住了？hint("LayerNormalization") 会给出第一步。
class LayerNormalization(nn.Module):
    """让每个位置的均值为 0、方差为 1，再让每个特征乘以学到的增益，加上学到的平移。"""

    def __init__(self, emb_dim: int, epsilon: float = 1e-10):
        """创建两个参数，各有 emb_dim 个数：增益全为一，平移全为零。"""
        super().__init__()
        self.epsilon = epsilon
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor) -> Tensor:
        """沿最后一个轴归一化。

        Shapes:
            x    (N, K, emb_dim)  最后一个轴之前可以有任意个轴
            out  同 x
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="LayerNormalization"
# check("transformers", task="LayerNormalization")

# %% [markdown]
# ### 前馈网络
#
# 注意力在位置之间传递信息。两次传递之间，每个位置独自思考：用一个只有一个隐藏层的小网络，所有位置共用（Vaswani 等，式 2）：$\;\text{FFN}(x) = \max(0,\, x W_1 + b_1)\, W_2 + b_2$。

# %% task="FeedForwardBlock"
# 约 10 分钟，简单。卡住了？hint("FeedForwardBlock") 会给出第一步。
class FeedForwardBlock(nn.Module):
    """线性层、ReLU、线性层，每个位置各算各的。"""

    def __init__(self, inp_dim: int, hidden_dim_feedforward: int):
        """创建两个带偏置的 nn.Linear：inp_dim -> hidden_dim_feedforward -> inp_dim。"""
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor) -> Tensor:
        """用这个网络计算。

        Shapes:
            x    (N, K, inp_dim)
            out  (N, K, inp_dim)
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="FeedForwardBlock"
# check("transformers", task="FeedForwardBlock")

# %% [markdown]
# ### 编码器块
#
# 两个子层，各有残差连接、求和**之后**的层归一化（“后归一化”，post-norm，与论文第 3.1 节相同）和 dropout：
#
#     x -- attention -- + -- norm -- feed-forward -- + -- norm -->
#     |                 |       |                    |
#     +-----------------+       +--------------------+
#
# 每个 `+` 都把子层的输入和子层由它算出的结果相加。两个归一化各有自己的权重。dropout 作用于子层的输出，在求和之前（第 5.4 节）；放在归一化之后也可以。评估模式下没有 dropout，数值就是在这种模式下检查的。

# %% task="EncoderBlock"
# 约 25 分钟，中等。卡住了？hint("EncoderBlock") 会给出第一步。
class EncoderBlock(nn.Module):
    """自注意力和前馈网络，各有残差连接，之后是归一化。"""

    def __init__(self, num_heads: int, emb_dim: int, feedforward_dim: int, dropout: float):
        """创建 MultiHeadAttention（每个头 emb_dim // num_heads 个数）、FeedForwardBlock、两个归一化和 dropout。"""
        super().__init__()
        if emb_dim % num_heads != 0:
            raise ValueError(f"emb_dim = {emb_dim} is not divisible by num_heads = {num_heads}.")
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor) -> Tensor:
        """编码一批序列。

        Shapes:
            x    (N, K, emb_dim)
            out  (N, K, emb_dim)
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="EncoderBlock"
# check("transformers", task="EncoderBlock")

# %% [markdown]
# ## 4 解码器
#
# 解码器一个词元接一个词元地写出答案。训练时整个答案是已知的，最好一次前向传播就训练到它的所有词元。所以位置 $t$ 可以看到答案中直到 $t$（含）的部分，但不能看到后面的：否则它学会的只是照抄下一个词元，而到了测试时，并没有下一个词元可抄。
#
# 为此，掩码在 $j > i$ 时对查询 $i$ 遮住键 $j$。对角线上方全是 `True`。

# %% task="get_subsequent_mask"
# 约 10 分钟，简单。卡住了？hint("get_subsequent_mask") 会给出第一步。
def get_subsequent_mask(seq: Tensor) -> Tensor:
    """遮住未来的掩码。

    Shapes:
        seq  (N, K)     词元，int64
        out  (N, K, K)  bool，键在查询之后的位置为 True；与 seq 在同一设备上
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="get_subsequent_mask"
# check("transformers", task="get_subsequent_mask")

# %% [markdown] question="tr-q2"
# **简答题 2。** 一位朋友先对所有得分计算 softmax，再把被遮住的键的权重设为 0。(a) 剩下的权重有什么问题？(b) 朋友作了补救：把每行除以这一行的和。这时的权重，与在 softmax 之前用掩码的相同吗？(c) 用朋友的第一个版本，位置 $t$ 能得知 $t$ 之后的词元的任何信息吗？

# %% [markdown] answer="tr-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ### 另一种掩码：填充
#
# 我们的句子碰巧一样长。真实的句子长短不一，而一个批量是矩形的：较短的句子用 `PAD` 这样的词元补齐，它没有意义，不应该看到它。相应的掩码对句子的**所有**查询遮住一个**键**：如果词元 $j$ 是 `PAD`，不论 $i$ 是什么，元素 $(i, j)$ 都是 `True`。（`PAD` 位置上的查询看到什么无关紧要：损失不计这些位置。）有填充时，解码器把未来和填充都遮住：`future | padding`。

# %% tags=["active-ipynb"]
# def get_padding_mask(tokens, pad):
#     """(N, K) 的词元 -> (N, K, K) 的 bool，键是填充的位置为 True。"""
#     return (tokens == pad)[:, None, :].expand(-1, tokens.shape[1], -1)
#
#
# PAD = 0
# sentence = torch.tensor([[5, 3, 8, 2, PAD, PAD, PAD]])
# masks = {"the future": get_subsequent_mask(sentence), "padding": get_padding_mask(sentence, PAD)}
# masks["both"] = masks["the future"] | masks["padding"]
# figure, axes = plt.subplots(1, 3, figsize=(9, 2.9), layout="constrained")
# for ax, (name, mask) in zip(axes, masks.items()):
#     ax.imshow(mask[0], cmap="Greys", vmin=0, vmax=1.4)
#     ax.set(title=f"{name} (dark: hidden)", xlabel="key", ylabel="query")
#     words = [str(int(token)) if token != PAD else "PAD" for token in sentence[0]]
#     ax.set_xticks(range(7), words, rotation=45)
#     ax.set_yticks(range(7), words)
# show("Hidden keys: above the diagonal for the future, the last three columns for padding, and both together.")
#
# seed_everything(0)
# attention, table = MultiHeadAttention(2, 16, 8), torch.randn(10, 16)
# with torch.no_grad():
#     alone = attention(*3 * [table[sentence[:, :4]]])  # 不带填充的句子
#     for name, mask in {"without a mask": None, "with the padding mask": masks["padding"]}.items():
#         padded = attention(*3 * [table[sentence]], mask)[:, :4]
#         print(f"{name:22} the padding changes the four words by up to {float((padded - alone).abs().max()):.6f}")

# %% [markdown]
# 回到解码器。它的块有三个子层。带掩码的自注意力看已经写出的答案。**交叉注意力**看问题：它的查询来自解码器，键和值来自编码器的输出。然后是前馈网络。每个子层都有残差连接，之后是归一化。
#
#     x -- masked attention -- + -- norm -- cross-attention -- + -- norm -- feed-forward -- + -- norm -->
#     |                        |       |         ^             |       |                    |
#     +------------------------+       +---------|-------------+       +--------------------+
#                                            encoder

# %% task="DecoderBlock"
# 约 25 分钟，中等。卡住了？hint("DecoderBlock") 会给出第一步。
class DecoderBlock(nn.Module):
    """带掩码的自注意力、交叉注意力和前馈网络，各有残差连接，之后是归一化。"""

    def __init__(self, num_heads: int, emb_dim: int, feedforward_dim: int, dropout: float):
        """创建两个 MultiHeadAttention（每个头 emb_dim // num_heads）、FeedForwardBlock、三个归一化和 dropout。"""
        super().__init__()
        if emb_dim % num_heads != 0:
            raise ValueError(f"emb_dim = {emb_dim} is not divisible by num_heads = {num_heads}.")
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, dec_inp: Tensor, enc_inp: Tensor, mask: Tensor | None = None) -> Tensor:
        """解码一批序列。

        Shapes:
            dec_inp  (N, O, emb_dim)  解码器目前已有的内容
            enc_inp  (N, K, emb_dim)  编码器由问题算出的结果
            mask     (N, O, O)        bool，True 表示遮住，只用于自注意力；N 可以是 1
            out      (N, O, emb_dim)
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="DecoderBlock"
# check("transformers", task="DecoderBlock")

# %% [markdown]
# 把这些块堆叠起来，就是编码器和解码器，代码已经给出。

# %%
class Encoder(nn.Module):
    """堆叠的编码器块。"""

    def __init__(self, num_heads: int, emb_dim: int, feedforward_dim: int, num_layers: int, dropout: float):
        super().__init__()
        self.layers = nn.ModuleList(
            EncoderBlock(num_heads, emb_dim, feedforward_dim, dropout) for _ in range(num_layers)
        )

    def forward(self, src_seq: Tensor) -> Tensor:
        """(N, K, emb_dim) -> (N, K, emb_dim)。"""
        for layer in self.layers:
            src_seq = layer(src_seq)
        return src_seq


class Decoder(nn.Module):
    """堆叠的解码器块，最后用一个线性层给词表的每个词元一个得分。"""

    def __init__(
        self, num_heads: int, emb_dim: int, feedforward_dim: int, num_layers: int, dropout: float, vocab_len: int
    ):
        super().__init__()
        self.layers = nn.ModuleList(
            DecoderBlock(num_heads, emb_dim, feedforward_dim, dropout) for _ in range(num_layers)
        )
        self.proj_to_vocab = nn.Linear(emb_dim, vocab_len)

    def forward(self, target_seq: Tensor, enc_out: Tensor, mask: Tensor | None = None) -> Tensor:
        """(N, O, emb_dim), (N, K, emb_dim), (N, O, O) -> (N, O, vocab_len)。"""
        for layer in self.layers:
            target_seq = layer(target_seq, enc_out, mask)
        return self.proj_to_vocab(target_seq)


# %% [markdown]
# ## 5 我在哪里？
#
# 注意力不知道顺序。把键连同它们的值一起打乱，每个和都不变：在它看来，42 和 24 是同一个数。所以给每个位置一个说明它在哪里的向量，加到它的嵌入上。
#
# 最简单的做法：在位置 $n = 0, \ldots, K-1$ 的全部 $M$ 个元素中都写入 $n / K$。

# %% task="position_encoding_simple"
# 约 10 分钟，简单。卡住了？hint("position_encoding_simple") 会给出第一步。
def position_encoding_simple(K: int, M: int) -> Tensor:
    """位置 n 的每个元素都是分数 n / K。

    Shapes:
        K    int        位置数
        M    int        嵌入的长度
        out  (1, K, M)  float32
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="position_encoding_simple"
# check("transformers", task="position_encoding_simple")

# %% [markdown]
# 论文的做法（第 3.5 节）：正弦和余弦，波长从 $2\pi$ 增长到 $10000 \cdot 2\pi$，就像钟表的几根指针转得快慢不同：
#
# $$ p_{n,\,2i} = \sin\!\left(\frac{n}{10000^{\,2i/M}}\right), \qquad
#    p_{n,\,2i+1} = \cos\!\left(\frac{n}{10000^{\,2i/M}}\right). $$
#
# 偶数列是正弦，奇数列是余弦，一对中的两列波长相同。如果 $M$ 是奇数，最后一列正弦没有余弦与它配对。

# %% task="position_encoding_sinusoid"
# 约 25 分钟，中等。卡住了？hint("position_encoding_sinusoid") 会给出第一步。
def position_encoding_sinusoid(K: int, M: int) -> Tensor:
    """偶数列是正弦，奇数列是余弦，频率越来越低。

    Shapes:
        K    int        位置数
        M    int        嵌入的长度，奇数或偶数
        out  (1, K, M)  float32，[-1, 1]
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="position_encoding_sinusoid"
# check("transformers", task="position_encoding_sinusoid")

# %% [markdown]
# 把两种编码都画成图像：一行是一个位置，一列是位置向量的一个元素。第三幅图是正弦编码中每两个位置的点积。

# %% tags=["active-ipynb"]
# simple, sinusoid = position_encoding_simple(60, 64)[0], position_encoding_sinusoid(60, 64)[0]
# figure, axes = plt.subplots(1, 3, figsize=(12, 3.6), layout="constrained")
# for ax, table, title in zip(axes, (simple, sinusoid, sinusoid @ sinusoid.T), ("n / K", "sinusoid", "dot products")):
#     far = float(table.abs().max())
#     image = ax.imshow(table, cmap="RdBu_r", vmin=-far, vmax=far, aspect="auto", interpolation="nearest")
#     ax.set(title=title, ylabel="position", xlabel="position" if title == "dot products" else "entry")
#     figure.colorbar(image, ax=ax)
# show("n / K grows evenly; the sinusoid has fast waves left and slow ones right; its products fade with distance.")

# %% [markdown] question="tr-q3"
# **简答题 3。** (a) 第三幅图沿每条对角线是常数。证明这一点：位置 $m$ 和 $n$ 的点积只取决于 $m - n$。(b) 如果 5 个词元和 500 个词元的序列混在一起，而且位置向量要加到大小为 1 的嵌入上，你预计 $n/K$ 会有什么麻烦？(c) 看下面的表：一个序列有 $n$ 个位置，每个位置 $d = 512$ 个数。$n$ 为多少时，自注意力的代价高于循环层？为什么处理句子和整本书时，人们还是更愿意用它？

# %% [markdown] answer="tr-q3"
# YOUR ANSWER HERE

# %% [markdown]
# ### 混合序列的三种方式
#
# 卷积和循环网络也能让位置之间互通消息。对 $n$ 个位置、每个位置 $d$ 个数，三者比起来怎么样（Vaswani 等，表 1）？
#
# | 层 | 运算次数 | 必须依次做的步数 | 两个位置之间的最长路径 |
# |---|---|---|---|
# | 循环 | $n\, d^2$ | $n$ | $n$ |
# | 卷积，宽 $k$ | $k\, n\, d^2$ | $1$ | $n / k$ 层（空洞卷积为 $\log_k n$） |
# | 自注意力 | $n^2 d$ | $1$ | $1$ |
#
# 下面的图里，每种各有一个新建的层：位置 $j$（列）的输入变化时，位置 $i$（行）的输出变化多少？画的是输出之和的梯度的长度，除以该行的最大值。卷积听得见相邻位置。循环网络听得见过去，越久远越微弱。注意力听得见所有位置，而**听谁的**由数据算出。

# %% tags=["active-ipynb"]
# seed_everything(0)
# length, width = 24, 16
# recurrent, convolution = nn.RNN(width, width, batch_first=True), nn.Conv1d(width, width, 3, padding=1)
# head = SelfAttention(width, width, width)
# layers = {
#     "convolution, 3 wide": lambda x: convolution(x.mT).mT,
#     "recurrent": lambda x: recurrent(x)[0],
#     "self-attention": lambda x: head(3 * x, 3 * x, x),  # 乘以 3：就像已经学会偏好某些键的注意力头
# }
# x = torch.randn(1, length, width, requires_grad=True)
# figure, axes = plt.subplots(1, 3, figsize=(11, 3.4), layout="constrained")
# for ax, (name, layer) in zip(axes, layers.items()):
#     sums = layer(x)[0].sum(dim=1)  # (n,)，每个输出一个数
#     slopes = [torch.autograd.grad(total, x, retain_graph=True)[0][0] for total in sums]
#     heard = torch.stack(slopes).norm(dim=2)  # (n, n)
#     image = ax.imshow(heard / heard.amax(dim=1, keepdim=True), cmap="Blues", vmin=0, vmax=1)
#     ax.set(title=name, xlabel="input at position", ylabel="output at position")
# figure.colorbar(image, ax=axes, label="influence, of the row's largest")
# show("Convolution: a band. Recurrent: below the diagonal, fading to the left. Self-attention: places everywhere.")

# %% [markdown]
# ## 6 Transformer
#
# 把它们组装起来。在 `forward` 中：
#
# 1. 把问题变成嵌入，加上它的位置，运行编码器。
# 2. 解码器的输入是**去掉最后一个词元**的答案：在位置 $t$，它读入词元 $t$，预测词元 $t + 1$。用同一个嵌入层变成嵌入，再加上位置。
# 3. 运行解码器，带上遮住未来的掩码。它的输出对词表的每个词元给出一个得分；把得分排成矩阵返回，每个答案的每个位置一行，一个答案接一个答案。
#
# 以答案 -25 为例：
#
#     decoder reads     BOS       NEGATIVE  5  2  0
#     and predicts      NEGATIVE  5         2  0  EOS

# %% task="Transformer"
# 约 35 分钟，困难。卡住了？hint("Transformer") 会给出第一步。
class Transformer(nn.Module):
    """共用一个词表的编码器和解码器。"""

    def __init__(
        self,
        num_heads: int,
        emb_dim: int,
        feedforward_dim: int,
        dropout: float,
        num_enc_layers: int,
        num_dec_layers: int,
        vocab_len: int,
    ):
        """创建一个 nn.Embedding（问题和答案共用）、一个 Encoder 和一个 Decoder。后两者不共享权重。"""
        super().__init__()
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, ques_b: Tensor, ques_pos: Tensor, ans_b: Tensor, ans_pos: Tensor) -> Tensor:
        """答案中除最后一个以外，每个位置都给出对下一个词元的得分。

        Shapes:
            ques_b    (N, K)                     问题的词元，int64
            ques_pos  (N, K, emb_dim)            它们的位置；N 可以是 1
            ans_b     (N, O)                     答案的词元，从 BOS 到 EOS，int64
            ans_pos   (N, O, emb_dim)            它们的位置；N 可以是 1
            out       (N * (O - 1), vocab_len)   第 n * (O - 1) + t 行预测 ans_b[n, t + 1]
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="Transformer"
# check("transformers", task="Transformer")

# %% [markdown]
# 训练和作答的代码已经给出。学习率在前 100 次迭代中上升，因为后归一化的 Transformer 如果一开始就全速训练会发散；之后保持不变，直到损失足够小，再用 300 次迭代降到 0。`answer` 用贪心法写答案：运行解码器，取得分最高的词元，接到后面，再运行一遍。

# %%
def train(
    model: nn.Module,
    questions: Tensor,
    answers: Tensor,
    ques_pos: Tensor,
    ans_pos: Tensor,
    *,
    max_iters: int = 1600,
    batch_size: int = 128,
    learning_rate: float = 5e-3,
) -> list[float]:
    """用 Adam 在随机的批量上训练；返回每次迭代的损失。

    学习率保持不变，直到损失低于 0.2，再用 300 次迭代降到 0。

    Shapes:
        questions  (N, K)           词元，int64
        answers    (N, O)           词元，int64
        ques_pos   (1, K, emb_dim)  位置
        ans_pos    (1, O, emb_dim)  位置
    """
    optimizer = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98))
    losses, smooth, left = [], 2.0, 300
    model.train()
    while left > 0:
        step = len(losses) + 1
        if left < 300 or smooth < 0.2 or step > max_iters - 300:
            left -= 1
        falling = (1 - math.cos(math.pi * left / 300)) / 2
        optimizer.param_groups[0]["lr"] = learning_rate * min(1.0, step / 100) * falling
        rows = torch.randint(len(questions), (batch_size,), device=questions.device)
        scores = model(questions[rows], ques_pos, answers[rows], ans_pos)
        loss = nn.functional.cross_entropy(scores, answers[rows, 1:].flatten())
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
        smooth += (losses[-1] - smooth) / 50
    return losses


@torch.no_grad()
def answer(model: nn.Module, questions: Tensor, ques_pos: Tensor, ans_pos: Tensor, start: int) -> Tensor:
    """写出以词元 ``start`` 开头的答案，每一步都取概率最大的词元。

    Shapes:
        questions  (N, K)           词元，int64
        ques_pos   (1, K, emb_dim)  位置
        ans_pos    (1, O, emb_dim)  位置
        out        (N, O)           词元，int64
    """
    written = torch.full((len(questions), 1), start, device=questions.device)
    model.eval()
    while written.shape[1] < ans_pos.shape[1]:
        padded = torch.cat([written, written[:, :1]], dim=1)  # 最后一个词元不读入
        scores = model(questions, ques_pos, padded, ans_pos[:, : padded.shape[1]])
        last = scores.reshape(len(questions), written.shape[1], -1)[:, -1]
        written = torch.cat([written, last.argmax(dim=1, keepdim=True)], dim=1)
    return written

# %% [markdown]
# 位置用哪一种？正弦编码是为几百个词的序列设计的。我们的序列只有七个词元，而上图的前七行彼此很像。所以也试一种粗糙的办法：每个位置一个随机向量，只抽取一次。同样的网络训练三次。

# %% tags=["active-ipynb"]
# # 约 90 秒
# token_dict = generate_token_dict(list(arithmetic.VOCABULARY))
# special = list(arithmetic.SPECIAL_TOKENS)
#
#
# def to_tokens(sentences):
#     return torch.tensor([prepocess_input_sequence(sentence, token_dict, special) for sentence in sentences])
#
#
# def random_positions(K, M):
#     return torch.randn(1, K, M)
#
#
# def smooth(losses):
#     return torch.tensor(losses).unfold(0, 20, 5).mean(dim=1)
#
#
# questions, answers = to_tokens(train_set.questions), to_tokens(train_set.answers)
# plt.figure(figsize=(6, 3.5))
# styles = {position_encoding_simple: ":", position_encoding_sinusoid: "--", random_positions: "-"}
# for encode in tqdm(styles, desc="training", unit="network"):
#     seed_everything(0)
#     ques_pos, ans_pos = encode(questions.shape[1], 64), encode(answers.shape[1], 64)
#     model = Transformer(4, 64, 256, 0.0, num_enc_layers=1, num_dec_layers=1, vocab_len=len(token_dict))
#     curve = smooth(train(model, questions, answers, ques_pos, ans_pos, max_iters=1000))
#     plt.plot(5 * torch.arange(len(curve)), curve, styles[encode], label=encode.__name__)
# plt.xlabel("iteration")
# plt.ylabel("loss")
# plt.yscale("log")
# plt.legend(frameon=False)
# show("Loss over iterations, on a logarithmic scale, with each of the three kinds of position.")

# %% [markdown]
# 留下最后一个网络，即用随机位置的那个。它里面没有任何东西是为进位设计的。它能回答没见过的问题吗？所有词元都对，一个答案才算对。

# %% tags=["active-ipynb"]
# asked, right = to_tokens(test_set.questions), to_tokens(test_set.answers)
# written = answer(model, asked, ques_pos, ans_pos, token_dict["BOS"])
# correct = (written == right).all(dim=1)
# print(f"{int(correct.sum()):,} of {len(correct):,} new questions answered exactly right")
# words = list(token_dict)
# for n in [*range(6), *(~correct).nonzero().flatten()[:4].tolist()]:
#     guess = " ".join(words[token] for token in written[n, 1:-1])
#     print(f"{test_set.questions[n]:24} {guess:20} {'' if correct[n] else 'wrong: ' + test_set.answers[n]}")

# %% [markdown]
# 它看哪里？下面是一个问题的交叉注意力中各个头的权重：行是它即将写出的词元，列是问题的词元。

# %% tags=["active-ipynb"]
# for n in range(2):
#     answer(model, asked[n : n + 1], ques_pos, ans_pos, token_dict["BOS"])
#     maps = [m.weights_softmax[0] for m in model.modules() if isinstance(m, SelfAttention)]
#     maps = [m for m in maps if m.shape == (right.shape[1] - 1, asked.shape[1])]  # cross-attention
#     figure, axes = plt.subplots(1, len(maps), figsize=(4.6 * len(maps), 3.4), squeeze=False, layout="constrained")
#     for head, (ax, weights) in enumerate(zip(axes[0], maps)):
#         image = ax.imshow(weights, cmap="Blues", vmin=0, vmax=1)
#         ax.set_xticks(range(asked.shape[1]), [words[token] for token in asked[n]], rotation=45, ha="right")
#         ax.set_yticks(range(right.shape[1] - 1), [words[token] for token in right[n, 1:]])
#         ax.set_title(f"cross-attention, head {head + 1}")
#     figure.colorbar(image, ax=axes, label="weight")
#     looked = ", ".join(words[token] for token in asked[n][maps[0].argmax(dim=1)])
#     show(f"Weights of each head from the written tokens to those of the question; head 1 looks most at {looked}.")

# %% [markdown] question="tr-q4"
# **简答题 4。** (a) 要写出和的**十位**，必须知道问题中的哪些数字？注意力头看了它们吗？(b) 个位写在十位之前，解码器会读到它。如果还知道其中一个数的个位，那么答案的个位透露了进位的什么信息？如果百位在最前，网络在动笔之前必须先算出什么？(c) 编码器的注意力也在传递信息。把上面的图读成“写那一位时用了这一位”，为什么有风险？

# %% [markdown] answer="tr-q4"
# YOUR ANSWER HERE

# %% [markdown]
# ## 小结
#
# 注意力是一种加权平均，权重由数据算出；不加位置，它就看不见顺序。Transformer 就是位置之间的注意力，加上每个位置上的小网络，反复堆叠，再靠残差连接和归一化保证它能训练。掩码是关于时间的承诺：遮住的东西不能泄漏，连分母里也不行。接下来，在 `vit.ipynb` 中，词换成图像块。
#
# **延伸阅读。** “The annotated transformer”（Rush 2018）逐行讲解论文。Xiong 等（*On layer normalization in the transformer architecture*，2020）解释为什么现在几乎人人都把归一化放在子层**之前**。BERT（Devlin 等 2019）就是你的编码器，用填空来训练；GPT（Radford 等 2018）就是你的解码器去掉交叉注意力。长序列可看 Dao 等，*FlashAttention*（2022）。
