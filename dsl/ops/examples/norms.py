"""CPU time of normalisations and attention in PyTorch, beside `norms.rs` (the same shapes; one thread)."""

import statistics
import time

import torch
import torch.nn.functional as F

torch.set_num_threads(1)


def milliseconds(work):
    """The median of five rounds of at least a fifth of a second."""
    work()
    rounds = []
    for _ in range(5):
        start, calls = time.process_time(), 0
        while True:
            for _ in range(5):
                work()
                calls += 1
            spent = time.process_time() - start
            if spent > 0.2:
                rounds.append(spent / calls * 1e3)
                break
    return statistics.median(rounds)


def report(name, leaves, function):
    gradient = torch.randn_like(function())

    def both():
        for leaf in leaves:
            leaf.grad = None
        function().backward(gradient)

    print(f"{name}\t{milliseconds(function):.3f}\t{milliseconds(both):.3f}")


def leaf(*shape):
    return torch.randn(shape, requires_grad=True)


print("operation\tforward ms\tforward and backward ms")
for shape in [(100, 15, 1024), (1, 64, 250, 250), (256, 100)]:
    norm = torch.nn.BatchNorm2d(shape[1]) if len(shape) == 4 else torch.nn.BatchNorm1d(shape[1])
    x = leaf(*shape)
    report(f"batch norm {list(shape)}", [x, *norm.parameters()], lambda: norm(x))
norm, x = torch.nn.LayerNorm(384), leaf(1, 1536, 384)
report("layer norm [1, 384, 1536]", [x, *norm.parameters()], lambda: norm(x))
for queries, keys, heads, width in [(1536, 1536, 8, 48), (128, 1000, 4, 64), (128, 128, 8, 64)]:
    q, k, v = leaf(1, heads, queries, width), leaf(1, heads, keys, width), leaf(1, heads, keys, width)
    report(
        f"attention {queries} x {keys}, {heads} heads x {width}",
        [q, k, v],
        lambda: F.scaled_dot_product_attention(q, k, v),
    )
