//! How much memory training takes when the data are larger: `.ci/memory` runs this for 100 and for 10,000 genes.
//!
//! ```text
//! memory write FOLDER GENES LENGTH    two compressed archives of one-hot sequences, one of DNA and one of transcripts
//! memory train FOLDER                 50 steps of a model with four kernels; prints the peak of anonymous memory
//! ```

use cistron::prelude::*;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

type Answer<T> = Result<T, Box<dyn std::error::Error>>;

const STEPS: usize = 50;
const BATCH: usize = 8;
const USAGE: &str = "memory write FOLDER GENES LENGTH | memory train FOLDER";

fn main() -> Answer<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["write", folder, genes, length] => write(Path::new(folder), genes.parse()?, length.parse()?),
        ["train", folder] => train(Path::new(folder)),
        _ => Err(USAGE.into()),
    }
}

/// Numbers that look random: a step of splitmix64.
fn draw(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn name(gene: usize) -> String {
    format!("GENE{gene:05}")
}

fn write(folder: &Path, genes: usize, length: usize) -> Answer<()> {
    std::fs::create_dir_all(folder)?;
    write_npz(&folder.join("dna.npz"), genes, length, 1, false)?;
    write_npz(&folder.join("rna.npz"), genes, length, 2, true)?;
    let mut values = BufWriter::new(File::create(folder.join("ex.tsv"))?);
    let mut parts = BufWriter::new(File::create(folder.join("parts.tsv"))?);
    writeln!(values, "# B_PBS\tB_IL2\tT_PBS\tT_IL2")?;
    writeln!(parts, "name\tpart")?;
    let mut state = 3;
    if genes < 100 {
        return Err("at least 100 genes: 80 for training, 10 for validation".into());
    }
    // One epoch of 50 steps or five of 10, from genes all over the archive.
    let wanted = STEPS * BATCH / if genes < 500 { 5 } else { 1 };
    let (every, mut others) = ((genes - 10) / wanted, 0);
    for gene in 0..genes {
        let tracks: Vec<String> = (0..4)
            .map(|_| format!("{:.3}", draw(&mut state) as f64 / u64::MAX as f64))
            .collect();
        writeln!(values, "{}\t{}", name(gene), tracks.join("\t"))?;
        let part = if gene % 10 == 9 && gene < 100 {
            "valid"
        } else {
            others += 1;
            let chosen = (others - 1) % every == 0 && (others - 1) / every < wanted;
            if chosen { "train" } else { "test" }
        };
        writeln!(parts, "{}\t{part}", name(gene))?;
    }
    Ok(())
}

/// `seqfeatures` (genes x length x 4, one byte each) and `genenames`, written row by row. Transcripts are shorter by up to
/// a half and end in zeros.
fn write_npz(path: &Path, genes: usize, length: usize, seed: u64, transcripts: bool) -> Answer<()> {
    use npyz::WriterBuilder;
    let mut npz = npyz::npz::NpzWriter::create(path)?;
    let text = npyz::DType::Plain("<U9".parse()?);
    let mut names = npz
        .array("genenames", Default::default())?
        .dtype(text)
        .shape(&[genes as u64])
        .begin_nd()?;
    for gene in 0..genes {
        names.push(name(gene).as_str())?;
    }
    names.finish()?;
    let zip = npz.zip_writer();
    zip.start_file("seqfeatures.npy", Default::default())?;
    let header = format!("{{'descr': '|i1', 'fortran_order': False, 'shape': ({genes}, {length}, 4), }}");
    let header = format!("{header:<117}\n");
    zip.write_all(b"\x93NUMPY\x01\x00")?;
    zip.write_all(&u16::try_from(header.len())?.to_le_bytes())?;
    zip.write_all(header.as_bytes())?;
    let mut state = seed;
    for _ in 0..genes {
        let mut row = vec![0u8; 4 * length];
        let used = if transcripts {
            length - draw(&mut state) as usize % (length / 2 + 1)
        } else {
            length
        };
        let mut bits = 0;
        for (i, position) in row.chunks_exact_mut(4).take(used).enumerate() {
            if i % 32 == 0 {
                bits = draw(&mut state);
            }
            position[(bits & 3) as usize] = 1;
            bits >>= 2;
        }
        zip.write_all(&row)?;
    }
    zip.finish()?;
    Ok(())
}

/// The anonymous memory of this process in kB.
fn anonymous() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("RssAnon:"))?;
    line.split_whitespace().next()?.parse().ok()
}

fn train(folder: &Path) -> Answer<()> {
    let (peak, done) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let watcher = std::thread::spawn({
        let (peak, done) = (Arc::clone(&peak), Arc::clone(&done));
        move || {
            while !done.load(Relaxed) {
                peak.fetch_max(anonymous().unwrap_or(0), Relaxed);
                std::thread::sleep(std::time::Duration::from_millis(2));
            }
        }
    });
    std::env::set_current_dir(folder)?;
    let genes = data! {
        records parts = table("parts.tsv");
        input   dna: Dna = npz("dna.npz"), rna: Rna = npz("rna.npz");
        output  ex = table("ex.tsv");
        split   parts.part;
    };
    let declared = peak.load(Relaxed);
    let rows = genes.rows(Part::Train, None)?.len();
    let epochs = STEPS / rows.div_ceil(BATCH);
    let net = model! { FourKernels(kernels = 4) on genes {
        let t = dna.both_strands().conv(kernels, width = 15).gelu().pool(Weighted, 4).mean(Positions);
        let r = rna.conv(kernels, width = 15).gelu().pool(Weighted, 4).mean(Positions);
        ex = t.linear() - r.linear();
    }};
    let loss = objective! { on genes {
        loss(ex)  = mse();
        watch(ex) = mse();
    }};
    fit! { net, loss, genes; epochs = epochs, batch = BATCH, patience = 100, optimizer = Sgd { lr: 1e-3 }, seed = 1 };
    done.store(true, Relaxed);
    watcher.join().map_err(|_| "the thread that watches memory failed")?;
    println!(
        "{} genes of {} bp, {} steps: peak of anonymous memory {} kB (until declared {declared} kB)",
        genes.len(),
        genes.sequence("dna", 0)?.len(),
        epochs * rows.div_ceil(BATCH),
        peak.load(Relaxed)
    );
    Ok(())
}
