"""The PyTorch twins of `src/networks.rs`: the same architectures as a good PyTorch user would write them.

Every twin lists its parameters in the order of the declaration, so that weights exported by ours load by position.
Inputs and targets come in our layout, channel first (`[batch, channel, position]`); a twin that computes in another one
says so in `arrange`, which is not timed. Inputs are a dictionary by name, and so are outputs and targets where there are several.
"""

import torch
import torch.nn as nn
import torch.nn.functional as F


def one_hot(batch, length):
    return F.one_hot(torch.randint(0, 4, (batch, length)), 4).transpose(1, 2).float().contiguous()


class WeightedPool(nn.Module):
    """DRG: a window's mean weighted by its softmax; what is left over is padded on both sides with the tensor's minimum."""

    def __init__(self, window):
        super().__init__()
        self.window = window

    def forward(self, x):
        missing = -x.shape[-1] % self.window
        if missing:
            x = F.pad(x, (missing - missing // 2, missing // 2), value=x.min().item())
        x = x.unflatten(-1, (-1, self.window))
        return (x * x.softmax(-1)).sum(-1)


class Unit(nn.Module):
    """A unit of DRG's towers: batch norm, GELU, convolution."""

    def __init__(self, channels, width, dilation, bias):
        super().__init__()
        self.norm = nn.BatchNorm1d(channels)
        self.conv = nn.Conv1d(channels, channels, width, padding=dilation * (width // 2), dilation=dilation, bias=bias)

    def forward(self, x):
        return self.conv(F.gelu(self.norm(x)))


class Trunk(nn.Module):
    """DRG's basemodel up to its features: the skips carry the bare convolution output of the unit before."""

    def __init__(self, length, units, both_strands, drop):
        super().__init__()
        self.both_strands = both_strands
        self.first = nn.Conv1d(4, 300, 15, padding=7)
        self.pool4, self.pool6 = WeightedPool(4), WeightedPool(6)
        self.dilated = nn.ModuleList([Unit(300, 11, d, False) for d in (1, 2, 4)])
        self.tower = nn.ModuleList([Unit(300, 11, 1, True) for _ in range(units)])
        length = -(-length // 4)
        for _ in range(units):
            length = -(-length // 6)
        widths = [1024, 1126, 1126, 1024]
        self.flat = nn.Linear(300 * length, widths[0])
        self.hidden = nn.ModuleList([nn.Linear(i, o) for i, o in zip(widths, widths[1:])])
        self.drop = nn.Dropout(drop)

    def scan(self, x):
        forward = self.first(x)
        return torch.maximum(forward, self.first(x.flip(1, 2)).flip(2)) if self.both_strands else forward

    def forward(self, x):
        x = self.pool4(F.gelu(self.scan(x)))
        rest = x
        for unit in self.dilated:
            c = unit(x)
            x, rest = c + rest, c
        rest = x
        for i, unit in enumerate(self.tower):
            c = unit(x)
            x = self.pool6(c + rest)
            if i + 1 < len(self.tower):
                rest = self.pool6(c)
        x = self.flat(x.flatten(1))
        for layer in self.hidden:
            x = F.gelu(self.drop(layer(x)))
        return x


class DrgA(nn.Module):
    """DRG's A: expression from both strands of DNA."""

    def __init__(self, length, units, drop):
        super().__init__()
        self.dna = Trunk(length, units, True, drop)
        self.ex = nn.Linear(1024, 88)

    def forward(self, dna):
        return self.ex(self.dna(dna))


class DrgD(nn.Module):
    """DRG's D with separate heads: ex = f(DNA) - g(RNA), kd from RNA, kt from DNA. The original's two unused heads are left out."""

    def __init__(self, length, units, drop):
        super().__init__()
        self.dna = Trunk(length, units, True, drop)
        self.rna = Trunk(length, units, False, drop)
        self.made, self.lost = nn.Linear(1024, 88), nn.Linear(1024, 88)
        self.kd, self.kt = nn.Linear(1024, 88), nn.Linear(1024, 88)

    def forward(self, dna, rna):
        t, r = self.dna(dna), self.rna(rna)
        return {"ex": self.made(t) - self.lost(r), "kd": self.kd(r), "kt": self.kt(t)}


def correlation_and_squares(p, y):
    """DRG's Correlationmse, as a mean: 0.95 of one minus the correlation over tracks and 0.05 of the mean square."""
    r = F.cosine_similarity(p - p.mean(1, keepdim=True), y - y.mean(1, keepdim=True), dim=1, eps=1e-16)
    return 0.95 * (1 - r).mean() + 0.05 * F.mse_loss(p, y)


def over_outputs(given, targets):
    """The sum of the outputs' losses."""
    return sum(correlation_and_squares(given[name], y) for name, y in targets.items())


class MaxAtac(nn.Module):
    """maxATAC's DCNN_V2: convolution, ReLU, batch norm (Keras' epsilon), twice per block."""

    def __init__(self):
        super().__init__()
        layers, channels = [], 5
        for filters, d in ((15, 1), (22, 1), (33, 2), (50, 4), (75, 8)):
            for _ in range(2):
                conv = nn.Conv1d(channels, filters, 7, padding=3 * d, dilation=d)
                layers += [conv, nn.ReLU(), nn.BatchNorm1d(filters, eps=1e-3, momentum=0.01)]
                channels = filters
            layers.append(nn.MaxPool1d(2))
        self.layers = nn.Sequential(*layers, nn.Conv1d(channels, 1, 1), nn.Sigmoid())

    def forward(self, dna, atac):
        return self.layers(torch.cat([dna, atac], 1))


class Block(nn.Module):
    """A pre-norm transformer block on `[batch, token, channel]`, query, key and value in one product."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.wide = nn.Linear(width, 4 * width)
        self.narrow = nn.Linear(4 * width, width)

    def forward(self, x):
        q, k, v = self.qkv(self.norm1(x)).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        x = x + self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
        return x + self.narrow(F.gelu(self.wide(self.norm2(x))))


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.Sequential(*[Block(384, 8) for _ in range(4)])
        self.head = nn.Linear(384, 64)

    def forward(self, x):
        return self.head(self.blocks(x))


def pair(channels, dilation, relu):
    def half(i, o):
        conv = nn.Conv2d(i, o, 3, padding=dilation, dilation=dilation)
        return [conv, nn.BatchNorm2d(o)] + ([nn.ReLU()] if relu else [])

    return nn.Sequential(*half(channels, 32), *half(32, 64))


class OrcaDecoder(nn.Module):
    """Orca's 1 Mb decoder: 19 pairs of blocks on the outer sum of the encoding, and a symmetric map."""

    def __init__(self, drop):
        super().__init__()
        dilations = [1, 2, 4, 8, 16, 32, 64] + 2 * [2, 4, 8, 16, 32, 64]
        self.drop = nn.Dropout(drop)
        pairs = []
        for i, d in enumerate(dilations):
            pairs += [pair(128 if i == 0 else 64, d, False), pair(64, d, True)]
        self.pairs = nn.ModuleList(pairs)
        self.final = nn.Sequential(nn.Conv2d(64, 5, 1), nn.BatchNorm2d(5), nn.ReLU(), nn.Conv2d(5, 1, 1))

    def forward(self, encoding):
        m = self.drop(encoding[:, :, :, None] + encoding[:, :, None, :])
        m = self.pairs[0](m)
        for block in self.pairs[1:]:
            m = block(m) + m
        y = self.final(m)
        return 0.5 * (y + y.transpose(2, 3))


class Attend(nn.Module):
    """A layer of LSFG's perceiver: pre-norm attention and a perceptron of the same width; all on `[batch, token, channel]`."""

    def __init__(self, width, inner, heads, drop, read=None):
        super().__init__()
        self.heads, self.drop, self.cross = heads, drop, read is not None
        self.norm1 = nn.LayerNorm(width)
        if self.cross:
            self.norm2 = nn.LayerNorm(read)
            self.query = nn.Linear(width, inner)
            self.key, self.value = nn.Linear(read, inner), nn.Linear(read, inner)
        else:
            self.qkv = nn.Linear(width, 3 * inner)
        self.out = nn.Linear(inner, width)
        self.norm3 = nn.LayerNorm(width)
        self.dense1, self.dense2 = nn.Linear(width, width), nn.Linear(width, width)

    def split(self, x):
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def forward(self, x, read=None):
        h = self.norm1(x)
        if self.cross:
            read = self.norm2(read)
            q, k, v = self.split(self.query(h)), self.split(self.key(read)), self.split(self.value(read))
        else:
            q, k, v = self.qkv(h).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v, dropout_p=self.drop if self.training else 0.0)
        x = x + self.out(y.transpose(1, 2).flatten(2))
        return x + self.dense2(F.gelu(self.dense1(self.norm3(x))))


class Perceiver(nn.Module):
    """LSFG's path of the tracks: token, coverage bin and position embedded, one cross layer, four self layers, a mean."""

    def __init__(self, drop):
        super().__init__()
        self.tokens, self.coverage = nn.Embedding(5, 256), nn.Embedding(256, 256)
        self.positions = nn.Embedding(1000, 256)
        self.latents = nn.Embedding(128, 512)
        nn.init.normal_(self.latents.weight, std=0.02)
        self.cross = Attend(512, 256, 4, drop, read=256)
        self.selves = nn.ModuleList([Attend(512, 512, 8, drop) for _ in range(4)])
        self.head = nn.Linear(512, 1)
        self.register_buffer("edges", torch.linspace(0, 10, 257), persistent=False)

    def forward(self, tokens, coverage):
        bins = (torch.bucketize(coverage.clamp(0, 10), self.edges) - 1).clamp(0, 255)
        x = self.tokens(tokens) + self.coverage(bins) + self.positions.weight
        h = self.cross(self.latents.weight.expand(len(x), -1, -1), x)
        for layer in self.selves:
            h = layer(h)
        return self.head(h.mean(1))


class Mpsa(nn.Module):
    """The network of `notebooks/splice_sites.ipynb`."""

    def __init__(self, drop):
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten())
        for i in (36, 128, 128):
            self.layers.extend([nn.Linear(i, 128), nn.ReLU(), nn.Dropout(drop)])
        self.layers.append(nn.Linear(128, 1))

    def forward(self, rna):
        return self.layers(rna)


class Twin:
    """One row of the table: how the network, its batch, its loss and its optimizer are made."""

    def __init__(self, batch, network, inputs, target, loss, optimizer, arrange=None):
        self.batch, self.network, self.inputs, self.target = batch, network, inputs, target
        self.loss, self.optimizer = loss, optimizer
        self.arrange = arrange or (lambda inputs, target: (inputs, target))


def drg(network, inputs, length, target, loss):
    return Twin(
        8,
        network,
        lambda b: {name: one_hot(b, length) for name in inputs},
        target,
        loss,
        lambda p: torch.optim.SGD(p, lr=1e-3, momentum=0.9),
    )


def drg_a(length, units):
    network = lambda drop: DrgA(length, units, drop)
    return drg(network, ["dna"], length, lambda b: torch.randn(b, 88), correlation_and_squares)


def drg_d(length, units):
    network = lambda drop: DrgD(length, units, drop)
    targets = lambda b: {name: torch.randn(b, 88) for name in ("ex", "kd", "kt")}
    return drg(network, ["dna", "rna"], length, targets, over_outputs)


def maxatac(batch):
    return Twin(
        batch,
        lambda drop: MaxAtac(),
        lambda b: {"dna": one_hot(b, 1024), "atac": torch.rand(b, 1, 1024)},
        lambda b: (torch.rand(b, 1, 32) < 0.2).float(),
        F.binary_cross_entropy,
        lambda p: torch.optim.Adam(p, lr=1e-3, eps=1e-7),
    )


def tokens_last(inputs, target):
    return {name: x.transpose(1, 2).contiguous() for name, x in inputs.items()}, target.transpose(1, 2).contiguous()


def whole_tokens(inputs, target):
    return {"tokens": inputs["tokens"].long(), "coverage": inputs["coverage"].flatten(1)}, target


TWINS = {
    "drg_a_4kb": drg_a(4_000, 3),
    "drg_d_4kb": drg_d(4_000, 3),
    "drg_a_40kb": drg_a(40_000, 4),
    "drg_d_40kb": drg_d(40_000, 4),
    "maxatac_100": maxatac(100),
    "maxatac_1000": maxatac(1000),
    "transformer": Twin(
        1,
        lambda drop: Transformer(),
        lambda b: {"x": torch.randn(b, 384, 1536)},
        lambda b: torch.randn(b, 64, 1536),
        F.mse_loss,
        lambda p: torch.optim.AdamW(p, lr=1e-4),
        tokens_last,
    ),
    "orca_decoder": Twin(
        1,
        OrcaDecoder,
        lambda b: {"encoding": torch.randn(b, 128, 250)},
        lambda b: torch.randn(b, 1, 250, 250),
        F.mse_loss,
        lambda p: torch.optim.SGD(p, lr=2e-3, momentum=0.98),
    ),
    "lsfg_perceiver": Twin(
        32,
        Perceiver,
        lambda b: {"tokens": torch.randint(0, 5, (b, 1000)).float(), "coverage": 10 * torch.rand(b, 1, 1000)},
        lambda b: 10 * torch.rand(b, 1),
        F.mse_loss,
        lambda p: torch.optim.Adam(p, lr=1e-4),
        whole_tokens,
    ),
    "mpsa": Twin(
        256,
        Mpsa,
        lambda b: {"rna": one_hot(b, 9)},
        lambda b: torch.randn(b, 1),
        F.mse_loss,
        lambda p: torch.optim.Adam(p, lr=1e-3),
    ),
}
