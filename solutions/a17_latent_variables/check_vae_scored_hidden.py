"""Scored checks of vae: the lower bound of new images, and images of classes, both computed here from the weights."""

import torch
from check_vae import built
from oracles_vae import (
    HELPERS,
    LOANS_FOR_BETA,
    LOANS_OF_SAMPLES,
    affine,
    bernoulli_nats,
    decoding,
    encoding,
    weighted_loss,
)

from autograder import expect, task
from common.nets.classifier import train_classifier

TRAIN = (
    HELPERS
    + """
def train(student, model, x, c, epochs, seed):
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if p.ndim == 2:
                p.normal_(0, 1.4 / p.shape[1] ** 0.5)
            if "logvar_layer" in name:
                p.fill_(-2.0 if p.ndim == 1 else 0.0)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(64):
            given = (x[rows],) if c is None else (x[rows], c[rows])
            x_hat, mu, logvar = model(*given)
            loss = student.loss_function(x_hat, x[rows], mu, logvar)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    flat = x[:2] if c is None else torch.cat([x[:2].flatten(1), c[:2]], dim=1)
    with torch.no_grad():
        hidden = model.encoder(flat)
        z = model.mu_layer(hidden) if c is None else torch.cat([model.mu_layer(hidden), c[:2]], dim=1)
    return [tables(part, on) for part, on in (
        (model.encoder, flat), (model.decoder, z), (model.mu_layer, hidden), (model.logvar_layer, hidden))]

def run(x, c, epochs, seed):
    model = student.VAE(784) if c is None else student.CVAE(784)
    return train(student, model.to(x), x, c, epochs, seed)
"""
)
LOANS = LOANS_FOR_BETA + LOANS_OF_SAMPLES.replace("LOANS = ", "LOANS |= ")


def bound(parts, x, rng, draws: int = 20) -> float:
    """Compute the negative lower bound per image of a VAE with these weights."""
    enc, dec, mus, logvars = parts
    hidden = encoding(enc, x.flatten(1))
    mu, logvar = affine(mus, hidden, 15), affine(logvars, hidden, 15)
    total = 0.0
    for _ in range(draws):
        z = mu + torch.exp(0.5 * logvar) * rng.normal(*mu.shape, dtype=mu.dtype)
        total += float(weighted_loss(decoding(dec, z, 28).clamp(1e-7, 1 - 1e-7), x, mu, logvar))
    return total / draws


@task("VAE", share=25, any_dtype=True, seconds=240, loans=LOANS)
def check_vae_explains_new_images(student, rng, data, score):
    """Trained on 3,000 images, the model explains 300 new ones in few nats: the negative lower bound."""
    # Five seeds: the reference has 116.9 to 120.0 (mean 118.7, deviation 1.5), the nearest wrong answer 159.3 to 162.6
    # (a sample without gradients), the threshold is 141.9. The mean image alone has about 158.
    given = data(num_train=3000, num_test=300, name="glyphs")
    parts = student.define(TRAIN).run(given.x_train, None, 8, rng.int(0, 2**31))
    value = built(lambda: bound(parts, given.x_test, rng))
    expect(value > float(bernoulli_nats(given.x_test).mean()), "The bound is better than the entropy of the pixels.")
    score(value, "nats per image", higher_is_better=False)


@task("CVAE", share=25, any_dtype=True, seconds=240, loans=LOANS)
def check_cvae_draws_what_is_asked(student, rng, data, score):
    """A classifier reads 300 samples as the classes that were asked for, and the samples of a class differ."""
    # Five seeds: the reference has 0.76 to 0.86 (mean 0.80, deviation 0.04), a decoder without the class 0.08 to 0.12,
    # the threshold is 0.38.
    given = data(num_train=3000, num_test=300, name="glyphs")
    c = torch.eye(10, device=rng.device)[given.y_train]
    parts = student.define(TRAIN).run(given.x_train, c, 8, rng.int(0, 2**31))
    asked = torch.arange(300, device=rng.device) % 10
    z = torch.cat([rng.normal(300, 15, dtype=torch.float32), torch.eye(10, device=rng.device)[asked]], dim=1)
    drawn = built(lambda: decoding(parts[1], z, 28))
    model = train_classifier(given.x_train, given.y_train)
    varied = torch.stack([drawn[asked == k].var(dim=0).mean() for k in range(10)]).mean()
    real = torch.stack([given.x_train[given.y_train == k].var(dim=0).mean() for k in range(10)]).mean()
    # The reference has 0.32 to 0.37 (five seeds); codes that say nothing have 0.01.
    expect(float(varied / real) > 0.12, "The samples of a class hardly differ.", "The decoder must use z.")
    score(float((model.logits(drawn).argmax(dim=1) == asked).double().mean()), "share read as the class asked for")
