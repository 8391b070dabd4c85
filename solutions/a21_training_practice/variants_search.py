"""Right answers to search.py in other styles. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("search.py")

# fmt: off
VARIANTS = [
    variant("all numbers drawn at once, a sorted table, a queue",
        body("random_points", """
            names = list(space)
            u = torch.rand(n, len(names), generator=generator, device=generator.device, dtype=torch.float64)
            out = []
            for row in u.tolist():
                point = {}
                for name, value in zip(names, row):
                    lo, hi, scale = space[name]
                    if scale == "log":
                        value = math.exp(math.log(lo) + value * (math.log(hi) - math.log(lo)))
                        point[name] = min(max(value, lo), hi)
                    else:
                        point[name] = (1 - value) * lo + value * hi
                out.append(point)
            return out
        """),
        body("successive_halving", """
            alive = list(enumerate(configs))
            spent, last = 0, 0
            while len(alive) > 1:
                table = []
                for number, config in alive:
                    table.append((train(config, epochs), -number, number, config))
                    spent = spent + (epochs - last)
                table.sort(key=lambda row: row[:2], reverse=True)
                keep = max(len(alive) // eta, 1)
                alive = sorted(((row[2], row[3]) for row in table[:keep]), key=lambda row: row[0])
                last = epochs
                epochs = epochs * eta
            return alive[0][1], spent
        """),
        body("regularised_evolution", """
            import random
            seed = int(torch.randint(2**31, (1,), generator=generator, device=generator.device))
            dice = random.Random(seed)
            queue, history = [], []
            while len(queue) < P:
                cell = tuple(dice.randrange(ops) for _ in range(edges))
                queue.append((cell, evaluate(cell)))
                history.append(queue[-1])
            for _ in range(cycles):
                sample = dice.sample(queue, S)
                best = sample[0]
                for member in sample:
                    if member[1] > best[1]:
                        best = member
                child = list(best[0])
                e = dice.randrange(edges)
                child[e] = dice.choice([o for o in range(ops) if o != child[e]])
                queue.append((tuple(child), evaluate(tuple(child))))
                history.append(queue[-1])
                queue.pop(0)
            return history
        """),
        body("controller_step", """
            p = torch.exp(logits - logits.logsumexp(1, keepdim=True))
            step = -p
            for e in range(len(logits)):
                step[e, choices[e]] += 1
            return logits + lr * (reward - baseline) * step, baseline + 0.05 * (reward - baseline)
        """)),
    variant("loops over pairs and operations, gradients by backward",
        body("mixed_op", """
            p = torch.softmax(alpha, 0)
            return sum(p[n] * outputs[n] for n in range(len(alpha)))
        """),
        body("darts_step", """
            a = w.clone().requires_grad_(True)
            train_loss(a, alpha).backward()
            with torch.no_grad():
                new = a - lr_w * a.grad
            b = alpha.clone().requires_grad_(True)
            val_loss(new, b).backward()
            with torch.no_grad():
                return new, b - lr_alpha * b.grad
        """),
        body("kendall_tau", """
            xs, ys = a.tolist(), b.tolist()
            c = d = ta = tb = 0
            for i in range(len(xs)):
                for j in range(i + 1, len(xs)):
                    s = (xs[i] > xs[j]) - (xs[i] < xs[j])
                    t = (ys[i] > ys[j]) - (ys[i] < ys[j])
                    if s * t > 0:
                        c += 1
                    elif s * t < 0:
                        d += 1
                    elif s == 0 and t != 0:
                        ta += 1
                    elif t == 0 and s != 0:
                        tb += 1
            return (c - d) / math.sqrt((c + d + ta) * (c + d + tb))
        """)),
    variant("a mixture by a matrix product, tables of signs",
        body("mixed_op", "return (alpha.softmax(0) @ outputs.reshape(len(alpha), -1)).reshape(outputs.shape[1:])"),
        body("kendall_tau", """
            x, y = (torch.sign(v[:, None] - v[None]).to(torch.float64) for v in (a, b))
            return ((x * y).sum() / torch.sqrt((x * x).sum() * (y * y).sum())).item()
        """),
        body("darts_step", """
            g = torch.func.grad(train_loss, argnums=0)(w, alpha)
            w2 = w - lr_w * g
            return w2, alpha - lr_alpha * torch.func.grad(val_loss, argnums=1)(w2, alpha)
        """)),
]
