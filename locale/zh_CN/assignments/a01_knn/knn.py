# %% [markdown]
# # k 近邻
#
# 想知道一张图像里是什么，就找出与它最像的训练图像，让它们投票。这里没有什么要训练：训练集**就是**模型。剩下三件事：快速衡量谁“最像”；正确计票；选定让多少个近邻投票，而且不自欺欺人。这三部分都由你来写。
#
# | 部分 | 你来写 | <span style="white-space: nowrap">分值</span> | <span style="white-space: nowrap">分钟</span> |
# |---|---|---|---|
# | 1 距离 | `compute_distances_two_loops`, `compute_distances_one_loop`, `compute_distances_no_loops` | 50 | 55 |
# | 2 投票 | `predict_labels`, `KnnClassifier.predict` | 30 | 30 |
# | 3 选择 k | `knn_cross_validate`, `knn_get_best_k` | 20 | 35 |
#
# 把每个 `raise NotImplementedError()` 换成你的代码，然后运行它下面的单元格：它运行这一个任务的检查项，并告诉你第一个错误的数在哪里。只需要 torch 的算术运算。

# %%
import torch
from torch import Tensor


# %% tags=["active-ipynb"]
# import time
#
# import matplotlib.pyplot as plt
#
# from autograder import check, hint
# from common.data import load
# from common.plots import confusion_matrix, image_grid, show

# %% [markdown]
# ## 数据
#
# `load("scenes")` 画出一些小图像，每张是纹理背景上的一个目标，每次画的都一样。标签说的是目标的形状和花纹：条纹圆盘、方格纹十字……位置、大小、旋转和背景都与标签无关。图像的 dtype 为 float32，取值在 [0, 1] 内，形状为 (N, C, H, W)。
#
# 动手之前，先看看每个类别的几张图像。如果只能逐像素比较图像，你会混淆哪些类别？

# %% tags=["active-ipynb"]
# scenes = load("scenes")
# x_train, y_train = scenes.x_train[:2000], scenes.y_train[:2000]
# x_test, y_test = scenes.x_test[:500], scenes.y_test[:500]
# print("training", tuple(x_train.shape), "test", tuple(x_test.shape), "classes", len(scenes.class_names))
#
# classes = range(len(scenes.class_names))
# examples = torch.stack([x_train[y_train == label][i] for i in range(5) for label in classes])
# image_grid(examples, titles=[scenes.class_names[label] for label in classes] * 5, columns=len(classes))

# %% [markdown]
# ## 1 距离
#
# 把每张图像展平成由 $D$ 个数组成的向量。训练图像 $a$ 与测试图像 $b$ 的欧氏距离是
#
# $$ d(a, b) = \sqrt{\sum_{i=1}^{D} (a_i - b_i)^2}. $$
#
# 我们要一次得到所有距离：一个矩阵，每张训练图像占一行，每张测试图像占一列。你要用三种方法来算，结果相同，但最慢的一种用时是最快的一百多倍。
#
# `torch.cdist`、`torch.dist` 和各种 `norm` 会替你把事情做完，所以这里不允许使用。
#
# ### 两层循环
#
# 先写定义。它很慢，但另外几种写法都要拿它来对照。图像可以有任意多个轴：(N, D)、(N, C, H, W)……

# %% task="compute_distances_two_loops"
# 约 10 分钟，简单。卡住了？hint("compute_distances_two_loops") 会给出第一步。
def compute_distances_two_loops(x_train: Tensor, x_test: Tensor) -> Tensor:
    """每张训练图像到每张测试图像的欧氏距离，一次算一对。

    Shapes:
        x_train  (Ntr, D1, ..., Dn)  训练图像，float，任意阶
        x_test   (Nte, D1, ..., Dn)  测试图像，dtype 和设备相同
        out      (Ntr, Nte)          out[i, j] = x_train[i] 与 x_test[j] 的距离；dtype 和设备同 x_train
    """
    dists = x_train.new_zeros(len(x_train), len(x_test))
    # YOUR CODE HERE
    raise NotImplementedError()
    return dists


# %% tags=["active-ipynb"] grade="compute_distances_two_loops"
# check("knn", task="compute_distances_two_loops")

# %% [markdown]
# ### 一层循环
#
# 每行 Python 在真正开始计算之前就要花掉几微秒，只为一对图像计算，实在不划算。所以每次交给 torch 一整行：**广播**（broadcasting）把长度为 1 的轴，或缺少的第一个轴，拉长到与另一个操作数相同，而且不复制数据。
#
#     x_test                (Nte, D)
#     x_train[i]                 (D,)   先看作 (1, D)，再看作 (Nte, D)
#     x_test - x_train[i]   (Nte, D)
#
# 循环遍历训练图像，每次填写矩阵的一行。

# %% task="compute_distances_one_loop"
# 约 15 分钟，简单。卡住了？hint("compute_distances_one_loop") 会给出第一步。
def compute_distances_one_loop(x_train: Tensor, x_test: Tensor) -> Tensor:
    """每张训练图像到每张测试图像的欧氏距离，一次算一行。

    Shapes:
        x_train  (Ntr, D1, ..., Dn)  训练图像，float，任意阶
        x_test   (Nte, D1, ..., Dn)  测试图像，dtype 和设备相同
        out      (Ntr, Nte)          out[i, j] = x_train[i] 与 x_test[j] 的距离；dtype 和设备同 x_train
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="compute_distances_one_loop"
# check("knn", task="compute_distances_one_loop")

# %% [markdown]
# ### 不用循环
#
# 让两个轴都广播，`x_train[:, None] - x_test[None]`，就不需要循环了。但这要一个含 $N_\text{tr} \times N_\text{te} \times D$ 个数的张量：对上面的 2,000 张和 500 张小图像来说是 12 GB，对 CIFAR-10 来说是 6 TB。换个办法，把平方展开：
#
# $$ \sum_i (a_i - b_i)^2 = \sum_i a_i^2 \;-\; 2 \sum_i a_i b_i \;+\; \sum_i b_i^2 . $$
#
# 第一项只取决于训练图像，最后一项只取决于测试图像。中间那一项，所有图像对一起算，就是**一次矩阵乘法**：这是每台计算机都最擅长的运算。过程中不需要比输入和结果更大的张量。
#
# **陷阱。** 在纸上，等号两边相等；用浮点数算，就不相等了。对同一张图像的两个副本，右边是几个接近 1,000 的数相减，而 float32 把每个数都舍入到约 7 位有效数字。剩下的是舍入误差，大小接近 0.0001，可正可负。很小的负数开平方根得到 `nan`，而 `nan` 和什么都没法比较：你的最近邻，也就是那个一模一样的副本，就这样消失了。距离可以是 0，但不会是负数；要在开平方根**之前**保证这一点。

# %% task="compute_distances_no_loops"
# 约 30 分钟，中等。卡住了？hint("compute_distances_no_loops") 会给出第一步。
def compute_distances_no_loops(x_train: Tensor, x_test: Tensor) -> Tensor:
    """每张训练图像到每张测试图像的欧氏距离，由一次矩阵乘法得到。

    不用 Python 循环，也没有含 (Ntr, Nte, D) 个数的临时张量。同一张图像的两个副本距离为 0（允许舍入误差），绝不
    是 nan。

    Shapes:
        x_train  (Ntr, D1, ..., Dn)  训练图像，float，任意阶
        x_test   (Nte, D1, ..., Dn)  测试图像，dtype 和设备相同
        out      (Ntr, Nte)          out[i, j] = x_train[i] 与 x_test[j] 的距离；dtype 和设备同 x_train
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="compute_distances_no_loops"
# check("knn", task="compute_distances_no_loops")

# %% [markdown]
# 快了多少？在一小部分数据上运行这三个函数：

# %% tags=["active-ipynb"]
# for compute in (compute_distances_two_loops, compute_distances_one_loop, compute_distances_no_loops):
#     started = time.perf_counter()
#     compute(x_train[:300], x_test[:100])
#     print(f"{compute.__name__:30} {time.perf_counter() - started:8.4f} s")

# %% [markdown]
# 这个矩阵也是一幅图。暗处近，亮处远；行是训练图像，列是测试图像。黑和白分别是第 1 和第 99 百分位数：如果改用最小值和最大值，只要有几个离群值，其余部分就只剩下灰色。

# %% tags=["active-ipynb"]
# dists = compute_distances_no_loops(x_train, x_test)
# low, high = dists.flatten().quantile(torch.tensor([0.01, 0.99])).tolist()
# plt.figure(figsize=(9, 3.4), layout="constrained")
# plt.imshow(dists[:60, :140], cmap="gray", interpolation="none", vmin=low, vmax=high)
# plt.xlabel("test image")
# plt.ylabel("training image")
# plt.colorbar(label="distance", fraction=0.05, pad=0.02)
# show("Distances of 60 training images (rows) to 140 test images (columns); some of both are bright throughout.")

# %% [markdown] question="knn-q1"
# **简答题 1。** 图中有些列从上到下都亮，有些行从左到右都亮。一列亮，说明那张测试图像怎么样？一行亮，说明那张训练图像怎么样？它又能投上多少次票？

# %% [markdown] answer="knn-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## 2 投票
#
# 对每张测试图像，取距离最小的 `k` 张训练图像，返回它们当中出现最多的标签。如果几个标签出现得一样多，返回其中**最小的**。其实任何固定的规则都行；但如果没有规则，答案就取决于训练图像的顺序，两个都正确的程序会给出不同的结果。
#
# 标签是从 0 起的整数，但不一定每个都有：可能只有 3、17 和 250。`torch.topk`、`torch.sort`、`torch.bincount` 和 `Tensor.unique` 值得一看。这里可以用循环遍历测试图像。

# %% task="predict_labels"
# 约 20 分钟，中等。卡住了？hint("predict_labels") 会给出第一步。
def predict_labels(dists: Tensor, y_train: Tensor, k: int = 1) -> Tensor:
    """对每张测试图像，返回 k 张最近的训练图像中出现最多的标签；平票时取最小的标签。

    Shapes:
        dists    (Ntr, Nte)  dists[i, j] = 训练图像 i 与测试图像 j 的距离
        y_train  (Ntr,)      训练图像的标签，int64 >= 0
        k        int         投票的近邻个数，1 <= k <= Ntr
        out      (Nte,)      int64，每张测试图像一个标签
    """
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="predict_labels"
# check("knn", task="predict_labels")

# %% [markdown]
# 现在把这些部分合起来。“训练”就是存下图像；预测就是计算距离，再让近邻投票。
#
# 注意数据量。CIFAR-10 的 50,000 张训练图像到 10,000 张测试图像的距离要占 2 GB。任取一部分测试图像，都可以单独预测，不需要其余的。

# %% task="KnnClassifier.predict"
# 约 10 分钟，简单。卡住了？hint("KnnClassifier.predict") 会给出第一步。
class KnnClassifier:
    """由 k 张最近的训练图像投票，给图像分类。"""

    def __init__(self, x_train: Tensor, y_train: Tensor):
        self.x_train = x_train
        self.y_train = y_train

    def predict(self, x_test: Tensor, k: int = 1) -> Tensor:
        """预测每张测试图像的标签。

        Shapes:
            x_test  (Nte, D1, ..., Dn)  测试图像，每张的形状与训练图像相同
            k       int                 投票的近邻个数
            out     (Nte,)              int64，每张测试图像一个标签
        """
        # YOUR CODE HERE
        raise NotImplementedError()

    def check_accuracy(self, x_test: Tensor, y_test: Tensor, k: int = 1, quiet: bool = False) -> float:
        """标签预测正确的测试图像所占的百分比；quiet 不为真时还会打印出来。"""
        correct = int((self.predict(x_test, k=k) == y_test).sum())
        accuracy = 100.0 * correct / len(y_test)
        if not quiet:
            print(f"{correct} of {len(y_test)} correct: {accuracy:.2f} %")
        return accuracy


# %% tags=["active-ipynb"] grade="KnnClassifier.predict"
# check("knn", task="KnnClassifier.predict")

# %% [markdown]
# 一共十个类别：随机猜测，一百次能对 10 次。你的结果应当比这高得多，但离完美还很远。

# %% tags=["active-ipynb"]
# classifier = KnnClassifier(x_train, y_train)
# for k in (1, 5):
#     print(f"k = {k}:", end=" ")
#     classifier.check_accuracy(x_test, y_test, k=k)

# %% [markdown]
# 分类器做了什么，一定要亲眼看看。下面每一行，先是一张测试图像，然后是它的六个最近邻，由近到远。蓝色实线框表示近邻与测试图像标签相同，橙色虚线框表示标签不同。近邻和测试图像有什么共同点？标签说的正是这个共同点吗？

# %% tags=["active-ipynb"]
# rows, titles, right = [], [], []
# for j in range(6):
#     nearest = dists[:, j].topk(6, largest=False).indices
#     rows += [x_test[j], *x_train[nearest]]
#     titles += ["test: " + scenes.class_names[y_test[j]], *(scenes.class_names[label] for label in y_train[nearest])]
#     right += [None, *(y_train[nearest] == y_test[j]).tolist()]  # None：没有框
# image_grid(torch.stack(rows), titles=titles, columns=7, right=right)

# %% [markdown]
# 错误的分布并不均匀。混淆矩阵的一行是一个真实类别，一列是一个预测类别。从上到下都深的一列，表示这个类别的图像离谁都很近。

# %% tags=["active-ipynb"]
# confusion_matrix(y_test, classifier.predict(x_test, k=5), scenes.class_names)

# %% [markdown]
# ### k 改变什么
#
# 在平面上，分类器在每一处的行为都看得见，不限于测试图像。下面是三个互相重叠的类别，共 90 个点。你的 `KnnClassifier` 在每一处预测哪个类别，那里就涂成哪个类别的颜色：这就是它的**决策区域**（decision region）。k = 1 时，每个地方都归离它最近的训练点所有，所以一个离群的点就会形成一座孤岛。票数多一些，边界就平滑一些；太多了，小群体会丢掉自己的地盘。

# %% tags=["active-ipynb"]
# from matplotlib.colors import ListedColormap
#
# torch.manual_seed(3)
# owner = torch.arange(90) % 3
# points = torch.tensor([[-1.0, 0.0], [1.0, 0.0], [0.0, 1.2]])[owner] + 0.8 * torch.randn(90, 2)
# side = torch.linspace(-3.2, 3.2, 120)
# colours, markers = ["tab:blue", "gold", "tab:red"], "os^"
# places = torch.cartesian_prod(side, side)  # (14400, 2)
# figure, panels = plt.subplots(1, 3, figsize=(12, 4.2), sharey=True, layout="constrained")
# for panel, k in zip(panels, (1, 5, 15)):
#     region = KnnClassifier(points, owner).predict(places, k=k).reshape(120, 120)
#     borders = {"extent": (-3.2, 3.2, -3.2, 3.2), "origin": "lower"}
#     panel.imshow(region.T, cmap=ListedColormap(colours), vmin=0, vmax=2, alpha=0.3, **borders)
#     for label in range(3):
#         look = {"color": colours[label], "marker": markers[label], "edgecolor": "black", "linewidth": 0.5}
#         panel.scatter(*points[owner == label].T, s=22, **look)
#     panel.set(title=f"k = {k}", aspect="equal")
# show("Decision regions of three classes. k = 1: islands around single points; k = 5: few; k = 15: smooth borders.")

# %% [markdown]
# ### 另一种距离
#
# 平方让大的差异占主导：一个像素相差 0.8，和十六个像素各相差 0.2，代价一样大。**曼哈顿距离**（Manhattan），即 L1，直接把各个差的绝对值加起来：
#
# $$ d_1(a, b) = \sum_{i=1}^{D} |a_i - b_i| . $$
#
# 按这种距离，刚才那一个差异大的像素，代价只和四个差异小的像素一样大。在平面上，与原点距离为 1 的点，按欧氏距离（L2）是一个圆，按 L1 是一个立在顶点上的正方形。哪种距离更好，和 k 一样，要靠实验来选。（绝对值没法展开，所以 L1 不能用矩阵乘法来算。这个单元格用了 `torch.cdist`，你自己的函数不能用。）

# %% tags=["active-ipynb"]
# plt.figure(figsize=(4.3, 3.6), layout="constrained")
# for p, style, colour in ((2, "-", "tab:blue"), (1, "--", "tab:red")):
#     from_origin = torch.cdist(places, torch.zeros(1, 2), p=p).reshape(120, 120)
#     plt.contour(side, side, from_origin.T, levels=[1, 2, 3], linestyles=style, colors=colour)
#     plt.plot([], [], style, color=colour, label=f"L{p}")
# plt.title("points at distance 1, 2 and 3 from the origin", fontsize=9)
# plt.axis("equal")
# plt.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
# show("Points at distance 1, 2 and 3 from the origin: circles for L2, inside them squares on their corners for L1.")
#
# for p in (2, 1):
#     other = torch.cdist(x_train.flatten(1), x_test.flatten(1), p=p)
#     for k in (1, 5):
#         accuracy = (predict_labels(other, y_train, k) == y_test).double().mean()
#         print(f"L{p}, k = {k}: {100 * accuracy:.1f} %")

# %% [markdown] question="knn-q2"
# **简答题 2。** 对**所有**图像（训练和测试）做下列哪些改动，k = 1 时的预测不会变？说明理由。(a) 减去训练图像的均值图像。(b) 每个像素都除以同一个标准差，它由所有图像的所有像素算出。(c) 每个像素位置除以它自己在训练图像上的标准差。(d) 把每张图像左右翻转。(e) 旋转向量的坐标：每个向量都乘以同一个正交矩阵。如果距离是 L1，你的哪些答案会变？

# %% [markdown] answer="knn-q2"
# YOUR ANSWER HERE

# %% [markdown]
# ## 3 选择 k
#
# `k` 小时只听一个近邻的，而它可能只是碰巧在那里；`k` 大时，连根本不近的图像也要问。哪个最好，差别大不大，只有实验知道。
#
# 但不能在测试图像上选：**在测试集上**试十个 `k` 值，其中最好的那个有一部分是靠运气，你报告的准确率就会偏高。应从训练图像中留出一部分，用来验证。数据不够多时，让每一部分轮流验证，这就是**交叉验证**（cross-validation）：
#
#     fold 1   [validate] [  train ] [  train ] [  train ] [  train ]
#     fold 2   [  train ] [validate] [  train ] [  train ] [  train ]
#     ...
#     fold 5   [  train ] [  train ] [  train ] [  train ] [validate]
#
# 把训练图像**按现有顺序**切成 `num_folds` 份，大小相等（如果分不匀，有几份会小一些）。这样，每个 `k` 得到 `num_folds` 个准确率，以百分数表示。它们的均值用来估计这个 `k` 有多好，它们的离散程度说明这个估计有多可信。一折的距离与 `k` 无关：只算一次。

# %% task="knn_cross_validate"
# 约 25 分钟，中等。卡住了？hint("knn_cross_validate") 会给出第一步。
def knn_cross_validate(
    x_train: Tensor, y_train: Tensor, num_folds: int = 5, k_choices: list[int] | None = None
) -> dict[int, list[float]]:
    """在训练图像的每一折上验证每个 k。k_choices=None 时试 1, 3, 5, 8, 10, 12, 15, 20, 50, 100。

    Shapes:
        x_train    (Ntr, D1, ..., Dn)  训练图像，按这个顺序切成折
        y_train    (Ntr,)              标签，int64
        num_folds  int                 至少为 2
        out        dict                k -> num_folds 个准确率的列表，以百分数表示，按折的顺序
    """
    if k_choices is None:
        k_choices = [1, 3, 5, 8, 10, 12, 15, 20, 50, 100]
    # YOUR CODE HERE
    raise NotImplementedError()


# %% tags=["active-ipynb"] grade="knn_cross_validate"
# check("knn", task="knn_cross_validate")

# %% [markdown]
# 每个点是一折；连线经过各个均值，误差线向上、向下各画一个标准差（按各折计算）。把误差线和不同 `k` 值之间的差异比一比。凭这些，你敢说哪些值确实不如最好的那个？

# %% tags=["active-ipynb"]
# k_to_accuracies = knn_cross_validate(x_train, y_train, num_folds=5)
# ks = sorted(k_to_accuracies)
# folds = torch.tensor([k_to_accuracies[k] for k in ks])  # (choices, folds)
# plt.figure(figsize=(7, 4))
# for k, accuracies in zip(ks, folds):
#     plt.scatter([k] * len(accuracies), accuracies, s=12, color="tab:gray")
# plt.errorbar(ks, folds.mean(dim=1), yerr=folds.std(dim=1), capsize=3)
# plt.xscale("log")
# plt.xticks(ks, ks, fontsize=8)  # 刻度是试过的值，不是 10 的幂
# plt.minorticks_off()
# plt.xlabel("k")
# plt.ylabel("validation accuracy in %")
# means = ", ".join(f"{k}: {mean:.1f} %" for k, mean in zip(ks, folds.mean(dim=1).tolist()))
# show(f"Validation accuracy over k, five folds each. Means: {means}.")

# %% [markdown]
# 选均值最高的 `k`；有多个并列时，取最小的。

# %% task="knn_get_best_k"
# 约 10 分钟，简单。卡住了？hint("knn_get_best_k") 会给出第一步。
def knn_get_best_k(k_to_accuracies: dict[int, list[float]]) -> int:
    """准确率均值最高的 k；有多个并列时，取最小的。

    Shapes:
        k_to_accuracies  dict  k -> 准确率的列表，即 knn_cross_validate 的返回值；键的顺序任意
        out              int   其中一个键
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="knn_get_best_k"
# check("knn", task="knn_get_best_k")

# %% [markdown]
# 现在轮到测试集，用的是没有看过它就选定的 `k`：

# %% tags=["active-ipynb"]
# best_k = knn_get_best_k(k_to_accuracies)
# print(f"best k = {best_k}, validated {sum(k_to_accuracies[best_k]) / 5:.2f} %, test:", end=" ")
# accuracy = classifier.check_accuracy(x_test, y_test, k=best_k)

# %% [markdown]
# 照片要难一些。如果改用 `load("cifar10")`，大致会是这样：用 5,000 张训练图像和 500 张测试图像，k = 1 时为 27.4%，k = 5 时为 27.8%，k = 10 时为 28.2%，交叉验证选的正是 10。用全部 50,000 张训练图像，在 10,000 张测试图像上能达到 33.86%。

# %% [markdown] question="knn-q3"
# **简答题 3。** 下列说法中，哪些对任何训练集都成立？为什么？(a) k = 1 时，在**训练**图像本身上的准确率是 100%。(b) k = 5 时也一样。(c) k = 5 的测试准确率不低于 k = 1 的。(d) 训练图像越多，预测一张图像用时越长。（可以假设任意两张训练图像都不相同。）

# %% [markdown] answer="knn-q3"
# YOUR ANSWER HERE

# %% [markdown]
# ## 小结
#
# 逐个位置比较像素，对形状一无所知：把一张图像移动几个像素，它就离自己很远了。最近邻首先找到的，是颜色和背景相似的图像。课程接下来的内容，就是学习一个更适合衡量距离的空间。还有两个习惯要保持：把循环换成矩阵乘法，但要当心舍入误差；任何选择都不看测试集。
#
# **延伸阅读。** Cover 和 Hart（*Nearest neighbor pattern classification*，1967）证明：只要数据无穷多，最近邻的错误率最多是最优分类器的两倍。要在几百万张图像中搜索，就需要索引：FAISS（Johnson 等，*Billion-scale similarity search with GPUs*，2017）。下一份作业 `a02_linear_classifier` 用每个类别一个模板来代替训练图像。
