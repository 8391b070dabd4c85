"""Right answers to vq_vae.py in other styles. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("vq_vae.py")

# fmt: off
VARIANTS = [
    variant("codebook: a layer that is not used",
        ("        super().__init__()\n        self.codebook,",
         "        super().__init__()\n        self.project = nn.Linear(D, D)\n        self.codebook,")),
    variant("flat rows, cdist, mse_loss, a histogram by one_hot",
        body("VectorQuantizer.__init__", """
            super().__init__()
            self.K, self.D, self.beta = K, D, beta
            self.codebook = nn.Parameter(torch.empty(K, D).uniform_(-1.0, 1.0))
        """),
        body("VectorQuantizer.forward", """
            N, D, h, w = z.shape
            flat = z.permute(0, 2, 3, 1).reshape(-1, D)
            d = torch.cdist(flat.detach(), self.codebook.detach(), compute_mode="donot_use_mm_for_euclid_dist")
            idx = torch.argmin(d, dim=1)
            e = nn.functional.embedding(idx, self.codebook).reshape(N, h, w, D).permute(0, 3, 1, 2)
            loss = nn.functional.mse_loss(e, z.detach()) + self.beta * nn.functional.mse_loss(z, e.detach())
            z_q = z + (e - z).detach()
            return z_q, idx.reshape(N, h, w), loss
        """),
        body("code_usage", """
            p = nn.functional.one_hot(codes.reshape(-1), K).double().mean(0)
            return torch.exp(-torch.special.xlogy(p, p).sum()).item()
        """),
        body("reset_dead", """
            new = codebook.detach().clone()
            dead = (usage == 0).nonzero().flatten()
            if len(dead):
                pick = torch.randint(0, z.shape[0], (dead.numel(),), generator=generator)
                new[dead] = z.detach()[pick]
            return new
        """)),
    variant("expanded squares, loops over words, counts by sums",
        body("VectorQuantizer.forward", """
            rows = z.permute(0, 2, 3, 1).contiguous()
            d = torch.stack([((rows - word) ** 2).sum(-1) for word in self.codebook], -1)
            codes = d.min(-1).indices
            e = torch.einsum("nhwk,kd->ndhw", nn.functional.one_hot(codes, len(self.codebook)).to(z), self.codebook)
            first = torch.mean((e - z.detach()) ** 2)
            second = torch.mean((e.detach() - z) ** 2)
            return z + e.detach() - z.detach(), codes, first + second * self.beta
        """),
        body("code_usage", """
            total = 0.0
            for k in range(K):
                share = float((codes == k).double().mean())
                if share > 0:
                    total -= share * float(torch.log(torch.tensor(share, dtype=torch.float64)))
            return float(torch.exp(torch.tensor(total, dtype=torch.float64)))
        """),
        body("reset_dead", """
            out = []
            for k in range(codebook.shape[0]):
                if int(usage[k]) == 0:
                    i = int(torch.randint(len(z), (1,), generator=generator))
                    out.append(z[i])
                else:
                    out.append(codebook[k])
            return torch.stack(out)
        """)),
]
