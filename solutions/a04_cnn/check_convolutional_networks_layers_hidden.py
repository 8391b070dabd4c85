"""Hidden checks of convolution and pooling by hand: odd sizes, float32, views, one image, overlapping windows.

Images, filters and windows are square here; the public checks have other ones.
"""

import torch
from oracles import BY_HAND, conv, judge_ties, output_of, pool, pool_param
from oracles_hidden import judge_layer

from autograder import expect_close, expect_equal, forbid, task


@task("Conv.forward", share=20)
def check_conv_keeps_float32_and_its_inputs(student, rng):
    """Convolution keeps float32, accepts views and batches of one, and leaves its inputs unchanged."""
    forbid(student, "Conv.forward", calls=BY_HAND)
    x = rng.normal(3, 9, 9, 1, dtype=torch.float32).permute(3, 0, 2, 1)  # (1, 3, 9, 9), not contiguous
    w, b = rng.normal(3, 5, 3, 3, dtype=torch.float32).permute(1, 0, 3, 2), rng.normal(5, dtype=torch.float32)
    seen = student.inspect(student.Conv.forward, x, w, b, {"stride": 2, "pad": 2})
    expected = conv(2, 2)(x.double(), w.double(), b.double()).float()
    expect_close(output_of(seen), expected, name="out", atol=1e-4)
    expect_equal(seen.args[:3], (x, w, b), name="the inputs after the call")


@task("Conv.forward", share=20, any_dtype=True)
def check_conv_with_windows_of_any_size(student, rng):
    """Convolution is right for 1 x 1 filters, filters as large as the image, and filters that fit only with padding."""
    forbid(student, "Conv.forward", calls=BY_HAND)
    for size, window, stride, pad in [((6, 6), (1, 1), 3, 0), ((5, 5), (5, 5), 1, 0), ((3, 3), (5, 5), 2, 2)]:
        x, w, b = (rng.normal(*shape, dtype=torch.float32) for shape in [(2, 3, *size), (4, 3, *window), (4,)])
        out, _ = student.Conv.forward(x, w, b, {"stride": stride, "pad": pad})
        expect_close(out, conv(stride, pad)(x, w, b), name="out")


@task("Conv.backward", share="2/7", any_dtype=True)
def check_conv_gradients_for_all_strides_and_pads(student, rng):
    """The gradients of convolution are right for strides 1 to 3 and pads 0 to 2, whether windows fit evenly or not."""
    for stride, pad in [(1, 0), (1, 2), (2, 1), (3, 0), (3, 2)]:
        inputs = [rng.normal(*shape, dtype=torch.float32) for shape in [(2, 2, 8, 8), (3, 2, 3, 3), (3,)]]
        judge_layer(
            student, rng, "Conv", conv(stride, pad), "dx dw db", inputs, [{"stride": stride, "pad": pad}], atol=1e-4
        )


@task("Conv.backward", share="1/7")
def check_conv_gradients_in_float32(student, rng):
    """The gradients of convolution keep float32, and are right for one image and one filter."""
    inputs = [rng.normal(*shape, dtype=torch.float32) for shape in [(1, 4, 6, 6), (1, 4, 3, 3), (1,)]]
    judge_layer(student, rng, "Conv", conv(2, 1), "dx dw db", inputs, [{"stride": 2, "pad": 1}], atol=1e-4)


@task("Conv.backward", share="1/7", any_dtype=True)
def check_conv_gradients_of_tiny_images(student, rng):
    """The gradients of convolution are right where padding is wider than the image."""
    inputs = rng.normal(3, 2, 1, 1), rng.normal(2, 2, 3, 3), rng.normal(2)
    judge_layer(student, rng, "Conv", conv(1, 2), "dx dw db", inputs, [{"stride": 1, "pad": 2}])
    inputs = rng.normal(3, 2, 5, 5), rng.normal(2, 2, 1, 1), rng.normal(2)
    judge_layer(student, rng, "Conv", conv(3, 0), "dx dw db", inputs, [{"stride": 3, "pad": 0}])


@task("MaxPool.forward", share=25)
def check_max_pooling_when_windows_do_not_divide(student, rng):
    """Max pooling omits rows and columns that do not fill a window, and leaves its input unchanged."""
    forbid(student, "MaxPool.forward", calls=BY_HAND)
    for size, (height, width, stride) in [
        ((8, 8), (3, 3, 2)),
        ((8, 8), (3, 3, 3)),
        ((6, 6), (2, 2, 3)),
        ((5, 5), (5, 5, 1)),
    ]:
        x = rng.normal(2, 3, *size)
        seen = student.inspect(student.MaxPool.forward, x, pool_param(height, width, stride))
        expect_close(output_of(seen), pool(height, width, stride)(x), name="out")
        expect_equal(seen.args[0], x, name="the input after the call")


@task("MaxPool.forward", share=25)
def check_max_pooling_keeps_float32_and_takes_views(student, rng):
    """Max pooling keeps float32, accepts views, and is right for values of any sign and size."""
    forbid(student, "MaxPool.forward", calls=BY_HAND)
    x = -1e6 * rng.uniform(6, 6, 3, 1, dtype=torch.float32).permute(3, 2, 0, 1)  # (1, 3, 6, 6), all negative
    out, _ = student.MaxPool.forward(x, pool_param(3, 3, 1))
    expect_close(out, pool(3, 3, 1)(x), name="out")


@task("MaxPool.backward", share=25)
def check_max_pooling_gradient_where_windows_overlap(student, rng):
    """Where windows overlap, a pixel gets the gradients of all windows whose maximum it is, in float32 too."""
    for size, window, dtype in [
        ((7, 7), (3, 3, 1), torch.float64),
        ((8, 8), (3, 3, 2), torch.float64),
        ((5, 5), (2, 2, 3), torch.float32),
    ]:
        x = rng.normal(2, 3, *size, dtype=dtype)
        judge_layer(student, rng, "MaxPool", pool(*window), "dx", [x], [pool_param(*window)])


@task("MaxPool.backward", share=25, any_dtype=True)
def check_max_pooling_gradient_of_windows_of_equal_numbers(student, rng):
    """If all numbers of a window are equal, one pixel gets its gradient, in images of any size."""
    for shape in ((2, 1, 4, 4), (1, 3, 10, 10)):
        judge_ties(student, torch.full(shape, -1.5, dtype=torch.float64, device=rng.device), rng)
        judge_ties(student, rng.integers(-1, 2, *shape).double(), rng)
