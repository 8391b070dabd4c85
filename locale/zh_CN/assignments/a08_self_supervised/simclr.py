# %% [markdown]
# # 没有标签的学习
#
# 标签很贵：每张图像都得有人看过。图像很便宜。这份作业用**没有人标注过**的图像训练编码器，之后才问：有了它的特征，寥寥几个标签能做到什么。
#
# 想法一句话就能说完：改变图像，但不改变它的内容（裁剪、镜像、改变颜色），要求网络对两个版本给出相同的答案，对**其他**图像给出不同的答案。这就是**对比学习**（contrastive learning）；我们要搭的是 SimCLR（Chen、Kornblith、Norouzi 和 Hinton，*A simple framework for contrastive learning of visual representations*，ICML 2020）。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 颜色 | `to_grey`, `adjust_brightness`, `adjust_contrast`, `adjust_saturation`, `adjust_hue` | 21 | 70 |
# | 2 裁剪 | `sample_crop`, `resized_crop` | 11 | 40 |
# | 3 图像对 | `color_jitter`, `compute_train_transform`, `PairDataset` | 19 | 45 |
# | 4 相似度与损失 | `sim`, `simclr_loss_naive`, `sim_positive_pairs`, `compute_sim_matrix`, `simclr_loss_vectorized` | 29 | 85 |
# | 5 训练 | `train` | 9 | 25 |
# | 6 学到了什么？ | `knn_probe`, `linear_probe` | 8 | 55 |
# | 7 另一个代理任务 | `rotation_task` | 3 | 20 |
#
# 把每个 `raise NotImplementedError()` 换成你的代码，然后运行它下面的单元格：它会运行这一个任务的检查项。自动求导从头到尾都可以用。

# %%
import math
from collections.abc import Callable, Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import Dataset

Transform = Callable[[Tensor], Tensor]


# %% tags=["active-ipynb"]
# import matplotlib.pyplot as plt
# from torch.utils.data import DataLoader
# from tqdm import tqdm
#
# from autograder import check, hint
# from common.nets.contrastive import ContrastiveModel, features_of, settle
# from common.data import load
# from common.plots.embedding import pca, tsne
# from common.plots import curves, image_grid, show
# from common.training.seed import seed_everything
# from common.training import fit
#
# torch.set_num_threads(1)  # 网络很小：第二个线程大部分时间都在等待

# %% [markdown]
# ## 数据
#
# 场景很简单：灰墙前有一个橙色的目标。类别是形状与纹理的组合，所以有十个。颜色、位置和角度与类别无关，所以像素是很差的描述，下面会看到有多差。（为什么只有橙色和灰色？见简答题 1。）`labels` 只用于第 6 部分，在那之前都不用。

# %% tags=["active-ipynb"]
# scenes = load("plain_scenes", num_train=4000, num_test=2000)
# names = scenes.class_names
# images, labels = scenes.x_train, scenes.y_train
# image_grid(images[:16], titles=[names[label] for label in labels[:16]])

# %% [markdown]
# ## 1 颜色
#
# 这里的图像是 (3, H, W) 的浮点张量，值在 [0, 1] 内，通道依次为红、绿、蓝。每个函数返回一张形状和 dtype 相同的新图像，不改动输入。
#
# **灰度。** 眼睛对绿色最敏感，对蓝色最不敏感，所以像素的 **luma 值**是加权平均（ITU-R BT.601）：
#
# $$ \ell = 0.299\, R + 0.587\, G + 0.114\, B. $$
#
# 灰度图像仍有三个通道，三个都是 luma 值，这样才能送进网络的第一层。

# %% task="to_grey"
# 约 10 分钟，简单。卡住了？hint("to_grey") 会给出第一步。
def to_grey(image: Tensor) -> Tensor:
    """去掉颜色的图像：三个通道都是 luma 值。

    Shapes:
        image  (3, H, W)  float，在 [0, 1] 内
        out    (3, H, W)  三个相同的通道
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="to_grey"
# check("simclr", task="to_grey")

# %% [markdown]
# **亮度、对比度、饱和度。** 三者都是把图像与一张更平淡的图像**混合**。因子为 $f$、平淡图像为 $d$ 时，
#
# $$ \text{out} = \operatorname{clamp}\left( f \cdot \text{image} + (1 - f)\, d,\; 0,\; 1 \right), $$
#
# 于是 $f = 1$ 什么都不变，$f = 0$ 只剩下平淡图像，$f > 1$ 则**远离**它：
#
# | | 平淡图像 $d$ |
# |---|---|
# | 亮度 | 黑色 |
# | 对比度 | 处处是同一个灰度：整张图像的平均 luma 值 |
# | 饱和度 | 每个像素自己的灰度 |

# %% task="adjust_brightness"
# 约 5 分钟，简单。卡住了？hint("adjust_brightness") 会给出第一步。
def adjust_brightness(image: Tensor, factor: float) -> Tensor:
    """与黑色混合。

    Shapes:
        image   (3, H, W)  float，在 [0, 1] 内
        factor  float      不小于 0；1 什么都不变
        out     (3, H, W)  在 [0, 1] 内
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="adjust_brightness"
# check("simclr", task="adjust_brightness")

# %% task="adjust_contrast"
# 约 10 分钟，简单。卡住了？hint("adjust_contrast") 会给出第一步。
def adjust_contrast(image: Tensor, factor: float) -> Tensor:
    """与图像的平均 luma 值混合。

    Shapes:
        image   (3, H, W)  float，在 [0, 1] 内
        factor  float      不小于 0；1 什么都不变
        out     (3, H, W)  在 [0, 1] 内
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="adjust_contrast"
# check("simclr", task="adjust_contrast")

# %% task="adjust_saturation"
# 约 5 分钟，简单。卡住了？hint("adjust_saturation") 会给出第一步。
def adjust_saturation(image: Tensor, factor: float) -> Tensor:
    """每个像素与自己的灰度混合。

    Shapes:
        image   (3, H, W)  float，在 [0, 1] 内
        factor  float      不小于 0；1 什么都不变
        out     (3, H, W)  在 [0, 1] 内
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="adjust_saturation"
# check("simclr", task="adjust_saturation")

# %% [markdown]
# **色调。** 换一组数来描述颜色（Smith，*Color gamut transform pairs*，SIGGRAPH 1978）：**明度**（value）$V = \max(R, G, B)$，**色度**（chroma）$C = V - \min(R, G, B)$，以及**色调**（hue），即色环上的角度。以六分之一圈为单位，红色在 0，绿色在 2，蓝色在 4，色调就是
#
# $$ h = \begin{cases} (G - B) / C & \text{if } V = R \\ 2 + (B - R) / C & \text{if } V = G \\
# 4 + (R - G) / C & \text{if } V = B \end{cases} $$
#
# 平移色调，保持 $V$ 和 $C$ 不变，再变回来：
#
# $$ \text{channel} = V - C \cdot \operatorname{clamp}\bigl(\min(k,\, 4 - k),\, 0,\, 1\bigr), \qquad
# k = (n + h) \bmod 6, \qquad n = 5, 3, 1 \text{ for red, green, blue.} $$
#
# `shift` 以整圈为单位：0.5 得到互补色，1 和 0 什么都不变。灰度像素的 $C = 0$，没有色调。它必须保持原样，所以要当心这里的除法。

# %% task="adjust_hue"
# 约 40 分钟，困难。卡住了？hint("adjust_hue") 会给出第一步。
def adjust_hue(image: Tensor, shift: float) -> Tensor:
    """让颜色在色环上转动。

    Shapes:
        image  (3, H, W)  float，在 [0, 1] 内
        shift  float      以圈为单位，可以是负数
        out    (3, H, W)  在 [0, 1] 内
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="adjust_hue"
# check("simclr", task="adjust_hue")

# %% tags=["active-ipynb"]
# rows = {
#     "brightness": [adjust_brightness(images[1], factor) for factor in (0.6, 0.8, 1.0, 1.2, 1.4)],
#     "contrast": [adjust_contrast(images[1], factor) for factor in (0.6, 0.8, 1.0, 1.2, 1.4)],
#     "saturation": [adjust_saturation(images[1], factor) for factor in (0.0, 0.6, 1.0, 1.4, 3.0)],
#     "hue": [adjust_hue(images[1], shift) for shift in (-0.2, -0.1, 0.0, 0.1, 0.5)],
# }
# titles = [name if column == 2 else "" for name in rows for column in range(5)]
# image_grid(torch.stack(sum(rows.values(), [])), titles=titles, columns=5)

# %% [markdown]
# ## 2 裁剪
#
# 单独一种改变作用不大；裁剪与颜色合在一起，才有明显的差别（Chen 等，第 3.1 节）。这里的裁剪是**随机缩放裁剪**（random resized crop；Szegedy 等，*Going deeper with convolutions*，CVPR 2015）：裁出一个随机的框，再拉伸到固定的大小。一个框里可能只有目标的左半边，另一个框里则是整个目标：要给出一致的答案，网络必须知道两者是一回事。
#
# 把裁剪分成两步：一步随机抽取框，另一步是不含随机的函数，把框裁出来。
#
# **抽取框。** 框占图像**面积**的比例 $a$ 从 `scale` 中均匀抽取；宽高比 $r$（宽除以高）的抽取要使 $\log r$ 均匀分布（宽是高的两倍与高是宽的两倍，应当同样可能）。于是
#
# $$ h = \operatorname{round} \sqrt{a H W / r}, \qquad w = \operatorname{round} \sqrt{a H W \cdot r}. $$
#
# 如果这个框是空的，或图像放不下它，就重新抽取，$a$ 和 $r$ 都重抽。如果连续十个框都放不下，就取整张图像。放得下框的每个位置概率都相等，包括四个角。
#
# 这份作业的所有随机数都从 torch 取（`torch.rand`、`torch.randint`、`Tensor.uniform_`……），这样一个随机种子就能重现一切。

# %% task="sample_crop"
# 约 30 分钟，中等。卡住了？hint("sample_crop") 会给出第一步。
def sample_crop(
    height: int, width: int, scale: tuple[float, float] = (0.5, 1.0), ratio: tuple[float, float] = (3 / 4, 4 / 3)
) -> tuple[int, int, int, int]:
    """在图像内抽取一个框。

    Shapes:
        height, width  int           图像的高和宽
        scale          (low, high)   占图像面积的比例，均匀分布
        ratio          (low, high)   框的宽除以高，其对数均匀分布
        out            四个整数      框的上边、左边、高和宽
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="sample_crop"
# check("simclr", task="sample_crop")

# %% [markdown]
# **裁出框。** 用双线性缩放：`F.interpolate` 加上 `mode="bilinear"` 和 `align_corners=False` 就行（它要求有批量轴）。不做抗锯齿，默认就是如此。

# %% task="resized_crop"
# 约 10 分钟，简单。卡住了？hint("resized_crop") 会给出第一步。
def resized_crop(image: Tensor, top: int, left: int, height: int, width: int, size: int) -> Tensor:
    """从图像中裁出一个框，用双线性插值缩放成正方形。

    Shapes:
        image                     (C, H, W)        float
        top, left, height, width  int              图像内的一个框
        size                      int              结果的边长
        out                       (C, size, size)
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="resized_crop"
# check("simclr", task="resized_crop")

# %% [markdown]
# ## 3 图像对
#
# **颜色抖动**给亮度、对比度和饱和度各从 $[1 - s, 1 + s]$ 均匀抽取一个因子，$s$ 是各自的强度；色调的平移量从 $[-s, s]$ 均匀抽取。然后按这个顺序依次应用这四种改变。每次调用都独立抽取四个数。

# %% task="color_jitter"
# 约 15 分钟，简单。卡住了？hint("color_jitter") 会给出第一步。
def color_jitter(
    image: Tensor, brightness: float = 0.4, contrast: float = 0.4, saturation: float = 0.4, hue: float = 0.1
) -> Tensor:
    """随机改变亮度、对比度、饱和度和色调。

    Shapes:
        image                             (3, H, W)  float，在 [0, 1] 内
        brightness, contrast, saturation  float      在 [0, 1] 内：因子从 1 减强度到 1 加强度
        hue                               float      在 [0, 0.5] 内：平移量从 -hue 到 hue
        out                               (3, H, W)  在 [0, 1] 内
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="color_jitter"
# check("simclr", task="color_jitter")

# %% [markdown]
# **整条链**（Chen 等，附录 A；他们的裁剪更小，还加了模糊）。按这个顺序：
#
# 1. 随机缩放裁剪到 `size` × `size`，用给定的 `scale` 和默认的 `ratio`：总是做；
# 2. 左右互换的镜像：概率 0.5；
# 3. 用默认强度做颜色抖动：概率 0.8；
# 4. 变成灰度图像：概率 0.2。
#
# 第 2 到第 4 步做不做，各自独立决定，每张图像都重新决定。`compute_train_transform` 返回一个从图像到图像的**函数**。返回之前，它调用 `torch.manual_seed(seed)`，使同一个随机种子总是给出同样的随机图像序列。（第一张和第二张图像仍然必须不同：在创建函数时设随机种子，不在调用时。）

# %% task="compute_train_transform"
# 约 20 分钟，中等。卡住了？hint("compute_train_transform") 会给出第一步。
def compute_train_transform(seed: int = 123456, size: int = 32, scale: tuple[float, float] = (0.5, 1.0)) -> Transform:
    """给 torch 设随机种子，返回训练用的随机变换。

    Shapes:
        seed   int          传给 torch.manual_seed
        size   int          变换后图像的边长
        scale  (low, high)  裁剪用
        out    函数         [0, 1] 内的 (3, H, W) -> [0, 1] 内的 (3, size, size)，H 和 W 任意
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="compute_train_transform"
# check("simclr", task="compute_train_transform")

# %% [markdown]
# **正样本对。** 对比学习的一个样本，不是图像和它的标签，而是同一张图像的**两个视图**。数据集给出这两个视图和标签；训练时不用标签。两个视图是两次独立的抽取。

# %% task="PairDataset"
# 约 10 分钟，简单。卡住了？hint("PairDataset") 会给出第一步。
class PairDataset(Dataset):
    """成对给出的图像，即正样本对。

    Shapes:
        images     (N, C, H, W)  图像
        labels     (N,)          它们的标签
        transform  函数          (C, H, W) -> (C, h, w)，随机；None：两个视图都是图像本身
        out        一项是 (x_i, x_j, target)：两个视图和标签，标签与 labels 中的相同
    """

    def __init__(self, images: Tensor, labels: Tensor, transform: Transform | None = None) -> None:
        self.images, self.labels, self.transform = images, labels, transform

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor, Tensor]:
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="PairDataset"
# check("simclr", task="PairDataset")

# %% [markdown]
# 看一看：上下两张是一对。你看得出它们是一对，而与旁边的不是一对吗？

# %% tags=["active-ipynb"]
# pairs = PairDataset(images, labels, compute_train_transform(seed=0))
# left, right, _ = zip(*(pairs[index] for index in range(10)))
# image_grid(torch.stack([*left, *right]), columns=10, alt="Ten pairs of random views, one above the other.")

# %% [markdown] question="simclr-q1"
# **简答题 1。** 一位同事用彩色照片训练，从链中去掉了颜色抖动和灰度。她的训练损失比我们的降得快得多，她很高兴。(a) 她的网络怎么能这么轻松地给裁剪图像配对？(b) 用她的特征区分形状，你预计效果如何？(c) 我们的目标全是橙色，都在灰墙前。如果每张图像都有自己的墙纸，网络会因为同样的原因犯什么错误？

# %% [markdown] answer="simclr-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 4 相似度与损失
#
# 网络把视图 $x$ 变成特征 $h = f(x)$，再把特征变成**投影**（projection）$z = g(h)$。比较投影时，看的是夹角的**余弦**，所以长度无关紧要：
#
# $$ \operatorname{sim}(z_i, z_j) = \frac{z_i \cdot z_j}{\lVert z_i \rVert\, \lVert z_j \rVert}. $$

# %% task="sim"
# 约 5 分钟，简单。卡住了？hint("sim") 会给出第一步。
def sim(z_i: Tensor, z_j: Tensor) -> Tensor:
    """两个向量夹角的余弦。

    Shapes:
        z_i  (D,)  不为零；可以给长度的乘积加 1e-8
        z_j  (D,)  不为零
        out  ()    在 [-1, 1] 内
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="sim"
# check("simclr", task="sim")

# %% [markdown]
# 一批 $N$ 张图像有 $2N$ 个视图。给它们编号：左视图是 $z_1, \dots, z_N$，右视图是 $z_{N+1}, \dots, z_{2N}$；于是 $z_k$ 和 $z_{k+N}$ 是一个正样本对。对于一对 $(i, j)$，要求网络用温度为 $\tau$ 的 softmax，按相似度从**所有其他视图**中找出 $j$（Chen 等，式 1）：
#
# $$ \ell(i, j) = -\log \frac{\exp(\operatorname{sim}(z_i, z_j) / \tau)}
# {\sum_{k=1,\, k \ne i}^{2N} \exp(\operatorname{sim}(z_i, z_k) / \tau)}. $$
#
# 求和不含 $i$ 自己，但包含 $j$，也包含与 $i$ 同侧的视图：共 $2N - 1$ 项。每个视图都要找自己的配对，所以损失是对全部 $2N$ 个视图取平均：
#
# $$ L = \frac{1}{2N} \sum_{k=1}^{N} \bigl[ \ell(k, k+N) + \ell(k+N, k) \bigr]. $$
#
# 这叫 NT-Xent，即**带温度的归一化交叉熵**（normalised temperature-scaled cross-entropy）。先照公式用循环写。

# %% task="simclr_loss_naive"
# 约 30 分钟，中等。卡住了？hint("simclr_loss_naive") 会给出第一步。
def simclr_loss_naive(out_left: Tensor, out_right: Tensor, tau: float) -> Tensor:
    """NT-Xent，用循环遍历所有视图对。

    Shapes:
        out_left   (N, D)  左视图的投影
        out_right  (N, D)  右视图的投影；两者的第 k 行是一个正样本对
        tau        float   温度，大于 0
        out        ()      对 2N 个视图的均值
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="simclr_loss_naive"
# check("simclr", task="simclr_loss_naive")

# %% [markdown]
# 现在把各个部分写成整个矩阵的运算。两个函数都不能用循环，而且计算相似度矩阵时，中间不能出现大小为 $2N \times 2N \times D$ 的张量：4,096 张图像、128 个数，就是 34 GB。先把每一行除以它的长度，然后一次矩阵乘法就得到所有余弦。

# %% task="sim_positive_pairs"
# 约 10 分钟，简单。卡住了？hint("sim_positive_pairs") 会给出第一步。
def sim_positive_pairs(out_left: Tensor, out_right: Tensor) -> Tensor:
    """每个正样本对的余弦。

    Shapes:
        out_left   (N, D)
        out_right  (N, D)
        out        (N, 1)  两者第 k 行的 sim
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="sim_positive_pairs"
# check("simclr", task="sim_positive_pairs")

# %% task="compute_sim_matrix"
# 约 10 分钟，简单。卡住了？hint("compute_sim_matrix") 会给出第一步。
def compute_sim_matrix(out: Tensor) -> Tensor:
    """所有视图两两之间的余弦。

    Shapes:
        out  (2N, D)
        out  (2N, 2N)  元素 [i, j] 是第 i 行和第 j 行的 sim
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="compute_sim_matrix"
# check("simclr", task="compute_sim_matrix")

# %% [markdown]
# 然后是不用循环的损失。有两个陷阱。一是对角线不能算进去：用掩码，或在那里填 $-\infty$。二是温度很小时指数会溢出：$\tau = 0.01$ 时，$\exp(1 / \tau) = e^{100}$ 超出了 float32 的范围。解决办法你在 softmax 那里见过；`torch.logsumexp` 自带这个办法。这个损失对任何 $\tau$ 都必须正确。

# %% task="simclr_loss_vectorized"
# 约 30 分钟，中等。卡住了？hint("simclr_loss_vectorized") 会给出第一步。
def simclr_loss_vectorized(
    out_left: Tensor, out_right: Tensor, tau: float, device: str | torch.device = "cpu"
) -> Tensor:
    """不用 Python 循环的 NT-Xent；tau 很小时在 float32 下也有限且正确。

    Shapes:
        out_left   (N, D)  左视图的投影
        out_right  (N, D)  右视图的投影；两者的第 k 行是一个正样本对
        tau        float   温度，大于 0
        device     投影所在的设备，你新建的张量也放在那里
        out        ()      对 2N 个视图的均值
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="simclr_loss_vectorized"
# check("simclr", task="simclr_loss_vectorized")

# %% [markdown]
# 有两个损失不用程序也能算出来。如果所有投影都是**同一个**向量，那么其余 $2N - 1$ 个视图的概率都相等：$L = \log(2N - 1)$。如果正样本对完全一致，其他各对都正交，则 $L = \log(1 + (2N - 2)\, e^{-1/\tau})$。

# %% tags=["active-ipynb"]
# N = 64
# same, apart = torch.ones(N, N), torch.eye(N)
# for tau in (0.05, 0.1, 0.5, 1.0):
#     collapsed = simclr_loss_vectorized(same, same, tau)
#     separated = simclr_loss_vectorized(apart, apart, tau)
#     print(f"tau {tau:4}: all the same {collapsed:.3f}, pairs apart {separated:.3f}")
# print(f"log({2 * N - 1}) = {math.log(2 * N - 1):.3f}")

# %% [markdown] question="simclr-q2"
# **简答题 2。** (a) 有人只保留分子，即 $L' = -\operatorname{sim}(z_k, z_{k+N})$，对图像对取平均。举出一个使 $L'$ 达到最小、却毫无用处的编码器。(b) NT-Xent 的分母怎样排除了它？(c) “其他”图像中有些属于同一个类别。损失对它们提出了什么要求？为什么这个方法仍然有效？

# %% [markdown] answer="simclr-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## 5 训练
#
# 一轮训练。对每个批量：两个视图都通过模型，计算损失和梯度，走一步。模型返回两样东西：特征和投影；**损失用的是投影**。标签始终不用。两个视图可以先后通过模型，也可以合成一个 $2N$ 的批量：如果模型里有批量归一化，后一种做法的均值取自更多图像，损失略有不同，但两种都是 SimCLR。
#
# 返回这一轮的平均损失。各批量的大小可能不同（最后一个通常就不同），而均值是对**图像对**取的：20 对的批量，权重是 60 对的批量的三分之一。所以要用批量中实际的图像对个数来加权，不要用参数 `batch_size`。返回 Python 的浮点数：如果把带着计算图的张量相加，整轮的内存都不会释放。

# %% task="train"
# 约 25 分钟，中等。卡住了？hint("train") 会给出第一步。
def train(
    model: nn.Module,
    data_loader: Iterable[tuple[Tensor, Tensor, Tensor]],
    train_optimizer: torch.optim.Optimizer,
    epoch: int,
    epochs: int,
    batch_size: int = 32,
    temperature: float = 0.5,
    device: str | torch.device = "cpu",
) -> float:
    """用 NT-Xent 训练模型一轮。

    Shapes:
        model            (N, C, H, W) -> 特征 (N, F)，投影 (N, D)；应切换到训练模式，并一直保持
        data_loader      图像对的批量 (x_i, x_j, target)；最后一个可能较小
        train_optimizer  模型参数的优化器
        epoch, epochs    int    当前是第几轮（从 1 开始）、共几轮；只用于显示信息
        batch_size       int    通常的图像对个数；一个批量可能更少
        temperature      float  损失的温度
        device           模型所在的设备；批量要移到那里
        out              float  这一轮所有图像对的平均损失
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="train"
# check("simclr", task="train")

# %% [markdown]
# 模型有三个卷积和一个小投影头，总共 30,000 个权重（`common/contrastive.py`）。它看前 2,000 张图像，训练十二轮；论文中的 SimCLR 则是 1,000 轮，每轮一百万张图像，批量大小 4,096。再留一个**从不训练**的模型：探针从**它的**特征中读出的一切，都要归功于架构，而不是学习。

# %% tags=["active-ipynb"]
# # 约 30 秒
# def pretrain(model, images, epochs, seed=0, temperature=0.1, transform=None, one_epoch=train):
#     transform = transform or compute_train_transform(seed=seed)
#     pairs = PairDataset(images, torch.zeros(len(images), dtype=torch.int64), transform)  # 没有标签：全为零
#     loader = DataLoader(pairs, batch_size=64, shuffle=True, drop_last=True)
#     optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=1e-4)
#     losses = []
#     for epoch in tqdm(range(1, epochs + 1), unit="epoch"):
#         optimizer.param_groups[0]["lr"] = 4e-3 * (0.05 + 0.475 * (1 + math.cos(math.pi * (epoch - 1) / epochs)))
#         losses.append(one_epoch(model, loader, optimizer, epoch, epochs, batch_size=64, temperature=temperature))
#     return losses
#
#
# seed_everything(0)
# untrained, model = ContrastiveModel(), ContrastiveModel()
# model.load_state_dict(untrained.state_dict())
# settle(untrained, images)  # 让它的批量归一化得到正确的统计量
# losses = pretrain(model, images[:2000], epochs=12)
# curves({"NT-Xent": losses, "guessing": [math.log(127)] * 12}, xlabel="epoch", ylabel="mean loss")

# %% [markdown]
# 60 张新图像的**相似度矩阵**：每个类别六张，先是条纹的，再是棋盘格的。训练前，每张图像都与其他所有图像相似；训练后，相似度取决于图像。网络对类别一无所知。在我们的运行中，首先分开的是纹理，形成两个大块；在每个大块里，圆盘和方块又与另外三种形状分开，后者带有尖角、孔洞或伸出的臂。

# %% tags=["active-ipynb"]
# order = [*range(0, 10, 2), *range(1, 10, 2)]
# chosen = torch.cat([(scenes.y_test == label).nonzero()[:6, 0] for label in order])
# figure, both = plt.subplots(1, 2, figsize=(10, 4.6), layout="constrained")
# for axes, (title, network) in zip(both, {"before": untrained, "after": model}.items()):
#     with torch.no_grad():
#         projections = network.eval()(scenes.x_test[chosen])[1]
#     picture = axes.imshow(compute_sim_matrix(projections), vmin=-1, vmax=1, cmap="RdBu_r")
#     axes.set_xticks(range(2, 60, 6), [names[label] for label in order], rotation=60, ha="right", fontsize=7)
#     axes.set_yticks(range(2, 60, 6), [names[label] for label in order], fontsize=7)
#     axes.set_title(title)
# figure.colorbar(picture, ax=both, label="cosine", shrink=0.8)
# show("Cosines of 60 images: before training all near 1; afterwards two large blocks, striped and checked.")

# %% [markdown]
# 600 张新图像在二维平面上的**嵌入**。PCA 显示方差最大的两个方向。t-SNE（van der Maaten 和 Hinton，*Visualizing data using t-SNE*，JMLR 2008）力求让近邻仍是近邻；簇与簇之间的距离和簇的大小都没有意义。颜色和标记表示形状，实心或空心表示纹理。

# %% tags=["active-ipynb"]
# # 约 10 秒
# figure, grid = plt.subplots(2, 2, figsize=(10, 9), layout="constrained")
# networks = {"random encoder": untrained, "SimCLR": model}
# for (title, network), row in zip(tqdm(networks.items(), desc="t-SNE", unit="network"), grid):
#     features = features_of(network, scenes.x_test[:600])
#     features = (features - features.mean(dim=0)) / (features.std(dim=0) + 1e-6)
#     for axes, (method, points) in zip(row, {"PCA": pca(features), "t-SNE": tsne(features)}.items()):
#         for label, name in enumerate(names):
#             x, y = points[scenes.y_test[:600] == label].T
#             colour, marker = f"C{label // 2}", "osv^D"[label // 2]
#             face = colour if label % 2 else "none"
#             axes.scatter(x, y, s=16, marker=marker, edgecolors=colour, facecolors=face, label=name)
#         axes.set(title=f"{title}, {method}", xticks=[], yticks=[])
# grid[0, 1].legend(fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
# show("Features of 600 images in the plane. Random encoder: classes mixed. SimCLR: textures and shapes in groups.")

# %% [markdown] question="simclr-q3"
# **简答题 3。** 损失是由 $z = g(h)$ 算出的，但训练之后 $g$ 不再使用，留下的是 $h$。Chen 等（第 4.2 节）发现，用线性探针衡量，$h$ 要高出十多个百分点。为什么 $z$ 可能是较差的表示？（想一想，损失要求 $z$ 忘掉什么。）

# %% [markdown] answer="simclr-q3"
# YOUR ANSWER HERE

# %% [markdown]
# ## 6 学到了什么？
#
# **探针**（probe）是很简单的分类器，简单到它的准确率衡量的就是特征。编码器保持冻结；标签到这时才出现。
#
# **k 近邻**（Wu、Xiong、Yu 和 Lin，*Unsupervised feature learning via non-parametric instance discrimination*，CVPR 2018，第 3.4 节）什么都不训练。近邻是**余弦**最大的那些；它们投票，多数获胜，平票时取较小的标签。（Wu 等给每一票加权 $\exp(\operatorname{sim} / 0.07)$；我们只数票数。）

# %% task="knn_probe"
# 约 20 分钟，中等。卡住了？hint("knn_probe") 会给出第一步。
def knn_probe(features: Tensor, labels: Tensor, queries: Tensor, k: int = 5) -> Tensor:
    """余弦最大的 k 个有标签特征中，票数最多的标签；平票时取最小的标签。

    Shapes:
        features  (N, D)  有标签的特征
        labels    (N,)    int64，不小于 0，可能有空缺
        queries   (M, D)  要分类的特征
        k         int     近邻个数，不超过 N
        out       (M,)    int64
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="knn_probe"
# check("simclr", task="knn_probe")

# %% [markdown]
# **线性探针**就是你熟悉的 softmax 分类器，只是用在特征上。为了让不同的编码器可以比较，它的一切都要固定下来：
#
# 1. 标准化：$\hat h = (h - \mu) / (\sigma + 10^{-6})$，其中 $\mu$ 和 $\sigma$ 是每个特征**在有标签的特征上**的均值和（有偏）标准差。查询用同样的数来标准化。
# 2. 对 $W$ 和 $b$ 最小化 $\hat h W + b$ 的平均交叉熵加上 $\text{reg} \cdot \sum W^2$。$b$ 不加惩罚。
#
# 这个关于 $W$ 和 $b$ 的函数是凸的：没有别的极小值会拦住优化器，走到底的优化器都给出同样的标签。（标签可能有空缺。没有样本的类别，偏置会一直下降；答案永远不会是这个类别，其他的数也不再变化。）用 `torch.optim.LBFGS(..., max_iter=200, line_search_fn="strong_wolfe")`，把所有特征放在一个批量里，很快就能算完。提前停止就是另一个探针了，所以不要提前停。

# %% task="linear_probe"
# 约 35 分钟，困难。卡住了？hint("linear_probe") 会给出第一步。
def linear_probe(features: Tensor, labels: Tensor, queries: Tensor, reg: float = 1e-2) -> Tensor:
    """在标准化的特征上做 softmax 回归，训练到最小值，然后预测。

    Shapes:
        features  (N, D)  有标签的特征
        labels    (N,)    int64，不小于 0，可能有空缺
        queries   (M, D)  要分类的特征
        reg       float   权重惩罚项的强度，大于 0
        out       (M,)    int64
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="linear_probe"
# check("simclr", task="linear_probe")

# %% tags=["active-ipynb"]
# tables = {
#     "pixels": [x.flatten(1) for x in (images, scenes.x_test)],
#     "random encoder": [features_of(untrained, x) for x in (images, scenes.x_test)],
#     "SimCLR": [features_of(model, x) for x in (images, scenes.x_test)],
# }
#
#
# def accuracy(predicted):
#     return 100 * float((predicted == scenes.y_test).double().mean())
#
#
# print(f"{'':16} 400 labels: nearest neighbours   linear")
# for name, (features, queries) in tables.items():
#     few = features[:400], labels[:400], queries
#     print(f"{name:16} {accuracy(knn_probe(*few, k=5)):30.1f} % {accuracy(linear_probe(*few)):6.1f} %")

# %% [markdown]
# ## 7 另一个代理任务
#
# 在对比学习之前，人们发明过一些答案现成的谜题。其中很好的一个：把图像转 0、90、180 或 270 度，问转了多少（Gidaris、Singh 和 Komodakis，*Unsupervised representation learning by predicting image rotations*，ICLR 2018）。要知道哪边朝上，就得认出图里有什么。
#
# 来造这个谜题：先是所有不转的图像，然后是全部**逆时针**转 90 度的，再是 180 度的，最后是 270 度的。标签说明转了几个四分之一圈。转置和翻转就够了，所以不允许用 `torch.rot90`。不是正方形的图像转四分之一圈后，放不进同一个张量：抛出 `ValueError`。

# %% task="rotation_task"
# 约 20 分钟，中等。卡住了？hint("rotation_task") 会给出第一步。
def rotation_task(images: Tensor) -> tuple[Tensor, Tensor]:
    """每张图像的四个旋转版本，标签是逆时针转过的四分之一圈的个数。

    图像不是正方形时抛出 ValueError。

    Shapes:
        images   (N, C, S, S)
        rotated  (4N, C, S, S)  第 r * N + n 行是图像 n 转了 r 个四分之一圈
        labels   (4N,)          int64，与图像在同一设备上
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="rotation_task"
# check("simclr", task="rotation_task")

# %% tags=["active-ipynb"]
# turned, quarters = rotation_task(images[:5])
# image_grid(turned, titles=[f"{90 * int(quarter)} degrees" for quarter in quarters], columns=5)

# %% [markdown]
# 同样的编码器，在同样的 2,000 张图像上训练它解这个谜题，上面加一个线性层，输出四个答案的得分：

# %% tags=["active-ipynb"]
# seed_everything(0)
# rotator = ContrastiveModel()
# turned, quarters = rotation_task(images[:2000])
# solver = nn.Sequential(rotator.encoder, nn.Linear(64, 4))
# steps = fit(solver, turned, quarters, epochs=6, batch_size=64, progress=True)
# print(f"loss of the last 50 steps {sum(steps[-50:]) / 50:.2f}, of guessing {math.log(4):.2f}")
# tables["rotation"] = [features_of(rotator, x) for x in (images, scenes.x_test)]

# %% [markdown]
# **再来一个谜题：这里原来是什么？** 在图像上挖一个方洞，让网络画出缺少的部分（Pathak 等，*Context encoders: feature learning by inpainting*，CVPR 2016）。答案就是图像本身，所以标签又是现成的；而要把条纹或角接着画下去，就得先理解它。编码器与之前相同，只是去掉了末尾对位置的平均；一个小解码器把它的特征图还原成 32 × 32 像素，这个解码器之后不再使用。损失是**洞内**的平方误差。从左到右：带洞的图像，网络在那里画的内容，以及真实图像。

# %% tags=["active-ipynb"]
# # 约 10 秒
# class Inpainter(nn.Module):
#     def __init__(self, encoder):
#         super().__init__()
#         self.see = encoder[:-2]  # (N, 3, 32, 32) -> (N, 64, 4, 4)
#         steps = [(64, 32), (32, 16), (16, 8)]
#         blocks = [[nn.Upsample(scale_factor=2), nn.Conv2d(a, b, 3, padding=1), nn.ReLU()] for a, b in steps]
#         self.paint = nn.Sequential(*sum(blocks, []), nn.Conv2d(8, 3, 3, padding=1), nn.Sigmoid())
#
#     def forward(self, images):
#         return self.paint(self.see(images))
#
#
# def holes(count, size=12):
#     """每张图像在随机位置有一个方洞：(N, 1, 32, 32) bool。"""
#     at = torch.arange(32)
#     top, left = torch.randint(33 - size, (2, count, 1))
#     rows, columns = (at >= top) & (at < top + size), (at >= left) & (at < left + size)
#     return (rows[:, :, None] & columns[:, None])[:, None]
#
#
# seed_everything(0)
# restorer = ContrastiveModel()
# painter = Inpainter(restorer.encoder)
# optimizer = torch.optim.Adam(painter.parameters(), lr=4e-3)
# for epoch in tqdm(range(8), desc="inpainting", unit="epoch"):
#     for rows in torch.randperm(2000).split(64):
#         hole = holes(len(rows))
#         painted = painter(images[rows].masked_fill(hole, 0.0))
#         loss = ((painted - images[rows]).square() * hole).sum() / (3 * hole.sum())
#         optimizer.zero_grad()
#         loss.backward()
#         optimizer.step()
# shown, hole = scenes.x_test[:8], holes(8)
# with torch.no_grad():
#     painted = torch.where(hole, painter.eval()(shown.masked_fill(hole, 0.0)), shown)
# tables["inpainting"] = [features_of(restorer, x) for x in (images, scenes.x_test)]
# rows = torch.stack([shown.masked_fill(hole, 0.0), painted, shown], dim=1).flatten(0, 1)
# image_grid(rows, columns=12, titles=["hole", "painted", "truth"] * 8)

# %% [markdown]
# 前面做的一切，都是为了现在这幅图：线性探针的准确率随标签个数的变化，从 4,000 个的 1% 开始往上。标签少时，哪些图像带标签全凭运气，所以要抽取几次（细线）。

# %% tags=["active-ipynb"]
# # 约 15 秒
# def draw_labels(count):
#     """每个类别随机抽取同样多的标签。"""
#     return torch.cat([(labels == label).nonzero()[:, 0][torch.randperm(400)[: count // 10]] for label in range(10)])
#
#
# seed_everything(0)
# counts = [40, 80, 200, 400, 1000, 4000]
# results = {name: [] for name in tables}
# for count in tqdm(counts, desc="probes", unit="count"):
#     draws = [draw_labels(count) for _ in range(5 if count <= 200 else 1)]
#     for name, (features, queries) in tables.items():
#         results[name].append([accuracy(linear_probe(features[d], labels[d], queries)) for d in draws])
# figure, axes = plt.subplots(figsize=(8.5, 4.2), layout="constrained")
# for number, ((name, rows), style) in enumerate(zip(results.items(), ("o-", "s--", "^-.", "D:", "v--"))):
#     axes.plot(counts, [sum(row) / len(row) for row in rows], style, label=name, color=f"C{number}")
#     axes.vlines(counts, [min(row) for row in rows], [max(row) for row in rows], color=f"C{number}", linewidth=1)
# axes.axhline(10, color="grey", linestyle=":", label="guessing")
# axes.set(xscale="log", xlabel="labels", ylabel="accuracy in %", title="linear probe on frozen features")
# axes.set_xticks(counts, [f"{count}\n{count / 40:g} %" for count in counts])
# axes.minorticks_off()
# axes.grid(alpha=0.3)
# axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
# ends = "; ".join(f"{n} {sum(r[0]) / len(r[0]):.0f} to {r[-1][0]:.0f} %" for n, r in results.items())
# show(f"Accuracy of the linear probe from 40 to 4,000 labels: {ends}.")

# %% [markdown]
# 把 SimCLR 的左端与像素的右端比一比：在我们的运行中，学到的特征配 40 个标签，抵得上像素配 4,000 个。随机编码器也并非一无所知：网络知道的东西，有一部分来自它的架构。而在我们的运行中，图像补全领先于 SimCLR，右端是 53% 对 49%：接着画的是条纹、棋盘格和边缘，而这些类别恰恰就是由它们构成的。在照片上，领先的是对比学习的特征，因为照片的很大一部分，不知道拍的是什么也能接着画。没有哪个代理任务样样最好：要问的是，它让网络去看什么。

# %% [markdown] question="simclr-q4"
# **简答题 4。** （(a) 和 (b) 关于旋转，(c) 关于洞。）(a) 五种形状中，哪些即使摆得端端正正，网络也无法从旋转谜题中学到它们的任何东西？在本课程的图像中，还有什么可能泄露答案？(b) 举出一种照片，由于同样的原因，这个谜题很难解；再举出一种照片，靠一条与目标无关的捷径就能解开。(c) 许多洞落在灰墙上。网络从中学到什么？在两种接法同样可能的地方，平方误差会让它画出什么？

# %% [markdown] answer="simclr-q4"
# YOUR ANSWER HERE

# %% [markdown]
# ## 小结
#
# 代理任务规定了什么不该起作用（数据增强），什么该起作用（能区分图像的一切）。标签到最后才用，而且很少就够了：Chen 等用 ImageNet 1% 的标签达到 85.8%（top 5 准确率），超过了用全部标签的 AlexNet。把几乎相同的损失用在图像和描述之间，就是 CLIP：它的负样本只来自另一侧，温度是学出来的。
#
# **延伸阅读。** MoCo（He 等 2020）用队列保存负样本，这样小批量就够了。BYOL（Grill 等 2020）和 SimSiam（Chen 和 He 2021）不用负样本，后者还探究了为什么不会坍缩。DINO（Caron 等 2021）从 ViT 的注意力中找到了目标，而从来没有人给它看过什么是目标。CLIP 见 Radford 等（2021）。一篇配图的综述：Weng，“Contrastive representation learning”（2021）。
