"""Wrong answers to vq_vae.py, each with the check that must notice it."""
# ruff: noqa: E501 - quotes lines of the reference

from autograder.authoring.mutants import first, mutants_of

mutant = mutants_of("vq_vae.py")
NEAREST, GRADS = "check_places_get_the_nearest_word", "check_gradients_of_book_and_encoder"
USAGE, OTHERS = "check_perplexity_of_some_codes", "check_perplexity_of_other_codes"
DEAD, SEEDS = "check_dead_words_land_on_data", "check_resets_follow_their_generator"
LOSS = "loss = (z.detach() - e).square().mean() + self.beta * (z - e.detach()).square().mean()"
RESULT = "return z + (e - z).detach(), codes, loss"
CHOICE = "codes = apart.square().sum(dim=-1).argmin(dim=-1)"
SHARES = "p = torch.bincount(codes.flatten(), minlength=K).double() / codes.numel()"
POWER = "return float(torch.special.entr(p).sum().exp())"
DRAWN = "rows = torch.randint(len(z), (len(codebook),), generator=generator, device=z.device)"
CHOSEN = "return torch.where((usage == 0)[:, None], z[rows], codebook)"

# fmt: off
MUTANTS = [
    mutant("vq: the farthest word", NEAREST, CHOICE, CHOICE.replace("argmin", "argmax")),
    mutant("vq: the largest product", NEAREST, CHOICE, "codes = (rows @ self.codebook.T).argmax(dim=-1)"),
    mutant("vq: absolute differences", GRADS, CHOICE, CHOICE.replace("square()", "abs()")),
    mutant("vq: a reshape mixes places", NEAREST, "rows = z.movedim(1, -1)", "rows = z.reshape(z.shape[0], z.shape[2], z.shape[3], z.shape[1])"),
    mutant("vq: no straight-through", NEAREST, RESULT, "return e, codes, loss"),
    mutant("vq: z comes back", NEAREST, RESULT, "return z, codes, loss"),
    mutant("vq: everything is detached", NEAREST, RESULT, "return e.detach(), codes, loss"),
    mutant("vq: the gradient goes to the book, too", GRADS, RESULT, "return z + (e - z.detach()) - 0 * z + 0 * e - (z - z.detach()) + (z - z.detach()), codes, loss"),
    mutant("vq: words last", NEAREST, RESULT, "return (z + (e - z).detach()).movedim(1, -1), codes, loss"),
    mutant("vq: the terms are exchanged", GRADS, LOSS, "loss = (z - e.detach()).square().mean() + self.beta * (z.detach() - e).square().mean()"),
    mutant("vq: nothing is detached", GRADS, LOSS, "loss = (1 + self.beta) * (z - e).square().mean()"),
    mutant("vq: no commitment", NEAREST, LOSS, "loss = (z.detach() - e).square().mean()"),
    mutant("vq: no loss of the book", NEAREST, LOSS, "loss = self.beta * (z - e.detach()).square().mean()"),
    mutant("vq: sums", NEAREST, LOSS, LOSS.replace("mean", "sum")),
    mutant("vq: sums over D", NEAREST, LOSS, LOSS.replace(".mean()", ".sum(dim=1).mean()")),
    mutant("vq: beta is 0.25", NEAREST, LOSS, LOSS.replace("self.beta", "0.25")),
    mutant("vq: beta is 1 by default", GRADS, "beta: float = 0.25", "beta: float = 1.0"),
    mutant("vq: equal words", GRADS, "nn.Parameter(torch.randn(K, D)), beta", "nn.Parameter(torch.zeros(K, D)), beta"),
    mutant("vq: a loss without a gradient", GRADS, LOSS, "loss = (1 + self.beta) * (z.detach() - e).square().mean()"),
    mutant("vq: the last of equal words", GRADS, CHOICE, "far = apart.square().sum(dim=-1)\n        codes = far.shape[-1] - 1 - far.flip(-1).argmin(dim=-1)"),
    mutant("vq: writes into z", GRADS, RESULT, "out = z + (e - z).detach()\n        if not z.requires_grad:\n            z.copy_(e)\n        return out, codes, loss"),
    mutant("vq: float32", GRADS, RESULT, "return (z + (e - z).detach()).float(), codes, loss", habit="dtype"),
    mutant("usage: the entropy", USAGE, POWER, POWER.replace(".exp()", "")),
    mutant("usage: bits", USAGE, POWER, "return float(2 ** torch.special.entr(p).sum())"),
    mutant("usage: the number of words", USAGE, POWER, "return float((p > 0).sum())"),
    mutant("usage: nan for words that do not occur", OTHERS, POWER, "return float((-(p * p.log()).sum()).exp())"),
    mutant("usage: counts are not divided", USAGE, SHARES, SHARES.replace(" / codes.numel()", "")),
    mutant("usage: divided by the rows", USAGE, SHARES, SHARES.replace("codes.numel()", "len(codes)")),
    mutant("usage: relative to K", USAGE, POWER, "return float(torch.special.entr(p).sum().exp()) / K"),
    mutant("usage: a tensor", OTHERS, POWER, "return torch.special.entr(p).sum().exp()"),
    mutant("reset: words in use move, too", DEAD, CHOSEN, "return z[rows]"),
    mutant("reset: nothing moves", DEAD, CHOSEN, "return codebook.clone()"),
    mutant("reset: the words in use move", DEAD, CHOSEN, CHOSEN.replace("usage == 0", "usage > 0")),
    mutant("reset: rare words move", DEAD, CHOSEN, CHOSEN.replace("usage == 0", "usage <= 1")),
    mutant("reset: one row for all", DEAD, DRAWN, DRAWN.replace("(len(codebook),)", "(1,)")),
    mutant("reset: noise", DEAD, CHOSEN, "return torch.where((usage == 0)[:, None], torch.randn_like(codebook), codebook)"),
    mutant("reset: the mean of the data", DEAD, CHOSEN, "return torch.where((usage == 0)[:, None], z.mean(dim=0), codebook)"),
    mutant("reset: the first rows", SEEDS, DRAWN, "rows = torch.arange(len(codebook)) % len(z)"),
    mutant("reset: the global generator", SEEDS, DRAWN, DRAWN.replace("generator=generator, ", "")),
    mutant("reset: in place", SEEDS, CHOSEN, "codebook[usage == 0] = z[rows[usage == 0]]\n    return codebook"),
    mutant("reset: only the first K rows", SEEDS, DRAWN, DRAWN.replace("len(z), ", "min(len(z), len(codebook)), ")),
    mutant("reset: no row twice", SEEDS, CHOSEN, "new, dead = codebook.clone(), usage == 0\n    new[dead] = z[torch.randperm(len(z), generator=generator)[: int(dead.sum())]]\n    return new"),
    mutant("reset: float32", SEEDS, CHOSEN, CHOSEN + ".float()", habit="dtype"),
    mutant("quantiser: leaves training mode on", GRADS, RESULT, "self.train()\n        " + RESULT),
    mutant("quantiser: a factor that is learned", GRADS, RESULT, RESULT.replace("loss", "loss * self.factor"), also=(("self.codebook, self.beta =", "self.factor = nn.Parameter(torch.ones(()))\n        self.codebook, self.beta ="),)),
    mutant("quantiser: leaves evaluation mode on", GRADS, RESULT, "self.eval()\n        " + RESULT),
    mutant("reset: the generator begins again", SEEDS, first("reset_dead", "if generator is not None:\n    generator.manual_seed(generator.initial_seed())")),
]
