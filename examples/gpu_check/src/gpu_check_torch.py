"""Times the shapes of gpu_check in PyTorch: seconds of forward, input gradient and parameter gradients, as JSON."""

import json
import sys
import time

import torch
import torch.nn.functional as F

if not torch.cuda.is_available():
    sys.exit("PyTorch has no CUDA device")
ARITHMETIC = {"f32": (torch.float32, False), "tf32": (torch.float32, True), "bf16": (torch.bfloat16, False)}


def weighted(x, window):
    length = x.shape[-1] // window * window
    parts = x[..., :length].unflatten(-1, (-1, window))
    return (parts.softmax(-1) * parts).sum(-1)


def layer_norm(x, weight, bias):  # over channels of [batch, channel, position]
    return F.layer_norm(x.transpose(1, 2), (x.shape[1],), weight, bias).transpose(1, 2)


def attention(q, k, v, heads):  # [batch, heads * width, tokens]
    split = [t.unflatten(1, (heads, -1)).transpose(2, 3) for t in (q, k, v)]
    return F.scaled_dot_product_attention(*split).transpose(2, 3).flatten(1, 2)


def function(spec):
    kind = spec["kind"]
    if kind == "conv1d":
        before, after = spec["padding"]
        dilation = spec["dilation"]
        if before == after:
            return lambda x, w, b: F.conv1d(x, w, b, padding=before, dilation=dilation)
        return lambda x, w, b: F.conv1d(F.pad(x, (before, after)), w, b, dilation=dilation)
    if kind == "conv2d":
        return lambda x, w, b: F.conv2d(x, w, b, padding=spec["padding"], dilation=spec["dilation"])
    return {
        "attention": lambda q, k, v: attention(q, k, v, spec["heads"]),
        "linear": F.linear,
        "batch_norm": lambda x, w, b, m, v: F.batch_norm(x, m, v, w, b, training=True),
        "layer_norm": layer_norm,
        "gelu": F.gelu,
        "relu": F.relu,
        "weighted": lambda x: weighted(x, spec["window"]),
        "dropout": lambda x: F.dropout(x, spec["rate"], training=True),
        "flip": lambda x: x.flip(-1),
    }[kind]


def seconds(call):
    def rounds(calls):
        torch.cuda.synchronize()
        start = time.perf_counter()
        for _ in range(calls):
            call()
        torch.cuda.synchronize()
        return (time.perf_counter() - start) / calls

    rounds(3)
    calls = int(min(max(0.03 / max(rounds(3), 1e-6), 3), 2000))
    return sorted(rounds(calls) for _ in range(5))[2]


def parts(work, dtype):
    kind = work["torch"]["kind"]
    inputs = []
    for i, shape in enumerate(work["shapes"]):
        # Norms keep their parameters in float32, as autocast does.
        narrow = i < work["activations"] or kind in ("conv1d", "conv2d", "linear")
        tensor = torch.rand(shape, device="cuda") - 0.5
        buffer = kind == "batch_norm" and i > 2
        tensor = (tensor + 1.0 if buffer else tensor).to(dtype if narrow else torch.float32)
        inputs.append(tensor.requires_grad_(not buffer))
    if kind == "layer_norm":  # PyTorch wants one type
        inputs = [t.detach().to(dtype).requires_grad_() for t in inputs]
    f = function(work["torch"])
    with torch.no_grad():
        found = {"forward": seconds(lambda: f(*inputs))}
    output = f(*inputs)
    gradient = torch.rand_like(output)

    def back(wanted):
        torch.autograd.grad(output, wanted, gradient, retain_graph=True)

    first = work["activations"]
    found["input"] = seconds(lambda: back(inputs[:first]))
    trained = [t for t in inputs[first:] if t.requires_grad]
    if trained:
        found["parameters"] = seconds(lambda: back(trained))
    return found


rows = []
for work in json.load(open(sys.argv[1])):
    for name, (dtype, tf32) in ARITHMETIC.items():
        torch.backends.cuda.matmul.allow_tf32 = tf32
        torch.backends.cudnn.allow_tf32 = tf32
        try:
            found = parts(work, dtype)
        except RuntimeError as error:
            found = {"error": str(error)}
        rows.append({"name": work["name"], "arithmetic": name, "seconds": found})
json.dump({"version": torch.__version__, "device": torch.cuda.get_device_name(), "timings": rows}, sys.stdout)
