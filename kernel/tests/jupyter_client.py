"""A real Jupyter client against the installed kernel: `python jupyter_client.py [KERNEL_NAME]`.

Needs jupyter_client. Prints one line per check, exits with 1 at the first that fails.
"""

import os
import re
import signal
import sys
import time

# This file must not be found in place of the package it is named after.
sys.path = [entry for entry in sys.path if os.path.abspath(entry or ".") != os.path.dirname(os.path.abspath(__file__))]
from jupyter_client.manager import start_new_kernel  # noqa: E402

KERNEL = sys.argv[1] if len(sys.argv) > 1 else "cistron"
WAIT = 120


def run(client, code, during=None, **options):
    """Runs a cell; answers its reply and what it published, in order."""
    request = client.execute(code, **options)
    messages = []
    while True:
        message = client.get_iopub_msg(timeout=WAIT)
        if message["parent_header"].get("msg_id") != request:
            continue
        messages.append(message)
        kind, content = message["msg_type"], message["content"]
        if during and kind == "stream":
            during()
            during = None
        if kind == "status" and content["execution_state"] == "idle":
            break
    while True:
        reply = client.get_shell_msg(timeout=WAIT)
        if reply["parent_header"].get("msg_id") == request:
            return reply["content"], messages


def kinds(messages):
    return [m["msg_type"] for m in messages if m["msg_type"] not in ("status", "execute_input")]


def text(messages, kind="stream"):
    return "".join(m["content"].get("text", "") for m in messages if m["msg_type"] == kind)


def result(messages):
    found = [m["content"]["data"] for m in messages if m["msg_type"] == "execute_result"]
    return found[-1]["text/plain"] if found else None


def plain(lines):
    return re.sub(r"\x1b\[\d+m", "", "\n".join(lines))


def check(name, holds, seen=""):
    print(("ok    " if holds else "FAIL  ") + name, "" if holds else f"-- {seen!r}", flush=True)
    if not holds:
        raise SystemExit(1)


def worker_of(manager):
    kernel = manager.provisioner.process.pid
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat") as stat:
                parent = int(stat.read().rsplit(")", 1)[1].split()[1])
            if parent == kernel and "worker" in os.readlink(f"/proc/{entry}/exe"):
                found.append(int(entry))
        except OSError:
            pass
    return found[0]


def resident(process):
    with open(f"/proc/{process}/status") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1)) / 1024


def main():
    begin = time.time()
    manager, client = start_new_kernel(kernel_name=KERNEL, startup_timeout=WAIT)
    try:
        reply, messages = run(client, "let x = 20;\nx + 1")
        check("result", result(messages) == "21" and reply["status"] == "ok", messages)
        check("count", reply["execution_count"] == 1, reply)
        print(f"      first result {time.time() - begin:.2f} s after the start of the kernel")

        reply, messages = run(client, 'print!("a"); eprintln!("b"); println!("c"); x')
        check("streams", text(messages) in ("ac\nb\n", "b\nac\n", "ab\nc\n") and result(messages) == "20", messages)

        order = """
        let show = |text: &str| cistron::display::display(&cistron::display::Bundle::plain(text));
        print!("1 "); show("d1"); print!("2 "); show("d2"); print!("3");"""
        reply, messages = run(client, order)
        check("order of text and displays", kinds(messages) == ["stream", "display_data", "stream", "display_data", "stream"], kinds(messages))

        live = """
        let mut live = cistron::display::Live::new();
        for i in 0..3 { live.update(&cistron::display::Bundle::plain(format!("step {i}"))); }
        live.finish(&cistron::display::Bundle::plain("done"));"""
        reply, messages = run(client, live)
        shown = [m for m in messages if m["msg_type"].endswith("display_data")]
        ids = {m["content"]["transient"]["display_id"] for m in shown}
        check("update_display_data", kinds(messages)[0] == "display_data" and "update_display_data" in kinds(messages), kinds(messages))
        check("one display id, the last form stays", len(ids) == 1 and shown[-1]["content"]["data"]["text/plain"] == "done", shown)

        reply, messages = run(client, 'let kept = 5;\nlet bad: i32 = "abc".parse()?;')
        check("`?` fails the cell", reply["status"] == "error" and reply["ename"] == "ParseIntError", reply)
        check("its line is shown", "line 2:" in plain(reply["traceback"]), plain(reply["traceback"]))
        check("variables before it are kept", result(run(client, "kept")[1]) == "5")

        reply, _ = run(client, "let a = 1;\n\nlet b: u8 = nothing_here;\nlet c: u8 = \"x\";")
        shown = plain(reply["traceback"])
        check("several mistakes at once, at their lines", "line 3:13" in shown and "line 4:13" in shown, shown)
        reply, _ = run(client, 'fn f() {\n    panic!("boo");\n}\nf()')
        check("a panic shows its line", "line 2:" in plain(reply["traceback"]) and reply["ename"] == "Panic", reply)

        interrupt = lambda: (time.sleep(0.3), manager.interrupt_kernel())  # noqa: E731
        began = time.time()
        reply, _ = run(client, 'let mut n = 0u64;\nprintln!("go");\nloop { n += 1; std::thread::sleep(std::time::Duration::from_millis(5)); }', interrupt)
        check("an interrupt ends a loop", reply["ename"] == "KeyboardInterrupt" and time.time() - began < 30, reply)
        check("variables are kept, with what they had reached", int(result(run(client, "n")[1])) > 5)
        check("older ones too", result(run(client, "kept")[1]) == "5")

        queued = [client.execute("panic!()"), client.execute("kept")]
        replies = {}
        while len(replies) < 2:
            message = client.get_shell_msg(timeout=WAIT)
            replies[message["parent_header"]["msg_id"]] = message["content"]["status"]
        check("cells behind a failed one are not run", [replies[q] for q in queued] == ["error", "aborted"], replies)

        kernel_mb, worker_mb = resident(manager.provisioner.process.pid), resident(worker_of(manager))
        print(f"      kernel {kernel_mb:.0f} MB, idle worker {worker_mb:.0f} MB")
        check("memory", kernel_mb < 50 and worker_mb < 150, (kernel_mb, worker_mb))

        times = []
        for i in range(20):
            began = time.time()
            run(client, f"let y{i} = vec![{i}.0, 1.0];\nformat!(\"{{:?}}\", y{i})")
            times.append(time.time() - began)
            time.sleep(0.1)
        print(f"      median of twenty cells {sorted(times)[10] * 1000:.0f} ms")

        request = client.complete("let kept_2 = 1; kep")
        answer = client.get_shell_msg(timeout=WAIT)
        check("completion", request == answer["parent_header"]["msg_id"] and "kept" in answer["content"]["matches"], answer["content"])

        os.kill(worker_of(manager), signal.SIGKILL)
        time.sleep(0.5)
        reply, messages = run(client, "1 + 1")
        check("the cell after `kill -9` of the worker runs", reply["status"] == "ok" and result(messages) == "2", reply)
        reply, _ = run(client, "kept")
        check("what was lost is said", "has ended" in plain(reply["traceback"]), plain(reply["traceback"]))

        reply, _ = run(client, 'println!("go");\nstd::thread::sleep(std::time::Duration::from_secs(600))',
                       lambda: (time.sleep(0.2), manager.interrupt_kernel(), time.sleep(0.5), manager.interrupt_kernel()))
        check("a second interrupt ends what does not listen", reply["ename"] == "WorkerDied" and "second interrupt" in plain(reply["traceback"]), reply)
        check("and the next cell runs", result(run(client, "2 + 2")[1]) == "4")
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=False)
    print("all checks passed")


if __name__ == "__main__":
    main()
