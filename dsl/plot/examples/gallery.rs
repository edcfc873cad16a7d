//! Writes one of every figure into a folder: `cargo run --release -p cistron-plot --example gallery -- FOLDER`.

use cistron_plot::{Bar, Figure, Highlight, LogoRow, LogoScale, PlotError, Series};
use cistron_plot::{bars, curve, histogram, ladder, letters, logo, logos, scatter, violins};
use cistron_random::{Purpose, Stream};
use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).ok_or("give a folder to write the figures to")?;
    for (name, figure) in gallery()? {
        figure.save(Path::new(&folder).join(format!("{name}.svg")))?;
        println!("== {name}\n{}\n", figure.text());
    }
    Ok(())
}

fn gallery() -> Result<Vec<(&'static str, Figure)>, PlotError> {
    let mut stream = Stream::new(1, Purpose::Simulation, 0, 0);
    let mut figures = curves(&mut stream)?;
    let (x, y) = pairs(&mut stream, 9_000, 0.93);
    let (u, v) = pairs(&mut stream, 600, 0.75);
    let big = scatter(&x, &y)
        .title("activator output")
        .x_label("observed (log2)")
        .y_label("predicted (log2)")
        .draw()?;
    let small = scatter(&u, &v)
        .spearman()
        .title("repressor output")
        .x_label("observed (log2)")
        .y_label("predicted (log2)")
        .draw()?;
    figures.push(("scatter", big.clone()));
    figures.push((
        "scatter_grid",
        Figure::grid(&[big, small], 2)?.caption(
            "Held-out sequences. Colour: density of points; dashed: perfect prediction; in brackets: 95 % bootstrap interval.",
        ),
    ));
    let few: (Vec<f64>, Vec<f64>) = pairs(&mut stream, 12, 0.9);
    figures.push(("scatter_few", scatter(&few.0, &few.1).draw()?));
    figures.extend(sequences(&mut stream)?);
    figures.extend(comparisons(&mut stream)?);
    Ok(figures)
}

fn pairs(stream: &mut Stream, n: usize, r: f64) -> (Vec<f64>, Vec<f64>) {
    let observed: Vec<f64> = (0..n).map(|i| stream.normal() + if i % 3 == 0 { 2.5 } else { 0.0 }).collect();
    let predicted = observed
        .iter()
        .map(|o| r * o + (1.0 - r * r).sqrt() * stream.normal())
        .collect();
    (observed, predicted)
}

fn curves(stream: &mut Stream) -> Result<Vec<(&'static str, Figure)>, PlotError> {
    let mut falling = |floor: f64, rise: f64| -> Vec<f64> {
        (0..40)
            .map(|e| floor + (-f64::from(e) / 6.0).exp() + rise * f64::from(e) + 0.01 * stream.normal())
            .collect()
    };
    let (train, valid) = (falling(0.10, -0.001), falling(0.20, 0.002));
    let both = [Series::by_epoch("train", &train), Series::by_epoch("valid", &valid)];
    let usual = curve(&both)
        .best(24.0)
        .title("Loss")
        .y_label("mean squared error (log2 units)")
        .draw()?;
    let rising: Vec<f64> = valid.iter().map(|v| 1.1 - v).collect();
    let mut gaps = rising.clone();
    gaps[10..16].fill(f64::NAN);
    let many: Vec<Series> = (0..9)
        .map(|i| {
            Series::by_epoch(
                format!("seed {i}"),
                &rising.iter().map(|v| v - 0.1 * f64::from(i)).collect::<Vec<_>>(),
            )
        })
        .collect();
    Ok(vec![
        ("curve", usual),
        (
            "curve_gap",
            curve(&[Series::by_epoch("valid r", &gaps)]).y_label("Pearson r").draw()?,
        ),
        (
            "curve_one_point",
            curve(&[Series::by_epoch("train", &[0.7]), Series::by_epoch("valid", &[0.8])])
                .best(1.0)
                .y_label("loss")
                .draw()?,
        ),
        (
            "curve_many",
            curve(&many).y_label("Pearson r (validation)").title("Nine seeds").draw()?,
        ),
    ])
}

fn motif(consensus: &str, sharp: f64) -> Vec<[f64; 4]> {
    let row = |c: char| {
        let rest = (1.0 - sharp) / 3.0;
        ['A', 'C', 'G', 'T'].map(|b| if b == c { sharp } else { rest })
    };
    consensus
        .chars()
        .enumerate()
        .map(|(i, c)| row(c).map(|p| p.powf(1.0 + 0.3 * (i % 3) as f64)))
        .collect()
}

fn sequences(stream: &mut Stream) -> Result<Vec<(&'static str, Figure)>, PlotError> {
    let rows = [
        LogoRow::new("filter 12", &motif("TGACGTCA", 0.93))
            .note("similarity 0.97")
            .compare("activator", &motif("TGACGTCA", 0.97)),
        LogoRow::new("filter 3", &motif("AACCGGAAGTNN", 0.8))
            .note("similarity 0.91")
            .compare("repressor", &motif("CCGGAAGT", 0.9)),
        LogoRow::new("filter 40", &motif("GCTANNNAC", 0.55)).note("no match"),
    ];
    let wide = [
        LogoRow::new("filter 7", &motif("GGCCACCAGGGGGCGCTATT", 0.9))
            .note("similarity 0.95, other strand")
            .compare("MA0139.1 CTCF", &motif("TGGCCACCAGGGGGCGCTA", 0.93))
            .offset(-1),
        LogoRow::new("filter 2", &motif("ATGAGTCAT", 0.9))
            .note("similarity 0.88")
            .compare(
                "JUND_HUMAN.H11MO.0.A_with_a_name_longer_than_a_line",
                &motif("GATGAGTCATGG", 0.9),
            )
            .offset(-1),
    ];
    let sequence: String = (0..60).map(|_| ['A', 'C', 'G', 'T'][stream.below(4) as usize]).collect();
    let sequence = format!("{}TGACGTCA{}CCGGAAGT{}", &sequence[..12], &sequence[12..30], &sequence[30..]);
    let values: Vec<f64> = (0..sequence.len())
        .map(|i| {
            0.05 * stream.normal()
                + if (12..20).contains(&i) {
                    0.9
                } else if (38..46).contains(&i) {
                    -0.5
                } else {
                    0.0
                }
        })
        .collect();
    let sites = [Highlight::new(12, 20, "activator"), Highlight::new(38, 46, "repressor")];
    let long = sequence.repeat(4);
    let matrix: Vec<[f64; 4]> = (0..9).map(|_| [(); 4].map(|()| stream.normal())).collect();
    let change = |(letter, value): (char, &f64)| {
        let other = |base: char| {
            if base == letter {
                f64::NAN
            } else {
                0.3 * stream.normal() - value
            }
        };
        ['A', 'C', 'G', 'T'].map(other)
    };
    let changes: Vec<[f64; 4]> = long.chars().zip(&values.repeat(4)).map(change).collect();
    Ok(vec![
        (
            "logo",
            logo(&motif("TGACGTCA", 0.93))
                .title("cAMP response element")
                .x_label("position (bp)")
                .draw()?,
        ),
        (
            "logo_rna",
            logo(&motif("CAGGUAAGU".replace('U', "T").as_str(), 0.85))
                .rna()
                .first_position(-3)
                .scale(LogoScale::Probability)
                .draw()?,
        ),
        (
            "logo_values",
            logo(&matrix)
                .scale(LogoScale::Values)
                .title("Additive model")
                .y_label("effect on log10 PSI")
                .draw()?,
        ),
        (
            "logos",
            logos(&rows).heads("learned", "planted").title("First-layer filters").draw()?,
        ),
        ("logos_wide", logos(&wide).heads("learned", "known").rna().draw()?),
        (
            "logos_alone",
            logos(&rows.clone().map(|r| LogoRow { compare: None, ..r })).draw()?,
        ),
        (
            "letters",
            letters(&sequence, &values, &sites)
                .title("Sequence 17, activator output")
                .draw()?,
        ),
        ("letters_long", letters(&long, &values.repeat(4), &sites).draw()?),
        (
            "letters_heat",
            letters(&long.replace('T', "U"), &values.repeat(4), &sites)
                .heat(&changes, "change of degradation")
                .rna()
                .title("Transcript 17, degradation")
                .draw()?,
        ),
    ])
}

fn comparisons(stream: &mut Stream) -> Result<Vec<(&'static str, Figure)>, PlotError> {
    let mut seeds = |middle: f64, spread: f64| -> Vec<f64> { (0..5).map(|_| middle + spread * stream.normal()).collect() };
    let rows = [
        Bar::new("additive", &[0.436]).interval(0.421, 0.451),
        Bar::new("pairwise", &[0.691]).interval(0.680, 0.702),
        Bar::new("network (64 kernels)", &seeds(0.861, 0.006)).interval(0.853, 0.868),
        Bar::new("network (16 kernels)", &seeds(0.831, 0.012)),
    ];
    let controls = [
        Bar::new("held out", &seeds(0.91, 0.01)).interval(0.89, 0.925),
        Bar::new("labels shuffled", &seeds(0.01, 0.05)).interval(-0.06, 0.08),
        Bar::new("motifs scrambled", &seeds(0.05, 0.03)),
    ];
    let long = [
        "a < b & \"c\"",
        "a model with a long name",
        "another_long_name_without_blanks",
        "d",
        "e",
        "f",
        "g",
    ];
    let long: Vec<Bar> = long
        .iter()
        .enumerate()
        .map(|(i, l)| Bar::new(*l, &[1200.0 * (i + 1) as f64]))
        .collect();
    let values: Vec<f64> = (0..3000).map(|_| stream.normal() * 0.3 + 1.2).collect();
    Ok(vec![
        (
            "bars",
            bars(&rows)
                .y_label("Pearson r (test)")
                .title("A ladder of models")
                .reference(0.859, "published 0.859")
                .draw()?,
        ),
        (
            "bars_controls",
            bars(&controls).y_label("Pearson r").reference(0.15, "limit 0.15").draw()?,
        ),
        ("bars_long", bars(&long).y_label("sequences per second").draw()?),
        (
            "ladder",
            ladder(&rows)
                .x_label("Pearson r (test)")
                .reference(0.859, "published")
                .draw()?,
        ),
        (
            "violins",
            violins(&[
                Bar::new("A", &values.iter().map(|v| (v - 1.6).tanh()).collect::<Vec<_>>()),
                Bar::new("C", &values.iter().map(|v| (v - 0.7).tanh()).collect::<Vec<_>>()),
                Bar::new("D, shared heads", &values.iter().map(|v| v.tanh()).collect::<Vec<_>>()),
                Bar::new("few", &[0.2, 0.35, 0.5]),
            ])
            .y_label("expression: r per point")
            .reference(0.58, "training mean 0.58")
            .draw()?,
        ),
        ("histogram", histogram(&values, 40).x_label("expression (log10 TPM)").draw()?),
    ])
}
