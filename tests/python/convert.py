"""Notebooks in the hands of nbconvert: executed, as HTML, and as PDF where there is a browser; files for Quarto."""

import pathlib
import shutil
import subprocess
import sys

import nbformat
from client_of import check
from jupyter_client.kernelspec import KernelSpecManager

notebook = nbformat.v4.new_notebook()
notebook.metadata["kernelspec"] = {"name": "cistron", "display_name": "Cistron", "language": "rust"}
notebook.cells = [
    nbformat.v4.new_code_cell("let a = vec![1.5, 2.5];"),
    nbformat.v4.new_code_cell('println!("sum {}", a.iter().sum::<f64>());\ncistron::candle_core::Tensor::new(a.as_slice(), &Device::Cpu)?'),
]
nbformat.write(notebook, "in.ipynb")


def convert(*arguments):
    done = subprocess.run([sys.executable, "-m", "nbconvert", *arguments], capture_output=True, text=True)
    check(done.returncode == 0, "nbconvert " + " ".join(arguments) + done.stderr[-2000:] * (done.returncode != 0))


convert("--execute", "--to", "html", "in.ipynb")
html = pathlib.Path("in.html").read_text()
check("sum 4" in html and "Tensor [2] f64" in html, "the page has the outputs")
browser = next((b for b in ["chromium", "chromium-browser", "google-chrome"] if shutil.which(b)), None)
if browser:
    subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--print-to-pdf=in.pdf", "in.html"],
        capture_output=True, timeout=120,
    )
    check(pathlib.Path("in.pdf").read_bytes()[:5] == b"%PDF-", "a browser prints it as PDF")
else:
    print("not printed as PDF: no browser here")

spec = KernelSpecManager().get_kernel_spec("cistron")
folder = pathlib.Path(spec.resource_dir)
check(spec.interrupt_mode == "message" and "{connection_file}" in spec.argv, "the kernelspec is as front ends want it")
check(pathlib.Path(spec.argv[0]).is_absolute(), "its command needs no PATH, as where VS Code starts kernels")
setup = (folder / "quarto_setup_cell").read_text()
cleanup = (folder / "quarto_cleanup_cell").read_text()
check(setup and cleanup, "Quarto finds its two cells")
quarto = nbformat.v4.new_notebook()
quarto.metadata = notebook.metadata
quarto.cells = [nbformat.v4.new_code_cell(setup), nbformat.v4.new_code_cell("1 + 1"), nbformat.v4.new_code_cell(cleanup)]
nbformat.write(quarto, "quarto.ipynb")
convert("--execute", "--to", "notebook", "--output", "quarto-out.ipynb", "quarto.ipynb")
done = nbformat.read("quarto-out.ipynb", 4)
check(done.cells[1].outputs[0]["data"]["text/plain"] == "2", "cells run between them")
check(not done.cells[0].outputs and not done.cells[2].outputs, "and they show nothing")
print("all checks passed")
