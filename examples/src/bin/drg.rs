//! DRG as a plain program: one of its eight models on files in its formats, one fold or all of them.
//!
//! ```text
//! cargo run --release -p cistron-examples --bin drg -- FOLDER --model d_shared --fold 1 \
//!     --set kernels=24 --set width=9 --set lr=2e-3 --set epochs=40
//! ```
//! FOLDER holds `TSS*.npz`, `RNA*.npz`, `exonic.tsv`, `intronic.tsv`, `degrad.tsv`, `condition.class.txt` and
//! `Exintron_testsetcv10.txt`. `--set` takes every parameter of the model and the options of the
//! fit: epochs, batch, lr, weight_decay, patience, seed.

use cistron::prelude::*;
use cistron::zoo::drg;
use clap::Parser;
use std::path::{Path, PathBuf};

#[derive(Parser)]
#[command(about = "Expression, transcription and degradation from DNA and RNA (DRG)")]
struct Arguments {
    /// Where the data lie.
    folder: PathBuf,
    /// a, a_attention, b, c, d_separate, d_shared, f_all or f_routed.
    #[arg(long, default_value = "d_shared")]
    model: String,
    /// The fold whose sets are held out; all folds without it.
    #[arg(long)]
    fold: Option<usize>,
    /// A parameter of the model or an option of the fit.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// A folder for the files that the original writes.
    #[arg(long)]
    original_files: Option<PathBuf>,
}

/// The options of the fit, and what is left for the model.
struct Settings {
    epochs: u64,
    batch: u64,
    lr: f64,
    weight_decay: f64,
    patience: u64,
    seed: u64,
    model: Vec<(String, Value)>,
}

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn settings(pairs: &[String]) -> Outcome<Settings> {
    let mut settings = Settings {
        epochs: 40,
        batch: 32,
        lr: 2e-3,
        weight_decay: 0.01,
        patience: 8,
        seed: 1,
        model: Vec::new(),
    };
    for pair in pairs {
        let (key, value) = pair
            .split_once('=')
            .ok_or_else(|| format!("`--set {pair}`: expected key=value"))?;
        let wrong = |_| format!("`--set {pair}`: `{value}` is no number");
        match key {
            "epochs" => settings.epochs = value.parse().map_err(|e: std::num::ParseIntError| wrong(e.to_string()))?,
            "batch" => settings.batch = value.parse().map_err(|e: std::num::ParseIntError| wrong(e.to_string()))?,
            "patience" => settings.patience = value.parse().map_err(|e: std::num::ParseIntError| wrong(e.to_string()))?,
            "seed" => settings.seed = value.parse().map_err(|e: std::num::ParseIntError| wrong(e.to_string()))?,
            "lr" => settings.lr = value.parse().map_err(|e: std::num::ParseFloatError| wrong(e.to_string()))?,
            "weight_decay" => {
                settings.weight_decay = value.parse().map_err(|e: std::num::ParseFloatError| wrong(e.to_string()))?
            }
            _ => {
                let number = value
                    .parse::<i64>()
                    .map(Value::from)
                    .or_else(|_| value.parse::<f64>().map(Value::from));
                settings
                    .model
                    .push((key.into(), number.unwrap_or_else(|_| Value::from(value.to_string()))));
            }
        }
    }
    Ok(settings)
}

/// The file of a folder whose name begins and ends so.
fn file(folder: &Path, begins: &str, ends: &str) -> Outcome<String> {
    let names = std::fs::read_dir(folder)?.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()));
    let found = names.filter(|n| n.starts_with(begins) && n.ends_with(ends)).min();
    let name = found.ok_or_else(|| format!("{}: no file {begins}*{ends}", folder.display()))?;
    Ok(folder.join(name).display().to_string())
}

fn main() -> Outcome<()> {
    let arguments = Arguments::parse();
    let settings = settings(&arguments.set)?;
    let folder = &arguments.folder;
    let (dna, rna) = (file(folder, "TSS", ".npz")?, file(folder, "RNA", ".npz")?);
    let path = |name: &str| folder.join(name).display().to_string();
    let immune = data! {
        input   dna: Dna = npz(dna), rna: Rna = npz(rna);
        output  ex = table(path("exonic.tsv")), kd = table(path("degrad.tsv")), kt = table(path("intronic.tsv"));
        classes table(path("condition.class.txt"));
        folds   sets(path("Exintron_testsetcv10.txt"));
    };
    let mut drg = drg::blocks()?;
    for (name, value) in settings.model {
        drg = drg.with(&name, value)?;
    }
    let net = match arguments.model.as_str() {
        "a" => drg::a(&immune, &drg)?,
        "a_attention" => drg::a_attention(&immune, &drg)?,
        "b" => drg::b(&immune, &drg)?,
        "c" => drg::c(&immune, &drg)?,
        "d_separate" => drg::d_separate(&immune, &drg)?,
        "d_shared" => drg::d_shared(&immune, &drg)?,
        "f_all" => drg::f_all(&immune, &drg)?,
        "f_routed" => drg::f_routed(&immune, &drg)?,
        other => {
            return Err(
                format!("`--model {other}`: expected a, a_attention, b, c, d_separate, d_shared, f_all or f_routed").into(),
            );
        }
    };
    println!("{net}");
    let loss = objective! { on immune {
        loss(ex, kd, kt) = 0.95 * correlation(Tracks) + 0.05 * mse();
        watch(ex)        = correlation(Tracks);
    }};
    let folds = match arguments.fold {
        Some(fold) => vec![fold],
        None => (0..immune.fold_count()).collect(),
    };
    for fold in folds {
        let run = fit! { net, loss, immune;
        fold = fold, epochs = settings.epochs, batch = settings.batch, patience = settings.patience, seed = settings.seed,
        optimizer = AdamW { lr: settings.lr, weight_decay: settings.weight_decay } };
        let metrics = run.metrics(&immune, Part::Test)?;
        println!("fold {fold}\n{metrics}");
        if let Some(folder) = &arguments.original_files {
            let outputs = [("ex", "ex"), ("kd", "kd"), ("kt", "kt")];
            let given = |output: &str| run.model().graph().outputs.iter().any(|(name, _)| name == output);
            let outputs = outputs.into_iter().filter(|(output, _)| given(output));
            let files = DrgFiles {
                stem: format!("{}-cv{}-{fold}", arguments.model, immune.fold_count()),
                outputs: outputs.map(|(output, label)| (output.into(), label.into())).collect(),
                losses: run.drg_epochs(),
                ..DrgFiles::default()
            };
            for path in run.write_drg(&immune, Part::Test, folder, &files)? {
                println!("{}", path.display());
            }
        }
        run.save_predictions(&immune, Part::Test, run.folder().join("predictions.npz"))?;
    }
    Ok(())
}
