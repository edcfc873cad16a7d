//! DRG's result files: computed from the original's own predictions they are the files that it wrote.

use cistron_train::{DrgEpoch, DrgFiles, DrgMetric, Paired, write_drg_metrics};
use npyz::npz::NpzArchive;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::read_to_string;
use std::path::{Path, PathBuf};

/// The folder with the goldens, if it is there; in CI it must be.
fn golden() -> Option<PathBuf> {
    let folder = std::env::var_os("CISTRON_SHARED").map(|shared| PathBuf::from(shared).join("golden/drg"));
    if let Some(folder) = folder.filter(|f| f.is_dir()) {
        return Some(folder);
    }
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "no shared data; set CISTRON_SHARED"
    );
    println!("skipped: no shared data");
    None
}

struct Matrix {
    columns: Vec<String>,
    rows: Vec<(String, Vec<f64>)>,
}

fn matrix(path: &Path) -> Matrix {
    let text = read_to_string(path).unwrap();
    let mut lines = text.lines();
    let head = lines.next().unwrap().trim_start_matches("# ");
    let row = |line: &str| {
        let mut cells = line.split('\t');
        let name = cells.next().unwrap().to_string();
        (name, cells.map(|cell| cell.parse().unwrap()).collect())
    };
    Matrix {
        columns: head.split('\t').map(str::to_string).collect(),
        rows: lines.map(row).collect(),
    }
}

const FILES: [(&str, &str); 3] = [("ex", "exonic.tsv"), ("kd", "degrad.tsv"), ("kt", "intronic.tsv")];

/// The stored predictions of a model beside the toy set's measurements, one per output file.
fn paired(toy: &Path, predicted: &Matrix) -> Vec<Paired> {
    let measured: Vec<Matrix> = FILES.iter().map(|(_, file)| matrix(&toy.join(file))).collect();
    let tracks = measured[0].columns.len();
    let files = predicted.columns.len() / tracks;
    let of = |file: usize| {
        let values: BTreeMap<&str, &Vec<f64>> = measured[file].rows.iter().map(|(n, v)| (n.as_str(), v)).collect();
        Paired {
            output: FILES[file].0.into(),
            names: predicted.rows.iter().map(|(name, _)| name.clone()).collect(),
            tracks: measured[file].columns.clone(),
            observed: predicted
                .rows
                .iter()
                .flat_map(|(name, _)| values[name.as_str()].clone())
                .collect(),
            predicted: predicted
                .rows
                .iter()
                .flat_map(|(_, v)| v[file * tracks..(file + 1) * tracks].to_vec())
                .collect(),
        }
    };
    (0..files).map(of).collect()
}

fn classes(toy: &Path) -> Vec<(String, String)> {
    let text = read_to_string(toy.join("condition.class.txt")).unwrap();
    let pair = |line: &str| line.split_once(' ').map(|(t, c)| (t.to_string(), c.to_string())).unwrap();
    text.lines().map(pair).collect()
}

fn losses(text: &str) -> Vec<DrgEpoch> {
    let row = |line: &str| {
        let cells: Vec<f64> = line.split('\t').map(|cell| cell.parse().unwrap()).collect();
        DrgEpoch {
            epoch: cells[0] as u64,
            loss_valid: cells[1],
            watched_valid: cells[2],
            loss_train: cells[3],
            watched_train: cells[4],
        }
    };
    text.lines().map(row).collect()
}

fn parameters(text: &str) -> Vec<(String, String)> {
    let pair = |line: &str| line.split_once(" : ").map(|(k, v)| (k.to_string(), v.to_string())).unwrap();
    text.lines().map(pair).collect()
}

/// Labels and values of a metric file.
fn lines(text: &str) -> Vec<(&str, &str)> {
    text.lines().map(|line| line.split_once(' ').unwrap()).collect()
}

#[test]
fn the_files_of_the_toy_runs_come_out_again() {
    let Some(golden) = golden() else { return };
    let toy = golden.join("toy");
    let manifest: Value = serde_json::from_str(&read_to_string(toy.join("expected/manifest.json")).unwrap()).unwrap();
    let models = manifest.as_object().unwrap();
    assert_eq!(models.len(), 8);
    let out = tempfile::tempdir().unwrap();
    for (model, description) in models {
        let expected = toy.join("expected").join(model);
        let predicted = matrix(&expected.join("pred.tsv"));
        let files = DrgFiles {
            stem: description["stem"].as_str().unwrap().into(),
            losses: losses(&read_to_string(expected.join("loss.txt")).unwrap()),
            parameters: parameters(&read_to_string(expected.join("model_params.dat")).unwrap()),
            ..DrgFiles::default()
        };
        let folder = out.path().join(model);
        let written = write_drg_metrics(&paired(&toy, &predicted), &classes(&toy), &folder, &files).unwrap();

        // The same set of files; the weights are written by `Run::write_drg`.
        let suffix = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap()[files.stem.len()..].to_string();
        let found: BTreeSet<String> = written.iter().map(suffix).collect();
        let wanted = description["suffixes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|s| s.as_str().unwrap().to_string());
        let wanted: BTreeSet<String> = wanted.filter(|s| s != "_parameter.pth").collect();
        assert_eq!(found, wanted, "{model}");

        let (mut compared, mut different) = (0, Vec::new());
        for path in &written {
            let name = suffix(path).trim_start_matches('_').to_string();
            if name.ends_with(".npz") {
                check_predictions(path, description, &predicted);
                continue;
            }
            let (text, stored) = (read_to_string(path).unwrap(), read_to_string(expected.join(&name)).unwrap());
            if !name.contains("_corr_") {
                assert_eq!(text, stored, "{model}: {name}");
                continue;
            }
            let (text, stored) = (lines(&text), lines(&stored));
            assert_eq!(text.len(), stored.len(), "{model}: {name}");
            for ((label, value), (stored_label, stored_value)) in text.into_iter().zip(stored) {
                assert_eq!(label, stored_label, "{model}: {name}");
                compared += 1;
                let (value, stored): (f64, f64) = (value.parse().unwrap(), stored_value.parse().unwrap());
                if value != stored {
                    different.push((value - stored).abs());
                }
            }
        }
        // The predictions are stored with seven digits: a value on the edge may be rounded the other way. C and F predict almost
        // constants there (drg.md, section 14).
        let almost_constant = model == "C" || model.starts_with('F');
        let (limit, at_most) = if almost_constant {
            (3.2e-3, compared / 5)
        } else {
            (1.01e-4, 1)
        };
        assert!(compared >= 57, "{model}: {compared} values");
        assert!(
            different.len() <= at_most && different.iter().all(|d| *d <= limit),
            "{model}: {different:?} of {compared}"
        );
    }
}

fn check_predictions(path: &Path, description: &Value, predicted: &Matrix) {
    let mut archive = NpzArchive::open(path).unwrap();
    let columns: Vec<String> = archive.by_name("columns").unwrap().unwrap().into_vec().unwrap();
    let names: Vec<String> = archive.by_name("names").unwrap().unwrap().into_vec().unwrap();
    let values = archive.by_name("values").unwrap().unwrap();
    let shape: Vec<u64> = description["pred_shape"]
        .as_array()
        .unwrap()
        .iter()
        .map(|n| n.as_u64().unwrap())
        .collect();
    assert_eq!((values.shape(), values.dtype().descr()), (&shape[..], "'<f4'".to_string()));
    let values: Vec<f32> = values.into_vec().unwrap();
    assert_eq!(columns, predicted.columns);
    assert_eq!(names, predicted.rows.iter().map(|r| r.0.clone()).collect::<Vec<_>>());
    assert!(
        values
            .iter()
            .copied()
            .eq(predicted.rows.iter().flat_map(|r| r.1.iter().map(|v| *v as f32)))
    );
}

#[test]
fn degenerate_rows_have_the_original_values() {
    let Some(golden) = golden() else { return };
    let stored: Value = serde_json::from_str(&read_to_string(golden.join("metrics.json")).unwrap()).unwrap();
    let rows = |name: &str| -> Vec<Vec<f64>> { serde_json::from_value(stored[name].clone()).unwrap() };
    let (target, prediction) = (rows("target"), rows("prediction"));
    let column = |rows: &[Vec<f64>], i: usize| rows.iter().map(|row| row[i]).collect::<Vec<f64>>();
    let cases = [
        ("correlation_per_point(axis=1)", DrgMetric::Correlation, true, 5.1e-5),
        ("correlation_per_class(axis=0)", DrgMetric::Correlation, false, 5.1e-5),
        ("spearman_per_point", DrgMetric::Spearman, true, 5.1e-5),
        ("mse_per_point(is RMSE)", DrgMetric::Mse, true, 1e-12),
        ("mse_per_class(is RMSE)", DrgMetric::Mse, false, 1e-12),
    ];
    for (name, metric, per_point, tolerance) in cases {
        let expected: Vec<Option<f64>> = serde_json::from_value(stored[name].clone()).unwrap();
        for (i, expected) in expected.into_iter().enumerate() {
            let found = if per_point {
                metric.value(&target[i], &prediction[i])
            } else {
                metric.value(&column(&target, i), &column(&prediction, i))
            };
            match expected {
                None => assert!(found.is_nan(), "{name} {i}: {found}"),
                Some(expected) => assert!((found - expected).abs() < tolerance, "{name} {i}: {found} {expected}"),
            }
        }
    }
}

fn small(output: &str) -> Paired {
    Paired {
        output: output.into(),
        names: vec!["g1".into(), "g2".into(), "g3".into()],
        tracks: vec!["a".into(), "b".into()],
        observed: vec![1.0, 2.0, 2.0, 1.0, 3.0, 3.0],
        predicted: vec![0.0, 0.5, 0.0, 0.5, 0.25, 0.25],
    }
}

#[test]
fn other_metrics_are_written_when_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let files = DrgFiles {
        stem: "s".into(),
        outputs: vec![("rate".into(), "kt".into())],
        per_class: vec![DrgMetric::Mse, DrgMetric::Correlation],
        per_point: vec![DrgMetric::Correlation, DrgMetric::JensenShannon],
        predictions: false,
        ..DrgFiles::default()
    };
    let written = write_drg_metrics(&[small("other"), small("rate")], &[], folder.path(), &files).unwrap();
    let names: Vec<&str> = written.iter().map(|p| p.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "s_clss_mse_tclall.txt",
            "s_clss_corr_tclall.txt",
            "s_pnt_corr_tclall.txt",
            "s_pnt_js_tclall.txt"
        ]
    );
    let text = |i: usize| read_to_string(&written[i]).unwrap();
    // By hand: track a has errors 1, 2, 2.75, track b 1.5, 0.5, 2.75.
    assert_eq!(text(0), "a 2.0463\nb 1.8314\n");
    assert_eq!(text(2), "g1 0.0\ng2 2.0\ng3 nan\n");

    // As many examples as tracks: the original takes the labels per track from the examples.
    let mut square = small("rate");
    square.names.truncate(2);
    square.observed.truncate(4);
    square.predicted.truncate(4);
    let written = write_drg_metrics(&[square], &[], folder.path(), &files).unwrap();
    assert_eq!(
        read_to_string(&written[0]).unwrap().lines().next().unwrap().split(' ').next(),
        Some("g1")
    );
}

#[test]
fn what_cannot_be_written_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let message = |predictions: &[Paired], files: DrgFiles| {
        write_drg_metrics(predictions, &[], folder.path(), &files)
            .unwrap_err()
            .to_string()
    };
    let with = |outputs: &[(&str, &str)]| DrgFiles {
        outputs: outputs.iter().map(|(o, l)| ((*o).to_string(), (*l).to_string())).collect(),
        ..DrgFiles::default()
    };
    let found = message(&[small("rate")], with(&[("rat", "kt")]));
    assert_eq!(found, "no output `rat`: did you mean `rate`?");
    let found = message(&[small("rate"), small("x")], with(&[("rate", "kt"), ("x", "kt")]));
    assert!(found.contains("the label `kt` twice"), "{found}");
    let mut missing = small("rate");
    missing.observed[3] = f64::NAN;
    let found = message(&[missing], DrgFiles::default());
    assert!(
        found.starts_with("1 measurements of output `rate` are missing, the first for `g2` in track `b`"),
        "{found}"
    );
    let stem = DrgFiles {
        stem: "out/s".into(),
        ..DrgFiles::default()
    };
    assert!(message(&[small("rate")], stem).starts_with("the stem `out/s` cannot begin a file name"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
