"""What the checks of a09 lend to the student's code: other tasks' methods, from the oracles' plain tables."""

import inspect

from oracles import implied, left_after, left_at, noised, per_image, posterior

LOANS_OF_PROCESS = (
    "from __future__ import annotations\n\nimport math\n\nimport torch\nfrom torch import Tensor\n\n\n"
    + "\n\n".join(map(inspect.getsource, (left_at, left_after, per_image, noised, posterior, implied)))
    + """

def mixed(self, x_start, t, noise):
    return noised(left_after(self.betas), t, x_start, noise)


def image_of(self, x_t, t, noise):
    return implied(noise, x_t, per_image(left_after(self.betas), t, x_t), "pred_noise", 1e9)[1]


def noise_of(self, x_t, t, x_start):
    return implied(x_start, x_t, per_image(left_after(self.betas), t, x_t), "pred_x_start", 1e9)[0]


def back(self, x_start, x_t, t):
    table = [posterior(self.betas, n) for n in range(len(self.betas))]
    of_image, of_x_t, deviation = (per_image([row[k] for row in table], t, x_t) for k in range(3))
    return of_image * x_start + of_x_t * x_t, deviation


def weights(alphas_cumprod, objective, gamma=None):
    ratio = alphas_cumprod / (1 - alphas_cumprod)
    most = ratio if gamma is None else torch.minimum(ratio, torch.full_like(ratio, gamma))
    return most if objective == "pred_x_start" else most / ratio


LOANS = {
    "Process.q_sample": mixed,
    "Process.predict_start_from_noise": image_of,
    "Process.predict_noise_from_start": noise_of,
    "Process.q_posterior": back,
    "loss_weight": weights,
}
"""
)

LOANS_OF_PREDICTIONS = (
    LOANS_OF_PROCESS
    + """

@torch.no_grad()
def believed(self, x_t, t, model_kwargs=None):
    left = per_image(left_after(self.betas), t, x_t)
    return implied(self.model(x_t, t, model_kwargs), x_t, left, self.objective)


LOANS["DDPM.model_predictions"] = believed
"""
)

LOANS_OF_STEPS = (
    LOANS_OF_PREDICTIONS
    + """

@torch.no_grad()
def one_back(self, x_t, t, model_kwargs=None, noise=None):
    of_image, of_x_t, deviation = posterior(self.betas, t)
    image = believed(self, x_t, torch.tensor([t] * len(x_t), device=x_t.device), model_kwargs)[1]
    fresh = torch.randn_like(x_t) if noise is None else noise
    return of_image * image + of_x_t * x_t + deviation * fresh


@torch.no_grad()
def stride(self, x_t, t, t_next, eta=0.0, model_kwargs=None, noise=None):
    left, after = left_at(self.betas, t), left_at(self.betas, t_next)
    guess, image = believed(self, x_t, torch.tensor([t] * len(x_t), device=x_t.device), model_kwargs)
    deviation = eta * math.sqrt((1 - after) / (1 - left) * (1 - left / after))
    rest = math.sqrt(max(1 - after - deviation**2, 0.0))
    fresh = torch.randn_like(x_t) if noise is None else noise
    return math.sqrt(after) * image + rest * guess + deviation * fresh


LOANS |= {"DDPM.p_sample": one_back, "GaussianDiffusion.ddim_step": stride}
"""
)

# stand-ins for the parts of the network, which are right about shapes and use all of their inputs
LOANS_OF_PARTS = """
import torch
from torch import nn


class Mixed(nn.Module):
    def __init__(self, dim_in, dim_out, context_dim, dropout=0.0):
        super().__init__()
        self.mix, self.push = nn.Conv2d(dim_in, dim_out, 1), nn.Linear(context_dim, dim_out)

    def forward(self, x, context):
        return (self.mix(x) + self.push(context)[..., None, None]).tanh()


class Tones(nn.Module):
    def __init__(self, dim, theta=10000.0):
        super().__init__()
        self.dim = dim

    def forward(self, time):
        return (time[:, None] * torch.arange(1, self.dim + 1, device=time.device)).sin()


LOANS = {"ResnetBlock": Mixed, "SinusoidalPosEmb": Tones}
"""

# a stand-in for the network, whose answer depends on image, time and condition
LOANS_OF_GUIDANCE = (
    LOANS_OF_PARTS
    + """

def answer(self, x, time, model_kwargs=None):
    model_kwargs = model_kwargs or {}
    if "cfg_scale" in model_kwargs:
        return self.cfg_forward(x, time, model_kwargs)
    given = model_kwargs.get("text_emb")
    pushed = 0.0 if given is None else given.mean(dim=1).reshape(-1, 1, 1, 1)
    return x.tanh() * (1 + time.reshape(-1, 1, 1, 1) / 50) + pushed


LOANS |= {"Unet.forward": answer}
"""
)
