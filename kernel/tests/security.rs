//! What others may reach, see and break: sockets, files, sizes.

mod support;

use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// Addresses and ports that a process listens on.
fn listening(process: u32) -> BTreeSet<(Ipv4Addr, u16)> {
    let descriptors = std::fs::read_dir(format!("/proc/{process}/fd"))
        .into_iter()
        .flatten()
        .flatten();
    let sockets: BTreeSet<String> = descriptors
        .filter_map(|entry| std::fs::read_link(entry.path()).ok())
        .map(|target| target.display().to_string())
        .collect();
    let mut found = BTreeSet::new();
    for table in ["tcp", "tcp6"] {
        let text = std::fs::read_to_string(format!("/proc/{process}/net/{table}")).expect("a table of sockets");
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let [_, local, _, state, ..] = fields[..] else { continue };
            // 0A is LISTEN; the tenth field is the socket's number.
            if state != "0A" || !sockets.contains(&format!("socket:[{}]", fields[9])) {
                continue;
            }
            let (address, port) = local.split_once(':').expect("address and port");
            assert_eq!(address.len(), 8, "only IPv4 was asked for: {local}");
            let address = u32::from_str_radix(address, 16).expect("an address");
            found.insert((
                Ipv4Addr::from(address.to_ne_bytes()),
                u16::from_str_radix(port, 16).expect("a port"),
            ));
        }
    }
    found
}

/// Ports that nobody has now.
fn free_ports() -> [u16; 5] {
    let held = [(); 5].map(|()| TcpListener::bind(("127.0.0.1", 0)).expect("a port"));
    held.map(|listener| listener.local_addr().expect("an address").port())
}

/// A kernel on an address, in folders of its own.
fn kernel(ip: &str, ports: [u16; 5], folder: &Path) -> Child {
    let file = folder.join("connection.json");
    let connection = json!({
        "transport": "tcp", "ip": ip, "key": "secret", "signature_scheme": "hmac-sha256", "shell_port": ports[0],
        "iopub_port": ports[1], "stdin_port": ports[2], "control_port": ports[3], "hb_port": ports[4],
    });
    std::fs::write(&file, connection.to_string()).expect("a file");
    let made = |name: &str| {
        let folder = folder.join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        folder
    };
    Command::new(support::command())
        .args(["kernel", "--connection-file"])
        .arg(&file)
        .current_dir(made("notebooks"))
        .env("HOME", made("home"))
        .env("TMPDIR", made("temporary"))
        .env("CISTRON_CACHE", made("cache"))
        .env_remove("JPY_PARENT_PID")
        .spawn()
        .expect("the kernel starts")
}

/// Waits for something; a machine may be slow, but not endlessly.
fn until(what: &str, mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < Duration::from_secs(120), "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn end(mut kernel: Child) {
    // SAFETY: the process was started here and has not been waited for, so the number is still its own.
    unsafe { libc::kill(kernel.id().cast_signed(), libc::SIGTERM) };
    kernel.wait().expect("the kernel ends");
}

#[test]
fn a_kernel_listens_on_the_given_address_and_no_other() {
    for ip in ["127.0.0.1", "127.0.0.2"] {
        let folder = tempfile::tempdir().expect("a folder");
        let ports = free_ports();
        let kernel = kernel(ip, ports, folder.path());
        let mut found = BTreeSet::new();
        until("five sockets", || {
            found = listening(kernel.id());
            found.len() >= 5
        });
        let process = kernel.id();
        end(kernel);
        let address: Ipv4Addr = ip.parse().expect("an address");
        let expected: BTreeSet<(Ipv4Addr, u16)> = ports.into_iter().map(|port| (address, port)).collect();
        assert_eq!(found, expected);
        for name in ["home", "temporary", "notebooks"] {
            assert_eq!(files(&folder.path().join(name)), Vec::<PathBuf>::new(), "{name}");
        }
        assert_eq!(left_in_memory(process), Vec::<PathBuf>::new());
    }
}

/// Everything below a folder; links are not followed.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            found.extend(files(&path));
        }
        found.push(path);
    }
    found.sort();
    found
}

/// Folders of a process in memory.
fn left_in_memory(process: u32) -> Vec<PathBuf> {
    let start = format!("cistron-{process}-");
    let all = std::fs::read_dir("/dev/shm").into_iter().flatten().flatten();
    all.filter(|entry| entry.file_name().to_string_lossy().starts_with(&start))
        .map(|entry| entry.path())
        .collect()
}

/// Cells that write files in every way that Cistron has.
const CELLS: &[&str] = &[
    "let sim = simulate::motif_grammar(MotifGrammar { sequences: 60, seed: 1, ..Default::default() })?;\n\
     let toy = data! { records sim = frame(sim.table); input dna: Dna = column(\"sequence\"); output enhancer = column(\"enhancer\"); split column(\"split\"); };\n\
     let net = model! { Net on toy { enhancer = dna.conv(4, width = 5).relu().mean(Positions).linear(); } };\n\
     let loss = objective! { on toy { loss(enhancer) = mse(); } };",
    "let run = fit! { net, loss, toy; epochs = 1, batch = 16, name = \"small\", quiet = true };\nlet number = 3;\nkeep!(number);",
    "std::fs::create_dir_all(\"out\")?;\nrun.curve()?.save(\"out/curve.svg\")?;\ntable::write_tsv(&run.predict(&toy, Part::Test)?, \"out/table.tsv\")?;",
    "fn f() -> u32 { 3 }\nf()",
];

/// Runs the cells with a umask in folders of their own: answers the notebook's folder and the cache.
fn run_with(umask: &str, folder: &Path) -> (PathBuf, PathBuf) {
    let made = |name: &str| {
        let folder = folder.join(name);
        std::fs::create_dir(&folder).expect("a folder");
        folder
    };
    let [home, temporary, cache, notebooks] = ["home", "temporary", "cache", "notebooks"].map(made);
    // The libraries are there already; everything else in this cache is made by the run.
    let sdk = support::sdk();
    let shared = sdk.folder.parent().expect("a cache");
    let ours = std::fs::read_dir(shared).expect("a cache").flatten();
    for entry in ours.filter(|entry| entry.file_name().to_string_lossy().starts_with("sdk-")) {
        std::os::unix::fs::symlink(entry.path(), cache.join(entry.file_name())).expect("a link");
    }
    let cell =
        |source: &&str| json!({"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": null});
    let cells: Vec<Value> = CELLS.iter().map(cell).collect();
    let document = json!({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells});
    std::fs::write(notebooks.join("small.ipynb"), document.to_string()).expect("a file");
    let before = |name: &str, folder: &str| {
        let set = std::env::var_os(name).map(PathBuf::from);
        set.unwrap_or_else(|| PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(folder))
    };
    let mut command = Command::new("sh");
    command
        .args(["-c", &format!("umask {umask}; exec \"$0\" \"$@\"")])
        .arg(support::command())
        .args(["run", "small.ipynb", "-o", "done.ipynb"])
        .current_dir(&notebooks)
        .env("RUSTUP_HOME", before("RUSTUP_HOME", ".rustup"))
        .env("CARGO_HOME", before("CARGO_HOME", ".cargo"))
        .env("CISTRON_SOURCE", &sdk.source)
        .env("HOME", &home)
        .env("TMPDIR", &temporary)
        .env("CISTRON_CACHE", &cache)
        .env_remove("CISTRON_RUNS");
    let child = command
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the command starts");
    let process = child.id();
    let output = child.wait_with_output().expect("the command ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    for folder in [&home, &temporary] {
        assert_eq!(
            files(folder),
            Vec::<PathBuf>::new(),
            "outside of cache, notebook's folder and run folder"
        );
    }
    assert_eq!(left_in_memory(process), Vec::<PathBuf>::new());
    (notebooks, cache)
}

#[test]
fn files_have_the_users_umask_and_lie_where_they_belong() {
    for (umask, bits) in [("077", 0o077), ("027", 0o027)] {
        let folder = tempfile::tempdir().expect("a folder");
        let (notebooks, cache) = run_with(umask, folder.path());
        let mode = |path: &Path| std::fs::symlink_metadata(path).expect("a file").permissions().mode() & 0o777;
        let made = files(&notebooks);
        let inside = |path: &Path| path.strip_prefix(&notebooks).unwrap_or(path).display().to_string();
        let names: Vec<String> = made.iter().map(|path| inside(path)).collect();
        for name in ["done.ipynb", "out/curve.svg", "out/table.tsv"] {
            assert!(names.iter().any(|n| n == name), "{name} is not among {names:?}");
        }
        for name in ["run.json", "metrics.jsonl"] {
            assert!(
                names.iter().any(|n| n.starts_with("runs/") && n.ends_with(name)),
                "{name} is not among {names:?}"
            );
        }
        for (path, name) in made.iter().zip(&names).filter(|(_, name)| *name != "small.ipynb") {
            assert!(
                name == "done.ipynb" || name.starts_with("out") || name.starts_with("runs"),
                "{name} belongs nowhere"
            );
            let expected = if path.is_dir() { 0o777 } else { 0o666 } & !bits;
            assert_eq!(mode(path), expected, "{name} with umask {umask}");
        }
        let mut seen = 0;
        for path in files(&cache).iter().filter(|path| !path.is_symlink()) {
            assert_eq!(mode(path) & bits, 0, "{} with umask {umask}", path.display());
            seen += 1;
        }
        assert!(seen > 0, "nothing was written into the cache");
    }
}

#[test]
fn sizes_that_no_machine_has_are_refused_before_anything_is_allocated() {
    let mut s = support::session();
    s.ok(CELLS[0]);
    let process = s.value("std::process::id()");
    let fit = "let run = fit! { big, loss, toy; epochs = 1, quiet = true };";
    for (layer, said) in [
        ("conv(2000000000, width = 5)", "at most 1000000000"),
        ("conv(1000000000, width = 199)", "would hold [1000000000, 4, 199] numbers"),
        ("conv(4, width = 5).residual(99999999, width = 3)", "more than 100,000 nodes"),
    ] {
        let code = format!("let big = model! {{ Big on toy {{ enhancer = dna.{layer}.mean(Positions).linear(); }} }};\n{fit}");
        let text = support::shown(&support::failure(&mut s, &code));
        assert!(text.contains(said), "{layer}: {text}");
    }
    // A checkpoint whose head says that it has more tensors than there are bytes in the world.
    s.ok(
        "let run = fit! { net, loss, toy; epochs = 1, batch = 16, name = \"whole\", quiet = true };\n\
         for file in std::fs::read_dir(run.folder().join(\"checkpoints\"))?.flatten() {\n\
             let mut bytes = std::fs::read(file.path())?;\n\
             bytes[..8].copy_from_slice(&(1_u64 << 60).to_le_bytes());\n\
             std::fs::write(file.path(), bytes)?;\n\
         }",
    );
    let text = support::shown(&support::failure(&mut s, "let again = Run::resume(run.folder(), &toy)?;"));
    assert!(text.contains("1152921504606846976"), "{text}");
    assert_eq!(
        s.value("std::process::id()"),
        process,
        "the process of the cells has lived through all of it"
    );
}
