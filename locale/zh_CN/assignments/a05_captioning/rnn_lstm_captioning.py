# %% [markdown]
# # 说出所见：循环网络和图像描述
#
# 句子没有固定的长度，所以写句子的网络必须一步一步来，并记住自己写过什么。你会亲手写出这样的网络及其随时间的梯度，然后写它更有名的后继者 LSTM 和 GRU。最后，一个网络看着图片，在写每个词之前决定看哪里，写出 *"a red striped disc left of a green checked square"*。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 手写循环网络 | `rnn_step_forward`, `rnn_step_backward`, `rnn_forward`, `rnn_backward`, `rnn_truncated_backward`, `clip_gradients` | 31 | 95 |
# | 2 从词到损失 | `WordEmbedding`, `temporal_softmax_loss` | 8 | 20 |
# | 3 模块形式的网络 | `RNN`, `LSTM`, `GRU` | 20 | 50 |
# | 4 注意力 | `dot_product_attention`, `AttentionLSTM` | 14 | 40 |
# | 5 描述生成器 | `CaptioningRNN.forward`, `.sample` | 20 | 60 |
# | 6 一条描述有多好？ | `bleu` | 7 | 30 |
#
# 表示大小的字母：$N$ 是一个批量中的描述数，$T$ 是步数，$D$ 是每步输入的维度，$H$ 是隐状态的维度，$V$ 是词表中的词数，$a \times a$ 是图片中位置的网格。
#
# `torch.nn.RNN`、`LSTM`、`GRU` 和它们的单步版本正是你要造的东西，所以不允许使用。在第 1 部分，你也不用自动求导。

# %%
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from common.nets.image_encoder import ImageEncoder


# %% tags=["active-ipynb"]
# import os
# import time
#
# import matplotlib.pyplot as plt
#
# from autograder import check, hint
# from common.data import DataError
# from common.data.captions import load_captions, stack
# from common.data.scene_captions import SLOTS, parts, slot_accuracy
# from common.data.vocabulary import Vocabulary
# from common.nets.image_encoder import features
# from common.plots import attention_maps, curves, pictures
# from common.training.captioning import fit
# from common.training.seed import seed_everything
# from tqdm import tqdm
#
# torch.set_num_threads(1)  # 这么小的网络用更多线程没有好处，在同时有其他工作的机器上反而慢得多

# %% [markdown]
# ## 1 手写循环网络
#
# ### 一步
#
# 状态 $h_t$ 由这一步的输入 $x_t$ 和前一步的状态算出（Elman 1990）：
#
# $$ h_t = \tanh(x_t W_x + h_{t-1} W_h + b). $$
#
# 每一步都用同样的 $W_x$、$W_h$ 和 $b$。这就是整个笔记本的核心想法：卷积在不同位置共享权重，循环在不同时间步共享权重。

# %% task="rnn_step_forward"
# 约 5 分钟，简单。卡住了？hint("rnn_step_forward") 会给出第一步。
def rnn_step_forward(x: Tensor, prev_h: Tensor, Wx: Tensor, Wh: Tensor, b: Tensor) -> tuple[Tensor, Any]:
    """带 tanh 的循环网络的一步。

    Shapes:
        x       (N, D)  这一步的输入
        prev_h  (N, H)  前一步的隐状态
        Wx      (D, H)  从输入到状态的权重
        Wh      (H, H)  从状态到状态的权重
        b       (H,)    偏置
        out     (N, H)  下一个隐状态；以及给 rnn_step_backward 的缓存
    """
    # YOUR CODE HERE
    raise NotImplementedError()
    return next_h, cache


# %% tags=["active-ipynb"] grade="rnn_step_forward"
# check("rnn_lstm_captioning", task="rnn_step_forward")

# %% [markdown]
# ### 一步，反向传播
#
# 给你的是 $d = \partial L / \partial h_t$。记进入 tanh 的值为 $a_t$。由 $\tanh' = 1 - \tanh^2$ 得到
#
# $$ \delta = \frac{\partial L}{\partial a_t} = d \odot (1 - h_t^2), \qquad
#    \frac{\partial L}{\partial W_x} = x_t^\top \delta, \quad
#    \frac{\partial L}{\partial W_h} = h_{t-1}^\top \delta, \quad
#    \frac{\partial L}{\partial x_t} = \delta\, W_x^\top, \quad
#    \frac{\partial L}{\partial h_{t-1}} = \delta\, W_h^\top, $$
#
# 而 $\partial L / \partial b$ 是 $\delta$ 对批量求和。注意 $1 - h_t^2$ 要用这一步的**输出**：把它存进缓存，就不用再算一遍 tanh。

# %% task="rnn_step_backward"
# 约 15 分钟，中等。卡住了？hint("rnn_step_backward") 会给出第一步。
def rnn_step_backward(dnext_h: Tensor, cache: Any) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """一步的梯度。

    Shapes:
        dnext_h  (N, H)  对下一个隐状态的梯度
        cache    任意    rnn_step_forward 存下的内容
        out      五个    dx (N, D)、dprev_h (N, H)、dWx (D, H)、dWh (H, H)、db (H,)
    """
    # YOUR CODE HERE
    raise NotImplementedError()
    return dx, dprev_h, dWx, dWh, db


# %% tags=["active-ipynb"] grade="rnn_step_backward"
# check("rnn_lstm_captioning", task="rnn_step_backward")

# %% [markdown]
# ### 所有步
#
# 整个序列：从 $h_0$ 开始，按顺序走各步，返回**所有**状态 $h_1, \dots, h_T$。第 3 部分还会在自动求导下使用这个函数，所以求梯度还要用到的张量，不要往里写：把状态收集到列表里，最后用 `torch.stack` 合起来。这样既安全，也不更慢。

# %% task="rnn_forward"
# 约 10 分钟，简单。卡住了？hint("rnn_forward") 会给出第一步。
def rnn_forward(x: Tensor, h0: Tensor, Wx: Tensor, Wh: Tensor, b: Tensor) -> tuple[Tensor, Any]:
    """作用于整个序列的循环网络。自动求导能够跟踪它。

    Shapes:
        x    (N, T, D)  输入
        h0   (N, H)     第一步之前的状态
        Wx   (D, H)     从输入到状态的权重
        Wh   (H, H)     从状态到状态的权重
        b    (H,)       偏置
        out  (N, T, H)  每一步之后的状态；以及给 rnn_backward 的缓存
    """
    # YOUR CODE HERE
    raise NotImplementedError()
    return h, cache


# %% tags=["active-ipynb"] grade="rnn_forward"
# check("rnn_lstm_captioning", task="rnn_forward")

# %% [markdown]
# ### 随时间反向传播
#
# 在脑中把循环展开，这个网络就是一个深层网络，$T$ 层共享权重（Werbos 1990）。由此得到两点，都常被忘记。损失通过**两**条路到达 $h_t$：一条来自它自己那一步，存在 `dh[:, t]` 里；另一条来自第 $t + 1$ 步，那一步的 `dprev_h` 必须加上：
#
# $$ \frac{\partial L}{\partial h_t} = \underbrace{\texttt{dh}_t}_{\text{from the loss at } t} +
#    \underbrace{\delta_{t+1} W_h^\top}_{\text{from the step after}}. $$
#
# 又因为每一步都用同样的权重，所以权重的梯度是对各步**求和**。从最后一步走到第一步。

# %% task="rnn_backward"
# 约 30 分钟，困难。卡住了？hint("rnn_backward") 会给出第一步。
def rnn_backward(dh: Tensor, cache: Any) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """整个序列的梯度，用随时间反向传播。

    Shapes:
        dh     (N, T, H)  对每个状态的梯度，来自它自己那一步的损失
        cache  任意       rnn_forward 保留的内容
        out    五个       dx (N, T, D)、dh0 (N, H)、dWx (D, H)、dWh (H, H)、db (H,)
    """
    # YOUR CODE HERE
    raise NotImplementedError()
    return dx, dh0, dWx, dWh, db


# %% tags=["active-ipynb"] grade="rnn_backward"
# check("rnn_lstm_captioning", task="rnn_backward")

# %% [markdown]
# ### 长序列为什么难
#
# 从第 $T$ 步回到第 $t$ 步的路上，梯度一次又一次乘以 $W_h^\top$ 和 $1 - h^2 \le 1$。$W_h$ 的最大奇异值小于 1 时，梯度必然消失；大于 1 时，它可能爆炸（Pascanu、Mikolov 和 Bengio 2013）。这张图用的是你的代码：损失只看最后一个状态，我们测量在更早的步上它的梯度还剩多少。

# %% tags=["active-ipynb"]
# seed_everything(0)
# x, h0 = torch.randn(20, 40, 8), torch.zeros(20, 32)
# left = {}
# for scale in (0.5, 1.0, 2.0):
#     Wh = scale * torch.linalg.qr(torch.randn(32, 32)).Q  # 所有奇异值都是 `scale`
#     h, cache = rnn_forward(0.1 * x, h0, torch.randn(8, 32) / 8, Wh, torch.zeros(32))
#     dh = torch.zeros_like(h)
#     dh[:, -1] = torch.randn(20, 32)
#     dx = rnn_backward(dh, cache)[0]
#     left[f"singular values {scale}"] = dx.norm(dim=2).mean(dim=0).log10()
# curves(left, xlabel="step", ylabel="log10 of the gradient's length")

# %% [markdown] question="captioning-q1"
# **简答题 1。** 只看奇异值的话，图中 2.0 的曲线每往回一步应该变成 2 倍，但实际并没有。是什么压住了它？0.5 的曲线为什么得不到类似的帮助？

# %% [markdown] answer="captioning-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ### 截断反向传播
#
# 文本可以有几千步。把每一步的缓存留到最后很费内存，而梯度反正已经消失，不值得为它这样做。随时间的**截断**反向传播把序列切成每段 $k$ 步的片段：前向时，状态照旧从一段传到下一段；反向时，没有梯度越过边界（Williams 和 Peng 1990）。片段之内一切照旧。
#
# 第 $0, \dots, k-1$ 步是第一段，第 $k, \dots, 2k-1$ 步是第二段，依此类推；最后一段可以更短。$h_0$ 的梯度只来自第一段。

# %% task="rnn_truncated_backward"
# 约 20 分钟，中等。卡住了？hint("rnn_truncated_backward") 会给出第一步。
def rnn_truncated_backward(dh: Tensor, cache: Any, steps: int) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """同 rnn_backward，但没有梯度从 `steps` 步的一段传到前一段。

    Shapes:
        dh     (N, T, H)  对每个状态的梯度，来自它自己那一步的损失
        cache  任意       rnn_forward 保留的内容
        steps  int        一段的长度，至少 1；最后一段可以更短
        out    五个       dx (N, T, D)、dh0 (N, H)、dWx (D, H)、dWh (H, H)、db (H,)
    """
    # YOUR CODE HERE
    raise NotImplementedError()
    return dx, dh0, dWx, dWh, db


# %% tags=["active-ipynb"] grade="rnn_truncated_backward"
# check("rnn_lstm_captioning", task="rnn_truncated_backward")

# %% [markdown]
# ### 裁剪
#
# 截断不能阻止梯度爆炸。能阻止的办法很简单：把所有参数的梯度看成一个长向量 $g$，如果它的长度超过上限，就把它整体缩小（Pascanu 等，算法 1）：
#
# $$ g \leftarrow g \cdot \min\!\Big(1, \frac{c}{\lVert g \rVert}\Big). $$
#
# 方向不变。每个参数或每个数各自裁剪，就会改变方向。与本笔记本的其他函数不同，这个函数**原地**修改 `parameter.grad`；没有梯度的参数就跳过。

# %% task="clip_gradients"
# 约 15 分钟，中等。卡住了？hint("clip_gradients") 会给出第一步。
def clip_gradients(parameters: Iterable[Tensor], max_norm: float) -> Tensor:
    """原地缩小所有参数的梯度，使它们合起来的长度不超过 max_norm。

    Shapes:
        parameters  张量     每个都有 .grad，也可能是 None
        max_norm    float    允许的最大长度
        out         ()       裁剪之前的长度；没有梯度时为 0
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="clip_gradients"
# check("rnn_lstm_captioning", task="clip_gradients")

# %% [markdown]
# ## 2 从词到损失
#
# 每个场景有两条描述，因为先说哪个目标都可以。训练时用从上面开始的那一条，两者一样高时用从左边开始的；评估时，哪一条都算。`Vocabulary` 给每个词一个编号。最前面是四个词元：`<START>` 开始每条描述，`<END>` 结束它，`<NULL>` 把它填充到同样的长度，`<UNK>` 代表不认识的词。

# %% tags=["active-ipynb"]
# train_set, val_set = load_captions("scenes", "train", count=3000), load_captions("scenes", "val", count=400)
# vocabulary = Vocabulary.of(captions[0] for captions in train_set.captions)
# print(f"{len(vocabulary)} words:", *vocabulary.words)
# first = [captions[0] for captions in train_set.captions]
# tokens = vocabulary.encode(first)[:, None]  # (N, 1, 14)
# images, val_images = stack(train_set), stack(val_set)
# print(tokens[0, 0].tolist())
# pictures(images[:8], first[:8])

# %% [markdown]
# ### 词向量
#
# 网络用向量来计算，所以每个词都有一个：参数表的第 $w$ 行，表的形状是 $(V, D)$。查一个词就是取它的那一行；一行的梯度，是这个词出现过的所有位置的梯度之和。只要用词的张量（形状任意）去索引这张表，自动求导就会替你做好。`nn.Embedding` 就是现成的这种层，所以这里不允许使用；索引和 `F.embedding` 可以。

# %% task="WordEmbedding"
# 约 5 分钟，简单。卡住了？hint("WordEmbedding") 会给出第一步。
class WordEmbedding(nn.Module):
    """每个词一个向量。"""

    def __init__(self, vocab_size: int, embed_size: int) -> None:
        super().__init__()
        self.W_embed = nn.Parameter(torch.randn(vocab_size, embed_size) / math.sqrt(vocab_size))

    def forward(self, x: Tensor) -> Tensor:
        """查词。

        Shapes:
            x    (N, T)     词的编号，int64；或任何其他形状
            out  (N, T, D)  它们的向量
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="WordEmbedding"
# check("rnn_lstm_captioning", task="WordEmbedding")

# %% [markdown]
# ### 一个句子的损失
#
# 每一步，网络给词表中的每个词一个得分。损失是与真正的下一个词的交叉熵，**对各步求和，对描述取平均**：
#
# $$ L = -\frac{1}{N} \sum_{n=1}^{N} \; \sum_{t\,:\; y_{nt} \ne \text{ignored}}
#        \log \frac{e^{x_{n t y_{nt}}}}{\sum_v e^{x_{n t v}}}. $$
#
# 各条描述的长度不同，而结尾之后的 `<NULL>` 不是要学的词：$y$ 为 `ignore_index` 的位置不计。除以的是 $N$，而不是词数。

# %% task="temporal_softmax_loss"
# 约 15 分钟，中等。卡住了？hint("temporal_softmax_loss") 会给出第一步。
def temporal_softmax_loss(x: Tensor, y: Tensor, ignore_index: int | None = None) -> Tensor:
    """交叉熵，对时间求和，对描述取平均。

    Shapes:
        x             (N, T, V)    得分
        y             (N, T)       正确的词，int64
        ignore_index  int 或 None  是这个词的位置不计
        out           ()           损失
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="temporal_softmax_loss"
# check("rnn_lstm_captioning", task="temporal_softmax_loss")

# %% [markdown] question="captioning-q2"
# **简答题 2。** 训练之前，各个得分差不多相等。用上面的词表（28 项），一条由 10 个词和 `<END>` 组成的描述，损失大约是多少？如果不忽略 `<NULL>`，而所有描述都填充到 14 个词元，会有什么变化？

# %% [markdown] answer="captioning-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## 3 模块形式的网络
#
# 从这里起由自动求导计算梯度。首先把第 1 部分的网络写成模块。它的参数名为 `Wx`、`Wh` 和 `b`，检查项会用到这些名字；`step_forward` 走一步，`forward` 走整个序列。

# %% task="RNN"
# 约 5 分钟，简单。卡住了？hint("RNN") 会给出第一步。
class RNN(nn.Module):
    """带 tanh 的循环网络。"""

    def __init__(self, input_dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.Wx = nn.Parameter(torch.randn(input_dim, hidden_dim) / math.sqrt(input_dim))
        self.Wh = nn.Parameter(torch.randn(hidden_dim, hidden_dim) / math.sqrt(hidden_dim))
        self.b = nn.Parameter(torch.zeros(hidden_dim))

    def step_forward(self, x: Tensor, prev_h: Tensor) -> Tensor:
        """一步。

        Shapes:
            x       (N, D)  这一步的输入
            prev_h  (N, H)  前一步的隐状态
            out     (N, H)  下一个隐状态
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor, h0: Tensor) -> Tensor:
        """所有步。

        Shapes:
            x    (N, T, D)  输入
            h0   (N, H)     第一步之前的状态
            out  (N, T, H)  每一步之后的状态
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="RNN"
# check("rnn_lstm_captioning", task="RNN")

# %% [markdown]
# ### LSTM
#
# 长短期记忆网络（Hochreiter 和 Schmidhuber 1997；带 Gers 等 2000 的遗忘门）还带着第二个状态，即**细胞状态** $c_t$，它靠**相加**来改变。三个**门**是 0 到 1 之间的数，决定往里写什么、保留什么、显示什么。一次乘法给出全部四个部分，按 **i、f、o、g** 的顺序切成相等的四份：
#
# $$ a = x_t W_x + h_{t-1} W_h + b \in \mathbb{R}^{4H}, \qquad
#    i = \sigma(a_i), \quad f = \sigma(a_f), \quad o = \sigma(a_o), \quad g = \tanh(a_g), $$
#
# $$ c_t = f \odot c_{t-1} + i \odot g, \qquad h_t = o \odot \tanh(c_t). $$
#
# 沿着细胞状态，梯度只乘以 $f$，路上没有矩阵：开着的门让梯度在许多步中原样通过。当心：`torch.nn.LSTM` 的顺序是 i、f、g、o。
#
# `forward` 从 $c_0 = 0$ 开始。

# %% task="LSTM"
# 约 25 分钟，中等。卡住了？hint("LSTM") 会给出第一步。
class LSTM(nn.Module):
    """长短期记忆网络。"""

    def __init__(self, input_dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.Wx = nn.Parameter(torch.randn(input_dim, 4 * hidden_dim) / math.sqrt(input_dim))
        self.Wh = nn.Parameter(torch.randn(hidden_dim, 4 * hidden_dim) / math.sqrt(hidden_dim))
        self.b = nn.Parameter(torch.zeros(4 * hidden_dim))

    def step_forward(self, x: Tensor, prev_h: Tensor, prev_c: Tensor) -> tuple[Tensor, Tensor]:
        """一步；Wx、Wh 和 b 给出的四份依次是门 i、f、o 和新内容 g。

        Shapes:
            x       (N, D)  这一步的输入
            prev_h  (N, H)  前一步的隐状态
            prev_c  (N, H)  前一步的细胞状态
            out     两个    next_h (N, H)、next_c (N, H)
        """
        # YOUR CODE HERE
        raise NotImplementedError()
        return next_h, next_c

    def forward(self, x: Tensor, h0: Tensor) -> Tensor:
        """所有步，细胞状态从 0 开始。

        Shapes:
            x    (N, T, D)  输入
            h0   (N, H)     第一步之前的隐状态
            out  (N, T, H)  每一步之后的隐状态
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="LSTM"
# check("rnn_lstm_captioning", task="LSTM")

# %% [markdown]
# ### GRU
#
# 门控循环单元（Cho 等 2014）只用一个状态。提出新内容时，**重置**门 $r$ 决定看到多少过去；**更新**门 $z$ 决定旧状态保留多少。`Wx`、`Wh` 和 `b` 分成三份，顺序是 **r、z、n**：
#
# $$ r = \sigma(x_t W_x^r + h_{t-1} W_h^r + b^r), \qquad z = \sigma(x_t W_x^z + h_{t-1} W_h^z + b^z), $$
#
# $$ n = \tanh\!\big(x_t W_x^n + b^n + r \odot (h_{t-1} W_h^n)\big), \qquad h_t = z \odot h_{t-1} + (1 - z) \odot n. $$
#
# 和 torch 一样，$r$ 作用在矩阵**之后**。torch 在 $r \odot (\dots)$ 里面还有第二个偏置；这里只有一个，在外面。

# %% task="GRU"
# 约 20 分钟，中等。卡住了？hint("GRU") 会给出第一步。
class GRU(nn.Module):
    """门控循环单元。"""

    def __init__(self, input_dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.Wx = nn.Parameter(torch.randn(input_dim, 3 * hidden_dim) / math.sqrt(input_dim))
        self.Wh = nn.Parameter(torch.randn(hidden_dim, 3 * hidden_dim) / math.sqrt(hidden_dim))
        self.b = nn.Parameter(torch.zeros(3 * hidden_dim))

    def step_forward(self, x: Tensor, prev_h: Tensor) -> Tensor:
        """一步；Wx、Wh 和 b 的三份分别属于 r、z 和 n。

        Shapes:
            x       (N, D)  这一步的输入
            prev_h  (N, H)  前一步的隐状态
            out     (N, H)  下一个隐状态
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, x: Tensor, h0: Tensor) -> Tensor:
        """所有步。

        Shapes:
            x    (N, T, D)  输入
            h0   (N, H)     第一步之前的状态
            out  (N, T, H)  每一步之后的状态
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="GRU"
# check("rnn_lstm_captioning", task="GRU")

# %% [markdown]
# ### 它们能记住多久？
#
# 一个记忆测验：30 个输入中的第一个是八种符号之一，其余是噪声，最后一步之后网络要说出是哪个符号。每个网络都用 Adam 训练同样的 200 步。第三个是你的 LSTM，训练前只改一处：遗忘门的偏置是 3，所以 $f$ 一开始接近 $\sigma(3) = 0.95$。

# %% tags=["active-ipynb"]
# # 约 5 秒
# def recall(net, steps=200, length=30):
#     head = nn.Linear(32, 8)
#     optimizer = torch.optim.Adam([*net.parameters(), *head.parameters()], lr=1e-2)
#     losses = []
#     for _ in range(steps):
#         signs = torch.randint(8, (64,))
#         x = 0.5 * torch.randn(64, length, 8)
#         x[:, 0] = 2 * F.one_hot(signs, 8)
#         loss = F.cross_entropy(head(net(x, torch.zeros(64, 32))[:, -1]), signs)
#         optimizer.zero_grad()
#         loss.backward()
#         clip_gradients(net.parameters(), 5.0)
#         optimizer.step()
#         losses.append(loss.item())
#     return losses
#
#
# seed_everything(0)
# open_gate = LSTM(8, 32)
# open_gate.b.data[32:64] = 3.0
# networks = {"RNN": RNN(8, 32), "LSTM": LSTM(8, 32), "LSTM, forget gate open": open_gate}
# losses = {name: recall(net) for name, net in tqdm(networks.items(), unit="network")}
# curves(losses, ylabel="loss (chance: 2.08)")

# %% [markdown]
# LSTM 的好记性不是天生的。偏置为零时，它的门一开始只开一半，所以 30 步之前写入细胞状态的内容只剩 $2^{-30}$；传回来的梯度又太小，学不会多保留一些。这就是遗忘门通常一开始就打开的原因（Gers 等 2000；Jozefowicz 等 2015）。描述足够短，半开的门就够用，所以你的类保留零。

# %% [markdown]
# ## 4 注意力
#
# 照目前的做法，一张图片得全部装进 $h_0$ 这一个向量。**注意力**（Bahdanau 等 2015；用于描述的是 Xu 等 2015，"Show, attend and tell"）保留 $a \times a$ 个特征向量的网格 $A$，在写每个词之前再看一遍。状态提问，每个位置回答自己与它有多匹配：
#
# $$ e_{ij} = \frac{h_{t-1} \cdot A_{:, i, j}}{\sqrt{H}}, \qquad
#    w_{ij} = \frac{\exp e_{ij}}{\sum_{k, l} \exp e_{kl}}, \qquad
#    \text{attn} = \sum_{i, j} w_{ij} A_{:, i, j}. $$
#
# 一条描述的权重在**整个**网格上之和为 1。平方根让得分保持在 1 左右，这样 softmax 一开始不会饱和（Vaswani 等 2017，第 3.2.1 节）。`F.scaled_dot_product_attention` 就是现成的这个函数，所以这里不允许使用。

# %% task="dot_product_attention"
# 约 20 分钟，中等。卡住了？hint("dot_product_attention") 会给出第一步。
def dot_product_attention(prev_h: Tensor, A: Tensor) -> tuple[Tensor, Tensor]:
    """看特征的网格，与隐状态最匹配的地方看得最多。

    Shapes:
        prev_h  (N, H)        提问的状态
        A       (N, H, a, a)  被看的网格
        out     两个          attn (N, H)，特征的平均；weights (N, a, a)，之和为 1
    """
    # YOUR CODE HERE
    raise NotImplementedError()
    return attn, weights


# %% tags=["active-ipynb"] grade="dot_product_attention"
# check("rnn_lstm_captioning", task="dot_product_attention")

# %% [markdown]
# ### 会看图的 LSTM
#
# 看到的内容作为又一个输入进入这一步，有自己的权重：
#
# $$ a = x_t W_x + h_{t-1} W_h + \text{attn}_t W_{\text{attn}} + b, $$
#
# 其余的就是 LSTM。提问用的是这一步**之前**的状态 $h_{t-1}$。开始时 $h_0 = c_0$ 是 $A$ 在各位置上的均值。

# %% task="AttentionLSTM"
# 约 20 分钟，中等。卡住了？hint("AttentionLSTM") 会给出第一步。
class AttentionLSTM(nn.Module):
    """每一步之前先看特征网格的长短期记忆网络。"""

    def __init__(self, input_dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.Wx = nn.Parameter(torch.randn(input_dim, 4 * hidden_dim) / math.sqrt(input_dim))
        self.Wh = nn.Parameter(torch.randn(hidden_dim, 4 * hidden_dim) / math.sqrt(hidden_dim))
        self.Wattn = nn.Parameter(torch.randn(hidden_dim, 4 * hidden_dim) / math.sqrt(hidden_dim))
        self.b = nn.Parameter(torch.zeros(4 * hidden_dim))

    def step_forward(self, x: Tensor, prev_h: Tensor, prev_c: Tensor, attn: Tensor) -> tuple[Tensor, Tensor]:
        """给定看到的内容走一步；门的顺序是 i、f、o、g。

        Shapes:
            x       (N, D)  这一步的输入
            prev_h  (N, H)  前一步的隐状态
            prev_c  (N, H)  前一步的细胞状态
            attn    (N, H)  dot_product_attention 对 prev_h 给出的结果
            out     两个    next_h (N, H)、next_c (N, H)
        """
        # YOUR CODE HERE
        raise NotImplementedError()
        return next_h, next_c

    def forward(self, x: Tensor, A: Tensor) -> Tensor:
        """所有步；隐状态和细胞状态都从 A 在各位置上的均值开始。

        Shapes:
            x    (N, T, D)     输入
            A    (N, H, a, a)  要看的特征
            out  (N, T, H)     每一步之后的隐状态
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="AttentionLSTM"
# check("rnn_lstm_captioning", task="AttentionLSTM")

# %% [markdown]
# ## 5 描述生成器
#
# 现在把一切组合起来（参照 Vinyals 等 2015，"Show and tell"）：
#
# 1. 冻结的 CNN `ImageEncoder` 把图片变成特征的网格 $(N, D, a, a)$。它已经给出。
# 2. 对 `"rnn"` 和 `"lstm"`，在网格上对特征取平均；线性层由此得到 $h_0$ $(N, H)$。对 `"attn"`，同样的线性层作用于每个位置，即 1 x 1 卷积，得到 $A$ $(N, H, a, a)$。
# 3. 词由 `WordEmbedding` 变成向量，经过循环网络，再由带偏置的线性层把每个状态变成 $V$ 个得分。这一层有自己的权重，不与词向量共用。
#
# 训练时，把 $T + 1$ 个词元的描述按两种方式切开：网络读 `captions[:, :-1]`，它以 `<START>` 开头；必须预测 `captions[:, 1:]`，它以 `<END>` 结尾。每一步读入的都是上一个**正确**的词，不管它自己会写什么：这叫强制教学（teacher forcing）。
#
# **采样**一条描述时，没有正确的词。从 `<START>` 开始，取得分最高的词，作为下一个输入，如此走 `max_length` 步。返回的内容不包含 `<START>` 本身。之后模型要和原来一样：调用了 `self.eval()` 而不还原，后面训练时 dropout 就关掉了。一个批量中的句子在不同的步结束；只管继续走，`Vocabulary.decode` 会在 `<END>` 处截断。
#
# 训练期间特征不变。所以编码器让特征原样通过：凡是可以给它图像的地方，也可以给它以前由图像得到的特征，这样能省下大部分时间。让 `encode` 总是调用 `self.image_encoder`。你创建的层叫什么名字由你决定。

# %% task="CaptioningRNN.forward CaptioningRNN.sample"
# 约 60 分钟，困难。卡住了？hint("CaptioningRNN.forward") 或 hint("CaptioningRNN.sample") 会给出第一步。
class CaptioningRNN(nn.Module):
    """写出描述：图像编码器、词向量、循环网络、词的得分。"""

    def __init__(
        self,
        word_to_idx: dict[str, int],
        input_dim: int = 512,
        wordvec_dim: int = 128,
        hidden_dim: int = 128,
        cell_type: str = "rnn",
        image_encoder_pretrained: bool | str = True,
        ignore_index: int | None = None,
    ) -> None:
        """创建各层。

        word_to_idx 给词表编号；input_dim 是特征的通道数：ImageEncoder() 为 98，其他编码器为 512；cell_type 是
        "rnn"、"lstm" 或 "attn"；image_encoder_pretrained 传给 ImageEncoder；ignore_index 传给
        temporal_softmax_loss。
        """
        super().__init__()
        if cell_type not in ("rnn", "lstm", "attn"):
            raise ValueError(f"cell_type is 'rnn', 'lstm' or 'attn', not {cell_type!r}.")
        self.cell_type = cell_type
        self.ignore_index = ignore_index
        self.start = word_to_idx["<START>"]
        self.image_encoder = ImageEncoder(pretrained=image_encoder_pretrained)
        # YOUR CODE HERE
        raise NotImplementedError()

    def encode(self, images: Tensor) -> Tensor:
        """循环网络能得到的图像信息。

        Shapes:
            images  (N, 3, H, W)  或特征 (N, D, a, a)
            out     (N, H)        h0；"attn" 时为网格 A (N, H, a, a)
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, images: Tensor, captions: Tensor) -> Tensor:
        """描述的损失，每个词都由它之前的正确的词来预测。

        Shapes:
            images    (N, 3, H, W)  或特征 (N, D, a, a)
            captions  (N, T + 1)    int64，从 <START> 到 <END>，然后是 <NULL>
            out       ()            损失
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    @torch.no_grad()
    def sample(self, images: Tensor, max_length: int = 15) -> Any:
        """写出描述，每一步取得分最高的词。

        Shapes:
            images      (N, 3, H, W)  或特征 (N, D, a, a)
            max_length  int           写多少个词
            out         (N, max_length) int64；"attn" 时有两个：它和每一步的权重 (N, max_length, a, a)
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="CaptioningRNN.forward"
# check("rnn_lstm_captioning", task="CaptioningRNN.forward")

# %% tags=["active-ipynb"] grade="CaptioningRNN.sample"
# check("rnn_lstm_captioning", task="CaptioningRNN.sample")

# %% [markdown]
# ### 三个描述生成器
#
# 编码器每张图片只看一次。然后三个描述生成器在它的特征上训练。带注意力的一步用时是 LSTM 一步的三倍，所以步数少一些。特征的最后两个通道是所在位置的坐标：不管东西在哪里，卷积的响应都一样，所以没有坐标就分不清左右。

# %% tags=["active-ipynb"]
# # 约 10 秒
# encoder = ImageEncoder()
# seen, val_seen = features(encoder, images), features(encoder, val_images)
# models, losses = {}, {}
#
#
# def train(cell_type, steps):
#     seed_everything(0)
#     begun = time.perf_counter()
#     models[cell_type] = CaptioningRNN(
#         vocabulary.word_to_idx, input_dim=encoder.out_channels, wordvec_dim=32, hidden_dim=64, cell_type=cell_type,
#         ignore_index=vocabulary.word_to_idx["<NULL>"],
#     )
#     settings = {"batch_size": 128, "learning_rate": 1e-2, "clip": clip_gradients}
#     losses[cell_type] = fit(models[cell_type], seen, tokens, steps=steps, progress=True, **settings)
#     print(f"{cell_type}: {time.perf_counter() - begun:.0f} s")
#
#
# train("rnn", steps=1500)

# %% tags=["active-ipynb"]
# # 约 20 秒
# train("lstm", steps=1500)

# %% tags=["active-ipynb"]
# # 约 20 秒
# train("attn", steps=400)
# means = {name: torch.tensor(values).reshape(-1, 20).mean(dim=1) for name, values in losses.items()}
# curves(means, xlabel="20 steps", ylabel="loss of a caption")

# %% [markdown]
# 对从没见过的图片，它们会说什么？一条描述有七个可对可错的部分，"all" 表示有多少条描述全对。

# %% tags=["active-ipynb"]
# samples = {name: model.sample(val_seen) for name, model in models.items()}
# samples["attn"], looked = samples["attn"]
# written = {name: vocabulary.decode(words) for name, words in samples.items()}
# print(f"{'':14}" + "".join(f"{name:>8}" for name in written))
# right = {name: slot_accuracy(sentences, val_set.captions) for name, sentences in written.items()}
# for slot in (*SLOTS, "all"):
#     print(f"{slot:14}" + "".join(f"{100 * right[name][slot]:7.0f}%" for name in written))
# pictures(val_images[:8], written["attn"][:8])

# %% [markdown]
# ### 它看哪里
#
# 每个词一张图片：亮的地方是描述生成器在写这个词之前看的地方。不要指望每个词都看一眼：看一眼得到的东西，状态能记住好几个词。

# %% tags=["active-ipynb"]
# attention_maps(val_images[0], written["attn"][0].split(), looked[0])

# %% tags=["active-ipynb"]
# attention_maps(val_images[1], written["attn"][1].split(), looked[1])

# %% [markdown] question="captioning-q3"
# **简答题 3。** 比较表中的各行。没有注意力的 LSTM，描述的哪些部分的正确率和瞎猜差不多？为什么不管训练多久，它都**不可能**更好？

# %% [markdown] answer="captioning-q3"
# YOUR ANSWER HERE

# %% [markdown]
# ### 两层
#
# 循环层可以叠起来：第一层的状态是第二层的输入，只有第二层选词。它读到的是已经理解过一点的序列，就像更深的卷积读图像那样。这个单元格用你的模块搭一个这样的描述生成器。每一层有自己的 $h_0$。

# %% tags=["active-ipynb"]
# # 约 20 秒
# NULL, START, END = (vocabulary.word_to_idx[token] for token in ("<NULL>", "<START>", "<END>"))
#
#
# class TwoLayers(nn.Module):
#     def __init__(self, hidden_dim=64):
#         super().__init__()
#         self.table = WordEmbedding(len(vocabulary), 32)
#         self.first, self.second = LSTM(32, hidden_dim), LSTM(hidden_dim, hidden_dim)
#         self.start = nn.Linear(encoder.out_channels, 2 * hidden_dim)
#         self.choose = nn.Linear(hidden_dim, len(vocabulary))
#
#     def scores(self, grid, words):  # 每个词 (N, T) 之后的下一个词的得分：(N, T, V)
#         h1, h2 = self.start(grid.mean(dim=(2, 3))).chunk(2, dim=1)
#         return self.choose(self.second(self.first(self.table(words), h1), h2))
#
#     def forward(self, grid, captions):
#         return temporal_softmax_loss(self.scores(grid, captions[:, :-1]), captions[:, 1:], NULL)
#
#
# seed_everything(0)
# deep = TwoLayers()
# settings = {"batch_size": 128, "learning_rate": 1e-2, "clip": clip_gradients}
# losses["two layers"] = fit(deep, seen, tokens, steps=600, progress=True, **settings)
# for name, values in losses.items():
#     print(f"{name:11} {len(values):5} steps, loss of a caption at the end {sum(values[-20:]) / 20:.2f}")

# %% [markdown]
# ### 其他写法
#
# 模型给出的是概率，每一步取最好的词只是几种写法之一。另一种是**随机抽取**下一个词。在 softmax 之前，把得分除以**温度** $\tau$：
#
# $$ p_w = \frac{e^{s_w / \tau}}{\sum_v e^{s_v / \tau}} . $$
#
# 接近 $\tau = 0$ 时，只剩最好的词。在 $\tau = 1$ 时，词出现的频率就是模型相信的概率；超过 1 时，不太可能的词机会增加。网络会读自己写的内容，所以一个错词可能把后面的句子带偏。$\tau$ 增大时，先出错的是语法还是事实？（在这里，句子的形式与描述相同就算通顺。）

# %% tags=["active-ipynb"]
# @torch.no_grad()
# def draw(grid, temperature, length=13):
#     words = torch.full((len(grid), 1), START)
#     for _ in range(length):
#         probabilities = (deep.scores(grid, words)[:, -1] / temperature).softmax(dim=1)
#         words = torch.cat([words, probabilities.multinomial(1)], dim=1)
#     return vocabulary.decode(words[:, 1:])
#
#
# seed_everything(0)
# print("temperature   readable   right altogether   one picture")
# for temperature in (0.1, 0.5, 1.0, 1.5, 2.0):
#     drawn = draw(val_seen, temperature)
#     readable = sum(parts(sentence) is not None for sentence in drawn) / len(drawn)
#     whole = slot_accuracy(drawn, val_set.captions)["all"]
#     print(f"{temperature:11} {100 * readable:9.0f}% {100 * whole:17.0f}%   {drawn[0]}")

# %% [markdown]
# **束搜索**找的是概率最大的**句子**，即各词的对数概率之和最大。最好的第一个词，不一定是最好的句子的开头。所以保留 $B$ 个最好的开头，每个都接上每一个词，再从所有这些中保留 $B$ 个最好的，如此继续；以 `<END>` 结尾的开头就完成了，不再变化。$B = 1$ 时，就是每一步取最好的词。一张图片的各个句子和它们的概率：

# %% tags=["active-ipynb"]
# # 约 5 秒
# @torch.no_grad()
# def beam_search(grid, width, length=13):
#     beams = [(0.0, [START])]  # （对数概率之和，词）
#     for _ in range(length):
#         growing = [words for _, words in beams if words[-1] != END]
#         if not growing:
#             break
#         logs = deep.scores(grid.expand(len(growing), -1, -1, -1), torch.tensor(growing))[:, -1].log_softmax(dim=1)
#         candidates = [beam for beam in beams if beam[1][-1] == END]
#         totals = [total for total, words in beams if words[-1] != END]
#         for total, words, row in zip(totals, growing, logs):
#             values, best = row.topk(width)
#             candidates += [(total + value, [*words, w]) for value, w in zip(values.tolist(), best.tolist())]
#         beams = sorted(candidates, reverse=True)[:width]
#     return beams
#
#
# for total, words in beam_search(val_seen[:1], 5):
#     print(f"{math.exp(total):.4f}  {vocabulary.decode(torch.tensor([words[1:]]))[0]}")
# for width in (1, 3, 10):
#     best = [beam_search(val_seen[n : n + 1], width)[0][0] for n in tqdm(range(60), desc=f"B = {width}")]
#     print(f"B = {width:2}: mean log probability of the sentence found {sum(best) / len(best):.2f}")

# %% [markdown]
# ## 6 一条描述有多好？
#
# 描述一张图片有许多种正确的方式。**BLEU**（Papineni 等 2002）把候选描述与几个参考描述比较，数两者共有的 n-gram，即连续的 $k$ 个词。一个 n-gram 计入的次数，不能超过它在出现最多的那个参考描述中的次数（**截断**，否则 "the the the" 就是满分）：
#
# $$ p_k = \frac{\sum_{g} \min\big(\text{count}(g),\ \max_{\text{references}} \text{count}_{\text{ref}}(g)\big)}
#              {\sum_{g} \text{count}(g)}, \qquad
#    \text{BLEU} = \text{BP} \cdot \exp\Big(\frac{1}{n} \sum_{k=1}^{n} \ln p_k\Big). $$
#
# 求和遍历候选描述中长度为 $k$ 的各个不同的 n-gram $g$。只看精确率会奖励少说话，所以还有**简短惩罚**（brevity penalty，原文第 2.3 节）。记候选描述的词数为 $c$，长度与它最接近的参考描述的词数为 $r$（两个同样接近时取较短的），
#
# $$ \text{BP} = 1 \ \text{ if } c > r, \qquad \text{BP} = e^{1 - r / c} \ \text{ otherwise.} $$
#
# 如果某个 $p_k$ 为 0，或者候选描述太短，没有长度为 $k$ 的 n-gram，BLEU 就是 0。

# %% task="bleu"
# 约 30 分钟，中等。卡住了？hint("bleu") 会给出第一步。
def bleu(candidate: Sequence[str], references: Sequence[Sequence[str]], n: int = 4) -> float:
    """一条描述的 BLEU，用 1 到 n 个词的 n-gram，权重相等。

    candidate 是词的列表，references 是一个或多个这样的列表。返回 0 到 1 的数；候选描述为空、不足 n 个词，或某个
    长度没有共有的 n-gram 时为 0。
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="bleu"
# check("rnn_lstm_captioning", task="bleu")

# %% tags=["active-ipynb"]
# for name, sentences in written.items():
#     scores = [
#         bleu(sentence.split(), [reference.split() for reference in references])
#         for sentence, references in zip(sentences, val_set.captions)
#     ]
#     print(f"{name:5} BLEU {sum(scores) / len(scores):.3f}, right altogether {right[name]['all']:.3f}")

# %% [markdown] question="captioning-q4"
# **简答题 4。** "A red disc left of a blue square" 是真的，有人说的是 "a blue disc left of a red square"。$n = 1$ 的 BLEU 和正确部分的占比各给它多少？作为描述的度量，这说明了 BLEU 的什么问题？

# %% [markdown] answer="captioning-q4"
# YOUR ANSWER HERE

# %% [markdown]
# ## 7 真实照片
#
# 如果 `GRADLAB_DATA` 指向含有 Flickr8k（Hodosh、Young 和 Hockenmaier 2013）的文件夹，下一个单元格会让带注意力的描述生成器记住 50 张照片。编码器只见过圆盘和十字，所以这说明你的网络能学，不说明它理解了：对其他照片，它只会胡说。

# %% tags=["active-ipynb"]
# try:
#     flickr = load_captions("flickr8k", "train", count=50, size=64)
# except DataError:
#     flickr = None
#     print("Flickr8k is not here (set GRADLAB_DATA to the folder that holds it), so there is nothing to show.")
# if flickr:
#     photos = stack(flickr, progress=True)
#     first = [captions[0] for captions in flickr.captions]
#     words = Vocabulary.of(first)
#     seed_everything(0)
#     reader = CaptioningRNN(
#         words.word_to_idx, input_dim=encoder.out_channels, wordvec_dim=64, hidden_dim=128, cell_type="attn",
#         ignore_index=words.word_to_idx["<NULL>"],
#     )
#     grids = features(encoder, photos)
#     targets = words.encode(first, length=17)[:, None]
#     history = fit(reader, grids, targets, steps=400, clip=clip_gradients, progress=True)
#     recited = words.decode(reader.sample(grids, max_length=16)[0])
#     print(f"loss of a caption: {history[0]:.1f} at the start, {history[-1]:.2f} at the end")
#     exact = sum(map(str.__eq__, recited, words.decode(words.encode(first, length=17))))
#     print(f"{exact} of 50 captions are recited word by word")
# pictures(photos[:8], recited[:8], width=24) if flickr else None

# %% [markdown]
# ## 小结
#
# 循环网络是反复使用的一层；它的梯度是对时间求和，会消失或爆炸，门让它活下来，裁剪让它不越界。一个向量装不下一张图片：注意力在需要的时候去取需要的东西。在 a06 中，你会扔掉循环，只留下注意力。
#
# **延伸阅读。** Karpathy（*The unreasonable effectiveness of recurrent neural networks*，2015）让这样的网络写出各种东西。Holtzman 等（*The curious case of neural text degeneration*，2020）解释了概率最大的文本为什么乏味，并只从最可能的词中抽取。Anderson 等（*Bottom-up and top-down attention*，2018）注意的是目标而不是网格。Vedantam、Zitnick 和 Parikh（*CIDEr*，2015）为描述提出了一种度量，有信息量的词计得更多。
