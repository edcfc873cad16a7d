//! `compare!`: every model, fold and seed in one call, pooled, interrupted, taken up again; and what a run writes.

use cistron::display::{self, Sink};
use cistron::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Interrupt after so many finished fits; 0 for never.
static INTERRUPT_AFTER: AtomicUsize = AtomicUsize::new(0);
/// What was shown last.
static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Keeps what is shown, and presses the stop button.
struct Watcher;

impl Sink for Watcher {
    fn result(&self, _: &Bundle) {}
    fn display(&self, bundle: &Bundle, id: Option<&str>) {
        if let Some(id) = id {
            self.update(bundle, id, false);
        }
    }
    fn update(&self, bundle: &Bundle, _: &str, _: bool) {
        let line = bundle.text().to_string();
        let after = INTERRUPT_AFTER.load(Ordering::SeqCst);
        if after > 0 && line.starts_with(&format!("{after} of ")) {
            display::request_interrupt();
        }
        LINES.lock().unwrap_or_else(|e| e.into_inner()).push(line);
    }
    fn note(&self, _: &str) {}
}

/// The interrupt flag, the sink and the folder of runs belong to the process, so tests run one after the other.
fn alone(folder: &Path) -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    let guard = ONE.lock().unwrap_or_else(|e| e.into_inner());
    display::clear_interrupt();
    INTERRUPT_AFTER.store(0, Ordering::SeqCst);
    LINES.lock().unwrap_or_else(|e| e.into_inner()).clear();
    display::set_sink(Box::new(Watcher));
    // SAFETY: the lock is held, and nothing else reads the environment meanwhile.
    unsafe { std::env::set_var("CISTRON_RUNS", folder.join("runs")) };
    guard
}

/// 90 genes of 24 bp in three sets; two motifs act on four tracks of two classes.
fn files(folder: &Path) {
    let mut stream = cistron::random::Stream::new(9, cistron::random::Purpose::Simulation, 0, 0);
    let (mut fasta, mut ex, mut kt, mut sets) = (String::new(), String::new(), String::new(), [const { String::new() }; 3]);
    for table in [&mut ex, &mut kt] {
        table.push_str("# a_1\ta_2\ta_3\tb_1\n");
    }
    for gene in 0..90 {
        let name = format!("gene{gene:02}");
        let mut sequence: String = (0..24).map(|_| ['A', 'C', 'G', 'T'][stream.below(4) as usize]).collect();
        let (first, second) = (stream.below(2) == 1, stream.below(2) == 1);
        if first {
            sequence.replace_range(1..8, "TGACTCA");
        }
        if second {
            sequence.replace_range(12..19, "GGGCGGG");
        }
        writeln!(fasta, ">{name}\n{sequence}").unwrap();
        let (first, second) = (f64::from(u8::from(first)), f64::from(u8::from(second)));
        for (table, sign) in [(&mut ex, 1.0), (&mut kt, -1.0)] {
            table.push_str(&name);
            for (u, v) in [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.5), (1.0, 1.0)] {
                write!(table, "\t{:.4}", sign * (u * first + v * second) + 0.1 * stream.normal()).unwrap();
            }
            table.push('\n');
        }
        write!(sets[gene % 3], "{name} ").unwrap();
    }
    let sets: String = sets
        .iter()
        .enumerate()
        .map(|(i, s)| format!("# Set_{i}\n{}\n", s.trim()))
        .collect();
    let classes = "a_1 a\na_2 a\na_3 a\nb_1 b\n";
    for (name, text) in [
        ("dna.fa", fasta.as_str()),
        ("ex.tsv", &ex),
        ("kt.tsv", &kt),
        ("sets.txt", &sets),
        ("classes.txt", classes),
    ] {
        std::fs::write(folder.join(name), text).unwrap();
    }
}

fn genes(folder: &Path) -> Result<Dataset, cistron::Error> {
    let path = |name: &str| folder.join(name).display().to_string();
    Ok(data! {
        input   dna: Dna = fasta(path("dna.fa"));
        output  ex = table(path("ex.tsv")), kt = table(path("kt.tsv"));
        classes table(path("classes.txt"));
        folds   sets(path("sets.txt"));
    })
}

fn small(genes: &Dataset) -> Result<Model, cistron::Error> {
    Ok(model! { Small(kernels = 4) on genes {
        let x = dna.conv(kernels, width = 7).relu().pool(Max, 24);
        ex = x.linear();
        without(kt);
    }})
}

fn both(genes: &Dataset) -> Result<Model, cistron::Error> {
    Ok(model! { Both(kernels = 4) on genes {
        let x = dna.conv(kernels, width = 7).relu().pool(Max, 24);
        ex = x.linear();
        kt = x.linear();
    }})
}

fn loss(genes: &Dataset) -> Result<Objective, cistron::Error> {
    Ok(objective! { on genes { loss(ex, kt) = mse(); watch(kt) = correlation(Points); } })
}

fn pearson(pairs: &[(f64, f64)]) -> f64 {
    let (x, y): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    stats::pearson(&x, &y).unwrap()
}

#[test]
fn every_model_fold_and_seed_is_fitted_and_pooled() -> Outcome {
    let folder = tempfile::tempdir()?;
    let _alone = alone(folder.path());
    files(folder.path());
    let genes = genes(folder.path())?;
    let (small, both, loss) = (small(&genes)?, both(&genes)?, loss(&genes)?);
    let report = compare! { small, both, "Both, wide" = both(kernels = 6);
    with = loss, data = genes, folds = all, seeds = 2, epochs = 3, batch = 16, optimizer = Adam { lr: 2e-2 } };

    // A run folder per fit, one line for all of them.
    assert_eq!(report.fits().len(), 18);
    let runs: BTreeSet<_> = report.fits().iter().map(|fit| fit.run.folder().to_path_buf()).collect();
    assert!(runs.len() == 18 && runs.iter().all(|run| run.join("weights.safetensors").is_file()));
    let lines = std::mem::take(&mut *LINES.lock().unwrap_or_else(|e| e.into_inner()));
    assert!(lines.iter().all(|l| l.contains(" of 18 fits")), "{lines:?}");
    assert!(
        lines
            .iter()
            .any(|l| l.contains("17 of 18 fits done · about ") && l.contains("Both, wide fold 2 seed 1"))
    );
    assert!(
        report
            .notes()
            .iter()
            .any(|n| n.starts_with("Small does not give kt: its losses are those of ex; early stopping watches"))
    );

    // Each gene once per model and seed, by the fold that held it out: test is the set behind the fold.
    let predictions = report.predictions("ex")?;
    assert_eq!(predictions.height(), 3 * 2 * 90 * 4);
    let (models, names) = (table::texts(&predictions, "model")?, table::texts(&predictions, "name")?);
    let (tracks, seeds) = (table::texts(&predictions, "track")?, table::numbers(&predictions, "seed")?);
    let (observed, predicted) = (
        table::numbers(&predictions, "observed")?,
        table::numbers(&predictions, "predicted")?,
    );
    let folds = table::numbers(&predictions, "fold")?;
    let mut by_track: BTreeMap<(String, String, u64), Vec<(f64, f64)>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for i in 0..predictions.height() {
        let set = names[i][4..].parse::<u32>()? % 3;
        assert_eq!((folds[i] as u32 + 1) % 3, set, "{}", names[i]);
        let key = (models[i].clone(), tracks[i].clone(), seeds[i] as u64);
        assert!(seen.insert((key.clone(), names[i].clone())));
        by_track.entry(key).or_default().push((observed[i], predicted[i]));
    }

    // The pooled numbers follow from these predictions.
    let per_track = report.per_track()?;
    let (r, outputs) = (table::numbers(&per_track, "r")?, table::texts(&per_track, "output")?);
    let (models, tracks, seeds) = (
        table::texts(&per_track, "model")?,
        table::texts(&per_track, "track")?,
        table::numbers(&per_track, "seed")?,
    );
    for i in (0..per_track.height()).filter(|&i| outputs[i] == "ex") {
        let expected = pearson(&by_track[&(models[i].clone(), tracks[i].clone(), seeds[i] as u64)]);
        assert!((r[i] - expected).abs() < 1e-9, "{i}: {} {expected}", r[i]);
    }
    let mean_of_classes = |seed: u64| {
        let r = |track: &str| pearson(&by_track[&("Small".into(), track.into(), seed)]);
        ((r("a_1") + r("a_2") + r("a_3")) / 3.0 + r("b_1")) / 2.0
    };
    let (first, second) = (mean_of_classes(0), mean_of_classes(1));
    let lines = report.table()?;
    assert_eq!(
        table::texts(&lines, "model")?,
        ["Small", "Both", "Both", "Both, wide", "Both, wide"]
    );
    assert_eq!(table::texts(&lines, "output")?, ["ex", "ex", "kt", "ex", "kt"]);
    assert_eq!(
        (table::numbers(&lines, "fits")?[0], table::numbers(&lines, "examples")?[0]),
        (6.0, 90.0)
    );
    assert!((table::numbers(&lines, "r_per_track")?[0] - (first + second) / 2.0).abs() < 1e-9);
    assert!((table::numbers(&lines, "r_per_track_sd")?[0] - (first - second).abs() / 2f64.sqrt()).abs() < 1e-9);
    assert_eq!(report.folds()?.height(), 6 + 12 + 12);
    assert_eq!(report.per_point()?.height(), 2 * (1 + 2 + 2) * 90 * 2);
    let differences = report.differences("ex")?;
    assert_eq!(table::texts(&differences, "than")?, ["Both", "Both, wide", "Both, wide"]);
    assert_eq!(table::numbers(&differences, "n")?, [90.0; 3]);
    let pooled = report.pooled("Small", 1)?.mean_per_track("ex")?;
    assert!(pooled.is_some_and(|r| (r - second).abs() < 1e-9));

    // What it looks like.
    let bundle = report.bundle();
    assert!(
        bundle.text().contains("Both, wide  kt") && bundle.text().contains(" ± "),
        "{}",
        bundle.text()
    );
    assert!(
        bundle
            .get("text/html")
            .is_some_and(|html| html.contains("<svg") && html.contains("18 fits"))
    );
    let (bars, shapes) = (report.bars("ex", Per::Track)?, report.distributions("ex")?);
    assert!(
        bars.text().contains("Both, wide") && bars.text().contains("dots: seeds"),
        "{}",
        bars.text()
    );
    if let Some(folder) = std::env::var_os("CISTRON_FIGURES") {
        bars.save(Path::new(&folder).join("compare_bars.svg"))?;
        shapes.save(Path::new(&folder).join("compare_distributions.svg"))?;
        std::fs::write(
            Path::new(&folder).join("compare.html"),
            bundle.get("text/html").unwrap_or_default(),
        )?;
    }
    assert_eq!(
        report.bars("exx", Per::Point).unwrap_err().to_string(),
        "no output `exx`: did you mean `ex`?"
    );

    // The same again takes the finished runs; other options do not.
    let options = |epochs: u64| -> Result<Comparison, Box<dyn std::error::Error>> {
        Ok(
            compare! { small; with = loss, data = genes, folds = [0, 2], seeds = [1], resume = true, epochs = epochs, batch = 16,
            optimizer = Adam { lr: 2e-2 } },
        )
    };
    let (again, other) = (options(3)?, options(2)?);
    assert_eq!((again.reused(), other.reused()), (2, 0));
    let of_fold = |report: &Comparison, seed| {
        report
            .fits()
            .iter()
            .find(|f| f.model == "Small" && f.fold == Some(2) && f.seed == seed)
            .cloned()
    };
    let (mine, theirs) = (of_fold(&again, 1), of_fold(&report, 1));
    assert!(
        mine.zip(theirs)
            .is_some_and(|(a, b)| a.metrics.mean_per_track("ex").unwrap() == b.metrics.mean_per_track("ex").unwrap())
    );
    Ok(())
}

#[test]
fn an_interrupt_leaves_what_is_done() -> Outcome {
    let folder = tempfile::tempdir()?;
    let _alone = alone(folder.path());
    files(folder.path());
    let genes = genes(folder.path())?;
    let (small, both, loss) = (small(&genes)?, both(&genes)?, loss(&genes)?);
    INTERRUPT_AFTER.store(3, Ordering::SeqCst);
    let report = compare! { small, both; with = loss, data = genes, folds = all, epochs = 2, batch = 16 };
    assert!(report.was_interrupted() && !display::interrupted());
    assert_eq!(report.fits().len(), 3);
    assert!(
        report
            .notes()
            .iter()
            .any(|n| n.contains("3 of 6 fits are done (interrupted)")),
        "{:?}",
        report.notes()
    );
    assert!(
        report
            .notes()
            .iter()
            .any(|n| n.starts_with("Both fold 1 seed 0 was interrupted and is left out; `Run::resume`"))
    );
    assert_eq!(table::numbers(&report.table()?, "examples")?, [60.0, 30.0, 30.0]);

    INTERRUPT_AFTER.store(0, Ordering::SeqCst);
    let whole = compare! { small, both; with = loss, data = genes, folds = all, resume = true, epochs = 2, batch = 16 };
    assert_eq!((whole.reused(), whole.fits().len(), whole.was_interrupted()), (3, 6, false));
    Ok(())
}

#[test]
fn a_fit_that_fails_leaves_the_others() -> Outcome {
    let folder = tempfile::tempdir()?;
    let _alone = alone(folder.path());
    files(folder.path());
    let genes = genes(folder.path())?;
    let (small, loss) = (small(&genes)?, loss(&genes)?);
    let huge = model! { Huge on genes {
        ex = dna.conv(2, width = 7).exp().exp().exp().exp().exp().pool(Max, 24).linear();
        without(kt);
    }};
    let report = compare! { huge, small; with = loss, data = genes, folds = 0, epochs = 2, batch = 16 };
    assert_eq!(report.fits().len(), 1);
    let note = report
        .notes()
        .iter()
        .find(|n| n.starts_with("Huge fold 0 seed 0 is left out: the loss is "));
    assert!(note.is_some_and(|n| n.contains("not finite")), "{:?}", report.notes());
    assert_eq!(table::texts(&report.table()?, "model")?, ["Small"]);
    let none = (|| -> Result<Comparison, Box<dyn std::error::Error>> {
        Ok(compare! { huge; with = loss, data = genes, folds = [0, 1], epochs = 2 })
    })();
    assert!(none.unwrap_err().to_string().starts_with("the loss is "));
    Ok(())
}

/// What stands over the first underline of a message.
fn underlined(message: &str) -> String {
    let lines: Vec<&str> = message.lines().collect();
    let Some(at) = lines.iter().position(|line| line.contains('^')) else {
        return format!("no underline in {message}");
    };
    let marked = lines[at].chars().zip(lines[at - 1].chars()).filter(|(mark, _)| *mark == '^');
    marked.map(|(_, letter)| letter).collect()
}

#[test]
fn mistakes_are_found_before_the_first_fit() -> Outcome {
    let folder = tempfile::tempdir()?;
    let _alone = alone(folder.path());
    files(folder.path());
    let genes = genes(folder.path())?;
    let (small, loss) = (small(&genes)?, loss(&genes)?);
    let message = |result: Result<Comparison, Box<dyn std::error::Error>>| result.unwrap_err().to_string();
    let twice = message((|| {
        Ok(compare! { small, small(kernels = 12); with = loss, data = genes, folds = 0 })
    })());
    for part in [
        "two models of this comparison are called `Small`",
        "small, small(kernels = 12)",
        "       ^^^^^",
        "give one a name of its own: `\"Small, large\" = ..`",
    ] {
        assert!(twice.contains(part), "{part}: {twice}");
    }
    let fold = message((|| Ok(compare! { small; with = loss, data = genes, folds = 7 }))());
    assert!(fold.contains("no fold 7: there are folds 0 to 2"), "{fold}");
    assert_eq!(underlined(&fold), "7", "{fold}");
    let wanted = vec![0u64, 5];
    let list = message((|| {
        Ok(compare! { small; with = loss, data = genes, seeds = 2, folds = wanted })
    })());
    assert!(list.contains("no fold 5") && underlined(&list) == "wanted", "{list}");
    let (lowest, many) = (-1i64, -2i64);
    let negative = message((|| {
        Ok(compare! { small; with = loss, data = genes, folds = lowest, seeds = many })
    })());
    for part in ["`folds` is negative", "`seeds` is negative", "   ^^^^^^"] {
        assert!(negative.contains(part), "{part}: {negative}");
    }
    let none = message((|| Ok(compare! { small; with = loss, data = genes }))());
    assert!(none.contains("3 folds") && none.contains("`folds = all`"), "{none}");
    assert_eq!(underlined(&none), "genes", "{none}");
    let (sequences, values) = (folder.path().join("dna.fa"), folder.path().join("kt.tsv"));
    let (sequences, values) = (sequences.display().to_string(), values.display().to_string());
    let rates = data! { input dna: Dna = fasta(sequences); output kt = table(values); };
    let only = objective! { on rates { loss(kt) = mse(); } };
    let without = message((|| Ok(compare! { small; with = only, data = genes, folds = 0 }))());
    assert!(
        without.contains("`Small` gives ex; the objective has losses for kt") && without.contains("^^^^^"),
        "{without}"
    );
    let seeds = Vec::<u64>::new();
    let empty = message((|| {
        Ok(compare! { small; with = loss, data = genes, folds = 0, seeds = seeds })
    })());
    assert!(
        empty.contains("`seeds` is 0 or empty") && underlined(&empty) == "seeds",
        "{empty}"
    );
    assert!(!folder.path().join("runs").exists());
    Ok(())
}

#[test]
fn a_run_writes_what_other_programs_read() -> Outcome {
    let folder = tempfile::tempdir()?;
    let _alone = alone(folder.path());
    files(folder.path());
    let genes = genes(folder.path())?;
    let (both, loss) = (both(&genes)?, loss(&genes)?);
    let report = compare! { both; with = loss, data = genes, folds = 1, epochs = 2, batch = 16 };
    let run = &report.fits()[0].run;
    let path = |name: &str| folder.path().join(name);
    run.save_predictions(&genes, Part::Test, path("predictions.npz"))?;
    run.save_embeddings(&genes, Part::Test, "pool", path("embeddings.npz"))?;
    run.save_filters(&genes, "dna", path("filters.npz"))?;

    // Read back as data: the arrays have the names that `npz` knows.
    let (values, sequences) = (
        path("predictions.npz").display().to_string(),
        path("dna.fa").display().to_string(),
    );
    let back = data! { input dna: Dna = fasta(sequences); output predicted = npz(values); };
    let predictions = run.predictions(&genes, Part::Test)?;
    assert_eq!(
        back.tracks("predicted")?[..5],
        ["ex.a_1", "ex.a_2", "ex.a_3", "ex.b_1", "kt.a_1"]
    );
    assert_eq!(back.names(), predictions[0].names);
    let found = back.targets("predicted")?;
    for (row, name) in back.names().iter().enumerate() {
        for (track, value) in found[row * 8..row * 8 + 8].iter().enumerate() {
            let of = &predictions[track / 4].predicted[row * 4 + track % 4];
            assert_eq!(*value, *of as f32, "{name} {track}");
        }
    }
    let message = run
        .save_embeddings(&genes, Part::Test, "pol", path("e.npz"))
        .unwrap_err()
        .to_string();
    assert!(message.contains("`pol`") && message.contains("`pool`"), "{message}");
    let message = run
        .save_predictions(&genes, Part::Test, path("p.csv"))
        .unwrap_err()
        .to_string();
    assert!(message.contains("does not end in `.npz`"), "{message}");

    let files = DrgFiles {
        stem: "expression".into(),
        parameters: vec![("seed".into(), "1".into())],
        ..DrgFiles::default()
    };
    let written = run.write_drg(&genes, Part::Test, path("drg"), &files)?;
    let mut names: Vec<String> = written
        .iter()
        .map(|p| p.file_name().unwrap_or_default().to_string_lossy().into_owned())
        .collect();
    names.sort();
    let mut expected: Vec<String> = ["aex", "akt", "bex", "bkt"]
        .iter()
        .flat_map(|class| ["clss", "pnt"].map(|kind| format!("expression_{kind}_corr_tcl{class}.txt")))
        .collect();
    expected.extend(["_model_params.dat", "_parameter.safetensors", "_pred.npz"].map(|s| format!("expression{s}")));
    expected.sort();
    assert_eq!(names, expected);
    let per_class = std::fs::read_to_string(path("drg/expression_clss_corr_tclaex.txt"))?;
    let metrics = run.metrics(&genes, Part::Test)?.per_track()?;
    let r = table::numbers(&metrics, "r")?;
    for (i, line) in per_class.lines().enumerate() {
        let (name, value) = line.split_once(' ').ok_or("two words")?;
        assert_eq!(name, format!("a_{}_ex", i + 1));
        assert!((1.0 - r[i] - value.parse::<f64>()?).abs() < 5.1e-5, "{line}");
    }
    let mut network = Network::new(run.model(), 5, DType::F32)?;
    network.load_safetensors(&std::fs::read(path("drg/expression_parameter.safetensors"))?)?;
    assert!(network.to_safetensors()? == run.network().to_safetensors()?);
    Ok(())
}
