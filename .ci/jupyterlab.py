"""Opens every notebook of a folder in JupyterLab, runs all cells, watches a fit's curve redraw, interrupts a fit with the
button of the toolbar, and takes screenshots in the light and the dark theme."""

import json
import os
import pathlib
import re
import subprocess
import sys
import time

from playwright.sync_api import sync_playwright

jupyter, work, out = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
port, token = 8899, "cistron"
settings = work / ".settings"
themes = settings / "@jupyterlab" / "apputils-extension" / "themes.jupyterlab-settings"
# All cells stand in the page, not only those that one sees.
tracker = settings / "@jupyterlab" / "notebook-extension" / "tracker.jupyterlab-settings"
# Nobody is asked about news in front of what is to be seen.
news = settings / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
STOPPED = "stopped.ipynb"
CELLS = [
    """let sim = simulate::motif_grammar(MotifGrammar { sequences: 1500, ..Default::default() })?;
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
let loss = objective! { on toy { loss(enhancer, promoter) = mse(); } };""",
    'let run = fit! { net, loss, toy; epochs = 5000, patience = 5000, batch = 32, name = "stopped" };',
    'println!("stopped by: {}", run.stopped());',
]
failed = []


def check(condition, what):
    print(("ok    " if condition else "FAILED ") + what, flush=True)
    if not condition:
        failed.append(what)


def theme(name):
    themes.parent.mkdir(parents=True, exist_ok=True)
    themes.write_text(json.dumps({"theme": name}))


def notebook(path):
    cell = lambda source: {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
    spec = {"name": "cistron", "display_name": "Cistron", "language": "rust"}
    document = {"nbformat": 4, "nbformat_minor": 4, "metadata": {"kernelspec": spec}, "cells": [cell(c) for c in CELLS]}
    path.write_text(json.dumps(document))


def open_notebook(page, name):
    page.goto(f"http://127.0.0.1:{port}/lab/tree/{name}?token={token}&reset")
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60000)
    select = page.locator("button:has-text('Select')")
    time.sleep(3)
    if select.count():
        select.first.click()
    # What is run before the kernel has answered is dropped.
    page.locator("#jp-bottom-panel, #jp-main-statusbar", has_text=re.compile(r"\| Idle")).first.wait_for(timeout=120000)


def run_all(page):
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).first.click()


def pictures(page):
    """The pictures of all outputs."""
    outputs = ".jp-OutputArea-output svg, .jp-OutputArea-output img"
    return set(page.evaluate(f"[...document.querySelectorAll('{outputs}')].map(e => e.getAttribute('src') || e.outerHTML)"))


def busy(page):
    return page.locator("#jp-bottom-panel, #jp-main-statusbar", has_text=re.compile("Busy")).count()


def wait_until_idle(page, seen, seconds=600):
    started, idle = time.time(), 0
    while time.time() - started < seconds and idle < 5:
        time.sleep(1)
        seen |= pictures(page)
        idle = 0 if busy(page) else idle + 1
    return idle >= 5


def prompts(page):
    return [e.inner_text() for e in page.locator(".jp-CodeCell .jp-InputPrompt").all()]


def screenshots(page, name):
    panel = page.locator(".jp-WindowedPanel-outer").first
    height = panel.evaluate("e => e.scrollHeight")
    for i, top in enumerate(range(0, height, 1400)):
        panel.evaluate(f"e => e.scrollTo(0, {top})")
        time.sleep(0.7)
        page.screenshot(path=str(out / f"{name}-{i:02}.png"))


def portrait(page, name):
    """The fit and its figure alone, for the README: without the list of files, at the width of a page."""
    size = page.viewport_size
    page.keyboard.press("Control+b")
    page.set_viewport_size({"width": 1200, "height": 1300})
    time.sleep(1)
    heading = page.locator(".jp-RenderedMarkdown h2, .jp-RenderedMarkdown h1", has_text=re.compile("^Fit")).first
    heading.evaluate("e => e.scrollIntoView({block: 'start'})")
    time.sleep(1)
    page.screenshot(path=str(out / f"{name}.png"))
    page.set_viewport_size(size)
    page.keyboard.press("Control+b")
    time.sleep(1)


def execute(page, path):
    open_notebook(page, path.name)
    started, seen = time.time(), set()
    run_all(page)
    done = wait_until_idle(page, seen)
    page.keyboard.press("Control+s")
    time.sleep(2)
    found = prompts(page)
    passing = seen - pictures(page)
    print(f"{path.name}: {time.time() - started:.0f} s, {len(found)} code cells, {len(passing)} pictures that were drawn anew")
    check(done and all(re.search(r"\d", p) for p in found if p.strip()), f"{path.name} ran to its end")
    if path.stem == "quickstart":
        check(len(passing) >= 3, "the curve redraws while a fit runs")
    screenshots(page, f"{path.stem}-light")
    if path.stem == "quickstart":
        portrait(page, "jupyterlab-light")


def interrupt(page):
    open_notebook(page, STOPPED)
    run_all(page)
    seen, started = set(), time.time()
    while len(seen) < 6 and time.time() - started < 180:
        time.sleep(0.3)
        seen |= pictures(page)
    check(len(seen) >= 6, "the curve of the long fit redraws")
    page.locator("[data-command='notebook:interrupt-kernel']").first.click()
    check(wait_until_idle(page, seen, 60), "the button of the toolbar ends the fit")
    text = page.locator(".jp-OutputArea").all_inner_texts()
    check(any("stopped by:" in t and "interrupt" in t for t in text), "the fit says so, and the next cell runs with its result")
    page.keyboard.press("Control+s")
    time.sleep(2)
    screenshots(page, "stopped-light")


notebook(work / STOPPED)
tracker.parent.mkdir(parents=True, exist_ok=True)
tracker.write_text(json.dumps({"windowingMode": "none"}))
theme("JupyterLab Light")
news.write_text(json.dumps({"fetchNews": "false", "checkForUpdates": False}))
server = subprocess.Popen(
    [jupyter, "lab", "--no-browser", "--allow-root", f"--port={port}", "--ip=127.0.0.1", f"--IdentityProvider.token={token}"],
    cwd=work, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    env={**os.environ, "JUPYTERLAB_SETTINGS_DIR": str(settings), "CISTRON_RUNS": "runs"},
)
try:
    with sync_playwright() as p:
        browser = p.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                  "--disable-component-update", "--disable-sync"],
        )
        page = browser.new_page(viewport={"width": 1280, "height": 1600})
        for _ in range(60):
            try:
                page.goto(f"http://127.0.0.1:{port}/lab?token={token}", timeout=5000)
                break
            except Exception:
                time.sleep(0.5)
        notebooks = sorted(path for path in work.glob("*.ipynb") if path.name != STOPPED)
        for path in notebooks:
            execute(page, path)
        interrupt(page)
        theme("JupyterLab Dark")
        for path in [*notebooks, work / STOPPED]:
            open_notebook(page, path.name)
            dark = page.locator("body[data-jp-theme-light='false']").count()
            check(dark == 1, f"{path.name} in the dark theme")
            screenshots(page, f"{path.stem}-dark")
            if path.stem == "quickstart":
                portrait(page, "jupyterlab-dark")
        browser.close()
finally:
    server.terminate()
    server.wait()
if failed:
    sys.exit(f"failed: {failed}")
print("all checks passed")
