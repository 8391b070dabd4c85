# %% [markdown]
# # Codes from a book: the VQ-VAE
#
# The samples of a VAE are blurred, because its codes are noisy. A **vector-quantised** autoencoder (van den Oord et
# al. 2017) has no noise: an image becomes a small grid of *words* from a codebook, as a sentence is made of words from
# a dictionary. Its reconstructions are sharp. To draw new images, a second model learns which words stand next to each
# other.
#
# <!-- parts -->

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


# %% task="VectorQuantizer" minutes=30 difficulty="medium"
class VectorQuantizer(nn.Module):
    """Replaces vectors by the nearest of a codebook. The only parameter is `codebook` (K, D)."""

    def __init__(self, K: int, D: int, beta: float = 0.25) -> None:
        """Draw the codebook at random: K different vectors."""
        ### BEGIN SOLUTION
        super().__init__()
        self.codebook, self.beta = nn.Parameter(torch.randn(K, D)), beta
        ### END SOLUTION

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Quantise each place.

        Shapes:
            z    (N, D, h, w)
            out  z_q (N, D, h, w), codes (N, h, w) int64, loss ()
        """
        ### BEGIN SOLUTION
        rows = z.movedim(1, -1)
        apart = rows[..., None, :] - self.codebook
        codes = apart.square().sum(dim=-1).argmin(dim=-1)
        e = self.codebook[codes].movedim(-1, 1)
        loss = (z.detach() - e).square().mean() + self.beta * (z - e.detach()).square().mean()
        return z + (e - z).detach(), codes, loss
        ### END SOLUTION


# %% [markdown] hint="VectorQuantizer"
# 1. `z.movedim(1, -1)` has the D numbers of a place last: (N, h, w, D). Squared distances to all words have the shape
#    (N, h, w, K), and `argmin` over the last axis gives the codes.
# 2. `self.codebook[codes]` are the chosen words, (N, h, w, D); move D back to axis 1.
# 3. `detach` on the right side of each difference: on z in the first loss, on e in the second, on e - z in the result.

# %% [markdown]
# ## 2 Dead words
#
# A word that nobody chooses gets no gradient, so nobody will ever choose it. The **perplexity** of the codes counts
# the words that are really in use: $\exp(-\sum_k p_k \log p_k)$, where $p_k$ is the share of code $k$. It is $K$ if
# all are equally frequent, and 1 if there is only one. The cure is simple: move dead words onto vectors of the data.
#
# **By hand.** Codes 0, 0, 1, 1 with $K = 4$: shares 0.5, 0.5, 0, 0, perplexity 2.


# %% task="code_usage reset_dead" minutes=20 difficulty="easy"
def code_usage(codes: Tensor, K: int) -> float:
    """The perplexity of the histogram of codes.

    Shapes:
        codes  any shape  int64, from 0 to K - 1
        out    float      a Python number, from 1 to K
    """
    ### BEGIN SOLUTION
    p = torch.bincount(codes.flatten(), minlength=K).double() / codes.numel()
    return float(torch.special.entr(p).sum().exp())
    ### END SOLUTION


def reset_dead(codebook: Tensor, usage: Tensor, z: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """A new codebook in which each word that was never used is a random row of z; the others stay.

    Shapes:
        codebook   (K, D)
        usage      (K,)    int64: how often each word was used
        z          (M, D)  vectors of the data
        generator  the rows depend on it alone; None: the global generator
        out        (K, D)
    """
    ### BEGIN SOLUTION
    rows = torch.randint(len(z), (len(codebook),), generator=generator, device=z.device)
    return torch.where((usage == 0)[:, None], z[rows], codebook)
    ### END SOLUTION


# %% [markdown] hint="code_usage"
# 1. `torch.bincount(codes.flatten(), minlength=K)` counts; divide by the number of codes.
# 2. 0 log 0 is 0: `torch.special.entr` knows that.

# %% [markdown] hint="reset_dead"
# 1. `torch.randint(len(z), (K,), generator=generator)` draws a row for each word.
# 2. `torch.where` with a column of truth values chooses between the drawn row and the old word.

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
# ### BEGIN SOLUTION
# (a) The encoder gets no gradient from the reconstruction; only commitment moves it, so codes mean nothing in
# particular and the decoder learns from arbitrary codes. (b) The encoder's vectors may run away from the book, which
# cannot follow: codes jump, and the loss of the codebook grows. (c) With the straight-through trick, the book gets no
# gradient at all and stays random; only the encoder adapts to it by commitment.
# ### END SOLUTION

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
