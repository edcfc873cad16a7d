//! Memory and disk over many cells. With `--nocapture` it prints a table; `CISTRON_SOAK` says how many cells there
//! are (`.ci/soak` runs 1,000).

mod support;

use std::path::Path;
use support::{Session, session};

/// Kilobytes that a process holds.
fn resident_kb(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .expect("a process that lives")
}

/// Bytes and number of the files of a folder.
fn disk(folder: &Path) -> (u64, usize) {
    let entries = std::fs::read_dir(folder).expect("the folder").flatten();
    let sizes: Vec<u64> = entries
        .filter_map(|entry| entry.metadata().ok())
        .map(|about| about.len())
        .collect();
    (sizes.iter().sum(), sizes.len())
}

/// One of ten cells; the fourth defines items anew, each time in the same names.
fn cell(number: usize) -> String {
    match number % 10 {
        0 => format!("let x = {number} + 1; x"),
        1 => format!("println!(\"{{}}\", x * {number});"),
        2 => "let table = cistron::polars::df!(\"gene\" => [\"a\", \"b\"], \"n\" => [1, 2])?; table.clone()".into(),
        3 => format!(
            "fn area(r: f64) -> f64 {{ r * r * {number}.0 }}\nstruct Shape {{ r: f64 }}\nimpl Shape {{ fn area(&self) -> f64 {{ area(self.r) }} }}"
        ),
        4 => "let shape = Shape { r: 2.0 }; shape.area()".into(),
        5 => "let mut total = 0u64; for i in 0..1000u64 { total += i; }".into(),
        6 => "total += 1; total".into(),
        7 => "Tensor::zeros((2, 3), DType::F32, &Device::Cpu)?".into(),
        8 => "let words: Vec<String> = \"a b c\".split(' ').map(|w| w.repeat(1000)).collect();".into(),
        _ => "words.iter().map(String::len).sum::<usize>()".into(),
    }
}

fn measure(session: &Session) -> (u64, u64, u64, usize) {
    let worker = session.engine.worker_process().expect("a worker");
    let (bytes, files) = disk(session.engine.scratch_folder());
    let (kept, kept_files) = disk(session.engine.kept_folder());
    (
        resident_kb(std::process::id()),
        resident_kb(worker as u32),
        bytes + kept,
        files + kept_files,
    )
}

#[test]
fn many_cells_take_little_and_leave_nothing() {
    let cells = std::env::var("CISTRON_SOAK").map_or(60, |number| number.parse().expect("CISTRON_SOAK is a number"));
    let step = (cells / 10).max(10);
    let mut session = session();
    // What every session takes once is not growth.
    for number in 0..10 {
        session.ok(&cell(number));
    }
    let first = measure(&session);
    println!("cells  kernel kB  worker kB  disk kB  files");
    println!("{:5}  {:9}  {:9}  {:7}  {:5}", 10, first.0, first.1, first.2 / 1000, first.3);
    let mut last = first;
    for number in 10..cells + 10 {
        session.ok(&cell(number));
        if (number + 1) % step == 0 {
            last = measure(&session);
            println!(
                "{:5}  {:9}  {:9}  {:7}  {:5}",
                number + 1,
                last.0,
                last.1,
                last.2 / 1000,
                last.3
            );
        }
    }
    let per_cell = |after: u64, before: u64| (after as f64 - before as f64) / cells as f64;
    println!(
        "each cell: kernel {:.1} kB, worker {:.1} kB, disk {:.1} kB",
        per_cell(last.0, first.0),
        per_cell(last.1, first.1),
        per_cell(last.2, first.2) / 1000.0
    );
    // One cell in ten defines items: its library stays, the others' are gone as soon as they run.
    let items = cells.div_ceil(10) + 1;
    assert!(last.3 <= items + 10, "{} files after {cells} cells", last.3);
    assert!(per_cell(last.2, first.2) < 20e3, "disk");
    assert!(per_cell(last.0, first.0) < 100.0, "the kernel's memory");
    assert!(per_cell(last.1, first.1) < 400.0, "the worker's memory");
    let folders = [session.engine.scratch_folder(), session.engine.kept_folder()].map(Path::to_path_buf);
    drop(session);
    for folder in folders {
        assert!(!folder.exists(), "{} is left behind", folder.display());
    }
}
