//! What crashes in the original, or goes wrong there without a word, all at once: inputs of unequal length, blocks of one layer,
//! outputs of unequal tracks, missing measurements, predictions that depend on the batch.

use cistron::prelude::*;
use cistron::random::{Purpose, Stream};
use cistron::zoo::drg::{self, Ports};
use std::path::Path;

type Outcome<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// 60 genes: 96 bp of DNA, transcripts of 30 to 70 bp; `kt` has four tracks, `kd` lacks one and has another order, `ex` lacks it too and
/// some of its values.
fn data(folder: &Path) -> Outcome<Dataset> {
    let mut stream = Stream::new(5, Purpose::Simulation, 0, 0);
    let mut letters = |length: usize| -> String {
        let letter = |_| ['A', 'C', 'G', 'T'][stream.below(4) as usize];
        (0..length).map(letter).collect()
    };
    let (mut dna, mut rna) = (String::new(), String::new());
    let (mut ex, mut kd, mut kt) = (
        "# a\tb\tc\n".to_string(),
        "# c\ta\tb\n".to_string(),
        "# a\tb\tc\td\n".to_string(),
    );
    for gene in 0..60 {
        let name = format!("gene{gene:02}");
        dna.push_str(&format!(">{name}\n{}\n", letters(96)));
        rna.push_str(&format!(">{name}\n{}\n", letters(30 + gene * 7 % 41)));
        let up = |track: usize| ((gene * 13 + track * 29) % 17) as f64 / 4.0;
        let down = |track: usize| ((gene * 5 + track * 11) % 13) as f64 / 4.0;
        let both = |track: usize| match (gene + track) % 7 {
            0 => "nan".to_string(),
            _ => (up(track) - down(track)).to_string(),
        };
        ex.push_str(&format!("{name}\t{}\t{}\t{}\n", both(0), both(1), both(2)));
        kd.push_str(&format!("{name}\t{}\t{}\t{}\n", down(2), down(0), down(1)));
        kt.push_str(&format!("{name}\t{}\t{}\t{}\t{}\n", up(0), up(1), up(2), up(3)));
    }
    let write = |name: &str, text: &str| -> Outcome<String> {
        std::fs::write(folder.join(name), text)?;
        Ok(folder.join(name).display().to_string())
    };
    let (dna, rna) = (write("dna.fa", &dna)?, write("rna.fa", &rna)?);
    let (ex, kd, kt) = (write("ex.tsv", &ex)?, write("kd.tsv", &kd)?, write("kt.tsv", &kt)?);
    Ok(data! {
        input dna: Dna = fasta(dna), rna: Rna = fasta(rna);
        output ex = table(ex, missing = masked), kd = table(kd), kt = table(kt);
        split hash(valid = 0.2, test = 0.2, by = name);
    })
}

fn objective(data: &Dataset) -> Outcome<Objective> {
    Ok(objective! { on data {
        loss(ex, kd, kt) = 0.95 * correlation(Tracks) + 0.05 * mse();
        watch(ex) = correlation(Tracks);
    } })
}

/// One epoch; all its numbers are numbers.
fn trained(fit: Fit, folder: &Path) -> Outcome<Run> {
    let run = fit
        .epochs(1)
        .batch(8)
        .seed(3)
        .quiet(true)
        .runs_in(folder.join("runs"))
        .run()?;
    let last = run.epochs().last().ok_or("no epoch")?;
    assert!(last.step >= 4, "{last:?}");
    for value in [last.train_loss, last.valid_loss, last.watched] {
        assert!(value.is_finite(), "{last:?}");
    }
    let untrained = Network::new(run.model(), 3, DType::F32)?;
    let moved = untrained.weights().iter().zip(run.network().weights()).filter(|(a, b)| {
        let values = |t: &Tensor| t.flatten_all().and_then(|t| t.to_vec1::<f32>()).unwrap_or_default();
        values(&a.tensor) != values(&b.tensor)
    });
    assert!(moved.count() >= untrained.weights().len() - 2, "weights that did not move");
    for weight in run.network().weights() {
        let sum = weight.tensor.to_dtype(DType::F64)?.sum_all()?.to_scalar::<f64>()?;
        assert!(sum.is_finite(), "{}", weight.name);
    }
    Ok(run)
}

fn small() -> Outcome<Blocks> {
    let mut blocks = drg::blocks()?;
    for (name, value) in [
        ("kernels", 8),
        ("width", 5),
        ("pool", 2),
        ("dilated_width", 3),
        ("tower", 2),
        ("tower_width", 3),
        ("tower_pool", 3),
        ("features", 16),
        ("layers", 1),
    ] {
        blocks = blocks.with(name, value)?;
    }
    Ok(blocks)
}

#[test]
fn one_shared_difference_with_all_of_them() -> Outcome {
    let folder = tempfile::tempdir()?;
    let data = data(folder.path())?;
    assert_eq!(
        data.audit().missing_values(),
        data.targets("ex")?.iter().filter(|v| v.is_nan()).count()
    );
    assert!(data.audit().missing_values() > 20);
    let lengths: Vec<Option<usize>> = data.signature().inputs.iter().map(|p| p.axes[1].size).collect();
    assert_eq!(lengths, [Some(96), Some(70)]);
    let drg = small()?;
    let net = model! { DShared on data {
        use drg.trunk, drg.mix;
        let (t, r) = (trunk(dna.both_strands()), trunk(rna));
        kt = mix(t, 1).linear();
        kd = mix(r, 1).linear();
        ex = kt - kd;
    }};
    let warnings: Vec<&str> = net.warnings().iter().map(|w| w.message.as_str()).collect();
    assert!(
        warnings
            .iter()
            .any(|w| w.contains("3 tracks are on both sides; 1 on one side alone: `d`")),
        "{warnings:?}"
    );
    let run = trained(Fit::new(&net, &objective(&data)?, &data), folder.path())?;

    // Each row alone, all together, and in another order: the same predictions.
    let predicted = |rows: &[usize]| -> Outcome<Vec<Vec<f32>>> {
        let found = run.network().predict(&data.batch(rows, DType::F32)?.inputs)?;
        let all = ["ex", "kd", "kt"].map(|output| found[output].to_vec2::<f32>());
        let [ex, kd, kt] = all;
        let (ex, kd, kt) = (ex?, kd?, kt?);
        Ok((0..rows.len()).map(|i| [&ex[i][..], &kd[i], &kt[i]].concat()).collect())
    };
    let rows: Vec<usize> = (0..data.len()).collect();
    let together = predicted(&rows)?;
    let backwards: Vec<usize> = rows.iter().rev().copied().collect();
    let turned: Vec<Vec<f32>> = predicted(&backwards)?.into_iter().rev().collect();
    for (&row, (a, b)) in rows.iter().zip(together.iter().zip(&turned)) {
        let alone = &predicted(&[row])?[0];
        assert_eq!(a.len(), 10);
        for ((a, b), c) in a.iter().zip(b).zip(alone) {
            assert!((a - b).abs() <= 1e-6 && (a - c).abs() <= 1e-6, "row {row}: {a} {b} {c}");
        }
        // The relation holds by name: kt has a, b, c, d and kd has c, a, b.
        let (ex, kd, kt) = (&a[..3], &a[3..6], &a[6..]);
        for (found, expected) in ex.iter().zip([kt[0] - kd[1], kt[1] - kd[2], kt[2] - kd[0]]) {
            assert!((found - expected).abs() <= 1e-6, "row {row}: {a:?}");
        }
    }
    assert!(together[0] != together[1], "all genes are predicted alike");
    Ok(())
}

#[test]
fn the_options_that_crash_there_train_here() -> Outcome {
    let folder = tempfile::tempdir()?;
    let data = data(folder.path())?;
    let mut ports = Ports::default().input("dna", 96, true).input("rna", 70, false);
    for (output, tracks) in [("ex", 3), ("kd", 3), ("kt", 4)] {
        ports = ports.output(output, tracks);
    }
    let trunk = "num_kernels=8+l_kernels=5+max_pooling=False+weighted_pooling=True+pooling_size=2+transformer_convolutions=2+l_trkernels=3\
        +trweighted_pooling=3+fclayer_size=16+nfc_layers=1+conv_batch_norm=True";
    let related = "+outclass=['difference','direct','direct']+input_to_combinefunc=[[0,1],[1],[0]]";
    for wiring in [
        format!("{related}+combine_function=Linear+shared_embedding=True"),
        "+cnn_embedding=8+n_combine_layers=1".to_string(),
    ] {
        let found = drg::translate(&format!("{trunk}{wiring}"), &ports)?;
        let notes = found.notes().join("\n");
        assert!(
            notes.contains("`nfc_layers=1` crashes in the original and works here"),
            "{notes}"
        );
        let net = found.declare(&data.signature())?;
        trained(
            Fit::new(&net, &objective(&data)?, &data).compat(Compat::Drg).optimizer(Sgd {
                lr: 1e-3,
                ..Sgd::default()
            }),
            folder.path(),
        )?;
    }
    Ok(())
}
