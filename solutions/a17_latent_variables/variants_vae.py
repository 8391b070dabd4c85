"""Right answers to vae.py in other styles. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("vae.py")

# fmt: off
# ruff: noqa: E501 - quotes lines of the reference
VARIANTS = [
    variant("a layer that is not used", ("""            *hidden_layers(latent_size), nn.Linear(400, input_size), nn.Sigmoid(), nn.Unflatten(1, (1, side, side))
        )
""", """            *hidden_layers(latent_size), nn.Linear(400, input_size), nn.Sigmoid(), nn.Unflatten(1, (1, side, side))
        )
        self.spare = nn.Linear(400, latent_size)
""")),
    variant("layers as attributes, samples by std and eps",
        body("VAE.__init__", """
            super().__init__()
            self.input_size = input_size
            self.latent_size = latent_size
            hidden_dim = 400
            self.encoder = nn.Sequential(
                nn.Flatten(),
                nn.Linear(input_size, hidden_dim), nn.ReLU(inplace=True),
                nn.Linear(hidden_dim, hidden_dim), nn.ReLU(inplace=True),
                nn.Linear(hidden_dim, hidden_dim), nn.ReLU(inplace=True),
            )
            self.logvar_layer = nn.Linear(hidden_dim, latent_size)
            self.mu_layer = nn.Linear(hidden_dim, latent_size)
            H = int(input_size ** 0.5)
            self.decoder = nn.Sequential(
                nn.Linear(latent_size, hidden_dim), nn.ReLU(),
                nn.Linear(hidden_dim, hidden_dim), nn.ReLU(),
                nn.Linear(hidden_dim, hidden_dim), nn.ReLU(),
                nn.Linear(hidden_dim, input_size), nn.Sigmoid(),
                nn.Unflatten(1, (1, H, H)),
            )
        """),
        body("VAE.forward", """
            h = self.encoder(x)
            mu = self.mu_layer(h)
            logvar = self.logvar_layer(h)
            z = reparametrize(mu, logvar)
            x_hat = self.decoder(z)
            return x_hat, mu, logvar
        """),
        body("reparametrize", """
            std = torch.exp(logvar / 2)
            eps = torch.randn(mu.shape, dtype=mu.dtype, device=mu.device)
            return eps.mul(std).add(mu)
        """),
        body("loss_function", """
            rec = F.binary_cross_entropy(x_hat, x, reduction="sum")
            kl = -0.5 * torch.sum(1 + logvar - mu ** 2 - torch.exp(logvar))
            return (rec + kl) / x.shape[0]
        """)),
    variant("a decoder module of its own, sums image by image",
        body("CVAE.__init__", """
            super().__init__()
            side = int(round(input_size ** 0.5))
            def mlp(n):
                return nn.Sequential(nn.Linear(n, 400), nn.ReLU(), nn.Linear(400, 400), nn.ReLU(),
                                     nn.Linear(400, 400), nn.ReLU())
            self.flatten = nn.Flatten()
            self.encoder = mlp(input_size + num_classes)
            self.mu_layer = nn.Linear(400, latent_size)
            self.logvar_layer = nn.Linear(400, latent_size)
            self.decoder = nn.Sequential(mlp(latent_size + num_classes), nn.Linear(400, input_size),
                                         nn.Sigmoid(), nn.Unflatten(-1, (1, side, side)))
        """),
        body("CVAE.forward", """
            N = x.shape[0]
            h = self.encoder(torch.hstack((x.reshape(N, -1), c)))
            mu, logvar = self.mu_layer(h), self.logvar_layer(h)
            z = torch.hstack((reparametrize(mu, logvar), c))
            return self.decoder(z), mu, logvar
        """),
        body("beta_loss", """
            bce = F.binary_cross_entropy(x_hat, x, reduction="none").flatten(1).sum(1)
            kl = 0.5 * (mu ** 2 + logvar.exp() - 1 - logvar).sum(1)
            return (bce + beta * kl).mean()
        """),
        body("aggregated_kl", """
            mean = mu.sum(0) / mu.shape[0]
            var = torch.exp(logvar).mean(0) + mu.var(0, unbiased=False)
            return (-0.5 * (1 + torch.log(var) - mean ** 2 - var)).sum()
        """)),
    variant("all samples at once, the densities written out",
        body("importance_log_likelihood", """
            mu, logvar = encode(x)
            N, Z = mu.shape
            eps = torch.randn(S, N, Z, generator=generator, dtype=mu.dtype)
            z = mu + torch.exp(logvar / 2) * eps
            xs = x.unsqueeze(0).expand(S, *x.shape).reshape(S * N, *x.shape[1:])
            lik = log_likelihood(xs, z.reshape(S * N, Z)).reshape(S, N)
            log_pz = -0.5 * (z ** 2 + math.log(2 * math.pi)).sum(-1)
            log_qz = -0.5 * ((z - mu) ** 2 / logvar.exp() + logvar + math.log(2 * math.pi)).sum(-1)
            return torch.logsumexp(lik + log_pz - log_qz, 0) - torch.log(torch.tensor(float(S)))
        """),
        body("interpolate", """
            out = []
            for i in range(n):
                t = i / (n - 1)
                if kind == "slerp" and z0.norm() > 0 and z1.norm() > 0:
                    cos = torch.dot(z0 / z0.norm(), z1 / z1.norm()).clamp(-1.0, 1.0)
                    omega = torch.arccos(cos)
                    so = torch.sin(omega)
                    if so > 1e-6:
                        out.append(torch.sin((1 - t) * omega) / so * z0 + torch.sin(t * omega) / so * z1)
                        continue
                out.append((1 - t) * z0 + t * z1)
            return torch.stack(out)
        """)),
    variant("an autoencoder of lists, logarithms that are clamped",
        body("Autoencoder.__init__", """
            super().__init__()
            self.encoder = nn.Sequential(nn.Flatten())
            self.decoder = nn.Sequential()
            if linear:
                self.encoder.append(nn.Linear(input_size, latent_size))
                self.decoder.append(nn.Linear(latent_size, input_size))
            else:
                for n in (input_size, 400, 400):
                    self.encoder.append(nn.Linear(n, 400)).append(nn.ReLU())
                self.encoder.append(nn.Linear(400, latent_size))
                for n in (latent_size, 400, 400):
                    self.decoder.append(nn.Linear(n, 400)).append(nn.ReLU())
                self.decoder.append(nn.Linear(400, input_size)).append(nn.Sigmoid())
            self.decoder.append(nn.Unflatten(1, (1, int(math.sqrt(input_size)), -1)))
        """),
        body("Autoencoder.forward", """
            code = self.encoder(x)
            return self.decoder(code).view(x.shape), code
        """),
        body("loss_function", """
            log_p = x * torch.log(x_hat).clamp(min=-100) + (1 - x) * torch.log(1 - x_hat).clamp(min=-100)
            kl = (mu.pow(2) + logvar.exp() - logvar - 1).sum() / 2
            return (kl - log_p.sum()) / x.size(0)
        """)),
    variant("noise by normal_, importance weights with a running sum",
        body("reparametrize", """
            sigma = torch.sqrt(torch.exp(logvar))
            noise = torch.empty_like(mu).normal_()
            return mu + sigma * noise
        """),
        body("importance_log_likelihood", """
            mu, logvar = encode(x)
            sigma = torch.exp(0.5 * logvar)
            total = None
            for s in range(S):
                eps = torch.empty_like(mu).normal_(generator=generator)
                z = mu + sigma * eps
                w = log_likelihood(x, z)
                w = w - (z ** 2).sum(1) / 2 + (eps ** 2).sum(1) / 2 + logvar.sum(1) / 2
                total = w if total is None else torch.logaddexp(total, w)
            return total - math.log(S)
        """)),
]
