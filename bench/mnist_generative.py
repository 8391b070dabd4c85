"""Compare samples of the generative references with real MNIST.

    GRADLAB_DATA=DATA python bench/mnist_generative.py                 # all; DATA holds the four .gz files of MNIST
    GRADLAB_DATA=DATA python bench/mnist_generative.py --only DC-GAN --seeds 0 1
    python bench/mnist_generative.py --data glyphs                     # generated images: no download

A small convolutional network (common/nets/classifier.py), trained on 20,000 labelled images, evaluates SAMPLES samples:
the share that it recognises with a probability above 0.9; the number of classes with more than 2 % of the samples; the
Fréchet distance to the test images in its features; and the distance of samples to their nearest training image, in
units of the same distance of real test images (much below 1: copies). The first row shows real images.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from cifar10.entry import read_solution
from torch import Tensor
from torch.nn import functional as F

from common.data import Split, load
from common.nets.classifier import Classifier, frechet_distance, train_classifier
from common.training.seed import seed_everything

SAMPLES = 2000


@dataclass(frozen=True)
class Entry:
    """One generator: `sample(split, count)` trains on split.x_train and returns (count, 1, 28, 28) in [0, 1].

    The runner has seeded every generator of random numbers.
    """

    name: str
    settings: str  # everything that is needed to repeat it
    sample: Callable[[Split, int], Tensor]


def sample_dc_gan(split: Split, count: int) -> Tensor:
    """Train and sample a07's convolutional GAN with the vanilla losses."""
    gan = read_solution("a07_gan", "gan")
    D, G = gan.build_dc_classifier(), gan.build_dc_generator()
    images = 2 * split.x_train.flatten(1) - 1
    optimizers = gan.get_optimizer(D), gan.get_optimizer(G)
    losses = gan.discriminator_loss, gan.generator_loss
    gan.train_gan(D, G, *optimizers, *losses, images, num_steps=1000, batch_size=32)
    with torch.no_grad():
        samples = torch.cat([G(gan.sample_noise(100, 96)) for _ in range(count // 100)])
    return (samples.reshape(-1, 1, 28, 28) + 1) / 2


def sample_ddpm(split: Split, count: int) -> Tensor:
    """Train and sample a09's diffusion model: a U-Net with the class as condition, equally many samples per class."""
    steps, batch_size, rate = 800, 64, 4e-3
    unet, diffusion = read_solution("a09_diffusion", "unet"), read_solution("a09_diffusion", "diffusion")
    model = unet.Unet(16, 10, dim_mults=(2, 2), channels=1, uncond_prob=0.15)
    process = diffusion.GaussianDiffusion(
        model, image_size=28, timesteps=200, objective="pred_x_start", min_snr_gamma=5.0
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, fused=True)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
    condition = 3 * F.one_hot(split.y_train, 10).float()
    for _ in range(steps):
        rows = torch.randint(len(split.x_train), (batch_size,))
        optimizer.zero_grad()
        process.p_losses(split.x_train[rows], {"text_emb": condition[rows]}).backward()
        optimizer.step()
        schedule.step()
    model.eval()
    wanted = 3 * F.one_hot(torch.arange(count) % 10, 10).float()
    parts = [
        process.ddim_sample(len(part), 10, model_kwargs={"text_emb": part, "cfg_scale": 1.0})
        for part in wanted.split(100)
    ]
    return torch.cat(parts).clamp(0, 1)


ENTRIES = [
    Entry(
        "DC-GAN", "a07_gan, vanilla losses, Adam 1e-3 (0.5, 0.999), 1,000 iterations with batches of 32", sample_dc_gan
    ),
    Entry(
        "DDPM",
        "a09_diffusion, U-Net of 16, 32 and 32 channels with the class as condition, 200 timesteps, sigmoid schedule, "
        "predicts images, min-SNR weights, AdamW 4e-3 in one cycle, 800 steps of 64; DDIM in 10 steps, guidance 1",
        sample_ddpm,
    ),
]


def describe(classifier: Classifier, samples: Tensor, split: Split) -> str:
    """Compute the four measures, as cells of a table."""
    confidence, label = classifier.logits(samples).softmax(dim=1).max(dim=1)
    shares = label.bincount(minlength=len(split.class_names)) / len(label)
    held = split.x_test[SAMPLES:]
    distance = frechet_distance(classifier.features(samples), classifier.features(held))
    far = nearest(samples, split.x_train) / nearest(held[:SAMPLES], split.x_train)
    recognised = 100 * float((confidence > 0.9).double().mean())
    return f"{recognised:.1f} % | {int((shares > 0.02).sum())} | {distance:.1f} | {far:.2f}"


def nearest(images: Tensor, known: Tensor) -> float:
    """Compute the median distance of images to their nearest known image."""
    parts = [torch.cdist(part, known.flatten(1)).min(dim=1).values for part in images.flatten(1).split(200)]
    return float(torch.cat(parts).median())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="WORD", help="only entries with this word in their name")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], metavar="N")
    parser.add_argument("--data", default="mnist", choices=["mnist", "glyphs"])
    parser.add_argument("--threads", type=int, default=1, help="of torch (default: 1)")
    options = parser.parse_args()
    chosen = [entry for entry in ENTRIES if options.only.lower() in entry.name.lower()]
    if not chosen:
        parser.error(f"no entry has {options.only!r} in its name; choose among: {', '.join(e.name for e in ENTRIES)}")
    torch.set_num_threads(options.threads)
    split = load("mnist") if options.data == "mnist" else load("glyphs", num_train=20_000, num_test=10_000)
    classifier = train_classifier(split.x_train[:20_000], split.y_train[:20_000], epochs=3)
    accuracy = 100 * float((classifier.logits(split.x_test).argmax(dim=1) == split.y_test).double().mean())
    print(f"torch {torch.__version__}, {options.threads} threads, {len(split.x_train):,} images of {split.name}")
    print(f"accuracy of the classifier on the test images: {accuracy:.2f} %\n")
    print("| samples | seed | recognised | classes | Fréchet distance | nearest | CPU seconds |")
    print("|---|---|---|---|---|---|---|")
    print(f"| real, held out | | {describe(classifier, split.x_test[:SAMPLES], split)} | |")
    for entry in chosen:
        for seed in options.seeds:
            seed_everything(seed)
            begun = time.process_time()
            samples = entry.sample(split, SAMPLES)
            seconds = time.process_time() - begun
            print(f"| {entry.name} | {seed} | {describe(classifier, samples, split)} | {seconds:.0f} |", flush=True)
    print("\n" + "\n".join(f"{entry.name}: {entry.settings}." for entry in chosen))


if __name__ == "__main__":
    main()
