"""Right answers to a04, layers by hand, in other styles. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("convolutional_networks.py")

CONV = [
    variant("conv: a loop for each number, as in the lecture",
        body("Conv.forward", """
            stride, pad = conv_param["stride"], conv_param["pad"]
            N, C, H, W = x.shape
            F_, _, HH, WW = w.shape
            H_out, W_out = 1 + (H + 2 * pad - HH) // stride, 1 + (W + 2 * pad - WW) // stride
            x_pad = torch.zeros(N, C, H + 2 * pad, W + 2 * pad, dtype=x.dtype, device=x.device)
            x_pad[:, :, pad : pad + H, pad : pad + W] = x
            out = torch.zeros(N, F_, H_out, W_out, dtype=x.dtype, device=x.device)
            for f in range(F_):
                for i in range(H_out):
                    for j in range(W_out):
                        window = x_pad[:, :, i * stride : i * stride + HH, j * stride : j * stride + WW]
                        out[:, f, i, j] = (window * w[f]).sum(dim=(1, 2, 3)) + b[f]
            cache = (x, w, b, conv_param)
        """),
        body("Conv.backward", """
            x, w, b, conv_param = cache
            stride, pad = conv_param["stride"], conv_param["pad"]
            N, C, H, W = x.shape
            F_, _, HH, WW = w.shape
            x_pad = torch.nn.functional.pad(x, (pad, pad, pad, pad))
            dx_pad, dw, db = torch.zeros_like(x_pad), torch.zeros_like(w), torch.zeros_like(b)
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    rows, columns = slice(i * stride, i * stride + HH), slice(j * stride, j * stride + WW)
                    for f in range(F_):
                        d = dout[:, f, i, j].view(N, 1, 1, 1)
                        dw[f] += (d * x_pad[:, :, rows, columns]).sum(dim=0)
                        dx_pad[:, :, rows, columns] += d * w[f]
            for f in range(F_):
                db[f] = dout[:, f].sum()
            dx = dx_pad[:, :, pad : pad + H, pad : pad + W]
        """)),
    variant("conv: windows as columns of a matrix, by F.unfold, and gathered back by index_add",
        body("Conv.forward", """
            stride, pad = conv_param["stride"], conv_param["pad"]
            height = (x.shape[2] + 2 * pad - w.shape[2]) // stride + 1
            width = (x.shape[3] + 2 * pad - w.shape[3]) // stride + 1
            columns = F.unfold(x, w.shape[2:], padding=pad, stride=stride)  # (N, C*KH*KW, L)
            out = (w.flatten(1) @ columns + b.view(-1, 1)).view(len(x), len(w), height, width)
            cache = (x.shape, columns, w, stride, pad)
        """),
        body("Conv.backward", """
            shape, columns, w, stride, pad = cache
            N, C, H, W = shape
            d = dout.flatten(2)  # (N, F, L)
            dw = torch.einsum("nfl,nkl->fk", d, columns).view(w.shape)
            db = d.sum((0, 2))
            back = w.flatten(1).T @ d  # (N, C*KH*KW, L)
            Hp, Wp = H + 2 * pad, W + 2 * pad
            pixel = torch.arange(Hp * Wp, dtype=torch.float64, device=dout.device).view(1, 1, Hp, Wp)
            place = F.unfold(pixel, w.shape[2:], stride=stride).long().flatten()  # (KH*KW*L,)
            dx = dout.new_zeros(N, C, Hp * Wp)
            dx.index_add_(2, place, back.reshape(N, C, -1))
            dx = dx.view(N, C, Hp, Wp)[:, :, pad : Hp - pad, pad : Wp - pad]
        """)),
    variant("pool: a loop over windows, and a mask of the first maximum",
        body("MaxPool.forward", """
            PH, PW, S = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
            N, C, H, W = x.shape
            out = torch.zeros((N, C, 1 + (H - PH) // S, 1 + (W - PW) // S), dtype=x.dtype, device=x.device)
            for i in range(out.shape[2]):
                for j in range(out.shape[3]):
                    out[:, :, i, j] = x[:, :, i * S : i * S + PH, j * S : j * S + PW].amax(dim=(2, 3))
            cache = (x, pool_param)
        """),
        body("MaxPool.backward", """
            x, pool_param = cache
            PH, PW, S = pool_param["pool_height"], pool_param["pool_width"], pool_param["stride"]
            dx = torch.zeros_like(x)
            for n in range(x.shape[0]):
                for c in range(x.shape[1]):
                    for i in range(dout.shape[2]):
                        for j in range(dout.shape[3]):
                            window = x[n, c, i * S : i * S + PH, j * S : j * S + PW]
                            index = int(window.argmax())
                            dx[n, c, i * S + index // PW, j * S + index % PW] += dout[n, c, i, j]
            return dx
        """)),
]  # fmt: skip

NETS = [
    variant("net: layers called one by one, the regularisation added at the end",
        body("ThreeLayerConvNet.loss", """
            W1, b1, W2, b2, W3, b3 = (self.params[k] for k in ("W1", "b1", "W2", "b2", "W3", "b3"))
            a1, cache1 = Conv_ReLU.forward(X, W1, b1, self.conv_param)
            a2, cache2 = FastMaxPool.forward(a1, self.pool_param)
            a3, cache3 = Linear.forward(a2, W2, b2)
            a4, cache4 = ReLU.forward(a3)
            scores, cache5 = Linear.forward(a4, W3, b3)
            if y is None:
                return scores
            data_loss, dscores = softmax_loss(scores, y)
            reg_loss = self.reg * ((W1 * W1).sum() + (W2 ** 2).sum() + torch.sum(W3.pow(2)))
            grads = {}
            da4, dW3, grads["b3"] = Linear.backward(dscores, cache5)
            da2, dW2, grads["b2"] = Linear.backward(ReLU.backward(da4, cache4), cache3)
            dx, dW1, grads["b1"] = Conv_ReLU.backward(FastMaxPool.backward(da2, cache2), cache1)
            for name, d, W in (("W1", dW1, W1), ("W2", dW2, W2), ("W3", dW3, W3)):
                grads[name] = d + self.reg * 2 * W
            loss = data_loss + reg_loss
            return [loss, grads]
        """)),
    variant("kaiming: torch.normal, and a number of weights per output",
        body("kaiming_initializer", """
            gain = 2.0 if relu else 1.0
            if K is None:
                std = (gain / Din) ** 0.5
                weight = torch.zeros(Din, Dout, dtype=dtype, device=device).normal_(0, std)
            else:
                std = torch.sqrt(torch.tensor(gain / (Din * K * K))).item()
                weight = torch.normal(0.0, std, size=(Dout, Din, K, K), device=device, dtype=dtype)
            return weight
        """)),
    variant("deep: the first layer apart, caches in a dict, statistics kept by the given dicts",
        body("DeepConvNet.__init__", """
            C, H, W = input_dims
            sizes = [C] + list(num_filters)
            for i in range(len(num_filters)):
                Din, Dout = sizes[i], sizes[i + 1]
                if weight_initializer:
                    self.params["W%d" % (i + 1)] = weight_initializer(
                        Din, Dout, K=3, relu=True, device=device, dtype=dtype
                    )
                else:
                    self.params["W%d" % (i + 1)] = torch.zeros(Dout, Din, 3, 3, dtype=dtype, device=device).normal_(
                        std=weight_scale
                    )
                self.params["b%d" % (i + 1)] = torch.zeros(Dout, dtype=dtype, device=device)
                if self.batchnorm:
                    self.params["gamma%d" % (i + 1)] = torch.ones(Dout, dtype=dtype, device=device)
                    self.params["beta%d" % (i + 1)] = torch.zeros(Dout, dtype=dtype, device=device)
            for i in range(len(num_filters)):
                if i in max_pools:
                    H, W = H // 2, W // 2
            L = self.num_layers
            if weight_initializer:
                self.params[f"W{L}"] = weight_initializer(
                    sizes[-1] * H * W, num_classes, relu=False, device=device, dtype=dtype
                )
            else:
                self.params[f"W{L}"] = torch.randn(sizes[-1] * H * W, num_classes, dtype=dtype, device=device)
                self.params[f"W{L}"] *= weight_scale
            self.params[f"b{L}"] = torch.zeros(num_classes, dtype=dtype, device=device)
        """),
        body("DeepConvNet.loss", """
            caches, out = {}, X
            for i in range(self.num_layers - 1):
                w, b = self.params[f"W{i + 1}"], self.params[f"b{i + 1}"]
                out, caches["conv", i] = FastConv.forward(out, w, b, self.conv_param)
                if self.batchnorm:
                    gamma, beta = self.params[f"gamma{i + 1}"], self.params[f"beta{i + 1}"]
                    out, caches["norm", i] = SpatialBatchNorm.forward(out, gamma, beta, self.bn_params[i])
                out, caches["relu", i] = ReLU.forward(out)
                if i in self.max_pools:
                    out, caches["pool", i] = FastMaxPool.forward(out, self.pool_param)
            L = self.num_layers
            scores, cache = Linear.forward(out, self.params[f"W{L}"], self.params[f"b{L}"])
            if y is None:
                return scores
            loss, dout = softmax_loss(scores, y)
            for i in range(L):
                loss += self.reg * (self.params[f"W{i + 1}"] ** 2).sum()
            grads = {}
            dout, dw, grads[f"b{L}"] = Linear.backward(dout, cache)
            grads[f"W{L}"] = dw + 2 * self.reg * self.params[f"W{L}"]
            for i in reversed(range(L - 1)):
                if i in self.max_pools:
                    dout = FastMaxPool.backward(dout, caches["pool", i])
                dout = ReLU.backward(dout, caches["relu", i])
                if self.batchnorm:
                    dout, dgamma, dbeta = SpatialBatchNorm.backward(dout, caches["norm", i])
                    grads[f"gamma{i + 1}"], grads[f"beta{i + 1}"] = dgamma, dbeta
                dout, dw, grads[f"b{i + 1}"] = FastConv.backward(dout, caches["conv", i])
                grads[f"W{i + 1}"] = dw + 2 * self.reg * self.params[f"W{i + 1}"]
            return loss, grads
        """),
        body("find_overfit_parameters", """
            weight_scale = 1e-1
            learning_rate = 3e-3
            return weight_scale, learning_rate
        """)),
]  # fmt: skip

NORMS = [
    variant("batch norm: step by step through the graph, as in the lecture",
        body("BatchNorm.forward", """
            N, D = x.shape
            if mode == "train":
                mu = 1.0 / N * torch.sum(x, dim=0)
                xmu = x - mu
                sq = xmu ** 2
                var = 1.0 / N * torch.sum(sq, dim=0)
                sqrtvar = torch.sqrt(var + eps)
                ivar = 1.0 / sqrtvar
                xhat = xmu * ivar
                out = gamma * xhat + beta
                running_mean = momentum * running_mean + (1 - momentum) * mu
                running_var = momentum * running_var + (1 - momentum) * var
                bn_param["running_mean"], bn_param["running_var"] = running_mean, running_var
                cache = (xhat, gamma, xmu, ivar, sqrtvar, var, eps)
            else:
                out = gamma * ((x - running_mean) / torch.sqrt(running_var + eps)) + beta
                cache = None
        """),
        body("BatchNorm.backward", """
            xhat, gamma, xmu, ivar, sqrtvar, var, eps = cache
            N, D = dout.shape
            dbeta = torch.sum(dout, dim=0)
            dgamma = torch.sum(dout * xhat, dim=0)
            dxhat = dout * gamma
            divar = torch.sum(dxhat * xmu, dim=0)
            dxmu1 = dxhat * ivar
            dsqrtvar = -1.0 / (sqrtvar ** 2) * divar
            dvar = 0.5 * 1.0 / torch.sqrt(var + eps) * dsqrtvar
            dsq = 1.0 / N * torch.ones_like(dout) * dvar
            dxmu2 = 2 * xmu * dsq
            dx1 = dxmu1 + dxmu2
            dmu = -1 * torch.sum(dxmu1 + dxmu2, dim=0)
            dx2 = 1.0 / N * torch.ones_like(dout) * dmu
            dx = dx1 + dx2
        """),
        body("BatchNorm.backward_alt", """
            xhat, gamma, xmu, ivar = cache[:4]
            N = dout.size(0)
            dxhat = dout * gamma
            dx = (1.0 / N) * ivar * (N * dxhat - dxhat.sum(0) - xhat * (dxhat * xhat).sum(0))
            dgamma, dbeta = (xhat * dout).sum(0), dout.sum(0)
        """)),
    variant("batch norm: torch's var_mean, statistics changed by lerp, a batch's own buffers",
        body("BatchNorm.forward", """
            if mode == "train":
                var, mean = torch.var_mean(x, dim=0, unbiased=False, keepdim=True)
                bn_param["running_mean"] = torch.lerp(mean.squeeze(0), running_mean, momentum)
                bn_param["running_var"] = torch.lerp(var.squeeze(0), running_var, momentum)
            else:
                mean, var = running_mean[None], running_var[None]
            scale = torch.rsqrt(var + eps)
            normal = (x - mean) * scale
            out = torch.addcmul(beta, normal, gamma)
            cache = {"normal": normal, "scale": scale, "gamma": gamma}
        """),
        body("BatchNorm.backward", """
            normal, scale, gamma = cache["normal"], cache["scale"], cache["gamma"]
            dbeta, dgamma = torch.einsum("nd->d", dout), torch.einsum("nd,nd->d", dout, normal)
            d = dout * gamma
            dx = scale * (d - d.mean(0) - normal * (d * normal).mean(0))
        """),
        body("BatchNorm.backward_alt", "dx, dgamma, dbeta = BatchNorm.backward(dout, cache)")),
    variant("spatial batch norm: permute and reshape, and the gradients of the stepwise version",
        body("SpatialBatchNorm.forward", """
            N, C, H, W = x.shape
            out, cache = BatchNorm.forward(x.permute(0, 2, 3, 1).reshape(-1, C), gamma, beta, bn_param)
            out = out.reshape(N, H, W, C).permute(0, 3, 1, 2)
        """),
        body("SpatialBatchNorm.backward", """
            N, C, H, W = dout.shape
            m = dout.permute(1, 0, 2, 3).reshape(C, -1).t()
            dx, dgamma, dbeta = BatchNorm.backward(m, cache)
            dx = dx.t().reshape(C, N, H, W).permute(1, 0, 2, 3)
        """)),
    variant("layer norm: batch norm of the transposed rows; group norm: a loop over groups",
        body("LayerNorm.forward", """
            xT = x.t()
            mu = xT.mean(dim=0)
            var = ((xT - mu) ** 2).sum(0) / xT.shape[0]
            std = torch.sqrt(var + eps)
            x_hat = ((xT - mu) / std).t()
            out = gamma * x_hat + beta
            cache = {"x_hat": x_hat, "std": std.unsqueeze(1), "gamma": gamma}
        """),
        body("LayerNorm.backward", """
            x_hat, std, gamma = cache["x_hat"], cache["std"], cache["gamma"]
            D = dout.shape[1]
            dbeta = dout.sum(0)
            dgamma = (dout * x_hat).sum(0)
            dx_hat = dout * gamma
            dx = 1 / (D * std) * (
                D * dx_hat - dx_hat.sum(1, keepdim=True) - x_hat * (dx_hat * x_hat).sum(1, keepdim=True)
            )
        """),
        body("SpatialGroupNorm.forward", """
            N, C, H, W = x.shape
            normals, stds = [], []
            for group in x.split(C // G, dim=1):
                mean = group.mean(dim=(1, 2, 3), keepdim=True)
                var = ((group - mean) ** 2).mean(dim=(1, 2, 3), keepdim=True)
                stds.append(torch.sqrt(var + eps))
                normals.append((group - mean) / stds[-1])
            out = torch.cat(normals, dim=1) * gamma.view(1, C, 1, 1) + beta.view(1, C, 1, 1)
            cache = (normals, stds, gamma)
        """),
        body("SpatialGroupNorm.backward", """
            normals, stds, gamma = cache
            size = normals[0].shape[1]
            dnormal = dout * gamma.reshape(1, -1, 1, 1)
            parts = []
            for i, (normal, std) in enumerate(zip(normals, stds)):
                d = dnormal[:, i * size : (i + 1) * size]
                m = d.mean(dim=(1, 2, 3), keepdim=True)
                parts.append((d - m - normal * (d * normal).mean(dim=(1, 2, 3), keepdim=True)) / std)
            dx = torch.cat(parts, dim=1)
            dgamma = (dout * torch.cat(normals, dim=1)).sum(dim=(0, 2, 3))
            dbeta = dout.sum(dim=(0, 2, 3))
        """)),
]  # fmt: skip

VARIANTS = [*CONV, *NETS, *NORMS]
