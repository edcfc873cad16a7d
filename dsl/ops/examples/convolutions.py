"""The shapes of convolutions.rs with PyTorch: GFLOP/s per core, forward and both gradients.

usage: python convolutions.py [repetitions] [part of a name]   (python3 -m venv v; v/bin/pip install torch numpy)
CPU time of the whole process, least of some series, each at least 20 ms long; two threads that sleep while they wait.
"""

import os
import sys
import time

os.environ.setdefault("OMP_WAIT_POLICY", "passive")
import torch

torch.set_num_threads(int(os.environ.get("CISTRON_THREADS", "2")))
REPETITIONS = int(sys.argv[1]) if len(sys.argv) > 1 else 5
FILTER = sys.argv[2] if len(sys.argv) > 2 else ""


def least(run):
    def series(count):
        start = time.process_time()
        for _ in range(count):
            run()
        return time.process_time() - start

    count = 1
    while series(count) < 0.02:
        count *= 2
    return min(series(count) / count for _ in range(REPETITIONS))


def report(name, work, passes):
    line = f"{name:36}"
    for which, run in zip(("forward", "input", "weight"), passes):
        seconds = least(run)
        line += f" {which} {seconds * 1e3:9.3f} ms {work / seconds:7.1f} GFLOP/s"
    print(line, flush=True)


def convolution(name, batch, channels, filters, size, width, dilation, dimensions):
    if FILTER not in name:
        return
    x = torch.randn(batch, channels, *[size] * dimensions)
    weight = torch.randn(filters, channels, *[width] * dimensions)
    bias, padding = torch.zeros(filters), dilation * (width - 1) // 2
    function = (torch.nn.functional.conv1d, torch.nn.functional.conv2d)[dimensions - 1]
    y = function(x, weight, bias, padding=padding, dilation=dilation)
    gradient = torch.randn_like(y)

    def back(mask):
        return torch.ops.aten.convolution_backward(
            gradient, x, weight, [filters], [1] * dimensions, [padding] * dimensions, [dilation] * dimensions,
            False, [0] * dimensions, 1, mask,
        )

    report(
        name,
        2e-9 * y.numel() * weight[0].numel(),
        (
            lambda: function(x, weight, bias, padding=padding, dilation=dilation),
            lambda: back([True, False, False]),
            lambda: back([False, True, True]),
        ),
    )


def linear(name, rows, inputs, features):
    if FILTER not in name:
        return
    x, weight, bias = torch.randn(rows, inputs), torch.randn(features, inputs), torch.zeros(features)
    gradient = torch.randn(rows, features)
    report(
        name,
        2e-9 * rows * inputs * features,
        (
            lambda: torch.nn.functional.linear(x, weight, bias),
            lambda: gradient @ weight,
            lambda: (gradient.t() @ x, gradient.sum(0)),
        ),
    )


for shape in (
    ("DRG first 4 to 300, width 15", 1, 4, 300, 40_000, 15, 1),
    ("DRG 300, width 11, dilation 1", 1, 300, 300, 10_000, 11, 1),
    ("DRG 300, width 11, dilation 4", 1, 300, 300, 10_000, 11, 4),
    ("DRG 300, width 11, 1,666 positions", 2, 300, 300, 1_666, 11, 1),
    ("DRG 300, width 11, 46 positions", 8, 300, 300, 46, 11, 1),
    ("maxATAC 6 to 15, width 7", 20, 6, 15, 1_024, 7, 1),
    ("maxATAC 15, width 7", 20, 15, 15, 1_024, 7, 1),
    ("maxATAC 33, width 7, dilation 2", 100, 33, 33, 256, 7, 2),
    ("maxATAC 75, width 7, dilation 8", 100, 75, 75, 64, 7, 8),
    ("splice sites 4 to 32, width 3", 256, 4, 32, 9, 3, 1),
    ("width 1, 384 to 1152", 1, 384, 1_152, 1_536, 1, 1),
    ("width 1, 384", 1, 384, 384, 1_536, 1, 1),
    ("width 1, 384 to 1536", 1, 384, 1_536, 1_536, 1, 1),
    ("width 1, 1536 to 384", 1, 1_536, 384, 1_536, 1, 1),
):
    convolution(*shape, 1)
for name, channels, filters, dilation in (
    ("Orca 64 to 32, 250 x 250", 64, 32, 1),
    ("Orca 32 to 64, dilation 4", 32, 64, 4),
    ("Orca 64 to 32, dilation 32", 64, 32, 32),
):
    convolution(name, 1, channels, filters, 250, 3, dilation, 2)
for shape in (
    ("linear 1536 rows, 384 to 1536", 1_536, 384, 1_536),
    ("linear 1536 rows, 1536 to 384", 1_536, 1_536, 384),
    ("linear 8 rows, 1024", 8, 1_024, 1_024),
    ("linear 8 rows, 13800 to 1024", 8, 13_800, 1_024),
    ("linear 256 rows, 64 to 32", 256, 64, 32),
):
    linear(*shape)
