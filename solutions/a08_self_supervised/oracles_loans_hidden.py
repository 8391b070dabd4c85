"""What the hidden checks of a08 lend to the student's code: complete versions of other tasks' work."""

import inspect

from oracles import shifted

LOANS_OF_GREY = """
import torch


def grey(image):
    luma = torch.einsum("chw,c->hw", image, image.new_tensor([0.299, 0.587, 0.114]))
    return torch.stack([luma] * 3)


LOANS = {"to_grey": grey}
"""

LOANS_OF_COLOURS = (
    LOANS_OF_GREY
    + "\nimport colorsys\n\nfrom torch import Tensor\n\n\n"
    + inspect.getsource(shifted)
    + """

def toned(image, dull, factor):
    return (dull + factor * (image - dull)).clamp(0, 1)


LOANS |= {
    "adjust_brightness": lambda image, factor: toned(image, 0.0, factor),
    "adjust_contrast": lambda image, factor: toned(image, grey(image).mean(), factor),
    "adjust_saturation": lambda image, factor: toned(image, grey(image), factor),
    "adjust_hue": lambda image, shift: shifted(image, shift),
}
"""
)

LOANS_OF_CHAIN = (
    LOANS_OF_COLOURS
    + """
import math


def box(height, width, scale=(0.5, 1.0), ratio=(3 / 4, 4 / 3)):
    for area, shape, down, right in torch.rand(10, 4, dtype=torch.float64).tolist():
        area = (scale[0] + area * (scale[1] - scale[0])) * height * width
        shape = ratio[0] * (ratio[1] / ratio[0]) ** shape
        h, w = round(math.sqrt(area / shape)), round(math.sqrt(area * shape))
        if 1 <= min(h, w) and h <= height and w <= width:
            return int(down * (height - h + 1)), int(right * (width - w + 1)), h, w
    return 0, 0, height, width


def cut(image, top, left, height, width, size):
    part = image[None, :, top : top + height, left : left + width]
    return torch.nn.functional.interpolate(part, size=(size, size), mode="bilinear")[0]


def jitter(image, brightness=0.4, contrast=0.4, saturation=0.4, hue=0.1):
    a, b, c, d = (2 * torch.rand(4, dtype=torch.float64) - 1).tolist()
    image = toned(image, 0.0, 1 + a * brightness)
    image = toned(image, grey(image).mean(), 1 + b * contrast)
    return shifted(toned(image, grey(image), 1 + c * saturation), d * hue)


LOANS |= {"sample_crop": box, "resized_crop": cut, "color_jitter": jitter}
"""
)

LOANS_OF_SIM = """
def cosine(z_i, z_j):
    return (z_i * z_j).sum() / (z_i.norm() * z_j.norm())


LOANS = {"sim": cosine}
"""

LOANS_OF_MATRIX = """
import torch


def column(out_left, out_right):
    lengths = out_left.norm(dim=1) * out_right.norm(dim=1)
    return (torch.einsum("nd,nd->n", out_left, out_right) / lengths)[:, None]


def table(out):
    rows = out / out.norm(dim=1, keepdim=True)
    return torch.einsum("id,jd->ij", rows, rows)


LOANS = {"sim_positive_pairs": column, "compute_sim_matrix": table}
"""

LOANS_OF_LOSS = """
import torch


def loss(out_left, out_right, tau, device=None):
    views = torch.nn.functional.normalize(torch.cat([out_left, out_right]), dim=1)
    logits = (views @ views.T / tau).fill_diagonal_(-1e30)
    partners = torch.arange(len(views), device=views.device).roll(len(out_left))
    return torch.nn.functional.cross_entropy(logits, partners)


LOANS = {"simclr_loss_naive": loss, "simclr_loss_vectorized": loss}
"""

LOANS_OF_PRETRAINING = (
    LOANS_OF_CHAIN
    + LOANS_OF_LOSS.replace("LOANS = ", "LOANS |= ")
    + """

def transform_of(seed=123456, size=32, scale=(0.5, 1.0)):
    torch.manual_seed(seed)

    def transform(image):
        image = cut(image, *box(*image.shape[1:], scale=scale), size)
        mirrored, jittered, without = (torch.rand(3) < torch.tensor([0.5, 0.8, 0.2])).tolist()
        image = image.flip(2) if mirrored else image
        image = jitter(image) if jittered else image
        return grey(image) if without else image

    return transform


class Pairs(torch.utils.data.Dataset):
    def __init__(self, images, labels, transform=None):
        self.images, self.labels, self.transform = images, labels, transform or (lambda image: image)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        image = self.images[index]
        return self.transform(image), self.transform(image), self.labels[index]


LOANS |= {"compute_train_transform": transform_of, "PairDataset": Pairs}
"""
)
