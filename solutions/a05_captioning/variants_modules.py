"""Right answers to a05 in other styles: the networks as modules, and attention. No check may take a point from them."""

from autograder.authoring.variants import body, variants_of

variant = variants_of("rnn_lstm_captioning.py")

MODULES = [
    variant("rnn: its own step and loop",
        body("RNN.step_forward", "return torch.tanh(F.linear(x, self.Wx.T) + F.linear(prev_h, self.Wh.T, self.b))"),
        body("RNN.forward", """
            prev, out = h0, []
            for t in range(x.size(1)):
                prev = self.step_forward(x[:, t, :], prev)
                out += [prev]
            return torch.stack(out).transpose(0, 1)
        """)),
    variant("lstm: torch.split and functions",
        body("LSTM.step_forward", """
            H = prev_h.shape[1]
            a = torch.matmul(x, self.Wx) + torch.matmul(prev_h, self.Wh) + self.b
            ai, af, ao, ag = torch.split(a, H, dim=1)
            i, f, o, g = torch.sigmoid(ai), torch.sigmoid(af), torch.sigmoid(ao), torch.tanh(ag)
            next_c = torch.mul(f, prev_c) + torch.mul(i, g)
            next_h = torch.mul(o, torch.tanh(next_c))
        """),
        body("LSTM.forward", """
            N, T, D = x.shape
            h, c = h0, torch.zeros_like(h0)
            hs = torch.zeros(N, T, h0.shape[1], dtype=h0.dtype, device=h0.device)
            for t in range(T):
                h, c = self.step_forward(x[:, t, :], h, c)
                hs[:, t, :] = h
            return hs
        """)),
    variant("lstm: slices, one sigmoid for three gates",
        body("LSTM.step_forward", """
            H = prev_h.size(1)
            a = torch.addmm(self.b, torch.cat((x, prev_h), 1), torch.cat((self.Wx, self.Wh)))
            gates = torch.sigmoid(a[:, : 3 * H])
            next_c = gates[:, H : 2 * H] * prev_c + gates[:, :H] * torch.tanh(a[:, 3 * H :])
            next_h = gates[:, 2 * H : 3 * H] * torch.tanh(next_c)
        """)),
    variant("lstm: the inputs of all steps in one product, nn.Sigmoid and nn.Tanh",
        body("LSTM.step_forward", """
            a = x @ self.Wx + prev_h @ self.Wh + self.b
            sigmoid, tanh = nn.Sigmoid(), nn.Tanh()
            i, f, o, g = a.view(len(a), 4, -1).unbind(1)
            next_c = sigmoid(f) * prev_c + sigmoid(i) * tanh(g)
            next_h = sigmoid(o) * tanh(next_c)
        """),
        body("LSTM.forward", """
            ahead = torch.einsum("ntd,dk->ntk", x, self.Wx) + self.b
            h, c, states = h0, h0 * 0, []
            for now in ahead.unbind(1):
                i, f, o, g = (now + h @ self.Wh).chunk(4, 1)
                c = f.sigmoid() * c + i.sigmoid() * g.tanh()
                h = o.sigmoid() * c.tanh()
                states.append(h)
            return torch.stack(states, 1)
        """)),
    variant("gru: slices, and the blend as a correction",
        body("GRU.step_forward", """
            H = prev_h.size(1)
            gates = torch.sigmoid(x @ self.Wx[:, : 2 * H] + prev_h @ self.Wh[:, : 2 * H] + self.b[: 2 * H])
            r, z = gates[:, :H], gates[:, H:]
            n = torch.tanh(x @ self.Wx[:, 2 * H :] + self.b[2 * H :] + r * (prev_h @ self.Wh[:, 2 * H :]))
            return n + z * (prev_h - n)
        """),
        body("GRU.forward", """
            out = [h0]
            for t in range(x.shape[1]):
                out.append(self.step_forward(x[:, t], out[-1]))
            return torch.stack(out[1:], dim=1)
        """)),
    variant("gru: torch.lerp and weights split once",
        body("GRU.step_forward", """
            ax, ah = x @ self.Wx + self.b, prev_h @ self.Wh
            H = prev_h.shape[1]
            (xr, xz, xn), (hr, hz, hn) = ax.split(H, 1), ah.split(H, 1)
            r, z = torch.sigmoid(xr + hr), torch.sigmoid(xz + hz)
            return torch.lerp(torch.tanh(xn + r * hn), prev_h, z)
        """)),
]  # fmt: skip
ATTENTION = [
    variant("attention: bmm",
        body("dot_product_attention", """
            N, H, a, _ = A.shape
            A_flat = A.reshape(N, H, a * a)
            scores = torch.bmm(prev_h.unsqueeze(1), A_flat).div(H**0.5)
            weights = F.softmax(scores, dim=-1)
            attn = torch.bmm(A_flat, weights.permute(0, 2, 1)).squeeze(2)
            weights = weights.reshape(N, a, a)
        """)),
    variant("attention: products and sums on the grid, a softmax by hand",
        body("dot_product_attention", """
            scores = (prev_h[:, :, None, None] * A).sum(1) / math.sqrt(prev_h.shape[1])
            scores = (scores - scores.amax(dim=(1, 2), keepdim=True)).exp()
            weights = scores / scores.sum(dim=(1, 2), keepdim=True)
            attn = (weights.unsqueeze(1) * A).sum(dim=[2, 3])
        """)),
    variant("attention: the square root on both factors, log_softmax",
        body("dot_product_attention", """
            root = A.size(1) ** 0.25
            scores = torch.matmul((A / root).flatten(2).transpose(1, 2), (prev_h / root).unsqueeze(2)).squeeze(2)
            weights = torch.exp(torch.log_softmax(scores, 1))
            attn = torch.matmul(A.flatten(2), weights.unsqueeze(2)).squeeze(2)
            weights = weights.view(A.size(0), A.size(2), A.size(3))
        """)),
    variant("attention lstm: one product of input, look and state",
        body("AttentionLSTM.step_forward", """
            both = torch.cat([x, attn, prev_h], dim=1)
            a = F.linear(both, torch.cat([self.Wx, self.Wattn, self.Wh]).T, self.b)
            H = prev_h.shape[1]
            i, f, o = (torch.sigmoid(a[:, k * H : (k + 1) * H]) for k in range(3))
            next_c = f * prev_c + i * torch.tanh(a[:, 3 * H :])
            next_h = o * torch.tanh(next_c)
        """),
        body("AttentionLSTM.forward", """
            h0 = torch.mean(A.flatten(2), dim=2)
            c0 = h0.clone()
            N, T, D = x.size()
            out = x.new_empty(N, T, A.size(1))
            h, c = h0, c0
            for t in range(T):
                h, c = self.step_forward(x[:, t], h, c, dot_product_attention(h, A)[0])
                out[:, t] = h
            return out
        """)),
    variant("attention lstm: average pooling of the grid",
        ("        h = c = A.mean(dim=(2, 3))\n", "        h = F.adaptive_avg_pool2d(A, 1).squeeze(3).squeeze(2)\n"
         "        c = h\n")),
]  # fmt: skip

VARIANTS = [*MODULES, *ATTENTION]
