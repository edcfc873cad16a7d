//! Metrics of predictions against values by hand, and what they look like.

use cistron_data::table::{numbers, texts};
use cistron_display::Show;
use cistron_random::{Purpose, Stream};
use cistron_train::{Metrics, Paired, Per};
use polars::prelude::DataFrame;

fn strings(all: &[&str]) -> Vec<String> {
    all.iter().map(|s| (*s).to_string()).collect()
}

/// Four genes, class T8 with three tracks and MF with one; the third gene was not measured in one track, the fourth is constant.
fn paired() -> Paired {
    let nan = f64::NAN;
    Paired {
        output: "ex".into(),
        names: strings(&["g1", "g2", "g3", "g4"]),
        tracks: strings(&["T8_a", "MF_a", "T8_b", "T8_c"]),
        observed: vec![
            1.0, 5.0, 2.0, 3.0, //
            4.0, 6.0, 1.0, 1.0, //
            nan, 7.0, 0.0, 1.0, //
            2.0, 9.0, 2.0, 2.0,
        ],
        predicted: vec![
            0.1, 1.0, 0.2, 0.3, //
            0.5, 2.0, 0.9, 0.7, //
            9.0, 3.0, 0.0, 0.5, //
            0.1, 5.0, 0.2, 0.3,
        ],
    }
}

fn classes() -> Vec<(String, String)> {
    [("T8_a", "T8"), ("T8_b", "T8"), ("T8_c", "T8"), ("MF_a", "MF")]
        .map(|(t, c)| (t.to_string(), c.to_string()))
        .to_vec()
}

fn column(frame: &DataFrame, title: &str) -> Vec<Option<f64>> {
    frame.column(title).unwrap().f64().unwrap().iter().collect()
}

fn near(found: Option<f64>, expected: f64) -> bool {
    found.is_some_and(|v| (v - expected).abs() < 1e-9)
}

#[test]
fn every_value_is_there_and_those_that_do_not_exist_are_null() {
    let metrics = Metrics::new(vec![paired()], &classes(), 1).unwrap();
    let points = metrics.per_point().unwrap();
    assert_eq!(points.height(), 8);
    assert_eq!(
        texts(&points, "class").unwrap()[..5],
        strings(&["T8", "T8", "T8", "T8", "MF"])
    );
    assert_eq!(texts(&points, "name").unwrap()[3..5], strings(&["g4", "g1"]));
    assert_eq!(numbers(&points, "n").unwrap(), [3.0, 3.0, 2.0, 3.0, 1.0, 1.0, 1.0, 1.0]);
    let r = column(&points, "r");
    // g2: measured 4 1 1, predicted 0.5 0.9 0.7: deviations 2 -1 -1 and -0.2 0.2 0.0.
    assert!(near(r[0], 1.0) && near(r[1], -0.6 / (6f64 * 0.08).sqrt()) && near(r[2], 1.0));
    assert_eq!(r[3..], [None; 5]);
    // Ranks 3 1.5 1.5 against 1 3 2: deviations 1 -0.5 -0.5 and -1 1 0.
    assert!(near(column(&points, "spearman")[1], -1.5 / (1.5f64 * 2.0).sqrt()));
    assert!(near(column(&points, "rmse")[2], (0.25f64 / 2.0).sqrt()));

    let tracks = metrics.per_track().unwrap();
    assert_eq!(texts(&tracks, "track").unwrap(), strings(&["T8_a", "T8_b", "T8_c", "MF_a"]));
    assert_eq!(numbers(&tracks, "n").unwrap(), [3.0, 4.0, 4.0, 4.0]);
    // MF_a: measured 5 6 7 9, predicted 1 2 3 5.
    assert!(near(column(&tracks, "r")[3], 1.0));
    assert!(near(column(&tracks, "rmse")[3], 4.0));
}

#[test]
fn classes_are_pooled_and_averaged() {
    let metrics = Metrics::new(vec![paired()], &classes(), 1).unwrap();
    let frame = metrics.per_class().unwrap();
    assert_eq!(
        texts(&frame, "class").unwrap(),
        strings(&["T8", "T8", "MF", "MF", "mean of classes", "mean of classes"])
    );
    assert_eq!(texts(&frame, "per").unwrap()[..2], strings(&["point", "track"]));
    assert_eq!(numbers(&frame, "n").unwrap(), [3.0, 3.0, 0.0, 1.0, 3.0, 4.0]);
    assert_eq!(numbers(&frame, "undefined").unwrap(), [1.0, 0.0, 4.0, 0.0, 5.0, 0.0]);
    let (mean, median) = (column(&frame, "mean_r"), column(&frame, "median_r"));
    let second = -0.6 / (6f64 * 0.08).sqrt();
    assert!(near(mean[0], (2.0 + second) / 3.0) && near(median[0], 1.0));
    assert_eq!((mean[2], median[2]), (None, None));
    assert!(near(mean[3], 1.0));
    // No r per point in MF: the mean of classes is that of T8; per track it is the mean of both classes.
    assert!(near(mean[4], mean[0].unwrap()) && near(mean[5], (mean[1].unwrap() + 1.0) / 2.0));
    assert_eq!(metrics.mean_per_point("ex").unwrap(), mean[4]);
    assert_eq!(metrics.mean_per_track("ex").unwrap(), mean[5]);
    let message = metrics.mean_per_track("exx").unwrap_err().to_string();
    assert_eq!(message, "no output `exx`: did you mean `ex`?");
}

#[test]
fn it_shows_a_table_a_figure_and_what_is_missing() {
    let mut stream = Stream::new(4, Purpose::Simulation, 0, 0);
    let names: Vec<String> = (0..120).map(|i| format!("g{i}")).collect();
    let observed: Vec<f64> = (0..480).map(|_| stream.normal()).collect();
    let noisy = |spread: f64, stream: &mut Stream| observed.iter().map(|v| v + spread * stream.normal()).collect::<Vec<f64>>();
    let of = |output: &str, predicted: Vec<f64>| Paired {
        output: output.into(),
        names: names.clone(),
        tracks: paired().tracks,
        observed: observed.clone(),
        predicted,
    };
    let (ex, kt) = (noisy(0.5, &mut stream), noisy(2.0, &mut stream));
    let metrics = Metrics::new(vec![of("ex", ex), of("kt", kt)], &classes(), 1).unwrap();
    let bundle = metrics.bundle();
    let html = bundle.get("text/html").unwrap();
    assert!(html.contains("<table") && html.contains("<svg") && html.contains("r per point"));
    let text = bundle.text();
    assert!(text.contains("ex MF: one track, so there is no r per point"), "{text}");
    if let Some(folder) = std::env::var_os("CISTRON_FIGURES") {
        metrics
            .figure()
            .unwrap()
            .save(std::path::Path::new(&folder).join("metrics.svg"))
            .unwrap();
    }

    // The interval holds the value, and holds less where the values are surer.
    let width = |output: &str| {
        let summaries = metrics.summaries();
        let s = summaries.iter().find(|s| s.output == output && s.class == "T8").unwrap();
        let (low, high) = s.per_track.interval.unwrap();
        assert!((low..=high).contains(&s.per_track.mean.unwrap()));
        high - low
    };
    assert!(width("ex") < 0.5 * width("kt"), "{} {}", width("ex"), width("kt"));
    assert_eq!(metrics.scores(Per::Point).count(), 2 * 2 * 120);
}

#[test]
fn without_classes_all_tracks_are_one() {
    let metrics = Metrics::new(vec![paired()], &[], 0).unwrap();
    let frame = metrics.per_class().unwrap();
    assert_eq!(texts(&frame, "class").unwrap(), strings(&["all", "all"]));
    let message = Metrics::new(vec![paired()], &classes()[..2], 0).unwrap_err().to_string();
    assert!(message.starts_with("no class of track `MF_a`"), "{message}");
    assert!(Metrics::new(Vec::new(), &[], 0).is_err());
}
