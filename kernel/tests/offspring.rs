//! A kernel that is gone leaves no programs behind.

mod support;

use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Processes whose parent is this one.
fn children(parent: u32) -> Vec<u32> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir("/proc").expect("processes").flatten() {
        let Ok(process) = entry.file_name().to_string_lossy().parse::<u32>() else {
            continue;
        };
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let behind = stat.rsplit(')').next().unwrap_or_default();
        if behind.split_whitespace().nth(1) == Some(&parent.to_string()) {
            out.push(process);
        }
    }
    out
}

/// Whether a process still computes; one that waits to be collected does not.
fn lives(process: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let state = stat
        .rsplit(')')
        .next()
        .and_then(|rest| rest.split_whitespace().next())
        .unwrap_or("Z");
    state != "Z"
}

fn waited(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..600 {
        if holds() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("waited in vain: {what}");
}

#[test]
fn a_kernel_that_is_killed_takes_its_worker_and_its_compilers_along() {
    support::sdk();
    let folder = tempfile::tempdir().expect("a folder");
    let ports: Vec<TcpListener> = (0..5).map(|_| TcpListener::bind("127.0.0.1:0").expect("a port")).collect();
    let port = |index: usize| ports[index].local_addr().expect("an address").port();
    let connection = serde_json::json!({
        "transport": "tcp", "ip": "127.0.0.1", "key": "k", "signature_scheme": "hmac-sha256", "kernel_name": "cistron",
        "shell_port": port(0), "iopub_port": port(1), "stdin_port": port(2), "control_port": port(3), "hb_port": port(4),
    });
    let file = folder.path().join("connection.json");
    std::fs::write(&file, connection.to_string()).expect("a file");
    drop(ports);
    let mut kernel = Command::new(support::command())
        .args(["kernel", "--connection-file"])
        .arg(&file)
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a kernel");
    // A worker and two compilers that wait.
    waited("a worker and its compilers", || children(kernel.id()).len() >= 3);
    let offspring = children(kernel.id());
    kernel.kill().expect("a signal");
    kernel.wait().expect("its end");
    waited("all have ended", || offspring.iter().all(|process| !lives(*process)));
}
