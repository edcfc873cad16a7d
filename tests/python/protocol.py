"""What a front end may ask of the installed kernel besides running cells, message by message."""

import json
import os
import pathlib

import zmq
from client_of import Client, check

c = Client()
client = c.client


def reply(request, channel="shell", timeout=60):
    get = client.get_shell_msg if channel == "shell" else client.get_control_msg
    while True:
        message = get(timeout=timeout)
        if message["parent_header"].get("msg_id") == request:
            return message["content"]


def send(kind, content, channel="shell", subshell=None):
    message = client.session.msg(kind, content)
    if subshell:
        message["header"]["subshell_id"] = subshell
    (client.shell_channel if channel == "shell" else client.control_channel).send(message)
    return message["header"]["msg_id"]


# Input.
asked = client.execute('let name = input("name: ")?;\nlet secret = password("key: ")?;\nformat!("{name}-{}", secret.len())', allow_stdin=True)
first = client.get_stdin_msg(timeout=60)
check(first["content"] == {"prompt": "name: ", "password": False}, "a cell asks on the stdin channel")
client.input("Ada")
second = client.get_stdin_msg(timeout=60)
check(second["content"]["password"], "a password is asked for as one")
client.input("\u00e9\u00e9\u00e9")
c.finish(asked)
check('"Ada-6"' in c.text(), "the answers arrive: " + c.text())
refused = c.client.execute('input("x")?', allow_stdin=False)
c.messages = []
c.finish(refused)
check("allow_stdin" in c.text(), "without anybody to ask the error says so: " + c.text())
waits = c.client.execute('let kept = 5;\nlet x = input("never answered")?;', allow_stdin=True)
client.get_stdin_msg(timeout=60)
c.manager.interrupt_kernel()
c.messages = []
c.finish(waits)
check("KeyboardInterrupt" in c.text(), "a question can be interrupted: " + c.text())
check("5" in c.run("kept").text(), "and the variables before it are there")

# Expressions.
request = client.execute("let a = 20;", user_expressions={"sum": "a + 22", "bad": "a +", "gone": "nothing_here"})
answers = reply(request)["user_expressions"]
check(answers["sum"]["data"]["text/plain"] == "42", "user_expressions have their values")
check(answers["bad"]["status"] == "error" and answers["gone"]["status"] == "error", "and their mistakes")
quiet = client.execute("a", silent=True)
answer = reply(quiet)
c.messages = []
c.finish(quiet)
check(c.kinds().count("execute_result") == 0 and answer["status"] == "ok", "a silent cell shows nothing")
before = reply(client.execute("1"))["execution_count"]
same = reply(client.execute("2", store_history=False))["execution_count"]
check(before == same, "a cell outside the history has no number of its own")
failing = client.execute('panic!("on purpose")', stop_on_error=False)
following = client.execute("3")
reply(failing)
check(reply(following)["status"] == "ok", "without stop_on_error the next cell runs")

# While a cell runs.
busy = c.client.execute('println!("turning");\nloop {}')
c.messages = []
c.finish(busy, until=lambda m: m["msg_type"] == "stream")
offers = reply(client.complete("simulate::motif_"))
check("motif_grammar" in offers["matches"], "completion is answered while a cell runs: " + str(offers["matches"]))
types = offers["metadata"]["_jupyter_types_experimental"]
check(types[0]["type"] == "function" and "motif_grammar" in types[0]["signature"], "with type and signature")
page = reply(client.inspect("a", 1))
check(page["found"] and "a: i32" in page["data"]["text/plain"] and "text/markdown" in page["data"], "inspection too")
for name in ["scatter", "histogram", "bars", "curve", "letters", "logo", "logos", "ladder", "violins"]:
    word = f"plot::{name}"
    page = reply(client.inspect(word, len(word)))["data"].get("text/plain", "")
    check(page.startswith(f"fn {name}(") and f"plot::{name}(" in page and "# use" not in page, f"the page of {word} has an example")
created = reply(send("create_subshell_request", {}, "control"), "control")
shell = created["subshell_id"]
vars = reply(send("execute_request", {"code": ":vars", "silent": False}, subshell=shell))
check(vars["status"] == "ok", "a subshell answers `:vars` while a cell runs")
runs = pathlib.Path(os.environ["CISTRON_RUNS"])
(runs / "20260101-000000-000").mkdir(parents=True)
large = runs / "20260101-000000-000" / "run.json"
large.write_text(" " * 2_000_000 + '{"name": "one of many"}')
for number in range(1, 200):
    (runs / f"20260101-000000-{number:03}").mkdir()
    os.link(large, runs / f"20260101-000000-{number:03}" / "run.json")
many = send("execute_request", {"code": ":runs"}, subshell=shell)
vars = send("execute_request", {"code": ":vars"}, subshell=shell)
quick = send("kernel_info_request", {})
order = []
while len(order) < 3:
    message = client.get_shell_msg(timeout=120)
    order.append(message["parent_header"]["msg_id"])
    check(message["content"]["status"] == "ok", "answered: " + message["msg_type"])
check(order == [quick, many, vars], "a command that reads many files keeps only its own subshell waiting")
code = reply(send("execute_request", {"code": "1 + 1"}, subshell=shell))
check(code["ename"] == "SubshellError", "and says that code runs in the main shell")
check(reply(send("list_subshell_request", {}, "control"), "control")["subshell_id"] == [shell], "subshells are listed")
check(reply(send("delete_subshell_request", {"subshell_id": shell}, "control"), "control")["status"] == "ok", "and deleted")
gone = reply(send("execute_request", {"code": ":vars"}, subshell=shell))
check(gone["status"] == "error", "a deleted subshell is no more")
debug = reply(send("debug_request", {"type": "request", "seq": 1, "command": "initialize"}, "control"), "control")
check(debug["success"] is False, "a debugger is declined")
c.manager.interrupt_kernel()
c.finish(busy)
check("error" in c.kinds(), "the loop ends")

# What nobody knows.
check(reply(send("dance_request", {}))["status"] == "error", "an unknown request gets an answer")
check(reply(send("dance_request", {}, "control"), "control")["status"] == "error", "on the control channel too")
opened = send("comm_open", {"comm_id": "c1", "target_name": "nobody", "data": {}})
c.messages = []
c.finish(opened)
check("comm_close" in c.kinds(), "a comm to nobody is closed")
check(reply(send("comm_info_request", {}))["comms"] == {}, "no comm is open")
opened = send("comm_open", {"comm_id": "c2", "target_name": "quarto_kernel_setup", "data": {"options": {"fig_width": 7}}})
c.messages = []
c.finish(opened)
check("comm_close" not in c.kinds(), "Quarto's comm is taken")
check(list(reply(send("comm_info_request", {}))["comms"]) == ["c2"], "and open")
open_brackets = reply(client.is_complete("fn f() {\n    for i in 0..3 {"))
check(open_brackets == {"status": "incomplete", "indent": " " * 8}, "the indent is as deep as the brackets")

# Security of the wire.
info = client.get_connection_info()
context = zmq.Context()


def signed(content):
    message = client.session.msg("kernel_info_request", content)
    return message["header"]["msg_id"].encode(), client.session.serialize(message)


def answered(frames):
    """Whether frames are answered that are sent as they are: a good message behind them is, and answers keep their order."""
    socket = context.socket(zmq.DEALER)
    socket.linger = 0
    socket.connect(f"tcp://{info['ip']}:{info['shell_port']}")
    socket.send_multipart(frames)
    last, behind = signed({})
    socket.send_multipart(behind)
    count = 0
    while socket.poll(60000):
        count += 1
        if last in socket.recv_multipart()[3]:
            return count > 1
    raise AssertionError("the kernel does not answer")


_, good = signed({})
check(answered(good), "a signed message is answered")
check(not answered(good), "the same message once more is not")
_, bad = signed({})
bad[1] = b"0" * 64
check(not answered(bad), "a wrong signature is not answered")
_, changed = signed({})
changed[-1] = json.dumps({"more": 1}).encode()
check(not answered(changed), "nor a message that was changed")
_, unsigned = signed({})
unsigned[1] = b""
check(not answered(unsigned), "nor one without a signature")
pid = c.manager.provisioner.process.pid
inodes = set()
for fd in os.listdir(f"/proc/{pid}/fd"):
    try:
        inodes.add(os.readlink(f"/proc/{pid}/fd/{fd}"))
    except FileNotFoundError:  # closed since it was listed
        pass
listening = []
for table in ["tcp", "tcp6"]:
    for line in open(f"/proc/{pid}/net/{table}").read().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A" and f"socket:[{fields[9]}]" in inodes:
            listening.append(fields[1].split(":")[0])
check(len(listening) == 5 and set(listening) == {"0100007F"}, f"five sockets, on 127.0.0.1 alone: {listening}")
rss = [int(line.split()[1]) for line in open(f"/proc/{pid}/status") if line.startswith("VmRSS")][0] // 1024
check(rss < 50, f"the kernel stays small: {rss} MB")

# Restart.
c.manager.restart_kernel()
client.wait_for_ready(timeout=120)
check("error" in c.run("a").kinds(), "a restart forgets the variables")
check("2" in c.run("1 + 1").text(), "and runs cells")
print("all checks passed")
