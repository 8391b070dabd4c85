"""Wrong answers to a04, convolution and pooling by hand, each with the check that must notice it."""

from autograder.authoring.mutants import mutants_of

mutant = mutants_of("convolutional_networks.py")


# fmt: off
PRODUCTS = 'out = torch.einsum("nchwij,fcij->nfhw", windows, w) + b[:, None, None]'
WINDOWS = "windows = padded.unfold(2, w.shape[2], stride).unfold(3, w.shape[3], stride)"
HERE = "here = (..., slice(i, i + stride * height, stride), slice(j, j + stride * width, stride))"
DW = 'dw[:, :, i, j] = torch.einsum("nfhw,nchw->fc", dout, padded[here])'
DPADDED = "dpadded[here] += torch"
CUT = "dx = dpadded[:, :, pad : padded.shape[2] - pad, pad : padded.shape[3] - pad]"
ZEROS = "dw, dpadded = torch.zeros_like(w), torch.zeros_like(padded)"
AFTER_CONV = "# %% [markdown]\n# What can one filter do?"

CONVOLUTION = [
    mutant("conv: backward reads what the last forward stored", "check_conv_gradients_of_tiny_images",
           "cache = (padded, w, stride, pad)", "cache = Conv.last = (padded, w, stride, pad)",
           also=(("padded, w, stride, pad = cache", "padded, w, stride, pad = Conv.last"),)),
    mutant("max pooling: backward reads what the last forward stored",
           "check_max_pooling_gradient_where_windows_overlap",
           "cache = (x.shape, where, pool_param)", "cache = MaxPool.last = (x.shape, where, pool_param)",
           also=(("shape, where, pool_param = cache", "shape, where, pool_param = MaxPool.last"),)),
    mutant("conv: flips the filters", "check_conv_agrees_with_torch",
           PRODUCTS, PRODUCTS.replace("windows, w)", "windows, w.flip(2, 3))")),
    mutant("conv: forgets the bias", "check_conv_agrees_with_torch",
           PRODUCTS, PRODUCTS.replace(" + b[:, None, None]", "")),
    mutant("conv: pads rows only", "check_conv_agrees_with_torch",
           "(pad, pad, pad, pad)", "(0, 0, pad, pad)"),
    mutant("conv: assumes square filters", "check_conv_agrees_with_torch",
           WINDOWS, WINDOWS.replace("w.shape[3]", "w.shape[2]")),
    mutant("conv: calls F.conv2d", "check_conv_agrees_with_torch",
           PRODUCTS, "out = F.conv2d(x, w, b, stride=stride, padding=pad)"),
    mutant("conv: calls the fast layer", ("check_conv_agrees_with_torch", "check_conv_keeps_float32_and_its_inputs"),
           PRODUCTS, "out, _ = FastConv.forward(x, w, b, conv_param)"),
    mutant("conv: the stride is for rows only", "check_conv_takes_strides_and_pads",
           WINDOWS, WINDOWS.replace("w.shape[3], stride", "w.shape[3], 1")),
    mutant("conv: squeezes the filters, so 1 x 1 windows lose their axes", "check_conv_with_windows_of_any_size",
           PRODUCTS, PRODUCTS.replace("windows, w)", "windows, w.squeeze())")),
    mutant("conv: computes in float64 and returns it", "check_conv_keeps_float32_and_its_inputs",
           PRODUCTS, PRODUCTS.replace("windows, w)", "windows.double(), w.double())")),
    mutant("conv: flattens with view, which needs contiguous images", "check_conv_keeps_float32_and_its_inputs",
           "        " + WINDOWS, "        x.view(-1)\n        " + WINDOWS),
    mutant("conv gradient: pixels get the gradient of the last window only",
           "check_conv_gradients_agree_with_autograd",
           DPADDED, DPADDED.replace("+=", "=")),
    mutant("conv gradient: does not remove the padding", "check_conv_gradients_agree_with_autograd",
           CUT, "dx = dpadded"),
    mutant("conv gradient: averages dw over the images", "check_conv_gradients_agree_with_autograd",
           DW, DW + " / len(dout)"),
    mutant("conv gradient: a db for each place", "check_conv_gradients_agree_with_autograd",
           "        db = dout.sum(dim=(0, 2, 3))", "        db = dout.sum(dim=0)"),
    mutant("conv gradient: the filter flipped", "check_conv_gradients_agree_with_autograd",
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
    mutant("conv gradient: slices pad:-pad, which is empty for pad 0",
           ("check_conv_gradients_with_a_stride", "check_conv_gradients_of_tiny_images"),
           CUT, "dx = dpadded[:, :, pad:-pad, pad:-pad]"),
    mutant("conv gradient: computes in float64 and returns it", "check_conv_gradients_in_float32",
           ZEROS, ZEROS + "\n        dw = dw.double()"),
]

POOL = "out, where = windows.max(dim=4)"
POOL_SIZES = 'height, width, stride = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]'
POOL_WINDOWS = "windows = x.unfold(2, height, stride).unfold(3, width, stride).flatten(4)"
SEND = "dx.scatter_add_(2, (rows * shape[3] + columns).flatten(2), dout.flatten(2))"
AFTER_POOL = "# %% [markdown]\n# ### Fast layers"
ALL_MAXIMA = '''
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

'''
POOLING = [
    mutant("pool: assumes square windows", "check_max_pooling_agrees_with_torch",
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
    mutant("pool gradient: a pixel gets the gradient of one window only",
           ("check_max_pooling_gradient_agrees_with_autograd", "check_max_pooling_gradient_where_windows_overlap"),
           SEND, SEND.replace("scatter_add_", "scatter_")),
    mutant("pool gradient: all maxima of a window get the whole gradient",
           "check_max_pooling_gradient_is_passed_on_once", AFTER_POOL, ALL_MAXIMA + AFTER_POOL),
    mutant("pool gradient: the maxima of a window share it",
           ("check_max_pooling_gradient_is_passed_on_once", "check_max_pooling_gradient_of_windows_of_equal_numbers"),
           AFTER_POOL, ALL_MAXIMA.replace("+= mask", "+= mask / mask.sum(dim=(2, 3), keepdim=True)") + AFTER_POOL),
    mutant("pool gradient: computes in float64 and returns it", "check_max_pooling_gradient_where_windows_overlap",
           "return dx.reshape(shape)", "return dx.reshape(shape).double()"),
]
# fmt: on

MUTANTS = CONVOLUTION + POOLING
