//! The toy set of the original: its saved networks predict here what they predicted there, and runs of our own leave the same
//! set of files in the same formats.

use cistron::declaration::Signature;
use cistron::prelude::*;
use cistron::train::{Finetune, Period, Warmup};
use cistron::zoo::drg::{self, Ports, Translation, translate};
use cistron_tests::golden::{json, shared};
use npyz::npz::NpzArchive;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::read_to_string;
use std::path::{Path, PathBuf};

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

const FOLD: usize = 1;
const FILES: [(&str, &str); 3] = [("ex", "exonic.tsv"), ("kd", "degrad.tsv"), ("kt", "intronic.tsv")];

/// The toy set with the first output file, or with all.
fn data(toy: &Path, three: bool) -> Outcome<Dataset> {
    let file = |name: &str| toy.join(name).display().to_string();
    if !three {
        return Ok(data! {
            input dna: Dna = npz(file("TSS320.npz")), rna: Rna = npz(file("RNA320.npz"));
            output ex = table(file("exonic.tsv"));
            classes table(file("condition.class.txt"));
            folds sets(file("Exintron_testsetcv10.txt"));
        });
    }
    Ok(data! {
        input dna: Dna = npz(file("TSS320.npz")), rna: Rna = npz(file("RNA320.npz"));
        output ex = table(file("exonic.tsv")), kd = table(file("degrad.tsv")), kt = table(file("intronic.tsv"));
        classes table(file("condition.class.txt"));
        folds sets(file("Exintron_testsetcv10.txt"));
    })
}

/// What the original left of one model.
struct Case {
    name: String,
    folder: PathBuf,
    stem: String,
    suffixes: BTreeSet<String>,
    columns_type: String,
    /// The text of `model_params.dat`.
    params: String,
    outputs: usize,
    found: Translation,
}

impl Case {
    fn all(toy: &Path) -> Outcome<Vec<Self>> {
        let manifest = json(&toy.join("expected/manifest.json"));
        let mut cases = Vec::new();
        for (name, recorded) in manifest.as_object().ok_or("no object")? {
            let folder = toy.join("expected").join(name);
            let params = read_to_string(folder.join("model_params.dat"))?;
            let two_sided = params.contains("n_inputs : 2");
            let text = |key: &str| recorded[key].as_str().unwrap_or_default().to_string();
            let suffixes = recorded["suffixes"].as_array().ok_or("no suffixes")?;
            let outputs = if recorded["pred_shape"][1] == 54 { 3 } else { 1 };
            let mut ports = Ports::default().input("dna", 320, true);
            if two_sided {
                ports = ports.input("rna", 320, false);
            }
            for (output, _) in &FILES[..outputs] {
                ports = ports.output(output, 18);
            }
            cases.push(Self {
                found: translate(&params, &ports)?,
                stem: text("stem"),
                columns_type: text("columns_dtype"),
                suffixes: suffixes.iter().filter_map(|s| s.as_str().map(str::to_string)).collect(),
                name: name.clone(),
                folder,
                params,
                outputs,
            });
        }
        assert_eq!(cases.len(), 8);
        Ok(cases)
    }

    fn network(&self, signature: &Signature) -> Outcome<Network> {
        let state = drg::read_state(self.folder.join("parameter.safetensors"))?;
        Ok(self.found.network(signature, state, DType::F32)?)
    }
}

/// The predictions of some rows in batches of eight, outputs side by side in the order of the files.
fn predicted(network: &Network, data: &Dataset, rows: &[usize], outputs: usize) -> Outcome<Vec<Vec<f32>>> {
    let mut all = Vec::new();
    for rows in rows.chunks(8) {
        let found = network.predict(&data.batch(rows, DType::F32)?.inputs)?;
        let of = |output: usize| found[FILES[output].0].to_vec2::<f32>();
        let tables = (0..outputs).map(of).collect::<Result<Vec<_>, _>>()?;
        all.extend((0..rows.len()).map(|row| tables.iter().flat_map(|t| t[row].clone()).collect()));
    }
    Ok(all)
}

#[test]
fn saved_networks_predict_what_was_recorded() -> Outcome {
    let Some(toy) = shared("golden/drg/toy") else { return Ok(()) };
    let sets = [data(&toy, false)?, data(&toy, true)?];
    for case in Case::all(&toy)? {
        let data = &sets[usize::from(case.outputs == 3)];
        let rows = data.rows(Part::Test, Some(FOLD))?;
        let found = predicted(&case.network(&data.signature())?, data, &rows, case.outputs)?;
        let recorded = read_to_string(case.folder.join("pred_from_parameter.tsv"))?;
        let (mut worst, mut lines) = (0f64, 0);
        for ((line, values), row) in recorded.lines().zip(&found).zip(&rows) {
            let mut cells = line.split('\t');
            assert_eq!(cells.next(), Some(data.names()[*row].as_str()), "{}", case.name);
            let expected = cells.map(str::parse).collect::<Result<Vec<f64>, _>>()?;
            assert_eq!(values.len(), expected.len(), "{}", case.name);
            for (a, b) in values.iter().zip(expected) {
                let apart = (f64::from(*a) - b).abs();
                worst = if apart > worst || apart.is_nan() { apart } else { worst };
            }
            lines += 1;
        }
        assert_eq!((lines, found.len(), recorded.lines().count()), (13, 13, 13), "{}", case.name);
        assert!(worst <= 2e-7, "{}: {worst:.1e} apart", case.name);
        println!("{}: at most {worst:.1e} apart", case.name);
    }
    Ok(())
}

#[test]
fn own_runs_leave_the_same_files() -> Outcome {
    let Some(toy) = shared("golden/drg/toy") else { return Ok(()) };
    let sets = [data(&toy, false)?, data(&toy, true)?];
    let one = {
        let data = &sets[0];
        objective! { on data {
            loss(ex) = 0.95 * correlation(Tracks) + 0.05 * mse();
            watch(ex) = correlation(Tracks);
        } }
    };
    let three = {
        let data = &sets[1];
        objective! { on data {
            loss(ex, kd, kt) = 0.95 * correlation(Tracks) + 0.05 * mse();
            watch(ex) = correlation(Tracks);
        } }
    };
    let out = tempfile::tempdir()?;
    for case in Case::all(&toy)? {
        let several = case.outputs == 3;
        let (data, loss) = if several { (&sets[1], &three) } else { (&sets[0], &one) };
        // What the files of the original say is what is trained here.
        let said = case.found.to_string();
        let outputs = if several { "ex, kd, kt" } else { "ex" };
        for part in [
            &format!("loss({outputs}) = 0.95 * correlation(Tracks) + 0.05 * mse();"),
            "watch(ex) = correlation(Tracks);",
            "optimizer = Sgd { lr: 0.0001, momentum: 0.9 },\n    batch = 8,\n    epochs = 3,\n    patience = 10,\n",
            "warmup = Exponential { over: Epochs(4), factor: 4.0 },\n",
            "finetune = Rounds { rounds: 2, rate: 0.1, patience: 3 },\n    seed = 1,\n    compat = drg }",
        ] {
            assert!(said.contains(part), "{}: no {part} in {said}", case.name);
        }
        let run = Fit::new(&case.found.declare(&data.signature())?, loss, data)
            .optimizer(Sgd {
                lr: 1e-4,
                momentum: 0.9,
                ..Sgd::default()
            })
            .batch(8)
            .epochs(3)
            .patience(10)
            .warmup(Warmup::Exponential {
                over: Period::Epochs(4),
                factor: 4.0,
            })
            .finetune(Finetune::Rounds {
                rounds: 2,
                rate: 0.1,
                patience: 3,
            })
            .seed(1)
            .fold(FOLD)
            .compat(Compat::Drg)
            .quiet(true)
            .runs_in(out.path().join("runs"))
            .run()?;
        let folder = out.path().join(&case.name);
        written(&case, &run, data, &folder)?;
        metrics(&case, &folder)?;
        losses(&case, &folder)?;
        predictions(&case, &run, data, &folder)?;
        parameters(&case, &run, data, &folder)?;
    }
    Ok(())
}

/// Writes the files of a run: as many as the original, under its names.
fn written(case: &Case, run: &Run, data: &Dataset, folder: &Path) -> Outcome {
    let files: Vec<&str> = FILES[..case.outputs].iter().map(|(_, file)| *file).collect();
    let inputs: &[&str] = match case.params.contains("n_inputs : 2") {
        true => &["TSS320.npz", "RNA320.npz"],
        false => &["TSS320.npz"],
    };
    let stem = case.found.stem(inputs, &files, Some("sd1"), Some((10.0, FOLD)));
    let setting = |line: &str| {
        let (key, value) = line.split_once(" : ").unwrap_or((line, ""));
        let value = if key == "outname" { stem.as_str() } else { value };
        (key.to_string(), value.to_string())
    };
    let files = DrgFiles {
        stem: stem.clone(),
        outputs: FILES[..case.outputs]
            .iter()
            .map(|(name, _)| (name.to_string(), name.to_string()))
            .collect(),
        losses: run.drg_epochs(),
        parameters: case.params.lines().map(setting).collect(),
        weights: false,
        ..DrgFiles::default()
    };
    run.write_drg(data, Part::Test, folder, &files)?;
    drg::write_pth(
        folder.join(format!("{stem}_parameter.pth")),
        &case.found.state(run.network())?,
    )?;
    assert_eq!(stem, case.stem, "{}", case.name);
    let mut suffixes = BTreeSet::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        suffixes.insert(name.strip_prefix(&stem).ok_or("another stem")?.to_string());
    }
    assert_eq!(suffixes, case.suffixes, "{}", case.name);
    Ok(())
}

fn read(case: &Case, folder: &Path, suffix: &str) -> Outcome<(String, String)> {
    let ours = read_to_string(folder.join(format!("{}{suffix}", case.stem)))?;
    Ok((ours, read_to_string(case.folder.join(suffix.trim_start_matches('_')))?))
}

/// The decimals of a number as Python writes it.
fn decimals(text: &str) -> usize {
    let (digits, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let behind = digits.split_once('.').map_or(0, |(_, behind)| behind.len());
    let up = exponent.parse::<i64>().unwrap_or_else(|_| panic!("{text} is no number"));
    behind.saturating_add_signed(-up as isize)
}

fn metrics(case: &Case, folder: &Path) -> Outcome {
    for suffix in case.suffixes.iter().filter(|s| s.contains("_corr_")) {
        let (ours, theirs) = read(case, folder, suffix)?;
        let labels = |text: &str| {
            text.lines()
                .map(|l| l.split(' ').next().unwrap_or_default().to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(labels(&ours), labels(&theirs), "{} {suffix}", case.name);
        for line in ours.lines() {
            let [_, value] = line.split(' ').collect::<Vec<_>>()[..] else {
                panic!("{} {suffix}: {line}", case.name)
            };
            let number: f64 = value.parse()?;
            assert!(
                (0.0..=2.0).contains(&number) && decimals(value) <= 4,
                "{} {suffix}: {line}",
                case.name
            );
        }
    }
    Ok(())
}

fn losses(case: &Case, folder: &Path) -> Outcome {
    let (ours, theirs) = read(case, folder, "_loss.txt")?;
    let epochs = |text: &str| {
        text.lines()
            .map(|l| l.split('\t').next().unwrap_or_default().to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(epochs(&ours), ["0", "1", "2", "3"], "{}", case.name);
    assert_eq!(epochs(&ours), epochs(&theirs), "{}", case.name);
    for line in ours.lines() {
        let cells: Vec<&str> = line.split('\t').collect();
        assert_eq!(cells.len(), 5, "{}: {line}", case.name);
        for cell in &cells[1..] {
            let value: f64 = cell.parse()?;
            assert!(value > 0.0 && value < 3.0 && decimals(cell) <= 6, "{}: {line}", case.name);
        }
    }
    // Untrained networks of another draw are about as wrong.
    let untrained = |text: &str| {
        text.lines()
            .next()
            .map(|l| l.split('\t').skip(1).flat_map(str::parse).collect::<Vec<f64>>())
    };
    for (a, b) in untrained(&ours)
        .ok_or("no line")?
        .iter()
        .zip(untrained(&theirs).ok_or("no line")?)
    {
        assert!((a - b).abs() < 0.5, "{}: {a} where the original has {b}", case.name);
    }
    Ok(())
}

fn predictions(case: &Case, run: &Run, data: &Dataset, folder: &Path) -> Outcome {
    let mut archive = NpzArchive::open(folder.join(format!("{}_pred.npz", case.stem)))?;
    let names: BTreeSet<String> = archive.array_names().map(str::to_string).collect();
    assert_eq!(
        names,
        ["columns", "names", "values"].map(str::to_string).into(),
        "{}",
        case.name
    );
    let columns = archive.by_name("columns")?.ok_or("no columns")?;
    assert_eq!(columns.dtype().descr(), format!("'{}'", case.columns_type), "{}", case.name);
    let columns: Vec<String> = columns.into_vec()?;
    let genes: Vec<String> = archive.by_name("names")?.ok_or("no names")?.into_vec()?;
    let values = archive.by_name("values")?.ok_or("no values")?;
    let width = 18 * case.outputs;
    assert_eq!(
        (values.shape(), values.dtype().descr()),
        (&[13, width as u64][..], "'<f4'".to_string()),
        "{}",
        case.name
    );
    let values: Vec<f32> = values.into_vec()?;
    let theirs = read_to_string(case.folder.join("pred.tsv"))?;
    let mut lines = theirs.lines();
    let titles = lines.next().ok_or("no titles")?.trim_start_matches("# ");
    assert_eq!(columns, titles.split('\t').collect::<Vec<_>>(), "{}", case.name);
    let first = lines.map(|l| l.split('\t').next().unwrap_or_default()).collect::<Vec<_>>();
    assert_eq!(genes, first, "{}", case.name);
    // Batches of eight in the order of names, as the original predicts.
    let rows = data.rows(Part::Test, Some(FOLD))?;
    let expected = predicted(run.network(), data, &rows, case.outputs)?.concat();
    assert!(values == expected, "{}: other predictions", case.name);
    Ok(())
}

/// The settings mean the same run, and the parameters are the network of the run.
fn parameters(case: &Case, run: &Run, data: &Dataset, folder: &Path) -> Outcome {
    let (ours, theirs) = read(case, folder, "_model_params.dat")?;
    let keys = |text: &str| {
        text.lines()
            .map(|l| l.split(" : ").next().unwrap_or_default().to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(keys(&ours), keys(&theirs), "{}", case.name);
    let mut ports = Ports::default().input("dna", 320, true);
    if case.params.contains("n_inputs : 2") {
        ports = ports.input("rna", 320, false);
    }
    ports = FILES[..case.outputs]
        .iter()
        .fold(ports, |ports, (name, _)| ports.output(name, 18));
    let state = drg::read_state(folder.join(format!("{}_parameter.pth", case.stem)))?;
    let shapes = |state: &BTreeMap<String, Tensor>| -> BTreeMap<String, (DType, Vec<usize>)> {
        let of = |t: &Tensor| (t.dtype(), t.dims().to_vec());
        state.iter().map(|(name, t)| (name.clone(), of(t))).collect()
    };
    let mut recorded = drg::read_state(case.folder.join("parameter.safetensors"))?;
    recorded.retain(|name, _| !name.ends_with("num_batches_tracked") && !case.found.unread().contains(name));
    assert_eq!(shapes(&state), shapes(&recorded), "{}", case.name);
    let (found, network) = drg::load(&ours, state, &ports, &data.signature(), DType::F32)?;
    assert_eq!(found.to_string(), case.found.to_string(), "{}", case.name);
    let rows = data.rows(Part::Test, Some(FOLD))?;
    let [a, b] = [run.network(), &network].map(|n| predicted(n, data, &rows, case.outputs));
    assert!(a? == b?, "{}: the saved network predicts otherwise", case.name);
    // It is asked what the run is asked, in the original's batches.
    let saved = Trained::new(&network)?
        .fold(FOLD as u64)
        .batch(run.options().batch as usize)?;
    for paired in run.predictions(data, Part::Test)? {
        let found = saved.predictions(data, Part::Test)?;
        assert!(
            found.contains(&paired),
            "{}: other predictions of {}",
            case.name,
            paired.output
        );
    }
    let (ours, theirs) = (saved.metrics(data, Part::Test)?, run.metrics(data, Part::Test)?);
    for (output, _) in &FILES[..case.outputs] {
        assert_eq!(ours.mean_per_track(output)?, theirs.mean_per_track(output)?, "{}", case.name);
    }
    Ok(())
}
