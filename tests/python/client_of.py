"""A Jupyter client of the installed kernel, for the scripts beside this one."""

import atexit
import time

from jupyter_client.manager import KernelManager


class Client:
    def __init__(self):
        self.messages = []
        self.manager = KernelManager(kernel_name="cistron")
        self.manager.start_kernel()
        atexit.register(self.manager.shutdown_kernel, now=True)
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=120)

    def start(self, code):
        self.messages = []
        return self.client.execute(code)

    def finish(self, request, timeout=300, until=None):
        """Collects what the cell publishes until it is idle, or until `until` says so."""
        deadline = time.time() + timeout
        while time.time() < deadline:
            message = self.client.get_iopub_msg(timeout=timeout)
            if message["parent_header"].get("msg_id") != request:
                continue
            self.messages.append(message)
            if until and until(message):
                return
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return
        raise AssertionError("the cell did not end")

    def run(self, code):
        request = self.start(code)
        self.finish(request)
        return self

    def kinds(self):
        return [m["msg_type"] for m in self.messages]

    def text(self):
        out = ""
        for m in self.messages:
            content = m["content"]
            out += content.get("text", "") + content.get("data", {}).get("text/plain", "") + "\n".join(content.get("traceback", []))
        return out


def check(condition, what):
    print(("ok    " if condition else "FAILED ") + what, flush=True)
    assert condition, what
