"""Latency of cells: the same work in Cistron, in stock evcxr and in Python, and the floor under every compiled cell."""

import argparse
import json
import os
import statistics
import subprocess
import time

from jupyter_client.manager import KernelManager

arguments = argparse.ArgumentParser()
arguments.add_argument("--dsl")
arguments.add_argument("--scratch")
arguments.add_argument("--cells", type=int, default=20)
arguments.add_argument("--evcxr", action="store_true")
arguments.add_argument("--priority", action="store_true", help="ask Linux to run the kernels before other work (root, a busy machine)")
options = arguments.parse_args()

FIRST = "let sim: Simulation = simulate::motif_grammar(MotifGrammar { sequences: 60, ..Default::default() })?;"
DATA = """let toy: Dataset = data! {
    records sim = frame(sim.table);
    input   dna: Dna = column("sequence");
    output  enhancer = column("enhancer"), promoter = column("promoter");
    split   column("split");
};"""
LOSS = "let loss: Objective = objective! { on toy { loss(enhancer, promoter) = mse(); watch(enhancer, promoter) = correlation(Points); } };"
FRAME = """use cistron::polars::prelude::*;
let table: DataFrame = df!("gene" => (0..400).map(|i| format!("gene{i}")).collect::<Vec<_>>(), "value" => (0..400).map(|i| i as f64).collect::<Vec<_>>())?;"""
NUMBERS = "let observed: Vec<f64> = (0..200).map(|i| i as f64).collect();\nlet predicted: Vec<f64> = observed.iter().map(|x| x * 0.9 + 3.0).collect();"
TYPICAL = {
    "declare a model": """let net: Model = model! {{ TwoMotifs(kernels = {n}, width = 11) on toy {{
    let trunk = dna.conv(kernels, width = width).norm(Batch).relu().pool(Max, 4).conv(kernels, width = 7).norm(Batch).relu().pool(Max, 4);
    enhancer = trunk.dense(32).relu().linear();
    promoter = trunk.dense(32).relu().linear();
}}}};
println!("{{}}", net.parameter_count());""",
    "filter a frame and show it": 'let some: DataFrame = table.filter(&table.column("value")?.f64()?.gt({n}))?;\nsome',
    "tensor expression": "let t{n}: Tensor = Tensor::randn(0f32, 1.0, ({n}, 64), &Device::Cpu)?;\nt{n}.matmul(&t{n}.t()?)?.relu()?.sum_all()?",
    "start a fit": 'let run: Run = fit! {{ net, loss, toy; epochs = 1, batch = {n}, optimizer = Adam {{ lr: 1e-3 }}, seed = 1, name = "speed", quiet = true }};',
    "draw a figure": 'plot::scatter(&observed[..{n}], &predicted[..{n}])',
    "a lazy query": 'table.clone().lazy().filter(col("value").gt(lit({n}.0))).select([col("value").sum()]).collect()?',
    "value": "let v{n} = {n} + 1;\nv{n}",
    "a function and its call": "fn f{n}(x: f64) -> f64 {{ x * {n}.0 }}\nf{n}(2.0)",
}
MAIN = list(TYPICAL)[:5]
# There the library of lazy frames would be a second dependency.
STOCK = {kind: text for kind, text in TYPICAL.items() if kind != "a lazy query"}
PYTHON_FIRST = "import numpy as np, pandas as pd, matplotlib.pyplot as plt\n%matplotlib inline\ntable = pd.DataFrame({'gene': [f'gene{i}' for i in range(400)], 'value': np.arange(400.0)})\nobserved = np.arange(200.0)\npredicted = observed * 0.9 + 3"
PYTHON = {
    "filter a frame and show it": "some = table[table.value > {n}]\nsome",
    "a lazy query": "table[table.value > {n}].value.sum()",
    "tensor expression": "t = np.random.randn({n}, 64).astype(np.float32)\nnp.maximum(t @ t.T, 0).sum()",
    "draw a figure": "plt.scatter(observed[:{n}], predicted[:{n}])",
    "value": "v{n} = {n} + 1\nv{n}",
    "a function and its call": "def f{n}(x): return x * {n}\nf{n}(2.0)",
}


def prefer(process):
    """A kernel is a session of its own, which Linux schedules as a group."""
    with open(f"/proc/{process}/autogroup", "w") as group:
        group.write("-20")


class Kernel:
    def __init__(self, name):
        self.manager = KernelManager(kernel_name=name)
        self.started = time.perf_counter()
        self.manager.start_kernel()
        if options.priority:
            prefer(self.manager.provisioner.process.pid)
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=600)

    def run(self, code, timeout=7200):
        self.error = None
        start = time.perf_counter()
        self.client.execute_interactive(code, timeout=timeout, output_hook=self.hook)
        took = time.perf_counter() - start
        if self.error:
            raise RuntimeError(f"{self.error}\n in cell:\n{code}")
        return took

    def hook(self, message):
        if message["msg_type"] == "error":
            self.error = "\n".join(message["content"]["traceback"])

    def stop(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=False)


def floor():
    """Milliseconds of one bare rustc call on a one-line library that links the facade."""
    text = subprocess.run([os.environ["CISTRON_COMMAND"], "doctor"], capture_output=True, text=True).stdout
    folder = next(line for line in text.splitlines() if " crates in " in line).split(" crates in ")[1].split(" ")[0]
    manifest = json.load(open(folder + "/manifest.json"))
    command = [manifest["rustc"], "--crate-name", "floor", "--edition", "2024", "--crate-type", "cdylib", "--sysroot", folder + "/sysroot",
               "--extern", f"cistron={folder}/libcistron_cells.so", "-L", f"dependency={folder}", "-Copt-level=0", "-Ccodegen-units=1",
               "-Clinker=" + os.environ["CISTRON_COMMAND"], "-Clinker-flavor=ld", "-Clinker-features=-lld", "-Zunstable-options",
               "-o", options.scratch + "/libfloor.so", "-"]
    environment = dict(os.environ, RUSTC_BOOTSTRAP="1", CISTRON_LINKER=manifest["linker"])
    source = "extern crate cistron; #[unsafe(no_mangle)] pub extern \"C\" fn floor() {}"
    times = []
    for _ in range(options.cells):
        start = time.perf_counter()
        subprocess.run(command, input=source, text=True, env=environment, check=True)
        times.append(time.perf_counter() - start)
        time.sleep(0.15)
    return times


BASE = 20 + int(time.time()) % 97


def fresh(offset):
    """Numbers for cells that earlier runs have most likely not compiled."""
    return BASE + offset


def measure(name, before, cells, title):
    kernel = Kernel(name)
    try:
        for cell in before:
            kernel.run(cell)
        since_start = time.perf_counter() - kernel.started
        times = {kind: [] for kind in cells}
        for turn in range(options.cells + 1):
            for kind, text in cells.items():
                took = kernel.run(text.format(n=fresh(turn)))
                if turn:  # the first of each kind warms what it calls
                    times[kind].append(took)
                time.sleep(0.15)  # nobody types the next cell in no time
        again = []
        for _ in range(options.cells):
            for kind in list(cells)[:3]:
                again.append(kernel.run(cells[kind].format(n=fresh(1))))
                time.sleep(0.05)
        return since_start, times, again
    finally:
        kernel.stop()


def show(title, values, under=None):
    middle = 1000 * statistics.median(values)
    ratio = f"{middle / under:6.2f}x" if under else ""
    print(f"{title:44} {middle:8.0f} ms  (to {1000 * max(values):.0f}) {ratio}")
    return middle


if options.priority:
    prefer("self")
PREPARED = [FRAME, NUMBERS, FIRST, DATA, LOSS]
measure("cistron", PREPARED[:1], {}, "warm")
starts, first = [], []
for _ in range(5):
    kernel = Kernel("cistron")
    kernel.run(FIRST + "\nsim.table.height()")
    starts.append(time.perf_counter() - kernel.started)
    kernel.stop()
print("Cistron; medians of", options.cells, "cells that were never compiled before; ratio to the floor")
under = show("floor: bare rustc, one line, same facade", floor())
_, times, again = measure("cistron", PREPARED, TYPICAL, "cistron")
for kind, values in times.items():
    show(kind, values, under)
show("median of the first five kinds", [v for kind in MAIN for v in times[kind]], under)
show("a cell that ran before", again)
show("kernel start to the first DSL answer", starts)
_, python, _ = measure("speed_python", [PYTHON_FIRST], PYTHON, "python")
print("ipykernel, the same work (numpy, pandas, matplotlib already imported)")
for kind, values in python.items():
    show(kind, values)
if options.evcxr:
    stock = [f':dep cistron = {{ path = "{options.dsl}" }}', "use cistron::prelude::*;"]
    measure("rust", stock, {}, "builds the dependencies")
    since, times, _ = measure("rust", stock + [FRAME, NUMBERS, FIRST, DATA, LOSS], STOCK, "evcxr")
    print("stock evcxr_jupyter 0.22, the same crate as a dependency, built before")
    for kind, values in times.items():
        show(kind, values)
    print(f"{'kernel start to the data declared':44} {1000 * since:8.0f} ms")
