"""Opens every notebook of a folder in JupyterLab, runs all cells, watches a fit's curve redraw and takes screenshots."""

import pathlib
import re
import subprocess
import sys
import time

from playwright.sync_api import sync_playwright

jupyter, work, out = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
port, token = 8899, "cistron"
server = subprocess.Popen(
    [jupyter, "lab", "--no-browser", "--allow-root", f"--port={port}", "--ip=127.0.0.1", f"--IdentityProvider.token={token}"],
    cwd=work, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
)
failed = []
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
        for notebook in sorted(work.glob("*.ipynb")):
            page.goto(f"http://127.0.0.1:{port}/lab/tree/{notebook.name}?token={token}&reset")
            page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60000)
            select = page.locator("button:has-text('Select')")
            time.sleep(3)
            if select.count():
                select.first.click()
            page.get_by_role("menuitem", name="Run", exact=True).click()
            page.get_by_text("Run All Cells", exact=True).first.click()
            started, curves, idle = time.time(), set(), 0
            while time.time() - started < 600:
                time.sleep(1)
                busy = page.locator("#jp-bottom-panel, #jp-main-statusbar", has_text=re.compile("Busy")).count()
                for path in page.locator(".jp-OutputArea svg path").all()[-3:]:
                    try:
                        curves.add(path.get_attribute("d", timeout=200))
                    except Exception:
                        pass
                idle = 0 if busy else idle + 1
                if idle >= 5:
                    break
            page.keyboard.press("Control+s")
            time.sleep(2)
            prompts = [e.inner_text() for e in page.locator(".jp-CodeCell .jp-InputPrompt").all()]
            print(f"{notebook.name}: {time.time() - started:.0f} s, {len(prompts)} code cells, "
                  f"{len(curves)} different curves seen while it ran")
            panel = page.locator(".jp-WindowedPanel-outer").first
            height = panel.evaluate("e => e.scrollHeight")
            for i, top in enumerate(range(0, height, 1400)):
                panel.evaluate(f"e => e.scrollTo(0, {top})")
                time.sleep(0.7)
                page.screenshot(path=str(out / f"{notebook.stem}-{i:02}.png"))
            if any(not re.search(r"\d", prompt) for prompt in prompts if prompt.strip()):
                failed.append(notebook.name)
        browser.close()
finally:
    server.terminate()
    server.wait()
if failed:
    sys.exit(f"did not finish: {failed}")
