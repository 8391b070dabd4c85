# %% [markdown]
# # 网络在看什么
#
# 训练好的网络是一个含有十万个数的函数。没有人能读懂这些数，但还有别的办法：网络保持不变，对**图像**求导。梯度能回答问题：哪些像素影响这个得分？图像要怎样变，才会被认成圆环？一个通道想看到什么？函数 `compute_saliency_maps`、`make_adversarial_attack` 和 `class_visualization_step` 沿用密歇根大学 EECS 498-007 课程中的名字。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 显著图 | `compute_saliency_maps` | 6 | 20 |
# | 2 遮挡 | `occlusion_map` | 4 | 20 |
# | 3 引导反向传播 | `GuidedReLU`, `guided_backprop` | 5 | 40 |
# | 4 类激活图 | `cam`, `gradcam` | 5 | 30 |
# | 5 对抗图像 | `make_adversarial_attack` | 6 | 25 |
# | 6 类别图像 | `class_visualization_step` | 5 | 20 |
# | 7 通道想看到什么 | `maximal_patches` | 5 | 35 |
# | 8 特征反演 | `feature_inversion` | 4 | 25 |
# | 9 DeepDream | `deepdream_step` | 3 | 15 |
# | 10 特征空间中的近邻 | `nearest_in_feature_space` | 3 | 20 |
#
# 其余的分值在笔记本 `style_transfer` 和 `embedding_steps` 中。它们不需要这一个。

# %%
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


# %% tags=["active-ipynb"]
# from autograder import check, hint
# from common.data import small_objects
# from common.nets.scene_net import SceneNet, activations, deprocess, preprocess
# from common.plots import curves, image_grid
# from common.plots.boxes import Layer, box_figure
# from common.plots.maps import heat, overlay
# from common.training.seed import seed_everything
#
# seed_everything(0)

# %% [markdown]
# ## 网络和它的图像
#
# `SceneNet` 用 48 × 48 像素的图像训练，每张图像里有一个小目标。它由五个带 ReLU 的卷积、**在空间上取平均**和一个十类的线性层组成。`model.features` 是取平均之前的各层，`model.classifier` 是线性层。输入经过归一化：`preprocess` 把 [0, 1] 内的像素变成 [-2, 2] 内的数，`deprocess` 再变回来。权重已冻结（`requires_grad` 为 False）：这里只有图像会变。

# %% tags=["active-ipynb"]
# model = SceneNet()
# print(model.features)
# drawn = small_objects.draw(500, stream="test", seed=1)
# X, y, names = preprocess(drawn.images), drawn.labels, small_objects.CLASS_NAMES
# scores = model(X)
# right = scores.argmax(dim=1) == y
# print(f"accuracy {right.double().mean():.1%}")
# five = [int(((y == label) & right).nonzero()[0]) for label in (0, 3, 4, 7, 8)]
# image_grid(drawn.images[five], [names[y[n]] for n in five])

# %% [markdown]
# ## 1 显著图
#
# 设 $s_y(x)$ 是图像 $x$ 的类别 $y$ 在 softmax 之前的得分。在 $x$ 附近，得分近似线性；它的梯度 $\partial s_y / \partial x$ 对图像的每个数说明：这个数变一点，得分变多少。一个像素的**显著性**是它三个颜色通道上梯度绝对值的最大值（Simonyan、Vedaldi 和 Zisserman 2013，第 3 节）：
#
# $$M_{hw} = \max_c \left| \frac{\partial s_y}{\partial x_{chw}} \right|$$
#
# **用得分，不用损失。** 网络很有把握时，softmax 是平的：它的梯度和交叉熵的梯度都接近 0，而且它们还会反映什么让**其他**类别更不可能。得分没有这些麻烦。
#
# **所有图像一起算。** 图像 $n$ 的得分只取决于图像 $n$。所以得分之**和** $\sum_n s_{y_n}(x_n)$ 对整批图像的梯度，在每张图像的位置上就是它自己的梯度。一次反向传播就够了。（训练模式下的批量归一化会把各图像混在一起，那时就不成立。）
#
# **对于线性模型**（得分为 $Wx$），不管图像是什么，梯度都是行向量 $W_y$。用它检验你的函数。
#
# `torch.autograd.grad(value, X)` 返回梯度，不留下任何东西。`value.backward()` 还会写入每个需要梯度的权重的 `.grad`；这个网络下一步训练时，梯度就会从这些值开始累加。

# %% task="compute_saliency_maps"
# 约 20 分钟，简单。卡住了？hint("compute_saliency_maps") 会给出第一步。
def compute_saliency_maps(X: Tensor, y: Tensor, model: nn.Module) -> Tensor:
    """每个像素对正确类别得分的显著性。模型的权重不应得到梯度。

    Shapes:
        X      (N, C, H, W)  float；不改动
        y      (N,)          int64，每张图像的类别
        model  评估模式的模块：(N, C, H, W) -> (N, L)，L 是类别数
        out    (N, H, W)     >= 0，dtype 与 X 相同
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="compute_saliency_maps"
# check("network_visualization", task="compute_saliency_maps")

# %% tags=["active-ipynb"]
# maps = compute_saliency_maps(X[five], y[five], model)
# image_grid(torch.cat([drawn.images[five], heat(maps)]), [names[y[n]] for n in five] + ["saliency"] * 5, columns=5)

# %% [markdown]
# 亮的像素落在目标上和目标周围：没有人给过网络掩码，只给过类别名。对这样的图取一个阈值，就得到初步的**不用标签的分割**。最亮的像素有多大比例落在目标里面？与一个固定的答案（图像正中央）比较。

# %% tags=["active-ipynb"]
# maps = F.avg_pool2d(compute_saliency_maps(X, y, model)[:, None], 3, stride=1, padding=1)[:, 0]
# masks = drawn.masks.flatten(1)
# inside = masks[torch.arange(len(X)), maps.flatten(1).argmax(dim=1)]
# print(f"brightest pixel inside the object: {inside.double().mean():.1%}")
# print(f"middle pixel inside the object:    {drawn.masks[:, 24, 24].double().mean():.1%}")
# top = maps.flatten(1) >= maps.flatten(1).quantile(0.92, dim=1, keepdim=True)
# iou = (top & masks).sum(1) / (top | masks).sum(1)
# print(f"brightest 8 % against the mask: mean IoU {iou.double().mean():.2f}")
# box = torch.zeros(48, 48, dtype=torch.bool)
# box[17:31, 17:31] = True  # 也是 8% 的像素
# iou = (box & drawn.masks).sum((1, 2)) / (box | drawn.masks).sum((1, 2))
# print(f"a box in the middle against the mask: mean IoU {iou.double().mean():.2f}")

# %% [markdown] question="network_visualization-q1"
# **简答题 1。** 一位同学求的是交叉熵的梯度，而不是得分的梯度。对一张网络有 99.99 % 把握的图像，这个梯度与得分的梯度相比有多大？写出交叉熵对各得分的梯度，就能看出来。什么时候两张图会很像？

# %% [markdown] answer="network_visualization-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 2 遮挡
#
# 换一个更慢、但不用梯度的问题：用灰色方块遮住图像的一部分，这个类别的**概率**下降多少？让方块滑过图像，各处的下降量就成了一张图（Zeiler 和 Fergus 2013，第 4.2 节）。这张图对大的变化也如实反映，而梯度只知道下一步。代价是每个位置一次前向传播。

# %% task="occlusion_map"
# 约 20 分钟，简单。卡住了？hint("occlusion_map") 会给出第一步。
def occlusion_map(model: nn.Module, x: Tensor, y: int, size: int, stride: int = 1, fill: float = 0.0) -> Tensor:
    """遮住一个方块后，类别 y 的概率下降多少。out[i, j] 对应左上角在第 i * stride 行、第 j * stride 列的方块；所有
    方块都在图像之内。

    Shapes:
        x       (C, H, W)  一张图像；不改动
        y       int        类别
        size    int        方块的边长，以像素计
        stride  int        相邻方块之间的像素数
        fill    float      方块在所有通道中的值
        out     ((H - size) // stride + 1, (W - size) // stride + 1)  原来的 p_y 减去遮住后的 p_y
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="occlusion_map"
# check("network_visualization", task="occlusion_map")

# %% tags=["active-ipynb"]
# with torch.no_grad():
#     falls = torch.stack([occlusion_map(model, X[n], int(y[n]), 9, 3) for n in five])
# image_grid(torch.cat([drawn.images[five], heat(falls, 48)]), [names[y[n]] for n in five] + ["fall"] * 5, columns=5)

# %% [markdown]
# ## 3 引导反向传播
#
# 显著图噪声很大。梯度往回走时，在**输入**为正的地方通过 ReLU。Springenberg 等（2014）还在梯度本身为**负**的地方拦住它：这样的路径会说“这个通道少一点”，而图上只该显示支持这个得分的东西。
#
# | 规则 | 反向传播：梯度 $g$ 变成 |
# |---|---|
# | ReLU | $g \cdot [x > 0]$ |
# | “deconvnet” | $g \cdot [g > 0]$ |
# | 引导 | $g \cdot [x > 0] \cdot [g > 0]$ |
#
# `torch.autograd.Function` 定义一个运算，连同它自己的反向规则。`ctx.save_for_backward(x)` 留下一个张量备用，`ctx.saved_tensors` 是这些张量的元组。这个运算用 `GuidedReLU.apply(x)` 调用。这条规则不是任何函数的导数。输入和梯度的符号共有四种情况，四种都试一试。

# %% task="GuidedReLU"
# 约 15 分钟，中等。卡住了？hint("GuidedReLU") 会给出第一步。
class GuidedReLU(torch.autograd.Function):
    """max(0, x)，它的反向传播只在 x 和梯度都为正的地方让梯度通过。

    Shapes:
        x         任意形状，float
        gradient  形状同 x
        out       形状同 x，forward 和 backward 的返回值都如此
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        # YOUR CODE HERE
        raise NotImplementedError()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="GuidedReLU"
# check("network_visualization", task="GuidedReLU")

# %% [markdown]
# 现在把它用到整个网络：在模型的**副本**中，把各个 `nn.ReLU` 模块（包括块里面的）换成你的运算。模型本身必须保持原样：后面还要用。

# %% task="guided_backprop"
# 约 25 分钟，中等。卡住了？hint("guided_backprop") 会给出第一步。
def guided_backprop(model: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """正确类别的得分对图像的梯度，反向传播经过引导 ReLU。模型保持原样。

    Shapes:
        model  一个模块，其中的 ReLU 是 `nn.ReLU` 模块，深度任意；都不做原地修改
        x      (N, C, H, W)  不改动
        y      (N,)          int64，每张图像的类别
        out    (N, C, H, W)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="guided_backprop"
# check("network_visualization", task="guided_backprop")

# %% tags=["active-ipynb"]
# guided = guided_backprop(model, X[five], y[five])
# scaled = (guided / guided.abs().amax(dim=(1, 2, 3), keepdim=True) + 1) / 2
# image_grid(torch.cat([drawn.images[five], scaled]), [names[y[n]] for n in five] + ["guided"] * 5, columns=5)

# %% [markdown] question="network_visualization-q2"
# **简答题 2。** 引导图很清晰。但对同一张图像的两个不同类别分别计算，结果看起来几乎一样。为什么不管哪个类别，都可能得到一张**图像边缘**的图？关于能否用这样的图来证明网络工作正常，这说明了什么？

# %% [markdown] answer="network_visualization-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## 4 类激活图
#
# SceneNet 的最后一个卷积给出 $K$ 张特征图 $A_k$，大小为 $h \times w$。得分是在空间上取平均，再经过一个线性层；两个求和可以交换次序：
#
# $$s_y = \sum_k W_{yk} \frac{1}{hw} \sum_{ij} A_{kij} + b_y
# = \frac{1}{hw} \sum_{ij} \Big( \sum_k W_{yk} A_{kij} \Big) + b_y$$
#
# 括号里的是每个位置对得分的贡献：这就是**类激活图**（Zhou 等 2016）。我们和 Grad-CAM 一样，只保留正的部分。
#
# **Grad-CAM**（Selvaraju 等 2017）不要求这样的网络。对任何一层的特征图 $A_k$，一张特征图的权重是它的梯度的均值：
#
# $$w_k = \frac{1}{hw} \sum_{ij} \frac{\partial s_y}{\partial A_{kij}}, \qquad L = \max\Big(0, \sum_k w_k A_k\Big)$$
#
# 对 SceneNet 这样的网络，$\partial s_y / \partial A_{kij} = W_{yk} / (hw)$，所以两种图只差一个系数 $1/(hw)$。

# %% task="cam gradcam"
# 约 30 分钟，中等。卡住了？hint("cam") 或 hint("gradcam") 会给出第一步。
def cam(features: Tensor, W: Tensor, y: int) -> Tensor:
    """类别 y 的类激活图：用 W 的第 y 行对各特征图加权求和，取正的部分。

    Shapes:
        features  (K, h, w)  一张图像的各特征图
        W         (C, K)     线性层的权重，每个类别一行
        y         int
        out       (h, w)     >= 0
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def gradcam(model: nn.Module, layer: nn.Module, x: Tensor, y: int) -> Tensor:
    """一张图像对类别 y 的 Grad-CAM，在模型某一层的输出处计算。不留下钩子。

    Shapes:
        layer  模型里面的一个模块，每次前向传播调用一次，输出的形状为 (1, K, h, w)
        x      (1, C, H, W)  一张图像；不改动
        y      int
        out    (h, w)  >= 0
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="cam"
# check("network_visualization", task="cam")

# %% tags=["active-ipynb"] grade="gradcam"
# check("network_visualization", task="gradcam")

# %% tags=["active-ipynb"]
# last, early = model.features[-1], model.features[5]
# late_maps = torch.stack([gradcam(model, last, X[[n]], int(y[n])) for n in five])
# early_maps = torch.stack([gradcam(model, early, X[[n]], int(y[n])) for n in five])
# by_cam = torch.stack([cam(model.features(X[[n]])[0], model.classifier.weight, int(y[n])) for n in five]).detach()
# print("CAM / Grad-CAM:", (by_cam.amax(dim=(1, 2)) / late_maps.amax(dim=(1, 2))).tolist(), "h w =", by_cam[0].numel())

# %% tags=["active-ipynb"]
# methods = {
#     "": drawn.images[five], "saliency": heat(compute_saliency_maps(X[five], y[five], model)), "guided": scaled,
#     "Grad-CAM, last": overlay(drawn.images[five], late_maps),
#     "Grad-CAM, middle": overlay(drawn.images[five], early_maps),
#     "occlusion": overlay(drawn.images[five], falls.clamp(min=0)),
# }
# rows = [pictures[row] for row in range(5) for pictures in methods.values()]
# titles = [name or names[y[n]] for n in five for name in methods]
# image_grid(torch.stack(rows), titles, columns=6)

# %% [markdown]
# ## 5 对抗图像
#
# 现在让图像变化。沿一个**错误**类别的得分往上走，直到网络相信它（Szegedy 等 2013 发现这行得通；Goodfellow 等 2014 解释了原因）。设 $g$ 是目标类别的得分对图像的梯度：
#
# $$x \leftarrow x + \eta \, \frac{g}{\lVert g \rVert_2}, \qquad \eta = 1$$
#
# 范数对整张图像计算，所以不管梯度多大，每一步的长度都是 1。目标类别的得分一旦成为最高就**停止**：再走一步，改动就更显眼。本来就属于目标类别的图像原样返回。

# %% task="make_adversarial_attack"
# 约 25 分钟，简单。卡住了？hint("make_adversarial_attack") 会给出第一步。
def make_adversarial_attack(
    X: Tensor, target_y: int, model: nn.Module, max_iter: int = 100, verbose: bool = True
) -> Tensor:
    """X 附近的一张图像，模型把它认作类别 target_y；用步长为 1 的梯度上升得到。

    目标类别的得分一旦成为最高就停止，或走了 max_iter 步后停止。

    Shapes:
        X         (1, C, H, W)  不改动
        target_y  int
        max_iter  int           最大步数
        verbose   bool          打印进度
        out       (1, C, H, W)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="make_adversarial_attack"
# check("network_visualization", task="make_adversarial_attack")

# %% tags=["active-ipynb"]
# victims, targets = five[:4], [2, 9, 7, 0]
# attacked = torch.cat([make_adversarial_attack(X[[n]], t, model, verbose=False) for n, t in zip(victims, targets)])
# with torch.no_grad():
#     believed = model(attacked).softmax(dim=1)
# change = (deprocess(attacked) - drawn.images[victims]).abs()
# titles = [names[y[n]] for n in victims]
# titles += [f"{names[int(p.argmax())]} {float(p.max()):.0%}" for p in believed] + ["10 x the change"] * 4
# image_grid(torch.cat([drawn.images[victims], deprocess(attacked), 10 * change]), titles, columns=4)

# %% [markdown]
# ## 6 类别图像
#
# 网络想看到什么？从噪声开始，让一个类别的得分上升，同时对大的值加惩罚项（Simonyan 等 2013，第 2 节）：
#
# $$\hat{x} = \arg\max_x \; s_y(x) - \lambda \lVert x \rVert_2^2$$
#
# 每一步是 $x \leftarrow x + \eta \, g / \lVert g \rVert_2$，其中 $g$ 是**整个**目标函数的梯度。没有别的帮助时，得到的只是网络喜欢的噪声。所以下面的循环还会在每一步之前把图像平移几个像素，之后再移回来（图案必须在多个位置都有效），不时模糊一下，并截断到可能的取值。**这样的先验让图更好看，但图中显示的先验更多，网络更少。**

# %% task="class_visualization_step"
# 约 20 分钟，简单。卡住了？hint("class_visualization_step") 会给出第一步。
def class_visualization_step(img: Tensor, target_y: int, model: nn.Module, **kwargs: Any) -> Tensor:
    """对 score - l2_reg * ||img||^2 做一步梯度上升，梯度经过归一化；原地修改。

    Options:
        l2_reg         惩罚项的强度，默认值 1e-3
        learning_rate  步长，默认值 25

    Shapes:
        img       (1, C, H, W)  会被改动；它可能需要梯度，也可能带有前一步的 .grad
        target_y  int
        out       img 本身
    """
    l2_reg = kwargs.pop("l2_reg", 1e-3)
    learning_rate = kwargs.pop("learning_rate", 25)
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="class_visualization_step"
# check("network_visualization", task="class_visualization_step")

# %% tags=["active-ipynb"]
# def blur(img, weights=(0.1, 0.8, 0.1)):
#     """模糊每个通道，两个方向用同样的权重。"""
#     line = torch.tensor(weights).expand(3, 1, 1, 3)
#     padded = F.pad(img, (1, 1, 1, 1), mode="replicate")
#     return F.conv2d(F.conv2d(padded, line, groups=3), line.mT, groups=3)
#
#
# def create_class_visualization(target_y, model, steps=100, jitter=8, blur_every=10, size=48, **options):
#     """从噪声开始让一个类别的得分上升，带抖动、模糊和截断。"""
#     img = 0.3 * torch.randn(1, 3, size, size)
#     for step in range(steps):
#         shift = torch.randint(-jitter, jitter + 1, (2,)).tolist()
#         img = img.roll(shift, dims=(2, 3))
#         class_visualization_step(img, target_y, model, **options)
#         img = img.roll([-shift[0], -shift[1]], dims=(2, 3)).clamp(-2, 2)
#         if step % blur_every == 0:
#             img = blur(img)
#     return img
#
#
# classes = torch.cat([create_class_visualization(label, model, learning_rate=3) for label in range(10)])
# image_grid(deprocess(classes), names, columns=5)

# %% [markdown]
# 条纹和格子，周围是曲线或拐角：网络首先看纹理，还看一些轮廓的片段。完整的目标在哪里？网络从来就不需要它。

# %% [markdown]
# ## 7 通道想看到什么
#
# 还有一种不用梯度的办法：在许多图像里找出最能激发一个通道的那些，剪下这个通道看到的部分。那部分有多大？逐层往后，设 $r$ 是一个单元的**感受野**的边长，$j$ 是相邻单元之间的距离（间距），$o$ 是单元 0 的感受野的左边缘，都以图像的像素计。在图像处 $r = 1$，$j = 1$，$o = 0$。核大小 $k$、步幅 $s$、填充 $p$ 的卷积或池化给出
#
# $$o \leftarrow o - p \, j, \qquad r \leftarrow r + (k - 1) \, j, \qquad j \leftarrow s \, j$$
#
# （按这个顺序：前两个用旧的间距）。单元 $i$ 看到从 $o + i j$ 到 $o + i j + r$（不含）的像素，以图像之内的为限。没有核的层（例如 ReLU）什么都不改变。

# %% task="maximal_patches"
# 约 35 分钟，中等。卡住了？hint("maximal_patches") 会给出第一步。
def maximal_patches(layers: Sequence[nn.Module], X: Tensor, channel: int, k: int) -> tuple[Tensor, Tensor]:
    """最能激发一个通道的 k 张图像，以及每张图像中激活最大的单元看到的部分。

    一张图像的激活值是这个通道在最后一层之后的最大值。图像按它排列，最大的在前；相等时编号小的在前。每张图像只出
    现一次。

    Shapes:
        layers   依次作用的各个模块；卷积和池化的核是正方形，
                 两个方向的步幅和填充相同
        X        (N, C, H, W)
        channel  int
        k        int，最大为 N
        images   (k,)    int64，图像的编号
        boxes    (k, 4)  int64，xyxy，以像素计，裁剪到图像之内：x0 和 y0 是框内的第一个像素，
                         x1 和 y1 是紧接在框后的第一个像素
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="maximal_patches"
# check("network_visualization", task="maximal_patches")

# %% [markdown]
# 第一个卷积的滤波器本身就是一张小图：把权重当作红、绿、蓝，灰色为 0。大的滤波器显示出边缘和颜色。只有 3 × 3 个像素，看不出多少；各通道的最佳图像块说明得更多。下面依次是第一个、第二个和最后一个卷积的图像块。

# %% tags=["active-ipynb"]
# filters = model.features[0].weight.detach()
# image_grid((filters / filters.abs().amax(dim=(1, 2, 3), keepdim=True) + 1) / 2, columns=8,
#            alt="The 24 filters of the first convolution, 3 x 3 coloured squares each: few look like an edge.")

# %% tags=["active-ipynb"]
# def gallery(depth, channels, k=9, side=34):
#     """一些通道在某一层之后的 k 个最佳图像块，放大到同样大小；每个通道一行。"""
#     cut = []
#     for channel in channels:
#         images, boxes = maximal_patches(model.features[: depth + 1], X, channel, k)
#         for n, (x0, y0, x1, y1) in zip(images.tolist(), boxes.tolist()):
#             cut.append(F.interpolate(drawn.images[[n], :, y0:y1, x0:x1], (side, side), mode="nearest")[0])
#     titles = [f"channel {channel}" if place == 0 else "" for channel in channels for place in range(k)]
#     return image_grid(torch.stack(cut), titles, columns=k,
#                       alt=f"The {k} best patches of eight channels after layer {depth}, a row for each channel.")
#
#
# gallery(1, range(8))

# %% tags=["active-ipynb"]
# gallery(4, range(8))

# %% tags=["active-ipynb"]
# gallery(11, range(8))

# %% [markdown]
# 最上面是第一个卷积之后：通道喜欢单一的颜色和边缘。往下先是小的纹理，然后是目标的局部。有些通道很难说出在看什么，这不奇怪。

# %% [markdown]
# ## 8 特征反演
#
# 逐层往后，丢掉了什么？取一张图像的特征 $\phi_0 = \phi(x_0)$，忘掉图像，寻找**任意**一张具有这些特征的图像（Mahendran 和 Vedaldi 2014）：
#
# $$\min_x \; \frac{\lVert \phi(x) - \phi_0 \rVert_2^2}{\lVert \phi_0 \rVert_2^2} + \lambda \, \mathrm{TV}(x),
# \qquad \mathrm{TV}(x) = \sum_{c,h,w} (x_{c,h,w+1} - x_{c,h,w})^2 + (x_{c,h+1,w} - x_{c,h,w})^2$$
#
# 在符合要求的图像中，**全变差** TV 偏爱平滑的。用 `torch.optim.Adam` 对像素求最小值。

# %% task="feature_inversion"
# 约 25 分钟，中等。卡住了？hint("feature_inversion") 会给出第一步。
def feature_inversion(
    phi: Callable[[Tensor], Tensor],
    target: Tensor,
    start: Tensor,
    steps: int = 200,
    tv_weight: float = 0.0,
    learning_rate: float = 0.05,
) -> tuple[Tensor, list[float]]:
    """具有给定特征的图像，从给定的起点出发，用默认设置的 Adam 求得。

    Shapes:
        phi            (1, C, H, W) -> 任意形状，可微
        target         要达到的特征，形状与 phi 返回的相同
        start          (1, C, H, W)  不改动
        tv_weight      float         全变差的系数；全变差是一个和
        x              (1, C, H, W)  走了 `steps` 步之后
        losses         `steps` 个数的列表：每一步之前的损失
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="feature_inversion"
# check("network_visualization", task="feature_inversion")

# %% tags=["active-ipynb"]
# depths, inverted, courses = (1, 4, 7, 9, 11), [], {}
# for depth in depths:
#     phi = model.features[: depth + 1]
#     x, courses[f"layer {depth}"] = feature_inversion(
#         phi, phi(X[five[1:2]]), 0.3 * torch.randn(1, 3, 48, 48), steps=250, tv_weight=1e-5
#     )
#     inverted.append(x)
# image_grid(deprocess(torch.cat([X[five[1:2]], *inverted])), ["image"] + [f"after layer {d}" for d in depths])

# %% tags=["active-ipynb"]
# curves(courses, xlabel="step", ylabel="loss")

# %% [markdown]
# 前面的层能还原图像。更深的层保留目标的布局和纹理，丢掉颜色和准确的轮廓：分类器不需要的都没有了。

# %% [markdown]
# ## 9 DeepDream
#
# 不是提高一个得分，而是增强一层已经看到的一切。对这一层的激活值 $a$，让下式增大
#
# $$\tfrac{1}{2} \sum a^2, \qquad \text{whose gradient with respect to } a \text{ is } a \text{ itself}$$
#
# （Mordvintsev 等 2015）。所以对图像的梯度就是一次反向传播，只是起点不是 1 而是 `a`：一个通道原本越强，就被增强得越多。步长要除以 $|g|$ 的均值，这样学习率在每一层的含义相同。

# %% task="deepdream_step"
# 约 15 分钟，简单。卡住了？hint("deepdream_step") 会给出第一步。
def deepdream_step(model_to_layer: Callable[[Tensor], Tensor], x: Tensor, lr: float) -> Tensor:
    """x + lr * g / mean(|g|)，其中 g 是这一层激活值平方和的一半的梯度。

    Shapes:
        model_to_layer  (1, C, H, W) -> 任意形状的激活值
        x               (1, C, H, W)  不改动
        out             (1, C, H, W)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="deepdream_step"
# check("network_visualization", task="deepdream_step")

# %% tags=["active-ipynb"]
# def dream(x, depth, octaves=3, steps=10, lr=0.02):
#     """在逐渐变大的图像上做梦：每个尺度是前一个的 1.4 倍，并从前一个的结果开始。"""
#     for octave in range(octaves):
#         if octave:
#             x = F.interpolate(x, scale_factor=1.4, mode="bilinear", align_corners=False)
#         for _ in range(steps):
#             x = deepdream_step(model.features[: depth + 1], x, lr).clamp(-2, 2)
#     return x
#
#
# sky = preprocess(small_objects.draw(10, stream="test", seed=2, size=96).images[3:4])
# dreams = [F.interpolate(dream(sky, depth), (192, 192)) for depth in (4, 7, 11)]
# dreams = [F.interpolate(sky, (192, 192)), *dreams]
# image_grid(deprocess(torch.cat(dreams)), ["image", "layer 4", "layer 7", "layer 11"], columns=4)

# %% [markdown]
# ## 10 特征空间中的近邻
#
# 同一个目标的两张图像，可能每个像素都不同。但在最后的特征空间里它们很近：Krizhevsky 等（2012）为一张大象照片找到了其他大象，背景完全不同。距离用欧氏距离。

# %% task="nearest_in_feature_space"
# 约 20 分钟，简单。卡住了？hint("nearest_in_feature_space") 会给出第一步。
def nearest_in_feature_space(f: Callable[[Tensor], Tensor], queries: Tensor, gallery: Tensor, k: int) -> Tensor:
    """对每个查询，图库中特征与它最近的 k 张图像，最近的在前。

    距离相等的图像中，编号小的在前。

    Shapes:
        f        (N, C, H, W) -> (N, D)，处于评估模式
        queries  (M, C, H, W)
        gallery  (N, C, H, W)
        k        int，最大为 N
        out      (M, k)  int64，图像在图库中的编号
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="nearest_in_feature_space"
# check("network_visualization", task="nearest_in_feature_space")

# %% tags=["active-ipynb"]
# rows = []
# for n in five[:4]:
#     others = torch.tensor([m for m in range(len(X)) if m != n])
#     for f in (lambda x: x.flatten(1), model.embed):
#         found = others[nearest_in_feature_space(f, X[[n]], X[others], 5)[0]].tolist()
#         rows += [n, *found]
# titles = [("query, by pixels" if number % 12 == 0 else "query, by features") if number % 6 == 0 else names[y[n]]
#           for number, n in enumerate(rows)]
# image_grid(drawn.images[rows], titles, columns=6)

# %% [markdown]
# 按像素找到的近邻，背景相同；按特征找到的近邻，目标相同。

# %% [markdown] question="network_visualization-q3"
# **简答题 3。** 你已经见过六种问网络“你在看什么”的方法。选两种对同一张图像可能意见不一的，说明不一致意味着什么；对于“没有图像的这一部分，网络还会是对的吗？”这个问题，两者中你信哪一个？

# %% [markdown] answer="network_visualization-q3"
# YOUR ANSWER HERE

# %% [markdown]
# ## 小结
#
# 对输入求梯度只要一次反向传播，却能回答许多问题：在哪里（显著图、CAM），是什么（类别图像、反演、DeepDream），以及多小的改动就会出错（攻击）。每张图回答它自己的问题，既显示了网络，也显示了方法。
#
# **延伸阅读。** Olah、Mordvintsev 和 Schubert（*Feature visualization*，2017）为单个单元生成图像，并说明需要哪些先验。Bau 等（*Network dissection*，2017）统计哪些单元对应哪些概念。Madry 等（*Towards deep learning models resistant to adversarial attacks*，2018）在攻击样本上训练，这是经得起考验的防御。
