"""How other front ends than Jupyter's own start the installed kernel and talk to it: VS Code's way, and Quarto's cells.

VS Code starts the command of the kernelspec itself, with a connection file of its own and the environment of the kernelspec,
in a folder that need not be the notebook's. It waits for no `kernel_info_reply`, asks on the control channel, interrupts by a
message, and sends cells whose identity stands in their metadata."""

import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import uuid

from client_of import check
from jupyter_client import BlockingKernelClient
from jupyter_client.kernelspec import KernelSpecManager

spec = KernelSpecManager().get_kernel_spec("cistron")
elsewhere = pathlib.Path(tempfile.mkdtemp(prefix="no notebook here "))
names = ["shell_port", "iopub_port", "stdin_port", "control_port", "hb_port"]
held = [socket.create_server(("127.0.0.1", 0)) for _ in names]
connection = dict(zip(names, [s.getsockname()[1] for s in held]))
for s in held:
    s.close()
connection |= {"ip": "127.0.0.1", "transport": "tcp", "key": str(uuid.uuid4()), "signature_scheme": "hmac-sha256", "kernel_name": "cistron"}
file = elsewhere / f"kernel-v2-{os.getpid()}.json"
file.write_text(json.dumps(connection))
argv = [part.replace("{connection_file}", str(file)) for part in spec.argv]
# Not the environment of a shell: no HOME of the notebook, no language, only what the kernelspec asks for besides.
environment = {name: os.environ[name] for name in ["HOME", "PATH", "LD_LIBRARY_PATH", "CISTRON_CACHE", "CISTRON_SOURCE"] if name in os.environ}
process = subprocess.Popen(argv, cwd=elsewhere, env=environment | spec.env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
client = BlockingKernelClient()
client.load_connection_info(connection)
client.start_channels()


def ask(kind, content, channel, metadata=None):
    message = client.session.msg(kind, content, metadata=metadata)
    getattr(client, f"{channel}_channel").send(message)
    return message["header"]["msg_id"]


def answer(request, channel, timeout=120):
    while True:
        message = getattr(client, f"get_{channel}_msg")(timeout=timeout)
        if message["parent_header"].get("msg_id") == request:
            return message


def published(request, until, timeout=120):
    """What is published for a request, up to the first message for which `until` holds."""
    found = []
    while True:
        message = client.get_iopub_msg(timeout=timeout)
        if message["parent_header"].get("msg_id") == request:
            found.append(message)
            if until(message):
                return found


def idle(message):
    return message["msg_type"] == "status" and message["content"]["execution_state"] == "idle"


def execute(code, cell, until=idle):
    metadata = {"cellId": f"vscode-notebook-cell:/elsewhere/a%20notebook.ipynb#{cell}", "deletedCells": [], "recordTiming": False}
    content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": True, "stop_on_error": True}
    request = ask("execute_request", content, "shell", metadata)
    return request, published(request, until)


try:
    # Both are sent before anybody knows whether the kernel is there.
    first = ask("kernel_info_request", {}, "control")
    second = ask("kernel_info_request", {}, "shell")
    info = answer(first, "control")["content"]
    check(info["status"] == "ok" and info["language_info"]["name"] == "rust", "kernel_info on the control channel, before anything else")
    check(answer(second, "shell")["content"]["banner"] == info["banner"], "and on the shell channel")
    while client.get_iopub_msg(timeout=120)["msg_type"] != "iopub_welcome":
        pass
    request, seen = execute("let answer = 6 * 7;\nanswer", "W0sZmlsZQ==")
    kinds = [m["msg_type"] for m in seen]
    check(kinds[:2] == ["status", "execute_input"] and "execute_result" in kinds, f"a cell of VS Code runs: {kinds}")
    check(answer(request, "shell")["content"]["status"] == "ok", "and is answered")
    request, seen = execute("std::env::current_dir()?", "X1")
    told = [m["content"]["data"]["text/plain"] for m in seen if m["msg_type"] == "execute_result"]
    check(told == [json.dumps(str(elsewhere.resolve()))], f"cells run in the folder that the kernel was started in: {told}")
    answer(request, "shell")
    request, _ = execute('println!("turning");\nloop {}', "X2", lambda m: m["msg_type"] == "stream")
    check(spec.interrupt_mode == "message", "interrupts come as messages")
    check(answer(ask("interrupt_request", {}, "control"), "control")["content"]["status"] == "ok", "an interrupt is answered")
    check(answer(request, "shell")["content"]["ename"] == "KeyboardInterrupt", "and ends the cell")
    request, seen = execute("answer", "X3")
    check("42" in str([m["content"] for m in seen if m["msg_type"] == "execute_result"]), "variables are there")
    answer(request, "shell")

    # Quarto leaves the options of a cell in its text: behind `//|` where it knows Rust, else behind `#|`.
    for mark in ["//|", "#|"]:
        request, seen = execute(f"{mark} label: fig-x\n{mark} fig-cap: \"it's a sum\"\n\nlet two = 2;\ntwo + answer", "Q")
        told = [m["content"]["data"]["text/plain"] for m in seen if m["msg_type"] == "execute_result"]
        check(told == ["44"], f"options behind `{mark}` are no code: {[m['content'] for m in seen]}")
        answer(request, "shell")
    request, seen = execute("#| label: fig-y\nlet two = nothing;", "Q")
    text = "\n".join(line for m in seen if m["msg_type"] == "error" for line in m["content"]["traceback"])
    check("nothing" in text and "2:11" in text, "and lines keep their numbers: " + text)
    answer(request, "shell")
    check(answer(ask("is_complete_request", {"code": "#| label: fig-x\nlet x = 1;"}, "shell"), "shell")["content"]["status"] == "complete", "a cell with options is complete")

    down = answer(ask("shutdown_request", {"restart": False}, "control"), "control")
    check(down["content"] == {"status": "ok", "restart": False}, "a shutdown is answered")
    check(process.wait(60) == 0, "and the process ends")
    check(sorted(p.name for p in elsewhere.iterdir()) == [file.name], "nothing is left in that folder")
finally:
    client.stop_channels()
    process.kill()
    shutil.rmtree(elsewhere)
print("all checks passed")
