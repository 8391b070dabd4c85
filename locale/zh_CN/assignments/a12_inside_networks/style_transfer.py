# %% [markdown]
# # 风格迁移
#
# 把一幅画改用另一幅的手法来画：保留第一幅**画了什么**，颜色和笔触取自第二幅。Gatys、Ecker 和 Bethge（2015，2016）发现，训练好的网络能把两者分开。它的特征说明什么在哪里；特征之间的**相关性**忘掉了位置，说明表面是什么样。函数名沿用密歇根大学 EECS 498-007 课程。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 内容 | `content_loss` | 4 | 10 |
# | 2 风格 | `gram_matrix`, `style_loss` | 11 | 40 |
# | 3 平滑 | `tv_loss` | 4 | 15 |
# | 5 从噪声生成纹理 | `texture_synthesis` | 4 | 35 |
# | 6 分区域的风格 | `guided_gram_matrix`, `guided_style_loss` | 5 | 25 |
# | 7 像网络那样看的损失 | `perceptual_loss` | 2 | 20 |

# %%
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from common.nets.scene_net import activations


# %% tags=["active-ipynb"]
# from autograder import check, hint
# from common.data import small_objects, textures
# from common.nets.scene_net import SceneNet, deprocess, preprocess
# from common.plots import curves, image_grid
# from common.training.seed import seed_everything
#
# seed_everything(0)
# model = SceneNet()
# contents = preprocess(small_objects.draw(10, stream="test", seed=4, size=72).images[[0, 4, 7]])
# styles = preprocess(torch.stack([textures.draw(kind, seed=6, size=72) for kind in ("cells", "waves", "bricks")]))
# image_grid(deprocess(torch.cat([contents, styles])), ["content"] * 3 + ["style"] * 3, columns=6)

# %% [markdown]
# `activations(model, x, layers)` 返回 `model.features`（这里是 SceneNet 的）若干层的输出，编号从 0 开始。第 1、4、7、9、11 层是五个 ReLU 的输出。
#
# ## 1 内容
#
# 设 $F$ 是我们要改动的图像在某一层的特征，$P$ 是内容图像的特征。两者都说明什么在哪里。**内容损失**是差的平方和，乘以一个权重：
#
# $$L_c = w_c \sum_{c,i,j} (F_{cij} - P_{cij})^2$$
#
# 求和，不取平均：论文中给出的权重是与求和配套的。

# %% task="content_loss"
# 约 10 分钟，简单。卡住了？hint("content_loss") 会给出第一步。
def content_loss(content_weight: float, content_current: Tensor, content_original: Tensor) -> Tensor:
    """权重乘以差的平方和。

    Shapes:
        content_weight    float
        content_current   (1, C, H, W)  要改动的图像的特征；梯度流向这里
        content_original  (1, C, H, W)  内容图像的特征
        out               ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="content_loss"
# check("style_transfer", task="content_loss")

# %% [markdown]
# ## 2 风格
#
# 取一层的两个通道，比如“细的深色线条”和“蓝色”。它们在相同的位置上激活吗？答案是它们的乘积在所有位置上的和。所有通道对合起来就是 **Gram 矩阵**：
#
# $$G_{kl} = \sum_{i,j} F_{kij} F_{lij}, \qquad \text{normalised: } \frac{G_{kl}}{C H W}$$
#
# 求和忘掉了**在哪里**：打乱位置，$G$ 不变。所以它描述的是纹理。两个通道、两个位置的特征 $F = [[1, 2], [3, 4]]$ 给出 $[[5, 11], [11, 25]]$，归一化后是它的四分之一。
#
# 一批中的每张图像都有自己的矩阵。

# %% task="gram_matrix"
# 约 20 分钟，简单。卡住了？hint("gram_matrix") 会给出第一步。
def gram_matrix(features: Tensor, normalize: bool = True) -> Tensor:
    """每张图像特征的 Gram 矩阵，默认除以 C * H * W。不用循环。

    Shapes:
        features   (N, C, H, W)
        normalize  bool
        out        (N, C, C)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="gram_matrix"
# check("style_transfer", task="gram_matrix")

# %% [markdown]
# **风格损失**在若干层上比较 Gram 矩阵，每层有自己的权重；$A^l$ 是风格图像的：
#
# $$L_s = \sum_l w_l \sum_{k,m} (G^l_{km} - A^l_{km})^2$$
#
# `feats` 是**每一**层的特征的列表，`style_layers` 说明其中用到哪些。所以第一个目标对应 `feats[style_layers[0]]`，而不是 `feats[0]`。

# %% task="style_loss"
# 约 20 分钟，简单。卡住了？hint("style_loss") 会给出第一步。
def style_loss(
    feats: Sequence[Tensor],
    style_layers: Sequence[int],
    style_targets: Sequence[Tensor],
    style_weights: Sequence[float],
) -> Tensor:
    """归一化 Gram 矩阵之差的平方和，加权后相加。

    Shapes:
        feats          由 (1, C_l, H_l, W_l) 组成的列表，每层一个；梯度流向这里
        style_layers   feats 的 K 个索引的列表，顺序任意
        style_targets  K 个张量 (1, C_l, C_l) 的列表，风格图像的归一化 Gram 矩阵
        style_weights  K 个数的列表
        out            ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="style_loss"
# check("style_transfer", task="style_loss")

# %% [markdown] question="style_transfer-q1"
# **简答题 1。** 把一张风格图像向右循环移动五个像素，移出去的像素从左边进来。它的 Gram 矩阵会怎样？分别考虑 (a) 前面的层，(b) 有填充的深层。如果做左右镜像呢？举出图画的一个性质：人们会称之为它的风格，而 Gram 矩阵无法表达。

# %% [markdown] answer="style_transfer-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 3 平滑
#
# 相邻像素相似，结果的噪声就小。**全变差**把所有相邻像素（向右和向下）之差的平方加起来：
#
# $$L_{tv} = w_t \sum_{c,i,j} (x_{c,i,j+1} - x_{c,i,j})^2 + (x_{c,i+1,j} - x_{c,i,j})^2$$
#
# 黑色图像中一个值为 $v$ 的亮像素有四个相邻像素：它在每个亮着的通道上贡献 $4 v^2$。

# %% task="tv_loss"
# 约 15 分钟，简单。卡住了？hint("tv_loss") 会给出第一步。
def tv_loss(img: Tensor, tv_weight: float) -> Tensor:
    """权重乘以相邻像素之差的平方和，两个方向都算。不用循环。

    Shapes:
        img        (1, 3, H, W)  H 和 W 至少为 1；梯度流向这里
        tv_weight  float
        out        ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="tv_loss"
# check("style_transfer", task="tv_loss")

# %% [markdown]
# ## 4 一幅画
#
# 三个损失合在一起，再用 Adam 更新**像素**：先用大的步长，最后十分之一用小的。这部分已经给出，需要你的三个损失。

# %%
def style_transfer(
    model: nn.Module,
    content: Tensor,
    style: Tensor,
    *,
    content_layer: int = 7,
    content_weight: float = 5e-2,
    style_layers: Sequence[int] = (1, 4, 7, 9),
    style_weights: Sequence[float] = (2e3, 1e4, 1e4, 1e4),
    tv_weight: float = 2e-2,
    steps: int = 120,
    rate: float = 0.1,
) -> tuple[Tensor, list[float]]:
    """改动内容图像，直到它具有另一张图像的风格；返回它，以及每一步之前的损失。

    Shapes:
        content  (1, 3, H, W)  经过预处理
        style    (1, 3, h, w)  经过预处理；大小任意
        x        (1, 3, H, W)
    """
    every = list(range(max(content_layer, *style_layers) + 1))
    with torch.no_grad():
        original = activations(model, content, [content_layer])[0]
        targets = [gram_matrix(found) for found in activations(model, style, list(style_layers))]
    x = content.clone().requires_grad_()
    optimizer = torch.optim.Adam([x], lr=rate)
    losses = []
    for step in range(steps):
        if step == steps * 9 // 10:
            optimizer.param_groups[0]["lr"] = rate / 10
        feats = activations(model, x, every)
        loss = content_loss(content_weight, feats[content_layer], original)
        loss = loss + style_loss(feats, style_layers, targets, style_weights) + tv_loss(x, tv_weight)
        x.grad = torch.autograd.grad(loss, x)[0]
        optimizer.step()
        with torch.no_grad():
            x.clamp_(-2, 2)
        losses.append(loss.item())
    return x.detach(), losses


# %% tags=["active-ipynb"]
# table, courses = [torch.ones(3, 72, 72), *deprocess(styles)], {}
# for number, content in enumerate(contents):
#     table.append(deprocess(content[None])[0])
#     for kind, style in zip(("cells", "waves", "bricks"), styles):
#         x, losses = style_transfer(model, content[None], style[None])
#         table.append(deprocess(x)[0])
#         courses[f"image {number + 1}, {kind}"] = losses
# image_grid(torch.stack(table), columns=4,
#            alt="Three contents, painted in three styles: objects stay, colours and strokes are those of the style.")

# %% tags=["active-ipynb"]
# curves({name: losses for name, losses in courses.items() if name.startswith("image 1")}, xlabel="step", ylabel="loss")

# %% [markdown]
# 改变权重，看看谁占上风。有多张风格图像时，把它们的风格损失相加：风格可以混合。

# %% [markdown]
# ## 5 从噪声生成纹理
#
# 去掉内容，从噪声开始，就只剩纹理（Gatys 等 2015，“Texture Synthesis Using Convolutional Neural Networks”）。你来写整个循环：噪声、原图的 Gram 矩阵、优化器（Adam 或 L-BFGS）和各步迭代。不同层的矩阵大小相差几个数量级，所以相对于各自的大小来比较：
#
# $$L = \sum_l \frac{\sum_{k,m} (G^l_{km} - A^l_{km})^2}{\sum_{k,m} (A^l_{km})^2}$$
#
# 与标准差为 0.5 的噪声相比，这个和应在 120 步内缩小到六分之一以下。`LBFGS` 正是为这类问题设计的，同样的时间里比 Adam 走得更远；Adam 的学习率应在 0.03 和 0.1 之间。第 0 层是第一个卷积，不带 ReLU：它的矩阵包含颜色信息。

# %% task="texture_synthesis"
# 约 35 分钟，中等。卡住了？hint("texture_synthesis") 会给出第一步。
def texture_synthesis(
    model: nn.Module, texture: Tensor, layers: Sequence[int], steps: int = 200, seed: int = 0
) -> Tensor:
    """与给定纹理相似的新纹理：从噪声开始，Gram 矩阵相同。

    Shapes:
        model    像 SceneNet 那样有 `features`；`activations(model, x, list(layers))` 返回它的输出
        texture  (1, 3, H, W)  经过预处理；不改动
        layers   要比较 Gram 矩阵的层
        steps    int           Adam 的步数，或 L-BFGS 的迭代次数：它的 `max_iter`，只调用一次它的 `step`
        seed     int           随机种子相同则噪声相同，不同则噪声不同
        out      (1, 3, H, W)  在 [-2, 2] 之内
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="texture_synthesis"
# check("style_transfer", task="texture_synthesis")

# %% tags=["active-ipynb"]
# kinds = ("dots", "cells", "bricks", "grass")
# originals = preprocess(torch.stack([textures.draw(kind, seed=3) for kind in kinds]))
# by_depth = {"layer 0": (0,), "layers 0, 1": (0, 1), "layers 0, 1, 4, 7": (0, 1, 4, 7)}
# pictures, titles = [], []
# for kind, texture in zip(kinds, originals):
#     made = [texture_synthesis(model, texture[None], layers)[0] for layers in by_depth.values()]
#     pictures += [texture, *made]
#     titles += [kind, *by_depth]
# image_grid(deprocess(torch.stack(pictures)), titles, columns=4)

# %% [markdown]
# 一层给出颜色和颗粒感。层越多，结构越大。周期很长的东西，例如一排排砖，仍然很难：没有哪个通道能看那么远。

# %% [markdown] question="style_transfer-q2"
# **简答题 2。** `texture_synthesis` 匹配所有位置上的平均。简单的纹理也可以靠复制来做：给每个新像素取原图中的一个像素值，这个像素的邻域与新像素的邻域最相似（Efros 和 Leung 1999）。上面四种纹理中，哪种用这个办法会更好？又有什么是 Gram 矩阵做得到、复制做不到的？

# %% [markdown] answer="style_transfer-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## 6 分区域的风格
#
# 天空用一种风格，房子用另一种：给每个区域 $r$ 一个与特征同样大小的掩码 $m_r$，区域内为 1，区域外为 0，再对每个区域计算掩码后特征的 Gram 矩阵（Gatys 等 2017）：
#
# $$G^r_{kl} = \sum_{i,j} (m_{rij} F_{kij}) (m_{rij} F_{lij})$$
#
# 特征在做乘积**之前**乘以掩码。`features` 有一个区域轴：通常是同一特征的 R 份副本。

# %% task="guided_gram_matrix guided_style_loss"
# 约 25 分钟，中等。卡住了？hint("guided_gram_matrix") 或 hint("guided_style_loss") 会给出第一步。
def guided_gram_matrix(features: Tensor, masks: Tensor, normalize: bool = True) -> Tensor:
    """每个区域掩码后特征的 Gram 矩阵，默认除以 C * H * W。不用循环。

    Shapes:
        features  (N, R, C, H, W)
        masks     (N, R, H, W)  0 或 1，也可以是两者之间的值
        out       (N, R, C, C)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def guided_style_loss(
    feats: Sequence[Tensor],
    style_layers: Sequence[int],
    style_targets: Sequence[Tensor],
    style_weights: Sequence[float],
    content_masks: Sequence[Tensor],
) -> Tensor:
    """归一化的分区域 Gram 矩阵之差的平方和，加权后对所有区域相加。

    Shapes:
        feats          由 (1, R, C_l, H_l, W_l) 组成的列表，每层一个；梯度流向这里
        style_layers   feats 和 content_masks 的 K 个索引的列表，顺序任意
        style_targets  K 个张量 (1, R, C_l, C_l) 的列表
        style_weights  K 个数的列表
        content_masks  由 (1, R, H_l, W_l) 组成的列表，每层一个
        out            ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="guided_gram_matrix"
# check("style_transfer", task="guided_gram_matrix")

# %% tags=["active-ipynb"] grade="guided_style_loss"
# check("style_transfer", task="guided_style_loss")

# %% tags=["active-ipynb"]
# def paint_regions(content, style_pair, mask, steps=120, layers=(1, 4, 7, 9), weights=(2e3, 1e4, 1e4, 1e4)):
#     """掩码为 1 的地方用第一种风格，其他地方用第二种。"""
#     def split(x, mask):
#         feats = [f[:, None].expand(-1, 2, -1, -1, -1) for f in activations(model, x, list(range(max(layers) + 1)))]
#         both = torch.cat([mask, 1 - mask], dim=1)
#         return feats, [F.interpolate(both, f.shape[-2:], mode="area") for f in feats]
#
#     with torch.no_grad():
#         painted = [split(style, mask) for style in style_pair]
#         targets = []
#         for layer in layers:
#             grams = [guided_gram_matrix(feats[layer], masks[layer]) for feats, masks in painted]
#             targets.append(torch.stack([grams[0][:, 0], grams[1][:, 1]], dim=1))
#         original = activations(model, content, [7])[0]
#     x = content.clone().requires_grad_()
#     optimizer = torch.optim.Adam([x], lr=0.1)
#     for step in range(steps):
#         feats, masks = split(x, mask)
#         loss = guided_style_loss(feats, layers, targets, weights, masks) + tv_loss(x, 2e-2)
#         loss = loss + content_loss(5e-2, activations(model, x, [7])[0], original)
#         x.grad = torch.autograd.grad(loss, x)[0]
#         optimizer.step()
#         x.data.clamp_(-2, 2)
#     return x.detach()
#
#
# half = torch.zeros(1, 1, 72, 72)
# half[..., :36] = 1
# both = paint_regions(contents[:1], (styles[:1], styles[1:2]), half)
# image_grid(deprocess(torch.cat([contents[:1], styles[:2], both])), ["content", "left", "right", "result"], columns=4)

# %% [markdown]
# ## 7 像网络那样看的损失
#
# 两张图像只错开一个像素，在我们看来一样，按像素却相差很远。改为比较它们的特征（Johnson、Alahi 和 Fei-Fei 2016）：这就是**感知损失**。用它训练另一个网络时（例如放大图像），产生特征的网络必须保持原样：它的权重即使可以得到梯度，也不该得到。但梯度仍要**穿过**它，到达图像。

# %% task="perceptual_loss"
# 约 20 分钟，中等。卡住了？hint("perceptual_loss") 会给出第一步。
def perceptual_loss(phi: nn.Module, a: Tensor, b: Tensor) -> Tensor:
    """phi(a) 与 phi(b) 之差的平方的均值。

    梯度流向 a 和 b。phi 的参数即使需要梯度也不应得到梯度；之后它们是否需要梯度，与之前完全相同。

    Shapes:
        phi   评估模式的模块
        a, b  (N, C, H, W)
        out   ()
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="perceptual_loss"
# check("style_transfer", task="perceptual_loss")

# %% tags=["active-ipynb"]
# x = contents[:1]
# phi = model.features[:8]
# for name, other in {
#     "the same": x, "rolled by 1 pixel": x.roll(1, 3), "noise": x + 0.3 * torch.randn_like(x), "other": contents[1:2],
# }.items():
#     print(f"{name:18} pixels {F.mse_loss(x, other):7.3f}   features {perceptual_loss(phi, x, other):7.3f}")

# %% [markdown]
# ## 小结
#
# 损失可以由一个从不改变的网络来定义。它的特征知道什么在哪里；特征乘积的平均知道表面是什么样。凡是能对像素求导的，都能画出来。
#
# **延伸阅读。** Johnson、Alahi 和 Fei-Fei（*Perceptual losses for real-time style transfer and super-resolution*，2016）训练一个一遍就能作画的网络。Huang 和 Belongie（*Arbitrary style transfer in real-time with adaptive instance normalization*，2017）只改变均值和方差。Zhang 等（*The unreasonable effectiveness of deep features as a perceptual metric*，2018）询问了真人，发现特征对图像的判断与人很接近。
