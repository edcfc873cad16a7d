"""One table of two kernels: start to the first answer of a DSL cell, and the median of twenty typical DSL cells."""

import statistics
import sys
import time

from jupyter_client.manager import KernelManager

DSL = sys.argv[1]
DATA = """let toy: Dataset = data! {
    records sim = frame(sim.table);
    input   dna: Dna = column("sequence");
    output  enhancer = column("enhancer"), promoter = column("promoter");
    split   column("split");
};"""
MODEL = """let net: Model = model! { TwoMotifs(kernels = %d, width = 11) on toy {
    let trunk = dna.conv(kernels, width = width).norm(Batch).relu().pool(Max, 4).conv(kernels, width = 7).norm(Batch).relu().pool(Max, 4);
    enhancer = trunk.dense(32).relu().linear();
    promoter = trunk.dense(32).relu().linear();
}};"""
LOSS = """let loss: Objective = objective! { on toy {
    loss(enhancer, promoter) = mse();
    watch(enhancer, promoter) = correlation(Points);
} };"""
FIRST = "let sim: Simulation = simulate::motif_grammar(MotifGrammar { sequences: 400, ..Default::default() })?;"


class Kernel:
    def __init__(self, name):
        self.manager = KernelManager(kernel_name=name)
        self.started = time.perf_counter()
        self.manager.start_kernel()
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=300)

    def run(self, code, timeout=3600):
        start = time.perf_counter()
        reply = self.client.execute_interactive(code, timeout=timeout, output_hook=self.hook)
        took = time.perf_counter() - start
        if self.error:
            raise RuntimeError(f"{self.error}\n in cell:\n{code}")
        assert reply["content"]["status"] == "ok", reply["content"]
        return took

    error = None

    def hook(self, message):
        if message["msg_type"] == "error":
            self.error = "\n".join(message["content"]["traceback"])

    def stop(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def typical(i):
    """A model of another width, printed: what a researcher does all day."""
    return (MODEL % (16 + i)).replace("let net: Model", "let net: Model") + "\nprintln!(\"{}\", net.parameter_count());"


def measure(name, before):
    kernel = Kernel(name)
    try:
        for cell in before:
            kernel.run(cell)
        kernel.run(FIRST)
        kernel.run(DATA)
        first = kernel.run((MODEL % 15) + "\nprintln!(\"{}\", net.parameter_count());")
        since_start = time.perf_counter() - kernel.started
        kernel.run(LOSS)
        cells = [kernel.run(typical(i)) for i in range(20)]
        return since_start, first, statistics.median(cells), max(cells)
    finally:
        kernel.stop()


stock = [f':dep cistron = {{ path = "{DSL}" }}', "use cistron::prelude::*;"]
rows = []
for name, title, before in [("cistron", "cistron", []), ("rust", "stock evcxr_jupyter 0.22", stock)]:
    if name == "rust":
        measure(name, before)  # builds the dependencies
    else:
        measure(name, before)  # warms the disk
    rows.append((title, *measure(name, before)))
print(f"{'kernel':28} {'start to first DSL answer':>26} {'first model':>12} {'median of 20 cells':>19} {'slowest':>9}")
for title, start, first, median, slowest in rows:
    print(f"{title:28} {start:24.2f} s {1000 * first:9.0f} ms {1000 * median:16.0f} ms {1000 * slowest:6.0f} ms")
a, b = rows
print(f"{'ratio':28} {b[1] / a[1]:25.1f}x {b[2] / a[2]:10.1f}x {b[3] / a[3]:17.1f}x {b[4] / a[4]:7.1f}x")
