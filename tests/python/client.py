"""Drives the installed kernel through jupyter_client and nbclient: a DSL fit, its live curve, an interrupt, a killed worker."""

import os
import signal
import subprocess
import sys
import time

import nbclient
import nbformat
from client_of import Client, check

DECLARE = """let sim = simulate::motif_grammar(MotifGrammar { sequences: 1500, ..Default::default() })?;
let toy = data! {
    records sim = frame(sim.table);
    input   dna: Dna = column("sequence");
    output  enhancer = column("enhancer"), promoter = column("promoter");
    split   column("split");
};
let net = model! { Net on toy {
    let h = dna.conv(16, width = 11).norm(Batch).relu().pool(Max, 4);
    enhancer = h.dense(16).relu().linear();
    promoter = h.dense(16).relu().linear();
}};
let loss = objective! { on toy { loss(enhancer, promoter) = mse(); } };"""


def alive(pid):
    """Whether a process runs; one that has ended and waits to be collected does not."""
    try:
        return os.waitpid(pid, os.WNOHANG) == (0, 0)
    except ChildProcessError:
        pass
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True).stdout.strip()
    return bool(state) and not state.startswith("Z")


c = Client()
check("42" in c.run("let x = 41 + 1;\nx").text(), "a value at the end of a cell is its result")
c.run(DECLARE)
check("error" not in c.kinds(), "declarations compile and run: " + c.text())

fit = c.start('let run = fit! { net, loss, toy; epochs = 5000, patience = 5000, batch = 32, seed = 3, name = "stopped" };')
updates = []
c.finish(fit, until=lambda m: m["msg_type"] == "update_display_data" and (updates.append(m) or len(updates) >= 4))
check(any("image/svg+xml" in m["content"]["data"] or "text/html" in m["content"]["data"] for m in updates), "the curve redraws while it trains")
asked = time.time()
c.manager.interrupt_kernel()
c.finish(fit)
took = time.time() - asked
print(f"      interrupt answered after {took:.2f} s", flush=True)
check("error" not in c.kinds(), "an interrupted fit is no error: " + c.text()[-2000:])
answer = c.run('println!("{} {} {}", run.stopped(), x, toy.len());\nrun.correlation(&toy, Part::Test, "promoter")?').text()
check("interrupt" in answer and "42 1500" in answer, "the partly trained model and all variables are there: " + answer)

loop = c.start('let mut turns = 0u64;\nprintln!("turning");\nloop { turns += 1; }')
c.finish(loop, until=lambda m: m["msg_type"] == "stream")  # interrupted while it runs, not while it compiles
time.sleep(0.2)
c.manager.interrupt_kernel()
c.finish(loop, timeout=20)
check("error" in c.kinds(), "an endless loop is interrupted")
answer = c.run('println!("{x} {}", turns > 0);').text()
check("42 true" in answer, "and keeps its variables: " + answer)

pid = int(c.run("std::process::id()").text().strip())
os.kill(pid, signal.SIGKILL)
time.sleep(0.5)
after = c.run('println!("alive");').text()
check("alive" in after, "the cell after a killed worker runs: " + after)

orphan = "from jupyter_client.manager import start_new_kernel; import os; m, c = start_new_kernel(kernel_name='cistron')"
orphan += "; print(m.provisioner.process.pid, flush=True); os._exit(1)"
pid = int(subprocess.run([sys.executable, "-c", orphan], stdout=subprocess.PIPE, text=True, timeout=120).stdout)
for _ in range(100):
    if not alive(pid):
        break
    time.sleep(0.1)
check(not alive(pid), "a kernel ends whose Jupyter has crashed")

notebook = nbformat.v4.new_notebook()
notebook.cells = [nbformat.v4.new_code_cell("let a = 1;"), nbformat.v4.new_code_cell("a + 1")]
nbclient.NotebookClient(notebook, kernel_name="cistron", timeout=120).execute()
check(notebook.cells[1].outputs[0]["data"]["text/plain"] == "2", "nbclient executes a notebook")
failing = nbformat.v4.new_notebook()
failing.cells = [nbformat.v4.new_code_cell('panic!("on purpose");')]
try:
    nbclient.NotebookClient(failing, kernel_name="cistron", timeout=120).execute()
    check(False, "a panic ends nbclient's run")
except nbclient.exceptions.CellExecutionError as error:
    check("on purpose" in str(error), "a panic ends nbclient's run with its message")
print("all checks passed")
