"""What the public checks of a08 lend to the student's code: stand-ins that are right for the inputs of one check."""

# Right where one channel stands out and the other two are equal.
LOANS_OF_GREY = """
import torch

def one_tone(image):
    low = image.median(dim=0).values
    tone = low + image.new_tensor([0.299, 0.587, 0.114])[image.argmax(dim=0)] * (image.amax(dim=0) - low)
    return torch.stack([tone] * 3)

LOANS = {"to_grey": one_tone}
"""

# Saturation is right for one colour, whose luma is 0.3484. The other two only show a factor that is not 1, or a shift.
LOANS_OF_COLOURS = """
LOANS = {
    "adjust_brightness": lambda image, factor: factor * image,
    "adjust_contrast": lambda image, factor: image + 0.1 * (factor - 1),
    "adjust_saturation": lambda image, factor: factor * image + (1 - factor) * 0.3484,
    "adjust_hue": lambda image, shift: image + shift,
}
"""

# Boxes are as high as the image and half as wide, pixels are the nearest ones, and grey is the mean of the channels.
LOANS_OF_CHAIN = """
import torch

def half(height, width, scale=(0.5, 1.0), ratio=(0.75, 4 / 3)):
    return 0, int(torch.randint(width // 2 + 1, ())), height, width - width // 2

def nearest(image, top, left, height, width, size):
    steps = torch.arange(size, device=image.device)
    return image[:, top + steps * height // size][:, :, left + steps * width // size]

LOANS = {
    "sample_crop": half,
    "resized_crop": nearest,
    "color_jitter": lambda image, *strengths, **named: image,
    "to_grey": lambda image: torch.stack([image.mean(dim=0)] * 3),
}
"""

# Right for vectors that are parallel or orthogonal.
LOANS_OF_SIM = """
def parallel(z_i, z_j):
    return z_i.new_tensor(float(z_i @ z_j > 0.5 * z_i.norm() * z_j.norm()))

LOANS = {"sim": parallel}
"""

# With loops, which these tasks forbid, and without a gradient.
LOANS_OF_MATRIX = """
import math

def cosine(a, b):
    return sum(x * y for x, y in zip(a, b)) / math.hypot(*a) / math.hypot(*b)

def column(out_left, out_right):
    return out_left.new_tensor([[cosine(a, b)] for a, b in zip(out_left.tolist(), out_right.tolist())])

def table(out):
    rows = out.tolist()
    return out.new_tensor([[cosine(a, b) for b in rows] for a in rows])

LOANS = {"sim_positive_pairs": column, "compute_sim_matrix": table}
"""

# Right where all views have one length and left views resemble each other as much as they resemble right ones.
LOANS_OF_LOSS = """
import math

import torch

def across(out_left, out_right, tau, device=None):
    count = len(out_left)
    logits = out_left @ out_right.T * count / (out_left.norm() * out_right.norm() * tau)
    logits = logits + math.log(2) * (1 - torch.eye(count, dtype=logits.dtype, device=logits.device))
    return torch.nn.functional.cross_entropy(logits, torch.arange(count, device=logits.device))

LOANS = {"simclr_loss_naive": across, "simclr_loss_vectorized": across}
"""
