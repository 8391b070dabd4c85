"""Right answers to network_visualization.py in other styles. No check may take a point from them."""
# ruff: noqa: E501 - quotes lines of the reference

from autograder.authoring.variants import body, variants_of

variant = variants_of("network_visualization.py")

# fmt: off
VARIANTS = [
    variant("in the style of public solutions: backward() on the sum, with the weights' gradients restored",
        body("compute_saliency_maps", """
            X = X.clone().detach()
            X.requires_grad_()
            scores = model(X)
            correct = scores.gather(1, y.view(-1, 1)).squeeze(1)
            correct.backward(torch.ones_like(correct), inputs=[X])
            saliency, _ = torch.max(torch.abs(X.grad), dim=1)
            return saliency
        """),
        body("make_adversarial_attack", """
            X_fooling = X.clone()
            X_fooling = X_fooling.requires_grad_()
            for i in range(max_iter):
                scores = model(X_fooling)
                _, predicted = torch.max(scores, 1)
                if predicted.item() == target_y:
                    if verbose:
                        print('attacked after', i, 'iterations')
                    break
                scores[0, target_y].backward(inputs=[X_fooling])
                with torch.no_grad():
                    g = X_fooling.grad
                    X_fooling += 1 * g / torch.norm(g)
                    X_fooling.grad.zero_()
            return X_fooling
        """),
        body("class_visualization_step", """
            img.requires_grad_()
            img.grad = None
            score = model(img)[:, target_y] - l2_reg * torch.norm(img) ** 2
            score.sum().backward(inputs=[img])
            img.data += learning_rate * img.grad / torch.norm(img.grad)
            img.grad.zero_()
            return img
        """)),
    variant("one image after the other",
        body("compute_saliency_maps", """
            maps = []
            for n in range(len(X)):
                x = X[n : n + 1].detach().clone().requires_grad_()
                (g,) = torch.autograd.grad(model(x)[0, y[n]], x)
                maps.append(torch.maximum(g, -g).max(dim=1).values[0])
            return torch.stack(maps)
        """),
        body("occlusion_map", """
            C, H, W = x.shape
            out = torch.zeros((H - size) // stride + 1, (W - size) // stride + 1, dtype=x.dtype, device=x.device)
            with torch.no_grad():
                p = torch.softmax(model(x.unsqueeze(0)), 1)[0][y]
                for i in range(out.shape[0]):
                    for j in range(out.shape[1]):
                        z = x.clone()
                        z[:, i * stride : i * stride + size, j * stride : j * stride + size] = fill
                        out[i, j] = p - torch.softmax(model(z.unsqueeze(0)), 1)[0][y]
            return out
        """),
        body("guided_backprop", """
            class Guided(nn.Module):
                def forward(self, x):
                    return GuidedReLU.apply(x)

            import copy

            copied = copy.deepcopy(model)
            for module in list(copied.modules()):
                for name, child in list(module.named_children()):
                    if isinstance(child, nn.ReLU):
                        setattr(module, name, Guided())
            out = []
            for image, label in zip(x, y):
                image = image[None].detach().clone().requires_grad_()
                copied(image)[0, label].backward()
                out.append(image.grad[0])
            return torch.stack(out)
        """),
        body("gradcam", """
            maps, gradients = [], []
            handles = [
                layer.register_forward_hook(lambda m, i, o: maps.append(o)),
                layer.register_full_backward_hook(lambda m, gi, go: gradients.append(go[0])),
            ]
            x = x.clone().requires_grad_(True)
            torch.autograd.grad(model(x)[:, y].sum(), x)
            for handle in handles:
                handle.remove()
            total = torch.zeros_like(maps[0][0, 0])
            for k in range(maps[0].shape[1]):
                total = total + gradients[0][0, k].mean() * maps[0][0, k]
            return F.relu(total).detach()
        """)),
    variant("functions of torch.func, one-hot products, and an objective with its sign turned",
        body("compute_saliency_maps", """
            def right(x):
                return (model(x) * F.one_hot(y, model(x).shape[1])).sum()

            return torch.func.grad(right)(X).abs().max(1)[0]
        """),
        body("make_adversarial_attack", """
            image = X.clone()
            with torch.no_grad():
                done = model(image).argmax().item() == target_y
            steps = 0
            while not done and steps < max_iter:
                g = torch.func.grad(lambda z: -model(z)[0, target_y])(image)
                image = image - g / torch.linalg.vector_norm(g)
                steps += 1
                with torch.no_grad():
                    done = model(image).argmax().item() == target_y
            return image
        """),
        body("class_visualization_step", """
            with torch.no_grad():
                g = torch.func.grad(lambda z: model(z)[0, target_y])(img.detach()) - 2 * l2_reg * img
                img.add_(g, alpha=float(learning_rate / g.norm()))
            return img
        """)),
    variant("masks by where, and a custom module with a tensor hook",
        body("GuidedReLU.forward", """
            positive = x > 0
            ctx.positive = positive
            return torch.where(positive, x, 0)
        """),
        body("GuidedReLU.backward", """
            return torch.where(ctx.positive, torch.relu(gradient), torch.zeros_like(gradient))
        """),
        body("cam", """
            total = (W[y].unsqueeze(1).unsqueeze(2) * features).sum(0)
            return F.relu(total)
        """),
        body("gradcam", """
            kept = {}

            def hook(module, inputs, output):
                kept["maps"] = output

            handle = layer.register_forward_hook(hook)
            scores = model(x.clone().requires_grad_())
            handle.remove()
            grads = torch.autograd.grad(scores[0][y], kept["maps"])[0]
            alpha = grads[0].flatten(1).mean(1)
            return torch.clamp(torch.tensordot(alpha, kept["maps"][0].detach(), dims=1), min=0)
        """)),
    variant("matrix products, saved outputs, gradients of the rectified output",
        body("GuidedReLU.forward", """
            out = F.relu(x)
            ctx.save_for_backward(out)
            return out
        """),
        body("GuidedReLU.backward", """
            out = ctx.saved_tensors[0]
            result = gradient.clone()
            result[out <= 0] = 0
            result[gradient < 0] = 0
            return result
        """),
        body("cam", """
            K, h, w = features.shape
            return (W[y] @ features.reshape(K, h * w)).reshape(h, w).relu()
        """),
        body("deepdream_step", """
            x = x.clone().requires_grad_()
            a = model_to_layer(x)
            a.backward(a, inputs=[x])
            g = x.grad / torch.mean(torch.abs(x.grad))
            return (x + lr * g).detach()
        """)),
    variant("fields from the last layer to the first, and Python lists",
        body("maximal_patches", """
            with torch.no_grad():
                out = X
                for layer in layers:
                    out = layer(out)

            def number(value):
                return value[0] if isinstance(value, tuple) else value

            best = []
            for n in range(len(out)):
                place = out[n, channel].argmax().item()
                i, j = divmod(place, out.shape[3])
                best.append((-out[n, channel, i, j].item(), n, i, j))
            best.sort()
            images, boxes = [], []
            for _, n, i, j in best[:k]:
                lows, highs = [i, j], [i, j]
                for layer in reversed(list(layers)):
                    if isinstance(layer, (nn.Conv2d, nn.MaxPool2d, nn.AvgPool2d)):
                        size, step, pad = number(layer.kernel_size), number(layer.stride), number(layer.padding)
                        lows = [v * step - pad for v in lows]
                        highs = [v * step - pad + size - 1 for v in highs]
                images.append(n)
                boxes.append([max(lows[1], 0), max(lows[0], 0), min(highs[1] + 1, X.shape[3]), min(highs[0] + 1, X.shape[2])])
            return torch.tensor(images, device=X.device), torch.tensor(boxes, device=X.device)
        """),
        body("nearest_in_feature_space", """
            with torch.no_grad():
                far = torch.cdist(f(queries), f(gallery))
            return torch.argsort(far, dim=1, stable=True)[:, :k]
        """)),
    variant("the optimiser's usual loop, slices, and one query after the other",
        body("feature_inversion", """
            x = start.clone().detach().requires_grad_(True)
            optim = torch.optim.Adam([x], lr=learning_rate)
            history = []
            for step in range(steps):
                optim.zero_grad()
                content = torch.sum((phi(x) - target) ** 2) / torch.sum(target ** 2)
                tv = torch.sum((x[:, :, 1:, :] - x[:, :, :-1, :]) ** 2) + torch.sum((x[:, :, :, 1:] - x[:, :, :, :-1]) ** 2)
                total = content + tv_weight * tv
                history.append(total.item())
                total.backward(inputs=[x])
                optim.step()
            return x.detach(), history
        """),
        body("deepdream_step", """
            x = x.detach().clone().requires_grad_()
            objective = 0.5 * model_to_layer(x).pow(2).sum()
            grad = torch.autograd.grad(objective, x)[0]
            with torch.no_grad():
                return x + grad * (lr / grad.abs().mean())
        """),
        body("nearest_in_feature_space", """
            features = f(gallery).detach()
            rows = []
            for n in range(len(queries)):
                distance = (features - f(queries[n : n + 1]).detach()).norm(dim=1)
                order = sorted(range(len(features)), key=lambda m: distance[m].item())
                rows.append(order[:k])
            return torch.tensor(rows, device=queries.device)
        """)),
    variant("directions that may vanish, forwards replaced for one call, and Adam by hand",
        body("make_adversarial_attack", """
            fooled = X.detach().clone()

            def score(image):
                scores = model(image)
                return scores[0, target_y], scores.detach()

            for step in range(max_iter):
                gradient, scores = torch.func.grad(score, has_aux=True)(fooled)
                if int(scores.argmax()) == target_y:
                    break
                if verbose:
                    print(f"step {step}: {float(scores[0, target_y]):.2f} of {float(scores.max()):.2f}")
                fooled += F.normalize(gradient.flatten(1), dim=1).view_as(gradient)
            return fooled
        """),
        body("guided_backprop", """
            plain = nn.ReLU.forward
            nn.ReLU.forward = lambda self, given: GuidedReLU.apply(given)
            try:
                image = torch.autograd.Variable(x.detach().clone(), requires_grad=True)
                scores = model(image)
                wanted = scores[range(len(y)), y].sum()
                return torch.autograd.grad(wanted, [image])[0]
            finally:
                nn.ReLU.forward = plain
        """),
        body("gradcam", """
            kept = []
            original = layer.forward

            def record(*args, **kwargs):
                out = original(*args, **kwargs)
                kept.append(out)
                return out

            layer.forward = record
            try:
                with torch.enable_grad():
                    scores = model(x.detach().clone().requires_grad_())
            finally:
                del layer.forward
            A = kept[0]
            G = torch.autograd.grad(outputs=scores[:, y], inputs=A)[0].detach()
            alpha = G.mean(3).mean(2).squeeze(0)
            return torch.tensordot(alpha, A.detach().squeeze(0), dims=1).clamp(min=0)
        """),
        body("class_visualization_step", """
            z = img.detach()
            g = torch.func.grad(lambda t: model(t).flatten()[target_y] - l2_reg * torch.linalg.vector_norm(t) ** 2)(z)
            z += learning_rate * g / g.norm()
            return img
        """),
        body("feature_inversion", """
            x = start.detach().clone()
            target = target.detach()
            m, v = torch.zeros_like(x), torch.zeros_like(x)
            losses = []
            for t in range(1, steps + 1):
                x.requires_grad_(True)
                loss = F.mse_loss(phi(x), target, reduction="sum") / target.pow(2).sum()
                loss = loss + tv_weight * (x.diff(dim=-1).pow(2).sum() + x.diff(dim=-2).pow(2).sum())
                (g,) = torch.autograd.grad(loss, x)
                losses.append(float(loss))
                x = x.detach()
                m = 0.9 * m + 0.1 * g
                v = 0.999 * v + 0.001 * g * g
                x = x - learning_rate * (m / (1 - 0.9**t)) / ((v / (1 - 0.999**t)).sqrt() + 1e-8)
            return x, losses
        """),
        body("deepdream_step", """
            a, pull = torch.func.vjp(model_to_layer, x.detach())
            (g,) = pull(a.detach())
            return x.detach() + lr * g / g.abs().mean()
        """)),
]
