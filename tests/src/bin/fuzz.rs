//! Throws damaged files and messages at everything that reads what others wrote.
//!
//! `fuzz TARGET [INPUTS] [SEED]` runs one target, `fuzz all` each of them; `.ci/fuzz` runs all with a million inputs each.
//! An input is a valid file with a few bytes changed, cut, doubled or exchanged, or two of them spliced. Found are: panics,
//! aborts, more memory than a reader of small files can need, and inputs that take longer than ten seconds; the input is left
//! behind in the folder that the last line names. Reading must end in a value or an error.

use cistron::prelude::*;
use cistron::runs::{Checkpoint, Manifest};
use cistron_kernel::{jupyter, notebook};
use cistron_tests::Mutator;
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

type Anything<T> = Result<T, Box<dyn Error>>;

/// What a target reads: the name of the file that it is given, valid inputs, and the reading.
struct Target {
    name: &'static str,
    file: &'static str,
    seeds: fn() -> Anything<Vec<Vec<u8>>>,
    read: fn(&[u8]),
}

/// Memory that reading one small file may take, in bytes: the allocator refuses more, which is found as an abort.
const MEMORY: u64 = 4 << 30;

/// Inputs that take longer than this are found.
const PATIENCE: Duration = Duration::from_secs(10);

const TARGETS: [Target; 11] = [
    Target {
        name: "frames",
        file: "",
        seeds: || {
            Ok(vec![
                message("execute_request"),
                message("complete_request"),
                message("comm_open"),
            ])
        },
        read: |bytes| {
            let frames: Vec<Vec<u8>> = bytes.split(|b| *b == 0).map(<[u8]>::to_vec).collect();
            jupyter::accepts("", frames.clone());
            jupyter::accepts("key", frames);
        },
    },
    Target {
        name: "notebook",
        file: "input.ipynb",
        seeds: || Ok(vec![NOTEBOOK.as_bytes().to_vec()]),
        read: |_| {
            if let Ok(mut read) = notebook::Notebook::read(Path::new("input.ipynb")) {
                let given: Vec<notebook::Parameter> = "seed=2".parse().into_iter().collect();
                let _ = notebook::inject(&mut read, &given);
                let _ = read.language();
                read.cells().iter().for_each(|cell| _ = notebook::cell_source(cell));
            }
        },
    },
    Target {
        name: "checkpoint",
        file: "last.safetensors",
        seeds: || Ok(vec![std::fs::read(checkpoint(&fitted()?)?)?]),
        read: |bytes| _ = Checkpoint::from_bytes(bytes, Path::new("last.safetensors")),
    },
    Target {
        name: "manifest",
        file: "run.json",
        seeds: || Ok(vec![std::fs::read(fitted()?.join("run.json"))?]),
        read: |_| _ = Manifest::read(Path::new("run.json")),
    },
    Target {
        name: "weights",
        file: "",
        seeds: || {
            let network = Network::new(&tiny()?, 1, DType::F32)?;
            Ok(vec![network.to_safetensors()?])
        },
        read: |bytes| {
            if let Ok(model) = tiny() {
                let _ = Network::from_safetensors(&model, bytes, DType::F32);
            }
        },
    },
    Target {
        name: "npz",
        file: "input.npz",
        seeds: || Ok(vec![predictions()?]),
        read: |_| {
            let _ = (|| -> Anything<Dataset> { Ok(data! { input dna: Dna = npz("input.npz"); output y = npz("input.npz"); }) })();
        },
    },
    Target {
        name: "fasta",
        file: "input.fa",
        seeds: || {
            Ok(vec![
                b">chr1 one\nACGTNacgtn\nACGT\n>chr2\nGGCC\n".to_vec(),
                b">a\r\nAC\r\n\r\n>b\nTT".to_vec(),
            ])
        },
        read: |_| _ = Genome::open("input.fa"),
    },
    Target {
        name: "twobit",
        file: "input.2bit",
        seeds: || Ok(vec![two_bit()]),
        read: |_| {
            if let Ok(genome) = Genome::open("input.2bit") {
                let _ = genome.sequence("chr1", 0, 4, Strand::Forward);
            }
        },
    },
    Target {
        name: "table",
        file: "input.tsv",
        seeds: || {
            Ok(vec![
                b"gene\tvalue\tset\na\t1.5\ttrain\nb\tNA\ttest\n\"c d\"\t-3e5\ttrain\n".to_vec(),
            ])
        },
        read: |_| _ = table::read_table("input.tsv"),
    },
    Target {
        name: "motifs",
        file: "input.meme",
        seeds: || Ok(vec![MEME.as_bytes().to_vec()]),
        read: |_| _ = Motif::read_meme("input.meme"),
    },
    Target {
        name: "declaration",
        file: "",
        seeds: || Ok(vec![DECLARATION.as_bytes().to_vec()]),
        read: |bytes| {
            if let Ok(text) = std::str::from_utf8(bytes) {
                let _ = cistron_syntax::read_model(text).whole();
            }
        },
    },
];

const NOTEBOOK: &str = r##"{"cells": [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": ["# Title\n", "text"]},
 {"cell_type": "code", "id": "b", "metadata": {"tags": ["parameters"]}, "execution_count": 1, "source": "let seed: u64 = 1;\nlet name = \"x\";", "outputs": []},
 {"cell_type": "code", "id": "c", "metadata": {}, "execution_count": 2, "source": ["seed + 1"], "outputs": [{"output_type": "execute_result",
 "execution_count": 2, "data": {"text/plain": ["2"]}, "metadata": {}}]}], "metadata": {"kernelspec": {"name": "cistron", "language": "rust",
 "display_name": "Cistron"}}, "nbformat": 4, "nbformat_minor": 5}"##;
const MEME: &str = "MEME version 4\n\nALPHABET= ACGT\n\nstrands: + -\n\nBackground letter frequencies\nA 0.25 C 0.25 G 0.25 T 0.25\n\n\
    MOTIF one first\nletter-probability matrix: alength= 4 w= 3 nsites= 20 E= 0\n 0.9 0.1 0.0 0.0\n 0.0 1.0 0.0 0.0\n 0.25 0.25 0.25 0.25\n";
const DECLARATION: &str = "Net(kernels = 8, width = 5) on toy { block trunk(x) { x.conv(kernels, width = width).norm(Batch).relu().pool(Max, 4) } \
    let t = trunk(dna.both_strands()); y = t.dense(16, layers = 2).linear(); z = (t.linear() - t.linear()) * 0.5; }";

/// A signed-looking message as frames with zeros between.
fn message(kind: &str) -> Vec<u8> {
    let header =
        format!("{{\"msg_id\": \"1\", \"session\": \"s\", \"username\": \"u\", \"msg_type\": \"{kind}\", \"version\": \"5.4\"}}");
    let content = r#"{"code": "1 + 1", "silent": false, "cursor_pos": 3, "target_name": "t", "comm_id": "c", "data": {}}"#;
    ["id", "<IDS|MSG>", "00ff", &header, "{}", "{}", content]
        .join("\0")
        .into_bytes()
}

fn toy() -> Anything<Dataset> {
    let sim = simulate::motif_grammar(MotifGrammar {
        sequences: 40,
        ..Default::default()
    })?;
    Ok(data! {
        records sim = frame(sim.table);
        input dna: Dna = column("sequence");
        output y = column("enhancer");
        split column("split");
    })
}

fn tiny() -> Anything<Model> {
    let toy = toy()?;
    Ok(model! { Tiny on toy { y = dna.conv(2, width = 3).norm(Batch).relu().mean(Positions).linear(); } })
}

/// The folder of a small finished fit.
fn fitted() -> Anything<PathBuf> {
    let (toy, net) = (toy()?, tiny()?);
    let loss = objective! { on toy { loss(y) = mse(); } };
    let run = fit! { net, loss, toy; epochs = 1, batch = 8, seed = 1, quiet = true };
    Ok(run.folder().to_path_buf())
}

/// A checkpoint of a run.
fn checkpoint(folder: &Path) -> Anything<PathBuf> {
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)?.flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "safetensors") {
                return Ok(path);
            }
        }
    }
    Err("the run has no checkpoint".into())
}

/// An archive of arrays, as this library writes it.
fn predictions() -> Anything<Vec<u8>> {
    let (toy, net) = (toy()?, tiny()?);
    let loss = objective! { on toy { loss(y) = mse(); } };
    let run = fit! { net, loss, toy; epochs = 1, batch = 8, seed = 1, quiet = true };
    run.save_predictions(&toy, Part::Test, "seed.npz")?;
    Ok(std::fs::read("seed.npz")?)
}

/// A 2bit file with one sequence of eight bases, as UCSC describes the format.
fn two_bit() -> Vec<u8> {
    let mut out = Vec::new();
    let word = |value: u32, out: &mut Vec<u8>| out.extend(value.to_le_bytes());
    for value in [0x1A41_2743, 0, 1, 0] {
        word(value, &mut out);
    }
    out.push(4);
    out.extend(b"chr1");
    word(16 + 5 + 4, &mut out);
    for value in [8, 0, 0, 0] {
        word(value, &mut out);
    }
    out.extend([0b1001_1100, 0b0110_0011]);
    out
}

/// What happens to one target in this process: reads until all inputs are through.
fn carry_out(target: &Target, inputs: u64, seed: u64) -> Anything<()> {
    let seeds = (target.seeds)()?;
    for seed in &seeds {
        std::fs::write("valid", seed)?;
    }
    let mut mutator = Mutator::new(seeds, seed);
    limit_memory()?;
    std::panic::set_hook(Box::new(|_| {}));
    static BEGUN: AtomicU64 = AtomicU64::new(0);
    let start = Instant::now();
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(Duration::from_secs(1));
            let begun = BEGUN.load(Relaxed);
            if begun > 0 && start.elapsed() > Duration::from_millis(begun) + PATIENCE {
                eprintln!("takes longer than {} s", PATIENCE.as_secs());
                std::process::abort();
            }
        }
    });
    for number in 0..inputs {
        let input = mutator.next_input();
        // What is read last is there when this process ends before its time.
        std::fs::write(if target.file.is_empty() { "input" } else { target.file }, &input)?;
        BEGUN.store(start.elapsed().as_millis() as u64 + 1, Relaxed);
        if catch_unwind(AssertUnwindSafe(|| (target.read)(&input))).is_err() {
            return Err(format!("input {number} of seed {seed} panics").into());
        }
        BEGUN.store(0, Relaxed);
    }
    Ok(())
}

/// Beyond what the process has mapped by now.
fn limit_memory() -> Anything<()> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let mapped = status.lines().find_map(|line| line.strip_prefix("VmSize:")).unwrap_or("0 kB");
    let mapped: u64 = mapped.trim().trim_end_matches(" kB").trim().parse()?;
    let bytes = (mapped << 10) + MEMORY;
    let limit = libc::rlimit {
        rlim_cur: bytes,
        rlim_max: bytes,
    };
    // SAFETY: a plain system call; the structure lives through it.
    match unsafe { libc::setrlimit(libc::RLIMIT_AS, &raw const limit) } {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error().into()),
    }
}

fn main() -> Anything<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize, default: u64| arguments.get(at).map_or(Ok(default), |text| text.parse());
    let (inputs, seed) = (number(1, 10_000)?, number(2, 1)?);
    let wanted = arguments.first().map_or("all", String::as_str);
    if let Some(name) = wanted.strip_prefix("in-this-process:") {
        let target = TARGETS.iter().find(|target| target.name == name).ok_or("no such target")?;
        carry_out(target, inputs, seed)?;
        return Ok(ExitCode::SUCCESS);
    }
    let chosen: Vec<&Target> = TARGETS
        .iter()
        .filter(|target| wanted == "all" || target.name == wanted)
        .collect();
    if chosen.is_empty() {
        let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        return Err(format!("no target `{wanted}`; one of all, {}", names.join(", ")).into());
    }
    let mut found = 0;
    for target in chosen {
        let folder = tempfile::Builder::new().prefix("cistron-fuzz-").tempdir()?;
        let begun = Instant::now();
        let output = Command::new(std::env::current_exe()?)
            .args([
                format!("in-this-process:{}", target.name),
                inputs.to_string(),
                seed.to_string(),
            ])
            .current_dir(folder.path())
            .env("CISTRON_RUNS", folder.path().join("runs"))
            .env("CISTRON_CACHE", folder.path().join("cache"))
            .output()?;
        let took = begun.elapsed().as_secs_f64();
        if output.status.success() {
            println!("{:<12} {inputs} inputs, {took:.0} s: nothing found", target.name);
        } else {
            found += 1;
            let said = String::from_utf8_lossy(&output.stderr);
            println!(
                "{:<12} {}: {}; the input is in {}",
                target.name,
                output.status,
                said.trim(),
                folder.keep().display()
            );
        }
    }
    Ok(if found == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
