# %% [markdown]
# # Codes from a book: the VQ-VAE
#
# The samples of a VAE are blurred, because its codes are noisy. A **vector-quantised** autoencoder (van den Oord et
# al. 2017) has no noise: an image becomes a small grid of *words* from a codebook, as a sentence is made of words from
# a dictionary. Its reconstructions are sharp. To draw new images, a second model learns which words stand next to each
# other.
#
# | part | you write | points | minutes |
# |---|---|---|---|
# | 1 The nearest word | `VectorQuantizer` | 6 | 30 |
# | 2 Dead words | `code_usage`, `reset_dead` | 4 | 20 |

# %%
import torch
from torch import Tensor, nn


# %% tags=["active-ipynb"]
# import torch.nn.functional as F
#
# from autograder import check, hint
# from common.data import load
# from common.plots import curves, image_grid
# from common.training.seed import seed_everything
#
# seed_everything(0)
# glyphs = load("glyphs", num_train=2000, num_test=200)

# %% [markdown]
# ## 1 The nearest word
#
# The encoder gives a vector $z$ of $D$ numbers at each place. The **codebook** has $K$ vectors; $z$ is replaced by the
# nearest one, $e$ (by Euclid's distance; the first one, if several are equally near). Choosing has no gradient, so
# three tricks make it learn, where sg stops the gradient:
#
# - **Straight through.** The decoder gets $z + \text{sg}[e - z]$: its value is $e$, and its gradient goes to $z$
#   unchanged.
# - **The codebook** moves towards the vectors that chose it, by the loss $\lVert \text{sg}[z] - e \rVert^2$.
# - **Commitment.** The encoder stays near its choice, by the loss $\beta \lVert z - \text{sg}[e] \rVert^2$.
#
# Both losses are means over all numbers.
#
# **By hand.** $K = 2$ words, 0 and 1, and $z = 0.4$: the nearest is 0, the loss of the codebook is 0.16, and that of
# commitment $0.16 \beta$.

# %% task="VectorQuantizer"
# About 30 minutes, medium. Stuck? hint("VectorQuantizer") shows a first step.
class VectorQuantizer(nn.Module):
    """Replaces vectors by the nearest of a codebook. The only parameter is `codebook` (K, D)."""

    def __init__(self, K: int, D: int, beta: float = 0.25) -> None:
        """Draw the codebook at random: K different vectors."""
        # YOUR CODE HERE
        raise NotImplementedError()

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Quantise each place.

        Shapes:
            z    (N, D, h, w)
            out  z_q (N, D, h, w), codes (N, h, w) int64, loss ()
        """
        # YOUR CODE HERE
        raise NotImplementedError()


# %% tags=["active-ipynb"] grade="VectorQuantizer"
# check("vq_vae", task="VectorQuantizer")

# %% [markdown]
# ## 2 Dead words
#
# A word that nobody chooses gets no gradient, so nobody will ever choose it. The **perplexity** of the codes counts
# the words that are really in use: $\exp(-\sum_k p_k \log p_k)$, where $p_k$ is the share of code $k$. It is $K$ if
# all are equally frequent, and 1 if there is only one. The cure is simple: move dead words onto vectors of the data.
#
# **By hand.** Codes 0, 0, 1, 1 with $K = 4$: shares 0.5, 0.5, 0, 0, perplexity 2.

# %% task="code_usage reset_dead"
# About 20 minutes, easy. Stuck? hint("code_usage") or hint("reset_dead") shows a first step.
def code_usage(codes: Tensor, K: int) -> float:
    """The perplexity of the histogram of codes.

    Shapes:
        codes  any shape  int64, from 0 to K - 1
        out    float      a Python number, from 1 to K
    """
    # YOUR CODE HERE
    raise NotImplementedError()


def reset_dead(codebook: Tensor, usage: Tensor, z: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """A new codebook in which each word that was never used is a random row of z; the others stay.

    Shapes:
        codebook   (K, D)
        usage      (K,)    int64: how often each word was used
        z          (M, D)  vectors of the data
        generator  the rows depend on it alone; None: the global generator
        out        (K, D)
    """
    # YOUR CODE HERE
    raise NotImplementedError()

# %% tags=["active-ipynb"] grade="code_usage"
# check("vq_vae", task="code_usage")

# %% tags=["active-ipynb"] grade="reset_dead"
# check("vq_vae", task="reset_dead")

# %% [markdown]
# A small autoencoder with 7 x 7 places and 32 words. One of the two books is cared for: every 20 steps, its dead words
# move to data.

# %% tags=["active-ipynb"]
# def build():
#     """Build an encoder to 7 x 7 places, a quantiser, and a decoder."""
#     encoder = nn.Sequential(nn.Conv2d(1, 24, 4, 2, 1), nn.ReLU(), nn.Conv2d(24, 32, 4, 2, 1), nn.ReLU(),
#                             nn.Conv2d(32, 8, 1))
#     decoder = nn.Sequential(nn.Conv2d(8, 32, 3, 1, 1), nn.ReLU(), nn.ConvTranspose2d(32, 24, 4, 2, 1), nn.ReLU(),
#                             nn.ConvTranspose2d(24, 1, 4, 2, 1), nn.Sigmoid())
#     return nn.ModuleList([encoder, VectorQuantizer(32, 8), decoder])
#
#
# def train(model, care, epochs=6):
#     """Train with Adam; return the perplexity of each step."""
#     encoder, quantizer, decoder = model
#     optimizer, used, step = torch.optim.Adam(model.parameters(), 2e-3), [], 0
#     for _ in range(epochs):
#         for rows in torch.randperm(2000).split(50):
#             x = glyphs.x_train[rows]
#             z = encoder(x)
#             z_q, codes, loss = quantizer(z)
#             loss = loss + F.binary_cross_entropy(decoder(z_q), x)
#             optimizer.zero_grad()
#             loss.backward()
#             optimizer.step()
#             used.append(code_usage(codes, 32))
#             step += 1
#             if care and step % 20 == 0:
#                 with torch.no_grad():
#                     counts = torch.bincount(codes.flatten(), minlength=32)
#                     flat = z.movedim(1, -1).flatten(0, 2)
#                     quantizer.codebook.copy_(reset_dead(quantizer.codebook, counts, flat))
#     return used
#
#
# plain, cared = build(), build()
# curves({"dead words move": train(cared, True), "no care": train(plain, False)}, ylabel="words in use (perplexity)")

# %% tags=["active-ipynb"]
# encoder, quantizer, decoder = cared
# with torch.no_grad():
#     z_q, codes, _ = quantizer(encoder(glyphs.x_test[:10]))
#     again = decoder(z_q)
# image_grid(torch.cat([glyphs.x_test[:10], again]), ["image"] * 10 + ["again"] * 10, columns=10)

# %% [markdown]
# The strokes are sharper than those of the VAE. For new images, the simplest model of words is a table: how often does
# each word occur at each place, given the word above and the one on the left? Unseen pairs fall back on the word on
# the left. (A network such as a PixelCNN does this far better.)

# %% tags=["active-ipynb"]
# with torch.no_grad():
#     words = quantizer(encoder(glyphs.x_train))[1]
# edge = 32  # a word outside of the grid
# padded = F.pad(words, (1, 0, 1, 0), value=edge)
# full, left = torch.full((7, 7, 33, 33, 32), 1e-6), torch.full((7, 7, 33, 32), 1e-3)
# for y in range(7):
#     for x in range(7):
#         here = words[:, y, x]
#         full[y, x].index_put_((padded[:, y, x + 1], padded[:, y + 1, x], here), torch.ones(2000), accumulate=True)
#         left[y, x].index_put_((padded[:, y + 1, x], here), torch.ones(2000), accumulate=True)
# drawn = torch.full((20, 8, 8), edge)
# for y in range(7):
#     for x in range(7):
#         above, before = drawn[:, y, x + 1], drawn[:, y + 1, x]
#         table = full[y, x, above, before]
#         table = torch.where(table.sum(dim=1, keepdim=True) > 0.5, table, left[y, x, before])
#         drawn[:, y + 1, x + 1] = torch.multinomial(table, 1)[:, 0]
# with torch.no_grad():
#     images = decoder(quantizer.codebook[drawn[:, 1:, 1:]].movedim(-1, 1))
#     random = decoder(quantizer.codebook[torch.randint(32, (10, 7, 7))].movedim(-1, 1))
# image_grid(torch.cat([images, random]), ["table"] * 20 + ["random words"] * 10, columns=10)

# %% [markdown] question="vq_vae-q1"
# **Question 1.** What happens to the codebook, to the encoder and to the decoder if you leave out (a) the
# straight-through trick, (b) the commitment loss, (c) the loss of the codebook?

# %% [markdown] answer="vq_vae-q1"
# YOUR ANSWER HERE

# %% [markdown]
# ## What to take home
#
# Discrete codes need a gradient that goes straight through, and two losses that keep book and encoder together. Watch
# how many words are in use. The prior is learned afterwards, on words, and that is where the quality of samples comes
# from.
#
# **Where to look next.** Van den Oord, Vinyals and Kavukcuoglu (*Neural discrete representation learning*, 2017) is the
# paper behind this notebook. VQ-VAE-2 (Razavi, van den Oord and Vinyals, 2019) has words on two scales. Esser, Rombach
# and Ommer (*Taming transformers for high-resolution image synthesis*, 2021) learn the prior with a Transformer, and
# DALL-E (Ramesh et al., *Zero-shot text-to-image generation*, 2021) lets a sentence come first. Mentzer et al. (*Finite
# scalar quantization*, 2024) replace the book by rounding.
