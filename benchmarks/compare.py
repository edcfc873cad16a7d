"""Runs ours and PyTorch in turns, in fresh processes, and writes the tables. Called by `.ci/benchmark`."""

import argparse
import datetime
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent

# Name, how it is called in the table, steps that are measured in each process, steps before them, the most rounds
# (nothing: as many as are asked for; a step of PyTorch's at 40 kb takes up to a minute of CPU time).
NETWORKS = [
    ("drg_a_4kb", "DRG A, 4 kb, batch 8", 5, 1, None),
    ("drg_d_4kb", "DRG D, 4 kb, batch 8", 5, 1, None),
    ("drg_a_40kb", "DRG A, 40 kb, batch 8", 3, 1, 1),
    ("drg_d_40kb", "DRG D, 40 kb, batch 8", 3, 1, 1),
    ("maxatac_100", "maxATAC DCNN_V2, batch 100", 20, 2, None),
    ("maxatac_1000", "maxATAC DCNN_V2, batch 1000", 5, 1, None),
    ("transformer", "transformer 1536 x 384, 4 layers, batch 1", 9, 2, None),
    ("orca_decoder", "Orca 1 Mb decoder, 250 x 250, batch 1", 3, 1, None),
    ("lsfg_perceiver", "LSFG perceiver, 1,000 positions, batch 32", 5, 1, None),
    ("mpsa", "MPSA network, batch 256", 1000, 100, None),
]


def output(*command):
    # As the kernel starts its worker; PyTorch and the system's allocator know nothing of it.
    environment = {"MIMALLOC_PURGE_DELAY": "1000", **os.environ}
    result = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, text=True, env=environment)
    if result.returncode:
        sys.exit(f"failed: {' '.join(str(c) for c in command)}")
    return result.stdout


def last_json(text):
    return json.loads(text.strip().splitlines()[-1])


def median(values):
    values = sorted(values)
    middle = len(values) // 2
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2


def check(program, names):
    """The twins are the same networks: as many parameters, and the same first two losses from the same weights."""
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            output(program, name, "--export", folder)
            print(output(sys.executable, HERE / "torch_step.py", name, "--check", folder), end="", flush=True)


def measure(programs, name, steps, warmup, rounds, mode):
    """The medians over rounds of what each process found; the programs take turns."""
    runs = {who: [] for who in programs}
    for _ in range(rounds):
        for who, command in programs.items():
            runs[who].append(last_json(output(*command, name, "--steps", steps, "--warmup", warmup, *mode)))
    keys = ("wall_ms", "cpu_ms", "peak_mb", "start_mb")
    return {who: {key: median([r[key] for r in found]) for key in keys} for who, found in runs.items()}


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def row(title, found):
    ours, theirs = found["ours"], found["torch"]
    cells = [title]
    for key in ("cpu_ms", "wall_ms"):
        cells.append(f"{number(theirs[key])} / {number(ours[key])} | **{theirs[key] / ours[key]:.2f}x**")
    share, of_step = (run(ours) / run(theirs) for run in (lambda r: r["peak_mb"], lambda r: r["peak_mb"] - r["start_mb"]))
    cells.append(f"{number(theirs['peak_mb'])} / {number(ours['peak_mb'])} | {share:.2f} ({of_step:.2f})")
    return "| " + " | ".join(cells) + " |"


def memory(program, networks):
    """What is predicted before the first step beside what is allocated, for `--memory`; writes memory.md."""
    lines = [
        "# Memory of a training step, predicted",
        "",
        "Written by `.ci/benchmark --memory`: what `model.memory(batch)` says before the first step, with what the optimizer",
        "holds; the most bytes that were allocated at one time; the process' VmHWM, which has the program, the allocator's",
        "own and what it has not given back.",
        "",
        "| training step | predicted MB | allocated MB | predicted / allocated | process MB |",
        "|---|---|---|---|---|",
    ]
    print("\n".join(lines), flush=True)
    for name, label, *_ in networks:
        found = {}
        for line in output(program + "_counting", name, "--steps", 2, "--warmup", 1).strip().splitlines():
            found.update(json.loads(line))
        predicted, allocated = found["predicted_mb"], found["allocated_mb"]
        lines.append(f"| {label} | {number(predicted)} | {number(allocated)} | {predicted / allocated:.2f} | {number(found['peak_mb'])} |")
        print(lines[-1], flush=True)
    (HERE / "memory.md").write_text("\n".join(lines) + "\n")


def allocator_row(title, found):
    cells = [title]
    for key in ("cpu_ms", "wall_ms", "peak_mb"):
        cells.append(f"{number(found['ours'][key])} / {number(found['mimalloc'][key])}")
    return "| " + " | ".join(cells) + " |"


HEAD = (
    "| {} | CPU ms: PyTorch / Cistron | ratio | wall ms: PyTorch / Cistron | ratio | peak MB: PyTorch / Cistron | share |\n"
    "|---|---|---|---|---|---|---|"
)


def table_of(title, passes, rounds, ours, theirs, read):
    """Single operations: programs that print a line per shape, run in turns; the medians over rounds."""
    runs = {"ours": [], "theirs": []}
    for _ in range(rounds):
        for who, command in (("ours", ours), ("theirs", theirs)):
            found = {}
            for line in output(*command).splitlines():
                name, milliseconds = read(line)
                if name:
                    found[name] = milliseconds
            runs[who].append(found)
    lines = [f"| {title} | " + " | ".join(f"{p}: PyTorch / Cistron | ratio" for p in passes) + " |", "|---" * (1 + 2 * len(passes)) + "|"]
    for name in runs["ours"][0]:
        if name not in runs["theirs"][0]:
            continue
        cells = [name]
        for i in range(len(passes)):
            a, b = (median([found[name][i] for found in runs[who]]) for who in ("theirs", "ours"))
            cells.append(f"{number(a)} / {number(b)} | {'' if a >= b else '**'}{a / b:.2f}x{'' if a >= b else '**'}")
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def convolution_line(line):
    found = re.match(r"(.*?)\s+forward\s+([\d.]+) ms.*input\s+([\d.]+) ms.*weight\s+([\d.]+) ms", line)
    return (found[1], [float(t) for t in found.groups()[1:]]) if found else (None, None)


def norm_line(line):
    cells = line.split("\t")
    try:
        return cells[0], [float(cells[1]), float(cells[2])]
    except (IndexError, ValueError):
        return None, None


def operations(examples, rounds, show):
    """Forward and both gradients of single convolutions and products; forward and both passes of norms and attention."""
    sources = HERE.parent / "dsl" / "ops" / "examples"
    tables = (
        ("convolution or product, CPU ms", ("forward", "input gradient", "weight gradient"), "convolutions", ["3"], convolution_line),
        ("norm or attention, CPU ms", ("forward", "forward and backward"), "norms", [], norm_line),
    )
    for title, passes, name, arguments, read in tables:
        if not (sources / f"{name}.py").exists() or not (examples / name).exists():
            continue
        theirs = [sys.executable, sources / f"{name}.py", *arguments]
        for line in ["", *table_of(title, passes, rounds, [examples / name, *arguments], theirs, read)]:
            show(line)


def machine(program):
    with open("/proc/cpuinfo") as file:
        lines = [line.split(":", 1) for line in file if ":" in line]
    facts = {key.strip(): value.strip() for key, value in lines}
    flags = [f for f in ("avx2", "avx512f", "avx512_bf16", "amx_tile") if f in facts.get("flags", "").split()]
    with open("/proc/meminfo") as file:
        memory = int(file.readline().split()[1]) / 1024**2
    versions = {"python": platform.python_version()}
    versions["PyTorch"] = output(sys.executable, "-c", "import torch; print(torch.__version__)").strip()
    versions["rustc"] = output("rustc", "--version").split()[1]
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=HERE, stdout=subprocess.PIPE, text=True).stdout.strip()
    return [
        f"- CPU: {facts.get('model name', platform.machine())} (family {facts.get('cpu family', '?')}, model {facts.get('model', '?')};"
        f" {', '.join(flags)}), {os.cpu_count()} cores, {memory:.0f} GiB; {os.environ['CISTRON_THREADS']} threads for both",
        "- " + ", ".join(f"{name} {version}" for name, version in versions.items()) + f", Cistron at {commit or 'no commit'}",
        f"- {datetime.date.today()}, load {os.getloadavg()[0]:.1f} when it began, command `{os.environ.get('CISTRON_COMMAND', '').strip()}`",
    ]


NOTES = """
Every number is the median over rounds (one round at 40 kb) of a fresh process' median over steps; the processes of both
take turns. CPU time is that of all threads of the process. The peak is VmHWM; the share in brackets leaves out what the
process held before the network was made (PyTorch's own libraries are several hundred MB). A step is forward, loss, backward
and optimizer, in float32, with dropout on. PyTorch runs eagerly, with its default optimizers and
`scaled_dot_product_attention`, in the layout that suits it; predictions are in `inference_mode`. The batch is in memory
before the clock starts. DRG's models compute what the original does (`compat = drg`), D with separate heads and without the
two that nothing uses. Convolutions of 16 channels and more, 3 taps and more and stride 1 are computed with fewer
multiplications (Winograd), so a ratio can be beyond what the processor's peak would allow a direct convolution.
"""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="write cpu.md though only some were measured")
    parser.add_argument("--memory", action="store_true", help="only what memory is predicted and taken; writes memory.md")
    parser.add_argument("names", nargs="*")
    given = parser.parse_args()
    known = output(given.program, "--list").split()
    networks = [n for n in NETWORKS if n[0] in (given.names or known)]
    unknown = set(given.names) - {n[0] for n in networks}
    if unknown:
        sys.exit(f"no network {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    if given.memory:
        return memory(given.program, networks)
    text = ["# Beside PyTorch on the CPU", "", "Written by `.ci/benchmark`.", "", *machine(given.program)]
    print("\n".join(text[4:]), flush=True)
    check(given.program, [n[0] for n in networks])
    text += ["- twins checked: equal parameter counts, and the first two losses from the same weights agree to 1e-4", NOTES]

    def show(line):
        print(line, flush=True)
        text.append(line)

    programs = {
        "ours": [given.program],
        "torch": [sys.executable, HERE / "torch_step.py"],
        "mimalloc": [given.program + "_mimalloc"],
    }
    allocators = []
    for title, mode in (("Training step", []), ("Prediction", ["--predict"])):
        show(f"\n## {title}\n")
        show(HEAD.format(title.lower()))
        turns = {who: command for who, command in programs.items() if not mode or who != "mimalloc"}
        for name, label, steps, warmup, most in networks:
            found = measure(turns, name, steps, warmup, min(given.rounds, most or given.rounds), mode)
            show(row(label, found))
            if "mimalloc" in found:
                allocators.append(allocator_row(label, found))
    show("\n## Allocators\n\nCistron with the system's allocator, as above, and with mimalloc, which the worker of a notebook has.\n")
    show("| training step | CPU ms: system / mimalloc | wall ms | peak MB |\n|---|---|---|---|")
    for line in allocators:
        show(line)
    if not given.names:
        show("\n## Single operations\n\nThe least CPU time of several series; ratios below 1 in bold.")
        operations(Path(given.program).parent / "examples", min(given.rounds, 2), show)
    if given.write or not given.names:
        (HERE / "cpu.md").write_text("\n".join(text) + "\n")


main()
