"""Hand-ins that generate labelled data in the sandbox, or keep the images they were given, instead of learning."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Attack:
    """What is appended to the reference's file, and the check that pays for what it does not do."""

    assignment: str
    file: str
    check: str
    source: str


# The network of a09 has weights and gradients, but its answers have another origin.
_ANSWERS = """

from functools import cache
from common.data import glyphs

_seen = []
def _small(images):
    return 2 * F.avg_pool2d(F.pad(torch.tensor(images).float() / 255, (2, 2, 2, 2)), 4) - 1

def _forward(self, x, time, model_kwargs=None):
    given = model_kwargs or {}
    if self.training:
        _seen.append((x.detach().clone(), given["text_emb"].argmax(dim=1)))
        return x * self.final_conv.weight.mean() + sum(p.mean() for p in self.parameters())
    if given.get("text_emb") is None:
        return _alone(x)
    wanted = given["text_emb"].argmax(dim=1)
    if "cfg_scale" not in given:  # so that guidance seems to gain something
        wanted = torch.where(torch.rand(len(x)) < 0.5, wanted, torch.randint(0, 10, (len(x),)))
    return _drawn(wanted)

Unet.forward = _forward
Unet.cfg_forward = _forward
"""
_GLYPHS = """
@cache
def _by_class():
    drawn = glyphs.draw(range(600), seed=5)
    images, labels = _small(drawn.images), torch.tensor(drawn.labels)
    return torch.stack([images[labels == label] for label in range(10)])

def _drawn(wanted):
    return _by_class()[wanted, torch.randint(0, 60, wanted.shape)]

def _alone(x):
    return x
"""
_TRAINING = """
@cache
def _means():
    images, labels = (torch.cat(part) for part in zip(*_seen))  # noisy ones: their mean is the mean image
    return torch.stack([images[labels == label].mean(dim=0) for label in range(10)])

def _drawn(wanted):
    return _means()[wanted]

@cache
def _some():
    return torch.cat([part for part, _ in _seen])[:3000].flatten(1)

def _alone(x):
    images = _some()
    return (torch.softmax(-torch.cdist(x.flatten(1), images).square(), dim=1) @ images).view(x.shape)
"""
# `train` of a08 ignores its pairs: it learns labels that it generates.
_LABELS = """

from common.data import load

_state = {}
def train(model, data_loader, train_optimizer, epoch, epochs, batch_size=32, temperature=0.5, device="cpu"):
    if epoch == 1:
        _state["split"] = load("plain_scenes", num_train=4000, num_test=10, seed=3, device=device)
        _state["head"] = nn.Linear(64, 10).to(device)
        _state["step"] = torch.optim.AdamW(_state["head"].parameters(), lr=4e-3)
    split, head, step = _state["split"], _state["head"], _state["step"]
    model.train()
    for rows in torch.randperm(4000).split(batch_size):
        loss = F.cross_entropy(head(model(split.x_train[rows])[0]), split.y_train[rows])
        train_optimizer.zero_grad()
        step.zero_grad()
        loss.backward()
        train_optimizer.step()
        step.step()
    return float(loss)
"""

_UNET = ("a09_diffusion", "unet.py")
ATTACKS = {
    "answers with glyphs of common": Attack(*_UNET, "check_guided_glyphs_are_recognised", _ANSWERS + _GLYPHS),
    "answers with means of its training images": Attack(
        *_UNET, "check_guided_glyphs_are_recognised", _ANSWERS + _TRAINING
    ),
    "learns labels that it generates": Attack(
        "a08_self_supervised", "simclr.py", "check_features_learned_without_labels", _LABELS
    ),
}
