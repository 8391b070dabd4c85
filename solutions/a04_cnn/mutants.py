"""Wrong answers that people hand in for a04, and the check that must notice each."""

from typing import Any

from autograder.mutants import Mutant

CONV, RES, MODERN = "convolutional_networks.py", "resnet.py", "modern_cnn.py"
Checks = str | tuple[str, ...]


def mutant(story: str, noticed_by: Checks, replace: str, by: str, **rest: Any) -> Mutant:
    return Mutant(story, file=CONV, replace=replace, by=by, noticed_by=noticed_by, **rest)


def res(story: str, noticed_by: Checks, replace: str, by: str, **rest: Any) -> Mutant:
    return Mutant(story, file=RES, replace=replace, by=by, noticed_by=noticed_by, **rest)


def modern(story: str, noticed_by: Checks, replace: str, by: str) -> Mutant:
    return Mutant(story, file=MODERN, replace=replace, by=by, noticed_by=noticed_by)


PRODUCTS = 'out = torch.einsum("nchwij,fcij->nfhw", windows, w) + b[:, None, None]'
WINDOWS = "windows = padded.unfold(2, w.shape[2], stride).unfold(3, w.shape[3], stride)"
HERE = "here = (..., slice(i, i + stride * height, stride), slice(j, j + stride * width, stride))"
DW = 'dw[:, :, i, j] = torch.einsum("nfhw,nchw->fc", dout, padded[here])'
DPADDED = "dpadded[here] += torch"
CUT = "dx = dpadded[:, :, pad : padded.shape[2] - pad, pad : padded.shape[3] - pad]"
ZEROS = "dw, dpadded = torch.zeros_like(w), torch.zeros_like(padded)"
AFTER_CONV = '# %% tags=["active-ipynb"] grade="Conv.forward"'

# fmt: off
CONVOLUTION = [
    mutant("conv: flips the filters, as mathematicians do", "check_conv_agrees_with_torch",
           PRODUCTS, PRODUCTS.replace("windows, w)", "windows, w.flip(2, 3))")),
    mutant("conv: forgets the bias", "check_conv_agrees_with_torch",
           PRODUCTS, PRODUCTS.replace(" + b[:, None, None]", "")),
    mutant("conv: pads rows only", "check_conv_agrees_with_torch",
           "(pad, pad, pad, pad)", "(0, 0, pad, pad)"),
    mutant("conv: takes every filter for square", "check_conv_agrees_with_torch",
           WINDOWS, WINDOWS.replace("w.shape[3]", "w.shape[2]")),
    mutant("conv: calls F.conv2d", "check_conv_agrees_with_torch",
           PRODUCTS, "out = F.conv2d(x, w, b, stride=stride, padding=pad)"),
    mutant("conv: calls the fast layer", ("check_conv_agrees_with_torch", "check_conv_keeps_float32_and_its_inputs"),
           PRODUCTS, "out, _ = FastConv.forward(x, w, b, conv_param)"),
    mutant("conv: the stride is for rows only", "check_conv_takes_strides_and_pads",
           WINDOWS, WINDOWS.replace("w.shape[3], stride", "w.shape[3], 1")),
    mutant("conv: squeezes the filters, so 1 x 1 windows lose their axes", "check_conv_with_windows_of_any_size",
           PRODUCTS, PRODUCTS.replace("windows, w)", "windows, w.squeeze())")),
    mutant("conv: computes in float64 and stays there", "check_conv_keeps_float32_and_its_inputs",
           PRODUCTS, PRODUCTS.replace("windows, w)", "windows.double(), w.double())")),
    mutant("conv: flattens with view, which needs contiguous images", "check_conv_keeps_float32_and_its_inputs",
           "        " + WINDOWS, "        x.view(-1)\n        " + WINDOWS),
    mutant("conv gradient: pixels keep the gradient of the last window only",
           "check_conv_gradients_agree_with_autograd",
           DPADDED, DPADDED.replace("+=", "=")),
    mutant("conv gradient: leaves the padding on", "check_conv_gradients_agree_with_autograd", CUT, "dx = dpadded"),
    mutant("conv gradient: averages dw over the images", "check_conv_gradients_agree_with_autograd",
           DW, DW + " / len(dout)"),
    mutant("conv gradient: db for each place", "check_conv_gradients_agree_with_autograd",
           "        db = dout.sum(dim=(0, 2, 3))", "        db = dout.sum(dim=0)"),
    mutant("conv gradient: the filter at its mirrored place", "check_conv_gradients_agree_with_autograd",
           'dout, w[:, :, i, j])\n        dx', 'dout, w[:, :, -1 - i, -1 - j])\n        dx'),
    mutant("conv gradient: lets autograd do it", ("check_conv_gradients_agree_with_autograd",),
           AFTER_CONV, '''
class Conv(Conv):
    @staticmethod
    def backward(dout, cache):
        padded, w, stride, pad = cache
        padded, w, b = (value.detach().requires_grad_() for value in (padded, w, w.new_zeros(len(w))))
        out, _ = Conv.forward(padded, w, b, {"stride": stride, "pad": 0})
        dpadded, dw, db = torch.autograd.grad(out, (padded, w, b), dout)
        return dpadded[:, :, pad : padded.shape[2] - pad, pad : padded.shape[3] - pad], dw, db

''' + AFTER_CONV),
    mutant("conv gradient: forgets the stride",
           ("check_conv_gradients_with_a_stride", "check_conv_gradients_for_all_strides_and_pads"),
           HERE, "here = (..., slice(i, i + height), slice(j, j + width))"),
    mutant("conv gradient: cuts with pad:-pad, which leaves nothing for pad 0",
           ("check_conv_gradients_with_a_stride", "check_conv_gradients_of_tiny_images"),
           CUT, "dx = dpadded[:, :, pad:-pad, pad:-pad]"),
    mutant("conv gradient: collects in float64 and stays there", "check_conv_gradients_in_float32",
           ZEROS, ZEROS + "\n        dw = dw.double()"),
]

POOL = "out, where = windows.max(dim=4)"
POOL_SIZES = 'height, width, stride = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]'
POOL_WINDOWS = "windows = x.unfold(2, height, stride).unfold(3, width, stride).flatten(4)"
SEND = "dx.scatter_add_(2, (rows * shape[3] + columns).flatten(2), dout.flatten(2))"
AFTER_POOL = '# %% tags=["active-ipynb"] grade="MaxPool.forward"'
POOLING = [
    mutant("pool: takes every window for square", "check_max_pooling_agrees_with_torch",
           POOL_SIZES, POOL_SIZES.replace("pool_width", "pool_height")),
    mutant("pool: windows never overlap", "check_max_pooling_agrees_with_torch",
           POOL_WINDOWS, POOL_WINDOWS.replace("height, stride", "height, height")
           .replace("width, stride", "width, width")),
    mutant("pool: begins with zero as the largest value",
           ("check_max_pooling_agrees_with_torch", "check_max_pooling_keeps_float32_and_takes_views"),
           POOL, POOL + "\n        out = out.clamp(min=0)"),
    mutant("pool: averages", "check_max_pooling_agrees_with_torch", POOL, POOL + "\n        out = windows.mean(dim=4)"),
    mutant("pool: the last rows and columns get a window too", "check_max_pooling_when_windows_do_not_divide",
           POOL_WINDOWS, 'x = F.pad(x, (0, width - 1, 0, height - 1), value=float("-inf"))\n        ' + POOL_WINDOWS),
    mutant("pool gradient: divides by the size of the window", "check_max_pooling_gradient_agrees_with_autograd",
           SEND, SEND.replace("dout.flatten(2))", "dout.flatten(2) / width**2)")),
    mutant("pool gradient: counts rows of the window by its height", "check_max_pooling_gradient_agrees_with_autograd",
           "where // width", 'where // pool_param["pool_height"]'),
    mutant("pool gradient: a pixel keeps the gradient of one window only",
           "check_max_pooling_gradient_where_windows_overlap", SEND, SEND.replace("scatter_add_", "scatter_")),
    mutant("pool gradient: all maxima of a window get the whole gradient",
           "check_max_pooling_gradient_is_passed_on_once", AFTER_POOL, '''
class MaxPool:
    @staticmethod
    def forward(x, pool_param):
        h, w, s = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
        return x.unfold(2, h, s).unfold(3, w, s).amax(dim=(4, 5)), (x, pool_param)

    @staticmethod
    def backward(dout, cache):
        x, pool_param = cache
        h, w, s = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
        dx = torch.zeros_like(x)
        for i in range(dout.shape[2]):
            for j in range(dout.shape[3]):
                window = x[:, :, i * s : i * s + h, j * s : j * s + w]
                mask = window == window.amax(dim=(2, 3), keepdim=True)
                dx[:, :, i * s : i * s + h, j * s : j * s + w] += mask * dout[:, :, i, j, None, None]
        return dx

''' + AFTER_POOL),
]

SMALL_LOSS = "loss = loss + self.reg * p[name].square().sum()"
SMALL_GRAD = "grads[name] = grads[name] + 2 * self.reg * p[name]"
KAIMING = "return ((2 if relu else 1) / fan_in) ** 0.5 * torch.randn(*shape, device=device, dtype=dtype)"
SMALL_NET = [
    mutant("small net: half of the regularisation", "check_three_layer_net_agrees_with_autograd",
           SMALL_LOSS, SMALL_LOSS.replace("self.reg", "0.5 * self.reg")),
    mutant("small net: the regularisation's gradient lacks its 2",
           ("check_three_layer_net_agrees_with_autograd", "check_three_layer_net_on_other_sizes"),
           SMALL_GRAD, SMALL_GRAD.replace("2 * ", "")),
    mutant("small net: a ReLU on the scores", "check_three_layer_net_agrees_with_autograd",
           "scores, linear_cache = Linear.forward(hidden", "scores, linear_cache = Linear_ReLU.forward(hidden"),
    mutant("small net: flattens 32 x 32 images, whatever comes",
           ("check_three_layer_net_agrees_with_autograd", "check_three_layer_net_on_other_sizes"),
           "        p = self.params\n        hidden, conv_cache",
           "        p, X = self.params, X.reshape(-1, 3, 32, 32)\n        hidden, conv_cache"),
    mutant("kaiming: variance for deviation", "check_kaiming_has_the_right_deviation",
           KAIMING, KAIMING.replace(" ** 0.5", "")),
    mutant("kaiming: no gain for ReLU", "check_kaiming_has_the_right_deviation",
           KAIMING, KAIMING.replace("(2 if relu else 1)", "1")),
    mutant("kaiming: fan in without the window", "check_kaiming_has_the_right_deviation",
           "(Din * K * K, (Dout", "(Din, (Dout"),
    mutant("kaiming: filters with inputs first", "check_kaiming_has_the_right_deviation",
           "(Dout, Din, K, K))", "(Din, Dout, K, K))"),
    mutant("kaiming: uniform numbers that are all positive", "check_kaiming_draws_centred_float32_numbers",
           KAIMING, KAIMING.replace("torch.randn", "3.46 * torch.rand")),
    mutant("kaiming: seeds the generator for its own comfort", "check_kaiming_draws_centred_float32_numbers",
           "    " + KAIMING, "    torch.manual_seed(0)\n    " + KAIMING),
]

MEAN_VAR = "            var = (x - mean).square().mean(dim=0)\n"
RUN_MEAN = 'bn_param["running_mean"] = momentum * running_mean + (1 - momentum) * mean'
RUN_VAR = 'bn_param["running_var"] = momentum * running_var + (1 - momentum) * var'
CENTRED = "centred, std = x - mean, (var + eps).sqrt()"
BN_OUT = "out = gamma * centred / std + beta"
BN_CACHE = "cache = (centred, std, gamma)"
ALT = "dx = gamma / std * (dout - (dbeta + normal * dgamma) / len(dout))"
TO_ROWS = """\
        rows = x.movedim(1, 3)  # (N, H, W, C)
        out, cache = BatchNorm.forward(rows.flatten(0, 2), gamma, beta, bn_param)
        out = out.reshape(rows.shape).movedim(3, 1)
"""
BATCH_NORM = [
    mutant("batch norm: divides the variance by N - 1",
           ("check_batch_norm_agrees_with_torch", "check_batch_norm_of_one_vector"),
           MEAN_VAR, "            var = x.var(dim=0)\n"),
    mutant("batch norm: eps outside of the root", "check_batch_norm_agrees_with_torch",
           CENTRED, "centred, std = x - mean, var.sqrt() + eps"),
    mutant("batch norm: forgets the shift",
           "check_batch_norm_agrees_with_torch", BN_OUT, BN_OUT.replace(" + beta", "")),
    mutant("batch norm: swaps the weights of old and new statistics", "check_batch_norm_keeps_running_statistics",
           RUN_MEAN, RUN_MEAN.replace("= momentum", "= (1 - momentum)").replace("+ (1 - momentum)", "+ momentum")),
    mutant("batch norm: forgets to store the running variance", "check_batch_norm_keeps_running_statistics",
           RUN_VAR, RUN_VAR.replace('bn_param["running_var"]', "running_var")),
    mutant("batch norm: the running variance is torch's, divided by N - 1", "check_batch_norm_keeps_running_statistics",
           RUN_VAR, RUN_VAR + " * len(x) / (len(x) - 1)"),
    mutant("batch norm: test mode like train mode",
           ("check_batch_norm_keeps_running_statistics", "check_batch_norm_of_one_vector"),
           '        if mode == "train":\n            mean = x',
           '        if mode in ("train", "test"):\n            mean = x'),
    mutant("batch norm: momentum 0.9 whatever is asked for", "check_batch_norm_statistics_after_many_batches",
           'bn_param.get("momentum", 0.9)', "0.9"),
    mutant("batch norm: the running variance begins at one", "check_batch_norm_statistics_after_many_batches",
           'bn_param.get("running_var", torch.zeros_like(x[0]))', 'bn_param.get("running_var", torch.ones_like(x[0]))'),
    mutant("batch norm: variance as mean of squares less square of mean",
           "check_batch_norm_keeps_float32_and_its_inputs",
           MEAN_VAR, "            var = x.square().mean(dim=0) - mean.square()\n"),
    mutant("batch norm: centres x in place", "check_batch_norm_keeps_float32_and_its_inputs",
           CENTRED, CENTRED.replace("x - mean", "x.sub_(mean)")),
    mutant("batch norm gradient: forgets the path through the variance",
           "check_batch_norm_gradients_agree_with_autograd",
           "dcentred = dnormal / std + 2 * dvar * centred / len(dout)", "dcentred = dnormal / std"),
    mutant("batch norm gradient: forgets the path through the mean", "check_batch_norm_gradients_agree_with_autograd",
           "dx = dcentred - dcentred.mean(dim=0)", "dx = dcentred"),
    mutant("batch norm gradient: forgets gamma", "check_batch_norm_gradients_agree_with_autograd",
           "dnormal = dout * gamma\n        dvar", "dnormal = dout\n        dvar"),
    mutant("batch norm gradient: averages dbeta", "check_batch_norm_gradients_agree_with_autograd",
           "        dbeta = dout.sum(dim=0)\n        dgamma", "        dbeta = dout.mean(dim=0)\n        dgamma"),
    mutant("batch norm gradient: leaves eps out",
           ("check_batch_norm_gradients_with_any_eps", "check_batch_norm_closed_form_with_any_eps"),
           BN_CACHE, "cache = (centred, var.sqrt(), gamma)"),
    mutant("batch norm gradient: scales dout in place", "check_batch_norm_gradients_in_float32",
           "dnormal = dout * gamma\n        dvar", "dnormal = dout.mul_(gamma)\n        dvar"),
    mutant("closed form: divides by the number of features", "check_batch_norm_closed_form_agrees_with_autograd",
           ALT, ALT.replace("len(dout)", "dout.shape[1]")),
    mutant("closed form: a sign is wrong", "check_batch_norm_closed_form_agrees_with_autograd",
           ALT, ALT.replace("dbeta + normal", "dbeta - normal")),
    mutant("spatial: reshapes without bringing channels last", "check_spatial_batch_norm_agrees_with_torch",
           TO_ROWS, TO_ROWS.replace("rows.flatten(0, 2)", "x.reshape(-1, x.shape[1])")
           .replace("out.reshape(rows.shape).movedim(3, 1)", "out.reshape(x.shape)")),
    mutant("spatial: keeps the statistics to itself", "check_spatial_batch_norm_statistics_after_many_batches",
           TO_ROWS, TO_ROWS.replace("beta, bn_param)", "beta, dict(bn_param))")),
    mutant("spatial gradient: returns channels last", "check_spatial_batch_norm_gradients_agree_with_autograd",
           "dx = dx.reshape(rows.shape).movedim(3, 1)", "dx = dx.reshape(rows.shape)"),
]

LN_STD = "std = (x.var(dim=1, unbiased=False, keepdim=True) + eps).sqrt()"
LN_DX = "dx = (dnormal - dnormal.mean(dim=1, keepdim=True) - along) / std"
LN_SUMS = "dgamma, dbeta = (dout * normal).sum(dim=0), dout.sum(dim=0)"
GN_GROUPS = "groups = x.reshape(len(x), G, -1)  # (N, G, C/G*H*W)"
GN_STD = "std = (groups.var(dim=2, unbiased=False, keepdim=True) + eps).sqrt()"
GN_DX = "dx = ((dnormal - dnormal.mean(dim=2, keepdim=True) - along) / std).reshape(dout.shape)"
OTHER_NORMS = [
    mutant("layer norm: over the batch", ("check_layer_norm_agrees_with_torch", "check_layer_norm_of_one_row"),
           LN_STD + "\n        normal = (x - x.mean(dim=1, keepdim=True)) / std",
           LN_STD.replace("dim=1", "dim=0") + "\n        normal = (x - x.mean(dim=0, keepdim=True)) / std"),
    mutant("layer norm: divides the variance by D - 1", "check_layer_norm_agrees_with_torch",
           LN_STD, LN_STD.replace("unbiased=False, ", "")),
    mutant("layer norm: eps is always 1e-5",
           "check_layer_norm_agrees_with_torch", LN_STD, LN_STD.replace("eps", "1e-5")),
    mutant("layer norm gradient: forgets the variance",
           ("check_layer_norm_gradients_agree_with_autograd", "check_layer_norm_gradients_on_other_sizes"),
           LN_DX, LN_DX.replace(" - along", "")),
    mutant("layer norm gradient: sums dgamma over the features", "check_layer_norm_gradients_agree_with_autograd",
           LN_SUMS, LN_SUMS.replace("dim=0", "dim=1")),
    mutant("group norm: takes G for the size of a group",
           ("check_group_norm_agrees_with_torch", "check_group_norm_from_one_group_to_one_channel_each"),
           GN_GROUPS, GN_GROUPS.replace("G, -1", "x.shape[1] // G, -1")),
    mutant("group norm: divides the variance by one less", "check_group_norm_agrees_with_torch",
           GN_STD, GN_STD.replace("unbiased=False, ", "")),
    mutant("group norm gradient: forgets the mean",
           ("check_group_norm_gradients_agree_with_autograd", "check_group_norm_gradients_on_other_groups"),
           GN_DX, GN_DX.replace(" - dnormal.mean(dim=2, keepdim=True)", "")),
    mutant("group norm gradient: averages over the whole image", "check_group_norm_gradients_agree_with_autograd",
           "along = groups * (dnormal * groups).mean(dim=2, keepdim=True)",
           "along = groups * (dnormal * groups).mean(dim=(1, 2), keepdim=True)"),
]

DEEP_REG = 'grads[f"W{layer}"] = grads[f"W{layer}"] + 2 * self.reg * weight'
SOLVER = """\
    model = DeepConvNet(
        input_dims=tuple(images.shape[1:]),
        num_filters=[8, 32, 64],
        max_pools=[0, 1, 2],
        batchnorm=True,
        num_classes=int(data_dict["y_train"].max()) + 1,
        weight_scale="kaiming",
        reg=1e-4,
        dtype=dtype,
        device=device,
    )
    return Solver(
        model,
        data_dict,
        update_rule=adam,
        optim_config={"learning_rate": 5e-3},
"""
MLP = """\
    class FullyConnected:
        def __init__(self, inputs, hidden, classes):
            self.params = {
                "W1": kaiming_initializer(inputs, hidden, device=device, dtype=dtype),
                "b1": torch.zeros(hidden, device=device, dtype=dtype),
                "W2": kaiming_initializer(hidden, classes, relu=False, device=device, dtype=dtype),
                "b2": torch.zeros(classes, device=device, dtype=dtype),
            }

        def loss(self, X, y=None):
            p = self.params
            hidden, first = Linear_ReLU.forward(X, p["W1"], p["b1"])
            scores, second = Linear.forward(hidden, p["W2"], p["b2"])
            if y is None:
                return scores
            loss, dout = softmax_loss(scores, y)
            dout, dW2, db2 = Linear.backward(dout, second)
            _, dW1, db1 = Linear_ReLU.backward(dout, first)
            return loss, {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}

    model = FullyConnected(images[0].numel(), 200, 10)
    return Solver(
        model,
        data_dict,
        update_rule=adam,
        optim_config={"learning_rate": 1e-3},
"""
DEEP = [
    mutant("deep net: rounds halved sizes up", "check_deep_net_has_its_parameters",
           "height, width = height // 2, width // 2", "height, width = (height + 1) // 2, (width + 1) // 2"),
    mutant("deep net: gamma begins at zero", "check_deep_net_has_its_parameters",
           '["gamma{layer}"] = torch.ones(filters'.replace('["', '[f"'), '[f"gamma{layer}"] = torch.zeros(filters'),
    mutant("deep net: counts the pooled layers from one",
           ("check_deep_net_has_its_parameters", "check_deep_net_agrees_with_autograd"),
           "if layer - 1 in self.max_pools:", "if layer in self.max_pools:", count=2),
    mutant("deep net: the last layer is not regularised", "check_deep_net_agrees_with_autograd",
           "for layer in range(1, last + 1):\n            weight", "for layer in range(1, last):\n            weight"),
    mutant("deep net: the gradient of a layer is lost on the way back", "check_deep_net_agrees_with_autograd",
           'dout, grads[f"W{layer}"], grads[f"b{layer}"], *normal',
           '_, grads[f"W{layer}"], grads[f"b{layer}"], *normal'),
    mutant("deep net: regularises gamma too", "check_deep_net_with_batch_norm_agrees_with_autograd",
           DEEP_REG, DEEP_REG + '''
            if self.batchnorm and layer < last:
                gamma = p[f"gamma{layer}"]
                loss = loss + self.reg * gamma.square().sum()
                grads[f"gamma{layer}"] = grads[f"gamma{layer}"] + 2 * self.reg * gamma'''),
    mutant("deep net: one set of running statistics for all layers",
           ("check_deep_net_with_batch_norm_agrees_with_autograd", "check_deep_net_predicts_by_running_statistics"),
           "self.bn_params[layer - 1]", "self.bn_params[0]"),
    mutant("deep net: never leaves train mode", "check_deep_net_predicts_by_running_statistics",
           '"test" if y is None else "train"', '"train"'),
    mutant("deep net: the scores' weights get the gain of a ReLU", "check_deep_net_predicts_by_running_statistics",
           "num_classes, relu=False, **like)", "num_classes, relu=True, **like)"),
    mutant("overfitting: the weight scale of the small network, far too small for four layers",
           "check_overfit_parameters_learn_fifty_images", "return 0.1, 4e-3", "return 1e-3, 1e-3"),
    mutant("solver: trains longer than the budget",
           ("check_solver_trains_a_deep_net_within_the_budget", "check_deep_net_recognises_scenes"),
           "num_epochs=20_000 // len(images)", "num_epochs=40"),
    mutant("solver: trains a fully connected network",
           ("check_solver_trains_a_deep_net_within_the_budget", "check_deep_net_recognises_scenes"),
           SOLVER, MLP, calibrates=True),
]

FUNCTION = "    hidden = F.relu(F.conv2d(hidden, conv_w2, conv_b2, padding=1))"
MODULE_INIT = "            nn.init.kaiming_normal_(layer.weight)\n            nn.init.zeros_(layer.bias)\n"
PLAIN_FIRST = "nn.Conv2d(Cin, Cout, 3, stride=2 if downsample else 1, padding=1)"
PLAIN = f"""\
            nn.BatchNorm2d(Cin),
            nn.ReLU(),
            {PLAIN_FIRST},
            nn.BatchNorm2d(Cout),
            nn.ReLU(),
            nn.Conv2d(Cout, Cout, 3, padding=1),
"""
SUM = "return self.block(x) + self.shortcut(x)"
SHORTCUT = "self.shortcut = nn.Conv2d(Cin, Cout, 1, stride=2 if downsample else 1)"
CHANGES = """\
        self.block = PlainBlock(Cin, Cout, downsample)
        self.shortcut: nn.Module = nn.Identity()
        if Cin != Cout or downsample:
"""
STAGES = "stages = [ResNetStage(*args, block=block) for args in stage_args]"
POOLED = "return self.fc(self.cnn(x).mean(dim=(2, 3)))"
RESIDUAL = [
    res("function: no ReLU after the second convolution", "check_three_layer_function_agrees_with_the_formula",
        FUNCTION, "    hidden = F.conv2d(hidden, conv_w2, conv_b2, padding=1)"),
    res("function: adds the last bias by hand, also where it is None", "check_three_layer_function_without_biases",
        "F.linear(hidden.flatten(1), fc_w, fc_b)", "F.linear(hidden.flatten(1), fc_w) + fc_b"),
    res("module: the paddings are swapped", "check_three_layer_module_agrees_with_the_formula",
        "self.conv1 = nn.Conv2d(in_channel, channel_1, 5, padding=2)",
        "self.conv1 = nn.Conv2d(in_channel, channel_1, 5, padding=2, padding_mode='reflect')"),
    res("module: keeps torch's own initialisation", "check_three_layer_module_starts_as_described",
        MODULE_INIT, "            pass\n"),
    res("plain block: normalises after the convolutions, as in 2015", "check_plain_block_agrees_with_the_formula",
        PLAIN, f"""\
            {PLAIN_FIRST},
            nn.BatchNorm2d(Cout),
            nn.ReLU(),
            nn.Conv2d(Cout, Cout, 3, padding=1),
            nn.BatchNorm2d(Cout),
            nn.ReLU(),
"""),
    res("plain block: forgets the second ReLU", "check_plain_block_agrees_with_the_formula",
        PLAIN, PLAIN.replace("nn.BatchNorm2d(Cout),\n            nn.ReLU(),", "nn.BatchNorm2d(Cout),")),
    res("plain block: the second convolution has the stride", "check_plain_block_halves_any_size",
        PLAIN, PLAIN.replace("stride=2 if downsample else 1, padding=1", "padding=1")
        .replace("Cout, Cout, 3, padding=1", "Cout, Cout, 3, stride=2 if downsample else 1, padding=1")),
    res("residual block: a ReLU after the sum",
        ("check_residual_block_adds_its_input", "check_residual_block_with_zero_weights_is_the_identity",
         "check_bottleneck_agrees_with_the_formula"),
        SUM, "return F.relu(self.block(x) + self.shortcut(x))", count=2),
    res("residual block: nothing is added",
        "check_residual_block_adds_its_input", SUM, "return self.block(x)", count=2),
    res("residual block: pads channels of the shortcut with zeros",
        "check_residual_block_has_a_convolution_on_its_shortcut",
        SHORTCUT, "self.shortcut = nn.ZeroPad3d((0, 0, 0, 0, 0, Cout - Cin))"),
    res("residual block: normalises the shortcut", "check_residual_block_has_a_convolution_on_its_shortcut",
        SHORTCUT, "self.shortcut = nn.Sequential(nn.BatchNorm2d(Cin), nn.Conv2d(Cin, Cout, 1, stride=1 + downsample))"),
    res("residual block: no convolution where only the size changes", "check_residual_block_halves_odd_sizes",
        CHANGES, CHANGES.replace(" or downsample:", ":")),
    res("residual block: the shortcut learns nothing", "check_residual_block_halves_odd_sizes",
        SUM, "return self.block(x) + self.shortcut(x).detach()", count=2),
    res("bottleneck: half of the channels inside", "check_bottleneck_agrees_with_the_formula",
        "narrow, stride = Cout // 4,", "narrow, stride = Cout // 2,"),
    res("bottleneck: the 3x3 convolution has the stride", "check_bottleneck_halves_odd_sizes",
        "nn.Conv2d(Cin, narrow, 1, stride=stride),\n            nn.BatchNorm2d(narrow),\n            nn.ReLU(),\n"
        "            nn.Conv2d(narrow, narrow, 3, padding=1),",
        "nn.Conv2d(Cin, narrow, 1),\n            nn.BatchNorm2d(narrow),\n            nn.ReLU(),\n"
        "            nn.Conv2d(narrow, narrow, 3, stride=stride, padding=1),"),
    res("resnet: adds up all places instead of averaging", "check_resnet_agrees_with_the_formula",
        POOLED, POOLED.replace("mean", "sum")),
    res("resnet: pools 8 x 8 windows, right for one size only", "check_resnet_agrees_with_the_formula",
        POOLED, "return self.fc(F.avg_pool2d(self.cnn(x), 8).flatten(1))"),
    res("resnet: builds residual blocks whatever is asked for", "check_resnet_has_the_right_number_of_parameters",
        STAGES, STAGES.replace(", block=block", "")),
    res("resnet: is a fully connected network", ("check_resnet_recognises_scenes",),
        POOLED + "\n        ### END SOLUTION\n\n\n# %%", '''if not hasattr(self, "hidden"):
            self.hidden = nn.Linear(x[0].numel(), 200)
            self.scores = nn.Linear(200, 10)
        return self.scores(torch.relu(self.hidden(x.flatten(1))))


class ResNet(nn.Module):
    def __init__(self, stage_args, Cin=3, block=ResidualBlock, num_classes=10):
        super().__init__()
        self.hidden, self.scores = nn.Linear(Cin * 32 * 32, 200), nn.Linear(200, num_classes)

    forward = ResNet.forward


# %%''', calibrates=True),
]

VGG = "layers += [nn.Conv2d(in_channels, out_channels, 3, padding=1), nn.ReLU()]"
NIN = "nn.Conv2d(in_channels, out_channels, kernel_size, strides, padding)"
PATHS = "return torch.cat([path(x) for path in self.paths], dim=1)"
SPLIT = "layers += [nn.BatchNorm2d(channels), nn.ReLU(), nn.Conv2d(channels, num_channels, 3, padding=1)]"
DEPTHWISE = "nn.Conv2d(in_channels, in_channels, kernel_size, stride, padding=kernel_size // 2, groups=in_channels)"
STAMP = 'out[:, :, rows, columns] += torch.einsum("nchw,cf->nfhw", x, w[:, :, i, j])'
CANVAS = "out = x.new_zeros(len(x), w.shape[1], height, width)"
CONV_MACS = "macs += out.numel() * prod(layer.kernel_size) * layer.in_channels // layer.groups"
MODERN_NETS = [
    modern("vgg: one ReLU for all convolutions", "check_vgg_block_agrees_with_the_formula",
           VGG, VGG.replace(", nn.ReLU()]", "]")),
    modern("vgg: average pooling",
           "check_vgg_block_agrees_with_the_formula", "nn.MaxPool2d(2))\n    ###", "nn.AvgPool2d(2))\n    ###"),
    modern("vgg: rounds odd sizes up", "check_vgg_blocks_of_any_length_on_odd_sizes",
           "nn.MaxPool2d(2))\n    ###", "nn.MaxPool2d(2, ceil_mode=True))\n    ###"),
    modern("nin: forgets the stride",
           ("check_nin_block_agrees_with_the_formula", "check_nin_blocks_with_other_windows"),
           NIN, NIN.replace("strides, ", "1, ")),
    modern("nin: no ReLU at the end", "check_nin_block_agrees_with_the_formula",
           "nn.Conv2d(out_channels, out_channels, 1),\n        nn.ReLU(),\n    )",
           "nn.Conv2d(out_channels, out_channels, 1),\n    )"),
    modern("inception: the paths in another order", "check_inception_agrees_with_the_formula",
           PATHS, PATHS.replace("in self.paths", "in reversed(self.paths)")),
    modern("inception: pads the pooled path with zeros", "check_inception_on_small_and_negative_images",
           "nn.MaxPool2d(3, stride=1, padding=1), conv", "nn.ZeroPad2d(1), nn.MaxPool2d(3, stride=1), conv"),
    modern("residual: no ReLU after the sum", "check_residual_agrees_with_the_formula",
           "return torch.relu(self.block(x) + self.shortcut(x))", "return self.block(x) + self.shortcut(x)"),
    modern("residual: the shortcut has no stride", "check_residual_with_a_stride",
           "self.shortcut = nn.Conv2d(in_channels, num_channels, 1, stride=strides)",
           "self.shortcut = nn.Conv2d(in_channels, num_channels, 1)"),
    modern("dense: new channels first", "check_dense_block_agrees_with_the_formula",
           "x = torch.cat([x, step(x)], dim=1)", "x = torch.cat([step(x), x], dim=1)"),
    modern("dense: convolves before it normalises", "check_dense_block_agrees_with_the_formula",
           SPLIT,
           "layers += [nn.Conv2d(channels, num_channels, 3, padding=1), nn.BatchNorm2d(num_channels), nn.ReLU()]"),
    modern("dense: the bottleneck is as narrow as the step's output", "check_dense_blocks_with_a_bottleneck",
           "nn.Conv2d(channels, 4 * num_channels, 1)]\n                channels = 4 * num_channels",
           "nn.Conv2d(channels, num_channels, 1)]\n                channels = num_channels"),
    modern("transition: max pooling", "check_transition_agrees_with_the_formula",
           "nn.Conv2d(in_channels, num_channels, 1), nn.AvgPool2d(2)",
           "nn.Conv2d(in_channels, num_channels, 1), nn.MaxPool2d(2)"),
    modern("separable: one big convolution", "check_separable_convolution_agrees_with_the_formula",
           DEPTHWISE, DEPTHWISE.replace(", groups=in_channels", "")),
    modern("separable: pads by one, whatever the window", "check_separable_convolutions_with_strides",
           DEPTHWISE, DEPTHWISE.replace("kernel_size // 2", "1")),
    modern("transposed: stamps overwrite each other", "check_transposed_convolution_agrees_with_torch",
           STAMP, STAMP.replace("+=", "=")),
    modern("transposed: flips the filters", "check_transposed_convolution_agrees_with_torch",
           STAMP, STAMP.replace("[:, :, i, j])", "[:, :, -1 - i, -1 - j])")),
    modern("transposed: calls torch's", "check_transposed_convolution_agrees_with_torch",
           "    height, width = (x.shape[2] - 1)",
           "    return torch.conv_transpose2d(x, w, stride=stride, padding=pad)\n    height, width = (x.shape[2] - 1)"),
    modern("transposed: pads instead of cutting", "check_transposed_convolution_agrees_with_torch",
           "return out[:, :, pad : height - pad, pad : width - pad]",
           "return torch.nn.functional.pad(out, (pad, pad, pad, pad))"),
    modern("transposed: stamps onto float64", "check_transposed_convolution_on_other_sizes",
           CANVAS, "out = torch.zeros(len(x), w.shape[1], height, width, dtype=torch.float64)"),
    modern("macs: counts parameters", ("check_macs_of_single_convolutions", "check_macs_of_a_network"),
           CONV_MACS, "macs += layer.weight.numel()"),
    modern("macs: two operations for each", "check_macs_of_single_convolutions",
           CONV_MACS, CONV_MACS.replace("out.numel()", "2 * out.numel()")),
    modern("macs: forgets the linear layers", "check_macs_of_a_network",
           "macs += out.numel() * layer.in_features", "pass"),
    modern("macs: ignores groups", "check_counting_leaves_the_module_as_it_was",
           CONV_MACS, CONV_MACS.replace(" // layer.groups", "")),
    modern("macs: leaves its hooks behind", "check_counting_leaves_the_module_as_it_was",
           "            hook.remove()", "            pass"),
    modern("macs: leaves the module in evaluation mode", "check_counting_leaves_the_module_as_it_was",
           "            part.training = training", "            pass"),
    modern("macs: counts in training mode, which moves running statistics",
           "check_counting_leaves_the_module_as_it_was",
           "    module.eval()\n    try:", "    try:"),
    modern("macs: puts the image on the CPU in float32", "check_counting_leaves_the_module_as_it_was",
           "module(torch.zeros(1, *input_shape, dtype=like.dtype, device=like.device))",
           "module(torch.zeros(1, *input_shape))"),
]
# fmt: on

MUTANTS = CONVOLUTION + POOLING + SMALL_NET + BATCH_NORM + OTHER_NORMS + DEEP + RESIDUAL + MODERN_NETS
