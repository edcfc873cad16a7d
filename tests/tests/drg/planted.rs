//! The planted exercise (specification, section 16): knowing that expression is transcription minus degradation beats
//! learning it. One seed here; `DRG_SEEDS=3` prints three with mean and spread.

use cistron::prelude::*;
use cistron::zoo::drg;
use cistron_tests::golden::shared;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// r per point and per track of an output on the held-out chromosomes, means over cell types.
fn scores(run: &Run, data: &Dataset, output: &str) -> Outcome<(f64, f64)> {
    let metrics = run.metrics(data, Part::Test)?;
    let (point, track) = (metrics.mean_per_point(output)?, metrics.mean_per_track(output)?);
    Ok((point.ok_or("no r per point")?, track.ok_or("no r per track")?))
}

#[test]
fn knowing_the_rule_beats_learning_it() -> Outcome {
    let Some(folder) = shared("data/planted/drg") else {
        return Ok(());
    };
    let runs = tempfile::tempdir()?;
    let path = |name: &str| folder.join(name).display().to_string();
    let immune = data! {
        input   dna: Dna = npz(path("TSS128.npz")), rna: Rna = npz(path("RNA128.npz"));
        output  ex = table(path("exonic.tsv")), kd = table(path("degrad.tsv")), kt = table(path("intronic.tsv"));
        classes table(path("condition.class.txt"));
        folds   sets(path("Exintron_testsetcv10.txt"));
    };
    let mut blocks = drg::blocks()?.with("embedding", 32)?;
    for (name, value) in [
        ("kernels", 24),
        ("width", 9),
        ("dilated_width", 5),
        ("tower", 2),
        ("tower_width", 5),
        ("tower_pool", 4),
        ("features", 48),
    ] {
        blocks = blocks.with(name, value)?;
    }
    let loss = objective! { on immune {
        loss(ex, kd, kt) = 0.95 * correlation(Tracks) + 0.05 * mse();
        watch(ex)        = correlation(Tracks);
    }};
    let fit = |model: &Model, data: &Dataset, seed: u64| {
        Fit::new(model, &loss, data)
            .runs_in(runs.path())
            .quiet(true)
            .fold(1)
            .epochs(50)
            .batch(32)
            .patience(10)
            .seed(seed)
            .optimizer(AdamW {
                lr: 2e-3,
                weight_decay: 0.01,
                ..AdamW::default()
            })
            .run()
    };
    let models = [
        drg::a(&immune, &blocks)?,
        drg::c(&immune, &blocks)?,
        drg::f_all(&immune, &blocks)?,
        drg::d_shared(&immune, &blocks)?,
    ];
    let permuted = immune.with_shuffled_input("rna", 7)?;
    let exchanged = immune.with_exchanged_inputs("dna", "rna")?;
    let seeds: u64 = std::env::var("DRG_SEEDS").map_or(Ok(1), |text| text.parse())?;
    let mut all: Vec<Vec<(f64, f64)>> = vec![Vec::new(); 5];
    for seed in 1..=seeds {
        let mut found = Vec::new();
        for (model, kept) in models.iter().zip(all.iter_mut()) {
            let run = fit(model, &immune, seed)?;
            kept.push(scores(&run, &immune, "ex")?);
            found.push(run);
        }
        let d = found.pop().ok_or("a run")?;
        let [a, c, f, ex] = [0, 1, 2, 3].map(|i| all[i][all[i].len() - 1]);
        assert!(ex.0 >= 0.88 && ex.1 >= 0.85, "D shared, seed {seed}: {ex:?}");
        assert!(ex.0 - a.0 >= 0.15 && ex.1 - a.1 >= 0.35, "seed {seed}: A {a:?}, D {ex:?}");
        assert!(
            c.0 < f.0 && f.0 < ex.0 && c.1 < f.1 && f.1 < ex.1,
            "seed {seed}: C {c:?}, F {f:?}, D {ex:?}"
        );
        let (kt, kd) = (scores(&d, &immune, "kt")?, scores(&d, &immune, "kd")?);
        assert!(kt.0 >= 0.85 && kd.0 >= 0.85, "seed {seed}: kt {kt:?}, kd {kd:?}");
        let swapped = scores(&d, &exchanged, "ex")?;
        assert!(swapped.0 <= 0.3, "seed {seed}: inputs exchanged {swapped:?}");
        let control = scores(&fit(&models[3], &permuted, seed)?, &permuted, "ex")?;
        assert!(
            control.1 <= 0.70 && control.0 - a.0 <= 0.10,
            "seed {seed}: RNA of other genes {control:?}, A {a:?}"
        );
        all[4].push(control);
        println!("seed {seed}: kt {kt:.3?}, kd {kd:.3?}, inputs exchanged {swapped:.3?}");
    }
    for (name, found) in ["A", "C", "F all", "D shared", "D shared, RNA of other genes"]
        .iter()
        .zip(&all)
    {
        let (points, tracks): (Vec<f64>, Vec<f64>) = found.iter().copied().unzip();
        let spread = |x: &[f64]| if x.len() > 1 { stats::standard_deviation(x) } else { 0.0 };
        println!(
            "{name}: per point {:.3} (sd {:.3}), per track {:.3} (sd {:.3})",
            stats::mean(&points),
            spread(&points),
            stats::mean(&tracks),
            spread(&tracks)
        );
    }
    Ok(())
}
