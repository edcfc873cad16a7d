"""One process of PyTorch: a twin's steps timed, or its first two losses from exported weights.

    torch_step.py NAME [--steps N] [--warmup N] [--predict]     prints one line of JSON
    torch_step.py NAME --check FOLDER                           compares with what `benchmark NAME --export FOLDER` wrote
"""

import argparse
import json
import os
import sys
import time

import torch
from networks import TWINS


def read_safetensors(path):
    """Tensors by name, in the order of their names."""
    with open(path, "rb") as file:
        data = bytearray(file.read())
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    types = {"F32": torch.float32, "F64": torch.float64}
    named = {}
    for name in sorted(n for n in header if n != "__metadata__"):
        entry = header[name]
        begin, end = entry["data_offsets"]
        count = (end - begin) // (8 if entry["dtype"] == "F64" else 4)
        flat = torch.frombuffer(data, dtype=types[entry["dtype"]], offset=start + begin, count=count)
        named[name] = flat.reshape(entry["shape"]).clone()
    return named


def places(network):
    """Where exported weights go, in the order of the declaration; query, key and value are one matrix here."""
    state = network.state_dict()
    for name, tensor in state.items():
        if name.endswith("qkv.weight"):
            bias = state.get(name.replace("weight", "bias"))
            for i, part in enumerate(tensor.chunk(3)):
                yield part
                if bias is not None:
                    yield bias.chunk(3)[i]
        elif not name.endswith(("qkv.bias", "num_batches_tracked")):
            yield tensor


def parameter_count(network):
    return sum(p.numel() for p in network.parameters())


def step(network, optimizer, twin, inputs, target):
    optimizer.zero_grad(set_to_none=True)
    loss = twin.loss(network(**inputs), target)
    loss.backward()
    optimizer.step()
    return loss


def memory_mb(field):
    with open("/proc/self/status") as file:
        line = next(line for line in file if line.startswith(field))
    return int(line.split()[1]) / 1024


def median(values):
    values = sorted(values)
    return values[len(values) // 2]


def measure(name, steps, warmup, predict):
    torch.manual_seed(0)
    # What the optimizers load is the library's, too.
    torch.optim.SGD([torch.zeros(1)], lr=1.0).step()
    start_mb = memory_mb("VmRSS")
    twin = TWINS[name]
    network = twin.network(0.1)
    inputs, target = twin.arrange(twin.inputs(twin.batch), twin.target(twin.batch))
    optimizer = twin.optimizer(network.parameters())
    network.train(not predict)
    wall, cpu, loss = [], [], None
    for i in range(warmup + steps):
        wall_start, cpu_start = time.perf_counter(), time.process_time()
        if predict:
            with torch.inference_mode():
                network(**inputs)
        else:
            loss = step(network, optimizer, twin, inputs, target)
        if i >= warmup:
            wall.append(time.perf_counter() - wall_start)
            cpu.append(time.process_time() - cpu_start)
    print(
        json.dumps(
            {
                "name": name,
                "wall_ms": 1e3 * median(wall),
                "cpu_ms": 1e3 * median(cpu),
                "peak_mb": memory_mb("VmHWM"),
                "start_mb": start_mb,
                "parameters": parameter_count(network),
                "loss": None if loss is None else loss.item(),
            }
        )
    )


def check(name, folder):
    """Fails unless both have as many parameters and the same first two losses; dropout is off on both sides."""
    twin = TWINS[name]
    network = twin.network(0.0).train()
    with open(os.path.join(folder, "losses.json")) as file:
        ours = json.load(file)
    if parameter_count(network) != ours["parameters"]:
        sys.exit(f"{name}: the twin has {parameter_count(network)} parameters, ours {ours['parameters']}")
    weights = read_safetensors(os.path.join(folder, "weights.safetensors"))
    targets = list(places(network))
    if len(targets) != len(weights):
        sys.exit(f"{name}: the twin has {len(targets)} tensors, ours {len(weights)}: {list(weights)}")
    with torch.no_grad():
        for place, (weight, tensor) in zip(targets, weights.items()):
            # A linear map of every position is a convolution of width 1.
            if place.shape != tensor.shape and place.shape != tensor.squeeze(-1).shape:
                sys.exit(f"{name}: `{weight}` is {list(tensor.shape)}, the twin has {list(place.shape)} there")
            place.copy_(tensor.reshape(place.shape))
    batch = read_safetensors(os.path.join(folder, "batch.safetensors"))
    targets = {name: batch.pop(name) for name in list(batch) if name.startswith("target.")}
    targets = {name.removeprefix("target."): target for name, target in targets.items()}
    target = targets if len(targets) > 1 else next(iter(targets.values()))
    inputs, target = twin.arrange(batch, target)
    optimizer = twin.optimizer(network.parameters())
    for group in optimizer.param_groups:
        group["lr"] *= ours["rate"]
    for number, expected in enumerate(ours["losses"], 1):
        loss = step(network, optimizer, twin, inputs, target).item()
        if not abs(loss - expected) <= 1e-4 * max(abs(expected), 1e-3):
            sys.exit(f"{name}: loss of step {number}: ours {expected:.8f}, PyTorch {loss:.8f}")
        print(f"{name}: loss of step {number}: ours {expected:.8f}, PyTorch {loss:.8f}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=list(TWINS))
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--warmup", type=int, default=1)
    parser.add_argument("--predict", action="store_true")
    parser.add_argument("--check", metavar="FOLDER")
    given = parser.parse_args()
    torch.set_num_threads(int(os.environ.get("CISTRON_THREADS", "2")))
    if given.check:
        check(given.name, given.check)
    else:
        measure(given.name, given.steps, given.warmup, given.predict)


main()
