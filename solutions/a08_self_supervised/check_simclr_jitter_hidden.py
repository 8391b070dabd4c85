"""Hidden checks of the jitter, alone and in the transform: the distributions of its amounts, and their order."""

from itertools import combinations

import torch
from oracles import (
    DRAWS,
    LUMA,
    expect_drawn_by_torch,
    expect_independent,
    expect_share,
    expect_uniform,
    luma,
    slope_image,
)
from oracles_loans_hidden import LOANS_OF_CHAIN, LOANS_OF_COLOURS
from torch import Tensor

from autograder import Message, expect, expect_close, expect_shape, task

FOUR = (
    "All four act, each with a uniform draw of its own: factors from 1 - strength to 1 + strength, the shift of the "
    "hue from -hue to hue."
)
CHAIN = "The chain calls color_jitter(image) with its default strengths."
COINS = "Mirror, jitter and grey are decided independently: a number of its own for each, in each call."
NONE = {"brightness": 0.0, "contrast": 0.0, "saturation": 0.0, "hue": 0.0}


def draw(student, rng, pixels: list[list[float]], count: int, **strength: float) -> Tensor:
    """Jitter a row of pixels many times, with only these strengths: (count, 3, pixels)."""
    image = torch.tensor(pixels, dtype=torch.float64, device=rng.device).T[:, None].contiguous()  # (3, 1, pixels)
    out = student.define(DRAWS).jittered(student.color_jitter, image, count, **{**NONE, **strength})
    expect_shape(out, (count, *image.shape))
    return out[:, :, 0].cpu()


@task("color_jitter", share=20, loans=LOANS_OF_COLOURS)
def check_law_of_the_jitter(student, rng):
    """Factors are uniform around 1 and shifts around 0, for each of the four and any strength."""
    red = [0.5, 0.2, 0.2]
    brightened = draw(student, rng, [red], 400, brightness=0.3)[:, 0, 0]
    expect_uniform(brightened / 0.5, 0.7, 1.3, Message("the factor of brightness"), slack=1e-3, hint=FOUR)
    saturated = draw(student, rng, [red], 400, saturation=0.5)[:, 0, 0]
    saturation = (saturated - luma(red)) / (0.5 - luma(red))
    expect_uniform(saturation, 0.5, 1.5, Message("the factor of saturation"), slack=2e-3, hint=FOUR)
    contrasted = draw(student, rng, [[0.4] * 3, [0.6] * 3], 400, contrast=0.4)[:, 0, 1]
    expect_uniform((contrasted - 0.5) / 0.1, 0.6, 1.4, Message("the factor of contrast"), slack=2e-3, hint=FOUR)
    shifted = draw(student, rng, [red], 400, hue=0.1)[:, :, 0]  # towards yellow red gains green, towards purple blue
    shift = (shifted[:, 1] - shifted[:, 2]) / 0.3 / 6
    expect_uniform(shift, -0.1, 0.1, Message("the shift of the hue"), slack=1e-3, hint=FOUR)


def revealing(rng) -> Tensor:
    """Return rows of two greys, a red and its complement, with mean luma 1/2: they reveal all four amounts. (3, 4, 4)

    With the default strengths no value leaves [0, 1], and mirroring does not change the image.
    """
    rows = [[0.4] * 3, [0.6] * 3, [0.55, 0.45, 0.45], [0.45, 0.55, 0.55]]
    return torch.tensor(rows, dtype=torch.float64, device=rng.device).T[:, :, None].repeat(1, 1, 4)


def judge_amounts(out: Tensor, hint: str) -> None:
    """Compare the amounts of jittered revealing images, (draws, 3, 4, 4), with the default strengths.

    No colour operation changes the hue of a grey, contrast keeps the mean luma, and only the hue swaps channels.
    """
    dark, bright, red = out[:, 0, 0, 0], out[:, 0, 1, 0], out[:, :, 2, 0]
    brightness = dark + bright
    contrast = (bright - dark) / (0.2 * brightness)
    chroma = red.amax(1) - red.amin(1)
    amounts = {
        Message("the factor of brightness"): (brightness, 1, 0.4),
        Message("the factor of contrast"): (contrast, 1, 0.4),
        Message("the factor of saturation"): (chroma / (0.1 * brightness * contrast), 1, 0.4),
        Message("the shift of the hue"): ((red[:, 1] - red[:, 2]) / chroma / 6, 0, 0.1),
    }
    for name, (values, centre, strength) in amounts.items():
        expect_uniform(values, centre - strength, centre + strength, name, slack=2e-3, hint=hint)
    for (first, (a, _, _)), (second, (b, _, _)) in combinations(amounts.items(), 2):
        expect_independent(a, b, Message("{first} and {second}", first=first, second=second))


@task("color_jitter", share=20, loans=LOANS_OF_COLOURS)
def check_jitter_draws_each_amount_for_itself(student, rng):
    """Brightness, contrast, saturation and hue draw independent amounts, from torch's random numbers."""
    helper, image = student.define(DRAWS), revealing(rng)
    out = helper.jittered(student.color_jitter, image, 600)
    expect_shape(out, (600, 3, 4, 4))
    judge_amounts(out.cpu(), FOUR)
    expect_drawn_by_torch(student, lambda: helper.jittered(student.color_jitter, image, 10))


def blend(image: Tensor, dull: Tensor | float, factor: Tensor) -> Tensor:
    """Blend each image of (count, 3, pixels) by its own factor."""
    factor = factor[:, None, None]
    return (factor * image + (1 - factor) * dull).clamp(0, 1)


def saturate(image: Tensor, factor: Tensor) -> Tensor:
    """Change the saturation of each image by its own factor."""
    return blend(image, torch.einsum("c,ncp->np", image.new_tensor(list(LUMA.values())), image)[:, None], factor)


@task("color_jitter", share=20, any_dtype=True, loans=LOANS_OF_COLOURS)
def check_order_of_the_jitter(student, rng):
    """Brightness comes before contrast, contrast before saturation, saturation before hue, in every draw."""
    # Brightness cannot make white brighter, so the mean is at most 1/2; contrast does not change the mean.
    black_and_white = draw(student, rng, [[0.0] * 3, [1.0] * 3], 150, brightness=0.5, contrast=0.5)[:, 0]
    black, white = black_and_white[black_and_white.sum(1).argmax()].tolist()
    expect(
        black + white < 1.001,
        Message(
            "Jittered in brightness and contrast, half black and half white became {black:.3f} and {white:.3f}.",
            black=black,
            white=white,
        ),
        "Change the brightness first and clamp: then the mean of the two is at most 1/2.",
    )
    # The greys show the contrast, the faint colours the saturation. The first operation clamps red and cyan.
    pixels = [[1.0, 0, 0], [0, 1.0, 1.0], [0.4] * 3, [0.6] * 3, [0.55, 0.5, 0.45], [0.45, 0.5, 0.55]]  # mean luma 1/2
    out = draw(student, rng, pixels, 150, contrast=0.8, saturation=0.8)
    contrast = (out[:, 0, 3] - out[:, 0, 2]) / 0.2
    saturation = (out[:, 0, 4] - out[:, 2, 4]) / (0.1 * contrast)
    image = torch.tensor(pixels, dtype=torch.float64).T.expand(150, 3, 6)
    expected = saturate(blend(image, 0.5, contrast), saturation)
    expect_close(out, expected, atol=2e-3, name="six colours, jittered in contrast and saturation", mistakes={
        "Saturation acted before contrast.": lambda: blend(saturate(image, saturation), 0.5, contrast),
    })  # fmt: skip
    # A shift of the hue changes neither the largest channel nor the chroma, so their relation stays the same.
    blue = [0.3, 0.3, 0.6]
    out = draw(student, rng, [blue], 150, saturation=0.5, hue=0.5)[:, :, 0]
    largest, chroma = out.amax(1), out.amax(1) - out.amin(1)
    expected = luma(blue) + (0.6 - luma(blue)) * chroma / 0.3
    worst = int((largest - expected).abs().argmax())
    expect(
        abs(float(largest[worst] - expected[worst])) < 2e-3,
        Message(
            "Jittered in saturation and hue, {blue} became {got}; a colour with this difference of channels has "
            "{expected:.3f} as its largest.",
            blue=blue,
            got=[round(v, 3) for v in out[worst].tolist()],
            expected=float(expected[worst]),
        ),
        "Change the saturation before the hue: it blends with the grey of the pixel before its hue is shifted.",
    )


def one_colour(rng, red: float, green: float, blue: float) -> Tensor:
    """Return an image of one colour, which no crop and no mirror changes."""
    return torch.tensor([red, green, blue], dtype=torch.float64, device=rng.device).view(3, 1, 1).repeat(1, 12, 9)


@task("compute_train_transform", share=10, loans=LOANS_OF_CHAIN, may_seed=True)
def check_how_often_colours_are_jittered(student, rng):
    """Over 1,500 draws the colours are jittered in 80 %, independently of grey and mirror."""
    transform = student.compute_train_transform(seed=rng.int(0, 10**6), size=4)
    image, helper = one_colour(rng, 0.6, 0.3, 0.2), student.define(DRAWS)
    out = helper.marked_views(transform, image, 1500)[:, :, 1, 1].cpu()  # (1500, 3)
    grey = (out.amax(1) - out.amin(1)) < 1e-5
    expect_share(grey, 0.2, Message("The view is grey"))
    dull = luma([0.6, 0.3, 0.2])
    untouched = torch.where(grey, (out[:, 0] - dull).abs() < 2e-4, (out - image[:, 0, 0].cpu()).abs().amax(1) < 1e-5)
    often = "Jitter with probability 0.8, before the grey: torch.rand(()) < 0.8."
    expect_share(~untouched, 0.8, Message("Colours are jittered"), often)
    expect_share(untouched & grey, 0.04, Message("Colours are made grey without being jittered"), COINS)
    out = helper.marked_views(transform, slope_image(rng.device), 1500).cpu()  # its channels differ by 0.05 everywhere
    plain = (out[:, :2] - out[:, 1:] - 0.05).abs().flatten(1).amax(1) < 1e-5
    mirrored = out[..., :2].sum((1, 2, 3)) > out[..., 2:].sum((1, 2, 3))
    expect_share(plain & mirrored, 0.08, Message("The view is mirrored and neither jittered nor grey"), COINS)


@task("compute_train_transform", share=10, loans=LOANS_OF_CHAIN, may_seed=True)
def check_strengths_of_the_chain(student, rng):
    """The transform uses the default strengths: factors fill 0.6 to 1.4 and shifts of the hue -0.1 to 0.1."""
    image, whole = revealing(rng), (0.99, 1.0)  # the only box of 4 x 4 that has 99 % of the area and fits is all of it
    transform = student.compute_train_transform(seed=rng.int(0, 10**6), size=4, scale=whole)
    out = student.define(DRAWS).views(transform, image, 700).cpu()
    expect_shape(out, (700, 3, 4, 4))
    jittered = (out - image.cpu()).abs().flatten(1).amax(1) > 1e-5
    uncropped = (out[..., :1] - out).abs().flatten(1).amax(1) < 1e-5  # the four columns are equal
    rows = out[:, 0, 1, 0] - out[:, 0, 0, 0]
    expect(
        bool(uncropped.all()) and bool((rows > 1e-3).all()),
        "With scale=(0.99, 1.0) some views show only a part of the image.",
        "compute_train_transform passes its scale on: sample_crop(..., scale=scale).",
    )
    coloured = (out[:, :, 2].amax(1) - out[:, :, 2].amin(1)).amax(1) > 1e-5
    expect_share(jittered & coloured, 0.64, Message("The view is jittered and not grey"))
    judge_amounts(out[jittered & coloured], CHAIN)


def grey_values(views: Tensor) -> Tensor:
    """Return the values of the views that are grey, of an image of one colour."""
    colours = views[:, :, 1, 1]
    return colours[(colours.amax(1) - colours.amin(1)) < 1e-5, 0]


@task("compute_train_transform", share=10, loans=LOANS_OF_CHAIN, may_seed=True)
def check_order_of_the_chain(student, rng):
    """Colours are jittered after the crop and before the grey, where a shifted hue is visible."""
    helper = student.define(DRAWS)
    transform = student.compute_train_transform(seed=rng.int(0, 10**6), size=4)
    blue = one_colour(rng, 0.1, 0.1, 0.9)
    greys = grey_values(helper.marked_views(transform, blue, 200).cpu())
    # Blue has luma 0.19. Brightness alone makes at most 0.27 of it; shifted towards cyan, blue reaches 0.5.
    if int((greys > 0.28).sum()) < 10:  # it jitters without color_jitter: few hues shift that far
        greys = torch.cat([greys, grey_values(helper.views(transform, blue, 1300).cpu())])
    brighter = int((greys > 0.28).sum())
    expect(
        brighter >= 10,
        Message(
            "Of {count} grey views only {brighter} are brighter than a blue with an unchanged hue.",
            count=len(greys),
            brighter=brighter,
        ),
    )
    halves = torch.zeros(3, 16, 16, dtype=torch.float64, device=rng.device)
    halves[:, :, 8:] = 0.6
    transform = student.compute_train_transform(seed=rng.int(0, 10**6), size=4, scale=(0.1, 0.2))
    out = helper.marked_views(transform, halves, 300).cpu().flatten(1)
    even = out[out.amax(1) - out.amin(1) < 1e-6].mean(1)  # crops of one half alone, about half of all
    expect(
        len(even) > 50,
        Message("Of an image half black, half grey {count} of 300 small crops have only one tone.", count=len(even)),
        "Each view begins with a random resized crop, with the scale that was given.",
    )
    dim = even[(even > 1e-6) & (even < 0.6 * 0.6 - 1e-3)]
    expect(
        len(dim) == 0,
        Message(
            "{dark} of {all} crops of only black, or of only grey 0.6, are dark grey.",
            dark=len(dim),
            all=len(even),
        ),
        "Crop first: then black remains black, and 0.6 becomes at least 0.36; contrast uses only the crop.",
    )
